from __future__ import annotations

import cv2
import numpy as np

from mediaforensics.overlays.motion import StillWatch
from mediaforensics.types import Box

EVERYWHERE = np.ones((16, 16), np.float32)
BELOW = np.zeros((16, 16), np.float32)
BELOW[9:] = 0.8


def still() -> np.ndarray:
    rng = np.random.default_rng(3)
    return cv2.resize(rng.integers(30, 220, (12, 12, 3), np.uint8), (128, 128), interpolation=cv2.INTER_CUBIC)


def burning(seed: int) -> np.ndarray:
    out = still()
    fire = cv2.resize(np.random.default_rng(seed).integers(60, 255, (10, 16, 3), np.uint8), (128, 50))
    out[78:] = fire
    return out


def watch(crops, step_s=0.2):
    watcher = StillWatch()
    answer = None
    for k, crop in enumerate(crops):
        answer = watcher.see(k * step_s, crop, Box(0, 0, 128, 128))
    return answer


def test_fire_that_moves_on_a_still_picture_supports_flames():
    moving = watch([burning(k) for k in range(5)])
    assert moving is not None
    assert moving.supports_flames(BELOW)
    assert moving.covered[44:].mean() > 0.5
    assert moving.covered[:32].mean() < 0.05


def test_fire_is_told_to_the_cell_though_the_portrait_drifts_under_it():
    rng = np.random.default_rng(0)
    picture = cv2.resize(still(), (160, 160), interpolation=cv2.INTER_CUBIC)
    crops = []
    for k in range(6):
        x, y = rng.integers(12, 20, 2)
        crop = np.ascontiguousarray(picture[y : y + 128, x : x + 128])
        reach = 70 + 6 * (k % 3)
        crop[reach:, 30:90] = (255, 90 + 30 * (k % 4), 20)
        crops.append(crop)
    truth = np.zeros((128, 128), np.float32)
    truth[70 + 6 * (5 % 3) :, 30:90] = 1
    fine = cv2.resize(truth, (64, 64), interpolation=cv2.INTER_AREA) > 0.5
    found = watch(crops, step_s=0.3).covered > 0
    assert (found & fine).sum() > 0.8 * (found | fine).sum()


def test_a_still_picture_supports_nothing():
    moving = watch([still()] * 5)
    assert moving is not None
    assert moving.moving_fraction == 0
    assert not moving.supports_flames(EVERYWHERE)


def test_movement_elsewhere_than_the_suspected_fire_supports_nothing():
    above = BELOW[::-1].copy()
    assert not watch([burning(k) for k in range(5)]).supports_flames(above)


def test_a_picture_that_moves_as_a_whole_supports_nothing():
    rng = np.random.default_rng(0)
    wholly = [cv2.resize(rng.integers(0, 255, (16, 16, 3), np.uint8), (128, 128)) for _ in range(5)]
    moving = watch(wholly)
    assert moving is None or not moving.supports_flames(EVERYWHERE)


def test_a_portrait_that_drifts_and_zooms_is_still():
    picture = cv2.resize(still(), (180, 180), interpolation=cv2.INTER_CUBIC)
    crops = [
        cv2.resize(picture[20 + k : 150, 20 + k : 150], (128, 128), interpolation=cv2.INTER_AREA)
        for k in range(5)
    ]
    moving = watch(crops)
    assert moving is not None
    assert moving.moving_fraction < 0.04


def test_nothing_is_said_of_two_samples_or_across_a_cut():
    assert watch([burning(0), burning(1)]) is None
    assert watch([burning(0), burning(1), np.full((128, 128, 3), 255, np.uint8)]) is None


def test_nothing_is_said_across_a_long_gap():
    assert watch([burning(k) for k in range(4)], step_s=10.0) is None
