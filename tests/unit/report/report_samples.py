"""Reports to test with, made by hand: rich, empty, read in part, hostile, large."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from fractions import Fraction

import numpy as np
from PIL import Image, ImageDraw

from mediaforensics.findings.entries import (
    FaceEntry,
    Finding,
    KnownEntry,
    OverlayEntry,
    Quantity,
    TextEntry,
    ThreatEntry,
)
from mediaforensics.media.facts import Coverage, Gap, MediaFacts
from mediaforensics.observations import OverlayChannel
from mediaforensics.report.model import (
    DetectorRun,
    EvidencePicture,
    ModelUsed,
    Provenance,
    Report,
    Run,
)
from mediaforensics.types import Box, Mask, Span, Timestamp

_BASE = Fraction(1, 12800)

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"><svg onload=alert(1)>",
    "{{ 7*7 }}{% raw %}",
    "file‮gpj.exe‬",
    "nul\x00bell\x07esc\x1b[31m\x7f\x85",
    "line\u2028separator\u2029\r\nnext",
    "</style><style>*{display:none}</style>",
    "javascript:alert(1)//http://example.invalid/x.png",
    "zero\u200bwidth\u2066isolate\u2069\ufeff",
    "=cmd|' /C calc'!A0",
    "A" * 3000,
)


def at(seconds: float) -> Timestamp:
    return Timestamp(round(seconds * 12800), _BASE)


def span(start: float, end: float) -> Span:
    return Span(at(start), at(end))


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def picture(seconds: float, *of: str, size: tuple[int, int] = (640, 360)) -> EvidencePicture:
    """A drawn stand-in for a frame: a portrait-like shape with a warm glow."""
    image = Image.new("RGB", size, (38, 42, 52))
    draw = ImageDraw.Draw(image)
    width, height = size
    for i in range(12):
        shade = (200 - 10 * i, 90 + 4 * i, 40)
        draw.ellipse((width * 0.3 - i * 9, height * 0.85 - i * 12, width * 0.7 + i * 9, height + 60), shade)
    draw.ellipse((width * 0.38, height * 0.16, width * 0.62, height * 0.7), (214, 170, 140))
    draw.rectangle((width * 0.08, height * 0.78, width * 0.92, height * 0.93), (12, 12, 14))
    draw.text((width * 0.1, height * 0.81), f"frame at {seconds:.3f} s", (240, 240, 240))
    data = io.BytesIO()
    image.save(data, "JPEG", quality=85)
    return EvidencePicture(
        time=at(seconds),
        of=of,
        frame_sha256=hashlib.sha256(image.tobytes()).hexdigest(),
        size_px=size,
        frame_size_px=(1280, 720),
        jpeg=data.getvalue(),
    )


MEDIA = MediaFacts(
    name="flames.mp4",
    sha256=sha("flames"),
    md5="0123456789abcdef" * 2,
    sha1="0123456789abcdef0123" * 2,
    size_bytes=7_340_112,
    kind="video",
    container="mov,mp4,m4a,3gp,3g2,mj2",
    codec="h264",
    width_px=1280,
    height_px=720,
    duration_s_from_header=60.0,
    duration_s_decoded=59.96,
    frames_decoded=1499,
    rotation_degrees=0,
    mirrored=False,
    notes=(),
)
PROVENANCE = Provenance(
    tool="mediaforensics 0.1.0",
    components={"opencv": "5.0.0", "av": "18.1.0", "tesseract": "5.3.0", "onnxruntime": "1.32.0"},
    options_digest=sha("options"),
    known_digest=sha("known"),
    gallery_digest=sha("gallery"),
)
RUN = Run(started_at="2026-11-23T18:00:00Z", wall_s=21.4, cpu_s=38.25, peak_rss_bytes=612_368_384)
DETECTORS = (
    DetectorRun(
        name="text",
        version="1",
        ran=True,
        models=(
            ModelUsed(name="pp-ocr-det", sha256=sha("det")),
            ModelUsed(name="pp-ocr-rec", sha256=sha("rec")),
        ),
    ),
    DetectorRun(name="known", version="1", ran=True),
    DetectorRun(
        name="faces",
        version="1",
        ran=True,
        models=(ModelUsed(name="yunet", sha256=sha("y")), ModelUsed(name="sface", sha256=sha("s"))),
    ),
    DetectorRun(name="overlays", version="1", ran=True, models=(ModelUsed(name="overlay", sha256=sha("o")),)),
)


def rich() -> Report:
    """Two enrolled people under attack, texts in four languages, a flash, an unknown face."""
    texts = (
        _text(
            "t1",
            4.0,
            9.0,
            "You announce daily that you suspend many of our accounts,\n"
            "and to you we say: Is that all you can do?",
        ),
        _text(
            "t2",
            12.4,
            18.0,
            "If you close one account we will take 10 in return and soon your names will be erased\n"
            "after we delete your sites",
        ),
        _text("t3", 22.0, 27.0, "10,000 Facebook accounts, 150 groups and 5,000 Twitter accounts"),
        _text("t4", 30.0, 34.0, "سنمحو أسماءكم قريبا", "ar", "Arabic", "tesseract", 0.81),
        _text("t5", 35.0, 39.0, "Bientôt vos noms seront effacés", "fr"),
        _text("t6", 40.0, 44.0, "Скоро ваши имена будут стёрты", "ru", "Cyrillic", "tesseract", 0.88),
    )
    faces = (
        _face("f1", 10.0, 20.0, "person-a", "Ada Example", "match", 0.71, Box(180, 90, 520, 560)),
        _face(
            "f2", 10.0, 20.0, "person-b", "Bertil Sample", "lead", 0.39, Box(760, 100, 1100, 570), "composite"
        ),
        _face("f3", 46.0, 50.0, None, None, "unknown", 0.12, Box(500, 150, 780, 520)),
    )
    overlays = (
        _overlay("o1", "flames", "f1", 11.0, 20.0, Box(150, 240, 560, 600), 0.41),
        _overlay("o2", "bullet_hole", "f1", 13.0, 20.0, Box(220, 130, 480, 420), 0.08, 9),
        _overlay("o3", "crosshair", "f2", 12.0, 20.0, Box(780, 130, 1080, 520), 0.06),
        _overlay("o4", "blood", "f3", 46.5, 50.0, Box(510, 300, 770, 560), 0.22),
    )
    known = (
        _known("k1", "ceo-03", 10.0, 20.0, "region", Box(120, 40, 600, 640)),
        _known("k2", "logo-flash", 28.0, 28.12, "frame", Box(0, 0, 1280, 720)),
    )
    threats = (
        _threat("h1", "destruction", 2, 12.4, 18.0, "soon your names will be erased", ("t2",), ("person-a",)),
        replace(
            _threat("h2", "capability_claim", 1, 22.0, 27.0, texts[2].text, ("t3",), ()),
            quantities=(
                Quantity(value=10_000, what="Facebook accounts"),
                Quantity(value=150, what="groups"),
                Quantity(value=5_000, what="Twitter accounts"),
            ),
            deadline=None,
        ),
    )
    findings = (
        _finding(
            "x1",
            "public_figure_violent_overlay",
            "strong",
            "person-a",
            ("flames", "bullet_hole"),
            11.0,
            20.0,
            ("f1", "o1", "o2", "k1"),
            "Ada Example (match, similarity 0.71, threshold 0.44) is shown with flames over 41 % of the "
            "face and nine bullet holes.",
        ),
        _finding(
            "x2",
            "public_figure_violent_overlay",
            "moderate",
            "person-b",
            ("crosshair",),
            12.0,
            20.0,
            ("f2", "o3"),
            "A face that may be Bertil Sample (lead, similarity 0.39) is shown under a crosshair.",
        ),
        _finding(
            "x3",
            "named_threat",
            "strong",
            "person-a",
            (),
            12.4,
            18.0,
            ("h1", "t2"),
            "The text says “soon your names will be erased”, a threat of destruction within a stated time.",
        ),
        _finding(
            "x4",
            "combined_threat",
            "strong",
            "person-a",
            ("flames", "bullet_hole"),
            11.0,
            20.0,
            ("x1", "h1"),
            "The picture of Ada Example under flames is on screen together with a threat of destruction.",
        ),
        _finding(
            "x5",
            "known_image",
            "moderate",
            None,
            (),
            28.0,
            28.12,
            ("k2",),
            "The known picture logo-flash fills the frame for 0.12 seconds.",
        ),
        _finding(
            "x6",
            "face_violent_overlay",
            "weak",
            None,
            ("blood",),
            46.5,
            50.0,
            ("f3", "o4"),
            "A face that nobody enrolled is shown with blood over 22 % of it.",
        ),
    )
    evidence = (
        picture(14.0, "f1", "o1", "o2", "f2", "o3", "t2", "k1"),
        picture(24.0, "t3"),
        picture(28.04, "k2"),
        picture(32.0, "t4"),
        picture(48.0, "f3", "o4", size=(360, 640)),
    )
    return Report(
        media=MEDIA,
        coverage=Coverage(frames_decoded=1499, frames_sampled=173, frames_skipped=1326),
        detectors=DETECTORS,
        texts=texts,
        threats=threats,
        known=known,
        faces=faces,
        overlays=overlays,
        findings=findings,
        provenance=PROVENANCE,
        run=RUN,
        evidence=evidence,
    )


def empty() -> Report:
    """Everything was looked at and nothing was found."""
    return Report(
        media=replace(MEDIA, name="interview.webm"),
        coverage=Coverage(frames_decoded=250, frames_sampled=12, frames_skipped=238),
        detectors=DETECTORS,
        provenance=PROVENANCE,
        run=RUN,
    )


def in_part() -> Report:
    """A damaged file; one detector off, one that failed for a while, one finding."""
    report = rich()
    return replace(
        report,
        media=replace(MEDIA, name="damaged.ts", notes=("interlaced: both fields were blended",)),
        coverage=Coverage(
            frames_decoded=900,
            frames_sampled=80,
            frames_skipped=820,
            undecodable=(
                Gap(span=span(2.0, 3.5), why="14 packets could not be decoded"),
                Gap(span=span(40.0, 60.0), why="the file ends before its header says it does"),
            ),
        ),
        detectors=(
            replace(
                DETECTORS[0],
                failures=(Gap(span=span(31.0, 32.0), why="TimeoutError: tesseract gave no answer"),),
            ),
            DetectorRun(name="known", version="1", ran=False, why_not="no known pictures were given"),
            *DETECTORS[2:],
        ),
        known=(),
        overlays=report.overlays[:1],
        threats=(),
        texts=report.texts[:1],
        findings=(replace(report.findings[0], evidence=("f1", "o1"), overlay_kinds=("flames",)),),
        evidence=(picture(14.0, "f1", "o1"),),
    )


def hostile() -> Report:
    """Every free text of the report is an attack on whoever shows it."""
    report = rich()
    n = len(HOSTILE)

    def bad(i: int) -> str:
        return HOSTILE[i % n]

    return replace(
        report,
        media=replace(MEDIA, name=bad(0), container=bad(1), codec=bad(2), notes=HOSTILE),
        coverage=replace(report.coverage, undecodable=(Gap(span=span(1, 2), why=bad(1)),)),
        detectors=(DetectorRun(name=bad(0), version=bad(1), ran=False, why_not=bad(2)), *DETECTORS[1:]),
        texts=tuple(
            replace(t, text=bad(i), language=bad(i), script=bad(i + 1), engine=bad(i + 2))
            for i, t in enumerate(report.texts)
        )
        + tuple(_text(f"t{100 + i}", 50 + i / 10, 52, text) for i, text in enumerate(HOSTILE)),
        threats=tuple(
            replace(h, quote=bad(i), targets=HOSTILE, rule=bad(i + 1), explanation=bad(i + 2))
            for i, h in enumerate(report.threats)
        ),
        known=tuple(
            replace(k, entry_id=bad(i), list_name=bad(i + 1), labels=HOSTILE)
            for i, k in enumerate(report.known)
        ),
        faces=tuple(replace(f, person_id=bad(i), name=bad(i + 4)) for i, f in enumerate(report.faces)),
        findings=tuple(
            replace(x, person_id=bad(i), rule=bad(i + 1), explanation=bad(i + 2))
            for i, x in enumerate(report.findings)
        ),
        provenance=Provenance(tool=bad(0), components={bad(1): bad(2)}, options_digest=bad(3)),
        run=replace(RUN, started_at=bad(0)),
    )


def large(findings: int = 200) -> Report:
    """As many findings as a page must carry, each with its own picture."""
    faces, overlays, found, pictures = [], [], [], []
    for i in range(findings):
        start = i * 5.0
        faces.append(
            _face(f"f{i}", start, start + 4, "person-a", "Ada Example", "match", 0.7, Box(480, 110, 800, 500))
        )
        overlays.append(
            _overlay(f"o{i}", "flames", f"f{i}", start + 1, start + 4, Box(400, 200, 880, 700), 0.4)
        )
        found.append(
            _finding(
                f"x{i}",
                "public_figure_violent_overlay",
                ("weak", "moderate", "strong")[i % 3],
                "person-a",
                ("flames",),
                start + 1,
                start + 4,
                (f"f{i}", f"o{i}"),
                "Ada Example (match) is shown with flames over 40 % of the face.",
            )
        )
        pictures.append(picture(start + 2, f"f{i}", f"o{i}"))
    return replace(
        empty(),
        media=replace(MEDIA, duration_s_decoded=findings * 5.0),
        faces=tuple(faces),
        overlays=tuple(overlays),
        findings=tuple(found),
        evidence=tuple(pictures),
    )


def _text(id, start, end, text, language="en", script="Latin", engine="pp-ocr", confidence=0.97):
    return TextEntry(
        id=id,
        span=span(start, end),
        clearest=at((start + end) / 2),
        text=text,
        language=language,
        script=script,
        box=Box(100, 560, 1180, 670),
        confidence=confidence,
        engine=engine,
    )


def _face(id, start, end, person_id, name, tier, similarity, box, route="plain"):
    return FaceEntry(
        id=id,
        span=span(start, end),
        clearest=at(start + (end - start) * 0.4 // 1),
        person_id=person_id,
        name=name,
        tier=tier,
        similarity=similarity,
        threshold=0.44,
        route=route,
        box=box,
    )


def _overlay(id, kind, face_id, start, end, box, coverage, count=1):
    return OverlayEntry(
        id=id,
        span=span(start, end),
        clearest=at(14.0),
        kind=kind,
        face_id=face_id,
        known_id=None,
        box=box,
        coverage_fraction=coverage,
        count=count,
        confidence=0.93,
        method="residual",
        picture_fraction=0.25,
        channels=(
            OverlayChannel(
                method="residual",
                time=at(14.0),
                confidence=0.93,
                coverage_fraction=coverage,
                count=count,
                mask=Mask.of(box, np.add.outer(range(8), range(8)) % 5 < 2),
            ),
            OverlayChannel(
                method="model",
                time=at(14.0),
                confidence=0.61,
                coverage_fraction=coverage,
                count=1,
                mask=Mask.of(box, np.ones((4, 4), np.bool_)),
            ),
        ),
    )


def _known(id, entry_id, start, end, extent, box):
    return KnownEntry(
        id=id,
        span=span(start, end),
        clearest=at((start + end) / 2),
        entry_id=entry_id,
        list_name="known",
        labels=("propaganda",),
        extent=extent,
        box=box,
        mirrored=False,
        algorithm="pdq-256" if extent == "frame" else "sift",
        distance_bits=12 if extent == "frame" else 0,
        inliers=0 if extent == "frame" else 64,
        covered_fraction=0.0 if extent == "frame" else 0.31,
    )


def _threat(id, category, severity, start, end, quote, text_ids, targets):
    return ThreatEntry(
        id=id,
        span=span(start, end),
        clearest=at((start + end) / 2),
        category=category,
        severity=severity,
        quote=quote,
        text_ids=text_ids,
        targets=targets,
        quantities=(),
        deadline="soon",
        rule="erase-names-en",
        explanation=f"“{quote}” announces {category.replace('_', ' ')}.",
    )


def _finding(id, kind, strength, person_id, overlay_kinds, start, end, evidence, explanation):
    return Finding(
        id=id,
        kind=kind,
        strength=strength,
        person_id=person_id,
        overlay_kinds=overlay_kinds,
        span=span(start, end),
        evidence=evidence,
        rule=f"{kind}/1",
        explanation=explanation,
    )
