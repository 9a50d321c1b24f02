"""What every painter shares: a layer, how it is laid over a picture, and cheap fractal noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rng = np.random.Generator

CROP_PX = 128
"""Side of what the network sees: a face's surroundings, twice its longer side."""
SIDE_PX = 144
"""Side of the canvas everything is composed on: training cuts the crop out of it, a little moved."""
Face = tuple[float, float, float, float]
"""``x0, y0, x1, y1`` in canvas fractions; an overlay may also be painted around a box that holds no face."""
KINDS = (
    "flames",
    "bullet_hole",
    "crosshair",
    "blood",
    "crossed_out",
    "noose",
    "weapon",
    "skull",
    "explosion",
)


@dataclass
class Layer:
    """Something to lay over a picture: RGB 0..1 ``(side, side, 3)``, alpha 0..1 ``(side, side)``."""

    rgb: Picture
    alpha: Picture
    blend: str = "alpha"

    def over(self, under: Picture) -> Picture:
        """Lay this over ``under``."""
        a = self.alpha[..., None]
        if self.blend == "screen":
            return 1 - (1 - under) * (1 - self.rgb * a)
        if self.blend == "add":
            return np.minimum(under + self.rgb * a, 1)
        if self.blend == "overlay":
            mixed = np.where(under < 0.5, 2 * under * self.rgb, 1 - 2 * (1 - under) * (1 - self.rgb))
            return under * (1 - a) + mixed.astype(np.float32) * a
        if self.blend == "multiply":
            return under * (1 - a) + under * self.rgb * a
        return under * (1 - a) + self.rgb * a


def empty() -> tuple[Picture, Picture]:
    """Return a black colour plane and an empty alpha plane."""
    return np.zeros((SIDE_PX, SIDE_PX, 3), np.float32), np.zeros((SIDE_PX, SIDE_PX), np.float32)


def flat(colour: tuple[float, float, float] | Picture) -> Picture:
    """Return a plane of one colour."""
    return np.broadcast_to(np.asarray(colour, np.float32), (SIDE_PX, SIDE_PX, 3)).copy()


@lru_cache(maxsize=1)
def _noise_bank() -> tuple[Picture, ...]:
    rng = np.random.default_rng(20261123)
    bank = []
    for i in range(24):
        field = np.zeros((512, 512), np.float32)
        persistence = 0.45 + 0.25 * (i % 4) / 3
        for octave in range(7):
            cells = 4 * 2**octave
            field += persistence**octave * cv2.resize(
                rng.standard_normal((cells, cells)).astype(np.float32),
                (512, 512),
                interpolation=cv2.INTER_CUBIC,
            )
        low, high = np.percentile(field, (1, 99))
        bank.append(np.clip((field - low) / (high - low), 0, 1).astype(np.float32))
    return tuple(bank)


def noise(rng: Rng, cells_x: float, cells_y: float | None = None) -> Picture:
    """Fractal noise 0..1 over the canvas, about ``cells_x`` by ``cells_y`` coarse features wide and high."""
    cells_y = cells_x if cells_y is None else cells_y
    bank = _noise_bank()
    field = bank[rng.integers(len(bank))]
    w = int(np.clip(cells_x * 128, 24, 512))
    h = int(np.clip(cells_y * 128, 24, 512))
    x, y = rng.integers(0, 513 - w), rng.integers(0, 513 - h)
    part = field[y : y + h, x : x + w]
    if rng.random() < 0.5:
        part = part[:, ::-1]
    return cv2.resize(np.ascontiguousarray(part), (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)


@lru_cache(maxsize=1)
def grid() -> tuple[Picture, Picture]:
    """Pixel coordinates x, y as float planes, not to be written to."""
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32)
    return x, y


def warp(plane: Picture, rng: Rng, amplitude_px: float, cells: float = 1.0) -> Picture:
    """Bend a plane by smooth noise."""
    x, y = grid()
    dx = (noise(rng, cells) - 0.5) * 2 * amplitude_px
    dy = (noise(rng, cells) - 0.5) * 2 * amplitude_px
    return cv2.remap(plane, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def mask_of(draw: Callable[[NDArray[np.uint8], int], None], supersample: int = 2) -> Picture:
    """Alpha plane 0..1 of a drawing made by ``draw(canvas, scale)`` on a uint8 canvas, anti-aliased."""
    canvas = np.zeros((SIDE_PX * supersample, SIDE_PX * supersample), np.uint8)
    draw(canvas, supersample)
    small = cv2.resize(canvas, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def fill(*outlines: NDArray[np.floating]) -> Picture:
    """Alpha plane of filled outlines, each ``(n, 2)`` in canvas pixels."""

    def draw(canvas: NDArray[np.uint8], scale: int) -> None:
        for outline in outlines:
            cv2.fillPoly(canvas, [(outline * scale).astype(np.int32)], 255)

    return mask_of(draw)


def lines(paths: list[NDArray[np.floating]], thick_px: float) -> Picture:
    """Alpha plane of open paths of one thickness, canvas pixels."""

    def draw(canvas: NDArray[np.uint8], scale: int) -> None:
        for path in paths:
            points = [(path * scale).astype(np.int32)]
            cv2.polylines(canvas, points, False, 255, max(1, round(thick_px * scale)), cv2.LINE_AA)

    return mask_of(draw)


def blob(rng: Rng, cx: float, cy: float, r: float, rough: float, n: int = 28) -> NDArray[np.floating]:
    """Outline of an irregular disc, shape (n, 2)."""
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    wave = sum(rng.normal(0, 1 / k) * np.sin(k * a + rng.uniform(0, 6.3)) for k in range(2, 9))
    radii = r * np.clip(1 + rough * np.asarray(wave) + rng.normal(0, rough * 0.3, n), 0.25, 2.2)
    return np.stack([cx + np.cos(a) * radii, cy + np.sin(a) * radii], 1)


def mark_colour(rng: Rng) -> tuple[float, float, float]:
    """A colour that marks are drawn in: mostly red, then black, white, green, any."""
    r = rng.random()
    j = rng.random(3) * 0.15
    if r < 0.45:
        return (0.65 + rng.random() * 0.35, j[0] * 1.5, j[1] * 1.5)
    if r < 0.6:
        return (j[0] * 0.6, j[1] * 0.6, j[2] * 0.6)
    if r < 0.76:
        return (1 - j[0], 1 - j[1], 1 - j[2])
    if r < 0.85:
        return (j[0], 0.6 + rng.random() * 0.4, j[1])
    a, b, c = (float(v) for v in rng.random(3))
    return (a, b, c)
