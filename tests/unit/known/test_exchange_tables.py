from __future__ import annotations

from pathlib import Path

import pytest
from hash_lists import MD5, OTHER_PDQ, PDQ, PHASH, SHA1, places, read

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.listed import Listed
from mediaforensics.known.exchange.reading import read_list

HEX, OTHER = PDQ.hex(), OTHER_PDQ.hex()


@pytest.mark.parametrize(
    "text",
    [
        f"name,pdq\na b.jpg,{HEX}\n",
        f"Hash;Name\r\n{HEX};a b.jpg\r\n",
        f"pdq_hash\tid\tnote\n{HEX.upper()}\ta b.jpg\tx\n",
        f'"FilePath","Hash"\n"a b.jpg","{HEX}"\n',
        f"# ours\n\nalgorithm,hash,id\npdq, {HEX} ,a b.jpg\n",
        f"Title,ID,PDQ\nx,a b.jpg,{HEX}",
        f"id,hash,labels\na b.jpg,{HEX}\n",
    ],
)
def test_the_heading_tells_delimiter_and_columns(text: str) -> None:
    assert read(text) == ([Listed("a b.jpg", "pdq", PDQ)], [])


def test_all_that_a_row_may_say() -> None:
    rows, problems = read(
        "id,pdq,md5,category,quality,at_s,withdrawn\n"
        f'x,{HEX},{MD5.hex()},"arson; ""a;b""",90,,\n'
        f"y,{OTHER},,arson,,1.5,yes\n"
        "z,,,,,,true\n"
    )
    assert problems == []
    assert rows == [
        Listed("x", "pdq", PDQ, ("arson", "a;b"), 90),
        Listed("x", "md5", MD5, ("arson", "a;b")),
        Listed("y", "pdq", OTHER_PDQ, ("arson",), None, 1.5, True),
        Listed("z", "", b"", (), None, None, True),
    ]
    assert rows[0].labels is rows[1].labels


def test_equal_labels_are_one_object() -> None:
    rows, _ = read(f"hash,labels\n{HEX},a;b\n{OTHER}, a;b\n{OTHER},a;b\n")
    assert rows[0].labels is rows[1].labels is rows[2].labels == ("a", "b")


def test_a_quoted_name_may_span_lines() -> None:
    rows, problems = read(f'id,pdq\n"two\nlines, ""quoted""",{HEX}\nb,{OTHER}\n')
    assert ([row.entry_id for row in rows], problems) == (['two\nlines, "quoted"', "b"], [])


@pytest.mark.parametrize(
    "row",
    [
        f"a,{HEX[:-1]},",
        f"a,{HEX[:-1]}g,",
        "a,,",
        f"a,{HEX},101",
        f"a,{HEX},good",
        f"a,{HEX},1,b",
        f'"a,{HEX},1',
        f'"a"b,{HEX},1',
        f"a\0,{HEX},1",
        "x" * (1 << 21),
        f'"{"x" * 200_000}",{HEX},1',
    ],
)
def test_a_bad_row_costs_only_its_line(row: str) -> None:
    rows, problems = read(f"id,pdq,quality\nfirst,{HEX},\n{row}\nlast,{OTHER},\n")
    assert [one.entry_id for one in rows] == ["first", "last"]
    assert places(problems) == ["line 3"]


def test_a_quotation_mark_that_nobody_closes_does_not_swallow_the_list() -> None:
    rows, problems = read('id,pdq\n"open,' + f"{HEX}\n" * 1000 + "".join(f"{i},{HEX}\n" for i in range(1000)))
    assert [row.entry_id for row in rows] == [str(i) for i in range(1000)]
    assert "never closed" in problems[0].why


def test_an_algorithm_that_is_not_known_is_not_taken_for_another() -> None:
    rows, problems = read(f"algorithm,hash\nblockhash,{HEX}\nblockhash,{OTHER}\npdq,{HEX}\n")
    assert [row.value for row in rows] == [PDQ]
    assert [problem.why.split(" left out")[0] for problem in problems] == ["2 blockhash values are"]


def test_a_table_without_a_column_of_values_is_refused() -> None:
    with pytest.raises(BadHash, match="column"):
        read("id,name\n1,2\n", format="csv")


def test_threatexchange_descriptors() -> None:
    rows, problems = read(
        f'{HEX},2862392437204724,mine,"media_type_photo bad"\n'
        f"{OTHER},12,2020-08-01T20:47:47+0000,\n"
        f"{MD5.hex()},77,3862392437204724,mine,bad\n"
        "deadbeef,1,mine,\n"
        "nonsense\n"
    )
    assert rows == [
        Listed("2862392437204724", "pdq", PDQ, ("media_type_photo", "bad")),
        Listed("12", "pdq", OTHER_PDQ),
        Listed("77", "md5", MD5, ("bad",)),
    ]
    assert places(problems) == ["line 4", "line 5"]


def test_the_name_of_a_threatexchange_file_says_the_kind(tmp_path: Path) -> None:
    path = tmp_path / "simple.HASH_SHA256.te"
    path.write_text(f"{HEX},1,mine,\n")
    assert list(read_list(path, list_name="x")) == [Listed("1", "sha256", PDQ)]
    path = tmp_path / "simple.URI.te"
    path.write_text("https://example.org,1,mine,\n")
    (problem,) = read_list(path, list_name="x")
    assert not isinstance(problem, Listed)
    assert "URI" in problem.why


def test_a_column_for_each_of_several_kinds() -> None:
    rows, problems = read(f"name;SHA-1;pHash;PhotoDNA\na;{SHA1.hex()};{PHASH.hex()};{'x' * 20}\n")
    assert rows == [Listed("a", "sha1", SHA1), Listed("a", "phash", PHASH)]
    assert ["PhotoDNA" in problem.why for problem in problems] == [True]
