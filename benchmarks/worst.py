"""The texts that were read worst, as a list and as pictures for a person to look at."""

from __future__ import annotations

from pathlib import Path

import av
from clips import Clip
from events import Outcome
from PIL import Image, ImageDraw, ImageFont
from rich.console import Console
from tables import Score

CAPTION_FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
GREEN, RED = (60, 255, 60), (255, 60, 60)


def _worst(ours: Score, count: int) -> list[tuple[Clip, Outcome]]:
    ranked = sorted(ours.outcomes, key=lambda pair: (-pair[1].cer, -pair[1].raw_cer, pair[0].name))
    return [pair for pair in ranked if pair[1].cer > 0][:count]


def print_worst(console: Console, ours: Score, count: int) -> None:
    console.print("Read worst:")
    for clip, o in _worst(ours, count):
        t = o.truth
        console.print(
            f"  {o.cer:.2f} {clip.name} {clip.ground} {t.style} {t.font} {t.size_px} px "
            f"{t.start_s:.2f}-{t.end_s:.2f} s: {t.text!r} -> {o.read!r}",
            markup=False, soft_wrap=True,
        )  # fmt: skip


def write_pictures(folder: Path, ours: Score, count: int) -> None:
    """A PNG each: the frame with the true box (green) and boxes read (red), below it both texts."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("[0-9][0-9]-*.png"):
        old.unlink()
    for number, (clip, outcome) in enumerate(_worst(ours, count), 1):
        picture = frame_at(clip.path, outcome.truth.middle_s)
        brush = ImageDraw.Draw(picture)
        brush.rectangle(outcome.truth.box, outline=GREEN)
        for event in outcome.events:
            if event.box is not None:
                brush.rectangle(event.box, outline=RED, width=2)
        sheet = Image.new("RGB", (picture.width, picture.height + 90))
        sheet.paste(picture)
        brush = ImageDraw.Draw(sheet)
        face = ImageFont.truetype(str(CAPTION_FONT), 18, layout_engine=ImageFont.Layout.RAQM)
        about = f"{outcome.cer:.2f}  {clip.name}  {clip.ground}  {outcome.truth.style}  {outcome.truth.font}"
        lines = ((about, (200, 200, 200)), (outcome.truth.text, GREEN), (outcome.read or "(nothing)", RED))
        for row, (text, colour) in enumerate(lines):
            brush.text((8, picture.height + 4 + row * 28), " ".join(text.split()), colour, face)
        sheet.save(folder / f"{number:02}-{clip.name}.png")


def frame_at(path: Path, at_s: float) -> Image.Image:
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            if frame.time is not None and frame.time >= at_s - 1e-3:
                break
        return frame.to_image()
