"""Painter of nooses: a loop, a knot of coils, a line up; ropes of several makes, from the front or askew."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Picture, Rng, flat, mask_of
from training.overlays.placing import silhouette, surrounded

_TONES = (
    (0.72, 0.55, 0.35),
    (0.55, 0.4, 0.25),
    (0.85, 0.75, 0.6),
    (0.62, 0.5, 0.4),
    (0.08, 0.08, 0.08),
    (0.95, 0.95, 0.95),
    (0.5, 0.5, 0.5),
    (0.6, 0.1, 0.1),
)


def _twisted(path: np.ndarray, thick: float, pitch: float, phase: float) -> list[np.ndarray]:
    """Short slanting strokes along a path: the strands of a rope."""
    steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.arange(phase * pitch, along[-1], pitch)
    points = np.stack([np.interp(at, along, path[:, k]) for k in (0, 1)], 1)
    ahead = np.stack([np.interp(at + 1, along, path[:, k]) for k in (0, 1)], 1) - points
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True) + 1e-6
    side = np.stack([-ahead[:, 1], ahead[:, 0]], 1)
    reach = thick * 0.5
    return [
        np.array([p - s * reach - a * reach * 0.7, p + s * reach + a * reach * 0.7])
        for p, a, s in zip(points, ahead, side, strict=True)
    ]


def _strands(canvas: np.ndarray, s: int, strokes: list[np.ndarray], width: float) -> None:
    for stroke in strokes:
        p, q = (stroke * s).astype(int)
        cv2.line(canvas, tuple(p.tolist()), tuple(q.tolist()), 255, max(1, round(width * s)), cv2.LINE_AA)


def _loop(rng: Rng, cx: float, cy: float, lw: float, lh: float) -> np.ndarray:
    """Outline of the loop from its top around: a drop, an oval, or hanging askew."""
    t = np.linspace(0, 2 * np.pi, 60)
    pinch = rng.uniform(0, 1.0)
    x = lw * np.sin(t) * (1 - pinch * np.clip(np.cos(t), 0, 1) ** rng.uniform(1, 3) * 0.75)
    y = -lh * np.cos(t)
    x = x + rng.normal(0, 0.1) * y + 0.06 * lw * np.sin(2 * t + rng.uniform(0, 6.3))
    return np.stack([cx + x, cy + y], 1)


def noose(rng: Rng, face: Face) -> Layer:
    """Paint a rope with a loop around, on or beside the face."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    wide, high = fx1 - fx0, fy1 - fy0
    cx = (fx0 + fx1) / 2 + rng.normal(0, 0.15) * wide
    scale = rng.uniform(0.4, 1.5)
    lw, lh = wide * scale * rng.uniform(0.3, 0.6), high * scale * rng.uniform(0.3, 0.6)
    cy = fy0 + high * rng.uniform(0.2, 1.05)
    thick = max(rng.uniform(0.02, 0.1) * high, 1.5)
    loop = _loop(rng, cx, cy, lw, lh)
    top = loop[0]
    lean = rng.normal(0, 0.15)
    up = np.array([np.sin(lean), -np.cos(lean)])
    side = np.array([-up[1], up[0]])
    coils = int(rng.integers(3, 12)) if rng.random() < 0.85 else 1
    pitch_of_coil = thick * rng.uniform(0.75, 1.0)
    broad = thick * rng.uniform(1.0, 1.6)
    end = top + up * (pitch_of_coil * coils + SIDE_PX * rng.choice([0.3, 1.5, 1.5]))
    line = np.linspace(top, end, 40)
    sway = rng.normal(0, 0.02) * SIDE_PX if rng.random() < 0.3 else 0.0
    line = line + side * (np.sin(np.linspace(0, np.pi, 40)) * sway)[:, None]
    slope = rng.uniform(0.0, 0.5)
    bars = [
        np.array([m - side * broad + up * thick * slope, m + side * broad - up * thick * slope])
        for m in (top + up * pitch_of_coil * k for k in range(coils))
    ]
    tail = rng.random() < 0.3

    def rope(canvas: np.ndarray, s: int) -> None:
        w = max(1, int(thick * s))
        cv2.polylines(canvas, [(loop * s).astype(np.int32)], True, 255, w, cv2.LINE_AA)
        cv2.polylines(canvas, [(line * s).astype(np.int32)], False, 255, w, cv2.LINE_AA)
        if tail:
            p, q = top * s, (top + side * broad * 1.3 - up * thick * 2.5) * s
            cv2.line(canvas, tuple(p.astype(int).tolist()), tuple(q.astype(int).tolist()), 255, w)

    knot = mask_of(lambda c, s: _strands(c, s, bars, thick * 0.95))
    alpha = np.maximum(mask_of(rope), knot)
    layer = Layer(flat(_TONES[rng.integers(len(_TONES))]), alpha)
    if rng.random() < 0.15:
        layer = silhouette(rng, layer)
        return surrounded(rng, layer) if rng.random() < 0.3 else layer
    if rng.random() < 0.8:  # strands
        pitch = thick * rng.uniform(0.35, 0.9)
        way = _twisted(loop, thick, max(pitch, 1.4), rng.random())
        way += _twisted(line, thick, max(pitch, 1.4), rng.random())
        dark = mask_of(lambda c, s: _strands(c, s, way, max(thick * 0.12, 0.5)))
        shade: Picture = dark * (1 - knot) * rng.uniform(0.3, 0.8)
        layer.rgb = layer.rgb * (1 - shade[..., None])
    edges = mask_of(
        lambda c, s: _strands(c, s, [b + up * pitch_of_coil / 2 for b in bars], max(thick * 0.18, 0.5))
    )
    layer.rgb = layer.rgb * (1 - edges[..., None] * rng.uniform(0.4, 0.8))
    if rng.random() < 0.6:  # round: dark towards the edge
        inner = cv2.GaussianBlur(alpha, (0, 0), max(thick * 0.3, 0.7))
        layer.rgb = layer.rgb * np.clip(0.35 + 0.75 * inner, 0, 1.05)[..., None]
    layer.rgb = np.clip(layer.rgb, 0, 1).astype(np.float32)
    return surrounded(rng, layer) if rng.random() < 0.15 else layer
