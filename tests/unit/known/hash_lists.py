"""Values and short ways to read a list in tests."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable

from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.reading import read_list
from mediaforensics.known.exchange.writing import write_list

PDQ, OTHER_PDQ, SHA256 = (hashlib.sha256(word).digest() for word in (b"one", b"two", b"three"))
MD5, SHA1, PHASH = PDQ[:16], PDQ[:20], PDQ[:8]


def read(
    data: bytes | str, *, format: str | None = None, list_name: str = "list"
) -> tuple[list[Listed], list[Problem]]:
    """Rows, and problems apart from them."""
    data = data.encode() if isinstance(data, str) else data
    rows: list[Listed] = []
    problems: list[Problem] = []
    for row in read_list(data, list_name=list_name, format=format):
        if isinstance(row, Problem):
            problems.append(row)
        else:
            rows.append(row)
    return rows, problems


def places(problems: Iterable[Problem]) -> list[str]:
    """Where the problems are, without the name of the file."""
    return [problem.where.partition(", ")[2] for problem in problems]


def written(rows: Iterable[Listed], format: str) -> tuple[bytes, list[Problem]]:
    """A list as bytes, and what the format could not carry."""
    stream = io.BytesIO()
    problems = write_list(rows, stream, format)
    return stream.getvalue(), problems
