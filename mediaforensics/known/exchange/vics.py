"""VICS, the JSON of Project VIC: hash sets and cases, data models 1.x and 2.0."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from typing import Any

from mediaforensics.known.exchange.entries import Entries
from mediaforensics.known.exchange.feeds import is_true, read_records, text_of
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses, numbered, whole_number
from mediaforensics.media.source import Source

_OWN_MEMBERS = {"md5": "MD5", "sha1": "SHA1"}
_FLAGS = {
    "VictimIdentified": "victim identified",
    "OffenderIdentified": "offender identified",
    "IsDistributed": "distributed",
}
_FLAG_OF = {label: member for member, label in _FLAGS.items()}
_CATEGORY, _SERIES = "category ", "series "
_CONTEXT = {
    "vics-1": '"odata.metadata": "http://github.com/ICMEC/ProjectVic/DataModels/1.3.xml#Media"',
    "vics-2": '"@odata.context": "http://github.com/VICSDATAMODEL/ProjectVic/DataModels/2.0.xml/US/$metadata#Media"',
}


def read_vics(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read the media of a hash set (``value``) or of cases (``Media`` of each in ``value``).

    ``MediaID`` is the entry's id. Category, series, tags and the flags that are set become labels. What a
    case header counts is not looked at; programs count different things there. ``IsPrecategorized`` is not
    either: only a category says that there is one.
    """
    return read_records(source, _medium)


def _medium(entries: Entries, number: int, record: dict[str, Any]) -> Iterator[Listed | Problem]:
    values = [
        (kind, digits)
        for kind in ("MD5", "SHA1", "SHA256", "PDQ", "PhotoDNA")
        if (digits := text_of(record.get(kind)))
    ]
    others = record.get("AlternativeHashes")
    for other in others if isinstance(others, list) else ():
        if isinstance(other, dict) and (digits := text_of(other.get("HashValue"))):
            values.append((text_of(other.get("HashName")) or "unnamed", digits))
    if not values:
        files = record.get("MediaFiles")
        values = [
            ("MD5", text_of(file["MD5"]))
            for file in (files if isinstance(files, list) else ())
            if isinstance(file, dict) and text_of(file.get("MD5"))
        ]
    return entries.rows(number, text_of(record.get("MediaID")), values, entries.labels(_labels(record)))


def _labels(record: dict[str, Any]) -> Iterator[str]:
    category = text_of(record.get("Category")).strip()
    if category:
        yield f"{_CATEGORY}{category}"
    series = text_of(record.get("Series"))
    if series:
        yield f"{_SERIES}{series}"
    for member, label in _FLAGS.items():
        if is_true(record.get(member)):
            yield label
    tags = record.get("Tags")
    for tag in tags if isinstance(tags, list) else text_of(tags).split(";"):
        if isinstance(tag, str):
            yield tag.strip()


def write_vics_1(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """A hash set of data model 1.3."""
    return _write(rows, losses, _CONTEXT["vics-1"])


def write_vics_2(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """A hash set of data model 2.0."""
    return _write(rows, losses, _CONTEXT["vics-2"])


def _write(rows: Iterable[Listed], losses: Losses, context: str) -> Iterator[str]:
    before = "{" + context + ', "value": [\n'
    empty = True
    for (entry_id, labels), group in itertools.groupby(rows, key=lambda row: (row.entry_id, row.labels)):
        yield before + json.dumps(_record(entry_id, labels, list(group), losses))
        before, empty = ",\n", False
    yield f"{before if empty else ''}\n]}}\n"


def _record(entry_id: str, labels: tuple[str, ...], values: list[Listed], losses: Losses) -> dict[str, Any]:
    media_id = whole_number(entry_id)
    record: dict[str, Any] = {"MediaID": media_id, "Category": None, "MD5": None}
    if media_id is None:
        record["MediaID"] = numbered(entry_id)
        if entry_id != values[0].value.hex():
            losses.say("its id is no whole number, as MediaID is; it is in Comments", entry_id)
            record["Comments"] = entry_id
    others = []
    for row in values:
        member = _OWN_MEMBERS.get(row.algorithm)
        if member is not None and record.get(member) is None:
            record[member] = row.value.hex().upper()
        else:
            others.append({"HashName": row.algorithm.upper(), "HashValue": row.value.hex().upper()})
    if record["MD5"] is None:
        losses.say("has no MD5, without which most programs pass a record over", entry_id)
    if others:
        record["AlternativeHashes"] = others
    tags = []
    for label in labels:
        category = label.removeprefix(_CATEGORY)
        if label.startswith(_CATEGORY) and whole_number(category) is not None and record["Category"] is None:
            record["Category"] = int(category)
        elif label.startswith(_SERIES) and "Series" not in record and label != _SERIES:
            record["Series"] = label.removeprefix(_SERIES)
        elif label in _FLAG_OF:
            record[_FLAG_OF[label]] = "true"
        else:
            tags.append(label)
    plain = [tag.replace(";", ",").strip() for tag in tags]
    if plain != tags:
        losses.say(
            "tags are apart by semicolons: one within a tag became a comma, space around it went", entry_id
        )
    if tags:
        record["Tags"] = ";".join(plain)
    return record
