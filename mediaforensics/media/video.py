"""PyAV: every frame of the best video stream with its exact container time, damage counted and placed.

libav's own log stays as the host program set it: PyAV keeps it silent unless told otherwise, and nothing here
changes that. Hardware decoders are never used and no filter is skipped: the pixels are those that every
conforming decoder gives.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Any, NoReturn

import av
import av.error
from av.sidedata.sidedata import Type as SideDataType

from mediaforensics.errors import LimitExceeded, NoFrames, UnsupportedMedia
from mediaforensics.media.damage import Damage, Holes
from mediaforensics.media.facts import Gap, MediaFacts, MediaKind
from mediaforensics.media.picture import DecodedFrame, Orientation
from mediaforensics.media.planes import VideoPixels, layout_of
from mediaforensics.media.record import Record
from mediaforensics.media.signature import DEMUXERS, Signature, claimed_size_bytes
from mediaforensics.media.source import DeadlineReached, Source, past_deadline
from mediaforensics.options import LimitOptions
from mediaforensics.types import Timestamp

_log = logging.getLogger(__name__)

_THREADS = 2
"""More threads cost 8-46 MB each and save no time per file; two keep a core busy while Python works."""
_MAX_FAILED_READS = 64
"""Consecutive read errors after which the rest of the file is given up."""
_MISSING_TAIL_S = Fraction(1, 2)
"""How much earlier than the header claims a file may end before its end counts as missing."""
_LONGEST_STUTTER_S = 1
"""A step back in time up to this is jitter; a longer one is a clock that was started again."""
_ATTACHED_PICTURE = 0x0400
_TILES_AT_LEAST = 5
_HEADER_SPEAKS = {"mov", "matroska", "avi", "flv", "asf", "ivf", "mxf", "nut"}
"""Containers whose header states a duration; the others only guess it from what is there."""
_HLG, _PQ = 18, 16


class _NestedFile(PermissionError):
    """The container asked for another file."""


def _refuse_nested(url: str, flags: int, options: dict[str, str]) -> NoReturn:
    raise _NestedFile(f"the container refers to another file, which is not opened: {url[:80]!r}")


class VideoDecoder:
    """Decodes the best video stream of a container; implements :class:`~mediaforensics.media.decode.Decoder`.

    Parameters
    ----------
    source : Source
        Opened evidence.
    limits : LimitOptions
        What the file may cost.
    signature : Signature
        What its first bytes say.

    Raises
    ------
    UnsupportedMedia
        Not a container on the allow-list, broken beyond opening, or no decoder for its codec.
    NoFrames
        No video stream.
    LimitExceeded
        The header claims more pixels per frame than the limit.
    """

    def __init__(self, source: Source, limits: LimitOptions, signature: Signature) -> None:
        self._source, self._limits, self._signature = source, limits, signature
        self._record = Record(limits)
        self._container = _open_container(source, signature, limits)
        try:
            self._stream = _best_stream(self._container, self._record, signature.single_picture)
            self._prepare()
        except BaseException:
            self._container.close()
            raise
        self._orientation = Orientation()
        self._size_px: tuple[int, int] | None = None
        self._pixel_aspect = Fraction(1)
        self._background: int | None = None
        self._started = False
        self._shift_ticks = 0
        self._pending: list[DecodedFrame] = []
        self._read = self._packets()

    def _prepare(self) -> None:
        stream, context = self._stream, self._stream.codec_context
        if context is None:
            raise UnsupportedMedia("no decoder for the codec of its video stream")
        _check_pixels(context.width, context.height, self._limits)
        context.options = {**context.options, "max_pixels": str(self._limits.max_pixels_per_frame)}
        context.thread_type = "AUTO"
        context.thread_count = _THREADS
        self._time_base = Fraction(stream.time_base or Fraction(1, 1000))
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._usual_ticks = max(1, round(Fraction(1) / Fraction(rate) / self._time_base))

    def __repr__(self) -> str:
        return f"VideoDecoder({self._source!r}, codec={self._stream.codec_context.name!r})"

    @property
    def size_px(self) -> tuple[int, int]:
        """``(width, height)`` of the first frame as shown, source pixels; decodes it if need be."""
        if self._size_px is None and not self._started:
            frame = next(self._read, None)
            if frame is not None:
                self._pending.append(frame)
        return self._size_px or (self._stream.codec_context.width, self._stream.codec_context.height)

    @property
    def kind(self) -> MediaKind:
        """``video``, or ``image`` for a single picture in a video container (HEIF)."""
        return "image" if self._signature.single_picture else "video"

    @property
    def duration_s_from_header(self) -> float | None:
        """What the container claims, of this stream if it says so."""
        claimed = self._claimed_duration()
        return None if claimed is None else round(float(claimed), 6)

    @property
    def notes(self) -> tuple[str, ...]:
        """Oddities handled so far."""
        return self._record.notes

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What could not be read so far."""
        return self._record.gaps

    def close(self) -> None:
        """Free the decoder."""
        self._read.close()
        self._container.close()

    def facts(self) -> MediaFacts:
        """What the file is; complete once the pass has ended."""
        return self._record.facts(
            self._source,
            kind=self.kind,
            container=self._container.format.name,
            codec=self._stream.codec_context.codec.canonical_name,
            size_px=self.size_px,
            duration_s_from_header=self.duration_s_from_header,
            orientation=self._orientation,
        )

    def frames(self) -> Iterator[DecodedFrame]:
        """Every frame in presentation order, once; see :meth:`Decoder.frames`."""
        if self._started:
            raise RuntimeError("frames() is one pass over the file; open it again for another")
        self._started = True
        while True:
            frame = self._pending.pop(0) if self._pending else next(self._read, None)
            if frame is None:
                return
            why = self._record.limit_reached(frame.time)
            if why is not None:
                self._stop_at(frame.time, why)
                return
            self._record.saw(frame)
            yield frame
            if self._signature.single_picture:
                return

    def _packets(self) -> Generator[DecodedFrame, None, None]:
        """Demux and decode to the end, whatever happens on the way."""
        damage = Damage(self._record, self._time_base)
        stopped: str | None = None
        reached = Fraction(-1)
        packets, failed_reads = self._container.demux(), 0
        held: Any = None
        holes = Holes(self._source, str(self._container.format.name))
        while stopped is None:
            if self._source.overdue:
                stopped = "the wall time for this file was over"
                break
            try:
                packet = next(packets)
                failed_reads = 0
            except StopIteration:
                break
            except DeadlineReached:
                stopped = "the wall time for this file was over"
                break
            except (av.error.FFmpegError, OSError, ValueError, RuntimeError) as error:
                # A generator that raised is spent; a new one reads on behind the damage.
                damage.met(None, f"unreadable data: {_plainly(error)}")
                failed_reads += 1
                if failed_reads >= _MAX_FAILED_READS:
                    break
                packets = self._container.demux()
                continue
            if packet.pts is not None and packet.time_base is not None and packet.size:
                reached = max(reached, (packet.pts + (packet.duration or 0)) * Fraction(packet.time_base))
            if packet.size and holes.before(packet):
                damage.met(None, "unreadable data between two packets")
            if packet.stream.index != self._stream.index or not packet.size:
                continue
            if held is not None:
                yield from self._decoded(held, damage)
            held = packet if packet.is_corrupt else None
            if held is None:
                yield from self._decoded(packet, damage)
        if stopped is None:
            yield from self._decoded(None, damage)
            if held is not None:
                # The file ends in a damaged packet. Decoded among good ones it would take down with it the
                # frames that are still in the decoder.
                self._stream.codec_context.flush_buffers()
                yield from self._decoded(held, damage)
                yield from self._decoded(None, damage)
        self._finish(damage, stopped, reached)

    def _decoded(self, packet: Any, damage: Damage) -> Iterator[DecodedFrame]:
        try:
            pictures = self._stream.codec_context.decode(
                packet if packet is not None and packet.size else None
            )
        except EOFError:  # already flushed
            return
        except LimitExceeded:
            raise
        except (av.error.FFmpegError, ValueError, RuntimeError, MemoryError) as error:
            damage.met(None if packet is None else packet.pts, f"undecodable picture data: {_plainly(error)}")
            return
        if packet is not None and packet.is_corrupt:
            damage.met(packet.pts, "packet marked as damaged")
        for picture in pictures:
            frame = self._dressed(picture, damage)
            if frame is not None:
                yield frame

    def _dressed(self, picture: av.VideoFrame, damage: Damage) -> DecodedFrame | None:
        """Time, orientation and pixel shape for a decoded picture."""
        width, height = picture.width, picture.height
        if width * height > self._limits.max_pixels_per_frame:
            if damage.last is None:
                _check_pixels(width, height, self._limits)
            damage.met(picture.pts, f"limit of {self._limits.max_pixels_per_frame} pixels per frame reached")
            return None
        time = self._time_of(picture, damage)
        layout = layout_of(picture)
        if self._size_px is None:
            self._look_at_first(picture, layout.alpha)
        frame = DecodedFrame(
            time=time,
            duration_s=(picture.duration or self._usual_ticks) * self._time_base,
            stored=VideoPixels(picture, layout, self._background),
            orientation=self._orientation,
            pixel_aspect=self._pixel_aspect,
        )
        if self._size_px is None:
            self._size_px = frame.size_px
        elif frame.size_px != self._size_px:
            self._record.note("the picture size changes during the video")
        if picture.interlaced_frame:
            self._record.note("interlaced: combed lines of colour views are filled in from the first field")
        damage.passed(frame, bool(picture.is_corrupt))
        return frame

    def _time_of(self, picture: av.VideoFrame, damage: Damage) -> Timestamp:
        last = damage.last.time if damage.last is not None else None
        if picture.pts is None:
            self._record.note(
                "frames without a time of their own follow the frame before at the usual distance"
            )
            return Timestamp(0 if last is None else last.pts + self._usual_ticks, self._time_base)
        ticks = picture.pts + self._shift_ticks
        if last is not None and ticks < last.pts:
            if (last.pts - ticks) * self._time_base > _LONGEST_STUTTER_S:
                self._shift_ticks += last.pts + self._usual_ticks - ticks
                ticks = last.pts + self._usual_ticks
                self._record.note(
                    f"the clock starts again after {last.seconds} s; later times are counted on from there"
                )
            else:
                ticks = last.pts
                self._record.note(
                    "some frames are stamped earlier than the frame before; they are given its time"
                )
        return Timestamp(ticks, self._time_base)

    def _look_at_first(self, picture: av.VideoFrame, alpha: bool) -> None:
        """Take what holds for the whole stream from its first frame."""
        self._orientation = _orientation_of(picture)
        aspect = Fraction(self._stream.sample_aspect_ratio or 1)
        if Fraction(1, 8) <= aspect <= 8:
            self._pixel_aspect = Fraction(1) if abs(aspect - 1) < Fraction(1, 100) else aspect
        elif aspect > 0:
            self._record.note(f"a pixel aspect of {aspect} is not believed; pixels are taken as square")
        if self._pixel_aspect != 1:
            self._record.note(
                f"pixel aspect {aspect.numerator}:{aspect.denominator}; shown stretched to square pixels"
            )
        if picture.color_trc == _PQ:
            self._record.note("HDR (PQ); tone-mapped for viewing, primaries not converted")
        elif picture.color_trc == _HLG:
            self._record.note("HDR (HLG); shown as its compatible standard-range picture")
        if alpha:
            pixels = VideoPixels(picture, layout_of(picture))
            self._background = pixels.background()
            self._record.note(f"has transparency; shown over {'black' if self._background == 0 else 'white'}")
        elif self._stream.metadata.get("alpha_mode") == "1":
            self._record.note("has a transparency channel, which is not decoded")

    def _stop_at(self, time: Timestamp, why: str) -> None:
        start = self._record.end or time
        self._record.gap(start, max(time, self._claimed_end() or time), why)
        self._read.close()

    def _finish(self, damage: Damage, stopped: str | None, reached: Fraction) -> None:
        """Account for what is missing at the end, and refuse a file that gave no picture at all."""
        last, base = damage.last, self._time_base
        if last is None:
            if stopped is not None:
                raise past_deadline(self._limits)
            why = damage.first_why or "the video stream is empty"
            raise NoFrames(f"{self._source.name}: not one picture could be decoded ({why})")
        end = Timestamp(last.time.pts + round(last.duration_s / base), base)
        claimed = self._claimed_end()
        if stopped is not None:
            self._record.gap(end, max(end, claimed or end), stopped)
            return
        covered = damage.ended(end, claimed)
        size_bytes = claimed_size_bytes(self._source.head)
        if size_bytes is not None and size_bytes > self._source.size_bytes and not covered:
            why = f"the file is cut off: its header speaks of {size_bytes} bytes"
            self._record.gap(end, max(end, claimed or end), why)
            covered = True
        missing_s = Fraction(0) if claimed is None else claimed.exact_s - max(reached, end.exact_s)
        if claimed is not None and missing_s > _MISSING_TAIL_S and self._may_be_cut() and not covered:
            self._record.gap(end, claimed, "the file ends before the time its header claims")
        expected = self._stream.frames
        if expected > damage.count:
            self._record.note(f"the header claims {expected} frames, {damage.count} came out of the decoder")

    def _may_be_cut(self) -> bool:
        """Whether the header's duration can be held against the file.

        An index (MP4, QuickTime) says byte by byte whether anything is missing; what it lists and the decoder
        leaves out lies outside the edit list. The other containers guess their duration or state it.
        """
        name = str(self._container.format.name).partition(",")[0]
        if name == "mov" and self._stream.frames:
            entries = self._stream.index_entries
            return any(entry.pos + entry.size > self._source.size_bytes for entry in entries)
        return name in _HEADER_SPEAKS

    def _claimed_duration(self) -> Fraction | None:
        if self._stream.duration:
            return Fraction(self._stream.duration) * Fraction(self._stream.time_base)
        if self._container.duration:
            return Fraction(self._container.duration, 1_000_000)
        return None

    def _claimed_end(self) -> Timestamp | None:
        duration = self._claimed_duration()
        if duration is None or duration <= 0:
            return None
        start = Fraction(self._stream.start_time or 0) * self._time_base
        # A stream's own duration counts from its start. The file's (Matroska, FLV) is in practice the time of
        # its end: muxers do not take a late start off it.
        end = start + duration if self._stream.duration else max(start, duration)
        return Timestamp(int(end / self._time_base), self._time_base)


def _open_container(source: Source, signature: Signature, limits: LimitOptions) -> Any:
    if signature.container is not None and signature.container not in DEMUXERS.split(","):
        raise UnsupportedMedia(f"{signature.container} is not on the list of containers that may be opened")
    try:
        return av.open(
            source.reader(),
            mode="r",
            format=signature.container,
            options={"format_whitelist": DEMUXERS, "protocol_whitelist": "", "max_streams": "200"},
            metadata_errors="replace",
            io_open=_refuse_nested,
        )
    except DeadlineReached as error:
        raise past_deadline(limits) from error
    except (av.error.FFmpegError, OSError, ValueError, RuntimeError, MemoryError) as error:
        what = signature.container or "media of an unknown kind"
        raise UnsupportedMedia(f"{what} that no decoder opens: {_plainly(error)}") from error


def _best_stream(container: Any, record: Record, single_picture: bool) -> Any:
    streams = list(container.streams.video)
    # A codec that this libav does not know leaves a stream without a context, and so without a size.
    pictures = [stream for stream in streams if stream.codec_context is not None]
    if streams and not pictures:
        raise UnsupportedMedia("its video is of a codec that no decoder reads")
    for stream in streams:
        if stream.codec_context is None:
            now = Timestamp(0, Fraction(1))
            record.gap(now, now, f"video stream {stream.index} is of a codec that no decoder reads")
    moving = [stream for stream in pictures if not int(stream.disposition) & _ATTACHED_PICTURE]
    attached = len(pictures) - len(moving)
    candidates = moving or pictures
    if not candidates:
        raise NoFrames("holds no video stream and no picture")
    best = container.streams.best("video")
    chosen = best if any(best is stream for stream in candidates) else candidates[0]
    alike = sum((other.width, other.height) == (chosen.width, chosen.height) for other in candidates)
    if single_picture and alike >= _TILES_AT_LEAST:
        # A picture and its alpha, once more as a track, make four of one size; more are tiles.
        now = Timestamp(0, Fraction(1))
        record.gap(now, now, f"a picture in {alike} tiles, of which only the first was analysed")
        return chosen
    if single_picture and len(candidates) > 1:
        record.note(
            f"{len(candidates) - 1} further coded picture(s) (transparency, depth, previews) not analysed"
        )
        return chosen
    if moving and attached:
        record.note(f"{attached} attached picture(s) (cover) not analysed")
    for other in candidates:
        if other is chosen:
            continue
        if container.format.name.startswith("mov") and not other.index_entries and not other.frames:
            record.note(f"video stream {other.index} is empty")
            continue
        base = Fraction(other.time_base or 1)
        start = Timestamp(other.start_time or 0, base)
        end = Timestamp(start.pts + max(0, other.duration or 0), base)
        record.gap(start, end, f"video stream {other.index} was not analysed, only stream {chosen.index}")
    return chosen


def _orientation_of(picture: av.VideoFrame) -> Orientation:
    try:
        side_data: Any = picture.side_data
        matrix = side_data.get(SideDataType.DISPLAYMATRIX)
    except ValueError:  # a kind of side data that this PyAV has no name for makes the whole list unreadable
        quarter_turns = round(-picture.rotation / 90) % 4  # PyAV counts counter-clockwise
        return Orientation.from_exif((1, 6, 3, 8)[quarter_turns])
    return Orientation() if matrix is None else Orientation.from_display_matrix(bytes(matrix))


def _check_pixels(width: int, height: int, limits: LimitOptions) -> None:
    if width * height > limits.max_pixels_per_frame:
        raise LimitExceeded("pixels per frame", limits.max_pixels_per_frame, width * height)


def _plainly(error: BaseException) -> str:
    """What went wrong, without the file names that libav puts into its messages."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__)[:200]
