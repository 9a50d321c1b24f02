"""Local features of a picture: what can be recognised of it when it is small, turned, covered or cut.

SIFT (Lowe 2004) with the square-root normalisation of Arandjelovic and Zisserman (2012), spread over the
picture so that lettering and the rims of holes cannot take all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.media.picture import resized

_FRAME_SIDE_PX, _KNOWN_SIDE_PX = 640, 320
_GRID = (10, 6)
_FRAME_PER_CELL, _KNOWN_PER_CELL = 45, 12
_FRAME_MOST, _KNOWN_MOST = 2200, 220
_CONTRAST = 0.005
"""Many and weak ones: of drawn pictures of which flames, holes and text leave little 76 of 100 are found;
with 600 features of more contrast, and the checks of that time, 30 were."""
_DESCRIBED_MOST = 4000
"""Bounds the cost of a picture of noise; a frame of the demo's video has 1,150 in the mean."""
DESCRIPTOR_LENGTH = 512
"""Length of a descriptor in bytes' units: a direction that takes a quarter of all of it comes to 256."""


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Local features of one picture; any number of the first ones are spread over all of it.

    Attributes
    ----------
    points : ndarray, float32, shape (n, 4)
        Position x and y, size (diameter), all in pixels of the picture they were taken from, and direction
        in degrees, clockwise from the x axis.
    descriptors : ndarray, uint8, shape (n, 128)
        Vectors of length 512, about.
    """

    points: NDArray[np.float32]
    descriptors: Pixels

    def __len__(self) -> int:
        return len(self.points)

    def mirrored(self, width: int) -> Features:
        """What the left-right mirrored picture would give, without looking at it.

        A descriptor is 4 x 4 cells of 8 directions around the dominant direction; under reflection the
        rows of cells change places and directions run the other way.
        """
        cells = self.descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
        turned = cells[..., (-np.arange(8)) % 8]
        points = np.array(self.points)
        points[:, 0] = width - 1 - points[:, 0]
        points[:, 3] = (180 - points[:, 3]) % 360
        return Features(points, np.ascontiguousarray(turned.reshape(-1, 128)))


def frame_features(luma: Pixels) -> Features:
    """Features of a frame, at most 45 in each of 10 x 6 fields and 2,200 in all."""
    return _features(luma, _FRAME_SIDE_PX, _FRAME_MOST, _FRAME_PER_CELL)


def known_features(luma: Pixels) -> Features:
    """Features of a known picture, at most 12 in each of 10 x 6 fields and 220 in all."""
    return _features(luma, _KNOWN_SIDE_PX, _KNOWN_MOST, _KNOWN_PER_CELL)


def _features(luma: Pixels, side_px: int, most: int, per_cell: int) -> Features:
    """Positions are those in ``luma``, whatever size it is looked at."""
    shrink = max(1.0, max(luma.shape) / side_px)
    height, width = round(luma.shape[0] / shrink), round(luma.shape[1] / shrink)
    small = resized(luma, width, height)
    # At once, though more are described than kept: the scale space is dearer, and is built once.
    found, every = cv2.SIFT.create(_DESCRIBED_MOST, 3, _CONTRAST).detectAndCompute(small, cast(Pixels, None))
    kept = _spread(found, (width, height), most, per_cell)
    if not kept:
        return Features(np.zeros((0, 4), np.float32), np.zeros((0, 128), np.uint8))
    keypoints, described = [found[i] for i in kept], every[kept]
    rooted = np.sqrt(described / np.maximum(described.sum(axis=1, keepdims=True), 1e-6))
    descriptors = np.clip(np.rint(rooted * DESCRIPTOR_LENGTH), 0, 255).astype(np.uint8)
    # OpenCV's positions are pixel centres: the shrunk picture's scale applies to edges, half a pixel off.
    scale = np.array([luma.shape[1] / width, luma.shape[0] / height], np.float32)
    points = np.array([(*k.pt, k.size, k.angle) for k in keypoints], np.float32)
    points[:, :2] = (points[:, :2] + 0.5) * scale - 0.5
    points[:, 2] *= float(np.sqrt(scale[0] * scale[1]))
    return Features(points, descriptors)


def _spread(keypoints: Sequence[cv2.KeyPoint], size: tuple[int, int], most: int, per_cell: int) -> list[int]:
    """The strongest of each field of the grid first, then the second of each, and so on."""
    filled = np.zeros(_GRID, np.int32)
    ranked: list[tuple[int, int]] = []
    for i in sorted(range(len(keypoints)), key=lambda i: _strongest_first(keypoints[i])):
        x, y = keypoints[i].pt
        cell = (
            min(_GRID[0] - 1, int(x * _GRID[0] / size[0])),
            min(_GRID[1] - 1, int(y * _GRID[1] / size[1])),
        )
        if filled[cell] < per_cell:
            ranked.append((int(filled[cell]), i))
            filled[cell] += 1
    return [i for _, i in sorted(ranked, key=lambda one: one[0])[:most]]


def _strongest_first(keypoint: cv2.KeyPoint) -> tuple[float, float, float, float]:
    return -keypoint.response, keypoint.pt[0], keypoint.pt[1], keypoint.angle
