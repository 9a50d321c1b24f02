from __future__ import annotations

import numpy as np
from lettering import PictureFrame, ground, write

from mediaforensics.text.presence import SIDE_PX, Edges, Imprint, Novelty
from mediaforensics.types import Box, Quad

LINE = Quad(((340, 170), (940, 170), (940, 230), (340, 230)))
TEXT = "They left before dawn"


def edges(picture):
    return Edges.of(PictureFrame(picture).luma(SIDE_PX))


def imprint(seed=0):
    return Imprint(edges(write(ground(seed), TEXT, (640, 200), 50)), [LINE])


def test_a_text_is_known_again_before_another_picture():
    assert imprint().find(edges(write(ground(7, 160), TEXT, (640, 200), 50))) is not None


def test_a_half_faded_text_is_still_there_and_its_strength_says_so():
    sighting = imprint().find(edges(write(ground(), TEXT, (640, 200), 50, opacity=0.5)))
    assert sighting is not None and 0.3 < sighting.strength < 0.7 and not sighting.faint


def test_another_text_in_its_place_is_not_it():
    assert imprint().find(edges(write(ground(), "Nobody saw the boats", (640, 200), 50))) is None


def test_it_is_gone_when_it_is_gone():
    assert imprint().find(edges(ground())) is None


def test_a_text_that_moved_a_little_is_followed():
    sighting = imprint().find(edges(write(ground(), TEXT, (652, 208), 50)))
    assert sighting is not None and (sighting.dx, sighting.dy) == (6, 4)


def test_novelty_is_whole_rows_around_the_text():
    ((top, bottom),) = Novelty().strips(edges(write(ground(), TEXT, (640, 200), 50)), (), ())
    assert top <= 85 and bottom >= 115 and bottom - top < 150


def test_what_was_looked_at_is_no_longer_new():
    novelty, now = Novelty(), edges(write(ground(), TEXT, (640, 200), 50))
    for strip in novelty.strips(now, (), ()):
        novelty.looked_at(now, strip)
    assert novelty.strips(now, (), ()) == []
    changed = edges(write(ground(), "Nobody saw the boats", (640, 200), 50))
    novelty.strips(changed, (), ())
    assert novelty.strips(changed, (), ()) != []


def test_what_was_faint_is_new_again_when_it_is_strong():
    novelty = Novelty()
    faint = edges(write(ground(), TEXT, (640, 200), 50, opacity=0.3))
    novelty.strips(faint, (), ())
    novelty.looked_at(faint, (0, 360))
    strong = edges(write(ground(), TEXT, (640, 200), 50))
    assert novelty.strips(faint, (), ()) == []
    assert novelty.strips(strong, (), ()) != []


def test_what_moves_waits_until_it_rests_or_is_said_to():
    novelty = Novelty()
    novelty.strips(edges(ground()), (), ())
    first = edges(write(ground(), "before dawn", (640, 200), 170))
    assert novelty.strips(first, (), ()) == []
    assert novelty.strips(first, (), ()) != []
    other = Novelty()
    other.strips(edges(ground()), (), ())
    assert other.strips(first, (), [Box(300, 150, 980, 250)]) != []


def test_small_letters_are_looked_at_without_waiting():
    novelty = Novelty()
    novelty.strips(edges(ground()), (), ())
    assert novelty.strips(edges(write(ground(), TEXT, (640, 200), 36)), (), ()) != []


def test_known_texts_are_not_new():
    now = edges(write(ground(), TEXT, (640, 200), 50))
    assert Novelty().strips(now, [Box(300, 150, 980, 250)], ()) == []


def test_soft_pictures_are_not_looked_at():
    for seed in range(5):
        assert Novelty().strips(edges(ground(seed, 250)), (), ()) == []


def test_an_imprint_without_edges_is_never_found():
    nothing = edges(np.full((720, 1280, 3), 40, np.uint8))
    assert Imprint(nothing, [LINE]).find(nothing) is None
