"""Reading hash lists as others write them. A bad line is reported with its number and costs only itself."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mediaforensics.errors import BadHash
from mediaforensics.known.hashes import PDQ_BITS
from mediaforensics.types import HashValue

_SEPARATORS = re.compile(r"[,;\t ]+")
_HEX = re.compile(r"[0-9a-fA-F]{8,}")
_DIGIT = re.compile(r"[0-9]")
_KIND_WORDS = frozenset({"pdq", "hash_pdq", "pdq-256", "phash", "hash_phash", "phash-64"})
_PHASH_BITS = 64
_OTHER_KINDS = frozenset({"md5", "sha1", "sha256", "photodna", "hash_md5", "video_md5", "tmk"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something in a known set that could not be used.

    Attributes
    ----------
    where : str
        File name, with the line number for a list.
    why : str
        In plain words.
    """

    where: str
    why: str


@dataclass(frozen=True, slots=True)
class ListedHash:
    """One line of a hash list: the value and the name it goes by (its own digits where it has none)."""

    value: HashValue
    name: str


def read_hash_list(text: str, list_name: str) -> tuple[list[ListedHash], list[Problem]]:
    """Read PDQ and pHash values, one to a line.

    Sixty-four digits are a PDQ value, sixteen a pHash as ``imagehash`` writes it. Understood are bare
    digits, ``pdq DIGITS``, ``phash DIGITS``, ``DIGITS,NAME`` and ``NAME,DIGITS`` with commas,
    semicolons, tabs or spaces, quoted or not, and vPDQ's ``FRAME,QUALITY,DIGITS,TIMESTAMP`` (named by its
    frame). Empty lines, lines that begin with ``#`` and one heading without digits are passed over.

    Parameters
    ----------
    text : str
        The list.
    list_name : str
        Its name, for problems.

    Returns
    -------
    list of ListedHash, list of Problem
        In file order.
    """
    found: list[ListedHash] = []
    problems: list[Problem] = []
    first_content = True
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip().lstrip("﻿")
        if not stripped or stripped.startswith("#"):
            continue
        # A value may happen to be of letters only.
        heading, first_content = first_content and not _has_value(stripped), False
        if heading:
            continue
        try:
            found.append(_read_line(stripped))
        except BadHash as error:
            problems.append(Problem(where=f"{list_name}, line {number}", why=str(error)))
    return found, problems


def _has_value(line: str) -> bool:
    return bool(_DIGIT.search(line) or _values(_words(line)))


def _words(line: str) -> list[str]:
    return [word.strip("\"'") for word in _SEPARATORS.split(line)]


def _values(words: list[str]) -> list[tuple[HashValue, str]]:
    """The values among the words; sixteen digits beside a PDQ value are its name."""
    for algorithm, bits in (("pdq", PDQ_BITS), ("phash", _PHASH_BITS)):
        found = [word for word in words if len(word) == bits // 4 and _HEX.fullmatch(word)]
        if found:
            return [(HashValue.from_hex(algorithm, bits, word), word) for word in found]
    return []


def _read_line(line: str) -> ListedHash:
    words = _words(line)
    kind = words[0].lower()
    if kind in _OTHER_KINDS:
        raise BadHash(f"{kind} values cannot be compared with pictures in a video")
    found = _values(words)
    if len(found) != 1:
        raise BadHash(
            f"expected one PDQ value of {PDQ_BITS // 4} hexadecimal digits, "
            f"or one pHash of {_PHASH_BITS // 4}, found {len(found)}"
        )
    digits = [found[0][1]]
    value = found[0][0]
    rest = [word for word in words if word != digits[0] and word.lower() not in _KIND_WORDS and word]
    if len(rest) == 3 and words[2] == digits[0] and rest[0].isdigit() and rest[1].isdigit():
        return ListedHash(value, f"frame-{rest[0]}")
    return ListedHash(value, " ".join(rest) if rest else value.hex())
