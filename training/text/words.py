"""What the drawn lines say: words by their frequency, with the numbers, names and marks of overlaid text.

Words come from the lists of `wordfreq` (Speer 2022; data CC BY-SA 4.0). No sentences: the recogniser should
read letters, not guess words.
"""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np
import wordfreq

from training.text.alphabet import NUMBER

_SHARES = {
    "ar": 0.42,
    "fa": 0.07,
    "ur": 0.05,
    "ru": 0.30,
    "uk": 0.06,
    "bg": 0.03,
    "sr": 0.02,
    "mk": 0.01,
    "en": 0.04,
}
UNKNOWN_LETTERS = {
    "he": "אבגדהוזחטיכלמנסעפצקרשתךםןףץ",
    "hi": "अआइईउऊएऐओऔकखगघचछजझटठडढतथदधनपफबभमयरलवशषसह",
    "bn": "অআইঈউঊএঐওঔকখগঘচছজঝটঠডঢতথদধনপফবভমযরলশষসহ",
    "th": "กขคงจฉชซญณดตถทธนบปผฝพฟภมยรลวศษสหอฮะาเแโใไ",
    "ka": "აბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰ",
    "hy": "աբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփքօֆ",
    "am": "ሀለሐመሠረሰሸቀበተቸኀነኘአከኸወዐዘየደጀገጠጨጰጸፀፈፐ",
    "ta": "அஆஇஈஉஊஎஏஐஒஓகஙசஞடணதநபமயரலவழளறன",
}
"""Letters that the recogniser is to leave blank: another engine reads them, or none."""
RIGHT_TO_LEFT = ("ar", "fa", "ur")
_LATIN_NAMES = [
    "Facebook",
    "Twitter",
    "YouTube",
    "Telegram",
    "WhatsApp",
    "Google",
    "Instagram",
    "TikTok",
    "Pentagon",
    "CNN",
    "BBC",
    "USA",
    "UK",
    "UN",
    "CIA",
    "FBI",
    "Mark",
    "Jack",
    "Zuckerberg",
    "Dorsey",
    "iPhone",
    "Android",
    "PDF",
    "HD",
    "TV",
    "www.site.org",
    "@news",
    "#breaking",
    "info@mail.com",
    "3D",
    "VPN",
]
_EASTERN = {"ar": "٠١٢٣٤٥٦٧٨٩", "fa": "۰۱۲۳۴۵۶۷۸۹", "ur": "۰۱۲۳۴۵۶۷۸۹"}
_SERBIAN = str.maketrans("abvgdđežzijklmnoprstćufhcčš", "абвгдђежзијклмнопрстћуфхцчш")
_TASHKEEL = "\u064b\u064c\u064d\u064e\u064f\u0650\u0651\u0652"
_SILENT = re.compile(r"[\u064b-\u0655\u0640\u0670\u200c-\u200f]")


@lru_cache(maxsize=16)
def _words(language: str) -> tuple[list[str], np.ndarray]:
    listed = wordfreq.top_n_list("sh" if language == "sr" else language, 60_000)
    words = [
        word
        for word in (map(_in_cyrillic, listed) if language == "sr" else listed)
        if all(letter in NUMBER for letter in label(word)) and _own(word, language)
    ]
    # Between how often words occur and all words alike: rare words hold the rare letters.
    weights = (np.arange(len(words)) + 20.0) ** -0.6
    return words, np.cumsum(weights / weights.sum())


def _in_cyrillic(word: str) -> str:
    """A Serbian word in its other alphabet."""
    for latin, cyrillic in (("dž", "џ"), ("lj", "љ"), ("nj", "њ")):
        word = word.replace(latin, cyrillic)
    return word.translate(_SERBIAN)


def _own(word: str, language: str) -> bool:
    low, high = (
        ("\u0600", "\u06ff")
        if language in RIGHT_TO_LEFT
        else ("a", "z")
        if language == "en"
        else ("\u0400", "\u052f")
    )
    return all(low <= letter <= high for letter in word)


def label(text: str) -> str:
    """What the recogniser should write for a drawn text: without vowel marks, stretching and joiners."""
    return _SILENT.sub("", text)


def line(rng: np.random.Generator, language: str | None = None) -> tuple[str, str]:
    """Draw a line: its language and its text in logical order."""
    if language is None:
        language = str(rng.choice(list(_SHARES), p=np.array(list(_SHARES.values())) / sum(_SHARES.values())))
    words, cumulative = _words(language)
    count = int(rng.choice([1, 2, 3, 4, 5, 6, 7], p=[0.12, 0.17, 0.2, 0.19, 0.15, 0.1, 0.07]))
    parts = [words[int(i)] for i in np.searchsorted(cumulative, rng.random(count)).clip(0, len(words) - 1)]
    if rng.random() < 0.04:
        parts = [_scrambled(rng, part) for part in parts]
    if language not in RIGHT_TO_LEFT:
        style = rng.random()
        if style < 0.35:
            parts = [part.upper() for part in parts]
        elif style < 0.5:
            parts = [part.capitalize() for part in parts]
        elif style < 0.8:
            parts[0] = parts[0].capitalize()
    elif rng.random() < 0.1:
        parts = [_stretched(rng, part) for part in parts]
    elif rng.random() < 0.12:
        parts = [_vowelled(rng, part) for part in parts]
    for _ in range(2):
        if rng.random() < 0.2:
            parts.insert(int(rng.integers(len(parts) + 1)), _number(rng, language))
    if rng.random() < 0.12:
        names = _LATIN_NAMES if rng.random() < 0.5 else _words("en")[0][:20_000]
        name = str(names[int(rng.integers(len(names)))])
        name = name if rng.random() < 0.5 else name.capitalize() if rng.random() < 0.7 else name.upper()
        parts.insert(int(rng.integers(len(parts) + 1)), name)
    return language, _punctuated(rng, parts, language)


def unknown(rng: np.random.Generator) -> tuple[str, str]:
    """Draw a line in a script that the recogniser does not know: its language and its letters."""
    language = str(rng.choice(list(UNKNOWN_LETTERS)))
    letters = list(UNKNOWN_LETTERS[language])
    words = ["".join(rng.choice(letters, int(rng.integers(2, 9)))) for _ in range(int(rng.integers(1, 5)))]
    return language, " ".join(words)


def _punctuated(rng: np.random.Generator, parts: list[str], language: str) -> str:
    comma, question = ("،", "؟") if language in RIGHT_TO_LEFT else (",", "?")
    for i in range(len(parts) - 1):
        if rng.random() < 0.08:
            parts[i] += str(rng.choice([comma, ":", ".", "!", " -", " –", "…"]))
    if rng.random() < 0.35:
        parts[-1] += str(
            rng.choice([".", "!", question, "...", "!!", ":", comma, "؛" if language == "ar" else ";"])
        )
    text = " ".join(parts)
    if rng.random() < 0.08:
        opening, closing = [("«", "»"), ('"', '"'), ("(", ")"), ("“", "”"), ("[", "]"), ("„", "“")][
            int(rng.integers(6))
        ]
        text = opening + text + closing
    if rng.random() < 0.03:
        text = str(rng.choice(["- ", "— ", "• ", "#", "* "])) + text
    return text


def _number(rng: np.random.Generator, language: str) -> str:
    value = int(10 ** rng.uniform(0, 6))
    kind = rng.random()
    if kind < 0.5:
        text = str(value)
    elif kind < 0.7:
        text = f"{value:,}" if rng.random() < 0.6 else f"{value:,}".replace(",", ".")
    elif kind < 0.8:
        text = f"{value % 24:02d}:{value % 60:02d}"
    elif kind < 0.9:
        text = f"{rng.integers(1, 32)}/{rng.integers(1, 13)}/{rng.integers(1990, 2030)}"
    else:
        text = f"{value % 100}%"
    if language in _EASTERN and rng.random() < 0.5:
        text = text.translate(str.maketrans("0123456789", _EASTERN[language]))
        if language == "ar":
            text = text.replace("%", "٪")
    return text


def _scrambled(rng: np.random.Generator, word: str) -> str:
    return "".join(np.array(list(word))[rng.permutation(len(word))])


def _stretched(rng: np.random.Generator, word: str) -> str:
    spots = [
        i for i in range(len(word) - 1) if word[i] not in "ءآأؤإاةدذرزوىژڈڑےں" and word[i + 1] not in "ء"
    ]
    if not spots or rng.random() < 0.4:
        return word
    spot = int(rng.choice(spots)) + 1
    return word[:spot] + "ـ" * int(rng.integers(1, 5)) + word[spot:]


def _vowelled(rng: np.random.Generator, word: str) -> str:
    return "".join(
        letter + (str(rng.choice(list(_TASHKEEL))) if rng.random() < 0.5 else "") for letter in word
    )
