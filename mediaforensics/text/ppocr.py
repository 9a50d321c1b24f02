"""Reading one line with PP-OCRv6's small recogniser: Latin with its diacritics, Greek, Chinese, Japanese."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.models import Model
from mediaforensics.text.regions import network_input, open_session

RECOGNITION_MODEL = Model(
    name="ppocrv6-rec-small",
    file="ppocrv6_rec_small.onnx",
    sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
    licence="Apache-2.0",
    source="rapidocr 3.10.0",
)
ENGINE = "pp-ocrv6"

_HEIGHT_PX = 48
"""The network's fixed line height."""
_MIN_WIDTH_PX = 48
_MAX_WIDTH_PX = 3200
"""Some 150 letters; a longer strip is squeezed rather than let a hostile picture take gigabytes."""
_BLANK = 0


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
        ``pp-ocrv6`` or ``tesseract``.
    """

    text: str
    confidence: float
    engine: str


class PpOcr:
    """The recogniser. Immutable; may be shared by threads."""

    def __init__(self) -> None:
        """Load the network.

        Raises
        ------
        ModelMismatch
            The weights are missing or altered.
        """
        self._session = open_session(RECOGNITION_MODEL)
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
        return decode(probability, self._alphabet)


def decode(probability: NDArray[np.float32], alphabet: list[str]) -> Reading:
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
        return Reading(text="", confidence=0.0, engine=ENGINE)
    text = "".join(alphabet[index] for index in best[kept])
    confidence = float(probability[kept, best[kept]].mean(dtype=np.float64))
    return Reading(text=text, confidence=round(confidence, 4), engine=ENGINE)
