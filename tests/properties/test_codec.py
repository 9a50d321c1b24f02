"""Any report that can be built can be written, read and written again without a byte changing."""

from __future__ import annotations

import contextlib
import json
from dataclasses import fields
from fractions import Fraction
from typing import get_args

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mediaforensics.errors import BadReport
from mediaforensics.findings.entries import FaceEntry, Finding, FindingKind, Strength, TextEntry
from mediaforensics.media.facts import Coverage, Gap, MediaFacts, MediaKind
from mediaforensics.observations import Route, Tier
from mediaforensics.report.model import DetectorRun, EvidencePicture, ModelUsed, Provenance, Report, Run
from mediaforensics.types import Box, Span, Timestamp

words = st.text(max_size=30)
counts = st.integers(0, 2**40)
reals = st.floats(-1e6, 1e6)
fractions = st.floats(0, 1)
bases = st.sampled_from([Fraction(1, 90_000), Fraction(1, 1000), Fraction(1001, 30_000), Fraction(1, 3)])
times = st.builds(Timestamp, st.integers(-(2**31), 2**62), bases)
spans = st.tuples(times, times).map(lambda pair: Span(min(pair), max(pair)))
corners = st.tuples(
    st.integers(-50, 5000), st.integers(-50, 5000), st.integers(0, 5000), st.integers(0, 5000)
)
boxes = corners.map(lambda c: Box(c[0], c[1], c[0] + c[2], c[1] + c[3]))
gaps = st.lists(st.builds(Gap, span=spans, why=words), max_size=3).map(tuple)


def one_of(literal):
    return st.sampled_from(get_args(literal))


@st.composite
def reports(draw):
    ids = iter(
        draw(
            st.lists(words, min_size=9, max_size=9, unique_by=lambda s: s.encode("utf-8", "backslashreplace"))
        )
    )

    def entries(cls, **known):
        return tuple(
            draw(st.builds(cls, id=st.just(next(ids)), span=spans, **known))
            for _ in range(draw(st.integers(0, 3)))
        )

    texts = entries(
        TextEntry,
        clearest=times,
        text=st.text(max_size=80),
        language=st.none() | words,
        script=words,
        box=boxes,
        confidence=fractions,
        engine=words,
    )
    faces = entries(
        FaceEntry,
        clearest=times,
        person_id=st.none() | words,
        name=st.none() | words,
        tier=one_of(Tier),
        similarity=reals,
        threshold=reals,
        route=one_of(Route),
        box=boxes,
    )
    cited = st.lists(st.sampled_from([e.id for e in texts + faces] or [""]), max_size=3).map(tuple)
    if not texts + faces:
        cited = st.just(())
    findings = entries(
        Finding,
        kind=one_of(FindingKind),
        strength=one_of(Strength),
        person_id=st.none() | words,
        overlay_kinds=st.just(("flames",)),
        evidence=cited,
        rule=words,
        explanation=words,
    )
    return Report(
        media=draw(
            st.builds(
                MediaFacts,
                name=words,
                sha256=words,
                md5=words,
                sha1=words,
                size_bytes=counts,
                kind=one_of(MediaKind),
                container=words,
                codec=words,
                width_px=counts,
                height_px=counts,
                duration_s_from_header=st.none() | reals,
                duration_s_decoded=reals,
                frames_decoded=counts,
                rotation_degrees=counts,
                mirrored=st.booleans(),
                notes=st.lists(words, max_size=2).map(tuple),
            )
        ),
        coverage=draw(
            st.builds(
                Coverage,
                frames_decoded=counts,
                frames_sampled=counts,
                frames_skipped=counts,
                undecodable=gaps,
            )
        ),
        detectors=draw(
            st.lists(
                st.builds(
                    DetectorRun,
                    name=words,
                    version=words,
                    ran=st.booleans(),
                    why_not=st.none() | words,
                    models=st.lists(st.builds(ModelUsed, name=words, sha256=words), max_size=2).map(tuple),
                    failures=gaps,
                ),
                max_size=2,
            ).map(tuple)
        ),
        texts=texts,
        faces=faces,
        findings=findings,
        provenance=draw(
            st.builds(
                Provenance,
                tool=words,
                components=st.dictionaries(words, words, max_size=3),
                options_digest=words,
                known_digest=st.none() | words,
                gallery_digest=st.none() | words,
            )
        ),
        run=draw(st.builds(Run, started_at=words, wall_s=reals, cpu_s=reals, peak_rss_bytes=counts)),
        evidence=draw(
            st.lists(
                st.builds(
                    EvidencePicture,
                    time=times,
                    of=cited,
                    frame_sha256=words,
                    size_px=st.tuples(counts, counts),
                    frame_size_px=st.tuples(counts, counts),
                ),
                max_size=2,
            ).map(tuple)
        ),
    )


relaxed = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@relaxed
@given(reports())
def test_writing_reading_and_writing_again_changes_nothing(report):
    text = report.to_json()
    again = Report.from_json(text)
    assert again.to_json() == text
    assert Report.from_json(again.to_json()) == again
    assert [
        len(getattr(again, f.name)) for f in fields(Report) if isinstance(getattr(report, f.name), tuple)
    ] == [len(getattr(report, f.name)) for f in fields(Report) if isinstance(getattr(report, f.name), tuple)]
    for before, after in zip(report.faces, again.faces, strict=True):
        assert after.box == before.box
        assert abs(after.span.start - before.span.start) <= Fraction(1, 1_000_000)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@relaxed
@given(reports(), st.data())
def test_a_spoilt_report_is_refused_or_still_a_report(report, data):
    """Whatever stands in one place of the JSON, reading ends in a report or in BadReport, nothing else."""
    spoilt = json.loads(report.to_json())
    place = spoilt
    for _ in range(data.draw(st.integers(0, 3))):
        options = [
            v
            for v in (place.values() if isinstance(place, dict) else place)
            if isinstance(v, (dict, list)) and v
        ]
        if not options:
            break
        place = data.draw(st.sampled_from(options))
    key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(anything)
    with contextlib.suppress(BadReport):
        assert Report.from_json(json.dumps(spoilt)).to_json()


@relaxed
@given(reports())
def test_every_report_has_a_page(report):
    page = report.to_html()
    assert page == report.to_html()
    assert page.count("<script>") == 1
