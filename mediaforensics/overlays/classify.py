"""The trained model: kinds of violent overlay on a face's surroundings, with a coarse mask of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
    sha256="50d538e0bbf6dc54ab77de9efa10162aa9e1454204a7163bc16f24301a817819",
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
_HOLE_SIDE_PX = 17
_HOLE_DEPTH = 28.0
_MIN_HOLE_PX = 5

FloatBox = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SeenKind:
    """One kind of overlay on one crop.

    Attributes
    ----------
    confidence : float
        0..1; 0.5 is the working point of the model card.
    coverage_fraction : float
        Share of the face that it covers, 0..1.
    box : (float, float, float, float)
        Around it, in crop fractions ``x0, y0, x1, y1``.
    count : int
        Separate bullet holes; 1 for every other kind.
    mask : ndarray, float32, shape (16, 16)
        Share of each cell of the crop that it covers.
    """

    confidence: float
    coverage_fraction: float
    box: FloatBox
    count: int
    mask: NDArray[np.float32]


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

    def classify(self, crop: Pixels, face: FloatBox, *, above: float = 0.5) -> Mapping[OverlayKind, SeenKind]:
        """Say what lies over a face.

        Parameters
        ----------
        crop : ndarray, uint8, shape (128, 128, 3), RGB
            The face with its surroundings.
        face : (float, float, float, float)
            The face inside the crop, in crop fractions.
        above : float
            Kinds with less confidence are left out.
        """
        confidence, mask = self.confidences(crop)
        return {
            kind: describe(crop, kind, float(confidence[k]), mask[k], face)
            for k, kind in enumerate(KINDS)
            if confidence[k] >= above
        }


def describe(
    crop: Pixels, kind: OverlayKind, confidence: float, mask: NDArray[np.float32], face: FloatBox
) -> SeenKind:
    """Turn one kind's confidence and mask into measurements.

    Parameters
    ----------
    crop : ndarray, uint8, shape (128, 128, 3), RGB
    kind : str
    confidence : float
    mask : ndarray, float32, shape (16, 16)
    face : (float, float, float, float)
        In crop fractions.
    """
    return SeenKind(
        confidence=confidence,
        coverage_fraction=_mean_inside(mask, face),
        box=_extent(mask),
        count=count_holes(crop, mask) if kind == "bullet_hole" else 1,
        mask=mask,
    )


def context_box(face: FloatBox, sides: float = CONTEXT_SIDES) -> tuple[int, int, int, int]:
    """Square around a face (``x0, y0, x1, y1``, pixels), ``sides`` times its longer side; may overhang."""
    x0, y0, x1, y1 = face
    half = max(x1 - x0, y1 - y0) * sides / 2
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    left, top = round(cx - half), round(cy - half)
    side = max(2, round(2 * half))
    return left, top, left + side, top + side


def square_crop(picture: Pixels, box: tuple[int, int, int, int]) -> Pixels:
    """Cut ``box`` out of a picture, repeating its edge where the box leaves it, at 128 x 128.

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
        framed = cv2.copyMakeBorder(inner, top, bottom, left, right, cv2.BORDER_REPLICATE)
        inner = np.asarray(framed, np.uint8)
    if inner.shape[:2] == (CROP_PX, CROP_PX):
        return np.ascontiguousarray(inner)
    shrinking = inner.shape[0] > CROP_PX
    method = cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(inner, (CROP_PX, CROP_PX), interpolation=method), np.uint8)


def count_holes(crop: Pixels, mask: NDArray[np.float32]) -> int:
    """Count separate dark marks of compact shape under a mask: at least 1.

    A mark is darker than a ring around it (a morphological black hat), so that a dark coat is none. The
    network's mask is too coarse to tell neighbours apart; this only describes what it found.
    """
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (_HOLE_SIDE_PX, _HOLE_SIDE_PX))
    deep = cv2.morphologyEx(grey, cv2.MORPH_BLACKHAT, kernel) > _HOLE_DEPTH
    under = cv2.resize(mask, (CROP_PX, CROP_PX), interpolation=cv2.INTER_LINEAR) > _SHOWN_FRACTION
    found, _, stats, _ = cv2.connectedComponentsWithStats((deep & under).astype(np.uint8), connectivity=4)
    marks = 0
    for x in range(1, found):
        width, height = int(stats[x, cv2.CC_STAT_WIDTH]), int(stats[x, cv2.CC_STAT_HEIGHT])
        area = int(stats[x, cv2.CC_STAT_AREA])
        long, short = max(width, height), min(width, height)
        marks += area >= _MIN_HOLE_PX and long <= 2.2 * short and area >= 0.4 * width * height
    return max(1, marks)


def _mean_inside(mask: NDArray[np.float32], face: FloatBox) -> float:
    """Mean of a cell plane inside a box of crop fractions, cells at the edge by their share."""
    edges = np.arange(MASK_CELLS + 1) / MASK_CELLS
    across = np.clip(np.minimum(edges[1:], face[2]) - np.maximum(edges[:-1], face[0]), 0, None)
    down = np.clip(np.minimum(edges[1:], face[3]) - np.maximum(edges[:-1], face[1]), 0, None)
    weight = down[:, None] * across[None, :]
    total = float(weight.sum())
    return min(1.0, max(0.0, float((mask * weight).sum()) / total)) if total > 0 else 0.0


def _extent(mask: NDArray[np.float32]) -> FloatBox:
    """Box around the cells that count, in crop fractions; the whole crop where none does."""
    least = max(_SHOWN_FRACTION, _RELATIVE_FRACTION * float(mask.max()))
    rows, columns = np.nonzero(mask >= least)
    if len(rows) == 0:
        return (0.0, 0.0, 1.0, 1.0)
    return (
        float(columns.min()) / MASK_CELLS,
        float(rows.min()) / MASK_CELLS,
        float(columns.max() + 1) / MASK_CELLS,
        float(rows.max() + 1) / MASK_CELLS,
    )
