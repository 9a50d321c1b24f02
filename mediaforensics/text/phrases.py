"""Fitting the patterns of a pack to a sentence of damaged words.

Damage is borne by the phrase as a whole, in proportion to its letters: a word damaged beyond its share is
believed where the rest of the phrase pays for it. Matching keeps the best
path to each reachable position (no backtracking), so its time is linear in the length of the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaforensics.text.packs import Element, Pattern
from mediaforensics.text.spelling import Recognizer
from mediaforensics.text.words import Word

_PER_TEN_LETTERS = 16
"""How much damage more letters make up for, when two ways of fitting a phrase are compared."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way a pattern fits.

    Attributes
    ----------
    damage : int
        What its words cost, in tenths of a wrong letter.
    letters : int
        Letters of the words of the pack that it rests on.
    taken : tuple of (str, int, int)
        Which class took which words ``[i, j)``; a word of the pattern itself has no name.
    misread : tuple of (int, int, str)
        Words ``[i, j)`` that are not written as the pack writes them, and what they are taken for.
    """

    damage: int = 0
    letters: int = 0
    taken: tuple[tuple[str, int, int], ...] = ()
    misread: tuple[tuple[int, int, str], ...] = ()

    @property
    def margin(self) -> int:
        """By which the better of two paths is told."""
        return _PER_TEN_LETTERS * self.letters - 10 * self.damage

    @property
    def nearly_as_written(self) -> bool:
        """Whether it is fit to excuse something, which one word alone may do."""
        return self.damage <= self.letters

    def then(self, other: Path) -> Path:
        """Both, one after the other."""
        return Path(
            self.damage + other.damage,
            self.letters + other.letters,
            self.taken + other.taken,
            self.misread + other.misread,
        )


def _better(path: Path, than: Path | None) -> bool:
    return than is None or path.margin > than.margin


class SentenceMatcher:
    """Fits patterns to one sentence. Positions are word indices."""

    def __init__(self, words: list[Word], recognizer: Recognizer) -> None:
        words = self.words = recognizer.parted(words)
        self._pack, self._trust = recognizer.pack, recognizer.trust
        self._edges = [self._edges_at(i, recognizer) for i in range(len(words))]
        self._present: set[int] = set().union(*self._edges)
        self._memo: dict[tuple[str, int], dict[int, Path]] = {}
        self._possible: dict[str, bool] = {}
        self.numbers = [self._number(i) for i in range(len(words))]
        harmless = self._pack.classes.get("harmless", ())
        single = {c for entry in harmless if len(entry) == 1 for c in entry[0].choices if isinstance(c, int)}
        self._nameable = [
            word.folded not in self._pack.function_words
            and len(word.folded) > 2
            and not any(cost == 0 and n in single for n, (_, cost) in self._edges[i].items())
            for i, word in enumerate(words)
        ]

    def _edges_at(self, i: int, recognizer: Recognizer) -> dict[int, tuple[int, int]]:
        """Lexemes that begin at word ``i``: ``(end, cost)``."""
        edges = {number: (i + 1, cost) for number, cost in recognizer.lexemes(self.words[i]).items()}
        if i + 1 < len(self.words):
            for number, cost in recognizer.torn(self.words[i], self.words[i + 1]).items():
                if number not in edges or cost < edges[number][1]:
                    edges[number] = (i + 2, cost)
        return edges

    def matches(self, pattern: Pattern) -> Iterable[tuple[int, int, Path]]:
        """Every start with its longest believed end: ``(start, end, path)``."""
        if not all(self._may_fit(element) for element in pattern):
            return
        for start in range(len(self.words)):
            ends = self._ends(pattern, start)
            for end in sorted(ends, reverse=True):
                if end > start and self._believed(ends[end]):
                    yield start, end, ends[end]
                    break

    def _believed(self, path: Path) -> bool:
        """Whether the phrase bears its damage."""
        trust = self._trust
        return path.damage <= trust.phrase + trust.per_ten_letters * path.letters // 10

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
            self._possible[name] = False  # a class that names itself finds nothing instead of looping
            known = self._possible[name] = any(
                all(self._may_fit(element) for element in entry) for entry in self._pack.classes[name]
            )
        return known

    def _ends(self, pattern: Pattern, start: int) -> dict[int, Path]:
        reached = {start: Path()}
        for element in pattern:
            after: dict[int, Path] = {}
            for position in sorted(reached):
                for end, path in self._step(element, position, reached[position]):
                    if _better(path, after.get(end)):
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
                    taken = ((str(choice), position, position + 1),)
                    yield position + 1, path.then(Path(taken=taken))
            elif isinstance(choice, int):
                edge = self._edges[position].get(choice)
                if edge is not None:
                    yield edge[0], path.then(self._word(choice, position, *edge))
            else:
                for end, inner in self._class_ends(choice, position).items():
                    yield end, path.then(inner).then(Path(taken=((choice, position, end),)))

    def _word(self, number: int, position: int, end: int, cost: int) -> Path:
        lexeme = self._pack.lexemes[number]
        misread = ((position, end, lexeme.folded),) if cost else ()
        return Path(cost, lexeme.weight, (("", position, end),), misread)

    def _class_ends(self, name: str, position: int) -> dict[int, Path]:
        key = (name, position)
        if key not in self._memo:
            self._memo[key] = {}
            best: dict[int, Path] = {}
            if self._class_may_fit(name):
                for entry in self._pack.classes[name]:
                    for end, path in self._ends(entry, position).items():
                        if _better(path, best.get(end)):
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
