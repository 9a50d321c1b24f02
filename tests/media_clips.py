"""Small clips and pictures, made when a test asks for them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image

MILLISECOND = Fraction(1, 1000)


def scene(width: int = 96, height: int = 64, seed: int = 3) -> NDArray[np.uint8]:
    """Four quarters of different colour with a block of noise, so that no turn looks like another."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (200, 40, 40)
    pixels[: height // 2, width // 2 :] = (40, 180, 60)
    pixels[height // 2 :, : width // 2] = (50, 60, 200)
    pixels[height // 2 :, width // 2 :] = (220, 220, 210)
    noise = np.random.default_rng(seed).integers(60, 200, (height // 4, width // 4), np.uint8)
    pixels[4 : 4 + height // 4, 4 : 4 + width // 4] = noise[..., None]
    return pixels


def clip(
    times_ms: Sequence[int] = tuple(range(0, 1000, 40)),
    *,
    pictures: Sequence[NDArray[np.uint8]] | None = None,
    container: str = "matroska",
    codec: str = "ffv1",
    pix_fmt: str = "yuv444p",
    display_matrix: tuple[int, int, int, int] | None = None,
    streams: int = 1,
    stream_settings: dict[str, Any] | None = None,
) -> bytes:
    """A video whose frames are stamped ``times_ms``; with ffv1 its pixels come back as they went in."""
    pictures = pictures or [scene()]
    target = io.BytesIO()
    with av.open(target, "w", format=container) as out:
        tracks = []
        for _ in range(streams):
            track = out.add_stream(codec, rate=25)
            track.height, track.width = pictures[0].shape[:2]
            track.pix_fmt = pix_fmt
            track.time_base = MILLISECOND
            track.codec_context.time_base = MILLISECOND
            for name, value in (stream_settings or {}).items():
                setattr(track.codec_context, name, value)
            if display_matrix is not None:
                a, b, c, d = (value << 16 for value in display_matrix)
                track.set_display_matrix((a, b, 0, c, d, 0, 0, 0, 1 << 30))
            tracks.append(track)
        for index, time_ms in enumerate(times_ms):
            for track in tracks:
                frame = av.VideoFrame.from_ndarray(pictures[index % len(pictures)], "rgb24")
                frame.pts, frame.time_base = time_ms, MILLISECOND
                out.mux(track.encode(frame))
        for track in tracks:
            out.mux(track.encode())
    return target.getvalue()


def encoded(picture: Image.Image, form: str, **settings: Any) -> bytes:
    """A picture in a file format."""
    target = io.BytesIO()
    picture.save(target, form, **settings)
    return target.getvalue()
