"""How hostile characters are shown to people, the same in the terminal and on the page."""

from __future__ import annotations

import unicodedata

_JOINERS = "\u200c\u200d"
"""Zero-width non-joiner and joiner: Persian, Urdu and emoji are misspelt without them."""
_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))
"""Unicode categories without a shape: controls, direction marks and other format characters, private use,
surrogates, line and paragraph separators. They can make a line read as another."""


def unseen(character: str) -> bool:
    """Whether a character has no shape of its own and may change how others look."""
    return unicodedata.category(character) in _UNSEEN and character not in _JOINERS


def visible(text: str) -> str:
    """Show controls, lone surrogates and direction characters as escapes; keep everything else."""
    return "".join(
        character.encode("unicode_escape").decode("ascii") if unseen(character) else character
        for character in text
    )
