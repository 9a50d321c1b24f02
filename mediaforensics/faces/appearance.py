"""What one face looked like while it was shown: a few crops, one pooled vector, the picture under flames.

No single moment is trusted. Embeddings are averaged, cleaner moments weighing more, because the frame on
which a detector is surest is not the one a recogniser reads best. Where a portrait stands still under
something that moves, the darkest and the median value each pixel had over time show more of the portrait
than any frame did.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.embed import CROP_PX, Embedding, align, similarity_transform, unit
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.types import Box

MAX_SIGHTS = 8
_REGION_PX = 176
_MIN_COMPOSITE_SIGHTS = 4
_MAX_DRIFT_FRACTION = 0.06
"""Landmarks may stray this far (of the eye distance) from a steady drift of a portrait called still."""
_MIN_MOVEMENT_LEVELS = 14.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """A face at one moment.

    Attributes
    ----------
    time_s : float
        When.
    region : ndarray, uint8, shape (height, width, 3), RGB
        The face and a little around it.
    to_region : (float, float, float, float)
        Scale x, scale y, offset x, offset y: source pixels to region pixels.
    landmarks : ndarray, float, shape (5, 2)
        Source pixels.
    weight : float
        0 for a face that could not be seen at that moment; its place may still help a composite.
    embedding : ndarray or None
        None where weight is 0.
    """

    time_s: float
    region: Pixels
    to_region: tuple[float, float, float, float]
    landmarks: NDArray[np.float64]
    weight: float
    embedding: Embedding | None

    def aligned(self, landmarks: NDArray[np.float64]) -> Pixels:
        """The crop that these landmarks (source pixels) ask for."""
        sx, sy, ox, oy = self.to_region
        return align(self.region, landmarks * np.array([sx, sy]) + np.array([ox, oy]))


@dataclass(slots=True, eq=False)
class Appearance:
    """The sights of one track; bounded to eight seen and eight hidden ones."""

    seen: list[Sight] = field(default_factory=list)
    hidden: list[Sight] = field(default_factory=list)

    def add(self, sight: Sight) -> None:
        """Keep a sight; of too many, the one nearest in time to others goes, the first and best stay."""
        kept, limit = (self.seen, MAX_SIGHTS) if sight.weight > 0 else (self.hidden, MAX_SIGHTS)
        kept.append(sight)
        if len(kept) > limit:
            best = max(range(len(kept)), key=lambda i: (kept[i].weight, -i))
            spare = [i for i in range(1, len(kept) - 1) if i != best]
            kept.pop(min(spare, key=lambda i: (kept[i + 1].time_s - kept[i - 1].time_s, i)))

    def pooled(self) -> Embedding | None:
        """The weighted mean direction of all embeddings, shape (128,)."""
        vectors = [s.weight * s.embedding for s in self.seen if s.embedding is not None]
        return unit(np.sum(vectors, axis=0)) if vectors else None

    def composites(self) -> list[Pixels]:
        """What stays when everything that moves in front of a still portrait is taken away.

        Returns
        -------
        list of ndarray, uint8, shape (112, 112, 3), RGB
            The per-pixel minimum (flames only add light) and median; empty where the face itself moved, where
            nothing moved over it, or where there are under four sights.
        """
        sights = sorted([*self.seen, *self.hidden], key=lambda s: s.time_s)
        steady = _steady_landmarks(self.seen, [s.time_s for s in sights])
        if len(sights) < _MIN_COMPOSITE_SIGHTS or steady is None:
            return []
        stack = np.stack([s.aligned(points) for s, points in zip(sights, steady, strict=True)])
        if float(stack.astype(np.float32).std(axis=0).mean()) < _MIN_MOVEMENT_LEVELS:
            return []
        return [stack.min(axis=0), _middle(stack)]


def sight(
    frame: Frame,
    time_s: float,
    landmarks: NDArray[np.float64],
    weight: float,
) -> Sight:
    """Take a face out of a frame, without its embedding."""
    back = cv2.invertAffineTransform(similarity_transform(landmarks))
    margin = 0.12 * CROP_PX
    low, high = -margin, CROP_PX + margin
    corners = np.array([[low, low], [high, low], [low, high], [high, high]]) @ back[:, :2].T + back[:, 2]
    x0, y0 = (int(v) for v in np.clip(np.floor(corners.min(axis=0)), -1e6, 1e6))
    x1, y1 = (int(v) for v in np.clip(np.ceil(corners.max(axis=0)), -1e6, 1e6))
    box = Box(x0, y0, x1, y1).clipped(frame.size_px)
    if not box.area_px:
        box = Box(0, 0, 1, 1).clipped(frame.size_px)
    view = frame.crop(box, _REGION_PX)
    kx, ky = 1.0 / view.source_per_view[0], 1.0 / view.source_per_view[1]
    ox, oy = -view.origin_px[0] * kx, -view.origin_px[1] * ky
    return Sight(
        time_s=time_s,
        region=view.pixels.copy(),
        to_region=(kx, ky, ox, oy),
        landmarks=landmarks,
        weight=weight,
        embedding=None,
    )


def _middle(stack: Pixels) -> Pixels:
    """The median over time (numpy's own loads masked arrays for it, which takes longer)."""
    ranked = np.sort(stack, axis=0)
    low, high = ranked[(len(stack) - 1) // 2], ranked[len(stack) // 2]
    return np.asarray((low.astype(np.uint16) + high) // 2, np.uint8)


def _steady_landmarks(seen: list[Sight], at_s: list[float]) -> list[NDArray[np.float64]] | None:
    """Landmarks at these times on the steady drift (a slow zoom or pan) that fits the seen ones."""
    if len(seen) < 2:
        return None
    times = np.array([s.time_s for s in seen])
    points = np.stack([s.landmarks for s in seen]).reshape(len(seen), 10)
    weights = np.sqrt(np.array([s.weight for s in seen]))[:, np.newaxis]
    centre = float(times.mean())
    columns = [np.ones_like(times)]
    if len(seen) >= 3 and float(np.ptp(times)) > 0.2:
        columns.append(times - centre)
    design = np.stack(columns, axis=1)
    solution, *_ = np.linalg.lstsq(design * weights, points * weights, rcond=None)
    residual = points - design @ solution
    eyes = float(np.sort(np.hypot(*(points[:, 2:4] - points[:, 0:2]).T))[len(seen) // 2])
    if float(np.sqrt((residual**2).mean())) > _MAX_DRIFT_FRACTION * max(eyes, 1.0):
        return None
    out = []
    for t in at_s:
        row = np.array([1.0, t - centre][: design.shape[1]])
        out.append((row @ solution).reshape(5, 2))
    return out
