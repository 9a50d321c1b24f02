from __future__ import annotations

from mediaforensics.media.allowance import Allowance


def test_it_refills_with_the_video_and_never_over_its_capacity():
    left = Allowance(2, 0.5)
    left.at(10.0)
    assert [left.take(), left.take(), left.take()] == [True, True, False]
    left.at(12.0)
    assert left.take() and not left.take()
    left.at(100.0)
    assert [left.take(), left.take(), left.take()] == [True, True, False]
    assert left.refused == 3


def test_a_clock_that_runs_backwards_gives_nothing():
    left = Allowance(1, 1.0)
    left.at(5.0)
    assert left.take()
    left.at(2.0)
    left.at(2.5)
    assert not left.take()


def test_closed_it_stays_closed():
    left = Allowance(5, 1.0)
    left.close()
    left.at(60.0)
    assert not left.take()
