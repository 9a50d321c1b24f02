"""Which picture may stand for a person: one clear face, large and sharp enough, and not somebody else's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mediaforensics.faces.embed import SFACE, Embedding, FaceEmbedder, aligned_crop, unit
from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import YUNET, FaceLocator, LocatedFace, doubtful
from mediaforensics.media.frame import Frame, Pixels

MIN_FACE_PX = 40
"""Below this a quarter of the true faces is lost (press photographs, shrunk)."""
MIN_SHARPNESS = 15.0
"""Variance of the Laplacian of the aligned crop's brightness."""
_LARGE_FACE_FRACTION = 0.25
_SECOND_FACE_FRACTION = 0.5
_DUPLICATE_SIMILARITY = 0.995
_OUTLIER_SIMILARITY = 0.20
"""Below what 99 % of pictures of one person have with the nearest other picture of them."""
_OTHER_PERSON_SIMILARITY = 0.60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portrait:
    """A face that may be enrolled; the picture itself is not kept."""

    person_id: str
    file: str
    sha256: str
    embedding: Embedding


class Enroller:
    """Judges pictures one by one; for one thread."""

    def __init__(self) -> None:
        self._finder, self._embedder = FaceFinder(FaceLocator(YUNET.read())), FaceEmbedder(SFACE.read())

    def portrait(
        self, person_id: str, file: str, sha256: str, frame: Frame, *, few: bool
    ) -> tuple[Portrait | None, str | None]:
        """The portrait, or None and the reason why not.

        ``few``: the person has hardly another picture, so the mirrored one is averaged in; with one picture
        each it finds 1 % more of 178 press photographs of 90 people, with several they do better.
        """
        faces = self._faces(frame)
        if not faces:
            return None, "no face was found; use a picture that shows the face from the front"
        faces.sort(key=lambda f: -f.side_px)
        if len(faces) > 1 and faces[1].side_px > _SECOND_FACE_FRACTION * faces[0].side_px:
            return None, f"{len(faces)} faces were found; cut the picture to the one person"
        face = faces[0]
        if face.side_px < MIN_FACE_PX:
            return None, f"the face is {round(face.side_px)} px large; at least {MIN_FACE_PX} px are needed"
        crop = aligned_crop(frame, face.landmarks)
        if sharpness(crop) < MIN_SHARPNESS:
            return None, "the face is blurred; use a sharper picture"
        embedding = self._embedder.embed(crop)
        if few:
            embedding = unit(embedding + self._embedder.embed(np.ascontiguousarray(crop[:, ::-1])))
        return Portrait(person_id=person_id, file=file, sha256=sha256, embedding=embedding), None

    def _faces(self, frame: Frame) -> list[LocatedFace]:
        """A small look is enough where it shows one large and sure face and nothing else."""
        faces = self._finder.upright_small(frame)
        large_px = _LARGE_FACE_FRACTION * max(frame.size_px)
        if len(faces) == 1 and faces[0].side_px >= large_px and not doubtful(faces[0]):
            return faces
        return self._finder.all(frame)


def sharpness(crop: Pixels) -> float:
    """Variance of the Laplacian of an aligned crop, relative to its contrast; 0 is featureless."""
    grey = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY).astype(np.float32)
    contrast = float(grey.std())
    if contrast < 1.0:
        return 0.0
    return float(cv2.Laplacian(grey / contrast * 50.0, cv2.CV_32F).var())


def conflicts(portraits: Sequence[Portrait]) -> list[tuple[Portrait, str]]:
    """The portraits that contradict the others, and why: duplicates, another's face, unlike the rest."""
    left = list(portraits)
    bad: list[tuple[Portrait, str]] = []

    def refuse(which: Sequence[tuple[Portrait, str]]) -> None:
        for portrait, why in which:
            left.remove(portrait)
            bad.append((portrait, why))

    refuse(_duplicates(left))
    while (pair := _nearest_strangers(left)) is not None:
        # The one with less support among its own pictures is the stray; where neither has any, both go.
        (one, one_support), (other, other_support), similarity = pair
        seen_as = [(one, other)] if one_support <= other_support else []
        seen_as += [(other, one)] if other_support <= one_support else []
        refuse([(p, f"it shows the face of {q.person_id} (similarity {similarity:.2f})") for p, q in seen_as])
    outliers = []
    for portrait in left:
        support, count = _support(portrait, left)
        if count >= 2 and support < _OUTLIER_SIMILARITY:
            why = f"it does not look like the other pictures of this person (similarity {support:.2f})"
            outliers.append((portrait, why))
    refuse(outliers)
    return bad


def _duplicates(portraits: Sequence[Portrait]) -> list[tuple[Portrait, str]]:
    found: list[tuple[Portrait, str]] = []
    for nth, one in enumerate(portraits):
        earlier = [p for p in portraits[:nth] if p.person_id == one.person_id]
        same = [p for p in earlier if float(p.embedding @ one.embedding) >= _DUPLICATE_SIMILARITY]
        if same:
            found.append((one, f"the same picture is enrolled already as {same[0].file}"))
    return found


def _support(one: Portrait, portraits: Sequence[Portrait]) -> tuple[float, int]:
    """Similarity to the nearest other picture of the same person (-1 without one), and how many there are."""
    own = [
        float(p.embedding @ one.embedding) for p in portraits if p is not one and p.person_id == one.person_id
    ]
    return (max(own), len(own)) if own else (-1.0, 0)


def _nearest_strangers(
    portraits: Sequence[Portrait],
) -> tuple[tuple[Portrait, float], tuple[Portrait, float], float] | None:
    """The two most alike portraits of different people, each with its support, if they are one face."""
    if len(portraits) < 2:
        return None
    vectors = np.stack([p.embedding for p in portraits])
    people = np.array([p.person_id for p in portraits])
    alike = np.where(people[:, None] == people[None, :], -1.0, vectors @ vectors.T)
    i, j = np.unravel_index(int(np.argmax(alike)), alike.shape)
    if alike[i, j] < _OTHER_PERSON_SIMILARITY:
        return None
    one, other = portraits[int(i)], portraits[int(j)]
    return (one, _support(one, portraits)[0]), (other, _support(other, portraits)[0]), float(alike[i, j])
