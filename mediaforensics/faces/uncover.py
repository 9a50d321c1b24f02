"""What a face beneath an overlay looks like, as far as it can be told: to compare it, never to show it.

The overlay's own pixels are found by what they are (a colour that skin has not, thin lines, black spots) or
by the mask of the channel that saw them, and filled from around them. Where the face's landmarks are decides
more than how well it is filled: they are the median of many looks, of several sizes, mirrored, with and
without what covers the face.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.embed import Embedding, FaceEmbedder, align, unit
from mediaforensics.faces.locate import FaceLocator, LocatedFace, overlap, through
from mediaforensics.media.frame import Frame, Pixels
from mediaforensics.observations import OverlaySeen
from mediaforensics.types import Box

SIDE_PX = 256
"""Of the picture around a face that is looked at, twice the face's longer side."""
_LEAST_FRACTION, _MOST_FRACTION = 0.03, 0.45
"""Share of the face that may be filled: under it there is nothing to fill, over it nothing to fill from."""
_FOREIGN_LEVELS = 45
_THIN_LEVELS, _THIN_PX, _LONG_FRACTION = 38, 19, 0.3
_BLACK_LEVEL, _SPOT_FRACTION = 35, 0.06
_FILL_RADIUS_PX = 5
_SIZES = (1.0, 0.625, 0.4)
_MIDDLE = (SIDE_PX / 4, SIDE_PX / 4, SIDE_PX * 3 / 4, SIDE_PX * 3 / 4)
_INNER = np.s_[SIDE_PX // 4 : SIDE_PX * 3 // 4, SIDE_PX // 4 : SIDE_PX * 3 // 4]
_LINES = frozenset({"crosshair", "crossed_out", "noose"})
_SOLID = frozenset({"weapon", "skull", "explosion"})
_MIRRORED_LANDMARKS = [1, 0, 2, 4, 3]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Around:
    """The picture around a face, RGB (256, 256, 3); scale and offset from source pixels to its own."""

    pixels: Pixels
    scale: float
    offset: tuple[float, float]


def around(frame: Frame, box: Box) -> Around:
    """Cut a square twice as long as a face's box; where the frame ends, its edge goes on."""
    side = 2.0 * max(box.width_px, box.height_px, 2)
    left, top = (box.x0 + box.x1 - side) / 2, (box.y0 + box.y1 - side) / 2
    square = Box(round(left), round(top), round(left + side), round(top + side)).clipped(frame.size_px)
    if not square.area_px:
        square = Box(0, 0, *frame.size_px)
    view = frame.crop(square, 2 * SIDE_PX)
    sx, sy = view.source_per_view
    scale = SIDE_PX / side
    there = np.array(
        [
            [sx * scale, 0, (view.origin_px[0] - left) * scale],
            [0, sy * scale, (view.origin_px[1] - top) * scale],
        ]
    )
    method = cv2.INTER_AREA if sx * scale < 1 else cv2.INTER_CUBIC
    pixels = cv2.warpAffine(
        view.pixels, there, (SIDE_PX, SIDE_PX), flags=method, borderMode=cv2.BORDER_REPLICATE
    )
    return Around(np.asarray(pixels, np.uint8), scale, (-left * scale, -top * scale))


def uncovered(
    shown: Around, overlays: Sequence[OverlaySeen], locator: FaceLocator, embedder: FaceEmbedder
) -> Embedding | None:
    """The vector of a face beneath overlays, or None where too little or too much of it is covered.

    Notes
    -----
    The mean direction of the face as it is and of the filled one: of 60 people under crosses, sights, holes,
    blood and flames it names more than either.
    """
    mask = overlay_mask(shown, overlays)
    if not _LEAST_FRACTION <= float(mask[_INNER].mean()) <= _MOST_FRACTION:
        return None
    grown = np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((5, 5), np.uint8)), np.uint8)
    filled = np.asarray(cv2.inpaint(shown.pixels, grown, _FILL_RADIUS_PX, cv2.INPAINT_TELEA), np.uint8)
    landmarks = settled_landmarks([filled, through(filled), shown.pixels, through(shown.pixels)], locator)
    if landmarks is None:
        return None
    return unit(embedder.embed(align(shown.pixels, landmarks)) + embedder.embed(align(filled, landmarks)))


def settled_landmarks(pictures: Sequence[Pixels], locator: FaceLocator) -> NDArray[np.float32] | None:
    """The median of the landmarks of the middle face over pictures of one view, sizes and mirror images.

    Parameters
    ----------
    pictures : sequence of ndarray, uint8, shape (256, 256, 3), RGB

    Returns
    -------
    ndarray, float32, shape (5, 2), or None
        None where no look shows a face.
    """
    found = []
    for picture in pictures:
        for size in _SIZES:
            small = picture
            if size != 1.0:
                small = np.asarray(
                    cv2.resize(picture, None, fx=size, fy=size, interpolation=cv2.INTER_AREA), np.uint8
                )
            for mirrored in (False, True):
                looked_at = np.ascontiguousarray(small[:, ::-1]) if mirrored else small
                faces = [f.moved((1 / size, 1 / size), (0.0, 0.0)) for f in locator.upright(looked_at)]
                near = [_turned_back(f) if mirrored else f for f in faces]
                near = [f for f in near if overlap(f.box, _MIDDLE) > 0.3]
                found += [max(near, key=lambda f: f.confidence).landmarks] if near else []
    return np.median(np.stack(found), axis=0).astype(np.float32) if found else None


def overlay_mask(shown: Around, overlays: Sequence[OverlaySeen]) -> Mask:
    """Which pixels of the view are overlay rather than face, shape (256, 256)."""
    kinds = {overlay.kind for overlay in overlays}
    levels = shown.pixels.astype(np.int16)
    red, green, blue = levels[..., 0], levels[..., 1], levels[..., 2]
    mask = _foreign(red - green) | _foreign(green - np.maximum(red, blue))
    grey = np.asarray(cv2.cvtColor(shown.pixels, cv2.COLOR_RGB2GRAY), np.uint8)
    if kinds & _LINES:
        thin = cv2.absdiff(grey, cv2.medianBlur(grey, _THIN_PX)) > _THIN_LEVELS
        mask |= _parts(thin, lambda wide, high, area: max(wide, high) >= _LONG_FRACTION * SIDE_PX / 2)
    if "bullet_hole" in kinds:
        largest = _SPOT_FRACTION * (SIDE_PX / 2) ** 2
        spots = _parts(
            grey < _BLACK_LEVEL,
            lambda wide, high, area: 30 < area < largest and area > 0.5 * wide * high,
        )
        mask |= cv2.dilate(spots.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    for overlay in overlays:
        if overlay.kind in _SOLID or overlay.method == "residual":
            mask |= _of_channel(shown, overlay)
    return mask


def _turned_back(face: LocatedFace) -> LocatedFace:
    """A face of the mirror image, in the picture itself."""
    turned = face.moved((-1.0, 1.0), (SIDE_PX - 1.0, 0.0))
    x0, y0, x1, y1 = turned.box
    return LocatedFace(
        box=(x1, y0, x0, y1), landmarks=turned.landmarks[_MIRRORED_LANDMARKS], confidence=face.confidence
    )


def _foreign(colour: NDArray[np.int16]) -> Mask:
    """Where a difference of channels is well above that of the face as a whole."""
    return np.asarray(colour - np.median(colour[_INNER]) > _FOREIGN_LEVELS)


def _parts(mask: Mask, wanted: Callable[[int, int, int], bool]) -> Mask:
    """Connected parts that are wanted by width, height and area, in pixels."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = np.zeros(count, np.bool_)
    for label in range(1, count):
        kept[label] = wanted(int(stats[label, 2]), int(stats[label, 3]), int(stats[label, 4]))
    return np.asarray(kept[labels])


def _of_channel(shown: Around, overlay: OverlaySeen) -> Mask:
    box, cells = overlay.mask.box, overlay.mask.cells().astype(np.float32)
    there = np.array(
        [
            [box.width_px / cells.shape[1] * shown.scale, 0, box.x0 * shown.scale + shown.offset[0]],
            [0, box.height_px / cells.shape[0] * shown.scale, box.y0 * shown.scale + shown.offset[1]],
        ]
    )
    return np.asarray(cv2.warpAffine(cells, there, (SIDE_PX, SIDE_PX), flags=cv2.INTER_NEAREST) > 0.5)
