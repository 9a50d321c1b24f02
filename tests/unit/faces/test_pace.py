"""How closely a moving picture is looked at, and which doubtful faces are believed."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_pictures import on_canvas, sample_of

from mediaforensics.detect import Surroundings
from mediaforensics.faces import detector as detector_module
from mediaforensics.faces.detector import FaceDetector
from mediaforensics.faces.locate import LocatedFace
from mediaforensics.faces.pace import Pace, changed_fraction
from mediaforensics.options import FaceOptions

SIZE = (1280, 720)


def picture(seed, shape=(180, 320)):
    rng = np.random.default_rng(seed)
    return cv2.GaussianBlur(rng.integers(0, 255, shape, dtype=np.uint8), (0, 0), 4) * 3


def test_the_first_picture_is_looked_at_whole_and_an_unchanged_one_not_again():
    pace = Pace()
    looks = [pace.look(t, picture(1), new, False) for t, new in ((0.0, True), (1.0, False), (60.0, False))]
    assert looks == ["whole", "rest", "rest"]


def test_every_cut_is_looked_at_whole():
    pace = Pace()
    assert [pace.look(2.0 * n, picture(n), True, bool(n % 2)) for n in range(5)] == ["whole"] * 5


def test_what_came_too_soon_for_a_whole_look_gets_one_later_though_it_stands_still():
    pace = Pace()
    pace.look(0.0, picture(1), True, False)
    assert pace.look(0.2, picture(2), True, False) == "small"
    assert pace.look(1.2, picture(2), False, False) == "whole"
    assert pace.look(2.2, picture(2), False, False) == "rest"


def test_a_strobe_does_not_get_a_whole_look_for_each_flash():
    pace = Pace()
    looks = [pace.look(0.5 * n, picture(n % 3), True, False) for n in range(24)]
    assert looks.count("whole") < 16


def test_a_change_around_a_followed_face_asks_for_a_small_look():
    before = picture(1)
    after = before.copy()
    after[30:130, 80:220] = picture(2)[30:130, 80:220]
    face = (100 / 320, 40 / 180, 200 / 320, 120 / 180)
    for followed, expected in (((face,), "small"), ((), "whole")):
        pace = Pace()
        pace.look(0.0, before, True, True, followed)
        assert pace.look(4.0, after, False, True, followed) == expected


def test_changed_fraction_is_the_changed_share():
    before = np.full((160, 320), 90, np.uint8)
    after = before.copy()
    after[:80, :160] = 140
    assert changed_fraction(before, after) == pytest.approx(0.25)
    assert changed_fraction(before, after, [(0.0, 0.0, 0.5, 0.25)]) == pytest.approx(0.125)
    assert changed_fraction(before, before + 3) == 0.0
    assert changed_fraction(before, after[:100]) == 1.0


class Doubting:
    """A finder that is less sure than the real one."""

    def __init__(self, finder, confidence):
        self._finder, self._confidence = finder, confidence

    def _less(self, face):
        return LocatedFace(
            box=face.box, landmarks=face.landmarks, confidence=min(face.confidence, self._confidence)
        )

    def __getattr__(self, name):
        found = getattr(self._finder, name)

        def looked(*arguments):
            result = found(*arguments)
            if result is None:
                return None
            return [self._less(f) for f in result] if isinstance(result, list) else self._less(result)

        return looked


@pytest.fixture
def doubting(monkeypatch):
    """A face detector that is never surer than 0.7."""
    real = detector_module.FaceFinder
    monkeypatch.setattr(detector_module, "FaceFinder", lambda locator: Doubting(real(locator), 0.7))
    return FaceDetector(FaceOptions())


def counts(detector, shots, moving=True):
    examiner = detector.begin(Surroundings(size_px=SIZE, moving=moving))
    return [len(list(examiner.examine(sample_of(*shot), ()))) for shot in shots]


def test_a_doubtful_face_is_reported_when_two_samples_show_it(doubting, portraits):
    empty = on_canvas()
    face = on_canvas((portraits["executive-a"], 420, 120, 420))
    assert counts(doubting, [(empty, 0.0, True), (face, 1.0, True), (empty, 1.5, True)]) == [0, 0, 0]
    assert counts(doubting, [(empty, 0.0, True), (face, 1.0, True), (face, 1.5, False)]) == [0, 0, 1]


def test_a_sure_face_is_reported_at_once(portraits):
    empty = on_canvas()
    face = on_canvas((portraits["executive-a"], 420, 120, 420))
    shots = [(empty, 0.0, True), (face, 1.0, True), (empty, 1.5, True)]
    assert counts(FaceDetector(FaceOptions()), shots) == [0, 1, 0]


def test_a_doubtful_face_of_a_still_picture_is_reported(doubting, portraits):
    face = on_canvas((portraits["executive-a"], 420, 120, 420))
    assert counts(doubting, [(face, 0.0, True)], moving=False) == [1]


def test_small_faces_are_followed_and_new_ones_found(portraits):
    names = sorted(portraits)
    few = on_canvas(*((portraits[n], 100 + 250 * i, 300, 90) for i, n in enumerate(names[:3])))
    more = on_canvas(*((portraits[n], 100 + 250 * i, 300, 90) for i, n in enumerate(names)))
    brighter = cv2.convertScaleAbs(few, alpha=1.15)
    shots = [(few, 0.0, True), (brighter, 1.0, False), (more, 3.5, True), (more, 5.0, False)]
    seen = counts(FaceDetector(FaceOptions()), shots)
    assert seen[:2] == [3, 3]
    assert seen[3] == 4
