"""The fixture's gallery, once for all tests of faces."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from face_pictures import FIXTURES, PEOPLE, read

from mediaforensics.faces.gallery import Gallery


@pytest.fixture(scope="session")
def portraits():
    """One picture of each enrolled person, square, RGB, that is also in the gallery."""
    found = {}
    for person in PEOPLE:
        pixels = read(FIXTURES / "gallery" / person / "1.jpg")
        side = min(pixels.shape[:2])
        left = (pixels.shape[1] - side) // 2
        found[person] = np.ascontiguousarray(pixels[:side, left : left + side])
    return found


@pytest.fixture(scope="session")
def gallery():
    return Gallery.open(FIXTURES / "gallery")


@pytest.fixture
def people_folder(tmp_path):
    """A copy of the fixture gallery that a test may change."""
    target = tmp_path / "people"
    shutil.copytree(FIXTURES / "gallery", target)
    return target
