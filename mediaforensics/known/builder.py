"""Putting entries, hash values and pictures into a segment, one after another."""

from __future__ import annotations

import json
import zlib
from array import array
from collections.abc import Iterable

import cv2
import numpy as np

from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.features import Features
from mediaforensics.known.index import HashIndex
from mediaforensics.known.segment import (
    DESCRIPTOR_VALUES,
    NO_TIME_MS,
    POINT_VALUES,
    UNKNOWN_QUALITY,
    Blobs,
    Kind,
    Pictures,
    Segment,
    Values,
)
from mediaforensics.media.frame import Pixels

_JPEG_QUALITY = 92
_LONGEST_MS = 2**31 - 1


class _Column:
    """Values of one kind while they come in."""

    __slots__ = ("at_ms", "entry", "quality", "values")

    def __init__(self) -> None:
        self.values = bytearray()
        self.entry, self.quality, self.at_ms = array("I"), array("B"), array("i")


class _Gathered:
    """Pictures while they come in; the bytes are not copied when the segment is made."""

    __slots__ = ("coded", "coded_ends", "descriptors", "entry", "feature_ends", "points")

    def __init__(self) -> None:
        self.coded, self.points, self.descriptors = bytearray(), bytearray(), bytearray()
        self.entry, self.coded_ends, self.feature_ends = array("I"), array("Q"), array("Q")

    def pictures(self) -> Pictures | None:
        if not self.entry:
            return None
        return Pictures(
            entry=np.array(self.entry, np.uint32),
            coded=Blobs(np.frombuffer(self.coded, np.uint8), np.array(self.coded_ends, np.uint64)),
            feature_ends=np.array(self.feature_ends, np.uint64),
            points=np.frombuffer(self.points, np.float32).reshape(-1, POINT_VALUES),
            descriptors=np.frombuffer(self.descriptors, np.uint8).reshape(-1, DESCRIPTOR_VALUES),
            candidates=None,
        )


class SegmentBuilder:
    """A segment under construction; entries come in the order in which they are to be numbered."""

    def __init__(self) -> None:
        self._lists: dict[str, int] = {}
        self._list_of, self._labels_of, self._keys = array("H"), array("I"), array("I")
        self._ids: list[bytes] = []
        self._labels: dict[tuple[str, ...], int] = {}
        self._columns: dict[Kind, _Column] = {}
        self._gathered = _Gathered()

    def __len__(self) -> int:
        return len(self._ids)

    def entry(self, list_name: str, entry_id: str, labels: tuple[str, ...] = ()) -> int:
        """Begin an entry and return its number."""
        coded = entry_id.encode("utf-8", "surrogateescape")
        self._ids.append(coded)
        self._keys.append(zlib.crc32(coded))
        self._list_of.append(self._lists.setdefault(list_name, len(self._lists)))
        self._labels_of.append(self._labels.setdefault(labels, len(self._labels)))
        return len(self._ids) - 1

    def value(
        self,
        entry: int,
        algorithm: str,
        value: bytes,
        quality: int | None = None,
        at_s: float | None = None,
    ) -> None:
        """Give an entry a hash value."""
        kind = algorithm, 8 * len(value)
        column = self._columns.get(kind)
        if column is None:
            column = self._columns[kind] = _Column()
        column.values += value
        column.entry.append(entry)
        column.quality.append(UNKNOWN_QUALITY if quality is None else quality)
        column.at_ms.append(NO_TIME_MS if at_s is None else min(_LONGEST_MS, round(at_s * 1000)))

    def picture(self, entry: int, rgb: Pixels, features: Features) -> None:
        """Give an entry its picture, to be laid over frames, and the features to find it by."""
        bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
        done, coded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not done:
            raise MemoryError("a picture could not be encoded")
        gathered = self._gathered
        gathered.entry.append(entry)
        gathered.coded += coded.tobytes()
        gathered.coded_ends.append(len(gathered.coded))
        gathered.points += features.points.astype(np.float32).tobytes()
        gathered.descriptors += features.descriptors.tobytes()
        gathered.feature_ends.append(len(gathered.descriptors) // DESCRIPTOR_VALUES)

    def listed(
        self, list_name: str, rows: Iterable[Listed | Problem], told_most: int
    ) -> tuple[list[Problem], dict[str, int]]:
        """Take in a list; values in a row with the same id are one entry.

        Returns
        -------
        list of Problem
            What could not be used: the first ``told_most``, then how many more.
        dict of str to int
            Ids that the list takes back, each with the number of entries read until then: those before it
            with that id no longer count.
        """
        problems: list[Problem] = []
        untold = 0
        withdrawn: dict[str, int] = {}
        before: tuple[str, tuple[str, ...]] | None = None
        number = -1
        for row in rows:
            if isinstance(row, Problem):
                if len(problems) < told_most:
                    problems.append(row)
                else:
                    untold += 1
                continue
            entry_id, algorithm, value, labels, quality, at_s, taken_back = row
            if taken_back:
                withdrawn[entry_id] = len(self)
                before = None
                continue
            if (entry_id, labels) != before:
                before = entry_id, labels
                number = self.entry(list_name, entry_id, labels)
            self.value(number, algorithm, value, quality, at_s)
        if untold:
            problems.append(Problem(where=list_name, why=f"and {untold} more"))
        return problems, withdrawn

    def build(self) -> Segment:
        """The segment; what was given so far belongs to it."""
        return Segment(
            lists=tuple(self._lists),
            list_of=np.array(self._list_of, np.uint16),
            ids=Blobs.of(self._ids),
            keys=np.array(self._keys, np.uint32),
            labels_of=np.array(self._labels_of, np.uint32),
            labels=Blobs.of([json.dumps(one).encode() for one in self._labels]),
            values={kind: _values(kind, column) for kind, column in sorted(self._columns.items())},
            pictures=self._gathered.pictures(),
        )


def _values(kind: Kind, column: _Column) -> Values:
    table = np.frombuffer(bytes(column.values), np.uint8).reshape(len(column.entry), kind[1] // 8)
    return Values(
        index=HashIndex.build(kind, table),
        entry=np.array(column.entry, np.uint32),
        quality=np.array(column.quality, np.uint8),
        at_ms=np.array(column.at_ms, np.int32),
    )
