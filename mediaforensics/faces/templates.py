"""Templates on the disk: a gallery without its pictures, in one plain file.

::

    mediaforensics-gallery/1 <SHA-256 of everything after this line>
    {"models": [...], "people": [{"person_id": ..., "facts": {...}, "pictures": ["<SHA-256>", ...]}, ...]}
    float32, little-endian, 128 of them for each picture, in the order in which the pictures are named

Reading it executes nothing and believes nothing: lengths are compared before anything is made of them. The
same gallery gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mediaforensics.disk import writing_whole
from mediaforensics.errors import BadGallery, MediaError, OptionError
from mediaforensics.faces.embed import SFACE
from mediaforensics.faces.enrol import Portrait, by_person
from mediaforensics.faces.locate import YUNET
from mediaforensics.faces.person import Person, person_of
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions

_FORM = b"mediaforensics-gallery/1"
"""The number is another one when what a template is made of changes: alignment, mirror image, length."""
_FIRST_LINE = re.compile(_FORM + rb" ([0-9a-f]{64})\n")
_DIGITS = 128
_ROW_BYTES = 4 * _DIGITS
_MAX_FILE_BYTES = 256 * 1024 * 1024
"""Half a million pictures."""
_MAX_FACTS_BYTES = 32 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")
_OWNER_ONLY = 0o600
_UNIT_TOLERANCE = 1e-3
_MODELS = [YUNET.sha256, SFACE.sha256]

Templates = tuple[list[Person], list[Portrait]]


def is_saved(path: Path) -> bool:
    """Whether a file begins as a saved gallery of any version does."""
    try:
        with Source.open(path) as source:
            return source.head.startswith(_FORM.partition(b"/")[0] + b"/")
    except (MediaError, OptionError):
        return False


def require_place(path: Path) -> None:
    """Check that a gallery may be written here: nothing is there, or a saved gallery.

    Raises
    ------
    OptionError
        Something else is there, or the folder does not exist.
    """
    if os.path.lexists(path) and not is_saved(path):
        raise OptionError(f"{path} exists and is no saved gallery; give another name")
    if not path.absolute().parent.is_dir():
        raise OptionError(f"cannot write {path}: its folder does not exist; create it first")


def write_templates(path: Path, people: Sequence[Person], portraits: Sequence[Portrait]) -> None:
    """Write a gallery, readable by its owner only; what was there before is replaced whole.

    Raises
    ------
    OptionError
        Something that is no saved gallery is at ``path``, or its folder does not exist.
    OSError
        It cannot be written.
    """
    require_place(path)
    listed, rows, pictures_of = [], [], by_person(portraits)
    for person in people:
        mine = pictures_of.get(person.person_id, [])
        rows += [one.embedding for one in mine]
        pictures = [one.sha256 for one in mine]
        listed.append({"person_id": person.person_id, "facts": person.facts(), "pictures": pictures})
    facts = json.dumps({"models": _MODELS, "people": listed}, sort_keys=True).encode() + b"\n"
    body = facts + np.array(rows, "<f4").tobytes()
    with writing_whole(path, mode=_OWNER_ONLY) as file:
        file.write(_FORM + b" " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def read_templates(path: Path) -> Templates:
    """Read what ``write_templates`` wrote: people, and their portraits in the same order.

    Raises
    ------
    BadGallery
        Not a saved gallery, cut short, altered, of another version or of other networks; the message says
        what to do.
    """
    try:
        with Source.open(path, LimitOptions(max_file_bytes=_MAX_FILE_BYTES)) as source:
            data = source.read_at(0, source.size_bytes)
    except (MediaError, OptionError) as error:
        raise BadGallery(f"the gallery {path} cannot be read: {error}") from error
    try:
        return _parsed(data)
    except BadGallery as error:
        raise BadGallery(f"the gallery {path}: {error}") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise BadGallery(f"the gallery {path} is not as this version writes it ({error!r})") from error


def _parsed(data: bytes) -> Templates:
    first = _FIRST_LINE.match(data)
    if first is None:
        raise BadGallery(
            f"no saved gallery of the form {_FORM.decode()}; make one with: mediaforensics gallery enrol"
        )
    body = memoryview(data)[first.end() :]
    if hashlib.sha256(body).hexdigest() != first[1].decode():
        raise BadGallery(
            "damaged: it was cut short or altered; take a copy of it, or enrol the pictures anew"
        )
    end = data.find(b"\n", first.end(), first.end() + _MAX_FACTS_BYTES)
    if end < 0:
        raise BadGallery("its facts have no end")
    facts = json.loads(data[first.end() : end])
    if facts["models"] != _MODELS:
        raise BadGallery("made with other networks than this version has; enrol the pictures anew")
    listed = list(facts["people"])
    vectors = _vectors(data[end + 1 :], sum(len(one["pictures"]) for one in listed))
    people: dict[str, Person] = {}
    portraits: list[Portrait] = []
    for one in listed:
        person_id, pictures = _checked(one)
        if person_id in people:
            raise BadGallery(f"{person_id} is in it twice")
        people[person_id] = person_of(person_id, one["facts"], person_id)
        for sha256 in pictures:
            vector = vectors[len(portraits)]
            portraits.append(Portrait(person_id=person_id, file=None, sha256=sha256, embedding=vector))
    return list(people.values()), portraits


def _vectors(data: bytes, count: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """The templates, shape (count, 128), each of length 1."""
    if len(data) != count * _ROW_BYTES:
        raise BadGallery(f"it names {count} pictures and has {len(data) / _ROW_BYTES:g} templates")
    vectors = np.frombuffer(data, "<f4").astype(np.float32).reshape(count, _DIGITS)
    lengths = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    if not np.all(np.abs(lengths - 1.0) < _UNIT_TOLERANCE):  # also of what is not a number
        raise BadGallery("a template has not the length 1")
    vectors.setflags(write=False)
    return vectors


def _checked(one: Mapping[str, Any]) -> tuple[str, list[str]]:
    person_id, pictures = one["person_id"], one["pictures"]
    if not isinstance(person_id, str) or not person_id:
        raise BadGallery(f"{person_id!r} is no person_id")
    if not isinstance(pictures, list) or not all(
        isinstance(p, str) and _SHA256.fullmatch(p) for p in pictures
    ):
        raise BadGallery(f"the pictures of {person_id} are not named by their SHA-256")
    return person_id, pictures
