"""Records of a JSON file, one at a time, however large the file and wherever its records are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import ijson

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.text import text_pieces
from mediaforensics.media.source import Source

ARRAYS = frozenset({"value", "Media", "hashRecords", "results"})
"""Members that hold records: VICS (``value``, and ``Media`` in the cases of ``value``), StopNCII, TAT."""
_DEEPEST = 8
_MOST_VALUES = 100_000
"""In one record; what is deeper or more is skipped, so that a hostile record costs no memory."""
_DEEPEST_AT_ALL = 1000
_LONGEST_TOKEN = 1 << 22
"""Bytes; the parser looks at an unfinished string again from its start with every piece."""


_CONTAINERS = frozenset({"start_map", "end_map", "start_array", "end_array"})
_NO_RECORD = "neither an object nor a string, so no record"


class _Refused(Exception):
    """Something that no list has need of, and that would cost much memory or time."""


class _Utf8:
    """The text of a source as UTF-8 bytes; what was not UTF-8 becomes a question mark."""

    def __init__(self, source: Source) -> None:
        self._pieces = text_pieces(source)
        self._left = b""
        self.idle_bytes = 0
        """Read since the parser last found something; whoever takes what it finds sets it to zero."""

    def read(self, count: int = -1) -> bytes:
        if self.idle_bytes > _LONGEST_TOKEN:
            raise _Refused(f"has a text of more than {_LONGEST_TOKEN} bytes")
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece.encode("utf-8", "replace")
        if count < 0 or count >= len(self._left):
            data, self._left = self._left, b""
        else:
            data, self._left = self._left[:count], self._left[count:]
        self.idle_bytes += len(data)
        return data


class Records:
    """The objects and strings in the arrays of a JSON file, with their numbers.

    A record is an object in one of ``ARRAYS``, anything in an array that is the whole file, or an object
    that is the whole file; one that itself has one of ``ARRAYS`` is a page or case, and is entered. Several
    documents may follow each other.

    Attributes
    ----------
    arrays : set of str
        Which of ``ARRAYS`` there were so far.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.arrays: set[str] = set()

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any] | str | BadHash]]:
        """Number from one, and the record, or why it cannot be read; damage ends the file and comes last."""
        number = 0
        try:
            text = _Utf8(self._source)
            events = ijson.basic_parse(text, use_float=True, multiple_values=True, buf_size=1 << 16)
            for record in self._records(events, text):
                number += 1
                yield number, record
        except _Refused as error:
            yield number + 1, BadHash(f"{error}; nothing behind it was read")
        except (ijson.JSONError, ValueError, OverflowError) as error:
            cut = "EOF" in str(error) or "ncomplete" in str(error)
            what = "the file ends in the middle" if cut else "not JSON from here on"
            yield number + 1, BadHash(f"{what}; nothing behind it was read")

    def _records(
        self, events: Iterator[tuple[str, Any]], text: _Utf8
    ) -> Iterator[dict[str, Any] | str | BadHash]:
        outer: list[bool] = []  # open containers around the records; whether what is in them is records
        record: dict[str, Any] | None = None
        nested: list[dict[str, Any] | list[Any] | None] = []  # open containers in the record; None: skipped
        key, values = "", 0
        for event, value in events:
            text.idle_bytes = 0
            if event == "map_key":
                key = value
            elif event not in _CONTAINERS:
                if record is not None:
                    values += 1
                    if values <= _MOST_VALUES:
                        _put(nested[-1] if nested else record, key, value)
                elif not outer or outer[-1]:
                    yield value if isinstance(value, str) else BadHash(_NO_RECORD)
            elif event.startswith("start") and len(outer) + len(nested) >= _DEEPEST_AT_ALL:
                raise _Refused(f"is nested deeper than {_DEEPEST_AT_ALL:,}")
            elif event == "start_map":
                if record is not None:
                    nested.append(_opened(nested, record, key, {}))
                elif not outer or outer[-1]:
                    record, values = {}, 0
                else:
                    outer.append(False)
            elif event == "start_array":
                if record is not None and (nested or key not in ARRAYS):
                    nested.append(_opened(nested, record, key, []))
                    continue
                if record is not None:  # a page or case, not a record
                    outer.append(False)
                    record = None
                    self.arrays.add(key)
                    outer.append(True)
                    continue
                if outer and outer[-1]:
                    yield BadHash(_NO_RECORD)
                outer.append(not outer or (not outer[-1] and key in ARRAYS))
                if outer[-1] and len(outer) > 1:
                    self.arrays.add(key)
            elif nested:
                nested.pop()
            elif record is not None:
                done, record = record, None
                yield done if values <= _MOST_VALUES else BadHash(f"has more than {_MOST_VALUES:,} values")
            else:
                outer.pop()


def _put(inside: dict[str, Any] | list[Any] | None, key: str, value: object) -> None:
    if isinstance(inside, dict):
        inside[key] = value
    elif inside is not None:
        inside.append(value)


def _opened(
    nested: list[dict[str, Any] | list[Any] | None],
    record: dict[str, Any],
    key: str,
    new: dict[str, Any] | list[Any],
) -> dict[str, Any] | list[Any] | None:
    """A container within a record, put in its place; None where it is too deep to be kept."""
    if len(nested) >= _DEEPEST:
        return None
    _put(nested[-1] if nested else record, key, new)
    return new
