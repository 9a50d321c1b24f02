"""Lay a picture of a thing (RGBA) on the canvas, turned, in perspective, dressed as editors dress things."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Face, Layer, Picture, Rng, flat, mark_colour, noise


def near(rng: Rng, face: Face, spread: float) -> tuple[float, float]:
    """A place within ``spread`` face sizes of the face's middle, canvas fractions."""
    fx0, fy0, fx1, fy1 = face
    return (
        (fx0 + fx1) / 2 + rng.uniform(-spread, spread) * (fx1 - fx0),
        (fy0 + fy1) / 2 + rng.uniform(-spread, spread) * (fy1 - fy0),
    )


def place(
    rng: Rng,
    rgba: np.ndarray,
    size: float,
    centre: tuple[float, float],
    turn_degrees: float,
    bent_share: float = 0.25,
) -> Layer:
    """Lay an RGBA picture (uint8) on the canvas.

    ``size`` is its longer side in canvas fractions; ``bent_share`` of the pictures are stretched or seen
    slantwise.
    """
    h, w = rgba.shape[:2]
    scale = size * SIDE_PX / max(h, w)
    if scale < 0.6:
        rgba = cv2.resize(rgba, None, fx=max(scale, 0.03), fy=max(scale, 0.03), interpolation=cv2.INTER_AREA)
        h, w = rgba.shape[:2]
        scale = size * SIDE_PX / max(h, w)
    corners = np.array([[-w, -h], [w, -h], [w, h], [-w, h]], np.float32) / 2
    a = np.radians(turn_degrees)
    target = corners @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]], np.float32) * scale
    if rng.random() < bent_share:
        target = target * rng.uniform(0.75, 1.25, 2) + rng.normal(0, 0.06, (4, 2)) * size * SIDE_PX
    target = (target + np.array(centre) * SIDE_PX).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners + np.array([w, h], np.float32) / 2, target)
    premultiplied = rgba.astype(np.float32) / 255
    premultiplied[..., :3] *= premultiplied[..., 3:]
    out = cv2.warpPerspective(premultiplied, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
    alpha = np.clip(out[..., 3], 0, 1)
    return Layer(np.clip(out[..., :3] / np.maximum(alpha[..., None], 1e-3), 0, 1), alpha)


def together(layers: list[Layer]) -> Layer:
    """Stack layers into one."""
    rgb, alpha = layers[0].rgb, layers[0].alpha
    for layer in layers[1:]:
        a = layer.alpha[..., None]
        rgb = rgb * (1 - a) + layer.rgb * a
        alpha = alpha + layer.alpha - alpha * layer.alpha
    return Layer(rgb, alpha, layers[0].blend)


def dressed(rng: Rng, layer: Layer) -> Layer:
    """Give it, now and then, relief, texture, an outline, a glow or a shadow."""
    r = rng.random()
    if r < 0.55:
        return layer
    if r < 0.68:  # relief: light from one side on the rounded shape
        round_ = cv2.GaussianBlur(layer.alpha, (0, 0), rng.uniform(1, 4))
        dx, dy = rng.normal(0, 1, 2)
        slope = cv2.Sobel(round_, cv2.CV_32F, 1, 0) * dx + cv2.Sobel(round_, cv2.CV_32F, 0, 1) * dy
        layer.rgb = np.clip(layer.rgb * (1 + slope * 0.8)[..., None] + slope[..., None] * 0.15, 0, 1)
        return layer
    if r < 0.76:  # worn or printed
        grain = 1 - rng.uniform(0.15, 0.6) * noise(rng, rng.uniform(1, 4))
        layer.rgb = (layer.rgb * grain[..., None]).astype(np.float32)
        if rng.random() < 0.4:
            layer.alpha = layer.alpha * np.clip(noise(rng, 4) * 3, 0, 1)
        return layer
    return surrounded(rng, layer)


def surrounded(rng: Rng, layer: Layer) -> Layer:
    """Put an outline, a glow or a cast shadow around a layer."""
    r = rng.random()
    if r < 0.45:
        k = int(rng.integers(1, 4))
        around = cv2.dilate(layer.alpha, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * k + 1, 2 * k + 1)))
        colour: object = rng.choice([0.0, 1.0, 1.0]) if rng.random() < 0.8 else rng.random(3)
    elif r < 0.7:
        around = cv2.GaussianBlur(layer.alpha, (0, 0), rng.uniform(2, 7)) * rng.uniform(0.8, 1.6)
        colour = mark_colour(rng)
    else:
        away = np.float32([[1, 0, rng.uniform(-5, 5)], [0, 1, rng.uniform(0, 6)]])
        around = cv2.warpAffine(layer.alpha, away, (SIDE_PX, SIDE_PX))
        around = cv2.GaussianBlur(around, (0, 0), rng.uniform(0.6, 4)) * rng.uniform(0.3, 0.8)
        colour = rng.uniform(0, 0.15)
    a = layer.alpha[..., None]
    rgb = layer.rgb * a + flat(np.asarray(colour, np.float32)) * (1 - a)
    return Layer(rgb.astype(np.float32), np.clip(np.maximum(layer.alpha, around), 0, 1), layer.blend)


def silhouette(rng: Rng, layer: Layer, colour: object | None = None) -> Layer:
    """The same shape in one ink, sometimes a gradient of it."""
    if colour is None:
        r = rng.random()
        colour = (
            np.full(3, rng.uniform(0, 0.15))
            if r < 0.4
            else np.full(3, rng.uniform(0.85, 1))
            if r < 0.65
            else mark_colour(rng)
        )
    rgb: Picture = flat(np.asarray(colour, np.float32))
    if rng.random() < 0.2:
        ramp = np.linspace(rng.uniform(0.5, 1), rng.uniform(0.7, 1.3), SIDE_PX, dtype=np.float32)
        rgb = np.clip(rgb * (ramp[:, None, None] if rng.random() < 0.5 else ramp[None, :, None]), 0, 1)
    return Layer(rgb, layer.alpha, layer.blend)


def scattered(rng: Rng, pictures: list[np.ndarray], spots: list[tuple[float, float, float]]) -> Layer:
    """Stamp small RGBA pictures (uint8), turned at random, at ``(x, y, size)`` in canvas pixels."""
    out = np.zeros((SIDE_PX, SIDE_PX, 4), np.float32)
    for cx, cy, size in spots:
        rgba = pictures[rng.integers(len(pictures))]
        side = max(3, round(size))
        f = side / max(rgba.shape[:2])
        small = cv2.resize(
            rgba,
            (max(2, round(rgba.shape[1] * f)), max(2, round(rgba.shape[0] * f))),
            interpolation=cv2.INTER_AREA,
        )
        small = np.rot90(small, int(rng.integers(4))) if rng.random() < 0.6 else small
        small = small[:, ::-1] if rng.random() < 0.5 else small
        h, w = small.shape[:2]
        x, y = round(cx - w / 2), round(cy - h / 2)
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, SIDE_PX), min(y + h, SIDE_PX)
        if x0 >= x1 or y0 >= y1:
            continue
        part = small[y0 - y : y1 - y, x0 - x : x1 - x].astype(np.float32) / 255
        a = part[..., 3:]
        under = out[y0:y1, x0:x1]
        under[..., :3] = under[..., :3] * (1 - a) + part[..., :3] * a
        under[..., 3:] = under[..., 3:] + a - under[..., 3:] * a
    alpha = out[..., 3]
    return Layer(np.clip(out[..., :3] / np.maximum(alpha[..., None], 1e-3), 0, 1), np.clip(alpha, 0, 1))
