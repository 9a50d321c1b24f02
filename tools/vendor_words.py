"""Rebuild the lists of common words in ``mediaforensics/text/vocabulary/`` from Tesseract's language data.

::

    python tools/vendor_words.py [--tessdata FOLDER]

It needs ``combine_tessdata`` and ``dawg2wordlist`` of tesseract-ocr. Tesseract's data (Apache-2.0) carry a
word list for each language. It names no frequencies, but holds a word in small letters, capitalised and in
capitals where it is common enough to have been met so. Those are kept; in Arabic script, which has no
capitals, all that are not another word of the list with a particle before it. The lists are folded as what
is read is folded.
"""

from __future__ import annotations

import argparse
import gzip
import subprocess
import tempfile
from pathlib import Path

from mediaforensics.text.words import fold

FOLDER = Path(__file__).resolve().parent.parent / "mediaforensics" / "text" / "vocabulary"
LANGUAGES = {
    "en": "eng",
    "ar": "ara",
    "fr": "fra",
    "de": "deu",
    "es": "spa",
    "ru": "rus",
    "tr": "tur",
    "fa": "fas",
    "ur": "urd",
}
_PARTICLES = ("وال", "فال", "بال", "كال", "ولل", "ال", "لل", "و", "ف", "ب", "ل")
_LONGEST = 14
"""Longer words are not mistaken for others."""
_SHORTEST = {"ar": 3, "fa": 3, "ur": 3}
_SHORTEST_ELSEWHERE = 4
"""Below, the lists are full of abbreviations; short words are named by hand in the packs."""
_LONG_LIST, _LONGER_LIST = 100_000, 200_000
"""A list longer than the first holds rare words too: only what it also has capitalised is taken, and of one
longer than the second what it has in capitals besides."""


def listed(tessdata: Path, code: str) -> set[str]:
    """Every word of one language's list."""
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / code
        for command in (
            ["combine_tessdata", "-u", str(tessdata / f"{code}.traineddata"), f"{stem}."],
            ["dawg2wordlist", f"{stem}.lstm-unicharset", f"{stem}.lstm-word-dawg", f"{stem}.txt"],
        ):
            subprocess.run(command, check=True, capture_output=True)
        return set(Path(f"{stem}.txt").read_text(encoding="utf-8").split())


def common(words: set[str], language: str) -> list[str]:
    """Those worth keeping, folded and sorted."""
    if language in ("ar", "fa", "ur"):
        kept = {fold(w) for w in words if w.isalpha()}
        bare = {w for w in kept if len(w) >= _SHORTEST["ar"]}
        kept = {w for w in kept if not any(w.startswith(p) and w[len(p) :] in bare for p in _PARTICLES)}
    else:
        small = {w for w in words if w.isalpha() and w.islower()}
        if len(words) > _LONG_LIST:
            small = {w for w in small if w.capitalize() in words}
        if len(words) > _LONGER_LIST:
            small = {w for w in small if w.upper() in words}
        kept = {fold(w) for w in small}
        if language == "de":  # nouns are never in small letters
            kept |= {fold(w) for w in words if w.isalpha() and w.istitle() and w.upper() in words}
    shortest = _SHORTEST.get(language, _SHORTEST_ELSEWHERE)
    return sorted(w for w in kept if shortest <= len(w) <= _LONGEST)


def main() -> None:
    """Write all lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tessdata", type=Path, default=Path("/usr/share/tesseract-ocr/5/tessdata"))
    arguments = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    for language, code in LANGUAGES.items():
        words = common(listed(arguments.tessdata, code), language)
        # No time stamp, so that the same data give the same file.
        data = gzip.compress("\n".join(words).encode(), compresslevel=9, mtime=0)
        (FOLDER / f"{language}.txt.gz").write_bytes(data)
        print(f"{language}: {len(words)} words, {len(data)} bytes")


if __name__ == "__main__":
    main()
