"""Reading the texts of one file: how many lines, with how many attempts, and what was not read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mediaforensics.media.allowance import Allowance
from mediaforensics.media.frame import View
from mediaforensics.media.sample import Sample
from mediaforensics.observations import Failure
from mediaforensics.text.layout import Message
from mediaforensics.text.network import Reading
from mediaforensics.text.recognize import MessageReader, MessageReading
from mediaforensics.text.regions import Line

# What a file may cost. A page of 60 lines is read at once; a minute of video may bring 150 lines more.
_LINES, _LINES_PER_S = 120.0, 2.5
"""Lines read; some 40 ms each."""
_ATTEMPTS, _ATTEMPTS_PER_S = 80.0, 1.0
"""Lines that Tesseract is given; some 60 ms each."""
_MAX_HANGS = 2
"""Tesseract that failed so often is not asked again for this file: a hang costs 20 s."""
_MIN_SIDE_PX = 4
_CERTAIN = 0.999
"""No reading is surer, so that a longer one of the same text can be."""


class Readings:
    """The reader at work on one file."""

    def __init__(self, reader: MessageReader) -> None:
        self._reader = reader
        self._to_read = Allowance(_LINES, _LINES_PER_S)
        self._attempts = Allowance(_ATTEMPTS, _ATTEMPTS_PER_S)
        self._hangs = 0
        self._expected: str | None = None
        self._failures: list[Failure] = []
        self.unread = 0
        """Lines of this sample that were found and not read."""

    def at(self, time_s: float) -> None:
        """Begin a sample."""
        self._to_read.at(time_s)
        self._attempts.at(time_s)
        self.unread = 0

    def may_catch_up(self, message: Message) -> bool:
        """Whether there is room now for what had to wait; it is taken, and no refusal is noted."""
        return self._to_read.left >= len(message.lines) and self.may_read(message, {})

    def failures(self, sample: Sample) -> list[Failure]:
        """Everything that was not read of this sample."""
        if self.unread:
            self.say(
                sample, f"{self.unread} lines of text were found and not read: more than the limit allows"
            )
        failures, self._failures = self._failures, []
        return failures

    def may_read(self, message: Message, known: Mapping[Line, Reading]) -> bool:
        """Whether the allowance has room for the lines that are not known; it is taken."""
        return self._to_read.take(sum(line not in known for line in message.lines))

    def read(
        self,
        sample: Sample,
        message: Message,
        quick: bool,
        before: MessageReading | None = None,
        known: Mapping[Line, Reading] | None = None,
        view: View | None = None,
    ) -> MessageReading | None:
        """What a message says; None where it says nothing, or could not be read.

        ``before``, ``known`` and ``quick`` as the reader's; ``view`` instead of what the sample shows.
        """
        view = view or self.cut(sample, message)
        if min(view.pixels.shape[:2]) < _MIN_SIDE_PX:
            return None
        where = ", ".join(map(str, message.box.as_list()))
        refused = self._attempts.refused
        try:
            reading = self._reader.read(view, message, quick, before, known, self._attempts, self._expected)
        except (RuntimeError, OSError) as error:
            # The child process failed or hung; the other texts of this sample are still good.
            self.say(sample, f"the text at {where} px could not be read: {type(error).__name__}: {error}")
            self._hangs += 1
            if self._hangs >= _MAX_HANGS:
                self._attempts.close()
            return None
        if self._attempts.refused > refused:
            self.say(
                sample, f"the text at {where} px was not, or not thoroughly, read: too many for Tesseract"
            )
        if reading is not None and reading.legible:
            self._expected = reading.script
        if reading is not None and reading.confidence > _CERTAIN:
            return replace(reading, confidence=_CERTAIN)
        return reading

    def cut(self, sample: Sample, message: Message) -> View:
        """The pixels around a message."""
        return sample.frame.crop(message.box.grown(0.02).clipped(sample.frame.size_px))

    def say(self, sample: Sample, why: str) -> None:
        """Note what was not read."""
        self._failures.append(Failure(time=sample.time, detector="text", why=why))
