"""Subtitles that any player reads as they were meant, whatever the words say."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
import report_samples as samples
from hypothesis import given
from hypothesis import strategies as st

import mediaforensics.report
from mediaforensics.findings.entries import TextEntry
from mediaforensics.media.facts import Gap
from mediaforensics.report.export import read_status, texts_json, to_text
from mediaforensics.report.model import Report
from mediaforensics.report.visible import visible
from mediaforensics.types import Box, Span, Timestamp

LRM, RLM, JOINER = "\u200e", "\u200f", "\u2060"
TIMING = re.compile(r"(\d\d+):(\d\d):(\d\d)[,.](\d{3}) --> (\d\d+):(\d\d):(\d\d)[,.](\d{3})(?: (.+))?")
ARABIC = "سنمحو أسماءكم قريبا"


def entry(text, start=0.0, end=1.0, box=(320, 600, 960, 660), id="t1") -> TextEntry:
    span = samples.span(start, end)
    return TextEntry(
        id=id, text=text, language=None, script="Latin", span=span, clearest=span.start, box=Box(*box),
        confidence=0.9, engine="test",
    )  # fmt: skip


def report(*texts: TextEntry | str) -> Report:
    entries = (t if isinstance(t, TextEntry) else entry(t, n, n + 1) for n, t in enumerate(texts))
    return replace(samples.empty(), texts=tuple(replace(e, id=f"t{n}") for n, e in enumerate(entries)))


def cues(subtitles: str) -> list[tuple[int, int, str, list[str]]]:
    """Read back as a naive player does: blocks between blank lines, a timing line, lines of text."""
    blocks = [block.split("\n") for block in re.split(r"\n\n+", subtitles.rstrip("\n")) if block]
    if subtitles.startswith("WEBVTT"):
        assert blocks.pop(0) == ["WEBVTT"]
    else:
        assert [block.pop(0) for block in blocks] == [str(n) for n in range(1, len(blocks) + 1)]
    read = []
    for timing, *lines in blocks:
        match = TIMING.fullmatch(timing)
        assert match, timing
        h, m, s, ms, h2, m2, s2, ms2 = map(int, match.groups()[:8])
        start, end = ((h * 60 + m) * 60 + s) * 1000 + ms, ((h2 * 60 + m2) * 60 + s2) * 1000 + ms2
        assert lines
        assert not any("-->" in line for line in lines)
        read.append((start, end, match[9] or "", lines))
    return read


def plain_srt(line: str) -> str:
    return line.lstrip(LRM + RLM).replace(JOINER, "").replace("｛", "{").replace("｝", "}")


def plain_vtt(line: str) -> str:
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", line)
    return html.unescape(line.lstrip(LRM + RLM))


def test_srt_byte_for_byte():
    two = report(entry("Your names\nwill be erased", 12.4, 19.8), entry("soon", 3661.0005, 3662.25))
    assert two.to_srt() == (
        "1\n00:00:12,400 --> 00:00:19,800\nYour names\nwill be erased\n\n"
        "2\n01:01:01,000 --> 01:01:02,250\nsoon\n\n"
    )


def test_vtt_byte_for_byte():
    one = report(entry("Your names\nwill be erased", 12.4, 19.8))
    assert one.to_vtt() == (
        "WEBVTT\n\n00:00:12.400 --> 00:00:19.800 line:83% position:50%\nYour names\nwill be erased\n"
    )


def test_lines_to_read_and_search():
    two = report(entry("Your names\nwill be erased", 12.4, 19.8), entry("esc\x1b[31m\u202eoga", 20, 21))
    assert to_text(two) == (
        "00:12.400-00:19.800  Your names / will be erased\n00:20.000-00:21.000  esc\\x1b[31m\\u202eoga\n"
    )


def test_nothing_read():
    none = samples.empty()
    assert (none.to_srt(), none.to_vtt(), to_text(none)) == ("", "WEBVTT\n", "")


def test_files_are_utf8_with_unix_line_ends(tmp_path):
    arabic = report(ARABIC)
    arabic.write_srt(tmp_path / "a.srt")
    arabic.write_vtt(str(tmp_path / "a.vtt"))
    assert (tmp_path / "a.srt").read_bytes() == arabic.to_srt().encode("utf-8")
    assert (tmp_path / "a.vtt").read_bytes() == arabic.to_vtt().encode("utf-8")
    assert b"\r" not in (tmp_path / "a.srt").read_bytes()
    assert not (tmp_path / "a.srt").read_bytes().startswith(b"\xef\xbb\xbf")


def test_time_order_then_top_to_bottom():
    lower, upper = (100, 500, 300, 540), (100, 100, 300, 140)
    mixed = report(
        entry("third", 2.0, 9.0, upper), entry("second", 1.0, 3.0, lower), entry("first", 1.0, 3.0, upper)
    )
    for written in (mixed.to_srt(), mixed.to_vtt()):
        assert [lines for *_, lines in cues(written)] == [["first"], ["second"], ["third"]]


def test_the_words_of_a_picture_stand_for_a_second():
    picture = report(entry("KILL", 0.0, 0.0))
    assert [cue[:2] for cue in cues(picture.to_srt())] == [(0, 1000)]
    assert [cue[:2] for cue in cues(picture.to_vtt())] == [(0, 1000)]
    assert to_text(picture) == "00:00.000  KILL\n"


def test_times_before_zero_and_over_a_hundred_hours():
    odd = report(entry("early", -2.0, 1.5), entry("never", -3.0, -2.0), entry("late", 360_000.0, 451_234.5))
    shown = {cue[3][0]: cue[:2] for cue in cues(odd.to_srt())}
    assert shown == {"early": (0, 1500), "never": (0, 1000), "late": (360_000_000, 451_234_500)}
    assert "100:00:00.000 --> 125:20:34.500" in odd.to_vtt()


def test_blank_lines_and_blank_texts_do_not_break_the_format():
    blanks = report("one\n\n \n\t\u3000\ntwo\r\n\r\nthree\u2028\u2029four\x0b\x0cfive", " \n ", "")
    for written in (blanks.to_srt(), blanks.to_vtt()):
        assert [lines for *_, lines in cues(written)] == [["one", "two", "three", "four", "five"]]


@pytest.mark.parametrize(
    "text",
    [
        "1\n00:00:00,000 --> 99:00:00,000\ninjected",
        "x\n\n2\n00:00:00.000 --> 99:00:00.000\ninjected",
        "-->", "--->>", "a-->b-->c", "NOTE hidden", "STYLE\n::cue{color:transparent}", "REGION\nid:x",
        "WEBVTT", "7", "\ufeff1", "&lt;b&gt; &amp; &#60;", "<c.red>x</c>", "<00:00:00.500>x",
    ],
)  # fmt: skip
def test_hostile_words_stay_words(text):
    hostile = report("before", text, "after")
    wanted = [visible(line) for line in text.splitlines() if line]
    for written, plain in ((hostile.to_srt(), plain_srt), (hostile.to_vtt(), plain_vtt)):
        first, second, third = cues(written)
        assert (first[3], third[3]) == (["before"], ["after"])
        assert (second[0], second[1]) == (1000, 2000)
        assert [plain(line) for line in second[3]] == wanted


@pytest.mark.parametrize(
    "text",
    ["<b>die</b>", "<font size=0>die", r"{\an8}die", r"{\pos(0,0)\alpha&HFF&}die", "{die}", r"di\Ne\h",
     "{y:i}", "{c:$0000ff}die", "1\n00:00:00,000 --> 99:00:00,000\ndie"],
)  # fmt: skip
def test_ffmpeg_finds_no_markup_in_the_words(text, tmp_path):
    """Its decoder is the one in most players; what it does not understand, it hands on unchanged."""
    import av

    path = tmp_path / "hostile.srt"
    written = report("before", text, "after")
    written.write_srt(path)
    with av.open(str(path), format="srt") as container:
        packets = [packet for packet in container.demux() if packet.size]
        shown = [packet.decode()[0].ass.decode().split(",", 8)[8] for packet in packets]
    lines = cues(written.to_srt())[1][3]
    assert shown == ["before", r"\N".join(lines), "after"]
    assert [plain_srt(line) for line in lines] == text.splitlines()
    assert not set("{}") & set(shown[1]), "libass hides what stands in braces"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (ARABIC, ARABIC),
        (f"10,000 {ARABIC}.", f"10,000 {ARABIC}."),
        (f"Facebook {ARABIC}.", f"{RLM}Facebook {ARABIC}."),
        ("We will erase your names", "We will erase your names"),
        ("שלום means peace, they say", f"{LRM}שלום means peace, they say"),
        ("12:30!", "12:30!"),
    ],
)
def test_a_line_keeps_its_order_and_is_marked_only_where_players_guess_its_direction_wrong(line, shown):
    assert cues(report(line).to_srt())[0][3] == [shown]
    assert cues(report(line).to_vtt())[0][3] == [shown]


def test_lines_of_two_languages_keep_their_own_directions():
    both = f"{ARABIC}\nYour names will be erased."
    assert cues(report(both).to_srt())[0][3] == both.split("\n")


@pytest.mark.parametrize(
    ("text", "box", "place"),
    [
        ("words", (320, 72, 960, 144), "line:10% position:50%"),
        ("words", (0, 0, 20, 40), "line:0% position:10%"),
        ("words", (1260, 0, 1280, 40), "line:0% position:90%"),
        ("three\nlines\nbelow", (320, 690, 960, 720), "line:82% position:50%"),
        ("outside", (5000, 5000, 5010, 5010), "line:94% position:90%"),
    ],
)
def test_vtt_shows_the_words_where_they_stood_and_within_the_picture(text, box, place):
    assert cues(report(entry(text, box=box)).to_vtt())[0][2] == place


def test_vtt_of_a_picture_without_a_size_has_no_place():
    unknown = report("words")
    unknown = replace(unknown, media=replace(unknown.media, width_px=0))
    assert cues(unknown.to_vtt())[0][2] == ""


bases = st.sampled_from([Fraction(1, 90_000), Fraction(1, 12_800), Fraction(1001, 30_000), Fraction(1, 3)])
moments = st.builds(Timestamp, st.integers(0, 2**34), bases)
words = st.text(max_size=40) | st.lists(
    st.sampled_from(["-->", "\n", "\n\n", "\r", "1", "00:00:01,000 --> 00:00:02,000", "<b>", "&", "NOTE",
                     ARABIC, "{\\an8}", "\u2028", "\ufeff", "\t", "word ", "\ud800", JOINER, RLM]),
    max_size=8,
).map("".join)  # fmt: skip


def milliseconds(time: Timestamp) -> int:
    return round(time.seconds * 1000)


@given(st.lists(st.tuples(words, moments, moments), max_size=5))
def test_subtitles_read_back_give_the_same_times_and_texts(drawn):
    made = report(
        *(
            replace(entry(text), span=Span(min(t0, t1), max(t0, t1)), clearest=min(t0, t1))
            for text, t0, t1 in drawn
        )
    )
    wanted = []
    for text in made.texts:
        lines = [visible(line.strip()) for line in text.text.replace("\t", " ").splitlines() if line.strip()]
        if lines:
            start, end = milliseconds(text.span.start), milliseconds(text.span.end)
            wanted.append((start, end if end > start else start + 1000, lines))
    again = Report.from_json(made.to_json())
    for written, plain in ((made.to_srt(), plain_srt), (made.to_vtt(), plain_vtt)):
        read = [(start, end, [plain(line) for line in lines]) for start, end, _, lines in cues(written)]
        assert sorted(read) == sorted(wanted)
        assert [cue[0] for cue in read] == sorted(cue[0] for cue in read)
        written.encode("utf-8")
    assert (again.to_srt(), again.to_vtt(), to_text(again)) == (made.to_srt(), made.to_vtt(), to_text(made))
    assert to_text(made).count("\n") == len(wanted)


def test_a_report_that_was_read_back_rounds_as_it_did_before():
    almost = Timestamp(100_149_996, Fraction(1, 10**8))  # 1.0015 s in the JSON
    made = report(replace(entry("words"), span=Span(almost, samples.at(3.0))))
    again = Report.from_json(made.to_json())
    assert (again.to_srt(), again.to_vtt(), to_text(again)) == (made.to_srt(), made.to_vtt(), to_text(made))


def test_the_json_is_the_reports_own_texts_and_what_was_not_read():
    whole = samples.in_part()
    part = json.loads(texts_json(whole))
    assert list(part) == ["media", "coverage", "detectors", "texts"]
    for key in ("media", "coverage", "texts"):
        assert part[key] == whole.to_dict()[key]
    assert [run["name"] for run in part["detectors"]] == ["text"]
    assert not part["coverage"]["complete"]
    schema = json.loads((Path(mediaforensics.report.__file__).parent / "report.schema.json").read_text())
    schema["required"] = list(part)
    jsonschema.validate(part, schema)


def test_status_says_whether_all_was_read_and_not_what_was_found():
    assert samples.rich().findings
    assert read_status(samples.rich()) == 0
    assert read_status(samples.in_part()) == 4
    (run, *others) = samples.rich().detectors
    failing = replace(run, failures=(Gap(span=samples.span(1, 2), why="ValueError: no"),))
    assert read_status(replace(samples.rich(), detectors=(failing, *others))) == 4
    idle = replace(run, ran=False, why_not="could not begin")
    assert read_status(replace(samples.rich(), detectors=(idle, *others))) == 4
