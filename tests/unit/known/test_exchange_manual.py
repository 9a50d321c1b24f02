"""docs/hash-lists.md: its samples are lists of the formats it says, its Python runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hash_lists import read

from mediaforensics.known.exchange.formats import FORMATS, named
from mediaforensics.known.exchange.values import ALGORITHMS

MANUAL = (Path(__file__).parents[3] / "docs" / "hash-lists.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### (`.+?)\n(.*?)(?=^##)", MANUAL, re.MULTILINE | re.DOTALL))
SAMPLES = [
    (heading.replace("`", "").split(", "), sample)
    for heading, text in SECTIONS.items()
    for sample in re.findall(r"^```(?:json|xml)?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
]


def test_each_format_is_described_once() -> None:
    assert [name for heading in SECTIONS for name in heading.replace("`", "").split(", ")] == list(FORMATS)
    assert {name for names, _ in SAMPLES for name in names} == set(FORMATS)


@pytest.mark.parametrize(("names", "sample"), SAMPLES)
def test_each_sample_is_told_and_read_without_a_problem(names: list[str], sample: str) -> None:
    rows, problems = read(sample)
    assert (rows != [], problems) == (True, [])
    assert any(read(sample, format=name) == (rows, []) for name in names)


def test_the_table_says_what_the_formats_carry() -> None:
    rows = re.findall(r"^\| (`.+?) \| .+? \| (.*?) \| (.*?) \|$", MANUAL, re.MULTILINE)
    words = {"labels": "label", "quality": "quality", "withdrawn": "withdrawal", "at_s": "position"}
    for names, carries, cannot in rows:
        for name in names.replace("`", "").split(", "):
            form = named(name)
            if name == "vpdq-json" or form.algorithms >= ALGORITHMS | {""}:
                continue
            for field, word in words.items():
                assert getattr(form, field) == (word in carries), (name, field)
                assert not (getattr(form, field) and word in cannot), (name, field)


def test_the_python_of_the_manual_runs() -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)
    exec(code, {})
