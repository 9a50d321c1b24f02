"""Keeping a saved gallery: people of a folder enrolled into it, people deleted from it."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from mediaforensics.errors import BadGallery, OptionError
from mediaforensics.faces.enrol import by_person
from mediaforensics.faces.roster import OnProgress, Roster, counted, nobody
from mediaforensics.faces.templates import require_place


def enrol(
    folder: str | os.PathLike[str],
    path: str | os.PathLike[str],
    *,
    today: datetime.date | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[Roster, list[str]]:
    """Save the people of a folder without their pictures, or add them to what is saved there already.

    Returns
    -------
    Roster, list of str
        What was found, and what is new in the file, a sentence a person; none where nothing changed.

    Raises
    ------
    BadGallery
        The folder cannot be used, there is nobody to enrol, or the saved gallery is damaged.
    OptionError
        The file lies in the folder of pictures, or is something else than a saved gallery.
    """
    folder, path, today = Path(folder), Path(path), today or datetime.date.today()
    if not folder.is_dir():
        raise BadGallery(f"{folder} is not a folder; give a folder with one sub-folder per person")
    if path.absolute().parent.resolve().is_relative_to(folder.resolve()):
        raise OptionError(f"{path} lies in the folder of pictures; save the templates somewhere else")
    require_place(path)
    before = Roster.open(path, today=today) if path.exists() else Roster(today=today)
    after = before.with_folder(folder, on_progress=on_progress)
    if not after.matched and not before.people:
        raise nobody(after, folder)
    after.save(path)
    return after, list(_changes(before, after))


def remove(
    path: str | os.PathLike[str], person_ids: Iterable[str], *, today: datetime.date | None = None
) -> Roster:
    """Delete people from a saved file, which is written anew without them; returns who is left.

    Raises
    ------
    BadGallery
        The file is no saved gallery, or damaged.
    OptionError
        It is a folder, or somebody is not enrolled; the message names the nearest person_id.
    """
    if Path(path).is_dir():
        raise OptionError(f"{path} is a folder of pictures; delete the person's folder in it")
    left = Roster.open(path, today=today).without(person_ids)
    left.save(path)
    return left


def _changes(before: Roster, after: Roster) -> Iterator[str]:
    was = {p.person_id: p for p in before.people}
    had, has = by_person(before.portraits), by_person(after.portraits)
    for person in after.people:
        old = was.get(person.person_id)
        pictures_before, pictures = (
            {one.sha256 for one in those.get(person.person_id, ())} for those in (had, has)
        )
        if old is None and person in after.without_picture:
            continue
        more, fewer = len(pictures - pictures_before), len(pictures_before - pictures)
        said = [] if old else ["new"]
        said += [f"{counted(more, 'picture')} added"] if more else []
        said += [f"{counted(fewer, 'picture')} no longer used"] if fewer else []
        said += ["facts changed"] if old and old.facts() != person.facts() else []
        if person.expired(after.today) and not (old and old.expired(after.today)):
            said.append(f"expired on {person.expires}, so no template is kept")
        if said:
            yield f"{person.person_id}: {', '.join(said)}"
