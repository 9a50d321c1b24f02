from __future__ import annotations

import io
import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from known_pictures import DrawnFrame, fitted, photo
from media_clips import clip

from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.footage import KnownFrame, hashed_frames
from mediaforensics.known.hashes import pdq
from mediaforensics.known.hashing import SIDE_PX
from mediaforensics.known.timeline import FrameHit, VideoRange, ranges_of
from mediaforensics.media.decode import open_media
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions
from mediaforensics.types import Timestamp

DATA = Path(os.environ["MF_TEST_DATA"]) / "hashes" / "vpdq" if os.environ.get("MF_TEST_DATA") else None
needs_data = pytest.mark.skipif(DATA is None or not DATA.is_dir(), reason="MF_TEST_DATA is not set")
RATE = 25


def panned(seed: int, start: int, count: int, step: int = 3) -> list[Pixels]:
    """A camera that moves over a picture."""
    wide = photo(seed, 1600, 240)
    return [wide[:, step * i :][:, :320] for i in range(start, start + count)]


def drawn(pictures: list[Pixels]) -> Iterator[Frame]:
    return (DrawnFrame(picture, Timestamp(i, Fraction(1, RATE))) for i, picture in enumerate(pictures))


def read(data: bytes | Path) -> list[tuple[Timestamp, Pixels]]:
    """Every frame as it is looked at."""
    with Source.open(io.BytesIO(data) if isinstance(data, bytes) else data, LimitOptions()) as source:
        decoder = open_media(source)
        try:
            return [(frame.time, frame.luma(SIDE_PX).pixels) for frame in decoder.frames()]
        finally:
            decoder.close()


def known(data: bytes | Path) -> list[KnownFrame]:
    with Source.open(io.BytesIO(data) if isinstance(data, bytes) else data, LimitOptions()) as source:
        decoder = open_media(source)
        try:
            return list(hashed_frames(decoder.frames()))
        finally:
            decoder.close()


def stretches(query: list[tuple[Timestamp, Pixels]], *stored: list[KnownFrame]) -> list[VideoRange]:
    """Twice a second, every frame of every known video compared."""
    owner = [(number, frame.at_s) for number, frames in enumerate(stored) for frame in frames]
    table = np.stack([np.frombuffer(f.value.value, np.uint8) for frames in stored for f in frames])

    def samples() -> Iterator[tuple[Timestamp, list[FrameHit]]]:
        due_s = 0.0
        for time, luma in query:
            if time.seconds < due_s:
                continue
            due_s = time.seconds + 0.5
            whole = (0, 0, luma.shape[1], luma.shape[0])
            hits = []
            for x0, y0, x1, y1 in (whole, *pictures_between_bars(luma)):
                distances = np.bitwise_count(table ^ pdq(luma[y0:y1, x0:x1]).values()[0]).sum(axis=1)
                for i in np.flatnonzero(distances <= 31):
                    hits.append(
                        FrameHit(video=owner[i][0], at_s=owner[i][1], distance_bits=int(distances[i]))
                    )
            yield time, hits

    return ranges_of(samples())


def test_a_picture_that_stands_still_is_kept_once() -> None:
    assert [frame.at_s for frame in hashed_frames(drawn([photo(1)] * 100))] == [0.0]


def test_a_camera_that_swings_is_kept_closely_and_one_that_creeps_rarely() -> None:
    quick = [frame.at_s for frame in hashed_frames(drawn(panned(1, 0, 50, step=24)))]
    creeping = [picture for picture in panned(1, 0, 5, step=1) for _ in range(10)]
    slow = [frame.at_s for frame in hashed_frames(drawn(creeping))]
    assert 1 < len(slow) < len(quick) <= 25
    assert np.diff(quick).min() == pytest.approx(0.08)
    assert np.diff(slow).min() >= 0.24


def test_frames_without_structure_are_left_out() -> None:
    plain = np.full((240, 320), 128, np.uint8)
    frames = list(hashed_frames(drawn([plain] * 25 + [photo(1)] * 5)))
    assert len(frames) == 1
    assert frames[0].quality >= 50


def test_the_picture_between_bars_is_kept_beside_the_whole() -> None:
    framed = np.full((360, 480), 16, np.uint8)
    framed[45:315] = fitted(photo(2), 480, 270)
    whole, inner = hashed_frames(drawn([framed]))
    assert inner.value.distance_bits(pdq(photo(2)).value()) <= 31 < whole.value.distance_bits(inner.value)


def test_a_recompressed_piece_of_a_video_is_found_in_another_file() -> None:
    def encoded(pictures: list[Pixels], **settings: str) -> bytes:
        colour = [np.repeat(p[..., None], 3, axis=2) for p in pictures]
        times = [round(i * 1000 / RATE) for i in range(len(pictures))]
        return clip(
            times,
            pictures=colour,
            container="mp4",
            codec="libx264",
            pix_fmt="yuv420p",
            stream_settings={"options": settings},
        )

    stored = known(encoded(panned(1, 0, 300), crf="20", preset="ultrafast"))
    query = read(
        encoded([*panned(7, 0, 100), *panned(1, 75, 125), *panned(8, 0, 100)], crf="33", preset="ultrafast")
    )
    (found,) = stretches(query, stored)
    assert found.start.seconds == pytest.approx(4.0, abs=0.5)
    assert found.end.seconds == pytest.approx(9.0, abs=0.5)
    assert found.offset_s == pytest.approx(-1.0, abs=0.25)


@needs_data
def test_the_same_scene_in_two_files_runs_alike_and_in_others_not() -> None:
    assert DATA is not None
    names = ("chair-orig-22-sd-bar", "doorknob-hd-no-bar", "pattern-sd-grey-bar")
    stored = [known(DATA / f"{name}.mp4") for name in names]
    # The query begins 3.7 s into the scene.
    (found,) = stretches(read(DATA / "chair-19-sd-bar.mp4"), *stored)
    assert (found.video, found.start.seconds, found.end.seconds) == (0, 0.0, 18.5)
    assert found.offset_s == pytest.approx(3.7, abs=0.1)
