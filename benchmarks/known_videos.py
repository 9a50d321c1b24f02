"""Known videos: which stretch of a known video is shown where, in videos that show much else.

``MF_TEST_DATA=DATA python benchmarks/known_videos.py [--videos 8] [--length 120]``

Known are drawn videos: slow views over press photographs, cut every two to five seconds. Five seconds of one
are shown, worse encoded and changed, within minutes of others (``in a long query``); and the other way round
the five seconds are known and a whole video is asked about (``in a long known``). Beside it what a bag of
frames says (vPDQ's own rule: frames a second, a share of them within 31 bits, their order not looked at).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

import clips
import cv2
import grounds
import numpy as np
from rich.console import Console
from rich.table import Table

import mediaforensics as mf
from mediaforensics.known.hashes import pdq
from mediaforensics.known.hashing import SIDE_PX
from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions, Options

FPS = 25
SHOWN_S = 5.0
BAG_SHARE = 0.8
"""vPDQ's example: so much of either video must be in the other."""
CHANGES = ("none", "small and coarse", "letterbox", "mirrored", "logo", "4 % faster")
_SIZES = {"small and coarse": (480, 270)}


@dataclass(slots=True)
class Tally:
    """How one kind of query went."""

    asked: int = 0
    found: int = 0
    bag: int = 0
    wrong: int = 0
    off_s: list[float] = field(default_factory=list)


def shots(number: int, length_s: float) -> Iterator[np.ndarray]:
    """The frames of a drawn video; the same number gives the same ones."""
    rng = np.random.default_rng(number)
    photos = grounds.photos()
    left = round(length_s * FPS)
    while left > 0:
        photo = photos[int(rng.integers(len(photos)))]
        kind = ("pan", "zoom")[int(rng.integers(2))]
        some = min(left, round(rng.uniform(2, 5) * FPS))
        yield from islice(grounds.frames(kind, rng, FPS, photo), some)
        left -= some


def changed(frames: Iterable[np.ndarray], change: str) -> Iterator[np.ndarray]:
    for i, frame in enumerate(frames):
        if change == "mirrored":
            yield np.ascontiguousarray(frame[:, ::-1])
        elif change == "letterbox":
            framed = np.zeros_like(frame)
            framed[90:630] = cv2.resize(frame, (1280, 540), interpolation=cv2.INTER_AREA)
            yield framed
        elif change == "logo":
            frame[40:110, 1080:1240] = (200, 30, 30)
            yield frame
        elif change != "4 % faster" or i % 25 != 24:
            yield frame


def query(number: int, others: int, start_s: float, change: str, path: Path, around_s: float) -> None:
    """Five seconds of video ``number`` between others."""
    excerpt = islice(shots(number, start_s + SHOWN_S), round(start_s * FPS), None)
    frames = chain(shots(others, around_s), changed(excerpt, change), shots(others + 1, around_s))
    clips.encode(
        path, frames, _SIZES.get(change, (854, 480)), FPS, 36 if change == "small and coarse" else 28
    )


def frame_hashes(path: Path) -> np.ndarray:
    """A PDQ value a second, as a bag of frames."""
    with Source.open(path, LimitOptions()) as source:
        decoder = open_media(source, LimitOptions())
        values, due_s = [], 0.0
        for frame in decoder.frames():
            if frame.time.seconds >= due_s:
                due_s = frame.time.seconds + 1.0
                hashed = pdq(frame.luma(SIDE_PX).pixels)
                if hashed.quality >= 50:
                    values.append(hashed.values()[0])
        decoder.close()
    return np.stack(values)


def bag_matches(asked: np.ndarray, known: np.ndarray) -> bool:
    near = np.bitwise_count(asked[:, None] ^ known[None]).sum(axis=2) <= 31
    return bool(near.any(axis=1).mean() >= BAG_SHARE and near.any(axis=0).mean() > 0)


def judge(report: mf.Report, expected: dict[str, tuple[float, float, float, float]], tally: Tally) -> None:
    """Compare with entry: start, end in the query, start, end in the known video."""
    for entry in report.known:
        times = (entry.span.start.seconds, entry.span.end.seconds, *(entry.known_span_s or (0.0, 0.0)))
        truth = expected.get(entry.entry_id)
        overlaps = truth is not None and times[0] < truth[1] and truth[0] < times[1]
        if truth is None or not overlaps or abs((times[2] - times[0]) - (truth[2] - truth[0])) > 1.5:
            tally.wrong += 1
            continue
        tally.found += 1
        tally.off_s += [abs(a - b) for a, b in zip(times, truth, strict=True)]


def measure(count: int, length_s: float, folder: Path, console: Console) -> None:
    known_folder = folder / "known"
    known_folder.mkdir()
    for number in range(count):
        clips.encode(known_folder / f"v{number}.mp4", shots(number, length_s), (1280, 720), FPS, 23)
    start = time.process_time()
    known = mf.KnownSet.open(known_folder)
    hashing_s = time.process_time() - start
    options = Options(text=None, faces=None, overlays=None, evidence=None)
    analyzer = mf.Analyzer(known=known, options=options, threads=1)
    bags = {path.stem: frame_hashes(path) for path in known_folder.iterdir()}
    table = Table(title=f"Five seconds of {count} known videos", title_justify="left")
    for name in ("shown as", "in a long query", "wrong", "off s, mean", "off s, worst", "bag of frames"):
        table.add_column(name, justify="left" if name == "shown as" else "right")
    path = folder / "query.mp4"
    for change in CHANGES:
        tally = Tally()
        for number in range(count):
            start_s = 3.0 + (number * 7.3) % (length_s - SHOWN_S - 6)
            query(number, 1000 + 10 * number, start_s, change, path, length_s / 2)
            tally.asked += 1
            shown_s = SHOWN_S * (0.96 if change == "4 % faster" else 1)
            truth = (length_s / 2, length_s / 2 + shown_s, start_s, start_s + SHOWN_S)
            judge(analyzer.analyze(path), {f"v{number}": truth}, tally)
            tally.bag += bag_matches(frame_hashes(path), bags[f"v{number}"])
        table.add_row(
            change, f"{tally.found} of {tally.asked}", str(tally.wrong), f"{np.mean(tally.off_s or [0]):.2f}",
            f"{max(tally.off_s, default=0):.2f}", f"{tally.bag} of {tally.asked}",
        )  # fmt: skip
    console.print(table)
    console.print(
        f"Hashing the known videos: {hashing_s / (count * length_s) * 60:.2f} s CPU a minute at 720p"
    )
    reverse(count, length_s, folder, options, console)


def reverse(count: int, length_s: float, folder: Path, options: Options, console: Console) -> None:
    """The five seconds are known, the whole video is asked about."""
    short = folder / "short"
    short.mkdir()
    starts = {f"s{number}": 3.0 + (number * 5.1) % (length_s - SHOWN_S - 6) for number in range(count)}
    for number, (name, start_s) in enumerate(starts.items()):
        excerpt = islice(shots(number, start_s + SHOWN_S), round(start_s * FPS), None)
        clips.encode(short / f"{name}.mp4", excerpt, (640, 360), FPS, 32)
    analyzer = mf.Analyzer(known=short, options=options, threads=1)
    tally = Tally()
    for number, (name, start_s) in enumerate(starts.items()):
        tally.asked += 1
        truth = (start_s, start_s + SHOWN_S, 0.0, SHOWN_S)
        judge(analyzer.analyze(folder / "known" / f"v{number}.mp4"), {name: truth}, tally)
    console.print(
        f"In a long known: {tally.found} of {tally.asked}, {tally.wrong} wrong, times off by "
        f"{np.mean(tally.off_s or [0]):.2f} s in the mean, {max(tally.off_s, default=0):.2f} s at most"
    )


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--videos", type=int, default=6)
    parser.add_argument("--length", type=float, default=60.0)
    arguments = parser.parse_args(given)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        measure(arguments.videos, arguments.length, Path(folder), Console(width=110))


if __name__ == "__main__":
    main()
