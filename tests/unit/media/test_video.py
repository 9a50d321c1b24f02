from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np
import pytest
from media_clips import clip, scene

from mediaforensics.errors import LimitExceeded, MediaError, NoFrames, UnsupportedMedia
from mediaforensics.media.decode import open_media
from mediaforensics.media.picture import Orientation
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions

MATRICES = {
    # EXIF value: (a, b, c, d) of the display matrix [[a, b, 0], [c, d, 0], [0, 0, 1]]
    1: (1, 0, 0, 1),
    2: (-1, 0, 0, 1),
    3: (-1, 0, 0, -1),
    4: (1, 0, 0, -1),
    5: (0, 1, 1, 0),
    6: (0, 1, -1, 0),
    7: (0, -1, -1, 0),
    8: (0, -1, 1, 0),
}


def read(content: bytes, limits: LimitOptions | None = None):
    with Source.open(content, limits) as source:
        decoder = open_media(source, limits)
        frames = list(decoder.frames())
        facts, gaps = decoder.facts(), decoder.gaps
        decoder.close()
    return frames, facts, gaps


def times(frames) -> list[float]:
    return [frame.time.seconds for frame in frames]


@pytest.mark.parametrize(
    "stamps",
    [
        [0, 40, 80, 120],
        [10_000, 10_040, 10_080],
        [0, 100, 133, 166, 900, 933],
    ],
    ids=["constant", "offset", "variable"],
)
def test_times_are_those_of_the_container(stamps):
    frames, facts, gaps = read(clip(stamps))
    assert [frame.time.exact_s for frame in frames] == [Fraction(stamp, 1000) for stamp in stamps]
    assert facts.kind == "video"
    assert facts.frames_decoded == len(stamps)
    assert not gaps


def test_pixels_come_back_and_luma_agrees_with_colour():
    frames, _, _ = read(clip([0]))
    assert np.abs(frames[0].rgb().pixels.astype(int) - scene()).mean() < 2
    grey = frames[0].rgb().pixels @ np.array([0.299, 0.587, 0.114])
    assert np.abs(frames[0].luma(1000).pixels - grey).mean() < 2


@pytest.mark.parametrize(
    "pix_fmt", ["yuv420p", "yuv422p10le", "yuv420p16le", "gray", "gray16le", "bgr0", "yuva420p"]
)
def test_every_layout_has_the_same_brightness(pix_fmt):
    frames, _, _ = read(clip([0], pix_fmt=pix_fmt))
    grey = scene() @ np.array([0.299, 0.587, 0.114])
    assert np.abs(frames[0].luma(1000).pixels - grey).mean() < 3
    small = frames[0].luma(48).pixels
    assert np.abs(small - grey.reshape(32, 2, 48, 2).mean(axis=(1, 3))).mean() < 3


@pytest.mark.parametrize("exif", range(1, 9))
def test_display_matrix_turns_and_mirrors(exif):
    orientation = Orientation.from_exif(exif)
    content = clip(
        [0, 40], container="mp4", codec="libx264", display_matrix=MATRICES[exif], pix_fmt="yuv444p"
    )
    frames, facts, _ = read(content)
    expected = orientation.apply(scene())
    seen = frames[0].rgb().pixels
    assert seen.shape == expected.shape
    assert np.abs(seen.astype(int) - expected).mean() < 8
    assert (facts.rotation_degrees, facts.mirrored) == (orientation.rotation_degrees, orientation.mirrored)
    assert (facts.width_px, facts.height_px) == (expected.shape[1], expected.shape[0])


def test_a_slanted_matrix_is_rounded_to_a_right_angle():
    matrix = np.array([6554, 65000, 0, -65000, 6554, 0, 0, 0, 1 << 30], np.int32).tobytes()
    assert Orientation.from_display_matrix(matrix) == Orientation.from_exif(6)
    assert Orientation.from_display_matrix(bytes(36)) == Orientation()


def test_pixel_aspect_is_stretched_and_noted():
    settings = {"sample_aspect_ratio": Fraction(2)}
    content = clip([0], container="mp4", codec="mpeg4", pix_fmt="yuv420p", stream_settings=settings)
    frames, facts, _ = read(content)
    assert facts.width_px == 96
    assert frames[0].rgb().pixels.shape == (64, 192, 3)
    assert any("pixel aspect" in note for note in facts.notes)


def test_transparency_is_composited_and_noted():
    pixels = np.zeros((64, 96, 4), np.uint8)
    pixels[10:30, 10:50] = (255, 255, 255, 255)
    target = io.BytesIO()
    with av.open(target, "w", format="mov") as out:
        track = out.add_stream("qtrle", rate=25)
        track.width, track.height, track.pix_fmt = 96, 64, "argb"
        frame = av.VideoFrame.from_ndarray(pixels, "rgba").reformat(format="argb")
        frame.pts = 0
        out.mux(track.encode(frame))
        out.mux(track.encode())
    frames, facts, _ = read(target.getvalue())
    assert frames[0].luma(1000).pixels.std() > 50
    assert any("transparency" in note for note in facts.notes)


def test_a_file_cut_in_half_gives_its_frames_and_a_gap_to_the_claimed_end():
    noise = [np.random.default_rng(n).integers(0, 255, (64, 96, 3), np.uint8) for n in range(5)]
    whole = clip(range(0, 4000, 40), pictures=noise)
    frames, facts, gaps = read(whole[: len(whole) // 2])
    assert 40 <= len(frames) <= 51
    assert gaps[-1].span.start.seconds == pytest.approx(times(frames)[-1] + 0.04, abs=0.05)
    assert gaps[-1].span.end.seconds == pytest.approx(4.0, abs=0.1)
    assert facts.duration_s_from_header == pytest.approx(4.0, abs=0.1)


def test_an_mp4_cut_in_half_keeps_every_frame_before_the_cut():
    noise = [np.random.default_rng(n).integers(0, 255, (64, 96, 3), np.uint8) for n in range(5)]
    settings = {"options": {"bf": "2"}}
    whole = clip(
        range(0, 2000, 40), pictures=noise, container="mp4", codec="libx264", stream_settings=settings
    )
    moov_first = whole.index(b"moov") < whole.index(b"mdat")
    if not moov_first:
        moov = whole.index(b"moov") - 4
        cut = whole[: moov // 2] + bytes(moov - moov // 2) + whole[moov:]
    else:
        cut = whole[: len(whole) // 2]
    frames, _, gaps = read(cut)
    assert 15 <= len(frames) <= 50
    assert gaps
    assert times(frames) == sorted(times(frames))


def test_damage_in_the_middle_is_placed_and_what_follows_is_read():
    noise = [np.random.default_rng(n).integers(0, 255, (64, 96, 3), np.uint8) for n in range(5)]
    whole = bytearray(clip(range(0, 4000, 40), pictures=noise, codec="mjpeg", pix_fmt="yuvj444p"))
    at = len(whole) // 2
    whole[at : at + 12_000] = bytes(12_000)
    frames, _, gaps = read(bytes(whole))
    assert times(frames)[-1] > 3.5
    assert len(frames) < 100
    assert gaps
    assert 1.5 < gaps[0].span.start.seconds <= gaps[-1].span.end.seconds < 3.0


def test_rubbish_behind_a_good_head_is_a_typed_error():
    whole = clip()
    head = whole[: whole.index(b"\x1f\x43\xb6\x75")]  # up to the first Matroska cluster
    with pytest.raises(MediaError):
        read(head + b"\0" * 1000)
    with pytest.raises(UnsupportedMedia):
        read(b"\x1aE\xdf\xa3" + b"\xff" * 1000)


def test_a_file_without_pictures_is_no_frames():
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as out:
        track = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.rate, frame.pts = 8000, 0
        out.mux(track.encode(frame))
    with pytest.raises(NoFrames, match="no video"):
        read(target.getvalue())


def test_every_further_video_stream_is_named_as_not_analysed():
    frames, _, gaps = read(clip(range(0, 1000, 40), streams=2))
    assert len(frames) == 25
    assert any("stream" in gap.why and "not analysed" in gap.why for gap in gaps)


def test_limits_before_the_first_frame_raise():
    with pytest.raises(LimitExceeded) as caught:
        read(clip([0]), LimitOptions(max_pixels_per_frame=1000))
    assert (caught.value.resource, caught.value.actual) == ("pixels per frame", 96 * 64)


@pytest.mark.parametrize(
    ("limits", "count", "word"),
    [
        (LimitOptions(max_frames=7), 7, "7 frames"),
        (LimitOptions(max_duration_s=0.2), 6, "0.2 s"),
    ],
)
def test_limits_after_the_first_frame_are_gaps(limits, count, word):
    frames, _, gaps = read(clip(), limits)
    assert len(frames) == count
    assert len(gaps) == 1
    assert "limit" in gaps[0].why
    assert word in gaps[0].why
    assert gaps[0].span.end >= gaps[0].span.start >= frames[-1].time


def test_a_deadline_ends_the_pass_with_a_gap(monkeypatch):
    with Source.open(clip()) as source:
        decoder = open_media(source)
        seen = []
        for frame in decoder.frames():
            seen.append(frame)
            if len(seen) == 3:
                monkeypatch.setattr(Source, "overdue", property(lambda self: True))
        assert 3 <= len(seen) < 25
        assert "wall time" in decoder.gaps[-1].why
        decoder.close()


def test_a_deadline_before_the_first_frame_raises():
    with pytest.raises(LimitExceeded, match="wall time"):
        read(clip(), LimitOptions(deadline_s=1e-9))


def test_a_claimed_duration_of_years_neither_loops_nor_makes_a_gap_of_years():
    limits = LimitOptions(max_duration_s=3600)
    frames, _, gaps = read(clip([0, 40, 1_600_000_000]), limits)
    assert times(frames) == [0.0, 0.04]
    assert gaps[-1].span.end.seconds <= 3600


def test_time_never_runs_backwards_silently():
    # Two programmes one after the other in one transport stream: the second starts its clock again.
    one = clip(range(5000, 8000, 40), container="mpegts", codec="mpeg4", pix_fmt="yuv420p")
    other = clip(range(0, 1000, 40), container="mpegts", codec="mpeg4", pix_fmt="yuv420p")
    frames, facts, _ = read(one + other)
    assert len(frames) > 90
    assert times(frames) == sorted(times(frames))
    assert any("clock starts again" in note for note in facts.notes)


def test_size_changes_inside_a_stream_are_noted():
    small = clip(range(0, 400, 40), container="mpegts", codec="mpeg4", pix_fmt="yuv420p")
    large = clip(
        range(400, 800, 40), pictures=[scene(192, 128)], container="mpegts", codec="mpeg4", pix_fmt="yuv420p"
    )
    frames, facts, _ = read(small + large)
    assert {frame.size_px for frame in frames} == {(96, 64), (192, 128)}
    assert any("size changes" in note for note in facts.notes)


def test_nothing_is_opened_that_the_container_names(tmp_path):
    other = tmp_path / "other.mkv"
    other.write_bytes(clip())
    lists = {
        "m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n".encode(),
        "ffconcat": f"ffconcat version 1.0\nfile '{other}'\n".encode(),
        "sdp": b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\nm=video 9 RTP/AVP 96\r\n",
        "padded": b"\x00\x01\x02\x03" + f"\n#EXTM3U\n#EXTINF:10,\n{other}\n".encode(),
        "mpd": f"<?xml version='1.0'?><MPD><BaseURL>{other}</BaseURL></MPD>".encode(),
        "image2": str(other).encode(),
    }
    for kind, content in lists.items():
        for suffix in (kind, "mp4", "avi"):
            path = tmp_path / f"list.{suffix}"
            path.write_bytes(content)
            with pytest.raises(UnsupportedMedia):
                read(path)


def test_pass_is_single_and_size_is_known_before_it():
    with Source.open(clip()) as source:
        decoder = open_media(source)
        assert decoder.size_px == (96, 64)
        assert len(list(decoder.frames())) == 25
        with pytest.raises(RuntimeError):
            next(decoder.frames())
        decoder.close()


def test_errors_name_the_file(tmp_path):
    path = tmp_path / "clue.mkv"
    path.write_bytes(b"\x1aE\xdf\xa3" + b"\xff" * 1000)
    with pytest.raises(MediaError, match=r"clue\.mkv"):
        read(path)
