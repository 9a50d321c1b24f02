from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from known_pictures import photo, save

from mediaforensics.errors import BadSet, OptionError
from mediaforensics.known.hashes import pdq
from mediaforensics.known.lists import KnownList
from mediaforensics.known.store import KnownSet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wanted"
    folder.mkdir()
    for seed in (1, 2, 3):
        save(folder / f"p{seed}.png", photo(seed))
    return folder


@pytest.fixture
def built(folder: Path, tmp_path: Path) -> Path:
    KnownSet.open(folder).save(tmp_path / "built")
    return tmp_path / "built"


def found(known: KnownSet, seed: int) -> list[tuple[str, str]]:
    explained = known.explain(pdq(photo(seed)).value())
    return [(one.entry.list_name, one.entry.entry_id) for one in explained if one.counts]


def listed(path: Path, *seeds: int) -> Path:
    path.write_text("".join(f"pdq {pdq(photo(seed)).value().hex()} n{seed}\n" for seed in seeds))
    return path


def test_a_set_that_was_saved_is_the_same_set(folder: Path, built: Path) -> None:
    known, again = KnownSet.open(folder), KnownSet.open(built)
    assert (again.digest(), len(again), again.problems) == (known.digest(), 3, ())
    assert dict(again.entries()) == dict(known.entries())
    assert found(again, 2) == [("wanted", "p2")]
    (part,) = again.segments
    assert part.segment.pictures is not None
    assert (part.segment.pictures.luma(1) == known.segments[0].segment.pictures.luma(1)).all()  # type: ignore[union-attr]
    assert list(again.rows()) == list(known.rows())
    assert not [path for path in built.parent.iterdir() if path.name.endswith(".part")]


def test_a_set_is_not_written_over_what_is_there(folder: Path, built: Path) -> None:
    with pytest.raises(OptionError, match="exists"):
        KnownSet.open(folder).save(built)


def test_adding_writes_what_is_new_and_leaves_the_rest(built: Path, tmp_path: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*.npy")}
    many = listed(tmp_path / "agency.txt", 5)
    KnownSet.open(built).add(many, rules=KnownList(labels=("arson",))).update(built)
    known = KnownSet.open(built)
    assert found(known, 5) == [("agency", "n5")]
    assert found(known, 1) == [("wanted", "p1")]
    assert [e.labels for _, e in known.entries() if e.list_name == "agency"] == [("arson",)]
    after = {path: path.stat().st_mtime_ns for path in built.rglob("*.npy")}
    assert before.items() <= after.items()


def test_small_additions_are_merged(built: Path, tmp_path: Path) -> None:
    for seed in range(10, 26):
        KnownSet.open(built).add(listed(tmp_path / "agency.txt", seed)).update(built)
    known = KnownSet.open(built)
    assert len(known) == 19
    assert all(found(known, seed) == [("agency", f"n{seed}")] for seed in range(10, 26))
    assert found(known, 3) == [("wanted", "p3")]
    assert len(known.segments) <= 5
    assert len(list(built.glob("segment-*"))) == len(known.segments)
    assert sum(part.segment.pictures is not None for part in known.segments) == 1


def test_removed_entries_stay_removed(built: Path, tmp_path: Path) -> None:
    KnownSet.open(built).remove("wanted", ["p2"]).update(built)
    known = KnownSet.open(built)
    assert (len(known), found(known, 2), found(known, 1)) == (2, [], [("wanted", "p1")])
    assert {row.entry_id for row in known.rows()} == {"p1", "p3"}
    known.add(listed(tmp_path / "agency.txt", *range(40, 60))).update(built)
    known = KnownSet.open(built)
    assert (len(known), found(known, 2), found(known, 59)) == (22, [], [("agency", "n59")])


def test_a_list_takes_entries_back(tmp_path: Path) -> None:
    one, two = (pdq(photo(seed)).value().hex() for seed in (1, 2))
    path = tmp_path / "ncii.json"
    record = {"signalType": "ImagePDQ", "caseNumbers": {}, "CSPFeedbacks": []}
    first = [
        {**record, "hashValue": one, "hashStatus": "Active"},
        {**record, "hashValue": two, "hashStatus": "Active"},
    ]
    path.write_text(json.dumps({"hashRecords": first, "nextPageToken": ""}))
    known = KnownSet.open(path)
    assert (len(found(known, 1)), len(found(known, 2))) == (1, 1)
    path.write_text(
        json.dumps(
            {"hashRecords": [{**record, "hashValue": one, "hashStatus": "Withdrawn"}], "nextPageToken": ""}
        )
    )
    fewer = known.add(path)
    assert (len(found(fewer, 1)), len(found(fewer, 2))) == (0, 1)


@pytest.mark.parametrize("damage", ["cut", "flip", "gone", "pipe", "link"])
def test_every_damaged_file_is_an_error_that_names_it(built: Path, tmp_path: Path, damage: str) -> None:
    for victim in sorted([*built.rglob("*.npy"), built / "set.json"]):
        data = victim.read_bytes()
        victim.unlink()
        if damage == "cut":
            victim.write_bytes(data[:-1])
        elif damage == "flip":
            victim.write_bytes(
                data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]
            )
        elif damage == "pipe":
            os.mkfifo(victim)
        elif damage == "link":
            (tmp_path / "elsewhere").write_bytes(data)
            victim.symlink_to(tmp_path / "elsewhere")
        if victim.name == "set.json" and damage in ("gone", "pipe"):
            victim.unlink(missing_ok=True)
        else:
            with pytest.raises(BadSet, match="(?s)" + victim.name):
                KnownSet.open(built)
        victim.unlink(missing_ok=True)
        victim.write_bytes(data)
    assert len(KnownSet.open(built)) == 3


def test_a_set_may_not_name_files_outside_itself(built: Path) -> None:
    import hashlib

    manifest = json.loads((built / "set.json").read_text())
    for key, value in (("folder", "../wanted"), ("folder", "segment-../../x"), ("removed", "../x.npy")):
        changed = json.loads(json.dumps(manifest))
        changed["segments"][0][key] = value
        changed["segments"][0]["removed_file"] = [1, "0"]
        del changed["sha256"]
        changed["sha256"] = hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()
        (built / "set.json").write_text(json.dumps(changed))
        with pytest.raises(BadSet, match="name"):
            KnownSet.open(built)


def test_a_large_set_is_checked_byte_by_byte_when_asked(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mediaforensics.known.storage._CHECKED_AT_OPEN_BYTES", 0)
    KnownSet.verify(built)
    victim = next(built.rglob("feature.descriptors.npy"))
    data = bytearray(victim.read_bytes())
    data[-1] ^= 1
    victim.write_bytes(data)
    assert len(KnownSet.open(built)) == 3
    with pytest.raises(BadSet, match=r"feature\.descriptors"):
        KnownSet.verify(built)


def test_a_writer_that_stops_leaves_the_old_set(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownSet.open(built).add(listed(tmp_path / "agency.txt", *range(40, 60)))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(OSError, match="no space"):
        known.update(built)
    with pytest.raises(OSError, match="no space"):
        known.save(tmp_path / "another")
    assert not (tmp_path / "another").exists()
    assert len(KnownSet.open(built)) == 3
    assert sorted(p.name for p in tmp_path.iterdir()) == ["agency.txt", "built", "wanted"]


def test_an_updated_set_can_be_updated_again(built: Path, tmp_path: Path) -> None:
    known = KnownSet.open(built)
    for seed in (7, 8):
        known = known.add(listed(tmp_path / f"l{seed}.txt", seed)).update(built)
    assert (found(known, 7), found(known, 8)) == ([("l7", "n7")], [("l8", "n8")])


def test_what_is_in_use_is_not_written_over(built: Path, tmp_path: Path) -> None:
    same = listed(tmp_path / "agency.txt", 5)
    KnownSet.open(built).add(same).update(built)
    before = {path: path.stat().st_ino for path in built.rglob("*.npy")}
    KnownSet.open(built).add(same).update(built)
    after = {path: path.stat().st_ino for path in built.rglob("*.npy")}
    kept = [path for path in before.keys() & after.keys() if path.parent != built]
    assert kept and all(after[path] == before[path] for path in kept)
    assert found(KnownSet.open(built), 5) == [("agency", "n5")]


def test_two_writers_do_not_undo_each_other(built: Path, tmp_path: Path) -> None:
    one, other = KnownSet.open(built), KnownSet.open(built)
    one.add(listed(tmp_path / "agency.txt", 7)).update(built)
    with pytest.raises(OptionError, match="changed since"):
        other.add(listed(tmp_path / "agency.txt", 8)).update(built)
    with pytest.raises(OptionError, match="changed since"):
        KnownSet.open(tmp_path / "agency.txt").update(built)
    assert found(KnownSet.open(built), 7) == [("agency", "n7")]


def test_a_set_may_be_read_while_it_grows(built: Path, tmp_path: Path) -> None:
    known = KnownSet.open(built)
    stop, wrong = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            if found(known, 2) != [("wanted", "p2")]:
                wrong.append(1)

    reader = threading.Thread(target=read)
    reader.start()
    for seed in range(30, 36):
        KnownSet.open(built).add(listed(tmp_path / "agency.txt", seed)).update(built)
    stop.set()
    reader.join()
    assert not wrong
