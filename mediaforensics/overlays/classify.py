"""The trained model: kinds of violent overlay on a face's surroundings, with a coarse mask of each."""

from __future__ import annotations

from typing import get_args

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.models import Model
from mediaforensics.observations import OverlayKind

OVERLAYS = Model(
    name="overlays",
    file="overlays.onnx",
    sha256="a1d5da5d4c9988260e2d7ea4ad03a8cc2fe046b928852ad3d854a1d0e2fcb013",
    licence="Apache-2.0",
    source="training/overlays",
)
KINDS: tuple[OverlayKind, ...] = get_args(OverlayKind)
"""In the order of the network's answers."""
CROP_PX = 128
MASK_CELLS = 16
CONTEXT_SIDES = 2.0
"""A crop is this many times the longer side of the face: what frames a face belongs to it."""

_SHOWN_FRACTION = 0.12
"""A mask cell of 8 x 8 pixels that is covered this much counts as part of the overlay: thin strokes."""
_RELATIVE_FRACTION = 0.35
_FINE_FRACTION = 0.5
_HOLE_SIGMAS_PX = (1.2, 1.7, 2.4, 3.4, 4.8, 6.8, 9.6)
_HOLE_DARKNESS = 0.6
"""A hole is at most this bright, of what is around it."""
_LEAST_HOLE_DEPTH = 10.0
_LIKE_STRENGTH = 0.55

FloatBox = tuple[float, float, float, float]


class OverlayClassifier:
    """The network. Immutable; may be shared by threads.

    Raises
    ------
    ModelMismatch
        The weights are missing or altered.
    """

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            OVERLAYS.read(), options, providers=["CPUExecutionProvider"]
        )

    def confidences(self, crop: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Run the network.

        Parameters
        ----------
        crop : ndarray, uint8, shape (128, 128, 3), RGB
            As ``square_crop`` cuts it.

        Returns
        -------
        confidence : ndarray, float32, shape (9,)
            One per kind of ``KINDS``.
        mask : ndarray, float32, shape (9, 16, 16)
            Covered share of each cell.
        """
        planes = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32)
        confidence, mask = self._session.run(None, {"crops": planes})
        return confidence[0], mask[0]


def context_box(face: FloatBox, sides: float = CONTEXT_SIDES) -> tuple[int, int, int, int]:
    """Square around a face (``x0, y0, x1, y1``, pixels), ``sides`` times its longer side; may overhang."""
    x0, y0, x1, y1 = face
    half = max(x1 - x0, y1 - y0) * sides / 2
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    left, top = round(cx - half), round(cy - half)
    side = max(2, round(2 * half))
    return left, top, left + side, top + side


def square_crop(picture: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    """Cut ``box`` out of a picture, mirroring it where the box leaves it, at 128 x 128.

    Parameters
    ----------
    picture : ndarray, uint8, shape (height, width, 3), RGB
    box : (int, int, int, int)
        ``x0, y0, x1, y1`` in the picture's pixels, a square.
    """
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = box
    cx0, cy0 = min(max(x0, 0), width - 1), min(max(y0, 0), height - 1)
    cx1, cy1 = max(min(x1, width), cx0 + 1), max(min(y1, height), cy0 + 1)
    inner = picture[cy0:cy1, cx0:cx1]
    side = x1 - x0
    if side > 2 * CROP_PX:  # shrink first: the border is then cheap whatever the size of the face
        scale = CROP_PX / side
        size = (max(1, round((cx1 - cx0) * scale)), max(1, round((cy1 - cy0) * scale)))
        inner = np.asarray(cv2.resize(inner, size, interpolation=cv2.INTER_AREA), np.uint8)
    else:
        scale = 1.0
    target = round(side * scale)
    left = min(max(round((cx0 - x0) * scale), 0), max(target - inner.shape[1], 0))
    top = min(max(round((cy0 - y0) * scale), 0), max(target - inner.shape[0], 0))
    right = max(target - left - inner.shape[1], 0)
    bottom = max(target - top - inner.shape[0], 0)
    if left or top or right or bottom:
        framed = cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REFLECT_101)
        inner = np.asarray(framed, np.uint8)
    if inner.shape[:2] == (CROP_PX, CROP_PX):
        return np.ascontiguousarray(inner)
    shrinking = inner.shape[0] > CROP_PX
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inner, (CROP_PX, CROP_PX), interpolation=method), np.uint8)


def isolated(crop: Pixels, covered: NDArray[np.float32]) -> Pixels:
    """A crop with everything but what was laid over it replaced by grey, as the network was taught.

    Parameters
    ----------
    crop : ndarray, uint8, shape (height, width, 3), RGB
    covered : ndarray, float32, shape (height, width)
        0..1.
    """
    share = covered[..., None]
    return np.asarray(crop * share + 128.0 * (1 - share) + 0.5, np.uint8)


def count_holes(crop: Pixels, mask: NDArray[np.float32]) -> int:
    """Count separate dark round marks of like strength under a mask: at least 1.

    Differences of Gaussians over five sizes (Lindeberg 1998); a mark is a peak clearly darker than what is
    around it and nearly as strong as the strongest one, so that cracks, sparks and eyes are not counted.
    The network's mask is too coarse to tell neighbours apart; this only describes what it found. On painted
    holes (1 to 13, many of them touching) it is 2.4 off on average.

    Parameters
    ----------
    crop : ndarray, uint8, shape (128, 128, 3), RGB
    mask : ndarray, float32, square
        Covered share of each cell.
    """
    grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), np.float32)
    planes = [np.asarray(cv2.GaussianBlur(grey, (0, 0), sigma), np.float32) for sigma in _HOLE_SIGMAS_PX]
    sizes = len(planes) - 2
    darker = np.stack([planes[k + 2] - planes[k] for k in range(sizes)])
    depth, size = darker.max(axis=0), darker.argmax(axis=0)
    under = np.asarray(cv2.resize(mask, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR)) > _SHOWN_FRACTION
    peak = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))) & under & (depth > _LEAST_HOLE_DEPTH)
    places = sorted(zip(*np.nonzero(peak), strict=True), key=lambda at: (-float(depth[at]), at))
    kept: list[tuple[int, int, float]] = []
    strongest = 0.0
    for y, x in places:
        radius_px = 1.4 * _HOLE_SIGMAS_PX[size[y, x]]
        if planes[0][y, x] > _HOLE_DARKNESS * planes[size[y, x] + 2][y, x]:
            continue
        strongest = strongest or float(depth[y, x])
        if depth[y, x] < _LIKE_STRENGTH * strongest:
            break
        apart = ((y - v) ** 2 + (x - u) ** 2 >= (1.3 * max(radius_px, r)) ** 2 for v, u, r in kept)
        if all(apart):
            kept.append((int(y), int(x), radius_px))
    return max(1, len(kept))


def mean_inside(covered: NDArray[np.float32], box: FloatBox) -> float:
    """Mean of square cells inside a box of crop fractions, cells at the edge by their share."""
    edges = np.arange(len(covered) + 1) / len(covered)
    across = np.clip(np.minimum(edges[1:], box[2]) - np.maximum(edges[:-1], box[0]), 0, None)
    down = np.clip(np.minimum(edges[1:], box[3]) - np.maximum(edges[:-1], box[1]), 0, None)
    weight = down[:, None] * across[None, :]
    total = float(weight.sum())
    return min(1.0, max(0.0, float((covered * weight).sum()) / total)) if total > 0 else 0.0


def shown_cells(covered: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which cells count as covered: half of a fine one, less of a coarse one, where strokes are thinner."""
    if len(covered) > MASK_CELLS:
        return np.asarray(covered >= _FINE_FRACTION)
    return np.asarray(covered >= max(_SHOWN_FRACTION, _RELATIVE_FRACTION * float(covered.max())))


def extent(cells: NDArray[np.bool_]) -> FloatBox:
    """Box around the cells that count, in crop fractions; the whole crop where none does."""
    rows, columns = np.nonzero(cells)
    if len(rows) == 0:
        return (0.0, 0.0, 1.0, 1.0)
    side = len(cells)
    return (
        float(columns.min()) / side,
        float(rows.min()) / side,
        float(columns.max() + 1) / side,
        float(rows.max() + 1) / side,
    )
