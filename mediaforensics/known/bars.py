"""The picture between bars: letterboxes and pillarboxes, plain, coloured, blurred or lettered."""

from __future__ import annotations

import numpy as np

from mediaforensics.known.regions import Rectangle
from mediaforensics.media.frame import Pixels


def pictures_between_bars(luma: Pixels) -> list[Rectangle]:
    """Find the picture between bars.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Brightness.

    Returns
    -------
    list of (x0, y0, x1, y1)
        At most four guesses, the best first; never the whole picture; empty where there are no bars.
    """
    found = without_bars(luma)
    return [] if found is None else [found]


def without_bars(luma: Pixels) -> tuple[int, int, int, int] | None:
    """Find the picture between uniform bars.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Brightness.

    Returns
    -------
    (x0, y0, x1, y1) or None
        The picture without bars above and below, or left and right; None where there are no bars, or
        nothing would be left.
    """
    height, width = luma.shape
    if min(height, width) < 16:
        return None
    y0, y1 = _bar(luma), height - _bar(luma[::-1])
    if y1 - y0 < height // 4:
        return None
    middle = luma[y0:y1].T
    x0, x1 = _bar(middle), width - _bar(middle[::-1])
    if x1 - x0 < width // 4 or (x0, y0, x1, y1) == (0, 0, width, height):
        return None
    return x0, y0, x1, y1


_BAR_TOLERANCE = 10
_BAR_SHARE, _BAR_SHARE_LETTERED = 0.97, 0.4
_BAR_LEAST = 0.015


def _bar(luma: Pixels) -> int:
    """Rows of the uniform bar at the top; lettering on the bar may interrupt it."""
    height = luma.shape[0]
    edge = luma[: max(1, height // 100)].astype(np.int16)
    level = int(np.median(edge))
    if (np.abs(edge - level) <= _BAR_TOLERANCE).mean() < _BAR_SHARE:
        return 0
    share = (np.abs(luma[: height // 2 + 1].astype(np.int16) - level) <= _BAR_TOLERANCE).mean(axis=1)
    whole = share >= _BAR_SHARE
    end = 0
    for row in range(len(share)):
        if whole[row]:
            end = row + 1
        elif share[row] < _BAR_SHARE_LETTERED:
            break
    return end if end >= _BAR_LEAST * height else 0
