"""Common words of each language: what stands there as one of them was not misread.

The lists are built by ``tools/vendor_words.py`` from Tesseract's language data.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources


@cache
def common_words(language: str) -> frozenset[str]:
    """Folded, of four letters and more (three in Arabic script); empty for a language without a list."""
    file = resources.files("mediaforensics.text") / "vocabulary" / f"{language}.txt.gz"
    if not file.is_file():
        return frozenset()
    return frozenset(gzip.decompress(file.read_bytes()).decode().split("\n"))
