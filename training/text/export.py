"""Write the trained recogniser as ONNX, its alphabet inside, and print the SHA-256 for ``text/network.py``.

Weights are stored in half precision, which the run time widens again: half the file, the same letters.
"""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.text.net import LineNet

_SMALLEST_HALVED = 64
"""Values; scalars and shapes stay as they are."""


class Probabilities(nn.Module):
    """What the package reads: probabilities instead of logits."""

    def __init__(self, net: LineNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, 3, 48, width) to (batch, width / 4, letters + 1)."""
        return torch.softmax(self.net(x), dim=-1)


def halved(model: onnx.ModelProto) -> None:
    """Store the weights in half precision, each behind a cast."""
    graph, casts = model.graph, []
    for initializer in list(graph.initializer):
        values = numpy_helper.to_array(initializer)
        if values.dtype != np.float32 or values.size < _SMALLEST_HALVED:
            continue
        name = initializer.name
        graph.initializer.remove(initializer)
        graph.initializer.append(numpy_helper.from_array(values.astype(np.float16), f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    saved = torch.load(arguments.checkpoint, map_location="cpu")
    letters = saved["letters"]
    net = LineNet(len(letters))
    net.load_state_dict(saved["mean"])
    net.eval()
    torch.onnx.export(
        Probabilities(net),
        (torch.zeros(1, 3, 48, 320),),
        str(arguments.out),
        input_names=["x"],
        output_names=["probability"],
        dynamic_axes={"x": {0: "batch", 3: "width"}, "probability": {0: "batch", 1: "steps"}},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(str(arguments.out))
    halved(model)
    # The space is last, as in PP-OCR's own file, and not listed.
    assert letters.endswith(" ")
    model.metadata_props.append(onnx.StringStringEntryProto(key="character", value="\n".join(letters[:-1])))
    onnx.checker.check_model(model)
    data = model.SerializeToString(deterministic=True)
    arguments.out.write_bytes(data)
    print(hashlib.sha256(data).hexdigest(), len(data), "bytes after", saved["step"], "steps")


if __name__ == "__main__":
    main()
