"""Painters of broadcast and app graphics: lower thirds, score boards, telestration, signs, landmarks."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.captions import plain_colour
from training.overlays.layers import (
    SIDE_PX,
    Face,
    Layer,
    Picture,
    Rng,
    blob,
    empty,
    fill,
    flat,
    lines,
    mask_of,
)
from training.overlays.lettering import write


def _over(rgb: Picture, alpha: Picture, m: Picture, colour: object) -> tuple[Picture, Picture]:
    a = m[..., None]
    return (rgb * (1 - a) + np.asarray(colour, np.float32) * a).astype(np.float32), alpha + m - alpha * m


def _box(x0: float, y0: float, x1: float, y1: float) -> Picture:
    out = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    a, b, c, d = (int(np.clip(v, 0, SIDE_PX)) for v in (x0, y0, x1, y1))
    out[b:d, a:c] = 1
    return out


def lower_third(rng: Rng, face: Face) -> Layer:
    """A band with a second one, a block of colour, a logo and two lines."""
    rgb, alpha = empty()
    y = rng.uniform(0.55, 0.92) * SIDE_PX
    high, x = rng.uniform(10, 30), rng.uniform(-20, 40)
    rgb, alpha = _over(rgb, alpha, _box(x, y, SIDE_PX * rng.uniform(0.7, 1.4), y + high), plain_colour(rng))
    if rng.random() < 0.6:
        rgb, alpha = _over(rgb, alpha, _box(x, y + high, SIDE_PX, y + high * 1.5), plain_colour(rng))
    if rng.random() < 0.6:
        rgb, alpha = _over(rgb, alpha, _box(x, y - 2, x + rng.uniform(4, 26), y + high), plain_colour(rng))
    text = np.zeros_like(alpha)
    write(rng, text, x + 8, y + 2, high * 0.6, SIDE_PX)
    write(rng, text, x + 8, y + high * 1.02, high * 0.4, SIDE_PX)
    rgb, alpha = _over(rgb, alpha, text, rng.choice([0.0, 1.0, 1.0]))
    return Layer(rgb, alpha * rng.uniform(0.7, 1))


def score_board(rng: Rng, face: Face) -> Layer:
    """Boxes with figures in a row, a clock, a flag."""
    rgb, alpha = empty()
    x, y, high = rng.uniform(-10, 70), rng.uniform(0, 0.9) * SIDE_PX, rng.uniform(8, 18)
    for _ in range(int(rng.integers(2, 6))):
        wide = rng.uniform(10, 40)
        rgb, alpha = _over(rgb, alpha, _box(x, y, x + wide, y + high), plain_colour(rng))
        text = np.zeros_like(alpha)
        write(rng, text, x + 2, y + 1, high * 0.85, wide - 3)
        rgb, alpha = _over(rgb, alpha, text, rng.choice([0.0, 1.0, 1.0]))
        x += wide + rng.choice([0, 1, 3])
    return Layer(rgb, alpha)


def telestration(rng: Rng, face: Face) -> Layer:
    """Rings, ovals, arrows and underlines drawn by hand: they point a face out, they do not cross it out."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    cx, cy, w, h = (fx0 + fx1) / 2, (fy0 + fy1) / 2, fx1 - fx0, fy1 - fy0
    width = rng.uniform(1, 5)
    paths = []
    r = rng.random()
    if r < 0.5:
        a = np.linspace(0, 2 * np.pi * rng.uniform(0.9, 1.8), 60) + rng.uniform(0, 6)
        g = rng.uniform(0.62, 1.1) + np.linspace(0, rng.normal(0, 0.08), 60)
        paths.append(np.stack([cx + np.cos(a) * w * g, cy + np.sin(a) * h * g], 1))
    if r > 0.4:
        a = rng.uniform(0, 6.3)
        tip = np.array([cx + np.cos(a) * w * 0.6, cy + np.sin(a) * h * 0.6])
        far = np.array([cx + np.cos(a) * w * 1.5, cy + np.sin(a) * h * 1.5])
        t = np.linspace(0, 1, 12)[:, None]
        bow = np.array([-np.sin(a), np.cos(a)]) * rng.normal(0, 0.15) * h
        paths.append(far + (tip - far) * t + bow * np.sin(np.pi * t))
        for s in (-0.5, 0.5):
            d = np.array([np.cos(a + s), np.sin(a + s)]) * h * 0.2
            paths.append(np.array([tip, tip + d]))
    if rng.random() < 0.25:
        y = fy1 + rng.uniform(0.05, 0.4) * h
        paths.append(np.array([[fx0, y], [fx1, y + rng.normal(0, 3)]]))
    return Layer(flat(plain_colour(rng)), lines(paths, width))


def small_sign(rng: Rng, face: Face) -> Layer:
    """A small sign away from the face: no smoking, a close button, a play button, a plus, a pin, a tick."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    r = rng.uniform(5, 13)
    spots = [
        (x, y)
        for x, y in ((rng.uniform(r, SIDE_PX - r), rng.uniform(r, SIDE_PX - r)) for _ in range(12))
        if x + 2 * r < fx0 or x - 2 * r > fx1 or y + 2 * r < fy0 or y - 2 * r > fy1
    ]
    rgb, alpha = empty()
    if not spots:
        return Layer(rgb, alpha)
    cx, cy = spots[0]
    what, width = rng.integers(6), rng.uniform(1, 3)
    a = np.linspace(0, 2 * np.pi, 25)
    circle = np.stack([cx + np.cos(a) * r, cy + np.sin(a) * r], 1)
    ink: object = plain_colour(rng) if rng.random() < 0.5 else (0.85, 0.05, 0.05)
    d = r * 0.7
    slash, back = (
        np.array([[cx - d, cy - d], [cx + d, cy + d]]),
        np.array([[cx + d, cy - d], [cx - d, cy + d]]),
    )
    if rng.random() < 0.6:
        rgb, alpha = _over(rgb, alpha, fill(circle), rng.choice([0.0, 1.0, 1.0]))
    if what == 0:
        inner = np.array([[cx - d, cy], [cx + d, cy]])
        rgb, alpha = _over(rgb, alpha, lines([inner], r * 0.35), 0.1)
        rgb, alpha = _over(rgb, alpha, lines([circle, slash], width), ink)
    elif what == 1:
        rgb, alpha = _over(
            rgb,
            alpha,
            lines([slash * 0.6 + np.array([cx, cy]) * 0.4, back * 0.6 + np.array([cx, cy]) * 0.4], width),
            ink,
        )
    elif what == 2:
        tip = np.array([[cx - d * 0.6, cy - d], [cx + d, cy], [cx - d * 0.6, cy + d]])
        rgb, alpha = _over(rgb, alpha, fill(tip), ink)
    elif what == 3:
        rgb, alpha = _over(
            rgb,
            alpha,
            lines([np.array([[cx - d, cy], [cx + d, cy]]), np.array([[cx, cy - d], [cx, cy + d]])], width),
            ink,
        )
    elif what == 4:
        rgb, alpha = _over(
            rgb,
            alpha,
            fill(circle, np.array([[cx - d, cy + d * 0.4], [cx + d, cy + d * 0.4], [cx, cy + 2 * r]])),
            ink,
        )
        rgb, alpha = _over(rgb, alpha, fill((circle - (cx, cy)) * 0.4 + (cx, cy)), 1.0)
    else:
        tick = np.array([[cx - d, cy], [cx - d * 0.2, cy + d * 0.8], [cx + d, cy - d]])
        rgb, alpha = _over(rgb, alpha, lines([tick], width * 1.5), ink)
    return Layer(rgb, alpha)


def landmarks(rng: Rng, face: Face) -> Layer:
    """What face tracking draws: dots, a mesh, a box with a number."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    n = int(rng.integers(12, 60))
    a, d = rng.uniform(0, 6.3, n), np.sqrt(rng.random(n)) * 0.5
    points = np.stack(
        [(fx0 + fx1) / 2 + np.cos(a) * d * (fx1 - fx0), (fy0 + fy1) / 2 + np.sin(a) * d * (fy1 - fy0)], 1
    )
    mesh, box = rng.random() < 0.4, rng.random() < 0.5

    def draw(canvas: np.ndarray, s: int) -> None:
        for p in points:
            cv2.circle(canvas, tuple((p * s).astype(int).tolist()), int(rng.integers(1, 4)), 255, -1)
            if mesh:
                near = points[np.argsort(((points - p) ** 2).sum(1))[1:4]]
                for q in near:
                    cv2.line(
                        canvas,
                        tuple((p * s).astype(int).tolist()),
                        tuple((q * s).astype(int).tolist()),
                        200,
                        1,
                    )
        if box:
            cv2.rectangle(canvas, (int(fx0 * s), int(fy0 * s)), (int(fx1 * s), int(fy1 * s)), 255, 3)

    alpha = mask_of(draw)
    if box:
        write(rng, alpha, fx0, fy0 - 9, 8, 50)
    return Layer(flat(plain_colour(rng)), alpha)


def patches(rng: Rng, face: Face) -> Layer:
    """Blots and balls of any colour: censor blobs, bubbles, balls, fruit, balloons, censor bars, paint."""
    rgb, alpha = empty()
    ball = rng.random() < 0.6
    for _ in range(int(rng.choice([1, 1, 2, 3, 6]))):
        cx = rng.uniform(face[0] - 0.2, face[2] + 0.2) * SIDE_PX
        cy = rng.uniform(face[1] - 0.2, face[3] + 0.2) * SIDE_PX
        r = rng.uniform(0.05, 0.55) * (face[3] - face[1]) * SIDE_PX
        colour = rng.random(3)
        if not ball and colour[0] > 0.3 and colour[1:].max() < 0.4:
            colour = colour[::-1]  # a ragged red blot is blood
        m = fill(blob(rng, cx, cy, r, 0.0 if ball else rng.uniform(0.05, 0.25), 36))
        if rng.random() < 0.5:  # round: lit from a side
            light = cv2.GaussianBlur(
                np.roll(m, (-int(r * 0.3), -int(r * 0.3)), (0, 1)), (0, 0), max(r * 0.3, 1)
            )
            plane = flat(np.asarray(colour, np.float32)) * (0.55 + 0.6 * light[..., None])
            rgb, alpha = _over(rgb, alpha, m, np.clip(plane, 0, 1))
        else:
            rgb, alpha = _over(rgb, alpha, m, colour)
    return Layer(rgb, alpha * (1.0 if rng.random() < 0.6 else rng.uniform(0.5, 1)))
