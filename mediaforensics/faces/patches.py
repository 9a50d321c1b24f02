"""Whether the picture around a face is still the same one, whatever covers a part of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.faces.locate import LocatedFace
from mediaforensics.media.frame import View

_PATCH_PX = 96
_BLOCK_PX = 6
_BLOCKS = _PATCH_PX // _BLOCK_PX
_FACE_BLOCKS = slice(_BLOCKS // 3, _BLOCKS - _BLOCKS // 3)
_MIN_TEXTURE = 4.0
_MIN_CORRELATION = 0.8
_MAX_CONTRAST_RATIO = 2.5
"""The first traces of a picture that fades in over another must not pass for that other picture."""

Patch = NDArray[np.uint8]


def patch(picture: View, face: LocatedFace) -> Patch:
    """The brightness around a face: three times its box, shape (96, 96); black outside the picture."""
    x0, y0, x1, y1 = face.box
    reach = 1.5 * max(face.side_px, 2.0)
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    sx, sy = picture.source_per_view
    left, top = (cx - reach - picture.origin_px[0]) / sx, (cy - reach - picture.origin_px[1]) / sy
    right, bottom = left + 2 * reach / sx, top + 2 * reach / sy
    height, width = picture.pixels.shape[:2]
    u0, v0 = max(0, round(left)), max(0, round(top))
    u1, v1 = min(width, round(right)), min(height, round(bottom))
    out = np.zeros((_PATCH_PX, _PATCH_PX), np.uint8)
    if u1 <= u0 or v1 <= v0:
        return out
    ku, kv = _PATCH_PX / (right - left), _PATCH_PX / (bottom - top)
    a, b = max(0, round((u0 - left) * ku)), min(_PATCH_PX, round((u1 - left) * ku))
    c, d = max(0, round((v0 - top) * kv)), min(_PATCH_PX, round((v1 - top) * kv))
    if b > a and d > c:
        shrinks = u1 - u0 > b - a
        method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        out[c:d, a:b] = cv2.resize(picture.pixels[v0:v1, u0:u1], (b - a, d - c), interpolation=method)
    return out


@dataclass(frozen=True, slots=True)
class Kept:
    """Share, 0..1, of the structure of a patch that is still there.

    ``face``: on the face, however faint. ``whole``: in the whole patch, and about as strong.
    """

    face: float
    whole: float


def kept(before: Patch, now: Patch) -> Kept:
    """How much of one patch is still in another.

    Of the 6 x 6 blocks that had structure, those which still have the same one (correlation over 0.8). What
    is covered is lost, what is beside it is not; a change of brightness does not count. A patch without
    structure has nothing to know it by: nothing of it is kept.
    """
    return kept_of(structure(before), structure(now))


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """A patch as it is compared: each block without its mean, shape (16, 16, 36), and its deviation."""

    blocks: NDArray[np.float32]
    deviation: NDArray[np.float32]


def structure(patch_: Patch) -> Structure:
    """A patch, ready to be compared."""
    cut = patch_.astype(np.float32).reshape(_BLOCKS, _BLOCK_PX, _BLOCKS, _BLOCK_PX)
    blocks = np.ascontiguousarray(cut.transpose(0, 2, 1, 3)).reshape(_BLOCKS, _BLOCKS, _BLOCK_PX * _BLOCK_PX)
    blocks -= blocks.mean(axis=2, keepdims=True)
    return Structure(blocks, np.sqrt(_mean_product(blocks, blocks)))


def _mean_product(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(np.einsum("ijk,ijk->ij", a, b) / np.float32(_BLOCK_PX * _BLOCK_PX), np.float32)


def kept_of(before: Structure, now: Structure) -> Kept:
    """As ``kept``, of patches that are compared more than once."""
    a_std, b_std = before.deviation, now.deviation
    correlation = _mean_product(before.blocks, now.blocks) / np.maximum(a_std * b_std, 1e-6)
    structured = a_std >= _MIN_TEXTURE
    same = structured & (correlation >= _MIN_CORRELATION) & (b_std >= _MIN_TEXTURE / 2)
    as_strong = (b_std > a_std / _MAX_CONTRAST_RATIO) & (b_std < a_std * _MAX_CONTRAST_RATIO)
    face = (_FACE_BLOCKS, _FACE_BLOCKS)
    return Kept(_share(same[face], structured[face]), _share(same & as_strong, structured))


def _share(same: NDArray[np.bool_], structured: NDArray[np.bool_]) -> float:
    count = int(structured.sum())
    return int(same.sum()) / count if count >= 4 else 0.0
