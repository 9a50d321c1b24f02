"""Keeping a small picture of each thing that was seen, while its frame is alive.

Nobody knows at that moment which of them a finding will cite. So one picture per thing waits: the latest
few as pixels, because most are soon replaced by a clearer one, the others compressed in a temporary file.
Only those asked for at the end are read back. Memory does not grow with the video.
"""

from __future__ import annotations

import hashlib
import io
import logging
import math
import tempfile
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mediaforensics.media.frame import Frame
from mediaforensics.options import EvidenceOptions
from mediaforensics.report.model import EvidencePicture
from mediaforensics.types import Timestamp

_log = logging.getLogger(__name__)

_UNCOMPRESSED = 8
"""Frames that wait as pixels, about 1 MB each. What is replaced while it waits is never compressed."""
_JPEG_QUALITY = 85
_IN_MEMORY_BYTES = 8 * 2**20
_WASTE_BYTES = 32 * 2**20
_KEPT_PER_PICTURE = 20
"""Things remembered per picture wanted; a bound on the temporary file, far above what real videos show."""


@dataclass(slots=True, eq=False)
class _Slot:
    """One picture, shared by all things seen in that frame: as pixels first, later in the temporary file."""

    time: Timestamp
    frame_size_px: tuple[int, int]
    size_px: tuple[int, int]
    pixels: NDArray[np.uint8] | None
    sha256: str = ""
    offset: int = 0
    length: int = 0
    users: int = 0


class EvidenceKeeper:
    """Pictures of one file. Used by one thread; close it, or use it as a context manager.

    Parameters
    ----------
    options : EvidenceOptions
        Size and number of the pictures.
    """

    def __init__(self, options: EvidenceOptions) -> None:
        self._options = options
        self._spool = _new_spool()
        self._end = 0
        self._wasted = 0
        self._kept: dict[Hashable, tuple[float, _Slot]] = {}
        self._waiting: list[_Slot] = []
        self._full = False

    def __enter__(self) -> EvidenceKeeper:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Drop everything that was kept."""
        self._kept.clear()
        self._waiting.clear()
        self._spool.close()

    def offer(self, frame: Frame, keys: Iterable[Hashable], clarity: float) -> None:
        """Keep this frame for each key that has none yet, or a less clear one.

        Parameters
        ----------
        frame : Frame
            Looked at only if some key wants it, and once only for all keys and calls with the same time.
        keys : iterable of hashable
            What is seen in it, such as ``(detector, track)``.
        clarity : float
            How well it is seen: more is better, in any unit that is the same for all offers of a key.

        Raises
        ------
        ValueError
            ``clarity`` is not finite.
        """
        if not math.isfinite(clarity):
            raise ValueError(f"clarity must be a finite number, not {clarity}")
        wanting = [key for key in dict.fromkeys(keys) if self._wants(key, clarity)]
        if not wanting:
            return
        slot = self._slot_of(frame)
        for key in wanting:
            if key in self._kept:
                self._release(self._kept[key][1])
            self._kept[key] = (clarity, slot)
            slot.users += 1
        self._compress_oldest()
        if self._wasted > _WASTE_BYTES and 2 * self._wasted > self._end:
            self._compact()

    def pictures(self, wanted: Mapping[Hashable, Sequence[str]]) -> tuple[EvidencePicture, ...]:
        """Read back what is wanted.

        Parameters
        ----------
        wanted : mapping of key to ids
            Which entries of the report each key became, the most important keys first: where there are more
            than ``max_pictures`` frames, the later ones are left out.

        Returns
        -------
        tuple of EvidencePicture
            One per frame, in time order. Keys without a picture are passed over.
        """
        chosen: dict[Timestamp, tuple[_Slot, dict[str, None]]] = {}
        for key, ids in wanted.items():
            if key not in self._kept or not ids:
                continue
            slot = self._kept[key][1]
            if slot.time not in chosen and len(chosen) == self._options.max_pictures:
                continue
            chosen.setdefault(slot.time, (slot, {}))[1].update(dict.fromkeys(ids))
        for slot, _ in chosen.values():
            self._compress(slot)
        self._waiting.clear()
        return tuple(
            EvidencePicture(
                time=slot.time,
                of=tuple(ids),
                frame_sha256=slot.sha256,
                size_px=slot.size_px,
                frame_size_px=slot.frame_size_px,
                jpeg=self._read(slot),
            )
            for slot, ids in sorted(chosen.values(), key=lambda item: item[0].time)
        )

    def _wants(self, key: Hashable, clarity: float) -> bool:
        if key in self._kept:
            return clarity > self._kept[key][0]
        if len(self._kept) >= self._options.max_pictures * _KEPT_PER_PICTURE:
            if not self._full:
                _log.warning("no more evidence pictures: %d things are remembered already", len(self._kept))
            self._full = True
            return False
        return True

    def _slot_of(self, frame: Frame) -> _Slot:
        if self._waiting and self._waiting[-1].time == frame.time:
            return self._waiting[-1]
        # A copy, so that nothing else of the frame stays alive with it.
        pixels = np.array(frame.rgb(self._options.side_px).pixels, order="C")
        size_px = (pixels.shape[1], pixels.shape[0])
        self._waiting.append(_Slot(frame.time, frame.size_px, size_px, pixels))
        return self._waiting[-1]

    def _compress_oldest(self) -> None:
        self._waiting = [slot for slot in self._waiting if slot.users]
        while len(self._waiting) > _UNCOMPRESSED:
            self._compress(self._waiting.pop(0))

    def _compress(self, slot: _Slot) -> None:
        if slot.pixels is None:
            return
        compressed = io.BytesIO()
        Image.fromarray(slot.pixels).save(compressed, "JPEG", quality=_JPEG_QUALITY)
        data = compressed.getvalue()
        self._spool.seek(self._end)
        self._spool.write(data)
        slot.sha256 = hashlib.sha256(slot.pixels.tobytes()).hexdigest()
        slot.offset, slot.length, slot.pixels = self._end, len(data), None
        self._end += len(data)

    def _release(self, slot: _Slot) -> None:
        slot.users -= 1
        if not slot.users:
            self._wasted += slot.length

    def _read(self, slot: _Slot) -> bytes:
        self._spool.seek(slot.offset)
        return self._spool.read(slot.length)

    def _compact(self) -> None:
        """Copy the pictures still in use to a fresh temporary file."""
        fresh, end = _new_spool(), 0
        slots = {slot.time: slot for _, slot in self._kept.values() if slot.pixels is None}
        for slot in sorted(slots.values(), key=lambda slot: slot.offset):
            fresh.write(self._read(slot))
            slot.offset, end = end, end + slot.length
        self._spool.close()
        self._spool, self._end, self._wasted = fresh, end, 0


def _new_spool() -> tempfile.SpooledTemporaryFile[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)
