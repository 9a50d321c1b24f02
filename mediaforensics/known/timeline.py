"""Known videos over time: hits of single frames joined to stretches in which both videos run alike.

One frame that looks like a frame of a known video says little: a title card, an empty desert. Several that
come in the same order and equally far apart in time say that the video itself is shown, and from where to
where.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mediaforensics.types import Timestamp

HITS_LEAST = 4
"""Distinct frames that must agree. Other tools that report matched stretches ask for as many."""
_DRIFT = 0.06
"""How much faster or slower it may be played: 24 frames a second shown at 25 are 4 %."""
_DISTINCT_BITS = 6
"""How much nearer a sample must be to its own frame than to the one counted before: in a still stretch all
frames are equally near, and none but the first counts."""
_MISSES, _GAP_S = 3, 2.0
"""A stretch is over after so many samples, and so many seconds, without a hit."""
_TRACKS_MOST = 4096
"""Candidates kept at once (1 MB); beyond, those with the least behind them are given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameHit:
    """A sample that looks like a frame of a known video.

    Attributes
    ----------
    video : int
        Which one, by the caller's own numbering.
    at_s : float
        Position in the known video, seconds.
    distance_bits : int
        Distance of the two hashes.
    """

    video: int
    at_s: float
    distance_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoRange:
    """A stretch of the query in which a stretch of a known video is shown, as far as it has been seen.

    Attributes
    ----------
    number : int
        Which stretch: the same one, seen a sample later, has the same number.
    video : int
        Which known video.
    start, end : Timestamp
        First and last sample that show it.
    known_start_s, known_end_s : float
        Positions in the known video that they show, seconds.
    offset_s : float
        Known position minus time of the sample, mean over the frames shown, seconds; it grows or shrinks
        where one of both is played faster.
    hits : int
        Samples that agree.
    distance_bits : int
        Of the nearest of them.
    """

    number: int
    video: int
    start: Timestamp
    end: Timestamp
    known_start_s: float
    known_end_s: float
    offset_s: float
    hits: int
    distance_bits: int


@dataclass(slots=True, eq=False)
class _Track:
    """Hits that may be one stretch; ``turned`` is the time of the first sample that showed ``at_s``."""

    video: int
    start: Timestamp
    start_at_s: float
    distance_bits: int
    turned: Timestamp = field(init=False)
    at_s: float = field(init=False)
    end: Timestamp = field(init=False)
    counted_at_s: float = field(init=False)
    distinct: int = 1
    turns: int = 1
    hits: int = 1
    misses: int = 0
    offsets_s: float = field(init=False)
    number: int | None = None

    def __post_init__(self) -> None:
        self.turned = self.end = self.start
        self.at_s = self.counted_at_s = self.start_at_s
        self.offsets_s = self.start_at_s - self.start.seconds

    @property
    def weight(self) -> tuple[int, int]:
        return self.distinct, self.hits

    def fits(self, time: Timestamp, at_s: float, tolerance_s: float) -> bool:
        """Whether a position is where it should be by now, going by the last one and by the first."""
        if at_s == self.at_s:
            return True
        if at_s < self.at_s:
            return False
        return all(
            abs((at_s - before_s) - elapsed_s) <= tolerance_s + _DRIFT * elapsed_s
            for before_s, elapsed_s in (
                (self.at_s, float(time - self.turned)),
                (self.start_at_s, float(time - self.start)),
            )
        )

    def extend(self, time: Timestamp, at_s: float, distances: Mapping[float, int]) -> None:
        if at_s != self.at_s:
            self.turned, self.at_s = time, at_s
            # Only where a frame appears: while it stands, its position says nothing about the offset.
            self.offsets_s, self.turns = self.offsets_s + at_s - time.seconds, self.turns + 1
            before = distances.get(self.counted_at_s)
            if before is None or before - distances[at_s] >= _DISTINCT_BITS:
                self.distinct, self.counted_at_s = self.distinct + 1, at_s
        self.end, self.misses, self.hits = time, 0, self.hits + 1
        self.distance_bits = min(self.distance_bits, distances[at_s])

    def range(self, number: int) -> VideoRange:
        return VideoRange(
            number=number,
            video=self.video,
            start=self.start,
            end=self.end,
            known_start_s=self.start_at_s,
            known_end_s=self.at_s,
            offset_s=self.offsets_s / self.turns,
            hits=self.hits,
            distance_bits=self.distance_bits,
        )


class VideoTimeline:
    """Joins the hits of one query, sample by sample; its memory does not grow with the query's length.

    Parameters
    ----------
    known_interval_s : float
        Between two hashes of the known videos while their picture moves, at most.
    """

    def __init__(self, known_interval_s: float = 0.5) -> None:
        self._tolerance_s = known_interval_s
        self._tracks: dict[int, list[_Track]] = {}
        self._time: Timestamp | None = None
        self._numbers = 0

    def add(self, time: Timestamp, hits: Sequence[FrameHit]) -> list[VideoRange]:
        """Take the next sample; every sample, also one without hits.

        Parameters
        ----------
        time : Timestamp
            Of the sample; where it is earlier than the last one, all that was open is over.
        hits : sequence of FrameHit
            Frames of known videos within the distance of a match; several of one video where it has
            frames that look alike.

        Returns
        -------
        list of VideoRange
            The established stretches that this sample belongs to, by number.
        """
        if self._time is not None and time < self._time:
            self._tracks.clear()
        self._time = time
        by_video: dict[int, dict[float, int]] = defaultdict(dict)
        for hit in hits:
            distances = by_video[hit.video]
            distances[hit.at_s] = min(hit.distance_bits, distances.get(hit.at_s, hit.distance_bits))
        for video in list(self._tracks):
            if video not in by_video:
                self._miss(video, self._tracks[video], time)
        shown = []
        for video, distances in sorted(by_video.items()):
            for track in self._joined(video, time, distances):
                if track.distinct >= HITS_LEAST:
                    if track.number is None:
                        track.number, self._numbers = self._numbers, self._numbers + 1
                    shown.append(track.range(track.number))
        self._give_up()
        return sorted(shown, key=lambda stretch: stretch.number)

    def _joined(self, video: int, time: Timestamp, distances: Mapping[float, int]) -> list[_Track]:
        """Give the hits of one video to its tracks, and start tracks with the rest; those that have one."""
        groups = self._groups(distances)
        extended: dict[float, _Track] = {}
        left: list[_Track] = []
        for track in sorted(self._tracks.get(video, ()), key=lambda track: track.weight, reverse=True):
            at_s = self._next(track, time, groups, distances)
            if at_s is None:
                left.append(track)
            elif at_s not in extended:
                # Tracks that meet are one from here on; the weightiest comes first.
                track.extend(time, at_s, distances)
                extended[at_s] = track
        for group in groups:
            if not any(at_s in extended for at_s in group):
                best = min(group, key=lambda at_s: distances[at_s])
                extended[best] = _Track(video, time, best, distances[best])
        self._miss(video, left, time, list(extended.values()))
        return list(extended.values())

    def _next(
        self,
        track: _Track,
        time: Timestamp,
        groups: Sequence[Sequence[float]],
        distances: Mapping[float, int],
    ) -> float | None:
        """The position that continues a track: among those where it should be the nearest in bits."""
        fitting = []
        for group in groups:
            # Where the same scene has a frame that is clearly nearer, the track has the wrong offset.
            most = min(distances[at_s] for at_s in group) + _DISTINCT_BITS
            fitting += [
                at_s for at_s in group if distances[at_s] < most and track.fits(time, at_s, self._tolerance_s)
            ]
        expected_s = track.at_s + float(time - track.turned)
        return min(fitting, key=lambda at_s: (distances[at_s], abs(at_s - expected_s)), default=None)

    def _groups(self, distances: Mapping[float, int]) -> list[list[float]]:
        """Positions that follow one another closely: frames of one scene that look alike."""
        groups: list[list[float]] = []
        for at_s in sorted(distances):
            if groups and at_s - groups[-1][-1] <= 2 * self._tolerance_s:
                groups[-1].append(at_s)
            else:
                groups.append([at_s])
        return groups

    def _miss(
        self, video: int, missed: Sequence[_Track], time: Timestamp, others: Sequence[_Track] = ()
    ) -> None:
        """Keep the tracks that this sample does not continue, unless they are over."""
        kept = list(others)
        for track in missed:
            track.misses += 1
            if track.misses < _MISSES or float(time - track.end) <= _GAP_S:
                kept.append(track)
        if kept:
            self._tracks[video] = kept
        else:
            self._tracks.pop(video, None)

    def _give_up(self) -> None:
        if sum(map(len, self._tracks.values())) <= _TRACKS_MOST:
            return
        every = [track for tracks in self._tracks.values() for track in tracks]
        every.sort(key=lambda track: (track.weight, track.end), reverse=True)
        self._tracks = {}
        for track in every[: _TRACKS_MOST // 2]:
            self._tracks.setdefault(track.video, []).append(track)


def ranges_of(
    samples: Iterable[tuple[Timestamp, Sequence[FrameHit]]], known_interval_s: float = 0.5
) -> list[VideoRange]:
    """All stretches of a whole query, each as it was when last seen.

    Parameters
    ----------
    samples : iterable of (Timestamp, sequence of FrameHit)
        In order, those without hits too.
    known_interval_s : float
        See ``VideoTimeline``.

    Returns
    -------
    list of VideoRange
        By number.
    """
    timeline = VideoTimeline(known_interval_s)
    last: dict[int, VideoRange] = {}
    for time, hits in samples:
        last.update({stretch.number: stretch for stretch in timeline.add(time, hits)})
    return [last[number] for number in sorted(last)]
