"""Painters of what light and weather do: warm gradients, leaks, flares, bokeh, haze, rain, snow."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Rng, flat, grid, mask_of, noise


def light(rng: Rng, face: Face) -> Layer:
    """Paint what light does: warm gradients, leaks, flares, bokeh, spots, gels, haze, rain, snow."""
    x, y = grid()
    what = int(rng.integers(8))
    warm = np.array([1, rng.uniform(0.3, 0.8), rng.uniform(0, 0.4)], np.float32)
    colour = warm if rng.random() < 0.6 else rng.random(3).astype(np.float32)
    u = (x * np.cos(a := rng.uniform(0, 6.3)) + y * np.sin(a)) / SIDE_PX
    u = (u - u.min()) / (u.max() - u.min())
    blend = str(rng.choice(["screen", "alpha", "multiply", "add"]))
    if what <= 1:
        alpha = u ** rng.uniform(0.6, 3) * rng.uniform(0.2, 0.8)
    elif what == 2:
        alpha = np.exp(
            -(((x - rng.random() * SIDE_PX) / 40) ** 2) - ((y - rng.random() * SIDE_PX) / 70) ** 2
        ) * rng.uniform(0.4, 1)
    elif what == 3:
        alpha = np.zeros_like(x)
        for _ in range(int(rng.integers(3, 18))):
            d = np.hypot(x - rng.random() * SIDE_PX, y - rng.random() * SIDE_PX)
            alpha = np.maximum(alpha, np.clip(rng.uniform(3, 16) - d, 0, 1) * rng.uniform(0.1, 0.7))
        blend = "screen"
    elif what == 4:
        alpha = np.clip((noise(rng, 1.2) - 0.35) * 1.8, 0, 1) * rng.uniform(0.2, 0.8)
        colour = np.full(3, rng.uniform(0.6, 1), np.float32) if rng.random() < 0.7 else colour
        blend = str(rng.choice(["screen", "alpha"]))
    elif what == 5:
        alpha = np.clip(np.hypot(x / SIDE_PX - 0.5, y / SIDE_PX - 0.5) * 1.6 - 0.3, 0, 1) * rng.uniform(
            0.3, 1
        )
        colour = np.zeros(3, np.float32) if rng.random() < 0.8 else colour
        blend = "alpha"
    elif what == 6:

        def draw(img: np.ndarray, s: int) -> None:
            slope = rng.normal(0, 0.3)
            for _ in range(int(rng.integers(20, 90))):
                px, py, d = (
                    rng.random() * SIDE_PX,
                    rng.random() * SIDE_PX,
                    rng.choice([0, rng.uniform(4, 16)]),
                )
                cv2.line(
                    img,
                    (int(px * s), int(py * s)),
                    (int((px + slope * d) * s), int((py + d) * s)),
                    255,
                    int(rng.integers(1, 4)),
                )

        alpha, colour, blend = (
            mask_of(draw) * rng.uniform(0.3, 0.9),
            np.full(3, rng.uniform(0.7, 1), np.float32),
            "alpha",
        )
    else:
        alpha = np.full_like(x, rng.uniform(0.1, 0.5))
    return Layer(flat(colour), np.clip(alpha, 0, 1).astype(np.float32), blend)
