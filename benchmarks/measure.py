"""Run a command as its own process and read what it cost."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one process cost, its children included.

    Attributes
    ----------
    cpu_s : float
        User and system time of the process and of the children it waited for.
    wall_s : float
        Elapsed time.
    peak_rss_mib : float
        Largest resident memory of any single process of them.
    status : int
        Exit status.
    output : str
        Standard output.
    """

    cpu_s: float
    wall_s: float
    peak_rss_mib: float
    status: int
    output: str


def cost_of(command: Sequence[str]) -> Cost:
    """Run ``command`` to its end; its standard error is passed on only when it fails unexpectedly."""
    started_s = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    return Cost(
        cpu_s=usage.ru_utime + usage.ru_stime,
        wall_s=time.monotonic() - started_s,
        peak_rss_mib=usage.ru_maxrss / 1024,
        status=process.returncode,
        output=output,
    )
