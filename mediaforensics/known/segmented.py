"""When the segments of a set become one: it grows by a new one, shrinks by a list of what is removed, and so
nothing is rebuilt that need not be.

This is the logarithmic method: J. Bentley, J. Saxe, "Decomposable Searching Problems I: Static-to-Dynamic
Transformation", Journal of Algorithms 1 (1980).
"""

from __future__ import annotations

from collections.abc import Sequence

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
