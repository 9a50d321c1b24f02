"""Texts over time: which of those that were found are still there, where, since when, and when they went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from mediaforensics.media.sample import Sample
from mediaforensics.text.layout import Message
from mediaforensics.text.lifetime import SIDE_PX, History, Trace, first_visible, first_without
from mediaforensics.text.presence import Edges, Imprint, Sighting
from mediaforensics.text.recognize import MessageReading
from mediaforensics.text.regions import Line
from mediaforensics.types import Box, Timestamp

_STRONGER = 1.25
"""A text that became this much stronger since it was read was still fading in."""
_SAME_THING = 0.5
"""Overlap (intersection over union) of two findings of one thing that is no text."""
SAME_PLACE = 0.6
"""Share of a found line that lies in a text already followed."""
_RETURN_S = 2.0
"""A text that is back within this time was hidden, not gone."""
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
    said : bool
        Whether it was reported.
    """

    number: int
    reading: MessageReading | None
    message: Message
    imprint: Imprint
    trace: Trace | None
    since: Timestamp | None
    last_seen: Timestamp
    provisional: bool = False
    postponed: bool = False
    retries: int = 0
    stronger: bool = False
    said: bool = False
    gone: bool = False
    replaces: list[int] = field(default_factory=list)

    def box(self) -> Box:
        """Around all its lines, source pixels."""
        return self.message.box

    def legible(self) -> bool:
        """Whether it could be read."""
        return self.reading is not None and self.reading.legible

    def holds(self, line: Line) -> bool:
        """Whether a line that was found is part of this text, or the very thing that could not be read."""
        box = line.quad.bounding_box()
        if self.legible():
            return box.fraction_inside(self.box()) >= SAME_PLACE
        return any(box.iou(own.quad.bounding_box()) >= _SAME_THING for own in self.message.lines)

    def text(self) -> str:
        """What was read."""
        return self.reading.text if self.reading is not None else ""

    def confidence(self) -> float:
        """How surely."""
        return self.reading.confidence if self.reading is not None else 0.0


class Tracks:
    """The texts of one file that are shown, and those that may come back. Bounded."""

    def __init__(self) -> None:
        self.shown: list[Track] = []
        self._lost: list[Track] = []
        self._gone: list[tuple[Track, Timestamp]] = []
        self._history = History()
        self._next = 1

    def follow(self, sample: Sample, edges: Edges) -> list[Track]:
        """Keep the texts that are still there; return these and those that all but faded out."""
        self._history.add(sample)
        followed = sorted([*self.shown, *self._lost], key=lambda track: track.number)
        found = [(track, track.imprint.find(edges)) for track in followed]
        standing = [(track, sighting) for track, sighting in found if sighting is not None]
        self.shown = [track for track, sighting in standing if not sighting.faint]
        # A flash, or a hand before the camera: the same text may be back on the next sample.
        self._lost = [
            track
            for track in followed
            if track not in self.shown
            and track.legible()
            and float(sample.time - track.last_seen) <= _RETURN_S
        ][-_MAX_TRACKS:]
        for track, sighting in standing:
            if not sighting.faint:
                self._see(sample, track, sighting, edges)
        faint = {track.number for track, sighting in standing if sighting.faint}
        for track in self._lost:
            if not track.gone and track.trace is not None and track.number not in faint:
                track.gone = True
                end = first_without(
                    track.trace,
                    self._history.after(track.last_seen),
                    [g for g in self._history.before(track.last_seen) if g.time > (track.since or g.time)],
                )
                self._gone.append((track, end or sample.time))
        return [track for track, _ in standing]

    def start(
        self,
        sample: Sample,
        edges: Edges,
        message: Message,
        reading: MessageReading | None,
        *,
        provisional: bool,
        postponed: bool,
    ) -> None:
        """Follow a text from now on."""
        quads = [line.quad for line in message.lines]
        trace = Trace.of(sample.frame.luma(SIDE_PX), quads)
        track = Track(
            number=self._next,
            reading=reading,
            message=message,
            imprint=Imprint(edges, quads),
            trace=trace,
            since=first_visible(trace, self._history.before(sample.time)) if trace else None,
            last_seen=sample.time,
            provisional=provisional,
            postponed=postponed,
        )
        self._next += 1
        self.shown.append(track)
        if len(self.shown) > _MAX_TRACKS:
            self.shown.remove(min(self.shown, key=Track.confidence))

    def merge(
        self, first: Track, owners: Sequence[Track], message: Message, sample: Sample, edges: Edges
    ) -> None:
        """Make ``first`` the whole ``message``; the others were parts of it."""
        self._renew(first, message, sample, edges)
        for part in owners:
            if part is first:
                continue
            first.replaces += [*part.replaces, part.number]
            if part.since is not None and part.said:
                first.since = min(first.since or part.since, part.since)
        self.shown = [track for track in self.shown if track is first or track not in owners]

    def take_gone(self) -> Iterator[tuple[Track, Timestamp]]:
        """The reported texts that are no longer visible since this sample, and when they went."""
        gone, self._gone = self._gone, []
        return (pair for pair in gone if pair[0].said)

    def _see(self, sample: Sample, track: Track, sighting: Sighting, edges: Edges) -> None:
        track.stronger = sighting.strength >= _STRONGER
        track.last_seen, track.provisional, track.gone = sample.time, False, False
        if sighting.dx or sighting.dy:
            sx, sy = edges.view.source_per_view
            self._renew(track, track.message.moved(sighting.dx * sx, sighting.dy * sy), sample, edges)
        elif track.stronger:
            self._renew(track, track.message, sample, edges)
            if track.trace is not None and track.since is not None:
                since = first_visible(track.trace, self._history.before(sample.time))
                track.since = since or track.since

    def _renew(self, track: Track, message: Message, sample: Sample, edges: Edges) -> None:
        quads = [line.quad for line in message.lines]
        track.message, track.imprint = message, Imprint(edges, quads)
        track.trace = Trace.of(sample.frame.luma(SIDE_PX), quads)
