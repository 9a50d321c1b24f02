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
_KIND_WORDS = frozenset({"pdq", "hash_pdq", "pdq-256"})
_OTHER_KINDS = frozenset({"md5", "sha1", "sha256", "phash", "photodna", "hash_md5", "video_md5", "tmk"})


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
    """Read PDQ values, one to a line.

    Understood are bare digits, ``pdq DIGITS``, ``DIGITS,NAME`` and ``NAME,DIGITS`` with commas,
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
        heading, first_content = first_content and not _DIGIT.search(stripped), False
        if heading:
            continue
        try:
            found.append(_read_line(stripped))
        except BadHash as error:
            problems.append(Problem(where=f"{list_name}, line {number}", why=str(error)))
    return found, problems


def _read_line(line: str) -> ListedHash:
    words = [word.strip("\"'") for word in _SEPARATORS.split(line)]
    kind = words[0].lower()
    if kind in _OTHER_KINDS:
        raise BadHash(f"{kind} values cannot be compared with pictures in a video")
    digits = [word for word in words if len(word) == PDQ_BITS // 4 and _HEX.fullmatch(word)]
    if len(digits) != 1:
        raise BadHash(f"expected one PDQ value of {PDQ_BITS // 4} hexadecimal digits, found {len(digits)}")
    value = HashValue.from_hex("pdq", PDQ_BITS, digits[0])
    rest = [word for word in words if word != digits[0] and word.lower() not in _KIND_WORDS and word]
    if len(rest) == 3 and words[2] == digits[0] and rest[0].isdigit() and rest[1].isdigit():
        return ListedHash(value, f"frame-{rest[0]}")
    return ListedHash(value, " ".join(rest) if rest else value.hex())
