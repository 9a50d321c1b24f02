"""What one face looked like while it was shown: a few crops, one pooled vector, what is behind a fire.

No single moment is trusted. Embeddings are averaged, cleaner moments weighing more, because the frame on
which a detector is surest is not the one a recogniser reads best. Where a portrait stands still under
moving fire, the least red that each pixel had over time shows more of it than any frame did.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.embed import CROP_PX, Embedding, align, similarity_transform, unit
from mediaforensics.faces.uncover import around
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.types import Box

MAX_SIGHTS = 8
_REGION_PX = 176
_LEAST_MOMENTS = 4
"""Of fewer the fire itself is left."""


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
        How much it counts.
    embedding : ndarray or None
        None until it is compared.
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
    """The sights of one track, at most eight."""

    seen: list[Sight] = field(default_factory=list)

    def add(self, sight: Sight) -> None:
        """Keep a sight; of too many, the one nearest in time to others goes, the first and best stay."""
        kept = self.seen
        kept.append(sight)
        if len(kept) > MAX_SIGHTS:
            best = max(range(len(kept)), key=lambda i: (kept[i].weight, -i))
            spare = [i for i in range(1, len(kept) - 1) if i != best]
            kept.pop(min(spare, key=lambda i: (kept[i + 1].time_s - kept[i - 1].time_s, i)))

    def pooled(self) -> Embedding | None:
        """The weighted mean direction of all embeddings, shape (128,)."""
        vectors = [s.weight * s.embedding for s in self.seen if s.embedding is not None]
        return unit(np.sum(vectors, axis=0)) if vectors else None


@dataclass(slots=True, eq=False)
class BehindFire:
    """The least red at each pixel around a face that stands still, over all moments of its burning."""

    box: Box
    least: NDArray[np.uint8] | None = None
    moments: int = 0
    taken_s: float = float("-inf")

    def add(self, frame: Frame, time_s: float) -> None:
        """Take in a moment."""
        red = np.ascontiguousarray(around(frame, self.box).pixels[..., 0])
        self.least = red if self.least is None else np.minimum(self.least, red)
        self.moments, self.taken_s = self.moments + 1, time_s

    def picture(self) -> Pixels | None:
        """Grey, (256, 256, 3), the face in the middle; None of fewer than four moments."""
        if self.least is None or self.moments < _LEAST_MOMENTS:
            return None
        return np.asarray(cv2.cvtColor(self.least, cv2.COLOR_GRAY2RGB), np.uint8)


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
