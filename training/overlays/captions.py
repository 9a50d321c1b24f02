"""Painters of captions, frames, boxes, arrows, hearts, bars: what editors lay over faces in peace."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Rng, empty, flat, mask_of
from training.overlays.lettering import write


def plain_colour(rng: Rng) -> np.ndarray:
    """A colour of bars, frames and clothes: red often, since red is not violence."""
    r = rng.random()
    if r < 0.3:
        return np.array([rng.uniform(0.5, 0.95), rng.uniform(0, 0.2), rng.uniform(0, 0.2)])
    if r < 0.55:
        return np.array([rng.uniform(0, 0.2), rng.uniform(0.05, 0.4), rng.uniform(0.3, 0.9)])
    if r < 0.7:
        return np.full(3, rng.uniform(0, 0.15))
    if r < 0.8:
        return np.full(3, rng.uniform(0.85, 1))
    return rng.random(3)


def caption(rng: Rng, face: Face) -> Layer:
    """Paint one to five lines of text, plain, outlined, on a bar or as a lower third."""
    rgb, alpha = empty()
    height = rng.uniform(5, 26)
    lines = int(rng.integers(1, 6)) if height < 14 else int(rng.integers(1, 4))
    y = rng.uniform(-0.05, 0.95) * SIDE_PX
    text = np.zeros_like(alpha)
    x0 = rng.uniform(-0.4, 0.5) * SIDE_PX
    for k in range(lines):
        write(rng, text, x0 + rng.normal(0, 3), y + k * height * 1.25, height, SIDE_PX * 2)
    ink = rng.choice([0.0, 1.0, 1.0, 1.0]) if rng.random() < 0.6 else rng.random(3)
    if rng.random() < 0.2:
        ink = np.array([rng.uniform(0.6, 1), rng.uniform(0, 0.4), 0.0])
    if rng.random() < 0.55:  # a bar behind it
        bar = np.zeros_like(alpha)
        a = 0 if rng.random() < 0.6 else int(max(x0 - 6, 0))
        b = SIDE_PX if rng.random() < 0.7 else int(min(a + rng.uniform(0.4, 1) * SIDE_PX, SIDE_PX))
        bar[int(max(y - 4, 0)) : int(max(min(y + lines * height * 1.25 + 4, SIDE_PX), 0)), a:b] = 1
        rgb, alpha = flat(plain_colour(rng)), bar * rng.uniform(0.4, 1)
        if rng.random() < 0.4:
            rows = np.linspace(rng.uniform(0.5, 1), rng.uniform(0.8, 1.2), SIDE_PX)[None, :, None]
            rgb = np.clip(rgb * rows, 0, 1)
    elif rng.random() < 0.6:  # outline or shadow
        edge = cv2.dilate(text, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        if rng.random() < 0.5:
            edge = cv2.GaussianBlur(np.roll(edge, (1, 1), (0, 1)), (0, 0), 1)
        rgb, alpha = flat(1.0 - float(np.mean(ink) > 0.4)), edge * rng.uniform(0.5, 1)
    total = np.maximum(alpha, text)
    return Layer(
        (rgb * (1 - text[..., None]) + flat(ink) * text[..., None]).astype(np.float32),
        total.astype(np.float32),
    )


def shapes(rng: Rng, face: Face) -> Layer:
    """Paint frames, focus boxes, highlight rings, arrows, ticks, bars over the eyes, dots, grids, hearts."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    cx, cy, w, h = (fx0 + fx1) / 2, (fy0 + fy1) / 2, fx1 - fx0, fy1 - fy0
    what = int(rng.integers(14))
    t = max(1, int(rng.uniform(0.01, 0.06) * h))
    g = rng.uniform(0.6, 1.15)

    def draw(img: np.ndarray, s: int) -> None:
        def p(x: float, y: float) -> tuple[int, int]:
            return int(x * s), int(y * s)

        box = (p(cx - w * g / 1.6, cy - h * g / 1.6), p(cx + w * g / 1.6, cy + h * g / 1.6))
        if what == 0:
            cv2.rectangle(img, *box, 255, t * s)
        elif what == 1:
            cv2.ellipse(
                img,
                p(cx, cy),
                (int(w * g / 1.5 * s), int(h * g / 1.5 * s)),
                0,
                0,
                360,
                255,
                t * s,
                cv2.LINE_AA,
            )
        elif what == 2:
            a = rng.uniform(0, 6.3)
            far = p(cx + np.cos(a) * h * 1.3, cy + np.sin(a) * h * 1.3)
            cv2.arrowedLine(
                img,
                far,
                p(cx + np.cos(a) * h * 0.55, cy + np.sin(a) * h * 0.55),
                255,
                2 * t * s,
                cv2.LINE_AA,
                tipLength=0.35,
            )
        elif what == 3:
            pts = (
                np.array([(cx - w * 0.3, cy), (cx - w * 0.1, cy + h * 0.25), (cx + w * 0.35, cy - h * 0.3)])
                * s
            )
            cv2.polylines(img, [pts.astype(np.int32)], False, 255, 3 * t * s, cv2.LINE_AA)
        elif what == 4:
            y = cy - h * rng.uniform(0.05, 0.2)
            cv2.rectangle(img, p(cx - w * 0.6, y - h * 0.09), p(cx + w * 0.6, y + h * 0.09), 255, -1)
        elif what == 5:
            for _ in range(int(rng.integers(5, 40))):
                cv2.circle(
                    img,
                    p(*(rng.random(2) * SIDE_PX)),
                    max(1, int(rng.uniform(0.5, 4) * s)),
                    255,
                    -1,
                    cv2.LINE_AA,
                )
        elif what == 6:
            n = int(rng.integers(3, 6))  # two lines that cross over a face would be a crosshair
            for k in range(1, n):
                cv2.line(img, p(SIDE_PX * k / n, 0), p(SIDE_PX * k / n, SIDE_PX), 255, max(1, t * s // 2))
                cv2.line(img, p(0, SIDE_PX * k / n), p(SIDE_PX, SIDE_PX * k / n), 255, max(1, t * s // 2))
        elif what == 7:
            step = int(rng.integers(4, 24))
            for k in range(0, SIDE_PX, step):
                cv2.line(img, p(0, k), p(SIDE_PX, k), 255, max(1, int(step * 0.3) * s))
        elif what == 8:
            hx, hy, r = cx + rng.uniform(-w, w), cy + rng.uniform(-h, h), h * rng.uniform(0.08, 0.3)
            a = np.linspace(0, 2 * np.pi, 40)
            pts = np.stack(
                [
                    hx + r * np.sin(a) ** 3,
                    hy - r * (0.81 * np.cos(a) - 0.31 * np.cos(2 * a) - 0.12 * np.cos(3 * a)),
                ],
                1,
            )
            cv2.fillPoly(img, [(pts * s).astype(np.int32)], 255, cv2.LINE_AA)
        elif what == 9:
            (x0, y0), (x1, y1) = box
            d = int(h * 0.25 * s)
            for x, sx in ((x0, 1), (x1, -1)):
                for y, sy in ((y0, 1), (y1, -1)):
                    cv2.line(img, (x, y), (x + sx * d, y), 255, t * s)
                    cv2.line(img, (x, y), (x, y + sy * d), 255, t * s)
        elif what == 10:
            m = int(rng.uniform(0.02, 0.12) * SIDE_PX)
            cv2.rectangle(img, p(0, 0), p(SIDE_PX, SIDE_PX), 255, 2 * m * s)
        elif what == 11:  # one vertical or horizontal line: split screen, scratch
            k = rng.uniform(0, SIDE_PX)
            q = (
                (p(k, 0), p(k + rng.normal(0, 4), SIDE_PX))
                if rng.random() < 0.6
                else (p(0, k), p(SIDE_PX, k))
            )
            cv2.line(img, *q, 255, t * s)
        elif what == 12:
            for _ in range(int(rng.integers(3, 14))):
                x, y, r = rng.random() * SIDE_PX, rng.random() * SIDE_PX, rng.uniform(3, 16)
                cv2.rectangle(img, p(x, y), p(x + r * rng.uniform(0.5, 2), y + r), 255, -1)
        else:
            x, y, r = cx + rng.uniform(-w, w), cy + rng.uniform(-h, h), h * rng.uniform(0.08, 0.35)
            cv2.circle(img, p(x, y), int(r * s), 255, -1, cv2.LINE_AA)

    alpha = mask_of(draw) * (1.0 if rng.random() < 0.6 else rng.uniform(0.4, 1))
    colour = plain_colour(rng) if rng.random() < 0.75 else rng.choice([0.0, 1.0])
    return Layer(flat(colour), alpha.astype(np.float32))
