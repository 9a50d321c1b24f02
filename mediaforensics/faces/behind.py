"""Faces behind a fire that moves: what stays of the last seconds when the fire is taken away.

Fire is bright in red and never in one place for long: the least red each pixel had lately is that of what is
behind it. Of 30 press photographs under moving flames that cover 55 % of the face, YuNet finds all in that
picture of eight moments.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.anchors import Anchor
from mediaforensics.faces.find import FaceFinder, working_view
from mediaforensics.faces.locate import LocatedFace, overlap
from mediaforensics.media.frame import Frame

_MOMENTS, _LEAST_MOMENTS = 8, 4
_APART_S, _LATELY_S = 0.12, 1.2
_LOOK_EVERY_S = 0.5
_KEPT_S = 1.5
_MOVED_LEVELS, _MOVED_FRACTION = 40, 0.02
"""A pixel that is so much brighter in red than it was, and the share of such pixels below which nothing
burns."""
_SAME_FACE = 0.3


@dataclass(slots=True, eq=False)
class _Kept:
    number: int
    face: LocatedFace
    first_s: float
    seen_s: float
    believed: bool = False


@dataclass(slots=True, eq=False)
class Behind:
    """Looks behind what moves in one file; remembers eight small pictures; for one thread."""

    finder: FaceFinder
    _moments: deque[tuple[float, NDArray[np.uint8]]] = field(default_factory=lambda: deque(maxlen=_MOMENTS))
    _kept: list[_Kept] = field(default_factory=list)
    _looked_s: float = float("-inf")
    _count: int = 0

    def anchors(
        self, time_s: float, frame: Frame, *, cut: bool, wanted: bool, sure: list[LocatedFace]
    ) -> list[Anchor]:
        """The faces that are behind a fire at this moment.

        Parameters
        ----------
        time_s : float
            Later than the last.
        frame : Frame
            The sample's.
        cut : bool
            Another picture begins.
        wanted : bool
            Whether to look: some face that is followed is not clearly seen, or none is followed.
        sure : list of LocatedFace
            Faces followed already that need no looking for, in source pixels.
        """
        if cut:
            self._moments.clear()
            self._kept.clear()
        self._kept = [one for one in self._kept if time_s - one.seen_s <= _KEPT_S]
        view = working_view(frame)
        if not self._moments or time_s - self._moments[-1][0] >= _APART_S:
            self._moments.append((time_s, np.ascontiguousarray(view.pixels[..., 0])))
        lately = [red for at_s, red in self._moments if time_s - at_s <= _LATELY_S]
        if wanted and len(lately) >= _LEAST_MOMENTS and time_s - self._looked_s >= _LOOK_EVERY_S:
            least = np.minimum.reduce(lately)
            moved = float(np.mean(cv2.subtract(lately[-1], least) > _MOVED_LEVELS))
            if moved >= _MOVED_FRACTION:
                self._looked_s = time_s
                grey = np.asarray(cv2.cvtColor(least, cv2.COLOR_GRAY2RGB), np.uint8)
                for face in self.finder.in_view(view, grey):
                    self._keep(face, time_s)
        return [
            Anchor(key=("", "behind", False, one.number), face=one.face)
            for one in self._kept
            if one.believed and all(overlap(one.face.box, face.box) < _SAME_FACE for face in sure)
        ]

    def _again(self, face: LocatedFace) -> _Kept | None:
        return next((one for one in self._kept if overlap(one.face.box, face.box) >= _SAME_FACE), None)

    def _keep(self, face: LocatedFace, time_s: float) -> None:
        before = self._again(face)
        if before is None:
            self._count += 1
            self._kept.append(_Kept(self._count, face, time_s, time_s))
        else:
            before.seen_s = time_s
            # What two looks without a common moment show is no ghost of a picture that faded.
            before.believed = before.believed or time_s - before.first_s > _LATELY_S
            if face.confidence >= before.face.confidence:
                before.face = face
