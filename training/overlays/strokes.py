"""Painters of what crosses a face out: X, strikes, prohibition rings, scribbles, stamps, spray."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import (
    SIDE_PX,
    Face,
    Layer,
    Picture,
    Rng,
    fill,
    flat,
    lines,
    mark_colour,
    mask_of,
    noise,
)
from training.overlays.placing import surrounded


def stroke(rng: Rng, p: np.ndarray, q: np.ndarray, width: float, style: int) -> Picture:
    """One stroke from p to q: 0 bar, 1 tapered brush, 2 by hand, 3 dry brush, 4 spray, 5 marker."""
    n = 14
    t = np.linspace(0, 1, n)[:, None]
    path = p + (q - p) * t
    length = np.linalg.norm(q - p) + 1e-6
    normal = np.array([-(q - p)[1], (q - p)[0]]) / length
    bow = rng.normal(0, 0.06) * length if style not in (0, 5) else 0.0
    path = path + normal * (np.sin(np.pi * t) * bow)
    if style == 2:
        path = path + np.cumsum(rng.normal(0, 0.5, (n, 2)), 0)
    if style == 0:
        half = normal * width / 2
        return fill(np.array([p + half, q + half, q - half, p - half]))
    if style == 1:
        half = width / 2 * (np.sin(np.pi * np.clip(t * rng.uniform(0.7, 0.95) + 0.08, 0, 1)) ** 0.5)
        return fill(np.concatenate([path + normal * half, (path - normal * half)[::-1]]))
    if style == 3:

        def draw(canvas: np.ndarray, s: int) -> None:
            for _ in range(int(rng.integers(8, 24))):
                a, b = sorted(rng.uniform(0, 1, 2)) if rng.random() < 0.5 else (0.0, 1.0)
                part = path[int(a * n) : max(int(b * n), int(a * n) + 2)]
                part = part + normal * rng.uniform(-0.5, 0.5) * width
                thick = max(1, int(width * s * rng.uniform(0.04, 0.2)))
                cv2.polylines(canvas, [(part * s).astype(np.int32)], False, 255, thick, cv2.LINE_AA)

        return mask_of(draw)
    solid = lines([path], width)
    if style == 4:
        soft = cv2.GaussianBlur(solid, (0, 0), max(width * 0.35, 0.8))
        return np.clip(soft * 1.6 * (0.55 + 0.7 * noise(rng, 4)), 0, 1)
    return solid


def _ring(cx: float, cy: float, rx: float, ry: float, width: float) -> Picture:
    a = np.linspace(0, 2 * np.pi, 49)
    return lines([np.stack([cx + np.cos(a) * rx, cy + np.sin(a) * ry], 1)], width)


def _scribble(rng: Rng, cx: float, cy: float, w: float, h: float, width: float) -> Picture:
    """A pen driven to and fro."""
    n = int(rng.integers(7, 26))
    across = np.where(np.arange(n) % 2, 1, -1) * rng.uniform(0.6, 1.05, n)
    down = np.linspace(-1, 1, n) + rng.normal(0, 0.08, n)
    a = rng.choice([0, np.pi / 2, rng.uniform(0, np.pi)])
    u, v = across * np.cos(a) - down * np.sin(a), across * np.sin(a) + down * np.cos(a)
    return lines([np.stack([cx + u * w, cy + v * h], 1)], width)


def crossed_out(rng: Rng, face: Face) -> Layer:
    """Paint an X, one or several strikes, a ring with a bar or an X, a scribble or a stamp over the face."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    wide, high = fx1 - fx0, fy1 - fy0
    cx, cy = (fx0 + fx1) / 2 + rng.normal(0, 0.09) * wide, (fy0 + fy1) / 2 + rng.normal(0, 0.09) * high
    w, h = wide * rng.uniform(0.3, 1.0), high * rng.uniform(0.3, 0.9)
    if rng.random() < 0.35:  # as signs have it: as wide as high
        w = h = (w + h) / 2
    corner = {
        name: np.array([cx + sx * w, cy + sy * h]) + rng.normal(0, 0.04, 2) * high
        for name, (sx, sy) in {"tl": (-1, -1), "tr": (1, -1), "bl": (-1, 1), "br": (1, 1)}.items()
    }
    style = int(rng.choice([0, 0, 1, 1, 2, 3, 4, 5]))
    width = max(rng.uniform(0.03, 0.24) * high, 1.0)
    make = rng.random()
    diagonals = [(corner["tl"], corner["br"]), (corner["tr"], corner["bl"])]
    one = diagonals[int(rng.integers(2))]
    alpha = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    strikes: list[tuple[np.ndarray, np.ndarray]] = []
    if make < 0.6:
        strikes = diagonals
    elif make < 0.74:
        strikes = [one]
        if rng.random() < 0.3:
            shift = np.array([0.0, rng.uniform(0.15, 0.5) * high])
            strikes = [one, (one[0] + shift, one[1] + shift)]
    elif make < 0.9:
        r = np.hypot(w, h) * rng.uniform(0.62, 0.8)
        f = r / (np.hypot(w, h) + 1e-6)
        middle = np.array([cx, cy])
        strikes = [(middle + (p - middle) * f, middle + (q - middle) * f) for p, q in [one]]
        if rng.random() < 0.2:
            strikes = [(middle + (p - middle) * f, middle + (q - middle) * f) for p, q in diagonals]
        style = 0 if rng.random() < 0.6 else style
        alpha = _ring(cx, cy, r, r * rng.uniform(0.92, 1.08), width)
    elif make < 0.95:
        alpha = _scribble(rng, cx, cy, w, h, min(width, 0.07 * high))
    else:  # a stamp: an X in a frame
        strikes = diagonals
        outer = [corner[k] for k in ("tl", "tr", "br", "bl", "tl")]
        middle = np.array([cx, cy])
        alpha = lines([np.array([middle + (p - middle) * 1.15 for p in outer])], width * 0.6)
    for p, q in strikes:
        alpha = np.maximum(alpha, stroke(rng, p, q, width, style))
    if rng.random() < (0.7 if make >= 0.95 else 0.2):
        alpha = alpha * np.clip(noise(rng, 4) * 2.4, 0, 1)
    layer = Layer(flat(mark_colour(rng)), alpha.astype(np.float32))
    if style in (1, 3, 4) and rng.random() < 0.25:  # paint runs
        runs = [
            np.array([[p[0], p[1]], [p[0] + rng.normal(0, 1), p[1] + rng.uniform(0.1, 0.5) * high]])
            for p in (one[0] + (one[1] - one[0]) * rng.random() for _ in range(int(rng.integers(1, 6))))
        ]
        layer.alpha = np.maximum(layer.alpha, lines(runs, max(width * 0.15, 0.8)))
    return surrounded(rng, layer) if rng.random() < 0.18 else layer
