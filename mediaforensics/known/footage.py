"""A known video as hashes with their positions: what is kept of it for later comparison."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.hashes import pdq_of_view
from mediaforensics.known.hashing import SIDE_PX
from mediaforensics.media.frame import Frame
from mediaforensics.types import HashValue

INTERVAL_S = 0.25
"""Between two frames that are kept while the picture moves slowly."""
_QUICK_INTERVAL_S = 0.08
"""Between two frames that are looked at: a camera that swings leaves a match's distance within 0.13 s."""
_QUICK_BITS, _ALIKE_BITS = 16, 8
"""A frame so far from the last one kept is kept at once: half the distance of a match, so that what is shown
between two kept frames is near one of them. A frame no farther than the latter is never kept: recompressing
the same picture moves it so far, and a picture that stands still would match at every offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFrame:
    """The hash of one frame of a known video, or of the picture between that frame's bars.

    Attributes
    ----------
    at_s : float
        Position in the video, seconds, as its container states it.
    value : HashValue
        PDQ.
    quality : int
        PDQ quality, 0..100.
    """

    at_s: float
    value: HashValue
    quality: int


def hashed_frames(frames: Iterable[Frame], *, min_quality: int = 50) -> Iterator[KnownFrame]:
    """Hash the frames of a known video: four a second while the picture changes, up to twelve where it flies.

    Parameters
    ----------
    frames : iterable of Frame
        All of them in order, such as ``open_media(source).frames()``; one is held at a time.
    min_quality : int
        PDQ quality (0..100) below which a frame's hash is left out.

    Yields
    ------
    KnownFrame
        In order; for a frame with bars a second one, of what is most likely between them.
    """
    looked_s: float | None = None
    kept: dict[bool, KnownFrame] = {}
    for frame in frames:
        at_s = frame.time.seconds
        if looked_s is not None and 0 <= at_s - looked_s < _QUICK_INTERVAL_S:
            continue
        looked_s = at_s
        luma = frame.luma(SIDE_PX).pixels
        height, width = luma.shape
        for rectangle in ((0, 0, width, height), *pictures_between_bars(luma)[:1]):
            x0, y0, x1, y1 = rectangle
            hashed = pdq_of_view(luma[y0:y1, x0:x1])
            if hashed.quality < min_quality:
                continue
            found = KnownFrame(at_s=at_s, value=hashed.value(), quality=hashed.quality)
            whole = rectangle == (0, 0, width, height)
            if whole not in kept or _worth_keeping(found, kept[whole]):
                kept[whole] = found
                yield found


def _worth_keeping(found: KnownFrame, last: KnownFrame) -> bool:
    moved_bits = found.value.distance_bits(last.value)
    slow = 0 <= found.at_s - last.at_s < INTERVAL_S
    return moved_bits >= (_QUICK_BITS if slow else _ALIKE_BITS + 1)
