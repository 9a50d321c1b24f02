"""What is laid over faces in peace, for measuring false alarms: stickers, captions, glasses, light and more.

Stickers are art by other hands; the rest is drawn here and shares nothing with what is trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from covered import _noise as clouds
from numpy.typing import NDArray
from overlay_art import ArtShelf
from overlay_painters import PAINTED, FloatBox, Layer
from PIL import Image, ImageDraw, ImageFont

_WORDS = (
    "OPENING NIGHT", "Thank you all", "LIVE", "Season 3", "MARKETS RISE AGAIN", "Happy birthday!",
    "PRESS CONFERENCE", "Guten Morgen", "Nouvelle saison", "\u041d\u043e\u0432\u043e\u0441\u0442\u0438",
    "HEALTH MINISTER", "CUP FINAL", "Interview", "WEATHER",
    "Only today", "JOIN US", "Episode 12", "2026", "Buenos dias", "NEW ALBUM",
)  # fmt: skip


def text(layer: Layer, words: str, at: tuple[float, float], height: float, colour: tuple[int, int, int],
         stroke: int = 0) -> None:  # fmt: skip
    """Letters of a height in pixels, their left upper corner at a place."""
    font = ImageFont.load_default(max(6, height))
    left, top, right, bottom = (round(v) for v in font.getbbox(words, stroke_width=stroke))
    image = Image.new("RGBA", (right - left + 4, bottom - top + 4))
    edge = (0, 0, 0) if sum(colour) > 300 else (255, 255, 255)
    ImageDraw.Draw(image).text(
        (2 - left, 2 - top), words, fill=colour, font=font, stroke_width=stroke, stroke_fill=edge
    )
    rgba = np.asarray(image).astype(np.float32)
    layer.add(rgba[..., :3], rgba[..., 3] / 255, (round(at[0]), round(at[1])))


def _bar(layer: Layer, box: FloatBox, colour: Sequence[float], alpha: float) -> None:
    x0, y0, x1, y1 = (round(v) for v in box)
    shape = max(1, y1 - y0), max(1, x1 - x0)
    layer.add(
        np.broadcast_to(np.array(colour, np.float32), (*shape, 3)),
        np.full(shape, alpha, np.float32),
        (x0, y0),
    )


def _shape(
    layer: Layer, draw: Callable[[NDArray[np.uint8]], object], colour: Sequence[float], alpha: float = 1.0
) -> None:
    """Something drawn as a white shape, laid in one colour."""
    canvas = np.zeros(layer.alpha.shape, np.uint8)
    draw(canvas)
    layer.add(
        np.broadcast_to(np.array(colour, np.float32), layer.rgb.shape),
        canvas.astype(np.float32) * (alpha / 255),
    )


def _colour(random: np.random.Generator) -> tuple[int, int, int]:
    """Any colour; reds as often as in posts."""
    named = (
        (200, 20, 30),
        (230, 60, 20),
        (20, 60, 160),
        (10, 10, 10),
        (250, 250, 250),
        (250, 210, 30),
        (20, 130, 60),
    )
    return named[int(random.integers(len(named)))]


def _caption(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = face
    side, at = y1 - y0, y0 + (y1 - y0) * random.uniform(-0.2, 0.7)
    for _ in range(int(random.integers(1, 4))):
        words, height = str(random.choice(_WORDS)), side * random.uniform(0.12, 0.34)
        if random.random() < 0.4:
            _bar(
                layer,
                (x0 - side, at - 0.1 * height, x1 + side, at + 1.2 * height),
                _colour(random),
                random.uniform(0.6, 1),
            )
        text(
            layer,
            words,
            (x0 - side * random.uniform(0, 0.5), at),
            height,
            _colour(random),
            max(1, round(height / 14)),
        )
        at += 1.3 * height


def _lower_third(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    width, side = layer.alpha.shape[1], face[3] - face[1]
    top, height = face[1] + side * random.uniform(0.55, 0.95), side * random.uniform(0.25, 0.5)
    _bar(
        layer, (0, top, width * random.uniform(0.7, 1), top + height), _colour(random), random.uniform(0.7, 1)
    )
    _bar(layer, (0, top, 0.05 * width, top + height), _colour(random), 1)
    text(
        layer, str(random.choice(_WORDS)), (0.07 * width, top + 0.1 * height), 0.42 * height, (255, 255, 255)
    )
    text(
        layer, str(random.choice(_WORDS)), (0.07 * width, top + 0.6 * height), 0.25 * height, (235, 235, 235)
    )


def _glasses(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = face
    wide, y = x1 - x0, y0 + 0.4 * (y1 - y0)
    dark, radius = random.random() < 0.5, (round(0.19 * wide), round(random.uniform(0.12, 0.19) * wide))

    def draw(canvas: NDArray[np.uint8]) -> None:
        for u in (0.27, 0.73):
            cv2.ellipse(
                canvas,
                (round(x0 + u * wide), round(y)),
                radius,
                0,
                0,
                360,
                255,
                -1 if dark else max(2, round(0.03 * wide)),
                cv2.LINE_AA,
            )
        cv2.line(
            canvas, (round(x0), round(y)), (round(x1), round(y)), 255, max(1, round(0.02 * wide)), cv2.LINE_AA
        )

    _shape(layer, draw, _colour(random) if not dark else (15, 15, 20), 0.95)


def _ring(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    """The circle or arrow that says whom to look at."""
    x0, y0, x1, y1 = face
    centre, side = (round((x0 + x1) / 2), round((y0 + y1) / 2)), y1 - y0
    thick = max(2, round(side * random.uniform(0.02, 0.06)))

    def draw(canvas: NDArray[np.uint8]) -> None:
        if random.random() < 0.5:
            axes = round(side * random.uniform(0.6, 0.8)), round(side * random.uniform(0.65, 0.85))
            cv2.ellipse(canvas, centre, axes, random.uniform(-10, 10), 0, 360, 255, thick, cv2.LINE_AA)
        else:
            start = (
                round(centre[0] + side * random.choice([-1.2, 1.2])),
                round(centre[1] - side * random.uniform(0, 0.9)),
            )
            cv2.arrowedLine(canvas, start, centre, 255, 2 * thick, cv2.LINE_AA, 0, 0.3)

    _shape(layer, draw, _colour(random))


def _cloth(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    """A scarf, a beard or a mask: something woven or hairy over the lower face."""
    x0, y0, x1, y1 = face
    centre = round((x0 + x1) / 2), round(y0 + (y1 - y0) * random.uniform(0.82, 1.1))
    axes = round((x1 - x0) * random.uniform(0.45, 0.75)), round((y1 - y0) * random.uniform(0.25, 0.4))
    texture = np.clip(0.75 + 0.18 * clouds(layer.alpha.shape, 60, random), 0.3, 1.2)[..., None]
    colour = [(40, 30, 24), (190, 190, 195), (150, 20, 30), (60, 90, 140), (225, 225, 225)][
        int(random.integers(5))
    ]
    canvas = np.zeros(layer.alpha.shape, np.uint8)
    cv2.ellipse(canvas, centre, axes, 0, 0, 360, 255, -1, cv2.LINE_AA)
    layer.add(
        np.clip(np.array(colour, np.float32) * texture, 0, 255).astype(np.float32),
        canvas.astype(np.float32) / 255,
    )


def _microphone(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    x0, y0, x1, y1 = face
    side = y1 - y0
    head = np.array([x0 + (x1 - x0) * random.uniform(0.2, 0.8), y1 - side * random.uniform(-0.1, 0.25)])
    foot = head + side * np.array([random.uniform(-0.5, 0.5), 1.3])
    thick = max(2, round(side * random.uniform(0.05, 0.09)))
    ends = tuple(np.intp(head).tolist()), tuple(np.intp(foot).tolist())
    _shape(layer, lambda c: cv2.line(c, *ends, 255, thick, cv2.LINE_AA), (30, 30, 32))
    _shape(
        layer,
        lambda c: cv2.circle(c, ends[0], round(side * random.uniform(0.09, 0.16)), 255, -1, cv2.LINE_AA),
        _colour(random),
    )


def _light(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    """Stage light or a low sun: colour that spreads over the picture."""
    height, width = layer.alpha.shape
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    side = face[3] - face[1]
    cx, cy = face[0] + side * random.uniform(-0.6, 1.6), face[1] + side * random.uniform(-0.6, 1.3)
    spread = side * random.uniform(0.6, 1.6)
    alpha = random.uniform(0.35, 0.85) * np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (2 * spread**2))
    colour = [(255, 140, 30), (230, 40, 60), (120, 60, 255), (255, 240, 200), (40, 200, 255)][
        int(random.integers(5))
    ]
    layer.add(np.broadcast_to(np.array(colour, np.float32), layer.rgb.shape), alpha.astype(np.float32))


def _spots(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    """Freckles, confetti or snow."""
    x0, y0, x1, y1 = face
    side = y1 - y0
    kind = int(random.integers(3))
    for _ in range(int(random.integers(25, 90))):
        at = round(random.uniform(x0 - 0.4 * side * (kind > 0), x1)), round(random.uniform(y0, y1))
        radius = max(1, round(side * (0.008 if kind == 0 else random.uniform(0.01, 0.035))))
        colour = ((120, 75, 50), _colour(random), (250, 250, 255))[kind]
        _bar(
            layer,
            (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius),
            colour,
            0.5 if kind == 0 else 0.95,
        )


def _blocks(layer: Layer, face: FloatBox, random: np.random.Generator) -> None:
    """A bar over the eyes, a frame, a score board or a panel beside the picture."""
    x0, y0, x1, y1 = face
    side, kind = y1 - y0, int(random.integers(4))
    if kind == 0:
        _bar(layer, (x0 - 0.1 * side, y0 + 0.28 * side, x1 + 0.1 * side, y0 + 0.5 * side), (5, 5, 5), 1)
    elif kind == 1:
        thick, colour = side * random.uniform(0.05, 0.12), _colour(random)
        for box in ((x0 - thick, y0 - thick, x1 + thick, y0), (x0 - thick, y1, x1 + thick, y1 + thick),
                    (x0 - thick, y0, x0, y1), (x1, y0, x1 + thick, y1)):  # fmt: skip
            _bar(layer, box, colour, 1)
    elif kind == 2:
        left, top = x0 + side * random.uniform(-0.5, 0.3), y0 + side * random.uniform(0, 0.7)
        _bar(layer, (left, top, left + 0.9 * side, top + 0.22 * side), (15, 20, 40), 0.95)
        text(
            layer,
            f"ABC {random.integers(5)}:{random.integers(5)} XYZ",
            (left + 0.04 * side, top + 0.05 * side),
            0.13 * side,
            (255, 255, 255),
        )
    else:
        _bar(
            layer, (x0 + 0.55 * (x1 - x0), 0, layer.alpha.shape[1], layer.alpha.shape[0]), _colour(random), 1
        )


_HARMLESS: dict[str, Callable[[Layer, FloatBox, np.random.Generator], None]] = {
    "caption": _caption, "lower third": _lower_third, "glasses": _glasses, "ring or arrow": _ring,
    "cloth": _cloth, "microphone": _microphone, "light": _light, "spots": _spots, "blocks": _blocks,
}  # fmt: skip


def harmless(
    shape: tuple[int, ...],
    face: FloatBox,
    art: ArtShelf,
    random: np.random.Generator,
    *,
    lettering: bool | None = None,
) -> tuple[Layer, str]:
    """Something harmless over a face; ``lettering`` asks for text, or for none."""
    layer = Layer(shape)
    x0, y0, x1, y1 = face
    side = max(x1 - x0, y1 - y0)
    if lettering is not True and random.random() < (0.5 if lettering is None else 0.7):
        design = art.pick("benign", random)
        for _ in range(1 if random.random() < 0.6 else int(random.integers(2, 4))):
            at = (
                random.uniform(x0 - 0.1 * side, x1 + 0.1 * side),
                random.uniform(y0 - 0.1 * side, y1 + 0.1 * side),
            )
            layer.paste(art.picture(design, random), at, side * random.uniform(0.35, 1.2), random,
                        turn_degrees=random.uniform(-20, 20))  # fmt: skip
        return layer, design.name
    texts = ("caption", "lower third")
    names = [n for n in _HARMLESS if lettering is None or (n in texts) == lettering]
    name = names[int(random.integers(len(names)))]
    _HARMLESS[name](layer, face, random)
    return layer, f"{PAINTED}/{name}"
