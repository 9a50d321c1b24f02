"""A small sample of the error rates, on press photographs that are not part of the project."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from face_pictures import read, sample_of

from mediaforensics.detect import Surroundings
from mediaforensics.faces.detector import FaceDetector
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.identify import FaceIdentifier
from mediaforensics.options import FaceOptions

DATA = Path(os.environ["MF_TEST_DATA"]) / "faces" if os.environ.get("MF_TEST_DATA") else None
pytestmark = pytest.mark.skipif(
    DATA is None or not (DATA / "people").is_dir(), reason="MF_TEST_DATA is not set or has no faces"
)

PEOPLE = 30
STRANGERS = 120
PROBES_EACH = 2


@pytest.fixture(scope="module")
def wanted():
    assert DATA is not None
    return sorted(p for p in (DATA / "people").iterdir() if p.is_dir())[:PEOPLE]


@pytest.fixture(scope="module")
def answer(wanted, tmp_path_factory):
    """Who is on a picture, ``(person_id, tier)`` of its largest face, with one picture of each enrolled."""
    folder = tmp_path_factory.mktemp("people")
    for person in wanted:
        (folder / person.name).mkdir()
        shutil.copy(min(person.iterdir()), folder / person.name)
    finder = FaceDetector(FaceOptions())
    identifier = FaceIdentifier(Gallery.open(folder), FaceOptions())

    def identify(path):
        sample = sample_of(read(path))
        surroundings = Surroundings(size_px=sample.frame.size_px, moving=False)
        finding, naming = finder.begin(surroundings), identifier.begin(surroundings)
        faces = list(finding.examine(sample, ()))
        said = {o.track: o for o in [*naming.examine(sample, faces), *naming.end()]}
        finding.end()
        if not faces:
            return None, "no face"
        largest = max(faces, key=lambda f: f.box.area_px)
        return said[largest.track].person_id, said[largest.track].tier

    return identify


def test_nine_of_ten_pictures_of_the_enrolled_are_matched_and_none_with_another(wanted, answer):
    right = wrong = asked = 0
    for person in wanted:
        for picture in sorted(person.iterdir())[1 : 1 + PROBES_EACH]:
            person_id, tier = answer(picture)
            asked += 1
            right += tier == "match" and person_id == person.name
            wrong += tier == "match" and person_id != person.name
    assert asked >= PEOPLE
    assert right / asked >= 0.9
    assert wrong == 0


def test_at_most_two_of_a_hundred_and_twenty_strangers_are_matched(answer):
    assert DATA is not None
    pictures = sorted((DATA / "others").iterdir())[:: max(1, 1200 // STRANGERS)][:STRANGERS]
    tiers = [answer(picture)[1] for picture in pictures]
    assert tiers.count("no face") <= 2
    assert tiers.count("match") <= 2


def test_of_a_hundred_good_pictures_one_is_refused_at_most_and_strangers_are(wanted, tmp_path):
    assert DATA is not None
    strangers = sorted((DATA / "others").iterdir())[5::50]
    good = 0
    for nth, person in enumerate(wanted):
        shutil.copytree(person, tmp_path / person.name)
        good += len(list(person.iterdir()))
        if nth % 2:
            shutil.copy(strangers[nth // 2], tmp_path / person.name / "planted.jpg")
    refused = Gallery.open(tmp_path).refused
    planted = [one for one in refused if one.file == "planted.jpg"]
    assert len(refused) - len(planted) <= good / 100
    assert len(planted) >= 0.8 * (PEOPLE // 2)
