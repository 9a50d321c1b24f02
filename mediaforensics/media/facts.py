"""What a file is and how much of it was seen. Facts name who claims them: the header, or the decoder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mediaforensics.types import Span

MediaKind = Literal["video", "image", "animation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """One file, as identified by its content.

    Attributes
    ----------
    name : str
        File name without its folders, undecodable bytes shown as escapes.
    sha256, md5, sha1 : str
        Of all bytes, lower-case hexadecimal.
    size_bytes : int
        Size of the file.
    kind : {"video", "image", "animation"}
        By content, not by extension.
    container, codec : str
        Names as the decoder gives them.
    width_px, height_px : int
        Source pixels after display rotation.
    duration_s_from_header : float or None
        What the container claims.
    duration_s_decoded : float
        First to last decoded frame, the last one's own duration included.
    frames_decoded : int
        Frames that came out of the decoder.
    rotation_degrees : int
        Clockwise rotation that was applied for display: 0, 90, 180, 270.
    mirrored : bool
        Whether the picture was mirrored left-right (after the rotation) for display.
    notes : tuple of str
        Oddities that were handled, in plain words (interlaced, HDR, alpha, pixel aspect ...).
    """

    name: str
    sha256: str
    md5: str
    sha1: str
    size_bytes: int
    kind: MediaKind
    container: str
    codec: str
    width_px: int
    height_px: int
    duration_s_from_header: float | None
    duration_s_decoded: float
    frames_decoded: int
    rotation_degrees: int
    mirrored: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch of the evidence that was not looked at, and why."""

    span: Span
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a file was looked at.

    Attributes
    ----------
    frames_decoded, frames_sampled, frames_skipped : int
        Out of the decoder; shown to the detectors; decoded, compared and found to show nothing new.
    undecodable : tuple of Gap
        What could not be read, in time order.
    """

    frames_decoded: int
    frames_sampled: int
    frames_skipped: int
    undecodable: tuple[Gap, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not self.undecodable
