"""What each entry of a report is called on the page, and how one entry leads to another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mediaforensics.findings.entries import (
    Entry,
    FaceEntry,
    Finding,
    KnownEntry,
    OverlayEntry,
    TextEntry,
    ThreatEntry,
)
from mediaforensics.report.model import Report
from mediaforensics.report.words import FINDING_KINDS, THREATS, overlay_name
from mediaforensics.types import Box

_LABEL_CHARACTERS = 60
"""Of a text in a link or a bar's label; the entry itself shows all of it."""


@dataclass(frozen=True, slots=True)
class Link:
    """A citation of an entry: where it stands on the page, what it is, and its tone."""

    anchor: str
    label: str
    tone: str


class Citations:
    """Anchors, names and boxes of one report's entries."""

    def __init__(self, report: Report) -> None:
        self.by_id: dict[str, Entry | Finding] = {entry.id: entry for entry in report.entries()}
        # Anchors are our own: an id that was read from a file may hold anything.
        self.anchors = {id: f"e{n}" for n, id in enumerate(self.by_id, 1)}
        self.boxes: dict[str, tuple[Box, str, float]] = {
            entry.id: (entry.box, tone(entry), entry.clearest.seconds)
            for entry in self.by_id.values()
            if isinstance(entry, (TextEntry, KnownEntry, FaceEntry, OverlayEntry))
        }
        # The most trusted mask of the very frame that is shown.
        self.masks = {
            overlay.id: channel.mask
            for overlay in report.overlays
            for channel in reversed(overlay.channels)
            if channel.time == overlay.clearest
        }
        self._names = {face.person_id: face.name for face in report.faces if face.person_id and face.name}

    def links(self, ids: Iterable[str]) -> tuple[Link, ...]:
        """Links to entries."""
        return tuple(Link(self.anchors[id], self.label(id), tone(self.by_id[id])) for id in ids)

    def person(self, person_id: str | None) -> str | None:
        """The enrolled name where a face entry carries it, else the person's id."""
        return None if person_id is None else self._names.get(person_id, person_id)

    def label(self, id: str) -> str:
        """A few words for an entry."""
        match self.by_id[id]:
            case TextEntry(text=text):
                return f"Text “{beginning(text)}”"
            case ThreatEntry(category=category):
                return THREATS[category]
            case KnownEntry(entry_id=entry_id):
                return f"Known picture {beginning(entry_id)}"
            case FaceEntry() as face:
                return f"Face of {beginning(face_name(face))}" if face.person_id else face_name(face)
            case OverlayEntry(kind=kind, count=count):
                name = overlay_name(kind, count)
                return f"{count} {name}" if count > 1 else name.capitalize()
            case Finding(kind=finding_kind):
                return FINDING_KINDS[finding_kind]
            case _:
                return id

    def all_evidence(self, finding: Finding) -> set[str]:
        """Ids cited by the finding, by findings it cites in turn, and the texts of the threats."""
        found: set[str] = set()
        ahead = list(finding.evidence)
        while ahead:
            id = ahead.pop()
            if id in found:
                continue
            found.add(id)
            entry = self.by_id[id]
            if isinstance(entry, Finding):
                ahead.extend(entry.evidence)
            elif isinstance(entry, ThreatEntry):
                ahead.extend(entry.text_ids)
        return found


def face_name(face: FaceEntry) -> str:
    """Who it is, for enrolled people only."""
    return face.name or face.person_id or "Face not in the gallery"


def beginning(text: str) -> str:
    """The first words, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= _LABEL_CHARACTERS else line[: _LABEL_CHARACTERS - 1].rstrip() + "…"


def tone(entry: Entry | Finding) -> str:
    """The colour name of an entry's kind."""
    match entry:
        case TextEntry():
            return "text"
        case ThreatEntry():
            return "threat"
        case KnownEntry():
            return "known"
        case FaceEntry():
            return "face"
        case OverlayEntry():
            return "overlay"
        case _:
            return "finding"
