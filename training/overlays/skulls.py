"""Painter of skulls, from the front, with and without jaw, bones, cracks and a hood."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.holes import crack_paths
from training.overlays.layers import Face, Layer, Rng, blob, noise
from training.overlays.parts import UNIT, Ink, Parts
from training.overlays.placing import dressed, near, place


def _tone(rng: Rng) -> Ink:
    v = int(rng.integers(180, 256))
    warm = rng.uniform(0.75, 1)
    return (v, int(v * (0.5 + warm / 2)), int(v * warm))


def _outline(rng: Rng, wide: float, tall: float, jaw: float, bottom: float) -> np.ndarray:
    """Crown, temples, cheekbones, upper jaw: one closed curve in unit fractions."""
    a = np.linspace(np.pi, 2 * np.pi, 16)
    crown = np.stack([0.5 + wide * np.cos(a), 0.4 + tall * np.sin(a)], 1)
    cheek = rng.uniform(0.85, 1.02)
    right = np.array(
        [(0.5 + wide * cheek, 0.5), (0.5 + wide * 0.85, 0.6), (0.5 + jaw, 0.66), (0.5 + jaw * 0.95, bottom)]
    )
    left = (right * (-1, 1) + (1, 0))[::-1]
    return np.concatenate([crown, right, left])


def skull_picture(rng: Rng) -> np.ndarray:
    """One skull, RGBA uint8."""
    p = Parts()
    r = rng.random()
    bone: Ink = _tone(rng) if r < 0.7 else (0, 0, 0) if r < 0.9 else tuple(rng.integers(0, 256, 3).tolist())  # type: ignore[assignment]
    light = sum(bone) > 300
    hollow: Ink = (int(rng.integers(0, 40)),) * 3 if light else (245, 245, 245)
    if rng.random() < 0.1:
        hollow = (int(rng.integers(120, 220)), 0, 0)
    shade: Ink = tuple(int(v * rng.uniform(0.6, 0.85)) for v in bone)  # type: ignore[assignment]
    if rng.random() < 0.12:  # a hood
        p.poly(np.clip(blob(rng, 0.5, 0.5, 0.46, 0.03), 0, 1), (int(rng.integers(0, 50)),) * 3)
    if rng.random() < 0.28:  # crossed bones
        low, high = rng.uniform(0.5, 0.7), rng.uniform(0.85, 0.97)
        thick = rng.uniform(0.04, 0.08)
        for s in (-1, 1):
            a, b = (0.5 - s * 0.44, low), (0.5 + s * 0.44, high)
            p.line([a, b], bone, thick)
            for x, y in (a, b):
                p.oval(x, y - thick * 0.6, thick * 0.65, thick * 0.65, bone)
                p.oval(x, y + thick * 0.6, thick * 0.65, thick * 0.65, bone)
    wide, tall = rng.uniform(0.26, 0.4), rng.uniform(0.26, 0.37)
    jaw, bottom = rng.uniform(0.13, 0.24), rng.uniform(0.72, 0.82)
    p.poly(_outline(rng, wide, tall, jaw, bottom), bone)
    chin = min(bottom + rng.uniform(0.05, 0.18), 0.98)
    with_jaw = rng.random() < 0.6
    if with_jaw:
        gap = rng.uniform(0.0, 0.05)
        p.poly(
            [(0.5 - jaw * 1.15, 0.66 + gap), (0.5 + jaw * 1.15, 0.66 + gap), (0.5 + jaw, chin - 0.03),
             (0.5 + jaw * 0.5, chin), (0.5 - jaw * 0.5, chin), (0.5 - jaw, chin - 0.03)],
            bone,
        )  # fmt: skip
    ex, ey = wide * rng.uniform(0.38, 0.5), rng.uniform(0.4, 0.48)
    rx, ry, tilt = rng.uniform(0.065, 0.125), rng.uniform(0.06, 0.13), rng.uniform(-35, 35)
    for s in (-1, 1):
        if rng.random() < 0.35:
            p.oval(0.5 + s * ex, ey, rx * 1.25, ry * 1.25, shade, s * tilt)
        socket = blob(rng, 0, 0, 1.0, rng.uniform(0, 0.12), 24) * (rx, ry)
        t = np.radians(s * tilt)
        turned = socket @ np.array([[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]])
        p.poly(turned + np.array([0.5 + s * ex, ey]), hollow)
        if rng.random() < 0.06:
            p.oval(0.5 + s * ex, ey, 0.02, 0.02, (220, 20, 10))
    nose, low = rng.uniform(0.025, 0.06), rng.uniform(0.58, 0.66)
    p.poly([(0.5, low - 0.1), (0.5 + nose, low), (0.5 + nose * 0.2, low - 0.015), (0.5 - nose, low)], hollow)
    teeth = int(rng.integers(3, 9))
    line = max(0.008, 0.04 / teeth)
    base = chin if with_jaw else bottom
    for k in range(teeth):
        x = 0.5 - jaw * 0.8 + 1.6 * jaw * k / (teeth - 1)
        p.line([(x, bottom - rng.uniform(0.06, 0.1)), (x, min(bottom + 0.05, base - 0.02))], hollow, line)
    if with_jaw and rng.random() < 0.7:
        p.line([(0.5 - jaw * 0.9, bottom), (0.5 + jaw * 0.9, bottom)], hollow, rng.uniform(0.008, 0.03))
    if rng.random() < 0.25:
        for path in crack_paths(rng, 0.5 + rng.uniform(-0.15, 0.15), 0.2, 0.02, 0.15, False)[:3]:
            p.line(path, hollow, 0.008)
    return p.picture


def skull(rng: Rng, face: Face) -> Layer:
    """Paint a skull over the face or beside it."""
    picture = skull_picture(rng)
    if rng.random() < 0.25:  # an outline
        alpha = picture[..., 3]
        wide = cv2.dilate(alpha, np.ones((5, 5), np.uint8))
        share = alpha[..., None] / 255
        picture = np.dstack([(picture[..., :3] * share).astype(np.uint8), wide])
    if rng.random() < 0.3:
        w = int(UNIT * rng.uniform(0.75, 1.3))
        picture = cv2.resize(picture, (w, UNIT), interpolation=cv2.INTER_AREA)
    size = rng.uniform(0.35, 1.6) * (face[3] - face[1])
    layer = place(rng, picture, size, near(rng, face, 0.4), rng.normal(0, 10))
    if rng.random() < 0.3:
        layer.rgb = layer.rgb * (0.7 + 0.3 * noise(rng, 3)[..., None])
    return dressed(rng, layer)
