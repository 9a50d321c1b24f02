"""What moves on a picture that stands still: fire on a portrait.

A face track's crops are brought into register and compared over a few samples. Where the portrait beneath
stands still and something on it does not, the network's doubtful flames become evidence; a head that moves,
a mouth that speaks or a cut changes everything at once or the wrong place, and is none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels

SIDE_PX = 64
_KEPT = 6
_LEAST_SAMPLES = 3
_LEAST_SPAN_S = 0.2
_LONGEST_GAP_S = 3.0
_MAX_SHIFT_PX = 5.0
_CUT_LEVELS = 60.0
"""Median change of a pixel, of 255 levels, beyond which this is another picture."""
_MOVING_LEVELS = 14.0
_STILL_LEVELS = 7.0
_LEAST_STILL_FRACTION = 0.15
_LEAST_MOVING_FRACTION = 0.04
_LEAST_AGREEMENT = 0.5

Plane = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moving:
    """Where a still picture moved.

    Attributes
    ----------
    moving_fraction, still_fraction : float
        Shares of the crop that clearly moved, and that clearly stood still.
    mask : ndarray, float32, shape (16, 16)
        Share of each cell that moved.
    """

    moving_fraction: float
    still_fraction: float
    mask: Plane

    def agreement(self, mask: Plane) -> float:
        """Share of what moved, 0..1, that lies where ``mask`` (16, 16) sees something."""
        total = float(self.mask.sum())
        near = cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0.1
        return float(self.mask[near].sum()) / total if total > 0 else 0.0

    def supports_flames(self, mask: Plane) -> bool:
        """Whether the picture stood still and what moved lies where the network suspects flames."""
        return (
            self.still_fraction >= _LEAST_STILL_FRACTION
            and self.moving_fraction >= _LEAST_MOVING_FRACTION
            and self.agreement(mask) >= _LEAST_AGREEMENT
        )


class StillWatch:
    """The last few crops of one face track, in register; bounded at six small pictures."""

    def __init__(self) -> None:
        self._crops: deque[tuple[float, Plane]] = deque(maxlen=_KEPT)

    def see(self, time_s: float, crop: Pixels) -> Moving | None:
        """Take in a crop; None until three samples of the same picture are there.

        Parameters
        ----------
        time_s : float
            Seconds, rising.
        crop : ndarray, uint8, shape (128, 128, 3), RGB
            As the classifier sees it, so that zoom and drift of the portrait are already out.
        """
        grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
        small = cv2.resize(grey, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
        plane: Plane = np.asarray(small, np.float32)
        if self._crops:
            last_s, last = self._crops[-1]
            plane = _registered(plane, last)
            if time_s - last_s > _LONGEST_GAP_S or float(np.median(np.abs(plane - last))) > _CUT_LEVELS:
                self._crops.clear()
        self._crops.append((time_s, plane))
        if len(self._crops) < _LEAST_SAMPLES or time_s - self._crops[0][0] < _LEAST_SPAN_S:
            return None
        stack = np.stack([p for _, p in self._crops])
        steps = np.median(np.abs(np.diff(stack, axis=0)), axis=0).astype(np.float32)
        steps = np.asarray(cv2.GaussianBlur(steps, (0, 0), 1.0), np.float32)
        moved = (steps > _MOVING_LEVELS).astype(np.float32)
        return Moving(
            moving_fraction=float(moved.mean()),
            still_fraction=float((steps < _STILL_LEVELS).mean()),
            mask=np.asarray(cv2.resize(moved, (16, 16), interpolation=cv2.INTER_AREA), np.float32),
        )


def _registered(plane: Plane, to: Plane) -> Plane:
    """Shift a plane by whole and part pixels onto another; unchanged where no small shift fits."""
    window = cv2.createHanningWindow((SIDE_PX, SIDE_PX), cv2.CV_32F)
    (dx, dy), _ = cv2.phaseCorrelate(plane.copy(), to.copy(), window)  # OpenCV 5 writes into its inputs
    if max(abs(dx), abs(dy)) > _MAX_SHIFT_PX:
        return plane
    matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
    moved = cv2.warpAffine(plane, matrix, (SIDE_PX, SIDE_PX), borderMode=cv2.BORDER_REPLICATE)
    better = float(np.mean(np.abs(moved - to))) < float(np.mean(np.abs(plane - to)))
    return np.asarray(moved, np.float32) if better else plane
