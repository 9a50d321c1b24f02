"""A known picture inside a frame by local features: found, laid over the frame, and compared cell by cell.

SIFT descriptors (Lowe 2004) with the square-root normalisation of Arandjelovic and Zisserman (2012),
spread over the frame so that lettering and hole rims cannot take all of them; a picture is accepted only
when the matches agree on one affine map and the picture, laid over the frame by that map, looks like it
in the cells that nothing covers. Faces of different people align too; they do not look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.media.picture import resized

Affine = NDArray[np.float64]
"""Shape (2, 3): known picture to frame view, pixels."""
_Floats = NDArray[np.float32]

_FRAME_SIDE_PX, _KNOWN_SIDE_PX = 360, 240
"""SIFT doubles a picture first; larger sides cost twice as much and find no more in drawn tests."""
_GRID = (10, 6)
_FRAME_PER_CELL = 6
_FRAME_MOST, _KNOWN_MOST = 360, 300
_CONTRAST = 0.02
_RATIO = 0.88
_LEAST_MATCHES = 7
_RANSAC_PX = 4.0
_CELL_PX, _CELLS = 8, 12
_SIDE = _CELL_PX * _CELLS
_DETAIL_PX = 9
_FLAT_LEVEL = 2.0
_SPREAD_LEVEL = 12.0
_RIM_PX = 2
_ALIKE = 0.62
_STRONG = 0.9
_LEAST_INLIERS, _INLIERS_COVERED = 6, 7
_LEAST_ALIKE = 10
_SHOWN, _SHOWN_LEAST = 0.66, 0.2
_FLAT_SHARE, _FLAT_CELLS = 0.8, 12
_STRONG_SHARE, _STRONG_CELLS = 0.5, 20


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """Local features of one picture.

    Attributes
    ----------
    points : ndarray, float32, shape (n, 2)
        Positions, pixels of the picture they were taken from.
    descriptors : ndarray, float32, shape (n, 128)
        Unit vectors.
    """

    points: _Floats
    descriptors: _Floats

    def mirrored(self, width: int) -> Features:
        """What the left-right mirrored picture would give, without looking at it.

        A descriptor is 4 x 4 cells of 8 directions around the dominant direction; under reflection the
        rows of cells change places and directions run the other way.
        """
        cells = self.descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
        turned = cells[..., (-np.arange(8)) % 8]
        points = self.points.copy()
        points[:, 0] = width - 1 - points[:, 0]
        return Features(points, np.ascontiguousarray(turned.reshape(-1, 128)))


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A known picture laid over a frame.

    Attributes
    ----------
    affine : ndarray, float64, shape (2, 3)
        Known picture (as shown, so mirrored if ``mirrored``) to frame view.
    mirrored : bool
        Shown left-right mirrored.
    inliers : int
        Features that agree on the map, each counted once.
    covered_fraction : float
        Share of the visible part of the picture that something else covers.
    alike_cells : int
        Cells with structure that look like the known picture.
    structured_fraction, flat_fraction : float
        Share of the visible cells with structure, and of those without, that look like it.
    strong_fraction : float
        Share of the alike cells that correlate at 0.9 or more: high where something covers a picture that
        is otherwise the same, low where another picture merely resembles it.
    """

    affine: Affine
    mirrored: bool
    inliers: int
    covered_fraction: float
    alike_cells: int
    structured_fraction: float = 0.0
    flat_fraction: float = 0.0
    strong_fraction: float = 0.0


def frame_features(luma: Pixels) -> Features:
    """Features of a frame, at most 6 in each of 10 x 6 fields and 360 in all."""
    return _features(luma, _FRAME_SIDE_PX, _FRAME_MOST, _FRAME_PER_CELL)


def known_features(luma: Pixels) -> Features:
    """Features of a known picture, at most 300."""
    return _features(luma, _KNOWN_SIDE_PX, _KNOWN_MOST, _KNOWN_MOST)


def _features(luma: Pixels, side_px: int, most: int, per_cell: int) -> Features:
    """Positions are those in ``luma``, whatever size it is looked at."""
    shrink = max(1.0, max(luma.shape) / side_px)
    height, width = round(luma.shape[0] / shrink), round(luma.shape[1] / shrink)
    small = resized(luma, width, height)
    sift = cv2.SIFT.create(0, 3, _CONTRAST)
    keypoints, described = sift.detectAndCompute(small, cast(Pixels, None))
    ranked = sorted(range(len(keypoints)), key=lambda i: _strongest_first(keypoints[i]))
    filled = np.zeros(_GRID, np.int32)
    kept: list[int] = []
    for i in ranked:
        x, y = keypoints[i].pt
        cell = min(_GRID[0] - 1, int(x * _GRID[0] / width)), min(_GRID[1] - 1, int(y * _GRID[1] / height))
        if filled[cell] < per_cell:
            filled[cell] += 1
            kept.append(i)
            if len(kept) == most:
                break
    if not kept:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, 128), np.float32))
    descriptors = described[kept]
    rooted = np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-6))
    # OpenCV's positions are pixel centres: the shrunk picture's scale applies to edges, half a pixel off.
    scale = np.array([luma.shape[1] / width, luma.shape[0] / height], np.float32)
    points = (np.array([keypoints[i].pt for i in kept], np.float32) + 0.5) * scale - 0.5
    return Features(points, rooted.astype(np.float32))


def _strongest_first(keypoint: cv2.KeyPoint) -> tuple[float, float, float, float]:
    return -keypoint.response, keypoint.pt[0], keypoint.pt[1], keypoint.angle


def place(
    frame: Features, frame_luma: Pixels, known: Features, known_luma: Pixels, *, mirrored: bool
) -> Placement | None:
    """Find one known picture in a frame.

    Parameters
    ----------
    frame, known : Features
        Of the frame view and of the known picture, the latter mirrored if ``mirrored``.
    frame_luma, known_luma : ndarray, uint8, shape (height, width)
        The pictures they were taken from, ``known_luma`` as shown (mirrored if ``mirrored``).
    mirrored : bool
        Goes into the result.

    Returns
    -------
    Placement or None
        None where the matches do not agree, or the picture does not look like it.
    """
    pairs = _matches(frame.descriptors, known.descriptors)
    if len(pairs) < _LEAST_MATCHES:
        return None
    source, target = known.points[pairs[:, 1]], frame.points[pairs[:, 0]]
    fitted, mask = cv2.estimateAffine2D(
        source, target, method=cv2.RANSAC, ransacReprojThreshold=_RANSAC_PX, maxIters=1000, confidence=0.99
    )
    if fitted is None:
        return None
    affine = np.asarray(fitted, np.float64)
    inside = mask.ravel() > 0
    inliers = _unique(source[inside], target[inside])
    if inliers < _LEAST_INLIERS or not _sane(affine):
        return None
    placement = compare(frame_luma, known_luma, affine, mirrored=mirrored, inliers=inliers)
    # A few matches fix a map only roughly; the picture itself, laid over the frame, is then drawn into place.
    laid = cast(Pixels, cv2.warpAffine(known_luma, affine, (frame_luma.shape[1], frame_luma.shape[0])))
    drawn = follow(laid, frame_luma, placement, (known_luma.shape[0], known_luma.shape[1]))
    if drawn is not None:
        finer = compare(frame_luma, known_luma, drawn, mirrored=mirrored, inliers=inliers)
        if finer.alike_cells * finer.strong_fraction > placement.alike_cells * placement.strong_fraction:
            placement = finer
    return placement if acceptable(placement) else None


def acceptable(placement: Placement) -> bool:
    """Whether geometry and appearance together say that it is this picture.

    Two thirds of it must be seen; or one fifth, where most of what agrees is as good as identical. What
    covers a picture covers plain and detailed parts alike: where only the detail agrees, somebody was cut
    out and put on another background, or it is another shot of the same person.

    Of 25,440 wrong pairs (each of 160 press portraits of 40 people sought in each other one), plain and
    mirrored, none is accepted: two shots of one moment reach 0.55 shown and a strong fraction of 0.36.
    """
    shown = 1 - placement.covered_fraction
    if placement.alike_cells < _LEAST_ALIKE:
        return False
    if placement.flat_fraction < _FLAT_SHARE * placement.structured_fraction:
        return False
    if shown >= _SHOWN and placement.structured_fraction >= _SHOWN:
        return True
    if shown < _SHOWN_LEAST or placement.inliers < _INLIERS_COVERED:
        return False
    strong_cells = placement.alike_cells * placement.strong_fraction
    return placement.strong_fraction >= _STRONG_SHARE and strong_cells >= _STRONG_CELLS


def still_there(placement: Placement, established: Placement) -> bool:
    """Whether a picture that was established is still where it was followed to."""
    shown, before = 1 - placement.covered_fraction, 1 - established.covered_fraction
    return placement.alike_cells >= _LEAST_ALIKE and shown >= max(_SHOWN_LEAST, 0.3 * before)


def _matches(frame: _Floats, known: _Floats) -> NDArray[np.intp]:
    """Pairs (frame row, known row) whose second choice in the known picture is clearly worse."""
    if len(frame) < _LEAST_MATCHES or len(known) < _LEAST_MATCHES:
        return np.zeros((0, 2), np.intp)
    # Not numpy's product: its threads cost 40 times the work itself on matrices of this size.
    likeness = np.asarray(
        cv2.gemm(frame, known, 1.0, cast(_Floats, None), 0.0, flags=cv2.GEMM_2_T), np.float32
    )
    best = likeness.argmax(axis=1)
    rows = np.arange(len(frame))
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


def _sane(affine: Affine) -> bool:
    """A picture as editors show it: not reflected, not squeezed more than 2:1, hardly sheared."""
    linear = affine[:, :2]
    scale_x, scale_y = float(np.hypot(*linear[:, 0])), float(np.hypot(*linear[:, 1]))
    if np.linalg.det(linear) <= 0 or min(scale_x, scale_y) < 0.1 or max(scale_x, scale_y) > 8:
        return False
    shear = abs(float(linear[:, 0] @ linear[:, 1])) / (scale_x * scale_y)
    return 0.5 < scale_x / scale_y < 2 and shear < 0.25


def compare(
    frame_luma: Pixels, known_luma: Pixels, affine: Affine, *, mirrored: bool, inliers: int
) -> Placement:
    """Lay the known picture over the frame and compare 12 x 12 cells.

    A cell with structure is alike when its normalised correlation is at least 0.62; a flat cell when its
    brightness, after one gain and offset for the whole picture, is. Cells outside the frame do not count.
    """
    height, width = known_luma.shape
    to_known = np.array([[width / _SIDE, 0, 0], [0, height / _SIDE, 0]], np.float64)
    linear, shift = affine[:, :2], affine[:, 2:]
    to_frame = np.hstack([linear @ to_known[:, :2], shift])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shrink = max(1.0, float(np.hypot(*to_frame[:, 0])), float(np.hypot(*to_frame[:, 1])))
    source = cv2.blur(frame_luma, (round(shrink), round(shrink))) if shrink >= 2 else frame_luma
    shown = cv2.warpAffine(source, to_frame, (_SIDE, _SIDE), flags=flags).astype(np.float32)
    known = cv2.resize(known_luma, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    shown, known = _without_rim(shown), _without_rim(known)
    visible = _in_frame(to_frame, frame_luma.shape)
    if not visible.any():
        return Placement(affine, mirrored, inliers, 1.0, 0)
    a_mean, b_mean = _cells(shown).mean(axis=2), _cells(known).mean(axis=2)
    # Slow shading agrees by chance; detail does not.
    a, b = _cells(_detail(shown)), _cells(_detail(known))
    a -= a.mean(axis=2, keepdims=True)
    b -= b.mean(axis=2, keepdims=True)
    a_std, b_std = a.std(axis=2), b.std(axis=2)
    correlation = (a * b).mean(axis=2) / np.maximum(a_std * b_std, 1e-3)
    structured = b_std >= _FLAT_LEVEL
    alike = structured & (correlation >= _ALIKE) & (a_std >= 0.3 * b_std)
    good = alike & visible
    strong = good & (correlation >= _STRONG)
    if good.any():
        gain = float(np.clip(np.median(a_std[good] / b_std[good]), 0.3, 3))
        expected = _brightness(a_mean, b_mean, strong if strong.sum() >= _LEAST_ALIKE else good, gain)
        flat_alike = (np.abs(a_mean - expected) < 18) & (a_std < gain * _FLAT_LEVEL + 5)
        matching = np.where(structured, alike, flat_alike) & visible
    else:
        matching = good
    covered = 1 - float(matching.sum()) / float(visible.sum())
    detailed, plain = structured & visible, ~structured & visible
    structured_fraction = _share(matching, detailed)
    enough = int(plain.sum()) >= _FLAT_CELLS
    return Placement(
        affine=affine,
        mirrored=mirrored,
        inliers=inliers,
        covered_fraction=round(covered, 3),
        alike_cells=int(good.sum()),
        structured_fraction=structured_fraction,
        flat_fraction=_share(matching, plain) if enough else structured_fraction,
        strong_fraction=_share(strong, good),
    )


def _brightness(shown: _Floats, known: _Floats, good: NDArray[np.bool_], gain: float) -> _Floats:
    """Expected brightness of each cell, by one gain and offset fitted to cells that show the same.

    Glare on some of them must not tip the line: the slope is the median over pairs of a
    darker and a brighter one.
    The gain of detail is not that of brightness where the frame is less sharp than the known picture; it
    serves where the alike cells are all about equally bright.
    """
    x, y = known[good], shown[good]
    if float(x.std()) >= _SPREAD_LEVEL:
        order = np.argsort(x, kind="stable")
        low, high = order[: len(x) // 2], order[len(x) - len(x) // 2 :]
        rise = x[high] - x[low]
        slopes = (y[high] - y[low])[rise >= 1] / rise[rise >= 1]
        gain = float(np.clip(np.median(slopes), 0.3, 3)) if len(slopes) else gain
    return cast(_Floats, gain * known + float(np.median(y - gain * x)))


def _share(part: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return float((part & of).sum()) / max(1, int(of.sum()))


def _cells(picture: _Floats) -> _Floats:
    """Shape (12, 12, 64): the pixels of each cell."""
    shape = (_CELLS, _CELL_PX, _CELLS, _CELL_PX)
    return picture.reshape(shape).swapaxes(1, 2).reshape(_CELLS, _CELLS, _CELL_PX * _CELL_PX)


def _detail(picture: _Floats) -> _Floats:
    return cast(_Floats, picture - cv2.blur(picture, (_DETAIL_PX, _DETAIL_PX)))


def _without_rim(picture: _Floats) -> _Floats:
    """Go on as just inside: at its rim a picture in a frame is mixed with what is beside it."""
    inner = picture[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX]
    border = (_RIM_PX,) * 4
    return cast(_Floats, cv2.copyMakeBorder(inner, *border, borderType=cv2.BORDER_REPLICATE))


def _in_frame(to_frame: Affine, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    centre = (np.arange(_CELLS) + 0.5) * _CELL_PX
    x, y = np.meshgrid(centre, centre)
    fx = to_frame[0, 0] * x + to_frame[0, 1] * y + to_frame[0, 2]
    fy = to_frame[1, 0] * x + to_frame[1, 1] * y + to_frame[1, 2]
    return np.asarray((fx >= 0) & (fy >= 0) & (fx < shape[1]) & (fy < shape[0]))


def follow(before: Pixels, now: Pixels, placement: Placement, shape: tuple[int, int]) -> Affine | None:
    """Where a placed picture is in the next sample, by following points of it (Lucas-Kanade).

    Parameters
    ----------
    before, now : ndarray, uint8, shape (height, width)
        The view in which it was placed, and the next one.
    placement : Placement
        Where it was.
    shape : (int, int)
        Height and width of the known picture.

    Returns
    -------
    ndarray, shape (2, 3), or None
        The new map; None where too few points could be followed.
    """
    rows = np.linspace(0.08, 0.92, 9)
    grid = np.array([(u * shape[1], v * shape[0]) for v in rows for u in rows])
    points = (grid @ placement.affine[:, :2].T + placement.affine[:, 2]).astype(np.float32)
    inside = (points >= 2).all(axis=1) & (points < (now.shape[1] - 2, now.shape[0] - 2)).all(axis=1)
    if inside.sum() < 12:
        return None
    start = points[inside].reshape(-1, 1, 2)
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, start, cast(_Floats, None), winSize=(15, 15), maxLevel=2
    )
    ok = found.ravel() > 0
    if ok.sum() < 12:
        return None
    fitted, mask = cv2.estimateAffine2D(
        grid[inside][ok].astype(np.float32),
        moved.reshape(-1, 2)[ok],
        method=cv2.RANSAC,
        ransacReprojThreshold=2.0,
        maxIters=500,
    )
    if fitted is None or int(mask.sum()) < 8 or not _sane(np.asarray(fitted)):
        return None
    return np.asarray(fitted, np.float64)
