"""One face over time: the same number from sample to sample, through overlays, text and a short interruption.

Three kinds of evidence, cheapest first: where a face is, whether the picture around and under it is still the
same picture, and whether it looks like the same person. An overlay changes the third and leaves the second;
a cut to another portrait in the same frame changes the third and the second and leaves the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.embed import Embedding
from mediaforensics.faces.locate import DETECT_CONFIDENCE, LocatedFace, overlap
from mediaforensics.media.frame import Pixels, View

HIDDEN_LIMIT_S = 6.0
"""How long a face that stood still may be hidden before its place is given up."""
_HIDDEN_LIMIT_MOVING_S = 1.0
_REJOIN_LIMIT_S = 2.0
_CHECK_EVERY_S = 2.0

_SAME_FACE_SIMILARITY = 0.30
"""False accept rate 1 % on press photographs: enough where place and size agree as well."""
_REJOIN_SIMILARITY = 0.40
"""False accept rate below 0.1 %: needed where the place does not agree."""

_KEPT_FACE_FRACTION = 0.2
_KEPT_AROUND_FRACTION = 0.2
_KEPT_AROUND_FRACTION_NEW_PICTURE = 0.35
_STILL_MOTION = 0.06

_PATCH_PX = 96
_BLOCK_PX = 6
_BLOCKS = _PATCH_PX // _BLOCK_PX
_FACE_BLOCKS = slice(_BLOCKS // 3, _BLOCKS - _BLOCKS // 3)
_MIN_TEXTURE = 4.0
_MIN_CORRELATION = 0.8
_MAX_TRACKS = 24

Patch = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """A track on one sample. ``face`` is in source pixels; the last one seen where it is hidden now."""

    track: int
    face: LocatedFace
    seen_directly: bool


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    face: LocatedFace
    last_direct_s: float
    checked_s: float
    patch: Patch
    look: Pixels
    """Aligned crop of its surest moment, to compare with when in doubt."""
    look_confidence: float
    embedding: Embedding | None = None
    motion: float = 0.0
    hidden: bool = False

    def hidden_limit_s(self) -> float:
        return HIDDEN_LIMIT_S if self.motion < _STILL_MOTION else _HIDDEN_LIMIT_MOVING_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How the tracker asks what a face looks like; asked seldom, since embedding costs most.

    Attributes
    ----------
    crop : callable
        Aligned crop of a face of the current sample.
    embed : callable
        Unit vector of an aligned crop.
    """

    crop: Callable[[LocatedFace], Pixels]
    embed: Callable[[Pixels], Embedding]


class FaceTracker:
    """The faces of one file. Bounded: at most 24 at a time, each with one crop and one patch."""

    def __init__(self) -> None:
        self._open: list[_Track] = []
        self._lost: list[tuple[float, _Track]] = []
        self._count = 0

    def near(self, face: LocatedFace) -> LocatedFace | None:
        """The last sight of an open track at this place."""
        return next((t.face for t in self._open if overlap(t.face.box, face.box) >= 0.3), None)

    def open_faces(self) -> list[LocatedFace]:
        """Last sights of all open tracks."""
        return [t.face for t in self._open]

    def rest(self, time_s: float) -> list[Followed]:
        """A sample on which nothing has changed: everything stays, but nothing stays hidden for ever."""
        self._open = [t for t in self._open if not t.hidden or time_s - t.last_direct_s <= t.hidden_limit_s()]
        for track in self._open:
            if not track.hidden:
                track.last_direct_s = time_s
        return self._followed()

    def step(
        self, time_s: float, picture: View, new_picture: bool, faces: Sequence[LocatedFace], looks: Looks
    ) -> list[Followed]:
        """Take the faces of one sample.

        Parameters
        ----------
        time_s : float
            Later than the last.
        picture : View
            Brightness, uint8 (height, width), of the whole sample.
        new_picture : bool
            Whether the picture as a whole changed.
        faces : sequence of LocatedFace
            In source pixels, weak ones included.
        looks : Looks
            For this sample.

        Returns
        -------
        list of Followed
            By track number.
        """
        self._lost = [(s, t) for s, t in self._lost if time_s - s <= _REJOIN_LIMIT_S]
        left_tracks, left_faces = list(self._open), list(faces)
        for track, face in _pairs(self._open, faces):
            if track in left_tracks and face in left_faces:
                left_faces.remove(face)
                if self._continues(track, face, time_s, picture, new_picture, looks):
                    left_tracks.remove(track)
                    self._see(track, face, time_s, picture, looks)
                elif face.confidence >= DETECT_CONFIDENCE:
                    left_faces.append(face)
                    left_tracks.remove(track)
                    self._lose(track, time_s)
        strong = [f for f in left_faces if f.confidence >= DETECT_CONFIDENCE]
        strong = [
            f
            for f in strong
            if not any(overlap(f.box, t.face.box) > 0.5 for t in self._open if t not in left_tracks)
        ]
        for face in strong:
            back = self._returning(face, left_tracks, time_s, picture, looks)
            if back is not None:
                if back in left_tracks:
                    left_tracks.remove(back)
                else:
                    self._lost = [(s, t) for s, t in self._lost if t is not back]
                    self._open.append(back)
                self._see(back, face, time_s, picture, looks)
            elif len(self._open) < _MAX_TRACKS:
                self._begin(face, time_s, picture, looks)
        for track in left_tracks:
            self._hide_or_lose(track, time_s, picture, new_picture)
        return self._followed()

    def _followed(self) -> list[Followed]:
        self._open.sort(key=lambda t: t.number)
        return [Followed(track=t.number, face=t.face, seen_directly=not t.hidden) for t in self._open]

    def _begin(self, face: LocatedFace, time_s: float, picture: View, looks: Looks) -> None:
        self._count += 1
        self._open.append(
            _Track(self._count, face, time_s, time_s, patch(picture, face), looks.crop(face), face.confidence)
        )

    def _see(self, track: _Track, face: LocatedFace, time_s: float, picture: View, looks: Looks) -> None:
        moved = np.hypot(*(_centre(face) - _centre(track.face))) / max(face.side_px, 1.0)
        track.motion = float(0.5 * track.motion + 0.5 * moved)
        track.face, track.last_direct_s, track.hidden = face, time_s, False
        track.patch = patch(picture, face)
        if face.confidence > track.look_confidence + 0.02:
            track.look, track.look_confidence, track.embedding = looks.crop(face), face.confidence, None

    def _lose(self, track: _Track, time_s: float) -> None:
        self._open.remove(track)
        if not track.hidden:
            self._lost.append((time_s, track))

    def _continues(
        self, track: _Track, face: LocatedFace, time_s: float, picture: View, new_picture: bool, looks: Looks
    ) -> bool:
        """Whether the face at this track's place is still this track's face."""
        here, there = patch(picture, track.face), patch(picture, face)
        if max(kept(track.patch, here)[0], kept(track.patch, there)[0]) >= _KEPT_FACE_FRACTION:
            return True
        if face.confidence < DETECT_CONFIDENCE:
            return not new_picture
        near = overlap(track.face.box, face.box) >= 0.4
        if not new_picture and near and time_s - track.checked_s < _CHECK_EVERY_S:
            return True
        track.checked_s = time_s
        return self._similarity(track, looks.embed(looks.crop(face)), looks) >= _SAME_FACE_SIMILARITY

    def _similarity(self, track: _Track, embedding: Embedding, looks: Looks) -> float:
        if track.embedding is None:
            track.embedding = looks.embed(track.look)
        return float(track.embedding @ embedding)

    def _returning(
        self, face: LocatedFace, left: Sequence[_Track], time_s: float, picture: View, looks: Looks
    ) -> _Track | None:
        """The track that this face, found where no track was, goes on with after a jump or a short cut."""
        there = patch(picture, face)
        embedding: Embedding | None = None
        best: tuple[float, _Track] | None = None
        lost = [t for s, t in self._lost if s < time_s]
        for track in [*lost, *left]:
            ratio = track.face.side_px / max(face.side_px, 1.0)
            if not 0.5 < ratio < 2.0:
                continue
            in_place = overlap(track.face.box, face.box) >= 0.5
            if in_place and min(kept(track.patch, there)) >= _KEPT_AROUND_FRACTION_NEW_PICTURE:
                return track
            if embedding is None:
                embedding = looks.embed(looks.crop(face))
            similarity = self._similarity(track, embedding, looks)
            if similarity >= _REJOIN_SIMILARITY and (best is None or similarity > best[0]):
                best = (similarity, track)
        return best[1] if best else None

    def _hide_or_lose(self, track: _Track, time_s: float, picture: View, new_picture: bool) -> None:
        """Keep the place of a face that is not to be seen now while the picture around it still stands."""
        now = patch(picture, track.face)
        in_face, around = kept(track.patch, now)
        needed = _KEPT_AROUND_FRACTION_NEW_PICTURE if new_picture else _KEPT_AROUND_FRACTION
        stands = max(in_face, around) >= needed
        if stands and time_s - track.last_direct_s <= track.hidden_limit_s():
            track.hidden, track.patch = True, now
        else:
            self._lose(track, time_s)


def _pairs(tracks: Sequence[_Track], faces: Sequence[LocatedFace]) -> list[tuple[_Track, LocatedFace]]:
    """Tracks and faces that lie near one another, nearest first."""
    ranked = []
    for track in tracks:
        for nth, face in enumerate(faces):
            common = overlap(track.face.box, face.box)
            side = max(track.face.side_px, face.side_px, 1.0)
            distance = float(np.hypot(*(_centre(face) - _centre(track.face)))) / side
            ratio = track.face.side_px / max(face.side_px, 1.0)
            if common >= 0.25 or (distance < 0.5 and 0.6 < ratio < 1.67):
                ranked.append((distance - common, track.number, nth, track, face))
    return [(r[3], r[4]) for r in sorted(ranked, key=lambda r: r[:3])]


def _centre(face: LocatedFace) -> NDArray[np.float64]:
    x0, y0, x1, y1 = face.box
    return np.array([(x0 + x1) / 2, (y0 + y1) / 2])


def patch(picture: View, face: LocatedFace) -> Patch:
    """The brightness around a face: three times its box, shape (96, 96); black outside the picture."""
    x0, y0, x1, y1 = face.box
    reach = 1.5 * max(face.side_px, 2.0)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    sx, sy = picture.source_per_view
    left, top = (cx - reach - picture.origin_px[0]) / sx, (cy - reach - picture.origin_px[1]) / sy
    right, bottom = left + 2 * reach / sx, top + 2 * reach / sy
    height, width = picture.pixels.shape[:2]
    u0, v0 = max(0, round(left)), max(0, round(top))
    u1, v1 = min(width, round(right)), min(height, round(bottom))
    out = np.zeros((_PATCH_PX, _PATCH_PX), np.uint8)
    if u1 <= u0 or v1 <= v0:
        return out
    ku, kv = _PATCH_PX / (right - left), _PATCH_PX / (bottom - top)
    a, b = max(0, round((u0 - left) * ku)), min(_PATCH_PX, round((u1 - left) * ku))
    c, d = max(0, round((v0 - top) * kv)), min(_PATCH_PX, round((v1 - top) * kv))
    if b > a and d > c:
        shrinks = u1 - u0 > b - a
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        out[c:d, a:b] = cv2.resize(picture.pixels[v0:v1, u0:u1], (b - a, d - c), interpolation=method)
    return out


def kept(before: Patch, now: Patch) -> tuple[float, float]:
    """How much of the structure of one patch is still in another: (on the face, around it), 0..1.

    The share of the blocks that had structure which still have the same one (correlation over 0.8). What is
    covered is lost, what is beside it is not; a change of brightness does not count. Where there was no
    structure at all, equal brightness decides.
    """
    a, b = _blocks(before), _blocks(now)
    a_dev, b_dev = a - a.mean(axis=2, keepdims=True), b - b.mean(axis=2, keepdims=True)
    a_std, b_std = np.sqrt((a_dev**2).mean(axis=2)), np.sqrt((b_dev**2).mean(axis=2))
    correlation = (a_dev * b_dev).mean(axis=2) / np.maximum(a_std * b_std, 1e-6)
    textured = a_std >= _MIN_TEXTURE
    same = textured & (correlation >= _MIN_CORRELATION) & (b_std >= _MIN_TEXTURE / 2)
    level = np.abs(a.mean(axis=2) - b.mean(axis=2))
    inside = np.zeros_like(textured)
    inside[_FACE_BLOCKS, _FACE_BLOCKS] = True
    return _share(same, textured, level, inside), _share(same, textured, level, ~inside)


def _share(
    same: NDArray[np.bool_], textured: NDArray[np.bool_], level: NDArray[np.float32], where: NDArray[np.bool_]
) -> float:
    count = int((textured & where).sum())
    if count >= 4:
        return int((same & where).sum()) / count
    return 1.0 if float(level[where].mean()) < 6.0 else 0.0


def _blocks(patch_: Patch) -> NDArray[np.float32]:
    """Shape (16, 16, 36): the pixels of each block."""
    cut = patch_.astype(np.float32).reshape(_BLOCKS, _BLOCK_PX, _BLOCKS, _BLOCK_PX)
    return cut.transpose(0, 2, 1, 3).reshape(_BLOCKS, _BLOCKS, _BLOCK_PX * _BLOCK_PX)
