"""Threat packs: rules as data, one TOML file per language, read and checked.

A pack names word classes, and rules written as patterns of them::

    <we> ~1 <will> ~2 <kill> ~3 <you>|<people>

======================  ==========================================================================
``word``                that word; an apostrophe in a pattern separates words as it does in a text
``stem*``               any word that begins so
``{a,b}c``              brace expansion: ``ac`` or ``bc``
``<class>``             any entry of the class; an entry is a pattern itself, without spaces in braces
``a|<b>``               one or the other; ``a|<b>?`` one, the other or neither
``~3``                  up to three words of any kind
``#``                   a number in digits or words
``@``                   any word that is neither a function word nor harmless
``^``                   here a sentence or a clause begins
======================  ==========================================================================

Patterns never reach over the end of a sentence. ``docs/threat-rules.md`` shows how to write a file.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mediaforensics.errors import BadLexicon
from mediaforensics.text.neighbours import Neighbours
from mediaforensics.text.packs import FAMILIES, SCRIPTS, Element, Hedge, Lexeme, Pack, Pattern, Rule
from mediaforensics.text.vocabulary import common_words
from mediaforensics.text.words import fold

_EFFECTS = ("drop", "context")
_SCOPES = ("sentence", "touching", "negation", "text")
_MERGED_LISTS = ("function_words", "familiar", "openers", "clitics", "prefixes")
_MERGED_TABLES = ("words", "numbers", "multipliers", "deadline")
_KEYS = frozenset(
    ("language", "script", "inherit", "short_words", "rule", "hedge", *_MERGED_LISTS, *_MERGED_TABLES)
)
_RULE_KEYS = frozenset(("id", "category", "severity", "pattern", "explanation", "negatable", "yes", "no"))
_HEDGE_KEYS = frozenset(("id", "effect", "scope", "families", "pattern", "reason"))
_BRACES = re.compile(r"\{([^{}]*)\}")
_MOST_EXPANSIONS = 5_000
_MOST_GAP = 30


def compile_pack(
    source: str, *, name: str = "pack", prefix: str = "", base: Mapping[str, Any] | None = None
) -> Pack:
    """Read one TOML pack.

    Parameters
    ----------
    source : str
        The file's text.
    name : str
        What to call the file in an error.
    prefix : str
        Put before the names of its rules.
    base : mapping, optional
        A parsed pack whose words, function words, numbers, deadlines and hedges hold here too, where this
        one does not say otherwise.

    Raises
    ------
    BadLexicon
        Something is malformed; the message names the file, the line and the rule.
    """
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise BadLexicon(f"{name}: not TOML: {error}") from error
    return _Compiler(source, name, _merged(data, base)).pack(prefix)


def _merged(data: Mapping[str, Any], base: Mapping[str, Any] | None) -> dict[str, Any]:
    if base is None or data.get("inherit") is False:
        return dict(data)
    merged = dict(data)
    for key in ("script", "short_words"):
        if key in base:
            merged.setdefault(key, base[key])
    for key in _MERGED_LISTS:
        if isinstance(data.get(key, []), list):
            merged[key] = [*base.get(key, ()), *data.get(key, ())]
    for key in _MERGED_TABLES:
        if isinstance(data.get(key, {}), dict):
            merged[key] = {**base.get(key, {}), **data.get(key, {})}
    if isinstance(data.get("hedge", []), list):
        merged["hedge"] = [*data.get("hedge", ()), *base.get("hedge", ())]
    return merged


class _Compiler:
    """Numbers every distinct word of a pack, turns pattern text into elements, and says where a fault is."""

    def __init__(self, source: str, name: str, data: Mapping[str, Any]) -> None:
        self._lines = source.splitlines()
        self._name = name
        self._data = data
        self._lexemes: list[Lexeme] = []
        self._numbers: dict[tuple[str, bool], int] = {}
        self._function_words: frozenset[str] = frozenset()

    def pack(self, prefix: str) -> Pack:
        """The whole pack."""
        data = self._data
        self._check_keys(data, _KEYS, "the file")
        language = self._text(data, "language", "the file")
        script = self._one_of_names(data, "script", SCRIPTS, "the file")
        words = self._table("words")
        self._class_names = frozenset(words)
        self._function_words = frozenset(fold(w) for w in self._strings(data, "function_words"))
        classes = {
            name: tuple(self._pattern(entry, f"class {name}") for entry in self._strings(words, name))
            for name in words
        }
        rules = tuple(self._rule(rule, prefix or f"{language}.") for rule in self._tables("rule"))
        names = [rule["id"] for rule in self._tables("rule")]
        for name in names:
            if names.count(name) > 1:
                raise self._fault(f"rule {name}", "two rules have this id")
        hedges = tuple(self._hedge(hedge) for hedge in self._tables("hedge"))
        deadlines = tuple(
            (meaning, self._pattern(entry, "deadline"))
            for meaning in self._table("deadline")
            for entry in self._strings(self._table("deadline"), meaning)
        )
        numbers, multipliers = self._counts("numbers"), self._counts("multipliers")
        short = self._text(data, "short_words", "the file", "").split()
        familiar = frozenset(fold(w) for w in (*self._strings(data, "familiar"), *short))
        familiar |= common_words(language) | self._function_words | set(numbers) | set(multipliers)
        exact_words: dict[str, list[int]] = {}
        stems: dict[str, list[int]] = {}
        for number, lexeme in enumerate(self._lexemes):
            (stems if lexeme.stem else exact_words).setdefault(lexeme.folded, []).append(number)
        clitics = (fold(c) for c in self._strings(data, "clitics"))
        return Pack(
            language=language,
            script=script,
            lexemes=tuple(self._lexemes),
            classes=classes,
            rules=rules,
            hedges=hedges,
            deadlines=deadlines,
            numbers=numbers,
            multipliers=multipliers,
            clitics=tuple(sorted(clitics, key=lambda c: (-len(c), c))),
            prefixes=tuple(fold(p) for p in self._strings(data, "prefixes")),
            familiar=common_words(language)
            | familiar
            | self._function_words
            | set(numbers)
            | set(multipliers),
            function_words=self._function_words,
            openers=frozenset(fold(w) for w in self._strings(data, "openers")),
            exact_words={word: tuple(ids) for word, ids in exact_words.items()},
            stems={word: tuple(ids) for word, ids in stems.items()},
            neighbours=Neighbours((x.folded, x.stem, x.tolerance) for x in self._lexemes),
        )

    def _rule(self, rule: Mapping[str, Any], prefix: str) -> Rule:
        name = self._text(rule, "id", "a rule")
        where = f"rule {name}"
        self._check_keys(rule, _RULE_KEYS, where)
        severity = rule.get("severity")
        if type(severity) is not int or not 0 <= severity <= 3:
            raise self._fault(where, "severity must be 0, 1, 2 or 3")
        negatable = rule.get("negatable", True)
        if not isinstance(negatable, bool):
            raise self._fault(where, "negatable must be true or false")
        return Rule(
            id=prefix + name,
            category=self._one_of_names(rule, "category", tuple(FAMILIES), where),
            severity=severity,
            patterns=self._patterns(rule, where),
            explanation=self._text(rule, "explanation", where),
            negatable=negatable,
            yes=tuple(self._strings(rule, "yes", where)),
            no=tuple(self._strings(rule, "no", where)),
        )

    def _hedge(self, hedge: Mapping[str, Any]) -> Hedge:
        where = f"hedge {self._text(hedge, 'id', 'a hedge')}"
        self._check_keys(hedge, _HEDGE_KEYS, where)
        families = tuple(self._strings(hedge, "families", where))
        for family in families:
            if family not in FAMILIES.values():
                raise self._fault(where, f"no family {family!r}: {', '.join(sorted(set(FAMILIES.values())))}")
        return Hedge(
            id=hedge["id"],
            effect=self._one_of_names(hedge, "effect", _EFFECTS, where),
            scope=self._one_of_names({"scope": "sentence", **hedge}, "scope", _SCOPES, where),
            families=families,
            patterns=self._patterns(hedge, where),
            reason=self._text(hedge, "reason", where),
        )

    def _patterns(self, table: Mapping[str, Any], where: str) -> tuple[Pattern, ...]:
        if "pattern" not in table:
            raise self._fault(where, "has no pattern")
        entries = (
            [table["pattern"]]
            if isinstance(table["pattern"], str)
            else self._strings(table, "pattern", where)
        )
        return tuple(self._pattern(entry, where) for entry in entries)

    def _pattern(self, text: str, where: str) -> Pattern:
        elements: list[Element] = []
        for step in text.replace("'", " ").replace("’", " ").split():
            if step == "^":
                elements.append(Element("begin"))
            elif step.startswith("~"):
                if not re.fullmatch(r"~\d{1,2}", step) or int(step[1:]) > _MOST_GAP:
                    raise self._fault(where, f"a gap is ~1 to ~{_MOST_GAP}, not {step!r}, in {text!r}")
                elements.append(Element("gap", most=int(step[1:])))
            else:
                elements.append(self._one_of(step, where))
        if not elements or elements[-1].kind == "gap":
            raise self._fault(where, f"a pattern is empty or ends in a gap: {text!r}")
        return tuple(elements)

    def _one_of(self, step: str, where: str) -> Element:
        optional = step.endswith("?")
        choices: list[int | str] = []
        for choice in step.removesuffix("?").split("|"):
            if choice in ("#", "@"):
                choices.append(choice)
            elif choice.startswith("<") and choice.endswith(">"):
                if choice[1:-1] not in self._class_names:
                    raise self._fault(where, f"there is no class {choice} in [words]")
                choices.append(choice[1:-1])
            else:
                choices.extend(self._lexeme(word, where) for word in self._expanded(choice, where))
        return Element("one_of", tuple(dict.fromkeys(choices)), optional)

    def _expanded(self, word: str, where: str) -> list[str]:
        parts = _BRACES.split(word)
        if any(c in part for part in parts[::2] for c in "{}<>"):
            raise self._fault(where, f"a brace or a class is not closed, or holds a space: {word!r}")
        choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
        size = 1
        for choice in choices:
            size *= len(choice)
        if size > _MOST_EXPANSIONS:
            raise self._fault(where, f"{word!r} stands for {size} words, {_MOST_EXPANSIONS} at most")
        return ["".join(combination) for combination in itertools.product(*choices)]

    def _lexeme(self, word: str, where: str) -> int:
        stem = word.endswith("*")
        folded = fold(word.removesuffix("*"))
        if not folded:
            raise self._fault(where, f"an empty word in a pattern: {word!r}")
        key = (folded, stem)
        if key not in self._numbers:
            self._numbers[key] = len(self._lexemes)
            tolerance = _tolerance(folded, grammar=folded in self._function_words)
            weight = len(folded) // (2 if folded in self._function_words else 1)
            self._lexemes.append(Lexeme(folded, stem, tolerance, weight))
        return self._numbers[key]

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self._data.get(key, {})
        if not isinstance(table, dict):
            raise self._fault(key, "must be a table")
        return table

    def _tables(self, key: str) -> Sequence[Mapping[str, Any]]:
        tables = self._data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
            raise self._fault(key, f"is written as tables: [[{key}]]")
        return tables

    def _counts(self, key: str) -> dict[str, int]:
        table = self._table(key)
        for word, value in table.items():
            if type(value) is not int or value < 0:
                raise self._fault(key, f"{word} must be a whole number")
        return {fold(word): value for word, value in table.items()}

    def _text(self, table: Mapping[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = table.get(key, default)
        if not isinstance(value, str) or (default is None and not value.strip()):
            raise self._fault(where, f"{key} must be given, as text")
        return value

    def _strings(self, table: Mapping[str, Any], key: str, where: str = "the file") -> list[str]:
        value = table.get(key, [])
        if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
            raise self._fault(where, f"{key} must be a list of texts")
        return value

    def _one_of_names(self, table: Mapping[str, Any], key: str, names: Sequence[str], where: str) -> str:
        value = table.get(key)
        if value not in names:
            raise self._fault(where, f"{key} must be one of {', '.join(names)}, not {value!r}")
        return str(value)

    def _check_keys(self, table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
        for key in table:
            if key not in known:
                raise self._fault(where, f"no key {key!r}; there are {', '.join(sorted(known))}")

    def _fault(self, where: str, what: str) -> BadLexicon:
        """An error with the line of the rule, hedge or class it is about, where the file has one."""
        kind, _, name = where.partition(" ")
        starts: tuple[str, ...] = (f"{kind}=", f"[{kind}]", f"[[{kind}]]")
        if name:
            starts = (f"{name}=",) if kind == "class" else (f'id="{name}"',)
        for number, line in enumerate(self._lines, start=1):
            if line.replace(" ", "").replace("'", '"').startswith(starts):
                return BadLexicon(f"{self._name}, line {number}: {where}: {what}")
        return BadLexicon(f"{self._name}: {where}: {what}")


def _tolerance(folded: str, *, grammar: bool) -> int:
    if len(folded) < 3:
        return 10 if grammar and len(folded) == 2 else 0
    # Arabic verbs carry agent, time and target in single letters, and roots differ by one.
    consonants = "\u0600" <= folded[0] <= "\u06ff"
    if len(folded) == 3:
        return 10 if grammar else 4 if consonants else 7
    return len(folded) * (26 if consonants else 30) // 10
