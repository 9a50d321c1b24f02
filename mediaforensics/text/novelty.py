"""Where edges like those of letters came to rest that the line detector has not looked at: no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import View
from mediaforensics.text.presence import STRONGER, Edges
from mediaforensics.types import Box

BLOCK_PX = 16
"""Side of the blocks in which novelty is judged; about the height of a small line of text."""

_STROKE = 100.0
"""Horizontal Sobel of a letter's side: a contrast of some 35 grey levels."""
_MIN_STROKES = 1.0
_UNMISTAKABLE = 2.5
"""So many strokes are small letters, hardly anything else: no need to wait until they rest."""
_SAME_BLOCK = 0.5
_STEADY_BLOCK = 0.6
_MARGIN_BLOCKS = 2
_BESIDE_BLOCKS = 2
"""Left and right of what is new: the network needs a little ground, and a line may go on more faintly."""
_NEAR_BLOCKS = 4
"""Places closer than this are one."""
_DRIFT_PX = 12
"""What a zoom or pan moved less than this since it was looked at is known again."""
_SAME_PATCH = 0.8
"""Correlation of brightness with the patch that it came from."""
_MIN_COLUMNS = 3
_MIN_COLUMN = 5
"""Blocks that a line which runs up or down is at least high."""
_MIN_BLOCKS = 3
"""A text is at least this many blocks."""

Place = tuple[int, int, int, int]
"""``(left, top, right, bottom)`` in view pixels, half-open."""


class Novelty:
    """Where edges like those of letters came to rest that the network has not looked at. For one file."""

    def __init__(self) -> None:
        self._looked: Edges | None = None
        self._luma: NDArray[Any] | None = None
        self._looked_energy: NDArray[Any] | None = None
        self._previous: Edges | None = None
        self._previous_energy: NDArray[Any] | None = None

    def places(
        self,
        edges: Edges,
        known: Sequence[Box],
        settled: Sequence[Box],
        lately: tuple[View, View] | None = None,
    ) -> list[Place]:
        """Return the parts of the view that the network should look at, from top to bottom.

        Parameters
        ----------
        edges : Edges
            Of this sample.
        known : sequence of Box
            Source boxes of texts that are known to be there still.
        settled : sequence of Box
            Source boxes of what is known to stand still. Elsewhere only what has not moved since the last
            sample, or lately, is looked at; what moves is looked at when it rests.
        lately : (View, View), optional
            Small brightness of this sample, and of a moment before it.
        """
        previous, self._previous = self._previous, edges
        if self._looked is not None and self._looked.x.shape != edges.x.shape:
            self._looked = self._looked_energy = None
        strokes = _strokes(edges.x, axis=1)
        upended = _strokes(edges.y, axis=0) >= _MIN_STROKES
        candidates = (strokes >= _MIN_STROKES) | upended
        for box in known:
            candidates[_blocks_of(box, edges)] = False
        looked = self._looked
        energy_then, self._previous_energy = self._previous_energy, None
        if candidates.any():
            energy = self._previous_energy = _energy(edges)
            if looked is not None:
                # What was too faint for the network may be legible by now.
                if self._looked_energy is None:
                    self._looked_energy = _energy(looked)
                before = self._looked_energy
                same = _product(edges, looked) >= _SAME_BLOCK * _root(energy, before)
                candidates &= (energy > STRONGER * before) | ~same
            if previous is not None and previous.x.shape == edges.x.shape:
                energy_then = _energy(previous) if energy_then is None else energy_then
                rests = _product(edges, previous) >= _STEADY_BLOCK * _root(energy, energy_then)
                rests |= strokes >= _UNMISTAKABLE
                if lately is not None and int((candidates & ~rests).sum()) >= _MIN_BLOCKS:
                    rests |= _rests(*lately, edges)
                for box in settled:
                    rests[_blocks_of(box, edges)] = True
                candidates &= rests
        clusters = _clusters(candidates & (strokes >= _MIN_STROKES)) + _columns(candidates & upended)
        if looked is not None:
            clusters = [
                cluster for cluster in clusters if not self._drifted(edges, looked, cluster, candidates)
            ]
        height, width = edges.x.shape
        return _merged([_with_margin(cluster, width, height) for cluster in clusters])

    def looked_at(self, edges: Edges, place: Place) -> None:
        """Remember that the network has seen this part of this sample."""
        if self._looked is None:
            self._looked = Edges(x=np.zeros_like(edges.x), y=np.zeros_like(edges.y), view=edges.view)
            self._luma = np.zeros_like(edges.view.pixels)
        assert self._luma is not None
        self._looked_energy = None
        left, top, right, bottom = place
        self._looked.x[top:bottom, left:right] = edges.x[top:bottom, left:right]
        self._looked.y[top:bottom, left:right] = edges.y[top:bottom, left:right]
        self._luma[top:bottom, left:right] = edges.view.pixels[top:bottom, left:right]

    def forget(self, edges: Edges, box: Box) -> None:
        """What the network saw in a source box is gone; the same again will be new."""
        if self._looked is None or self._luma is None or self._looked.x.shape != edges.x.shape:
            return
        self._looked_energy = None
        x0, y0, x1, y1 = edges.view.from_source(box)
        where = slice(max(0, int(y0)), max(0, math.ceil(y1))), slice(max(0, int(x0)), max(0, math.ceil(x1)))
        self._looked.x[where] = self._looked.y[where] = self._luma[where] = 0

    def _drifted(self, edges: Edges, looked: Edges, cluster: Place, candidates: NDArray[Any]) -> bool:
        """Whether a cluster is what the network has seen a few pixels beside: a slow zoom, a pan, a shake."""
        height, width = edges.x.shape
        left, top = cluster[0] * BLOCK_PX, cluster[1] * BLOCK_PX
        right, bottom = min(width, cluster[2] * BLOCK_PX), min(height, cluster[3] * BLOCK_PX)
        if self._luma is None or (right - left) * (bottom - top) > height * width // 4:
            return False
        x0, y0 = max(0, left - _DRIFT_PX), max(0, top - _DRIFT_PX)
        around = self._luma[y0 : bottom + _DRIFT_PX, x0 : right + _DRIFT_PX]
        match = cv2.matchTemplate(around, edges.view.pixels[top:bottom, left:right], cv2.TM_CCOEFF_NORMED)
        _, correlation, _, (column, row) = cv2.minMaxLoc(match)
        if correlation < _SAME_PATCH:
            return False
        here = slice(top, bottom), slice(left, right)
        there = slice(y0 + row, y0 + row + bottom - top), slice(x0 + column, x0 + column + right - left)
        energy = _blocks(edges.x[here] ** 2 + edges.y[here] ** 2)
        before = _blocks(looked.x[there] ** 2 + looked.y[there] ** 2)
        product = _blocks(edges.x[here] * looked.x[there] + edges.y[here] * looked.y[there])
        new = (product < _SAME_BLOCK * _root(energy, before)) | (energy > STRONGER * before)
        new &= candidates[cluster[1] : cluster[3], cluster[0] : cluster[2]]
        return int(new.sum()) < _MIN_BLOCKS


def _blocks_of(box: Box, edges: Edges) -> tuple[slice, slice]:
    """Rows and columns of the blocks that a source box touches."""
    x0, y0, x1, y1 = (value / BLOCK_PX for value in edges.view.from_source(box))
    return slice(max(0, int(y0)), max(0, int(y1) + 1)), slice(max(0, int(x0)), max(0, int(x1) + 1))


def _blocks(values: NDArray[Any], side_px: int = BLOCK_PX) -> NDArray[Any]:
    """Mean of each block; what is missing of blocks that reach over the rim counts as zeros."""
    height, width = values.shape
    rows, columns = height // side_px, width // side_px
    means = np.zeros((-(-height // side_px), -(-width // side_px)), np.float32)
    for y, down, high in ((0, rows, rows * side_px), (rows, 1, height - rows * side_px)):
        for x, along, wide in ((0, columns, columns * side_px), (columns, 1, width - columns * side_px)):
            part = values[y * side_px :, x * side_px :][:high, :wide]
            if part.size:
                share = high * wide / (down * along * side_px**2)
                mean = cv2.resize(part, (along, down), interpolation=cv2.INTER_AREA)
                means[y : y + down, x : x + along] = mean if share == 1 else share * mean.astype(np.float32)
    return means


def _strokes(across: NDArray[Any], axis: int) -> NDArray[Any]:
    """Strokes across the rows (axis 1) or columns (0) of each block: strong edges of both signs, in turn.

    Letters are strokes side by side along each row; the outline of a thing is one edge, fire has soft ones.
    Per row of 16 px, letters of 8 px and more reach 1, photographs and fire next to never.
    """
    rises, falls = _starts(across > _STROKE, axis), _starts(across < -_STROKE, axis)
    fewer: NDArray[Any] = np.minimum(_blocks(rises), _blocks(falls))
    return 2 * BLOCK_PX / 255 * fewer


def _starts(mask: NDArray[Any], axis: int) -> NDArray[Any]:
    """The first pixel of each run along an axis, 255, of others 0: bytes are faster to average."""
    runs = mask.view(np.uint8)
    starts = runs * np.uint8(255)
    if axis:
        starts[:, 1:] *= 1 - runs[:, :-1]
    else:
        starts[1:] *= 1 - runs[:-1]
    return starts


def _rests(now: View, then: View, edges: Edges) -> NDArray[Any]:
    """Blocks of ``edges`` that two small views show alike."""
    grid = _blocks(edges.x).shape
    if now.pixels.shape != then.pixels.shape:
        return np.zeros(grid, np.bool_)
    a, b = Edges.of(now), Edges.of(then)
    side_px = max(1, round(BLOCK_PX * a.x.shape[1] / edges.x.shape[1]))
    energies = [_blocks(e.x**2 + e.y**2, side_px) for e in (a, b)]
    product = _blocks(a.x * b.x + a.y * b.y, side_px)
    alike: NDArray[Any] = (product >= _STEADY_BLOCK * _root(*energies)).astype(np.uint8)
    if alike.shape != grid:
        alike = cv2.resize(alike, grid[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(alike > 0)


def _energy(edges: Edges) -> NDArray[Any]:
    return _blocks(edges.x**2 + edges.y**2)


def _product(a: Edges, b: Edges) -> NDArray[Any]:
    """Of the gradients of two samples, block by block."""
    return _blocks(a.x * b.x + a.y * b.y)


def _root(a: NDArray[Any], b: NDArray[Any]) -> NDArray[Any]:
    """What the product of two gradients would be if they were parallel in every pixel of a block."""
    both: NDArray[Any] = np.sqrt(a * b + 1.0)
    return both


def _clusters(candidates: NDArray[Any]) -> list[Place]:
    """Columns and rows of each cluster of blocks that is large enough for a text, half-open."""
    if int(candidates.sum()) < _MIN_BLOCKS:
        return []
    joined = cv2.dilate(candidates.astype(np.uint8), np.ones((3, 5), np.uint8))
    count, labels = cv2.connectedComponents(joined, connectivity=8)
    found = []
    for label in range(1, count):
        inside = (labels == label) & candidates
        columns, rows = np.flatnonzero(inside.any(axis=0)), np.flatnonzero(inside.any(axis=1))
        if int(inside.sum()) >= _MIN_BLOCKS and columns[-1] - columns[0] + 1 >= _MIN_COLUMNS:
            found.append((int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1))
    return found


def _columns(candidates: NDArray[Any]) -> list[Place]:
    """Columns and rows of each narrow column of blocks: a line that runs up or down the picture."""
    found = _clusters(candidates.T)
    return [
        (top, left, bottom, right)
        for left, top, right, bottom in found
        if right - left >= max(_MIN_COLUMN, 2 * (bottom - top))
    ]


def _with_margin(cluster: Place, width: int, height: int) -> Place:
    left, top, right, bottom = cluster
    return (
        max(0, left - _BESIDE_BLOCKS) * BLOCK_PX,
        max(0, top - _MARGIN_BLOCKS) * BLOCK_PX,
        min(width, (right + _BESIDE_BLOCKS) * BLOCK_PX),
        min(height, (bottom + _MARGIN_BLOCKS) * BLOCK_PX),
    )


def _merged(places: list[Place]) -> list[Place]:
    """Join places that overlap or lie side by side, until none do."""
    near = _NEAR_BLOCKS * BLOCK_PX
    todo, done = sorted(places), list[Place]()
    while todo:
        a = todo.pop()
        for other in [*todo, *done]:
            apart = max(a[0], other[0]) - min(a[2], other[2]), max(a[1], other[1]) - min(a[3], other[3])
            if apart[0] < near and apart[1] < 0:
                (todo if other in todo else done).remove(other)
                todo.append(
                    (min(a[0], other[0]), min(a[1], other[1]), max(a[2], other[2]), max(a[3], other[3]))
                )
                break
        else:
            done.append(a)
    return sorted(done, key=lambda place: (place[1], place[0]))
