"""Pictures put together from outlines, rectangles, ellipses and lines in a unit square; their colours."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from training.overlays.layers import Rng

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


def tone(rng: Rng, low: int, high: int) -> Ink:
    """A grey between two levels, a little blue: steel."""
    v = int(rng.integers(low, high))
    return (v, v, min(255, v + int(rng.integers(0, 18))))


def inks(rng: Rng) -> Inks:
    """Gun metal mostly; sometimes chrome, gold, toy-like flat colours or camouflage."""
    r = rng.random()
    metal = tone(rng, 0, 90) if r < 0.6 else tone(rng, 110, 240)
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
