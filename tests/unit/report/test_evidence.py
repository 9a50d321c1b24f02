"""Which pictures are kept, how they come back, and what keeps the memory flat."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

from mediaforensics.media.frame import View
from mediaforensics.options import EvidenceOptions
from mediaforensics.report import evidence
from mediaforensics.report.evidence import EvidenceKeeper
from mediaforensics.types import Timestamp


@dataclass
class DrawnFrame:
    """A frame of one colour (and some noise, so that its JPEG has a size), which counts its views."""

    ticks: int
    colour: int = 100
    views: int = 0
    size_px: tuple[int, int] = (640, 360)

    @property
    def time(self):
        return Timestamp(self.ticks, Fraction(1, 25))

    def rgb(self, max_side_px=None):
        self.views += 1
        assert max_side_px == 320
        noise = np.random.default_rng(self.ticks).integers(0, 9, (180, 320, 3), dtype=np.uint8)
        return View(pixels=noise + np.uint8(self.colour), source_per_view=(2.0, 2.0))


@pytest.fixture
def keeper():
    with EvidenceKeeper(EvidenceOptions(side_px=320, max_pictures=3)) as keeper:
        yield keeper


def colour_of(picture) -> int:
    with Image.open(io.BytesIO(picture.jpeg)) as image:
        assert image.size == (320, 180)
        return round(np.asarray(image).mean())


def test_a_picture_comes_back_with_its_time_hash_and_sizes(keeper):
    frame = DrawnFrame(ticks=10)
    keeper.offer(frame, ["face"], 1.0)
    (picture,) = keeper.pictures({"face": ["f1", "o1"]})
    assert picture.time == Timestamp(2, Fraction(1, 5))
    assert picture.of == ("f1", "o1")
    assert (picture.size_px, picture.frame_size_px) == ((320, 180), (640, 360))
    assert picture.frame_sha256 == hashlib.sha256(frame.rgb(320).pixels.tobytes()).hexdigest()
    assert abs(colour_of(picture) - 104) <= 1


def test_the_clearest_picture_of_each_thing_stays(keeper):
    first, same, better, worse = (DrawnFrame(n, 50 * n) for n in (1, 2, 3, 4))
    keeper.offer(first, ["face"], 100.0)
    keeper.offer(same, ["face"], 100.0)
    assert same.views == 0
    keeper.offer(better, ["face"], 100.1)
    keeper.offer(worse, ["face"], 99.0)
    (picture,) = keeper.pictures({"face": ["f1"]})
    assert picture.time == better.time
    assert abs(colour_of(picture) - 154) <= 1


def test_what_is_replaced_at_once_is_never_compressed(keeper):
    for n in range(50):
        keeper.offer(DrawnFrame(n), ["face", "overlay"], float(n))
    assert keeper._end == 0
    (picture,) = keeper.pictures({"face": ["f1"], "overlay": ["o1"]})
    assert picture.time.pts == 49
    assert keeper._end == len(picture.jpeg)


def test_a_clarity_may_be_below_zero(keeper):
    keeper.offer(DrawnFrame(1), ["known"], -40.0)
    keeper.offer(DrawnFrame(2), ["known"], -36.0)
    keeper.offer(DrawnFrame(3), ["known"], -41.0)
    assert keeper.pictures({"known": ["k1"]})[0].time.pts == 2


def test_one_frame_is_compressed_once_for_all_that_it_shows(keeper):
    frame = DrawnFrame(1)
    keeper.offer(frame, ["a", "b"], 1.0)
    keeper.offer(frame, ["c"], 7.0)
    assert frame.views == 1
    (picture,) = keeper.pictures({"c": ["f3"], "a": ["f1"], "b": ["f2", "f1"]})
    assert picture.of == ("f3", "f1", "f2")


def test_the_first_wanted_stay_when_there_are_too_many_and_all_are_in_time_order(keeper):
    for ticks in range(6):
        keeper.offer(DrawnFrame(ticks), [ticks], 1.0)
    wanted = {5: ["x5"], 1: ["x1"], 3: ["x3"], 0: ["x0"], "never seen": ["x9"], 2: []}
    assert [picture.of for picture in keeper.pictures(wanted)] == [("x1",), ("x3",), ("x5",)]


def test_what_is_remembered_is_bounded(keeper, caplog):
    bound = 3 * evidence._KEPT_PER_PICTURE
    for ticks in range(bound + 5):
        keeper.offer(DrawnFrame(ticks), [ticks], 1.0)
    assert len(caplog.records) == 1
    assert keeper.pictures({bound: ["late"]}) == ()
    assert len(keeper.pictures({bound - 1: ["in time"]})) == 1


def test_replaced_pictures_give_their_room_back(monkeypatch):
    monkeypatch.setattr(evidence, "_WASTE_BYTES", 50_000)
    with EvidenceKeeper(EvidenceOptions(side_px=320)) as keeper:
        keeper.offer(DrawnFrame(0, colour=30), ["still"], 1.0)
        for step in range(1, 120):
            keeper.offer(DrawnFrame(step, colour=step), ["growing", ("passing", step % 12)], float(step))
        assert keeper._end < 3 * 50_000
        still, growing = keeper.pictures({"still": ["a"], "growing": ["b"]})
    assert (still.time.pts, growing.time.pts) == (0, 119)
    assert abs(colour_of(still) - 34) <= 1
    assert abs(colour_of(growing) - 123) <= 1


def test_the_same_offers_give_the_same_bytes():
    def run():
        with EvidenceKeeper(EvidenceOptions(side_px=320)) as keeper:
            for ticks in range(5):
                keeper.offer(DrawnFrame(ticks), ["a", ticks], 1.5**ticks)
            return [
                (p.time, p.of, p.jpeg)
                for p in keeper.pictures({"a": ["f1"], **{n: [f"t{n}"] for n in range(5)}})
            ]

    assert run() == run()


@pytest.mark.parametrize("clarity", [float("nan"), float("inf")])
def test_a_clarity_that_cannot_be_compared_is_refused(keeper, clarity):
    with pytest.raises(ValueError, match="clarity"):
        keeper.offer(DrawnFrame(1), ["a"], clarity)
