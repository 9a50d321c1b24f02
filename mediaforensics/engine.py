"""The pump: one decode thread, a bounded window of samples, detectors side by side, results in order.

::

    decode thread ──▶ sampler ──▶ queue ──▶ [detector tasks of up to `window` samples] ──▶ linker ──▶ events

Each detector sees its samples in order, one at a time; different detectors work on the same sample, and on
neighbouring ones, at once. A task waits only for tasks submitted before it, so a pool of any size, one thread
included, makes progress and gives the same result.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from collections.abc import Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from types import TracebackType

from mediaforensics.detect import Detector, Examiner, Surroundings
from mediaforensics.errors import OptionError
from mediaforensics.findings.entries import EnrolledName, Finding
from mediaforensics.findings.link import Linker
from mediaforensics.media.decode import Decoder, open_media
from mediaforensics.media.facts import Gap
from mediaforensics.media.sample import Sample, Sampler
from mediaforensics.media.source import Evidence, Source
from mediaforensics.observations import Failure, Observation, Remark
from mediaforensics.options import Options
from mediaforensics.report.assemble import RunClock, assemble
from mediaforensics.report.evidence import EvidenceKeeper
from mediaforensics.report.model import DetectorRun, ModelUsed, Provenance, Report
from mediaforensics.text.lexicon import Lexicon
from mediaforensics.types import Span, Timestamp

_log = logging.getLogger(__name__)

_LARGE_FRAME_PX = 4_000_000
"""Above this (about 4K) one sample at a time is in work: an 8K frame and its views take 150 MB."""
_MICROSECOND = Fraction(1, 1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far the analysis is.

    Attributes
    ----------
    time : Timestamp
        The sample that was just finished.
    duration_s_from_header : float or None
        What the container claims as its whole length.
    frames_decoded, frames_sampled : int
        So far.
    """

    time: Timestamp
    duration_s_from_header: float | None
    frames_decoded: int
    frames_sampled: int


Event = Observation | Finding | Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an Analyzer does to every file: immutable, shared by all its runs.

    Attributes
    ----------
    detectors : tuple of Detector
        In working order (``in_working_order``).
    not_run : tuple of DetectorRun
        Those that will not look, and why.
    people : tuple of EnrolledName
        How enrolled people may be named in a text.
    provenance : Provenance
        What every report of this plan says of its making.
    lexicon : Lexicon or None
        Threat rules of the user's own.
    """

    detectors: tuple[Detector, ...]
    not_run: tuple[DetectorRun, ...]
    people: tuple[EnrolledName, ...]
    options: Options
    provenance: Provenance
    threads: int
    lexicon: Lexicon | None = None


@dataclass(slots=True)
class _Lane:
    """One detector at work on one file."""

    detector: Detector
    examiner: Examiner
    needs: tuple[type[Observation], ...]
    waits_for: tuple[str, ...]
    previous: Future[list[Observation]] | None = None
    failures: list[tuple[Timestamp, str]] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def examine(
        self,
        sample: Sample,
        waits: Sequence[Future[list[Observation]]],
        previous: Future[list[Observation]] | None,
    ) -> list[Observation]:
        if previous is not None:
            previous.result()
        seen = [o for future in waits for o in future.result() if isinstance(o, self.needs)]
        try:
            return list(self.examiner.examine(sample, seen))
        except Exception as error:  # a detector's fault costs its own answer only; the report names it
            _log.warning("%s failed at %.3f s", self.detector.name, sample.time.seconds, exc_info=True)
            return [Failure(time=sample.time, detector=self.detector.name, why=_in_words(error))]

    def end(self, time: Timestamp) -> list[Observation]:
        try:
            return list(self.examiner.end())
        except Exception as error:  # as above
            _log.warning("%s failed at the end", self.detector.name, exc_info=True)
            return [Failure(time=time, detector=self.detector.name, why=_in_words(error))]


class Stream:
    """One analysis under way: an iterator over its events in time order, findings last.

    Closing it (or leaving its ``with`` block) cancels what is not finished. After the last event, or after
    closing, ``report()`` gives the report; of a cancelled analysis it says which part was not looked at.

    Raises
    ------
    MediaError
        On construction, when the evidence cannot be read at all.
    """

    def __init__(self, plan: Plan, evidence: Evidence) -> None:
        self._plan = plan
        self._clock = RunClock()
        self._source = Source.open(evidence, plan.options.limits)
        try:
            self._decoder: Decoder = open_media(self._source, plan.options.limits)
        except BaseException:
            self._source.close()
            raise
        self._sampler = Sampler(plan.options.sampling)
        self._linker = Linker()
        self._keeper = EvidenceKeeper(plan.options.evidence) if plan.options.evidence else None
        self._stop = threading.Event()
        self._report: Report | None = None
        self._lanes: list[_Lane] = []
        self._not_begun: list[DetectorRun] = []
        self._first_time: Timestamp | None = None
        self._last_time: Timestamp | None = None
        self._cancelled = False
        self._events = self._run()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        return next(self._events)

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Cancel what is not finished and let go of the evidence; does nothing after the last event."""
        self._events.close()
        self._release()

    def report(self) -> Report:
        """Return the report of everything that was looked at.

        Raises
        ------
        OptionError
            The stream is still running: exhaust or close it first.
        """
        if self._report is None:
            raise OptionError("the analysis is still running: iterate to the end, or close the stream first")
        return self._report

    def _run(self) -> Generator[Event, None, None]:
        frames: queue.Queue[Sample | BaseException | None] = queue.Queue(maxsize=2)
        reader = threading.Thread(
            target=self._read, args=(frames,), name="mediaforensics-decode", daemon=True
        )
        width, height = self._decoder.size_px
        window = 4 if width * height <= _LARGE_FRAME_PX else 1
        self._begin(
            Surroundings(
                size_px=(width, height),
                moving=self._decoder.kind != "image",
                digests=lambda: self._source.digests,
            )
        )
        pool = ThreadPoolExecutor(self._plan.threads, thread_name_prefix="mediaforensics-detect")
        try:
            reader.start()
            in_work: deque[tuple[Sample, list[Future[list[Observation]]]]] = deque()
            while (item := frames.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                in_work.append((item, self._submit(pool, item)))
                if len(in_work) >= window:
                    yield from self._collect(*in_work.popleft())
            while in_work:
                yield from self._collect(*in_work.popleft())
            findings = self._conclude()
            yield from findings
        except (GeneratorExit, KeyboardInterrupt):
            self._cancelled = self._report is None  # findings that nobody waited for are still in the report
            raise
        finally:
            self._stop.set()
            pool.shutdown(wait=True, cancel_futures=True)
            while reader.is_alive():  # it may be waiting for room in the queue
                _drain(frames)
                reader.join(timeout=0.05)
            if self._cancelled:
                self._conclude()
            self._release()

    def _read(self, frames: queue.Queue[Sample | BaseException | None]) -> None:
        """Decode thread: frames to samples to the queue; a fault travels through the queue, too."""
        try:
            for frame in self._decoder.frames():
                for sample in self._sampler.push(frame):
                    if not self._offer(frames, sample):
                        return
                if self._stop.is_set():
                    return
            for sample in self._sampler.finish():
                if not self._offer(frames, sample):
                    return
            self._offer(frames, None)
        except BaseException as error:
            self._offer(frames, error)

    def _offer(
        self, frames: queue.Queue[Sample | BaseException | None], item: Sample | BaseException | None
    ) -> bool:
        while not self._stop.is_set():
            try:
                frames.put(item, timeout=0.1)
            except queue.Full:
                continue
            return True
        return False

    def _begin(self, surroundings: Surroundings) -> None:
        for detector in self._plan.detectors:
            try:
                examiner = detector.begin(surroundings)
            except Exception as error:  # this detector does not look; the report says so
                _log.warning("%s could not begin", detector.name, exc_info=True)
                self._not_begun.append(
                    DetectorRun(
                        name=detector.name, version=detector.version, ran=False, why_not=_in_words(error)
                    )
                )
                continue
            needs = tuple(detector.needs)
            waits_for = tuple(
                lane.detector.name for lane in self._lanes if set(lane.detector.emits) & set(needs)
            )
            self._lanes.append(_Lane(detector, examiner, needs, waits_for))

    def _submit(self, pool: ThreadPoolExecutor, sample: Sample) -> list[Future[list[Observation]]]:
        futures: dict[str, Future[list[Observation]]] = {}
        for lane in self._lanes:
            waits = [futures[name] for name in lane.waits_for]
            lane.previous = futures[lane.detector.name] = pool.submit(
                lane.examine, sample, waits, lane.previous
            )
        return list(futures.values())

    def _collect(self, sample: Sample, futures: Sequence[Future[list[Observation]]]) -> Iterator[Event]:
        observations = [observation for future in futures for observation in future.result()]
        self._first_time = self._first_time or sample.time
        self._last_time = sample.time
        self._note(observations)
        visible = self._linker.see(sample.time, observations, cut=sample.new_picture)
        if self._keeper is not None:
            for key, clarity in visible:
                self._keeper.offer(sample.frame, (key,), clarity)
        yield from observations
        yield Progress(
            time=sample.time,
            duration_s_from_header=self._decoder.duration_s_from_header,
            frames_decoded=self._sampler.frames_decoded,
            frames_sampled=self._sampler.frames_sampled,
        )

    def _note(self, observations: Iterable[Observation]) -> None:
        lanes = {lane.detector.name: lane for lane in self._lanes}
        for observation in observations:
            if isinstance(observation, Failure):
                lanes[observation.detector].failures.append((observation.time, observation.why))
            elif isinstance(observation, Remark):
                lanes[observation.detector].remarks.append(observation.words)

    def _conclude(self) -> tuple[Finding, ...]:
        """Ask every detector for its last words and write the report."""
        now = self._last_time or Timestamp(0, _MICROSECOND)
        last_words = [word for lane in self._lanes for word in lane.end(now)]
        self._note(last_words)
        self._linker.settle(last_words)
        self._report = assemble(
            facts=self._decoder.facts(),
            gaps=self._decoder.gaps,
            frames=(self._sampler.frames_decoded, self._sampler.frames_sampled),
            sampled=(self._first_time or now, now),
            stopped=self._cancelled,
            linker=self._linker,
            people=self._plan.people,
            lexicon=self._plan.lexicon,
            keeper=self._keeper,
            detectors=self._detector_runs(),
            provenance=self._plan.provenance,
            clock=self._clock,
        )
        return self._report.findings

    def _detector_runs(self) -> tuple[DetectorRun, ...]:
        runs = [
            DetectorRun(
                name=lane.detector.name,
                version=lane.detector.version,
                ran=True,
                models=tuple(ModelUsed(name=m.name, sha256=m.sha256) for m in lane.detector.models),
                failures=tuple(Gap(span=Span(time, time), why=why) for time, why in lane.failures),
                notes=(*lane.detector.notes, *dict.fromkeys(lane.remarks)),
            )
            for lane in self._lanes
        ]
        return tuple(sorted([*runs, *self._not_begun, *self._plan.not_run], key=lambda run: run.name))

    def _release(self) -> None:
        self._stop.set()
        if self._keeper is not None:
            self._keeper.close()
        self._decoder.close()
        self._source.close()


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".strip().rstrip(":")[:500]


def _drain(frames: queue.Queue[Sample | BaseException | None]) -> None:
    try:
        while True:
            frames.get_nowait()
    except queue.Empty:
        return
