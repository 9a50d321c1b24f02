"""KnownDetector: the door of the room. What is known, and what of it can be looked for where."""

from __future__ import annotations

from collections.abc import Sequence

from mediaforensics.detect import Surroundings
from mediaforensics.known.candidates import EXACT_MOST
from mediaforensics.known.examiner import KnownExaminer
from mediaforensics.known.shelves import Shelves
from mediaforensics.known.sighting import DETECTOR
from mediaforensics.known.store import KnownSet
from mediaforensics.models import Model
from mediaforensics.observations import KnownSeen, Observation, Remark
from mediaforensics.options import KnownOptions

_NOTES_MOST = 20


class KnownDetector:
    """Compares every sample with a set of known pictures and videos.

    Parameters
    ----------
    known : KnownSet
        What to look for.
    options : KnownOptions
        Distances and quality, for lists that state none.

    Notes
    -----
    Every sample is hashed whole, without its bars, and inside the places where a known picture was seen
    before. Rectangles and local features are looked for when a picture has a layout that none of the last
    sixteen looks had: at every cut, and at most every five seconds where a picture changes slowly.
    """

    def __init__(self, known: KnownSet, options: KnownOptions) -> None:
        self._known, self._options = known, options
        self._shelves = Shelves(known)

    def __repr__(self) -> str:
        return f"KnownDetector({self._known!r}, {self._options!r})"

    @property
    def name(self) -> str:
        """``known``."""
        return DETECTOR

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
        return tuple(notes)

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Nothing."""
        return ()

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Known pictures and videos, and what was not looked at."""
        return (KnownSeen, Remark)

    def begin(self, surroundings: Surroundings) -> KnownExaminer:
        """Start on a file."""
        return KnownExaminer(self._known, self._options, self._shelves, surroundings)
