"""The map from a known picture to a frame: found by the local features that both share, and drawn into place.

Nothing is left to chance: every match claims a place, and the claim that most others support is fitted.
"""

from __future__ import annotations

from typing import NamedTuple, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.features import DESCRIPTOR_LENGTH, Features

Homography = NDArray[np.float64]
"""Shape (3, 3): known picture (as shown) to frame view, pixels."""
_Floats = NDArray[np.float32]

_RATIO = 0.88
_CLAIM_PX, _CLAIM_FRACTION = 4.0, 0.35
_CLAIM_LOG_SCALE, _CLAIM_COSINE = 0.7, 0.87
_CLAIMS_TRIED = 5
_FIT_PX = 4.0
LEAST_INLIERS = 6
_SETTLE_PX = 4.0, 2.5, 2.5
_SETTLE_OCTAVES, _SETTLE_DEGREES, _SETTLE_LIKENESS = 0.35, 12.0, 0.75
_STRICT_PX, _STRICT_OCTAVES, _STRICT_DEGREES, _STRICT_LIKENESS = 1.5, 0.25, 8.0, 0.8
"""Chosen on 780 drawn frames against 2,825 pictures as what parts copies from other shots best: of the limits
tried (1.5 to 2.5 px, 0.25 to 0.35 octaves, 8 to 15 degrees) those under which the fewest features of a wrong
picture agree."""
_NEAR_FRACTION, _NEAR_OCTAVES, _NEAR_DEGREES, _NEAR_LIKENESS = 0.1, 0.4, 20.0, 0.93
"""How much of the picture's width away, and how alike, the same thing may be. Of 0.85, 0.9 and 0.93 the last
parts pictures in which a face was warped from covered ones best."""
_DISPLACED_PX = 3.0


class Agreement(NamedTuple):
    """How a known picture and a frame agree on a map.

    Attributes
    ----------
    inliers : int
        Best matches that are where the map says, each place counted once.
    strict : int
        Features of the known picture whose place, size, direction and look are in the frame as the map says,
        within 1.5 px, a quarter of an octave and 8 degrees. Faces of different people agree roughly; a copy
        agrees strictly, however little of it is left.
    displaced : int
        Features that are in the frame unmistakably, but beside their places. What covers a picture takes
        features away; another shot, or a picture in which something was warped, has them elsewhere.
    """

    inliers: int
    strict: int
    displaced: int


def through(homography: Homography, points: NDArray[np.generic]) -> NDArray[np.float64]:
    """Where a homography takes points, both of shape (n, 2)."""
    lifted = np.column_stack([points, np.ones(len(points))]) @ homography.T
    return np.asarray(lifted[:, :2] / lifted[:, 2:], np.float64)


def fit(frame: Features, known: Features) -> tuple[Homography, int] | None:
    """The map from a known picture to a frame on which most of their features agree, and how many do.

    Every match says by its position, size and direction where the whole picture would be; the claim that
    most others support is fitted by least squares. There are only some hundred, so all are tried: no chance
    is involved.
    """
    pairs = _matches(frame, known)
    if len(pairs) < LEAST_INLIERS:
        return None
    shown, kept = frame.points[pairs[:, 0]], known.points[pairs[:, 1]]
    scale = shown[:, 2] / np.maximum(kept[:, 2], 1e-3)
    turn = np.radians(shown[:, 3] - kept[:, 3])
    cos, sin = scale * np.cos(turn), scale * np.sin(turn)
    # Claim i moves every kept point by a similarity around its own.
    offset = kept[None, :, :2] - kept[:, None, :2]
    x = cos[:, None] * offset[..., 0] - sin[:, None] * offset[..., 1] + shown[:, None, 0]
    y = sin[:, None] * offset[..., 0] + cos[:, None] * offset[..., 1] + shown[:, None, 1]
    near = np.hypot(x - shown[None, :, 0], y - shown[None, :, 1])
    reach = _CLAIM_PX + _CLAIM_FRACTION * scale[:, None] * np.hypot(offset[..., 0], offset[..., 1])
    agree = near < reach
    agree &= np.abs(np.log(scale[None, :] / scale[:, None])) < _CLAIM_LOG_SCALE
    agree &= np.cos(turn[None, :] - turn[:, None]) > _CLAIM_COSINE
    best: tuple[Homography, int] | None = None
    for i in np.argsort(-agree.sum(axis=1), kind="stable")[:_CLAIMS_TRIED]:
        fitted = _affine(kept[:, :2], shown[:, :2], agree[i])
        if fitted is not None and (best is None or fitted[1] > best[1]):
            best = fitted
    return best


def _affine(source: _Floats, target: _Floats, agree: NDArray[np.bool_]) -> tuple[Homography, int] | None:
    lifted = np.column_stack([source, np.ones(len(source), np.float32)]).astype(np.float64)
    inside = agree
    for reach_px in (2.5 * _FIT_PX, 1.5 * _FIT_PX, _FIT_PX, _FIT_PX):
        if inside.sum() < LEAST_INLIERS:
            return None
        solved, _, rank, _ = np.linalg.lstsq(lifted[inside], target[inside].astype(np.float64), rcond=None)
        if rank < 3:
            return None
        inside = np.hypot(*(lifted @ solved - target).T) < reach_px
    inliers = _unique(source[inside], target[inside])
    homography = np.vstack([solved.T, [0.0, 0.0, 1.0]])
    if inliers < LEAST_INLIERS or not is_sane(homography):
        return None
    return homography, inliers


def settle(
    frame: Features, known: Features, homography: Homography, inliers: int
) -> tuple[Homography, Agreement]:
    """Draw a map into place by all features that are where it says, and count those that agree strictly.

    A feature need not be the best match of its kind any more, only be there: lettering and flames take many
    best matches, and few features of what they cover.
    """
    limits = _SETTLE_OCTAVES, _SETTLE_DEGREES, _SETTLE_LIKENESS
    for reach_px in _SETTLE_PX:
        rows, columns = _guided(frame, known, homography, reach_px, *limits)
        if len(rows) < LEAST_INLIERS:
            return homography, Agreement(inliers, 0, 0)
        lifted = np.column_stack([known.points[rows, :2], np.ones(len(rows))])
        solved, _, rank, _ = np.linalg.lstsq(lifted, frame.points[columns, :2].astype(np.float64), rcond=None)
        settled = np.vstack([solved.T, [0.0, 0.0, 1.0]])
        if rank < 3 or not is_sane(settled):
            return homography, Agreement(inliers, 0, 0)
        homography = settled
    strict = _STRICT_PX, _STRICT_OCTAVES, _STRICT_DEGREES, _STRICT_LIKENESS
    rows, columns = _guided(frame, known, homography, *strict)
    agreeing = _unique(known.points[rows, :2], frame.points[columns, :2])
    return homography, Agreement(inliers, agreeing, _displaced(frame, known, homography))


def _displaced(frame: Features, known: Features, homography: Homography) -> int:
    placed = through(homography, known.points[:, :2])
    low, high = frame.points[:, :2].min(axis=0), frame.points[:, :2].max(axis=0)
    shown = np.flatnonzero(((placed >= low) & (placed <= high)).all(axis=1))
    visible = Features(known.points[shown], known.descriptors[shown])
    spread_px = float(np.ptp(known.points[:, 0])) * float(np.sqrt(abs(np.linalg.det(homography[:2, :2]))))
    limits = _NEAR_FRACTION * spread_px, _NEAR_OCTAVES, _NEAR_DEGREES, _NEAR_LIKENESS
    rows, columns = _guided(frame, visible, homography, *limits)
    off = through(homography, visible.points[rows, :2]) - frame.points[columns, :2]
    return int((np.hypot(*off.T) > _DISPLACED_PX).sum())


def _guided(
    frame: Features,
    known: Features,
    homography: Homography,
    reach_px: float,
    octaves: float,
    degrees: float,
    least: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """For each known feature the most alike of those in the frame that are where and as the map says."""
    linear = homography[:2, :2]
    scale = float(np.sqrt(abs(np.linalg.det(linear))))
    turn = float(np.degrees(np.arctan2(linear[1, 0] - linear[0, 1], linear[0, 0] + linear[1, 1])))
    placed = through(homography, known.points[:, :2])
    fits = (
        np.hypot(placed[:, None, 0] - frame.points[None, :, 0], placed[:, None, 1] - frame.points[None, :, 1])
        < reach_px
    )
    fits &= np.abs(np.log2(frame.points[None, :, 2] / (known.points[:, None, 2] * scale))) < octaves
    off = (frame.points[None, :, 3] - known.points[:, None, 3] - turn + 180) % 360 - 180
    fits &= np.abs(off) < degrees
    rows, columns = np.nonzero(fits)
    unit = float(DESCRIPTOR_LENGTH) ** -2.0
    pairs = known.descriptors[rows].astype(np.float32) * frame.descriptors[columns].astype(np.float32)
    likeness = np.zeros(fits.shape, np.float32)
    likeness[rows, columns] = pairs.sum(axis=1) * unit
    best = likeness.argmax(axis=1)
    kept = np.flatnonzero(likeness[np.arange(len(best)), best] > least)
    return kept, best[kept]


def _matches(frame: Features, known: Features) -> NDArray[np.intp]:
    """Pairs (frame row, known row) whose second choice in the known picture is clearly worse."""
    if len(frame) < LEAST_INLIERS or len(known) < LEAST_INLIERS:
        return np.zeros((0, 2), np.intp)
    # Not numpy's product: its threads cost 40 times the work itself on matrices of this size.
    unit = DESCRIPTOR_LENGTH**-2.0
    a, b = frame.descriptors.astype(np.float32), known.descriptors.astype(np.float32)
    likeness = np.asarray(cv2.gemm(a, b, unit, cast(_Floats, None), 0.0, flags=cv2.GEMM_2_T), np.float32)
    best = likeness.argmax(axis=1)
    rows = np.arange(len(a))
    top = likeness[rows, best]
    likeness[rows, best] = -1.0
    second = likeness.max(axis=1)
    # Of unit vectors, squared distance is 2 - 2 * likeness.
    clear = (1 - top) < _RATIO**2 * (1 - second)
    return np.stack([rows[clear], best[clear]], axis=1)


def _unique(source: _Floats, target: _Floats) -> int:
    """Inliers counted by place: several directions at one point are one feature."""
    a = {(round(float(x) / 2), round(float(y) / 2)) for x, y in source}
    b = {(round(float(x) / 2), round(float(y) / 2)) for x, y in target}
    return min(len(a), len(b))


def is_sane(homography: Homography) -> bool:
    """A picture as editors show it: not reflected, not squeezed more than 2:1, hardly sheared."""
    linear = homography[:2, :2]
    scale_x, scale_y = float(np.hypot(*linear[:, 0])), float(np.hypot(*linear[:, 1]))
    if np.linalg.det(linear) <= 0 or min(scale_x, scale_y) < 0.1 or max(scale_x, scale_y) > 8:
        return False
    shear = abs(float(linear[:, 0] @ linear[:, 1])) / (scale_x * scale_y)
    return 0.5 < scale_x / scale_y < 2 and shear < 0.25
