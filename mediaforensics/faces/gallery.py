"""Gallery: enrolled people ready to be compared with, and the threshold as a function of their number."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadGallery
from mediaforensics.faces.conflicts import nearest_strangers
from mediaforensics.faces.embed import Embedding, unit
from mediaforensics.faces.enrol import Portrait, RefusedPicture, by_person
from mediaforensics.faces.person import Person
from mediaforensics.faces.roster import Roster, nobody
from mediaforensics.faces.threshold import match_threshold
from mediaforensics.observations import Route

_LEAST_COHORT = 10
"""People from which their likeness to one another says what is usual."""


class Gallery:
    """The people that may be named. Immutable; holds templates, and where the pictures lie, but no pictures.

    Make it with :meth:`open`.

    Attributes
    ----------
    people : tuple of Person
        Who can be matched, by person_id.
    expired : tuple of Person
        Who is enrolled but no longer matched.
    without_picture : tuple of Person
        Who has a folder and no picture that can be used.
    refused : tuple of RefusedPicture
        Pictures that were not used.
    pictures : mapping of str to path
        Where the pictures lie that are used, by ``person_id/file``; empty for a saved gallery.
    """

    def __init__(self, roster: Roster, folder: Path | None = None) -> None:
        self._roster, self._folder = roster, folder
        matched = {person.person_id for person in roster.matched}
        self.pictures: Mapping[str, Path] = {
            f"{p.person_id}/{p.file}": folder / p.person_id / p.file
            for p in roster.portraits
            if folder is not None and p.file is not None and p.person_id in matched
        }
        self.people: tuple[Person, ...] = roster.matched
        self.expired: tuple[Person, ...] = roster.expired
        self.without_picture: tuple[Person, ...] = roster.without_picture
        self.refused: tuple[RefusedPicture, ...] = roster.refused
        if not self.people:
            raise BadGallery("a gallery needs at least one person with a usable picture")
        portraits = by_person(roster.portraits)
        templates = [_templates(portraits[person.person_id]) for person in self.people]
        self._templates = np.concatenate(templates)
        self._templates.setflags(write=False)
        self._starts = np.cumsum([0, *(len(t) for t in templates[:-1])])
        self._cohort_excess = self._excess_over_cohort()

    def __len__(self) -> int:
        return len(self.people)

    def __bool__(self) -> bool:
        raise TypeError("a Gallery has no truth value; ask len(gallery)")

    def __repr__(self) -> str:
        return f"Gallery(people={len(self.people)}, expired={len(self.expired)}, refused={len(self.refused)})"

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, today: datetime.date | None = None) -> Gallery:
        """Enrol everybody in a folder, or take the templates of a saved file.

        Parameters
        ----------
        path : path
            A folder with one sub-folder per person (links inside are not followed), or a file that ``save``
            or ``mediaforensics gallery enrol`` wrote.
        today : date, optional
            The day on which expiry is judged; the current one by default.

        Raises
        ------
        BadGallery
            Neither; a ``person.toml`` that cannot be read or has an unknown key; a file that is damaged or of
            other networks; or nobody could be enrolled. The message says what to do.
        ModelMismatch
            A weight file is missing or altered.
        """
        roster = Roster.open(path, today=today)
        if not roster.matched:
            raise nobody(roster, Path(path))
        return cls(roster, Path(path) if Path(path).is_dir() else None)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write templates and facts to one file, readable by its owner only; no picture is needed afterwards.

        A saved gallery that is there is replaced whole. The same gallery gives the same bytes.

        Raises
        ------
        OptionError
            Something that is no saved gallery is at ``path``, or its folder does not exist.
        OSError
            It cannot be written.
        """
        self._roster.save(path)

    def without(self, person_ids: Iterable[str]) -> Gallery:
        """The gallery without these people; ``save`` it to delete them from a file.

        Raises
        ------
        OptionError
            Somebody is not enrolled; the message names the nearest person_id.
        BadGallery
            Nobody would be left to match.
        """
        return Gallery(self._roster.without(person_ids), self._folder)

    def similarities(self, embedding: Embedding) -> NDArray[np.float32]:
        """Cosine similarity to the nearest template of each person, in the order of ``people``.

        Parameters
        ----------
        embedding : ndarray, float32, shape (128,)
            Unit vector.

        Notes
        -----
        Some pictures, blurred ones mostly, are like everybody: strangers are matched with those few. From the
        similarity to a person is taken by how much the other people enrolled are more like them than people
        are like one another; with ten people or more, and never added (one-sided normalising by a cohort,
        Auckenthaler et al. 2000).
        """
        return np.maximum.reduceat(self._templates @ embedding, self._starts) - self._cohort_excess

    def _excess_over_cohort(self) -> NDArray[np.float32]:
        """How much more like each person the others are than is usual, shape (people,)."""
        if len(self.people) < _LEAST_COHORT:
            return np.zeros(len(self.people), np.float32)
        alike = np.maximum.reduceat(self._templates @ self._templates.T, self._starts, axis=0)
        whose = np.repeat(np.arange(len(self.people)), np.diff([*self._starts, len(self._templates)]))
        alike[whose, np.arange(len(whose))] = np.nan
        mean = np.nanmean(alike, axis=1)
        return np.asarray(np.maximum(0.0, mean - np.median(mean)), np.float32)

    def threshold(
        self, false_positive_identification_rate: float, route: Route = "plain", *, pooled: bool = False
    ) -> float:
        """Smallest similarity of a match, so that a stranger is matched with anybody at most this often."""
        pictures = sum(p.pictures for p in self.people) / len(self.people)
        rate = false_positive_identification_rate
        return match_threshold(len(self.people), pictures, rate, route, pooled=pooled)

    def most_alike(self) -> tuple[Person, Person, float] | None:
        """Which two people have the two most alike pictures, and how alike; None of one person."""
        found = nearest_strangers(self._roster.portraits)
        if found is None:
            return None
        named = {p.person_id: p for p in self.people}
        return named[found[0].person_id], named[found[1].person_id], found[2]

    def digest(self) -> str:
        """SHA-256 over the pictures used, the people's facts, who has expired, and the models.

        The same for a folder and for the file that was saved of it.
        """
        return self._roster.digest()


def _templates(portraits: Sequence[Portrait]) -> NDArray[np.float32]:
    """The vectors of one person, shape (k, 128): each picture, and their mean if there are several."""
    each = np.stack([portrait.embedding for portrait in portraits])
    return each if len(portraits) == 1 else np.concatenate([each, unit(each.sum(axis=0))[np.newaxis]])
