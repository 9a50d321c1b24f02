"""What the page says, in the order in which it says it; ``templates/page.html.j2`` only sets it in type."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import reduce
from itertools import groupby

from mediaforensics.findings.entries import Finding, KnownEntry, OverlayEntry, ThreatEntry
from mediaforensics.report.citations import Citations, Link, beginning
from mediaforensics.report.model import DetectorRun, EvidencePicture, Report
from mediaforensics.report.pictures import Mark, data_uri, fitted, marks
from mediaforensics.report.rows import Row, row
from mediaforensics.report.timeline import Item, Lane, Scale, Tick, lane
from mediaforensics.report.words import (
    FINDING_KINDS,
    SHORT_KINDS,
    STRENGTHS,
    THREATS,
    TIERS,
    clock,
    overlay_name,
    span_words,
)
from mediaforensics.types import Span

_LISTS = {
    "threats": ("Threats in text", "threat", "text"),
    "texts": ("Texts", "text", "text"),
    "known": ("Known pictures", "known", "known"),
    "faces": ("Faces", "face", "faces"),
    "overlays": ("Violent overlays", "overlay", "overlays"),
}
"""Lists in the order of the page: heading, tone, and the detector without which the list means nothing."""

_GLANCE_LINKS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One list with its heading; ``empty`` says what an empty one means."""

    slug: str
    title: str
    tone: str
    rows: tuple[Row, ...]
    empty: str
    looked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture with boxes; ``source`` is None where the picture itself is not at hand."""

    anchor: str
    source: str | None
    width: int
    height: int
    when: str
    sha256: str
    marks: tuple[Mark, ...]
    of: tuple[Link, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One finding."""

    anchor: str
    finding: Finding
    title: str
    person: str | None
    strength: str
    when: str
    duration: str
    evidence: tuple[Link, ...]
    shot: Shot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """All findings about one enrolled person, or of one kind where they are about nobody enrolled."""

    title: str
    person: bool
    note: str
    tone: str
    strength: str
    what: str
    quote: str | None
    when: str
    links: tuple[Link, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Missed:
    """Something that was not looked at, and why."""

    what: str
    span: Span
    when: str
    why: str


class Page:
    """Everything the template needs of one report."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._citations = Citations(report)
        kept = list(zip(report.evidence, fitted(report.evidence), strict=True))
        self._sources = {picture: f"p{n}" for n, (picture, jpeg) in enumerate(kept, 1) if jpeg}
        self.images = [
            (self._sources[picture], picture.size_px, data_uri(jpeg)) for picture, jpeg in kept if jpeg
        ]
        self.media = report.media
        self.coverage = report.coverage
        self.detectors = report.detectors
        self.provenance = report.provenance
        self.complete = report.complete
        self.missed = tuple(self._missed())
        self.not_run = tuple(run for run in report.detectors if not run.ran)
        self.cards = tuple(self._card(finding) for finding in strongest_first(report))
        self.glances = tuple(self._glances())
        self.counts = [
            (slug, words, sum(f.strength == slug for f in report.findings))
            for slug, words in STRENGTHS.items()
        ]
        kinds = {finding.kind for finding in report.findings}
        self.kinds = [(slug, words) for slug, words in SHORT_KINDS.items() if slug in kinds]
        self.lists = tuple(self._listing(name) for name in _LISTS)
        self.shots = tuple(
            self._shot(picture, picture.of, f"s{n}") for n, picture in enumerate(report.evidence, 1)
        )
        scale = self._scale()
        self.lanes = self._lanes(scale) if scale else ()
        self.ticks: tuple[Tick, ...] = scale.ticks() if scale else ()

    def _card(self, finding: Finding) -> Card:
        evidence = self._citations.all_evidence(finding)
        showing = [picture for picture in self._report.evidence if evidence & set(picture.of)]
        overlaid = {id for id in evidence if isinstance(self._citations.by_id[id], OverlayEntry)}
        # The picture that shows the overlay says more than one that shows only the face it came to lie on.
        best = max(
            showing,
            key=lambda picture: (not overlaid.isdisjoint(picture.of), len(evidence & set(picture.of))),
            default=None,
        )
        anchor = self._citations.anchors[finding.id]
        return Card(
            anchor=anchor,
            finding=finding,
            title=FINDING_KINDS[finding.kind],
            person=self._citations.person(finding.person_id),
            strength=STRENGTHS[finding.strength],
            when=span_words(finding.span),
            duration=f"{finding.span.duration_s:.2f} s" if finding.span.duration_s else "",
            evidence=self._citations.links(finding.evidence),
            shot=self._shot(best, evidence, f"s-{anchor}") if best else None,
        )

    def _glances(self) -> Iterable[Glance]:
        """Who is shown or named, with what, how sure, when: strongest first, people before the rest."""
        groups: dict[tuple[bool, str], list[Finding]] = {}
        for finding in strongest_first(self._report):
            about = finding.person_id is not None
            groups.setdefault((about, finding.person_id or finding.kind), []).append(finding)
        order = list(STRENGTHS)
        for (about, name), findings in sorted(
            groups.items(), key=lambda group: (order.index(group[1][0].strength), not group[0][0])
        ):
            cited = {id for finding in findings for id in self._citations.all_evidence(finding)}
            entries = [self._citations.by_id[id] for id in sorted(cited)]
            threats = sorted(
                (entry for entry in entries if isinstance(entry, ThreatEntry)),
                key=lambda threat: (-threat.severity, threat.span.start.seconds, threat.id),
            )
            what = dict.fromkeys(overlay_name(kind, 2) for f in findings for kind in f.overlay_kinds)
            what.update(dict.fromkeys(THREATS[threat.category].lower() for threat in threats))
            # An entry's id is shown as it is; capitals are for our own words.
            known = [] if about else [beginning(e.entry_id) for e in entries if isinstance(e, KnownEntry)]
            what.update(dict.fromkeys(known))
            number = f"{len(findings)} finding{'s' if len(findings) > 1 else ''}"
            yield Glance(
                title=(self._citations.person(name) or name) if about else FINDING_KINDS[name],
                person=about,
                note=self._tier_words(name) if about else number,
                tone=findings[0].strength,
                strength=STRENGTHS[findings[0].strength],
                what=", ".join(what) if known else ", ".join(what).capitalize(),
                quote=threats[0].quote if threats else None,
                when=span_words(reduce(Span.joined, (finding.span for finding in findings))),
                links=tuple(
                    Link(self._citations.anchors[f.id], f.id, f.strength) for f in findings[:_GLANCE_LINKS]
                ),
                more=max(0, len(findings) - _GLANCE_LINKS),
            )

    def _tier_words(self, person_id: str) -> str:
        tiers = {face.tier for face in self._report.faces if face.person_id == person_id}
        return next((words for tier, words in TIERS.items() if tier in tiers), "named, not seen")

    def _missed(self) -> Iterable[Missed]:
        """Stretches that were not looked at; the same fault again and again is one line."""
        gaps = [("the file could not be read", gap) for gap in self._report.coverage.undecodable]
        gaps += [
            (f"the {run.name} detector could not look", gap)
            for run in self._report.detectors
            for gap in run.failures
        ]
        for (what, why), same in groupby(gaps, key=lambda item: (item[0], item[1].why)):
            spans = [gap.span for _, gap in same]
            span = reduce(Span.joined, spans)
            times = f", {len(spans)} times" if len(spans) > 1 else ""
            yield Missed(f"{what}{times}", span, span_words(span), why)

    def _runs(self, detector: str) -> list[DetectorRun]:
        return [run for run in self._report.detectors if run.name == detector]

    def _looked(self, detector: str) -> bool:
        return any(run.ran for run in self._runs(detector))

    def _emptiness(self, detector: str) -> str:
        """What it means that a list is empty."""
        runs = self._runs(detector)
        if not self._looked(detector):
            why = "; ".join(run.why_not for run in runs if run.why_not) or "that detector took no part"
            return f"Not looked for: {why}."
        if not self._report.coverage.complete or any(run.failures for run in runs):
            return "Nothing in what could be looked at; part of the file was not."
        return "Looked for and not found."

    def _listing(self, name: str) -> Listing:
        title, tone, detector = _LISTS[name]
        return Listing(
            slug=name,
            title=title,
            tone=tone,
            rows=tuple(row(entry, self._report, self._citations) for entry in getattr(self._report, name)),
            empty=self._emptiness(detector),
            looked=self._looked(detector),
        )

    def _shot(self, picture: EvidencePicture, wanted: Collection[str], anchor: str) -> Shot:
        return Shot(
            anchor=anchor,
            source=self._sources.get(picture),
            width=picture.size_px[0],
            height=picture.size_px[1],
            when=clock(picture.time),
            sha256=picture.frame_sha256,
            marks=marks(picture, self._citations.boxes, self._citations.masks, wanted),
            of=self._citations.links(id for id in picture.of if id in wanted),
        )

    def _scale(self) -> Scale | None:
        spans = [entry.span for entry in self._report.entries()]
        spans += [gap.span for gap in self._report.coverage.undecodable]
        return Scale.over(self.media.duration_s_decoded, spans)

    def _lanes(self, scale: Scale) -> tuple[Lane, ...]:
        anchors, label = self._citations.anchors, self._citations.label

        def item(entry_id: str, tone: str) -> Item:
            span = self._citations.by_id[entry_id].span
            return Item(span, anchors[entry_id], f"{label(entry_id)}, {span_words(span)}", tone)

        found = [item(finding.id, finding.strength) for finding in self._report.findings]
        lanes = [lane("Findings", "finding", found, scale, "none")]
        for name, (title, tone, detector) in _LISTS.items():
            items = [item(entry.id, tone) for entry in getattr(self._report, name)]
            empty = "none seen" if self._looked(detector) else "not looked for"
            lanes.append(lane(title, tone, items, scale, empty))
        if self.missed:
            items = [Item(m.span, "missed", f"{m.what}: {m.why}, {m.when}", "gap") for m in self.missed]
            lanes.append(lane("Not looked at", "gap", items, scale, ""))
        return tuple(lanes)


def strongest_first(report: Report) -> list[Finding]:
    """Findings by strength, then start, then id."""
    order = list(STRENGTHS)
    return sorted(report.findings, key=lambda f: (order.index(f.strength), f.span.start.seconds, f.id))
