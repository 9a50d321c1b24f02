"""What was laid over a known picture: the frame minus the picture, brought into register and exposure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Frame
from mediaforensics.observations import Residual
from mediaforensics.types import Box, Quad

SIDE_PX = 192
"""Longer side of the known picture while both are compared."""
_CLOSE_UP_PX = 480
_BLUR_PX = 3
_BLURS = (0.0, 0.6, 1.0, 1.5, 2.2)
_LEAST_SURE_PX, _FITTED_PX = 200, 1500
"""Fewer bare pixels say nothing of the exposure; more than those fitted say nothing new."""
_TRIALS, _PLACES, _RUN_PX, _AGREEING_LEVELS = 40, 4, 6, 12.0
_LEAST_FITTED_PX = 40
_TRUST_SIGMAS, _LEAST_LIMIT_LEVELS, _ROUNDS = 2.5, 4.0, 5
_FEW_RIDGE_LEVELS, _RIDGE_LEVELS = 6.0, 2.0
"""Of 168 drawn frames (12 each of 14 sorts; portraits and photographs, graded, saved as JPEG of quality 40 to
90) all that were placed could be fitted, with fire over two thirds of the picture too."""
_NOISE_LEVELS = 2.0
_SURE_NOISES, _SURE_EDGES = 5.0, 0.5
_LIKELY_NOISES, _LIKELY_EDGES = 2.5, 0.25
"""On the same frames: none of the bare pictures has anything over it, and the median overlap (intersection
over union) with what was laid is 0.82 to 0.94 by sort, 0.66 for single small holes."""
_LEAST_BLOB_FRACTION = 0.0006
"""Of the picture: 13 by 2 pixels of 192 by 230; smaller specks are noise."""
_TEXT_GROWTH = 0.12
"""Of a line's height: outlines and shadows of letters are lettering, too."""
_RIM_PX = 2

Plane = NDArray[np.float32]
Bits = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class LaidOver:
    """What lies over a known picture.

    Attributes
    ----------
    mask : ndarray, bool, shape (height, width)
        In the known picture as shown, its longer side ``SIDE_PX``: True where something was laid over it.
        Read lettering is taken out.
    visible : ndarray, bool, shape (height, width)
        What lies inside the frame.
    to_source : ndarray, float64, shape (3, 3)
        Homography from mask pixels to source pixels.
    """

    mask: Bits
    visible: Bits
    to_source: NDArray[np.float64]

    @property
    def picture_fraction(self) -> float:
        """Share of the visible part of the known picture that is covered, 0..1."""
        return float(self.mask.sum()) / max(1, int(self.visible.sum()))

    @property
    def visible_area_px(self) -> float:
        """Area of the visible part, square source pixels."""
        return max(1.0, float(self.visible.sum()) * abs(float(np.linalg.det(self.to_source[:2, :2]))))

    def over(self, box: Box, columns: int, rows: int) -> tuple[Plane, Plane]:
        """Cut a box of the frame into cells.

        Returns
        -------
        covered, known : ndarray, float32, shape (rows, columns)
            Share of each cell that is covered, and that the known picture says something about.
        """
        to_cells = np.array(
            [
                [columns / max(1, box.width_px), 0, -box.x0 * columns / max(1, box.width_px)],
                [0, rows / max(1, box.height_px), -box.y0 * rows / max(1, box.height_px)],
                [0, 0, 1],
            ]
        )
        to_mask_cells = to_cells @ self.to_source
        cells_per_px = abs(float(np.linalg.det(to_mask_cells[:2, :2]))) ** 0.5
        # As many samples a cell as it has pixels of the mask.
        samples = int(np.clip(np.ceil(1 / max(cells_per_px, 1e-3)), 1, 8))
        finer = np.diag([samples, samples, 1.0]) @ to_mask_cells
        size = samples * columns, samples * rows
        both = cv2.merge([self.mask.astype(np.float32), self.visible.astype(np.float32)])
        laid = cv2.warpPerspective(both, finer, size, flags=cv2.INTER_LINEAR)
        if samples > 1:
            laid = cv2.resize(laid, (columns, rows), interpolation=cv2.INTER_AREA)
        return cast(Plane, laid[..., 0]), cast(Plane, laid[..., 1])


def laid_over(frame: Frame, residual: Residual, lettering: Sequence[Quad]) -> LaidOver | None:
    """Find what was laid over a known picture.

    The exposure is fitted on what the matcher found to agree only: what covers most of the picture must not
    teach it. Then what differs by many times the noise of the rest is the overlay, edges counting for less
    where sharpness or register are a little off.

    Parameters
    ----------
    frame : Frame
        The sample's.
    residual : Residual
        Where the known picture lies in it, and roughly what is covered.
    lettering : sequence of Quad
        Lines of text that were read: their pixels are not taken for an overlay.

    Returns
    -------
    LaidOver or None
        None where too little of the picture agrees to fit the exposure.
    """
    height, width = residual.known.shape[:2]
    scale = min(1.0, SIDE_PX / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    known = np.asarray(cv2.resize(residual.known, size, interpolation=cv2.INTER_AREA), np.float32)
    to_source = np.array(residual.to_source).reshape(3, 3) @ np.diag(
        [residual.width_px / size[0], residual.height_px / size[1], 1.0]
    )
    shown, visible = _brought(frame, to_source, size)
    rough = cv2.resize(residual.mask().astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    sure = visible & ~rough
    if int(sure.sum()) < _LEAST_SURE_PX:
        return None
    expected, trusted = _exposed(known, shown, sure)
    expected = _as_sharp_as(expected, shown, trusted)
    off = apart(shown, expected)
    around = cv2.blur(off, (_BLUR_PX, _BLUR_PX))
    noise = 1.4826 * float(np.median(off[trusted])) + _NOISE_LEVELS
    edges = _edges(expected)
    sure_of = around > _SURE_NOISES * noise + _SURE_EDGES * edges
    likely = off > _LIKELY_NOISES * noise + _LIKELY_EDGES * edges
    words = _filled(lettering, to_source, size)
    mask = _grown_from(sure_of, likely) & visible & ~words
    return LaidOver(_without_specks(mask), visible, to_source)


def _brought(frame: Frame, to_source: NDArray[np.float64], size: tuple[int, int]) -> tuple[Plane, Bits]:
    """The frame's pixels in the place of the known picture's, and which of them the frame has."""
    corners = np.array([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]], np.float64)
    at = cv2.perspectiveTransform(corners[None], to_source)[0]
    x0, y0 = np.floor(at.min(axis=0)).astype(int)
    x1, y1 = np.ceil(at.max(axis=0)).astype(int)
    around = Box(int(x0), int(y0), int(x1) + 1, int(y1) + 1).clipped(frame.size_px)
    if not around.area_px:
        return np.zeros((size[1], size[0], 3), np.float32), np.zeros((size[1], size[0]), np.bool_)
    view = frame.crop(around, _CLOSE_UP_PX)
    (sx, sy), (ox, oy) = view.source_per_view, view.origin_px
    to_view = np.array([[1 / sx, 0, -ox / sx], [0, 1 / sy, -oy / sy], [0, 0, 1]]) @ to_source
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pixels = view.pixels
    shrink = round(float(np.sqrt(abs(np.linalg.det(to_view[:2, :2])))))
    if shrink >= 2:
        pixels = cast(NDArray[np.uint8], cv2.blur(pixels, (shrink, shrink)))
    shown = cv2.warpPerspective(pixels, to_view, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    inside = cv2.warpPerspective(np.ones(pixels.shape[:2], np.uint8), to_view, size, flags=flags) > 0
    # Its rim is mixed with what is beside it.
    inside[:_RIM_PX], inside[-_RIM_PX:], inside[:, :_RIM_PX], inside[:, -_RIM_PX:] = (False,) * 4
    return shown.astype(np.float32), np.asarray(inside)


def _as_sharp_as(expected: Plane, shown: Plane, trusted: Bits) -> Plane:
    """The expected picture blurred until its detail is as fine as the frame's."""
    best, least = expected, np.inf
    for sigma in _BLURS:
        blurred = cast(Plane, cv2.GaussianBlur(expected, (0, 0), sigma)) if sigma else expected
        off = float(np.mean(np.abs(shown - blurred)[trusted]))
        if off > least:
            break
        best, least = blurred, off
    return best


def _exposed(known: Plane, shown: Plane, sure: Bits) -> tuple[Plane, Bits]:
    """The known picture as the frame would show it: each channel a weighted sum of its channels.

    A grade mixes channels (a tint, a picture made grey), so three gains alone do not do. Plain fire looks
    to a matcher like a plain wall that is well lit, so what is sure is not all true: of weights fitted to a
    few random places each, those are refined on which most pixels agree (RANSAC, Fischler and Bolles 1981).
    Only places where both show detail have a say: anything plain agrees with anything plain.
    """
    flat = np.concatenate([known.reshape(-1, 3), np.ones((known.shape[0] * known.shape[1], 1))], axis=1)
    places = np.flatnonzero(sure.ravel())
    places = places[:: max(1, len(places) // _FITTED_PX)]
    x, y = flat[places].astype(np.float64), shown.reshape(-1, 3)[places].astype(np.float64)
    detail = np.minimum(_edges(known), _edges(shown)).ravel()[places]
    random = np.random.default_rng(0)
    best, most = np.eye(4, 3), -1.0
    for trial in range(_TRIALS):
        at = random.integers(0, len(places), (_PLACES, 1)) + np.arange(_RUN_PX)
        at = np.minimum(at.ravel(), len(places) - 1)
        weights = _fitted(x[at], y[at], _FEW_RIDGE_LEVELS) if trial else best
        agreeing = float(detail[apart(x @ weights, y) <= _AGREEING_LEVELS].sum())
        if agreeing > most:
            best, most = weights, agreeing
    limit = _AGREEING_LEVELS
    for _ in range(_ROUNDS):
        off = apart(x @ best, y)
        keep = off <= limit
        if int(keep.sum()) < _LEAST_FITTED_PX:
            break
        best = _fitted(x[keep], y[keep], _RIDGE_LEVELS)
        limit = max(_TRUST_SIGMAS * 1.4826 * float(np.median(off[keep])), _LEAST_LIMIT_LEVELS)
    expected = np.clip(flat @ best, 0, 255).reshape(known.shape).astype(np.float32)
    trusted = sure & (apart(shown, expected) <= limit)
    return expected, trusted if int(trusted.sum()) >= _LEAST_SURE_PX else sure


def apart(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """The largest difference of the three channels, which are the last axis."""
    off = np.abs(a - b)
    return np.asarray(np.maximum(np.maximum(off[..., 0], off[..., 1]), off[..., 2]))


def _fitted(x: NDArray[np.float64], y: NDArray[np.float64], ridge_levels: float) -> NDArray[np.float64]:
    """Least squares, drawn to the picture as it is where what it is fitted to cannot tell."""
    pull = ridge_levels**2 * len(x) * np.diag([1.0, 1.0, 1.0, 0.0])
    return np.asarray(np.linalg.solve(x.T @ x + pull, x.T @ y + pull @ np.eye(4, 3)))


def _edges(picture: Plane) -> Plane:
    """How far a pixel of it is from its neighbours: what a shift by one pixel would change."""
    kernel = np.ones((3, 3), np.uint8)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return cast(Plane, cv2.dilate(grey, kernel) - cv2.erode(grey, kernel))


def _grown_from(sure: Bits, likely: Bits) -> Bits:
    """Connected likely pixels that hold a sure one; small gaps between them closed."""
    count, labels = cv2.connectedComponents(likely.astype(np.uint8), connectivity=8)
    held = np.zeros(count, np.bool_)
    held[labels[sure & likely]] = True
    held[0] = False
    kept = held[labels].astype(np.uint8)
    return np.asarray(cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0)


def _without_specks(mask: Bits) -> Bits:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    large = stats[:, cv2.CC_STAT_AREA] >= max(6, _LEAST_BLOB_FRACTION * mask.size)
    large[0] = False
    return np.asarray(large[labels]) if count > 1 else mask


def _filled(lines: Sequence[Quad], to_source: NDArray[np.float64], size: tuple[int, int]) -> Bits:
    """Lines of text in the known picture, a little larger than they were read."""
    plane = np.zeros((size[1], size[0]), np.uint8)
    to_mask = np.linalg.inv(to_source)
    for quad in lines:
        corners = np.array(quad.corners, np.float64)
        middle = corners.mean(axis=0)
        high = np.linalg.norm(corners[3] - corners[0])
        reach = np.linalg.norm(corners - middle, axis=1, keepdims=True)
        corners = corners + (corners - middle) / np.maximum(reach, 1e-6) * (2 * _TEXT_GROWTH * high)
        laid = cv2.perspectiveTransform(corners[None], to_mask)[0]
        cv2.fillPoly(plane, [np.round(np.clip(laid, -4096, 4096)).astype(np.int32)], 1)
    return plane > 0
