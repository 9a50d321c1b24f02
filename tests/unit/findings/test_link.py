import random
from dataclasses import replace
from fractions import Fraction

import numpy as np

from mediaforensics.findings.link import Linker
from mediaforensics.observations import (
    FaceMatched,
    FaceSeen,
    KnownSeen,
    OverlayChannel,
    OverlaySeen,
    TextGone,
    TextSeen,
)
from mediaforensics.types import Box, Mask, Timestamp

BOX = Box(10, 10, 110, 110)


def at(seconds: float) -> Timestamp:
    return Timestamp(round(seconds * 1000), Fraction(1, 1000))


def text(seconds, track=1, said="hello", confidence=0.9):
    return TextSeen(
        time=at(seconds), detector="text", track=track, text=said, box=BOX, lines=(), confidence=confidence,
        script="Latin", language="en", engine="test",
    )  # fmt: skip


def face(seconds, track=1, confidence=0.9):
    return FaceSeen(
        time=at(seconds), detector="faces", track=track, box=BOX, landmarks=(), confidence=confidence
    )


def matched(seconds, track=1, person="a", tier="match"):
    return FaceMatched(
        time=at(seconds), detector="identity", track=track, person_id=person, name="A", tier=tier,
        similarity=0.7, threshold=0.4, route="plain",
    )  # fmt: skip


def known(seconds, entry="ceo", extent="frame", bits=4):
    return KnownSeen(
        time=at(seconds), detector="known", entry_id=entry, list_name="list", labels=(), extent=extent,
        box=BOX, mirrored=False, algorithm="pdq-256", distance_bits=bits, inliers=0, covered_fraction=0.0,
    )  # fmt: skip


def flames(seconds, track=1, coverage=0.3, count=1, known_entry=None):
    return OverlaySeen(
        time=at(seconds), detector="overlays", kind="flames", face_track=track, known_entry_id=known_entry,
        box=BOX, picture_fraction=None, channels=(channel(seconds, coverage, count),),
    )  # fmt: skip


def channel(seconds, coverage=0.3, count=1, method="model", confidence=0.8):
    mask = Mask.of(BOX, np.ones((4, 4), np.bool_))
    return OverlayChannel(
        method=method, time=at(seconds), confidence=confidence, coverage_fraction=coverage, count=count,
        mask=mask,
    )  # fmt: skip


def link(samples, cuts=(), end=99.0):
    linker = Linker()
    for seconds, observations in samples:
        linker.see(at(seconds), observations, cut=seconds in cuts)
    return linker.entries(at(end))[0]


def test_one_text_that_stays_is_one_entry_and_ends_with_the_first_sample_without_it():
    entries = link([(0, []), (1, [text(1)]), (2, [text(2)]), (2.6, []), (3, [])])
    assert [(e.id, e.span.start, e.span.end) for e in entries.texts] == [("t1", at(1), at(2.6))]


def test_the_clearest_reading_of_a_text_counts():
    entries = link(
        [(1, [text(1, said="he1lo", confidence=0.5)]), (2, [text(2)]), (3, [text(3, confidence=0.6)])]
    )
    assert entries.texts[0].text == "hello"
    assert entries.texts[0].clearest == at(2)


def test_what_is_visible_at_the_end_ends_with_the_last_frame():
    entries = link([(0, [text(0)])], end=0.5)
    assert entries.texts[0].span.end == at(0.5)


def test_a_known_picture_shown_again_after_a_cut_is_a_second_entry():
    entries = link([(0, [known(0)]), (1, []), (2, [known(2)])], cuts=(1,))
    assert [e.span.start for e in entries.known] == [at(0), at(2)]


def test_one_sample_of_doubt_without_a_cut_does_not_split_a_showing():
    entries = link([(0, [known(0)]), (0.5, []), (1, [known(1, bits=2)]), (2, [])])
    assert len(entries.known) == 1
    assert entries.known[0].distance_bits == 2
    assert entries.known[0].span.end == at(2)


def test_a_flash_of_one_sample_has_its_exact_length():
    entries = link([(0, []), (1.0, [known(1.0)]), (1.12, [])], cuts=(1.0, 1.12))
    assert (entries.known[0].span.start, entries.known[0].span.end) == (at(1.0), at(1.12))


def test_the_last_word_on_a_face_counts():
    entries = link([(0, [face(0), matched(0, tier="lead")]), (1, [face(1), matched(1, tier="match")])])
    assert [(f.person_id, f.tier) for f in entries.faces] == [("a", "match")]


def test_a_face_nobody_matched_is_unknown():
    assert link([(0, [face(0)])]).faces[0].tier == "unknown"


def test_an_overlay_names_its_face_and_its_greatest_extent():
    entries = link(
        [(0, [face(0), flames(0, coverage=0.2)]), (1, [face(1), flames(1, coverage=0.5, count=9)])]
    )
    overlay = entries.overlays[0]
    assert (overlay.face_id, overlay.coverage_fraction, overlay.count) == ("f1", 0.5, 9)
    assert overlay.clearest == at(1)


def test_an_overlay_is_not_split_by_a_change_of_picture_while_its_face_is_followed():
    samples = [(0, [face(0), flames(0)]), (0.5, [face(0.5)]), (1, [face(1), flames(1)])]
    assert len(link(samples, cuts=(0.5, 1)).overlays) == 1
    gone = [(0, [face(0), flames(0)]), (0.5, []), (1, [face(1), flames(1)])]
    assert len(link(gone, cuts=(0.5,)).overlays) == 2


def test_an_overlay_on_a_known_picture_names_it():
    entries = link([(0, [known(0), flames(0, track=None, known_entry="ceo")])])
    assert entries.overlays[0].known_id == "k1"
    assert entries.overlays[0].face_id is None


def test_last_words_extend_what_was_seen():
    linker = Linker()
    linker.see(at(0), [face(0), text(0, said="h3ll0", confidence=0.4)], cut=False)
    linker.see(at(5), [], cut=True)
    linker.settle([matched(0), text(0, confidence=0.95)])
    entries, _ = linker.entries(at(6))
    assert entries.faces[0].person_id == "a"
    assert entries.texts[0].text == "hello"
    assert entries.texts[0].span.end == at(5)


def test_entries_are_numbered_by_time_whatever_the_track_numbers():
    entries = link([(0, [text(0, track=9)]), (1, [text(1, track=2, said="later")])])
    assert [(e.id, e.text) for e in entries.texts] == [("t1", "hello"), ("t2", "later")]


def test_evidence_keys_lead_to_the_entries():
    linker = Linker()
    seen = linker.see(at(0), [text(0), face(0)], cut=False)
    _, ids = linker.entries(at(1))
    assert sorted(ids[key] for key, _ in seen) == ["f1", "t1"]


def test_the_order_of_arrival_never_changes_the_result():
    samples = [
        (0.0, [text(0, t, said=f"t{t}") for t in range(4)] + [face(0, 1), face(0, 2), matched(0, 2)]),
        (1.0, [face(1, 1), flames(1, 1), flames(1, 2), known(1), known(1, entry="b"), face(1, 2)]),
        (2.0, [matched(2, 1), face(2, 1), face(2, 2, 0.3), flames(2, 1, 0.9, 4)]),
    ]
    wanted = link(samples)
    shuffler = random.Random(7)
    for _ in range(20):
        shuffled = [(s, shuffler.sample(observations, len(observations))) for s, observations in samples]
        assert link(shuffled) == wanted


def test_who_a_face_is_may_be_said_with_its_first_sample_or_after_its_last():
    at_once = link([(1, [matched(1), face(1)]), (2, [face(2)]), (9, [])])
    late = link([(1, [face(1)]), (2, [face(2)]), (9, []), (15, []), (16, [matched(2)])])
    assert [f.person_id for f in (*at_once.faces, *late.faces)] == ["a", "a"]


def test_a_text_lasts_from_its_first_to_its_last_frame_between_the_samples():
    first = replace(text(1), since=at(0.8))
    gone = TextGone(time=at(3), detector="text", track=1, end=at(2.4))
    entries = link([(0, []), (1, [first]), (2, [replace(text(2), since=at(0.72))]), (3, [gone]), (4, [])])
    assert [(e.span.start, e.span.end) for e in entries.texts] == [(at(0.72), at(2.4))]


def test_a_text_that_is_back_was_not_gone():
    gone = TextGone(time=at(2), detector="text", track=1, end=at(1.5))
    entries = link([(1, [text(1)]), (2, [gone]), (2.5, [text(2.5)]), (4, [])])
    assert [(e.span.start, e.span.end) for e in entries.texts] == [(at(1), at(4))]


def test_what_turned_out_to_be_part_of_a_text_is_no_entry_of_its_own():
    whole = replace(text(2, track=3, said="hello there"), replaces=(1, 2))
    samples = [(0, [text(0, 1)]), (1, [text(1, 2, said="there")]), (2, [whole]), (3, [])]
    assert [(e.text, e.span.start) for e in link(samples).texts] == [("hello there", at(0))]


def test_an_overlay_seen_by_several_channels_is_one_entry_that_names_them_all():
    both = replace(
        flames(2), channels=(channel(2, 0.5, method="residual"), channel(2, 0.6)), picture_fraction=0.2
    )
    entries = link([(1, [face(1), flames(1)]), (2, [face(2), both]), (3, [face(3), flames(3)])])
    (overlay,) = entries.overlays
    assert (overlay.span.start, overlay.method, overlay.picture_fraction) == (at(1), "residual", 0.2)
    assert [(c.method, c.coverage_fraction) for c in overlay.channels] == [("residual", 0.5), ("model", 0.6)]


def test_an_overlay_began_when_its_detector_says_but_not_before_a_showing_that_ended():
    entries = link([(1, [face(1)]), (2, [face(2), replace(flames(2), since=at(1))])])
    assert entries.overlays[0].span.start == at(1)
    again = [(5, [face(5), replace(flames(5), since=at(1))])]
    entries = link([(1, [face(1), flames(1)]), (2, [face(2)]), (4, [face(4)]), *again])
    assert [o.span.start for o in entries.overlays] == [at(1), at(5)]


def test_masks_are_of_the_clearest_sample_where_it_has_them():
    clear = replace(flames(1), channels=(channel(1, 0.5, method="residual"), channel(1, 0.1)))
    wider = replace(flames(2), channels=(channel(2, 0.4, method="residual"), channel(2, 0.9)))
    moving = replace(flames(3), channels=(channel(3, 0.2, method="motion"),))
    entries = link([(k, [face(k), o]) for k, o in ((1, clear), (2, wider), (3, moving))])
    (overlay,) = entries.overlays
    assert overlay.clearest == at(1)
    assert [(c.method, c.time) for c in overlay.channels] == [
        ("residual", at(1)),
        ("motion", at(3)),
        ("model", at(1)),
    ]


def test_a_hint_of_a_face_counts_where_an_overlay_speaks_for_it():
    def entries(*kinds):
        linker = Linker()
        for seconds in (1.0, 1.5):
            hint = replace(face(seconds, confidence=0.4), weak=True)
            linker.see(
                at(seconds), [hint, *(replace(flames(seconds), kind=kind) for kind in kinds)], cut=False
            )
        found, _ = linker.entries(at(2.0))
        return len(found.faces), [one.kind for one in found.overlays]

    assert entries() == (0, [])
    assert entries("crossed_out") == (1, ["crossed_out"])
    assert entries("flames") == (0, [])  # fire draws faces itself
    assert entries("flames", "bullet_hole") == (1, ["bullet_hole", "flames"])


def test_a_picture_of_the_gallery_is_no_known_picture_of_the_report():
    linker = Linker()
    linker.see(at(1.0), [replace(known(1.0), listed=False), known(1.0, entry="listed")], cut=False)
    found, _ = linker.entries(at(2.0))
    assert [one.entry_id for one in found.known] == ["listed"]
