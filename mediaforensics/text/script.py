"""Which script and which language a text is in, told from its letters alone."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

LATIN = "Latin"
UNKNOWN = "Common"

SCRIPT_OF_LANGUAGE = {
    **dict.fromkeys(("ara", "fas", "urd", "pus", "uig", "snd", "kur_ara"), "Arabic"),
    **dict.fromkeys(
        ("rus", "ukr", "bel", "bul", "srp", "mkd", "kaz", "kir", "tgk", "tat", "mon", "uzb_cyrl", "aze_cyrl"),
        "Cyrillic",
    ),
    **dict.fromkeys(("heb", "yid"), "Hebrew"),
    **dict.fromkeys(("hin", "mar", "nep", "san"), "Devanagari"),
    **dict.fromkeys(("amh", "tir"), "Ethiopic"),
    **dict.fromkeys(("ben", "asm"), "Bengali"),
    "bod": "Tibetan",
    "chr": "Cherokee",
    "div": "Thaana",
    "ell": "Greek",
    "guj": "Gujarati",
    "hye": "Armenian",
    "kan": "Kannada",
    "kat": "Georgian",
    "khm": "Khmer",
    "kor": "Hangul",
    "lao": "Lao",
    "mal": "Malayalam",
    "mya": "Myanmar",
    "ori": "Oriya",
    "pan": "Gurmukhi",
    "sin": "Sinhala",
    "syr": "Syriac",
    "tam": "Tamil",
    "tel": "Telugu",
    "tha": "Thai",
    **dict.fromkeys(("chi_sim", "chi_tra"), "Han"),
    "jpn": "Hiragana",
}
"""Tesseract codes of the languages that are not written in Latin letters."""

_LATIN_CODES = """
afr aze bos bre cat ceb ces cos cym dan deu eng enm epo est eus fao fil fin fra frk frm fry gla gle
glg hat hau hrv hun ind isl ita ita_old jav kmr kur lat lav lit ltz mlt mri msa nld nor oci pol por
que ron slk slv som spa spa_old sqi srp_latn sun swa swe tgl tuk tur uzb
"""
LATIN_LANGUAGES = frozenset(_LATIN_CODES.split())
"""Codes of the languages that PP-OCR reads: all letters of theirs are in its alphabet. Vietnamese and Yoruba,
with marks below the letter, are not."""

_WORDS = {
    "en": "the and of to you your we will is are our us not this that have for with what all they know",
    "fr": "le la les des et vous nous est sont pas une votre vos notre nos dans pour que qui sur du au avec",
    "de": "der die das und ist nicht wir ihr euch eure sie ein eine mit auf werden wird von zu den dem",
    "es": "el la los las y que de no es son en una nosotros vosotros su sus por para con del está más",
    "it": "il lo gli e che di non è sono una noi voi vostro per con del della nel più questo siete",
    "pt": "o os as e que de não é são em uma nós você vocês seu para com do da no na mais está",
    "nl": "de het een en van is niet wij jullie ons zijn op met voor dat zullen worden wat",
    "tr": "ve bir bu için ile değil sizi sizin biz siz olan olacak çok daha ne var yok gibi kadar",
    "id": "yang dan di kami kamu kalian tidak akan ini itu dengan untuk dari kita adalah",
}
_LETTERS = {
    "fr": "àâæçèéêëîïôœùûÿ",
    "de": "äöüß",
    "es": "ñ¿¡áéíóú",
    "pt": "ãõçáéêôâ",
    "tr": "ğşıİçöü",
    "it": "àèéìòù",
}
_CYRILLIC = {"uk": "іїєґ", "be": "ўі", "sr": "ђћџљњј", "mk": "ѓќѕ", "kk": "әғқңөұүһ", "ru": "ыэъё"}
_ARABIC = {"ur": "ٹڈڑںےہھ", "fa": "پچژگکی", "ar": "ةىيكأإؤئ"}
_OWN_LETTERS = {"fas": "پچژگ", "urd": "ٹڈڑںے"}
_ONE_SHAPE = frozenset("iıscçşoöuüvzxw")
"""Small letters that have the shape of their capital, but for their size."""
_LATIN_TWINS, _CYRILLIC_TWINS = "ABCEHKMOPTXYaceopxyk", "АВСЕНКМОРТХУасеорхук"
_CYRILLIC_SHAPES = str.maketrans("gunrNRΛ۸٨", "дипгИЯЛлл")
"""What single Cyrillic letters look like in round, slanted and geometric faces."""
_TO_CYRILLIC = str.maketrans(_LATIN_TWINS, _CYRILLIC_TWINS)
_TO_LATIN = str.maketrans(_CYRILLIC_TWINS, _LATIN_TWINS)
_SCRIPT_LANGUAGE = {
    "Hebrew": "he",
    "Greek": "el",
    "Hiragana": "ja",
    "Katakana": "ja",
    "Hangul": "ko",
    "Han": "zh",
    "Thai": "th",
    "Armenian": "hy",
    "Georgian": "ka",
}
_SCRIPT_WORDS = {"Cjk": "Han", "Hangul": "Hangul"}
_LOOK_ALIKES = frozenset("ABCEHKMOPTXYaceopxy")
"""Latin capitals and small letters that have a Cyrillic twin."""


def script_of(text: str) -> str:
    """Unicode name of the script most letters belong to; ``Common`` where there is no letter."""
    counts = Counter(map(_script_of_letter, filter(str.isalpha, unicodedata.normalize("NFKC", text))))
    if not counts:
        return UNKNOWN
    # Kana settles that the Chinese characters beside it are Japanese.
    if counts["Hiragana"] + counts["Katakana"] > 0 and counts["Han"] > 0:
        return "Hiragana"
    return max(sorted(counts), key=counts.__getitem__)


def _script_of_letter(letter: str) -> str:
    word = unicodedata.name(letter, UNKNOWN).split()[0].title()
    return _SCRIPT_WORDS.get(word, word)


def letters_in(text: str, script: str) -> int:
    """Number of letters of ``script`` in ``text``."""
    return sum(_script_of_letter(letter) == script for letter in text if letter.isalpha())


def own_letters(text: str, code: str) -> int:
    """Number of letters that are written in this language and not in others of its script; 0 for others."""
    return sum(letter in _OWN_LETTERS.get(code, "") for letter in text)


def with_turkish_capitals(text: str) -> str:
    """Set right words in capitals whose letters of one shape in both cases were read as small ones.

    Only in Turkish and Azeri is a dotted capital a letter of its own: ``SiZSiNiZ`` is ``SİZSİNİZ``.
    """
    return re.sub(r"[^\W\d_]+", lambda word: _turkish_word(word[0]), text)


def _turkish_word(word: str) -> str:
    small = [letter for letter in word if letter.islower()]
    capitals = any(letter.isupper() for letter in word[1:])
    if not small or not capitals or any(letter not in _ONE_SHAPE for letter in small):
        return word
    return word.replace("i", "İ").replace("ı", "I").upper()


def with_whole_words(text: str) -> str:
    """Write each word of a Cyrillic line in one script.

    A recogniser cannot tell the letters that Latin and Cyrillic share by their shape, nor О from 0 and З from
    3: in a word with other Cyrillic letters, and in a whole word of such letters where much of the line is
    Cyrillic, they are Cyrillic; in a word with other Latin letters they are Latin.
    """
    cyrillic = letters_in(text, "Cyrillic")
    if not cyrillic:
        return text
    mostly = 2 * cyrillic > letters_in(text, LATIN)
    return re.sub(r"[^\W_]+", lambda word: _whole_word(word[0], mostly), text)


def _whole_word(word: str, mostly_cyrillic: bool) -> str:
    own = sum(_script_of_letter(c) == "Cyrillic" and c not in _CYRILLIC_TWINS for c in word if c.isalpha())
    latin = sum(_script_of_letter(c) == LATIN and c not in _LATIN_TWINS for c in word if c.isalpha())
    letters = sum(map(str.isalpha, word))
    if own > latin:
        word, latin = word.translate(_CYRILLIC_SHAPES), 0
    if not letters or (own and latin):
        return word
    if own or (not latin and mostly_cyrillic and 2 * letters > len(word)):
        turned = word.translate(_TO_CYRILLIC)
        return re.sub(r"(?<=[^\W\d_])[03]|[03](?=[^\W\d_]{2})", _letter_for_digit, turned)
    return word.translate(_TO_LATIN) if latin else word


def _letter_for_digit(digit: re.Match[str]) -> str:
    beside = digit.string[digit.start() - 1] if digit.start() else digit.string[digit.end()]
    letter = {"0": "О", "3": "З"}[digit[0]]
    return letter if beside.isupper() else letter.lower()


def looks_cyrillic(text: str) -> bool:
    """Whether every letter of a Latin reading has a Cyrillic twin, so that it may be misread Cyrillic."""
    letters = [letter for letter in text if letter.isalpha()]
    return len(letters) >= 2 and all(letter in _LOOK_ALIKES for letter in letters)


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the language, None where the text does not settle it.

    Parameters
    ----------
    text : str
        In logical order.

    Notes
    -----
    Latin text is told by function words and by letters that few languages have; other scripts by letters
    that only one of their languages has, else by the language most written in them.
    """
    script = script_of(text)
    folded = unicodedata.normalize("NFC", text).lower()
    if script == "Cyrillic":
        return _by_letters(folded, _CYRILLIC, default="ru" if letters_in(text, script) >= 4 else None)
    if script == "Arabic":
        return _by_letters(folded, _ARABIC, default="ar" if letters_in(text, script) >= 4 else None)
    if script != LATIN:
        return _SCRIPT_LANGUAGE.get(script)
    words = re.findall(r"[^\W\d_]+", folded.replace("'", " ").replace("’", " "))
    evidence = {}
    for language, known in _WORDS.items():
        hits = sum(word in known.split() for word in words)
        marks = sum(mark in folded for mark in _LETTERS.get(language, ""))
        evidence[language] = hits + 0.8 * marks
    first, second = sorted(evidence, key=lambda language: -evidence[language])[:2]
    sure = evidence[first] >= 1 and evidence[first] > evidence[second]
    return first if sure else None


def _by_letters(text: str, marks: dict[str, str], default: str | None) -> str | None:
    counts = {language: sum(text.count(mark) for mark in letters) for language, letters in marks.items()}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else default
