"""Which single picture may stand for a person, and the reason for each that may not."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from face_pictures import frame_of, on_canvas

from mediaforensics.faces.embed import align
from mediaforensics.faces.enrol import Enroller, fault
from mediaforensics.faces.locate import LocatedFace

# Eyes, nose tip and mouth corners of a head, in millimetres: right, down, towards the camera.
HEAD = np.array([[-31, -35, 0], [31, -35, 0], [0, 5, 30], [-25, 35, -2], [25, 35, -2]], np.float64)


@pytest.fixture(scope="module")
def enroller():
    return Enroller()


@pytest.fixture(scope="module")
def sharp(portraits):
    return portraits["executive-a"]


@pytest.fixture(scope="module")
def where(enroller, sharp):
    (face,) = enroller._faces(frame_of(sharp))
    return face


def why(enroller, pixels):
    said = enroller.face(frame_of(np.ascontiguousarray(pixels)))
    return said if isinstance(said, str) else None


def turned(degrees, shift=(300, 300)):
    """A face of 240 px from this side."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    points = HEAD @ np.array([[c, 0, -s], [0, 1, 0], [s, 0, c]])
    landmarks = (points[:, :2] * 2.0 + shift).astype(np.float32)
    low, high = landmarks.min(axis=0) - 60, landmarks.max(axis=0) + 60
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    return LocatedFace(box=box, landmarks=landmarks, confidence=0.9)


def test_a_clear_picture_gives_a_unit_vector_that_its_mirror_image_gives_too(enroller, sharp):
    template = enroller.face(frame_of(sharp))
    mirrored = enroller.face(frame_of(np.ascontiguousarray(sharp[:, ::-1])))
    assert np.linalg.norm(template) == pytest.approx(1.0, abs=1e-5)
    assert template @ mirrored > 0.9


@pytest.mark.parametrize("brightness", [0.3, 0.6, 1.3])
def test_darker_and_brighter_pictures_are_good_enough(enroller, sharp, brightness):
    assert why(enroller, cv2.convertScaleAbs(sharp, alpha=brightness)) is None


def test_hardly_any_contrast(enroller, sharp):
    assert "contrast" in why(enroller, cv2.convertScaleAbs(sharp, alpha=0.1, beta=90))


def test_overexposed(enroller, sharp):
    assert "overexposed" in why(enroller, cv2.convertScaleAbs(sharp, alpha=1.6, beta=100))


@pytest.mark.parametrize("blur_px", [14, 18])
def test_blurred(enroller, sharp, blur_px):
    assert "blurred" in why(enroller, cv2.GaussianBlur(sharp, (0, 0), blur_px))


@pytest.mark.parametrize("side", ["left", "below"])
def test_cut_off_by_the_edge(enroller, sharp, where, side):
    right_eye, mouth = where.landmarks[0], where.landmarks[3:].max(axis=0)
    cut = sharp[:, round(right_eye[0]) :] if side == "left" else sharp[: round(mouth[1])]
    said = why(enroller, cut)
    assert said is not None
    assert "cut off" in said or "no face" in said


def test_a_tight_portrait_is_not_cut_off(enroller, sharp, where):
    x0, y0, x1, y1 = (round(v) for v in where.box)
    assert why(enroller, sharp[max(0, y0) : y1, max(0, x0) : x1]) is None


def test_a_face_that_fills_the_picture_is_found(enroller, portraits):
    whole = portraits["executive-b"]
    (face,) = enroller._faces(frame_of(whole))
    margin_px = 0.45 * (face.landmarks[1][0] - face.landmarks[0][0])
    x0, y0 = (round(float(v - margin_px)) for v in face.landmarks.min(axis=0))
    x1, y1 = (round(float(v + margin_px)) for v in face.landmarks.max(axis=0))
    tight = cv2.resize(whole[y0:y1, x0:x1], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    template = enroller.face(frame_of(tight))
    assert not isinstance(template, str)
    assert template @ enroller.face(frame_of(whole)) > 0.7


def test_no_face_two_faces_too_small(enroller, portraits, sharp):
    assert "no face" in why(enroller, on_canvas())
    two = on_canvas((sharp, 50, 100, 400), (portraits["executive-b"], 700, 100, 400))
    assert "2 faces" in why(enroller, two)
    behind = on_canvas((sharp, 50, 50, 600), (portraits["executive-b"], 900, 100, 200))
    assert why(enroller, behind) is None
    assert "40 px" in why(enroller, on_canvas((sharp, 500, 300, 80)))


@pytest.mark.parametrize("degrees", [-70, -55, 55, 70])
def test_turned_too_far(sharp, degrees):
    face = turned(degrees)
    assert "turned" in fault(face, align(sharp, turned(0, (240, 240)).landmarks), (600, 600))


@pytest.mark.parametrize("degrees", [-35, -15, 0, 15, 35])
def test_turned_a_little(sharp, where, degrees):
    assert fault(turned(degrees), align(sharp, where.landmarks), (600, 600)) is None


def test_a_face_at_the_edge_of_a_picture(sharp, where):
    crop = align(sharp, where.landmarks)
    assert "cut off" in fault(turned(0, (70, 300)), crop, (600, 600))
    assert "cut off" in fault(turned(0, (300, 300)), crop, (600, 372))
    assert fault(turned(0, (100, 300)), crop, (600, 400)) is None
