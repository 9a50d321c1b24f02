"""PDQ-256 with its quality, and all eight orientations from one transform.

PDQ: Facebook's "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm" (2019). Its two
box filters, the sampling of 64 x 64 points and its cosines are all linear and act on rows and columns apart.
So each sampled row is one weighted sum of the rows around it, with weights that depend on the height alone;
then the same for columns. That is the same hash for a fraction of the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.types import HashValue

_SIDE = 64
_GRADIENT_PER_QUALITY = 90.0
PDQ_BITS = 256
_VIEW_SIDE_PX = 640
"""A multiple of 128 and of 64: boxes of exactly 5, samples exactly 10 apart."""
_Floats = NDArray[np.float32]


def _transform() -> _Floats:
    """Rows are the cosines of frequency 1 to 16; the mean (frequency 0) is left out."""
    frequency = np.arange(1, 17)[:, None]
    position = 2 * np.arange(_SIDE)[None, :] + 1
    cosines = np.sqrt(2 / _SIDE) * np.cos(np.pi / (2 * _SIDE) * frequency * position)
    return np.asarray(cosines, np.float32)


_COSINES = _transform()
_ALTERNATE = np.where(np.arange(1, 17) % 2 == 1, -1.0, 1.0).astype(np.float32)
"""Mirroring turns the sign of every odd frequency."""
_MIRRORS = np.stack([np.ones_like(_ALTERNATE), _ALTERNATE])
_SIGNS = _MIRRORS[:, None, :, None] * _MIRRORS[None, :, None, :]
"""By upside down, then mirrored: what happens to each coefficient; shape (2, 2, 16, 16)."""


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
        signs = _SIGNS[int(orientation.flip_y), int(orientation.flip_x)]
        return HashValue("pdq", PDQ_BITS, _bits((turned * signs).reshape(1, PDQ_BITS)).tobytes())

    def values(self) -> NDArray[np.uint8]:
        """The hashes of all eight orientations at once, for a search of many values.

        Returns
        -------
        ndarray, uint8, shape (8, 32)
            One value a row, in the order of ``ORIENTATIONS``.
        """
        both = np.stack([self.coefficients, self.coefficients.T])
        turned = both[:, None, None] * _SIGNS
        return _bits(turned.reshape(len(ORIENTATIONS), PDQ_BITS))


def _bits(coefficients: _Floats) -> NDArray[np.uint8]:
    """Rows of 256 coefficients as rows of 32 bytes; a bit says "above the median of the row"."""
    # The median of an even count is the lower of the two middle values.
    middle = PDQ_BITS // 2 - 1
    median = np.partition(coefficients, middle, axis=1)[:, middle, None]
    return np.packbits((coefficients > median)[:, ::-1], axis=1)


def pdq(luma: Pixels | _Floats) -> PdqHash:
    """Hash a brightness picture as it is.

    Parameters
    ----------
    luma : ndarray, uint8 or float32, shape (height, width)
        0 black, 255 white, any size; a crop of a larger picture need not be copied. Rounding to whole levels
        moves the hash by less than 1 bit, or by 5 where the picture has little contrast.

    Returns
    -------
    PdqHash
        Quality 0 for a picture without any structure.
    """
    return _hash(luma, 1)


def pdq_of_view(luma: Pixels | _Floats) -> PdqHash:
    """Hash a picture of which only a reduced view, or a part of one, is at hand.

    PDQ picks whole rows and columns and averages over a whole number of them. In a small picture the rounding
    of both moves the hash more than recompression does: views of 160, 240 and 480 px of photographs of 500 to
    3,000 px were 18.4, 17.3 and 7.0 bits away from them. Here a side of less than 640 px is hashed as if it
    were enlarged to that, where PDQ rounds nothing: 6.3, 4.6 and 3.8 bits.

    Parameters
    ----------
    luma : ndarray, uint8 or float32, shape (height, width)
        See ``pdq``; of sides of 640 px and more this is the same.

    Returns
    -------
    PdqHash
        Quality 0 for a picture without any structure.
    """
    return _hash(luma, _VIEW_SIDE_PX)


def _hash(luma: NDArray[Any], least_px: int) -> PdqHash:
    small = _sampled(_sampled(luma, least_px).T, least_px).T
    return PdqHash(_quality(small), np.asarray(_COSINES @ small @ _COSINES.T, np.float32))


def _sampled(pixels: NDArray[Any], least_px: int) -> _Floats:
    """The 64 sampled rows of a picture filtered along its columns; shape (64, width)."""
    rows = np.empty((_SIDE, pixels.shape[1]), np.float32)
    for row, (first, weights) in zip(rows, _weights(len(pixels), least_px), strict=True):
        # Row by row: the floats of a dozen lines stay in the cache, those of a whole picture do not.
        np.dot(weights, pixels[first : first + len(weights)].astype(np.float32), out=row)
    return rows


@lru_cache(maxsize=512)
def _weights(length: int, least_px: int) -> tuple[tuple[int, _Floats], ...]:
    """For each of 64 sampled positions on a line: where its window begins, and the weights in it.

    A shorter line than ``least_px`` is stretched to that, between its points linearly.
    """
    if length >= least_px:
        return tuple((first, weights.astype(np.float32)) for first, weights in _windows(length))
    position = np.clip((np.arange(least_px) + 0.5) * length / least_px - 0.5, 0, length - 1)
    before = position.astype(np.intp)
    after = np.minimum(before + 1, length - 1)
    share = position - before
    stretched = []
    for start, weights in _windows(least_px):
        inside = slice(start, start + len(weights))
        first = int(before[inside][0])
        summed = np.zeros(int(after[inside][-1]) + 1 - first)
        np.add.at(summed, before[inside] - first, weights * (1 - share[inside]))
        np.add.at(summed, after[inside] - first, weights * share[inside])
        stretched.append((first, summed.astype(np.float32)))
    return tuple(stretched)


@lru_cache(maxsize=8)
def _windows(length: int) -> tuple[tuple[int, NDArray[np.float64]], ...]:
    """First position and weights of each sample: the mean of a box over means of boxes.

    Boxes shrink at the ends of the line: what is outside does not count.
    """
    box = -(-length // (2 * _SIDE))
    before, after = (box - 1) // 2, box // 2
    positions = np.arange(length)
    ends = np.minimum(positions + after + 1, length)
    starts = np.maximum(positions - before, 0)
    counts = ends - starts
    windows = []
    for centre in ((np.arange(_SIDE) + 0.5) * length / _SIDE).astype(np.intp):
        inner = slice(starts[centre], ends[centre])
        first, last = int(starts[inner.start]), int(ends[inner.stop - 1])
        weights = np.zeros(last - first)
        for start, end in zip(starts[inner], ends[inner], strict=True):
            weights[start - first : end - first] += 1 / ((end - start) * counts[centre])
        windows.append((first, weights))
    return tuple(windows)


def _quality(small: _Floats) -> int:
    """Sum of the whole grey steps (percent) between neighbours, scaled as the algorithm defines."""
    total = 0
    for axis in (0, 1):
        total += int(np.abs((np.diff(small, axis=axis) * np.float32(100 / 255)).astype(np.int32)).sum())
    return min(100, int(total / _GRADIENT_PER_QUALITY))
