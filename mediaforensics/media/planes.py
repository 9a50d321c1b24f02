"""Pixels of a video frame as the decoder left them: luma straight from its plane, colour only when asked."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.media.picture import light_on_nothing, over_background, resized

_PQ = 16  # AVCOL_TRC_SMPTE2084
_UNSPECIFIED_MATRIX = 2
_SDR_WHITE_NITS = 203.0
"""Where BT.2408 puts the white of ordinary pictures inside HDR."""
_HDR_PEAK_NITS = 1000.0
"""The brightest a usual HDR master goes."""
_COMB_LEVELS = 15
"""How far a line must stand out from both neighbours to count as combed; above noise, below any edge."""


@dataclass(frozen=True, slots=True)
class PlaneLayout:
    """What the pixel format of a stream means for reading its planes.

    Attributes
    ----------
    luma_bits : int
        Depth of the luma plane; 0 where luma has to be made from colour (RGB, palette, packed, alpha).
    full_range : bool
        Luma uses all codes, not 16..235.
    perceptual_quantizer : bool
        HDR by SMPTE ST 2084; tone-mapped for viewing.
    alpha : bool
        Has a transparency channel.
    """

    luma_bits: int
    full_range: bool
    perceptual_quantizer: bool
    alpha: bool


def layout_of(frame: av.VideoFrame) -> PlaneLayout:
    """Read the layout off a decoded frame."""
    form = frame.format
    alpha = form.name != "pal8" and any(component.is_alpha for component in form.components)
    return _layout(
        form.name,
        form.is_planar or form.name.startswith("gray"),
        form.is_rgb or form.has_palette or form.is_bit_stream or form.is_big_endian or form.is_bayer,
        form.components[0].bits if form.components else 0,
        form.components[0].plane if form.components else 0,
        alpha,
        _is_full_range(form.name, int(frame.color_range)),
        int(frame.color_trc) == _PQ,
    )


def _is_full_range(name: str, stated: int) -> bool:
    if stated == ColorRange.JPEG or name.startswith("yuvj"):
        return True
    return name.startswith("gray") and stated != ColorRange.MPEG  # as FFmpeg takes it where nothing is said


@lru_cache(maxsize=64)
def _layout(
    name: str, planar: bool, unusual: bool, bits: int, plane: int, alpha: bool, full_range: bool, pq: bool
) -> PlaneLayout:
    shifted = name.startswith(("p0", "p2", "p4"))  # P010 and kin keep their bits at the top of the word
    direct = planar and not unusual and not alpha and not shifted and plane == 0 and 8 <= bits <= 16
    return PlaneLayout(bits if direct else 0, full_range, pq, alpha)


class VideoPixels:
    """Stored pixels that are a decoded video frame.

    Parameters
    ----------
    frame : av.VideoFrame
        Kept alive as long as this is.
    layout : PlaneLayout
        Of the frame's pixel format.
    background : int or None
        Grey level that shows through transparent pixels.
    """

    __slots__ = ("_background", "_frame", "_layout", "_rgb")

    def __init__(self, frame: av.VideoFrame, layout: PlaneLayout, background: int | None = None) -> None:
        self._frame, self._layout, self._background = frame, layout, background
        self._rgb: Pixels | None = None

    @property
    def size_px(self) -> tuple[int, int]:
        """Stored ``(width, height)``."""
        return self._frame.width, self._frame.height

    def luma(self, width: int, height: int) -> Pixels:
        """Brightness at this size, uint8 (height, width), range 0..255 whatever the source's range."""
        plane = self._luma_plane()
        if plane is None:
            return np.asarray(
                cv2.cvtColor(resized(self.rgb(), width, height), cv2.COLOR_RGB2GRAY), dtype=np.uint8
            )
        small = resized(plane, width, height)
        table = _luma_table(
            self._layout.luma_bits, self._layout.full_range, self._layout.perceptual_quantizer
        )
        if table is None:
            return small.copy() if small is plane else small
        if small.dtype == np.uint8:
            return np.asarray(cv2.LUT(small, table), dtype=np.uint8)
        return np.asarray(table[np.minimum(small, table.size - 1)], dtype=np.uint8)

    def rgb(self) -> Pixels:
        """Colour at stored size, uint8 (height, width, 3), RGB; combed lines filled in."""
        if self._rgb is None:
            if self._layout.alpha:
                rgba = self._converted("rgba", 4)
                background = light_on_nothing(rgba) if self._background is None else self._background
                pixels = over_background(rgba, background)
            else:
                pixels = self._converted("rgb24", 3)
            if self._layout.perceptual_quantizer:
                pixels = np.asarray(cv2.LUT(pixels, _tone_map(np.linspace(0, 1, 256))), dtype=np.uint8)
            if self._frame.interlaced_frame:
                pixels = without_combs(pixels)
            self._rgb = pixels
        return self._rgb

    def background(self) -> int:
        """Grey level to put behind this frame's transparent pixels, by its own content."""
        return light_on_nothing(self._converted("rgba", 4))

    def _luma_plane(self) -> NDArray[Any] | None:
        bits = self._layout.luma_bits
        plane = self._frame.planes[0] if bits else None
        if plane is None or plane.line_size <= 0:
            return None
        kind, size = (np.uint8, 1) if bits == 8 else (np.dtype("<u2"), 2)
        if plane.line_size % size:
            return None
        rows = _bytes_of(plane).view(kind).reshape(plane.height, plane.line_size // size)
        return rows[: self._frame.height, : self._frame.width]

    def _converted(self, form: str, channels: int) -> Pixels:
        matrix = int(self._frame.colorspace)
        source_matrix: int | None = None
        if matrix == _UNSPECIFIED_MATRIX and self._frame.height >= 720:
            source_matrix = Colorspace.ITU709  # what players assume of high definition that does not say
        converted = VideoReformatter().reformat(
            self._frame,
            format=form,
            src_colorspace=source_matrix,
            dst_color_range=ColorRange.JPEG,
            interpolation=Interpolation.BILINEAR,
            threads=1,
        )
        plane = converted.planes[0]
        rows = _bytes_of(plane).reshape(plane.height, plane.line_size)
        return rows[:, : converted.width * channels].reshape(plane.height, converted.width, channels)


def _bytes_of(plane: Any) -> NDArray[np.uint8]:
    """A plane's memory without a copy; the array keeps the frame alive."""
    return np.frombuffer(plane, dtype=np.uint8)


def without_combs(pixels: Pixels) -> Pixels:
    """Fill combed lines of the second field from the lines around them; still parts keep full detail.

    A pixel of an odd line is combed when it stands out from the even lines above and below, while those
    agree and a next odd line stands out with it. A thin horizontal stroke is not combed: the odd lines next
    to it look like the even ones.
    """
    height = pixels.shape[0] // 2 * 2
    if height < 8:
        return pixels
    even, odd = pixels[0:height:2].astype(np.int16), pixels[1:height:2].astype(np.int16)
    below = np.concatenate((even[1:], even[-1:]))
    between = (even + below) >> 1
    stands_out = odd - between
    up, down = (
        np.concatenate((stands_out[:1], stands_out[:-1])),
        np.concatenate((stands_out[1:], stands_out[-1:])),
    )
    neighbours = np.maximum(np.abs(up), np.abs(down))
    same_side = ((stands_out > 0) & (np.maximum(up, down) > 0)) | (
        (stands_out < 0) & (np.minimum(up, down) < 0)
    )
    combed = (
        (np.abs(stands_out) > _COMB_LEVELS)
        & (np.abs(even - below) < np.abs(stands_out))
        & same_side
        & (neighbours * 2 > np.abs(stands_out))
    ).any(axis=2, keepdims=True)
    result = pixels.copy()
    result[1:height:2] = np.where(combed, between, odd)
    return result


@lru_cache(maxsize=32)
def _luma_table(bits: int, full_range: bool, perceptual_quantizer: bool) -> NDArray[np.uint8] | None:
    """Luma code to brightness 0..255; None where they are the same."""
    if bits == 8 and full_range and not perceptual_quantizer:
        return None
    codes = np.arange(1 << bits, dtype=np.float64)
    scale = float(1 << (bits - 8))
    signal = codes / (codes.size - 1) if full_range else (codes / scale - 16.0) / 219.0
    signal = np.clip(signal, 0.0, 1.0)
    if perceptual_quantizer:
        return _tone_map(signal)
    return np.round(signal * 255).astype(np.uint8)


def _tone_map(signal: NDArray[np.float64]) -> NDArray[np.uint8]:
    """PQ signal 0..1 to sRGB 0..255: ST 2084 decoding, Reinhard's curve with a white point, sRGB encoding."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    powered = np.power(signal, 1 / m2)
    nits = 10_000 * np.power(np.maximum(powered - c1, 0) / (c2 - c3 * powered), 1 / m1)
    light, white = nits / _SDR_WHITE_NITS, _HDR_PEAK_NITS / _SDR_WHITE_NITS
    shown = np.clip(light * (1 + light / white**2) / (1 + light), 0, 1)
    encoded = np.where(shown <= 0.0031308, 12.92 * shown, 1.055 * np.power(shown, 1 / 2.4) - 0.055)
    return np.round(encoded * 255).astype(np.uint8)
