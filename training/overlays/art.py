"""Art by other hands: icon sets and game sprites, sorted by kind from their names, rendered once.

Sources are split by hand so that no artist is on both sides: ``TRAIN``, ``CALIBRATE`` and ``RESERVED``
(measured with, never trained or tuned on). Licences are those the sets declare; see ``ART.md``.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from training.overlays.doom import sprites

TRAIN = (
    "game-icons", "twemoji", "noto", "emojione", "emojione-monotone", "mdi", "ph", "fa6-solid", "lucide",
    "bi", "ri", "ion", "icon-park", "icon-park-solid", "icon-park-twotone", "mingcute", "material-symbols",
    "iconoir", "medical-icon", "fa-solid", "uil", "ant-design", "streamline-ultimate-color", "kenney",
    "freedoom",
)  # fmt: skip
CALIBRATE = (
    "tabler",
    "streamline-emojis",
    "noto-v1",
    "solar",
    "carbon",
    "bxs",
    "healthicons",
    "flat-color-icons",
)
RESERVED = ("fluent-emoji", "fluent-emoji-flat", "openmoji", "fxemoji")
_WORDS = json.loads((Path(__file__).parent / "art_names.json").read_text())
_STYLE = "(-(" + "|".join(_WORDS["style_suffixes"]) + "))*"
_NAMES = {kind: "(" + "|".join(names) + ")" + _STYLE for kind, names in _WORDS["kinds"].items()}
_SUSPECT = re.compile("|".join(_WORDS["never_harmless"]))
_OVERLAY_ART = {"cross": "crossed_out", "gun": "weapon", "knife": "weapon", "flame": "flames"}
_SIDE_PX = 160
_PER_SET_HARMLESS = 60


def _icons(folder: Path, seed: int) -> list[tuple[str, str, str]]:
    """``(kind, name, svg)`` of one iconify set; ``harmless`` for a random choice of the unsuspicious ones."""
    data = json.loads((folder / "icons.json").read_text())
    side = data.get("width", 24), data.get("height", 24)
    chosen = []
    plain = []
    for name in sorted(data["icons"]):
        kind = next((k for k, p in _NAMES.items() if re.fullmatch(p, name)), None)
        if kind is None and not _SUSPECT.search(name):
            plain.append(name)
        elif kind:
            chosen.append((kind, name))
    rng = np.random.default_rng(seed)
    names = rng.permutation(np.array(plain, dtype=object))[:_PER_SET_HARMLESS]
    chosen += [("harmless", str(n)) for n in sorted(names)]
    out = []
    for kind, name in chosen:
        icon = data["icons"][name]
        w, h = icon.get("width", side[0]), icon.get("height", side[1])
        left, top = icon.get("left", 0), icon.get("top", 0)
        body = icon["body"].replace("currentColor", "#000")
        space = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        view = f'viewBox="{left} {top} {w} {h}" width="{_SIDE_PX}" height="{_SIDE_PX}"'
        out.append((kind, name, f"<svg {space} {view}>{body}</svg>"))
    return out


def _trimmed(rgba: np.ndarray) -> np.ndarray | None:
    solid = np.argwhere(rgba[..., 3] > 20)
    if len(solid) < 60:
        return None
    (y0, x0), (y1, x1) = solid.min(0), solid.max(0) + 1
    return np.ascontiguousarray(rgba[y0:y1, x0:x1])


def collect(sets_root: Path, overlay_art: Path | None, wad: Path | None, cache: Path) -> None:
    """Render everything into ``cache`` as ``<source>/<kind>/<name>.npy`` (RGBA uint8); done once."""
    import resvg_py

    done = cache / "done"
    if done.exists():
        return
    for number, source in enumerate((*TRAIN, *CALIBRATE, *RESERVED)):
        folder = sets_root / source
        if not (folder / "icons.json").exists():
            continue
        for kind, name, svg in _icons(folder, number):
            try:
                png = bytes(resvg_py.svg_to_bytes(svg_string=svg))
            except (ValueError, RuntimeError):
                continue
            image = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)
            _keep(image, cache / source / kind / f"{name}.npy")
    if overlay_art is not None:
        for path in sorted(overlay_art.glob("*/kenney_*.png")):
            image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
            kind = _OVERLAY_ART.get(path.parent.name, path.parent.name)
            _keep(image, cache / "kenney" / kind / f"{path.stem}.npy")
    if wad is not None:
        for kind, name, rgba in sprites(wad):
            _keep(cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA), cache / "freedoom" / kind / f"{name}.npy")
    done.write_text("ok")


def _keep(image: np.ndarray | None, path: Path) -> None:
    if image is None or image.ndim != 3:
        return
    if image.shape[2] == 3:
        image = np.dstack([image, image.max(2)])
    if max(image.shape[:2]) > _SIDE_PX:
        f = _SIDE_PX / max(image.shape[:2])
        image = cv2.resize(image, None, fx=f, fy=f, interpolation=cv2.INTER_AREA)
    rgba = _trimmed(cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA))
    if rgba is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, rgba)


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
