"""Scripts that neither network reads: Tesseract, in the languages asked for, the likeliest found by trial."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mediaforensics.media.allowance import Allowance
from mediaforensics.text.network import Reading
from mediaforensics.text.page import Page, letters
from mediaforensics.text.regions import Line
from mediaforensics.text.script import LATIN, SCRIPT_OF_LANGUAGE, letters_in, own_letters
from mediaforensics.text.tesseract import ENGINE, SURE, Tesseract

_TRIAL_ROUNDS = 2
LIKELY = 0.75
"""A first attempt this sure settles the language."""
_HOPELESS = 0.35
"""After ``_TRIAL_ROUNDS`` attempts in every language: this is no text of theirs."""
_MIXED_LETTERS = 3
"""This many Latin letters within a foreign line: Tesseract is given English beside the language."""
_BETTER_LANGUAGE = 0.03
"""By so much must the reading in a language that was asked for later be the surer one; with letters of its
own, which the other cannot have read, it may be less sure by as much."""
NOTHING = Reading(text="", confidence=0.0, engine=ENGINE)


@dataclass(slots=True, eq=False)
class Trial:
    """Attempts in one language on the widest line: those to come, and the best of those made."""

    code: str
    begun: Iterator[Reading]
    best: Reading

    def rank(self) -> float:
        """How much of the line it reads, and how surely."""
        found = letters_in(self.best.text, SCRIPT_OF_LANGUAGE[self.code])
        return self.best.confidence * math.sqrt(found)


class ForeignReader:
    """Tesseract with the languages it is for. Immutable; may be shared by threads."""

    def __init__(self, tesseract: Tesseract, codes: Sequence[str]) -> None:
        self._tesseract, self._codes = tesseract, tuple(codes)

    def settled(self, page: Page, code: str, attempts: int, budget: Allowance) -> Trial:
        """Begin in a language that an earlier reading settled."""
        begun = self._tesseract.readings(page.tight(page.widest), code, SCRIPT_OF_LANGUAGE[code], attempts)
        return Trial(code, _counted(begun, budget), NOTHING)

    def trial(self, page: Page, attempts: int, budget: Allowance) -> Trial | None:
        """Try the languages in turn on the widest line; None where it is in none of them."""
        latin = sum(letters_in(reading.text, LATIN) for reading in page.plain_so_far())
        mixed = "+eng" if latin >= _MIXED_LETTERS and self._tesseract.with_english else ""
        line = page.tight(page.widest)
        trials = {
            code: Trial(
                code,
                _counted(
                    self._tesseract.readings(line, code + mixed, SCRIPT_OF_LANGUAGE[code], attempts), budget
                ),
                NOTHING,
            )
            for code in self._codes
        }
        for _ in range(max(_TRIAL_ROUNDS, attempts // 2)):
            for script_now in dict.fromkeys(SCRIPT_OF_LANGUAGE[code] for code in self._codes):
                kin = [trials[code] for code in self._codes if SCRIPT_OF_LANGUAGE[code] == script_now]
                for trial in kin:
                    trial.best = next(trial.begun, trial.best)
                # Languages of one script read each other's letters: the surest of them, not the first.
                best = kin[0]
                for trial in kin[1:]:
                    if trial.best.confidence >= best.best.confidence + _needed_lead(trial):
                        best = trial
                if best.best.confidence >= LIKELY and letters(best.best) >= _MIXED_LETTERS:
                    return best
        likeliest = max(trials.values(), key=Trial.rank)
        return likeliest if likeliest.best.confidence >= _HOPELESS else None

    def rows(
        self,
        page: Page,
        trial: Trial,
        attempts: int,
        budget: Allowance,
        otherwise: Callable[[Line, Reading], Reading],
    ) -> list[list[Reading]]:
        """Read all lines in the language of ``trial``; ``otherwise`` judges those not surely in it."""
        script = SCRIPT_OF_LANGUAGE[trial.code]

        def on(line: Line) -> Reading:
            before = page.known.get(line, NOTHING)
            if before.engine == ENGINE and before.confidence >= SURE:
                return before
            if line is page.widest:
                return _last(trial.begun, trial.best)
            begun = self._tesseract.readings(page.tight(line), trial.code, script, attempts)
            reading = _last(_counted(begun, budget), NOTHING)
            return reading if reading.confidence >= LIKELY else otherwise(line, reading)

        return [[on(line) for line in row] for row in page.message.rows]


def _needed_lead(trial: Trial) -> float:
    """By how much the reading in this language must be surer than that in one asked for earlier."""
    own = own_letters(trial.best.text, trial.code)
    return -_BETTER_LANGUAGE if own and trial.best.confidence >= LIKELY else _BETTER_LANGUAGE


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
