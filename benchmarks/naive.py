"""What a user would write instead: one frame a second through four libraries, as their tutorials show it.

python benchmarks/naive.py VIDEO KNOWN_FOLDER GALLERY_FOLDER LANGUAGES   prints JSON
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import cv2
import imagehash
import numpy as np
import pytesseract
from PIL import Image

import mediaforensics

MODELS = Path(mediaforensics.__file__).parent / "models"
PHASH_DISTANCE_BITS = 10
SFACE_COSINE = 0.363
"""OpenCV's own threshold for SFace."""


def main(video: str, known: str, gallery: str, languages: str) -> dict[str, object]:
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
    detector = cv2.FaceDetectorYN.create(str(MODELS / "yunet_2023mar_int8bq.onnx"), "", (320, 320), 0.9)
    recognizer = cv2.FaceRecognizerSF.create(str(MODELS / "sface_2021dec_int8bq.onnx"), "")
    hashes = {p.stem: imagehash.phash(Image.open(p)) for p in pictures(known)}
    people: dict[str, list[np.ndarray]] = {}
    for picture in pictures(gallery, "*/*"):
        pixels = cv2.imread(str(picture))
        for face in faces_in(detector, pixels):
            feature = recognizer.feature(recognizer.alignCrop(pixels, face))
            people.setdefault(picture.parent.name, []).append(feature)

    capture = cv2.VideoCapture(video)
    step = max(1, round(capture.get(cv2.CAP_PROP_FPS) or 25))
    seen: dict[str, list[tuple[float, str]]] = {"texts": [], "known": [], "faces": []}
    number = 0
    while True:
        there, pixels = capture.read()
        if not there:
            break
        if number % step == 0:
            at_s = number / step
            rgb = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
            text = pytesseract.image_to_string(rgb, lang=languages.replace(",", "+"))
            seen["texts"].append((at_s, text.strip()))
            found = imagehash.phash(Image.fromarray(rgb))
            seen["known"] += [(at_s, name) for name, h in hashes.items() if found - h <= PHASH_DISTANCE_BITS]
            for face in faces_in(detector, pixels):
                feature = recognizer.feature(recognizer.alignCrop(pixels, face))
                best = max(
                    (recognizer.match(feature, f, cv2.FaceRecognizerSF_FR_COSINE), person)
                    for person, features in people.items()
                    for f in features
                )
                seen["faces"].append((at_s, best[1] if best[0] >= SFACE_COSINE else ""))
        number += 1
    return {**seen, "frames": number}


def pictures(folder: str, pattern: str = "*") -> list[Path]:
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    return sorted(p for p in Path(folder).glob(pattern) if p.suffix.lower() in kinds)


def faces_in(detector: cv2.FaceDetectorYN, pixels: np.ndarray) -> np.ndarray:
    detector.setInputSize((pixels.shape[1], pixels.shape[0]))
    _, faces = detector.detect(pixels)
    return faces if faces is not None else np.empty((0, 15), np.float32)


if __name__ == "__main__":
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")
    json.dump(main(*sys.argv[1:5]), sys.stdout)
