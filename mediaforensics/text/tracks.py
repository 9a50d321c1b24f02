"""Texts over time: which of those that were found are still there, where, since when, and when they went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from mediaforensics.media.sample import GLIMPSE_SIDE_PX, Sample
from mediaforensics.text.fuse import Fusion
from mediaforensics.text.layout import Message, height_of
from mediaforensics.text.lifetime import MEMORY_S, History, Trace, first_visible, first_without
from mediaforensics.text.motion import Step, Velocity, followed, moves, until_out, velocity_of
from mediaforensics.text.presence import Edges, Imprint, Sighting
from mediaforensics.text.recognize import MessageReading
from mediaforensics.text.regions import Line
from mediaforensics.text.words import edit_distance
from mediaforensics.types import Box, Timestamp

_STRONGER = 1.25
"""A text that became this much stronger since it was read was still fading in."""
_SAME_THING = 0.5
"""Overlap (intersection over union) of two findings of one thing that is no text."""
SAME_PLACE = 0.6
"""Share of a found line that lies in a text already followed."""
_LONGER, _LONGER_STILL = 0.5, 0.2
"""Line heights by which a line must reach further than before to have grown, and to grow on by a letter."""
_LINE_ASPECT = 1.5
_GROWS_FOR_S, _YOUNG_S = 1.5, 5.0
"""Between two steps of a text that is written bit by bit, and until it is complete where no step was seen."""
_ONE_FADE_S, _OTHER_S = 1.0, 0.3
_SAME_ROW = 0.5
_RETURN_S = 1.0
"""A text that is back within this time was hidden, not gone."""
_AGAIN_S = 1.5
"""A text that is found again further on within this time was passing through."""
_LETTERS_PER_ERROR = 7
"""Of two readings of one line, some letters differ; chosen above the worst error rate of what is legible."""
_MAX_TRACKS = 64
"""Texts followed at once; the weakest are let go first. A page of small print has fewer lines."""


@dataclass(slots=True, eq=False)
class Track:
    """A text that is followed; also one that nobody could read, so that it is not tried again and again.

    Attributes
    ----------
    trace : Trace or None
        Its edges in a glimpse, as strong as they were seen; None for a single picture.
    since : Timestamp or None
        The first frame in which it was visible.
    stronger : bool
        Whether its last sighting showed it more strongly than what was read.
    said, dropped : bool
        Whether it was reported, and whether another text stands for it since.
    gone : Timestamp or None
        The first frame without it, if it is no longer shown.
    fusion : Fusion or None
        Its pictures so far, where its reading is doubtful.
    """

    number: int
    message: Message
    read_box: Box
    imprint: Imprint
    trace: Trace | None
    since: Timestamp | None
    last_seen: Timestamp
    reading: MessageReading | None = None
    provisional: bool = False
    postponed: bool = False
    retries: int = 0
    stronger: bool = False
    said: bool = False
    dropped: bool = False
    gone: Timestamp | None = None
    grew: Timestamp | None = None
    velocity: Velocity | None = None
    moved_px: float = 0.0
    steps: list[Step] = field(default_factory=list)
    replaces: list[int] = field(default_factory=list)
    fusion: Fusion | None = None

    def box(self) -> Box:
        """Around all its lines, source pixels."""
        return self.message.box

    def legible(self) -> bool:
        """Whether it could be read."""
        return self.reading is not None and self.reading.legible

    def holds(self, line: Line) -> bool:
        """Whether a line that was found is part of this text, or the very thing that could not be read."""
        box = line.quad.bounding_box()
        if self.runs():
            # What enters on its row is more of it.
            return box.fraction_inside(replace(self.box(), x0=min(0, box.x0), x1=box.x1)) >= SAME_PLACE
        if self.legible():
            return box.fraction_inside(self.box()) >= SAME_PLACE and not self._longer(box)
        return any(box.iou(own.quad.bounding_box()) >= _SAME_THING for own in self.message.lines)

    def _longer(self, box: Box) -> bool:
        """Whether a line goes on where this text ended."""
        own = self.box()
        more = (_LONGER if self.grew is None else _LONGER_STILL) * box.height_px
        return box.height_px < _LINE_ASPECT * box.width_px and (
            box.x0 < own.x0 - more or box.x1 > own.x1 + more
        )

    def meets(self, box: Box) -> bool:
        """Whether a line that was found now may be this text, or more of it on its row."""
        own = self.box()
        common = min(own.y1, box.y1) - max(own.y0, box.y0)
        return common >= _SAME_ROW * box.height_px and (self.runs() or own.intersection(box) is not None)

    def runs(self) -> bool:
        """Whether it passes through the picture along its line, as a ticker does."""
        return self.velocity is not None and abs(self.velocity[0]) > abs(self.velocity[1])

    def may_grow(self, time: Timestamp, edges: Edges) -> bool:
        """Whether it is being written bit by bit, so that more of it may come."""
        if self.velocity is not None or not self.legible():
            return False
        if self.grew is not None and 0 < float(time - self.grew) <= _GROWS_FOR_S:
            return True
        young = self.since is not None and float(time - self.since) <= _YOUNG_S
        return young and self.imprint.longer(edges)

    def rises(self) -> bool:
        """Whether it passes through the picture across its lines, as credits do."""
        return self.velocity is not None and not self.runs()

    def enters(self, size_px: tuple[int, int]) -> bool:
        """Whether there may be more of it outside the picture, on the side where it comes from."""
        if self.velocity is None:
            return False
        box, (width, height) = self.read_box, size_px
        line = min(box.height_px, *(round(height_of(own)) for own in self.message.lines))
        if self.runs():
            return box.x1 >= width - line if self.velocity[0] < 0 else box.x0 <= line
        rim = max(3, line // 5)
        return box.y1 >= height - rim if self.velocity[1] < 0 else box.y0 <= rim

    def text(self) -> str:
        """What was read."""
        return self.reading.text if self.reading is not None else ""

    def confidence(self) -> float:
        """How surely."""
        return self.reading.confidence if self.reading is not None else 0.0


def _overlap(a: Box, b: Box, axis: int) -> bool:
    """Whether two boxes share most of their columns (0) or rows (1)."""
    low, high = ((a.x0, a.x1), (b.x0, b.x1)) if axis == 0 else ((a.y0, a.y1), (b.y0, b.y1))
    return min(low[1], high[1]) - max(low[0], high[0]) >= SAME_PLACE * min(low[1] - low[0], high[1] - high[0])


def _held_in(some: Sequence[str], others: Sequence[str]) -> bool:
    """Whether each of some lines is, but for a few letters, among others."""
    return all(
        any(
            edit_distance(line, other, len(line) // _LETTERS_PER_ERROR) <= len(line) // _LETTERS_PER_ERROR
            for other in others
        )
        for line in some
    )


class Tracks:
    """The texts of one file that are shown, and those that may come back. Bounded."""

    def __init__(self) -> None:
        self.shown: list[Track] = []
        self._lost: list[Track] = []
        self._gone: list[Track] = []
        self._past: list[Track] = []
        self._places_left: list[tuple[Box, Timestamp]] = []
        self._history = History()
        self._next = 1

    def follow(self, sample: Sample, edges: Edges) -> list[Track]:
        """Keep the texts that are still there; return these and those that all but faded out."""
        self._history.add(sample)
        known = sorted([*self.shown, *self._lost], key=lambda track: track.number)
        found = [(track, self._find(track, sample, edges)) for track in known]
        standing = [(track, sighting) for track, sighting in found if sighting is not None]
        self.shown = [track for track, sighting in standing if not sighting.faint]
        for track, sighting in standing:
            if not sighting.faint:
                self._see(sample, track, sighting, edges)
        self._drop_doubles()
        faint = {track.number for track, sighting in standing if sighting.faint}
        missing = [track for track in known if track.last_seen < sample.time and track.legible()]
        for track in missing:
            if track.gone is None and track.number not in faint:
                track.gone = self._end(track) or sample.time
                self._gone.append(track)
                self._past.append(track)
                self._places_left.append((track.box(), track.gone))
        # A flash, or a hand before the camera: the same text may be back on the next sample.
        self._lost = [
            track for track in missing if float(sample.time - (track.gone or track.last_seen)) <= _RETURN_S
        ][-_MAX_TRACKS:]
        return [track for track, _ in standing]

    def _drop_doubles(self) -> None:
        """A text that moves may be lost, found as a new one or part of one, and found again."""
        for track in sorted(self.shown, key=lambda track: (len(track.message.lines), -track.number)):
            others = [
                other
                for other in self.shown
                if other is not track and other.legible() and (other.velocity or track.velocity)
            ]
            boxes = [line.quad.bounding_box() for line in track.message.lines]
            for other in others:
                if track.legible() and not _held_in(track.text().split("\n"), other.text().split("\n")):
                    continue
                if all(box.fraction_inside(other.box()) >= SAME_PLACE for box in boxes):
                    other.replaces += [*track.replaces, track.number]
                    if track.said and track.since is not None:
                        other.since = min(other.since or track.since, track.since)
                    self.drop(track)
                    break

    def _find(self, track: Track, sample: Sample, edges: Edges) -> Sighting | None:
        """Where it was; where it has gone to since; or a few pixels beside, after a shake."""
        track.steps = []
        sighting = track.imprint.here(edges)
        if sighting is not None or track.trace is None:
            return sighting
        glimpses = self._history.after(track.last_seen)
        track.steps = followed(track.trace, track.last_seen, glimpses[1:], track.velocity)
        if moves(track.steps) and track.steps[-1].time == sample.time:
            scale = edges.x.shape[1] / track.trace.shape[1]
            last = track.steps[-1]
            sighting = track.imprint.near(edges, round(last.dx * scale), round(last.dy * scale))
        return sighting or track.imprint.find(edges)

    def _end(self, track: Track) -> Timestamp | None:
        """The first frame without a text that is gone; None where it cannot be told."""
        glimpses = self._history.after(track.last_seen)
        if track.trace is None or not glimpses:
            return None
        if track.velocity is not None or moves(track.steps):
            steps = track.steps or [Step(time=track.last_seen, dx=0, dy=0)]
            inside = until_out(track.trace, steps, glimpses, track.velocity)
            return glimpses[inside].time if inside < len(glimpses) else None
        earlier = [g for g in self._history.before(track.last_seen) if g.time > (track.since or g.time)]
        return first_without(track.trace, glimpses, earlier)

    def start(
        self,
        sample: Sample,
        edges: Edges,
        message: Message,
        velocity: Velocity | None = None,
    ) -> Track:
        """Follow a text from now on."""
        quads = [line.quad for line in message.lines]
        trace = Trace.of(sample.frame.luma(GLIMPSE_SIDE_PX), quads)
        since, moving = self._begin(trace, message.box, sample)
        track = Track(
            number=self._next,
            message=message,
            read_box=message.box,
            imprint=Imprint(edges, quads),
            trace=trace,
            since=since,
            velocity=velocity or moving,
            last_seen=sample.time,
        )
        self._next += 1
        self.shown.append(track)
        if len(self.shown) > _MAX_TRACKS:
            self.shown.remove(min(self.shown, key=Track.confidence))
        return track

    def _begin(
        self, trace: Trace | None, box: Box, sample: Sample
    ) -> tuple[Timestamp | None, Velocity | None]:
        """Since when a text that was just found is visible, and how it moves."""
        if trace is None:
            return None, None
        glimpses = self._history.before(sample.time)
        steps = followed(trace, sample.time, glimpses[1:], None)
        if not moves(steps):
            return self._first_visible(trace, box, sample.time), None
        velocity = velocity_of([Step(time=sample.time, dx=0, dy=0), *steps])
        inside = until_out(trace, steps, glimpses, velocity)
        return glimpses[max(inside, 1) - 1].time, velocity

    def _first_visible(self, trace: Trace, box: Box, time: Timestamp) -> Timestamp | None:
        """Since when it is visible; not before another text went from there."""
        glimpses = self._history.before(time)
        self._places_left = [(b, end) for b, end in self._places_left if float(time - end) <= MEMORY_S]
        ends = [end for other, end in self._places_left if other.intersection(box) is not None]
        if not ends:
            return first_visible(trace, glimpses)
        # What was there before shows what it looks like without this text; the bare ground does so better.
        known = [
            glimpse
            for glimpse in glimpses
            if float(glimpse.time - max(ends)) >= (0 if float(time - max(ends)) > _ONE_FADE_S else -_OTHER_S)
        ]
        since = first_visible(trace, known)
        return since and max(since, max(ends))

    def replace(self, old: Track, message: Message, sample: Sample, edges: Edges) -> None:
        """What a text that moves looks like now."""
        old.moved_px, old.read_box = 0.0, message.box
        self._renew(old, message, sample, edges)

    def drop(self, track: Track) -> None:
        """Follow it no more; something else takes its place."""
        track.dropped = True
        self.shown = [other for other in self.shown if other is not track]

    def merge(
        self, first: Track, owners: Sequence[Track], message: Message, sample: Sample, edges: Edges
    ) -> None:
        """Make ``first`` the whole ``message``; the others were parts of it."""
        self._renew(first, message, sample, edges)
        for part in owners:
            if part is first:
                continue
            part.dropped = True
            first.replaces += [*part.replaces, part.number]
            if part.since is not None and part.said:  # otherwise it may have been anything
                first.since = min(first.since or part.since, part.since)
        self.shown = [track for track in self.shown if track is first or track not in owners]

    def found_again(self, track: Track, time: Timestamp) -> None:
        """Let a text that was just read stand for those that were the same, or part of it.

        What passes through the picture may be lost and found again further on. A text that stands where it
        was is another, though it says the same.
        """
        self._past = [p for p in self._past if p.gone is not None and float(time - p.gone) <= _AGAIN_S]
        for other in [*self.shown, *self._past]:
            stands = other.gone is None and other.velocity is None and not other.moved_px
            if other is track or other.dropped or stands or other.reading is None or track.reading is None:
                continue
            if not (_overlap(track.box(), other.box(), 0) or _overlap(track.box(), other.box(), 1)):
                continue
            ours, theirs = track.text().split("\n"), other.text().split("\n")
            if _held_in(ours, theirs) and len(other.text()) > len(track.text()):
                surest = max(track.confidence(), other.confidence())
                track.reading = replace(other.reading, confidence=surest, readings=())
            elif not (_held_in(ours, theirs) or _held_in(theirs, ours)):
                continue
            track.replaces += [*other.replaces, other.number]
            if other.said and other.since is not None:
                track.since = min(track.since or other.since, other.since)
            self.drop(other)

    def take_gone(self) -> list[Track]:
        """The legible texts that are no longer visible since this sample; ``gone`` says when they went."""
        gone, self._gone = self._gone, []
        return gone

    def _see(self, sample: Sample, track: Track, sighting: Sighting, edges: Edges) -> None:
        track.stronger = sighting.strength >= _STRONGER
        elapsed_s = float(sample.time - track.last_seen)
        track.last_seen, track.provisional, track.gone = sample.time, False, None
        if sighting.dx or sighting.dy:
            sx, sy = edges.view.source_per_view
            scale = GLIMPSE_SIDE_PX / max(edges.x.shape)
            if moves(track.steps) and elapsed_s > 0:
                track.velocity = sighting.dx * scale / elapsed_s, sighting.dy * scale / elapsed_s
            track.moved_px += abs(sighting.dx * sx) + abs(sighting.dy * sy)
            self._renew(track, track.message.moved(sighting.dx * sx, sighting.dy * sy), sample, edges)
            return
        track.velocity = None
        if track.stronger:
            self._renew(track, track.message, sample, edges)
            if track.trace is not None and track.since is not None:
                since = self._first_visible(track.trace, track.box(), sample.time)
                track.since = since or track.since

    def _renew(self, track: Track, message: Message, sample: Sample, edges: Edges) -> None:
        quads = [line.quad for line in message.lines]
        track.message, track.imprint = message, Imprint(edges, quads)
        track.trace = Trace.of(sample.frame.luma(GLIMPSE_SIDE_PX), quads)
