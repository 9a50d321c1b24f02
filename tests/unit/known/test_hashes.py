from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import av
import av.filter
import cv2
import numpy as np
import pytest
from known_pictures import fitted, photo
from PIL import Image

from mediaforensics.known.hashes import ORIENTATIONS, UPRIGHT, Orientation, pdq, pdq_of_view
from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions
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
    for hashed in (pdq(np.full(shape, 7, np.uint8)), pdq_of_view(np.full(shape, 7, np.uint8))):
        assert (hashed.value().bits, hashed.quality) == (256, 0)


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


@pytest.mark.parametrize("side_px", [160, 240, 320, 480])
def test_a_reduced_view_hashes_much_like_its_picture(side_px: int) -> None:
    away, plainly_away = [], []
    for seed in range(6):
        luma = photo(seed, 1280, 960)
        whole, view = pdq(luma).value(), fitted(luma, side_px, side_px * 3 // 4)
        away.append(pdq_of_view(view).value().distance_bits(whole))
        plainly_away.append(pdq(view).value().distance_bits(whole))
    assert max(away) <= 14
    assert np.mean(away) < np.mean(plainly_away) / 1.5


def test_a_large_view_hashes_as_it_is() -> None:
    for luma in (photo(1, 640, 640), photo(2, 1100, 800)):
        assert pdq_of_view(luma).value() == pdq(luma).value()


def test_hashing_a_view_is_hashing_it_enlarged() -> None:
    view = photo(4, 480, 270)
    enlarged = cv2.resize(view.astype(np.float32), (640, 640), interpolation=cv2.INTER_LINEAR)
    assert pdq_of_view(view).value().distance_bits(pdq(enlarged).value()) <= 2


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


DIHEDRAL = {
    "1-original": ("f8f8f0cce0f4e84d0e370a22028f67f0b36e2ed596623e1d33e6339c4e9c9b22", UPRIGHT),
    "2-rotate-90": (
        "b0a10efd71cc3f429413d48d0ffffe12e34e0e17ada952a9d29684210aa9e5af",
        Orientation(True, False, True),
    ),
    "3-rotate-180": (
        "adad5a64b5a142e55362a09057dacd5ae63b847fc23794b766b319361fc93188",
        Orientation(False, True, True),
    ),
    "4-rotate-270": (
        "a5f4a457a48995e8c9065c275aaa5498b61ba4bdf8fcf80387c32f8b0bfc4f05",
        Orientation(True, True, False),
    ),
    "5-flipx": (
        "f8f80f31e0f417b00e37f5cd028f980fb36ed02a9662c1e233e6cc634e9c64dd",
        Orientation(False, False, True),
    ),
    "6-flipy": (
        "8dad2599b1a1bd1853625f6553da32a1e63b7280c2374b4866b366c91bc9ce77",
        Orientation(False, True, False),
    ),
    "7-flip-plus-1": (
        "f0a1f102f1dcc0bd9c5309720fff018de34ef1e8ada9a956d2967ade0ea91a50",
        Orientation(True, False, False),
    ),
    "8-flip-minus-1": (
        "a5f05ba8a4896a17c106a3da5aaaab07b61b5b42f8fc07fc83c3d0740bfcb0fa",
        Orientation(True, True, True),
    ),
}
"""Published values of one photograph turned eight ways, and the turn in our words."""


@needs_data
@pytest.mark.parametrize("name", DIHEDRAL)
def test_published_hashes_of_eight_orientations(name: str) -> None:
    assert DATA is not None
    folder = DATA / "hashes/pdq/reg/dih"
    expected = HashValue.from_hex("pdq", 256, DIHEDRAL[name][0])
    assert pdq(read(folder / f"bridge-{name}.jpg")).value().distance_bits(expected) <= 10
    original = pdq(read(folder / "bridge-1-original.jpg"))
    assert original.value(DIHEDRAL[name][1]).distance_bits(expected) <= 10


def test_all_values_at_once_are_those_one_by_one() -> None:
    hashed = pdq(photo(3))
    assert [row.tobytes() for row in hashed.values()] == [hashed.value(o).value for o in ORIENTATIONS]


def test_a_crop_need_not_be_copied() -> None:
    part = photo(3)[31:300, 7:401].T
    assert not part.flags.c_contiguous
    assert pdq(part).value() == pdq(part.copy()).value()


def video_hashes(name: str) -> list[tuple[HashValue, int]]:
    assert DATA is not None
    lines = (DATA / "hashes/vpdq" / f"{name}.txt").read_text().split()
    rows = [line.split(",") for line in lines]
    return [(HashValue.from_hex("pdq", 256, digits), int(quality)) for _, quality, digits, _ in rows]


VIDEOS = (
    "chair-19-sd-bar",
    "chair-22-sd-grey-bar",
    "chair-22-with-large-logo-bar",
    "chair-orig-22-sd-bar",
    "doorknob-hd-no-bar",
    "pattern-sd-grey-bar",
)


@needs_data
@pytest.mark.parametrize("name", ["doorknob-hd-no-bar", "pattern-sd-grey-bar", "chair-19-sd-bar"])
def test_published_hashes_of_video_frames_from_the_same_pixels(name: str) -> None:
    """The publishers' pixels are RGB that swscale makes with exact rounding; their luma is not rounded."""
    assert DATA is not None
    away = []
    with av.open(str(DATA / "hashes/vpdq" / f"{name}.mp4")) as container:
        stream = container.streams.video[0]
        graph = av.filter.Graph()
        source = graph.add_buffer(template=stream)
        scale = graph.add("scale", "flags=bicubic+accurate_rnd")
        form, sink = graph.add("format", "rgb24"), graph.add("buffersink")
        source.link_to(scale)
        scale.link_to(form)
        form.link_to(sink)
        graph.configure()
        for frame, (expected, quality) in zip(container.decode(stream), video_hashes(name), strict=True):
            graph.push(frame)
            luma = graph.pull().to_ndarray() @ np.array([0.299, 0.587, 0.114], np.float32)
            if quality >= 50:
                away.append(pdq(luma).value().distance_bits(expected))
    assert max(away) <= 10
    assert np.mean(away) <= 1


@needs_data
def test_published_hashes_of_video_frames_from_the_luma_of_the_package() -> None:
    """Luma in whole grey levels moves the hash of a frame of little contrast: all six far ones are those."""
    assert DATA is not None
    away = []
    for name in VIDEOS:
        with Source.open(DATA / "hashes/vpdq" / f"{name}.mp4", LimitOptions()) as source:
            frames = open_media(source).frames()
            for frame, (expected, quality) in zip(frames, video_hashes(name), strict=True):
                if quality >= 50:
                    luma = frame.luma(max(frame.size_px)).pixels
                    away.append(pdq(luma).value().distance_bits(expected))
    assert len(away) == 2849
    assert np.mean(away) <= 1
    assert (np.array(away) > 10).sum() <= 6
    assert max(away) <= 16


@pytest.mark.parametrize("name", sorted(name for name in REFERENCE if name.endswith(".jpg")))
def test_real_pictures_agree_with_the_reference(name: str) -> None:
    expected, quality = reference(name)
    own = pdq(read(FIXTURES / "known" / name))
    assert own.quality == quality
    assert own.value().distance_bits(expected) <= 4
