from __future__ import annotations

import cv2
import numpy as np
import overlay_drawing as drawing
import pytest

from mediaforensics.overlays.classify import (
    CROP_PX,
    KINDS,
    OverlayClassifier,
    context_box,
    count_holes,
    extent,
    mean_inside,
    shown_cells,
    square_crop,
)


@pytest.fixture(scope="module")
def classifier():
    return OverlayClassifier()


def seen(classifier, picture, face):
    context = context_box(tuple(face.as_list()))
    side = context[2] - context[0]
    inner = tuple((v - context[k % 2]) / side for k, v in enumerate(face.as_list()))
    confidence, masks = classifier.confidences(square_crop(picture, context))
    return {
        kind: (confidence[k], mean_inside(masks[k], inner))
        for k, kind in enumerate(KINDS)
        if confidence[k] >= 0.5
    }


@pytest.mark.parametrize("name", drawing.PORTRAITS)
def test_a_clean_portrait_bears_nothing(classifier, name):
    assert seen(classifier, *drawing.portrait(name)) == {}


@pytest.mark.parametrize("name", drawing.PORTRAITS)
@pytest.mark.parametrize(
    ("draw", "kind"),
    [
        (drawing.flames, "flames"),
        (drawing.holes, "bullet_hole"),
        (drawing.cross, "crossed_out"),
        (drawing.reticle, "crosshair"),
    ],
)
def test_what_was_drawn_is_seen_for_what_it_is(classifier, name, draw, kind):
    picture, face = drawing.portrait(name)
    found = seen(classifier, draw(picture, face), face)
    assert kind in found
    assert 0.02 < found[kind][1] <= 1.0


def test_one_face_can_bear_two_kinds(classifier):
    picture, face = drawing.portrait(drawing.PORTRAITS[0])
    both = drawing.cross(drawing.flames(picture, face), face)
    assert {"flames", "crossed_out"} <= set(seen(classifier, both, face))


def test_the_same_pixels_get_the_same_answer_from_another_session(classifier):
    picture, face = drawing.portrait(drawing.PORTRAITS[0])
    crop = square_crop(drawing.flames(picture, face), context_box(tuple(face.as_list())))
    first, second = classifier.confidences(crop), OverlayClassifier().confidences(crop)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


def test_the_mask_lies_where_the_fire_is(classifier):
    picture, face = drawing.portrait(drawing.PORTRAITS[0])
    crop = square_crop(drawing.flames(picture, face), context_box(tuple(face.as_list())))
    mask = classifier.confidences(crop)[1][KINDS.index("flames")]
    assert mask[10:13, 5:11].mean() > 3 * mask[:3].mean()


@pytest.mark.parametrize("count", [1, 3, 6])
def test_separate_holes_are_counted(count):
    picture = np.full((400, 400, 3), 170, np.uint8)
    face = drawing.Box(100, 80, 300, 330)
    crop = square_crop(drawing.holes(picture, face, count), context_box((100, 80, 300, 330)))
    everywhere = np.ones((16, 16), np.float32)
    assert count_holes(crop, everywhere) == count


def test_a_count_is_at_least_one_where_a_hole_was_seen():
    grey = np.full((CROP_PX, CROP_PX, 3), 128, np.uint8)
    assert count_holes(grey, np.ones((16, 16), np.float32)) == 1


@pytest.mark.parametrize("cells", [16, 64])
def test_coverage_is_the_share_of_the_face(cells):
    mask = np.zeros((cells, cells), np.float32)
    mask[cells // 4 : cells // 2, cells // 4 : 3 * cells // 4] = 1.0
    assert mean_inside(mask, (0.25, 0.25, 0.75, 0.75)) == pytest.approx(0.5)
    assert extent(shown_cells(mask)) == (0.25, 0.25, 0.75, 0.5)


@pytest.mark.parametrize("box", [(-60, -60, 60, 60), (150, 20, 270, 140), (-40, -40, 360, 360)])
def test_a_crop_that_leaves_the_picture_mirrors_it(box):
    picture = np.zeros((200, 240, 3), np.uint8)
    picture[:, :120], picture[:, 120:] = (10, 20, 30), (200, 210, 220)
    crop = square_crop(picture, box)
    assert crop.shape == (CROP_PX, CROP_PX, 3)
    x0, _, x1, _ = box
    scale = (x1 - x0) / CROP_PX
    for u, v in ((8, 8), (64, 64), (120, 120)):
        x = x0 + u * scale
        x = -x if x < 0 else 2 * 239 - x if x > 239 else x
        if abs(x - 120) > 2 * scale + 2:
            assert tuple(crop[v, u]) == tuple(picture[0, int(x)])


def test_a_crop_wholly_outside_is_still_a_crop():
    picture = np.full((200, 240, 3), 90, np.uint8)
    assert (square_crop(picture, (500, 500, 560, 560)) == 90).all()


def test_a_large_face_is_shrunk_like_a_small_one():
    rng = np.random.default_rng(1)
    small = cv2.resize(rng.integers(0, 255, (6, 6, 3), np.uint8), (200, 200), interpolation=cv2.INTER_CUBIC)
    large = cv2.resize(small, (800, 800), interpolation=cv2.INTER_CUBIC)
    a, b = square_crop(small, (-20, -20, 220, 220)), square_crop(large, (-80, -80, 880, 880))
    assert float(np.abs(a.astype(int) - b.astype(int)).mean()) < 4
