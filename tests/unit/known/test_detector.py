from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from known_pictures import fitted, inset, photo, sample, save

from mediaforensics.detect import Surroundings
from mediaforensics.known.detector import KnownDetector
from mediaforensics.known.exchange.listed import Problem
from mediaforensics.known.hashes import pdq
from mediaforensics.known.imagehashes import image_hash
from mediaforensics.known.store import KnownSet
from mediaforensics.media.frame import Pixels
from mediaforensics.observations import KnownSeen, Remark
from mediaforensics.options import KnownOptions
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
