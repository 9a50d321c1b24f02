"""Painters of blood: splats, drips from an edge, prints of hands, pools, smears, drops; dried too."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import (
    SIDE_PX,
    Face,
    Layer,
    Picture,
    Rng,
    blob,
    fill,
    flat,
    grid,
    mask_of,
    noise,
    warp,
)

_Drip = tuple[float, float, float, float]


def _with_drips(outlines: list[np.ndarray], drips: list[_Drip]) -> Picture:
    """Alpha of outlines and of runs ``x, y0, y1, width``, each with a bead at its end."""

    def draw(canvas: np.ndarray, s: int) -> None:
        for outline in outlines:
            cv2.fillPoly(canvas, [(outline * s).astype(np.int32)], 255)
        for x, y0, y1, w in drips:
            end = (int(x * s), int(y1 * s))
            cv2.line(canvas, (int(x * s), int(y0 * s)), end, 255, max(1, int(w * s)), cv2.LINE_AA)
            cv2.circle(canvas, end, max(1, int(w * 0.8 * s)), 255, -1, cv2.LINE_AA)

    return mask_of(draw)


def _splats(rng: Rng, face: Face, high: float) -> Picture:
    outlines: list[np.ndarray] = []
    drips: list[_Drip] = []
    for _ in range(int(rng.integers(1, 6))):
        cx = rng.uniform(face[0], face[2]) * SIDE_PX
        cy = rng.uniform(face[1], face[3]) * SIDE_PX
        r = rng.uniform(0.06, 0.32) * high
        rays = rng.random() < 0.4
        outlines.append(blob(rng, cx, cy, r, rng.uniform(0.12, 0.45), 40))
        heading = rng.uniform(0, 6.3)
        spread = rng.choice([0.5, 3.2, 3.2])  # flung one way, or all around
        for _ in range(int(rng.integers(0, 26))):
            a, d = heading + rng.uniform(-spread, spread), r * rng.uniform(1.0, 3.2)
            x, y = cx + np.cos(a) * d, cy + np.sin(a) * d
            drop = blob(rng, 0, 0, max(r * rng.uniform(0.03, 0.2), 0.7), 0.1, 12)
            if rays:  # stretched along its flight
                drop = drop * np.array([rng.uniform(1.5, 4), 1.0])
                drop = drop @ np.array([[np.cos(a), np.sin(a)], [-np.sin(a), np.cos(a)]])
            outlines.append(drop + np.array([x, y]))
        for _ in range(int(rng.choice([0, 0, 1, 3, 5]))):
            x, end = cx + rng.uniform(-0.8, 0.8) * r, cy + r * rng.uniform(0.8, 4)
            drips.append((x, cy, end, r * rng.uniform(0.06, 0.22)))
    return _with_drips(outlines, drips)


def _from_above(rng: Rng, face: Face, high: float) -> Picture:
    """A film that runs down from the picture's edge, the hair line, the eyes or the mouth."""
    top = rng.choice(
        [rng.uniform(-0.05, 0.15), face[1] + rng.uniform(-0.05, 0.2), face[1] + 0.4 * (face[3] - face[1])]
    )
    top *= SIDE_PX
    left, right = (0.0, float(SIDE_PX)) if rng.random() < 0.5 else (face[0] * SIDE_PX, face[2] * SIDE_PX)
    n = int(rng.integers(3, 18))
    drips = [
        (
            rng.uniform(left, right),
            top,
            top + rng.uniform(0.1, 1.3) * high,
            rng.uniform(0.015, 0.09) * high,
        )
        for _ in range(n)
    ]
    outlines = []
    if rng.random() < 0.75:
        film = rng.uniform(0.03, 0.25) * high
        edge = np.array([[x, top + rng.uniform(0, film)] for x in np.linspace(left, right, 16)])
        far = -9.0 if left == 0 and rng.random() < 0.6 else top - rng.uniform(1, 12)
        outlines.append(np.concatenate([edge, [[right, far], [left, far]]]))
    return _with_drips(outlines, drips)


def _print(rng: Rng, face: Face, high: float) -> Picture:
    """A hand, or fingers dragged down."""
    cx = rng.uniform(face[0], face[2]) * SIDE_PX
    cy = rng.uniform(face[1], face[3]) * SIDE_PX
    size = rng.uniform(0.3, 0.8) * high
    dragged = rng.uniform(0.3, 1.2) if rng.random() < 0.4 else 0.0
    turn, flip = rng.normal(0, 0.5), rng.choice([-1, 1])
    c, s = np.cos(turn), np.sin(turn)
    outlines: list[np.ndarray] = []

    def put(shape: np.ndarray) -> None:
        shape = shape * np.array([flip, 1])
        outlines.append(shape @ np.array([[c, s], [-s, c]]) * size + np.array([cx, cy]))

    if not dragged or rng.random() < 0.5:
        put(blob(rng, 0, 0.1, 0.26, 0.1) * np.array([1.0, 1.1]))
    fingers = [(-0.24, -0.15, -0.45), (-0.09, -0.22, -0.15), (0.06, -0.22, 0.08), (0.2, -0.15, 0.3)]
    for x, y, lean in [*fingers, (0.34, 0.12, 1.0)][: int(rng.integers(3, 6))]:
        for joint in range(3):
            d = 0.06 + joint * 0.13
            r = rng.uniform(0.045, 0.065)
            oval = blob(rng, 0, 0, 1, 0.08, 14) * np.array([r, r * 1.4])
            put(oval + np.array([x + np.sin(lean) * d, y - np.cos(lean) * d]))
        if dragged:
            streak = np.array([(-0.05, 0), (0.05, 0), (0.03, dragged), (-0.03, dragged)])
            put(streak + np.array([x, y]))
    alpha = fill(*outlines)
    return alpha * np.clip(0.35 + 1.2 * noise(rng, 3), 0, 1) if rng.random() < 0.6 else alpha


def _smear(rng: Rng, face: Face, high: float) -> Picture:
    x, y = grid()
    a = rng.uniform(0, np.pi)
    dx = x - rng.uniform(face[0], face[2]) * SIDE_PX
    dy = y - rng.uniform(face[1], face[3]) * SIDE_PX
    u, v = dx * np.cos(a) + dy * np.sin(a), dy * np.cos(a) - dx * np.sin(a)
    shape = np.clip(
        1.5 - np.hypot(u / (high * rng.uniform(0.3, 0.9)), v / (high * rng.uniform(0.12, 0.45))), 0, 1
    )
    field = warp(noise(rng, rng.uniform(1, 3), rng.uniform(2, 5)), rng, 6)
    return np.clip((shape * (0.4 + field) - 0.45) * 5, 0, 1).astype(np.float32)


def _drops(rng: Rng, face: Face, high: float) -> Picture:
    """Single drops as signs draw them, tip up, or round ones; or a pool with a smooth rim."""
    outlines = []
    r = rng.uniform(0.08, 0.4) * high
    for _ in range(1 if r > 0.2 * high else int(rng.integers(1, 8))):
        x = rng.uniform(face[0], face[2]) * SIDE_PX
        y = rng.uniform(face[1], face[3]) * SIDE_PX
        t = np.linspace(0, 2 * np.pi, 40)
        sharp = rng.uniform(1.2, 2.6)
        half = np.sin(t) * np.sin(t / 2) ** sharp
        outlines.append(np.stack([x + half * r * 0.95, y - np.cos(t) * r], 1))
        if rng.random() < 0.3:
            outlines[-1] = blob(rng, x, y, r * 0.8, rng.uniform(0.02, 0.3), 40) * 1.0
    return fill(*outlines)


def blood(rng: Rng, face: Face) -> Layer:
    """Paint blood of some kind on and around the face."""
    high = (face[3] - face[1]) * SIDE_PX
    painters = (_splats, _splats, _splats, _from_above, _from_above, _print, _smear, _drops)
    alpha = painters[rng.integers(len(painters))](rng, face, high)
    if rng.random() < 0.2:
        alpha = np.maximum(alpha, _splats(rng, face, high * 0.6))
    if rng.random() < 0.4:
        alpha = warp(alpha, rng, rng.uniform(1, 5), 2)
    r = rng.random()
    if r < 0.75:
        base = np.array([rng.uniform(0.3, 0.9), rng.uniform(0, 0.1), rng.uniform(0, 0.1)], np.float32)
    elif r < 0.93:  # dried
        base = np.array([rng.uniform(0.18, 0.42), rng.uniform(0.02, 0.14), rng.uniform(0, 0.1)], np.float32)
    else:  # in print
        base = np.full(3, rng.uniform(0, 0.12), np.float32)
    texture = rng.uniform(0, 0.6) if rng.random() < 0.6 else 0.0  # clip art is flat
    rgb = base * (1 - texture * noise(rng, 3)[..., None])
    if rng.random() < 0.35:  # thick at the heart, thin at the edge
        depth = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(2, 5))
        rgb = rgb * (1.15 - 0.5 * depth[..., None])
    if rng.random() < 0.35:  # wet: a light edge
        inner = cv2.GaussianBlur(np.roll(alpha, (2, 2), (0, 1)), (0, 0), 1.5)
        shine = np.clip(alpha - inner, 0, 1) * (noise(rng, 4) > rng.uniform(0.3, 0.7))
        rgb = rgb + shine[..., None] * rng.uniform(0.3, 0.9)
    if rng.random() < 0.12:  # an outline, as comics have
        edge = alpha - cv2.erode(alpha, np.ones((3, 3), np.uint8))
        rgb = rgb * (1 - 0.8 * edge[..., None])
    blend = "multiply" if rng.random() < 0.15 else "alpha"
    return Layer(np.clip(flat((0, 0, 0)) + rgb, 0, 1).astype(np.float32), alpha, blend)
