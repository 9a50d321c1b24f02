"""PDQ-256 with its quality, all eight orientations from one transform; the picture between bars.

PDQ: Facebook's "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (2019). Written
anew on OpenCV's box filter, which makes it several times cheaper than a port of the reference loops and
keeps it within a few bits of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.types import HashValue

_SIDE = 64
_BLUR_PASSES = 2
_GRADIENT_PER_QUALITY = 90.0
PDQ_BITS = 256
_Floats = NDArray[np.float32]


def _transform() -> _Floats:
    """Rows are the cosines of frequency 1 to 16; the mean (frequency 0) is left out."""
    frequency = np.arange(1, 17)[:, None]
    position = 2 * np.arange(_SIDE)[None, :] + 1
    cosines = np.sqrt(2 / _SIDE) * np.cos(np.pi / (2 * _SIDE) * frequency * position)
    return np.asarray(cosines, np.float32)


_COSINES = _transform()
_ALTERNATE = np.where(np.arange(1, 17) % 2 == 1, -1.0, 1.0).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Orientation:
    """How the picture was turned before hashing: transposed, then mirrored left-right, then upside down.

    ``mirrored`` says whether text in it would read backwards.
    """

    transpose: bool
    flip_x: bool
    flip_y: bool

    @property
    def mirrored(self) -> bool:
        """Whether the handedness is changed (a rotation alone keeps it)."""
        return self.transpose ^ self.flip_x ^ self.flip_y


UPRIGHT = Orientation(False, False, False)
ORIENTATIONS = tuple(
    Orientation(transpose, flip_x, flip_y)
    for transpose in (False, True)
    for flip_y in (False, True)
    for flip_x in (False, True)
)


@dataclass(frozen=True, slots=True, eq=False)
class PdqHash:
    """The PDQ transform of a picture and its quality.

    Attributes
    ----------
    quality : int
        0 to 100; below about 50 there is too little structure for the bits to mean anything.
    coefficients : ndarray, float32, shape (16, 16)
        Cosine coefficients, vertical frequency first.
    """

    quality: int
    coefficients: _Floats

    def value(self, orientation: Orientation = UPRIGHT) -> HashValue:
        """The 256-bit hash of the picture, or of the picture turned as stated.

        Turning a picture transposes its coefficients and changes signs; only the rounding of the
        picture to 64 x 64 is not exactly symmetric, so that a hash of the turned file is a few bits away.
        """
        turned = self.coefficients.T if orientation.transpose else self.coefficients
        if orientation.flip_x:
            turned = turned * _ALTERNATE[None, :]
        if orientation.flip_y:
            turned = turned * _ALTERNATE[:, None]
        flat = turned.ravel()
        # The median of an even count is the lower of the two middle values; a bit says "above".
        median = np.partition(flat, PDQ_BITS // 2 - 1)[PDQ_BITS // 2 - 1]
        return HashValue("pdq", PDQ_BITS, np.packbits((flat > median)[::-1]).tobytes())


def pdq(luma: Pixels) -> PdqHash:
    """Hash a brightness picture.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Any size; reducing a picture by half before hashing moves the hash by about 4 bits.

    Returns
    -------
    PdqHash
        Quality 0 for a picture without any structure.
    """
    height, width = luma.shape
    window = -(-width // (2 * _SIDE)), -(-height // (2 * _SIDE))
    smooth = luma.astype(np.float32)
    if window != (1, 1):
        # Windows shrink at the border: sums of what is inside, divided by how much that is.
        inside = _inside(width, window[0])[None, :] * _inside(height, window[1])[:, None]
        anchor = (window[0] - 1) // 2, (window[1] - 1) // 2
        for _ in range(_BLUR_PASSES):
            sums = cv2.boxFilter(
                smooth, cv2.CV_32F, window, anchor=anchor, normalize=False, borderType=cv2.BORDER_CONSTANT
            )
            smooth = cast(_Floats, cv2.divide(sums, inside))
    rows = ((np.arange(_SIDE) + 0.5) * height / _SIDE).astype(np.intp)
    columns = ((np.arange(_SIDE) + 0.5) * width / _SIDE).astype(np.intp)
    small = smooth[rows][:, columns]
    return PdqHash(_quality(small), _COSINES @ small @ _COSINES.T)


def _inside(length: int, window: int) -> _Floats:
    """How many samples of a window lie inside a line, per position."""
    position = np.arange(length)
    before, after = (window - 1) // 2, window // 2
    first, last = np.maximum(position - before, 0), np.minimum(position + after, length - 1)
    return (last - first + 1).astype(np.float32)


def _quality(small: _Floats) -> int:
    """Sum of the whole grey steps (percent) between neighbours, scaled as the algorithm defines."""
    total = 0
    for axis in (0, 1):
        total += int(np.abs((np.diff(small, axis=axis) * np.float32(100 / 255)).astype(np.int32)).sum())
    return min(100, int(total / _GRADIENT_PER_QUALITY))


def without_bars(luma: Pixels) -> tuple[int, int, int, int] | None:
    """Find the picture between uniform bars.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Brightness.

    Returns
    -------
    (x0, y0, x1, y1) or None
        The picture without bars above and below, or left and right; None where there are no bars, or
        nothing would be left.
    """
    height, width = luma.shape
    if min(height, width) < 16:
        return None
    y0, y1 = _bar(luma), height - _bar(luma[::-1])
    if y1 - y0 < height // 4:
        return None
    middle = luma[y0:y1].T
    x0, x1 = _bar(middle), width - _bar(middle[::-1])
    if x1 - x0 < width // 4 or (x0, y0, x1, y1) == (0, 0, width, height):
        return None
    return x0, y0, x1, y1


_BAR_TOLERANCE = 10
_BAR_SHARE, _BAR_SHARE_LETTERED = 0.97, 0.4
_BAR_LEAST = 0.015


def _bar(luma: Pixels) -> int:
    """Rows of the uniform bar at the top; lettering on the bar may interrupt it."""
    height = luma.shape[0]
    edge = luma[: max(1, height // 100)].astype(np.int16)
    level = int(np.median(edge))
    if (np.abs(edge - level) <= _BAR_TOLERANCE).mean() < _BAR_SHARE:
        return 0
    share = (np.abs(luma[: height // 2 + 1].astype(np.int16) - level) <= _BAR_TOLERANCE).mean(axis=1)
    whole = share >= _BAR_SHARE
    end = 0
    for row in range(len(share)):
        if whole[row]:
            end = row + 1
        elif share[row] < _BAR_SHARE_LETTERED:
            break
    return end if end >= _BAR_LEAST * height else 0
