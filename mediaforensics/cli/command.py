"""The command line as a whole: which sub-command does what, and what an interruption means."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from mediaforensics import __version__
from mediaforensics.cli.analysis import add_analyze, add_text
from mediaforensics.cli.gallery import add_gallery
from mediaforensics.cli.known import add_known
from mediaforensics.cli.screen import EXIT_INTERRUPTED, EXIT_WRONG_USE, refuse, say


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
        say("stopped")
        return EXIT_INTERRUPTED


def _carry_out(parsed: argparse.Namespace) -> int:
    from mediaforensics.errors import DataError, MediaError, OptionError, SetupError

    try:
        status: int = parsed.carry_out(parsed)
    except (
        SetupError,
        DataError,
        OptionError,
        MediaError,
        OSError,
    ) as error:  # MediaError: of a known picture
        return refuse(error, EXIT_WRONG_USE)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mediaforensics",
        description="Say, with evidence, who is shown in a video or picture, what was done to their picture, "
        "what the text threatens, which known images appear, and when.",
    )
    parser.add_argument("--version", action="version", version=f"mediaforensics {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    add_analyze(commands)
    add_text(commands)
    add_known(commands)
    add_gallery(commands)
    return parser
