"""Which pictures contradict each other, and which of them has to go."""

from __future__ import annotations

import numpy as np
import pytest
from made_portraits import direction, portrait, towards

from mediaforensics.faces.conflicts import conflicts, nearest_strangers
from mediaforensics.faces.embed import unit

A, B, C = direction(0), direction(1), direction(2)
NOISE = [direction(n) for n in range(10, 30)]


def refused(portraits):
    return {(p.person_id, p.file): why for p, why in conflicts(portraits)}


def several(person_id, face, count, noise=0, similarity=0.85):
    """Pictures of one face, 0.72 alike each other."""
    return [
        portrait(person_id, f"{n}.jpg", towards(face, NOISE[noise + n], similarity)) for n in range(count)
    ]


def test_good_pictures_stay():
    assert not refused(several("a", A, 4) + several("b", B, 3, noise=5) + several("c", C, 1, noise=9))
    assert not refused([])


def test_the_same_face_twice_in_nearly_one_vector_is_one_picture():
    first = portrait("a", "1.jpg", A)
    again = portrait("a", "2.jpg", towards(A, B, 0.98))
    other = portrait("a", "3.jpg", towards(A, B, 0.90))
    assert refused([first, again, other]) == {("a", "2.jpg"): "the same picture is enrolled already as 1.jpg"}


@pytest.mark.parametrize("seen", [lambda t: t, lambda t: t[:, ::-1]])
def test_one_photograph_is_recognised_by_what_it_shows_and_mirrored(seen):
    rng = np.random.default_rng(1)
    thumbnail = unit(rng.normal(size=1024)).reshape(32, 32)
    stranger = unit(rng.normal(size=1024)).reshape(32, 32)
    one = portrait("a", "1.jpg", A, thumbnail)
    assert ("a", "2.jpg") in refused([one, portrait("a", "2.jpg", towards(A, B, 0.8), seen(thumbnail))])
    assert not refused([one, portrait("a", "2.jpg", towards(A, B, 0.8), stranger)])
    assert not refused([one, portrait("a", "2.jpg", towards(A, B, 0.8), None)])


def test_a_picture_of_somebody_enrolled_goes_and_says_who_it_is():
    planted = portrait("a", "planted.jpg", towards(B, NOISE[15], 0.85))
    found = refused([*several("a", A, 3), planted, *several("b", B, 3, noise=5)])
    assert list(found) == [("a", "planted.jpg")]
    assert "the face of b" in found["a", "planted.jpg"]


def test_the_very_same_picture_under_two_people_stays_with_whom_it_is_like():
    same = towards(B, NOISE[15], 0.85)
    folder = [*several("a", A, 3), portrait("a", "same.jpg", same)]
    folder += [*several("b", B, 3, noise=5), portrait("b", "same.jpg", same)]
    assert list(refused(folder)) == [("a", "same.jpg")]


def test_one_face_with_one_picture_each_under_two_names_is_nobodys():
    found = refused([portrait("a", "1.jpg", A), portrait("b", "1.jpg", towards(A, C, 0.9))])
    assert "face of b" in found["a", "1.jpg"]
    assert "face of a" in found["b", "1.jpg"]


def test_people_who_look_alike_keep_the_pictures_that_are_more_like_their_own():
    twin = towards(A, B, 0.9)
    assert not refused(several("a", A, 3) + several("twin", twin, 3, noise=5))


def test_what_does_not_hang_together_with_most_pictures_goes():
    pair_of_another = [portrait("a", f"x{n}.jpg", towards(C, NOISE[15 + n], 0.85)) for n in range(2)]
    found = refused([*several("a", A, 3), *pair_of_another])
    assert sorted(found) == [("a", "x0.jpg"), ("a", "x1.jpg")]
    assert all("does not look like" in why for why in found.values())


def test_where_no_most_is_nobody_is_enrolled():
    found = refused([portrait("a", "1.jpg", A), portrait("a", "2.jpg", towards(A, B, 0.2))])
    assert sorted(found) == [("a", "1.jpg"), ("a", "2.jpg")]
    assert all("different faces" in why for why in found.values())
    assert not refused([portrait("a", "1.jpg", A), portrait("a", "2.jpg", towards(A, B, 0.5))])


def test_pictures_that_agree_through_a_third_are_one_person():
    """A face from the left is unlike one from the right; both are like the one from the front."""
    left, front, right = A, towards(A, B, 0.7), towards(A, B, 0.0)
    assert left @ right < 0.1
    assert not refused([portrait("a", f"{n}.jpg", v) for n, v in enumerate((left, front, right))])


def test_the_nearest_strangers_are_of_different_people():
    one, other = portrait("a", "1.jpg", A), portrait("a", "2.jpg", towards(A, C, 0.9))
    stranger = portrait("b", "1.jpg", towards(A, B, 0.4))
    a, b, similarity = nearest_strangers([one, other, stranger, portrait("c", "1.jpg", direction(40))])
    assert {a.person_id, b.person_id} == {"a", "b"}
    assert similarity == pytest.approx(0.4, abs=1e-3)
    assert nearest_strangers([one, other]) is None
    assert nearest_strangers([]) is None


def test_thousands_are_compared_in_blocks_and_nobody_is_forgotten():
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(2500, 128))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    folder = [portrait(f"p{n}", "1.jpg", v.astype(np.float32)) for n, v in enumerate(vectors)]
    folder.append(portrait("late", "1.jpg", folder[3].embedding))
    assert sorted(refused(folder)) == [("late", "1.jpg"), ("p3", "1.jpg")]
    found = nearest_strangers(folder)
    assert {found[0].person_id, found[1].person_id} == {"p3", "late"}
