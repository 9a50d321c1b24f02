"""What a message says: PP-OCR first; our own network for Arabic and Cyrillic, Tesseract for other scripts.

Which of them it is, the picture tells, not an option.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mediaforensics.errors import OptionError
from mediaforensics.media.allowance import Allowance
from mediaforensics.media.frame import View
from mediaforensics.text.foreign import LIKELY, ForeignReader
from mediaforensics.text.layout import Message
from mediaforensics.text.network import ENGINE as PPOCR
from mediaforensics.text.network import (
    OVERLAY_ENGINE,
    OVERLAY_MODEL,
    LineNetwork,
    Reading,
)
from mediaforensics.text.page import Page, letters
from mediaforensics.text.regions import Line
from mediaforensics.text.script import (
    LATIN_LANGUAGES,
    SCRIPT_OF_LANGUAGE,
    language_of,
    letters_in,
    looks_cyrillic,
    script_of,
    with_turkish_capitals,
)
from mediaforensics.text.tesseract import ENGINE as TESSERACT
from mediaforensics.text.tesseract import Tesseract

_SPARSE_LETTERS = 0.9
"""Letters per line height of width. Latin text has 1.1 (wide capitals) to 2.5. PP-OCR leaves blank what is in
no script it knows, so a line of Cyrillic or Arabic has next to none: measured 0 to 0.8."""
_TOO_SPARSE_LETTERS = 0.5
_LONGEST_GAP = 1.6
"""Line heights without a letter. Between Latin words of one line there is less, and the margins are 0.15."""
_DOUBTFUL = 0.75
"""PP-OCR's confidence on text that it can read is above 0.9, on a script that it lacks mostly below this."""
_READABLE = 0.7
"""A message read less surely than this is texture, or too damaged to be quoted."""
_LINE_READABLE = 0.55
_TESSERACT_LINE_READABLE = 0.3
_TESSERACT_READABLE = 0.5
"""Tesseract's confidence runs lower: 0.5 is a line with most words right."""
_LINE_ASPECT = 2.5
"""Width over height below which a region is more likely a thing than a line in an unknown script."""
_MIN_FOREIGN_LETTERS = 4
_QUICK_ATTEMPTS = 3
_ALL_ATTEMPTS = 8
_MIN_LETTERS = 2
_SURELY_TEXT = 0.6
"""The line detector's confidence below which a region without known letters is not worth Tesseract's time."""
_RIGHT_TO_LEFT = ("Arabic", "Hebrew")
_SURELY_LATIN = _SURELY_OURS = 0.9
"""Both networks are this sure of most lines in their scripts, and hardly ever of others."""
_OVERLAY_LANGUAGES = frozenset(("ara", "fas", "urd", "rus", "ukr", "bel", "bul", "srp", "mkd"))
"""All letters of theirs are in the alphabet of our network."""


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
        What read most of it: ``pp-ocrv6``, ``overlay-lines`` or ``tesseract``.
    legible : bool
        Sure enough to be reported.
    readings : tuple of Reading
        What was read on each of the message's ``lines``.
    code : str or None
        Tesseract's language, where it read.
    """

    text: str
    confidence: float
    script: str
    language: str | None
    engine: str
    legible: bool
    readings: tuple[Reading, ...] = ()
    code: str | None = None


UNREAD = MessageReading(text="", confidence=0.0, script="Common", language=None, engine=PPOCR, legible=False)
"""A text, to the line detector's eye, that no engine could read."""


class MessageReader:
    """All engines, loaded and checked. Immutable; may be shared by threads."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """Load the networks and check Tesseract for the languages that neither of them can read.

        Raises
        ------
        MissingTool
            Tesseract or one of those languages is not installed.
        OptionError
            A code is of no language known here and Tesseract lacks it, or it is in no known script.
        ModelMismatch
            The weights are missing or altered.
        """
        codes = tuple(code for code in languages if code not in LATIN_LANGUAGES | _OVERLAY_LANGUAGES)
        tesseract = Tesseract(codes) if codes else None
        scriptless = [code for code in codes if code not in SCRIPT_OF_LANGUAGE and code not in _LATIN_MORE]
        if scriptless:
            raise OptionError(f"no language whose script is known: {', '.join(scriptless)}; leave it out")
        codes = tuple(code for code in codes if code in SCRIPT_OF_LANGUAGE)
        self._foreign = ForeignReader(tesseract, codes) if tesseract is not None and codes else None
        self._scripts = frozenset(
            SCRIPT_OF_LANGUAGE[code] for code in languages if code in _OVERLAY_LANGUAGES
        )
        self._turkish = not {"tur", "aze"}.isdisjoint(languages)
        self._ppocr = LineNetwork()
        self._overlay = LineNetwork(OVERLAY_MODEL, OVERLAY_ENGINE)

    def read(
        self,
        view: View,
        message: Message,
        quick: bool = False,
        before: MessageReading | None = None,
        known: Mapping[Line, Reading] | None = None,
        attempts_left: Allowance | None = None,
        expected: str | None = None,
    ) -> MessageReading | None:
        """Read a message from a view that holds it; None where there are no letters.

        Parameters
        ----------
        view : View
            RGB, at full resolution.
        message : Message
            Its lines.
        quick : bool
            Fewer attempts, for a picture that may still get better.
        before : MessageReading, optional
            An earlier reading of the message: a language that it settled stays.
        known : mapping of Line to Reading, optional
            What was read on some of the lines before; those that are sure are not read again.
        attempts_left : Allowance, optional
            How many lines Tesseract may still be given.
        expected : str, optional
            The script that the last text of the same video was in: which network looks first, not which wins.

        Raises
        ------
        RuntimeError
            Tesseract failed or hung.
        """
        page = Page(self._ppocr, self._overlay, view, message, known or {})
        worth_it = max(line.confidence for line in message.lines) >= _SURELY_TEXT
        if before is not None and before.code is not None and before.confidence >= LIKELY:
            foreign = self._by_tesseract(page, before.code, quick, attempts_left)
            if foreign is not None:
                return foreign
        settled = (before.script if before is not None else expected) in self._scripts
        readings = self._by_networks(page, settled)
        result = _assembled(message, readings)
        suspected = worth_it and self._foreign is not None and _suspected(page, message.lines)
        if suspected and (result is None or not result.legible or result.engine == PPOCR):
            foreign = self._by_tesseract(page, None, quick, attempts_left)
            if foreign is not None:
                return foreign
            if all(r.confidence == 0 or not letters(r) for r in readings.values()):
                return UNREAD
        if result is None:
            return None
        # A few letters of a line that is in another script say nothing.
        sparse = result.engine == PPOCR and page.letters_per_height(message.lines) < _TOO_SPARSE_LETTERS
        text = with_turkish_capitals(result.text) if self._turkish else result.text
        return replace(result, text=text, language=language_of(text), legible=result.legible and not sparse)

    def _by_networks(self, page: Page, settled: bool) -> dict[Line, Reading]:
        """What the surer of the two networks reads on each line.

        The widest line tells whether the message is in a script of our own network; its other lines are then
        not shown to PP-OCR first.
        """
        ours = settled
        found = dict[Line, Reading]()
        for line in sorted(page.message.lines, key=lambda line: line is not page.widest):
            sure = page.sure(line)
            if sure is None and self._scripts and (ours or _suspected(page, [line])):
                overlay = page.overlay(line)
                if ours and overlay.confidence >= _SURELY_OURS and self._mostly_own(overlay):
                    sure = overlay
                else:
                    sure = self._surer(page, line, overlay, ours)
            found[line] = sure or page.plain(line)
            if line is page.widest and found[line].engine == OVERLAY_ENGINE:
                ours = True
        return found

    def _surer(self, page: Page, line: Line, overlay: Reading, ours: bool) -> Reading:
        plain = page.plain(line)
        own = self._own_letters(overlay)
        if own < _MIN_LETTERS:
            return plain
        # Damaged Latin has a letter here and there that looks Cyrillic; Arabic letters look like no other.
        if not ours and not letters_in(overlay.text, "Arabic") and not self._mostly_own(overlay):
            return plain
        if looks_cyrillic(_as_latin(overlay.text)) and plain.confidence >= _DOUBTFUL:
            return plain
        if not ours and page.aspect(line) < _LINE_ASPECT and overlay.confidence < _SURELY_OURS:
            return plain
        return max(overlay, plain, key=lambda r: r.confidence * math.sqrt(letters(r)))

    def _mostly_own(self, reading: Reading) -> bool:
        return 2 * self._own_letters(reading) > sum(map(str.isalpha, reading.text))

    def _own_letters(self, reading: Reading) -> int:
        return sum(letters_in(reading.text, script) for script in self._scripts)

    def _by_tesseract(
        self, page: Page, code: str | None, quick: bool, attempts_left: Allowance | None
    ) -> MessageReading | None:
        if self._foreign is None:
            return None
        budget = attempts_left or Allowance(float("inf"), 0)
        attempts = _QUICK_ATTEMPTS if quick else _ALL_ATTEMPTS
        if code is not None:
            trial = self._foreign.settled(page, code, attempts, budget)
        else:
            found = self._foreign.trial(page, attempts, budget)
            if found is None:
                return None
            trial = found

        def otherwise(line: Line, reading: Reading) -> Reading:
            # A line of a mixed message may be one that PP-OCR can read.
            plain = page.plain(line)
            latin = plain.confidence >= _SURELY_LATIN and page.letters_per_height([line]) >= _SPARSE_LETTERS
            return plain if latin else reading

        rows = self._foreign.rows(page, trial, attempts, budget, otherwise)
        read = [reading for row in rows for reading in row]
        result = _assembled(page.message, dict(zip(page.message.lines, read, strict=True)))
        if result is None or letters_in(result.text, SCRIPT_OF_LANGUAGE[trial.code]) < _MIN_FOREIGN_LETTERS:
            return None
        return replace(result, engine=TESSERACT, code=trial.code)


def _suspected(page: Page, lines: Sequence[Line]) -> bool:
    """Whether PP-OCR's reading of some lines may be of a script that it lacks."""
    if max(page.aspect(line) for line in lines) < 1.0:
        return False
    readings = [page.plain(line) for line in lines]
    if page.letters_per_height(lines) < _SPARSE_LETTERS:
        return True
    # Arabic with a Latin name in it: PP-OCR reads the name, and nothing beside it.
    if any(
        r.longest_blank_fraction * page.aspect(line) > _LONGEST_GAP
        for line, r in zip(lines, readings, strict=True)
    ):
        return True
    read = sum(map(letters, readings))
    if sum(letters(r) * r.confidence for r in readings) < _DOUBTFUL * read:
        return True
    return looks_cyrillic(" ".join(reading.text for reading in readings))


_LATIN_MORE = frozenset(("vie", "yor", "ton", "ibo"))
"""Latin letters, some of whose marks PP-OCR does not know and drops."""
_LATIN_TWIN = str.maketrans("АВСЕНКМОРТХУасеорху", "ABCEHKMOPTXYaceopxy")


def _as_latin(text: str) -> str:
    """Replace Cyrillic letters by their Latin twins; with no other left, nothing tells it from Latin."""
    return text.translate(_LATIN_TWIN)


def _assembled(message: Message, readings: Mapping[Line, Reading]) -> MessageReading | None:
    """Join what was read on the lines; leave out lines that are noise, return None where little is left."""
    rows = [[readings[line] for line in row] for row in message.rows]
    kept = [[r for r in row if letters(r) > 0 and r.confidence >= _line_minimum(r)] for row in rows]
    kept = [row for row in kept if row]
    read = [reading for row in kept for reading in row]
    count = sum(map(letters, read))
    if count < _MIN_LETTERS:
        return None
    if script_of(" ".join(reading.text for reading in read)) in _RIGHT_TO_LEFT:
        kept = [row[::-1] for row in kept]
    confidence = sum(letters(r) * r.confidence for r in read) / count
    text = "\n".join(" ".join(" ".join(r.text for r in row).split()) for row in kept)
    shares = Counter[str]()
    for reading in read:
        shares[reading.engine] += letters(reading)
    engine = shares.most_common(1)[0][0]
    return MessageReading(
        text=text,
        confidence=round(confidence, 4),
        script=script_of(text),
        language=language_of(text),
        engine=engine,
        legible=confidence >= (_TESSERACT_READABLE if engine == TESSERACT else _READABLE),
        readings=tuple(readings[line] for line in message.lines),
    )


def _line_minimum(reading: Reading) -> float:
    return _TESSERACT_LINE_READABLE if reading.engine == TESSERACT else _LINE_READABLE
