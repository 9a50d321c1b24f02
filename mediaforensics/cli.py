"""The ``mediaforensics`` command: arguments in, files out, exit status; no logic of its own.

Exit status: 0 no finding, 1 findings, 2 wrong use or set-up, 3 the source could not be read at all, 4 read in
part (the report says which part), 130 interrupted (what was seen until then is reported).
"""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mediaforensics import __version__

if TYPE_CHECKING:
    from mediaforensics.api import Analyzer
    from mediaforensics.engine import Event
    from mediaforensics.report.model import Report

EXIT_WRONG_USE = 2
EXIT_UNREADABLE = 3
EXIT_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = _parser()
    parsed = parser.parse_args(arguments)
    if parsed.command is None:
        parser.print_help(sys.stderr)
        return EXIT_WRONG_USE
    try:
        return _analyze(parsed)
    except KeyboardInterrupt:  # during the set-up, or a second one: there is nothing to report
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
    analyze = commands.add_parser(
        "analyze",
        help="analyse one video or picture",
        description="Analyse one video, picture or animated picture. Nothing leaves this machine.",
        epilog="Exit status: 0 no finding, 1 findings, 2 wrong use or set-up, 3 the source could not be read "
        "at all, 4 read in part (the report says which part).",
    )
    analyze.add_argument("source", metavar="SOURCE", help="a video, picture or animated picture")
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
        "--languages",
        metavar="CODES",
        help="Tesseract codes of what may occur, such as eng,ara,rus,fra (the default)",
    )
    analyze.add_argument("--json", metavar="FILE", help="write the report as JSON; - for standard output")
    analyze.add_argument("--html", metavar="FILE", help="write the report as one self-contained page")
    analyze.add_argument(
        "--evidence", metavar="DIR", help="write the evidence pictures and their SHA-256 there"
    )
    analyze.add_argument(
        "--deadline-s",
        metavar="N",
        type=float,
        help="stop after N seconds; what was seen so far is reported as read in part",
    )
    return parser


def _analyze(parsed: argparse.Namespace) -> int:
    from mediaforensics.errors import DataError, MediaError, OptionError, SetupError

    try:
        outputs = _Outputs(parsed)
        analyzer = _analyzer(parsed)
    except (SetupError, DataError, OptionError, MediaError) as error:  # MediaError: of a known picture
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
    if interrupted:
        _say("stopped: what was seen until now is reported as read in part")
    report = events.report()
    try:
        outputs.write(report)
    except OSError as error:
        return _refuse(error, EXIT_WRONG_USE)
    return EXIT_INTERRUPTED if interrupted else report.exit_status


def _analyzer(parsed: argparse.Namespace) -> Analyzer:
    from mediaforensics.api import Analyzer
    from mediaforensics.options import LimitOptions, Options, TextOptions

    text = TextOptions()
    if parsed.languages is not None:
        text = TextOptions(
            languages=tuple(code.strip() for code in parsed.languages.split(",") if code.strip())
        )
    options = Options(text=text, limits=LimitOptions(deadline_s=parsed.deadline_s))
    return Analyzer(known=parsed.known or None, gallery=parsed.gallery, options=options)


class _Outputs:
    """Where the report goes; refused before the work starts rather than after."""

    def __init__(self, parsed: argparse.Namespace) -> None:
        from mediaforensics.errors import OptionError

        self._json, self._html, self._evidence = parsed.json, parsed.html, parsed.evidence
        for file in (self._json, self._html):
            if file not in (None, "-") and not Path(file).absolute().parent.is_dir():
                raise OptionError(f"cannot write {file}: its folder does not exist; create it first")
        if self._html == "-":
            raise OptionError("--html needs a file name; only --json writes to standard output")

    def write(self, report: Report) -> None:
        from mediaforensics.report.plain import sentences

        for line in sentences(report):
            _say(line)
        if self._json == "-":
            sys.stdout.write(report.to_json())
            sys.stdout.flush()
        elif self._json is not None:
            report.write_json(self._json)
            _say(f"JSON: {self._json}")
        if self._html is not None:
            report.write_html(self._html)
            _say(f"Page: {self._html}")
        if self._evidence is not None:
            written = report.write_evidence(self._evidence)
            _say(f"Evidence: {len(written)} pictures in {self._evidence}")


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
