"""Which known pictures are worth laying over a frame: by the features they share, and whether these agree.

Each feature of the frame finds its nearest features among those of all known pictures. Each such match says
by position, size and direction where in the frame that picture would be (Lowe 2004, section 7.4); pictures
are ranked by how many matches say the same. Few pictures are compared feature by feature; many by an
inverted file with product-quantised descriptors (Jégou, Douze and Schmid 2011) from the ``scale`` extra.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet, MissingDependency
from mediaforensics.known.features import DESCRIPTOR_LENGTH, Features
from mediaforensics.media.frame import Pixels

EXACT_MOST = 2000
"""Pictures up to which features are compared one by one: two seconds of processor time for a frame."""
_COMPARISONS, _LEAST_ASKED = 120_000_000, 600
"""Features of the frame times features of pictures, about half a second of processor time for each way round;
600 of the frame are always compared."""
_NEAREST = 3
"""Of 2, 3, 4, 6 and 10 on 780 drawn frames: with 6 one in fifty covered pictures more is no candidate."""
_LEAST_LIKENESS = 0.7
_LEAST_VOTES = 3
"""Of 640 pictures that were found on these frames, under flames, holes and text, none had fewer."""
_BLOCK_ROWS = 16384
_SEED = 4
_CODE_PARTS, _CODE_BITS = 64, 4
"""32 bytes a feature, in the form that is searched with vector instructions (André, Kermarrec and Le
Scouarnec 2015)."""
_LISTS_PROBED = 16
_POINTS_PER_LIST = 40
_REFERENCE_PX = 160.0
_TURN_DEGREES = 30.0
_BIN_FRACTION = 0.2
"""How far apart, of a picture's size, places may be that are the same: of 0.2 to 0.5 the best there."""

_Ids = NDArray[np.int64]


class Shelf(Protocol):
    """Known pictures by number, read when asked for."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def features(self, i: int) -> Features:
        """Local features of picture ``i``, as ``known_features`` took them."""
        ...

    def luma(self, i: int) -> Pixels:
        """Brightness of picture ``i``, at most 320 px a side."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A picture that may be in the frame.

    Attributes
    ----------
    picture : int
        Its number on the shelf.
    mirrored : bool
        Left-right mirrored.
    votes : int
        Features of the frame that agree on where it is; 0 where there was nothing to choose.
    """

    picture: int
    mirrored: bool
    votes: int


class Candidates(Protocol):
    """Proposes pictures for a frame."""

    def nearest(self, frame: Features, width_px: int, most: int) -> list[Candidate]:
        """The ``most`` pictures that a frame ``width_px`` wide most probably shows, best first."""
        ...


class ExactCandidates:
    """Compares the features of a frame with all features of all pictures.

    Parameters
    ----------
    shelf : Shelf
        The pictures; their features are copied.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._pictures = len(shelf)
        taken = [shelf.features(i) for i in range(len(shelf))]
        self._ids = np.concatenate([_ids(i, features) for i, features in enumerate(taken)] or [_NO_IDS])
        self._descriptors = np.concatenate(
            [features.descriptors for features in taken] or [np.zeros((0, 128), np.uint8)]
        )

    def nearest(self, frame: Features, width_px: int, most: int) -> list[Candidate]:
        """The ``most`` pictures that a frame ``width_px`` wide most probably shows, best first."""
        if 2 * self._pictures <= most:  # nothing to choose
            return [Candidate(i, mirrored, 0) for i in range(self._pictures) for mirrored in (False, True)]
        asked = max(_LEAST_ASKED, _COMPARISONS // max(1, len(self._descriptors)))
        first = Features(frame.points[:asked], frame.descriptors[:asked])
        return _ranked(self._search, first, width_px, most)

    def _search(self, descriptors: Pixels) -> tuple[NDArray[np.intp], _Ids]:
        query = descriptors.astype(np.float32)
        unit = DESCRIPTOR_LENGTH**-2.0
        rows, columns = np.zeros(0, np.intp), np.zeros(0, np.intp)
        values = np.zeros(0, np.float32)
        floor, every = np.full(len(query), _LEAST_LIKENESS, np.float32), np.arange(len(query))
        for start in range(0, len(self._descriptors), _BLOCK_ROWS):
            block = self._descriptors[start : start + _BLOCK_ROWS].astype(np.float32)
            likeness = np.asarray(
                cv2.gemm(query, block, unit, cast(NDArray[np.float32], None), 0.0, flags=cv2.GEMM_2_T)
            )
            # The best few of each row, one after the other: sorting all takes ten times as long.
            for _ in range(min(_NEAREST, likeness.shape[1])):
                column = likeness.argmax(axis=1)
                value = likeness[every, column]
                row = np.flatnonzero(value > floor)
                rows = np.concatenate([rows, row])
                values = np.concatenate([values, value[row]])
                columns = np.concatenate([columns, column[row] + start])
                likeness[every, column] = -1.0
            order = np.lexsort((columns, -values, rows))
            rank = np.arange(len(order)) - np.searchsorted(rows[order], rows[order])
            order = order[rank < _NEAREST]
            rows, columns, values = rows[order], columns[order], values[order]
            full = np.flatnonzero(np.bincount(rows, minlength=len(query)) == _NEAREST)
            floor[full] = values[np.searchsorted(rows, full, side="right") - 1]
        return rows, self._ids[columns]


class CoarseCandidates:
    """Compares with the features in the lists of an inverted file that are nearest, by short codes.

    Parameters
    ----------
    index : ndarray, uint8
        As ``build_index`` made it. Its origin must have been checked: it is read by faiss.

    Raises
    ------
    MissingDependency
        faiss is not installed.
    BadSet
        It is not such an index.
    """

    def __init__(self, index: NDArray[np.uint8]) -> None:
        faiss = _faiss()
        try:
            self._index = faiss.deserialize_index(np.ascontiguousarray(index))
        except RuntimeError as error:
            raise BadSet("the index of local features cannot be read") from error
        if not isinstance(self._index, faiss.IndexIVFPQFastScan) or self._index.d != 128:
            raise BadSet("the index of local features is of another kind")
        self._index.nprobe = _LISTS_PROBED

    def nearest(self, frame: Features, width_px: int, most: int) -> list[Candidate]:
        """The ``most`` pictures that a frame ``width_px`` wide most probably shows, best first."""
        return _ranked(self._search, frame, width_px, most)

    def _search(self, descriptors: Pixels) -> tuple[NDArray[np.intp], _Ids]:
        _, found = self._index.search(descriptors.astype(np.float32), _NEAREST)
        rows, columns = np.nonzero(found >= 0)
        return rows, found[rows, columns]


def open_candidates(shelf: Shelf, index: NDArray[np.uint8] | None) -> Candidates:
    """The index where there is one, all features of the shelf otherwise."""
    return ExactCandidates(shelf) if index is None else CoarseCandidates(index)


def build_index(shelf: Shelf) -> NDArray[np.uint8]:
    """An inverted file over the features of all pictures, for ``CoarseCandidates``.

    Returns
    -------
    ndarray, uint8
        About 9 KB a picture of 210 features; the same pictures give the same bytes.

    Raises
    ------
    MissingDependency
        faiss is not installed.
    """
    faiss = _faiss()
    total = sum(len(shelf.features(i)) for i in range(len(shelf)))
    lists = max(1, 2 ** int(np.log2(max(1.0, 4 * total**0.5))))
    while lists > 1 and lists * _POINTS_PER_LIST > total:
        lists //= 2
    index = faiss.IndexIVFPQFastScan(faiss.IndexFlatL2(128), 128, lists, _CODE_PARTS, _CODE_BITS)
    index.cp.seed = index.pq.cp.seed = _SEED
    every = max(1, total // (lists * _POINTS_PER_LIST))
    sample = np.concatenate([d[::every] for _, d in _blocks(shelf)])
    index.train(sample.astype(np.float32))
    for ids, descriptors in _blocks(shelf):
        index.add_with_ids(descriptors.astype(np.float32), ids)
    return np.asarray(faiss.serialize_index(index), np.uint8)


def _blocks(shelf: Shelf) -> Iterator[tuple[_Ids, Pixels]]:
    for start in range(0, len(shelf), 256):
        numbers = range(start, min(len(shelf), start + 256))
        taken = [shelf.features(i) for i in numbers]
        ids = [_ids(i, features) for i, features in zip(numbers, taken, strict=True)]
        yield np.concatenate(ids), np.concatenate([features.descriptors for features in taken])


def _faiss() -> Any:
    try:
        import faiss
    except ModuleNotFoundError as error:
        raise MissingDependency(
            "known pictures beyond 2,000 are found inside frames by faiss: pip install mediaforensics[scale]"
        ) from error
    return faiss


# The number of a feature says which picture it is of and where on it: 27 bits of picture, 9 each of x and y
# in pixels, 8 of size in sixteenths of an octave, 8 of direction in parts of the circle.
_NO_IDS = np.zeros(0, np.int64)


def _ids(picture: int, features: Features) -> _Ids:
    x, y, size, angle = (features.points[:, i].astype(np.float64) for i in range(4))
    packed = np.full(len(features), picture, np.int64)
    for bits, value in (
        (9, x),
        (9, y),
        (8, 16 * np.log2(np.maximum(size, 1.0))),
        (8, angle / 360 * 256 % 256),
    ):
        packed = packed << bits | np.clip(np.rint(value), 0, 2**bits - 1).astype(np.int64)
    return packed


def _unpacked(ids: _Ids) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    points = np.stack(
        [
            ids >> 25 & 511,
            ids >> 16 & 511,
            2 ** ((ids >> 8 & 255) / 16),
            (ids & 255) * (360 / 256),
        ],
        axis=1,
    )
    return ids >> 34, points.astype(np.float64)


def _ranked(search: Any, frame: Features, width_px: int, most: int) -> list[Candidate]:
    best: dict[tuple[int, bool], int] = {}
    for mirrored in (False, True):
        asked = frame.mirrored(width_px) if mirrored else frame
        if len(asked):
            rows, ids = search(asked.descriptors)
            pictures, votes = _agreeing(asked.points[rows].astype(np.float64), rows, ids)
            most_first = np.lexsort((pictures, -votes))[:most]
            for i in most_first.tolist():
                best[int(pictures[i]), mirrored] = int(votes[i])
    ranked = sorted(best.items(), key=lambda item: (-item[1], item[0]))
    return [
        Candidate(picture, mirrored, votes)
        for (picture, mirrored), votes in ranked[:most]
        if votes >= _LEAST_VOTES
    ]


def _agreeing(
    shown: NDArray[np.float64], rows: NDArray[np.intp], ids: _Ids
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pictures, and of each the most features of the frame that say the same of where it is."""
    if not len(ids):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    pictures, kept = _unpacked(ids)
    log_scale = np.log2(np.maximum(shown[:, 2], 1e-3) / kept[:, 2])
    turn = (shown[:, 3] - kept[:, 3]) % 360
    angle, scale = np.radians(turn), 2.0**log_scale
    dx, dy = _REFERENCE_PX - kept[:, 0], _REFERENCE_PX - kept[:, 1]
    x = shown[:, 0] + scale * (np.cos(angle) * dx - np.sin(angle) * dy)
    y = shown[:, 1] + scale * (np.sin(angle) * dx + np.cos(angle) * dy)
    keys = []
    turns = round(360 / _TURN_DEGREES)
    for bits in range(16):
        octave = np.floor(log_scale + 0.5 * (bits & 1)).astype(np.int64)
        step = 2 * _REFERENCE_PX * 2.0**octave * _BIN_FRACTION
        around = np.floor(turn / _TURN_DEGREES + 0.5 * (bits >> 1 & 1)).astype(np.int64) % turns
        across = np.floor(x / step + 0.5 * (bits >> 2 & 1)).astype(np.int64) & 63
        down = np.floor(y / step + 0.5 * (bits >> 3 & 1)).astype(np.int64) & 63
        place = ((octave & 15) * turns + around) << 12 | across << 6 | down
        # One feature of the frame has one vote for a place, however many of the picture's it resembles.
        keys.append(np.unique(pictures << 32 | place << 12 | rows))
    # Unique keys are in order: those of a place follow each other.
    firsts = [np.flatnonzero(np.diff(key >> 12, prepend=-1)) for key in keys]
    votes = np.concatenate([np.diff(first, append=len(key)) for first, key in zip(firsts, keys, strict=True)])
    found = np.concatenate([key[first] >> 32 for first, key in zip(firsts, keys, strict=True)])
    order = np.lexsort((-votes, found))
    found, votes = found[order], votes[order]
    best = np.flatnonzero(np.diff(found, prepend=-1))
    return found[best], votes[best]
