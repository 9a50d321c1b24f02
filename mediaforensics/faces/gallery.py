"""Gallery: enrolled people, provenance, threshold as a function of gallery size.

::

    people/
      a_person/            the folder's name is the person_id
        person.toml        name, aliases, organisations, source, legal_basis, expires (all optional)
        one.jpg  two.png   pictures with one clear face each

Nothing is written. A picture that is refused is listed with the reason; an expired person is listed and not
matched, and no template of theirs is made.
"""

from __future__ import annotations

import datetime
import difflib
import hashlib
import json
import logging
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadGallery, MediaError
from mediaforensics.faces.embed import SFACE, Embedding
from mediaforensics.faces.enrol import Enroller, Portrait, conflicts
from mediaforensics.faces.locate import YUNET
from mediaforensics.faces.threshold import match_threshold
from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source
from mediaforensics.observations import Route
from mediaforensics.options import LimitOptions

_log = logging.getLogger(__name__)

_PERSON_FILE = "person.toml"
_MAX_PERSON_FILE_BYTES = 65_536
_SEVERAL_PICTURES = 3
_TEXT_KEYS = ("name", "source", "legal_basis")
_LIST_KEYS = ("aliases", "organisations")
_KEYS = (*_TEXT_KEYS, *_LIST_KEYS, "expires")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An enrolled person.

    Attributes
    ----------
    person_id : str
        The folder's name.
    name : str
        For sentences; the person_id with spaces where ``person.toml`` gives none.
    aliases, organisations : tuple of str
        Other names, and what they are known for: a threat that names one of these names the person.
    source, legal_basis : str or None
        Where the pictures come from and by what right they are compared; kept for the record.
    expires : date or None
        First day on which the person is no longer matched.
    pictures : int
        Pictures accepted.
    """

    person_id: str
    name: str
    aliases: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    source: str | None = None
    legal_basis: str | None = None
    expires: datetime.date | None = None
    pictures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPicture:
    """A file that was not enrolled, and why, in plain words."""

    person_id: str
    file: str
    why: str


class Gallery:
    """The people that may be named. Immutable and free of pictures: it holds templates only.

    Build it with :meth:`open`.

    Attributes
    ----------
    people : tuple of Person
        Who can be matched, by person_id.
    expired : tuple of Person
        Who is enrolled but no longer matched.
    refused : tuple of RefusedPicture
        Pictures that were not used.
    """

    def __init__(
        self,
        *,
        people: Sequence[Person],
        templates: Sequence[NDArray[np.float32]],
        expired: Sequence[Person] = (),
        refused: Sequence[RefusedPicture] = (),
        digest: str,
    ) -> None:
        if len(people) != len(templates) or not people:
            raise BadGallery("a gallery needs at least one person, and templates for each")
        self.people, self.expired, self.refused = tuple(people), tuple(expired), tuple(refused)
        self._templates = np.concatenate(templates).astype(np.float32)
        self._templates.setflags(write=False)
        self._starts = np.cumsum([0, *(len(t) for t in templates[:-1])])
        self._digest = digest

    def __len__(self) -> int:
        return len(self.people)

    def __bool__(self) -> bool:
        raise TypeError("a Gallery has no truth value; ask len(gallery)")

    def __repr__(self) -> str:
        return f"Gallery(people={len(self.people)}, expired={len(self.expired)}, refused={len(self.refused)})"

    @classmethod
    def open(cls, folder: str | os.PathLike[str], *, today: datetime.date | None = None) -> Gallery:
        """Enrol everybody in a folder.

        Parameters
        ----------
        folder : path
            One sub-folder per person; links inside are not followed.
        today : date, optional
            The day on which expiry is judged; the current one by default.

        Raises
        ------
        BadGallery
            Not a folder, a ``person.toml`` that cannot be read or has an unknown key, or nobody could be
            enrolled; the message says what to do.
        ModelMismatch
            A weight file is missing or altered.
        """
        root = Path(folder)
        if not root.is_dir():
            raise BadGallery(
                f"the gallery {root} is not a folder; give a folder with one sub-folder per person"
            )
        folders = sorted(entry.name for entry in os.scandir(root) if _is_person_folder(entry))
        if not folders:
            raise BadGallery(
                f"the gallery {root} has no sub-folders; put the pictures of each person in one of their own"
            )
        today = today or datetime.date.today()
        facts = {person_id: _read_person(root / person_id) for person_id in folders}
        active = [p for p in facts.values() if p.expires is None or today < p.expires]
        portraits, refused, seen = _portraits(root, active)
        bad = conflicts(portraits)
        refused += [RefusedPicture(person_id=p.person_id, file=p.file, why=why) for p, why in bad]
        rejected = {id(p) for p, _ in bad}
        people, templates = [], []
        for person in active:
            mine = [p for p in portraits if p.person_id == person.person_id and id(p) not in rejected]
            if mine:
                people.append(_with_pictures(person, len(mine)))
                templates.append(_templates(mine))
        expired = [p for p in facts.values() if p not in active]
        refused.sort(key=lambda r: (r.person_id, r.file))
        for one in refused:
            _log.warning("gallery picture refused: %s/%s: %s", one.person_id, one.file, one.why)
        if not people:
            reasons = [f"{r.person_id}/{r.file}: {r.why}" for r in refused[:10]]
            reasons += [f"{p.person_id}: expired on {p.expires}" for p in expired[:10]]
            raise BadGallery(f"nobody could be enrolled from {root}: {'; '.join(reasons) or 'no pictures'}")
        return cls(
            people=people,
            templates=templates,
            expired=expired,
            refused=refused,
            digest=_digest(people, expired, seen),
        )

    def similarities(self, embedding: Embedding) -> NDArray[np.float32]:
        """Cosine similarity to the nearest template of each person, in the order of ``people``.

        Parameters
        ----------
        embedding : ndarray, float32, shape (128,)
            Unit vector.
        """
        return np.maximum.reduceat(self._templates @ embedding, self._starts)

    def threshold(
        self, false_positive_identification_rate: float, route: Route = "plain", *, pooled: bool = False
    ) -> float:
        """Smallest similarity of a match, so that a stranger is matched with anybody at most this often."""
        pictures = sum(p.pictures for p in self.people) / len(self.people)
        rate = false_positive_identification_rate
        return match_threshold(len(self.people), pictures, rate, route, pooled=pooled)

    def digest(self) -> str:
        """SHA-256 over the pictures used, the people's facts, who has expired, and the models."""
        return self._digest


def _is_person_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")


def _portraits(
    root: Path, people: Sequence[Person]
) -> tuple[list[Portrait], list[RefusedPicture], dict[str, list[str]]]:
    """The usable faces of all pictures, the refused pictures, and the SHA-256 of every picture looked at."""
    enroller = Enroller()
    portraits: list[Portrait] = []
    refused: list[RefusedPicture] = []
    seen: dict[str, list[str]] = {}
    for person in people:
        folder = root / person.person_id
        files = sorted(
            e.name for e in os.scandir(folder) if e.name != _PERSON_FILE and not e.name.startswith(".")
        )
        for file in files:
            why: str | None
            try:
                with Source.open(folder / file, LimitOptions()) as source:
                    sha256 = source.digests.sha256
                    decoder = open_media(source)
                    try:
                        if decoder.kind == "video":
                            raise BadGallery("a video, not a picture")
                        frame = next(decoder.frames())
                        portrait, why = enroller.portrait(
                            person.person_id, file, sha256, frame, few=len(files) < _SEVERAL_PICTURES
                        )
                    finally:
                        decoder.close()
                seen.setdefault(person.person_id, []).append(sha256)
            except (MediaError, BadGallery) as error:
                portrait, why = None, str(error)
            if portrait is not None:
                portraits.append(portrait)
            if why is not None:
                refused.append(RefusedPicture(person_id=person.person_id, file=file, why=why))
    return portraits, refused, seen


def _templates(portraits: Sequence[Portrait]) -> NDArray[np.float32]:
    """The vectors of one person, shape (k, 128): each picture, and their mean if there are several."""
    each = np.stack([p.embedding for p in portraits])
    if len(portraits) == 1:
        return each
    mean = each.sum(axis=0, keepdims=True)
    return np.concatenate([each, mean / np.linalg.norm(mean)]).astype(np.float32)


def _read_person(folder: Path) -> Person:
    person_id = folder.name
    plain = Person(
        person_id=person_id, name=person_id.replace("_", " ").replace("-", " ").strip() or person_id
    )
    path = folder / _PERSON_FILE
    if not os.path.lexists(path):
        return plain
    try:
        with Source.open(path, LimitOptions(max_file_bytes=_MAX_PERSON_FILE_BYTES)) as source:
            table = tomllib.loads(source.read_at(0, source.size_bytes).decode("utf-8"))
    except (MediaError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadGallery(f"{person_id}/{_PERSON_FILE} cannot be read: {error}") from error
    where = f"{person_id}/{_PERSON_FILE}"
    for key in table:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.0)[0]
            raise BadGallery(
                f"{where}: {key!r} is not a known key; did you mean {near!r}? Known: {', '.join(_KEYS)}"
            )
    texts = {key: _text(table[key], f"{where}: {key}") for key in _TEXT_KEYS if key in table}
    lists = {key: _texts(table[key], f"{where}: {key}") for key in _LIST_KEYS if key in table}
    return Person(
        person_id=person_id,
        name=texts.get("name", plain.name),
        aliases=lists.get("aliases", ()),
        organisations=lists.get("organisations", ()),
        source=texts.get("source"),
        legal_basis=texts.get("legal_basis"),
        expires=_date(table["expires"], f"{where}: expires") if "expires" in table else None,
    )


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadGallery(f"{where} must be a text in quotes, not {value!r}")
    return value.strip()


def _texts(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise BadGallery(f'{where} must be a list such as ["one", "two"], not {value!r}')
    return tuple(_text(item, where) for item in value)


def _date(value: object, where: str) -> datetime.date:
    if isinstance(value, datetime.datetime):
        return value.date()
    if isinstance(value, datetime.date):
        return value
    try:
        return datetime.date.fromisoformat(str(value))
    except ValueError:
        raise BadGallery(f"{where} must be a date such as 2030-01-31, not {value!r}") from None


def _with_pictures(person: Person, pictures: int) -> Person:
    return Person(
        person_id=person.person_id,
        name=person.name,
        aliases=person.aliases,
        organisations=person.organisations,
        source=person.source,
        legal_basis=person.legal_basis,
        expires=person.expires,
        pictures=pictures,
    )


def _digest(people: Sequence[Person], expired: Sequence[Person], pictures: dict[str, list[str]]) -> str:
    facts = {
        "models": [YUNET.sha256, SFACE.sha256],
        "people": [
            [
                p.person_id,
                p.name,
                p.aliases,
                p.organisations,
                p.source,
                p.legal_basis,
                str(p.expires),
                p.pictures,
            ]
            for p in people
        ],
        "expired": [p.person_id for p in expired],
        "pictures": pictures,
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
