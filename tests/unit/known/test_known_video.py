"""A known video, from its file in a folder to its stretch in a report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from known_pictures import photo, save
from media_clips import clip

import mediaforensics as mf
from mediaforensics.media.frame import Pixels
from mediaforensics.options import Options
from mediaforensics.report.model import Report

RATE = 25
KNOWN_ONLY = Options(text=None, faces=None, overlays=None)


def panned(seed: int, start_s: float, duration_s: float) -> list[Pixels]:
    """A camera that moves over a picture, cutting to another one every two seconds."""
    frames = []
    for i in range(round(start_s * RATE), round((start_s + duration_s) * RATE)):
        wide = photo(100 * seed + i // (2 * RATE), 640, 180)
        frames.append(wide[:, 3 * (i % (2 * RATE)) :][:, :320])
    return frames


def video(path: Path, frames: list[Pixels]) -> Path:
    pictures = [np.repeat(frame[..., None], 3, axis=2) for frame in frames]
    times_ms = [i * 1000 // RATE for i in range(len(frames))]
    path.write_bytes(clip(times_ms, pictures=pictures, container="mp4", codec="mpeg4", pix_fmt="yuv420p"))
    return path


def shown(report: Report) -> list[tuple[str, list[float]]]:
    """Entries with start and end, and which seconds of the known video."""
    return [
        (entry.entry_id, [entry.span.start.seconds, entry.span.end.seconds, *(entry.known_span_s or ())])
        for entry in report.known
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("videos") / "wanted"
    folder.mkdir()
    video(folder / "speech.mp4", panned(1, 0, 10))
    video(folder / "short.mp4", panned(5, 4, 5))
    save(folder / "still.png", photo(900, 640, 360))
    return folder


def test_five_seconds_of_a_known_video_in_something_else(folder: Path, tmp_path: Path) -> None:
    query = video(tmp_path / "q.mp4", [*panned(2, 0, 8), *panned(1, 3, 5), *panned(3, 0, 8)])
    ((entry_id, times),) = shown(mf.analyze(query, known=folder, options=KNOWN_ONLY))
    assert entry_id == "speech"
    assert np.abs(np.array(times) - (8, 13, 3, 8)).max() <= 1.05


def test_a_short_known_video_in_a_long_one(folder: Path, tmp_path: Path) -> None:
    query = video(tmp_path / "q.mp4", panned(5, 0, 20))
    report = mf.analyze(query, known=folder, options=KNOWN_ONLY)
    ((entry_id, times),) = shown(report)
    assert entry_id == "short"
    assert np.abs(np.array(times) - (4, 9, 0, 5)).max() <= 1.05
    (finding,) = report.findings
    assert finding.explanation.startswith("The known video 'short' of the list 'wanted' is shown")
    assert "its seconds " in finding.explanation


def test_cut_in_another_order_it_is_two_stretches(folder: Path, tmp_path: Path) -> None:
    query = video(tmp_path / "q.mp4", [*panned(1, 6, 4), *panned(1, 0, 4)])
    found = shown(mf.analyze(query, known=folder, options=KNOWN_ONLY))
    assert [entry_id for entry_id, _ in found] == ["speech", "speech"]
    assert np.abs(np.array([times for _, times in found]) - ((0, 4, 6, 10), (4, 8, 0, 4))).max() <= 1.05


def test_a_single_frame_of_a_known_video_is_no_showing_of_it(folder: Path, tmp_path: Path) -> None:
    still = panned(1, 3, 0.04) * (3 * RATE)
    query = video(tmp_path / "q.mp4", [*panned(2, 0, 3), *still, *panned(3, 0, 3)])
    assert shown(mf.analyze(query, known=folder, options=KNOWN_ONLY)) == []
    picture = save(tmp_path / "p.png", still[0])
    assert [e for e, _ in shown(mf.analyze(picture, known=folder, options=KNOWN_ONLY))] == ["speech"]


def test_a_list_of_frames_is_a_known_video_too(folder: Path, tmp_path: Path) -> None:
    known = mf.KnownSet.open(folder / "speech.mp4")
    frames = [row for row in known.rows() if row.at_s is not None]
    assert len({row.at_s for row in frames}) >= 15
    listed = tmp_path / "listed.txt"
    listed.write_text("".join(f"{i},{r.quality},{r.value.hex()},{r.at_s}\n" for i, r in enumerate(frames)))
    query = video(tmp_path / "q.mp4", [*panned(2, 0, 4), *panned(1, 2, 6)])
    ((entry_id, times),) = shown(mf.analyze(query, known=listed, options=KNOWN_ONLY))
    assert entry_id == "listed"
    assert np.abs(np.array(times) - (4, 10, 2, 8)).max() <= 1.05


def test_a_video_that_stands_still_is_a_picture(tmp_path: Path) -> None:
    folder = tmp_path / "wanted"
    folder.mkdir()
    video(folder / "card.mp4", [photo(7, 320, 180)] * RATE)
    known = mf.KnownSet.open(folder)
    assert (known.videos, known.stats()["lists"]["wanted"]["pictures"]) == (0, 1)
    query = video(tmp_path / "q.mp4", [*panned(2, 0, 2), *[photo(7, 320, 180)] * RATE])
    ((entry_id, _),) = shown(mf.analyze(query, known=known, options=KNOWN_ONLY))
    assert entry_id == "card"
