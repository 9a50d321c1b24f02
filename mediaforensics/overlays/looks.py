"""One square of the frame as the network sees it, beside what is known to have been laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from mediaforensics.media.frame import Pixels
from mediaforensics.media.sample import Sample
from mediaforensics.overlays.classify import CROP_PX, MASK_CELLS, context_box, count_holes
from mediaforensics.overlays.residual import LaidOver
from mediaforensics.overlays.subjects import cut, inside
from mediaforensics.types import Box

_RESIDUAL_LOGIT, _ALONE_SHARE = 2.0, 0.7
"""The network may be this much less sure of what is known to have been laid over the picture: of 235 drawn
frames with art that it was not trained on 0.90 are found then, with 9 of 100 of harmless stickers, none of 60
of captions that were not read and none of 40 of bare pictures."""
_KNOWN_LEAST, _REFUTED_MOST = 0.6, 0.1
"""What the network sees mostly where the known picture is known to lie bare is the picture itself: none of 70
bare pictures and the demo's clean shots raises an alarm."""
CLOSER = 0.75
"""What is much smaller than the crop of a face is looked at more closely, too."""

Plane = NDArray[np.float32]
Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """A subject, or a part of a known picture, in one square of the frame: 128 x 128.

    ``logits`` are log odds per kind, 0 at the working point, ``masks`` the covered share of 16 x 16 cells;
    those ``alone`` of what was laid over the known picture, on grey. ``covered`` and ``bare`` say where
    the known picture is covered, and where it is known not to be.
    """

    square: Box
    crop: Pixels
    logits: Logits
    masks: Plane
    covered: Plane | None = None
    bare: Plane | None = None
    logits_alone: Logits | None = None


def counted(looks: Sequence[Look]) -> int:
    """Holes in all of several looks: in close ones, where there are any, each hole in the nearest only."""
    widest = max(look.square.width_px for look in looks)
    close = [look for look in looks if look.square.width_px < CLOSER * widest] or looks
    centres = np.array([[look.square.x0 + look.square.x1, look.square.y0 + look.square.y1] for look in close])
    total = 0
    for number, look in enumerate(close):
        assert look.covered is not None
        steps = (np.arange(CROP_PX) + 0.5) * look.square.width_px / CROP_PX
        x, y = np.meshgrid(look.square.x0 + steps, look.square.y0 + steps)
        apart = np.hypot(x[..., None] - centres[:, 0] / 2, y[..., None] - centres[:, 1] / 2)
        own = np.where(apart.argmin(axis=2) == number, look.covered, 0).astype(np.float32)
        total += count_holes(look.crop, own) if own.any() else 0
    whole = [count_holes(look.crop, look.covered) for look in looks if look.covered is not None]
    return max(total, *whole)


def joined(looks: Sequence[Look], sample: Sample, laid: LaidOver) -> Look:
    """One look that holds several: marks that lie apart are measured together."""
    around = looks[0].square
    for look in looks[1:]:
        around = around.joined(look.square)
    x0, y0, x1, y1 = around.as_list()
    square = Box(*context_box((x0, y0, x1, y1), sides=1.0))
    covered, _ = laid.over(square, CROP_PX, CROP_PX)
    within = np.zeros_like(covered)
    for look in looks:
        left, top, right, bottom = (round(side * CROP_PX) for side in inside(look.square, square))
        within[max(0, top) : bottom, max(0, left) : right] = 1
    return replace(looks[0], square=square, crop=cut(sample.frame, square), covered=covered * within)


def laid_logit(look: Look, k: int) -> float:
    """How sure the network is of what is known to have been laid over the picture."""
    assert look.logits_alone is not None
    both = _ALONE_SHARE * look.logits_alone[k] + (1 - _ALONE_SHARE) * look.logits[k]
    return float(both) + _RESIDUAL_LOGIT


def is_bare(look: Look, mask: Plane) -> bool:
    """Whether a mask of the network lies where nothing was laid over the known picture."""
    assert look.bare is not None and look.covered is not None
    cells = (MASK_CELLS, MASK_CELLS)
    bare = cv2.resize(look.bare, cells, interpolation=cv2.INTER_AREA)
    covered = cv2.resize(look.covered, cells, interpolation=cv2.INTER_AREA)
    weight = np.maximum(mask - 0.1, 0)
    total = float(weight.sum())
    if total <= 0:
        return float(bare.mean()) > _KNOWN_LEAST
    on_known, on_covered = float((weight * (bare + covered)).sum()), float((weight * covered).sum())
    return on_known > _KNOWN_LEAST * total and on_covered < _REFUTED_MOST * on_known
