"""What is done to faces in such media, roughly: drawn over a picture by the seed."""

from __future__ import annotations

import cv2
import numpy as np

from mediaforensics.media.frame import Pixels


def disfigured(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture after one of the things that are done to faces in such media."""
    out = pixels.copy()
    height, width = out.shape[:2]
    centre = np.array([width / 2, height / 2]) + rng.uniform(-20, 20, 2)
    x, y = (int(v) for v in centre)
    kind = rng.choice(["cross", "rings", "holes", "blobs", "bar", "words", "small", "jpeg"])
    colour = tuple(int(c) for c in rng.choice([[200, 10, 10], [10, 10, 10], [255, 200, 40], [240, 240, 240]]))
    thick = int(rng.integers(4, 18))
    if kind == "cross":
        for sign in (1, -1):
            cv2.line(out, (x - 90, y - 90 * sign), (x + 90, y + 90 * sign), colour, thick)
    elif kind == "rings":
        for radius in (30, 60, 90):
            cv2.circle(out, (x, y), radius, colour, max(2, thick // 2))
        cv2.line(out, (x - 110, y), (x + 110, y), colour, max(2, thick // 2))
        cv2.line(out, (x, y - 110), (x, y + 110), colour, max(2, thick // 2))
    elif kind == "holes":
        for _ in range(int(rng.integers(2, 9))):
            spot = tuple(int(v) for v in centre + rng.uniform(-70, 70, 2))
            cv2.circle(out, spot, int(rng.integers(8, 18)), (90, 85, 80), -1)
            cv2.circle(out, spot, int(rng.integers(5, 10)), (5, 5, 5), -1)
    elif kind == "blobs":
        layer = np.zeros((height, width), np.float32)
        for _ in range(14):
            spot = (int(rng.integers(40, width - 40)), int(rng.integers(y, height)))
            cv2.ellipse(
                layer, spot, (int(rng.integers(8, 22)), int(rng.integers(20, 70))), 0, 0, 360, 1.0, -1
            )
        layer = cv2.GaussianBlur(layer, (0, 0), 5)[..., np.newaxis] * rng.uniform(0.4, 1.0)
        out = np.clip(out + layer * np.array([255, 150, 40]), 0, 255).astype(np.uint8)
    elif kind == "bar":
        half = int(rng.integers(10, 35))
        top = int(y + rng.uniform(-60, 60))
        cv2.rectangle(out, (0, top - half), (width, top + half), colour, -1)
    elif kind == "words":
        for row in range(int(rng.integers(1, 4))):
            cv2.putText(out, "THE END IS NEAR", (20, y - 50 + 45 * row), 0, 1.2, colour, max(2, thick // 3))
    elif kind == "small":
        scale = float(rng.uniform(24, 48)) / 170
        little = cv2.resize(out, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        out = np.asarray(cv2.resize(little, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    else:
        data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(8, 25))])[1]
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return out
