"""What is said of a gallery, to people and to machines."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace

import pytest
from made_portraits import direction, portrait, towards

from mediaforensics.faces.enrol import RefusedPicture
from mediaforensics.faces.judging import Judgement, listing, table
from mediaforensics.faces.person import Person
from mediaforensics.faces.roster import Roster

TODAY = datetime.date(2026, 6, 1)
ALIKE = towards(direction(0), direction(9), 0.55)


def roster(**changed):
    people = (
        Person(person_id="a", name="Ann", legal_basis="order 1", source="press", pictures=3),
        Person(person_id="b", name="Bob", legal_basis="order 2", source="press", pictures=1),
    )
    portraits = tuple(
        [portrait("a", f"{n}.jpg", towards(direction(0), direction(n + 1), 0.9)) for n in range(3)]
        + [portrait("b", "1.jpg", ALIKE)]
    )
    return replace(Roster(people=people, portraits=portraits, today=TODAY), **changed)


def test_a_good_gallery_is_fine_and_says_what_a_match_needs():
    judged = Judgement.of(roster(), 0.01)
    assert judged.fine
    said = list(judged.sentences())
    assert said[0] == "a: 3 pictures"
    assert said[1].startswith("b: 1 picture;")
    assert f"{judged.match_threshold:.3f}" in said[-2]
    assert judged.lead_threshold < judged.match_threshold
    assert Judgement.of(roster(), 0.001).match_threshold > judged.match_threshold


def test_the_most_alike_are_named_and_a_warning_given_where_they_can_be_confused():
    judged = Judgement.of(roster(), 0.01)
    one, other, similarity = judged.most_alike
    assert (one.person_id, other.person_id) == ("a", "b")
    assert similarity == pytest.approx(0.495, abs=0.01)
    assert "hard to tell apart" in list(judged.sentences())[-1]
    far = tuple(replace(p, embedding=direction(50)) if p.person_id == "b" else p for p in roster().portraits)
    assert "hard" not in list(Judgement.of(roster(portraits=far), 0.01).sentences())[-1]


@pytest.mark.parametrize("fault", ["refused", "expired", "no picture"])
def test_any_fault_is_said_and_is_not_fine(fault):
    extra = Person(person_id="c", name="Cy")
    if fault == "refused":
        faulty = roster(refused=(RefusedPicture(person_id="a", file="x.jpg", why="two faces"),))
        expected = "  refused: x.jpg: two faces"
    elif fault == "expired":
        expired = replace(extra, expires=TODAY)
        faulty = roster(people=(*roster().people, expired))
        expected = "c: expired on 2026-06-01, not matched"
    else:
        faulty = roster(people=(*roster().people, extra))
        expected = "c: no usable picture, not matched"
    judged = Judgement.of(faulty, 0.01)
    assert not judged.fine
    assert expected in list(judged.sentences())


def test_a_picture_that_is_in_nobodys_folder_is_said():
    loose = RefusedPicture(person_id=".", file="x.jpg", why="it lies beside")
    judged = Judgement.of(roster(refused=(loose,)), 0.01)
    assert not judged.fine
    assert "refused: x.jpg: it lies beside" in list(judged.sentences())


def test_a_gallery_of_nobody_is_not_fine_and_has_no_threshold():
    judged = Judgement.of(Roster(today=TODAY), 0.01)
    assert not judged.fine
    assert judged.mapping()["match_threshold"] is None
    assert list(judged.sentences())


def test_people_without_a_legal_basis_or_source_are_counted():
    bare = (replace(roster().people[0], legal_basis=None), roster().people[1])
    assert any("legal basis" in line for line in Judgement.of(roster(people=bare), 0.01).sentences())
    assert not any("legal basis" in line for line in Judgement.of(roster(), 0.01).sentences())


def test_machines_get_the_same_as_plain_data():
    refused = (RefusedPicture(person_id="a", file="x.jpg", why="two faces"),)
    table_of = json.loads(json.dumps(Judgement.of(roster(refused=refused), 0.01).mapping()))
    assert table_of["schema"] == "mediaforensics-gallery-list/1"
    assert [p["state"] for p in table_of["people"]] == ["matched", "matched"]
    assert table_of["refused"] == [{"person_id": "a", "file": "x.jpg", "why": "two faces"}]
    assert table_of["most_alike"]["person_ids"] == ["a", "b"]
    assert table_of["fine"] is False
    assert listing(roster()).items() <= Judgement.of(roster(), 0.01).mapping().items()


def test_the_table_has_a_line_a_person_in_columns():
    lines = list(table(roster()))
    assert lines[0].split()[:3] == ["PERSON_ID", "PICTURES", "STATE"]
    assert [line.split()[:3] for line in lines[1:]] == [["a", "3", "matched"], ["b", "1", "matched"]]
    assert {line.index("matched") for line in lines[1:]} == {lines[0].index("STATE")}
