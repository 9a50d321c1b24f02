"""The packs of rules that ship with the package."""

from __future__ import annotations

from functools import cache
from importlib import resources

from mediaforensics.text.pack_files import compile_pack
from mediaforensics.text.packs import Pack

SCRIPTS = {
    "en": "Latin",
    "fr": "Latin",
    "de": "Latin",
    "es": "Latin",
    "ru": "Cyrillic",
    "ar": "Arabic",
    "tr": "Latin",
    "fa": "Arabic",
    "ur": "Arabic",
}
"""Each language with its script, so that a pack is compiled only when a text has its letters."""

LANGUAGES = tuple(SCRIPTS)
"""The packs that ship, ISO 639-1."""


def source_of(language: str) -> str:
    """The text of one file.

    Raises
    ------
    ValueError
        There is none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no threat rules for {language!r}; there are {', '.join(LANGUAGES)}")
    folder = resources.files("mediaforensics.text") / "threat_rules"
    return (folder / f"{language}.toml").read_text(encoding="utf-8")


@cache
def load_pack(language: str) -> Pack:
    """The pack that ships for one language.

    Raises
    ------
    ValueError
        There is none.
    """
    return compile_pack(source_of(language), name=f"{language}.toml")
