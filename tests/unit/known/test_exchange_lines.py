from __future__ import annotations

import os
from pathlib import Path

import pytest
from hash_lists import MD5, OTHER_PDQ, PDQ, PHASH, SHA1, SHA256, places, read

from mediaforensics.known.exchange.listed import Listed
from mediaforensics.known.exchange.reading import read_list

DATA = Path(os.environ["MF_TEST_DATA"]) / "hashes" if os.environ.get("MF_TEST_DATA") else None
needs_data = pytest.mark.skipif(DATA is None, reason="MF_TEST_DATA is not set")
HEX = PDQ.hex()


@pytest.mark.parametrize(
    ("line", "entry_id"),
    [
        (HEX, HEX),
        (HEX.upper(), HEX),
        (f"pdq {HEX}", HEX),
        (f"PDQ\t{HEX}", HEX),
        (f"hash_pdq {HEX} pdq", HEX),
        (f"  {HEX}  ", HEX),
        (f"{HEX},a.jpg", "a.jpg"),
        (f"{HEX} a b.jpg", "a b.jpg"),
        (f"b.jpg\t{HEX}", "b.jpg"),
        (f'"{HEX}";"c d.jpg"', "c d.jpg"),
        (f"'{HEX}','c'", "c"),
        (f'{HEX},"a, ""b"""', 'a, "b"'),
        (f"{HEX},{PHASH.hex()}", PHASH.hex()),
        (f"pdq {HEX},{OTHER_PDQ.hex()}", OTHER_PDQ.hex()),
        (f"{HEX},مرحبا", "مرحبا"),
        (f"{HEX},50", "50"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\r", "\n# the end\n\n"])
def test_the_forms_a_line_may_have(line: str, entry_id: str, end: str) -> None:
    assert read(line + end) == ([Listed(entry_id, "pdq", PDQ)], [])


@pytest.mark.parametrize("line", [f"{HEX},100,a.jpg", f"pdq {HEX},100,a.jpg", f'{HEX};100;"a.jpg"'])
def test_a_number_between_value_and_name_is_the_quality(line: str) -> None:
    assert read(line) == ([Listed("a.jpg", "pdq", PDQ, quality=100)], [])


@pytest.mark.parametrize(
    ("line", "algorithm", "value"),
    [
        (MD5.hex(), "md5", MD5),
        (SHA1.hex(), "sha1", SHA1),
        (PHASH.hex(), "phash", PHASH),
        (f"phash {HEX}", "phash", PDQ),
        (f"{HEX},dhash", "dhash", PDQ),
        (f"average_hash {PHASH.hex()}", "ahash", PHASH),
        (f"whash {PHASH.hex()}", "whash", PHASH),
        (f"sha256 {SHA256.hex()}", "sha256", SHA256),
        (f"SHA-256 {SHA256.hex()}", "sha256", SHA256),
        (f"video_md5 {MD5.hex()}", "md5", MD5),
        (f"HASH_MD5 {MD5.hex()}", "md5", MD5),
    ],
)
def test_the_algorithm_is_told_by_a_word_or_by_the_number_of_digits(
    line: str, algorithm: str, value: bytes
) -> None:
    assert read(line) == ([Listed(value.hex(), algorithm, value)], [])


@pytest.mark.parametrize(
    "line",
    [
        HEX[:-1],
        HEX + "0",
        HEX[:-1] + "g",
        f"{HEX} {HEX}",
        f"pdq {MD5.hex()}",
        "pdq",
        "nonsense deadbeef",
        ",,;",
        '"',
        f"blockhash {HEX[:-2]}",
        f"{HEX}\0",
        "x" * (1 << 21),
    ],
)
def test_a_bad_line_is_a_problem_with_its_number_and_costs_only_itself(line: str) -> None:
    rows, problems = read(f"{HEX}\n{line}\n{OTHER_PDQ.hex()}\n")
    assert [row.value for row in rows] == [PDQ, OTHER_PDQ]
    assert places(problems) == ["line 2"]
    assert len(problems[0].why) < 200


def test_a_heading_and_comments_are_passed_over() -> None:
    assert read(f"# ours\n\nname of the picture\n{HEX}\n#{MD5.hex()}\n") == ([Listed(HEX, "pdq", PDQ)], [])


def test_a_first_value_of_letters_is_no_heading() -> None:
    assert read("f" * 64 + "\n") == ([Listed("f" * 64, "pdq", b"\xff" * 32)], [])


def test_what_is_never_compared_is_said_once_for_each_kind() -> None:
    text = f"photodna {'A' * 192}\n" * 3 + f"pdq {HEX}\nurl https://example.org/\n"
    rows, problems = read(text)
    assert len(rows) == 1
    assert [problem.why.split(" left out")[0] for problem in problems] == [
        "3 photodna values are",
        "1 url value is",
    ]


def test_a_name_in_another_encoding_keeps_its_bytes() -> None:
    rows, problems = read(HEX.encode() + b",caf\xe9.jpg\n")
    assert rows[0].entry_id.encode("utf-8", "surrogateescape") == b"caf\xe9.jpg"
    assert places(problems) == ["line 1"]
    assert "UTF-8" in problems[0].why


@needs_data
def test_the_lists_of_the_reference_implementation() -> None:
    assert DATA is not None
    haystack = list(read_list(DATA / "pdq/reg/haystack.txt", list_name="haystack"))
    assert len(haystack) == 1350
    assert all(isinstance(row, Listed) and row.algorithm == "pdq" for row in haystack)
    assert len(list(read_list(DATA / "pdq/reg/needles.txt", list_name="needles"))) == 100
    mixed = list(read_list(DATA / "pdq/PDQMD5TestData.csv", list_name="mixed"))
    assert {row.algorithm for row in mixed if isinstance(row, Listed)} == {"pdq", "md5"}
    assert len(mixed) == 18
