"""Painters of what is laid over faces in peace: captions, frames, glasses, ties, light, logos."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.overlays.layers import SIDE_PX, Layer, Picture, Rng, empty, flat, grid, mask_of, noise

Face = tuple[float, float, float, float]
_WORDS = [
    "NEWS",
    "LIVE",
    "breaking",
    "report",
    "minister",
    "says",
    "agreement",
    "talks",
    "on",
    "economy",
    "today",
    "weather",
    "sport",
    "final",
    "2",
    ":",
    "1",
    "interview",
    "president",
    "conference",
    "science",
    "museum",
    "opening",
    "market",
    "shares",
    "rise",
    "festival",
    "winner",
    "launch",
    "city",
    "Отчёт",
    "новости",
    "мир",
    "сегодня",
    "встреча",
    "Ouverture",
    "réunion",
    "ministre",
    "économie",
    "Nachrichten",
    "heute",
    "Bericht",
    "اليوم",
    "خبر",
    "عاجل",
    "مؤتمر",
    "2026",
    "12:45",
    "@press",
    "www.example.org",
    "subscribe",
    "follow",
    "like",
    "share",
    "channel",
    "account",
    "team",
    "you",
    "we",
]


@lru_cache(maxsize=1)
def _fonts() -> tuple[str, ...]:
    roots = ("/usr/share/fonts/truetype/dejavu", "/usr/share/fonts/truetype/liberation")
    files = [str(p) for root in roots for p in sorted(Path(root).glob("*.ttf"))]
    return tuple(files)


@lru_cache(maxsize=1)
def _strips() -> tuple[np.ndarray, ...]:
    """Some hundred lines of text as uint8 masks 40 px high."""
    rng = np.random.default_rng(7)
    fonts = _fonts()
    strips = []
    for _ in range(320):
        text = " ".join(rng.choice(_WORDS, int(rng.integers(1, 7))))
        if rng.random() < 0.3:
            text = text.upper()
        font = ImageFont.truetype(str(rng.choice(fonts)), 28) if fonts else ImageFont.load_default(28)
        width = int(font.getlength(text)) + 8
        img = Image.new("L", (max(width, 8), 40), 0)
        ImageDraw.Draw(img).text((4, 2), text, 255, font=font)
        strips.append(np.asarray(img))
    return tuple(strips)


def _text_into(rng: Rng, alpha: Picture, x: float, y: float, height: float, width: float) -> None:
    """Write one line into an alpha plane (canvas pixels)."""
    strip = _strips()[rng.integers(320)]
    w = min(int(strip.shape[1] * height / 40), int(width))
    h = max(int(height), 3)
    if w < 4:
        return
    part = (
        cv2.resize(strip[:, : int(w * 40 / height)], (w, h), interpolation=cv2.INTER_AREA).astype(np.float32)
        / 255
    )
    x0, y0 = int(x), int(y)
    a, b = max(x0, 0), min(x0 + w, SIDE_PX)
    c, d = max(y0, 0), min(y0 + h, SIDE_PX)
    if a < b and c < d:
        alpha[c:d, a:b] = np.maximum(alpha[c:d, a:b], part[c - y0 : d - y0, a - x0 : b - x0])


def caption(rng: Rng, face: Face) -> Layer:
    """Paint one to five lines of text, plain, outlined, on a bar or as a lower third."""
    rgb, alpha = empty()
    height = rng.uniform(5, 26)
    lines = int(rng.integers(1, 6)) if height < 14 else int(rng.integers(1, 4))
    y = rng.uniform(-0.05, 0.95) * SIDE_PX
    text = np.zeros_like(alpha)
    x0 = rng.uniform(-0.4, 0.5) * SIDE_PX
    for k in range(lines):
        _text_into(rng, text, x0 + rng.normal(0, 3), y + k * height * 1.25, height, SIDE_PX * 2)
    ink = rng.choice([0.0, 1.0, 1.0, 1.0]) if rng.random() < 0.6 else rng.random(3)
    if rng.random() < 0.2:
        ink = np.array([rng.uniform(0.6, 1), rng.uniform(0, 0.4), 0.0])
    if rng.random() < 0.55:  # a bar behind it
        bar = np.zeros_like(alpha)
        a = 0 if rng.random() < 0.6 else int(max(x0 - 6, 0))
        b = SIDE_PX if rng.random() < 0.7 else int(min(a + rng.uniform(0.4, 1) * SIDE_PX, SIDE_PX))
        bar[int(max(y - 4, 0)) : int(max(min(y + lines * height * 1.25 + 4, SIDE_PX), 0)), a:b] = 1
        rgb, alpha = flat(_plain_colour(rng)), bar * rng.uniform(0.4, 1)
        if rng.random() < 0.4:
            rows = np.linspace(rng.uniform(0.5, 1), rng.uniform(0.8, 1.2), SIDE_PX)[None, :, None]
            rgb = np.clip(rgb * rows, 0, 1)
    elif rng.random() < 0.6:  # outline or shadow
        edge = cv2.dilate(text, np.ones((3, 3), np.uint8), iterations=int(rng.integers(1, 3)))
        if rng.random() < 0.5:
            edge = cv2.GaussianBlur(np.roll(edge, (1, 1), (0, 1)), (0, 0), 1)
        rgb, alpha = flat(1.0 - float(np.mean(ink) > 0.4)), edge * rng.uniform(0.5, 1)
    total = np.maximum(alpha, text)
    return Layer(
        (rgb * (1 - text[..., None]) + flat(ink) * text[..., None]).astype(np.float32),
        total.astype(np.float32),
    )


def _plain_colour(rng: Rng) -> np.ndarray:
    r = rng.random()
    if r < 0.3:
        return np.array([rng.uniform(0.5, 0.95), rng.uniform(0, 0.2), rng.uniform(0, 0.2)])
    if r < 0.55:
        return np.array([rng.uniform(0, 0.2), rng.uniform(0.05, 0.4), rng.uniform(0.3, 0.9)])
    if r < 0.7:
        return np.full(3, rng.uniform(0, 0.15))
    if r < 0.8:
        return np.full(3, rng.uniform(0.85, 1))
    return rng.random(3)


def shapes(rng: Rng, face: Face) -> Layer:
    """Paint frames, focus boxes, highlight rings, arrows, ticks, bars over the eyes, dots, grids, hearts."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    cx, cy, w, h = (fx0 + fx1) / 2, (fy0 + fy1) / 2, fx1 - fx0, fy1 - fy0
    what = int(rng.integers(14))
    t = max(1, int(rng.uniform(0.01, 0.06) * h))
    g = rng.uniform(0.6, 1.15)

    def draw(img: np.ndarray, s: int) -> None:
        def p(x: float, y: float) -> tuple[int, int]:
            return int(x * s), int(y * s)

        box = (p(cx - w * g / 1.6, cy - h * g / 1.6), p(cx + w * g / 1.6, cy + h * g / 1.6))
        if what == 0:
            cv2.rectangle(img, *box, 255, t * s)
        elif what == 1:
            cv2.ellipse(
                img,
                p(cx, cy),
                (int(w * g / 1.5 * s), int(h * g / 1.5 * s)),
                0,
                0,
                360,
                255,
                t * s,
                cv2.LINE_AA,
            )
        elif what == 2:
            a = rng.uniform(0, 6.3)
            far = p(cx + np.cos(a) * h * 1.3, cy + np.sin(a) * h * 1.3)
            cv2.arrowedLine(
                img,
                far,
                p(cx + np.cos(a) * h * 0.55, cy + np.sin(a) * h * 0.55),
                255,
                2 * t * s,
                cv2.LINE_AA,
                tipLength=0.35,
            )
        elif what == 3:
            pts = (
                np.array([(cx - w * 0.3, cy), (cx - w * 0.1, cy + h * 0.25), (cx + w * 0.35, cy - h * 0.3)])
                * s
            )
            cv2.polylines(img, [pts.astype(np.int32)], False, 255, 3 * t * s, cv2.LINE_AA)
        elif what == 4:
            y = cy - h * rng.uniform(0.05, 0.2)
            cv2.rectangle(img, p(cx - w * 0.6, y - h * 0.09), p(cx + w * 0.6, y + h * 0.09), 255, -1)
        elif what == 5:
            for _ in range(int(rng.integers(5, 40))):
                cv2.circle(
                    img,
                    p(*(rng.random(2) * SIDE_PX)),
                    max(1, int(rng.uniform(0.5, 4) * s)),
                    255,
                    -1,
                    cv2.LINE_AA,
                )
        elif what == 6:
            n = int(rng.integers(3, 6))  # two lines that cross over a face would be a crosshair
            for k in range(1, n):
                cv2.line(img, p(SIDE_PX * k / n, 0), p(SIDE_PX * k / n, SIDE_PX), 255, max(1, t * s // 2))
                cv2.line(img, p(0, SIDE_PX * k / n), p(SIDE_PX, SIDE_PX * k / n), 255, max(1, t * s // 2))
        elif what == 7:
            step = int(rng.integers(4, 24))
            for k in range(0, SIDE_PX, step):
                cv2.line(img, p(0, k), p(SIDE_PX, k), 255, max(1, int(step * 0.3) * s))
        elif what == 8:
            hx, hy, r = cx + rng.uniform(-w, w), cy + rng.uniform(-h, h), h * rng.uniform(0.08, 0.3)
            a = np.linspace(0, 2 * np.pi, 40)
            pts = np.stack(
                [
                    hx + r * np.sin(a) ** 3,
                    hy - r * (0.81 * np.cos(a) - 0.31 * np.cos(2 * a) - 0.12 * np.cos(3 * a)),
                ],
                1,
            )
            cv2.fillPoly(img, [(pts * s).astype(np.int32)], 255, cv2.LINE_AA)
        elif what == 9:
            (x0, y0), (x1, y1) = box
            d = int(h * 0.25 * s)
            for x, sx in ((x0, 1), (x1, -1)):
                for y, sy in ((y0, 1), (y1, -1)):
                    cv2.line(img, (x, y), (x + sx * d, y), 255, t * s)
                    cv2.line(img, (x, y), (x, y + sy * d), 255, t * s)
        elif what == 10:
            m = int(rng.uniform(0.02, 0.12) * SIDE_PX)
            cv2.rectangle(img, p(0, 0), p(SIDE_PX, SIDE_PX), 255, 2 * m * s)
        elif what == 11:  # one vertical or horizontal line: split screen, scratch
            k = rng.uniform(0, SIDE_PX)
            q = (
                (p(k, 0), p(k + rng.normal(0, 4), SIDE_PX))
                if rng.random() < 0.6
                else (p(0, k), p(SIDE_PX, k))
            )
            cv2.line(img, *q, 255, t * s)
        elif what == 12:
            for _ in range(int(rng.integers(3, 14))):
                x, y, r = rng.random() * SIDE_PX, rng.random() * SIDE_PX, rng.uniform(3, 16)
                cv2.rectangle(img, p(x, y), p(x + r * rng.uniform(0.5, 2), y + r), 255, -1)
        else:
            x, y, r = cx + rng.uniform(-w, w), cy + rng.uniform(-h, h), h * rng.uniform(0.08, 0.35)
            cv2.circle(img, p(x, y), int(r * s), 255, -1, cv2.LINE_AA)

    alpha = mask_of(draw) * (1.0 if rng.random() < 0.6 else rng.uniform(0.4, 1))
    colour = _plain_colour(rng) if rng.random() < 0.75 else rng.choice([0.0, 1.0])
    return Layer(flat(colour), alpha.astype(np.float32))


def worn(rng: Rng, face: Face) -> Layer:
    """Paint what people wear and hold: glasses, ties, scarves, hats, beards, masks, microphones, plasters."""
    fx0, fy0, fx1, fy1 = (v * SIDE_PX for v in face)
    cx, w, h = (fx0 + fx1) / 2, fx1 - fx0, fy1 - fy0
    what = int(rng.integers(8))
    colour: object = _plain_colour(rng)

    def draw(img: np.ndarray, s: int) -> None:
        def p(x: float, y: float) -> tuple[int, int]:
            return int(x * s), int(y * s)

        eye = fy0 + h * 0.38
        if what == 0:
            t = -1 if rng.random() < 0.4 else max(1, int(h * 0.025 * s))
            for sx in (-1, 1):
                cv2.ellipse(
                    img,
                    p(cx + sx * w * 0.23, eye),
                    (int(w * rng.uniform(0.14, 0.2) * s), int(h * rng.uniform(0.08, 0.13) * s)),
                    0,
                    0,
                    360,
                    255,
                    t,
                    cv2.LINE_AA,
                )
            cv2.line(img, p(cx - w * 0.07, eye), p(cx + w * 0.07, eye), 255, max(1, int(h * 0.025 * s)))
        elif what == 1:
            k = w * rng.uniform(0.08, 0.16)
            pts = np.array(
                [
                    (cx - k, fy1 + h * 0.1),
                    (cx + k, fy1 + h * 0.1),
                    (cx + k * 1.3, fy1 + h * 0.8),
                    (cx, fy1 + h),
                    (cx - k * 1.3, fy1 + h * 0.8),
                ]
            )
            cv2.fillPoly(img, [(pts * s).astype(np.int32)], 255)
        elif what == 2:
            cv2.ellipse(
                img,
                p(cx, fy1 + h * 0.18),
                (int(w * 0.7 * s), int(h * rng.uniform(0.12, 0.25) * s)),
                0,
                0,
                360,
                255,
                -1,
            )
        elif what == 3:
            y = fy0 + h * rng.uniform(0.02, 0.15)
            cv2.ellipse(
                img, p(cx, y), (int(w * 0.62 * s), int(h * rng.uniform(0.25, 0.5) * s)), 0, 180, 360, 255, -1
            )
            if rng.random() < 0.5:
                cv2.rectangle(img, p(cx - w * 0.8, y - h * 0.05), p(cx + w * 0.8, y + h * 0.03), 255, -1)
        elif what == 4:
            cv2.ellipse(
                img,
                p(cx, fy1 - h * 0.12),
                (int(w * rng.uniform(0.3, 0.45) * s), int(h * rng.uniform(0.15, 0.35) * s)),
                0,
                -20,
                200,
                255,
                -1,
            )
        elif what == 5:
            y = fy0 + h * rng.uniform(0.5, 0.6)
            pts = np.array(
                [(fx0, y), (fx1, y), (fx1 - w * 0.1, fy1), (cx, fy1 + h * 0.08), (fx0 + w * 0.1, fy1)]
            )
            cv2.fillPoly(img, [(pts * s).astype(np.int32)], 255)
        elif what == 6:
            x, y, r = (
                cx + rng.uniform(-0.7, 0.7) * w,
                fy1 + rng.uniform(-0.1, 0.4) * h,
                w * rng.uniform(0.07, 0.2),
            )
            cv2.ellipse(
                img, p(x, y), (int(r * s), int(r * rng.uniform(1, 1.6) * s)), 0, 0, 360, 255, -1, cv2.LINE_AA
            )
            cv2.line(
                img, p(x, y), p(x + rng.uniform(-0.4, 0.4) * w, SIDE_PX + 9), 255, max(1, int(r * 0.7 * s))
            )
        else:
            x, y, r = (
                cx + rng.uniform(-0.35, 0.35) * w,
                fy0 + rng.uniform(0.15, 0.8) * h,
                w * rng.uniform(0.05, 0.12),
            )
            cv2.line(
                img,
                p(x - r, y),
                p(x + r, y + r * rng.uniform(-1, 1)),
                255,
                max(2, int(r * 0.7 * s)),
                cv2.LINE_AA,
            )

    alpha = mask_of(draw)
    if what == 4:
        colour = np.array([0.2, 0.14, 0.1]) * rng.uniform(0.2, 2)
        alpha = cv2.GaussianBlur(alpha, (0, 0), 2.5) * np.clip(0.6 + noise(rng, 4), 0, 1)
    if what == 6 and rng.random() < 0.6:
        colour = np.full(3, rng.uniform(0, 0.25))
    rgb = flat(np.asarray(colour, np.float32)) * (0.75 + 0.35 * noise(rng, 2)[..., None])
    return Layer(np.clip(rgb, 0, 1).astype(np.float32), (alpha * rng.uniform(0.75, 1)).astype(np.float32))


def light(rng: Rng, face: Face) -> Layer:
    """Paint what light does: warm gradients, leaks, flares, bokeh, spots, gels, haze, rain, snow."""
    x, y = grid()
    what = int(rng.integers(8))
    warm = np.array([1, rng.uniform(0.3, 0.8), rng.uniform(0, 0.4)], np.float32)
    colour = warm if rng.random() < 0.6 else rng.random(3).astype(np.float32)
    u = (x * np.cos(a := rng.uniform(0, 6.3)) + y * np.sin(a)) / SIDE_PX
    u = (u - u.min()) / (u.max() - u.min())
    blend = str(rng.choice(["screen", "alpha", "multiply", "add"]))
    if what <= 1:
        alpha = u ** rng.uniform(0.6, 3) * rng.uniform(0.2, 0.8)
    elif what == 2:
        alpha = np.exp(
            -(((x - rng.random() * SIDE_PX) / 40) ** 2) - ((y - rng.random() * SIDE_PX) / 70) ** 2
        ) * rng.uniform(0.4, 1)
    elif what == 3:
        alpha = np.zeros_like(x)
        for _ in range(int(rng.integers(3, 18))):
            d = np.hypot(x - rng.random() * SIDE_PX, y - rng.random() * SIDE_PX)
            alpha = np.maximum(alpha, np.clip(rng.uniform(3, 16) - d, 0, 1) * rng.uniform(0.1, 0.7))
        blend = "screen"
    elif what == 4:
        alpha = np.clip((noise(rng, 1.2) - 0.35) * 1.8, 0, 1) * rng.uniform(0.2, 0.8)
        colour = np.full(3, rng.uniform(0.6, 1), np.float32) if rng.random() < 0.7 else colour
        blend = str(rng.choice(["screen", "alpha"]))
    elif what == 5:
        alpha = np.clip(np.hypot(x / SIDE_PX - 0.5, y / SIDE_PX - 0.5) * 1.6 - 0.3, 0, 1) * rng.uniform(
            0.3, 1
        )
        colour = np.zeros(3, np.float32) if rng.random() < 0.8 else colour
        blend = "alpha"
    elif what == 6:

        def draw(img: np.ndarray, s: int) -> None:
            slope = rng.normal(0, 0.3)
            for _ in range(int(rng.integers(20, 90))):
                px, py, d = (
                    rng.random() * SIDE_PX,
                    rng.random() * SIDE_PX,
                    rng.choice([0, rng.uniform(4, 16)]),
                )
                cv2.line(
                    img,
                    (int(px * s), int(py * s)),
                    (int((px + slope * d) * s), int((py + d) * s)),
                    255,
                    int(rng.integers(1, 4)),
                )

        alpha, colour, blend = (
            mask_of(draw) * rng.uniform(0.3, 0.9),
            np.full(3, rng.uniform(0.7, 1), np.float32),
            "alpha",
        )
    else:
        alpha = np.full_like(x, rng.uniform(0.1, 0.5))
    return Layer(flat(colour), np.clip(alpha, 0, 1).astype(np.float32), blend)


def harmless(rng: Rng, face: Face) -> Layer:
    """One of them."""
    r = rng.random()
    if r < 0.4:
        return caption(rng, face)
    if r < 0.64:
        return shapes(rng, face)
    if r < 0.83:
        return worn(rng, face)
    return light(rng, face)
