"""Which frames the sampler picks, on drawn clips whose events are known to the frame."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest

from mediaforensics.media.frame import Pixels, View
from mediaforensics.media.sample import Sample, Sampler
from mediaforensics.options import SamplingOptions
from mediaforensics.types import Box, Timestamp

WIDTH, HEIGHT = 640, 360


@dataclass(eq=False)
class DrawnFrame:
    pixels: Pixels
    time: Timestamp

    @property
    def size_px(self) -> tuple[int, int]:
        return self.pixels.shape[1], self.pixels.shape[0]

    def luma(self, max_side_px: int) -> View:
        height, width = self.pixels.shape
        scale = min(1.0, max_side_px / max(height, width))
        size = max(1, round(width * scale)), max(1, round(height * scale))
        small = cv2.resize(self.pixels, size, interpolation=cv2.INTER_AREA) if scale < 1 else self.pixels
        return View(small, (width / size[0], height / size[1]))

    def rgb(self, max_side_px: int | None = None) -> View:
        raise AssertionError("the sampler looks at brightness only")

    def crop(self, box: Box, max_side_px: int | None = None) -> View:
        raise AssertionError("the sampler looks at brightness only")


def photo(seed: int, width: int = WIDTH, height: int = HEIGHT) -> Pixels:
    """A picture with the falling spectrum of photographs, and some hard edges."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width), np.float32)
    for cells, weight in ((64, 0.15), (32, 0.25), (16, 0.5), (8, 1.0), (4, 2.0)):
        grain = random.random((cells, cells * width // height)).astype(np.float32)
        picture += weight * cv2.resize(grain, (width, height), interpolation=cv2.INTER_CUBIC)
    picture = (picture - picture.min()) / np.ptp(picture) * 220 + 15
    for _ in range(12):
        x, y = int(random.integers(0, width)), int(random.integers(0, height))
        axes = int(random.integers(10, 80)), int(random.integers(10, 80))
        tilt, level = float(random.integers(0, 180)), int(random.integers(20, 230))
        cv2.ellipse(picture, (x, y), axes, tilt, 0, 360, level, -1)
    return np.clip(cv2.GaussianBlur(picture, (0, 0), 0.8), 0, 255).astype(np.uint8)


def flames(count: int, step: float = 1.0) -> Iterator[Pixels]:
    """Turbulent bright shapes that rise and never repeat; ``step`` scales their speed per frame."""
    random = np.random.default_rng(1)

    def field(blur_px: float) -> Pixels:
        raw = cv2.GaussianBlur(random.random((1400, 1000)).astype(np.float32), (0, 0), blur_px)
        return (raw - raw.min()) / np.ptp(raw)

    shapes, wind = field(7), field(20) - 0.5
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    for index in range(count):
        i = index * step
        dx = 160 * cv2.remap(wind, (x + 2 * i) % 900, (y + 5 * i) % 1300, cv2.INTER_LINEAR)
        dy = 120 * cv2.remap(wind, (x + 300 + 3 * i) % 900, (y + 7 * i) % 1300, cv2.INTER_LINEAR)
        drift = cv2.remap(shapes, (x + dx + 100) % 950, (y + dy + 9 * i) % 1350, cv2.INTER_LINEAR)
        yield np.clip((drift - 0.35) * (0.6 + y / HEIGHT) * 500, 0, 255).astype(np.uint8)


def written(picture: Pixels, words: str, at: tuple[int, int], size: float = 0.8) -> Pixels:
    """White lettering with a dark rim; size 0.8 has capitals of about 16 px."""
    mask = np.zeros_like(picture)
    cv2.putText(mask, words, at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, max(1, int(2 * size)), cv2.LINE_AA)
    result = picture.copy()
    result[cv2.dilate(mask, np.ones((5, 5), np.uint8)) > 100] = 0
    result[mask > 100] = 255
    return result


def sample(
    pictures: Sequence[Pixels], fps: float = 25.0, times_s: Sequence[float] | None = None
) -> tuple[list[Sample], Sampler]:
    sampler = Sampler(SamplingOptions())
    samples: list[Sample] = []
    for index, pixels in enumerate(pictures):
        at_s = times_s[index] if times_s is not None else index / fps
        samples += sampler.push(DrawnFrame(pixels, Timestamp(round(at_s * 90_000), Fraction(1, 90_000))))
    samples += sampler.finish()
    return samples, sampler


def within(samples: Sequence[Sample], start_s: float, end_s: float, *, text: bool = False) -> list[Sample]:
    """Samples of the half-open stretch, those of new text only if asked."""
    found = [s for s in samples if start_s - 1e-4 <= s.time.seconds < end_s - 1e-4]
    return [s for s in found if s.new_text] if text else found


PHOTO, OTHER = photo(1), photo(2)


def test_a_still_video_is_sampled_by_the_heartbeat_only() -> None:
    samples, sampler = sample([PHOTO] * 250)
    assert [s.time.seconds for s in samples] == [*range(10), 9.96]
    assert (sampler.frames_decoded, sampler.frames_sampled, sampler.frames_skipped) == (250, 11, 239)
    assert samples[0].new_picture and not any(s.new_picture or s.new_text for s in samples[1:])


def test_sensor_noise_is_no_event() -> None:
    random = np.random.default_rng(3)
    noisy = [np.clip(PHOTO + random.normal(0, 4, PHOTO.shape), 0, 255).astype(np.uint8) for _ in range(100)]
    samples, _ = sample(noisy)
    assert len(samples) == 5


def test_the_heartbeat_is_a_matter_of_time_not_of_frames() -> None:
    for fps in (5, 12.5, 60):
        samples, _ = sample([PHOTO] * int(5 * fps) + [PHOTO], fps=fps)
        gaps = [b.time - a.time for a, b in pairwise(samples)]
        assert max(gaps) <= 1.1, fps
        assert len(samples) <= 7, fps


def test_a_cut_is_sampled_on_its_first_frame() -> None:
    samples, _ = sample([PHOTO] * 30 + [OTHER] * 30)
    (cut,) = within(samples, 1.2, 1.6)
    assert cut.time.seconds == 1.2
    assert cut.new_picture and cut.new_text


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("fps", [12.5, 25, 30])
def test_a_flash_of_a_picture_and_its_end_are_sampled(frames: int, fps: float) -> None:
    samples, _ = sample([PHOTO] * 30 + [OTHER] * frames + [PHOTO] * 30, fps=fps)
    inside = within(samples, 30 / fps, (30 + frames) / fps)
    after = within(samples, (30 + frames) / fps, (30 + frames) / fps + 0.2)
    assert inside and inside[0].new_picture
    assert (
        inside[0].frame.luma(320).pixels.tobytes()
        == DrawnFrame(OTHER, inside[0].time).luma(320).pixels.tobytes()
    )
    assert after and after[0].new_picture


def test_a_flash_is_offered_to_the_reader_though_it_never_settles() -> None:
    flash = written(OTHER, "SOON", (250, 200), 1.5)
    samples, _ = sample([PHOTO] * 30 + [flash] * 3 + [PHOTO] * 30)
    assert within(samples, 1.2, 1.32, text=True)


@pytest.mark.parametrize(("size", "frames"), [(0.6, 12), (0.8, 12), (1.2, 40)])
def test_lettering_over_flames_is_seen_soon_after_it_comes_and_goes(size: float, frames: int) -> None:
    first = 57
    pictures = [
        written(picture, "names will be erased", (100, 300), size) if first <= i < first + frames else picture
        for i, picture in enumerate(flames(first + frames + 8))
    ]
    samples, _ = sample(pictures)
    start_s, end_s = first / 25, (first + frames) / 25
    assert within(samples, start_s, start_s + 0.21, text=True)
    assert within(samples, end_s, end_s + 0.3)
    boxes = [box for s in within(samples, start_s, end_s, text=True) for box in s.changed]
    assert any(Box(120, 285, 200, 300).fraction_inside(box) > 0.9 for box in boxes)


@pytest.mark.parametrize("fps", [25, 60])
def test_flames_alone_are_little_more_than_heartbeats(fps: int) -> None:
    samples, _ = sample(list(flames(4 * fps, 25 / fps)), fps=fps)
    assert len(samples) <= 8


def test_noise_learns_to_be_ignored_and_lettering_on_it_is_not() -> None:
    random = np.random.default_rng(4)
    noise = [np.clip(random.normal(128, 50, PHOTO.shape), 0, 255).astype(np.uint8) for _ in range(110)]
    for i in range(80, 92):
        noise[i] = written(noise[i], "names will be erased", (100, 300), 1.0)
    samples, _ = sample(noise)
    assert len(samples) <= 8
    assert within(samples, 3.2, 3.68, text=True)


def test_a_small_text_three_frames_after_a_cut_is_not_swallowed() -> None:
    small = written(OTHER, "kill", (20, 340), 0.6)
    samples, _ = sample([PHOTO] * 30 + [OTHER] * 3 + [small] * 12 + [OTHER] * 30)
    assert within(samples, 1.32, 1.8, text=True)


def test_a_second_text_three_frames_after_the_first_is_not_swallowed() -> None:
    one = written(PHOTO, "first", (20, 40))
    two = written(one, "kill", (400, 340), 0.6)
    samples, _ = sample([PHOTO] * 30 + [one] * 3 + [two] * 12 + [one] * 30)
    assert within(samples, 1.32, 1.8, text=True)


def test_a_text_that_replaces_another_is_new() -> None:
    one, two = written(PHOTO, "We will take", (100, 200)), written(PHOTO, "You announce", (100, 200))
    samples, _ = sample([PHOTO] * 10 + [one] * 33 + [two] * 20)
    assert within(samples, 43 / 25, 43 / 25 + 0.2, text=True)


def test_a_text_of_five_frames_is_seen() -> None:
    samples, _ = sample([PHOTO] * 30 + [written(PHOTO, "KILL HIM", (200, 300))] * 5 + [PHOTO] * 30)
    assert within(samples, 1.2, 1.4, text=True)
    assert within(samples, 1.4, 1.6)


def test_a_text_that_fades_in_is_sampled_when_it_is_readable() -> None:
    full = written(PHOTO, "We will take ten", (100, 200))
    mixed = [cv2.addWeighted(PHOTO, 1 - i / 40, full, i / 40, 0) for i in range(40)]
    samples, _ = sample([PHOTO] * 30 + mixed + [full] * 30)
    assert within(samples, 1.2, 2.8, text=True)
    assert within(samples, 2.4, 3.3)


def test_an_inset_is_a_new_picture_and_so_is_its_end() -> None:
    inset = PHOTO.copy()
    inset[40:150, 380:580] = OTHER[40:150, 380:580]
    samples, _ = sample([PHOTO] * 30 + [inset] * 30 + [PHOTO] * 30)
    (start,) = within(samples, 1.2, 1.4)
    assert start.new_picture
    assert any(Box(400, 60, 560, 140).fraction_inside(box) > 0.95 for box in start.changed)
    assert within(samples, 2.4, 2.6)[0].new_picture


def test_a_slow_zoom_is_little_more_than_heartbeats() -> None:
    zoom = [
        cv2.warpAffine(PHOTO, cv2.getRotationMatrix2D((320, 180), 0, 1 + 0.001 * i), (WIDTH, HEIGHT))
        for i in range(150)
    ]
    samples, _ = sample(zoom)
    assert len(samples) <= 8


def test_scrolling_text_does_not_ask_for_every_frame() -> None:
    roll = np.full((2000, WIDTH), 20, np.uint8)
    for line in range(50):
        cv2.putText(
            roll, f"line {line} of the roll", (60, 60 + 40 * line), cv2.FONT_HERSHEY_SIMPLEX, 1, 230, 2
        )
    samples, _ = sample([roll[3 * i : 3 * i + HEIGHT] for i in range(250)])
    assert 10 <= len(samples) <= 25


def test_a_strobe_does_not_ask_for_every_frame() -> None:
    samples, _ = sample([PHOTO if i % 2 else OTHER for i in range(250)])
    assert len(samples) <= 30


def test_uneven_timestamps() -> None:
    times = [0, 0.04, 0.1, 0.2, 0.5, 1.2, 1.25, 1.3, 1.35, 1.4, 3.0, 3.04, 3.08, 3.2, 6.0, 6.1]
    text = written(PHOTO, "KILL HIM", (200, 300))
    samples, _ = sample([PHOTO] * 6 + [text] * 8 + [PHOTO] * 2, times_s=times)
    assert within(samples, 1.25, 1.5)
    assert 6.0 in [s.time.seconds for s in samples]
    assert samples[-1].time.seconds == 6.1


def test_a_clock_that_jumps_back_starts_anew() -> None:
    times = [i / 25 for i in range(50)] + [i / 25 for i in range(50)]
    samples, sampler = sample([PHOTO] * 50 + [OTHER] * 50, times_s=times)
    assert sampler.frames_decoded == 100
    assert [s.time.seconds for s in samples].count(0.0) == 2


def test_a_change_of_size_starts_anew() -> None:
    samples, _ = sample([PHOTO] * 30 + [photo(2, 320, 240)] * 30)
    assert any(s.time.seconds == 1.2 and s.new_picture for s in samples)


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (300, 2), (9, 4), (16, 16), (64, 64)])
def test_tiny_pictures(shape: tuple[int, int]) -> None:
    random = np.random.default_rng(6)
    samples, _ = sample([random.integers(0, 255, shape).astype(np.uint8) for _ in range(40)])
    assert samples[0].time.seconds == 0.0
    assert samples[-1].time.seconds == 1.56
    assert all(box.clipped((shape[1], shape[0])) == box for s in samples for box in s.changed)


def test_one_frame_is_one_sample_with_everything_new() -> None:
    (only,), _ = sample([PHOTO])
    assert only.new_picture and only.new_text


def test_no_frames_no_samples() -> None:
    assert list(Sampler(SamplingOptions()).finish()) == []


def test_samples_come_in_time_order_and_once() -> None:
    pictures = list(flames(60)) + [OTHER] * 3 + [PHOTO] * 20 + [written(PHOTO, "x y z", (9, 99))] * 9
    samples, sampler = sample(pictures)
    times = [s.time for s in samples]
    assert times == sorted(set(times))
    assert sampler.frames_sampled == len(samples)


def test_frames_are_let_go() -> None:
    sampler = Sampler(SamplingOptions())
    alive: list[weakref.ref[DrawnFrame]] = []
    for i in range(80):
        frame = DrawnFrame(PHOTO if i % 10 else OTHER, Timestamp(i, Fraction(1, 25)))
        alive.append(weakref.ref(frame))
        for _ in sampler.push(frame):
            pass
        del frame
        gc.collect()
        assert sum(ref() is not None for ref in alive) <= 3


def test_between_samples_lie_all_frames_of_an_ordinary_video_once_and_in_order() -> None:
    pictures = [PHOTO] * 40 + [written(PHOTO, "Harbour", (200, 200))] * 40 + [OTHER] * 20
    samples, _ = sample(pictures)
    seen = [time for s in samples for time in (*(g.time for g in s.between), s.time)]
    assert seen == [Timestamp(3600 * n, Fraction(1, 90_000)) for n in range(100)]
    view = samples[1].between[0].view
    assert view.pixels.shape == (180, 320) and not view.pixels.flags.writeable


@pytest.mark.parametrize("fps", [24, 30, 50, 120, 1000])
def test_glimpses_are_close_and_few(fps: float) -> None:
    samples, _ = sample([PHOTO] * int(3 * fps), fps)
    for earlier, later in pairwise(samples[:-1]):
        times = [earlier.time, *(g.time for g in later.between), later.time]
        assert len(times) <= 34
        assert max(float(b - a) for a, b in pairwise(times)) <= 0.081
