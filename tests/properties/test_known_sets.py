"""A set that grows, shrinks and merges against a plain dictionary."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaforensics.known.matching import near
from mediaforensics.known.store import KnownSet
from mediaforensics.options import KnownOptions

PDQ = ("pdq", 256)
BASES = [int.from_bytes(np.random.default_rng(seed).bytes(32), "big") for seed in range(3)]

values = st.builds(
    lambda base, flipped: base ^ sum({1 << bit for bit in flipped}),
    st.sampled_from(BASES),
    st.lists(st.integers(0, 255), max_size=24),
)
steps = st.one_of(
    st.tuples(st.just("add"), st.dictionaries(st.integers(0, 15), values, min_size=1, max_size=6)),
    st.tuples(st.just("remove"), st.sets(st.integers(0, 15), max_size=8)),
    st.tuples(st.just("keep"), st.none()),
)


@settings(max_examples=25, deadline=None)
@given(
    st.dictionaries(st.integers(0, 15), values, min_size=1, max_size=6),
    st.lists(steps, max_size=8),
    st.lists(values, min_size=1, max_size=3),
    st.integers(0, 40),
)
def test_any_sequence_of_adding_and_removing_finds_what_a_dictionary_finds(
    first: dict[int, int], then: list[tuple[str, object]], queries: list[int], radius_bits: int
) -> None:
    options = KnownOptions(max_distance_bits=radius_bits)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "agency.csv"
        path.write_text(lines(first))
        known, kept = KnownSet.open([path]), dict(first)
        for i, (step, what) in enumerate(then):
            if step == "add" and isinstance(what, dict):
                path.write_text(lines(what))
                known = known.add(path)
                kept.update(what)
            elif step == "remove" and isinstance(what, set):
                known = known.remove("agency", [f"e{number}" for number in what])
                kept = {number: value for number, value in kept.items() if number not in what}
            elif step == "keep":
                known.save(Path(folder) / f"{i}.set")
                known = KnownSet.open([Path(folder) / f"{i}.set"])
            assert len(known) == len(kept)
            for query in queries:
                assert found(known, query, options) == truth(kept, query, radius_bits)


def lines(entries: dict[int, int]) -> str:
    return "".join(f"{value:064x},e{number}\n" for number, value in entries.items())


def found(known: KnownSet, query: int, options: KnownOptions) -> list[tuple[int, str]]:
    table = np.frombuffer(query.to_bytes(32, "big"), np.uint8)[None]
    hits = near(known, PDQ, table, quality=100, options=options).hits
    return sorted((hit.distance_bits, known.entry(hit.entry).entry_id) for hit in hits if hit.why_not is None)


def truth(kept: dict[int, int], query: int, radius_bits: int) -> list[tuple[int, str]]:
    apart = [((value ^ query).bit_count(), f"e{number}") for number, value in kept.items()]
    return sorted(pair for pair in apart if pair[0] <= radius_bits)
