"""Right-to-left lines: from the order in which their letters stand, left to right, to that of reading."""

from __future__ import annotations

import re

_ARABIC = r"\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_DIGITS = r"0-9\u0660-\u0669\u06f0-\u06f9"
_WORD = rf"[^\W{_ARABIC}]"
# What keeps its order within a line that runs from right to left: words of other scripts with what stands
# between two of them, and numbers with their separators (Unicode Standard Annex 9, rules W4, N1 and L2).
_LEFT_TO_RIGHT = re.compile(
    rf"[{_DIGITS}]*[^\W{_ARABIC}{_DIGITS}_](?:{_WORD}|[^\w{_ARABIC}](?=[^\w{_ARABIC}]*{_WORD}))*"
    rf"|[{_DIGITS}]+(?:[.,:/\u066b\u066c\u060c][{_DIGITS}]+)*"
)
_RIGHT_TO_LEFT = re.compile(f"[{_ARABIC}]")
_MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")


def runs_right_to_left(text: str) -> bool:
    """Whether a line holds letters that are written from right to left."""
    return _RIGHT_TO_LEFT.search(text.translate(_NO_DIGITS)) is not None


_NO_DIGITS = dict.fromkeys([*range(0x660, 0x66A), *range(0x6F0, 0x6FA)])


def turned(line: str) -> str:
    """Turn a right-to-left line from the order in which its letters stand to that of reading, or back.

    Where a number stands beside a word of another script, two orders of reading look the same; the word is
    then read first.
    """
    parts, at = list[str](), 0
    for run in _LEFT_TO_RIGHT.finditer(line):
        parts += [line[at : run.start()][::-1].translate(_MIRRORED), run.group()]
        at = run.end()
    parts.append(line[at:][::-1].translate(_MIRRORED))
    return "".join(reversed(parts))


_PERSIAN = str.maketrans("يىك", "ییک")
_ARABIC_FORMS = str.maketrans("یک", "يك")
_PERSIAN_LETTERS, _URDU_LETTERS = "پچژگ", "ٹڈڑںےھہ"


def in_one_alphabet(text: str) -> str:
    """Write kaf and ya of one line as one language does.

    Arabic and Persian have letters of their own for them which look the same within a word, so that a
    recogniser mixes them. A line with letters that only Persian or Urdu has is written as they do; another
    as Arabic does, unless several of its kafs and yas are Persian and hardly any Arabic.
    """
    own = sum(text.count(letter) for letter in _PERSIAN_LETTERS + _URDU_LETTERS)
    persian = sum(text.count(letter) for letter in "یک")
    arabic, only_arabic = (sum(text.count(letter) for letter in some) for some in ("يىك", "ةأإ"))
    # One letter of them may be misread.
    certain = own > only_arabic and (own > 1 or persian >= arabic)
    as_persian = certain or persian > 2 * (arabic + only_arabic) + 1
    return text.translate(_PERSIAN if as_persian else _ARABIC_FORMS)


_PAIRED = {"(": ")", ")": "(", "[": "]", "]": "[", "{": "}", "}": "{", "«": "»", "»": "«"}


def without_stray_marks(line: str) -> str:
    """Drop what the rim of a bar or a neighbouring line was taken for.

    That is marks which never begin a line, and at both ends brackets without their other half.
    """
    line = line.strip().lstrip("،؛,;:!؟?~^'`|_ ")
    if not line.startswith(".."):
        line = line.lstrip(". ")
    while line and _PAIRED.get(line[-1], line[-1]) not in line:
        line = line[:-1].rstrip()
    while line and _PAIRED.get(line[0], line[0]) not in line:
        line = line[1:].lstrip()
    return line


def segments(line: str) -> list[tuple[str, bool]]:
    """Cut a logical line into stretches as they stand, left to right, and say whether each is turned."""
    parts, at = list[tuple[str, bool]](), 0
    for run in _LEFT_TO_RIGHT.finditer(line):
        parts += [(line[at : run.start()], True), (run.group(), False)]
        at = run.end()
    parts.append((line[at:], True))
    return [part for part in reversed(parts) if part[0]]
