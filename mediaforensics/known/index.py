"""Exact search among hashes by Hamming distance: every stored value is compared, none can be missed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mediaforensics.errors import IncompatibleHash
from mediaforensics.types import HashValue


class HashIndex:
    """Hashes of one algorithm and width, in the order given; equal values keep their own rows.

    Parameters
    ----------
    values : sequence of HashValue
        May be empty.

    Raises
    ------
    IncompatibleHash
        The values are not all of one algorithm and width.
    """

    def __init__(self, values: Sequence[HashValue]) -> None:
        self._kind = (values[0].algorithm, values[0].bits) if values else None
        for value in values:
            self._require_kind(value)
        width = -(-values[0].bits // 64) if values else 1
        raw = b"".join(value.value.ljust(8 * width, b"\0") for value in values)
        table = np.frombuffer(raw, np.uint64).reshape(len(values), width)
        # Column by column: one contiguous pass per 64 bits is what memory is fastest at.
        self._columns = tuple(np.ascontiguousarray(table[:, i]) for i in range(width))

    def __len__(self) -> int:
        return len(self._columns[0])

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
        """
        if not len(self):
            return []
        self._require_kind(value)
        words = np.frombuffer(value.value.ljust(8 * len(self._columns), b"\0"), np.uint64)
        distance = np.zeros(len(self), np.uint16)
        for column, word in zip(self._columns, words, strict=True):
            distance += np.bitwise_count(column ^ word)
        rows = np.flatnonzero(distance <= radius_bits)
        rows = rows[np.argsort(distance[rows], kind="stable")]
        return [(int(row), int(distance[row])) for row in rows]

    def _require_kind(self, value: HashValue) -> None:
        if (value.algorithm, value.bits) != self._kind:
            expected = f"{self._kind[0]}-{self._kind[1]}" if self._kind else "nothing"
            raise IncompatibleHash(f"the index holds {expected}, not {value.name}")
