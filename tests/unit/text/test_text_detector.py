from __future__ import annotations

import numpy as np
import pytest
from lettering import SIZE, ground, sample, watch, write

from mediaforensics.detect import Surroundings
from mediaforensics.observations import Failure, TextGone, TextSeen

FIRST, SECOND = "The tide was out\nand 12 boats waited", "Nobody came ashore\nbefore the evening"


def card(text, seed=0, place=(640, 360), opacity=1.0):
    return write(ground(seed), text, place, 48, opacity=opacity, stroke_width=2, stroke_fill=(0, 0, 0))


def test_a_text_that_stays_is_one_track_across_a_cut(text_detector):
    pictures = [ground(0), card(FIRST), card(FIRST), card(FIRST, seed=5), card(FIRST, seed=5), ground(5)]
    samples = [sample(p, 0.5 * i, new_picture=i in (0, 3)) for i, p in enumerate(pictures)]
    seen, _ = watch(text_detector, samples)
    (gone,) = seen[-1]
    assert isinstance(gone, TextGone) and (gone.track, gone.end) == (seen[1][0].track, samples[-1].time)
    assert [[o.text for o in found] for found in seen[:-1]] == [[], [FIRST], [FIRST], [FIRST], [FIRST]]
    assert len({o.track for found in seen[:-1] for o in found}) == 1
    assert seen[1][0].box.y0 < 360 < seen[1][0].box.y1 and len(seen[1][0].lines) == 2


def test_a_text_behind_a_flash_is_the_same_text(text_detector):
    white = 255 - 0 * ground()
    pictures = [card(FIRST), card(FIRST), white, card(FIRST), card(FIRST)]
    seen, _ = watch(text_detector, [sample(p, 0.3 * i, new_picture=True) for i, p in enumerate(pictures)])
    assert [[type(o) for o in found] for found in seen] == [[TextSeen]] * 2 + [[TextGone]] + [[TextSeen]] * 2
    assert len({o.track for found in seen for o in found}) == 1


def test_another_text_in_the_same_place_is_another_track(text_detector):
    pictures = [card(FIRST), card(FIRST), card(SECOND), card(SECOND)]
    seen, _ = watch(text_detector, [sample(p, 0.5 * i) for i, p in enumerate(pictures)])
    assert seen[1][0].text == FIRST and seen[3][0].text == SECOND
    assert seen[1][0].track != seen[3][0].track


def test_a_text_is_read_once(text_detector, monkeypatch):
    from mediaforensics.text.recognize import MessageReader

    calls = []
    read = MessageReader.read
    monkeypatch.setattr(MessageReader, "read", lambda *a, **k: calls.append(1) or read(*a, **k))
    watch(text_detector, [sample(card(FIRST, seed=i // 3), 0.5 * i) for i in range(9)])
    assert len(calls) == 1


def test_a_text_that_fades_in_ends_with_its_best_reading(text_detector):
    fades = [0.0, 0.15, 0.35, 0.7, 1.0, 1.0]
    samples = [sample(card(FIRST, opacity=a), 0.2 * i, new_text=i > 0) for i, a in enumerate(fades)]
    seen, _ = watch(text_detector, samples)
    texts = [o for found in seen for o in found]
    assert max(texts, key=lambda o: o.confidence).text == FIRST
    assert len({o.track for o in texts}) == 1


def test_texts_apart_are_tracks_apart(text_detector):
    picture = card("Harbour, 6 a.m.", place=(250, 90))
    picture = write(picture, "Nobody came ashore", (900, 640), 36)
    seen, _ = watch(text_detector, [sample(picture, 0), sample(picture, 1)])
    assert sorted(o.text for o in seen[1]) == ["Harbour, 6 a.m.", "Nobody came ashore"]
    assert len({o.track for o in seen[1]}) == 2


def test_a_message_that_is_revealed_line_by_line_is_one_text(text_detector):
    partly = write(ground(), "The tide was out", (640, 330), 48)
    whole = write(partly, "and 12 boats waited", (640, 390), 48)
    seen, _ = watch(
        text_detector, [sample(p, i) for i, p in enumerate([partly, partly, whole, whole, whole])]
    )
    assert len({o.track for found in seen for o in found}) == 1
    best = max((o for found in seen for o in found), key=lambda o: o.confidence)
    assert best.text == FIRST


def test_nothing_is_said_of_pictures_without_text(text_detector):
    seen, end = watch(text_detector, [sample(ground(i, 200), i, new_picture=True) for i in range(4)])
    assert not any(seen) and not end


def test_a_still_picture_is_read_from_its_single_sample(text_detector):
    examiner = text_detector.begin(Surroundings(size_px=SIZE, moving=False))
    (text,) = examiner.examine(sample(card(FIRST), 0.0, new_picture=True), ())
    assert isinstance(text, TextSeen)
    assert (text.text, text.language, text.detector) == (FIRST, "en", "text")


def test_two_files_at_once_do_not_mix(text_detector):
    one, two = (text_detector.begin(Surroundings(size_px=SIZE, moving=True)) for _ in range(2))
    for i in range(2):
        first = list(one.examine(sample(card(FIRST), i), ()))
        second = list(two.examine(sample(card(SECOND), i), ()))
    assert [o.text for o in first] == [FIRST] and [o.text for o in second] == [SECOND]


def test_tesseract_that_hangs_costs_one_text_and_is_reported(text_detector, monkeypatch):
    from mediaforensics.text.recognize import MessageReader

    read = MessageReader.read

    def hang(self, view, message, *how):
        if message.box.y0 > 400:
            raise RuntimeError("Tesseract process timeout")
        return read(self, view, message, *how)

    monkeypatch.setattr(MessageReader, "read", hang)
    picture = write(card("Harbour, 6 a.m.", place=(250, 90)), "Nobody came ashore", (900, 640), 36)
    seen, _ = watch(text_detector, [sample(picture, 0), sample(picture, 1)])
    said = [o for found in seen for o in found]
    assert {o.text for o in said if isinstance(o, TextSeen)} == {"Harbour, 6 a.m."}
    (failure,) = [o for o in said if isinstance(o, Failure)]
    assert "timeout" in failure.why


@pytest.mark.parametrize("size", [(64, 48), (2, 2), (1920, 33)])
def test_odd_sizes_do_no_harm(text_detector, size):
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for moving in (True, False):
        examiner = text_detector.begin(Surroundings(size_px=size, moving=moving))
        assert list(examiner.examine(sample(picture, 0.0, new_picture=True), ())) == []


def test_a_change_of_size_in_the_middle_does_no_harm(text_detector):
    small = card(FIRST)[::2, ::2].copy()
    seen, _ = watch(
        text_detector, [sample(p, i) for i, p in enumerate([card(FIRST), small, small, card(FIRST)])]
    )
    assert len(seen) == 4


def test_what_it_says_of_itself(text_detector):
    assert (
        text_detector.name == "text"
        and text_detector.emits == (TextSeen, TextGone)
        and not text_detector.needs
    )
    assert [len(model.read()) > 1_000_000 for model in text_detector.models] == [True] * 3


def page(rows, columns=5):
    """Small print: a short word in each cell."""
    picture = ground()
    for row in range(rows):
        for column in range(columns):
            write_at = (140 + 250 * column, 20 + 34 * row)
            picture = write(picture, f"word {row}{column}", write_at, 22)
    return picture


def test_a_page_of_small_print_is_not_read_to_its_end_and_says_so(text_detector, monkeypatch):
    from mediaforensics.text import reading
    from mediaforensics.text.network import LineNetwork

    monkeypatch.setattr(reading, "_LINES", 30.0)
    calls = []
    read = LineNetwork.read
    monkeypatch.setattr(LineNetwork, "read", lambda self, line: calls.append(1) or read(self, line))
    for moving in (True, False):
        calls.clear()
        examiner = text_detector.begin(Surroundings(size_px=SIZE, moving=moving))
        said = list(examiner.examine(sample(page(12), 0.0, new_picture=True), ()))
        (failure,) = [o for o in said if isinstance(o, Failure)]
        assert int(failure.why.split()[0]) >= 20 and "not read" in failure.why
        assert 10 <= len(calls) <= 30


def test_what_had_to_wait_is_read_when_there_is_time_again(text_detector, monkeypatch):
    from mediaforensics.text import reading

    monkeypatch.setattr(reading, "_LINES", 2.0)
    monkeypatch.setattr(reading, "_LINES_PER_S", 1.0)
    picture = write(card(FIRST, place=(300, 200)), SECOND, (900, 600), 48)
    seen, _ = watch(text_detector, [sample(picture, i, new_picture=True) for i in range(4)])
    assert [o.text for o in seen[0] if isinstance(o, TextSeen)] == [FIRST]
    assert [type(o) for o in seen[0]].count(Failure) == 1
    assert {o.text for o in seen[3]} == {FIRST, SECOND}


def test_a_strobe_of_texts_has_an_end(text_detector, monkeypatch):
    from mediaforensics.text import looking
    from mediaforensics.text.regions import LineDetector

    monkeypatch.setattr(looking, "_LOOKS", 0.25)
    monkeypatch.setattr(looking, "_LOOKS_PER_S", 0.0)
    calls = []
    locate = LineDetector.locate
    monkeypatch.setattr(LineDetector, "locate", lambda *a, **k: calls.append(1) or locate(*a, **k))
    pictures = [card(f"{FIRST} {i}", seed=i, place=(640, 100 + 60 * (i % 9))) for i in range(12)]
    seen, _ = watch(text_detector, [sample(p, 0.1 * i, new_picture=True) for i, p in enumerate(pictures)])
    assert 1 <= len(calls) <= 8
    assert any("too many changes" in o.why for o in seen[-1] if isinstance(o, Failure))


def test_tesseract_that_keeps_failing_is_not_asked_again(text_detector, monkeypatch):
    from mediaforensics.text.foreign import ForeignReader
    from mediaforensics.text.network import LineNetwork, Reading
    from mediaforensics.text.tesseract import Tesseract

    # No language that this machine is sure to have is left to Tesseract alone.
    monkeypatch.setattr(text_detector._reader, "_foreign", ForeignReader(Tesseract(("ara",)), ("ara",)))
    calls = []

    def hang(self, picture, language):
        calls.append(1)
        raise RuntimeError("no answer within 20 s")

    monkeypatch.setattr(Tesseract, "_attempt", hang)
    monkeypatch.setattr(
        LineNetwork, "read", lambda self, line: Reading(text="", confidence=0.0, engine="pp-ocrv6")
    )
    pictures = [
        card(t, seed=i) for i, t in enumerate([FIRST, SECOND, "A third text\nof two lines", "A fourth one"])
    ]
    seen, _ = watch(text_detector, [sample(p, i, new_picture=True) for i, p in enumerate(pictures)])
    assert len(calls) == 2
    assert all(any(isinstance(o, Failure) for o in found) for found in seen)


def test_a_sure_text_found_between_changes_is_said_at_once(text_detector):
    seen, _ = watch(text_detector, [sample(ground(), 0.0), sample(card(FIRST), 1.0)])
    assert [o.text for o in seen[1]] == [FIRST]
