"""``mediaforensics analyze`` and ``mediaforensics text``: one source, read once, written as asked.

Exit status of ``analyze``: 0 no finding, 1 findings, 2 wrong use or set-up, 3 the source could not be read at
all, 4 read in part (the report says which part), 130 interrupted (what was seen until then is reported).
``text`` gives 0 for everything that was read, whatever the words say.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mediaforensics.cli.screen import (
    EXIT_INTERRUPTED,
    EXIT_UNREADABLE,
    EXIT_WRONG_USE,
    progress,
    put,
    refuse,
    say,
)

if TYPE_CHECKING:
    from mediaforensics.api import Analyzer
    from mediaforensics.options import Options
    from mediaforensics.report.model import Report

WORD_FORMATS = ("text", "srt", "vtt", "json")

Deliver = Callable[["Report"], int]
"""Writes what was asked for and returns the exit status."""
Commands = Any
"""What ``argparse`` gives for adding sub-commands; it has no public name."""


def _common() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("source", metavar="SOURCE", help="a video, picture or animated picture")
    common.add_argument(
        "--languages",
        metavar="CODES",
        help="codes of what may occur, such as eng,ara,rus,fra (the default)",
    )
    common.add_argument(
        "--deadline-s",
        metavar="N",
        type=float,
        help="stop after N seconds; what was seen so far is reported as read in part",
    )
    return common


def add_analyze(commands: Commands) -> None:
    """Add ``analyze`` to the command line."""
    analyze = commands.add_parser(
        "analyze",
        parents=[_common()],
        help="analyse one video or picture",
        description="Analyse one video, picture or animated picture. Nothing leaves this machine.",
        epilog="Exit status: 0 no finding, 1 findings, 2 wrong use or set-up, 3 the source could not be read "
        "at all, 4 read in part (the report says which part), 130 interrupted.",
    )
    analyze.set_defaults(carry_out=functools.partial(_carry_out, _prepare_report))
    analyze.add_argument(
        "--known",
        metavar="PATH",
        action="append",
        default=[],
        help="known images: a folder of pictures or a hash list; may be given several times",
    )
    analyze.add_argument(
        "--gallery",
        metavar="DIR",
        help="enrolled people: a folder with one sub-folder of pictures per person, or a saved file of them",
    )
    analyze.add_argument(
        "--lexicon",
        metavar="FILE",
        action="append",
        default=[],
        help="threat rules of your own, read beside those that ship; may be given several times",
    )
    analyze.add_argument("--json", metavar="FILE", help="write the report as JSON; - for standard output")
    analyze.add_argument("--html", metavar="FILE", help="write the report as one self-contained page")
    analyze.add_argument(
        "--evidence", metavar="DIR", help="write the evidence pictures and their SHA-256 there"
    )


def add_text(commands: Commands) -> None:
    """Add ``text`` to the command line."""
    text = commands.add_parser(
        "text",
        parents=[_common()],
        help="read the words of one video or picture, as text, subtitles or JSON",
        description="Read the words shown in one video, picture or animated picture, each with its time, and "
        "look for nothing else. Nothing leaves this machine.",
        epilog="Exit status: 0 read, whatever the words say; 2 wrong use or set-up; 3 the source could not "
        "be read at all; 4 read in part (standard error and the JSON say which part); 130 interrupted.",
    )
    text.set_defaults(carry_out=functools.partial(_carry_out, _prepare_words))
    text.add_argument(
        "--format",
        choices=WORD_FORMATS,
        help="lines of text, SRT or WebVTT subtitles, or JSON; default: by the ending of FILE, else text. In "
        "subtitles the words of a picture, which has no duration, stand for one second",
    )
    text.add_argument(
        "--output", metavar="FILE", default="-", help="where to write; - (the default) for standard output"
    )


def _carry_out(
    prepare: Callable[[argparse.Namespace], tuple[Analyzer, Deliver]], parsed: argparse.Namespace
) -> int:
    """Prepare, read, deliver: what is wrong with the arguments is said before the work starts."""
    from mediaforensics.errors import MediaError, OptionError

    analyzer, deliver = prepare(parsed)
    interrupted = False
    try:
        with progress(Path(parsed.source).name) as on_progress, analyzer.stream(parsed.source) as events:
            try:
                for event in events:
                    on_progress(event)
            except KeyboardInterrupt:
                interrupted = True
    except MediaError as error:
        return refuse(error, EXIT_UNREADABLE)
    try:
        report = events.report()
    except OptionError as error:  # interrupted before the first look
        raise KeyboardInterrupt from error
    if interrupted:
        say("stopped: what was seen until now is reported as read in part")
    try:
        status: int = deliver(report)
    except OSError as error:
        return refuse(error, EXIT_WRONG_USE)
    return EXIT_INTERRUPTED if interrupted else status


def _prepare_report(parsed: argparse.Namespace) -> tuple[Analyzer, Deliver]:
    from mediaforensics.api import Analyzer
    from mediaforensics.errors import OptionError

    if parsed.html == "-":
        raise OptionError("--html needs a file name; only --json writes to standard output")
    _check_outputs(parsed.source, parsed.json, parsed.html)
    analyzer = Analyzer(
        known=parsed.known or None,
        gallery=parsed.gallery,
        lexicon=parsed.lexicon or None,
        options=_options(parsed),
    )
    return analyzer, functools.partial(_deliver_report, parsed)


def _deliver_report(parsed: argparse.Namespace, report: Report) -> int:
    from mediaforensics.report.plain import sentences

    for line in sentences(report):
        say(line)
    if parsed.json is not None:
        put(report.to_json(), parsed.json, "JSON")
    if parsed.html is not None:
        put(report.to_html(), parsed.html, "Page")
    if parsed.evidence is not None:
        written = report.write_evidence(parsed.evidence)
        say(f"Evidence: {len(written)} pictures in {parsed.evidence}")
    return report.exit_status


def _prepare_words(parsed: argparse.Namespace) -> tuple[Analyzer, Deliver]:
    from mediaforensics.api import Analyzer

    _check_outputs(parsed.source, parsed.output)
    options = dataclasses.replace(_options(parsed), known=None, faces=None, overlays=None, evidence=None)
    return Analyzer(options=options), functools.partial(_deliver_words, parsed)


def _deliver_words(parsed: argparse.Namespace, report: Report) -> int:
    from mediaforensics.report.export import FORMATS, read_status
    from mediaforensics.report.plain import about_words

    for line in about_words(report):
        say(line)
    ending = Path(parsed.output).suffix[1:].lower()
    write = FORMATS[parsed.format or (ending if ending in FORMATS else "text")]
    put(write(report), parsed.output, "Words")
    return read_status(report)


def _options(parsed: argparse.Namespace) -> Options:
    from mediaforensics.options import LimitOptions, Options, TextOptions

    text = TextOptions()
    if parsed.languages is not None:
        codes = (code.strip() for code in parsed.languages.split(","))
        text = TextOptions(languages=tuple(code for code in codes if code))
    return Options(text=text, limits=LimitOptions(deadline_s=parsed.deadline_s))


def _check_outputs(source: str, *outputs: str | None) -> None:
    """Refuse what could not be written, before the work rather than after it."""
    from mediaforensics.errors import OptionError
    from mediaforensics.report.files import require_writable

    for output in outputs:
        if output == "-" and sys.stdout is None:
            raise OptionError("cannot write to standard output: it is closed")
        if output not in (None, "-"):
            require_writable(Path(output), Path(source))
