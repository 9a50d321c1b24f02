"""Blocks and cells of a picture as places: enough to matter, a picture or a line, boxes in source pixels."""

from __future__ import annotations

import cv2
import numpy as np

from mediaforensics.media.change import Grid
from mediaforensics.media.frame import Frame, View
from mediaforensics.types import Box

PICTURE_FRACTION = 0.25
"""Share of blocks beyond which a change is a new picture, wherever the blocks lie."""
MAX_BOXES = 16


def notable(where: Grid) -> bool:
    """Two blocks, or one where the whole picture has no more than a few."""
    return int(where.sum()) >= min(2, max(1, where.size // 8))


def is_picture(where: Grid) -> bool:
    """Much of the frame changed, or a compact rectangle of it did (an inset); a line of text is flat."""
    if float(where.mean()) >= PICTURE_FRACTION:
        return True
    count, _, stats, _ = cv2.connectedComponentsWithStats(where.astype(np.uint8), connectivity=4)
    for label in range(1, count):
        width, height, area = (int(v) for v in stats[label, 2:5])
        if width >= 3 and height >= 3 and area >= 0.7 * width * height:
            return True
    return False


def whole(frame: Frame) -> Box:
    """The whole frame, source pixels."""
    width, height = frame.size_px
    return Box(0, 0, width, height)


def to_blocks(cells: Grid, shape: tuple[int, ...]) -> Grid:
    """Blocks in which any cell is set; ``shape`` is (rows, columns) of the blocks."""
    grown = cv2.resize(cells.astype(np.uint8) * 255, (shape[1], shape[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(grown > 0)


def boxes_of(where: Grid, view: View, frame: Frame) -> tuple[Box, ...]:
    """Rectangles around neighbouring places, source pixels, largest first, at most 16."""
    if not where.any():
        return ()
    joined = cv2.dilate(where.astype(np.uint8), np.ones((1, 3), np.uint8))
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    height, width = view.pixels.shape[:2]
    rows, columns = where.shape
    found = []
    for label in range(1, count):
        x, y, w, h = (int(v) for v in stats[label, :4])
        found.append(
            view.box(
                x * width / columns,
                y * height / rows,
                (x + w) * width / columns,
                (y + h) * height / rows,
            ).clipped(frame.size_px)
        )
    found.sort(key=lambda box: (-box.area_px, box.y0, box.x0))
    return tuple(found[:MAX_BOXES])
