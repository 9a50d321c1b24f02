from __future__ import annotations

import numpy as np
from lettering import PictureFrame, ground, write

from mediaforensics.text.novelty import Novelty
from mediaforensics.text.presence import SIDE_PX, Edges, Imprint
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


def test_novelty_is_a_place_around_the_text():
    ((left, top, right, bottom),) = Novelty().places(edges(write(ground(), TEXT, (640, 200), 50)), (), ())
    assert top <= 85 and bottom >= 115 and bottom - top < 150
    assert left <= 170 and right >= 470 and right - left < 450


def test_texts_far_apart_are_places_apart():
    picture = write(write(ground(), "Harbour", (200, 100), 40), "Nobody came", (1000, 600), 40)
    places = Novelty().places(edges(picture), (), ())
    assert len(places) == 2 and places[0][1] < places[1][1]
    assert sum((x1 - x0) * (y1 - y0) for x0, y0, x1, y1 in places) < 640 * 360 / 3


def test_words_of_one_row_are_one_place():
    picture = write(write(ground(), "Harbour", (500, 300), 40), "Nobody came", (760, 300), 40)
    assert len(Novelty().places(edges(picture), (), ())) == 1


def test_what_drifts_was_looked_at_but_not_what_is_written_on_it():
    texture = np.random.default_rng(3).integers(0, 256, (80, 110, 3), np.uint8)
    texture = np.kron(texture, np.ones((3, 3, 1), np.uint8))

    def scene(shift):
        picture = ground()
        picture[300:540, 500 + shift : 830 + shift] = texture
        return picture

    novelty = Novelty()
    first = edges(scene(0))
    (place,) = novelty.places(first, (), ())
    novelty.looked_at(first, place)
    for shift in (6, 12, 18):
        assert novelty.places(edges(scene(shift)), (), [Box(0, 0, 1280, 720)]) == []
    assert novelty.places(edges(scene(40)), (), [Box(0, 0, 1280, 720)]) != []
    written = write(scene(12), TEXT, (700, 560), 50)
    assert novelty.places(edges(written), (), [Box(0, 0, 1280, 720)]) != []


def test_what_was_looked_at_is_no_longer_new():
    novelty, now = Novelty(), edges(write(ground(), TEXT, (640, 200), 50))
    for place in novelty.places(now, (), ()):
        novelty.looked_at(now, place)
    assert novelty.places(now, (), ()) == []
    changed = edges(write(ground(), "Nobody saw the boats", (640, 200), 50))
    novelty.places(changed, (), ())
    assert novelty.places(changed, (), ()) != []


def test_what_was_faint_is_new_again_when_it_is_strong():
    novelty = Novelty()
    faint = edges(write(ground(), TEXT, (640, 200), 50, opacity=0.3))
    novelty.places(faint, (), ())
    novelty.looked_at(faint, (0, 0, 640, 360))
    strong = edges(write(ground(), TEXT, (640, 200), 50))
    assert novelty.places(faint, (), ()) == []
    assert novelty.places(strong, (), ()) != []


def test_what_moves_waits_until_it_rests_or_is_said_to():
    novelty = Novelty()
    novelty.places(edges(ground()), (), ())
    first = edges(write(ground(), "before dawn", (640, 200), 170))
    assert novelty.places(first, (), ()) == []
    assert novelty.places(first, (), ()) != []
    other = Novelty()
    other.places(edges(ground()), (), ())
    assert other.places(first, (), [Box(300, 150, 980, 250)]) != []


def test_small_letters_are_looked_at_without_waiting():
    novelty = Novelty()
    novelty.places(edges(ground()), (), ())
    assert novelty.places(edges(write(ground(), TEXT, (640, 200), 36)), (), ()) != []


def test_known_texts_are_not_new():
    now = edges(write(ground(), TEXT, (640, 200), 50))
    assert Novelty().places(now, [Box(300, 150, 980, 250)], ()) == []


def test_soft_pictures_are_not_looked_at():
    for seed in range(5):
        assert Novelty().places(edges(ground(seed, 250)), (), ()) == []


def test_an_imprint_without_edges_is_never_found():
    nothing = edges(np.full((720, 1280, 3), 40, np.uint8))
    assert Imprint(nothing, [LINE]).find(nothing) is None


def test_what_came_to_rest_since_the_last_sample_is_looked_at():
    """A caption that came between two heartbeats stands still, though the last sample had nothing there."""
    bare, text = ground(), write(ground(), TEXT, (640, 360), 130, fill=(150, 150, 150))
    here, before = PictureFrame(text).luma(320), PictureFrame(bare).luma(320)
    found = []
    for lately in (None, (here, before), (here, here)):
        novelty = Novelty()
        first = edges(bare)
        novelty.looked_at(first, (0, 0, *first.x.shape[::-1]))
        novelty.places(first, (), ())
        found.append(novelty.places(edges(text), (), (), lately))
    assert found[0] == found[1] == [] and len(found[2]) == 1
