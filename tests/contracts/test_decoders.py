"""What every decoder promises. ``Decoder`` in media/decode.py points here."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from media_clips import clip, encoded, scene
from PIL import Image

from mediaforensics.errors import LimitExceeded, MediaError
from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source
from mediaforensics.media.still import StillDecoder
from mediaforensics.media.video import VideoDecoder
from mediaforensics.options import LimitOptions
from mediaforensics.types import Box


def moving(form: str) -> bytes:
    pictures = [Image.fromarray(np.roll(scene(), 8 * n, axis=1)) for n in range(12)]
    return encoded(pictures[0], form, save_all=True, append_images=pictures[1:], duration=40)


@dataclass(frozen=True)
class Case:
    make: Callable[[], bytes]
    decoder: type
    frames: int
    kind: str
    last_s: float


PICTURES = [np.roll(scene(), 8 * n, axis=1) for n in range(12)]
CASES = {
    "mkv": Case(lambda: clip(range(0, 480, 40), pictures=PICTURES), VideoDecoder, 12, "video", 0.44),
    "mp4": Case(
        lambda: clip(
            range(0, 480, 40), pictures=PICTURES, container="mp4", codec="libx264", pix_fmt="yuv420p"
        ),
        VideoDecoder,
        12,
        "video",
        0.44,
    ),
    "gif": Case(lambda: moving("GIF"), StillDecoder, 12, "animation", 0.44),
    "apng": Case(lambda: moving("PNG"), StillDecoder, 12, "animation", 0.44),
    "webp": Case(lambda: moving("WEBP"), StillDecoder, 12, "animation", 0.44),
    "png": Case(lambda: encoded(Image.fromarray(scene()), "PNG"), StillDecoder, 1, "image", 0.0),
    "jpeg": Case(lambda: encoded(Image.fromarray(scene()), "JPEG"), StillDecoder, 1, "image", 0.0),
}


@pytest.fixture(params=CASES, scope="module")
def case(request) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def content(case) -> bytes:
    return case.make()


def test_the_right_decoder_gives_all_frames_in_order(case, content):
    with Source.open(content) as source:
        decoder = open_media(source)
        assert isinstance(decoder, case.decoder)
        assert decoder.kind == case.kind
        assert decoder.size_px == (96, 64)
        frames = list(decoder.frames())
        assert len(frames) == case.frames
        assert [frame.time for frame in frames] == sorted(frame.time for frame in frames)
        assert frames[0].time.seconds == 0.0
        assert frames[-1].time.seconds == pytest.approx(case.last_s, abs=0.0005)
        assert decoder.gaps == ()
        decoder.close()


def test_facts_are_complete_after_the_pass(case, content):
    with Source.open(content) as source:
        decoder = open_media(source)
        for _ in decoder.frames():
            pass
        facts = decoder.facts()
        decoder.close()
    assert facts.sha256 == hashlib.sha256(content).hexdigest()
    assert facts.size_bytes == len(content)
    assert (facts.width_px, facts.height_px) == (96, 64)
    assert facts.frames_decoded == case.frames
    assert facts.kind == case.kind
    assert facts.container
    assert facts.codec
    assert (facts.rotation_degrees, facts.mirrored) == (0, False)
    assert facts.duration_s_decoded == pytest.approx(0.48 if case.frames > 1 else 0.0, abs=0.001)


def test_frames_are_upright_rgb_and_outlive_the_decoder(case, content):
    with Source.open(content) as source:
        decoder = open_media(source)
        frame = next(decoder.frames())
        decoder.close()
    del decoder
    view = frame.rgb()
    assert view.pixels.shape == (64, 96, 3)
    assert view.pixels.dtype == np.uint8
    assert np.abs(view.pixels.astype(int) - scene()).mean() < 12
    crop = frame.crop(Box(60, 40, 90, 60))
    assert np.array_equal(crop.pixels, view.pixels[40:60, 60:90])
    assert frame.luma(48).pixels.shape == (32, 48)


def test_two_passes_give_the_same_bytes(case, content):
    def passed() -> list[str]:
        with Source.open(content) as source:
            decoder = open_media(source)
            found = [
                hashlib.sha256(frame.rgb().pixels.tobytes() + frame.luma(40).pixels.tobytes()).hexdigest()
                for frame in decoder.frames()
            ]
            decoder.close()
        return found

    assert passed() == passed()


def test_the_door_it_came_through_makes_no_difference(case, content, tmp_path):
    path = tmp_path / "evidence"
    path.write_bytes(content)
    found = []
    for evidence in (content, path, io.BytesIO(content)):
        with Source.open(evidence) as source:
            decoder = open_media(source)
            found.append([frame.rgb(32).pixels.tobytes() for frame in decoder.frames()])
            decoder.close()
    assert found[0] == found[1] == found[2]


def test_the_pass_may_be_left_early(case, content):
    with Source.open(content) as source:
        decoder = open_media(source)
        next(decoder.frames())
        decoder.close()


def test_a_second_pass_is_refused(case, content):
    with Source.open(content) as source:
        decoder = open_media(source)
        list(decoder.frames())
        with pytest.raises(RuntimeError):
            next(decoder.frames())
        decoder.close()


def test_too_many_pixels_raise_before_the_first_frame(case, content):
    with Source.open(content) as source, pytest.raises(LimitExceeded) as caught:
        open_media(source, LimitOptions(max_pixels_per_frame=96 * 64 - 1))
    assert caught.value.resource == "pixels per frame"


def test_too_many_frames_are_a_gap(case, content):
    if case.frames == 1:
        return
    limits = LimitOptions(max_frames=5)
    with Source.open(content, limits) as source:
        decoder = open_media(source, limits)
        assert len(list(decoder.frames())) == 5
        assert "limit" in decoder.gaps[0].why
        decoder.close()


def test_a_deadline_already_over_is_a_typed_error(case, content):
    limits = LimitOptions(deadline_s=1e-9)
    with Source.open(content, limits) as source, pytest.raises(LimitExceeded):
        list(open_media(source, limits).frames())


@pytest.mark.parametrize("keep", [0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_file_cut_anywhere_is_partial_or_a_typed_error_but_never_silently_whole(case, content, keep):
    cut = content[: int(len(content) * keep)]
    with Source.open(cut) as source:
        try:
            decoder = open_media(source)
            frames = list(decoder.frames())
        except MediaError:
            return
        assert frames
        whole = len(frames) == case.frames
        assert whole or decoder.gaps or decoder.notes
        decoder.close()


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bytes_never_raise_anything_untyped(case, content, seed):
    noise = np.random.default_rng(seed)
    broken = bytearray(content)
    for at in noise.integers(0, len(broken), max(1, len(broken) // 400)):
        broken[at] ^= int(noise.integers(1, 256))
    with Source.open(bytes(broken)) as source:
        try:
            decoder = open_media(source, LimitOptions(max_pixels_per_frame=1_000_000))
        except MediaError:
            return
        try:
            last = None
            for frame in decoder.frames():
                frame.luma(32)
                frame.rgb(32)
                assert last is None or frame.time >= last
                last = frame.time
            decoder.facts()
        except MediaError:
            assert last is None
        finally:
            decoder.close()
