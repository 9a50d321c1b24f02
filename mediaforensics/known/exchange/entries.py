"""Entries of a list while it is read: ids, labels, values of several kinds, and what is never compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.values import algorithm_named, value_of

_KINDS_TOLD = 20
_KIND_SHOWN = 40


class Entries:
    """Turns records of a list into rows.

    Parameters
    ----------
    name : str
        Of the file, for problems.
    unit : str
        What its entries are counted in: ``"line"`` or ``"record"``.
    """

    def __init__(self, name: str, unit: str) -> None:
        self.name, self.unit = name, unit
        self._labels: dict[tuple[str, ...], tuple[str, ...]] = {(): ()}
        self._uncompared: Counter[str] = Counter()

    def labels(self, words: Iterable[str]) -> tuple[str, ...]:
        """Labels without repeats; equal ones are the same object."""
        found = tuple(dict.fromkeys(word for word in words if word))
        return self._labels.setdefault(found, found)

    def problem(self, number: int, why: str) -> Problem:
        """A problem of the line or record with this number, counted from one."""
        return Problem(where=f"{self.name}, {self.unit} {number}", why=why)

    def leave_out(self, kind: str) -> None:
        """Count a value of a kind that is never compared."""
        if kind not in self._uncompared and len(self._uncompared) >= _KINDS_TOLD:
            kind = "other"
        self._uncompared[kind] += 1

    def rows(
        self,
        number: int,
        entry_id: str,
        values: Iterable[tuple[str, str]],
        labels: tuple[str, ...] = (),
        quality: int | None = None,
        at_s: float | None = None,
        withdrawn: bool = False,
    ) -> Iterator[Listed | Problem]:
        """The rows of one entry.

        Parameters
        ----------
        number : int
            Of its line or record.
        entry_id : str
            Empty or blank where the list gives none: the digits of its first value.
        values : iterable of (str, str)
            The list's word for the kind of hash, and the digits.
        labels, quality, at_s, withdrawn
            See ``Listed``.
        """
        given, entry_id = False, entry_id if entry_id.strip() else ""
        for kind, digits in values:
            given = True
            algorithm = algorithm_named(kind)
            if algorithm is None:
                self.leave_out(kind)
                continue
            try:
                value = value_of(algorithm, digits.strip())
            except BadHash as error:
                yield self.problem(number, str(error))
                continue
            entry_id = entry_id or value.hex()
            pdq_quality = quality if algorithm == "pdq" else None
            yield Listed(entry_id, algorithm, value, labels, pdq_quality, at_s, withdrawn)
        if given:
            return
        if withdrawn and entry_id:
            yield Listed(entry_id, "", b"", labels, None, None, True)
        else:
            yield self.problem(number, "no hash value")

    def remarks(self) -> Iterator[Problem]:
        """What was left out in the whole file, once for each kind."""
        for kind, count in sorted(self._uncompared.items()):
            shown = repr(kind[:_KIND_SHOWN])[1:-1]
            values = "value is" if count == 1 else "values are"
            yield Problem(
                where=self.name, why=f"{count} {shown} {values} left out: not comparable with pictures here"
            )


def quality_of(text: str) -> int | None:
    """PDQ quality as lists write it.

    Raises
    ------
    BadHash
        Not a whole number of 0..100.
    """
    text = text.strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) <= 3 and int(text) <= 100:
        return int(text)
    raise BadHash(f"quality is a whole number of 0..100, not {text[:40]!r}")


def position_of(text: str) -> float | None:
    """Seconds into a video as lists write them.

    Raises
    ------
    BadHash
        Not a number of seconds from zero on.
    """
    text = text.strip()
    if not text:
        return None
    try:
        at_s = float(text)
    except ValueError:
        at_s = -1.0
    if 0.0 <= at_s < 1e9 and len(text) <= 40:
        return at_s
    raise BadHash(f"a position is a number of seconds from zero on, not {text[:40]!r}")
