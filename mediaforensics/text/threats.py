"""What a text threatens: who says they will do what to whom, until when, and what numbers it claims.

A reading is structure, not a word: agent, modality, act and target in one sentence, in any of the packs of
``threat_rules/``. Words may be damaged (see ``phrases``). Negation, figures of speech, quotation and news
reporting make a reading less or nothing, and it says why. A religious formula is in no rule: alone it is
never a threat.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Literal

from mediaforensics.text.phrases import Hedge, Pack, Path, Recognizer, Rule, SentenceMatcher, compile_pack
from mediaforensics.text.words import Word, script_of, sentences

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

_SCRIPTS = {
    "en": "Latin",
    "fr": "Latin",
    "de": "Latin",
    "es": "Latin",
    "ru": "Cyrillic",
    "ar": "Arabic",
    "tr": "Latin",
    "fa": "Arabic",
    "ur": "Arabic",
}

LANGUAGES = tuple(_SCRIPTS)
"""The packs that ship, ISO 639-1."""

MAX_CHARACTERS = 20_000
"""A text on a picture is a few hundred characters; what lies beyond is not read, and a warning says so."""

# Readings of one family compete for the same words; readings of two families may share them.
_FAMILIES = {
    "death_threat": "harm",
    "violence": "harm",
    "call_to_action": "harm",
    "destruction": "things",
    "account_takeover": "accounts",
    "ultimatum": "ultimatum",
    "capability_claim": "claim",
    "taunt": "taunt",
}
_DETERMINERS = frozenset({"your", "those"})
_TARGET_CLASSES = ("people", "assets", "your", "those", "you", "@")
_NEAR_WORDS = 8
_QUOTED = re.compile(r"“[^”“]{0,600}”|«[^»«]{0,600}»|„[^“”„]{0,600}[“”]|\"[^\"]{0,600}\"")
_logger = logging.getLogger(__name__)


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


@cache
def load_pack(language: str) -> Pack:
    """The pack that ships for one language.

    Raises
    ------
    ValueError
        There is none.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no threat rules for {language!r}; there are {', '.join(LANGUAGES)}")
    folder = resources.files("mediaforensics.text") / "threat_rules"
    return compile_pack((folder / f"{language}.toml").read_text(encoding="utf-8"))


def read_threats(text: str, language: str | None = None) -> tuple[ThreatReading, ...]:
    """All threats of a text, ordered by place.

    Parameters
    ----------
    text : str
        As recognised; line breaks inside sentences, misread letters and lost diacritics are expected.
    language : str or None
        ISO 639-1. Its pack and, for each script, the pack that knows most of the words may read damaged
        words. The other packs of the scripts that occur read only what stands there letter for letter: a
        wrong guess must not hide a threat, nor one language's words be taken for another's misread ones.

    Returns
    -------
    tuple of ThreatReading
        Never two of one family over the same words.
    """
    if len(text) > MAX_CHARACTERS:
        _logger.warning("a text of %d characters: only the first %d are read", len(text), MAX_CHARACTERS)
        text = text[:MAX_CHARACTERS]
    parts = sentences(text)
    scripts = {script_of(word.folded) for sentence in parts for word in sentence if word.number is None}
    packs = [load_pack(code) for code, script in _SCRIPTS.items() if script in scripts]
    likeliest = {script: _likeliest([p for p in packs if p.script == script], parts) for script in scripts}
    found: list[ThreatReading] = []
    for pack in packs:
        fuzzy = pack.language in (language, likeliest[pack.script])
        found.extend(_PackReader(pack, text, fuzzy=fuzzy).read(parts))
    return _without_rivals(found, language, text)


def _likeliest(packs: Sequence[Pack], parts: Sequence[list[Word]]) -> str | None:
    """The language whose words, grammar words above all, stand there most often as written."""

    def known(pack: Pack) -> int:
        recognizer = Recognizer(pack, fuzzy=False)
        words = (word for sentence in parts for word in sentence if word.number is None)
        return sum(2 * (w.folded in pack.function_words) + bool(recognizer.lexemes(w)) for w in words)

    return max(packs, key=known).language if packs else None


class _PackReader:
    """One pack over one text."""

    def __init__(self, pack: Pack, text: str, *, fuzzy: bool) -> None:
        self._pack = pack
        self._text = text
        self._recognizer = Recognizer(pack, fuzzy)
        self._quoted = [match.span() for match in _QUOTED.finditer(text)]

    def read(self, parts: Sequence[list[Word]]) -> Iterable[ThreatReading]:
        matchers = [SentenceMatcher(words, self._recognizer) for words in parts]
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
                    if path.damage and end - start == 1:
                        continue  # one misread word is no evidence of anything
                    if hedges is None:
                        hedges = [
                            (hedge, i, j)
                            for hedge in self._pack.hedges
                            if hedge.scope != "text"
                            for hedge_pattern in hedge.patterns
                            for i, j, hedge_path in matcher.matches(hedge_pattern)
                            if not hedge_path.damage
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
        family = _FAMILIES[rule.category]
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
        if path.damage:
            sentence += f" ({path.damage} misread letter{'s' if path.damage > 1 else ''} allowed for)"
        if reasons:
            sentence += f"; lowered because {' and '.join(dict.fromkeys(reasons))}"
        return ThreatReading(
            category=rule.category,  # type: ignore[arg-type]  # packs are checked by their test
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
                if j < start - _NEAR_WORDS or i > end + _NEAR_WORDS or path.damage > 1:
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


def _without_rivals(
    readings: Sequence[ThreatReading], language: str | None, text: str
) -> tuple[ThreatReading, ...]:
    """Of readings of one family over the same words keep the gravest, then the longest."""

    def rank(reading: ThreatReading) -> tuple[int, int, int, int, str]:
        return (
            -reading.severity,
            reading.language != language,
            reading.start - reading.end,
            reading.start,
            reading.rule,
        )

    kept: list[ThreatReading] = []
    for reading in sorted(readings, key=rank):
        family = _FAMILIES[reading.category]
        rivals = (other for other in kept if _FAMILIES[other.category] == family)
        if not any(other.start < reading.end and reading.start < other.end for other in rivals):
            kept.append(reading)
    for at, reading in enumerate(kept):
        if reading.category == "ultimatum":
            kept[at] = _with_consequence(reading, kept, text)
    return tuple(sorted(kept, key=lambda reading: (reading.start, reading.end, reading.rule)))


def _with_consequence(
    ultimatum: ThreatReading, readings: Sequence[ThreatReading], text: str
) -> ThreatReading:
    """The condition together with the threats that follow from it and overlap it."""
    consequences = [
        other
        for other in readings
        if other.category not in ("ultimatum", "capability_claim", "taunt")
        and ultimatum.start <= other.start < ultimatum.end
        and other.severity
    ]
    if not consequences:
        return ultimatum
    end = max(ultimatum.end, *(other.end for other in consequences))
    return replace(
        ultimatum,
        severity=max(ultimatum.severity, *(other.severity for other in consequences))
        if ultimatum.severity
        else 0,
        quote=text[ultimatum.start : end],
        end=end,
        targets=tuple(dict.fromkeys(t for r in (ultimatum, *consequences) for t in r.targets)),
        quantities=tuple(dict.fromkeys(q for r in (ultimatum, *consequences) for q in r.quantities)),
        deadline=ultimatum.deadline or next((r.deadline for r in consequences if r.deadline), None),
    )


__all__ = ["LANGUAGES", "MAX_CHARACTERS", "Category", "ClaimedQuantity", "ThreatReading", "read_threats"]
