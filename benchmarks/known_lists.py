"""Reading and writing hash lists: CPU time and lines a second for each format, beside the bare parser.

python benchmarks/known_lists.py [--lines 1000000]

Each list has one PDQ value an entry (MD5 and SHA-1 too for VICS, whose records have them), an id and a label
where the format has a place for them. ``parser alone`` is what Python's own csv, json or ElementTree takes to
go through the same file without a look at what is in it; for lines it is splitting them at commas.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from rich.console import Console
from rich.table import Table

from mediaforensics.known.exchange.formats import FORMATS
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.reading import read_list
from mediaforensics.known.exchange.writing import write_list

GOAL_S = {"lines": 3.0, "csv": 3.0, "local_file": 3.0, "threatexchange": 3.0, "vpdq": 3.0}
GOAL_RECORDS_S = 10.0
"""A million lines are to be imported, index and all, in 10 s; reading them may take 3 of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How long a format took.

    ``alone_cpu_s`` is the bare parser; ``problems`` is what was said about the file, which should be nothing.
    """

    format: str
    entries: int
    file_bytes: int
    write_cpu_s: float
    read_cpu_s: float
    alone_cpu_s: float
    problems: int

    @property
    def lines_per_s(self) -> float:
        """Read in a second of CPU time."""
        return self.entries / self.read_cpu_s


def entries_of(format: str, count: int) -> Iterator[Listed]:
    """Entries as such a list has them; random values, a few hundred labels."""
    rng = random.Random(7)
    form = FORMATS[format]
    labels = [(f"label-{i}",) for i in range(300)] if form.labels else [()]
    for i in range(count):
        value = rng.randbytes(32)
        digits = value.hex()
        label = labels[i % len(labels)]
        if form.at_s:
            yield Listed("video", "pdq", value, (), 80, i / 30)
        elif format.startswith("vics"):
            yield Listed(str(i), "md5", value[:16], label)
            yield Listed(str(i), "sha1", value[:20], label)
        elif format == "lines":
            yield Listed(f"picture-{i}.jpg", "pdq", value)
        else:
            yield Listed(str(i) if form.ids else digits, "pdq", value, label)


def speeds(count: int, formats: Sequence[str] = tuple(FORMATS)) -> list[Speed]:
    """Write and read a list of ``count`` entries in each format."""
    with tempfile.TemporaryDirectory() as folder:
        return [_speed(format, count, Path(folder) / f"{format}.list") for format in formats]


def _speed(format: str, count: int, path: Path) -> Speed:
    started_s = time.process_time()
    with path.open("wb") as stream:
        lost = write_list(entries_of(format, count), stream, format)
    write_cpu_s = time.process_time() - started_s
    started_s = time.process_time()
    problems = sum(isinstance(row, Problem) for row in read_list(path, list_name="video"))
    read_cpu_s = time.process_time() - started_s
    started_s = time.process_time()
    _bare(format)(path)
    speed = Speed(
        format=format, entries=count, file_bytes=path.stat().st_size, write_cpu_s=write_cpu_s,
        read_cpu_s=read_cpu_s, alone_cpu_s=time.process_time() - started_s,
        problems=problems + sum("no MD5" not in problem.why for problem in lost),
    )  # fmt: skip
    path.unlink()
    return speed


def _bare(format: str) -> Callable[[Path], None]:
    if format in ("csv", "threatexchange"):
        return _csv_alone
    if format == "ncmec":
        return _xml_alone
    return _split_alone if format in ("lines", "local_file", "vpdq") else _json_alone


def _split_alone(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        deque((line.split(",") for line in file), maxlen=0)


def _csv_alone(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        deque(csv.reader(file), maxlen=0)


def _json_alone(path: Path) -> None:
    with path.open(encoding="utf-8") as file:
        json.load(file)


def _xml_alone(path: Path) -> None:
    for _, element in ElementTree.iterparse(path):
        element.clear()


def table(measured: Sequence[Speed]) -> Table:
    shown = Table(title=f"Hash lists of {measured[0].entries:,} entries, CPU time of one thread")
    for name in ("format", "MB", "write s", "read s", "lines/s", "parser alone s", "read / alone", "goal"):
        shown.add_column(name, justify="left" if name == "format" else "right")
    for one in measured:
        goal_s = GOAL_S.get(one.format, GOAL_RECORDS_S) * one.entries / 1e6
        met = "met" if one.read_cpu_s <= goal_s and not one.problems else "MISSED"
        shown.add_row(
            one.format, f"{one.file_bytes / 1e6:.0f}", f"{one.write_cpu_s:.2f}", f"{one.read_cpu_s:.2f}",
            f"{one.lines_per_s:,.0f}", f"{one.alone_cpu_s:.2f}", f"{one.read_cpu_s / one.alone_cpu_s:.1f}",
            f"{met} ({goal_s:.1f} s)",
        )  # fmt: skip
    return shown


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--format", action="append", choices=list(FORMATS), help="only these")
    parsed = parser.parse_args()
    Console(width=110).print(table(speeds(parsed.lines, parsed.format or tuple(FORMATS))))


if __name__ == "__main__":
    main()
