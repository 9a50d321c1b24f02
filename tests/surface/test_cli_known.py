import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from mediaforensics.known.store import KnownSet

GUIDE = (Path(__file__).parents[2] / "docs" / "known-pictures.md").read_text()
VERBS = ("build", "add", "remove", "match", "export", "stats")


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "mediaforensics", "known", *map(os.fspath, arguments)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip


@pytest.fixture
def built(fixtures, tmp_path):
    shown = run("build", tmp_path / "wanted.set", fixtures / "known")
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr.startswith("known: ")
    return tmp_path / "wanted.set"


def test_the_verbs_are_in_the_help_and_in_the_guide():
    shown = run("--help").stdout
    assert re.findall(r"^    (\w+)  ", shown, re.MULTILINE) == list(VERBS)
    assert all(f"mediaforensics known {verb} " in GUIDE for verb in VERBS)


def test_a_built_set_finds_what_its_folder_finds(built, fixtures):
    shown = run("match", built, fixtures / "flames.mp4", "--json")
    assert shown.returncode == 1, shown.stderr
    assert len(shown.stdout.splitlines()) >= 3
    assert run("match", fixtures / "known", fixtures / "flames.mp4", "--json").stdout == shown.stdout


def test_values_are_explained_and_nothing_near_is_status_0(built, fixtures):
    known = KnownSet.open(built)
    value = next(row.value.hex() for row in known.rows() if row.algorithm == "pdq")
    shown = run("match", built, f"pdq:{value}")
    assert (shown.returncode, "match: known/" in shown.stdout) == (1, True)
    assert run("match", built, "md5:" + "0" * 32).returncode == 0
    assert run("match", built, "pdq:12").returncode == 2
    assert run("match", built, fixtures / "absent.mp4").returncode == 3


def test_what_is_added_is_found_and_what_is_removed_is_not(built, tmp_path, fixtures):
    picture = tmp_path / "p.png"
    Image.effect_mandelbrot((400, 300), (-2, -1, 1, 1), 60).save(picture)
    shown = run("add", built, picture, "--name", "ours", "--label", "arson", "--max-distance-bits", "20")
    assert shown.returncode == 0, shown.stderr
    assert "ours: 1 entries" in shown.stderr
    (line,) = run("match", built, picture, "--json").stdout.splitlines()
    assert (json.loads(line)["list"], json.loads(line)["labels"]) == ("ours", ["arson"])
    assert run("remove", built, "ours", "p").stderr == "1 removed\n"
    assert run("match", built, picture).returncode == 0
    assert "ours: 1 entries" in run("add", built, picture, "--name", "ours").stderr
    assert "ours: 1 entries" in run("add", built, picture, "--name", "ours").stderr
    assert "no list theirs" in run("remove", built, "theirs", "p").stderr


def test_a_set_is_written_as_a_list_that_reads_back(built, tmp_path):
    shown = run("export", built, "--format", "csv", "--output", tmp_path / "list.csv")
    assert shown.returncode == 0, shown.stderr
    rows = list(csv.DictReader((tmp_path / "list.csv").read_text("utf-8").splitlines()))
    assert len(rows) >= len(KnownSet.open(built))
    again = KnownSet.open(tmp_path / "list.csv")
    assert {(r.entry_id, r.algorithm, r.value) for r in again.rows()} == {
        (r.entry_id, r.algorithm, r.value) for r in KnownSet.open(built).rows()
    }
    listed = run("export", built, "--format", "lines").stdout
    assert len(listed.splitlines()) == len(rows)


def test_the_state_of_a_set(built):
    shown = run("stats", built, "--verify", "--json")
    assert (shown.returncode, json.loads(shown.stdout)["removed"]) == (0, 0)
    victim = next(built.rglob("picture.coded.data.npy"))
    victim.write_bytes(victim.read_bytes()[:-1])
    shown = run("stats", built, "--verify")
    assert shown.returncode == 2
    assert "picture.coded.data.npy" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_source_that_is_read_in_part_is_not_called_free_of_known_pictures(built, fixtures, tmp_path):
    data = (fixtures / "flames.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) // 2])
    shown = run("match", built, tmp_path / "cut.mp4")
    assert shown.returncode in (3, 4)
    assert "cut.mp4" in shown.stderr


def test_a_reader_that_has_seen_enough_ends_the_list_quietly(built):
    command = f"{sys.executable} -m mediaforensics known export {built} --format lines | head -n 1"
    shown = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=60)
    assert (len(shown.stdout.splitlines()), shown.stderr) == (1, "")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["build", "SET", "/nowhere"], "exists"),
        (["build", "/tmp/nowhere/x.set", "KNOWN"], "nowhere"),
        (["add", "/nowhere", "KNOWN"], "no built set"),
        (["add", "SET", "KNOWN", "--max-distance-bits", "400"], "max_distance_bits"),
        (["add", "SET", "KNOWN", "--format", "xls"], "xls"),
        (["export", "SET", "--format", "xls"], "xls"),
        (["export", "SET", "--format", "csv", "--list", "none"], "no list none"),
        (["export", "SET", "--format", "csv", "--output", "/nowhere/x.csv"], "folder does not exist"),
        (["add", "SET", "SET", "--label", "x"], "brings its own lists"),
        ([], "VERB"),
    ],
)
def test_wrong_use_is_status_2_and_says_what(arguments, said, built, fixtures):
    paths = {"SET": built, "KNOWN": fixtures / "known"}
    shown = run(*(paths.get(word, word) for word in arguments))
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_picture_file_is_recognised_by_its_bytes(built, fixtures, tmp_path):
    itself = next(path for path in (fixtures / "known").iterdir() if path.suffix in (".jpg", ".png"))
    shown = run("match", built, itself, "--json")
    assert itself.stem in {json.loads(line)["entry_id"] for line in shown.stdout.splitlines()}
