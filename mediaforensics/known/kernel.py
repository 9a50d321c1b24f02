"""The search of ``hamming.py`` compiled by numba; import it only where numba is known to be there.

Importing it compiles, which takes about three seconds, once a process. Nothing is cached on the disk: numba's
cache is a pickle, and an installed package may be read-only. ``index.py`` waits until it is worth while.
"""

# mypy: disallow-untyped-decorators=False
from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from mediaforensics.known.slots import Table, Words

_FIRST_ROOM = 1024
_BLOCK = 4096
_ROWS = types.Array(types.int64, 1, "C")
_READ_ROWS = types.Array(types.int64, 1, "C", readonly=True)
_READ_TABLE = types.Array(types.uint32, 2, "C", readonly=True)
_READ_WORDS = types.Array(types.uint64, 2, "C", readonly=True)


@intrinsic
def _bit_count(typing_context: Any, word: Any) -> Any:
    """The processor's own count of ones, which numba does not offer by itself."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@njit(nogil=True)
def _distances_in_order(words: Words, start: int, count: int, query: Words, out: NDArray[np.int64]) -> None:
    """Distances of ``count`` rows from ``start`` on."""
    if query.shape[0] == 4:  # written out: four times as fast as the loop
        a, b, c, d = query[0], query[1], query[2], query[3]
        for i in range(count):
            row = start + i
            out[i] = (
                _bit_count(words[row, 0] ^ a)
                + _bit_count(words[row, 1] ^ b)
                + _bit_count(words[row, 2] ^ c)
                + _bit_count(words[row, 3] ^ d)
            )
        return
    for i in range(count):
        apart = np.uint64(0)
        for j in range(query.shape[0]):
            apart += _bit_count(words[start + i, j] ^ query[j])
        out[i] = apart


@njit(nogil=True)
def _distances_of(
    words: Words, rows: NDArray[np.int64], count: int, query: Words, out: NDArray[np.int64]
) -> None:
    """Distances of the first ``count`` of some rows."""
    if query.shape[0] == 4:
        a, b, c, d = query[0], query[1], query[2], query[3]
        for i in range(count):
            row = rows[i]
            out[i] = (
                _bit_count(words[row, 0] ^ a)
                + _bit_count(words[row, 1] ^ b)
                + _bit_count(words[row, 2] ^ c)
                + _bit_count(words[row, 3] ^ d)
            )
        return
    for i in range(count):
        apart = np.uint64(0)
        for j in range(query.shape[0]):
            apart += _bit_count(words[rows[i], j] ^ query[j])
        out[i] = apart


@njit(nogil=True)
def _pick_near(apart: NDArray[np.int64], count: int, radius_bits: int, picked: NDArray[np.int64]) -> np.int64:
    """Which of the first ``count`` distances are within the radius; how many."""
    near = 0
    for i in range(count):
        picked[near] = i
        near += apart[i] <= radius_bits
    return np.int64(near)


@njit(nogil=True)
def _key(words: Words, row: int, slot: int, width_bits: int) -> np.int64:
    """What a value has in a slot (``Slots.keys``)."""
    word, shift = divmod(slot * width_bits, 64)
    bits = words[row, word] >> np.uint64(shift)
    if shift + width_bits > 64:
        bits |= words[row, word + 1] << np.uint64(64 - shift)
    return np.int64(bits & np.uint64((1 << width_bits) - 1))


@njit(nogil=True)
def _met_before(
    words: Words, row: int, queries: Words, q: int, slot: int, width_bits: int, flips: NDArray[np.int64]
) -> bool:
    """Whether an earlier slot has led from the query to this row as well."""
    for earlier in range(slot):
        apart = _key(words, row, earlier, width_bits) ^ _key(queries, q, earlier, width_bits)
        if np.int64(_bit_count(np.uint64(apart))) <= flips[earlier]:
            return True
    return False


@njit(nogil=True)
def _with_room(array: NDArray[np.int64], needed: int) -> NDArray[np.int64]:
    if needed <= array.shape[0]:
        return array
    larger = np.empty(max(needed, 2 * array.shape[0]), np.int64)
    larger[: array.shape[0]] = array
    return larger


@njit(
    types.Tuple((types.boolean, _ROWS, _ROWS, _ROWS))(
        _READ_WORDS, _READ_TABLE, _READ_TABLE, _READ_WORDS, types.int64,
        types.int64, types.Array(types.uint32, 1, "C", readonly=True), _READ_ROWS, _READ_ROWS, types.int64,
    ),
    nogil=True,
)  # fmt: skip
def search(
    words: Words,
    offsets: Table,
    postings: Table,
    queries: Words,
    radius_bits: int,
    width_bits: int,
    masks: NDArray[np.uint32],
    probes: NDArray[np.int64],
    flips: NDArray[np.int64],
    looks_most: int,
) -> tuple[bool, NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Rows near each query, each once, in no order.

    The parameters are those of ``hamming.search``, the layout and the probing in their parts.

    Returns
    -------
    sound : bool
        False: an offset or a posting that was met is not possible, and the rest means nothing.
    ends : ndarray, int64, shape (queries,)
        Where the rows of each query end.
    rows, distances : ndarray, int64

    Notes
    -----
    Three passes a query, so that reads from places far apart do not wait for each other: where the buckets
    are, which rows are in them, how far those rows are. As one pass it takes twice as long.
    """
    n, slots = words.shape[0], probes.shape[0]
    starts, stops = np.empty(probes.sum(), np.int64), np.empty(probes.sum(), np.int64)
    bucket_ends, candidate_ends = np.empty(slots, np.int64), np.empty(slots, np.int64)
    candidates, apart = np.empty(_BLOCK, np.int64), np.empty(_BLOCK, np.int64)
    picked = np.empty(_BLOCK, np.int64)
    ends = np.empty(queries.shape[0], np.int64)
    rows, distances = np.empty(_FIRST_ROOM, np.int64), np.empty(_FIRST_ROOM, np.int64)
    found = 0
    for q in range(queries.shape[0]):
        total, buckets = np.int64(0), 0
        for slot in range(slots):
            key = _key(queries, q, slot, width_bits)
            for i in range(probes[slot]):
                bucket = key ^ np.int64(masks[i])
                start, stop = np.int64(offsets[slot, bucket]), np.int64(offsets[slot, bucket + 1])
                if stop < start or stop > n:
                    return False, ends, rows, distances
                if stop > start:
                    starts[buckets], stops[buckets] = start, stop
                    buckets += 1
                    total += stop - start
            bucket_ends[slot] = buckets
        if not slots or total > looks_most:
            for first in range(0, n, _BLOCK):
                count = min(_BLOCK, n - first)
                _distances_in_order(words, first, count, queries[q], apart)
                near = _pick_near(apart, count, radius_bits, picked)
                rows, distances = _with_room(rows, found + near), _with_room(distances, found + near)
                for i in picked[:near]:
                    rows[found], distances[found] = first + i, apart[i]
                    found += 1
            ends[q] = found
            continue
        candidates, apart = _with_room(candidates, total), _with_room(apart, total)
        picked = _with_room(picked, total)
        at, bucket, last = 0, 0, np.int64(-1)
        for slot in range(slots):
            while bucket < bucket_ends[slot]:
                for i in range(starts[bucket], stops[bucket]):
                    row = np.int64(postings[slot, i])
                    last = max(last, row)
                    candidates[at] = row
                    at += 1
                bucket += 1
            candidate_ends[slot] = at
        if last >= n:
            return False, ends, rows, distances
        _distances_of(words, candidates, at, queries[q], apart)
        near = _pick_near(apart, at, radius_bits, picked)
        rows, distances = _with_room(rows, found + near), _with_room(distances, found + near)
        slot = 0
        for i in picked[:near]:
            while i >= candidate_ends[slot]:
                slot += 1
            if not _met_before(words, candidates[i], queries, q, slot, width_bits, flips):
                rows[found], distances[found] = candidates[i], apart[i]
                found += 1
        ends[q] = found
    return True, ends, rows[:found].copy(), distances[:found].copy()
