"""Pictures inside a frame: which are worth laying over it, how they lie, and which are believed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import pytest
from known_pictures import fitted, inset, photo

from mediaforensics.errors import BadSet, MissingDependency
from mediaforensics.known.candidates import ExactCandidates, build_index, open_candidates
from mediaforensics.known.features import Features, frame_features, known_features
from mediaforensics.known.finder import PictureFinder
from mediaforensics.known.fitting import fit, settle
from mediaforensics.known.placement import EVIDENCE_LEAST, Placement
from mediaforensics.media.frame import Pixels
from mediaforensics.types import Box

SIZE = (640, 360)
MANY = 30
"""More than are all laid over every frame."""


class Shelf:
    def __init__(self, lumas: Sequence[Pixels]) -> None:
        self.lumas = list(lumas)
        self.taken = [known_features(luma) for luma in self.lumas]

    def __len__(self) -> int:
        return len(self.lumas)

    def features(self, i: int) -> Features:
        return self.taken[i]

    def luma(self, i: int) -> Pixels:
        return self.lumas[i]


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf([fitted(photo(seed, 640, 480), 320, 240) for seed in range(1, MANY + 1)])


@pytest.fixture(scope="module")
def index(shelf: Shelf) -> np.ndarray:
    return build_index(shelf)


def found(finder: PictureFinder, frame: Pixels) -> dict[int, Placement]:
    return dict(finder.find(frame_features(frame), frame))


def two_of_them(shelf: Shelf) -> Pixels:
    frame = inset(photo(90, *SIZE), shelf.luma(4), Box(20, 60, 300, 270))
    return inset(frame, shelf.luma(11)[:, ::-1], Box(340, 60, 620, 270))


@pytest.mark.parametrize("coarse", [False, True])
def test_all_pictures_of_a_frame_are_found_and_no_other(
    shelf: Shelf, index: np.ndarray, coarse: bool
) -> None:
    finder = PictureFinder(shelf, open_candidates(shelf, index if coarse else None))
    placed = found(finder, two_of_them(shelf))
    assert {i: one.mirrored for i, one in placed.items()} == {4: False, 11: True}
    corners = placed[4].polygon
    assert np.abs(corners - [[20, 60], [300, 60], [300, 270], [20, 270]]).max() < 3
    assert found(finder, photo(90, *SIZE)) == {}


def test_what_is_not_wanted_is_not_looked_for(shelf: Shelf) -> None:
    frame = two_of_them(shelf)
    finder = PictureFinder(shelf, ExactCandidates(shelf))
    assert [i for i, _ in finder.find(frame_features(frame), frame, lambda i: i != 4)] == [11]


def test_threads_and_runs_agree(shelf: Shelf, index: np.ndarray) -> None:
    frame = two_of_them(shelf)
    for candidates in (None, index):
        finder = PictureFinder(shelf, open_candidates(shelf, candidates))
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(found, [finder] * 4, [frame] * 4))
        maps = [{i: one.homography.tobytes() for i, one in answer.items()} for answer in answers]
        assert all(each == maps[0] for each in maps)
    assert build_index(shelf).tobytes() == index.tobytes()


def test_a_damaged_index_and_one_without_faiss_are_errors(
    shelf: Shelf, index: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadSet, match="cannot be read"):
        open_candidates(shelf, index[: len(index) // 2])
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(MissingDependency, match="scale"):
        open_candidates(shelf, index)


def test_a_frame_and_a_picture_without_features(shelf: Shelf) -> None:
    blank = np.full((360, 640), 128, np.uint8)
    assert found(PictureFinder(shelf, ExactCandidates(shelf)), blank) == {}
    plain = Shelf([blank, *shelf.lumas[:2]])
    assert set(found(PictureFinder(plain, ExactCandidates(plain)), fitted(shelf.luma(1), *SIZE))) == {2}


def test_what_is_left_of_a_covered_picture_is_enough(shelf: Shelf) -> None:
    frame = inset(photo(90, *SIZE), shelf.luma(7), Box(120, 30, 520, 330))
    random = np.random.default_rng(3)
    for _ in range(420):
        centre = int(random.integers(120, 520)), int(random.integers(120, 330))
        cv2.circle(frame, centre, int(random.integers(4, 16)), int(random.integers(0, 255)), -1)
    ((i, placed),) = found(PictureFinder(shelf, ExactCandidates(shelf)), frame).items()
    assert (i, placed.agreement.strict >= 9) == (7, True)
    assert placed.covered_fraction > 0.5
    assert placed.evidence >= EVIDENCE_LEAST


def test_a_picture_in_which_something_was_warped_is_another(shelf: Shelf) -> None:
    known = shelf.luma(7)
    y, x = np.mgrid[0:240, 0:320].astype(np.float32)
    bulge = 26 * np.exp(-(((x - 170) / 130) ** 2) - ((y - 110) / 100) ** 2)
    warped = cv2.remap(known, x + bulge, y + 0.7 * bulge, cv2.INTER_LINEAR)
    finder = PictureFinder(shelf, ExactCandidates(shelf))
    where = Box(120, 30, 520, 330)
    assert set(found(finder, inset(photo(90, *SIZE), known, where))) == {7}
    assert found(finder, inset(photo(90, *SIZE), warped, where)) == {}
    frame = frame_features(inset(photo(90, *SIZE), warped, where))
    agreement = settle(frame, shelf.features(7), *fit(frame, shelf.features(7))[0])[1]
    assert agreement.displaced > agreement.strict / 8


def test_somebody_cut_out_and_put_on_another_background_is_not_the_picture() -> None:
    person = fitted(photo(7, 640, 480), 320, 240)
    inside = np.zeros((240, 320), np.uint8)
    cv2.ellipse(inside, (160, 130), (90, 100), 0, 0, 360, 1, -1)
    known = np.where(inside > 0, person, 120).astype(np.uint8)
    elsewhere = np.where(inside > 0, person, np.linspace(180, 230, 320).astype(np.uint8)[None]).astype(
        np.uint8
    )
    shelf = Shelf([known, fitted(photo(8, 640, 480), 320, 240)])
    finder = PictureFinder(shelf, ExactCandidates(shelf))
    where = Box(120, 30, 520, 330)
    assert set(found(finder, inset(photo(90, *SIZE), known, where))) == {0}
    assert found(finder, inset(photo(90, *SIZE), elsewhere, where)) == {}


def test_what_was_made_from_a_picture_is_not_told_where_somebody_cut_out_of_it_is() -> None:
    person = fitted(photo(7, 640, 480), 320, 240)
    inside = np.zeros((240, 320), np.uint8)
    cv2.ellipse(inside, (160, 130), (90, 100), 0, 0, 360, 1, -1)
    press = np.where(inside > 0, person, 120).astype(np.uint8)
    elsewhere = np.where(inside > 0, person, 210).astype(np.uint8)
    closer = person[70:190, 100:220].copy()
    closer[:, 70:] = fitted(photo(9, 640, 480), 320, 240)[70:190, 170:220]
    frame = inset(photo(90, *SIZE), elsewhere, Box(120, 30, 520, 330))
    alone, both = Shelf([closer]), Shelf([closer, press])
    assert set(found(PictureFinder(alone, ExactCandidates(alone)), frame)) == {0}
    assert found(PictureFinder(both, ExactCandidates(both)), frame) == {}


def test_the_first_features_are_spread_over_the_whole_picture() -> None:
    busy = photo(5, 640, 360)
    busy[:, 40:600] = cv2.GaussianBlur(busy[:, 40:600], (0, 0), 2.5)
    features = frame_features(busy)
    fields = np.floor(features.points[:, :2] / (64, 60)).astype(int)
    firsts = {tuple(field) for field in fields[:60].tolist()}
    assert len(firsts) == len({tuple(field) for field in fields.tolist()})


def test_however_many_pictures_the_comparing_is_bounded(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    candidates = ExactCandidates(shelf)
    search = candidates._search
    monkeypatch.setattr(candidates, "_search", lambda d: (asked.append(len(d)), search(d))[1])
    frame = frame_features(two_of_them(shelf))
    assert len(frame) > 700
    candidates.nearest(frame, SIZE[0], 8)
    monkeypatch.setattr("mediaforensics.known.candidates._COMPARISONS", 1)
    assert {one.picture for one in candidates.nearest(frame, SIZE[0], 8)} >= {4, 11}
    assert asked == [len(frame)] * 2 + [600] * 2
