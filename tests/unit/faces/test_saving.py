"""Saving a folder of people without its pictures, adding to it, deleting from it."""

from __future__ import annotations

import datetime
import shutil

import cv2
import numpy as np
import pytest
from face_pictures import FIXTURES, PEOPLE, read
from PIL import Image

from mediaforensics.errors import BadGallery, OptionError
from mediaforensics.faces.gallery import Gallery
from mediaforensics.faces.roster import Roster
from mediaforensics.faces.saving import enrol, remove

BEFORE, AFTER = datetime.date(2030, 1, 30), datetime.date(2030, 1, 31)


@pytest.fixture(scope="module")
def saved_once(tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "people.gallery"
    enrol(FIXTURES / "gallery", path)
    return path


@pytest.fixture
def saved(saved_once, tmp_path):
    return shutil.copy(saved_once, tmp_path / "people.gallery")


def people_in(folder, *names):
    """A folder with some of the people of the fixture, one to change."""
    for name in names:
        shutil.copytree(FIXTURES / "gallery" / name, folder / name)
    return folder


def test_a_folder_and_the_file_saved_of_it_are_one_gallery(saved, gallery):
    again = Gallery.open(saved)
    probes = np.random.default_rng(3).normal(size=(50, 128)).astype(np.float32)
    for probe in probes:
        assert again.similarities(probe).tobytes() == gallery.similarities(probe).tobytes()
    assert again.people == gallery.people
    assert again.threshold(0.01) == gallery.threshold(0.01)
    assert again.digest() == gallery.digest()
    assert again.most_alike() == gallery.most_alike()
    gallery.save(saved.with_name("by-hand"))
    assert saved.with_name("by-hand").read_bytes() == saved.read_bytes()


def test_saving_the_same_folder_again_changes_nothing(saved):
    before = saved.read_bytes()
    roster, changes = enrol(FIXTURES / "gallery", saved)
    assert (changes, roster.refused) == ([], ())
    assert saved.read_bytes() == before


def test_new_people_and_new_pictures_are_added_to_those_there(tmp_path):
    path = tmp_path / "g"
    enrol(people_in(tmp_path / "one", "ada-north"), path)
    enrol_more = people_in(tmp_path / "two", "ada-north", "bea-south")
    for file in ("1.jpg", "2.jpg"):
        (enrol_more / "ada-north" / file).unlink()
    (tmp_path / "one" / "ada-north" / "3.jpg").unlink()
    enrol(tmp_path / "one", tmp_path / "fewer")
    _, changes = enrol(enrol_more, tmp_path / "fewer")
    assert changes == ["ada-north: 1 picture added", "bea-south: new, 3 pictures added"]
    whole = enrol(people_in(tmp_path / "three", "ada-north", "bea-south"), tmp_path / "whole")[0]
    assert Roster.open(tmp_path / "fewer").digest() == whole.digest()
    assert (tmp_path / "fewer").read_bytes() == (tmp_path / "whole").read_bytes()


def test_facts_follow_the_person_file_and_stay_without_one(saved, tmp_path):
    folder = people_in(tmp_path / "more", "ada-north")
    (folder / "ada-north" / "person.toml").unlink()
    assert enrol(folder, saved)[1] == []
    (folder / "ada-north" / "person.toml").write_text('name = "Ada N."\nlegal_basis = "order 7"\n')
    assert enrol(folder, saved)[1] == ["ada-north: facts changed"]
    person = Gallery.open(saved).people[0]
    assert (person.name, person.legal_basis, person.source) == ("Ada N.", "order 7", None)


def test_expiry_is_judged_when_the_file_is_opened(tmp_path):
    folder = people_in(tmp_path / "people", "ada-north", "bea-south")
    (folder / "ada-north" / "person.toml").write_text("expires = 2030-01-31\n")
    enrol(folder, tmp_path / "g", today=BEFORE)
    assert len(Gallery.open(tmp_path / "g", today=BEFORE)) == 2
    after = Gallery.open(tmp_path / "g", today=AFTER)
    assert [p.person_id for p in after.people] == ["bea-south"]
    assert [p.person_id for p in after.expired] == ["ada-north"]
    assert after.digest() == Gallery.open(folder, today=AFTER).digest()


def test_templates_of_the_expired_leave_the_file_when_it_is_next_written(tmp_path):
    folder = people_in(tmp_path / "people", "ada-north", "bea-south")
    (folder / "ada-north" / "person.toml").write_text("expires = 2030-01-31\n")
    path = tmp_path / "g"
    enrol(folder, path, today=BEFORE)
    template = Roster.open(path, today=BEFORE).portraits[0].embedding.tobytes()
    assert template in path.read_bytes()
    shutil.rmtree(folder / "ada-north")
    assert enrol(folder, path, today=AFTER)[1] == []
    assert template not in path.read_bytes()
    assert [p.person_id for p in Roster.open(path, today=AFTER).expired] == ["ada-north"]
    shutil.copytree(FIXTURES / "gallery" / "ada-north", folder / "ada-north")
    (folder / "ada-north" / "person.toml").write_text("expires = 2031-01-31\n")
    assert enrol(folder, path, today=AFTER)[1] == ["ada-north: 3 pictures added, facts changed"]


def test_an_expiry_that_came_with_the_folder_is_said_and_drops_the_templates(saved, tmp_path):
    folder = people_in(tmp_path / "more", "ada-north")
    (folder / "ada-north" / "person.toml").write_text("expires = 2001-01-01\n")
    (change,) = enrol(folder, saved)[1]
    assert change.startswith("ada-north: 3 pictures no longer used, facts changed, expired on 2001-01-01")


def test_who_is_removed_leaves_no_byte(saved):
    roster = Roster.open(saved)
    mine = [p for p in roster.portraits if p.person_id == "executive-a"]
    left = remove(saved, ["executive-a", "bea-south"])
    data = saved.read_bytes()
    assert [p.person_id for p in left.people] == ["ada-north", "executive-b"]
    assert b"executive-a" not in data
    assert b"ExampleBook" not in data
    assert all(p.embedding.tobytes() not in data and p.sha256.encode() not in data for p in mine)
    assert list(saved.parent.iterdir()) == [saved]
    assert Gallery.open(saved).people == Gallery(roster).without(["executive-a", "bea-south"]).people


def test_the_last_person_can_be_removed_and_nobody_is_matched_then(saved):
    remove(saved, PEOPLE)
    assert Roster.open(saved).people == ()
    with pytest.raises(BadGallery, match="nobody"):
        Gallery.open(saved)
    assert len(enrol(FIXTURES / "gallery", saved)[1]) == 4


def test_a_wrong_name_removes_nobody_and_the_nearest_is_named(saved):
    before = saved.read_bytes()
    with pytest.raises(OptionError, match="did you mean executive-b"):
        remove(saved, ["ada-north", "exectuive-b"])
    assert saved.read_bytes() == before
    with pytest.raises(OptionError, match="delete the person's folder"):
        remove(FIXTURES / "gallery", ["ada-north"])
    with pytest.raises(OptionError, match="did you mean"):
        Gallery.open(saved).without(["x"])
    with pytest.raises(BadGallery, match="at least one person"):
        Gallery.open(saved).without(PEOPLE)


@pytest.mark.parametrize("place", ["people/x", "people/ada-north/x", "people/../people/x", "link/x"])
def test_nothing_is_saved_among_the_pictures(people_folder, tmp_path, place):
    (tmp_path / "link").symlink_to(people_folder)
    before = sorted(people_folder.rglob("*"))
    with pytest.raises(OptionError, match="in the folder of pictures"):
        enrol(people_folder, tmp_path / place)
    assert sorted(people_folder.rglob("*")) == before


def test_a_damaged_or_foreign_file_is_left_as_it_is(saved, tmp_path):
    saved.write_bytes(saved.read_bytes()[:-5])
    for path in (saved, tmp_path / "notes"):
        if path != saved:
            path.write_text("notes")
        before = path.read_bytes()
        with pytest.raises((OptionError, BadGallery), match=r"no saved gallery|damaged"):
            enrol(FIXTURES / "gallery", path)
        assert path.read_bytes() == before


def test_nothing_is_written_where_nobody_can_be_enrolled(tmp_path):
    (tmp_path / "people" / "somebody").mkdir(parents=True)
    with pytest.raises(BadGallery, match="nobody could be enrolled"):
        enrol(tmp_path / "people", tmp_path / "g")
    with pytest.raises(BadGallery, match="not a folder"):
        enrol(tmp_path / "nowhere", tmp_path / "g")
    assert not (tmp_path / "g").exists()


def test_a_new_picture_is_judged_by_those_that_are_saved(saved, tmp_path):
    """The pictures of ada-north are gone; what is now put under her name is known to be bea-south's."""
    planted = cv2.convertScaleAbs(read(FIXTURES / "gallery" / "bea-south" / "1.jpg"), alpha=0.8)
    (tmp_path / "more" / "ada-north").mkdir(parents=True)
    Image.fromarray(planted).save(tmp_path / "more" / "ada-north" / "planted.png")
    roster, changes = enrol(tmp_path / "more", saved)
    (refused,) = roster.refused
    assert (refused.file, changes) == ("planted.png", [])
    assert "bea-south" in refused.why
