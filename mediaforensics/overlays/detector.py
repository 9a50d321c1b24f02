"""OverlayDetector: violent overlays on faces and known pictures, by three channels, settled over time."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.detect import Surroundings
from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import (
    FaceSeen,
    KnownSeen,
    Observation,
    OverlayChannel,
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
    OverlayClassifier,
    count_holes,
    extent,
    isolated,
    mean_inside,
    shown_cells,
)
from mediaforensics.overlays.looks import CLOSER, Logits, Look, Plane, counted, is_bare, joined, laid_logit
from mediaforensics.overlays.motion import Moving, StillWatch
from mediaforensics.overlays.residual import LaidOver, laid_over
from mediaforensics.overlays.settle import HOLD_LOGIT, STILL_LOGIT, Settled, confidence_of, log_odds
from mediaforensics.overlays.subjects import (
    Key,
    Subject,
    blobs,
    cut,
    inside,
    subjects,
    without_text,
)
from mediaforensics.types import Box, Mask, Quad, Timestamp

NAME = "overlays"

_MOTION_LOGIT = 1.6
"""What movement on a still portrait adds to the flames the network suspects there."""
_CLEAR_MASK = 0.8
_MOVING_FIRE_LOGIT = 0.4
"""What moves on a still portrait where the mask clearly shows flames is taken for fire, on two samples."""
_LEAST_LAID_FRACTION = 0.004
"""Of the crop; less than this was not laid over it."""
_REFUTED_LOGIT = -6.0
_FORGOTTEN_S = 1.5
"""Shown again after this long, a face or picture is looked at as if for the first time."""
_MAX_SUBJECTS = 64
_SAME_LEVELS = 1.5
"""Mean change of a crop, of 255 levels, that is only noise: the earlier answer stands."""
_RENEW_S = 0.45
_MAX_PER_SAMPLE = 8
_LEAST_TEXT_CONFIDENCE = 0.5
_LEAST_LETTERS = 2
_FINE_CELLS, _SHARE_CELLS = 64, 32

Told = tuple[OverlayChannel, Box]


@dataclass(slots=True)
class _Memory:
    """What one subject looked like lately, and the answer about it; bounded.

    ``time`` is that of the latest sample that showed it.
    """

    time: Timestamp
    still: StillWatch = field(default_factory=StillWatch)
    settled: Settled = field(default_factory=Settled)
    thumb: Pixels | None = None
    looked_s: float = -math.inf
    answer: dict[OverlayKind, list[Told]] = field(default_factory=dict)


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
    version = "2"
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
        self._least_logit = log_odds(options.min_confidence)
        self._moving = surroundings.moving
        self._memories: OrderedDict[Key, _Memory] = OrderedDict()

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """One ``OverlaySeen`` per subject and settled kind."""
        lines = [
            line for text in seen if isinstance(text, TextSeen) and _is_text(text) for line in text.lines
        ]
        laid: dict[str, LaidOver] = {}
        for known in seen:
            if isinstance(known, KnownSeen) and known.residual is not None and known.entry_id not in laid:
                over = laid_over(sample.frame, known.residual, lines)
                if over is not None:
                    laid[known.entry_id] = over
        found: list[Observation] = []
        looked_at = subjects(seen, laid)[:_MAX_PER_SAMPLE]
        faces = [subject.crop for subject in looked_at if subject.key[0] == "face"]
        for subject in looked_at:
            memory = self._memories.get(subject.key)
            if memory is None or sample.time - memory.time > _FORGOTTEN_S:
                memory = self._memories[subject.key] = _Memory(time=sample.time)
            memory.time = sample.time
            self._memories.move_to_end(subject.key)
            self._look(sample, subject, memory, lines, faces)
            found += [
                _observation(sample, subject, kind, told, memory.settled)
                for kind, told in memory.answer.items()
            ]
        while len(self._memories) > _MAX_SUBJECTS:
            self._memories.popitem(last=False)
        return found

    def end(self) -> Iterable[Observation]:
        """Nothing more: every sample has been spoken of."""
        return ()

    def _look(
        self, sample: Sample, subject: Subject, memory: _Memory, lines: Sequence[Quad], faces: Sequence[Box]
    ) -> None:
        """Bring a subject's answer up to date; an unchanged crop keeps the answer it had."""
        square = subject.crop
        crop = cut(sample.frame, square)
        thumb = np.asarray(cv2.resize(crop, (24, 24), interpolation=cv2.INTER_AREA), np.uint8)
        time_s = sample.time.seconds
        same = memory.thumb is not None and float(np.mean(cv2.absdiff(thumb, memory.thumb))) < _SAME_LEVELS
        if same and time_s - memory.looked_s < _RENEW_S:
            return
        memory.thumb, memory.looked_s = thumb, time_s
        moved = memory.still.see(time_s, crop, square)
        if subject.key[0] == "known" and subject.laid is not None:
            whole, looks = None, []
            squares = blobs(subject.laid, without=faces)
        else:
            whole = self._looked(crop, square, lines, subject.laid)
            looks = [whole]
            close = [] if subject.laid is None else blobs(subject.laid, within=square)
            squares = [one for one in close if one.width_px < CLOSER * square.width_px]
        looks += [self._looked(cut(sample.frame, one), one, lines, subject.laid) for one in squares]
        channels: dict[OverlayKind, list[Told]] = {}
        for k, kind in enumerate(KINDS):
            told = [self._by_residual(memory, k, subject, looks, sample)]
            if whole is not None:
                told.append(self._by_motion(memory, k, subject, whole, moved))
                told.append(self._by_model(memory, k, subject, whole))
            if any(told):
                channels[kind] = [one for one in told if one is not None]
        memory.answer = channels

    def _looked(self, crop: Pixels, square: Box, lines: Sequence[Quad], laid: LaidOver | None) -> Look:
        logits, masks = self._logits(crop, square, lines)
        look = Look(square=square, crop=crop, logits=logits, masks=masks)
        if laid is None:
            return look
        covered, known = laid.over(square, CROP_PX, CROP_PX)
        look = replace(look, covered=covered, bare=known - covered)
        if float(covered.mean()) < _LEAST_LAID_FRACTION:
            return look
        confidence, _ = self._classifier.confidences(isolated(crop, covered))
        return replace(look, logits_alone=self._over_working_point(confidence))

    def _logits(self, crop: Pixels, square: Box, lines: Sequence[Quad]) -> tuple[Logits, Plane]:
        """Ask the network; what it also sees with the lettering painted out is not the lettering."""
        confidence, masks = self._classifier.confidences(crop)
        if lines and (confidence >= 0.2).any():
            without = without_text(crop, square, lines)
            if without is not None:
                again, masks_again = self._classifier.confidences(without)
                masks = np.where((again < confidence)[:, None, None], masks_again, masks)
                confidence = np.minimum(confidence, again)
        return self._over_working_point(confidence), masks

    def _over_working_point(self, confidence: NDArray[np.float32]) -> Logits:
        clear = np.clip(confidence.astype(np.float64), 1e-6, 1 - 1e-6)
        return np.log(clear / (1 - clear)) - self._least_logit

    def _by_model(self, memory: _Memory, k: int, subject: Subject, look: Look) -> Told | None:
        logit = float(look.logits[k])
        if look.bare is not None and is_bare(look, look.masks[k]):
            logit = min(logit, _REFUTED_LOGIT)
        return self._channel(memory, (KINDS[k], "model"), subject, look, logit, look.masks[k])

    def _by_motion(
        self, memory: _Memory, k: int, subject: Subject, look: Look, moved: Moving | None
    ) -> Told | None:
        """Flames that the network only suspects, where the portrait stands still and they move."""
        logit, mask = float(look.logits[k]), look.masks[k]
        if KINDS[k] != "flames" or moved is None:
            return None
        clear = float(mask.max()) >= _CLEAR_MASK
        if not (clear or logit >= -_MOTION_LOGIT) or moved.covered is None:
            memory.settled.take(("flames", "motion"), _REFUTED_LOGIT, memory.time, moving=self._moving)
            return None
        if moved.supports_flames(mask):
            helped = logit + _MOTION_LOGIT
            if clear:
                helped = max(helped, _MOVING_FIRE_LOGIT)
            logit = helped
        else:
            logit = min(logit, _REFUTED_LOGIT)
        return self._channel(memory, (KINDS[k], "motion"), subject, look, logit, moved.covered)

    def _by_residual(
        self, memory: _Memory, k: int, subject: Subject, looks: Sequence[Look], sample: Sample
    ) -> Told | None:
        """What was laid over the known picture, if the network knows it for violent."""
        if subject.laid is None:
            return None
        channel: tuple[OverlayKind, OverlayMethod] = (KINDS[k], "residual")
        seen = [look for look in looks if look.logits_alone is not None]
        best = max(seen, key=lambda look: laid_logit(look, k), default=None)
        # That something was laid over it is sure: a single picture needs no surer look than a video's.
        logit = _REFUTED_LOGIT if best is None else laid_logit(best, k)
        logit += 0.0 if self._moving else STILL_LOGIT
        if best is None or logit < -HOLD_LOGIT:
            memory.settled.take(channel, logit, memory.time, moving=self._moving)
            return None
        all_of_it = [look for look in seen if look is best or laid_logit(look, k) >= 0]
        shown = best if len(all_of_it) == 1 else joined(all_of_it, sample, subject.laid)
        assert shown.covered is not None
        fine = cv2.resize(shown.covered, (_FINE_CELLS, _FINE_CELLS), interpolation=cv2.INTER_AREA)
        share = float(subject.laid.over(subject.box, _SHARE_CELLS, _SHARE_CELLS)[0].mean())
        count = counted(all_of_it) if channel[0] == "bullet_hole" else 1
        return self._channel(memory, channel, subject, shown, logit, np.asarray(fine), (share, count))

    def _channel(
        self,
        memory: _Memory,
        channel: tuple[OverlayKind, OverlayMethod],
        subject: Subject,
        look: Look,
        logit: float,
        covered: Plane,
        measured: tuple[float, int] | None = None,
    ) -> Told | None:
        """Settle what a channel sees; measure it where coverage and count are not ``measured`` yet.

        ``covered`` is the share of each cell of the look's square.
        """
        settled = memory.settled.take(channel, logit, memory.time, moving=self._moving)
        if settled is None:
            return None
        cells = shown_cells(covered)
        if measured is None:
            share = mean_inside(covered, inside(subject.box, look.square))
            measured = share, count_holes(look.crop, covered) if channel[0] == "bullet_hole" else 1
        coverage_fraction, count = measured
        count = memory.settled.counted(channel, count)
        told = OverlayChannel(
            method=channel[1],
            time=memory.time,
            confidence=round(confidence_of(settled + self._least_logit), 4),
            coverage_fraction=round(min(1.0, coverage_fraction), 4),
            count=count,
            mask=Mask.of(look.square, cells),
        )
        left, top, right, bottom = extent(cells)
        side = look.square.width_px
        x0, y0 = look.square.x0, look.square.y0
        at = Box(
            round(x0 + left * side), round(y0 + top * side),
            round(x0 + right * side), round(y0 + bottom * side),
        )  # fmt: skip
        return told, at


def _is_text(text: TextSeen) -> bool:
    """Lettering, and not a mark that a reader took for a letter (an X, a ring)."""
    return text.confidence >= _LEAST_TEXT_CONFIDENCE and sum(c.isalnum() for c in text.text) > _LEAST_LETTERS


def _observation(
    sample: Sample, subject: Subject, kind: OverlayKind, told: Sequence[Told], settled: Settled
) -> OverlaySeen:
    what, ident = subject.key
    channels = tuple(channel for channel, _ in told)
    lead = channels[0].mask
    fraction = None
    if subject.laid is not None:
        cell_px = lead.box.area_px / (lead.columns * lead.rows)
        fraction = min(1.0, round(float(lead.cells().sum()) * cell_px / subject.laid.visible_area_px, 4))
    return OverlaySeen(
        time=sample.time,
        detector=NAME,
        kind=kind,
        face_track=int(ident) if what == "face" else None,
        known_entry_id=subject.known_entry_id,
        box=told[0][1].clipped(sample.frame.size_px),
        picture_fraction=fraction,
        channels=channels,
        since=min(settled.since[kind, channel.method] for channel in channels),
    )
