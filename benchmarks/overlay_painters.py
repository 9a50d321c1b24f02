"""Lay violent things over a face: art by other hands, and painters for measuring only.

The painters share nothing with those of the training: turbulent flames, ragged holes, drips, brushed
crosses, nooses. Where art covers too little of the face it is laid again and larger.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from covered import _noise as clouds
from numpy.typing import NDArray
from overlay_art import ArtShelf, Design, Floats, Rgba, heat

from mediaforensics.media.frame import Pixels

FloatBox = tuple[float, float, float, float]
Mask = NDArray[np.bool_]

COVERED_ALPHA = 0.3
"""Opacity from which a pixel counts as covered."""
VIOLENT = (
    "flames",
    "bullet_hole",
    "crosshair",
    "blood",
    "crossed_out",
    "noose",
    "weapon",
    "skull",
    "explosion",
)
PAINTED = "painted here"


class Layer:
    """What is laid over a frame: float32 colours, 0..255, and opacity; starts empty."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.rgb: Floats = np.zeros((*shape[:2], 3), np.float32)
        self.alpha: Floats = np.zeros(shape[:2], np.float32)

    def add(self, rgb: Floats, alpha: Floats, at: tuple[int, int] = (0, 0)) -> None:
        """Put a picture over what is there already; it may overhang."""
        height, width = self.alpha.shape
        x, y = at
        top, left = max(0, -y), max(0, -x)
        inner = (
            slice(top, max(top, min(alpha.shape[0], height - y))),
            slice(left, max(left, min(alpha.shape[1], width - x))),
        )
        share = alpha[inner]
        if not share.size or min(share.shape) == 0:
            return
        outer = (slice(y + top, y + top + share.shape[0]), slice(x + left, x + left + share.shape[1]))
        below = self.alpha[outer]
        both = share + below * (1 - share)
        mixed = rgb[inner] * share[..., None] + self.rgb[outer] * (below * (1 - share))[..., None]
        self.rgb[outer] = mixed / np.maximum(both, 1e-6)[..., None]
        self.alpha[outer] = both

    def paste(self, rgba: Rgba, centre: tuple[float, float], side_px: float, random: np.random.Generator,
              *, turn_degrees: float = 0.0, opacity: float = 1.0, mirror: bool = True) -> None:  # fmt: skip
        """Paste art with its longer side of ``side_px`` about a place."""
        if mirror and random.random() < 0.5:
            rgba = rgba[:, ::-1]
        scale = side_px / max(rgba.shape[:2])
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        size = max(2, round(rgba.shape[1] * scale)), max(2, round(rgba.shape[0] * scale))
        premultiplied = rgba.astype(np.float32)
        premultiplied[..., :3] *= premultiplied[..., 3:] / 255
        art = cv2.resize(premultiplied, size, interpolation=method)
        if abs(turn_degrees) > 0.5:
            reach = math.ceil(math.hypot(*size)) + 2
            turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), turn_degrees, 1.0)
            turn[:, 2] += (reach / 2 - size[0] / 2, reach / 2 - size[1] / 2)
            art = cv2.warpAffine(art, turn, (reach, reach))
        alpha = np.clip(art[..., 3] / 255, 0, 1)
        rgb = np.clip(art[..., :3] / np.maximum(alpha, 1e-3)[..., None], 0, 255)
        at = round(centre[0] - art.shape[1] / 2), round(centre[1] - art.shape[0] / 2)
        self.add(rgb, alpha * opacity, at)

    def over(self, frame: Pixels) -> Pixels:
        """The frame with this laid over it."""
        share = self.alpha[..., None]
        return np.asarray(frame * (1 - share) + self.rgb * share + 0.5, np.uint8)

    def mask(self) -> Mask:
        """What is covered."""
        return self.alpha > COVERED_ALPHA

    def coverage(self, face: FloatBox) -> float:
        """Share of a face's box that is covered."""
        x0, y0, x1, y1 = (max(0, round(v)) for v in face)
        return float(self.mask()[y0:y1, x0:x1].mean()) if x1 > x0 and y1 > y0 else 0.0


# Laying kinds over a face. ``size`` is 1 at first and grows while too little of the face is covered.


def violent(
    kind: str, shape: tuple[int, ...], face: FloatBox, art: ArtShelf, random: np.random.Generator,
    size: float = 1.0, design: Design | None = None,
) -> tuple[Layer, str]:  # fmt: skip
    """One kind over a face, by art or by the painter; the layer, and the name of the design."""
    layer = Layer(shape)
    painter = _PAINTERS.get(kind)
    if design is None and painter and (random.random() < 0.2 or kind not in art.kinds()):
        painter(layer, face, random, size)
        return layer, f"{PAINTED}/{kind}"
    design = design or art.pick(kind, random)
    x0, y0, x1, y1 = face
    side = max(x1 - x0, y1 - y0)
    centre = (x0 + x1) / 2, (y0 + y1) / 2
    opacity = random.uniform(0.7, 1.0) if random.random() < 0.35 else 1.0

    def put(at: tuple[float, float], low: float, high: float, turn: float = 0.0) -> None:
        rgba = art.picture(design, random)
        layer.paste(
            rgba,
            at,
            side * size * random.uniform(low, high),
            random,
            turn_degrees=random.uniform(-turn, turn),
            opacity=opacity,
        )

    def near(reach: float) -> tuple[float, float]:
        return centre[0] + side * random.uniform(-reach, reach), centre[1] + side * random.uniform(
            -reach, reach
        )

    if kind == "flames":
        count = (
            1
            if design.photograph or "heart" in design.path or random.random() < 0.35
            else int(random.integers(2, 7))
        )
        for i in range(count):
            x = (
                centre[0]
                + side * ((i + 0.5) / count - 0.5) * 1.5 * (count > 1)
                + side * random.uniform(-0.1, 0.1)
            )
            put(
                (x, y1 - side * random.uniform(0.05, 0.45)),
                0.6 if count > 1 else 0.8,
                1.0 if count > 1 else 1.7,
                8,
            )
    elif kind == "bullet_hole":
        for _ in range(int(random.integers(2, 8))):
            put(near(0.42), 0.16, 0.42, 180)
    elif kind == "blood":
        for _ in range(int(random.integers(1, 4))):
            put(near(0.35), 0.35, 0.9, 180 if "drop" not in design.path else 20)
    else:
        low, high, reach, turn = {
            "crosshair": (0.8, 1.5, 0.12, 4), "crossed_out": (0.7, 1.4, 0.12, 12),
            "weapon": (0.7, 1.5, 0.3, 60), "skull": (0.5, 1.3, 0.2, 12), "explosion": (0.7, 1.7, 0.3, 25),
        }[kind]  # fmt: skip
        put(near(reach), low, high, turn)
    return layer, design.name


def covering(
    kind: str, shape: tuple[int, ...], face: FloatBox, art: ArtShelf, random: np.random.Generator,
    least_fraction: float = 0.08, design: Design | None = None,
) -> tuple[Layer, str]:  # fmt: skip
    """As ``violent``, drawn again and larger until so much of the face is covered; the last try stands."""
    for size in (1.0, 1.0, 1.2, 1.4, 1.7):
        layer, name = violent(kind, shape, face, art, random, size, design)
        if layer.coverage(face) >= least_fraction:
            break
    return layer, name


def flames_depth(shape: tuple[int, int], random: np.random.Generator) -> Callable[[float, float], Floats]:
    """Turbulence that rises: the density of fire, float32 (height, width), at ``(time_s, reach)``.

    ``reach`` says how high it burns, as a share of the height.
    """
    height, width = shape
    coarse = clouds((3 * height, width), 4, random, stretch=2.2)
    fine = clouds((3 * height, width), 11, random, stretch=1.6)
    speeds = height * random.uniform(0.7, 1.1), height * random.uniform(1.1, 1.6)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    across, down = np.abs(2 * x / width - 1), y / height
    edge = 0.9 * (np.clip((across - 0.75) / 0.25, 0, 1) ** 2 + np.clip((down - 0.88) / 0.12, 0, 1) ** 2)
    wave, phase = random.uniform(0.15, 0.35) * height, random.uniform(0, 6)

    def depth(time_s: float, reach: float) -> Floats:
        sway = (0.04 * width * np.sin(y / wave + 5 * time_s + phase)).astype(np.float32)
        rows = (int(speeds[0] * time_s) + np.arange(height)) % (3 * height)
        quick = (int(speeds[1] * time_s) + np.arange(height)) % (3 * height)
        field = 0.75 * coarse[rows] + 0.35 * fine[quick]
        field = cv2.remap(
            field.astype(np.float32), x + sway, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT
        )
        rise = np.minimum(1.9 * (y / height - (1 - reach)), 0.5)
        return (0.5 * field + rise - edge).astype(np.float32)

    return depth


def burn(layer: Layer, box: FloatBox, depth: Floats) -> None:
    """Colour a density of fire and lay it into a box."""
    alpha = np.clip(0.15 + 2.4 * depth, 0, 0.97) * (depth > -0.06)
    layer.add(heat(np.clip(depth * 0.9, 0, 1)), alpha.astype(np.float32), (round(box[0]), round(box[1])))


def _paint_flames(layer: Layer, face: FloatBox, random: np.random.Generator, size: float) -> None:
    x0, y0, x1, y1 = face
    side = max(x1 - x0, y1 - y0)
    box = (x0 - 0.5 * side, y0 - 0.5 * side, x1 + 0.5 * side, y1 + 0.4 * side)
    shape = max(8, round(box[3] - box[1])), max(8, round(box[2] - box[0]))
    burn(
        layer,
        box,
        flames_depth(shape, random)(random.uniform(0, 5), min(1.0, size * random.uniform(0.35, 0.8))),
    )


def hole(layer: Layer, at: tuple[float, float], radius: float, random: np.random.Generator) -> None:
    """A dark hole with a torn, lighter rim, cracks and a shadow of soot."""
    reach = math.ceil(radius * 5)
    side = 2 * reach
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) - reach
    distance, angle = np.hypot(x, y), np.arctan2(y, x)
    ragged = sum(
        random.uniform(0, 0.16 / n) * np.sin(n * angle + random.uniform(0, 6.3)) for n in range(2, 9)
    )
    away = distance / (radius * (1 + ragged))
    glass = random.random() < 0.5
    alpha = np.clip(0.55 * np.exp(-((away / 1.7) ** 2)), 0, 1)
    rgb = np.full((side, side, 3), 30.0, np.float32)
    rim = np.clip(1 - np.abs(away - 1.25) / 0.32, 0, 1)
    rgb = rgb * (1 - rim[..., None]) + rim[..., None] * (215 if glass else random.uniform(95, 170))
    alpha = np.maximum(alpha, rim * 0.9)
    core = np.clip((1.05 - away) * 6, 0, 1)
    rgb, alpha = rgb * (1 - core[..., None]) + 6 * core[..., None], np.maximum(alpha, core)
    cracks = np.zeros((side, side), np.uint8)
    for start in random.uniform(0, 2 * math.pi, int(random.integers(4, 11))):
        points = [(reach, reach)]
        for step in np.linspace(1, random.uniform(2, 4.8), 5):
            bent = start + random.uniform(-0.2, 0.2)
            points.append(
                (round(reach + step * radius * math.cos(bent)), round(reach + step * radius * math.sin(bent)))
            )
        cv2.polylines(
            cracks, [np.array(points, np.int32)], False, 255, max(1, round(radius / 9)), cv2.LINE_AA
        )
    line = (cracks / 255 * (away > 0.9)).astype(np.float32)
    rgb = rgb * (1 - line[..., None]) + (235 if glass else 25) * line[..., None]
    layer.add(
        rgb, np.maximum(alpha, 0.85 * line).astype(np.float32), (round(at[0]) - reach, round(at[1]) - reach)
    )


def _paint_holes(layer: Layer, face: FloatBox, random: np.random.Generator, size: float) -> None:
    x0, y0, x1, y1 = face
    for _ in range(int(random.integers(3, 10))):
        at = random.uniform(x0 - 0.1 * (x1 - x0), x1), random.uniform(y0, y1)
        hole(layer, at, size * (y1 - y0) * random.uniform(0.035, 0.085), random)


def _paint_blood(layer: Layer, face: FloatBox, random: np.random.Generator, size: float) -> None:
    """A wet edge that runs down in drips, and drops beside it."""
    x0, y0, x1, y1 = face
    side, canvas = y1 - y0, np.zeros(layer.alpha.shape, np.uint8)
    top = y0 + side * random.uniform(-0.15, 0.25)
    for x in np.linspace(x0, x1, int(random.integers(5, 11))) + random.normal(0, 0.03 * side, 1):
        width, length = size * side * random.uniform(0.03, 0.08), side * random.uniform(0.15, 0.8)
        trail = [(round(x + random.normal(0, 1.5)), round(top + length * s)) for s in np.linspace(0, 1, 7)]
        cv2.polylines(canvas, [np.array(trail, np.int32)], False, 255, max(2, round(width)), cv2.LINE_AA)
        cv2.circle(canvas, trail[-1], max(2, round(0.75 * width)), 255, -1, cv2.LINE_AA)
    cv2.ellipse(
        canvas,
        (round((x0 + x1) / 2), round(top)),
        (round(0.55 * (x1 - x0)), round(size * 0.09 * side)),
        0,
        0,
        360,
        255,
        -1,
        cv2.LINE_AA,
    )
    for _ in range(int(random.integers(8, 30))):
        at = round(random.normal((x0 + x1) / 2, 0.4 * side)), round(random.normal((y0 + y1) / 2, 0.4 * side))
        cv2.circle(canvas, at, max(1, round(abs(random.normal(0, 0.018)) * side)), 255, -1, cv2.LINE_AA)
    depth = cv2.GaussianBlur(canvas, (0, 0), max(0.8, side / 90)).astype(np.float32) / 255
    shade = (0.7 + 0.35 * cv2.GaussianBlur(depth, (0, 0), max(1.0, side / 40)))[..., None]
    colour = np.array([random.uniform(110, 175), random.uniform(0, 14), random.uniform(0, 16)], np.float32)
    layer.add(np.clip(colour * shade, 0, 255).astype(np.float32), 0.93 * np.clip(2 * depth - 0.5, 0, 1))


def _paint_cross(layer: Layer, face: FloatBox, random: np.random.Generator, size: float) -> None:
    """Two strokes of a dry brush."""
    x0, y0, x1, y1 = face
    side, canvas = max(x1 - x0, y1 - y0), np.zeros(layer.alpha.shape, np.uint8)
    thick = size * side * random.uniform(0.05, 0.14)
    for a, b in (((x0, y0), (x1, y1)), ((x1, y0), (x0, y1))):
        ends = [np.array(p) + random.normal(0, 0.08 * side, 2) for p in (a, b)]
        middle = (ends[0] + ends[1]) / 2 + random.normal(0, 0.06 * side, 2)
        steps = np.linspace(0, 1, 24)[:, None]
        curve = (1 - steps) ** 2 * ends[0] + 2 * steps * (1 - steps) * middle + steps**2 * ends[1]
        for p, q, s in zip(curve[:-1], curve[1:], steps[:, 0], strict=False):
            width = max(1, round(thick * (1.1 - 0.5 * s)))
            cv2.line(canvas, tuple(np.intp(p).tolist()), tuple(np.intp(q).tolist()), 255, width, cv2.LINE_AA)
    bristles = np.clip(0.75 + 0.5 * clouds(layer.alpha.shape, 40, random), 0, 1)
    colour = [(200, 10, 15), (235, 30, 30), (10, 10, 10), (240, 240, 240)][
        int(random.choice(4, p=[0.4, 0.35, 0.15, 0.1]))
    ]
    layer.add(
        np.broadcast_to(np.array(colour, np.float32), layer.rgb.shape),
        (canvas / 255 * bristles).astype(np.float32),
    )


def _paint_noose(layer: Layer, face: FloatBox, random: np.random.Generator, size: float) -> None:
    """A rope of two strands: up from the side of the neck, wound into a knot, a loop around the neck."""
    x0, y0, x1, y1 = face
    side = y1 - y0
    thick = size * side * random.uniform(0.06, 0.12)
    cx, cy = (x0 + x1) / 2 + random.normal(0, 0.05 * side), y1 - side * random.uniform(-0.02, 0.3)
    wide, tall = side * random.uniform(0.4, 0.6), side * random.uniform(0.14, 0.4)
    turn = np.linspace(0, 2 * math.pi, 90)
    tilt = random.uniform(-0.15, 0.15)
    loop = np.stack([cx + wide * np.cos(turn), cy + tall * np.sin(turn) + tilt * wide * np.cos(turn)], axis=1)
    where = random.uniform(0.15, 0.85) * math.pi + (math.pi if random.random() < 0.7 else 0)
    knot = np.array(
        [cx + wide * math.cos(where), cy + tall * math.sin(where) + tilt * wide * math.cos(where)]
    )
    up = np.array([knot[0] + random.normal(0, 0.2 * side), -5.0])
    tone = np.array(
        [(205, 170, 115), (170, 130, 80), (225, 210, 175), (120, 90, 60)][int(random.integers(4))], np.float32
    )
    _rope(layer, loop, thick, tone, random)
    _rope(layer, knot + (up - knot) * np.linspace(0, 1, 60)[:, None], thick, tone, random)
    along = (up - knot) / max(1e-6, float(np.hypot(*(up - knot))))
    across = np.array([-along[1], along[0]])
    for i in range(int(random.integers(5, 9))):
        at = knot + along * thick * 0.95 * i
        _rope(
            layer,
            at + across * np.linspace(-1.05, 1.05, 12)[:, None] * thick + along * 0.25 * thick,
            thick,
            tone,
            random,
        )


def _rope(
    layer: Layer, path: NDArray[np.float64], thick: float, tone: Floats, random: np.random.Generator
) -> None:
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    canvas = np.zeros(layer.alpha.shape, np.uint8)
    cv2.polylines(canvas, [path.astype(np.int32)], False, 255, max(2, round(thick)), cv2.LINE_AA)
    shade = np.broadcast_to(tone, layer.rgb.shape).copy()
    for at in np.arange(0, length[-1], max(2.0, 0.55 * thick)):
        p = np.array([np.interp(at, length, path[:, c]) for c in (0, 1)])
        q = np.array([np.interp(min(at + 1, length[-1]), length, path[:, c]) for c in (0, 1)])
        direction = (q - p) / max(1e-6, float(np.hypot(*(q - p))))
        slant = 0.5 * thick * (np.array([-direction[1], direction[0]]) + 0.9 * direction)
        ends = [tuple(np.intp(p + s * slant).tolist()) for s in (-1, 1)]
        cv2.line(
            shade,
            ends[0],
            ends[1],
            (tone * random.uniform(0.4, 0.6)).tolist(),
            max(1, round(thick / 6)),
            cv2.LINE_AA,
        )
    layer.add(shade, canvas.astype(np.float32) / 255)


_PAINTERS: dict[str, Callable[[Layer, FloatBox, np.random.Generator, float], None]] = {
    "flames": _paint_flames, "bullet_hole": _paint_holes, "blood": _paint_blood, "crossed_out": _paint_cross,
    "noose": _paint_noose,
}  # fmt: skip
