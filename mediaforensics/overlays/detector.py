"""OverlayDetector: violent overlays on faces and known pictures, settled over the samples of a track."""

from __future__ import annotations

import math
import statistics
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np

from mediaforensics.detect import Surroundings
from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import (
    FaceSeen,
    KnownSeen,
    Observation,
    OverlayKind,
    OverlayMethod,
    OverlaySeen,
    TextSeen,
)
from mediaforensics.options import OverlayOptions
from mediaforensics.overlays.classify import (
    CROP_PX,
    KINDS,
    OVERLAYS,
    FloatBox,
    OverlayClassifier,
    SeenKind,
    context_box,
    describe,
    square_crop,
)
from mediaforensics.overlays.motion import Moving, StillWatch
from mediaforensics.types import Box, Quad

NAME = "overlays"

_STILL_LOGIT = 1.1
"""A single picture has no second sample to agree, so its one look must be surer, 0.75 instead of 0.5: of 250
plain press photographs 0.8 % raise an alarm then, not 2.4 %."""
_HOLD_LOGIT = 1.1
"""A kind that was settled goes on until it falls this far under the working point: no flicker."""
_SURE_LOGIT = 2.2
"""One sample is enough (a confidence of 0.9 where the working point is 0.5)."""
_MOTION_LOGIT = 1.6
"""What movement on a still portrait adds to the flames the network suspects there."""
_CLEAR_MASK = 0.8
_MOVING_FIRE_LOGIT = 0.4
"""What moves on a still portrait where the mask clearly shows flames is taken for fire, on two samples."""
_REMEMBERED = 4
_NEEDED = 2
_MAX_SUBJECTS = 64
_SAME_LEVELS = 1.5
"""Mean change of a crop, of 255 levels, that is only noise: the earlier answer stands."""
_RENEW_S = 0.45
_LEAST_FACE_PX = 20
_MAX_PER_SAMPLE = 8
_LEAST_TEXT_CONFIDENCE = 0.5
_LEAST_LETTERS = 2
_TEXT_GROWTH_PX = 2
_INPAINT_RADIUS_PX = 3

Key = tuple[str, int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """Something that may bear an overlay: a face track, or a known picture."""

    key: Key
    box: Box
    context: tuple[int, int, int, int]
    face: FloatBox


@dataclass(slots=True)
class _Memory:
    """What one subject looked like lately, and the answer about it; bounded."""

    still: StillWatch = field(default_factory=StillWatch)
    history: dict[OverlayKind, deque[float]] = field(default_factory=dict)
    settled: dict[OverlayKind, OverlayMethod] = field(default_factory=dict)
    thumb: Pixels | None = None
    looked_s: float = -math.inf
    counts: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    answer: dict[OverlayKind, tuple[SeenKind, OverlayMethod]] = field(default_factory=dict)


class OverlayDetector:
    """Finds flames, bullet holes, crosshairs and other violent marks on faces and known pictures.

    Parameters
    ----------
    options : OverlayOptions
        ``min_confidence`` moves the working point of all kinds together.

    Raises
    ------
    ModelMismatch
        The weights are missing or altered.
    """

    name = NAME
    version = "1"
    models: Sequence[Model] = (OVERLAYS,)
    notes: Sequence[str] = ()
    needs: Sequence[type[Observation]] = (FaceSeen, TextSeen, KnownSeen)
    emits: Sequence[type[Observation]] = (OverlaySeen,)

    def __init__(self, options: OverlayOptions) -> None:
        self._options = options
        self._classifier = OverlayClassifier()

    def begin(self, surroundings: Surroundings) -> OverlayExaminer:
        """Start on a file."""
        return OverlayExaminer(self._classifier, self._options, surroundings)


class OverlayExaminer:
    """The overlays of one file. Remembers a bounded number of subjects, the latest seen."""

    def __init__(
        self, classifier: OverlayClassifier, options: OverlayOptions, surroundings: Surroundings
    ) -> None:
        self._classifier = classifier
        self._least_logit = _logit(options.min_confidence)
        self._moving = surroundings.moving
        self._memories: OrderedDict[Key, _Memory] = OrderedDict()

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """One ``OverlaySeen`` per subject and settled kind."""
        texts = [
            line for text in seen if isinstance(text, TextSeen) and _is_text(text) for line in text.lines
        ]
        found: list[Observation] = []
        for subject in _subjects(seen)[:_MAX_PER_SAMPLE]:
            memory = self._memories.setdefault(subject.key, _Memory())
            self._memories.move_to_end(subject.key)
            self._look(sample, subject, memory, texts)
            found += [
                _observation(sample, subject, kind, shown, method)
                for kind, (shown, method) in memory.answer.items()
            ]
        while len(self._memories) > _MAX_SUBJECTS:
            self._memories.popitem(last=False)
        return found

    def end(self) -> Iterable[Observation]:
        """Nothing more: every sample has been spoken of."""
        return ()

    def _look(self, sample: Sample, subject: _Subject, memory: _Memory, texts: Sequence[Quad]) -> None:
        """Bring a subject's answer up to date; an unchanged crop keeps the answer it had."""
        crop, to_crop = _crop(sample, subject)
        thumb = np.asarray(cv2.resize(crop, (24, 24), interpolation=cv2.INTER_AREA), np.uint8)
        time_s = sample.time.seconds
        same = memory.thumb is not None and float(np.mean(cv2.absdiff(thumb, memory.thumb))) < _SAME_LEVELS
        if same and time_s - memory.looked_s < _RENEW_S:
            return
        memory.thumb, memory.looked_s = thumb, time_s
        moved = memory.still.see(time_s, crop)
        lines = [quad for quad in texts if _meets(quad, subject.context)]
        logits, masks = self._logits(crop, [to_crop(q) for q in lines])
        memory.answer = {}
        for k, kind in enumerate(KINDS):
            self._settle(memory, kind, float(logits[k]), masks[k], moved, crop, subject)

    def _logits(self, crop: Pixels, lines: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Ask the network; what it also sees with the lettering painted out is not the lettering."""
        confidence, masks = self._classifier.confidences(crop)
        suspects = confidence >= 0.2
        if lines and suspects.any():
            without = _without_text(crop, lines)
            again, masks_again = self._classifier.confidences(without)
            masks = np.where((again < confidence)[:, None, None], masks_again, masks)
            confidence = np.minimum(confidence, again)
        clear = np.clip(confidence.astype(np.float64), 1e-6, 1 - 1e-6)
        return np.log(clear / (1 - clear)) - self._least_logit, masks

    def _settle(
        self,
        memory: _Memory,
        kind: OverlayKind,
        logit: float,
        mask: np.ndarray,
        moved: Moving | None,
        crop: Pixels,
        subject: _Subject,
    ) -> None:
        """Decide about one kind from this and the last few samples."""
        method: OverlayMethod = "model"
        if kind == "flames" and moved is not None and logit < _SURE_LOGIT and moved.supports_flames(mask):
            helped = logit + _MOTION_LOGIT
            if float(mask.max()) >= _CLEAR_MASK:
                helped = max(helped, _MOVING_FIRE_LOGIT)
            if logit < 0:
                method = "motion"
            logit = helped
        history = memory.history.setdefault(kind, deque(maxlen=_REMEMBERED))
        history.append(logit)
        over = sum(value >= 0 for value in history)
        if logit >= _SURE_LOGIT or over >= _NEEDED or (logit >= _STILL_LOGIT and not self._moving):
            memory.settled.setdefault(kind, method)  # one overlay, one entry: by what it was first seen
        elif logit < -_HOLD_LOGIT and over == 0:
            memory.settled.pop(kind, None)
        if kind in memory.settled and logit >= -_HOLD_LOGIT:
            confidence = _sigmoid(max(logit, 0.0) + self._least_logit)
            shown = describe(crop, kind, confidence, mask, subject.face)
            if kind == "bullet_hole":
                memory.counts.append(shown.count)
                shown = replace(shown, count=int(statistics.median_low(memory.counts)))
            memory.answer[kind] = (shown, memory.settled[kind])


def _subjects(seen: Sequence[Observation]) -> list[_Subject]:
    """Faces, largest first, then known pictures inside the frame on which no face was found."""
    faces = sorted((o for o in seen if isinstance(o, FaceSeen)), key=lambda o: (-o.box.area_px, o.track))
    subjects = []
    for face in faces:
        if min(face.box.width_px, face.box.height_px) < _LEAST_FACE_PX:
            continue
        x0, y0, x1, y1 = face.box.as_list()
        subjects.append(_subject(("face", face.track), face.box, context_box((x0, y0, x1, y1))))
    for known in seen:
        if not isinstance(known, KnownSeen) or known.extent != "region":
            continue
        if any(face.box.fraction_inside(known.box) > 0.5 for face in faces):
            continue
        x0, y0, x1, y1 = known.box.as_list()
        if min(x1 - x0, y1 - y0) >= _LEAST_FACE_PX:
            context = context_box((x0, y0, x1, y1), sides=1.2)
            subjects.append(_subject(("known", known.entry_id), known.box, context))
    return subjects


def _subject(key: Key, box: Box, context: tuple[int, int, int, int]) -> _Subject:
    side = context[2] - context[0]
    face = (
        (box.x0 - context[0]) / side,
        (box.y0 - context[1]) / side,
        (box.x1 - context[0]) / side,
        (box.y1 - context[1]) / side,
    )
    return _Subject(key=key, box=box, context=context, face=face)


class _ToCrop:
    """Where a source position lies in a crop."""

    def __init__(self, context: tuple[int, int, int, int]) -> None:
        self._origin = np.array(context[:2], np.float64)
        self._scale = CROP_PX / (context[2] - context[0])

    def __call__(self, quad: Quad) -> np.ndarray:
        return (np.array(quad.corners, np.float64) - self._origin) * self._scale


def _crop(sample: Sample, subject: _Subject) -> tuple[Pixels, _ToCrop]:
    """The subject with its surroundings, 128 x 128, RGB."""
    x0, y0, x1, y1 = subject.context
    view = sample.frame.crop(Box(x0, y0, x1, y1))
    left, top, right, bottom = view.from_source(Box(x0, y0, x1, y1))
    left_px, top_px = round(left), round(top)
    side = max(2, round(max(right - left, bottom - top)))
    crop = square_crop(view.pixels, (left_px, top_px, left_px + side, top_px + side))
    return crop, _ToCrop(subject.context)


def _is_text(text: TextSeen) -> bool:
    """Lettering, and not a mark that a reader took for a letter (an X, a ring)."""
    return text.confidence >= _LEAST_TEXT_CONFIDENCE and sum(c.isalnum() for c in text.text) > _LEAST_LETTERS


def _meets(quad: Quad, context: tuple[int, int, int, int]) -> bool:
    return quad.bounding_box().intersection(Box(*context)) is not None


def _without_text(crop: Pixels, lines: Sequence[np.ndarray]) -> Pixels:
    """The crop with its lettering painted out from around it (Telea 2004)."""
    mask = np.zeros((CROP_PX, CROP_PX), np.uint8)
    for corners in lines:
        cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 255)
    mask = np.asarray(cv2.dilate(mask, np.ones((2 * _TEXT_GROWTH_PX + 1,) * 2, np.uint8)), np.uint8)
    if mask.all():
        return crop
    return np.asarray(cv2.inpaint(crop, mask, _INPAINT_RADIUS_PX, cv2.INPAINT_TELEA), np.uint8)


def _observation(
    sample: Sample, subject: _Subject, kind: OverlayKind, shown: SeenKind, method: OverlayMethod
) -> OverlaySeen:
    x0, y0, x1, _ = subject.context
    side = x1 - x0
    left, top, right, bottom = shown.box
    box = Box(
        round(x0 + left * side), round(y0 + top * side), round(x0 + right * side), round(y0 + bottom * side)
    ).clipped(sample.frame.size_px)
    what, ident = subject.key
    return OverlaySeen(
        time=sample.time,
        detector=NAME,
        kind=kind,
        face_track=int(ident) if what == "face" else None,
        known_entry_id=str(ident) if what == "known" else None,
        box=box,
        coverage_fraction=round(shown.coverage_fraction, 4),
        count=shown.count,
        confidence=round(shown.confidence, 4),
        method=method,
    )


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
