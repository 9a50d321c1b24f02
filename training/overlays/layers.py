"""What every painter shares: a layer, how it is laid over a picture, and cheap fractal noise."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.float32]
Rng = np.random.Generator

SIDE_PX = 160
"""Side of the canvas everything is composed on, before damage and the final resize."""
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


def grid() -> tuple[Picture, Picture]:
    """Pixel coordinates x, y as float planes."""
    y, x = np.mgrid[0:SIDE_PX, 0:SIDE_PX].astype(np.float32)
    return x, y


def warp(plane: Picture, rng: Rng, amplitude_px: float, cells: float = 1.0) -> Picture:
    """Bend a plane by smooth noise."""
    x, y = grid()
    dx = (noise(rng, cells) - 0.5) * 2 * amplitude_px
    dy = (noise(rng, cells) - 0.5) * 2 * amplitude_px
    return cv2.remap(plane, x + dx, y + dy, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def mask_of(draw: object, supersample: int = 2) -> Picture:
    """Alpha plane 0..1 of a drawing made by ``draw(canvas, scale)`` on a uint8 canvas, anti-aliased."""
    canvas = np.zeros((SIDE_PX * supersample, SIDE_PX * supersample), np.uint8)
    draw(canvas, supersample)  # type: ignore[operator]
    small = cv2.resize(canvas, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    return small.astype(np.float32) / 255


def pick(rng: Rng, *choices: object) -> object:
    """One of the choices."""
    return choices[int(rng.integers(len(choices)))]


def mark_colour(rng: Rng) -> tuple[float, float, float]:
    """A colour that marks are drawn in: mostly red, then black, white, the rest."""
    r = rng.random()
    j = rng.random(3) * 0.15
    if r < 0.5:
        return (0.65 + rng.random() * 0.35, j[0], j[1])
    if r < 0.65:
        return (j[0] * 0.6, j[1] * 0.6, j[2] * 0.6)
    if r < 0.82:
        return (1 - j[0], 1 - j[1], 1 - j[2])
    if r < 0.9:
        return (j[0], 0.6 + rng.random() * 0.4, j[1])
    return tuple(float(v) for v in rng.random(3))  # type: ignore[return-value]
