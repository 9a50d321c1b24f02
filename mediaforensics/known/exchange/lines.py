"""Lists with a value on each line: bare digits, digits and names in any order, ``local_file``, imagehash."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.entries import Entries
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.losses import Losses
from mediaforensics.known.exchange.text import Lines
from mediaforensics.known.exchange.values import (
    BY_DIGITS,
    BYTES_OF,
    algorithm_named,
    never_compared,
    value_of,
)
from mediaforensics.media.source import Source

_COMMON = re.compile(r"(?:pdq )?([0-9a-fA-F]{64})(?:,([^,;\t\"' \0](?:[^,;\t\"'\0]*[^,;\t\"' \0])?))?")
"""Almost every line of a long list: a PDQ value, then a name or nothing."""
_WORD = re.compile(r'"((?:[^"]|"")*)"(?=[,;\t ]|$)|[^,;\t ]+')
_HEX = re.compile(r"[0-9a-fA-F]+")
_DIGIT = re.compile(r"[0-9]")
_PLAIN_NAME = re.compile(r"[\w./\\()+@-]+")
_QUALITY = re.compile(r"100|[0-9]{1,2}")
_LOCAL_FILE_WORDS = {"pdq": "pdq", "md5": "video_md5", "sha256": "sha256", "sha1": "sha1"}


def read_lines(source: Source, list_name: str) -> Iterator[Listed | Problem]:
    """Read a list with a value on each line.

    Sixty-four digits are a PDQ value, forty a SHA-1, thirty-two an MD5 and sixteen a pHash as
    ``imagehash`` writes it; a word on the line (``pdq``, ``dhash``, ``sha256`` ...) says it otherwise. Words
    are apart by commas, semicolons, tabs or spaces, and may be quoted. What is neither the value nor a word
    for it is the name; a number of 0..100 between a PDQ value and its name is the quality. Empty lines,
    lines that begin with ``#`` and a heading without digits are passed over.
    """
    entries, lines = Entries(source.name, "line"), Lines(source)
    heading_possible = True
    common = _COMMON.fullmatch
    for number, line in lines:
        if line is None:
            yield entries.problem(number, "too long to be a line of a list")
            continue
        match = common(line)
        if match is not None:
            digits, name = match.groups()
            if name is None or (_HEX.fullmatch(name) is None and algorithm_named(name) is None):
                heading_possible = False
                value = bytes.fromhex(digits)
                yield Listed(name or value.hex(), "pdq", value)
                continue
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        heading, heading_possible = heading_possible and _is_heading(stripped), False
        if heading:
            continue
        try:
            row = _read_line(stripped, entries)
        except BadHash as error:
            yield entries.problem(number, str(error))
            continue
        if row is not None:
            yield row
    yield from lines.remarks()
    yield from entries.remarks()


def has_value(line: str) -> bool:
    """Whether a word of a line could be a value without more said."""
    return any(len(word) in BY_DIGITS and _HEX.fullmatch(word) for word, _ in _words(line))


def is_lines(line: str) -> bool:
    """Whether a line could belong to such a list: it has digits of a value, or a word for a kind of hash."""
    words = [word for word, _ in _words(line)]
    kind = words[0] if words else ""
    return (
        algorithm_named(kind) is not None
        or never_compared(kind)
        or any(len(word) >= 8 and _HEX.fullmatch(word) for word in words)
    )


def _words(line: str) -> list[tuple[str, bool]]:
    """The words of a line, each with whether it was quoted."""
    found = []
    for match in _WORD.finditer(line):
        quoted = match.group(1)
        if quoted is None:
            found.append((match.group().strip("\"'"), False))
        else:
            found.append((quoted.replace('""', '"'), True))
    return found


def _is_heading(line: str) -> bool:
    """A value may happen to be of letters only."""
    return not _DIGIT.search(line) and not has_value(line)


def _read_line(line: str, entries: Entries) -> Listed | None:
    if "\0" in line:
        raise BadHash("has NUL bytes, so it is no text")
    words = _words(line)
    kind = words[0][0] if words else ""
    if never_compared(kind):
        entries.leave_out(kind.lower())
        return None
    algorithm = algorithm_named(kind) if len(words) > 1 else None
    if algorithm is not None and _has_width(algorithm, words[1][0]):
        at, rest = 1, words[2:]  # the word is followed by its value, so all else is the name
    else:
        at, algorithm = _find_value(words)
        rest = [pair for i, pair in enumerate(words) if i != at and not _is_kind(pair)]
    value = value_of(algorithm, words[at][0])
    quality = None
    if (
        algorithm == "pdq"
        and len(rest) > 1
        and at + 1 < len(words)
        and rest[0] is words[at + 1]
        and not rest[0][1]
        and _QUALITY.fullmatch(rest[0][0])
    ):
        quality, rest = int(rest[0][0]), rest[1:]
    name = " ".join(word for word, _ in rest if word)
    return Listed(name or value.hex(), algorithm, value, (), quality)


def _is_kind(pair: tuple[str, bool]) -> bool:
    word, quoted = pair
    return not quoted and algorithm_named(word) is not None


def _has_width(algorithm: str, word: str) -> bool:
    return len(word) // 2 in BYTES_OF[algorithm] and len(word) % 2 == 0 and bool(_HEX.fullmatch(word))


def _find_value(words: list[tuple[str, bool]]) -> tuple[int, str]:
    """Which word is the value, and of which algorithm; sixteen digits beside a PDQ value are its name."""
    named = [word for word in words if _is_kind(word)]
    if named:
        algorithm = algorithm_named(named[0][0])
        assert algorithm is not None
        found = [i for i, (word, _) in enumerate(words) if _has_width(algorithm, word)]
        if len(found) == 1:
            return found[0], algorithm
        widths = " or ".join(str(2 * width) for width in BYTES_OF[algorithm])
        raise BadHash(f"expected one {algorithm} value of {widths} hexadecimal digits, found {len(found)}")
    for digits, algorithm in BY_DIGITS.items():
        found = [i for i, (word, _) in enumerate(words) if len(word) == digits and _HEX.fullmatch(word)]
        if len(found) == 1:
            return found[0], algorithm
        if found:
            raise BadHash(f"expected one {algorithm} value, found {len(found)}")
    raise BadHash(
        "expected one value of hexadecimal digits (PDQ has 64, SHA-1 40, MD5 32, pHash 16), found none"
    )


def write_lines(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """Digits, then quality and name where there are any; a word before them where digits alone mislead."""
    for row in rows:
        digits = row.value.hex()
        named = row.entry_id != digits
        plain = BY_DIGITS.get(len(digits)) == row.algorithm and row.quality is None
        if named and plain:
            plain = bool(
                _PLAIN_NAME.fullmatch(row.entry_id)
                and not _HEX.fullmatch(row.entry_id)
                and algorithm_named(row.entry_id) is None
            )
        parts = [digits if plain else f"{row.algorithm} {digits}"]
        if row.quality is not None:
            parts.append(str(row.quality))
        if named or row.quality is not None:
            parts.append(row.entry_id if plain else _quoted(row.entry_id))
        yield ",".join(parts) + "\n"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'


def write_local_file(rows: Iterable[Listed], losses: Losses) -> Iterator[str]:
    """The kind of hash and its digits, as python-threatexchange reads them from a file."""
    for row in rows:
        yield f"{_LOCAL_FILE_WORDS[row.algorithm]} {row.value.hex()}\n"
