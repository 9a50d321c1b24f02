"""Measure the recogniser on faces that it never learned from, beside the Tesseract route of the package.

Prints per language the character error rate, the share of lines with a rate of at most 0.05, and the same for
Tesseract: the language known, up to eight attempts a line, the surest taken, as ``text/tesseract.py`` does.
Letters and digits are compared, folded as the threat rules fold them; case counts.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from mediaforensics.text.direction import in_one_alphabet, turned
from mediaforensics.text.network import OVERLAY_ENGINE, OVERLAY_MODEL, LineNetwork, Reading
from mediaforensics.text.script import SCRIPT_OF_LANGUAGE
from mediaforensics.text.tesseract import Tesseract
from mediaforensics.text.words import edit_distance
from training.text.fonts import Faces
from training.text.lines import Painter, load_photos
from training.text.words import RIGHT_TO_LEFT

_CODES = {"ar": "ara", "fa": "fas", "ur": "urd", "ru": "rus"}
_FOLDED = str.maketrans("أإآىةیکيۀہھ٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "ااايهيكيههه01234567890123456789")


@dataclass
class Score:
    """Sums over the lines of one language."""

    wrong: int = 0
    letters: int = 0
    exact: int = 0
    lines: int = 0
    seconds: float = 0.0
    worst: list[tuple[float, str, str, np.ndarray]] = field(default_factory=list)

    def add(self, read: str, true: str, seconds: float, picture: np.ndarray) -> None:
        """Count one line."""
        a, b = _folded(read), _folded(true)
        distance = edit_distance(a, b, len(a) + len(b))
        self.wrong += min(distance, len(b))
        self.letters += len(b)
        self.exact += distance <= 0.05 * len(b)
        self.lines += 1
        self.seconds += seconds
        self.worst.append((distance / max(1, len(b)), read, true, picture))

    def __str__(self) -> str:
        return (
            f"{self.wrong / max(1, self.letters):.3f} {self.exact / max(1, self.lines):.2f} "
            f"{1000 * self.seconds / max(1, self.lines):5.0f} ms"
        )


def _folded(text: str) -> str:
    return "".join(letter for letter in text.translate(_FOLDED) if letter.isalnum())


def _by_tesseract(tesseract: Tesseract, picture: np.ndarray, code: str) -> str:
    best = Reading(text="", confidence=0.0, engine="tesseract")
    for best in tesseract.readings(picture, code, SCRIPT_OF_LANGUAGE[code]):  # noqa: B007
        pass
    return best.text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--photos", type=Path, nargs="+", default=[Path("fixtures/sources")])
    parser.add_argument("--lines", type=int, default=400)
    parser.add_argument("--seed", type=int, default=99)
    parser.add_argument("--tesseract-every", type=int, default=4, help="give Tesseract one line in so many")
    parser.add_argument("--sheet", type=Path, help="write the worst lines there, as one picture")
    arguments = parser.parse_args()
    painter = Painter(Faces(arguments.fonts, reserved=True), load_photos(arguments.photos))
    network = LineNetwork(OVERLAY_MODEL, OVERLAY_ENGINE)
    tesseract = Tesseract(tuple(_CODES.values()))
    rng = np.random.default_rng(arguments.seed)
    ours: dict[str, Score] = defaultdict(Score)
    both: dict[str, tuple[Score, Score]] = defaultdict(lambda: (Score(), Score()))
    drawn = 0
    while drawn < arguments.lines:
        example = painter.example(rng)
        if example is None or example[2] == "none":
            continue
        picture, seen, language = example
        true = in_one_alphabet(turned(seen)) if language in RIGHT_TO_LEFT else seen
        drawn += 1
        began = time.process_time()
        read = network.read(picture).text
        seconds = time.process_time() - began
        ours[language].add(read, true, seconds, picture)
        code = _CODES.get(language)
        if code is not None and drawn % arguments.tesseract_every == 0:
            began = time.perf_counter()
            theirs = _by_tesseract(tesseract, picture, code)
            both[language][0].add(read, true, seconds, picture)
            both[language][1].add(theirs, true, time.perf_counter() - began, picture)
    for language in sorted(ours):
        print(f"{language} {ours[language].lines:4d} lines: {ours[language]}", end="")
        if language in both:
            own, other = both[language]
            print(f"   of {own.lines}: ours {own}, Tesseract {other}", end="")
        print()
    if arguments.sheet:
        worst = sorted((w for score in ours.values() for w in score.worst), key=lambda w: -w[0])[:40]
        rows = [np.pad(w[3][:, :900], ((0, 6), (0, max(0, 900 - w[3].shape[1])), (0, 0))) for w in worst]
        cv2.imwrite(str(arguments.sheet), np.concatenate(rows)[..., ::-1])
        for rate, read, true, _ in worst:
            print(f"{rate:.2f}  {true}  |  {read}")


if __name__ == "__main__":
    main()
