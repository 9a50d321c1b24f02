from __future__ import annotations

import logging
import sys
from pathlib import Path

import numpy as np
import pytest

from mediaforensics.errors import BadSet, IncompatibleHash
from mediaforensics.known import index as index_module
from mediaforensics.known import search as search_module
from mediaforensics.known.hamming import scan
from mediaforensics.known.index import HashIndex
from mediaforensics.known.slots import Slots
from mediaforensics.types import HashValue

PDQ = ("pdq", 256)
NONE = np.zeros((0, 32), np.uint8)


def value(number: int, algorithm: str = "pdq", bits: int = 256) -> HashValue:
    return HashValue(algorithm, bits, number.to_bytes(bits // 8, "big"))


def table(*numbers: int, bits: int = 256) -> np.ndarray:
    raw = b"".join(number.to_bytes(bits // 8, "big") for number in numbers)
    return np.frombuffer(raw, np.uint8).reshape(len(numbers), bits // 8)


def some(count: int = 400) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 32), np.uint8)


def slotted() -> dict[str, np.ndarray]:
    return HashIndex._built(PDQ, some(), Slots(20, 12)).arrays()


def test_no_hashes_no_matches():
    assert HashIndex.build(PDQ, NONE).within(value(5), 256) == []
    assert len(HashIndex.build(PDQ, NONE)) == 0


def test_one_hash_is_found():
    assert HashIndex.build(PDQ, table(0b111)).within(value(0), 3) == [(0, 3)]
    assert HashIndex.build(PDQ, table(0b111)).within(value(0), 2) == []


def test_equal_hashes_are_all_found_nearest_first():
    index = HashIndex.build(PDQ, table(1, 3, 1, 0))
    assert len(index) == 4
    assert index.within(value(1), 1) == [(0, 0), (2, 0), (1, 1), (3, 1)]


def test_the_whole_range_of_distances():
    assert HashIndex.build(PDQ, table(0)).within(value(2**256 - 1), 256) == [(0, 256)]


def test_other_widths():
    index = HashIndex.build(("phash", 64), table(7, 6, bits=64))
    assert index.within(value(6, "phash", 64), 1) == [(1, 0), (0, 1)]


def test_kinds_never_mix():
    index = HashIndex.build(PDQ, table(1))
    with pytest.raises(IncompatibleHash, match=r"pdq-256.*phash-64"):
        index.within(value(1, "phash", 64), 3)
    with pytest.raises(IncompatibleHash, match=r"pdq-256"):
        HashIndex.build(PDQ, NONE).within(value(1, "phash"), 3)
    for wrong in (np.zeros((1, 8), np.uint8), np.zeros((1, 32), np.int8), np.zeros(32, np.uint8)):
        with pytest.raises(IncompatibleHash, match=r"pdq-256"):
            index.within_many(wrong, 3)


def test_many_queries_are_answered_by_query_and_distance():
    found = HashIndex.build(PDQ, table(1, 3, 1)).within_many(table(3, 2**200, 1), 1)
    assert found.query.tolist() == [0, 0, 0, 2, 2, 2]
    assert found.row.tolist() == [1, 0, 2, 0, 2, 1]
    assert found.distance_bits.tolist() == [0, 1, 1, 0, 0, 1]


def test_what_is_not_a_table_of_values_is_refused():
    for wrong in (np.zeros((2, 31), np.uint8), np.zeros((2, 32), np.int8), np.zeros(64, np.uint8)):
        with pytest.raises(BadSet, match="values"):
            HashIndex.build(PDQ, wrong)


def test_mapped_arrays_find_the_same(tmp_path: Path):
    index = HashIndex._built(PDQ, some(), Slots(20, 12))
    for name, array in index.arrays().items():
        np.save(tmp_path / f"{name}.npy", array)
    mapped = {path.stem: np.load(path, mmap_mode="r") for path in tmp_path.iterdir()}
    again = HashIndex.from_arrays(PDQ, mapped)
    again.verify()
    assert (repr(again), again.kind) == (repr(index), PDQ)
    assert again.within(HashValue("pdq", 256, some()[7].tobytes()), 31) == [(7, 0)]


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a.pop("values"),
        lambda a: a.pop("offsets"),
        lambda a: a.pop("postings"),
        lambda a: a.update(more=a["values"]),
        lambda a: a.update(values=a["values"][:-1]),
        lambda a: a.update(values=a["values"][:, :-1]),
        lambda a: a.update(values=a["values"].view(np.int8)),
        lambda a: a.update(offsets=a["offsets"][:, :-1]),
        lambda a: a.update(offsets=a["offsets"][:-1]),
        lambda a: a.update(offsets=a["offsets"][:0], postings=a["postings"][:0]),
        lambda a: a.update(offsets=a["offsets"][:, :0]),
        lambda a: a.update(offsets=a["offsets"].ravel()),
        lambda a: a.update(offsets=a["offsets"].astype(np.int64)),
        lambda a: a.update(offsets=a["offsets"] + np.uint32(1)),
        lambda a: a.update(offsets=np.minimum(a["offsets"], 399).astype(np.uint32)),
        lambda a: a.update(offsets=np.tile(a["offsets"], (2, 1)), postings=np.tile(a["postings"], (2, 1))),
        lambda a: a.update(postings=a["postings"][:, :-1]),
        lambda a: a.update(postings=a["postings"].astype(np.uint64)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(change):
    arrays = slotted()
    change(arrays)
    with pytest.raises(BadSet):
        HashIndex.from_arrays(PDQ, arrays)


@pytest.mark.parametrize(
    ("name", "place", "number"),
    [
        ("postings", (3, 5), 400),
        ("postings", (3, 5), 2**32 - 1),
        ("postings", (19, 399), 0),
        ("postings", (0, slice(0, 2)), 7),
        ("offsets", (3, 2000), 0),
        ("offsets", (3, 2000), 400),
        ("offsets", (3, slice(1, 4096)), 400),
        ("values", (11, 0), 77),
    ],
)
def test_reading_everything_finds_damage_that_fits(name: str, place: tuple, number: int):
    arrays = {key: array.copy() for key, array in slotted().items()}
    HashIndex.from_arrays(PDQ, arrays).verify()
    assert not np.array_equal(arrays[name][place], number)
    arrays[name][place] = number
    with pytest.raises(BadSet, match="damaged"):
        HashIndex.from_arrays(PDQ, arrays).verify()


def test_slots_are_kept_while_they_cost_less_than_comparing_each():
    values = some(60_000)
    index = HashIndex.build(PDQ, values)
    assert set(index.arrays()) == {"values", "offsets", "postings"}
    assert sum(array.nbytes for array in index.arrays().values()) <= 120 * len(values)
    for radius_bits in (0, 31, 100):
        rows, distances = scan(values, values[5], radius_bits)
        found = index.within(HashValue("pdq", 256, values[5].tobytes()), radius_bits)
        assert sorted(found) == list(zip(rows.tolist(), distances.tolist(), strict=True))


def test_numba_missing_is_said_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture):
    monkeypatch.setitem(sys.modules, "mediaforensics.known.kernel", None)
    monkeypatch.setattr(search_module, "_COMPILED_AFTER_S", 0.0)
    monkeypatch.setattr(index_module, "search", search_module.Search())
    index = HashIndex.build(PDQ, some())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert index.within(HashValue("pdq", 256, some()[3].tobytes()), 31) == [(3, 0)]
    assert [("numba" in record.message, "[scale]" in record.message) for record in caplog.records] == [
        (True, True)
    ]


def test_the_compiled_search_takes_over():
    pytest.importorskip("numba", reason="the extra [scale] is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search_module, "_COMPILED_AFTER_S", 0.0)
        search = search_module.Search()
        patch.setattr(index_module, "search", search)
        index = HashIndex._built(PDQ, some(), Slots(20, 12), looks_most=100_000)
        query = HashValue("pdq", 256, some()[3].tobytes())
        before = index.within(query, 120)
        assert search._compiled is not None
        assert index.within(query, 120) == before
