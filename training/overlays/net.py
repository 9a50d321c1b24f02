"""The network: MobileNetV2 blocks pretrained on ImageNet, heads for presence and for a coarse mask."""

from __future__ import annotations

from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from training.overlays.layers import KINDS

FROZEN_BLOCKS = 4
"""Left as ImageNet left them: edges and colours are the same everywhere; they would cost half of a step."""
_MASK_WEIGHT = 0.25
_STRONGEST_CELLS = 6
_LAYOUT = (
    (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
)  # fmt: skip


class Conv(nn.Module):
    """A convolution whose batch normalisation is held still: a gain and a shift per channel, then ReLU6.

    The statistics stay ImageNet's: to follow those of the batch costs a third of the time of a step on a CPU.
    """

    def __init__(
        self, i: int, o: int, kernel: int, stride: int = 1, groups: int = 1, *, active: bool = True
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.groups, self.active = stride, kernel // 2, groups, active
        self.weight = nn.Parameter(torch.empty(o, i // groups, kernel, kernel))
        nn.init.kaiming_normal_(self.weight, mode="fan_out")
        self.gain = nn.Parameter(torch.ones(o, 1, 1, 1))
        self.shift = nn.Parameter(torch.zeros(o))

    def forward(self, x: Tensor) -> Tensor:
        """Apply it; while training, products of channels alone are taken in half precision."""
        weight = (self.weight * self.gain).contiguous(memory_format=torch.channels_last)
        if self.training and self.weight.shape[2] == 1:
            x = functional.conv2d(x.bfloat16(), weight.bfloat16(), self.shift.bfloat16())
            return (functional.relu6(x, inplace=True) if self.active else x).float()
        x = functional.conv2d(x, weight, self.shift, self.stride, self.padding, groups=self.groups)
        return functional.relu6(x, inplace=True) if self.active else x


class InvertedResidual(nn.Module):
    """Sandler et al. 2018, figure 3b: expand, depthwise, project; a shortcut where the shape stays."""

    def __init__(self, i: int, o: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = i * expansion
        parts: list[nn.Module] = [] if expansion == 1 else [Conv(i, hidden, 1)]
        parts += [Conv(hidden, hidden, 3, stride, hidden), Conv(hidden, o, 1, active=False)]
        self.conv = nn.Sequential(*parts)
        self.shortcut = stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return x + self.conv(x) if self.shortcut else self.conv(x)


class OverlayNet(nn.Module):
    """RGB 0..255 ``(n, 3, 128, 128)`` in; logits of presence ``(n, 9)`` and mask ``(n, 9, 16, 16)`` out."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [Conv(3, 32, 3, 2)]
        width = 32
        for expansion, out, repeats, stride in _LAYOUT:
            for k in range(repeats):
                blocks.append(InvertedResidual(width, out, stride if k == 0 else 1, expansion))
                width = out
        self.features = nn.Sequential(
            *blocks
        )  # 0-1 at 1/2, 2-3 at 1/4, 4-6 at 1/8, 7-13 at 1/16, 14-17 at 1/32
        self.eighth, self.sixteenth, self.last = Conv(32, 64, 1), Conv(96, 64, 1), Conv(320, 64, 1)
        self.joint = nn.Sequential(Conv(64, 64, 3, groups=64), Conv(64, 96, 1))
        self.mask = nn.Conv2d(96, len(KINDS), 1)
        pooled = 96 * 2 + 320 * 2 + 96 + len(KINDS)
        self.even = nn.LayerNorm(pooled)
        self.hidden = nn.Linear(pooled, 256)
        self.drop = nn.Dropout(0.1)
        self.presence = nn.Linear(256, len(KINDS))
        nn.init.constant_(self.presence.bias, -2.0)
        nn.init.constant_(self.mask.bias, -3.0)
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))

    def low(self, x: Tensor) -> Tensor:
        """Apply the frozen part."""
        return self.features[:FROZEN_BLOCKS]((x - self.mean) / self.std)

    def train(self, mode: bool = True) -> OverlayNet:
        """Leave the frozen part as it answers in use."""
        super().train(mode)
        self.features[:FROZEN_BLOCKS].eval()
        return self

    def high(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the trained part."""
        eighth = self.features[FROZEN_BLOCKS:7](x)
        sixteenth = self.features[7:14](eighth)
        last = self.features[14:](sixteenth)
        near = self.sixteenth(sixteenth) + functional.interpolate(
            self.last(last), scale_factor=2.0, mode="nearest"
        )
        joint = self.joint(
            self.eighth(eighth) + functional.interpolate(near, scale_factor=2.0, mode="nearest")
        )
        mask = self.mask(joint)
        planes = [sixteenth.mean((2, 3)), sixteenth.amax((2, 3)), last.mean((2, 3)), last.amax((2, 3))]
        pooled = torch.cat([*planes, joint.amax((2, 3)), strongest(mask)], 1)
        hidden = functional.relu(self.hidden(self.even(pooled)))
        return self.presence(self.drop(hidden)), mask

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of presence and mask."""
        return self.high(self.low(x))

    def joined(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As ``forward``, presence helped by the strongest cells of its mask.

        As good on composites like those trained on; steadier on others, where the mask, which only looks
        at what is near, holds when the judgement of the whole crop wavers.
        """
        presence, mask = self.forward(x)
        return presence + _MASK_WEIGHT * strongest(mask), mask

    def load_trunk(self, path: Path) -> None:
        """Take the trunk from torchvision's ``mobilenet_v2-b0353104.pth`` (BSD-3-Clause)."""
        weights = torch.load(path, weights_only=True)
        own = [m for m in self.features.modules() if isinstance(m, Conv)]
        theirs = [k for k, v in weights.items() if k.startswith("features.") and v.ndim == 4][: len(own)]
        norms = [k.removesuffix(".running_mean") for k in weights if k.endswith(".running_mean")]
        with torch.no_grad():
            for conv, name, norm in zip(own, theirs, norms, strict=False):
                gain = weights[f"{norm}.weight"] / torch.sqrt(weights[f"{norm}.running_var"] + 1e-5)
                conv.weight.copy_(weights[name])
                conv.gain.copy_(gain.view(-1, 1, 1, 1))
                conv.shift.copy_(weights[f"{norm}.bias"] - weights[f"{norm}.running_mean"] * gain)

    def load_exported(self, path: Path) -> None:
        """Go on from a file that ``export.py`` wrote: its convolutions are folded, its linear layers are not.

        A folded weight is taken apart again, so that a step of the optimiser is as long for each channel.
        """
        stored = {
            tensor.name.removesuffix("_half"): torch.from_numpy(numpy_helper.to_array(tensor).copy()).float()
            for tensor in onnx.load(path).graph.initializer
        }
        folded = [stored[name] for name in sorted((n for n in stored if "Conv" in n), key=_number)]
        heads = [self.sixteenth, self.last, self.eighth, *self.joint]
        own = [m for part in (self.features, *heads) for m in part.modules() if isinstance(m, Conv)]
        with torch.no_grad():
            for conv, weight in zip(own, folded, strict=True):
                size = weight.flatten(1).norm(dim=1).view(-1, 1, 1, 1) + 1e-6
                conv.weight.copy_(weight / size)
                conv.gain.copy_(size)
            for name, parameter in self.named_parameters():
                if not name.endswith((".gain", ".weight")) or f"net.{name}" in stored:
                    parameter.copy_(stored[f"net.{name}"])

    def folded(self) -> OverlayNet:
        """Multiply the gains into the weights, for export."""
        with torch.no_grad():
            for module in self.modules():
                if isinstance(module, Conv):
                    module.weight.mul_(module.gain)
                    module.gain.fill_(1.0)
        return self


def _number(name: str) -> int:
    return int(name.rsplit("_", 1)[1])


def strongest(mask: Tensor) -> Tensor:
    """Mean logit of the strongest cells of each kind, ``(n, 9)``."""
    return mask.flatten(2).topk(_STRONGEST_CELLS, 2).values.mean(2)
