"""What a text threatens: who says they will do what to whom, until when, and what numbers it claims.

A reading is structure, not a word: agent, modality, act and target in one sentence, in any of the packs of
``threat_rules/``. Words may be damaged (see ``phrases``). Negation, figures of speech, quotation and news
reporting make a reading less or nothing, and it says why. A religious formula is in no rule: alone it is
never a threat.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from mediaforensics.text.lexicon import Lexicon
from mediaforensics.text.packs import FAMILIES, Pack
from mediaforensics.text.shipped import LANGUAGES, SCRIPTS, load_pack
from mediaforensics.text.spelling import LITERAL, Recognizer, trust_in
from mediaforensics.text.threat_reader import Category, ClaimedQuantity, PackReader, ThreatReading
from mediaforensics.text.words import Word, script_of, sentences

MAX_CHARACTERS = 20_000
"""A text on a picture is a few hundred characters; what lies beyond is not read, and a warning says so."""

_logger = logging.getLogger(__name__)


def read_threats(
    text: str, language: str | None = None, lexicon: Lexicon | None = None
) -> tuple[ThreatReading, ...]:
    """All threats of a text, ordered by place.

    Parameters
    ----------
    text : str
        As recognised; line breaks inside sentences, misread letters and lost diacritics are expected.
    language : str or None
        ISO 639-1. Its pack and, for each script, the pack that knows most of the words may read damaged
        words. The other packs of the scripts that occur read only what stands there letter for letter: a
        wrong guess must not hide a threat, nor one language's words be taken for another's misread ones.
    lexicon : Lexicon, optional
        Rules of the user's own, beside or instead of those that ship.

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
    shipped = [load_pack(code) for code, script in SCRIPTS.items() if script in scripts]
    own = [pack for pack in lexicon.packs if pack.script in scripts] if lexicon else []
    known = {pack.language for pack in shipped}
    guesses = [*shipped, *(pack for pack in own if pack.language not in known)]
    likeliest = {script: _likeliest([p for p in guesses if p.script == script], parts) for script in scripts}
    found: list[ThreatReading] = []
    for pack in [*own, *shipped] if lexicon is None or lexicon.builtin else own:
        fuzzy = pack.language in (language, likeliest[pack.script])
        found.extend(PackReader(pack, text, trust_in(pack, parts) if fuzzy else LITERAL).read(parts))
    return _without_rivals(found, language, text)


def _likeliest(packs: Sequence[Pack], parts: Sequence[list[Word]]) -> str | None:
    """The language whose words, grammar words above all, stand there most often as written."""

    def known(pack: Pack) -> int:
        recognizer = Recognizer(pack, LITERAL)
        words = (word for sentence in parts for word in sentence if word.number is None)
        return sum(2 * (w.folded in pack.function_words) + bool(recognizer.lexemes(w)) for w in words)

    return max(packs, key=known).language if packs else None


def _without_rivals(
    readings: Sequence[ThreatReading], language: str | None, text: str
) -> tuple[ThreatReading, ...]:
    """Of readings of one family over the same words keep the gravest, the user's own, then the longest."""

    def rank(reading: ThreatReading) -> tuple[int, int, int, int, int, int, str]:
        return (
            -reading.severity,
            "/" not in reading.rule,
            # Of the equally grave: what they say they will do themselves, before a call on others.
            reading.category == "call_to_action",
            reading.language != language,
            reading.start - reading.end,
            reading.start,
            reading.rule,
        )

    kept: list[ThreatReading] = []
    for reading in sorted(_without_killed_things(readings), key=rank):
        family = FAMILIES[reading.category]
        rivals = (other for other in kept if FAMILIES[other.category] == family)
        if not any(other.start < reading.end and reading.start < other.end for other in rivals):
            kept.append(reading)
    for at, reading in enumerate(kept):
        if reading.category == "ultimatum":
            kept[at] = _with_consequence(reading, kept, text)
    return tuple(sorted(kept, key=lambda reading: (reading.start, reading.end, reading.rule)))


def _without_killed_things(readings: Sequence[ThreatReading]) -> list[ThreatReading]:
    """Leave out harm to nobody: of what they will burn, the words themselves say that it is a thing."""
    things = [reading for reading in readings if FAMILIES[reading.category] == "things" and reading.at_things]
    return [
        reading
        for reading in readings
        if reading.category not in ("death_threat", "violence")
        or reading.at_people
        or not any(thing.start <= reading.start and reading.end <= thing.end for thing in things)
    ]


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


__all__ = [
    "LANGUAGES",
    "MAX_CHARACTERS",
    "Category",
    "ClaimedQuantity",
    "Lexicon",
    "ThreatReading",
    "load_pack",
    "read_threats",
]
