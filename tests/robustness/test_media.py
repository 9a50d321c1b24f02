"""Media by other hands: every file ends in frames, a partial pass that says so, or a typed error.

Valid files are compared with ffprobe: the same frames at the same times; turned ones with ffmpeg's turning.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source

CHILD = Path(__file__).with_name("media_child.py")
LONGEST_SILENCE_S = 60
MOST_MEMORY_MIB = 1536
TYPED = {"ok", "partial", "CannotOpen", "UnsupportedMedia", "NoFrames", "LimitExceeded"}
TOO_LONG = {"media3-AV1_1080__long_1080p_av1.mp4", "media3-LOWBR__long_1080p_lowbitrate.mp4"}
"""Minutes of 1080p; left to the benchmarks."""


def tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{name} is not installed, and in CI it has to be")
        pytest.skip(f"{name} is not installed")
    return found


def decoded(paths: Iterable[Path], max_frames: int = 2_000_000) -> dict[str, dict[str, Any]]:
    """Decode files in a child; a crash or a hang is put down to the file at hand, and the rest goes on."""
    left, results = [str(path) for path in paths], {}
    while left:
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(max_frames)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        lines: queue.Queue[str | None] = queue.Queue()

        def listen(child: subprocess.Popen[str] = child, lines: queue.Queue[str | None] = lines) -> None:
            for line in child.stdout:
                lines.put(line)
            lines.put(None)

        threading.Thread(target=listen, daemon=True).start()
        child.stdin.write("".join(json.dumps(path) + "\n" for path in left))
        child.stdin.close()
        current, why = left[0], "crashed"
        try:
            while (line := lines.get(timeout=LONGEST_SILENCE_S)) is not None:
                said = json.loads(line)
                current = said.get("begin", current)
                if "end" in said:
                    results[said["end"]] = said
        except queue.Empty:
            why = "hung"
            child.kill()
        child.wait()
        child.stdout.close()
        if current not in results:
            results[current] = {"status": why, "peak_rss_mib": 0, "wall_s": 0}
        left = [path for path in left if path not in results]
    return {Path(path).name: result for path, result in results.items()}


@pytest.fixture(scope="module")
def hostile(test_data):
    folders = (test_data / "media" / "broken", test_data / "media" / "odd")
    return decoded((path for folder in folders for path in sorted(folder.iterdir())), max_frames=10_000)


@pytest.fixture(scope="module")
def valid(test_data):
    folder = test_data / "media" / "valid"
    return decoded(path for path in sorted(folder.iterdir()) if path.name not in TOO_LONG)


def test_broken_and_odd_files_end_in_order(hostile):
    assert len(hostile) > 200
    assert {name: found for name, found in hostile.items() if found["status"] not in TYPED} == {}


def test_no_file_takes_too_much(hostile, valid):
    greedy = {
        name: (found["peak_rss_mib"], found["wall_s"])
        for name, found in {**hostile, **valid}.items()
        if found["peak_rss_mib"] > MOST_MEMORY_MIB or found["wall_s"] > LONGEST_SILENCE_S
    }
    assert greedy == {}


def test_cut_and_endless_files_say_so(hostile):
    for name in (
        "trunc_half.mp4",
        "bomb_years.mkv",
        "bomb_100kframes.mkv",
        "pillow__truncated_image.png",
        "pillow__truncated_jpeg.jpg",
    ):
        found = next(result for file, result in hostile.items() if file.endswith(name))
        assert found["status"] == "partial", name
        assert found["gaps"]
    assert hostile["trunc_half.mp4"]["frames"] == 21
    assert max(end for _, end, _ in hostile["bomb_years.mkv"]["gaps"]) <= 86_401
    for name in ("bomb_13k_underlimit.png", "bomb_60k.png"):
        assert hostile[name]["status"] == "LimitExceeded"


def listed_by_ffprobe(path: Path) -> list[list[float | None]]:
    """Times of the frames of each video stream that is not a cover picture."""
    answer = subprocess.run(
        [
            *(
                tool("ffprobe"),
                "-v",
                "quiet",
                "-threads",
                "1",
                "-of",
                "json",
                "-show_streams",
                "-show_entries",
            ),
            *("frame=media_type,stream_index,best_effort_timestamp_time", f"file:{path}"),
        ],
        capture_output=True,
        check=False,
    )
    try:
        said = json.loads(answer.stdout)
    except ValueError:
        return []
    covers = {s["index"] for s in said.get("streams", []) if s.get("disposition", {}).get("attached_pic")}
    streams: dict[int, list[float | None]] = {}
    for frame in said.get("frames", []):
        if frame.get("media_type") == "video" and frame["stream_index"] not in covers:
            time = frame.get("best_effort_timestamp_time")
            streams.setdefault(frame["stream_index"], []).append(None if time is None else float(time))
    return list(streams.values())


def apart_s(ours: list[float], theirs: list[float | None]) -> float:
    pairs = zip(ours, theirs, strict=False)
    return max((abs(our - their) for our, their in pairs if their is not None), default=0.0)


def test_frames_and_times_are_those_of_ffprobe(valid, test_data):
    tool("ffprobe")
    without_frames, wrong_times, compared, largest_s = [], {}, 0, 0.0
    for name, found in valid.items():
        streams = listed_by_ffprobe(test_data / "media" / "valid" / name)
        if not streams:
            continue
        compared += 1
        times = found.get("times", [])
        if not times:
            without_frames.append(name)
            continue
        notes, gaps = " ".join(found["notes"]), found["gaps"]
        if "do not animate" in notes:
            times = times[:-1]  # the default picture of an APNG, which ffprobe leaves out
        if "page" in notes or "unreadable data" in str(gaps) or "undecodable frame" in str(gaps):
            streams = [
                stream[: len(times)] for stream in streams
            ]  # pages; animations that Pillow gives up on
        if name.endswith("mode_16bit.png"):
            times = times[:1]  # ffprobe gives up on its second frame
        fitting = [stream for stream in streams if len(stream) == len(times) or "page" in notes]
        if not fitting:
            wrong_times[name] = f"{len(times)} frames, ffprobe lists {[len(stream) for stream in streams]}"
            continue
        error_s = min(apart_s(times, stream) for stream in fitting)
        largest_s = max(largest_s, error_s)
        if error_s > 0.0005:
            wrong_times[name] = f"{error_s:.4f} s off"
    assert compared > 140
    # 144 million pixels: over the default limit, and refused with an error that says so.
    assert without_frames == ["media3__black_large.webp"]
    assert wrong_times == {}


TURNED = [
    "valid/media3-ROTREF__sample_rotate_and_reflect.mp4",
    "valid/media3-ROT180__internal_emulator_transformer_output_180_rotated.mp4",
    "valid/media3-META__h265_with_metadata_track.mp4",
    "valid/media3-DV__dolbyVision-hdr.MOV",
    "valid/decord__video_0.mov",
    "valid/decord__video_180.mov",
    "valid/decord__video_270.mov",
    "odd/rot90.mp4",
    "valid/pillow__orientation_rectangle.jpg",
    *(f"valid/pillow__hopper_orientation_{n}.jpg" for n in range(2, 9)),
]


@pytest.mark.parametrize("name", TURNED)
def test_turned_and_mirrored_as_ffmpeg_shows_them(test_data, name):
    path = test_data / "media" / name
    with Source.open(path) as source:
        decoder = open_media(source)
        frame = next(decoder.frames())
        seen = frame.rgb().pixels
        decoder.close()
    shown = subprocess.run(
        [
            *(tool("ffmpeg"), "-v", "quiet", "-threads", "1", "-i", f"file:{path}"),
            *("-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"),
        ],
        capture_output=True,
        check=True,
    ).stdout
    expected = np.frombuffer(shown, np.uint8).reshape(seen.shape)
    assert np.abs(seen.astype(int) - expected).mean() < 3
    if min(seen.shape[:2]) > 2:
        assert np.abs(seen.astype(int) - expected[:, ::-1]).mean() > 10, "a picture that cannot tell"


def test_pictures_turned_by_exif_look_like_the_upright_one(test_data):
    folder = test_data / "media" / "valid"
    seen = []
    for path in sorted(folder.glob("pillow__hopper_orientation_*")):
        with Source.open(path) as source:
            decoder = open_media(source)
            seen.append(next(decoder.frames()).rgb().pixels.astype(int))
            decoder.close()
    assert len(seen) >= 12
    assert max(np.abs(seen[0] - other).mean() for other in seen[1:]) < 8
