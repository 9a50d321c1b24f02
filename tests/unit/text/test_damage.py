"""Misread words: the tree of neighbours against a plain comparison, and what a phrase bears."""

from __future__ import annotations

import random
import time

import pytest

from mediaforensics.text.damage import EDIT, TWO_FOR_ONE, TWO_LOOK_LIKE, substitution, unpaired
from mediaforensics.text.neighbours import Neighbours
from mediaforensics.text.shipped import load_pack
from mediaforensics.text.threats import read_threats
from mediaforensics.text.vocabulary import common_words


def plain_cost(seen: str, meant: str) -> int:
    """The whole table, without bands, limits or sharing."""
    lost, added = unpaired(meant), unpaired(seen)
    table = [[0] * (len(seen) + 1) for _ in range(len(meant) + 1)]
    for i in range(len(meant) + 1):
        for j in range(len(seen) + 1):
            ways = [0] if i == j == 0 else []
            if i:
                ways.append(table[i - 1][j] + lost[i - 1])
            if j:
                ways.append(table[i][j - 1] + added[j - 1])
            if i and j:
                ways.append(table[i - 1][j - 1] + substitution(seen[j - 1], meant[i - 1]))
            if i and j > 1 and meant[i - 1] in TWO_LOOK_LIKE.get(seen[j - 2 : j], ""):
                ways.append(table[i - 1][j - 2] + TWO_FOR_ONE)
            if i > 1 and j and seen[j - 1] in TWO_LOOK_LIKE.get(meant[i - 2 : i], ""):
                ways.append(table[i - 2][j - 1] + TWO_FOR_ONE)
            if i > 1 and j > 1 and seen[j - 2 : j] == meant[i - 1] + meant[i - 2] != meant[i - 2 : i]:
                ways.append(table[i - 2][j - 2] + EDIT)
            table[i][j] = min(ways)
    return table[-1][-1]


def test_the_tree_finds_what_a_plain_comparison_finds() -> None:
    words = ["kill", "slaughter", "burn", "murder", "murderer", "them", "women", "soon", "erased", "modern"]
    tree = Neighbours((word, False, 3 * len(word)) for word in words)
    rng = random.Random(7)
    for word in words * 20:
        letters = list(word)
        for _ in range(rng.randint(0, 2)):
            at = rng.randrange(len(letters))
            letters[at : at + 1] = rng.choice(["", letters[at] * 2, rng.choice("abcrnluvi"), "rn"])
        seen = "".join(letters)
        if not seen:
            continue
        found = dict(tree.of(seen, 26))
        for number, wanted in enumerate(words):
            cost = plain_cost(seen, wanted)
            if cost <= min(26, 3 * len(wanted)) - EDIT:  # repaired pairs do not start new paths in the tree
                assert found[number] <= cost + 4, (seen, wanted)
            if number in found:
                assert found[number] >= cost, (seen, wanted)


def test_look_alikes_cost_less_than_other_letters() -> None:
    assert substitution("l", "i") < substitution("k", "i")
    tree = Neighbours([("women", False, 20)])
    costs = {
        seen: dict(tree.of(seen, 20))[0] for seen in ("wornen", "w0men", "wo men".replace(" ", ""), "wxmen")
    }
    assert costs["women"] == 0 < costs["w0men"] < costs["wxmen"] and costs["wornen"] < costs["wxmen"]


@pytest.mark.parametrize(
    "text",
    [
        "We wil1 sIaughter tbe crusaders in thcir own capita1s",
        "We will slau ghter the crusad ers",
        "Wewill slaughter thecrusaders",
        "Wc vvill s1aughter y0u",
        "Our soldicrs wlll hunt you throuqh your strcets",
        "Soon your narnes wiil be erascd",
    ],
)
def test_damage_is_borne_by_the_phrase(text: str) -> None:
    assert any(r.severity >= 2 for r in read_threats(text, "en"))


@pytest.mark.parametrize(
    "text",
    [
        "We will bill you for the repair",
        "We shall meet you at the hill",
        "The still waters run deep",
        "He will fill your glass",
        "Sizi arayacağız",
        "لن تموتوا جوعا",
        "Nous allons vous tirer d'affaire",
    ],
)
def test_sound_words_are_not_taken_for_misread_ones(text: str) -> None:
    assert not [r for r in read_threats(text, None) if r.severity]


def test_common_words_ship_for_every_pack() -> None:
    for language in ("en", "ar", "fr", "de", "es", "ru", "tr", "fa", "ur"):
        assert len(common_words(language)) > 10_000
        assert load_pack(language).familiar >= common_words(language)
    assert common_words("xx") == frozenset()


def test_junk_ends_soon() -> None:
    rng = random.Random(1)
    letters = "abcdefghijklmnopqrstuvwxyzабвгдежзийклмнابتثجحخدذرزسش"
    words = ("".join(rng.choice(letters) for _ in range(rng.randint(2, 9))) for _ in range(16_000))
    text = " ".join(words)
    assert len(text) > 100_000 - 16_000
    started = time.process_time()
    read_threats(text, None)
    read_threats(text.replace(" ", ""), None)
    read_threats(". ".join(text.split()), None)
    assert time.process_time() - started < 60
