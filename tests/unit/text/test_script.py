from __future__ import annotations

import pytest

from mediaforensics.text.script import language_of, letters_in, looks_cyrillic, script_of


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Over 30 boats", "Latin"),
        ("Всё спокойно", "Cyrillic"),
        ("كل شيء هادئ", "Arabic"),
        ("すべて静か", "Hiragana"),
        ("日本の海は静か", "Hiragana"),
        ("一切都很平静", "Han"),
        ("Καλημέρα", "Greek"),
        ("12:30 – 14:00", "Common"),
        ("", "Common"),
    ],
)
def test_script(text, script):
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The boats are in the harbour", "en"),
        ("Les bateaux sont dans le port", "fr"),
        ("Die Schiffe sind nicht im Hafen", "de"),
        ("Los barcos están en el puerto", "es"),
        ("Gemiler limanda değil", "tr"),
        ("Корабли в гавани", "ru"),
        ("Кораблі в гавані", "uk"),
        ("السفن في الميناء", "ar"),
        ("کشتی‌ها در بندر پهلو گرفتند", "fa"),
        ("جہاز بندرگاہ میں ہیں", "ur"),
        ("12 Knots", None),
        ("17°", None),
    ],
)
def test_language(text, language):
    assert language_of(text) == language


def test_letters_are_counted_by_script():
    assert letters_in("Мы 10 Facebook", "Cyrillic") == 2
    assert letters_in("Мы 10 Facebook", "Latin") == 8


def test_capitals_with_a_cyrillic_twin_are_suspected():
    assert looks_cyrillic("MOCKBA")
    assert looks_cyrillic("CMEPT BPATAM")
    assert not looks_cyrillic("MOSCOW")
    assert not looks_cyrillic("A")
