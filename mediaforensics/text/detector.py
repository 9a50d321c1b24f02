"""TextDetector: overlaid texts, each found once, read once, and followed for as long as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mediaforensics.detect import Surroundings
from mediaforensics.media.frame import View
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import Observation, TextSeen
from mediaforensics.options import TextOptions
from mediaforensics.text.layout import Message, messages
from mediaforensics.text.ppocr import RECOGNITION_MODEL
from mediaforensics.text.presence import SIDE_PX, Edges, Imprint, Novelty, Sighting
from mediaforensics.text.recognize import MessageReader, MessageReading
from mediaforensics.text.regions import DETECTION_MODEL, Line, LineDetector
from mediaforensics.types import Box, Quad

_STILL_SIDE_PX = 960
"""A single picture has no second chance, and costs only once."""
_RETRY_STRENGTH = 1.25
"""A text that became this much stronger since it was read was still fading in: read it again."""
_SURE = 0.97
"""A reading this sure is not repeated."""
_MAX_RETRIES = 2
_MAX_TRACKS = 64
"""Texts followed at once; the weakest are let go first. A page of small print has fewer lines."""
_SAME_PLACE = 0.6
"""Share of a found line that lies in a text already followed."""


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
        return "1"

    @property
    def models(self) -> Sequence[Model]:
        """The two networks."""
        return (DETECTION_MODEL, RECOGNITION_MODEL)

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Nothing."""
        return ()

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Texts."""
        return (TextSeen,)

    def begin(self, surroundings: Surroundings) -> TextExaminer:
        """Start on a file."""
        return TextExaminer(self._lines, self._reader, surroundings)


@dataclass(slots=True)
class _Track:
    """A text that is followed."""

    number: int
    reading: MessageReading
    lines: tuple[Line, ...]
    imprint: Imprint
    retries: int = 0

    def box(self) -> Box:
        box = self.lines[0].quad.bounding_box()
        for line in self.lines[1:]:
            box = box.joined(line.quad.bounding_box())
        return box

    def move(self, dx: float, dy: float) -> None:
        """Shift by source pixels."""
        self.lines = tuple(
            replace(line, quad=Quad(tuple((x + dx, y + dy) for x, y in line.quad.corners)))
            for line in self.lines
        )


class TextExaminer:
    """One file's texts. Memory is bounded by the number of texts on one picture."""

    def __init__(self, lines: LineDetector, reader: MessageReader, surroundings: Surroundings) -> None:
        self._lines = lines
        self._reader = reader
        self._moving = surroundings.moving
        self._novelty = Novelty()
        self._tracks: list[_Track] = []
        self._next = 1

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """Follow the texts that are known, look for new ones where something changed."""
        if not self._moving:
            view = sample.frame.rgb()
            for message in messages(self._lines.locate(view, side_px=_STILL_SIDE_PX)):
                self._start(sample, message, None)
            return [self._observation(sample, track) for track in self._tracks]
        edges = Edges.of(sample.frame.luma(SIDE_PX))
        kept = []
        for track in self._tracks:
            sighting = track.imprint.find(edges)
            if sighting is not None:
                self._follow(sample, track, sighting, edges)
                kept.append(track)
        self._tracks = kept
        wait = not sample.new_picture
        for region in self._novelty.regions(edges, [track.box() for track in kept], wait):
            self._look(sample, edges, region)
        return [self._observation(sample, track) for track in self._tracks]

    def end(self) -> Iterable[Observation]:
        """Everything was said."""
        return ()

    def _look(self, sample: Sample, edges: Edges, region: tuple[int, int, int, int]) -> None:
        self._novelty.looked_at(edges, region)
        small = sample.frame.rgb(SIDE_PX)
        x0, y0, x1, y1 = region
        sx, sy = small.source_per_view
        part = View(
            small.pixels[y0:y1, x0:x1],
            small.source_per_view,
            (small.origin_px[0] + round(x0 * sx), small.origin_px[1] + round(y0 * sy)),
        )
        found = self._lines.locate(part, side_px=max(x1 - x0, y1 - y0))
        followed = [line.quad.bounding_box() for track in self._tracks for line in track.lines]
        new = [
            line
            for line in found
            if not any(line.quad.bounding_box().fraction_inside(box) >= _SAME_PLACE for box in followed)
        ]
        for message in messages(new):
            self._start(sample, message, edges)

    def _start(self, sample: Sample, message: Message, edges: Edges | None) -> None:
        reading = self._read(sample, message.box, message)
        if reading is None:
            return
        if edges is None:
            edges = Edges.of(sample.frame.luma(SIDE_PX))
        imprint = Imprint(edges, [line.quad for line in message.lines])
        self._tracks.append(_Track(number=self._next, reading=reading, lines=message.lines, imprint=imprint))
        self._next += 1
        if len(self._tracks) > _MAX_TRACKS:
            self._tracks.remove(min(self._tracks, key=lambda track: track.reading.confidence))

    def _read(self, sample: Sample, box: Box, message: Message) -> MessageReading | None:
        view = sample.frame.crop(box.grown(0.02).clipped(sample.frame.size_px))
        if min(view.pixels.shape[:2]) < 4:
            return None
        return self._reader.read(view, message)

    def _follow(self, sample: Sample, track: _Track, sighting: Sighting, edges: Edges) -> None:
        sx, sy = edges.view.source_per_view
        if sighting.dx or sighting.dy:
            track.move(sighting.dx * sx, sighting.dy * sy)
            track.imprint = Imprint(edges, [line.quad for line in track.lines])
        stronger = sighting.strength >= _RETRY_STRENGTH
        if stronger and track.retries < _MAX_RETRIES:
            track.retries += 1
            track.imprint = Imprint(edges, [line.quad for line in track.lines])
            if track.reading.confidence < _SURE:
                again = self._read(sample, track.box(), Message(rows=tuple((line,) for line in track.lines)))
                if again is not None and again.confidence > track.reading.confidence:
                    track.reading = again

    def _observation(self, sample: Sample, track: _Track) -> TextSeen:
        reading = track.reading
        return TextSeen(
            time=sample.time,
            detector="text",
            track=track.number,
            text=reading.text,
            box=track.box().clipped(sample.frame.size_px),
            lines=tuple(line.quad for line in track.lines),
            confidence=reading.confidence,
            script=reading.script,
            language=reading.language,
            engine=reading.engine,
        )
