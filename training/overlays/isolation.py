"""What was laid over a picture, with the faults that a difference of two pictures has."""

from __future__ import annotations

import cv2
import numpy as np

from training.overlays.layers import SIDE_PX, Picture, Rng, noise


def laid_over(rng: Rng, before: Picture, after: Picture) -> np.ndarray:
    """Where ``after`` differs from ``before``, 0..255 with soft edges, as a registration would find it.

    Grown or eaten at the edges, coarse, with holes, speckle and blobs that are nothing; an overlay is never
    eaten by more than half.
    """
    change = cv2.GaussianBlur(np.abs(after - before).max(2), (0, 0), rng.uniform(0.3, 1.2))
    found = (change > rng.uniform(0.03, 0.1)).astype(np.uint8)
    area = int(found.sum())
    if rng.random() < 0.35:
        side = int(rng.integers(18, 96))
        coarse = cv2.resize(found * 255, (side, side), interpolation=cv2.INTER_AREA)
        coarse = cv2.resize(coarse, (SIDE_PX, SIDE_PX), interpolation=cv2.INTER_LINEAR)
        found = (coarse > rng.integers(30, 140)).astype(np.uint8)
    k = int(rng.integers(1, 5))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * k + 1, 2 * k + 1))
    r = rng.random()
    if r < 0.35:
        found = cv2.dilate(found, kernel)
    elif r < 0.5:
        found = cv2.morphologyEx(found, cv2.MORPH_CLOSE, kernel)
    elif r < 0.65:
        eaten = cv2.erode(found, np.ones((3, 3), np.uint8))
        found = eaten if int(eaten.sum()) > 0.5 * area else found
    if rng.random() < 0.3:
        found = found * (noise(rng, rng.uniform(2, 4)) > rng.uniform(0.1, 0.3))
    if rng.random() < 0.6:  # edges and noise of the picture itself
        speckle = (noise(rng, 4) > rng.uniform(0.8, 0.99)) & (
            rng.random((SIDE_PX, SIDE_PX)) < rng.uniform(0.2, 1)
        )
        found = np.maximum(found, speckle.astype(np.uint8))
    if rng.random() < 0.25:
        edges = cv2.Canny((before.mean(2) * 255).astype(np.uint8), 60, 160) > 0
        found = np.maximum(found, (edges & (noise(rng, 2) > rng.uniform(0.3, 0.8))).astype(np.uint8))
    if rng.random() < 0.2:
        found = np.maximum(
            found, (noise(rng, rng.uniform(0.7, 2)) > rng.uniform(0.75, 0.95)).astype(np.uint8)
        )
    soft = found.astype(np.float32)
    if rng.random() < 0.6:
        soft = cv2.GaussianBlur(soft, (0, 0), rng.uniform(0.5, 3))
    return (np.clip(soft, 0, 1) * 255).astype(np.uint8)
