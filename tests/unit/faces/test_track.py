"""One face, one track: through overlays, flashes and hiding; and another face, another track."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_pictures import on_canvas, sample_of

from mediaforensics.detect import Surroundings
from mediaforensics.faces.detector import FaceDetector
from mediaforensics.faces.patches import kept, patch
from mediaforensics.faces.track import HIDDEN_LIMIT_S
from mediaforensics.options import FaceOptions

SIZE = (1280, 720)


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(FaceOptions())


def watch(detector, shots):
    """What is said about each (pixels, time_s, new_picture)."""
    examiner = detector.begin(Surroundings(size_px=SIZE, moving=True))
    return [list(examiner.examine(sample_of(*shot), ())) for shot in shots]


def tracks(said):
    return [[o.track for o in one] for one in said]


def covered(pixels, box, colour=(250, 120, 20)):
    out = pixels.copy()
    x0, y0, x1, y1 = box
    rng = np.random.default_rng(5)
    fire = rng.integers(0, 60, (y1 - y0, x1 - x0, 3)) + np.array(colour) - 30
    out[y0:y1, x0:x1] = np.clip(fire, 0, 255)
    return out


def test_two_faces_keep_their_numbers(detector, portraits):
    canvas = on_canvas((portraits["executive-a"], 100, 150, 400), (portraits["executive-b"], 760, 150, 400))
    brighter = cv2.convertScaleAbs(canvas, alpha=1.15)
    said = watch(detector, [(canvas, 0.0, True), (brighter, 0.5, False), (canvas, 1.0, False)])
    assert tracks(said) == [[1, 2]] * 3
    for one in said:
        assert all(o.seen_directly and o.confidence > 0.8 for o in one)
        left, right = sorted(one, key=lambda o: o.box.x0)
        assert left.box.x1 < 640 < right.box.x0


def test_unchanged_samples_repeat_the_faces_without_loss(detector, portraits):
    canvas = on_canvas((portraits["bea-south"], 400, 150, 400))
    said = watch(detector, [(canvas, t, t == 0.0) for t in (0.0, 1.0, 2.0, 30.0)])
    assert tracks(said) == [[1]] * 4
    assert len({(o.box, o.confidence) for one in said for o in one}) == 1


def test_a_still_face_keeps_its_place_while_hidden_and_not_for_ever(detector, portraits):
    canvas = on_canvas((portraits["executive-a"], 300, 100, 500))
    burning = covered(canvas, (380, 150, 720, 480))
    shots = [(canvas, 0.0, True), (burning, 0.5, False), (burning, 1.5, False)]
    shots += [(burning, 2.0 + HIDDEN_LIMIT_S, False), (canvas, 2.5 + HIDDEN_LIMIT_S, False)]
    said = watch(detector, shots)
    assert tracks(said)[:3] == [[1]] * 3
    assert [one[0].seen_directly for one in said[:3]] == [True, False, False]
    assert said[1][0].box == said[0][0].box
    assert said[1][0].confidence == 0.0
    assert said[3] == []


def test_a_face_comes_back_after_a_flash(detector, portraits):
    canvas = on_canvas((portraits["executive-b"], 420, 120, 420))
    flash = np.full_like(canvas, 255)
    said = watch(detector, [(canvas, 0.0, True), (flash, 0.5, True), (canvas, 0.6, True)])
    assert tracks(said) == [[1], [], [1]]


def test_another_person_at_the_same_place_is_another_track(detector, portraits):
    one = on_canvas((portraits["executive-a"], 420, 120, 420))
    other = on_canvas((portraits["executive-b"], 420, 120, 420))
    said = watch(detector, [(one, 0.0, True), (other, 3.0, True), (one, 9.0, True)])
    assert [len(s) for s in said] == [1, 1, 1]
    assert said[0][0].track != said[1][0].track
    assert said[1][0].track != said[2][0].track


def test_a_slow_zoom_is_one_track(detector, portraits):
    shots = [
        (on_canvas((portraits["ada-north"], 400 - 6 * k, 140 - 4 * k, 380 + 12 * k)), 0.5 * k, k == 0)
        for k in range(8)
    ]
    said = watch(detector, shots)
    assert tracks(said) == [[1]] * 8
    widths = [one[0].box.width_px for one in said]
    assert widths[-1] > 1.12 * widths[0]


def test_a_cut_to_nothing_ends_the_track_at_once(detector, portraits):
    canvas = on_canvas((portraits["executive-a"], 420, 120, 420))
    rng = np.random.default_rng(3)
    field = cv2.GaussianBlur(rng.uniform(0, 255, canvas.shape).astype(np.float32), (0, 0), 4)
    said = watch(
        detector, [(canvas, 0.0, True), (np.clip(field * 3 - 250, 0, 255).astype(np.uint8), 0.5, True)]
    )
    assert tracks(said) == [[1], []]


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (9, 1280)])
def test_tiny_frames_are_looked_at_in_peace(detector, size):
    said = watch(detector, [(np.full((*size, 3), 90, np.uint8), 0.0, True)])
    assert said == [[]]


def test_what_is_kept_of_a_patch_is_what_is_not_covered(portraits):
    canvas = on_canvas((portraits["executive-a"], 300, 100, 500))
    from mediaforensics.faces.find import FaceFinder
    from mediaforensics.faces.locate import YUNET, FaceLocator

    sample = sample_of(canvas)
    face = FaceFinder(FaceLocator(YUNET.read())).upright(sample.frame)[0]
    before = patch(sample.frame.luma(640), face)
    same = kept(before, patch(sample_of(cv2.convertScaleAbs(canvas, alpha=1.2)).frame.luma(640), face))
    half = kept(before, patch(sample_of(covered(canvas, (300, 320, 800, 600))).frame.luma(640), face))
    other = kept(
        before, patch(sample_of(on_canvas((portraits["executive-b"], 300, 100, 500))).frame.luma(640), face)
    )
    assert same.face > 0.9
    assert same.whole > 0.9
    assert 0.1 < half.face < 0.8
    assert 0.1 < half.whole < 0.8
    assert other.face < 0.2
    assert kept(np.zeros_like(before), np.zeros_like(before)).whole == 0.0
