"""Every search against the definition of distance; sets that grow and shrink against a plain list."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mediaforensics.known import hamming
from mediaforensics.known import index as index_module
from mediaforensics.known.index import HashIndex
from mediaforensics.known.merge import merge_due
from mediaforensics.known.search import compiled_search
from mediaforensics.known.slots import Slots
from mediaforensics.types import HashValue

PDQ = ("pdq", 256)
LAYOUTS = [None, Slots(42, 6), Slots(36, 7), Slots(28, 9), Slots(20, 12), Slots(5, 11), Slots(1, 8)]


@cache
def ways() -> dict[str, Any]:
    found: dict[str, Any] = {"numpy": hamming.search}
    with suppress(ImportError):
        found["numba"] = compiled_search()
    return found


def one_of(bits: Any) -> Any:
    return st.lists(bits, max_size=48).map(lambda flipped: sum({1 << bit for bit in flipped}))


numbers = st.one_of(
    st.integers(0, 2**256 - 1),
    one_of(st.integers(0, 255)),  # near each other
    one_of(st.integers(0, 23)),  # differing in the first slots only
    st.sampled_from([0, 2**256 - 1, int("01" * 128, 2)]),
)


def table(stored: list[int]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(n.to_bytes(32, "big") for n in stored), np.uint8).reshape(-1, 32)


def truth(stored: list[int], query: int, radius_bits: int) -> list[tuple[int, int]]:
    near = [(row, (number ^ query).bit_count()) for row, number in enumerate(stored)]
    return sorted((pair for pair in near if pair[1] <= radius_bits), key=lambda pair: (pair[1], pair[0]))


@pytest.mark.parametrize("way", ["numpy", "numba"])
@settings(max_examples=120, deadline=None)
@given(
    st.lists(numbers, max_size=14),
    st.integers(0, 3),
    st.lists(numbers, min_size=1, max_size=4),
    st.one_of(st.integers(0, 40), st.integers(0, 256)),
    st.sampled_from(LAYOUTS),
    st.sampled_from([0, 30, 10**6]),
)
def test_an_index_finds_what_comparing_each_finds(
    way: str,
    stored: list[int],
    copies: int,
    queries: list[int],
    radius_bits: int,
    slots: Slots | None,
    looks_most: int,
) -> None:
    if way not in ways():
        pytest.skip("numba is not installed")
    stored = stored + stored[:copies] * 3
    if slots and slots.probes(radius_bits) > 20_000:
        looks_most = min(looks_most, 20_000)
    index = HashIndex._built(PDQ, table(stored), slots, looks_most)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index_module, "search", ways()[way])
        for query in queries + stored[:1]:
            value = HashValue("pdq", 256, query.to_bytes(32, "big"))
            assert index.within(value, radius_bits) == truth(stored, query, radius_bits)
        found = index.within_many(table(queries), radius_bits)
    many = list(zip(found.query.tolist(), found.row.tolist(), found.distance_bits.tolist(), strict=True))
    assert many == [
        (q, *pair) for q, query in enumerate(queries) for pair in truth(stored, query, radius_bits)
    ]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 5000), st.floats(0, 1)), max_size=60))
def test_segments_stay_few(additions: list[tuple[int, float]]) -> None:
    sizes, gone, rebuilt = list[int](), list[int](), 0
    for size, removed in additions:
        sizes, gone = [*sizes, size], [*gone, 0]
        while (due := merge_due(sizes, gone)) is not None:
            here = slice(due.start, due.stop)
            live = sum(sizes[here]) - sum(gone[here])
            rebuilt += live
            sizes[here], gone[here] = [live] * (live > 0), [0] * (live > 0)
        gone = [int(one * removed) for one in sizes]
        assert all(2 * after <= before for before, after in pairwise(sizes))
    added = sum(size for size, _ in additions)
    assert len(sizes) <= added.bit_length() + 1
    assert rebuilt <= added * 2 * (added.bit_length() + 1)
