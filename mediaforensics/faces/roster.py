"""Roster: who is enrolled with which pictures, from a folder, a saved file, or both.

::

    people/
      a_person/            the folder's name is the person_id
        person.toml        name, aliases, organisations, source, legal_basis, expires (all optional)
        one.jpg  two.png   pictures with one clear face each

A picture that is refused is listed with the reason. An expired person is listed, and no template of theirs
is made, read or written.
"""

from __future__ import annotations

import datetime
import difflib
import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mediaforensics.errors import BadGallery, OptionError
from mediaforensics.faces.conflicts import conflicts
from mediaforensics.faces.embed import SFACE
from mediaforensics.faces.enrol import Enroller, Portrait, RefusedPicture, by_person
from mediaforensics.faces.locate import YUNET
from mediaforensics.faces.person import PERSON_FILE, Person, person_of, read_person
from mediaforensics.faces.templates import read_templates, write_templates

_log = logging.getLogger(__name__)

_PICTURE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff"))
_LOOSE = "it lies beside the folders of the people; put it into the one of whom it shows"

OnProgress = Callable[[int], None]
"""Is told how many files were looked at."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Roster:
    """Enrolled people and their templates, on one day.

    Attributes
    ----------
    people : tuple of Person
        Everybody, by person_id, with the number of their pictures that are used.
    portraits : tuple of Portrait
        Those pictures, by person_id and SHA-256; none of anybody who has expired.
    refused : tuple of RefusedPicture
        Pictures of the folder just read that are not used.
    today : date
        The day on which expiry was judged.
    """

    people: tuple[Person, ...] = ()
    portraits: tuple[Portrait, ...] = ()
    refused: tuple[RefusedPicture, ...] = ()
    today: datetime.date

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        today: datetime.date | None = None,
        on_progress: OnProgress | None = None,
    ) -> Roster:
        """Read a folder of people or a saved file.

        Raises
        ------
        BadGallery
            Neither; a ``person.toml`` with a fault; or a saved file that is damaged or of other networks.
        ModelMismatch
            A weight file is missing or altered.
        """
        root, today = Path(path), today or datetime.date.today()
        if root.is_dir():
            return cls(today=today).with_folder(root, on_progress=on_progress)
        if not os.path.lexists(root):
            raise BadGallery(
                f"there is no gallery {root}; give a folder with one sub-folder per person, or a saved file"
            )
        people, portraits = read_templates(root)
        return cls._of(people, portraits, (), today)

    @classmethod
    def _of(
        cls,
        people: Iterable[Person],
        portraits: Iterable[Portrait],
        refused: Iterable[RefusedPicture],
        today: datetime.date,
    ) -> Roster:
        by_id = {p.person_id: p for p in people}
        kept = [one for one in portraits if not by_id[one.person_id].expired(today)]
        pictures = by_person(kept)
        return cls(
            people=tuple(replace(by_id[key], pictures=len(pictures.get(key, ()))) for key in sorted(by_id)),
            portraits=tuple(sorted(kept, key=lambda one: (one.person_id, one.sha256))),
            refused=tuple(sorted(refused, key=lambda one: (one.person_id, one.file))),
            today=today,
        )

    @property
    def matched(self) -> tuple[Person, ...]:
        """Who can be matched."""
        return tuple(p for p in self.people if p.pictures)

    @property
    def expired(self) -> tuple[Person, ...]:
        """Who is enrolled and no longer matched."""
        return tuple(p for p in self.people if p.expired(self.today))

    @property
    def without_picture(self) -> tuple[Person, ...]:
        """Who has not expired and cannot be matched, since no picture of theirs can be used."""
        return tuple(p for p in self.people if not p.pictures and not p.expired(self.today))

    @property
    def counted(self) -> str:
        """How many people and pictures, in words."""
        people = "1 person" if len(self.matched) == 1 else f"{len(self.matched)} people"
        expired = f", {len(self.expired)} expired" if self.expired else ""
        return f"{people} with {counted(len(self.portraits), 'picture')}{expired}"

    def with_folder(self, folder: Path, *, on_progress: OnProgress | None = None) -> Roster:
        """This roster and the people of a folder.

        Whoever is in both has the facts of the folder's ``person.toml``, where it has one, and all pictures.
        Every picture is judged anew among all of them, so that one enrolled before may be refused now.

        Raises
        ------
        BadGallery
            The folder has no sub-folders, or a ``person.toml`` with a fault.
        """
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        names = [entry.name for entry in entries if _is_person_folder(entry)]
        if not names:
            raise BadGallery(
                f"the gallery {folder} has no sub-folders; put each person's pictures in one of their own"
            )
        people = {p.person_id: p for p in self.people}
        for name in names:
            person = read_person(folder / name)
            if name not in people or person != person_of(name, {}, name):
                people[name] = person
        looked_at = [name for name in names if not people[name].expired(self.today)]
        before = [p for p in self.portraits if not people[p.person_id].expired(self.today)]
        new, refused = _looked_at(folder, looked_at, before, on_progress)
        loose = [entry.name for entry in entries if Path(entry.name).suffix.lower() in _PICTURE_SUFFIXES]
        refused += [RefusedPicture(person_id=".", file=f, why=_LOOSE) for f in loose if f not in names]
        portraits = before + new
        bad = conflicts(portraits)
        refused += [RefusedPicture(person_id=p.person_id, file=p.shown, why=why) for p, why in bad]
        gone = {id(p) for p, _ in bad}
        for one in refused:
            _log.warning("gallery picture refused: %s/%s: %s", one.person_id, one.file, one.why)
        kept = [replace(p, thumbnail=None) for p in portraits if id(p) not in gone]
        return self._of(people.values(), kept, refused, self.today)

    def without(self, person_ids: Iterable[str]) -> Roster:
        """This roster without these people: neither facts nor templates of them are left.

        Raises
        ------
        OptionError
            Somebody is not enrolled; the message names the nearest person_id.
        """
        gone = set(person_ids)
        known = [p.person_id for p in self.people]
        for person_id in sorted(gone.difference(known)):
            near = difflib.get_close_matches(person_id, known, n=1, cutoff=0.0)
            hint = f"; did you mean {near[0]}?" if near else ": nobody is"
            raise OptionError(f"{person_id} is not enrolled{hint}")
        return replace(
            self,
            people=tuple(p for p in self.people if p.person_id not in gone),
            portraits=tuple(p for p in self.portraits if p.person_id not in gone),
            refused=tuple(r for r in self.refused if r.person_id not in gone),
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the templates of those who can be matched, and the facts of those who have expired.

        Raises
        ------
        OptionError
            Something that is no saved gallery is at ``path``, or its folder does not exist.
        OSError
            It cannot be written.
        """
        write_templates(Path(path), [*self.matched, *self.expired], self.portraits)

    def digest(self) -> str:
        """SHA-256 over the people, their facts, the pictures used and the models.

        The same for a folder and for the file that was saved of it. Refused pictures and people without a
        usable one change nothing that is compared, and do not count.
        """
        pictures = {key: [one.sha256 for one in mine] for key, mine in by_person(self.portraits).items()}
        facts = {
            "models": [YUNET.sha256, SFACE.sha256],
            "people": [[p.person_id, p.name, p.facts(), pictures[p.person_id]] for p in self.matched],
            "expired": [p.person_id for p in self.expired],
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def nobody(roster: Roster, path: Path) -> BadGallery:
    """The error for a gallery in which there is nobody to match, with the reasons."""
    reasons = [f"{r.person_id}/{r.file}: {r.why}" for r in roster.refused[:10]]
    reasons += [f"{p.person_id}: expired on {p.expires}" for p in roster.expired[:10]]
    return BadGallery(f"nobody could be enrolled from {path}: {'; '.join(reasons) or 'no pictures'}")


def counted(number: int, what: str) -> str:
    """``1 picture``, ``3 pictures``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _is_person_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")


def _looked_at(
    root: Path, person_ids: Sequence[str], before: Sequence[Portrait], on_progress: OnProgress | None
) -> tuple[list[Portrait], list[RefusedPicture]]:
    """The usable faces of all pictures that were not enrolled before, and the refused pictures."""
    enroller = Enroller()
    portraits: list[Portrait] = []
    refused: list[RefusedPicture] = []
    enrolled, count = by_person(before), 0
    for person_id in person_ids:
        known = frozenset(one.sha256 for one in enrolled.get(person_id, ()))
        entries = (e.name for e in os.scandir(root / person_id) if not e.name.startswith("."))
        for file in sorted(name for name in entries if name != PERSON_FILE):
            found = enroller.look(root / person_id / file, known)
            if isinstance(found, Portrait):
                portraits.append(found)
            elif found is not None:
                refused.append(RefusedPicture(person_id=person_id, file=file, why=found))
            count += 1
            if on_progress is not None:
                on_progress(count)
    return portraits, refused
