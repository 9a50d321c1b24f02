"""The report's vocabulary in plain words, and text by strangers made safe to look at.

Words state what was seen. None of them states guilt, and none turns a lead into a fact.
"""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from mediaforensics.report.visible import unseen
from mediaforensics.types import Span, Timestamp

FINDING_KINDS = {
    "combined_threat": "Violent overlay together with a threat",
    "public_figure_violent_overlay": "Violent overlay on an enrolled person",
    "named_threat": "Threat that names an enrolled person",
    "threat_text": "Threat in text",
    "face_violent_overlay": "Violent overlay on a face not in the gallery",
    "known_image": "Known picture",
}
SHORT_KINDS = {
    "combined_threat": "Overlay with threat",
    "public_figure_violent_overlay": "Overlay on enrolled person",
    "named_threat": "Threat by name",
    "threat_text": "Threat in text",
    "face_violent_overlay": "Overlay on other face",
    "known_image": "Known picture",
}
"""The same on buttons."""
STRENGTHS = {"strong": "Strong", "moderate": "Moderate", "weak": "Weak"}
"""Strongest first: the order of the page."""
THREATS = {
    "death_threat": "Threat to life",
    "violence": "Threat of violence",
    "destruction": "Threat of destruction",
    "account_takeover": "Threat to take over accounts",
    "ultimatum": "Ultimatum",
    "call_to_action": "Call to act",
    "capability_claim": "Claim of capability",
    "taunt": "Taunt",
}
OVERLAYS = {
    "flames": ("flames", "flames"),
    "bullet_hole": ("bullet hole", "bullet holes"),
    "crosshair": ("crosshair", "crosshairs"),
    "blood": ("blood", "blood"),
    "crossed_out": ("crossing-out", "crossings-out"),
    "noose": ("noose", "nooses"),
    "weapon": ("weapon", "weapons"),
    "skull": ("skull", "skulls"),
    "explosion": ("explosion", "explosions"),
}
"""Singular and plural."""
TIERS = {"match": "match", "lead": "lead only", "unknown": "not in the gallery"}
ROUTES = {
    "plain": "face as shown",
    "rotated": "face turned upright first",
    "composite": "several frames put together",
    "inpainted": "overlay painted out first",
    "known_image": "through the known picture it is",
}
METHODS = {
    "model": "trained model",
    "residual": "difference to the known picture",
    "motion": "motion on a still picture",
}
LANGUAGES = {
    "ar": "Arabic", "de": "German", "en": "English", "es": "Spanish", "fa": "Persian", "fr": "French",
    "he": "Hebrew", "hi": "Hindi", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "pt": "Portuguese", "ru": "Russian", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "zh": "Chinese",
}  # fmt: skip


def overlay_name(kind: str, count: int = 1) -> str:
    """Name of a kind of overlay, in the plural for a count above one."""
    one, many = OVERLAYS[kind]
    return one if count == 1 else many


def clock(time: Timestamp) -> str:
    """Format as ``mm:ss.mmm``, or ``h:mm:ss.mmm`` from an hour on."""
    milliseconds = round(time.exact_s * 1000)
    sign, milliseconds = ("-", -milliseconds) if milliseconds < 0 else ("", milliseconds)
    seconds, milliseconds = divmod(milliseconds, 1000)
    hours, seconds = divmod(seconds, 3600)
    head = f"{hours}:" if hours else ""
    return f"{sign}{head}{seconds // 60:02d}:{seconds % 60:02d}.{milliseconds:03d}"


def span_words(span: Span) -> str:
    """From when to when; one instant for a picture."""
    if span.start == span.end:
        return clock(span.start)
    return f"{clock(span.start)} – {clock(span.end)}"


def percent(fraction: float) -> str:
    """Whole percent, with a space, never ``0 %`` for something that is there."""
    return "under 1 %" if 0 < fraction < 0.01 else f"{fraction * 100:.0f} %"


def language_tag(code: str | None) -> str | None:
    """``code`` if it can stand in a ``lang`` attribute, else None."""
    return code if code and re.fullmatch(r"[a-z]{2,3}", code) else None


def shown(text: str, *, lines: bool = False) -> Markup:
    """HTML in which everything invisible stands as a marked code; nothing in ``text`` acts as markup.

    Parameters
    ----------
    text : str
        By anybody.
    lines : bool
        Keep line breaks; otherwise they too are written out.
    """
    return Markup("").join(
        Markup('<span class="code">U+{}</span>').format(f"{ord(c):04X}")
        if unseen(c) and not (lines and c == "\n")
        else escape(c)
        for c in text
    )
