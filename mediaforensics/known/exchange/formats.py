"""The formats by name, and what each can carry."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from mediaforensics.errors import OptionError
from mediaforensics.known.exchange import feeds, lines, ncmec, table, threatexchange, vics, vpdq
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses
from mediaforensics.known.exchange.values import ALGORITHMS
from mediaforensics.media.source import Source

_NEVER_IN_LINES = re.compile(r"[\0\r\n]")
_NEVER_IN_TABLES = re.compile(r"[\0\r]")
_NEVER_IN_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A format of hash lists.

    Attributes
    ----------
    name : str
        As ``read_list`` and ``write_list`` take it.
    what : str
        In a few words.
    read : callable
        Rows of an open source, given the name of the list.
    write : callable
        Text for rows, given where to say what is lost.
    algorithms : frozenset of str
        Kinds of hash that it can carry; ``""`` where an entry may be taken back by its id alone.
    ids, labels, quality, at_s, withdrawn : bool
        Whether it carries them.
    never : re.Pattern or None
        Characters that it cannot hold in an id or label.
    keeps_bytes : bool
        Whether a name that is not UTF-8 can be written as the bytes it has.
    """

    name: str
    what: str
    read: Callable[[Source, str], Iterator[Listed | Problem]]
    write: Callable[[Iterable[Listed], Losses], Iterator[str]]
    algorithms: frozenset[str] = ALGORITHMS
    ids: bool = True
    labels: bool = False
    quality: bool = False
    at_s: bool = False
    withdrawn: bool = False
    never: re.Pattern[str] | None = None
    keeps_bytes: bool = False


_DIGESTS = frozenset({"md5", "sha1", "sha256"})
_PDQ = frozenset({"pdq"})

FORMATS = {
    form.name: form
    for form in (
        Format(
            name="lines",
            what="a value on each line, with or without a name",
            read=lines.read_lines,
            write=lines.write_lines,
            quality=True,
            never=_NEVER_IN_LINES,
            keeps_bytes=True,
        ),
        Format(
            name="csv",
            what="CSV with a heading",
            read=table.read_table,
            write=table.write_table,
            algorithms=ALGORITHMS | {""},
            labels=True,
            quality=True,
            at_s=True,
            withdrawn=True,
            never=_NEVER_IN_TABLES,
            keeps_bytes=True,
        ),
        Format(
            name="local_file",
            what="the local_file exchange of python-threatexchange",
            read=lines.read_lines,
            write=lines.write_local_file,
            algorithms=_DIGESTS | _PDQ,
            ids=False,
        ),
        Format(
            name="threatexchange",
            what="descriptors of ThreatExchange, simple.HASH_PDQ.te",
            read=threatexchange.read_threatexchange,
            write=threatexchange.write_threatexchange,
            algorithms=frozenset(
                {"pdq", "md5", "sha1"}
            ),  # nothing in the file says that 64 digits are SHA-256
            labels=True,
            never=_NEVER_IN_TABLES,
            keeps_bytes=True,
        ),
        Format(
            name="ncmec",
            what="NCMEC hash sharing API 2, XML",
            read=ncmec.read_ncmec,
            write=ncmec.write_ncmec,
            algorithms=_DIGESTS | _PDQ | {""},
            labels=True,
            withdrawn=True,
            never=_NEVER_IN_XML,
        ),
        Format(
            name="stopncii",
            what="StopNCII, JSON",
            read=feeds.read_stopncii,
            write=feeds.write_stopncii,
            algorithms=frozenset({"pdq", "md5"}),
            ids=False,
            labels=True,
            withdrawn=True,
        ),
        Format(
            name="tat",
            what="Tech Against Terrorism hash list, JSON",
            read=feeds.read_tat,
            write=feeds.write_tat,
            algorithms=_DIGESTS | _PDQ | {""},
            labels=True,
            withdrawn=True,
        ),
        Format(
            name="vics-1",
            what="VICS 1.x (Project VIC), JSON",
            read=vics.read_vics,
            write=vics.write_vics_1,
            labels=True,
        ),
        Format(
            name="vics-2",
            what="VICS 2.0 (Project VIC), JSON",
            read=vics.read_vics,
            write=vics.write_vics_2,
            labels=True,
        ),
        Format(
            name="vpdq",
            what="vPDQ of one video, text",
            read=vpdq.read_vpdq,
            write=vpdq.write_vpdq,
            algorithms=_PDQ,
            quality=True,
            at_s=True,
            keeps_bytes=True,
        ),
        Format(
            name="vpdq-json",
            what="vPDQ of one video, JSON",
            read=vpdq.read_vpdq_json,
            write=vpdq.write_vpdq_json,
            algorithms=_PDQ,
            quality=True,
            at_s=True,
            keeps_bytes=True,
        ),
    )
}
"""By name."""


def named(form: str) -> Format:
    """The format of a name.

    Raises
    ------
    OptionError
        There is none of that name; the message says which there are.
    """
    found = FORMATS.get(form)
    if found is None:
        raise OptionError(f"no format of hash lists is called {form!r}; there are {', '.join(FORMATS)}")
    return found
