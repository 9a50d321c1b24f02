"""Text read from video: how right, how complete, when and at what cost, beside what a user would pick.

    MF_TEST_DATA=DATA python benchmarks/text.py [--clips 120] [--height 360 --crf 38]
    python benchmarks/text.py --only ru,ticker --worst /tmp/worst

Draws clips (kept in ``--cache``) in nine languages and fifteen behaviours of text, analyses them, and scores
what was read against what was drawn; ``letters.py`` lists the fonts and the packages that bring them. The
rivals read one frame a second on the first ``--rivals`` clips. Photographs and videos by other hands come
from ``MF_TEST_DATA``; without it there are fewer grounds and no real footage for false alarms.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import tempfile
import time
from pathlib import Path

import clips
import drawing
import readers
import tables
import worst
from drawing import Wanted
from letters import Fonts
from rich.console import Console


def main() -> None:
    arguments = _arguments()
    console = Console(width=150, highlight=False)
    fonts = Fonts(arguments.fonts)
    if fonts.missing:
        console.print(f"Done without fonts of: apt-get install {' '.join(fonts.missing)}")
    languages, installed = tuple(readers.CODES.values()), readers.installed_languages()
    lacking = sorted(set(languages) - set(installed))
    if lacking:
        console.print(f"Tesseract lacks {', '.join(lacking)}: pytesseract reads it as the languages it has.")
    if clips.grounds.data() is None:
        console.print("MF_TEST_DATA is not set: fewer grounds, and no real footage for false alarms.")
    started_s = time.monotonic()
    only = tuple(name for name in arguments.only.split(",") if name)
    made = drawing.draw(
        Wanted(
            plan=clips.plan(arguments.clips, only), hard=arguments.hard, height=arguments.height,
            crf=arguments.crf, quiet=not arguments.no_quiet, ordinary=not arguments.no_cost,
            cache=arguments.cache, fonts=arguments.fonts,
        ),
        arguments.jobs,
    )  # fmt: skip
    drawn, quiet, hard = made.clips, made.quiet, made.hard
    console.print(
        f"{len(drawn)} clips of {arguments.height} lines at CRF {arguments.crf}, "
        f"{sum(c.duration_s for c in drawn) / 60:.1f} min with {sum(len(c.truths) for c in drawn)} texts; "
        f"{sum(c.duration_s for c in quiet) / 60:.1f} min without; languages {','.join(languages)}"
    )
    every = [*drawn, *quiet, *hard]
    read = readers.read_all([c.path for c in every], languages, arguments.jobs)
    ours = tables.score(drawn, read[: len(drawn)])
    quiet_read = read[len(drawn) : len(drawn) + len(quiet)]

    subset = drawn[: arguments.rivals]
    real = [c for c in quiet if c.behaviour == "real video"]
    rivals = []
    if hard:
        rivals.append(tables.score(hard, read[-len(hard) :], f"{len(hard)} at 360p, CRF 38"))
    if subset:
        rivals.append(tables.same(f"the first {len(subset)}", ours, subset))
    for engine, python in (("pytesseract", sys.executable), ("rapidocr", _rapidocr(arguments))):
        if not subset or python is None:
            if subset:
                console.print(
                    "RapidOCR is not importable: pip install rapidocr==3.10.0 elsewhere, --rapidocr PYTHON"
                )
            continue
        answer = readers.rival(engine, python, [*subset, *real], installed, arguments.jobs)
        if answer is None:
            console.print(f"{engine} failed and is left out")
            continue
        rivals.append(tables.rival_score(f"{engine} on these, 1 fps", subset, real, *answer))
    costs = []
    for clip in (made.ordinary, *drawn[:1]) if made.ordinary else ():
        costs.append((clip, readers.interleaved_cost(clip.path, languages, arguments.rounds)))

    tables.print_goals(console, ours, quiet, quiet_read, rivals, costs)
    tables.print_groups(console, ours)
    tables.print_false_alarms(console, quiet, quiet_read)
    worst.print_worst(console, ours, 20)
    if arguments.worst is not None:
        worst.write_pictures(arguments.worst, ours, 20)
    console.print(f"{time.monotonic() - started_s:.0f} s of wall time with {arguments.jobs} processes")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clips", type=int, default=120)
    parser.add_argument("--height", type=int, default=720, help="lines of the encoded video")
    parser.add_argument("--crf", type=int, default=23)
    parser.add_argument("--hard", type=int, default=40, help="clips read at 360 lines, CRF 38 as well")
    parser.add_argument(
        "--only", default="", help="behaviours (lower-third) or languages, separated by commas"
    )
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "mediaforensics-clips")
    parser.add_argument("--fonts", type=Path, help="a folder of further fonts")
    parser.add_argument("--worst", type=Path, help="write a picture of each of the worst 20 into this folder")
    parser.add_argument("--rivals", type=int, default=24, help="clips that the rivals read; 0: none")
    parser.add_argument("--rapidocr", help="a Python that can import rapidocr")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3, help="of the measurement of costs")
    parser.add_argument("--no-quiet", action="store_true", help="no footage without text")
    parser.add_argument("--no-cost", action="store_true", help="no measurement of costs")
    return parser.parse_args()


def _rapidocr(arguments: argparse.Namespace) -> str | None:
    if arguments.rapidocr:
        return str(arguments.rapidocr)
    return sys.executable if importlib.util.find_spec("rapidocr") else None


if __name__ == "__main__":
    main()
