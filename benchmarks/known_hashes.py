"""PDQ beside pdqhash and imagehash, and pictures between bars beside plain PDQ.

python benchmarks/known_hashes.py PICTURES [--others FOLDER] [--most 500]

PICTURES: a folder of photographs without bars; FOLDER: further pictures that must not match. The cost is CPU
time of one thread for an RGB frame of 1280 x 720. pdqhash has no wheel for every Python; where it is missing,
its lines say so. Recall is the share of framed pictures, half of them mirrored, that come within PDQ's
published distance of the picture's own hash in any orientation; false matches are those that come as near to
another picture.
"""

from __future__ import annotations

import argparse
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.known.bars import pictures_between_bars
from mediaforensics.known.hashes import PdqHash, pdq, pdq_of_view
from mediaforensics.known.regions import Rectangle
from mediaforensics.media.frame import Pixels
from mediaforensics.types import HashValue

DISTANCE_BITS = 31
LEAST_QUALITY = 50
VIEW_SIDE_PX = 480
FRAMES_PX = {"letterbox": ((720, 1280), (720, 720), (864, 1080)), "pillarbox": ((1280, 720), (1280, 534))}
FILLS = ("black", "coloured", "blurred", "black+text", "coloured+logo", "blurred+text")
LAYOUTS = ("letterbox", "pillarbox", "windowbox")
LEAST_BAR = 0.03
"""Share of the frame's side; a narrower bar hides nothing from PDQ."""


def read(path: Path) -> Pixels:
    """RGB."""
    return np.ascontiguousarray(cv2.imread(str(path), cv2.IMREAD_COLOR)[..., ::-1])


def grey(rgb: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)


def cpu_ms(action: Callable[[], Any], times: int = 30) -> float:
    action()
    started_s = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - started_s) / times * 1000


def pdqhash_of(rgb: Pixels) -> tuple[HashValue, int]:
    """Value and quality by pdqhash; ImportError where it is not installed."""
    import pdqhash

    vector, quality = pdqhash.compute(rgb)
    return HashValue("pdq", 256, np.packbits(vector.astype(np.uint8)).tobytes()), int(quality)


def costs(rgb: Pixels) -> Iterator[tuple[str, float | None]]:
    """What each hash of a frame is called and its CPU milliseconds; None where it is not installed."""
    import imagehash
    from PIL import Image

    luma, image = grey(rgb), Image.fromarray(rgb)
    yield "pdq of luma", cpu_ms(lambda: pdq(luma).value())
    yield "pdq of luma, eight orientations", cpu_ms(lambda: pdq(luma).values())
    yield "pdq of RGB", cpu_ms(lambda: pdq(grey(rgb)).value())
    try:
        yield "pdqhash of RGB", cpu_ms(lambda: pdqhash_of(rgb))
    except ImportError:
        yield "pdqhash of RGB", None
    for name in ("phash", "dhash", "whash", "average_hash"):
        compute = getattr(imagehash, name)
        yield f"imagehash {name} of RGB", cpu_ms(lambda compute=compute: compute(image), 5)
    view = shrunk(luma)
    yield "pictures between bars, of a view", cpu_ms(lambda: pictures_between_bars(view))


def away_from_pdqhash(pictures: Sequence[Path]) -> list[int]:
    """Bits between ours and pdqhash for pictures of enough quality; ImportError where it is missing."""
    away = []
    for path in pictures:
        rgb = read(path)
        value, quality = pdqhash_of(rgb)
        if quality >= LEAST_QUALITY:
            away.append(pdq(grey(rgb)).value().distance_bits(value))
    return away


def bars_around(
    rgb: Pixels, layout: str, fill: str, random: np.random.Generator
) -> tuple[Pixels, Rectangle] | None:
    """The picture inside a frame of another shape; None where no frame of that layout leaves a bar."""
    height, width = rgb.shape[:2]
    shapes = FRAMES_PX["letterbox" if layout == "letterbox" or random.random() < 0.5 else "pillarbox"]
    if layout == "pillarbox":
        shapes = FRAMES_PX["pillarbox"]
    frame_width, frame_height = shapes[random.integers(len(shapes))]
    scale = min(frame_width / width, frame_height / height)
    if layout == "windowbox":
        scale *= random.uniform(0.75, 0.93)
    w, h = round(width * scale), round(height * scale)
    bar_x, bar_y = (frame_width - w) / 2 / frame_width, (frame_height - h) / 2 / frame_height
    wanted = {"letterbox": bar_y, "pillarbox": bar_x, "windowbox": min(bar_x, bar_y)}[layout]
    if wanted < LEAST_BAR:
        return None
    shift = random.uniform(-0.6, 0.6) if random.random() < 0.25 else 0.0
    x = round((frame_width - w) / 2 * (1 + (shift if layout != "letterbox" else 0)))
    y = round((frame_height - h) / 2 * (1 + (shift if layout != "pillarbox" else 0)))
    frame = _background(rgb, (frame_width, frame_height), fill, random)
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    boxes = [b for b in _bars(frame_width, frame_height, (x, y, x + w, y + h)) if min(b[2], b[3]) >= 24]
    if boxes and "+text" in fill:
        for box in boxes if random.random() < 0.5 else boxes[-1:]:
            _letter(frame, box, random)
    if boxes and "+logo" in fill:
        _stamp(frame, boxes[random.integers(len(boxes))], random)
    frame[y : y + h, x : x + w] = cv2.resize(rgb, (w, h), interpolation=method)
    return frame, (x, y, x + w, y + h)


def _background(rgb: Pixels, size: tuple[int, int], fill: str, random: np.random.Generator) -> Pixels:
    width, height = size
    if fill.startswith("black"):
        return np.full((height, width, 3), random.integers(0, 18), np.uint8)
    if fill.startswith("coloured"):
        return np.full((height, width, 3), random.integers(0, 256, 3), np.uint8)
    cover = max(width / rgb.shape[1], height / rgb.shape[0])
    part_width, part_height = round(width / cover), round(height / cover)
    left, top = (rgb.shape[1] - part_width) // 2, (rgb.shape[0] - part_height) // 2
    part = rgb[top : top + part_height, left : left + part_width]
    small = cv2.resize(part, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(small, (0, 0), random.uniform(0.012, 0.05) * max(size) / 4)
    return np.asarray(cv2.resize(small, size) * random.uniform(0.5, 1.0), np.uint8)


def _bars(width: int, height: int, inner: tuple[int, int, int, int]) -> list[tuple[int, int, int, int]]:
    """Left, top, width, height of what is around the picture."""
    x0, y0, x1, y1 = inner
    return [
        (0, 0, x0, height),
        (x1, 0, width - x1, height),
        (0, 0, width, y0),
        (0, y1, width, height - y1),
    ]


def _letter(frame: Pixels, box: tuple[int, int, int, int], random: np.random.Generator) -> None:
    x, y, width, height = box
    words = " ".join(
        "".join(random.choice(list("ABDEHIKLMNORSTUaeinorstu"), random.integers(2, 9))) for _ in range(4)
    )
    ((text_width, text_height), _) = cv2.getTextSize(words, cv2.FONT_HERSHEY_DUPLEX, 1.0, 2)
    size = min(0.9 * width / text_width, random.uniform(0.3, 0.7) * height / text_height)
    level = 255 if frame[y : y + height, x : x + width].mean() < 128 else 0
    at = int(x + (width - size * text_width) / 2), int(y + (height + size * text_height) / 2)
    cv2.putText(
        frame, words, at, cv2.FONT_HERSHEY_DUPLEX, size, (level,) * 3, max(1, round(2 * size)), cv2.LINE_AA
    )


def _stamp(frame: Pixels, box: tuple[int, int, int, int], random: np.random.Generator) -> None:
    x, y, width, height = box
    radius = int(random.uniform(0.2, 0.4) * min(width, height))
    centre = int(random.integers(x + radius, x + width - radius)), y + height // 2
    cv2.circle(frame, centre, radius, random.integers(0, 256, 3).tolist(), -1, cv2.LINE_AA)
    cv2.circle(frame, centre, radius // 2, random.integers(0, 256, 3).tolist(), -1, cv2.LINE_AA)


def compressed(rgb: Pixels, random: np.random.Generator) -> Pixels:
    """JPEG of quality 50 to 90, or one H.264 frame at crf 23 to 33."""
    if random.random() < 0.5:
        quality = int(random.integers(50, 91))
        _, data = cv2.imencode(".jpg", rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = rgb.shape[0] // 2 * 2, rgb.shape[1] // 2 * 2
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.options = {"crf": str(random.integers(23, 34)), "preset": "veryfast"}
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb[: encoder.height, : encoder.width]), "rgb24")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    frames = [f for p in [*packets, None] for f in decoder.decode(p)]
    return np.asarray(frames[0].to_ndarray(format="rgb24"), np.uint8)


def shrunk(luma: Pixels) -> Pixels:
    """As the detector sees it."""
    scale = min(1.0, VIEW_SIDE_PX / max(luma.shape))
    return np.asarray(cv2.resize(luma, (0, 0), fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Framed:
    """A picture between bars as the detector sees it.

    Attributes
    ----------
    picture : int
        Which one.
    layout, fill : str
        The kind of bars.
    luma : ndarray, uint8, shape (height, width)
    """

    picture: int
    layout: str
    fill: str
    luma: Pixels


def framed(pictures: Sequence[Path]) -> Iterator[Framed]:
    """Every picture in half of the kinds of bar, every other one mirrored, compressed and shrunk."""
    for i, path in enumerate(pictures):
        rgb = read(path)
        random = np.random.default_rng(zlib.crc32(path.name.encode()))
        kinds = [(layout, fill) for layout in LAYOUTS for fill in FILLS]
        for layout, fill in kinds[i % 2 :: 2]:
            found = bars_around(rgb, layout, fill, random)
            if found is not None:
                frame = found[0] if random.random() < 0.5 else np.ascontiguousarray(found[0][:, ::-1])
                yield Framed(
                    picture=i, layout=layout, fill=fill, luma=shrunk(grey(compressed(frame, random)))
                )


def hashes_of(luma: Pixels) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Rows of eight orientations: of the whole, and of the pictures between bars too."""
    height, width = luma.shape
    found = [
        pdq_of_view(luma[y0:y1, x0:x1])
        for x0, y0, x1, y1 in ((0, 0, width, height), *pictures_between_bars(luma))
    ]
    rows = [_usable(hashed) for hashed in found]
    return rows[0], np.concatenate(rows)


def _usable(hashed: PdqHash) -> NDArray[np.uint8]:
    return hashed.values() if hashed.quality >= LEAST_QUALITY else np.zeros((0, 32), np.uint8)


def near(rows: NDArray[np.uint8], known: NDArray[np.uint8]) -> set[int]:
    """Which known hashes are within the distance of any row."""
    words, stored = rows.view(np.uint64), known.view(np.uint64)
    found: set[int] = set()
    for row in words:
        found.update(np.flatnonzero(np.bitwise_count(stored ^ row).sum(axis=1) <= DISTANCE_BITS).tolist())
    return found


def print_recall(pictures: Sequence[Path], others: Sequence[Path]) -> None:
    hashed = [pdq(grey(read(path))) for path in (*pictures, *others)]
    known = np.stack([h.values()[0] for h in hashed])
    # Duplicates among the pictures, and look-alikes in truth, are no false matches.
    alike = [near(known[i : i + 1], known) for i in range(len(pictures))]
    recalls: dict[tuple[str, str], list[tuple[bool, bool]]] = defaultdict(list)
    false = [0, 0]
    for item in framed(pictures):
        if hashed[item.picture].quality < LEAST_QUALITY:
            continue
        found = [near(rows, known) for rows in hashes_of(item.luma)]
        recalls[item.layout, item.fill].append((item.picture in found[0], item.picture in found[1]))
        for i in (0, 1):
            false[i] += len(found[i] - alike[item.picture])
    print("recall of pictures between bars         count   plain   with bars removed")
    for (layout, fill), hits in sorted(recalls.items()):
        plain, removed = np.mean(hits, axis=0)
        print(f"  {layout + ', ' + fill:36s} {len(hits):6d} {plain:7.1%} {removed:12.1%}")
    plain, removed = np.mean([hit for hits in recalls.values() for hit in hits], axis=0)
    count = sum(map(len, recalls.values()))
    print(f"  {'all':36s} {count:6d} {plain:7.1%} {removed:12.1%}")
    print(f"  false matches among {len(known)} pictures: plain {false[0]}, with bars removed {false[1]}")
    bare, guesses = [0, 0], 0
    for i, path in enumerate(pictures):
        whole, all_rows = hashes_of(shrunk(grey(read(path))))
        guesses += len(all_rows) > len(whole)
        for j, rows in enumerate((whole, all_rows)):
            bare[j] += len(near(rows, known) - alike[i])
    print(
        f"pictures without bars: {guesses / len(pictures):.1%} have something like a bar; "
        f"false matches plain {bare[0]}, with bars removed {bare[1]}"
    )


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--others", type=Path)
    parser.add_argument("--most", type=int, default=500)
    arguments = parser.parse_args(given)
    cv2.setNumThreads(1)
    every = [p for p in sorted(arguments.pictures.iterdir()) if p.suffix.lower() in (".jpg", ".jpeg", ".png")]
    # Every other one: the thresholds were tuned on the ones between.
    pictures = every[1::2][: arguments.most]
    frame = cv2.resize(read(pictures[0]), (1280, 720), interpolation=cv2.INTER_CUBIC)
    for name, ms in costs(np.asarray(frame, np.uint8)):
        print(f"{name:36s} " + ("not installed" if ms is None else f"{ms:8.2f} ms CPU"))
    try:
        away = away_from_pdqhash(pictures[:200])
        print(f"bits from pdqhash, {len(away)} pictures: mean {np.mean(away):.2f}, most {max(away)}")
    except ImportError:
        print("bits from pdqhash: not installed")
    others = sorted(arguments.others.iterdir()) if arguments.others else []
    print_recall(pictures, others)


if __name__ == "__main__":
    main()
