"""What a decoder writes down during its pass: counts, oddities, and what could not be read."""

from __future__ import annotations

from fractions import Fraction

from mediaforensics.media.facts import Gap, MediaFacts, MediaKind
from mediaforensics.media.picture import DecodedFrame, Orientation
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions
from mediaforensics.types import Span, Timestamp


class Record:
    """What a decoder writes down during its pass. Shared by both so that they count and word alike."""

    def __init__(self, limits: LimitOptions) -> None:
        self.limits = limits
        self.frames_decoded = 0
        self.first: Timestamp | None = None
        self.last: Timestamp | None = None
        self.end: Timestamp | None = None
        self._notes: dict[str, None] = {}
        self._gaps: list[Gap] = []

    def note(self, sentence: str) -> None:
        """Write an oddity down, once."""
        self._notes[sentence] = None

    @property
    def notes(self) -> tuple[str, ...]:
        """In the order they were met."""
        return tuple(self._notes)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """In time order."""
        return tuple(sorted(self._gaps, key=lambda gap: (gap.span.start, gap.span.end, gap.why)))

    def gap(self, start: Timestamp, end: Timestamp, why: str) -> None:
        """Write down what could not be read; neighbours of one cause are joined, none is absurdly long."""
        if self.first is not None:
            ceiling = self.first.exact_s + Fraction(self.limits.max_duration_s)
            if end.exact_s > ceiling:
                end = Timestamp(int(ceiling / end.time_base), end.time_base)
        span = Span(start, max(start, end))
        if self._gaps and self._gaps[-1].why == why and self._gaps[-1].span.gap_s(span) == 0:
            span = self._gaps.pop().span.joined(span)
        self._gaps.append(Gap(span=span, why=why))

    def saw(self, frame: DecodedFrame) -> None:
        """Count a frame that is about to be handed out."""
        self.frames_decoded += 1
        self.first = self.first or frame.time
        self.last = frame.time
        base = frame.time.time_base
        end = Timestamp(frame.time.pts + max(0, round(frame.duration_s / base)), base)
        self.end = end if self.end is None else max(end, self.end)

    def limit_reached(self, time: Timestamp) -> str | None:
        """Why a frame at ``time`` may no longer be handed out; None while it may."""
        if self.frames_decoded >= self.limits.max_frames:
            return f"limit of {self.limits.max_frames} frames reached"
        if self.first is not None and time - self.first > self.limits.max_duration_s:
            return f"limit of {self.limits.max_duration_s:g} s of duration reached"
        return None

    @property
    def duration_s_decoded(self) -> float:
        """First to last frame, the last one's own duration included."""
        return round(float(self.end - self.first), 6) if self.first and self.end else 0.0

    def facts(
        self,
        source: Source,
        *,
        kind: MediaKind,
        container: str,
        codec: str,
        size_px: tuple[int, int],
        duration_s_from_header: float | None,
        orientation: Orientation,
    ) -> MediaFacts:
        """What the file is, from its bytes, its decoder and this record."""
        digests = source.digests
        if source.changed:
            self.note("the file was changed while it was read")
        return MediaFacts(
            name=source.name,
            sha256=digests.sha256,
            md5=digests.md5,
            sha1=digests.sha1,
            size_bytes=source.size_bytes,
            kind=kind,
            container=container,
            codec=codec,
            width_px=size_px[0],
            height_px=size_px[1],
            duration_s_from_header=duration_s_from_header,
            duration_s_decoded=0.0 if kind == "image" else self.duration_s_decoded,
            frames_decoded=self.frames_decoded,
            rotation_degrees=orientation.rotation_degrees,
            mirrored=orientation.mirrored,
            notes=self.notes,
        )
