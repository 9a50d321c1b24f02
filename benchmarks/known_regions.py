"""Known pictures inside frames: how many are found, burning, shot at or written over, and how many wrongly.

``python benchmarks/known_regions.py DIR [DIR ...] [--targets 20] [--distractors 1000] [--more 0] [--seed 7]``

DIR holds photographs. Those to be found, those that the set holds besides, and those that frames of the
control show are different files. Beside it: PDQ of the whole frame with bars removed in eight orientations,
and plain SIFT with 17 agreeing features for the pictures that are shown. ``--more`` puts so many made-up
pictures into the set, with altered features of the real ones: what a large set costs.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from pathlib import Path

import covered
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from mediaforensics.known.candidates import build_index, open_candidates
from mediaforensics.known.features import Features, frame_features, known_features
from mediaforensics.known.finder import VIEW_SIDE_PX, PictureFinder
from mediaforensics.known.fitting import fit
from mediaforensics.known.folder import KEPT_SIDE_PX, PICTURES_PER_SEGMENT
from mediaforensics.known.hashes import pdq
from mediaforensics.known.hashing import PDQ, SIDE_PX, hashes_of
from mediaforensics.known.store import INDEXED_FROM
from mediaforensics.media.frame import Pixels

PLAIN_SIFT = 17
SAME_BITS = 70
"""Pictures of the control that are so near to one of the set are copies of it."""
_SUFFIXES = (".jpg", ".jpeg", ".png")


class Shelf:
    """Pictures with their features, in memory."""

    def __init__(self, pictures: Sequence[Pixels]) -> None:
        self._lumas = [grey(picture, KEPT_SIDE_PX) for picture in pictures]
        self._features = [known_features(luma) for luma in self._lumas]

    def __len__(self) -> int:
        return len(self._lumas)

    def features(self, i: int) -> Features:
        """Of picture ``i``."""
        return self._features[i]

    def luma(self, i: int) -> Pixels:
        """Of picture ``i``."""
        return self._lumas[i]


class MadeUp:
    """Pictures with the features of real ones, not of the targets, each somewhat altered and elsewhere."""

    def __init__(self, real: Shelf, first: int, count: int, seed: int) -> None:
        self._real, self._first, self._count, self._seed = real, first, count, seed

    def __len__(self) -> int:
        return self._count

    def features(self, i: int) -> Features:
        """Of picture ``i``; the same each time."""
        rng = np.random.default_rng((self._seed, i))
        taken = self._real.features(self._source(i))
        points = taken.points.copy()
        points[:, :2] = rng.permutation(points[:, :2])
        points[:, 3] = (points[:, 3] + rng.uniform(0, 360, len(points))) % 360
        altered = taken.descriptors + rng.normal(0, 8, taken.descriptors.shape)
        return Features(points, np.clip(np.rint(altered), 0, 255).astype(np.uint8))

    def luma(self, i: int) -> Pixels:
        """Of the picture it was made from."""
        return self._real.luma(self._source(i))

    def _source(self, i: int) -> int:
        return self._first + i % (len(self._real) - self._first)


def read(path: Path) -> Pixels:
    return np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1])


def grey(rgb: Pixels, side_px: int) -> Pixels:
    luma = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    scale = min(1.0, side_px / max(luma.shape))
    size = round(luma.shape[1] * scale), round(luma.shape[0] * scale)
    return np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)


def by_hash(frame: Pixels, values: np.ndarray) -> set[int]:
    found: set[int] = set()
    for hashed in hashes_of(grey(frame, SIDE_PX), (PDQ,)):
        distances = np.bitwise_count(hashed.values[:, None] ^ values[None]).sum(axis=2).min(axis=0)
        found |= set(np.flatnonzero(distances <= 31).tolist())
    return found


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--distractors", type=int, default=1000)
    parser.add_argument("--more", type=int, default=0)
    parser.add_argument("--seed", type=int, default=7)
    data = os.environ.get("MF_TEST_DATA")
    parser.add_argument("--art", type=Path, default=Path(data) / "overlay-art" if data else None)
    arguments = parser.parse_args(given)
    cv2.setNumThreads(1)
    rng = np.random.default_rng(arguments.seed)
    paths = [
        path
        for folder in arguments.folders
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in _SUFFIXES
    ]
    count = arguments.targets
    paths = [paths[i] for i in rng.permutation(len(paths))[: arguments.distractors + 3 * count]]
    shown, backgrounds, besides = paths[:count], paths[count : 3 * count], paths[3 * count :]
    targets = [read(path) for path in shown]
    shelf = Shelf([*targets, *(read(path) for path in besides)])
    index = build_index(shelf) if len(shelf) >= INDEXED_FROM else None
    finders = [PictureFinder(shelf, open_candidates(shelf, index))]
    for start in range(0, arguments.more, PICTURES_PER_SEGMENT):
        made_up = MadeUp(shelf, count, min(PICTURES_PER_SEGMENT, arguments.more - start), start)
        began = time.process_time()
        index = build_index(made_up)
        taken_s = time.process_time() - began
        print(
            f"index of {len(made_up)}: {taken_s:.0f} s CPU, {len(index) / len(made_up):.0f} bytes a picture"
        )
        finders.append(PictureFinder(made_up, open_candidates(made_up, index)))
    values = np.stack([pdq(shelf.luma(i)).values()[0] for i in range(len(shelf))])
    art = covered.Art.of(arguments.art)
    paths_in_set = [*shown, *besides]
    console = Console(width=110)
    table = Table(
        title=f"{count} of {len(shelf) + arguments.more} known pictures inside frames", title_justify="left"
    )
    for name in ("shown as", "goal", "found", "PDQ", "plain SIFT", "wrong"):
        table.add_column(name, justify="left" if name == "shown as" else "right")
    looks_s, looks = 0.0, 0
    for name, (look, goal) in covered.LOOKS.items():
        asked = found = hashed = plain = wrong = 0
        for at in range(0, count, look.pictures):
            numbers = [(at + i) % count for i in range(look.pictures)]
            background = read(backgrounds[at])
            # The same look without any known picture: whatever is found then is wrong.
            control = [read(backgrounds[count + (at + i) % count]) for i in range(look.pictures)]
            for pictures, truth in (([targets[i] for i in numbers], set(numbers)), (control, set())):
                frame = covered.shown(pictures, background, look, art, rng).rgb
                view = grey(frame, VIEW_SIDE_PX)
                start = time.process_time()
                features = frame_features(view)
                answers = {
                    i if finder is finders[0] else -1 - i
                    for finder in finders
                    for i, _ in finder.find(features, view)
                }
                looks_s, looks = looks_s + time.process_time() - start, looks + 1
                strange = answers - truth
                if strange:  # copies that the folder holds under another name are no error
                    own = [pdq(grey(one, KEPT_SIDE_PX)).values()[0] for one in (*pictures, background)]
                    near = np.bitwise_count(values[:, None] ^ np.stack(own)[None]).sum(axis=2).min(axis=1)
                    strange = {i for i in strange if i < 0 or near[i] > SAME_BITS}
                wrong += len(strange)
                for i in sorted(strange):
                    wrongly = paths_in_set[i].name if i >= 0 else "a made-up picture"
                    console.print(f"wrong: {wrongly} in a frame of {name}")
                asked, found = asked + len(truth), found + len(answers & truth)
                hashed += len(by_hash(frame, values) & truth)
                for i in truth:
                    known, turned = shelf.features(i), shelf.features(i).mirrored(shelf.luma(i).shape[1])
                    plain += any(n >= PLAIN_SIFT for k in (known, turned) for _, n in fit(features, k))
        table.add_row(
            name, f">= {goal:.0%}", f"{found / asked:.1%}", f"{hashed / asked:.1%}", f"{plain / asked:.1%}",
            str(wrong),
        )  # fmt: skip
    console.print(table)
    console.print(f"{1e3 * looks_s / looks:.0f} ms CPU a frame, {looks} frames")


if __name__ == "__main__":
    main()
