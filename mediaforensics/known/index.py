"""Exact search among hashes by Hamming distance: multi-index hashing, or comparing each where that is less.

The arrays of an index may be mapped from files, so that one of ten million hashes opens at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet, IncompatibleHash
from mediaforensics.known.hamming import Found, words_of
from mediaforensics.known.search import search
from mediaforensics.known.slots import LOOK_COST, NOT_PROBED, Slots, Table
from mediaforensics.types import HashValue

_NO_TABLE = np.zeros((0, 0), np.uint32)


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """What is near several queries; by query, nearest first, equal distances by row.

    Attributes
    ----------
    query, row, distance_bits : ndarray, int64, shape (pairs,)
        Number of the query, row in the index, and how far apart they are.
    """

    query: NDArray[np.int64]
    row: NDArray[np.int64]
    distance_bits: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.row)


class HashIndex:
    """Hashes of one algorithm and width, in the order given; equal values keep their own rows.

    An index never changes and may be searched from many threads at once. Made by ``build`` or
    ``from_arrays``; a set that grows and shrinks is several of them (``merge.py``).
    """

    def __init__(
        self,
        kind: tuple[str, int],
        values: NDArray[np.uint8],
        slots: Slots | None = None,
        offsets: Table = _NO_TABLE,
        postings: Table = _NO_TABLE,
    ) -> None:
        self._kind, self._slots = kind, slots
        self._values, self._words = values, words_of(values)
        self._looks_most = self._words.size // LOOK_COST
        self._offsets, self._postings = (
            np.require(np.asarray(t), requirements=["C", "A"]) for t in (offsets, postings)
        )

    @classmethod
    def build(cls, kind: tuple[str, int], values: NDArray[np.uint8]) -> HashIndex:
        """Index hash values.

        Parameters
        ----------
        kind : (str, int)
            Algorithm and width in bits.
        values : ndarray, uint8, shape (n, bytes)
            Big-endian, ``ceil(bits / 8)`` bytes each. Not copied where it is contiguous.

        Raises
        ------
        BadSet
            ``values`` is of another type or shape.
        """
        _require_table("values", values, np.uint8, -(-kind[1] // 8))
        return cls._built(kind, values, Slots.chosen(kind[1], len(values)))

    @classmethod
    def _built(
        cls,
        kind: tuple[str, int],
        values: NDArray[np.uint8],
        slots: Slots | None,
        looks_most: int | None = None,
    ) -> HashIndex:
        """With these slots, looked into as long as that is cheap: tests state both."""
        index = cls(kind, values, slots, *(slots.build(words_of(values)) if slots else ()))
        if looks_most is not None:
            index._looks_most = looks_most
        return index

    @classmethod
    def from_arrays(cls, kind: tuple[str, int], arrays: Mapping[str, NDArray[Any]]) -> HashIndex:
        """An index over arrays that ``arrays`` gave, in memory or mapped; they are not read through.

        Damage that shows only inside them raises when a search meets it; ``verify`` reads everything.

        Raises
        ------
        BadSet
            An array is missing, too many, or of another type or shape, or they do not fit each other.
        """
        if set(arrays) not in ({"values"}, {"values", "offsets", "postings"}):
            raise BadSet(
                f"an index has values, offsets and postings, not {', '.join(sorted(arrays)) or 'none'}"
            )
        values = arrays["values"]
        _require_table("values", values, np.uint8, -(-kind[1] // 8))
        slots, offsets, postings = None, arrays.get("offsets", _NO_TABLE), arrays.get("postings", _NO_TABLE)
        if "offsets" in arrays:
            _require_table("offsets", offsets, np.uint32)
            _require_table("postings", postings, np.uint32)
            slots = Slots(len(offsets), max(offsets.shape[1] - 2, 0).bit_length())
            if (
                offsets.shape[1] != slots.buckets + 1
                or not 0 < slots.count * slots.width_bits <= kind[1]
                or postings.shape != (slots.count, len(values))
            ):
                raise BadSet("the offsets and postings of the index do not fit its values")
            if offsets[:, 0].any() or (offsets[:, -1] != len(values)).any():
                raise BadSet("the index is damaged: its offsets do not begin at 0 and end at the last row")
        return cls(kind, values, slots, offsets, postings)

    @property
    def kind(self) -> tuple[str, int]:
        """Algorithm and width in bits."""
        return self._kind

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        how = f"{self._slots.count} slots of {self._slots.width_bits} bits" if self._slots else "no slots"
        return f"HashIndex({self._kind[0]}-{self._kind[1]}, {len(self)} values, {how})"

    def arrays(self) -> dict[str, NDArray[Any]]:
        """What ``from_arrays`` takes: ``values``, and where there are slots ``offsets`` and ``postings``."""
        if self._slots is None:
            return {"values": self._values}
        return {"values": self._values, "offsets": self._offsets, "postings": self._postings}

    def within(self, value: HashValue, radius_bits: int) -> list[tuple[int, int]]:
        """Rows within a distance of ``value``, nearest first, equal distances by row.

        Parameters
        ----------
        value : HashValue
            Of the algorithm and width of the index.
        radius_bits : int
            Largest distance that counts, in bits.

        Returns
        -------
        list of (int, int)
            Row and distance in bits.

        Raises
        ------
        IncompatibleHash
            ``value`` is of another algorithm or width.
        BadSet
            The arrays of the index are damaged where the search met them.
        """
        if (value.algorithm, value.bits) != self._kind:
            raise IncompatibleHash(f"the index holds {self._kind[0]}-{self._kind[1]}, not {value.name}")
        _, rows, distances = self._search(np.frombuffer(value.value, np.uint8)[None], radius_bits)
        order = np.lexsort((rows, distances))
        return list(zip(rows[order].tolist(), distances[order].tolist(), strict=True))

    def within_many(self, values: NDArray[np.uint8], radius_bits: int) -> Neighbours:
        """Rows within a distance of each of several values.

        Parameters
        ----------
        values : ndarray, uint8, shape (m, bytes)
            Of the algorithm and width of the index.
        radius_bits : int
            Largest distance that counts, in bits.

        Raises
        ------
        IncompatibleHash
            ``values`` is of another type or width.
        BadSet
            The arrays of the index are damaged where the search met them.
        """
        if values.ndim != 2 or values.dtype != np.uint8 or values.shape[1] != -(-self._kind[1] // 8):
            raise IncompatibleHash(
                f"the index holds {self._kind[0]}-{self._kind[1]}, not {values.dtype} {values.shape}"
            )
        ends, rows, distances = self._search(values, radius_bits)
        queries = np.repeat(np.arange(len(values)), np.diff(ends, prepend=0))
        order = np.lexsort((rows, distances, queries))
        return Neighbours(queries[order], rows[order], distances[order])

    def verify(self) -> None:
        """Read everything and make sure that every row is in its bucket of every slot, once.

        Raises
        ------
        BadSet
            It is not so: a search could miss something.
        """
        if self._slots is None:
            return
        for slot in range(self._slots.count):
            offsets, rows = self._offsets[slot], self._postings[slot].astype(np.int64)
            counts = np.diff(offsets.astype(np.int64))
            if counts.min() < 0 or int(offsets[-1]) != len(rows):
                raise BadSet(f"the index is damaged: the offsets of slot {slot} do not rise")
            if len(rows) and int(rows.max()) >= len(rows):
                raise BadSet(f"the index is damaged: slot {slot} names a row that is not there")
            buckets = np.repeat(np.arange(self._slots.buckets), counts)
            if not np.array_equal(self._slots.keys(self._words, slot)[rows], buckets):
                raise BadSet(f"the index is damaged: slot {slot} has a row in another bucket than its value")
            if np.any((np.diff(rows) <= 0) & (np.diff(buckets) == 0)):
                raise BadSet(f"the index is damaged: slot {slot} does not have every row once")

    def _search(self, values: NDArray[np.uint8], radius_bits: int) -> Found:
        queries, slots = words_of(values), self._slots
        radius_bits = max(-1, min(radius_bits, self._kind[1]))
        worth = slots is not None and slots.looks(radius_bits, len(self)) <= self._looks_most
        probing = slots.probing(radius_bits) if slots and worth else NOT_PROBED
        arrays = self._words, slots, self._offsets, self._postings
        return search(*arrays, queries, radius_bits, probing, self._looks_most)


def _require_table(name: str, array: NDArray[Any], dtype: type[np.generic], width: int | None = None) -> None:
    if array.dtype != np.dtype(dtype) or array.ndim != 2 or width not in (None, array.shape[1]):
        wanted = f"{np.dtype(dtype)} (n, {'m' if width is None else width})"
        raise BadSet(f"the {name} of an index are {wanted}, not {array.dtype} {array.shape}")
    if array.shape[0] >= 1 << 32:
        raise BadSet(f"an index holds less than {1 << 32} values; make several")
