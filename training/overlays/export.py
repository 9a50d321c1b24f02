"""Calibrate a trained network per kind and write the ONNX file that ships.

The working point of a kind is the logit that nearly all held-out harmless examples stay under; the shares
add up to the wanted rate for any kind together. Shift and scale go into the last layer, so that the file
answers with confidences and 0.5 is the working point.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import cv2
import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from training.overlays.build import arguments, finished, material, middles, scenes
from training.overlays.compose import Material, example, scene
from training.overlays.layers import KINDS
from training.overlays.net import OverlayNet
from training.overlays.photos import clean_crops, photographs_in_colour

_SCENES = 1200
"""Pieces of pictures without faces among the harmless."""
_LEAST_SHARE, _MOST_SHARE = 0.08, 0.35
"""Of the allowed false alarms, for one kind."""


class Shipped(nn.Module):
    """The network with calibrated confidences and mask fractions as its answers."""

    def __init__(self, net: OverlayNet, shift: np.ndarray, scale: np.ndarray) -> None:
        super().__init__()
        self.net = net
        self.register_buffer("shift", torch.from_numpy(shift.astype(np.float32)))
        self.register_buffer("scale", torch.from_numpy(scale.astype(np.float32)))

    def forward(self, crops: Tensor) -> tuple[Tensor, Tensor]:
        """Confidence ``(n, 9)`` and mask ``(n, 9, 16, 16)`` of float RGB 0..255 ``(n, 3, 128, 128)``."""
        presence, mask = self.net.joined(crops)
        return torch.sigmoid((presence - self.shift) * self.scale), torch.sigmoid(mask)


def logits(net: OverlayNet, crops: np.ndarray) -> np.ndarray:
    """Presence logits of uint8 crops ``(n, 128, 128, 3)``."""
    out = []
    with torch.no_grad():
        for i in range(0, len(crops), 50):
            x = torch.from_numpy(crops[i : i + 50]).permute(0, 3, 1, 2).float()
            out.append(net.joined(x.contiguous(memory_format=torch.channels_last))[0].numpy())
    return np.concatenate(out)


def held_out(
    made: Material, seed: int, salt: int, harmless: int, per_kind: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """``(harmless crops, violent crops, labels of the violent ones)`` of a split."""
    none = [example(np.random.default_rng([seed, salt, 0, i]), made, "") for i in range(harmless)]
    some = [
        example(np.random.default_rng([seed, salt, 1 + k, i]), made, kind)
        for k, kind in enumerate(KINDS)
        for i in range(per_kind)
    ]
    rng = np.random.default_rng([seed, salt])
    labels = np.stack([e.labels for e in some])
    return middles(finished(rng, none)), middles(finished(rng, some)), labels


def calibrate(
    none: np.ndarray, some: np.ndarray, labels: np.ndarray, rate: float
) -> tuple[np.ndarray, np.ndarray]:
    """Shift and scale per kind, from logits of harmless ``none`` and violent ``some`` with their ``labels``.

    Starts with a small share of the alarms for each kind, then lowers one threshold after another, always the
    one whose next step finds most violent examples per false alarm, until any kind fires on ``rate`` of the
    harmless ones. The scale makes a logit half-way to the median positive a confidence of 0.8.
    """
    order = -np.sort(-none, axis=0)  # the highest harmless logit of each kind first
    budget = int(rate * len(none))
    depth = np.full(len(KINDS), int(_LEAST_SHARE * budget))
    positives = [some[labels[:, k] > 0, k] for k in range(len(KINDS))]
    firing = (none > order[depth, np.arange(len(KINDS))]).any(1)
    while True:
        best, choice = 0.0, None
        for k in range(len(KINDS)):
            if depth[k] >= _MOST_SHARE * budget:
                continue
            for ahead in (1, 2, 4):
                new = firing | (none[:, k] > order[depth[k] + ahead, k])
                cost = int(new.sum())
                if cost > budget:
                    continue
                now = (positives[k] > order[depth[k], k]).mean()
                gain = (positives[k] > order[depth[k] + ahead, k]).mean() - now
                value = gain / max(cost - int(firing.sum()), 0.5)
                if gain > 0 and value > best:
                    best, choice = value, (k, ahead, new)
        if choice is None:
            break
        depth[choice[0]] += choice[1]
        firing = choice[2]
    shift = order[depth, np.arange(len(KINDS))]
    scale = np.ones(len(KINDS))
    for k, positive in enumerate(positives):
        gap = max(float(np.median(positive)) - shift[k], 1.0) / 2
        scale[k] = np.log(0.8 / 0.2) / gap
    return shift, np.clip(scale, 0.5, 1.5)


def _halve(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store large weights in half precision; a Cast, folded when the file is loaded, widens them again."""
    graph = model.graph
    kept, casts = [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size > 256:
            kept.append(numpy_helper.from_array(values.astype(np.float16), tensor.name + "_half"))
            casts.append(
                helper.make_node("Cast", [tensor.name + "_half"], [tensor.name], to=TensorProto.FLOAT)
            )
        else:
            kept.append(tensor)
    del graph.initializer[:]
    graph.initializer.extend(kept)
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def main() -> None:
    """Calibrate and export from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument(
        "--rate", type=float, default=0.006, help="false alarms of any kind on harmless crops"
    )
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    net = OverlayNet().eval()
    net.load_state_dict(torch.load(args.checkpoint, weights_only=True)["average"])
    net = net.folded()
    cache = args.work / "calibrate-held-out.npz"
    if not cache.exists():
        none, some, labels = held_out(material(args, "calibrate"), args.seed, 20, 4000, 150)
        np.savez(cache, none=none, some=some, labels=labels)
    with np.load(cache) as data:
        none, some, labels = data["none"], data["some"], data["labels"]
    made = Material([], scenes(args.scenes / "calibrate"), {}, [])
    bare = [scene(np.random.default_rng([args.seed, 21, i]), made) for i in range(_SCENES)]
    clean = clean_crops(photographs_in_colour(args.photos, "calibrate"), 12, args.seed)
    none = np.concatenate([none, clean, middles(finished(np.random.default_rng([args.seed, 22]), bare))])
    quiet, loud = logits(net, none), logits(net, some)
    shift, scale = calibrate(quiet, loud, labels, args.rate)
    module = Shipped(net, shift, scale).eval()
    torch.onnx.export(
        module,
        (torch.zeros(1, 3, 128, 128),),
        str(args.out),
        input_names=["crops"],
        output_names=["confidence", "mask"],
        dynamic_axes={"crops": {0: "n"}, "confidence": {0: "n"}, "mask": {0: "n"}},
        opset_version=17,
        dynamo=False,
    )
    model = _halve(onnx.load(args.out))
    args.out.write_bytes(model.SerializeToString(deterministic=True))
    recall = {
        kind: round(float((loud[labels[:, k] > 0, k] > shift[k]).mean()), 3) for k, kind in enumerate(KINDS)
    }
    alarms = {kind: round(float((quiet[:, k] > shift[k]).mean()), 4) for k, kind in enumerate(KINDS)}
    print(
        json.dumps(
            {
                "shift": shift.round(3).tolist(),
                "scale": scale.round(3).tolist(),
                "recall": recall,
                "false_alarms": alarms,
            }
        )
    )
    print(
        "any false alarm",
        float((quiet > shift).any(1).mean()),
        "any recall",
        float((loud > shift).any(1).mean()),
    )
    print(args.out.name, args.out.stat().st_size, hashlib.sha256(args.out.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
