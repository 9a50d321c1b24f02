"""Hostile characters as people see them in a terminal."""

from __future__ import annotations

import pytest

from mediaforensics.report.visible import visible


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
