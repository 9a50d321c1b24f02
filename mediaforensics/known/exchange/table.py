"""Tables: CSV with a heading, whatever its columns, and the descriptor tables of ThreatExchange."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.entries import Entries, position_of, quality_of
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses, numbered, whole_number
from mediaforensics.known.exchange.text import Lines
from mediaforensics.known.exchange.values import BY_DIGITS, algorithm_named, never_compared
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
_MOST_LINES = 200
"""Of one quoted cell; a quotation mark that nobody closes must not swallow the list."""
_TE_NAME = re.compile(r"simple\.([a-z0-9_]{1,40})\.te", re.IGNORECASE)
_TE_ROW = re.compile(
    r'"?[0-9a-fA-F]{32,64}"?,"?[0-9]{1,20}"?,(?:"?[0-9]{1,20}"?,)?'
    r'"?(?:mine|[0-9]{4}-[0-9]{2}-[0-9]{2}[^,]*|[0-9]{9,20})"?,'
)


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
    for number, cells in _rows(numbered, heading.delimiter):
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
                (word or kind or _kind_by_width(cells[i]), cells[i]) for i, word in hashes if cells[i].strip()
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


def _rows(
    numbered: Iterator[tuple[int, str | None]], delimiter: str
) -> Iterator[tuple[int, list[str] | BadHash]]:
    """Cells of each row, or what is wrong with its quotes; a bad row costs only its first line."""
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


def _kind_by_width(digits: str) -> str:
    digits = digits.strip()
    kind = BY_DIGITS.get(len(digits))
    if kind is None:
        raise BadHash(f"{len(digits)} characters are the width of no kind of hash, and no column names it")
    return kind


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


def is_threatexchange(line: str, file_name: str) -> bool:
    """Whether a line is of a descriptor table: indicator, descriptor, when it was added, labels."""
    if _TE_NAME.search(file_name):
        return line.count(",") >= 3
    return _TE_ROW.match(line) is not None


def read_threatexchange(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read a descriptor table: indicator, descriptor id, when it was added, labels apart by spaces.

    The kind of hash is in the file's name (``simple.HASH_PDQ.te``); in a file of another name the number of
    digits tells it. The variant with the id of the indicator before that of the descriptor is read too.
    """
    entries, lines = Entries(source.name, "line"), Lines(source)
    named = _TE_NAME.search(source.name)
    kind = named.group(1).upper() if named else ""
    known_labels: dict[str, tuple[str, ...]] = {"": ()}
    for number, cells in _rows(iter(lines), ","):
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
            values = [(kind or _kind_by_width(cells[0]), cells[0])]
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
