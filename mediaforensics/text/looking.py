"""Where lines of text are that nobody has looked at yet: novelty, and the network on that part alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from mediaforensics.media.allowance import Allowance
from mediaforensics.media.sample import Sample
from mediaforensics.text.novelty import Novelty, Place
from mediaforensics.text.presence import Edges
from mediaforensics.text.regions import SIDE_PX as NETWORK_SIDE_PX
from mediaforensics.text.regions import Line, LineDetector
from mediaforensics.types import Box

_STILL_SIDE_PX = 1280
"""A single picture has no second chance, and costs only once."""
_SAME_PLACE = 0.6
"""Share of a line that lies in another which was found at the same time: both are one."""
_MORE_ROWS_PX = 96
"""Of the view, above and below a place whose rim cut a line."""

# What a file may cost. A minute of video may bring 150 looks.
_LOOKS, _LOOKS_PER_S = 20.0, 2.5
"""Whole pictures that the line detector is shown; some 30 ms each."""
_MAX_FOUND = 150
"""Lines of one picture that are followed up, the largest first."""


class Looker:
    """The line detector at work on one file."""

    def __init__(self, lines: LineDetector) -> None:
        self._lines = lines
        self._looks = Allowance(_LOOKS, _LOOKS_PER_S)
        self.novelty = Novelty()
        self.passed_over = 0
        """Lines of this sample that were found and are too many."""
        self.refused = False
        """Whether a place of this sample could not be looked at."""

    def at(self, time_s: float) -> None:
        """Begin a sample."""
        self._looks.at(time_s)
        self.passed_over, self.refused = 0, False

    def whole(self, sample: Sample) -> list[Line]:
        """The lines of a single picture."""
        view = sample.frame.rgb()
        return self._largest(self._lines.locate(view, _STILL_SIDE_PX / max(view.pixels.shape[:2])))

    def new_lines(
        self, sample: Sample, edges: Edges, places: Sequence[Place], is_known: Callable[[Line], bool]
    ) -> list[Line]:
        """The lines at these places, each once."""
        found: list[Line] = []
        for place in places:
            lines = self._seen_at(sample, edges, place, found, is_known)
            # Places overlap: an earlier one may have held a piece of a line that a later one holds whole.
            boxes = [line.quad.bounding_box() for line in lines]
            found = [line for line in found if not _inside_any(line, boxes)] + lines
        return self._largest(found)

    def on_rows(self, sample: Sample, edges: Edges, top_px: float, bottom_px: float) -> list[Line]:
        """The lines on some rows of the picture, given in source pixels."""
        height, width = edges.x.shape
        scale, origin = edges.view.source_per_view[1], edges.view.origin_px[1]
        top = max(0, int((top_px - origin) / scale))
        bottom = min(height, math.ceil((bottom_px - origin) / scale))
        if bottom <= top or not self._looks.take((bottom - top) / height):
            return []
        return self._locate(sample, edges, (0, top, width, bottom))

    def _seen_at(
        self,
        sample: Sample,
        edges: Edges,
        place: Place,
        others: Sequence[Line],
        is_known: Callable[[Line], bool],
    ) -> list[Line]:
        """The new lines at a place; where one is cut by its rim, in the whole rows or the whole picture."""
        height, width = edges.x.shape
        # What is not looked at now stays new, and is looked at when there is time again.
        area = (place[2] - place[0]) * (place[3] - place[1])
        if not self._looks.take(area / (height * width)):
            self.refused = True
            return []
        lines = self._locate(sample, edges, place)
        sides = [_open_sides(line, place, edges) for line in lines if not is_known(line)]
        if any(across or beside for beside, across in sides):
            more = _MORE_ROWS_PX if any(across for _, across in sides) else 0
            place = (0, max(0, place[1] - more), width, min(height, place[3] + more))
            lines = self._locate(sample, edges, place)
            if any(_open_sides(line, place, edges)[1] for line in lines):
                place = (0, 0, width, height)
                lines = self._locate(sample, edges, place)
        self.novelty.looked_at(edges, place)
        boxes = [line.quad.bounding_box() for line in others]
        return [line for line in lines if not _inside_any(line, boxes)]

    def _largest(self, lines: list[Line]) -> list[Line]:
        """At most so many lines as are followed up; the others are counted as not read."""
        if len(lines) <= _MAX_FOUND:
            return lines
        self.passed_over += len(lines) - _MAX_FOUND
        boxes = {line: line.quad.bounding_box() for line in lines}
        kept = set(sorted(lines, key=lambda line: boxes[line].y0 - boxes[line].y1)[:_MAX_FOUND])
        return [line for line in lines if line in kept]

    def _locate(self, sample: Sample, edges: Edges, place: Place) -> list[Line]:
        (sx, sy), (x, y) = edges.view.source_per_view, edges.view.origin_px
        left, top, right, bottom = place
        box = Box(
            math.floor(x + left * sx),
            math.floor(y + top * sy),
            math.ceil(x + right * sx),
            math.ceil(y + bottom * sy),
        ).clipped(sample.frame.size_px)
        scale = NETWORK_SIDE_PX / max(sample.frame.size_px)
        part = sample.frame.crop(box, max(1, round(scale * max(box.width_px, box.height_px))))
        return self._lines.locate(part, scale * part.source_per_view[0])


def _inside_any(line: Line, boxes: Sequence[Box]) -> bool:
    return any(line.quad.bounding_box().fraction_inside(box) >= _SAME_PLACE for box in boxes)


def _open_sides(line: Line, place: Place, edges: Edges) -> tuple[bool, bool]:
    """Whether a line may go on outside the place: beside it, and above or below it."""
    x0, y0, x1, y1 = edges.view.from_source(line.quad.bounding_box())
    left, top, right, bottom = place
    height, width = edges.x.shape
    beside = (x0 <= left + 1 and left > 0) or (x1 >= right - 1 and right < width)
    across = (y0 <= top + 1 and top > 0) or (y1 >= bottom - 1 and bottom < height)
    return beside, across
