"""What changed, and where: each block of the picture measured against its own past.

A fixed threshold drowns in fire and misses a caption on a still; here every block learns how much it
usually changes, and only what goes beyond that counts. Lines that stand still are followed apart from
brightness: lettering over moving flames is the one thing there that keeps its edges.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.media.picture import resized

_BLOCK_PX = 20
"""Side of a block of the 320 px view; a cell for lettering is half of it."""
_RING_SPACING_S = 0.036
_LAG_SHORT_S, _LAG_S = 0.03, 0.32
"""Not the frame before: at 50 or 60 a second every other one may be a repeat."""
_STILL_S = (0.07, 0.15)
"""Ages of the two earlier pictures in which an edge must stand still to count."""
_STRONG_EDGE, _WEAK_EDGE = 20, 12
_STRONG_RANGE, _WEAK_RANGE = 28, 40
"""Grey levels. An edge begins to count at the strong pair and is lost only below the weak pair."""
_JUMP_FLOOR, _JUMP_FACTOR = 6.0, 2.5
_DIFFER_FLOOR, _DIFFER_FACTOR = 5.0, 1.6
_CELL_FLOOR, _CELL_FACTOR, _ALONE_EXTRA = 0.11, 2.0, 0.2
_TAU_SHORT_S, _TAU_LONG_S = 0.6, 1.0
_TAU_CELL_RISE_S, _TAU_CELL_FALL_S = 0.6, 3.0
_MORE_THAN = 0.2
_LOST_FOR_S = 0.08
_FRESH_S, _SETTLE_IN_S = 0.07, 0.1
"""After a cut the first differences are taken as the new shot's habit at once."""

_BESIDE = np.ones((3, 5), np.uint8)

Grid = NDArray[np.bool_]
_Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Change:
    """One frame against its past.

    Attributes
    ----------
    jumped, leapt : ndarray, bool, shape (rows, columns)
        Blocks that changed since the previous frame more than they are used to, and far more.
    differs : ndarray, bool, shape (rows, columns)
        Blocks that differ from the picture last shown more than their habit explains.
    appeared, vanished : ndarray, bool, shape (2 * rows, 2 * columns)
        Cells in which edges that stand still are new, or gone, since the picture last shown.
    judged_edges : bool
        Whether enough time has passed since the last cut to tell what stands still.
    """

    jumped: Grid
    leapt: Grid
    differs: Grid
    appeared: Grid
    vanished: Grid
    judged_edges: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    at_s: float
    luma: Pixels
    edges: Pixels


class ChangeMeter:
    """Measures frames of one size; holds about ten small pictures, whatever the length of the video.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        The first picture; it counts as shown.
    at_s : float
        Its time in seconds.
    """

    def __init__(self, luma: Pixels, at_s: float) -> None:
        height, width = luma.shape
        self.shape = luma.shape
        self.rows, self.columns = max(1, round(height / _BLOCK_PX)), max(1, round(width / _BLOCK_PX))
        self._blocks_wh = (self.columns, self.rows)
        self._cells_wh = (min(2 * self.columns, width), min(2 * self.rows, height))
        self._short = np.zeros((self.rows, self.columns), np.float32)
        self._long = np.zeros((self.rows, self.columns), np.float32)
        self.cells_shape = cells = (self._cells_wh[1], self._cells_wh[0])
        self._cell_habit = np.zeros(cells, np.float32)
        self._lost_since_s = np.full(cells, np.inf)
        self._nothing = np.zeros(cells, np.bool_)
        self._previous, self._previous_s, self._compared = luma, at_s, luma
        self._recent: deque[tuple[float, Pixels]] = deque([(at_s, luma)])
        self._cut_s = at_s
        self._cut_short = self._last_short = np.full((self.rows, self.columns), np.inf, np.float32)
        self._past: deque[_Past] = deque([_Past(at_s, luma, _edges(luma))])
        self._shown, self._shown_s, self._shown_edges = luma, at_s, self._past[0].edges
        empty = np.zeros_like(luma)
        self._still_strong, self._still_weak = empty, empty
        self._shown_strong, self._shown_weak_wide = empty, empty
        self._news, self._losses = empty, empty
        self._strong_share = self._shown_strong_share = np.zeros(cells, np.float32)

    @property
    def last_s(self) -> float:
        """Time of the frame measured last, seconds."""
        return self._previous_s

    def measure(self, luma: Pixels, at_s: float) -> Change:
        """Compare the next frame, shape as the first, ``at_s`` seconds, with the frames before it."""
        elapsed_s = max(at_s - self._previous_s, 1e-3)
        while len(self._recent) > 1 and self._recent[1][0] <= at_s - _LAG_SHORT_S:
            self._recent.popleft()
        self._compared = self._recent[0][1]
        short = self._per_block(_apart(luma, self._compared))
        short_limit = np.maximum(_JUMP_FLOOR, _JUMP_FACTOR * self._short + 0.5 * _JUMP_FLOOR)
        if at_s - self._cut_s <= _FRESH_S:
            # Whatever moves in a new shot seems to jump at once; only another cut is as large as the cut.
            short_limit = np.maximum(short_limit, 0.5 * self._cut_short)
        jumped, leapt = short > short_limit, short > 2 * short_limit
        self._last_short = short
        self._learn_short(short, short_limit, elapsed_s, at_s)

        reach_s = min(max((at_s - self._shown_s) / _LAG_S, 1.0), 3.0)
        differ = self._per_block(_apart(luma, self._shown))
        differs = differ > np.maximum(_DIFFER_FLOOR, _DIFFER_FACTOR * self._long * reach_s + 3.0)

        appeared, vanished, judged = self._nothing, self._nothing, False
        if at_s - self._past[-1].at_s >= _RING_SPACING_S:
            now = _Past(at_s, luma, _edges(luma))
            self._learn_long(luma, at_s)
            earlier = [self._at_least_old(at_s, age_s) for age_s in _STILL_S]
            if earlier[0] is not None and earlier[1] is not None:
                appeared, vanished = self._compare_still(now, earlier[0], earlier[1])
                judged = True
            self._past.append(now)
            while len(self._past) > 2 and self._past[1].at_s <= at_s - _LAG_S:
                self._past.popleft()
        self._previous, self._previous_s = luma, at_s
        self._recent.append((at_s, luma))
        return Change(
            jumped=jumped,
            leapt=leapt,
            differs=differs,
            appeared=appeared,
            vanished=vanished,
            judged_edges=judged,
        )

    @property
    def earlier(self) -> Pixels:
        """The brightness picture that the frame measured last was compared with for jumps."""
        return self._compared

    def returned(self, before: Pixels, blocks: Grid) -> bool:
        """Whether most of these blocks look again as in ``before``."""
        apart = self._per_block(_apart(self._previous, before))
        return 2 * int((apart[blocks] < _DIFFER_FLOOR).sum()) >= int(blocks.sum())

    def show(self, *, read: bool = False) -> None:
        """Remember the frame measured last as the one that the detectors know.

        ``read`` says that lettering was asked for there. Otherwise faint edges stay unknown, so that a
        text that is just fading in is still new when it has become readable.
        """
        self._shown, self._shown_s = self._previous, self._previous_s
        self._shown_edges = _edges(self._previous)
        if not self._judged_now():
            return
        if read:
            self.accept_edges()
            return
        known_before = _both(_widen(self._still_weak), self._shown_weak_wide)
        self._shown_strong, self._shown_strong_share = self._still_strong, self._strong_share
        self._shown_weak_wide = cast(Pixels, cv2.bitwise_or(_widen(self._still_strong), known_before))

    def accept_edges(self) -> None:
        """Take the edges that stand still now as known."""
        self._shown_strong, self._shown_strong_share = self._still_strong, self._strong_share
        self._shown_weak_wide = _widen(self._still_weak)
        self._lost_since_s[:] = np.inf

    def cut(self) -> None:
        """Forget the past: the frame measured last begins a new shot."""
        edges = _edges(self._previous)
        self._past.clear()
        self._recent.clear()
        self._recent.append((self._previous_s, self._previous))
        self._past.append(_Past(self._previous_s, self._previous, edges))
        self._cut_s, self._cut_short = self._previous_s, self._last_short
        self._lost_since_s[:] = np.inf

    def shown_has(self, cells: Grid) -> bool:
        """Whether the picture last shown already has the edges that are new in these cells."""
        where = cv2.resize(
            cells.astype(np.uint8), (self.shape[1], self.shape[0]), interpolation=cv2.INTER_NEAREST
        )
        news = self._news[where > 0] > 0
        if not news.any():
            return True
        there = _widen(_above(self._shown_edges, _WEAK_EDGE))
        return float((there[where > 0] > 0)[news].mean()) >= 0.8

    def _judged_now(self) -> bool:
        return self._previous_s - self._cut_s >= _STILL_S[1]

    def _at_least_old(self, at_s: float, age_s: float) -> _Past | None:
        for past in reversed(self._past):
            if at_s - past.at_s >= age_s:
                return past
        return None

    def _per_block(self, difference: Pixels) -> _Values:
        return resized(difference, *self._blocks_wh).astype(np.float32)

    def _per_cell(self, mask: Pixels) -> _Values:
        return resized(mask, *self._cells_wh).astype(np.float32) * np.float32(1 / 255)

    def _learn_short(self, short: _Values, limit: _Values, elapsed_s: float, at_s: float) -> None:
        if at_s - self._cut_s <= _SETTLE_IN_S:
            if float((short > limit).mean()) < 0.6:
                np.maximum(self._short, short, out=self._short)
            return
        weight = np.float32(-math.expm1(-elapsed_s / _TAU_SHORT_S))
        self._short += weight * (np.minimum(short, 2 * limit) - self._short)

    def _learn_long(self, luma: Pixels, at_s: float) -> None:
        oldest = self._past[0]
        long = self._per_block(_apart(luma, oldest.luma))
        if at_s - self._cut_s < _LAG_S:
            # A young shot: what was measured so far over a shorter lag is all there is.
            self._long = long.copy() if self._cut_s == oldest.at_s else np.maximum(self._long, long)
            return
        weight = np.float32(-math.expm1(-(at_s - self._past[-1].at_s) / _TAU_LONG_S))
        self._long += weight * (np.minimum(long, 2 * self._long + _DIFFER_FLOOR) - self._long)

    def _compare_still(self, now: _Past, middle: _Past, old: _Past) -> tuple[Grid, Grid]:
        edges = cast(Pixels, cv2.min(cv2.min(now.edges, middle.edges), old.edges))
        high = cv2.max(cv2.max(now.luma, middle.luma), old.luma)
        low = cv2.min(cv2.min(now.luma, middle.luma), old.luma)
        spread = cast(Pixels, cv2.subtract(high, low))
        self._still_strong = _both(
            _above(edges, _STRONG_EDGE), _above(spread, _STRONG_RANGE, cv2.THRESH_BINARY_INV)
        )
        self._still_weak = _both(
            _above(edges, _WEAK_EDGE), _above(spread, _WEAK_RANGE, cv2.THRESH_BINARY_INV)
        )
        # Masks are 0 or 255, so that a saturating difference is "in the first and not in the second".
        self._news = cast(Pixels, cv2.subtract(self._still_strong, self._shown_weak_wide))
        self._losses = cast(Pixels, cv2.subtract(self._shown_strong, _widen(self._still_weak)))
        self._strong_share = self._per_cell(self._still_strong)
        # In grain, known faint edges lie everywhere and hide new ones; there the sheer amount tells.
        more = self._strong_share - self._shown_strong_share - np.float32(_MORE_THAN)
        new, lost = np.maximum(self._per_cell(self._news), more), self._per_cell(self._losses)
        limit = np.float32(_CELL_FLOOR) + np.float32(_CELL_FACTOR) * self._cell_habit
        appeared, losing = _in_a_row(new, limit), _in_a_row(lost, limit)
        step = np.minimum(np.maximum(new, lost), 0.4) - self._cell_habit
        elapsed_s = now.at_s - self._past[-1].at_s
        # Quick to learn that a place is restless, slow to trust it again.
        rise, fall = (-math.expm1(-elapsed_s / tau_s) for tau_s in (_TAU_CELL_RISE_S, _TAU_CELL_FALL_S))
        self._cell_habit += np.float32(fall) * step + np.float32(rise - fall) * np.maximum(step, 0)
        # A flicker hides edges for a frame or two; only what stays away has vanished.
        if not losing.any():
            self._lost_since_s[:] = np.inf
            return appeared, losing
        self._lost_since_s = np.where(losing, np.minimum(self._lost_since_s, now.at_s), np.inf)
        vanished = now.at_s - self._lost_since_s >= _LOST_FOR_S - 1e-6
        return appeared, vanished


def _in_a_row(amount: _Values, limit: _Values) -> Grid:
    """Cells over their limit that have such a neighbour to the left or right, or are far over it.

    Lettering runs along a line; what stands still by chance in fire or foliage is a lone cell.
    """
    over = amount > limit
    if not over.any():
        return np.asarray(over)
    beside = np.zeros_like(over)
    beside[:, 1:] |= over[:, :-1]
    beside[:, :-1] |= over[:, 1:]
    return np.asarray(over & (beside | (amount > limit + _ALONE_EXTRA)))


def _edges(luma: Pixels) -> Pixels:
    """Horizontal contrast over two pixels: the upright strokes of lettering."""
    edges = np.empty_like(luma)
    edges[:, :1] = edges[:, -1:] = 0
    if luma.shape[1] >= 3:
        cv2.absdiff(luma[:, 2:], luma[:, :-2], dst=edges[:, 1:-1])
    return edges


def _apart(luma: Pixels, other: Pixels) -> Pixels:
    return cast(Pixels, cv2.absdiff(luma, other))


def _above(values: Pixels, level: int, kind: int = cv2.THRESH_BINARY) -> Pixels:
    return cast(Pixels, cv2.threshold(values, level, 255, kind)[1])


def _both(one: Pixels, other: Pixels) -> Pixels:
    return cast(Pixels, cv2.bitwise_and(one, other))


def _widen(mask: Pixels) -> Pixels:
    return cast(Pixels, cv2.dilate(mask, _BESIDE))
