"""Rectangles in a frame that may be pictures of their own: insets, pictures side by side, blurred borders."""

from __future__ import annotations

from typing import cast

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

    found: list[tuple[float, Rectangle]] = []
    for i, x0 in enumerate(xs):
        for x1 in xs[i + 1 :]:
            if x1 - x0 < shortest:
                continue
            for j, y0 in enumerate(ys):
                for y1 in ys[j + 1 :]:
                    if y1 - y0 < shortest or not _plausible(x0, y0, x1, y1, width, height):
                        continue
                    support = min(
                        _support(upright_sums, x0, y0, y1, width),
                        _support(upright_sums, x1, y0, y1, width),
                        _support(level_sums, y0, x0, x1, height),
                        _support(level_sums, y1, x0, x1, height),
                    )
                    if support >= _SUPPORT:
                        found.append((support, (x0, y0, x1, y1)))
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


def _support(sums: NDArray[np.int32], x: int, start: int, end: int, width: int) -> float:
    if x in (0, width):
        return 1.0
    return cast(float, (sums[end, x] - sums[start, x]) / (end - start))


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
