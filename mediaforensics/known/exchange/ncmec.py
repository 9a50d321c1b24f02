"""The XML of NCMEC's hash sharing API, version 2: images and videos with fingerprints of several kinds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from xml.parsers import expat
from xml.sax.saxutils import escape

from mediaforensics.known.exchange.entries import Entries
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses
from mediaforensics.known.exchange.text import byte_pieces
from mediaforensics.media.source import Source

_NAMESPACE = "https://hashsharing.ncmec.org/hashsharing/v2"
_ENTRIES = {"image": False, "video": False, "deletedImage": True, "deletedVideo": True}
"""Elements that are entries; whether they take one back."""
_DEEPEST = 100
_LONGEST_TEXT = 1 << 20
_LONGEST_TOKEN = 1 << 22
"""Bytes without the end of a tag; the parser would look at them again with every piece."""
_MOST_VALUES = 1000


class _Refused(Exception):
    """Something that such a file has no need of, and that only attacks use."""


class _Reader:
    """Follows the elements of a file and turns each entry into rows."""

    def __init__(self, entries: Entries) -> None:
        self.entries, self.number = entries, 0
        self.rows: list[Listed | Problem] = []
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype
        self._depth, self._length = 0, 0
        self._entry_depth: int | None = None
        self._text: list[str] | None = None
        self._values: list[tuple[str, str]] = []
        self._id, self._label, self._within = "", "", ""

    def _doctype(self, *_: object) -> None:
        raise _Refused("has a document type declaration; entities are refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _Refused(f"elements are nested deeper than {_DEEPEST}")
        tag = name.rpartition(" ")[2]
        if self._entry_depth is None:
            if tag in _ENTRIES:
                self._entry_depth, self._length = self._depth, 0
                self._values, self._id, self._label = [], "", ""
            return
        level = self._depth - self._entry_depth
        if level == 1:
            self._within = tag
        if (level == 1 and tag in ("id", "classification")) or (
            level == 2 and self._within == "fingerprints"
        ):
            self._text = []

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._length += len(text)
            if self._length <= _LONGEST_TEXT:
                self._text.append(text)

    def _end(self, name: str) -> None:
        depth, self._depth = self._depth, self._depth - 1
        if self._entry_depth is None:
            return
        tag = name.rpartition(" ")[2]
        if depth == self._entry_depth:
            self._entry_depth = None
            self.number += 1
            if self._length > _LONGEST_TEXT or len(self._values) > _MOST_VALUES:
                self.rows.append(self.entries.problem(self.number, "too large to be an entry"))
                return
            labels = self.entries.labels([self._label] if self._label.strip() else [])
            self.rows += self.entries.rows(
                self.number, self._id, self._values, labels, withdrawn=_ENTRIES[tag]
            )
        elif self._text is not None:
            text, self._text = "".join(self._text), None
            if self._within == "fingerprints":
                if len(self._values) <= _MOST_VALUES:
                    self._values.append((tag, text))
            elif self._within == "id":
                self._id = text
            else:
                self._label = text


def read_ncmec(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read the entries of a ``queryResult``; the classification is the label.

    ``deletedImage`` and ``deletedVideo`` take an entry back by its id. A document type declaration is
    refused before anything in it is expanded.
    """
    entries = Entries(source.name, "record")
    reader = _Reader(entries)
    fed = 0
    try:
        for piece in byte_pieces(source):
            reader.parser.Parse(piece, False)
            fed += len(piece)
            yield from reader.rows
            reader.rows.clear()
            if fed - reader.parser.CurrentByteIndex > _LONGEST_TOKEN:
                raise _Refused(f"a tag is longer than {_LONGEST_TOKEN} bytes")
        reader.parser.Parse(b"", True)
    except (expat.ExpatError, _Refused, ValueError, LookupError) as error:
        reader.rows.append(entries.problem(reader.number + 1, f"{_why(error)}; nothing behind it was read"))
    yield from reader.rows
    yield from entries.remarks()


def _why(error: Exception) -> str:
    if isinstance(error, expat.ExpatError):
        cut = error.code in (
            expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
            expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
            expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
        )
        return "the file ends in the middle" if cut else f"not XML from here on ({error})"
    return str(error)


def write_ncmec(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """One ``queryResult`` in which every entry is an image."""
    yield '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    yield f'<queryResult xmlns="{_NAMESPACE}">\n<images>\n'
    groups = itertools.groupby(rows, key=lambda row: (row.entry_id, row.labels, row.withdrawn))
    for (entry_id, labels, withdrawn), group in groups:
        if len(labels) > 1:
            losses.say("has one label, the classification; the others are left out", entry_id)
        kind = "deletedImage" if withdrawn else "image"
        values = "".join(
            f"<{row.algorithm}>{row.value.hex()}</{row.algorithm}>" for row in group if row.algorithm
        )
        label = f"<classification>{_escaped(labels[0])}</classification>" if labels else ""
        fingerprints = f"<fingerprints>{values}</fingerprints>" if values else ""
        yield f"<{kind}><id>{_escaped(entry_id)}</id>{label}{fingerprints}</{kind}>\n"
    yield "</images>\n</queryResult>\n"


def _escaped(text: str) -> str:
    return escape(text, {"\r": "&#13;"})
