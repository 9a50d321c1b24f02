"""Overlays over time: moving flames beside what else moves, and whole clips."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import clips
import grounds
import numpy as np
import overlay_frames
from figures import median, share
from overlay_frames import FPS, SIZE_PX, Material, Stage
from overlay_harmless import harmless
from overlay_painters import PAINTED, VIOLENT, Layer, burn, covering, flames_depth, hole
from overlay_watched import Tally, face_found, iou, joined, shown_mask, table_of, watched
from rich.console import Console

import mediaforensics as mf
from mediaforensics.media.frame import Pixels
from mediaforensics.observations import OverlaySeen
from mediaforensics.options import TextOptions

MOVING, NOT_MOVING, CLIP_S = 18, 20, 3.0
TRACKS, TRACK_S = 10, 8.0
_EARLY_S, _LATE_S = 0.25, 0.6
_BARE_S = 0.5
_CRF = 27

# What moves.

At = Callable[[float], Layer]
"""What is laid over a clip at a time in seconds."""


def moving_fire(stage: Stage, material: Material, random: np.random.Generator) -> tuple[At, str]:
    """Fire that stays on the portrait and burns: painted, or the frames of moving art."""
    reach = random.uniform(0.45, 0.85)
    x0, y0, x1, y1 = stage.face(0)
    side = max(x1 - x0, y1 - y0)
    box = (x0 - 0.4 * side, y0 - 0.35 * side, x1 + 0.4 * side, y1 + 0.45 * side)
    shape = round(box[3] - box[1]), round(box[2] - box[0])
    flames = material.art.kinds().get("flames", [])
    moving = [design for design in flames if design.path.endswith("fire1.png")]
    cells = [design for design in flames if design.how.startswith("cells")]
    choice = random.random()
    if choice < 0.5 or not (moving and cells):
        depth = flames_depth(shape, random)

        def painted(time_s: float) -> Layer:
            layer = Layer((SIZE_PX[1], SIZE_PX[0]))
            u0, v0, _, _ = stage.face(time_s)
            burn(layer, (u0 - 0.4 * side, v0 - 0.35 * side, 0, 0), depth(time_s, reach))
            return layer

        return painted, f"{PAINTED}/moving flames"
    if choice < 0.75:
        design = moving[int(random.integers(len(moving)))]
        pictures = material.art.frames(design)
    else:
        design = cells[int(random.integers(len(cells)))]
        pictures = [material.art.picture(design, np.random.default_rng(n)) for n in range(8)]
    hertz = random.uniform(8, 14)
    tongues = [
        random.uniform((-0.5, 0.1, 0.8, 0), (0.5, 0.5, 1.4, 8)).tolist()
        for _ in range(int(random.integers(2, 5)))
    ]

    def art(time_s: float) -> Layer:
        layer = Layer((SIZE_PX[1], SIZE_PX[0]))
        u0, _, u1, v1 = stage.face(time_s)
        still = np.random.default_rng(0)
        for across, down, size, phase in tongues:
            picture = pictures[int(time_s * hertz + phase) % len(pictures)]
            at = (u0 + u1) / 2 + side * across, v1 - side * (down - 0.3)
            layer.paste(picture, at, side * size, still, mirror=False)
        return layer

    return art, design.name


def clip(path: Path, duration_s: float, shown: Callable[[float], Pixels]) -> None:
    """Encode a clip of H.264."""
    frames = (shown(n / FPS) for n in range(round(duration_s * FPS)))
    clips.encode(path, frames, SIZE_PX, FPS, _CRF)


def motion(material: Material, times: int, random: np.random.Generator, console: Console) -> None:
    """Moving flames on portraits that stand still, zoom or tremble, and what else moves."""
    analyzer = mf.Analyzer(options=mf.Options(text=None, known=None, evidence=None), threads=1)
    tallies: dict[str, Tally] = {}
    by_fire: dict[str, Tally] = {}
    videos = grounds.videos()
    quiet = ["talking head", "camera shake", "zoom without fire", "inset with running video"]
    plan = [("fire", how) for _ in range(MOVING * times // 3) for how in ("still", "zoom", "shake")]
    plan += [("quiet", quiet[n % 4]) for n in range(NOT_MOVING * times)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        for sort, how in plan:
            portrait, behind = material.portrait(random), material.scene(random)[1]
            stage = Stage(portrait, behind, _HOW.get(how, how), random)
            tally = tallies.setdefault(how, Tally())
            tally.people.add(portrait.person)
            if sort == "fire":
                fire, design = moving_fire(stage, material, random)
                bare_first = random.random() < 0.5
                if bare_first:
                    fire = _after(fire, _BARE_S)
                clip(path, CLIP_S, lambda t, s=stage, f=fire: f(t).over(s.frame(t)))  # type: ignore[misc]
                seen, said = watched(analyzer, path)
                flames = [one for one in seen if one.kind == "flames"]
                fits = _fits(flames, fire)
                begun = "bare for a while" if bare_first else "burns at once"
                sorts = (_sort_of_fire(design), begun)
                for side in (tally, *(by_fire.setdefault(name, Tally()) for name in sorts)):
                    side.people.add(portrait.person)
                    side.designs.add(design)
                    side.found.append(bool(flames))
                    side.recognised.append(face_found(said, stage.face(CLIP_S / 2)))
                    side.right.append(any(_by_motion(one) for one in flames))
                    side.anyhow.append(bool(seen))
                    side.fits += fits
            else:
                design = how
                if how == "inset with running video" and videos:
                    video = videos[int(random.integers(len(videos)))]
                    design = video.name
                    clip(path, CLIP_S, _with_inset(stage, overlay_frames.running(video, (400, 225)), random))
                else:
                    clip(path, CLIP_S, stage.frame)
                seen, _ = watched(analyzer, path)
                tally.designs.add(design)
                tally.found.append(bool(seen))
                tally.right.append(any(_by_motion(one) for one in seen))
        for video in videos if times > 1 else videos[::3]:
            tally = tallies.setdefault("real footage", Tally())
            seen, _ = watched(analyzer, video)
            tally.found.append(bool(seen))
            tally.right.append(any(_by_motion(one) for one in seen))
            tally.designs.add(video.name)
    fire_how = ("still", "zoom", "shake")
    table = table_of(
        f"Moving flames on a portrait, clips of {CLIP_S:.0f} s through x264, in per cent",
        ("", "face located", "aim", "flames found", "by motion", "anything found", "median IoU by motion",
         "aim", "clips", "designs", "people"),
    )  # fmt: skip
    rows = [("all", joined([tallies[how] for how in fire_how])), *((how, tallies[how]) for how in fire_how)]
    for name, tally in (*rows, *sorted(by_fire.items())):
        table.add_row(
            name, share(tally.recognised), ">= 98" if name == "all" else "", share(tally.found),
            share(tally.right), share(tally.anyhow), median(tally.fits), ">= 0.85" if name == "all" else "",
            str(len(tally.found)), str(len(tally.designs)), str(len(tally.people)),
        )  # fmt: skip
    console.print(table)
    table = table_of(
        "Without fire: clips in which anything violent is reported, in per cent",
        ("", "aim", "flagged", "by motion", "clips", "backgrounds", "people"),
    )
    quiet_tallies = [(name, tallies[name]) for name in (*quiet, "real footage") if name in tallies]
    for name, tally in [("all", joined([t for _, t in quiet_tallies])), *quiet_tallies]:
        table.add_row(
            name, "<= 2" if name == "all" else "", share(tally.found), share(tally.right),
            str(len(tally.found)), str(len(tally.designs)), str(len(tally.people)),
        )  # fmt: skip
    console.print(table)


_HOW = {
    "talking head": "talk",
    "camera shake": "walk",
    "zoom without fire": "zoom",
    "inset with running video": "still",
}


def _after(fire: At, start_s: float) -> At:
    """Nothing at first."""
    return lambda time_s: fire(time_s) if time_s >= start_s else Layer((SIZE_PX[1], SIZE_PX[0]))


def _sort_of_fire(design: str) -> str:
    return "painted fire" if design.startswith(PAINTED) else "moving art"


def _by_motion(seen: OverlaySeen) -> bool:
    return any(channel.method == "motion" for channel in seen.channels)


def _fits(flames: Sequence[OverlaySeen], fire: At) -> list[float]:
    """How masks of the motion channel fit what burns at that time, where the channel looks; their median."""
    fits = []
    for one in flames:
        channel = next((c for c in one.channels if c.method == "motion"), None)
        if channel is not None:
            looked = channel.mask.box.clipped(SIZE_PX)
            inside = np.s_[looked.y0 : looked.y1, looked.x0 : looked.x1]
            burns = fire(one.time.seconds).mask()[inside]
            fits.append(iou(shown_mask([channel.mask], SIZE_PX)[inside], burns))
    return [float(np.median(fits))] if fits else []


def _with_inset(
    stage: Stage, video: Iterator[Pixels], random: np.random.Generator
) -> Callable[[float], Pixels]:
    """A running video beside the portrait, or over part of its surroundings."""
    x = 10 if stage.face(0)[0] > SIZE_PX[0] / 2 else SIZE_PX[0] - 410
    y = int(random.integers(0, SIZE_PX[1] - 225))

    def shown(time_s: float) -> Pixels:
        frame = stage.frame(time_s)
        frame[y : y + 225, x : x + 400] = next(video)
        return frame

    return shown


# Whole clips.


@dataclass(frozen=True, slots=True)
class Event:
    """Something laid over a clip for a while."""

    kind: str
    design: str
    start_s: float
    end_s: float
    at: At


def tracks(material: Material, times: int, random: np.random.Generator, console: Console) -> None:
    """Clips with overlays that come and go, and clips with harmless things that do."""
    options = mf.Options(text=TextOptions(languages=("eng", "rus")), known=None, evidence=None)
    analyzer = mf.Analyzer(options=options, threads=1)
    tallies: dict[str, Tally] = {}
    clean = Tally()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        for number in range(2 * TRACKS * times):
            violent = number % 2 == 0
            portrait, behind = material.portrait(random), material.scene(random)[1]
            stage = Stage(portrait, behind, ("still", "zoom", "shake", "talk")[number // 2 % 4], random)
            events = _events(stage, material, violent, random)
            clip(path, TRACK_S, lambda t, s=stage, e=events: _laid(s, e, t))  # type: ignore[misc]
            seen, _ = watched(analyzer, path)
            if not violent:
                clean.found.append(bool(seen))
                designs = ", ".join(event.design for event in events)
                for kind in sorted({one.kind for one in seen}):
                    console.print(f"wrong: {kind} on {portrait.person} with {designs}")
                clean.designs |= {event.design for event in events}
                clean.people.add(portrait.person)
            for event in events if violent else ():
                during = [
                    one
                    for one in seen
                    if event.start_s - _EARLY_S <= one.time.seconds <= event.end_s + _LATE_S
                ]
                right = [one for one in during if one.kind == event.kind]
                tally = tallies.setdefault(_sort(event), Tally())
                tally.found.append(bool(during))
                tally.right.append(bool(right))
                tally.designs.add(event.design)
                tally.people.add(portrait.person)
                if during:
                    tally.off_s.append(during[0].time.seconds - event.start_s)
    table = table_of(
        f"Clips of {TRACK_S:.0f} s with two overlays each that stay for 1 s or more, in per cent",
        ("", "aim", "found", "of the right kind", "onset off by s, median", "within 0.3 s",
         "events", "designs", "people"),
    )  # fmt: skip
    for name, tally in [("all", joined(list(tallies.values()))), *sorted(tallies.items())]:
        table.add_row(
            name, ">= 95" if name == "all" else "", share(tally.found), share(tally.right),
            median(tally.off_s), share([abs(v) <= 0.3 for v in tally.off_s]), str(len(tally.found)),
            str(len(tally.designs)), str(len(tally.people)),
        )  # fmt: skip
    console.print(table)
    console.print(
        f"Clips with harmless things only, flagged: {share(clean.found)} % (aim <= 2) of "
        f"{len(clean.found)} clips, {len(clean.designs)} designs, {len(clean.people)} people"
    )


def _sort(event: Event) -> str:
    sorts = {"flames": "moving flames", "bullet_hole": "holes one after another"}
    return sorts.get(event.kind, "still art")


def _events(stage: Stage, material: Material, violent: bool, random: np.random.Generator) -> list[Event]:
    events = []
    start_s = float(random.uniform(0.6, 1.4))
    for _ in range(2):
        end_s = start_s + float(random.uniform(1.0, 2.4))
        if not violent:
            layer, design = harmless((SIZE_PX[1], SIZE_PX[0]), stage.face(0), material.art, random)
            events.append(Event("", design, start_s, end_s, lambda _, kept=layer: kept))
        else:
            events.append(_violent(stage, material, start_s, end_s, random))
        start_s = end_s + float(random.uniform(0.9, 1.4))
    return events


def _violent(
    stage: Stage, material: Material, start_s: float, end_s: float, random: np.random.Generator
) -> Event:
    kind = str(random.choice(["flames", "flames", "bullet_hole", *(k for k in VIOLENT if k != "flames")]))
    if kind == "flames":
        fire, design = moving_fire(stage, material, random)
        return Event(kind, design, start_s, end_s, fire)
    if kind == "bullet_hole":
        return Event(kind, f"{PAINTED}/bullet_hole", start_s, end_s, _shots(stage, start_s, end_s, random))
    layer, design = covering(kind, (SIZE_PX[1], SIZE_PX[0]), stage.face(start_s), material.art, random)
    return Event(kind, design, start_s, end_s, lambda _: layer)


def _shots(stage: Stage, start_s: float, end_s: float, random: np.random.Generator) -> At:
    """Holes, one every quarter of a second."""
    x0, y0, x1, y1 = stage.face(start_s)
    layers = [Layer((SIZE_PX[1], SIZE_PX[0]))]
    for _ in range(min(9, math.ceil((end_s - start_s) / 0.25))):
        layer = Layer((SIZE_PX[1], SIZE_PX[0]))
        layer.rgb, layer.alpha = layers[-1].rgb.copy(), layers[-1].alpha.copy()
        place = random.uniform(x0, x1), random.uniform(y0, y1)
        hole(layer, place, (y1 - y0) * random.uniform(0.05, 0.09), random)
        layers.append(layer)
    return lambda time_s: layers[min(len(layers) - 1, 1 + int((time_s - start_s) / 0.25))]


def _laid(stage: Stage, events: Sequence[Event], time_s: float) -> Pixels:
    frame = stage.frame(time_s)
    for event in events:
        if event.start_s <= time_s < event.end_s:
            frame = event.at(time_s).over(frame)
    return frame
