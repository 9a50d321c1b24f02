"""Longer footage: without any text, for false alarms, and with little of it, for what reading costs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path

import av
import clips
import grounds
import numpy as np
from behaviours import HEIGHT, WIDTH, Desk, Shown
from clips import Clip
from letters import Fonts, Look, draw

FPS = 25
_PAN_S = 8.0


def real_videos() -> list[Clip]:
    """Videos by other hands, as they are, that show no text."""
    return [
        Clip(
            name=path.name, path=path, behaviour="real video", language="", ground="", fps=0,
            size_px=(0, 0), duration_s=_duration_s(path), truths=(),
        )
        for path in grounds.videos()
    ]  # fmt: skip


def photograph(number: int, photo: Path, folder: Path, height: int, crf: int) -> Clip:
    """A pan, zoom or steady view over a photograph that shows no text."""
    kind = ("pan", "zoom", "camera")[number % 3]
    name = f"quiet-{kind}-{photo.stem}"
    path = folder / f"{name}.mp4"
    size_px = (round(WIDTH * height / HEIGHT / 2) * 2, height)
    if not path.is_file():
        pictures = grounds.frames(kind, np.random.default_rng(number), FPS, photo)
        clips.encode(path, islice(pictures, round(_PAN_S * FPS)), size_px, FPS, crf)
    return Clip(
        name=name, path=path, behaviour="photograph", language="", ground=kind, fps=FPS,
        size_px=size_px, duration_s=_PAN_S, truths=(),
    )  # fmt: skip


def ordinary(folder: Path, fonts: Fonts, height: int, crf: int) -> Clip:
    """Forty seconds of cuts between real videos and photographs, with two texts in it."""
    notes = folder / "ordinary.json"
    if notes.is_file():
        return clips.read(notes)
    rng = np.random.default_rng(5)
    desk = Desk("en", rng, fonts, FPS)
    look = Look(font=fonts.latin[0], latin_font=fonts.latin[0], size_px=32, style="box", box_alpha=0.8)
    texts = [
        Shown(
            text="Margaret Ellwood\nMinister for Transport", look=replace(look, align="left"),
            centre=(290, 600), start=200, end=300, rise=8, fall=8,
        ),
        Shown(
            text="The council voted 27 to 9 in favour", look=replace(look, style="outline", size_px=44),
            centre=(640, 620), start=750, end=830,
        ),
    ]  # fmt: skip
    drawn = [draw(shown.text, shown.look, False) for shown in texts]
    size_px = (round(WIDTH * height / HEIGHT / 2) * 2, height)
    path = folder / "ordinary.mp4"
    frames = _cuts(rng)
    clips.encode(path, clips.composed(frames, next(frames), desk, texts, drawn, 40 * FPS), size_px, FPS, crf)
    scale = height / HEIGHT
    truths = tuple(clips.truth(s, d, "en", FPS, 40 * FPS, scale) for s, d in zip(texts, drawn, strict=True))
    clip = Clip(
        name="ordinary", path=path, behaviour="ordinary", language="en", ground="video", fps=FPS,
        size_px=size_px, duration_s=40.0, truths=truths,
    )  # fmt: skip
    notes.write_text(json.dumps(asdict(clip) | {"path": path.name}))
    return clip


def _cuts(rng: np.random.Generator) -> Iterator[np.ndarray]:
    while True:
        for kind in ("video", "pan", "video", "zoom", "video", "camera"):
            yield from islice(grounds.frames(kind, rng, FPS), int(rng.integers(4 * FPS, 8 * FPS)))


def _duration_s(path: Path) -> float:
    """Decoded, not claimed."""
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0) if frame.time is not None]
    return max(times) - min(times) + 1 / 25
