"""Exact search among perceptual hashes: ours beside faiss, on one core.

``python benchmarks/known_index.py [--hashes 1000000 10000000] [--queries 500] [--values FILE.npy]``

Hashes are random; queries are stored hashes with 0 to 40 of 256 bits flipped. ``--values`` takes real ones
instead (uint8, shape (n, 32)). Times are of the processor, one thread; recall is against comparing each.
Needs the extra ``[scale]`` for all rows but one.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from mediaforensics.known import hamming
from mediaforensics.known import index as index_module
from mediaforensics.known.index import HashIndex
from mediaforensics.known.search import compiled_search
from mediaforensics.types import HashValue

PDQ = ("pdq", 256)
RADIUS_BITS = 31
FLIPS_MOST = 40
SCANNED = 50
"""Queries that are compared with each hash, for the truth and for its cost."""
MULTI_HASH_MOST = 2_000_000
"""faiss's multi-hash takes about 300 bytes a hash and 5 ms a query at a million; beyond, only its scan."""
GOALS = {1_000_000: {"numba": 0.5, "numpy": 3.0}, 10_000_000: {"numba": 1.5}}
BYTES_GOAL, OPEN_GOAL_MS = 120, 100

Values = NDArray[np.uint8]
Pairs = set[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one index did; None where there is nothing to measure."""

    name: str
    ms_a_query: float
    recall: float
    ms_one_by_one: float | None = None
    build_s: float | None = None
    bytes_a_hash: float | None = None
    open_ms: float | None = None
    goal_ms: float | None = None


def hashes(count: int, seed: int = 0) -> Values:
    return np.random.default_rng(seed).integers(0, 256, (count, 32), np.uint8)


def queries_near(values: Values, count: int, seed: int = 1) -> Values:
    """Stored hashes with 0 to ``FLIPS_MOST`` bits flipped, in turn."""
    rng = np.random.default_rng(seed)
    queries = values[rng.integers(0, len(values), count)].copy()
    for i, query in enumerate(queries):
        for bit in rng.choice(256, i % (FLIPS_MOST + 1), replace=False):
            query[bit // 8] ^= 1 << bit % 8
    return queries


def cpu_s(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


@contextmanager
def searching(search: Callable[..., Any]) -> Iterator[None]:
    with mock.patch.object(index_module, "search", search):
        yield


def measure(values: Values, queries: Values) -> list[Row]:
    """Ours and the others over the same values and queries."""
    few = queries[:SCANNED]
    scan_s, found = cpu_s(lambda: [hamming.scan(values, query, RADIUS_BITS)[0] for query in few])
    truth = {(i, int(row)) for i, rows in enumerate(found) for row in rows}
    each = Row(name="comparing each, numpy", ms_a_query=1e3 * scan_s / len(few), recall=1.0)
    return [each, *_measure_ours(values, queries, truth), *_measure_faiss(values, few, truth)]


def _measure_ours(values: Values, queries: Values, truth: Pairs) -> Iterator[Row]:
    few = queries[:SCANNED]
    build_s, index = cpu_s(lambda: HashIndex.build(PDQ, values))
    bytes_a_hash = sum(array.nbytes for array in index.arrays().values()) / len(values)
    open_ms = _opened_ms(index)
    goals = GOALS.get(len(values), {})
    for name, search in _ours():
        with searching(search):
            index.within_many(queries[:5], RADIUS_BITS)
            each_s, near = cpu_s(lambda: index.within_many(queries, RADIUS_BITS))
            one_s, _ = cpu_s(lambda: [index.within(one, RADIUS_BITS) for one in _as_hashes(few)])
        pairs = set(zip(near.query.tolist(), near.row.tolist(), strict=True))
        yield Row(
            name=f"ours, {name}", ms_a_query=1e3 * each_s / len(queries), recall=_recall(truth, pairs),
            ms_one_by_one=1e3 * one_s / len(few), build_s=build_s, bytes_a_hash=bytes_a_hash,
            open_ms=open_ms, goal_ms=goals.get(name),
        )  # fmt: skip


def _ours() -> Iterator[tuple[str, Callable[..., Any]]]:
    yield "numpy", hamming.search
    try:
        yield "numba", compiled_search()
    except ImportError as error:
        print(f"without numba: {error}", file=sys.stderr)


def _as_hashes(values: Values) -> list[HashValue]:
    return [HashValue("pdq", 256, value.tobytes()) for value in values]


def _recall(truth: Pairs, found: Pairs) -> float:
    return len(truth & found) / max(1, len(truth))


def _opened_ms(index: HashIndex) -> float:
    """Wall time, from the names of files to the first answer."""
    with tempfile.TemporaryDirectory() as folder:
        for name, array in index.arrays().items():
            np.save(Path(folder) / f"{name}.npy", array)
        query = _as_hashes(index.arrays()["values"][:1])[0]
        started = time.perf_counter()
        arrays = {path.stem: np.load(path, mmap_mode="r") for path in Path(folder).iterdir()}
        HashIndex.from_arrays(PDQ, arrays).within(query, RADIUS_BITS)
        return 1e3 * (time.perf_counter() - started)


def _measure_faiss(values: Values, queries: Values, truth: Pairs) -> Iterator[Row]:
    try:
        import faiss
    except ImportError as error:
        print(f"without faiss: {error}", file=sys.stderr)
        return
    faiss.omp_set_num_threads(1)
    kinds: dict[str, Callable[[], Any]] = {"IndexBinaryFlat": lambda: faiss.IndexBinaryFlat(256)}
    if len(values) <= MULTI_HASH_MOST:
        kinds["IndexBinaryMultiHash 16x16"] = lambda: faiss.IndexBinaryMultiHash(256, 16, 16)
    for name, make in kinds.items():
        before, index = _resident_bytes(), make()
        build_s, _ = cpu_s(lambda index=index: index.add(values))
        bytes_a_hash = 32.0
        if "Multi" in name:
            bytes_a_hash = (_resident_bytes() - before) / len(values)
            index.nflip = 1
        # faiss counts distances below its radius
        each_s, (ends, _, rows) = cpu_s(lambda index=index: index.range_search(queries, RADIUS_BITS + 1))
        numbers = np.repeat(np.arange(len(queries)), np.diff(ends.astype(np.int64)))
        pairs = set(zip(numbers.tolist(), rows.tolist(), strict=True))
        yield Row(
            name=f"faiss {name}", ms_a_query=1e3 * each_s / len(queries), recall=_recall(truth, pairs),
            build_s=build_s, bytes_a_hash=bytes_a_hash,
        )  # fmt: skip


def _resident_bytes() -> int:
    """Memory of this process; Linux."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def print_rows(console: Console, count: int, what: str, rows: list[Row]) -> None:
    title = f"{count:,} {what} of 256 bits, radius {RADIUS_BITS}: processor time, one core"
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in ("goal", "ms a query", "one by one", "recall", "build, s", "bytes a hash", "open, ms (wall)"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(
            row.name, _cell(row.goal_ms, "<= {:g}"), _cell(row.ms_a_query, "{:.3f}"),
            _cell(row.ms_one_by_one, "{:.3f}"), f"{row.recall:.3f}", _cell(row.build_s, "{:.2f}"),
            _cell(row.bytes_a_hash, "{:.1f}"), _cell(row.open_ms, "{:.0f}"),
        )  # fmt: skip
    console.print(table)
    console.print(f"Goals: recall 1.000, at most {BYTES_GOAL} bytes a hash, opened in {OPEN_GOAL_MS} ms.")


def _cell(value: float | None, pattern: str) -> str:
    return "" if value is None else pattern.format(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hashes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--values", type=Path, help="real hashes, .npy")
    arguments = parser.parse_args()
    console = Console(width=130)
    if arguments.values is not None:
        values = np.load(arguments.values, allow_pickle=False)
        print_rows(
            console, len(values), "hashes as given", measure(values, queries_near(values, arguments.queries))
        )
        return
    for count in arguments.hashes:
        values = hashes(count)
        print_rows(console, count, "random hashes", measure(values, queries_near(values, arguments.queries)))


if __name__ == "__main__":
    main()
