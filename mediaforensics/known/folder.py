"""Reading a folder of known pictures and videos: each file an entry, what cannot be read said."""

from __future__ import annotations

import os
import tomllib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from mediaforensics.errors import CannotOpen, MediaError
from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.builder import SegmentBuilder
from mediaforensics.known.exchange.listed import Problem
from mediaforensics.known.features import Features, known_features
from mediaforensics.known.footage import KnownFrame, hashed_frames
from mediaforensics.known.hashes import PdqHash, pdq
from mediaforensics.known.segment import Segment
from mediaforensics.known.timeline import HITS_LEAST
from mediaforensics.media.decode import Decoder, open_media
from mediaforensics.media.frame import Pixels
from mediaforensics.media.source import Digests, Source, displayed_name
from mediaforensics.options import LimitOptions

_HASH_SIDE_PX = 1600
KEPT_SIDE_PX = 320
"""Enough for local features and for laying the picture over a frame."""
_LEAST_FEATURED_PX = 32
_LABELS_MAX_BYTES = 16 * 1024 * 1024
PICTURES_PER_SEGMENT = 50_000
"""With their features and pixels they take 2.5 GB while a segment is built."""
OnProgress = Callable[[int], None]
LABELS_FILE = "labels.toml"
_THREADS = min(4, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Read:
    """What was read of one file: a picture, or the frames of a video."""

    digests: Digests
    hashes: tuple[PdqHash, ...] = ()
    rgb: Pixels | None = None
    features: Features | None = None
    frames: tuple[KnownFrame, ...] = ()
    unread: tuple[str, ...] = ()

    @property
    def quality(self) -> int:
        """The best PDQ quality of it."""
        qualities = [one.quality for one in self.hashes] + [one.quality for one in self.frames]
        return max(qualities, default=0)


def entries_of(folder: Path) -> Iterator[Path]:
    """The files of a folder that may be pictures, by name; folders and links come too, to be refused."""
    for path in sorted(folder.iterdir(), key=lambda path: os.fsencode(path.name)):
        if not path.name.startswith(".") and path.name != LABELS_FILE:
            yield path


def read_folder(
    folder: Path,
    paths: Iterable[Path],
    list_name: str,
    limits: LimitOptions,
    min_quality: int,
    on_progress: OnProgress | None,
) -> Iterator[tuple[Segment, list[Problem]]]:
    """Read pictures and videos into segments.

    Each file that can be read is an entry with its MD5, SHA-1 and SHA-256, PDQ of the picture and of what is
    between its bars, or of a video's frames; and with its brightness and local features.

    Parameters
    ----------
    folder : Path
        Where ``labels.toml`` may lie: ``entry_id = ["..."]``, ``"*"`` for all.
    paths : iterable of Path
        The files; the stem of each is its ``entry_id``, the whole name where two have one stem.
    list_name : str
        The list they are of.
    limits : LimitOptions
        What one file may cost.
    min_quality : int
        PDQ quality below which a picture is told to be found by local features only.
    on_progress : callable or None
        Called with the number of files read so far.

    Yields
    ------
    Segment, list of Problem
        Some thousands of entries, and what could not be used beside them.
    """
    labels, problems = _read_labels(folder / LABELS_FILE)
    taken: set[str] = set()
    builder = SegmentBuilder()
    for count, (path, read) in enumerate(_read_all(paths, limits, min_quality), start=1):
        shown = displayed_name(os.fsencode(path.name))
        if isinstance(read, MediaError):
            problems.append(Problem(where=shown, why=str(read)))
        else:
            entry_id = displayed_name(os.fsencode(path.stem))
            entry_id = shown if entry_id in taken else entry_id
            taken.add(entry_id)
            entry = builder.entry(list_name, entry_id, labels.get("*", ()) + labels.get(entry_id, ()))
            _put(read, entry, builder)
            if read.quality < min_quality:
                why = f"PDQ quality {read.quality} is below {min_quality}; found by local features only"
                problems.append(Problem(where=shown, why=why))
            problems += [Problem(where=shown, why=f"read in part: {why}") for why in read.unread]
        if on_progress is not None:
            on_progress(count)
        if len(builder) == PICTURES_PER_SEGMENT:
            yield builder.build(), problems
            builder, problems = SegmentBuilder(), []
    yield builder.build(), problems


def read_pictures(named: Mapping[str, Path], list_name: str, limits: LimitOptions) -> Segment:
    """Pictures by their ``entry_id``, as one segment; what cannot be read, or is a video, is not in it."""
    builder = SegmentBuilder()
    for entry_id, (_, read) in zip(named, _read_all(named.values(), limits, 0), strict=True):
        if not isinstance(read, MediaError) and not read.frames:
            _put(read, builder.entry(list_name, displayed_name(os.fsencode(entry_id)), ()), builder)
    return builder.build()


def _read_all(
    paths: Iterable[Path], limits: LimitOptions, min_quality: int
) -> Iterator[tuple[Path, _Read | MediaError]]:
    """In order, a few at once; whoever stops waiting waits for those few only."""
    pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="mediaforensics-known")
    try:
        pending: deque[tuple[Path, Future[_Read | MediaError]]] = deque()
        for path in paths:
            pending.append((path, pool.submit(_read, path, limits, min_quality)))
            if len(pending) > 2 * _THREADS:
                first, future = pending.popleft()
                yield first, future.result()
        for first, future in pending:
            yield first, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _put(read: _Read, entry: int, builder: SegmentBuilder) -> None:
    for algorithm in ("md5", "sha1", "sha256"):
        builder.value(entry, algorithm, bytes.fromhex(getattr(read.digests, algorithm)))
    for frame in read.frames:
        builder.value(entry, "pdq", frame.value.value, frame.quality, frame.at_s)
    for hashed in read.hashes:
        builder.value(entry, "pdq", hashed.value().value, hashed.quality)
    if read.features is not None and read.rgb is not None:
        builder.picture(entry, read.rgb, read.features)


def _read(path: Path, limits: LimitOptions, min_quality: int) -> _Read | MediaError:
    try:
        with Source.open(path, limits) as source:
            decoder = open_media(source, limits)
            try:
                return _read_media(source, decoder, min_quality)
            finally:
                decoder.close()
    except MediaError as error:
        return error


def _read_media(source: Source, decoder: Decoder, min_quality: int) -> _Read:
    frames = iter(decoder.frames())
    first = next(frames, None)
    if first is None:
        raise CannotOpen(f"{source.name}: no picture could be decoded")
    # Copies: the views of the first frame must not outlive it by a whole video.
    luma, full = first.luma(KEPT_SIDE_PX).pixels.copy(), first.luma(_HASH_SIDE_PX).pixels.copy()
    rgb = first.rgb(KEPT_SIDE_PX).pixels.copy()
    shown: tuple[KnownFrame, ...] = ()
    if decoder.kind != "image":
        shown = tuple(hashed_frames(chain((first,), frames), min_quality=min_quality))
    unread = tuple(gap.why for gap in decoder.gaps)
    if len({frame.at_s for frame in shown}) >= HITS_LEAST:
        return _Read(digests=source.digests, frames=shown, unread=unread)
    hashes = [pdq(full)]
    hashes += [pdq(full[y0:y1, x0:x1]) for x0, y0, x1, y1 in pictures_between_bars(full)[:1]]
    return _Read(
        digests=source.digests,
        hashes=tuple(hashes),
        rgb=rgb,
        features=known_features(luma) if min(luma.shape) >= _LEAST_FEATURED_PX else None,
        unread=unread,
    )


def _read_labels(path: Path) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    try:
        with Source.open(path, LimitOptions(max_file_bytes=_LABELS_MAX_BYTES)) as source:
            data = tomllib.loads(source.read_at(0, source.size_bytes).decode("utf-8"))
    except CannotOpen:
        if path.exists() or path.is_symlink():
            raise
        return {}, []
    except ValueError as error:
        return {}, [Problem(where=path.name, why=f"not TOML in UTF-8: {error}")]
    labels: dict[str, tuple[str, ...]] = {}
    problems = []
    for entry_id, words in data.items():
        if isinstance(words, list) and all(isinstance(word, str) for word in words):
            labels[entry_id] = tuple(words)
        else:
            problems.append(Problem(where=f"{path.name}, {entry_id}", why="labels must be a list of words"))
    return labels, problems
