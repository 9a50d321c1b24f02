from __future__ import annotations

import numpy as np
import pytest
from lettering import ground, write

from mediaforensics.media.frame import View
from mediaforensics.text.regions import LineDetector, cut_out, rectangles
from mediaforensics.types import Quad


def probability(boxes, shape=(176, 320)):
    picture = np.zeros(shape, np.float32)
    for x0, y0, x1, y1 in boxes:
        picture[y0:y1, x0:x1] = 0.9
    return picture


def test_a_core_grows_back_to_the_line():
    ((corners, confidence),) = rectangles(probability([(50, 60, 200, 72)]))
    assert confidence == pytest.approx(0.9, abs=0.1)
    left, top = corners.min(axis=0)
    right, bottom = corners.max(axis=0)
    # Offset = 1.6 * area / perimeter of a 150 x 12 core, about 8.9.
    assert (left, top) == pytest.approx((41, 51), abs=2)
    assert (right, bottom) == pytest.approx((209, 81), abs=2)


def test_corners_run_clockwise_from_the_top_left():
    ((corners, _),) = rectangles(probability([(50, 60, 200, 72)]))
    assert corners[0, 0] < corners[1, 0] and corners[0, 1] == pytest.approx(corners[1, 1], abs=1)
    assert corners[2, 1] > corners[1, 1] and corners[3, 0] == pytest.approx(corners[0, 0], abs=1)


def test_faint_and_tiny_cores_are_left_out():
    assert rectangles(0.4 * probability([(50, 60, 200, 72)])) == []
    assert rectangles(probability([(50, 60, 51, 61)])) == []


def test_lines_are_found_where_they_are_and_from_top_to_bottom():
    picture = write(ground(), "The upper line", (640, 200))
    picture = write(picture, "and the lower one", (640, 500))
    lines = LineDetector().locate(View(picture, (1.0, 1.0)), 0.5)
    boxes = [line.quad.bounding_box() for line in lines]
    assert len(boxes) == 2
    assert boxes[0].y0 < 200 < boxes[0].y1 and boxes[1].y0 < 500 < boxes[1].y1


def test_nothing_is_found_on_a_plain_ground():
    assert LineDetector().locate(View(ground(3), (1.0, 1.0)), 0.5) == []


def test_views_are_mapped_back_to_source_pixels():
    picture = write(ground(), "The upper line", (640, 200))
    whole = LineDetector().locate(View(picture, (1.0, 1.0)), 0.5)[0].quad.bounding_box()
    part = View(np.ascontiguousarray(picture[100:420]), (1.0, 1.0), (0, 100))
    assert LineDetector().locate(part, 0.5)[0].quad.bounding_box().iou(whole) > 0.8


def test_an_even_ground_is_told_from_a_picture():
    picture = ground(1, brightness=250)
    picture[150:250, 300:980] = 230
    picture = write(picture, "Written on a bar", (640, 200), fill=(10, 10, 10))
    picture = write(picture, "Written on a picture", (640, 500), stroke_width=3, stroke_fill=(0, 0, 0))
    on_bar, on_picture = LineDetector().locate(View(picture, (1.0, 1.0)), 0.5)
    assert on_bar.bar == pytest.approx(230, abs=5)
    assert on_picture.bar is None


def test_a_turned_line_is_cut_out_upright():
    picture = np.zeros((200, 400, 3), np.uint8)
    picture[:, 100:200] = 250
    turned = Quad(((200, 20), (200, 180), (100, 180), (100, 20)))
    line = cut_out(View(picture, (1.0, 1.0)), turned, margin=0.0)
    assert line.shape == (100, 160, 3)
    assert line.mean() > 240
