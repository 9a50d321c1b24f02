"""How alike a face must be before it is called a match, by the size of the gallery and the error rate wanted.

A fixed threshold is right for one size of gallery only: with more people enrolled, a stranger is more likely
to resemble one of them. The constants below come from ``training/faces/fit_thresholds.py``.
"""

from __future__ import annotations

import math

from mediaforensics.observations import Route

# similarity = _BASE + _PER_PEOPLE * ln(people) + _PER_RATE * ln(0.01 / rate) + _PICTURES * (1 - 1 / pictures)
_BASE = 0.314
_PER_PEOPLE = 0.028
_PER_RATE = 0.030
_PICTURES = 0.045
_MAX_PICTURES = 5.0

_ROUTE_MARGIN: dict[Route, float] = {"plain": 0.0, "rotated": 0.01, "composite": 0.02}

MATCH_MARGIN = 0.06
"""How much more alike the best person must be than the second best for a match."""
LEAD_MARGIN = 0.03
LEAD_RATE_FACTOR = 10.0
"""A lead may be wrong ten times as often as a match."""


def match_threshold(people: int, pictures_per_person: float, rate: float, route: Route = "plain") -> float:
    """Smallest cosine similarity at which a stranger is matched with anybody at most this often.

    Parameters
    ----------
    people : int
        Enrolled people that can be matched.
    pictures_per_person : float
        On average; more pictures give a stranger more chances.
    rate : float
        False positive identification rate, 0..1, per face shown.
    route : {"plain", "rotated", "composite"}
        How the face was seen.
    """
    more = 1.0 - 1.0 / min(max(pictures_per_person, 1.0), _MAX_PICTURES)
    value = (
        _BASE
        + _PER_PEOPLE * math.log(max(people, 1))
        + _PER_RATE * math.log(0.01 / rate)
        + _PICTURES * more
        + _ROUTE_MARGIN[route]
    )
    return round(min(max(value, 0.0), 0.95), 4)
