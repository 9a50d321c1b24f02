"""The page as text: self-contained, escaped, in the order promised, small enough, the same every time."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import report_samples as samples
from PIL import Image

from mediaforensics.report.citations import Citations
from mediaforensics.report.pictures import fitted, marks
from mediaforensics.report.words import clock, percent, shown
from mediaforensics.types import Box, Mask

EVERY = [samples.rich, samples.empty, samples.in_part, samples.hostile]
VOID = {"meta", "br", "img", "hr", "link", "input"}


class Page(HTMLParser):
    """Elements with their attributes, the text outside of style and script, and whether tags match."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.words, self.raw, self._open = [], [], {}, []
        self.feed(html)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        if self._open and self._open[-1] in ("style", "script"):
            self.raw[self._open[-1]] = self.raw.get(self._open[-1], "") + data
        else:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.mark.parametrize("make", EVERY)
def test_the_policy_allows_exactly_what_is_inside(make):
    page = Page(make().to_html())
    (policy,) = [a["content"] for tag, a in page.elements if a.get("http-equiv") == "Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    for tag, rule in (("style", "style-src"), ("script", "script-src")):
        digest = base64.b64encode(hashlib.sha256(page.raw[tag].encode()).digest()).decode()
        assert rules[rule] == f"'sha256-{digest}'"


@pytest.mark.parametrize("make", EVERY)
def test_nothing_is_loaded_and_nothing_hostile_acts(make):
    page = Page(make().to_html())
    assert {tag for tag, _ in page.elements} & {
        "iframe",
        "object",
        "embed",
        "form",
        "base",
        "link",
        "img",
    } == set()
    assert sum(tag in ("script", "style") for tag, _ in page.elements) == 2
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") or name == "style" for name in attributes), (tag, attributes)
        for name in ("href", "src", "xlink:href"):
            if name in attributes:
                assert attributes[name].startswith(("#", "data:image/jpeg;base64,")), attributes
    assert "http" not in page.raw["script"] + page.raw["style"].lower()
    assert "url(" not in page.raw["style"]


def test_every_hostile_text_is_shown_and_what_is_invisible_is_written_out():
    html = samples.hostile().to_html()
    page = Page(html)
    assert "<script>alert(1)</script>" in page.text
    assert "{{ 7*7 }}{% raw %}" in page.text
    for code in ("U+202E", "U+0000", "U+001B", "U+2028", "U+200B", "U+2066", "U+FEFF"):
        assert code in page.text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2066-\u2069\ufeff]", html)


@pytest.mark.parametrize("make", EVERY)
def test_links_lead_somewhere_and_ids_are_unique(make):
    page = Page(make().to_html())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"][1:] for _, a in page.elements if a.get("href", "").startswith("#")}
    assert targets <= set(ids)
    named = {a[key] for _, a in page.elements for key in ("aria-labelledby",) if key in a}
    assert named <= set(ids)


@pytest.mark.parametrize("make", EVERY)
def test_the_same_report_gives_the_same_page(make):
    assert make().to_html() == make().to_html()


def test_findings_come_first_strongest_first_and_what_was_missed_before_what_was_not_found():
    text = Page(samples.rich().to_html()).text
    places = [text.index(f"{words} 00:") for words in ("Strong", "Moderate", "Weak")]
    assert places == sorted(places)
    headings = re.findall(r'<h2 id="h-(\w+)"', samples.rich().to_html())
    assert headings[:4] == ["findings", "coverage", "timeline", "pictures"]
    partial = Page(replace(samples.in_part(), findings=(), evidence=()).to_html()).text
    assert partial.index("14 packets could not be decoded") < partial.index("No rule found anything")
    assert "That is not the same as nothing being there" in partial
    assert "known detector did not run: no known pictures were given" in partial
    assert "Looked for and not found" not in partial.split("Threats in text")[1].split("Texts")[0]


def test_one_look_tells_who_how_when_and_how_sure():
    html = samples.rich().to_html()
    glance = Page(html[html.index('<div class="glances">') : html.index('<p class="standing">')]).text
    assert "Ada Example match Flames, bullet holes, threat of destruction".lower() in glance.lower()
    assert "soon your names will be erased" in glance
    assert "Strong 00:11.000 – 00:20.000" in glance
    assert "Bertil Sample lead only" in glance
    assert "lead for a person to confirm" in html


def test_the_same_fault_again_and_again_is_one_line():
    report = samples.in_part()
    gap = report.detectors[0].failures[0]
    many = replace(
        report.detectors[0], failures=tuple(replace(gap, span=samples.span(i, i)) for i in range(3000))
    )
    text = Page(replace(report, detectors=(many, *report.detectors[1:])).to_html()).text
    assert "could not look, 3000 times" in text
    assert len(text) < 10_000


def test_a_finding_shows_the_picture_with_the_overlay():
    report = samples.rich()
    before, during = samples.picture(12.0, "f1", "k1", "t2"), samples.picture(15.0, "o1")
    html = replace(report, evidence=(before, during)).to_html()
    assert (
        'Frame at <span class="time">00:15.000</span>'
        in html[html.index(">x1<", html.index("<article")) :][:6000]
    )


def test_a_right_to_left_text_keeps_its_direction():
    html = samples.rich().to_html()
    assert '<blockquote dir="auto" lang="ar">سنمحو أسماءكم قريبا</blockquote>' in html
    hostile = Page(samples.hostile().to_html())
    assert {a["lang"] for _, a in hostile.elements if "lang" in a} == {"en"}


def test_pictures_are_hidden_at_first_and_stored_once():
    page = Page(samples.rich().to_html())
    shots = [a for tag, a in page.elements if tag == "button" and a.get("class") == "shot"]
    assert len(shots) == 6 + 5
    assert all(
        a["aria-pressed"] == "false" and a["aria-label"].startswith("Show the frame at") for a in shots
    )
    assert sum(tag == "image" for tag, _ in page.elements) == 5


def test_a_report_read_from_json_has_a_page_without_pixels():
    again = type(samples.rich()).from_json(samples.rich().to_json())
    page = Page(again.to_html())
    assert "The picture itself is not in this file." in page.text
    assert not any(tag == "image" for tag, _ in page.elements)


def test_a_picture_has_no_timeline():
    report = samples.empty()
    media = replace(
        report.media, kind="image", duration_s_decoded=0.0, duration_s_from_header=None, frames_decoded=1
    )
    html = replace(report, media=media).to_html()
    assert 'id="timeline"' not in html
    assert "Duration" not in html


def noisy_jpeg(seed, size=(640, 360)):
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1] // 4, size[0] // 4, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC).save(data, "JPEG", quality=85)
    return data.getvalue()


def test_200_findings_with_restless_pictures_fit_in_10_mb():
    report = samples.large(200)
    jpegs = [noisy_jpeg(seed) for seed in range(4)]
    report = replace(
        report, evidence=tuple(replace(p, jpeg=jpegs[i % 4]) for i, p in enumerate(report.evidence))
    )
    assert sum(len(p.jpeg) for p in report.evidence) > 12_000_000
    html = report.to_html()
    assert len(html.encode()) <= 10_000_000
    assert html.count("<image ") == 200


def test_pictures_beyond_the_budget_are_left_out_last_first():
    pictures = [replace(samples.picture(float(i), "x"), jpeg=noisy_jpeg(i)) for i in range(6)]
    kept = fitted(pictures, budget_bytes=20_000)
    assert kept[0] is not None
    assert kept[-1] is None
    assert sum(len(jpeg) for jpeg in kept if jpeg) <= 20_000
    assert fitted(pictures) == [picture.jpeg for picture in pictures]


def test_a_mask_is_drawn_over_the_very_frame_it_is_of():
    report = samples.rich()
    overlay = report.overlays[0]
    lead, other = overlay.channels
    assert Citations(report).masks[overlay.id] == lead.mask
    elsewhere = replace(overlay, channels=(replace(lead, time=samples.at(15.0)), other))
    changed = replace(report, overlays=(elsewhere, *report.overlays[1:]))
    assert Citations(changed).masks[overlay.id] == other.mask
    neither = replace(overlay, channels=(replace(lead, time=samples.at(15.0)),))
    assert overlay.id not in Citations(replace(report, overlays=(neither, *report.overlays[1:]))).masks


def test_boxes_are_scaled_to_the_picture_and_tags_do_not_hide_each_other():
    picture = samples.picture(14.0, "f1", "o1", "t1", "off")
    boxes = {
        "f1": (Box(200, 100, 400, 300), "face", 14.0),
        "o1": (Box(200, 100, 300, 200), "overlay", 14.5),
        "t1": (Box(-50, 690, 2000, 900), "text", 14.0),
        "off": (Box(2000, 0, 2100, 10), "face", 14.0),
    }
    cells = np.zeros((4, 4), np.bool_)
    cells[1, 1:3] = cells[3, 0] = True
    masks = {"o1": Mask.of(Box(200, 100, 300, 200), cells)}
    face, text, overlay = marks(picture, boxes, masks, picture.of)
    assert (face.x, face.y, face.width, face.height) == (100, 50, 100, 100)
    assert (text.x, text.y, text.width, text.height) == (0, 345, 640, 15)
    assert (face.loose, overlay.loose) == (False, True)
    assert (face.tag_x, face.tag_y) != (overlay.tag_x, overlay.tag_y)
    assert [mark.tag for mark in marks(picture, boxes, masks, {"o1"})] == ["o1"]
    assert (face.mask, overlay.mask) == ("", "M1 1h2v1h-2zM0 3h1v1h-1z")
    assert overlay.mask_place == "translate(100.0 50.0) scale(12.500 12.500)"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "00:00.000"),
        (12.4, "00:12.400"),
        (59.9996, "01:00.000"),
        (3723.5, "1:02:03.500"),
        (-1.5, "-00:01.500"),
    ],
)
def test_clock(seconds, words):
    assert clock(samples.at(seconds)) == words


def test_small_words():
    assert [percent(f) for f in (0, 0.004, 0.414, 1)] == ["0 %", "under 1 %", "41 %", "100 %"]
    assert (
        shown("a\u202e<b>\n") == 'a<span class="code">U+202E</span>&lt;b&gt;<span class="code">U+000A</span>'
    )
    assert shown("a\nb", lines=True) == "a\nb"
    assert shown("می‌خواهم 👩‍🚀") == "می‌خواهم 👩‍🚀"


def test_a_list_of_naughty_strings_by_other_hands(test_data):
    (listed,) = sorted(test_data.glob("**/*blns.txt"))[:1] or [None]
    if listed is None:
        pytest.skip("no blns.txt in MF_TEST_DATA")
    naughty = [line for line in listed.read_text("utf-8").split("\n") if line and not line.startswith("#")]
    assert len(naughty) > 300
    report = samples.rich()
    texts = tuple(replace(report.texts[0], id=f"n{i}", text=text) for i, text in enumerate(naughty))
    names = tuple(
        replace(report.known[0], id=f"m{i}", entry_id=text, list_name=text, labels=(text,))
        for i, text in enumerate(naughty)
    )
    report = replace(report, texts=report.texts + texts, known=report.known + names)
    html = report.to_html()
    page = Page(html)
    assert {tag for tag, _ in page.elements} == {tag for tag, _ in Page(samples.rich().to_html()).elements}
    assert not any(name.startswith("on") or name == "style" for _, a in page.elements for name in a)
    assert html.count('class="row"') == 17 + 2 * len(naughty)
    assert type(report).from_json(report.to_json()).to_json() == report.to_json()
