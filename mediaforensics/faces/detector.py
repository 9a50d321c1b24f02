"""FaceDetector: where faces are, on every sample, each face one track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

from mediaforensics.detect import Surroundings
from mediaforensics.faces.embed import SFACE, Embedding, FaceEmbedder, aligned_crop
from mediaforensics.faces.find import FaceFinder, doubtful
from mediaforensics.faces.locate import (
    DETECT_CONFIDENCE,
    YUNET,
    FaceLocator,
    LocatedFace,
    one_each,
)
from mediaforensics.faces.track import FaceTracker, Followed, Looks
from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import FaceSeen, Observation
from mediaforensics.options import FaceOptions
from mediaforensics.types import Box

NAME = "faces"

_LUMA_SIDE_PX = 320
_CHANGE_BLOCK_PX = 8
_CHANGED_LEVELS = 7.0
"""Mean change of one 8 x 8 block, of 255 levels; compression noise stays under it."""
_TURNED_DEGREES = 20.0
_SURE_ENOUGH_NOT_TO_TURN = 0.8
_TURN_EVERY_S = 2.0
_STILL_TURNED_SIDE_PX = 640
_WHOLE_EVERY_S = 1.9
"""Longest time without a look at the whole frame while something changes."""
_EMPTY_EVERY_S = 0.8
"""The same where no face is known: text that comes and goes brings none."""
_MAX_FOLLOWED = 4
_MAX_SETTLED = 6


class FaceDetector:
    """Finds faces and follows them; says nothing about who they are.

    Parameters
    ----------
    options : FaceOptions
        Accepted so that all detectors are built alike; finding faces has no option yet.

    Raises
    ------
    ModelMismatch
        A weight file is missing or altered.
    """

    name = NAME
    version = "1"
    models: Sequence[Model] = (YUNET, SFACE)
    notes: Sequence[str] = ()
    needs: Sequence[type[Observation]] = ()
    emits: Sequence[type[Observation]] = (FaceSeen,)

    def __init__(self, options: FaceOptions) -> None:
        self._options = options
        self._yunet, self._sface = YUNET.read(), SFACE.read()

    def begin(self, surroundings: Surroundings) -> FaceExaminer:
        """Start on a file, with networks of its own: OpenCV's are not for two threads."""
        return FaceExaminer(self._yunet, self._sface, surroundings)


class FaceExaminer:
    """The faces of one file.

    Looks only where something changed since the last look, and embeds only where place and picture leave in
    doubt whether two sights are the same face.
    """

    def __init__(self, yunet: bytes, sface: bytes, surroundings: Surroundings) -> None:
        self._finder = FaceFinder(FaceLocator(yunet))
        self._sface = sface
        self._embedder: FaceEmbedder | None = None
        self._moving = surroundings.moving
        self._tracker = FaceTracker()
        self._last_looked: Pixels | None = None
        self._turned_s = self._whole_s = float("-inf")

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """One ``FaceSeen`` per face, hidden ones included."""
        time_s = sample.time.seconds
        luma = sample.frame.luma(_LUMA_SIDE_PX)
        if self._last_looked is not None and not _changed(self._last_looked, luma.pixels):
            return [_observation(f, sample) for f in self._tracker.rest(time_s)]
        self._last_looked = luma.pixels.copy()
        frame = sample.frame
        resting = not self._tracker.open_faces() and time_s - self._whole_s < _EMPTY_EVERY_S
        if resting and not sample.new_picture:
            return []
        faces = self._followed_closely(sample, time_s) or self._whole_frame(sample, time_s)
        looks = Looks(crop=lambda face: aligned_crop(frame, face.landmarks), embed=self._embed)
        followed = self._tracker.step(time_s, frame.luma(2 * _LUMA_SIDE_PX), sample.new_picture, faces, looks)
        return [_observation(f, sample) for f in followed]

    def end(self) -> Iterable[Observation]:
        """Nothing more: every sample has been spoken of."""
        return ()

    def _followed_closely(self, sample: Sample, time_s: float) -> list[LocatedFace]:
        """The known faces, each looked for at its place; empty where the whole frame must be looked at.

        In between two looks at the whole frame, while no new picture came, a close-up of each face costs a
        sixth. A face that was seen last time and is not found now makes the whole frame worth another look.
        """
        open_faces = self._tracker.open_faces()
        fresh = time_s - self._whole_s < _WHOLE_EVERY_S
        if sample.new_picture or not fresh or not 0 < len(open_faces) <= _MAX_FOLLOWED:
            return []
        faces: list[LocatedFace] = []
        for face, hidden in open_faces:
            again = self._finder.again(sample.frame, face)
            if again is not None:
                faces.append(again)
            elif not hidden:
                return []
        return one_each(faces)

    def _whole_frame(self, sample: Sample, time_s: float) -> list[LocatedFace]:
        """All faces of a sample, the doubtful new ones after a close look, the turned ones at their angle."""
        self._whole_s = time_s
        frame = sample.frame
        faces: list[LocatedFace] = []
        looked = 0
        for face in self._finder.upright(frame):
            known = self._tracker.near(face)
            if known is not None and abs(known.angle_degrees) > _TURNED_DEGREES:
                continue
            if known is None and doubtful(face):
                if looked < _MAX_SETTLED and (face.confidence >= DETECT_CONFIDENCE or sample.new_picture):
                    looked += 1
                    settled = self._finder.settled(frame, face)
                    faces += [] if settled is None else [settled]
                continue
            faces.append(face)
        for known, _ in self._tracker.open_faces():
            if abs(known.angle_degrees) > _TURNED_DEGREES:
                again = self._finder.again(frame, known)
                faces += [] if again is None else [again]
        sure = any(f.confidence >= _SURE_ENOUGH_NOT_TO_TURN for f in faces)
        if not sure and not self._moving:
            faces += self._finder.turned(frame, _STILL_TURNED_SIDE_PX)
        elif not sure and sample.new_picture and time_s - self._turned_s >= _TURN_EVERY_S:
            self._turned_s = time_s
            faces += self._finder.turned(frame)
        return one_each(faces)

    def _embed(self, crop: Pixels) -> Embedding:
        if self._embedder is None:
            self._embedder = FaceEmbedder(self._sface)
        return self._embedder.embed(crop)


def _changed(before: Pixels, now: Pixels) -> bool:
    """Whether any 8 x 8 block changed its content; what is only noise averages out."""
    if before.shape != now.shape:
        return True
    height, width = before.shape
    size = (max(1, width // _CHANGE_BLOCK_PX), max(1, height // _CHANGE_BLOCK_PX))
    blocks = cv2.resize(cv2.absdiff(before, now), size, interpolation=cv2.INTER_AREA)
    return float(np.max(blocks)) > _CHANGED_LEVELS


def _observation(followed: Followed, sample: Sample) -> FaceSeen:
    face = followed.face
    x0, y0, x1, y1 = (round(v) for v in face.box)
    return FaceSeen(
        time=sample.time,
        detector=NAME,
        track=followed.track,
        box=Box(x0, y0, max(x0, x1), max(y0, y1)).clipped(sample.frame.size_px),
        landmarks=tuple((round(float(x), 1), round(float(y), 1)) for x, y in face.landmarks),
        confidence=round(face.confidence, 4) if followed.seen_directly else 0.0,
        angle_degrees=round(face.angle_degrees, 1),
        seen_directly=followed.seen_directly,
    )
