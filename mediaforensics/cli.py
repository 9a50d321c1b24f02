"""The ``mediaforensics`` command: arguments in, files out, exit status; no logic of its own.

Exit status of ``analyze``: 0 no finding, 1 findings, 2 wrong use or set-up, 3 the source could not be read at
all, 4 read in part (the report says which part), 130 interrupted (what was seen until then is reported).
``text`` gives 0 for everything that was read, whatever the words say.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import functools
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mediaforensics import __version__

if TYPE_CHECKING:
    from mediaforensics.api import Analyzer
    from mediaforensics.engine import Event
    from mediaforensics.options import Options
    from mediaforensics.report.model import Report

EXIT_WRONG_USE = 2
EXIT_UNREADABLE = 3
EXIT_INTERRUPTED = 130
WORD_FORMATS = ("text", "srt", "vtt", "json")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.command is None:
        parser.print_help(sys.stderr)
        return EXIT_WRONG_USE
    try:
        return _carry_out(parsed)
    except (KeyboardInterrupt, ImportError) as error:  # in the set-up, or a second one: nothing to report
        # A native module that is interrupted while it is loaded turns that into an error of its own.
        if isinstance(error, ImportError) and not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        _say("stopped")
        return EXIT_INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mediaforensics",
        description="Say, with evidence, who is shown in a video or picture, what was done to their picture, "
        "what the text threatens, which known images appear, and when.",
    )
    parser.add_argument("--version", action="version", version=f"mediaforensics {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
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
    analyze = commands.add_parser(
        "analyze",
        parents=[common],
        help="analyse one video or picture",
        description="Analyse one video, picture or animated picture. Nothing leaves this machine.",
        epilog="Exit status: 0 no finding, 1 findings, 2 wrong use or set-up, 3 the source could not be read "
        "at all, 4 read in part (the report says which part), 130 interrupted.",
    )
    analyze.set_defaults(prepare=_prepare_report)
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
        help="enrolled people: a folder with one sub-folder of pictures per person",
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
    text = commands.add_parser(
        "text",
        parents=[common],
        help="read the words of one video or picture, as text, subtitles or JSON",
        description="Read the words shown in one video, picture or animated picture, each with its time, and "
        "look for nothing else. Nothing leaves this machine.",
        epilog="Exit status: 0 read, whatever the words say; 2 wrong use or set-up; 3 the source could not "
        "be read at all; 4 read in part (standard error and the JSON say which part); 130 interrupted.",
    )
    text.set_defaults(prepare=_prepare_words)
    text.add_argument(
        "--format",
        choices=WORD_FORMATS,
        help="lines of text, SRT or WebVTT subtitles, or JSON; default: by the ending of FILE, else text. In "
        "subtitles the words of a picture, which has no duration, stand for one second",
    )
    text.add_argument(
        "--output", metavar="FILE", default="-", help="where to write; - (the default) for standard output"
    )
    return parser


Deliver = Callable[["Report"], int]
"""Writes what was asked for and returns the exit status."""


def _carry_out(parsed: argparse.Namespace) -> int:
    """Prepare, read, deliver: what is wrong with the arguments is said before the work starts."""
    from mediaforensics.errors import DataError, MediaError, OptionError, SetupError

    try:
        analyzer, deliver = parsed.prepare(parsed)
    except (
        SetupError,
        DataError,
        OptionError,
        MediaError,
        OSError,
    ) as error:  # MediaError: of a known picture
        return _refuse(error, EXIT_WRONG_USE)
    interrupted = False
    try:
        with _progress(Path(parsed.source).name) as on_progress, analyzer.stream(parsed.source) as events:
            try:
                for event in events:
                    on_progress(event)
            except KeyboardInterrupt:
                interrupted = True
    except MediaError as error:
        return _refuse(error, EXIT_UNREADABLE)
    try:
        report = events.report()
    except OptionError as error:  # interrupted before the first look
        raise KeyboardInterrupt from error
    if interrupted:
        _say("stopped: what was seen until now is reported as read in part")
    try:
        status: int = deliver(report)
    except OSError as error:
        return _refuse(error, EXIT_WRONG_USE)
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
        _say(line)
    if parsed.json is not None:
        _put(report.to_json(), parsed.json, "JSON")
    if parsed.html is not None:
        _put(report.to_html(), parsed.html, "Page")
    if parsed.evidence is not None:
        written = report.write_evidence(parsed.evidence)
        _say(f"Evidence: {len(written)} pictures in {parsed.evidence}")
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
        _say(line)
    ending = Path(parsed.output).suffix[1:].lower()
    write = FORMATS[parsed.format or (ending if ending in FORMATS else "text")]
    _put(write(report), parsed.output, "Words")
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


def _put(text: str, output: str, what: str) -> None:
    """Write to a file, whole or not at all, or to standard output; in UTF-8 everywhere."""
    from mediaforensics.report.files import write_whole

    if output != "-":
        write_whole(Path(output), text.encode())
        _say(f"{what}: {output}")
        return
    try:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail, and be complained of, once more when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # the reader, such as head, has seen enough
            raise


@contextlib.contextmanager
def _progress(name: str) -> Iterator[Callable[[Event], None]]:
    """Draw a progress bar on a terminal; say nothing where standard error is not one."""
    if not sys.stderr.isatty():
        yield lambda event: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    from mediaforensics.engine import Progress

    shown = escape(name.encode(errors="surrogateescape").decode(errors="backslashreplace"))
    columns = (
        TextColumn(shown),
        BarColumn(),
        TextColumn("{task.fields[at]}"),
        TimeElapsedColumn(),
    )
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("analyze", total=None, at="")
        first_s: list[float] = []

        def on_progress(progress: Event) -> None:
            if not isinstance(progress, Progress):
                return
            now_s = progress.time.seconds
            first_s[:] = first_s or [now_s]
            at = f"{now_s:.1f} s, {progress.frames_decoded} frames"
            bar.update(task, completed=now_s - first_s[0], total=progress.duration_s_from_header, at=at)

        yield on_progress


def _say(line: str) -> None:
    """One line for people, on standard error; what the terminal cannot show is escaped."""
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(line.encode(encoding, errors="backslashreplace").decode(encoding) + "\n")


def _refuse(error: BaseException, status: int) -> int:
    _say(f"mediaforensics: {error}")
    return status
