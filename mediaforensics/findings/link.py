"""Observations joined over time into entries: one text, one face, one showing of a known picture.

The linker sees every sample in time order, also those on which nothing was observed, since the first sample
without a thing is what ends it. Within a sample the order of arrival does not matter.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, get_args

from mediaforensics.findings.entries import (
    Entries,
    Entry,
    FaceEntry,
    KnownEntry,
    OverlayEntry,
    TextEntry,
)
from mediaforensics.observations import (
    FaceMatched,
    FaceSeen,
    KnownSeen,
    Observation,
    OverlayChannel,
    OverlayMethod,
    OverlaySeen,
    TextGone,
    TextSeen,
)
from mediaforensics.types import Span, Timestamp

_BRIDGE_S = 1.5
"""A known picture or an overlay that was missed for this long, without a cut, is still the same showing.

One heartbeat (1 s) and the change that follows it: a single sample on which a matcher was unsure."""

_TRACK_BRIDGE_S = 10.0
"""Their detectors follow texts and faces: the same track number within this time is the same thing."""

_EntryT = TypeVar("_EntryT", bound=Entry)
Key = tuple[Hashable, ...]


@dataclass(slots=True)
class _Showing:
    """One thing while it is visible: its first and last samples, and what it looked like at its clearest.

    ``start`` and ``end`` lie between samples where its detector knows better.
    """

    key: Key
    nth: int
    first_seen: Timestamp
    start: Timestamp
    last_seen: Timestamp
    end: Timestamp | None
    clearest: Timestamp
    clarity: float
    best: Observation
    matched: FaceMatched | None = None
    weak: bool = False
    """Never more than a hint of a face."""
    count: int = 1
    coverage_fraction: float = 0.0
    confidence: float = 0.0
    picture_fraction: float | None = None
    channels: dict[OverlayMethod, OverlayChannel] = field(default_factory=dict)
    known_end_s: float = 0.0

    def evidence_key(self) -> Hashable:
        return (*self.key, self.nth)

    def span(self) -> Span:
        return Span(self.start, max(self.end or self.last_seen, self.last_seen))


class Linker:
    """The open showings of one run, and the closed ones.

    Memory grows with what was found, not with the length of the evidence.
    """

    def __init__(self) -> None:
        self._open: dict[Key, _Showing] = {}
        self._closed: list[_Showing] = []
        self._showings_of: dict[Key, int] = {}

    def see(
        self, time: Timestamp, observations: Iterable[Observation], *, cut: bool
    ) -> list[tuple[Hashable, float]]:
        """Take in everything that was said about one sample.

        Parameters
        ----------
        time : Timestamp
            The sample's; samples come in time order.
        observations : iterable of Observation
            In any order.
        cut : bool
            Whether the whole picture changed at this sample: nothing is bridged over it.

        Returns
        -------
        list of (key, clarity)
            The showings visible now, for the evidence pictures; ``entries`` translates keys to ids.
        """
        seen: list[tuple[Hashable, float]] = []
        visible: set[Key] = set()
        gone: list[TextGone] = []
        for observation in sorted(observations, key=_arrival_order):
            if isinstance(observation, FaceMatched):
                showing = self._open.get(("face", observation.track)) or self._last_closed(observation.track)
                if showing is not None:
                    showing.matched = observation
                continue
            if isinstance(observation, TextGone):
                gone.append(observation)
                continue
            keyed = _key_and_clarity(observation)
            if keyed is None:
                continue
            key, clarity = keyed
            visible.add(key)
            showing = self._update(key, clarity, observation, time)
            seen.append((showing.evidence_key(), clarity))
            if isinstance(observation, TextSeen):
                self._take_over(showing, observation.replaces)
        self._close_missing(visible, time, cut)
        for word in gone:
            last = self._open.get(("text", word.track))
            if last is not None and last.key not in visible:
                last.end = word.end
        return seen

    def _take_over(self, showing: _Showing, parts: Iterable[int]) -> None:
        """What was shown of a text before it was whole is no text of its own."""
        keys = {("text", part) for part in parts} - {showing.key}
        if not keys:
            return
        for part in [s for s in [*self._closed, *self._open.values()] if s.key in keys]:
            showing.first_seen = min(showing.first_seen, part.first_seen)
            showing.start = min(showing.start, part.start)
        self._closed = [s for s in self._closed if s.key not in keys]
        for key in keys:
            self._open.pop(key, None)

    def _last_closed(self, track: int) -> _Showing | None:
        """The face of a track that is gone: its last word may come seconds after it."""
        return next((s for s in reversed(self._closed) if s.key == ("face", track)), None)

    def settle(self, observations: Iterable[Observation]) -> None:
        """Take in what the detectors said at the end, about samples already seen."""
        by_key = {showing.key: showing for showing in [*self._closed, *self._open.values()]}
        for observation in sorted(observations, key=lambda o: (o.time.exact_s, _arrival_order(o))):
            if isinstance(observation, FaceMatched):
                showing = by_key.get(("face", observation.track))
                if showing is not None:
                    showing.matched = observation
            elif (keyed := _key_and_clarity(observation)) is not None:
                key, clarity = keyed
                showing = by_key.get(key)
                if showing is None:
                    by_key[key] = self._update(key, clarity, observation, observation.time)
                else:
                    _absorb(showing, clarity, observation)
                if isinstance(observation, TextSeen):
                    self._take_over(by_key[key], observation.replaces)

    def entries(self, end: Timestamp) -> tuple[Entries, Mapping[Hashable, str]]:
        """Close everything at ``end`` (the end of the last frame) and number it.

        Returns
        -------
        Entries
            Without threats, which are read from the texts.
        mapping
            Evidence key to entry id.
        """
        for showing in self._open.values():
            if showing.end is None:
                showing.end = max(end, showing.last_seen)
        showings = _without_hints([*self._closed, *self._open.values()])
        faces = _number("f", [(s, _face_entry(s, b)) for s in showings if isinstance(b := s.best, FaceSeen)])
        known = _number(
            "k", [(s, _known_entry(s, b)) for s in showings if isinstance(b := s.best, KnownSeen)]
        )
        texts = _number("t", [(s, _text_entry(s, b)) for s in showings if isinstance(b := s.best, TextSeen)])
        overlays = _number(
            "o",
            [
                (s, _overlay_entry(s, b, faces, known))
                for s in showings
                if isinstance(b := s.best, OverlaySeen)
            ],
        )
        ids: dict[Hashable, str] = {}
        for numbered in (faces, known, texts, overlays):
            ids.update((showing.evidence_key(), entry.id) for showing, entry in numbered)
        entries = Entries(
            texts=tuple(entry for _, entry in texts),
            known=tuple(entry for _, entry in known),
            faces=tuple(entry for _, entry in faces),
            overlays=tuple(entry for _, entry in overlays),
        )
        return entries, ids

    def _update(self, key: Key, clarity: float, observation: Observation, time: Timestamp) -> _Showing:
        showing = self._open.get(key)
        if showing is None:
            nth = self._showings_of[key] = self._showings_of.get(key, 0) + 1
            showing = _Showing(
                key=key,
                nth=nth,
                first_seen=time,
                start=time,
                last_seen=time,
                end=None,
                clearest=time,
                clarity=clarity,
                best=observation,
                weak=isinstance(observation, FaceSeen) and observation.weak,
            )
            self._open[key] = showing
            if isinstance(observation, OverlaySeen) and observation.since is not None:
                # Not from before the showing that ended: that one has told of it.
                ended = [s.end or s.last_seen for s in self._closed if s.key == key]
                if all(observation.since >= end for end in ended):
                    showing.start = min(observation.since, time)
        _absorb(showing, clarity, observation)
        showing.end = None
        return showing

    def _close_missing(self, visible: set[Key], time: Timestamp, cut: bool) -> None:
        for key in [k for k in self._open if k not in visible]:
            showing = self._open[key]
            if showing.end is None:
                showing.end = time
            # A known video has cuts of its own; its detector says which stretch goes on.
            followed = key[0] in ("text", "face") or (key[0] == "known" and key[-1] is not None)
            limit_s = _TRACK_BRIDGE_S if followed else _BRIDGE_S
            # Fire can change the whole picture; while the face under it is followed, nothing was cut.
            stays = followed or (key[0] == "overlay" and key[2] in visible)
            if (cut and not stays) or float(time - showing.last_seen) > limit_s:
                self._closed.append(self._open.pop(key))


def _absorb(showing: _Showing, clarity: float, observation: Observation) -> None:
    showing.first_seen = min(showing.first_seen, observation.time)
    showing.start = min(showing.start, observation.time)
    if isinstance(observation, TextSeen) and observation.since is not None and showing.nth == 1:
        showing.start = min(observation.since, showing.first_seen)
    if isinstance(observation, KnownSeen):
        if observation.since is not None:
            showing.start = min(observation.since, showing.start)
        if observation.known_span_s is not None:
            showing.known_end_s = max(observation.known_span_s[1], showing.known_end_s)
    showing.last_seen = max(showing.last_seen, observation.time)
    if isinstance(observation, FaceSeen):
        showing.weak = showing.weak and observation.weak
    if clarity > showing.clarity:
        showing.clarity, showing.clearest, showing.best = clarity, observation.time, observation
    if isinstance(observation, OverlaySeen):
        showing.count = max(showing.count, observation.count)
        showing.coverage_fraction = max(showing.coverage_fraction, observation.coverage_fraction)
        showing.confidence = max(showing.confidence, observation.confidence)
        if observation.picture_fraction is not None:
            showing.picture_fraction = max(showing.picture_fraction or 0.0, observation.picture_fraction)
        _absorb_channels(showing, observation)


def _absorb_channels(showing: _Showing, observation: OverlaySeen) -> None:
    """What each channel saw at the clearest sample, which the evidence shows; others at their own."""
    best = showing.best
    at_clearest = {channel.method for channel in best.channels} if isinstance(best, OverlaySeen) else set()
    for channel in observation.channels:
        before = showing.channels.get(channel.method)
        clearer = before is None or _channel_clarity(channel) > _channel_clarity(before)
        if observation is best or (channel.method not in at_clearest and clearer):
            showing.channels[channel.method] = channel


def _channel_clarity(channel: OverlayChannel) -> tuple[float, str]:
    return channel.confidence + channel.coverage_fraction, repr(channel)


def _arrival_order(observation: Observation) -> tuple[bool, str, str]:
    """Who a face is comes after the face itself: its first sample may say both."""
    return (isinstance(observation, FaceMatched), type(observation).__name__, repr(observation))


def _key_and_clarity(observation: Observation) -> tuple[Key, float] | None:
    """What makes two observations one showing, and how clearly this one shows it (within a key)."""
    if isinstance(observation, TextSeen):
        return ("text", observation.track), observation.confidence
    if isinstance(observation, FaceSeen):
        seen = 1.0 if observation.seen_directly else 0.1
        return ("face", observation.track), seen * observation.confidence * observation.box.area_px**0.5
    if isinstance(observation, KnownSeen):
        if not observation.listed:
            return None
        known = (
            "known",
            observation.list_name,
            observation.entry_id,
            observation.extent,
            observation.mirrored,
            # Of a video each stretch is a showing of its own, also where one ends as the next begins.
            observation.since.exact_s if observation.known_span_s and observation.since else None,
        )
        closeness = observation.inliers - observation.distance_bits - 100 * observation.covered_fraction
        return known, float(closeness)
    if isinstance(observation, OverlaySeen):
        on = (
            ("face", observation.face_track)
            if observation.face_track is not None
            else observation.known_entry_id
        )
        overlay = ("overlay", observation.kind, on)
        return overlay, observation.confidence + observation.coverage_fraction
    return None


def _without_hints(showings: Sequence[_Showing]) -> list[_Showing]:
    """Without the hints of faces that nothing speaks for, and what lies on those.

    Fire does not speak for a face: it draws faces itself.
    """
    marked = {
        ("face", b.face_track)
        for s in showings
        if isinstance(b := s.best, OverlaySeen) and b.kind not in ("flames", "explosion")
    }
    named = {s.key for s in showings if s.matched is not None and s.matched.tier != "unknown"}
    hints = {s.key for s in showings if s.weak} - marked - named
    return [
        s
        for s in showings
        if s.key not in hints
        and not (isinstance(b := s.best, OverlaySeen) and ("face", b.face_track) in hints)
    ]


def _number(prefix: str, pairs: Iterable[tuple[_Showing, _EntryT]]) -> list[tuple[_Showing, _EntryT]]:
    """Order by start and content, then give ids: the same evidence gets the same ids."""
    ordered = sorted(pairs, key=lambda pair: (pair[1].span.start.exact_s, repr(pair[1])))
    return [(showing, replace(entry, id=f"{prefix}{n}")) for n, (showing, entry) in enumerate(ordered, 1)]


def _text_entry(showing: _Showing, best: TextSeen) -> TextEntry:
    return TextEntry(
        id="",
        span=showing.span(),
        clearest=showing.clearest,
        text=best.text,
        language=best.language,
        script=best.script,
        box=best.box,
        confidence=best.confidence,
        engine=best.engine,
    )


def _face_entry(showing: _Showing, best: FaceSeen) -> FaceEntry:
    matched = showing.matched
    return FaceEntry(
        id="",
        span=showing.span(),
        clearest=showing.clearest,
        person_id=matched.person_id if matched else None,
        name=matched.name if matched else None,
        tier=matched.tier if matched else "unknown",
        similarity=matched.similarity if matched else 0.0,
        threshold=matched.threshold if matched else 0.0,
        route=matched.route if matched else "plain",
        box=best.box,
    )


def _known_entry(showing: _Showing, best: KnownSeen) -> KnownEntry:
    return KnownEntry(
        id="",
        span=showing.span(),
        clearest=showing.clearest,
        entry_id=best.entry_id,
        list_name=best.list_name,
        labels=best.labels,
        extent=best.extent,
        box=best.box,
        mirrored=best.mirrored,
        algorithm=best.algorithm,
        distance_bits=best.distance_bits,
        inliers=best.inliers,
        covered_fraction=best.covered_fraction,
        polygon=best.polygon,
        known_span_s=(best.known_span_s[0], showing.known_end_s) if best.known_span_s else None,
    )


def _overlay_entry(
    showing: _Showing,
    best: OverlaySeen,
    faces: Sequence[tuple[_Showing, FaceEntry]],
    known: Sequence[tuple[_Showing, KnownEntry]],
) -> OverlayEntry:
    span = showing.span()
    on_face = (e for s, e in faces if s.key == ("face", best.face_track) and e.span.overlaps(span))
    on_known = (e for _, e in known if e.entry_id == best.known_entry_id and e.span.overlaps(span))
    channels = tuple(showing.channels[m] for m in get_args(OverlayMethod) if m in showing.channels)
    return OverlayEntry(
        id="",
        span=span,
        clearest=showing.clearest,
        kind=best.kind,
        face_id=next((e.id for e in on_face), None),
        known_id=next((e.id for e in on_known), None),
        box=best.box,
        coverage_fraction=showing.coverage_fraction,
        count=showing.count,
        confidence=showing.confidence,
        method=channels[0].method,
        picture_fraction=showing.picture_fraction,
        channels=channels,
    )
