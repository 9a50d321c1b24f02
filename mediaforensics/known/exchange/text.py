"""The bytes of a list as text and as numbered lines, in pieces, whatever its encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from mediaforensics.errors import CannotOpen
from mediaforensics.known.exchange.listed import Problem
from mediaforensics.media.source import Source

_CHUNK_BYTES = 1 << 18
LONGEST_LINE = 1 << 20
"""Characters. A line of a list is below one thousand; what is longer is no line."""
_UNDECODED = re.compile("[\ud800-\udfff]")
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # begins like UTF-16, so it comes first
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def byte_pieces(source: Source, start: int = 0) -> Iterator[bytes]:
    """All bytes from a position on.

    Raises
    ------
    CannotOpen
        The storage failed to deliver them.
    """
    position = start
    while position < source.size_bytes:
        try:
            piece = source.read_at(position, min(_CHUNK_BYTES, source.size_bytes - position))
        except OSError as error:
            raise CannotOpen(
                f"{source.name}: unreadable at byte {position}: {error.strerror or error}"
            ) from error
        if not piece:
            raise CannotOpen(f"{source.name}: became shorter while it was read (at byte {position})")
        position += len(piece)
        yield piece


def text_pieces(source: Source) -> Iterator[str]:
    """All text: UTF-8, or UTF-16 or UTF-32 with a byte order mark.

    Bytes that are not UTF-8 become lone surrogates, so that a name in another encoding stays itself.

    Raises
    ------
    CannotOpen
        The storage failed to deliver the bytes.
    """
    start, encoding = next(
        ((len(bom), name) for bom, name in _BOMS if source.head.startswith(bom)), (0, "utf-8")
    )
    errors = "surrogateescape" if encoding == "utf-8" else "replace"
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for piece in byte_pieces(source, start):
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def head_text(source: Source) -> str:
    """The first characters, for telling what it is."""
    return next(text_pieces(source), "")[: len(source.head)]


class Lines:
    """The lines of a list with their numbers; memory does not depend on the length of a line.

    Parameters
    ----------
    source : Source
        The list.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._undecoded = 0
        self._first_undecoded = 0

    def __iter__(self) -> Iterator[tuple[int, str | None]]:
        """Number from one, and the line without its end; None for one that is too long to be a line."""
        head = head_text(self._source)
        end = "\r" if "\r" in head and "\n" not in head else "\n"
        number, rest, overlong = 0, "", False
        for piece in text_pieces(self._source):
            text = rest + piece
            check = not text.isascii() and _UNDECODED.search(text) is not None
            lines = text.split(end)
            rest = lines.pop()
            for line in lines:
                number += 1
                if overlong or len(line) > LONGEST_LINE:
                    overlong = False
                    yield number, None
                    continue
                if check and _UNDECODED.search(line):
                    self._note(number)
                yield number, line[:-1] if line.endswith("\r") else line
            if len(rest) > LONGEST_LINE:
                rest, overlong = "", True
        if overlong:
            yield number + 1, None
        elif rest:
            if _UNDECODED.search(rest):
                self._note(number + 1)
            yield number + 1, rest.removesuffix("\r")

    def _note(self, number: int) -> None:
        self._undecoded += 1
        self._first_undecoded = self._first_undecoded or number

    def remarks(self) -> Iterator[Problem]:
        """What was found out about the whole file, once it is read."""
        if self._undecoded:
            yield Problem(
                where=f"{self._source.name}, line {self._first_undecoded}",
                why=f"not UTF-8 ({self._undecoded} lines from here on); names keep the bytes they have",
            )
