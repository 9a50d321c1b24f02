"""One decoded picture: stored pixels below, upright views of square pixels above, made once and shared."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels, View
from mediaforensics.types import Box, Timestamp

_LIGHT_LEVEL = 170
"""Mean brightness of visible pixels above which a white background would swallow them."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """How stored pixels are turned to be seen: first transposed, then flipped. All eight cases.

    ``transpose`` exchanges rows and columns; ``flip_x`` then mirrors left-right, ``flip_y`` top-bottom.
    """

    transpose: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @classmethod
    def from_exif(cls, value: int) -> Orientation:
        """From the EXIF/TIFF tag 274 (1..8; anything else is taken as upright)."""
        return {
            2: cls(False, True, False),
            3: cls(False, True, True),
            4: cls(False, False, True),
            5: cls(True, False, False),
            6: cls(True, True, False),
            7: cls(True, True, True),
            8: cls(True, False, True),
        }.get(value, cls())

    @classmethod
    def from_display_matrix(cls, data: bytes) -> Orientation:
        """From a container's 3x3 display matrix: nine native int32, the first two rows in 16.16.

        With the matrix ``[[a, b, u], [c, d, v], ...]`` a stored position (x, y) is shown at
        (a x + c y, b x + d y) (ISO/IEC 14496-12, 6.2.2). Slanted rotations are rounded to a
        right angle.
        """
        a, b, _, c, d = (int(v) for v in np.frombuffer(data[:20], dtype=np.int32))
        if a == b == c == d == 0:
            return cls()
        if abs(b) + abs(c) > abs(a) + abs(d):
            return cls(True, c < 0, b < 0)
        return cls(False, a < 0, d < 0)

    @property
    def rotation_degrees(self) -> int:
        """Clockwise rotation applied for display: 0, 90, 180 or 270."""
        if self.transpose:
            return 270 if self.flip_y else 90
        return 180 if self.flip_y else 0

    @property
    def mirrored(self) -> bool:
        """Whether the picture is mirrored left-right after the rotation."""
        return self.transpose ^ self.flip_x ^ self.flip_y

    def size(self, stored: tuple[int, int]) -> tuple[int, int]:
        """``(width, height)`` as seen, of a stored size; its own inverse."""
        return (stored[1], stored[0]) if self.transpose else stored

    def apply(self, pixels: Pixels) -> Pixels:
        """Turn stored pixels, shape (height, width) or (height, width, 3), to be seen."""
        if self.transpose:
            pixels = pixels.swapaxes(0, 1)
        if self.flip_x:
            pixels = pixels[:, ::-1]
        if self.flip_y:
            pixels = pixels[::-1]
        return np.ascontiguousarray(pixels)

    def stored_box(self, seen: Box, stored_size: tuple[int, int]) -> Box:
        """Where in the stored pixels a rectangle lies that is given as seen."""
        width, height = self.size(stored_size)
        x0, y0, x1, y1 = seen.as_list()
        if self.flip_y:
            y0, y1 = height - y1, height - y0
        if self.flip_x:
            x0, x1 = width - x1, width - x0
        return Box(y0, x0, y1, x1) if self.transpose else Box(x0, y0, x1, y1)


class StoredPixels(Protocol):
    """Pixels as they are stored: not yet turned, not yet stretched. Called by one thread at a time."""

    @property
    def size_px(self) -> tuple[int, int]:
        """Stored ``(width, height)``."""
        ...

    def luma(self, width: int, height: int) -> Pixels:
        """Brightness at this size (never larger than stored), uint8 (height, width), 0 black, 255 white."""
        ...

    def rgb(self) -> Pixels:
        """Colour at stored size, uint8 (height, width, 3), RGB."""
        ...


class DecodedFrame:
    """A frame of evidence; implements :class:`~mediaforensics.media.frame.Frame`.

    Views are made when first asked for and kept as long as the frame; every small colour view is derived from
    the full one, so that what a detector sees never depends on who asked first. Safe to share among threads.

    Parameters
    ----------
    time : Timestamp
        Presentation time.
    duration_s : Fraction
        How long it is shown, as the container says; 0 where it does not.
    stored : StoredPixels
        The pixels.
    orientation : Orientation
        How to turn them.
    pixel_aspect : Fraction
        Width of a stored pixel divided by its height.
    """

    __slots__ = ("_aspect", "_cache", "_full", "_lock", "_orientation", "_stored", "duration_s", "time")

    def __init__(
        self,
        *,
        time: Timestamp,
        duration_s: Fraction,
        stored: StoredPixels,
        orientation: Orientation,
        pixel_aspect: Fraction = Fraction(1),
    ) -> None:
        self.time, self.duration_s = time, duration_s
        self._stored, self._orientation, self._aspect = stored, orientation, pixel_aspect
        self._lock = threading.RLock()
        self._cache: dict[tuple[str, int, int], View] = {}
        self._full: Pixels | None = None

    def __repr__(self) -> str:
        width, height = self.size_px
        return f"DecodedFrame(time_s={self.time.seconds}, size_px=({width}, {height}))"

    @property
    def size_px(self) -> tuple[int, int]:
        """``(width, height)`` in source pixels after display rotation."""
        return self._orientation.size(self._stored.size_px)

    def luma(self, max_side_px: int) -> View:
        """Brightness, uint8 (height, width); longer side at most ``max_side_px``, never enlarged."""
        width, height = _square(self._stored.size_px, self._aspect, max_side_px)
        with self._lock:
            key = ("luma", width, height)
            if key not in self._cache:
                stored_width, stored_height = self._stored.size_px
                pixels = self._stored.luma(min(width, stored_width), min(height, stored_height))
                self._cache[key] = self._view(
                    self._orientation.apply(resized(pixels, width, height)), self.size_px
                )
            return self._cache[key]

    def rgb(self, max_side_px: int | None = None) -> View:
        """Colour, uint8 (height, width, 3), RGB; longer side at most ``max_side_px``; None: full size."""
        width, height = _square(self._stored.size_px, self._aspect, max_side_px)
        with self._lock:
            key = ("rgb", width, height)
            if key not in self._cache:
                pixels = self._orientation.apply(resized(self._full_rgb(), width, height))
                self._cache[key] = self._view(pixels, self.size_px)
            return self._cache[key]

    def crop(self, box: Box, max_side_px: int | None = None) -> View:
        """Colour inside ``box`` (clipped to the frame), at full resolution or shrunk to ``max_side_px``."""
        box = box.clipped(self.size_px)
        inside = self._orientation.stored_box(box, self._stored.size_px)
        with self._lock:
            pixels = self._full_rgb()[inside.y0 : inside.y1, inside.x0 : inside.x1]
        if box.area_px:
            pixels = resized(pixels, *_square((inside.width_px, inside.height_px), self._aspect, max_side_px))
        return self._view(self._orientation.apply(pixels), (box.width_px, box.height_px), (box.x0, box.y0))

    def _full_rgb(self) -> Pixels:
        if self._full is None:
            self._full = self._stored.rgb()
        return self._full

    def _view(
        self, pixels: Pixels, source_size: tuple[int, int], origin_px: tuple[int, int] = (0, 0)
    ) -> View:
        pixels.setflags(write=False)
        height, width = pixels.shape[:2]
        scale = (source_size[0] / width if width else 1.0, source_size[1] / height if height else 1.0)
        return View(pixels, scale, origin_px)


@lru_cache(maxsize=256)
def _square(stored: tuple[int, int], pixel_aspect: Fraction, max_side_px: int | None) -> tuple[int, int]:
    """Size, before turning, at which ``stored`` pixels are square and no side is too long."""
    width, height = Fraction(stored[0]), Fraction(stored[1])
    if pixel_aspect > 1:
        width *= pixel_aspect
    else:
        height /= pixel_aspect
    longer = max(width, height)
    if max_side_px is not None and longer > max_side_px:
        width, height = width * max_side_px / longer, height * max_side_px / longer
    return max(1, round(width)), max(1, round(height))


def resized(pixels: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    """Area average where it shrinks; linear where a stretched pixel aspect makes it grow. Keeps the dtype.

    Whole halvings come first: OpenCV averages 2x2 in vector code, about seven times faster than any other
    area, and the average of averages is the same but for rounding.
    """
    while pixels.shape[1] >= 2 * max(width, 1) and pixels.shape[0] >= 2 * max(height, 1):
        if pixels.shape[1] % 2 or pixels.shape[0] % 2:
            break
        half = (pixels.shape[1] // 2, pixels.shape[0] // 2)
        pixels = np.asarray(cv2.resize(pixels, half, interpolation=cv2.INTER_AREA), dtype=pixels.dtype)
    if pixels.shape[1] == width and pixels.shape[0] == height:
        return pixels
    shrinks = width <= pixels.shape[1] and height <= pixels.shape[0]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=method), dtype=pixels.dtype)


def light_on_nothing(rgba: Pixels) -> int:
    """Grey level to put behind transparent pixels: white, or black where what is visible is itself light.

    Parameters
    ----------
    rgba : ndarray, uint8, shape (height, width, 4)
        Colour not multiplied by alpha.
    """
    step = max(1, max(rgba.shape[:2]) // 512)
    few = rgba[::step, ::step].astype(np.float64)
    if not few[..., 3].any():
        return 255
    return 0 if float(np.average(few[..., :3].mean(axis=2), weights=few[..., 3])) > _LIGHT_LEVEL else 255


def over_background(rgba: Pixels, background: int) -> Pixels:
    """Composite RGBA, shape (height, width, 4), over a grey level; returns RGB."""
    result = np.empty((*rgba.shape[:2], 3), dtype=np.uint8)
    for top in range(0, rgba.shape[0], 256):  # in strips, for the intermediate values are twice as wide
        strip = rgba[top : top + 256]
        alpha = strip[..., 3:].astype(np.uint16)
        result[top : top + 256] = (
            strip[..., :3] * alpha + np.uint16(background) * (255 - alpha) + 127
        ) // 255
    return result


class ArrayPixels:
    """Stored pixels that are an RGB array, shape (height, width, 3), uint8."""

    __slots__ = ("_rgb",)

    def __init__(self, rgb: NDArray[np.uint8]) -> None:
        self._rgb = rgb
        self._rgb.setflags(write=False)

    @property
    def size_px(self) -> tuple[int, int]:
        """Stored ``(width, height)``."""
        return self._rgb.shape[1], self._rgb.shape[0]

    def luma(self, width: int, height: int) -> Pixels:
        """BT.601 luma, full range, of the area average."""
        small = resized(self._rgb, width, height)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), dtype=np.uint8)

    def rgb(self) -> Pixels:
        """The array itself."""
        return self._rgb
