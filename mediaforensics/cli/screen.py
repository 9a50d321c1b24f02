"""What the command says and where it writes: lines for people on standard error, a progress bar, files."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from mediaforensics.engine import Event

EXIT_WRONG_USE = 2
EXIT_UNREADABLE = 3
EXIT_IN_PART = 4
EXIT_INTERRUPTED = 130


def put(text: str, output: str, what: str) -> None:
    """Write to a file, whole or not at all, or to standard output; in UTF-8 everywhere."""
    from mediaforensics.report.files import write_whole

    if output != "-":
        write_whole(Path(output), text.encode())
        say(f"{what}: {output}")
        return
    with standard_output() as stream:
        stream.write(text.encode())


@contextlib.contextmanager
def standard_output() -> Iterator[BinaryIO]:
    """Standard output, for bytes; a reader that has seen enough, such as head, ends it quietly."""
    try:
        yield sys.stdout.buffer
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer would fail, and be complained of, once more when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise


@contextlib.contextmanager
def progress(name: str) -> Iterator[Callable[[Event], None]]:
    """Draw how far an analysis is on a terminal; say nothing where standard error is not one."""
    from mediaforensics.engine import Progress

    first_s: list[float] = []
    with _bar(name) as update:

        def on_progress(progress: Event) -> None:
            if isinstance(progress, Progress):
                now_s = progress.time.seconds
                first_s[:] = first_s or [now_s]
                at = f"{now_s:.1f} s, {progress.frames_decoded} frames"
                update(at, now_s - first_s[0], progress.duration_s_from_header)

        yield on_progress


@contextlib.contextmanager
def counting(name: str) -> Iterator[Callable[[int], None]]:
    """Draw how many files were read, in the same way."""
    with _bar(name) as update:
        yield lambda count: update(f"{count} files", count, None)


@contextlib.contextmanager
def _bar(name: str) -> Iterator[Callable[[str, float, float | None], None]]:
    if not sys.stderr.isatty():
        yield lambda at, done, total: None
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    shown = escape(name.encode(errors="surrogateescape").decode(errors="backslashreplace"))
    columns = (TextColumn(shown), BarColumn(), TextColumn("{task.fields[at]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, at="")
        yield lambda at, done, total: bar.update(task, completed=done, total=total, at=at)


def say(line: str) -> None:
    """One line for people, on standard error; what steers a terminal or cannot be shown is escaped."""
    from mediaforensics.report.visible import visible

    line = visible(line)
    encoding = sys.stderr.encoding or "utf-8"
    sys.stderr.write(line.encode(encoding, errors="backslashreplace").decode(encoding) + "\n")


def refuse(error: BaseException, status: int) -> int:
    """Say why not, and give the exit status back."""
    say(f"mediaforensics: {error}")
    return status
