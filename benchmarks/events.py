"""Which reading belongs to which text, and how far off it is.

Character error rate: edit distance as a share of the true text's length, at most 1, after folding: NFKC, case
folded, punctuation and marks off, Arabic letters that are written alike as one, digits as 0-9, spaces single.
The raw rate folds nothing but the spaces.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from clips import Truth
from letters import RIGHT_TO_LEFT
from truth import distance

FOUND_CER = 0.5
"""A text counts as found when it was read at least half right."""
EXACT_CER = 0.05
TIME_OFF_S = 0.2
_SAME_PLACE = 0.3
"""Share of the smaller box inside the larger one."""
_SAME_TEXT_CER = 0.2
"""A piece this near to a stretch of the text counts towards the time that it was seen."""
_BELONGS_CER = 0.65
"""A reading further than this from every part of a text is not of it."""
_ALIKE = str.maketrans({"أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ی": "ي", "ة": "ه", "ک": "ك", "ٱ": "ا"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A text that a reader reports. ``box`` is None where it says no place."""

    text: str
    start_s: float
    end_s: float
    box: tuple[int, int, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one text fared. ``pieces`` is the number of events that are of it; times are read less true."""

    truth: Truth
    read: str
    cer: float
    raw_cer: float
    pieces: int
    start_off_s: float | None
    end_off_s: float | None
    events: tuple[Event, ...] = ()

    @property
    def found(self) -> bool:
        """Whether it was read at least half right."""
        return self.cer <= FOUND_CER


@lru_cache(maxsize=16384)
def folded(text: str) -> str:
    text = unicodedata.normalize("NFKC", text.translate(_ALIKE)).casefold()
    letters = []
    for c in unicodedata.normalize("NFD", text).translate(_ALIKE):
        kind = unicodedata.category(c)
        if kind == "Nd":
            letters.append(str(unicodedata.digit(c)))
        elif kind[0] in "LN":
            letters.append(c)
        elif kind[0] == "Z" or c.isspace() or kind[0] in "PS":
            letters.append(" ")
        # Marks and invisible joiners are left out.
    return " ".join("".join(letters).split())


@lru_cache(maxsize=65536)
def error_rate(wanted: str, read: str, within: bool = False) -> float:
    """Of texts already folded, or raw."""
    if not wanted:
        return float(bool(read))
    if not read:
        return 1.0
    return min(1.0, distance(wanted, read, within=within) / len(wanted))


def matched(truths: Sequence[Truth], events: Sequence[Event]) -> tuple[list[Outcome], list[Event]]:
    """Give every event to the text that it is most likely of; return the outcomes and the events of none."""
    mine: dict[int, list[Event]] = {n: [] for n in range(len(truths))}
    stray: list[Event] = []
    for event in events:
        ranks = [
            (_apartness(truth, event), -_common_s(truth, event), n)
            for n, truth in enumerate(truths)
            if _common_s(truth, event) > 0
        ]
        near = [rank for rank in ranks if rank[0] <= _BELONGS_CER]
        if near:
            mine[min(near)[2]].append(event)
        else:
            stray.append(event)
    outcomes = []
    for n, truth in enumerate(truths):
        own = mine[n]
        if truth.part:  # lines that move together may be reported together
            own = [e for e in events if _common_s(truth, e) > 0 and _apart_within(truth, e) <= FOUND_CER]
        outcomes.append(_outcome(truth, own))
    used = {id(e) for outcome in outcomes for e in outcome.events}
    return outcomes, [e for e in stray if id(e) not in used]


def _common_s(truth: Truth, event: Event) -> float:
    return min(truth.end_s, event.end_s) - max(truth.start_s, event.start_s)


def _apart_within(truth: Truth, event: Event) -> float:
    return error_rate(folded(truth.text), folded(event.text), True)


def _apartness(truth: Truth, event: Event) -> float:
    """How far the shorter of the two is from the nearest stretch of the longer, 0..1; 1 in another place."""
    if event.box is not None and not _together(truth.box, event.box):
        return 1.0
    a, b = folded(truth.text), folded(event.text)
    if not b:
        return 1.0
    return error_rate(b, a, True) if len(b) < len(a) else error_rate(a, b, True)


def _together(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return False
    least = min((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b))
    return wide * tall >= _SAME_PLACE * least


def _outcome(truth: Truth, own: Sequence[Event]) -> Outcome:
    """Score the best single event, or several of them joined in reading order where that is nearer."""
    if not own:
        return Outcome(truth=truth, read="", cer=1.0, raw_cer=1.0, pieces=0, start_off_s=None, end_off_s=None)
    wanted = folded(truth.text)
    ordered = _in_order(own, truth.language in RIGHT_TO_LEFT)
    chosen = [min(ordered, key=lambda e: error_rate(wanted, folded(e.text), truth.part))]
    best = error_rate(wanted, folded(chosen[0].text), truth.part)
    while not truth.part and best > 0:
        trials = []
        for extra in ordered:
            if extra not in chosen:
                joined = [e for e in ordered if e in chosen or e is extra]
                text = folded(" ".join(e.text for e in joined))
                trials.append((error_rate(wanted, text), len(trials), joined))
        if not trials or min(trials)[0] >= best:
            break
        best, _, chosen = min(trials)
    read = " ".join(e.text for e in chosen)
    raw = error_rate(" ".join(truth.text.split()), " ".join(read.split()), truth.part)
    found = best <= FOUND_CER
    span = [*chosen, *(e for e in own if _apartness(truth, e) <= _SAME_TEXT_CER)]
    return Outcome(
        truth=truth, read=read, cer=best, raw_cer=raw, pieces=len(own), events=tuple(chosen),
        start_off_s=min(e.start_s for e in span) - truth.start_s if found else None,
        end_off_s=max(e.end_s for e in span) - truth.end_s if found else None,
    )  # fmt: skip


def _in_order(events: Sequence[Event], rtl: bool) -> list[Event]:
    """By time where one follows the other, else by row and then along the row."""

    def key(event: Event) -> tuple[float, float, float]:
        x0, y0, x1, y1 = event.box or (0, 0, 0, 1)
        return round(event.start_s / 0.8), round((y0 + y1) / 2 / 24), -x1 if rtl else x0

    return sorted(events, key=key)


def sampled(truth: Truth, readings: Sequence[tuple[float, str]]) -> Outcome:
    """Score whole frames read one by one: the best stretch of the best frame; noise around it is forgiven."""
    wanted = folded(truth.text)
    seen = [
        (error_rate(wanted, folded(text), True), at_s, text)
        for at_s, text in readings
        if truth.start_s <= at_s < truth.end_s
    ]
    if not seen:
        return Outcome(truth=truth, read="", cer=1.0, raw_cer=1.0, pieces=0, start_off_s=None, end_off_s=None)
    best, _, read = min(seen)
    times = [at_s for rate, at_s, _ in seen if rate <= FOUND_CER]
    return Outcome(
        truth=truth, read=read, cer=best, pieces=len(times),
        raw_cer=error_rate(" ".join(truth.text.split()), " ".join(read.split()), True),
        start_off_s=times[0] - truth.start_s if times else None,
        end_off_s=times[-1] - truth.end_s if times else None,
    )  # fmt: skip
