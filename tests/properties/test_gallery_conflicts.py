"""Which pictures of a gallery contradict each other does not depend on the order of the people."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaforensics.faces.conflicts import conflicts
from mediaforensics.faces.enrol import Portrait, by_person


@st.composite
def folders(draw):
    """People whose pictures are of one of a few faces each, mostly their own."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    faces = rng.normal(size=(4, 128))
    portraits = []
    for person in range(draw(st.integers(1, 4))):
        for nth in range(draw(st.integers(1, 4))):
            face = faces[draw(st.sampled_from([person, person, person, 0, 1, 2, 3]))]
            vector = face + draw(st.floats(0.3, 1.2)) * rng.normal(size=128)
            portraits.append(
                Portrait(
                    person_id=f"p{person}",
                    file=f"{nth}.jpg",
                    sha256="0" * 64,
                    embedding=(vector / np.linalg.norm(vector)).astype(np.float32),
                )
            )
    return portraits


def names(found):
    return {(portrait.person_id, portrait.file) for portrait, _ in found}


@settings(deadline=None, max_examples=150)
@given(folders(), st.randoms())
def test_the_order_of_the_people_changes_nothing(portraits, random):
    people = list(by_person(portraits).values())
    random.shuffle(people)
    assert names(conflicts([one for mine in people for one in mine])) == names(conflicts(portraits))


@settings(deadline=None, max_examples=150)
@given(folders())
def test_what_was_kept_contradicts_nothing_and_each_refusal_has_one_reason(portraits):
    found = conflicts(portraits)
    assert len(names(found)) == len(found)
    gone = names(found)
    left = [one for one in portraits if (one.person_id, one.file) not in gone]
    assert not conflicts(left)
