from __future__ import annotations

import math

import pytest

from mediaforensics.text.layout import messages
from mediaforensics.text.regions import Line
from mediaforensics.types import Quad


def line(x0, y0, x1, y1, bar=None):
    return Line(quad=Quad(((x0, y0), (x1, y0), (x1, y1), (x0, y1))), confidence=0.9, bar=bar)


def test_centred_lines_are_one_message_from_top_to_bottom():
    low, top, middle = line(400, 200, 600, 240), line(300, 100, 700, 140), line(350, 150, 650, 190)
    (message,) = messages([low, top, middle])
    assert message.lines == (top, middle, low)
    assert message.box.as_list() == [300, 100, 700, 240]


def test_left_and_right_aligned_lines_are_one_message():
    assert len(messages([line(100, 100, 500, 140), line(100, 150, 300, 190)])) == 1
    assert len(messages([line(100, 100, 500, 140), line(300, 150, 500, 190)])) == 1


def test_stretches_of_one_row_are_joined_from_left_to_right():
    right, left = line(330, 102, 500, 141), line(100, 100, 300, 140)
    (message,) = messages([right, left])
    assert message.rows == ((left, right),)


def test_what_is_far_apart_unaligned_or_of_another_size_stays_apart():
    first = line(100, 100, 500, 140)
    assert len(messages([first, line(100, 400, 500, 440)])) == 2
    assert len(messages([first, line(160, 150, 900, 190)])) == 2
    assert len(messages([first, line(100, 150, 500, 250)])) == 2
    assert len(messages([first, line(800, 100, 1000, 140)])) == 2


def test_two_bars_are_two_messages():
    assert len(messages([line(100, 100, 500, 140, bar=40.0), line(100, 145, 400, 185, bar=230.0)])) == 2
    assert len(messages([line(100, 100, 500, 140, bar=40.0), line(100, 145, 400, 185, bar=45.0)])) == 1


def test_the_order_of_arrival_does_not_matter():
    lines = [line(300, 100 + 50 * i, 700, 140 + 50 * i) for i in range(4)] + [line(50, 600, 200, 630)]
    assert messages(lines) == messages(lines[::-1])


def test_moving_keeps_the_shape():
    (message,) = messages([line(100, 100, 500, 140)])
    assert message.moved(10, -5).box.as_list() == [110, 95, 510, 135]


def turned(degrees, x, y, length=400, height=40):
    """A line that begins at (x, y)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    corners = [(0, 0), (length, 0), (length, height), (0, height)]
    return Line(
        quad=Quad(tuple((x + a * cos - b * sin, y + a * sin + b * cos) for a, b in corners)), confidence=0.9
    )


@pytest.mark.parametrize("degrees", [-20, -12, 12, 20, 90, -90])
def test_slanted_and_upended_lines_are_one_message_in_their_own_order(degrees):
    down = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    lines = [turned(degrees, 600 - 50 * n * down[1], 400 + 50 * n * down[0]) for n in range(3)]
    (message,) = messages(lines[::-1])
    assert message.lines == tuple(lines)
    assert message.upended == (abs(degrees) == 90)


def test_lines_of_different_slant_are_messages_apart():
    assert len(messages([turned(0, 300, 300), turned(25, 300, 350)])) == 2


def test_the_other_way_begins_at_the_other_end():
    lines = [turned(90, 600 - 50 * n, 100) for n in range(2)]
    (message,) = messages(lines)
    other = message.other_way()
    assert other.other_way() == message and other.box == message.box
    assert other.lines[0].quad.corners[0] == message.lines[1].quad.corners[2]
