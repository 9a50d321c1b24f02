"""What a pack of threat rules is: words, patterns of them, what they mean and what makes them less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mediaforensics.text.neighbours import Neighbours

FAMILIES = {
    "death_threat": "harm",
    "violence": "harm",
    "call_to_action": "harm",
    "destruction": "things",
    "account_takeover": "accounts",
    "ultimatum": "ultimatum",
    "capability_claim": "claim",
    "taunt": "taunt",
}
"""Every category with its family; readings of one family compete for the same words."""

SCRIPTS = ("Latin", "Cyrillic", "Arabic")


@dataclass(frozen=True, slots=True)
class Lexeme:
    """A word or, where ``stem``, the beginning of words.

    ``tolerance`` is how much misreading it bears, in tenths of a letter, in proportion to its letters. Two
    letters bear it only in grammar words, which no act is: so short an act has too many neighbours.
    ``weight`` is what it tells: its letters, or half of them where every text has it.
    """

    folded: str
    stem: bool
    tolerance: int
    weight: int

    @property
    def length(self) -> int:
        """Number of letters."""
        return len(self.folded)


@dataclass(frozen=True, slots=True)
class Element:
    """One step of a pattern. ``kind`` is ``one_of``, ``gap`` or ``begin``."""

    kind: str
    choices: tuple[int | str, ...] = ()
    optional: bool = False
    most: int = 0


Pattern = tuple[Element, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A threat pattern with its meaning, and the sentences that must and must not fit it."""

    id: str
    category: str
    severity: int
    patterns: tuple[Pattern, ...]
    explanation: str
    negatable: bool
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedge:
    """A pattern that makes a threat less than one. ``effect`` is ``drop`` or ``context``."""

    id: str
    effect: str
    scope: str
    families: tuple[str, ...]
    patterns: tuple[Pattern, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pack:
    """The rules of one language, compiled."""

    language: str
    script: str
    lexemes: tuple[Lexeme, ...]
    classes: Mapping[str, tuple[Pattern, ...]]
    rules: tuple[Rule, ...]
    hedges: tuple[Hedge, ...]
    deadlines: tuple[tuple[str, Pattern], ...]
    numbers: Mapping[str, int]
    multipliers: Mapping[str, int]
    clitics: tuple[str, ...]
    prefixes: tuple[str, ...]
    familiar: frozenset[str]
    function_words: frozenset[str]
    openers: frozenset[str]
    exact_words: Mapping[str, tuple[int, ...]] = field(repr=False)
    stems: Mapping[str, tuple[int, ...]] = field(repr=False)
    neighbours: Neighbours = field(repr=False)
