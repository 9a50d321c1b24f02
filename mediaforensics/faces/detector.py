"""FaceDetector: where faces are, on every sample, each face one track."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mediaforensics.detect import Surroundings
from mediaforensics.faces.anchors import Anchor, AnchorKey, KnownFaces
from mediaforensics.faces.behind import Behind
from mediaforensics.faces.embed import SFACE, Embedding, FaceEmbedder, aligned_crop
from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import (
    DETECT_CONFIDENCE,
    YUNET,
    FaceLocator,
    LocatedFace,
    doubtful,
    one_each,
    overlap,
)
from mediaforensics.faces.pace import Box01, Pace, changed_fraction, structured_fraction
from mediaforensics.faces.spares import Spares
from mediaforensics.faces.track import FaceTracker, Followed, Looks
from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import FaceSeen, KnownSeen, Observation
from mediaforensics.options import FaceOptions
from mediaforensics.types import Box

NAME = "faces"

_LUMA_SIDE_PX = 320
_TURNED_DEGREES = 20.0
_SURE_ENOUGH_NOT_TO_TURN = 0.8
_TURN_EVERY_S = 4.0
_TURNS_AT_ONCE = 2.0
_TURN_STRUCTURED_FRACTION = 0.1
"""A flash or an empty card has less."""
_TURN_CHANGE_FRACTION = 0.3
_STILL_TURNED_SIDE_PX = 640
_BELIEVED_AT_ONCE = 0.8
"""Below this, one sample of a moving picture is not enough: flames form faces that last no longer."""
_SMALL_LOOK_FRACTION = 0.1
"""A face of this share of the frame's longer side loses no precision in a small look."""
_MAX_CLOSE_UPS = 4
_MAX_SETTLED = 6
_REFUTED_FOR_S = 2.0
_SURER = 0.1
_MAX_REFUTED = 24
_MAX_WEAK = 2
"""Hints told of at once: each costs the overlay stage a look."""
_WEAK_AT_MOST = DETECT_CONFIDENCE - 0.01
_APART = 0.1
"""Intersection over union from which two places are of one face; less than of two sights, whose boxes fit."""


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
    version = "2"
    models: Sequence[Model] = (YUNET, SFACE)
    notes: Sequence[str] = ()
    needs: Sequence[type[Observation]] = (KnownSeen,)
    emits: Sequence[type[Observation]] = (FaceSeen,)

    def __init__(self, options: FaceOptions) -> None:
        self._options = options
        yunet, sface = YUNET.read(), SFACE.read()
        self._locators = Spares(lambda: FaceLocator(yunet))
        self._embedders = Spares(lambda: FaceEmbedder(sface))
        self._locators.give(self._locators.take())

    def begin(self, surroundings: Surroundings) -> FaceExaminer:
        """Start on a file, with networks of its own: OpenCV's are not for two threads."""
        return FaceExaminer(self._locators, self._embedders, surroundings)


class FaceExaminer:
    """The faces of one file.

    Looks only as closely as what changed asks for, and embeds only where place and picture leave in doubt
    whether two sights are the same face.
    """

    def __init__(
        self, locators: Spares[FaceLocator], embedders: Spares[FaceEmbedder], surroundings: Surroundings
    ) -> None:
        self._locators, self._embedders = locators, embedders
        self._locator = locators.take()
        self._finder = FaceFinder(self._locator)
        self._known_faces = KnownFaces(self._finder)
        self._behind = Behind(self._finder)
        self._anchored: frozenset[AnchorKey] = frozenset()
        self._embedder: FaceEmbedder | None = None
        self._moving = surroundings.moving
        self._tracker = FaceTracker()
        self._pace = Pace()
        self._held: list[LocatedFace] = []
        """Doubtful faces of the last sample, to be believed when this one shows them again."""
        self._refuted: list[tuple[float, LocatedFace]] = []
        """What a close look showed to be no face, and when; a fire is looked at once, not at every sample."""
        self._turned: Pixels | None = None
        self._turned_s, self._turns_left = 0.0, _TURNS_AT_ONCE

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """One ``FaceSeen`` per face, hidden ones included."""
        time_s, frame = sample.time.seconds, sample.frame
        luma = frame.luma(_LUMA_SIDE_PX).pixels
        known = [face for face, _ in self._tracker.open_faces()]
        followed = [_shares(face, frame.size_px) for face in known]
        watched = bool(known or self._held)
        look = self._pace.look(time_s, luma, sample.new_picture, watched, followed)
        anchors = self._anchors(sample, seen)
        before, self._anchored = self._anchored, frozenset(anchor.key for anchor in anchors)
        if look == "rest" and not self._held and before == self._anchored:
            return [_observation(f, sample) for f in self._tracker.rest(time_s)]
        faces = self._whole_frame(sample, luma) if look == "whole" else self._small_frame(sample)
        looks = Looks(crop=lambda face: aligned_crop(frame, face.landmarks), embed=self._embed)
        picture = frame.luma(2 * _LUMA_SIDE_PX)
        tracks = self._tracker.step(time_s, picture, sample.new_picture, faces, looks, anchors)
        return [_observation(f, sample) for f in tracks]

    def end(self) -> Iterable[Observation]:
        """Nothing more: every sample has been spoken of."""
        self._locators.give(self._locator)
        if self._embedder is not None:
            self._embedders.give(self._embedder)
        return ()

    def _anchors(self, sample: Sample, seen: Sequence[Observation]) -> list[Anchor]:
        """The faces that are there, seen or not: of known pictures, and behind a fire."""
        time_s, frame = sample.time.seconds, sample.frame
        anchors = self._known_faces.anchors((o for o in seen if isinstance(o, KnownSeen)), frame.size_px)
        if not self._moving:
            return anchors
        followed = self._tracker.open_faces()
        sure = [face for face, hidden in followed if not hidden and not doubtful(face)]
        cut = sample.new_picture and Box(0, 0, *frame.size_px) in sample.changed
        wanted = len(sure) < max(1, len(followed))
        behind = self._behind.anchors(time_s, frame, cut=cut, wanted=wanted, sure=sure)
        known = [anchor.face.box for anchor in anchors]
        return anchors + [one for one in behind if all(overlap(one.face.box, box) < _APART for box in known)]

    def _small_frame(self, sample: Sample) -> list[LocatedFace]:
        """The known faces and new ones that are not small; known small ones are looked at close up."""
        frame = sample.frame
        known = self._tracker.open_faces()
        enough_px = _SMALL_LOOK_FRACTION * max(frame.size_px)
        small = [f for f, _ in known if f.side_px < enough_px]
        if len(small) > _MAX_CLOSE_UPS:
            found = self._finder.upright(frame)
        elif 0 < len(known) <= max(1, len(small)) and not sample.new_picture and not self._held:
            found = []  # close-ups alone cost less
        else:
            found = self._finder.upright_small(frame)
        faces: list[LocatedFace] = []
        for face, _ in known:
            direct = abs(face.angle_degrees) <= _TURNED_DEGREES and (
                face.side_px >= enough_px or len(small) > _MAX_CLOSE_UPS
            )
            there = [f for f in found if f.confidence >= DETECT_CONFIDENCE and _same_place(f, face)]
            again = there[0] if direct and there else self._finder.again(frame, face)
            faces += [] if again is None else [again]
        hopeful = [f for f in found if f.confidence >= DETECT_CONFIDENCE]
        new = [f for f in hopeful if not any(_same_place(f, face) for face, _ in known)]
        return one_each(faces + self._believed(sample, new))

    def _whole_frame(self, sample: Sample, luma: Pixels) -> list[LocatedFace]:
        """All faces of a sample, the doubtful new ones after a close look, the turned ones at their angle."""
        frame = sample.frame
        faces: list[LocatedFace] = []
        new: list[LocatedFace] = []
        for face in self._finder.upright(frame):
            known = self._tracker.near(face)
            if known is None:
                new.append(face)
            elif abs(known.angle_degrees) <= _TURNED_DEGREES:
                faces.append(face)
        faces += self._believed(sample, new)
        watched = self._tracker.open_faces()
        for known, _ in watched:
            if abs(known.angle_degrees) > _TURNED_DEGREES:
                again = self._finder.again(frame, known)
                faces += [] if again is None else [again]
        sure = any(f.confidence >= _SURE_ENOUGH_NOT_TO_TURN for f in faces)
        if not sure and not self._moving:
            faces += self._finder.turned(frame, _STILL_TURNED_SIDE_PX)
        elif not sure and not watched and self._worth_turning(sample.time.seconds, luma):
            faces += self._finder.turned(frame)
        return one_each(faces)

    def _believed(self, sample: Sample, new: Sequence[LocatedFace]) -> list[LocatedFace]:
        """Those of the faces found where none was known that are faces, doubtful ones after a close look.

        In a moving picture a face that stays doubtful is held back until the next sample shows it again.
        """
        held, self._held = self._held, []
        since_s = sample.time.seconds - _REFUTED_FOR_S
        self._refuted = [(s, f) for s, f in self._refuted if s >= since_s][-_MAX_REFUTED:]
        believed: list[LocatedFace] = []
        hints: list[LocatedFace] = []
        among_upright = bool(self._tracker.open_faces()) or not all(doubtful(f) for f in new)
        looked = 0
        before = [f for f in held if not any(_same_place(f, n) for n in new)]
        again = [self._finder.again(sample.frame, f) for f in before]
        for face in [*new, *(f for f in again if f is not None)]:
            if not doubtful(face):
                believed.append(face)
                continue
            seen_before = not self._moving or any(_same_place(face, f) for f in held)
            if face.confidence < DETECT_CONFIDENCE and not (seen_before or sample.new_picture):
                continue
            weak = DETECT_CONFIDENCE <= face.confidence < _BELIEVED_AT_ONCE
            if not seen_before and weak and among_upright and abs(face.angle_degrees) <= _TURNED_DEGREES:
                self._held.append(face)
                continue
            if looked == _MAX_SETTLED:
                break
            if any(
                _same_place(face, r) and face.confidence < r.confidence + _SURER for _, r in self._refuted
            ):
                continue
            looked += 1
            settled = self._finder.settled(sample.frame, face)
            if settled is None:
                self._refuted.append((sample.time.seconds, face))
                hints.append(face)
                continue
            if seen_before or settled.confidence >= _BELIEVED_AT_ONCE:
                believed.append(settled)
            else:
                self._held.append(settled)
        return believed + [
            replace(face, weak=True, confidence=min(face.confidence, _WEAK_AT_MOST))
            for face in one_each(hints)[:_MAX_WEAK]
            if all(overlap(face.box, other.box) < _APART for other in believed)
        ]

    def _worth_turning(self, time_s: float, luma: Pixels) -> bool:
        """Whether to look for faces that lie or stand on their head: once for each picture, and seldom."""
        if self._turned is not None and changed_fraction(self._turned, luma) < _TURN_CHANGE_FRACTION:
            return False
        if structured_fraction(luma) < _TURN_STRUCTURED_FRACTION:
            return False
        self._turns_left = min(_TURNS_AT_ONCE, self._turns_left + (time_s - self._turned_s) / _TURN_EVERY_S)
        self._turned_s = time_s
        if self._turns_left < 1.0:
            return False
        self._turns_left -= 1.0
        self._turned = luma.copy()
        return True

    def _embed(self, crop: Pixels) -> Embedding:
        if self._embedder is None:
            self._embedder = self._embedders.take()
        return self._embedder.embed(crop)


def _same_place(one: LocatedFace, other: LocatedFace) -> bool:
    return overlap(one.box, other.box) >= 0.3


def _shares(face: LocatedFace, size_px: tuple[int, int]) -> Box01:
    (x0, y0, x1, y1), (width, height) = face.box, size_px
    return x0 / width, y0 / height, x1 / width, y1 / height


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
        weak=followed.weak,
    )
