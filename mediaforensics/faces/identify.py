"""FaceIdentifier: who a face is, if it is somebody the user enrolled; nobody else is ever named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from mediaforensics.detect import Surroundings
from mediaforensics.faces.appearance import Appearance, sight
from mediaforensics.faces.embed import SFACE, Embedding, FaceEmbedder
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.spares import Spares
from mediaforensics.faces.threshold import LEAD_MARGIN, LEAD_RATE_FACTOR, MATCH_MARGIN
from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import (
    FaceMatched,
    FaceSeen,
    Observation,
    OverlaySeen,
    Route,
    Tier,
)
from mediaforensics.options import FaceOptions
from mediaforensics.types import Timestamp

NAME = "identity"

_TURNED_DEGREES = 20.0
_FORGET_AFTER_S = 4.5
"""A track that is gone this long gets its final answer and its crops are dropped."""
_WAITS_S = (0.0, 0.2, 0.4, 0.8, 1.5, 2.5, 4.0)
"""Time to the next crop, by the number taken: soon while little is known, then seldom."""
_SETTLED_WAIT_S = 10.0
_CLEAR_MARGIN = 0.12
_CLEAR_MARGIN_AT_ONCE = 0.25
_CLEANER = 1.25
_COVERED_FRACTION = 0.3
_ENOUGH_CLEAN = 2
"""Clean moments after which covered ones add nothing but their cost."""
_SAME_LEVELS = 3.0
"""Mean difference of two crops, of 255 levels, under which the second says nothing new."""
_MAX_NOTES = 20
_MIN_SIDE_PX = 14
_MAX_OPEN = 48
_POOLED_FROM = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    person: int | None
    tier: Tier
    similarity: float
    threshold: float
    route: Route

    def clear(self, crops: int) -> bool:
        """A match that more crops will hardly change."""
        margin = _CLEAR_MARGIN if crops > 1 else _CLEAR_MARGIN_AT_ONCE
        return self.tier == "match" and self.similarity >= self.threshold + margin

    def rank(self) -> tuple[int, float]:
        return ({"unknown": 0, "lead": 1, "match": 2}[self.tier], self.similarity - self.threshold)


@dataclass(slots=True, eq=False)
class _Open:
    track: int
    first: Timestamp
    last: Timestamp
    appearance: Appearance = field(default_factory=Appearance)
    taken: int = 0
    taken_s: float = float("-inf")
    crop: Pixels | None = None
    clean: int = 0
    hidden_s: float = float("-inf")
    turned: bool = False
    answer: _Answer | None = None
    said: _Answer | None = None


class FaceIdentifier:
    """Compares face tracks with a gallery.

    Parameters
    ----------
    gallery : Gallery
        The enrolled people.
    options : FaceOptions
        The wanted false positive identification rate.

    Raises
    ------
    ModelMismatch
        The weight file is missing or altered.
    """

    name = NAME
    version = "1"
    models: Sequence[Model] = (SFACE,)
    needs: Sequence[type[Observation]] = (FaceSeen, OverlaySeen)
    emits: Sequence[type[Observation]] = (FaceMatched,)

    def __init__(self, gallery: Gallery, options: FaceOptions) -> None:
        self._gallery, self._options = gallery, options
        weights = SFACE.read()
        self._embedders = Spares(lambda: FaceEmbedder(weights))
        self._embedders.give(self._embedders.take())

    @property
    def notes(self) -> tuple[str, ...]:
        """Pictures of the gallery that were refused and people who have expired, in plain words."""
        gone = [
            f"{p.person_id} is not compared: the enrolment expired on {p.expires}"
            for p in self._gallery.expired
        ]
        refused = [
            f"gallery picture {r.person_id}/{r.file} is not used: {r.why}" for r in self._gallery.refused
        ]
        notes = [*gone, *refused]
        more = [f"and {len(notes) - _MAX_NOTES} more"] if len(notes) > _MAX_NOTES else []
        return tuple(notes[:_MAX_NOTES] + more)

    def begin(self, surroundings: Surroundings) -> FaceIdentityExaminer:
        """Start on a file, with a network of its own: OpenCV's are not for two threads."""
        return FaceIdentityExaminer(self._gallery, self._options, self._embedders)


class FaceIdentityExaminer:
    """The identities of one file. Holds a few crops of each face now shown, nothing of those gone."""

    def __init__(self, gallery: Gallery, options: FaceOptions, embedders: Spares[FaceEmbedder]) -> None:
        self._gallery, self._options, self._embedders = gallery, options, embedders
        self._embedder: FaceEmbedder | None = None
        self._open: dict[int, _Open] = {}

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """A ``FaceMatched`` for every track whose answer changed."""
        said: list[Observation] = []
        time_s = sample.time.seconds
        covered: dict[int, float] = {}
        for o in seen:
            if isinstance(o, OverlaySeen) and o.face_track is not None:
                covered[o.face_track] = max(covered.get(o.face_track, 0.0), o.coverage_fraction)
        for face in sorted((o for o in seen if isinstance(o, FaceSeen)), key=lambda o: o.track):
            state = self._open.get(face.track)
            if state is None:
                state = self._open[face.track] = _Open(face.track, sample.time, sample.time)
            state.last = sample.time
            if self._take(state, face, sample, covered.get(face.track, 0.0)):
                state.answer = self._answer_plain(state)
                said += self._say(state)
        for state in sorted(self._open.values(), key=lambda s: s.track):
            gone = time_s - state.last.seconds > _FORGET_AFTER_S
            if gone or len(self._open) > _MAX_OPEN:
                said += self._finish(state)
                del self._open[state.track]
        return said

    def end(self) -> Iterable[Observation]:
        """The final answer about every track still open."""
        said = [
            o for state in sorted(self._open.values(), key=lambda s: s.track) for o in self._finish(state)
        ]
        self._open.clear()
        if self._embedder is not None:
            self._embedders.give(self._embedder)
            self._embedder = None
        return said

    def _take(self, state: _Open, face: FaceSeen, sample: Sample, coverage_fraction: float) -> bool:
        """Keep a crop of this moment if it adds anything; whether an embedding was added."""
        time_s = sample.time.seconds
        landmarks = np.array(face.landmarks, np.float64)
        if max(face.box.width_px, face.box.height_px) < _MIN_SIDE_PX:
            return False
        covered = coverage_fraction >= _COVERED_FRACTION
        if not face.seen_directly or (covered and state.clean >= _ENOUGH_CLEAN):
            if time_s - state.hidden_s >= 0.4:
                state.hidden_s = time_s
                state.appearance.add(sight(sample.frame, time_s, landmarks, 0.0))
            return False
        weight = _weight(face, coverage_fraction)
        known = [s.weight for s in state.appearance.seen]
        wait_s = _WAITS_S[min(state.taken, len(_WAITS_S) - 1)]
        if state.answer is not None and state.answer.clear(state.taken):
            wait_s = _SETTLED_WAIT_S
        elif known and weight > _CLEANER * max(known):
            wait_s = 0.0
        if time_s - state.taken_s < wait_s:
            return False
        state.taken_s = time_s
        now = sight(sample.frame, time_s, landmarks, weight)
        crop = now.aligned(landmarks)
        if state.crop is not None and float(cv2.absdiff(crop, state.crop).mean()) < _SAME_LEVELS:
            return False
        state.taken, state.clean, state.crop = state.taken + 1, state.clean + (not covered), crop
        state.turned = state.turned or abs(face.angle_degrees) > _TURNED_DEGREES
        state.appearance.add(replace(now, embedding=self._embed(crop)))
        return True

    def _answer_plain(self, state: _Open) -> _Answer | None:
        pooled = state.appearance.pooled()
        if pooled is None:
            return None
        several = len(state.appearance.seen) >= _POOLED_FROM
        return self._judge(pooled, "rotated" if state.turned else "plain", pooled=several)

    def _judge(self, embedding: Embedding, route: Route, *, pooled: bool = False) -> _Answer:
        """Compare with everybody; a match needs the threshold and a distance to the second best."""
        similarities = self._gallery.similarities(embedding)
        order = np.argsort(-similarities, kind="stable")
        first = float(similarities[order[0]])
        margin = first - float(similarities[order[1]]) if len(order) > 1 else 1.0
        rate = self._options.false_positive_identification_rate
        threshold = self._gallery.threshold(rate, route, pooled=pooled)
        lead_threshold = self._gallery.threshold(min(LEAD_RATE_FACTOR * rate, 0.2), route, pooled=pooled)
        tier: Tier = "unknown"
        if first >= threshold and margin >= MATCH_MARGIN:
            tier = "match"
        elif first >= lead_threshold and margin >= LEAD_MARGIN:
            tier = "lead"
        return _Answer(
            person=None if tier == "unknown" else int(order[0]),
            tier=tier,
            similarity=round(first, 4),
            threshold=threshold,
            route=route,
        )

    def _finish(self, state: _Open) -> list[Observation]:
        """The last word on a track, with the composites where they can still change it."""
        if state.answer is None or state.answer.tier != "match":
            for crop in state.appearance.composites():
                answer = self._judge(self._embed(crop), "composite")
                if state.answer is None or answer.rank() > state.answer.rank():
                    state.answer = answer
        return self._say(state)

    def _say(self, state: _Open) -> list[Observation]:
        answer = state.answer
        if answer is None or answer == state.said:
            return []
        state.said = answer
        person = None if answer.person is None else self._gallery.people[answer.person]
        return [
            FaceMatched(
                time=state.last,
                detector=NAME,
                track=state.track,
                person_id=person.person_id if person else None,
                name=person.name if person else None,
                tier=answer.tier,
                similarity=answer.similarity,
                threshold=answer.threshold,
                route=answer.route,
            )
        ]

    def _embed(self, crop: Pixels) -> Embedding:
        if self._embedder is None:
            self._embedder = self._embedders.take()
        return self._embedder.embed(crop)


def _weight(face: FaceSeen, coverage_fraction: float) -> float:
    """How much one moment counts: less when covered, small or doubtful."""
    size = min(1.0, max(face.box.width_px, face.box.height_px) / 60.0)
    clear = max(0.05, 1.0 - 2.0 * coverage_fraction)
    return max(0.02, face.confidence * size * clear)
