"""The committed fixtures are what their manifest and their truth say they are."""

from __future__ import annotations

import importlib
import itertools
import json
import shutil
import subprocess
import sys
import tomllib
from fractions import Fraction
from pathlib import Path
from typing import get_args

import av
import pytest
from PIL import Image

from mediaforensics.observations import OverlayKind
from mediaforensics.text.threat_reader import Category

FOLDER = Path(__file__).parents[2] / "fixtures"


@pytest.fixture(scope="module")
def truth():
    return json.loads((FOLDER / "flames.json").read_text(encoding="utf-8"))


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / "generate.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_files_are_those_of_the_manifest():
    done = check(FOLDER)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_check_sees_a_changed_a_missing_and_a_foreign_file(tmp_path):
    copy = tmp_path / "fixtures"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "portrait.jpg").open("ab") as file:
        file.write(b"x")
    (copy / "known" / "cat.jpg").unlink()
    (copy / "known" / "other.jpg").write_bytes(b"x")
    done = check(copy)
    assert done.returncode == 1
    told = done.stdout.splitlines()
    assert len(told) == 3
    for name in ("portrait.jpg is not the file", "known/cat.jpg is missing", "known/other.jpg is not in"):
        assert any(name in line for line in told)


def test_every_file_of_the_manifest_states_its_licence_and_how_it_was_made():
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert all(entry["licence"] and entry["how_made"] for entry in manifest["files"].values())
    assert {"flames.mp4", "flames.json", "sources/astronaut.jpg", "sources/hopper.jpg"} <= set(
        manifest["files"]
    )


def timestamps(path: Path) -> tuple[list[Fraction], str, tuple[int, int]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times = [frame.pts * frame.time_base for frame in container.decode(stream)]
        return times, stream.codec_context.name, (stream.width, stream.height)


def test_the_video_has_the_size_the_rate_and_the_length_that_the_truth_says(truth):
    path = FOLDER / truth["video"]
    times, codec, size = timestamps(path)
    assert codec == "h264"
    assert size == (truth["width_px"], truth["height_px"]) == (1280, 720)
    assert times == [Fraction(n, truth["rate"]) for n in range(truth["frames"])]
    assert 55 <= truth["frames"] / truth["rate"] <= 65
    assert path.stat().st_size <= 8_000_000


def test_the_small_video_is_small():
    path = FOLDER / "small.mp4"
    times, _, size = timestamps(path)
    assert path.stat().st_size <= 200_000
    assert size == (320, 180)
    assert times == [Fraction(n, 25) for n in range(60)]


def test_the_truth_is_well_formed(truth):
    length_s = truth["frames"] / truth["rate"]
    for part in ("scenes", "texts", "faces", "overlays", "known"):
        starts = [entry["start_s"] for entry in truth[part]]
        assert starts == sorted(starts)
        for entry in truth[part]:
            assert 0 <= entry["start_s"] < entry["end_s"] <= length_s
            if "box_px" in entry:
                x0, y0, x1, y1 = entry["box_px"]
                assert 0 <= x0 < x1 <= truth["width_px"]
                assert 0 <= y0 < y1 <= truth["height_px"]


def test_the_scenes_follow_one_another_without_a_gap(truth):
    scenes = truth["scenes"]
    assert scenes[0]["start_s"] == 0
    assert scenes[-1]["end_s"] == truth["frames"] / truth["rate"]
    assert all(a["end_s"] == b["start_s"] for a, b in itertools.pairwise(scenes))
    assert {s["id"] for s in scenes if s["harmless"]} == {"interview", "sunset", "weather", "campfire"}


def test_everybody_enrolled_is_shown_clearly_for_a_second_and_one_shown_is_not_enrolled(truth):
    enrolled = {folder.name for folder in (FOLDER / "gallery").iterdir() if folder.is_dir()}
    clear = {f["person_id"] for f in truth["faces"] if f["clear_end_s"] - f["clear_start_s"] >= 1}
    assert len(enrolled) == 4
    assert clear == enrolled | {None}
    for face in truth["faces"]:
        assert 0 <= face["covered_fraction_min"] <= face["covered_fraction_max"] <= 1


def test_the_overlays_are_of_the_kinds_of_the_report_and_each_is_on_a_face(truth):
    kinds = {overlay["kind"] for overlay in truth["overlays"]}
    assert kinds == {"flames", "bullet_hole", "crosshair", "blood", "crossed_out"}
    assert kinds <= set(get_args(OverlayKind))
    for overlay in truth["overlays"]:
        face = truth["faces"][overlay["face_index"]]
        assert face["person_id"] == overlay["person_id"]
        assert face["start_s"] <= overlay["start_s"] and overlay["end_s"] <= face["end_s"]


def test_nothing_violent_is_on_a_face_in_a_harmless_scene(truth):
    quiet = [(s["start_s"], s["end_s"]) for s in truth["scenes"] if s["harmless"]]
    for overlay in truth["overlays"]:
        assert all(overlay["end_s"] <= start or overlay["start_s"] >= end for start, end in quiet)


def test_the_threats_are_of_the_categories_of_the_report_and_one_claims_three_quantities(truth):
    for threat in truth["threats"]:
        assert {threat["category"], *threat["also"]} <= set(get_args(Category))
        assert 0 <= threat["text_index"] < len(truth["texts"])
    languages = {truth["texts"][t["text_index"]]["language"] for t in truth["threats"]}
    assert languages == {"en", "ar", "fr", "ru", "de"}
    quantities = [
        [(q["value"], q["what"]) for q in t["quantities"]] for t in truth["threats"] if t["quantities"]
    ]
    assert quantities == [[(10_000, "Facebook accounts"), (150, "groups"), (5_000, "Twitter accounts")]]


def test_the_known_pictures_shown_are_in_the_set_and_some_of_the_set_are_not_shown(truth):
    entries = {path.stem for path in (FOLDER / "known").glob("*.jpg")}
    shown = {known["entry_id"] for known in truth["known"]}
    assert shown < entries
    flash = next(known for known in truth["known"] if known["entry_id"] == "launch")
    assert flash["extent"] == "frame"
    assert flash["end_s"] - flash["start_s"] == pytest.approx(3 / 25)
    inset = next(known for known in truth["known"] if known["entry_id"] == "coffee-cup")
    assert inset["extent"] == "region"
    assert (inset["box_px"][3] - inset["box_px"][1]) / truth["height_px"] == pytest.approx(0.3, abs=0.02)


def test_the_gallery_says_who_and_by_what_right():
    for folder in (FOLDER / "gallery").iterdir():
        person = tomllib.loads((folder / "person.toml").read_text(encoding="utf-8"))
        assert person["name"] and person["source"] and person["legal_basis"]
        pictures = sorted(folder.glob("*.jpg"))
        assert len(pictures) >= 2
        for picture in pictures:
            with Image.open(picture) as image:
                assert min(image.size) >= 400


def test_a_missing_font_names_the_package_that_brings_it(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(FOLDER.parent))
    lettering = importlib.import_module("fixtures.lettering")
    monkeypatch.setattr(lettering, "FONT_FOLDER", tmp_path)
    lettering.font.cache_clear()
    with pytest.raises(lettering.FontMissing, match="apt-get install fonts-noto-core"):
        lettering.font("naskh-bold", 12)
