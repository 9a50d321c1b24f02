"""The picture between bars: letterbox, pillarbox or both; bars plain, coloured, blurred, with text or a logo.

A bar ends in a line: along it brightness steps across nearly the whole side, and the lines just outside it
are quiet. That holds for a black bar as for a blurred copy of the picture; text on a bar has steps too, but
they do not reach across. Which of several such lines is the border cannot be known from the frame alone (a
photo may have a horizon, or a frame of its own), so a few rectangles are returned, to be tried in order.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.regions import Rectangle
from mediaforensics.media.frame import Pixels

# Tuned on 300 photographs in 2,542 frames of three layouts and six kinds of bar, as JPEG and H.264, and
# measured on others (benchmarks/known_hashes.py).
_VIEW_SIDE_PX = 480
_LEAST_SIDE_PX = 32
_STEP_LEVELS = 16
"""Grey levels at which a step counts in full: many small steps make a line, a few large ones do not."""
_OUTSIDE_PX = 4
"""Lines outside a border that are compared with it; text seldom comes nearer."""
_FAR_WEIGHT = 0.1
"""How much the strongest line anywhere outside counts against a border, beside the nearest ones."""
_QUIET_QUANTILE, _QUIET_WEIGHT = 0.2, 2.0
"""The quietest fifth of a bar is free of text; where even that has steps, it is no bar."""
_LEAST_CLEARNESS = 0.06
_BAR_LARGEST, _PICTURE_LEAST = 0.75, 0.16
"""Shares of a side: one bar, and what is left between two."""
_BORDERS_PER_SIDE, _SPANS_PER_AXIS, _RECTANGLES = 3, 4, 4
_EQUAL_BARS, _EQUAL_FRACTION = 0.5, 0.01
"""Trust added where two bars are equally large: most pictures stand in the middle."""
_ASSUMED_BAR = 0.2
"""Trust in a second bar that is only assumed, as large as the first: the picture may be plain there."""
_LEAST_TRUST = 0.7
"""Of a span to be a picture between bars: 0.4 % of true ones were below, and 96 % of 400 photographs without
bars had none above."""


@dataclass(frozen=True, slots=True)
class _Span:
    """Where the picture begins and ends along one axis, and how much speaks for it beyond the least."""

    start: int
    end: int
    trust: float


def pictures_between_bars(luma: Pixels) -> list[Rectangle]:
    """Find the picture between bars.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Brightness; looked at with the longer side at most 480 px.

    Returns
    -------
    list of (x0, y0, x1, y1)
        At most four, the most trusted first; never the whole; empty where nothing looks like a bar. The best
        of each layout (bars above and below, at the sides, all round) is among them.
    """
    height, width = luma.shape
    scale = min(1.0, _VIEW_SIDE_PX / max(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA) if scale < 1 else luma
    found = _rectangles(np.asarray(small, np.uint8))
    across, down = width / size[0], height / size[1]
    return [
        (round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down))
        for x0, y0, x1, y1 in found
    ]


def _rectangles(luma: Pixels) -> list[Rectangle]:
    height, width = luma.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return []
    down = np.minimum(cv2.absdiff(luma[1:], luma[:-1]), _STEP_LEVELS)
    across = np.minimum(cv2.absdiff(luma[:, 1:], luma[:, :-1]), _STEP_LEVELS).T
    found: dict[Rectangle, float] = {}
    # Either axis first: bars all round are seen on the second only between those of the first.
    for rows in _spans(down):
        for columns in (_Span(0, width, 0.0), *_spans(across[:, rows.start : rows.end])):
            found[columns.start, rows.start, columns.end, rows.end] = rows.trust + columns.trust
    for columns in _spans(across):
        for rows in (_Span(0, height, 0.0), *_spans(down[:, columns.start : columns.end])):
            found[columns.start, rows.start, columns.end, rows.end] = rows.trust + columns.trust
    return _chosen(found, (0, 0, width, height))


def _chosen(found: dict[Rectangle, float], whole: Rectangle) -> list[Rectangle]:
    """The best of each layout and then the best of the rest, in order of trust."""
    kept: list[Rectangle] = []
    layouts: set[tuple[bool, bool]] = set()
    later: list[Rectangle] = []
    for rectangle in sorted(found, key=lambda r: (-found[r], r)):
        if any(_nearly(rectangle, other) for other in (*kept, *later)):
            continue
        x0, y0, x1, y1 = rectangle
        layout = (x0, x1) == (whole[0], whole[2]), (y0, y1) == (whole[1], whole[3])
        (later if layout in layouts else kept).append(rectangle)
        layouts.add(layout)
    kept += later[: _RECTANGLES - len(kept)]
    return sorted(kept, key=lambda r: (-found[r], r))


def _nearly(one: Rectangle, other: Rectangle) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= 1


def _spans(steps: NDArray[np.uint8]) -> list[_Span]:
    """Pictures between bars along the first axis; ``steps[i]`` lies between line ``i`` and ``i + 1``."""
    length = len(steps) + 1
    total = cv2.reduce(steps, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    lines = np.asarray(total, np.float64) / (_STEP_LEVELS * steps.shape[1])
    before, after = _borders(lines), _borders(lines[::-1])
    trusts: dict[tuple[int, int], float] = {}

    def propose(first: int, last: int, trust: float) -> None:
        if length - first - last >= _PICTURE_LEAST * length and trust >= _LEAST_TRUST:
            span = first, length - last
            trusts[span] = max(trust, trusts.get(span, 0.0))

    for bar, clearness in before:
        propose(bar, 0, clearness)
        propose(bar, bar, clearness + _ASSUMED_BAR)
    for bar, clearness in after:
        propose(0, bar, clearness)
        propose(bar, bar, clearness + _ASSUMED_BAR)
    for first, clearness in before:
        for last, other in after:
            equal = abs(first - last) <= max(2, _EQUAL_FRACTION * length)
            propose(first, last, clearness + other + (_EQUAL_BARS if equal else 0.0))
    best = sorted(trusts, key=lambda span: (-trusts[span], span))
    kept: list[_Span] = []
    for start, end in best:
        if len(kept) < _SPANS_PER_AXIS and all(abs(start - s.start) + abs(end - s.end) > 2 for s in kept):
            kept.append(_Span(start, end, trusts[start, end] - _LEAST_TRUST))
    return kept


def _borders(lines: NDArray[np.float64]) -> list[tuple[int, float]]:
    """Lines that may end a bar that begins at line 0: its size in pixels and the clearness, clearest first.

    Clearness is what a line has beyond what is outside it, of which 1 is the most.
    """
    lines = lines[: int(len(lines) * _BAR_LARGEST)]
    outside = np.zeros_like(lines)
    for distance in range(2, 2 + _OUTSIDE_PX):
        outside[distance:] = np.maximum(outside[distance:], lines[:-distance])
    far = np.zeros_like(lines)
    far[2:] = np.maximum.accumulate(lines)[:-2]
    clearness = lines - (1 - _FAR_WEIGHT) * outside - _FAR_WEIGHT * far
    peak = (lines >= np.append(0, lines[:-1])) & (lines >= np.append(lines[1:], 0))
    clearness[~peak] = 0
    found = []
    for i in np.argsort(-clearness, kind="stable")[:_BORDERS_PER_SIDE]:
        bar = lines[: max(1, i - 1)]
        quietest = int(_QUIET_QUANTILE * (len(bar) - 1))
        quiet = np.partition(bar, quietest)[quietest]
        clear = float(clearness[i] - _QUIET_WEIGHT * quiet)
        if clear > _LEAST_CLEARNESS:
            found.append((int(i) + 1, clear))
    return found
