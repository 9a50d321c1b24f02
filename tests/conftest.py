from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LANGUAGES = ("eng", "ara", "rus", "fra", "deu")


@pytest.fixture(scope="session")
def fixtures() -> Path:
    return ROOT / "fixtures"


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Media by other hands; not part of the project."""
    folder = os.environ.get("MF_TEST_DATA")
    if not folder:
        pytest.skip("MF_TEST_DATA is not set: needs media by other hands")
    return Path(folder)


@pytest.fixture(scope="session")
def analyzer(fixtures):
    """One analyzer with everything on, as a service would keep it."""
    import mediaforensics as mf
    from mediaforensics.options import TextOptions

    options = mf.Options(text=TextOptions(languages=LANGUAGES))
    return mf.Analyzer(known=fixtures / "known", gallery=fixtures / "gallery", options=options)


@pytest.fixture(scope="session")
def flames_report(analyzer, fixtures):
    """The report on the demo video, made once for all tests that read it."""
    return analyzer.analyze(fixtures / "flames.mp4")


@pytest.fixture(autouse=True)
def no_thread_is_left_behind():
    before = set(threading.enumerate())
    yield
    left = [t.name for t in set(threading.enumerate()) - before if t.name.startswith("mediaforensics")]
    assert not left, f"threads still alive: {left}"
