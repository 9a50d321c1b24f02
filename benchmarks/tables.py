"""Scores put together and printed beside their goals."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from clips import Clip
from events import EXACT_CER, TIME_OFF_S, Event, Outcome, folded, matched, sampled
from readers import Reading
from rich.console import Console
from rich.table import Table

LATIN = ("en", "fr", "de", "es", "tr")
STANDING = ("cut", "fade", "flash", "slogan", "subtitles", "stack", "lower third", "end card")
"""Behaviours in which whole lines stand still and upright."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How a reader did: per text its outcome and clip, readings of nothing, runs, processor time.

    ``false_per_min`` is over real footage without text; None where not measured. ``runs`` counts recogniser
    runs; ``cpu_s`` covers ``video_s`` of video; ``unread`` says why it left stretches out.
    """

    name: str
    outcomes: tuple[tuple[Clip, Outcome], ...]
    stray: tuple[tuple[Clip, Event], ...] = ()
    runs: int = 0
    lines: int = 0
    cpu_s: float = 0.0
    video_s: float = 0.0
    false_per_min: float | None = None
    unread: tuple[str, ...] = ()


def score(drawn: Sequence[Clip], read: Sequence[Reading], name: str = "analysis") -> Score:
    outcomes, stray = [], []
    for clip, reading in zip(drawn, read, strict=True):
        mine, others = matched(clip.truths, reading.events)
        outcomes += [(clip, outcome) for outcome in mine]
        stray += [(clip, event) for event in others]
    return Score(
        name=name, outcomes=tuple(outcomes), stray=tuple(stray),
        runs=sum(r.recogniser + r.tesseract for r in read), lines=_lines(drawn),
        cpu_s=sum(r.cpu_s for r in read), video_s=sum(c.duration_s for c in drawn),
        unread=tuple(why for r in read for why in r.unread),
    )  # fmt: skip


def _lines(drawn: Iterable[Clip]) -> int:
    return sum(truth.lines for clip in drawn for truth in clip.truths)


def same(name: str, ours: Score, subset: Sequence[Clip]) -> Score:
    """The part of a score that is over some of its clips; runs and time are not known apart."""
    kept = tuple(pair for pair in ours.outcomes if pair[0] in subset)
    return Score(name=name, outcomes=kept, stray=tuple(p for p in ours.stray if p[0] in subset))


def rival_score(
    name: str,
    subset: Sequence[Clip],
    quiet: Sequence[Clip],
    answers: list[list[tuple[float, str]]],
    cpu_s: float,
) -> Score:
    outcomes = [
        (clip, sampled(truth, answer))
        for clip, answer in zip(subset, answers[: len(subset)], strict=True)
        for truth in clip.truths
    ]
    false = 0
    for answer in answers[len(subset) :]:
        before = ""
        for _, text in answer:
            now = folded(text)
            false += len(now) >= 2 and now != before
            before = now
    minutes = sum(c.duration_s for c in quiet) / 60
    return Score(
        name=name, outcomes=tuple(outcomes), runs=sum(len(a) for a in answers[: len(subset)]),
        lines=_lines(subset), cpu_s=cpu_s, video_s=sum(c.duration_s for c in (*subset, *quiet)),
        false_per_min=false / minutes if minutes else None,
    )  # fmt: skip


def _of(side: Score, languages: Sequence[str] = (), standing: bool = False) -> list[Outcome]:
    return [
        outcome
        for clip, outcome in side.outcomes
        if (not languages or clip.language in languages) and (not standing or clip.behaviour in STANDING)
    ]


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f}" if values else "-"


def _cer(outcomes: Sequence[Outcome]) -> str:
    return _mean([o.cer for o in outcomes])


def _exact(outcomes: Sequence[Outcome]) -> str:
    return _mean([float(o.cer <= EXACT_CER) for o in outcomes])


def _raw(outcomes: Sequence[Outcome]) -> str:
    return _mean([o.raw_cer for o in outcomes])


def _found(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(o.found for o in outcomes)} of {len(outcomes)}" if outcomes else "-"


def _off(outcomes: Sequence[Outcome], which: str) -> str:
    offs = [v for o in outcomes if (v := getattr(o, which)) is not None]
    if not offs:
        return "-"
    within = sum(abs(v) <= TIME_OFF_S + 1e-6 for v in offs) / len(offs)
    return f"{statistics.median(offs):+.2f} s, {within:.0%}"


GOALS: tuple[tuple[str, str, tuple[str, ...], Callable[[Sequence[Outcome]], str]], ...] = (
    ("CER, English and French", "<= 0.03", ("en", "fr"), _cer),
    ("CER, German, Spanish, Turkish", "", ("de", "es", "tr"), _cer),
    ("CER, Russian", "<= 0.10", ("ru",), _cer),
    ("CER, Ukrainian", "", ("uk",), _cer),
    ("CER, Arabic", "<= 0.15", ("ar",), _cer),
    ("CER, Persian", "", ("fa",), _cer),
    ("CER, Arabic with Latin names", "", ("mixed",), _cer),
    ("exact (CER <= 0.05), Latin", ">= 0.9", LATIN, _exact),
    ("exact, Russian", ">= 0.7", ("ru",), _exact),
    ("exact, Arabic", ">= 0.6", ("ar",), _exact),
    ("raw CER, English and French", "", ("en", "fr"), _raw),
    ("raw CER, Russian", "", ("ru",), _raw),
    ("raw CER, Arabic", "", ("ar",), _raw),
    (
        "found (CER <= 0.5), 1 s or more",
        ">= 99 %",
        (),
        lambda os: _found([o for o in os if o.truth.duration_s >= 1]),
    ),
    ("found, about 0.5 s", ">= 95 %", (), lambda os: _found([o for o in os if o.truth.duration_s < 1])),
    ("start off: median, within 0.2 s", "0.2 s", (), lambda os: _off(os, "start_off_s")),
    ("end off: median, within 0.2 s", "0.2 s", (), lambda os: _off(os, "end_off_s")),
    ("read in several pieces", "", (), lambda os: _mean([float(o.pieces > 1) for o in os])),
)


def print_goals(
    console: Console,
    ours: Score,
    quiet: Sequence[Clip],
    quiet_read: Sequence[Reading],
    rivals: Sequence[Score],
    costs: Sequence[tuple[Clip, tuple[float, float, float]]],
) -> None:
    table = Table(title="Goals; a text that is not found counts as CER 1", title_justify="left")
    table.add_column("")
    for name in ("goal", "standing text", "all", *(side.name for side in rivals)):
        table.add_column(name, justify="right")
    for name, goal, languages, measure in GOALS:
        cells = [measure(_of(ours, languages, True)), measure(_of(ours, languages))]
        table.add_row(name, goal, *cells, *(measure(_of(side, languages)) for side in rivals))
    minutes = ours.video_s / 60
    table.add_row("readings of no drawn text, a minute", "", "", f"{len(ours.stray) / minutes:.1f}")
    table.add_row("stretches it says it left unread", "", "", str(len(ours.unread)))
    real = [(c, r) for c, r in zip(quiet, quiet_read, strict=True) if c.behaviour == "real video"]
    if real:
        of_real = sum(len(r.events) for _, r in real) / (sum(c.duration_s for c, _ in real) / 60)
        others = [f"{s.false_per_min:.1f}" if s.false_per_min is not None else "" for s in rivals]
        table.add_row("false texts a minute, real footage", "< 1", "", f"{of_real:.1f}", *others)
    per_line = [f"{s.runs / s.lines:.2f}" if s.lines else "" for s in rivals]
    table.add_row(
        "recogniser runs a true line", "<= 1.5", "", f"{ours.runs / max(1, ours.lines):.2f}", *per_line
    )
    each = [f"{s.cpu_s / s.video_s:.2f}" if s.video_s else "" for s in rivals]
    table.add_row("processor s a second of these clips", "", "", f"{ours.cpu_s / ours.video_s:.2f}", *each)
    for clip, (decode_s, sample_s, read_s) in costs:
        what = "ordinary footage" if clip.behaviour == "ordinary" else f"clip {clip.name}"
        goal = "<= 1.0" if clip.behaviour == "ordinary" else ""
        table.add_row(f"text stage x decode, {what}", goal, "", f"{(read_s - sample_s) / decode_s:.2f}")
        table.add_row(
            "  decode, sampling, reading: CPU s", "", "", f"{decode_s:.2f}, {sample_s:.2f}, {read_s:.2f}"
        )
    console.print(table)
    for why, count in Counter(ours.unread).most_common(5):
        console.print(f"Left unread {count} times: {why}", markup=False)


def print_groups(console: Console, ours: Score) -> None:
    """One table by language, one by behaviour, one by what the letters look like."""
    groups: tuple[tuple[str, Callable[[Clip, Outcome], str]], ...] = (
        ("language", lambda clip, _: clip.language),
        ("behaviour", lambda clip, _: clip.behaviour),
        ("ground", lambda clip, _: clip.ground),
        ("style", lambda _, outcome: outcome.truth.style),
        ("size of letters", lambda _, outcome: _size(outcome)),
        ("font", lambda _, outcome: outcome.truth.font),
    )
    for title, key in groups:
        table = Table(title=f"By {title}", title_justify="left")
        table.add_column(title)
        for name in (
            "texts",
            "found",
            "CER",
            "CER of found",
            "raw CER",
            "exact",
            "pieces > 1",
            "start",
            "end",
        ):
            table.add_column(name, justify="right")
        for value in sorted({key(*pair) for pair in ours.outcomes}):
            mine = [outcome for clip, outcome in ours.outcomes if key(clip, outcome) == value]
            table.add_row(
                value, str(len(mine)), str(sum(o.found for o in mine)),
                _cer(mine), _cer([o for o in mine if o.found]), _raw(mine), _exact(mine),
                _mean([float(o.pieces > 1) for o in mine]),
                _off(mine, "start_off_s"), _off(mine, "end_off_s"),
            )  # fmt: skip
        console.print(table)


def _size(outcome: Outcome) -> str:
    low = outcome.truth.size_px // 10 * 10
    return f"{low}-{low + 9} px"


def print_false_alarms(console: Console, quiet: Sequence[Clip], read: Sequence[Reading]) -> None:
    for kind in ("real video", "photograph"):
        pairs = [(c, r) for c, r in zip(quiet, read, strict=True) if c.behaviour == kind]
        minutes = sum(c.duration_s for c, _ in pairs) / 60
        if not minutes:
            continue
        count = sum(len(r.events) for _, r in pairs)
        console.print(f"False texts, {kind}: {count} in {minutes:.1f} min, {count / minutes:.2f} a minute")
        for clip, reading in pairs:
            for e in reading.events:
                console.print(f"  {clip.name} {e.start_s:.2f}-{e.end_s:.2f} s: {e.text!r}", markup=False)
