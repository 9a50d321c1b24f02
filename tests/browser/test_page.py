"""The page in a real browser: no complaint, request or overflow; hidden pictures, filters, keyboard."""

from __future__ import annotations

import io
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "unit" / "report"))
import chromium
import report_samples as samples

pytestmark = pytest.mark.browser

PAGES = {"rich": samples.rich, "empty": samples.empty, "in_part": samples.in_part, "hostile": samples.hostile}


@pytest.fixture(scope="module")
def browser():
    program = chromium.find()
    if program is None:
        pytest.skip("no Chromium on this machine: install the package chromium to run the page tests")
    browser = chromium.Chromium(program)
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, make in PAGES.items():
        make().write_html(folder / f"{name}.html")
    return folder


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("name", PAGES)
def test_no_complaint_no_request_no_overflow(browser, pages, name, width, dark):
    browser.open(pages / f"{name}.html", width=width, dark=dark)
    assert browser.complaints == []
    assert [url for url in browser.requests if not url.startswith("data:")] == [
        (pages / f"{name}.html").as_uri()
    ]
    assert browser.js("document.documentElement.scrollWidth") == width
    wide = browser.js(
        "[...document.querySelectorAll('main *, header *, footer *')]"
        f".filter(e => e.getBoundingClientRect().right > {width} + 0.5 && !e.closest('svg'))"
        ".map(e => e.tagName + '.' + e.className).slice(0, 5)"
    )
    assert [place for place in wide if "skip-inline" not in place] == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_words_have_enough_contrast(browser, pages, dark):
    """WCAG AA: 4.5 to 1 for every element that holds text of its own, on the page's plain backgrounds."""
    browser.open(pages / "in_part.html", dark=dark)
    ratios = browser.js(
        """(() => {
        const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
        const lum = rgb => rgb.slice(0, 3)
            .map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
        const behind = e => { for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > .8) return c; }
            return [255, 255, 255]; };
        return [...document.querySelectorAll('body *')].filter(e => !e.closest('svg, .shot, script, style')
            && [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length)
          .map(e => { const a = lum(parse(getComputedStyle(e).color)), b = lum(behind(e));
            return [(Math.max(a, b) + .05) / (Math.min(a, b) + .05), e.tagName + '.' + e.className]; })
          .map(([ratio, place]) => [ratio.toFixed(2), place]);
        })()"""
    )
    assert len(ratios) > 100
    assert [place for place in ratios if float(place[0]) < 4.5] == []


def test_pictures_are_blurred_until_asked_for_by_mouse_or_keyboard(browser, pages):
    browser.open(pages / "rich.html")
    look = "getComputedStyle(document.querySelector('.shot .pixels')).filter"
    assert "blur" in browser.js(look)
    assert "grayscale" in browser.js(look)
    browser.js("document.querySelector('.shot').click()")
    assert browser.js(look) == "none"
    browser.js("document.querySelector('.shot').focus()")
    browser.key("Enter", "Enter", 13, "\r")
    assert "blur" in browser.js(look)
    browser.key(" ", "Space", 32, " ")
    assert browser.js(look) == "none"
    assert browser.js("document.querySelectorAll('.shot[aria-pressed=true]').length") == 1
    browser.js("document.querySelector('.reveal-all').click()")
    assert browser.js("document.querySelectorAll('.shot[aria-pressed=false]').length") == 0
    browser.js("document.querySelector('.reveal-all').click()")
    assert browser.js("document.querySelectorAll('.shot[aria-pressed=true]').length") == 0
    assert "blur" in browser.js(look)


def test_the_revealed_picture_is_the_picture(browser, pages):
    """The drawing has a face in the middle of the frame; what the page shows there must be that colour."""
    browser.open(pages / "rich.html")
    hidden, shown = [], []
    for into in (hidden, shown):
        shot = pages / "shot.png"
        browser.screenshot(shot)
        box = browser.js(
            "(r => [r.x + scrollX, r.y + scrollY, r.width, r.height])"
            "(document.querySelector('.shot').getBoundingClientRect())"
        )
        with Image.open(io.BytesIO(shot.read_bytes())) as image:
            into.extend(
                image.convert("RGB").getpixel((int(box[0] + box[2] / 2), int(box[1] + box[3] * 0.45)))
            )
        browser.js("document.querySelector('.shot').click()")
    assert max(hidden) - min(hidden) <= 8
    assert all(abs(seen - drawn) <= 12 for seen, drawn in zip(shown, (214, 170, 140), strict=True))


def test_filters_hide_findings_and_a_link_brings_one_back(browser, pages):
    browser.open(pages / "rich.html")
    count = "[...document.querySelectorAll('.finding')].filter(f => f.getClientRects().length).length"
    assert browser.js(count) == 6
    browser.js("document.querySelector('[data-strength=strong].filter').click()")
    assert browser.js(count) == 3
    assert browser.js("document.querySelector('.shown-count').textContent") == "3 of 6 shown"
    browser.js("document.querySelector('[data-kind=known_image].filter').click()")
    assert browser.js(count) == 2
    browser.js("document.querySelector('.glance a').click()")
    browser.js("new Promise(done => setTimeout(done, 50))")
    assert browser.js(count) == 3
    browser.js("document.querySelector('[data-strength=strong].filter').click()")
    browser.js("document.querySelector('[data-kind=known_image].filter').click()")
    assert browser.js(count) == 6
    assert browser.js("document.querySelector('.shown-count').textContent") == ""


def test_every_control_can_be_reached_and_every_bar_leads_to_its_entry(browser, pages):
    browser.open(pages / "rich.html")
    assert browser.js("[...document.querySelectorAll('button')].every(b => b.tabIndex === 0)")
    assert browser.js(
        "[...document.querySelectorAll('.track a')].every(a => a.getAttribute('aria-label')"
        " && document.querySelector(a.getAttribute('href')))"
    )
    browser.key("Tab", "Tab", 9)
    assert browser.js("document.activeElement.className") == "skip"
    browser.key("Tab", "Tab", 9)
    assert browser.js("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_headings_and_landmarks(browser, pages):
    browser.open(pages / "rich.html")
    assert browser.js("document.querySelectorAll('h1').length") == 1
    assert browser.js(
        "['header', 'nav', 'main', 'footer']"
        ".every(n => document.querySelectorAll('body > ' + n).length === 1)"
    )
    levels = browser.js("[...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_hostile_page_runs_nothing(browser, pages):
    browser.open(pages / "hostile.html")
    assert browser.js("document.scripts.length") == 1
    assert browser.js("document.querySelectorAll('img, iframe, [onerror], [onload]').length") == 0
    assert "<script>alert(1)</script>" in browser.js("document.querySelector('h1').textContent")
