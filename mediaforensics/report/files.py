"""Putting results on the disk: whole or not at all, and never over what somebody else put there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mediaforensics.disk import writing_whole
from mediaforensics.errors import OptionError
from mediaforensics.report.model import EvidencePicture, Report

_SUMS = "SHA256SUMS"


def require_writable(path: Path, evidence: Path) -> None:
    """Check that ``write_whole`` can put a file at ``path``, and that this does not end the evidence.

    Raises
    ------
    OptionError
        It cannot, or ``path`` is the evidence; the message says why.
    """
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OptionError(f"cannot write {path}: its folder does not exist; create it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OptionError(f"cannot write {path}: its folder lets you create no file; choose another")
    # The whole file takes the place of what is there, which would be the end of a device such as /dev/null.
    if path.exists() and not path.is_file():
        raise OptionError(f"cannot write {path}: it is no regular file; for standard output give -")
    try:
        same = path.samefile(evidence)
    except (OSError, ValueError):  # one is not there; what is wrong with evidence is said where it is opened
        return
    if same:
        raise OptionError(f"cannot write {path}: it is the evidence itself")


def write_whole(path: Path, data: bytes) -> None:
    """Write beside ``path`` first and rename, so that a reader never meets half a file.

    Raises
    ------
    OSError
        The folder does not exist or cannot be written to.
    """
    with writing_whole(path) as file:
        file.write(data)


def write_evidence(report: Report, folder: Path) -> tuple[Path, ...]:
    """Write the report's pictures into ``folder`` (made if missing) with their SHA-256 sums.

    Returns
    -------
    tuple of Path
        The files, the sums last. A second run over the same report changes nothing.

    Raises
    ------
    FileExistsError
        A file of that name with other content is there already; nothing was written then.
    """
    files = {picture_name(picture): picture.jpeg for picture in report.evidence if picture.jpeg is not None}
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    files[_SUMS] = sums.encode()
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        path = folder / name
        if path.is_symlink() or (path.exists() and path.read_bytes() != data):
            raise FileExistsError(f"{path} exists with other content: choose an empty evidence folder")
    for name, data in files.items():
        if not (folder / name).exists():
            write_whole(folder / name, data)
    return tuple(folder / name for name in files)


def picture_name(picture: EvidencePicture) -> str:
    """File name of an evidence picture: its time in microseconds, then the beginning of its pixel hash."""
    microseconds = round(picture.time.seconds * 1_000_000)
    return f"frame_{microseconds:015d}us_{picture.frame_sha256[:16]}.jpg"
