"""Make examples into shard files, seeded and resumable: a shard that exists is not made again."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np

from training.overlays import art
from training.overlays.compose import Material, example
from training.overlays.photos import photographs_in_colour
from training.overlays.portraits import photographs, read_grey

SHARD = 1000


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
        scenes(args.scenes),
        art.load(args.work / "art", sources),
        photographs_in_colour(args.photos, part),
    )


def build(args: argparse.Namespace, part: str, first: int, count: int) -> None:
    """Write shards ``first .. first + count`` of a split."""
    made = material(args, part)
    print(part, len(made.greys), "faces", {k: len(v) for k, v in sorted(made.art.items())}, flush=True)
    salt = {"train": 1, "calibrate": 2, "test": 3}[part]
    for shard in range(first, first + count):
        path = args.work / "shards" / f"{part}-{shard:04d}.npz"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        started = time.process_time()
        rows = [example(np.random.default_rng([args.seed, salt, shard, i]), made) for i in range(SHARD)]
        part_file = path.with_suffix(".part")
        with part_file.open("wb") as file:
            np.savez(
                file,
                crops=np.stack([r.crop for r in rows]),
                labels=np.stack([r.labels for r in rows]).astype(np.uint8),
                masks=(np.stack([r.masks for r in rows]) * 255).astype(np.uint8),
                covered=np.array([r.covered for r in rows], np.float32),
            )
        part_file.replace(path)
        print(path.name, f"{time.process_time() - started:.1f} s CPU", flush=True)


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
    parser.add_argument("--icon-sets", type=Path, required=True, help="folder of the @iconify-json packages")
    parser.add_argument(
        "--overlay-art", type=Path, help="folder of sprites by kind; only kenney_* (CC0) are used"
    )
    parser.add_argument("--wad", type=Path, help="freedoom2.wad, for painted fire, explosions and blood")
    parser.add_argument("--seed", type=int, default=20261123)


def main() -> None:
    """Build the shards of one split."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--part", choices=["train", "calibrate", "test"], required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=10)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    art.collect(args.icon_sets, args.overlay_art, args.wad, args.work / "art")
    build(args, args.part, args.first, args.count)


if __name__ == "__main__":
    main()
