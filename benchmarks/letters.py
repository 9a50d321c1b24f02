"""Lettering for the drawn clips, in font families kept for measuring.

From the Debian packages fonts-crosextra-carlito, fonts-comfortaa, fonts-noto-core, fonts-noto-extra,
fonts-roboto-unhinted, fonts-hosny-amiri and fonts-kacst-one. A family that is not installed is named by
`missing_packages` and done without; `Fonts` may be given a further folder of ``.ttf``, ``.otf`` or ``.woff``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

FOLDER = Path("/usr/share/fonts")
PACKAGES = {
    "Carlito-Bold": "fonts-crosextra-carlito",
    "Carlito-Regular": "fonts-crosextra-carlito",
    "Comfortaa-Bold": "fonts-comfortaa",
    "NotoSerif-Bold": "fonts-noto-core",
    "NotoSerif-Regular": "fonts-noto-core",
    "NotoSerif-CondensedSemiBold": "fonts-noto-extra",
    "RobotoCondensed-Bold": "fonts-roboto-unhinted",
    "RobotoCondensed-Regular": "fonts-roboto-unhinted",
    "Amiri-Bold": "fonts-hosny-amiri",
    "Amiri-Regular": "fonts-hosny-amiri",
    "KacstOne-Bold": "fonts-kacst-one",
    "KacstOne": "fonts-kacst-one",
    "NotoKufiArabic-Bold": "fonts-noto-core",
    "NotoKufiArabic-Regular": "fonts-noto-core",
}
"""File stem of a face, and the apt package that brings it."""
ARABIC_FAMILIES = ("Amiri", "KacstOne", "NotoKufi", "cairo-arabic", "lalezar-arabic", "markazi-text-arabic")
ARABIC_FAMILIES += ("readex-pro-arabic",)
WEB_WEIGHTS = ("400", "600", "700")
RIGHT_TO_LEFT = frozenset({"ar", "fa", "mixed"})
LINE_PITCH = 1.45
"""Distance of baselines, in font sizes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How a text is set: font size in pixels at 720 lines, colours RGB, slant in degrees anticlockwise."""

    font: Path
    latin_font: Path
    size_px: int
    style: str = "plain"
    fill: tuple[int, int, int] = (255, 255, 255)
    under: tuple[int, int, int] = (0, 0, 0)
    box_alpha: float = 0.6
    align: str = "center"
    degrees: float = 0.0


@dataclass(frozen=True, slots=True)
class Lettering:
    """Drawn text: ``rgb`` (H, W, 3) and ``alpha`` (H, W), float32; ``letters`` the tight box in it.

    ``rows`` are the boxes of the lines; ``word_ends`` are, per line, how far (px, in reading direction from
    the line's beginning) each of its words reaches. Boxes are left, top, right, bottom; half-open.
    """

    rgb: np.ndarray
    alpha: np.ndarray
    letters: tuple[int, int, int, int]
    rows: tuple[tuple[int, int, int, int], ...]
    word_ends: tuple[tuple[float, ...], ...]


class Fonts:
    """The faces at hand, by script."""

    def __init__(self, folder: Path | None = None) -> None:
        found = {path.stem: path for path in FOLDER.rglob("*") if path.stem in PACKAGES}
        self.missing = tuple(sorted({PACKAGES[stem] for stem in PACKAGES.keys() - found.keys()}))
        if folder is not None:
            for path in sorted(folder.rglob("*")):
                if path.suffix not in (".ttf", ".otf", ".woff") or "italic" in path.stem:
                    continue
                web = path.suffix == ".woff"
                if not web or ("arabic" in path.stem and path.stem.split("-")[-2] in WEB_WEIGHTS):
                    found[path.stem] = path
        arabic = {stem for stem in found if stem.startswith(ARABIC_FAMILIES)}
        self.arabic = tuple(found[stem] for stem in sorted(arabic))
        self.latin = tuple(found[stem] for stem in sorted(found.keys() - arabic))
        if not self.arabic or not self.latin:
            raise SystemExit(f"fonts are missing; run: apt-get install {' '.join(self.missing)}")

    def able(self, text: str, language: str) -> tuple[Path, ...]:
        """Faces that hold every letter of ``text``; Latin words in an Arabic line are set in another face."""
        faces = self.arabic if language in RIGHT_TO_LEFT else self.latin
        own = "".join(w for w in text.split() if not _is_latin(w)) if language in RIGHT_TO_LEFT else text
        return tuple(path for path in faces if all(covers(path, c) for c in set(own) if not c.isspace()))


@lru_cache(maxsize=256)
def face(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.RAQM)


@lru_cache(maxsize=8192)
def covers(path: Path, letter: str) -> bool:
    """Whether a face has a glyph for a letter."""
    probe = face(path, 24)
    return bytes(probe.getmask(letter)) != bytes(probe.getmask("\U000f0000"))


def _is_latin(word: str) -> bool:
    return any(c.isascii() and c.isalpha() for c in word)


def _runs(line: str, look: Look, rtl: bool) -> list[tuple[str, ImageFont.FreeTypeFont, str]]:
    """Stretches of one face each, in reading order."""
    if not rtl:
        return [(line, face(look.font, look.size_px), "ltr")]
    runs: list[tuple[list[str], bool]] = []
    for word in line.split():
        foreign = _is_latin(word) or (bool(runs) and runs[-1][1] and word.isascii())
        if runs and runs[-1][1] == foreign:
            runs[-1][0].append(word)
        else:
            runs.append(([word], foreign))
    return [
        (" ".join(words), face(look.latin_font if foreign else look.font, look.size_px), _way(foreign))
        for words, foreign in runs
    ]


def _way(foreign: bool) -> str:
    return "ltr" if foreign else "rtl"


def line_width_px(line: str, look: Look, rtl: bool) -> float:
    """How wide a line will be."""
    space = face(look.latin_font, look.size_px).getlength(" ")
    runs = _runs(line, look, rtl)
    return sum(f.getlength(t, direction=d) for t, f, d in runs) + space * (len(runs) - 1)


def draw(text: str, look: Look, rtl: bool) -> Lettering:
    """Draw a text, its line breaks kept; turned by ``look.degrees`` at the end."""
    lines = text.split("\n")
    size = look.size_px
    space = face(look.latin_font, size).getlength(" ")
    widths = [line_width_px(line, look, rtl) for line in lines]
    margin = round(size * 0.9)
    pitch = round(size * LINE_PITCH)
    block = round(max(widths)) + 2
    canvas = (block + 2 * margin, pitch * len(lines) + 2 * margin)
    stroke = max(2, size // 11) if look.style == "outline" else 0
    letters, edge = Image.new("L", canvas), Image.new("L", canvas)
    word_ends = []
    for number, (line, width) in enumerate(zip(lines, widths, strict=True)):
        slack = block - width
        left = margin + {"left": 0.0, "right": slack}.get(look.align, slack / 2)
        baseline = margin + pitch * number + round(size * 1.05)
        ends, done, at = [], 0.0, left + width if rtl else left
        for run, font, way in _runs(line, look, rtl):
            length = font.getlength(run, direction=way)
            x = at - length if rtl else at
            for image, grown in ((letters, 0), (edge, stroke)):
                ImageDraw.Draw(image).text(
                    (x, baseline), run, 255, font, "ls", direction=way, stroke_width=grown
                )
            words = run.split()
            for count in range(1, len(words) + 1):
                ends.append(done + font.getlength(" ".join(words[:count]), direction=way))
            done += length + space
            at += -(length + space) if rtl else length + space
        word_ends.append(tuple(ends))
    alpha = np.asarray(letters, np.float32) / 255
    rows = tuple(
        box
        for number in range(len(lines))
        if (box := _tight(alpha, margin + pitch * number, margin + pitch * (number + 1))) is not None
    )
    under = _under(look, alpha, letters, edge, rows)
    total = alpha + under * (1 - alpha)
    mix = (alpha / np.maximum(total, 1e-6))[..., None]
    rgb = np.array(look.fill, np.float32) * mix + np.array(look.under, np.float32) * (1 - mix)
    if look.degrees:
        rgb, total, alpha = _turned(rgb, total, alpha, look.degrees)
    tight = _tight(alpha, 0, alpha.shape[0])
    assert tight is not None, text
    return Lettering(rgb.astype(np.float32), total.astype(np.float32), tight, rows, tuple(word_ends))


def _under(
    look: Look, alpha: np.ndarray, letters: Image.Image, edge: Image.Image, rows: tuple[tuple[int, ...], ...]
) -> np.ndarray:
    """What lies between the letters and the picture: outline, shadow or box, as an opacity."""
    if look.style == "outline":
        return np.asarray(edge, np.float32) / 255
    if look.style == "shadow":
        offset = max(2, look.size_px // 14)
        cast = Image.new("L", letters.size)
        cast.paste(letters, (offset, offset))
        cast = cast.filter(ImageFilter.GaussianBlur(offset))
        return np.clip(np.asarray(cast, np.float32) / 255 * 1.4, 0, 1) * 0.85
    under = np.zeros_like(alpha)
    if look.style in ("box", "line boxes"):
        pad_x, pad_y = round(look.size_px * 0.5), round(look.size_px * 0.3)
        boxes = rows if look.style == "line boxes" else (_around(rows),)
        for x0, y0, x1, y1 in boxes:
            under[max(0, y0 - pad_y) : y1 + pad_y, max(0, x0 - pad_x) : x1 + pad_x] = look.box_alpha
    return under


def _around(boxes: tuple[tuple[int, ...], ...]) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return min(x0), min(y0), max(x1), max(y1)


def _tight(alpha: np.ndarray, top: int, bottom: int) -> tuple[int, int, int, int] | None:
    part = alpha[top:bottom] > 0.1
    rows, columns = np.flatnonzero(part.any(1)), np.flatnonzero(part.any(0))
    if not rows.size:
        return None
    return int(columns[0]), int(top + rows[0]), int(columns[-1] + 1), int(top + rows[-1] + 1)


def _turned(
    rgb: np.ndarray, total: np.ndarray, alpha: np.ndarray, degrees: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if degrees in (90.0, -90.0):
        turns = 1 if degrees > 0 else -1
        return np.rot90(rgb, turns).copy(), np.rot90(total, turns).copy(), np.rot90(alpha, turns).copy()
    height, width = alpha.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (round(width * cos + height * sin), round(width * sin + height * cos))
    matrix[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    edge = cv2.BORDER_REPLICATE
    return (
        cv2.warpAffine(rgb, matrix, size, flags=cv2.INTER_LINEAR, borderMode=edge),
        cv2.warpAffine(total, matrix, size, flags=cv2.INTER_CUBIC).clip(0, 1),
        cv2.warpAffine(alpha, matrix, size, flags=cv2.INTER_CUBIC).clip(0, 1),
    )
