"""Tiles of Dungeon Crawl (CC0-1.0): small painted flames, blood and blades, and harmless things."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

_TILES = {
    "flames": ("effect/cloud_fire*", "effect/flame*", "effect/cloud_forest_fire*"),
    "blood": ("misc/blood/blood_red*", "misc/blood/blood_puddle_red*", "misc/blood/wall_blood*_n*"),
    "weapon": tuple(
        f"{folder}/*{blade}*"
        for folder in ("item/weapon", "UNUSED/weapons")
        for blade in (
            "sword",
            "axe",
            "dagger",
            "scimitar",
            "falchion",
            "rapier",
            "katana",
            "cutlass",
            "claymore",
        )
    ),
    "harmless": ("item/food/*", "item/potion/*", "item/ring/*", "item/amulet/*", "mon/animals/*"),
}
"""Names of the tiles of each kind, beneath ``releases/Nov-2015``."""
_HARMLESS = 60
_ENLARGED = 4
"""Tiles have 32 px a side; they are shown larger, as pixels."""


def tiles(folder: Path) -> list[tuple[str, str, np.ndarray]]:
    """``(kind, name, rgba)`` of the tiles that show something violent, and of some that do not."""
    out = []
    for kind, patterns in _TILES.items():
        paths = sorted({path for pattern in patterns for path in folder.glob(f"{pattern}.png")})
        if kind == "harmless":
            paths = [path for path in paths if not path.stem.startswith("i-")]  # badges, some with skulls
            paths = paths[:: max(1, len(paths) // _HARMLESS)]
        for path in paths:
            image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
            if image is not None and image.ndim == 3 and image.shape[2] == 4:
                image = cv2.resize(image, None, fx=_ENLARGED, fy=_ENLARGED, interpolation=cv2.INTER_NEAREST)
                out.append((kind, path.stem, cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA)))
    return out
