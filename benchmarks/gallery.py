"""The quality gate of a gallery: how many good pictures it refuses, and how many planted faults it finds.

``python benchmarks/gallery.py DIR [--each 100] [--seed 1]``

``DIR/people/<name>/`` holds several pictures of each of some people, ``DIR/others/`` one of each of many
more. First everything is judged as it is; each refusal is printed, to be looked at. Then faults are planted,
``--each`` of a kind: pictures that are spoilt, copies, and five times as many of somebody else among a
person's own.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from figures import share
from rich.console import Console
from rich.table import Table

from mediaforensics.faces.conflicts import conflicts
from mediaforensics.faces.enrol import Enroller, Portrait
from mediaforensics.media.frame import Pixels

Change = Callable[[Pixels], Pixels]
Found = dict[Path, Portrait | str]


def read(path: Path) -> Pixels:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_COLOR), np.uint8)


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def scaled(pixels: Pixels, factor: float) -> Pixels:
    return np.asarray(cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), np.uint8)


def mirrored(pixels: Pixels) -> Pixels:
    return np.ascontiguousarray(pixels[:, ::-1])


def lit(pixels: Pixels, alpha: float, beta: float = 0.0) -> Pixels:
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=alpha, beta=beta), np.uint8)


def blurred(pixels: Pixels, face_fraction: float) -> Pixels:
    return np.asarray(cv2.GaussianBlur(pixels, (0, 0), face_fraction * pixels.shape[0]), np.uint8)


SPOILT: dict[str, Change] = {
    "blurred by 3 % of the face": lambda p: blurred(p, 0.03),
    "blurred by 4 % of the face": lambda p: blurred(p, 0.04),
    "a tenth of its light": lambda p: lit(p, 0.1),
    "overexposed": lambda p: lit(p, 1.8, 70),
    "cut at the right eye": lambda p: np.ascontiguousarray(p[:, round(0.33 * p.shape[1]) :]),
    "cut at the mouth": lambda p: np.ascontiguousarray(p[: round(0.74 * p.shape[0])]),
    "face of 30 px": lambda p: scaled(p, 30 / 310),
}
COPIES: dict[str, Change] = {
    "recompressed (JPEG 20)": lambda p: jpeg(p, 20),
    "scaled to a third": lambda p: scaled(p, 1 / 3),
    "mirrored": mirrored,
    "brighter": lambda p: lit(p, 1.2, 8),
    "mirrored, half the size, JPEG 40": lambda p: jpeg(scaled(mirrored(p), 0.5), 40),
    "5 % cut off": lambda p: np.ascontiguousarray(p[round(0.03 * p.shape[0]) :, round(0.05 * p.shape[1]) :]),
}


class Gate:
    """Looks at files and at changed pictures."""

    def __init__(self, folder: Path) -> None:
        self._enroller, self._folder = Enroller(), folder

    def file(self, path: Path) -> Portrait | str:
        """What becomes of a file."""
        found = self._enroller.look(path)
        assert found is not None
        return found

    def changed(self, portrait: Portrait, pixels: Pixels) -> Portrait | str:
        """What becomes of these pixels in the place of a portrait."""
        path = self._folder / portrait.person_id / "changed.png"
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), pixels)
        return self.file(path)


def as_it_is(found: Found, console: Console) -> list[Portrait]:
    """Judge as ``mediaforensics gallery check`` does, print what is refused, give back the rest."""
    portraits = [one for one in found.values() if isinstance(one, Portrait)]
    bad = conflicts(portraits)
    for path, why in found.items():
        if isinstance(why, str):
            console.print(f"  {path.parent.name}/{path.name}: {why}", markup=False)
    for one, why in bad:
        console.print(f"  {one.person_id}/{one.file}: {why}", markup=False)
    gone = {id(one) for one, _ in bad}
    kept = [one for one in portraits if id(one) not in gone]
    console.print(
        f"refused: {share([False] * len(kept) + [True] * (len(found) - len(kept)))} % of {len(found)}"
    )
    return kept


def swaps(
    people: dict[str, list[Portrait]], strangers: list[Portrait], each: int, rng: np.random.Generator
) -> Iterator[tuple[str, list[bool], list[bool]]]:
    """By the number of pictures: whether the planted one went, and whether any of the person's own did."""
    for source in ("a stranger's", "an enrolled person's"):
        for pictures in (2, 3, 4, 5):
            able = [name for name in sorted(people) if len(people[name]) >= pictures]
            went, own_went = [], []
            for _ in range(each):
                name, other = rng.choice(able, 2, replace=False)
                own = [people[name][i] for i in rng.permutation(len(people[name]))[: pictures - 1]]
                theirs = [people[other][i] for i in rng.permutation(len(people[other]))]
                stray = strangers[rng.integers(len(strangers))] if source == "a stranger's" else theirs.pop()
                planted = replace(stray, person_id=name, file="planted")
                refused = {id(one) for one, _ in conflicts([*own, planted, *theirs[:3]])}
                went.append(id(planted) in refused)
                own_went.append(any(id(one) in refused for one in own))
            yield f"{source} picture among {pictures - 1} own", went, own_went


def under_two(people: dict[str, list[Portrait]], each: int, rng: np.random.Generator) -> list[bool]:
    """The very same picture under two people with three more each: whether it stays with the right one."""
    right = []
    able = [name for name in sorted(people) if len(people[name]) >= 4]
    for _ in range(each):
        name, other = rng.choice(able, 2, replace=False)
        own, theirs = people[name][:4], people[other][:3]
        planted = replace(own[0], person_id=str(other), file="planted")
        refused = {id(one) for one, _ in conflicts([*own, *theirs, planted])}
        right.append(refused == {id(planted)})
    return right


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--each", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parsed = parser.parse_args()
    cv2.setNumThreads(1)
    console, rng = Console(width=150), np.random.default_rng(parsed.seed)
    with tempfile.TemporaryDirectory() as scratch:
        gate = Gate(Path(scratch))
        people: dict[str, list[Portrait]] = {}
        console.print("people:")
        files = sorted((parsed.folder / "people").glob("*/*"))
        for one in as_it_is({path: gate.file(path) for path in files}, console):
            people.setdefault(one.person_id, []).append(one)
        console.print("others, each alone:")
        looked = {path: gate.file(path) for path in sorted((parsed.folder / "others").iterdir())}
        alone = {k: v if isinstance(v, str) else replace(v, person_id=k.stem) for k, v in looked.items()}
        strangers = as_it_is(alone, console)
        table = Table("planted", "caught, % (95 %)", "own pictures refused, too, %")
        good = [one for mine in people.values() for one in mine]
        chosen = [good[i] for i in rng.permutation(len(good))[: parsed.each]]
        pictures = {
            one.sha256: read(parsed.folder / "people" / one.person_id / str(one.file)) for one in chosen
        }
        for name, change in SPOILT.items():
            caught = [isinstance(gate.changed(one, change(pictures[one.sha256])), str) for one in chosen]
            table.add_row(name, share(caught), "")
        beside = [np.hstack([pictures[a.sha256], pictures[b.sha256]]) for a, b in pairwise(chosen)]
        caught = [isinstance(gate.changed(chosen[0], pixels), str) for pixels in beside]
        table.add_row("two faces", share(caught), "")
        for name, change in COPIES.items():
            copies = [(one, gate.changed(one, change(pictures[one.sha256]))) for one in chosen]
            caught = [isinstance(copy, str) or bool(conflicts([one, copy])) for one, copy in copies]
            table.add_row(f"copy: {name}", share(caught), "")
        for name, went, own_went in swaps(people, strangers, 5 * parsed.each, rng):
            table.add_row(name, share(went), share(own_went))
        table.add_row("one picture under two people", share(under_two(people, 5 * parsed.each, rng)), "")
        console.print(table)


if __name__ == "__main__":
    main()
