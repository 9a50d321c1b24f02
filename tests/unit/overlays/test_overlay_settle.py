from __future__ import annotations

from fractions import Fraction

import pytest

from mediaforensics.overlays.settle import Settled, confidence_of, log_odds
from mediaforensics.types import Timestamp

FLAMES = ("flames", "model")


def at(k):
    return Timestamp(k, Fraction(1, 2))


def looks(*logits, moving=True):
    settled = Settled()
    return [settled.take(FLAMES, logit, at(k), moving=moving) for k, logit in enumerate(logits)]


def test_two_of_four_looks_settle_a_doubtful_kind():
    assert looks(0.5, -0.5, 0.6) == [None, None, 0.6]
    assert looks(0.5, -2, -2, -2, 0.5) == [None] * 5


def test_what_was_settled_goes_on_until_it_falls_well_below():
    assert looks(0.5, 0.5, -0.8, -0.8)[2:] == [0.0, 0.0]
    assert looks(0.5, 0.5, -2.0)[2] is None


def test_a_flash_counts_with_less_confidence_than_what_stays():
    flash, stays = looks(3.0, -5.0)[0], looks(3.0, 3.0)[1]
    assert flash == pytest.approx(1.9)
    assert stays == 3.0
    assert looks(1.5)[0] is None


def test_a_single_picture_must_be_surer_than_the_working_point():
    assert looks(0.8, moving=False) == [None]
    assert looks(1.2, moving=False) == [1.2]


def test_channels_are_settled_apart():
    settled = Settled()
    settled.take(FLAMES, 0.5, at(0), moving=True)
    assert settled.take(("flames", "residual"), 0.5, at(1), moving=True) is None


def test_a_count_is_the_middle_of_the_last_few():
    settled = Settled()
    assert [settled.counted(("bullet_hole", "model"), n) for n in (5, 9, 5, 6)] == [5, 5, 5, 5]


def test_log_odds_come_back():
    assert confidence_of(log_odds(0.75)) == pytest.approx(0.75)


def test_it_began_with_the_first_look_that_led_to_it():
    settled = Settled()
    for k, logit in enumerate((0.5, -3, -3, -3, -3, 0.4, 0.6)):
        settled.take(FLAMES, logit, at(k), moving=True)
    assert settled.since[FLAMES] == at(5)
