from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from known_pictures import photo, save

from mediaforensics.errors import BadHash, CannotOpen, OptionError
from mediaforensics.known.hashes import pdq
from mediaforensics.known.store import KnownSet


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wanted"
    folder.mkdir()
    save(folder / "one.png", photo(1))
    save(folder / "two.jpg", photo(2))
    return folder


def test_each_picture_of_a_folder_is_an_entry(folder: Path) -> None:
    known = KnownSet.open(folder)
    assert [(p.entry_id, p.list_name, p.labels) for p in known.pictures] == [
        ("one", "wanted", ()),
        ("two", "wanted", ()),
    ]
    assert known.problems == ()
    ((row, distance),) = known.index.within(pdq(photo(2)).value(), 31)
    assert known.pictures[known.rows[row]].entry_id == "two"
    assert distance <= 8
    luma = known.pictures[0].luma
    assert luma is not None and max(luma.shape) <= 320


def test_a_broken_picture_is_a_problem_and_costs_only_itself(folder: Path) -> None:
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xff" + b"junk" * 20)
    (folder / "notes.txt").write_text("not a picture")
    (folder / "sub").mkdir()
    known = KnownSet.open(folder)
    assert len(known) == 2
    assert {problem.where for problem in known.problems} == {"broken.jpg", "notes.txt", "sub"}
    assert all(problem.why for problem in known.problems)


def test_links_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.png").symlink_to(folder / "one.png")
    known = KnownSet.open(folder)
    assert len(known) == 2
    assert [problem.where for problem in known.problems] == ["link.png"]
    (tmp_path / "alias").symlink_to(folder, target_is_directory=True)
    with pytest.raises(CannotOpen, match="link"):
        KnownSet.open(tmp_path / "alias")


def test_a_pipe_in_the_folder_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "pipe.jpg")
    assert [problem.where for problem in KnownSet.open(folder).problems] == ["pipe.jpg"]


def test_one_stem_twice_stays_two_entries(folder: Path) -> None:
    save(folder / "one.jpg", photo(3))
    assert [p.entry_id for p in KnownSet.open(folder).pictures] == ["one", "one.png", "two"]


def test_a_picture_without_structure_has_no_hash(folder: Path) -> None:
    save(folder / "plain.png", np.full((200, 300), 80, np.uint8))
    known = KnownSet.open(folder)
    assert [p.values == () for p in known.pictures] == [False, True, False]
    assert "quality 0" in known.problems[0].why


def test_a_picture_with_bars_is_also_known_without_them(folder: Path) -> None:
    framed = np.zeros((400, 480), np.uint8)
    framed[65:335] = photo(9, 480, 270)
    save(folder / "framed.png", framed)
    known = KnownSet.open(folder)
    hits = known.index.within(pdq(photo(9, 480, 270)).value(), 31)
    assert [known.pictures[known.rows[row]].entry_id for row, _ in hits] == ["framed"]


def test_labels(folder: Path) -> None:
    (folder / "labels.toml").write_text('"*" = ["list A"]\none = ["arson"]\nbad = 3\n')
    known = KnownSet.open(folder)
    assert [p.labels for p in known.pictures] == [("list A", "arson"), ("list A",)]
    assert [problem.where for problem in known.problems] == ["labels.toml, bad"]


def test_nothing_usable_is_an_error_that_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadHash, match="no picture or hash"):
        KnownSet.open(tmp_path)
    (tmp_path / "list.txt").write_text("pdq 1234\n")
    with pytest.raises(BadHash, match="line 1"):
        KnownSet.open(tmp_path / "list.txt")
    with pytest.raises(CannotOpen, match="absent"):
        KnownSet.open(tmp_path / "absent")
    with pytest.raises(OptionError):
        KnownSet.open([])


def test_a_hash_list(tmp_path: Path) -> None:
    a, b = pdq(photo(1)).value(), pdq(photo(2)).value()
    (tmp_path / "agency.txt").write_text(f"# ours\npdq {a.hex()}\nnonsense deadbeef\n{b.hex()},two.jpg\n")
    known = KnownSet.open(tmp_path / "agency.txt")
    assert {(p.entry_id, p.list_name) for p in known.pictures} == {(a.hex(), "agency"), ("two.jpg", "agency")}
    assert [problem.where for problem in known.problems] == ["agency.txt, line 3"]
    assert all(p.luma is None for p in known.pictures)


def test_several_sources_and_the_digest(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "agency.txt"
    listed.write_text(pdq(photo(3)).value().hex())
    one, other = KnownSet.open([folder, listed]), KnownSet.open([listed, folder])
    assert len(one) == 3
    assert one.digest() == other.digest()
    assert one.digest() != KnownSet.open(folder).digest()
    save(folder / "two.jpg", photo(4))
    assert one.digest() != KnownSet.open([folder, listed]).digest()


def test_a_single_picture_is_a_list_named_after_its_folder(folder: Path) -> None:
    (folder / "labels.toml").write_text('one = ["arson"]\n')
    known = KnownSet.open(folder / "one.png")
    assert [(p.entry_id, p.list_name, p.labels) for p in known.pictures] == [("one", "wanted", ("arson",))]
    assert known.digest() != KnownSet.open(folder / "two.jpg").digest()
    assert len(KnownSet.open([folder / "one.png", folder / "two.jpg"])) == 2


def test_a_broken_single_picture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff" + b"junk" * 20)
    with pytest.raises(BadHash, match=r"broken\.jpg"):
        KnownSet.open(tmp_path / "broken.jpg")


def test_min_quality_applies_to_the_set(folder: Path) -> None:
    assert [len(p.values) for p in KnownSet.open(folder, min_quality=100).pictures] != [0, 0]
    save(folder / "plain.png", np.full((200, 300), 80, np.uint8))
    assert KnownSet.open(folder, min_quality=0).pictures[1].values != ()
    assert KnownSet.open(folder).pictures[1].values == ()


def test_a_list_may_hold_both_kinds(tmp_path: Path) -> None:
    pdq_hex, phash_hex = pdq(photo(1)).value().hex(), "ffeeddccbbaaabcd"
    (tmp_path / "mixed.txt").write_text(
        f"{phash_hex}\nphash {phash_hex[::-1]},b\npdq {pdq_hex} {phash_hex}\n"
    )
    known = KnownSet.open(tmp_path / "mixed.txt")
    assert {(p.entry_id, p.values[0].name) for p in known.pictures} == {
        (phash_hex, "phash-64"),
        ("b", "phash-64"),
        (phash_hex, "pdq-256"),
    }
    assert (len(known.index), len(known.phash_index)) == (1, 2)
