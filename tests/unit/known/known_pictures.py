"""Drawn pictures and frames for the tests of the known room."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from mediaforensics.media.frame import Pixels, View
from mediaforensics.media.sample import Sample
from mediaforensics.types import Box, Timestamp


def photo(seed: int, width: int = 480, height: int = 360) -> Pixels:
    """A brightness picture with the falling spectrum of photographs and some hard-edged shapes."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width), np.float32)
    for cells, weight in ((64, 0.25), (32, 0.35), (16, 0.6), (8, 1.0), (4, 1.6)):
        grain = random.random((cells, cells * width // height)).astype(np.float32)
        picture += weight * cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = (picture - picture.min()) / np.ptp(picture) * 200 + 25
    for _ in range(14):
        centre = int(random.integers(0, width)), int(random.integers(0, height))
        axes = int(random.integers(8, 60)), int(random.integers(8, 60))
        level = float(random.integers(20, 235))
        cv2.ellipse(picture, centre, axes, float(random.integers(0, 180)), 0, 360, level, -1)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8), 0, 255).astype(np.uint8)


def save(path: Path, luma: Pixels) -> Path:
    Image.fromarray(np.repeat(luma[..., None], 3, axis=2)).save(path)
    return path


@dataclass(eq=False)
class DrawnFrame:
    pixels: Pixels
    time: Timestamp

    @property
    def size_px(self) -> tuple[int, int]:
        return self.pixels.shape[1], self.pixels.shape[0]

    def luma(self, max_side_px: int) -> View:
        height, width = self.pixels.shape
        scale = min(1.0, max_side_px / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else self.pixels
        return View(small, (width / size[0], height / size[1]))

    def rgb(self, max_side_px: int | None = None) -> View:
        raise AssertionError("known pictures are compared by brightness")

    def crop(self, box: Box, max_side_px: int | None = None) -> View:
        raise AssertionError("known pictures are compared by brightness")


def sample(luma: Pixels, at_s: float = 0.0, *, new_picture: bool = True) -> Sample:
    frame = DrawnFrame(luma, Timestamp(round(at_s * 1000), Fraction(1, 1000)))
    changed = (Box(0, 0, *frame.size_px),) if new_picture else ()
    return Sample(frame=frame, new_picture=new_picture, new_text=False, changed=changed)


def fitted(luma: Pixels, width: int, height: int) -> Pixels:
    method = cv2.INTER_AREA if width < luma.shape[1] else cv2.INTER_CUBIC
    return cv2.resize(luma, (width, height), interpolation=method)


def inset(frame: Pixels, picture: Pixels, box: Box) -> Pixels:
    result = frame.copy()
    result[box.y0 : box.y1, box.x0 : box.x1] = fitted(picture, box.width_px, box.height_px)
    return result
