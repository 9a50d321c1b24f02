"""One pack of rules over one text: which phrases stand there, what they mean, and what makes them less."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from mediaforensics.text.damage import EDIT
from mediaforensics.text.packs import FAMILIES, Hedge, Pack, Rule
from mediaforensics.text.phrases import Path, SentenceMatcher
from mediaforensics.text.spelling import LITERAL, Recognizer, Trust
from mediaforensics.text.words import Word

Category = Literal[
    "death_threat",
    "violence",
    "destruction",
    "account_takeover",
    "ultimatum",
    "call_to_action",
    "capability_claim",
    "taunt",
]

_DETERMINERS = frozenset({"your", "those"})
_TARGET_CLASSES = ("people", "assets", "your", "those", "you", "@")
_PEOPLE = frozenset({"people", "you"})
_NEAR_WORDS = 8
_READ_CLOSELY = 300
"""Words of a text: in sentences that end beyond, misread words are not recognised. A screen full of
text has fewer; to look for what each may have been is most of the work."""
_QUOTED = re.compile(r"“[^”“]{0,600}”|«[^»«]{0,600}»|„[^“”„]{0,600}[“”]|\"[^\"]{0,600}\"")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedQuantity:
    """A number that a threat states, and of what, in the text's own words (empty where it does not say)."""

    value: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreatReading:
    """One threat read in a text.

    Attributes
    ----------
    category : str
        What kind of threat.
    severity : int
        0 context only, 1 claim or taunt, 2 threat of violence or destruction, 3 explicit threat to life.
    quote : str
        The words it rests on: exactly ``text[start:end]``.
    start, end : int
        Character offsets in the text as given, half-open.
    targets : tuple of str
        Whom or what it is aimed at, in the text's own words.
    quantities : tuple of ClaimedQuantity
        Numbers that it states.
    deadline : str or None
        In English words: ``soon``, ``tomorrow``, ``within 48 hours``.
    rule : str
        Stable name of the rule, such as ``en.death.will-kill-you``.
    explanation : str
        In plain words, with the reason where the severity was lowered.
    language : str
        ISO 639-1 code of the pack that read it.
    at_people, at_things : bool
        Whether people, or things of theirs, stand there as its target.
    """

    category: Category
    severity: int
    quote: str
    start: int
    end: int
    targets: tuple[str, ...]
    quantities: tuple[ClaimedQuantity, ...]
    deadline: str | None
    rule: str
    explanation: str
    language: str
    at_people: bool
    at_things: bool


class PackReader:
    """One pack over one text."""

    def __init__(self, pack: Pack, text: str, trust: Trust) -> None:
        self._pack, self._trust = pack, trust
        self._text = text
        self._quoted = [match.span() for match in _QUOTED.finditer(text)]

    def read(self, parts: Sequence[list[Word]]) -> Iterable[ThreatReading]:
        """Every phrase that fits, rivals included."""
        matchers: list[SentenceMatcher] = []
        count = 0
        for words in parts:
            trust = self._trust if count + len(words) <= _READ_CLOSELY else LITERAL
            matchers.append(SentenceMatcher(words, Recognizer(self._pack, trust)))
            count += len(words)
        setting = self._setting(matchers)
        for matcher in matchers:
            yield from self._read_sentence(matcher, setting)

    def _setting(self, matchers: Sequence[SentenceMatcher]) -> Hedge | None:
        """A hedge about the text as a whole: a recipe, a match report, a game."""
        for hedge in self._pack.hedges:
            if hedge.scope == "text":
                for matcher in matchers:
                    for pattern in hedge.patterns:
                        if any(not path.damage for _, _, path in matcher.matches(pattern)):
                            return hedge
        return None

    def _read_sentence(self, matcher: SentenceMatcher, setting: Hedge | None) -> Iterable[ThreatReading]:
        hedges: list[tuple[Hedge, int, int]] | None = None
        for rule in self._pack.rules:
            for pattern in rule.patterns:
                for start, end, path in matcher.matches(pattern):
                    if not self._rests_on_enough(path):
                        continue
                    if hedges is None:
                        hedges = [
                            (hedge, i, j)
                            for hedge in self._pack.hedges
                            if hedge.scope != "text"
                            for hedge_pattern in hedge.patterns
                            for i, j, hedge_path in matcher.matches(hedge_pattern)
                            if hedge_path.nearly_as_written
                        ]
                    reading = self._reading(matcher, rule, start, end, path, hedges, setting)
                    if reading is not None:
                        yield reading

    def _reading(
        self,
        matcher: SentenceMatcher,
        rule: Rule,
        start: int,
        end: int,
        path: Path,
        hedges: Sequence[tuple[Hedge, int, int]],
        setting: Hedge | None,
    ) -> ThreatReading | None:
        words = matcher.words
        end, targets = self._targets(matcher, end, path)
        severity = rule.severity
        reasons: list[str] = []
        family = FAMILIES[rule.category]
        for hedge, i, j in hedges:
            if hedge.families and family not in hedge.families:
                continue
            if hedge.scope == "negation":
                if not rule.negatable or not self._negates(matcher, i, j, start, end, path):
                    continue
            elif hedge.scope == "touching" and not (i < end + 3 and start < j):
                continue
            if hedge.effect == "drop":
                return None
            severity, reasons = 0, [*reasons, hedge.reason]
        if setting is not None and (not setting.families or family in setting.families):
            if severity <= 2:
                return None
            severity, reasons = 1, [*reasons, setting.reason]
        counted = self._quantities(matcher)
        if rule.category == "capability_claim":
            start, end = _whole_list(counted, start, end)
        quantities = tuple(quantity for i, _, quantity in counted if start <= i < end)
        first, last = words[start].start, words[end - 1].end
        if severity > 1 and self._is_quoted(first, last, words):
            severity, reasons = severity - 1, [*reasons, "the words stand in quotation marks"]
        deadline = self._deadline(matcher, start, end)
        sentence = rule.explanation
        if path.misread:
            sentence += f" (taking {self._misread(words, path)})"
        if reasons:
            sentence += f"; lowered because {' and '.join(dict.fromkeys(reasons))}"
        return ThreatReading(
            category=cast(Category, rule.category),
            severity=severity,
            quote=self._text[first:last],
            start=first,
            end=last,
            targets=targets,
            quantities=quantities,
            deadline=deadline,
            rule=rule.id,
            explanation=sentence,
            language=self._pack.language,
            at_people=any(label in _PEOPLE or label.endswith("_you") for label, _, _ in path.taken),
            at_things=any(label.endswith("assets") for label, _, _ in path.taken),
        )

    @staticmethod
    def _rests_on_enough(path: Path) -> bool:
        """One misread word is no evidence of anything."""
        return not path.damage or len({taken[1:] for taken in path.taken if not taken[0]}) > 1

    def _misread(self, words: Sequence[Word], path: Path) -> str:
        """Which words were read otherwise than they stand there."""
        return ", ".join(
            f"misread {self._text[words[i].start : words[j - 1].end]!r} for {meant!r}"
            for i, j, meant in dict.fromkeys(path.misread)
        )

    def _negates(self, matcher: SentenceMatcher, i: int, j: int, start: int, end: int, path: Path) -> bool:
        """Whether a negation at ``[i, j)`` is about the act: among its words or just before them."""
        taken = {k for label, a, b in path.taken if not label for k in range(a, b)}
        if i in taken or j - 1 in taken:
            return False
        if start <= i < end:
            return True
        between = "".join(word.before for word in matcher.words[j : start + 1])
        return start - 3 <= j <= start and not any(c in between for c in ",;:،؛\n")

    def _targets(self, matcher: SentenceMatcher, end: int, path: Path) -> tuple[int, tuple[str, ...]]:
        """The words aimed at; a bare "your" or "those" takes the next word or two with it."""
        words, spans = matcher.words, []
        for label, i, j in path.taken:
            if label in _DETERMINERS:
                while (
                    j < len(words)
                    and j - i < 4
                    and not words[j].before.strip()
                    and (words[j].folded not in self._pack.function_words)
                ):
                    j += 1
                end = max(end, j)
            if label in _TARGET_CLASSES or label.endswith("_you"):
                spans.append((i, j))
        kept = [s for s in spans if not any(o != s and o[0] <= s[0] and s[1] <= o[1] for o in spans)]
        texts = (
            " ".join(self._text[words[i].start : words[j - 1].end].split()) for i, j in sorted(set(kept))
        )
        return end, tuple(dict.fromkeys(texts))

    def _is_quoted(self, first: int, last: int, words: Sequence[Word]) -> bool:
        """Inside quotation marks with something said around them; a text wholly in marks is no quotation."""
        for a, b in self._quoted:
            if a <= first and last <= b:
                return any(word.end <= a or word.start >= b for word in words)
        return False

    def _deadline(self, matcher: SentenceMatcher, start: int, end: int) -> str | None:
        """The first time named in the sentence within a few words of the threat, in English words."""
        for meaning, pattern in self._pack.deadlines:
            for i, j, path in matcher.matches(pattern):
                if j < start - _NEAR_WORDS or i > end + _NEAR_WORDS or path.damage > EDIT:
                    continue
                values = [matcher.numbers[k] for label, k, _ in path.taken if label == "#"]
                return meaning.replace("#", str(values[0])) if values else meaning
        return None

    def _quantities(self, matcher: SentenceMatcher) -> list[tuple[int, int, ClaimedQuantity]]:
        """Numbers of the sentence with what they count; a bare number counts what the one before it did."""
        words = matcher.words
        found: list[tuple[int, int, ClaimedQuantity]] = []
        what = ""
        k = 0
        while k < len(words):
            number_at, value = k, matcher.numbers[k]
            k += 1
            if value is None:
                continue
            while k < len(words) and words[k].folded in self._pack.multipliers:
                value *= self._pack.multipliers[words[k].folded]
                k += 1
            first = k
            while k < len(words) and k - first < 3 and self._goes_on(matcher, k):
                k += 1
            if k > first:
                what = " ".join(self._text[words[first].start : words[k - 1].end].split())
            found.append((number_at, k, ClaimedQuantity(value=value, what=what)))
        return found

    def _goes_on(self, matcher: SentenceMatcher, k: int) -> bool:
        """Whether word ``k`` still belongs to the thing that the number before it counts."""
        word = matcher.words[k]
        return (
            matcher.numbers[k] is None
            and not word.before.strip(" \t\n\"'«»“”")
            and word.folded not in self._pack.function_words
        )


def _whole_list(counted: Sequence[tuple[int, int, ClaimedQuantity]], start: int, end: int) -> tuple[int, int]:
    """Word range ``[start, end)`` grown over the numbers listed right before and after it."""
    for i, j, _ in counted:
        if i <= end + 2 and j > end and i >= start:
            end = j
    for i, j, _ in reversed(counted):
        if j >= start - 2 and i < start:
            start = i
    return start, end
