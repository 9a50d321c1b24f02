"""Signs out of symbol fonts: flames, weapons, skulls, crosses, and harmless ones, as black silhouettes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

_SIGNS = {
    "flames": "\U0001f525",
    "weapon": "\U0001f52b\U0001f52a\U0001f5e1⚔\U0001f4a3\U0001fa93",
    "skull": "☠\U0001f480\U0001f571",
    "explosion": "\U0001f4a5",
    "crosshair": "⌖",
    "crossed_out": "✕✖✗✘❌\U0001f6ab",
    "harmless": "☀☂☃☎☘☮☯☺♈♔♞♠♣♥♦♪♫♻⚓⚖⚛⚜⚽⚾⛄⛅✂✈✉✌✍✎✏✓✔✡✪✱✿❀❄❓❤\U0001f302\U0001f319\U0001f31e\U0001f337"
    "\U0001f340\U0001f341\U0001f34e\U0001f352\U0001f355\U0001f381\U0001f384\U0001f388\U0001f3a4\U0001f3a7"
    "\U0001f3b5\U0001f3c0\U0001f3c6\U0001f42c\U0001f42f\U0001f431\U0001f436\U0001f43c\U0001f44d\U0001f451"
    "\U0001f453\U0001f47b\U0001f48b\U0001f4a1\U0001f4a7\U0001f4f7\U0001f514\U0001f600\U0001f60e\U0001f622",
}
_SIDE_PX = 160


def glyphs(font: Path) -> list[tuple[str, str, np.ndarray]]:
    """``(kind, name, rgba)`` of the signs that the font has."""
    from fontTools.ttLib import TTFont

    known = TTFont(str(font), lazy=True).getBestCmap()
    face = ImageFont.truetype(str(font), int(_SIDE_PX * 0.8))
    out = []
    for kind, signs in _SIGNS.items():
        for sign in signs:
            if ord(sign) not in known:
                continue
            ink = Image.new("L", (2 * _SIDE_PX, 2 * _SIDE_PX))
            ImageDraw.Draw(ink).text((_SIDE_PX, _SIDE_PX), sign, fill=255, font=face, anchor="mm")
            alpha = np.asarray(ink)
            out.append((kind, f"u{ord(sign):04x}", np.dstack([np.zeros((*alpha.shape, 3), np.uint8), alpha])))
    return out
