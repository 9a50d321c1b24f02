"""Backgrounds: press-photo faces, coloured, set into a scene as a broadcast or a montage shows them.

The photographs are only ever what something is laid over. Nothing learns who anybody is.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from training.overlays.layers import CROP_PX, SIDE_PX, Face, Picture, Rng, flat, grid, noise
from training.overlays.lettering import write


def photographs(folder: Path, part: str) -> list[Path]:
    """Files of one split; people are split by name, so nobody is in two."""
    chosen = []
    for path in sorted(folder.rglob("*.jpg")):
        name = path.stem.rsplit("_", 1)[0]
        bucket = sum(name.encode()) % 10
        home = "calibrate" if bucket == 0 else "test" if bucket == 1 else "train"
        if home == part:
            chosen.append(path)
    return chosen


def read_grey(path: Path) -> np.ndarray:
    """Greyscale uint8, 200 px square."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    return cv2.resize(image, (200, 200), interpolation=cv2.INTER_AREA)


_SKIN = (
    (1.0, 0.82, 0.72),
    (0.98, 0.78, 0.65),
    (0.9, 0.68, 0.52),
    (0.75, 0.52, 0.38),
    (0.6, 0.42, 0.32),
    (1.0, 0.86, 0.8),
)


def _coloured(rng: Rng, grey: Picture) -> Picture:
    """Tint face, hair, clothes and surround apart, as a hand-coloured photograph is."""
    h, w = grey.shape
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    skin = np.array(_SKIN[rng.integers(len(_SKIN))], np.float32)
    inside = 1 / (1 + np.exp((np.hypot((x / w - 0.5) / 0.36, (y / h - 0.5) / 0.47) - 1) * 14))
    gamma = np.stack([cv2.pow(grey, 0.85), grey, cv2.pow(grey, 1.12)], 2)
    face = gamma * skin
    around = grey[..., None] * (0.5 + 0.5 * rng.random(3).astype(np.float32)) * rng.uniform(0.8, 1.2)
    cloth = np.clip((y / h - 0.86) * 12, 0, 1)[..., None]
    dress = grey[..., None] * (0.3 + 0.7 * rng.random(3).astype(np.float32))
    if rng.random() < 0.15:
        dress = grey[..., None] * np.array([1.0, 0.15, 0.15], np.float32)
    outside = around * (1 - cloth) + dress * cloth
    hair = np.clip(1 - grey * 3, 0, 1)[..., None] * 0.5
    out = face * inside[..., None] + outside * (1 - inside[..., None])
    lips = np.exp(-(((x / w - 0.5) / 0.13) ** 2) - ((y / h - 0.76) / 0.04) ** 2)[..., None]
    out = out * (1 - lips * np.array([-0.05, 0.18, 0.12]) * rng.random())
    return np.clip(out * (1 - hair * np.array([0, 0.15, 0.3])), 0, 1).astype(np.float32)


def backdrop(rng: Rng, scenes: list[np.ndarray]) -> Picture:
    """A studio wall, a gradient (sunsets among them), noise, blocks of colour, or a piece of a real scene."""
    r = rng.random()
    x, y = grid()
    v = (y / SIDE_PX)[..., None]
    if rng.random() < 0.12:  # a curtain, often red, or warm things out of focus: hair, wood, lamps
        hue = np.array([rng.uniform(0.4, 1), rng.uniform(0.05, 0.6), rng.uniform(0, 0.3)], np.float32)
        hue = hue if rng.random() < 0.75 else rng.random(3).astype(np.float32)
        if rng.random() < 0.5:
            bent = x + 12 * (noise(rng, 0.6) - 0.5)
            folds = 0.6 + 0.3 * np.sin(bent / rng.uniform(1.5, 9)) + 0.2 * np.sin(bent / rng.uniform(2, 20))
        else:
            folds = 0.35 + 0.9 * cv2.GaussianBlur(noise(rng, rng.uniform(1, 4)), (0, 0), rng.uniform(2, 7))
        return np.clip(folds[..., None] * hue, 0, 1).astype(np.float32)
    if r < 0.4 and scenes:
        scene = scenes[rng.integers(len(scenes))]
        side = int(rng.uniform(0.3, 1.0) * min(scene.shape[:2]))
        y0 = int(rng.integers(0, scene.shape[0] - side + 1))
        x0 = int(rng.integers(0, scene.shape[1] - side + 1))
        part = cv2.resize(
            scene[y0 : y0 + side, x0 : x0 + side], (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA
        )
        out = part.astype(np.float32) / 255
        if rng.random() < 0.5:
            out = cv2.GaussianBlur(out, (0, 0), rng.uniform(1, 6))
        return out
    if r < 0.6:
        a, b = rng.random(3), rng.random(3)
        if rng.random() < 0.35:  # dusk
            a, b = (
                np.array([rng.uniform(0.2, 0.9), rng.uniform(0.1, 0.4), rng.uniform(0.1, 0.5)]),
                np.array([1, rng.uniform(0.4, 0.8), rng.uniform(0, 0.4)]),
            )
        return (a * (1 - v) + b * v).astype(np.float32) * np.ones((1, SIDE_PX, 1), np.float32)
    if r < 0.75:
        n = noise(rng, rng.uniform(0.3, 3))[..., None]
        a, b = rng.random(3), rng.random(3)
        return (a * (1 - n) + b * n).astype(np.float32)
    if r < 0.9:
        out = flat(rng.random(3) * rng.uniform(0.2, 1))
        for _ in range(int(rng.integers(0, 9))):
            x0, y0 = rng.integers(0, SIDE_PX, 2)
            cv2.rectangle(
                out,
                (int(x0), int(y0)),
                (int(x0 + rng.integers(8, 90)), int(y0 + rng.integers(8, 90))),
                rng.random(3).tolist(),
                -1,
            )
        return cv2.GaussianBlur(out, (0, 0), rng.uniform(0.5, 5)) if rng.random() < 0.6 else out
    return flat(rng.choice([0.0, 0.03, 0.5, 1.0]))


def document(rng: Rng) -> Picture:
    """A page of text, a form, a screen."""
    out = flat(rng.uniform(0.85, 1)) if rng.random() < 0.7 else flat(rng.random(3))
    ink = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    high = rng.uniform(4, 14)
    for k in range(int(SIDE_PX / high / 1.4)):
        if rng.random() < 0.85:
            write(rng, ink, rng.uniform(2, 14), k * high * 1.4, high, SIDE_PX * rng.uniform(0.4, 1))
    colour = flat(rng.random(3) * 0.4)
    return out * (1 - ink[..., None]) + colour * ink[..., None]


def portrait(rng: Rng, greys: list[np.ndarray], scenes: list[np.ndarray]) -> tuple[Picture, Face]:
    """Return a canvas with a face, RGB 0..1, and the face box in canvas fractions."""
    grey = greys[rng.integers(len(greys))].astype(np.float32) / 255
    if rng.random() < 0.5:
        grey = grey[:, ::-1]
    photo = _coloured(rng, grey) if rng.random() < 0.68 else np.repeat(grey[..., None], 3, 2)
    face_high = rng.uniform(0.38, 0.62)
    face_high = rng.uniform(0.62, 0.8) if rng.random() < 0.1 else face_high
    face_high *= CROP_PX / SIDE_PX
    side = face_high / 0.84
    centre = 0.5 + rng.normal(0, 0.02, 2)
    x0, y0 = (centre - side * np.array([0.5, 0.52])) * SIDE_PX
    out = backdrop(rng, scenes)
    scale = side * SIDE_PX / 200
    place = np.array([[scale, 0, x0], [0, scale, y0]], np.float32)
    if rng.random() < 0.25:
        turn = cv2.getRotationMatrix2D((100, 100), rng.normal(0, 7), 1.0)
        place = (place @ np.vstack([turn, [0, 0, 1]])).astype(np.float32)
    style = rng.random()
    border = cv2.BORDER_REPLICATE if style < 0.35 else cv2.BORDER_REFLECT
    laid = cv2.warpAffine(photo, place, (SIDE_PX, SIDE_PX), flags=cv2.INTER_AREA, borderMode=border)
    x, y = grid()
    u, v = (x - x0) / (side * SIDE_PX), (y - y0) / (side * SIDE_PX)
    if style < 0.35:  # the photo's own surround goes on
        far = np.clip(np.maximum(np.abs(u - 0.5), np.abs(v - 0.5)) * 2 - 1, 0, 1)
        soft = cv2.GaussianBlur(laid, (0, 0), 7)
        laid = np.where(far[..., None] > 0, soft, laid)
        matte = np.ones_like(u) if rng.random() < 0.6 else np.clip(1 - far * 2.5, 0, 1)
    elif style < 0.6:  # a card in a montage
        matte = ((u >= 0) & (u < 1) & (v >= 0) & (v < 1)).astype(np.float32)
        if rng.random() < 0.4:
            m = rng.uniform(0.01, 0.05)
            frame = ((u >= -m) & (u < 1 + m) & (v >= -m) & (v < 1 + m)).astype(np.float32)
            out = (
                out * (1 - frame[..., None])
                + flat(rng.choice([0.0, 1.0]) if rng.random() < 0.6 else rng.random(3)) * frame[..., None]
            )
    else:  # a person in front of a backdrop: head, shoulders
        head = np.clip((1.08 - np.hypot((u - 0.5) / 0.47, (v - 0.48) / 0.58)) * 9, 0, 1)
        neck = np.clip((0.19 - np.abs(u - 0.5)) * 20, 0, 1) * (v > 0.7)
        body = np.clip((0.42 + 0.5 * np.clip(v - 0.95, 0, 0.5) - np.abs(u - 0.5)) * 15, 0, 1) * np.clip(
            (v - 0.93) * 15, 0, 1
        )
        cloth = np.array(rng.random(3) * rng.uniform(0.1, 1), np.float32) * (
            0.6 + 0.5 * noise(rng, 1.5)[..., None]
        )
        if rng.random() < 0.12:
            cloth = cloth * np.array([1, 0.2, 0.2], np.float32)
        tie = np.clip((0.05 + 0.05 * (v - 1) - np.abs(u - 0.5)) * 40, 0, 1) * (v > 1.0) * (rng.random() < 0.4)
        skin = laid[int(np.clip((centre[1]) * SIDE_PX, 0, SIDE_PX - 1)), int(centre[0] * SIDE_PX)]
        out = out * (1 - neck[..., None]) + skin * 0.8 * neck[..., None]
        out = out * (1 - body[..., None]) + cloth * body[..., None]
        colour = np.array([rng.uniform(0.4, 0.9), 0.05, 0.1]) if rng.random() < 0.5 else rng.random(3)
        out = out * (1 - tie[..., None]) + colour * tie[..., None]
        matte = head
    picture = out * (1 - matte[..., None]) + laid * matte[..., None]
    half_wide, half_high = side * 0.33, side * 0.42
    face = (centre[0] - half_wide, centre[1] - half_high, centre[0] + half_wide, centre[1] + half_high)
    return np.clip(picture, 0, 1).astype(np.float32), tuple(float(f) for f in face)  # type: ignore[return-value]
