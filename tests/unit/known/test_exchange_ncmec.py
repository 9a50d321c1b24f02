from __future__ import annotations

import time

import pytest
from hash_lists import MD5, OTHER_PDQ, PDQ, SHA1, places, read

from mediaforensics.errors import BadHash
from mediaforensics.known.exchange.listed import Listed

START = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
NAMESPACE = 'xmlns="https://hashsharing.ncmec.org/hashsharing/v2"'
ENTRIES = f"""<queryResult {NAMESPACE}>
    <images count="9" maxTimestamp="2017-10-24T15:10:00Z">
        <image>
            <member id="42">A member</member>
            <timestamp>2017-10-24T15:00:00Z</timestamp>
            <id>image1</id>
            <classification>A1</classification>
            <fingerprints>
                <md5>{MD5.hex()}</md5>
                <sha1> {SHA1.hex().upper()} </sha1>
                <pdq>{PDQ.hex()}</pdq>
                <pdna>a1a1a1</pdna>
            </fingerprints>
            <feedback>
                <negativeFeedback type="Sha1"><reasons><reason guid="0" name="x" type="Sha1"/>
                <members><member id="42">A member</member></members></reasons></negativeFeedback>
            </feedback>
        </image>
        <deletedImage><member id="43">B</member><id>image4</id></deletedImage>
    </images>
    <videos count="2">
        <video>
            <id>video1</id>
            <fingerprints><md5>{MD5.hex()}</md5><tmk-pdqf rel="self" href="/v2/1"/></fingerprints>
        </video>
        <video><id>video2</id></video>
        <video><fingerprints><md5>12</md5></fingerprints></video>
        <deletedVideo><timestamp>2017-10-24T15:20:00Z</timestamp><id>video4</id></deletedVideo>
        <deletedVideo/>
    </videos>
    <paging><next>/v2/entries?from=2017&amp;to=2018</next></paging>
</queryResult>
"""
ROWS = [
    Listed("image1", "md5", MD5, ("A1",)),
    Listed("image1", "sha1", SHA1, ("A1",)),
    Listed("image1", "pdq", PDQ, ("A1",)),
    Listed("image4", "", b"", withdrawn=True),
    Listed("video1", "md5", MD5),
    Listed("video4", "", b"", withdrawn=True),
]


@pytest.mark.parametrize(
    "data",
    [
        (START + ENTRIES).encode(),
        ENTRIES.encode(),
        ENTRIES.replace(NAMESPACE, "").encode(),
        b"\xef\xbb\xbf" + (START + ENTRIES).encode(),
        (START.replace("UTF-8", "UTF-16") + ENTRIES).encode("utf-16"),
        (START.replace("UTF-8", "ISO-8859-1") + ENTRIES).encode("latin-1"),
    ],
)
def test_images_and_videos_with_what_was_taken_back(data: bytes) -> None:
    rows, problems = read(data)
    assert rows == ROWS
    assert places(problems) == ["record 4", "record 5", "record 7", "", ""]
    assert [problem.why.split(" left out")[0] for problem in problems[3:]] == [
        "1 pdna value is",
        "1 tmk-pdqf value is",
    ]


def test_a_file_cut_in_the_middle_gives_all_before_the_cut() -> None:
    data = ENTRIES.encode()
    for cut in range(data.index(b"<videos"), len(data) - 16, 13):
        rows, problems = read(data[:cut])
        assert rows == ROWS[: len(rows)]
        assert len(rows) >= 4
        assert "nothing behind it was read" in problems[-1 - sum("left out" in p.why for p in problems)].why


@pytest.mark.parametrize(
    "damage",
    [
        "<image>&undefined;</image>",
        "</queryResult></x>",
        "<image><id>\0</id></image>",
        "<a>" * 200,
        f"<a b='{'x' * (5 << 20)}'/>",
        "<queryResult <",
    ],
)
def test_damage_gives_all_before_it(damage: str) -> None:
    rows, problems = read(ENTRIES.replace("</videos>", damage + "</videos>"))
    assert rows == ROWS
    assert any("nothing behind it was read" in problem.why for problem in problems)


def test_an_entry_that_is_too_large_costs_only_itself() -> None:
    huge = f"<image><id>{'x' * (2 << 20)}</id><fingerprints><md5>{MD5.hex()}</md5></fingerprints></image>"
    many = f"<image><id>y</id><fingerprints>{f'<md5>{MD5.hex()}</md5>' * 2000}</fingerprints></image>"
    rows, problems = read(ENTRIES.replace("<videos ", f"<videos>{huge}{many}</videos><videos "))
    assert rows == ROWS
    assert places(problems)[:2] == ["record 3", "record 4"]


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE queryResult>",
        '<!DOCTYPE queryResult SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE queryResult [<!ENTITY a "x">]>',
        "<!DOCTYPE queryResult ["
        + '<!ENTITY l0 "lol">'
        + "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 30))
        + "]>",
    ],
)
def test_a_document_type_is_refused_before_anything_is_expanded(doctype: str) -> None:
    started_s = time.process_time()
    rows, (problem,) = read(START + doctype + ENTRIES.replace("image1", "&l29;"))
    assert rows == []
    assert "document type" in problem.why
    assert time.process_time() - started_s < 5


def test_other_xml_is_refused() -> None:
    with pytest.raises(BadHash, match="ncmec"):
        read(f"<html><body>{OTHER_PDQ.hex()}</body></html>")
