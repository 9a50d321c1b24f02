"""Lines of text in many fonts, as alpha."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.overlays.layers import SIDE_PX, Picture, Rng

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
    "Interview",
    "expert",
    "studio",
    "exclusive",
    "update",
    "election",
    "budget",
    "school",
    "health",
    "culture",
    "match",
    "goal",
    "36°",
    "18:30",
    "part",
    "2",
    "episode",
    "music",
    "film",
    "garden",
    "recipe",
    "travel",
    "new",
    "Новости",
    "эфир",
    "прямой",
    "вечер",
    "погода",
    "спорт",
    "théâtre",
    "Wetter",
    "Sport",
    "tiempo",
    "noticias",
    "hoy",
    "ciudad",
    "música",
    "haber",
    "bugün",
    "güncel",
    "spor",
    "今日",
    "新闻",
    "速報",
    "天気",
    "뉴스",
    "오늘",
    "शहर",
    "समाचार",
    "ειδήσεις",
    "αγορά",
]
_STRIPS = 900


@lru_cache(maxsize=1)
def _fonts() -> tuple[str, ...]:
    files = [str(p) for p in sorted(Path("/usr/share/fonts/truetype").rglob("*.ttf"))]
    plain = [
        f for f in files if not any(w in f.lower() for w in ("emoji", "symbol", "icon", "awesome", "math"))
    ]
    return tuple(np.random.default_rng(3).permutation(np.array(plain))[:220].tolist())


@lru_cache(maxsize=1)
def strips() -> tuple[np.ndarray, ...]:
    """Some hundred lines of text as uint8 masks 40 px high."""
    rng = np.random.default_rng(7)
    fonts = _fonts()
    made = []
    while len(made) < _STRIPS:
        try:
            font = ImageFont.truetype(str(rng.choice(fonts)), 28) if fonts else ImageFont.load_default(28)
            words = [w for w in rng.choice(_WORDS, 6) if _can_write(font, str(w))][: int(rng.integers(1, 7))]
            text = " ".join(words).upper() if rng.random() < 0.3 else " ".join(words)
            width = int(font.getlength(text)) + 8
            image = Image.new("L", (max(width, 8), 40), 0)
            ImageDraw.Draw(image).text((4, 2), text, 255, font=font)
        except (OSError, ValueError):
            continue
        if np.asarray(image).any():
            made.append(np.asarray(image))
    return tuple(made)


def _can_write(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, word: str) -> bool:
    """Whether the font has the letters, rather than boxes for them."""
    missing = bytes(font.getmask("\uffff"))
    return all(bytes(font.getmask(letter)) != missing for letter in word)


def write(rng: Rng, alpha: Picture, x: float, y: float, height: float, width: float) -> None:
    """Write one line into an alpha plane (canvas pixels)."""
    strip = strips()[rng.integers(_STRIPS)]
    w = min(int(strip.shape[1] * height / 40), int(width))
    h = max(int(height), 3)
    if w < 4:
        return
    part = cv2.resize(strip[:, : max(4, int(w * 40 / height))], (w, h), interpolation=cv2.INTER_AREA)
    x0, y0 = int(x), int(y)
    a, b = max(x0, 0), min(x0 + w, SIDE_PX)
    c, d = max(y0, 0), min(y0 + h, SIDE_PX)
    if a < b and c < d:
        ink = part[c - y0 : d - y0, a - x0 : b - x0].astype(np.float32) / 255
        alpha[c:d, a:b] = np.maximum(alpha[c:d, a:b], ink)
