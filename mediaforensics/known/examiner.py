"""The known pictures of one file, sample by sample: hashes always, the dear look once a picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.detect import Surroundings
from mediaforensics.known.cells import scaled
from mediaforensics.known.features import Features, frame_features
from mediaforensics.known.finder import VIEW_SIDE_PX
from mediaforensics.known.fitting import Homography
from mediaforensics.known.hashing import PDQ, SIDE_PX, Hashed, hashes_of, hashes_within
from mediaforensics.known.lists import DIGESTS
from mediaforensics.known.matching import Hit, near
from mediaforensics.known.placement import Placement, compare, drawn_into_place, follow, still_there
from mediaforensics.known.regions import Rectangle, find_rectangles
from mediaforensics.known.shelves import Shelves
from mediaforensics.known.sighting import DETECTOR, Sighting, extent, fills, observation
from mediaforensics.known.store import KnownSet
from mediaforensics.known.timeline import FrameHit, VideoTimeline
from mediaforensics.media.allowance import Allowance
from mediaforensics.media.frame import Pixels, View
from mediaforensics.media.sample import Sample
from mediaforensics.observations import KnownSeen, Observation, Remark
from mediaforensics.options import KnownOptions
from mediaforensics.types import Box, Timestamp

_LAYOUT_SIZE = (16, 9)
_LAYOUT_STEP, _LAYOUT_FRACTION = 12, 0.06
"""Grey levels, and share of 144 fields; an inset of a third of the height changes 0.1 of them."""
_LAYOUTS_KEPT = 16
_LEAST_CONTRAST = 12.0
"""Grey levels (standard deviation); a fade from black shows nothing yet."""
_SLOW_AT_ONCE, _SLOW_PER_S = 1.0, 0.2
"""A cut is always looked at; what changes without one, at most every five seconds."""
_STANDS = 0.92
_LAID_WELL = 0.05
"""Covered fraction up to which there is nothing to gain."""
_RIVAL_IOU, _RIVAL_MARGIN = 0.3, 0.05


class Look:
    """One sample, and the two views of it: one for hashes and rectangles, one for local features."""

    def __init__(self, sample: Sample) -> None:
        self.sample = sample
        self.view: View = sample.frame.luma(VIEW_SIDE_PX)
        self.luma = self.view.pixels
        self.small = sample.frame.luma(SIDE_PX).pixels
        self._scale = self.luma.shape[1] / self.small.shape[1], self.luma.shape[0] / self.small.shape[0]

    @cached_property
    def features(self) -> Features:
        """The local features of the view; dear, and the same for every set."""
        return frame_features(self.luma)

    def in_view(self, rectangle: Rectangle) -> Rectangle:
        """A rectangle of the small view in the other."""
        (sx, sy), (x0, y0, x1, y1) = self._scale, rectangle
        return round(x0 * sx), round(y0 * sy), round(x1 * sx), round(y1 * sy)

    def in_small(self, rectangle: Rectangle) -> Rectangle:
        """A rectangle of the view in the small one."""
        (sx, sy), (x0, y0, x1, y1) = self._scale, rectangle
        return round(x0 / sx), round(y0 / sy), round(x1 / sx), round(y1 / sy)


class KnownExaminer:
    """Looks at the samples of one file; remembers where known pictures were in the last one.

    Parameters
    ----------
    known : KnownSet
        What to look for.
    options : KnownOptions
        Distances and quality.
    shelves : Shelves
        The pictures of the set, to be found inside a frame; shared by all files.
    surroundings : Surroundings
        What is known of the file in advance.
    """

    def __init__(
        self, known: KnownSet, options: KnownOptions, shelves: Shelves, surroundings: Surroundings
    ) -> None:
        self._known, self._options, self._shelves = known, options, shelves
        self._surroundings = surroundings
        self._kinds = [kind for kind in known.kinds if kind[0] not in DIGESTS]
        self._last: dict[int, Sighting] = {}
        self._before: Pixels | None = None
        self._searched: deque[NDArray[np.int16]] = deque(maxlen=_LAYOUTS_KEPT)
        self._ever_seen: set[int] = set()
        self._allowed: set[int] = set()
        self._timeline = VideoTimeline() if known.videos and surroundings.moving else None
        self._frames: list[FrameHit] = []
        self._video_shown: dict[int, Sighting] = {}
        self._slow = Allowance(_SLOW_AT_ONCE, _SLOW_PER_S)
        self._most_left_out = 0
        self._times: tuple[Timestamp, Timestamp] | None = None

    def look_at(self, look: Look) -> list[Observation]:
        """All known pictures visible in this sample, by list and entry."""
        sample = look.sample
        self._times = (self._times[0] if self._times else sample.time), sample.time
        self._allowed.clear()
        self._frames.clear()
        self._video_shown.clear()
        now = self._by_hash(look)
        stretches = self._stretches(look)
        for entry, sighting in self._followed(look, now).items():
            now.setdefault(entry, sighting)
        if not stretches and self._may_look(look, now):
            for entry, sighting in self._inside(look, now).items():
                now.setdefault(entry, sighting)
        self._last, self._before = now, look.luma
        self._ever_seen |= now.keys()
        pictures = [
            observation(sample, look.view, self._known.entry(entry), now[entry], self._shelves.picture(entry))
            for entry in sorted(now)
        ]
        return [*pictures, *stretches]

    def end(self) -> Iterable[Observation]:
        """What the file as a whole is, and what was not looked at."""
        if self._times is None:
            return []
        first, last = self._times
        told: list[Observation] = []
        if self._slow.refused:
            told.append(
                Remark(
                    time=last,
                    detector=DETECTOR,
                    words=f"{self._slow.refused} pictures that changed without a cut were compared by hash "
                    "only; a covered picture or one inside the frame may be missed there",
                )
            )
        if self._most_left_out:
            told.append(
                Remark(
                    time=last,
                    detector=DETECTOR,
                    words="so many listed values are alike that only the nearest entries are told; for one "
                    f"picture {self._most_left_out} more values were as near as a match",
                )
            )
        return [*told, *self._by_digest(first, last)]

    def _by_digest(self, first: Timestamp, last: Timestamp) -> Iterator[Observation]:
        """The file itself on a list."""
        kinds = [kind for kind in self._known.kinds if kind[0] in DIGESTS]
        if not kinds or self._surroundings.digests is None:
            return
        digests = self._surroundings.digests()
        whole = Box(0, 0, *self._surroundings.size_px)
        seen: set[int] = set()
        for kind in sorted(kinds, key=lambda kind: -kind[1]):
            value = np.frombuffer(bytes.fromhex(getattr(digests, kind[0])), np.uint8)[None]
            for hit in near(self._known, kind, value, quality=None, options=self._options).hits:
                if hit.why_not is not None or hit.entry in seen:
                    continue
                seen.add(hit.entry)
                entry = self._known.entry(hit.entry)
                if hit.entry in self._ever_seen:
                    words = (
                        f"the file is {entry.entry_id!r} of the list {entry.list_name!r} itself: its "
                        f"{kind[0].upper()} is the listed one"
                    )
                    yield Remark(time=last, detector=DETECTOR, words=words)
                    continue
                yield KnownSeen(
                    time=last,
                    detector=DETECTOR,
                    entry_id=entry.entry_id,
                    list_name=entry.list_name,
                    labels=entry.labels,
                    extent="frame",
                    box=whole,
                    mirrored=False,
                    algorithm=f"{kind[0]}-{kind[1]}",
                    distance_bits=0,
                    inliers=0,
                    covered_fraction=0.0,
                    since=first,
                )

    def _by_hash(self, look: Look) -> dict[int, Sighting]:
        """What the whole frame is, or what is between its bars."""
        found: dict[int, Sighting] = {}
        for hashed in hashes_of(look.small, self._kinds):
            self._take(look, hashed, found, whole=True)
        return found

    def _take(self, look: Look, hashed: Hashed, found: dict[int, Sighting], *, whole: bool) -> None:
        """Search for the values of a rectangle; PDQ goes before others, then the nearest."""
        nearby = near(self._known, hashed.kind, hashed.values, quality=hashed.quality, options=self._options)
        self._most_left_out = max(self._most_left_out, nearby.left_out)
        for hit in nearby.hits:
            if hit.allowed:
                self._allowed.add(hit.entry)
            if hit.why_not is not None:
                continue
            if hit.at_s is not None and self._timeline is not None:
                self._take_frame(look, hashed, hit, hit.at_s)
                continue
            before = found.get(hit.entry)
            if before is None or (
                before.algorithm == _named(hit) and hit.distance_bits < before.distance_bits
            ):
                found[hit.entry] = self._hash_sighting(look, hashed, hit, whole)

    def _take_frame(self, look: Look, hashed: Hashed, hit: Hit, at_s: float) -> None:
        """A frame of a known video says little alone; the timeline joins it to others."""
        self._frames.append(FrameHit(video=hit.entry, at_s=at_s, distance_bits=hit.distance_bits))
        before = self._video_shown.get(hit.entry)
        if before is None or hit.distance_bits < before.distance_bits:
            self._video_shown[hit.entry] = self._hash_sighting(look, hashed, hit, True)

    def _stretches(self, look: Look) -> list[KnownSeen]:
        """The known videos that have been running for some samples, this one included."""
        if self._timeline is None:
            return []
        shown = []
        for stretch in self._timeline.add(look.sample.time, self._frames):
            self._ever_seen.add(stretch.video)
            shown.append(
                observation(
                    look.sample,
                    look.view,
                    self._known.entry(stretch.video),
                    replace(self._video_shown[stretch.video], distance_bits=stretch.distance_bits),
                    None,
                    since=stretch.start,
                    known_span_s=(stretch.known_start_s, stretch.known_end_s),
                )
            )
        return shown

    def _hash_sighting(self, look: Look, hashed: Hashed, hit: Hit, whole: bool) -> Sighting:
        orientation = hashed.orientations[hit.query]
        rectangle = look.in_view(hashed.rectangle)
        known = self._shelves.luma(hit.entry)
        placement = None
        if known is not None and not orientation.transpose and not orientation.flip_y:
            x0, y0, x1, y1 = rectangle
            height, width = known.shape
            laid = scaled((x1 - x0) / width, (y1 - y0) / height)
            laid[:2, 2] += x0, y0
            shown = known[:, ::-1] if orientation.mirrored else known
            placement = compare(look.luma, shown, laid, mirrored=orientation.mirrored)
            if placement.covered_fraction > _LAID_WELL:
                # The rectangle of a hash is right to some pixels only.
                placement = drawn_into_place(placement, look.luma, shown)
        return Sighting(
            algorithm=_named(hit),
            distance_bits=hit.distance_bits,
            inliers=0,
            whole=whole,
            rectangle=rectangle,
            mirrored=orientation.mirrored,
            placement=placement,
            established=placement,
        )

    def _followed(self, look: Look, now: dict[int, Sighting]) -> dict[int, Sighting]:
        """What was seen in the last sample and is still there, though no longer by the hash of the frame."""
        found: dict[int, Sighting] = {}
        for entry, last in self._last.items():
            if entry in now:
                continue
            if last.algorithm == _PDQ_NAME and not last.whole:
                here: dict[int, Sighting] = {}
                for hashed in hashes_within(look.small, look.in_small(last.rectangle), (PDQ,)):
                    self._take(look, hashed, here, whole=False)
                if entry in here:
                    found[entry] = here[entry]
                    continue
            placement = self._moved(look, entry, last)
            if placement is not None:
                rectangle = extent(placement, look.view)
                found[entry] = replace(
                    last, placement=placement, rectangle=rectangle, whole=fills(rectangle, look.view)
                )
        return found

    def _moved(self, look: Look, entry: int, last: Sighting) -> Placement | None:
        """Where a placed picture is now: where it was, or where its points went."""
        known = self._shelves.luma(entry)
        if last.placement is None or last.established is None or known is None or self._before is None:
            return None
        shown = known[:, ::-1] if last.mirrored else known
        before = last.placement

        def laid(homography: Homography) -> Placement:
            return compare(look.luma, shown, homography, mirrored=last.mirrored, agreement=before.agreement)

        best = laid(before.homography)
        stands = best.alike_cells >= _STANDS * before.alike_cells
        if not stands and self._before.shape == look.luma.shape:
            moved = follow(self._before, look.luma, before)
            if moved is not None:
                best = max(best, laid(moved), key=lambda placement: placement.alike_cells)
        return best if still_there(best, last.established) else None

    def _may_look(self, look: Look, now: dict[int, Sighting]) -> bool:
        """Whether this sample shows a picture that was not looked at closely yet."""
        sample, lost = look.sample, bool(self._last.keys() - now.keys())
        accounted = any(s.whole and s.algorithm == _PDQ_NAME for s in now.values())
        if not (sample.new_picture or lost) or accounted:
            # Where the whole frame is accounted for, a cover will show as a loss.
            return False
        if float(look.small.std()) < _LEAST_CONTRAST:
            return False
        layout = cv2.resize(look.small, _LAYOUT_SIZE, interpolation=cv2.INTER_AREA).astype(np.int16)
        if any(_alike(layout, searched) for searched in self._searched):
            return False
        cut = sample.new_picture and Box(0, 0, *sample.frame.size_px) in sample.changed
        if not cut and not self._slow.take_at(sample.time.seconds):
            return False
        self._searched.append(layout)
        return True

    def _inside(self, look: Look, now: dict[int, Sighting]) -> dict[int, Sighting]:
        """Pictures in rectangles of the frame, and anywhere in it by their features."""
        found: dict[int, Sighting] = {}
        for rectangle in find_rectangles(look.small):
            for hashed in hashes_within(look.small, rectangle, (PDQ,)):
                self._take(look, hashed, found, whole=False)
        allowed = self._allowed

        def wanted(entry: int) -> bool:
            return entry not in now and entry not in found and entry not in allowed

        for entry, placement in self._shelves.find(look.luma, lambda: look.features, wanted):
            rectangle = extent(placement, look.view)
            found[entry] = Sighting(
                algorithm="sift",
                distance_bits=0,
                inliers=placement.agreement.inliers,
                whole=fills(rectangle, look.view),
                rectangle=rectangle,
                mirrored=placement.mirrored,
                placement=placement,
                established=placement,
            )
        return self._without_rivals(found)

    def _without_rivals(self, found: dict[int, Sighting]) -> dict[int, Sighting]:
        """Of pictures placed over one another only what is shown best: variants of one photograph agree.

        What an allow list has, as well shown or better, takes the place of any other, and is not told.
        """
        allowed = {entry for entry in found if self._known.rules_of(entry).allow}
        kept = {entry: sighting for entry, sighting in found.items() if entry not in allowed}
        for entry, sighting in found.items():
            if sighting.algorithm != "sift" or sighting.placement is None:
                continue
            for rival, other in found.items():
                if rival == entry or other.placement is None:
                    continue
                if Box(*sighting.rectangle).iou(Box(*other.rectangle)) <= _RIVAL_IOU:
                    continue
                margin = _RIVAL_MARGIN if rival in allowed else -_RIVAL_MARGIN
                if other.placement.covered_fraction < sighting.placement.covered_fraction + margin:
                    kept.pop(entry, None)
        return kept


_PDQ_NAME = f"{PDQ[0]}-{PDQ[1]}"


def _named(hit: Hit) -> str:
    return f"{hit.kind[0]}-{hit.kind[1]}"


def _alike(layout: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Whether two layouts show the same arrangement; an inset of a third of the height is a change."""
    return float((np.abs(layout - other) > _LAYOUT_STEP).mean()) < _LAYOUT_FRACTION
