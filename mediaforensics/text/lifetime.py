"""When a text came and when it went, to the frame: its own edges, looked for in the glimpses between samples.

The edges of a text that fades are its full edges times its opacity, added to those of what lies behind. So
its opacity in any frame follows from two others, one with it and one without: the share of their difference
that is there. That tells fading from a cut, and one text from another in its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import View
from mediaforensics.media.sample import GLIMPSE_SIDE_PX, Glimpse, Sample
from mediaforensics.types import Quad, Timestamp

MEMORY_S = 2.6
"""How far back a text that was just found is looked for; longer fades than 2 s are hardly made."""
_MAX_GAP_S = 1.6
"""Glimpses further apart than this are not of one stretch (a clock that jumps, a damaged part)."""
_ALIKE, _ALIKE_IN_FULL = 0.45, 0.9
"""Agreement of edge directions above which a text is there: fire behind it takes its strength, hardly this.
What stands behind it may have some; the middle between both divides."""
_LEVEL = 6
"""Glimpses of bare ground that show what it is."""
_APART, _REST = 0.15, 0.15
"""Energy of a text on it, and of what neither of the two explains, as shares."""
_IN_FULL, _ENOUGH = 0.25, 3
"""So near its full strength a text stands; the mean of so many such glimpses is taken for it."""
_BACK = 3
"""Glimpses before the split that may already be without it."""
_FALLS = 0.04
"""Within ``_AHEAD`` glimpses a fade of a second falls by more than this; what falls no further is gone."""
_AHEAD = 4
_VISIBLE = 0.1
"""Opacity from which a text counts as visible."""
_UNSURE = 0.3
"""Where fire hides more, at most this opacity counts as visible."""
_DEVIATIONS = 2.5
_ANY = 1.0
"""Energy below which there are no edges to speak of."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """The edges of a text in a glimpse: where they lie, and what they are in full.

    Attributes
    ----------
    shape : (int, int)
        Height and width of the glimpses that it can be compared with.
    """

    shape: tuple[int, ...]
    rows: slice
    columns: slice
    inside: NDArray[Any]
    full: NDArray[Any]

    @classmethod
    def of(cls, view: View, lines: Iterable[Quad]) -> Trace | None:
        """Remember the edges inside ``lines`` in this view; None where there are none."""
        height, width = view.pixels.shape
        scale, origin = np.array(view.source_per_view), np.array(view.origin_px)
        polygons = [np.round((np.array(quad.corners) - origin) / scale).astype(np.int32) for quad in lines]
        corners = np.concatenate(polygons)
        left, top = (int(value) for value in np.maximum(corners.min(axis=0), 0))
        right, bottom = (int(value) for value in np.minimum(corners.max(axis=0) + 1, (width, height)))
        if right - left < 2 or bottom - top < 2:
            return None
        inside = np.zeros((bottom - top, right - left), np.uint8)
        for polygon in polygons:
            cv2.fillConvexPoly(inside, polygon - (left, top), 1)
        rows, columns = slice(top, bottom), slice(left, right)
        full = _edges(view.pixels[rows, columns], inside > 0)
        if float(full @ full) < _ANY:
            return None
        return cls(view.pixels.shape, rows, columns, inside > 0, full)

    def edges(self, view: View) -> NDArray[Any]:
        """What is at its place in another view."""
        return _edges(view.pixels[self.rows, self.columns], self.inside)

    def share(self, view: View) -> float:
        """How much of its edges is there: about 1 where it stands, 0 where it is not."""
        return float(self.edges(view) @ self.full) / float(self.full @ self.full)


def _edges(pixels: NDArray[Any], inside: NDArray[Any]) -> NDArray[Any]:
    x, y = cv2.Sobel(pixels, cv2.CV_32F, 1, 0), cv2.Sobel(pixels, cv2.CV_32F, 0, 1)
    edges: NDArray[Any] = np.concatenate([x[inside], y[inside]])
    return edges


class History:
    """The glimpses of the last ``MEMORY_S``, some 60 at 25 frames a second, 4 MB. For one file."""

    def __init__(self) -> None:
        self._glimpses: list[Glimpse] = []
        self._begins = True

    def add(self, sample: Sample) -> None:
        """Take in what the sample brought, and its own frame."""
        here = Glimpse(time=sample.time, view=sample.frame.luma(GLIMPSE_SIDE_PX))
        self._glimpses += [*sample.between, here]
        kept = self._glimpses
        for earlier, later in pairwise(self._glimpses):
            apart_s = float(later.time - earlier.time)
            if not 0 <= apart_s <= _MAX_GAP_S or earlier.view.pixels.shape != later.view.pixels.shape:
                kept = kept[kept.index(later) :]
        oldest_s = here.time.seconds - MEMORY_S
        self._glimpses = [glimpse for glimpse in kept if glimpse.time.seconds >= oldest_s]

    def before(self, time: Timestamp) -> list[Glimpse]:
        """From the one at ``time`` back to the oldest that is remembered."""
        return [glimpse for glimpse in reversed(self._glimpses) if glimpse.time <= time]

    def after(self, time: Timestamp) -> list[Glimpse]:
        """From the one at ``time`` to the newest."""
        return [glimpse for glimpse in self._glimpses if glimpse.time >= time]


def first_visible(trace: Trace, glimpses: Sequence[Glimpse]) -> Timestamp | None:
    """When a text became visible that is seen in the first of these glimpses, which go back in time."""
    visible = _visible(trace, glimpses, (), absent_last=False)
    return glimpses[visible - 1].time if visible else None


def first_without(
    trace: Trace, glimpses: Sequence[Glimpse], before: Sequence[Glimpse] = ()
) -> Timestamp | None:
    """When a text had gone that is seen in the first of these glimpses and not in the last.

    ``before`` are earlier ones, in which it may be seen more clearly. None where it cannot be told.
    """
    visible = _visible(trace, glimpses, before, absent_last=True)
    return glimpses[visible].time if 0 < visible < len(glimpses) else None


def _visible(
    trace: Trace, glimpses: Sequence[Glimpse], before: Sequence[Glimpse], *, absent_last: bool
) -> int:
    """In how many of the glimpses, from the first on, the text is visible."""
    if not glimpses or any(glimpse.view.pixels.shape != trace.shape for glimpse in [*glimpses, *before]):
        return 0
    edges = np.array([trace.edges(glimpse.view) for glimpse in glimpses])
    full = trace.full
    earlier = np.array([trace.edges(glimpse.view) for glimpse in before]).reshape(len(before), edges.shape[1])
    for _ in range(2):
        alike = edges @ full / (np.linalg.norm(edges, axis=1) + _ANY) / float(np.linalg.norm(full))
        low = float(alike[-2:].mean()) if absent_last else 0.0
        split = _split(alike, max(_ALIKE, (_ALIKE_IN_FULL + low) / 2))
        if not absent_last:
            split = _still_ground(edges[:split], full) or split
        # What moves behind it comes out in the mean of many frames.
        seen = np.concatenate([edges[:split], earlier])
        levels = seen @ full / float(full @ full)
        # What lies behind it in the one glimpse of the trace makes all others seem weaker.
        level = float(np.median(levels[split:])) if len(earlier) >= _ENOUGH else 1.0
        standing = np.abs(levels - level) < _IN_FULL
        if standing.sum() >= _ENOUGH:
            full = seen[standing].mean(axis=0)
    if split == len(glimpses):
        return split
    shares = _smooth(edges @ full / float(full @ full))
    # From where it no longer stands in full to where nothing more goes.
    gone = split
    while gone + 1 < len(shares) and shares[gone + 1 : gone + 1 + _AHEAD].min() < shares[gone] - _FALLS:
        gone += 1
    without = edges[gone : gone + _AHEAD]
    bare = without.mean(axis=0)
    text = full - bare
    if float(text @ text) < _ANY:
        return split
    opacity = (edges - bare) @ text / float(text @ text)
    floor = min(_UNSURE, max(_VISIBLE, _DEVIATIONS * float(opacity[gone : gone + _AHEAD].std())))
    below = np.flatnonzero(opacity[: gone + 1] < floor)
    below = below[below >= max(0, split - _BACK)]
    return int(below[0]) if len(below) else gone


def _split(shares: NDArray[Any], middle: float) -> int:
    """How many of the first values are above the middle, where those after them are below, by and large."""
    return int(np.argmax(np.cumsum(shares - middle))) + 1 if shares[0] > middle else 1


def _still_ground(edges: NDArray[Any], full: NDArray[Any]) -> int | None:
    """From where on there is bare ground with edges like the text's, if it stands still.

    For then every frame is bare ground and a share of the text and nothing else; what moves leaves a rest.
    """
    count = len(edges)
    if count < 2 * _LEVEL:
        return None
    shares = edges @ full / float(full @ full)
    sums, number = np.cumsum(shares), np.arange(1, count)
    # The split into two levels that leaves the least variance.
    split = int(np.argmax(sums[:-1] ** 2 / number + (sums[-1] - sums[:-1]) ** 2 / (count - number))) + 1
    bare = edges[-_LEVEL:].mean(axis=0)
    text = edges[:split].mean(axis=0) - bare
    energy = float(text @ text)
    if count - split < _LEVEL or energy < _APART * float(full @ full):
        return None
    opacity = (edges - bare) @ text / energy
    rest = edges - bare - opacity[:, None] * text
    return split if float(np.quantile((rest**2).sum(axis=1), 0.9)) < _REST * energy else None


def _smooth(values: NDArray[Any]) -> NDArray[Any]:
    """Median of three; the first value is as it is."""
    if len(values) < 3:
        return values
    padded = np.concatenate([values[:1], values, values[-1:]])
    middle: NDArray[Any] = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return middle
