"""The network: MobileNetV2 blocks pretrained on ImageNet, heads for presence and for a coarse mask."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from training.overlays.layers import KINDS

_MASK_WEIGHT = 0.7
_LAYOUT = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 2, 2))


def _conv(i: int, o: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(i, o, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(o),
        nn.ReLU6(inplace=True),
    )


class InvertedResidual(nn.Module):
    """Sandler et al. 2018, figure 3b: expand, depthwise, project; a shortcut where the shape stays."""

    def __init__(self, i: int, o: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = i * expansion
        parts: list[nn.Module] = [] if expansion == 1 else [_conv(i, hidden, 1)]
        parts += [
            _conv(hidden, hidden, 3, stride, hidden),
            nn.Conv2d(hidden, o, 1, bias=False),
            nn.BatchNorm2d(o),
        ]
        self.conv = nn.Sequential(*parts)
        self.shortcut = stride == 1 and i == o

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        return x + self.conv(x) if self.shortcut else self.conv(x)


class OverlayNet(nn.Module):
    """RGB 0..255 ``(n, 3, 128, 128)`` in; logits of presence ``(n, 9)`` and mask ``(n, 9, 16, 16)`` out."""

    def __init__(self, frozen: int = 4) -> None:
        super().__init__()
        self.frozen = frozen
        """Blocks (at most 7) left as ImageNet left them: edges and colours are the same everywhere."""
        blocks: list[nn.Module] = [_conv(3, 32, 3, 2)]
        width = 32
        for expansion, out, repeats, stride in _LAYOUT:
            for k in range(repeats):
                blocks.append(InvertedResidual(width, out, stride if k == 0 else 1, expansion))
                width = out
        self.features = nn.Sequential(*blocks)  # 0..15; 0-3 at 1/4, 4-6 at 1/8, 7-13 at 1/16, 14-15 at 1/32
        self.lateral = _conv(32, 48, 1)
        self.deep = _conv(96, 48, 1)
        self.joint = nn.Sequential(_conv(48, 48, 3, groups=48), _conv(48, 64, 1))
        self.mask = nn.Conv2d(64, len(KINDS), 1)
        self.drop = nn.Dropout(0.2)
        self.presence = nn.Linear(96 * 2 + 160 + 64 + len(KINDS), len(KINDS))
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))

    def low(self, x: Tensor) -> Tensor:
        """Apply the frozen part."""
        return self.features[: self.frozen]((x - self.mean) / self.std)

    def high(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Apply the trained part."""
        eighth = self.features[self.frozen : 7](x)
        sixteenth = self.features[7:14](eighth)
        last = self.features[14:](sixteenth)
        up = nn.functional.interpolate(self.deep(sixteenth), scale_factor=2.0, mode="nearest")
        joint = self.joint(self.lateral(eighth) + up)
        mask = self.mask(joint)
        strongest = mask.flatten(2).topk(6, 2).values.mean(2)
        pooled = torch.cat(
            [
                sixteenth.mean((2, 3)),
                sixteenth.amax((2, 3)),
                last.mean((2, 3)),
                joint.amax((2, 3)),
                strongest,
            ],
            1,
        )
        return self.presence(self.drop(pooled)), mask

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of presence and mask."""
        return self.high(self.low(x))

    def joined(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As ``forward``, presence helped by the strongest cells of its mask.

        As good on composites like those trained on; steadier on others, where the mask, which only looks
        at what is near, holds when the judgement of the whole crop wavers.
        """
        presence, mask = self.forward(x)
        return presence + _MASK_WEIGHT * mask.flatten(2).topk(6, 2).values.mean(2), mask

    def train(self, mode: bool = True) -> OverlayNet:
        """Keep the frozen part's batch statistics as they are."""
        super().train(mode)
        self.features[: self.frozen].eval()
        return self

    def load_trunk(self, path: Path) -> None:
        """Take blocks 0..15 from torchvision's ``mobilenet_v2-b0353104.pth`` (BSD-3-Clause)."""
        weights = torch.load(path, weights_only=True)
        own = self.state_dict()
        taken = {k: v for k, v in weights.items() if k in own and own[k].shape == v.shape}
        wanted = [k for k in own if k.startswith("features.")]
        missing = [k for k in wanted if k not in taken]
        if missing:
            raise ValueError(
                f"{path.name} lacks {len(missing)} of {len(wanted)} trunk tensors, such as {missing[0]}"
            )
        self.load_state_dict(taken, strict=False)
        for parameter in self.features[: self.frozen].parameters():
            parameter.requires_grad_(False)
