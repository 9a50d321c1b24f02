"""What two hash-sharing services answer, saved as JSON: StopNCII and Tech Against Terrorism."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.entries import Entries
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses, whole_number
from mediaforensics.known.exchange.records import Records
from mediaforensics.media.source import Source

Convert = Callable[[Entries, int, "dict[str, Any]"], Iterator[Listed | Problem]]
_TAKEN_BACK = frozenset({"withdrawn", "deleted"})
_STOPNCII_KIND = {"pdq": "ImagePDQ", "md5": "VideoMD5"}
_TAT_KIND = {"pdq": "PDQ", "md5": "MD5", "sha1": "SHA1", "sha256": "SHA256"}


def read_records(source: Source, convert: Convert) -> Iterator[Listed | Problem]:
    """Read the records of a JSON file; what is none costs only itself."""
    entries = Entries(source.name, "record")
    for number, record in Records(source):
        if isinstance(record, BadHash):
            yield entries.problem(number, str(record))
        elif isinstance(record, str):
            yield entries.problem(number, "a string where an object was expected")
        else:
            yield from convert(entries, number, record)
    yield from entries.remarks()


def text_of(value: object) -> str:
    """A member that may be missing, null, a number or a text; empty where it is none of the last two."""
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def is_true(value: object) -> bool:
    """A truth value, also one written as text."""
    return value is True or value == 1 or (isinstance(value, str) and value.strip().lower() in ("true", "1"))


def read_stopncii(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read ``hashRecords``. A record is known by its value, so the digits are its id."""
    return read_records(source, _stopncii)


def _stopncii(entries: Entries, number: int, record: dict[str, Any]) -> Iterator[Listed | Problem]:
    digits = text_of(record.get("hashValue"))
    values = [(text_of(record.get("signalType")) or "unnamed", digits)] if digits else []
    tags: list[str] = []
    feedbacks = record.get("CSPFeedbacks")
    for feedback in feedbacks if isinstance(feedbacks, list) else ():
        given = feedback.get("tags") if isinstance(feedback, dict) else None
        tags += [tag for tag in given if isinstance(tag, str)] if isinstance(given, list) else []
    withdrawn = text_of(record.get("hashStatus")).lower() in _TAKEN_BACK
    return entries.rows(number, "", values, entries.labels(tags), withdrawn=withdrawn)


def write_stopncii(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """A single page of records; labels are the tags of a feedback without opinion."""
    rest = {"nextPageToken": None, "nextSetTimestamp": 0, "hasMoreRecords": False}
    return _page("hashRecords", map(_stopncii_record, rows), rest)


def _stopncii_record(row: Listed) -> dict[str, Any]:
    record: dict[str, Any] = {
        "lastModtimestamp": 0,
        "signalType": _STOPNCII_KIND[row.algorithm],
        "hashValue": row.value.hex(),
        "hashStatus": "Withdrawn" if row.withdrawn else "Active",
        "caseNumbers": {},
    }
    if row.labels:
        record["CSPFeedbacks"] = [{"source": "", "feedbackValue": "None", "tags": list(row.labels)}]
    return record


def _page(array: str, records: Iterable[dict[str, Any]], rest: dict[str, Any]) -> Iterator[str]:
    count, before = 0, "\n"
    yield f'{{"{array}": ['
    for record in records:
        yield before + json.dumps(record)
        count, before = count + 1, ",\n"
    yield "\n], " + json.dumps({"count": count, **rest})[1:] + "\n"


def read_tat(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read ``results``; the ideology is the label."""
    return read_records(source, _tat)


def _tat(entries: Entries, number: int, record: dict[str, Any]) -> Iterator[Listed | Problem]:
    digits = text_of(record.get("hash_digest"))
    values = [(text_of(record.get("algorithm")) or "unnamed", digits)] if digits else []
    labels = entries.labels([text_of(record.get("ideology"))])
    return entries.rows(
        number, text_of(record.get("id")), values, labels, withdrawn=is_true(record.get("deleted"))
    )


def write_tat(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """A single page of results."""
    records = (_tat_record(row, losses) for row in rows)
    return _page("results", records, {"next": None, "previous": None, "checkpoint": ""})


def _tat_record(row: Listed, losses: Losses) -> dict[str, Any]:
    if len(row.labels) > 1:
        losses.say("has one label, the ideology; the others are left out", row.entry_id)
    number = whole_number(row.entry_id)
    return {
        "hash_digest": row.value.hex(),
        "algorithm": _TAT_KIND.get(row.algorithm, ""),
        "ideology": row.labels[0] if row.labels else None,
        "file_type": None,
        "deleted": row.withdrawn,
        "updated_on": 0,
        "created_on": None,
        "id": row.entry_id if number is None else number,
    }
