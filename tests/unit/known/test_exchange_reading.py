from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hash_lists import MD5, OTHER_PDQ, PDQ, read

from mediaforensics.errors import BadHash, CannotOpen, OptionError
from mediaforensics.known.exchange.formats import FORMATS
from mediaforensics.known.exchange.listed import Listed
from mediaforensics.known.exchange.reading import read_list
from mediaforensics.media.source import Source

HEX = PDQ.hex()
ROWS = [Listed("é", "pdq", PDQ), Listed("b", "pdq", OTHER_PDQ)]
TABLE = f"id,pdq\né,{HEX}\nb,{OTHER_PDQ.hex()}\n"
VICS = json.dumps(
    {
        "value": [
            {
                "MediaID": row.entry_id,
                "AlternativeHashes": [{"HashName": "PDQ", "HashValue": row.value.hex()}],
            }
            for row in ROWS
        ]
    },
    ensure_ascii=False,
)


@pytest.mark.parametrize("text", [TABLE, TABLE.partition("\n")[2], VICS, "\n \n" + VICS])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(text: str, encoding: str) -> None:
    lines_swapped = text.startswith("é")
    text = text if not lines_swapped else f"{HEX},é\n{OTHER_PDQ.hex()},b\n"
    assert read(text.encode(encoding)) == (ROWS, [])


def test_utf_16_of_the_other_order() -> None:
    assert read(b"\xfe\xff" + TABLE.encode("utf-16-be")) == (ROWS, [])


def test_a_list_is_a_path_bytes_a_file_object_or_an_open_source(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_bytes(TABLE.encode())
    assert list(read_list(path, list_name="x")) == ROWS
    assert list(read_list(io.BytesIO(TABLE.encode()), list_name="x")) == ROWS
    with Source.open(path) as source:
        assert list(read_list(source, list_name="x")) == ROWS
        assert list(read_list(source, list_name="x")) == ROWS
    (tmp_path / "link").symlink_to(path)
    with pytest.raises(CannotOpen, match="link"):
        list(read_list(tmp_path / "link", list_name="x"))


@pytest.mark.parametrize("data", [b"", b"\n\n  ", b"\xef\xbb\xbf", b"\xff\xfe"])
@pytest.mark.parametrize("format", [None, "lines", "vics-1", "ncmec"])
def test_an_empty_list_is_a_problem(data: bytes, format: str | None) -> None:
    assert [problem.why for problem in read(data, format=format)[1]] == ["the list is empty"]


@pytest.mark.parametrize(
    "data", ["# only a remark\n", "id,pdq\n", '{"value": []}', '{"hashRecords": []}', "[]", '{"results":[]}']
)
def test_a_list_without_entries_is_a_problem(data: str) -> None:
    assert [problem.why for problem in read(data)[1]] == ["the list has no entries"]


@pytest.mark.parametrize(
    "data",
    [
        b"not a picture",
        b"a,b\n1,2\n",
        b"\x00\x01\x02\x03",
        bytes(range(256)) * 10,
        b"{not json",
        b'{"type": "FeatureCollection", "features": []}',
        b'[{"name": "x"}, 3]',
        b"<svg/>",
    ],
)
def test_a_format_that_cannot_be_told_is_an_error_that_names_the_formats(data: bytes) -> None:
    with pytest.raises(BadHash) as raised:
        read(data)
    assert all(name in str(raised.value) for name in FORMATS)


def test_a_bad_first_line_does_not_hide_what_the_list_is() -> None:
    assert read("pdq 1234\n")[1][0].why.startswith("expected one pdq value of 64")


@pytest.mark.parametrize("format", FORMATS)
def test_a_stated_format_is_not_told_again(format: str) -> None:
    rows, problems = read_or_refused(b"\x00\x01nothing of the kind\n", format)
    assert rows == []
    assert problems


def read_or_refused(data: bytes, format: str) -> tuple[list[Listed], list[object]]:
    try:
        rows, problems = read(data, format=format)
    except BadHash as error:
        return [], [error]
    return rows, list(problems)


def test_a_format_that_does_not_exist() -> None:
    with pytest.raises(OptionError, match="vics-2"):
        read(HEX, format="excel")


def test_a_file_is_read_a_piece_at_a_time() -> None:
    class Counted(io.BytesIO):
        taken = 0

        def read(self, count: int | None = -1, /) -> bytes:
            data = super().read(count)
            self.taken += len(data)
            return data

    handle = Counted(f"{MD5.hex()}\n".encode() * 200_000)
    rows = read_list(handle, list_name="x")
    next(rows)
    assert handle.taken < 2_000_000
    rows.close()


def test_storage_that_fails_is_an_error() -> None:
    class Failing(io.BytesIO):
        def read(self, count: int | None = -1, /) -> bytes:
            if self.tell() > 100_000:
                raise OSError(5, "Input/output error")
            return super().read(count)

    for data in (
        f"{HEX}\n" * 9999,
        '{"value": [' + '{"MD5": "x"},' * 99_999,
        "<queryResult>" + "<image/>" * 99_999,
    ):
        with pytest.raises(CannotOpen, match="unreadable"):
            list(read_list(Failing(data.encode()), list_name="x"))
