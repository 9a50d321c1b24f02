from __future__ import annotations

import numpy as np
import pytest

from mediaforensics.known import hamming
from mediaforensics.known.hamming import scan_words
from mediaforensics.known.slots import NOT_PROBED, Slots


@pytest.mark.parametrize("slots", [Slots(16, 16), Slots(11, 23), Slots(13, 19), Slots(3, 7)])
@pytest.mark.parametrize("radius_bits", [*range(-1, 40), 255])
def test_the_flips_cover_the_radius_and_no_more(slots: Slots, radius_bits: int) -> None:
    flips = slots.flips(radius_bits)
    assert sum(one + 1 for one in flips) == radius_bits + 1
    assert max(flips) - min(flips) <= 1


def test_probes_are_each_mask_once() -> None:
    slots = Slots(11, 23)
    probing = slots.probing(31)
    assert probing.flips.tolist() == [2] * 10 + [1]
    assert probing.probes.tolist() == [1 + 23 + 253] * 10 + [1 + 23]
    assert slots.probes(31) == probing.probes.sum()
    assert len(set(probing.masks.tolist())) == len(probing.masks)
    assert np.bitwise_count(probing.masks).tolist() == [0] + [1] * 23 + [2] * 253


def test_keys_are_the_bits_of_a_slot() -> None:
    number = int.from_bytes(np.random.default_rng(2).bytes(32), "little")
    words = np.frombuffer(number.to_bytes(32, "little"), "<u8")[None]
    slots = Slots(11, 23)
    assert [int(slots.keys(words, i)[0]) for i in range(11)] == [
        number >> 23 * i & 0x7FFFFF for i in range(11)
    ]


@pytest.mark.parametrize("values", [200_000, 1_000_000, 3_000_000, 10_000_000, 100_000_000])
def test_an_index_takes_at_most_120_bytes_a_hash(values: int) -> None:
    slots = Slots.chosen(256, values)
    assert slots is not None
    assert 32 + slots.overhead_bytes(values) / values <= 120
    assert slots.count * slots.width_bits <= 256


def test_small_sets_and_narrow_hashes_are_compared() -> None:
    assert Slots.chosen(256, 0) is Slots.chosen(256, 10_000) is Slots.chosen(8, 10**6) is None
    assert not len(NOT_PROBED.probes)


@pytest.mark.parametrize(("looks_most", "compared"), [(1_599, True), (1_600, False)])
def test_crowded_buckets_are_given_up_for_comparing_each(
    looks_most: int, compared: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []
    monkeypatch.setattr(hamming, "scan_words", lambda *a: calls.append(a) or scan_words(*a))
    words, slots = np.zeros((100, 4), np.uint64), Slots(16, 16)
    ends, rows, _ = hamming.search(
        words, slots, *slots.build(words), words[:1], 31, slots.probing(31), looks_most
    )
    assert (ends.tolist(), sorted(rows.tolist())) == ([100], list(range(100)))
    assert bool(calls) is compared
