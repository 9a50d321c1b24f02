"""One face over time: the same number from sample to sample, through overlays, text and a short interruption.

Three kinds of evidence, cheapest first: where a face is, whether the picture around and under it is still the
same picture, and whether it looks like the same person. An overlay changes the third and leaves the second;
a cut to another portrait in the same frame changes the third and the second and leaves the first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.anchors import Anchor, AnchorKey
from mediaforensics.faces.embed import Embedding
from mediaforensics.faces.locate import DETECT_CONFIDENCE, LocatedFace, overlap
from mediaforensics.faces.patches import Kept, Patch, Structure, kept_of, patch, structure
from mediaforensics.media.frame import Pixels, View

HIDDEN_LIMIT_S = 6.0
"""How long a face that stood still may be hidden before its place is given up."""
_HIDDEN_LIMIT_MOVING_S = 1.0
_REJOIN_LIMIT_S = 3.0
_CHECK_EVERY_S = 2.0

_SAME_FACE_SIMILARITY = 0.30
"""False accept rate 1 % on press photographs: enough where place and size agree as well."""
_REJOIN_SIMILARITY = 0.40
"""False accept rate below 0.1 %: needed where the place does not agree."""

_KEPT_FACE_FRACTION = 0.2
_CUT_FRACTION = 0.06
_KEPT_WHOLE_FRACTION = 0.2
_KEPT_WHOLE_FRACTION_NEW_PICTURE = 0.35
_CLEAR_CONFIDENCE = 0.85
_SAME_PLACE = 0.7
"""Intersection over union of a face that is back exactly where it was."""
_STILL_MOTION = 0.06

_MAX_TRACKS = 24


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Followed:
    """A track on one sample. ``face`` is in source pixels; the last one seen where it is hidden now."""

    track: int
    face: LocatedFace
    seen_directly: bool
    weak: bool


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    face: LocatedFace
    last_direct_s: float
    checked_s: float
    patch: Structure
    clear_patch: Structure
    """The patch of its surest moment: between two fires it is the better witness."""
    look: Pixels
    """Aligned crop of its surest moment, to compare with when in doubt."""
    look_confidence: float
    weak: bool
    """It was never seen but as a hint."""
    anchor: AnchorKey | None = None
    """Of the known picture that carries its place."""
    embedding: Embedding | None = None
    motion: float = 0.0
    hidden: bool = False
    challenged: bool = False
    """A doubtful face unlike it was at its place on the last sample."""

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
    """The faces of one file. Bounded: at most 24 at a time, each with one crop and two patches."""

    def __init__(self) -> None:
        self._open: list[_Track] = []
        self._lost: list[tuple[float, _Track]] = []
        self._count = 0

    def near(self, face: LocatedFace) -> LocatedFace | None:
        """The last sight of an open track at this place; hints do not count."""
        here = (t.face for t in self._open if not t.weak and overlap(t.face.box, face.box) >= 0.3)
        return next(here, None)

    def open_faces(self) -> list[tuple[LocatedFace, bool]]:
        """Last sights of all open tracks but hints, and whether each is hidden."""
        return [(t.face, t.hidden) for t in self._open if not t.weak]

    def rest(self, time_s: float) -> list[Followed]:
        """A sample on which nothing has changed: everything stays, but nothing stays hidden for ever."""
        self._open = [
            t
            for t in self._open
            if not t.hidden or t.anchor is not None or time_s - t.last_direct_s <= t.hidden_limit_s()
        ]
        for track in self._open:
            if not track.hidden:
                track.last_direct_s = time_s
        return self._followed()

    def step(
        self,
        time_s: float,
        picture: View,
        new_picture: bool,
        faces: Sequence[LocatedFace],
        looks: Looks,
        anchors: Sequence[Anchor] = (),
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
        anchors : sequence of Anchor
            Faces of the known pictures that this sample shows: they are there, seen or not.

        Returns
        -------
        list of Followed
            By track number.
        """
        self._lost = [(s, t) for s, t in self._lost if time_s - s <= _REJOIN_LIMIT_S]
        anchored = self._anchored(anchors, time_s, new_picture)
        faces = [_placed(face, anchors) for face in faces]
        left_tracks, left_faces = list(self._open), list(faces)
        for track, face in _pairs(self._open, faces):
            if track not in left_tracks or face not in left_faces:
                continue
            carried = anchored.get(track.number)
            same = carried is not None and carried is _nearest(face, anchors)
            if same or self._continues(track, face, time_s, picture, new_picture, looks):
                left_tracks.remove(track)
                left_faces.remove(face)
                self._see(track, face, time_s, picture, looks)
            elif face.confidence < _CLEAR_CONFIDENCE and not track.challenged:
                # This one distorted by fire, or somebody else: the next sample tells.
                track.challenged = True
                left_faces.remove(face)
            elif face.confidence >= DETECT_CONFIDENCE:  # the place is somebody else's now
                left_tracks.remove(track)
                self._lose(track, time_s)
        for face in left_faces:
            taken = any(overlap(face.box, t.face.box) > 0.4 for t in self._open if t not in left_tracks)
            if (face.confidence < DETECT_CONFIDENCE and not face.weak) or taken:
                continue
            back = self._returning(face, left_tracks, time_s, picture, new_picture, looks)
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
            if track.number in anchored:
                track.hidden, track.weak = True, False
                track.face = replace(anchored[track.number].face, confidence=track.face.confidence)
            else:
                self._hide_or_lose(track, time_s, picture, new_picture)
        self._take_anchors(anchors, time_s, picture, looks)
        return self._followed()

    def _anchored(self, anchors: Sequence[Anchor], time_s: float, new_picture: bool) -> dict[int, Anchor]:
        """The tracks that a known picture carries, by number; one at the place of another picture is over.

        While the picture stands, another anchor at the place is the same face by another name: one photograph
        may be on two lists, or be found behind a fire first.
        """
        by_key = {anchor.key: anchor for anchor in anchors}
        for track in list(self._open):
            if track.anchor is not None and track.anchor not in by_key:
                track.anchor = None
                if new_picture and _nearest(track.face, anchors) is not None:
                    self._lose(track, time_s)
        return {t.number: by_key[t.anchor] for t in self._open if t.anchor is not None}

    def _take_anchors(self, anchors: Sequence[Anchor], time_s: float, picture: View, looks: Looks) -> None:
        """Give every anchor a track: the one at its place, or a new one, of a face that is not to be seen."""
        taken = {track.anchor for track in self._open}
        for anchor in (one for one in anchors if one.key not in taken):
            here = [t for t in self._open if t.anchor is None and _near(t.face, anchor.face)]
            if here:
                here[0].anchor, here[0].weak = anchor.key, False
            elif len(self._open) < _MAX_TRACKS:
                self._begin(anchor.face, time_s, picture, looks)
                self._open[-1].anchor, self._open[-1].hidden = anchor.key, True

    def _followed(self) -> list[Followed]:
        self._open.sort(key=lambda t: t.number)
        return [
            Followed(track=t.number, face=t.face, seen_directly=not t.hidden, weak=t.weak) for t in self._open
        ]

    def _begin(self, face: LocatedFace, time_s: float, picture: View, looks: Looks) -> None:
        self._count += 1
        now = structure(patch(picture, face))
        self._open.append(
            _Track(
                number=self._count,
                face=face,
                last_direct_s=time_s,
                checked_s=time_s,
                patch=now,
                clear_patch=now,
                look=looks.crop(face),
                look_confidence=face.confidence,
                weak=face.weak,
            )
        )

    def _see(self, track: _Track, face: LocatedFace, time_s: float, picture: View, looks: Looks) -> None:
        track.last_direct_s, track.hidden, track.challenged = time_s, False, False
        track.weak = track.weak and face.confidence < DETECT_CONFIDENCE
        if face.confidence < DETECT_CONFIDENCE and overlap(face.box, track.face.box) >= 0.25:
            # Half covered, a face is found but its outline is not: the last clear outline is the truer one.
            track.face = replace(track.face, confidence=face.confidence)
            return
        moved = np.hypot(*(_centre(face) - _centre(track.face))) / max(face.side_px, 1.0)
        track.motion = float(0.5 * track.motion + 0.5 * moved)
        track.face, track.patch = face, structure(patch(picture, face))
        if face.confidence > track.look_confidence + 0.02:
            track.look, track.look_confidence, track.embedding = looks.crop(face), face.confidence, None
            track.clear_patch = track.patch

    def _lose(self, track: _Track, time_s: float) -> None:
        self._open.remove(track)
        if not track.hidden:
            self._lost.append((time_s, track))

    def _continues(
        self, track: _Track, face: LocatedFace, time_s: float, picture: View, new_picture: bool, looks: Looks
    ) -> bool:
        """Whether the face at this track's place is still this track's face."""
        common = overlap(track.face.box, face.box)
        if not new_picture and (
            face.confidence < DETECT_CONFIDENCE
            or (common >= 0.4 and time_s - track.checked_s < _CHECK_EVERY_S)
        ):
            return True
        remains = _remains(track, [patch(picture, track.face), patch(picture, face)])
        if remains.face >= _KEPT_FACE_FRACTION:
            return True
        if face.confidence < DETECT_CONFIDENCE:
            return False
        clear = face.confidence >= _CLEAR_CONFIDENCE
        if new_picture and remains.whole < _CUT_FRACTION and (common < _SAME_PLACE or clear):
            return False  # another shot, of whomever
        track.checked_s = time_s
        if self._similarity(track, looks.embed(looks.crop(face)), looks) >= _SAME_FACE_SIMILARITY:
            return True
        # A blurred face unlike it, on a picture that still stands, is this one covered; a clear one is not.
        return remains.whole >= _KEPT_WHOLE_FRACTION and not clear

    def _similarity(self, track: _Track, embedding: Embedding, looks: Looks) -> float:
        if track.embedding is None:
            track.embedding = looks.embed(track.look)
        return float(track.embedding @ embedding)

    def _returning(
        self,
        face: LocatedFace,
        left: Sequence[_Track],
        time_s: float,
        picture: View,
        new_picture: bool,
        looks: Looks,
    ) -> _Track | None:
        """The track that this face, found where no track was, goes on with.

        Either it was interrupted for a moment and is back at its place, or it moved far between two samples
        of one shot.
        """
        there = patch(picture, face)
        embedding: Embedding | None = None
        best: tuple[float, _Track] | None = None
        lost = [t for s, t in self._lost if s < time_s]
        for track in [*lost, *left]:
            ratio = track.face.side_px / max(face.side_px, 1.0)
            in_place = overlap(track.face.box, face.box) >= _SAME_PLACE
            one_shot = track in left and not new_picture and 0.5 < ratio < 2.0
            if in_place and _remains(track, [there]).whole >= _KEPT_WHOLE_FRACTION_NEW_PICTURE:
                return track
            if not in_place and not one_shot:
                continue
            if embedding is None:
                embedding = looks.embed(looks.crop(face))
            similarity = self._similarity(track, embedding, looks)
            if similarity >= _REJOIN_SIMILARITY and (best is None or similarity > best[0]):
                best = (similarity, track)
        return best[1] if best else None

    def _hide_or_lose(self, track: _Track, time_s: float, picture: View, new_picture: bool) -> None:
        """Keep the place of a face that is not to be seen now while the picture around it still stands."""
        now = patch(picture, track.face)
        needed = _KEPT_WHOLE_FRACTION_NEW_PICTURE if new_picture else _KEPT_WHOLE_FRACTION
        stands = _remains(track, [now]).whole >= needed
        if stands and time_s - track.last_direct_s <= track.hidden_limit_s():
            track.hidden = True
        else:
            self._lose(track, time_s)


def _near(one: LocatedFace, other: LocatedFace) -> bool:
    """Whether two sights may be of one face, by place and size."""
    ratio = one.side_px / max(other.side_px, 1.0)
    far = float(np.hypot(*(_centre(one) - _centre(other)))) / max(one.side_px, other.side_px, 1.0)
    return far < 0.4 and 0.5 < ratio < 2.0


def _nearest(face: LocatedFace, anchors: Sequence[Anchor]) -> Anchor | None:
    return next((anchor for anchor in anchors if _near(face, anchor.face)), None)


def _placed(face: LocatedFace, anchors: Sequence[Anchor]) -> LocatedFace:
    """A face that is not sure, where the known picture has it: half covered, its outline is not its own."""
    anchor = _nearest(face, anchors)
    if anchor is None or face.confidence >= _CLEAR_CONFIDENCE:
        return face
    return replace(face, box=anchor.face.box, landmarks=anchor.face.landmarks, weak=False)


def _remains(track: _Track, patches: Sequence[Patch]) -> Kept:
    """The most that any of these patches has kept of the track's last or surest one."""
    before = [track.patch] if track.patch is track.clear_patch else [track.patch, track.clear_patch]
    found = [kept_of(one, now) for now in map(structure, patches) for one in before]
    return Kept(max(k.face for k in found), max(k.whole for k in found))


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
