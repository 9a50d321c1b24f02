"""One known picture or video as it is seen in one sample, and how that is told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mediaforensics.known.cells import scaled
from mediaforensics.known.placement import Placement
from mediaforensics.known.regions import Rectangle
from mediaforensics.known.segment import ListEntry
from mediaforensics.media.frame import Pixels, View
from mediaforensics.media.sample import Sample
from mediaforensics.observations import KnownSeen, Residual
from mediaforensics.types import Box, Timestamp

DETECTOR = "known"
FRAME_FRACTION = 0.85
"""Of the frame's area; what is larger fills it, but for bars."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """A known picture in the sample at hand, in pixels of the view.

    Attributes
    ----------
    algorithm : str
        What it was recognised by, such as ``pdq-256`` or ``sift``.
    distance_bits, inliers : int
        How well.
    whole : bool
        Whether it fills the frame, but for bars.
    rectangle : (x0, y0, x1, y1)
        Upright rectangle around it.
    mirrored : bool
        Shown left-right mirrored.
    placement, established : Placement or None
        How it lies over the view now, and when it was found; None where there are no pixels to lay.
    """

    algorithm: str
    distance_bits: int
    inliers: int
    whole: bool
    rectangle: Rectangle
    mirrored: bool
    placement: Placement | None = None
    established: Placement | None = None


def extent(placement: Placement, view: View) -> Rectangle:
    """The upright rectangle around a placed picture, cut to the view."""
    height, width = view.pixels.shape[:2]
    x0, y0 = np.floor(placement.polygon.min(axis=0)).astype(int)
    x1, y1 = np.ceil(placement.polygon.max(axis=0)).astype(int)
    return (
        int(np.clip(x0, 0, width)),
        int(np.clip(y0, 0, height)),
        int(np.clip(x1, 0, width)),
        int(np.clip(y1, 0, height)),
    )


def fills(rectangle: Rectangle, view: View) -> bool:
    """Whether a rectangle is as good as the whole view."""
    x0, y0, x1, y1 = rectangle
    return (x1 - x0) * (y1 - y0) >= FRAME_FRACTION * view.pixels.size


def observation(
    sample: Sample,
    view: View,
    entry: ListEntry,
    sighting: Sighting,
    known: Pixels | None,
    *,
    since: Timestamp | None = None,
    known_span_s: tuple[float, float] | None = None,
) -> KnownSeen:
    """What the detector says about a sighting; ``known`` are the entry's pixels, RGB, where there are any."""
    placement = sighting.placement
    box: Box = view.box(*sighting.rectangle).clipped(sample.frame.size_px)
    return KnownSeen(
        time=sample.time,
        detector=DETECTOR,
        entry_id=entry.entry_id,
        list_name=entry.list_name,
        labels=entry.labels,
        extent="frame" if sighting.whole else "region",
        box=box,
        mirrored=sighting.mirrored,
        algorithm=sighting.algorithm,
        distance_bits=sighting.distance_bits,
        inliers=sighting.inliers,
        covered_fraction=placement.covered_fraction if placement else 0.0,
        polygon=view.quad(placement.polygon) if placement and sighting.algorithm == "sift" else None,
        residual=_residual(placement, view, known) if placement and known is not None else None,
        since=since,
        known_span_s=known_span_s,
    )


def _residual(placement: Placement, view: View, known: Pixels) -> Residual:
    height, width = placement.residual.shape
    to_known = scaled(placement.size_px[0] / width, placement.size_px[1] / height)
    to_source = np.diag([*view.source_per_view, 1.0])
    to_source[:2, 2] = view.origin_px
    return Residual(
        width_px=width,
        height_px=height,
        covered=np.packbits(placement.residual).tobytes(),
        to_source=tuple((to_source @ placement.homography @ to_known).ravel().tolist()),
        known=known[:, ::-1] if placement.mirrored else known,
    )
