"""Findings: what each rule sees, how strong, in which words, and what keeps it silent."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest

from mediaforensics.findings.entries import (
    EnrolledName,
    Entries,
    FaceEntry,
    Finding,
    FindingKind,
    KnownEntry,
    OverlayEntry,
    TextEntry,
)
from mediaforensics.findings.rules import BUILT_IN, apply_rules
from mediaforensics.findings.threats import named_people, threat_entries
from mediaforensics.types import Box, Span, Timestamp

ADA = EnrolledName(
    person_id="ada", name="Ada Northwood", aliases=("آدا نورثوود",), organisations=("Facebook",)
)
BOX = Box(100, 100, 300, 150)


def at(seconds: float) -> Timestamp:
    return Timestamp(round(seconds * 1000), Fraction(1, 1000))


def span(start: float, end: float) -> Span:
    return Span(at(start), at(end))


def text(id: str, words: str, start: float, end: float, **changes: object) -> TextEntry:
    entry = TextEntry(
        id=id,
        span=span(start, end),
        clearest=at(start),
        text=words,
        language="en",
        script="Latin",
        box=BOX,
        confidence=0.95,
        engine="test",
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def face(
    id: str = "f1", tier: str = "match", start: float = 1, end: float = 5, **changes: object
) -> FaceEntry:
    known = tier != "unknown"
    entry = FaceEntry(
        id=id,
        span=span(start, end),
        clearest=at(start),
        person_id="ada" if known else None,
        name="Ada Northwood" if known else None,
        tier=tier,  # type: ignore[arg-type]
        similarity=0.62,
        threshold=0.45,
        route="plain",
        box=BOX,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def overlay(
    id: str = "o1",
    kind: str = "flames",
    start: float = 2,
    end: float = 6,
    face_id: str | None = "f1",
    **changes: object,
) -> OverlayEntry:
    entry = OverlayEntry(
        id=id,
        span=span(start, end),
        clearest=at(start),
        kind=kind,  # type: ignore[arg-type]
        face_id=face_id,
        known_id=None,
        box=BOX,
        coverage_fraction=0.4,
        count=1,
        confidence=0.9,
        method="model",
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def known(id: str = "k1", start: float = 1, end: float = 3, **changes: object) -> KnownEntry:
    entry = KnownEntry(
        id=id,
        span=span(start, end),
        clearest=at(start),
        entry_id="rocket",
        list_name="known",
        labels=(),
        extent="frame",
        box=BOX,
        mirrored=False,
        algorithm="pdq-256",
        distance_bits=4,
        inliers=0,
        covered_fraction=0.0,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def entries_of(*texts: TextEntry, **lists: object) -> Entries:
    threats = threat_entries(texts, (ADA,))
    return Entries(texts=texts, threats=threats, people=(ADA,), **lists)  # type: ignore[arg-type]


def kinds(findings: tuple[Finding, ...]) -> list[FindingKind]:
    return [finding.kind for finding in findings]


class TestFaceOverlay:
    def test_an_enrolled_person_with_all_kinds_and_the_time_both_are_there(self) -> None:
        overlays = (overlay(), overlay("o2", "bullet_hole", 3, 4, count=3))
        (found,) = apply_rules(Entries(faces=(face(),), overlays=overlays))
        assert found.kind == "public_figure_violent_overlay"
        assert found.person_id == "ada" and found.strength == "strong"
        assert found.overlay_kinds == ("bullet_hole", "flames")
        assert found.span == span(2, 5)
        assert found.evidence == ("f1", "o1", "o2")
        assert "matches the enrolled person Ada Northwood" in found.explanation
        assert "from 00:02.0 to 00:05.0" in found.explanation
        assert (
            "bullet holes (about 3 counted) and flames" in found.explanation and "40 %" in found.explanation
        )

    def test_a_lead_is_never_strong_and_is_called_one(self) -> None:
        overlays = (overlay(confidence=1.0), overlay("o2", method="motion"))
        (found,) = apply_rules(Entries(faces=(face(tier="lead"),), overlays=overlays))
        assert found.strength == "moderate"
        assert "a lead, to be confirmed" in found.explanation and "matches" not in found.explanation

    def test_a_stranger_is_named_nowhere(self) -> None:
        (found,) = apply_rules(Entries(faces=(face(tier="unknown"),), overlays=(overlay(),)))
        assert found.kind == "face_violent_overlay" and found.person_id is None

    @pytest.mark.parametrize(
        "wrong",
        [overlay(face_id=None), overlay(face_id="f2"), overlay(start=6, end=9), overlay(start=5, end=9)],
    )
    def test_silent_without_an_overlay_on_this_face_at_this_time(self, wrong: OverlayEntry) -> None:
        assert apply_rules(Entries(faces=(face(),), overlays=(wrong,))) == ()

    def test_strength_from_time_confidence_and_agreement(self) -> None:
        def strength(*overlays: OverlayEntry, tier: str = "match") -> str:
            (found,) = apply_rules(Entries(faces=(face(tier=tier),), overlays=overlays))
            return found.strength

        faint = overlay(confidence=0.6, coverage_fraction=0.02)
        assert strength(faint) == "moderate"
        assert strength(overlay(end=2.1)) == "weak"
        assert strength(overlay(confidence=0.3)) == "weak"
        assert strength(faint, replace(faint, id="o2", method="motion")) == "strong"
        assert strength(faint, tier="lead") == "weak"
        assert strength(faint, replace(faint, id="o2", method="motion"), tier="unknown") == "moderate"

    def test_a_picture_has_no_times(self) -> None:
        still = Entries(faces=(face(start=0, end=0),), overlays=(overlay(start=0, end=0),))
        (found,) = apply_rules(still)
        assert found.strength == "strong" and "in the picture" in found.explanation

    def test_two_showings_are_two_findings(self) -> None:
        faces = (face(), face("f2", start=20, end=25))
        overlays = (overlay(), overlay("o2", start=20, end=25, face_id="f2"))
        assert [f.evidence[0] for f in apply_rules(Entries(faces=faces, overlays=overlays))] == ["f1", "f2"]


class TestThreats:
    def test_strength_follows_severity_and_one_text_is_one_finding(self) -> None:
        (death,) = apply_rules(entries_of(text("t1", "We will kill you all", 1, 4)))
        assert death.kind == "threat_text" and death.strength == "strong"
        assert death.evidence == ("h1", "t1") and "“We will kill you”" in death.explanation
        message = "If you close one account we will take 10 in return and soon your names will be erased"
        (several,) = apply_rules(entries_of(text("t1", message, 1, 4)))
        assert several.strength == "moderate" and several.evidence == ("h1", "h2", "h3", "t1")
        assert "when: soon" in several.explanation

    def test_a_claim_is_weak_and_a_taunt_or_a_report_is_nothing(self) -> None:
        (claim,) = apply_rules(entries_of(text("t1", "10,000 Facebook accounts, 150 groups", 1, 4)))
        assert claim.strength == "weak" and "10000 Facebook accounts and 150 groups" in claim.explanation
        assert not apply_rules(entries_of(text("t1", "Is that all you can do?", 1, 4)))
        assert not apply_rules(
            entries_of(text("t1", "Police said they threatened: we will kill the mayor", 1, 4))
        )

    def test_an_unsure_reading_is_weaker_and_says_so(self) -> None:
        (found,) = apply_rules(entries_of(text("t1", "We will kill you", 1, 4, confidence=0.4)))
        assert found.strength == "moderate" and "40 %" in found.explanation

    @pytest.mark.parametrize(
        "words",
        [
            "Ada Northwood, we are coming to kill you",
            "ADA N0RTHW00D we will kill you",
            "We will kill Ada\nNorthwod",
            "We will delete Facebook",
        ],
    )
    def test_named_by_name_or_organisation(self, words: str) -> None:
        found = apply_rules(entries_of(text("t1", words, 1, 4)))
        assert kinds(found) == ["named_threat", "threat_text"]
        assert found[0].person_id == "ada" and found[1].person_id is None
        assert "the enrolled person Ada Northwood" in found[0].explanation

    def test_named_in_another_script(self) -> None:
        arabic = text("t1", "سنقتلك يا آدا نورثوود", 1, 4, language="ar", script="Arabic")
        assert kinds(apply_rules(entries_of(arabic))) == ["named_threat", "threat_text"]

    def test_a_name_alone_or_far_from_the_threat_is_no_named_threat(self) -> None:
        assert not apply_rules(entries_of(text("t1", "Ada Northwood, correspondent", 1, 4)))
        far = "Ada Northwood opened the show. " + "The music was very good. " * 20 + "We will kill you."
        assert kinds(apply_rules(entries_of(text("t1", far, 1, 4)))) == ["threat_text"]

    def test_names_are_whole_words(self) -> None:
        person = EnrolledName(person_id="p", name="Al Rich", aliases=("Rich",))
        assert named_people("The richest man, Alrich", (person,)) == ()
        assert named_people("It was Al Rich.", (person,))[0][0] == "p"
        dotted = EnrolledName(person_id="b", name="Bea", aliases=("B. South",))
        assert [n[0] for n in named_people("Here is B. South", (dotted,))] == ["b"]

    def test_a_sentence_over_two_cards_is_one_threat(self) -> None:
        first, second = text("t1", "Soon your names", 1, 4), text("t2", "will be erased", 4.5, 8)
        (threat,) = threat_entries((second, first))
        assert threat.text_ids == ("t1", "t2") and threat.span == span(1, 8)
        assert threat.category == "destruction" and threat.deadline == "soon"
        assert threat_entries((first, replace(second, span=span(20, 24)))) == ()
        assert threat_entries((text("t1", "Soon your names.", 1, 4), second)) == ()

    def test_lines_one_below_the_other_are_read_together(self) -> None:
        first = text("t1", "Soon your names", 1, 8)
        below = text("t2", "will be erased", 1, 8, box=Box(100, 160, 300, 210))
        beside = replace(below, box=Box(900, 100, 1100, 150))
        assert [t.text_ids for t in threat_entries((below, first))] == [("t1", "t2")]
        assert threat_entries((first, beside)) == ()

    def test_what_one_card_says_is_not_said_twice(self) -> None:
        cards = (text("t1", "We will kill you", 1, 4), text("t2", "We will kill you", 4, 8))
        assert [t.text_ids for t in threat_entries(cards)] == [("t1",), ("t2",)]
        assert [t.id for t in threat_entries(cards)] == ["h1", "h2"]


class TestDissolve:
    def test_what_fades_away_as_a_face_fades_in_is_not_on_that_face(self) -> None:
        ghost = overlay("o1", "bullet_hole", 1, 1.25)
        assert apply_rules(Entries(faces=(face(),), overlays=(ghost,))) == ()
        (found,) = apply_rules(Entries(faces=(face(),), overlays=(ghost, overlay("o2", "flames", 2, 5))))
        assert found.overlay_kinds == ("flames",) and found.span == span(2, 5)

    def test_a_short_shot_and_a_short_mark_later_on_still_count(self) -> None:
        short = apply_rules(Entries(faces=(face(end=1.3),), overlays=(overlay("o1", "blood", 1, 1.3),)))
        later = apply_rules(Entries(faces=(face(),), overlays=(overlay("o1", "blood", 3, 3.25),)))
        assert [len(short), len(later)] == [1, 1]


class TestKnownImage:
    def test_each_showing_and_a_flash_is_called_one(self) -> None:
        shown = known()
        flash = known(
            "k2", 10, 10.12, extent="region", mirrored=True, algorithm="sift", inliers=30, labels=("x",)
        )
        first, second = apply_rules(Entries(known=(shown, flash)))
        assert first.kind == second.kind == "known_image"
        assert "flash" not in first.explanation and "4 bits" in first.explanation
        assert "flashes for 0.12 s at 00:10.0" in second.explanation and "mirrored" in second.explanation
        assert second.evidence == ("k2",) and second.strength == "strong"

    def test_what_lies_over_it_is_cited_also_without_a_face(self) -> None:
        holes = overlay("o1", "bullet_hole", 1, 3, face_id=None, known_id="k1", count=9)
        elsewhere = overlay("o2", "blood", 1, 3, face_id=None, known_id="k7")
        (found,) = apply_rules(Entries(known=(known(),), overlays=(holes, elsewhere)))
        assert (found.evidence, found.overlay_kinds) == (("k1", "o1"), ("bullet_hole",))
        assert "Over it: bullet holes (about 9 counted)." in found.explanation

    def test_strength_from_distance_and_features(self) -> None:
        def strength(**changes: object) -> str:
            return apply_rules(Entries(known=(known(**changes),)))[0].strength

        assert strength(distance_bits=28) == "moderate"
        assert strength(algorithm="sift", inliers=14) == "moderate"
        assert strength(algorithm="sift", inliers=8) == "weak"


class TestCombined:
    def near(self, start: float, words: str = "We will kill you", **lists: object) -> tuple[Finding, ...]:
        defaults: dict[str, object] = {"faces": (face(),), "overlays": (overlay(),)}
        found = apply_rules(entries_of(text("t1", words, start, start + 2), **{**defaults, **lists}))
        return tuple(f for f in found if f.kind == "combined_threat")

    def test_at_the_same_time(self) -> None:
        (found,) = self.near(3)
        assert found.strength == "strong" and found.person_id == "ada"
        assert found.evidence == ("f1", "o1", "h1", "t1") and found.overlay_kinds == ("flames",)
        assert found.span == span(2, 5) and "At the same time" in found.explanation

    def test_within_five_seconds_and_not_beyond(self) -> None:
        (found,) = self.near(9.9)
        assert found.span == span(2, 5) and "Within 5 s" in found.explanation
        assert self.near(10.2) == ()

    def test_only_enrolled_people_and_only_grave_threats(self) -> None:
        assert self.near(3, faces=(face(tier="unknown"),)) == ()
        assert self.near(3, words="10,000 accounts and 150 groups") == ()

    def test_no_stronger_than_the_picture_or_the_words(self) -> None:
        assert self.near(3, overlays=(overlay(end=2.1),))[0].strength == "weak"
        assert self.near(3, faces=(face(tier="lead"),))[0].strength == "moderate"
        assert self.near(9, words="Soon we will delete your sites")[0].strength == "moderate"


def test_order_and_numbers_do_not_depend_on_the_order_of_entries() -> None:
    texts = (text("t1", "We will kill you", 1, 4), text("t2", "We will burn your houses", 2, 5))
    faces, overlays = (face(), face("f2", "unknown")), (overlay(), overlay("o2", face_id="f2"))
    forward = apply_rules(entries_of(*texts, faces=faces, overlays=overlays, known=(known(),)))
    backward = apply_rules(
        entries_of(*texts, faces=faces, overlays=overlays, known=(known(),)), tuple(reversed(BUILT_IN))
    )
    assert forward == backward
    assert [f.id for f in forward] == [f"x{n}" for n in range(1, len(forward) + 1)]
    assert [f.span.start for f in forward] == sorted(f.span.start for f in forward)


def test_nothing_gives_nothing() -> None:
    assert apply_rules(Entries()) == () and threat_entries(()) == ()
    assert apply_rules(Entries(faces=(face(),), texts=(text("t1", "Weather for Tuesday", 0, 5),))) == ()


def test_words_stay_with_what_was_seen() -> None:
    texts = (text("t1", "Ada Northwood, we will kill you", 1, 4),)
    found = apply_rules(entries_of(*texts, faces=(face(),), overlays=(overlay(),), known=(known(),)))
    assert len(found) == 5
    for finding in found:
        assert finding.explanation.endswith(".")
        assert not {"guilty", "criminal", "terrorist", "proves"} & set(finding.explanation.lower().split())
