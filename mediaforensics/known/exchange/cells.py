"""The cells of a table's rows by the rules of CSV, a bad row costing only its first line."""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.values import BY_DIGITS

_MOST_LINES = 200
"""Of one quoted cell; a quotation mark that nobody closes must not swallow the list."""


def rows_of(
    numbered: Iterator[tuple[int, str | None]], delimiter: str
) -> Iterator[tuple[int, list[str] | BadHash]]:
    """Number of each row's first line, and its cells or what is wrong with it.

    Parameters
    ----------
    numbered : iterator of (int, str or None)
        Lines with their numbers; None for one that is too long.
    delimiter : str
        Between cells.
    """
    waiting: deque[tuple[int, str | None]] = deque()
    while True:
        if waiting:
            number, line = waiting.popleft()
        else:
            pair = next(numbered, None)
            if pair is None:
                return
            number, line = pair
        if line is None:
            yield number, BadHash("too long to be a line of a list")
        elif "\0" in line:
            yield number, BadHash("has NUL bytes, so it is no text")
        elif '"' not in line:
            if line:
                yield number, line.split(delimiter)
        else:
            yield number, _quoted_row(line, numbered, waiting, delimiter)


def _quoted_row(
    line: str,
    numbered: Iterator[tuple[int, str | None]],
    waiting: deque[tuple[int, str | None]],
    delimiter: str,
) -> list[str] | BadHash:
    row, taken = line, list[tuple[int, str | None]]()
    while True:
        try:
            return next(csv.reader([row], delimiter=delimiter, strict=True))
        except csv.Error as error:
            why = f"its quotation marks do not fit ({error})"
            if "end of data" not in str(error):
                break
        why = "a quotation mark is never closed"
        more = False
        while not more and len(taken) < _MOST_LINES:
            pair = waiting.popleft() if waiting else next(numbered, None)
            if pair is None:
                break
            taken.append(pair)
            if pair[1] is None or "\0" in pair[1]:
                break
            row += "\n" + pair[1]
            more = '"' in pair[1]
        if not more:
            break
    waiting.extendleft(reversed(taken))
    return BadHash(why)


def kind_by_width(digits: str) -> str:
    """The kind of hash that has so many digits where nothing else says it.

    Raises
    ------
    BadHash
        None has.
    """
    digits = digits.strip()
    kind = BY_DIGITS.get(len(digits))
    if kind is None:
        raise BadHash(f"{len(digits)} characters are the width of no kind of hash, and no column names it")
    return kind
