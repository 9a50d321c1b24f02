"""One analysis with some of the detectors only, as a process of its own; prints what it cost inside.

python benchmarks/stages.py VIDEO KNOWN GALLERY LANGUAGES DETECTOR[,DETECTOR...]|-
"""

from __future__ import annotations

import json
import os
import sys

import mediaforensics as mf
from mediaforensics.options import FaceOptions, KnownOptions, OverlayOptions, TextOptions


def main(video: str, known: str, gallery: str, languages: str, wanted: str) -> dict[str, float]:
    names = set(wanted.split(","))
    options = mf.Options(
        text=TextOptions(languages=tuple(languages.split(","))) if "text" in names else None,
        known=KnownOptions() if "known" in names else None,
        faces=FaceOptions() if names & {"faces", "identity", "overlays"} else None,
        overlays=OverlayOptions() if "overlays" in names else None,
        evidence=None,
    )
    started_s = sum(os.times()[:4])
    analyzer = mf.Analyzer(
        known=known if "known" in names else None,
        gallery=gallery if "identity" in names else None,
        options=options,
    )
    ready_s = sum(os.times()[:4])
    report = analyzer.analyze(video)
    return {
        "start_s": started_s,
        "set_up_s": ready_s - started_s,
        "analyse_s": sum(os.times()[:4]) - ready_s,
        "samples": report.coverage.frames_sampled,
    }


if __name__ == "__main__":
    json.dump(main(*sys.argv[1:6]), sys.stdout)
