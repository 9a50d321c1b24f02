"""What an editor does to text in a video: fifteen behaviours, each a few texts on their way through a clip.

Lengths are pixels of the 1280 x 720 drawing; times of `Shown` are frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import grounds
import numpy as np
from letters import LINE_PITCH, RIGHT_TO_LEFT, Fonts, Look, draw, line_width_px
from sentences import PEOPLE, SENTENCES

WIDTH, HEIGHT = grounds.SIZE_PX
FLASH_S = 0.5
WHITE, BLACK, RED, YELLOW = (255, 255, 255), (0, 0, 0), (235, 40, 30), (255, 236, 60)
STYLES = ("plain", "plain", "outline", "shadow", "shadow", "box", "line boxes")
APART = 70
"""Grey levels between letters without outline or box and what lies behind them."""
FILLS = (WHITE, WHITE, YELLOW, (250, 250, 235), (120, 230, 255), RED, (110, 240, 120))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A text on its way through a clip; times in frames, ``speed`` in pixels per frame."""

    text: str
    look: Look
    centre: tuple[float, float]
    start: int
    end: int
    rise: int = 0
    fall: int = 0
    speed: tuple[float, float] = (0.0, 0.0)
    word_step: int = 0
    part: bool = False


class Desk:
    """What a behaviour draws with: a language, chance, fonts, and the ground's first frame."""

    def __init__(self, language: str, rng: np.random.Generator, fonts: Fonts, fps: int) -> None:
        self.language, self.rng, self.fonts, self.fps = language, rng, fonts, fps
        self.rtl = language in RIGHT_TO_LEFT
        self.seconds = 7.0
        self.bar: tuple[int, int, tuple[int, int, int], float] | None = None
        self._left = list(rng.permutation(len(SENTENCES[language])))

    def at(self, seconds: float) -> int:
        """The frame at a time."""
        return round(seconds * self.fps)

    def sentence(self, least: int = 0, most: int = 99) -> str:
        """One not yet used in this clip, of so many letters where there is such."""
        choice = SENTENCES[self.language]
        for index in self._left:
            if least <= len(choice[index]) <= most:
                self._left.remove(index)
                return choice[index]
        return choice[self._left.pop()]

    def upper(self, text: str) -> str:
        """In capitals, as the language has them."""
        return text.replace("i", "İ").upper() if self.language == "tr" else text.upper()

    def look(self, text: str, sizes: tuple[int, int], styles: Sequence[str] = ()) -> Look:
        """A face that can write the text, a size within bounds, a style and colours, by chance."""
        rng = self.rng
        able = self.fonts.able(text, self.language)
        style = str(rng.choice(styles or STYLES))
        fill, under, alpha = FILLS[int(rng.integers(len(FILLS)))], BLACK, 1.0
        if "box" in style:
            alpha = float(rng.choice((0.45, 0.6, 0.8, 1.0, 1.0)))
            if alpha == 1.0 and rng.random() < 0.4:
                fill, under = BLACK, (245, 245, 240)
            elif rng.random() < 0.3:
                fill, under = WHITE, (150, 10, 10)
        size = int(rng.integers(sizes[0], sizes[1] + 1))
        if fill == RED and "box" in style:
            fill = WHITE
        elif fill == RED:
            style, under, size = "outline", WHITE, max(size, 32)
        return Look(
            font=able[int(rng.integers(len(able)))],
            latin_font=self.fonts.latin[int(rng.integers(len(self.fonts.latin)))],
            size_px=size,
            style=style, fill=fill, under=under, box_alpha=alpha,
        )  # fmt: skip

    def fitted(self, text: str, look: Look, width: int, lines: int = 1) -> tuple[str, Look]:
        """Wrap to so many lines, more where needed, and shrink (down to 20 px) before that."""
        while True:
            for size in range(look.size_px, min(look.size_px, 20) - 1, -2):
                small = replace(look, size_px=size)
                wrapped = self._wrapped(text, small, lines)
                if max(line_width_px(line, small, self.rtl) for line in wrapped) <= width:
                    return "\n".join(wrapped), small
            lines += 1

    def _wrapped(self, text: str, look: Look, lines: int) -> list[str]:
        words, out = text.split(), []
        target = line_width_px(text, look, self.rtl) / lines
        while words:
            count = 1
            while len(out) < lines - 1 and count < len(words):
                if line_width_px(" ".join(words[: count + 1]), look, self.rtl) > target * 1.12:
                    break
                count += 1
            if len(out) == lines - 1:
                count = len(words)
            out.append(" ".join(words[:count]))
            words = words[count:]
        return out

    def place(self, text: str, look: Look) -> tuple[float, float]:
        """A centre such that the text stays inside the frame."""
        width = max(line_width_px(line, look, self.rtl) for line in text.split("\n"))
        tall = (text.count("\n") + 1) * look.size_px * LINE_PITCH
        turn = np.deg2rad(look.degrees)
        half_w = (width * abs(np.cos(turn)) + tall * abs(np.sin(turn))) / 2 + 34
        half_h = (width * abs(np.sin(turn)) + tall * abs(np.cos(turn))) / 2 + 30
        x = self.rng.uniform(min(half_w, WIDTH / 2), max(WIDTH - half_w, WIDTH / 2))
        y = self.rng.uniform(min(half_h, HEIGHT / 2), max(HEIGHT - half_h, HEIGHT / 2))
        return float(x), float(y)


Behaviour = Callable[[Desk], list[Shown]]


def _two(
    desk: Desk, *, rise: tuple[float, float] = (0, 0), degrees: Callable[[], float] = lambda: 0.0
) -> list[Shown]:
    """Two single lines, one after the other, in different places."""
    out = []
    for start_s in (0.8, 3.9):
        text = desk.sentence(0, 44)
        look = replace(desk.look(text, (22, 46)), degrees=degrees())
        text, look = desk.fitted(text, look, 600 if abs(look.degrees) == 90 else 1130)
        up, down = (desk.at(desk.rng.uniform(*rise)) for _ in range(2))
        where = desk.place(text, look)
        start, end = desk.at(start_s), desk.at(start_s + 2.5)
        out.append(Shown(text=text, look=look, centre=where, start=start, end=end, rise=up, fall=down))
    return out


def cut(desk: Desk) -> list[Shown]:
    return _two(desk)


def fade(desk: Desk) -> list[Shown]:
    return _two(desk, rise=(0.2, 0.8))


def slant(desk: Desk) -> list[Shown]:
    return _two(desk, degrees=lambda: float(desk.rng.choice((-1, 1)) * desk.rng.uniform(5, 20)))


def vertical(desk: Desk) -> list[Shown]:
    return _two(desk, rise=(0.0, 0.3), degrees=lambda: float(desk.rng.choice((-90, 90))))


def flash(desk: Desk) -> list[Shown]:
    out = []
    for start_s in (0.9, 2.3, 3.8):
        text = desk.sentence(0, 32)
        text, look = desk.fitted(text, desk.look(text, (32, 58)), 1130)
        start = desk.at(start_s)
        end = start + int(np.ceil(FLASH_S * desk.fps))
        out.append(Shown(text=text, look=look, centre=desk.place(text, look), start=start, end=end))
    desk.seconds = 6.0
    return out


def karaoke(desk: Desk) -> list[Shown]:
    text = desk.sentence(24, 46)
    text, look = desk.fitted(text, desk.look(text, (30, 48), ("plain", "outline", "shadow")), 1130)
    text = text.replace("\n", " ")
    step = desk.at(desk.rng.uniform(0.22, 0.4))
    where = (WIDTH / 2, desk.rng.uniform(120, 620))
    end = desk.at(0.8) + step * len(text.split()) + desk.at(2.4)
    desk.seconds = end / desk.fps + 0.8
    return [Shown(text=text, look=look, centre=where, start=desk.at(0.8), end=end, word_step=step)]


def credits(desk: Desk) -> list[Shown]:
    lines = [desk.sentence(0, 40) for _ in range(5)]
    look = desk.look(" ".join(lines), (26, 38), ("plain", "outline", "shadow"))
    speed, pitch = desk.rng.uniform(150, 200), look.size_px * 2.6
    desk.seconds = 9.0
    out = []
    for number, text in enumerate(lines):
        text, small = desk.fitted(text, look, 1130)
        out.append(
            Shown(
                text=text, look=small, centre=(WIDTH / 2, HEIGHT + 60 + number * pitch),
                start=0, end=desk.at(desk.seconds), speed=(0.0, -speed / desk.fps), part=True,
            )
        )  # fmt: skip
    return out


def ticker(desk: Desk) -> list[Shown]:
    text = f"{desk.sentence(0, 40)} \u2022 {desk.sentence(0, 40)}"
    look = replace(desk.look(text.replace("\u2022", ""), (26, 34), ("plain",)), fill=WHITE)
    if look.font.stem.startswith(("Kacst", "Noto")):
        text = text.replace(" \u2022", "")
    width = line_width_px(text, look, desk.rtl)
    speed = desk.rng.uniform(230, 300) * (1 if desk.rtl else -1)
    y = float(desk.rng.choice((60, 650)))
    colour = ((20, 20, 70), (120, 10, 20), (10, 10, 10))[int(desk.rng.integers(3))]
    desk.bar = (round(y) - 30, round(y) + 30, colour, float(desk.rng.choice((0.75, 1.0))))
    x = -width / 2 - 30 if desk.rtl else WIDTH + width / 2 + 30
    desk.seconds = min(10.0, (WIDTH + width + 60) / abs(speed) + 0.5)
    end = desk.at(desk.seconds)
    return [Shown(text=text, look=look, centre=(x, y), start=0, end=end, speed=(speed / desk.fps, 0.0))]


def drift(desk: Desk) -> list[Shown]:
    out = []
    for start_s in (0.7, 4.1):
        text = desk.sentence(0, 40)
        text, look = desk.fitted(text, desk.look(text, (26, 46)), 1000)
        turn, pace = desk.rng.uniform(0, 2 * np.pi), desk.rng.uniform(15, 50) / desk.fps
        speed = (float(np.cos(turn) * pace), float(np.sin(turn) * pace))
        frames = desk.at(2.8)
        x, y = desk.place(text, look)
        x = float(np.clip(x - speed[0] * frames / 2, 1e-3, WIDTH))
        start = desk.at(start_s)
        out.append(
            Shown(
                text=text, look=look, centre=(x, y - speed[1] * frames / 2),
                start=start, end=start + frames, speed=speed,
                rise=desk.at(0.2), fall=desk.at(0.2),
            )
        )  # fmt: skip
    desk.seconds = 7.6
    return out


def subtitles(desk: Desk) -> list[Shown]:
    """Back to back in the same place, with 0 to 2 frames between."""
    texts = [desk.sentence(0, 46) for _ in range(4)]
    look = desk.look(" ".join(texts), (26, 38), ("outline", "shadow", "box", "plain"))
    out, start, bottom = [], desk.at(0.6), desk.rng.uniform(600, 660)
    for text in texts:
        lines = 2 if desk.rng.random() < 0.3 else 1
        text, small = desk.fitted(text, look, 1100, lines)
        tall = (text.count("\n") + 1) * small.size_px * LINE_PITCH
        end = start + desk.at(desk.rng.uniform(1.2, 1.9))
        out.append(Shown(text=text, look=small, centre=(WIDTH / 2, bottom - tall / 2), start=start, end=end))
        start = end + int(desk.rng.integers(3))
    desk.seconds = start / desk.fps + 0.7
    return out


def stack(desk: Desk) -> list[Shown]:
    text = f"{desk.sentence(24)}. {desk.sentence()}" if desk.rng.random() < 0.6 else desk.sentence(34)
    look = desk.look(text, (28, 46))
    look = replace(look, align=str(desk.rng.choice(("center", "center", "right" if desk.rtl else "left"))))
    text, look = desk.fitted(text, look, 900, int(desk.rng.integers(2, 5)))
    up, down = (desk.at(desk.rng.uniform(0, 0.6)) for _ in range(2))
    where = desk.place(text, look)
    return [
        Shown(text=text, look=look, centre=where, start=desk.at(0.8), end=desk.at(5.8), rise=up, fall=down)
    ]


def lower_third(desk: Desk) -> list[Shown]:
    people = PEOPLE[desk.language]
    text = "\n".join(people[int(desk.rng.integers(len(people)))])
    look = replace(desk.look(text, (26, 38), ("box", "box", "shadow")), align="right" if desk.rtl else "left")
    width = max(line_width_px(line, look, desk.rtl) for line in text.split("\n"))
    x = WIDTH - 90 - width / 2 if desk.rtl else 90 + width / 2
    rise = desk.at(desk.rng.uniform(0.2, 0.5))
    where = (x, desk.rng.uniform(560, 630))
    return [
        Shown(text=text, look=look, centre=where, start=desk.at(1), end=desk.at(5.5), rise=rise, fall=rise)
    ]


def slogan(desk: Desk) -> list[Shown]:
    out = []
    for start_s in (0.6, 3.6):
        text = desk.sentence(0, 40)
        text = desk.upper(text) if desk.rng.random() < 0.6 else text
        look = desk.look(text, (48, 60), ("plain", "outline", "shadow"))
        text, look = desk.fitted(text, look, 1130, int(desk.rng.integers(1, 4)))
        start, end = desk.at(start_s), desk.at(start_s + 2.4)
        out.append(Shown(text=text, look=look, centre=(WIDTH / 2, HEIGHT / 2), start=start, end=end))
    return out


def together(desk: Desk) -> list[Shown]:
    """A headline at the top that stays while two captions come and go at the bottom."""
    out = []
    times = ((0.7, 6.4, 70.0), (1.3, 3.5, 630.0), (3.9, 6.9, 630.0))
    for (start_s, end_s, y), sizes in zip(times, ((40, 56), (24, 32), (24, 32)), strict=True):
        text = desk.sentence(0, 40)
        text, look = desk.fitted(text, desk.look(text, sizes), 1130)
        rise = desk.at(float(desk.rng.choice((0.0, 0.3))))
        where = (WIDTH / 2 + desk.rng.uniform(-60, 60), y)
        start, end = desk.at(start_s), desk.at(end_s)
        out.append(Shown(text=text, look=look, centre=where, start=start, end=end, rise=rise, fall=rise))
    desk.seconds = 7.5
    return out


def end_card(desk: Desk) -> list[Shown]:
    """On a card until the clip ends."""
    text = f"{desk.sentence(0, 40)}. {desk.sentence(0, 40)}"
    look = desk.look(text, (34, 50), ("plain", "shadow"))
    text, look = desk.fitted(text, look, 960, int(desk.rng.integers(3, 5)))
    rise, end = desk.at(desk.rng.uniform(0.3, 0.8)), desk.at(6.0)
    desk.seconds = 6.0
    return [Shown(text=text, look=look, centre=(WIDTH / 2, 350), start=desk.at(1.2), end=end, rise=rise)]


BEHAVIOURS: dict[str, Behaviour] = {
    "cut": cut, "subtitles": subtitles, "stack": stack, "fade": fade, "flash": flash, "slogan": slogan,
    "karaoke": karaoke, "lower third": lower_third, "slant": slant, "credits": credits, "drift": drift,
    "end card": end_card, "ticker": ticker, "vertical": vertical, "together": together,
}  # fmt: skip


def legible(shown: Shown, ground: np.ndarray, rtl: bool) -> Shown:
    """Choose a colour, and failing that a style, where a person could not read the one drawn by chance."""
    look = shown.look
    if look.style not in ("plain", "shadow"):
        return shown
    tall, wide = draw(shown.text, look, rtl).alpha.shape
    x, y = max(0, round(shown.centre[0] - wide / 2)), max(0, round(shown.centre[1] - tall / 2))
    rows = slice(None) if shown.part else slice(y, y + tall)
    luma = cv2.cvtColor(ground, cv2.COLOR_RGB2GRAY)[rows, x : x + wide].astype(np.float32)
    if not luma.size:  # a ticker, which stands on its bar
        return shown
    needed = 0.75 if look.style == "shadow" else 0.95
    for fill in (look.fill, WHITE, YELLOW, BLACK):
        apart = (abs(luma - np.array((0.299, 0.587, 0.114)) @ np.array(fill)) > APART).mean()
        if apart >= needed:
            under = WHITE if fill == BLACK else BLACK
            return replace(shown, look=replace(look, fill=fill, under=under))
    return replace(shown, look=replace(look, style="outline", fill=WHITE, under=BLACK))
