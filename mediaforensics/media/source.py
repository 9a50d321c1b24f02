"""Opening evidence: regular files only, read-only, by descriptor and never by a name a decoder could misread.

A decoder that is given a *name* may take it for a URL, a playlist or another file; some crash on names
that are not UTF-8. So the path is used once, here, and everything behind sees a plain stream of bytes.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
import threading
import time
import unicodedata
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from mediaforensics.errors import CannotOpen, LimitExceeded, OptionError
from mediaforensics.options import LimitOptions

_CHUNK_BYTES = 1 << 20
_HEAD_BYTES = 1 << 16

Evidence = str | os.PathLike[str] | os.PathLike[bytes] | bytes | bytearray | memoryview | BinaryIO
"""A path, the bytes themselves, or a seekable binary file object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Digests:
    """Cryptographic digests of all bytes, lower-case hexadecimal."""

    sha256: str
    md5: str
    sha1: str


class DeadlineReached(TimeoutError):
    """The wall time for this file is used up. Internal: decoders turn it into a gap or a LimitExceeded."""


def past_deadline(limits: LimitOptions) -> LimitExceeded:
    """Make the error for a deadline that was met before there was a picture."""
    limit_s = limits.deadline_s or 0.0
    return LimitExceeded("seconds of wall time", limit_s, limit_s)


class _Store(Protocol):
    """Where the bytes are; every read names its own position, so that readers never disturb each other."""

    def read_at(self, offset: int, count: int) -> bytes: ...

    def state(self) -> tuple[int, ...]: ...

    def close(self) -> None: ...


class _DescriptorStore:
    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def read_at(self, offset: int, count: int) -> bytes:
        return os.pread(self._descriptor, count, offset)

    def state(self) -> tuple[int, ...]:
        found = os.fstat(self._descriptor)
        return (found.st_size, found.st_mtime_ns)

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1  # the number may soon be another file's
        os.close(descriptor)


class _MemoryStore:
    def __init__(self, data: bytes | bytearray | memoryview) -> None:
        self._view = memoryview(data).cast("B").toreadonly()

    def read_at(self, offset: int, count: int) -> bytes:
        return bytes(self._view[offset : offset + count])

    def state(self) -> tuple[int, ...]:
        return (self._view.nbytes,)

    def close(self) -> None:
        self._view = memoryview(b"")


class _FileObjectStore:
    """The caller's own file object; its position is put back when we are done, and it stays open."""

    def __init__(self, handle: BinaryIO) -> None:
        self._handle, self._lock = handle, threading.Lock()
        self._came_at = handle.tell()

    def read_at(self, offset: int, count: int) -> bytes:
        with self._lock:
            self._handle.seek(offset)
            parts: list[bytes] = []
            while count > 0:
                part = bytes(self._handle.read(count) or b"")[
                    :count
                ]  # an over-long answer would overrun a decoder
                if not part:
                    break
                parts.append(part)
                count -= len(part)
            return b"".join(parts)

    def state(self) -> tuple[int, ...]:
        with self._lock:
            return (self._handle.seek(0, io.SEEK_END),)

    def close(self) -> None:
        if not self._handle.closed:
            self._handle.seek(self._came_at)


class EvidenceReader(io.RawIOBase):
    """A read-only, seekable stream over a source, with a position of its own and no name."""

    def __init__(self, source: Source) -> None:
        super().__init__()
        self._source, self._position = source, 0

    def readable(self) -> bool:
        """True."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def tell(self) -> int:
        """Position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; positions before the start are refused."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._source.size_bytes}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "seek before the start of the file")
        self._position = base + offset
        return self._position

    def read(self, count: int | None = -1) -> bytes:
        """Up to ``count`` bytes from here; all that remain for -1 or None."""
        left = max(0, self._source.size_bytes - self._position)
        wanted = left if count is None or count < 0 else min(count, left)
        data = self._source.read_at(self._position, wanted) if wanted else b""
        self._position += len(data)
        return data

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer`` from here; returns the number of bytes."""
        view = memoryview(buffer).cast("B")
        data = self.read(view.nbytes)
        view[: len(data)] = data
        return len(data)


class Source:
    """One piece of evidence, opened. Use it as a context manager.

    Attributes
    ----------
    name : str
        File name without folders; undecodable, control and bidirectional characters as escapes.
    size_bytes : int
        Size when it was opened; nothing behind it is read.
    head : bytes
        The first bytes, at most 64 KiB, for telling what it is.
    """

    def __init__(self, store: _Store, name: str, size_bytes: int, limits: LimitOptions) -> None:
        self._store, self._opened_state = store, store.state()
        self.name, self.size_bytes = name, size_bytes
        self._deadline = None if limits.deadline_s is None else time.monotonic() + limits.deadline_s
        self._digests: Digests | None = None
        self._lock = threading.Lock()
        self._closed = False
        self.head = store.read_at(0, min(_HEAD_BYTES, size_bytes))

    @classmethod
    def open(cls, evidence: Evidence, limits: LimitOptions | None = None) -> Source:
        """Open evidence read-only.

        Parameters
        ----------
        evidence : path, bytes or binary file object
            A ``str`` is always a path and ``bytes`` are always the media itself. A file object must be
            seekable; it is read from its beginning and stays open.
        limits : LimitOptions, optional
            ``max_file_bytes`` is checked here, ``deadline_s`` starts to run here.

        Raises
        ------
        CannotOpen
            Not a regular file (it says what it is instead), a symbolic link, missing, or not readable.
        LimitExceeded
            Larger than ``max_file_bytes``.
        OptionError
            Neither a path nor bytes nor a seekable file object in binary mode.
        """
        limits = limits or LimitOptions()
        store: _Store
        if isinstance(evidence, (bytes, bytearray, memoryview)):
            store, name = _MemoryStore(evidence), "(bytes)"
        elif isinstance(evidence, (str, os.PathLike)):
            store, name = _open_path(os.fsencode(evidence))
        else:
            store, name = _take_file_object(evidence)
        try:
            size_bytes = store.state()[0]
            if limits.max_file_bytes is not None and size_bytes > limits.max_file_bytes:
                raise LimitExceeded("bytes per file", limits.max_file_bytes, size_bytes)
            return cls(store, name, size_bytes, limits)
        except BaseException as error:
            store.close()
            if isinstance(error, OSError) and not isinstance(error, CannotOpen):
                raise CannotOpen(f"{name}: cannot be read: {error.strerror or error}") from error
            raise

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Source(name={self.name!r}, size_bytes={self.size_bytes})"

    def close(self) -> None:
        """Close the descriptor (a caller's own file object stays open). Closing twice is allowed."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._store.close()

    def reader(self) -> EvidenceReader:
        """A new stream over all bytes, independent of every other reader."""
        return EvidenceReader(self)

    def read_at(self, offset: int, count: int) -> bytes:
        """Bytes at a position.

        Raises
        ------
        DeadlineReached
            The wall time for this file is over.
        """
        if self.overdue:
            raise DeadlineReached("the wall time for this file is over")
        return self._store.read_at(offset, count)

    @property
    def overdue(self) -> bool:
        """Whether the wall time for this file is over."""
        return self._deadline is not None and time.monotonic() > self._deadline

    @property
    def changed(self) -> bool:
        """Whether the file's size or modification time is no longer what it was when it was opened."""
        return self._store.state() != self._opened_state

    @property
    def digests(self) -> Digests:
        """SHA-256, MD5 and SHA-1 of all bytes, in one pass, computed once.

        Raises
        ------
        CannotOpen
            The storage failed to deliver all bytes.
        """
        with self._lock:
            if self._digests is None:
                self._digests = self._hash()
            return self._digests

    def _hash(self) -> Digests:
        sha256, position = hashlib.sha256(), 0
        md5, sha1 = hashlib.md5(usedforsecurity=False), hashlib.sha1(usedforsecurity=False)
        while position < self.size_bytes:
            try:
                chunk = self._store.read_at(position, min(_CHUNK_BYTES, self.size_bytes - position))
            except OSError as error:
                raise CannotOpen(
                    f"{self.name}: unreadable at byte {position}: {error.strerror or error}"
                ) from error
            if not chunk:
                raise CannotOpen(f"{self.name}: became shorter while it was read (at byte {position})")
            position += len(chunk)
            for digest in (sha256, md5, sha1):
                digest.update(chunk)
        return Digests(sha256=sha256.hexdigest(), md5=md5.hexdigest(), sha1=sha1.hexdigest())


def _open_path(path: bytes) -> tuple[_Store, str]:
    name = displayed_name(path.rstrip(b"/").rpartition(b"/")[2] or path)
    try:
        # Opening a device may already change it, so what it is gets asked first, and again once it is open.
        _require_regular(os.lstat(path).st_mode, name)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(path, flags | getattr(os, "O_NOATIME", 0))
        except PermissionError:  # only its owner may leave the access time alone
            descriptor = os.open(path, flags)
        try:
            _require_regular(os.fstat(descriptor).st_mode, name)
        except BaseException:
            os.close(descriptor)
            raise
    except CannotOpen:
        raise
    except OSError as error:
        what = "a symbolic link, which is never followed" if error.errno == errno.ELOOP else error.strerror
        raise CannotOpen(f"{name}: {what}") from error
    except ValueError as error:  # a NUL inside the path
        raise CannotOpen(f"{name}: not a path: {error}") from error
    return _DescriptorStore(descriptor), name


def _require_regular(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {
        stat.S_IFLNK: "a symbolic link, which is never followed; give the file it points to",
        stat.S_IFDIR: "a folder; give the files in it",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a character device",
        stat.S_IFBLK: "a block device; give an image file of it",
    }
    raise CannotOpen(f"{name}: not a regular file but {kinds.get(stat.S_IFMT(mode), 'something else')}")


def _take_file_object(handle: BinaryIO) -> tuple[_Store, str]:
    if isinstance(handle, io.TextIOBase):
        raise OptionError("the file object is in text mode; open it in 'rb'")
    if not all(callable(getattr(handle, method, None)) for method in ("read", "seek", "tell")):
        raise OptionError(
            f"evidence is a path, bytes or a binary file object opened in 'rb', not {type(handle).__name__}"
        )
    try:
        if not getattr(handle, "seekable", lambda: True)():
            raise OptionError("the file object cannot seek; read it into bytes or save it to a file first")
        if not isinstance(handle.read(0), (bytes, bytearray)):
            raise OptionError("the file object is in text mode; open it in 'rb'")
        store = _FileObjectStore(handle)
    except (OSError, ValueError) as error:
        if isinstance(error, OptionError):
            raise
        raise CannotOpen(f"the file object cannot be read: {error}") from error
    name = getattr(handle, "name", None)
    if isinstance(name, (str, bytes)):
        return store, displayed_name(os.fsencode(name).rpartition(b"/")[2])
    return store, "(file object)"


def displayed_name(name: bytes) -> str:
    r"""A file name that is safe to show: what is not printable text appears as ``\xNN`` or ``\uNNNN``."""
    shown: list[str] = []
    for character in name.decode("utf-8", "surrogateescape"):
        code = ord(character)
        if 0xDC80 <= code <= 0xDCFF:
            shown.append(f"\\x{code - 0xDC00:02x}")
        elif unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            shown.append(
                f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
            )
        else:
            shown.append(character)
    return "".join(shown)
