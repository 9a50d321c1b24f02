from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from hash_lists import MD5, OTHER_PDQ, PDQ, PHASH, SHA1, read, written

from mediaforensics.errors import OptionError
from mediaforensics.known.exchange.formats import FORMATS
from mediaforensics.known.exchange.listed import Listed

HEX = PDQ.hex()


def test_lines_are_bare_where_bare_digits_say_it() -> None:
    rows = [
        Listed(HEX, "pdq", PDQ),
        Listed("a.jpg", "pdq", OTHER_PDQ),
        Listed("", "md5", MD5),
        Listed("b", "sha256", PDQ),
        Listed("c, d", "pdq", PDQ, quality=90),
    ]
    data, problems = written(rows, "lines")
    assert data.decode().splitlines() == [
        HEX,
        f"{OTHER_PDQ.hex()},a.jpg",
        MD5.hex(),
        f'sha256 {HEX},"b"',
        f'pdq {HEX},90,"c, d"',
    ]
    assert problems == []


def test_csv_carries_everything() -> None:
    rows = [
        Listed("a", "pdq", PDQ, (" x", "y;z", '"'), 90, 1.5),
        Listed("a", "md5", MD5, (" x", "y;z", '"')),
        Listed("gone", "", b"", withdrawn=True),
        Listed("b\udcff", "whash", PHASH),
        Listed("#", "phash", PDQ),
    ]
    data, problems = written(rows, "csv")
    assert problems == []
    assert len(list(csv.reader(io.StringIO(data.decode("utf-8", "replace"))))) == 6
    assert read(data)[0] == rows


@pytest.mark.parametrize("format", FORMATS)
def test_what_a_format_cannot_carry_is_said(format: str) -> None:
    full = [
        Listed("17", "pdq", PDQ, ("a", "b"), 90, 1.5),
        Listed("x y", "dhash", PHASH),
        Listed("18", "md5", MD5),
        Listed("gone", "", b"", withdrawn=True),
        Listed("gone too", "pdq", OTHER_PDQ, withdrawn=True),
    ]
    data, problems = written(full, format)
    rows = read(data, format=format, list_name="17")[0]
    assert (sorted(rows) == sorted(full)) == (problems == [])
    assert all(problem.where.startswith(f"{format}, entry ") and problem.why for problem in problems)
    said = " ".join(problem.why for problem in problems)
    carried = {field for row in rows for field in row._fields if getattr(row, field) not in (None, (), False)}
    for field, word in {"labels": "labels", "quality": "quality", "at_s": "position"}.items():
        assert (field in carried) != (word in said)
    assert ("withdrawn" in carried) != ("cannot take an entry back" in said)


def test_a_taken_back_entry_is_never_written_as_one_that_counts() -> None:
    for format in FORMATS:
        rows, _ = read(written([Listed(HEX, "pdq", PDQ, withdrawn=True)], format)[0], format=format)
        assert all(row.withdrawn for row in rows)


def test_a_reason_is_said_once_with_how_often() -> None:
    _, (problem,) = written([Listed(str(i), "pdq", PDQ, ("x",)) for i in range(100)], "lines")
    assert (problem.where, problem.why) == ("lines, entry '0' and 99 more", "labels are left out")


def test_ids_that_vics_and_threatexchange_cannot_hold_become_numbers() -> None:
    for format in ("vics-2", "threatexchange"):
        rows = [
            Listed("a", "md5", MD5),
            Listed("18446744073709551616", "md5", PDQ[16:]),
            Listed("7", "md5", SHA1[4:]),
        ]
        data, problems = written(rows, format)
        ids = [row.entry_id for row in read(data)[0]]
        assert all(entry_id.isdigit() and len(entry_id) < 19 for entry_id in ids)
        assert len(set(ids)) == 3
        assert ids[2] == "7"
        assert any("whole number" in problem.why for problem in problems)
        assert written(rows, format)[0] == data


def test_one_video_to_a_vpdq_file() -> None:
    rows = [
        Listed("v", "pdq", PDQ, quality=80, at_s=0.0),
        Listed("v", "pdq", OTHER_PDQ, at_s=1 / 3),
        Listed("w", "pdq", PDQ, quality=80, at_s=0.0),
        Listed("p", "pdq", PDQ),
    ]
    data, problems = written(rows, "vpdq")
    assert data.decode().splitlines() == [f"0,80,{HEX},0.000", f"1,100,{OTHER_PDQ.hex()},{1 / 3}"]
    assert [problem.where for problem in problems] == [f"vpdq, entry '{entry_id}'" for entry_id in "vwp"]


def test_what_others_parse_is_well_formed() -> None:
    rows = [
        Listed('<&">\r\n', "pdq", PDQ, ("A1 & <x>", "no")),
        Listed("bad\x01", "md5", MD5),
        Listed("e", "md5", MD5, ("\x02",)),
    ]
    root = ElementTree.fromstring(written(rows, "ncmec")[0])
    namespace = "{https://hashsharing.ncmec.org/hashsharing/v2}"
    assert [one.text for one in root.iter(f"{namespace}id")] == ['<&">\r\n', MD5.hex(), "e"]
    assert [one.text for one in root.iter(f"{namespace}classification")] == ["A1 & <x>"]
    for format in ("stopncii", "tat", "vics-1", "vics-2", "vpdq-json"):
        for some in ([], rows):
            assert json.loads(written(some, format)[0]) is not None


def test_a_local_file_is_what_its_reader_expects() -> None:
    data, problems = written([Listed(HEX, "pdq", PDQ), Listed(MD5.hex(), "md5", MD5)], "local_file")
    assert (data.decode(), problems) == (f"pdq {HEX}\nvideo_md5 {MD5.hex()}\n", [])


def test_a_format_that_does_not_exist() -> None:
    with pytest.raises(OptionError, match="vics-2"):
        written([], "excel")
