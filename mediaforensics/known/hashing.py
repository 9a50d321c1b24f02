"""All hashes of one picture: whole and between its bars, turned every way, of every kind asked for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import CannotOpen
from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.hashes import ORIENTATIONS, UPRIGHT, Orientation, pdq_of_view
from mediaforensics.known.imagehashes import DISTANCES_BITS, image_hash
from mediaforensics.known.lists import DIGESTS
from mediaforensics.known.regions import Rectangle
from mediaforensics.known.segment import Kind
from mediaforensics.media.decode import open_media
from mediaforensics.media.frame import Pixels
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions

PDQ: Kind = ("pdq", 256)
SIDE_PX = 480
"""Longer side of the view of a frame that is hashed, and in which bars and rectangles are looked for."""
_LEAST_SIDE_PX = 16
_MIRRORED = Orientation(False, True, False)


@dataclass(frozen=True, slots=True, eq=False)
class Hashed:
    """Values of one kind of one rectangle of a picture.

    Attributes
    ----------
    kind : Kind
        Algorithm and width.
    values : ndarray, uint8, shape (m, bits / 8)
        One for each of ``orientations``.
    orientations : sequence of Orientation
        How the picture was turned for each value.
    quality : int or None
        PDQ quality of the rectangle; None for a digest of the file.
    rectangle : (x0, y0, x1, y1)
        Which part of the picture.
    """

    kind: Kind
    values: NDArray[np.uint8]
    orientations: Sequence[Orientation]
    quality: int | None
    rectangle: Rectangle


def hashes_of(luma: Pixels, kinds: Collection[Kind]) -> Iterator[Hashed]:
    """Hash a picture as a whole, and what may be the picture between its bars.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Brightness, about 480 px.
    kinds : collection of Kind
        What to compute: PDQ, and those of imagehash, which are dear and upright or mirrored only.
    """
    height, width = luma.shape
    for rectangle in ((0, 0, width, height), *pictures_between_bars(luma)):
        yield from hashes_within(luma, rectangle, kinds)


def hashes_within(luma: Pixels, rectangle: Rectangle, kinds: Collection[Kind]) -> Iterator[Hashed]:
    """Hash a rectangle of a picture; nothing where it is under 16 px."""
    x0, y0, x1, y1 = rectangle
    if min(x1 - x0, y1 - y0) < _LEAST_SIDE_PX:
        return
    part = luma[y0:y1, x0:x1]
    hashed = pdq_of_view(part)
    if PDQ in kinds:
        yield Hashed(PDQ, hashed.values(), ORIENTATIONS, hashed.quality, rectangle)
    for kind in kinds:
        if kind in DISTANCES_BITS:
            turned = (np.ascontiguousarray(one) for one in (part, part[:, ::-1]))
            values = [image_hash(*kind, one).value for one in turned]
            table = np.frombuffer(b"".join(values), np.uint8).reshape(2, -1)
            yield Hashed(kind, table, (UPRIGHT, _MIRRORED), hashed.quality, rectangle)


def hashes_of_file(path: Path, kinds: Collection[Kind], limits: LimitOptions | None = None) -> list[Hashed]:
    """All hashes of a picture file, or of the first frame of a video: of the bytes and of the picture.

    Raises
    ------
    MediaError
        It cannot be read.
    """
    limits = limits or LimitOptions()
    with Source.open(path, limits) as source:
        decoder = open_media(source, limits)
        try:
            for frame in decoder.frames():
                found = list(hashes_of(frame.luma(SIDE_PX).pixels, kinds))
                break
            else:
                raise CannotOpen(f"{source.name}: no picture could be decoded")
        finally:
            decoder.close()
        whole = found[0].rectangle if found else (0, 0, 0, 0)
        for algorithm, bits in kinds:
            if algorithm in DIGESTS:
                value = np.frombuffer(bytes.fromhex(getattr(source.digests, algorithm)), np.uint8)[None]
                found.append(Hashed((algorithm, bits), value, (UPRIGHT,), None, whole))
    return found
