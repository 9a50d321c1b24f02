"""Faces of known pictures: where the picture lies in the frame, its faces are, whatever covers them now."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import LocatedFace
from mediaforensics.media.frame import Pixels
from mediaforensics.observations import KnownSeen, Residual

AnchorKey = tuple[str, str, bool, int]
"""List, entry, mirrored, and which face of the picture."""
_KEPT = 64
"""Pictures whose faces are remembered; a memo."""
_LEAST_SIDE_PX = 14
_INSIDE_FRACTION = 0.5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Anchor:
    """A face that is where a known picture has it; ``face`` is in source pixels."""

    key: AnchorKey
    face: LocatedFace


class KnownFaces:
    """Finds the faces of the known pictures in a frame, each picture looked at once; for one thread."""

    def __init__(self, finder: FaceFinder) -> None:
        self._finder = finder
        self._faces: OrderedDict[tuple[str, str, bool], list[LocatedFace]] = OrderedDict()

    def anchors(self, seen: Iterable[KnownSeen], size_px: tuple[int, int]) -> list[Anchor]:
        """The faces of all these pictures that are inside the frame; a face in two of them is told once."""
        found: list[Anchor] = []
        for known in sorted(seen, key=lambda one: (not one.listed, one.list_name, one.entry_id)):
            if known.residual is None:
                continue
            to_source = known_to_source(known.residual)
            faces = self._of((known.list_name, known.entry_id, known.mirrored), known.residual.known)
            for nth, face in enumerate(faces):
                there = _laid(face, to_source)
                if there.side_px < _LEAST_SIDE_PX or _inside(there, size_px) < _INSIDE_FRACTION:
                    continue
                if all(_apart(there, other.face) for other in found):
                    key = (known.list_name, known.entry_id, known.mirrored, nth)
                    found.append(Anchor(key=key, face=there))
        return found

    def _of(self, picture: tuple[str, str, bool], pixels: Pixels) -> list[LocatedFace]:
        if picture not in self._faces:
            self._faces[picture] = self._finder.of_picture(np.ascontiguousarray(pixels))
            while len(self._faces) > _KEPT:
                self._faces.popitem(last=False)
        self._faces.move_to_end(picture)
        return self._faces[picture]


def known_to_source(residual: Residual) -> NDArray[np.float64]:
    """Homography, shape (3, 3), from the pixels of the known picture to source pixels."""
    height, width = residual.known.shape[:2]
    to_mask = np.diag([residual.width_px / width, residual.height_px / height, 1.0])
    return np.asarray(np.array(residual.to_source).reshape(3, 3) @ to_mask, np.float64)


def _laid(face: LocatedFace, to_source: NDArray[np.float64]) -> LocatedFace:
    x0, y0, x1, y1 = face.box
    middles = np.array([(x0, (y0 + y1) / 2), (x1, (y0 + y1) / 2), ((x0 + x1) / 2, y0), ((x0 + x1) / 2, y1)])
    points = np.concatenate([middles, face.landmarks]).astype(np.float64)[None]
    there = cv2.perspectiveTransform(points, to_source)[0]
    (left, top), (right, bottom) = there[:4].min(axis=0).tolist(), there[:4].max(axis=0).tolist()
    return replace(face, box=(left, top, right, bottom), landmarks=there[4:].astype(np.float32))


def _inside(face: LocatedFace, size_px: tuple[int, int]) -> float:
    """Share of a face's box that is inside the frame."""
    x0, y0, x1, y1 = face.box
    wide, high = min(x1, size_px[0]) - max(x0, 0.0), min(y1, size_px[1]) - max(y0, 0.0)
    return max(0.0, wide) * max(0.0, high) / max((x1 - x0) * (y1 - y0), 1e-6)


def _apart(one: LocatedFace, other: LocatedFace) -> bool:
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = one.box, other.box
    far = np.hypot(ax0 + ax1 - bx0 - bx1, ay0 + ay1 - by0 - by1) / 2
    return bool(far > 0.4 * max(one.side_px, other.side_px))
