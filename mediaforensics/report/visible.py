"""How times and hostile characters are shown to people, the same in the terminal and on the page."""

from __future__ import annotations

import unicodedata

_STEERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
"""Direction marks, overrides and isolates: they can make a line read as another."""
_UNSEEN = ("Cc", "Cs", "Zl", "Zp")
"""Unicode categories without a shape: controls, surrogates, line and paragraph separators."""


def visible(text: str) -> str:
    """Show controls, lone surrogates and direction characters as escapes; keep everything else."""
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if character in _STEERING or unicodedata.category(character) in _UNSEEN
        else character
        for character in text
    )


def clock(seconds: float) -> str:
    """``mm:ss.t``, with hours where there are any: ``00:12.4``, ``1:02:03.0``, ``-00:00.5``."""
    sign = "-" if seconds < 0 else ""
    tenths = round(abs(seconds) * 10)
    hours, rest = divmod(tenths, 36_000)
    minutes, rest = divmod(rest, 600)
    clocked = f"{minutes:02d}:{rest // 10:02d}.{rest % 10}"
    return f"{sign}{hours}:{clocked}" if hours else f"{sign}{clocked}"
