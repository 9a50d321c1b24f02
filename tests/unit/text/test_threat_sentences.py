"""Sentences of our own in seven languages: threats, harmless texts beside them, and news about threats."""

from __future__ import annotations

from pathlib import Path

import pytest

from mediaforensics.text.threats import read_threats

FOLDER = Path(__file__).parent / "sentences"
LANGUAGES = sorted(file.stem for file in FOLDER.glob("*.txt"))


def sentences(language: str, kind: str) -> list[str]:
    lines = (FOLDER / f"{language}.txt").read_text(encoding="utf-8").splitlines()
    return [line[2:] for line in lines if line.startswith(f"{kind} ")]


def test_seven_languages_have_sentences_of_each_kind() -> None:
    assert LANGUAGES == ["ar", "de", "en", "es", "fr", "ru", "tr"]
    for language in LANGUAGES:
        assert all(len(sentences(language, kind)) >= 3 for kind in "+-0")


@pytest.mark.parametrize("language", LANGUAGES)
def test_threats_are_read_and_say_why(language: str) -> None:
    for sentence in sentences(language, "+"):
        grave = [r for r in read_threats(sentence, language) if r.severity >= 2]
        assert grave, sentence
        assert all(r.rule and r.explanation and r.quote in sentence for r in grave)


@pytest.mark.parametrize("language", LANGUAGES)
def test_harmless_texts_are_silent_whatever_the_language_guess(language: str) -> None:
    for sentence in sentences(language, "-"):
        for guess in (language, None):
            assert not [r for r in read_threats(sentence, guess) if r.severity], sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_news_about_threats_is_lowered_with_the_reason(language: str) -> None:
    lowered = 0
    for sentence in sentences(language, "0"):
        readings = read_threats(sentence, language)
        assert all(r.severity == 0 and "lowered because" in r.explanation for r in readings), sentence
        lowered += len(readings)
    assert lowered or language == "ar", "Arabic news words are in no threat rule at all"
