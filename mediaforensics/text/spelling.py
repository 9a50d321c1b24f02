"""Which words of a pack a word on the picture may be, and what it costs to believe so.

A word that the language has is taken as it stands. Only what is no word may be a misread one, and then any
word of the pack within its tolerance; whether that is believed is for the phrase as a whole to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from mediaforensics.text.damage import EDIT, LOOK_ALIKE, LOST_SPACE
from mediaforensics.text.packs import Pack
from mediaforensics.text.words import Word, script_of, skeleton

UNLISTED = 6
"""What it costs beyond the misreading to take for misread what may well be a word that no list holds."""
REAL_WORD = 8
"""The same for what is a word of the language."""

_SHORTEST_PREFIXED = 4
_LONGEST_WORD = 40
_SEAMS = (".", ",", "'", "`", "´", ";", ":", "-", "·", " ", "\n")
_NOTHING: Mapping[int, int] = MappingProxyType({})
_DAMAGED_FRACTION = 0.15
"""Of the words of a text. Names and foreign words make up less of most texts; where one letter in ten is
misread, it is three words in ten."""

_FEW_WORDS = 4
"""One strange word among so few says nothing about the text."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How much misreading is believed, in tenths of a wrong letter.

    Attributes
    ----------
    word : int
        At most, in one word; 0 where words are taken as they stand.
    slack : int
        Beyond what a word of the pack bears by its length.
    real_word : int
        At most, in a word that the language has: none of it in a text that is well read.
    phrase, per_ten_letters : int
        In a phrase whatever its length, and for its letters: what is expected and the spread of it, which
        weighs most in short phrases.
    """

    word: int
    slack: int
    real_word: int
    phrase: int
    per_ten_letters: int


_NEARLY = Trust(word=EDIT, slack=0, real_word=0, phrase=0, per_ten_letters=0)
_ALMOST = Trust(word=LOOK_ALIKE, slack=0, real_word=0, phrase=0, per_ten_letters=0)
LITERAL = Trust(word=0, slack=0, real_word=0, phrase=0, per_ten_letters=0)
WELL_READ = Trust(word=20, slack=0, real_word=0, phrase=8, per_ten_letters=12)
DAMAGED = Trust(word=30, slack=3, real_word=EDIT, phrase=10, per_ten_letters=18)


def trust_in(pack: Pack, parts: Sequence[Sequence[Word]]) -> Trust:
    """How well a text was read, told by how many of its words are like none of the language."""
    words = [word for part in parts for word in part if word.number is None]
    strange = sum(
        not is_known(pack, word.folded) and not sounds_like(pack.familiar, word.folded) for word in words
    )
    enough = strange > 1 or (strange == 1 and len(words) > _FEW_WORDS)
    return DAMAGED if enough and strange >= _DAMAGED_FRACTION * len(words) else WELL_READ


@dataclass(frozen=True, slots=True)
class Recognizer:
    """Looks words up in one pack."""

    pack: Pack
    trust: Trust

    def lexemes(self, word: Word) -> Mapping[int, int]:
        """Lexeme numbers to cost: 0 as written, else in tenths of a wrong letter."""
        return _look_up(self.pack, word.folded, self.trust)

    def knows(self, word: Word) -> bool:
        """Whether the word stands there as written: a lexeme, a common word or a number."""
        return word.number is not None or is_known(self.pack, word.folded)

    def torn(self, first: Word, second: Word) -> Mapping[int, int]:
        """Lexemes that two neighbours are together, where a space or a speck tore one word in two."""
        if not self.trust.word or second.before not in _SEAMS:
            return _NOTHING
        if self.knows(first) and (self.knows(second) or sounds_like(self.pack.familiar, second.folded)):
            return _NOTHING
        folded = first.folded + second.folded
        if not 4 <= len(folded) <= _LONGEST_WORD:
            return _NOTHING
        found = _look_up(self.pack, folded, _ALMOST)
        return {
            number: cost + LOST_SPACE
            for number, cost in found.items()
            if self.pack.lexemes[number].length > len(first.folded)
        }

    def parted(self, words: list[Word]) -> list[Word]:
        """The words, with those parted that are two known words run together."""
        if not self.trust.word:
            return words
        return [part for word in words for part in self._parted(word)]

    def _parted(self, word: Word) -> Iterable[Word]:
        size = len(word.folded)
        # Only where letters and folded letters correspond one to one is the place of the cut known.
        if not 5 <= size <= _LONGEST_WORD or word.end - word.start != size or self.knows(word):
            return (word,)
        if sounds_like(self.pack.familiar, word.folded):
            return (word,)
        best: tuple[int, tuple[Word, Word]] | None = None
        for cut in range(2, size - 1):
            parts = (_part(word, 0, cut), _part(word, cut, size))
            cost = self._cost_of(parts)
            if cost is not None and (best is None or cost < best[0]):
                best = cost, parts
        whole = min(self.lexemes(word).values(), default=None)
        if best is None or (whole is not None and whole <= best[0] + LOST_SPACE):
            return (word,)
        return best[1]

    def _cost_of(self, parts: tuple[Word, Word]) -> int | None:
        """What it costs to see two words of the pack here: one as written, the other nearly so."""
        known = [self.knows(part) and not part.folded.isdigit() for part in parts]
        if all(known):
            return 0
        if not any(known):
            return None
        damaged = parts[known.index(False)]
        if len(damaged.folded) < 4:
            return None
        return min(_look_up(self.pack, damaged.folded, _NEARLY).values(), default=None)


def _part(word: Word, a: int, b: int) -> Word:
    folded = word.folded[a:b]
    return Word(
        start=word.start + a,
        end=word.start + b,
        folded=folded,
        skeleton=skeleton(folded),
        number=None,
        before=word.before if a == 0 else "",
    )


def is_known(pack: Pack, folded: str) -> bool:
    """Whether a spelling needs no misreading to be explained."""
    if folded in pack.familiar or any(True for _ in _as_written(pack, folded)):
        return True
    if any(folded.startswith(p) and folded[len(p) :] in pack.familiar for p in pack.prefixes):
        return len(folded) > _SHORTEST_PREFIXED
    return any(
        bare in pack.familiar or any(True for _ in _as_written(pack, bare)) for bare in _bare(pack, folded)
    )


def _bare(pack: Pack, folded: str) -> Iterable[str]:
    """The spelling without each particle that may be written together with it."""
    for clitic in pack.clitics:
        if folded.startswith(clitic) and len(folded) - len(clitic) >= 3:
            yield folded[len(clitic) :]


@lru_cache(maxsize=50_000)
def _look_up(pack: Pack, folded: str, trust: Trust) -> Mapping[int, int]:
    """Lexemes that the spelling is or may be, with their costs."""
    spellings = (folded, *_bare(pack, folded))
    found = {number: 0 for spelling in spellings for number in _as_written(pack, spelling)}
    if not trust.word or len(folded) > _LONGEST_WORD or script_of(folded) != pack.script:
        return found
    if found or is_known(pack, folded):
        if trust.real_word and not (len(folded) > 2 and folded in pack.function_words):
            for number, cost in pack.neighbours.of(folded, trust.real_word):
                if cost <= LOOK_ALIKE or pack.lexemes[number].folded in pack.function_words:
                    found.setdefault(number, cost + REAL_WORD)
        return found
    for spelling in spellings:
        doubt = UNLISTED if sounds_like(pack.familiar, spelling) else 0
        for number, cost in pack.neighbours.of(spelling, trust.word - doubt, trust.slack):
            found[number] = min(cost + doubt, found.get(number, cost + doubt))
    return found


@cache
def _runs(words: frozenset[str]) -> frozenset[str]:
    """Every four letters in a row that occur in the words, their beginnings and ends marked."""
    return frozenset(word[i : i + 4] for word in map("^{}$".format, words) for i in range(len(word) - 3))


def sounds_like(words: frozenset[str], spelling: str) -> bool:
    """Whether a spelling is put together as the language's words are: likelier unlisted than misread."""
    word = f"^{spelling}$"
    runs = _runs(words)
    return len(spelling) > 3 and all(word[i : i + 4] in runs for i in range(len(word) - 3))


def _as_written(pack: Pack, spelling: str) -> Iterable[int]:
    yield from pack.exact_words.get(spelling, ())
    for length in range(2, len(spelling) + 1):
        yield from pack.stems.get(spelling[:length], ())
