"""Derive the constants of ``mediaforensics/faces/threshold.py`` from pictures of many people.

    python training/faces/fit_thresholds.py FOLDER

``FOLDER/people/<name>/`` holds several pictures of each of some people, ``FOLDER/others/`` one picture of
each of many more. Every picture is found, aligned and embedded as the package does it; templates are those
of the package's own gate, one a picture and their mean. Strangers are then shown to galleries of 10 to 320
people with one picture each, and of as many as there are with two, three and five, and the similarity that
0.1 % .. 20 % of them exceed is fitted by

    base + a ln(people) + b ln(0.01 / rate) + c (1 - 1 / pictures)

Strangers are shown clean and disfigured (covered by bars, crosses, rings, holes, flame-coloured blobs or
words, shrunk to 24 .. 48 px, compressed). The constants are fitted on everybody. The rates printed at the end
are those of people and strangers that a fit has not seen: each half of them is measured with constants that
were fitted on the other half. Rows with a star need more people than a half has; their constants have seen
all of them. People of ``others`` fill a gallery where there are too few with several pictures. Seeded: the
same pictures give the same constants.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from disfiguring import disfigured
from numpy.typing import NDArray

from mediaforensics.faces.embed import SFACE, FaceEmbedder, aligned_crop, unit
from mediaforensics.faces.enrol import Enroller
from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import YUNET, FaceLocator
from mediaforensics.faces.threshold import MATCH_MARGIN, match_threshold
from mediaforensics.media.decode import open_media
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.media.picture import ArrayPixels, DecodedFrame, Orientation
from mediaforensics.media.source import Source
from mediaforensics.types import Timestamp

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
SIZES = (10, 20, 40, 80, 160, 320)
PICTURES = (1, 2, 3, 5)
CHECKED = ((20, 1), (100, 1), (160, 1), (320, 1), (20, 3), (78, 3), (100, 3), (100, 4), (150, 3), (70, 5))
WRONG_NAMES = (
    "Charles_Moose_0003",
    "Todd_Haynes_0001",
    "Vojislav_Kostunica_0005",
    "Prince_Felipe_0001",
    "Raul_Ibanez_0001",
)
"""Pictures of somebody else than their names say, or of one who is there under another name, too: found by
the gate of the package, looked at, and left out."""
SAFETY = 0.005
"""Added to the base: without it strangers held out of the fit exceed the wanted rate by a quarter."""
DRAWS = 60
SIDE_PX = 350

Vectors = NDArray[np.float32]
Constants = NDArray[np.float64]
"""Base, per ln(people), per ln(0.01 / rate), per 1 - 1 / pictures."""


@dataclass(frozen=True)
class Look:
    """One picture: its vector as a probe, and as a template; None where the gate refuses it."""

    probe: Vectors
    template: Vectors | None


@dataclass(frozen=True)
class Crowd:
    """Some of the people and of the strangers.

    Attributes
    ----------
    people : dict of str to list of Look
        With several pictures each.
    others : list of Look
        Strangers with one picture; who fills a gallery is not shown to it.
    spoilt : list of (int, ndarray)
        Disfigured strangers, each with their number in ``others``.
    """

    people: dict[str, list[Look]]
    others: list[Look]
    spoilt: list[tuple[int, Vectors]]

    def half(self, first: int) -> Crowd:
        """Every second person and stranger, from the first or the second on."""
        names = sorted(self.people)[first::2]
        numbers = range(first, len(self.others), 2)
        place = {number: n for n, number in enumerate(numbers)}
        return Crowd(
            {name: self.people[name] for name in names},
            [self.others[n] for n in numbers],
            [(place[number], probe) for number, probe in self.spoilt if number in place],
        )


@dataclass(frozen=True)
class Draw:
    """A gallery, who was not enrolled, and the pictures of its people that were not.

    Attributes
    ----------
    gallery : list of ndarray
        Templates of each person.
    clean, spoilt : ndarray, float32, shape (n, 128)
        Strangers.
    left : list of (int, ndarray)
        Number in the gallery and vector of each picture of its people that was not enrolled.
    """

    gallery: list[Vectors]
    clean: Vectors
    spoilt: Vectors
    left: list[tuple[int, Vectors]]


class Eye:
    """Finds and embeds the largest face of a picture, as a probe and as the gate does it."""

    def __init__(self) -> None:
        self._finder, self._embedder = FaceFinder(FaceLocator(YUNET.read())), FaceEmbedder(SFACE.read())
        self._enroller = Enroller()

    def probe(self, pixels: Pixels) -> Vectors | None:
        """The vector of the largest face."""
        frame = frame_of(pixels)
        faces = sorted(self._finder.upright(frame), key=lambda f: -f.side_px)
        return self._embedder.embed(aligned_crop(frame, faces[0].landmarks)) if faces else None

    def look(self, pixels: Pixels) -> Look | None:
        """A picture of somebody who may be enrolled; None where no face is found."""
        probe, template = self.probe(pixels), self._enroller.face(frame_of(pixels))
        return None if probe is None else Look(probe, None if isinstance(template, str) else template)


def frame_of(pixels: Pixels) -> Frame:
    """A picture as the package sees it."""
    return DecodedFrame(
        time=Timestamp(0, Fraction(1)),
        duration_s=Fraction(0),
        stored=ArrayPixels(np.ascontiguousarray(pixels)),
        orientation=Orientation(),
    )


def read(path: Path) -> Pixels:
    with Source.open(path) as source:
        decoder = open_media(source)
        try:
            return np.array(next(decoder.frames()).rgb(SIDE_PX).pixels)
        finally:
            decoder.close()


def embed_folder(folder: Path) -> Crowd:
    """Everybody in the folder."""
    eye, rng = Eye(), np.random.default_rng(2)
    people: dict[str, list[Look]] = {}
    for path in sorted((folder / "people").glob("*/*")):
        if path.stem not in WRONG_NAMES and (look := eye.look(read(path))) is not None:
            people.setdefault(path.parent.name, []).append(look)
    others: list[Look] = []
    spoilt: list[tuple[int, Vectors]] = []
    for path in sorted(p for p in (folder / "others").iterdir() if p.stem not in WRONG_NAMES):
        pixels = read(path)
        look, bad = eye.look(pixels), eye.probe(disfigured(pixels, rng))
        if look is not None:
            spoilt += [] if bad is None else [(len(others), bad)]
            others.append(look)
    return Crowd(people, others, spoilt)


def templates(looks: Sequence[Look]) -> Vectors:
    """As ``Gallery`` makes them: each picture, and their mean."""
    each = np.stack([look.template for look in looks if look.template is not None])
    return each if len(looks) == 1 else np.concatenate([each, unit(each.sum(axis=0))[np.newaxis]])


def top_similarity(gallery: Sequence[Vectors], probes: Vectors) -> Vectors:
    """Per probe and person, the nearest template: shape (probes, people)."""
    return np.stack([(probes @ person.T).max(axis=1) for person in gallery], axis=1)


def able_to(crowd: Crowd, pictures: int) -> list[str]:
    """Who has so many good pictures, and another one to be found by."""
    return [
        name
        for name, looks in sorted(crowd.people.items())
        if len(looks) > pictures and sum(look.template is not None for look in looks) >= pictures
    ]


def draws(crowd: Crowd, size: int, pictures: int, seed: int) -> Iterator[Draw]:
    """Random galleries; with one picture each, strangers fill them up."""
    names = able_to(crowd, pictures)
    for draw in range(DRAWS):
        rng = np.random.default_rng([seed, size, pictures, draw])
        gallery: list[Vectors] = []
        left: list[tuple[int, Vectors]] = []
        for nth, name in enumerate(rng.permutation(names)[:size]):
            looks = [crowd.people[name][i] for i in rng.permutation(len(crowd.people[name]))]
            enrolled = [look for look in looks if look.template is not None][:pictures]
            gallery.append(templates(enrolled))
            left += [(nth, look.probe) for look in looks if all(look is not one for one in enrolled)]
        good = [n for n, look in enumerate(crowd.others) if look.template is not None]
        filling = set(rng.permutation(good)[: size - len(gallery)].tolist())
        gallery += [templates([crowd.others[n]]) for n in sorted(filling)]
        clean = np.stack([look.probe for n, look in enumerate(crowd.others) if n not in filling])
        spoilt = np.stack([probe for n, probe in crowd.spoilt if n not in filling])
        yield Draw(gallery, clean, spoilt, left)


def measure(crowd: Crowd, shown: str, seed: int) -> list[tuple[float, ...]]:
    """(people, pictures, rate, similarity exceeded by that share of strangers), over all draws."""
    rows: list[tuple[float, ...]] = []
    for pictures in PICTURES:
        most = len(crowd.others) if pictures == 1 else len(able_to(crowd, pictures))
        for size in (s for s in SIZES if s <= most):
            highest = np.concatenate(
                [
                    top_similarity(draw.gallery, probes).max(axis=1)
                    for draw in draws(crowd, size, pictures, seed)
                    for probes in ((draw.clean, draw.spoilt) if shown == "both" else (getattr(draw, shown),))
                ]
            )
            rows += [(size, pictures, rate, float(np.quantile(highest, 1 - rate))) for rate in RATES]
    return rows


def fit(rows: Sequence[tuple[float, ...]]) -> Constants:
    """Least squares; the rows near the usual working point count most."""
    table = np.array(rows)
    size, pictures, rate, value = table.T
    design = np.stack([np.ones_like(size), np.log(size), np.log(0.01 / rate), 1 - 1 / pictures], axis=1)
    weight = np.where((rate >= 0.002) & (rate <= 0.05), 1.0, 0.4)[:, np.newaxis]
    solution, *_ = np.linalg.lstsq(design * weight, value * weight[:, 0], rcond=None)
    residual = value - design @ solution
    print(f"residual rms {residual.std():.4f}, largest {residual.max():.4f} / {residual.min():.4f}")
    return np.asarray(solution, np.float64) + np.array([SAFETY, 0.0, 0.0, 0.0])


def threshold(constants: Constants, size: int, pictures: int, rate: float) -> float:
    """As ``match_threshold`` has it."""
    terms = [1.0, math.log(max(size, 20)), math.log(0.01 / rate), 1.0 - 1.0 / pictures]
    return float(constants @ np.array(terms))


@dataclass(frozen=True)
class Rates:
    """What became of strangers and of people, in shares, with some constants."""

    threshold: float
    clean: float
    spoilt: float
    clean_at_tenth: float
    missed: float
    wrong_name: float
    missed_with_margin: float
    missed_at_exact: float


def rates(crowd: Crowd, constants: Constants, size: int, pictures: int, seed: int) -> Rates:
    """Show strangers and people to galleries of this size."""
    usual, strict = (threshold(constants, size, pictures, rate) for rate in (0.01, 0.001))
    clean, spoilt, found = [], [], []
    for draw in draws(crowd, size, pictures, seed):
        clean.append(top_similarity(draw.gallery, draw.clean).max(axis=1))
        spoilt.append(top_similarity(draw.gallery, draw.spoilt).max(axis=1))
        alike = top_similarity(draw.gallery, np.stack([probe for _, probe in draw.left]))
        right = alike.argmax(axis=1) == np.array([nth for nth, _ in draw.left])
        best, second = np.sort(alike, axis=1)[:, :-3:-1].T
        found.append(np.stack([right, best, second], axis=1))
    strangers, covered = np.concatenate(clean), np.concatenate(spoilt)
    right, best, second = np.concatenate(found).T
    over = best >= usual
    return Rates(
        threshold=usual,
        clean=float((strangers >= usual).mean()),
        spoilt=float((covered >= usual).mean()),
        clean_at_tenth=float((strangers >= strict).mean()),
        missed=float(1 - (right * over).mean()),
        wrong_name=float(((1 - right) * over).mean()),
        missed_with_margin=float(1 - (right * over * (best - second >= MATCH_MARGIN)).mean()),
        missed_at_exact=float(1 - (right * (best >= np.quantile(strangers, 0.99))).mean()),
    )


def check(everybody: Crowd, shipped: Constants) -> None:
    """Rates on people and strangers that the constants have not seen, and the constants of the package."""
    halves = [everybody.half(first) for first in (0, 1)]
    fitted = [fit(measure(half, "clean", seed=1)) for half in halves]
    print("people pictures | threshold (now in the package) | strangers matched at 1 %: clean, disfigured,")
    print("                  at 0.1 %: clean | missed, wrong name, missed with the margin | at exactly 1 %")
    for size, pictures in CHECKED:
        most = min(len(half.others if pictures == 1 else able_to(half, pictures)) for half in halves)
        pairs = [(everybody, shipped)] if size > most else list(zip(halves, reversed(fitted), strict=True))
        shown = [rates(crowd, constants, size, pictures, seed=7) for crowd, constants in pairs]
        mean = Rates(*np.mean([astuple(one) for one in shown], axis=0).tolist())
        star, now = "*" if size > most else " ", match_threshold(size, pictures, 0.01)
        print(
            f"{size:4d}{star} {pictures} | {mean.threshold:.3f} ({now:.3f}) |"
            f" {mean.clean:.4f} {mean.spoilt:.4f} {mean.clean_at_tenth:.5f} |"
            f" {mean.missed:.4f} {mean.wrong_name:.4f} {mean.missed_with_margin:.4f} |"
            f" {mean.missed_at_exact:.4f}",
            flush=True,
        )


def verification(crowd: Crowd) -> None:
    """Share of pairs of one person that are more alike than all but a thousandth of pairs of two people."""
    probes = np.stack([look.probe for looks in crowd.people.values() for look in looks])
    names = np.array([n for n, looks in enumerate(crowd.people.values()) for _ in looks])
    others = np.stack([look.probe for look in crowd.others])
    pairs = np.triu_indices(len(probes), 1)
    alike, same = (probes @ probes.T)[pairs], names[pairs[0]] == names[pairs[1]]
    apart = [alike[~same], (probes @ others.T).ravel(), (others @ others.T)[np.triu_indices(len(others), 1)]]
    impostors = np.concatenate(apart)
    for rate in (1e-2, 1e-3, 1e-4):
        threshold = np.quantile(impostors, 1 - rate)
        share = (alike[same] >= threshold).mean()
        print(f"TAR {share:.4f} at FAR {rate:g} ({threshold:.3f}; {same.sum()} and {len(impostors)} pairs)")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    cv2.setNumThreads(1)
    everybody = embed_folder(parser.parse_args().folder)
    people, others, spoilt = len(everybody.people), len(everybody.others), len(everybody.spoilt)
    print(f"{people} people, {others} strangers clean, {spoilt} disfigured", flush=True)
    verification(everybody)
    for shown in ("spoilt", "both", "clean"):
        constants = fit(measure(everybody, shown, seed=1))
        print(f"{shown}: {' '.join(f'{value:.4f}' for value in constants)}", flush=True)
    check(everybody, constants)


if __name__ == "__main__":
    main()
