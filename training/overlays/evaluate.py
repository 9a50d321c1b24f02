"""Measure an ONNX file on what it was not made from: reserved art, other people, other photographs.

Prints, per kind and for any kind together: AUC, recall at 1 % false alarms on these very harmless crops, and
recall and false alarms at the file's own working point (0.5), which is what a user gets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
import onnxruntime

from training.overlays.build import arguments, finished, material, middles
from training.overlays.compose import example, scene
from training.overlays.layers import KINDS
from training.overlays.photos import clean_crops

LEAST_COVERED = 0.08
"""Overlays that cover less of the face than this are measured apart."""


def auc(negative: np.ndarray, positive: np.ndarray) -> float:
    """Area under the ROC curve (Mann-Whitney), ties counted half."""
    order = np.concatenate([negative, positive])
    ranks = np.empty(len(order))
    _, inverse, counts = np.unique(order, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    n, p = len(negative), len(positive)
    return float((ranks[n:].sum() - p * (p + 1) / 2) / (n * p))


def confidences(session: onnxruntime.InferenceSession, crops: np.ndarray) -> np.ndarray:
    """Confidence ``(n, 9)`` of uint8 crops, shrunk for a network that takes smaller ones."""
    side = session.get_inputs()[0].shape[2]
    if side != crops.shape[1]:
        smaller = [cv2.resize(crop, (side, side), interpolation=cv2.INTER_AREA) for crop in crops]
        crops = np.stack(smaller)
    out = []
    for i in range(0, len(crops), 50):
        planes = np.ascontiguousarray(crops[i : i + 50].transpose(0, 3, 1, 2), np.float32)
        out.append(session.run(None, {"crops": planes})[0])
    return np.concatenate(out)


def sheet(crops: list[np.ndarray], path: Path, columns: int = 16) -> None:
    """Write crops as one picture."""
    blank = np.zeros((128, 128, 3), np.uint8)
    crops = crops + [blank] * (-len(crops) % columns)
    rows = [np.hstack(crops[i : i + columns]) for i in range(0, len(crops), columns)]
    if rows:
        ok, data = cv2.imencode(".png", np.vstack(rows)[..., ::-1])
        path.write_bytes(data.tobytes() if ok else b"")


def test_set(args: argparse.Namespace) -> dict[str, np.ndarray]:
    """Make the crops that are measured on; kept in the work folder, since they depend on the seed alone."""
    cache = args.work / f"test-{args.harmless}-{args.per_kind}.npz"
    if not cache.exists():
        made = material(args, "test")
        rng = np.random.default_rng
        rows = [
            (k, example(rng([args.seed, 31, k, i]), made, kind, face_only=True))
            for k, kind in enumerate(KINDS)
            for i in range(args.per_kind)
        ]
        rows = [(k, row) for k, row in rows if row.labels[k]]
        some = [row for _, row in rows]
        none = [example(rng([args.seed, 30, i]), made, "", face_only=True) for i in range(args.harmless)]
        apart = [example(rng([args.seed, 32, i]), made, "", isolated_only=True) for i in range(args.harmless)]
        apart_some = [
            example(rng([args.seed, 33, k, i]), made, kind, isolated_only=True)
            for k, kind in enumerate(KINDS)
            for i in range(args.per_kind // 3)
        ]
        film = rng([args.seed, 34])
        np.savez(
            cache,
            harmless=middles(finished(film, none)),
            clean=clean_crops(made.photos, 12, args.seed + 1),
            scenes=middles(finished(film, [scene(rng([args.seed, 35, i]), made) for i in range(600)])),
            violent=middles(finished(film, some)),
            isolated=middles(finished(film, apart)),
            isolated_violent=middles(finished(film, apart_some)),
            isolated_labels=np.stack([row.labels for row in apart_some]),
            kind=np.array([k for k, _ in rows]),
            covered=np.array([row.covered for row in some]),
            source=np.array([row.source for row in some]),
        )
    with np.load(cache) as data:
        return dict(data)


def measure(sets: dict[str, np.ndarray], session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    """Print the tables; return the confidences."""
    quiet, clean = confidences(session, sets["harmless"]), confidences(session, sets["clean"])
    loud, truth, source = confidences(session, sets["violent"]), sets["kind"], sets["source"]
    seen = sets["covered"] >= LEAST_COVERED
    by_art = source != "procedural"
    bare = confidences(session, sets["scenes"])
    all_quiet = np.concatenate([quiet, clean, bare])
    limits = np.quantile(all_quiet, 0.99, axis=0)
    print(
        f"harmless crops {len(quiet)}; untouched photographs {len(clean)}; scenes {len(bare)}; limits on all"
    )
    print(
        "kind, n covering 8 % of the face, AUC, R@1%, by art, by painter, R@0.5, kind is highest, alarms@0.5"
    )
    for k, kind in enumerate(KINDS):
        rows = (truth == k) & seen
        got = loud[rows]
        hit = got[:, k] > limits[k]
        figures = (
            auc(all_quiet[:, k], got[:, k]),
            hit.mean(),
            hit[by_art[rows]].mean() if by_art[rows].any() else np.nan,
            hit[~by_art[rows]].mean(),
            (got[:, k] >= 0.5).mean(),
            (got.argmax(1) == k).mean(),
            (all_quiet[:, k] >= 0.5).mean(),
        )
        print(f"{kind:12s} {int(rows.sum()):4d} " + " ".join(f"{v:7.4f}" for v in figures))
    any_quiet, any_loud = all_quiet.max(1), loud.max(1)
    limit, area = float(np.quantile(any_quiet, 0.99)), auc(any_quiet, any_loud[seen])
    print(
        f"ANY n={seen.sum()} AUC {area:.4f} R@1% {(any_loud[seen] > limit).mean():.3f}",
        f"R@0.5 {(any_loud[seen] >= 0.5).mean():.3f} alarms@0.5 harmless {(quiet.max(1) >= 0.5).mean():.4f}",
        f"photographs {(clean.max(1) >= 0.5).mean():.4f} scenes {(bare.max(1) >= 0.5).mean():.4f}",
    )
    for low, high in ((0, 0.03), (0.03, 0.08), (0.08, 0.2), (0.2, 0.4), (0.4, 1.01)):
        part = (sets["covered"] >= low) & (sets["covered"] < high)
        best, own = (any_loud[part] > limit).mean(), (any_loud[part] >= 0.5).mean()
        print(f"  {low:.2f} to {high:.2f} of the face: n={part.sum()} R@1% {best:.3f} R@0.5 {own:.3f}")
    for name in sorted(set(source.tolist())):
        part = (source == name) & seen
        if part.any():
            print(f"  art of {name}: n={part.sum()} R@1% {(any_loud[part] > limit).mean():.3f}")
    apart, apart_some = confidences(session, sets["isolated"]), confidences(session, sets["isolated_violent"])
    found = apart_some[sets["isolated_labels"].any(1)].max(1)
    limit = float(np.quantile(apart.max(1), 0.99))
    print(
        f"all else greyed out: AUC {auc(apart.max(1), found):.4f} R@1% {(found > limit).mean():.3f}",
        f"R@0.5 {(found >= 0.5).mean():.3f} alarms@0.5 {(apart.max(1) >= 0.5).mean():.4f}",
    )
    return {"harmless": quiet, "clean": clean, "scenes": bare, "isolated": apart, "violent": loud}


def main() -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    arguments(parser)
    parser.add_argument(
        "--model", type=Path, required=True, action="append", help="repeatable: all on the same crops"
    )
    parser.add_argument("--harmless", type=int, default=2000)
    parser.add_argument("--per-kind", type=int, default=150)
    parser.add_argument("--sheets", type=Path, help="folder for pictures of the last model's worst errors")
    args = parser.parse_args()
    cv2.setNumThreads(1)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    sets = test_set(args)
    for model in args.model:
        print(model)
        session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        got = measure(sets, session)
    if args.sheets:
        args.sheets.mkdir(parents=True, exist_ok=True)
        for name in ("harmless", "clean", "scenes", "isolated"):
            worst = np.argsort(-got[name].max(1), kind="stable")[:64]
            sheet([sets[name][i] for i in worst], args.sheets / f"alarms-{name}.png")
            said = [f"{KINDS[int(got[name][i].argmax())]} {got[name][i].max():.2f}" for i in worst]
            print(name, "; ".join(said))
        own = got["violent"][np.arange(len(sets["kind"])), sets["kind"]]
        missed = np.argsort(own, kind="stable")[:128]
        sheet([sets["violent"][i] for i in missed], args.sheets / "misses.png")


if __name__ == "__main__":
    main()
