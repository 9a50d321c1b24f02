"""Make examples into shard files, seeded and resumable: a shard that exists is not made again."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from mediaforensics.overlays.classify import isolated
from training.overlays import art
from training.overlays.compose import Example, Material, example, scene
from training.overlays.damage import filmed
from training.overlays.layers import CROP_PX, SIDE_PX
from training.overlays.photos import photographs_in_colour
from training.overlays.portraits import photographs, read_grey

SHARD = 1000
Composer = Callable[[np.random.Generator, Material], Example]


def scenes(folder: Path | None) -> list[np.ndarray]:
    """Pictures without a portrait, RGB uint8, at most 400 px."""
    found = []
    for path in sorted(folder.rglob("*")) if folder else []:
        if path.suffix.lower() not in (".jpg", ".jpeg", ".png"):
            continue
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
        if image is None or min(image.shape[:2]) < 100:
            continue
        f = min(1.0, 400 / max(image.shape[:2]))
        image = cv2.resize(image, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        found.append(cv2.cvtColor(image, cv2.COLOR_BGR2RGB))
    return found


def material(args: argparse.Namespace, part: str) -> Material:
    """Faces and art of one split."""
    sources = {"train": art.TRAIN, "calibrate": art.CALIBRATE, "test": art.RESERVED}[part]
    paths = photographs(args.faces, part)
    return Material(
        [read_grey(p) for p in paths],
        scenes(args.scenes / part if args.scenes else None),
        art.load(args.work / "art", sources),
        photographs_in_colour(args.photos, part),
    )


def build(args: argparse.Namespace, part: str, first: int, count: int, compose: Composer = example) -> None:
    """Write shards ``first .. first + count`` of a split."""
    made = material(args, part)
    print(part, len(made.greys), "faces", {k: len(v) for k, v in sorted(made.art.items())}, flush=True)
    salt = {"train": 1, "calibrate": 2, "test": 3}[part]
    for shard in range(first, first + count):
        folder = args.work / "shards" / f"{part}-{shard:04d}"
        if folder.exists():
            continue
        started = time.process_time()
        rows = [compose(np.random.default_rng([args.seed, salt, shard, i]), made) for i in range(SHARD)]
        unfinished = folder.with_suffix(".part")
        unfinished.mkdir(parents=True, exist_ok=True)
        np.save(
            unfinished / "canvases.npy",
            finished(np.random.default_rng([args.seed, salt, shard, SHARD]), rows),
        )
        np.save(unfinished / "labels.npy", np.stack([r.labels for r in rows]).astype(np.uint8))
        np.save(unfinished / "masks.npy", (np.stack([r.masks for r in rows]) * 255).astype(np.uint8))
        unfinished.replace(folder)
        print(folder.name, f"{time.process_time() - started:.1f} s CPU", flush=True)


def finished(rng: np.random.Generator, rows: list[Example], filmed_share: float = 0.35) -> np.ndarray:
    """Canvases uint8 ``(n, 144, 144, 3)``: some as out of a video, then greyed out where they are to be."""
    canvases = np.stack([r.canvas for r in rows])
    order = rng.permutation(len(rows))[: int(len(rows) * filmed_share)]
    for part in np.array_split(order, max(1, len(order) // 64)):
        if len(part):
            canvases[part] = filmed(rng, canvases[part])
    for canvas, row in zip(canvases, rows, strict=True):
        if row.shown.min() < 255:
            canvas[...] = isolated(canvas, row.shown.astype(np.float32) / 255)
    return canvases


def middles(canvases: np.ndarray) -> np.ndarray:
    """Crops uint8 ``(n, 128, 128, 3)`` from the middles of canvases, as the detector cuts them."""
    edge = (SIDE_PX - CROP_PX) // 2
    return np.ascontiguousarray(canvases[:, edge : edge + CROP_PX, edge : edge + CROP_PX])


def arguments(parser: argparse.ArgumentParser) -> None:
    """Options shared by building, training and measuring."""
    parser.add_argument("--work", type=Path, required=True, help="where shards, art and checkpoints are kept")
    parser.add_argument(
        "--faces", type=Path, required=True, help="folder of face photographs, <Name>_<number>.jpg"
    )
    parser.add_argument("--scenes", type=Path, help="folder of pictures without portraits, for backdrops")
    parser.add_argument(
        "--photos", type=Path, help="folder of colour photographs of people in their surroundings"
    )
    parser.add_argument("--seed", type=int, default=20261123)


def main() -> None:
    """Build the shards of one split."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--part", choices=["train", "calibrate", "test"], required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--bare-scenes", action="store_true", help="pictures without faces and overlays only")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    build(args, args.part, args.first, args.count, scene if args.bare_scenes else example)


if __name__ == "__main__":
    main()
