"""The door to read a list: what format it is, and its rows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.formats import FORMATS, Format, named
from mediaforensics.known.exchange.lines import has_value, is_lines
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.records import Records
from mediaforensics.known.exchange.table import heading_of
from mediaforensics.known.exchange.text import head_text
from mediaforensics.known.exchange.threatexchange import is_threatexchange
from mediaforensics.known.exchange.vpdq import is_vpdq
from mediaforensics.media.source import Evidence, Source

_LINES_LOOKED_AT = 1000
_RECORDS_LOOKED_AT = 100
_BY_MEMBERS = (
    (frozenset({"hashValue", "signalType"}), "stopncii"),
    (frozenset({"hash_digest"}), "tat"),
    (frozenset({"MediaID"}), "vics-2"),
    (frozenset({"MD5"}), "vics-2"),
    (frozenset({"SHA1"}), "vics-2"),
)
_BY_ARRAY = {"hashRecords": "stopncii", "results": "tat", "Media": "vics-2", "value": "vics-2"}


def read_list(
    source: Source | Evidence, *, list_name: str, format: str | None = None
) -> Iterator[Listed | Problem]:
    """Read a list of hash values in the order of the file, a piece at a time.

    A line or record that cannot be read is a ``Problem`` with its number and costs only itself. Where the
    file itself is damaged, what is before the damage is read, and the last problem says from where on nothing
    was.

    Parameters
    ----------
    source : Source, path, bytes or binary file object
        The list. UTF-8, or UTF-16 or UTF-32 with a byte order mark. A ``Source`` is left open.
    list_name : str
        The name that a video described by the whole file goes by (vPDQ).
    format : str, optional
        A name of ``FORMATS``. None: told by the content.

    Yields
    ------
    Listed or Problem

    Raises
    ------
    BadHash
        The format cannot be told, or the file is not of the format at all.
    CannotOpen
        The file cannot be opened or read.
    OptionError
        There is no such format.
    """
    form = None if format is None else named(format)
    if isinstance(source, Source):
        yield from _rows(source, list_name, form)
    else:
        with Source.open(source) as opened:
            yield from _rows(opened, list_name, form)


def _rows(source: Source, list_name: str, form: Format | None) -> Iterator[Listed | Problem]:
    if not source.size_bytes or not (head := head_text(source)).strip():
        yield Problem(where=source.name, why="the list is empty")
        return
    form = form or FORMATS[_told(source, head)]
    empty = True
    for row in form.read(source, list_name):
        empty = False
        yield row
    if empty:
        yield Problem(where=source.name, why="the list has no entries")


def _told(source: Source, head: str) -> str:
    start = head.lstrip()
    if start.startswith("<"):
        if "hashsharing" in head or "queryResult" in head:
            return "ncmec"
        raise _untold(source, "XML, but not of NCMEC")
    if start.startswith(("{", "[")):
        return _told_by_records(source)
    content = [line for line in head.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    first = content[0].strip() if content else ""
    if any(map(is_vpdq, content[:2])):
        return "vpdq"
    if is_threatexchange(first, source.name):
        return "threatexchange"
    if heading_of(first) is not None and not has_value(first):
        return "csv"
    if not content or any(map(is_lines, itertools.islice(content, _LINES_LOOKED_AT))):
        return "lines"
    raise _untold(source, "no line has a hash value")


def _told_by_records(source: Source) -> str:
    records = Records(source)
    seen = False
    for _, record in itertools.islice(records, _RECORDS_LOOKED_AT):
        seen = True
        if isinstance(record, str):
            return "vpdq-json"
        if isinstance(record, dict):
            for members, name in _BY_MEMBERS:
                if members <= record.keys():
                    return name
    for array, name in _BY_ARRAY.items():
        if array in records.arrays:
            return name
    if not seen:
        return "vpdq-json"
    raise _untold(source, "JSON, but no record has the members of one")


def _untold(source: Source, why: str) -> BadHash:
    return BadHash(
        f"{source.name}: not a hash list that can be told by its content ({why}); "
        f"formats are {', '.join(FORMATS)}"
    )
