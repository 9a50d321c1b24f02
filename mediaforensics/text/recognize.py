"""What a message says: PP-OCR first; Tesseract for the scripts that PP-OCR lacks, told from the picture."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mediaforensics.errors import OptionError
from mediaforensics.media.frame import Pixels, View
from mediaforensics.text.allowance import Allowance
from mediaforensics.text.layout import Message
from mediaforensics.text.ppocr import ENGINE as PPOCR
from mediaforensics.text.ppocr import PpOcr, Reading
from mediaforensics.text.regions import Line, cut_out
from mediaforensics.text.script import (
    LATIN,
    LATIN_LANGUAGES,
    SCRIPT_OF_LANGUAGE,
    language_of,
    letters_in,
    looks_cyrillic,
    own_letters,
    script_of,
    with_turkish_capitals,
)
from mediaforensics.text.tesseract import ENGINE, Tesseract
from mediaforensics.text.tesseract import SURE as _FOREIGN_SURE

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
SURE = 0.97
"""A reading of PP-OCR this sure is not repeated."""
_SURELY_LATIN = 0.9
_BETTER_LANGUAGE = 0.03
"""By so much must the reading in a language that was asked for later be the surer one; with letters of its
own, which the other cannot have read, it may be less sure by as much."""
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
        OptionError
            A code is of no language known here and Tesseract lacks it, or it is in no known script.
        ModelMismatch
            The weights are missing or altered.
        """
        needed = tuple(code for code in languages if code not in LATIN_LANGUAGES)
        self._tesseract = Tesseract(needed) if needed else None
        scriptless = [code for code in needed if code not in SCRIPT_OF_LANGUAGE and code not in _LATIN_MORE]
        if scriptless:
            raise OptionError(f"no language whose script is known: {', '.join(scriptless)}; leave it out")
        self._foreign = tuple(code for code in needed if code in SCRIPT_OF_LANGUAGE)
        self._turkish = not {"tur", "aze"}.isdisjoint(languages)
        self._ppocr = PpOcr()

    def read(
        self,
        view: View,
        message: Message,
        quick: bool = False,
        before: MessageReading | None = None,
        known: Mapping[Line, Reading] | None = None,
        attempts_left: Allowance | None = None,
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

        Raises
        ------
        RuntimeError
            Tesseract failed or hung.
        """
        page = _Page(self._ppocr, view, message, known or {})
        tesseract, budget = self._tesseract, attempts_left or Allowance(float("inf"), 0)
        sure = max(line.confidence for line in message.lines) >= _SURELY_TEXT
        if tesseract is not None and sure:
            attempts = _QUICK_ATTEMPTS if quick else _ALL_ATTEMPTS
            trial, tried = None, False
            settled = before is not None and before.code is not None and before.confidence >= _LIKELY
            if before is not None and before.code is not None and settled:
                code = before.code
                begun = tesseract.readings(page.tight(page.widest), code, SCRIPT_OF_LANGUAGE[code], attempts)
                trial = _Trial(code, _counted(begun, budget), NOTHING)
                foreign = self._read_foreign(tesseract, page, trial, "", attempts, budget)
                if foreign is not None:
                    return foreign
            # The widest line tells the script; a foreign message needs no PP-OCR for the others.
            elif self._suspected(page, [page.widest]) == "":
                trial, tried = self._trial(tesseract, page, "", attempts, budget), True
                if trial is not None and trial.best.confidence >= _LIKELY:
                    foreign = self._read_foreign(tesseract, page, trial, "", attempts, budget)
                    if foreign is not None:
                        return foreign
            script = self._suspected(page, message.lines)
            if script is not None:
                trial = trial if trial or tried else self._trial(tesseract, page, script, attempts, budget)
                if trial is not None:
                    foreign = self._read_foreign(tesseract, page, trial, script, attempts, budget)
                    if foreign is not None:
                        return foreign
                readings = [page.plain(line) for line in message.lines]
                if not script and all(r.confidence == 0 or not _letters(r) for r in readings):
                    return UNREAD
        rows = [[page.plain(line) for line in row] for row in message.rows]
        result = _assembled(rows, minimum=_READABLE, line_minimum=_LINE_READABLE)
        if result is None:
            return None
        # A few letters of a line that is in another script say nothing.
        sparse = page.letters_per_height(message.lines) < _TOO_SPARSE_LETTERS
        readings = [reading for row in rows for reading in row]
        text = with_turkish_capitals(result.text) if self._turkish else result.text
        return replace(
            result,
            text=text,
            language=language_of(text),
            legible=result.legible and not sparse,
            readings=tuple(readings),
        )

    def _suspected(self, page: _Page, lines: Sequence[Line]) -> str | None:
        """Which script it may be that PP-OCR lacks: ``""`` for any, None where PP-OCR's reading stands."""
        readings = [page.plain(line) for line in lines]
        if max(page.aspect(line) for line in lines) < _LINE_ASPECT:
            return None
        if page.letters_per_height(lines) < _SPARSE_LETTERS:
            return ""
        letters = sum(map(_letters, readings))
        if sum(_letters(r) * r.confidence for r in readings) < _DOUBTFUL * letters:
            return ""
        return "Cyrillic" if looks_cyrillic(" ".join(reading.text for reading in readings)) else None

    def _read_foreign(
        self,
        tesseract: Tesseract,
        page: _Page,
        trial: _Trial,
        script: str,
        attempts: int,
        budget: Allowance,
    ) -> MessageReading | None:
        its_script = SCRIPT_OF_LANGUAGE[trial.code]

        def on(line: Line) -> Reading:
            before = page.known.get(line, NOTHING)
            if before.engine == ENGINE and before.confidence >= _FOREIGN_SURE:
                return before
            if line is page.widest:
                return _last(trial.begun, trial.best)
            begun = tesseract.readings(page.tight(line), trial.code, its_script, attempts)
            reading = _last(_counted(begun, budget), NOTHING)
            if reading.confidence >= _LIKELY:
                return reading
            # A line of a mixed message may be one that PP-OCR can read.
            plain = page.plain(line)
            latin = plain.confidence >= _SURELY_LATIN and not looks_cyrillic(plain.text)
            return plain if latin and page.letters_per_height([line]) >= _SPARSE_LETTERS else reading

        rows = [[on(line) for line in row] for row in page.message.rows]
        ordered = [row[::-1] for row in rows] if its_script in _RIGHT_TO_LEFT else rows
        result = _assembled(ordered, minimum=_FOREIGN_READABLE, line_minimum=_FOREIGN_LINE_READABLE)
        if result is None or letters_in(result.text, its_script) < _MIN_FOREIGN_LETTERS:
            return None
        if script and looks_cyrillic(_as_latin(result.text)):
            return None
        readings = tuple(reading for row in rows for reading in row)
        return replace(result, engine=ENGINE, readings=readings, code=trial.code)

    def _trial(
        self, tesseract: Tesseract, page: _Page, script: str, attempts: int, budget: Allowance
    ) -> _Trial | None:
        """Try the languages in turn on the widest line."""
        codes = [code for code in self._foreign if not script or SCRIPT_OF_LANGUAGE[code] == script]
        if not codes:
            return None
        # PP-OCR sees the word gaps of Cyrillic, though not its letters; not those of Arabic.
        plain = page.plain_so_far()
        gaps = sum(reading.text.count(" ") for reading in plain)
        first = "Cyrillic" if gaps >= min(2, len(plain)) else "Arabic"
        codes.sort(key=lambda code: SCRIPT_OF_LANGUAGE[code] != first)
        latin = sum(letters_in(reading.text, LATIN) for reading in plain)
        mixed = "+eng" if latin >= _MIXED_LETTERS and tesseract.with_english and not script else ""
        line = page.tight(page.widest)
        trials = {
            code: _Trial(
                code,
                _counted(tesseract.readings(line, code + mixed, SCRIPT_OF_LANGUAGE[code], attempts), budget),
                NOTHING,
            )
            for code in codes
        }
        for _ in range(max(_TRIAL_ROUNDS, attempts // 2)):
            for script_now in dict.fromkeys(SCRIPT_OF_LANGUAGE[code] for code in codes):
                kin = [trials[code] for code in codes if SCRIPT_OF_LANGUAGE[code] == script_now]
                for trial in kin:
                    trial.best = next(trial.begun, trial.best)
                # Languages of one script read each other's letters: the surest of them, not the first.
                best = kin[0]
                for trial in kin[1:]:
                    if trial.best.confidence >= best.best.confidence + _needed_lead(trial):
                        best = trial
                if best.best.confidence >= _LIKELY and _letters(best.best) >= _MIXED_LETTERS:
                    return best
        likeliest = max(trials.values(), key=_Trial.rank)
        return likeliest if likeliest.best.confidence >= _HOPELESS else None


class _Page:
    """The lines of one message, each cut out and shown to PP-OCR when that is first asked for."""

    def __init__(self, ppocr: PpOcr, view: View, message: Message, known: Mapping[Line, Reading]) -> None:
        self._ppocr, self._view, self.message, self.known = ppocr, view, message, known
        self._pixels: dict[Line, Pixels] = {}
        self._plain = {
            line: reading
            for line, reading in known.items()
            if reading.engine == PPOCR and reading.confidence >= SURE
        }
        self.widest = max(message.lines, key=self.aspect)

    def aspect(self, line: Line) -> float:
        height, width = self._cut(line).shape[:2]
        return float(width / height)

    def plain(self, line: Line) -> Reading:
        """What PP-OCR reads."""
        if line not in self._plain:
            self._plain[line] = self._ppocr.read(self._cut(line))
        return self._plain[line]

    def plain_so_far(self) -> list[Reading]:
        return [self._plain[line] for line in self.message.lines if line in self._plain]

    def tight(self, line: Line) -> Pixels:
        """A line without margin: Tesseract takes the edge of a bar for a letter."""
        return cut_out(self._view, line.quad, margin=0.0)

    def letters_per_height(self, lines: Sequence[Line]) -> float:
        """Letters that PP-OCR read for each line height of width."""
        return sum(_letters(self.plain(line)) for line in lines) / sum(map(self.aspect, lines))

    def _cut(self, line: Line) -> Pixels:
        if line not in self._pixels:
            self._pixels[line] = cut_out(self._view, line.quad)
        return self._pixels[line]


@dataclass(slots=True, eq=False)
class _Trial:
    """Attempts in one language on the widest line: those to come, and the best of those made."""

    code: str
    begun: Iterator[Reading]
    best: Reading

    def rank(self) -> float:
        letters = letters_in(self.best.text, SCRIPT_OF_LANGUAGE[self.code])
        return self.best.confidence * math.sqrt(letters)


def _needed_lead(trial: _Trial) -> float:
    """By how much the reading in this language must be surer than that in one asked for earlier."""
    own = own_letters(trial.best.text, trial.code)
    return -_BETTER_LANGUAGE if own and trial.best.confidence >= _LIKELY else _BETTER_LANGUAGE


def _counted(readings: Iterator[Reading], budget: Allowance) -> Iterator[Reading]:
    """Attempts for as long as the allowance lasts."""
    while budget.take():
        try:
            yield next(readings)
        except StopIteration:
            budget.left += 1
            return


def _last(readings: Iterator[Reading], otherwise: Reading) -> Reading:
    """Make all attempts; return the last and best."""
    for reading in readings:
        otherwise = reading
    return otherwise


_LATIN_MORE = frozenset(("vie", "yor", "ton", "ibo"))
"""Latin letters, some of whose marks PP-OCR does not know and drops."""
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
