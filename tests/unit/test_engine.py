import io
import threading
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from mediaforensics.detect import in_working_order
from mediaforensics.engine import Plan, Progress, Stream
from mediaforensics.errors import CannotOpen, OptionError, UnsupportedMedia
from mediaforensics.findings.entries import Finding
from mediaforensics.observations import FaceSeen, Failure, KnownSeen, OverlaySeen, TextSeen
from mediaforensics.options import EvidenceOptions, LimitOptions, Options
from mediaforensics.report.model import Provenance
from mediaforensics.types import Box


def clip(seconds: float = 3.0, start_s: float = 0.0) -> bytes:
    """Noise that changes every half second, 25 fps."""
    noise = np.random.default_rng(1)
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.time_base = Fraction(1, 1000)
        for n in range(round(seconds * 25)):
            if n % 12 == 0:
                pixels = noise.integers(0, 255, (64, 96, 3), np.uint8)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            frame.pts = round((start_s + n / 25) * 1000)
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return target.getvalue()


class Fake:
    """A detector that says one text per sample, unless told otherwise."""

    version = "1"
    models = ()
    notes = ("two pictures were refused",)

    def __init__(self, name="fake", needs=(), emits=(TextSeen,), examine=None, begin=None, end=()):
        self.name, self.needs, self.emits = name, needs, emits
        self._examine, self._begin, self._end = examine, begin, end

    def begin(self, surroundings):
        if self._begin is not None:
            self._begin(surroundings)
        return self

    def examine(self, sample, seen):
        if self._examine is not None:
            return self._examine(sample, seen)
        return [text(sample, self.name)]

    def end(self):
        return self._end


def text(sample, detector="fake", said="hello", track=1):
    return TextSeen(
        time=sample.time, detector=detector, track=track, text=said, box=Box(0, 0, 9, 9), lines=(),
        confidence=0.9, script="Latin", language="en", engine="fake",
    )  # fmt: skip


def plan(*detectors, threads=2, options=None):
    return Plan(
        detectors=in_working_order(detectors), not_run=(), people=(), options=options or Options(),
        provenance=Provenance(tool="test", components={}, options_digest=""), threads=threads,
    )  # fmt: skip


def run(*detectors, evidence=None, **more):
    with Stream(plan(*detectors, **more), evidence if evidence is not None else clip()) as stream:
        events = list(stream)
    return events, stream.report()


def test_a_detector_comes_after_those_it_needs():
    overlays = Fake("overlays", needs=(FaceSeen, TextSeen), emits=(OverlaySeen,))
    faces, texts = Fake("faces", emits=(FaceSeen,)), Fake("text")
    assert [d.name for d in in_working_order((overlays, faces, texts))][-1] == "overlays"


def test_needs_in_a_circle_are_refused():
    a = Fake("a", needs=(KnownSeen,), emits=(FaceSeen,))
    b = Fake("b", needs=(FaceSeen,), emits=(KnownSeen,))
    with pytest.raises(OptionError, match="circle"):
        in_working_order((a, b))


def test_two_detectors_cannot_share_a_name():
    with pytest.raises(OptionError, match="share a name"):
        in_working_order((Fake("a"), Fake("a")))


def test_a_detector_is_given_what_it_needs_of_the_same_sample():
    given = []

    def examine(sample, seen):
        given.append((sample.time, [(o.time, o.text) for o in seen]))
        return []

    run(Fake("late", needs=(TextSeen,), emits=(OverlaySeen,), examine=examine), Fake("text"))
    assert given
    assert all(seen == [(time, "hello")] for time, seen in given)


def test_events_come_in_time_order_with_findings_last():
    events, report = run(Fake())
    times = [e.time for e in events if not hasattr(e, "evidence")]
    assert times == sorted(times)
    assert isinstance(events[len(times) - 1], Progress)
    assert report.coverage.frames_decoded == 75
    assert report.detectors[0].notes == ("two pictures were refused",)
    assert report.coverage.frames_sampled == sum(isinstance(e, Progress) for e in events)


def test_a_text_that_stays_is_one_entry_until_the_last_frame_ends():
    _, report = run(Fake())
    assert [(t.text, t.span.start.seconds, t.span.end.seconds) for t in report.texts] == [("hello", 0.0, 3.0)]


def test_the_start_offset_of_the_container_is_kept():
    _, report = run(Fake(), evidence=clip(start_s=1.4))
    assert report.texts[0].span.start.seconds == pytest.approx(1.4)
    assert report.texts[0].span.end.seconds == pytest.approx(4.4)


def test_the_report_does_not_depend_on_the_number_of_threads():
    def slow(sample, seen):
        time.sleep(0.002 * (sample.time.pts % 3))
        return [text(sample, "slow", said=f"{len(seen)}", track=2)]

    evidence = clip()

    def wanted(threads):
        detectors = (Fake("text"), Fake("slow", needs=(FaceSeen,), examine=slow))
        return run(*detectors, threads=threads, evidence=evidence)[1].to_dict()

    one, four = wanted(1), wanted(4)
    del one["run"], four["run"]
    assert one == four


def test_a_detector_that_fails_loses_its_own_answer_and_nobody_elses():
    def broken(sample, seen):
        raise ZeroDivisionError("no")

    events, report = run(Fake("broken", examine=broken), Fake("text"))
    assert any(isinstance(e, Failure) and e.why == "ZeroDivisionError: no" for e in events)
    runs = {r.name: r for r in report.detectors}
    assert len(runs["broken"].failures) == report.coverage.frames_sampled
    assert not runs["text"].failures
    assert len(report.texts) == 1
    assert report.exit_status == 4


def test_a_detector_that_cannot_begin_did_not_run():
    def broken(surroundings):
        raise MemoryError

    _, report = run(Fake("broken", begin=broken), Fake("text"))
    states = {r.name: (r.ran, r.why_not) for r in report.detectors}
    assert states == {"broken": (False, "MemoryError"), "text": (True, None)}


def test_last_words_count():
    events, _ = run(Fake("text", examine=lambda sample, seen: [text(sample)]))
    first = next(e for e in events if isinstance(e, TextSeen))
    better = TextSeen(
        time=first.time, detector="text", track=1, text="better", box=first.box, lines=(), confidence=1.0,
        script="Latin", language="en", engine="fake",
    )  # fmt: skip
    _, report = run(Fake("text", end=(better,)))
    assert [t.text for t in report.texts] == ["better"]


def test_closing_in_the_middle_stops_the_threads_and_says_what_was_not_looked_at():
    before = threading.active_count()
    stream = Stream(plan(Fake()), clip(seconds=20))
    for event in stream:
        if isinstance(event, Progress) and event.time.seconds > 2:
            break
    stream.close()
    assert threading.active_count() == before
    report = stream.report()
    assert not report.coverage.complete
    assert "stopped" in report.coverage.undecodable[-1].why
    assert report.texts


def test_findings_that_nobody_waited_for_are_in_the_report_all_the_same():
    threat = Fake(examine=lambda sample, seen: [text(sample, said="We will kill you")])
    with Stream(plan(threat), clip()) as stream:
        for event in stream:
            if isinstance(event, Finding):
                break
    assert stream.report().coverage.complete
    assert stream.report().findings


def test_a_running_stream_has_no_report_yet():
    with Stream(plan(Fake()), clip()) as stream, pytest.raises(OptionError, match="still running"):
        stream.report()


def test_what_cannot_be_read_at_all_raises_at_once(tmp_path):
    with pytest.raises(UnsupportedMedia):
        Stream(plan(Fake()), b"#EXTM3U\nother.mp4\n")
    with pytest.raises(CannotOpen):
        Stream(plan(Fake()), tmp_path)


def test_a_truncated_file_is_reported_in_part():
    whole = clip(seconds=6)
    _, report = run(Fake(), evidence=whole[: len(whole) // 2])
    assert report.coverage.undecodable
    assert report.texts
    assert report.exit_status == 4


def test_a_deadline_ends_with_a_partial_report():
    options = Options(limits=LimitOptions(deadline_s=0.5))
    _, report = run(
        Fake(examine=lambda sample, seen: time.sleep(0.1) or [text(sample)]),
        evidence=clip(seconds=30),
        options=options,
    )
    assert not report.coverage.complete
    assert report.coverage.frames_decoded < 750
    assert report.texts


def test_evidence_pictures_belong_to_entries_and_can_be_off():
    _, report = run(Fake())
    assert [p.of for p in report.evidence] == [("t1",)]
    assert run(Fake(), options=Options(evidence=None))[1].evidence == ()


def test_at_most_as_many_pictures_as_allowed():
    tracks = iter(range(1000))
    _, report = run(
        Fake(examine=lambda sample, seen: [text(sample, track=next(tracks), said=f"{sample.time.pts}")]),
        options=Options(evidence=EvidenceOptions(max_pictures=2)),
    )
    assert len(report.texts) > 2
    assert len(report.evidence) == 2
