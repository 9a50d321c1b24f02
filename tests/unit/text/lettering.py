"""Pictures with lettering for tests, drawn with the font that Pillow carries, so that any machine has it."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mediaforensics.detect import Surroundings
from mediaforensics.media.frame import View
from mediaforensics.media.sample import Sample
from mediaforensics.types import Box, Timestamp

SIZE = (1280, 720)


class PictureFrame:
    """The Frame protocol over one array."""

    def __init__(self, pixels: np.ndarray, at_s: float = 0.0) -> None:
        self.pixels = pixels
        self.time = Timestamp(round(at_s * 25), Fraction(1, 25))
        self.size_px = (pixels.shape[1], pixels.shape[0])

    def _view(self, pixels: np.ndarray, max_side_px: int | None, origin=(0, 0)) -> View:
        height, width = pixels.shape[:2]
        scale = min(1.0, (max_side_px or max(width, height)) / max(width, height))
        shown = (max(1, round(width * scale)), max(1, round(height * scale)))
        resized = cv2.resize(pixels, shown, interpolation=cv2.INTER_AREA)
        return View(resized, (width / shown[0], height / shown[1]), origin)

    def luma(self, max_side_px: int) -> View:
        return self._view(cv2.cvtColor(self.pixels, cv2.COLOR_RGB2GRAY), max_side_px)

    def rgb(self, max_side_px: int | None = None) -> View:
        return self._view(self.pixels, max_side_px)

    def crop(self, box: Box, max_side_px: int | None = None) -> View:
        box = box.clipped(self.size_px)
        part = np.ascontiguousarray(self.pixels[box.y0 : box.y1, box.x0 : box.x1])
        return self._view(part, max_side_px, (box.x0, box.y0))


def ground(seed: int = 0, brightness: int = 90) -> np.ndarray:
    """A soft picture without lettering."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, brightness, (9, 16, 3)).astype(np.float32)
    return cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC).clip(0, 255).astype(np.uint8)


def write(
    picture: np.ndarray,
    text: str,
    place: tuple[int, int],
    size_px: int = 40,
    fill: tuple[int, int, int] = (255, 255, 255),
    opacity: float = 1.0,
    left: bool = False,
    **how,
) -> np.ndarray:
    """Draw ``text`` with its middle at ``place``, or the middle of its left side; lines are centred."""
    image = Image.fromarray(picture)
    ImageDraw.Draw(image).multiline_text(
        place,
        text,
        fill=fill,
        font=ImageFont.load_default(size_px),
        anchor="lm" if left else "mm",
        align="center",
        **how,
    )
    return cv2.addWeighted(np.asarray(image), opacity, picture, 1 - opacity, 0)


def sample(
    picture: np.ndarray, at_s: float, new_picture=False, new_text=False, changed: tuple[Box, ...] = ()
) -> Sample:
    return Sample(
        frame=PictureFrame(picture, at_s), new_picture=new_picture, new_text=new_text, changed=changed
    )


def watch(detector, samples):
    """All observations of a moving video, one list per sample; and those made at the end."""
    examiner = detector.begin(Surroundings(size_px=SIZE, moving=True))
    seen = [list(examiner.examine(one, ())) for one in samples]
    return seen, list(examiner.end())
