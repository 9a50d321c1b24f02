"""One file's texts while it is read: each found once, read once, and followed for as long as it stands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from mediaforensics.detect import Surroundings
from mediaforensics.media.frame import View
from mediaforensics.media.sample import GLIMPSE_SIDE_PX, Sample
from mediaforensics.observations import Observation, TextGone, TextSeen
from mediaforensics.text.fuse import Fusion
from mediaforensics.text.layout import Message, height_of, messages
from mediaforensics.text.looking import Looker
from mediaforensics.text.motion import Velocity, stitched
from mediaforensics.text.network import Reading
from mediaforensics.text.novelty import Place
from mediaforensics.text.page import SURE
from mediaforensics.text.presence import SIDE_PX, Edges
from mediaforensics.text.reading import Readings
from mediaforensics.text.recognize import MessageReader, MessageReading
from mediaforensics.text.regions import Line, LineDetector
from mediaforensics.text.tracks import SAME_PLACE as _SAME_PLACE
from mediaforensics.text.tracks import Track, Tracks
from mediaforensics.types import Timestamp

_DOUBTFUL = 0.9
"""A first reading less sure than this is worth a thorough second one, on the next sample."""
_PICTURES = (2, 4)
"""So many pictures of a doubtful text are fused for its second and third reading."""
_MAX_RETRIES = len(_PICTURES)
_OUTRANKS = 0.00001
"""By so much is a longer reading of the same text the surer."""
_STEP, _WHOLE = 0.45, 0.7
"""How far a ticker must go before it is read again, as a share of the picture or of what was read; and half a
line of credits before it is whole, in line heights."""
_LATELY_S = 0.2
"""What has not moved for this long rests; a slow pan moves its edges by a pixel of a small view."""
_LONGEST = 60
"""Lines of one message that are read; a printed page has as many."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class _Growth:
    """A text that is longer than what was read of it, and the picture that shows most of it."""

    track: Track
    owners: tuple[Track, ...]
    known: Mapping[Line, Reading]
    message: Message
    view: View
    time: Timestamp


def _lately(sample: Sample) -> tuple[View, View] | None:
    """What the sample and a glimpse shortly before it show, to tell what stands still."""
    before = [g for g in sample.between if float(sample.time - g.time) >= _LATELY_S]
    return (sample.frame.luma(GLIMPSE_SIDE_PX), before[-1].view) if before else None


class TextExaminer:
    """One file's texts. Memory is bounded by the number of texts on one picture."""

    def __init__(self, lines: LineDetector, reader: MessageReader, surroundings: Surroundings) -> None:
        self._looker = Looker(lines)
        self._readings = Readings(reader)
        self._moving = surroundings.moving
        self._tracks = Tracks()
        self._growing: list[_Growth] = []
        self._completed: list[Track] = []
        self._gone: list[Track] = []
        self._latest: tuple[Sample, Edges] | None = None
        self._size_px = surroundings.size_px

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """Follow the texts that are known, look for new ones where something changed."""
        self._looker.at(sample.time.seconds)
        self._readings.at(sample.time.seconds)
        if not self._moving:
            for message in messages(self._looker.whole(sample)):
                self._start(sample, message, None)
            return self._observations(sample)
        edges = Edges.of(sample.frame.luma(SIDE_PX))
        self._latest, self._size_px = (sample, edges), sample.frame.size_px
        taken = self._tracks.follow(sample, edges)
        self._gone = self._tracks.take_gone()
        for track in self._gone:
            # The same text there, later, is a new one.
            self._looker.novelty.forget(edges, track.box())
        for track in self._tracks.shown:
            if track.last_seen == sample.time:
                self._read_better(sample, track)
        # What all but faded out is no longer shown, but neither is it something new.
        read = [track.box() for track in taken if track.legible()]
        settled = sample.changed if sample.new_text else ()
        places = self._looker.novelty.places(edges, read, settled, _lately(sample))
        for track in self._tracks.shown:
            if track.last_seen != sample.time or not track.legible():
                continue
            if track.may_grow(sample.time, edges):
                track.grew = track.grew or sample.time
                places.append(self._ends(track, edges))
            elif track.stronger:
                # It was found while it faded in: perhaps not all of it.
                places.append(self._ends(track, edges))
        if places:
            self._look(sample, edges, places, taken)
        for track in list(self._tracks.shown):
            self._advance(sample, edges, track)
        self._settle(sample, edges)
        self._catch_up(sample)
        return self._observations(sample)

    def end(self) -> Iterable[Observation]:
        """Say what was read of texts that were gone before they had stopped growing."""
        if self._latest is not None:
            self._settle(*self._latest, last=True)
        return [
            self._observation(track.last_seen, self._size_px, track, track.reading)
            for track in self._completed
            if track.reading is not None
        ]

    def _look(self, sample: Sample, edges: Edges, places: Sequence[Place], taken: Sequence[Track]) -> None:
        """Let the network look at parts of the picture; start a track for what is new there."""
        known = [*taken, *(track for track in self._tracks.shown if track not in taken)]

        def is_known(line: Line) -> bool:
            return any(track.holds(line) for track in known)

        found = self._looker.new_lines(sample, edges, places, is_known)
        new = [line for line in found if not is_known(line)]
        # A message that is revealed bit by bit grows: lines that join a known text belong to it.
        boxes = [line.quad.bounding_box() for line in new]
        old = {
            line: track
            for track in self._tracks.shown
            if track.legible() and track.velocity is None
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

    def _grow(self, sample: Sample, owners: Sequence[Track], message: Message, edges: Edges) -> None:
        """A text has become longer: read it again, at once where a line was added.

        A line that grows word by word is read when it has stopped, from the picture that shows most of it.
        """
        # The one that was said first goes on.
        first = min(owners, key=lambda track: (not track.legible(), track.provisional, track.number))
        earlier = [growth for growth in self._growing if growth.track in owners]
        known = {
            line: reading
            for owner in owners
            if owner.reading is not None
            for line, reading in zip(owner.message.lines, owner.reading.readings, strict=False)
        }
        growth = _Growth(
            track=first,
            owners=tuple(dict.fromkeys([*owners, *(o for growth in earlier for o in growth.owners)])),
            known={line: reading for one in earlier for line, reading in one.known.items()} | known,
            message=message,
            view=self._readings.cut(sample, message),
            time=sample.time,
        )
        lines = [line for owner in owners for line in owner.message.lines]
        if all(line in message.lines for line in lines) or first.reading is None or not first.legible():
            self._grown(sample, growth, edges)
            return
        self._growing = [other for other in self._growing if other not in earlier]
        self._growing.append(growth)
        first.grew = sample.time
        first.reading = replace(first.reading, readings=())
        self._tracks.merge(first, owners, message, sample, edges)

    def _ends(self, track: Track, edges: Edges) -> Place:
        """Where the next letters of a text that was growing would be: too few to be noticed as new."""
        x0, y0, x1, y1 = edges.view.from_source(track.box())
        more = y1 - y0
        height, width = edges.x.shape
        left, top = max(0, int(x0 - more)), max(0, int(y0 - more / 2))
        return left, top, min(width, math.ceil(x1 + 3 * more)), min(height, math.ceil(y1 + more / 2))

    def _settle(self, sample: Sample, edges: Edges, *, last: bool = False) -> None:
        """Read what has stopped growing, or is gone."""
        for growth in [g for g in self._growing if last or g.time < sample.time]:
            self._growing.remove(growth)
            self._grown(sample, growth, edges)

    def _grown(self, sample: Sample, growth: _Growth, edges: Edges) -> None:
        """Read a text that has become longer; join those that turn out to be one."""
        first, message = growth.track, growth.message
        known = growth.known
        if not self._readings.may_read(message, known):
            return
        again = self._readings.read(
            sample, message, quick=True, before=first.reading, known=known, view=growth.view
        )
        if again is None or not again.legible or len(again.text) <= len(first.text()):
            return
        # The longer reading is the better one, whatever its confidence: nothing may outrank it later.
        surest = max(track.confidence() for track in growth.owners)
        first.reading = replace(again, confidence=max(again.confidence, min(1.0, surest + _OUTRANKS)))
        if first in self._tracks.shown:
            if first.message is not message:
                self._tracks.merge(first, growth.owners, message, sample, edges)
        elif first.said and not first.dropped:
            self._completed.append(first)

    def _advance(self, sample: Sample, edges: Edges, track: Track) -> None:
        """Look at what has come in of a text that passes through the picture."""
        width, height = sample.frame.size_px
        if track.last_seen != sample.time or not track.enters((width, height)):
            return
        line = max(map(height_of, track.message.lines))
        far = min(_STEP * width, max(2 * line, _STEP * track.read_box.width_px))
        if track.moved_px < (far if track.runs() else _WHOLE * line):
            return
        others = [other for other in self._tracks.shown if other is not track]
        lines = [
            found
            for found in self._looker.on_rows(sample, edges, track.box().y0 - line, track.box().y1 + line)
            if track.meets(found.quad.bounding_box()) and not any(other.holds(found) for other in others)
        ]
        if not lines:
            return
        if track.runs():
            row = tuple(sorted(lines, key=lambda found: found.quad.bounding_box().x0))
            message = Message(rows=(row,))
            again = (
                self._readings.read(sample, message, quick=True)
                if self._readings.may_read(message, {})
                else None
            )
            self._tracks.replace(track, message, sample, edges)
            if again is not None and again.legible:
                joined = stitched(track.text(), again.text) if track.legible() else again.text
                if joined is not None and len(joined) > len(track.text()):
                    surest = max(again.confidence, min(1.0, track.confidence() + _OUTRANKS))
                    track.reading = replace(again, text=joined, confidence=surest)
            return
        self._tracks.drop(track)
        for message in messages(lines):
            whole = self._start(sample, message, edges, velocity=track.velocity)
            whole.since = track.since or whole.since
            whole.replaces = [*track.replaces, track.number]

    def _start(
        self, sample: Sample, message: Message, edges: Edges | None, velocity: Velocity | None = None
    ) -> Track:
        # What moves may be half faded in: a quick reading now, a thorough one when it stands.
        self._readings.unread += max(0, len(message.lines) - _LONGEST)
        message = message.beginning(_LONGEST)
        track = self._tracks.start(sample, edges or Edges.of(sample.frame.luma(SIDE_PX)), message, velocity)
        if track.rises() and track.enters(sample.frame.size_px):
            # Half a line of credits: it is read when it is in the picture.
            return track
        track.postponed = not self._readings.may_read(message, {})
        if track.postponed and not self._moving:
            self._readings.unread += len(message.lines)
        reading = None if track.postponed else self._readings.read(sample, message, quick=edges is not None)
        if message.upended and not track.postponed and (reading is None or reading.confidence < SURE):
            other = self._readings.read(sample, message.other_way(), quick=True)
            if other is not None and (reading is None or other.confidence > reading.confidence):
                track.message, reading = message.other_way(), other
        track.reading = reading
        if self._moving and track.legible():
            self._tracks.found_again(track, sample.time)
            if track.confidence() < _DOUBTFUL:
                self._fuse(sample, track)
        sure = reading is not None and reading.confidence >= SURE
        # Found between two changes: perhaps half of a text that is just fading in. Not said yet.
        track.provisional = self._moving and not (sample.new_picture or sample.new_text or sure)
        return track

    def _catch_up(self, sample: Sample) -> None:
        """Read what had to wait; count what still does."""
        for track in self._tracks.shown:
            if not track.postponed:
                continue
            if self._readings.may_catch_up(track.message):
                track.postponed = False
                track.reading = self._readings.read(sample, track.message, quick=True)
            else:
                self._readings.unread += len(track.message.lines)

    def _read_better(self, sample: Sample, track: Track) -> None:
        """Read a text that is still there again, where that promises more."""
        if track.confidence() >= SURE or track.retries >= _MAX_RETRIES:
            track.fusion = None
            return
        pictures = self._fuse(sample, track) if track.confidence() < _DOUBTFUL else 0
        if not track.stronger and (track.reading is None or pictures < _PICTURES[track.retries]):
            return
        fused = track.fusion.view() if track.fusion is not None and not track.stronger else None
        track.retries += 1
        before = track.reading
        known = dict(zip(track.message.lines, before.readings, strict=False)) if before else {}
        if not self._readings.may_read(track.message, known):
            return
        again = self._readings.read(
            sample, track.message, quick=False, before=before, known=known, view=fused
        )
        if again is not None and again.confidence > track.confidence():
            track.reading = again

    def _fuse(self, sample: Sample, track: Track) -> int:
        """Keep what a doubtful text looks like now; say how many pictures of it there are."""
        view = self._readings.cut(sample, track.message)
        if track.fusion is None or not track.fusion.add(view):
            track.fusion = Fusion(view)
        return track.fusion.samples

    def _observations(self, sample: Sample) -> list[Observation]:
        self._readings.unread += self._looker.passed_over
        if self._looker.refused:
            self._readings.say(sample, "there were too many changes to look for text in each of them")
        texts = [
            self._observation(sample.time, sample.frame.size_px, track, track.reading)
            for track in self._tracks.shown
            if track.reading is not None and track.legible() and not track.provisional
        ]
        for track in self._tracks.shown:
            track.said |= track.legible() and not track.provisional
        gone = [
            TextGone(time=sample.time, detector="text", track=track.number, end=track.gone)
            for track in self._gone
            if track.said and track.gone is not None
        ]
        return [*texts, *gone, *self._readings.failures(sample)]

    def _observation(
        self, time: Timestamp, size_px: tuple[int, int], track: Track, reading: MessageReading
    ) -> TextSeen:
        return TextSeen(
            time=time,
            detector="text",
            track=track.number,
            text=reading.text,
            box=track.box().clipped(size_px),
            lines=tuple(line.quad for line in track.message.lines),
            confidence=reading.confidence,
            script=reading.script,
            language=reading.language,
            engine=reading.engine,
            since=track.since,
            replaces=tuple(track.replaces),
        )
