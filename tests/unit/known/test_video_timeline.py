from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction

import numpy as np
import pytest
from numpy.typing import NDArray

from mediaforensics.known.timeline import FrameHit, VideoRange, VideoTimeline, ranges_of
from mediaforensics.types import Timestamp

Hashes = NDArray[np.uint8]
Video = Callable[[float], Hashes]
"""What a video shows at a time, as 256 bits."""
SHOT_S, NOISE_BITS, RADIUS_BITS = 3.0, 5, 31
MILLISECOND = Fraction(1, 1000)


def at(seconds: float) -> Timestamp:
    return Timestamp(round(seconds * 1000), MILLISECOND)


def bits(seed: int) -> Hashes:
    return np.random.default_rng(seed).integers(0, 2, 256, np.uint8)


def video(seed: int) -> Video:
    """Shots of three seconds in which ten bits change every quarter of a second."""

    def show(at_s: float) -> Hashes:
        shot = int(at_s // SHOT_S)
        shown = bits(seed * 1000 + shot)
        order = np.random.default_rng(seed * 1000 + shot + 500).permutation(256)
        shown[order[: int((at_s - shot * SHOT_S) / 0.25) * 10]] ^= 1
        return shown

    return show


def still(seed: int) -> Video:
    return lambda at_s: bits(seed)


def edit(*parts: tuple[Video, float, float]) -> tuple[Video, float]:
    """Videos one after the other, each from a position for so many seconds; and the whole length."""

    def show(at_s: float) -> Hashes:
        for source, from_s, length_s in parts:
            if at_s < length_s:
                return source(from_s + at_s)
            at_s -= length_s
        raise ValueError(at_s)

    return show, sum(length_s for _, _, length_s in parts)


def known(shown: Video, length_s: float, interval_s: float = 0.25) -> list[tuple[float, Hashes]]:
    """Hashed at an interval, equal ones in a row left out."""
    kept: list[tuple[float, Hashes]] = []
    for at_s in np.arange(0, length_s, interval_s):
        value = shown(float(at_s))
        if not kept or (value != kept[-1][1]).sum() > 8:
            kept.append((float(at_s), value))
    return kept


def samples(
    shown: Video,
    length_s: float,
    stored: Sequence[list[tuple[float, Hashes]]],
    interval_s: float = 0.5,
    start_s: float = 0.0,
) -> Iterator[tuple[Timestamp, list[FrameHit]]]:
    """Each sample of a query, recompressed, with what a search among the stored videos finds."""
    random = np.random.default_rng(1)
    tables = [np.stack([value for _, value in frames]) for frames in stored]
    for at_s in np.arange(0, length_s, interval_s):
        value = shown(float(at_s)).copy()
        value[random.integers(0, 256, NOISE_BITS)] ^= 1
        hits = []
        for number, (frames, table) in enumerate(zip(stored, tables, strict=True)):
            distances = (table != value).sum(axis=1)
            hits += [
                FrameHit(video=number, at_s=frames[i][0], distance_bits=int(distances[i]))
                for i in np.flatnonzero(distances <= RADIUS_BITS)
            ]
        yield at(start_s + float(at_s)), hits


def assert_range(
    found: VideoRange, query_s: tuple[float, float], known_s: tuple[float, float], sample_s: float = 0.5
) -> None:
    assert found.start.seconds == pytest.approx(query_s[0], abs=sample_s + 1e-6)
    assert found.end.seconds == pytest.approx(query_s[1], abs=sample_s + 1e-6)
    assert found.known_start_s == pytest.approx(known_s[0], abs=sample_s + 0.25)
    assert found.known_end_s == pytest.approx(known_s[1], abs=sample_s + 0.25)
    assert found.offset_s == pytest.approx(known_s[0] - query_s[0], abs=0.4)


def test_five_seconds_of_a_known_video_in_ten_minutes_of_something_else() -> None:
    shown, length_s = edit((video(1), 0, 240), (video(2), 40, 5), (video(1), 240, 355))
    (found,) = ranges_of(samples(shown, length_s, [known(video(2), 600)]))
    assert_range(found, (240, 245), (40, 45))
    assert found.hits >= 9


def test_a_short_known_clip_in_a_long_query() -> None:
    shown, length_s = edit((video(1), 0, 100), (video(2), 0, 5), (video(1), 100, 20))
    (found,) = ranges_of(samples(shown, length_s, [known(video(2), 5)]))
    assert_range(found, (100, 105), (0, 5))


def test_a_stretch_is_told_while_it_is_shown() -> None:
    told = []
    timeline = VideoTimeline()
    for time, hits in samples(video(2), 5, [known(video(2), 60)]):
        told.append(timeline.add(time, hits))
    assert [len(ranges) for ranges in told] == [0, 0, 0, 1, 1, 1, 1, 1, 1, 1]
    assert {ranges[0].number for ranges in told[3:]} == {0}
    assert [ranges[0].end.seconds for ranges in told[3:]] == [1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5]
    assert all(ranges[0].start.seconds == 0 for ranges in told[3:])


def test_parts_in_another_order_are_two_stretches() -> None:
    shown, length_s = edit((video(2), 30, 8), (video(2), 5, 8))
    first, second = ranges_of(samples(shown, length_s, [known(video(2), 60)]))
    assert_range(first, (0, 8), (30, 38))
    assert_range(second, (8, 16), (5, 13))


@pytest.mark.parametrize("speed", [24 / 25, 25 / 24])
def test_a_video_played_a_little_faster_or_slower_is_one_stretch(speed: float) -> None:
    (found,) = ranges_of(samples(lambda at_s: video(2)(at_s * speed), 100, [known(video(2), 120)]))
    assert (found.start.seconds, found.end.seconds) == (0, 99.5)
    assert found.known_end_s == pytest.approx(99.5 * speed, abs=0.5)


def test_a_video_played_at_double_speed_is_not_taken_for_itself() -> None:
    assert ranges_of(samples(lambda at_s: video(2)(at_s * 2), 12, [known(video(2), 60)])) == []


def test_a_loop_is_several_stretches() -> None:
    shown, length_s = edit(*[(video(2), 10, 6)] * 3)
    found = ranges_of(samples(shown, length_s, [known(video(2), 60)]))
    assert len(found) == 3
    for turn, stretch in enumerate(found):
        assert_range(stretch, (6 * turn, 6 * turn + 6), (10, 16))


def test_videos_that_share_a_title_card_are_not_each_other() -> None:
    stored, _ = edit((still(9), 0, 8), (video(2), 0, 60))
    shown, length_s = edit((still(9), 0, 8), (video(3), 0, 60))
    thinned, all_frames = known(stored, 68), [(i / 4, stored(i / 4)) for i in range(68 * 4)]
    for frames in (thinned, all_frames):
        assert ranges_of(samples(shown, length_s, [frames])) == []


def test_a_picture_that_stands_still_inside_a_video_does_not_tear_it_apart() -> None:
    stored, length_s = edit((video(2), 0, 6), (still(9), 0, 7), (video(2), 6, 6))
    (found,) = ranges_of(samples(stored, length_s, [known(stored, length_s)]))
    assert_range(found, (0, 19), (0, 19))


def test_several_videos_at_once_keep_their_own_stretches() -> None:
    shown, length_s = edit((video(2), 10, 5), (video(3), 20, 5))
    stored = [known(video(n), 60) for n in (2, 3, 4)]
    found = ranges_of(samples(shown, length_s, stored))
    assert [stretch.video for stretch in found] == [0, 1]


def test_a_clock_that_starts_again_ends_what_was_open() -> None:
    stored = [known(video(2), 60)]
    early = list(samples(video(2), 6, stored, start_s=100))
    again = list(samples(lambda at_s: video(2)(at_s + 20), 6, stored))
    found = ranges_of([*early, *again])
    assert [stretch.start.seconds for stretch in found] == [100, 0]


@pytest.mark.parametrize("interval_s", [0.2, 0.5, 1.0])
def test_other_intervals_of_the_query(interval_s: float) -> None:
    shown, length_s = edit((video(1), 0, 30), (video(2), 12.4, 8), (video(1), 30, 30))
    (found,) = ranges_of(samples(shown, length_s, [known(video(2), 60)], interval_s))
    assert_range(found, (30, 38), (12.4, 20.4), interval_s)


def test_single_frames_that_look_alike_by_chance_are_no_stretch() -> None:
    random = np.random.default_rng(4)

    def chance() -> Iterable[tuple[Timestamp, list[FrameHit]]]:
        for i in range(2000):
            hits = [FrameHit(video=0, at_s=float(random.uniform(0, 3600)), distance_bits=30)]
            yield at(i / 2), hits if random.random() < 0.3 else []

    assert ranges_of(chance()) == []


def test_memory_does_not_grow_with_hours_of_hits() -> None:
    timeline = VideoTimeline()
    random = np.random.default_rng(5)

    def feed(first: int, last: int) -> None:
        for i in range(first, last):
            places = random.uniform(0, 3600, (20, 2))
            timeline.add(
                at(i / 2),
                [FrameHit(video=int(v), at_s=float(s), distance_bits=25) for v, s in places],
            )

    feed(0, 100)
    tracemalloc.start()
    feed(100, 200)
    first, _ = tracemalloc.get_traced_memory()
    feed(200, 800)
    later, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert later < first + 200_000
