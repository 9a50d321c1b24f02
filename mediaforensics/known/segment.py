"""One part of a known set that never changes: entries, hash values and pictures, in columns.

A set grows by further segments and shrinks by lists of removed entries; columns may lie in memory or be
mapped from files, which is what lets a set of ten million hashes open at once.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet
from mediaforensics.known.features import Features
from mediaforensics.known.index import HashIndex
from mediaforensics.media.frame import Pixels

Kind = tuple[str, int]
"""Algorithm and width in bits, such as ``("pdq", 256)``."""
Arrays = Mapping[str, NDArray[Any]]

POINT_VALUES, DESCRIPTOR_VALUES = 4, 128
"""Columns of the features (``Features``)."""
UNKNOWN_QUALITY = 255
NO_TIME_MS = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """One entry of a list, as a reader of the report meets it.

    Attributes
    ----------
    entry_id, list_name : str
        Which entry of which list.
    labels : tuple of str
        What the list says about it.
    """

    entry_id: str
    list_name: str
    labels: tuple[str, ...]


class Blobs:
    """Byte strings in one array: ``data`` uint8, ``ends`` uint64, one end each.

    Raises
    ------
    BadSet
        Where an end does not fit, on reaching it.
    """

    __slots__ = ("_data", "_ends")

    def __init__(self, data: NDArray[np.uint8], ends: NDArray[np.uint64]) -> None:
        self._data, self._ends = data, ends
        if (int(ends[-1]) if len(ends) else 0) != len(data):
            raise BadSet("strings do not fill their column")

    @classmethod
    def of(cls, items: Sequence[bytes]) -> Blobs:
        """Put byte strings into one array."""
        ends = np.cumsum(np.fromiter(map(len, items), np.uint64, len(items)), dtype=np.uint64)
        return cls(np.frombuffer(b"".join(items), np.uint8), ends)

    def __len__(self) -> int:
        return len(self._ends)

    def __getitem__(self, i: int) -> bytes:
        start, end = (int(self._ends[i - 1]) if i else 0), int(self._ends[i])
        if not 0 <= start <= end <= len(self._data):
            raise BadSet("a string ends before it starts")
        return self._data[start:end].tobytes()

    def __iter__(self) -> Iterator[bytes]:
        return (self[i] for i in range(len(self)))

    def kept(self, keep: NDArray[np.bool_]) -> Blobs:
        """Those that a mask keeps."""
        lengths = np.diff(self._ends, prepend=np.uint64(0)).astype(np.int64)
        return Blobs(self._data[np.repeat(keep, lengths)], np.cumsum(lengths[keep], dtype=np.uint64))

    @classmethod
    def joined(cls, parts: Sequence[Blobs]) -> Blobs:
        """One after the other."""
        lengths = [np.diff(part._ends, prepend=np.uint64(0)) for part in parts]
        return cls(
            np.concatenate([part._data for part in parts]),
            np.cumsum(np.concatenate(lengths), dtype=np.uint64),
        )

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """The two columns, named."""
        return {f"{name}.data": self._data, f"{name}.ends": self._ends}

    @classmethod
    def from_arrays(cls, name: str, arrays: Arrays) -> Blobs:
        """Back from the two columns."""
        return cls(column(arrays, f"{name}.data", np.uint8), column(arrays, f"{name}.ends", np.uint64))


def column(arrays: Arrays, name: str, dtype: type[np.generic], width: int | None = None) -> NDArray[Any]:
    """A column by name, checked.

    Raises
    ------
    BadSet
        It is missing, or of another type or shape.
    """
    array = arrays.get(name)
    if array is None:
        raise BadSet(f"the column {name} is missing")
    if array.dtype != np.dtype(dtype) or array.ndim != (1 if width is None else 2):
        raise BadSet(f"the column {name} is of another type")
    if width is not None and array.shape[1] != width:
        raise BadSet(f"the column {name} is {array.shape[1]} wide, not {width}")
    return array


def holds(rising: NDArray[np.uint32], numbers: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which of some numbers a rising column has in it."""
    if not len(rising):
        return np.zeros(len(numbers), np.bool_)
    at = np.minimum(np.searchsorted(rising, numbers), len(rising) - 1)
    return np.asarray(rising[at] == numbers)


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """The hash values of one kind.

    Attributes
    ----------
    index : HashIndex
        Over the values.
    entry : ndarray, uint32, shape (n,)
        Which entry each value belongs to.
    quality : ndarray, uint8, shape (n,)
        PDQ quality; 255 where it is not known.
    at_ms : ndarray, int32, shape (n,)
        Position in a known video, milliseconds; -1 for a picture.
    """

    index: HashIndex
    entry: NDArray[np.uint32]
    quality: NDArray[np.uint8]
    at_ms: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Pictures that come with pixels, to 320 px, and their local features.

    Attributes
    ----------
    entry : ndarray, uint32, shape (n,), rising
        Which entry each picture is.
    coded : Blobs
        As JPEG.
    feature_ends : ndarray, uint64, shape (n,)
        Where the features of each picture end.
    points : ndarray, float32, shape (m, 4)
    descriptors : ndarray, uint8, shape (m, 128)
    candidates : ndarray, uint8, or None
        The coarse index over the descriptors, as ``candidates.py`` wrote it; None where there is none.
    """

    entry: NDArray[np.uint32]
    coded: Blobs
    feature_ends: NDArray[np.uint64]
    points: NDArray[np.float32]
    descriptors: NDArray[np.uint8]
    candidates: NDArray[np.uint8] | None

    def __len__(self) -> int:
        return len(self.entry)

    def luma(self, i: int) -> Pixels:
        """Brightness of a picture, uint8, shape (height, width)."""
        return self._decoded(i, cv2.IMREAD_GRAYSCALE)

    def picture(self, i: int) -> Pixels:
        """A picture, uint8, shape (height, width, 3), RGB."""
        return np.asarray(cv2.cvtColor(self._decoded(i, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB), np.uint8)

    def _decoded(self, i: int, how: int) -> Pixels:
        decoded = cv2.imdecode(np.frombuffer(self.coded[i], np.uint8), how)
        if decoded is None:
            raise BadSet("a picture of the set cannot be decoded")
        return np.asarray(decoded, np.uint8)

    def features(self, i: int) -> Features:
        """Local features of a picture."""
        start, end = (int(self.feature_ends[i - 1]) if i else 0), int(self.feature_ends[i])
        if not 0 <= start <= end <= len(self.points):
            raise BadSet("the features of a picture end before they start")
        return Features(self.points[start:end], self.descriptors[start:end])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Segment:
    """Entries in columns.

    Attributes
    ----------
    lists : tuple of str
        Names of the lists in it.
    list_of : ndarray, uint16, shape (n,)
        Which of them each entry is of.
    ids : Blobs
        Entry ids, UTF-8.
    keys : ndarray, uint32, shape (n,)
        CRC-32 of each id, for finding one among millions.
    labels_of : ndarray, uint32, shape (n,)
        Which of the label sets each entry has.
    labels : Blobs
        Label sets, each a JSON list.
    values : mapping of Kind to Values
    pictures : Pictures or None
    """

    lists: tuple[str, ...]
    list_of: NDArray[np.uint16]
    ids: Blobs
    keys: NDArray[np.uint32]
    labels_of: NDArray[np.uint32]
    labels: Blobs
    values: Mapping[Kind, Values]
    pictures: Pictures | None

    def __post_init__(self) -> None:
        n = len(self.ids)
        if not len(self.list_of) == len(self.labels_of) == len(self.keys) == n:
            raise BadSet("the columns of the entries are not equally long")
        for (algorithm, _), values in self.values.items():
            if not len(values.index) == len(values.entry) == len(values.quality) == len(values.at_ms):
                raise BadSet(f"the columns of the {algorithm} values are not equally long")
        pictures = self.pictures
        if pictures is not None and not len(pictures.entry) == len(pictures.coded) == len(
            pictures.feature_ends
        ):
            raise BadSet("the columns of the pictures are not equally long")

    def __repr__(self) -> str:
        return f"Segment(lists={self.lists!r}, entries={len(self)})"

    def __len__(self) -> int:
        return len(self.ids)

    def list_name(self, i: int) -> str:
        """Name of the list that an entry is of.

        Raises
        ------
        BadSet
            There is no such list.
        """
        number = int(self.list_of[i])
        if number >= len(self.lists):
            raise BadSet(f"entry {i} of the set is of a list that is not there")
        return self.lists[number]

    def entry(self, i: int) -> ListEntry:
        """An entry by its number.

        Raises
        ------
        BadSet
            The columns contradict each other there.
        """
        try:
            labels = json.loads(self.labels[int(self.labels_of[i])])
            return ListEntry(
                entry_id=self.ids[i].decode("utf-8", "surrogateescape"),
                list_name=self.list_name(i),
                labels=tuple(str(label) for label in labels),
            )
        except (IndexError, ValueError, TypeError) as error:
            raise BadSet(f"entry {i} of the set cannot be read: {error}") from error

    def find(self, list_name: str, entry_ids: Iterable[str]) -> list[int]:
        """Numbers of the entries of a list that have one of these ids."""
        if list_name not in self.lists:
            return []
        wanted = {entry_id.encode("utf-8", "surrogateescape") for entry_id in entry_ids}
        keys = np.fromiter((zlib.crc32(one) for one in wanted), np.uint32, len(wanted))
        here = (self.list_of == self.lists.index(list_name)) & np.isin(self.keys, keys)
        return [int(i) for i in np.flatnonzero(here) if self.ids[int(i)] in wanted]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All columns by name, as ``from_arrays`` takes them."""
        columns: dict[str, NDArray[Any]] = {
            "entry.list": self.list_of,
            "entry.key": self.keys,
            "entry.labels": self.labels_of,
        }
        columns |= self.ids.arrays("entry.id") | self.labels.arrays("labels")
        for (algorithm, bits), values in self.values.items():
            name = f"hash.{algorithm}-{bits}"
            columns |= {
                f"{name}.entry": values.entry,
                f"{name}.quality": values.quality,
                f"{name}.at-ms": values.at_ms,
            }
            columns |= {f"{name}.index.{key}": array for key, array in values.index.arrays().items()}
        if self.pictures is not None:
            columns |= {
                "picture.entry": self.pictures.entry,
                "feature.ends": self.pictures.feature_ends,
                "feature.points": self.pictures.points,
                "feature.descriptors": self.pictures.descriptors,
            }
            columns |= self.pictures.coded.arrays("picture.coded")
            if self.pictures.candidates is not None:
                columns["feature.candidates"] = self.pictures.candidates
        return columns

    @classmethod
    def from_arrays(cls, lists: Sequence[str], arrays: Arrays) -> Segment:
        """A segment over columns, which may be mapped from files.

        Raises
        ------
        BadSet
            A column is missing, of another type, or does not fit the others.
        """
        values: dict[Kind, Values] = {}
        for name in sorted(arrays):
            parts = name.split(".")
            if parts[0] != "hash" or parts[2] != "entry":
                continue
            algorithm, _, bits = parts[1].rpartition("-")
            prefix = f"hash.{parts[1]}."
            mine = {
                key.removeprefix(f"{prefix}index."): array
                for key, array in arrays.items()
                if key.startswith(f"{prefix}index.")
            }
            kind = algorithm, int(bits)
            values[kind] = Values(
                index=HashIndex.from_arrays(kind, mine),
                entry=column(arrays, f"{prefix}entry", np.uint32),
                quality=column(arrays, f"{prefix}quality", np.uint8),
                at_ms=column(arrays, f"{prefix}at-ms", np.int32),
            )
        pictures = None
        if "picture.entry" in arrays:
            pictures = Pictures(
                entry=column(arrays, "picture.entry", np.uint32),
                coded=Blobs.from_arrays("picture.coded", arrays),
                feature_ends=column(arrays, "feature.ends", np.uint64),
                points=column(arrays, "feature.points", np.float32, POINT_VALUES),
                descriptors=column(arrays, "feature.descriptors", np.uint8, DESCRIPTOR_VALUES),
                candidates=column(arrays, "feature.candidates", np.uint8)
                if "feature.candidates" in arrays
                else None,
            )
        return cls(
            lists=tuple(lists),
            list_of=column(arrays, "entry.list", np.uint16),
            ids=Blobs.from_arrays("entry.id", arrays),
            keys=column(arrays, "entry.key", np.uint32),
            labels_of=column(arrays, "entry.labels", np.uint32),
            labels=Blobs.from_arrays("labels", arrays),
            values=values,
            pictures=pictures,
        )

    def digest(self) -> str:
        """SHA-256 over what the entries are; how they are indexed does not count."""
        total = hashlib.sha256(json.dumps(self.lists).encode())
        for name, array in sorted(self.arrays().items()):
            if (".index." in name and not name.endswith(".index.values")) or name == "feature.candidates":
                continue
            total.update(f"{name} {array.dtype} {array.shape}\n".encode())
            total.update(np.ascontiguousarray(array).data)
        return total.hexdigest()
