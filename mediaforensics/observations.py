"""What a detector may say: frozen statements about one moment, each with its own measurement.

An observation is about one sample. Those that belong together over time (one text, one face) carry the
same ``track`` number, given by the detector and unique within it; ``findings/link.py`` joins them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mediaforensics.types import Box, Mask, Quad, Timestamp

Tier = Literal["match", "lead", "unknown"]
Route = Literal["plain", "rotated", "composite", "inpainted", "known_image"]
OverlayKind = Literal[
    "flames", "bullet_hole", "crosshair", "blood", "crossed_out", "noose", "weapon", "skull", "explosion"
]
OverlayMethod = Literal["residual", "motion", "model"]
"""Ways of looking, the most trusted first."""
Extent = Literal["frame", "region"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The common part.

    Attributes
    ----------
    time : Timestamp
        The sample it is about.
    detector : str
        Name of the detector that says it.
    """

    time: Timestamp
    detector: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextSeen(Observation):
    r"""An overlaid text visible in this sample.

    Attributes
    ----------
    track : int
        The same text on later samples has the same number. A later reading of a track replaces an earlier
        one when its ``confidence`` is higher.
    text : str
        In logical order, lines separated by ``"\n"`` in reading order.
    box : Box
        Around all its lines.
    lines : tuple of Quad
        Corners of each line, for masking and display.
    confidence : float
        0..1, the recogniser's own.
    script : str
        Unicode script name, such as ``Latin``, ``Arabic``, ``Cyrillic``.
    language : str or None
        ISO 639-1 code where it could be told.
    engine : str
        What read most of it: ``pp-ocrv6``, ``overlay-lines`` or ``tesseract``.
    since : Timestamp or None
        The first frame in which it was visible, between this and earlier samples; the last word of a track
        counts. None where only the samples are known.
    replaces : tuple of int
        Tracks that turned out to be parts of this text.
    """

    track: int
    text: str
    box: Box
    lines: tuple[Quad, ...]
    confidence: float
    script: str
    language: str | None
    engine: str
    since: Timestamp | None = None
    replaces: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TextGone(Observation):
    """A text is no longer visible in this sample, and when it went. A text that is back takes it back.

    Attributes
    ----------
    track : int
        The TextSeen track it is about.
    end : Timestamp
        The first frame without it, at or before this sample.
    """

    track: int
    end: Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """Where something covers a known picture, in that picture's own coordinates (as shown: mirrored or not).

    Attributes
    ----------
    width_px, height_px : int
        Of the mask.
    covered : bytes
        One bit a pixel, row by row, the first in the highest bit; set where the frame does not show the
        picture.
    to_source : tuple of 9 float
        Homography from mask pixels to source pixels, row by row.
    known : ndarray, uint8, shape (height, width, 3), RGB
        The known picture as shown, for a closer look; it spans what the mask spans.
    """

    width_px: int
    height_px: int
    covered: bytes
    to_source: tuple[float, ...]
    known: NDArray[np.uint8] = field(repr=False, compare=False)

    def mask(self) -> NDArray[np.bool_]:
        """What is covered, shape (height, width)."""
        bits = np.unpackbits(np.frombuffer(self.covered, np.uint8), count=self.width_px * self.height_px)
        return bits.reshape(self.height_px, self.width_px).astype(np.bool_)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSeen(Observation):
    """A known picture, or a stretch of a known video, in this sample.

    Attributes
    ----------
    entry_id, list_name : str
        Which picture of which list.
    labels : tuple of str
        The list's labels for it.
    extent : {"frame", "region"}
        Whether it fills the frame or is a picture inside it.
    box : Box
        Where it is.
    mirrored : bool
        Shown left-right mirrored.
    algorithm : str
        ``pdq-256``, ``phash-64`` and the like, ``sift``, or ``sha256-256``, ``sha1-160``, ``md5-128`` for
        the file as a whole.
    distance_bits : int
        Hamming distance (0 for ``sift``).
    inliers : int
        Geometrically consistent local features (0 for hashes).
    covered_fraction : float
        Share of the known picture that something else covers, 0..1.
    polygon : Quad or None
        The corners of the known picture in the frame, clockwise from its own top left as shown; None
        where ``box`` says it all.
    residual : Residual or None
        What covers it; None where there are no pixels to compare with.
    since : Timestamp or None
        It has been there since that earlier sample, which only later ones could tell.
    known_span_s : (float, float) or None
        From where to where the known video has been shown, seconds of the known video; None for a
        picture.
    listed : bool
        False for a picture of the gallery: it says who is shown, and is no known picture of the report.
    """

    entry_id: str
    list_name: str
    labels: tuple[str, ...]
    extent: Extent
    box: Box
    mirrored: bool
    algorithm: str
    distance_bits: int
    inliers: int
    covered_fraction: float
    polygon: Quad | None = None
    residual: Residual | None = None
    since: Timestamp | None = None
    known_span_s: tuple[float, float] | None = None
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceSeen(Observation):
    """A face in this sample; says nothing about who it is.

    Attributes
    ----------
    track : int
        The same face on later samples has the same number.
    box : Box
        Around the face.
    landmarks : tuple of (float, float)
        Right eye, left eye, nose, right and left mouth corner, source pixels, of the person shown.
    confidence : float
        0..1, the detector's own.
    angle_degrees : float
        Clockwise rotation of the face in the picture; 0 is upright.
    seen_directly : bool
        False where the face is hidden at the moment and its track carries the place.
    weak : bool
        Nothing but a hint of a face: it counts where something else speaks for it, such as an overlay on it.
    """

    track: int
    box: Box
    landmarks: tuple[tuple[float, float], ...]
    confidence: float
    angle_degrees: float = 0.0
    seen_directly: bool = True
    weak: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceMatched(Observation):
    """What the gallery says about a face track, as of this sample. The last one of a track counts.

    Attributes
    ----------
    track : int
        The FaceSeen track it is about.
    person_id : str or None
        The enrolled person; None with tier ``unknown``.
    name : str or None
        The enrolled person's name, for sentences.
    tier : {"match", "lead", "unknown"}
        How sure.
    similarity, threshold : float
        Cosine similarity to the person, and what this gallery asks for a match by this route.
    route : str
        Which way the identity was found.
    """

    track: int
    person_id: str | None
    name: str | None
    tier: Tier
    similarity: float
    threshold: float
    route: Route


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayChannel:
    """What one way of looking says about an overlay.

    Attributes
    ----------
    method : {"residual", "motion", "model"}
        ``residual``: what differs from the known picture beneath. ``motion``: what moves on a picture that
        stands still. ``model``: what the network sees on the picture as it is.
    time : Timestamp
        The sample it is about: an unchanged picture keeps what an earlier look said of it.
    confidence : float
        0..1; 0.5 is the channel's working point.
    coverage_fraction : float
        Share of the face box it covers, of the known picture where there is no face; 0..1.
    count : int
        Separate marks (bullet holes); 1 where counting makes no sense.
    mask : Mask
        Where it is: to the pixel of the known picture for ``residual``, coarse for the others.
    """

    method: OverlayMethod
    time: Timestamp
    confidence: float
    coverage_fraction: float
    count: int
    mask: Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlaySeen(Observation):
    """A violent overlay on or around a face or a known picture, in this sample.

    Attributes
    ----------
    kind : str
        One word of the vocabulary.
    face_track : int or None
        The FaceSeen track it lies on.
    known_entry_id : str or None
        The known picture it lies on.
    box : Box
        Around the overlay's visible part.
    picture_fraction : float or None
        Share of the known picture it covers, 0..1; None where there is none.
    channels : tuple of OverlayChannel
        All that saw it, at least one, the most trusted first: ``residual``, ``motion``, ``model``.
    since : Timestamp or None
        It has been there since that earlier sample, which only later ones could tell.
    """

    kind: OverlayKind
    face_track: int | None
    known_entry_id: str | None
    box: Box
    picture_fraction: float | None
    channels: tuple[OverlayChannel, ...]
    since: Timestamp | None = None

    @property
    def method(self) -> OverlayMethod:
        """The most trusted channel that saw it."""
        return self.channels[0].method

    @property
    def confidence(self) -> float:
        """The highest confidence of a channel: 0..1, 0.5 is the working point."""
        return max(channel.confidence for channel in self.channels)

    @property
    def coverage_fraction(self) -> float:
        """Share of the face box (of the known picture where there is none), by the most trusted channel."""
        return self.channels[0].coverage_fraction

    @property
    def count(self) -> int:
        """Separate marks by the most trusted channel; 1 where counting makes no sense."""
        return self.channels[0].count

    @property
    def mask(self) -> Mask:
        """Where it is, by the most trusted channel."""
        return self.channels[0].mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Observation):
    """What a reader of the report must know of how a detector looked at this file.

    Attributes
    ----------
    words : str
        In plain words.
    """

    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure(Observation):
    """A detector could not look at this sample; its silence here means nothing.

    Attributes
    ----------
    why : str
        In plain words, with the type of the error.
    """

    why: str
