"""Which frames are worth looking at."""

from __future__ import annotations

from dataclasses import dataclass

from mediaforensics.media.frame import Frame
from mediaforensics.types import Box, Timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A frame worth looking at, and why.

    Attributes
    ----------
    frame : Frame
        The picture, upright.
    new_picture : bool
        The picture as a whole changed since the last sample (a cut, a flash, an inset).
    new_text : bool
        Somewhere a structure appeared or vanished that may be text.
    changed : tuple of Box
        Where, source pixels; empty for a heartbeat.
    """

    frame: Frame
    new_picture: bool
    new_text: bool
    changed: tuple[Box, ...] = ()

    @property
    def time(self) -> Timestamp:
        """Presentation time of the frame."""
        return self.frame.time
