"""Records of a JSON file, one at a time, however large the file and wherever its records are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.text import text_pieces
from mediaforensics.media.source import Source

ARRAYS = frozenset({"value", "Media", "hashRecords", "results"})
"""Members that hold records: VICS (``value``, and ``Media`` in the cases of ``value``), StopNCII, TAT."""
_DEEPEST = 8
_MOST_VALUES = 100_000
"""In one record; what is deeper or more is skipped, so that a hostile record costs no memory."""


_CONTAINERS = frozenset({"start_map", "end_map", "start_array", "end_array"})
_NO_RECORD = "neither an object nor a string, so no record"


class _Utf8:
    """The text of a source as UTF-8 bytes; what was not UTF-8 becomes a question mark."""

    def __init__(self, source: Source) -> None:
        self._pieces = text_pieces(source)
        self._left = b""

    def read(self, count: int = -1) -> bytes:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._left = piece.encode("utf-8", "replace")
        if count < 0 or count >= len(self._left):
            data, self._left = self._left, b""
        else:
            data, self._left = self._left[:count], self._left[count:]
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
        import ijson  # in C; importing it takes as long as reading 20,000 records

        number = 0
        try:
            events = ijson.basic_parse(
                _Utf8(self._source), use_float=True, multiple_values=True, buf_size=1 << 16
            )
            for record in self._records(events):
                number += 1
                yield number, record
        except (ijson.JSONError, ValueError, OverflowError) as error:
            cut = "EOF" in str(error) or "ncomplete" in str(error)
            what = "the file ends in the middle" if cut else "not JSON from here on"
            yield number + 1, BadHash(f"{what}; nothing behind it was read")

    def _records(self, events: Iterator[tuple[str, Any]]) -> Iterator[dict[str, Any] | str | BadHash]:
        outer: list[bool] = []  # open containers around the records; whether what is in them is records
        record: dict[str, Any] | None = None
        nested: list[dict[str, Any] | list[Any] | None] = []  # open containers in the record; None: skipped
        key, values = "", 0
        for event, value in events:
            if event == "map_key":
                key = value
            elif event not in _CONTAINERS:
                if record is not None:
                    values += 1
                    if values <= _MOST_VALUES:
                        _put(nested[-1] if nested else record, key, value)
                elif not outer or outer[-1]:
                    yield value if isinstance(value, str) else BadHash(_NO_RECORD)
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
