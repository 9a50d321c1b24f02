"""What a message says: PP-OCR first; Tesseract for the scripts that PP-OCR lacks, told from the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mediaforensics.media.frame import Pixels, View
from mediaforensics.text.layout import Message
from mediaforensics.text.ppocr import PpOcr, Reading
from mediaforensics.text.regions import cut_out
from mediaforensics.text.script import (
    LATIN,
    SCRIPT_OF_LANGUAGE,
    language_of,
    letters_in,
    looks_cyrillic,
    script_of,
)
from mediaforensics.text.tesseract import ENGINE, Tesseract

_SPARSE_LETTERS = 0.9
"""Letters per line height of width. Latin text has 1.1 (wide capitals) to 2.5. PP-OCR leaves blank what is in
no script it knows, so a line of Cyrillic or Arabic has next to none: measured 0 to 0.8."""
_TOO_SPARSE_LETTERS = 0.5
_DOUBTFUL = 0.75
"""PP-OCR's confidence on text that it can read is above 0.9, on a script that it lacks mostly below this."""
_READABLE = 0.7
"""A message read less surely than this is texture, or too damaged to be quoted."""
_LINE_READABLE = 0.55
_FOREIGN_LINE_READABLE = 0.3
_FOREIGN_READABLE = 0.5
"""Tesseract's confidence runs lower: 0.5 is a line with most words right."""
_LINE_ASPECT = 2.5
"""Width over height below which a region is more likely a thing than a line in an unknown script."""
_MIN_FOREIGN_LETTERS = 4
_TRIAL_ROUNDS = 2
_LIKELY = 0.75
"""A first attempt this sure settles the language."""
_HOPELESS = 0.35
"""After ``_TRIAL_ROUNDS`` attempts in every language: this is no text of theirs."""
_QUICK_ATTEMPTS = 3
_ALL_ATTEMPTS = 8
_MIN_LETTERS = 2
_SURELY_TEXT = 0.6
"""The line detector's confidence below which a region without known letters is not worth Tesseract's time."""
_RIGHT_TO_LEFT = ("Arabic", "Hebrew")
NOTHING = Reading(text="", confidence=0.0, engine=ENGINE)
_MIXED_LETTERS = 3
"""This many Latin letters within a foreign line: Tesseract is given English beside the language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageReading:
    """What a message says.

    Attributes
    ----------
    text : str
        In logical order, rows separated by a line break.
    confidence : float
        0..1, mean of the engine's own over the letters.
    script : str
        Unicode name.
    language : str or None
        ISO 639-1.
    engine : str
        ``pp-ocrv6`` or ``tesseract``.
    legible : bool
        Sure enough to be reported.
    """

    text: str
    confidence: float
    script: str
    language: str | None
    engine: str
    legible: bool


UNREAD = MessageReading(text="", confidence=0.0, script="Common", language=None, engine=ENGINE, legible=False)
"""A text, to the line detector's eye, that no engine could read."""


class MessageReader:
    """Both engines, loaded and checked. Immutable; may be shared by threads."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """Load PP-OCR and check Tesseract for the languages that PP-OCR cannot read.

        Raises
        ------
        MissingTool
            Tesseract or one of those languages is not installed.
        ModelMismatch
            The weights are missing or altered.
        """
        self._ppocr = PpOcr()
        self._foreign = tuple(code for code in languages if SCRIPT_OF_LANGUAGE.get(code, LATIN) != LATIN)
        self._tesseract = Tesseract(self._foreign) if self._foreign else None

    def read(self, view: View, message: Message, quick: bool = False) -> MessageReading | None:
        """Read a message from a view that holds it; None where there are no letters.

        Parameters
        ----------
        view : View
            RGB, at full resolution.
        message : Message
            Its lines.
        quick : bool
            Fewer attempts, for a picture that may still get better.

        Raises
        ------
        RuntimeError
            Tesseract failed or hung.
        """
        rows = [[cut_out(view, line.quad) for line in row] for row in message.rows]
        plain = [[self._ppocr.read(line) for line in row] for row in rows]
        sure = max(line.confidence for line in message.lines) >= _SURELY_TEXT
        if self._tesseract is not None and sure and (script := self._suspected(rows, plain)) is not None:
            # Tesseract takes the edge of a bar for a letter: no margin for it.
            flat = [reading for row in plain for reading in row]
            tight = [[cut_out(view, line.quad, margin=0.0) for line in row] for row in message.rows]
            foreign = self._read_foreign(self._tesseract, tight, plain, script, quick)
            if foreign is not None:
                return foreign
            if not script and all(reading.confidence == 0 or not _letters(reading) for reading in flat):
                return UNREAD
        result = _assembled(plain, minimum=_READABLE, line_minimum=_LINE_READABLE)
        if result is not None and _letters_per_height(rows, plain) < _TOO_SPARSE_LETTERS:
            # A few letters of a line that is in another script say nothing.
            return replace(result, legible=False)
        return result

    def _suspected(self, rows: list[list[Pixels]], plain: list[list[Reading]]) -> str | None:
        """Which script it may be that PP-OCR lacks: ``""`` for any, None where PP-OCR's reading stands."""
        readings = [reading for row in plain for reading in row]
        text = " ".join(reading.text for reading in readings)
        letters = sum(map(_letters, readings))
        aspects = [line.shape[1] / line.shape[0] for row in rows for line in row]
        if max(aspects) < _LINE_ASPECT:
            return None
        if _letters_per_height(rows, plain) < _SPARSE_LETTERS:
            return ""
        if sum(_letters(r) * r.confidence for r in readings) < _DOUBTFUL * letters:
            return ""
        return "Cyrillic" if looks_cyrillic(text) else None

    def _read_foreign(
        self,
        tesseract: Tesseract,
        rows: list[list[Pixels]],
        plain: list[list[Reading]],
        script: str,
        quick: bool,
    ) -> MessageReading | None:
        attempts = _QUICK_ATTEMPTS if quick else _ALL_ATTEMPTS
        widest = max((line for row in rows for line in row), key=lambda line: line.shape[1] / line.shape[0])
        trial = self._trial(tesseract, widest, script, plain, attempts)
        if trial is None:
            return None
        code, begun, so_far = trial
        its_script = SCRIPT_OF_LANGUAGE[code]
        read = [
            [
                _last(begun, so_far)
                if line is widest
                else _last(tesseract.readings(line, code, its_script, attempts), NOTHING)
                for line in row
            ]
            for row in rows
        ]
        if its_script in _RIGHT_TO_LEFT:
            read = [row[::-1] for row in read]
        result = _assembled(read, minimum=_FOREIGN_READABLE, line_minimum=_FOREIGN_LINE_READABLE)
        if result is None or letters_in(result.text, its_script) < _MIN_FOREIGN_LETTERS:
            return None
        return None if script and looks_cyrillic(_as_latin(result.text)) else result

    def _trial(
        self,
        tesseract: Tesseract,
        line: Pixels,
        script: str,
        plain: list[list[Reading]],
        attempts: int,
    ) -> tuple[str, Iterator[Reading], Reading] | None:
        """Try the languages in turn on one line.

        Returns
        -------
        (str, iterator of Reading, Reading) or None
            The likeliest language, its attempts to go on with, and the best of those made.
        """
        codes = [code for code in self._foreign if not script or SCRIPT_OF_LANGUAGE[code] == script]
        # PP-OCR sees the word gaps of Cyrillic, though not its letters; not those of Arabic.
        gaps = sum(reading.text.count(" ") for row in plain for reading in row)
        first = "Cyrillic" if gaps >= 2 else "Arabic"
        codes.sort(key=lambda code: SCRIPT_OF_LANGUAGE[code] != first)
        latin = sum(letters_in(reading.text, LATIN) for row in plain for reading in row)
        mixed = "+eng" if latin >= _MIXED_LETTERS and tesseract.with_english and not script else ""
        begun = {
            code: tesseract.readings(line, code + mixed, SCRIPT_OF_LANGUAGE[code], attempts) for code in codes
        }
        best: dict[str, Reading] = dict.fromkeys(codes, NOTHING)
        for _ in range(max(_TRIAL_ROUNDS, attempts // 2)):
            for code in codes:
                best[code] = next(begun[code], best[code])
                if best[code].confidence >= _LIKELY and _letters(best[code]) >= _MIXED_LETTERS:
                    return code, begun[code], best[code]
        if not codes:
            return None

        def rank(code: str) -> float:
            letters = letters_in(best[code].text, SCRIPT_OF_LANGUAGE[code])
            return best[code].confidence * math.sqrt(letters)

        likeliest = max(codes, key=rank)
        if best[likeliest].confidence < _HOPELESS:
            return None
        return likeliest, begun[likeliest], best[likeliest]


def _letters_per_height(rows: list[list[Pixels]], plain: list[list[Reading]]) -> float:
    """Letters read for each line height of width."""
    heights = float(sum(line.shape[1] / line.shape[0] for row in rows for line in row))
    return sum(_letters(reading) for row in plain for reading in row) / heights


def _last(readings: Iterator[Reading], otherwise: Reading) -> Reading:
    """Make all attempts; return the last and best."""
    for reading in readings:
        otherwise = reading
    return otherwise


_LATIN_TWIN = str.maketrans("АВСЕНКМОРТХУасеорху", "ABCEHKMOPTXYaceopxy")


def _as_latin(text: str) -> str:
    """Replace Cyrillic letters by their Latin twins; with no other left, nothing tells it from Latin."""
    return text.translate(_LATIN_TWIN)


def _letters(reading: Reading) -> int:
    return sum(letter.isalnum() for letter in reading.text)


def _assembled(
    rows: Sequence[Sequence[Reading]], minimum: float, line_minimum: float
) -> MessageReading | None:
    """Join what was read on the lines; leave out lines that are noise, return None where little is left."""
    kept = [[r for r in row if _letters(r) > 0 and r.confidence >= line_minimum] for row in rows]
    kept = [row for row in kept if row]
    readings = [reading for row in kept for reading in row]
    letters = sum(map(_letters, readings))
    if letters < _MIN_LETTERS:
        return None
    confidence = sum(_letters(r) * r.confidence for r in readings) / letters
    text = "\n".join(" ".join(" ".join(r.text for r in row).split()) for row in kept)
    return MessageReading(
        text=text,
        confidence=round(confidence, 4),
        script=script_of(text),
        language=language_of(text),
        engine=readings[0].engine,
        legible=confidence >= minimum,
    )
