"""Draw all that the text benchmark looks at, in several processes, and keep it for the next run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path

import clips
import footage
import grounds
from clips import Clip
from letters import Fonts

HARD = (360, 38)
"""Lines and CRF of the second, harder pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to draw: numbers of clips, lines and CRF of all but the ``hard`` ones, which folders to use.

    ``quiet`` and ``ordinary`` say whether footage without and with little text is wanted.
    """

    plan: Sequence[tuple[int, str, str]]
    hard: int
    height: int
    crf: int
    quiet: bool
    ordinary: bool
    cache: Path
    fonts: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """The clips; ``quiet`` is the footage without text, ``ordinary`` the one with little."""

    clips: list[Clip]
    hard: list[Clip]
    quiet: list[Clip]
    ordinary: Clip | None


def draw(wanted: Wanted, jobs: int) -> Drawn:
    """Draw what is not kept from an earlier run; progress goes to standard error."""
    quality = (wanted.height, wanted.crf)
    folder, hard_folder = (_folder(wanted, q) for q in (quality, HARD))
    hard = wanted.plan[: wanted.hard] if quality != HARD else ()
    clip_tasks = [partial(_one, *clip, folder, wanted.fonts, *quality) for clip in wanted.plan]
    hard_tasks = [partial(_one, *clip, hard_folder, wanted.fonts, *HARD) for clip in hard]
    quiet_tasks = [
        partial(footage.photograph, number, path, folder, *quality)
        for number, path in enumerate(grounds.photos() if wanted.quiet else [])
    ]
    ordinary_tasks = [partial(_ordinary, folder, wanted.fonts, *quality)] if wanted.ordinary else []
    groups = (ordinary_tasks, clip_tasks, hard_tasks, quiet_tasks)
    done: list[list[Clip]] = [[] for _ in groups]
    total, count = sum(map(len, groups)), 0
    with ProcessPoolExecutor(jobs, get_context("spawn")) as pool:
        futures = [[pool.submit(task) for task in group] for group in groups]
        for group, kept in zip(futures, done, strict=True):
            for future in group:
                kept.append(future.result())
                count += 1
                print(f"\r  drawn {count} of {total}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    quiet = [*footage.real_videos(), *done[3]] if wanted.quiet else []
    return Drawn(clips=done[1], hard=done[2], quiet=quiet, ordinary=done[0][0] if done[0] else None)


def _folder(wanted: Wanted, quality: tuple[int, int]) -> Path:
    folder = wanted.cache / clips.version(_fonts(wanted.fonts), *quality)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _one(
    number: int, behaviour: str, language: str, folder: Path, fonts: Path | None, height: int, crf: int
) -> Clip:
    return clips.make(number, behaviour, language, folder, _fonts(fonts), height, crf)


def _ordinary(folder: Path, fonts: Path | None, height: int, crf: int) -> Clip:
    return footage.ordinary(folder, _fonts(fonts), height, crf)


@lru_cache(maxsize=1)
def _fonts(folder: Path | None) -> Fonts:
    return Fonts(folder)
