from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from lettering import PictureFrame, ground, sample, write

from mediaforensics.media.sample import GLIMPSE_SIDE_PX, Glimpse
from mediaforensics.text.lifetime import History, Trace, first_visible, first_without
from mediaforensics.types import Quad, Timestamp

LINE = Quad(((340, 170), (940, 170), (940, 230), (340, 230)))
TEXT, OTHER = "They left before dawn", "Nobody saw the boats"


def at(number):
    return Timestamp(number, Fraction(1, 25))


def glimpse(picture, number):
    return Glimpse(time=at(number), view=PictureFrame(picture).luma(GLIMPSE_SIDE_PX))


def film(opacity, *, behind=lambda number: ground(), text=TEXT):
    """A glimpse for each frame."""
    return [
        glimpse(write(behind(n), text, (640, 200), 40, opacity=a) if a else behind(n), n)
        for n, a in enumerate(opacity)
    ]


def textured(number):
    """Ground that stands still and has edges like letters."""
    return write(ground(), "HHMMHHMMHHMMHHMM", (640, 204), 44, fill=(90, 90, 90))


def burning(number):
    return ground(number // 2, 200)


BEHIND = pytest.mark.parametrize("behind", [lambda number: ground(), textured, burning])


@BEHIND
def test_a_text_that_is_there_at_once_begins_with_its_frame(behind):
    glimpses = film([0] * 20 + [1] * 8, behind=behind)
    trace = Trace.of(glimpses[-1].view, [LINE])
    assert first_visible(trace, glimpses[::-1]) == at(20)


@BEHIND
def test_a_text_that_goes_at_once_ends_with_the_first_frame_without_it(behind):
    glimpses = film([1] * 15 + [0] * 10, behind=behind)
    trace = Trace.of(glimpses[0].view, [LINE])
    assert first_without(trace, glimpses[5:], glimpses[:5]) == at(15)


@BEHIND
@pytest.mark.parametrize("length", [5, 12, 20])
def test_fades_belong_to_a_text(behind, length):
    fade = [(n + 1) / length for n in range(length)]
    glimpses = film([0] * 20 + fade + [1] * 5 + fade[::-1] + [0] * 15, behind=behind)
    stands = 20 + length + 3
    trace = Trace.of(glimpses[stands].view, [LINE])
    came, went = first_visible(trace, glimpses[stands::-1]), first_without(trace, glimpses[stands:])
    assert 20 <= came.pts <= 24
    assert len(glimpses) - 15 - 4 <= went.pts <= len(glimpses) - 15 + 1


def test_the_text_before_it_in_the_same_place_is_not_its_beginning():
    glimpses = film([1] * 20, text=OTHER) + film([0] * 20 + [1] * 10)[20:]
    trace = Trace.of(glimpses[-1].view, [LINE])
    assert first_visible(trace, glimpses[::-1]) == at(20)
    trace = Trace.of(glimpses[5].view, [LINE])
    assert first_without(trace, glimpses[5:]) == at(20)


def test_what_was_always_there_begins_with_the_oldest_glimpse():
    glimpses = film([1] * 10)
    trace = Trace.of(glimpses[-1].view, [LINE])
    assert first_visible(trace, glimpses[::-1]) == at(0)


def test_the_history_forgets_and_stops_at_a_jump_of_the_clock():
    history = History()
    for n in range(100):
        history.add(sample(ground(), 0.04 * n))
    assert 2.4 <= float(at(99) - history.before(at(99))[-1].time) <= 2.7
    assert [g.time for g in history.after(at(97))] == [at(97), at(98), at(99)]
    history.add(sample(ground(), 60.0))
    assert len(history.before(at(1500))) == 1
    history.add(sample(ground()[:360].copy(), 60.04))
    assert len(history.before(at(1501))) == 1


def test_a_place_without_edges_leaves_no_trace():
    view = glimpse(np.full((720, 1280, 3), 40, np.uint8), 0).view
    assert Trace.of(view, [LINE]) is None
    assert Trace.of(view, [Quad(((0, 0), (1, 0), (1, 1), (0, 1)))]) is None
