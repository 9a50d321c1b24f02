"""Where the bars of the timeline go: fractions of its width, rows that do not overlap, round ticks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mediaforensics.types import Span

_MIN_WIDTH = 0.012
"""Of the whole width: three frames of an hour are still a visible bar."""
_MAX_ROWS = 6
_TICKS = (
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
    3600, 7200, 14400, 28800, 86400, 604800, 2592000,
)  # fmt: skip
_MAX_TICKS = 6


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a span that a lane shows; ``anchor`` is where its bar leads."""

    span: Span
    anchor: str
    label: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One entry on a lane; ``left`` and ``width`` in percent of the lane, ``row`` from the top."""

    left: float
    width: float
    row: int
    anchor: str
    label: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Bars of one kind."""

    name: str
    tone: str
    bars: tuple[Bar, ...]
    rows: int
    empty: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A labelled instant; ``left`` in percent."""

    left: float
    label: str
    last: bool


@dataclass(frozen=True, slots=True)
class Scale:
    """The stretch of time that the width stands for, in seconds."""

    start_s: float
    end_s: float

    @classmethod
    def over(cls, duration_s: float, spans: Sequence[Span]) -> Scale | None:
        """From zero, or from the first entry of a stream that starts much later; None without any length."""
        starts = [span.start.seconds for span in spans]
        first = min(starts, default=0.0)
        start = first if first < 0 or first > duration_s else 0.0
        end = max([start + duration_s, *(span.end.seconds for span in spans)])
        return cls(start, end) if end > start else None

    def percent(self, seconds: float) -> float:
        """Position of an instant in percent of the width."""
        return (seconds - self.start_s) / (self.end_s - self.start_s) * 100

    def ticks(self) -> tuple[Tick, ...]:
        """At most six or so round instants with their labels."""
        length = self.end_s - self.start_s
        step = next((s for s in _TICKS if length / s <= _MAX_TICKS), length)
        count = int(length / step + 1e-9)
        ticks = []
        for i in range(count + 1):
            seconds = i * step
            left = round(seconds / length * 100, 3)
            ticks.append(Tick(left, _tick_label(self.start_s + seconds, step), left > 90))
        return tuple(ticks)


def lane(name: str, tone: str, items: Iterable[Item], scale: Scale, empty: str) -> Lane:
    """Place the items so that no two on a row overlap, as far as rows go."""
    bars: list[Bar] = []
    free_from: list[float] = []
    for item in items:
        left = scale.percent(item.span.start.seconds)
        width = max(scale.percent(item.span.end.seconds) - left, _MIN_WIDTH * 100)
        left = min(left, 100 - width)
        row = next((i for i, free in enumerate(free_from) if left >= free), len(free_from))
        if row == len(free_from) and row < _MAX_ROWS:
            free_from.append(0.0)
        row = min(row, _MAX_ROWS - 1)
        free_from[row] = max(free_from[row], left + width)
        bars.append(
            Bar(
                left=round(left, 3),
                width=round(width, 3),
                row=row,
                anchor=item.anchor,
                label=item.label,
                tone=item.tone,
            )
        )
    return Lane(name=name, tone=tone, bars=tuple(bars), rows=max(1, len(free_from)), empty=empty)


def _tick_label(seconds: float, step: float) -> str:
    decimals = 0 if step >= 1 else len(f"{step:g}".split(".")[1])
    text = f"{abs(seconds):.{decimals}f}"
    whole, point, fraction = text.partition(".")
    hours, rest = divmod(int(whole), 3600)
    minutes = f"{hours}:{rest // 60:02d}" if hours else f"{rest // 60}"
    return f"{'-' if seconds < 0 else ''}{minutes}:{rest % 60:02d}{point}{fraction}"
