"""Train the overlay network on the shards of ``build.py``; seeded, resumable, one CPU thread is enough.

Learns presence (per kind, and of any kind together) and coarse masks. The learning rate falls over the given
minutes of training rather than over steps, so that it ends well however fast the machine is.
"""

from __future__ import annotations

import argparse
import copy
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.overlays.build import SHARD
from training.overlays.compose import CELL_PX
from training.overlays.layers import CROP_PX
from training.overlays.net import FROZEN_BLOCKS, OverlayNet

_CROP_CELLS = CROP_PX // CELL_PX
_WARM_UP_STEPS = 200
_KEPT_SHARE = 0.4
"""A kind of which the crop kept less than this share is left out of the loss."""
_ANY_WEIGHT, _MASK_WEIGHT = 0.11, 0.6
_AVERAGE_DECAY = 0.998
_HARDNESS = (0.35, 3.0)
"""How much less and more often than usual an example may be drawn."""
_EVENLY_FROM = 0.85
"""Towards the end all examples count alike again, so that confidences are those of what is met in use."""
_AT_ONCE = 8
"""The frozen blocks are wide and shallow: more at once do not fit the cache of a core."""


class Shards:
    """All shards of a split, read from disk as they are drawn; takes up new ones as they come.

    What was found hard when it was last seen is drawn more often, within limits, since what stays hard is
    sometimes what nobody could see.
    """

    def __init__(self, folder: Path, part: str) -> None:
        self.folder, self.part = folder, part
        self.names: list[str] = []
        self.planes: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        self.loss = np.zeros(0, np.float32)
        """Of each example when last seen; nan before."""
        self.refresh()

    def refresh(self) -> None:
        """Take up what is new."""
        for path in sorted(self.folder.glob(f"{self.part}-????")):
            if path.name not in self.names:
                parts = [
                    np.load(path / f"{name}.npy", mmap_mode="r") for name in ("canvases", "labels", "masks")
                ]
                self.names.append(path.name)
                self.planes.append((parts[0], parts[1], parts[2]))
        unseen = np.full(len(self.names) * SHARD - len(self.loss), np.nan, np.float32)
        self.loss = np.concatenate([self.loss, unseen])

    def choose(self, rng: np.random.Generator, n: int, *, evenly: bool) -> np.ndarray:
        """Numbers of the examples of a batch."""
        if evenly:
            return rng.integers(0, len(self.loss), n)
        usual = np.nanmean(self.loss) if np.isfinite(self.loss).any() else 1.0
        weight = np.clip(np.nan_to_num(self.loss / usual, nan=1.0), *_HARDNESS)
        ends = np.cumsum(weight, dtype=np.float64)
        return np.searchsorted(ends, rng.random(n) * ends[-1])

    def draw(self, rng: np.random.Generator, chosen: np.ndarray) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Batch ``(crops, labels, masks, counted)``: moved by whole mask cells, mirrored, toned."""
        n = len(chosen)
        crops, labels, masks, counted = [], [], [], []
        for number in chosen:
            canvases, all_labels, all_masks = self.planes[number // SHARD]
            i = int(number % SHARD)
            x, y = rng.choice(3, 2, p=(0.2, 0.6, 0.2))
            px, py = x * CELL_PX, y * CELL_PX
            crop = canvases[i, py : py + CROP_PX, px : px + CROP_PX]
            mask = all_masks[i, :, y : y + _CROP_CELLS, x : x + _CROP_CELLS]
            whole = all_masks[i].sum((1, 2), dtype=np.int64)
            counted.append((mask.sum((1, 2), dtype=np.int64) >= _KEPT_SHARE * whole) | (all_labels[i] == 0))
            if rng.random() < 0.5:
                crop, mask = crop[:, ::-1], mask[:, :, ::-1]
            crops.append(crop)
            labels.append(all_labels[i])
            masks.append(mask)
        pixels = torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).float()
        gain = torch.from_numpy(rng.uniform(0.9, 1.1, (n, 3, 1, 1)).astype(np.float32))
        gain = gain.mean(1, keepdim=True) * 0.7 + gain * 0.3
        shift = torch.from_numpy(rng.uniform(-12, 12, (n, 1, 1, 1)).astype(np.float32))
        pixels = (pixels * gain + shift).clamp_(0, 255)
        grey = torch.from_numpy(rng.random(n) < 0.06)
        pixels[grey] = pixels[grey].mean(1, keepdim=True)
        return (
            pixels.contiguous(memory_format=torch.channels_last),
            torch.from_numpy(np.stack(labels)).float(),
            torch.from_numpy(np.stack(masks)).float() / 255,
            torch.from_numpy(np.stack(counted)).float(),
        )


def loss_of(presence: Tensor, mask: Tensor, labels: Tensor, masks: Tensor, counted: Tensor) -> Tensor:
    """Loss of each example: presence per kind and of any kind, and masks with the weight on what is there."""
    there = functional.binary_cross_entropy_with_logits(presence, labels * 0.99 + 0.002, reduction="none")
    there = (there * counted).mean(1)
    none = functional.logsigmoid(-presence).sum(1)  # noisy or: the logarithm of no kind being there
    any_kind = labels.amax(1)
    some = torch.log1p(-torch.exp(none.clamp(max=-1e-4)))
    any_loss = -(any_kind * some + (1 - any_kind) * none)
    cells = functional.binary_cross_entropy_with_logits(mask, masks, reduction="none").mean((2, 3))
    weight = (labels + 0.15) * counted
    shares = (cells * weight).sum(1) / weight.sum() * len(labels)
    return there + _ANY_WEIGHT * any_loss + _MASK_WEIGHT * shares


def train(args: argparse.Namespace) -> OverlayNet:
    """Run or resume; return the averaged network."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net = OverlayNet()
    if args.start:
        net.load_exported(args.start)
    else:
        net.load_trunk(args.trunk)
    for parameter in net.features[:FROZEN_BLOCKS].parameters():
        parameter.requires_grad_(False)
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    parts = [(n, p) for n, p in net.named_parameters() if p.requires_grad]
    trunk = [p for n, p in parts if n.startswith("features.")]
    heads = [p for n, p in parts if not n.startswith("features.")]
    groups = [{"params": trunk, "rate": args.rate}, {"params": heads, "rate": args.rate * 2}]
    optimiser = torch.optim.AdamW(groups, lr=args.rate, weight_decay=0.02)
    checkpoint = args.work / f"{args.name}.pt"
    first, trained_s = 0, 0.0
    saved: dict[str, Any] = {}
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        for group, new in zip(optimiser.param_groups, groups, strict=True):
            group["rate"] = new["rate"]
        first, trained_s = saved["step"], saved["trained_s"]
    data = Shards(args.work / "shards", "train")
    if "loss" in saved:
        data.loss[: len(saved["loss"])] = saved["loss"].numpy()
    net.train()
    started, running = time.monotonic() - trained_s, 0.0
    step = first
    while (progress := (time.monotonic() - started) / (60 * args.minutes)) < 1:
        if step % 50 == 0:
            data.refresh()
        factor = min(1.0, (step + 1) / _WARM_UP_STEPS) * (
            0.5 * (1 + math.cos(math.pi * progress)) * 0.99 + 0.01
        )
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * factor
        rng = np.random.default_rng([args.seed, step])
        chosen = data.choose(rng, args.batch, evenly=progress > _EVENLY_FROM)
        crops, labels, masks, counted = data.draw(rng, chosen)
        with torch.no_grad():
            low = torch.cat([net.low(part) for part in crops.split(_AT_ONCE)])
        presence, mask = net.high(low)
        losses = loss_of(presence, mask, labels, masks, counted)
        data.loss[chosen] = losses.detach().numpy()
        loss = losses.mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_([p for _, p in parts], 2.0)
        optimiser.step()
        step += 1
        decay = min(_AVERAGE_DECAY, step / (step + 20))
        with torch.no_grad():
            for a, b in zip(average.parameters(), net.parameters(), strict=True):
                if b.requires_grad:
                    a.lerp_(b, 1 - decay)
        running += float(loss.detach())
        if step % 50 == 0:
            rate = (step - first) * args.batch / (time.monotonic() - started - trained_s)
            print(f"step {step} loss {running / 50:.4f} shards {len(data.names)}", end=" ")
            print(f"{rate:.0f} crops/s at {progress:.3f}", flush=True)
            running = 0.0
        if step % 300 == 0:
            _save(checkpoint, net, average, optimiser, data, step, time.monotonic() - started)
    _save(checkpoint, net, average, optimiser, data, step, time.monotonic() - started)
    return average


def _save(
    path: Path,
    net: OverlayNet,
    average: OverlayNet,
    optimiser: torch.optim.Optimizer,
    data: Shards,
    step: int,
    trained_s: float,
) -> None:
    state = {
        "net": net.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
        "loss": torch.from_numpy(data.loss),
        "step": step,
        "trained_s": trained_s,
    }
    unfinished = path.with_suffix(".part")
    torch.save(state, unfinished)
    unfinished.replace(path)


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--work", type=Path, required=True, help="folder with shards/; checkpoints go there too"
    )
    begin = parser.add_mutually_exclusive_group(required=True)
    begin.add_argument("--trunk", type=Path, help="begin with mobilenet_v2-b0353104.pth")
    begin.add_argument("--start", type=Path, help="go on from a network that export.py wrote")
    parser.add_argument("--name", default="overlays", help="name of the checkpoint")
    parser.add_argument("--minutes", type=float, default=75, help="how long to train, over all runs")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=20261123)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
