"""What a file is, by its first bytes and never by its name; and which demuxers may read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mediaforensics.errors import UnsupportedMedia

DEMUXERS = (
    "asf,av1,avi,dv,flv,gxf,h261,h263,h264,hevc,ivf,ivr,m4v,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mpeg,mpegts,"
    "mpegvideo,mxf,nsv,nut,obu,ogg,rm,vc1,vc1test,vvc,wtv,yuv4mpegpipe"
)
"""Containers that hold their own pictures. None of them is a list of other files; all others are refused."""

_PLAYLISTS = (
    (b"#EXTM3U", "an HLS playlist"),
    (b"ffconcat", "a concat list"),
    (b"v=0", "an SDP session description"),
    (b"[playlist]", "a PLS playlist"),
    (b"<MPD", "a DASH manifest"),
    (b"<smil", "a SMIL presentation"),
    (b"<SmoothStreamingMedia", "a Smooth Streaming manifest"),
    (b"[InternetShortcut]", "an internet shortcut"),
)
_DOCUMENTS = (
    (b"<?xml", "an XML document"),
    (b"<!DOCTYPE", "an HTML or XML document"),
    (b"<html", "an HTML document"),
    (b"<svg", "an SVG drawing"),
    (b"#!", "a script"),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript program"),
    (b"PK\x03\x04", "a ZIP archive"),
)

_STILL = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"8BPS", "PSD"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "JPEG2000"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
)

_VIDEO = (
    (b"\x1aE\xdf\xa3", "matroska"),
    (b"FLV\x01", "flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (b"OggS", "ogg"),
    (b"\x00\x00\x01\xba", "mpeg"),
    (b".RMF", "rm"),
    (b"DKIF", "ivf"),
    (b"YUV4MPEG2", "yuv4mpegpipe"),
    (b"nut/multimedia container\x00", "nut"),
    (b"\xb7\xd8\x00\x20\x37\x49\xda\x11", "wtv"),
    (b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02", "mxf"),
)

_QUICKTIME_ATOMS = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp", b"sidx"}
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"mif1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What the first bytes say.

    Attributes
    ----------
    reader : {"video", "still"}
        Which decoder reads it.
    container : str or None
        The demuxer or picture format; None where only probing can tell (among ``DEMUXERS``).
    single_picture : bool
        The container is one of video, the content a single picture (HEIF).
    """

    reader: Literal["video", "still"]
    container: str | None
    single_picture: bool = False


def signature_of(head: bytes) -> Signature:
    """Tell what a file is.

    Parameters
    ----------
    head : bytes
        Its first bytes; 64 KiB are plenty.

    Raises
    ------
    UnsupportedMedia
        Empty, a playlist, a document, plain text, or another thing that is no picture and no video.
    """
    if not head:
        raise UnsupportedMedia("the file is empty")
    for magic, form in _STILL:
        if head.startswith(magic):
            return Signature(reader="still", container=form)
    for magic, form in _VIDEO:
        if head.startswith(magic):
            return Signature(reader="video", container=form)
    if head[:4] in (b"RIFF", b"RIFX"):
        forms = {
            b"WEBP": Signature(reader="still", container="WEBP"),
            b"AVI ": Signature(reader="video", container="avi"),
        }
        if head[8:12] in forms:
            return forms[head[8:12]]
    if head[4:8] in _QUICKTIME_ATOMS:
        return _iso_media(head)
    if head[:2] == b"BM" and head[6:10] == b"\0\0\0\0":
        return Signature(reader="still", container="BMP")
    if _is_transport_stream(head):
        return Signature(reader="video", container="mpegts")
    _refuse_text(head)
    return Signature(reader="video", container=None)


def claimed_size_bytes(head: bytes) -> int | None:
    """How long the file says it is; None where it does not say. A shorter file was cut off.

    Matroska states the size of its segment (RFC 8794, 9559), RIFF (AVI, WebP) that of its first chunk.
    """
    if head.startswith(b"RIFF") and len(head) >= 12:
        return 8 + int.from_bytes(head[4:8], "little")
    if head.startswith(b"\x1aE\xdf\xa3"):
        segment_at, size = _element_end(head, 4)
        if size is not None and head[segment_at : segment_at + 4] == b"\x18\x53\x80\x67":
            content_at, size = _element_end(head, segment_at + 4, skip=False)
            return None if size is None else content_at + size
    return None


def _element_end(head: bytes, at: int, *, skip: bool = True) -> tuple[int, int | None]:
    """Read the EBML size at ``at``: where the content ends (or begins), and its size, None for unknown."""
    if at >= len(head) or head[at] == 0:
        return at, None
    length = 9 - head[at].bit_length()
    value = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    if len(head) < at + length or value == (1 << 7 * length) - 1:
        return at, None
    return at + length + (value if skip else 0), value


def _iso_media(head: bytes) -> Signature:
    if head[4:8] == b"ftyp":
        length = min(int.from_bytes(head[:4], "big"), len(head), 512)
        brands = {head[8:12], *(head[i : i + 4] for i in range(16, length - 3, 4))}
        if brands & {b"avif", b"avis"}:
            return Signature(reader="still", container="AVIF")
        if head[8:12] in _HEIF_BRANDS:
            return Signature(reader="video", container="mov", single_picture=True)
    return Signature(reader="video", container="mov")


def _is_transport_stream(head: bytes) -> bool:
    # Sync byte 0x47 every 188 bytes (192 with the time prefix of Blu-ray, 204 with error correction).
    for packet_bytes in (188, 192, 204):
        for start in range(min(packet_bytes, len(head))):
            if (
                len(head) >= start + 4 * packet_bytes
                and head[start : start + 4 * packet_bytes + 1 : packet_bytes][:4] == b"\x47\x47\x47\x47"
            ):
                return True
    return False


def _refuse_text(head: bytes) -> None:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64]
    for magic, what in _DOCUMENTS:
        if start[: len(magic)].lower() == magic.lower():
            raise UnsupportedMedia(f"{what}, not media")
    for magic, what in _PLAYLISTS:
        if start[: len(magic)].lower() == magic.lower():
            raise UnsupportedMedia(
                f"{what}, not media; what names other files is never followed; give those files themselves"
            )
    sample = head[:4096]
    if not any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in sample):
        raise UnsupportedMedia("plain text, not media")
