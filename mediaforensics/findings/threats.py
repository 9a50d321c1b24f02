"""From texts to threats on screen: every text read, what runs over two cards joined, who is named found."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from mediaforensics.findings.entries import EnrolledName, Quantity, TextEntry, ThreatEntry
from mediaforensics.text.threats import Lexicon, ThreatReading, read_threats
from mediaforensics.text.words import Word, edit_distance, sentences
from mediaforensics.types import Span

_NEXT_CARD_S = 2.0
"""A sentence goes on over a change of cards; two seconds allow for a fade between them."""

_NAMED_WITHIN_CHARACTERS = 200
"""A name belongs to a threat of its text when it stands this near: the same or a neighbouring sentence."""

_SENTENCE_ENDS = ".!?؟۔…"


@dataclass(frozen=True, slots=True)
class _Found:
    reading: ThreatReading
    texts: tuple[TextEntry, ...]
    people: tuple[str, ...]


def threat_entries(
    texts: Sequence[TextEntry], people: Sequence[EnrolledName] = (), lexicon: Lexicon | None = None
) -> tuple[ThreatEntry, ...]:
    """Read the threats of all texts.

    Parameters
    ----------
    texts : sequence of TextEntry
        In any order.
    people : sequence of EnrolledName
        Who may be named. A threat that names one of them, an alias or an organisation of theirs has the
        ``person_id`` first among its targets.
    lexicon : Lexicon, optional
        Rules of the user's own.

    Returns
    -------
    tuple of ThreatEntry
        Numbered h1, h2 ... by start, then text, then place in the text.
    """
    ordered = sorted(texts, key=lambda t: (t.span.start.exact_s, t.box.y0, t.box.x0, t.id))
    own = {text.id: _read(text.text, text.language, (text,), people, lexicon) for text in ordered}
    found = [item for text in ordered for item in own[text.id]]
    for first, second in pairwise(ordered):
        if _goes_on(first, second):
            found.extend(_over_both(first, second, own[first.id], own[second.id], people, lexicon))
    found.sort(
        key=lambda f: (
            f.texts[0].span.start.exact_s,
            ordered.index(f.texts[0]),
            f.reading.start,
            f.reading.end,
            f.reading.rule,
        )
    )
    return tuple(_entry(f"h{number}", item) for number, item in enumerate(found, start=1))


def named_people(text: str, people: Sequence[EnrolledName]) -> tuple[tuple[str, int, int], ...]:
    """Who is named in a text: ``(person_id, start, end)`` in characters, in order of place.

    Whole words in their order; letters may be misread in proportion to a word's length, none in words
    under 5 letters.
    """
    found: set[tuple[str, int, int]] = set()
    words = [word for sentence in sentences(text) for word in sentence]  # "B. South" is no sentence end
    for person in people:
        for name in (person.name, *person.aliases, *person.organisations):
            wanted = [word for part in sentences(name) for word in part]
            if not wanted or (len(wanted) == 1 and len(wanted[0].folded) < 2):
                continue
            for at in range(len(words) - len(wanted) + 1):
                here = words[at : at + len(wanted)]
                if all(_same_word(a, b) for a, b in zip(wanted, here, strict=True)):
                    found.add((person.person_id, here[0].start, here[-1].end))
    return tuple(sorted(found, key=lambda f: (f[1], f[2], f[0])))


def _same_word(wanted: Word, word: Word) -> bool:
    if wanted.folded == word.folded:
        return True
    size = len(wanted.folded)
    if size < 5 or word.number is not None:
        return False
    limit = 1 if size < 9 else 2
    return edit_distance(wanted.skeleton, word.skeleton, limit) <= limit


def _read(
    text: str,
    language: str | None,
    texts: tuple[TextEntry, ...],
    people: Sequence[EnrolledName],
    lexicon: Lexicon | None,
) -> list[_Found]:
    readings = read_threats(text, language, lexicon)
    named = named_people(text, people) if readings else ()
    return [
        _Found(
            reading,
            texts,
            tuple(
                dict.fromkeys(
                    person
                    for person, start, end in named
                    if max(start - reading.end, reading.start - end) <= _NAMED_WITHIN_CHARACTERS
                )
            ),
        )
        for reading in readings
    ]


def _goes_on(first: TextEntry, second: TextEntry) -> bool:
    """Whether a sentence may run from one text into the next: a card later, or the line below on one card."""
    if first.script != second.script or first.text.rstrip().endswith(tuple(_SENTENCE_ENDS)):
        return False
    if first.span.overlaps(second.span) and first.span.start != second.span.end:
        line_px = max(1, first.box.height_px // (first.text.count("\n") + 1))
        below = second.box.y0 >= first.box.y0 and second.box.y0 - first.box.y1 <= line_px
        return below and second.box.x0 < first.box.x1 and first.box.x0 < second.box.x1
    return first.span.gap_s(second.span) <= _NEXT_CARD_S


def _over_both(
    first: TextEntry,
    second: TextEntry,
    own_first: Iterable[_Found],
    own_second: Iterable[_Found],
    people: Sequence[EnrolledName],
    lexicon: Lexicon | None,
) -> list[_Found]:
    """Readings that need both texts and say what neither says alone."""
    seam = len(first.text)
    language = first.language if first.language == second.language else None
    known = [(f.reading.category, f.reading.start, f.reading.end) for f in own_first]
    known += [(f.reading.category, f.reading.start + seam + 1, f.reading.end + seam + 1) for f in own_second]
    return [
        item
        for item in _read(f"{first.text}\n{second.text}", language, (first, second), people, lexicon)
        if item.reading.severity
        and item.reading.start < seam < item.reading.end
        and not any(
            category == item.reading.category and start < item.reading.end and item.reading.start < end
            for category, start, end in known
        )
    ]


def _entry(entry_id: str, found: _Found) -> ThreatEntry:
    reading, texts = found.reading, found.texts
    span = texts[0].span
    for text in texts[1:]:
        span = Span(min(span.start, text.span.start), max(span.end, text.span.end))
    return ThreatEntry(
        id=entry_id,
        span=span,
        clearest=texts[0].clearest,
        category=reading.category,
        severity=reading.severity,
        quote=reading.quote,
        text_ids=tuple(text.id for text in texts),
        targets=(*found.people, *(target for target in reading.targets if target not in found.people)),
        quantities=tuple(Quantity(value=q.value, what=q.what) for q in reading.quantities),
        deadline=reading.deadline,
        rule=reading.rule,
        explanation=reading.explanation,
    )
