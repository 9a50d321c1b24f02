"""Which picture may stand for a person: one clear face, whole, turned to the camera, sharp and well lit."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import MediaError
from mediaforensics.faces.embed import SFACE, Embedding, FaceEmbedder, aligned_crop, unit
from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import YUNET, FaceLocator, LocatedFace, doubtful
from mediaforensics.media.decode import open_media
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.media.source import Source, displayed_name
from mediaforensics.options import LimitOptions

# Each of these was set on the 2,021 press photographs of docs/models/faces.md, of which they refuse 0.5 %.
MIN_FACE_PX = 40
"""Below this a quarter of the true faces is lost (press photographs, shrunk)."""
MAX_TURN = 0.55
"""Of the nose, in distances between the eyes; about 45 degrees."""
MIN_MARGIN = 0.1
"""Between eyes, nose or mouth and the edge; where a third of a face is cut away, it is hardly ever kept."""
MIN_CONTRAST_LEVELS = 20.0
"""Between the darkest and the lightest twentieth of the face, of 255; not its brightness, in which skin
differs. A photograph at an eighth of its brightness is under it: its similarity to itself drops to 0.8."""
MAX_WHITE_FRACTION = 0.4
MIN_SHARPNESS = 20.0
"""Variance of the Laplacian of the aligned crop's brightness. A face that was blurred until it has 7 is half
the time less like itself than a match needs."""
_WHITE_LEVEL = 250
_INNER = (slice(24, 104), slice(24, 88))
"""Brow to chin and cheek to cheek in an aligned crop."""
_LARGE_FACE_FRACTION = 0.25
_SECOND_FACE_FRACTION = 0.5
_TIGHT_VIEW_PX = 320
_TIGHT_MARGIN_FRACTION = 0.15
_TIGHT_CONFIDENCE = 0.75
_SHOWN_DIGITS = 12
THUMBNAIL_PX = 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrait:
    """A face that is enrolled; the picture itself is not kept.

    Attributes
    ----------
    file : str or None
        Name of the picture; None of one that was read from a saved gallery.
    sha256 : str
        Of the picture's file.
    embedding : ndarray, float32, shape (128,)
        Unit vector of the face and its mirror image.
    thumbnail : ndarray, float32, shape (32, 32), or None
        The whole picture, its mean 0 and its length 1; only until duplicates have been looked for.
    """

    person_id: str
    file: str | None
    sha256: str
    embedding: Embedding
    thumbnail: NDArray[np.float32] | None = None

    @property
    def shown(self) -> str:
        """What to call the picture in a sentence."""
        return self.file or f"the saved picture with SHA-256 {self.sha256[:_SHOWN_DIGITS]}..."


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPicture:
    """A file that was not enrolled, and why, in plain words."""

    person_id: str
    file: str
    why: str


def by_person(portraits: Iterable[Portrait]) -> dict[str, list[Portrait]]:
    """The portraits of each person_id, in the order given."""
    people: dict[str, list[Portrait]] = {}
    for portrait in portraits:
        people.setdefault(portrait.person_id, []).append(portrait)
    return people


class Enroller:
    """Judges pictures one by one; for one thread."""

    def __init__(self) -> None:
        self._locator, self._embedder = FaceLocator(YUNET.read()), FaceEmbedder(SFACE.read())
        self._finder = FaceFinder(self._locator)

    def look(self, path: Path, known: frozenset[str] = frozenset()) -> Portrait | str | None:
        """The portrait of a file, or the reason why there is none; None if its SHA-256 is known already.

        The person_id is the name of the file's folder.
        """
        try:
            with Source.open(path, LimitOptions()) as source:
                sha256 = source.digests.sha256
                if sha256 in known:
                    return None
                decoder = open_media(source)
                try:
                    if decoder.kind == "video":
                        return "a video, not a picture"
                    frame = next(decoder.frames())
                    face = self.face(frame)
                finally:
                    decoder.close()
        except MediaError as error:
            return str(error).removeprefix(f"{displayed_name(os.fsencode(path.name))}: ")
        if isinstance(face, str):
            return face
        return Portrait(
            person_id=path.parent.name,
            file=path.name,
            sha256=sha256,
            embedding=face,
            thumbnail=_thumbnail(frame),
        )

    def face(self, frame: Frame) -> Embedding | str:
        """The template of the one face of a picture, or the reason why there is none."""
        faces = sorted(self._faces(frame), key=lambda f: -f.side_px)
        if not faces:
            return "no face was found; use a picture that shows the face from the front"
        face = faces[0]
        large = sum(f.side_px > _SECOND_FACE_FRACTION * face.side_px for f in faces)
        if large > 1:
            return f"{large} faces were found; cut the picture to the one person"
        if face.side_px < MIN_FACE_PX:
            return f"the face is {round(face.side_px)} px large; at least {MIN_FACE_PX} px are needed"
        crop = aligned_crop(frame, face.landmarks)
        if (why := fault(face, crop, frame.size_px)) is not None:
            return why
        return unit(self._embedder.embed(crop) + self._embedder.embed(np.ascontiguousarray(crop[:, ::-1])))

    def _faces(self, frame: Frame) -> list[LocatedFace]:
        """A small look is enough where it shows one large and sure face and nothing else."""
        faces = self._finder.upright_small(frame)
        large_px = _LARGE_FACE_FRACTION * max(frame.size_px)
        if len(faces) == 1 and faces[0].side_px >= large_px and not doubtful(faces[0]):
            return faces
        return self._finder.all(frame) or self._tight(frame)

    def _tight(self, frame: Frame) -> list[LocatedFace]:
        """A face that fills the picture, with its mirror image around: YuNet wants the outline of a head."""
        view = frame.rgb(_TIGHT_VIEW_PX)
        pad = round(_TIGHT_MARGIN_FRACTION * max(view.pixels.shape[:2]))
        wide = cv2.copyMakeBorder(view.pixels, pad, pad, pad, pad, cv2.BORDER_REFLECT_101)
        (sx, sy), found = view.source_per_view, self._locator.upright(np.asarray(wide, np.uint8))
        sure = (f for f in found if f.confidence >= _TIGHT_CONFIDENCE)
        return [f.moved((sx, sy), (-pad * sx, -pad * sy)) for f in sure]


def _thumbnail(frame: Frame) -> NDArray[np.float32]:
    pixels = cv2.cvtColor(frame.rgb(8 * THUMBNAIL_PX).pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(pixels, (THUMBNAIL_PX, THUMBNAIL_PX), interpolation=cv2.INTER_AREA)
    level = small.astype(np.float32) - small.mean()
    return unit(level.reshape(-1)).reshape(level.shape)


def fault(face: LocatedFace, crop: Pixels, size_px: tuple[int, int]) -> str | None:
    """What is wrong with a face that was found, in plain words; None for nothing.

    Parameters
    ----------
    face : LocatedFace
        In a picture of ``size_px``, width and height.
    crop : ndarray, uint8, shape (112, 112, 3), RGB
        The face, aligned.
    """
    if _margin(face, size_px) < MIN_MARGIN:
        return "the face is cut off by the edge of the picture; use one that shows all of it"
    if abs(_turn(face)) > MAX_TURN:
        return "the face is turned too far to the side; use a picture from the front"
    inner = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)[_INNER]
    if (inner >= _WHITE_LEVEL).mean() > MAX_WHITE_FRACTION:
        return "the face is overexposed; use a darker picture"
    low, high = np.percentile(inner, (5, 95))
    if high - low < MIN_CONTRAST_LEVELS:
        return "the face has hardly any contrast, as in the dark or in fog; use a better lit picture"
    if sharpness(crop) < MIN_SHARPNESS:
        return "the face is blurred; use a sharper picture"
    return None


def _margin(face: LocatedFace, size_px: tuple[int, int]) -> float:
    """How far the nearest of eyes, nose and mouth is from the edge, in distances between the eyes."""
    x, y = face.landmarks[:, 0], face.landmarks[:, 1]
    nearest = min(x.min(), y.min(), size_px[0] - x.max(), size_px[1] - y.max())
    return float(nearest) / max(_eyes_apart_px(face), 1.0)


def _turn(face: LocatedFace) -> float:
    """How far the nose is to the side of the middle of eyes and mouth, in distances between the eyes."""
    right_eye, left_eye, nose, *mouth = face.landmarks.astype(np.float64)
    middle = (right_eye + left_eye + mouth[0] + mouth[1]) / 4
    return float((nose - middle) @ (left_eye - right_eye)) / max(_eyes_apart_px(face), 1.0) ** 2


def _eyes_apart_px(face: LocatedFace) -> float:
    return float(np.linalg.norm(face.landmarks[1] - face.landmarks[0]))


def sharpness(crop: Pixels) -> float:
    """Variance of the Laplacian of an aligned crop, relative to its contrast; 0 is featureless."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = float(grey.std())
    if contrast < 1.0:
        return 0.0
    return float(cv2.Laplacian(grey / contrast * 50.0, cv2.CV_32F).var())
