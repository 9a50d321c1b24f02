"""Person: who somebody in the gallery is, as ``person.toml`` says it."""

from __future__ import annotations

import datetime
import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediaforensics.errors import BadGallery, MediaError
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions

PERSON_FILE = "person.toml"
_MAX_PERSON_FILE_BYTES = 65_536
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

    def expired(self, today: datetime.date) -> bool:
        """Whether the person is no longer to be matched on this day."""
        return self.expires is not None and today >= self.expires

    def facts(self) -> dict[str, Any]:
        """What ``person.toml`` would say, as plain data; ``person_of`` reads it back."""
        facts = {key: value for key in _TEXT_KEYS if (value := getattr(self, key)) is not None}
        if self.name == _plain_name(self.person_id):
            del facts["name"]
        facts |= {key: list(value) for key in _LIST_KEYS if (value := getattr(self, key))}
        return facts if self.expires is None else {**facts, "expires": self.expires.isoformat()}


def read_person(folder: Path) -> Person:
    """The person of a folder.

    Raises
    ------
    BadGallery
        ``person.toml`` cannot be read, or has an unknown key or a wrong value.
    """
    path = folder / PERSON_FILE
    if not os.path.lexists(path):
        return person_of(folder.name, {}, folder.name)
    where = f"{folder.name}/{PERSON_FILE}"
    try:
        with Source.open(path, LimitOptions(max_file_bytes=_MAX_PERSON_FILE_BYTES)) as source:
            table = tomllib.loads(source.read_at(0, source.size_bytes).decode("utf-8"))
    except (MediaError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise BadGallery(f"{where} cannot be read: {error}") from error
    return person_of(folder.name, table, where)


def person_of(person_id: str, facts: Mapping[str, object], where: str) -> Person:
    """A person of plain data.

    Raises
    ------
    BadGallery
        An unknown key or a wrong value; the message begins with ``where``.
    """
    for key in facts:
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, n=1, cutoff=0.0)[0]
            raise BadGallery(
                f"{where}: {key!r} is not a known key; did you mean {near!r}? Known: {', '.join(_KEYS)}"
            )
    texts = {key: _text(facts[key], f"{where}: {key}") for key in _TEXT_KEYS if key in facts}
    lists = {key: _texts(facts[key], f"{where}: {key}") for key in _LIST_KEYS if key in facts}
    return Person(
        person_id=person_id,
        name=texts.get("name", _plain_name(person_id)),
        aliases=lists.get("aliases", ()),
        organisations=lists.get("organisations", ()),
        source=texts.get("source"),
        legal_basis=texts.get("legal_basis"),
        expires=_date(facts["expires"], f"{where}: expires") if "expires" in facts else None,
    )


def _plain_name(person_id: str) -> str:
    return person_id.replace("_", " ").replace("-", " ").strip() or person_id


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
