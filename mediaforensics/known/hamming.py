"""Hamming distances in numpy: to every value, or to those that share a bucket with the query."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet
from mediaforensics.known.slots import Probing, Slots, Table, Words

_BLOCK = 32_768
"""Values at a time; a megabyte of 256-bit values stays in the processor's cache."""

Rows = NDArray[np.int64]
Found = tuple[Rows, Rows, Rows]
"""Where the rows of each query end; rows; distances in bits."""


def words_of(values: NDArray[np.uint8]) -> Words:
    """Values, shape (n, bytes), as words of 64 bits; a view where the bytes are whole words.

    The order of the bits does not matter to a distance, only that it is the same everywhere.
    """
    n, width = values.shape
    if width % 8:
        padded = np.zeros((n, -(-width // 8) * 8), np.uint8)
        padded[:, :width] = values
        values = padded
    return np.require(np.asarray(values), requirements=["C", "A"]).view("<u8")


def scan(values: NDArray[np.uint8], query: NDArray[np.uint8], radius_bits: int) -> tuple[Rows, Rows]:
    """Compare every value with a query: the truth that an index must agree with.

    Parameters
    ----------
    values : ndarray, uint8, shape (n, bytes)
    query : ndarray, uint8, shape (bytes,)
    radius_bits : int
        Largest distance that counts, in bits.

    Returns
    -------
    rows, distances : ndarray, int64
        By row; distances in bits.
    """
    return scan_words(words_of(values), words_of(query[None])[0], radius_bits)


def scan_words(words: Words, query: Words, radius_bits: int) -> tuple[Rows, Rows]:
    """Like ``scan``, over words."""
    rows, distances = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, len(words), _BLOCK):
        block = words[start : start + _BLOCK]
        distance = np.zeros(len(block), np.uint16)
        for i, word in enumerate(query):
            distance += np.bitwise_count(block[:, i] ^ word)
        near = np.flatnonzero(distance <= radius_bits)
        rows.append(near + start)
        distances.append(distance[near].astype(np.int64))
    return np.concatenate(rows), np.concatenate(distances)


def search(
    words: Words,
    slots: Slots | None,
    offsets: Table,
    postings: Table,
    queries: Words,
    radius_bits: int,
    probing: Probing,
    looks_most: int,
) -> Found:
    """Rows near each query, each once, in no order.

    Parameters
    ----------
    words, queries : ndarray, uint64, shape (n, words) and (m, words)
    slots, offsets, postings
        As ``Slots.build`` made them.
    radius_bits : int
        Largest distance that counts.
    probing : Probing
        Which buckets to look into for that radius; with ``NOT_PROBED`` every value is compared.
    looks_most : int
        A query whose buckets hold more values than that is compared with every value instead.

    Returns
    -------
    ends, rows, distances : ndarray, int64
        Where the rows of each query end; rows; distances in bits.

    Raises
    ------
    BadSet
        An offset or a posting that was met is not possible.
    """
    found = []
    keys = slots.keys(queries, np.arange(slots.count)).astype(np.int64) if slots else None
    for i, query in enumerate(queries):
        near = None
        if keys is not None and len(probing.probes):
            near = _in_buckets(words, offsets, postings, keys[i], query, radius_bits, probing, looks_most)
        found.append(scan_words(words, query, radius_bits) if near is None else near)
    ends = np.cumsum([len(rows) for rows, _ in found], dtype=np.int64)
    none = np.zeros(0, np.int64)
    return (
        ends,
        np.concatenate([none, *(r for r, _ in found)]),
        np.concatenate([none, *(d for _, d in found)]),
    )


def _in_buckets(
    words: Words,
    offsets: Table,
    postings: Table,
    keys: Rows,
    query: Words,
    radius_bits: int,
    probing: Probing,
    looks_most: int,
) -> tuple[Rows, Rows] | None:
    """Rows, by row, and distances; None where the buckets hold more than ``looks_most`` values."""
    n = len(words)
    of_slot = np.repeat(np.arange(len(keys)), probing.probes)
    masks = np.concatenate([probing.masks[:count] for count in probing.probes])
    buckets = of_slot * offsets.shape[1] + (keys[of_slot] ^ masks)
    starts = offsets.reshape(-1).take(buckets).astype(np.int64)
    ends = offsets.reshape(-1).take(buckets + 1).astype(np.int64)
    lengths = ends - starts
    if len(ends) and (lengths.min() < 0 or ends.max() > n):
        raise BadSet("the index is damaged: its offsets do not rise")
    total = int(lengths.sum())
    if total > looks_most:
        return None
    starts += of_slot * n - (np.cumsum(lengths) - lengths)
    places = np.repeat(starts, lengths) + np.arange(total)
    rows = postings.reshape(-1).take(places).astype(np.int64)
    if total and int(rows.max()) >= n:
        raise BadSet("the index is damaged: it names a row that is not there")
    apart = words.take(rows, axis=0)
    apart ^= query
    distances = np.bitwise_count(apart).sum(axis=1, dtype=np.int64)
    near = np.flatnonzero(distances <= radius_bits)
    rows, first = np.unique(rows[near], return_index=True)
    return rows, distances[near[first]]
