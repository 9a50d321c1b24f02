"""Finding a face at every angle, and one vector for it whichever way it is turned."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from face_pictures import frame_of, on_canvas

from mediaforensics.faces.embed import CROP_PX, SFACE, FaceEmbedder, align, aligned_crop, similarity_transform
from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import YUNET, FaceLocator, overlap


@pytest.fixture(scope="module")
def finder():
    return FaceFinder(FaceLocator(YUNET.read()))


@pytest.fixture(scope="module")
def embedder():
    return FaceEmbedder(SFACE.read())


def turned(pixels, degrees_clockwise):
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), -degrees_clockwise, 0.8)
    return cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)


def test_alignment_recovers_a_known_similarity():
    points = np.array([[38.0, 52.0], [73.0, 51.0], [56.0, 72.0], [42.0, 92.0], [71.0, 92.0]])
    angle, scale = np.radians(37.0), 2.5
    turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    back = similarity_transform(points @ turn.T + [100.0, 40.0])
    again = (points @ turn.T + [100.0, 40.0]) @ back[:, :2].T + back[:, 2]
    assert np.allclose(
        again, points @ similarity_transform(points)[:, :2].T + similarity_transform(points)[:, 2]
    )


def test_crop_and_vector_agree_with_opencv(portraits, finder, embedder):
    """OpenCV's own aligner and recogniser are the second opinion."""
    theirs = cv2.FaceRecognizerSF.create("onnx", np.frombuffer(SFACE.read(), np.uint8), np.empty(0, np.uint8))
    for pixels in portraits.values():
        small = np.ascontiguousarray(cv2.resize(pixels, (320, 320), interpolation=cv2.INTER_AREA))
        face = finder.upright(frame_of(small))[0]
        row = np.concatenate([[0, 0, 1, 1], face.landmarks.reshape(-1), [1]]).astype(np.float32)[np.newaxis]
        crop = theirs.alignCrop(np.ascontiguousarray(small[..., ::-1]), row)
        expected = theirs.feature(crop).reshape(-1)
        ours = embedder.embed(align(small, face.landmarks))
        assert float(ours @ expected) / float(np.linalg.norm(expected)) > 0.999


def test_every_portrait_is_found_where_it_is(portraits, finder):
    names = sorted(portraits)
    canvas = on_canvas(*((portraits[n], 20 + 310 * i, 200, 300) for i, n in enumerate(names)))
    faces = finder.all(frame_of(canvas))
    assert len(faces) == 4
    centres = sorted((f.box[0] + f.box[2]) / 2 for f in faces)
    for i, centre in enumerate(centres):
        assert 20 + 310 * i < centre < 20 + 310 * i + 300


@pytest.mark.parametrize("degrees", [0, 30, -60, 90, 135, 180])
def test_a_turned_face_has_its_angle_and_its_vector(portraits, finder, embedder, degrees):
    for pixels in (portraits["executive-a"], portraits["executive-b"]):
        upright = finder.all(frame_of(pixels))[0]
        straight = embedder.embed(aligned_crop(frame_of(pixels), upright.landmarks))
        frame = frame_of(turned(pixels, degrees))
        face = finder.all(frame)[0]
        off = (face.angle_degrees - upright.angle_degrees - degrees + 180) % 360 - 180
        assert abs(off) < 20
        assert float(embedder.embed(aligned_crop(frame, face.landmarks)) @ straight) > 0.7


def test_a_very_large_and_a_small_face_are_found(portraits, finder):
    large = cv2.resize(portraits["executive-a"], (1400, 1400), interpolation=cv2.INTER_LINEAR)
    closer = large[250:1050, 300:1100]
    assert max(f.confidence for f in finder.all(frame_of(closer))) > 0.7
    faces = finder.all(frame_of(on_canvas((portraits["executive-b"], 500, 300, 70))))
    assert len(faces) == 1
    assert faces[0].side_px < 50


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (16, 300), (33, 17)])
def test_pictures_too_small_for_a_face_hold_none(finder, size):
    rng = np.random.default_rng(0)
    assert finder.all(frame_of(rng.integers(0, 255, (*size, 3), dtype=np.uint8))) == []


def test_smooth_clouds_and_noise_hold_no_face(finder):
    rng = np.random.default_rng(1)
    for sigma in (1, 6, 25):
        noise = cv2.GaussianBlur(rng.uniform(0, 255, (360, 640, 3)).astype(np.float32), (0, 0), sigma)
        spread = (noise - noise.min()) / (noise.max() - noise.min()) * 120
        assert finder.all(frame_of(spread.astype(np.uint8))) == []


def test_a_crop_over_the_edge_of_the_frame_is_mirrored_there(portraits):
    landmarks = np.array([[-20.0, 50.0], [20.0, 50.0], [0.0, 70.0], [-15.0, 90.0], [15.0, 90.0]])
    crop = aligned_crop(frame_of(portraits["ada-north"]), landmarks)
    assert crop.shape == (CROP_PX, CROP_PX, 3)
    inside, beyond = crop[:, 57:87].astype(int), crop[:, 26:56]  # the eyes are centred on the edge
    assert np.abs(beyond[:, ::-1] - inside).mean() < 8
    far = aligned_crop(frame_of(portraits["ada-north"]), landmarks - 10_000)
    assert not far.any()


def test_embedding_refuses_what_is_not_an_aligned_crop(embedder):
    with pytest.raises(ValueError, match="align"):
        embedder.embed(np.zeros((100, 112, 3), np.uint8))


def test_overlap_is_intersection_over_union():
    assert overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert overlap((0, 0, 10, 10), (10, 0, 20, 10)) == 0.0
