"""Draw frames that show pictures as propaganda shows them: inset, burning, shot at, written over, turned.

Frames are 1280 x 720, saved through JPEG. Flames, holes and lettering are drawn here; where a folder of art
is given, half of the flames and holes are taken from it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mediaforensics.media.frame import Pixels

WIDTH_PX, HEIGHT_PX = 1280, 720
_WORDS = (
    *("WE", "WILL", "BURN", "YOUR", "HOUSE", "TRAITOR", "YOUR", "TURN", "IS", "NEAR", "NO", "MERCY"),
    *("BLOOD", "FOR", "REVENGE", "SOON", "WE", "KNOW", "WHERE"),
)
_Floats = NDArray[np.float32]
Box = tuple[int, int, int, int]
"""x0, y0, x1, y1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How pictures are shown.

    Attributes
    ----------
    height_fraction : float or None
        An inset of this share of the frame's height on a background; None fills the frame.
    pictures : int
        Side by side.
    flames_fraction : float
        Share of each picture that flames cover.
    holes, lines : int
        Bullet holes and lines of text on each picture.
    area_fraction : float
        Share of the picture that is shown.
    turn_degrees : float
        Turned by this much either way.
    quality : int
        Of the JPEG.
    """

    height_fraction: float | None = None
    pictures: int = 1
    flames_fraction: float = 0.0
    holes: int = 0
    lines: int = 0
    mirrored: bool = False
    area_fraction: float = 1.0
    turn_degrees: float = 0.0
    quality: int = 75


LOOKS: dict[str, tuple[Look, float]] = {
    "inset of 50 % height": (Look(height_fraction=0.5), 0.95),
    "inset of 30 % height": (Look(height_fraction=0.3), 0.85),
    "flames over 60 %": (Look(flames_fraction=0.6), 0.95),
    "12 bullet holes": (Look(holes=12), 0.98),
    "3 lines of big text": (Look(lines=3), 0.98),
    "mirrored": (Look(mirrored=True), 0.98),
    "zoomed to half the area": (Look(area_fraction=0.5), 0.85),
    "two side by side, 45 % flames, 14 holes, text": (
        Look(pictures=2, flames_fraction=0.45, holes=7, lines=1, quality=60),
        0.85,
    ),
    "inset of 70 %, 50 % flames, 8 holes, 2 lines, 5 degrees": (
        Look(height_fraction=0.7, flames_fraction=0.5, holes=8, lines=2, turn_degrees=5, quality=45),
        0.80,
    ),
}
"""What is measured, with the recall aimed at."""


@dataclass(frozen=True, slots=True, eq=False)
class Art:
    """Overlay art by other hands, each RGBA; may be empty."""

    flames: tuple[Path, ...] = ()
    holes: tuple[Path, ...] = ()

    @classmethod
    def of(cls, folder: Path | None) -> Art:
        """From ``overlay-art`` of the test data."""
        if folder is None or not folder.is_dir():
            return cls()
        return cls(
            tuple(sorted((folder / "flame").glob("*.png"))),
            tuple(sorted((folder / "bullet_hole").glob("*.png"))),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A drawn frame.

    Attributes
    ----------
    rgb : ndarray, uint8, shape (720, 1280, 3)
    corners : list of ndarray, float64, shape (4, 2)
        Where the corners of each whole picture are, clockwise from its own top left as shown; those of an
        enlarged one lie outside.
    """

    rgb: Pixels
    corners: list[NDArray[np.float64]]


def shown(
    pictures: Sequence[Pixels], background: Pixels, look: Look, art: Art, random: np.random.Generator
) -> Shown:
    """Draw a frame from RGB pictures (as many as the look asks for)."""
    frame = _filled(background, random)
    boxes: list[Box] = []
    corners = []
    for number, picture in enumerate(pictures):
        if look.mirrored:
            picture = np.ascontiguousarray(picture[:, ::-1])
        part, (left, top) = _part(picture, look.area_fraction, random)
        sized, box = _sized(part, look, number, random)
        turned = _paste(frame, sized, box, float(random.choice([-1, 1])) * look.turn_degrees)
        height, width = picture.shape[:2]
        whole = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - (left, top)
        enlarged = whole * (sized.shape[1] / part.shape[1], sized.shape[0] / part.shape[0])
        corners.append(enlarged @ turned[:, :2].T + turned[:, 2])
        boxes.append(box)
    for box in boxes:
        if look.flames_fraction:
            _burn(frame, box, look.flames_fraction, art, random)
        for _ in range(look.holes):
            _shoot(frame, box, art, random)
    if look.lines:
        _letter(frame, _around(boxes), look.lines, random)
    _, coded = cv2.imencode(".jpg", frame[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, look.quality])
    return Shown(np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1]), corners)


def _filled(background: Pixels, random: np.random.Generator) -> Pixels:
    height, width = background.shape[:2]
    scale = max(WIDTH_PX / width, HEIGHT_PX / height)
    whole = cv2.resize(background, (round(width * scale) + 1, round(height * scale) + 1))
    y = int(random.integers(0, whole.shape[0] - HEIGHT_PX + 1))
    x = int(random.integers(0, whole.shape[1] - WIDTH_PX + 1))
    return np.ascontiguousarray(whole[y : y + HEIGHT_PX, x : x + WIDTH_PX])


def _part(
    picture: Pixels, area_fraction: float, random: np.random.Generator
) -> tuple[Pixels, tuple[int, int]]:
    """A part of the same shape, and where it begins."""
    height, width = picture.shape[:2]
    h, w = round(height * area_fraction**0.5), round(width * area_fraction**0.5)
    y, x = int(random.integers(0, height - h + 1)), int(random.integers(0, width - w + 1))
    return picture[y : y + h, x : x + w], (x, y)


def _sized(picture: Pixels, look: Look, number: int, random: np.random.Generator) -> tuple[Pixels, Box]:
    """The picture as large as it is shown, and where."""
    height, width = picture.shape[:2]
    if look.pictures > 1:
        room_w, room_h = WIDTH_PX // look.pictures - 40, HEIGHT_PX - 60
        scale = min(room_w / width, room_h / height)
    else:
        scale = min(WIDTH_PX / width, HEIGHT_PX * (look.height_fraction or 1.0) / height)
    w, h = round(width * scale), round(height * scale)
    if look.pictures > 1:
        x, y = number * WIDTH_PX // look.pictures + (WIDTH_PX // look.pictures - w) // 2, (HEIGHT_PX - h) // 2
    elif look.height_fraction is None:
        x, y = (WIDTH_PX - w) // 2, (HEIGHT_PX - h) // 2
    else:
        margin = round(0.04 * h) if look.turn_degrees else 0
        x = int(random.integers(margin, max(margin, WIDTH_PX - w - margin) + 1))
        y = int(random.integers(margin, max(margin, HEIGHT_PX - h - margin) + 1))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(picture, (w, h), interpolation=method), (x, y, x + w, y + h)


def _paste(frame: Pixels, picture: Pixels, box: Box, turn_degrees: float) -> NDArray[np.float64]:
    """Lay a picture over the frame, turned about its middle; how, as an affine map."""
    x0, y0, x1, y1 = box
    centre = (x0 + x1) / 2, (y0 + y1) / 2
    turn = cv2.getRotationMatrix2D(centre, turn_degrees, 1.0) @ np.array([[1, 0, x0], [0, 1, y0], [0, 0, 1]])
    size = WIDTH_PX, HEIGHT_PX
    laid = cv2.warpAffine(picture, turn, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = cv2.warpAffine(np.full(picture.shape[:2], 255, np.uint8), turn, size) > 127
    frame[mask] = laid[mask]
    return np.asarray(turn, np.float64)


def _noise(shape: tuple[int, int], cells: int, random: np.random.Generator, stretch: float = 1.0) -> _Floats:
    """Cloud-like values, mean 0 and deviation 1."""
    result = np.zeros(shape, np.float32)
    for octave in range(4):
        across = max(2, round(cells * 2**octave))
        down = max(2, round(across * shape[0] / shape[1] / stretch))
        grain = random.standard_normal((down, across)).astype(np.float32)
        result += 0.55**octave * cv2.resize(grain, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return (result - result.mean()) / max(float(result.std()), 1e-6)


def _burn(frame: Pixels, box: Box, fraction: float, art: Art, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    view = frame[y0:y1, x0:x1]
    shape = view.shape[:2]
    rise = np.linspace(-1.7, 1.7, shape[0], dtype=np.float32)[:, None]
    heat = rise + 0.8 * _noise(shape, 4, random, stretch=2.0)
    sprites = art.flames if random.random() < 0.5 else ()
    if sprites:
        # From the bottom upwards until as much is covered; what would cover much more is left out.
        alpha, colour = np.zeros(shape, np.float32), np.zeros((*shape, 3), np.float32)
        reach = 0.0
        for _ in range(200):
            size = int(shape[0] * random.uniform(0.15, 0.45))
            sprite = _sprite(sprites[int(random.integers(len(sprites)))], size)
            x = int(random.integers(-size // 3, max(1, shape[1] - size // 2)))
            y = int(shape[0] * (1 - reach) - size + random.uniform(0.0, 0.5) * size)
            more, painted = alpha.copy(), colour.copy()
            _over(painted, more, sprite, x, y)
            covered = float((more > 0.3).mean())
            if covered <= fraction + 0.02:
                alpha, colour, reach = more, painted, covered
            if reach >= fraction - 0.02:
                break
        view[:] = view * (1 - alpha[..., None]) + colour * alpha[..., None]
        return
    level = float(np.quantile(heat, 1 - fraction))
    depth = np.clip((heat - level) / 1.2, -0.15, 1.0)
    alpha = np.clip(0.5 + depth * 3.3, 0, 1) * np.clip(0.8 + 0.2 * _noise(shape, 8, random), 0.55, 1)
    depth = np.clip(depth + 0.15 * _noise(shape, 10, random, stretch=2.0), 0, 1)
    colour = np.stack([np.full(shape, 250.0), 60 + 190 * depth, 10 + 190 * depth**3], axis=2)
    view[:] = view * (1 - alpha[..., None]) + colour * alpha[..., None]


def _shoot(frame: Pixels, box: Box, art: Art, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    radius = float(random.uniform(0.025, 0.05) * (y1 - y0))
    x, y = int(random.integers(x0, x1)), int(random.integers(y0, y1))
    if art.holes and random.random() < 0.5:
        sprite = _sprite(art.holes[int(random.integers(len(art.holes)))], max(8, int(4 * radius)))
        alpha, colour = np.zeros(frame.shape[:2], np.float32), np.zeros(frame.shape, np.float32)
        half = sprite.shape[0] // 2
        _over(colour, alpha, sprite, x - half, y - half)
        frame[:] = frame * (1 - alpha[..., None]) + colour * alpha[..., None]
        return
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    for size, level in ((1.8, 150), (1.35, 90), (1.0, 8)):
        reach = radius * size * random.uniform(0.8, 1.2, 24)
        rim = np.stack([x + reach * np.cos(angles), y + reach * np.sin(angles)], axis=1)
        cv2.fillPoly(frame, [rim.astype(np.int32)], (level,) * 3, cv2.LINE_AA)
    for angle in random.choice(angles, 6, replace=False):
        end = radius * random.uniform(2, 4)
        to = round(x + end * np.cos(angle)), round(y + end * np.sin(angle))
        cv2.line(frame, (x, y), to, (30,) * 3, 1, cv2.LINE_AA)


def _letter(frame: Pixels, box: Box, lines: int, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = box
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image)
    size = 0.15 * (y1 - y0)
    spots = random.permutation(5)[:lines] if lines > 1 else np.array([int(random.integers(1, 5))])
    colour = tuple(int(c) for c in random.choice([[255, 255, 255], [255, 230, 0], [230, 20, 20], [0, 0, 0]]))
    for spot in spots:
        words = ""
        font = ImageFont.load_default(size)
        while draw.textlength(words, font) < 0.75 * (x1 - x0):
            words = f"{words} {random.choice(_WORDS)}".strip()
        width = draw.textlength(words, font)
        if width > 0.98 * (x1 - x0):
            font = ImageFont.load_default(size * 0.98 * (x1 - x0) / width)
            width = draw.textlength(words, font)
        at = x0 + (x1 - x0 - width) / 2, y0 + (y1 - y0) * (spot + 0.15) / 5
        edge = (0, 0, 0) if sum(colour) > 200 else (255, 255, 255)
        draw.text(at, words, fill=colour, font=font, stroke_width=max(1, round(size / 18)), stroke_fill=edge)
    frame[:] = np.asarray(image)


def _around(boxes: Sequence[Box]) -> Box:
    edges = np.array(boxes)
    return (*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())


@lru_cache(maxsize=256)
def _whole_sprite(path: Path) -> Pixels:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA").resize((384, 384)))


def _sprite(path: Path, size: int) -> Pixels:
    return cv2.resize(_whole_sprite(path), (size, size), interpolation=cv2.INTER_AREA)


def _over(colour: _Floats, alpha: _Floats, sprite: Pixels, x: int, y: int) -> None:
    """Add a sprite to a layer at a place that may lie partly outside."""
    height, width = alpha.shape
    top, left = max(0, -y), max(0, -x)
    part = sprite[
        top : max(top, min(sprite.shape[0], height - y)), left : max(left, min(sprite.shape[1], width - x))
    ]
    if not part.size:
        return
    rows, columns = slice(y + top, y + top + part.shape[0]), slice(x + left, x + left + part.shape[1])
    share = part[..., 3:].astype(np.float32) / 255
    colour[rows, columns] = colour[rows, columns] * (1 - share) + part[..., :3] * share
    alpha[rows, columns] = np.maximum(alpha[rows, columns], share[..., 0])
