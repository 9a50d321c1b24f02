"""The faces of one frame, in source pixels: the right scale, and a close look at what is doubtful."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from mediaforensics.faces.locate import (
    DETECT_CONFIDENCE,
    SURE_CONFIDENCE,
    FaceLocator,
    LocatedFace,
    doubtful,
    one_each,
    reddened,
    through,
)
from mediaforensics.media.frame import Frame, Pixels, View
from mediaforensics.types import Box

_VIEW_SIDE_PX = 640
"""A face of 20 px in a 1280 px frame is 10 px here, YuNet's smallest."""
_SMALL_VIEW_SIDE_PX = 400
"""Below this the picture is enlarged twice, since its faces are as small as it is."""
_SMALL_SIDE_PX = 320
"""Enough for faces of a 25th of the longer side: nine of ten of them are found."""
_CLOSE_FACE_PX = 112
_AGAIN_FACE_PX = 80
_TURNED_SIDE_PX = 320
"""Turning the frame costs four looks, so it is done small; the close look afterwards is not."""
_TURNED_DEGREES = 25.0
_TURNED_CONFIDENCE = 0.82
"""For a face turned by more than 25 degrees: looked for in many ways, so it must be surer."""
_TILTED_DEGREES = 12.0
_MAX_TURNED = 6
_MAX_FACES = 24


class FaceFinder:
    """Looks at frames with one locator; not for two threads at once."""

    def __init__(self, locator: FaceLocator) -> None:
        self._locator = locator

    def upright(self, frame: Frame) -> list[LocatedFace]:
        """Upright faces of the whole frame, weak ones included, surest first."""
        view = working_view(frame)
        faces = self._locator.upright_any_size(view.pixels)
        sure = any(f.confidence >= SURE_CONFIDENCE for f in faces)
        if not sure and (faces or reddened(view.pixels)):
            veiled = self._locator.upright_any_size(through(view.pixels))
            faces = one_each(faces + [replace(f, veiled=True) for f in veiled])
        return [_out_of(view, f) for f in faces]

    def upright_small(self, frame: Frame) -> list[LocatedFace]:
        """As ``upright``, in a quarter of the time, without the small faces."""
        view = frame.rgb(_SMALL_SIDE_PX)
        return [_out_of(view, f) for f in self._locator.upright(view.pixels)]

    def turned(self, frame: Frame, max_side_px: int = _TURNED_SIDE_PX) -> list[LocatedFace]:
        """Sure faces that lie or stand on their head, each after a close look."""
        view = frame.rgb(max_side_px)
        found = [_out_of(view, f) for f in self._locator.turned(view.pixels)]
        hopeful = [f for f in found if f.confidence >= DETECT_CONFIDENCE][:_MAX_TURNED]
        settled = [self.settled(frame, f) for f in hopeful]
        return one_each([f for f in settled if f is not None and abs(f.angle_degrees) > _TURNED_DEGREES])

    def settled(self, frame: Frame, face: LocatedFace) -> LocatedFace | None:
        """A doubtful face after a close look from every side; None where that does not confirm it."""
        close = _close_view(frame, face, _CLOSE_FACE_PX)
        if min(close.pixels.shape[:2]) < 8:
            return None
        best = self._locator.settled(_seen(close, face), _into(close, face))
        if best is None:
            return None
        turned = abs(best.angle_degrees) > _TURNED_DEGREES
        needed = _TURNED_CONFIDENCE if turned else DETECT_CONFIDENCE
        return replace(_out_of(close, best), veiled=face.veiled) if best.confidence >= needed else None

    def again(self, frame: Frame, face: LocatedFace) -> LocatedFace | None:
        """A face of an earlier frame, looked for at its place and angle; None where it is not to be seen."""
        close = _close_view(frame, face, _AGAIN_FACE_PX)
        if min(close.pixels.shape[:2]) < 8:
            return None
        angle = face.angle_degrees if abs(face.angle_degrees) > _TILTED_DEGREES else 0.0
        seen = self._locator.at_angle(_seen(close, face), _into(close, face), angle)
        return None if seen is None else replace(_out_of(close, seen), veiled=face.veiled)

    def in_view(self, view: View, pixels: Pixels) -> list[LocatedFace]:
        """Upright faces of other pixels than those of a view, at its place, each after a close look."""
        found: list[LocatedFace] = []
        for face in self._locator.upright_any_size(pixels)[:_MAX_TURNED]:
            sure = self._locator.settled(pixels, face) if doubtful(face) else face
            if sure is not None and abs(sure.angle_degrees) <= _TURNED_DEGREES:
                found.append(_out_of(view, sure))
        return one_each(found)

    def of_picture(self, pixels: Pixels) -> list[LocatedFace]:
        """Sure and upright faces of a small picture, RGB, in its own pixels."""
        grown = 2 if max(pixels.shape[:2]) < _SMALL_VIEW_SIDE_PX else 1
        large = cv2.resize(pixels, None, fx=grown, fy=grown, interpolation=cv2.INTER_CUBIC)
        faces: list[LocatedFace] = []
        for face in self._locator.upright_any_size(np.asarray(large, np.uint8))[:_MAX_FACES]:
            sure = self._locator.settled(np.asarray(large, np.uint8), face) if doubtful(face) else face
            if sure is not None and sure.confidence >= DETECT_CONFIDENCE:
                faces.append(sure.moved((1 / grown, 1 / grown), (0.0, 0.0)))
        return one_each(faces)

    def all(self, frame: Frame) -> list[LocatedFace]:
        """Every face of a single picture, sparing no effort."""
        found: list[LocatedFace] = []
        for face in self.upright(frame)[:_MAX_FACES]:
            settled = self.settled(frame, face) if doubtful(face) else face
            found += [] if settled is None else [settled]
        if not any(f.confidence >= SURE_CONFIDENCE for f in found):
            found += self.turned(frame, _VIEW_SIDE_PX)
        return one_each(found)


def working_view(frame: Frame) -> View:
    """The view of a frame in which faces are looked for: 640 px, a smaller one enlarged."""
    view = frame.rgb(_VIEW_SIDE_PX)
    if max(view.pixels.shape[:2]) >= _SMALL_VIEW_SIDE_PX:
        return view
    large = cv2.resize(view.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    sx, sy = view.source_per_view
    return View(large, (sx / 2, sy / 2), view.origin_px)  # type: ignore[arg-type]


def _close_view(frame: Frame, face: LocatedFace, face_px: int) -> View:
    """Pixels around a face that is at least so large in them, and less than twice that where it can be.

    The frame at a size that others look at, too, costs less than a cut-out of a size of its own.
    """
    longer = max(frame.size_px)
    for side in (_SMALL_SIDE_PX, _VIEW_SIDE_PX):
        if side < longer and face.side_px * side / longer >= face_px:
            return frame.rgb(side)
    x0, y0, x1, y1 = (round(v) for v in face.box)
    box = Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)).grown(1.2).clipped(frame.size_px)
    if not box.area_px:
        box = Box(0, 0, *frame.size_px)
    halvings = max(0, math.floor(math.log2(max(face.side_px, 1.0) / face_px)))
    return frame.crop(box, max(8, max(box.width_px, box.height_px) >> halvings))


def _seen(close: View, face: LocatedFace) -> Pixels:
    """A close view as the face in it was found."""
    return through(close.pixels) if face.veiled else close.pixels


def _out_of(view: View, face: LocatedFace) -> LocatedFace:
    """A face in the pixels of a view, in source pixels."""
    return face.moved(view.source_per_view, (float(view.origin_px[0]), float(view.origin_px[1])))


def _into(view: View, face: LocatedFace) -> LocatedFace:
    """A face in source pixels, in the pixels of a view."""
    (sx, sy), (ox, oy) = view.source_per_view, view.origin_px
    return face.moved((1 / sx, 1 / sy), (-ox / sx, -oy / sy))
