from __future__ import annotations

import pytest

from mediaforensics.text.script import (
    LATIN_LANGUAGES,
    SCRIPT_OF_LANGUAGE,
    language_of,
    letters_in,
    looks_cyrillic,
    own_letters,
    script_of,
    with_turkish_capitals,
    with_whole_words,
)


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


def test_no_language_is_both_read_by_pp_ocr_and_left_to_tesseract():
    assert LATIN_LANGUAGES.isdisjoint(SCRIPT_OF_LANGUAGE)


@pytest.mark.parametrize(
    ("read", "written"),
    [
        ("SIRADAKi SiZSiNiz, KAÇIN", "SIRADAKİ SİZSİNİZ, KAÇIN"),
        ("Işıklı İstanbul sokakları", "Işıklı İstanbul sokakları"),
        ("Ali BBCnin iPhone 2i", "Ali BBCnin iPhone 2i"),
        ("siz 10 KİŞİsiniz", "siz 10 KİŞİsiniz"),
    ],
)
def test_dotted_capitals_of_turkish(read, written):
    assert with_turkish_capitals(read) == written


def test_letters_of_one_language_alone():
    assert own_letters("پاسخ گروه", "fas") == 2
    assert own_letters("تفتح المكتبة", "fas") == own_letters("پاسخ", "ara") == 0


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("РАЗ ledger MАССОВ0Е – 91129", "РАЗ ledger МАССОВОЕ – 91129"),
        ("PА3 на всегда", "РАЗ на всегда"),
        ("C нами Mark", "С нами Mark"),
        ("Mаrk пишет вам", "Mark пишет вам"),
        ("10 000 аккаунтов в Twitter", "10 000 аккаунтов в Twitter"),
        ("3D и 4K на русском", "3D и 4K на русском"),
        ("MOCKBA говорит", "МОСКВА говорит"),
        ("ABC only latin", "ABC only latin"),
        ("эту gверь", "эту дверь"),
        ("их оста۸ось мало", "их осталось мало"),
    ],
)
def test_words_of_a_cyrillic_line_are_in_one_script(read, meant):
    assert with_whole_words(read) == meant
