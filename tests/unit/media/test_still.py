from __future__ import annotations

import io
import struct
import zlib
from fractions import Fraction

import numpy as np
import pytest
from media_clips import encoded, scene
from PIL import Image

from mediaforensics.errors import LimitExceeded, NoFrames, UnsupportedMedia
from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions

TURNS = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: np.rot90(p, 2),
    4: lambda p: p[::-1],
    5: lambda p: p.swapaxes(0, 1),
    6: lambda p: np.rot90(p, -1),
    7: lambda p: np.rot90(p, 2).swapaxes(0, 1),
    8: lambda p: np.rot90(p, 1),
}


def read(content: bytes, limits: LimitOptions | None = None):
    with Source.open(content) as source:
        decoder = open_media(source, limits)
        frames = list(decoder.frames())
        facts, gaps = decoder.facts(), decoder.gaps
        decoder.close()
    return frames, facts, gaps


def times(frames) -> list[float]:
    return [frame.time.seconds for frame in frames]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_whatever_the_format(form, orientation):
    picture = Image.fromarray(scene())
    exif = Image.Exif()
    exif[274] = orientation
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 95}, "AVIF": {"quality": 95}}.get(form, {})
    frames, facts, gaps = read(encoded(picture, form, exif=exif, **lossless))
    seen = frames[0].rgb().pixels.astype(int)
    expected = TURNS[orientation](scene()).astype(int)
    assert seen.shape == expected.shape
    assert np.abs(seen - expected).mean() < 6
    assert facts.kind == "image"
    assert (facts.width_px, facts.height_px) == (expected.shape[1], expected.shape[0])
    turned = (facts.rotation_degrees, facts.mirrored)
    said = np.rot90(scene(), -turned[0] // 90)
    assert np.array_equal(said[:, ::-1] if turned[1] else said, TURNS[orientation](scene()))
    assert not gaps


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_mode_looks_the_same(mode):
    picture = Image.fromarray(scene())
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    else:
        picture = picture.convert(mode)
    frames, _, _ = read(encoded(picture, "PNG"))
    grey = Image.fromarray(scene()).convert("L")
    reference = np.asarray(picture.convert("L") if mode in ("1", "P") else grey)
    difference = np.abs(frames[0].luma(1000).pixels.astype(int) - reference)
    assert difference.mean() < 1.5


def test_cmyk_and_float_are_shown_and_noted():
    frames, facts, _ = read(encoded(Image.fromarray(scene()).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(frames[0].rgb().pixels.astype(int) - scene()).mean() < 8
    assert any("CMYK" in note for note in facts.notes)
    ramp = np.linspace(-3, 3, 96 * 64, dtype=np.float32).reshape(64, 96)
    frames, facts, _ = read(encoded(Image.fromarray(ramp), "TIFF"))
    assert frames[0].luma(1000).pixels.min() == 0
    assert frames[0].luma(1000).pixels.max() == 255
    assert any("lowest to highest" in note for note in facts.notes)


def test_light_things_on_transparency_stay_visible():
    rgba = np.zeros((64, 96, 4), np.uint8)
    rgba[20:40, 20:60] = (255, 255, 255, 255)
    frames, facts, _ = read(encoded(Image.fromarray(rgba), "PNG"))
    assert frames[0].luma(1000).pixels.std() > 50
    assert any("transparency" in note for note in facts.notes)


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP", "AVIF"])
def test_animations_keep_their_times(form):
    pictures = [Image.fromarray(np.roll(scene(), 9 * n, axis=1)) for n in range(4)]
    content = encoded(
        pictures[0], form, save_all=True, append_images=pictures[1:], duration=[100, 250, 40, 1000], loop=0
    )
    frames, facts, gaps = read(content)
    assert times(frames) == pytest.approx([0.0, 0.1, 0.35, 0.39], abs=0.0005)
    assert facts.kind == "animation"
    assert facts.frames_decoded == 4
    assert facts.duration_s_decoded == pytest.approx(1.39, abs=0.001)
    assert not gaps
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.abs(frame.rgb().pixels.astype(int) - np.asarray(picture)).mean() < 12


def test_gif_frames_too_short_to_see_last_as_long_as_viewers_show_them():
    pictures = [Image.fromarray(np.roll(scene(), 9 * n, axis=1)) for n in range(3)]
    frames, facts, _ = read(
        encoded(pictures[0], "GIF", save_all=True, append_images=pictures[1:], duration=[10, 20, 30])
    )
    assert times(frames) == [0.0, 0.1, 0.12]
    assert any("20 ms" in note for note in facts.notes)


def test_the_picture_for_viewers_that_do_not_animate_is_looked_at_too():
    hidden, one, two = (Image.fromarray(np.roll(scene(), 20 * n, axis=1)) for n in range(3))
    content = encoded(
        hidden, "PNG", save_all=True, append_images=[one, two], default_image=True, duration=[500, 500]
    )
    frames, facts, _ = read(content)
    assert times(frames) == [0.0, 0.5, 0.5]
    assert np.array_equal(frames[-1].rgb().pixels, np.asarray(hidden))
    assert np.array_equal(frames[0].rgb().pixels, np.asarray(one))
    assert any("do not animate" in note for note in facts.notes)


def test_pages_of_different_size():
    pages = [Image.fromarray(scene()), Image.fromarray(scene(40, 30))]
    frames, facts, _ = read(encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert [frame.size_px for frame in frames] == [(96, 64), (40, 30)]
    assert times(frames) == [0.0, 1.0]
    assert any("page" in note for note in facts.notes)


def test_a_picture_has_one_frame_at_zero_and_no_duration():
    frames, facts, _ = read(encoded(Image.fromarray(scene()), "PNG"))
    assert times(frames) == [0.0]
    assert frames[0].duration_s == Fraction(0)
    assert facts.duration_s_decoded == 0.0


@pytest.mark.parametrize("form", ["JPEG", "progressive JPEG", "PNG"])
def test_of_a_picture_cut_in_half_the_readable_half_is_given(form):
    noise = np.random.default_rng(5).integers(0, 255, (400, 300, 3), np.uint8)
    settings = {"progressive": True} if "progressive" in form else {}
    content = encoded(Image.fromarray(noise), form.split()[-1], **settings)
    frames, facts, gaps = read(content[: len(content) // 2])
    top = frames[0].luma(1000).pixels[:100]
    assert top.std() > 20
    assert facts.frames_decoded == 1
    assert len(gaps) == 1
    assert gaps[0].span.start == gaps[0].span.end == frames[0].time


def test_a_picture_of_which_nothing_can_be_read_is_no_frame():
    content = encoded(Image.fromarray(scene()), "PNG")
    start = content.index(b"IDAT") + 4
    broken = content[:start] + bytes(40) + content[start + 40 :]
    with pytest.raises(NoFrames):
        read(broken)
    with pytest.raises(UnsupportedMedia):
        read(content[:20])


def test_an_animation_that_breaks_gives_the_frames_before():
    noise = np.random.default_rng(6).integers(0, 255, (6, 64, 96, 3), np.uint8)
    pictures = [Image.fromarray(pixels) for pixels in noise]
    content = encoded(pictures[0], "PNG", save_all=True, append_images=pictures[1:], duration=100)
    frames, _, gaps = read(content[: len(content) * 2 // 3])
    assert 2 <= len(frames) < 6
    assert gaps


def bomb(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b""))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(("width", "height"), [(13_000, 13_000), (60_000, 60_000), (2**31 - 1, 2**31 - 1)])
def test_size_is_checked_before_any_pixel_is(width, height):
    with pytest.raises(LimitExceeded) as caught:
        read(bomb(width, height))
    assert caught.value.resource == "pixels per frame"
    assert caught.value.actual == width * height


def test_a_frame_that_outgrows_the_limit_is_a_gap():
    content = encoded(
        Image.fromarray(scene()), "TIFF", save_all=True, append_images=[Image.fromarray(scene(600, 600))]
    )
    frames, _, gaps = read(content, LimitOptions(max_pixels_per_frame=100_000))
    assert len(frames) == 1
    assert "limit" in gaps[0].why


def test_pillows_process_wide_settings_are_left_alone():
    before = Image.MAX_IMAGE_PIXELS
    read(encoded(Image.fromarray(scene(600, 600)), "PNG"), LimitOptions(max_pixels_per_frame=400_000))
    assert before == Image.MAX_IMAGE_PIXELS


def test_names_of_files_are_never_given_to_pillow(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(encoded(Image.fromarray(scene()), "JPEG"))
    with Source.open(path) as source:
        decoder = open_media(source)
        assert decoder.facts().container == "jpeg"
        decoder.close()


def test_frame_limit_is_a_gap():
    pictures = [Image.fromarray(np.roll(scene(), 9 * n, axis=1)) for n in range(4)]
    stream = io.BytesIO()
    pictures[0].save(stream, "GIF", save_all=True, append_images=pictures[1:], duration=100)
    frames, _, gaps = read(stream.getvalue(), LimitOptions(max_frames=2))
    assert len(frames) == 2
    assert "limit of 2 frames" in gaps[0].why
