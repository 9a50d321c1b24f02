"""A known picture laid over a frame, cell by cell: what both show there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.fitting import Homography, through
from mediaforensics.media.frame import Pixels

CELL_PX = 8
_DETAIL_PX = 9
_FLAT_LEVEL = 2.0
_RIM_PX = 2
_SHARPER = 0.9
_LIKENESS, _LEAST_CONTRAST = 0.62, 0.3
_SPREAD_LEVEL = 12.0
_SMALL_CELLS, _IDENTICAL = 24, 0.9

_Floats = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Square cells of a known picture and of what the frame shows there, each array of shape (n, n).

    Attributes
    ----------
    correlation : ndarray, float32
        Of the detail of both, -1 to 1.
    shown_detail, known_detail : ndarray, float32
        Standard deviation of the detail, in levels.
    shown_mean, known_mean : ndarray, float32
        Brightness.
    visible : ndarray, bool
        Whether the cell is inside the frame.
    own_fraction : float
        Pixels that the frame has for each pixel of a cell, at most 1: of a picture that it shows smaller,
        neighbouring cells say partly the same.
    """

    correlation: _Floats
    shown_detail: _Floats
    known_detail: _Floats
    shown_mean: _Floats
    known_mean: _Floats
    visible: _Mask
    own_fraction: float

    @property
    def structured(self) -> _Mask:
        """Whether the known picture has any detail there."""
        return np.asarray(self.known_detail >= _FLAT_LEVEL)

    @property
    def alike(self) -> _Mask:
        """Whether it has, and the frame shows the same."""
        contrast = self.shown_detail >= _LEAST_CONTRAST * self.known_detail
        return np.asarray(self.structured & (self.correlation >= _LIKENESS) & contrast)

    def brightness(self, sure: _Mask, alike: _Mask) -> tuple[_Floats, float]:
        """Expected brightness of each cell and the gain of detail, fitted to cells that show the same.

        Glare on some of them must not tip the line: the slope is the median over pairs of a darker and a
        brighter one of those that are ``sure``. The gain of detail is not that of brightness where the frame
        is less sharp than the known picture; it serves where the sure cells are all about equally bright.
        """
        detail_gain = float(np.clip(np.median(self.shown_detail[alike] / self.known_detail[alike]), 0.3, 3))
        x, y = self.known_mean[sure], self.shown_mean[sure]
        gain = detail_gain
        if float(x.std()) >= _SPREAD_LEVEL:
            order = np.argsort(x, kind="stable")
            low, high = order[: len(x) // 2], order[len(x) - len(x) // 2 :]
            rise = x[high] - x[low]
            slopes = (y[high] - y[low])[rise >= 1] / rise[rise >= 1]
            gain = float(np.clip(np.median(slopes), 0.3, 3)) if len(slopes) else detail_gain
        return cast(_Floats, gain * self.known_mean + float(np.median(y - gain * x))), detail_gain

    def flat_alike(self, expected: _Floats, gain: float) -> _Mask:
        """Whether the frame is of the expected brightness there, and as plain as a plain cell."""
        plain = self.shown_detail < gain * _FLAT_LEVEL + 5
        return np.asarray((np.abs(self.shown_mean - expected) < 18) & plain)


def laid(frame_luma: Pixels, known_luma: Pixels, homography: Homography, cells: int) -> Cells:
    """Bring what the frame shows into the shape of the known picture and cut both into cells.

    Parameters
    ----------
    frame_luma, known_luma : ndarray, uint8, shape (height, width)
        ``known_luma`` as shown (mirrored if it is).
    homography : ndarray, float64, shape (3, 3)
        Known picture to frame.
    cells : int
        A side; each is of 8 x 8 pixels of the reduced picture.
    """
    side = cells * CELL_PX
    height, width = known_luma.shape
    to_frame = homography @ scaled(width / side, height / side)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    shrink = max(1.0, float(np.hypot(*to_frame[:2, 0])), float(np.hypot(*to_frame[:2, 1])))
    source = cv2.blur(frame_luma, (round(shrink), round(shrink))) if shrink >= 2 else frame_luma
    shown = cv2.warpPerspective(source, to_frame, (side, side), flags=flags).astype(np.float32)
    known = cv2.resize(known_luma, (side, side), interpolation=cv2.INTER_AREA).astype(np.float32)
    scale = float(np.sqrt(abs(np.linalg.det(to_frame[:2, :2]))))
    if scale < _SHARPER:
        # The frame shows it smaller than this: detail that it cannot show must not be missed there.
        known = cast(_Floats, cv2.GaussianBlur(known, (0, 0), 0.5 * float(np.sqrt(scale**-2 - 1))))
    shown, known = _without_rim(shown), _without_rim(known)
    # Slow shading agrees by chance; detail does not.
    a, b = _cut(_detail(shown), cells), _cut(_detail(known), cells)
    a -= a.mean(axis=2, keepdims=True)
    b -= b.mean(axis=2, keepdims=True)
    a_std, b_std = a.std(axis=2), b.std(axis=2)
    return Cells(
        correlation=(a * b).mean(axis=2) / np.maximum(a_std * b_std, 1e-3),
        shown_detail=a_std,
        known_detail=b_std,
        shown_mean=_cut(shown, cells).mean(axis=2),
        known_mean=_cut(known, cells).mean(axis=2),
        visible=_in_frame(to_frame, frame_luma.shape, cells),
        own_fraction=min(1.0, scale**2),
    )


def identical_cells(frame_luma: Pixels, known_luma: Pixels, homography: Homography) -> int:
    """Of 24 x 24 small cells those whose detail is as good as identical: correlated by 0.9 or more.

    Another shot of the same person agrees roughly almost everywhere, and closely in few cells; of a covered
    picture little agrees, and that closely. Cells of which the frame shows less than all pixels count as
    that part.
    """
    cells = laid(frame_luma, known_luma, homography, _SMALL_CELLS)
    identical = cells.structured & cells.visible & (cells.correlation >= _IDENTICAL)
    return int(identical.sum() * cells.own_fraction)


def scaled(x: float, y: float) -> Homography:
    """The map that enlarges a picture; positions are those of pixel centres."""
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]], np.float64)


def _cut(picture: _Floats, cells: int) -> _Floats:
    """Shape (cells, cells, 64): the pixels of each cell."""
    shape = (cells, CELL_PX, cells, CELL_PX)
    return picture.reshape(shape).swapaxes(1, 2).reshape(cells, cells, CELL_PX * CELL_PX)


def _detail(picture: _Floats) -> _Floats:
    return cast(_Floats, picture - cv2.blur(picture, (_DETAIL_PX, _DETAIL_PX)))


def _without_rim(picture: _Floats) -> _Floats:
    """Go on as just inside: at its rim a picture in a frame is mixed with what is beside it."""
    inner = picture[_RIM_PX:-_RIM_PX, _RIM_PX:-_RIM_PX]
    border = (_RIM_PX,) * 4
    return cast(_Floats, cv2.copyMakeBorder(inner, *border, borderType=cv2.BORDER_REPLICATE))


def _in_frame(to_frame: Homography, shape: tuple[int, ...], cells: int) -> _Mask:
    centre = (np.arange(cells) + 0.5) * CELL_PX
    x, y = np.meshgrid(centre, centre)
    fx, fy = through(to_frame, np.column_stack([x.ravel(), y.ravel()])).T
    return np.asarray((fx >= 0) & (fy >= 0) & (fx < shape[1]) & (fy < shape[0])).reshape(x.shape)
