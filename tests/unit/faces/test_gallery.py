"""Enrolment: who is in, who is not, and the reason for each picture that was refused."""

from __future__ import annotations

import datetime
import math
import re

import cv2
import numpy as np
import pytest
from face_pictures import FIXTURES, PEOPLE, on_canvas, read
from PIL import Image

from mediaforensics.errors import BadGallery
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.threshold import match_threshold


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=92) if path.suffix == ".jpg" else Image.fromarray(pixels).save(
        path
    )


def why(gallery, person_id, file):
    return next(r.why for r in gallery.refused if (r.person_id, r.file) == (person_id, file))


def test_the_fixture_gallery_enrols_everybody(gallery):
    assert tuple(p.person_id for p in gallery.people) == PEOPLE
    assert all(p.pictures >= 2 for p in gallery.people)
    assert gallery.refused == ()
    named = {p.person_id: p for p in gallery.people}
    assert named["bea-south"].name == "Bea South"
    assert named["bea-south"].aliases == ("B. South",)
    assert named["executive-a"].organisations == ("ExampleBook",)


def test_a_person_without_a_file_is_named_after_the_folder(people_folder):
    (people_folder / "ada-north" / "person.toml").unlink()
    person = Gallery.open(people_folder).people[0]
    assert (person.person_id, person.name, person.aliases) == ("ada-north", "ada north", ())


def test_the_expired_are_listed_and_not_compared(people_folder):
    (people_folder / "ada-north" / "person.toml").write_text('name = "Ada"\nexpires = 2020-05-01\n')
    before = Gallery.open(people_folder, today=datetime.date(2020, 4, 30))
    after = Gallery.open(people_folder, today=datetime.date(2020, 5, 1))
    assert "ada-north" in [p.person_id for p in before.people]
    assert "ada-north" not in [p.person_id for p in after.people]
    assert [p.person_id for p in after.expired] == ["ada-north"]
    assert len(after.similarities(np.zeros(128, np.float32))) == 3
    assert before.digest() != after.digest()


def test_each_refused_picture_has_its_reason(people_folder, portraits):
    folder = people_folder / "executive-a"
    save(folder / "landscape.png", on_canvas())
    save(
        folder / "two.png",
        on_canvas((portraits["executive-a"], 50, 100, 400), (portraits["executive-b"], 700, 100, 400)),
    )
    save(folder / "tiny.png", on_canvas((portraits["executive-a"], 500, 300, 80)))
    save(folder / "blurred.png", cv2.GaussianBlur(portraits["executive-a"], (0, 0), 16))
    save(folder / "stray.png", cv2.convertScaleAbs(portraits["executive-b"], alpha=0.8))
    (folder / "again.jpg").write_bytes((folder / "1.jpg").read_bytes())
    (folder / "notes.txt").write_text("not a picture")
    (folder / "link.jpg").symlink_to(folder / "1.jpg")
    gallery = Gallery.open(people_folder)
    assert "no face" in why(gallery, "executive-a", "landscape.png")
    assert "2 faces" in why(gallery, "executive-a", "two.png")
    assert "px" in why(gallery, "executive-a", "tiny.png")
    assert "blurred" in why(gallery, "executive-a", "blurred.png")
    assert "executive-b" in why(gallery, "executive-a", "stray.png")
    duplicates = [r.file for r in gallery.refused if "enrolled already" in r.why]
    assert duplicates in (["again.jpg"], ["1.jpg"])
    assert why(gallery, "executive-a", "notes.txt")
    assert "link" in why(gallery, "executive-a", "link.jpg")
    assert len(gallery.refused) == 8
    assert [p.pictures for p in gallery.people] == [3, 3, 3, 3]


def test_one_face_under_two_names_is_enrolled_under_neither(tmp_path, portraits):
    save(tmp_path / "one" / "a.png", portraits["executive-a"])
    save(tmp_path / "two" / "b.png", cv2.convertScaleAbs(portraits["executive-a"], alpha=0.9))
    save(tmp_path / "three" / "c.png", portraits["executive-b"])
    gallery = Gallery.open(tmp_path)
    assert [p.person_id for p in gallery.people] == ["three"]
    assert "two" in why(gallery, "one", "a.png")
    assert "one" in why(gallery, "two", "b.png")


def test_an_unlike_picture_among_others_is_refused(people_folder, portraits):
    for nth in range(3):
        (people_folder / "ada-north" / f"{nth + 1}.jpg").replace(
            people_folder / "bea-south" / f"{nth + 5}.jpg"
        )
    for nth in (6, 7):
        (people_folder / "bea-south" / f"{nth}.jpg").unlink()
    gallery = Gallery.open(people_folder)
    assert "does not look like" in why(gallery, "bea-south", "5.jpg")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('nmae = "X"', "did you mean 'name'"),
        ('organisation = ["X"]', "did you mean 'organisations'"),
        ('aliases = "X"', "list"),
        ("name = 3", "text in quotes"),
        ('expires = "soon"', "2030-01-31"),
        ("name = ", "cannot be read"),
    ],
)
def test_a_wrong_person_file_says_what_is_wrong(people_folder, text, message):
    (people_folder / "ada-north" / "person.toml").write_text(text)
    with pytest.raises(BadGallery, match=message) as caught:
        Gallery.open(people_folder)
    assert "ada-north/person.toml" in str(caught.value)


def test_nothing_to_enrol_is_an_error_with_reasons(tmp_path, portraits):
    with pytest.raises(BadGallery, match="there is no gallery"):
        Gallery.open(tmp_path / "missing")
    with pytest.raises(BadGallery, match="sub-folder"):
        Gallery.open(tmp_path)
    save(tmp_path / "somebody" / "sky.png", on_canvas())
    with pytest.raises(BadGallery, match=r"somebody/sky\.png: no face"):
        Gallery.open(tmp_path)


def test_a_picture_beside_the_folders_is_not_lost_in_silence(people_folder, portraits):
    save(people_folder / "loose.JPG", portraits["ada-north"])
    (people_folder / "README.md").write_text("notes")
    gallery = Gallery.open(people_folder)
    assert "beside the folders" in why(gallery, ".", "loose.JPG")
    assert len(gallery.refused) == 1
    assert len(gallery) == 4


def test_a_linked_person_folder_is_not_followed(people_folder, tmp_path):
    outside = tmp_path / "outside"
    (people_folder / "ada-north").rename(outside)
    (people_folder / "ada-north").symlink_to(outside)
    assert "ada-north" not in [p.person_id for p in Gallery.open(people_folder).people]


def test_digest_follows_what_is_compared(people_folder, gallery):
    assert Gallery.open(people_folder).digest() == gallery.digest()
    (people_folder / "bea-south" / "3.jpg").unlink()
    assert Gallery.open(people_folder).digest() != gallery.digest()


def test_threshold_grows_with_people_pictures_and_strictness():
    values = [match_threshold(n, 1, 0.01) for n in (1, 4, 20, 50, 100, 1000)]
    assert values == sorted(values)
    assert len(set(values)) > 2
    assert match_threshold(50, 1, 0.001) > match_threshold(50, 1, 0.01) > match_threshold(50, 1, 0.1)
    assert match_threshold(50, 5, 0.01) > match_threshold(50, 1, 0.01)
    assert match_threshold(50, 1, 0.01, "composite") > match_threshold(50, 1, 0.01)
    assert math.isfinite(match_threshold(10**7, 5, 0.0001))


def test_the_model_card_states_the_formula_that_is_used():
    card = (FIXTURES.parent / "docs" / "models" / "faces.md").read_text()
    (formula,) = re.findall(r"`(.+ ln\(people\) .+ pictures\))`", card)
    base, per_people, per_rate, _, per_pictures, *_ = map(float, re.findall(r"\d\.\d+", formula))
    for people, pictures, rate in ((20, 1, 0.01), (100, 3, 0.001), (1000, 5, 0.05)):
        stated = base + per_people * math.log(people) + per_rate * math.log(0.01 / rate)
        stated += per_pictures * (1 - 1 / pictures)
        assert match_threshold(people, pictures, rate) == pytest.approx(stated, abs=1e-4)


def test_a_gallery_has_no_truth_value_and_shows_no_pixels(gallery):
    with pytest.raises(TypeError, match="len"):
        bool(gallery)
    assert repr(gallery) == "Gallery(people=4, expired=0, refused=0)"


def test_every_file_of_the_fixture_is_a_picture(people_folder):
    assert read(people_folder / "ada-north" / "1.jpg").ndim == 3
