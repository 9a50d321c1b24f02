"""Times and hostile characters as people see them in a terminal."""

from __future__ import annotations

import pytest

from mediaforensics.report.visible import clock, visible


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain – ünïcode 脅迫", "plain – ünïcode 脅迫"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("one\ntwo\u2028three", "one\\ntwo\\u2028three"),
        ("no\u200bspace\ufeff\u00ad", "no\\u200bspace\\ufeff\\xad"),
        ("\udcff", "\\udcff"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("می‌خواهم", "می‌خواهم"),
    ],
)
def test_what_has_no_shape_is_an_escape(text, seen):
    assert visible(text) == seen


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0, "00:00.0"), (12.44, "00:12.4"), (59.96, "01:00.0"), (3723.0, "1:02:03.0"), (-0.5, "-00:00.5")],
)
def test_clock(seconds, words):
    assert clock(seconds) == words
