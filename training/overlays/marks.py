"""Painters of marks: bullet holes, glass cracks, crosshairs, crossings-out, blood and nooses."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import (
    SIDE_PX,
    Layer,
    Picture,
    Rng,
    empty,
    flat,
    grid,
    mark_colour,
    mask_of,
    noise,
    warp,
)

Face = tuple[float, float, float, float]


def _blob(rng: Rng, cx: float, cy: float, r: float, rough: float, n: int = 28) -> np.ndarray:
    """Outline of an irregular disc, shape (n, 2)."""
    a = np.linspace(0, 2 * np.pi, n, endpoint=False)
    wave = sum(rng.normal(0, 1 / k) * np.sin(k * a + rng.uniform(0, 6.3)) for k in range(2, 9))
    radii = r * np.clip(1 + rough * np.asarray(wave) + rng.normal(0, rough * 0.3, n), 0.25, 2.2)
    return np.stack([cx + np.cos(a) * radii, cy + np.sin(a) * radii], 1)


def _fill(outline: np.ndarray) -> Picture:
    return mask_of(lambda canvas, s: cv2.fillPoly(canvas, [(outline * s).astype(np.int32)], 255))


def _cracks(rng: Rng, cx: float, cy: float, r: float, reach: float, rings: bool) -> Picture:
    rays = int(rng.integers(5, 16))
    angles = np.sort(rng.uniform(0, 2 * np.pi, rays))
    paths = []
    for a in angles:
        length = reach * rng.uniform(0.4, 1.2)
        points, x, y, d = [(cx, cy)], cx, cy, a
        for _ in range(int(rng.integers(2, 6))):
            d += rng.normal(0, 0.18)
            x, y = x + np.cos(d) * length / 4, y + np.sin(d) * length / 4
            points.append((x, y))
        paths.append(np.array(points))
    if rings:
        for _ in range(int(rng.integers(1, 4))):
            rr = rng.uniform(r * 1.5, reach * 0.8)
            jitter = rr * rng.uniform(0.75, 1.25, len(angles))
            paths.append(np.stack([cx + np.cos(angles) * jitter, cy + np.sin(angles) * jitter], 1))
    thick = int(rng.integers(1, 3))

    def draw(canvas: np.ndarray, s: int) -> None:
        for path in paths:
            cv2.polylines(canvas, [(path * s).astype(np.int32)], False, 255, thick, cv2.LINE_AA)

    return mask_of(draw)


def bullet_holes(rng: Rng, face: Face) -> Layer:
    """Paint 1 to 14 holes with rim, soot, cracks or broken glass on and around the face."""
    fx0, fy0, fx1, fy1 = face
    rgb, alpha = empty()
    x, y = grid()
    n = 1 if rng.random() < 0.3 else int(rng.integers(2, 14))
    style = int(rng.integers(5))
    size = rng.uniform(0.025, 0.13) * (fy1 - fy0) * SIDE_PX * (1.3 if n < 3 else 1)
    size = max(size, 2.0)
    rim_shade = rng.uniform(0.3, 1.0)
    rim_tint = np.array([1, rng.uniform(0.75, 1), rng.uniform(0.55, 1)], np.float32)
    core = rng.uniform(0, 0.12)
    soot_strength = rng.uniform(0.3, 0.9) if rng.random() < 0.6 else 0.0

    def put(m: Picture, colour: np.ndarray | float) -> None:
        nonlocal rgb, alpha
        rgb = rgb * (1 - m[..., None]) + np.asarray(colour, np.float32) * m[..., None]
        alpha = alpha + m - alpha * m

    for _ in range(n):
        cx = rng.uniform(fx0 - 0.05, fx1 + 0.05) * SIDE_PX
        cy = rng.uniform(fy0 - 0.05, fy1 + 0.05) * SIDE_PX
        r = size * rng.uniform(0.7, 1.35)
        d = np.hypot(x - cx, y - cy)
        if soot_strength:
            put((np.exp(-((d / (r * rng.uniform(1.5, 3))) ** 2)) * soot_strength).astype(np.float32), core)
        if style == 0:  # glass: white cracks
            cracks = _cracks(rng, cx, cy, r, r * rng.uniform(3, 7), rng.random() < 0.7)
            put(cracks * rng.uniform(0.5, 1), rng.uniform(0.75, 1))
            if rng.random() < 0.5:
                put(_fill(_blob(rng, cx, cy, r * 1.7, 0.2)) * 0.6, 0.9)
        elif style == 1:  # wall or skin: dark cracks
            put(_cracks(rng, cx, cy, r, r * rng.uniform(2, 4.5), False) * rng.uniform(0.6, 1), core)
            put(_fill(_blob(rng, cx, cy, r * 1.35, 0.16)), rim_tint * rim_shade)
        elif style == 2:  # torn metal: light, jagged rim
            spikes = int(rng.integers(6, 13))
            a = np.linspace(0, 2 * np.pi, 2 * spikes, endpoint=False)
            radii = (
                np.where(np.arange(2 * spikes) % 2, 1.15, rng.uniform(1.6, 2.3))
                * r
                * rng.uniform(0.85, 1.15, 2 * spikes)
            )
            star = np.stack([cx + np.cos(a) * radii, cy + np.sin(a) * radii], 1)
            put(_fill(star), rim_tint * rim_shade)
            light = np.clip(0.5 + ((x - cx) + (y - cy)) / (4 * r), 0, 1)
            put(_fill(star) * (light * 0.5).astype(np.float32), 0.15)
        elif style == 3:  # plain ring
            ring = np.clip(1.2 - np.abs(d - r * 1.15) / (r * rng.uniform(0.2, 0.45)), 0, 1)
            put(ring.astype(np.float32), rim_tint * rim_shade)
        put(_fill(_blob(rng, cx, cy, r, rng.uniform(0.02, 0.18))), core)
        if rng.random() < 0.3:
            put(_fill(_blob(rng, cx + r * 0.25, cy + r * 0.25, r * 0.5, 0.1)) * 0.7, rng.uniform(0, 0.3))
        if rng.random() < 0.12:  # a bleeding hole
            end = cy + r * rng.uniform(3, 9)
            drip = mask_of(
                lambda c, s, cx=cx, cy=cy, end=end, r=r: cv2.line(
                    c, (int(cx * s), int(cy * s)), (int(cx * s), int(end * s)), 255, max(1, int(r * 0.5 * s))
                )
            )
            put(drip * 0.8, np.array([0.45, 0.02, 0.02]))
    return Layer(rgb.astype(np.float32), np.clip(alpha, 0, 1).astype(np.float32))


def crosshair(rng: Rng, face: Face) -> Layer:
    """Paint a reticle: rings, arms with gaps, ticks, dots, brackets, or a scope's dark surround."""
    fx0, fy0, fx1, fy1 = face
    high = (fy1 - fy0) * SIDE_PX
    cx = ((fx0 + fx1) / 2 + rng.normal(0, 0.07)) * SIDE_PX
    cy = ((fy0 + fy1) / 2 + rng.normal(0, 0.09)) * SIDE_PX
    r = rng.uniform(0.18, 0.85) * high
    rings = int(rng.choice([0, 1, 1, 1, 2, 2, 3]))
    arms = bool(rings == 0 or rng.random() < 0.9)
    long_arms = rng.random() < 0.15
    reach, gap = r * rng.uniform(0.9, 1.6), r * rng.choice([0, 0, rng.uniform(0.1, 0.7)])
    ticks = int(rng.integers(2, 7)) if rng.random() < 0.35 else 0
    thick = max(1, int(rng.choice([1, 1, 2, 2, 3, 4, 6]) * high / 80))
    dot = rng.random() < 0.45
    turn = rng.uniform(0, np.pi / 4) if rng.random() < 0.1 else rng.normal(0, 0.02)
    post = rng.random() < 0.15
    broken = rng.random() < 0.2

    def draw(canvas: np.ndarray, s: int) -> None:
        c = (int(cx * s), int(cy * s))
        t = max(1, int(thick * s * 0.7))
        for k in range(rings):
            rr = int(r * (1 - k / max(rings, 1) * 0.9 if rings > 1 else 1) * s)
            if broken:
                for q in range(4):
                    a = q * 90 + np.degrees(turn)
                    cv2.ellipse(canvas, c, (rr, rr), a, 14, 76, 255, t, cv2.LINE_AA)
            else:
                cv2.circle(canvas, c, rr, 255, t, cv2.LINE_AA)
        if arms:
            for q in range(4):
                a = turn + q * np.pi / 2
                far = 3 * SIDE_PX if long_arms else reach
                p0 = (int((cx + np.cos(a) * gap) * s), int((cy + np.sin(a) * gap) * s))
                p1 = (int((cx + np.cos(a) * far) * s), int((cy + np.sin(a) * far) * s))
                cv2.line(canvas, p0, p1, 255, t, cv2.LINE_AA)
                if post and q != 3:
                    pm = (int((cx + np.cos(a) * r * 0.6) * s), int((cy + np.sin(a) * r * 0.6) * s))
                    cv2.line(canvas, pm, p1, 255, t * 3)
                for k in range(ticks):
                    d = gap + (reach - gap) * (k + 1) / (ticks + 1)
                    m = np.array([cx + np.cos(a) * d, cy + np.sin(a) * d])
                    n = np.array([-np.sin(a), np.cos(a)]) * r * 0.07
                    cv2.line(
                        canvas,
                        tuple(((m - n) * s).astype(int).tolist()),
                        tuple(((m + n) * s).astype(int).tolist()),
                        255,
                        max(1, t // 2),
                    )
        if dot or not arms:
            cv2.circle(canvas, c, max(t, int(r * 0.06 * s)), 255, -1, cv2.LINE_AA)

    alpha = mask_of(draw)
    rgb = flat(mark_colour(rng))
    if rng.random() < 0.25:  # outlined or glowing
        wide = cv2.GaussianBlur(cv2.dilate(alpha, np.ones((3, 3))), (0, 0), rng.uniform(0.5, 2.5))
        edge = flat(0.0 if rng.random() < 0.5 else rgb[0, 0])
        rgb = rgb * alpha[..., None] + edge * (1 - alpha[..., None])
        alpha = np.maximum(alpha, wide * rng.uniform(0.4, 0.9))
    if rng.random() < 0.12:  # seen through a scope
        x, y = grid()
        outside = np.clip((np.hypot(x - cx, y - cy) - r * 1.05) / 3, 0, 1) * rng.uniform(0.7, 1)
        rgb = rgb * (1 - outside[..., None])
        alpha = np.maximum(alpha, outside.astype(np.float32))
    return Layer(rgb.astype(np.float32), alpha.astype(np.float32))


def _stroke(rng: Rng, p: np.ndarray, q: np.ndarray, width: float, style: int) -> Picture:
    """One stroke from p to q: 0 straight bar, 1 tapered brush, 2 hand-drawn, 3 dry brush or spray."""
    n = 14
    t = np.linspace(0, 1, n)[:, None]
    path = p + (q - p) * t
    normal = np.array([-(q - p)[1], (q - p)[0]]) / (np.linalg.norm(q - p) + 1e-6)
    bow = rng.normal(0, 0.05) * np.linalg.norm(q - p) if style else 0.0
    path = path + normal * (np.sin(np.pi * t) * bow)
    if style == 2:
        path = path + np.cumsum(rng.normal(0, 0.6, (n, 2)), 0)

    def draw(canvas: np.ndarray, s: int) -> None:
        if style == 1:
            half = width / 2 * (np.sin(np.pi * np.clip(t * rng.uniform(0.7, 0.95) + 0.08, 0, 1)) ** 0.5)
            outline = np.concatenate([path + normal * half, (path - normal * half)[::-1]])
            cv2.fillPoly(canvas, [(outline * s).astype(np.int32)], 255)
        elif style == 3:
            for _ in range(int(rng.integers(6, 22))):
                shift = normal * rng.uniform(-0.5, 0.5) * width
                a, b = sorted(rng.uniform(0, 1, 2)) if rng.random() < 0.5 else (0, 1)
                part = path[int(a * n) : max(int(b * n), int(a * n) + 2)] + shift
                cv2.polylines(
                    canvas,
                    [(part * s).astype(np.int32)],
                    False,
                    255,
                    max(1, int(width * s * rng.uniform(0.04, 0.2))),
                    cv2.LINE_AA,
                )
        else:
            cv2.polylines(
                canvas, [(path * s).astype(np.int32)], False, 255, max(1, int(width * s)), cv2.LINE_AA
            )

    return mask_of(draw)


def crossed_out(rng: Rng, face: Face) -> Layer:
    """Paint an X, one or several strikes, or a circle with a bar over the face."""
    fx0, fy0, fx1, fy1 = face
    cx, cy = (fx0 + fx1) / 2 + rng.normal(0, 0.05), (fy0 + fy1) / 2 + rng.normal(0, 0.05)
    w = (fx1 - fx0) * rng.uniform(0.3, 0.95)
    h = (fy1 - fy0) * rng.uniform(0.3, 0.85)
    corners = {
        "tl": (cx - w, cy - h),
        "tr": (cx + w, cy - h),
        "bl": (cx - w, cy + h),
        "br": (cx + w, cy + h),
    }

    def at(name: str) -> np.ndarray:
        return (np.array(corners[name]) + rng.normal(0, 0.03, 2)) * SIDE_PX

    style = int(rng.choice([0, 0, 1, 1, 2, 3]))
    width = rng.uniform(0.03, 0.22) * (fy1 - fy0) * SIDE_PX
    kind = rng.random()
    if kind < 0.68:
        strokes = [(at("tl"), at("br")), (at("tr"), at("bl"))]
        if rng.random() < 0.1:
            strokes += [(at("tl"), at("br"))]
    elif kind < 0.88:
        strokes = [(at("tl"), at("br"))] if rng.random() < 0.5 else [(at("tr"), at("bl"))]
        if rng.random() < 0.2:
            shift = np.array([0.0, rng.uniform(0.1, 0.3) * SIDE_PX])
            strokes += [(strokes[0][0] + shift, strokes[0][1] + shift)]
    else:
        strokes = [(at("tl") * 0.8 + at("br") * 0.2, at("br") * 0.8 + at("tl") * 0.2)]
    alpha = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    for p, q in strokes:
        alpha = np.maximum(alpha, _stroke(rng, p, q, width, style))
    if kind >= 0.88:
        r = np.hypot(w, h) * 0.62 * SIDE_PX
        ring = mask_of(
            lambda c, s: cv2.circle(
                c,
                (int(cx * SIDE_PX * s), int(cy * SIDE_PX * s)),
                int(r * s),
                255,
                max(1, int(width * s)),
                cv2.LINE_AA,
            )
        )
        alpha = np.maximum(alpha, ring)
    if rng.random() < 0.25:
        alpha = alpha * np.clip(noise(rng, 4) * 2.2, 0, 1)
    rgb = flat(mark_colour(rng))
    if rng.random() < 0.15:
        outline = cv2.dilate(alpha, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        rgb = rgb * alpha[..., None] + flat(rng.choice([0.0, 1.0])) * (1 - alpha[..., None])
        alpha = outline
    return Layer(rgb.astype(np.float32), alpha.astype(np.float32))


def blood(rng: Rng, face: Face) -> Layer:
    """Paint splats with satellites, drips, smears, or a film running down from the top."""
    fx0, fy0, fx1, fy1 = face
    high = (fy1 - fy0) * SIDE_PX
    style = rng.random()
    outlines: list[np.ndarray] = []
    drips: list[tuple[float, float, float, float]] = []
    alpha = np.zeros((SIDE_PX, SIDE_PX), np.float32)
    if style < 0.6:
        for _ in range(int(rng.integers(1, 6))):
            cx, cy = rng.uniform(fx0, fx1) * SIDE_PX, rng.uniform(fy0, fy1) * SIDE_PX
            r = rng.uniform(0.05, 0.28) * high
            outlines.append(_blob(rng, cx, cy, r, rng.uniform(0.12, 0.4), 40))
            for _ in range(int(rng.integers(0, 26))):
                a, d = rng.uniform(0, 6.3), r * rng.uniform(1.0, 3.2)
                outlines.append(
                    _blob(
                        rng,
                        cx + np.cos(a) * d,
                        cy + np.sin(a) * d,
                        max(r * rng.uniform(0.03, 0.2), 0.7),
                        0.1,
                        12,
                    )
                )
            for _ in range(int(rng.integers(0, 5))):
                drips.append(
                    (
                        cx + rng.uniform(-0.8, 0.8) * r,
                        cy,
                        cy + r * rng.uniform(0.8, 4),
                        r * rng.uniform(0.06, 0.22),
                    )
                )
    elif style < 0.8:
        top = (
            rng.uniform(-0.05, 0.15) * SIDE_PX
            if rng.random() < 0.5
            else (fy0 + rng.uniform(-0.05, 0.2)) * SIDE_PX
        )
        left, right = (0, SIDE_PX) if rng.random() < 0.5 else (fx0 * SIDE_PX, fx1 * SIDE_PX)
        for _ in range(int(rng.integers(3, 16))):
            drips.append(
                (
                    rng.uniform(left, right),
                    top,
                    top + rng.uniform(0.15, 1.3) * high,
                    rng.uniform(0.015, 0.06) * high,
                )
            )
        if rng.random() < 0.7:
            edge = np.array([[x, top + rng.uniform(0, 0.12) * high] for x in np.linspace(left, right, 16)])
            outlines.append(np.concatenate([edge, [[right, top - 12], [left, top - 12]]]))
    else:
        x, y = grid()
        a = rng.uniform(0, np.pi)
        u = (x - (fx0 + fx1) / 2 * SIDE_PX) * np.cos(a) + (y - (fy0 + fy1) / 2 * SIDE_PX) * np.sin(a)
        v = -(x - (fx0 + fx1) / 2 * SIDE_PX) * np.sin(a) + (y - (fy0 + fy1) / 2 * SIDE_PX) * np.cos(a)
        shape = np.clip(
            1.5 - np.hypot(u / (high * rng.uniform(0.3, 0.8)), v / (high * rng.uniform(0.12, 0.45))), 0, 1
        )
        field = warp(noise(rng, rng.uniform(1, 3), rng.uniform(2, 5)), rng, 6)
        alpha = np.clip((shape * (0.4 + field) - 0.45) * 5, 0, 1).astype(np.float32)

    def draw(canvas: np.ndarray, s: int) -> None:
        for outline in outlines:
            cv2.fillPoly(canvas, [(outline * s).astype(np.int32)], 255)
        for px, y0, y1, w in drips:
            cv2.line(
                canvas,
                (int(px * s), int(y0 * s)),
                (int(px * s), int(y1 * s)),
                255,
                max(1, int(w * s)),
                cv2.LINE_AA,
            )
            cv2.circle(canvas, (int(px * s), int(y1 * s)), max(1, int(w * 0.8 * s)), 255, -1, cv2.LINE_AA)

    alpha = np.maximum(alpha, mask_of(draw))
    if rng.random() < 0.5:
        alpha = warp(alpha, rng, rng.uniform(1, 5), 2)
    base = np.array([rng.uniform(0.3, 0.85), rng.uniform(0, 0.08), rng.uniform(0, 0.08)], np.float32)
    shade = 1 - rng.uniform(0, 0.6) * noise(rng, 3)[..., None]
    if rng.random() < 0.5:  # thick at the heart, thin at the edge, or wet
        depth = cv2.GaussianBlur(alpha, (0, 0), rng.uniform(2, 5))
        shade = shade * (1.15 - 0.5 * depth[..., None])
    rgb = np.clip(base * shade, 0, 1)
    if rng.random() < 0.3:
        shine = np.clip(alpha - cv2.GaussianBlur(np.roll(alpha, (2, 2), (0, 1)), (0, 0), 1.5), 0, 1) * (
            noise(rng, 4) > 0.6
        )
        rgb = np.clip(rgb + shine[..., None] * 0.7, 0, 1)
    return Layer(rgb.astype(np.float32), alpha, "multiply" if rng.random() < 0.15 else "alpha")


def noose(rng: Rng, face: Face) -> Layer:
    """Paint a rope with a loop around or beside the face, a coiled knot and a line up and away."""
    fx0, fy0, fx1, fy1 = face
    wide, high = (fx1 - fx0) * SIDE_PX, (fy1 - fy0) * SIDE_PX
    cx = ((fx0 + fx1) / 2 + rng.normal(0, 0.08)) * SIDE_PX
    scale = rng.uniform(0.35, 1.25)
    lw, lh = wide * scale * rng.uniform(0.35, 0.6), high * scale * rng.uniform(0.4, 0.65)
    cy = (fy0 + (fy1 - fy0) * rng.uniform(0.35, 1.0)) * SIDE_PX
    thick = max(rng.uniform(0.02, 0.08) * high, 1.5)
    t = np.linspace(0, 2 * np.pi, 60)
    pinch = rng.uniform(0, 0.9)
    loop = np.stack(
        [cx + lw * np.sin(t) * (1 - pinch * np.clip(np.cos(t), 0, 1) ** 2 * 0.7), cy - lh * np.cos(t)], 1
    )
    top = loop[0]
    lean = rng.normal(0, 0.12)
    coils = int(rng.integers(3, 11))
    knot = thick * rng.uniform(0.8, 1.15) * coils
    up = np.array([np.sin(lean), -np.cos(lean)])
    end = top + up * (knot + SIDE_PX * 1.5)

    def rope(canvas: np.ndarray, s: int) -> None:
        w = max(1, int(thick * s))
        cv2.polylines(canvas, [(loop * s).astype(np.int32)], True, 255, w, cv2.LINE_AA)
        cv2.line(
            canvas,
            tuple((top * s).astype(int).tolist()),
            tuple((end * s).astype(int).tolist()),
            255,
            w,
            cv2.LINE_AA,
        )

    def coil(canvas: np.ndarray, s: int) -> None:
        side = np.array([-up[1], up[0]])
        for k in range(coils):
            m = top + up * (thick * 0.9 * k)
            p, q = m - side * thick * 1.3 + up * thick * 0.25, m + side * thick * 1.3 - up * thick * 0.25
            cv2.line(
                canvas,
                tuple((p * s).astype(int).tolist()),
                tuple((q * s).astype(int).tolist()),
                255,
                max(1, int(thick * 0.95 * s)),
                cv2.LINE_AA,
            )

    alpha = np.maximum(mask_of(rope), mask_of(coil))
    tones = (
        (0.72, 0.55, 0.35),
        (0.55, 0.4, 0.25),
        (0.85, 0.75, 0.6),
        (0.08, 0.08, 0.08),
        (0.95, 0.95, 0.95),
        (0.5, 0.5, 0.5),
    )
    rgb = flat(tones[rng.integers(len(tones))])
    if rng.random() < 0.75:  # twisted strands
        x, y = grid()
        strand = 0.5 + 0.5 * np.sin(
            (x * rng.uniform(0.5, 1) + y) * 2 * np.pi / max(thick * rng.uniform(0.7, 1.4), 2.5)
        )
        rgb = rgb * (1 - rng.uniform(0.2, 0.6) * strand[..., None])
        edge = alpha - cv2.erode(alpha, np.ones((3, 3), np.uint8))
        rgb = rgb * (1 - 0.5 * edge[..., None])
    return Layer(rgb.astype(np.float32), alpha)
