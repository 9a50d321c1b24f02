"""One decoded picture and its lazy, read-only views, each of which maps boxes back to source pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from mediaforensics.types import Box, Quad, Timestamp

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Pixels taken from a frame, and where they came from.

    Attributes
    ----------
    pixels : ndarray, uint8, shape (height, width) or (height, width, 3)
        Read-only; luma, or RGB. Pixels are square: a stretched source is shown as it is meant to be seen.
    source_per_view : (float, float)
        Source pixels per view pixel, horizontally and vertically.
    origin_px : (int, int)
        Source position of the view's top left corner.
    """

    pixels: Pixels
    source_per_view: tuple[float, float]
    origin_px: tuple[int, int] = (0, 0)

    def __repr__(self) -> str:
        shape, scale = self.pixels.shape, self.source_per_view
        return f"View(shape={shape}, source_per_view={scale}, origin_px={self.origin_px})"

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Source position of a view position."""
        return (
            self.origin_px[0] + x * self.source_per_view[0],
            self.origin_px[1] + y * self.source_per_view[1],
        )

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Source box of a view rectangle, rounded to whole pixels."""
        (left, top), (right, bottom) = self.point(x0, y0), self.point(x1, y1)
        return Box(round(left), round(top), round(right), round(bottom))

    def quad(self, corners: NDArray[np.floating]) -> Quad:
        """Source quad of four view corners, shape (4, 2)."""
        return Quad(tuple(self.point(float(x), float(y)) for x, y in corners))

    def from_source(self, box: Box) -> tuple[float, float, float, float]:
        """View rectangle ``(x0, y0, x1, y1)`` of a source box."""
        sx, sy = self.source_per_view
        ox, oy = self.origin_px
        return ((box.x0 - ox) / sx, (box.y0 - oy) / sy, (box.x1 - ox) / sx, (box.y1 - oy) / sy)


class Frame(Protocol):
    """One picture of the evidence, upright as it is meant to be seen. Views are computed once and shared."""

    @property
    def time(self) -> Timestamp:
        """Presentation time as the container states it."""
        ...

    @property
    def size_px(self) -> tuple[int, int]:
        """``(width, height)`` in source pixels after display rotation."""
        ...

    def luma(self, max_side_px: int) -> View:
        """Brightness, uint8 (height, width); longer side at most ``max_side_px``, never enlarged."""
        ...

    def rgb(self, max_side_px: int | None = None) -> View:
        """Colour, uint8 (height, width, 3), RGB; longer side at most ``max_side_px``; None for full size."""
        ...

    def crop(self, box: Box, max_side_px: int | None = None) -> View:
        """Colour inside ``box`` (clipped to the frame), at full resolution or shrunk to ``max_side_px``."""
        ...
