"""One contract for every way to search: comparing each, numpy among buckets, the same compiled by numba."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mediaforensics.errors import BadSet
from mediaforensics.known import hamming
from mediaforensics.known import index as index_module
from mediaforensics.known.index import HashIndex
from mediaforensics.known.search import compiled_search
from mediaforensics.known.slots import Slots
from mediaforensics.types import HashValue

PDQ = ("pdq", 256)
BUCKETS = Slots(20, 12)
WAYS: dict[str, tuple[Slots | None, bool]] = {
    "numpy, each": (None, False),
    "numpy, buckets": (BUCKETS, False),
    "numba, each": (None, True),
    "numba, buckets": (BUCKETS, True),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slots | None]:
    slots, compiled = WAYS[request.param]
    if compiled:
        pytest.importorskip("numba", reason="the extra [scale] is not installed")
    monkeypatch.setattr(index_module, "search", compiled_search() if compiled else hamming.search)
    yield slots


def index_of(values: NDArray[np.uint8], slots: Slots | None, kind: tuple[str, int] = PDQ) -> HashIndex:
    return HashIndex._built(kind, values, slots, looks_most=1_000_000)


def flipped(value: NDArray[np.uint8], bits: Any) -> NDArray[np.uint8]:
    unpacked = np.unpackbits(value)
    unpacked[bits] ^= 1
    return np.packbits(unpacked)


@pytest.fixture(scope="module")
def some() -> NDArray[np.uint8]:
    rng = np.random.default_rng(4)
    values = rng.integers(0, 256, (400, 32), np.uint8)
    for i in range(200, 400):  # a neighbour at every distance from 0 to 40, and further ones
        values[i] = flipped(values[i - 200], rng.choice(256, (i - 200) % 60, replace=False))
    return values


def truth(
    values: NDArray[np.uint8], queries: NDArray[np.uint8], radius_bits: int
) -> list[tuple[int, int, int]]:
    apart = np.unpackbits(values[None] ^ queries[:, None], axis=2).sum(axis=2)
    found = [(int(q), int(apart[q, row]), int(row)) for q, row in np.argwhere(apart <= radius_bits)]
    return sorted(found)


def found_by(index: HashIndex, queries: NDArray[np.uint8], radius_bits: int) -> list[tuple[int, int, int]]:
    near = index.within_many(queries, radius_bits)
    return list(zip(near.query.tolist(), near.distance_bits.tolist(), near.row.tolist(), strict=True))


@pytest.mark.parametrize("radius_bits", [-1, 0, 1, 7, 19, 20, 31, 32, 40, 59, 128, 255, 256, 300])
def test_all_that_is_near_is_found_in_order(
    way: Slots | None, some: NDArray[np.uint8], radius_bits: int
) -> None:
    queries = some[:: 1 if radius_bits <= 40 else 40]
    assert found_by(index_of(some, way), queries, radius_bits) == truth(some, queries, radius_bits)


def test_one_query_finds_what_many_find(way: Slots | None, some: NDArray[np.uint8]) -> None:
    index = index_of(some, way)
    for query in some[100:120]:
        expected = [(row, distance) for _, distance, row in truth(some, query[None], 31)]
        assert index.within(HashValue("pdq", 256, query.tobytes()), 31) == expected


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_values(way: Slots | None, some: NDArray[np.uint8], count: int) -> None:
    values, queries = some[:count], some[200:202]
    assert found_by(index_of(values, way), queries, 31) == truth(values, queries, 31)
    assert found_by(index_of(values, way), queries[:0], 31) == []


def test_equal_values_are_all_found(way: Slots | None, some: NDArray[np.uint8]) -> None:
    values = np.repeat(some[:2], [9_000, 2], axis=0)
    index = index_of(values, way)
    assert len(index.within_many(some[:1], 31)) == 9_000
    assert len(index.within_many(some[:2], 0)) == 9_002


def test_buckets_that_hold_too_much_are_not_dropped(way: Slots | None, some: NDArray[np.uint8]) -> None:
    crowded = some.copy()
    crowded[:, :20] = 0  # every value in one bucket of most slots
    index = HashIndex._built(PDQ, crowded, way, looks_most=1_000)
    for radius_bits in (0, 31):
        assert found_by(index, crowded[:50], radius_bits) == truth(crowded, crowded[:50], radius_bits)


@pytest.mark.parametrize(("bits", "width"), [(64, 8), (64, 13), (128, 11), (320, 16), (60, 12), (1152, 13)])
def test_other_widths(way: Slots | None, bits: int, width: int) -> None:
    rng = np.random.default_rng(bits)
    size = -(-bits // 8)
    values = rng.integers(0, 256, (300, size), np.uint8)
    if bits % 8:
        values[:, 0] &= 15
    for i in range(100, 200):
        values[i] = flipped(values[i - 100], 8 * size - 1 - rng.choice(bits, i % 20, replace=False))
    index = index_of(values, way and Slots(bits // width, width), ("other", bits))
    for radius_bits in (0, 5, 10):
        assert found_by(index, values[:150], radius_bits) == truth(values, values[:150], radius_bits)


def test_many_threads_at_once(way: Slots | None, some: NDArray[np.uint8]) -> None:
    index = index_of(some, way)
    expected = found_by(index, some, 31)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == expected for found in pool.map(lambda _: found_by(index, some, 31), range(12)))


@pytest.mark.parametrize("way", ["numpy, buckets", "numba, buckets"], indirect=True)
@pytest.mark.parametrize("number", [400, 401, 2**31 - 1, 2**31, 2**32 - 1])
def test_a_row_that_is_not_there_is_an_error(way: Slots, some: NDArray[np.uint8], number: int) -> None:
    damaged = damage(some, way)
    damaged["postings"][:, ::7] = number
    with pytest.raises(BadSet, match="damaged"):
        reopened(damaged).within_many(some[:20], 31)


@pytest.mark.parametrize("way", ["numpy, buckets", "numba, buckets"], indirect=True)
@pytest.mark.parametrize("number", [401, 2**31 - 1, 2**31, 2**32 - 1])
def test_an_offset_beyond_the_end_is_an_error(way: Slots, some: NDArray[np.uint8], number: int) -> None:
    damaged = damage(some, way)
    damaged["offsets"][:, 1:-1:2] = number
    with pytest.raises(BadSet, match="damaged"):
        reopened(damaged).within_many(some[:20], 31)


@pytest.mark.parametrize("way", ["numpy, buckets", "numba, buckets"], indirect=True)
def test_offsets_that_fall_are_an_error(way: Slots, some: NDArray[np.uint8]) -> None:
    damaged = damage(some, way)
    damaged["offsets"][:, 1:-1] = damaged["offsets"][:, -2:0:-1].copy()
    with pytest.raises(BadSet, match="damaged"):
        reopened(damaged).within_many(some[:20], 31)


def damage(values: NDArray[np.uint8], slots: Slots) -> dict[str, NDArray[Any]]:
    return {name: array.copy() for name, array in index_of(values, slots).arrays().items()}


def reopened(arrays: dict[str, NDArray[Any]]) -> HashIndex:
    index = HashIndex.from_arrays(PDQ, arrays)
    index._looks_most = 1_000_000
    return index
