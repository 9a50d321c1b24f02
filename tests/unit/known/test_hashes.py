from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from known_pictures import photo
from PIL import Image

from mediaforensics.known.hashes import ORIENTATIONS, UPRIGHT, Orientation, pdq
from mediaforensics.types import HashValue

FIXTURES = Path(__file__).parents[3] / "fixtures"
DATA = Path(os.environ["MF_TEST_DATA"]) if os.environ.get("MF_TEST_DATA") else None
needs_data = pytest.mark.skipif(DATA is None, reason="MF_TEST_DATA is not set")


SIZES = [(64, 64), (65, 127), (128, 129), (480, 360), (1280, 720), (333, 1000), (97, 61)]
REFERENCE = json.loads((Path(__file__).parent / "pdqhash_0_2_8.json").read_text())
"""Hash and quality that pdqhash 0.2.8 gives for drawn pictures: it has no wheel for every Python, so its
answers stand here. Made by ``pdqhash.compute`` on the luma in three equal channels."""


def reference(name: str) -> tuple[HashValue, int]:
    return HashValue.from_hex("pdq", 256, REFERENCE[name]["pdq"]), REFERENCE[name]["quality"]


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return cv2.cvtColor(np.asarray(picture.convert("RGB")), cv2.COLOR_RGB2GRAY)


@pytest.mark.parametrize("size", SIZES)
def test_pdq_agrees_with_the_reference(size: tuple[int, int]) -> None:
    for seed in range(3):
        luma = photo(seed, *size)
        expected, quality = reference(f"{seed}-{size[0]}x{size[1]}")
        own = pdq(luma)
        assert own.quality == quality
        assert own.value().distance_bits(expected) <= 2


def test_quality_of_plain_and_smooth_pictures_is_low() -> None:
    assert pdq(np.full((100, 100), 90, np.uint8)).quality == 0
    slope = np.tile(np.arange(256, dtype=np.uint8), (200, 1))
    assert pdq(slope).quality == reference("slope")[1] < 50


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (3, 3), (63, 63)])
def test_tiny_pictures_have_a_hash(shape: tuple[int, int]) -> None:
    assert pdq(np.full(shape, 7, np.uint8)).value().bits == 256


def test_eight_orientations_match_the_turned_pictures() -> None:
    luma = photo(5, 512, 512)
    hashed = pdq(luma)
    for orientation in ORIENTATIONS:
        turned = luma.T if orientation.transpose else luma
        turned = turned[:, ::-1] if orientation.flip_x else turned
        turned = turned[::-1] if orientation.flip_y else turned
        there = pdq(np.ascontiguousarray(turned)).value()
        # Picking every eighth pixel is not symmetric; this drawn picture is finer-grained than photographs.
        assert hashed.value(orientation).distance_bits(there) <= 26, orientation
    assert len({hashed.value(o).hex() for o in ORIENTATIONS}) == 8


def test_which_orientations_are_mirrored() -> None:
    assert not UPRIGHT.mirrored
    assert Orientation(False, True, False).mirrored
    assert not Orientation(False, True, True).mirrored
    assert Orientation(True, False, False).mirrored
    assert not Orientation(True, True, False).mirrored


@needs_data
def test_published_hashes() -> None:
    assert DATA is not None
    with (DATA / "hashes/pdq/PDQMD5TestData.csv").open() as table:
        rows = {Path(name).name: digits for name, digits in csv.reader(table)}
    compared = 0
    for path in sorted((DATA / "hashes/pdq/bridge-mods").glob("*.jpg")):
        if path.name in rows:
            expected = HashValue.from_hex("pdq", 256, rows[path.name])
            assert pdq(read(path)).value().distance_bits(expected) <= 10, path.name
            compared += 1
    assert compared >= 10


@pytest.mark.parametrize("name", sorted(name for name in REFERENCE if name.endswith(".jpg")))
def test_real_pictures_agree_with_the_reference(name: str) -> None:
    expected, quality = reference(name)
    own = pdq(read(FIXTURES / "known" / name))
    assert own.quality == quality
    assert own.value().distance_bits(expected) <= 4
