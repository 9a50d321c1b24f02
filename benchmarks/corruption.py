"""Text as a recogniser misreads it: confusions of look-alikes, wrong letters, losses, additions, spaces.

Seeded, so that two runs corrupt alike. The tables are visual confusions of each script and are written apart
from those of the reader, which must not be measured with its own mirror.
"""

from __future__ import annotations

import random
import unicodedata

_LATIN = {
    "a": "oe4@", "b": "h6", "c": "eo", "d": ["cl", "o"], "e": "co", "f": "tl", "g": "q9y", "h": "bn",
    "i": "l1!j", "j": "i;", "k": "lx", "l": "1I|it", "m": ["rn", "n", "in"], "n": ["ri", "m", "h"], "o": "0ce", "p": "n",
    "q": "g9", "r": "nt", "s": "5$z", "t": "fl", "u": ["v", "ii", "n"], "v": "uy", "w": ["vv", "v"], "x": "k",
    "y": "vg", "z": "2s", "0": "Oo", "1": "lI", "5": "S", "8": "B",
}  # fmt: skip
_ARABIC = {
    "ب": "تينث", "ت": "بنث", "ث": "تب", "ن": "بت", "ي": "بىت", "ج": "حخ", "ح": "جخ", "خ": "حج", "د": "ذر",
    "ذ": "دز", "ر": "زد", "ز": "رذ", "س": "ش", "ش": "س", "ص": "ض", "ض": "ص", "ط": "ظ", "ظ": "ط", "ع": "غ",
    "غ": "عف", "ف": "قغ", "ق": "ف", "ه": "ة", "ة": "ه", "ا": "ل", "ل": "ا", "و": "ر", "أ": "ا", "إ": "ا",
    "ك": "ل", "م": "ه",
}  # fmt: skip
_CYRILLIC = {
    "а": "aо", "б": "6в", "в": "Bь", "г": "тr", "д": "л", "е": "eс", "ж": "х", "з": "3э", "и": "йн",
    "й": "и", "к": "kн", "л": "пд", "м": "н", "н": "ип", "о": "0c", "п": "лн", "р": "p", "с": "cо",
    "т": "гт", "у": "yч",
    "ц": "щ", "ч": "у4", "ш": "щ", "щ": "ш", "ъ": "ь", "ы": "ьi", "ь": "ъ", "э": "з", "ю": "о", "я": "л",
}  # fmt: skip
_TABLES = (_LATIN, _ARABIC, _CYRILLIC)
_ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "абвгдежзийклмнопрстуфхцчшщъыьэюя",
)

MIXED = {"confusion": 50, "substitution": 20, "deletion": 15, "insertion": 10, "space": 5}
"""Shares of the damage, in percent. No recogniser makes exactly these; none makes only one of them either."""
UNIFORM = {"substitution": 100}
CONFUSED = {"confusion": 100}


def corrupted(text: str, rate: float, seed: int, shares: dict[str, int]) -> str:
    """``text`` with each letter or digit damaged with probability ``rate``."""
    rng = random.Random(f"{seed}:{text}")
    kinds, weights = list(shares), list(shares.values())
    out: list[str] = []
    for c in text:
        if not c.isalnum() or rng.random() >= rate:
            out.append(c)
            continue
        kind = rng.choices(kinds, weights)[0]
        out.append(_damaged(c, kind, out, rng))
    return "".join(out)


def _damaged(c: str, kind: str, before: list[str], rng: random.Random) -> str:
    alphabet = next((a for a in _ALPHABETS if _bare(c) in a), _ALPHABETS[0])
    if kind == "deletion":
        return ""
    if kind == "insertion":
        return c + rng.choice(alphabet)
    if kind == "space":
        if before and before[-1] == " ":
            before.pop()
            return c
        return c + " "
    if kind == "confusion":
        for table in _TABLES:
            choices = table.get(c.lower()) or table.get(_bare(c))
            if choices:
                chosen = rng.choice(choices).strip()
                return chosen.upper() if c.isupper() else chosen
    return rng.choice(alphabet.replace(_bare(c), ""))


def _bare(c: str) -> str:
    return unicodedata.normalize("NFD", c.lower())[0]
