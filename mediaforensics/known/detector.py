"""KnownDetector: the door of the room. What is known, and what of it can be looked for where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from mediaforensics.detect import Examiner, Surroundings
from mediaforensics.known.candidates import EXACT_MOST
from mediaforensics.known.examiner import KnownExaminer, Look
from mediaforensics.known.shelves import Shelves
from mediaforensics.known.sighting import DETECTOR
from mediaforensics.known.store import KnownSet
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import KnownSeen, Observation, Remark
from mediaforensics.options import KnownOptions

PORTRAITS = "portraits"
_NOTES_MOST = 20


class KnownDetector:
    """Compares every sample with a set of known pictures and videos, and with those of a gallery.

    Parameters
    ----------
    known : KnownSet or None
        What to look for.
    options : KnownOptions
        Distances and quality, for lists that state none.
    portraits : KnownSet or None
        Pictures of enrolled people: they say who is shown where a face is covered, and are told of as not
        ``listed``.

    Notes
    -----
    Every sample is hashed whole, without its bars, and inside the places where a known picture was seen
    before. Rectangles and local features are looked for when a picture has a layout that none of the last
    sixteen looks had: at every cut, and at most every five seconds where a picture changes slowly.
    """

    def __init__(
        self, known: KnownSet | None, options: KnownOptions, portraits: KnownSet | None = None
    ) -> None:
        self._known, self._options, self._portraits = known, options, portraits
        self._shelves = None if known is None else Shelves(known)
        self._portrait_shelves = None if portraits is None else Shelves(portraits)

    def __repr__(self) -> str:
        return f"KnownDetector({self._known!r}, {self._options!r}, {self._portraits!r})"

    @property
    def name(self) -> str:
        """``known``; ``portraits`` where only those of a gallery are looked for."""
        return DETECTOR if self._known is not None else PORTRAITS

    @property
    def version(self) -> str:
        """Changes whenever its answers may."""
        return "3"

    @property
    def models(self) -> Sequence[Model]:
        """None."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the known set could not be used, in plain words; the first 20, then how many more."""
        covered = 0 if self._portrait_shelves is None else self._portrait_shelves.unusable
        enrolled = (
            [f"{covered} pictures of the gallery are looked for as the whole frame only"] if covered else []
        )
        if self._known is None or self._shelves is None:
            return tuple(enrolled)
        problems = self._known.problems
        notes = [f"{problem.where}: {problem.why}" for problem in problems[:_NOTES_MOST]]
        if len(problems) > _NOTES_MOST:
            notes.append(f"and {len(problems) - _NOTES_MOST} more")
        if self._shelves.unusable:
            notes.append(
                f"{self._shelves.unusable} pictures are compared by hash only, and a covered one or one "
                f"inside the frame may be missed: more than {EXACT_MOST} need mediaforensics[scale] and a "
                "built set"
            )
        without = len(self._known) - self._known.with_pictures - self._known.videos
        if without > 0:
            notes.append(
                f"{without} entries are hashes without a picture: they are looked for as the whole frame only"
            )
        return (*notes, *enrolled)

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Nothing."""
        return ()

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Known pictures and videos, and what was not looked at."""
        return (KnownSeen, Remark)

    def begin(self, surroundings: Surroundings) -> Examiner:
        """Start on a file."""
        listed, portraits = (
            None if of is None or on is None else KnownExaminer(of, self._options, on, surroundings)
            for of, on in ((self._known, self._shelves), (self._portraits, self._portrait_shelves))
        )
        return _Examiner(self.name, listed, portraits)


class _Examiner:
    """Looks once at a sample for both sets."""

    def __init__(self, name: str, listed: KnownExaminer | None, portraits: KnownExaminer | None) -> None:
        self._name, self._listed, self._portraits = name, listed, portraits

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """What is listed, then what is enrolled."""
        look = Look(sample)
        listed = [] if self._listed is None else self._listed.look_at(look)
        portraits = [] if self._portraits is None else self._portraits.look_at(look)
        return [*listed, *(self._unlisted(one) for one in portraits if isinstance(one, KnownSeen))]

    def end(self) -> Iterable[Observation]:
        """What the file as a whole is, and what was not looked at."""
        listed = [] if self._listed is None else self._listed.end()
        portraits = [] if self._portraits is None or self._listed is not None else self._portraits.end()
        return [*listed, *(replace(one, detector=self._name) for one in portraits if isinstance(one, Remark))]

    def _unlisted(self, seen: KnownSeen) -> KnownSeen:
        return replace(seen, detector=self._name, listed=False)
