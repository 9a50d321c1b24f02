import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mediaforensics.cli import main


def run(*arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "mediaforensics", *map(os.fspath, arguments)],
        capture_output=True, text=True, timeout=120, **more,
    )  # fmt: skip


def test_findings_give_status_1_and_json_on_standard_output_alone(fixtures):
    shown = run(
        "analyze", fixtures / "small.mp4", "--known", fixtures / "known", "--gallery", fixtures / "gallery",
        "--languages", "eng", "--json", "-",
    )  # fmt: skip
    report = json.loads(shown.stdout)
    assert report["schema"] == "mediaforensics-report/1"
    assert report["media"]["name"] == "small.mp4"
    assert shown.returncode == (1 if report["findings"] else 0)
    assert "small.mp4" in shown.stderr


def test_everything_that_was_asked_for_is_written(fixtures, tmp_path):
    shown = run(
        "analyze", fixtures / "portrait.jpg", "--languages", "eng", "--json", tmp_path / "r.json",
        "--html", tmp_path / "r.html", "--evidence", tmp_path / "evidence",
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout == ""
    report = json.loads((tmp_path / "r.json").read_text())
    assert report["media"]["kind"] == "image"
    states = {run["name"]: run["why_not"] for run in report["detectors"] if not run["ran"]}
    assert states == {"known": "no known pictures were given", "identity": "no gallery was given"}
    assert (tmp_path / "r.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "evidence" / "SHA256SUMS").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyze", "x.mp4", "--known", "/nowhere"], "/nowhere"),
        (["analyze", "x.mp4", "--gallery", "/nowhere"], "/nowhere"),
        (["analyze", "x.mp4", "--languages", ""], "language"),
        (["analyze", "x.mp4", "--languages", "eng,tlh"], "tlh"),
        (["analyze", "x.mp4", "--json", "/nowhere/r.json"], "folder does not exist"),
        (["analyze", "x.mp4", "--deadline-s", "-1"], "deadline_s"),
        (["analyze", "x.mp4", "--html", "-"], "--html"),
        (["analyse", "x.mp4"], "analyse"),
        (["analyze"], "SOURCE"),
        ([], "usage"),
    ],
)
def test_wrong_use_is_status_2_and_says_what(arguments, said):
    shown = run(*arguments)
    assert shown.returncode == 2
    assert said in shown.stderr
    assert "Traceback" not in shown.stderr


@pytest.mark.parametrize(
    "name", ["missing.mp4", "text.mp4", "empty.mp4", "fifo.mp4", "link.mp4", "folder.mp4"]
)
def test_what_cannot_be_read_is_status_3(fixtures, tmp_path, name):
    (tmp_path / "text.mp4").write_text("not a video")
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "link.mp4").symlink_to(fixtures / "small.mp4")
    os.mkfifo(tmp_path / "fifo.mp4")
    shown = run("analyze", tmp_path / name, "--languages", "eng")
    assert shown.returncode == 3
    assert name in shown.stderr
    assert "Traceback" not in shown.stderr


def test_a_truncated_video_is_status_4_and_says_which_part(fixtures, tmp_path):
    import av

    whole = tmp_path / "whole.mkv"
    with av.open(str(fixtures / "small.mp4")) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    data = whole.read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) * 2 // 3])
    shown = run("analyze", tmp_path / "cut.mkv", "--languages", "eng", "--json", "-")
    assert shown.returncode == 4, shown.stderr
    assert "Not read: " in shown.stderr
    assert json.loads(shown.stdout)["coverage"]["complete"] is False


def test_a_name_that_is_not_text_is_read_all_the_same(fixtures, tmp_path):
    hostile = tmp_path / os.fsdecode(b"\xff\x1b[2J<b>.mp4")
    hostile.write_bytes((fixtures / "small.mp4").read_bytes())
    shown = run("analyze", hostile, "--languages", "eng", "--json", "-")
    assert shown.returncode in (0, 1), shown.stderr
    assert "\x1b" not in shown.stderr
    assert "\\xff" in json.loads(shown.stdout)["media"]["name"]


def test_every_option_is_in_the_readme_or_the_help(capsys):
    with pytest.raises(SystemExit):
        main(["analyze", "--help"])
    shown = capsys.readouterr().out
    for option in ("--known", "--gallery", "--languages", "--json", "--html", "--evidence", "--deadline-s"):
        assert option in shown


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_an_interrupt_reports_what_was_seen_until_then(fixtures, tmp_path):
    command = [sys.executable, "-m", "mediaforensics", "analyze", str(fixtures / "flames.mp4")]
    target = tmp_path / "r.json"
    with subprocess.Popen(
        [*command, "--languages", "eng", "--json", str(target)], stderr=subprocess.PIPE, text=True
    ) as child:
        # By processor time, not by the clock: well past the set-up, well before the end, on any machine.
        while child.poll() is None and cpu_s(child.pid) < 4:
            time.sleep(0.05)
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=60)
    assert child.returncode == 130, said
    assert "Traceback" not in said
    report = json.loads(target.read_text())
    assert not report["coverage"]["complete"]
    assert "stopped" in report["coverage"]["undecodable"][-1]["why"]
