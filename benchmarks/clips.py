"""Clips of overlaid text with their truth, drawn from a seed.

A clip is one behaviour of text in one language over one moving ground, 6 to 10 s. Clip ``number`` is the same
however many are drawn. Lengths are pixels of the 1280 x 720 drawing until it is scaled for encoding.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import grounds
import numpy as np
from behaviours import BEHAVIOURS, HEIGHT, WIDTH, Desk, Shown, legible
from letters import Fonts, Lettering, draw

SEEN_OPACITY = 0.1
"""A text counts as visible from this opacity on."""
LANGUAGES = (
    "en", "ar", "ru", "fr", "fa", "en", "ar", "mixed", "de", "ru", "tr", "fr", "ar", "uk", "es", "ru",
)  # fmt: skip
"""Their order over the numbers; coprime with the behaviours, so that every pair comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """A text that was drawn.

    ``box`` (left, top, right, bottom) holds the letters over the whole time; ``middle_s`` is a time when all
    of it is to be seen. ``end_s`` is when the last visible frame ends. ``part`` says that the text is one of
    several that move together, so that a longer reading that holds it is right.
    """

    text: str
    language: str
    start_s: float
    end_s: float
    middle_s: float
    box: tuple[int, int, int, int]
    lines: int
    size_px: int
    style: str
    font: str
    part: bool = False

    @property
    def duration_s(self) -> float:
        """How long it is visible."""
        return self.end_s - self.start_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """A video with what was drawn in it; ``truths`` is empty for footage without text."""

    name: str
    path: Path
    behaviour: str
    language: str
    ground: str
    fps: int
    size_px: tuple[int, int]
    duration_s: float
    truths: tuple[Truth, ...]


def version(fonts: Fonts, height: int, crf: int) -> str:
    """Changes whenever the clips would: a folder name for keeping them."""
    here = Path(__file__).parent
    files = [here / f"{name}.py" for name in ("clips", "behaviours", "letters", "grounds", "sentences")]
    what = b"".join(path.read_bytes() for path in files)
    what += repr((fonts.latin, fonts.arabic, [str(p) for p in grounds.videos()])).encode()
    return f"{height}p-crf{crf}-{hashlib.sha256(what).hexdigest()[:10]}"


def plan(count: int, only: Sequence[str] = ()) -> list[tuple[int, str, str]]:
    """The first ``count`` clips as (number, behaviour, language), of the named ones only."""
    names = list(BEHAVIOURS)
    every = ((n, names[n % len(names)], LANGUAGES[n % len(LANGUAGES)]) for n in range(40 * max(count, 30)))
    wanted = [c for c in every if not only or c[1].replace(" ", "-") in only or c[2] in only]
    return wanted[:count]


def make(
    number: int, behaviour: str, language: str, folder: Path, fonts: Fonts, height: int, crf: int
) -> Clip:
    """Draw a clip, or read what was drawn before."""
    name = f"{number:04}-{behaviour.replace(' ', '-')}-{language}"
    notes = folder / f"{name}.json"
    if notes.is_file():
        return read(notes)
    rng = np.random.default_rng(number)
    fps = int(rng.choice((24, 25, 25, 30)))
    ground = "still" if behaviour == "end card" else grounds.KINDS[int(rng.integers(len(grounds.KINDS)))]
    pictures = grounds.frames(ground, rng, fps)
    first = next(pictures)
    desk = Desk(language, rng, fonts, fps)
    texts = [legible(shown, first, desk.rtl) for shown in BEHAVIOURS[behaviour](desk)]
    count = desk.at(desk.seconds)
    drawn = [draw(shown.text, shown.look, desk.rtl) for shown in texts]
    scale = height / HEIGHT
    size_px = (round(WIDTH * scale / 2) * 2, height)
    path = folder / f"{name}.mp4"
    encode(path, composed(pictures, first, desk, texts, drawn, count), size_px, fps, crf)
    truths = tuple(truth(s, d, language, fps, count, scale) for s, d in zip(texts, drawn, strict=True))
    clip = Clip(
        name=name, path=path, behaviour=behaviour, language=language, ground=ground, fps=fps,
        size_px=size_px, duration_s=count / fps, truths=truths,
    )  # fmt: skip
    notes.write_text(json.dumps(asdict(clip) | {"path": path.name}, ensure_ascii=False, indent=1))
    return clip


def read(notes: Path) -> Clip:
    kept = json.loads(notes.read_text())
    truths = tuple(Truth(**{**t, "box": tuple(t["box"])}) for t in kept["truths"])
    return Clip(
        **{**kept, "path": notes.parent / kept["path"], "size_px": tuple(kept["size_px"]), "truths": truths}
    )


def _opacity(shown: Shown, frame: int) -> float:
    if not shown.start <= frame < shown.end:
        return 0.0
    rise = (frame - shown.start + 1) / (shown.rise + 1)
    fall = (shown.end - frame) / (shown.fall + 1)
    return min(1.0, rise, fall)


def _origin(shown: Shown, lettering: Lettering, frame: int) -> tuple[int, int]:
    tall, wide = lettering.alpha.shape
    since = frame - shown.start
    x, y = (shown.centre[n] + shown.speed[n] * since for n in (0, 1))
    return round(x - wide / 2), round(y - tall / 2)


def composed(
    pictures: Iterator[np.ndarray],
    first: np.ndarray,
    desk: Desk,
    texts: list[Shown],
    drawn: list[Lettering],
    count: int,
) -> Iterator[np.ndarray]:
    for number in range(count):
        canvas = first if number == 0 else next(pictures)
        if desk.bar is not None:
            top, bottom, colour, alpha = desk.bar
            strip = canvas[top:bottom].astype(np.float32)
            canvas[top:bottom] = (strip + (np.array(colour, np.float32) - strip) * alpha).astype(np.uint8)
        for shown, lettering in zip(texts, drawn, strict=True):
            opacity = _opacity(shown, number)
            if opacity:
                alpha = lettering.alpha * opacity
                if shown.word_step:
                    alpha = _begun(alpha, shown, lettering, number, desk.rtl)
                _lay(canvas, lettering.rgb, alpha, _origin(shown, lettering, number))
        yield canvas


def _begun(alpha: np.ndarray, shown: Shown, lettering: Lettering, frame: int, rtl: bool) -> np.ndarray:
    """The part of a line whose words have come."""
    ends = lettering.word_ends[0]
    count = (frame - shown.start) // shown.word_step + 1
    if count >= len(ends):
        return alpha
    left, _, right, _ = lettering.letters
    space = shown.look.size_px * 0.1
    alpha = alpha.copy()
    if rtl:
        alpha[:, : max(0, round(right - ends[count - 1] - space))] = 0
    else:
        alpha[:, round(left + ends[count - 1] + space) :] = 0
    return alpha


def _lay(canvas: np.ndarray, rgb: np.ndarray, alpha: np.ndarray, at: tuple[int, int]) -> None:
    tall, wide = alpha.shape
    x0, y0, x1, y1 = max(0, at[0]), max(0, at[1]), min(WIDTH, at[0] + wide), min(HEIGHT, at[1] + tall)
    if x0 >= x1 or y0 >= y1:
        return
    inner = (slice(y0 - at[1], y1 - at[1]), slice(x0 - at[0], x1 - at[0]))
    under = canvas[y0:y1, x0:x1].astype(np.float32)
    canvas[y0:y1, x0:x1] = under + (rgb[inner] - under) * alpha[inner][..., None] + 0.5


def truth(shown: Shown, lettering: Lettering, language: str, fps: int, count: int, scale: float) -> Truth:
    """Follow a text through the frames.

    Visible is what is opaque enough and has half its height and a letter's width inside the frame.
    """
    seen: list[tuple[int, float, tuple[int, int, int, int]]] = []
    x0, y0, x1, y1 = lettering.letters
    for frame in range(shown.start, min(shown.end, count)):
        if _opacity(shown, frame) < SEEN_OPACITY:
            continue
        left, top = _origin(shown, lettering, frame)
        inside = (max(0, left + x0), max(0, top + y0), min(WIDTH, left + x1), min(HEIGHT, top + y1))
        wide, tall = inside[2] - inside[0], inside[3] - inside[1]
        if tall >= (y1 - y0) / 2 and wide >= min((x1 - x0) / 2, shown.look.size_px):
            seen.append((frame, wide * tall * _opacity(shown, frame), inside))
    assert seen, shown
    most = max(area for _, area, _ in seen)
    whole = [frame for frame, area, _ in seen if area >= most * 0.99]
    boxes = np.array([box for *_, box in seen])
    swept = (*boxes[:, :2].min(0), *boxes[:, 2:].max(0))
    return Truth(
        text=shown.text, language=language, start_s=seen[0][0] / fps, end_s=(seen[-1][0] + 1) / fps,
        middle_s=whole[-1 if shown.word_step else len(whole) // 2] / fps,
        box=tuple(round(v * scale) for v in swept), lines=shown.text.count("\n") + 1,
        size_px=round(shown.look.size_px * scale), style=shown.look.style, font=shown.look.font.stem,
        part=shown.part,
    )  # fmt: skip


def encode(path: Path, frames: Iterator[np.ndarray], size_px: tuple[int, int], fps: int, crf: int) -> None:
    """Write frames (H, W, 3) uint8 RGB as H.264 in MP4, scaled to ``size_px``; whole or not at all."""
    part = path.with_suffix(f".{os.getpid()}.part")
    with av.open(str(part), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=fps)
        stream.width, stream.height = size_px
        stream.pix_fmt = "yuv420p"
        stream.time_base = Fraction(1, fps)
        stream.options = {"crf": str(crf), "preset": "veryfast", "threads": "1"}
        for pixels in frames:
            if (pixels.shape[1], pixels.shape[0]) != size_px:
                pixels = cv2.resize(pixels, size_px, interpolation=cv2.INTER_AREA)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())
    part.rename(path)
