"""The faces that lines are drawn in: what the system's font folders hold, told by the letters they have.

Families named in ``RESERVED`` are measured with and never trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from fontTools.ttLib import TTFont
from PIL import ImageFont

from training.text.words import UNKNOWN_LETTERS

RESERVED = (
    "cairo", "noto-kufi-arabic", "notokufiarabic", "markazi-text", "lalezar", "kacstone", "amiri-",
    "notosansarabicui", "readex-pro", "robotocondensed", "notoserif-", "oswald", "ptsans", "carlito",
    "comfortaa",
)  # fmt: skip
"""Beginnings of file names, in lower case without spaces; folders of npm packages count as names."""

_NEEDED = {
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويىةأإآئؤء",
    "fa": "پچژگکی",
    "ur": "ٹڈڑںہھےپچگکی",
    "uk": "іїєґ",
    "sr": "ђјљњћџ",
}
_CYRILLIC = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_STRANGE = (
    "lastresort", "emoji", "math", "symbol", "icons", "bitmap", "tagabc", "adobeblank", "smufl", "music",
    "mono-", "kacstdigital", "kacsttitlel", "kacstpen", "barcode",
)  # fmt: skip


@dataclass(frozen=True)
class Face:
    """A font file and the characters it has."""

    path: Path
    has: frozenset[str]

    def covers(self, text: str) -> bool:
        """Whether it has all letters of ``text``."""
        return all(letter in self.has for letter in text)


@lru_cache(maxsize=2048)
def sized(path: Path, size_px: int) -> ImageFont.FreeTypeFont:
    """Open a face at a size, shaped by Raqm."""
    return ImageFont.truetype(str(path), size_px, layout_engine=ImageFont.Layout.RAQM)


class Faces:
    """All faces of some folders, by language."""

    def __init__(self, folders: list[Path], *, reserved: bool) -> None:
        self.by_language: dict[str, list[list[Face]]] = {}
        families: dict[str, list[Face]] = {}
        for folder in folders:
            for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".ttf", ".otf", ".woff")):
                name = _name(path)
                if any(part in name for part in _STRANGE) or name.startswith(RESERVED) != reserved:
                    continue
                face = _open(path)
                if face is not None:
                    families.setdefault(_family(name), []).append(face)
        for family in families.values():
            for language in ("ar", "fa", "ur", "ru", "uk", "bg", "sr", "mk", "en", *UNKNOWN_LETTERS):
                able = [face for face in family if face.covers(_letters(language))]
                if able:
                    self.by_language.setdefault(language, []).append(able)

    def draw(self, rng: np.random.Generator, language: str) -> Face:
        """Every family alike, then every face of it."""
        families = self.by_language[language]
        family = families[int(rng.integers(len(families)))]
        return family[int(rng.integers(len(family)))]


def _letters(language: str) -> str:
    if language in UNKNOWN_LETTERS:
        return UNKNOWN_LETTERS[language] + " "
    if language in ("ar", "fa", "ur"):
        return _NEEDED["ar"] + _NEEDED.get(language, "") + " "
    if language == "en":
        return "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789.,!?-"
    return _CYRILLIC + _CYRILLIC.upper() + _NEEDED.get(language, "") + " 0123456789.,!-"


def _name(path: Path) -> str:
    # fontsource keeps one file per alphabet; its Latin halves have no Arabic and are drawn as Latin faces.
    return path.name.lower().replace(" ", "").replace("_", "-")


def _family(name: str) -> str:
    stem = name.rsplit(".", 1)[0]
    for cut in ("-arabic-", "-latin-", "-cyrillic-"):
        if cut in stem:
            return stem.split(cut)[0] + cut
    return stem.split("-")[0]


def _open(path: Path) -> Face | None:
    try:
        with TTFont(path, fontNumber=0, lazy=True) as font:
            has = frozenset(map(chr, font.getBestCmap() or ()))
        sized(path, 30)
    except Exception:  # whatever a font file has wrong, it is left out
        return None
    return Face(path, has)
