"""From a path to segments: a folder of pictures, a picture, a list of hashes, or a set that was built."""

from __future__ import annotations

import codecs
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np

from mediaforensics.errors import BadHash, BadSet, CannotOpen, OptionError
from mediaforensics.known.builder import SegmentBuilder
from mediaforensics.known.exchange.formats import named
from mediaforensics.known.exchange.listed import Problem
from mediaforensics.known.exchange.reading import read_list
from mediaforensics.known.folder import OnProgress, entries_of, read_folder
from mediaforensics.known.lists import KnownList, degenerate
from mediaforensics.known.segment import Segment
from mediaforensics.known.storage import StoredSegment, is_stored_set, read_set
from mediaforensics.media.source import Source, displayed_name
from mediaforensics.options import LimitOptions

_SNIFFED_BYTES = 4096
_TOLD_MOST = 1000
"""Problems kept by name; a list of a million bad lines must not fill the memory with sentences."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """What a path holds.

    Attributes
    ----------
    segments : tuple of StoredSegment
    lists : tuple of KnownList
    problems : tuple of Problem
        The first thousand, then how many more.
    withdrawn : mapping of str to tuple of str
        By list, ids that it takes back; those in the path itself are removed already.
    version : str or None
        Of a built set (``StoredSet``).
    """

    segments: tuple[StoredSegment, ...]
    lists: tuple[KnownList, ...]
    problems: tuple[Problem, ...] = ()
    withdrawn: dict[str, tuple[str, ...]]
    version: str | None = None

    def replacing(self, lists: Collection[str]) -> dict[str, set[str]]:
        """By list, ids that it takes back, or reads anew of lists that are there already."""
        gone = {name: set(ids) for name, ids in self.withdrawn.items()}
        for part in self.segments:
            for number, name in enumerate(part.segment.lists):
                if name in lists:
                    mine = np.flatnonzero(part.segment.list_of == number).tolist()
                    gone.setdefault(name, set()).update(_id_of(part.segment, i) for i in mine)
        return gone


def open_paths(
    paths: str | PathLike[str] | Sequence[str | PathLike[str]],
    rules: KnownList | None,
    form: str | None,
    limits: LimitOptions | None,
    min_quality: int,
    on_progress: OnProgress | None,
) -> Iterator[Opened]:
    """Read several paths, one after the other; parameters as of ``KnownSet.open``."""
    given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
    if not given:
        raise OptionError("known needs at least one folder of pictures, hash list or built set")
    if not 0 <= min_quality <= 100:
        raise OptionError("min_quality must be 0 .. 100")
    if form is not None:
        named(form)
    for path in given:
        yield open_path(
            Path(path),
            rules=rules or KnownList(),
            form=form,
            limits=limits or LimitOptions(),
            min_quality=min_quality,
            on_progress=on_progress,
        )


def open_path(
    path: Path,
    *,
    rules: KnownList,
    form: str | None,
    limits: LimitOptions,
    min_quality: int,
    on_progress: OnProgress | None,
) -> Opened:
    """Read what a path holds.

    Parameters
    ----------
    path : Path
        See ``KnownSet.open``.
    rules : KnownList
        Settings of the list; without a name it is named after the folder or file.
    form : str or None
        Format of a hash list; None to tell it by its content.
    limits : LimitOptions
        What one picture may cost.
    min_quality, on_progress
        See ``read_folder``.

    Raises
    ------
    CannotOpen
        It does not exist, is a link, or cannot be read.
    BadHash
        Nothing in it can be used.
    BadSet
        A built set is damaged.
    OptionError
        Settings are given for a built set.
    """
    if _is_folder(path):
        if is_stored_set(path):
            if rules != KnownList():
                raise OptionError(
                    f"{path} is a built set and brings its own lists: name and settings cannot "
                    "be given; export it as a list first"
                )
            return opened_set(path)
        return _gathered(path, path, entries_of(path), rules, limits, min_quality, on_progress)
    if form is None and _is_media(path):
        return _gathered(path, path.absolute().parent, iter((path,)), rules, limits, min_quality, on_progress)
    return _listed(path, rules, form)


def opened_set(folder: Path, *, whole: bool = False) -> Opened:
    """A set that was built.

    Raises
    ------
    BadSet
        It is damaged.
    """
    stored = read_set(folder, whole=whole)
    try:
        return Opened(
            segments=stored.segments,
            lists=tuple(KnownList.from_mapping(one) for one in stored.about["lists"]),
            problems=tuple(Problem(where=w, why=why) for w, why in stored.about["problems"]),
            withdrawn={},
            version=stored.version,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadSet(f"{folder.name}: set.json is not as this version writes it ({error!r})") from error


def _gathered(
    path: Path,
    folder: Path,
    files: Iterator[Path],
    rules: KnownList,
    limits: LimitOptions,
    min_quality: int,
    on_progress: OnProgress | None,
) -> Opened:
    rules = _named(rules, folder.resolve().name)
    segments: list[StoredSegment] = []
    problems: list[Problem] = []
    for segment, trouble in read_folder(folder, files, rules.name, limits, min_quality, on_progress):
        problems += trouble
        if len(segment):
            segments.append(_stored(segment))
    return _usable(path, segments, rules, problems, {})


def _listed(path: Path, rules: KnownList, form: str | None) -> Opened:
    rules = _named(rules, path.stem)
    builder = SegmentBuilder()
    with Source.open(path, LimitOptions()) as source:
        problems, withdrawn = builder.listed(
            rules.name, read_list(source, list_name=rules.name, format=form), told_most=_TOLD_MOST
        )
    segment = builder.build()
    gone = [i for i in segment.find(rules.name, withdrawn) if i < withdrawn[_id_of(segment, i)]]
    part = _stored(segment)
    if gone:
        part = replace(part, removed=np.array(gone, np.uint32))
    problems += _degenerate(segment)
    segments = [part] if len(segment) else []
    return _usable(path, segments, rules, problems, {rules.name: tuple(withdrawn)})


def _named(rules: KnownList, name: str) -> KnownList:
    return rules if rules.name else replace(rules, name=displayed_name(os.fsencode(name)))


def _id_of(segment: Segment, i: int) -> str:
    return segment.ids[i].decode("utf-8", "surrogateescape")


def _stored(segment: Segment) -> StoredSegment:
    return StoredSegment(segment=segment, removed=np.zeros(0, np.uint32), digest=segment.digest())


def _degenerate(segment: Segment) -> list[Problem]:
    """Say which values will match nothing because they would match everything without structure."""
    problems = []
    for kind, values in segment.values.items():
        table = values.index.arrays()["values"]
        for row in np.flatnonzero(degenerate(kind, table) & (values.at_ms < 0))[:_TOLD_MOST]:
            entry = segment.entry(int(values.entry[row]))
            ones = int(np.bitwise_count(table[row]).sum())
            problems.append(
                Problem(
                    where=f"{entry.list_name}, entry {entry.entry_id}",
                    why=f"its {kind[0]} value has {ones} of {kind[1]} bits set; it would match every picture "
                    "without structure and is left out of the search",
                )
            )
    return problems


def _usable(
    path: Path,
    segments: list[StoredSegment],
    rules: KnownList,
    problems: list[Problem],
    withdrawn: dict[str, tuple[str, ...]],
) -> Opened:
    if not segments and not any(withdrawn.values()):
        first = f"; {problems[0].where}: {problems[0].why}" if problems else ""
        raise BadHash(f"{displayed_name(os.fsencode(path))}: no picture or hash in it can be used{first}")
    told = problems[:_TOLD_MOST]
    if len(problems) > _TOLD_MOST:
        told.append(Problem(where=rules.name, why=f"and {len(problems) - _TOLD_MOST} more"))
    return Opened(segments=tuple(segments), lists=(rules,), problems=tuple(told), withdrawn=withdrawn)


def _is_folder(path: Path) -> bool:
    name = displayed_name(os.fsencode(path))
    try:
        mode = path.lstat().st_mode
    except OSError as error:
        raise CannotOpen(f"{name}: cannot be read: {error.strerror or error}") from error
    if stat.S_ISLNK(mode):
        raise CannotOpen(f"{name} is a link; name the folder or file itself")
    return stat.S_ISDIR(mode)


def _is_media(path: Path) -> bool:
    """A hash list is text; no picture or video format is."""
    with Source.open(path, LimitOptions()) as source:
        start = source.read_at(0, min(source.size_bytes, _SNIFFED_BYTES))
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return False
    if b"\0" in start:
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return start.startswith((b"\xff\xd8", b"\x89PNG"))
    return False
