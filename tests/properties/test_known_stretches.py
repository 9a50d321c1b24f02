from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.hashes import ORIENTATIONS, pdq, pdq_of_view
from mediaforensics.known.timeline import FrameHit, VideoTimeline
from mediaforensics.types import Timestamp

PICTURES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 90), st.integers(1, 90)))
HITS = st.lists(
    st.builds(
        FrameHit,
        video=st.integers(0, 2),
        at_s=st.integers(0, 40).map(lambda quarter: quarter / 4),
        distance_bits=st.integers(0, 31),
    ),
    max_size=12,
)
STEPS = st.lists(st.tuples(st.integers(-200, 1000), HITS), max_size=60)


@given(STEPS)
def test_stretches_only_grow_and_have_enough_behind_them(steps: list[tuple[int, list[FrameHit]]]) -> None:
    timeline, at_ms = VideoTimeline(), 0
    last = {}
    for step_ms, hits in steps:
        at_ms += step_ms
        time = Timestamp(at_ms, Fraction(1, 1000))
        for stretch in timeline.add(time, hits):
            assert stretch.end == time and stretch.start <= stretch.end
            assert stretch.known_start_s < stretch.known_end_s
            assert stretch.hits >= 4
            assert any(hit.video == stretch.video and hit.at_s == stretch.known_end_s for hit in hits)
            before = last.get(stretch.number, stretch)
            assert (stretch.video, stretch.start) == (before.video, before.start)
            assert stretch.hits >= before.hits and stretch.known_end_s >= before.known_end_s
            last[stretch.number] = stretch


@given(STEPS)
def test_the_order_of_hits_in_a_sample_changes_nothing(steps: list[tuple[int, list[FrameHit]]]) -> None:
    one, other = VideoTimeline(), VideoTimeline()
    for i, (_, hits) in enumerate(steps):
        time = Timestamp(i, Fraction(1, 2))
        assert one.add(time, hits) == other.add(time, hits[::-1])


@given(PICTURES)
def test_any_picture_has_hashes_and_rectangles_inside_it(luma: np.ndarray) -> None:
    height, width = luma.shape
    for x0, y0, x1, y1 in pictures_between_bars(luma):
        assert 0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height
        assert (x1 - x0) * (y1 - y0) < width * height
    for hashed in (pdq(luma), pdq_of_view(luma)):
        assert 0 <= hashed.quality <= 100
        assert hashed.values().shape == (len(ORIENTATIONS), 32)
