from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaforensics.text.direction import (
    in_one_alphabet,
    runs_right_to_left,
    segments,
    turned,
    without_stray_marks,
)


@pytest.mark.parametrize(
    ("seen", "meant"),
    [
        ("مالس", "سلام"),
        ("2016 ماع", "عام 2016"),
        ("ةنس ١٢٣ لبق", "قبل ١٢٣ سنة"),
        ("10,000 فذح", "حذف 10,000"),
        ("Facebook ىلع تاباسح", "حسابات على Facebook"),
        ("Mark Zuckerberg ىلإ ةلاسر", "رسالة إلى Mark Zuckerberg"),
        ("!نآلا (5) أدبا", "ابدأ (5) الآن!"),
        ("«مالس» لاق", "قال «سلام»"),
        ("www.site.org عقوم", "موقع www.site.org"),
        ("%50 مصخ", "خصم 50%"),
        ("12:30 ةعاسلا", "الساعة 12:30"),
        ("iPhone 15 ديدج", "جديد iPhone 15"),
    ],
)
def test_letters_as_they_stand_become_letters_as_they_are_read(seen, meant):
    assert turned(seen) == meant


@given(st.text(alphabet="ابتثجحخم 0123٤٥abcXYZ.,:!؟()«»-%/#@", max_size=40))
def test_turning_loses_nothing(line):
    turned_line = turned(line)
    assert len(turned_line) == len(line)
    assert sorted(turned_line.translate(str.maketrans("()«»", "...."))) == sorted(
        line.translate(str.maketrans("()«»", "...."))
    )
    assert sum(len(part) for part, _ in segments(line)) == len(line)


def test_only_letters_make_a_line_run_from_right_to_left():
    assert runs_right_to_left("abc سلام")
    assert not runs_right_to_left("2016 abc")
    assert not runs_right_to_left("٢٠١٦")


def test_kaf_and_ya_are_written_as_one_language_does():
    assert in_one_alphabet("گفتگوي كوتاه ایران") == "گفتگوی کوتاه ایران"
    assert in_one_alphabet("الكتاب فی البيت") == "الكتاب في البيت"
    assert in_one_alphabet("لم ننس جرائمکم") == "لم ننس جرائمكم"
    assert in_one_alphabet("ایران کشور من") == "ایران کشور من"
    assert in_one_alphabet("انتي صہبرنا في مارس") == "انتي صہبرنا في مارس"


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("، خود را؛", "خود را؛"),
        ("قطار شب است]", "قطار شب است"),
        ("قال (سلام)", "قال (سلام)"),
        ("«سلام» قال", "«سلام» قال"),
        ("...ثم عاد", "...ثم عاد"),
        (". وصل", "وصل"),
        ("]", ""),
        ("", ""),
    ],
)
def test_stray_marks_at_the_ends_are_dropped(read, meant):
    assert without_stray_marks(read) == meant
