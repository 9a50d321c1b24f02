"""A saved gallery holds whatever people are called, and whatever a file says is read or refused."""

import datetime
import hashlib
import json
import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mediaforensics.errors import BadGallery
from mediaforensics.faces.embed import SFACE
from mediaforensics.faces.enrol import Portrait
from mediaforensics.faces.locate import YUNET
from mediaforensics.faces.person import Person
from mediaforensics.faces.templates import read_templates, write_templates

ANY_TEXT = st.text(st.characters(), min_size=1, max_size=12)
WORDS = ANY_TEXT.map(str.strip).filter(bool)
DATES = st.dates(min_value=datetime.date(1, 1, 1))


@st.composite
def galleries(draw):
    people, portraits = [], []
    for person_id in draw(st.lists(ANY_TEXT, unique=True, max_size=4)):
        people.append(
            Person(
                person_id=person_id,
                name=draw(WORDS),
                aliases=tuple(draw(st.lists(WORDS, max_size=2))),
                organisations=tuple(draw(st.lists(WORDS, max_size=2))),
                source=draw(st.none() | WORDS),
                legal_basis=draw(st.none() | WORDS),
                expires=draw(st.none() | DATES),
            )
        )
        for nth in range(draw(st.integers(0, 3))):
            vector = np.random.default_rng(draw(st.integers(0, 99))).normal(size=128)
            portraits.append(
                Portrait(
                    person_id=person_id,
                    file=None,
                    sha256=hashlib.sha256(f"{len(people)} {nth}".encode()).hexdigest(),
                    embedding=(vector / np.linalg.norm(vector)).astype(np.float32),
                )
            )
    return people, portraits


def kept(people, portraits):
    return people, [(p.person_id, p.sha256, p.embedding.tobytes()) for p in portraits]


@settings(deadline=None, max_examples=60)
@given(galleries())
def test_any_gallery_is_read_back_as_it_was_written(gallery):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "g"
        write_templates(path, *gallery)
        assert kept(*read_templates(path)) == kept(*gallery)


@settings(deadline=None, max_examples=60)
@given(galleries(), st.data())
def test_no_changed_byte_goes_unnoticed(gallery, data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "g"
        write_templates(path, *gallery)
        content = bytearray(path.read_bytes())
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
        path.write_bytes(content)
        try:
            read_templates(path)
        except BadGallery:
            return
        raise AssertionError("a changed gallery was read")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
PERSON = st.fixed_dictionaries(
    {},
    optional={
        "person_id": st.text(max_size=3) | JSON,
        "facts": st.dictionaries(st.sampled_from(["name", "aliases", "expires", "x"]), JSON) | JSON,
        "pictures": st.lists(st.just("0" * 64), max_size=2) | JSON,
    },
)
FACTS = st.fixed_dictionaries(
    {"people": st.lists(PERSON, max_size=3) | JSON},
    optional={"models": st.just([YUNET.sha256, SFACE.sha256]) | JSON},
)


@settings(deadline=None, max_examples=200)
@given(FACTS | JSON, st.binary(max_size=40) | st.integers(0, 3))
def test_whatever_a_file_says_it_is_read_or_refused(facts, tail):
    vector = np.zeros(128, "<f4")
    vector[0] = 1
    rows = tail if isinstance(tail, bytes) else vector.tobytes() * tail
    body = json.dumps(facts).encode() + b"\n" + rows
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "g"
        first = b"mediaforensics-gallery/1 " + hashlib.sha256(body).hexdigest().encode()
        path.write_bytes(first + b"\n" + body)
        try:
            people, portraits = read_templates(path)
        except BadGallery:
            return
        assert {p.person_id for p in portraits} <= {p.person_id for p in people}
