"""When a kind of overlay counts as seen: k of the last n looks at one subject, channel by channel."""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass, field

from mediaforensics.observations import OverlayKind, OverlayMethod
from mediaforensics.types import Timestamp

STILL_LOGIT = 1.1
"""A single picture has no second sample to agree, so its one look must be surer, 0.75 instead of 0.5: of 250
plain press photographs 0.8 % raise an alarm then, not 2.4 %."""
HOLD_LOGIT = 1.1
"""A kind that was settled goes on until it falls this far under the working point: no flicker."""
SURE_LOGIT = 2.2
"""One sample is enough (a confidence of 0.9 where the working point is 0.5): a flash of a single frame."""
_FLASH_LOGIT = 1.1
_REMEMBERED = 4
_NEEDED = 2

Channel = tuple[OverlayKind, OverlayMethod]


@dataclass(slots=True)
class Settled:
    """The last few looks at one subject; bounded."""

    history: dict[Channel, deque[float]] = field(default_factory=dict)
    seen: set[Channel] = field(default_factory=set)
    since: dict[Channel, Timestamp] = field(default_factory=dict)
    """The first of the looks that led to it: when it began, which only a later look could tell."""
    counts: dict[Channel, deque[int]] = field(default_factory=dict)

    def take(self, channel: Channel, logit: float, time: Timestamp, *, moving: bool) -> float | None:
        """Take in a look.

        Parameters
        ----------
        channel : (str, str)
            Kind and method.
        logit : float
            Log odds, 0 at the working point.
        time : Timestamp
            Of the sample.
        moving : bool
            Whether more samples may come.

        Returns
        -------
        float or None
            Log odds with which the kind counts as seen by this channel in this sample: less on the only look
            that shows it, a flash. None where it does not count.
        """
        history = self.history.setdefault(channel, deque(maxlen=_REMEMBERED))
        history.append(logit)
        over = sum(value >= 0 for value in history)
        if logit >= 0:
            self.since.setdefault(channel, time)
        if logit >= SURE_LOGIT or over >= _NEEDED or (logit >= STILL_LOGIT and not moving):
            self.seen.add(channel)
        elif logit < -HOLD_LOGIT and over == 0:
            self.seen.discard(channel)
        if over == 0 and channel not in self.seen:
            self.since.pop(channel, None)
        if channel not in self.seen or logit < -HOLD_LOGIT:
            return None
        flash = moving and over == 1 and logit >= 0
        return max(0.0, logit - _FLASH_LOGIT if flash else logit)

    def counted(self, channel: Channel, count: int) -> int:
        """The middle of the last few counts: marks that flicker are not counted twice."""
        counts = self.counts.setdefault(channel, deque(maxlen=_REMEMBERED))
        counts.append(count)
        return int(statistics.median_low(counts))


def log_odds(confidence: float) -> float:
    """Log odds of a confidence."""
    return math.log(confidence / (1 - confidence))


def confidence_of(logit: float) -> float:
    """Confidence of log odds."""
    return 1 / (1 + math.exp(-logit))
