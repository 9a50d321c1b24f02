"""What a user would pick instead: a frame a second through Tesseract (pytesseract) or RapidOCR.

python benchmarks/rivals.py pytesseract|rapidocr JOBS   JOBS: JSON list of [video, languages]; prints JSON

Each frame is read whole; for Tesseract in page mode 3 and in the language that is really shown. RapidOCR is
not among this project's dependencies: install ``rapidocr`` elsewhere and pass that Python to ``text.py``.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator

import cv2
import numpy as np


def frames(video: str) -> Iterator[tuple[float, np.ndarray]]:
    """One BGR frame a second, with its time in seconds."""
    capture = cv2.VideoCapture(video)
    step = max(1, round(capture.get(cv2.CAP_PROP_FPS) or 25))
    number = 0
    while capture.grab():
        if number % step == 0:
            there, pixels = capture.retrieve()
            if there:
                yield number / step, pixels
        number += 1


def pytesseract_reader() -> Callable[[np.ndarray, str], str]:
    import pytesseract

    return lambda bgr, languages: pytesseract.image_to_string(
        cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), lang=languages, config="--psm 3"
    )


def rapidocr_reader() -> Callable[[np.ndarray, str], str]:
    import logging

    from rapidocr import RapidOCR

    logging.disable(logging.WARNING)
    engine = RapidOCR()

    def read(bgr: np.ndarray, languages: str) -> str:
        result = engine(bgr, use_det=True, use_cls=True, use_rec=True)
        return "\n".join(result.txts or ())

    return read


def main(engine: str, jobs: str) -> list[list[tuple[float, str]]]:
    read = {"pytesseract": pytesseract_reader, "rapidocr": rapidocr_reader}[engine]()
    return [
        [(at_s, read(pixels, languages)) for at_s, pixels in frames(video)]
        for video, languages in json.loads(jobs)
    ]


if __name__ == "__main__":
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    answer = main(*sys.argv[1:3])
    json.dump(answer, sys.stdout)
