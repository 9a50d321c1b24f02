"""CSV with a heading, whatever its columns are and in which order."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.cells import kind_by_width, rows_of
from mediaforensics.known.exchange.entries import Entries, position_of, quality_of
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses
from mediaforensics.known.exchange.text import Lines
from mediaforensics.known.exchange.values import algorithm_named, never_compared
from mediaforensics.media.source import Source

_DELIMITERS = ",;\t"
_COLUMNS = {
    "hash": "hash hashvalue hashdigest value digest indicator signal signalvalue",
    "kind": "algorithm hashtype signaltype indicatortype type kind",
    "id": "id entryid mediaid descriptorid name filename file filepath path title",
    "labels": "labels label tags tag category classification",
    "quality": "quality pdqquality",
    "at_s": "ats seconds",
    "withdrawn": "withdrawn deleted removed",
}
"""Words of headings; of several columns in one role, the earlier word counts."""
_ROLE_OF = {word: role for role, words in _COLUMNS.items() for word in words.split()}
_RANK_OF = {word: rank for words in _COLUMNS.values() for rank, word in enumerate(words.split())}
_OWN_HEADING = ("id", "algorithm", "hash", "labels", "quality", "at_s", "withdrawn")
_YES = frozenset({"true", "1", "yes", "withdrawn", "deleted"})
_NO = frozenset({"false", "0", "no", "active", ""})


@dataclass(frozen=True, slots=True)
class Heading:
    """Which column is what.

    Attributes
    ----------
    delimiter : str
    hashes : tuple of (int, str)
        Columns of values, each with the word for its kind; empty where the row says it.
    roles : mapping of str to int
        Columns of everything else.
    columns : int
        How many there are.
    """

    delimiter: str
    hashes: tuple[tuple[int, str], ...]
    roles: dict[str, int]
    columns: int


def heading_of(line: str) -> Heading | None:
    """The meaning of a heading; None where a line names no column of hash values."""
    for delimiter in sorted(_DELIMITERS, key=line.count, reverse=True):
        try:
            cells = next(csv.reader([line], delimiter=delimiter), [])
        except csv.Error:
            continue
        hashes: list[tuple[int, str]] = []
        ranked: dict[str, tuple[int, int]] = {}
        for i, cell in enumerate(cells):
            word = re.sub(r"[^a-z0-9]", "", cell.lower())
            role = _ROLE_OF.get(word)
            if algorithm_named(cell) or never_compared(cell):
                hashes.append((i, cell.strip()))
            elif role == "hash":
                hashes.append((i, ""))
            elif role is not None:
                ranked[role] = min(ranked.get(role, (99, i)), (_RANK_OF[word], i))
        if hashes:
            return Heading(delimiter, tuple(hashes), {role: i for role, (_, i) in ranked.items()}, len(cells))
    return None


def read_table(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read CSV with a heading, which tells the delimiter and the columns.

    Columns of values are called by their algorithm, or ``hash`` with an ``algorithm`` column beside it or
    none (the number of digits tells it then); the others ``id`` or ``name``, ``labels`` or ``category``
    (several in one cell apart by semicolons), ``quality``, ``at_s`` and ``withdrawn``. Further columns are
    passed over. A quoted cell may span lines.

    Raises
    ------
    BadHash
        The heading names no column of hash values.
    """
    entries, lines = Entries(source.name, "line"), Lines(source)
    numbered = iter(lines)
    heading = _find_heading(numbered, source.name)
    hashes, columns = heading.hashes, heading.columns
    at = [
        heading.roles.get(role, columns) for role in ("id", "kind", "labels", "quality", "at_s", "withdrawn")
    ]
    i_id, i_kind, i_labels, i_quality, i_at_s, i_withdrawn = at
    known_labels: dict[str, tuple[str, ...]] = {"": ()}
    for number, cells in rows_of(numbered, heading.delimiter):
        if isinstance(cells, BadHash):
            yield entries.problem(number, str(cells))
            continue
        if len(cells) != columns:
            if cells[0].lstrip().startswith("#") or not any(map(str.strip, cells)):
                continue
            if any(cells[columns:]):
                yield entries.problem(number, f"{len(cells)} cells, but the heading has {columns}")
                continue
            cells = [*cells[:columns], *[""] * (columns - len(cells))]
        cells.append("")  # what a column that the heading lacks reads as
        try:
            kind = cells[i_kind]
            values = [
                (word or kind or kind_by_width(cells[i]), cells[i]) for i, word in hashes if cells[i].strip()
            ]
            labels = known_labels.get(cells[i_labels])
            if labels is None:
                labels = known_labels[cells[i_labels]] = entries.labels(_split_labels(cells[i_labels]))
            quality = quality_of(cells[i_quality]) if cells[i_quality] else None
            at_s = position_of(cells[i_at_s]) if cells[i_at_s] else None
            withdrawn = _truth(cells[i_withdrawn])
        except BadHash as error:
            yield entries.problem(number, str(error))
            continue
        yield from entries.rows(number, cells[i_id], values, labels, quality, at_s, withdrawn)
    yield from lines.remarks()
    yield from entries.remarks()


def _find_heading(numbered: Iterator[tuple[int, str | None]], name: str) -> Heading:
    for _, line in numbered:
        if line is not None and (not line.strip() or line.lstrip().startswith("#")):
            continue
        heading = heading_of(line) if line is not None else None
        if heading is not None:
            return heading
        break
    raise BadHash(f"{name}: no heading names a column of hash values (hash, pdq, md5 ...)")


def _split_labels(cell: str) -> list[str]:
    try:
        return next(csv.reader([cell], delimiter=";", skipinitialspace=True), [])
    except csv.Error:
        return [cell]


def _truth(cell: str) -> bool:
    word = cell.strip().lower()
    if word in _NO:
        return False
    if word in _YES:
        return True
    raise BadHash(f"withdrawn is true or false, not {cell[:40]!r}")


def write_table(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """CSV with all that an entry has."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_OWN_HEADING)
    for row in rows:
        writer.writerow(
            (
                row.entry_id,
                row.algorithm,
                row.value.hex(),
                _joined_labels(row.labels),
                "" if row.quality is None else row.quality,
                "" if row.at_s is None else row.at_s,
                "true" if row.withdrawn else "",
            )
        )
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _joined_labels(labels: tuple[str, ...]) -> str:
    if not labels:
        return ""
    text = io.StringIO()
    if any(label[0] == " " for label in labels):  # only within quotes does a first space count
        writer = csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    else:
        writer = csv.writer(text, delimiter=";", lineterminator="\n")
    writer.writerow(labels)
    return text.getvalue()[:-1]
