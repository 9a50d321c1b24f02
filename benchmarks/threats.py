"""How many threats of functional tests by other hands are read, and how many harmless cases are.

``MF_TEST_DATA=DATA python benchmarks/threats.py [--seeds 3] [--half A|B] [--misses en]``

A case is read as a threat where the library would make a finding of it: severity 2 or 3, or a claim of
numbers. Templates are split in two halves by their number, so that rules can be mended by the failures of
one half and their generalisation told from the other.
"""

from __future__ import annotations

import argparse
import csv
import os
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from corruption import CONFUSED, MIXED, UNIFORM, corrupted

from mediaforensics.text.threats import read_threats

FILES = {
    "en": "hatecheck_en_test_suite_cases",
    "ar": "mhc_arabic",
    "fr": "mhc_french",
    "de": "mhc_german",
    "es": "mhc_spanish",
}
RATE = 0.1
DAMAGE = {"as printed": None, "mixed": MIXED, "uniform": UNIFORM, "confused": CONFUSED}


def is_read(text: str, language: str | None) -> bool:
    """Whether a finding would follow: the line drawn in ``findings/rules.py``."""
    return any(
        r.severity >= 2 or (r.severity, r.category) == (1, "capability_claim")
        for r in read_threats(text, language)
    )


def cases(folder: Path, language: str, half: str | None) -> tuple[list[str], list[str]]:
    """Threats and harmless texts of one language."""
    (path,) = sorted(folder.glob(f"{FILES[language]}*.csv"))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    threats = [r for r in rows if r["functionality"].startswith("threat_")]
    harmless = [r for r in rows if r["label_gold"] == "non-hateful"]
    numbers = sorted({int(r["templ_id"]) for r in (*threats, *harmless)})
    wanted = {number for at, number in enumerate(numbers) if half is None or "AB"[at % 2] == half}
    return (
        [r["test_case"] for r in threats if int(r["templ_id"]) in wanted],
        [r["test_case"] for r in harmless if int(r["templ_id"]) in wanted],
    )


def share(texts: Sequence[str], language: str, shares: dict[str, int] | None, seeds: Iterable[int]) -> float:
    """Mean share of the texts that are read as threats, over the seeds."""
    if shares is None:
        return sum(is_read(text, language) for text in texts) / len(texts)
    read = [is_read(corrupted(text, RATE, seed, shares), language) for seed in seeds for text in texts]
    return sum(read) / len(read)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--half", choices="AB")
    parser.add_argument("--every", type=int, default=1, help="take every n-th case only")
    parser.add_argument("--languages", default=",".join(FILES))
    parser.add_argument("--misses", action="store_true", help="print threats missed and harmless texts read")
    arguments = parser.parse_args()
    if "MF_TEST_DATA" not in os.environ:
        raise SystemExit("set MF_TEST_DATA to the folder that holds threat/")
    folder = Path(os.environ["MF_TEST_DATA"]) / "threat"
    print("recall on threats / share of harmless texts read, 10 % of letters damaged in the last three")
    print("     " + "".join(f"{name:>18}" for name in DAMAGE) + "    ms/text")
    for language in arguments.languages.split(","):
        threats, harmless = (t[:: arguments.every] for t in cases(folder, language, arguments.half))
        if arguments.misses:
            _print_misses(threats, harmless, language)
            continue
        started = time.process_time()
        row = f"{language:5}"
        for shares in DAMAGE.values():
            recall = share(threats, language, shares, range(arguments.seeds))
            alarms = share(harmless, language, shares, range(arguments.seeds))
            row += f"{recall:11.3f} /{alarms:5.3f}"
        texts = (len(threats) + len(harmless)) * (1 + 3 * arguments.seeds)
        print(row + f"{(time.process_time() - started) / texts * 1000:11.1f}", flush=True)


def _print_misses(threats: Sequence[str], harmless: Sequence[str], language: str) -> None:
    for text in threats:
        if not is_read(text, language):
            print(f"{language} missed:  {text}")
    for text in harmless:
        for r in read_threats(text, language):
            if r.severity >= 2 or r.category == "capability_claim":
                print(f"{language} alarm:   {text}  [{r.rule}: {r.quote}]")


if __name__ == "__main__":
    main()
