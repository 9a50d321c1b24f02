"""Painters of what people wear and hold, have on their skin, or stand in front of."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.captions import plain_colour
from training.overlays.layers import SIDE_PX, Face, Layer, Rng, flat, mask_of, noise


def worn(rng: Rng, face: Face) -> Layer:
    """Paint what people wear and hold: glasses, ties, scarves, hats, beards, masks, microphones, plasters."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    cx, w, h = (fx0 + fx1) / 2, fx1 - fx0, fy1 - fy0
    what = int(rng.integers(13))
    colour: object = plain_colour(rng)

    def draw(img: np.ndarray, s: int) -> None:
        def p(x: float, y: float) -> tuple[int, int]:
            return int(x * s), int(y * s)

        eye = fy0 + h * 0.38
        if what == 0:
            t = -1 if rng.random() < 0.4 else max(1, int(h * 0.025 * s))
            for sx in (-1, 1):
                cv2.ellipse(
                    img,
                    p(cx + sx * w * 0.23, eye),
                    (int(w * rng.uniform(0.14, 0.2) * s), int(h * rng.uniform(0.08, 0.13) * s)),
                    0,
                    0,
                    360,
                    255,
                    t,
                    cv2.LINE_AA,
                )
            cv2.line(img, p(cx - w * 0.07, eye), p(cx + w * 0.07, eye), 255, max(1, int(h * 0.025 * s)))
        elif what == 1:
            k = w * rng.uniform(0.08, 0.16)
            pts = np.array(
                [
                    (cx - k, fy1 + h * 0.1),
                    (cx + k, fy1 + h * 0.1),
                    (cx + k * 1.3, fy1 + h * 0.8),
                    (cx, fy1 + h),
                    (cx - k * 1.3, fy1 + h * 0.8),
                ]
            )
            cv2.fillPoly(img, [(pts * s).astype(np.int32)], 255)
        elif what == 2:
            cv2.ellipse(
                img,
                p(cx, fy1 + h * 0.18),
                (int(w * 0.7 * s), int(h * rng.uniform(0.12, 0.25) * s)),
                0,
                0,
                360,
                255,
                -1,
            )
        elif what == 3:
            y = fy0 + h * rng.uniform(0.02, 0.15)
            cv2.ellipse(
                img, p(cx, y), (int(w * 0.62 * s), int(h * rng.uniform(0.25, 0.5) * s)), 0, 180, 360, 255, -1
            )
            if rng.random() < 0.5:
                cv2.rectangle(img, p(cx - w * 0.8, y - h * 0.05), p(cx + w * 0.8, y + h * 0.03), 255, -1)
        elif what == 4:
            cv2.ellipse(
                img,
                p(cx, fy1 - h * 0.12),
                (int(w * rng.uniform(0.3, 0.45) * s), int(h * rng.uniform(0.15, 0.35) * s)),
                0,
                -20,
                200,
                255,
                -1,
            )
        elif what == 5:
            y = fy0 + h * rng.uniform(0.5, 0.6)
            pts = np.array(
                [(fx0, y), (fx1, y), (fx1 - w * 0.1, fy1), (cx, fy1 + h * 0.08), (fx0 + w * 0.1, fy1)]
            )
            cv2.fillPoly(img, [(pts * s).astype(np.int32)], 255)
        elif what == 6:
            x, y, r = (
                cx + rng.uniform(-0.7, 0.7) * w,
                fy1 + rng.uniform(-0.1, 0.4) * h,
                w * rng.uniform(0.07, 0.2),
            )
            cv2.ellipse(
                img, p(x, y), (int(r * s), int(r * rng.uniform(1, 1.6) * s)), 0, 0, 360, 255, -1, cv2.LINE_AA
            )
            cv2.line(
                img, p(x, y), p(x + rng.uniform(-0.4, 0.4) * w, SIDE_PX + 9), 255, max(1, int(r * 0.7 * s))
            )
        elif what == 7:  # freckles, moles, spots
            for _ in range(int(rng.integers(3, 40))):
                x, y = cx + rng.normal(0, 0.25) * w, fy0 + rng.uniform(0.2, 0.95) * h
                cv2.circle(img, p(x, y), max(1, int(rng.uniform(0.4, 1.6) * s)), 255, -1, cv2.LINE_AA)
        elif what == 8:  # a string of beads, pearls, a chain
            t = np.linspace(0.15, np.pi - 0.15, int(rng.integers(12, 30)))
            for x, y in np.stack([cx + np.cos(t) * w * 0.5, fy1 - 0.05 * h + np.sin(t) * h * 0.35], 1):
                cv2.circle(img, p(x, y), max(1, int(rng.uniform(0.8, 2.2) * s)), 255, -1, cv2.LINE_AA)
            for sx in (-1, 1):
                cv2.circle(img, p(cx + sx * w * 0.52, fy0 + h * 0.6), max(1, int(0.03 * h * s)), 255, -1)
        elif what == 9:  # a head scarf or long hair: all around the face
            cv2.ellipse(
                img, p(cx, cy := (fy0 + fy1) / 2), (int(w * 0.85 * s), int(h * 0.85 * s)), 0, 0, 360, 255, -1
            )
            cv2.rectangle(img, p(cx - w * 0.8, cy), p(cx + w * 0.8, cy + 2 * h), 255, -1)
            cv2.ellipse(img, p(cx, cy + 0.03 * h), (int(w * 0.5 * s), int(h * 0.55 * s)), 0, 0, 360, 0, -1)
        elif what == 10:  # a moustache
            y = fy0 + h * rng.uniform(0.62, 0.7)
            for sx in (-1, 1):
                cv2.ellipse(
                    img,
                    p(cx + sx * w * 0.12, y),
                    (int(w * 0.15 * s), int(h * 0.05 * s)),
                    sx * 15,
                    0,
                    360,
                    255,
                    -1,
                )
        elif what == 11:  # something held before the face: a bottle, a stick, a flute, a phone
            a = rng.uniform(0, np.pi)
            d = np.array([np.cos(a), np.sin(a)]) * h * rng.uniform(0.3, 0.9)
            m = np.array([cx + rng.uniform(-0.6, 0.6) * w, fy0 + rng.uniform(0.4, 1.2) * h])
            cv2.line(
                img, p(*(m - d)), p(*(m + d)), 255, max(1, int(h * rng.uniform(0.03, 0.2) * s)), cv2.LINE_AA
            )
        else:
            x, y, r = (
                cx + rng.uniform(-0.35, 0.35) * w,
                fy0 + rng.uniform(0.15, 0.8) * h,
                w * rng.uniform(0.05, 0.12),
            )
            cv2.line(
                img,
                p(x - r, y),
                p(x + r, y + r * rng.uniform(-1, 1)),
                255,
                max(2, int(r * 0.7 * s)),
                cv2.LINE_AA,
            )

    alpha = mask_of(draw)
    if what in (4, 10):
        colour = np.array([0.2, 0.14, 0.1]) * rng.uniform(0.2, 2)
        alpha = cv2.GaussianBlur(alpha, (0, 0), 2.5) * np.clip(0.6 + noise(rng, 4), 0, 1)
    if what == 7:
        colour = np.array([0.35, 0.18, 0.1]) * rng.uniform(0.4, 2)
    if what == 6 and rng.random() < 0.6:
        colour = np.full(3, rng.uniform(0, 0.25))
    rgb = flat(np.asarray(colour, np.float32)) * (0.75 + 0.35 * noise(rng, 2)[..., None])
    return Layer(np.clip(rgb, 0, 1).astype(np.float32), (alpha * rng.uniform(0.75, 1)).astype(np.float32))
