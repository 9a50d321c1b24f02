"""Train the overlay network on the shards of ``build.py``; seeded, resumable, one CPU thread is enough.

Learns presence (binary cross-entropy per kind) and coarse masks together. Ends with a calibrated ONNX file.
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

from training.overlays.net import OverlayNet


class Shards:
    """All shards of a split in memory, as the frozen blocks see them; takes up new ones as they come."""

    def __init__(self, folder: Path, part: str, net: OverlayNet, *, cached: bool) -> None:
        self.folder, self.part, self.net, self.cached = folder, part, net, cached
        self.known: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self.refresh()

    def refresh(self) -> None:
        """Load what is new."""
        for path in sorted(self.folder.glob(f"{self.part}-*.npz")):
            if path.name not in self.known:
                with np.load(path) as data:
                    crops = data["crops"]
                    if self.cached:
                        parts = [
                            self.low(_planes(crops[i : i + 50])).half().numpy()
                            for i in range(0, len(crops), 50)
                        ]
                        crops = np.concatenate(parts)
                    self.known[path.name] = (crops, data["labels"], data["masks"])

    def low(self, x: Tensor) -> Tensor:
        """Run the frozen blocks."""
        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            return self.net.low(x)

    def draw(self, rng: np.random.Generator, n: int) -> tuple[Tensor, Tensor, Tensor]:
        """Random batch ``(trunk features, labels, masks)``; pixels get a random gain where not cached."""
        names = sorted(self.known)
        rows = [
            (names[s], int(rng.integers(len(self.known[names[s]][0]))))
            for s in rng.integers(0, len(names), n)
        ]
        crops = np.stack([self.known[s][0][i] for s, i in rows])
        labels = np.stack([self.known[s][1][i] for s, i in rows])
        masks = np.stack([self.known[s][2][i] for s, i in rows])
        if self.cached:
            x = torch.from_numpy(crops)
        else:
            gain = torch.from_numpy(rng.uniform(0.92, 1.08, (n, 3, 1, 1)).astype(np.float32))
            shift = torch.from_numpy(rng.uniform(-12, 12, (n, 1, 1, 1)).astype(np.float32))
            x = self.low((_planes(crops) * gain + shift).clamp(0, 255))
        x = x.float().contiguous(memory_format=torch.channels_last)
        return x, torch.from_numpy(labels).float(), torch.from_numpy(masks).float() / 255


def _planes(crops: np.ndarray) -> Tensor:
    x = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
    return x.contiguous(memory_format=torch.channels_last)


def loss_of(presence: Tensor, mask: Tensor, labels: Tensor, masks: Tensor) -> Tensor:
    """Presence loss, and mask loss weighted towards the kinds that are there."""
    smooth = labels * 0.97 + 0.01
    there = nn.functional.binary_cross_entropy_with_logits(presence, smooth)
    cells = nn.functional.binary_cross_entropy_with_logits(mask, masks, reduction="none").mean((2, 3))
    weight = labels + 0.15
    return there + 0.6 * (cells * weight).sum() / weight.sum()


def train(args: argparse.Namespace) -> OverlayNet:
    """Run or resume; return the averaged network."""
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    net = OverlayNet(args.frozen)
    net.load_trunk(args.trunk)
    if args.start_from:
        net.load_state_dict(torch.load(args.start_from, weights_only=True)["average"])
    net = net.to(memory_format=torch.channels_last)
    average = copy.deepcopy(net).eval()
    trunk = [p for n, p in net.named_parameters() if n.startswith("features.") and p.requires_grad]
    heads = [p for n, p in net.named_parameters() if not n.startswith("features.")]
    optimiser = torch.optim.AdamW(
        [{"params": trunk, "rate": args.rate}, {"params": heads, "rate": args.rate * 2}],
        lr=args.rate,
        weight_decay=0.01,
    )
    checkpoint = args.work / f"{args.name}.pt"
    first = 0
    if checkpoint.exists():
        saved = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(saved["net"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["step"]
    data = Shards(args.work / "shards", "train", net, cached=args.cached)
    net.train()
    running, started = 0.0, time.time()
    for step in range(first, args.steps):
        if step % 100 == 0:
            data.refresh()
        progress = step / args.steps
        factor = min(1.0, (step + 1) / 100) * (0.5 * (1 + math.cos(math.pi * progress)) * 0.98 + 0.02)
        for group in optimiser.param_groups:
            group["lr"] = group["rate"] * factor
        x, labels, masks = data.draw(np.random.default_rng([args.seed, step]), args.batch)
        presence, mask = net.high(x)
        loss = loss_of(presence, mask, labels, masks)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        decay = min(0.995, (step + 1) / (step + 20))
        with torch.no_grad():
            for a, b in zip(average.state_dict().values(), net.state_dict().values(), strict=True):
                if a.dtype.is_floating_point:
                    a.lerp_(b, 1 - decay)
                else:
                    a.copy_(b)
        running += float(loss.detach())
        if (step + 1) % 50 == 0:
            rate = (step + 1 - first) * args.batch / (time.time() - started)
            print(
                f"step {step + 1} loss {running / 50:.4f} shards {len(data.known)} {rate:.0f} crops/s",
                flush=True,
            )
            running = 0.0
        if (step + 1) % 200 == 0 or step + 1 == args.steps:
            torch.save(
                {
                    "net": net.state_dict(),
                    "average": average.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": step + 1,
                },
                checkpoint,
            )
    return average


def main() -> None:
    """Train from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--work", type=Path, required=True, help="folder with shards/; checkpoints go there too"
    )
    parser.add_argument("--trunk", type=Path, required=True, help="mobilenet_v2-b0353104.pth")
    parser.add_argument("--name", default="overlays", help="name of the checkpoint")
    parser.add_argument(
        "--start-from", type=Path, help="go on from an earlier checkpoint with a fresh schedule"
    )
    parser.add_argument("--frozen", type=int, default=4, help="trunk blocks that are not trained, 1 to 7")
    parser.add_argument(
        "--cached", action="store_true", help="run the frozen blocks once per example: faster"
    )
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=20261123)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
