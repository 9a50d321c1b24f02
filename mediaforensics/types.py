"""The nouns everything else is written in: time, place, masks and hash values, each with its unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import total_ordering
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadHash, IncompatibleHash

_MASK_SIDE = 512
"""More cells than any channel resolves; a mask that was read from a file must not fill the memory."""


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Timestamp:
    """A presentation time as the container states it: ``pts`` ticks of ``time_base`` seconds.

    Two timestamps are equal when they name the same instant, whatever their time bases.
    ``seconds`` is for display and for the report; order and differences are exact.
    """

    pts: int
    time_base: Fraction

    @property
    def exact_s(self) -> Fraction:
        """The instant in seconds, exact."""
        return self.pts * self.time_base

    @property
    def seconds(self) -> float:
        """The instant in seconds, rounded to a microsecond so that it prints the same everywhere."""
        return round(self.pts * self.time_base.numerator / self.time_base.denominator, 6)

    @property
    def clock(self) -> str:
        """The instant for sentences, ``mm:ss.t``, with hours where there are any: ``00:12.4``."""
        tenths = round(abs(self.exact_s) * 10)
        minutes, tenths = divmod(tenths, 600)
        hours, minutes = divmod(minutes, 60)
        clocked = f"{minutes:02d}:{tenths // 10:02d}.{tenths % 10}"
        return ("-" if self.pts < 0 else "") + (f"{hours}:{clocked}" if hours else clocked)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Timestamp):
            return NotImplemented
        if self.time_base is other.time_base:  # one stream: on every frame's way
            return self.pts == other.pts
        return self.exact_s == other.exact_s

    def __lt__(self, other: Timestamp) -> bool:
        if self.time_base is other.time_base:
            return self.pts < other.pts
        return self.exact_s < other.exact_s

    def __hash__(self) -> int:
        return hash(self.exact_s)

    def __sub__(self, other: Timestamp) -> Fraction:
        """Seconds from ``other`` to this, exact."""
        return self.exact_s - other.exact_s


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time, half-open: ``start`` is in it, ``end`` is not. A picture has ``start == end``."""

    start: Timestamp
    end: Timestamp

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"a span ends before it starts: {self.start.seconds} .. {self.end.seconds} s")

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return float(self.end - self.start)

    def gap_s(self, other: Span) -> float:
        """Seconds between the two spans; 0.0 where they touch or overlap."""
        return float(max(self.start - other.end, other.start - self.end, Fraction(0)))

    def overlaps(self, other: Span) -> bool:
        """Whether both share an instant. An empty span (a picture) counts as its single instant."""
        if self.start == self.end or other.start == other.end:
            return self.start <= other.end and other.start <= self.end
        return self.start < other.end and other.start < self.end

    def joined(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in source pixels after display rotation, half-open: ``x1`` and ``y1`` lie outside it."""

    x0: int
    y0: int
    x1: int
    y1: int

    def __post_init__(self) -> None:
        if self.x1 < self.x0 or self.y1 < self.y0:
            raise ValueError(f"a box with negative size: {self.as_list()}")

    @property
    def width_px(self) -> int:
        """Width in source pixels."""
        return self.x1 - self.x0

    @property
    def height_px(self) -> int:
        """Height in source pixels."""
        return self.y1 - self.y0

    @property
    def area_px(self) -> int:
        """Area in square source pixels."""
        return self.width_px * self.height_px

    def as_list(self) -> list[int]:
        """``[x0, y0, x1, y1]``, as the report writes it."""
        return [self.x0, self.y0, self.x1, self.y1]

    def intersection(self, other: Box) -> Box | None:
        """The common rectangle, or None where they do not meet."""
        x0, y0 = max(self.x0, other.x0), max(self.y0, other.y0)
        x1, y1 = min(self.x1, other.x1), min(self.y1, other.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def iou(self, other: Box) -> float:
        """Intersection over union, 0..1."""
        common = self.intersection(other)
        if common is None:
            return 0.0
        return common.area_px / (self.area_px + other.area_px - common.area_px)

    def fraction_inside(self, other: Box) -> float:
        """The share of this box's area that lies inside ``other``, 0..1."""
        common = self.intersection(other)
        return common.area_px / self.area_px if common and self.area_px else 0.0

    def joined(self, other: Box) -> Box:
        """The smallest box that holds both."""
        return Box(
            min(self.x0, other.x0), min(self.y0, other.y0), max(self.x1, other.x1), max(self.y1, other.y1)
        )

    def grown(self, fraction: float) -> Box:
        """This box with ``fraction`` of its width and height added on every side (may leave the frame)."""
        dx, dy = round(self.width_px * fraction), round(self.height_px * fraction)
        return Box(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)

    def clipped(self, size_px: tuple[int, int]) -> Box:
        """This box cut to a frame of ``(width, height)`` pixels; empty where it lies wholly outside."""
        width, height = size_px
        x0, y0 = min(max(self.x0, 0), width), min(max(self.y0, 0), height)
        return Box(x0, y0, max(x0, min(self.x1, width)), max(y0, min(self.y1, height)))


@dataclass(frozen=True, slots=True)
class Quad:
    """Four corners in source pixels, clockwise from the one where the text begins; for slanted text.

    ``corners`` is ``((x, y), (x, y), (x, y), (x, y))``, floats.
    """

    corners: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.corners) != 4:
            raise ValueError(f"a quad has 4 corners, not {len(self.corners)}")

    def bounding_box(self) -> Box:
        """The smallest upright box around the corners."""
        xs, ys = [x for x, _ in self.corners], [y for _, y in self.corners]
        return Box(int(min(xs) // 1), int(min(ys) // 1), int(-(-max(xs) // 1)), int(-(-max(ys) // 1)))


@dataclass(frozen=True, slots=True)
class Mask:
    """Which cells of a grid over ``box`` are covered, run-length coded as COCO does it.

    Attributes
    ----------
    box : Box
        What the grid spans, source pixels; may leave the frame.
    columns, rows : int
        Of the grid, 1 to 512; every cell has the same size.
    counts : tuple of int
        Lengths of runs, down each column from the top and column after column from the left: cells that are
        not covered, then covered ones, and so on. Together ``columns * rows``.
    """

    box: Box
    columns: int
    rows: int
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if not (1 <= self.columns <= _MASK_SIDE and 1 <= self.rows <= _MASK_SIDE):
            raise ValueError(f"a mask of {self.columns} x {self.rows} cells; a side has 1 to {_MASK_SIDE}")
        if min(self.counts, default=-1) < 0 or sum(self.counts) != self.columns * self.rows:
            raise ValueError(f"runs of {sum(self.counts)} cells for a grid of {self.columns} x {self.rows}")

    @classmethod
    def of(cls, box: Box, cells: NDArray[np.bool_]) -> Mask:
        """Code a grid.

        Parameters
        ----------
        box : Box
            What it spans.
        cells : ndarray, bool, shape (rows, columns)
            True where something covers the cell.
        """
        rows, columns = cells.shape
        line = cells.ravel(order="F")
        edges = [0, *(np.flatnonzero(line[1:] != line[:-1]) + 1).tolist(), line.size]
        counts = [b - a for a, b in pairwise(edges)]
        return cls(box, columns, rows, tuple([0, *counts] if line.size and line[0] else counts))

    def cells(self) -> NDArray[np.bool_]:
        """The grid, shape (rows, columns); True where something covers the cell."""
        line = np.repeat(np.arange(len(self.counts)) % 2 == 1, self.counts)
        return line.reshape((self.rows, self.columns), order="F")


@dataclass(frozen=True, slots=True)
class HashValue:
    """A perceptual or cryptographic hash that knows its algorithm and width, so that two kinds never mix.

    Parameters
    ----------
    algorithm : str
        ``"pdq"``, ``"phash"``, ``"sha256"`` ...
    bits : int
        Width in bits, a multiple of 4.
    value : bytes
        Big-endian, ``ceil(bits / 8)`` bytes.
    """

    algorithm: str
    bits: int
    value: bytes

    def __post_init__(self) -> None:
        if self.bits <= 0 or self.bits % 4 or len(self.value) != (self.bits + 7) // 8:
            raise BadHash(f"{self.algorithm}: {len(self.value)} bytes do not hold {self.bits} bits")

    @classmethod
    def from_hex(cls, algorithm: str, bits: int, text: str) -> HashValue:
        """Read fixed-width hexadecimal; leading zeros are part of the value.

        Raises
        ------
        BadHash
            ``text`` is not exactly ``bits / 4`` hexadecimal digits.
        """
        digits = text.strip().lower()
        if len(digits) != bits // 4 or any(c not in "0123456789abcdef" for c in digits):
            raise BadHash(f"{algorithm}-{bits} is {bits // 4} hexadecimal digits, not {text[:80]!r}")
        return cls(algorithm, bits, int(digits, 16).to_bytes((bits + 7) // 8, "big"))

    @property
    def name(self) -> str:
        """Algorithm and width as the report writes them, such as ``pdq-256``."""
        return f"{self.algorithm}-{self.bits}"

    def hex(self) -> str:
        """Fixed-width hexadecimal digits."""
        return f"{int.from_bytes(self.value, 'big'):0{self.bits // 4}x}"

    def distance_bits(self, other: HashValue) -> int:
        """Hamming distance in bits.

        Raises
        ------
        IncompatibleHash
            The two values are of different algorithms or widths.
        """
        if (self.algorithm, self.bits) != (other.algorithm, other.bits):
            raise IncompatibleHash(f"cannot compare {self.name} with {other.name}")
        return (int.from_bytes(self.value, "big") ^ int.from_bytes(other.value, "big")).bit_count()
