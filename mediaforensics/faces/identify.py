"""FaceIdentifier: who a face is, if it is somebody the user enrolled; nobody else is ever named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from mediaforensics.detect import Surroundings
from mediaforensics.faces.anchors import known_to_source
from mediaforensics.faces.appearance import Appearance, BehindFire, sight
from mediaforensics.faces.embed import SFACE, Embedding, FaceEmbedder, align, unit
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.locate import YUNET, FaceLocator
from mediaforensics.faces.spares import Spares
from mediaforensics.faces.threshold import LEAD_MARGIN, LEAD_RATE_FACTOR, MATCH_MARGIN
from mediaforensics.faces.uncover import around, settled_landmarks, uncovered
from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import (
    FaceMatched,
    FaceSeen,
    KnownSeen,
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
_ON_PICTURE_FRACTION = 0.5
_SAME_PICTURE_SIMILARITY = 0.5
"""One face in two copies of one picture has over 0.8, two people have under 0.33 in 99.4 of 100 pairs."""
_UNCOVERED_MOST, _UNCOVER_EVERY_S = 4, 0.5
"""Each costs 24 small looks and two comparisons, a tenth of a second of processor time."""
_STANDS_IOU = 0.75
_MOMENT_S = 0.1
_MOMENTS_TO_LOOK = (6, 12, 24)
"""After eight moments 28 of 30 people were named behind fire that covers 55 %, after 24 29."""


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
    turned: bool = False
    uncovered: list[Embedding] = field(default_factory=list)
    uncovered_s: float = float("-inf")
    fire: BehindFire | None = None
    pictures: set[tuple[str, str]] = field(default_factory=set)
    """Known pictures whose face was compared."""
    pictured: Embedding | None = None
    """The face of the known picture that gave the answer."""
    plain: _Answer | None = None
    others: dict[Route, _Answer] = field(default_factory=dict)
    said: _Answer | None = None

    def answer(self) -> _Answer | None:
        """The surest of all routes."""
        answers = [*([self.plain] if self.plain else []), *self.others.values()]
        return max(answers, key=_Answer.rank, default=None)

    def matched(self) -> bool:
        answer = self.answer()
        return answer is not None and answer.tier == "match"


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
    version = "2"
    models: Sequence[Model] = (YUNET, SFACE)
    needs: Sequence[type[Observation]] = (FaceSeen, OverlaySeen, KnownSeen)
    emits: Sequence[type[Observation]] = (FaceMatched,)

    def __init__(self, gallery: Gallery, options: FaceOptions) -> None:
        self._gallery, self._options = gallery, options
        yunet, sface = YUNET.read(), SFACE.read()
        self._embedders = Spares(lambda: FaceEmbedder(sface))
        self._locators = Spares(lambda: FaceLocator(yunet))
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
        bare = [
            f"{p.person_id} is not compared: no picture can be used" for p in self._gallery.without_picture
        ]
        saved = ["a saved gallery holds no pictures: a covered face is not told by the picture it is of"]
        notes = [*gone, *bare, *refused, *([] if self._gallery.pictures else saved)]
        more = [f"and {len(notes) - _MAX_NOTES} more"] if len(notes) > _MAX_NOTES else []
        return tuple(notes[:_MAX_NOTES] + more)

    def begin(self, surroundings: Surroundings) -> FaceIdentityExaminer:
        """Start on a file, with a network of its own: OpenCV's are not for two threads."""
        return FaceIdentityExaminer(self._gallery, self._options, self._embedders, self._locators)


class FaceIdentityExaminer:
    """The identities of one file. Holds a few crops of each face now shown, nothing of those gone."""

    def __init__(
        self,
        gallery: Gallery,
        options: FaceOptions,
        embedders: Spares[FaceEmbedder],
        locators: Spares[FaceLocator],
    ) -> None:
        self._gallery, self._options = gallery, options
        self._embedders, self._locators = embedders, locators
        self._embedder: FaceEmbedder | None = None
        self._locator: FaceLocator | None = None
        self._open: dict[int, _Open] = {}

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """A ``FaceMatched`` for every track whose answer changed."""
        said: list[Observation] = []
        time_s = sample.time.seconds
        overlays: dict[int, list[OverlaySeen]] = {}
        for o in seen:
            if isinstance(o, OverlaySeen) and o.face_track is not None:
                overlays.setdefault(o.face_track, []).append(o)
        known = [o for o in seen if isinstance(o, KnownSeen) and o.residual is not None]
        for face in sorted((o for o in seen if isinstance(o, FaceSeen)), key=lambda o: o.track):
            state = self._open.get(face.track)
            if state is None:
                state = self._open[face.track] = _Open(face.track, sample.time, sample.time)
            state.last = sample.time
            mine = overlays.get(face.track, [])
            if self._take(state, face, sample, max((o.coverage_fraction for o in mine), default=0.0)):
                state.plain = self._answer_plain(state)
                self._contradict(state)
            self._by_known_picture(state, face, known)
            self._filled_in(state, face, sample, mine)
            self._behind(state, face, sample, mine)
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
        if self._locator is not None:
            self._locators.give(self._locator)
            self._locator = None
        return said

    def _take(self, state: _Open, face: FaceSeen, sample: Sample, coverage_fraction: float) -> bool:
        """Keep a crop of this moment if it adds anything; whether an embedding was added."""
        time_s = sample.time.seconds
        landmarks = np.array(face.landmarks, np.float64)
        if max(face.box.width_px, face.box.height_px) < _MIN_SIDE_PX:
            return False
        covered = coverage_fraction >= _COVERED_FRACTION
        if face.weak or not face.seen_directly or (covered and state.clean >= _ENOUGH_CLEAN):
            return False
        weight = _weight(face, coverage_fraction)
        known = [s.weight for s in state.appearance.seen]
        wait_s = _WAITS_S[min(state.taken, len(_WAITS_S) - 1)]
        if state.plain is not None and state.plain.clear(state.taken):
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

    def _by_known_picture(self, state: _Open, face: FaceSeen, known: Sequence[KnownSeen]) -> None:
        """Who the known picture shows at this place, whatever covers it here: told of the picture itself.

        A face that was seen uncovered must look like it: a photograph may have been given another face.
        """
        if state.matched():
            return
        for one in known:
            picture = (one.list_name, one.entry_id)
            if picture in state.pictures or face.box.fraction_inside(one.box) < _ON_PICTURE_FRACTION:
                continue
            state.pictures.add(picture)
            assert one.residual is not None
            back = np.linalg.inv(known_to_source(one.residual))
            points = cv2.perspectiveTransform(np.array(face.landmarks, np.float64)[None], back)[0]
            state.pictured = self._embed(align(np.ascontiguousarray(one.residual.known), points))
            self._keep(state, self._judge(state.pictured, "known_image"))
            self._contradict(state)

    def _contradict(self, state: _Open) -> None:
        """Take back what a known picture says where the face itself is seen, and is another."""
        shown = state.appearance.pooled() if state.clean else None
        if shown is None or state.pictured is None:
            return
        if float(shown @ state.pictured) < _SAME_PICTURE_SIMILARITY:
            state.others.pop("known_image", None)

    def _filled_in(
        self, state: _Open, face: FaceSeen, sample: Sample, overlays: Sequence[OverlaySeen]
    ) -> None:
        """The face with the overlay filled in, at most four times, the vectors pooled."""
        since_s = sample.time.seconds - state.uncovered_s
        taken = len(state.uncovered)
        if not overlays or taken == _UNCOVERED_MOST or since_s < _UNCOVER_EVERY_S or state.matched():
            return
        state.uncovered_s = sample.time.seconds
        vector = uncovered(
            around(sample.frame, face.box), overlays, self._taken_locator(), self._taken_embedder()
        )
        if vector is not None:
            state.uncovered.append(vector)
            pooled = unit(np.sum(state.uncovered, axis=0))
            self._keep(state, self._judge(pooled, "inpainted", pooled=len(state.uncovered) >= _POOLED_FROM))

    def _behind(self, state: _Open, face: FaceSeen, sample: Sample, overlays: Sequence[OverlaySeen]) -> None:
        """What is behind a fire that moves over a face that stands."""
        burns = not face.seen_directly or any(o.kind in ("flames", "explosion") for o in overlays)
        if not burns or state.matched():
            return
        fire = state.fire
        if fire is None or fire.box.iou(face.box) < _STANDS_IOU:
            fire = state.fire = BehindFire(face.box)
        if sample.time.seconds - fire.taken_s < _MOMENT_S:
            return
        fire.add(sample.frame, sample.time.seconds)
        if fire.moments in _MOMENTS_TO_LOOK:
            self._look_behind(state)

    def _look_behind(self, state: _Open) -> None:
        picture = None if state.fire is None else state.fire.picture()
        if picture is None:
            return
        landmarks = settled_landmarks([picture], self._taken_locator())
        if landmarks is not None:
            self._keep(state, self._judge(self._embed(align(picture, landmarks)), "composite"))

    def _keep(self, state: _Open, answer: _Answer) -> None:
        """Of one route the latest answer, but a match stands."""
        before = state.others.get(answer.route)
        if before is None or before.tier != "match":
            state.others[answer.route] = answer

    def _finish(self, state: _Open) -> list[Observation]:
        """The last word on a track."""
        if not state.matched():
            self._look_behind(state)
        return self._say(state)

    def _say(self, state: _Open) -> list[Observation]:
        answer = state.answer()
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
        return self._taken_embedder().embed(crop)

    def _taken_embedder(self) -> FaceEmbedder:
        if self._embedder is None:
            self._embedder = self._embedders.take()
        return self._embedder

    def _taken_locator(self) -> FaceLocator:
        if self._locator is None:
            self._locator = self._locators.take()
        return self._locator


def _weight(face: FaceSeen, coverage_fraction: float) -> float:
    """How much one moment counts: less when covered, small or doubtful."""
    size = min(1.0, max(face.box.width_px, face.box.height_px) / 60.0)
    clear = max(0.05, 1.0 - 2.0 * coverage_fraction)
    return max(0.02, face.confidence * size * clear)
