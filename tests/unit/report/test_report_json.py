"""The JSON contract: names and order of keys, the published schema, what a reader refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files

import jsonschema
import pytest
import report_samples as samples

from mediaforensics.errors import BadReport
from mediaforensics.report.model import Report
from mediaforensics.types import Span, Timestamp

SCHEMA = json.loads(files("mediaforensics.report").joinpath("report.schema.json").read_text("utf-8"))
EVERY = [samples.rich, samples.empty, samples.in_part, samples.hostile]

# The contract that other programs read, in its own words and order.
KEYS = {
    "media": "name sha256 md5 sha1 size_bytes kind container codec width_px height_px duration_s_from_header "
    "duration_s_decoded frames_decoded rotation_degrees mirrored",
    "coverage": "complete frames_sampled undecodable",
    "detectors": "name version ran why_not models",
    "texts": "id text language script start_s end_s box_px confidence engine",
    "threats": "id category severity start_s end_s quote text_ids targets quantities deadline rule "
    "explanation",
    "known": "id entry_id list labels extent start_s end_s box_px mirrored algorithm distance_bits inliers "
    "covered_fraction",
    "faces": "id person_id tier similarity threshold route start_s end_s box_px",
    "overlays": "id kind face_id start_s end_s box_px coverage_fraction count confidence method",
    "findings": "id kind strength person_id overlay_kinds start_s end_s evidence explanation",
    "provenance": "tool components options_digest known_digest gallery_digest",
    "run": "started_at wall_s cpu_s peak_rss_bytes",
}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("make", EVERY)
def test_reports_hold_to_the_schema(make):
    jsonschema.validate(json.loads(make().to_json()), SCHEMA, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("part", KEYS)
def test_names_of_keys(part):
    data = samples.rich().to_dict()
    assert data["schema"] == "mediaforensics-report/1"
    parts = data[part] if isinstance(data[part], list) else [data[part]]
    wanted = KEYS[part].split()
    for entry in parts:
        assert [key for key in entry if key in wanted] == wanted


def test_the_schema_names_the_same_keys_as_the_writer():
    data = samples.in_part().to_dict() | {"threats": samples.rich().to_dict()["threats"]}
    for part, schema in SCHEMA["properties"].items():
        entry = data[part][0] if isinstance(data[part], list) and data[part] else data[part]
        if isinstance(entry, dict):
            assert list(entry) == list(schema.get("items", schema)["properties"]), part


@pytest.mark.parametrize("make", EVERY)
def test_what_was_written_reads_back_equal(make):
    report = make()
    text = report.to_json()
    again = Report.from_json(text)
    assert again.to_json() == text
    assert (
        replace(again, media=report.media) == replace(report, media=report.media) or make is samples.hostile
    )
    assert all(picture.jpeg is None for picture in again.evidence)


def test_times_are_rounded_to_a_microsecond_and_stay_so():
    third = Timestamp(1, Fraction(1, 3))
    report = samples.rich()
    report = replace(
        report,
        faces=(replace(report.faces[2], span=Span(third, samples.at(50)), clearest=third),),
        overlays=(),
        findings=(),
        known=(),
        evidence=(),
    )
    face = report.to_dict()["faces"][0]
    assert face["start_s"] == 0.333333
    again = Report.from_json(report.to_json())
    assert again.faces[0].span.start == Timestamp(333333, Fraction(1, 1_000_000))
    assert again.to_json() == report.to_json()


def test_only_run_differs_between_two_runs():
    first = samples.rich()
    second = replace(first, run=replace(first.run, started_at="2027-01-01T00:00:00Z", wall_s=99.0))
    a, b = first.to_dict(), second.to_dict()
    assert a.pop("run") != b.pop("run")
    assert json.dumps(a) == json.dumps(b)
    assert first.to_html() == second.to_html()


def test_a_name_with_undecodable_bytes_is_written_as_escapes():
    report = replace(samples.empty(), media=replace(samples.MEDIA, name="a\udcffb.mp4"))
    assert report.to_json().encode("utf-8")
    assert report.to_dict()["media"]["name"] == "a\\udcffb.mp4"


def test_a_number_that_is_none_is_never_written():
    report = samples.rich()
    broken = replace(report, texts=(replace(report.texts[0], confidence=float("nan")), *report.texts[1:]))
    with pytest.raises(ValueError, match=r"report\.texts\[0\]\.confidence"):
        broken.to_json()


def test_unknown_keys_are_for_later_versions():
    data = samples.rich().to_dict()
    data["future"] = {"anything": 1}
    data["faces"][0]["age"] = 3
    assert Report.from_json(json.dumps(data)) == Report.from_json(samples.rich().to_json())


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema", "mediaforensics-report/2", "reads 'mediaforensics-report/1' only"),
        ("media", [], r"report\.media must be an object, not list"),
        ("media.size_bytes", "7", r"report\.media\.size_bytes must be an integer"),
        ("media.size_bytes", True, r"report\.media\.size_bytes must be an integer"),
        ("media.kind", "film", r"report\.media\.kind must be one of video, image, animation"),
        ("media.mirrored", 0, r"report\.media\.mirrored must be true or false"),
        ("texts.0.text", None, r"report\.texts\[0\]\.text must be a text"),
        ("texts.1.confidence", 1.5, r"report\.texts\[1\]\.confidence must be a number from 0 to 1"),
        ("texts.1.start_s", "12.4", r"report\.texts\[1\]\.start_s must be seconds"),
        ("texts.1.start_s", 99.0, r"report\.texts\[1\]: a span ends before it starts"),
        ("texts.0.box_px", [0, 0, 5], r"report\.texts\[0\]\.box_px must be four integers"),
        ("texts.0.box_px", [9, 0, 5, 5], r"report\.texts\[0\]\.box_px: a box with negative size"),
        ("texts.0.box_px", [0, 0, 5.5, 5], r"report\.texts\[0\]\.box_px\[2\] must be an integer"),
        ("threats.0.severity", 4, r"report\.threats\[0\]\.severity must be an integer from 0 to 3"),
        ("threats.1.quantities.0.value", "many", r"report\.threats\[1\]\.quantities\[0\]\.value"),
        ("findings.0.evidence", "f1", r"report\.findings\[0\]\.evidence must be a list"),
        ("findings.0.evidence", ["nobody"], "'nobody', which is not in the report"),
        ("coverage.complete", False, "contradicts"),
        ("provenance.components", {"av": 18}, r"report\.provenance\.components\.av must be a text"),
        ("evidence_frames.0.time_s", None, r"report\.evidence_frames\[0\]\.time_s must be seconds"),
    ],
)
def test_a_wrong_value_is_refused_by_its_place(path, value, message):
    data = samples.rich().to_dict()
    *parents, last = path.split(".")
    place = data
    for step in parents:
        place = place[int(step) if step.isdigit() else step]
    place[int(last) if last.isdigit() else last] = value
    with pytest.raises(BadReport, match=message):
        Report.from_json(json.dumps(data))


def test_a_missing_key_is_named():
    data = samples.rich().to_dict()
    del data["overlays"][0]["count"]
    with pytest.raises(BadReport, match=r"report\.overlays\[0\]\.count is missing"):
        Report.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        "null",
        "3",
        '{"schema": NaN}',
        '{"schema": 1, "schema": 1}',
        "[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_anything_else_is_a_bad_report(text):
    with pytest.raises(BadReport):
        Report.from_json(text)
