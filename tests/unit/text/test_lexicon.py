"""A user's own threat rules: beside or instead of those that ship, and what is wrong with a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import mediaforensics as mf
from mediaforensics.errors import BadLexicon
from mediaforensics.text.lexicon import Lexicon
from mediaforensics.text.threats import read_threats

RULE = """
language = "en"

[words]
ships = ["ship", "ships", "tanker*"]

[[rule]]
id = "ships"
category = "destruction"
severity = 2
pattern = "<we> ~2 <will> ~2 sink|torpedo ~2 <ships>"
explanation = "says that they will sink ships"
"""
OURS, THEIRS = "We will slaughter you", "We will sink your tankers"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "harbour.toml"
    path.write_text(RULE, encoding="utf-8")
    return path


def test_a_users_rule_is_read_beside_ours(file: Path) -> None:
    assert not read_threats(THEIRS, "en")
    lexicon = Lexicon.load(file)
    assert [r.rule for r in read_threats(THEIRS, "en", lexicon)] == ["harbour/ships"]
    assert [r.rule for r in read_threats("We will torpcdo your tankcrs", "en", lexicon)] == ["harbour/ships"]
    assert read_threats(OURS, "en", lexicon)


def test_or_instead_of_ours(file: Path) -> None:
    lexicon = Lexicon.load(file, builtin=False)
    assert [r.rule for r in read_threats(THEIRS, None, lexicon)] == ["harbour/ships"]
    assert not read_threats(OURS, "en", lexicon)
    assert not read_threats("We will never sink your ships", "en", lexicon), "hedges that ship hold"


def test_a_language_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "bahasa.toml"
    path.write_text(
        'language = "id"\nscript = "Latin"\nfunction_words = ["kami", "akan", "kalian"]\n[[rule]]\n'
        'id = "bunuh"\ncategory = "death_threat"\nseverity = 3\npattern = "kami akan ~1 membunuh kalian"\n'
        'explanation = "says that they will kill"\n',
        encoding="utf-8",
    )
    (reading,) = read_threats("Kami akan membunuh kalian", None, Lexicon.load(path))
    assert (reading.rule, reading.language, reading.severity) == ("bahasa/bunuh", "id", 3)
    assert read_threats("Kami akan mernbunuh kalian", "id", Lexicon.load(path))


def test_the_digest_tells_files_and_mode_apart(file: Path, tmp_path: Path) -> None:
    beside, instead = Lexicon.load(file), Lexicon.load(file, builtin=False)
    assert beside.digest() != instead.digest()
    assert Lexicon.load(tmp_path).digest() == beside.digest(), "a folder stands for its files"
    file.write_text(RULE + "\n", encoding="utf-8")
    assert Lexicon.load(file).digest() != beside.digest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("language =", "language ="), None),
        (('"<we> ~2', '"<us> ~2'), r"line 8: rule ships: there is no class <us>"),
        (("severity = 2", "severity = 7"), r"line 8: rule ships: severity must be"),
        (('"destruction"', '"sinking"'), r"line 8: rule ships: category must be one of .*not 'sinking'"),
        (("severity = 2", "severity = 2\ngravity = 1"), r"line 8: rule ships: no key 'gravity'"),
        (("~2 sink", "~99 sink"), r"line 8: rule ships: a gap is ~1 to ~30"),
        (("sink|torpedo", "{sink,torpedo"), r"line 8: rule ships: a brace"),
        (('"tanker*"', "7"), r"ships must be a list of texts"),
        (('pattern = "', 'patern = "'), r"line 8: rule ships: no key 'patern'"),
        (("[[rule]]", "[[rule]"), r"not TOML: .*line 7"),
        (("[[rule]]", "[rule]"), r"line 7: rule: is written as tables"),
        (('language = "en"', 'language = "id"'), r"script must be one of"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(
    file: Path, change: tuple[str, str], message: str | None
) -> None:
    file.write_text(RULE.replace(*change), encoding="utf-8")
    if message is None:
        Lexicon.load(file)
        return
    with pytest.raises(BadLexicon, match=f"{re.escape(str(file))}.*{message}"):
        Lexicon.load(file)


def test_what_is_no_file_is_refused(tmp_path: Path, file: Path) -> None:
    with pytest.raises(BadLexicon, match="not a regular file"):
        Lexicon.load(tmp_path / "absent.toml")
    with pytest.raises(BadLexicon, match="no file"):
        Lexicon.load()
    with pytest.raises(BadLexicon, match="named harbour too"):
        Lexicon.load(file, file)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadLexicon, match="not UTF-8"):
        Lexicon.load(tmp_path / "binary.toml")
    twice = RULE + RULE[RULE.index("[[rule]]") :]
    file.write_text(twice, encoding="utf-8")
    with pytest.raises(BadLexicon, match="two rules have this id"):
        Lexicon.load(file)


def test_the_analyzer_takes_it_and_its_reports_say_so(file: Path) -> None:
    options = mf.Options(text=None, faces=None, overlays=None, known=None)
    plain = mf.Analyzer(options=options)
    own = mf.Analyzer(options=options, lexicon=file)
    assert own._plan.lexicon is not None and own._plan.lexicon.builtin
    assert own._plan.provenance.options_digest != plain._plan.provenance.options_digest
    assert plain._plan.provenance.options_digest == options.digest()
    with pytest.raises(BadLexicon):
        mf.Analyzer(options=options, lexicon=[str(file), "absent.toml"])


def test_the_guide_shows_a_file_that_works(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "threat-rules.md").read_text(encoding="utf-8")
    source = re.search(r"```toml\n(.*?)```", guide, re.DOTALL)
    assert source
    path = tmp_path / "harbour.toml"
    path.write_text(source[1], encoding="utf-8")
    lexicon = Lexicon.load(path, builtin=False)
    (rule,) = lexicon.packs[0].rules
    assert all(read_threats(sentence, "en", lexicon) for sentence in rule.yes)
    assert not any(read_threats(sentence, "en", lexicon) for sentence in rule.no)
