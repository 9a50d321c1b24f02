"""One training example: a portrait, perhaps overlays, then the damage that broadcast and the web do to it."""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from training.overlays import fire, harmless, marks, objects
from training.overlays.art import Art
from training.overlays.layers import KINDS, SIDE_PX, Picture, Rng, noise
from training.overlays.photos import Photo, canvas
from training.overlays.portraits import backdrop, portrait

CROP_PX = 128
MASK_CELLS = 16
_PAINTERS = {
    "flames": fire.flames,
    "explosion": fire.explosion,
    "bullet_hole": marks.bullet_holes,
    "crosshair": marks.crosshair,
    "crossed_out": marks.crossed_out,
    "blood": marks.blood,
    "noose": marks.noose,
    "weapon": objects.weapon,
    "skull": objects.skull,
}
_ART_SHARE = {
    "skull": 0.7,
    "weapon": 0.6,
    "explosion": 0.4,
    "flames": 0.25,
    "crosshair": 0.3,
    "crossed_out": 0.25,
    "blood": 0.15,
    "bullet_hole": 0.12,
    "noose": 0.0,
}
_NO_FACE_SHARE = 0.1
"""Known pictures without a face are looked at too."""
_RATE = np.array([1.5, 1.2, 1.2, 1.1, 1.1, 0.8, 1.4, 1.0, 0.9])
_RATE = _RATE / _RATE.sum()


@dataclass
class Material:
    """What examples are made of."""

    greys: list[np.ndarray]
    scenes: list[np.ndarray]
    art: Art
    photos: list[Photo] = field(default_factory=list)
    photo_share: float = 0.45


@dataclass
class Example:
    """Crop uint8 (128, 128, 3) RGB; labels 0/1 (9,); masks 0..1 (9, 16, 16); share of the crop covered."""

    crop: np.ndarray
    labels: np.ndarray
    masks: np.ndarray
    covered: float
    source: str


def _violent(rng: Rng, kind: str, face: tuple[float, float, float, float], material: Material):
    art = material.art.get(kind, [])
    if art and rng.random() < _ART_SHARE[kind]:
        by_source = sorted({s for s, _, _ in art})
        source = by_source[rng.integers(len(by_source))] if rng.random() < 0.6 else None
        pool = [a for a in art if source is None or a[0] == source]
        name, rgba, coloured = pool[rng.integers(len(pool))]
        return objects.from_art(rng, kind, rgba, coloured, face), name
    return _PAINTERS[kind](rng, face), "procedural"


def _harmless(rng: Rng, face, material: Material):
    art = material.art.get("harmless", [])
    if art and rng.random() < 0.4:
        _, rgba, coloured = art[rng.integers(len(art))]
        return objects.from_art(rng, "harmless", rgba, coloured, face)
    return harmless.harmless(rng, face)


def _grade(rng: Rng, picture: Picture) -> Picture:
    """Exposure, contrast, tint, saturation: as a camera, a projector or an editor leaves them."""
    picture = np.clip(picture, 0, 1) ** rng.uniform(0.65, 1.6)
    picture = picture * rng.uniform(0.65, 1.15) + rng.uniform(-0.03, 0.08)
    if rng.random() < 0.35:
        picture = picture * (1 + rng.normal(0, 0.12, 3).astype(np.float32))
    if rng.random() < 0.3:
        grey = picture.mean(2, keepdims=True)
        picture = grey + (picture - grey) * rng.uniform(0.0, 1.5)
    return np.clip(picture, 0, 1).astype(np.float32)


def _damage(rng: Rng, picture: Picture) -> np.ndarray:
    """Final resize, then blur, noise, rescaling and JPEG in the amounts seen in shared video."""
    if rng.random() < 0.35:
        side = int(rng.uniform(44, 128))
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        if rng.random() < 0.6:
            small = _jpeg(rng, (np.clip(small, 0, 1) * 255).astype(np.uint8), 25).astype(np.float32) / 255
        picture = cv2.resize(
            small, (CROP_PX, CROP_PX), interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC]))
        )
    else:
        picture = cv2.resize(picture, (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.3:
        picture = picture + rng.normal(0, rng.uniform(0.005, 0.05), picture.shape)
    out = (np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8)
    return _jpeg(rng, out, 30) if rng.random() < 0.55 else out


def _jpeg(rng: Rng, picture: np.ndarray, low: int) -> np.ndarray:
    ok, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(low, 95))])
    return cv2.imdecode(data, cv2.IMREAD_COLOR) if ok else picture


def example(rng: Rng, material: Material, kind: str | None = None, *, violent_share: float = 0.55) -> Example:
    """Compose one example; ``kind`` forces one kind, ``""`` forces none, None draws."""
    if rng.random() < _NO_FACE_SHARE:
        picture, face = backdrop(rng, material.scenes), (0.22, 0.18, 0.78, 0.82)
    elif material.photos and rng.random() < material.photo_share:
        picture, face = canvas(rng, material.photos)
    else:
        picture, face = portrait(rng, material.greys, material.scenes)
    picture = _grade(rng, picture) if rng.random() < 0.6 else picture
    kinds: list[str] = []
    if kind is None and rng.random() < violent_share:
        number = int(rng.choice([1, 1, 1, 1, 2, 2, 3]))
        kinds = list(rng.choice(KINDS, number, replace=False, p=_RATE))
    elif kind:
        kinds = [kind]
    labels = np.zeros(len(KINDS), np.float32)
    masks = np.zeros((len(KINDS), MASK_CELLS, MASK_CELLS), np.float32)
    masks_px = np.zeros((1, SIDE_PX, SIDE_PX), np.float32)
    covered, sources = 0.0, []
    peace = int(rng.choice([0, 0, 0, 1, 1])) if kinds else int(rng.choice([0, 0, 1, 1, 2, 3]))
    before = int(rng.integers(0, peace + 1))
    for _ in range(before):
        picture = _harmless(rng, face, material).over(picture)
    for name in kinds:
        for _ in range(5):
            layer, source = _violent(rng, name, face, material)
            if rng.random() < 0.3:
                layer.alpha = layer.alpha * rng.uniform(0.35, 0.95)
            if rng.random() < 0.1:
                layer.alpha = layer.alpha * np.clip(0.5 + noise(rng, 2), 0, 1)
            if rng.random() < 0.1:
                layer.rgb = cv2.GaussianBlur(layer.rgb, (0, 0), 1.5)
                layer.alpha = cv2.GaussianBlur(layer.alpha, (0, 0), 1.5)
            after = np.clip(layer.over(picture), 0, 1).astype(np.float32)
            seen = np.abs(after - picture).max(2) * (layer.alpha > 0.1)
            visible = float((seen > 0.12).mean())
            if visible > 0.006 and float(np.sort(seen.ravel())[-150:].mean()) > 0.2:
                picture = after
                labels[KINDS.index(name)] = 1
                shown = (np.clip(seen * 6, 0, 1) * (layer.alpha > 0.1)).astype(np.float32)
                masks[KINDS.index(name)] = cv2.resize(
                    shown, (MASK_CELLS, MASK_CELLS), interpolation=cv2.INTER_AREA
                )
                masks_px = np.maximum(masks_px, shown[None])
                covered = max(covered, visible)
                sources.append(source)
                break
    for _ in range(peace - before):
        layer = _harmless(rng, face, material)
        if kinds and float((layer.alpha * (masks_px.max(0) > 0.1)).sum()) > 0.35 * float(
            (masks_px.max(0) > 0.1).sum()
        ):
            continue
        picture = layer.over(picture)
    if rng.random() < 0.2:
        picture = _grade(rng, picture)
    if rng.random() < 0.12:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
        if rng.random() < 0.4:
            picture = picture * np.array([1.0, 0.88, 0.7], np.float32)
    crop = _damage(rng, np.clip(picture, 0, 1).astype(np.float32))
    if rng.random() < 0.5:
        crop, masks = crop[:, ::-1].copy(), masks[:, :, ::-1].copy()
    return Example(crop, labels, masks, covered, "+".join(sources))


assert SIDE_PX >= CROP_PX
