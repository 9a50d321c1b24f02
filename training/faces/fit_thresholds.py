"""Derive the constants of ``mediaforensics/faces/threshold.py`` from pictures of many people.

    python training/faces/fit_thresholds.py FOLDER

``FOLDER/people/<name>/`` holds several pictures of each of some people, ``FOLDER/others/`` one picture of
each of many more. Every picture is found, aligned and embedded as the package does it. Strangers are then
shown to galleries of 10 to 80 people, with one to five pictures a person, and the similarity that
0.1 % .. 20 % of them exceed is fitted by

    base + a ln(people) + b ln(0.01 / rate) + c (1 - 1 / pictures)

Strangers are shown clean and disfigured (covered by bars, crosses, rings, holes, flame-coloured blobs or
words, shrunk to 24 .. 48 px, compressed), half and half. Half of the people and of the strangers are held
out of the fit and used for the rates printed at the end, which are those of the constants now in the package.
Seeded: the same pictures give the same constants.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.errors import MediaError
from mediaforensics.faces.embed import SFACE, FaceEmbedder, aligned_crop, unit
from mediaforensics.faces.find import FaceFinder
from mediaforensics.faces.locate import YUNET, FaceLocator
from mediaforensics.faces.threshold import match_threshold
from mediaforensics.media.decode import open_media
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.media.picture import ArrayPixels, DecodedFrame, Orientation
from mediaforensics.media.source import Source
from mediaforensics.types import Timestamp

RATES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)
SIZES = (10, 20, 40, 80)
PICTURES = (1, 2, 3, 5)
DRAWS = 40
SIDE_PX = 300
MARGIN_PX = 60

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Look:
    """One picture: its vector, and that of its mirror image added for a template."""

    probe: Vectors
    template: Vectors


class Eye:
    """Finds and embeds the largest face of a picture."""

    def __init__(self) -> None:
        self._finder, self._embedder = FaceFinder(FaceLocator(YUNET.read())), FaceEmbedder(SFACE.read())

    def look(self, pixels: Pixels, *, enrolled: bool) -> Look | None:
        """The largest face; only people who are enrolled need a template."""
        frame = frame_of(pixels)
        faces = sorted(self._finder.upright(frame), key=lambda f: -f.side_px)
        if not faces:
            return None
        crop = aligned_crop(frame, faces[0].landmarks)
        probe = self._embedder.embed(crop)
        if not enrolled:
            return Look(probe, probe)
        mirrored = self._embedder.embed(np.ascontiguousarray(crop[:, ::-1]))
        return Look(probe, unit(probe + mirrored))


def frame_of(pixels: Pixels) -> Frame:
    """A picture as the package sees it."""
    return DecodedFrame(
        time=Timestamp(0, Fraction(1)),
        duration_s=Fraction(0),
        stored=ArrayPixels(np.ascontiguousarray(pixels)),
        orientation=Orientation(),
    )


def read(path: Path) -> Pixels:
    """A tight face crop with a margin put around it, since a detector wants to see the head's outline."""
    with Source.open(path) as source:
        decoder = open_media(source)
        try:
            pixels = next(decoder.frames()).rgb(SIDE_PX).pixels
        finally:
            decoder.close()
    edges = (MARGIN_PX, MARGIN_PX, MARGIN_PX, MARGIN_PX)
    return np.asarray(cv2.copyMakeBorder(pixels, *edges, cv2.BORDER_REPLICATE), np.uint8)


def disfigured(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """The picture after one of the things that are done to faces in such media."""
    out = pixels.copy()
    height, width = out.shape[:2]
    centre = np.array([width / 2, height / 2]) + rng.uniform(-20, 20, 2)
    x, y = (int(v) for v in centre)
    kind = rng.choice(["cross", "rings", "holes", "blobs", "bar", "words", "small", "jpeg"])
    colour = tuple(int(c) for c in rng.choice([[200, 10, 10], [10, 10, 10], [255, 200, 40], [240, 240, 240]]))
    thick = int(rng.integers(4, 18))
    if kind == "cross":
        for sign in (1, -1):
            cv2.line(out, (x - 90, y - 90 * sign), (x + 90, y + 90 * sign), colour, thick)
    elif kind == "rings":
        for radius in (30, 60, 90):
            cv2.circle(out, (x, y), radius, colour, max(2, thick // 2))
        cv2.line(out, (x - 110, y), (x + 110, y), colour, max(2, thick // 2))
        cv2.line(out, (x, y - 110), (x, y + 110), colour, max(2, thick // 2))
    elif kind == "holes":
        for _ in range(int(rng.integers(2, 9))):
            spot = tuple(int(v) for v in centre + rng.uniform(-70, 70, 2))
            cv2.circle(out, spot, int(rng.integers(8, 18)), (90, 85, 80), -1)
            cv2.circle(out, spot, int(rng.integers(5, 10)), (5, 5, 5), -1)
    elif kind == "blobs":
        layer = np.zeros((height, width), np.float32)
        for _ in range(14):
            spot = (int(rng.integers(40, width - 40)), int(rng.integers(y, height)))
            cv2.ellipse(
                layer, spot, (int(rng.integers(8, 22)), int(rng.integers(20, 70))), 0, 0, 360, 1.0, -1
            )
        layer = cv2.GaussianBlur(layer, (0, 0), 5)[..., np.newaxis] * rng.uniform(0.4, 1.0)
        out = np.clip(out + layer * np.array([255, 150, 40]), 0, 255).astype(np.uint8)
    elif kind == "bar":
        half = int(rng.integers(10, 35))
        top = int(y + rng.uniform(-60, 60))
        cv2.rectangle(out, (0, top - half), (width, top + half), colour, -1)
    elif kind == "words":
        for row in range(int(rng.integers(1, 4))):
            cv2.putText(out, "THE END IS NEAR", (20, y - 50 + 45 * row), 0, 1.2, colour, max(2, thick // 3))
    elif kind == "small":
        scale = float(rng.uniform(24, 48)) / 170
        little = cv2.resize(out, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        out = np.asarray(cv2.resize(little, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
    else:
        data = cv2.imencode(".jpg", out, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(8, 25))])[1]
        out = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
    return out


def embed_folder(folder: Path) -> tuple[dict[str, list[Look]], list[Look], list[Look]]:
    """People with their looks; strangers clean; strangers disfigured."""
    eye = Eye()
    people: dict[str, list[Look]] = {}
    others: list[Look] = []
    spoilt: list[Look] = []
    for path in sorted((folder / "people").glob("*/*")):
        look = try_look(eye, path)
        if look is not None:
            people.setdefault(path.parent.name, []).append(look)
    rng = np.random.default_rng(2)
    for path in sorted((folder / "others").iterdir()):
        try:
            pixels = read(path)
        except MediaError as error:
            print(f"left out: {error}")
            continue
        clean = eye.look(pixels, enrolled=False)
        bad = eye.look(disfigured(pixels, rng), enrolled=False)
        others += [clean] if clean else []
        spoilt += [bad] if bad else []
    return people, others, spoilt


def try_look(eye: Eye, path: Path) -> Look | None:
    try:
        return eye.look(read(path), enrolled=True)
    except MediaError as error:
        print(f"left out: {error}")
        return None


def templates(looks: Sequence[Look]) -> Vectors:
    """As ``Gallery`` makes them: each picture, and their mean."""
    each = np.stack([look.template for look in looks])
    return each if len(looks) == 1 else np.concatenate([each, unit(each.sum(axis=0))[np.newaxis]])


def top_similarity(gallery: Sequence[Vectors], probes: Vectors) -> Vectors:
    """Per probe and person, the nearest template: shape (probes, people)."""
    return np.stack([(probes @ person.T).max(axis=1) for person in gallery], axis=1)


def draws(people: dict[str, list[Look]], size: int, pictures: int, count: int, seed: int):
    """Random galleries, and the looks of their people that were not enrolled."""
    names = sorted(name for name, looks in people.items() if len(looks) > pictures)
    for draw in range(count):
        rng = np.random.default_rng([seed, size, pictures, draw])
        gallery, left = [], []
        for nth, name in enumerate(rng.permutation(names)[:size]):
            order = rng.permutation(len(people[name]))
            gallery.append(templates([people[name][i] for i in order[:pictures]]))
            left += [(nth, people[name][i].probe) for i in order[pictures:]]
        yield gallery, left


def measure(people: dict[str, list[Look]], strangers: Vectors, seed: int) -> list[tuple[float, ...]]:
    """(people, pictures, rate, similarity exceeded by that share of strangers), over all draws."""
    rows: list[tuple[float, ...]] = []
    for pictures in PICTURES:
        able = sum(len(looks) > pictures for looks in people.values())
        for size in (s for s in SIZES if s <= able):
            galleries = (gallery for gallery, _ in draws(people, size, pictures, DRAWS, seed))
            highest = np.concatenate(
                [top_similarity(gallery, strangers).max(axis=1) for gallery in galleries]
            )
            rows += [(size, pictures, rate, float(np.quantile(highest, 1 - rate))) for rate in RATES]
    return rows


def fit(rows: Sequence[tuple[float, ...]]) -> NDArray[np.float64]:
    """Least squares; the rows near the usual working point count most."""
    table = np.array(rows)
    size, pictures, rate, value = table.T
    design = np.stack([np.ones_like(size), np.log(size), np.log(0.01 / rate), 1 - 1 / pictures], axis=1)
    weight = np.where((rate >= 0.002) & (rate <= 0.05), 1.0, 0.4)[:, np.newaxis]
    solution, *_ = np.linalg.lstsq(design * weight, value * weight[:, 0], rcond=None)
    residual = value - design @ solution
    print(f"residual rms {residual.std():.4f}, largest {residual.max():.4f} / {residual.min():.4f}")
    return solution


def check(people: dict[str, list[Look]], clean: Vectors, spoilt: Vectors, seed: int) -> None:
    """Rates on people and strangers that the fit has not seen, with the constants now in the package."""
    print("held out: people pictures | threshold | strangers matched: clean, disfigured | FNIR, wrong name")
    for pictures in (1, 3, 5):
        able = sum(len(looks) > pictures for looks in people.values())
        for size in (s for s in (20, 80) if s <= able):
            threshold = match_threshold(size, pictures, 0.01)
            rates = []
            for gallery, left in draws(people, size, pictures, DRAWS, seed):
                probes = np.stack([probe for _, probe in left])
                who = np.array([nth for nth, _ in left])
                alike = top_similarity(gallery, probes)
                best = alike.argmax(axis=1)
                over = alike.max(axis=1) >= threshold
                rates.append(
                    [
                        float((top_similarity(gallery, clean).max(axis=1) >= threshold).mean()),
                        float((top_similarity(gallery, spoilt).max(axis=1) >= threshold).mean()),
                        1 - float((over & (best == who)).mean()),
                        float((over & (best != who)).mean()),
                    ]
                )
            a, b, c, d = np.mean(rates, axis=0)
            print(f"{size:4d} {pictures} | {threshold:.3f} | {a:.4f} {b:.4f} | {c:.4f} {d:.4f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    cv2.setNumThreads(1)
    people, others, spoilt = embed_folder(parser.parse_args().folder)
    print(f"{len(people)} people, {len(others)} strangers clean, {len(spoilt)} disfigured", flush=True)
    names = sorted(people)
    fitted, held = {n: people[n] for n in names[::2]}, {n: people[n] for n in names[1::2]}
    clean, bad = np.stack([o.probe for o in others]), np.stack([o.probe for o in spoilt])
    shown = {"clean": clean[::2], "disfigured": bad[::2], "both": np.concatenate([clean[::2], bad[::2]])}
    for title, strangers in shown.items():
        base, per_people, per_rate, per_pictures = fit(measure(fitted, strangers, seed=1))
        print(f"{title}: {base:.4f} {per_people:.4f} {per_rate:.4f} {per_pictures:.4f}", flush=True)
    check(held, clean[1::2], bad[1::2], seed=7)


if __name__ == "__main__":
    main()
