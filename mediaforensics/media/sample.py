"""Which frames are worth looking at: chosen in one pass, holding two frames at most."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from mediaforensics.media.allowance import Allowance
from mediaforensics.media.change import Change, ChangeMeter, Grid
from mediaforensics.media.frame import Frame, Pixels, View
from mediaforensics.media.places import (
    MAX_BOXES,
    PICTURE_FRACTION,
    boxes_of,
    is_picture,
    notable,
    to_blocks,
    whole,
)
from mediaforensics.options import SamplingOptions
from mediaforensics.types import Box, Timestamp

GLIMPSE_SIDE_PX = 320
"""Longer side of the views that frames are compared by; the sampler hands them on as glimpses."""
_CUT_FRACTION = 0.6
"""Share of blocks that jump together at a cut or a flash; 90 of 144 at 16:9."""
_HOLD_S = 0.26
"""How long a sample waits for the picture to settle, so that both can be one."""
_BLOCK_REST_S = 0.4
_LETTERING_REST_S = 0.3
_BURST_S = 0.48
_SHORTEST_FLASH_S = 0.034
_STILL_AFTER_S = 0.15
_GROW_S = 0.07
_ONSET_APART_S = 0.1
_GLIMPSE_APART_S = 0.038
"""Every frame at 25 a second; more often nobody needs to know when a thing came or went."""
_MAX_GLIMPSES = 32
_LINE_CELLS = 4
"""Cells of 10 px in a 320 px view; a word of a caption has as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """A decoded frame, small.

    Attributes
    ----------
    time : Timestamp
        Presentation time of the frame.
    view : View
        Its brightness, read-only, longer side ``GLIMPSE_SIDE_PX``.
    """

    time: Timestamp
    view: View


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
    between : tuple of Glimpse
        What was decoded after the previous sample and before this one, in time order: one at least every
        0.08 s up to 30 frames a second, thinned where that were more than 32. 57 kB each at 16:9, so at
        most 1.8 MB; they are the pictures that the sampler compares anyway.
    """

    frame: Frame
    new_picture: bool
    new_text: bool
    changed: tuple[Box, ...] = ()
    between: tuple[Glimpse, ...] = ()

    @property
    def time(self) -> Timestamp:
        """Presentation time of the frame."""
        return self.frame.time


class Sampler:
    """Turns decoded frames into samples, in time order.

    A frame is chosen when the whole picture jumps (cuts, flashes of one frame or more), when blocks
    change beyond their own habit, when lines that stand still appear or vanish, during long changes every
    half second, and at least every ``heartbeat_s``; the first and the last frame always. A frame chosen
    at an onset waits up to 0.26 s: when the picture settles without changing further, one sample says
    both, otherwise there are two.

    Parameters
    ----------
    options : SamplingOptions
        How long a stretch may be without a sample.

    Attributes
    ----------
    frames_decoded, frames_sampled : int
        So far; what is pushed and never sampled was compared and found to show nothing new.

    Notes
    -----
    At most two frames are held (a waiting sample and the newest frame) and about ten brightness pictures
    of 320 px; besides those that the next sample will bring as glimpses.
    """

    def __init__(self, options: SamplingOptions) -> None:
        self._heartbeat_s = options.heartbeat_s
        self._meter: ChangeMeter | None = None
        self._held: _Held | None = None
        self._growing: tuple[float, int] | None = None
        self._latest: Frame | None = None
        self._sampled_frame: Frame | None = None
        self._sampled_s = 0.0
        self._event_s = -np.inf
        self._glimpses: list[Glimpse] = []
        self._rest: _Rest | None = None
        self._cuts = Allowance(capacity=10, per_s=4.0)
        self._onsets = Allowance(capacity=5, per_s=0.7)
        self._settlings = Allowance(capacity=2, per_s=0.3)
        self._lettering = Allowance(capacity=5, per_s=2.0)
        self._scraps = Allowance(capacity=3, per_s=0.4)
        self.frames_decoded = 0
        self.frames_sampled = 0

    @property
    def frames_skipped(self) -> int:
        """Frames pushed that showed nothing new; final after :meth:`finish`."""
        return self.frames_decoded - self.frames_sampled

    def push(self, frame: Frame) -> Iterator[Sample]:
        """Take the next decoded frame; yield the samples that are settled now."""
        for sample in self._push(frame):
            self.frames_sampled += 1
            yield sample

    def finish(self) -> Iterator[Sample]:
        """End the file: yield what still waits, and the last frame."""
        for sample in self._finish():
            self.frames_sampled += 1
            yield sample

    def _push(self, frame: Frame) -> Iterator[Sample]:
        self.frames_decoded += 1
        self._latest = frame
        view = frame.luma(GLIMPSE_SIDE_PX)
        at_s = frame.time.seconds
        # A copy: a view of a small frame may share the decoder's buffer.
        luma: Pixels = np.array(view.pixels, order="C")
        luma.flags.writeable = False
        meter = self._meter
        # Another size, or a clock that runs backwards, is another video: nothing to compare with.
        if meter is None or meter.shape != luma.shape or at_s < meter.last_s:
            yield from self._release()
            self._glimpses.clear()
            self._remember(frame.time, View(luma, view.source_per_view))
            self._meter = ChangeMeter(luma, at_s)
            self._rest = _Rest(self._meter)
            self._hold(frame, at_s, new_picture=True, boxes=(whole(frame),))
            return
        self._remember(frame.time, View(luma, view.source_per_view))
        change = meter.measure(luma, at_s)
        yield from self._judge(frame, view, at_s, meter, change)

    def _remember(self, time: Timestamp, view: View) -> None:
        glimpses = self._glimpses
        if glimpses and float(time - glimpses[-1].time) < _GLIMPSE_APART_S:
            return
        glimpses.append(Glimpse(time=time, view=view))
        # A sample that waits leaves up to 0.3 s to the next one.
        if len(glimpses) > _MAX_GLIMPSES:
            del glimpses[1::2]

    def _judge(
        self, frame: Frame, view: View, at_s: float, meter: ChangeMeter, change: Change
    ) -> Iterator[Sample]:
        rest = self._rest
        assert rest is not None
        cut = float(change.jumped.mean()) >= _CUT_FRACTION
        if cut and self._cuts.take_at(at_s):
            # A picture that was gone before it settled will have no better moment for its lettering.
            yield from self._release(
                new_text=True if self._held and at_s - self._held.at_s < _HOLD_S else None
            )
            meter.cut()
            meter.show()
            rest.clear()
            self._hold(frame, at_s, new_picture=True, boxes=(whole(frame),))
            return

        lettering = change.appeared | change.vanished
        if (
            self._held is not None
            and self._held.new_picture
            and change.judged_edges
            and (lettering.any() or at_s - self._held.at_s >= _STILL_AFTER_S)
        ):
            yield from self._settle(frame, view, at_s, meter, change, lettering)
            return
        lettering = lettering & rest.lettering_ready(at_s)
        if self._ripe(lettering & change.appeared, lettering & change.vanished, at_s) and self._may_read(
            lettering, at_s
        ):
            yield from self._settle(frame, view, at_s, meter, change, lettering)
            return

        held = self._held
        if held is not None and held.blocks is not None and self._flashed(held, at_s, meter, change):
            yield from self._release(new_text=True)
            meter.show()
            boxes = boxes_of(held.blocks, view, frame)
            self._hold(frame, at_s, new_picture=is_picture(held.blocks), boxes=boxes)
            return

        onset = change.jumped & rest.blocks_ready(at_s)
        lasting = onset & change.differs
        apart = at_s - self._event_s >= _ONSET_APART_S
        if apart and (notable(lasting) or (lasting & change.leapt).any()) and self._onsets.take_at(at_s):
            yield from self._release()
            rest.blocks(onset, at_s)
            differs, before = change.differs, meter.earlier
            meter.show()
            self._hold(
                frame,
                at_s,
                new_picture=is_picture(differs),
                boxes=boxes_of(onset, view, frame),
                blocks=onset,
                before=before,
            )
            return

        if self._held is not None:
            if at_s - self._held.at_s >= _HOLD_S:
                yield from self._release()
            return
        differing = float(change.differs.mean())
        since_s = at_s - self._sampled_s
        settled = notable(change.differs & rest.blocks_ready(at_s)) and not change.jumped.any()
        if (differing >= PICTURE_FRACTION and since_s >= _BURST_S) or (
            settled and since_s >= _BLOCK_REST_S and self._settlings.take_at(at_s)
        ):
            rest.blocks(change.differs, at_s)
            meter.show()
            yield self._sample(
                frame, at_s, is_picture(change.differs), False, boxes_of(change.differs, view, frame)
            )
        elif since_s >= self._heartbeat_s:
            meter.show()
            yield self._sample(frame, at_s, False, False, ())

    def _settle(
        self, frame: Frame, view: View, at_s: float, meter: ChangeMeter, change: Change, lettering: Grid
    ) -> Iterator[Sample]:
        """What stands still is known now: one sample with the waiting one where both show the same."""
        rest = self._rest
        assert rest is not None
        boxes = boxes_of(lettering, view, frame)
        rest.lettering(lettering, at_s)
        held = self._held
        if held is None:
            picture = is_picture(change.differs)
            rest.blocks(change.differs | to_blocks(lettering, change.differs.shape), at_s)
            meter.show(read=True)
            yield self._sample(frame, at_s, picture, True, boxes)
            return
        blocks = to_blocks(lettering, change.differs.shape)
        same = not (change.differs & blocks).any() and meter.shown_has(change.appeared & lettering)
        if same:
            yield from self._release(new_text=bool(lettering.any()), boxes=boxes)
            meter.accept_edges()
            # One change and then stillness: the next change here is another event, not more of this one.
            rest.free(blocks)
        else:
            yield from self._release()
            meter.show(read=True)
            yield self._sample(frame, at_s, is_picture(change.differs), True, boxes)

    def _flashed(self, held: _Held, at_s: float, meter: ChangeMeter, change: Change) -> bool:
        """Whether what the waiting sample shows is gone before it settled: a flash inside the picture."""
        if held.blocks is None or held.before is None or at_s - held.at_s < _SHORTEST_FLASH_S:
            return False
        back = bool((change.jumped & held.blocks).any()) and meter.returned(held.before, held.blocks)
        return back and self._onsets.take_at(at_s)

    def _ripe(self, appeared: Grid, vanished: Grid, at_s: float) -> bool:
        """Whether new lettering has stopped growing; what fades in is worth one look, not three."""
        cells, gone = int(appeared.sum()), int(vanished.sum())
        if cells <= gone or self._held is not None:
            self._growing = None
            return cells + gone > 0
        since_s, before = self._growing or (at_s, 0)
        self._growing = (since_s, cells)
        if cells > 1.2 * before and at_s - since_s < _GROW_S:
            return False
        self._growing = None
        return True

    def _may_read(self, lettering: Grid, at_s: float) -> bool:
        """Whether the budget allows it: scraps have their own, so that they never use up that of lines."""
        if int(lettering.sum()) >= _LINE_CELLS:
            return self._lettering.take_at(at_s)
        return self._scraps.take_at(at_s)

    def _finish(self) -> Iterator[Sample]:
        last = self._latest
        if last is None:
            return
        held_last = self._held is not None and self._held.frame is last
        held_s = self._held.at_s if self._held else 0.0
        at_s = last.time.seconds
        yield from self._release(new_text=True if at_s - held_s < _HOLD_S else None)
        if not held_last and self._sampled_frame is not last:
            yield self._sample(last, at_s, False, False, ())
        self._latest = None

    def _hold(
        self,
        frame: Frame,
        at_s: float,
        *,
        new_picture: bool,
        boxes: tuple[Box, ...],
        blocks: Grid | None = None,
        before: Pixels | None = None,
    ) -> None:
        self._event_s = at_s
        self._held = _Held(frame, at_s, new_picture, boxes, blocks, before)

    def _release(self, new_text: bool | None = None, boxes: tuple[Box, ...] = ()) -> Iterator[Sample]:
        held, self._held = self._held, None
        if held is None:
            return
        own = held.boxes if held.new_picture else ()
        merged = tuple(dict.fromkeys(own + (boxes or held.boxes)))[:MAX_BOXES]
        yield self._sample(held.frame, held.at_s, held.new_picture, bool(new_text), merged)

    def _sample(
        self, frame: Frame, at_s: float, new_picture: bool, new_text: bool, boxes: tuple[Box, ...]
    ) -> Sample:
        self._sampled_s = at_s
        self._sampled_frame = frame
        if boxes:
            self._event_s = max(self._event_s, at_s)
        between = tuple(glimpse for glimpse in self._glimpses if glimpse.time < frame.time)
        self._glimpses = [glimpse for glimpse in self._glimpses if glimpse.time > frame.time]
        return Sample(frame=frame, new_picture=new_picture, new_text=new_text, changed=boxes, between=between)


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    frame: Frame
    at_s: float
    new_picture: bool
    boxes: tuple[Box, ...]
    blocks: Grid | None
    before: Pixels | None


class _Rest:
    """When each block and each cell last asked for a sample: rest is per place, never for the whole frame."""

    def __init__(self, meter: ChangeMeter) -> None:
        self._blocks_s = np.full((meter.rows, meter.columns), -np.inf)
        self._cells_s = np.full(meter.cells_shape, -np.inf)

    def blocks_ready(self, at_s: float) -> Grid:
        return np.asarray(at_s - self._blocks_s >= _BLOCK_REST_S)

    def lettering_ready(self, at_s: float) -> Grid:
        return np.asarray(at_s - self._cells_s >= _LETTERING_REST_S)

    def blocks(self, where: Grid, at_s: float) -> None:
        self._blocks_s[where] = at_s

    def lettering(self, where: Grid, at_s: float) -> None:
        self._cells_s[where] = at_s

    def free(self, where: Grid) -> None:
        self._blocks_s[where] = -np.inf

    def clear(self) -> None:
        self._blocks_s[:] = -np.inf
        self._cells_s[:] = -np.inf
