"""Pictures that contradict each other: the same one twice, somebody else's face, two faces under one name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.enrol import Portrait, by_person

_DUPLICATE_SIMILARITY = 0.97
"""Two shots a moment apart have 0.95 at most."""
_DUPLICATE_CORRELATION = 0.96
"""Of two pictures at 32 x 32 px. One photograph scaled, mirrored, recompressed or brightened has more; two
photographs of one person have 0.94 at most."""
_UNLIKE_SIMILARITY = 0.33
"""Of two pictures of one person 99.4 % are more alike, of two people 0.6 %."""
_OTHER_PERSON_SIMILARITY = 0.60
"""No two of 160 people have a picture each that are so alike; two pictures of one person mostly are."""
_BLOCK = 1024
_TIED = 1e-4
_SAME_PERSON = -2.0

Refusal = tuple[Portrait, str]


def conflicts(portraits: Sequence[Portrait]) -> list[Refusal]:
    """The portraits that cannot stay, and why; of two that are alike the later one goes."""
    left = list(portraits)
    bad: list[Refusal] = []
    for find in (_duplicates, _strays, _unlike):
        found = find(left)
        gone = {id(portrait) for portrait, _ in found}
        left = [portrait for portrait in left if id(portrait) not in gone]
        bad += found
    return bad


def nearest_strangers(portraits: Sequence[Portrait]) -> tuple[Portrait, Portrait, float] | None:
    """The two portraits of different people that are most alike; None where all are of one person."""
    best: tuple[Portrait, Portrait, float] | None = None
    for start, alike in _across(portraits):
        row, column = np.unravel_index(int(np.argmax(alike)), alike.shape)
        found = float(alike[row, column])
        if found > _SAME_PERSON and (best is None or found > best[2]):
            best = portraits[start + int(row)], portraits[int(column)], found
    return best


def _across(portraits: Sequence[Portrait]) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Similarities of a block of portraits to all, those to the same person blanked, and where it starts."""
    if not portraits:
        return
    vectors = _vectors(portraits)
    numbers: dict[str, int] = {}
    people = np.array([numbers.setdefault(p.person_id, len(numbers)) for p in portraits])
    for start in range(0, len(portraits), _BLOCK):
        alike = vectors[start : start + _BLOCK] @ vectors.T
        alike[people[start : start + _BLOCK, np.newaxis] == people[np.newaxis, :]] = _SAME_PERSON
        yield start, alike


def _duplicates(portraits: Sequence[Portrait]) -> list[Refusal]:
    found: list[Refusal] = []
    for mine in by_person(portraits).values():
        for later, one in enumerate(mine):
            same = next((earlier for earlier in mine[:later] if _same_picture(earlier, one)), None)
            if same is not None:
                found.append((one, f"the same picture is enrolled already as {same.shown}"))
    return found


def _same_picture(one: Portrait, other: Portrait) -> bool:
    if float(one.embedding @ other.embedding) >= _DUPLICATE_SIMILARITY:
        return True
    if one.thumbnail is None or other.thumbnail is None:
        return False
    seen = (other.thumbnail, other.thumbnail[:, ::-1])
    return max(float((one.thumbnail * thumbnail).sum()) for thumbnail in seen) >= _DUPLICATE_CORRELATION


def _strays(portraits: Sequence[Portrait]) -> list[Refusal]:
    """Pictures more like another person's than like any other of their own: the plainest first, then again.

    A picture that stands alone has nothing of its own; two of those that show one face both go, since
    nothing tells whose it is.
    """
    pairs = [
        (start + int(row), int(column), float(alike[row, column]))
        for start, alike in _across(portraits)
        for row, column in np.argwhere(alike >= _OTHER_PERSON_SIMILARITY)
        if start + row < column
    ]
    gone: set[int] = set()
    found: list[Refusal] = []
    while pairs:
        own = _own_support(portraits, gone, {n for i, j, _ in pairs for n in (i, j)})
        claims = [
            (alike - own[n], n, other, alike)
            for i, j, alike in pairs
            for n, other in ((i, j), (j, i))
            if alike > own[n]
        ]
        if not claims:
            break
        most = max(claims)[0]
        for excess, n, other, alike in claims:
            if excess >= most - _TIED and n not in gone:
                gone.add(n)
                whose = portraits[other].person_id
                found.append((portraits[n], f"it shows the face of {whose} (similarity {alike:.2f})"))
        pairs = [pair for pair in pairs if pair[0] not in gone and pair[1] not in gone]
    return found


def _own_support(portraits: Sequence[Portrait], gone: set[int], wanted: Iterable[int]) -> dict[int, float]:
    """Similarity of each wanted portrait to the nearest other one of its person; -1 where there is none."""
    mine: dict[str, list[int]] = {}
    for n, portrait in enumerate(portraits):
        if n not in gone:
            mine.setdefault(portrait.person_id, []).append(n)
    support = {}
    for n in wanted:
        one = portraits[n]
        others = [portraits[m].embedding @ one.embedding for m in mine[one.person_id] if m != n]
        support[n] = float(max(others, default=-1.0))
    return support


def _unlike(portraits: Sequence[Portrait]) -> list[Refusal]:
    """Of each person, what does not hang together with most of their pictures; all, where no most is."""
    found: list[Refusal] = []
    for mine in by_person(portraits).values():
        alike = _similarities(mine)
        group = _groups(alike >= _UNLIKE_SIMILARITY)
        (largest, count), *others = Counter(group).most_common()
        if not others:
            continue
        if others[0][1] == count:
            why = "the pictures of this person show different faces, and nothing tells which is theirs"
            found += [(one, why) for one in mine]
            continue
        for n, one in enumerate(mine):
            if group[n] != largest:
                nearest = max(alike[n, m] for m in range(len(mine)) if group[m] == largest)
                why = f"it does not look like the other pictures of this person (similarity {nearest:.2f})"
                found.append((one, why))
    return found


def _groups(linked: NDArray[np.bool_]) -> list[int]:
    """The connected group of each, by the links between them, shape (n, n)."""
    group = list(range(len(linked)))
    for i, j in np.argwhere(np.triu(linked, 1)):
        old, new = group[j], group[i]
        group = [new if g == old else g for g in group]
    return group


def _similarities(portraits: Sequence[Portrait]) -> NDArray[np.float32]:
    vectors = _vectors(portraits)
    return vectors @ vectors.T


def _vectors(portraits: Sequence[Portrait]) -> NDArray[np.float32]:
    return np.stack([portrait.embedding for portrait in portraits])
