"""One clean picture of a text from several samples: letters stay, what moves behind them does not.

Bright letters over anything that moves keep their brightness in the darkest of several pictures, while the
ground behind them falls to its darkest; dark letters the other way round. Only the region of a text is fused.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels, View

_MAX_PX = 1_500_000
"""A region larger than this (a full 1600 x 900 picture) is read as it is."""
_MOVED = 12.0
"""Mean spread of brightness between the darkest and the brightest picture, below which nothing moves and
fusing shows nothing new."""


class Fusion:
    """Darkest and brightest pixels of one region over some samples; two arrays, however many there are.

    Parameters
    ----------
    view : View
        RGB, uint8, the region as first seen.
    """

    def __init__(self, view: View) -> None:
        self._scale, self._origin = view.source_per_view, view.origin_px
        self._darkest = self._brightest = view.pixels.copy()
        self.samples = 1

    def add(self, view: View) -> bool:
        """Take in the region as another sample shows it; False where it does not fit what was seen before."""
        if view.pixels.shape != self._darkest.shape or view.origin_px != self._origin:
            return False
        if view.pixels.shape[0] * view.pixels.shape[1] > _MAX_PX:
            return False
        self._darkest = np.minimum(self._darkest, view.pixels)
        self._brightest = np.maximum(self._brightest, view.pixels)
        self.samples += 1
        return True

    def view(self) -> View | None:
        """Return the region with its letters standing out, None where nothing moved behind them."""
        dark, bright = _grey(self._darkest), _grey(self._brightest)
        if self.samples < 2 or float(cv2.absdiff(bright, dark).mean()) < _MOVED:
            return None
        pixels = self._darkest if _bright_letters(dark, bright) else self._brightest
        return View(pixels, self._scale, self._origin)


def _grey(rgb: Pixels) -> NDArray[Any]:
    grey: NDArray[Any] = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return grey


def _bright_letters(dark: NDArray[Any], bright: NDArray[Any]) -> bool:
    """Whether what stays the same is brighter than what moves: letters do not move."""
    spread = cv2.absdiff(bright, dark).astype(np.float32)
    # Letters cover some tenth of their region: the steadiest tenth of its edges' surroundings.
    edges = cv2.morphologyEx(dark, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8))
    near = cv2.dilate((edges > 40).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    if int(near.sum()) < 20:
        return True
    steady = near & (spread <= np.quantile(spread[near], 0.25))
    moving = near & (spread >= np.quantile(spread[near], 0.75))
    middle = (dark.astype(np.float32) + bright) / 2
    return bool(middle[steady].mean() >= middle[moving].mean())
