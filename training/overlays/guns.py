"""Painters of guns: pistols, revolvers, rifles, shotguns, a machine pistol, a gun muzzle on.

Each has measures of its own, in a unit square with the muzzle to +x.
"""

from __future__ import annotations

import numpy as np

from training.overlays.layers import Rng
from training.overlays.parts import Ink, Inks, Parts, tone


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
        p.poly([(end - 0.1, y + 0.06), (1.0, y + 0.05), (end - 0.1, y + 0.09)], tone(rng, 140, 240))
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
