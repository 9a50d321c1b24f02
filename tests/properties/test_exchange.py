"""Hash lists: what is written reads back, and no bytes raise anything but the errors that are promised."""

from __future__ import annotations

import io
import json
import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.formats import FORMATS
from mediaforensics.known.exchange.listed import Listed, Problem
from mediaforensics.known.exchange.reading import read_list
from mediaforensics.known.exchange.values import BYTES_OF
from mediaforensics.known.exchange.writing import write_list

HEX = "0123456789abcdef" * 4
VIDEO = "the video"
MEMBERS = [
    "value",
    "Media",
    "MediaID",
    "MD5",
    "Tags",
    "AlternativeHashes",
    "HashName",
    "HashValue",
    "MediaFiles",
]
MEMBERS += ["hashRecords", "hashValue", "signalType", "CSPFeedbacks", "tags"]
MEMBERS += ["results", "hash_digest", "algorithm", "deleted", "id"]
QUOTES = [
    'a"b',
    '"',
    '""',
    "'x'",
    ",",
    ";",
    "a, b",
    "a;b",
    "#",
    " x",
    "x ",
    "\t",
    "\\",
    "-",
    "<&>",
    "]]>",
    "{",
    "[",
]
SCRIPTS = [
    "\u202eevil",
    "שלום,עולם",
    "\u2028",
    "\x85",
    "\ufeff",
    "\udc80",
    "\ud800",
    "😀",
    "a\nb",
    "\r\n",
    "\0",
]
MEANINGS = [
    "=1+1",
    "pdq",
    "md5",
    "50",
    "100",
    "12",
    "007",
    "true",
    "photodna",
    HEX,
    HEX[:16],
    HEX[:32].upper(),
]
awkward = st.sampled_from([*QUOTES, *SCRIPTS, *MEANINGS, "x" * 5000])
words = st.one_of(awkward, st.text(min_size=1, max_size=20), st.lists(awkward, min_size=1).map("".join))
labels = st.lists(words.filter(bool), max_size=3, unique=True).map(tuple)


@st.composite
def listed(draw: st.DrawFn) -> Listed:
    algorithm = draw(st.sampled_from([*BYTES_OF, ""]))
    if not algorithm:
        return Listed(draw(words), "", b"", (), None, None, True)
    width = draw(st.sampled_from(BYTES_OF[algorithm]))
    value = draw(st.binary(min_size=width, max_size=width))
    quality = draw(st.none() | st.integers(0, 100)) if algorithm == "pdq" else None
    at_s = draw(st.none() | st.floats(0, 1e6))
    return Listed(draw(words), algorithm, value, draw(labels), quality, at_s, draw(st.booleans()))


def through(rows: list[Listed], format: str) -> tuple[list[Listed], list[Problem], list[Problem]]:
    stream = io.BytesIO()
    lost = write_list(rows, stream, format)
    back = list(read_list(stream.getvalue(), list_name=VIDEO, format=format))
    found = [row for row in back if isinstance(row, Listed)]
    return found, [row for row in back if isinstance(row, Problem)], lost


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, deadline=None)
@given(rows=st.lists(listed(), max_size=6, unique=True))
def test_what_is_written_reads_back_or_is_said_to_be_lost(format: str, rows: list[Listed]) -> None:
    found, problems, lost = through(rows, format)
    assert [problem.why for problem in problems if not harmless(problem)] == []
    if not lost:
        assert canonical(found, format) == canonical(rows, format)
    assert {(row.algorithm, row.value, row.withdrawn) for row in found} <= {
        (row.algorithm, row.value, row.withdrawn) for row in rows
    }


def harmless(problem: Problem) -> bool:
    """Nothing was written, or names that are not UTF-8."""
    return problem.why.startswith(("the list ", "not UTF-8"))


def canonical(rows: list[Listed], format: str) -> list[Listed]:
    """As a format orders the values of an entry, and as vPDQ names the video."""
    if format.startswith("vpdq"):
        return [row._replace(entry_id=VIDEO) for row in rows]
    if format in ("vics-1", "vics-2"):
        return sorted(row._replace(labels=tuple(sorted(row.labels))) for row in rows)
    return rows


@pytest.mark.parametrize(
    ("format", "kept"),
    [("csv", "\r\0"), ("lines", "\r\n\0"), ("ncmec", "\0\x85"), ("tat", "")],
)
@settings(max_examples=150, deadline=None)
@given(entry_id=words)
@example(entry_id="12").via("a number")
def test_ids_read_back_equal_where_the_format_can_hold_them(format: str, kept: str, entry_id: str) -> None:
    row = Listed(entry_id, "pdq", bytes.fromhex(HEX))
    found, problems, lost = through([row], format)
    assert all(map(harmless, problems))
    if not lost:
        assert found == [row]
    else:
        assert found == [row._replace(entry_id=HEX)]
        assert set(entry_id) & set(kept) or not printable(entry_id) or not entry_id.strip()


def printable(text: str) -> bool:
    """No control character and no lone surrogate."""
    return not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 or ord(c) in (0xFFFE, 0xFFFF) for c in text)


@settings(max_examples=200, deadline=None)
@given(line=st.text(max_size=80) | st.lists(awkward, max_size=6).map(" ".join))
def test_a_line_means_the_same_wherever_it_stands(line: str) -> None:
    """The common forms of a line have a quick way of their own; a space before them takes the long one."""
    for form in (f"pdq {HEX},{line}", f"{HEX},{line}", f"sha256 {HEX},{line}", f"{HEX},7,{line}"):
        form = form.replace("\n", " ").replace("\r", " ").strip()
        (quick, *_), (slow, *_) = (
            list(read_list(data.encode("utf-8", "replace"), list_name="x", format="lines"))
            for data in (form, f" {form}")
        )
        assert isinstance(quick, Listed) == isinstance(slow, Listed)
        if isinstance(quick, Listed) and "  " not in form and not form.endswith((" ", "\t")):
            assert quick == slow


@pytest.mark.parametrize("format", [None, *FORMATS])
@settings(max_examples=80, deadline=None)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
    | st.text(string.printable, max_size=300).map(str.encode)
    | st.lists(awkward, max_size=30).map(lambda parts: ",".join(parts).encode("utf-8", "replace"))
)
def test_any_bytes_give_rows_problems_or_a_typed_error(format: str | None, data: bytes) -> None:
    try:
        rows = list(read_list(data, list_name="x", format=format))
    except BadHash:
        return
    assert rows
    for row in rows:
        assert isinstance(row, Problem) or row.entry_id


@pytest.mark.parametrize("format", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_list_damaged_anywhere_keeps_what_is_before_the_damage(format: str, data: st.DataObject) -> None:
    rows = [
        Listed(VIDEO if "vpdq" in format else str(i), "pdq", bytes([i]) * 32, (), 50 + i, i / 4)
        for i in range(20)
    ]
    stream = io.BytesIO()
    write_list(rows, stream, format)
    whole = stream.getvalue()
    at = data.draw(st.integers(len(whole) // 2, len(whole) - 1))
    junk = data.draw(st.binary(max_size=6) | st.sampled_from([b'"', b"\n", b"}", b"]", b"<", b"\0", b"\xff"]))
    try:
        found = [
            row
            for row in read_list(whole[:at] + junk + whole[at + len(junk) :], list_name=VIDEO, format=format)
            if isinstance(row, Listed)
        ]
    except BadHash:
        return
    assert [row.value for row in found[:8]] == [row.value for row in rows[:8]]


@settings(max_examples=60, deadline=None)
@given(
    records=st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=10),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(MEMBERS),
                inner,
                max_size=4,
            )
        ),
        max_leaves=20,
    )
)
@pytest.mark.parametrize("format", ["stopncii", "tat", "vics-1", "vpdq-json", None])
def test_any_json_gives_rows_or_problems(format: str | None, records: object) -> None:
    try:
        assert list(read_list(json.dumps(records).encode(), list_name="x", format=format))
    except BadHash:
        assert format is None
