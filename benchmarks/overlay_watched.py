"""Overlays through the whole analysis: over known pictures; and how its answers are counted."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
import overlay_frames
from figures import median, share
from overlay_frames import Material
from overlay_harmless import harmless
from overlay_painters import VIOLENT, FloatBox, Layer, Mask, covering
from rich.console import Console
from rich.table import Table

import mediaforensics as mf
from mediaforensics import types
from mediaforensics.media.frame import Pixels
from mediaforensics.observations import FaceSeen, KnownSeen, OverlaySeen
from mediaforensics.options import TextOptions

KNOWN_PER_KIND, KNOWN_FIRE, KNOWN_CLEAN, KNOWN_HARMLESS = 3, 8, 20, 24
_KNOWN_PX = (960, 540)
_PORTRAITS, _PICTURES = 24, 12
_SAME_FACE_IOU = 0.2
_LEAST_DETAIL = 6.0
_SCENE_PX, _SCENE_MIDDLE = (640, 420), (190.0, 90.0, 450.0, 340.0)

# What was seen, and how well its mask fits.


Seen = OverlaySeen | KnownSeen | FaceSeen


def watched(analyzer: mf.Analyzer, path: Path) -> tuple[list[OverlaySeen], list[Seen]]:
    """The overlays of a file, and all that bears them, in time order."""
    with analyzer.stream(path) as events:
        said: list[Seen] = [event for event in events if isinstance(event, Seen)]
    return [one for one in said if isinstance(one, OverlaySeen)], said


def face_found(said: Sequence[Seen], face: FloatBox) -> bool:
    """Whether a face was ever located about there."""
    where = types.Box(*(round(v) for v in face))
    return any(isinstance(one, FaceSeen) and one.box.iou(where) > _SAME_FACE_IOU for one in said)


def shown_mask(masks: Sequence[types.Mask], size_px: tuple[int, int]) -> Mask:
    """What some masks cover, in frame pixels."""
    covered = np.zeros(size_px[::-1], np.bool_)
    for mask in masks:
        box, cells = mask.box, mask.cells().astype(np.uint8)
        grown = cv2.resize(cells, (box.width_px, box.height_px), interpolation=cv2.INTER_NEAREST)
        inner = box.clipped(size_px)
        part = grown[inner.y0 - box.y0 : inner.y1 - box.y0, inner.x0 - box.x0 : inner.x1 - box.x0]
        covered[inner.y0 : inner.y1, inner.x0 : inner.x1] |= part > 0
    return covered


def iou(one: Mask, other: Mask) -> float:
    """Intersection over union."""
    union = int((one | other).sum())
    return float((one & other).sum() / union) if union else 0.0


# A known picture in the frame.


@dataclass(slots=True)
class Tally:
    """Frames or clips of one sort: what was found, what it was drawn from, how masks fit."""

    found: list[bool] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    recognised: list[bool] = field(default_factory=list)
    anyhow: list[bool] = field(default_factory=list)
    fits: list[float] = field(default_factory=list)
    off_s: list[float] = field(default_factory=list)
    designs: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)


def known(material: Material, times: int, random: np.random.Generator, console: Console) -> None:
    """Pictures of a known set, shown with and without something laid over them."""
    targets = [(f"person-{p.person}", p.rgb, p.face) for p in material.people[:_PORTRAITS]]
    detailed = [at for at, (_, picture) in enumerate(material.scenes) if _has_detail(picture)][:_PICTURES]
    for at in detailed:
        filled = overlay_frames.filled(material.scenes[at][1], _SCENE_PX)
        targets.append((f"scene-{at}", filled, _SCENE_MIDDLE))
    behind = [scene for at, scene in enumerate(material.scenes) if at not in detailed]
    plan: list[tuple[str, str]] = [(kind, kind) for kind in VIOLENT for _ in range(KNOWN_PER_KIND * times)]
    plan += [("flames", "fire photographs")] * (KNOWN_FIRE * times) + [("", "clean")] * (KNOWN_CLEAN * times)
    plan += [("", "harmless text"), ("", "harmless without text")] * (KNOWN_HARMLESS * times // 2)
    tallies: dict[str, Tally] = {}
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "known"
        held.mkdir()
        for name, rgb, _ in targets:
            cv2.imwrite(str(held / f"{name}.png"), rgb[..., ::-1])
        options = mf.Options(text=TextOptions(languages=("eng", "rus")), evidence=None)
        analyzer = mf.Analyzer(known=held, options=options, threads=1)
        for kind, sort in plan:
            name, rgb, face = targets[int(random.integers(len(targets)))]
            frame, at = _shown(rgb, face, behind[int(random.integers(len(behind)))][1], random)
            layer, design = Layer(frame.shape), name
            if kind:
                photograph = sort == "fire photographs"
                chosen = material.art.pick("flames", random, photographs=True) if photograph else None
                layer, design = covering(kind, frame.shape, at, material.art, random, design=chosen)
            elif sort != "clean":
                lettering = sort == "harmless text"
                layer, design = harmless(frame.shape, at, material.art, random, lettering=lettering)
            path = Path(folder) / "frame.png"
            shown = overlay_frames.saved(layer.over(frame), random, 50, 92)
            cv2.imwrite(str(path), shown[..., ::-1])
            seen, said = watched(analyzer, path)
            mine = [one for one in seen if one.known_entry_id == name]
            tally = tallies.setdefault(sort, Tally())
            tally.found.append(bool(mine))
            pictures = {one.entry_id for one in said if isinstance(one, KnownSeen)}
            tally.recognised.append(name in pictures)
            tally.anyhow.append(bool(seen))
            tally.right.append(any(one.kind == kind for one in mine))
            tally.designs.add(design)
            tally.people.add(name)
            if not kind:
                for wrong in sorted({one.kind for one in seen}):
                    console.print(f"wrong: {wrong} on {name} with {design}")
            if kind and mine:
                tally.fits.append(iou(shown_mask([one.mask for one in mine], _KNOWN_PX), layer.mask()))
    drawn = [tallies[kind] for kind in VIOLENT]
    rows = [("altered, all drawn kinds", ">= 97", joined(drawn), ">= 0.8")]
    rows += [(kind, "", tallies[kind], "") for kind in VIOLENT]
    rows += [("fire photographs", ">= 97", tallies["fire photographs"], ">= 0.6")]
    rows += [("clean", "<= 1", tallies["clean"], "")]
    quiet = [tallies[name] for name in ("harmless text", "harmless without text")]
    rows += [("harmless text or stickers", "<= 5", joined(quiet), "")]
    rows += [(f"  {name}", "", tallies[name], "") for name in ("harmless text", "harmless without text")]
    table = table_of(
        "A known picture in the frame; something violent reported over it, in per cent",
        ("", "picture found", "aim", "reported over it", "of the right kind", "anywhere", "median IoU", "aim",
         "frames", "designs", "pictures"),
    )  # fmt: skip
    for name, aim, tally, fit in rows:
        violent = bool(tally.fits) or name in VIOLENT or "altered" in name or "fire" in name
        table.add_row(
            name, share(tally.recognised), aim, share(tally.found),
            share(tally.right) if violent else "", share(tally.anyhow),
            median(tally.fits) if violent else "", fit, str(len(tally.found)), str(len(tally.designs)),
            str(len(tally.people)),
        )  # fmt: skip
    console.print(table)


def _has_detail(picture: Pixels) -> bool:
    """Whether it can be known at all: a white page or a gradient is like any other."""
    grey = cv2.cvtColor(overlay_frames.filled(picture, _SCENE_PX), cv2.COLOR_RGB2GRAY)
    return float(np.abs(cv2.Laplacian(grey, cv2.CV_32F)).mean()) > _LEAST_DETAIL


def _shown(
    rgb: Pixels, face: FloatBox, behind: Pixels, random: np.random.Generator
) -> tuple[Pixels, FloatBox]:
    """The picture as an inset, slightly turned and graded; the frame and where its face is."""
    frame = overlay_frames.filled(behind, _KNOWN_PX)
    height, width = rgb.shape[:2]
    scale = _KNOWN_PX[1] * random.uniform(0.55, 1.0) / height
    angle = float(random.uniform(-4, 4)) * (random.random() < 0.5)
    x = random.uniform(scale * width / 2, _KNOWN_PX[0] - scale * width / 2)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    turn[:, 2] += (x - width / 2, _KNOWN_PX[1] / 2 - height / 2)
    graded = np.clip(rgb * random.uniform(0.85, 1.15, 3) + random.uniform(-12, 12), 0, 255).astype(np.uint8)
    flags = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_TRANSPARENT}
    cv2.warpAffine(graded, turn, _KNOWN_PX, dst=frame, **flags)
    corners = np.array([[face[0], face[1], 1], [face[2], face[3], 1]]) @ turn.T
    (x0, y0), (x1, y1) = corners.tolist()
    return frame, (x0, y0, x1, y1)


def joined(tallies: Sequence[Tally]) -> Tally:
    """All of several."""
    whole = Tally()
    for tally in tallies:
        for name in ("found", "right", "recognised", "anyhow", "fits", "off_s"):
            getattr(whole, name).extend(getattr(tally, name))
        whole.designs |= tally.designs
        whole.people |= tally.people
    return whole


def table_of(title: str, names: Sequence[str]) -> Table:
    """An empty table."""
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, justify="left" if not name else "right")
    return table
