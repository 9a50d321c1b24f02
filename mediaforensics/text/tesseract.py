"""Reading one line with Tesseract, which knows the scripts that PP-OCR lacks: the surest of several attempts.

One attempt is a lottery on overlaid text: whether a line is read depends on its height in pixels and on how
its letters were told from the picture behind. Measured on clean Arabic lines: character error rate 0.08-0.30
for one attempt, 0.02 for the surest of several.

The program is started directly: pytesseract writes every picture to the disk, which evidence should not be,
sets the thread limit only through this process's own environment, and loads pandas where that is installed.
"""

from __future__ import annotations

import csv
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import MissingTool
from mediaforensics.media.frame import Pixels
from mediaforensics.text.network import Reading
from mediaforensics.text.script import letters_in

ENGINE = "tesseract"

_PROGRAM = "tesseract"
_TIMEOUT_S = 20.0
"""For one line; a line takes some 50 ms, so whatever takes this long hangs."""
SURE = 0.90
"""An attempt this sure ends the search: right in all but a few letters."""
_AGREED = 0.80
"""So does the same text read twice, at least this sure."""
_MARGIN_PX = 12
_MAX_WIDTH_PX = 3000
_SINGLE_LINE = "7"
_K_MEANS_PIXELS = 4000
"""Enough to find the colours of a line; every pixel is then given to the nearest."""


class Tesseract:
    """Tesseract with the languages it may be asked for. Immutable; may be shared by threads."""

    def __init__(self, languages: tuple[str, ...]) -> None:
        """Check that Tesseract and the languages are installed.

        Raises
        ------
        MissingTool
            They are not; the message says what to run.
        """
        try:
            installed = set(_run(["--list-langs"]).split("\n")[1:])
        except FileNotFoundError as error:
            raise MissingTool(
                f"Tesseract is not installed; run: apt install tesseract-ocr {_packages(languages)}"
            ) from error
        except (OSError, RuntimeError) as error:
            raise MissingTool(f"Tesseract cannot be used: {error}") from error
        missing = tuple(code for code in languages if code not in installed)
        if missing:
            raise MissingTool(
                f"Tesseract lacks {', '.join(missing)}; run: apt install {_packages(missing)},"
                " or leave them out of TextOptions.languages"
            )
        self.with_english = "eng" in installed

    def readings(self, line: Pixels, language: str, script: str, attempts: int = 8) -> Iterator[Reading]:
        """Read an upright line in one way after another; yield the surest reading so far after each.

        It ends when a reading is sure, when two ways agree, or when there are no more ways.

        Parameters
        ----------
        line : ndarray, uint8, shape (height, width, 3)
            RGB, cropped to the line.
        language : str
            Tesseract code, or several joined by ``+``.
        script : str
            Whose letters count as read.
        attempts : int
            At most this many.

        Raises
        ------
        RuntimeError
            Tesseract failed or hung.
        """
        best, best_rank, seen = Reading(text="", confidence=0.0, engine=ENGINE), 0.0, set()
        for picture in _pictures(line, attempts):
            reading = self._attempt(picture, language)
            # More letters, read as surely, are more of the line; a sure word of a half-seen line is not.
            rank = reading.confidence * letters_in(reading.text, script) ** 0.5
            if rank > best_rank:
                best, best_rank = reading, rank
            yield best
            if reading.confidence >= SURE or (reading.confidence >= _AGREED and reading.text in seen):
                return
            seen.add(reading.text)

    def _attempt(self, picture: NDArray[Any], language: str) -> Reading:
        ok, png = cv2.imencode(".png", picture, (cv2.IMWRITE_PNG_COMPRESSION, 1))
        if not ok:
            raise RuntimeError("a line could not be made a PNG")
        table = _run(["stdin", "stdout", "--psm", _SINGLE_LINE, "-l", language, "tsv"], png.tobytes())
        rows = csv.DictReader(table.split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE)
        words = [
            (row["text"], float(row["conf"]) / 100)
            for row in rows
            if (row["text"] or "").strip() and float(row["conf"]) >= 0
        ]
        if not words:
            return Reading(text="", confidence=0.0, engine=ENGINE)
        text = " ".join(word for word, _ in words)
        confidence = sum(confidence for _, confidence in words) / len(words)
        return Reading(text=_without_marks(text), confidence=round(confidence, 4), engine=ENGINE)


def program_version() -> str | None:
    """Version of the installed Tesseract; None where there is none."""
    try:
        return _run(["--version"]).split("\n")[0].removeprefix("tesseract").strip()
    except (OSError, RuntimeError):
        return None


def _run(arguments: list[str], stdin: bytes = b"") -> str:
    """Run Tesseract; return what it prints.

    Raises
    ------
    FileNotFoundError
        It is not installed.
    RuntimeError
        It failed or hung.
    """
    try:
        done = subprocess.run(
            [_PROGRAM, *arguments],
            input=stdin,
            capture_output=True,
            timeout=_TIMEOUT_S,
            # It would otherwise start a thread per core: three times the CPU for the same text.
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(f"Tesseract gave no answer within {_TIMEOUT_S:.0f} s") from error
    if done.returncode != 0:
        why = done.stderr.decode(errors="replace").strip().split("\n")[-1][:200]
        raise RuntimeError(f"Tesseract ended with status {done.returncode}: {why}")
    return done.stdout.decode(errors="replace").replace("\r", "")


def _packages(languages: tuple[str, ...]) -> str:
    return " ".join(f"tesseract-ocr-{code.replace('_', '-')}" for code in languages)


def _without_marks(text: str) -> str:
    """Drop what is not in the picture.

    Direction marks that Tesseract adds around digits (the order is logical without them), and bars and dashes
    at both ends, which are the edges of the ground that the line is written on.
    """
    text = "".join(letter for letter in text if letter not in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e")
    return text.strip(" |_\\/~=‘’`^")


def _pictures(line: Pixels, attempts: int) -> Iterator[NDArray[Any]]:
    """Yield dark-on-light pictures of a line, the most promising first, each made only when it is wanted."""
    clusters: list[NDArray[Any]] = []
    grey = cv2.cvtColor(line, cv2.COLOR_RGB2GRAY)
    # White letters have no dark channel, burning backgrounds do (blue); dark letters have no bright one.
    darkest, brightest = line.min(axis=2), line.max(axis=2)
    plan = (
        ("grey", 50),
        ("brightest", 50),
        ("darkest", 36),
        ("colour", 70),
        ("colour", 50),
        ("darkest", 50),
        ("second colour", 70),
        ("otsu", 50),
    )
    for way, height_px in plan[:attempts]:
        if way == "grey":
            picture = _dark_on_light(grey)
        elif way == "otsu":
            picture = _dark_on_light(_halved(grey))
        elif way == "brightest":
            picture = _dark_on_light(_halved(brightest))
        elif way == "darkest":
            picture = _dark_on_light(_halved(darkest))
        else:
            clusters = clusters or letter_colours(line)
            index = 1 if way == "second colour" else 0
            if index >= len(clusters):
                continue
            picture = clusters[index]
        yield _framed(picture, height_px)


def _halved(grey: NDArray[Any]) -> NDArray[Any]:
    """Black and white by Otsu's threshold."""
    halves: NDArray[Any] = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    return halves


def _rim(picture: NDArray[Any]) -> float:
    """Mean of the outermost pixels, which lie beside the letters."""
    return float(np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]).mean())


def _dark_on_light(grey: NDArray[Any]) -> NDArray[Any]:
    return grey if _rim(_halved(grey)) > 127 else 255 - grey


def _framed(picture: NDArray[Any], height_px: int) -> NDArray[Any]:
    height, width = picture.shape
    shown = (min(max(1, round(width * height_px / height)), _MAX_WIDTH_PX), height_px)
    shrinks = height_px < height
    picture = cv2.resize(picture, shown, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC)
    return np.pad(picture, _MARGIN_PX, constant_values=255)


def letter_colours(line: Pixels) -> list[NDArray[Any]]:
    """Split a line by colour; return the parts most like letters, black on white, the best first.

    Overlaid letters are of one colour, whatever moves behind them. Colours are clustered in CIE Lab (k-means
    started at equal quantiles of lightness: no chance in it). A part is like letters when its strokes are of
    even width, spread along the line and do not run into its rim.
    """
    colours = cv2.cvtColor(line, cv2.COLOR_RGB2LAB).reshape(-1, 3).astype(np.float32)
    found = []
    for count in (3, 4):
        centres = _k_means(colours[:: max(1, len(colours) // _K_MEANS_PIXELS)], count)
        nearest = _nearest(colours, centres).reshape(line.shape[:2])
        for index in range(count):
            part = _without_background((nearest == index).astype(np.uint8))
            found.append((_letter_likeness(part), count, part))
    found.sort(key=lambda item: -item[0])
    best = [item for item in found if item[0] > 0][:1]
    others = [item for item in found if item[0] > 0 and best and item[1] != best[0][1]][:1]
    return [(1 - part) * np.uint8(255) for _, _, part in best + others]


def _k_means(colours: NDArray[Any], count: int, rounds: int = 8) -> NDArray[Any]:
    """Centres of the clusters, shape (count, 3)."""
    order = np.argsort(colours[:, 0], kind="stable")
    centres = colours[order[[int(len(order) * (i + 0.5) / count) for i in range(count)]]].copy()
    for _ in range(rounds):
        nearest = _nearest(colours, centres)
        for i in range(count):
            if (nearest == i).any():
                centres[i] = colours[nearest == i].mean(axis=0)
    return centres


def _nearest(colours: NDArray[Any], centres: NDArray[Any]) -> NDArray[Any]:
    """Index of the nearest centre of each colour."""
    # |c - m|^2 = |c|^2 - 2 c.m + |m|^2, of which the first term is the same for all centres.
    distance = colours @ (-2 * centres.T) + (centres**2).sum(axis=1)
    nearest: NDArray[Any] = distance.argmin(axis=1)
    return nearest


def _without_background(part: NDArray[Any]) -> NDArray[Any]:
    """Drop connected pieces that are too large or too solid at the rim to be letters."""
    height = part.shape[0]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(part, connectivity=8)
    keep = np.ones(count, np.uint8)
    keep[0] = 0
    for i in range(1, count):
        _, top, wide, high, area = stats[i]
        at_rim = top <= 1 or top + high >= height - 1
        solid = area > 0.4 * wide * high
        if (at_rim and wide > 1.5 * height) or (wide > 4 * height and solid):
            keep[i] = 0
    kept: NDArray[Any] = keep[labels]
    return kept


def _letter_likeness(part: NDArray[Any]) -> float:
    """How much a part of a line looks like letters, 0..1."""
    if not 0.03 < part.mean() < 0.6:
        return 0.0
    depth = cv2.distanceTransform(part, cv2.DIST_L2, 3)
    ridge = depth[(depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8))) & (depth > 0)]
    if len(ridge) < 10:
        return 0.0
    evenness = 1 - min(1.0, float(ridge.std() / ridge.mean()))
    spread = float(part.any(axis=0).mean())
    return evenness * spread * (1 - _rim(part))
