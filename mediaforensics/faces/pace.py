"""How closely a moving picture is looked at, by what has changed since it was last looked at.

A look at the whole frame in full detail costs as much as decoding fifteen frames, one at half that size a
quarter of it. Small faces appear with new pictures, so the first follows what changed since the last one, and
the second is enough to keep up with known faces and to notice new ones that are not small.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from mediaforensics.media.frame import Pixels

Look = Literal["rest", "small", "whole"]
Box01 = tuple[float, float, float, float]

_CHANGE_BLOCK_PX = 8
_CHANGED_LEVELS = 7.0
"""Mean change of one 8 x 8 block, of 255 levels; compression noise stays under it."""
_CUT_FRACTION = 0.7
_NOTABLE_FRACTION = 0.12
"""Share of the frame that must have changed: one line of a caption, a mouth that speaks change less."""
_FLAT_LEVELS = 3.0
_AROUND = 0.6
"""Of a face's size on each side: hair, shoulders, and the fire in front of it."""
_CUT_WAIT_S = 0.45
"""A dissolve has two or three samples in this time; the last of them is the one to look at."""
_CUTS_AT_ONCE = 4
_CUTS_IN_S = 4.0
"""More cuts than four in four seconds are a moving camera or a strobe."""
_NEW_PICTURE_WAIT_S = 1.4
_WAIT_S = 2.9
_MOMENT_S = 0.5
_LITTLE_FRACTION = 0.12
"""What changes less than this between two samples in a moment is looked at with the next one."""
_EMPTY_WAIT_S = 0.8
"""Between small looks where no face is known: text that comes and goes brings none."""


class Pace:
    """Decides for each sample of one file; remembers two small pictures."""

    def __init__(self) -> None:
        self._looked: Pixels | None = None
        self._whole: Pixels | None = None
        self._looked_s = self._whole_s = float("-inf")
        self._wholes_s: deque[float] = deque(maxlen=_CUTS_AT_ONCE)

    def look(
        self, time_s: float, luma: Pixels, new_picture: bool, watched: bool, followed: Sequence[Box01] = ()
    ) -> Look:
        """What this sample is worth.

        Parameters
        ----------
        time_s : float
            Later than the last.
        luma : ndarray, uint8, shape (height, width)
            Brightness of the sample, small.
        new_picture : bool
            The picture as a whole changed since the last sample.
        watched : bool
            Whether any face is known.
        followed : sequence of (float, float, float, float)
            Where known faces are, ``x0, y0, x1, y1`` as shares of the frame: what changes there and around
            is seen by following them.

        Returns
        -------
        {"rest", "small", "whole"}
            ``rest``: nothing changed that matters, or it was looked at a moment ago.
        """
        since_s = time_s - self._whole_s
        if self._looked is None or self._whole is None or since_s < 0:
            return self._take("whole", time_s, luma)
        drift = changed_fraction(self._whole, luma, [_surroundings(box) for box in followed])
        if drift >= _NOTABLE_FRACTION and since_s >= self._wait_s(time_s, drift, new_picture):
            return self._take("whole", time_s, luma)
        step, apart_s = changed_fraction(self._looked, luma), time_s - self._looked_s
        if step == 0.0:
            return "rest"
        little = not watched or step < _LITTLE_FRACTION
        if little and not new_picture and apart_s < (_MOMENT_S if watched else _EMPTY_WAIT_S):
            return "rest"
        return self._take("small", time_s, luma)

    def _wait_s(self, time_s: float, drift: float, new_picture: bool) -> float:
        """How long after the last whole look the next one may come."""
        if drift >= _CUT_FRACTION:
            many = len(self._wholes_s) == _CUTS_AT_ONCE and time_s - self._wholes_s[0] < _CUTS_IN_S
            return _NEW_PICTURE_WAIT_S if many else _CUT_WAIT_S
        return _NEW_PICTURE_WAIT_S if new_picture else _WAIT_S

    def _take(self, look: Look, time_s: float, luma: Pixels) -> Look:
        self._looked, self._looked_s = luma.copy(), time_s
        if look == "whole":
            self._whole, self._whole_s = self._looked, time_s
            self._wholes_s.append(time_s)
        return look


def changed_fraction(before: Pixels, now: Pixels, apart_from: Sequence[Box01] = ()) -> float:
    """Share of 8 x 8 blocks that changed their content, 0..1; what is only noise averages out.

    Blocks inside ``apart_from`` count as unchanged.
    """
    if before.shape != now.shape:
        return 1.0
    height, width = before.shape
    columns, rows = max(1, width // _CHANGE_BLOCK_PX), max(1, height // _CHANGE_BLOCK_PX)
    blocks = cv2.resize(cv2.absdiff(before, now), (columns, rows), interpolation=cv2.INTER_AREA)
    changed = np.asarray(blocks) > _CHANGED_LEVELS
    for x0, y0, x1, y1 in apart_from:
        changed[
            max(0, round(y0 * rows)) : max(0, round(y1 * rows)),
            max(0, round(x0 * columns)) : max(0, round(x1 * columns)),
        ] = False
    return float(np.mean(changed))


def structured_fraction(luma: Pixels) -> float:
    """Share of 8 x 8 blocks that are not flat, 0..1."""
    height, width = luma.shape
    size = (max(1, width // _CHANGE_BLOCK_PX), max(1, height // _CHANGE_BLOCK_PX))
    levels = luma.astype(np.float32)
    mean = cv2.resize(levels, size, interpolation=cv2.INTER_AREA)
    variance = cv2.resize(levels * levels, size, interpolation=cv2.INTER_AREA) - mean * mean
    return float(np.mean(np.asarray(variance) > _FLAT_LEVELS**2))


def _surroundings(box: Box01) -> Box01:
    x0, y0, x1, y1 = box
    more_x, more_y = _AROUND * (x1 - x0), _AROUND * (y1 - y0)
    return x0 - more_x, y0 - more_y, x1 + more_x, y1 + more_y
