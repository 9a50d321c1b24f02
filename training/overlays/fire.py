"""Painters of flames and explosions: turbulence, tongues, particles, embers, bursts, in many palettes."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Picture, Rng, empty, grid, mask_of, noise, warp

_PALETTES = (
    ((0.15, 0, 0), (0.6, 0.05, 0), (0.95, 0.35, 0.02), (1, 0.75, 0.15), (1, 0.98, 0.7)),
    ((0.3, 0.02, 0), (0.85, 0.15, 0.02), (1, 0.5, 0.05), (1, 0.85, 0.3), (1, 1, 0.9)),
    ((0.1, 0.02, 0), (0.5, 0.15, 0.02), (0.9, 0.5, 0.1), (1, 0.8, 0.4), (1, 0.95, 0.8)),
    ((0.4, 0, 0), (0.9, 0.1, 0), (1, 0.4, 0), (1, 0.6, 0), (1, 0.9, 0.1)),
    ((0.2, 0, 0), (0.7, 0, 0), (1, 0.15, 0), (1, 0.35, 0.05), (1, 0.7, 0.3)),
    ((0.3, 0.1, 0), (0.8, 0.4, 0), (1, 0.7, 0.1), (1, 0.9, 0.4), (1, 1, 0.8)),
)


def palette(heat: Picture, rng: Rng) -> Picture:
    """Colours of a heat plane 0..1; sometimes blue, green or colourless fire."""
    stops = np.array(_PALETTES[rng.integers(len(_PALETTES))], np.float32)
    stops = np.clip(stops * (1 + rng.normal(0, 0.06, stops.shape)), 0, 1).astype(np.float32)
    r = rng.random()
    if r < 0.04:
        stops = stops[:, ::-1]
    elif r < 0.06:
        stops = stops[:, [1, 0, 2]]
    elif r < 0.10:
        stops = np.repeat(stops.mean(1, keepdims=True), 3, 1)
    place = np.linspace(0, 1, len(stops))
    lut = np.stack([np.interp(np.linspace(0, 1, 256), place, stops[:, c]) for c in range(3)], 1)
    return lut.astype(np.float32)[np.clip(heat * 255, 0, 255).astype(np.int32)]


def _embers(rng: Rng, rgb: Picture, alpha: Picture) -> None:
    for _ in range(int(rng.integers(5, 60))):
        x, y = int(rng.integers(SIDE_PX)), int(rng.integers(SIDE_PX))
        r = int(rng.integers(1, 3))
        colour = (1.0, float(rng.uniform(0.4, 0.9)), float(rng.uniform(0, 0.3)))
        end = (x + int(rng.integers(-3, 4)), y - int(rng.integers(0, 7)))
        cv2.line(rgb, (x, y), end, colour, r)
        cv2.line(alpha, (x, y), end, float(rng.uniform(0.5, 1)), r)


def _rising(rng: Rng, top: float, base: float) -> Picture:
    """Heat of flames that rise from ``base`` to about ``top`` (canvas fractions), stretched turbulence."""
    x, y = grid()
    height = np.clip((base * SIDE_PX - y) / max((base - top) * SIDE_PX, 1), -1, 2)
    wide = rng.uniform(0.8, 3.2)
    field = noise(rng, wide, wide * rng.uniform(0.3, 0.8)) * 0.65 + noise(rng, wide * 2, wide) * 0.35
    field = warp(field, rng, rng.uniform(3, 14), rng.uniform(0.7, 2))
    profile = noise(rng, rng.uniform(0.8, 3), 0.2)[:1]
    fall = height / (0.5 + 0.9 * profile)
    below = np.clip((base * SIDE_PX - y) / 10 + 1, 0, 1)
    return np.clip(1.25 * field + 0.55 - fall * rng.uniform(0.9, 1.25), 0, 1) * below + 0 * x


def _tongue(rng: Rng, cx: float, base: float, height: float, width: float) -> np.ndarray:
    """Outline of one drawn tongue of flame, canvas pixels, shape (n, 2)."""
    t = np.linspace(0, 1, 18)
    phase, swing = rng.uniform(0, 6.3), rng.uniform(0.05, 0.3) * width
    bend = swing * np.sin(t * rng.uniform(2, 6) + phase) * t
    half = width / 2 * (np.sin(np.pi * np.clip(t * 0.75 + 0.25, 0, 1)) ** rng.uniform(0.6, 1.4))
    half = half * (1 - t) ** rng.uniform(0.25, 0.7)
    left = np.stack([cx + bend - half, base - t * height], 1)
    right = np.stack([cx + bend + half, base - t * height], 1)[::-1]
    return np.concatenate([left, right])


def _drawn(rng: Rng, x0: float, x1: float, base: float, top: float) -> Layer:
    rgb, alpha = empty()
    tongues = [
        (rng.uniform(x0, x1), rng.uniform(0.5, 1.0), rng.uniform(0.15, 0.6))
        for _ in range(rng.integers(2, 12))
    ]
    levels = int(rng.integers(1, 5))
    heat_values = np.linspace(rng.uniform(0.2, 0.5), rng.uniform(0.7, 1.0), levels)
    state = rng.integers(2**31)
    for level, heat in enumerate(heat_values):
        shrink = 1 - level / max(levels, 1) * rng.uniform(0.6, 0.9)
        sub = np.random.default_rng(state)
        outlines = [
            _tongue(
                sub,
                cx * SIDE_PX,
                base * SIDE_PX,
                (base - top) * SIDE_PX * tall * shrink,
                w * SIDE_PX * shrink * 0.8,
            )
            for cx, tall, w in tongues
        ]

        def draw(canvas: np.ndarray, s: int, outlines: list[np.ndarray] = outlines) -> None:
            for outline in outlines:
                cv2.fillPoly(canvas, [(outline * s).astype(np.int32)], 255)

        m = mask_of(draw)
        if rng.random() < 0.4:
            m = cv2.GaussianBlur(m, (0, 0), rng.uniform(0.7, 4))
        colour = palette(np.full((SIDE_PX, SIDE_PX), heat, np.float32), np.random.default_rng(state + 1))
        rgb = rgb * (1 - m[..., None]) + colour * m[..., None]
        alpha = np.maximum(alpha, m)
    return Layer(rgb, alpha, "alpha")


def _particles(rng: Rng, x0: float, x1: float, base: float, top: float) -> Layer:
    heat = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    n = int(rng.integers(40, 160))
    x, y = grid()
    life = rng.random(n) ** rng.uniform(0.7, 1.6)
    px = (rng.uniform(x0, x1, n) + rng.normal(0, 0.04, n) * (1 + life)) * SIDE_PX
    py = (base - life * (base - top)) * SIDE_PX
    size = rng.uniform(3, 13) * (1.1 - life * rng.uniform(0.5, 0.95))
    for cx, cy, r, t in zip(px, py, size, life, strict=True):
        r = max(float(r), 1.0)
        a, b = int(max(cx - 3 * r, 0)), int(min(cx + 3 * r, SIDE_PX))
        c, d = int(max(cy - 3 * r, 0)), int(min(cy + 3 * r, SIDE_PX))
        if a < b and c < d:
            part = ((x[c:d, a:b] - cx) ** 2 + (y[c:d, a:b] - cy) ** 2) / (2 * r * r)
            heat[c:d, a:b] += np.exp(-part) * (1 - 0.7 * t) * 0.45
    heat = np.clip(heat * (0.6 + 0.7 * noise(rng, 2.5)), 0, 1)
    return Layer(palette(heat, rng), np.clip(heat * 1.8, 0, 1), "screen" if rng.random() < 0.5 else "alpha")


def flames(rng: Rng, face: Face) -> Layer:
    """Paint fire in front of, below, around or all over the face (``x0, y0, x1, y1``, canvas fractions)."""
    fx0, fy0, fx1, fy1 = face
    high = fy1 - fy0
    base = rng.choice([fy1 + rng.uniform(-0.05, 0.25), 1.02, 1.02, 1.15])
    top = base - rng.uniform(0.3, 1.7) * high - (0.25 if base > 1 else 0)
    if rng.random() < 0.2:
        top = rng.uniform(-0.5, 0.1)
    x0, x1 = (0.0, 1.0) if rng.random() < 0.55 else (fx0 - 0.1, fx1 + 0.1)
    style = rng.random()
    if style < 0.5:
        heat = _rising(rng, top, base)
        if (x0, x1) != (0.0, 1.0):
            x, _ = grid()
            heat = heat * np.clip(1.4 - np.abs(x / SIDE_PX - (x0 + x1) / 2) / ((x1 - x0) / 2 + 1e-3), 0, 1)
        if rng.random() < 0.3:
            heat = np.clip((heat - 0.35) * rng.uniform(1.5, 5) + 0.35, 0, 1)
        hard = rng.uniform(1.2, 5)
        layer = Layer(palette(heat, rng), np.clip(heat * hard - 0.08 * hard, 0, 1))
        layer.blend = str(rng.choice(["alpha", "alpha", "screen", "add"]))
    elif style < 0.7:
        layer = _drawn(rng, max(x0, 0), min(x1, 1), min(base, 1.05), max(top, -0.1))
    elif style < 0.88:
        layer = _particles(rng, max(x0, 0), min(x1, 1), min(base, 1.0), max(top, 0.0))
    else:
        x, y = grid()
        cx, cy = (fx0 + fx1) / 2 * SIDE_PX, (fy0 + fy1) / 2 * SIDE_PX
        r = np.hypot((x - cx) / (fx1 - fx0), (y - cy) / high) / SIDE_PX
        ring, width = rng.uniform(0.25, 0.75), rng.uniform(0.1, 0.35)
        field = warp(noise(rng, 2.2, 1.4), rng, 8)
        heat = np.clip(1.3 * field + 0.3 - np.abs(r - ring - (0.5 - y / SIDE_PX) * 0.2) / width, 0, 1)
        layer = Layer(
            palette(heat, rng), np.clip(heat * 2.5, 0, 1), str(rng.choice(["alpha", "screen", "add"]))
        )
    if rng.random() < 0.25:
        _embers(rng, layer.rgb, layer.alpha)
    return layer


def explosion(rng: Rng, face: Face) -> Layer:
    """Paint a burst: a drawn star, a fireball of turbulence, or a flash with rays."""
    fx0, fy0, fx1, fy1 = face
    cx, cy = rng.uniform(fx0, fx1) * SIDE_PX, rng.uniform(fy0, fy1) * SIDE_PX
    radius = rng.uniform(0.25, 0.95) * (fy1 - fy0) * SIDE_PX
    style = rng.random()
    x, y = grid()
    if style < 0.4:
        points = int(rng.integers(8, 22))
        jag = rng.uniform(0.35, 0.75)
        angles = np.linspace(0, 2 * np.pi, 2 * points, endpoint=False) + rng.uniform(0, 6)
        radii = np.where(np.arange(2 * points) % 2, jag, 1) * rng.uniform(0.75, 1.15, 2 * points)
        rgb, alpha = empty()
        state = int(rng.integers(2**31))
        levels = int(rng.integers(1, 4))
        for level in range(levels):
            scale = radius * (1 - 0.3 * level)
            outline = np.stack([cx + np.cos(angles) * radii * scale, cy + np.sin(angles) * radii * scale], 1)

            def draw(canvas: np.ndarray, s: int, outline: np.ndarray = outline) -> None:
                cv2.fillPoly(canvas, [(outline * s).astype(np.int32)], 255)

            m = mask_of(draw)
            heat = np.full(
                (SIDE_PX, SIDE_PX), 0.3 + 0.6 * (level + 1) / levels * rng.uniform(0.7, 1), np.float32
            )
            colour = palette(heat, np.random.default_rng(state))
            rgb = rgb * (1 - m[..., None]) + colour * m[..., None]
            alpha = np.maximum(alpha, m)
        return Layer(rgb, alpha)
    r = np.hypot(x - cx, y - cy) / radius
    if style < 0.85:
        lumps = warp(noise(rng, rng.uniform(1, 2.5)), rng, 6)
        heat = np.clip(1.5 - r * (0.75 + 0.9 * (1 - lumps)), 0, 1) * (0.45 + 0.75 * lumps)
        heat = np.clip(heat, 0, 1).astype(np.float32)
        rgb = palette(heat, rng)
        smoke = np.clip(1.9 - r * (0.9 + 0.6 * lumps), 0, 1) * (rng.random() < 0.6) * rng.uniform(0.5, 1)
        alpha = np.clip(heat * 3, 0, 1)
        grey = noise(rng, 3)[..., None] * rng.uniform(0.15, 0.5)
        total = np.maximum(alpha, smoke)
        share = (alpha / np.maximum(total, 1e-3))[..., None]
        return Layer((rgb * share + grey * (1 - share)).astype(np.float32), total.astype(np.float32))
    angle = np.arctan2(y - cy, x - cx)
    rays = 0.5 + 0.5 * np.sin(angle * int(rng.integers(5, 20)) + 3 * np.sin(angle * 3 + rng.uniform(0, 6)))
    heat = np.clip(np.exp(-2.5 * r) * 1.3 + rays * np.exp(-1.3 * r) * 0.7, 0, 1).astype(np.float32)
    return Layer(palette(heat, rng), np.clip(heat * 1.8, 0, 1), str(rng.choice(["screen", "add", "alpha"])))
