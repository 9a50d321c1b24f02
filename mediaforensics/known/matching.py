"""Matching against a known set: what is near a picture, what of that counts, and why or why not."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import BadSet
from mediaforensics.known.hashing import hashes_of_file
from mediaforensics.known.lists import DIGESTS, degenerate
from mediaforensics.known.segment import UNKNOWN_QUALITY, Kind, ListEntry, holds
from mediaforensics.known.storage import StoredSegment
from mediaforensics.options import KnownOptions
from mediaforensics.types import HashValue

if TYPE_CHECKING:
    from mediaforensics.known.store import KnownSet

_PICTURES_MOST, _FRAMES_MOST = 256, 2048
"""Hits of one search in a segment among pictures, and among frames of videos, of which one that hardly
changes has many. A picture near more entries than that has met a flood, which would fill the report."""
_EXPLAINED_BEYOND_BITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry near a value that was searched for.

    Attributes
    ----------
    entry : int
        Its number in the set.
    query : int
        Which of the values that were searched for.
    kind : Kind
        Algorithm and width.
    distance_bits : int
        Between the two.
    at_s : float or None
        Position in a known video; None for a picture.
    why_not : str or None
        Why it does not count; None where it does.
    allowed : bool
        Whether it does not count because an allow list has something as near.
    """

    entry: int
    query: int
    kind: Kind
    distance_bits: int
    at_s: float | None
    why_not: str | None
    allowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """What a search found.

    Attributes
    ----------
    hits : tuple of Hit
        Nearest first; each entry once, with its nearest value, but a known video once for each of its frames.
    left_out : int
        How many more values were near than are told.
    """

    hits: tuple[Hit, ...]
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an entry near a value counts as a match, or does not.

    Attributes
    ----------
    entry : ListEntry
        Which entry of which list.
    algorithm : str
        With its width, such as ``pdq-256``.
    distance_bits : int
        Between the entry's value and the one asked about.
    counts : bool
        Whether it is a match.
    why : str
        In plain words.
    """

    entry: ListEntry
    algorithm: str
    distance_bits: int
    counts: bool
    why: str


def near(
    known: KnownSet,
    kind: Kind,
    queries: NDArray[np.uint8],
    *,
    quality: int | None,
    options: KnownOptions,
    beyond_bits: int = 0,
) -> Nearby:
    """Entries near any of several values of one picture, nearest first.

    Parameters
    ----------
    known : KnownSet
        Where to search.
    kind : Kind
        Algorithm and width of the values.
    queries : ndarray, uint8, shape (m, bits / 8)
        Values of the picture, such as its eight orientations.
    quality : int or None
        PDQ quality of the picture; None where it is not known.
    options : KnownOptions
        Distances and quality for lists that state none.
    beyond_bits : int
        Search so much farther than the lists allow, and among removed entries too; what lies there does not
        count and says so.
    """
    radius = max((one.within_bits(kind, options) for one in known.lists.values()), default=0)
    found: dict[tuple[int, float | None], Hit] = {}
    left_out = 0
    for start, part in zip(known.starts, known.segments, strict=False):
        values = part.segment.values.get(kind)
        if values is None:
            continue
        here = values.index.within_many(queries, radius + beyond_bits)
        order = np.lexsort((here.row, here.distance_bits))
        if not beyond_bits:
            order = order[~holds(part.removed, values.entry[here.row[order]])]
        framed = values.at_ms[here.row[order]] >= 0
        told = np.concatenate([order[~framed][:_PICTURES_MOST], order[framed][:_FRAMES_MOST]])
        left_out += len(order) - len(told)
        rows = here.row[told]
        flat = degenerate(kind, values.index.arrays()["values"][rows])
        for query, row, distance_bits, is_flat in zip(
            here.query[told].tolist(), rows.tolist(), here.distance_bits[told].tolist(), flat, strict=True
        ):
            i, at_ms = int(values.entry[row]), int(values.at_ms[row])
            if i >= len(part.segment):
                raise BadSet("a value of the set is of an entry that is not there")
            key = start + i, (at_ms / 1000 if at_ms >= 0 else None)
            if key in found and found[key].distance_bits <= distance_bits:
                continue
            quality_of = int(values.quality[row])
            why_not = _why_not(known, kind, part, i, distance_bits, quality_of, quality, options)
            if is_flat:
                why_not = "its value has no structure and would match anything without any"
            found[key] = Hit(
                entry=key[0],
                query=query,
                kind=kind,
                distance_bits=distance_bits,
                at_s=key[1],
                why_not=why_not,
            )
    hits = sorted(found.values(), key=lambda hit: (hit.distance_bits, hit.entry, hit.at_s or 0.0))
    return Nearby(hits=tuple(_after_allowing(known, hits)), left_out=left_out)


def explain(
    known: KnownSet, what: HashValue | str | os.PathLike[str], quality: int | None, options: KnownOptions
) -> tuple[Explanation, ...]:
    """See ``KnownSet.explain``."""
    if isinstance(what, HashValue):
        table = np.frombuffer(what.value, np.uint8)[None, :]
        asked: list[tuple[Kind, NDArray[np.uint8], int | None]] = [
            ((what.algorithm, what.bits), table, quality)
        ]
    else:
        asked = [(one.kind, one.values, one.quality) for one in hashes_of_file(Path(what), known.kinds)]
    found: dict[tuple[int, Kind], Hit] = {}
    for kind, table, own in asked:
        beyond = 0 if kind[0] in DIGESTS else _EXPLAINED_BEYOND_BITS
        for hit in near(known, kind, table, quality=own, options=options, beyond_bits=beyond).hits:
            before = found.get((hit.entry, kind))
            if before is None or hit.distance_bits < before.distance_bits:
                found[hit.entry, kind] = hit
    hits = sorted(found.values(), key=lambda hit: (hit.distance_bits, hit.entry, hit.kind))
    return tuple(_explained(known, hit, options) for hit in hits)


def _explained(known: KnownSet, hit: Hit, options: KnownOptions) -> Explanation:
    entry = known.entry(hit.entry)
    most = known.lists[entry.list_name].within_bits(hit.kind, options)
    return Explanation(
        entry=entry,
        algorithm=f"{hit.kind[0]}-{hit.kind[1]}",
        distance_bits=hit.distance_bits,
        counts=hit.why_not is None,
        why=hit.why_not or f"{hit.distance_bits} bits differ; the list {entry.list_name} takes up to {most}",
    )


def _why_not(
    known: KnownSet,
    kind: Kind,
    part: StoredSegment,
    i: int,
    distance_bits: int,
    own_quality: int,
    quality: int | None,
    options: KnownOptions,
) -> str | None:
    rules = known.lists[part.segment.list_name(i)]
    if holds(part.removed, np.array([i], np.uint32))[0]:
        return "the entry was withdrawn or removed"
    most, floor = rules.within_bits(kind, options), rules.floor(options)
    if distance_bits > most:
        return f"{distance_bits} bits differ, and the list {rules.name} takes up to {most}"
    if kind[0] == "pdq" and own_quality != UNKNOWN_QUALITY and own_quality < floor:
        return f"the entry's quality is {own_quality}, and the list {rules.name} asks for {floor}"
    if quality is not None and quality < floor:
        return f"the picture's quality is {quality}, and the list {rules.name} asks for {floor}"
    return None


def _after_allowing(known: KnownSet, hits: list[Hit]) -> list[Hit]:
    """Entries of allow lists are not reported, nor is what is no nearer than they are."""
    allowed = [hit for hit in hits if hit.why_not is None and known.rules_of(hit.entry).allow]
    if not allowed:
        return hits
    nearest = min(allowed, key=lambda hit: hit.distance_bits)
    name = f"{known.rules_of(nearest.entry).name}/{known.entry(nearest.entry).entry_id}"
    result = []
    for hit in hits:
        if hit.why_not is None and known.rules_of(hit.entry).allow:
            why_not = "its list is an allow list: it is harmless"
        elif hit.why_not is None and hit.distance_bits >= nearest.distance_bits:
            why_not = f"the allow list has {name}, which is as near ({nearest.distance_bits} bits)"
        else:
            result.append(hit)
            continue
        result.append(replace(hit, why_not=why_not, allowed=True))
    return result
