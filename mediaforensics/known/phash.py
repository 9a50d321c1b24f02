"""pHash-64, as older lists hold it; imported only where a list holds such values, for it loads SciPy."""

from __future__ import annotations

import imagehash
from PIL import Image

from mediaforensics.media.frame import Pixels
from mediaforensics.types import HashValue


def phash(luma: Pixels) -> HashValue:
    """Hash a brightness picture as ``imagehash.phash`` does with its defaults.

    Parameters
    ----------
    luma : ndarray, uint8, shape (height, width)
        Any size; shrinking a picture first moves the hash by 0 to 4 bits.
    """
    value = imagehash.phash(Image.fromarray(luma))
    return HashValue.from_hex("phash", 64, str(value))
