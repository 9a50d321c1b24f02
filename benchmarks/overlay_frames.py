"""Frames and clips to lay things over: portraits alone or as insets, talking heads, shaking cameras."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from covered import _noise as clouds
from numpy.typing import NDArray
from overlay_art import ArtShelf, Floats, Rgba
from overlay_painters import FloatBox, Layer

from mediaforensics.faces.locate import YUNET, FaceLocator
from mediaforensics.media.frame import Pixels

SIZE_PX = (854, 480)
FPS = 25
SCENERY = ("mate-backgrounds", "gnome-backgrounds", "plasma-workspace-wallpapers", "lomiri-wallpapers-16.04")
"""Debian packages of photographs and backdrops."""
_SCENES, _LEAST_SCENE_PX = 70, 200
_LEAST_SCENE_BYTES = 40_000
_FACE_SIDE_PX = 350
_BUST_PX = (560, 620)
_CLOTHS = (
    (30, 32, 40),
    (60, 62, 70),
    (25, 40, 80),
    (120, 115, 105),
    (150, 30, 35),
    (205, 205, 210),
    (60, 75, 50),
)
_TIES = ((150, 20, 30), (30, 50, 120), (60, 60, 60), (150, 120, 40))


@dataclass(frozen=True, slots=True)
class Portrait:
    """A photograph with one face: RGB pixels, the face's box, who it is."""

    rgb: Pixels
    face: FloatBox
    person: str


def portraits(folder: Path, count: int, random: np.random.Generator) -> list[Portrait]:
    """Photographs of so many people, in turn one of each; the face located on the plain photograph."""
    locator = FaceLocator(YUNET.read())
    people = sorted(p for p in folder.iterdir() if p.is_dir())
    found: list[Portrait] = []
    for person in (people[i] for i in random.permutation(len(people))):
        files = sorted(person.glob("*.jpg"))
        rgb = np.ascontiguousarray(cv2.imread(str(files[int(random.integers(len(files)))]))[..., ::-1])
        faces = locator.upright(rgb)
        if faces:
            largest = max(faces, key=lambda f: (f.box[2] - f.box[0]) * (f.box[3] - f.box[1]))
            x0, y0, x1, y1 = (float(v) for v in largest.box)
            found.append(Portrait(rgb, (x0, y0, x1, y1), person.name))
        if len(found) == count:
            break
    return found


@dataclass(frozen=True, slots=True)
class Material:
    """What frames are made of: art, people, and pictures without anybody in them, by name."""

    art: ArtShelf
    people: tuple[Portrait, ...]
    scenes: tuple[tuple[str, Pixels], ...]

    @classmethod
    def gathered(
        cls, art: ArtShelf, data: Path, packages: Path, random: np.random.Generator, people: int = 160
    ) -> Material:
        """From the folders: one photograph of each person, some fifty scenes."""
        found = portraits(data / "faces" / "people", people, random)
        folders = [data / "hashes" / "pictures", *(packages / name for name in SCENERY)]
        paths: dict[str, Path] = {}
        for path in (path for folder in folders for path in sorted(folder.rglob("*"))):
            if path.suffix.lower() in (".jpg", ".png") and path.stat().st_size > _LEAST_SCENE_BYTES:
                of_sizes = path.parent.name.startswith("images") and path.stem[0].isdigit()
                paths.setdefault(path.parents[2].name if of_sizes else path.stem, path)
        chosen = [sorted(paths)[i] for i in sorted(random.permutation(len(paths))[:_SCENES])]
        read = [(name, cv2.imread(str(paths[name]), cv2.IMREAD_REDUCED_COLOR_2)) for name in chosen]
        large = [(name, p) for name, p in read if p is not None and min(p.shape[:2]) > _LEAST_SCENE_PX]
        scenes = [(name, np.ascontiguousarray(p[..., ::-1])) for name, p in large]
        return cls(art, tuple(found), tuple(scenes))

    def portrait(self, random: np.random.Generator) -> Portrait:
        """Somebody."""
        return self.people[int(random.integers(len(self.people)))]

    def scene(self, random: np.random.Generator) -> tuple[str, Pixels]:
        """Somewhere: its name, and the picture, RGB."""
        return self.scenes[int(random.integers(len(self.scenes)))]


def toned(rgb: Pixels, random: np.random.Generator) -> Pixels:
    """Greyscale as it is, as sepia, or coloured as skin: the press photographs are grey, posts are not."""
    choice = random.random()
    if choice < 0.4:
        return rgb
    grey = rgb.mean(axis=2) / 255
    warmth = random.uniform(0.5, 1.0) if choice < 0.85 else random.uniform(-0.5, 0.4)
    gains = np.array([0.85 - 0.22 * warmth, 1.0, 1.0 + 0.45 * warmth], np.float32)
    return np.asarray(255 * grey[..., None] ** gains, np.uint8)


def bust(portrait: Portrait, random: np.random.Generator) -> tuple[Rgba, FloatBox]:
    """A press photograph with shoulders and a backdrop: RGBA (620, 560), and the face's box.

    The photographs at hand end at the chin and the hair; what frames a face would be missing. Half of the
    busts are cut out.
    """
    rgb, (x0, y0, x1, y1) = toned(portrait.rgb, random), portrait.face
    rgb = np.asarray(cv2.resize(rgb, (_FACE_SIDE_PX, _FACE_SIDE_PX), interpolation=cv2.INTER_CUBIC))
    scale = _FACE_SIDE_PX / portrait.rgb.shape[1]
    if random.random() < 0.3:
        rgb = rgb[:, ::-1]
        x0, x1 = portrait.rgb.shape[1] - x1, portrait.rgb.shape[1] - x0
    left, top = (_BUST_PX[0] - _FACE_SIDE_PX) // 2, 70
    corners = np.concatenate([rgb[:40, :40].reshape(-1, 3), rgb[:40, -40:].reshape(-1, 3)])
    canvas = np.empty((_BUST_PX[1], _BUST_PX[0], 3), np.float32)
    canvas[:] = np.median(corners, axis=0) * np.linspace(0.8, 1.15, _BUST_PX[1])[:, None, None]
    canvas += 6 * clouds(canvas.shape[:2], 3, random)[..., None]
    body = np.zeros(canvas.shape[:2], np.uint8)
    middle = _BUST_PX[0] // 2
    wide, high = (
        round(_BUST_PX[0] * random.uniform(0.4, 0.52)),
        round(_BUST_PX[1] * random.uniform(0.36, 0.46)),
    )
    cv2.ellipse(body, (middle, _BUST_PX[1] + 30), (wide, high), 0, 0, 360, 255, -1, cv2.LINE_AA)
    cloth = np.array(_CLOTHS[int(random.integers(len(_CLOTHS)))], np.float32)
    woven = cloth * (1 + 0.12 * clouds(canvas.shape[:2], 25, random))[..., None]
    share = cv2.GaussianBlur(body, (0, 0), 2.0)[..., None].astype(np.float32) / 255
    canvas = canvas * (1 - share) + woven * share
    collar = _BUST_PX[1] - high + 20
    if random.random() < 0.6:
        shirt = np.array([(middle - 50, collar), (middle + 50, collar), (middle, collar + 170)], np.int32)
        cv2.fillPoly(canvas, [shirt], (225, 225, 228), cv2.LINE_AA)
        tie = np.array([(middle - 11, collar), (middle + 11, collar), (middle + 17, 620), (middle - 17, 620)])
        cv2.fillPoly(canvas, [tie.astype(np.int32)], _TIES[int(random.integers(len(_TIES)))], cv2.LINE_AA)
    y, x = np.mgrid[0:_FACE_SIDE_PX, 0:_FACE_SIDE_PX].astype(np.float32) / (_FACE_SIDE_PX / 2) - 1
    soft = np.clip((1 - np.hypot(np.abs(x) ** 1.6, np.abs(y) ** 1.9)) / 0.16, 0, 1)[..., None]
    place = np.s_[top : top + _FACE_SIDE_PX, left : left + _FACE_SIDE_PX]
    canvas[place] = canvas[place] * (1 - soft) + rgb * soft
    alpha = np.full(canvas.shape[:2], 255, np.float32)
    if random.random() < 0.5:
        alpha[:] = share[..., 0] * 255
        alpha[place] = np.maximum(alpha[place], soft[..., 0] * 255)
    face = left + scale * x0, top + scale * y0, left + scale * x1, top + scale * y1
    return np.dstack([np.clip(canvas, 0, 255), alpha]).astype(np.uint8), face


def posed(portrait: Portrait, behind: Pixels, random: np.random.Generator) -> tuple[Pixels, FloatBox]:
    """The bust on a background, from small to filling the height; the frame and the face."""
    rgba, face = bust(portrait, random)
    height = round(random.uniform(300, 620))
    frame = filled(behind, (round(height * random.choice([1.0, 4 / 3, 16 / 9])), height))
    scale = height * random.uniform(0.6, 1.05) / rgba.shape[0]
    wide, tall = round(rgba.shape[1] * scale), round(rgba.shape[0] * scale)
    left, top = round(random.uniform(0, max(1, frame.shape[1] - wide))), max(0, height - tall)
    layer = Layer(frame.shape)
    sized = cv2.resize(rgba, (wide, tall), interpolation=cv2.INTER_AREA)
    layer.add(sized[..., :3].astype(np.float32), sized[..., 3].astype(np.float32) / 255, (left, top))
    x0, y0, x1, y1 = (v * scale for v in face)
    return layer.over(frame), (left + x0, top + y0, left + x1, top + y1)


def filled(picture: Pixels, size_px: tuple[int, int]) -> Pixels:
    """The middle of a picture, scaled to fill ``(width, height)``."""
    scale = max(size_px[0] / picture.shape[1], size_px[1] / picture.shape[0])
    size = math.ceil(picture.shape[1] * scale), math.ceil(picture.shape[0] * scale)
    whole = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    x, y = (size[0] - size_px[0]) // 2, (size[1] - size_px[1]) // 2
    return np.ascontiguousarray(whole[y : y + size_px[1], x : x + size_px[0]])


def saved(frame: Pixels, random: np.random.Generator, low: int = 40, high: int = 90) -> Pixels:
    """Through JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(random.integers(low, high))]
    _, coded = cv2.imencode(".jpg", frame[..., ::-1], quality)
    return np.ascontiguousarray(cv2.imdecode(coded, cv2.IMREAD_COLOR)[..., ::-1])


class Stage:
    """A bust on a background of 854 x 480, and where each moment of a clip shows it.

    ``still`` stands; ``zoom`` grows or shrinks slowly; ``shake`` trembles like a filmed poster; ``talk`` is a
    head that nods, turns a little, blinks and speaks while what is behind it stands; ``walk`` is a hand-held
    camera on the whole scene.
    """

    def __init__(self, portrait: Portrait, behind: Pixels, how: str, random: np.random.Generator) -> None:
        self.how = how
        self._behind = filled(behind, SIZE_PX)
        rgba, face = bust(portrait, random)
        self._scale = SIZE_PX[1] * float(random.uniform(0.75, 1.0)) / rgba.shape[0]
        self._rgba, self._face = rgba.astype(np.float32), face
        width, height = self._scale * _BUST_PX[0], self._scale * _BUST_PX[1]
        left = float(random.uniform(10, SIZE_PX[0] - width - 10))
        self._middle = np.array([left + width / 2, SIZE_PX[1] - height / 2])
        self._phases = random.uniform(0, 2 * math.pi, 12)
        self._speeds = random.uniform(0.7, 1.4, 12)
        self._zoom = float(random.choice([-1, 1]) * random.uniform(0.015, 0.04))
        self._shake = random.normal(0, 1.3, (2000, 2))

    def placed(self, time_s: float) -> NDArray[np.float64]:
        """Affine map (2, 3) from the bust to the frame."""
        scale, shift = self._scale, np.zeros(2)
        if self.how == "zoom":
            scale *= 1 + self._zoom * time_s
        elif self.how in ("shake", "walk"):
            shift = self._shake[round(time_s * FPS)] + 3 * self._waves(time_s, 0.8, 0)[:2]
        corner = self._middle - scale * np.array(_BUST_PX) / 2 + shift
        return np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])

    def face(self, time_s: float) -> FloatBox:
        """Where the face is in the frame."""
        at = self.placed(time_s)
        x0, y0, x1, y1 = self._face
        scale, (left, top) = float(at[0, 0]), at[:, 2].tolist()
        return left + scale * x0, top + scale * y0, left + scale * x1, top + scale * y1

    def frame(self, time_s: float) -> Pixels:
        """The frame, (480, 854, 3) uint8 RGB."""
        behind, at = self._behind, self.placed(time_s)
        if self.how == "walk":
            shift = np.array([[1, 0, 0], [0, 1, 0]], np.float64)
            shift[:, 2] = self._shake[round(time_s * FPS)] + 3 * self._waves(time_s, 0.8, 0)[:2]
            behind = cv2.warpAffine(behind, shift, SIZE_PX, borderMode=cv2.BORDER_REPLICATE)
        rgba = self._talking(time_s) if self.how == "talk" else self._rgba
        shown = cv2.warpAffine(rgba, at, SIZE_PX, flags=cv2.INTER_LINEAR)
        share = shown[..., 3:] / 255
        return np.asarray(behind * (1 - share) + shown[..., :3] * share + 0.5, np.uint8)

    def _waves(self, time_s: float, hertz: float, first: int) -> NDArray[np.float64]:
        n = np.arange(first, first + 3)
        return np.asarray(np.sin(2 * math.pi * hertz * self._speeds[n] * time_s + self._phases[n]))

    def _talking(self, time_s: float) -> Floats:
        """The bust warped: the head moves, the jaw opens, the lids fall."""
        x0, y0, x1, y1 = self._face
        wide, tall = x1 - x0, y1 - y0
        y, x = np.mgrid[0 : _BUST_PX[1], 0 : _BUST_PX[0]].astype(np.float32)
        u, v = (x - (x0 + x1) / 2) / wide, (y - (y0 + y1) / 2) / tall
        head = np.exp(-(u**2 + v**2) / 0.9)
        slow = self._waves(time_s, 0.45, 0)
        dx, dy = 0.055 * wide * slow[0] * head, 0.04 * tall * slow[1] * head
        turn = 0.05 * slow[2] * head
        dx, dy = dx - turn * (y - y1), dy + turn * (x - (x0 + x1) / 2)
        quick = self._waves(time_s, 3.1, 3)
        speaks = self._waves(time_s, 0.3, 6)[0] > -0.6
        open_ = float(max(0.0, 0.5 * quick[0] + 0.35 * quick[1] + 0.3) * speaks)
        jaw = np.exp(-(u**2) / 0.12 - (v - 0.36) ** 2 / 0.025)
        dy = dy + 0.09 * tall * open_ * jaw * np.sign(np.maximum(v - 0.3, 0))
        blink = 1.0 if (time_s * self._speeds[9] + self._phases[9]) % 2.6 < 0.16 else 0.0
        lids = np.exp(-(np.minimum((u - 0.22) ** 2, (u + 0.22) ** 2)) / 0.012 - (v + 0.11) ** 2 / 0.004)
        dy = dy - 0.07 * tall * blink * lids
        maps = (x - dx).astype(np.float32), (y - dy).astype(np.float32)
        moved = cv2.remap(self._rgba, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = np.exp(-(u**2) / 0.02 - (v - 0.31) ** 2 / 0.0016)[..., None] * min(1.0, 1.4 * open_)
        moved[..., :3] *= 1 - 0.75 * inside
        return np.asarray(moved, np.float32)


def running(path: Path, size_px: tuple[int, int]) -> Iterator[Pixels]:
    """Frames of a real video, filled to a size, again and again."""
    while True:
        with av.open(str(path)) as container:
            for frame in container.decode(video=0):
                yield filled(frame.to_ndarray(format="rgb24"), size_px)
