"""Moving pictures for text to stand on, 1280 x 720, without text of their own.

Photographs and videos by other hands come from the folder that ``MF_TEST_DATA`` names, where it is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import av
import cv2
import numpy as np

from fixtures import backdrops
from fixtures.art import Fire

SIZE_PX = (1280, 720)
SOURCES = Path(__file__).parent.parent / "fixtures" / "sources"
OWN_PHOTOS = ("chelsea.jpg", "coffee.jpg", "hopper.jpg", "hubble.jpg", "rocket.jpg")
PHOTOS = tuple(f"hashes/pictures/image{n}.jpg" for n in (1, 2, 4, 5, 6, 8, 9, 10))
"""Without writing in them: 3 has a flag, 7 a type plate."""
VIDEOS = (
    "media3-AVI__sample.avi",
    "media3-ELNOSYNC__sample_edit_list_no_sync_frame_before_edit.mp4",
    "media3-FIRSTPTS10__bbb_800x640_768kbps_30fps_avc_2b_firstpts_10_sec.mp4",
    "media3-GAMMA22__sample_gamma2.2.mp4",
    "media3-HDR10AV1__hdr10-av1.mp4",
    "media3-NAL2__sample_2_byte_NAL_length.mp4",
    "media3-SEFSLO__sample_sef_slow_motion.mp4",
    "media3-TSVIS2__sample_with_increasing_timestamps.mp4",
    "media3-VP9__bbb_642x642_768kbps_30fps_vp9.webm",
    "moviepy__big_buck_bunny_432_433.webm",
    "perception__v1.m4v",
    "threatexchange__doorknob-hd-no-bar.mp4",
    "torchcodec__nasa_13013.mp4",
)
"""Real and animated footage under ``media/valid`` of the data, looked through: nothing is written in it."""
BEHIND = tuple(VIDEOS[n] for n in (0, 1, 2, 4, 10, 11, 12))
"""Those long and large enough to stand behind a text."""
STILLS = ("studio", "office", "sunset", "night", "weather", "dark-red", "dark-green", "black", "parchment")
KINDS = ("fire", "pan", "zoom", "video", "still", "gradient", "camera")


def data() -> Path | None:
    """The folder of data by other hands."""
    named = os.environ.get("MF_TEST_DATA")
    return Path(named).resolve() if named else None


def videos(names: tuple[str, ...] = VIDEOS) -> list[Path]:
    folder = data()
    paths = [] if folder is None else [folder / "media" / "valid" / name for name in names]
    return [path for path in paths if path.is_file()]


def photos() -> list[Path]:
    folder = data()
    others = [] if folder is None else [folder / name for name in PHOTOS]
    return [SOURCES / name for name in OWN_PHOTOS] + [path for path in others if path.is_file()]


def frames(kind: str, rng: np.random.Generator, fps: int, photo: Path | None = None) -> Iterator[np.ndarray]:
    """Endless frames (720, 1280, 3) uint8 RGB of a kind of ground; each may be written into.

    ``video`` falls back to ``pan`` where there is none; ``photo`` names the photograph instead of chance.
    """
    if kind in ("pan", "zoom", "camera"):
        return {"pan": _pan, "zoom": _zoom, "camera": _camera}[kind](_photo(rng, photo), rng, fps)
    makers = {"fire": _fire, "video": _video, "still": _still, "gradient": _gradient}
    return makers[kind](rng, fps)


def _fire(rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    small = (SIZE_PX[0] // 2, SIZE_PX[1] // 2)
    fire = Fire(small, int(rng.integers(1 << 30)))
    behind = backdrops.still("black", small, 1)
    reach, start_s, number = rng.uniform(0.5, 1.3), rng.uniform(0, 20), 0
    while True:
        rgb, alpha = fire.layer(start_s + number / fps, reach)
        out = behind + (rgb - behind) * alpha[..., None]
        yield cv2.resize(out.astype(np.uint8), SIZE_PX, interpolation=cv2.INTER_LINEAR)
        number += 1


def _photo(rng: np.random.Generator, path: Path | None) -> np.ndarray:
    """A photograph enlarged to a quarter more than the frame, with some grain for the detail it lost."""
    paths = photos()
    path = path or paths[int(rng.integers(len(paths)))]
    picture = cv2.imread(str(path))[..., ::-1]
    scale = max(SIZE_PX[0] / picture.shape[1], SIZE_PX[1] / picture.shape[0]) * 1.25
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 5, picture.shape[:2]).astype(np.float32)[..., None]
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def _view(picture: np.ndarray, scale: float, x: float, y: float) -> np.ndarray:
    """The frame over a picture: ``x``, ``y`` in 0..1 say where within the room that is left."""
    tall, wide = picture.shape[:2]
    left, top = x * (wide * scale - SIZE_PX[0]), y * (tall * scale - SIZE_PX[1])
    matrix = np.array([[scale, 0, -left], [0, scale, -top]], np.float64)
    return cv2.warpAffine(picture, matrix, SIZE_PX, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _pan(picture: np.ndarray, rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    a, b = rng.uniform(0, 1, 2), rng.uniform(0, 1, 2)
    if abs(a - b).max() < 0.4:
        b = 1 - a
    length, number = 8 * fps, 0
    while True:
        along = 0.5 - 0.5 * np.cos(np.pi * number / length)
        x, y = a + (b - a) * along
        yield _view(picture, 1.0, float(x), float(y))
        number += 1


def _zoom(picture: np.ndarray, rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    x, y = rng.uniform(0.2, 0.8, 2)
    inward, number = rng.random() < 0.5, 0
    while True:
        along = min(1.0, number / (9 * fps))
        yield _view(picture, 0.85 + 0.45 * (along if inward else 1 - along), float(x), float(y))
        number += 1


def _camera(picture: np.ndarray, rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    """A camera that stands still: the same view with sensor noise."""
    view = _view(picture, 1.0, *rng.uniform(0, 1, 2).tolist()).astype(np.int16)
    noise = [np.round(rng.normal(0, 3, view.shape[:2]))[..., None].astype(np.int16) for _ in range(5)]
    number = 0
    while True:
        yield np.clip(view + noise[number % len(noise)], 0, 255).astype(np.uint8)
        number += 1


def _still(rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    picture = backdrops.still(STILLS[int(rng.integers(len(STILLS)))], SIZE_PX, int(rng.integers(5)))
    while True:
        yield picture.astype(np.uint8)


def _gradient(rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    """Two colours that change slowly from one side to the other."""
    a, b = rng.uniform(0, 220, 3), rng.uniform(0, 220, 3)
    y, x = np.mgrid[0:90, 0:160].astype(np.float32)
    turn, number = rng.uniform(0, 6.28), 0
    while True:
        phase = np.sin((x * np.cos(turn) + y * np.sin(turn)) / 55 + number / fps * 0.6) * 0.5 + 0.5
        small = a + (b - a) * phase[..., None]
        yield cv2.resize(small.astype(np.float32), SIZE_PX, interpolation=cv2.INTER_LINEAR).astype(np.uint8)
        number += 1


def _video(rng: np.random.Generator, fps: int) -> Iterator[np.ndarray]:
    """A real video, cropped to the frame's shape and begun again with a cut when it ends."""
    paths = videos(BEHIND)
    if not paths:
        yield from frames("pan", rng, fps)
        return
    path = paths[int(rng.integers(len(paths)))]
    first = int(rng.integers(30))
    while True:
        with av.open(str(path)) as container:
            for number, frame in enumerate(container.decode(video=0)):
                if number >= first:
                    yield _filled(frame.to_ndarray(format="rgb24"))
        first = 0


def _filled(picture: np.ndarray) -> np.ndarray:
    tall, wide = picture.shape[:2]
    scale = max(SIZE_PX[0] / wide, SIZE_PX[1] / tall)
    if scale < 0.7:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        scale = 1.0
    return _view(picture, max(scale, SIZE_PX[0] / picture.shape[1], SIZE_PX[1] / picture.shape[0]), 0.5, 0.5)
