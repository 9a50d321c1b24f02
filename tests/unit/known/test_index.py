from __future__ import annotations

import pytest

from mediaforensics.errors import IncompatibleHash
from mediaforensics.known.index import HashIndex
from mediaforensics.types import HashValue


def value(number: int, algorithm: str = "pdq", bits: int = 256) -> HashValue:
    return HashValue(algorithm, bits, number.to_bytes(bits // 8, "big"))


def test_no_hashes_no_matches() -> None:
    assert HashIndex([]).within(value(5), 256) == []


def test_one_hash_is_found() -> None:
    assert HashIndex([value(0b111)]).within(value(0), 3) == [(0, 3)]
    assert HashIndex([value(0b111)]).within(value(0), 2) == []


def test_equal_hashes_are_all_found_nearest_first() -> None:
    index = HashIndex([value(1), value(3), value(1), value(0)])
    assert len(index) == 4
    assert index.within(value(1), 1) == [(0, 0), (2, 0), (1, 1), (3, 1)]


def test_the_whole_range_of_distances() -> None:
    assert HashIndex([value(0)]).within(value(2**256 - 1), 256) == [(0, 256)]


def test_other_widths() -> None:
    index = HashIndex([value(7, "phash", 64), value(6, "phash", 64)])
    assert index.within(value(6, "phash", 64), 1) == [(1, 0), (0, 1)]


def test_kinds_never_mix() -> None:
    with pytest.raises(IncompatibleHash, match=r"pdq-256.*phash-64"):
        HashIndex([value(1)]).within(value(1, "phash", 64), 3)
    with pytest.raises(IncompatibleHash):
        HashIndex([value(1), value(1, "phash", 64)])
