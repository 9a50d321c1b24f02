import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from mediaforensics.cli.command import main

README = (Path(__file__).parents[2] / "README.md").read_text()


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
        (["text", "x.mp4", "--output", "/nowhere/words.srt"], "folder does not exist"),
        (["text", "x.mp4", "--output", "/"], "no regular file"),
        (["text", __file__, "--output", __file__], "the evidence itself"),
        (["text", "x.mp4", "--format", "ssa"], "ssa"),
        (["text", "x.mp4", "--languages", "eng,tlh"], "tlh"),
        (["text"], "SOURCE"),
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
    for command in (["analyze"], ["text", "--output", tmp_path / "words.srt"]):
        shown = run(*command, tmp_path / name, "--languages", "eng")
        assert shown.returncode == 3
        assert name in shown.stderr
        assert "Traceback" not in shown.stderr
    assert not (tmp_path / "words.srt").exists()


@pytest.fixture
def cut(fixtures, tmp_path):
    """Two thirds of a video."""
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
    return tmp_path / "cut.mkv"


def test_a_truncated_video_is_status_4_and_says_which_part(cut):
    shown = run("analyze", cut, "--languages", "eng", "--json", "-")
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


OPTIONS = {
    "analyze": (
        "--known",
        "--gallery",
        "--lexicon",
        "--languages",
        "--json",
        "--html",
        "--evidence",
        "--deadline-s",
    ),
    "text": ("--format", "--output", "--languages", "--deadline-s"),
}


@pytest.mark.parametrize("command", OPTIONS)
def test_every_option_is_in_the_help_and_every_command_in_the_readme(command, capsys):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    assert {word.strip("[,]") for word in shown.split() if word.lstrip("[").startswith("--")} == {
        *OPTIONS[command], "--help"
    }  # fmt: skip
    assert "Exit status: 0" in shown
    assert f"mediaforensics {command} " in README


def test_the_commands_are_these(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    shown = capsys.readouterr().out
    assert re.findall(r"^    (\w+)  ", shown, re.MULTILINE) == [*OPTIONS, "known", "gallery"]


def test_text_gives_the_words_with_their_times_and_nothing_else(fixtures):
    shown = run("text", fixtures / "small.mp4", "--languages", "eng")
    assert shown.returncode == 0, shown.stderr
    assert shown.stderr == ""
    (line,) = shown.stdout.splitlines()
    assert re.fullmatch(r"00:01\.\d{3}-00:02\.\d{3}  The library opens / at nine o'clock", line)


def test_every_format_of_the_words_says_the_same(fixtures, tmp_path):
    from mediaforensics.cli.analysis import WORD_FORMATS
    from mediaforensics.report.export import FORMATS

    assert tuple(FORMATS) == WORD_FORMATS
    written = {}
    for name in WORD_FORMATS:
        path = tmp_path / f"words.{name}"
        shown = run("text", fixtures / "small.mp4", "--languages", "eng", "--output", path)
        assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", f"Words: {path}\n")
        written[name] = path.read_text("utf-8")
    (text,) = json.loads(written["json"])["texts"]
    start, end = (f"00:00:{text[key]:06.3f}" for key in ("start_s", "end_s"))
    assert f"1\n{start} --> {end}\n{text['text']}\n\n".replace(".", ",") == written["srt"]
    assert written["vtt"].startswith(f"WEBVTT\n\n{start} --> {end} line:")
    assert written["text"].startswith(f"{start[3:]}-{end[3:]}  The library")
    asked = run("text", fixtures / "small.mp4", "--languages", "eng", "--format", "srt", "--output", "-")
    assert asked.stdout == written["srt"]


def test_threats_in_the_words_do_not_change_the_status(tmp_path, capsys):
    path = tmp_path / "threat.png"
    image = Image.new("RGB", (1280, 720), "black")
    font = ImageFont.load_default(64)
    ImageDraw.Draw(image).text((120, 300), "We are coming to kill you", "white", font)
    image.save(path)
    assert main(["analyze", str(path), "--languages", "eng"]) == 1
    assert main(["text", str(path), "--languages", "eng"]) == 0
    assert capsys.readouterr().out == "00:00.000  We are coming to kill you\n"


def test_no_words_at_all_are_said(fixtures):
    shown = run("text", fixtures / "portrait.jpg", "--languages", "eng")
    assert (shown.returncode, shown.stdout, shown.stderr) == (0, "", "No text.\n")


def test_words_that_were_read_in_part_are_status_4(cut):
    shown = run("text", cut, "--languages", "eng", "--format", "json")
    assert shown.returncode == 4
    assert "Not read: " in shown.stderr
    assert json.loads(shown.stdout)["coverage"]["undecodable"]


def test_a_reader_that_has_seen_enough_is_no_error(fixtures):
    command = [sys.executable, "-m", "mediaforensics", "text", str(fixtures / "small.mp4")]
    with subprocess.Popen(
        [*command, "--languages", "eng"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        child.stdout.close()
        said = child.stderr.read()
    assert (child.returncode, said) == (0, "")


def test_standard_output_that_takes_nothing_is_said(fixtures):
    command = [sys.executable, "-m", "mediaforensics", "text", str(fixtures / "small.mp4")]
    with Path("/dev/full").open("w") as full:
        shown = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=120)
    assert shown.returncode == 2
    assert shown.stderr == "mediaforensics: [Errno 28] No space left on device\n"


@pytest.mark.parametrize("command", [["analyze", "--json"], ["text", "--output"]])
def test_what_is_no_file_is_not_replaced_by_one(command, fixtures, tmp_path):
    pipe = tmp_path / "pipe"  # stands for /dev/null, which a failing test had better not touch
    os.mkfifo(pipe)
    shown = run(*command, pipe, fixtures / "small.mp4")
    assert shown.returncode == 2
    assert "no regular file" in shown.stderr
    assert pipe.is_fifo()


def test_evidence_is_not_overwritten_by_what_is_said_of_it(fixtures, tmp_path):
    video = tmp_path / "video.mp4"
    video.write_bytes((fixtures / "small.mp4").read_bytes())
    (tmp_path / "link.srt").symlink_to(video)
    for arguments in (["text", video, "--output", video], ["text", video, "--output", tmp_path / "link.srt"],
                      ["analyze", video, "--json", video]):  # fmt: skip
        assert run(*arguments).returncode == 2
    assert video.read_bytes() == (fixtures / "small.mp4").read_bytes()


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt(), ImportError("initialization failed")], ids=["plain", "while loading"]
)
def test_an_interrupt_of_the_set_up_leaves_nothing(error, monkeypatch, tmp_path, capsys):
    import mediaforensics.api

    def interrupted(**_):
        raise error from KeyboardInterrupt()

    monkeypatch.setattr(mediaforensics.api, "Analyzer", interrupted)
    assert main(["text", "x.mp4", "--output", str(tmp_path / "words.srt")]) == 130
    assert capsys.readouterr().err == "stopped\n"
    assert not list(tmp_path.iterdir())


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("command", [["analyze", "--json"], ["text", "--format", "json", "--output"]])
def test_an_interrupt_reports_what_was_seen_until_then(command, fixtures, tmp_path):
    target = tmp_path / "r.json"
    with subprocess.Popen(
        [sys.executable, "-m", "mediaforensics", *command, str(target), str(fixtures / "flames.mp4"),
         "--languages", "eng"],
        stderr=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
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
