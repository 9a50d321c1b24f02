from __future__ import annotations

import pytest
from media_clips import clip, encoded, scene
from PIL import Image

from mediaforensics.errors import UnsupportedMedia
from mediaforensics.media.signature import DEMUXERS, signature_of


@pytest.mark.parametrize(
    ("form", "container"),
    [("PNG", "PNG"), ("JPEG", "JPEG"), ("GIF", "GIF"), ("WEBP", "WEBP"), ("TIFF", "TIFF"), ("BMP", "BMP")],
)
def test_pictures_by_content(form, container):
    found = signature_of(encoded(Image.fromarray(scene()), form)[:64])
    assert (found.reader, found.container) == ("still", container)


@pytest.mark.parametrize(
    ("container", "codec", "pix_fmt", "expected"),
    [
        ("matroska", "ffv1", "yuv444p", "matroska"),
        ("mp4", "mpeg4", "yuv420p", "mov"),
        ("mov", "mpeg4", "yuv420p", "mov"),
        ("avi", "mpeg4", "yuv420p", "avi"),
        ("mpegts", "mpeg4", "yuv420p", "mpegts"),
        ("flv", "flv1", "yuv420p", "flv"),
        ("asf", "wmv2", "yuv420p", "asf"),
    ],
)
def test_videos_by_content(container, codec, pix_fmt, expected):
    found = signature_of(clip(container=container, codec=codec, pix_fmt=pix_fmt)[: 1 << 16])
    assert (found.reader, found.container) == ("video", expected)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n", "HLS"),
        (b"\xef\xbb\xbf  #extm3u\n", "HLS"),
        (b"ffconcat version 1.0\nfile 'x'\n", "concat"),
        (b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "SDP"),
        (b"<?xml version='1.0'?><MPD>", "XML"),
        (b"just some words\n", "plain text"),
        (b"PK\x03\x04....", "ZIP"),
    ],
)
def test_lists_of_other_files_documents_and_text_are_refused_by_name(content, word):
    with pytest.raises(UnsupportedMedia, match=word):
        signature_of(content)


def test_no_demuxer_on_the_list_opens_other_files():
    nested = {
        "hls",
        "applehttp",
        "dash",
        "concat",
        "sdp",
        "rtsp",
        "image2",
        "imf",
        "tedcaptions",
        "lavfi",
        "webm_dash_manifest",
    }
    assert not nested & set(DEMUXERS.split(","))
