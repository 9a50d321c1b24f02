"""The pictures of a known set, to be found inside frames: read when needed, shared by all files."""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet
from mediaforensics.known.candidates import EXACT_MOST, open_candidates
from mediaforensics.known.features import Features
from mediaforensics.known.finder import PictureFinder
from mediaforensics.known.placement import Placement
from mediaforensics.known.segment import Pictures, holds
from mediaforensics.known.store import KnownSet
from mediaforensics.media.frame import Pixels

_KEPT = 64
"""Decoded pictures kept for the next sample; a memo."""


@dataclass(frozen=True, slots=True, eq=False)
class _Shelf:
    """The pictures of one segment."""

    start: int
    entries: int
    pictures: Pictures
    removed: NDArray[np.uint32]
    index: NDArray[np.uint8] | None
    usable: bool

    def place_of(self, entry: int) -> int | None:
        """Where on the shelf an entry's picture is."""
        i = int(np.searchsorted(self.pictures.entry, max(0, entry - self.start)))
        here = i < len(self.pictures) and self.start + int(self.pictures.entry[i]) == entry
        return i if here else None


class Shelves:
    """Finds the pictures of a set inside frames.

    Parameters
    ----------
    known : KnownSet
        Its segments' pictures are used as they lie; indexes over them are opened at the first search.
    """

    def __init__(self, known: KnownSet) -> None:
        self._shelves: list[_Shelf] = []
        self._finders: list[tuple[_Shelf, PictureFinder]] | None = None
        self._lumas: OrderedDict[int, Pixels] = OrderedDict()
        self._pictures: OrderedDict[int, Pixels] = OrderedDict()
        self._lock = threading.Lock()
        faiss = importlib.util.find_spec("faiss") is not None
        exact = 0
        for start, part in zip(known.starts, known.segments, strict=False):
            pictures = part.segment.pictures
            if pictures is None or not len(pictures):
                continue
            # A set that was indexed elsewhere is compared one by one where faiss is missing.
            index = pictures.candidates if faiss else None
            exact += len(pictures) if index is None else 0
            usable = index is not None or exact <= EXACT_MOST
            self._shelves.append(_Shelf(start, len(part.segment), pictures, part.removed, index, usable))

    @property
    def unusable(self) -> int:
        """How many pictures can be compared by hash only, for want of an index or of faiss."""
        return sum(len(shelf.pictures) for shelf in self._shelves if not shelf.usable)

    def luma(self, entry: int) -> Pixels | None:
        """Brightness of an entry's picture; None where there are no pixels."""
        return self._remembered(self._lumas, entry, Pictures.luma)

    def picture(self, entry: int) -> Pixels | None:
        """An entry's picture, RGB; None where there are no pixels."""
        return self._remembered(self._pictures, entry, Pictures.picture)

    def _remembered(
        self, memo: OrderedDict[int, Pixels], entry: int, read: Callable[[Pictures, int], Pixels]
    ) -> Pixels | None:
        with self._lock:
            if entry in memo:
                memo.move_to_end(entry)
                return memo[entry]
        for shelf in self._shelves:
            i = shelf.place_of(entry)
            if i is not None:
                pixels = read(shelf.pictures, i)
                with self._lock:
                    memo[entry] = pixels
                    while len(memo) > _KEPT:
                        memo.popitem(last=False)
                return pixels
        return None

    def find(
        self, luma: Pixels, features: Callable[[], Features], wanted: Callable[[int], bool]
    ) -> list[tuple[int, Placement]]:
        """Entries whose picture is inside a view of ``finder.VIEW_SIDE_PX``, and where.

        Parameters
        ----------
        luma : ndarray, uint8, shape (height, width)
            The view.
        features : callable
            Gives the view's ``frame_features``.
        wanted : callable
            Whether an entry is still to be looked for.
        """
        opened = self._opened()
        if not opened:
            return []
        frame = features()
        return [one for shelf, finder in opened for one in _found(shelf, finder, frame, luma, wanted)]

    def _opened(self) -> list[tuple[_Shelf, PictureFinder]]:
        with self._lock:
            if self._finders is None:
                self._finders = []
                for shelf in self._shelves:
                    if shelf.usable:
                        candidates = open_candidates(shelf.pictures, shelf.index)
                        self._finders.append((shelf, PictureFinder(shelf.pictures, candidates)))
            return self._finders


def _found(
    shelf: _Shelf, finder: PictureFinder, frame: Features, luma: Pixels, wanted: Callable[[int], bool]
) -> list[tuple[int, Placement]]:
    entries, start = shelf.pictures.entry, shelf.start
    if int(entries.max()) >= shelf.entries:
        raise BadSet("a picture of the set is of an entry that is not there")
    gone = holds(shelf.removed, entries)
    found = finder.find(frame, luma, lambda i: not gone[i] and wanted(start + int(entries[i])))
    return [(start + int(entries[i]), placement) for i, placement in found]
