"""Named lists: what a list is for, how near a match must be, and whether its entry counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet, OptionError
from mediaforensics.known.imagehashes import DISTANCES_BITS
from mediaforensics.known.segment import Kind
from mediaforensics.options import KnownOptions

DIGESTS = frozenset({"md5", "sha1", "sha256"})
_LARGEST_FRACTION = 0.25
"""Unlike pictures differ in half of their bits; a quarter is beyond any copy and short of chance."""
_ONES_FRACTION = 0.3125, 0.6875
"""Share of ones. Hashes cut at a median have half of them (PDQ: 112 to 142 of 256 in 1,350 real values);
what lies far outside comes of an empty picture or of no picture, and meets every other one like it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownList:
    """The settings of a named list.

    Attributes
    ----------
    name : str
        As the report writes it; empty where a list is to be named after its folder or file.
    allow : bool
        Its pictures are known to be harmless: what is at least as near to one of them as to an entry of
        another list is not reported.
    max_distance_bits : int or None
        How far a perceptual hash may be from an entry, and never more than a quarter of its bits: 16 of
        64. None for the default of its algorithm.
    min_quality : int or None
        PDQ quality (0..100) that the picture, and the entry where its quality is known, must have; None
        for the default.
    labels : tuple of str
        Given to every entry besides its own.
    source : str or None
        Where the list comes from, for the record.

    Raises
    ------
    OptionError
        A value is out of range.
    """

    name: str = ""
    allow: bool = False
    max_distance_bits: int | None = None
    min_quality: int | None = None
    labels: tuple[str, ...] = ()
    source: str | None = None

    def __post_init__(self) -> None:
        if self.max_distance_bits is not None and not 0 <= self.max_distance_bits <= 64:
            raise OptionError("max_distance_bits must be 0 .. 64")
        if self.min_quality is not None and not 0 <= self.min_quality <= 100:
            raise OptionError("min_quality must be 0 .. 100")

    def within_bits(self, kind: Kind, options: KnownOptions) -> int:
        """How far a value of this kind may be from an entry of this list."""
        algorithm, bits = kind
        if algorithm in DIGESTS:
            return 0
        if self.max_distance_bits is not None:
            return min(self.max_distance_bits, int(_LARGEST_FRACTION * bits))
        if algorithm == "pdq":
            return options.max_distance_bits
        if kind == ("phash", 64):
            return options.max_phash_distance_bits
        return DISTANCES_BITS.get(kind, 0)

    def floor(self, options: KnownOptions) -> int:
        """The least PDQ quality that counts."""
        return options.min_quality if self.min_quality is None else self.min_quality

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that ``from_mapping`` reads back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> KnownList:
        """Back from plain data.

        Raises
        ------
        BadSet
            It is not what ``to_mapping`` gives.
        """
        try:
            return cls(**{**mapping, "labels": tuple(mapping.get("labels", ()))})
        except (TypeError, ValueError) as error:
            raise BadSet(f"the settings of a list cannot be read: {error}") from error


def degenerate(kind: Kind, values: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which hashes cannot come of a picture with structure, and would match whatever has none.

    Parameters
    ----------
    kind : Kind
        Of the values.
    values : ndarray, uint8, shape (n, bits / 8)
    """
    if kind[0] in DIGESTS:
        return np.zeros(len(values), np.bool_)
    least, most = _ONES_FRACTION
    if kind[0] == "dhash":  # compares neighbours and has no median: only the extremes say nothing
        least, most = 0.05, 0.95
    ones = np.bitwise_count(values).sum(axis=1, dtype=np.int64)
    return np.asarray((ones < least * kind[1]) | (ones > most * kind[1]))
