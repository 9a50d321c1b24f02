"""What a format could not carry while a list was written: counted, and said once for each reason."""

from __future__ import annotations

import hashlib

from mediaforensics.known.exchange.listed import Problem

_ID_SHOWN = 60


class Losses:
    """Reasons for which something was left out or altered, each with how often and where first."""

    def __init__(self, form: str) -> None:
        self._form = form
        self._found: dict[str, tuple[int, str]] = {}

    def say(self, reason: str, entry_id: str) -> None:
        """Note that something of an entry is not in what was written."""
        count, first = self._found.get(reason, (0, entry_id))
        self._found[reason] = count + 1, first

    def problems(self) -> list[Problem]:
        """One for each reason, in the order in which they came up."""
        return [
            Problem(
                where=f"{self._form}, entry {first[:_ID_SHOWN]!r}" + (f" and {n - 1} more" if n > 1 else ""),
                why=reason,
            )
            for reason, (n, first) in self._found.items()
        ]


def whole_number(text: str) -> int | None:
    """A number as programs write it, so that it reads back as the same text."""
    if text.isascii() and text.isdigit() and len(text) <= 18 and (text[0] != "0" or text == "0"):
        return int(text)
    return None


def numbered(entry_id: str) -> int:
    """A number for an id that is none, the same whenever it is written."""
    coded = entry_id.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.sha256(coded).digest()[:6], "big")
