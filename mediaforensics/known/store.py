"""The set of known pictures: lists opened once, searched together, each with its own rules.

What a search finds is decided entry by entry, and ``explain`` says the decision in words, also for what does
not count.
"""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import MissingDependency
from mediaforensics.known.candidates import EXACT_MOST, build_index
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.folder import PICTURES_PER_SEGMENT, OnProgress, read_pictures
from mediaforensics.known.lists import KnownList
from mediaforensics.known.merge import merge_due, merged
from mediaforensics.known.opening import Opened, open_paths, opened_set
from mediaforensics.known.segment import UNKNOWN_QUALITY, Kind, ListEntry
from mediaforensics.known.storage import StoredSegment, StoredSet, update_set, write_set
from mediaforensics.options import KnownOptions, LimitOptions
from mediaforensics.types import HashValue

if TYPE_CHECKING:
    from mediaforensics.known.matching import Explanation

INDEXED_FROM = EXACT_MOST // 8
"""Pictures in a segment, where an index costs a frame less than comparing one by one. Smaller segments, each
half as large as the next, together hold fewer than are compared one by one."""


class KnownSet:
    """Known pictures and videos in named lists; immutable, shared by all threads.

    Use ``open``; ``add`` and ``remove`` give a new set that shares the columns of the old one.

    Attributes
    ----------
    lists : mapping of str to KnownList
        By name.
    segments : tuple of StoredSegment
        What it is made of.
    problems : tuple of Problem
        What could not be used, and why.
    """

    def __init__(
        self,
        *,
        lists: Iterable[KnownList],
        segments: Iterable[StoredSegment],
        problems: Iterable[Problem] = (),
        version: str | None = None,
    ) -> None:
        self.lists: Mapping[str, KnownList] = {one.name: one for one in lists}
        self.segments, self.problems = tuple(segments), tuple(problems)
        self._version = version
        self.starts = [0, *accumulate(len(part.segment) for part in self.segments)]

    def __repr__(self) -> str:
        return f"KnownSet(lists={sorted(self.lists)}, entries={len(self)}, problems={len(self.problems)})"

    def __len__(self) -> int:
        return self.starts[-1] - sum(len(part.removed) for part in self.segments)

    @classmethod
    def open(
        cls,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        rules: KnownList | None = None,
        form: str | None = None,
        limits: LimitOptions | None = None,
        min_quality: int = 50,
        on_progress: OnProgress | None = None,
    ) -> KnownSet:
        """Read folders of pictures and videos, hash lists, and sets that were built.

        Parameters
        ----------
        paths : path or sequence of paths
            A folder: each picture or video in it is an entry, its stem the ``entry_id``, the folder's name
            the list; a ``labels.toml`` in it may give labels (``entry_id = ["..."]``, ``"*"`` for all). A
            picture file: the same, as if it were alone in its folder. Another file: a hash list in any
            format of ``docs/hash-lists.md``, its stem the list's name. A folder that ``save`` made: the
            set in it.
        rules : KnownList, optional
            Name and settings for what is read, instead of the name above and the defaults; not for sets
            that were built, which bring their own.
        form : str, optional
            Format of a hash list, where its content does not tell.
        limits : LimitOptions, optional
            What one picture may cost.
        min_quality : int
            PDQ quality (0..100) below which a picture is told to be found by local features only.
        on_progress : callable, optional
            Called with the number of files of a folder that are read.

        Raises
        ------
        CannotOpen
            A path does not exist, is a link, or cannot be read.
        BadHash
            Nothing in a list, or in a folder, can be used.
        BadSet
            A built set is damaged.
        OptionError
            No path was given, or ``min_quality`` is out of range.
        """
        known = cls(lists=(), segments=())
        for opened in open_paths(paths, rules, form, limits, min_quality, on_progress):
            known = known._with(opened, opened.withdrawn)
        return known

    @classmethod
    def of_pictures(
        cls, named: Mapping[str, str | PathLike[str]], *, rules: KnownList, limits: LimitOptions | None = None
    ) -> KnownSet:
        """A set of picture files by their ``entry_id``; those that cannot be read are not in it.

        Parameters
        ----------
        named : mapping of str to path
            Pictures, each with its ``entry_id``.
        rules : KnownList
            Name and settings of their list.
        limits : LimitOptions, optional
            What one picture may cost.
        """
        paths = {entry_id: Path(path) for entry_id, path in named.items()}
        segment = read_pictures(paths, rules.name, limits or LimitOptions())
        part = StoredSegment(segment=segment, removed=np.zeros(0, np.uint32), digest=segment.digest())
        return cls(lists=(rules,), segments=(part,) if len(segment) else ())

    def add(
        self,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        rules: KnownList | None = None,
        form: str | None = None,
        limits: LimitOptions | None = None,
        on_progress: OnProgress | None = None,
    ) -> KnownSet:
        """A set with more in it. Parameters as of ``open``.

        Entries that a list takes back are removed; one that a list has already is replaced.
        """
        known = self
        for opened in open_paths(paths, rules, form, limits, KnownOptions().min_quality, on_progress):
            known = known._with(opened, opened.replacing(known.lists))
        return known._merged()

    def remove(self, list_name: str, entry_ids: Iterable[str]) -> KnownSet:
        """A set without these entries of a list; nothing is rebuilt."""
        wanted = list(entry_ids)
        segments = tuple(_without(part, part.segment.find(list_name, wanted)) for part in self.segments)
        return self._of(segments)

    def save(self, folder: str | PathLike[str]) -> None:
        """Write to a new folder, which ``open`` reads back at once, however large it is.

        Raises
        ------
        OptionError
            Something is there already.
        OSError
            It cannot be written.
        """
        write_set(Path(folder), self._stored())

    def update(self, folder: str | PathLike[str]) -> KnownSet:
        """Bring the folder that this set was opened from to what it is now; only what is new is written.

        Returns
        -------
        KnownSet
            The set as it lies there, to go on with.

        Raises
        ------
        OptionError
            The folder was changed by somebody else since, or this set does not come from it.
        OSError
            It cannot be written; the set is then as it was.
        """
        update_set(Path(folder), self._stored())
        return KnownSet.open(folder)

    @staticmethod
    def verify(folder: str | PathLike[str]) -> None:
        """Read every byte of a built set and compare it with what was written.

        Raises
        ------
        BadSet
            Something is damaged; the message names the file.
        """
        opened_set(Path(folder), whole=True)

    def digest(self) -> str:
        """SHA-256 over entries, values and rules, whatever the order they were read in."""
        total = hashlib.sha256()
        for name in sorted(self.lists):
            total.update(json.dumps(self.lists[name].to_mapping(), sort_keys=True).encode())
        for part in sorted(self.segments, key=lambda part: (part.digest, part.removed.tobytes())):
            total.update(part.digest.encode() + part.removed.tobytes())
        return total.hexdigest()

    def entry(self, number: int) -> ListEntry:
        """An entry by its number, with the labels of its list."""
        part, i = self.at(number)
        entry = part.segment.entry(i)
        return replace(entry, labels=self.lists[entry.list_name].labels + entry.labels)

    def entries(self) -> Iterator[tuple[int, ListEntry]]:
        """All entries that count, with their numbers."""
        for start, part in zip(self.starts, self.segments, strict=False):
            for i in np.flatnonzero(part.live()).tolist():
                yield start + i, self.entry(start + i)

    def rows(self, list_name: str | None = None) -> Iterator[Listed]:
        """All values that count, entry by entry, as ``exchange`` writes them; of one list, or of all."""
        for start, part in zip(self.starts, self.segments, strict=False):
            yield from _rows(self, start, part, list_name)

    def stats(self) -> dict[str, Any]:
        """Plain data: for each list its entries, values and pictures; what was removed; what it takes."""
        lists: dict[str, dict[str, Any]] = {
            name: {"entries": 0, "values": {}, "pictures": 0, **rules.to_mapping()}
            for name, rules in sorted(self.lists.items())
        }
        for part in self.segments:
            segment = part.segment
            live = part.live()
            for number, name in enumerate(segment.lists):
                mine, one = live & (segment.list_of == number), lists[name]
                one["entries"] += int(mine.sum())
                for (algorithm, bits), values in segment.values.items():
                    if count := int(mine[values.entry].sum()):
                        kind = f"{algorithm}-{bits}"
                        one["values"][kind] = one["values"].get(kind, 0) + count
                if segment.pictures is not None:
                    one["pictures"] += int(mine[segment.pictures.entry].sum())
        return {
            "entries": len(self),
            "removed": sum(len(part.removed) for part in self.segments),
            "segments": len(self.segments),
            "problems": len(self.problems),
            "digest": self.digest(),
            "lists": lists,
        }

    def explain(
        self,
        what: HashValue | str | PathLike[str],
        *,
        quality: int | None = None,
        options: KnownOptions | None = None,
    ) -> tuple[Explanation, ...]:
        """Say of every entry near a value, or a picture, whether it matches, and why or why not.

        Parameters
        ----------
        what : HashValue or path
            A value as it is; or a picture, hashed in all orientations, with and without bars.
        quality : int, optional
            PDQ quality of the picture that a value comes from.
        options : KnownOptions, optional
            Distances and quality for lists that state none.

        Returns
        -------
        tuple of Explanation
            Nearest first, up to 16 bits beyond what the lists allow. Pictures inside the picture are not
            looked for: that is what ``Analyzer`` does.

        Raises
        ------
        MediaError
            The picture cannot be read.
        """
        from mediaforensics.known.matching import explain

        return explain(self, what, quality, options or KnownOptions())

    @property
    def videos(self) -> int:
        """How many entries are known by their frames."""
        total = 0
        for part in self.segments:
            shown = np.zeros(len(part.segment), np.bool_)
            for values in part.segment.values.values():
                shown[values.entry[values.at_ms >= 0]] = True
            total += int((shown & part.live()).sum())
        return total

    @property
    def with_pictures(self) -> int:
        """How many entries have pixels."""
        pictures = ((part.live(), part.segment.pictures) for part in self.segments)
        return sum(int(live[shown.entry].sum()) for live, shown in pictures if shown is not None)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """Algorithms and widths of the values in it."""
        return tuple(sorted({kind for part in self.segments for kind in part.segment.values}))

    def rules_of(self, number: int) -> KnownList:
        """The settings of the list that an entry is of."""
        part, i = self.at(number)
        return self.lists[part.segment.list_name(i)]

    def at(self, number: int) -> tuple[StoredSegment, int]:
        """The segment an entry lies in, and its number there."""
        nth = bisect_right(self.starts, number) - 1
        return self.segments[nth], number - self.starts[nth]

    def _with(self, opened: Opened, gone: Mapping[str, Collection[str]]) -> KnownSet:
        """With what a path holds, and without the ids of each list that are gone."""
        lists = dict(self.lists)
        for rules in opened.lists:
            lists[rules.name] = _agreed(lists.get(rules.name), rules)
        segments = [
            _without(part, [i for name, ids in gone.items() for i in part.segment.find(name, ids)])
            for part in self.segments
        ]
        return KnownSet(
            lists=lists.values(),
            segments=[*segments, *opened.segments],
            problems=[*self.problems, *opened.problems],
            version=self._version if self.segments else opened.version,
        )

    def _of(self, segments: Iterable[StoredSegment]) -> KnownSet:
        return KnownSet(
            lists=self.lists.values(), segments=segments, problems=self.problems, version=self._version
        )

    def _merged(self) -> KnownSet:
        """Small segments made one; few stay, and an entry is seldom written again."""
        parts = list(self.segments)
        while due := merge_due([len(p.segment) for p in parts], [len(p.removed) for p in parts]):
            here = slice(due.start, due.stop)
            if sum(len(part.segment.pictures or ()) for part in parts[here]) > PICTURES_PER_SEGMENT:
                break
            segment = merged(parts[here])
            parts[here] = (
                [StoredSegment(segment=segment, removed=np.zeros(0, np.uint32), digest=segment.digest())]
                if len(segment)
                else []
            )
        return self._of(parts)

    def _stored(self) -> StoredSet:
        about = {
            "lists": [self.lists[name].to_mapping() for name in sorted(self.lists)],
            "problems": [[problem.where, problem.why] for problem in self.problems],
        }
        return StoredSet(
            segments=tuple(_indexed(part) for part in self.segments), about=about, version=self._version
        )


def _indexed(part: StoredSegment) -> StoredSegment:
    """With a coarse index over its local features, where comparing each would be dear.

    Without faiss it stays without one; who searches it is told (``KnownDetector.notes``).
    """
    pictures = part.segment.pictures
    if pictures is None or pictures.candidates is not None or len(pictures) < INDEXED_FROM:
        return part
    try:
        index = build_index(pictures)
    except MissingDependency:
        return part
    return replace(part, segment=replace(part.segment, pictures=replace(pictures, candidates=index)))


def _agreed(before: KnownList | None, now: KnownList) -> KnownList:
    """Settings that were stated last hold; a list that is read again without any keeps what it had."""
    return before if before is not None and now == KnownList(name=now.name) else now


def _without(part: StoredSegment, entries: Sequence[int]) -> StoredSegment:
    if not entries:
        return part
    return replace(part, removed=np.union1d(part.removed, np.array(entries, np.uint32)))


def _rows(known: KnownSet, start: int, part: StoredSegment, list_name: str | None) -> Iterator[Listed]:
    """The values of a segment in the order of its entries."""
    segment = part.segment
    order: list[tuple[NDArray[np.uint32], NDArray[np.intp]]] = []
    kinds = list(segment.values)
    for kind in kinds:
        rows = np.argsort(segment.values[kind].entry, kind="stable")
        order.append((segment.values[kind].entry[rows], rows))
    for i in np.flatnonzero(part.live()).tolist():
        if list_name is not None and segment.list_name(i) != list_name:
            continue
        entry = known.entry(start + i)
        for kind, (entries, rows) in zip(kinds, order, strict=True):
            values = segment.values[kind]
            table = values.index.arrays()["values"]
            first, last = np.searchsorted(entries, (i, i + 1))
            for row in rows[first:last].tolist():
                quality, at_ms = int(values.quality[row]), int(values.at_ms[row])
                yield Listed(
                    entry_id=entry.entry_id,
                    algorithm=kind[0],
                    value=table[row].tobytes(),
                    labels=entry.labels,
                    quality=None if quality == UNKNOWN_QUALITY else quality,
                    at_s=at_ms / 1000 if at_ms >= 0 else None,
                )
