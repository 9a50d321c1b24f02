from __future__ import annotations

import pytest

from mediaforensics.options import TextOptions
from mediaforensics.text.detector import TextDetector


@pytest.fixture(scope="session")
def text_detector():
    return TextDetector(TextOptions())
