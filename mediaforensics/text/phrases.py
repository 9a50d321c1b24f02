"""The rule language of the threat packs: phrase patterns over damaged words.

A pack (one TOML file per language) names word classes, and rules written as patterns of them::

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

Patterns never reach over the end of a sentence. Matching keeps a set of reachable positions (no
backtracking), so its time is linear in the length of the text.
"""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from mediaforensics.text.words import Word, edit_distance, fold, skeleton

_BRACES = re.compile(r"\{([^{}]*)\}")
_LONGEST_WORD = 40
_SPECKS = (".", ",", "'", "`", "´", ";", ":", "-", "·")


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word or, where ``stem``, the beginning of words; with what a quick comparison needs."""

    folded: str
    skeleton: str
    stem: bool
    letters: int

    @property
    def tolerance(self) -> int:
        """Edits allowed: none under 4 letters, one from 4, two from 8; short words have too many neighbours.

        Arabic-script words are compared without their dots and carry their grammar in single letters: none
        under 6, one from 6.
        """
        if "\u0600" <= self.folded[0] <= "\u06ff":
            return 0 if len(self.folded) < 6 else 1
        return 0 if len(self.folded) < 4 else 1 if len(self.folded) < 8 else 2


@dataclass(frozen=True, slots=True)
class Element:
    """One step of a pattern. ``kind`` is ``one_of``, ``gap`` or ``begin``."""

    kind: str
    choices: tuple[int | str, ...] = ()
    optional: bool = False
    most: int = 0


@dataclass(frozen=True, slots=True)
class Path:
    """One way a pattern fits: its damaged words, and which class took which words ``[i, j)``."""

    damage: int
    taken: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A threat pattern with its meaning, and the sentences that must and must not fit it."""

    id: str
    category: str
    severity: int
    patterns: tuple[tuple[Element, ...], ...]
    explanation: str
    negatable: bool
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """A pattern that makes a threat less than one. ``effect`` is ``drop`` or ``context``."""

    id: str
    effect: str
    scope: str
    families: tuple[str, ...]
    patterns: tuple[tuple[Element, ...], ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pack:
    """The rules of one language, compiled."""

    language: str
    script: str
    lexemes: tuple[Lexeme, ...]
    classes: Mapping[str, tuple[tuple[Element, ...], ...]]
    rules: tuple[Rule, ...]
    hedges: tuple[Hedge, ...]
    deadlines: tuple[tuple[str, tuple[Element, ...]], ...]
    numbers: Mapping[str, int]
    multipliers: Mapping[str, int]
    clitics: tuple[str, ...]
    familiar: frozenset[str]
    function_words: frozenset[str]
    openers: frozenset[str]
    exact_words: Mapping[str, tuple[int, ...]] = field(repr=False)
    stems: Mapping[str, tuple[int, ...]] = field(repr=False)


def compile_pack(source: str) -> Pack:
    """Read one TOML pack.

    Raises
    ------
    ValueError
        A pattern is malformed or names a class that is not there; the message names both.
    """
    data = tomllib.loads(source)
    compiler = _Compiler(data["words"])
    classes = {
        name: tuple(compiler.pattern(entry, name) for entry in entries)
        for name, entries in data["words"].items()
    }
    rules = tuple(
        Rule(
            id=f"{data['language']}.{rule['id']}",
            category=rule["category"],
            severity=rule["severity"],
            patterns=tuple(compiler.pattern(p, rule["id"]) for p in _listed(rule["pattern"])),
            explanation=rule["explanation"],
            negatable=rule.get("negatable", True),
            yes=tuple(rule.get("yes", ())),
            no=tuple(rule.get("no", ())),
        )
        for rule in data["rule"]
    )
    hedges = tuple(
        Hedge(
            id=hedge["id"],
            effect=hedge["effect"],
            scope=hedge.get("scope", "sentence"),
            families=tuple(hedge.get("families", ())),
            patterns=tuple(compiler.pattern(p, hedge["id"]) for p in _listed(hedge["pattern"])),
            reason=hedge["reason"],
        )
        for hedge in data.get("hedge", ())
    )
    deadlines = tuple(
        (meaning, compiler.pattern(entry, "deadline"))
        for meaning, entries in data.get("deadline", {}).items()
        for entry in entries
    )
    exact_words: dict[str, list[int]] = {}
    stems: dict[str, list[int]] = {}
    for number, lexeme in enumerate(compiler.lexemes):
        (stems if lexeme.stem else exact_words).setdefault(lexeme.folded, []).append(number)
    function_words = frozenset(fold(w) for w in data.get("function_words", ()))
    numbers = {fold(word): value for word, value in data.get("numbers", {}).items()}
    multipliers = {fold(word): value for word, value in data.get("multipliers", {}).items()}
    familiar = frozenset(fold(w) for w in (*data.get("familiar", ()), *data.get("short_words", "").split()))
    return Pack(
        language=data["language"],
        script=data["script"],
        lexemes=tuple(compiler.lexemes),
        classes=classes,
        rules=rules,
        hedges=hedges,
        deadlines=deadlines,
        numbers=numbers,
        multipliers=multipliers,
        clitics=tuple(sorted((fold(c) for c in data.get("clitics", ())), key=lambda c: (-len(c), c))),
        familiar=familiar | function_words | frozenset(numbers) | frozenset(multipliers),
        function_words=function_words,
        openers=frozenset(fold(w) for w in data.get("openers", ())),
        exact_words={word: tuple(ids) for word, ids in exact_words.items()},
        stems={word: tuple(ids) for word, ids in stems.items()},
    )


def _listed(value: Any) -> Iterable[str]:
    return (value,) if isinstance(value, str) else tuple(value)


def _letters(text: str) -> int:
    """A bit for every letter that occurs, so that far words are told apart by one operation."""
    bits = 0
    for c in text:
        bits |= 1 << (ord(c) % 61)
    return bits


def _expanded(word: str) -> list[str]:
    parts = _BRACES.split(word)
    choices = [part.split(",") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(combination) for combination in itertools.product(*choices)]


class _Compiler:
    """Numbers every distinct word of a pack and turns pattern text into elements."""

    def __init__(self, class_names: Iterable[str]) -> None:
        self.lexemes: list[Lexeme] = []
        self._numbers: dict[tuple[str, bool], int] = {}
        self._class_names = frozenset(class_names)

    def pattern(self, text: str, where: str) -> tuple[Element, ...]:
        elements: list[Element] = []
        for step in text.replace("'", " ").replace("’", " ").split():
            if step == "^":
                elements.append(Element("begin"))
            elif step.startswith("~"):
                elements.append(Element("gap", most=int(step[1:])))
            else:
                elements.append(self._one_of(step, where))
        if not elements or elements[-1].kind == "gap":
            raise ValueError(f"{where}: a pattern is empty or ends in a gap: {text!r}")
        return tuple(elements)

    def _one_of(self, step: str, where: str) -> Element:
        optional = step.endswith("?")
        choices: list[int | str] = []
        for choice in step.removesuffix("?").split("|"):
            if choice in ("#", "@"):
                choices.append(choice)
            elif choice.startswith("<") and choice.endswith(">"):
                if choice[1:-1] not in self._class_names:
                    raise ValueError(f"{where}: no class {choice} in this pack")
                choices.append(choice[1:-1])
            else:
                choices.extend(self._lexeme(word, where) for word in _expanded(choice))
        return Element("one_of", tuple(dict.fromkeys(choices)), optional)

    def _lexeme(self, word: str, where: str) -> int:
        stem = word.endswith("*")
        folded = fold(word.removesuffix("*"))
        if not folded:
            raise ValueError(f"{where}: an empty word in a pattern")
        key = (folded, stem)
        if key not in self._numbers:
            self._numbers[key] = len(self.lexemes)
            bare = skeleton(folded)
            self.lexemes.append(Lexeme(folded, bare, stem, _letters(bare)))
        return self._numbers[key]


@dataclass(frozen=True, slots=True)
class Recognizer:
    """Which lexemes of a pack a word may be, and with how much damage."""

    pack: Pack
    fuzzy: bool

    def lexemes(self, word: Word) -> Mapping[int, int]:
        """Lexeme numbers to damage: 0 as written, 1 or 2 for misread letters."""
        return _look_up(self.pack, word.folded, self.fuzzy)

    def knows(self, word: Word) -> bool:
        """Whether the word stands there as written: a lexeme, a familiar word or a number."""
        if word.number is not None or word.folded in self.pack.familiar:
            return True
        return any(damage == 0 for damage in self.lexemes(word).values())


@lru_cache(maxsize=50_000)
def _look_up(pack: Pack, folded: str, fuzzy: bool) -> Mapping[int, int]:
    spellings = [folded]
    for clitic in pack.clitics:
        if folded.startswith(clitic) and len(folded) - len(clitic) >= 3:
            spellings.append(folded[len(clitic) :])
    found = {number: 0 for spelling in spellings for number in _as_written(pack, spelling)}
    if found or not fuzzy or len(folded) > _LONGEST_WORD or folded in pack.familiar:
        return found
    for spelling in spellings:
        for number, damage in _misread(pack, spelling):
            found[number] = min(damage, found.get(number, damage))
    return found


def _as_written(pack: Pack, spelling: str) -> Iterable[int]:
    yield from pack.exact_words.get(spelling, ())
    for length in range(2, len(spelling) + 1):
        yield from pack.stems.get(spelling[:length], ())


def _misread(pack: Pack, spelling: str) -> Iterable[tuple[int, int]]:
    bare = skeleton(spelling)
    prefixes = [0]
    for c in bare:
        prefixes.append(prefixes[-1] | 1 << (ord(c) % 61))
    for number, lexeme in enumerate(pack.lexemes):
        limit, length = lexeme.tolerance, len(lexeme.skeleton)
        if limit == 0:
            same = bare.startswith(lexeme.skeleton) if lexeme.stem and length > 4 else bare == lexeme.skeleton
            if same or (not lexeme.stem and _grammar_word(pack, spelling, bare, lexeme)):
                yield number, 1
            continue
        if len(bare) < length - limit or (not lexeme.stem and len(bare) > length + limit):
            continue
        cuts = range(length - limit, min(len(bare), length + limit) + 1) if lexeme.stem else (len(bare),)
        if (lexeme.letters & ~prefixes[cuts[-1]]).bit_count() > limit:
            continue
        if bare == lexeme.skeleton or (lexeme.stem and bare.startswith(lexeme.skeleton)):
            yield number, 1
        elif _plausible(bare, lexeme):
            damage = min(edit_distance(lexeme.skeleton, bare[:cut], limit) for cut in cuts)
            if damage <= limit:
                yield number, damage


def _grammar_word(pack: Pack, spelling: str, bare: str, lexeme: Lexeme) -> bool:
    """A word of no language, as short as "we" or "you", may stand for it; an act is never guessed so."""
    return (
        lexeme.folded in pack.function_words
        and len(lexeme.folded) > 1
        and not spelling.isdigit()
        and abs(len(spelling) - len(lexeme.folded)) <= 1
        and bool(set(bare) & set(lexeme.skeleton))
    )


def _plausible(bare: str, lexeme: Lexeme) -> bool:
    """Short words differ in one letter from too many others (kill, will, bill): keep their first letter."""
    return len(lexeme.folded) > 4 or bare[0] == lexeme.skeleton[0]


def _repaired(words: list[Word], recognizer: Recognizer) -> list[Word]:
    """Words torn by a speck read as punctuation are joined; two words run together are parted."""
    repaired: list[Word] = []
    for word in words:
        if repaired and word.before in _SPECKS:
            joined = _joined(repaired[-1], word)
            known = recognizer.knows(repaired[-1]) and recognizer.knows(word)
            if not known and recognizer.lexemes(joined):
                repaired[-1] = joined
                continue
        repaired.extend(_parted(word, recognizer))
    return repaired


def _joined(first: Word, second: Word) -> Word:
    folded = first.folded + second.folded
    return Word(
        start=first.start,
        end=second.end,
        folded=folded,
        skeleton=skeleton(folded),
        number=None,
        before=first.before,
    )


def _parted(word: Word, recognizer: Recognizer) -> list[Word]:
    """Two known words where a space was lost; only where letters and folded letters correspond one to one."""
    size = len(word.folded)
    if not 5 <= size <= _LONGEST_WORD or word.end - word.start != size or recognizer.knows(word):
        return [word]
    for cut in range(2, size - 1):
        parts = [
            Word(
                start=word.start + a,
                end=word.start + b,
                folded=word.folded[a:b],
                skeleton=skeleton(word.folded[a:b]),
                number=None,
                before=word.before if a == 0 else "",
            )
            for a, b in ((0, cut), (cut, size))
        ]
        if all(recognizer.knows(part) and not part.folded.isdigit() for part in parts):
            return parts
    return [word]


class SentenceMatcher:
    """Fits patterns to one sentence. Positions are word indices."""

    def __init__(self, words: list[Word], recognizer: Recognizer) -> None:
        words = self.words = _repaired(words, recognizer)
        self._pack = recognizer.pack
        self._lexemes = [recognizer.lexemes(word) for word in words]
        self._present: set[int] = set().union(*self._lexemes)
        self._memo: dict[tuple[str, int], dict[int, Path]] = {}
        self._possible: dict[str, bool] = {}
        self.numbers = [self._number(i) for i in range(len(words))]
        harmless = self._pack.classes.get("harmless", ())
        single = {c for entry in harmless if len(entry) == 1 for c in entry[0].choices if isinstance(c, int)}
        self._nameable = [
            word.folded not in self._pack.function_words
            and len(word.folded) > 2
            and not any(damage == 0 and n in single for n, damage in self._lexemes[i].items())
            for i, word in enumerate(words)
        ]

    def matches(self, pattern: tuple[Element, ...]) -> Iterable[tuple[int, int, Path]]:
        """Every start with its longest acceptable end: ``(start, end, path)``."""
        if not all(self._may_fit(element) for element in pattern):
            return
        for start in range(len(self.words)):
            ends = self._ends(pattern, start)
            for end in sorted(ends, reverse=True):
                if end > start and ends[end].damage <= 1 + (end - start) // 3:
                    yield start, end, ends[end]
                    break

    def _may_fit(self, element: Element) -> bool:
        if element.kind != "one_of" or element.optional:
            return True
        return any(
            choice in self._present if isinstance(choice, int) else self._class_may_fit(choice)
            for choice in element.choices
        )

    def _class_may_fit(self, name: str) -> bool:
        if name in ("#", "@"):
            return True
        known = self._possible.get(name)
        if known is None:
            known = self._possible[name] = any(
                all(self._may_fit(element) for element in entry) for entry in self._pack.classes[name]
            )
        return known

    def _ends(self, pattern: tuple[Element, ...], start: int) -> dict[int, Path]:
        reached = {start: Path(0, ())}
        for element in pattern:
            after: dict[int, Path] = {}
            for position in sorted(reached):
                for end, path in self._step(element, position, reached[position]):
                    if end not in after or path.damage < after[end].damage:
                        after[end] = path
            if not after:
                return {}
            reached = after
        return reached

    def _step(self, element: Element, position: int, path: Path) -> Iterable[tuple[int, Path]]:
        if element.kind == "gap":
            for end in range(position, min(position + element.most, len(self.words)) + 1):
                yield end, path
            return
        if element.kind == "begin":
            if self._begins(position):
                yield position, path
            return
        if element.optional:
            yield position, path
        if position >= len(self.words):
            return
        for choice in element.choices:
            if choice in ("#", "@"):
                if self._nameable[position] if choice == "@" else self.numbers[position] is not None:
                    taken = (*path.taken, (str(choice), position, position + 1))
                    yield position + 1, Path(path.damage, taken)
            elif isinstance(choice, int):
                damage = self._lexemes[position].get(choice)
                if damage is not None:
                    taken = (*path.taken, ("", position, position + 1))
                    yield position + 1, Path(path.damage + damage, taken)
            else:
                for end, inner in self._class_ends(choice, position).items():
                    taken = (*path.taken, *inner.taken, (choice, position, end))
                    yield end, Path(path.damage + inner.damage, taken)

    def _class_ends(self, name: str, position: int) -> dict[int, Path]:
        key = (name, position)
        if key not in self._memo:
            self._memo[key] = {}  # a class that names itself finds nothing instead of looping
            best: dict[int, Path] = {}
            if self._class_may_fit(name):
                for entry in self._pack.classes[name]:
                    for end, path in self._ends(entry, position).items():
                        if end not in best or path.damage < best[end].damage:
                            best[end] = path
            self._memo[key] = best
        return self._memo[key]

    def _begins(self, position: int) -> bool:
        if position == 0:
            return True
        if position >= len(self.words):
            return False
        before, previous = self.words[position].before, self.words[position - 1].folded
        if any(c in before for c in ',:;،؛-–—"“«(') or previous in self._pack.openers:
            return True
        return "\n" in before and previous not in self._pack.function_words

    def _number(self, position: int) -> int | None:
        word = self.words[position]
        return word.number if word.number is not None else self._pack.numbers.get(word.folded)
