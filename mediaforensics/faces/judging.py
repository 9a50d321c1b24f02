"""What there is to say of a roster: for people, as sentences and a table, and for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mediaforensics.faces.embed import SFACE
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.locate import YUNET
from mediaforensics.faces.person import Person
from mediaforensics.faces.roster import Roster, counted
from mediaforensics.faces.threshold import LEAD_RATE_FACTOR

_SCHEMA = "mediaforensics-gallery-list/1"
_LARGEST_RATE = 0.2
_FEW = 3
_COLUMNS = ("PERSON_ID", "PICTURES", "STATE", "EXPIRES", "NAME", "LEGAL BASIS")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """How good a gallery is.

    Attributes
    ----------
    roster : Roster
        Who was judged.
    rate : float
        Wanted false positive identification rate, 0..1.
    match_threshold, lead_threshold : float or None
        Similarity that a match and a lead need at this rate; None where nobody can be matched.
    most_alike : (Person, Person, float) or None
        Which two people are most alike, and how much; None where there is one person or none.
    """

    roster: Roster
    rate: float
    match_threshold: float | None = None
    lead_threshold: float | None = None
    most_alike: tuple[Person, Person, float] | None = None

    @classmethod
    def of(cls, roster: Roster, rate: float) -> Judgement:
        """Judge a roster at a wanted false positive identification rate."""
        if not roster.matched:
            return cls(roster=roster, rate=rate)
        gallery = Gallery(roster)
        return cls(
            roster=roster,
            rate=rate,
            match_threshold=gallery.threshold(rate),
            lead_threshold=gallery.threshold(min(LEAD_RATE_FACTOR * rate, _LARGEST_RATE)),
            most_alike=gallery.most_alike(),
        )

    @property
    def fine(self) -> bool:
        """Whether everybody can be matched with all pictures."""
        roster = self.roster
        return bool(roster.matched) and not (roster.refused or roster.expired or roster.without_picture)

    def sentences(self) -> Iterator[str]:
        """Yield lines for a terminal; names in them are as the user wrote them."""
        refused: dict[str, list[str]] = {}
        for one in self.roster.refused:
            refused.setdefault(one.person_id, []).append(f"refused: {one.file}: {one.why}")
        for person in self.roster.people:
            yield f"{person.person_id}: {_state(self.roster, person)}"
            yield from (f"  {line}" for line in refused.pop(person.person_id, ()))
        yield from (line for lines in refused.values() for line in lines)
        yield f"{self.roster.counted}, {counted(len(self.roster.refused), 'picture')} refused"
        bare = sum(not (p.source and p.legal_basis) for p in self.roster.people)
        if bare:
            yield f"source or legal basis is not on record for {bare} of {len(self.roster.people)}"
        if self.match_threshold is not None:
            yield (
                f"a match needs a similarity of {self.match_threshold:.3f}, a lead of "
                f"{self.lead_threshold:.3f}, so that {100 * self.rate:g} % of strangers match anybody"
            )
        if self.most_alike is not None and self.match_threshold is not None:
            person, other, similarity = self.most_alike
            risk = ": hard to tell apart, look at both" if similarity >= self.match_threshold else ""
            ids = f"{person.person_id} and {other.person_id}"
            yield f"most alike are {ids}, with a similarity of {similarity:.2f}{risk}"

    def mapping(self) -> dict[str, Any]:
        """As plain data, with everything that ``listing`` has."""
        alike = self.most_alike
        return listing(self.roster) | {
            "fine": self.fine,
            "false_positive_identification_rate": self.rate,
            "match_threshold": self.match_threshold,
            "lead_threshold": self.lead_threshold,
            "most_alike": alike
            and {"person_ids": [alike[0].person_id, alike[1].person_id], "similarity": round(alike[2], 4)},
        }


def listing(roster: Roster) -> dict[str, Any]:
    """Who is enrolled, as plain data."""
    return {
        "schema": _SCHEMA,
        "digest": roster.digest(),
        "models": [{"name": model.name, "sha256": model.sha256} for model in (YUNET, SFACE)],
        "people": [
            {
                "person_id": p.person_id,
                "state": _word(roster, p),
                "pictures": p.pictures,
                "name": p.name,
                "aliases": list(p.aliases),
                "organisations": list(p.organisations),
                "source": p.source,
                "legal_basis": p.legal_basis,
                "expires": p.expires and p.expires.isoformat(),
            }
            for p in roster.people
        ],
        "refused": [{"person_id": r.person_id, "file": r.file, "why": r.why} for r in roster.refused],
    }


def table(roster: Roster) -> Iterator[str]:
    """Yield one line a person, in columns, below a line that names them."""
    rows = [_COLUMNS] + [
        (
            p.person_id,
            str(p.pictures),
            _word(roster, p),
            str(p.expires or "-"),
            p.name,
            p.legal_basis or "-",
        )
        for p in roster.people
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(_COLUMNS))]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _word(roster: Roster, person: Person) -> str:
    if person.expired(roster.today):
        return "expired"
    return "matched" if person.pictures else "no picture"


def _state(roster: Roster, person: Person) -> str:
    if person.expired(roster.today):
        return f"expired on {person.expires}, not matched"
    if not person.pictures:
        return "no usable picture, not matched"
    more = "" if person.pictures >= _FEW else "; three or more are better"
    return counted(person.pictures, "picture") + more
