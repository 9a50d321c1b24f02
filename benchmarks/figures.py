"""Shares and areas with what they are worth: 95 % intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
_Z = 1.959964
_DRAWS = 300


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Bounds of a share (Wilson 1927)."""
    if count == 0:
        return 0.0, 1.0
    share, spread = hits / count, _Z**2 / count
    middle = (share + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * math.sqrt(share * (1 - share) / count + spread / (4 * count))
    return max(0.0, middle - half), min(1.0, middle + half)


def share(hits: Sequence[bool] | NDArray[np.bool_]) -> str:
    """A share with its bounds, in per cent: ``93.3 (88.1-96.4)``."""
    found, count = int(np.sum(hits)), len(hits)
    if count == 0:
        return "-"
    low, high = wilson(found, count)
    return f"{100 * found / count:.1f} ({100 * low:.1f}-{100 * high:.1f})"


def median(values: Sequence[float]) -> str:
    """A median with the bounds of its bootstrap."""
    if not len(values):
        return "-"
    drawn = np.random.default_rng(0).choice(np.asarray(values), (1000, len(values)))
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    return f"{np.median(values):.2f} ({low:.2f}-{high:.2f})"


def auc(negative: Values, positive: Values) -> float:
    """Area under the ROC curve (Mann-Whitney), ties counted half."""
    ordered = np.sort(negative)
    below = np.searchsorted(ordered, positive, "left") + np.searchsorted(ordered, positive, "right")
    return float(below.mean() / (2 * len(ordered)))


def auc_by_design(
    negative: Values, positive: Values, negative_of: Sequence[str], positive_of: Sequence[str]
) -> tuple[float, float, float]:
    """An area with its bounds, designs drawn anew, not pictures: few designs give wide bounds.

    Parameters
    ----------
    negative, positive : ndarray, float64
    negative_of, positive_of : sequence of str
        Which design (or scene, or person) each is of.
    """
    random = np.random.default_rng(0)
    sides = [_groups(positive, positive_of), _groups(negative, negative_of)]
    areas = []
    for _ in range(_DRAWS):
        drawn = [np.concatenate([g[i] for i in random.integers(0, len(g), len(g))]) for g in sides]
        areas.append(auc(drawn[1], drawn[0]))
    low, high = np.quantile(areas, (0.025, 0.975))
    return auc(negative, positive), float(low), float(high)


def _groups(values: Values, of: Sequence[str]) -> list[Values]:
    names = np.asarray(of)
    return [values[names == name] for name in np.unique(names)]
