"""What an analysis costs and finds, beside plain decoding and beside the script a user would write instead.

    make bench

Every contender runs as a process of its own, one after the other; costs are processor time, children
included, and ratios are within this run. Absolute seconds depend on the machine and its load.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import truth
from measure import Cost, cost_of
from rich.console import Console
from rich.table import Table
from truth import Reading

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"
LANGUAGES = "eng,ara,rus,fra,deu"
SHARED = ("text/rapidvideocr_2.mp4", "hashes/vpdq/pattern-sd-grey-bar.mp4")
STAGES = (
    ("sampling", "-"),
    ("text", "text"),
    ("known", "known"),
    ("faces", "faces"),
    ("faces, identity", "faces,identity"),
    ("faces, overlays", "faces,overlays"),
)


def main() -> int:
    console = Console(width=120)
    videos = [FIXTURES / "flames.mp4", *_shared(console)]
    for video in videos:
        decode = _python("decode.py", video)
        analysis, report = _analysis(video)
        naive = _python("naive.py", video, FIXTURES / "known", FIXTURES / "gallery", LANGUAGES)
        _print_costs(console, video, decode, analysis, naive)
        if video.name == "flames.mp4":
            wanted = truth.load(FIXTURES / "flames.json")
            _print_recall(console, wanted, report, json.loads(naive.output))
            _print_stages(console, video, decode)
    return 0


def _shared(console: Console) -> list[Path]:
    folder = os.environ.get("MF_TEST_DATA")
    if not folder:
        console.print("MF_TEST_DATA is not set: only the fixture is measured, no media by other hands.")
        return []
    return [Path(folder) / name for name in SHARED]


def _python(script: str, *arguments: object) -> Cost:
    cost = cost_of([sys.executable, str(HERE / script), *map(str, arguments)])
    if cost.status != 0:
        raise SystemExit(f"{script} failed with status {cost.status}")
    return cost


def _analysis(video: Path) -> tuple[Cost, dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "report.json"
        cost = cost_of(
            [
                sys.executable, "-m", "mediaforensics", "analyze", str(video),
                "--known", str(FIXTURES / "known"), "--gallery", str(FIXTURES / "gallery"),
                "--languages", LANGUAGES, "--json", str(target),
            ]
        )  # fmt: skip
        if cost.status not in (0, 1):
            raise SystemExit(f"the analysis failed with status {cost.status}")
        return cost, json.loads(target.read_text())


def _print_costs(console: Console, video: Path, decode: Cost, analysis: Cost, naive: Cost) -> None:
    table = Table(title=f"{video.name}: processor time", title_justify="left")
    for column in ("", "CPU s", "x decode", "x naive script", "peak MiB", "wall s"):
        table.add_column(column, justify="left" if not column else "right")
    for name, cost in (("decode only", decode), ("analysis", analysis), ("naive script, 1 fps", naive)):
        table.add_row(
            name,
            f"{cost.cpu_s:.2f}",
            f"{cost.cpu_s / decode.cpu_s:.2f}",
            f"{cost.cpu_s / naive.cpu_s:.2f}",
            f"{cost.peak_rss_mib:.0f}",
            f"{cost.wall_s:.1f}",
        )
    console.print(table)


def _print_recall(
    console: Console, wanted: dict[str, Any], report: dict[str, Any], naive: dict[str, Any]
) -> None:
    ours = {
        "texts": [Reading(start_s=t["start_s"], end_s=t["end_s"], what=t["text"]) for t in report["texts"]],
        "faces": [
            Reading(start_s=f["start_s"], end_s=f["end_s"], what=f["person_id"] or "")
            for f in report["faces"]
        ],
        "known": [
            Reading(start_s=k["start_s"], end_s=k["end_s"], what=k["entry_id"]) for k in report["known"]
        ],
        "overlays": [
            Reading(start_s=o["start_s"], end_s=o["end_s"], what=o["kind"]) for o in report["overlays"]
        ],
    }
    theirs = {
        kind: [Reading(start_s=at, end_s=at + 0.04, what=what) for at, what in naive.get(kind, [])]
        for kind in ours
    }
    table = Table(title="flames.mp4: recall against the truth", title_justify="left")
    for column in ("", "analysis", "naive script, 1 fps"):
        table.add_column(column, justify="left" if not column else "right")
    errors = {name: truth.text_errors(wanted, side["texts"]) for name, side in (("a", ours), ("n", theirs))}
    shown = [f"{sum(e <= truth.FOUND_CER for *_, e in side)} of {len(side)}" for side in errors.values()]
    table.add_row("texts", *shown)
    for language in sorted({language for language, *_ in errors["a"]}):
        means = []
        for side in errors.values():
            rates = [rate for spoken, _, rate in side if spoken == language]
            means.append(f"{sum(rates) / len(rates):.3f}")
        table.add_row(f"  mean character error rate, {language}", *means)
    for kind, key in (("faces", "person_id"), ("known", "entry_id"), ("overlays", "kind")):
        events = [(e["start_s"], e["end_s"], e[key]) for e in wanted[kind] if e[key]]
        hits = [truth.found_fraction(events, side[kind]) for side in (ours, theirs)]
        table.add_row(kind, *(f"{found} of {total}" for found, total in hits))
    console.print(table)


def _print_stages(console: Console, video: Path, decode: Cost) -> None:
    table = Table(title="flames.mp4: stage by stage, processor time", title_justify="left")
    for column in ("detectors", "import s", "set-up s", "analysis s", "x decode", "samples"):
        table.add_column(column, justify="left" if column == "detectors" else "right")
    for name, detectors in STAGES:
        inside = json.loads(
            _python("stages.py", video, FIXTURES / "known", FIXTURES / "gallery", LANGUAGES, detectors).output
        )
        table.add_row(
            name,
            f"{inside['start_s']:.2f}",
            f"{inside['set_up_s']:.2f}",
            f"{inside['analyse_s']:.2f}",
            f"{inside['analyse_s'] / decode.cpu_s:.2f}",
            str(inside["samples"]),
        )
    console.print(table)


if __name__ == "__main__":
    sys.exit(main())
