"""One training example: something beneath, perhaps overlays, and how the detector comes to see it.

Three views: a face with its surroundings, as the detector cuts it; an overlay that fills the crop; and both
with all that is not overlay greyed out, as the detector shows what differs from a known picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from training.overlays import blood, fire, harmless, holes, reticles, ropes, skulls, strokes, weapons
from training.overlays.art import Art
from training.overlays.artwork import from_art
from training.overlays.damage import damaged, graded
from training.overlays.isolation import laid_over
from training.overlays.layers import CROP_PX, KINDS, SIDE_PX, Face, Layer, Picture, Rng, noise
from training.overlays.photos import Photo, canvas
from training.overlays.portraits import backdrop, document, portrait

CELL_PX = 8
CANVAS_CELLS = SIDE_PX // CELL_PX
"""Mask cells along a side of the canvas; a crop has two fewer."""
_PAINTERS = {
    "flames": fire.flames,
    "explosion": fire.explosion,
    "bullet_hole": holes.bullet_holes,
    "crosshair": reticles.crosshair,
    "crossed_out": strokes.crossed_out,
    "blood": blood.blood,
    "noose": ropes.noose,
    "weapon": weapons.weapon,
    "skull": skulls.skull,
}
_ART_SHARE = {
    "skull": 0.7,
    "weapon": 0.65,
    "explosion": 0.5,
    "flames": 0.45,
    "crosshair": 0.45,
    "crossed_out": 0.4,
    "blood": 0.35,
    "bullet_hole": 0.25,
    "noose": 0.0,
}
_HARMLESS_ART_SHARE = 0.45
_NO_FACE_SHARE, _CLOSE_SHARE, _ISOLATED_SHARE = 0.12, 0.2, 0.2
_RATE = dict(zip(KINDS, (1.3, 1.2, 1.2, 1.2, 1.0, 0.7, 1.7, 0.9, 0.8), strict=True))
_DRAWN = np.array(list(_RATE.values())) / sum(_RATE.values())
_LEAST_SEEN_FRACTION, _LEAST_CONTRAST = 0.008, 0.24
_TRIES = 5


@dataclass
class Material:
    """What examples are made of."""

    greys: list[np.ndarray]
    scenes: list[np.ndarray]
    art: Art
    photos: list[Photo] = field(default_factory=list)
    photo_share: float = 0.55


@dataclass
class Example:
    """One example on a canvas of 144 x 144, of which training cuts crops of 128 x 128.

    ``canvas`` uint8 RGB; ``labels`` 0/1 ``(9,)``; ``masks`` 0..1 ``(9, 18, 18)``; ``covered``: share of the
    face under violent overlays; ``source`` of them; ``shown``: what is left when all but the overlays is
    greyed out, uint8 ``(144, 144)``, 255 where nothing is.
    """

    canvas: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    covered: float
    source: str
    shown: np.ndarray


def _beneath(rng: Rng, material: Material) -> tuple[Picture, Face]:
    if rng.random() < _NO_FACE_SHARE:
        return backdrop(rng, material.scenes), (0.22, 0.18, 0.78, 0.82)
    if material.photos and rng.random() < material.photo_share:
        return canvas(rng, material.photos)
    return portrait(rng, material.greys, material.scenes)


def _close_up(rng: Rng, material: Material) -> tuple[Picture, Face]:
    """Part of anything, and the box that an overlay is to fill."""
    if rng.random() < 0.15:
        picture = document(rng)
    else:
        picture, _ = _beneath(rng, material)
        side = int(rng.uniform(0.35, 1.0) * SIDE_PX)
        x, y = rng.integers(0, SIDE_PX - side + 1, 2)
        picture = cv2.resize(picture[y : y + side, x : x + side], (SIDE_PX, SIDE_PX))
    high = rng.uniform(0.35, 0.95) * CROP_PX / SIDE_PX
    wide = high * rng.uniform(0.7, 1.1)
    cx, cy = 0.5 + rng.normal(0, 0.03, 2)
    return picture, (cx - wide / 2, cy - high / 2, cx + wide / 2, cy + high / 2)


def scene(rng: Rng, material: Material) -> Example:
    """A piece of a picture without faces and with nothing over it, or something harmless now and then."""
    whole = material.scenes[rng.integers(len(material.scenes))]
    side = int(rng.uniform(0.25, 1.0) * min(whole.shape[:2]))
    y, x = (int(rng.integers(0, size - side + 1)) for size in whole.shape[:2])
    part = cv2.resize(whole[y : y + side, x : x + side], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA)
    picture = part.astype(np.float32) / 255
    if rng.random() < 0.5:
        picture = graded(rng, picture)
    if rng.random() < 0.25:
        picture = np.clip(_harmless(rng, (0.22, 0.18, 0.78, 0.82), material).over(picture), 0, 1)
    if rng.random() < 0.1:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    none = np.zeros((len(KINDS), CANVAS_CELLS, CANVAS_CELLS), np.float32)
    shown = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    return Example(damaged(rng, picture), np.zeros(len(KINDS), np.float32), none, 0.0, "", shown)


def _violent(rng: Rng, kind: str, face: Face, material: Material) -> tuple[Layer, str]:
    art = material.art.get(kind, [])
    if art and rng.random() < _ART_SHARE[kind] * min(1.0, 0.4 + len(art) / 40):
        by_source = sorted({s for s, _, _ in art})
        source = by_source[rng.integers(len(by_source))] if rng.random() < 0.5 else None
        pool = [a for a in art if source is None or a[0] == source]
        name, rgba, coloured = pool[rng.integers(len(pool))]
        layer, name = from_art(rng, kind, rgba, coloured, face), name
    else:
        layer, name = _PAINTERS[kind](rng, face), "procedural"
    if rng.random() < 0.3:
        layer.alpha = layer.alpha * rng.uniform(0.35, 0.95)
    if rng.random() < 0.08:
        layer.alpha = layer.alpha * np.clip(0.5 + noise(rng, 2), 0, 1)
    if rng.random() < 0.1:
        sigma = rng.uniform(0.7, 2)
        layer.rgb = cv2.GaussianBlur(layer.rgb, (0, 0), sigma)
        layer.alpha = cv2.GaussianBlur(layer.alpha, (0, 0), sigma)
    if layer.blend == "alpha" and rng.random() < 0.08:
        layer.blend = str(rng.choice(["screen", "overlay", "multiply", "add"]))
    return layer, name


def _harmless(rng: Rng, face: Face, material: Material) -> Layer:
    art = material.art.get("harmless", [])
    if art and rng.random() < _HARMLESS_ART_SHARE:
        _, rgba, coloured = art[rng.integers(len(art))]
        return from_art(rng, "harmless", rgba, coloured, face)
    layer = harmless.harmless(rng, face)
    if rng.random() < 0.2:
        layer.alpha = layer.alpha * rng.uniform(0.4, 0.95)
    return layer


def _kinds(rng: Rng, kind: str | None, violent_share: float) -> list[str]:
    if kind is not None:
        return [kind] if kind else []
    if rng.random() >= violent_share:
        return []
    number = int(rng.choice([1, 1, 1, 1, 1, 2, 2, 3]))
    return [str(k) for k in rng.choice(KINDS, number, replace=False, p=_DRAWN)]


def _share_of_face(seen: Picture, face: Face) -> float:
    x0, y0, x1, y1 = (int(np.clip(v * SIDE_PX, 0, SIDE_PX)) for v in face)
    inside = seen[y0:y1, x0:x1]
    return float(inside.mean()) if inside.size else 0.0


def example(
    rng: Rng,
    material: Material,
    kind: str | None = None,
    *,
    violent_share: float = 0.55,
    face_only: bool = False,
    isolated_only: bool = False,
) -> Example:
    """Compose one example.

    ``kind`` forces one kind, ``""`` none, None draws; ``face_only`` and ``isolated_only`` choose the view.
    """
    close = not face_only and rng.random() < _CLOSE_SHARE
    isolated = not face_only and (rng.random() < _ISOLATED_SHARE or isolated_only)
    picture, face = _close_up(rng, material) if close else _beneath(rng, material)
    picture = graded(rng, picture) if rng.random() < 0.6 else np.clip(picture, 0, 1)
    beneath = picture
    kinds = _kinds(rng, kind, violent_share)
    labels = np.zeros(len(KINDS), np.float32)
    masks = np.zeros((len(KINDS), CANVAS_CELLS, CANVAS_CELLS), np.float32)
    violent = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    sources: list[str] = []
    peace = int(rng.choice([0, 0, 0, 1, 1])) if kinds else int(rng.choice([0, 1, 1, 1, 2, 3]))
    if not kinds and isolated:
        peace = int(rng.choice([0, 1, 1, 1, 2]))
    before = int(rng.integers(0, peace + 1))
    for _ in range(before):
        picture = np.clip(_harmless(rng, face, material).over(picture), 0, 1)
    for name in kinds:
        for _ in range(_TRIES):
            layer, source = _violent(rng, name, face, material)
            after = np.clip(layer.over(picture), 0, 1).astype(np.float32)
            seen = np.abs(after - picture).max(2) * (layer.alpha > 0.1)
            clear = cv2.blur(seen, (3, 3))  # thin lines are the first to go
            strong = np.partition(clear.ravel(), -120)[-120:].mean()
            if (clear > 0.1).mean() < _LEAST_SEEN_FRACTION or strong < _LEAST_CONTRAST:
                continue
            picture = after
            k = KINDS.index(name)
            labels[k] = 1
            plane = np.clip(seen * 6, 0, 1) * (layer.alpha > 0.1)
            masks[k] = cv2.resize(plane, (CANVAS_CELLS, CANVAS_CELLS), interpolation=cv2.INTER_AREA)
            violent = np.maximum(violent, plane)
            sources.append(source)
            break
    hidden = violent > 0.1
    for _ in range(peace - before):
        layer = _harmless(rng, face, material)
        if kinds and float(layer.alpha[hidden].sum()) > 0.35 * float(hidden.sum()):
            continue
        picture = np.clip(layer.over(picture), 0, 1)
    shown = np.full((SIDE_PX, SIDE_PX), 255, np.uint8)
    if isolated:
        shown = laid_over(rng, beneath, picture)
    if rng.random() < 0.2:
        picture = graded(rng, picture)
    if rng.random() < 0.12:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
        if rng.random() < 0.4:
            picture = picture * np.array([1.0, 0.88, 0.7], np.float32)
    covered = _share_of_face(violent > 0.4, face)
    return Example(damaged(rng, picture), labels, masks, covered, "+".join(sources), shown)
