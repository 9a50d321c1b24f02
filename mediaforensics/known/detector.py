"""Which known pictures are visible in a sample: hashes first, local features where the picture is new."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.detect import Surroundings
from mediaforensics.known.bars import without_bars
from mediaforensics.known.features import Features, frame_features, known_features
from mediaforensics.known.hashes import ORIENTATIONS, UPRIGHT, Orientation, pdq
from mediaforensics.known.placement import Placement, compare, follow, place, still_there
from mediaforensics.known.regions import Rectangle, find_rectangles
from mediaforensics.known.store import KnownSet
from mediaforensics.media.frame import Pixels, View
from mediaforensics.media.sample import Sample
from mediaforensics.models import Model
from mediaforensics.observations import KnownSeen, Observation
from mediaforensics.options import KnownOptions
from mediaforensics.types import Box, HashValue

_VIEW_SIDE_PX = 480
_FEATURE_SETS_MOST = 2000
"""Beyond this many pictures every look would take seconds; larger sets are compared by hash only."""
_FRAME_FRACTION = 0.85
_LAYOUT_SIZE = (16, 9)
_LAYOUT_STEP, _LAYOUT_FRACTION = 12, 0.06
_LAYOUTS_KEPT = 4
_LEAST_CONTRAST = 12.0
"""Grey levels (standard deviation); a fade from black shows nothing yet."""
_NOTES_MOST = 20
_STANDS = 0.92
_RIVAL_IOU, _RIVAL_MARGIN = 0.3, 0.05


class KnownDetector:
    """Compares every sample with a set of known pictures.

    Parameters
    ----------
    known : KnownSet
        What to look for.
    options : KnownOptions
        Distances and quality.

    Notes
    -----
    Every sample is hashed whole, without its bars, and inside the places where a known picture was seen
    before. Rectangles and local features are looked for when a new picture has a layout that none of the
    last four looks had, or when a picture that was followed is lost; at most about nine times a minute
    after five at once.
    """

    def __init__(self, known: KnownSet, options: KnownOptions) -> None:
        self._known, self._options = known, options
        self._features = _Shelf(known)

    def __repr__(self) -> str:
        return f"KnownDetector({self._known!r}, {self._options!r})"

    @property
    def name(self) -> str:
        """``known``."""
        return "known"

    @property
    def version(self) -> str:
        """Changes whenever its answers may."""
        return "1"

    @property
    def models(self) -> Sequence[Model]:
        """None."""
        return ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the known set could not be used, in plain words; the first 20, then how many more."""
        problems = self._known.problems
        notes = [f"{problem.where}: {problem.why}" for problem in problems[:_NOTES_MOST]]
        if len(problems) > _NOTES_MOST:
            notes.append(f"and {len(problems) - _NOTES_MOST} more")
        with_pixels = sum(picture.luma is not None for picture in self._known.pictures)
        if with_pixels > _FEATURE_SETS_MOST:
            notes.append(
                f"the set holds {with_pixels} pictures; above {_FEATURE_SETS_MOST} they are compared by hash "
                "only, and a covered picture or one inside the frame may be missed"
            )
        elif with_pixels < len(self._known.pictures):
            notes.append(
                f"{len(self._known.pictures) - with_pixels} entries are hashes without a picture: they are "
                "looked for as the whole frame only"
            )
        return tuple(notes)

    @property
    def needs(self) -> Sequence[type[Observation]]:
        """Nothing."""
        return ()

    @property
    def emits(self) -> Sequence[type[Observation]]:
        """Known pictures."""
        return (KnownSeen,)

    def begin(self, surroundings: Surroundings) -> KnownExaminer:
        """Start on a file."""
        return KnownExaminer(self._known, self._options, self._features)


class _Shelf:
    """Features of the known pictures, plain and mirrored, made when first needed; shared by all files."""

    def __init__(self, known: KnownSet) -> None:
        self._known = known
        self._made: dict[int, tuple[Features, Features]] | None = None
        self._lock = threading.Lock()

    def get(self) -> dict[int, tuple[Features, Features]]:
        """By position in the set; empty where there are no pixels, or too many pictures."""
        with self._lock:
            if self._made is None:
                self._made = self._make()
            return self._made

    def _make(self) -> dict[int, tuple[Features, Features]]:
        made = {}
        pixels = [(i, p.luma) for i, p in enumerate(self._known.pictures) if p.luma is not None]
        for i, luma in pixels if len(pixels) <= _FEATURE_SETS_MOST else ():
            if min(luma.shape) >= 32:
                plain = known_features(luma)
                made[i] = plain, plain.mirrored(luma.shape[1])
        return made


@dataclass(frozen=True, slots=True, eq=False)
class _Sighting:
    """A known picture in the sample at hand, in pixels of the view."""

    algorithm: str
    distance_bits: int
    inliers: int
    whole: bool
    rectangle: Rectangle
    mirrored: bool
    placement: Placement | None
    established: Placement | None


class _Budget:
    """So many at once, and so many more with time."""

    def __init__(self, *, at_once: float, per_s: float) -> None:
        self._most, self._per_s = at_once, per_s
        self._left = at_once
        self._at_s: float | None = None

    def take(self, at_s: float) -> bool:
        """Use one, if there is one."""
        if self._at_s is not None:
            self._left = min(self._most, self._left + max(0.0, at_s - self._at_s) * self._per_s)
        self._at_s = at_s
        if self._left < 1:
            return False
        self._left -= 1
        return True


class KnownExaminer:
    """Looks at the samples of one file; remembers where known pictures were in the last one.

    Parameters
    ----------
    known : KnownSet
        What to look for.
    options : KnownOptions
        Distances and quality.
    features : _Shelf
        For each picture that has them: its features, plain and mirrored.
    """

    def __init__(self, known: KnownSet, options: KnownOptions, features: _Shelf) -> None:
        self._known, self._options, self._features = known, options, features
        self._last: dict[int, _Sighting] = {}
        self._before: Pixels | None = None
        self._searched: deque[NDArray[np.int16]] = deque(maxlen=_LAYOUTS_KEPT)
        self._cuts = _Budget(at_once=4.0, per_s=0.1)
        self._others = _Budget(at_once=1.0, per_s=0.05)

    def examine(self, sample: Sample, seen: Sequence[Observation]) -> Iterable[KnownSeen]:
        """All known pictures visible in this sample, by list and entry."""
        view = sample.frame.luma(_VIEW_SIDE_PX)
        luma = view.pixels
        now = self._by_hash(luma)
        for i, sighting in self._followed(luma, now).items():
            now.setdefault(i, sighting)
        lost = bool(self._last.keys() - now.keys())
        if self._may_look(sample, luma, lost, now):
            for i, sighting in self._look(luma, now).items():
                now.setdefault(i, sighting)
        self._last, self._before = now, luma
        return [self._observation(sample, view, i, now[i]) for i in sorted(now)]

    def end(self) -> Iterable[KnownSeen]:
        """Nothing is left to say."""
        return ()

    def _by_hash(self, luma: Pixels) -> dict[int, _Sighting]:
        height, width = luma.shape
        found = self._search(luma, (0, 0, width, height), whole=True)
        inner = without_bars(luma)
        if inner is not None:
            for i, sighting in self._search(luma, inner, whole=True).items():
                if i not in found or sighting.distance_bits < found[i].distance_bits:
                    found[i] = sighting
        for rectangle in ((0, 0, width, height), inner):
            if len(self._known.phash_index) and rectangle is not None:
                for i, sighting in self._search_phash(luma, rectangle).items():
                    found.setdefault(i, sighting)
        return found

    def _search_phash(self, luma: Pixels, rectangle: Rectangle) -> dict[int, _Sighting]:
        """Listed pHash values near that of a rectangle of the view; upright only."""
        from mediaforensics.known.phash import phash

        x0, y0, x1, y1 = rectangle
        picture = np.ascontiguousarray(luma[y0:y1, x0:x1])
        if pdq(picture).quality < self._options.min_quality:
            return {}
        radius = self._options.max_phash_distance_bits
        found: dict[int, _Sighting] = {}
        for row, distance in self._known.phash_index.within(phash(picture), radius):
            found.setdefault(
                self._known.phash_rows[row],
                _Sighting("phash-64", distance, 0, True, rectangle, False, None, None),
            )
        return found

    def _search(self, luma: Pixels, rectangle: Rectangle, *, whole: bool) -> dict[int, _Sighting]:
        """Known pictures whose hash is that of a rectangle of the view, in any of eight orientations."""
        x0, y0, x1, y1 = rectangle
        if not len(self._known.index) or min(x1 - x0, y1 - y0) < 16:
            return {}
        hashed = pdq(np.ascontiguousarray(luma[y0:y1, x0:x1]))
        if hashed.quality < self._options.min_quality:
            return {}
        found: dict[int, _Sighting] = {}
        for orientation in ORIENTATIONS:
            value: HashValue = hashed.value(orientation)
            for row, distance in self._known.index.within(value, self._options.max_distance_bits):
                i = self._known.rows[row]
                if i not in found or distance < found[i].distance_bits:
                    found[i] = self._hash_sighting(luma, i, distance, rectangle, orientation, whole)
        return found

    def _hash_sighting(
        self,
        luma: Pixels,
        i: int,
        distance: int,
        rectangle: Rectangle,
        orientation: Orientation,
        whole: bool,
    ) -> _Sighting:
        known = self._known.pictures[i].luma
        placement = None
        mirrored = orientation.mirrored
        if known is not None and orientation in (UPRIGHT, Orientation(False, True, False)):
            x0, y0, x1, y1 = rectangle
            height, width = known.shape
            laid = np.array([[(x1 - x0) / width, 0, x0], [0, (y1 - y0) / height, y0], [0, 0, 1]], np.float64)
            shown = known[:, ::-1] if mirrored else known
            placement = compare(luma, shown, laid, mirrored=mirrored, inliers=0)
        return _Sighting("pdq-256", distance, 0, whole, rectangle, mirrored, placement, placement)

    def _followed(self, luma: Pixels, now: dict[int, _Sighting]) -> dict[int, _Sighting]:
        """What was seen in the last sample and is still there, though no longer by the hash of the frame."""
        found: dict[int, _Sighting] = {}
        for i, last in self._last.items():
            if i in now:
                continue
            if last.algorithm == "pdq-256" and not last.whole:
                again = self._search(luma, last.rectangle, whole=False).get(i)
                if again is not None:
                    found[i] = again
                    continue
            known = self._known.pictures[i].luma
            if last.placement is None or last.established is None or known is None or self._before is None:
                continue
            shown = known[:, ::-1] if last.mirrored else known
            before = last.placement
            best = compare(luma, shown, before.homography, mirrored=last.mirrored, inliers=before.inliers)
            stands = best.alike_cells >= _STANDS * last.placement.alike_cells
            if not stands and self._before.shape == luma.shape:
                moved = follow(self._before, luma, last.placement)
                if moved is not None:
                    other = compare(luma, shown, moved, mirrored=last.mirrored, inliers=best.inliers)
                    if other.alike_cells > best.alike_cells:
                        best = other
            if still_there(best, last.established):
                rectangle = _extent(best, luma)
                whole = _fills(rectangle, luma)
                found[i] = replace(last, placement=best, rectangle=rectangle, whole=whole)
        return found

    def _may_look(self, sample: Sample, luma: Pixels, lost: bool, now: dict[int, _Sighting]) -> bool:
        """Whether this sample deserves the dear look, and the budget has one."""
        if not (sample.new_picture or lost) or any(
            s.whole and s.algorithm != "phash-64" for s in now.values()
        ):
            # Where the whole frame is accounted for, a cover will show as a loss.
            return False
        if float(luma.std()) < _LEAST_CONTRAST:
            return False
        layout = cv2.resize(luma, _LAYOUT_SIZE, interpolation=cv2.INTER_AREA).astype(np.int16)
        if any(_alike(layout, searched) for searched in self._searched):
            return False
        at_s = sample.time.seconds
        # A flash will not come again: cuts have a budget that slower changes cannot use up.
        cut = sample.new_picture and Box(0, 0, *sample.frame.size_px) in sample.changed
        if not ((cut and self._cuts.take(at_s)) or self._others.take(at_s)):
            return False
        self._searched.append(layout)
        return True

    def _look(self, luma: Pixels, now: dict[int, _Sighting]) -> dict[int, _Sighting]:
        found: dict[int, _Sighting] = {}
        for rectangle in find_rectangles(luma):
            for i, sighting in self._search(luma, rectangle, whole=False).items():
                if i not in found or sighting.distance_bits < found[i].distance_bits:
                    found[i] = sighting
        shelf = self._features.get()
        wanted = [i for i in shelf if i not in now and i not in found]
        if not wanted:
            return found
        frame = frame_features(luma)
        for i in wanted:
            known = self._known.pictures[i].luma
            if known is None:
                continue
            best: Placement | None = None
            for mirrored, features in enumerate(shelf[i]):
                shown = known[:, ::-1] if mirrored else known
                placed = place(frame, luma, features, shown, mirrored=bool(mirrored))
                if placed is not None and (best is None or placed.alike_cells > best.alike_cells):
                    best = placed
            if best is not None:
                rectangle = _extent(best, luma)
                found[i] = _Sighting(
                    "sift", 0, best.inliers, _fills(rectangle, luma), rectangle, best.mirrored, best, best
                )
        return _best_of_overlapping(found)

    def _observation(self, sample: Sample, view: View, i: int, sighting: _Sighting) -> KnownSeen:
        picture = self._known.pictures[i]
        box: Box = view.box(*sighting.rectangle).clipped(sample.frame.size_px)
        return KnownSeen(
            time=sample.time,
            detector="known",
            entry_id=picture.entry_id,
            list_name=picture.list_name,
            labels=picture.labels,
            extent="frame" if sighting.whole else "region",
            box=box,
            mirrored=sighting.mirrored,
            algorithm=sighting.algorithm,
            distance_bits=sighting.distance_bits,
            inliers=sighting.inliers,
            covered_fraction=sighting.placement.covered_fraction if sighting.placement else 0.0,
        )


def _alike(layout: NDArray[np.int16], other: NDArray[np.int16]) -> bool:
    """Whether two layouts show the same arrangement; an inset of a third of the height is a change."""
    if layout.shape != other.shape:
        return False
    return float((np.abs(layout - other) > _LAYOUT_STEP).mean()) < _LAYOUT_FRACTION


def _best_of_overlapping(found: dict[int, _Sighting]) -> dict[int, _Sighting]:
    """Of pictures placed over one another only what is shown best: variants of one photograph agree."""
    kept = dict(found)
    for i, sighting in found.items():
        if sighting.algorithm != "sift" or sighting.placement is None:
            continue
        for j, other in found.items():
            if i == j or other.placement is None:
                continue
            rivals = Box(*sighting.rectangle).iou(Box(*other.rectangle)) > _RIVAL_IOU
            if (
                rivals
                and other.placement.covered_fraction < sighting.placement.covered_fraction - _RIVAL_MARGIN
            ):
                kept.pop(i, None)
    return kept


def _extent(placement: Placement, luma: Pixels) -> Rectangle:
    """The upright rectangle around a placed picture, cut to the view."""
    x0, y0 = np.floor(placement.polygon.min(axis=0)).astype(int)
    x1, y1 = np.ceil(placement.polygon.max(axis=0)).astype(int)
    return (
        int(np.clip(x0, 0, luma.shape[1])),
        int(np.clip(y0, 0, luma.shape[0])),
        int(np.clip(x1, 0, luma.shape[1])),
        int(np.clip(y1, 0, luma.shape[0])),
    )


def _fills(rectangle: Rectangle, luma: Pixels) -> bool:
    x0, y0, x1, y1 = rectangle
    return (x1 - x0) * (y1 - y0) >= _FRAME_FRACTION * luma.size
