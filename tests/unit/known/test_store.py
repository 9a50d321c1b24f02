from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from known_pictures import photo, save

from mediaforensics.errors import BadHash, CannotOpen, OptionError
from mediaforensics.known.hashes import pdq
from mediaforensics.known.hashing import PDQ
from mediaforensics.known.lists import KnownList
from mediaforensics.known.matching import near
from mediaforensics.known.segment import ListEntry
from mediaforensics.known.store import KnownSet
from mediaforensics.options import KnownOptions
from mediaforensics.types import HashValue


def entries(known: KnownSet) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(entry.entry_id, entry.list_name, entry.labels) for _, entry in known.entries()]


def found(known: KnownSet, value: HashValue, quality: int | None = None) -> list[ListEntry]:
    return [one.entry for one in known.explain(value, quality=quality) if one.counts]


def values(known: KnownSet, algorithm: str = "pdq") -> list[str]:
    return [row.entry_id for row in known.rows() if row.algorithm == algorithm]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "wanted"
    folder.mkdir()
    save(folder / "one.png", photo(1))
    save(folder / "two.jpg", photo(2))
    return folder


def test_each_picture_of_a_folder_is_an_entry(folder: Path) -> None:
    known = KnownSet.open(folder)
    assert entries(known) == [("one", "wanted", ()), ("two", "wanted", ())]
    assert known.problems == ()
    (match,) = (one for one in known.explain(pdq(photo(2)).value()) if one.counts)
    assert match.entry.entry_id == "two"
    assert match.distance_bits <= 8
    pictures = known.segments[0].segment.pictures
    assert pictures is not None and max(pictures.luma(0).shape) <= 320


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
    assert [entry_id for entry_id, _, _ in entries(KnownSet.open(folder))] == ["one", "one.png", "two"]


def test_the_hash_of_a_picture_without_structure_does_not_count(folder: Path) -> None:
    save(folder / "plain.png", np.full((200, 300), 80, np.uint8))
    known = KnownSet.open(folder)
    assert "quality 0" in known.problems[0].why
    plain = pdq(np.full((200, 300), 80, np.uint8)).value()
    assert found(known, plain, quality=100) == []
    assert any("structure" in one.why for one in known.explain(plain) if one.entry.entry_id == "plain")


def test_a_picture_with_bars_is_also_known_without_them(folder: Path) -> None:
    framed = np.zeros((400, 480), np.uint8)
    framed[65:335] = photo(9, 480, 270)
    save(folder / "framed.png", framed)
    known = KnownSet.open(folder)
    assert [entry.entry_id for entry in found(known, pdq(photo(9, 480, 270)).value())] == ["framed"]


def test_labels(folder: Path) -> None:
    (folder / "labels.toml").write_text('"*" = ["list A"]\none = ["arson"]\nbad = 3\n')
    known = KnownSet.open(folder)
    assert [labels for _, _, labels in entries(known)] == [("list A", "arson"), ("list A",)]
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
    assert entries(known) == [(a.hex(), "agency", ()), ("two.jpg", "agency", ())]
    assert [problem.where for problem in known.problems] == ["agency.txt, line 3"]
    assert known.segments[0].segment.pictures is None


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
    assert entries(known) == [("one", "wanted", ("arson",))]
    assert known.digest() != KnownSet.open(folder / "two.jpg").digest()
    assert len(KnownSet.open([folder / "one.png", folder / "two.jpg"])) == 2


def test_a_broken_single_picture_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff" + b"junk" * 20)
    with pytest.raises(BadHash, match=r"broken\.jpg"):
        KnownSet.open(tmp_path / "broken.jpg")


def test_each_list_has_its_own_rules(folder: Path, tmp_path: Path) -> None:
    value = pdq(photo(1)).value()
    far = HashValue("pdq", 256, bytes([value.value[0] ^ 0xFF, value.value[1] ^ 0xFF, *value.value[2:]]))
    listed = tmp_path / "strict.txt"
    listed.write_text(far.hex() + ",n1\n")
    rules = KnownList(max_distance_bits=15, min_quality=80, labels=("agency",), source="by post")
    known = KnownSet.open(folder).add(listed, rules=rules)
    assert [entry.list_name for entry in found(known, value)] == ["wanted"]
    (strict,) = (one for one in known.explain(value) if one.entry.list_name == "strict")
    assert "16 bits differ, and the list strict takes up to 15" in strict.why
    assert [entry.labels for entry in found(known, far, quality=80) if entry.list_name == "strict"] == [
        ("agency",)
    ]
    assert [e.list_name for e in found(known, far, quality=79)] == ["wanted"]
    assert KnownSet.open(listed, rules=KnownList(name="named")).lists.keys() == {"named"}
    assert known.digest() != KnownSet.open([folder, listed]).digest()


def test_what_is_as_near_to_an_allowed_picture_does_not_count(folder: Path, tmp_path: Path) -> None:
    harmless = tmp_path / "newsroom"
    harmless.mkdir()
    save(harmless / "press.png", photo(1))
    known = KnownSet.open(folder).add(harmless, rules=KnownList(allow=True))
    assert found(known, pdq(photo(1)).value()) == []
    assert {one.why for one in known.explain(pdq(photo(1)).value())} == {
        "its list is an allow list: it is harmless",
        "the allow list has newsroom/press, which is as near (0 bits)",
    }
    assert [entry.entry_id for entry in found(known, pdq(photo(2)).value())] == ["two"]


def test_a_picture_is_explained_in_every_orientation(folder: Path, tmp_path: Path) -> None:
    known = KnownSet.open(folder)
    turned = save(tmp_path / "turned.png", np.ascontiguousarray(np.rot90(photo(2))))
    explained = [one for one in known.explain(turned) if one.counts]
    assert [(one.entry.entry_id, one.algorithm) for one in explained] == [("two", "pdq-256")]
    itself = {one.algorithm for one in known.explain(folder / "one.png") if one.counts}
    assert itself == {"pdq-256", "md5-128", "sha1-160", "sha256-256"}


def test_a_value_without_structure_is_left_out_and_told(tmp_path: Path) -> None:
    listed = tmp_path / "flood.txt"
    listed.write_text("0" * 64 + ",empty\n" + pdq(photo(1)).value().hex() + ",one\n")
    known = KnownSet.open(listed)
    assert [(problem.where, "0 of 256 bits" in problem.why) for problem in known.problems] == [
        ("flood, entry empty", True)
    ]
    assert found(known, HashValue("pdq", 256, bytes(32))) == []


def test_a_value_that_very_many_entries_share_gives_a_bounded_answer(tmp_path: Path) -> None:
    value = pdq(photo(1)).value().hex()
    listed = tmp_path / "flood.txt"
    listed.write_text("".join(f"{value},n{i}\n" for i in range(1000)))
    known = KnownSet.open(listed)
    assert len(found(known, pdq(photo(1)).value())) == 256


def test_removed_entries_do_not_crowd_out_one_that_counts(tmp_path: Path) -> None:
    value = pdq(photo(1)).value()
    listed = tmp_path / "flood.txt"
    listed.write_text("".join(f"{value.hex()},n{i}\n" for i in range(1000)))
    known = KnownSet.open(listed).remove("flood", [f"n{i}" for i in range(999)])
    table = np.frombuffer(value.value, np.uint8)[None]
    nearby = near(known, PDQ, table, quality=None, options=KnownOptions())
    assert [known.entry(hit.entry).entry_id for hit in nearby.hits] == ["n999"]
    assert nearby.left_out == 0


def test_settings_are_not_given_to_a_built_set(folder: Path, tmp_path: Path) -> None:
    KnownSet.open(folder).save(tmp_path / "built")
    with pytest.raises(OptionError, match="brings its own lists"):
        KnownSet.open(tmp_path / "built", rules=KnownList(labels=("arson",)))


def test_what_is_in_a_set(folder: Path, tmp_path: Path) -> None:
    listed = tmp_path / "agency.txt"
    listed.write_text(pdq(photo(3)).value().hex() + "\n")
    stats = KnownSet.open([folder, listed]).stats()
    assert (stats["entries"], stats["lists"]["wanted"]["pictures"]) == (3, 2)
    assert stats["lists"]["agency"]["values"] == {"pdq-256": 1}
    assert stats["lists"]["wanted"]["values"]["sha256-256"] == 2


def test_a_list_may_hold_both_kinds(tmp_path: Path) -> None:
    pdq_hex, phash_hex = pdq(photo(1)).value().hex(), "ffeeddccbbaaabcd"
    (tmp_path / "mixed.txt").write_text(
        f"{phash_hex}\nphash {phash_hex[::-1]},b\npdq {pdq_hex} {phash_hex}\n"
    )
    known = KnownSet.open(tmp_path / "mixed.txt")
    assert (values(known), values(known, "phash")) == ([phash_hex], [phash_hex, "b"])
    assert known.kinds == (("pdq", 256), ("phash", 64))
