"""Faces that something covers: found, followed and told of by what is beneath, and no others."""

from __future__ import annotations

import datetime
from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from face_pictures import FIXTURES, on_canvas, read, sample_of

from mediaforensics.detect import Surroundings
from mediaforensics.faces.anchors import Anchor
from mediaforensics.faces.detector import FaceDetector
from mediaforensics.faces.embed import SFACE, FaceEmbedder
from mediaforensics.faces.enrol import Portrait
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.identify import FaceIdentifier
from mediaforensics.faces.locate import DETECT_CONFIDENCE, YUNET, FaceLocator, LocatedFace, through
from mediaforensics.faces.person import Person
from mediaforensics.faces.roster import Roster
from mediaforensics.faces.track import FaceTracker, Looks
from mediaforensics.faces.uncover import around, overlay_mask, uncovered
from mediaforensics.observations import (
    FaceMatched,
    FaceSeen,
    KnownSeen,
    OverlayChannel,
    OverlaySeen,
    Residual,
)
from mediaforensics.options import FaceOptions
from mediaforensics.types import Box, Mask, Timestamp

LEFT, TOP, SIDE = 440, 160, 400
RED = (225, 20, 25)
MOVING = Surroundings(size_px=(1280, 720), moving=True)
STILL = Surroundings(size_px=(1280, 720), moving=False)


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(FaceOptions())


@pytest.fixture(scope="module")
def identifier(gallery):
    return FaceIdentifier(gallery, FaceOptions())


@pytest.fixture(scope="module")
def press():
    """A picture of an enrolled person that is not enrolled, square."""
    pixels = read(FIXTURES / "known" / "press-executive-a.jpg")
    side = min(pixels.shape[:2])
    left = (pixels.shape[1] - side) // 2
    return np.ascontiguousarray(pixels[:side, left : left + side])


@pytest.fixture(scope="module")
def face_box(detector, press):
    (seen,) = detector.begin(STILL).examine(sample_of(shown(press)), ())
    return seen.box


def shown(picture):
    return on_canvas((picture, LEFT, TOP, SIDE))


def crossed(pixels, box, colour=RED, thick=22):
    out = pixels.copy()
    cv2.line(out, (box.x0, box.y0), (box.x1, box.y1), colour, thick, cv2.LINE_AA)
    cv2.line(out, (box.x0, box.y1), (box.x1, box.y0), colour, thick, cv2.LINE_AA)
    return out


def overlay(face, kind="crossed_out"):
    cells = np.zeros((16, 16), np.bool_)
    cells[4:12, 4:12] = True
    channel = OverlayChannel(
        method="model", time=face.time, confidence=0.9, coverage_fraction=0.2, count=1,
        mask=Mask.of(face.box, cells),
    )  # fmt: skip
    return OverlaySeen(
        time=face.time, detector="overlays", kind=kind, face_track=face.track, known_entry_id=None,
        box=face.box, picture_fraction=None, channels=(channel,),
    )  # fmt: skip


def known_picture(picture, time_s=0.0, entry_id="picture"):
    """What the known detector says of a picture at its place on the canvas."""
    small = np.asarray(cv2.resize(picture, (256, 256), interpolation=cv2.INTER_AREA), np.uint8)
    scale = SIDE / 64
    residual = Residual(
        width_px=64, height_px=64, covered=bytes(64 * 64 // 8), known=small,
        to_source=(scale, 0.0, LEFT, 0.0, scale, TOP, 0.0, 0.0, 1.0),
    )  # fmt: skip
    return KnownSeen(
        time=Timestamp(round(1000 * time_s), Fraction(1, 1000)), detector="known", entry_id=entry_id,
        list_name="list", labels=(), extent="region", box=Box(LEFT, TOP, LEFT + SIDE, TOP + SIDE),
        mirrored=False, algorithm="sift", distance_bits=0, inliers=40, covered_fraction=0.9,
        residual=residual,
    )  # fmt: skip


def hidden(picture):
    out = shown(picture)
    out[TOP : TOP + SIDE, LEFT : LEFT + SIDE] = 128
    return out


def burning(pixels, box, moment):
    """Bright bars that hide most of the face, elsewhere at every moment."""
    out = pixels.copy()
    wide = box.width_px // 3
    for n in range(-1, 5):
        x = box.x0 + n * wide + (moment * 37) % wide
        out[box.y0 - 60 : box.y1 + 60, x : x + 2 * wide // 3] = (255, 150, 30)
    return out


# Finding.


def test_red_paint_is_looked_through(detector, press, face_box):
    covered = crossed(shown(press), face_box, thick=40)
    locator = FaceLocator(YUNET.read())
    small = np.asarray(cv2.resize(covered, (640, 360), interpolation=cv2.INTER_AREA), np.uint8)
    surest = [
        max((f.confidence for f in locator.upright(view)), default=0.0) for view in (small, through(small))
    ]
    assert surest[0] < DETECT_CONFIDENCE <= surest[1]
    seen = list(detector.begin(STILL).examine(sample_of(covered), ()))
    assert any(one.box.iou(face_box) > 0.4 for one in seen)


def test_a_known_picture_carries_the_face_that_it_shows(detector, press, face_box):
    examiner = detector.begin(MOVING)
    assert list(examiner.examine(sample_of(hidden(press), 0.0), ())) == []
    first = list(examiner.examine(sample_of(hidden(press), 0.5), [known_picture(press, 0.5)]))
    assert [one.box.iou(face_box) > 0.6 for one in first] == [True]
    assert not first[0].seen_directly
    # For longer than any hidden face is remembered without one.
    for n in range(1, 12):
        time_s = 0.5 + n
        later = list(examiner.examine(sample_of(hidden(press), time_s), [known_picture(press, time_s)]))
        assert [one.track for one in later] == [first[0].track]


def test_another_known_picture_at_the_same_place_is_another_face(detector, press, portraits):
    examiner = detector.begin(MOVING)
    tracks = []
    for time_s, picture, name in ((0.0, press, "a"), (0.5, portraits["bea-south"], "b")):
        seen = list(
            examiner.examine(sample_of(hidden(press), time_s), [known_picture(picture, time_s, name)])
        )
        tracks.append([one.track for one in seen])
    assert len(tracks[0]) == len(tracks[1]) == 1
    assert tracks[0] != tracks[1]


def test_a_doubtful_sight_of_a_carried_face_is_that_face(press, face_box):
    """A known picture has the face already; half covered it is found, too, but out of place."""
    tracker = FaceTracker()
    sure = LocatedFace(
        box=tuple(float(v) for v in face_box.as_list()),
        landmarks=np.array([(600, 330), (690, 330), (645, 370), (610, 400), (680, 400)], np.float32),
        confidence=0.9,
    )
    looks = Looks(
        crop=lambda face: np.zeros((112, 112, 3), np.uint8), embed=lambda crop: np.zeros(128, np.float32)
    )
    anchors = [Anchor(key=("list", "picture", False, 0), face=sure)]
    doubtful = replace(sure, box=tuple(v + 25.0 for v in sure.box), confidence=0.7)
    for n, pixels in enumerate((hidden(press), shown(press), hidden(press))):
        view = sample_of(pixels).frame.luma(640)
        followed = tracker.step(0.5 * n, view, n == 0, [doubtful] if n else [], looks, anchors)
        assert [(one.track, one.face.box) for one in followed] == [(1, sure.box)]


def test_one_photograph_on_two_lists_is_one_face(detector, press):
    examiner = detector.begin(MOVING)
    tracks = []
    for n, name in enumerate(("a", "a", "b", "b", "a")):
        seen = [known_picture(press, 0.5 * n, name)]
        found = examiner.examine(sample_of(hidden(press), 0.5 * n, n == 0), seen)
        tracks.append([one.track for one in found])
    assert tracks == [[1]] * 5


def test_what_moves_before_a_still_face_is_taken_away(detector, press, face_box):
    examiner = detector.begin(MOVING)
    clean, direct, behind = shown(press), 0, []
    for moment in range(30):
        sample = sample_of(burning(clean, face_box, moment), 0.12 * moment, moment == 0)
        for one in examiner.examine(sample, ()):
            if one.box.iou(face_box) > 0.4 and not one.weak:
                direct += one.seen_directly
                behind.append(sample.time.seconds)
    assert direct == 0
    assert behind
    assert behind[0] < 3.0


def test_without_a_face_behind_it_fire_shows_none(detector, press, face_box):
    examiner = detector.begin(MOVING)
    seen = [
        one
        for moment in range(30)
        for one in examiner.examine(
            sample_of(burning(hidden(press), face_box, moment), 0.12 * moment, moment == 0), ()
        )
    ]
    assert [one for one in seen if not one.weak] == []


# Naming.


def test_a_filled_overlay_gives_more_of_the_face_than_the_covered_one(press, face_box, gallery):
    locator, embedder = FaceLocator(YUNET.read()), FaceEmbedder(SFACE.read())
    sample = sample_of(crossed(shown(press), face_box, thick=10))
    face = FaceSeen(time=sample.time, detector="faces", track=1, box=face_box, landmarks=(), confidence=0.9)
    view = around(sample.frame, face_box)
    vector = uncovered(view, [overlay(face)], locator, embedder)
    assert vector is not None
    person = [p.person_id for p in gallery.people].index("executive-a")
    alike = gallery.similarities(vector)
    assert int(alike.argmax()) == person
    assert alike[person] >= gallery.threshold(0.01, "inpainted")


def test_only_what_is_no_face_is_taken_for_the_overlay(press, face_box):
    sample = sample_of(crossed(shown(press), face_box))
    face = FaceSeen(time=sample.time, detector="faces", track=1, box=face_box, landmarks=(), confidence=0.9)
    mask = overlay_mask(around(sample.frame, face_box), [overlay(face)])
    truth = crossed(np.zeros_like(shown(press)), face_box)[..., 0] > 100
    painted = around(sample_of(np.repeat(truth[..., None].astype(np.uint8) * 255, 3, 2)).frame, face_box)
    covered = painted.pixels[..., 0] > 127
    inner = np.s_[64:192, 64:192]
    assert (mask & covered)[inner].sum() > 0.85 * covered[inner].sum()
    assert (mask & ~covered)[inner].mean() < 0.05


def test_a_clean_face_is_not_filled(press, face_box):
    locator, embedder = FaceLocator(YUNET.read()), FaceEmbedder(SFACE.read())
    sample = sample_of(shown(press))
    face = FaceSeen(time=sample.time, detector="faces", track=1, box=face_box, landmarks=(), confidence=0.9)
    assert uncovered(around(sample.frame, face_box), [overlay(face, "blood")], locator, embedder) is None


def test_the_known_picture_says_who_a_covered_face_is(detector, identifier, press):
    last = named(detector, identifier, [hidden(press)] * 2, known=press)
    assert [(one.person_id, one.tier, one.route) for one in last] == [("executive-a", "match", "known_image")]


def test_a_face_put_into_a_known_picture_is_not_the_one_it_had(detector, identifier, press, portraits):
    """Of the picture all agrees but the face, which is seen clearly."""
    last = named(detector, identifier, [shown(portraits["bea-south"])], known=press)
    assert "executive-a" not in [one.person_id for one in last]


def test_a_face_that_is_uncovered_later_takes_back_what_the_picture_said(
    detector, identifier, press, portraits
):
    frames = [hidden(press), hidden(press), *[shown(portraits["bea-south"])] * 3]
    last = named(detector, identifier, frames, known=press)
    assert [one.person_id for one in last if one.tier == "match"] == ["bea-south"]


def test_the_least_red_over_time_names_a_burning_face(detector, identifier, press, face_box):
    frames = [burning(shown(press), face_box, moment) for moment in range(30)]
    last = named(detector, identifier, frames, every_s=0.12)
    assert [(one.person_id, one.route) for one in last if one.tier == "match"] == [
        ("executive-a", "composite")
    ]


def named(detector, identifier, frames, known=None, every_s=0.5):
    """The last word on every track."""
    surroundings = MOVING if len(frames) > 1 else STILL
    finding, naming = detector.begin(surroundings), identifier.begin(surroundings)
    said = []
    for n, frame in enumerate(frames):
        sample = sample_of(frame, n * every_s, n == 0)
        pictures = [] if known is None else [known_picture(known, n * every_s)]
        faces = list(finding.examine(sample, pictures))
        said += naming.examine(sample, [*faces, *pictures])
    said += naming.end()
    return list({one.track: one for one in said if isinstance(one, FaceMatched)}.values())


# A gallery.


def test_a_picture_that_is_like_everybody_draws_no_strangers():
    random = np.random.default_rng(0)
    common = unit(random.normal(size=128))
    vectors = {f"p{n:02d}": unit(random.normal(size=128) + 4 * common) for n in range(12)}
    hub = unit(np.sum(list(vectors.values()), axis=0))
    stranger = unit(random.normal(size=128) + 6 * common)
    of = gallery_of({**vectors, "hub": hub})
    raw = float(hub @ stranger)
    told = float(of.similarities(stranger)[[p.person_id for p in of.people].index("hub")])
    assert told < raw - 0.1
    few = gallery_of({"hub": hub, "p00": vectors["p00"]})
    assert float(few.similarities(stranger).max()) == pytest.approx(raw, abs=1e-5)


def unit(vector):
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def gallery_of(vectors):
    names = sorted(vectors)
    people = tuple(Person(person_id=name, name=name, pictures=1) for name in names)
    portraits = tuple(
        Portrait(person_id=name, file=None, sha256=f"{n:064x}", embedding=vectors[name])
        for n, name in enumerate(names)
    )
    return Gallery(replace(Roster(today=datetime.date(2026, 1, 1)), people=people, portraits=portraits))
