"""Rectangles in a frame that may be pictures of their own: insets, pictures side by side, blurred borders."""

from __future__ import annotations

from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels

Rectangle = tuple[int, int, int, int]

_EDGE_LEVEL = 10
_SIDE_FRACTION = 0.14
"""Shortest side looked for, as a share of the frame's shorter side."""
_SUPPORT = 0.7
"""Share of each side that must lie on an edge; lettering or marks may cross a side."""
_MAX_LINES = 14
_MAX_ASPECT = 4.0


def find_rectangles(luma: Pixels, most: int = 6) -> list[Rectangle]:
    """Find upright rectangles bounded by long straight edges or by the frame.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Brightness, about 480 px wide.
    most : int
        How many to return.

    Returns
    -------
    list of (x0, y0, x1, y1)
        Best supported first; never the whole frame.
    """
    height, width = luma.shape
    shortest = max(12, round(_SIDE_FRACTION * min(height, width)))
    if min(height, width) < 2 * shortest:
        return []
    upright = _edges(luma)
    level = _edges(np.ascontiguousarray(luma.T))
    xs = _lines(upright, shortest)
    ys = _lines(level, shortest)
    upright_sums = _running(cv2.dilate(upright, np.ones((1, 3), np.uint8)))
    level_sums = _running(cv2.dilate(level, np.ones((1, 3), np.uint8)))

    across = _supports(upright_sums, xs, ys, width)
    down = _supports(level_sums, ys, xs, height)
    found: list[tuple[float, Rectangle]] = []
    for i, j in combinations(range(len(xs)), 2):
        # For all pairs of level lines at once: the weakest of the four sides.
        weakest = np.minimum(np.minimum(across[i], across[j]), np.minimum.outer(down[:, i, j], down[:, i, j]))
        for k, m in zip(*np.nonzero(weakest >= _SUPPORT), strict=True):
            x0, x1, y0, y1 = xs[i], xs[j], ys[k], ys[m]
            if min(x1 - x0, y1 - y0) >= shortest and _plausible(x0, y0, x1, y1, width, height):
                found.append((float(weakest[k, m]), (x0, y0, x1, y1)))
    found.sort(key=lambda item: (-round(item[0], 2), -_area(item[1]), item[1]))
    return _distinct([rectangle for _, rectangle in found], most)


def _edges(luma: Pixels) -> Pixels:
    """Where brightness steps from one column to the next, 0 or 1; column x is the first of the new side."""
    edges = np.zeros(luma.shape, np.uint8)
    step = cv2.absdiff(luma[:, 1:], luma[:, :-1])
    edges[:, 1:] = cv2.threshold(step, _EDGE_LEVEL, 1, cv2.THRESH_BINARY)[1]
    return edges


def _lines(edges: Pixels, shortest: int) -> list[int]:
    """Columns with a long run of edge, the longest ones, and both ends of the frame, in order."""
    width = edges.shape[1]
    # Gaps of a few pixels are closed before runs are measured.
    closed = cv2.morphologyEx(edges, cv2.MORPH_CLOSE, np.ones((5, 1), np.uint8))
    runs = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((shortest, 1), np.uint8))
    length = runs.sum(axis=0, dtype=np.int64)
    columns: list[int] = []
    for x in np.argsort(-length, kind="stable"):
        if length[x] < shortest or len(columns) == _MAX_LINES:
            break
        if all(abs(int(x) - other) > 2 for other in columns):
            columns.append(int(x))
    inner = [x for x in columns if 3 < x < width - 3]
    return sorted([0, *inner, width])


def _running(edges: NDArray[np.generic]) -> NDArray[np.int32]:
    """Sums down each column, with a row of zeros above."""
    height, width = edges.shape
    sums = np.zeros((height + 1, width), np.int32)
    np.cumsum(edges, axis=0, out=sums[1:])
    return sums


def _supports(sums: NDArray[np.int32], lines: list[int], ends: list[int], width: int) -> NDArray[np.float64]:
    """Share of each line that lies on an edge between each two ends; the frame's own sides count as whole.

    Shape (lines, ends, ends); zero where the second end does not come after the first.
    """
    at = np.array(ends)
    length = np.maximum(at[None, :] - at[:, None], 0)
    result = np.zeros((len(lines), len(ends), len(ends)))
    for i, x in enumerate(lines):
        if x in (0, width):
            result[i] = length > 0
        else:
            along = sums[at, x]
            result[i] = np.where(length > 0, (along[None, :] - along[:, None]) / np.maximum(length, 1), 0.0)
    return result


def _plausible(x0: int, y0: int, x1: int, y1: int, width: int, height: int) -> bool:
    w, h = x1 - x0, y1 - y0
    if max(w / h, h / w) > _MAX_ASPECT:
        return False
    inside = sum((x0 > 0, y0 > 0, x1 < width, y1 < height))
    return inside >= 1 and w * h < 0.92 * width * height


def _area(rectangle: Rectangle) -> int:
    x0, y0, x1, y1 = rectangle
    return (x1 - x0) * (y1 - y0)


def _distinct(rectangles: list[Rectangle], most: int) -> list[Rectangle]:
    kept: list[Rectangle] = []
    for rectangle in rectangles:
        if all(max(abs(a - b) for a, b in zip(rectangle, other, strict=True)) > 4 for other in kept):
            kept.append(rectangle)
            if len(kept) == most:
                break
    return kept
