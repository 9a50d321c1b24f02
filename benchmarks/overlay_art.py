"""Overlay art that nothing is trained on, looked through picture by picture: which files, of what kind.

``overlay_art.tsv`` names them; none is part of this project. A file is one design, however many cells or
frames it has. Left out, as neither one thing nor the other: bombs, bows, bullseyes, bones, coffins, tools,
fireworks. One folder DIR holds everything:

- Debian packages, each in a folder of its name (``dpkg -x``): ``openclipart-png`` (public domain),
  ``redeclipse-data``, ``cube2-data``, ``wesnoth-1.16-data``, ``hedgewars-data``,
  ``tuxpaint-stamps-default`` (free licences, GPL among them); for scenery the four of
  ``overlay_frames.SCENERY``;
- npm's ``@iconify/json`` 2.2.535 as ``iconify-json``: ``fluent-emoji`` and ``fluent-emoji-flat`` (MIT),
  ``openmoji`` (CC BY-SA 4.0), ``fxemoji`` (Apache-2.0);
- ``fire-photographs``, out of repositories under the MIT licence, which say nothing of the photographs apart:
  ``fire-basket.jpg`` and ``pan-fire.jpg`` (robmarkcole/fire-detection-from-images), ``firenet-1.jpg``
  (OlafenwaMoses/FireNET, ``1.jpg``), ``burning-car.mp4`` (spacewalk01/yolov5-fire-detection, ``input.mp4``).

Icons are drawn once, by a Python that has ``resvg_py``:

    python benchmarks/overlay_art.py DIR
"""

from __future__ import annotations

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

TABLE = Path(__file__).parent / "overlay_art.tsv"
SIDE_PX = 320
ICON_SIDE_PX = 256
_LEAST_ALPHA = 20

Rgba = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Design:
    """One picture by other hands.

    Attributes
    ----------
    kind : str
        A violent kind, or ``benign``.
    source : str
        The package or icon set.
    path : str
        Below the package, or the name of an icon.
    how : str
        How the file is to be read: empty as it is, ``black`` with black as the background, ``relief`` with
        grey as it, ``cells=N`` a square sheet of N x N pictures, ``red`` and ``fire`` for white art that its
        game colours so, ``soaked`` for black spatter to be dyed, ``tint`` for art that its game shows in any
        colour, ``photo=x0,y0,x1,y1`` the fire in that part of a photograph, or of frame ``at=N`` of a video;
        ``frame`` a drawn border to be left out.
    """

    kind: str
    source: str
    path: str
    how: str

    @property
    def name(self) -> str:
        """What is counted as one design: cells and frames of one file are not several."""
        return f"{self.source}/{self.path}"

    @property
    def photograph(self) -> bool:
        """Whether it is a photograph of fire."""
        return self.how.startswith("photo")


@dataclass(frozen=True, slots=True)
class ArtShelf:
    """The designs that a folder holds, by kind."""

    folder: Path
    designs: tuple[Design, ...]

    @classmethod
    def of(cls, folder: Path | None) -> ArtShelf:
        """Of the table, what is there."""
        if folder is None:
            return cls(Path(), ())
        return cls(folder, tuple(d for d in table() if place(folder, d).is_file()))

    def kinds(self) -> dict[str, list[Design]]:
        """Designs by kind."""
        grouped: dict[str, list[Design]] = defaultdict(list)
        for design in self.designs:
            grouped[design.kind].append(design)
        return grouped

    def pick(self, kind: str, random: np.random.Generator, *, photographs: bool | None = None) -> Design:
        """One of a kind: first a source, by the root of how many designs it has, then one of its designs.

        So no large set outweighs the rest, and no single design of a small one either.
        """
        grouped: dict[str, list[Design]] = defaultdict(list)
        for design in self.designs:
            if design.kind == kind and photographs in (None, design.photograph):
                grouped[design.source].append(design)
        names = sorted(grouped)
        weights = np.sqrt([len(grouped[name]) for name in names])
        source = names[int(random.choice(len(names), p=weights / weights.sum()))]
        return grouped[source][int(random.integers(len(grouped[source])))]

    def picture(self, design: Design, random: np.random.Generator) -> Rgba:
        """The design's pixels, trimmed: uint8, (height, width, 4), RGB and opacity, at most 320 px."""
        rgba = _read(place(self.folder, design), design.how)
        if design.how.startswith("cells"):
            count = int(design.how.partition("=")[2].split()[0])
            side = rgba.shape[0] // count
            y, x = (int(v) * side for v in random.integers(0, count, 2))
            rgba = _trimmed(rgba[y : y + side, x : x + side])
        if "tint" in design.how:
            colours = ((255, 255, 255), (225, 20, 20), (20, 230, 60), (15, 15, 15))
            rgba = np.dstack([np.full_like(rgba[..., :3], colours[int(random.integers(4))]), rgba[..., 3]])
        return rgba

    def frames(self, design: Design) -> list[Rgba]:
        """All frames of a moving picture, of one size, in order."""
        first = place(self.folder, design)
        stem = first.stem.rstrip("0123456789")
        numbered = sorted(first.parent.glob(f"{stem}[0-9]*.png"), key=lambda p: (len(p.stem), p.stem))
        raw = [_rgba(path) for path in numbered]
        size = min(p.shape[0] for p in raw), min(p.shape[1] for p in raw)
        stack = np.stack([p[: size[0], : size[1]] for p in raw])
        seen = np.argwhere(stack[..., 3].max(axis=0) > _LEAST_ALPHA)
        (y0, x0), (y1, x1) = seen.min(axis=0), seen.max(axis=0) + 1
        return [np.ascontiguousarray(p[y0:y1, x0:x1]) for p in stack]


@lru_cache(maxsize=1)
def table() -> tuple[Design, ...]:
    """All that was looked through and taken."""
    with TABLE.open(newline="") as lines:
        return tuple(Design(*row) for row in csv.reader(lines, delimiter="\t") if row and row[0] != "kind")


def place(folder: Path, design: Design) -> Path:
    """Where a design's file is."""
    if "." not in design.path:
        return folder / "drawn" / design.source / f"{design.path}.png"
    return folder / design.source / design.path


@lru_cache(maxsize=512)
def _read(path: Path, how: str) -> Rgba:
    if how.startswith("photo"):
        part, _, at = how.partition("=")[2].partition(" at=")
        return _fire_of(_frame(path, int(at)) if at else _rgba(path), [float(v) for v in part.split(",")])
    rgba = _rgba(path)
    colour, alpha = rgba[..., :3].astype(np.float32), rgba[..., 3].astype(np.float32) / 255
    light = colour.max(axis=2)
    if "black" in how or "red" in how:
        alpha = alpha * np.clip((light - 14) / 90, 0, 1)
    if "frame" in how:
        alpha[:4], alpha[-4:], alpha[:, :4], alpha[:, -4:] = 0, 0, 0, 0
    if "relief" in how:
        alpha = np.clip(np.abs(light - 128) / 50, 0, 1)
        colour = np.clip(colour * 1.1 - 40, 0, 255)
    if "red" in how:
        shade = (0.55 + 0.45 * light / 255)[..., None]
        colour = np.array([150, 8, 10], np.float32) * shade
    if how == "soaked":
        colour = np.full_like(colour, (140, 8, 12))
    if "fire" in how:
        colour = heat(alpha)
        alpha = np.clip(alpha * 1.4, 0, 1)
    out = np.dstack([colour, alpha * 255]).astype(np.uint8)
    return out if how.startswith("cells") else _trimmed(out)


def _rgba(path: Path) -> Rgba:
    data = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    assert data is not None, path
    if data.dtype == np.uint16:
        data = (data >> 8).astype(np.uint8)
    if data.ndim == 2:
        data = cv2.cvtColor(data, cv2.COLOR_GRAY2BGR)
    if data.shape[2] == 3:
        data = cv2.cvtColor(data, cv2.COLOR_BGR2BGRA)
    return np.asarray(cv2.cvtColor(data, cv2.COLOR_BGRA2RGBA), np.uint8)


def _frame(path: Path, number: int) -> Rgba:
    import av

    with av.open(str(path)) as container:
        frame = next(islice(container.decode(video=0), number, None))
        rgb = frame.to_ndarray(format="rgb24")
    return np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])


def heat(depth: Floats) -> Floats:
    """Colours of fire from thin (0) to dense (1): float32, (height, width, 3), 0..255."""
    stops = np.array(
        [[0, 120, 20, 5], [0.3, 225, 70, 10], [0.65, 255, 165, 35], [1, 255, 245, 190]], np.float32
    )
    return np.dstack([np.interp(depth, stops[:, 0], stops[:, c]) for c in (1, 2, 3)]).astype(np.float32)


def _fire_of(rgba: Rgba, part: Sequence[float]) -> Rgba:
    """Cut the flames out of a photograph by colour, as somebody with a picture editor would."""
    height, width = rgba.shape[:2]
    x0, y0, x1, y1 = (round(v * s) for v, s in zip(part, (width, height, width, height), strict=True))
    view = np.ascontiguousarray(rgba[y0:y1, x0:x1])
    red, _, blue = (view[..., c].astype(np.float32) for c in range(3))
    warm = np.clip((red - blue - 50) / 70, 0, 1) * np.clip((red - 140) / 60, 0, 1)
    bright = np.clip((view[..., :3].min(axis=2).astype(np.float32) - 190) / 40, 0, 1)
    near = cv2.dilate((warm > 0.5).astype(np.uint8), np.ones((9, 9), np.uint8))
    alpha = np.maximum(warm, bright * near)
    count, labels, stats, _ = cv2.connectedComponentsWithStats((alpha > 0.3).astype(np.uint8))
    small = [n for n in range(1, count) if stats[n, cv2.CC_STAT_AREA] < 0.004 * alpha.size]
    alpha[np.isin(labels, small)] = 0
    alpha = cv2.GaussianBlur(alpha, (0, 0), 1.0) * (view[..., 3] / 255)
    return _trimmed(np.dstack([view[..., :3], (alpha * 255).astype(np.uint8)]))


def _trimmed(rgba: Rgba) -> Rgba:
    seen = np.argwhere(rgba[..., 3] > _LEAST_ALPHA)
    if len(seen):
        (y0, x0), (y1, x1) = seen.min(axis=0), seen.max(axis=0) + 1
        rgba = rgba[y0:y1, x0:x1]
    scale = SIDE_PX / max(rgba.shape[:2])
    if scale < 1:
        size = max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale))
        rgba = np.asarray(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.ascontiguousarray(rgba)


def draw_icons(folder: Path) -> int:
    """Draw the icons that the table names as PNG under ``drawn``; needs ``resvg_py``."""
    import resvg_py

    sets: dict[str, dict[str, Any]] = {}
    drawn = 0
    for design in table():
        target = place(folder, design)
        if target.is_file() or target.parent.parent.name != "drawn":
            continue
        if design.source not in sets:
            listed = folder / "iconify-json" / "json" / f"{design.source}.json"
            sets[design.source] = json.loads(listed.read_text())
        data = sets[design.source]
        icon = data["icons"][design.path]
        view = [icon.get(key, data.get(key, default)) for key, default in _VIEW]
        svg = (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="'
            + " ".join(map(str, view))
            + f'" width="{ICON_SIDE_PX}" height="{ICON_SIDE_PX}">{icon["body"]}</svg>'
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(bytes(resvg_py.svg_to_bytes(svg_string=svg)))
        drawn += 1
    return drawn


_VIEW = (("left", 0), ("top", 0), ("width", 16), ("height", 16))


if __name__ == "__main__":
    print(f"{draw_icons(Path(sys.argv[1]))} icons drawn")
