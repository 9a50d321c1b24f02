"""TextDetector: overlaid texts, each found once, read once, and followed for as long as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from mediaforensics.detect import Surroundings
from mediaforensics.media.frame import View
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import Failure, Observation, TextGone, TextSeen
from mediaforensics.options import TextOptions
from mediaforensics.text.allowance import Allowance
from mediaforensics.text.layout import Message, messages
from mediaforensics.text.page import SURE
from mediaforensics.text.ppocr import RECOGNITION_MODEL, Reading
from mediaforensics.text.presence import SIDE_PX, Edges, Novelty, Place
from mediaforensics.text.recognize import MessageReader, MessageReading
from mediaforensics.text.regions import DETECTION_MODEL, Line, LineDetector
from mediaforensics.text.tracks import SAME_PLACE as _SAME_PLACE
from mediaforensics.text.tracks import Track, Tracks

_STILL_SIDE_PX = 960
"""A single picture has no second chance, and costs only once."""
_DOUBTFUL = 0.9
"""A first reading less sure than this is worth a thorough second one, on the next sample."""
_MAX_RETRIES = 2
_CERTAIN = 0.999
_OUTRANKS = 0.00001
"""No reading is surer than ``_CERTAIN``, so that a longer one of the same text can be surer by this."""
_MIN_SIDE_PX = 4
_MORE_ROWS_PX = 96
"""Of the view, above and below a place whose rim cut a line."""

# What a file may cost. A page of 60 lines is read at once; a minute of video may bring 150 lines more.
_LOOKS, _LOOKS_PER_S = 20.0, 2.5
"""Whole pictures that the line detector is shown; some 65 ms each."""
_LINES, _LINES_PER_S = 120.0, 2.5
"""Lines read; some 40 ms each."""
_ATTEMPTS, _ATTEMPTS_PER_S = 80.0, 1.0
"""Lines that Tesseract is given; some 60 ms each."""
_MAX_FOUND = 150
"""Lines of one picture that are followed up, the largest first."""
_LONGEST = 60
"""Lines of one message that are read; a printed page has as many."""
_MAX_HANGS = 2
"""Tesseract that failed so often is not asked again for this file: a hang costs 20 s."""


class TextDetector:
    """Finds, reads and follows overlaid text. Immutable; its examiners hold the state."""

    def __init__(self, options: TextOptions) -> None:
        """Load and verify the networks, check Tesseract.

        Raises
        ------
        MissingTool
            Tesseract or one of the languages is not installed.
        ModelMismatch
            Weights are missing or altered.
        """
        self._lines = LineDetector()
        self._reader = MessageReader(options.languages)

    @property
    def name(self) -> str:
        """``text``."""
        return "text"

    @property
    def version(self) -> str:
        """Changes whenever its answers may."""
        return "3"

    @property
    def models(self) -> Sequence[Model]:
        """The two networks."""
        return (DETECTION_MODEL, RECOGNITION_MODEL)

    @property
    def notes(self) -> Sequence[str]:
        """Nothing."""
        return ()

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Nothing."""
        return ()

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Texts, and when they have gone."""
        return (TextSeen, TextGone)

    def begin(self, surroundings: Surroundings) -> TextExaminer:
        """Start on a file."""
        return TextExaminer(self._lines, self._reader, surroundings)


def _open_sides(line: Line, place: Place, edges: Edges) -> tuple[bool, bool]:
    """Whether a line may go on outside the place: beside it, and above or below it."""
    x0, y0, x1, y1 = edges.view.from_source(line.quad.bounding_box())
    left, top, right, bottom = place
    height, width = edges.x.shape
    beside = (x0 <= left + 1 and left > 0) or (x1 >= right - 1 and right < width)
    across = (y0 <= top + 1 and top > 0) or (y1 >= bottom - 1 and bottom < height)
    return beside, across


class TextExaminer:
    """One file's texts. Memory is bounded by the number of texts on one picture."""

    def __init__(self, lines: LineDetector, reader: MessageReader, surroundings: Surroundings) -> None:
        self._lines = lines
        self._reader = reader
        self._moving = surroundings.moving
        self._novelty = Novelty()
        self._tracks = Tracks()
        self._failures: list[Failure] = []
        self._looks = Allowance(_LOOKS, _LOOKS_PER_S)
        self._to_read = Allowance(_LINES, _LINES_PER_S)
        self._attempts = Allowance(_ATTEMPTS, _ATTEMPTS_PER_S)
        self._hangs = 0
        self._unread = 0

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """Follow the texts that are known, look for new ones where something changed."""
        for allowance in (self._looks, self._to_read, self._attempts):
            allowance.at(sample.time.seconds)
        self._unread = 0
        if not self._moving:
            view = sample.frame.rgb()
            scale = _STILL_SIDE_PX / max(view.pixels.shape[:2])
            for message in messages(self._largest(self._lines.locate(view, scale))):
                self._start(sample, message, None)
            return self._observations(sample)
        edges = Edges.of(sample.frame.luma(SIDE_PX))
        taken = self._tracks.follow(sample, edges)
        for track in self._tracks.shown:
            if track.last_seen == sample.time:
                self._read_better(sample, track)
        # What all but faded out is no longer shown, but neither is it something new.
        read = [track.box() for track in taken if track.legible()]
        settled = sample.changed if sample.new_text else ()
        places = self._novelty.places(edges, read, settled)
        if places:
            self._look(sample, edges, places, taken)
        self._catch_up(sample)
        return self._observations(sample)

    def end(self) -> Iterable[Observation]:
        """Everything was said."""
        return ()

    def _look(self, sample: Sample, edges: Edges, places: Sequence[Place], taken: Sequence[Track]) -> None:
        """Let the network look at parts of the picture; start a track for what is new there."""
        found: list[Line] = []
        known = [*taken, *(track for track in self._tracks.shown if track not in taken)]
        for place in places:
            found += self._seen_at(sample, edges, place, found, known)
        found = self._largest(found)
        new = [line for line in found if not any(track.holds(line) for track in known)]
        # A message that is revealed bit by bit grows: lines that join a known text belong to it.
        boxes = [line.quad.bounding_box() for line in new]
        old = {
            line: track
            for track in self._tracks.shown
            if track.legible()
            for line in track.message.lines
            if not any(line.quad.bounding_box().fraction_inside(box) >= _SAME_PLACE for box in boxes)
        }
        for message in messages([*new, *old]):
            added = [line for line in message.lines if line not in old]
            if not added:
                continue
            owners = [
                track
                for track in self._tracks.shown
                if any(old.get(line) is track for line in message.lines)
                or any(
                    line.quad.bounding_box().fraction_inside(fresh.quad.bounding_box()) >= _SAME_PLACE
                    for line in track.message.lines
                    for fresh in added
                )
            ]
            if owners:
                self._grow(sample, owners, message, edges)
            else:
                self._start(sample, message, edges)

    def _seen_at(
        self, sample: Sample, edges: Edges, place: Place, others: Sequence[Line], known: Sequence[Track]
    ) -> list[Line]:
        """The new lines at a place; where one is cut by its rim, in the whole rows or the whole picture."""
        height, width = edges.x.shape
        # What is not looked at now stays new, and is looked at when there is time again.
        area = (place[2] - place[0]) * (place[3] - place[1])
        if not self._looks.take(area / (height * width)):
            self._say(sample, "there were too many changes to look for text in each of them")
            return []
        lines = self._locate(sample, place)
        sides = [
            _open_sides(line, place, edges) for line in lines if not any(track.holds(line) for track in known)
        ]
        if any(across or beside for beside, across in sides):
            more = _MORE_ROWS_PX if any(across for _, across in sides) else 0
            place = (0, max(0, place[1] - more), width, min(height, place[3] + more))
            lines = self._locate(sample, place)
            if any(_open_sides(line, place, edges)[1] for line in lines):
                place = (0, 0, width, height)
                lines = self._locate(sample, place)
        self._novelty.looked_at(edges, place)
        boxes = [line.quad.bounding_box() for line in others]
        return [
            line
            for line in lines
            if not any(line.quad.bounding_box().fraction_inside(box) >= _SAME_PLACE for box in boxes)
        ]

    def _largest(self, lines: list[Line]) -> list[Line]:
        """At most so many lines as are followed up; the others are counted as not read."""
        if len(lines) <= _MAX_FOUND:
            return lines
        self._unread += len(lines) - _MAX_FOUND
        boxes = {line: line.quad.bounding_box() for line in lines}
        kept = set(sorted(lines, key=lambda line: boxes[line].y0 - boxes[line].y1)[:_MAX_FOUND])
        return [line for line in lines if line in kept]

    def _locate(self, sample: Sample, place: Place) -> list[Line]:
        small = sample.frame.rgb(SIDE_PX)
        left, top, right, bottom = place
        sx, sy = small.source_per_view
        part = View(
            small.pixels[top:bottom, left:right],
            small.source_per_view,
            (small.origin_px[0] + round(left * sx), small.origin_px[1] + round(top * sy)),
        )
        return self._lines.locate(part, scale=SIDE_PX / max(small.pixels.shape[:2]))

    def _grow(self, sample: Sample, owners: Sequence[Track], message: Message, edges: Edges) -> None:
        """Read a text again that has become longer; join those that turn out to be one."""
        known = {
            line: reading
            for owner in owners
            if owner.reading is not None
            for line, reading in zip(owner.message.lines, owner.reading.readings, strict=False)
        }
        if not self._may_read(message, known):
            return
        again = self._read(sample, message, quick=True, before=owners[0].reading, known=known)
        # The one that was said first goes on.
        first = min(owners, key=lambda track: (not track.legible(), track.provisional, track.number))
        if again is None or not again.legible or len(again.text) <= len(first.text()):
            return
        # The longer reading is the better one, whatever its confidence: nothing may outrank it later.
        surest = max(track.confidence() for track in owners)
        first.reading = replace(again, confidence=max(again.confidence, min(1.0, surest + _OUTRANKS)))
        self._tracks.merge(first, owners, message, sample, edges)

    def _start(self, sample: Sample, message: Message, edges: Edges | None) -> None:
        # What moves may be half faded in: a quick reading now, a thorough one when it stands.
        self._unread += max(0, len(message.lines) - _LONGEST)
        message = message.beginning(_LONGEST)
        postponed = not self._may_read(message, {})
        if postponed and not self._moving:
            self._unread += len(message.lines)
        reading = None if postponed else self._read(sample, message, quick=edges is not None)
        if edges is None:
            edges = Edges.of(sample.frame.luma(SIDE_PX))
        sure = reading is not None and reading.confidence >= SURE
        self._tracks.start(
            sample,
            edges,
            message,
            reading,
            # Found between two changes: perhaps half of a text that is just fading in. Not said yet.
            provisional=self._moving and not (sample.new_picture or sample.new_text or sure),
            postponed=postponed,
        )

    def _catch_up(self, sample: Sample) -> None:
        """Read what had to wait; count what still does."""
        for track in self._tracks.shown:
            if not track.postponed:
                continue
            if self._to_read.left >= len(track.message.lines):
                self._to_read.take(len(track.message.lines))
                track.postponed = False
                track.reading = self._read(sample, track.message, quick=True)
            else:
                self._unread += len(track.message.lines)

    def _may_read(self, message: Message, known: Mapping[Line, Reading]) -> bool:
        return self._to_read.take(sum(line not in known for line in message.lines))

    def _read(
        self,
        sample: Sample,
        message: Message,
        quick: bool,
        before: MessageReading | None = None,
        known: Mapping[Line, Reading] | None = None,
    ) -> MessageReading | None:
        view = sample.frame.crop(message.box.grown(0.02).clipped(sample.frame.size_px))
        if min(view.pixels.shape[:2]) < _MIN_SIDE_PX:
            return None
        where = ", ".join(map(str, message.box.as_list()))
        refused = self._attempts.refused
        try:
            reading = self._reader.read(view, message, quick, before, known, self._attempts)
        except (RuntimeError, OSError) as error:
            # The child process failed or hung; the other texts of this sample are still good.
            self._say(sample, f"the text at {where} px could not be read: {type(error).__name__}: {error}")
            self._hangs += 1
            if self._hangs >= _MAX_HANGS:
                self._attempts.close()
            return None
        if self._attempts.refused > refused:
            self._say(
                sample, f"the text at {where} px was not, or not thoroughly, read: too many for Tesseract"
            )
        if reading is not None and reading.confidence > _CERTAIN:
            return replace(reading, confidence=_CERTAIN)
        return reading

    def _say(self, sample: Sample, why: str) -> None:
        self._failures.append(Failure(time=sample.time, detector="text", why=why))

    def _read_better(self, sample: Sample, track: Track) -> None:
        """Read a text that is still there again, where that promises more."""
        first_time = track.retries == 0 and track.reading is not None and track.confidence() < _DOUBTFUL
        if track.confidence() < SURE and track.retries < _MAX_RETRIES and (track.stronger or first_time):
            track.retries += 1
            before = track.reading
            known = dict(zip(track.message.lines, before.readings, strict=False)) if before else {}
            if not self._may_read(track.message, known):
                return
            again = self._read(sample, track.message, quick=False, before=before, known=known)
            if again is not None and again.confidence > track.confidence():
                track.reading = again

    def _observations(self, sample: Sample) -> list[Observation]:
        if self._unread:
            self._say(
                sample, f"{self._unread} lines of text were found and not read: more than the limit allows"
            )
        failures, self._failures = self._failures, []
        texts = [
            self._observation(sample, track, track.reading)
            for track in self._tracks.shown
            if track.reading is not None and track.legible() and not track.provisional
        ]
        for track in self._tracks.shown:
            track.said |= track.legible() and not track.provisional
        gone = [
            TextGone(time=sample.time, detector="text", track=track.number, end=end)
            for track, end in self._tracks.take_gone()
        ]
        return [*texts, *gone, *failures]

    def _observation(self, sample: Sample, track: Track, reading: MessageReading) -> TextSeen:
        return TextSeen(
            time=sample.time,
            detector="text",
            track=track.number,
            text=reading.text,
            box=track.box().clipped(sample.frame.size_px),
            lines=tuple(line.quad for line in track.message.lines),
            confidence=reading.confidence,
            script=reading.script,
            language=reading.language,
            engine=reading.engine,
            since=track.since,
            replaces=tuple(track.replaces),
        )
