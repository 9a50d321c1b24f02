from fractions import Fraction

import numpy as np
import pytest

from mediaforensics.errors import BadHash, IncompatibleHash
from mediaforensics.types import Box, HashValue, Mask, Quad, Span, Timestamp


def at(milliseconds: int) -> Timestamp:
    return Timestamp(milliseconds, Fraction(1, 1000))


def test_timestamps_of_different_time_bases_name_the_same_instant():
    assert Timestamp(90_000, Fraction(1, 90_000)) == at(1000)
    assert hash(Timestamp(90_000, Fraction(1, 90_000))) == hash(at(1000))
    assert Timestamp(1, Fraction(1, 3)) < Timestamp(2, Fraction(1, 3))


def test_the_difference_of_timestamps_is_exact():
    assert Timestamp(1, Fraction(1, 3)) - Timestamp(0, Fraction(1, 7)) == Fraction(1, 3)


def test_a_span_is_half_open():
    assert not Span(at(0), at(1000)).overlaps(Span(at(1000), at(2000)))
    assert Span(at(0), at(1001)).overlaps(Span(at(1000), at(2000)))
    assert Span(at(0), at(1000)).gap_s(Span(at(1500), at(2000))) == 0.5


def test_a_picture_overlaps_itself():
    picture = Span(at(0), at(0))
    assert picture.overlaps(picture)


def test_a_span_cannot_end_before_it_starts():
    with pytest.raises(ValueError, match="ends before"):
        Span(at(1), at(0))


def test_boxes_meet_clip_and_grow():
    box = Box(0, 0, 10, 10)
    assert box.intersection(Box(10, 0, 20, 10)) is None
    assert box.iou(Box(5, 0, 15, 10)) == pytest.approx(1 / 3)
    assert Box(-5, 3, 30, 99).clipped((20, 10)) == Box(0, 3, 20, 10)
    assert Box(50, 50, 60, 60).clipped((20, 10)).area_px == 0
    assert box.grown(0.5) == Box(-5, -5, 15, 15)
    assert Box(0, 0, 4, 4).fraction_inside(Box(2, 0, 9, 9)) == 0.5


def test_a_quad_has_four_corners():
    quad = Quad(((0.5, 0.5), (9.2, 1.0), (9.0, 5.7), (0.0, 5.0)))
    assert quad.bounding_box() == Box(0, 0, 10, 6)
    with pytest.raises(ValueError, match="4 corners"):
        Quad(((0.0, 0.0),))


def test_a_leading_zero_of_a_hash_is_never_lost():
    value = HashValue.from_hex("pdq", 256, "0" * 63 + "1")
    assert value.hex() == "0" * 63 + "1"
    assert value.distance_bits(HashValue.from_hex("pdq", 256, "f" * 64)) == 255
    assert value.name == "pdq-256"


@pytest.mark.parametrize("text", ["", "0", "0" * 63, "0" * 65, "g" * 64, "0x" + "0" * 62])
def test_what_is_not_a_hash_is_refused(text):
    with pytest.raises(BadHash):
        HashValue.from_hex("pdq", 256, text)


def test_two_algorithms_cannot_be_compared():
    with pytest.raises(IncompatibleHash, match="phash-64"):
        HashValue.from_hex("phash", 64, "0" * 16).distance_bits(HashValue.from_hex("dhash", 64, "0" * 16))


@pytest.mark.parametrize(
    ("milliseconds", "words"),
    [(0, "00:00.0"), (12_440, "00:12.4"), (59_960, "01:00.0"), (3_723_000, "1:02:03.0"), (-500, "-00:00.5")],
)
def test_the_clock_of_a_timestamp(milliseconds, words):
    assert at(milliseconds).clock == words


def test_a_mask_is_coded_column_by_column_and_comes_back():
    cells = np.array([[0, 1, 1], [0, 0, 1]], np.bool_)
    mask = Mask.of(Box(0, 0, 30, 20), cells)
    assert (mask.columns, mask.rows, mask.counts) == (3, 2, (2, 1, 1, 2))
    assert np.array_equal(mask.cells(), cells)
    assert Mask.of(Box(0, 0, 2, 2), np.ones((2, 2), np.bool_)).counts == (0, 4)
    for seed in range(20):
        noise = np.random.default_rng(seed).random((7, 5)) < seed / 19
        assert np.array_equal(Mask.of(Box(0, 0, 5, 7), noise).cells(), noise)


@pytest.mark.parametrize(
    ("columns", "rows", "counts"),
    [(3, 2, (2, 1)), (2, 2, (5, -1)), (100_000, 100_000, (10**10,)), (0, 0, ())],
)
def test_a_mask_whose_runs_do_not_fill_its_grid_is_refused(columns, rows, counts):
    with pytest.raises(ValueError, match="cells"):
        Mask(Box(0, 0, 9, 9), columns, rows, counts)
