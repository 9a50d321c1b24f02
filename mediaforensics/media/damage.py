"""Damage met while reading a video: errors become gaps in time, and holes that nobody reports are found."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from mediaforensics.media.picture import DecodedFrame
from mediaforensics.media.record import Record
from mediaforensics.media.source import Source
from mediaforensics.types import Timestamp

_LONGEST_HEADERS_BYTES = 2048
_MATROSKA_ELEMENTS = (
    b"\x1f\x43\xb6\x75",  # Cluster
    b"\x1c\x53\xbb\x6b",  # Cues
    b"\x12\x54\xc3\x67",  # Tags
    b"\x19\x41\xa4\x69",  # Attachments
    b"\x11\x4d\x9b\x74",  # SeekHead
    b"\x10\x43\xa7\x70",  # Chapters
    b"\x15\x49\xa9\x66",  # Info
    b"\x16\x54\xae\x6b",  # Tracks
    b"\x75\xa1",  # BlockAdditions
)
"""What may lie between two packets (RFC 9559), by element ID."""
_MATROSKA_BLOCKS = (0xA0, 0xA3, 0xEC)
"""Likewise: BlockGroup and SimpleBlock of tracks that are not read, and Void."""


class Holes:
    """Bytes that a Matroska demuxer skipped in silence to find its way again.

    Between the end of one packet and the beginning of the next lie a few bytes of headers or a
    known element. Anything else of some length is damage: libav only logs it.
    """

    def __init__(self, source: Source, container: str) -> None:
        self._source = source
        self._end: int | None = None
        self._position = -1
        self._looks = container.startswith("matroska")

    def before(self, packet: Any) -> bool:
        """Whether something unreadable lies right before ``packet``."""
        if not self._looks or packet.pos is None or packet.pos < 0:
            return False
        if packet.pos == self._position:  # several packets laced into one block
            return False
        start, self._end, self._position = self._end, None, packet.pos
        try:
            ahead = self._source.read_at(packet.pos - 12, 12) if packet.pos >= 12 else b""
            self._end = _block_end(ahead, packet.pos)
            if start is None or packet.pos - start < _LONGEST_HEADERS_BYTES:
                return False
            head = self._source.read_at(start, 24)
        except OSError:  # the deadline, or storage that fails: the demuxer is about to meet it too
            return False
        return head[0] not in _MATROSKA_BLOCKS and not any(known in head for known in _MATROSKA_ELEMENTS)


def _block_end(ahead: bytes, position: int) -> int | None:
    """Where the Matroska block ends whose content begins at ``position``, by the size written just before."""
    for length in range(1, min(8, len(ahead) - 1) + 1):
        first = ahead[-length]
        if first and 9 - first.bit_length() == length and ahead[-length - 1] in (0xA1, 0xA3):
            return position + (int.from_bytes(ahead[-length:], "big") & ((1 << 7 * length) - 1))
    return None


class Damage:
    """Errors on the way, turned into gaps once the next good frame says where they end."""

    def __init__(self, record: Record, time_base: Fraction) -> None:
        self._record, self._base = record, time_base
        self.last: DecodedFrame | None = None
        self.count = 0
        self.first_why: str | None = None
        self._open: tuple[int | None, str] | None = None

    def met(self, pts: int | None, why: str) -> None:
        """An error at about ``pts`` (None: wherever the reading is)."""
        self.first_why = self.first_why or why
        if self._open is None:
            self._open = (pts, why)

    def passed(self, frame: DecodedFrame, concealed: bool) -> None:
        """A frame came out; damage before it is closed."""
        self.count += 1
        if self._open is not None and (self._open[0] is None or frame.time.pts >= self._open[0]):
            self._record.gap(self._start(frame.time), frame.time, self._open[1])
            self._open = None
        if concealed:
            end = Timestamp(frame.time.pts + round(frame.duration_s / self._base), self._base)
            self._record.gap(frame.time, end, "decoded from damaged data; parts of the picture are made up")
        self.last = frame

    def ended(self, end: Timestamp, claimed: Timestamp | None) -> bool:
        """No more frames; damage still open reaches to the claimed end, or to the packet that was lost.

        Returns whether there was any.
        """
        if self._open is None:
            return False
        pts, why = self._open
        lost = end if pts is None else max(end, Timestamp(pts, self._base))
        self._record.gap(end, max(lost, claimed or lost), why)
        self._open = None
        return True

    def _start(self, before: Timestamp) -> Timestamp:
        if self.last is None:
            at = self._open[0] if self._open else None
            return before if at is None else min(before, Timestamp(at, self._base))
        end = Timestamp(self.last.time.pts + round(self.last.duration_s / self._base), self._base)
        return min(before, end)
