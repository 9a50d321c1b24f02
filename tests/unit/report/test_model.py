"""What a report guarantees by itself: order, unique ids, no truth value, the exit status."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
import report_samples as samples

from mediaforensics.media.facts import Gap
from mediaforensics.report.model import Failed


def test_lists_are_ordered_by_start_then_id():
    report = samples.rich()
    shuffled = replace(report, texts=report.texts[::-1], overlays=report.overlays[::-1])
    assert [t.id for t in shuffled.texts] == ["t1", "t2", "t3", "t4", "t5", "t6"]
    assert shuffled.to_json() == report.to_json()


def test_two_entries_with_one_id_are_refused():
    report = samples.rich()
    with pytest.raises(ValueError, match="'t1'"):
        replace(report, faces=(replace(report.faces[0], id="t1"),))


@pytest.mark.parametrize(
    "change",
    [
        lambda r: {"findings": (replace(r.findings[0], evidence=("f1", "gone")),)},
        lambda r: {"threats": (replace(r.threats[0], text_ids=("gone",)),)},
        lambda r: {"overlays": (replace(r.overlays[0], face_id="gone"), *r.overlays[1:])},
        lambda r: {"evidence": (samples.picture(1.0, "gone"),)},
    ],
)
def test_a_citation_of_nothing_is_refused(change):
    report = samples.rich()
    with pytest.raises(ValueError, match="'gone'"):
        replace(report, **change(report))


@pytest.mark.parametrize(
    "result",
    [
        samples.empty(),
        samples.DETECTORS[0],
        Failed(name="x", sha256=None, error_type="NoFrames", message="m"),
    ],
    ids=["report", "detector run", "failed"],
)
def test_no_result_has_a_truth_value(result):
    with pytest.raises(TypeError, match="neither true nor false: ask"):
        bool(result)


def test_exit_status():
    assert samples.empty().exit_status == 0
    assert samples.rich().exit_status == 1
    assert samples.in_part().exit_status == 4
    assert replace(samples.in_part(), findings=()).exit_status == 4


def test_a_detector_that_failed_makes_a_report_incomplete():
    gap = Gap(span=samples.span(1, 2), why="ValueError: no")
    report = samples.empty()
    failing = replace(report, detectors=(replace(report.detectors[0], failures=(gap,)),))
    assert report.complete
    assert not failing.complete
    assert failing.coverage.complete


def test_a_report_travels_between_processes():
    report = samples.rich()
    again = pickle.loads(pickle.dumps(report))
    assert again == report
    assert again.to_html() == report.to_html()
