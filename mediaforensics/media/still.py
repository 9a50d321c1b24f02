"""Pillow: pictures, animations and paged pictures, their sizes checked before their pixels.

The picture plugin is chosen by the file's first bytes and called directly. ``Image.open`` would consult the
process-wide ``Image.MAX_IMAGE_PIXELS``; here the limit is that of this one analysis.
"""

from __future__ import annotations

import io
import logging
import re
import threading
import warnings
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
from PIL import ExifTags, Image
from PIL.ImageFile import ImageFile

from mediaforensics.errors import LimitExceeded, NoFrames, UnsupportedMedia
from mediaforensics.media.facts import Gap, MediaFacts, MediaKind
from mediaforensics.media.frame import Pixels
from mediaforensics.media.picture import (
    ArrayPixels,
    DecodedFrame,
    Orientation,
    light_on_nothing,
    over_background,
)
from mediaforensics.media.record import Record
from mediaforensics.media.signature import Signature
from mediaforensics.media.source import DeadlineReached, Source, past_deadline
from mediaforensics.options import LimitOptions
from mediaforensics.types import Timestamp

_log = logging.getLogger(__name__)

_MILLISECOND = Fraction(1, 1000)
_MICROSECOND = Fraction(1, 1_000_000)
_SHORTEST_GIF_MS = 20
_USUAL_GIF_MS = 100
"""GIF frames that ask for less than 20 ms are shown for 100 ms by browsers and by FFmpeg alike."""
_USUAL_APNG_MS = Fraction(6667, 100)
"""APNG frames with a delay of 0 are to be shown "as quickly as possible"; FFmpeg takes 15 a second."""
_PAGE_MS = 1000
"""Pages have no time of their own; one per second keeps them apart."""
_LONGEST_JPEG_BYTES = 64 << 20
"""A damaged JPEG is held in memory to be read a second time; larger ones are not."""
_ANIMATED = {"GIF", "PNG", "WEBP", "AVIF"}
_WARNING_FILTERS = threading.Lock()


class StillDecoder:
    """Reads a picture, an animation or pages; implements :class:`~mediaforensics.media.decode.Decoder`.

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
        The header cannot be read.
    LimitExceeded
        The header claims more pixels than the limit.
    """

    def __init__(self, source: Source, limits: LimitOptions, signature: Signature) -> None:
        self._source, self._limits = source, limits
        self._format = signature.container or ""
        self._record = Record(limits)
        self._picture = self._open()
        self._check_pixels()
        self._moving = self._is_moving()
        self._orientation = Orientation()
        self._size_px: tuple[int, int] | None = None
        self._background: int | None = None
        self._pending: list[DecodedFrame] = []
        self._started = self._looked = False
        self._read = self._pictures()

    def __repr__(self) -> str:
        return f"StillDecoder({self._source!r}, format={self._format!r})"

    @property
    def size_px(self) -> tuple[int, int]:
        """``(width, height)`` of the first frame as shown, source pixels; decodes it if need be."""
        if self._size_px is None and not self._started:
            frame = next(self._read, None)
            if frame is not None:
                self._pending.append(frame)
        return self._size_px or self._picture.size

    @property
    def kind(self) -> MediaKind:
        """``animation`` where there is more than one frame, else ``image``."""
        return "animation" if self._moving else "image"

    @property
    def duration_s_from_header(self) -> float | None:
        """Pictures and animations state no total duration."""
        return None

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
        self._picture.close()

    def facts(self) -> MediaFacts:
        """What the file is; complete once the pass has ended."""
        return self._record.facts(
            self._source,
            kind=self.kind,
            container=self._format.lower(),
            codec=self._format.lower(),
            size_px=self.size_px,
            duration_s_from_header=None,
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
                self._record.gap(self._record.end or frame.time, frame.time, why)
                return
            self._record.saw(frame)
            yield frame

    def _open(self) -> ImageFile:
        if not Image.OPEN.get(self._format):
            Image.init()
        try:
            factory = Image.OPEN[self._format][0]
            with self._warnings_noted():
                stream: Any = self._source.reader()
                picture: Any = factory(stream, "")
        except DeadlineReached as error:
            raise past_deadline(self._limits) from error
        except Image.DecompressionBombError as error:
            raise self._bomb(error) from error
        except Exception as error:  # plugins raise anything on hostile headers
            raise UnsupportedMedia(f"{self._format} that cannot be read: {_plainly(error)}") from error
        assert isinstance(picture, ImageFile)
        return picture

    def _bomb(self, error: BaseException) -> LimitExceeded:
        """Pillow's own size check, met inside a plugin, as ours; its message holds the number of pixels."""
        pixels = max((int(digits) for digits in re.findall(r"\d+", str(error))), default=0)
        return LimitExceeded("pixels per frame", self._limits.max_pixels_per_frame, pixels)

    def _is_moving(self) -> bool:
        if self._format not in _ANIMATED | {"TIFF"}:
            return False
        try:
            with self._warnings_noted():
                return bool(getattr(self._picture, "is_animated", False))
        except Exception:  # the frames themselves will tell what is broken
            return False

    def _check_pixels(self) -> None:
        width, height = self._picture.size
        if width * height > self._limits.max_pixels_per_frame:
            raise LimitExceeded("pixels per frame", self._limits.max_pixels_per_frame, width * height)

    def _pictures(self) -> Generator[DecodedFrame, None, None]:
        base = _MICROSECOND if self._format == "PNG" else _MILLISECOND
        elapsed_ms, index = Fraction(0), 0
        last, unanimated = Timestamp(0, base), None
        while True:
            now = Timestamp(round(elapsed_ms * _MILLISECOND / base), base)
            found = self._decoded(index, now)
            if found is None:
                break
            rgb, frame_ms = found
            index += 1
            if self._moving and index == 1 and self._picture.info.get("default_image"):
                unanimated = rgb  # not part of the animation, so it has no time of its own
                continue
            last = now
            yield self._dressed(rgb, now, frame_ms)
            if not self._moving:
                break
            elapsed_ms += frame_ms
        if self._format == "GIF" and not self._record.gaps and not self._ends_with_trailer():
            self._record.gap(last, last, "the file ends without the mark of its end; frames may be missing")
        if unanimated is not None:
            yield self._dressed(unanimated, last, Fraction(0))

    def _ends_with_trailer(self) -> bool:
        tail = self._source.read_at(max(0, self._source.size_bytes - 256), 256)
        return tail.rstrip(b"\0\r\n").endswith(b";")

    def _dressed(self, rgb: Pixels, now: Timestamp, frame_ms: Fraction) -> DecodedFrame:
        frame = DecodedFrame(
            time=now,
            duration_s=frame_ms * _MILLISECOND,
            stored=ArrayPixels(rgb),
            # Pillow has already turned the pixels of a TIFF.
            orientation=Orientation() if self._format == "TIFF" else self._orientation,
        )
        if self._size_px is None:
            self._size_px = frame.size_px
        elif self._size_px != frame.size_px:
            self._record.note("the pages differ in size")
        return frame

    def _decoded(self, index: int, now: Timestamp) -> tuple[Pixels, Fraction] | None:
        """Pixels and milliseconds of one frame; None after the last, or where reading has to end."""
        try:
            if self._source.overdue:
                raise DeadlineReached("the wall time for this file was over")
            with self._warnings_noted():
                if index:
                    self._picture.seek(index)
                self._check_pixels()
                return self._pixels(now), self._shown_for()
        except EOFError as error:
            if index == 0:
                raise NoFrames(f"{self._source.name}: the picture has no pixels") from error
        except (LimitExceeded, Image.DecompressionBombError) as error:
            exceeded = error if isinstance(error, LimitExceeded) else self._bomb(error)
            if index == 0:
                raise exceeded from error
            self._record.gap(now, now, f"limit reached: {exceeded}")
        except DeadlineReached as error:
            if index == 0:
                raise past_deadline(self._limits) from error
            self._record.gap(now, now, f"limit reached: {error}")
        except Exception as error:  # plugins raise anything on hostile data
            if index == 0:
                raise NoFrames(
                    f"{self._source.name}: not one picture could be decoded ({_plainly(error)})"
                ) from error
            self._record.gap(now, now, f"undecodable frame {index}, and all after it: {_plainly(error)}")
        return None

    def _pixels(self, now: Timestamp) -> Pixels:
        """Decode the current picture; where the file is cut off, what came before the cut."""
        picture = self._picture
        tag = picture.tag_v2.get(ExifTags.Base.Orientation) if self._format == "TIFF" else None  # type: ignore[attr-defined]
        try:
            picture.load()
        except DeadlineReached:
            raise
        except OSError as error:
            picture.tile = []  # what is decoded so far stays; the rest keeps the colour of nothing
            if self._format == "JPEG":
                picture = self._picture = self._ended_jpeg()
            if getattr(picture, "_im", None) is None or _is_blank(picture):
                raise
            self._record.gap(now, now, f"the picture is damaged and shown in part: {_plainly(error)}")
        if not self._looked:
            self._looked = True
            self._look_at_first(tag)
        return self._rgb(picture)

    def _ended_jpeg(self) -> ImageFile:
        """The same JPEG with an end mark, without which libjpeg hands out no progressive picture."""
        if self._source.size_bytes > _LONGEST_JPEG_BYTES:
            return self._picture
        stream: Any = io.BytesIO(self._source.read_at(0, self._source.size_bytes) + b"\xff\xd9")
        picture: Any = Image.OPEN["JPEG"][0](stream, "")
        try:
            picture.load()
        except OSError:  # more is wrong than its end
            picture.tile = []
        assert isinstance(picture, ImageFile)
        return picture

    def _look_at_first(self, tiff_tag: object) -> None:
        try:
            value = (
                tiff_tag if self._format == "TIFF" else self._picture.getexif().get(ExifTags.Base.Orientation)
            )
        except Exception as error:  # broken EXIF does not make the picture unreadable
            self._record.note(f"unreadable EXIF: {_plainly(error)}")
            value = None
        if isinstance(value, int):
            self._orientation = Orientation.from_exif(value)
        if self._format == "JPEG" and getattr(self._picture, "n_frames", 1) > 1:
            self._record.note("holds further pictures (multi-picture JPEG), not analysed")
        if self._format == "TIFF" and self._moving:
            self._record.note("pages have no time of their own; they are placed one second apart")
        if self._format == "PNG" and self._picture.info.get("default_image"):
            self._record.note(
                "has a picture for viewers that do not animate; given last, at the time of the last frame"
            )

    def _shown_for(self) -> Fraction:
        """Milliseconds the current frame is shown."""
        if not self._moving:
            return Fraction(0)
        if self._format == "TIFF":
            return Fraction(_PAGE_MS)
        asked_ms = Fraction(self._picture.info.get("duration", 0) or 0).limit_denominator(1_000_000)
        if self._format == "GIF" and asked_ms < _SHORTEST_GIF_MS:
            self._record.note("GIF frames that ask for less than 20 ms are shown for 100 ms, as viewers do")
            return Fraction(_USUAL_GIF_MS)
        if self._format == "PNG" and asked_ms == 0 and "duration" in self._picture.info:
            self._record.note("APNG frames without a delay are shown 15 a second")
            return _USUAL_APNG_MS
        return max(Fraction(0), asked_ms)

    def _rgb(self, picture: Image.Image) -> Pixels:
        mode = picture.mode
        if mode.startswith("I;16") or mode in ("I", "F"):
            return _from_wide_grey(np.asarray(picture), self._record)
        if picture.has_transparency_data:
            rgba = np.asarray(picture.convert("RGBA"))
            if self._background is None:
                self._background = light_on_nothing(rgba)
            if rgba[..., 3].min() < 255:
                self._record.note(
                    f"has transparency; shown over {'black' if self._background == 0 else 'white'}"
                )
                return over_background(rgba, self._background)
            return np.ascontiguousarray(rgba[..., :3])
        if mode == "LAB":
            self._record.note("CIELAB; only its lightness is shown")
            picture = picture.getchannel(0)
        elif mode == "CMYK":
            self._record.note("CMYK; converted without its ink profile")
        return np.array(picture if picture.mode == "RGB" else picture.convert("RGB"))

    @contextmanager
    def _warnings_noted(self) -> Iterator[None]:
        """Turn Pillow's warnings into notes. The filters are the process's, so one thread at a time."""
        with _WARNING_FILTERS, warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield
        for warning in caught:
            self._record.note(f"Pillow: {str(warning.message)[:200]}")


def _is_blank(picture: Image.Image) -> bool:
    """Whether every pixel is the same, as in a picture of which nothing was decoded."""
    extrema: Any = picture.getextrema()
    ranges = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in ranges)


def _from_wide_grey(values: Any, record: Record) -> Pixels:
    """16- and 32-bit grey to RGB: the high byte of 16 bits, or lowest to highest for anything wider."""
    wide = values.astype(np.float64)
    wide[~np.isfinite(wide)] = 0
    if values.dtype.kind == "f" or wide.min() < 0 or wide.max() > 65_535:
        low, high = float(wide.min()), float(wide.max())
        record.note("grey values without a fixed range; shown from lowest to highest")
        grey = (wide - low) * (255 / (high - low) if high > low else 0.0)
    else:
        grey = wide / 257
    return np.repeat(np.round(grey).astype(np.uint8)[..., None], 3, axis=2)


def _plainly(error: BaseException) -> str:
    return f"{str(error)[:200] or type(error).__name__}"
