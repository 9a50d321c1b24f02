"""Run the analysis and its rivals over clips; count what the analysis starts, from outside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import av
from clips import Clip
from events import Event
from measure import Cost, cost_of

CODES = {
    "en": "eng", "fr": "fra", "de": "deu", "es": "spa", "tr": "tur", "ru": "rus", "uk": "ukr", "ar": "ara",
    "fa": "fas",
}  # fmt: skip
"""Tesseract's name of a language."""

_counts = {"recogniser": 0, "detector": 0, "tesseract": 0}
_analyzer: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What the analysis read in one clip, and what it ran for that.

    ``recogniser`` counts lines given to a network that reads, ``tesseract`` starts of the program,
    ``detector`` runs of networks that answer with a map. ``cpu_s`` includes child processes. ``unread`` says,
    stretch by stretch, why the analysis did not look at all that it found.
    """

    events: tuple[Event, ...]
    recogniser: int
    detector: int
    tesseract: int
    cpu_s: float
    unread: tuple[str, ...]


def installed_languages() -> tuple[str, ...]:
    """Those of `CODES` that Tesseract has here."""
    listed = subprocess.run(["tesseract", "--list-langs"], capture_output=True, text=True, check=True)
    return tuple(code for code in CODES.values() if code in listed.stdout.split())


def cpu_s() -> float:
    """User and system time of this process and of its children so far."""
    return sum(os.times()[:4])


def count_runs() -> None:
    """Wrap ONNX Runtime's sessions and the start of processes, in this process, so that runs are counted."""
    import onnxruntime

    run, start = onnxruntime.InferenceSession.run, subprocess.Popen.__init__

    def counted_run(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = run(self, *args, **kwargs)
        if answer[0].ndim == 3:  # batch, steps, letters
            _counts["recogniser"] += len(answer[0])
        elif answer[0].ndim == 4:
            _counts["detector"] += 1
        return answer

    def counted_start(self: Any, args: Any, *rest: Any, **kwargs: Any) -> None:
        words = [str(word) for word in args] if isinstance(args, (list, tuple)) else [str(args)]
        if Path(words[0]).name == "tesseract" and not {"--list-langs", "--version"} & set(words):
            _counts["tesseract"] += 1
        start(self, args, *rest, **kwargs)

    onnxruntime.InferenceSession.run = counted_run
    subprocess.Popen.__init__ = counted_start


def analyzer(languages: Sequence[str] | None) -> Any:
    """An analyzer that reads text only; with None, one that samples and looks for nothing."""
    import mediaforensics as mf
    from mediaforensics.options import TextOptions

    text = TextOptions(languages=tuple(languages)) if languages else None
    return mf.Analyzer(options=mf.Options(known=None, faces=None, overlays=None, evidence=None, text=text))


def _begin(languages: tuple[str, ...]) -> None:
    global _analyzer
    count_runs()
    _analyzer = analyzer(languages)


def _read(path: Path) -> Reading:
    before, started_s = dict(_counts), cpu_s()
    report = _analyzer.analyze(str(path))
    spent_s = cpu_s() - started_s
    runs = {name: _counts[name] - before[name] for name in _counts}
    events = tuple(
        Event(
            text=t.text, start_s=t.span.start.seconds, end_s=t.span.end.seconds,
            box=(t.box.x0, t.box.y0, t.box.x1, t.box.y1),
        )
        for t in report.texts
    )  # fmt: skip
    unread = tuple(gap.why for run in report.detectors if run.name == "text" for gap in run.failures)
    return Reading(events=events, cpu_s=spent_s, unread=unread, **runs)


def read_all(paths: Sequence[Path], languages: tuple[str, ...], jobs: int) -> list[Reading]:
    """Analyse files in ``jobs`` processes; progress goes to standard error."""
    out = []
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (languages,)) as pool:
        for number, reading in enumerate(pool.map(_read, paths), 1):
            out.append(reading)
            print(f"\r  read {number} of {len(paths)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return out


def rival(
    engine: str, python: str, wanted: Sequence[Clip], languages: tuple[str, ...], jobs: int
) -> tuple[list[list[tuple[float, str]]], float] | None:
    """Readings by a rival, clip by clip, as (seconds, text), and the processor time.

    None where it cannot run.
    """
    parts = [list(wanted[n::jobs]) for n in range(jobs) if wanted[n::jobs]]
    script = str(Path(__file__).with_name("rivals.py"))

    def run(part: list[Clip]) -> Cost:
        work = [(str(clip.path), _oracle(clip.language, languages)) for clip in part]
        return cost_of([python, script, engine, json.dumps(work)])

    with ThreadPoolExecutor(jobs) as pool:
        costs = list(pool.map(run, parts))
    if any(cost.status for cost in costs):
        return None
    answers: list[Any] = [None] * len(wanted)
    for n, cost in enumerate(costs):
        answers[n::jobs] = json.loads(cost.output)
    return answers, sum(cost.cpu_s for cost in costs)


def _oracle(language: str, languages: tuple[str, ...]) -> str:
    if language == "mixed":
        return "ara+eng"
    code = CODES.get(language, "eng")
    return code if code in languages else "rus"


def interleaved_cost(path: Path, languages: tuple[str, ...], rounds: int) -> tuple[float, float, float]:
    """Least processor seconds of decoding, of sampling and of reading one file, taken in turns."""
    nothing, reader = analyzer(None), analyzer(languages)
    turns = (lambda: _decode(path), lambda: nothing.analyze(str(path)), lambda: reader.analyze(str(path)))
    spent: list[list[float]] = [[], [], []]
    for _ in range(rounds):
        for times, turn in zip(spent, turns, strict=True):
            started_s = cpu_s()
            turn()
            times.append(cpu_s() - started_s)
            time.sleep(0.05)
    decode_s, sample_s, read_s = (min(times) for times in spent)
    return decode_s, sample_s, read_s


def _decode(path: Path) -> None:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for _ in container.decode(stream):
            pass
