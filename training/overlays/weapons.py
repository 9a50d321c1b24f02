"""Painters of weapons: a gun or a blade, outlined or not, on a face, before it or pointed at it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from training.overlays.blades import axe, knife
from training.overlays.guns import muzzle_on, pistol, revolver, rifle, shotgun, uzi
from training.overlays.layers import Face, Layer, Rng
from training.overlays.parts import Inks, Parts, inks
from training.overlays.placing import dressed, near, place, silhouette

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
