from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import ijson
import pytest
from hash_lists import MD5, OTHER_PDQ, PDQ, SHA1, places, read

from mediaforensics.known.exchange.listed import Listed
from mediaforensics.known.exchange.reading import read_list

DATA = Path(os.environ["MF_TEST_DATA"]) / "hashes" if os.environ.get("MF_TEST_DATA") else None
needs_data = pytest.mark.skipif(DATA is None, reason="MF_TEST_DATA is not set")
HEX, OTHER = PDQ.hex(), OTHER_PDQ.hex()
STOPNCII = {
    "count": 99,
    "nextPageToken": None,
    "hashRecords": [
        {
            "lastModtimestamp": 1625167804,
            "hashValue": HEX,
            "hashStatus": "Active",
            "caseNumbers": {"case-1": "Active", "case-2": "Withdrawn"},
            "signalType": "ImagePDQ",
            "CSPFeedbacks": [
                {"source": "A", "feedbackValue": "Blocked", "tags": ["nude", "new"]},
                {"source": "B", "feedbackValue": "None", "tags": ["nude"]},
            ],
        },
        {"signalType": "VideoMD5", "hashValue": MD5.hex(), "hashStatus": "Withdrawn", "caseNumbers": {}},
        {"signalType": "ImagePDQ", "hashValue": OTHER, "hashStatus": "Deleted"},
        {"signalType": "VideoTMK", "hashValue": "AAAA"},
        {"signalType": "URL", "hashValue": "https://example.org"},
        {"signalType": "ImagePDQ", "hashValue": HEX[1:]},
        {"signalType": "ImagePDQ", "hashValue": None},
    ],
}
STOPNCII_ROWS = [
    Listed(HEX, "pdq", PDQ, ("nude", "new")),
    Listed(MD5.hex(), "md5", MD5, withdrawn=True),
    Listed(OTHER, "pdq", OTHER_PDQ, withdrawn=True),
]


def vics(records: list[dict[str, Any]], model: str = "2.0", **more: Any) -> bytes:
    key = "@odata.context" if model == "2.0" else "odata.metadata"
    return b"\xef\xbb\xbf" + json.dumps({key: "http://example.org/#Media", **more, "value": records}).encode()


@pytest.mark.parametrize("pages", ["one", "an array of pages", "one after another"])
def test_stopncii(pages: str) -> None:
    page = json.dumps(STOPNCII, indent=1)
    text = {"one": page, "an array of pages": f"[{page}]", "one after another": f"{page}\n{{}}\n"}[pages]
    rows, problems = read(text)
    assert rows == STOPNCII_ROWS
    assert places(problems)[:2] == ["record 6", "record 7"]
    kinds = [problem.why for problem in problems if "left out" in problem.why]
    assert ["VideoTMK" in why or "URL" in why for why in kinds] == [True, True]


def test_tech_against_terrorism() -> None:
    results = [
        {"hash_digest": HEX, "algorithm": "PDQ", "ideology": "islamist", "deleted": False, "id": 2819},
        {
            "hash_digest": MD5.hex().upper(),
            "algorithm": "MD5",
            "ideology": "far-right",
            "deleted": True,
            "id": 7,
        },
        {"algorithm": "PDQ", "deleted": "true", "id": "x"},
        {"hash_digest": "123abc", "algorithm": "MD5", "id": 8},
        {"hash_digest": HEX, "algorithm": None, "id": 9},
    ]
    rows, problems = read(json.dumps({"count": 5, "next": None, "checkpoint": "1,2", "results": results}))
    assert rows == [
        Listed("2819", "pdq", PDQ, ("islamist",)),
        Listed("7", "md5", MD5, ("far-right",), withdrawn=True),
        Listed("x", "", b"", withdrawn=True),
    ]
    assert places(problems) == ["record 4", ""]


@pytest.mark.parametrize("model", ["1.3", "2.0"])
def test_a_vics_hash_set(model: str) -> None:
    photodna = base64.b64encode(bytes(144)).decode()
    rows, problems = read(
        vics(
            [
                {
                    "MediaID": 1,
                    "Category": 1,
                    "MD5": MD5.hex().upper(),
                    "SHA1": SHA1.hex(),
                    "PhotoDNA": photodna,
                    "IsPrecategorized": "true",
                    "VictimIdentified": "true",
                    "OffenderIdentified": "false",
                    "IsDistributed": True,
                    "Series": 'S ] } " , 日本',
                    "Tags": "one; two",
                    "Exifs": [{"MD5": "x", "PropertyName": "Make"}],
                },
                {"MediaID": 2, "Category": None, "MD5": MD5.hex(), "PhotoDNA": photodna, "SHA1": ""},
                {"MediaID": 3, "Category": "", "PhotoDNA": photodna},
                {"MediaID": 4, "Category": "0", "AlternativeHashes": [{"HashName": "PDQ", "HashValue": HEX}]},
                {"MediaID": 5, "Category": 2},
                {"MediaID": 6, "MD5": "12", "SHA1": SHA1.hex()},
            ],
            model,
        )
    )
    first = ("category 1", 'series S ] } " , 日本', "victim identified", "distributed", "one", "two")
    assert rows == [
        Listed("1", "md5", MD5, first),
        Listed("1", "sha1", SHA1, first),
        Listed("2", "md5", MD5),
        Listed("4", "pdq", PDQ, ("category 0",)),
        Listed("6", "sha1", SHA1),
    ]
    assert places(problems) == ["record 5", "record 6", ""]
    assert problems[-1].why.startswith("3 PhotoDNA values are left out")


def test_the_media_of_vics_cases() -> None:
    medium = {"MediaID": 1, "MD5": MD5.hex(), "MediaFiles": [{"MD5": MD5.hex(), "FileName": "a"}]}
    only_file = {"MediaID": 2, "MD5": "", "MediaFiles": [{"MD5": MD5.hex(), "FileName": "a"}]}
    case = {"CaseID": "c", "TotalMediaFiles": 12, "CaseMetadata": [{"x": 1}], "Media": [medium, only_file]}
    rows, problems = read(
        vics([case, {**case, "Media": [{"MediaID": 3, "MD5": MD5.hex()}]}, {"CaseID": "d"}])
    )
    assert [row.entry_id for row in rows] == ["1", "2", "3"]
    assert places(problems) == ["record 4"]


def test_vpdq_json_is_one_video_called_like_the_list() -> None:
    text = json.dumps([f"{HEX},100,0.000", f"{OTHER},7,1.5", f"{HEX},101,2", f"{HEX},1", 3, {}])
    rows, problems = read(text, list_name="clip")
    assert rows == [
        Listed("clip", "pdq", PDQ, quality=100, at_s=0.0),
        Listed("clip", "pdq", OTHER_PDQ, quality=7, at_s=1.5),
    ]
    assert places(problems) == ["record 3", "record 4", "record 5", "record 6"]


def test_vpdq_text_is_one_video_called_like_the_list() -> None:
    text = (
        f"frame,quality,hash,timestamp\n0,100,{HEX},0.000\n1,7,{OTHER},1.5\n2,7,{OTHER},-1\n3,7,{OTHER},\n4\n"
    )
    rows, problems = read(text, list_name="clip")
    assert rows == [
        Listed("clip", "pdq", PDQ, quality=100, at_s=0.0),
        Listed("clip", "pdq", OTHER_PDQ, quality=7, at_s=1.5),
    ]
    assert places(problems) == ["line 4", "line 5", "line 6"]


@needs_data
def test_the_vpdq_files_of_the_reference_implementation() -> None:
    assert DATA is not None
    files = sorted(DATA.glob("vpdq/*.txt"))
    assert files
    for path in files:
        rows = list(read_list(path, list_name="clip"))
        assert len(rows) == len(path.read_text().splitlines())
        positions = [row.at_s for row in rows if isinstance(row, Listed) and row.at_s is not None]
        assert len(positions) == len(rows)
        assert positions == sorted(positions)


def test_a_file_cut_in_the_middle_gives_all_before_the_cut() -> None:
    data = vics([{"MediaID": i, "MD5": MD5.hex()} for i in range(50)])
    for cut in range(len(data) // 2, len(data) - 2, 7):
        rows, problems = read(data[:cut], format="vics-2")
        assert [row.entry_id for row in rows] == [str(i) for i in range(len(rows))]
        assert len(rows) >= 20
        (problem,) = problems
        assert problem.where.endswith(f"record {len(rows) + 1}")
        assert "nothing behind it was read" in problem.why


@pytest.mark.parametrize(
    "damage",
    [
        b'{"MediaID": 1,, "MD5": 2}',
        b"[" * 50_000,
        b'{"a":' * 50_000,
        b"\x00",
        b'{"a": 1' + b"0" * 9999,
        b'{"a": "' + b"a" * (5 << 20) + b'"}',
    ],
)
def test_damage_in_the_middle_gives_all_before_it(damage: bytes) -> None:
    record = json.dumps({"MediaID": 0, "MD5": MD5.hex()}).encode()
    rows, problems = read(b'{"value": [' + record + b"," + damage + b"," + record + b"]}", format="vics-2")
    assert rows[0] == Listed("0", "md5", MD5)
    assert any("nothing behind it was read" in problem.why for problem in problems)


def test_a_hostile_record_costs_only_itself() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = {"x": [deep]}
    records = [
        {"MediaID": 1, "MD5": MD5.hex(), "deep": deep},
        {"MediaID": 2, "MD5": MD5.hex(), "wide": [0] * 100_001},
        {"MediaID": 3, "MD5": MD5.hex(), "Tags": [1, ["x"], {}, "t"], "Category": {}, "Series": True},
        {"MediaID": 4, "MD5": ["x"], "AlternativeHashes": [1, {}], "MediaFiles": {}},
    ]
    data = vics(records).replace(b'"MediaID": 4', b'"MediaID": 4, "x": "caf\xe9"')
    rows, problems = read(data)
    assert [row.entry_id for row in rows] == ["1", "3"]
    assert rows[1].labels == ("t",)
    assert places(problems) == ["record 2", "record 4"]


def test_the_pure_python_backend_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    data = vics([{"MediaID": i, "MD5": MD5.hex(), "Tags": "é\\u0000"} for i in range(3)])
    expected = read(data), read(data[:-40], format="vics-2")[0]
    monkeypatch.setattr(ijson, "basic_parse", ijson.get_backend("python").basic_parse)
    assert (read(data), read(data[:-40], format="vics-2")[0]) == expected
