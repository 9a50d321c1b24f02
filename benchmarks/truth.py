"""How much of a fixture's truth an analysis found, by the same measure for every contender.

A text counts as found when some reading that overlaps it in time comes within a character error rate of 0.3.
The character error rate is over letters and digits, case folded, so that no contender loses by punctuation.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOUND_CER = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a contender says it saw, and when."""

    start_s: float
    end_s: float
    what: str


def load(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text())
    return loaded


def folded(text: str) -> str:
    """Letters and digits alone, case folded, Arabic presentation and vowel marks removed."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join(c for c in unicodedata.normalize("NFC", text) if not unicodedata.combining(c))
    return "".join(c for c in text if c.isalnum())


def distance(a: str, b: str, *, within: bool = False) -> int:
    """Edits that make ``b`` of ``a``; with ``within``, of ``a`` the nearest stretch of ``b``."""
    row = [0] * (len(b) + 1) if within else list(range(len(b) + 1))
    for i, ca in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, cb in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (ca != cb))
    return min(row) if within else row[-1]


def character_error_rate(wanted: str, read: str) -> float:
    """Edit distance between the folded texts as a share of the wanted one; at most 1."""
    a, b = folded(wanted), folded(read)
    if not a:
        return float(bool(b))
    return min(1.0, distance(a, b) / len(a))


def text_errors(truth: Mapping[str, Any], readings: Iterable[Reading]) -> list[tuple[str, str, float]]:
    """``(language, text, best character error rate)`` of each text of the truth."""
    readings = list(readings)
    result = []
    for wanted in truth["texts"]:
        overlapping = [r for r in readings if r.start_s < wanted["end_s"] and r.end_s > wanted["start_s"]]
        best = min((character_error_rate(wanted["text"], r.what) for r in overlapping), default=1.0)
        result.append((wanted["language"], wanted["text"], best))
    return result


def found_fraction(
    wanted: Iterable[tuple[float, float, str]], readings: Iterable[Reading]
) -> tuple[int, int]:
    """Count those ``(start_s, end_s, what)`` of the truth that a reading of the same ``what`` overlaps."""
    wanted, readings = list(wanted), list(readings)
    hits = sum(
        any(r.what == what and r.start_s < end_s and r.end_s > start_s for r in readings)
        for start_s, end_s, what in wanted
    )
    return hits, len(wanted)
