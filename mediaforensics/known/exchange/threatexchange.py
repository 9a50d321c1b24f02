"""Descriptor tables of ThreatExchange, one kind of hash to a file: ``simple.HASH_PDQ.te``."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.cells import kind_by_width, rows_of
from mediaforensics.known.exchange.entries import Entries
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses, numbered, whole_number
from mediaforensics.known.exchange.text import Lines
from mediaforensics.media.source import Source

_NAME = re.compile(r"simple\.([a-z0-9_]{1,40})\.te", re.IGNORECASE)
_ROW = re.compile(
    r'"?[0-9a-fA-F]{32,64}"?,"?[0-9]{1,20}"?,(?:"?[0-9]{1,20}"?,)?'
    r'"?(?:mine|[0-9]{4}-[0-9]{2}-[0-9]{2}[^,]*|[0-9]{9,20})"?,'
)


def is_threatexchange(line: str, file_name: str) -> bool:
    """Whether a line is of a descriptor table: indicator, descriptor, when it was added, labels."""
    if _NAME.search(file_name):
        return line.count(",") >= 3
    return _ROW.match(line) is not None


def read_threatexchange(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read a descriptor table: indicator, descriptor id, when it was added, labels apart by spaces.

    The kind of hash is in the file's name (``simple.HASH_PDQ.te``); in a file of another name the number of
    digits tells it. The variant with the id of the indicator before that of the descriptor is read too.
    """
    entries, lines = Entries(source.name, "line"), Lines(source)
    named = _NAME.search(source.name)
    kind = named.group(1).upper() if named else ""
    known_labels: dict[str, tuple[str, ...]] = {"": ()}
    for number, cells in rows_of(iter(lines), ","):
        if isinstance(cells, BadHash):
            yield entries.problem(number, str(cells))
            continue
        if len(cells) not in (4, 5):
            yield entries.problem(
                number, f"expected 4 cells (or 5 with the indicator's id), found {len(cells)}"
            )
            continue
        labels = known_labels.get(cells[-1])
        if labels is None:
            labels = known_labels[cells[-1]] = entries.labels(cells[-1].split(" "))
        try:
            values = [(kind or kind_by_width(cells[0]), cells[0])]
        except BadHash as error:
            yield entries.problem(number, str(error))
            continue
        yield from entries.rows(number, cells[1].strip(), values, labels)
    yield from lines.remarks()
    yield from entries.remarks()


def write_threatexchange(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """A descriptor table of the first row's kind of hash."""
    only = None
    for row in rows:
        only = only or row.algorithm
        if row.algorithm != only:
            losses.say(
                f"left out: a table has one kind of hash, here {only}; write the others to their own file",
                row.entry_id,
            )
            continue
        for label in row.labels:
            if " " in label:
                losses.say("labels are apart by spaces, so a space within one became _", row.entry_id)
        labels = " ".join(label.replace(" ", "_") for label in row.labels)
        number = whole_number(row.entry_id)
        if number is None:
            number = numbered(row.entry_id)
            if row.entry_id != row.value.hex():
                losses.say("its id is no whole number, as a descriptor's is; it got one", row.entry_id)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow((row.value.hex(), number, "mine", labels))
        yield text.getvalue()
