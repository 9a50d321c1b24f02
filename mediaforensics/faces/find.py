"""The faces of one frame, in source pixels: the right scale, and a close look at what is doubtful."""

from __future__ import annotations

import cv2

from mediaforensics.faces.locate import (
    DETECT_CONFIDENCE,
    SURE_CONFIDENCE,
    FaceLocator,
    LocatedFace,
    one_each,
)
from mediaforensics.media.frame import Frame, View
from mediaforensics.types import Box

_VIEW_SIDE_PX = 640
"""A face of 20 px in a 1280 px frame is 10 px here, YuNet's smallest."""
_SMALL_VIEW_SIDE_PX = 400
"""Below this the picture is enlarged twice, since its faces are as small as it is."""
_CLOSE_SIDE_PX = 480
_TURNED_DEGREES = 45.0
_TURNED_CONFIDENCE = 0.82
"""For a face turned by more than 45 degrees: looked for in many ways, so it must be surer."""
_MAX_TURNED = 6


class FaceFinder:
    """Looks at frames with one locator; not for two threads at once."""

    def __init__(self, locator: FaceLocator) -> None:
        self._locator = locator

    def upright(self, frame: Frame) -> list[LocatedFace]:
        """Upright faces of the whole frame, weak ones included, surest first."""
        view = _working_view(frame)
        return [
            f.moved(view.source_per_view, view.origin_px) for f in self._locator.upright_any_size(view.pixels)
        ]

    def turned(self, frame: Frame) -> list[LocatedFace]:
        """Sure faces that lie or stand on their head, after a close look; five times the work."""
        view = _working_view(frame)
        found = [f.moved(view.source_per_view, view.origin_px) for f in self._locator.turned(view.pixels)]
        sure = [f for f in found if f.confidence >= _TURNED_CONFIDENCE]
        return one_each([self.settled(frame, f) for f in sure[:_MAX_TURNED]])

    def settled(self, frame: Frame, face: LocatedFace) -> LocatedFace:
        """The face after a close look from every side; itself where that shows nothing surer."""
        close = _close_view(frame, face)
        if min(close.pixels.shape[:2]) < 8:
            return face
        here = _into(close, face)
        best = self._locator.settled(close.pixels, here)
        turned = abs(best.angle_degrees) > _TURNED_DEGREES
        if best is here or (turned and best.confidence < _TURNED_CONFIDENCE):
            return face
        return best.moved(close.source_per_view, close.origin_px)

    def again(self, frame: Frame, face: LocatedFace) -> LocatedFace | None:
        """A face of an earlier frame, looked for at its place and angle; None where it is not to be seen."""
        close = _close_view(frame, face)
        if min(close.pixels.shape[:2]) < 8:
            return None
        seen = self._locator.at_angle(close.pixels, _into(close, face), face.angle_degrees)
        return None if seen is None else seen.moved(close.source_per_view, close.origin_px)

    def all(self, frame: Frame) -> list[LocatedFace]:
        """Every face of a single picture, sparing no effort."""
        found = [
            f if f.confidence >= SURE_CONFIDENCE else self.settled(frame, f) for f in self.upright(frame)
        ]
        if not any(f.confidence >= SURE_CONFIDENCE for f in found):
            found += self.turned(frame)
        return one_each([f for f in found if f.confidence >= DETECT_CONFIDENCE])


def _working_view(frame: Frame) -> View:
    view = frame.rgb(_VIEW_SIDE_PX)
    if max(view.pixels.shape[:2]) >= _SMALL_VIEW_SIDE_PX:
        return view
    large = cv2.resize(view.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    sx, sy = view.source_per_view
    return View(large, (sx / 2, sy / 2), view.origin_px)  # type: ignore[arg-type]


def _close_view(frame: Frame, face: LocatedFace) -> View:
    x0, y0, x1, y1 = (round(v) for v in face.box)
    box = Box(x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)).grown(1.2).clipped(frame.size_px)
    if not box.area_px:
        box = Box(0, 0, *frame.size_px)
    return frame.crop(box, _CLOSE_SIDE_PX)


def _into(view: View, face: LocatedFace) -> LocatedFace:
    """A face in source pixels, in the pixels of a view."""
    (sx, sy), (ox, oy) = view.source_per_view, view.origin_px
    return face.moved((1 / sx, 1 / sy), (-ox / sx, -oy / sy))
