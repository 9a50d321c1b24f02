from __future__ import annotations

import threading
from fractions import Fraction

import numpy as np
import pytest
from media_clips import scene

from mediaforensics.media.picture import (
    ArrayPixels,
    DecodedFrame,
    Orientation,
    light_on_nothing,
    over_background,
)
from mediaforensics.types import Box, Timestamp

# What a viewer does for each EXIF value, in the words of numpy.
TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: np.rot90(p, 2),
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, 1),
}
NAMES = {
    1: (0, False),
    2: (0, True),
    3: (180, False),
    4: (180, True),
    5: (90, True),
    6: (90, False),
    7: (270, True),
    8: (270, False),
}


def frame(pixels=None, orientation=1, aspect=Fraction(1)) -> DecodedFrame:
    return DecodedFrame(
        time=Timestamp(40, Fraction(1, 1000)),
        duration_s=Fraction(1, 25),
        stored=ArrayPixels(scene() if pixels is None else pixels),
        orientation=Orientation.from_exif(orientation),
        pixel_aspect=aspect,
    )


@pytest.mark.parametrize("exif", range(1, 9))
def test_all_eight_orientations(exif):
    upright = TURNS[exif](scene())
    orientation = Orientation.from_exif(exif)
    assert np.array_equal(orientation.apply(scene()), upright)
    assert (orientation.rotation_degrees, orientation.mirrored) == NAMES[exif]
    # Rotation clockwise first, then mirroring left-right, is what the two facts mean.
    said = np.rot90(scene(), -orientation.rotation_degrees // 90)
    assert np.array_equal(said[:, ::-1] if orientation.mirrored else said, upright)


@pytest.mark.parametrize("exif", range(1, 9))
def test_crops_of_turned_frames_are_where_the_box_says(exif):
    turned = frame(orientation=exif)
    whole = turned.rgb().pixels
    assert turned.size_px == (whole.shape[1], whole.shape[0])
    box = Box(5, 9, 31, 27)
    view = turned.crop(box)
    assert np.array_equal(view.pixels, whole[9:27, 5:31])
    assert view.box(0, 0, 26, 18) == box
    small = turned.crop(box, max_side_px=13)
    assert small.pixels.shape == (9, 13, 3)
    assert small.box(0, 0, 13, 9) == box


def test_crops_are_clipped_and_may_be_empty():
    assert frame().crop(Box(-10, -10, 4, 6)).pixels.shape == (6, 4, 3)
    assert frame().crop(Box(500, 500, 510, 510)).pixels.size == 0


def test_views_shrink_but_never_grow_and_map_back():
    view = frame().rgb(48)
    assert view.pixels.shape == (32, 48, 3)
    assert view.box(12, 8, 24, 16) == Box(24, 16, 48, 32)
    assert frame().rgb(1000).pixels.shape == (64, 96, 3)
    assert frame().luma(24).pixels.shape == (16, 24)


def test_stretched_pixels_are_seen_square_and_boxes_stay_in_source_pixels():
    wide = frame(aspect=Fraction(2))
    assert wide.size_px == (96, 64)
    view = wide.rgb()
    assert view.pixels.shape == (64, 192, 3)
    assert view.box(0, 0, 192, 64) == Box(0, 0, 96, 64)
    assert view.box(96, 0, 192, 64) == Box(48, 0, 96, 64)
    tall = frame(aspect=Fraction(1, 2))
    assert tall.luma(1000).pixels.shape == (128, 96)
    turned = frame(orientation=6, aspect=Fraction(2))
    assert turned.size_px == (64, 96)
    assert turned.rgb().pixels.shape == (192, 64, 3)
    crop = wide.crop(Box(10, 10, 20, 20))
    assert crop.pixels.shape == (10, 20, 3)
    assert crop.box(0, 0, 20, 10) == Box(10, 10, 20, 20)


def test_views_are_read_only_shared_and_say_no_pixels():
    one = frame()
    assert one.rgb(48) is one.rgb(48)
    assert one.luma(48) is one.luma(48)
    for view in (one.rgb(), one.rgb(48), one.luma(48), one.luma(500), one.crop(Box(0, 0, 9, 9))):
        with pytest.raises(ValueError, match="read-only"):
            view.pixels[0, 0] = 0
    assert repr(one) == "DecodedFrame(time_s=0.04, size_px=(96, 64))"


def test_what_a_view_shows_does_not_depend_on_what_was_asked_before():
    one, other = frame(orientation=6), frame(orientation=6)
    one.rgb()
    one.luma(90)
    first = one.rgb(33).pixels
    assert np.array_equal(first, other.rgb(33).pixels)
    other.rgb()
    assert np.array_equal(one.luma(40).pixels, other.luma(40).pixels)


def test_many_threads_get_the_same_view():
    class Counting(ArrayPixels):
        made = 0

        def luma(self, width, height):
            Counting.made += 1
            return super().luma(width, height)

    shared = DecodedFrame(
        time=Timestamp(0, Fraction(1)),
        duration_s=Fraction(0),
        stored=Counting(scene()),
        orientation=Orientation(),
    )
    gate, views = threading.Barrier(8), []

    def look():
        gate.wait()
        views.append(shared.luma(40))

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({id(view) for view in views}) == 1
    assert Counting.made == 1


def test_transparency_never_hides_what_is_visible():
    light = np.zeros((20, 20, 4), np.uint8)
    light[5:10] = (250, 250, 250, 255)
    dark = np.zeros((20, 20, 4), np.uint8)
    dark[5:10] = (10, 10, 10, 255)
    assert light_on_nothing(light) == 0
    assert light_on_nothing(dark) == 255
    assert light_on_nothing(np.zeros((4, 4, 4), np.uint8)) == 255
    half = np.full((300, 2, 4), (100, 100, 100, 128), np.uint8)
    assert set(np.unique(over_background(half, 255))) == {177}
    assert set(np.unique(over_background(half, 0))) == {50}
