"""Train the line recogniser on lines drawn while it learns; seeded, resumable, two CPU cores are enough.

Starts from PP-OCRv6's weights, so that it has to learn letters and not how to see. Writes a checkpoint every
500 steps, with the error rates on faces that it never learns from.
"""

from __future__ import annotations

import argparse
import copy
import math
import multiprocessing as mp
import time
from collections import defaultdict
from pathlib import Path
from queue import Full

import numpy as np
import torch
from torch import Tensor, nn

from mediaforensics.text.network import decode
from mediaforensics.text.regions import network_input
from mediaforensics.text.words import edit_distance
from training.text.alphabet import LETTERS, NUMBER
from training.text.fonts import Faces
from training.text.lines import HEIGHT_PX, WIDTHS_PX, Painter, load_photos
from training.text.net import LineNet, load_head, load_trunk

_ALPHABET = ["", *LETTERS]
_BATCH_PX = 10_240
"""Width of all lines of a batch together."""
_RATE, _HEAD_RATE, _WARM_UP = 6e-4, 2e-3, 300
_KEPT = 0.998
"""Of the running mean of the weights at each step; the mean is what is measured and exported."""

Batch = tuple[np.ndarray, list[str], list[str]]


def painter(arguments: argparse.Namespace, *, reserved: bool) -> Painter:
    """Build the painter from the folders of the command line."""
    return Painter(Faces(arguments.fonts, reserved=reserved), load_photos(arguments.photos))


def batches(source: Painter, seed: int, most: int | None = None) -> list[Batch]:
    """Draw batches without end, or some ``most`` lines of them."""
    rng = np.random.default_rng(seed)
    waiting: dict[int, list[tuple[np.ndarray, str, str]]] = defaultdict(list)
    drawn = 0
    while most is None or drawn < most:
        example = source.example(rng)
        if example is None or example[0].shape[1] > WIDTHS_PX[-1] or not all(c in NUMBER for c in example[1]):
            continue
        drawn += 1
        width = next(w for w in WIDTHS_PX if w >= example[0].shape[1])
        waiting[width].append(example)
        if len(waiting[width]) >= _BATCH_PX // width:
            yield _stacked(waiting.pop(width), width)
    for width, rest in waiting.items():
        yield _stacked(rest, width)


def _stacked(examples: list[tuple[np.ndarray, str, str]], width: int) -> Batch:
    # Filled up with their own last column: at run time there is nothing beside the line either.
    pixels = np.stack([np.pad(e[0], ((0, 0), (0, width - e[0].shape[1]), (0, 0)), "edge") for e in examples])
    return pixels, [e[1] for e in examples], [e[2] for e in examples]


def _draw(arguments: argparse.Namespace, seed: int, queue: mp.Queue[Batch]) -> None:
    torch.set_num_threads(1)
    for batch in batches(painter(arguments, reserved=False), seed):
        while True:
            try:
                queue.put(batch, timeout=60)
                break
            except Full:
                continue


def planes(pixels: np.ndarray) -> Tensor:
    """What the network reads: each line as the package shows it."""
    x = torch.from_numpy(np.concatenate([network_input(line) for line in pixels]))
    return x.contiguous(memory_format=torch.channels_last)


def error_rates(net: LineNet, held_out: list[Batch]) -> dict[str, float]:
    """Character error rate per language: edits over letters."""
    net.eval()
    wrong, all_letters = defaultdict(int), defaultdict(int)
    for pixels, labels, languages in held_out:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
            probability = net(planes(pixels)).float().softmax(-1).numpy()
        for row, label, language in zip(probability, labels, languages, strict=True):
            text = decode(row, _ALPHABET).text
            wrong[language] += edit_distance(text, label, len(text) + len(label))
            all_letters[language] += len(label)
    # For what is to be left blank: letters read per line.
    lines = sum(languages.count("none") for _, _, languages in held_out)
    return {language: wrong[language] / (all_letters[language] or lines) for language in sorted(wrong)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fonts", type=Path, nargs="+", required=True)
    parser.add_argument("--photos", type=Path, nargs="+", default=[Path("fixtures/sources")])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--trunk", type=Path, default=Path("mediaforensics/models/ppocrv6_rec_small.onnx"))
    parser.add_argument("--steps", type=int, default=6500)
    parser.add_argument("--seed", type=int, default=20161125)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(arguments.seed)
    # Threads that wait for each other lose more than they win on a machine that does anything else.
    torch.set_num_threads(1)
    net = LineNet(len(LETTERS))
    load_trunk(net, arguments.trunk)
    load_head(net, arguments.trunk, LETTERS)
    net.stem.requires_grad_(False)  # strokes are strokes; a tenth of the time
    net = net.to(memory_format=torch.channels_last)
    mean = copy.deepcopy(net).eval()
    head = [p for n, p in net.named_parameters() if n.startswith("head")]
    trunk = [p for n, p in net.named_parameters() if not n.startswith(("head", "stem"))]
    optimizer = torch.optim.AdamW(
        [{"params": trunk, "lr": _RATE}, {"params": head, "lr": _HEAD_RATE}], weight_decay=0.01
    )
    step, checkpoint = 0, arguments.work / "line.pt"
    if checkpoint.exists():
        saved = torch.load(checkpoint)
        net.load_state_dict(saved["net"])
        mean.load_state_dict(saved["mean"])
        optimizer.load_state_dict(saved["optimizer"])
        step = saved["step"]
    held_out = list(batches(painter(arguments, reserved=True), 7, most=500))
    queue: mp.Queue[Batch] = mp.Queue(24)
    # A worker that goes on where another was stopped draws other lines.
    mp.Process(target=_draw, args=(arguments, arguments.seed + step, queue), daemon=True).start()
    rates = (_RATE, _HEAD_RATE)
    started, lost = time.monotonic(), 0.0
    while step < arguments.steps:
        share = min(1.0, (step + 1) / _WARM_UP) * (0.5 + 0.5 * math.cos(math.pi * step / arguments.steps))
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * max(0.01, share)
        pixels, labels, _ = queue.get()
        net.train()
        with torch.autocast("cpu", torch.bfloat16):
            logits = net(planes(pixels))
        lengths = torch.tensor([len(label) for label in labels])
        targets = torch.tensor([NUMBER[letter] for label in labels for letter in label])
        steps = torch.full((len(labels),), logits.shape[1])
        loss = nn.functional.ctc_loss(
            logits.float().log_softmax(-1).transpose(0, 1), targets, steps, lengths, zero_infinity=True
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        step += 1
        kept = min(_KEPT, (1 + step) / (10 + step))
        with torch.no_grad():
            for ours, theirs in zip(mean.state_dict().values(), net.state_dict().values(), strict=True):
                if ours.is_floating_point():
                    ours.lerp_(theirs, 1 - kept)
        lost += float(loss.detach())
        if step % 50 == 0:
            print(f"{step} loss {lost / 50:.3f} {(time.monotonic() - started):.0f} s", flush=True)
            lost = 0.0
        if step % 500 == 0 or step == arguments.steps:
            rates_now = error_rates(mean, held_out)
            print(step, " ".join(f"{k} {v:.3f}" for k, v in rates_now.items()), flush=True)
            state = {"net": net.state_dict(), "mean": mean.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(state | {"step": step, "letters": LETTERS, "heights": HEIGHT_PX}, checkpoint)


if __name__ == "__main__":
    main()
