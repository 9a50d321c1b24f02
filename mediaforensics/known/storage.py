"""A built set on the disk: a folder of columns and one file that names them; read-only while it is used.

``set.json`` says what belongs to the set and the SHA-256 of each file. New segments are written beside the
old ones and ``set.json`` is replaced last, so that a reader, or a machine that stops, meets the old set or
the new one. Nothing in it is ever executed: columns are plain ``.npy`` files, opened without pickle.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from mediaforensics.disk import writing_whole
from mediaforensics.errors import BadSet, OptionError
from mediaforensics.known.segment import Segment

MANIFEST = "set.json"
_SCHEMA = "mediaforensics-known/2"
_CHECKED_AT_OPEN_BYTES = 64 * 1024 * 1024
"""Reading that much takes a tenth of a second; of larger sets ``verify`` reads every byte."""
_MAPPED_FROM_BYTES = 65_536
_READ_BY_FAISS = "feature.candidates.npy"
"""Always compared with its SHA-256: faiss trusts what it reads."""
_FOLDER_NAME = re.compile(r"segment-[0-9a-f]{16}")
_FILE_NAME = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*\.npy")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredSegment:
    """A segment, and what was removed from it since.

    Attributes
    ----------
    removed : ndarray, uint32, rising
        Numbers of its entries that no longer count.
    digest : str
        SHA-256 of its entries (``Segment.digest``).
    """

    segment: Segment
    removed: NDArray[np.uint32]
    digest: str

    def live(self) -> NDArray[np.bool_]:
        """Which of its entries count, shape (n,)."""
        live = np.ones(len(self.segment), np.bool_)
        live[self.removed] = False
        return live


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StoredSet:
    """What a set folder holds: its segments, and everything else as plain data.

    ``version`` is that of the folder it was read from, whatever was changed since; None where it was not.
    """

    segments: tuple[StoredSegment, ...]
    about: Mapping[str, Any]
    version: str | None = None


def is_stored_set(folder: Path) -> bool:
    """Whether a folder claims to be a built set."""
    return (folder / MANIFEST).is_file()


def read_set(folder: Path, *, whole: bool = False) -> StoredSet:
    """Open a built set; columns are mapped, not read.

    Parameters
    ----------
    folder : Path
        As ``write_set`` made it.
    whole : bool
        Compare every file with its SHA-256, whatever its size.

    Raises
    ------
    BadSet
        Something is missing, cut short, damaged, or of another version.
    """
    manifest = _read_manifest(folder)
    try:
        listed = manifest["segments"]
        total = sum(size for one in listed for size, _ in one["files"].values())
        check = whole or total <= _CHECKED_AT_OPEN_BYTES
        segments = tuple(_read_segment(folder, one, check) for one in listed)
        about = dict(manifest["about"])
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, BadSet):
            raise BadSet(f"{folder.name}: {error}") from error
        raise BadSet(f"{folder.name}: {MANIFEST} is not as this version writes it ({error!r})") from error
    return StoredSet(segments=segments, about=about, version=_digest_of(manifest))


def write_set(folder: Path, stored: StoredSet) -> None:
    """Write a set to a new folder: beside it first, then moved into place.

    Raises
    ------
    OptionError
        Something is there already.
    OSError
        It cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise OptionError(f"{folder} exists; give another name, or add to the set that is there")
    part = folder.absolute().with_name(f".{folder.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=False)
        _write_manifest(part, stored)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def update_set(folder: Path, stored: StoredSet) -> None:
    """Bring a set folder to what ``stored`` holds: new segments are added, then those not used are removed.

    Raises
    ------
    OptionError
        ``stored`` does not come from the folder as it is now.
    OSError
        It cannot be written; the set is then as it was.
    """
    if stored.version != _digest_of(_read_manifest(folder)):
        raise OptionError(f"{folder} was changed since this set was opened; open it again, then add")
    _write_manifest(folder, stored)
    listed = _read_manifest(folder)["segments"]
    used, kept = {one["folder"] for one in listed}, {one["removed"] for one in listed}
    for path in folder.iterdir():
        if _FOLDER_NAME.fullmatch(path.name) and path.name not in used:
            shutil.rmtree(path, ignore_errors=True)  # a reader that has it mapped keeps it
        elif path.name.startswith("removed-") and path.name not in kept:
            path.unlink(missing_ok=True)


def _read_manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(_regular(path).read_bytes())
    except OSError as error:
        raise BadSet(f"{folder.name}: {MANIFEST} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise BadSet(f"{folder.name}: {MANIFEST} is damaged: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != _SCHEMA:
        raise BadSet(f"{folder.name}: not a set of the form {_SCHEMA}; build it anew")
    if manifest.pop("sha256", None) != _digest_of(manifest):
        raise BadSet(f"{folder.name}: {MANIFEST} is damaged: it is not what was written")
    return cast(dict[str, Any], manifest)


def _digest_of(manifest: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


def _regular(path: Path) -> Path:
    """The path, if it is a regular file: a set may come from elsewhere, and a pipe would wait for ever."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise BadSet(f"{path.name} is no regular file")
    return path


def _read_segment(folder: Path, listed: Mapping[str, Any], check: bool) -> StoredSegment:
    name, files = listed["folder"], dict(listed["files"])
    if not _FOLDER_NAME.fullmatch(name) or (folder / name).is_symlink():
        raise BadSet(f"{name!r} is no name of a segment")
    arrays = {
        file.removesuffix(".npy"): _read_column(
            folder / name / file, size, sha256, check or file == _READ_BY_FAISS
        )
        for file, (size, sha256) in files.items()
        if _FILE_NAME.fullmatch(file)
    }
    segment = Segment.from_arrays([str(one) for one in listed["lists"]], arrays)
    removed = np.zeros(0, np.uint32)
    if listed["removed"] is not None:
        file = str(listed["removed"])
        size, sha256 = listed["removed_file"]
        if not _FILE_NAME.fullmatch(file):
            raise BadSet(f"{file!r} is no name of a column")
        removed = _read_column(folder / file, size, sha256, True)
        if removed.dtype != np.uint32 or removed.ndim != 1:
            raise BadSet(f"{file} is of another type")
    return StoredSegment(segment=segment, removed=removed, digest=str(listed["digest"]))


def _read_column(path: Path, size_bytes: int, sha256: str, check: bool) -> NDArray[Any]:
    shown = f"{path.parent.name}/{path.name}"
    try:
        actual = _regular(path).stat().st_size
        if actual != size_bytes:
            raise BadSet(f"{shown} has {actual} bytes, not {size_bytes}: it was cut short or changed")
        if check and _file_digest(path) != sha256:
            raise BadSet(f"{shown} is damaged: its SHA-256 is not the recorded one")
        return cast(
            NDArray[Any],
            np.load(path, mmap_mode="r" if actual >= _MAPPED_FROM_BYTES else None, allow_pickle=False),
        )
    except BadSet:
        raise
    except (OSError, MemoryError) as error:
        raise BadSet(f"{shown} cannot be read: {error}") from error
    except Exception as error:  # of a damaged header numpy's parser raises whatever it meets
        raise BadSet(f"{shown} cannot be read: {error}") from error


def _file_digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_manifest(folder: Path, stored: StoredSet) -> None:
    """Write what is not there yet, and ``set.json`` last."""
    before = _listed_before(folder)
    segments = []
    for one in stored.segments:
        name = _name_of(one)
        listed = before.get(name) or _write_segment(folder, name, one)
        removed, removed_file = None, None
        if len(one.removed):
            column = np.ascontiguousarray(one.removed)
            removed = f"removed-{hashlib.sha256(column.data).hexdigest()[:16]}.npy"
            removed_file = _write_column(folder / removed, column)
        segments.append({**listed, "removed": removed, "removed_file": removed_file})
    manifest = {"schema": _SCHEMA, "about": dict(stored.about), "segments": segments}
    manifest["sha256"] = _digest_of(json.loads(json.dumps(manifest)))
    with writing_whole(folder / MANIFEST) as file:
        file.write(json.dumps(manifest, indent=1).encode())


def _listed_before(folder: Path) -> dict[str, dict[str, Any]]:
    if not is_stored_set(folder):
        return {}
    return {one["folder"]: one for one in _read_manifest(folder)["segments"]}


def _name_of(one: StoredSegment) -> str:
    """What a folder of this name holds is this segment, so that one that is in use is never written over."""
    columns = " ".join(sorted(one.segment.arrays()))
    return f"segment-{hashlib.sha256(f'{one.digest} {columns}'.encode()).hexdigest()[:16]}"


def _write_segment(folder: Path, name: str, one: StoredSegment) -> dict[str, Any]:
    files: dict[str, tuple[int, str]] = {}
    part = folder / f".{name}.{os.getpid()}.part"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        for column, array in one.segment.arrays().items():
            files[f"{column}.npy"] = _write_column(part / f"{column}.npy", array)
        shutil.rmtree(folder / name, ignore_errors=True)  # left by a run that did not end
        part.rename(folder / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return {
        "folder": name,
        "lists": list(one.segment.lists),
        "entries": len(one.segment),
        "digest": one.digest,
        "files": files,
    }


def _write_column(path: Path, array: NDArray[Any]) -> tuple[int, str]:
    with writing_whole(path) as file:
        np.save(file, array, allow_pickle=False)
    return path.stat().st_size, _file_digest(path)
