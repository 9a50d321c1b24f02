"""Art by other hands laid over a face: sized and placed as its kind is used, inked, scattered, dressed."""

from __future__ import annotations

import numpy as np

from training.overlays.fire import palette
from training.overlays.layers import SIDE_PX, Face, Layer, Picture, Rng, flat, mark_colour
from training.overlays.placing import dressed, near, place, scattered, silhouette, together

_SIZES = {
    "crosshair": (0.45, 1.9),
    "crossed_out": (0.45, 1.9),
    "flames": (0.4, 1.9),
    "bullet_hole": (0.25, 1.1),
    "weapon": (0.4, 1.9),
}
"""Longer side of the art, of the face's height; others go by (0.3, 1.7)."""
_SPREAD = {"crosshair": 0.2, "crossed_out": 0.2, "weapon": 0.55, "harmless": 0.75}
_SCATTERED_SHARE = {"bullet_hole": 0.6, "blood": 0.25, "skull": 0.08, "flames": 0.12, "harmless": 0.1}


def from_art(rng: Rng, kind: str, rgba: np.ndarray, coloured: bool, face: Face) -> Layer:
    """Lay one piece of art of ``kind`` (``harmless`` for none) over the face."""
    high = face[3] - face[1]
    least, most = _SIZES.get(kind, (0.3, 1.7))
    size = float(np.exp(rng.uniform(np.log(least), np.log(most)))) * high
    flip = rng.random() < 0.4
    art = rgba[:, ::-1].copy() if flip else rgba
    if rng.random() < _SCATTERED_SHARE.get(kind, 0.0):
        n = int(rng.integers(2, 10))
        size = max(size * rng.uniform(0.25, 0.6), 0.08)
        spots = [
            (x * SIDE_PX, y * SIDE_PX, size * SIDE_PX * float(rng.uniform(0.7, 1.3)))
            for x, y in (near(rng, face, 0.6) for _ in range(n))
        ]
        layer = scattered(rng, [art], spots)
    else:
        turn = rng.normal(0, 10)
        if kind == "weapon":
            turn = rng.uniform(-180, 180) if rng.random() < 0.35 else rng.normal(0, 30)
        elif kind in ("bullet_hole", "blood") and rng.random() < 0.6:
            turn = rng.uniform(0, 360)
        elif kind == "harmless" and rng.random() < 0.15:
            turn = rng.uniform(-180, 180)
        layer = place(rng, art, size, near(rng, face, _SPREAD.get(kind, 0.45)), turn)
        if kind == "flames" and rng.random() < 0.3:  # several of them
            more = int(rng.integers(1, 4))
            layer = together(
                [layer]
                + [
                    place(rng, art, size * rng.uniform(0.5, 1), near(rng, face, 0.6), rng.normal(0, 10))
                    for _ in range(more)
                ]
            )
    if not coloured:
        layer.rgb = _ink(rng, kind, layer)
    elif kind in ("weapon", "explosion", "blood", "harmless") and rng.random() < 0.1:
        layer = silhouette(rng, layer)
    elif rng.random() < 0.12:  # recoloured
        shift = rng.permutation(3) if rng.random() < 0.3 and kind == "harmless" else [0, 1, 2]
        layer.rgb = np.clip(layer.rgb[..., shift] * rng.uniform(0.7, 1.3, 3).astype(np.float32), 0, 1)
    return dressed(rng, layer)


def _ink(rng: Rng, kind: str, layer: Layer) -> Picture:
    """Colours of a silhouette: those the thing is mostly shown in."""
    r = rng.random()
    if kind in ("flames", "explosion"):
        if r < 0.7:
            rows = np.nonzero(layer.alpha.max(1) > 0.2)[0]
            top, base = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, SIDE_PX)
            ramp = np.clip((np.arange(SIDE_PX) - top) / max(base - top, 1), 0, 1)
            heat = ramp * rng.uniform(0, 0.6) + rng.uniform(0.15, 0.5)
            plane = np.broadcast_to(heat[:, None], (SIDE_PX, SIDE_PX)).astype(np.float32)
            return palette(np.clip(plane, 0, 1), rng)
        return silhouette(rng, layer).rgb
    if kind == "blood":
        if r < 0.85:
            return flat((rng.uniform(0.3, 0.9), rng.uniform(0, 0.12), rng.uniform(0, 0.12)))
        return silhouette(rng, layer).rgb
    if kind == "bullet_hole":
        return flat(np.full(3, rng.uniform(0, 0.15), np.float32)) if r < 0.8 else silhouette(rng, layer).rgb
    if kind == "harmless":
        if r < 0.35:
            return flat(mark_colour(rng))
        return flat(rng.random(3).astype(np.float32)) if r < 0.65 else silhouette(rng, layer).rgb
    if kind in ("crosshair", "crossed_out"):
        return flat(mark_colour(rng))
    return silhouette(rng, layer).rgb
