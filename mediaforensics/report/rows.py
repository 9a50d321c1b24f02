"""The entries of the report's lists as rows: what was measured, in words with units."""

from __future__ import annotations

from dataclasses import dataclass

from mediaforensics.findings.entries import (
    Entry,
    FaceEntry,
    KnownEntry,
    OverlayEntry,
    TextEntry,
    ThreatEntry,
)
from mediaforensics.report.citations import Citations, Link, face_name, tone
from mediaforensics.report.model import Report
from mediaforensics.report.words import (
    LANGUAGES,
    METHODS,
    ROUTES,
    THREATS,
    TIERS,
    language_tag,
    overlay_name,
    percent,
    span_words,
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured property of an entry, in words, or as links to other entries."""

    label: str
    value: str
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a list; ``quote`` is what a text says, ``lang`` its language for the browser."""

    anchor: str
    id: str
    tone: str
    title: str
    quote: str | None
    lang: str | None
    when: str
    facts: tuple[Fact, ...]


def row(entry: Entry, report: Report, citations: Citations) -> Row:
    """Put one entry into words."""
    quote = lang = None
    match entry:
        case TextEntry():
            title, facts = _text(entry)
            quote, lang = entry.text, entry.language
        case ThreatEntry():
            title, facts = _threat(entry, citations)
            quote = entry.quote
            lang = next((text.language for text in report.texts if text.id in entry.text_ids), None)
        case KnownEntry():
            title, facts = _known(entry)
        case FaceEntry():
            title, facts = _face(entry)
            on = tuple(overlay.id for overlay in report.overlays if overlay.face_id == entry.id)
            if on:
                facts.append(Fact("under", "", citations.links(on)))
        case OverlayEntry():
            title, facts = _overlay(entry, citations)
        case _:
            raise TypeError(f"no row for {type(entry).__name__}")
    if entry.id in citations.boxes:
        box = citations.boxes[entry.id][0]
        facts.append(Fact("box", f"{box.x0} {box.y0} {box.x1} {box.y1} px"))
    return Row(
        anchor=citations.anchors[entry.id],
        id=entry.id,
        tone=tone(entry),
        title=title,
        quote=quote,
        lang=language_tag(lang),
        when=span_words(entry.span),
        facts=tuple(facts),
    )


def _text(text: TextEntry) -> tuple[str, list[Fact]]:
    language = LANGUAGES.get(text.language or "", text.language)
    script = f"{text.script} script"
    return f"{language}, {script}" if language else script, [
        Fact("read by", text.engine),
        Fact("confidence", f"{text.confidence:.2f}"),
    ]


def _threat(threat: ThreatEntry, citations: Citations) -> tuple[str, list[Fact]]:
    facts = [Fact("severity", f"{threat.severity} of 3")]
    if threat.targets:
        facts.append(Fact("aimed at", ", ".join(citations.person(target) or "" for target in threat.targets)))
    if threat.quantities:
        facts.append(Fact("claims", ", ".join(f"{q.value:,} {q.what}" for q in threat.quantities)))
    if threat.deadline:
        facts.append(Fact("when", threat.deadline))
    facts.append(Fact("rule", threat.rule))
    if threat.text_ids:
        facts.append(Fact("read in", "", citations.links(threat.text_ids)))
    if threat.explanation:
        facts.append(Fact("why", threat.explanation))
    return THREATS[threat.category], facts


def _known(known: KnownEntry) -> tuple[str, list[Fact]]:
    apart = f"{known.inliers} consistent points" if known.inliers else f"{known.distance_bits} bits apart"
    labels = f" ({', '.join(known.labels)})" if known.labels else ""
    facts = [
        Fact("list", known.list_name + labels),
        Fact("extent", "fills the frame" if known.extent == "frame" else "part of the frame"),
        Fact("compared by", f"{known.algorithm}, {apart}"),
        Fact("covered", percent(known.covered_fraction)),
    ]
    if known.mirrored:
        facts.append(Fact("shown", "mirrored"))
    return known.entry_id, facts


def _face(face: FaceEntry) -> tuple[str, list[Fact]]:
    return face_name(face), [
        Fact("identity", TIERS[face.tier]),
        Fact("similarity", f"{face.similarity:.2f} (a match needs {face.threshold:.2f})"),
        Fact("compared", ROUTES[face.route]),
    ]


def _overlay(overlay: OverlayEntry, citations: Citations) -> tuple[str, list[Fact]]:
    facts = [
        Fact("covers", percent(overlay.coverage_fraction)),
        Fact("confidence", f"{overlay.confidence:.2f}"),
    ]
    if overlay.count > 1:
        facts.append(Fact("marks", str(overlay.count)))
    if overlay.picture_fraction is not None:
        facts.append(Fact("of the known picture", percent(overlay.picture_fraction)))
    methods = [channel.method for channel in overlay.channels] or [overlay.method]
    facts.append(Fact("seen by", ", ".join(METHODS[method] for method in methods)))
    under = tuple(id for id in (overlay.face_id, overlay.known_id) if id)
    if under:
        facts.append(Fact("lies on", "", citations.links(under)))
    return overlay_name(overlay.kind, overlay.count).capitalize(), facts
