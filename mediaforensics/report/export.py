"""Just the words of a report: as lines to read and search, as SRT and WebVTT subtitles, as JSON.

A subtitle stands exactly as long as its text was visible: a cue is shown from its start until just before its
end, as a span is. Times are those of the container, so that subtitles fit the file they were read from.

Subtitles can say neither what was not looked at nor how sure a reading is; the report and the JSON can.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from mediaforensics.findings.entries import TextEntry
from mediaforensics.media.facts import MediaFacts
from mediaforensics.report.model import EXIT_NO_FINDING, EXIT_READ_IN_PART, Report
from mediaforensics.report.visible import visible
from mediaforensics.report.words import clock
from mediaforensics.types import Timestamp

_MILLISECOND = Fraction(1, 1000)
_INSTANT_MS = 1000
"""How long the words of a picture, which has no duration, are shown: players drop an empty cue, and WebVTT
forbids it. A second is enough to see that they are there."""
_VTT_LINE_PERCENT = 6
"""Height of one line as players draw WebVTT: 5 % of the video's, and its leading."""
_VTT_EDGE_PERCENT = 10
"""A cue is as wide as twice its middle's distance from the nearer edge: a fifth of the picture at least."""

_LRM, _RLM = "\u200e", "\u200f"
_WORD_JOINER = "\u2060"
_SRT_MARKUP = re.compile(r"[<\\]|--(?=>)")
"""What begins a tag or a line break to SRT players, and the arrow of a timing line. SRT has no escapes: an
invisible word joiner behind them ends their meaning, as FFmpeg does for the same reason."""
_SRT_BRACES = str.maketrans("{}", "\uff5b\uff5d")
"""Players that draw with libass hide whatever stands in braces; wide braces are shown."""

Words = tuple[TextEntry, tuple[str, ...]]


def to_text(report: Report) -> str:
    """One line per text, ``00:12.400-00:19.800  the words``; lines of one text are joined by ``/``.

    Control and direction characters appear as escapes, so that a text in a video cannot steer a terminal.
    """
    return "".join(f"{_when(entry)}  {' / '.join(lines)}\n" for entry, lines in _words(report))


def to_srt(report: Report) -> str:
    """SubRip subtitles, one cue per text; see the module for what they can say."""
    cues = []
    for number, (entry, lines) in enumerate(_words(report), 1):
        cues.append(f"{number}\n{_timing(entry, ',')}\n" + "\n".join(map(_srt_line, lines)) + "\n\n")
    return "".join(cues)


def to_vtt(report: Report) -> str:
    """WebVTT subtitles, one cue per text, each where its text stood in the picture."""
    cues = ["WEBVTT\n"]
    for entry, lines in _words(report):
        place = _place(entry, report.media, len(lines))
        cues.append(f"\n{_timing(entry, '.')}{place}\n" + "\n".join(map(_vtt_line, lines)) + "\n")
    return "".join(cues)


def texts_json(report: Report) -> str:
    """The report's own ``texts`` with the file they are of and what was not read, as JSON text.

    Keys ``media``, ``coverage``, ``detectors`` (the one of texts alone) and ``texts``, each as in the whole
    report.
    """
    whole = report.to_dict()
    part = {key: whole[key] for key in ("media", "coverage", "detectors", "texts")}
    part["detectors"] = [run for run in part["detectors"] if run["name"] == "text"]
    return json.dumps(part, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": to_text,
    "srt": to_srt,
    "vtt": to_vtt,
    "json": texts_json,
}
"""By the name that the command takes."""


def read_status(report: Report) -> int:
    """Exit status of reading the words alone: 0 all of it was read, 4 in part; findings play no role."""
    looked = any(run.name == "text" and run.ran for run in report.detectors)
    return EXIT_NO_FINDING if looked and report.complete else EXIT_READ_IN_PART


def _words(report: Report) -> Iterator[Words]:
    """Texts with their lines, in time order, those of one moment from top to bottom.

    A blank line would end a cue, so there is none; a text of blanks alone is left out.
    """

    def reading_order(entry: TextEntry) -> tuple[int, int, int, str]:
        return _milliseconds(entry.span.start), entry.box.y0, entry.box.x0, entry.id

    for entry in sorted(report.texts, key=reading_order):
        stripped = (line.strip() for line in entry.text.replace("\t", " ").splitlines())
        lines = tuple(visible(line) for line in stripped if line)
        if lines:
            yield entry, lines


def _srt_line(line: str) -> str:
    return _SRT_MARKUP.sub(rf"\g<0>{_WORD_JOINER}", _directed(line)).translate(_SRT_BRACES)


def _vtt_line(line: str) -> str:
    return _directed(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _directed(line: str) -> str:
    """Mark the direction of a line that begins in a word of the other direction.

    Letters stay in logical order, the order they are read in: players apply the Unicode bidirectional
    algorithm themselves and take a line's direction from its first letter. So most lines need nothing, and
    embedding characters (U+202B) would only get into searches and into what is copied. Where that guess is
    wrong, as in an Arabic sentence that begins with "Facebook", one invisible mark in front corrects it.
    """
    directions = [unicodedata.bidirectional(character) for character in line]
    strong = [direction != "L" for direction in directions if direction in ("L", "R", "AL")]
    leftward = sum(strong)
    if strong and not strong[0] and leftward > len(strong) / 2:
        return _RLM + line
    if strong and strong[0] and leftward < len(strong) / 2:
        return _LRM + line
    return line


def _milliseconds(time: Timestamp) -> int:
    # From the microseconds that JSON keeps: a report that was read back gives the same subtitles.
    return round(round(Fraction(time.seconds) * 1_000_000) * _MILLISECOND)


def _when(entry: TextEntry) -> str:
    start, end = (
        clock(Timestamp(_milliseconds(t), _MILLISECOND)) for t in (entry.span.start, entry.span.end)
    )
    return start if start == end else f"{start}-{end}"


def _timing(entry: TextEntry, decimal_mark: str) -> str:
    # What lies before zero cannot be written: players begin there.
    start = max(0, _milliseconds(entry.span.start))
    end = max(0, _milliseconds(entry.span.end))
    if end == start:
        end += _INSTANT_MS
    return f"{_cue_clock(start, decimal_mark)} --> {_cue_clock(end, decimal_mark)}"


def _cue_clock(milliseconds: int, decimal_mark: str) -> str:
    seconds, milliseconds = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{decimal_mark}{milliseconds:03d}"


def _place(entry: TextEntry, media: MediaFacts, lines: int) -> str:
    """Cue settings: the top of the words, and their middle, in percent of the picture."""
    if media.width_px < 1 or media.height_px < 1:
        return ""
    box = entry.box.clipped((media.width_px, media.height_px))
    top = round(100 * box.y0 / media.height_px)
    middle = round(50 * (box.x0 + box.x1) / media.width_px)
    # The player's lettering may be larger: it must not end below the picture, nor be squeezed at its edge.
    top = min(top, max(0, 100 - _VTT_LINE_PERCENT * lines))
    middle = min(max(middle, _VTT_EDGE_PERCENT), 100 - _VTT_EDGE_PERCENT)
    return f" line:{top}% position:{middle}%"
