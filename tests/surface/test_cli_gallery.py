import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

GUIDE = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text()
VERBS = ("check", "enrol", "list", "remove")


def command(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "mediaforensics", *map(os.fspath, arguments)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def run(*arguments):
    return command("gallery", *arguments)


@pytest.fixture
def people(fixtures, tmp_path):
    return shutil.copytree(fixtures / "gallery", tmp_path / "people")


@pytest.fixture(scope="module")
def saved_once(fixtures, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "people.gallery"
    shown = run("enrol", fixtures / "gallery", "--output", path)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == ""
    return path


@pytest.fixture
def saved(saved_once, tmp_path):
    return Path(shutil.copy2(saved_once, tmp_path / "people.gallery"))


def test_the_verbs_are_in_the_help_and_in_the_guide():
    shown = run("--help").stdout
    assert re.findall(r"^    (\w+)  ", shown, re.MULTILINE) == list(VERBS)
    assert all(f"mediaforensics gallery {verb} " in GUIDE for verb in VERBS)


def test_every_reason_for_a_refusal_is_explained_in_the_guide():
    room = Path(__file__).parents[2] / "mediaforensics" / "faces"
    text = "".join((room / file).read_text() for file in ("enrol.py", "conflicts.py"))
    reasons = re.findall(r'return "(.+?);', text)
    assert len(reasons) >= 6
    assert all(reason in GUIDE for reason in reasons)


def test_a_good_folder_is_status_0(people):
    shown = run("check", people)
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.startswith("ada-north: 3 pictures\n")
    assert "similarity" in shown.stdout


def test_a_folder_with_faults_is_status_1_and_says_each(people):
    Image.effect_mandelbrot((400, 300), (-2, -1, 1, 1), 60).save(people / "ada-north" / "fractal.png")
    (people / "bea-south" / "person.toml").write_text("expires = 2001-01-01\n")
    (people / "nobody").mkdir()
    shown = run("check", people)
    assert shown.returncode == 1, shown.stderr
    assert "  refused: fractal.png: no face was found" in shown.stdout
    assert "bea-south: expired on 2001-01-01" in shown.stdout
    assert "nobody: no usable picture" in shown.stdout
    judged = json.loads(run("check", people, "--json", "-").stdout)
    assert (judged["fine"], len(judged["refused"])) == (False, 1)


def test_the_wanted_rate_moves_the_threshold(people):
    usual, strict = (
        json.loads(run("check", people, "--json", "-", *more).stdout) for more in ((), ("--rate", "0.001"))
    )
    assert strict["match_threshold"] > usual["match_threshold"]
    assert strict["false_positive_identification_rate"] == 0.001


def test_a_saved_file_lists_what_its_folder_lists(saved, fixtures):
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert run("list", saved).stdout == run("list", fixtures / "gallery").stdout
    listed = json.loads(run("list", saved, "--json", "-").stdout)
    assert [p["pictures"] for p in listed["people"]] == [3, 3, 3, 3]


def test_a_saved_file_finds_whom_its_folder_finds(saved, fixtures, tmp_path):
    reports, looked = [], []
    for gallery in (saved, fixtures / "gallery"):
        shown = command(
            "analyze", fixtures / "portrait.jpg", "--gallery", gallery, "--languages", "eng", "--json", "-"
        )
        report = json.loads(shown.stdout)
        assert [face["tier"] for face in report["faces"]] == ["match"]
        reports.append({key: value for key, value in report.items() if key not in ("run", "detectors")})
        looked.append({one["name"]: one.get("notes", []) for one in report["detectors"] if one["ran"]})
    assert reports[0] == reports[1]
    # Only the pictures themselves can be looked for where a face is covered; a saved file says it has none.
    assert looked[1].keys() - looked[0].keys() == {"portraits"}
    assert any("no pictures" in note for note in looked[0]["identity"])


def test_enrolling_says_what_changed_and_what_was_refused(saved, people):
    (people / "ada-north" / "notes.txt").write_text("no picture")
    shown = run("enrol", people, "--output", saved)
    assert shown.returncode == 0
    assert "refused: ada-north/notes.txt" in shown.stderr
    assert "as before" in shown.stderr
    (people / "bea-south" / "person.toml").write_text('name = "B"\n')
    assert "bea-south: facts changed" in run("enrol", people, "--output", saved).stderr


def test_who_is_removed_is_gone(saved):
    shown = run("remove", saved, "ada-north", "bea-south")
    assert shown.returncode == 0, shown.stderr
    assert b"ada-north" not in saved.read_bytes()
    assert "ada-north" not in run("list", saved).stdout
    wrong = run("remove", saved, "executive-c")
    assert (wrong.returncode, "did you mean executive-" in wrong.stderr) == (2, True)


def test_a_hostile_name_steers_no_terminal(fixtures, tmp_path):
    name = "a\u202eb\x1b[2J\nZb"
    people = tmp_path / "people"
    shutil.copytree(fixtures / "gallery" / "ada-north", people / name)
    (people / name / "person.toml").write_text(f"name = {json.dumps(name)}\n")
    (people / name / f"{name}.txt").write_text("no picture")
    shown = [run("check", people), run("list", people), run("list", people, "--json", "-")]
    shown.append(run("enrol", people, "--output", tmp_path / "g"))
    shown += [run("remove", tmp_path / "g", name + "x"), run("remove", tmp_path / "g", name)]
    assert [one.returncode for one in shown] == [1, 0, 0, 0, 2, 0]
    for one in shown:
        text = one.stdout + one.stderr
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert not re.search("^Zb", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["check", "/nowhere"], "/nowhere"),
        (["check", "PEOPLE", "--rate", "2"], "false_positive_identification_rate"),
        (["check", "PEOPLE", "--json", "/nowhere/x.json"], "folder does not exist"),
        (["list", "SAVED", "--json", "SAVED"], "cannot write"),
        (["list", "NOTES"], "no saved gallery"),
        (["enrol", "PEOPLE"], "--output"),
        (["enrol", "PEOPLE", "--output", "NOTES"], "no saved gallery"),
        (["enrol", "PEOPLE", "--output", "/nowhere/g"], "folder does not exist"),
        (["enrol", "SAVED", "--output", "/tmp/g"], "not a folder"),
        (["remove", "SAVED", "executive-c"], "did you mean"),
        (["remove", "PEOPLE", "ada-north"], "folder"),
        (["remove", "SAVED"], "PERSON_ID"),
        ([], "VERB"),
    ],
)
def test_wrong_use_is_status_2_and_says_what(arguments, said, people, saved, tmp_path):
    (tmp_path / "notes").write_text("mine")
    paths = {"PEOPLE": people, "SAVED": saved, "NOTES": tmp_path / "notes"}
    before = saved.read_bytes()
    shown = run(*(paths.get(word, word) for word in arguments))
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr
    assert saved.read_bytes() == before
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_damaged_file_says_what_to_do(saved, fixtures):
    saved.write_bytes(saved.read_bytes()[:-1])
    for shown in (run("list", saved), command("analyze", fixtures / "portrait.jpg", "--gallery", saved)):
        assert shown.returncode == 2
        assert "damaged" in shown.stderr
        assert "Traceback" not in shown.stderr
