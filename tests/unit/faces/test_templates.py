"""A saved gallery: what is written is read back, and nothing else is believed."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import stat

import numpy as np
import pytest
from made_portraits import direction, portrait

from mediaforensics.errors import BadGallery, OptionError
from mediaforensics.faces.person import Person
from mediaforensics.faces.templates import is_saved, read_templates, write_templates

PEOPLE = [
    Person(
        person_id="a",
        name="A \u202eevil\nB",
        aliases=("x", "y"),
        organisations=("O",),
        source="S",
        legal_basis="L",
        expires=datetime.date(2031, 1, 2),
    ),
    Person(person_id="b\udcff", name="B"),
    Person(person_id=" ", name=" "),
    Person(person_id="gone", name="Gone", expires=datetime.date(2001, 1, 1)),
]
PORTRAITS = [
    portrait("a", "1.jpg", direction(1)),
    portrait("a", "2.jpg", direction(2)),
    portrait("b\udcff", "1.jpg", direction(3)),
]


@pytest.fixture
def saved(tmp_path):
    write_templates(tmp_path / "people.gallery", PEOPLE, PORTRAITS)
    return tmp_path / "people.gallery"


def forged(path, change=lambda facts: None, rows=None):
    """Rewrite a saved file with other facts or templates and a checksum that fits them."""
    body = path.read_bytes().split(b"\n", 1)[1]
    facts, _, tail = body.partition(b"\n")
    table = json.loads(facts)
    changed = change(table)
    table = table if changed is None else changed
    body = json.dumps(table).encode() + b"\n" + (tail if rows is None else rows)
    path.write_bytes(b"mediaforensics-gallery/1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def test_what_is_written_is_read_back(saved):
    people, portraits = read_templates(saved)
    assert people == PEOPLE
    assert [(p.person_id, p.sha256) for p in portraits] == [(p.person_id, p.sha256) for p in PORTRAITS]
    for one, other in zip(portraits, PORTRAITS, strict=True):
        assert one.embedding.tobytes() == other.embedding.tobytes()
        assert one.file is None
        assert other.sha256[:12] in one.shown


def test_the_file_is_its_owners_and_the_same_every_time(saved):
    before = saved.read_bytes()
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    saved.chmod(0o644)
    old_umask = os.umask(0)
    try:
        write_templates(saved, PEOPLE, PORTRAITS)
    finally:
        os.umask(old_umask)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_no_file_name_of_a_picture_is_in_it(saved):
    assert b"1.jpg" not in saved.read_bytes()


def test_a_gallery_of_nobody_can_be_kept(tmp_path):
    write_templates(tmp_path / "empty", [], [])
    assert read_templates(tmp_path / "empty") == ([], [])


@pytest.mark.parametrize("other", ["a file", "a folder", "a link"])
def test_what_is_no_gallery_is_not_written_over(tmp_path, saved, other):
    path = tmp_path / "there"
    if other == "a file":
        path.write_text("mine")
    elif other == "a folder":
        path.mkdir()
    else:
        path.symlink_to(saved)
    assert not is_saved(path)
    with pytest.raises(OptionError, match="no saved gallery"):
        write_templates(path, PEOPLE, PORTRAITS)
    with pytest.raises(OptionError, match="does not exist"):
        write_templates(tmp_path / "nowhere" / "x", PEOPLE, PORTRAITS)


def test_every_cut_and_every_changed_byte_is_found(saved):
    data = saved.read_bytes()
    for length in [*range(0, len(data), 97), len(data) - 1]:
        saved.write_bytes(data[:length])
        with pytest.raises(BadGallery, match=r"people\.gallery"):
            read_templates(saved)
    for at in range(0, len(data), 53):
        saved.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        with pytest.raises(BadGallery):
            read_templates(saved)
    saved.write_bytes(data + b"x")
    with pytest.raises(BadGallery, match="damaged"):
        read_templates(saved)


def test_templates_of_other_networks_are_not_compared(saved):
    def other(facts):
        facts["models"][1] = "0" * 64

    forged(saved, other)
    with pytest.raises(BadGallery, match="other networks"):
        read_templates(saved)


def test_another_version_says_which_form_is_read(saved):
    saved.write_bytes(saved.read_bytes().replace(b"gallery/1", b"gallery/2", 1))
    with pytest.raises(BadGallery, match="mediaforensics-gallery/1"):
        read_templates(saved)
    assert is_saved(saved)


def set_first(key, value):
    return lambda facts: facts["people"][0].__setitem__(key, value)


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: [],
        lambda facts: {"models": facts["models"]},
        lambda facts: facts.__setitem__("people", 7),
        lambda facts: facts["people"].append("x"),
        lambda facts: facts["people"].append({**facts["people"][0], "pictures": []}),
        lambda facts: facts["people"][1].__delitem__("facts"),
        set_first("pictures", ["0" * 64] * 100_000),
        set_first("pictures", ["0" * 64]),
        set_first("pictures", ["../x", "y"]),
        set_first("pictures", "ab"),
        set_first("pictures", {"a": 1, "b": 2}),
        set_first("pictures", 2**70),
        set_first("person_id", None),
        set_first("person_id", ""),
        set_first("person_id", ["a"]),
        set_first("facts", {"nmae": "X"}),
        set_first("facts", {"name": 3}),
        set_first("facts", {"expires": "soon"}),
        set_first("facts", ["name"]),
        set_first("facts", None),
    ],
)
def test_facts_that_nobody_wrote_are_refused(saved, change):
    forged(saved, change)
    with pytest.raises(BadGallery, match=r"people\.gallery"):
        read_templates(saved)


@pytest.mark.parametrize(
    "value", [0.0, 2.0, np.nan, np.inf, 3e38], ids=["zero", "long", "nan", "inf", "huge"]
)
def test_a_template_that_is_no_unit_vector_is_refused(saved, value):
    rows = np.stack([p.embedding for p in PORTRAITS])
    rows[1] = value
    forged(saved, rows=rows.astype("<f4").tobytes())
    with pytest.raises(BadGallery, match="length 1"):
        read_templates(saved)


def test_deeply_nested_facts_are_refused(saved):
    body = b"[" * 200_000 + b"\n"
    saved.write_bytes(b"mediaforensics-gallery/1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    with pytest.raises(BadGallery):
        read_templates(saved)


def test_a_pickle_is_not_opened(tmp_path):
    import pickle

    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    (tmp_path / "x").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(BadGallery, match="mediaforensics gallery enrol"):
        read_templates(tmp_path / "x")
    assert not (tmp_path / "sprung").exists()


def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadGallery, match="pipe"):
        read_templates(tmp_path / "pipe")
