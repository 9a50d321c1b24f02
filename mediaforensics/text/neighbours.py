"""All words of a pack within reach of a misread one, found in one walk over a tree of their letters.

Words that begin alike share the work of comparing their beginning, and a branch is left as soon as no word on
it can be reached any more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mediaforensics.text.damage import EDIT, TWO_FOR_ONE, TWO_LOOK_LIKE, substitution, unpaired

_BAND = 3
"""More letters than this are never lost or added in one word."""


@dataclass(slots=True)
class _Node:
    branches: dict[str, _Node] = field(default_factory=dict)
    words: list[tuple[int, bool, int]] = field(default_factory=list)
    most: int = 0
    lost: int = 0


class Neighbours:
    """A tree over words.

    Parameters
    ----------
    words : iterable of (str, bool, int)
        Each word, whether it is only the beginning of words, and the cost it bears.
    """

    def __init__(self, words: Iterable[tuple[str, bool, int]]) -> None:
        self._root = _Node()
        for number, (word, stem, tolerance) in enumerate(words):
            node = self._root
            node.most = max(node.most, tolerance)
            for at, (letter, lost) in enumerate(zip(word, unpaired(word), strict=True)):
                if at == 0 and "\u0600" <= letter <= "\u06ff":
                    lost += EDIT  # as in _row: it is the agent or the tense of a verb
                node = node.branches.setdefault(letter, _Node(lost=lost))
                node.most = max(node.most, tolerance)
            node.words.append((number, stem, tolerance))

    def of(self, seen: str, most: int, slack: int = 0) -> Iterable[tuple[int, int]]:
        """Numbers and costs of all words that ``seen`` may be.

        A cost is within ``most`` and within what the word bears, plus ``slack`` if it bears any at all.
        """
        return _Walk(seen, most, slack).over(self._root)


class _Walk:
    """One comparison of a seen word with the tree; a row holds the costs of its beginnings so far."""

    def __init__(self, seen: str, most: int, slack: int) -> None:
        self._seen, self._most, self._slack = seen, most, slack
        self._added = unpaired(seen)
        self._costs: dict[str, list[int]] = {}
        self._pairs: dict[str, list[int]] = {}
        for j in range(2, len(seen) + 1):
            for one in TWO_LOOK_LIKE.get(seen[j - 2 : j], ""):
                self._pairs.setdefault(one, []).append(j)
        self._found: list[tuple[int, int]] = []

    def over(self, root: _Node) -> list[tuple[int, int]]:
        row = [0]
        for cost in self._added:
            row.append(row[-1] + cost)
        self._descend(root, row, [], "", 0)
        return self._found

    def _descend(self, node: _Node, row: list[int], older: list[int], before: str, depth: int) -> None:
        for letter, branch in node.branches.items():
            if not branch.most:
                continue
            limit = min(branch.most + self._slack, self._most)
            new = self._row(letter, branch.lost, row, depth + 1)
            if older:
                self._with_pairs_of_letters(new, before + letter, older)
            least = min(new)
            if least > limit and min(row) + TWO_FOR_ONE > limit:
                continue
            for number, stem, tolerance in branch.words:
                cost = least if stem else new[-1]
                if tolerance and cost <= min(tolerance + self._slack, self._most):
                    self._found.append((number, cost))
            if branch.branches:
                self._descend(branch, new, row, letter, depth + 1)

    def _row(self, letter: str, lost: int, row: list[int], depth: int) -> list[int]:
        """The costs after one more letter of the word."""
        seen = self._seen
        costs = self._costs.get(letter)
        if costs is None:
            costs = self._costs[letter] = [substitution(c, letter) for c in seen]
        if depth == 1 and "\u0600" <= letter <= "\u06ff":
            costs = [2 * cost for cost in costs]
        added = self._added
        width = len(row)
        first, last = max(1, depth - _BAND), min(width, depth + _BAND + 1)
        far = self._most + 1
        new = [far] * width
        if depth <= _BAND:
            new[0] = row[0] + lost
        left = new[first - 1] if first <= width else far
        for j in range(first, last):
            best = row[j - 1] + costs[j - 1]
            other = row[j] + lost
            if other < best:
                best = other
            other = left + added[j - 1]
            if other < best:
                best = other
            new[j] = left = best
        for j in self._pairs.get(letter, ()):
            new[j] = min(new[j], row[j - 2] + TWO_FOR_ONE)
        return new

    def _with_pairs_of_letters(self, new: list[int], two: str, older: list[int]) -> None:
        """What two letters explain together: one seen in their place, or both the other way about."""
        seen = self._seen
        for one in TWO_LOOK_LIKE.get(two, ""):
            for j, c in enumerate(seen, start=1):
                if c == one:
                    new[j] = min(new[j], older[j - 1] + TWO_FOR_ONE)
        at = seen.find(two[::-1]) if two[0] != two[1] else -1
        if at >= 0:
            new[at + 2] = min(new[at + 2], older[at] + EDIT)
