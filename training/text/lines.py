"""One example: a line as an editor lays it over a picture, damaged as by a codec, cut out as we do."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from mediaforensics.text.direction import segments, turned
from training.text.fonts import Face, Faces, sized
from training.text.words import RIGHT_TO_LEFT, label, line, unknown

HEIGHT_PX = 48
WIDTHS_PX = (128, 192, 256, 320, 416, 512, 640)
"""Widths of the batches; a line goes into the narrowest that holds it."""

_NO_TEXT, _UNKNOWN_SCRIPT = 0.05, 0.04
"""Share of examples that are to be left blank."""


class Painter:
    """Draws examples. ``photos`` are pictures to write on."""

    def __init__(self, faces: Faces, photos: list[np.ndarray]) -> None:
        self.faces, self.photos = faces, photos

    def example(self, rng: np.random.Generator) -> tuple[np.ndarray, str, str] | None:
        """Draw ``(line, label, language)``: RGB uint8 (48, width, 3); what stands there, left to right."""
        chance = rng.random()
        if chance < _NO_TEXT:
            return self._texture(rng), "", "none"
        known = chance > _NO_TEXT + _UNKNOWN_SCRIPT
        language, text = line(rng) if known else unknown(rng)
        if language not in self.faces.by_language:
            return None
        face = self.faces.draw(rng, language)
        size = int(np.exp(rng.uniform(np.log(13), np.log(64))))
        drawn = self._lettering(rng, text, language, face, size)
        if drawn is None:
            return None
        letters, edge = drawn
        picture = self._picture(rng, letters, edge, size)
        if not known:
            return picture, "", "none"
        seen = label(text)
        return picture, turned(seen) if language in RIGHT_TO_LEFT else seen, language

    def _texture(self, rng: np.random.Generator) -> np.ndarray:
        """What the line detector may take for text: a stretch of a picture."""
        height = int(rng.uniform(14, 80))
        ground = _damaged(rng, self._ground(rng, (height, int(height * rng.uniform(1.5, 10)))))
        width = min(WIDTHS_PX[-1], round(ground.shape[1] * HEIGHT_PX / height))
        return cv2.resize(ground, (width, HEIGHT_PX), interpolation=cv2.INTER_LINEAR)

    def _lettering(
        self, rng: np.random.Generator, text: str, language: str, face: Face, size: int
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """Opacity of the letters and of their outline, on a canvas with room around them."""
        leftward = language in RIGHT_TO_LEFT
        stroke = int(rng.integers(1, max(2, size // 9) + 1)) if rng.random() < 0.45 else 0
        pieces = []
        for part, turn in segments(text) if leftward else [(text, False)]:
            own = face
            if not own.covers(part.replace("ـ", "")):
                own = self.faces.draw(rng, "en")
                if not own.covers(part):
                    return None
            font = sized(own.path, size)
            keyword = {"direction": "rtl" if turn else "ltr"}
            pieces.append((part, font, keyword, font.getlength(part, **keyword)))
        width = sum(piece[3] for piece in pieces)
        pad = size
        room = Image.new("L", (int(width) + 2 * pad, 4 * size), 0)
        outline = Image.new("L", room.size, 0) if stroke else None
        x = float(pad)
        for part, font, keyword, advance in pieces:
            ImageDraw.Draw(room).text((x, 2.4 * size), part, 255, font, anchor="ls", **keyword)
            if outline is not None:
                ImageDraw.Draw(outline).text(
                    (x, 2.4 * size), part, 255, font, anchor="ls", stroke_width=stroke, **keyword
                )
            x += advance
        box = room.getbbox()
        if box is None or box[3] - box[1] < 5:
            return None
        letters = np.asarray(room)
        return letters, np.asarray(outline) if outline is not None else letters

    def _picture(
        self, rng: np.random.Generator, letters: np.ndarray, edge: np.ndarray, size: int
    ) -> np.ndarray:
        rows, columns = np.flatnonzero(letters.any(axis=1)), np.flatnonzero(letters.any(axis=0))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        high = bottom - top
        # The detector's rectangles hold the line with some air, sometimes too little.
        air = rng.uniform(-0.04, 0.28, 4) * np.array([high, high, size, size])
        air[2:] += 0.15 * high * rng.random()
        y0, y1 = int(top - air[0]), int(np.ceil(bottom + air[1]))
        x0, x1 = int(left - air[2]), int(np.ceil(right + air[3]))
        y0, x0, y1, x1 = max(0, y0), max(0, x0), min(letters.shape[0], y1), min(letters.shape[1], x1)
        around = 6
        y0a, x0a = max(0, y0 - around), max(0, x0 - around)
        letters, edge = (
            letters[y0a : y1 + around, x0a : x1 + around],
            edge[y0a : y1 + around, x0a : x1 + around],
        )
        ground = self._ground(rng, letters.shape)
        picture = _written(rng, ground, letters, edge, size)
        if rng.random() < 0.12:
            picture = _neighbour(rng, picture, letters, y0 - y0a, y1 - y0a)
        picture = _damaged(rng, picture)
        if rng.random() < 0.3:
            picture = _tilted(rng, picture)
        cut = picture[y0 - y0a : y1 - y0a, x0 - x0a : x1 - x0a]
        width = max(24, round(cut.shape[1] * HEIGHT_PX / cut.shape[0] * rng.uniform(0.92, 1.08)))
        shrinks = cut.shape[0] > HEIGHT_PX
        return cv2.resize(
            cut, (width, HEIGHT_PX), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        )

    def _ground(self, rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
        height, width = shape
        kind = rng.random()
        if kind < 0.45 and self.photos:
            photo = self.photos[int(rng.integers(len(self.photos)))]
            scale = max(height / photo.shape[0], width / photo.shape[1], rng.uniform(0.3, 1.5))
            high, wide = (
                min(photo.shape[0], int(height / scale) + 1),
                min(photo.shape[1], int(width / scale) + 1),
            )
            y, x = int(rng.integers(photo.shape[0] - high + 1)), int(rng.integers(photo.shape[1] - wide + 1))
            ground = cv2.resize(photo[y : y + high, x : x + wide], (width, height)).astype(np.float32)
            return np.clip(ground * rng.uniform(0.5, 1.3) + rng.uniform(-40, 40), 0, 255)
        if kind < 0.65:  # fire: coarse and fine noise through a palette from black over orange to white
            heat = sum(
                w
                * cv2.resize(
                    rng.random((max(2, height // s), max(2, width // s)), np.float32),
                    (width, height),
                    interpolation=cv2.INTER_CUBIC,
                )
                for s, w in ((40, 0.5), (16, 0.3), (6, 0.2))
            )
            heat = np.clip(heat * rng.uniform(0.8, 1.8) - rng.uniform(0, 0.3), 0, 1)[..., None]
            return (
                np.clip(heat * np.array([3.0, 1.6, 0.8]) - np.array([0, 0.35, 0.55]), 0, 1).astype(np.float32)
                * 255
            )
        base = rng.uniform(0, 255, 3) if rng.random() < 0.6 else np.full(3, rng.choice([0, 8, 20, 235, 255]))
        ground = np.broadcast_to(base, (height, width, 3)).astype(np.float32)
        if kind < 0.8:
            other = rng.uniform(0, 255, 3)
            ramp = (
                np.linspace(0, 1, width)[None, :, None]
                if rng.random() < 0.5
                else np.linspace(0, 1, height)[:, None, None]
            )
            ground = ground * (1 - ramp) + other * ramp
        if kind > 0.9:
            ground = ground + cv2.resize(
                rng.normal(0, 40, (max(2, height // 8), max(2, width // 8), 3)), (width, height)
            )
        return np.clip(ground, 0, 255).astype(np.float32)


def _written(
    rng: np.random.Generator, ground: np.ndarray, letters: np.ndarray, edge: np.ndarray, size: int
) -> np.ndarray:
    """Lay the letters over the ground in a colour that can be told from it."""
    luma = np.array([0.299, 0.587, 0.114])
    outlined = edge is not letters
    box = rng.random() < 0.25
    if box:
        colour = rng.uniform(0, 255, 3) if rng.random() < 0.5 else np.full(3, rng.choice([0, 255]))
        opacity = rng.uniform(0.4, 1.0)
        ground = ground * (1 - opacity) + colour * opacity
    behind = float((ground @ luma).mean())
    spread = float((ground @ luma).std())
    fill = rng.uniform(0, 255, 3)
    for _ in range(8):
        kind = rng.random()
        fill = (
            np.full(3, 255.0) if kind < 0.4
            else np.array([255, 255 * rng.uniform(0.75, 1), 40 * rng.random()]) if kind < 0.55
            else np.array([rng.uniform(170, 255), 30 * rng.random(), 30 * rng.random()]) if kind < 0.68
            else np.zeros(3) + 30 * rng.random() if kind < 0.8
            else rng.uniform(0, 255, 3)
        )  # fmt: skip
        if abs(float(fill @ luma) - behind) > (45 if outlined else 50 + spread):
            break
    picture = ground
    alpha = (letters.astype(np.float32) / 255)[..., None]
    if outlined or rng.random() < 0.3:
        rim = np.zeros(3) if fill @ luma > 110 else np.full(3, 255.0)
        if rng.random() < 0.2:
            rim = np.abs(rim - rng.uniform(0, 70, 3))
        shade = edge.astype(np.float32) / 255
        if not outlined:
            shift = max(1, size // 14)
            shade = np.roll(shade, (shift, shift), (0, 1))
            shade = cv2.GaussianBlur(shade, (0, 0), 0.4 + size * rng.uniform(0.01, 0.08))
        shade = shade[..., None] * rng.uniform(0.6, 1.0)
        picture = picture * (1 - shade) + rim * shade
    if rng.random() < 0.12:
        other = rng.uniform(0, 255, 3)
        ramp = np.linspace(0, 0.6, letters.shape[0])[:, None, None]
        fill = fill * (1 - ramp) + other * ramp
    opacity = rng.uniform(0.55, 0.95) if rng.random() < 0.2 else 1.0
    return picture * (1 - alpha * opacity) + fill * alpha * opacity


def _neighbour(
    rng: np.random.Generator, picture: np.ndarray, letters: np.ndarray, y0: int, y1: int
) -> np.ndarray:
    """Let the line above or below reach into the cut."""
    high = y1 - y0
    shift = int(high * rng.uniform(0.75, 0.95)) * (1 if rng.random() < 0.5 else -1)
    other = np.roll(letters, (shift, int(rng.integers(-high, high))), (0, 1))[..., None] > 128
    inside = np.zeros_like(other)
    inside[max(0, y1 - high // 5) :] = shift > 0
    inside[: y0 + high // 5] = shift < 0
    bright = picture[letters > 200].mean(axis=0) if (letters > 200).any() else np.full(3, 255.0)
    return np.where(other & inside & (letters[..., None] < 30), bright, picture)


def _damaged(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    """What resizing, noise and codecs do."""
    height, width = picture.shape[:2]
    if rng.random() < 0.3:
        scale = rng.uniform(0.5, 0.9)
        small = cv2.resize(
            picture, (max(8, int(width * scale)), max(6, int(height * scale))), interpolation=cv2.INTER_AREA
        )
        picture = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.2:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 1.3))
    if rng.random() < 0.2:
        picture = picture + rng.normal(0, rng.uniform(2, 14), picture.shape)
    picture = np.clip(picture, 0, 255).astype(np.uint8)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.15, 0.6, 0.25]))):
        quality = int(rng.uniform(12, 90))
        picture = cv2.imdecode(cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, quality))[1], 1)
    if rng.random() < 0.08:
        picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return picture


def _tilted(rng: np.random.Generator, picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    jitter = rng.uniform(-0.06, 0.06, (4, 2)) * height
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    turn = cv2.getPerspectiveTransform(corners, (corners + jitter).astype(np.float32))
    return cv2.warpPerspective(picture, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)


def load_photos(folders: list[Path], most: int = 600) -> list[np.ndarray]:
    """RGB pictures of some folders, at most 800 px wide."""
    photos = []
    for folder in folders:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
        for path in paths[:: max(1, len(paths) // most + 1)]:
            picture = cv2.imread(str(path))
            if picture is None or min(picture.shape[:2]) < 64:
                continue
            scale = min(1.0, 800 / picture.shape[1])
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            photos.append(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    return photos
