"""One search over several indexes: sets grow by a new one, shrink by a list of rows, and nothing is rebuilt.

So that their number stays small, neighbours become one as they grow. This is the logarithmic method:
J. Bentley, J. Saxe, "Decomposable Searching Problems I: Static-to-Dynamic Transformation", Journal of
Algorithms 1 (1980).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import IncompatibleHash, OptionError
from mediaforensics.known.index import HashIndex, Neighbours
from mediaforensics.types import HashValue

_GROWTH = 2
"""A segment is at least twice as large as the next, the method's own base: there are at most log2(n) of them,
and a value is rebuilt only into a segment 1.5 times as large, log1.5(n) times at most."""
_REMOVED_MOST = 0.5
"""Share of a segment; beyond it half of what a search looks at counts for nothing."""


def merge_due(sizes: Sequence[int], removed: Sequence[int]) -> range | None:
    """Which neighbouring segments should be made one, without what was removed from them.

    Parameters
    ----------
    sizes, removed : sequence of int
        Of each segment, oldest first: how many values it has, and how many of them no longer count.

    Returns
    -------
    range or None
        One segment or more; None where all is well. Merge and ask again.
    """
    for last in range(len(sizes) - 1, 0, -1):
        first, after = last, sizes[last] - removed[last]
        while first > 0 and sizes[first - 1] < _GROWTH * after:
            first -= 1
            after += sizes[first] - removed[first]
        if first < last:
            return range(first, last + 1)
    for i, (size, gone) in enumerate(zip(sizes, removed, strict=True)):
        if gone > _REMOVED_MOST * size:
            return range(i, i + 1)
    return None


class SegmentedIndex:
    """Several indexes searched as one; rows count through them in order. It never changes: see ``add``.

    Parameters
    ----------
    kind : (str, int)
        Algorithm and width in bits of all of them.
    segments : sequence of HashIndex
        Oldest first; may be empty.
    removed : ndarray, int64
        Rows that no longer count, in any order.

    Raises
    ------
    IncompatibleHash
        A segment is of another kind.
    OptionError
        A removed row is none of theirs.
    """

    def __init__(
        self, kind: tuple[str, int], segments: Sequence[HashIndex] = (), removed: Iterable[int] = ()
    ) -> None:
        for segment in segments:
            if segment.kind != kind:
                raise IncompatibleHash(f"{segment!r} is no part of an index of {kind[0]}-{kind[1]}")
        self._kind, self._segments = kind, tuple(segments)
        self._starts = np.cumsum([0, *map(len, segments)], dtype=np.int64)
        self._removed = np.unique(np.fromiter(removed, np.int64))
        if len(self._removed) and not 0 <= self._removed[0] <= self._removed[-1] < self._starts[-1]:
            raise OptionError(f"no such row to remove; the index has {self._starts[-1]}")

    def __repr__(self) -> str:
        sizes = ", ".join(str(len(segment)) for segment in self._segments)
        return f"SegmentedIndex({'-'.join(map(str, self._kind))}, [{sizes}], {len(self._removed)} removed)"

    def __len__(self) -> int:
        """How many values count."""
        return int(self._starts[-1]) - len(self._removed)

    @property
    def segments(self) -> tuple[HashIndex, ...]:
        """Oldest first."""
        return self._segments

    @property
    def removed(self) -> NDArray[np.int64]:
        """Rows that no longer count, rising."""
        return self._removed

    def within(self, value: HashValue, radius_bits: int) -> list[tuple[int, int]]:
        """Rows within a distance of ``value``, nearest first (``HashIndex.within``)."""
        if (value.algorithm, value.bits) != self._kind:
            raise IncompatibleHash(f"the index holds {self._kind[0]}-{self._kind[1]}, not {value.name}")
        found = self.within_many(np.frombuffer(value.value, np.uint8)[None], radius_bits)
        return list(zip(found.row.tolist(), found.distance_bits.tolist(), strict=True))

    def within_many(self, values: NDArray[np.uint8], radius_bits: int) -> Neighbours:
        """Rows within a distance of each of several values (``HashIndex.within_many``)."""
        parts = [segment.within_many(values, radius_bits) for segment in self._segments]
        none = np.zeros(0, np.int64)
        query = np.concatenate([none, *(part.query for part in parts)])
        row = np.concatenate([none, *(p.row + start for p, start in zip(parts, self._starts, strict=False))])
        distance = np.concatenate([none, *(part.distance_bits for part in parts)])
        counts = ~self._is_removed(row)
        order = np.lexsort((row[counts], distance[counts], query[counts]))
        return Neighbours(query[counts][order], row[counts][order], distance[counts][order])

    def add(self, values: NDArray[np.uint8]) -> SegmentedIndex:
        """With a further segment of values, uint8, shape (n, bytes); the rows before keep their numbers."""
        further = HashIndex.build(self._kind, values)
        return SegmentedIndex(
            self._kind, (*self._segments, further) if len(further) else self._segments, self._removed
        )

    def remove(self, rows: Iterable[int]) -> SegmentedIndex:
        """Without some rows; the others keep their numbers."""
        gone = np.concatenate([self._removed, np.fromiter(rows, np.int64)])
        return SegmentedIndex(self._kind, self._segments, gone)

    def merged(self) -> tuple[SegmentedIndex, NDArray[np.int64]]:
        """With segments made one where that is due.

        Returns
        -------
        index : SegmentedIndex
            Finds the same values.
        kept : ndarray, int64
            For each row of it, the row that it was before.
        """
        rows = [np.arange(a, b) for a, b in zip(self._starts[:-1], self._starts[1:], strict=True)]
        segments = list(self._segments)
        gone = [self._is_removed(part) for part in rows]
        while (
            due := merge_due([len(part) for part in rows], [int(part.sum()) for part in gone])
        ) is not None:
            here = slice(due.start, due.stop)
            live = [~part for part in gone[here]]
            values = [s.arrays()["values"][keep] for s, keep in zip(segments[here], live, strict=True)]
            kept = np.concatenate([part[keep] for part, keep in zip(rows[here], live, strict=True)])
            segments[here] = [HashIndex.build(self._kind, np.concatenate(values))] if len(kept) else []
            rows[here] = [kept] if len(kept) else []
            gone[here] = [np.zeros(len(kept), np.bool_)] if len(kept) else []
        none = np.zeros(0, np.int64)
        index = SegmentedIndex(
            self._kind, segments, np.flatnonzero(np.concatenate([none.astype(bool), *gone]))
        )
        return index, np.concatenate([none, *rows])

    def _is_removed(self, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
        places = np.searchsorted(self._removed, rows)  # they rise: no need to sort them for every query
        there: NDArray[np.bool_] = np.append(self._removed, -1)[places] == rows
        return there
