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

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from training.overlays.compose import CELL_PX
from training.overlays.layers import CROP_PX
from training.overlays.net import FROZEN_BLOCKS, OverlayNet

_CROP_CELLS = CROP_PX // CELL_PX
_WARM_UP_STEPS = 200
_KEPT_SHARE = 0.4
"""A kind of which the crop kept less than this share is left out of the loss."""
_ANY_WEIGHT, _MASK_WEIGHT = 0.5, 0.6
_AVERAGE_DECAY = 0.998


class Shards:
    """All shards of a split, read from disk as they are drawn; takes up new ones as they come."""

    def __init__(self, folder: Path, part: str) -> None:
        self.folder, self.part = folder, part
        self.known: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Take up what is new."""
        for path in sorted(self.folder.glob(f"{self.part}-????")):
            if path.name not in self.known:
                planes = [
                    np.load(path / f"{name}.npy", mmap_mode="r") for name in ("canvases", "labels", "masks")
                ]
                self.known[path.name] = (planes[0], planes[1], planes[2])

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Random batch ``(crops, labels, masks, counted)``: moved by whole mask cells, mirrored, toned."""
        names = sorted(self.known)
        crops, labels, masks, counted = [], [], [], []
        for s in rng.integers(0, len(names), n):
            canvases, all_labels, all_masks = self.known[names[s]]
            i = int(rng.integers(len(canvases)))
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
    """Presence per kind and of any kind, and masks with the weight on the kinds that are there."""
    there = functional.binary_cross_entropy_with_logits(presence, labels * 0.99 + 0.002, reduction="none")
    there = (there * counted).sum() / counted.sum()
    none = functional.logsigmoid(-presence).sum(1)  # noisy or: the logarithm of no kind being there
    any_kind = labels.amax(1)
    some = torch.log1p(-torch.exp(none.clamp(max=-1e-4)))
    any_loss = -(any_kind * some + (1 - any_kind) * none).mean()
    cells = functional.binary_cross_entropy_with_logits(mask, masks, reduction="none").mean((2, 3))
    weight = (labels + 0.15) * counted
    return (
        there
        + _ANY_WEIGHT * any_loss / labels.shape[1] * 2
        + _MASK_WEIGHT * (cells * weight).sum() / weight.sum()
    )


def train(args: argparse.Namespace) -> OverlayNet:
    """Run or resume; return the averaged network."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net = OverlayNet()
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
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        first, trained_s = saved["step"], saved["trained_s"]
    data = Shards(args.work / "shards", "train")
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
        crops, labels, masks, counted = data.draw(np.random.default_rng([args.seed, step]), args.batch)
        with torch.no_grad():
            low = net.low(crops)
        presence, mask = net.high(low)
        loss = loss_of(presence, mask, labels, masks, counted)
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
            print(f"step {step} loss {running / 50:.4f} shards {len(data.known)}", end=" ")
            print(f"{rate:.0f} crops/s at {progress:.3f}", flush=True)
            running = 0.0
        if step % 300 == 0:
            _save(checkpoint, net, average, optimiser, step, time.monotonic() - started)
    _save(checkpoint, net, average, optimiser, step, time.monotonic() - started)
    return average


def _save(
    path: Path,
    net: OverlayNet,
    average: OverlayNet,
    optimiser: torch.optim.Optimizer,
    step: int,
    trained_s: float,
) -> None:
    state = {
        "net": net.state_dict(),
        "average": average.state_dict(),
        "optimiser": optimiser.state_dict(),
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
    parser.add_argument("--trunk", type=Path, required=True, help="mobilenet_v2-b0353104.pth")
    parser.add_argument("--name", default="overlays", help="name of the checkpoint")
    parser.add_argument("--minutes", type=float, default=75, help="how long to train, over all runs")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=8e-4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=20261123)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
