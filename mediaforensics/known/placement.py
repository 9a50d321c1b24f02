"""A known picture laid over a frame: fitted by its local features, then compared cell by cell.

A picture is accepted only when the matches agree on one map and the picture, laid over the frame by that map,
looks like it in the cells that nothing covers. Faces of different people align too; they do not look alike.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.cells import CELL_PX, identical_cells, laid
from mediaforensics.known.features import Features
from mediaforensics.known.fitting import Agreement, Homography, fit, is_sane, settle, through
from mediaforensics.media.frame import Pixels

_Floats = NDArray[np.float32]

_CELLS = 12
_SIDE = CELL_PX * _CELLS
_STRONG = 0.9
_ROUNDS, _HARDLY_ANY, _PLENTY = 2, 3, 100
"""Of settling and drawing into place; the evidence below and above which another look changes nothing."""
_LEAST_ALIKE = 10
_SHOWN, _SHOWN_LEAST = 0.66, 0.2
_FLAT_SHARE, _FLAT_CELLS = 0.8, 12
_STRONG_LEAST = 0.4
"""Of 323 right placements (780 drawn frames against 2,825 pictures) one has less; two pairs of shots of one
face a moment apart have 0.2 and 0.29."""
EVIDENCE_LEAST = 30
"""Of 8,690 wrong placements (780 drawn frames against 2,825 pictures, other shots of the people shown among
them) none has as much; of the right ones 98 of 100, though flames, holes or text cover most of them."""
_ROUGHLY_WEIGHT = 1.5
"""None of 362 right placements on the same frames has less evidence; two shots of one face a moment apart had
0.7 times as much as cells roughly alike."""
_DETAIL_MOSTLY, _PLAIN_LEAST = 0.75, 0.3
"""Nearly all the detail is there, and hardly any of what is plain: for people cut out in the demo's video it
is 0.81 and more, and 0.22 of that at most."""
_EDGE_LEAST, _EDGE_CELLS, _FILLED_LEAST, _FILLED_PERCENT = 0.4, 8, 0.87, (5, 95)
"""On the same frames this refuses one right placement in a hundred under flames and six of those enlarged to
half the area (seven of other pictures), no other; and every cut-out of the demo's video."""
_DISPLACED_MOST = 1.0, 0.12, 0.02
"""Features beside their places: in all, per strict feature and per identical cell. At most so many have 99 of
100 right placements on the same frames."""
_STILL_FLAT_SHARE = 0.2
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
    identical_cells : int
        Of 24 x 24 cells those that are as good as identical; 0 where it was laid without looking at them.
    covered_fraction : float
        Share of the visible part of the picture that something else covers.
    alike_cells : int
        Cells with structure that look like the known picture.
    structured_fraction, flat_fraction : float
        Share of the visible cells with structure, and of those without, that look like it.
    strong_fraction : float
        Share of the alike cells that correlate at 0.9 or more: high where something covers a picture that
        is otherwise the same, low where another picture merely resembles it.
    edge_fraction : float
        Share of the visible cells of its left and right edge that look like it.
    filled_fraction : float
        Share of the cells that do, within the rectangle in which detail does.
    residual : ndarray, bool, shape (96, 96)
        The known picture as shown in 96 x 96 fields: True where something covers it.
    """

    homography: Homography
    size_px: tuple[int, int]
    mirrored: bool
    agreement: Agreement
    identical_cells: int
    covered_fraction: float
    alike_cells: int
    structured_fraction: float
    flat_fraction: float
    strong_fraction: float
    edge_fraction: float
    filled_fraction: float
    residual: NDArray[np.bool_]

    @property
    def evidence(self) -> int:
        """Cells that are as good as identical and features that agree strictly."""
        return self.identical_cells + self.agreement.strict

    @property
    def polygon(self) -> _Floats:
        """Corners of the known picture in the frame view, clockwise from its top left as shown: (4, 2)."""
        width, height = self.size_px
        corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
        return through(self.homography, corners).astype(np.float32)


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
        None where the matches do not agree, or hardly anything of it is there. Whether it is this picture is
        told by ``acceptable``.
    """
    best: Placement | None = None
    for homography, inliers in fit(frame, known):
        # A few matches fix a map only roughly; drawn into place, it may find more.
        for _ in range(_ROUNDS):
            homography, agreement = settle(frame, known, homography, inliers)
            placement = compare(frame_luma, known_luma, homography, mirrored=mirrored, agreement=agreement)
            placement = drawn_into_place(placement, frame_luma, known_luma)
            identical = identical_cells(frame_luma, known_luma, placement.homography)
            placement = replace(placement, identical_cells=identical)
            if (acceptable(placement) or placement.evidence >= EVIDENCE_LEAST) and (
                best is None or placement.evidence > best.evidence
            ):
                best = placement
            if not _HARDLY_ANY < placement.evidence < _PLENTY:
                break
            homography = placement.homography
        if best is not None and best.evidence >= _PLENTY:
            break
    return best


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

    Two thirds of it are seen, closely, and plain parts as well as detailed ones: where only detail agrees,
    somebody was cut out and put on another background, or it is another shot of the same person. Where more
    is covered, small cells that are as good as identical and features that agree strictly say that it is
    the picture. Hardly anything of it may then be beside its place, and few more cells may be roughly alike:
    those of another shot of the same moment are.
    """
    if placement.alike_cells < _LEAST_ALIKE:
        return False
    plain, detailed = placement.flat_fraction, placement.structured_fraction
    mostly_seen = 1 - placement.covered_fraction >= _SHOWN and detailed >= _SHOWN
    if mostly_seen and plain >= _FLAT_SHARE * detailed and placement.strong_fraction >= _STRONG_LEAST:
        return True
    roughly_alike = (1 - placement.strong_fraction) * placement.alike_cells
    counts = 1, placement.agreement.strict, placement.identical_cells
    return (
        placement.evidence >= max(EVIDENCE_LEAST, _ROUGHLY_WEIGHT * roughly_alike)
        and placement.agreement.displaced <= float(np.dot(_DISPLACED_MOST, counts))
        and not _cut_out(placement)
    )


def _cut_out(placement: Placement) -> bool:
    """Whether something with an outline of its own is there, without what is beside it in the picture.

    What covers a picture covers plain parts as well as detailed ones, and its edges as it covers the rest. A
    part that somebody cut straight out, or enlarged, has no edges either, but all that is within it.
    """
    plain, detailed = placement.flat_fraction, placement.structured_fraction
    if detailed >= _DETAIL_MOSTLY and plain < _PLAIN_LEAST * detailed:
        return True
    shown = 1 - placement.covered_fraction
    return placement.edge_fraction < _EDGE_LEAST * shown and placement.filled_fraction < _FILLED_LEAST


def still_there(placement: Placement, established: Placement) -> bool:
    """Whether a picture that was established is still where it was followed to, nearly as well seen."""
    shown, before = 1 - placement.covered_fraction, 1 - established.covered_fraction
    # What was found nearly covered may be as covered as it was.
    least_alike = min(_LEAST_ALIKE, max(4, round(0.6 * established.alike_cells)))
    least_shown = max(min(_SHOWN_LEAST, 0.6 * before), 0.3 * before)
    least_flat = min(_STILL_FLAT_SHARE * placement.structured_fraction, 0.6 * established.flat_fraction)
    plain_too = placement.flat_fraction >= least_flat
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
    cells = laid(frame_luma, known_luma, homography, _CELLS)
    structured, visible, alike = cells.structured, cells.visible, cells.alike
    if not visible.any():
        nothing = np.zeros((_SIDE, _SIDE), np.bool_)
        none = 0.0, 0.0, 0.0, 0.0, 0.0
        return Placement(homography, (width, height), mirrored, agreement, 0, 1.0, 0, *none, nothing)
    good = alike & visible
    strong = good & (cells.correlation >= _STRONG)
    if good.any():
        expected, gain = cells.brightness(strong if strong.sum() >= _LEAST_ALIKE else good, good)
        matching = np.where(structured, alike, cells.flat_alike(expected, gain)) & visible
    else:
        matching = good
    covered = 1 - float(matching.sum()) / float(visible.sum())
    detailed, plain = structured & visible, ~structured & visible
    structured_fraction = _share(matching, detailed)
    enough = int(plain.sum()) >= _FLAT_CELLS
    edge = np.zeros_like(visible)
    edge[:, [0, -1]] = visible[:, [0, -1]]
    return Placement(
        homography=homography,
        size_px=(width, height),
        mirrored=mirrored,
        agreement=agreement,
        identical_cells=0,
        covered_fraction=round(covered, 3),
        alike_cells=int(good.sum()),
        structured_fraction=structured_fraction,
        flat_fraction=_share(matching, plain) if enough else structured_fraction,
        strong_fraction=_share(strong, good),
        edge_fraction=_share(matching, edge) if int(edge.sum()) >= _EDGE_CELLS else 1 - covered,
        filled_fraction=_filled(matching, good),
        residual=np.kron(visible & ~matching, np.ones((CELL_PX, CELL_PX), np.bool_)),
    )


def _share(part: NDArray[np.bool_], of: NDArray[np.bool_]) -> float:
    return float((part & of).sum()) / max(1, int(of.sum()))


def _filled(matching: NDArray[np.bool_], good: NDArray[np.bool_]) -> float:
    """Share of what matches within the rectangle of what has detail and is alike, stray cells left out."""
    if not good.any():
        return 0.0
    rows, columns = np.nonzero(good)
    top, bottom = np.percentile(rows, _FILLED_PERCENT).astype(int)
    left, right = np.percentile(columns, _FILLED_PERCENT).astype(int)
    return float(matching[top : bottom + 1, left : right + 1].mean())


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
