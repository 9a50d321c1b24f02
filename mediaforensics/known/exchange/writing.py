"""The door to write a list: what a format cannot carry is said, never dropped in silence."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from mediaforensics.known.exchange.formats import Format, named
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses

_AT_ONCE = 4096
_LONGEST_ID = 100_000
"""Characters; a longer name would not fit the lines that are read."""


def write_list(rows: Iterable[Listed], stream: BinaryIO, format: str) -> list[Problem]:
    """Write a list of hash values.

    Parameters
    ----------
    rows : iterable of Listed
        Values of one entry in a row. An empty ``entry_id`` is written as the digits of its value.
    stream : binary file object
        Written from where it stands, in UTF-8; not closed.
    format : str
        A name of ``FORMATS``.

    Returns
    -------
    list of Problem
        What the format could not carry, once for each reason with how often it came up.

    Raises
    ------
    OptionError
        There is no such format.
    """
    form = named(format)
    losses = Losses(form.name)
    pieces = form.write(_carried(rows, form, losses), losses)
    errors = "surrogateescape" if form.keeps_bytes else "strict"
    while some := list(itertools.islice(pieces, _AT_ONCE)):
        stream.write("".join(some).encode("utf-8", errors))
    return losses.problems()


def _carried(rows: Iterable[Listed], form: Format, losses: Losses) -> Iterator[Listed]:
    """The rows less all that the format has no place for."""
    for row in rows:
        entry_id, algorithm, value, labels, quality, at_s, withdrawn = row
        digits = value.hex()
        if withdrawn and not form.withdrawn:
            losses.say("left out: the format cannot take an entry back", entry_id)
            continue
        if algorithm not in form.algorithms:
            kind = (
                f"it has no place for {algorithm}"
                if algorithm
                else "it cannot take back an id without a value"
            )
            losses.say(f"left out: {kind}", entry_id)
            continue
        if not entry_id:
            entry_id = digits
        elif form.ids:
            if not _holds(form, entry_id) and not digits:
                losses.say("left out: its id has characters that the format cannot hold", entry_id)
                continue
            if not _holds(form, entry_id):
                losses.say("its id has characters that the format cannot hold; named by its digits", entry_id)
                entry_id = digits
        elif entry_id != digits:
            losses.say("ids are left out", entry_id)
        if labels and not form.labels:
            losses.say("labels are left out", entry_id)
            labels = ()
        elif labels and not all(_holds(form, label) for label in labels):
            losses.say("a label with characters that the format cannot hold is left out", entry_id)
            labels = tuple(label for label in labels if _holds(form, label))
        if quality is not None and not form.quality:
            losses.say("quality is left out", entry_id)
            quality = None
        if at_s is not None and not form.at_s:
            losses.say("the position in a video is left out", entry_id)
            at_s = None
        yield Listed(entry_id, algorithm, value, labels, quality, at_s, withdrawn)


def _holds(form: Format, text: str) -> bool:
    if not text.strip() or len(text) > _LONGEST_ID or (form.never is not None and form.never.search(text)):
        return False
    if text.isascii():
        return True
    try:
        text.encode("utf-8", "surrogateescape" if form.keeps_bytes else "strict")
    except UnicodeEncodeError:
        return False
    return True
