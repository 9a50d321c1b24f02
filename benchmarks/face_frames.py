"""Faces to be recognised: people split in two halves, what is laid over them, moving fire before them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from overlay_frames import Portrait, filled
from overlay_painters import FloatBox, Layer, burn, flames_depth, hole

from mediaforensics.faces.locate import FaceLocator
from mediaforensics.media.frame import Pixels

SIZE_PX = (640, 360)
_FACE_HIGH = 0.36, 0.62
"""Of the height of the frame."""
_NEAR = 0.8, 1.25
"""How far from the wanted coverage a layer may be."""
_PHOTO_MARGIN = 0.2


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, and the photographs there are of them; with one, a stranger."""

    name: str
    photographs: tuple[Path, ...]


def people(data: Path, half: int) -> tuple[list[Person], list[Person]]:
    """Those with several photographs, and strangers with one; ``half`` 0 was tuned with, 1 was not."""
    known = sorted(p for p in (data / "faces" / "people").iterdir() if p.is_dir())
    others = sorted((data / "faces" / "others").glob("*.jpg"))
    return (
        [Person(p.name, tuple(sorted(p.glob("*.jpg")))) for p in known[half::2]],
        [Person(p.stem, (p,)) for p in others[half::2]],
    )


def portrait(path: Path, person: str, locator: FaceLocator) -> Portrait | None:
    """A photograph and its largest face, with a margin around it: the press photographs are tight crops."""
    rgb = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
    margin = round(_PHOTO_MARGIN * max(rgb.shape[:2]))
    rgb = np.asarray(cv2.copyMakeBorder(rgb, margin, margin, margin, margin, cv2.BORDER_REPLICATE), np.uint8)
    faces = locator.upright(rgb)
    if not faces or faces[0].confidence < 0.6:
        return None
    x0, y0, x1, y1 = max(faces, key=lambda f: f.side_px).box
    return Portrait(rgb, (x0, y0, x1, y1), person)


def posed(shown: Portrait, behind: Pixels, random: np.random.Generator) -> tuple[Pixels, FloatBox]:
    """The photograph as an inset on something else, tinted as skin; the frame and where the face is."""
    frame = filled(behind, SIZE_PX)
    x0, y0, x1, y1 = shown.face
    rgb = tinted(shown.rgb, random)
    scale = SIZE_PX[1] * random.uniform(*_FACE_HIGH) / (y1 - y0)
    turn = cv2.getRotationMatrix2D(((x0 + x1) / 2, (y0 + y1) / 2), float(random.uniform(-6, 6)), scale)
    middle = np.array([random.uniform(0.3, 0.7) * SIZE_PX[0], random.uniform(0.45, 0.55) * SIZE_PX[1]])
    turn[:, 2] += middle - np.array([(x0 + x1) / 2, (y0 + y1) / 2])
    cv2.warpAffine(rgb, turn, SIZE_PX, dst=frame, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT)
    half = np.array([x1 - x0, y1 - y0]) * scale / 2
    low, high = (middle - half).tolist(), (middle + half).tolist()
    return frame, (low[0], low[1], high[0], high[1])


def tinted(rgb: Pixels, random: np.random.Generator) -> Pixels:
    """Coloured as skin is, more or less: the photographs at hand are grey, what is to be read seldom is."""
    grey = rgb.mean(axis=2, keepdims=True) / 255
    warmth = random.uniform(0.0, 1.0)
    gains = np.array([1 - 0.35 * warmth, 1.0, 1 + 0.4 * warmth])
    return np.asarray(255 * grey**gains, np.uint8)


def _cross(layer: Layer, face: FloatBox, size: float, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = face
    side, canvas = max(x1 - x0, y1 - y0), np.zeros(layer.alpha.shape, np.uint8)
    reach, thick = 0.5 * side * random.uniform(0.8, 1.2), max(2, round(0.075 * size * side))
    cx, cy = (x0 + x1) / 2 + random.normal(0, 0.03 * side), (y0 + y1) / 2 + random.normal(0, 0.03 * side)
    for sign in (1, -1):
        lean = random.uniform(0.8, 1.2)
        ends = (cx - reach, cy - sign * lean * reach), (cx + reach, cy + sign * lean * reach)
        a, b = (tuple(np.intp(np.round(p)).tolist()) for p in ends)
        cv2.line(canvas, a, b, 255, thick, cv2.LINE_AA)
    colour = np.array([random.uniform(190, 245), random.uniform(0, 40), random.uniform(0, 40)], np.float32)
    layer.add(
        np.broadcast_to(colour, layer.rgb.shape).astype(np.float32), (canvas / 255 * 0.97).astype(np.float32)
    )


def _sight(layer: Layer, face: FloatBox, size: float, random: np.random.Generator) -> None:
    """One to three rings, four arms, sometimes a dot; red, black, green or white."""
    x0, y0, x1, y1 = face
    side, canvas = max(x1 - x0, y1 - y0), np.zeros(layer.alpha.shape, np.uint8)
    at = (x0 + x1) / 2 + random.normal(0, 0.05 * side), (y0 + y1) / 2 + random.normal(0, 0.05 * side)
    centre, thick = tuple(np.intp(np.round(at)).tolist()), max(1, round(0.03 * size * side))
    rings = int(random.integers(1, 4))
    outer = 0.5 * side * random.uniform(0.75, 1.1)
    for n in range(rings):
        cv2.circle(canvas, centre, round(outer * (n + 1) / rings), 255, thick, cv2.LINE_AA)
    gap = outer * random.uniform(0, 0.25)
    for angle in range(4):
        along = np.array([math.cos(angle * math.pi / 2), math.sin(angle * math.pi / 2)])
        ends = np.array(at) + along * gap, np.array(at) + along * outer * 1.25
        a, b = (tuple(np.intp(np.round(p)).tolist()) for p in ends)
        cv2.line(canvas, a, b, 255, thick, cv2.LINE_AA)
    if random.random() < 0.4:
        cv2.circle(canvas, centre, 2 * thick, 255, -1, cv2.LINE_AA)
    colour = np.array(
        [(225, 20, 20), (12, 12, 12), (40, 220, 60), (240, 240, 240)][int(random.integers(4))], np.float32
    )
    layer.add(
        np.broadcast_to(colour, layer.rgb.shape).astype(np.float32), (canvas / 255 * 0.97).astype(np.float32)
    )


def _holes(layer: Layer, face: FloatBox, size: float, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = face
    for _ in range(int(random.integers(4, 10))):
        at = random.uniform(x0, x1), random.uniform(y0, y1)
        hole(layer, at, size * (y1 - y0) * random.uniform(0.03, 0.06), random)


def _blood(layer: Layer, face: FloatBox, size: float, random: np.random.Generator) -> None:
    """Splashes with rays, and runs that end in drops."""
    x0, y0, x1, y1 = face
    side, canvas = y1 - y0, np.zeros(layer.alpha.shape, np.uint8)
    for _ in range(int(random.integers(2, 5))):
        at = np.array([random.uniform(x0, x1), random.uniform(y0, y1)])
        radius = size * side * random.uniform(0.06, 0.12)
        angles = np.linspace(0, 2 * math.pi, 60, endpoint=False)
        reach = radius * (1 + 0.35 * random.random(60) + 1.2 * (random.random(60) < 0.12))
        edge = at + np.stack([np.cos(angles), np.sin(angles)], axis=1) * reach[:, None]
        cv2.fillPoly(canvas, [np.round(edge).astype(np.int32)], 255, cv2.LINE_AA)
        for _ in range(int(random.integers(0, 3))):
            x = at[0] + random.uniform(-radius, radius) * 0.7
            end = (round(x), round(at[1] + side * random.uniform(0.15, 0.5)))
            wide = max(2, round(0.25 * radius))
            cv2.line(canvas, (round(x), round(at[1])), end, 255, wide, cv2.LINE_AA)
            cv2.circle(canvas, end, wide, 255, -1, cv2.LINE_AA)
    depth = cv2.GaussianBlur(canvas, (0, 0), 1.2).astype(np.float32) / 255
    colour = np.array([random.uniform(110, 180), random.uniform(0, 20), random.uniform(0, 20)], np.float32)
    shade = (0.75 + 0.3 * cv2.GaussianBlur(depth, (0, 0), 4))[..., None]
    layer.add((colour * shade).astype(np.float32), (0.93 * np.clip(2 * depth - 0.4, 0, 1)).astype(np.float32))


def _fire(layer: Layer, face: FloatBox, size: float, random: np.random.Generator) -> None:
    box, shape = _fire_box(face)
    burn(layer, box, flames_depth(shape, random)(random.uniform(0, 5), min(1.0, 0.5 * size)))


def _fire_box(face: FloatBox) -> tuple[FloatBox, tuple[int, int]]:
    x0, y0, x1, y1 = face
    side = max(x1 - x0, y1 - y0)
    box = (x0 - 0.4 * side, y0 - 0.4 * side, x1 + 0.4 * side, y1 + 0.4 * side)
    return box, (round(box[3] - box[1]), round(box[2] - box[0]))


_LAID: dict[str, Callable[[Layer, FloatBox, float, np.random.Generator], None]] = {
    "crosshair": _sight, "crossed_out": _cross, "bullet_hole": _holes, "blood": _blood, "flames": _fire,
}  # fmt: skip


def laid(kind: str, face: FloatBox, coverage_fraction: float, random: np.random.Generator) -> Layer:
    """Something over the face that covers about so much of its box."""
    seed, size = int(random.integers(1 << 31)), 1.0
    best: tuple[float, Layer] | None = None
    for _ in range(14):
        layer = Layer((SIZE_PX[1], SIZE_PX[0]))
        _LAID[kind](layer, face, size, np.random.default_rng(seed))
        covered = layer.coverage(face)
        off = abs(math.log(max(covered, 1e-3) / coverage_fraction))
        if best is None or off < best[0]:
            best = off, layer
        if _NEAR[0] <= covered / coverage_fraction <= _NEAR[1]:
            break
        size *= float(np.clip((coverage_fraction / max(covered, 0.01)) ** 0.6, 0.6, 1.7))
    assert best is not None
    return best[1]


def moving_fire(
    face: FloatBox, coverage_fraction: float, random: np.random.Generator
) -> tuple[Callable[[float], Layer], float]:
    """Fire that rises before a still face, at a time in seconds; and what it covers on average."""
    box, shape = _fire_box(face)
    depth = flames_depth(shape, random)

    def at(time_s: float, reach: float) -> Layer:
        layer = Layer((SIZE_PX[1], SIZE_PX[0]))
        burn(layer, box, depth(time_s, reach))
        return layer

    def covered(reach: float) -> float:
        return float(np.mean([at(t, reach).coverage(face) for t in np.arange(0, 3, 0.6)]))

    reaches = np.linspace(0.3, 1.3, 11)
    reach = float(min(reaches, key=lambda r: abs(covered(r) - coverage_fraction)))
    return (lambda time_s: at(time_s, reach)), covered(reach)
