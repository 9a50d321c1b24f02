"""Whether a text that was read is still there: no network, only edges.

A text keeps the direction of its edges, pixel by pixel, whatever its opacity and whatever moves behind it;
another text in the same place does not. All of it runs on a luma view of ``SIDE_PX``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import View
from mediaforensics.types import Quad

SIDE_PX = 640
"""Longer side of the luma view: the detector's own scale."""
_EDGE = 60.0
"""Sobel magnitude of an edge worth looking at (0..1140 for 8 bits)."""
_PRESENT = 0.5
"""Agreement of edge directions above which a text is still there; another text in its place reaches 0.3."""
_FOUND = 0.6
"""The same after a search nearby, where chance has more tries."""
_FAINT = 0.25
"""A text whose edges fell to this share of their strength has faded out."""
STRONGER = 2.25
"""Growth of a block's edge energy (edges half as strong again) that is worth another look."""
_SEARCH_PX = 14
_MORE = 1000.0
"""Squared Sobel, mean over a square beside a text: half a letter of little contrast."""
_BESIDE_PX = 3
"""Around where a text that moves is expected: a glimpse is half as fine."""
_IN_VIEW = 0.3
"""Share of its edges that must be inside the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Brightness gradients of one sample.

    Attributes
    ----------
    x, y : ndarray, float32, shape (height, width)
        Sobel derivatives of the luma view.
    view : View
        Where they lie.
    """

    x: NDArray[Any]
    y: NDArray[Any]
    view: View

    @classmethod
    def of(cls, view: View) -> Edges:
        """Differentiate a luma view."""
        return cls(
            x=cv2.Sobel(view.pixels, cv2.CV_32F, 1, 0),
            y=cv2.Sobel(view.pixels, cv2.CV_32F, 0, 1),
            view=view,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """How an imprint was found again.

    Displacement in view pixels, strength of its edges (1: as read), and agreement of their directions.
    """

    dx: int
    dy: int
    strength: float
    agreement: float = 1.0

    @property
    def faint(self) -> bool:
        """Whether it has all but faded out."""
        return self.strength < _FAINT


class Imprint:
    """The edges of one text at the moment it was read."""

    def __init__(self, edges: Edges, lines: Iterable[Quad]) -> None:
        """Remember the edges inside ``lines``."""
        height, width = edges.x.shape
        scale, origin = np.array(edges.view.source_per_view), np.array(edges.view.origin_px)
        polygons = [np.round((np.array(q.corners) - origin) / scale).astype(np.int32) for q in lines]
        corners = np.concatenate(polygons)
        left, top = np.maximum(corners.min(axis=0), 0)
        right, bottom = np.minimum(corners.max(axis=0) + 1, (width, height))
        self.left, self.top = int(min(left, width - 1)), int(min(top, height - 1))
        right, bottom = max(int(right), self.left + 1), max(int(bottom), self.top + 1)
        inside = np.zeros((bottom - self.top, right - self.left), np.uint8)
        for polygon in polygons:
            cv2.fillConvexPoly(inside, polygon - (self.left, self.top), 1)
        x, y = edges.x[self.top : bottom, self.left : right], edges.y[self.top : bottom, self.left : right]
        strong = (inside > 0) & (np.hypot(x, y) > _EDGE)
        self._rows, self._columns = np.nonzero(strong)
        self._x, self._y = x[strong], y[strong]
        self._energy = float((self._x**2 + self._y**2).sum())
        self._luma = edges.view.pixels[self.top : bottom, self.left : right].copy()
        self._beside = self._ends(edges)

    def longer(self, edges: Edges) -> bool:
        """Whether there is more to its left or right than when it was read."""
        then, now = self._beside, self._ends(edges)
        return any(b > STRONGER * a + _MORE for a, b in zip(then, now, strict=True))

    def _ends(self, edges: Edges) -> tuple[float, float]:
        height, width = self._luma.shape
        rows = slice(self.top, self.top + height)
        left = edges.x[rows, max(0, self.left - height) : self.left]
        right = edges.x[rows, self.left + width : self.left + width + height]
        before, after = (float((part**2).mean()) if part.size else 0.0 for part in (left, right))
        return before, after

    def here(self, edges: Edges) -> Sighting | None:
        """Look for the text where it was."""
        return self._compare(edges, 0, 0, _PRESENT)

    def near(self, edges: Edges, dx: int, dy: int) -> Sighting | None:
        """Look for the text that has moved about as far as this, in view pixels."""
        tries = [
            (dx + x, dy + y)
            for y in range(-_BESIDE_PX, _BESIDE_PX + 1)
            for x in range(-_BESIDE_PX, _BESIDE_PX + 1)
        ]
        found = [sighting for x, y in tries if (sighting := self._compare(edges, x, y, _PRESENT)) is not None]
        return max(found, key=lambda sighting: sighting.agreement, default=None)

    def find(self, edges: Edges) -> Sighting | None:
        """Look for the text where it was, then nearby; None where it is gone."""
        sighting = self.here(edges)
        if sighting is not None or not len(self._rows):
            return sighting
        height, width = self._luma.shape
        left, top = max(0, self.left - _SEARCH_PX), max(0, self.top - _SEARCH_PX)
        around = edges.view.pixels[
            top : self.top + height + _SEARCH_PX, left : self.left + width + _SEARCH_PX
        ]
        if around.shape[0] < height or around.shape[1] < width:
            return None
        match = cv2.matchTemplate(around, self._luma, cv2.TM_CCOEFF_NORMED)
        row, column = np.unravel_index(int(match.argmax()), match.shape)
        return self._compare(edges, left + int(column) - self.left, top + int(row) - self.top, _FOUND)

    def _compare(self, edges: Edges, dx: int, dy: int, enough: float) -> Sighting | None:
        rows, columns = self._rows + self.top + dy, self._columns + self.left + dx
        height, width = edges.x.shape
        own_x, own_y, own_energy = self._x, self._y, self._energy
        if not len(rows):
            return None
        if rows.max() >= height or columns.max() >= width or min(rows.min(), columns.min()) < 0:
            # What has moved over the rim is judged by what is left.
            inside = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
            rows, columns, own_x, own_y = rows[inside], columns[inside], own_x[inside], own_y[inside]
            own_energy = float((own_x**2 + own_y**2).sum())
            if own_energy < _IN_VIEW * self._energy:
                return None
        x, y = edges.x[rows, columns], edges.y[rows, columns]
        product = float((x * own_x + y * own_y).sum())
        energy = float((x * x + y * y).sum())
        agreement = product / max((energy * own_energy) ** 0.5, 1e-6)
        if agreement < enough:
            return None
        return Sighting(dx=dx, dy=dy, strength=product / own_energy, agreement=agreement)
