"""Painters of blades: knives, swords, axes, in a unit square with the point to +x."""

from __future__ import annotations

import numpy as np

from training.overlays.layers import Rng
from training.overlays.parts import Ink, Inks, Parts, tone


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
    steel = tone(rng, 130, 250) if rng.random() < 0.85 else k.metal
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
    steel = tone(rng, 120, 245)
    thick = rng.uniform(0.02, 0.04)
    p.box(0.02, 0.5 - thick, 0.95, 0.5 + thick, k.wood)
    x, reach, flare = rng.uniform(0.74, 0.82), rng.uniform(0.18, 0.34), rng.uniform(0.02, 0.12)
    for side in (1, -1) if rng.random() < 0.35 else (1,):
        t = np.linspace(-1, 1, 8)
        edge = np.stack([x + t * (0.07 + flare), 0.5 + side * (reach + 0.05 * (1 - t**2))], 1)
        p.poly([(x - 0.06, 0.5), *edge.tolist(), (x + 0.06, 0.5)], steel)
        p.line(edge - (0, side * 0.02), k.line, 0.01)
