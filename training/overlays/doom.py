"""Sprites out of a Doom WAD such as Freedoom's (BSD-3-Clause): painted fire, explosions, blood, guns."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_SPRITES = {
    "flames": tuple(f"FIRE{frame}0" for frame in "ABCDEF"),
    "explosion": ("MISLB", "MISLC", "BEXPC", "BEXPD", "BAL1C", "BAL1D", "SKULH", "SKULI", "SKULJ"),
    "blood": ("BLUDB", "BLUDC"),
    "weapon": ("PISG", "SHTGB", "SHTGC", "SHTGD", "SHOT", "SGN2", "LAUN", "MGUN", "PLAS", "SHT2A"),
    "skull": ("SKULA1", "SKULA8", "SKULC1", "SKULF0", "SKULG0", "SKULFACE", "BSKU", "RSKU", "YSKU"),
}
"""Beginnings of the sprite names of each kind."""


def sprites(wad: Path) -> list[tuple[str, str, np.ndarray]]:
    """``(kind, name, rgba)`` of the sprites that show something violent."""
    data = wad.read_bytes()
    count, directory = struct.unpack("<ii", data[4:12])
    lumps = []
    for i in range(count):
        start, size, name = struct.unpack("<ii8s", data[directory + 16 * i : directory + 16 * i + 16])
        lumps.append((name.rstrip(b"\0").decode("ascii", "replace"), data[start : start + size]))
    colours = np.frombuffer(dict(lumps)["PLAYPAL"][:768], np.uint8).reshape(256, 3)
    out = []
    for name, lump in lumps:
        for kind, beginnings in _SPRITES.items():
            if name.startswith(beginnings):
                picture = _picture(lump, colours)
                if picture is not None and min(picture.shape[:2]) >= 6:
                    out.append((kind, name, picture))
                break
    return out


def _picture(lump: bytes, colours: np.ndarray) -> np.ndarray | None:
    """Decode the column format: per column, runs of ``top, length, pad, pixels, pad`` until 255."""
    width, height = struct.unpack("<hh", lump[:4])
    if not (0 < width <= 512 and 0 < height <= 512) or len(lump) < 8 + 4 * width:
        return None
    rgba = np.zeros((height, width, 4), np.uint8)
    for x, start in enumerate(struct.unpack(f"<{width}i", lump[8 : 8 + 4 * width])):
        at = start
        while at < len(lump) and lump[at] != 255:
            top, length = lump[at], lump[at + 1]
            pixels = np.frombuffer(lump[at + 3 : at + 3 + length], np.uint8)
            rows = slice(top, min(top + length, height))
            shown = pixels[: rows.stop - rows.start]
            rgba[rows, x, :3], rgba[rows, x, 3] = colours[shown], 255
            at += length + 4
    return rgba
