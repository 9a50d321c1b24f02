from __future__ import annotations

import cv2
import imagehash
import numpy as np
import pytest
from known_pictures import fitted, photo
from PIL import Image

from mediaforensics.errors import IncompatibleHash
from mediaforensics.known.imagehashes import DISTANCES_BITS, image_hash

THEIRS = {
    "phash": imagehash.phash,
    "dhash": imagehash.dhash,
    "whash": imagehash.whash,
    "ahash": imagehash.average_hash,
}
KINDS = sorted(DISTANCES_BITS)


@pytest.mark.parametrize(("algorithm", "bits"), KINDS)
def test_values_are_those_of_imagehash(algorithm: str, bits: int) -> None:
    luma = photo(2)
    value = image_hash(algorithm, bits, luma)
    assert (value.algorithm, value.bits) == (algorithm, bits)
    in_colour = Image.fromarray(np.repeat(luma[..., None], 3, axis=2))
    assert value.hex() == str(THEIRS[algorithm](in_colour, hash_size=int(bits**0.5)))


@pytest.mark.parametrize(("algorithm", "bits"), KINDS)
def test_a_small_bad_copy_is_near_and_another_picture_is_not(algorithm: str, bits: int) -> None:
    luma, near = photo(6), DISTANCES_BITS[algorithm, bits]
    _, data = cv2.imencode(".jpg", fitted(luma, 240, 180), [cv2.IMWRITE_JPEG_QUALITY, 60])
    copy = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)
    value = image_hash(algorithm, bits, luma)
    assert value.distance_bits(image_hash(algorithm, bits, copy)) <= near
    assert value.distance_bits(image_hash(algorithm, bits, photo(7))) > near


@pytest.mark.parametrize(("algorithm", "bits"), KINDS)
@pytest.mark.parametrize("shape", [(1, 1), (5, 300), (9, 12)])
def test_tiny_pictures_have_values(algorithm: str, bits: int, shape: tuple[int, int]) -> None:
    luma = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert image_hash(algorithm, bits, luma).bits == bits


@pytest.mark.parametrize(("algorithm", "bits"), [("phash", 144), ("pdq", 256), ("md5", 128)])
def test_what_cannot_be_computed_is_refused(algorithm: str, bits: int) -> None:
    with pytest.raises(IncompatibleHash, match=f"{algorithm}-{bits}"):
        image_hash(algorithm, bits, photo(1))
