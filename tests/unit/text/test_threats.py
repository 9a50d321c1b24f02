"""Threat reading: the rules' own examples, the 2016 message, harmless texts, damaged and hostile text."""

from __future__ import annotations

import csv
import logging
import os
import random
import time
from pathlib import Path

import pytest

from mediaforensics.text.threats import (
    LANGUAGES,
    MAX_CHARACTERS,
    Category,
    ThreatReading,
    load_pack,
    read_threats,
)
from mediaforensics.text.words import fold, script_of

TAUNT = (
    "You announce daily that you suspend many of our accounts,\nand to you we say:\n"
    "Is that all you can do?\nYou are not in our league"
)
ULTIMATUM = (
    "If you close one account we will take 10 in return\n"
    "and soon your names will be erased\nafter we delete your sites"
)
CLAIM = "10,000 Facebook accounts, 150 groups\nand 5,000 Twitter accounts"

FAMILIES = [
    {"death_threat", "violence", "call_to_action"},
    *({c} for c in ("destruction", "account_takeover", "ultimatum", "capability_claim", "taunt")),
]


def of(readings: tuple[ThreatReading, ...], category: Category) -> ThreatReading:
    return next(r for r in readings if r.category == category)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_reads_its_own_examples(language: str) -> None:
    for rule in load_pack(language).rules:
        family = next(f for f in FAMILIES if rule.category in f)
        assert rule.yes and rule.no, f"{rule.id} has no examples"
        for sentence in rule.yes:
            found = [r for r in read_threats(sentence, language) if r.category in family and r.severity]
            assert found, f"{rule.id} does not read {sentence!r}"
        for sentence in rule.no:
            found = [r for r in read_threats(sentence, language) if r.severity]
            assert not found, f"{rule.id}: {sentence!r} was read as {found}"


def test_rule_names_are_unique_and_categories_are_those_of_the_schema() -> None:
    names = [rule.id for language in LANGUAGES for rule in load_pack(language).rules]
    assert len(names) == len(set(names))
    known = set().union(*FAMILIES)
    for language in LANGUAGES:
        for rule in load_pack(language).rules:
            assert rule.category in known and 0 <= rule.severity <= 3
        assert all(hedge.effect in ("drop", "context") for hedge in load_pack(language).hedges)


def test_each_pack_says_its_own_language_and_script() -> None:
    for language in LANGUAGES:
        pack = load_pack(language)
        sample = "".join(pack.rules[0].yes)
        assert pack.language == language
        assert {script_of(fold(word)) for word in sample.split()} == {pack.script}


def test_an_unknown_language_has_no_pack() -> None:
    with pytest.raises(ValueError, match="no threat rules"):
        load_pack("xx")


class TestTheMessageOf2016:
    def test_ultimatum_with_its_consequences(self) -> None:
        found = read_threats(ULTIMATUM, "en")
        takeover = of(found, "account_takeover")
        assert takeover.quote == "we will take 10 in return"
        assert [(q.value, q.what) for q in takeover.quantities] == [(10, "account")]
        assert takeover.severity == 2
        assert of(found, "ultimatum").quote.startswith("If you close one account we will take 10")
        destroyed = [r for r in found if r.category == "destruction"]
        assert [r.targets for r in destroyed] == [("your names",), ("sites",)]
        assert destroyed[0].deadline == "soon"

    def test_claim_with_its_three_quantities(self) -> None:
        (claim,) = read_threats(CLAIM, "en")
        assert claim.category == "capability_claim" and claim.severity == 1
        assert [(q.value, q.what) for q in claim.quantities] == [
            (10000, "Facebook accounts"),
            (150, "groups"),
            (5000, "Twitter accounts"),
        ]

    def test_taunt(self) -> None:
        quotes = [r.quote for r in read_threats(TAUNT, "en") if r.category == "taunt" and r.severity == 1]
        assert quotes == ["Is that all you can do", "You are not in our league"]

    @pytest.mark.parametrize("language", ["en", None, "fr"])
    def test_as_one_text_whatever_the_language_guess(self, language: str | None) -> None:
        found = {r.category for r in read_threats("\n".join((TAUNT, ULTIMATUM, CLAIM)), language)}
        assert found == {"taunt", "ultimatum", "account_takeover", "destruction", "capability_claim"}

    def test_lines_may_break_anywhere(self) -> None:
        words = ULTIMATUM.split()
        for seed in range(30):
            rng = random.Random(seed)
            text = words[0] + "".join(rng.choice([" ", "\n"]) + w for w in words[1:])
            assert {r.category for r in read_threats(text, "en")} == {
                "ultimatum",
                "account_takeover",
                "destruction",
            }, text

    def test_in_capitals_and_with_misread_letters(self) -> None:
        assert {r.category for r in read_threats(ULTIMATUM.upper(), "en")} >= {
            "account_takeover",
            "destruction",
        }
        assert of(
            read_threats("lf you c1ose one accounf vve wi11 takc 10 in retum", "en"), "account_takeover"
        )
        assert of(read_threats("s0on your narnes wi1l be crased", "en"), "destruction").deadline == "soon"


def test_quotes_are_exact_substrings() -> None:
    for text in (
        TAUNT,
        ULTIMATUM,
        CLAIM,
        "Wir werden euch töten!",
        "سَنَقْتُلُكُمْ فِي بُيُوتِكُم",
        "we will ki-\nll you all",
    ):
        found = read_threats(text, None)
        assert found
        assert all(text[r.start : r.end] == r.quote for r in found)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("سَنَقْتُلُكُمْ", "ar"),
        ("سنقـــتلكم في بيوتكم", "ar"),
        ("МЫ УБЬЁМ ВАС", "ru"),
        ("мы убьем вас", "ru"),
        ("MЫ УБЬEМ BAC", "ru"),
        ("SİZİ ÖLDÜRECEĞİZ", "tr"),
        ("Nous vous EGORGERONS", "fr"),
        ("we will k1ll y0u", "en"),
        ("we will slau\u00adghter you", "en"),
        ("we willslaughter you", "en"),
    ],
)
def test_spelling_does_not_hide_a_threat(text: str, language: str) -> None:
    assert max(r.severity for r in read_threats(text, language)) == 3


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("10.000 Konten, 20 Gruppen", 10000),
        ("10 000 comptes, 20 groupes", 10000),
        ("عشرة آلاف حساب و 20 مجموعة", 10000),
        ("١٠٬٠٠٠ حساب و ٢٠ مجموعة", 10000),
        ("1O,OOO accounts, 20 groups", 10000),
        ("five thousand accounts and ten groups", 5000),
    ],
)
def test_numbers_of_all_kinds(text: str, value: int) -> None:
    (claim,) = read_threats(text, None)
    assert claim.quantities[0].value == value


@pytest.mark.parametrize(
    ("text", "deadline"),
    [
        ("Tomorrow we will kill you", "tomorrow"),
        ("Release him within 48 hours or you will die", "within 48 hours"),
        ("Скоро мы убьём вас", "soon"),
        ("Bientôt nous vous tuerons", "soon"),
        ("قريبا سنقتلكم", "soon"),
        ("We will kill you", None),
    ],
)
def test_deadlines(text: str, deadline: str | None) -> None:
    assert of(read_threats(text, None), "death_threat").deadline == deadline


HARMLESS = [
    "BREAKING NEWS: Parliament votes on the new budget tomorrow",
    "Dr. Jane Smith, Professor of History, University of Leeds",
    "Weather: storms will hit the coast on Friday, take cover",
    "We will crush them in the next match, said the coach before the tournament",
    "Kill the lights and enjoy the show",
    "This workout will burn 500 calories in 20 minutes",
    "Preheat the oven. Beat the eggs, chop the onions and burn the sugar slowly",
    "Subscribe now and get 3 months free! We will never sell your data",
    "If you delete your account, we will erase your data within 30 days",
    "Our accounts team will take 10 days to answer",
    "God willing we will meet again soon",
    "In the name of God, the Most Gracious, the Most Merciful",
    "They will never take our freedom",
    "Death Valley is the hottest place in America",
    "The disease killed thousands of people in the last century",
    "Facebook removed 10,000 accounts, 150 groups and 500 pages",
    "The fire destroyed 20 homes and a church",
    "Don't worry, nobody will hurt you",
    "Please shoot me an email tomorrow",
    "I would kill for a coffee",
    "Les pompiers ont sauvé vos maisons",
    "Demain, nous allons au marché",
    "Recette : couper les oignons, tuer le goût amer",
    "Wir werden morgen die Konten prüfen",
    "Die Polizei sucht Zeugen",
    "Mañana vamos a la playa con los niños",
    "Погода: завтра дождь и сильный ветер",
    "Мы откроем 10 новых магазинов",
    "نشرة الأخبار: اجتماع الوزراء غدا",
    "بسم الله الرحمن الرحيم",
    "إن شاء الله سنلتقي قريبا",
    "Yarın hava güneşli olacak",
    "هوا فردا آفتابی است",
    "کل بارش ہوگی",
]


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_silent(text: str) -> None:
    assert not [r for r in read_threats(text, None) if r.severity]


def test_reported_and_quoted_threats_are_lowered_with_the_reason() -> None:
    (told,) = read_threats("Police said the group threatened: we will kill the mayor", "en")
    assert told.severity == 0 and "lowered because" in told.explanation
    (quoted,) = read_threats('Our leader told us "we will slaughter you"', "en")
    assert 0 < quoted.severity < 3 and "quotation marks" in quoted.explanation
    (whole,) = read_threats("“We will slaughter you”", "en")
    assert whole.severity == 3


def test_negation_is_no_threat_but_a_negated_safety_is() -> None:
    assert not read_threats("We will never kill you", "en")
    assert of(read_threats("You will never be safe", "en"), "violence").severity == 2


def test_targets_are_the_texts_own_words() -> None:
    assert of(read_threats("Soon your cities will be destroyed", "en"), "destruction").targets == (
        "your cities",
    )
    assert "Mark" in of(read_threats("We will kill Mark Zuckerberg", "en"), "death_threat").targets[0]


def test_the_explanation_names_misread_letters() -> None:
    (found,) = read_threats("we will slaughler you", "en")
    assert "misread" in found.explanation


@pytest.mark.parametrize(
    "text",
    [
        "kill " * 200_000,
        "we will ~" * 100_000,
        "!" * 1_000_000 + "~",
        "1,000," * 150_000,
        "a-\n" * 300_000,
        "“" * 1_000_000,
        "".join(chr(0x600 + i % 200) for i in range(1_000_000)),
        "we will will will will kill kill if unless your your 10 10 accounts " * 10_000,
    ],
)
def test_hostile_text_ends_and_the_cut_is_logged(text: str, caplog: pytest.LogCaptureFixture) -> None:
    started = time.process_time()
    with caplog.at_level(logging.WARNING):
        read_threats(text, None)
    # Not a benchmark: quadratic or exponential matching would take hours here.
    assert time.process_time() - started < 60
    assert str(MAX_CHARACTERS) in caplog.text


def test_empty_and_odd_text() -> None:
    for text in ("", " \n", "\x00\ud800", "١٢٣", "🔥🔥🔥", "\u200b\u200f"):
        assert read_threats(text, None) == ()


@pytest.mark.skipif("MF_TEST_DATA" not in os.environ, reason="MF_TEST_DATA is not set")
@pytest.mark.parametrize(
    ("language", "name", "least"),
    [
        ("en", "hatecheck_en_test_suite_cases.dev.csv", 0.85),
        ("fr", "mhc_french.dev.csv", 0.70),
        ("de", "mhc_german.dev.csv", 0.70),
        ("es", "mhc_spanish.dev.csv", 0.70),
        ("ar", "mhc_arabic.dev.csv", 0.70),
    ],
)
def test_functional_tests_of_others(language: str, name: str, least: float) -> None:
    with (Path(os.environ["MF_TEST_DATA"]) / "threat" / name).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    threats = [r["test_case"] for r in rows if r["functionality"].startswith("threat_")][::4]
    harmless = [r["test_case"] for r in rows if r["label_gold"] == "non-hateful"][::4]
    assert threats and harmless
    read = [any(x.severity >= 2 for x in read_threats(t, language)) for t in threats]
    alarms = [any(x.severity >= 1 for x in read_threats(t, language)) for t in harmless]
    assert sum(read) / len(read) >= least
    assert sum(alarms) / len(alarms) <= 0.10


@pytest.mark.parametrize(
    "text",
    [
        "سنحرق مكاتبكم خلال 24 ساعة",
        "Nous détruirons vos sites",
        "Wir werden eure Seiten zerstören",
        "Мы уничтожим ваши сайты",
        "We will burn your offices",
        "Vamos a quemar sus oficinas",
        "Wir werden eure Büros verbrennen",
        "Wir greifen eure Server an",
        "سنهاجم خوادمكم",
        "سنفجر مبانيكم",
    ],
)
def test_who_destroys_things_kills_nobody(text):
    assert {reading.category for reading in read_threats(text)} == {"destruction"}


@pytest.mark.parametrize(
    "text", ["سنقتل زوكربيرغ", "سنحرقكم", "سنحرق كل الكفار", "Nous tuerons les infidèles"]
)
def test_who_kills_people_is_read_so(text):
    assert {reading.category for reading in read_threats(text)} == {"death_threat"}
