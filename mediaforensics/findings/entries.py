"""The joined results, one dataclass per list of the report. Field for field what REPORT readers get."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mediaforensics.observations import Extent, OverlayChannel, OverlayKind, OverlayMethod, Route, Tier
from mediaforensics.text.threat_reader import Category
from mediaforensics.types import Box, Quad, Span, Timestamp

FindingKind = Literal[
    "public_figure_violent_overlay",
    "face_violent_overlay",
    "threat_text",
    "named_threat",
    "known_image",
    "combined_threat",
]
Strength = Literal["weak", "moderate", "strong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The common part: ``id`` unique in the report, ``span`` of visibility, ``clearest`` its best sample."""

    id: str
    span: Span
    clearest: Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEntry(Entry):
    """One text from its first to its last visible frame."""

    text: str
    language: str | None
    script: str
    box: Box
    confidence: float
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number that a text claims, and of what."""

    value: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreatEntry(Entry):
    """A threat read in one or more texts. ``severity`` 0 context only .. 3 explicit threat to life."""

    category: Category
    severity: int
    quote: str
    text_ids: tuple[str, ...]
    targets: tuple[str, ...]
    quantities: tuple[Quantity, ...]
    deadline: str | None
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEntry(Entry):
    """One showing of a known picture, or of a stretch of a known video (``known_span_s``, seconds of it)."""

    entry_id: str
    list_name: str
    labels: tuple[str, ...]
    extent: Extent
    box: Box
    mirrored: bool
    algorithm: str
    distance_bits: int
    inliers: int
    covered_fraction: float
    polygon: Quad | None = None
    known_span_s: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceEntry(Entry):
    """One face while it stays; ``person_id`` only for enrolled people."""

    person_id: str | None
    name: str | None
    tier: Tier
    similarity: float
    threshold: float
    route: Route
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayEntry(Entry):
    """One violent overlay on one face or known picture; what each channel saw at its clearest."""

    kind: OverlayKind
    face_id: str | None
    known_id: str | None
    box: Box
    coverage_fraction: float
    count: int
    confidence: float
    method: OverlayMethod
    picture_fraction: float | None = None
    channels: tuple[OverlayChannel, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was seen, with the ids of its evidence; a lead for a person to confirm, not a verdict."""

    id: str
    kind: FindingKind
    strength: Strength
    person_id: str | None
    overlay_kinds: tuple[OverlayKind, ...]
    span: Span
    evidence: tuple[str, ...]
    rule: str
    explanation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledName:
    """How an enrolled person may be named in a text."""

    person_id: str
    name: str
    aliases: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entries:
    """Everything that was joined over time, each list ordered by start, then id; and who may be named."""

    texts: tuple[TextEntry, ...] = ()
    threats: tuple[ThreatEntry, ...] = ()
    known: tuple[KnownEntry, ...] = ()
    faces: tuple[FaceEntry, ...] = ()
    overlays: tuple[OverlayEntry, ...] = ()
    people: tuple[EnrolledName, ...] = ()
