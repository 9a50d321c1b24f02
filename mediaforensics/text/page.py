"""The lines of one message, each cut out once and shown to a network when that is first asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mediaforensics.media.frame import Pixels, View
from mediaforensics.text.layout import Message
from mediaforensics.text.network import ENGINE, OVERLAY_ENGINE, LineNetwork, Reading
from mediaforensics.text.regions import Line, cut_out

SURE = 0.97
"""A network's reading this sure is not repeated."""


def letters(reading: Reading) -> int:
    """Letters and digits that were read."""
    return sum(letter.isalnum() for letter in reading.text)


class Page:
    """What is known of one message while it is being read.

    Parameters
    ----------
    plain, overlay : LineNetwork
        PP-OCR's recogniser and our own.
    view : View
        RGB, at full resolution; holds the message.
    message : Message
        Its lines.
    known : mapping of Line to Reading
        What was read on some of them before.
    """

    def __init__(
        self,
        plain: LineNetwork,
        overlay: LineNetwork,
        view: View,
        message: Message,
        known: Mapping[Line, Reading],
    ) -> None:
        self._networks = {ENGINE: plain, OVERLAY_ENGINE: overlay}
        self._view, self.message, self.known = view, message, known
        self._pixels: dict[Line, Pixels] = {}
        self._read = {
            (reading.engine, line): reading
            for line, reading in known.items()
            if reading.engine in self._networks and reading.confidence >= SURE
        }
        self.widest = max(message.lines, key=self.aspect)

    def aspect(self, line: Line) -> float:
        """Width over height."""
        height, width = self._cut(line).shape[:2]
        return float(width / height)

    def plain(self, line: Line) -> Reading:
        """What PP-OCR reads."""
        return self._by(ENGINE, line)

    def overlay(self, line: Line) -> Reading:
        """What our own network reads."""
        return self._by(OVERLAY_ENGINE, line)

    def sure(self, line: Line) -> Reading | None:
        """What was surely read on a line before."""
        return next((self._read[e, line] for e in self._networks if (e, line) in self._read), None)

    def plain_so_far(self) -> list[Reading]:
        """What PP-OCR has been shown, in the order of the lines."""
        return [self._read[ENGINE, line] for line in self.message.lines if (ENGINE, line) in self._read]

    def tight(self, line: Line) -> Pixels:
        """A line without margin: Tesseract takes the edge of a bar for a letter."""
        return cut_out(self._view, line.quad, margin=0.0)

    def letters_per_height(self, lines: Sequence[Line]) -> float:
        """Letters that PP-OCR read for each line height of width."""
        return sum(letters(self.plain(line)) for line in lines) / sum(map(self.aspect, lines))

    def _by(self, engine: str, line: Line) -> Reading:
        if (engine, line) not in self._read:
            self._read[engine, line] = self._networks[engine].read(self._cut(line))
        return self._read[engine, line]

    def _cut(self, line: Line) -> Pixels:
        if line not in self._pixels:
            self._pixels[line] = cut_out(self._view, line.quad)
        return self._pixels[line]
