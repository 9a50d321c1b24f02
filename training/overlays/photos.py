"""Faces in their real surroundings, found and cut as the package does it, from colour photographs.

The photographs lie in folders ``train``, ``calibrate`` and ``test``, so that nobody is in two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from mediaforensics.overlays.classify import context_box, square_crop
from training.overlays.layers import CROP_PX, SIDE_PX, Face, Picture, Rng

_YUNET = Path(__file__).parents[2] / "mediaforensics" / "models" / "yunet_2023mar_int8bq.onnx"
_WIDE = 3.0


@dataclass
class Photo:
    """Square RGB uint8 picture three faces wide; ``high`` and ``wide`` are the face's, of its longer side."""

    picture: np.ndarray
    wide: float
    high: float


def photographs_in_colour(folder: Path | None, part: str) -> list[Photo]:
    """All faces in the files of one split that are large enough to matter."""
    if folder is None:
        return []
    found = cv2.FaceDetectorYN.create(
        "onnx", np.frombuffer(_YUNET.read_bytes(), np.uint8), np.empty(0, np.uint8), (320, 320), 0.7, 0.3, 50
    )
    photos = []
    for path in sorted((folder / part).rglob("*.[jJpP][pPnN]*")):
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            continue
        f = min(1.0, 900 / max(image.shape[:2]))
        image = cv2.resize(image, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        found.setInputSize((image.shape[1], image.shape[0]))
        _, faces = found.detect(image)
        for face in faces if faces is not None else []:
            x, y, w, h = (float(v) for v in face[:4])
            if max(w, h) < 30:
                continue
            x0, y0, x1, y1 = context_box((x, y, x + w, y + h), _WIDE)
            inner = image[max(y0, 0) : y1, max(x0, 0) : x1, ::-1]
            grown = cv2.copyMakeBorder(
                np.ascontiguousarray(inner),
                max(-y0, 0), max(y1 - image.shape[0], 0), max(-x0, 0), max(x1 - image.shape[1], 0),
                cv2.BORDER_REFLECT_101,
            )  # fmt: skip
            side = 300
            photos.append(
                Photo(
                    cv2.resize(grown, (side, side), interpolation=cv2.INTER_AREA),
                    w / max(w, h),
                    h / max(w, h),
                )
            )
    return photos


def canvas(rng: Rng, photos: list[Photo]) -> tuple[Picture, Face]:
    """One of them with the face moved and scaled a little: RGB 0..1 and the face box in canvas fractions."""
    photo = photos[rng.integers(len(photos))]
    sides = float(np.clip(rng.normal(2.0, 0.18), 1.6, 2.6)) * SIDE_PX / CROP_PX
    side = photo.picture.shape[0] * sides / _WIDE
    centre = photo.picture.shape[0] / 2 + rng.normal(0, 0.03, 2) * side
    x0, y0 = (int(v) for v in np.clip(centre - side / 2, 0, photo.picture.shape[0] - side))
    part = photo.picture[y0 : y0 + int(side), x0 : x0 + int(side)]
    picture = cv2.resize(part, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    middle = (photo.picture.shape[0] / 2 - np.array([x0, y0])) / side
    half = np.array([photo.wide, photo.high]) / sides / 2
    if rng.random() < 0.5:
        picture = np.ascontiguousarray(picture[:, ::-1])
        middle[0] = 1 - middle[0]
    if rng.random() < 0.2:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, 2)
    low, high = middle - half, middle + half
    return picture, (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def clean_crops(photos: list[Photo], times: int, seed: int) -> np.ndarray:
    """Untouched crops uint8 ``(n, 128, 128, 3)``, each photograph ``times`` times, moved a little."""
    crops, edge = [], (SIDE_PX - CROP_PX) // 2
    for number, photo in enumerate(photos):
        for k in range(times):
            picture, _ = canvas(np.random.default_rng([seed, number, k]), [photo])
            crops.append(
                square_crop((picture * 255).astype(np.uint8), (edge, edge, SIDE_PX - edge, SIDE_PX - edge))
            )
    return np.stack(crops) if crops else np.zeros((0, 128, 128, 3), np.uint8)
