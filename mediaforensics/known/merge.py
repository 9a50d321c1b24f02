"""Several segments made one, without what was removed from them, and when that is due.

A set grows by a new segment and shrinks by a list of what is removed. When neighbours become one follows the
logarithmic method: J. Bentley, J. Saxe, "Decomposable Searching Problems I: Static-to-Dynamic
Transformation", Journal of Algorithms 1 (1980).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.index import HashIndex
from mediaforensics.known.segment import Blobs, Kind, Pictures, Segment, Values
from mediaforensics.known.storage import StoredSegment

_Mask = NDArray[np.bool_]
_GROWTH = 2
"""A segment is at least twice as large as the next, the method's own base: there are at most log2(n) of them,
and a value is rebuilt only into a segment 1.5 times as large, log1.5(n) times at most."""
_REMOVED_MOST = 0.5
"""Share of a segment; beyond it half of what a search looks at counts for nothing."""


def merge_due(sizes: Sequence[int], removed: Sequence[int]) -> range | None:
    """Which neighbouring segments should be made one, without what was removed from them.

    Parameters
    ----------
    sizes, removed : sequence of int
        Of each segment, oldest first: how many entries it has, and how many of them no longer count.

    Returns
    -------
    range or None
        One segment or more; None where all is well. Merge and ask again.
    """
    for last in range(len(sizes) - 1, 0, -1):
        first, after = last, sizes[last] - removed[last]
        while first > 0 and sizes[first - 1] < _GROWTH * after:
            first -= 1
            after += sizes[first] - removed[first]
        if first < last:
            return range(first, last + 1)
    for i, (size, gone) in enumerate(zip(sizes, removed, strict=True)):
        if gone > _REMOVED_MOST * size:
            return range(i, i + 1)
    return None


def merged(parts: Sequence[StoredSegment]) -> Segment:
    """One segment with the entries that still count, in order.

    The coarse index over local features is not carried over: it is made when the set is written.
    """
    kept = [part.live() for part in parts]
    numbers = _new_numbers(kept)
    segments = [part.segment for part in parts]
    lists = list(dict.fromkeys(name for segment in segments for name in segment.lists))
    starts = np.cumsum([0, *(len(segment.labels) for segment in segments)])
    return Segment(
        lists=tuple(lists),
        list_of=np.concatenate(
            [
                np.array([lists.index(name) for name in s.lists], np.uint16)[s.list_of[keep]]
                for s, keep in zip(segments, kept, strict=True)
            ]
        ),
        ids=Blobs.joined([s.ids.kept(keep) for s, keep in zip(segments, kept, strict=True)]),
        keys=np.concatenate([s.keys[keep] for s, keep in zip(segments, kept, strict=True)]),
        labels_of=np.concatenate(
            [
                (s.labels_of[keep] + start).astype(np.uint32)
                for s, keep, start in zip(segments, kept, starts[:-1], strict=True)
            ]
        ),
        labels=Blobs.joined([s.labels for s in segments]),
        values={
            kind: _values(kind, segments, kept, numbers)
            for kind in sorted({kind for s in segments for kind in s.values})
        },
        pictures=_pictures(segments, kept, numbers),
    )


def _new_numbers(kept: Sequence[_Mask]) -> list[NDArray[np.uint32]]:
    """For each old entry its number in the result; of those dropped, any."""
    start, numbers = 0, []
    for keep in kept:
        numbers.append((start + np.maximum(np.cumsum(keep) - 1, 0)).astype(np.uint32))
        start += int(keep.sum())
    return numbers


def _values(
    kind: Kind, segments: Sequence[Segment], kept: Sequence[_Mask], numbers: Sequence[NDArray[np.uint32]]
) -> Values:
    tables, entries, qualities, times = [], [], [], []
    for segment, keep, number in zip(segments, kept, numbers, strict=True):
        values = segment.values.get(kind)
        if values is None:
            continue
        rows = keep[values.entry]
        tables.append(values.index.arrays()["values"][rows])
        entries.append(number[values.entry[rows]])
        qualities.append(values.quality[rows])
        times.append(values.at_ms[rows])
    return Values(
        index=HashIndex.build(kind, np.concatenate(tables)),
        entry=np.concatenate(entries),
        quality=np.concatenate(qualities),
        at_ms=np.concatenate(times),
    )


def _pictures(
    segments: Sequence[Segment], kept: Sequence[_Mask], numbers: Sequence[NDArray[np.uint32]]
) -> Pictures | None:
    entries, coded, counts, points, descriptors = [], [], [], [], []
    for segment, keep, number in zip(segments, kept, numbers, strict=True):
        pictures = segment.pictures
        if pictures is None:
            continue
        rows = keep[pictures.entry]
        lengths = np.diff(pictures.feature_ends, prepend=np.uint64(0)).astype(np.int64)
        of_kept = np.repeat(rows, lengths)
        entries.append(number[pictures.entry[rows]])
        coded.append(pictures.coded.kept(rows))
        counts.append(lengths[rows])
        points.append(pictures.points[of_kept])
        descriptors.append(pictures.descriptors[of_kept])
    if not entries:
        return None
    return Pictures(
        entry=np.concatenate(entries),
        coded=Blobs.joined(coded),
        feature_ends=np.cumsum(np.concatenate(counts), dtype=np.uint64),
        points=np.concatenate(points),
        descriptors=np.concatenate(descriptors),
        candidates=None,
    )
