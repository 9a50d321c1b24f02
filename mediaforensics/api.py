"""The front door: one call to ``analyze``, an ``Analyzer`` to keep the models loaded, its ``stream``."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from typing import TYPE_CHECKING

from mediaforensics import __version__
from mediaforensics.errors import MediaError, OptionError
from mediaforensics.options import KnownOptions, Options
from mediaforensics.report.model import DetectorRun, Failed, Provenance, Report

if TYPE_CHECKING:
    from mediaforensics.detect import Detector
    from mediaforensics.engine import Progress, Stream
    from mediaforensics.faces.gallery import Gallery
    from mediaforensics.findings.entries import EnrolledName
    from mediaforensics.known.store import KnownSet
    from mediaforensics.media.source import Evidence
    from mediaforensics.text.lexicon import Lexicon

_MAX_THREADS = 4
"""More detectors than this rarely have work at once."""

_COMPONENTS = {
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python-headless"),
    "av": ("av",),
    "numpy": ("numpy",),
    "pillow": ("pillow",),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu"),
    "imagehash": ("imagehash",),
}


class Analyzer:
    """Everything that is needed to analyse files: models, known pictures, gallery, options.

    Models are loaded and verified once, here. An Analyzer is immutable and may be used by any number of
    threads at once; each file has its own state.

    Parameters
    ----------
    known : KnownSet, path, or sequence of paths, optional
        Known pictures: a folder of pictures, a hash list, or several of them.
    gallery : Gallery or path, optional
        Enrolled people: a folder with one sub-folder per person, or a saved file.
    lexicon : Lexicon or path, or sequence of paths, optional
        Threat rules of your own: files read beside those that ship; ``Lexicon.load(..., builtin=False)``
        reads them instead.
    options : Options, optional
        Defaults are stated with their reasons in ``mediaforensics.options``.
    threads : int, optional
        Detector threads per file; the result does not depend on it. Default: the cores, at most 4.

    Raises
    ------
    SetupError
        A model, a tool or a language is missing; the message says what to install.
    DataError
        The known pictures, the gallery or the lexicon cannot be used.
    OptionError
        A wrong option or argument.
    """

    def __init__(
        self,
        *,
        known: KnownSet | str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        gallery: Gallery | str | PathLike[str] | None = None,
        lexicon: Lexicon | str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        options: Options | None = None,
        threads: int | None = None,
    ) -> None:
        from mediaforensics.detect import in_working_order
        from mediaforensics.engine import Plan

        if options is not None and not isinstance(options, Options):
            raise OptionError(
                f"options must be an Options, not {type(options).__name__}; see Options.from_mapping"
            )
        if threads is not None and threads < 1:
            raise OptionError("threads must be at least 1")
        self._options = options or Options()
        self._known = _known_set(known, self._options)
        self._gallery = _gallery(gallery)
        self._lexicon = _lexicon(lexicon)
        detectors, not_run = self._detectors()
        self._plan = Plan(
            detectors=in_working_order(detectors),
            not_run=not_run,
            people=self._people(),
            options=self._options,
            provenance=Provenance(
                tool=f"mediaforensics {__version__}",
                components=_component_versions(),
                options_digest=self._options_digest(),
                known_digest=self._known.digest() if self._known is not None else None,
                gallery_digest=self._gallery.digest() if self._gallery is not None else None,
            ),
            threads=threads or min(_MAX_THREADS, os.cpu_count() or 1),
            lexicon=self._lexicon,
        )

    def __repr__(self) -> str:
        names = ", ".join(detector.name for detector in self._plan.detectors)
        return f"Analyzer(detectors=[{names}], people={len(self._plan.people)})"

    def _options_digest(self) -> str:
        """Of the options, and of the user's threat rules, which decide what is found too."""
        if self._lexicon is None:
            return self._options.digest()
        return hashlib.sha256(f"{self._options.digest()} {self._lexicon.digest()}".encode()).hexdigest()

    @property
    def options(self) -> Options:
        """The options in force."""
        return self._options

    def stream(self, evidence: Evidence) -> Stream:
        """Analyse one file and hand out what is seen while it is seen.

        Parameters
        ----------
        evidence : path, bytes or binary file object
            Opened read-only; a path must name a regular file.

        Returns
        -------
        Stream
            Iterator over ``Observation | Finding | Progress`` in time order; closing it cancels. Its
            ``report()`` gives the report afterwards.

        Raises
        ------
        MediaError
            The evidence cannot be read at all.
        """
        from mediaforensics.engine import Stream

        return Stream(self._plan, evidence)

    def analyze(self, evidence: Evidence, *, on_progress: Callable[[Progress], None] | None = None) -> Report:
        """Analyse one file: the fold of ``stream``.

        Raises
        ------
        MediaError
            The evidence cannot be read at all. Damage within it does not raise; the report says where it is.
        """
        from mediaforensics.engine import Progress

        with self.stream(evidence) as events:
            for event in events:
                if on_progress is not None and isinstance(event, Progress):
                    on_progress(event)
        return events.report()

    def scan(self, paths: Iterable[str | PathLike[str]], *, workers: int = 1) -> Iterator[Report | Failed]:
        """Analyse many files; one result per path, in the order of the paths.

        Parameters
        ----------
        paths : iterable of paths
            Consumed as results are taken: at most ``workers`` files are under way.
        workers : int
            Files analysed at once, as threads of this process.
        """
        if workers < 1:
            raise OptionError("workers must be at least 1")
        with ThreadPoolExecutor(workers, thread_name_prefix="mediaforensics-scan") as pool:
            pending = []
            for path in paths:
                pending.append(pool.submit(self._report_or_failed, path))
                if len(pending) >= workers:
                    yield pending.pop(0).result()
            for future in pending:
                yield future.result()

    def _report_or_failed(self, path: str | PathLike[str]) -> Report | Failed:
        from mediaforensics.media.source import Source, displayed_name

        try:
            return self.analyze(path)
        except MediaError as error:
            name, sha256 = displayed_name(os.fsencode(path).rpartition(b"/")[2]), None
            # What no decoder reads can still be identified, unless it cannot be opened at all.
            with contextlib.suppress(MediaError), Source.open(path, self._options.limits) as source:
                sha256 = source.digests.sha256
            return Failed(name=name, sha256=sha256, error_type=type(error).__name__, message=str(error))

    def _detectors(self) -> tuple[list[Detector], tuple[DetectorRun, ...]]:
        from mediaforensics.faces.detector import FaceDetector
        from mediaforensics.faces.identify import FaceIdentifier
        from mediaforensics.known.detector import KnownDetector
        from mediaforensics.overlays.detector import OverlayDetector
        from mediaforensics.text.detector import TextDetector

        options = self._options
        detectors: list[Detector] = []
        not_run: list[DetectorRun] = []

        def skip(name: str, why_not: str) -> None:
            not_run.append(DetectorRun(name=name, version="", ran=False, why_not=why_not))

        if options.text is None:
            skip("text", "switched off in the options")
        else:
            detectors.append(TextDetector(options.text))
        portraits = self._portraits()
        if options.known is None:
            skip("known", "switched off in the options")
        elif self._known is None:
            skip("known", "no known pictures were given")
        if options.known is not None and (self._known is not None or portraits is not None):
            detectors.append(KnownDetector(self._known, options.known, portraits))
        if options.faces is None:
            skip("faces", "switched off in the options")
            skip("identity", "faces are switched off in the options")
        else:
            detectors.append(FaceDetector(options.faces))
            if self._gallery is None:
                skip("identity", "no gallery was given")
            else:
                detectors.append(FaceIdentifier(self._gallery, options.faces))
        if options.overlays is None:
            skip("overlays", "switched off in the options")
        elif options.faces is None and (self._known is None or options.known is None):
            skip("overlays", "needs faces or known pictures, and both are off")
        else:
            detectors.append(OverlayDetector(options.overlays))
        return detectors, tuple(not_run)

    def _portraits(self) -> KnownSet | None:
        """The gallery's pictures, to be known again where the face in them is covered."""
        from mediaforensics.known.lists import KnownList
        from mediaforensics.known.store import KnownSet

        wanted = self._options.known is not None and self._options.faces is not None
        if not wanted or self._gallery is None or not self._gallery.pictures:
            return None
        return KnownSet.of_pictures(
            self._gallery.pictures, rules=KnownList(name="gallery"), limits=self._options.limits
        )

    def _people(self) -> tuple[EnrolledName, ...]:
        from mediaforensics.findings.entries import EnrolledName

        if self._gallery is None:
            return ()
        return tuple(
            EnrolledName(
                person_id=person.person_id,
                name=person.name,
                aliases=tuple(person.aliases),
                organisations=tuple(person.organisations),
            )
            for person in self._gallery.people
        )


def analyze(
    evidence: Evidence,
    *,
    known: KnownSet | str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    gallery: Gallery | str | PathLike[str] | None = None,
    lexicon: Lexicon | str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
    options: Options | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Report:
    """Analyse one video or picture: an ``Analyzer`` for a single call.

    Parameters
    ----------
    evidence : path, bytes or binary file object
        A video, picture or animated picture; opened read-only.
    known, gallery, lexicon, options
        See ``Analyzer``.
    on_progress : callable, optional
        Called with a ``Progress`` after every sample, on the caller's thread.

    Returns
    -------
    Report

    Raises
    ------
    MediaError
        The evidence cannot be read at all.
    SetupError, DataError, OptionError
        See ``Analyzer``.
    """
    analyzer = Analyzer(known=known, gallery=gallery, lexicon=lexicon, options=options)
    return analyzer.analyze(evidence, on_progress=on_progress)


def _known_set(
    known: KnownSet | str | PathLike[str] | Sequence[str | PathLike[str]] | None, options: Options
) -> KnownSet | None:
    from mediaforensics.known.store import KnownSet

    if known is None or isinstance(known, KnownSet):
        return known
    min_quality = (options.known or KnownOptions()).min_quality
    if isinstance(known, (str, PathLike)):
        return KnownSet.open(known, min_quality=min_quality)
    return KnownSet.open(list(known), min_quality=min_quality) if known else None


def _gallery(gallery: Gallery | str | PathLike[str] | None) -> Gallery | None:
    from mediaforensics.faces.gallery import Gallery

    if gallery is None or isinstance(gallery, Gallery):
        return gallery
    return Gallery.open(gallery)


def _lexicon(
    lexicon: Lexicon | str | PathLike[str] | Sequence[str | PathLike[str]] | None,
) -> Lexicon | None:
    from mediaforensics.text.lexicon import Lexicon

    if lexicon is None or isinstance(lexicon, Lexicon):
        return lexicon
    if isinstance(lexicon, (str, PathLike)):
        return Lexicon.load(lexicon)
    return Lexicon.load(*lexicon) if lexicon else None


def _component_versions() -> dict[str, str]:
    """Versions of Tesseract and of the distributions, each by the first of its names that is installed."""
    from mediaforensics.text.tesseract import program_version

    versions = {}
    if (tesseract := program_version()) is not None:
        versions["tesseract"] = tesseract
    for name, distributions in _COMPONENTS.items():
        for distribution in distributions:
            try:
                versions[name] = importlib.metadata.version(distribution)
            except importlib.metadata.PackageNotFoundError:
                continue
            break
    return versions
