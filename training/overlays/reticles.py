"""Painters of crosshairs: sights, scopes, brackets of a fire-control display, targets, laser dots."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Picture, Rng, flat, grid, mark_colour, mask_of
from training.overlays.lettering import write
from training.overlays.placing import surrounded


class _Pen:
    """Lines and rings about a centre, canvas pixels, on a supersampled canvas."""

    def __init__(
        self, canvas: np.ndarray, scale: int, cx: float, cy: float, thick: float, turn: float
    ) -> None:
        self.canvas, self.scale, self.cx, self.cy, self.thick, self.turn = canvas, scale, cx, cy, thick, turn

    def at(self, r: float, angle: float) -> tuple[int, int]:
        a = angle + self.turn
        return (
            int((self.cx + np.cos(a) * r) * self.scale),
            int((self.cy + np.sin(a) * r) * self.scale),
        )

    def width(self, times: float = 1.0) -> int:
        return max(1, round(self.thick * times * self.scale))

    def arm(self, angle: float, near: float, far: float, times: float = 1.0) -> None:
        cv2.line(self.canvas, self.at(near, angle), self.at(far, angle), 255, self.width(times), cv2.LINE_AA)

    def across(self, angle: float, r: float, half: float, times: float = 1.0) -> None:
        """A tick across an arm."""
        a = angle + self.turn
        m = np.array([self.cx + np.cos(a) * r, self.cy + np.sin(a) * r])
        n = np.array([-np.sin(a), np.cos(a)]) * half
        p, q = ((m - n) * self.scale).astype(int), ((m + n) * self.scale).astype(int)
        cv2.line(self.canvas, tuple(p.tolist()), tuple(q.tolist()), 255, self.width(times), cv2.LINE_AA)

    def ring(self, r: float, start: float = 0, end: float = 360, times: float = 1.0) -> None:
        c = (int(self.cx * self.scale), int(self.cy * self.scale))
        rr = max(1, int(r * self.scale))
        turn = np.degrees(self.turn)
        cv2.ellipse(self.canvas, c, (rr, rr), turn, start, end, 255, self.width(times), cv2.LINE_AA)

    def dot(self, r: float, distance: float = 0.0, angle: float = 0.0) -> None:
        cv2.circle(self.canvas, self.at(distance, angle), max(1, round(r * self.scale)), 255, -1, cv2.LINE_AA)


def _sight(rng: Rng, pen: _Pen, r: float) -> None:
    """Rings and four arms in any make-up."""
    rings = int(rng.choice([0, 1, 1, 1, 2, 2, 3]))
    broken, start = rng.random() < 0.25, rng.uniform(8, 35)
    for k in range(rings):
        rr = r * (1 - k / rings * 0.9)
        for q in range(4) if broken else ():
            pen.ring(rr, q * 90 + start, q * 90 + 90 - start)
        if not broken:
            pen.ring(rr)
    gap = r * float(rng.choice([0, 0, rng.uniform(0.1, 0.75)]))
    far = 3.0 * SIDE_PX if rng.random() < 0.2 else r * rng.uniform(0.95, 1.6)
    thin = rng.uniform(0.4, 1.2)
    arms = range(4) if rng.random() < 0.85 else rng.permutation(4)[:3]
    ticks = int(rng.integers(2, 8)) if rng.random() < 0.35 else 0
    post = rng.uniform(2, 4) if rng.random() < 0.25 else 0
    for q in arms if rings == 0 or rng.random() < 0.93 else ():
        pen.arm(q * np.pi / 2, gap, far, thin)
        if post:
            pen.arm(q * np.pi / 2, r * 0.65, far, post)
        for k in range(ticks):
            pen.across(q * np.pi / 2, gap + (min(far, r) - gap) * (k + 1) / (ticks + 1), r * 0.06, thin)
    if rings == 0 or rng.random() < 0.45:
        pen.dot(max(pen.thick, r * rng.uniform(0.02, 0.09)))


def _mil_dots(rng: Rng, pen: _Pen, r: float) -> None:
    """A scope's hairlines with dots or dashes, thicker towards the rim."""
    far = r * 1.02 if rng.random() < 0.6 else 3.0 * SIDE_PX
    pen.ring(r, times=rng.uniform(0.5, 3))
    n, dots = int(rng.integers(3, 7)), rng.random() < 0.6
    for q in range(4):
        pen.arm(q * np.pi / 2, 0, far, 0.6)
        if rng.random() < 0.85:
            pen.arm(q * np.pi / 2, r * 0.62, far, 3)
        for k in range(1, n):
            if dots:
                pen.dot(max(0.8, r * 0.025), r * 0.6 * k / n, q * np.pi / 2)
            else:
                pen.across(q * np.pi / 2, r * 0.6 * k / n, r * 0.05, 0.6)


def _brackets(rng: Rng, pen: _Pen, r: float) -> None:
    """A lock-on frame: corners, sides, a cross or a diamond in the middle."""
    n = 4
    turn = np.pi / 4
    arc = rng.uniform(0.25, 0.7)
    for q in range(n):
        corner, before, after = (np.array(pen.at(r * 1.3, turn + (q + k) * np.pi / 2)) for k in (0, -1, 1))
        for other in (before, after):
            tip = corner + (other - corner) * arc * 0.5
            cv2.line(
                pen.canvas,
                tuple(corner.tolist()),
                tuple(tip.astype(int).tolist()),
                255,
                pen.width(),
                cv2.LINE_AA,
            )
    gap = r * rng.uniform(0, 0.3)
    for q in range(4):
        pen.arm(q * np.pi / 2, gap, r * rng.uniform(0.35, 0.6))
        if rng.random() < 0.5:
            pen.arm(q * np.pi / 2, r * 0.8, r * 1.1)
    if rng.random() < 0.5:
        pen.ring(r * rng.uniform(0.25, 0.6))
    if rng.random() < 0.5:
        pen.dot(max(1.0, r * 0.05))


def _chevron(rng: Rng, pen: _Pen, r: float) -> None:
    """An arrowhead sight with a range ladder below."""
    pen.ring(r, times=rng.uniform(0.6, 2))
    for k in range(int(rng.integers(1, 5))):
        y = r * 0.16 * k
        half = r * (0.16 if k == 0 else 0.09)
        tip = (int(pen.cx * pen.scale), int((pen.cy + y) * pen.scale))
        for s in (-1, 1):
            foot = (int((pen.cx + s * half) * pen.scale), int((pen.cy + y + half) * pen.scale))
            cv2.line(pen.canvas, tip, foot, 255, pen.width(), cv2.LINE_AA)
    for q in (0, 2):
        pen.arm(q * np.pi / 2, r * rng.uniform(0.3, 0.6), r, rng.uniform(0.6, 2))
    pen.arm(np.pi / 2, r * 0.75, r, rng.uniform(0.6, 2.5))


def _target(rng: Rng, cx: float, cy: float, r: float) -> Layer:
    """A bullseye with filled rings in turn."""
    x, y = grid()
    d = np.hypot(x - cx, y - cy)
    n = int(rng.integers(2, 6))
    a, b = np.asarray(mark_colour(rng)), np.full(3, rng.choice([1.0, 1.0, 0.0]))
    a = 1 - a if np.abs(a - b).max() < 0.4 else a
    rgb, alpha = flat(b.astype(np.float32)), np.zeros_like(d)
    hollow = rng.random() < 0.35
    for k in range(n):
        disc = np.clip(r * (1 - k / n) - d + 0.5, 0, 1)
        rgb = rgb * (1 - disc[..., None]) + (a if k % 2 == 0 else b) * disc[..., None]
        alpha = alpha * (1 - disc) if hollow and k % 2 else np.maximum(alpha, disc)
    return Layer(rgb.astype(np.float32), alpha.astype(np.float32))


def _readings(rng: Rng, cx: float, cy: float, r: float) -> Picture:
    """Numbers beside the sight."""
    alpha = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    for _ in range(int(rng.integers(1, 4))):
        height = rng.uniform(5, 10)
        x = cx + r * rng.choice([-1.0, 1.0]) * rng.uniform(0.2, 1.2)
        write(rng, alpha, x, cy + r * rng.uniform(-1.2, 1.1), height, height * rng.uniform(3, 7))
    return alpha


def _scope(rng: Rng, layer: Layer, cx: float, cy: float, r: float) -> Layer:
    """Darken everything outside the tube."""
    x, y = grid()
    soft = rng.uniform(1.5, 9)
    outside = np.clip((np.hypot(x - cx, y - cy) - r * rng.uniform(1.0, 1.2)) / soft, 0, 1)
    outside = outside * (1.0 if rng.random() < 0.6 else rng.uniform(0.6, 1))
    keep = layer.alpha * (1 - outside)
    rgb = layer.rgb * np.where(keep > 0, 1, 0)[..., None]
    return Layer(rgb.astype(np.float32), np.maximum(keep, outside).astype(np.float32))


def crosshair(rng: Rng, face: Face) -> Layer:
    """Paint a sight of some make over the face."""
    fx0, fy0, fx1, fy1 = face
    high = (fy1 - fy0) * SIDE_PX
    cx = ((fx0 + fx1) / 2 + rng.normal(0, 0.09) * (fx1 - fx0)) * SIDE_PX
    cy = ((fy0 + fy1) / 2 + rng.normal(0, 0.12) * (fy1 - fy0)) * SIDE_PX
    r = rng.uniform(0.2, 0.9) * high
    make = rng.random()
    if make < 0.08:
        layer = _target(rng, cx, cy, r)
        return surrounded(rng, layer) if rng.random() < 0.2 else layer
    thick = max(0.7, rng.choice([0.012, 0.012, 0.02, 0.03, 0.045, 0.07]) * high * rng.uniform(0.8, 1.3))
    turn = rng.uniform(0, np.pi / 4) if rng.random() < 0.12 else rng.normal(0, 0.02)
    painter = _sight if make < 0.6 else _mil_dots if make < 0.76 else _brackets if make < 0.9 else _chevron
    alpha = mask_of(lambda canvas, s: painter(rng, _Pen(canvas, s, cx, cy, thick, turn), r))
    if rng.random() < 0.15:
        alpha = np.maximum(alpha, _readings(rng, cx, cy, r))
    layer = Layer(flat(mark_colour(rng)), alpha)
    if rng.random() < 0.25:
        layer = surrounded(rng, layer)
    if rng.random() < (0.45 if painter in (_mil_dots, _chevron) else 0.1):
        layer = _scope(rng, layer, cx, cy, r)
    return layer
