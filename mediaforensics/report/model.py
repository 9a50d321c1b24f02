"""The report on one file: everything that was seen, what was not looked at, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from mediaforensics.findings.entries import (
    Entry,
    FaceEntry,
    Finding,
    KnownEntry,
    OverlayEntry,
    TextEntry,
    ThreatEntry,
)
from mediaforensics.media.facts import Coverage, Gap, MediaFacts
from mediaforensics.types import Timestamp

if TYPE_CHECKING:
    import pandas

EXIT_NO_FINDING = 0
EXIT_FINDINGS = 1
EXIT_READ_IN_PART = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUsed:
    """Weights that took part in a run.

    Attributes
    ----------
    name : str
        Stable name of the weights.
    sha256 : str
        Of the weight file, lower-case hexadecimal, verified when it was loaded.
    """

    name: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorRun:
    """Whether a detector looked at this file. "Nothing found" and "not looked" are different answers.

    Attributes
    ----------
    name, version : str
        As the detector states them.
    ran : bool
        Whether it was shown samples.
    why_not : str or None
        In plain words, where it did not run.
    models : tuple of ModelUsed
        The weights it used.
    failures : tuple of Gap
        Stretches at which it could not look; its silence there means nothing.
    notes : tuple of str
        What a reader must know about its set-up, such as pictures of the gallery that were refused.
    """

    name: str
    version: str
    ran: bool
    why_not: str | None = None
    models: tuple[ModelUsed, ...] = ()
    failures: tuple[Gap, ...] = ()
    notes: tuple[str, ...] = ()

    def __bool__(self) -> NoReturn:
        raise TypeError("a DetectorRun is neither true nor false: ask .ran, or .failures for what it missed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made the report, so that it can be made again.

    Attributes
    ----------
    tool : str
        Name and version of this library.
    components : mapping of str to str
        Versions of what it is built on, by name.
    options_digest : str
        SHA-256 over all option values.
    known_digest, gallery_digest : str or None
        SHA-256 over the known pictures and the gallery; None where none was given.
    """

    tool: str
    components: Mapping[str, str]
    options_digest: str
    known_digest: str | None = None
    gallery_digest: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "components", dict(sorted(self.components.items())))


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """When and at what cost: the only part that differs between two runs over the same input.

    Attributes
    ----------
    started_at : str
        ISO 8601, UTC.
    wall_s, cpu_s : float
        Elapsed and processor time in seconds.
    peak_rss_bytes : int
        Largest resident memory of the process.
    """

    started_at: str
    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePicture:
    """One frame kept for people to look at.

    Attributes
    ----------
    time : Timestamp
        Its presentation time.
    of : tuple of str
        Ids of the entries it shows.
    frame_sha256 : str
        Over the kept RGB pixels (uint8, row by row, before JPEG compression), lower-case hexadecimal.
    size_px : (int, int)
        Width and height of the kept pixels.
    frame_size_px : (int, int)
        Width and height of the frame in source pixels, which boxes are in.
    jpeg : bytes or None
        The picture; None in a report read back from JSON, which holds no pixels.
    """

    time: Timestamp
    of: tuple[str, ...]
    frame_sha256: str
    size_px: tuple[int, int]
    frame_size_px: tuple[int, int]
    jpeg: bytes | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A file of a batch that could not be read at all. It is not a report with nothing in it.

    Attributes
    ----------
    name : str
        File name.
    sha256 : str or None
        Of its bytes, where they could be read.
    error_type : str
        Name of the error, such as ``UnsupportedMedia``.
    message : str
        What went wrong and what to do.
    """

    name: str
    sha256: str | None
    error_type: str
    message: str

    def __bool__(self) -> NoReturn:
        raise TypeError("a Failed is neither true nor false: ask isinstance(result, Failed)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was seen in one file. Every list is ordered by start, then id; ids are unique in the report.

    Raises
    ------
    ValueError
        Two entries share an id, or one cites an id that the report does not hold.
    """

    media: MediaFacts
    coverage: Coverage
    detectors: tuple[DetectorRun, ...]
    texts: tuple[TextEntry, ...] = ()
    threats: tuple[ThreatEntry, ...] = ()
    known: tuple[KnownEntry, ...] = ()
    faces: tuple[FaceEntry, ...] = ()
    overlays: tuple[OverlayEntry, ...] = ()
    findings: tuple[Finding, ...] = ()
    provenance: Provenance
    run: Run
    evidence: tuple[EvidencePicture, ...] = ()

    def __post_init__(self) -> None:
        for name in ("texts", "threats", "known", "faces", "overlays", "findings"):
            entries = sorted(getattr(self, name), key=_by_start)
            object.__setattr__(self, name, tuple(entries))
        object.__setattr__(
            self, "evidence", tuple(sorted(self.evidence, key=lambda p: (p.time.seconds, p.of)))
        )
        self._check_ids()

    def _check_ids(self) -> None:
        ids: set[str] = set()
        for entry in self.entries():
            if entry.id in ids:
                raise ValueError(f"two entries of the report have the id {entry.id!r}")
            ids.add(entry.id)
        for citing, cited in self._citations():
            if cited not in ids:
                raise ValueError(f"{citing} cites {cited!r}, which is not in the report")

    def _citations(self) -> Iterator[tuple[str, str]]:
        """Pairs of who cites and the id that is cited."""
        for finding in self.findings:
            yield from ((finding.id, cited) for cited in finding.evidence)
        for threat in self.threats:
            yield from ((threat.id, cited) for cited in threat.text_ids)
        for overlay in self.overlays:
            yield from ((overlay.id, cited) for cited in (overlay.face_id, overlay.known_id) if cited)
        for picture in self.evidence:
            yield from (("an evidence picture", cited) for cited in picture.of)

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a Report is neither true nor false: ask len(report.findings), and report.complete for whether "
            "everything was looked at"
        )

    def entries(self) -> Iterator[Entry | Finding]:
        """All entries of all lists, list by list."""
        yield from self.texts
        yield from self.threats
        yield from self.known
        yield from self.faces
        yield from self.overlays
        yield from self.findings

    @property
    def complete(self) -> bool:
        """Whether the whole file could be read and no detector that ran failed at any sample."""
        return self.coverage.complete and not any(run.failures for run in self.detectors)

    @property
    def exit_status(self) -> int:
        """0 nothing found, 1 findings, 4 read in part: with or without findings, absence proves nothing."""
        if not self.complete:
            return EXIT_READ_IN_PART
        return EXIT_FINDINGS if self.findings else EXIT_NO_FINDING

    def to_dict(self) -> dict[str, Any]:
        """Plain data of schema ``mediaforensics-report/1``."""
        from mediaforensics.report.codec import to_mapping

        return to_mapping(self)

    def to_json(self) -> str:
        """JSON text of schema ``mediaforensics-report/1``; the same report gives the same text."""
        from mediaforensics.report.codec import to_json

        return to_json(self)

    @classmethod
    def from_json(cls, text: str | bytes) -> Report:
        """Read what ``to_json`` wrote. Times come back in whole microseconds, pictures without pixels.

        Raises
        ------
        BadReport
            Not a report of this schema; the message names the place.
        """
        from mediaforensics.report.codec import from_json

        return from_json(text)

    def to_html(self) -> str:
        """Build the self-contained page."""
        from mediaforensics.report.html import to_html

        return to_html(self)

    def to_srt(self) -> str:
        """SubRip subtitles of the texts, in time order; a picture's stand for one second."""
        from mediaforensics.report.export import to_srt

        return to_srt(self)

    def to_vtt(self) -> str:
        """WebVTT subtitles of the texts, each where it stood; a picture's stand for one second."""
        from mediaforensics.report.export import to_vtt

        return to_vtt(self)

    def write_json(self, path: str | Path) -> None:
        """Write the JSON; the file appears whole or not at all."""
        from mediaforensics.report.files import write_whole

        write_whole(Path(path), self.to_json().encode())

    def write_html(self, path: str | Path) -> None:
        """Write the self-contained page; the file appears whole or not at all."""
        from mediaforensics.report.files import write_whole

        write_whole(Path(path), self.to_html().encode())

    def write_srt(self, path: str | Path) -> None:
        """Write the SubRip subtitles; the file appears whole or not at all."""
        from mediaforensics.report.files import write_whole

        write_whole(Path(path), self.to_srt().encode())

    def write_vtt(self, path: str | Path) -> None:
        """Write the WebVTT subtitles; the file appears whole or not at all."""
        from mediaforensics.report.files import write_whole

        write_whole(Path(path), self.to_vtt().encode())

    def write_evidence(self, folder: str | Path) -> tuple[Path, ...]:
        """Write every evidence picture and a ``SHA256SUMS`` that ``sha256sum -c`` checks.

        Raises
        ------
        FileExistsError
            The folder holds a file of the same name with other content; nothing is overwritten.
        """
        from mediaforensics.report.files import write_evidence

        return write_evidence(self, Path(folder))

    def to_frames(self) -> dict[str, pandas.DataFrame]:
        """One pandas data frame per list, by the name of the list.

        Raises
        ------
        MissingDependency
            pandas is not installed (extra ``notebook``).
        """
        from mediaforensics.report.notebook import to_frames

        return to_frames(self)

    def _repr_html_(self) -> str:
        from mediaforensics.report.notebook import to_card

        return to_card(self)


def _by_start(entry: Entry | Finding) -> tuple[float, str]:
    return (entry.span.start.seconds, entry.id)
