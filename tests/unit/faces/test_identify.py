"""Who it is: the enrolled, and nobody else."""

from __future__ import annotations

import threading

import cv2
import numpy as np
import pytest
from face_pictures import FIXTURES, PEOPLE, on_canvas, read, sample_of

from mediaforensics.detect import Surroundings
from mediaforensics.faces.detector import FaceDetector
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.identify import FaceIdentifier
from mediaforensics.observations import FaceMatched, OverlayChannel, OverlaySeen
from mediaforensics.options import FaceOptions
from mediaforensics.types import Mask

OPTIONS = FaceOptions()


@pytest.fixture(scope="module")
def detector():
    return FaceDetector(OPTIONS)


@pytest.fixture(scope="module")
def identifier(gallery):
    return FaceIdentifier(gallery, OPTIONS)


def identities(detector, identifier, shots, overlays=None):
    """The last word on each track, and all observations, of (pixels, time_s, new_picture) shots."""
    surroundings = Surroundings(size_px=(1280, 720), moving=len(shots) > 1)
    finding, naming = detector.begin(surroundings), identifier.begin(surroundings)
    said = []
    for shot in shots:
        sample = sample_of(*shot)
        faces = list(finding.examine(sample, ()))
        more = [overlays(o) for o in faces] if overlays else []
        said += faces + list(naming.examine(sample, [*faces, *more]))
    said += list(naming.end())
    last = {o.track: o for o in said if isinstance(o, FaceMatched)}
    return last, said


def test_every_enrolled_person_is_matched_from_a_picture_not_enrolled(detector, identifier):
    for person in PEOPLE:
        press = read(FIXTURES / "known" / f"press-{person}.jpg")
        last, _ = identities(detector, identifier, [(press, 0.0, True)])
        assert [(o.person_id, o.tier, o.route) for o in last.values()] == [(person, "match", "plain")]
        answer = next(iter(last.values()))
        assert answer.similarity > answer.threshold + 0.1
        assert answer.name


def test_two_at_once_are_told_apart(detector, identifier, portraits):
    canvas = on_canvas((portraits["bea-south"], 100, 150, 400), (portraits["executive-b"], 760, 150, 400))
    last, said = identities(detector, identifier, [(canvas, 0.0, True)])
    places = {o.track: o.box.x0 for o in said if not isinstance(o, FaceMatched)}
    named = [last[track].person_id for track in sorted(places, key=lambda t: places[t])]
    assert named == ["bea-south", "executive-b"]


def test_a_stranger_is_nobody(detector, people_folder, portraits):
    for file in (people_folder / "executive-b").iterdir():
        file.unlink()
    (people_folder / "executive-b").rmdir()
    identifier = FaceIdentifier(Gallery.open(people_folder), OPTIONS)
    last, _ = identities(
        detector, identifier, [(on_canvas((portraits["executive-b"], 400, 150, 400)), 0.0, True)]
    )
    answer = last[1]
    assert (answer.person_id, answer.name, answer.tier) == (None, None, "unknown")
    assert answer.similarity < answer.threshold


@pytest.mark.parametrize("person", ["executive-a", "executive-b"])
def test_mirrored_grey_and_upside_down_pictures_are_matched(detector, identifier, person):
    press = read(FIXTURES / "known" / f"press-{person}.jpg")
    grey = np.repeat(cv2.cvtColor(press, cv2.COLOR_RGB2GRAY)[..., np.newaxis], 3, axis=2)
    for shown, route in ((press[:, ::-1], "plain"), (grey, "plain"), (press[::-1, ::-1], "rotated")):
        last, _ = identities(detector, identifier, [(shown, 0.0, True)])
        assert [(o.person_id, o.tier, o.route) for o in last.values()] == [(person, "match", route)]


def test_clean_seconds_speak_for_the_covered_ones(detector, identifier):
    press = read(FIXTURES / "known" / "press-executive-a.jpg")
    shots = [(press, 0.0, True), (cv2.convertScaleAbs(press, alpha=1.1), 0.5, False)]
    _, said = identities(detector, identifier, shots[:1])
    box = said[0].box
    spoilt = press.copy()
    rng = np.random.default_rng(4)
    spoilt[box.y0 : box.y1, box.x0 : box.x1] = rng.integers(0, 255, (box.height_px, box.width_px, 3))
    shots += [(spoilt, 1.0, False), (spoilt, 2.0, False)]

    def overlay(face):
        return OverlaySeen(
            time=face.time,
            detector="overlays",
            kind="flames",
            face_track=face.track,
            known_entry_id=None,
            box=face.box,
            picture_fraction=None,
            channels=(
                OverlayChannel(
                    method="model",
                    time=face.time,
                    confidence=0.9,
                    coverage_fraction=0.0 if face.seen_directly else 0.9,
                    count=1,
                    mask=Mask.of(face.box, np.ones((4, 4), np.bool_)),
                ),
            ),
        )

    last, _ = identities(detector, identifier, shots, overlay)
    assert [(o.person_id, o.tier) for o in last.values()] == [("executive-a", "match")]


def test_notes_name_the_expired_and_the_refused_and_are_capped(gallery, people_folder, portraits):
    assert FaceIdentifier(gallery, OPTIONS).notes == ()
    assert FaceDetector(OPTIONS).notes == ()
    (people_folder / "ada-north" / "person.toml").write_text('name = "Ada"\nexpires = 2020-05-01\n')
    (people_folder / "bea-south" / "notes.txt").write_text("not a picture")
    expired, refused = FaceIdentifier(Gallery.open(people_folder), OPTIONS).notes
    assert expired == "ada-north is not compared: the enrolment expired on 2020-05-01"
    assert refused.startswith("gallery picture bea-south/notes.txt is not used: ")
    for nth in range(25):
        (people_folder / "bea-south" / f"{nth}.txt").write_text("not a picture")
    notes = FaceIdentifier(Gallery.open(people_folder), OPTIONS).notes
    assert len(notes) == 21
    assert notes[0] == expired
    assert notes[-1] == "and 7 more"


def test_an_unchanged_face_is_embedded_once(identifier, detector, monkeypatch):
    from mediaforensics.faces.embed import FaceEmbedder

    press = read(FIXTURES / "known" / "press-executive-a.jpg")
    calls = []
    embed = FaceEmbedder.embed
    monkeypatch.setattr(FaceEmbedder, "embed", lambda self, crop: calls.append(1) or embed(self, crop))
    last, _ = identities(detector, identifier, [(press, float(t), t == 0) for t in range(6)])
    assert [o.person_id for o in last.values()] == ["executive-a"]
    assert len(calls) == 1


def test_a_still_portrait_behind_moving_flames_is_matched(detector, identifier):
    press = read(FIXTURES / "known" / "press-executive-b.jpg")
    _, said = identities(detector, identifier, [(press, 0.0, True)])
    box = said[0].box
    rng = np.random.default_rng(8)
    shots = []
    for nth in range(10):
        layer = np.zeros(press.shape[:2], np.float32)
        for _ in range(9):
            spot = (int(rng.integers(box.x0, box.x1)), int(rng.integers(box.y0, box.y1)))
            axes = (int(0.09 * box.width_px), int(0.25 * box.height_px))
            cv2.ellipse(layer, spot, axes, float(rng.uniform(-20, 20)), 0, 360, 1.0, -1)
        layer = cv2.GaussianBlur(layer, (0, 0), 4)[..., np.newaxis]
        burning = np.clip(press * (1 - 0.9 * layer) + layer * np.array([255.0, 150.0, 30.0]), 0, 255)
        shots.append((burning.astype(np.uint8), 0.4 * nth, nth == 0))
    last, _ = identities(detector, identifier, shots)
    assert ("executive-b", "match") in [(o.person_id, o.tier) for o in last.values()]
    assert all(o.person_id in (None, "executive-b") for o in last.values())


def test_the_same_frames_give_the_same_words(detector, identifier, portraits):
    shots = [(on_canvas((portraits[p], 400, 150, 400)), float(t), True) for t, p in enumerate(PEOPLE)]
    assert identities(detector, identifier, shots) == identities(detector, identifier, shots)


def test_threads_share_the_detectors_and_not_their_answers(detector, identifier, portraits):
    files = [
        [(on_canvas((portraits[p], 380 + 5 * k, 150, 400)), 0.5 * k, k == 0) for k in range(3)]
        for p in PEOPLE
    ]
    alone = [identities(detector, identifier, shots) for shots in files]
    together = [None] * len(files)

    def work(nth):
        together[nth] = identities(detector, identifier, files[nth])

    workers = [threading.Thread(target=work, args=(nth,)) for nth in range(len(files))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert together == alone
