"""Texts that move: followed from glimpse to glimpse, so that a ticker or a roll of credits stays one text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.sample import Glimpse
from mediaforensics.text.lifetime import Trace
from mediaforensics.types import Timestamp

_REACH_PX, _REACH_AGAIN_PX = 6, 2
"""How far a text may move between two glimpses, and how far beside where its speed says: 600 px a second of a
720p picture at 25 frames a second."""
_AGREEMENT = 0.45
"""Of edge directions; whole pixels of a glimpse are coarse for letters, other ground reaches 0.3."""
_MISSES = 3
"""So many glimpses in a row without it: it is gone."""
_IN_VIEW = 0.25
"""Share of its edges that must still be in the picture."""
_MOVES_PX = 3
"""Less than this may be a shake."""
_MIN_STEPS, _LIKE_ITSELF = 4, 0.65
"""Of the first steps of what moves, from one frame to the next."""
_EVEN_STEPS, _OFF_PX = 6, 1.2
"""So many steps, none further than this from an even way."""
_MIN_COMMON = 5
"""Letters that two readings of a ticker have in common."""

Velocity = tuple[float, float]
"""Pixels of a glimpse per second, to the right and down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Where a text was in one glimpse, in pixels of the glimpse away from its trace, and how like itself."""

    time: Timestamp
    dx: int
    dy: int
    agreement: float = 1.0


def followed(
    trace: Trace, begin: Timestamp, glimpses: Sequence[Glimpse], velocity: Velocity | None
) -> list[Step]:
    """Follow a text that is at its trace at ``begin`` through glimpses, forward or backward in time."""
    template = np.zeros((*trace.inside.shape, 2), np.float32)
    count = len(trace.full) // 2
    template[trace.inside, 0], template[trace.inside, 1] = trace.full[:count], trace.full[count:]
    steps, misses = [Step(time=begin, dx=0, dy=0)], 0
    for glimpse in glimpses:
        if glimpse.view.pixels.shape != trace.shape or misses >= _MISSES:
            break
        after_s = float(glimpse.time - begin)
        speed = velocity or velocity_of(steps)
        known = velocity is not None or len(steps) > 3
        last = steps[-1]
        dx = round(speed[0] * after_s) if known else last.dx
        dy = round(speed[1] * after_s) if known else last.dy
        found = _found(template, trace, glimpse, dx, dy, _REACH_AGAIN_PX + misses if known else _REACH_PX)
        if found is None:
            misses += 1
            continue
        misses = 0
        steps.append(Step(time=glimpse.time, dx=found[0], dy=found[1], agreement=found[2]))
    return steps[1:]


def velocity_of(steps: Sequence[Step]) -> Velocity:
    """Mean velocity over the steps; nothing for those of a text that stands still."""
    first, last = steps[0], steps[-1]
    elapsed_s = float(last.time - first.time)
    if not elapsed_s or max(abs(last.dx), abs(last.dy)) < _MOVES_PX:
        return 0.0, 0.0
    return (last.dx - first.dx) / elapsed_s, (last.dy - first.dy) / elapsed_s


def moves(steps: Sequence[Step]) -> bool:
    """Whether a text goes somewhere."""
    if len(steps) < _MIN_STEPS or max(abs(steps[-1].dx), abs(steps[-1].dy)) < _MOVES_PX:
        return False
    # Ground that moves behind a text that stands is like both together to a lesser degree.
    first = sorted(step.agreement for step in steps[:_MIN_STEPS])
    return first[len(first) // 2] >= _LIKE_ITSELF or _straight(steps)


def _straight(steps: Sequence[Step]) -> bool:
    """Whether it goes evenly, as what rolls does: noise makes it less like itself, but bends no way."""
    if len(steps) < _EVEN_STEPS:
        return False
    times = np.array([float(step.time - steps[0].time) for step in steps])
    way = np.array([(step.dx, step.dy) for step in steps], float)
    centred = times - times.mean()
    speed = centred @ (way - way.mean(axis=0)) / (centred**2).sum()
    off = way - way.mean(axis=0) - centred[:, None] * speed
    return float(np.abs(off).max()) <= _OFF_PX and float(np.abs(way[-1] - way[0]).max()) >= 2 * _MOVES_PX


def until_out(
    trace: Trace, steps: Sequence[Step], glimpses: Sequence[Glimpse], velocity: Velocity | None
) -> int:
    """In how many of the glimpses a text that was followed so far is in the picture, at the speed it had."""
    times = [glimpse.time for glimpse in glimpses]
    seen = times.index(steps[-1].time) + 1 if steps[-1].time in times else 0
    last = steps[-1]
    speed = velocity or velocity_of([Step(time=glimpses[0].time, dx=0, dy=0), *steps])
    height, width = trace.shape
    inside = seen
    for glimpse in glimpses[seen:]:
        after_s = float(glimpse.time - last.time)
        dx, dy = last.dx + speed[0] * after_s, last.dy + speed[1] * after_s
        if (
            trace.columns.stop + dx <= 0
            or trace.columns.start + dx >= width
            or trace.rows.stop + dy <= 0
            or trace.rows.start + dy >= height
        ):
            return inside
        inside += 1
    # It is nowhere near a rim: it went where it was last seen.
    return seen


def _found(
    template: NDArray[Any], trace: Trace, glimpse: Glimpse, dx: int, dy: int, reach: int
) -> tuple[int, int, float] | None:
    height, width = trace.shape
    top, left = trace.rows.start + dy - reach, trace.columns.start + dx - reach
    bottom, right = trace.rows.stop + dy + reach, trace.columns.stop + dx + reach
    y0, y1, x0, x1 = max(0, top), min(height, bottom), max(0, left), min(width, right)
    if y1 - y0 < 2 or x1 - x0 < 2:
        return None
    part = glimpse.view.pixels[y0:y1, x0:x1]
    edges = np.dstack([cv2.Sobel(part, cv2.CV_32F, 1, 0), cv2.Sobel(part, cv2.CV_32F, 0, 1)])
    edges = cv2.copyMakeBorder(
        edges, y0 - top, bottom - y1, x0 - left, right - x1, cv2.BORDER_CONSTANT, value=(0, 0)
    )
    match = cv2.matchTemplate(edges, template, cv2.TM_CCORR_NORMED)
    row, column = np.unravel_index(int(match.argmax()), match.shape)
    here = top + int(row), left + int(column)
    shown = template[max(0, -here[0]) : max(0, height - here[0]), max(0, -here[1]) : max(0, width - here[1])]
    in_view = float((shown**2).sum() / (template**2).sum())
    if in_view < _IN_VIEW or (agreement := float(match[row, column]) / in_view**0.5) < _AGREEMENT:
        return None
    return here[1] - trace.columns.start, here[0] - trace.rows.start, agreement


def stitched(before: str, now: str) -> str | None:
    """Two readings of a text that passes through the picture as one; None where they have nothing in common.

    The last letters of the first and the first of the second may be cut by the picture's rim.
    """
    match = SequenceMatcher(None, before, now, autojunk=False).find_longest_match()
    if match.size < min(_MIN_COMMON, len(before), len(now)):
        return None
    return before[: match.a] + now[match.b :]
