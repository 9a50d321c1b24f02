"""What a file may cost: allowances that refill with the video's own time, so that no file buys hours of work.

They count work, never seconds of a clock: the same file gives the same report on any machine.
"""

from __future__ import annotations


class Allowance:
    """So much at once, so much more for each second of video. For one file."""

    def __init__(self, capacity: float, per_s: float) -> None:
        self._capacity, self._per_s = capacity, per_s
        self._at_s: float | None = None
        self.left = capacity
        self.refused = 0

    def at(self, time_s: float) -> None:
        """Refill up to this moment of the video."""
        if self._at_s is not None and time_s > self._at_s:
            self.left = min(self._capacity, self.left + (time_s - self._at_s) * self._per_s)
        self._at_s = time_s

    def take(self, amount: float = 1) -> bool:
        """Use some of it; False, and counted in ``refused``, where not so much is left."""
        if self.left < amount:
            self.refused += 1
            return False
        self.left -= amount
        return True

    def take_at(self, time_s: float) -> bool:
        """Refill up to this moment of the video, and use one."""
        self.at(time_s)
        return self.take()

    def close(self) -> None:
        """Nothing more for this file."""
        self._capacity = self.left = 0.0
