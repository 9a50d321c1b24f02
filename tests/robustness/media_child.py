"""Decodes files named on standard input, one JSON line each; run in a child so that a crash names its file.

A line ``{"begin": path}`` is written before a file is touched, ``{"end": path, ...}`` after it.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from mediaforensics.errors import MediaForensicsError
from mediaforensics.media.decode import open_media
from mediaforensics.media.source import Source
from mediaforensics.options import LimitOptions

_ADDRESS_SPACE_BYTES = 4 << 30


def _peak_rss_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _say(line: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def decode(path: str, limits: LimitOptions) -> dict[str, object]:
    """Read a file to its end, looking at frames the way detectors do."""
    times: list[float] = []
    with Source.open(path, limits) as source:
        decoder = open_media(source, limits)
        try:
            for index, frame in enumerate(decoder.frames()):
                times.append(frame.time.seconds)
                frame.luma(320)
                if index % 50 == 0:
                    frame.rgb()
                    frame.rgb(640)
            facts = decoder.facts()
            return {
                "status": "partial" if decoder.gaps else "ok",
                "frames": facts.frames_decoded,
                "times": times,
                "rotation_degrees": facts.rotation_degrees,
                "mirrored": facts.mirrored,
                "gaps": [[gap.span.start.seconds, gap.span.end.seconds, gap.why] for gap in decoder.gaps],
                "notes": facts.notes,
            }
        finally:
            decoder.close()


def main() -> None:
    """Work through standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    limits = LimitOptions(deadline_s=50, max_frames=int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000)
    for line in sys.stdin:
        path = json.loads(line)
        _say({"begin": path})
        _reset_peak()
        started = time.monotonic()
        try:
            result = decode(path, limits)
        except MediaForensicsError as error:
            result = {"status": type(error).__name__, "why": str(error)}
        except Exception as error:
            result = {"status": "UNTYPED", "why": f"{type(error).__name__}: {error}"}
        result |= {"end": path, "peak_rss_mib": _peak_rss_mib(), "wall_s": time.monotonic() - started}
        _say(result)


if __name__ == "__main__":
    main()
