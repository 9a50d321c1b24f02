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

_RATIO = 0.9
"""As loose as this, with few inliers asked: of 80 pictures under flames, holes, text and turned, 81 of 100
have a right map among the three."""
_CLAIM_PX, _CLAIM_FRACTION = 4.0, 0.35
_CLAIM_LOG_SCALE, _CLAIM_COSINE = 0.7, 0.87
_CLAIMS_TRIED, _FITS_KEPT = 12, 3
_CORNERS, _SAME_PX = np.array([[0, 0], [0, 200], [200, 0], [200, 200]], np.float64), 6.0
_FIT_PX = 4.0
LEAST_INLIERS = 4
_SETTLE_PX = 4.0, 2.5, 2.5
_SETTLE_LIMITS = 0.35, 12.0, 0.75
"""Octaves, degrees and likeness."""
_STRICT_PX, _STRICT_OCTAVES, _STRICT_DEGREES, _STRICT_LIKENESS = 1.5, 0.25, 8.0, 0.8
"""Chosen on 780 drawn frames against 2,825 pictures as what parts copies from other shots best: of the limits
tried (1.5 to 2.5 px, 0.25 to 0.35 octaves, 8 to 15 degrees) those under which the fewest features of a wrong
picture agree."""
_IN_PLACE = 4.0, 0.5, 20.0, 0.7
_NEAR_FRACTION, _NEAR_OCTAVES, _NEAR_DEGREES, _NEAR_LIKENESS = 0.04, 0.4, 20.0, 0.93
"""How much of the picture's width away, and how alike, the same thing may be if it is not in place. Of 0.04,
0.06 and 0.1 the first parts pictures in which a face was warped from covered ones best; of 0.85 to 0.96 this
likeness."""
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


def fit(frame: Features, known: Features) -> list[tuple[Homography, int]]:
    """Maps from a known picture to a frame on which many of their features agree, and how many do.

    Every match says by its position, size and direction where the whole picture would be; the claims that
    most others support are fitted by least squares. There are only some hundred matches, so all are asked:
    no chance is involved. Of a picture under flames four features may be all that agree, and so do four of
    many a wrong one: at most three maps are kept, best first, and what is said by them is looked at.
    """
    pairs = _matches(frame, known)
    if len(pairs) < LEAST_INLIERS:
        return []
    shown, kept = frame.points[pairs[:, 0]], known.points[pairs[:, 1]]
    scale = shown[:, 2] / np.maximum(kept[:, 2], 1e-3)
    turn = np.radians(shown[:, 3] - kept[:, 3])
    cos, sin, octaves = np.cos(turn), np.sin(turn), np.log(scale)
    agree = np.abs(octaves[None, :] - octaves[:, None]) < _CLAIM_LOG_SCALE
    agree &= cos[None, :] * cos[:, None] + sin[None, :] * sin[:, None] > _CLAIM_COSINE
    # Claim i moves every kept point j by a similarity around its own.
    i, j = np.nonzero(agree)
    offset = kept[j, :2] - kept[i, :2]
    x = scale[i] * (cos[i] * offset[:, 0] - sin[i] * offset[:, 1]) + shown[i, 0]
    y = scale[i] * (sin[i] * offset[:, 0] + cos[i] * offset[:, 1]) + shown[i, 1]
    reach = _CLAIM_PX + _CLAIM_FRACTION * scale[i] * np.hypot(*offset.T)
    agree[i, j] = np.hypot(x - shown[j, 0], y - shown[j, 1]) < reach
    supported = agree.sum(axis=1)
    claims = [
        c for c in np.argsort(-supported, kind="stable")[:_CLAIMS_TRIED] if supported[c] >= LEAST_INLIERS
    ]
    different = {agree[c].tobytes(): agree[c] for c in claims}.values()
    fits = [fitted for one in different if (fitted := _affine(kept[:, :2], shown[:, :2], one)) is not None]
    distinct: list[tuple[Homography, int]] = []
    for homography, inliers in sorted(fits, key=lambda fitted: -fitted[1]):
        placed = through(homography, _CORNERS)
        if all(np.abs(through(other, _CORNERS) - placed).max() > _SAME_PX for other, _ in distinct):
            distinct.append((homography, inliers))
    return distinct[:_FITS_KEPT]


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
    for reach_px in _SETTLE_PX:
        rows, columns = _guided(frame, known, homography, reach_px, *_SETTLE_LIMITS)
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
    in_place, _ = _guided(frame, known, homography, *_IN_PLACE)
    missing = np.setdiff1d(shown, in_place, assume_unique=True)
    visible = Features(known.points[missing], known.descriptors[missing])
    spread_px = float(np.ptp(known.points[:, 0])) * float(np.sqrt(abs(np.linalg.det(homography[:2, :2]))))
    limits = _NEAR_FRACTION * spread_px, _NEAR_OCTAVES, _NEAR_DEGREES, _NEAR_LIKENESS
    rows, columns = _guided(frame, visible, homography, *limits)
    off = through(homography, visible.points[rows, :2]) - frame.points[columns, :2]
    return int((np.hypot(*off.T) > _DISPLACED_PX).sum())


def _pairs_near(
    placed: NDArray[np.float64], points: _Floats, reach_px: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs of a row of ``placed`` and one of ``points`` that are less than ``reach_px`` apart."""
    order = np.argsort(points[:, 0], kind="stable")
    across = points[order, 0]
    first = np.searchsorted(across, placed[:, 0] - reach_px)
    counts = np.searchsorted(across, placed[:, 0] + reach_px, side="right") - first
    rows = np.repeat(np.arange(len(placed)), counts)
    columns = order[np.arange(len(rows)) + np.repeat(first - np.cumsum(counts) + counts, counts)]
    near = np.hypot(*(placed[rows] - points[columns, :2]).T) < reach_px
    return rows[near], columns[near]


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
    rows, columns = _pairs_near(through(homography, known.points[:, :2]), frame.points[:, :2], reach_px)
    shown, kept = frame.points[columns], known.points[rows]
    off = (shown[:, 3] - kept[:, 3] - turn + 180) % 360 - 180
    fits = (np.abs(np.log2(shown[:, 2] / (kept[:, 2] * scale))) < octaves) & (np.abs(off) < degrees)
    rows, columns = rows[fits], columns[fits]
    unit = float(DESCRIPTOR_LENGTH) ** -2.0
    products = known.descriptors[rows].astype(np.float32) * frame.descriptors[columns].astype(np.float32)
    likeness = products.sum(axis=1) * unit
    alike = np.flatnonzero(likeness > least)
    alike = alike[np.lexsort((columns[alike], -likeness[alike], rows[alike]))]
    _, first = np.unique(rows[alike], return_index=True)
    return rows[alike[first]], columns[alike[first]]


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
