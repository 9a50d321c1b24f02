"""Violent and harmless things drawn on a picture, in hands of this file's own."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mediaforensics.faces.locate import YUNET, FaceLocator
from mediaforensics.media.frame import View
from mediaforensics.media.sample import Sample
from mediaforensics.types import Box, Timestamp

ROOT = Path(__file__).parents[3]
PORTRAITS = ("known/press-ada-north.jpg", "known/press-executive-a.jpg", "known/press-executive-b.jpg")


class PictureFrame:
    """A frame that is one picture in memory, uint8 RGB."""

    def __init__(self, pixels: np.ndarray, time_s: float = 0.0) -> None:
        self.pixels, self.time = pixels, Timestamp(round(time_s * 1000), Fraction(1, 1000))
        self.size_px = (pixels.shape[1], pixels.shape[0])

    def luma(self, max_side_px: int) -> View:
        raise AssertionError("overlays need no brightness view")

    def rgb(self, max_side_px: int | None = None) -> View:
        return View(self.pixels, (1.0, 1.0))

    def crop(self, box: Box, max_side_px: int | None = None) -> View:
        inner = box.clipped(self.size_px)
        return View(self.pixels[inner.y0 : inner.y1, inner.x0 : inner.x1], (1.0, 1.0), (inner.x0, inner.y0))


def sample(pixels: np.ndarray, time_s: float = 0.0, *, new_picture: bool = False) -> Sample:
    return Sample(frame=PictureFrame(pixels, time_s), new_picture=new_picture, new_text=False)


def portrait(name: str) -> tuple[np.ndarray, Box]:
    """A public-domain portrait, RGB, longer side 640, and its face."""
    data = np.frombuffer((ROOT / "fixtures" / name).read_bytes(), np.uint8)
    picture = cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
    scale = 640 / max(picture.shape[:2])
    picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    face = FaceLocator(YUNET.read()).upright(picture)[0]
    return picture, Box(*(round(v) for v in face.box))


def flames(picture: np.ndarray, face: Box, seed: int = 0) -> np.ndarray:
    """Tongues of fire in three colours in front of the lower face."""
    rng = np.random.default_rng(seed)
    out = picture.copy()
    left, right = face.x0 - face.width_px // 4, face.x1 + face.width_px // 4
    base = face.y1 + face.height_px // 4
    places = np.linspace(left, right, 9)
    for colour, share in (((200, 40, 5), 1.0), ((250, 130, 10), 0.68), ((255, 225, 110), 0.36)):
        layer = out.copy()
        for x in places:
            tall = face.height_px * rng.uniform(0.55, 1.0) * share
            wide = face.width_px * 0.16 * (0.5 + share / 2)
            steps = np.linspace(0, 1, 20)
            bend = wide * 0.6 * np.sin(steps * 6 + rng.uniform(0, 6))
            half = wide * np.sqrt(1 - steps) * (0.6 + 0.4 * np.sin(np.pi * steps))
            one = np.stack([x + bend - half, base - steps * tall], 1)
            two = np.stack([x + bend + half, base - steps * tall], 1)[::-1]
            cv2.fillPoly(layer, [np.concatenate([one, two]).astype(np.int32)], colour, cv2.LINE_AA)
        out = cv2.addWeighted(cv2.GaussianBlur(layer, (0, 0), 2.0), 0.9, out, 0.1, 0)
    return out


def holes(picture: np.ndarray, face: Box, count: int = 6) -> np.ndarray:
    """Dark holes with a torn rim, cracks and soot, apart from each other."""
    rng = np.random.default_rng(5)
    out = picture.copy()
    radius = max(3, face.height_px // 17)
    places = [(0.25, 0.2), (0.75, 0.25), (0.5, 0.48), (0.2, 0.7), (0.8, 0.72), (0.5, 0.95)][:count]
    for u, v in places:
        centre = (round(face.x0 + u * face.width_px), round(face.y0 + v * face.height_px))
        y, x = np.mgrid[0 : out.shape[0], 0 : out.shape[1]]
        soot = 0.7 * np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (1.8 * radius) ** 2)[..., None]
        out = (out * (1 - soot) + 35 * soot).astype(np.uint8)
        for angle in rng.uniform(0, 2 * math.pi, 7):
            end = (
                centre[0] + round(3 * radius * math.cos(angle)),
                centre[1] + round(3 * radius * math.sin(angle)),
            )
            cv2.line(out, centre, end, (30, 25, 22), 1, cv2.LINE_AA)
        cv2.circle(out, centre, round(radius * 1.3), (150, 140, 130), -1, cv2.LINE_AA)
        cv2.circle(out, centre, radius, (8, 6, 6), -1, cv2.LINE_AA)
    return out


def cross(picture: np.ndarray, face: Box) -> np.ndarray:
    """A thick red X."""
    out = picture.copy()
    thick = max(4, face.width_px // 8)
    cv2.line(out, (face.x0, face.y0), (face.x1, face.y1), (205, 15, 20), thick, cv2.LINE_AA)
    cv2.line(out, (face.x1, face.y0), (face.x0, face.y1), (205, 15, 20), thick, cv2.LINE_AA)
    return out


def reticle(picture: np.ndarray, face: Box) -> np.ndarray:
    """A red crosshair with two rings."""
    out = picture.copy()
    cx, cy = (face.x0 + face.x1) // 2, (face.y0 + face.y1) // 2
    radius = face.height_px // 2
    thick = max(2, face.width_px // 32)
    for r in (radius, radius // 2):
        cv2.circle(out, (cx, cy), r, (225, 20, 20), thick, cv2.LINE_AA)
    for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        near = (cx + dx * radius // 5, cy + dy * radius // 5)
        far = (cx + dx * radius * 13 // 10, cy + dy * radius * 13 // 10)
        cv2.line(out, near, far, (225, 20, 20), thick, cv2.LINE_AA)
    return out


def caption(picture: np.ndarray, face: Box, text: str = "MUSEUM OPENS") -> tuple[np.ndarray, Box]:
    """White lettering on a dark bar over the lower half of the face, and where it is."""
    out = picture.copy()
    top, bottom = face.y0 + face.height_px * 11 // 20, face.y0 + face.height_px * 17 // 20
    left, right = max(0, face.x0 - face.width_px), min(out.shape[1], face.x1 + face.width_px)
    cv2.rectangle(out, (left, top), (right, bottom), (20, 35, 70), -1)
    scale = (bottom - top) / 42
    cv2.putText(
        out,
        text,
        (left + 8, bottom - (bottom - top) // 3),
        cv2.FONT_HERSHEY_SIMPLEX,
        scale,
        (255, 255, 255),
        2,
        cv2.LINE_AA,
    )
    return out, Box(left, top, right, bottom)
