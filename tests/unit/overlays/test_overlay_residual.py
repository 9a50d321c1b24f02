from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import overlay_drawing as drawing
import pytest

from mediaforensics.observations import Residual
from mediaforensics.overlays.residual import laid_over
from mediaforensics.types import Box, Quad

PLACE = Box(100, 60, 420, 380)


def known_picture():
    picture, _ = drawing.portrait(drawing.PORTRAITS[0])
    side = min(picture.shape[:2])
    return cv2.resize(picture[:side, :side], (320, 320), interpolation=cv2.INTER_AREA)


def shown(picture, draw=None):
    """The picture inside a larger frame, graded, and a mask of what ``draw`` changed, in the frame."""
    graded = np.clip(picture.astype(np.float32) * (0.9, 0.85, 0.8) + 12, 0, 255).astype(np.uint8)
    frame = np.full((440, 560, 3), 70, np.uint8)
    frame[PLACE.y0 : PLACE.y1, PLACE.x0 : PLACE.x1] = graded
    before = frame.copy()
    if draw is not None:
        draw(frame)
    truth = np.abs(frame.astype(int) - before).max(axis=2) > 10
    _, coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 80])
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]), truth


def residual(picture, covered=None):
    """As the known detector tells it: roughly what is covered, in 96 x 96 fields."""
    mask = np.zeros((96, 96), np.bool_)
    if covered is not None:
        inside = covered[PLACE.y0 : PLACE.y1, PLACE.x0 : PLACE.x1].astype(np.uint8)
        mask = cv2.resize(inside, (12, 12), interpolation=cv2.INTER_AREA) > 0
        mask = np.kron(mask, np.ones((8, 8), np.bool_))
    scale = PLACE.width_px / 96
    return Residual(
        width_px=96,
        height_px=96,
        covered=np.packbits(mask).tobytes(),
        to_source=(scale, 0.0, PLACE.x0, 0.0, scale, PLACE.y0, 0.0, 0.0, 1.0),
        known=picture,
    )


def frame_of(pixels):
    return drawing.sample(pixels).frame


def square(frame):
    cv2.rectangle(frame, (180, 120), (280, 240), (200, 30, 20), -1)


def test_nothing_lies_over_a_graded_copy():
    picture = known_picture()
    found = laid_over(frame_of(shown(picture)[0]), residual(picture), ())
    assert found is not None
    assert found.picture_fraction < 0.002


def test_what_was_drawn_comes_back_to_the_pixel():
    picture = known_picture()
    frame, truth = shown(picture, square)
    found = laid_over(frame_of(frame), residual(picture, truth), ())
    covered, known = found.over(PLACE, 160, 160)
    truly = truth[PLACE.y0 : PLACE.y1 : 2, PLACE.x0 : PLACE.x1 : 2]
    both, either = (covered > 0.5) & truly, (covered > 0.5) | truly
    assert both.sum() > 0.85 * either.sum()
    assert known.mean() > 0.9
    assert found.picture_fraction == pytest.approx(truth.sum() / PLACE.area_px, rel=0.15)


def test_a_cover_larger_than_what_is_bare_does_not_teach_the_exposure():
    def cover(frame):
        cv2.rectangle(frame, (PLACE.x0, 150), (PLACE.x1, PLACE.y1), (250, 160, 30), -1)

    picture = known_picture()
    frame, truth = shown(picture, cover)
    # The matcher takes plain fire for a well-lit wall: it says that less is covered than is.
    less = truth.copy()
    less[:, :260] = False
    found = laid_over(frame_of(frame), residual(picture, less), ())
    covered, _ = found.over(PLACE, 160, 160)
    truly = truth[PLACE.y0 : PLACE.y1 : 2, PLACE.x0 : PLACE.x1 : 2]
    assert ((covered > 0.5) & truly).sum() > 0.85 * ((covered > 0.5) | truly).sum()


def test_lettering_that_was_read_is_not_what_was_laid_over_it():
    def write(frame):
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(frame, "HELLO", (140, 340), font, 2.5, (255, 255, 255), 8, cv2.LINE_AA)

    picture = known_picture()
    frame, truth = shown(picture, write)
    (ys, xs) = np.nonzero(truth)
    corners = ((xs.min(), ys.min()), (xs.max(), ys.min()), (xs.max(), ys.max()), (xs.min(), ys.max()))
    line = Quad(tuple((float(x), float(y)) for x, y in corners))
    unread = laid_over(frame_of(frame), residual(picture, truth), ())
    read = laid_over(frame_of(frame), residual(picture, truth), (line,))
    assert unread.picture_fraction > 0.03
    assert read.picture_fraction < 0.002


def test_a_picture_that_left_the_frame_has_nothing_over_it():
    picture = known_picture()
    away = replace(residual(picture), to_source=(3.0, 0.0, 9000.0, 0.0, 3.0, -9000.0, 0.0, 0.0, 1.0))
    assert laid_over(frame_of(shown(picture)[0]), away, ()) is None


def test_where_hardly_anything_agrees_nothing_is_said():
    picture = known_picture()
    frame, _ = shown(picture)
    everything = np.ones(frame.shape[:2], np.bool_)
    assert laid_over(frame_of(frame), residual(picture, everything), ()) is None
