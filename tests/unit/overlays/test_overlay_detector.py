from __future__ import annotations

import cv2
import numpy as np
import overlay_drawing as drawing
import pytest

from mediaforensics.detect import Surroundings
from mediaforensics.observations import FaceSeen, KnownSeen, OverlaySeen, Residual, TextSeen
from mediaforensics.options import OverlayOptions
from mediaforensics.overlays.detector import OverlayDetector
from mediaforensics.types import Box, Quad

ADA = drawing.PORTRAITS[0]


@pytest.fixture(scope="module")
def detector():
    return OverlayDetector(OverlayOptions())


def face_seen(sample, box, *, track=1, seen_directly=True):
    return FaceSeen(
        time=sample.time,
        detector="faces",
        track=track,
        box=box,
        landmarks=((0.0, 0.0),) * 5,
        confidence=0.9,
        seen_directly=seen_directly,
    )


def text_seen(sample, box, text="MUSEUM OPENS"):
    corners = ((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1))
    return TextSeen(
        time=sample.time,
        detector="text",
        track=1,
        text=text,
        box=box,
        lines=(Quad(corners),),
        confidence=0.95,
        script="Latin",
        language="en",
        engine="pp-ocrv6",
    )


def bare(picture):
    """The whole of a frame is a known picture of which nothing seems covered."""
    height, width = picture.shape[:2]
    return Residual(
        width_px=96,
        height_px=96,
        covered=bytes(96 * 96 // 8),
        to_source=(width / 96, 0.0, 0.0, 0.0, height / 96, 0.0, 0.0, 0.0, 1.0),
        known=cv2.resize(picture, (320, 320 * height // width), interpolation=cv2.INTER_AREA),
    )


def known_seen(sample, box, extent="region", residual=None):
    return KnownSeen(
        time=sample.time,
        detector="known",
        entry_id="press-1",
        list_name="press",
        labels=(),
        extent=extent,
        box=box,
        mirrored=False,
        algorithm="sift",
        distance_bits=0,
        inliers=40,
        covered_fraction=0.2,
        residual=residual,
    )


def watched(detector, pictures, box, *, moving=True, step_s=0.5, extra=lambda s: [], seen_directly=True):
    height, width = pictures[0].shape[:2]
    examiner = detector.begin(Surroundings(size_px=(width, height), moving=moving))
    said = []
    for k, picture in enumerate(pictures):
        sample = drawing.sample(picture, k * step_s, new_picture=k == 0)
        seen = [face_seen(sample, box, seen_directly=seen_directly), *extra(sample)]
        said.append(list(examiner.examine(sample, seen)))
    assert list(examiner.end()) == []
    return said


def kinds(observations):
    return {o.kind for o in observations}


def test_clean_faces_are_passed_in_silence(detector):
    for name in drawing.PORTRAITS:
        picture, box = drawing.portrait(name)
        assert watched(detector, [picture] * 4, box) == [[]] * 4


def test_flames_that_stay_are_reported_with_the_face_they_are_on(detector):
    picture, box = drawing.portrait(ADA)
    said = watched(detector, [drawing.flames(picture, box, k) for k in range(4)], box)
    last = next(o for o in said[-1] if o.kind == "flames")
    assert isinstance(last, OverlaySeen)
    assert last.face_track == 1
    assert last.known_entry_id is None
    assert last.confidence >= 0.5
    assert 0.1 < last.coverage_fraction <= 1
    assert last.box.intersection(box) is not None
    assert last.time.seconds == 1.5


def test_a_face_hidden_by_the_overlay_is_looked_at_where_its_track_says(detector):
    picture, box = drawing.portrait(ADA)
    said = watched(detector, [drawing.cross(picture, box)] * 3, box, seen_directly=False)
    assert "crossed_out" in kinds(said[-1])


def test_a_single_picture_needs_no_second_sample(detector):
    picture, box = drawing.portrait(ADA)
    said = watched(detector, [drawing.holes(picture, box)], box, moving=False)
    hole = next(o for o in said[0] if o.kind == "bullet_hole")
    assert 4 <= hole.count <= 8


def test_a_doubtful_kind_waits_for_a_second_sample(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    masks = np.full((9, 16, 16), 0.5, np.float32)
    doubtful = np.full(9, 0.01, np.float32)
    doubtful[3] = 0.6
    monkeypatch.setattr(detector._classifier, "confidences", lambda crop: (doubtful, masks))
    said = watched(detector, [picture] * 3, box)
    assert [kinds(s) for s in said] == [set(), {"blood"}, {"blood"}]


def test_a_kind_does_not_flicker_and_ends(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    answers = iter([0.7, 0.7, 0.4, 0.7, 0.02, 0.02, 0.02, 0.02])
    masks = np.full((9, 16, 16), 0.5, np.float32)

    def confidences(crop):
        one = np.full(9, 0.01, np.float32)
        one[0] = next(answers)
        return one, masks

    monkeypatch.setattr(detector._classifier, "confidences", confidences)
    said = watched(detector, [picture] * 8, box)
    assert [bool(s) for s in said] == [False, True, True, True, False, False, False, False]


def test_suspected_flames_are_taken_for_fire_only_where_something_moves_on_a_still_portrait(
    detector, monkeypatch
):
    picture, box = drawing.portrait(ADA)
    mask = np.zeros((9, 16, 16), np.float32)
    mask[0, 9:] = 0.9
    suspected = np.full(9, 0.01, np.float32)
    suspected[0] = 0.25
    monkeypatch.setattr(detector._classifier, "confidences", lambda crop: (suspected, mask))
    still = watched(detector, [drawing.flames(picture, box)] * 6, box)
    assert still == [[]] * 6
    moving = watched(detector, [drawing.flames(picture, box, k) for k in range(6)], box)
    assert {(o.kind, o.method) for o in moving[-1]} == {("flames", "motion")}


def test_a_caption_over_the_face_is_not_a_violent_overlay(detector):
    for name in drawing.PORTRAITS:
        picture, box = drawing.portrait(name)
        captioned, where = drawing.caption(picture, box)
        said = watched(detector, [captioned] * 3, box, extra=lambda s, where=where: [text_seen(s, where)])
        assert said == [[]] * 3


def test_what_only_the_lettering_looked_like_is_dropped(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    captioned, where = drawing.caption(picture, box)
    masks = np.full((9, 16, 16), 0.5, np.float32)

    def confidences(crop):
        lettered = bool((crop == 255).all(2).sum() > 5)
        one = np.full(9, 0.01, np.float32)
        one[4] = 0.95 if lettered else 0.05
        return one, masks

    monkeypatch.setattr(detector._classifier, "confidences", confidences)
    with_text = watched(detector, [captioned] * 3, box, extra=lambda s: [text_seen(s, where)])
    assert with_text == [[]] * 3
    assert kinds(watched(detector, [captioned] * 3, box)[-1]) == {"crossed_out"}


def test_a_cross_that_a_reader_took_for_a_letter_stays_a_cross(detector):
    picture, box = drawing.portrait(ADA)
    said = watched(detector, [drawing.cross(picture, box)] * 2, box, extra=lambda s: [text_seen(s, box, "X")])
    assert "crossed_out" in kinds(said[-1])


def test_fire_without_a_face_is_not_reported(detector):
    picture, box = drawing.portrait(ADA)
    burning = drawing.sample(drawing.flames(picture, box))
    examiner = detector.begin(Surroundings(size_px=burning.frame.size_px, moving=False))
    assert list(examiner.examine(burning, [])) == []
    whole = Box(0, 0, *burning.frame.size_px)
    assert list(examiner.examine(burning, [known_seen(burning, whole, extent="frame")])) == []


def test_an_overlay_on_a_known_picture_without_a_face_names_the_picture(detector):
    picture, box = drawing.portrait(ADA)
    crossed = drawing.sample(drawing.cross(picture, box))
    examiner = detector.begin(Surroundings(size_px=crossed.frame.size_px, moving=False))
    said = list(examiner.examine(crossed, [known_seen(crossed, box.grown(0.2))]))
    assert {(o.known_entry_id, o.face_track) for o in said} == {("press-1", None)}


def on_known(detector, pictures, clean, box=None):
    """What is said of frames that show a known picture; with a face on it where ``box`` is given."""
    height, width = clean.shape[:2]
    examiner = detector.begin(Surroundings(size_px=(width, height), moving=True))
    said = []
    for k, picture in enumerate(pictures):
        sample = drawing.sample(picture, 0.5 * k)
        seen = [known_seen(sample, Box(0, 0, width, height), "frame", bare(clean))]
        seen += [face_seen(sample, box)] if box is not None else []
        said.append(list(examiner.examine(sample, seen)))
    return said


def test_what_was_laid_over_a_known_picture_is_told_to_the_pixel_by_residual(detector):
    picture, box = drawing.portrait(ADA)
    crossed = drawing.cross(picture, box)
    truth = np.abs(crossed.astype(int) - picture).max(axis=2) > 20
    said = on_known(detector, [crossed] * 2, picture)
    (overlay,) = (o for o in said[-1] if o.kind == "crossed_out")
    assert (overlay.method, overlay.face_track, overlay.known_entry_id) == ("residual", None, "press-1")
    assert overlay.picture_fraction == pytest.approx(truth.mean(), rel=0.3)
    mask, cells = overlay.mask, overlay.mask.cells()
    side = mask.box.width_px / mask.columns
    rows, columns = np.nonzero(cells)
    xs, ys = mask.box.x0 + (columns + 0.5) * side, mask.box.y0 + (rows + 0.5) * side
    near = cv2.dilate(truth.astype(np.uint8), np.ones((9, 9), np.uint8))
    assert near[ys.astype(int), xs.astype(int)].mean() > 0.95


def test_marks_that_lie_apart_on_a_known_picture_are_counted_together(detector):
    picture, _ = drawing.portrait(ADA)
    height, width = picture.shape[:2]
    shot = picture
    for x in (width // 8, width * 7 // 8):
        near = Box(x - 40, height // 3, x + 40, height * 2 // 3)
        shot = drawing.holes(shot, near, 2)
    said = on_known(detector, [shot] * 2, picture)
    (overlay,) = (o for o in said[-1] if o.kind == "bullet_hole")
    assert overlay.count == 4
    assert overlay.mask.box.width_px > width // 2


def test_an_overlay_on_a_face_on_a_known_picture_names_both_and_all_channels(detector):
    picture, box = drawing.portrait(ADA)
    said = on_known(detector, [drawing.reticle(picture, box)] * 2, picture, box)
    (overlay,) = (o for o in said[-1] if o.kind == "crosshair" and o.face_track is not None)
    assert (overlay.face_track, overlay.known_entry_id) == (1, "press-1")
    assert overlay.channels[0].method == "residual"
    assert 0 < overlay.picture_fraction < 0.5


def test_what_the_network_sees_where_a_known_picture_is_bare_is_the_picture_itself(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    certain = np.full(9, 0.99, np.float32), np.full((9, 16, 16), 0.9, np.float32)
    monkeypatch.setattr(detector._classifier, "confidences", lambda crop: certain)
    graded = np.clip(picture * 0.9 + 8, 0, 255).astype(np.uint8)
    assert watched(detector, [graded] * 3, box)[-1]
    assert on_known(detector, [graded] * 3, picture, box) == [[]] * 3


def test_what_was_laid_over_it_is_asked_for_alone_and_in_its_place(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    crops = []
    ask = detector._classifier.confidences
    monkeypatch.setattr(detector._classifier, "confidences", lambda crop: crops.append(crop) or ask(crop))
    on_known(detector, [drawing.cross(picture, box)], picture)
    grey = [float((np.abs(crop.astype(int) - 128).max(axis=2) <= 1).mean()) for crop in crops]
    assert len(grey) == 2
    assert min(grey) < 0.1 < 0.4 < max(grey)


def test_an_unchanged_crop_is_not_classified_again_at_once(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    calls = []
    ask = detector._classifier.confidences
    monkeypatch.setattr(detector._classifier, "confidences", lambda crop: calls.append(1) or ask(crop))
    watched(detector, [picture] * 10, box, step_s=0.04)
    assert len(calls) == 1


def test_two_runs_say_the_same(detector):
    picture, box = drawing.portrait(ADA)
    pictures = [drawing.flames(picture, box, k) for k in range(4)]
    assert watched(detector, pictures, box) == watched(detector, pictures, box)


def test_memory_is_bounded_however_many_faces_come(detector, monkeypatch):
    picture, box = drawing.portrait(ADA)
    nothing = np.full(9, 0.01, np.float32), np.zeros((9, 16, 16), np.float32)
    monkeypatch.setattr(detector._classifier, "confidences", lambda crop: nothing)
    examiner = detector.begin(Surroundings(size_px=(640, 640), moving=True))
    for track in range(300):
        sample = drawing.sample(picture, track * 0.1)
        list(examiner.examine(sample, [face_seen(sample, box, track=track)]))
    assert len(examiner._memories) <= 64


def test_a_higher_min_confidence_reports_less():
    picture, box = drawing.portrait(ADA)
    strict = OverlayDetector(OverlayOptions(min_confidence=0.999))
    lax = OverlayDetector(OverlayOptions(min_confidence=0.05))
    crossed = [drawing.cross(picture, box)] * 2
    assert len(watched(strict, crossed, box)[-1]) <= len(watched(lax, crossed, box)[-1])
    assert watched(lax, crossed, box)[-1]
