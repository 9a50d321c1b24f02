"""Known pictures: what finding them costs and how many are found, beside what a user would pick instead.

``MF_TEST_DATA=DATA python benchmarks/known.py [--pictures DIR] [--hashes N] [--lines N] [--only PART]``

Parts: ``hashes`` (PDQ and bars), ``index`` (exact search beside faiss), ``lists`` (formats), ``sets`` (a list
of a million lines becomes a set), ``regions`` (pictures inside frames, beside PDQ and plain SIFT), ``videos``
(a stretch of a known video). Each but ``sets`` is also a program of its own, with more options.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import known_hashes
import known_index
import known_lists
import known_regions
import known_videos
import numpy as np
from rich.console import Console

from mediaforensics.known.hashing import PDQ
from mediaforensics.known.matching import near
from mediaforensics.known.store import KnownSet
from mediaforensics.options import KnownOptions

IMPORT_GOAL_S, OPEN_GOAL_MS = 10.0, 100.0
_QUERIES = 400


def index(arguments: argparse.Namespace, console: Console) -> None:
    for count in arguments.hashes:
        values = known_index.hashes(count)
        rows = known_index.measure(values, known_index.queries_near(values, _QUERIES))
        known_index.print_rows(console, count, "random hashes", rows)


def lists(arguments: argparse.Namespace, console: Console) -> None:
    console.print(known_lists.table(known_lists.speeds(arguments.lines)))


def sets(arguments: argparse.Namespace, console: Console) -> None:
    """From a list of lines to a set on the disk, and a search in it with all decisions."""
    with tempfile.TemporaryDirectory() as folder:
        listed, built = Path(folder) / "list.csv", Path(folder) / "list.set"
        values = known_index.hashes(arguments.lines)
        lines = (f"{row.tobytes().hex()},picture-{i}.jpg\n" for i, row in enumerate(values))
        listed.write_text("hash,name\n" + "".join(lines))
        start = time.process_time()
        KnownSet.open(listed).save(built)
        import_s = time.process_time() - start
        opened = time.perf_counter()
        known = KnownSet.open(built)
        open_ms = 1e3 * (time.perf_counter() - opened)
        queries = known_index.queries_near(values, 2 * _QUERIES)[:, None]
        for query in queries[_QUERIES:]:  # until the search is compiled
            near(known, PDQ, query, quality=None, options=KnownOptions())
        start = time.process_time()
        found = sum(
            bool(near(known, PDQ, query, quality=None, options=KnownOptions()).hits)
            for query in queries[:_QUERIES]
        )
        query_ms = 1e3 * (time.process_time() - start) / _QUERIES
        size = sum(path.stat().st_size for path in built.rglob("*") if path.is_file())
    goal_s = IMPORT_GOAL_S * arguments.lines / 1e6
    console.print(
        f"A list of {arguments.lines:,} lines to a set: {import_s:.2f} s CPU (goal {goal_s:g}), "
        f"{size / arguments.lines:.0f} bytes an entry on the disk with its name; opened in {open_ms:.1f} ms "
        f"(wall, goal {OPEN_GOAL_MS:g}); {query_ms:.2f} ms CPU a search with its decisions, {found} of "
        f"{_QUERIES} found"
    )


PARTS: dict[str, Callable[[argparse.Namespace, Console], None]] = {
    "hashes": lambda arguments, console: known_hashes.main([str(arguments.pictures)]),
    "index": index,
    "lists": lists,
    "sets": sets,
    "regions": lambda arguments, console: known_regions.main([str(arguments.pictures)]),
    "videos": lambda arguments, console: known_videos.main([]),
}


def main() -> None:
    data = os.environ.get("MF_TEST_DATA")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, default=Path(data) / "faces" / "others" if data else None)
    parser.add_argument("--hashes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only", nargs="+", choices=list(PARTS), default=list(PARTS))
    arguments = parser.parse_args()
    console = Console(width=130)
    np.set_printoptions(precision=3)
    for name in arguments.only:
        if name in ("hashes", "regions", "videos") and arguments.pictures is None:
            print(f"{name}: needs pictures; set MF_TEST_DATA or give --pictures", file=sys.stderr)
            continue
        console.rule(name)
        PARTS[name](arguments, console)


if __name__ == "__main__":
    main()
