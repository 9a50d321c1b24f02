"""Geometry of the timeline."""

from __future__ import annotations

import pytest
import report_samples as samples

from mediaforensics.report.timeline import Item, Scale, lane


def items(*spans):
    return [Item(samples.span(*ends), f"e{n}", "", "text") for n, ends in enumerate(spans)]


def test_bars_that_overlap_stand_in_different_rows():
    made = lane("Texts", "text", items((0, 10), (5, 15), (10, 20), (14, 30)), Scale(0, 100), "")
    assert [bar.row for bar in made.bars] == [0, 1, 0, 2]
    assert made.rows == 3
    assert (made.bars[1].left, made.bars[1].width) == (5.0, 10.0)


def test_a_flash_is_visible_and_stays_inside():
    made = lane("Known", "known", items((10, 10.04), (3600, 3600)), Scale(0, 3600), "")
    assert all(bar.width >= 1 for bar in made.bars)
    assert all(bar.left + bar.width <= 100.0001 for bar in made.bars)


def test_rows_are_bounded():
    made = lane("Faces", "face", items(*[(0, 10)] * 50), Scale(0, 10), "")
    assert made.rows == max(bar.row for bar in made.bars) + 1 <= 6


@pytest.mark.parametrize(
    ("scale", "labels"),
    [
        (Scale(0, 60), ["0:00", "0:10", "0:20", "0:30", "0:40", "0:50", "1:00"]),
        (Scale(0, 1.0), ["0:00.0", "0:00.2", "0:00.4", "0:00.6", "0:00.8", "0:01.0"]),
        (Scale(0, 9000), ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00", "2:30:00"]),
    ],
)
def test_ticks_are_round(scale, labels):
    assert [tick.label for tick in scale.ticks()] == labels


@pytest.mark.parametrize("length", [1e-6, 0.04, 7, 100, 86_400, 4e7, 1e12])
def test_there_are_never_many_ticks(length):
    assert 1 <= len(Scale(0, length).ticks()) <= 7


def test_a_stream_that_starts_late_is_not_squeezed_into_a_corner():
    scale = Scale.over(60.0, [samples.span(95_000, 95_010)])
    assert (scale.start_s, scale.end_s) == (95_000, 95_060)
    offset = Scale.over(60.0, [samples.span(1.4, 3)])
    assert (offset.start_s, offset.end_s) == (0, 60)
    assert Scale.over(0.0, [samples.span(0, 0)]) is None
