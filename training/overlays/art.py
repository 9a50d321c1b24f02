"""Art by other hands: icon sets and game sprites, sorted by kind, rendered once.

Sources are split by author (``art_sources.json``), so that no hand is on two sides: ``TRAIN``, ``CALIBRATE``
and ``RESERVED`` (measured with, never trained or tuned on). A name decides what kind a picture is of
(``art_names.json``); what a look at the sheets showed to be something else is listed there under ``wrong``.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from training.overlays.doom import sprites
from training.overlays.glyphs import glyphs
from training.overlays.tiles import tiles

_HERE = Path(__file__).parent
_SOURCES: dict[str, Any] = json.loads((_HERE / "art_sources.json").read_text())
_WORDS: dict[str, Any] = json.loads((_HERE / "art_names.json").read_text())


def _sets(side: str) -> tuple[str, ...]:
    return tuple(name for sets in _SOURCES["sides"][side].values() for name in sets)


TRAIN = (*_sets("train"), "kenney", "freedoom", "crawl", "symbola", "dejavusans")
CALIBRATE = _sets("calibrate")
RESERVED = _sets("reserved")
_MAY_BE_TRAINED_ON = (
    "Apache-2.0", "MIT", "ISC", "BSD-3-Clause", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "OFL-1.1", "Unlicense",
    "MPL-2.0",
)  # fmt: skip
_MORE = {
    "kenney": ("Particle pack", "sprites", "CC0-1.0", "Kenney"),
    "freedoom": (
        "Freedoom",
        "Debian freedoom 0.12.1-2, freedoom2.wad",
        "BSD-3-Clause",
        "Freedoom contributors",
    ),
    "crawl": (
        "Dungeon Crawl tiles",
        "github.com/crawl/tiles a6ea165, Nov-2015",
        "CC0-1.0",
        "its contributors",
    ),
    "symbola": ("Symbola", "Debian fonts-symbola 2.60-1.1", "free for any use", "George Douros"),
    "dejavusans": ("DejaVu Sans", "Debian fonts-dejavu-core 2.37", "Bitstream Vera", "DejaVu contributors"),
}
"""Name, package, licence and author of what is trained on beside the icon sets."""
_PATTERNS = {kind: re.compile("|".join(names)) for kind, names in _WORDS["kinds"].items()}
_PEACEFUL = re.compile("|".join(_WORDS["harmless"]))
_SUSPECT = re.compile("|".join(_WORDS["never_harmless"]))
_BEFORE = re.compile("^(" + "|".join(_WORDS["style"]["before"]) + ")-")
_AFTER = re.compile("(-(" + "|".join(_WORDS["style"]["after"]) + "))+$")
_OVERLAY_ART = {"cross": "crossed_out", "gun": "weapon", "knife": "weapon", "flame": "flames"}
_SIDE_PX = 160
_STYLES_OF_A_DESIGN = 3
_HARMLESS_OF_A_SET = {"coloured": 60, "plain": 12}
"""Silhouettes all look alike; coloured art is what stickers are."""
_SAME_DESIGN = 0.02
"""Mean absolute difference of two 20 x 20 px pictures (opacity and lightness, 0..1) below which they count
as one design: weights of one family, or a set that was redrawn from another."""


def design(name: str) -> str:
    """The name of an icon without the words for its weight and style."""
    return _AFTER.sub("", _BEFORE.sub("", name)) or name


def check(package: Path) -> None:
    """Raise ValueError unless every set is where its licence and its author allow it to be."""
    declared = json.loads((package / "collections.json").read_text())
    side_of: dict[str, str] = {}
    for side, authors in _SOURCES["sides"].items():
        for author, names in authors.items():
            if side_of.setdefault(author, side) != side:
                raise ValueError(f"{author} is on two sides")
            for name in names:
                if name in side_of:
                    raise ValueError(f"the set {name} is listed twice")
                side_of[name] = side
                if declared[name]["author"]["name"] != author:
                    raise ValueError(f"the set {name} is not by {author}")
                licence = declared[name]["license"].get("spdx")
                if side != "reserved" and licence not in _MAY_BE_TRAINED_ON:
                    raise ValueError(f"the set {name} may not be trained on: {licence}")
    for name, model in _SOURCES["kin"].items():
        if side_of[name] != side_of[model]:
            raise ValueError(f"{name} draws on {model}, which is on another side")


def _kind(source: str, name: str) -> str | None:
    """The kind of an icon by its name; ``peaceful`` or ``plain`` for the harmless, None for the doubtful."""
    full = f"{source}:{name}"
    if any(fnmatch.fnmatchcase(full, wrong) for wrong in _WORDS["wrong"]):
        return None
    for kind, named in _WORDS["named"].items():
        if any(fnmatch.fnmatchcase(full, one) for one in named):
            return str(kind)
    short = design(name)
    if source not in _SOURCES["harmless_only"]:
        for kind, pattern in _PATTERNS.items():
            if pattern.fullmatch(short) or pattern.fullmatch(name):
                return kind
    if _SUSPECT.search(name):
        return None
    return "peaceful" if _PEACEFUL.fullmatch(short) else "plain"


def _icons(package: Path, source: str, seed: int) -> Iterator[tuple[str, str, str]]:
    """``(kind, name, svg)`` of one set: all that is violent, a random choice of the harmless."""
    data = json.loads((package / "json" / f"{source}.json").read_text())
    by_kind: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in sorted(data["icons"]):
        if kind := _kind(source, name):
            by_kind[kind][design(name)].append(name)
    coloured = data.get("info", {}).get("palette") and source not in _SOURCES["harmless_only"]
    wanted = _HARMLESS_OF_A_SET["coloured" if coloured else "plain"]
    rng = np.random.default_rng(seed)
    harmless: list[str] = []
    for group, upto in (("peaceful", wanted * 3 // 4), ("plain", wanted)):
        names = [names[0] for names in by_kind.pop(group, {}).values()]
        harmless += [str(n) for n in rng.permutation(np.array(names, dtype=object))[: upto - len(harmless)]]
    chosen = [("harmless", name) for name in sorted(harmless)]
    for kind, designs in by_kind.items():
        chosen += [(kind, name) for names in designs.values() for name in names[:_STYLES_OF_A_DESIGN]]
    for kind, name in chosen:
        yield kind, name, _svg(data, data["icons"][name])


def _svg(data: dict[str, Any], icon: dict[str, Any]) -> str:
    w, h = (icon.get(side, data.get(side, 16)) for side in ("width", "height"))
    space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    view = f'viewBox="{icon.get("left", 0)} {icon.get("top", 0)} {w} {h}"'
    body = icon["body"].replace("currentColor", "#000")
    return f'<svg {space} {view} width="{_SIDE_PX}" height="{_SIDE_PX}">{body}</svg>'


class _Shelf:
    """The cache on disk, without a design that is there already: of the same author, or on another side."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.prints: dict[str, list[tuple[str, str, np.ndarray]]] = defaultdict(list)

    def put(self, side: str, hand: str, source: str, kind: str, name: str, image: np.ndarray | None) -> None:
        """Keep a picture (BGR or BGRA uint8) trimmed, at most 160 px a side, as RGBA."""
        if image is None or image.ndim != 3:
            return
        if image.shape[2] == 3:
            image = np.dstack([image, image.max(2)])
        if max(image.shape[:2]) > _SIDE_PX:
            f = _SIDE_PX / max(image.shape[:2])
            image = cv2.resize(image, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
        rgba = _trimmed(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA))
        if rgba is None:
            return
        seen = _fingerprint(rgba)
        plain = kind in ("crossed_out", "crosshair", "harmless")  # drawn alike by everybody
        for other_side, other_hand, other in self.prints[kind]:
            if (other_hand == hand or (other_side != side and not plain)) and (
                float(np.abs(other - seen).mean()) < _SAME_DESIGN
            ):
                return
        self.prints[kind].append((side, hand, seen))
        path = self.cache / source / kind / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rgba)


def _trimmed(rgba: np.ndarray) -> np.ndarray | None:
    solid = np.argwhere(rgba[..., 3] > 20)
    if len(solid) < 60:
        return None
    (y0, x0), (y1, x1) = solid.min(0), solid.max(0) + 1
    return np.ascontiguousarray(rgba[y0:y1, x0:x1])


def _fingerprint(rgba: np.ndarray) -> np.ndarray:
    small = cv2.resize(rgba.astype(np.float32) / 255, (20, 20), interpolation=cv2.INTER_AREA)
    return np.stack([small[..., 3], small[..., :3].mean(2) * small[..., 3]])


def collect(
    package: Path,
    overlay_art: Path | None,
    wad: Path | None,
    cache: Path,
    crawl: Path | None = None,
    fonts: tuple[Path, ...] = (),
) -> None:
    """Render everything into ``cache`` as ``<source>/<kind>/<name>.npy`` (RGBA uint8); done once.

    ``package`` is the unpacked npm package ``@iconify/json``, ``crawl`` the folder ``releases/Nov-2015`` of
    the tiles of Dungeon Crawl, ``fonts`` are Symbola_hint.ttf and DejaVuSans.ttf. Nothing is done when the
    cache is complete.
    """
    import resvg_py

    done = cache / "done"
    if done.exists():
        return
    check(package)
    shelf = _Shelf(cache)
    number = 0
    for side in ("reserved", "calibrate", "train"):  # what is measured with wins over its copies
        for author, names in _SOURCES["sides"][side].items():
            for source in names:
                number += 1
                for kind, name, svg in _icons(package, source, number):
                    try:
                        png = bytes(resvg_py.svg_to_bytes(svg_string=svg))
                    except (ValueError, RuntimeError):
                        continue
                    shelf.put(side, author, source, kind, name, _decoded(png))
    if overlay_art is not None:
        for path in sorted(overlay_art.glob("*/kenney_*.png")):
            kind = _OVERLAY_ART.get(path.parent.name, path.parent.name)
            shelf.put("train", "kenney", "kenney", kind, path.stem, _decoded(path.read_bytes()))
    found = {"freedoom": sprites(wad) if wad else [], "crawl": tiles(crawl) if crawl else []}
    found |= {font.stem.lower().split("_")[0]: glyphs(font) for font in fonts}
    for source, pictures in found.items():
        for kind, name, rgba in pictures:
            shelf.put("train", source, source, kind, name, cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    done.write_text("ok")


def _decoded(data: bytes) -> np.ndarray | None:
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)


Art = dict[str, list[tuple[str, np.ndarray, bool]]]


def load(cache: Path, sources: tuple[str, ...]) -> Art:
    """``kind -> [(source, rgba, coloured)]``; a silhouette in one tone counts as not coloured."""
    found: Art = defaultdict(list)
    for source in sources:
        for path in sorted((cache / source).glob("*/*.npy")):
            rgba = np.load(path)
            solid = rgba[rgba[..., 3] > 128][:, :3].astype(np.float32)
            coloured = len(solid) > 0 and float(solid.std(0).max()) > 8 and source != "kenney"
            found[path.parent.name].append((source, rgba, coloured))
    return found


def _counts(cache: Path, source: str) -> dict[str, int]:
    """Distinct designs of a source by kind; sprites and tiles count each."""
    names: dict[str, set[str]] = defaultdict(set)
    for path in (cache / source).glob("*/*.npy"):
        names[path.parent.name].add(path.stem if source in _MORE else design(path.stem))
    return {kind: len(found) for kind, found in sorted(names.items())}


def table(package: Path, cache: Path) -> str:
    """The tables of ``ART.md``: designs and sources by kind and side, then every source."""
    declared = json.loads((package / "collections.json").read_text())
    version = json.loads((package / "package.json").read_text())["version"]
    rows = []
    totals: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for side, sources in (("train", TRAIN), ("calibrate", CALIBRATE), ("reserved", RESERVED)):
        for source in sources:
            counts = _counts(cache, source)
            if not counts:
                continue
            for kind, number in counts.items():
                totals[kind][side].append(number)
            if source in _MORE:
                name, origin, licence, author = _MORE[source]
            else:
                info = declared[source]
                name, licence, author = info["name"], info["license"]["spdx"], info["author"]["name"]
                origin = f"`{source}`"
            shown = ", ".join(f"{kind} {number}" for kind, number in counts.items())
            rows.append(f"| {side} | {name} | {origin} | {licence} | {author} | {shown} |")
    lines = ["| kind | train | calibrate | reserved |", "|---|---|---|---|"]
    for kind, by_side in sorted(totals.items()):
        cells = (f"{sum(by_side[side])} in {len(by_side[side])}" for side in _SOURCES["sides"])
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    lines += ["", f"A name in code font is a set of npm `@iconify/json` {version}.", ""]
    lines += ["| side | source | from | licence | author | designs |", "|---|---|---|---|---|---|"]
    return "\n".join(lines + rows)


def main() -> None:
    """Fill the cache and print the tables of ``ART.md``."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--icon-sets", type=Path, required=True, help="the unpacked npm package @iconify/json"
    )
    parser.add_argument("--cache", type=Path, required=True, help="folder art of the --work of build")
    parser.add_argument("--overlay-art", type=Path, help="folder of sprites by kind; only kenney_* are used")
    parser.add_argument("--wad", type=Path, help="freedoom2.wad")
    parser.add_argument("--crawl", type=Path, help="releases/Nov-2015 of the tiles of Dungeon Crawl")
    parser.add_argument("--font", type=Path, action="append", default=[], help="a symbol font; repeatable")
    args = parser.parse_args()
    collect(args.icon_sets, args.overlay_art, args.wad, args.cache, args.crawl, tuple(args.font))
    print(table(args.icon_sets, args.cache))


if __name__ == "__main__":
    main()
