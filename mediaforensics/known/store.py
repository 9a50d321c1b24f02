"""The set of known pictures: folders and hash lists, opened once, what could not be used said aloud."""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from mediaforensics.errors import BadHash, CannotOpen, MediaError, OptionError
from mediaforensics.known.bars import without_bars
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.reading import read_list
from mediaforensics.known.hashes import PdqHash, pdq
from mediaforensics.known.index import HashIndex
from mediaforensics.media.decode import open_media
from mediaforensics.media.frame import Pixels
from mediaforensics.media.source import Source, displayed_name
from mediaforensics.options import LimitOptions
from mediaforensics.types import HashValue

_HASH_SIDE_PX = 1600
_KEPT_SIDE_PX = 320
"""Enough for local features and for laying the picture over a frame; 2,000 pictures take 0.15 GB."""
_LIST_MAX_BYTES = 256 * 1024 * 1024
_SNIFFED_BYTES = 4096
_LABELS_FILE = "labels.toml"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class KnownPicture:
    """One entry of a known set.

    Attributes
    ----------
    entry_id, list_name : str
        Which entry of which list.
    labels : tuple of str
        What the list says about it.
    content_id : str
        SHA-256 of the picture file, or the listed value with its algorithm.
    values : tuple of HashValue
        PDQ of the picture, and of the picture without its bars where it has some; or what the list says.
        Empty where the quality is too low to mean anything.
    luma : ndarray, uint8, shape (height, width), or None
        Brightness, longer side at most 320 px; None where only a hash is known.
    """

    entry_id: str
    list_name: str
    labels: tuple[str, ...]
    content_id: str
    values: tuple[HashValue, ...]
    luma: Pixels | None

    def __repr__(self) -> str:
        return f"KnownPicture(entry_id={self.entry_id!r}, list_name={self.list_name!r})"


@dataclass(frozen=True, slots=True, eq=False)
class KnownSet:
    """Known pictures and the index over their hashes; immutable, shared by all threads.

    Attributes
    ----------
    pictures : tuple of KnownPicture
        By list, then entry.
    problems : tuple of Problem
        What could not be used, and why.
    index, phash_index : HashIndex
        Over all PDQ values, and over all pHash values.
    rows, phash_rows : tuple of int
        For each row of either index, the position of its picture in ``pictures``.
    """

    pictures: tuple[KnownPicture, ...]
    problems: tuple[Problem, ...] = ()
    index: HashIndex = field(init=False)
    rows: tuple[int, ...] = field(init=False)
    phash_index: HashIndex = field(init=False)
    phash_rows: tuple[int, ...] = field(init=False)

    def __post_init__(self) -> None:
        for algorithm, index, rows in (("pdq", "index", "rows"), ("phash", "phash_index", "phash_rows")):
            pairs = [
                (v, i) for i, p in enumerate(self.pictures) for v in p.values if v.algorithm == algorithm
            ]
            object.__setattr__(self, index, HashIndex([value for value, _ in pairs]))
            object.__setattr__(self, rows, tuple(i for _, i in pairs))

    def __repr__(self) -> str:
        return f"KnownSet(pictures={len(self.pictures)}, problems={len(self.problems)})"

    def __len__(self) -> int:
        return len(self.pictures)

    @classmethod
    def open(
        cls,
        paths: str | PathLike[str] | Sequence[str | PathLike[str]],
        *,
        limits: LimitOptions | None = None,
        min_quality: int = 50,
    ) -> KnownSet:
        """Read folders of pictures and hash lists.

        Parameters
        ----------
        paths : path or sequence of paths
            A folder: each picture file in it is an entry, its stem the ``entry_id``, the folder's name the
            list; a ``labels.toml`` in it may give labels (``entry_id = ["..."]``, ``"*"`` for all). A
            picture file: the same, as if it were alone in its folder. Another file: a hash list, its stem
            the list's name.
        limits : LimitOptions, optional
            What one picture may cost.
        min_quality : int
            PDQ quality (0..100) below which a picture's hash is not used.

        Raises
        ------
        CannotOpen
            A path does not exist, is a link, or cannot be read.
        BadHash
            Nothing in a list, or in a folder, can be used.
        OptionError
            No path was given, or ``min_quality`` is out of range.
        """
        given = [paths] if isinstance(paths, (str, PathLike)) else list(paths)
        if not given:
            raise OptionError("known needs at least one folder of pictures or hash list")
        if not 0 <= min_quality <= 100:
            raise OptionError("min_quality must be 0 .. 100")
        limits = limits or LimitOptions()
        pictures: list[KnownPicture] = []
        problems: list[Problem] = []
        for path in given:
            if _is_folder(Path(path)):
                new, trouble = _read_pictures(Path(path), _entries(Path(path)), limits, min_quality)
            elif _is_picture(Path(path)):
                parent = Path(path).absolute().parent
                new, trouble = _read_pictures(parent, [Path(path)], limits, min_quality)
            else:
                new, trouble = _read_list(Path(path))
            if not new:
                first = f"; {trouble[0].where}: {trouble[0].why}" if trouble else ""
                raise BadHash(
                    f"{displayed_name(os.fsencode(path))}: no picture or hash in it can be used{first}"
                )
            pictures += new
            problems += trouble
        pictures.sort(key=lambda picture: (picture.list_name, picture.entry_id, picture.content_id))
        return cls(tuple(pictures), tuple(problems))

    def digest(self) -> str:
        """SHA-256 over lists, entries, labels and contents, whatever the order they were read in."""
        total = hashlib.sha256()
        for picture in self.pictures:
            for part in (picture.list_name, picture.entry_id, picture.content_id, *picture.labels):
                data = part.encode("utf-8", "surrogateescape")
                total.update(len(data).to_bytes(8, "big") + data)
            total.update(b"\n")
        return total.hexdigest()


def _is_folder(path: Path) -> bool:
    name = displayed_name(os.fsencode(path))
    try:
        mode = path.stat().st_mode if str(path).endswith(os.sep) else path.lstat().st_mode
    except OSError as error:
        raise CannotOpen(f"{name}: cannot be read: {error.strerror or error}") from error
    if stat.S_ISLNK(mode):
        raise CannotOpen(f"{name} is a link; name the folder or file itself")
    return stat.S_ISDIR(mode)


def _is_picture(path: Path) -> bool:
    """A hash list is text; no picture format is."""
    with Source.open(path, LimitOptions()) as source:
        start = source.read_at(0, min(source.size_bytes, _SNIFFED_BYTES))
    if b"\0" in start:
        return True
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return start.startswith((b"\xff\xd8", b"\x89PNG"))
    return False


def _read_pictures(
    folder: Path, paths: Iterable[Path], limits: LimitOptions, min_quality: int
) -> tuple[list[KnownPicture], list[Problem]]:
    list_name = displayed_name(os.fsencode(folder.resolve().name))
    labels, problems = _read_labels(folder / _LABELS_FILE)
    pictures: list[KnownPicture] = []
    taken: set[str] = set()
    for path in paths:
        shown = displayed_name(os.fsencode(path.name))
        try:
            with Source.open(path, limits) as source:
                luma, full = _read_picture(source, limits)
                content_id = source.digests.sha256
        except MediaError as error:
            problems.append(Problem(where=shown, why=str(error)))
            continue
        entry_id = displayed_name(os.fsencode(path.stem))
        if entry_id in taken:
            entry_id = shown
        taken.add(entry_id)
        hashes = _hashes(full)
        values = tuple(h.value() for h in hashes if h.quality >= min_quality)
        if not values:
            why = f"PDQ quality {hashes[0].quality} is below {min_quality}; found by local features only"
            problems.append(Problem(where=shown, why=why))
        own = labels.get("*", ()) + labels.get(entry_id, ())
        pictures.append(
            KnownPicture(
                entry_id=entry_id,
                list_name=list_name,
                labels=own,
                content_id=content_id,
                values=values,
                luma=luma,
            )
        )
    return pictures, problems


def _entries(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir(), key=lambda p: os.fsencode(p.name)):
        if not path.name.startswith(".") and path.name != _LABELS_FILE:
            yield path


def _read_picture(source: Source, limits: LimitOptions) -> tuple[Pixels, Pixels]:
    """Brightness of the first frame: small to keep, and as large as hashing wants it."""
    decoder = open_media(source, limits)
    try:
        for frame in decoder.frames():
            return frame.luma(_KEPT_SIDE_PX).pixels.copy(), frame.luma(_HASH_SIDE_PX).pixels
    finally:
        decoder.close()
    raise CannotOpen(f"{source.name}: no picture could be decoded")


def _hashes(luma: Pixels) -> list[PdqHash]:
    hashes = [pdq(luma)]
    inner = without_bars(luma)
    if inner is not None:
        x0, y0, x1, y1 = inner
        hashes.append(pdq(luma[y0:y1, x0:x1]))
    return hashes


def _read_labels(path: Path) -> tuple[dict[str, tuple[str, ...]], list[Problem]]:
    try:
        with Source.open(path, LimitOptions(max_file_bytes=_LIST_MAX_BYTES)) as source:
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


def _read_list(path: Path) -> tuple[list[KnownPicture], list[Problem]]:
    list_name = displayed_name(os.fsencode(path.stem))
    kept: dict[str, list[Listed]] = {}
    problems: list[Problem] = []
    with Source.open(path, LimitOptions(max_file_bytes=_LIST_MAX_BYTES)) as source:
        for row in read_list(source, list_name=list_name):
            if isinstance(row, Problem):
                problems.append(row)
            elif row.withdrawn:
                kept.pop(row.entry_id, None)
            elif (row.algorithm, len(row.value)) in {("pdq", 32), ("phash", 8)}:
                kept.setdefault(row.entry_id, []).append(row)
    pictures = [
        KnownPicture(
            entry_id=row.entry_id,
            list_name=list_name,
            labels=row.labels,
            content_id=f"{value.name}:{value.hex()}",
            values=(value,),
            luma=None,
        )
        for rows in kept.values()
        for row in rows
        for value in [HashValue(row.algorithm, 8 * len(row.value), row.value)]
    ]
    return pictures, problems
