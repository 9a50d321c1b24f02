"""Painters of weapons: pistols, revolvers, rifles, shotguns, a gun muzzle on; knives, swords, axes.

Each is put together from parts with measures of its own, in a unit square with the muzzle or point to +x.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from training.overlays.layers import Face, Layer, Rng
from training.overlays.placing import dressed, near, place, silhouette

UNIT = 200
Ink = tuple[int, int, int]


@dataclass
class Parts:
    """A picture being put together, RGBA uint8; coordinates are unit fractions."""

    picture: np.ndarray = field(default_factory=lambda: np.zeros((UNIT, UNIT, 4), np.uint8))

    def poly(self, points: object, ink: Ink) -> None:
        """Fill an outline."""
        at = (np.asarray(points, np.float32) * UNIT * 16).astype(np.int32)
        cv2.fillPoly(self.picture, [at], (*ink, 255), cv2.LINE_AA, 4)

    def box(self, x0: float, y0: float, x1: float, y1: float, ink: Ink) -> None:
        """Fill a rectangle."""
        self.poly([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], ink)

    def oval(
        self, cx: float, cy: float, rx: float, ry: float, ink: Ink, turn: float = 0, thick: float = 0
    ) -> None:
        """Fill an ellipse, or draw it as a ring ``thick`` wide."""
        cv2.ellipse(
            self.picture,
            (int(cx * UNIT), int(cy * UNIT)),
            (max(1, int(rx * UNIT)), max(1, int(ry * UNIT))),
            turn, 0, 360, (*ink, 255),
            max(1, round(thick * UNIT)) if thick else -1,
            cv2.LINE_AA,
        )  # fmt: skip

    def line(self, points: object, ink: Ink, thick: float) -> None:
        """Draw an open path."""
        at = (np.asarray(points, np.float32) * UNIT * 16).astype(np.int32)
        cv2.polylines(self.picture, [at], False, (*ink, 255), max(1, round(thick * UNIT)), cv2.LINE_AA, 4)


@dataclass(frozen=True)
class Inks:
    """Metal, a second metal, wood or polymer, and what is cut in."""

    metal: Ink
    second: Ink
    wood: Ink
    line: Ink


def _tone(rng: Rng, low: int, high: int) -> Ink:
    v = int(rng.integers(low, high))
    return (v, v, min(255, v + int(rng.integers(0, 18))))


def inks(rng: Rng) -> Inks:
    """Gun metal mostly; sometimes chrome, gold, toy-like flat colours or camouflage."""
    r = rng.random()
    metal = _tone(rng, 0, 90) if r < 0.6 else _tone(rng, 110, 240)
    if r > 0.92:
        metal = tuple(int(v) for v in rng.integers(0, 255, 3))  # type: ignore[assignment]
    f = rng.uniform(0.5, 1.7)
    second = (
        tuple(int(np.clip(v * f + rng.integers(-10, 30), 0, 255)) for v in metal)
        if rng.random() < 0.7
        else metal
    )
    wood = second
    if rng.random() < 0.45:
        v = rng.uniform(0.4, 1.3)
        wood = (int(min(130 * v, 255)), int(82 * v), int(42 * v))
    if rng.random() < 0.1:
        wood = tuple(int(v) for v in rng.integers(20, 220, 3))  # type: ignore[assignment]
    line = tuple(int(v * rng.uniform(0.2, 0.6)) for v in metal)
    return Inks(metal, second, wood, line)  # type: ignore[arg-type]


def _grip(rng: Rng, p: Parts, x: float, y: float, wide: float, ink: Ink) -> float:
    """A grip below ``(x, y)``; returns how far back it leans."""
    lean, length = rng.uniform(0.0, 0.16), rng.uniform(0.22, 0.4)
    flare = rng.uniform(-0.02, 0.05)
    p.poly(
        [
            (x, y),
            (x + wide, y),
            (x + wide - lean * 0.6, y + length * 0.55),
            (x + wide - lean, y + length),
            (x - lean - flare, y + length * rng.uniform(0.95, 1.05)),
            (x - lean * 0.7 + rng.uniform(-0.03, 0.01), y + length * 0.4),
        ],
        ink,
    )
    return lean


def _trigger(rng: Rng, p: Parts, x: float, y: float, ink: Ink) -> None:
    r = rng.uniform(0.05, 0.085)
    p.oval(x + r, y + r * 0.6, r, r * rng.uniform(0.7, 1.0), ink, thick=rng.uniform(0.012, 0.03))
    p.line([(x + r, y), (x + r * 0.8, y + r)], ink, 0.015)


def pistol(rng: Rng, p: Parts, k: Inks) -> None:
    """A self-loader."""
    top, thick, end = 0.3, rng.uniform(0.08, 0.17), rng.uniform(0.78, 0.97)
    nose = rng.uniform(0, 0.05)
    p.poly(
        [(0.08, top), (end - nose, top), (end, top + thick * 0.4), (end, top + thick), (0.06, top + thick)],
        k.second,
    )
    under = rng.uniform(0.03, 0.08)
    frame_end = end - rng.uniform(0.0, 0.25)
    p.poly(
        [
            (0.1, top + thick),
            (frame_end, top + thick),
            (frame_end - 0.03, top + thick + under),
            (0.12, top + thick + under),
        ],
        k.metal,
    )
    wide = rng.uniform(0.14, 0.21)
    _grip(rng, p, rng.uniform(0.08, 0.14), top + thick, wide, k.wood)
    _trigger(rng, p, 0.13 + wide - 0.02, top + thick + under * 0.6, k.metal)
    if rng.random() < 0.5:
        for i in range(int(rng.integers(3, 7))):
            x = 0.1 + 0.02 * i
            p.line([(x, top + 0.01), (x, top + thick - 0.01)], k.line, 0.008)
    if rng.random() < 0.4:
        p.box(0.42, top, 0.56, top + thick * 0.4, k.line)
    if rng.random() < 0.5:
        p.box(end - 0.07, top - 0.03, end - 0.04, top, k.metal)
        p.box(0.09, top - 0.03, 0.13, top, k.metal)
    if rng.random() < 0.3:  # a hammer
        p.poly([(0.08, top + 0.02), (0.03, top - 0.03), (0.06, top - 0.05), (0.11, top + 0.01)], k.metal)
    if rng.random() < 0.12:  # a silencer
        p.box(end, top + 0.01, 0.995, top + thick * 0.75, k.line)


def revolver(rng: Rng, p: Parts, k: Inks) -> None:
    """A barrel, a drum, a curved grip."""
    top, bore, end = 0.32, rng.uniform(0.05, 0.09), rng.uniform(0.7, 0.98)
    p.box(0.4, top, end, top + bore, k.second)
    if rng.random() < 0.6:
        p.box(0.45, top + bore * 0.9, end - rng.uniform(0, 0.2), top + bore * 1.7, k.metal)
    p.poly([(0.2, top), (0.45, top - 0.01), (0.47, top + 0.2), (0.24, top + 0.22)], k.metal)
    drum = rng.uniform(0.07, 0.1)
    p.box(0.28, top + 0.02, 0.28 + drum * 1.9, top + 0.02 + drum * 1.9, k.second)
    for i in range(3):
        p.line([(0.3, top + 0.05 + 0.05 * i), (0.28 + drum * 1.6, top + 0.05 + 0.05 * i)], k.line, 0.012)
    low, lean = rng.uniform(0.55, 0.75), rng.uniform(0.0, 0.15)
    p.poly(
        [(0.2, top + 0.04), (0.32, top + 0.2), (0.25, top + 0.3), (0.2 - lean + 0.1, top + low * 0.65),
         (0.08 - lean * 0.5, top + low * 0.68), (0.06 - lean * 0.3, top + low * 0.5), (0.14, top + 0.22)],
        k.wood,
    )  # fmt: skip
    p.poly([(0.2, top + 0.03), (0.11, top - 0.05), (0.14, top - 0.08), (0.24, top)], k.metal)
    _trigger(rng, p, 0.31, top + 0.2, k.metal)
    if rng.random() < 0.7:
        p.poly([(end - 0.06, top), (end - 0.02, top - 0.04), (end - 0.015, top)], k.metal)


def _magazine(rng: Rng, p: Parts, x: float, y: float, ink: Ink) -> None:
    make = rng.random()
    if make < 0.12:
        p.oval(x + 0.04, y + 0.08, 0.08, 0.08, ink)
        return
    curve, long, wide = rng.uniform(-0.02, 0.12), rng.uniform(0.12, 0.32), rng.uniform(0.05, 0.08)
    if make < 0.4:
        curve = rng.uniform(-0.02, 0.03)
    t = np.linspace(0, 1, 6)
    left = np.stack([x + curve * t**2, y + long * t], 1)
    p.poly(np.concatenate([left, (left + np.array([wide, -0.01]))[::-1]]), ink)


def _stock(rng: Rng, p: Parts, x: float, y: float, deep: float, k: Inks) -> None:
    make, drop = rng.random(), rng.uniform(0.0, 0.1)
    if make < 0.6:
        p.poly(
            [
                (x, y),
                (x, y + deep),
                (0.02, y + deep + drop + rng.uniform(0.01, 0.06)),
                (0.02, y + drop * 0.5),
            ],
            k.wood,
        )
    elif make < 0.85:  # skeleton or wire
        p.line(
            [(x, y + 0.01), (0.03, y + drop * 0.4), (0.03, y + deep + drop + 0.03), (x, y + deep)],
            k.metal,
            0.022,
        )
    else:
        p.box(0.05, y, x, y + 0.03, k.metal)
        p.box(0.03, y - 0.02, 0.07, y + deep + 0.03, k.metal)


def rifle(rng: Rng, p: Parts, k: Inks) -> None:
    """Assault rifle, sub-machine gun, hunting or sniper rifle."""
    y, deep = 0.42, rng.uniform(0.06, 0.11)
    x0, x1 = rng.uniform(0.2, 0.36), rng.uniform(0.55, 0.68)
    end = rng.uniform(0.8, 0.99)
    p.box(x0, y, x1, y + deep, k.metal)
    bore = rng.uniform(0.016, 0.04)
    p.box(x1 - 0.03, y + 0.015, end, y + 0.015 + bore, k.second)
    if rng.random() < 0.85:
        _stock(rng, p, x0 + 0.01, y + 0.005, deep * 0.85, k)
    if rng.random() < 0.85:
        _grip(rng, p, x0 + rng.uniform(0.0, 0.06), y + deep * 0.9, rng.uniform(0.05, 0.08), k.wood)
    _trigger(rng, p, x0 + 0.1, y + deep * 0.9, k.metal)
    if rng.random() < 0.85:
        _magazine(rng, p, x0 + rng.uniform(0.15, 0.22), y + deep * 0.8, k.second)
    guard = min(x1 + rng.uniform(0.1, 0.25), end)
    p.box(x1 - 0.01, y + rng.uniform(-0.01, 0.01), guard, y + deep * rng.uniform(0.6, 1.0), k.wood)
    sight = rng.random()
    if sight < 0.35:  # a telescope
        sx, sy = x0 + rng.uniform(0.02, 0.1), y - rng.uniform(0.05, 0.08)
        p.box(sx, sy, sx + 0.24, sy + 0.03, k.line)
        p.box(sx, sy - 0.012, sx + 0.05, sy + 0.042, k.line)
        p.box(sx + 0.19, sy - 0.016, sx + 0.25, sy + 0.046, k.line)
        p.box(sx + 0.08, sy + 0.02, sx + 0.1, y, k.line)
        p.box(sx + 0.16, sy + 0.02, sx + 0.18, y, k.line)
    elif sight < 0.6:  # a carrying handle
        p.line([(x0 + 0.04, y), (x0 + 0.07, y - 0.05), (x0 + 0.22, y - 0.05), (x0 + 0.24, y)], k.metal, 0.02)
    if rng.random() < 0.7:
        p.poly(
            [(end - 0.1, y + 0.02), (end - 0.08, y - 0.05), (end - 0.06, y - 0.05), (end - 0.06, y + 0.02)],
            k.metal,
        )
    if rng.random() < 0.3:
        p.box(end - 0.04, y + 0.008, min(end + 0.03, 1), y + 0.025 + bore, k.metal)
    if rng.random() < 0.12:  # a bayonet
        p.poly([(end - 0.1, y + 0.06), (1.0, y + 0.05), (end - 0.1, y + 0.09)], _tone(rng, 140, 240))
    if rng.random() < 0.15:
        p.line([(guard - 0.05, y + deep), (guard - 0.12, y + 0.28)], k.metal, 0.012)
        p.line([(guard - 0.05, y + deep), (guard + 0.02, y + 0.28)], k.metal, 0.012)


def shotgun(rng: Rng, p: Parts, k: Inks) -> None:
    """A long barrel over a tube or another barrel, wooden furniture, perhaps sawn off."""
    y, end = 0.42, rng.choice([0.98, 0.98, 0.72])
    p.box(0.3, y, end, y + 0.035, k.second)
    p.box(0.3, y + 0.04, end - rng.uniform(0, 0.15), y + 0.07, k.metal)
    p.box(0.28, y - 0.005, 0.45, y + 0.09, k.metal)
    p.box(0.52, y + 0.03, rng.uniform(0.62, 0.72), y + 0.09, k.wood)
    drop = rng.uniform(0.05, 0.14)
    back = 0.14 if rng.random() < 0.2 else 0.02
    p.poly(
        [
            (0.3, y),
            (0.3, y + 0.08),
            (0.2, y + 0.11),
            (back, y + 0.1 + drop),
            (back, y + drop * 0.4),
            (0.18, y + 0.03),
        ],
        k.wood,
    )
    _trigger(rng, p, 0.3, y + 0.08, k.metal)


def uzi(rng: Rng, p: Parts, k: Inks) -> None:
    """A box with the magazine in its grip."""
    top, deep, end = 0.34, rng.uniform(0.12, 0.17), rng.uniform(0.7, 0.85)
    p.box(0.12, top, end, top + deep, k.metal)
    p.box(end, top + 0.04, end + rng.uniform(0.05, 0.14), top + 0.08, k.second)
    x = rng.uniform(0.34, 0.45)
    p.box(x, top + deep, x + 0.12, top + deep + 0.2, k.second)
    p.box(x + 0.02, top + deep + 0.2, x + 0.1, top + deep + rng.uniform(0.2, 0.4), k.line)
    _trigger(rng, p, x + 0.11, top + deep, k.metal)
    if rng.random() < 0.6:
        p.line([(0.12, top + 0.04), (0.02, top + 0.04), (0.02, top + 0.24)], k.metal, 0.025)
    if rng.random() < 0.6:
        p.box(0.2, top - 0.03, 0.25, top, k.metal)
        p.box(end - 0.06, top - 0.03, end - 0.02, top, k.metal)


def muzzle_on(rng: Rng, p: Parts, k: Inks) -> None:
    """A pistol pointed at the viewer, in a hand or alone."""
    wide, tall = rng.uniform(0.08, 0.13), rng.uniform(0.1, 0.17)
    cx, cy = 0.5, 0.3
    skin = tuple(int(v) for v in np.array([225, 170, 140]) * rng.uniform(0.35, 1.05))
    if rng.random() < 0.75:
        sleeve = tuple(int(v) for v in rng.integers(0, 200, 3))
        p.poly([(0.3, 0.8), (0.7, 0.8), (0.85, 1.0), (0.15, 1.0)], sleeve)  # type: ignore[arg-type]
        p.oval(cx, cy + 0.38, 0.2, 0.2, skin)  # type: ignore[arg-type]
        for i in range(4):
            p.oval(cx - 0.13, cy + 0.24 + 0.08 * i, 0.09, 0.045, skin, rng.uniform(-15, 15))  # type: ignore[arg-type]
            p.oval(cx + 0.12, cy + 0.24 + 0.08 * i, 0.09, 0.045, skin, rng.uniform(-15, 15))  # type: ignore[arg-type]
    p.box(cx - wide * 0.8, cy + tall, cx + wide * 0.8, cy + tall + rng.uniform(0.2, 0.35), k.wood)
    p.oval(cx, cy + tall + 0.06, wide * 0.7, 0.1, k.metal, thick=0.02)
    p.box(cx - wide, cy - tall, cx + wide, cy + tall, k.second)
    r = rng.uniform(0.045, 0.075)
    p.oval(cx, cy - tall * 0.3, r * 1.45, r * 1.45, k.metal)
    p.oval(cx, cy - tall * 0.3, r, r, (0, 0, 0))
    p.oval(cx, cy + tall * 0.6, r * 0.6, r * 0.6, k.line)
    p.box(cx - 0.015, cy - tall - 0.03, cx + 0.015, cy - tall, k.line)


def _curve(rng: Rng, x0: float, x1: float, wide: float, bend: float, point: float) -> np.ndarray:
    """Outline of a blade from ``x0`` to its tip ``x1``, swept by ``bend``; ``point`` is where it narrows."""
    t = np.linspace(0, 1, 14)
    spine = 0.5 + bend * t**2
    narrow = np.clip((1 - t) / max(1 - point, 0.02), 0, 1) ** rng.uniform(0.5, 1.0)
    belly = 1 + rng.uniform(-0.3, 0.6) * np.sin(np.pi * t)
    x = x0 + (x1 - x0) * t
    edge = spine + wide * narrow * belly
    back = spine + wide * (1 - narrow) * rng.uniform(0, 0.5)
    return np.concatenate([np.stack([x, back], 1), np.stack([x, edge], 1)[::-1]])


def knife(rng: Rng, p: Parts, k: Inks) -> None:
    """Kitchen knife, hunting knife, cleaver, machete, sabre, dagger or sword."""
    steel = _tone(rng, 130, 250) if rng.random() < 0.85 else k.metal
    dark: Ink = tuple(int(v * rng.uniform(0.55, 0.85)) for v in steel)  # type: ignore[assignment]
    split = rng.uniform(0.18, 0.45)
    make = rng.random()
    if make < 0.12:  # cleaver
        wide = rng.uniform(0.16, 0.26)
        p.poly([(split, 0.47), (0.97, 0.47), (0.98, 0.47 + wide), (split + 0.04, 0.47 + wide)], steel)
        p.oval(0.92, 0.51, 0.015, 0.015, dark)
    elif make < 0.6:
        bend = rng.uniform(-0.18, 0.12) if rng.random() < 0.5 else 0.0
        blade = _curve(rng, split, 0.98, rng.uniform(0.05, 0.14), bend, rng.uniform(0.3, 0.92))
        p.poly(blade, steel)
        if rng.random() < 0.4:  # the ground edge
            p.line(blade[len(blade) // 2 :] - (0, 0.02), dark, 0.012)
    else:
        wide, point = rng.uniform(0.02, 0.08), rng.uniform(0.75, 0.93)
        p.poly(
            [
                (split, 0.5 - wide),
                (point, 0.5 - wide * 0.85),
                (0.99, 0.5),
                (point, 0.5 + wide * 0.85),
                (split, 0.5 + wide),
            ],
            steel,
        )
        if rng.random() < 0.6:
            p.poly([(split, 0.5), (0.98, 0.5), (point, 0.5 + wide * 0.85), (split, 0.5 + wide)], dark)
    if make > 0.35 and rng.random() < 0.75:
        guard = rng.uniform(0.07, 0.17)
        p.box(split - 0.02, 0.52 - guard, split + 0.015, 0.52 + guard, k.second)
    if make < 0.35 and rng.random() < 0.3:  # saw teeth
        for i in range(int(rng.integers(5, 12))):
            x = split + 0.05 + 0.03 * i
            p.poly([(x, 0.5), (x + 0.015, 0.475), (x + 0.03, 0.5)], steel)
    grip = rng.uniform(0.03, 0.055)
    start = rng.uniform(0.0, 0.06)
    p.poly(
        [
            (start, 0.53 - grip),
            (split, 0.53 - grip),
            (split, 0.53 + grip),
            (start, 0.53 + grip + rng.uniform(0, 0.03)),
        ],
        k.wood,
    )
    for i in range(int(rng.choice([0, 2, 3]))):
        p.oval(start + (split - start) * (i + 1) / 4, 0.53, 0.012, 0.012, k.line)
    if rng.random() < 0.4:
        p.oval(start + 0.01, 0.53, grip * 1.2, grip * 1.2, k.second)
    if rng.random() < 0.1:  # red with blood
        red = (int(rng.integers(100, 200)), 0, 0)
        p.poly([(0.7, 0.5), (0.97, 0.48), (0.9, 0.58), (0.72, 0.6)], red)


def axe(rng: Rng, p: Parts, k: Inks) -> None:
    """One blade or two on a shaft."""
    steel = _tone(rng, 120, 245)
    thick = rng.uniform(0.02, 0.04)
    p.box(0.02, 0.5 - thick, 0.95, 0.5 + thick, k.wood)
    x, reach, flare = rng.uniform(0.74, 0.82), rng.uniform(0.18, 0.34), rng.uniform(0.02, 0.12)
    for side in (1, -1) if rng.random() < 0.35 else (1,):
        t = np.linspace(-1, 1, 8)
        edge = np.stack([x + t * (0.07 + flare), 0.5 + side * (reach + 0.05 * (1 - t**2))], 1)
        p.poly([(x - 0.06, 0.5), *edge.tolist(), (x + 0.06, 0.5)], steel)
        p.line(edge - (0, side * 0.02), k.line, 0.01)


_GUNS: tuple[Callable[[Rng, Parts, Inks], None], ...] = (
    pistol, pistol, pistol, revolver, revolver, rifle, rifle, rifle, shotgun, uzi, muzzle_on,
)  # fmt: skip


def weapon_picture(rng: Rng) -> tuple[np.ndarray, bool]:
    """One weapon, RGBA uint8 ``(200, 200, 4)``, and whether it stands upright."""
    parts, ink = Parts(), inks(rng)
    r = rng.random()
    maker = _GUNS[rng.integers(len(_GUNS))] if r < 0.6 else knife if r < 0.92 else axe
    maker(rng, parts, ink)
    if rng.random() < 0.25 and maker is not muzzle_on:  # an outline, as drawings have
        alpha = parts.picture[..., 3]
        k = int(rng.integers(1, 4)) * 2 + 1
        wide = cv2.dilate(alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (k, k)))
        shade = 0 if rng.random() < 0.7 else 255
        share = alpha[..., None] / 255
        rgb = parts.picture[..., :3] * share + shade * (1 - share)
        parts.picture = np.dstack([rgb.astype(np.uint8), wide])
    solid = np.argwhere(parts.picture[..., 3] > 20)
    (y0, x0), (y1, x1) = solid.min(0), solid.max(0) + 1
    return np.ascontiguousarray(parts.picture[y0:y1, x0:x1]), maker is muzzle_on


def weapon(rng: Rng, face: Face) -> Layer:
    """Paint a weapon on the face, before it or pointed at it; sometimes two of them crossed."""
    picture, upright = weapon_picture(rng)
    if rng.random() < 0.5:
        picture = picture[:, ::-1].copy()
    size = rng.uniform(0.4, 1.8) * (face[3] - face[1])
    turn = rng.uniform(-40, 40) if rng.random() < 0.6 else rng.uniform(-180, 180)
    turn = rng.normal(0, 8) if upright else turn
    centre = near(rng, face, 0.55)
    layer = place(rng, picture, size, centre, turn)
    if not upright and rng.random() < 0.07:
        a = rng.uniform(25, 60)
        layer = place(rng, picture, size, centre, a)
        other = place(rng, picture[:, ::-1].copy(), size, centre, -a)
        share = other.alpha[..., None]
        layer = Layer(layer.rgb * (1 - share) + other.rgb * share, np.maximum(layer.alpha, other.alpha))
    if rng.random() < 0.28:
        layer = silhouette(rng, layer)
    return dressed(rng, layer)
