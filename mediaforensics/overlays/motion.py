"""What moves on a picture that stands still: fire on a portrait.

The last few crops of a subject are brought into register with the newest by following points of it, so that
a portrait that drifts, zooms or shakes stands still while fire on it does not. What the portrait is beneath
is known where more than half of them agree; what differs from that is what was laid over it.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.overlays.classify import CROP_PX
from mediaforensics.overlays.residual import apart
from mediaforensics.types import Box

SIDE_PX = 64
_KEPT, _APART_S = 10, 0.15
_LEAST_SAMPLES = 3
_LEAST_SPAN_S = 0.2
_LONGEST_GAP_S = 3.0
_LATTICE, _INSET_PX, _LEAST_FOLLOWED, _OFF_PX = 11, 9, 12, 1.5
_MOST_SCALE, _MOST_SHIFT_PX = 1.25, 24.0
_CUT_LEVELS = 60.0
"""Median change of a pixel, of 255 levels, beyond which this is another picture."""
_MOVING_LEVELS = 14.0
_STILL_LEVELS = 7.0
_ALIKE_LEVELS = 10.0
_EVER_LEVELS = 24.0
_SURELY_LEVELS = 40.0
_GAP_CELLS = 9
_LEAST_LEARNT, _CUTS = 20, 2
"""On 72 drawn clips of fire on portraits (standing, zooming, shaking, boxes that tremble, 4 to 17
samples 0.14 to 0.33 s apart) the median overlap with what burns in the newest is 0.86 to 0.94 by sort."""
_LEAST_STILL_FRACTION = 0.15
_LEAST_MOVING_FRACTION = 0.04
_LEAST_AGREEMENT = 0.5

Plane = NDArray[np.float32]
Affine = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Moving:
    """Where a still picture moved.

    Attributes
    ----------
    moving_fraction, still_fraction : float
        Shares of the crop that clearly moved, and that clearly stood still.
    stack : ndarray, float32, shape (n, 64, 64, 3)
        The crops in register, the newest last.
    """

    moving_fraction: float
    still_fraction: float
    stack: Plane

    @cached_property
    def covered(self) -> Plane | None:
        """Cells of the newest crop, 0 or 1 of 64 x 64, that show something else than the picture beneath.

        None where the picture did not stand still, or nothing on it moved.
        """
        on_still = (
            self.still_fraction >= _LEAST_STILL_FRACTION and self.moving_fraction >= _LEAST_MOVING_FRACTION
        )
        return _covered(self.stack) if on_still else None

    def agreement(self, mask: Plane) -> float:
        """Share of what is covered, 0..1, that lies where ``mask`` (16, 16) sees something."""
        if self.covered is None:
            return 0.0
        total = float(self.covered.sum())
        near = (cv2.dilate(mask, np.ones((3, 3), np.uint8)) > 0.1).astype(np.uint8)
        fine = cv2.resize(near, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_NEAREST) > 0
        return float(self.covered[fine].sum()) / total if total > 0 else 0.0

    def supports_flames(self, mask: Plane) -> bool:
        """Whether something moved on a still picture, where the network suspects flames."""
        return self.covered is not None and self.agreement(mask) >= _LEAST_AGREEMENT


class StillWatch:
    """The last few crops of one subject, in register with the newest; bounded at ten small pictures."""

    def __init__(self) -> None:
        self._crops: deque[tuple[float, Plane, Affine]] = deque(maxlen=_KEPT)
        self._square = Box(0, 0, 0, 0)
        self._newest: Pixels | None = None

    def see(self, time_s: float, crop: Pixels, square: Box) -> Moving | None:
        """Take in a crop; None until three samples of the same picture are there.

        Parameters
        ----------
        time_s : float
            Seconds, rising.
        crop : ndarray, uint8, shape (128, 128, 3), RGB
            The subject with its surroundings.
        square : Box
            Where in the frame it was cut from.
        """
        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.uint8)
        plane = cast(Plane, cv2.resize(crop, (SIDE_PX,) * 2, interpolation=cv2.INTER_AREA).astype(np.float32))
        if self._newest is not None:
            moved = _followed(self._newest, grey, _between(self._square, square))
            self._crops = deque(
                ((then, old, moved @ np.vstack([since, [0, 0, 1]])) for then, old, since in self._crops),
                maxlen=_KEPT,
            )
            last_s, last, since = self._crops[-1]
            last = _carried(last, since)
            both = np.abs(plane - last)[last >= 0]
            same = both.size > 0 and float(np.median(both)) <= _CUT_LEVELS
            if not same or time_s - last_s > _LONGEST_GAP_S:
                self._crops.clear()
        if len(self._crops) > 1 and time_s - self._crops[-2][0] < _APART_S:
            self._crops.pop()
        self._crops.append((time_s, plane, np.eye(2, 3)))
        self._square, self._newest = square, grey
        if len(self._crops) < _LEAST_SAMPLES or time_s - self._crops[0][0] < _LEAST_SPAN_S:
            return None
        stack = np.stack([_carried(old, since) for _, old, since in self._crops])
        # What was outside an earlier crop is taken to have been as it is.
        return _told(np.where(stack < 0, plane, stack))


def _told(stack: Plane) -> Moving:
    """What moved on what, in the newest of registered crops (n, 64, 64, 3)."""
    steps = np.median(apart(stack[1:], stack[:-1]), axis=0).astype(np.float32)
    steps = np.asarray(cv2.GaussianBlur(steps, (0, 0), 1.0), np.float32)
    moving, still = float((steps > _MOVING_LEVELS).mean()), float((steps < _STILL_LEVELS).mean())
    return Moving(moving_fraction=moving, still_fraction=still, stack=stack)


def _covered(stack: Plane) -> Plane:
    """Cells of the newest crop that show something other than the picture beneath.

    Beneath is what more than half of the samples agree on: fire is seldom the same so often. What the newest
    shows where anything ever moved is then told by its colours (GrabCut, Rother et al. 2004): also the heart
    of a fire, too bright to change, and what it has just left bare.
    """
    newest = stack[-1]
    # What more than half agree on is at the middle of all.
    beneath = np.sort(stack, axis=0)[len(stack) // 2]
    agreeing = (apart(stack, beneath) <= _ALIKE_LEVELS).sum(axis=0)
    known = agreeing > len(stack) // 2
    off = apart(newest, beneath)
    moved = apart(stack.max(axis=0), stack.min(axis=0)) > _EVER_LEVELS
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_GAP_CELLS, _GAP_CELLS))
    cleaned = cv2.medianBlur(moved.astype(np.uint8), 3)
    ever = cv2.morphologyEx(cleaned, cv2.MORPH_CLOSE, disc) > 0
    marks = np.full(off.shape, cv2.GC_BGD, np.uint8)
    marks[ever] = cv2.GC_PR_FGD
    marks[ever & known & (off <= _ALIKE_LEVELS)] = cv2.GC_PR_BGD
    marks[ever & known & (off > _SURELY_LEVELS)] = cv2.GC_FGD
    if min(int(ever.sum()), int((~ever).sum())) < _LEAST_LEARNT:
        return ever.astype(np.float32)
    cv2.setRNGSeed(0)  # it begins with a k-means of random seeds: the same samples, the same answer
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.grabCut(np.asarray(newest, np.uint8), marks, (0, 0, 1, 1), *models, _CUTS, cv2.GC_INIT_WITH_MASK)
    return np.isin(marks, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.float32)


def _between(before: Box, now: Box) -> Affine:
    """Where a crop's pixels would be in the next one if nothing moved in the frame."""
    scale = before.width_px / max(1, now.width_px)
    per_px = CROP_PX / max(1, now.width_px)
    return np.array([[scale, 0, (before.x0 - now.x0) * per_px], [0, scale, (before.y0 - now.y0) * per_px]])


def _followed(before: Pixels, now: Pixels, expected: Affine) -> Affine:
    """How the picture moved from one crop to the next: most of its points agree on it, fire's do not.

    Points are followed by Lucas and Kanade's method from where they are expected; a similarity is fitted
    (RANSAC). Where too few agree, or on nothing plausible, ``expected`` stands.
    """
    # A lattice and not the best corners: those of a fire are the best.
    rows = np.linspace(_INSET_PX, CROP_PX - _INSET_PX, _LATTICE)
    start = np.array([[(x, y)] for y in rows for x in rows], np.float32)
    guess = cv2.transform(start, expected).astype(np.float32)
    ahead, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, start, guess, winSize=(13, 13), maxLevel=2, flags=cv2.OPTFLOW_USE_INITIAL_FLOW
    )
    ok = found.ravel() > 0
    if int(ok.sum()) < _LEAST_FOLLOWED:
        return expected
    fitted, agree = cv2.estimateAffinePartial2D(
        start[ok], ahead[ok], method=cv2.RANSAC, ransacReprojThreshold=_OFF_PX
    )
    if fitted is None or int(agree.sum()) < _LEAST_FOLLOWED:
        return expected
    scale = float(np.hypot(fitted[0, 0], fitted[1, 0]))
    shift = np.abs(cv2.transform(np.array([[[64.0, 64.0]]]), fitted) - 64.0).max()
    plausible = 1 / _MOST_SCALE <= scale <= _MOST_SCALE and shift <= _MOST_SHIFT_PX
    return np.asarray(fitted, np.float64) if plausible else expected


def _carried(plane: Plane, moved: Affine) -> Plane:
    """A plane of an earlier crop in the place of the newest."""
    half = moved.copy()
    half[:, 2] = (half[:, :2].sum(axis=1) / 2 - 0.5 + half[:, 2]) * (SIDE_PX / CROP_PX)
    size, outside = (SIDE_PX, SIDE_PX), (-1e4,) * 3
    return cast(Plane, cv2.warpAffine(plane, half, size, flags=cv2.INTER_LINEAR, borderValue=outside))
