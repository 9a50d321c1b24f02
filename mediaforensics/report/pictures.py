"""Evidence pictures on a page: which boxes go on which, and how many bytes they may take."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mediaforensics.report.model import EvidencePicture
from mediaforensics.report.visible import visible
from mediaforensics.types import Box, Mask

BUDGET_BYTES = 6_500_000
"""Of JPEG on one page: with base64 and the words of 200 findings it stays under 10 MB."""
_TAG_CHARACTERS = 8
_MASK_CELLS = 32
"""A side of a drawn mask: as fine as a small picture shows it, and a few hundred bytes."""
_STEPS = ((480, 75), (400, 70), (320, 60), (240, 50))
"""Longer side and JPEG quality to fall back to, until the budget holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A box on a picture with its tag, all in the picture's own pixels.

    Attributes
    ----------
    x, y, width, height : float
        The box.
    tag_x, tag_y, tag_width, text_px : float
        The tag: top left corner, width, and size of its letters.
    tag : str
        The first characters of the entry's id.
    tone : str
        Colour name of the entry's kind.
    loose : bool
        The box was measured on another frame.
    mask : str
        SVG path of what is covered, in cells; empty where there is no mask.
    mask_place : str
        SVG transform that brings cells to their place on the picture.
    """

    x: float
    y: float
    width: float
    height: float
    tag_x: float
    tag_y: float
    tag_width: float
    text_px: float
    tag: str
    tone: str
    loose: bool
    mask: str = ""
    mask_place: str = ""


def fitted(pictures: Sequence[EvidencePicture], budget_bytes: int = BUDGET_BYTES) -> list[bytes | None]:
    """JPEGs that together keep to the budget: as they are, or smaller, all alike; the last ones dropped.

    Returns
    -------
    list of bytes or None
        One per picture; None where there are no pixels or no room.
    """
    jpegs = [picture.jpeg for picture in pictures]
    for side_px, quality in _STEPS:
        if sum(len(jpeg) for jpeg in jpegs if jpeg) <= budget_bytes:
            return jpegs
        jpegs = [
            None if picture.jpeg is None else smaller(picture.jpeg, side_px, quality) for picture in pictures
        ]
    room = budget_bytes
    for i, jpeg in enumerate(jpegs):
        room -= len(jpeg or b"")
        if room < 0:
            jpegs[i] = None
    return jpegs


def smaller(jpeg: bytes, side_px: int, quality: int) -> bytes:
    """Shrink a JPEG so that its longer side is at most ``side_px``."""
    with Image.open(io.BytesIO(jpeg)) as image:
        image.thumbnail((side_px, side_px))
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality)
    return data.getvalue()


def data_uri(jpeg: bytes) -> str:
    """``data:`` address of a JPEG."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def marks(
    picture: EvidencePicture,
    boxes: Mapping[str, tuple[Box, str, float]],
    masks: Mapping[str, Mask],
    wanted: Collection[str],
) -> tuple[Mark, ...]:
    """Boxes of the wanted ids that the picture shows, largest first so that none hides another.

    Parameters
    ----------
    picture : EvidencePicture
        The picture, whose frame the boxes are in.
    boxes : mapping
        By id: the box in source pixels, its tone, and the time in seconds at which it was measured.
    masks : mapping
        By id: what is covered.
    wanted : collection of str
        The ids to mark.
    """
    width, height = picture.size_px
    across = width / max(1, picture.frame_size_px[0])
    down = height / max(1, picture.frame_size_px[1])
    text_px = min(width, height * 1.4) / 24
    shown = []
    for id in picture.of:
        if id in wanted and id in boxes:
            box, tone, measured_s = boxes[id]
            box = box.clipped(picture.frame_size_px)
            if box.area_px:
                shown.append((-box.area_px, id, box, tone, measured_s))
    found: list[Mark] = []
    for _, id, box, tone, measured_s in sorted(shown, key=lambda item: item[:2]):
        x, y = box.x0 * across, box.y0 * down
        box_width, box_height = box.width_px * across, box.height_px * down
        tag = visible(id)[:_TAG_CHARACTERS]
        tag_width = text_px * (0.62 * len(tag) + 0.5)
        tag_x, tag_y = _tag_place((x, y, box_width, box_height), tag_width, text_px * 1.3, height, found)
        path, place = _drawn(masks[id], across, down) if id in masks else ("", "")
        found.append(
            Mark(
                x=round(x, 1),
                y=round(y, 1),
                width=round(box_width, 1),
                height=round(box_height, 1),
                tag_x=round(tag_x, 1),
                tag_y=round(tag_y, 1),
                tag_width=round(tag_width, 1),
                text_px=round(text_px, 1),
                tag=tag,
                tone=tone,
                loose=abs(measured_s - picture.time.seconds) > 0.0005,
                mask=path,
                mask_place=place,
            )
        )
    return tuple(found)


def _drawn(mask: Mask, across: float, down: float) -> tuple[str, str]:
    """Covered cells as an SVG path, run after run, and how it comes to its place on the picture."""
    cells = mask.cells()
    step = max(1, -(-max(mask.columns, mask.rows) // _MASK_CELLS))
    path = []
    for y, row in enumerate(cells[::step, ::step]):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], row.astype(np.int8), [0]])))
        path += [f"M{x} {y}h{end - x}v1h-{end - x}z" for x, end in zip(edges[::2], edges[1::2], strict=True)]
    wide, high = mask.box.width_px * step / mask.columns, mask.box.height_px * step / mask.rows
    place = f"translate({mask.box.x0 * across:.1f} {mask.box.y0 * down:.1f})"
    return "".join(path), f"{place} scale({wide * across:.3f} {high * down:.3f})"


def _tag_place(
    box: tuple[float, float, float, float],
    width: float,
    height: float,
    picture_height: int,
    placed: Sequence[Mark],
) -> tuple[float, float]:
    """Top left corner for a tag: at a corner of its box where no other tag is, above the box if it can be."""
    x, y, box_width, box_height = box
    right, below = x + box_width - width, y + box_height
    places = [(x, y - height), (right, y - height), (x, below), (right, below), (x, y), (right, y)]
    places += [(x, below - height), (right, below - height)]
    inside = [(left, top) for left, top in places if left >= 0 and 0 <= top <= picture_height - height]
    for left, top in inside:
        if not any(
            left < mark.tag_x + mark.tag_width
            and mark.tag_x < left + width
            and top < mark.tag_y + height
            and mark.tag_y < top + height
            for mark in placed
        ):
            return left, top
    return inside[0] if inside else (max(0.0, x), max(0.0, y))
