"""What follows from the entries: the six kinds of findings, each rule saying what was seen and by what.

A rule is a pure function of the entries with a name. It never says that somebody is guilty of anything,
and names a person only as "matches the enrolled person" or, below that, as a lead to be confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mediaforensics.findings.entries import (
    Entries,
    FaceEntry,
    Finding,
    KnownEntry,
    OverlayEntry,
    Strength,
    ThreatEntry,
)
from mediaforensics.observations import OverlayMethod
from mediaforensics.types import Span

SAME_SEQUENCE_S = 5.0
"""A threat this near in time to a defaced picture belongs to the same sequence."""

_QUOTED = 3
"""Threats quoted in one sentence, the gravest and nearest; all of them are in the evidence."""

FLASH_S = 0.5
"""What is shown for less than this is hardly noticed by a viewer; it is called a flash."""

_LASTS_S = 0.8
"""An overlay seen over this long was seen on several samples, not on one damaged frame."""

_DISSOLVE_S = 0.4
"""Usual length of a cross-fade, half of which shows the faces of both pictures."""

_FILE_DIGESTS = frozenset({"md5-128", "sha1-160", "sha256-256"})
_LONG_STRETCH_S = 5.0
"""So long a stretch of a known video, each frame at its time, is not met by chance."""

_OVERLAY_WORDS = {
    "flames": "flames",
    "bullet_hole": "bullet holes",
    "crosshair": "a crosshair",
    "blood": "blood",
    "crossed_out": "a crossing-out",
    "noose": "a noose",
    "weapon": "a weapon",
    "skull": "a skull",
    "explosion": "an explosion",
}


class Rule(Protocol):
    """One kind of conclusion."""

    @property
    def name(self) -> str:
        """Stable name, written to the report as the finding's ``rule``."""
        ...

    def find(self, entries: Entries) -> Iterable[Finding]:
        """Draw the conclusions. ``id`` is left empty: ``apply_rules`` numbers them."""
        ...


def apply_rules(entries: Entries, rules: Sequence[Rule] | None = None) -> tuple[Finding, ...]:
    """Apply rules (the built-in ones by default) and number what they find.

    Returns
    -------
    tuple of Finding
        Ordered by start, kind, person, evidence; numbered x1, x2 ...
    """
    found = [finding for rule in (BUILT_IN if rules is None else rules) for finding in rule.find(entries)]
    found.sort(key=lambda f: (f.span.start.exact_s, f.kind, f.person_id or "", f.evidence, f.rule))
    return tuple(replace(finding, id=f"x{number}") for number, finding in enumerate(found, start=1))


@dataclass(frozen=True, slots=True)
class FaceOverlay:
    """A violent overlay on a face: of an enrolled person where ``enrolled``, else of somebody else."""

    enrolled: bool

    @property
    def name(self) -> str:
        """See Rule."""
        return "public-figure-violent-overlay" if self.enrolled else "face-violent-overlay"

    def find(self, entries: Entries) -> Iterable[Finding]:
        """One finding per showing of a face, with all kinds of overlay on it."""
        on_face: dict[str, list[OverlayEntry]] = {}
        for overlay in entries.overlays:
            if overlay.face_id is not None:
                on_face.setdefault(overlay.face_id, []).append(overlay)
        for face in entries.faces:
            on_it = (o for o in on_face.get(face.id, ()) if o.span.overlaps(face.span))
            overlays = [o for o in on_it if not _of_the_shot_before(face, o)]
            if overlays and (_person_of(face) is not None) == self.enrolled:
                yield self._finding(face, overlays)

    def _finding(self, face: FaceEntry, overlays: Sequence[OverlayEntry]) -> Finding:
        spans = [_common(face.span, overlay.span) for overlay in overlays]
        span = Span(min(s.start for s in spans), max(s.end for s in spans))
        strength = _overlay_strength(face, overlays, spans)
        kinds = tuple(sorted({overlay.kind for overlay in overlays}))
        coverage = max(overlay.coverage_fraction for overlay in overlays)
        confidence = max(overlay.confidence for overlay in overlays)
        seen = _listed([_described(kind, overlays) for kind in kinds])
        methods = sorted(_methods(overlays))
        explanation = (
            f"{_who(face)} is shown {_when(span)} with {seen} on or around the face; up to "
            f"{_percent(coverage)} of the face is covered. Seen by {_listed(methods)}, confidence up to "
            f"{_percent(confidence)}."
        )
        return Finding(
            id="",
            kind="public_figure_violent_overlay" if self.enrolled else "face_violent_overlay",
            strength=strength,
            person_id=_person_of(face),
            overlay_kinds=kinds,
            span=span,
            evidence=(face.id, *(overlay.id for overlay in overlays)),
            rule=self.name,
            explanation=explanation,
        )


@dataclass(frozen=True, slots=True)
class ThreatText:
    """A text that threatens (severity 2 and 3), or claims numbers (weak); a taunt does neither."""

    name: str = "threat-text"

    def find(self, entries: Entries) -> Iterable[Finding]:
        """One finding per text, with all its threats."""
        for threats in _by_text(entries.threats):
            counted = [
                t for t in threats if t.severity >= 2 or (t.severity, t.category) == (1, "capability_claim")
            ]
            if counted:
                yield _about_threats(self.name, entries, counted, None)


@dataclass(frozen=True, slots=True)
class NamedThreat:
    """A threat of severity 2 or 3 that names an enrolled person, an alias or an organisation of theirs."""

    name: str = "named-threat"

    def find(self, entries: Entries) -> Iterable[Finding]:
        """One finding per text and person."""
        for person in entries.people:
            for threats in _by_text(entries.threats):
                counted = [t for t in threats if t.severity >= 2 and person.person_id in t.targets]
                if counted:
                    yield _about_threats(self.name, entries, counted, person.person_id)


@dataclass(frozen=True, slots=True)
class KnownImage:
    """A known picture was shown."""

    name: str = "known-image"

    def find(self, entries: Entries) -> Iterable[Finding]:
        """One finding per showing."""
        for known in entries.known:
            where = "as the whole picture" if known.extent == "frame" else "inside the picture"
            mirrored = ", mirrored" if known.mirrored else ""
            covered = (
                f"; {_percent(known.covered_fraction)} of it is covered" if known.covered_fraction else ""
            )
            labels = f", labelled {_listed(known.labels)}" if known.labels else ""
            over = [overlay for overlay in entries.overlays if overlay.known_id == known.id]
            kinds = tuple(sorted({overlay.kind for overlay in over}))
            laid = f" Over it: {_listed([_described(kind, over) for kind in kinds])}." if over else ""
            if 0 < known.span.duration_s < FLASH_S:
                shown = (
                    f"flashes for {known.span.duration_s:.2f} s at {known.span.start.clock}, easily missed"
                )
            else:
                shown = f"is shown {_when(known.span)}"
            yield Finding(
                id="",
                kind="known_image",
                strength=_known_strength(known),
                person_id=None,
                overlay_kinds=kinds,
                span=known.span,
                evidence=(known.id, *(overlay.id for overlay in over)),
                rule=self.name,
                explanation=(
                    f"The known {_what(known)} {known.entry_id!r} of the list {known.list_name!r}{labels} "
                    f"{shown}, {where}{mirrored}{covered} ({_how_known(known)}).{laid}"
                ),
            )


@dataclass(frozen=True, slots=True)
class CombinedThreat:
    """An enrolled person's defaced picture and a threat of severity 2 or 3 in one sequence."""

    name: str = "combined-threat"

    def find(self, entries: Entries) -> Iterable[Finding]:
        """One finding per defaced showing, with every threat at the same time or within 5 s.

        Its span is that of the defaced picture; the threats it cites have their own.
        """
        grave = [threat for threat in entries.threats if threat.severity >= 2]
        for figure in FaceOverlay(enrolled=True).find(entries):
            near = [t for t in grave if figure.span.gap_s(t.span) <= SAME_SEQUENCE_S]
            if near:
                yield self._finding(figure, near)

    def _finding(self, figure: Finding, near: Sequence[ThreatEntry]) -> Finding:
        together = [t for t in near if figure.span.overlaps(t.span)]
        strongest = max(t.severity for t in near)
        strength: Strength = "moderate"
        if figure.strength == "weak":
            strength = "weak"
        elif figure.strength == "strong" and (together or strongest == 3):
            strength = "strong"
        quoted = sorted(near, key=lambda t: (-t.severity, figure.span.gap_s(t.span), t.id))[:_QUOTED]
        quotes = _listed([f"“{_one_line(t.quote)}” {_when(t.span)}" for t in quoted])
        more = f" ({len(near) - _QUOTED} more in the evidence)" if len(near) > _QUOTED else ""
        when = "at the same time" if together else f"within {SAME_SEQUENCE_S:g} s of it"
        text_ids = dict.fromkeys(text_id for t in near for text_id in t.text_ids)
        return Finding(
            id="",
            kind="combined_threat",
            strength=strength,
            person_id=figure.person_id,
            overlay_kinds=figure.overlay_kinds,
            span=figure.span,
            evidence=(*figure.evidence, *(t.id for t in near), *text_ids),
            rule=self.name,
            explanation=f"{figure.explanation} {when[0].upper()}{when[1:]} the text reads {quotes}{more}.",
        )


BUILT_IN: tuple[Rule, ...] = (
    FaceOverlay(enrolled=True),
    FaceOverlay(enrolled=False),
    ThreatText(),
    NamedThreat(),
    KnownImage(),
    CombinedThreat(),
)
"""One rule per kind of finding."""


def _person_of(face: FaceEntry) -> str | None:
    return face.person_id if face.tier in ("match", "lead") else None


def _who(face: FaceEntry) -> str:
    if _person_of(face) is None:
        return "A face of nobody enrolled"
    name = face.name or face.person_id
    measure = f"similarity {face.similarity:.2f}, threshold {face.threshold:.2f}"
    if face.tier == "match":
        return f"A face that matches the enrolled person {name} ({measure})"
    return f"A face that resembles the enrolled person {name} (a lead, to be confirmed; {measure})"


def _overlay_strength(face: FaceEntry, overlays: Sequence[OverlayEntry], spans: Sequence[Span]) -> Strength:
    """From the identity's tier, and from what speaks for the overlay: time, cover, certainty, agreement."""
    lasts = any(s.duration_s >= _LASTS_S or s.start == s.end for s in spans)
    confidence = max(overlay.confidence for overlay in overlays)
    reasons = (
        confidence >= 0.8,
        max(overlay.coverage_fraction for overlay in overlays) >= 0.1,
        len(_methods(overlays)) > 1,
        max(overlay.count for overlay in overlays) > 1,
    )
    if not lasts or confidence < 0.5:
        return "weak"
    if face.tier == "lead":
        return "moderate" if any(reasons) else "weak"
    needed = 1 if face.tier == "match" else 2
    return "strong" if sum(reasons) >= needed else "moderate"


def _what(known: KnownEntry) -> str:
    return "picture" if known.known_span_s is None else "video"


def _how_known(known: KnownEntry) -> str:
    if known.algorithm.startswith("sift"):
        return f"{known.inliers} local features agree"
    if known.algorithm in _FILE_DIGESTS:
        return f"the file has the listed {known.algorithm.partition('-')[0].upper()}"
    differ = f"{known.distance_bits} bits differ by {known.algorithm}"
    if known.known_span_s is None:
        return differ
    start_s, end_s = known.known_span_s
    return f"its seconds {start_s:.1f} to {end_s:.1f}; at best {differ}"


def _known_strength(known: KnownEntry) -> Strength:
    """Distances up to 16 of 256 bits survive re-encoding only; a dozen agreeing features may be chance."""
    if known.algorithm.startswith("sift"):
        return "strong" if known.inliers >= 25 else "moderate" if known.inliers >= 12 else "weak"
    if known.known_span_s is not None and known.span.duration_s >= _LONG_STRETCH_S:
        return "strong"
    return "strong" if known.distance_bits <= 16 else "moderate"


def _by_text(threats: Iterable[ThreatEntry]) -> Iterable[list[ThreatEntry]]:
    groups: dict[tuple[str, ...], list[ThreatEntry]] = {}
    for threat in threats:
        groups.setdefault(threat.text_ids, []).append(threat)
    return groups.values()


def _about_threats(
    rule: str, entries: Entries, threats: Sequence[ThreatEntry], person_id: str | None
) -> Finding:
    text_ids = tuple(dict.fromkeys(text_id for threat in threats for text_id in threat.text_ids))
    read = [text.confidence for text in entries.texts if text.id in text_ids]
    span = threats[0].span
    for threat in threats[1:]:
        span = span.joined(threat.span)
    gravest = max(threat.severity for threat in threats)
    strength: Strength = "strong" if gravest == 3 else "moderate" if gravest == 2 else "weak"
    unsure = ""
    if read and min(read) < 0.5:
        strength = "moderate" if strength == "strong" else "weak"
        unsure = f" The text was read with a confidence of only {_percent(min(read))}."
    said = " ".join(_sentence(threat) for threat in threats)
    who = ""
    if person_id is not None:
        name = next((p.name for p in entries.people if p.person_id == person_id), person_id)
        who = f" It names the enrolled person {name}, or an alias or organisation of theirs."
    return Finding(
        id="",
        kind="threat_text" if person_id is None else "named_threat",
        strength=strength,
        person_id=person_id,
        overlay_kinds=(),
        span=span,
        evidence=(*(threat.id for threat in threats), *text_ids),
        rule=rule,
        explanation=f"A text {_when(span)} contains what reads as a threat or claim. {said}{who}{unsure}",
    )


def _sentence(threat: ThreatEntry) -> str:
    parts = [f"“{_one_line(threat.quote)}”: {threat.explanation}"]
    if threat.quantities:
        parts.append(f"numbers: {_listed([f'{q.value} {q.what}'.strip() for q in threat.quantities])}")
    if threat.deadline:
        parts.append(f"when: {threat.deadline}")
    return "; ".join(parts) + "."


def _of_the_shot_before(face: FaceEntry, overlay: OverlayEntry) -> bool:
    """Whether it came with the face and was gone at once: the last of a picture that was faded over."""
    after_s = float(face.span.end - overlay.span.end)
    came_with_it = float(overlay.span.start - face.span.start) <= _DISSOLVE_S / 4
    return 0 < overlay.span.duration_s <= _DISSOLVE_S and came_with_it and after_s >= _LASTS_S


def _methods(overlays: Sequence[OverlayEntry]) -> set[OverlayMethod]:
    seen_by = {channel.method for overlay in overlays for channel in overlay.channels}
    return seen_by | {overlay.method for overlay in overlays}


def _described(kind: str, overlays: Sequence[OverlayEntry]) -> str:
    marks = max(overlay.count for overlay in overlays if overlay.kind == kind)
    if kind == "bullet_hole":
        return f"bullet holes (about {marks} counted)" if marks > 1 else "a bullet hole"
    return _OVERLAY_WORDS[kind]


def _common(a: Span, b: Span) -> Span:
    start = max(a.start, b.start)
    return Span(start, max(start, min(a.end, b.end)))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _percent(fraction: float) -> str:
    return f"{round(100 * fraction)} %"


def _when(span: Span) -> str:
    return "in the picture" if span.start == span.end else f"from {span.start.clock} to {span.end.clock}"
