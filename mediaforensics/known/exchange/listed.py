"""What a list says: one hash value of one entry, or a problem with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Listed(NamedTuple):
    """One hash value of a list; an entry with several values is several of these in a row.

    Attributes
    ----------
    entry_id : str
        The entry's own name or number; the digits of its first value where the list gives none.
    algorithm : str
        ``"pdq"``, ``"phash"``, ``"dhash"``, ``"whash"``, ``"ahash"``, ``"md5"``, ``"sha1"`` or
        ``"sha256"``. Empty, with an empty value, where an entry is taken back by its id alone.
    value : bytes
        Big-endian, ``8 * len(value)`` bits.
    labels : tuple of str
        What the list says about the entry. Equal labels of one list are the same object.
    quality : int or None
        PDQ quality, 0..100, where the list says it.
    at_s : float or None
        Position in a known video in seconds, where the entry is one.
    withdrawn : bool
        The list takes the entry back.
    """

    entry_id: str
    algorithm: str
    value: bytes
    labels: tuple[str, ...] = ()
    quality: int | None = None
    at_s: float | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a known set or a list that could not be used.

    Attributes
    ----------
    where : str
        File name, with the number of the line or record in a list.
    why : str
        In plain words.
    """

    where: str
    why: str
