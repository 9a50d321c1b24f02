"""How hash values are cut into slots, so that near values meet in a bucket.

Multi-index hashing: M. Norouzi, A. Punjani, D. Fleet, "Fast Exact Search in Hamming Space with Multi-Index
Hashing", IEEE TPAMI 36 (2014). Two values at most r bits apart cannot differ much in every slot: if slot i is
searched to f_i flipped bits and the f_i + 1 add up to more than r, at least one slot leads from one value to
the other. That the flips may differ from slot to slot is from J. Qin et al., "GPH: Similarity Search in
Hamming Space", ICDE 2018.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np
from numpy.typing import NDArray

Table = NDArray[np.uint32]
Words = NDArray[np.uint64]
"""Values as little-endian words of 64 bits, shape (n, words)."""

LOOK_COST = 32
"""What a look into a bucket costs, and a look at a value found there, in words compared by a scan. Measured
on 1 M values of 256 bits: numba 15 and 14 ns beside 0.45 ns a word, numpy 25 and 40 ns beside 1.2 ns."""
_SCANNED_MOST = 32_768
"""Up to so many values every one is compared: 0.12 ms in numpy and 0.05 ms in numba at 256 bits. Measured:
looking into buckets takes numpy 0.08 ms however few values there are."""
_OVERHEAD_MOST_BYTES = 88
"""For each value, beside the value itself: 120 bytes in all at 256 bits, so that ten million fit into a plain
machine. More would buy little: 23 bits instead of 19 at 1 M values, 4 times the memory, 1.4 times as fast."""
_WIDTHS_BITS = range(12, 29)


@dataclass(frozen=True, slots=True)
class Probing:
    """Which buckets to look into for a radius.

    Attributes
    ----------
    masks : ndarray, uint32
        What to flip in a key: nothing, each bit, each two bits, and so on.
    probes : ndarray, int64, shape (slots,)
        How many of the masks each slot takes.
    flips : ndarray, int64, shape (slots,)
        How many bits they flip at most; -1 where a slot takes none.
    """

    masks: NDArray[np.uint32]
    probes: NDArray[np.int64]
    flips: NDArray[np.int64]


NOT_PROBED = Probing(np.zeros(0, np.uint32), np.zeros(0, np.int64), np.zeros(0, np.int64))
"""No slot is looked into: every value is compared."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Slot i holds the bits from ``i * width_bits`` of a value read as one little-endian number.

    Bits that are left over at the end belong to no slot; the sum above holds without them.
    """

    count: int
    width_bits: int

    @classmethod
    def chosen(cls, bits: int, values: int) -> Slots | None:
        """The slots in which a search at radius ``bits / 8 - 1`` costs least; None where a scan costs less.

        An eighth of the bits is where PDQ draws the line: 31 of 256 (ThreatExchange, pdq/README.md).
        """
        if values <= _SCANNED_MOST:
            return None
        best, least = None, float(values * -(-bits // 64))
        for width in _WIDTHS_BITS:
            slots = cls(bits // width, width)
            if not slots.count or slots.overhead_bytes(values) > _OVERHEAD_MOST_BYTES * values:
                continue
            cost = LOOK_COST * slots.looks(bits // 8 - 1, values)
            if cost < least:
                best, least = slots, cost
        return best

    @property
    def buckets(self) -> int:
        """Of one slot."""
        return 1 << self.width_bits

    def overhead_bytes(self, values: int) -> int:
        """Size of offsets and postings."""
        return 4 * self.count * (self.buckets + 1 + values)

    def flips(self, radius_bits: int) -> list[int]:
        """Bits to flip in each slot, as equal as can be; -1: the slot need not be looked into."""
        each, more = divmod(max(radius_bits, -1) + 1, self.count)
        return [each if slot < more else each - 1 for slot in range(self.count)]

    def probes(self, radius_bits: int) -> int:
        """Buckets to look into for one query."""
        return sum(_masks_within(self.width_bits, flips) for flips in self.flips(radius_bits))

    def looks(self, radius_bits: int, values: int) -> float:
        """Buckets to look into and values to expect in them, for one query."""
        return self.probes(radius_bits) * (1 + values / self.buckets)

    def probing(self, radius_bits: int) -> Probing:
        """Which buckets those are; ask only for as many as are worth it (``looks``)."""
        return _probing(self, radius_bits)

    def keys(self, words: Words, slots: int | NDArray[np.int64]) -> Words:
        """What the values have in a slot, uint64, shape (n,); or in several, shape (n, slots)."""
        word, shift = np.divmod(np.asarray(slots) * self.width_bits, 64)
        following = np.minimum(word + 1, words.shape[1] - 1)
        keys = words[:, word] >> shift.astype(np.uint64)
        keys |= words[:, following] << np.uint64(1) << (63 - shift).astype(np.uint64)
        keys &= np.uint64(self.buckets - 1)
        return keys

    def build(self, words: Words) -> tuple[Table, Table]:
        """Put every row into its bucket of every slot, rising within a bucket.

        Returns
        -------
        offsets : ndarray, uint32, shape (count, buckets + 1)
            Where each bucket begins among the postings of its slot.
        postings : ndarray, uint32, shape (count, n)
            Rows.

        Notes
        -----
        Beside the result it needs about 32 bytes a value and 16 a bucket of one slot.
        """
        n = len(words)
        offsets = np.zeros((self.count, self.buckets + 1), np.uint32)
        postings = np.empty((self.count, n), np.uint32)
        rows = np.arange(n, dtype=np.uint64)
        for slot in range(self.count):
            keyed = self.keys(words, slot)
            counts = np.bincount(keyed.view(np.int64), minlength=self.buckets)
            offsets[slot, 1:] = np.cumsum(counts)
            keyed <<= np.uint64(32)
            keyed |= rows
            keyed.sort()  # one sort of numbers is faster than any argsort, and rows rise within a key
            keyed &= np.uint64(0xFFFFFFFF)
            postings[slot] = keyed
        return offsets, postings


@lru_cache(maxsize=256)
def _probing(slots: Slots, radius_bits: int) -> Probing:
    flips = slots.flips(radius_bits)
    return Probing(
        masks=_masks(slots.width_bits, max(flips)),
        probes=np.array([_masks_within(slots.width_bits, one) for one in flips], np.int64),
        flips=np.array(flips, np.int64),
    )


@lru_cache(maxsize=1024)
def _masks_within(width_bits: int, flips: int) -> int:
    return sum(comb(width_bits, ones) for ones in range(flips + 1))


@lru_cache(maxsize=16)
def _masks(width_bits: int, flips: int) -> NDArray[np.uint32]:
    bits = [1 << bit for bit in range(width_bits)]
    masks = [sum(flipped) for ones in range(flips + 1) for flipped in combinations(bits, ones)]
    array = np.array(masks, np.uint32)
    array.flags.writeable = False
    return array
