"""How alike a face must be before it is called a match, by the size of the gallery and the error rate wanted.

A fixed threshold is right for one size of gallery only: with more people enrolled, a stranger is more likely
to resemble one of them. The constants below come from ``training/faces/fit_thresholds.py``.
"""

from __future__ import annotations

import math

from mediaforensics.observations import Route

# similarity = _BASE + _PER_PEOPLE ln(people) + _PER_RATE ln(0.01 / rate) + _PER_PICTURES (1 - 1 / pictures)
# Fitted for rates of 0.1 % to 20 % and galleries of 10 to 320 people with one picture each, of 10 to 160 with
# two, of 10 to 80 with three, of 10 to 40 with five; checked up to 150 with three; larger ones extrapolate.
# _BASE is the fitted 0.329 and 0.005, with which strangers held out of a fit stay at the wanted 1 %.
_BASE = 0.334
_PER_PEOPLE = 0.0236
_PER_RATE = 0.0241
_PER_PICTURES = 0.0461
_MAX_PICTURES = 5.0

_MIN_PEOPLE = 20
"""A smaller gallery is held to the threshold of this one: it costs 1 % of the matches, and the look-alikes of
such media (a relative, a retouched picture) are not the random strangers of the fit."""

_POOLED_MARGIN = 0.012
"""The mean of several moments of one stranger is more alike to others than each moment is."""

_ROUTE_MARGIN: dict[Route, float] = {
    "plain": 0.0,
    "rotated": 0.01,
    "composite": 0.02,
    "inpainted": -0.015,
    "known_image": 0.0,
}
"""Of 300 strangers under crosses, sights, holes, blood and flames (gallery of 60) one in a hundred is more
alike by the route ``inpainted`` than its threshold."""

MATCH_MARGIN = 0.06
"""How much more alike the best person must be than the second best for a match."""
LEAD_MARGIN = 0.03
LEAD_RATE_FACTOR = 3.0
"""A lead may be wrong three times as often as a match."""


def match_threshold(
    people: int, pictures_per_person: float, rate: float, route: Route = "plain", *, pooled: bool = False
) -> float:
    """Smallest cosine similarity at which a stranger is matched with anybody at most this often.

    Parameters
    ----------
    people : int
        Enrolled people that can be matched.
    pictures_per_person : float
        On average; more pictures give a stranger more chances.
    rate : float
        False positive identification rate, 0..1, per face shown.
    route : {"plain", "rotated", "composite", "inpainted", "known_image"}
        How the face was seen.
    pooled : bool
        Whether several moments were averaged.
    """
    more = 1.0 - 1.0 / min(max(pictures_per_person, 1.0), _MAX_PICTURES)
    value = (
        _BASE
        + _PER_PEOPLE * math.log(max(people, _MIN_PEOPLE))
        + _PER_RATE * math.log(0.01 / rate)
        + _PER_PICTURES * more
        + _ROUTE_MARGIN[route]
        + (_POOLED_MARGIN if pooled else 0.0)
    )
    return round(min(max(value, 0.0), 0.95), 4)
