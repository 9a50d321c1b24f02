"""The report as one self-contained page, and as a card for notebooks.

The page loads nothing: style, script and pictures are inside it, and its content security policy allows
exactly those (by SHA-256) and no request. It holds nothing of ``run``, so two runs over the same file give
the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

import jinja2
from markupsafe import Markup

from mediaforensics.report.model import Report
from mediaforensics.report.page import Page, strongest_first
from mediaforensics.report.pictures import data_uri, smaller
from mediaforensics.report.visible import visible
from mediaforensics.report.words import FINDING_KINDS, STRENGTHS, shown, span_words

_CARD_FINDINGS = 8
_CARD_PICTURES = 4
_CARD_SIDE_PX = 240


def to_html(report: Report) -> str:
    """Build the page.

    Returns
    -------
    str
        A complete HTML document without any reference to another file or address.
    """
    environment = _environment()
    style, script = _text("page.css"), _text("page.js")
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_source_hash(style)}'; "
        f"script-src '{_source_hash(script)}'; base-uri 'none'; form-action 'none'"
    )
    return environment.get_template("page.html.j2").render(
        page=Page(report),
        policy=policy,
        # Our own files, trusted and hashed as they stand.
        style=Markup(style),
        script=Markup(script),
    )


def to_card(report: Report) -> str:
    """Build a compact card for a notebook: no script, no style sheet; pictures stay folded until opened."""
    findings = strongest_first(report)
    pictures = [picture for picture in report.evidence if picture.jpeg is not None][:_CARD_PICTURES]
    return (
        _environment()
        .get_template("card.html.j2")
        .render(
            report=report,
            findings=findings[:_CARD_FINDINGS],
            more=len(findings) - _CARD_FINDINGS,
            kinds=FINDING_KINDS,
            strengths=STRENGTHS,
            span_words=span_words,
            pictures=[
                (picture, data_uri(smaller(picture.jpeg, _CARD_SIDE_PX, 70)))
                for picture in pictures
                if picture.jpeg
            ],
        )
    )


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_text),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["shown"] = shown
    environment.filters["visible"] = visible
    return environment


@cache
def _text(name: str) -> str:
    return files("mediaforensics.report").joinpath("templates", name).read_text("utf-8")


def _source_hash(text: str) -> str:
    """``sha256-...`` as a content security policy names an inline style or script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")
