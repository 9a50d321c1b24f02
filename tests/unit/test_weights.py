from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

import pytest

from mediaforensics.text.network import OVERLAY_MODEL, RECOGNITION_MODEL
from mediaforensics.text.regions import DETECTION_MODEL

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("vendor_models", ROOT / "tools" / "vendor_models.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["vendor_models"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["vendor_models"]


def test_the_vendored_files_are_those_on_record(tool, capsys):
    assert tool.check() == 0
    assert "WRONG" not in capsys.readouterr().out


def test_every_file_is_named_with_licence_source_and_hash(tool):
    notes = (tool.FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    for item in tool.WEIGHTS:
        digest = hashlib.sha256((tool.FOLDER / item.file).read_bytes()).hexdigest()
        assert all(part in notes for part in (item.file, digest, item.licence, item.package.name))


def test_the_code_asks_for_the_files_that_were_vendored(tool):
    on_record = {item.file: item.sha256 for item in tool.WEIGHTS}
    for model in (DETECTION_MODEL, RECOGNITION_MODEL):
        assert on_record[model.file] == model.sha256


def test_our_own_recogniser_is_the_file_on_record(tool):
    assert OVERLAY_MODEL.sha256 in (tool.FOLDER / "LICENSES.md").read_text(encoding="utf-8")
    assert OVERLAY_MODEL.read()


def test_only_the_unused_inputs_are_dropped(tool):
    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data

    inputs = [field(11, field(1, name)) for name in (b"data", b"weight", b"bias")]
    node = field(1, b"node")
    model = field(2, b"producer") + field(7, node + b"".join(inputs)) + field(8, b"opset")
    assert tool.keep_only_graph_input(model, "data") == (
        field(2, b"producer") + field(7, node + inputs[0]) + field(8, b"opset")
    )
