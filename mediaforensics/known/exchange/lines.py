"""Lists with a value on each line: bare digits, digits and names in any order, ``local_file``, imagehash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.entries import Entries
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses
from mediaforensics.known.exchange.text import Lines
from mediaforensics.known.exchange.values import (
    BY_DIGITS,
    BYTES_OF,
    algorithm_named,
    never_compared,
    value_of,
)
from mediaforensics.media.source import Source

_QUOTED = r'"([^"\0]*(?:""[^"\0]*)*)"'
_COMMON = re.compile(
    r"(?:([A-Za-z0-9_]{3,12}) )?([0-9a-fA-F]{16,64})(?:,(100|[0-9]{1,2})(?=,))?"
    rf"(?:,(?:{_QUOTED}|([^,;\t\"' \0](?:[^,;\t\"'\0]*[^,;\t\"' \0])?)))?"
)
"""Almost every line of a long list: a word or none, digits, quality or none, a name or none."""
_WORD = re.compile(rf"{_QUOTED}(?=[,;\t ]|$)|[^,;\t ]+")
_HEX = re.compile(r"[0-9a-fA-F]+")
_DIGIT = re.compile(r"[0-9]")
_PLAIN_NAME = re.compile(r"[\w./\\()+@-]+")
_QUALITY = re.compile(r"100|[0-9]{1,2}")
_LOCAL_FILE_WORDS = {"pdq": "pdq", "md5": "video_md5", "sha256": "sha256", "sha1": "sha1"}


def read_lines(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read a list with a value on each line.

    Sixty-four digits are a PDQ value, forty a SHA-1, thirty-two an MD5 and sixteen a pHash as
    ``imagehash`` writes it; a word on the line (``pdq``, ``dhash``, ``sha256`` ...) says it otherwise. Words
    are apart by commas, semicolons, tabs or spaces, and may be quoted. What is neither the value nor a word
    for it is the name; a number of 0..100 between a PDQ value and its name is the quality. Empty lines,
    lines that begin with ``#`` and a heading without digits are passed over.
    """
    entries, lines = Entries(source.name, "line"), Lines(source)
    heading_possible = True
    common, algorithms = _COMMON.fullmatch, dict[str, str | None]()
    for number, line in lines:
        if line is None:
            yield entries.problem(number, "too long to be a line of a list")
            continue
        match = common(line)
        row = _common_row(match, algorithms) if match is not None else None
        if row is not None:
            heading_possible = False
            yield row
            continue
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        heading, heading_possible = heading_possible and _is_heading(stripped), False
        if heading:
            continue
        try:
            row = _read_line(stripped, entries)
        except BadHash as error:
            yield entries.problem(number, str(error))
            continue
        if row is not None:
            yield row
    yield from lines.remarks()
    yield from entries.remarks()


def _common_row(match: re.Match[str], algorithms: dict[str, str | None]) -> Listed | None:
    """The row of a line in the common form; None where its parts could mean something else."""
    word, digits, quality, quoted, plain = match.groups()
    name = plain if quoted is None else quoted.replace('""', '"')
    if plain is not None and algorithm_named(plain.partition(" ")[0]) is not None:
        return None
    if word is None:
        algorithm = BY_DIGITS.get(len(digits))
        if name is not None and len(name) >= 16 and any(map(_could_be_value, name.split(" "))):
            return None
    else:
        if word not in algorithms:
            algorithms[word] = algorithm_named(word)
        algorithm = algorithms[word]
    if algorithm is None or (quality is not None and algorithm != "pdq"):
        return None
    if len(digits) % 2 or len(digits) // 2 not in BYTES_OF[algorithm]:
        return None
    value = bytes.fromhex(digits)
    return Listed(name or value.hex(), algorithm, value, (), None if quality is None else int(quality))


def _is_hex(word: str, digits: int) -> bool:
    return len(word) == digits and _HEX.fullmatch(word) is not None


def _could_be_value(word: str) -> bool:
    return len(word) in BY_DIGITS and _HEX.fullmatch(word) is not None


def has_value(line: str) -> bool:
    """Whether a word of a line could be a value without more said."""
    return any(_could_be_value(word.text) for word in _words(line))


def is_lines(line: str) -> bool:
    """Whether a line could belong to such a list: it has digits of a value, or a word for a kind of hash."""
    words = [word for word, *_ in _words(line)]
    kind = words[0] if words else ""
    return (
        algorithm_named(kind) is not None
        or never_compared(kind)
        or any(len(word) >= 8 and _HEX.fullmatch(word) for word in words)
    )


class _Word(NamedTuple):
    text: str
    quoted: bool
    before_comma: bool
    """Or before a semicolon or tab: what stands between spaces only is part of a name."""


def _words(line: str) -> list[_Word]:
    found = []
    for match in _WORD.finditer(line):
        quoted = match.group(1)
        text = match.group().strip("\"'") if quoted is None else quoted.replace('""', '"')
        found.append(_Word(text, quoted is not None, line[match.end() : match.end() + 1] in (",", ";", "\t")))
    return found


def _is_heading(line: str) -> bool:
    """A value may happen to be of letters only."""
    return not (_DIGIT.search(line) or has_value(line) or never_compared(line.split(maxsplit=1)[0]))


def _read_line(line: str, entries: Entries) -> Listed | None:
    if "\0" in line:
        raise BadHash("has NUL bytes, so it is no text")
    words = _words(line)
    kind = words[0].text if words else ""
    if never_compared(kind):
        entries.leave_out(kind.lower())
        return None
    algorithm = algorithm_named(kind) if len(words) > 1 else None
    if algorithm is not None and _has_width(algorithm, words[1].text):
        at = 1  # the word is followed by its value, so nothing else is one
    else:
        at, algorithm = _find_value(words)
    rest = [i for i, word in enumerate(words) if i != at and not (abs(i - at) == 1 and _is_kind(word))]
    value = value_of(algorithm, words[at].text)
    quality = None
    if algorithm == "pdq" and len(rest) > 1 and rest[0] == at + 1 and _is_quality(words[at + 1]):
        quality = int(words[rest.pop(0)].text)
    name = " ".join(words[i].text for i in rest if words[i].text)
    return Listed(name or value.hex(), algorithm, value, (), quality)


def _is_quality(word: _Word) -> bool:
    return not word.quoted and word.before_comma and _QUALITY.fullmatch(word.text) is not None


def _is_kind(word: _Word) -> bool:
    return not word.quoted and algorithm_named(word.text) is not None


def _has_width(algorithm: str, word: str) -> bool:
    return len(word) // 2 in BYTES_OF[algorithm] and len(word) % 2 == 0 and bool(_HEX.fullmatch(word))


def _find_value(words: list[_Word]) -> tuple[int, str]:
    """Which word is the value, and of which algorithm; sixteen digits beside a PDQ value are its name."""
    for i, word in enumerate(words):
        named = algorithm_named(word.text) if not word.quoted else None
        if named is None:
            continue
        beside = [j for j in (i - 1, i + 1) if 0 <= j < len(words) and _has_width(named, words[j].text)]
        if len(beside) == 1:
            return beside[0], named
        if beside or i == 0:
            widths = " or ".join(str(2 * width) for width in BYTES_OF[named])
            raise BadHash(f"expected one {named} value of {widths} hexadecimal digits, found {len(beside)}")
    for digits, algorithm in BY_DIGITS.items():
        found = [i for i, word in enumerate(words) if _is_hex(word.text, digits)]
        if len(found) == 1:
            return found[0], algorithm
        if found:
            raise BadHash(f"expected one {algorithm} value, found {len(found)}")
    raise BadHash(
        "expected one value of hexadecimal digits (PDQ has 64, SHA-1 40, MD5 32, pHash 16), found none"
    )


def write_lines(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """Digits, then quality and name where there are any; a word before them where digits alone mislead."""
    for row in rows:
        digits = row.value.hex()
        named = row.entry_id != digits
        plain = BY_DIGITS.get(len(digits)) == row.algorithm and row.quality is None
        if named and plain:
            plain = _PLAIN_NAME.fullmatch(row.entry_id) is not None and not (
                _could_be_value(row.entry_id) or algorithm_named(row.entry_id)
            )
        parts = [digits if plain else f"{row.algorithm} {digits}"]
        if row.quality is not None:
            parts.append(str(row.quality))
        if named or row.quality is not None:
            parts.append(row.entry_id if plain else _quoted(row.entry_id))
        yield ",".join(parts) + "\n"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def write_local_file(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """The kind of hash and its digits, as python-threatexchange reads them from a file."""
    for row in rows:
        yield f"{_LOCAL_FILE_WORDS[row.algorithm]} {row.value.hex()}\n"
