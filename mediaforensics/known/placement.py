"""A known picture laid over a frame: fitted by its local features, then compared cell by cell.

A picture is accepted only when the matches agree on one map and the picture, laid over the frame by that map,
looks like it in the cells that nothing covers. Faces of different people align too; they do not look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.features import Features
from mediaforensics.known.fitting import Agreement, Homography, fit, is_sane, settle, through
from mediaforensics.media.frame import Pixels

_Floats = NDArray[np.float32]

_CELL_PX, _CELLS = 8, 12
_SIDE = _CELL_PX * _CELLS
_DETAIL_PX = 9
_FLAT_LEVEL = 2.0
_SPREAD_LEVEL = 12.0
_RIM_PX = 2
_ALIKE = 0.62
_STRONG = 0.9
_INLIERS_COVERED = 7
_LEAST_ALIKE = 10
_SHOWN, _SHOWN_LEAST = 0.66, 0.2
_FLAT_SHARE, _FLAT_CELLS = 0.8, 12
_STRONG_SHARE, _STRONG_CELLS = 0.5, 20
_STRICT_LEAST, _STRICT_ALIKE, _STRICT_FLAT_SHARE = 9, 12, 0.2
"""Of 264 wrong placements (780 frames against 2,825 pictures, other shots of the people shown among them)
none has more than 8 strict features; copies that the set holds twice are left out. In the demo's video the
same person cut out and put on another background mostly has less of the flat share."""
_DISPLACED_MOST = 0.12
"""Per strict feature: at most so many have 94 of 100 right placements; more have 5 of 8 of a picture in which
the face was warped."""
NOT_COMPARED = Agreement(0, 0, 0)
"""Where a picture is laid by its hash, no features are."""


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """A known picture laid over a frame.

    Attributes
    ----------
    homography : ndarray, float64, shape (3, 3)
        Known picture (as shown, so mirrored if ``mirrored``) to frame view.
    size_px : (int, int)
        Width and height of the known picture.
    mirrored : bool
        Shown left-right mirrored.
    agreement : Agreement
        How the local features of both agree on it.
    covered_fraction : float
        Share of the visible part of the picture that something else covers.
    alike_cells : int
        Cells with structure that look like the known picture.
    structured_fraction, flat_fraction : float
        Share of the visible cells with structure, and of those without, that look like it.
    strong_fraction : float
        Share of the alike cells that correlate at 0.9 or more: high where something covers a picture that
        is otherwise the same, low where another picture merely resembles it.
    residual : ndarray, bool, shape (96, 96)
        The known picture as shown in 96 x 96 fields: True where something covers it.
    """

    homography: Homography
    size_px: tuple[int, int]
    mirrored: bool
    agreement: Agreement
    covered_fraction: float
    alike_cells: int
    structured_fraction: float
    flat_fraction: float
    strong_fraction: float
    residual: NDArray[np.bool_]

    @property
    def polygon(self) -> _Floats:
        """Corners of the known picture in the frame view, clockwise from its top left as shown: (4, 2)."""
        width, height = self.size_px
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        return through(self.homography, corners).astype(np.float32)


def scaled(x: float, y: float) -> Homography:
    """The map that enlarges a picture; positions are those of pixel centres."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]], np.float64)


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
    fitted = fit(frame, known)
    if fitted is None:
        return None
    homography, agreement = settle(frame, known, *fitted)
    placement = compare(frame_luma, known_luma, homography, mirrored=mirrored, agreement=agreement)
    # A few matches fix a map only roughly.
    placement = drawn_into_place(placement, frame_luma, known_luma)
    return placement if acceptable(placement) else None


def drawn_into_place(placement: Placement, frame_luma: Pixels, known_luma: Pixels) -> Placement:
    """The picture itself, laid over the frame, drawn to where the frame shows it; as it was where that is
    no better. ``known_luma`` as shown (mirrored if the placement is).
    """
    size = frame_luma.shape[1], frame_luma.shape[0]
    laid = cast(Pixels, cv2.warpPerspective(known_luma, placement.homography, size))
    drawn = follow(laid, frame_luma, placement)
    if drawn is None:
        return placement
    finer = compare(frame_luma, known_luma, drawn, mirrored=placement.mirrored, agreement=placement.agreement)
    better = finer.alike_cells * finer.strong_fraction > placement.alike_cells * placement.strong_fraction
    return finer if better else placement


def acceptable(placement: Placement) -> bool:
    """Whether geometry and appearance together say that it is this picture.

    Two thirds of it are seen, and plain parts as well as detailed ones: where only the detail agrees,
    somebody was cut out and put on another background, or it is another shot of the same person. Where more
    is covered, nothing of the picture may be beside its place; then nine features that agree strictly say
    that it is the picture, or one fifth of it that is as good as identical.

    Of 25,440 wrong pairs (each of 160 press portraits of 40 people sought in each other one), plain and
    mirrored, none is accepted: two shots of one moment reach 0.55 shown and a strong fraction of 0.36.
    """
    shown = 1 - placement.covered_fraction
    if placement.alike_cells < _LEAST_ALIKE:
        return False
    plain, detailed = placement.flat_fraction, placement.structured_fraction
    if shown >= _SHOWN and detailed >= _SHOWN and plain >= _FLAT_SHARE * detailed:
        return True
    inliers, strict, displaced = placement.agreement
    if displaced > _DISPLACED_MOST * strict:
        return False
    if strict >= _STRICT_LEAST and placement.alike_cells >= _STRICT_ALIKE:
        return plain >= _STRICT_FLAT_SHARE * detailed
    if shown < _SHOWN_LEAST or inliers < _INLIERS_COVERED or plain < _FLAT_SHARE * detailed:
        return False
    strong_cells = placement.alike_cells * placement.strong_fraction
    return placement.strong_fraction >= _STRONG_SHARE and strong_cells >= _STRONG_CELLS


def still_there(placement: Placement, established: Placement) -> bool:
    """Whether a picture that was established is still where it was followed to."""
    shown, before = 1 - placement.covered_fraction, 1 - established.covered_fraction
    # What was found nearly covered may be as covered as it was.
    least_alike = min(_LEAST_ALIKE, max(4, round(0.6 * established.alike_cells)))
    least_shown = max(min(_SHOWN_LEAST, 0.6 * before), 0.3 * before)
    plain_too = placement.flat_fraction >= _STRICT_FLAT_SHARE * placement.structured_fraction
    return placement.alike_cells >= least_alike and shown >= least_shown and plain_too


def compare(
    frame_luma: Pixels,
    known_luma: Pixels,
    homography: Homography,
    *,
    mirrored: bool,
    agreement: Agreement = NOT_COMPARED,
) -> Placement:
    """Lay the known picture over the frame and compare 12 x 12 cells.

    A cell with structure is alike when its normalised correlation is at least 0.62; a flat cell when its
    brightness, after one gain and offset for the whole picture, is. Cells outside the frame do not count.
    """
    height, width = known_luma.shape
    to_frame = homography @ scaled(width / _SIDE, height / _SIDE)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shrink = max(1.0, float(np.hypot(*to_frame[:2, 0])), float(np.hypot(*to_frame[:2, 1])))
    source = cv2.blur(frame_luma, (round(shrink), round(shrink))) if shrink >= 2 else frame_luma
    shown = cv2.warpPerspective(source, to_frame, (_SIDE, _SIDE), flags=flags).astype(np.float32)
    known = cv2.resize(known_luma, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    shown, known = _without_rim(shown), _without_rim(known)
    visible = _in_frame(to_frame, frame_luma.shape)
    if not visible.any():
        nothing = np.zeros((_SIDE, _SIDE), np.bool_)
        return Placement(homography, (width, height), mirrored, agreement, 1.0, 0, 0.0, 0.0, 0.0, nothing)
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
        homography=homography,
        size_px=(width, height),
        mirrored=mirrored,
        agreement=agreement,
        covered_fraction=round(covered, 3),
        alike_cells=int(good.sum()),
        structured_fraction=structured_fraction,
        flat_fraction=_share(matching, plain) if enough else structured_fraction,
        strong_fraction=_share(strong, good),
        residual=np.kron(visible & ~matching, np.ones((_CELL_PX, _CELL_PX), np.bool_)),
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


def _in_frame(to_frame: Homography, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    centre = (np.arange(_CELLS) + 0.5) * _CELL_PX
    x, y = np.meshgrid(centre, centre)
    fx, fy = through(to_frame, np.column_stack([x.ravel(), y.ravel()])).T
    return np.asarray((fx >= 0) & (fy >= 0) & (fx < shape[1]) & (fy < shape[0])).reshape(x.shape)


def follow(before: Pixels, now: Pixels, placement: Placement) -> Homography | None:
    """Where a placed picture is in the next sample, by following points of it (Lucas-Kanade).

    Parameters
    ----------
    before, now : ndarray, uint8, shape (height, width)
        The view in which it was placed, and the next one.
    placement : Placement
        Where it was.

    Returns
    -------
    ndarray, shape (3, 3), or None
        The new map; None where too few points could be followed.
    """
    rows = np.linspace(0.08, 0.92, 9)
    grid = np.array([(u * placement.size_px[0], v * placement.size_px[1]) for v in rows for u in rows])
    points = through(placement.homography, grid).astype(np.float32)
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
    if fitted is None or int(mask.sum()) < 8:
        return None
    moved_to = np.vstack([np.asarray(fitted, np.float64), [0.0, 0.0, 1.0]])
    return moved_to if is_sane(moved_to) else None
