"""Violent overlays: how many are found, and how many harmless things are taken for them.

    MF_TEST_DATA=DATA python benchmarks/overlays.py --art DIR [--only crops known ...] [--times 1]

DIR holds the art that ``overlay_art.tsv`` names, none of which is trained on (``overlay_art.py`` says how it
is laid out), DATA the photographs of people that are not trained on either. Sections: ``crops`` (the network
on single crops, beside a rule of colour), ``known`` (a known picture in the frame), ``motion`` (moving
flames, and what else moves), ``tracks`` (whole clips), ``cost`` (beside plain decoding). Each draws its own
numbers from ``--seed``; ``--times`` multiplies the sizes. Figures in brackets are 95 % intervals.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import overlay_clips
import overlay_frames
import overlay_watched
from figures import auc_by_design, share
from measure import cost_of
from numpy.typing import NDArray
from overlay_art import ArtShelf
from overlay_frames import Material
from overlay_harmless import harmless
from overlay_painters import PAINTED, VIOLENT, covering
from rich.console import Console
from rich.table import Table

from mediaforensics.media.frame import Pixels
from mediaforensics.overlays.classify import KINDS, OverlayClassifier, context_box, square_crop

PER_KIND, CLEAN, HARMLESS, SCENES = 40, 350, 450, 200
LEAST_FRACTION = 0.08
WORKING_POINT = 0.5
BANDS = ((0.0, 0.08), (0.08, 0.2), (0.2, 0.4), (0.4, 1.01))
AIMS = {
    "explosion": 85, "skull": 85, "flames": 85, "crossed_out": 85, "blood": 80, "bullet_hole": 70,
    "crosshair": 70, "weapon": 60,
}  # fmt: skip
_COST_RUNS = 3


@dataclass(frozen=True, slots=True)
class Crop:
    """What the network (and the rule of colour) said about one crop, and what was on it.

    ``kind`` is a violent kind, ``clean``, ``harmless`` or ``scene``; ``design`` names what was laid, or where
    the picture is from.
    """

    kind: str
    design: str
    person: str
    coverage: float
    confidence: NDArray[np.float32]
    colour: float

    @property
    def source(self) -> str:
        """Of the design."""
        return self.design.partition("/")[0]


def flame_colour(crop: Pixels) -> float:
    """Share of the inner half that is coloured as fire: the rule that is tried first everywhere."""
    inner = crop[32:96, 32:96]
    hue, saturation, value = cv2.split(cv2.cvtColor(inner, cv2.COLOR_RGB2HSV))
    return float(((hue <= 25) & (saturation > 110) & (value > 140)).mean())


def draw_crops(material: Material, times: int, random: np.random.Generator) -> list[Crop]:
    """Compose and classify all crops; of every kind as many."""
    classifier, drawn = OverlayClassifier(), []
    plan = [(kind, PER_KIND * times) for kind in VIOLENT]
    plan += [("clean", CLEAN * times), ("harmless", HARMLESS * times), ("scene", SCENES * times)]
    for kind, count in plan:
        for _ in range(count):
            crop, design, person, coverage = one_crop(kind, material, random)
            confidence, _ = classifier.confidences(crop)
            drawn.append(Crop(kind, design, person, coverage, confidence.copy(), flame_colour(crop)))
    return drawn


def one_crop(kind: str, material: Material, random: np.random.Generator) -> tuple[Pixels, str, str, float]:
    """A crop of 128 x 128, the design on it, the person beneath, the share of the face that is covered."""
    if kind == "scene":
        name, picture = material.scene(random)
        side = int(random.integers(min(picture.shape[:2]) // 4, min(picture.shape[:2]) + 1))
        x, y = (int(random.integers(0, size - side + 1)) for size in (picture.shape[1], picture.shape[0]))
        shown = overlay_frames.saved(picture[y : y + side, x : x + side], random)
        return square_crop(shown, (0, 0, side, side)), name, "", 0.0
    portrait = material.portrait(random)
    frame, face = overlay_frames.posed(portrait, material.scene(random)[1], random)
    design, coverage = portrait.person, 0.0
    if kind != "clean":
        if kind == "harmless":
            layer, design = harmless(frame.shape, face, material.art, random)
        else:
            layer, design = covering(kind, frame.shape, face, material.art, random, LEAST_FRACTION)
        frame, coverage = layer.over(frame), layer.coverage(face)
    shown = overlay_frames.saved(frame, random)
    return square_crop(shown, context_box(face)), design, portrait.person, coverage


def crops(material: Material, times: int, random: np.random.Generator, console: Console) -> None:
    drawn = draw_crops(material, times, random)
    quiet = [c for c in drawn if c.kind not in VIOLENT]
    loud = [c for c in drawn if c.kind in VIOLENT and c.coverage >= LEAST_FRACTION]
    noise = _highest(quiet)
    limit = float(np.quantile(noise, 0.99))
    table = _table(
        f"Single crops; something violent covers at least {LEAST_FRACTION:.0%} of the face, in per cent"
    )
    for name in ("", "aim", "found at 1 % alarms", "as this kind at 1 %", "at 0.5", "AUC", *_COUNTS):
        table.add_column(name, justify="left" if not name else "right")

    def row(name: str, aim: str, part: list[Crop], of_kind: int | None) -> None:
        if not part:
            table.add_row(name, aim, *["-"] * 5, "0")
            return
        any_kind = _highest(part)
        own = any_kind if of_kind is None else _of(part, of_kind)
        own_noise = noise if of_kind is None else _of(quiet, of_kind)
        at = float(np.quantile(own_noise, 0.99))
        area = auc_by_design(own_noise, own, [c.design for c in quiet], [c.design for c in part])
        table.add_row(
            name, aim, share(any_kind > limit), share(own > at), share(own >= WORKING_POINT),
            f"{area[0]:.3f} ({area[1]:.3f}-{area[2]:.3f})", *_counts(part),
        )  # fmt: skip

    row("any kind", "85", loud, None)
    for kind in VIOLENT:
        row(kind, str(AIMS.get(kind, "-")), [c for c in loud if c.kind == kind], KINDS.index(kind))
    console.print(table)

    table = _table(
        "Any kind, by share of the face that is covered and by source (any kind at 1 % alarms, at 0.5)"
    )
    for name in ("", "found at 1 % alarms", "at 0.5", *_COUNTS):
        table.add_column(name, justify="left" if not name else "right")
    violent = [c for c in drawn if c.kind in VIOLENT]
    parts = [
        (f"{a:.0%} to {min(b, 1):.0%} of the face", [c for c in violent if a <= c.coverage < b])
        for a, b in BANDS
    ]
    parts += [(name, [c for c in loud if c.source == name]) for name in sorted({c.source for c in loud})]
    for name, part in parts:
        if part:
            got = _highest(part)
            table.add_row(name, share(got > limit), share(got >= WORKING_POINT), *_counts(part))
    console.print(table)

    table = _table(f"False alarms, any kind (the threshold for 1 % of all is {limit:.3f}), in per cent")
    for name in ("", "at that threshold", "at 0.5", *_COUNTS, "most often taken for"):
        table.add_column(name, justify="left" if name in ("", "most often taken for") else "right")
    for name, part in (
        ("all", quiet),
        ("clean faces", [c for c in quiet if c.kind == "clean"]),
        ("harmless overlays", [c for c in quiet if c.kind == "harmless"]),
        ("  art", [c for c in quiet if c.kind == "harmless" and c.source != PAINTED]),
        ("  drawn here", [c for c in quiet if c.source == PAINTED]),
        ("scenes without a face", [c for c in quiet if c.kind == "scene"]),
    ):
        got = _highest(part)
        wrong = [KINDS[int(c.confidence.argmax())] for c, high in zip(part, got, strict=True) if high > limit]
        often = ", ".join(
            f"{k} {wrong.count(k)}" for k in sorted(set(wrong), key=lambda k: -wrong.count(k))[:3]
        )
        table.add_row(name, share(got > limit), share(got >= WORKING_POINT), *_counts(part), often)
    console.print(table)

    table = _table("The same crops by the share of flame colour (HSV), in per cent")
    for name in ("", "found at 1 % alarms", "AUC"):
        table.add_column(name, justify="left" if not name else "right")
    rule = np.array([c.colour for c in quiet])
    for name, part in (("any kind", loud), ("flames", [c for c in loud if c.kind == "flames"])):
        got = np.array([c.colour for c in part])
        area = auc_by_design(rule, got, [c.design for c in quiet], [c.design for c in part])
        table.add_row(
            name, share(got > np.quantile(rule, 0.99)), f"{area[0]:.3f} ({area[1]:.3f}-{area[2]:.3f})"
        )
    console.print(table)


_COUNTS = ("crops", "designs", "sources", "people")


def _counts(part: list[Crop]) -> tuple[str, ...]:
    distinct = ({c.design for c in part}, {c.source for c in part}, {c.person for c in part if c.person})
    return (str(len(part)), *(str(len(names)) for names in distinct))


def _highest(part: list[Crop]) -> NDArray[np.float64]:
    return np.array([c.confidence.max() for c in part], np.float64)


def _of(part: list[Crop], kind: int) -> NDArray[np.float64]:
    return np.array([c.confidence[kind] for c in part], np.float64)


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left")


def cost(material: Material, times: int, random: np.random.Generator, console: Console) -> None:
    """The overlay stage on the demo video: an analysis with faces and overlays less one with faces alone."""
    here = Path(__file__).parent
    fixtures = here.parent / "fixtures"
    video, known = fixtures / "flames.mp4", fixtures / "known"
    spent: dict[str, list[float]] = {}
    for _ in range(_COST_RUNS * times):
        decoded = cost_of([sys.executable, str(here / "decode.py"), str(video)])
        spent.setdefault("decode", []).append(decoded.cpu_s)
        for stages in ("faces", "faces,overlays", "known,faces", "known,faces,overlays"):
            given = [str(v) for v in (video, known, fixtures / "gallery", "eng", stages)]
            inside = json.loads(cost_of([sys.executable, str(here / "stages.py"), *given]).output)
            spent.setdefault(stages, []).append(inside["analyse_s"])
    decode_s = statistics.median(spent["decode"])
    table = _table(f"flames.mp4: processor time of the overlay stage, median of {_COST_RUNS * times} runs")
    for name in ("", "s", "x decode", "aim"):
        table.add_column(name, justify="left" if not name else "right")
    table.add_row("decode only", f"{decode_s:.2f}", "1.00", "")
    for name, without, with_ in (
        ("overlays on faces", "faces", "faces,overlays"),
        ("overlays on faces and known pictures", "known,faces", "known,faces,overlays"),
    ):
        taken_s = statistics.median(spent[with_]) - statistics.median(spent[without])
        table.add_row(name, f"{taken_s:.2f}", f"{taken_s / decode_s:.2f}", "0.5")
    console.print(table)


SECTIONS: dict[str, Callable[[Material, int, np.random.Generator, Console], None]] = {
    "crops": crops,
    "known": overlay_watched.known,
    "motion": overlay_clips.motion,
    "tracks": overlay_clips.tracks,
    "cost": cost,
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--art", type=Path, required=True)
    parser.add_argument("--only", nargs="+", choices=list(SECTIONS), default=list(SECTIONS))
    parser.add_argument("--times", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    named = os.environ.get("MF_TEST_DATA")
    if not named:
        raise SystemExit("MF_TEST_DATA must name the folder of photographs")
    cv2.setNumThreads(1)
    console = Console(width=150, highlight=False)
    art = ArtShelf.of(arguments.art)
    violent = [d for d in art.designs if d.kind != "benign"]
    console.print(
        f"{len(violent)} violent designs ({sum(d.photograph for d in violent)} of them photographs of fire) "
        f"and {len(art.designs) - len(violent)} harmless from {len({d.source for d in art.designs})} sources"
    )
    for number, name in enumerate(SECTIONS):
        if name in arguments.only:
            console.rule(name)
            began_s = sum(os.times()[:4])
            random = np.random.default_rng((arguments.seed, number))
            material = Material.gathered(art, Path(named), arguments.art, random)
            SECTIONS[name](material, arguments.times, random, console)
            console.print(f"{sum(os.times()[:4]) - began_s:.0f} s CPU")


if __name__ == "__main__":
    main()
