"""Painters of things: blades, guns, skulls; and art by other hands, placed, tinted and turned."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.fire import palette
from training.overlays.layers import SIDE_PX, Layer, Picture, Rng, flat, noise

Face = tuple[float, float, float, float]
_UNIT = 240


def _place(
    rng: Rng, rgba: np.ndarray, face: Face, size: float, centre: tuple[float, float], turn: float
) -> Layer:
    """Lay an RGBA picture (uint8) on the canvas; ``size`` is its longer side in canvas fractions."""
    h, w = rgba.shape[:2]
    scale = size * SIDE_PX / max(h, w)
    if scale < 0.5:
        factor = max(scale, 0.02)
        rgba = cv2.resize(rgba, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        h, w = rgba.shape[:2]
        scale = size * SIDE_PX / max(h, w)
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), turn, scale)
    matrix[0, 2] += centre[0] * SIDE_PX - w / 2
    matrix[1, 2] += centre[1] * SIDE_PX - h / 2
    premultiplied = rgba.astype(np.float32) / 255
    premultiplied[..., :3] *= premultiplied[..., 3:]
    out = cv2.warpAffine(premultiplied, matrix, (SIDE_PX, SIDE_PX), flags=cv2.INTER_LINEAR)
    alpha = out[..., 3]
    rgb = out[..., :3] / np.maximum(alpha[..., None], 1e-3)
    return Layer(np.clip(rgb, 0, 1), np.clip(alpha, 0, 1))


def _near(rng: Rng, face: Face, spread: float) -> tuple[float, float]:
    fx0, fy0, fx1, fy1 = face
    return (
        (fx0 + fx1) / 2 + rng.uniform(-spread, spread) * (fx1 - fx0),
        (fy0 + fy1) / 2 + rng.uniform(-spread, spread) * (fy1 - fy0),
    )


def _canvas(draw: object) -> np.ndarray:
    big = np.zeros((_UNIT * 2, _UNIT * 2, 4), np.uint8)
    draw(big)  # type: ignore[operator]
    return cv2.resize(big, (_UNIT, _UNIT), interpolation=cv2.INTER_AREA)


def _poly(img: np.ndarray, points: object, grey: tuple[int, int, int]) -> None:
    cv2.fillPoly(
        img, [(np.asarray(points, np.float32) * 2 * _UNIT).astype(np.int32)], (*grey, 255), cv2.LINE_AA
    )


def _tone(rng: Rng, low: int, high: int) -> tuple[int, int, int]:
    v = int(rng.integers(low, high))
    return (v, v, min(255, v + int(rng.integers(0, 15))))


def _blade(rng: Rng) -> np.ndarray:
    """A knife, dagger, machete, sword or axe lying along x."""
    silhouette = rng.random() < 0.35
    ink = (0, 0, 0) if rng.random() < 0.7 else (255, 255, 255)
    steel = ink if silhouette else _tone(rng, 130, 245)
    wood = (
        ink
        if silhouette
        else (int(rng.integers(20, 130)), int(rng.integers(15, 80)), int(rng.integers(10, 60)))
    )
    kind = rng.random()

    def draw(img: np.ndarray) -> None:
        wide = rng.uniform(0.03, 0.13)
        split = rng.uniform(0.3, 0.45) if kind < 0.7 else rng.uniform(0.2, 0.28)
        if kind < 0.4:  # single-edged
            belly = rng.uniform(0.7, 0.9)
            _poly(
                img,
                [
                    (split, 0.5 - wide / 2),
                    (belly, 0.5 - wide / 2),
                    (0.98, 0.5 + wide * rng.uniform(-0.5, 0.4)),
                    (belly - 0.05, 0.5 + wide * 0.6),
                    (split, 0.5 + wide / 2),
                ],
                steel,
            )
        elif kind < 0.85:  # double-edged
            _poly(
                img,
                [
                    (split, 0.5 - wide / 2),
                    (0.9, 0.5 - wide / 2),
                    (0.99, 0.5),
                    (0.9, 0.5 + wide / 2),
                    (split, 0.5 + wide / 2),
                ],
                steel,
            )
            if not silhouette:
                _poly(
                    img,
                    [(split, 0.5), (0.98, 0.5), (0.9, 0.5 + wide / 2), (split, 0.5 + wide / 2)],
                    tuple(int(v * 0.7) for v in steel),
                )
        else:  # axe
            _poly(
                img,
                [(0.75, 0.47), (0.72, 0.22), (0.95, 0.18), (0.97, 0.5), (0.93, 0.75), (0.75, 0.55)],
                steel,
            )
            split = 0.97
        if kind < 0.85 and rng.random() < 0.6:
            guard = rng.uniform(0.08, 0.22)
            _poly(
                img,
                [
                    (split - 0.02, 0.5 - guard / 2),
                    (split + 0.02, 0.5 - guard / 2),
                    (split + 0.02, 0.5 + guard / 2),
                    (split - 0.02, 0.5 + guard / 2),
                ],
                wood,
            )
        grip = rng.uniform(0.03, 0.08)
        _poly(
            img,
            [
                (0.03, 0.5 - grip / 2),
                (split, 0.5 - grip / 2),
                (split, 0.5 + grip / 2),
                (0.03, 0.5 + grip / 2 + rng.uniform(0, 0.03)),
            ],
            wood,
        )

    return _canvas(draw)


def _gun(rng: Rng) -> np.ndarray:
    """A pistol, revolver or rifle seen from the side, muzzle to +x."""
    ink = _tone(rng, 0, 90) if rng.random() < 0.75 else _tone(rng, 120, 256)
    second = (
        tuple(int(np.clip(v * rng.uniform(0.5, 1.6) + rng.integers(0, 20), 0, 255)) for v in ink)
        if rng.random() < 0.6
        else ink
    )
    wood = (
        (int(rng.integers(60, 130)), int(rng.integers(35, 80)), int(rng.integers(15, 50)))
        if rng.random() < 0.3
        else second
    )

    def pistol(img: np.ndarray) -> None:
        top, thick, end = 0.3, rng.uniform(0.1, 0.16), rng.uniform(0.85, 0.98)
        _poly(img, [(0.08, top), (end, top), (end, top + thick), (0.08, top + thick)], second)
        _poly(
            img,
            [
                (0.12, top + thick),
                (end - 0.05, top + thick),
                (end - 0.08, top + thick + 0.06),
                (0.12, top + thick + 0.06),
            ],
            ink,
        )
        lean, length, width = rng.uniform(0.02, 0.12), rng.uniform(0.3, 0.42), rng.uniform(0.15, 0.2)
        _poly(
            img,
            [
                (0.12, top + thick),
                (0.12 + width, top + thick),
                (0.12 + width - lean, top + thick + length),
                (0.12 - lean, top + thick + length),
            ],
            wood,
        )
        c = (int((0.14 + width + 0.06) * 2 * _UNIT), int((top + thick + 0.09) * 2 * _UNIT))
        cv2.ellipse(
            img,
            c,
            (int(0.075 * 2 * _UNIT), int(0.06 * 2 * _UNIT)),
            0,
            0,
            360,
            (*ink, 255),
            int(0.02 * 2 * _UNIT),
            cv2.LINE_AA,
        )
        if rng.random() < 0.4:  # revolver cylinder
            _poly(
                img,
                [
                    (0.3, top - 0.02),
                    (0.48, top - 0.02),
                    (0.48, top + thick + 0.06),
                    (0.3, top + thick + 0.06),
                ],
                ink,
            )
        if rng.random() < 0.5:
            _poly(img, [(0.86, top - 0.035), (0.9, top - 0.035), (0.9, top), (0.86, top)], ink)

    def rifle(img: np.ndarray) -> None:
        y = 0.42
        _poly(img, [(0.3, y), (0.66, y), (0.66, y + 0.09), (0.3, y + 0.09)], ink)
        _poly(img, [(0.62, y + 0.015), (0.99, y + 0.02), (0.99, y + 0.045), (0.62, y + 0.05)], second)
        drop = rng.uniform(0.02, 0.1)
        _poly(
            img,
            [(0.31, y + 0.01), (0.31, y + 0.07), (0.02, y + 0.11 + drop), (0.02, y + 0.0 + drop * 0.4)],
            wood,
        )
        _poly(img, [(0.34, y + 0.08), (0.41, y + 0.08), (0.38, y + 0.25), (0.31, y + 0.25)], wood)
        curve = rng.uniform(-0.02, 0.09)
        if rng.random() < 0.85:
            _poly(
                img,
                [
                    (0.47, y + 0.08),
                    (0.55, y + 0.08),
                    (0.57 + curve, y + 0.2),
                    (0.58 + curve * 1.6, y + 0.3),
                    (0.51 + curve * 1.6, y + 0.31),
                    (0.49 + curve, y + 0.2),
                ],
                ink,
            )
        _poly(img, [(0.64, y - 0.01), (0.82, y + 0.0), (0.82, y + 0.07), (0.64, y + 0.08)], wood)
        if rng.random() < 0.5:
            _poly(img, [(0.4, y - 0.07), (0.58, y - 0.07), (0.58, y - 0.02), (0.4, y - 0.02)], second)
        if rng.random() < 0.6:
            _poly(img, [(0.93, y - 0.05), (0.95, y - 0.05), (0.95, y + 0.03), (0.93, y + 0.03)], ink)

    return _canvas(pistol if rng.random() < 0.55 else rifle)


def weapon(rng: Rng, face: Face) -> Layer:
    """Paint a blade or a gun on the face or pointed at it."""
    art = _blade(rng) if rng.random() < 0.45 else _gun(rng)
    if rng.random() < 0.5:
        art = art[:, ::-1].copy()
    size = rng.uniform(0.35, 1.5) * (face[3] - face[1])
    turn = rng.uniform(-40, 40) if rng.random() < 0.6 else rng.uniform(-180, 180)
    return _place(rng, art, face, size, _near(rng, face, 0.65), turn)


def _skull_art(rng: Rng) -> np.ndarray:
    bone = _tone(rng, 190, 256) if rng.random() < 0.75 else _tone(rng, 0, 60)
    if rng.random() < 0.1:
        bone = (int(rng.integers(120, 255)), 0, 0)
    hollow = (0, 0, 0) if sum(bone) > 300 else (255, 255, 255)
    if rng.random() < 0.2:
        hollow = (150, 0, 0)

    def draw(img: np.ndarray) -> None:
        u = 2 * _UNIT

        def oval(cx: float, cy: float, rx: float, ry: float, c: tuple[int, ...], turn: float = 0) -> None:
            cv2.ellipse(
                img,
                (int(cx * u), int(cy * u)),
                (int(rx * u), int(ry * u)),
                turn,
                0,
                360,
                (*c, 255),
                -1,
                cv2.LINE_AA,
            )

        if rng.random() < 0.3:  # crossed bones
            for sx in (-1, 1):
                p, q = (
                    (int((0.5 - sx * 0.42) * u), int(0.55 * u)),
                    (int((0.5 + sx * 0.42) * u), int(0.95 * u)),
                )
                cv2.line(img, p, q, (*bone, 255), int(0.06 * u), cv2.LINE_AA)
                for e in (p, q):
                    cv2.circle(img, (e[0], e[1] - 12), int(0.045 * u), (*bone, 255), -1)
                    cv2.circle(img, (e[0], e[1] + 12), int(0.045 * u), (*bone, 255), -1)
        wide, tall = rng.uniform(0.28, 0.38), rng.uniform(0.27, 0.35)
        oval(0.5, 0.38, wide, tall, bone)
        jaw = rng.uniform(0.14, 0.22)
        bottom = rng.uniform(0.78, 0.92)
        _poly(
            img,
            [(0.5 - jaw * 1.1, 0.55), (0.5 + jaw * 1.1, 0.55), (0.5 + jaw, bottom), (0.5 - jaw, bottom)],
            bone,
        )
        ex, ey = rng.uniform(0.12, 0.17), rng.uniform(0.4, 0.46)
        rx, ry = rng.uniform(0.07, 0.11), rng.uniform(0.06, 0.12)
        tilt = rng.uniform(-25, 25)
        oval(0.5 - ex, ey, rx, ry, hollow, tilt)
        oval(0.5 + ex, ey, rx, ry, hollow, -tilt)
        _poly(
            img,
            [(0.5, 0.5), (0.5 + rng.uniform(0.03, 0.06), 0.62), (0.5 - rng.uniform(0.03, 0.06), 0.62)],
            hollow,
        )
        teeth = int(rng.integers(3, 8))
        for k in range(teeth):
            tx = 0.5 - jaw * 0.8 + 1.6 * jaw * k / (teeth - 1)
            cv2.line(
                img,
                (int(tx * u), int((bottom - 0.13) * u)),
                (int(tx * u), int((bottom - 0.02) * u)),
                (*hollow, 255),
                max(2, int(0.012 * u)),
            )
        if rng.random() < 0.5:
            cv2.line(
                img,
                (int((0.5 - jaw * 0.9) * u), int((bottom - 0.08) * u)),
                (int((0.5 + jaw * 0.9) * u), int((bottom - 0.08) * u)),
                (*hollow, 255),
                max(2, int(0.01 * u)),
            )

    return _canvas(draw)


def skull(rng: Rng, face: Face) -> Layer:
    """Paint a skull over the face or beside it."""
    layer = _place(
        rng,
        _skull_art(rng),
        face,
        rng.uniform(0.3, 1.35) * (face[3] - face[1]),
        _near(rng, face, 0.4),
        rng.normal(0, 8),
    )
    if rng.random() < 0.3:
        layer.rgb = layer.rgb * (0.7 + 0.3 * noise(rng, 3)[..., None])
    return layer


_INKS = {
    "flames": None,
    "explosion": None,
    "blood": "red",
    "crosshair": "mark",
    "crossed_out": "mark",
}


def from_art(rng: Rng, kind: str, rgba: np.ndarray, coloured: bool, face: Face) -> Layer:
    """Place one piece of art of ``kind`` (``harmless`` for none); a plain silhouette gets an ink."""
    high = face[3] - face[1]
    turn = rng.normal(0, 10)
    if kind in ("crosshair", "crossed_out"):
        size, centre = rng.uniform(0.45, 1.6) * high, _near(rng, face, 0.15)
    elif kind == "flames":
        size = rng.uniform(0.35, 1.5) * high
        centre = _near(rng, face, 0.4)
    elif kind == "bullet_hole":
        size, centre, turn = rng.uniform(0.15, 0.6) * high, _near(rng, face, 0.45), rng.uniform(0, 360)
    elif kind == "weapon":
        size, centre = rng.uniform(0.35, 1.5) * high, _near(rng, face, 0.6)
        turn = rng.uniform(-180, 180) if rng.random() < 0.4 else rng.normal(0, 25)
    else:
        size, centre = rng.uniform(0.25, 1.4) * high, _near(rng, face, 0.5)
    if rng.random() < 0.4 and kind != "crosshair":
        rgba = rgba[:, ::-1].copy()
    layer = _place(rng, rgba, face, size, centre, turn)
    if kind == "flames" and rng.random() < 0.4:  # several of them
        for _ in range(int(rng.integers(1, 4))):
            other = _place(
                rng, rgba, face, size * rng.uniform(0.5, 1), _near(rng, face, 0.6), rng.normal(0, 10)
            )
            a = other.alpha[..., None]
            layer.rgb = layer.rgb * (1 - a) + other.rgb * a
            layer.alpha = np.maximum(layer.alpha, other.alpha)
    if not coloured:
        layer.rgb = _ink(rng, kind, layer)
    return layer


def _ink(rng: Rng, kind: str, layer: Layer) -> Picture:
    from training.overlays.layers import mark_colour

    if kind in ("flames", "explosion"):
        if rng.random() < 0.8:
            y = np.mgrid[0:SIDE_PX, 0:SIDE_PX][0].astype(np.float32) / SIDE_PX
            rows = np.nonzero(layer.alpha.max(1) > 0.2)[0]
            top, base = (rows[0], rows[-1] + 1) if len(rows) else (0, SIDE_PX)
            heat = np.clip((y * SIDE_PX - top) / max(base - top, 1), 0, 1) * rng.uniform(
                0.2, 0.7
            ) + rng.uniform(0.15, 0.4)
            return palette(np.clip(heat, 0, 1).astype(np.float32), rng)
        return flat(mark_colour(rng))
    if kind == "blood":
        return flat((rng.uniform(0.35, 0.85), rng.uniform(0, 0.08), rng.uniform(0, 0.08)))
    if kind == "bullet_hole":
        return flat(rng.uniform(0, 0.12))
    if kind in ("weapon", "skull"):
        r = rng.random()
        return (
            flat(rng.uniform(0, 0.2) if r < 0.5 else rng.uniform(0.8, 1))
            if r < 0.85
            else flat(mark_colour(rng))
        )
    if kind == "harmless":
        return flat(rng.random(3)) if rng.random() < 0.6 else flat(rng.choice([0.02, 0.98]))
    return flat(mark_colour(rng))
