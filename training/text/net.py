"""The line recogniser: PP-OCRv6's small recogniser with twice its steps and an alphabet of our own.

The trunk and its weights are PaddleOCR's (Apache-2.0, in ``mediaforensics/models/ppocrv6_rec_small.onnx``);
its head of 18,710 letters is replaced. Structure: a stem that halves twice, thirteen blocks of a depthwise
convolution (some with squeeze-and-excitation) and a pointwise pair, then two attention layers.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

_STAGES = ((96, 96, "+--"), (96, 192, "-"), (192, 192, "+-+-+-"), (192, 384, "-"), (384, 384, "+-"))
"""Channels in, channels out, and a sign per block: ``+`` with excitation. What changes the channels halves
the height."""
_WIDTH, _HEADS = 120, 8


class Excitation(nn.Module):
    """Squeeze-and-excitation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Weigh the channels."""
        return x * F.hardsigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))


class Block(nn.Module):
    """Mixing of places, then of channels."""

    def __init__(self, inputs: int, outputs: int, excited: bool) -> None:
        super().__init__()
        stride = (1, 1) if inputs == outputs else (2, 1)
        self.places = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs)
        self.excite = Excitation(inputs) if excited else nn.Identity()
        self.wide = nn.Conv2d(inputs, 2 * inputs, 1)
        self.narrow = nn.Conv2d(2 * inputs, outputs, 1)
        self.residual = inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, channels, height, width) in and out."""
        x = self.excite(self.places(x))
        y = self.narrow(F.gelu(self.wide(x)))
        return x + y if self.residual else y


class Attention(nn.Module):
    """One transformer layer over the steps."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(_WIDTH, eps=1e-5)
        self.qkv, self.out = nn.Linear(_WIDTH, 3 * _WIDTH), nn.Linear(_WIDTH, _WIDTH)
        self.norm2 = nn.LayerNorm(_WIDTH, eps=1e-5)
        self.wide, self.narrow = nn.Linear(_WIDTH, 2 * _WIDTH), nn.Linear(2 * _WIDTH, _WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """Shape (batch, steps, channels) in and out."""
        batch, steps, _ = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(batch, steps, 3, _HEADS, _WIDTH // _HEADS)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        weights = torch.softmax((q * (_WIDTH // _HEADS) ** -0.5) @ k.transpose(-1, -2), dim=-1)
        x = x + self.out((weights @ v).transpose(1, 2).reshape(batch, steps, _WIDTH))
        return x + self.narrow(F.silu(self.wide(self.norm2(x))))


class LineNet(nn.Module):
    """RGB line in BGR planes -1..1, shape (batch, 3, 48, width); logits (batch, width / 4, letters + 1)."""

    def __init__(self, letters: int) -> None:
        super().__init__()
        self.stem = nn.ModuleList(
            [
                nn.Conv2d(3, 48, 3, 2, 1),
                nn.Conv2d(48, 24, 2),
                nn.Conv2d(24, 48, 2),
                nn.Conv2d(96, 48, 3, 2, 1),
                nn.Conv2d(48, 96, 1),
            ]
        )
        blocks = list[Block]()
        for inputs, outputs, signs in _STAGES:
            blocks += [Block(inputs, outputs, sign == "+") for sign in signs]
        self.blocks = nn.Sequential(*blocks)
        # The trunk's pool, but at every column: Arabic has letters narrower than its eight pixels a step.
        self.aside = _normed(nn.Conv2d(384, _WIDTH, 1, bias=False))
        self.inside = _normed(nn.Conv2d(384, _WIDTH, 1, bias=False))
        self.along = _normed(nn.Conv2d(_WIDTH, _WIDTH, (1, 7), padding=(0, 3), groups=_WIDTH, bias=False))
        self.attention = nn.Sequential(Attention(), Attention())
        self.norm = nn.LayerNorm(_WIDTH, eps=1e-6)
        self.head = nn.Linear(_WIDTH, letters + 1)

    def forward(self, x: Tensor) -> Tensor:
        """Logits; class 0 is the blank."""
        x = self.features(x)
        return self.read(x)

    def features(self, x: Tensor) -> Tensor:
        """The trunk, shape (batch, 384, 3, width / 4)."""
        first, left, right, join, out = self.stem
        x = F.relu(first(x))
        y = F.relu(left(F.pad(x, (0, 1, 0, 1))))
        y = F.relu(right(F.pad(y, (0, 1, 0, 1))))
        pooled = F.max_pool2d(F.pad(x, (0, 1, 0, 1)), 2, 1)
        x = F.relu(out(F.relu(join(torch.cat([pooled, y], 1)))))
        return self.blocks(x)

    def read(self, x: Tensor) -> Tensor:
        """From the trunk's features to logits."""
        x = F.avg_pool2d(F.pad(x, (0, 1)), (3, 2), (3, 1))
        aside, x = self.aside(x), self.inside(x)
        x = (x + self.along(x)).squeeze(2).transpose(1, 2)
        x = self.norm(self.attention(x)) + aside.squeeze(2).transpose(1, 2)
        return self.head(x)


def _normed(convolution: nn.Conv2d) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(convolution.out_channels), nn.SiLU())


def load_trunk(net: LineNet, path: Path) -> None:
    """Copy PP-OCRv6's weights into all of ``net`` but its head; both list their layers in the same order."""
    graph = onnx.load(str(path)).graph
    values = {i.name: numpy_helper.to_array(i).copy() for i in graph.initializer}
    weights: list[np.ndarray] = []
    for node in graph.node:
        held = [values[name] for name in node.input if name in values]
        if node.op_type == "MatMul" and held:
            weights.append(held[0].T)
        elif node.op_type in ("Conv", "BatchNormalization"):
            weights += held
        elif node.op_type in ("Add", "Mul") and held and held[0].size > 1:
            weights.append(held[0].reshape(-1))
    del weights[-2:]
    own: list[Tensor] = []
    for name, module in net.named_modules():
        if name == "head":
            continue
        own += [tensor for _, tensor in module.named_parameters(recurse=False)]
        own += [b for n, b in module.named_buffers(recurse=False) if n.startswith("running")]
    assert len(own) == len(weights), f"{len(own)} tensors here, {len(weights)} there"
    with torch.no_grad():
        for tensor, value in zip(own, weights, strict=True):
            assert tensor.numel() == value.size, f"{tuple(tensor.shape)} is not {value.shape}"
            tensor.copy_(torch.from_numpy(value.reshape(tuple(tensor.shape))))


def load_head(net: LineNet, path: Path, letters: str) -> None:
    """Start with what PP-OCRv6 knows of the letters that both alphabets have."""
    model = onnx.load(str(path))
    values = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
    held = [v for node in model.graph.node for name in node.input if (v := values.get(name)) is not None]
    weight = next(v for v in reversed(held) if v.ndim == 2)
    bias = next(v for v in reversed(held) if v.shape == (weight.shape[1],))
    theirs = next(p.value for p in model.metadata_props if p.key == "character").split("\n")
    index = {letter: number + 1 for number, letter in enumerate(theirs)} | {" ": len(theirs) + 1}
    with torch.no_grad():
        net.head.weight[0], net.head.bias[0] = torch.from_numpy(weight[:, 0].copy()), float(bias[0])
        for number, letter in enumerate(letters):
            if letter in index:
                net.head.weight[number + 1] = torch.from_numpy(weight[:, index[letter]].copy())
                net.head.bias[number + 1] = float(bias[index[letter]])
