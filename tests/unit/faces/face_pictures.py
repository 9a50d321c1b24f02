"""Pictures of faces that may be shown: public-domain photographs and warps of them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

from mediaforensics.media.decode import open_media
from mediaforensics.media.picture import ArrayPixels, DecodedFrame, Orientation
from mediaforensics.media.sample import Sample
from mediaforensics.media.source import Source
from mediaforensics.types import Timestamp

FIXTURES = Path(__file__).parents[3] / "fixtures"
PEOPLE = ("ada-north", "bea-south", "executive-a", "executive-b")


def read(path):
    """RGB of a picture, shape (height, width, 3)."""
    with Source.open(path) as source:
        decoder = open_media(source)
        try:
            return next(decoder.frames()).rgb().pixels
        finally:
            decoder.close()


def frame_of(pixels, time_s=0.0):
    """A frame as the decoder gives it."""
    return DecodedFrame(
        time=Timestamp(round(time_s * 1000), Fraction(1, 1000)),
        duration_s=Fraction(0),
        stored=ArrayPixels(np.ascontiguousarray(pixels)),
        orientation=Orientation(),
    )


def sample_of(pixels, time_s=0.0, new_picture=True):
    """A sample as the sampler gives it."""
    return Sample(frame=frame_of(pixels, time_s), new_picture=new_picture, new_text=False)


def on_canvas(*placed, size=(1280, 720)):
    """Portraits, each (pixels, left, top, side), on a grey picture with some structure of its own."""
    width, height = size
    ramp = np.linspace(60, 120, width, dtype=np.float32)[np.newaxis, :, np.newaxis]
    canvas = np.broadcast_to(ramp, (height, width, 3)).astype(np.uint8).copy()
    canvas[::40] = 140
    for pixels, left, top, side in placed:
        small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
        canvas[top : top + side, left : left + side] = small
    return canvas
