from __future__ import annotations

import cv2
import numpy as np
import pytest
from known_pictures import fitted, inset, photo

from mediaforensics.known.features import frame_features, known_features
from mediaforensics.known.placement import Placement, place
from mediaforensics.known.regions import find_rectangles
from mediaforensics.types import Box


def near(found: tuple[int, int, int, int], box: Box, slack_px: int = 3) -> bool:
    return all(abs(a - b) <= slack_px for a, b in zip(found, box.as_list(), strict=True))


@pytest.mark.parametrize("box", [Box(300, 30, 440, 120), Box(20, 40, 120, 170), Box(150, 90, 330, 210)])
def test_an_inset_is_found(box: Box) -> None:
    frame = inset(photo(1, 480, 270), photo(2), box)
    assert any(near(found, box) for found in find_rectangles(frame))


def test_pictures_side_by_side_are_found() -> None:
    frame = np.full((270, 480), 12, np.uint8)
    left, right = Box(30, 50, 220, 220), Box(260, 50, 450, 220)
    frame = inset(inset(frame, photo(1), left), photo(2), right)
    found = find_rectangles(frame)
    assert any(near(f, left) for f in found) and any(near(f, right) for f in found)


def test_a_photograph_has_few_rectangles() -> None:
    assert sum(len(find_rectangles(photo(seed, 480, 270))) for seed in range(5)) <= 2


@pytest.mark.parametrize("shape", [(1, 1), (5, 400), (16, 16)])
def test_tiny_views(shape: tuple[int, int]) -> None:
    assert find_rectangles(np.zeros(shape, np.uint8)) == []


def found_in(frame: np.ndarray, known: np.ndarray, *, mirrored: bool = False) -> Placement | None:
    features = known_features(known)
    if mirrored:
        features, known = features.mirrored(known.shape[1]), known[:, ::-1]
    return place(frame_features(frame), frame, features, known, mirrored=mirrored)


KNOWN = fitted(photo(2), 320, 240)
BOX = Box(60, 40, 300, 220)


def test_a_picture_in_the_frame_is_placed_to_the_pixel() -> None:
    placed = found_in(inset(photo(1, 480, 270), photo(2), BOX), KNOWN)
    assert placed is not None
    assert np.abs(placed.polygon[[0, 2]].ravel() - BOX.as_list()).max() < 4
    assert placed.covered_fraction < 0.25


def test_a_mirrored_picture_is_placed_and_only_as_mirrored() -> None:
    frame = inset(photo(1, 480, 270), photo(2)[:, ::-1], BOX)
    assert found_in(frame, KNOWN) is None
    placed = found_in(frame, KNOWN, mirrored=True)
    assert placed is not None and placed.mirrored


def test_a_covered_picture_says_how_much_is_covered() -> None:
    frame = inset(photo(1, 480, 270), photo(2), Box(0, 0, 480, 270))
    frame[:90] = photo(8, 480, 90)
    placed = found_in(frame, KNOWN)
    assert placed is not None
    assert 0.2 < placed.covered_fraction < 0.5


def test_holes_do_not_hide_a_picture() -> None:
    random = np.random.default_rng(3)
    frame = inset(photo(1, 480, 270), photo(2), Box(0, 0, 480, 270))
    for _ in range(12):
        cv2.circle(frame, (int(random.integers(0, 480)), int(random.integers(0, 270))), 12, 5, -1)
    assert found_in(frame, KNOWN) is not None


def test_other_pictures_are_not_placed() -> None:
    for seed in range(10, 18):
        assert found_in(photo(seed, 480, 270), KNOWN) is None


def test_a_picture_without_features_is_not_placed() -> None:
    plain = np.full((240, 320), 70, np.uint8)
    assert found_in(photo(1, 480, 270), plain) is None
    assert found_in(np.full((270, 480), 70, np.uint8), KNOWN) is None
