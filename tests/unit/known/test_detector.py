from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from known_pictures import fitted, inset, photo, sample, save

import mediaforensics as mf
from mediaforensics.detect import Surroundings
from mediaforensics.known.detector import KnownDetector
from mediaforensics.known.exchange.listed import Problem
from mediaforensics.known.hashes import pdq
from mediaforensics.known.imagehashes import image_hash
from mediaforensics.known.lists import KnownList
from mediaforensics.known.store import KnownSet
from mediaforensics.media.frame import Pixels
from mediaforensics.media.source import Digests
from mediaforensics.observations import KnownSeen, Remark
from mediaforensics.options import KnownOptions, Options
from mediaforensics.types import Box

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> KnownSet:
    folder = tmp_path_factory.mktemp("sets") / "wanted"
    folder.mkdir()
    for seed in range(1, 5):
        save(folder / f"p{seed}.png", photo(seed, 960, 540))
    return KnownSet.open(folder)


def seen(known: KnownSet, frames: Sequence[Pixels], *, step_s: float = 1.0) -> list[list[KnownSeen]]:
    examiner = KnownDetector(known, KnownOptions()).begin(Surroundings(size_px=SIZE, moving=len(frames) > 1))
    result = [
        list(examiner.examine(sample(frame, i * step_s, new_picture=i == 0), ()))
        for i, frame in enumerate(frames)
    ]
    assert list(examiner.end()) == []
    return result


def test_a_known_picture_that_fills_the_frame(known: KnownSet) -> None:
    ((found,),) = seen(known, [fitted(photo(2, 960, 540), *SIZE)])
    assert (found.entry_id, found.list_name, found.extent) == ("p2", "wanted", "frame")
    assert (found.algorithm, found.inliers, found.mirrored) == ("pdq-256", 0, False)
    assert found.distance_bits <= 12
    assert found.box == Box(0, 0, *SIZE)
    assert found.covered_fraction < 0.1


def test_mirrored(known: KnownSet) -> None:
    ((found,),) = seen(known, [fitted(photo(2, 960, 540)[:, ::-1], *SIZE)])
    assert found.mirrored and found.entry_id == "p2"


def test_between_bars(known: KnownSet) -> None:
    frame = np.full((720, 1280), 5, np.uint8)
    frame = inset(frame, photo(3, 960, 540), Box(0, 100, 1280, 620))
    ((found,),) = seen(known, [frame])
    assert (found.entry_id, found.extent) == ("p3", "frame")
    assert found.box.iou(Box(0, 100, 1280, 620)) > 0.95


def test_an_inset_of_a_third_of_the_height(known: KnownSet) -> None:
    where = Box(820, 60, 1236, 294)
    ((found,),) = seen(known, [inset(photo(9, *SIZE), photo(1, 960, 540), where)])
    assert (found.entry_id, found.extent) == ("p1", "region")
    assert found.box.iou(where) > 0.9


def test_nothing_known(known: KnownSet) -> None:
    assert seen(known, [photo(seed, *SIZE) for seed in range(20, 26)]) == [[]] * 6


def test_a_picture_that_is_covered_more_and_more_is_kept(known: KnownSet) -> None:
    clean = fitted(photo(2, 960, 540), *SIZE)
    random = np.random.default_rng(1)
    frames = [clean.copy()]
    for _ in range(6):
        frame = frames[-1].copy()
        for _ in range(6):
            centre = int(random.integers(0, 1280)), int(random.integers(0, 720))
            cv2.circle(frame, centre, 60, int(random.integers(0, 60)), -1)
        frames.append(frame)
    found = seen(known, frames)
    assert [[k.entry_id for k in each] for each in found] == [["p2"]] * 7
    covered = [each[0].covered_fraction for each in found]
    assert covered[0] < 0.1 < covered[-1]


def test_a_slow_zoom_is_followed(known: KnownSet) -> None:
    clean = fitted(photo(2, 960, 540), *SIZE)
    frames = [
        cv2.warpAffine(clean, cv2.getRotationMatrix2D((640, 360), 0, 1 + 0.05 * i), SIZE) for i in range(6)
    ]
    assert [[k.entry_id for k in each] for each in seen(known, frames)] == [["p2"]] * 6


def test_it_is_gone_when_it_is_gone(known: KnownSet) -> None:
    clean = fitted(photo(2, 960, 540), *SIZE)
    found = seen(known, [clean, photo(30, *SIZE), photo(31, *SIZE)])
    assert [len(each) for each in found] == [1, 0, 0]


def test_an_inset_that_stays_is_seen_in_every_sample(known: KnownSet) -> None:
    where = Box(100, 60, 516, 294)
    frame = inset(photo(9, *SIZE), photo(1, 960, 540), where)
    assert [len(each) for each in seen(known, [frame] * 4)] == [1, 1, 1, 1]


def test_a_hash_list_finds_whole_frames(tmp_path: Path) -> None:
    listed = tmp_path / "agency.txt"
    listed.write_text(f"{pdq(photo(2, 960, 540)).value().hex()},entry-7\n")
    ((found,),) = seen(KnownSet.open(listed), [fitted(photo(2, 960, 540), *SIZE)])
    assert (found.entry_id, found.list_name, found.covered_fraction) == ("entry-7", "agency", 0.0)


def test_a_blank_frame_matches_nothing(known: KnownSet) -> None:
    assert seen(known, [np.full((720, 1280), 128, np.uint8), np.zeros((16, 16), np.uint8)]) == [[], []]


def test_two_runs_say_the_same(known: KnownSet) -> None:
    frames = [inset(photo(9, *SIZE), photo(1, 960, 540), Box(100, 60, 516, 294)), photo(30, *SIZE)]
    assert seen(known, frames) == seen(known, frames)


def test_what_it_declares(known: KnownSet) -> None:
    detector = KnownDetector(known, KnownOptions())
    assert (detector.name, tuple(detector.needs), tuple(detector.emits)) == ("known", (), (KnownSeen, Remark))


def test_problems_of_the_set_are_notes(known: KnownSet) -> None:
    assert KnownDetector(known, KnownOptions()).notes == ()
    problems = tuple(Problem(where=f"list, line {i}", why="no hash") for i in range(1, 24))
    damaged = KnownSet(lists=known.lists.values(), segments=known.segments, problems=problems)
    notes = KnownDetector(damaged, KnownOptions()).notes
    assert notes[0] == "list, line 1: no hash"
    assert notes[19:] == ("list, line 20: no hash", "and 3 more")


def test_a_phash_list_finds_whole_frames_and_only_those(tmp_path: Path) -> None:
    listed = tmp_path / "older.txt"
    value = image_hash("phash", 64, photo(2, 960, 540))
    listed.write_text(f"phash {value.hex()},entry-9\n{pdq(photo(3)).value().hex()}\n")
    mixed = KnownSet.open(listed)
    shown, other = fitted(photo(2, 960, 540), *SIZE), photo(30, *SIZE)
    framed = inset(np.full((720, 1280), 5, np.uint8), photo(2, 960, 540), Box(0, 100, 1280, 620))
    (plain,), nothing, (between_bars,) = seen(mixed, [shown, other, framed])
    assert nothing == []
    assert (plain.entry_id, plain.algorithm, plain.extent) == ("entry-9", "phash-64", "frame")
    assert plain.distance_bits <= 4
    assert between_bars.box.iou(Box(0, 100, 1280, 620)) > 0.95


def test_the_distance_of_a_phash_is_an_option(tmp_path: Path) -> None:
    listed = tmp_path / "older.txt"
    value = image_hash("phash", 64, photo(2, 960, 540)).value
    listed.write_text((bytes([value[0] ^ 0xFF]) + value[1:]).hex())
    frame = sample(fitted(photo(2, 960, 540), *SIZE))
    found = []
    for most in (4, 12):
        detector = KnownDetector(KnownSet.open(listed), KnownOptions(max_phash_distance_bits=most))
        found.append(len(list(detector.begin(Surroundings(size_px=SIZE, moving=False)).examine(frame, ()))))
    assert found == [0, 1]


def test_a_picture_first_shown_half_covered_is_found(known: KnownSet) -> None:
    frame = fitted(photo(2, 960, 540), *SIZE)
    frame[400:] = photo(8, 1280, 320)
    ((found,),) = seen(known, [frame])
    assert (found.entry_id, found.algorithm) == ("p2", "sift")
    assert 0.3 < found.covered_fraction < 0.65


def test_only_lists_with_phash_values_load_what_they_need() -> None:
    code = (
        "import sys; from mediaforensics.known.detector import KnownDetector; "
        "sys.exit('imagehash' in sys.modules or 'scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_corners_and_what_covers_an_inset(known: KnownSet) -> None:
    where = Box(400, 160, 1040, 520)
    frame = inset(photo(9, *SIZE), photo(1, 960, 540)[:, ::-1], where)
    frame = cv2.warpAffine(frame, cv2.getRotationMatrix2D((640, 360), 8, 1), SIZE, borderValue=90)
    turn = cv2.getRotationMatrix2D((640, 360), 8, 1)
    corners = np.array([[400, 160], [1040, 160], [1040, 520], [400, 520]]) @ turn[:, :2].T + turn[:, 2]
    cover = (corners[0] + corners[3]) / 2  # the middle of its left side as shown
    cv2.circle(frame, (int(cover[0]) + 70, int(cover[1])), 60, 0, -1)
    ((found,),) = seen(known, [frame])
    assert (found.entry_id, found.algorithm, found.mirrored) == ("p1", "sift", True)
    assert found.polygon is not None and found.residual is not None
    assert np.abs(np.array(found.polygon.corners) - corners).max() < 6
    mask = found.residual.mask()
    half = mask.shape[1] // 2
    assert mask[:, :half].mean() > 3 * mask[:, half:].mean()
    to_source = np.array(found.residual.to_source).reshape(3, 3)
    y, x = np.argwhere(mask).mean(axis=0)
    at = to_source @ (x, y, 1.0)
    assert np.hypot(at[0] / at[2] - cover[0] - 70, at[1] / at[2] - cover[1]) < 60


def test_what_was_removed_is_not_found_inside_either(known: KnownSet) -> None:
    frame = inset(photo(9, *SIZE), photo(1, 960, 540), Box(820, 60, 1236, 294))
    fewer = known.remove("wanted", ["p1"])
    assert seen(fewer, [frame, fitted(photo(1, 960, 540), *SIZE)]) == [[], []]


def test_an_allowed_picture_takes_the_place_of_another(known: KnownSet, tmp_path: Path) -> None:
    harmless = tmp_path / "newsroom"
    harmless.mkdir()
    save(harmless / "press.png", photo(1, 960, 540))
    allowing = known.add(harmless, rules=KnownList(allow=True))
    whole = fitted(photo(1, 960, 540), *SIZE)
    inside = inset(photo(9, *SIZE), photo(1, 960, 540), Box(820, 60, 1236, 294))
    other = inset(photo(9, *SIZE), photo(2, 960, 540), Box(820, 60, 1236, 294))
    found = seen(allowing, [whole, inside, other], step_s=20)
    assert [[k.entry_id for k in each] for each in found[:2]] == [[], []]
    ((again,),) = seen(allowing, [other])
    assert again.entry_id == "p2"


def test_a_file_that_is_on_a_list_by_its_digest(known: KnownSet, tmp_path: Path) -> None:
    digests = Digests(sha256="ab" * 32, md5="cd" * 16, sha1="ef" * 20)
    listed = tmp_path / "agency.csv"
    listed.write_text(f"md5,name\n{'cd' * 16},case-7\n{'00' * 16},case-8\n")
    surroundings = Surroundings(size_px=SIZE, moving=True, digests=lambda: digests)
    examiner = KnownDetector(KnownSet.open(listed), KnownOptions()).begin(surroundings)
    for at_s in (1.0, 4.0):
        assert list(examiner.examine(sample(photo(30, *SIZE), at_s), ())) == []
    (found,) = examiner.end()
    assert isinstance(found, KnownSeen)
    assert (found.entry_id, found.algorithm, found.extent) == ("case-7", "md5-128", "frame")
    assert found.since is not None and (found.since.seconds, found.time.seconds) == (1.0, 4.0)


def test_a_known_file_is_told_once(tmp_path: Path) -> None:
    folder = tmp_path / "wanted"
    folder.mkdir()
    path = save(folder / "p1.png", photo(1, 960, 540))
    report = mf.analyze(path, known=folder, options=Options(text=None, faces=None, overlays=None))
    assert [(entry.entry_id, entry.algorithm) for entry in report.known] == [("p1", "pdq-256")]
    notes = next(run.notes for run in report.detectors if run.name == "known")
    assert notes == ("the file is 'p1' of the list 'wanted' itself: its SHA256 is the listed one",)


def test_what_changed_without_a_cut_too_often_is_counted(known: KnownSet) -> None:
    examiner = KnownDetector(known, KnownOptions()).begin(Surroundings(size_px=SIZE, moving=True))
    for i in range(6):
        shown = sample(photo(40 + i, *SIZE), i * 0.5)
        examiner.examine(replace(shown, changed=(Box(0, 0, 700, 720),)), ())
    (remark,) = examiner.end()
    assert isinstance(remark, Remark)
    assert remark.words.startswith("5 pictures that changed without a cut")


def test_a_flood_is_bounded_and_told(tmp_path: Path) -> None:
    value = pdq(photo(2, 960, 540)).value().hex()
    listed = tmp_path / "flood.txt"
    listed.write_text("".join(f"{value},n{i}\n" for i in range(300)))
    examiner = KnownDetector(KnownSet.open(listed), KnownOptions()).begin(
        Surroundings(size_px=SIZE, moving=False)
    )
    assert len(list(examiner.examine(sample(fitted(photo(2, 960, 540), *SIZE)), ()))) == 256
    (remark,) = examiner.end()
    assert isinstance(remark, Remark) and "44 more values" in remark.words


def test_more_pictures_than_can_be_compared_one_by_one_are_told(
    known: KnownSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaforensics.known.shelves.EXACT_MOST", 3)
    detector = KnownDetector(known, KnownOptions())
    assert "4 pictures are compared by hash only" in detector.notes[0]
    frame = inset(photo(9, *SIZE), photo(1, 960, 540), Box(820, 60, 1236, 294))
    turned = cv2.warpAffine(frame, cv2.getRotationMatrix2D((640, 360), 8, 1), SIZE)
    examiner = detector.begin(Surroundings(size_px=SIZE, moving=False))
    assert list(examiner.examine(sample(turned), ())) == []


def test_a_set_that_was_indexed_elsewhere_serves_where_faiss_is_missing(
    known: KnownSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaforensics.known.store.INDEXED_FROM", 2)
    known.save(tmp_path / "set")
    stored = KnownSet.open(tmp_path / "set")
    assert stored.segments[0].segment.pictures.candidates is not None
    frame = inset(photo(9, *SIZE), photo(1, 960, 540), Box(820, 60, 1236, 294))
    turned = cv2.warpAffine(frame, cv2.getRotationMatrix2D((640, 360), 8, 1), SIZE)

    def names() -> set[str]:
        detector = KnownDetector(stored, KnownOptions())
        assert not any("hash only" in note for note in detector.notes)
        examiner = detector.begin(Surroundings(size_px=SIZE, moving=False))
        return {seen.entry_id for seen in examiner.examine(sample(turned), ())}

    with_faiss = names()
    assert with_faiss
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "faiss", None)
    assert names() == with_faiss


def test_pictures_of_a_gallery_are_found_beside_the_known_ones(known: KnownSet, tmp_path: Path) -> None:
    save(tmp_path / "one.png", photo(7, 960, 540))
    (tmp_path / "two.png").write_bytes(b"no picture")
    named = {"somebody/one.png": tmp_path / "one.png", "somebody/two.png": tmp_path / "two.png"}
    portraits = KnownSet.of_pictures(named, rules=KnownList(name="gallery"))
    assert [entry.entry_id for _, entry in portraits.entries()] == ["somebody/one.png"]
    surroundings = Surroundings(size_px=SIZE, moving=False)
    frames = [fitted(photo(n, 960, 540), *SIZE) for n in (2, 7)]

    def told(listed: KnownSet | None, frame: Pixels) -> list[tuple[str, bool, str]]:
        examiner = KnownDetector(listed, KnownOptions(), portraits).begin(surroundings)
        said = [*examiner.examine(sample(frame, 0.0), ()), *examiner.end()]
        return [(o.entry_id, o.listed, o.detector) for o in said if isinstance(o, KnownSeen)]

    assert told(known, frames[0]) == [("p2", True, "known")]
    assert told(known, frames[1]) == [("somebody/one.png", False, "known")]
    assert told(None, frames[1]) == [("somebody/one.png", False, "portraits")]
    assert KnownDetector(None, KnownOptions(), portraits).name == "portraits"
