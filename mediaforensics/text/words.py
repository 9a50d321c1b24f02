"""Words of a text as a reader of damaged overlay text sees them: folded, with their place in the original.

Nothing here knows what a threat is. A word keeps its character offsets in the text as given, so that a
quotation is always an exact substring, and has two spellings beside it: ``folded`` (case, diacritics,
presentation forms and letter variants gone) and ``skeleton`` (letters that recognisers confuse made one).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_MARKS = "\u00ad\u0300-\u036f\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06ed\u200b-\u200f\u2060\ufeff"
_LETTERS = rf"[\w@$|{_MARKS}]"
# A number first (with its thousands separators, and the letter O where a recogniser saw one), then a word,
# which may be broken over two lines by a hyphen and may hold an exclamation mark that was an i or an l.
# Every branch consumes at least one character and no repetition is nested in another over the same
# characters, so matching is linear.
_TOKEN = re.compile(
    r"(?:[وبل](?=\d))|"
    rf"(?P<number>\d[\dOo]{{0,2}}(?:[.,'٬\u066b \u00a0\u202f][\dOo]{{3}})+(?![\w])|\d[\dOo]*(?![\w@$|]))"
    rf"|(?P<word>{_LETTERS}+(?:(?:!|-[ \t]*\n[ \t]*){_LETTERS}+){{0,3}})"
)
_SENTENCE_END = re.compile(r"[.!?؟۔…。]{1,8}[\"'”’»“)\]]{0,4}(?:\s|$)|\n[ \t]*\n|[•●▪■]")

_FOLDED = str.maketrans(
    {
        **dict.fromkeys("أإآٱٲٳ", "ا"),
        **dict.fromkeys("ىیےئېۍ", "ي"),
        **dict.fromkeys("ؤ", "و"),
        **dict.fromkeys("ةہھۀەۂۃ", "ه"),
        **dict.fromkeys("کگڪ", "ك"),
        **dict.fromkeys("پ", "ب"),
        **dict.fromkeys("چ", "ج"),
        **dict.fromkeys("ژڑ", "ر"),
        **dict.fromkeys("ں", "ن"),
        **dict.fromkeys("ٹ", "ت"),
        **dict.fromkeys("ڈ", "د"),
        "ء": "",
        "ـ": "",
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "œ": "oe",
        "æ": "ae",
    }
)
# What recognisers and hostile writers put for one another. Values are class representatives, not readings.
_LATIN_SKELETON = str.maketrans(
    {
        **dict.fromkeys("1l|!ij", "i"),
        **dict.fromkeys("0oq", "o"),
        **dict.fromkeys("5s$", "s"),
        **dict.fromkeys("3ec", "e"),
        **dict.fromkeys("4a@", "a"),
        **dict.fromkeys("8b6", "b"),
        **dict.fromkeys("9g", "g"),
        **dict.fromkeys("7t", "t"),
        **dict.fromkeys("2z", "z"),
        **dict.fromkeys("uvy", "v"),
    }
)
# Arabic letters of one bare shape: the dots are what is lost first on a busy picture.
_ARABIC_SKELETON = str.maketrans(
    {
        **dict.fromkeys("بتثن", "ب"),
        **dict.fromkeys("جحخ", "ح"),
        **dict.fromkeys("دذ", "د"),
        **dict.fromkeys("رز", "ر"),
        **dict.fromkeys("سش", "س"),
        **dict.fromkeys("صض", "ص"),
        **dict.fromkeys("طظ", "ط"),
        **dict.fromkeys("عغ", "ع"),
        **dict.fromkeys("فق", "ف"),
    }
)
_CYRILLIC_SKELETON = str.maketrans(
    {**dict.fromkeys("0о", "о"), **dict.fromkeys("3зэ", "з"), **dict.fromkeys("ий", "и"), "6": "б", "4": "ч"}
    | {**dict.fromkeys("шщ", "ш"), **dict.fromkeys("ьъ", "ь"), **dict.fromkeys("пл", "п"), "1": "г"}
)
# Latin and Cyrillic letters that look the same; a word that mixes both scripts is read in the commoner one.
_LATIN_LOOKS = "abcehkmoptxyu"
_CYRILLIC_LOOKS = "авсенкмортхуи"
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKS, _CYRILLIC_LOOKS)
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKS, _LATIN_LOOKS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word or number.

    Attributes
    ----------
    start, end : int
        Character offsets in the text as given, half-open.
    folded, skeleton : str
        The two spellings described above.
    number : int or None
        Its value where it is written in digits of any script.
    before : str
        What stands between the word before and this one.
    """

    start: int
    end: int
    folded: str
    skeleton: str
    number: int | None
    before: str


def fold(word: str) -> str:
    """Case, diacritics, presentation forms, invisible characters and letter variants removed."""
    decomposed = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", word).casefold())
    kept = "".join(
        c for c in decomposed if unicodedata.category(c) not in ("Mn", "Cf", "Cc") and c not in "-\n"
    )
    folded = kept.replace(" ", "").translate(_FOLDED)
    latin = sum("a" <= c <= "z" for c in folded)
    cyrillic = sum("а" <= c <= "я" for c in folded)
    if latin and cyrillic:
        return folded.translate(_TO_CYRILLIC if cyrillic >= latin else _TO_LATIN)
    return folded


def script_of(folded: str) -> str:
    """``Arabic``, ``Cyrillic`` or ``Latin``, by the first letter that tells."""
    for c in folded:
        if "\u0600" <= c <= "\u06ff":
            return "Arabic"
        if "\u0400" <= c <= "\u04ff":
            return "Cyrillic"
        if "a" <= c <= "z":
            return "Latin"
    return "Latin"


def skeleton(folded: str) -> str:
    """Letters that are mistaken for one another made one; for comparing, never for display."""
    script = script_of(folded)
    if script == "Arabic":
        return folded.translate(_ARABIC_SKELETON)
    if script == "Cyrillic":
        return folded.translate(_CYRILLIC_SKELETON)
    return folded.replace("rn", "m").replace("vv", "w").translate(_LATIN_SKELETON)


def sentences(text: str) -> list[list[Word]]:
    """Words of ``text`` by sentence. A line break alone does not end a sentence, an empty line does."""
    found: list[list[Word]] = [[]]
    end = 0
    for token in _TOKEN.finditer(text):
        before = text[end : token.start()]
        if found[-1] and _SENTENCE_END.search(before):
            found.append([])
        folded = fold(token.group())
        if folded:
            number = _digits(token.group()) if token.lastgroup == "number" else None
            found[-1].append(
                Word(
                    start=token.start(),
                    end=token.end(),
                    folded=folded,
                    skeleton=skeleton(folded),
                    number=number,
                    before=before,
                )
            )
            end = token.end()
    return [sentence for sentence in found if sentence]


def _digits(token: str) -> int | None:
    """The value of a number token; None where it has more digits than any count of things."""
    digits = "".join(
        "0" if c in "Oo" else str(unicodedata.digit(c)) for c in token if c in "Oo" or c.isdigit()
    )
    return int(digits) if 0 < len(digits) <= 12 else None


def edit_distance(a: str, b: str, limit: int) -> int:
    """Optimal string alignment distance, or ``limit + 1`` as soon as it is known to be larger."""
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    older: list[int] = []
    old = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            best = min(old[j] + 1, row[j - 1] + 1, old[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, older[j - 2] + 1)
            row.append(best)
        if min(row) > limit:
            return limit + 1
        older, old = old, row
    return old[-1]
