"""A report in a notebook: a card without script, a data frame per list."""

from __future__ import annotations

import sys
from html.parser import HTMLParser

import pytest
import report_samples as samples

from mediaforensics.errors import MissingDependency


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes = [], set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes.update(name for name, _ in attrs)


@pytest.mark.parametrize("make", [samples.rich, samples.empty, samples.in_part, samples.hostile])
def test_the_card_has_no_script_and_pictures_are_folded(make):
    parsed = Tags(make()._repr_html_())
    assert set(parsed.tags) <= {
        "div",
        "bdi",
        "strong",
        "code",
        "ul",
        "li",
        "details",
        "summary",
        "img",
        "span",
    }
    assert parsed.attributes <= {"style", "src", "alt", "class"}
    assert parsed.tags.count("details") > parsed.tags.count("img") or "img" not in parsed.tags


def test_the_card_says_what_was_not_looked_at():
    card = samples.in_part()._repr_html_()
    assert card.index("Part of this file was not looked at") < card.index("Violent overlay")
    assert "No finding." in samples.empty()._repr_html_()


def test_a_data_frame_per_list():
    pytest.importorskip("pandas")
    frames = samples.rich().to_frames()
    assert list(frames) == ["texts", "threats", "known", "faces", "overlays", "findings"]
    assert list(frames["faces"]["person_id"])[:2] == ["person-a", "person-b"]
    assert list(frames["texts"].columns)[:4] == ["id", "text", "language", "script"]
    empty = samples.empty().to_frames()["texts"]
    assert len(empty) == 0
    assert list(empty.columns) == list(frames["texts"].columns)


def test_without_pandas_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingDependency, match="notebook"):
        samples.rich().to_frames()
