"""From lines to messages: which lines belong together, and in which order they are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeVar

from mediaforensics.text.regions import Line
from mediaforensics.types import Box, Quad

_T = TypeVar("_T")

_SAME_ROW_OVERLAP = 0.5
"""Share of the lower line's height that two stretches of one row have in common."""
_ROW_GAP_HEIGHTS = 1.6
"""A gap this many line heights wide is still a word gap (justified text, a dash)."""
_LINE_GAP_HEIGHTS = 0.9
"""Vertical gap between detected lines of one message: at double spacing about 0.7."""
_HEIGHT_RATIO = 1.8
"""Of two lines in the same size of letters: one may have ascenders and descenders, the other neither."""
_LEVEL_DEGREES, _OTHER_TURN_DEGREES, _UPENDED_DEGREES = 4.0, 10.0, 30.0
_OTHER_BAR = 80.0
"""Difference in brightness (0..255) between two bars."""
_ALIGNED_HEIGHTS = 0.4
"""How far left, right or middle of aligned lines may lie apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Lines that belong together.

    Attributes
    ----------
    rows : tuple of tuple of Line
        From top to bottom; the stretches of each row from left to right.
    """

    rows: tuple[tuple[Line, ...], ...]

    @property
    def lines(self) -> tuple[Line, ...]:
        """All stretches in the order of ``rows``."""
        return tuple(line for row in self.rows for line in row)

    @property
    def box(self) -> Box:
        """Around all lines."""
        return _around(self.lines)

    def beginning(self, lines: int) -> Message:
        """Its first rows, with about so many lines."""
        if len(self.lines) <= lines:
            return self
        rows = list[tuple[Line, ...]]()
        for row in self.rows:
            if rows and sum(map(len, rows)) + len(row) > lines:
                break
            rows.append(row[:lines])
        return Message(rows=tuple(rows))

    @property
    def upended(self) -> bool:
        """Whether its lines run up or down the picture: which of the two, only reading tells."""
        return all(abs(abs(angle_of(line)) - 90) <= _UPENDED_DEGREES for line in self.lines)

    def other_way(self) -> Message:
        """The same lines, read from their other end."""
        turned = [
            tuple(replace(line, quad=Quad(line.quad.corners[2:] + line.quad.corners[:2])) for line in row)
            for row in self.rows
        ]
        return Message(rows=tuple(row[::-1] for row in turned[::-1]))

    def moved(self, dx: float, dy: float) -> Message:
        """Shift by source pixels."""
        return Message(
            rows=tuple(
                tuple(
                    replace(line, quad=Quad(tuple((x + dx, y + dy) for x, y in line.quad.corners)))
                    for line in row
                )
                for row in self.rows
            )
        )


def messages(lines: Sequence[Line]) -> list[Message]:
    """Group the lines of one picture into messages, from top to bottom."""
    rows = [_ordered([(line,) for line in row], across=False) for row in _joined(list(lines), _same_row)]
    found = [
        Message(rows=tuple(_ordered(group, across=True)))
        for group in _joined([tuple(line for (line,) in row) for row in rows], _same_message)
    ]
    return sorted(found, key=lambda message: (message.box.y0, message.box.x0))


def _ordered(parts: Sequence[tuple[Line, ...]], *, across: bool) -> list[tuple[Line, ...]]:
    """Sort along the lines, or across them."""
    turn = angle_of(parts[0][0])
    return sorted(parts, key=lambda part: _level(part, turn).y0 if across else _level(part, turn).x0)


def angle_of(line: Line) -> float:
    """Where a line runs, degrees clockwise from the right; 0 for what is level but for the measurement."""
    (x0, y0), (x1, y1), _, _ = line.quad.corners
    angle = math.degrees(math.atan2(y1 - y0, x1 - x0))
    return 0.0 if abs(angle) <= _LEVEL_DEGREES else angle


def _level(lines: Sequence[Line], turn_degrees: float) -> Box:
    """The box around lines in a picture turned so that they are level."""
    if not turn_degrees:
        return _around(lines)
    cos, sin = math.cos(math.radians(turn_degrees)), math.sin(math.radians(turn_degrees))
    corners = [corner for line in lines for corner in line.quad.corners]
    xs, ys = [x * cos + y * sin for x, y in corners], [y * cos - x * sin for x, y in corners]
    return Box(math.floor(min(xs)), math.floor(min(ys)), math.ceil(max(xs)), math.ceil(max(ys)))


def _turned_alike(a: Line, b: Line) -> bool:
    apart = abs(angle_of(a) - angle_of(b)) % 360
    return min(apart, 360 - apart) <= _OTHER_TURN_DEGREES


def _around(lines: Sequence[Line]) -> Box:
    box = lines[0].quad.bounding_box()
    for line in lines[1:]:
        box = box.joined(line.quad.bounding_box())
    return box


def height_of(line: Line) -> float:
    """Across the line, source pixels; at least 1."""
    (x0, y0), _, _, (x3, y3) = line.quad.corners
    return max(1.0, float(((x3 - x0) ** 2 + (y3 - y0) ** 2) ** 0.5))


def length_of(line: Line) -> float:
    """Along the line, source pixels."""
    (x0, y0), (x1, y1), _, _ = line.quad.corners
    return float(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5)


def _same_row(a: Line, b: Line) -> bool:
    if not _turned_alike(a, b):
        return False
    turn = angle_of(max(a, b, key=length_of))
    first, second = _level((a,), turn), _level((b,), turn)
    low = min(height_of(a), height_of(b))
    common = min(first.y1, second.y1) - max(first.y0, second.y0)
    gap = max(first.x0, second.x0) - min(first.x1, second.x1)
    alike = max(height_of(a), height_of(b)) <= _HEIGHT_RATIO * low
    return alike and common >= _SAME_ROW_OVERLAP * low and gap <= _ROW_GAP_HEIGHTS * low


def _same_message(above: Sequence[Line], below: Sequence[Line]) -> bool:
    if not _turned_alike(above[0], below[0]):
        return False
    # Light letters on a dark bar over dark ones on a light bar: the two parts of a lower third.
    bars = above[0].bar, below[0].bar
    if bars[0] is not None and bars[1] is not None and abs(bars[0] - bars[1]) > _OTHER_BAR:
        return False
    turn = angle_of(max(*above, *below, key=length_of))
    first, second = _level(above, turn), _level(below, turn)
    if first.y0 > second.y0:
        first, second = second, first
    heights = [sum(map(height_of, row)) / len(row) for row in (above, below)]
    low = min(heights)
    if max(heights) > _HEIGHT_RATIO * low or second.y0 - first.y1 > _LINE_GAP_HEIGHTS * low:
        return False
    offsets = (
        first.x0 - second.x0,
        first.x1 - second.x1,
        (first.x0 + first.x1 - second.x0 - second.x1) / 2,
    )
    return min(map(abs, offsets)) <= _ALIGNED_HEIGHTS * low


def _joined(items: Sequence[_T], belong: Callable[[_T, _T], bool]) -> list[list[_T]]:
    """Split ``items`` into the groups that ``belong`` connects, in the order of their first items."""
    group = list(range(len(items)))
    for i, j in combinations(range(len(items)), 2):
        if group[i] != group[j] and belong(items[i], items[j]):
            old, new = max(group[i], group[j]), min(group[i], group[j])
            group = [new if g == old else g for g in group]
    return [[item for item, g in zip(items, group, strict=True) if g == one] for one in sorted(set(group))]
