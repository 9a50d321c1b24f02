"""vPDQ: the PDQ values of the frames of one known video, as text or as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.entries import Entries, position_of, quality_of
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses
from mediaforensics.known.exchange.records import Records
from mediaforensics.known.exchange.text import Lines
from mediaforensics.known.exchange.values import value_of
from mediaforensics.media.source import Source

_LINE = re.compile(r"\s*[0-9]+\s*,\s*[0-9]{1,3}\s*,\s*[0-9a-fA-F]{64}\s*,\s*[0-9.]+\s*")

_HEADING = re.compile(r"[A-Za-z_, ]+")


def is_vpdq(line: str) -> bool:
    """Whether a line is a frame of vPDQ's text form."""
    return _LINE.fullmatch(line) is not None


def read_vpdq(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read ``frame,quality,digits,timestamp`` lines: one known video, called like the list."""
    entries, lines = Entries(source.name, "line"), Lines(source)
    for number, line in lines:
        if line is None:
            yield entries.problem(number, "too long to be a line of a list")
            continue
        if not line.strip() or line.startswith("#") or (number == 1 and _HEADING.fullmatch(line)):
            continue
        cells = line.split(",")
        try:
            if len(cells) != 4:
                raise BadHash(f"expected frame,quality,digits,timestamp; found {len(cells)} cells")
            yield _frame(list_name, cells[2], cells[1], cells[3])
        except BadHash as error:
            yield entries.problem(number, str(error))
    yield from lines.remarks()


def read_vpdq_json(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read ``["digits,quality,timestamp", ...]``: one known video, called like the list."""
    entries = Entries(source.name, "record")
    for number, record in Records(source):
        try:
            if isinstance(record, BadHash):
                raise record
            if not isinstance(record, str):
                raise BadHash('expected "digits,quality,timestamp"')
            cells = record.split(",")
            if len(cells) != 3:
                raise BadHash(f'expected "digits,quality,timestamp"; found {len(cells)} cells')
            yield _frame(list_name, cells[0], cells[1], cells[2])
        except BadHash as error:
            yield entries.problem(number, str(error))


def _frame(list_name: str, digits: str, quality: str, at: str) -> Listed:
    at_s = position_of(at)
    if at_s is None:
        raise BadHash("has no timestamp")
    return Listed(list_name, "pdq", value_of("pdq", digits.strip()), (), quality_of(quality), at_s)


def write_vpdq(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """The first video of the rows, as lines; frames are numbered in the order in which they come."""
    for frame, (digits, quality, at) in enumerate(_frames(rows, losses)):
        yield f"{frame},{quality},{digits},{at}\n"


def write_vpdq_json(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """The first video of the rows, as JSON."""
    before = "["
    for digits, quality, at in _frames(rows, losses):
        yield before + json.dumps(f"{digits},{quality},{at}")
        before = ",\n"
    yield "[]\n" if before == "[" else "]\n"


def _frames(rows: Iterable[Listed], losses: Losses) -> Iterator[tuple[str, int, str]]:
    video = None
    for row in rows:
        if row.at_s is None:
            losses.say(
                "left out: a vPDQ file has frames of a video, and this has no position in one", row.entry_id
            )
            continue
        video = row.entry_id if video is None else video
        if row.entry_id != video:
            losses.say("left out: a vPDQ file has one video; write each to its own file", row.entry_id)
            continue
        quality = row.quality
        if quality is None:
            losses.say("has no quality, which a vPDQ file must have; written as 100", row.entry_id)
            quality = 100
        at = f"{row.at_s:.3f}"
        yield row.value.hex(), quality, at if float(at) == row.at_s else repr(row.at_s)
