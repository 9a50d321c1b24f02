"""What a detector is: told which file it looks at, shown samples in order, asked at the end.

::

    detector.begin(facts) -> examiner          one per file; holds whatever must be remembered, bounded
    examiner.examine(sample, seen) -> observations about this sample
    examiner.end() -> observations that only the whole file could settle

A detector is immutable and shared by all files and threads; only its examiner has state. ``needs`` names
the observation types of the same sample that it wants to be given; the order of detectors follows from it
and is checked when the Analyzer is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Protocol

from mediaforensics.errors import OptionError
from mediaforensics.media.sample import Sample
from mediaforensics.media.source import Digests
from mediaforensics.models import Model
from mediaforensics.observations import Observation


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an examiner may know of its file in advance.

    Attributes
    ----------
    size_px : (int, int)
        Width and height of the first frame, source pixels after display rotation.
    moving : bool
        False for a single picture: there will be exactly one sample.
    digests : callable or None
        Reads the file once, where that was not done yet, and gives its digests; None where there is no file.
    """

    size_px: tuple[int, int]
    moving: bool
    digests: Callable[[], Digests] | None = None


class Examiner(Protocol):
    """One detector at work on one file. Called by one thread at a time, samples in time order."""

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[Observation]:
        """Look at one sample. ``seen`` holds what the detectors it ``needs`` said about the same sample.

        Returned observations carry the sample's time. An exception costs this detector this sample and
        nobody else anything: the engine turns it into a ``Failure``.
        """
        ...

    def end(self) -> Iterable[Observation]:
        """Say what only the whole file could settle; times are those of samples already shown."""
        ...


class Detector(Protocol):
    """A pure description of one way of looking, with its models loaded and verified."""

    @property
    def name(self) -> str:
        """Stable name, as the report writes it, such as ``text`` or ``faces``."""
        ...

    @property
    def version(self) -> str:
        """Changes whenever its answers may."""
        ...

    @property
    def models(self) -> Sequence[Model]:
        """The weights it uses."""
        ...

    @property
    def notes(self) -> Sequence[str]:
        """What a reader must know about its set-up, such as pictures of the gallery that were refused."""
        ...

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Observation types of the same sample that it must be given."""
        ...

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Observation types it may return."""
        ...

    def begin(self, surroundings: Surroundings) -> Examiner:
        """Start on a file."""
        ...


def in_working_order(detectors: Sequence[Detector]) -> tuple[Detector, ...]:
    """Order detectors so that each comes after those whose observations it needs.

    Raises
    ------
    OptionError
        Two share a name, or their needs form a circle.
    """
    by_name = {detector.name: detector for detector in detectors}
    if len(by_name) != len(detectors):
        raise OptionError("two detectors share a name")
    graph = {
        detector.name: [
            other.name
            for other in detectors
            if other is not detector and set(other.emits) & set(detector.needs)
        ]
        for detector in detectors
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        raise OptionError(f"detectors need each other in a circle: {' -> '.join(error.args[1])}") from error
    return tuple(by_name[name] for name in order)
