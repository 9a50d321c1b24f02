import re
import subprocess
import sys
from pathlib import Path

import pytest

import mediaforensics

ROOT = Path(__file__).parents[2]
HEAVY = {
    "cv2",
    "av",
    "numpy",
    "onnxruntime",
    "PIL",
    "pytesseract",
    "imagehash",
    "scipy",
    "pandas",
    "rich",
    "jinja2",
}
PUBLIC = [
    "Analyzer", "Box", "Failed", "Finding", "Gallery", "HashValue", "KnownList", "KnownSet", "Lexicon",
    "MediaError", "MediaForensicsError", "Observation", "OptionError", "Options", "Progress", "Report",
    "SetupError", "Span", "Stream", "Timestamp", "__version__", "analyze",
]  # fmt: skip


def loaded_by(code: str) -> set[str]:
    program = f"import sys\n{code}\nprint(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in shown.stdout.splitlines()[-1].split()}


def test_the_public_names_are_these():
    assert mediaforensics.__all__ == PUBLIC
    assert dir(mediaforensics) == sorted(PUBLIC)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_resolves(name):
    assert getattr(mediaforensics, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="analyse"):
        mediaforensics.analyse  # noqa: B018


def test_importing_loads_no_decoder_and_no_model():
    assert not loaded_by("import mediaforensics") & HEAVY


def test_the_help_loads_no_decoder_and_no_model():
    code = (
        "import contextlib, io\nfrom mediaforensics.cli.command import main\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit): main(['--help'])"
    )
    assert not loaded_by(code) & HEAVY


def test_importing_everything_leaves_logging_and_warnings_alone():
    code = (
        "import logging, warnings\n"
        "def state(): return logging.root.handlers[:], logging.root.level, warnings.formatwarning\n"
        "before = state()\n"
        "import mediaforensics\nfor name in mediaforensics.__all__: getattr(mediaforensics, name)\n"
        "assert state() == before\n"
    )
    loaded_by(code)


def test_the_version_is_the_one_of_the_package():
    declared = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert mediaforensics.__version__ == declared[1]


def test_every_public_class_and_function_is_documented():
    for name in PUBLIC:
        if name != "__version__":
            assert getattr(mediaforensics, name).__doc__, name
