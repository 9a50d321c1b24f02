"""Putting a file on the disk: whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO


@contextlib.contextmanager
def writing_whole(path: Path, *, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write, beside ``path`` until it is complete: a reader never meets half of it.

    Parameters
    ----------
    path : Path
        What is there is replaced.
    mode : int
        Who may read and write it, as far as the process grants rights to new files at all.

    Raises
    ------
    OSError
        The folder does not exist or cannot be written to.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
