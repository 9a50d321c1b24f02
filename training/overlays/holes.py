"""Painters of bullet holes: in paper, plaster, skin, sheet metal and glass, and as comics draw them."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Picture, Rng, blob
from training.overlays.placing import scattered

_UNIT = 120


def _plane(*outlines: np.ndarray) -> Picture:
    canvas = np.zeros((_UNIT, _UNIT), np.uint8)
    for outline in outlines:
        cv2.fillPoly(canvas, [(outline * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255


def _strokes(paths: list[np.ndarray], thick: int) -> Picture:
    canvas = np.zeros((_UNIT, _UNIT), np.uint8)
    for path in paths:
        cv2.polylines(canvas, [(path * 16).astype(np.int32)], False, 255, thick, cv2.LINE_AA, 4)
    return canvas.astype(np.float32) / 255


def crack_paths(rng: Rng, cx: float, cy: float, r: float, reach: float, rings: bool) -> list[np.ndarray]:
    """Broken rays from a hole of radius ``r``, with some that join them up: as glass and plaster break."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(5, 18))))
    paths = []
    for a in angles:
        length = reach * rng.uniform(0.4, 1.2)
        steps = int(rng.integers(2, 6))
        turns = a + np.cumsum(rng.normal(0, 0.18, steps))
        ways = np.stack([np.cos(turns), np.sin(turns)], 1) * length / steps
        paths.append(np.array([cx, cy]) + np.concatenate([np.zeros((1, 2)), np.cumsum(ways, 0)]))
    if rings:
        for _ in range(int(rng.integers(1, 4))):
            radii = rng.uniform(r * 1.5, reach * 0.8) * rng.uniform(0.75, 1.25, len(angles))
            paths.append(np.stack([cx + np.cos(angles) * radii, cy + np.sin(angles) * radii], 1))
    return paths


def _spikes(rng: Rng, c: float, low: float, high: float) -> np.ndarray:
    n = int(rng.integers(6, 14))
    a = np.linspace(0, 2 * np.pi, 2 * n, endpoint=False)
    radii = np.where(np.arange(2 * n) % 2, low, high) * rng.uniform(0.8, 1.2, 2 * n)
    return np.stack([c + np.cos(a) * radii, c + np.sin(a) * radii], 1)


def hole_picture(rng: Rng, style: int) -> np.ndarray:
    """One hole, RGBA uint8 ``(120, 120, 4)``; ``style`` 0 to 6 says in what."""
    c, r = _UNIT / 2, _UNIT * rng.uniform(0.1, 0.2)
    y, x = np.mgrid[0:_UNIT, 0:_UNIT].astype(np.float32)
    d = np.hypot(x - c, y - c)
    rgb, alpha = np.zeros((_UNIT, _UNIT, 3), np.float32), np.zeros((_UNIT, _UNIT), np.float32)
    rim = np.array([1, rng.uniform(0.75, 1), rng.uniform(0.5, 1)]) * rng.uniform(0.3, 1.0)
    core = rng.uniform(0, 0.14)

    def put(m: Picture, colour: object) -> None:
        nonlocal rgb, alpha
        rgb = rgb * (1 - m[..., None]) + np.asarray(colour, np.float32) * m[..., None]
        alpha = alpha + m - alpha * m

    if style != 5 and rng.random() < 0.5:  # soot, or a bruise
        soot = np.exp(-((d / (r * rng.uniform(1.5, 2.6))) ** 2)) * rng.uniform(0.3, 0.9)
        put(soot.astype(np.float32), core if rng.random() < 0.8 else (0.35, 0.02, 0.05))
    if style == 0:  # glass
        put(
            _strokes(crack_paths(rng, c, c, r, r * rng.uniform(2.6, 4.5), True), 1) * rng.uniform(0.5, 1),
            rng.uniform(0.7, 1),
        )
        if rng.random() < 0.6:
            put(_plane(blob(rng, c, c, r * rng.uniform(1.4, 2.2), 0.25)) * rng.uniform(0.4, 0.9), 0.92)
    elif style == 1:  # plaster, stone, skin: dark cracks, a light crater
        put(_plane(blob(rng, c, c, r * rng.uniform(1.4, 2.3), 0.2)), rim)
        put(
            _strokes(crack_paths(rng, c, c, r, r * rng.uniform(2, 3.6), False), int(rng.integers(1, 3))), core
        )
    elif style == 2:  # torn metal
        star = _plane(_spikes(rng, c, r * 1.15, r * rng.uniform(1.5, 2.4)))
        put(star, rim)
        put(star * np.clip(0.5 + ((x - c) + (y - c)) / (4 * r), 0, 1) * 0.6, 0.12)
    elif style == 3:  # dented metal: rings of light and dark
        turn = np.arctan2(y - c, x - c) + rng.uniform(0, 6.3)
        ring = np.clip(1.3 - np.abs(d - r * 1.25) / (r * rng.uniform(0.2, 0.5)), 0, 1)
        put(ring, 1)
        rgb = np.where(ring[..., None] > 0.05, (0.5 + 0.4 * np.cos(turn))[..., None] * rim, rgb)
    elif style == 4:  # paper: curled flaps
        put(_plane(_spikes(rng, c, r * 1.1, r * rng.uniform(1.3, 1.9))), rng.uniform(0.75, 1))
        put(_strokes(crack_paths(rng, c, c, r, r * 1.7, False), 1) * 0.6, 0.3)
    elif style == 5:  # comic: outlined star or ring, flat colours
        edge = _spikes(rng, c, r * rng.uniform(1.3, 1.8), r * rng.uniform(2, 3.2))
        put(_plane(edge), 0.0 if rng.random() < 0.6 else 1.0)
        put(_plane((edge - c) * rng.uniform(0.7, 0.88) + c), rng.uniform(0.4, 1))
    inner = blob(rng, c, c, r, rng.uniform(0.02, 0.2))
    put(_plane(inner), core)
    if rng.random() < 0.35:  # depth: a lit lower edge, or a darker heart
        put(_plane((inner - c) * 0.6 + c + r * 0.25) * 0.7, rng.uniform(0, 0.4))
    return (np.dstack([np.clip(rgb, 0, 1), np.clip(alpha, 0, 1)]) * 255).astype(np.uint8)


def bullet_holes(rng: Rng, face: Face) -> Layer:
    """Paint 1 to 14 holes on and around the face, loose, in a burst or in a row; some bleed."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    high, wide = fy1 - fy0, fx1 - fx0
    n = 1 if rng.random() < 0.3 else int(rng.integers(2, 14))
    style = int(rng.integers(7))
    pictures = [hole_picture(rng, style) for _ in range(min(n, 3))]
    size = max(rng.uniform(0.14, 0.75) * high / (1 if n < 4 else n**0.25), 11.0)
    if rng.random() < 0.2:  # one burst
        along = np.linspace(-0.5, 0.5, n) * rng.uniform(0.6, 1.6)
        a = rng.uniform(0, np.pi)
        xs = (fx0 + fx1) / 2 + along * np.cos(a) * wide + rng.normal(0, 0.05, n) * wide
        ys = (fy0 + fy1) / 2 + along * np.sin(a) * high + rng.normal(0, 0.05, n) * high
    else:
        xs = rng.uniform(fx0 - 0.08 * wide, fx1 + 0.08 * wide, n)
        ys = rng.uniform(fy0 - 0.08 * high, fy1 + 0.08 * high, n)
    spots = [(float(x), float(y), size * float(rng.uniform(0.75, 1.3))) for x, y in zip(xs, ys, strict=True)]
    layer = scattered(rng, pictures, spots)
    if rng.random() < 0.15:
        wound = np.array([rng.uniform(0.3, 0.6), 0.02, 0.02], np.float32)
        drips = np.zeros((SIDE_PX, SIDE_PX), np.float32)
        for x, y, s in spots:
            end = (int(x + rng.normal(0, 2)), int(y + s * rng.uniform(0.5, 2)))
            cv2.line(drips, (int(x), int(y)), end, 0.85, max(1, int(s * 0.08)), cv2.LINE_AA)
        a = layer.alpha[..., None]
        layer.rgb = layer.rgb * a + wound * (1 - a)
        layer.alpha = np.maximum(layer.alpha, drips)
    return layer
