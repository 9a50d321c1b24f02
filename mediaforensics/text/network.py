"""Reading one line with a network: PP-OCRv6's or our own.

PP-OCRv6's is for Latin with its diacritics, Greek, Chinese and Japanese; the other, trained for this package
(``training/text``), for Arabic and Cyrillic overlaid text with its Latin words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.models import Model
from mediaforensics.text.direction import (
    in_one_alphabet,
    runs_right_to_left,
    turned,
    without_stray_marks,
)
from mediaforensics.text.regions import network_input, open_session
from mediaforensics.text.script import with_whole_words

RECOGNITION_MODEL = Model(
    name="ppocrv6-rec-small",
    file="ppocrv6_rec_small.onnx",
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    licence="Apache-2.0",
    source="rapidocr 3.10.0",
)
ENGINE = "pp-ocrv6"
OVERLAY_MODEL = Model(
    name="overlay-lines",
    file="overlay_lines.onnx",
    sha256="5c7513b256f89c61ff0560bcd5695adf849c0cd9c8167df2a3ca427a01104bb3",
    licence="Apache-2.0",
    source="training/text",
)
OVERLAY_ENGINE = "overlay-lines"

_HEIGHT_PX = 48
"""The network's fixed line height."""
_MIN_WIDTH_PX = 48
_MAX_WIDTH_PX = 3200
"""Some 150 letters; a longer strip is squeezed rather than let a hostile picture take gigabytes."""
_BLANK = 0
_DEGREES = re.compile(r"(?<=\d)º(?=\s*(?:[CF]\b|[^\w\s]|$))")
"""An ordinal (14º Congreso) has a word behind it; behind a mere number the same shape means degrees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one engine read on one line.

    Attributes
    ----------
    text : str
        In logical order; empty where nothing was read.
    confidence : float
        0..1, the engine's own.
    engine : str
        ``pp-ocrv6``, ``overlay-lines`` or ``tesseract``.
    longest_blank_fraction : float
        Share of the line that the longest stretch without letters takes: between two of them, or at an end.
    """

    text: str
    confidence: float
    engine: str
    longest_blank_fraction: float = 0.0


class LineNetwork:
    """One of the two recognisers. Immutable; may be shared by threads."""

    def __init__(self, model: Model = RECOGNITION_MODEL, engine: str = ENGINE) -> None:
        """Load the network.

        Raises
        ------
        ModelMismatch
            The weights are missing or altered.
        """
        self.engine = engine
        self._session = open_session(model)
        letters = self._session.get_modelmeta().custom_metadata_map["character"].split("\n")
        self._alphabet = ["", *letters, " "]

    def read(self, line: Pixels) -> Reading:
        """Read an upright line.

        Parameters
        ----------
        line : ndarray, uint8, shape (height, width, 3)
            RGB, cropped to the line.
        """
        height, width = line.shape[:2]
        shown = min(max(round(width * _HEIGHT_PX / height), _MIN_WIDTH_PX), _MAX_WIDTH_PX)
        interpolation = cv2.INTER_AREA if height > _HEIGHT_PX else cv2.INTER_LINEAR
        pixels = cv2.resize(line, (shown, _HEIGHT_PX), interpolation=interpolation)
        probability = self._session.run(None, {"x": network_input(pixels)})[0][0]
        reading = decode(probability, self._alphabet, self.engine)
        # A network writes letters as they stand, from left to right.
        if runs_right_to_left(reading.text):
            return replace(reading, text=without_stray_marks(in_one_alphabet(turned(reading.text))))
        return replace(reading, text=_DEGREES.sub("°", with_whole_words(reading.text)))


def decode(probability: NDArray[np.float32], alphabet: list[str], engine: str = ENGINE) -> Reading:
    """Read the most probable path of a CTC output: repeats joined, blanks dropped.

    Parameters
    ----------
    probability : ndarray, float32, shape (steps, classes)
        Of each class at each step; class 0 is the blank.
    alphabet : list of str
        The letter of each class.

    Returns
    -------
    Reading
        Its confidence is the mean probability of the letters read, as PP-OCR defines it.
    """
    best = probability.argmax(axis=1)
    kept = best != _BLANK
    kept[1:] &= best[1:] != best[:-1]
    if not kept.any():
        return Reading(text="", confidence=0.0, engine=engine)
    text = "".join(alphabet[index] for index in best[kept]).strip()
    confidence = float(probability[kept, best[kept]].mean(dtype=np.float64))
    at = np.concatenate([[-1], np.flatnonzero(best != _BLANK), [len(best)]])
    return Reading(
        text=text,
        confidence=round(confidence, 4),
        engine=engine,
        longest_blank_fraction=round(float(np.diff(at).max() - 1) / len(best), 4),
    )
