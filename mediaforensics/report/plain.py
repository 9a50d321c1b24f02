"""The report in plain sentences, as the command prints it."""

from __future__ import annotations

from collections.abc import Iterator, Sized

from mediaforensics.report.model import DetectorRun, Report
from mediaforensics.report.visible import visible

_SHOWN_TEXT_CHARACTERS = 160


def sentences(report: Report) -> Iterator[str]:
    """Yield lines for a terminal: findings, then what was not looked at, then what was read.

    Control and direction characters of the evidence appear as escapes, so that a text in a video cannot
    steer the reader's terminal.
    """
    media = report.media
    yield (
        f"{visible(media.name)}: {media.kind}, {media.width_px}x{media.height_px}, {media.codec}, "
        f"{media.duration_s_decoded:.1f} s, {media.frames_decoded} frames, SHA-256 {media.sha256}"
    )
    yield from _findings(report)
    yield from _not_looked(report)
    yield from _texts(report)


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        yield f"No finding{_looked(report)}."
        return
    yield f"{_counted(report.findings, 'finding')} (to be confirmed by a person):"
    for finding in report.findings:
        when = f"{finding.span.start.clock} - {finding.span.end.clock}"
        what = finding.kind.replace("_", " ")
        yield f"  [{finding.strength}] {when}  {what}: {visible(finding.explanation)}"


def about_words(report: Report) -> Iterator[str]:
    """Yield what to say beside the words themselves: that there are none, what was not read, and why."""
    if not report.texts:
        yield f"No text{_looked(report)}."
    yield from _gaps(report)
    for run in report.detectors:
        if run.name == "text":
            yield from _shortfall(run)


def _looked(report: Report) -> str:
    return "" if report.complete else " in the part that could be read"


def _not_looked(report: Report) -> Iterator[str]:
    yield from _gaps(report)
    for run in report.detectors:
        yield from _shortfall(run)


def _gaps(report: Report) -> Iterator[str]:
    for gap in report.coverage.undecodable:
        start, end = gap.span.start.clock, gap.span.end.clock
        yield f"Not read: {start} - {end}: {visible(gap.why)}"


def _shortfall(run: DetectorRun) -> Iterator[str]:
    if not run.ran:
        yield f"Not looked for: {run.name}: {visible(run.why_not or 'no reason given')}"
    for note in run.notes:
        yield f"{run.name}: {visible(note)}"
    if run.failures:
        first = run.failures[0]
        when = first.span.start.clock
        failed = _counted(run.failures, "sample")
        yield f"{run.name} failed on {failed}, first at {when}: {visible(first.why)}"


def _texts(report: Report) -> Iterator[str]:
    if not report.texts:
        return
    yield f"{_counted(report.texts, 'text')} read:"
    for entry in report.texts:
        shown = visible(" / ".join(entry.text.splitlines()))
        if len(shown) > _SHOWN_TEXT_CHARACTERS:
            shown = shown[: _SHOWN_TEXT_CHARACTERS - 3] + "..."
        yield f"  {entry.span.start.clock}  [{entry.language or entry.script}] {shown}"


def _counted(things: Sized, noun: str) -> str:
    return f"{len(things)} {noun}" if len(things) == 1 else f"{len(things)} {noun}s"
