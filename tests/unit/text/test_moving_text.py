"""Texts that pass through the picture, or are written bit by bit: seen by the sampler and the detector."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import cv2
import numpy as np
import pytest
from lettering import PictureFrame, ground, write

from mediaforensics.detect import Surroundings
from mediaforensics.findings.link import Linker
from mediaforensics.media.sample import Sampler
from mediaforensics.options import SamplingOptions
from mediaforensics.text.motion import Step, moves, stitched
from mediaforensics.types import Timestamp

SIZE = (640, 360)
FPS = 25


def picture(seed=0):
    return cv2.resize(ground(seed), SIZE)


def entries(detector, pictures):
    """The texts of a film as the report lists them: (text, start_s, end_s)."""
    examiner = detector.begin(Surroundings(size_px=SIZE, moving=True))
    sampler, linker = Sampler(SamplingOptions()), Linker()

    def look(samples):
        for sample in samples:
            linker.see(sample.time, list(examiner.examine(sample, ())), cut=sample.new_picture)

    for number, pixels in enumerate(pictures):
        frame = PictureFrame(pixels, number / FPS)
        look(sampler.push(frame))
    look(sampler.finish())
    linker.settle(examiner.end())
    texts = linker.entries(Timestamp(number + 1, frame.time.time_base))[0].texts
    return [(text.text, text.span.start.seconds, text.span.end.seconds) for text in texts]


def test_a_line_that_crosses_the_picture_is_one_text(text_detector):
    def film():
        for n in range(100):
            yield write(picture(), "They left before dawn", (150 + 3 * n, 200), 24) if n >= 20 else picture()

    ((text, start_s, end_s),) = entries(text_detector, film())
    assert text == "They left before dawn"
    assert (start_s, end_s) == pytest.approx((0.8, 4.0), abs=0.1)


def test_a_ticker_is_one_text_read_to_its_end(text_detector):
    said = "The harbour was empty by noon and nobody came ashore before the evening"
    strip = write(np.zeros((60, 1100, 3), np.uint8), said, (550, 30), 26)

    def film():
        for n in range(290):
            wide = np.zeros((60, 1100 + 2 * SIZE[0], 3), np.uint8)
            wide[:, SIZE[0] : SIZE[0] + 1100] = strip
            pixels = picture()
            pixels[290:350] = np.maximum(pixels[290:350], wide[:, 6 * n : 6 * n + SIZE[0]])
            yield pixels

    ((text, start_s, _),) = entries(text_detector, film())
    assert text.replace(" ", "") == said.replace(" ", "")
    assert start_s < 1.5


def test_credits_are_no_more_texts_than_lines(text_detector):
    names = ["Anna Berg", "Otto Lindqvist", "Maria Oliveira", "Peter Novak"]

    def film():
        for n in range(180):
            pixels = picture()
            for row, name in enumerate(names):
                pixels = write(pixels, name, (320, 380 + 70 * row - 4 * n), 26)
            yield pixels

    found = entries(text_detector, film())
    lines = [line for text, _, _ in found for line in text.split("\n")]
    assert sorted(lines) == sorted(names)


@pytest.mark.parametrize("step", ["word", "letter"])
def test_a_text_that_is_written_bit_by_bit_is_one_text(text_detector, step):
    said = "The tide was out at six"
    parts = (
        [said[: i + 1] for i in range(len(said))]
        if step == "letter"
        else [" ".join(said.split()[: i + 1]) for i in range(6)]
    )
    every = 3 if step == "letter" else 12

    def film():
        for n in range(120):
            pixels = picture()
            if n >= 10:
                part = parts[min((n - 10) // every, len(parts) - 1)]
                pixels = write(pixels, part, (60, 200), 30, left=True)
            yield pixels if n < 110 else picture()

    ((text, start_s, end_s),) = entries(text_detector, film())
    assert text == said
    assert start_s < 0.9 and end_s == pytest.approx(4.4, abs=0.05)


def test_texts_one_after_another_in_one_place_touch_but_do_not_mix(text_detector):
    texts = ["They left before dawn", "Nobody saw the boats", "The tide was out at six"]

    def film():
        for n in range(120):
            yield write(picture(), texts[n // 30], (320, 300), 26) if n < 90 else picture()

    found = entries(text_detector, film())
    assert [text for text, _, _ in found] == texts
    assert all(one[2] == other[1] for one, other in pairwise(found))
    assert [start for _, start, _ in found] == pytest.approx([0, 1.2, 2.4], abs=0.05)


@pytest.mark.parametrize("frames", [8, 13])
def test_a_short_text_has_its_length(text_detector, frames):
    def film():
        for n in range(80):
            yield (
                write(picture(), "They left before dawn", (320, 150), 26)
                if 30 <= n < 30 + frames
                else picture()
            )

    assert entries(text_detector, film()) == [("They left before dawn", 1.2, (30 + frames) / FPS)]


def test_the_same_text_again_later_is_a_second_text(text_detector):
    def film():
        for n in range(140):
            shown = n < 30 or n >= 90
            yield write(picture(), "They left before dawn", (320, 150), 26) if shown else picture()

    assert [(start, end) for _, start, end in entries(text_detector, film())] == [(0, 1.2), (3.6, 5.6)]


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_line_that_runs_up_or_down_is_read(text_detector, quarters):
    layer = write(np.zeros((SIZE[0], SIZE[0], 3), np.uint8), "They left before dawn", (320, 320), 26)
    upended = np.ascontiguousarray(np.rot90(layer, quarters)[140:500])
    shown = np.maximum(picture(), upended)
    assert [text for text, _, _ in entries(text_detector, [shown] * 40)] == ["They left before dawn"]


def test_readings_of_a_ticker_are_joined_where_they_agree():
    assert stitched("The harbour was em", "bour was empty by noon") == "The harbour was empty by noon"
    assert stitched("The harbour was enr", "l harbour was empty by") == "The harbour was empty by"
    assert stitched("The harbour", "Quite different") is None


def test_an_even_way_is_movement_however_noisy():
    def steps(way, agreement=0.5):
        return [
            Step(time=Timestamp(i, Fraction(1, 25)), dx=dx, dy=dy, agreement=agreement)
            for i, (dx, dy) in enumerate(way)
        ]

    assert moves(steps([(0, -2 * i) for i in range(8)]))
    assert not moves(steps([(0, -2 * i * (i % 3)) for i in range(8)]))
    assert not moves(steps([(0, -2 * i) for i in range(5)]))
    assert moves(steps([(0, -2 * i) for i in range(5)], agreement=0.8))
    assert not moves(steps([(0, 0)] * 8, agreement=0.9))
