"""The contract of a decoder: one sequential pass over the evidence, with damage and limits placed in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from mediaforensics.errors import MediaError, UnsupportedMedia
from mediaforensics.media.facts import Gap, MediaFacts, MediaKind
from mediaforensics.media.picture import DecodedFrame
from mediaforensics.media.signature import Signature, signature_of
from mediaforensics.media.source import Source
from mediaforensics.media.still import StillDecoder
from mediaforensics.media.video import VideoDecoder
from mediaforensics.options import LimitOptions


class Decoder(Protocol):
    """Reads one source once, from beginning to end. ``tests/contracts/test_decoders.py`` is the contract."""

    @property
    def size_px(self) -> tuple[int, int]:
        """``(width, height)`` of the first frame in source pixels after display rotation."""
        ...

    @property
    def kind(self) -> MediaKind:
        """What it is, as far as the header tells before the pass."""
        ...

    @property
    def duration_s_from_header(self) -> float | None:
        """What the container claims; for progress only, it may be a lie."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """Oddities handled so far, in plain words."""
        ...

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read so far, in time order."""
        ...

    def frames(self) -> Iterator[DecodedFrame]:
        """Every frame in presentation order, once. Damage after the first becomes a gap, not an error.

        Raises
        ------
        NoFrames
            Not one picture could be decoded.
        LimitExceeded
            A limit was met before the first frame.
        """
        ...

    def facts(self) -> MediaFacts:
        """What the file is; complete once the pass has ended."""
        ...

    def close(self) -> None:
        """Let go of the decoder. The source stays open."""
        ...


def open_media(source: Source, limits: LimitOptions | None = None) -> Decoder:
    """Choose the decoder for a source by its content and open it.

    Parameters
    ----------
    source : Source
        Opened evidence; it must stay open as long as the decoder is used.
    limits : LimitOptions, optional
        What one file may cost.

    Raises
    ------
    UnsupportedMedia
        No decoder on the allow-list reads these bytes.
    LimitExceeded
        The header already claims more pixels per frame than the limit.
    NoFrames
        A container without any picture in it.
    """
    limits = limits or LimitOptions()
    try:
        signature = signature_of(source.head)
        if signature.reader == "still":
            try:
                return StillDecoder(source, limits, signature)
            except UnsupportedMedia:
                if signature.container != "AVIF":
                    raise
                # Pillow's AVIF reader is strict about boxes that FFmpeg does not need. The report names the
                # decoder that was used under "container".
                return VideoDecoder(
                    source, limits, Signature(reader="video", container="mov", single_picture=True)
                )
        return VideoDecoder(source, limits, signature)
    except MediaError as error:
        raise _named(error, source.name) from error.__cause__


def _named(error: MediaError, name: str) -> MediaError:
    """The same error, saying which file it is about."""
    if error.args and isinstance(error.args[0], str) and not error.args[0].startswith(name):
        error.args = (f"{name}: {error.args[0]}", *error.args[1:])
    return error
