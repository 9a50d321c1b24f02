"""The report as JSON and back, schema ``mediaforensics-report/1``.

Every record is described once, as a list of keys in the order they are written; the same list writes and
reads. Writing is canonical: the same report gives the same bytes. Reading is strict about everything it
knows and ignores keys it does not, because later versions of the schema may add some.

Times are seconds rounded to a microsecond. They come back as whole microseconds, so a report that was read
is written again unchanged, though the container's own time base is gone.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

from mediaforensics.errors import BadReport
from mediaforensics.findings.entries import (
    FaceEntry,
    Finding,
    FindingKind,
    KnownEntry,
    OverlayEntry,
    Quantity,
    Strength,
    TextEntry,
    ThreatEntry,
)
from mediaforensics.media.facts import Coverage, Gap, MediaFacts, MediaKind
from mediaforensics.observations import Extent, OverlayChannel, OverlayKind, OverlayMethod, Route, Tier
from mediaforensics.report.model import DetectorRun, EvidencePicture, ModelUsed, Provenance, Report, Run
from mediaforensics.report.values import (
    BOOLEAN,
    BOX,
    FRACTION,
    INTEGER,
    NUMBER,
    PAIR,
    QUAD,
    SEVERITY,
    TEXT,
    TEXT_OR_NONE,
    TEXTS,
    TIME,
    VERSIONS,
    Key,
    Kind,
    Record,
    bad,
    choice,
    list_of,
    or_none,
    record_kind,
)
from mediaforensics.text.threat_reader import Category
from mediaforensics.types import Mask

SCHEMA = "mediaforensics-report/1"


def to_mapping(report: Report) -> dict[str, Any]:
    """Plain data of the report, keys in schema order.

    Raises
    ------
    ValueError
        A number in the report is not finite.
    """
    return {"schema": SCHEMA, **_REPORT.write(report, "report")}


def to_json(report: Report) -> str:
    """Canonical JSON text of the report, ending in a newline."""
    return json.dumps(to_mapping(report), ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def from_json(text: str | bytes) -> Report:
    """Read a report.

    Raises
    ------
    BadReport
        Not JSON, another schema, or a value of the wrong type; the message names the place.
    """
    try:
        data = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except BadReport:
        raise
    except (ValueError, RecursionError) as error:
        raise BadReport(f"not a JSON report: {error}") from error
    return from_mapping(data)


def from_mapping(data: object) -> Report:
    """Read a report from plain data, such as parsed JSON.

    Raises
    ------
    BadReport
        See ``from_json``.
    """
    if not isinstance(data, dict):
        bad("report", "an object", data)
    if data.get("schema") != SCHEMA:
        raise BadReport(f"schema is {data.get('schema')!r}; this version reads {SCHEMA!r} only")
    report: Report = _REPORT.read(data, "report")
    return report


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise BadReport("not a JSON report: an object names a key twice")
    return result


def _no_constant(name: str) -> NoReturn:
    raise BadReport(f"not a JSON report: {name} is not a number")


# The records, keys in the order of the schema.

_SPAN = {"start_s": Key("span.start", TIME), "end_s": Key("span.end", TIME)}
_CLEAREST = {"clearest_s": Key("clearest", TIME, None)}
_ID = {"id": Key("id", TEXT)}

_GAP = Record(Gap, {**_SPAN, "why": Key("why", TEXT)})
_MEDIA = Record(
    MediaFacts,
    {
        "name": Key("name", TEXT),
        "sha256": Key("sha256", TEXT),
        "md5": Key("md5", TEXT),
        "sha1": Key("sha1", TEXT),
        "size_bytes": Key("size_bytes", INTEGER),
        "kind": Key("kind", choice(MediaKind)),
        "container": Key("container", TEXT),
        "codec": Key("codec", TEXT),
        "width_px": Key("width_px", INTEGER),
        "height_px": Key("height_px", INTEGER),
        "duration_s_from_header": Key("duration_s_from_header", or_none(NUMBER)),
        "duration_s_decoded": Key("duration_s_decoded", NUMBER),
        "frames_decoded": Key("frames_decoded", INTEGER),
        "rotation_degrees": Key("rotation_degrees", INTEGER),
        "mirrored": Key("mirrored", BOOLEAN),
        "notes": Key("notes", TEXTS, ()),
    },
)
_COVERAGE = Record(
    Coverage,
    {
        "complete": Key("complete", BOOLEAN, derived=True),
        "frames_decoded": Key("frames_decoded", INTEGER, 0),
        "frames_sampled": Key("frames_sampled", INTEGER),
        "frames_skipped": Key("frames_skipped", INTEGER, 0),
        "undecodable": Key("undecodable", list_of(_GAP)),
    },
)
_MODEL = Record(ModelUsed, {"name": Key("name", TEXT), "sha256": Key("sha256", TEXT)})
_DETECTOR = Record(
    DetectorRun,
    {
        "name": Key("name", TEXT),
        "version": Key("version", TEXT),
        "ran": Key("ran", BOOLEAN),
        "why_not": Key("why_not", TEXT_OR_NONE),
        "models": Key("models", list_of(_MODEL)),
        "failures": Key("failures", list_of(_GAP), ()),
        "notes": Key("notes", TEXTS, ()),
    },
)
_TEXT_ENTRY = Record(
    TextEntry,
    {
        **_ID,
        "text": Key("text", TEXT),
        "language": Key("language", TEXT_OR_NONE),
        "script": Key("script", TEXT),
        **_SPAN,
        **_CLEAREST,
        "box_px": Key("box", BOX),
        "confidence": Key("confidence", FRACTION),
        "engine": Key("engine", TEXT),
    },
)
_QUANTITY = Record(Quantity, {"value": Key("value", INTEGER), "what": Key("what", TEXT)})
_THREAT = Record(
    ThreatEntry,
    {
        **_ID,
        "category": Key("category", choice(Category)),
        "severity": Key("severity", SEVERITY),
        **_SPAN,
        **_CLEAREST,
        "quote": Key("quote", TEXT),
        "text_ids": Key("text_ids", TEXTS),
        "targets": Key("targets", TEXTS),
        "quantities": Key("quantities", list_of(_QUANTITY)),
        "deadline": Key("deadline", TEXT_OR_NONE),
        "rule": Key("rule", TEXT),
        "explanation": Key("explanation", TEXT),
    },
)
_KNOWN = Record(
    KnownEntry,
    {
        **_ID,
        "entry_id": Key("entry_id", TEXT),
        "list": Key("list_name", TEXT),
        "labels": Key("labels", TEXTS),
        "extent": Key("extent", choice(Extent)),
        **_SPAN,
        **_CLEAREST,
        "box_px": Key("box", BOX),
        "mirrored": Key("mirrored", BOOLEAN),
        "algorithm": Key("algorithm", TEXT),
        "distance_bits": Key("distance_bits", INTEGER),
        "inliers": Key("inliers", INTEGER),
        "covered_fraction": Key("covered_fraction", FRACTION),
        "polygon_px": Key("polygon", or_none(QUAD), None),
        "known_span_s": Key("known_span_s", or_none(PAIR), None),
    },
)
_FACE = Record(
    FaceEntry,
    {
        **_ID,
        "person_id": Key("person_id", TEXT_OR_NONE),
        "name": Key("name", TEXT_OR_NONE, None),
        "tier": Key("tier", choice(Tier)),
        "similarity": Key("similarity", NUMBER),
        "threshold": Key("threshold", NUMBER),
        "route": Key("route", choice(Route)),
        **_SPAN,
        **_CLEAREST,
        "box_px": Key("box", BOX),
    },
)
_MASK = Record(
    Mask,
    {
        "box_px": Key("box", BOX),
        "columns": Key("columns", INTEGER),
        "rows": Key("rows", INTEGER),
        "counts": Key("counts", list_of(INTEGER)),
    },
)
_CHANNEL = Record(
    OverlayChannel,
    {
        "method": Key("method", choice(OverlayMethod)),
        "time_s": Key("time", TIME),
        "confidence": Key("confidence", FRACTION),
        "coverage_fraction": Key("coverage_fraction", FRACTION),
        "count": Key("count", INTEGER),
        "mask": Key("mask", record_kind(_MASK)),
    },
)
_OVERLAY = Record(
    OverlayEntry,
    {
        **_ID,
        "kind": Key("kind", choice(OverlayKind)),
        "face_id": Key("face_id", TEXT_OR_NONE),
        "known_id": Key("known_id", TEXT_OR_NONE, None),
        **_SPAN,
        **_CLEAREST,
        "box_px": Key("box", BOX),
        "coverage_fraction": Key("coverage_fraction", FRACTION),
        "count": Key("count", INTEGER),
        "confidence": Key("confidence", FRACTION),
        "method": Key("method", choice(OverlayMethod)),
        "picture_fraction": Key("picture_fraction", or_none(FRACTION), None),
        "channels": Key("channels", list_of(_CHANNEL), ()),
    },
)
_FINDING = Record(
    Finding,
    {
        **_ID,
        "kind": Key("kind", choice(FindingKind)),
        "strength": Key("strength", choice(Strength)),
        "person_id": Key("person_id", TEXT_OR_NONE),
        "overlay_kinds": Key("overlay_kinds", list_of(choice(OverlayKind))),
        **_SPAN,
        "evidence": Key("evidence", TEXTS),
        "rule": Key("rule", TEXT, ""),
        "explanation": Key("explanation", TEXT),
    },
)
_PROVENANCE = Record(
    Provenance,
    {
        "tool": Key("tool", TEXT),
        "components": Key("components", VERSIONS),
        "options_digest": Key("options_digest", TEXT),
        "known_digest": Key("known_digest", TEXT_OR_NONE),
        "gallery_digest": Key("gallery_digest", TEXT_OR_NONE),
    },
)
_RUN = Record(
    Run,
    {
        "started_at": Key("started_at", TEXT),
        "wall_s": Key("wall_s", NUMBER),
        "cpu_s": Key("cpu_s", NUMBER),
        "peak_rss_bytes": Key("peak_rss_bytes", INTEGER),
    },
)


def _write_picture(picture: EvidencePicture, path: str) -> dict[str, Any]:
    (width, height), (frame_width, frame_height) = picture.size_px, picture.frame_size_px
    return {
        "time_s": TIME.write(picture.time, path),
        "frame_sha256": picture.frame_sha256,
        "width_px": width,
        "height_px": height,
        "frame_width_px": frame_width,
        "frame_height_px": frame_height,
        "of": TEXTS.write(picture.of, path),
    }


def _read_picture(value: Any, path: str) -> EvidencePicture:
    if not isinstance(value, dict):
        bad(path, "an object", value)

    def read(name: str, kind: Kind) -> Any:
        if name not in value:
            raise BadReport(f"{path}.{name} is missing")
        return kind.read(value[name], f"{path}.{name}")

    return EvidencePicture(
        time=read("time_s", TIME),
        frame_sha256=read("frame_sha256", TEXT),
        size_px=(read("width_px", INTEGER), read("height_px", INTEGER)),
        frame_size_px=(read("frame_width_px", INTEGER), read("frame_height_px", INTEGER)),
        of=read("of", TEXTS),
    )


_REPORT = Record(
    Report,
    {
        "media": Key("media", record_kind(_MEDIA)),
        "coverage": Key("coverage", record_kind(_COVERAGE)),
        "detectors": Key("detectors", list_of(_DETECTOR)),
        "texts": Key("texts", list_of(_TEXT_ENTRY)),
        "threats": Key("threats", list_of(_THREAT)),
        "known": Key("known", list_of(_KNOWN)),
        "faces": Key("faces", list_of(_FACE)),
        "overlays": Key("overlays", list_of(_OVERLAY)),
        "findings": Key("findings", list_of(_FINDING)),
        "evidence_frames": Key("evidence", list_of(Kind(_write_picture, _read_picture)), ()),
        "provenance": Key("provenance", record_kind(_PROVENANCE)),
        "run": Key("run", record_kind(_RUN)),
    },
)

_ENTRIES = {
    "texts": _TEXT_ENTRY,
    "threats": _THREAT,
    "known": _KNOWN,
    "faces": _FACE,
    "overlays": _OVERLAY,
    "findings": _FINDING,
}


def columns(name: str) -> list[str]:
    """Keys of the entries of one list, in schema order."""
    return list(_ENTRIES[name].keys)
