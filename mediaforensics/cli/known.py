"""``mediaforensics known``: build sets of known pictures, add to them, search them, write them as lists."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mediaforensics.cli.screen import (
    EXIT_IN_PART,
    EXIT_UNREADABLE,
    counting,
    progress,
    put,
    say,
    standard_output,
)

if TYPE_CHECKING:
    from mediaforensics.api import Analyzer
    from mediaforensics.known.lists import KnownList
    from mediaforensics.known.matching import Explanation
    from mediaforensics.known.store import KnownSet
    from mediaforensics.report.model import Report
    from mediaforensics.types import HashValue


Commands = Any
"""What ``argparse`` gives for adding sub-commands; it has no public name."""


def add_known(commands: Commands) -> None:
    """Add ``known`` and what it can do to the command line."""
    known = commands.add_parser(
        "known",
        help="build, extend, search and write out sets of known pictures",
        description="Sets of known pictures and videos, made once from folders and hash lists.",
    )
    verbs = known.add_subparsers(dest="verb", metavar="VERB", required=True)
    build = verbs.add_parser(
        "build", help="make a new set of folders of pictures and hash lists", parents=[_reading()]
    )
    build.set_defaults(carry_out=_build)
    add = verbs.add_parser(
        "add",
        help="add to a set; entries that a list takes back are removed",
        parents=[_reading()],
    )
    add.set_defaults(carry_out=_add)
    remove = verbs.add_parser("remove", help="remove entries of a list from a set")
    remove.add_argument("set", metavar="SET")
    remove.add_argument("list", metavar="LIST")
    remove.add_argument("entries", metavar="ENTRY", nargs="+")
    remove.set_defaults(carry_out=_remove)
    match = verbs.add_parser(
        "match",
        help="say which known pictures appear in files, or lie near hash values",
        description="Look for known pictures in pictures and videos, and near hash values.",
        epilog="Exit status: 0 nothing known, 1 something known, 2 wrong use or set-up, 3 a source could not "
        "be read, 4 a source was read in part.",
    )
    match.add_argument("set", metavar="SET", help="a set, a folder of pictures or a hash list")
    match.add_argument(
        "sources",
        metavar="SOURCE",
        nargs="+",
        help="a picture or video, or a value such as pdq:HEX, phash:HEX or md5:HEX",
    )
    match.add_argument("--json", action="store_true", help="one JSON object a line on standard output")
    match.set_defaults(carry_out=_match)
    export = verbs.add_parser("export", help="write a set as a hash list")
    export.add_argument("set", metavar="SET")
    export.add_argument("--format", required=True, metavar="FORMAT", help="see docs/hash-lists.md")
    export.add_argument("--list", metavar="NAME", help="this list only")
    export.add_argument("--output", metavar="FILE", default="-", help="- (the default) for standard output")
    export.set_defaults(carry_out=_export)
    stats = verbs.add_parser("stats", help="say what is in a set and what could not be used")
    stats.add_argument("set", metavar="SET", help="a set, a folder of pictures or a hash list")
    stats.add_argument("--verify", action="store_true", help="compare every byte with what was written")
    stats.add_argument("--json", action="store_true", help="JSON on standard output")
    stats.set_defaults(carry_out=_stats)


def _reading() -> argparse.ArgumentParser:
    """How a path becomes part of a set."""
    reading = argparse.ArgumentParser(add_help=False)
    reading.add_argument("set", metavar="SET", help="folder of the set")
    reading.add_argument(
        "paths", metavar="PATH", nargs="+", help="a folder of pictures, a picture, or a hash list"
    )
    reading.add_argument(
        "--name", metavar="NAME", help="name of the list; default: that of the folder or file"
    )
    reading.add_argument("--format", metavar="FORMAT", help="of a hash list whose content does not tell it")
    reading.add_argument(
        "--label", metavar="WORD", action="append", default=[], help="label of every entry; several times"
    )
    reading.add_argument(
        "--allow",
        action="store_true",
        help="its pictures are harmless: what is as near to them is not reported",
    )
    reading.add_argument(
        "--max-distance-bits", metavar="N", type=int, help="how far a perceptual hash may be; 31 for PDQ"
    )
    reading.add_argument("--min-quality", metavar="N", type=int, help="PDQ quality that counts; 50")
    reading.add_argument("--source", metavar="TEXT", help="where the list comes from, for the record")
    return reading


def _rules(parsed: argparse.Namespace) -> KnownList:
    from mediaforensics.known.lists import KnownList

    return KnownList(
        name=parsed.name or "",
        allow=parsed.allow,
        max_distance_bits=parsed.max_distance_bits,
        min_quality=parsed.min_quality,
        labels=tuple(parsed.label),
        source=parsed.source,
    )


def _build(parsed: argparse.Namespace) -> int:
    from mediaforensics.errors import OptionError
    from mediaforensics.known.store import KnownSet

    if os.path.lexists(parsed.set):
        raise OptionError(f"{parsed.set} exists; give another name, or use: mediaforensics known add")
    known = _with_paths(KnownSet(lists=(), segments=()), parsed)
    known.save(parsed.set)
    _tell(_open_built(parsed.set))
    return 0


def _add(parsed: argparse.Namespace) -> int:
    _tell(_with_paths(_open_built(parsed.set), parsed).update(parsed.set))
    return 0


def _with_paths(known: KnownSet, parsed: argparse.Namespace) -> KnownSet:
    with counting(Path(parsed.set).name) as on_progress:
        return known.add(parsed.paths, rules=_rules(parsed), form=parsed.format, on_progress=on_progress)


def _remove(parsed: argparse.Namespace) -> int:
    from mediaforensics.errors import OptionError

    known = _open_built(parsed.set)
    if parsed.list not in known.lists:
        raise OptionError(f"{parsed.set} has no list {parsed.list}; it has {', '.join(sorted(known.lists))}")
    fewer = known.remove(parsed.list, parsed.entries)
    fewer.update(parsed.set)
    say(f"{len(known) - len(fewer)} removed")
    return 0


def _match(parsed: argparse.Namespace) -> int:
    from mediaforensics.api import Analyzer
    from mediaforensics.errors import MediaError
    from mediaforensics.known.store import KnownSet
    from mediaforensics.options import Options

    known = KnownSet.open(parsed.set)
    options = Options(text=None, faces=None, overlays=None, evidence=None)
    analyzer: Analyzer | None = None
    any_known = unreadable = in_part = False
    for source in parsed.sources:
        if (value := _value(source)) is not None:
            found = [_explained(one) for one in known.explain(value)]
            any_known |= any(one["counts"] for one in found)
        else:
            analyzer = analyzer or Analyzer(known=known, options=options)
            try:
                with progress(Path(source).name) as on_progress:
                    report = analyzer.analyze(source, on_progress=on_progress)
            except MediaError as error:
                say(f"mediaforensics: {error}")
                unreadable = True
                continue
            found = _showings(report)
            any_known |= bool(found)
            in_part |= not report.coverage.complete
            for line in _unseen(report):
                say(f"{source}: {line}")
        for one in found:
            _print(source, one, parsed.json)
    if unreadable or in_part:
        return EXIT_UNREADABLE if unreadable else EXIT_IN_PART
    return int(any_known)


def _value(source: str) -> HashValue | None:
    """A hash value written as ``algorithm:digits``; None for a path."""
    from mediaforensics.known.exchange.values import ALGORITHMS, value_of
    from mediaforensics.types import HashValue

    algorithm, colon, digits = source.partition(":")
    if not colon or algorithm not in ALGORITHMS:
        return None
    value = value_of(algorithm, digits)
    return HashValue(algorithm, 8 * len(value), value)


def _explained(one: Explanation) -> dict[str, Any]:
    return {
        "list": one.entry.list_name,
        "entry_id": one.entry.entry_id,
        "labels": list(one.entry.labels),
        "algorithm": one.algorithm,
        "distance_bits": one.distance_bits,
        "counts": one.counts,
        "why": one.why,
    }


def _showings(report: Report) -> list[dict[str, Any]]:
    from mediaforensics.report.codec import to_mapping

    shown: list[dict[str, Any]] = to_mapping(report)["known"]
    words = {finding.evidence[0]: finding.explanation for finding in report.findings if finding.evidence}
    return [{**one, "counts": True, "why": words.get(one["id"], "")} for one in shown]


def _unseen(report: Report) -> Iterator[str]:
    """What of a source was not looked at."""
    for gap in report.coverage.undecodable:
        yield f"not read: {gap.why}"
    for run in report.detectors:
        if run.name == "known":
            yield from (f"could not look: {failure.why}" for failure in run.failures)
            yield from (f"note: {note}" for note in run.notes)


def _print(source: str, one: dict[str, Any], as_json: bool) -> None:
    if as_json:
        line = json.dumps({"source": source, **one}, ensure_ascii=True)
    else:
        mark = "match" if one["counts"] else "no match"
        line = f"{source}: {mark}: {one['list']}/{one['entry_id']}: {one['why']}"
    put(line.encode("utf-8", "backslashreplace").decode() + "\n", "-", "")


def _export(parsed: argparse.Namespace) -> int:
    from mediaforensics.disk import writing_whole
    from mediaforensics.errors import OptionError
    from mediaforensics.known.exchange.writing import write_list
    from mediaforensics.known.store import KnownSet
    from mediaforensics.report.files import require_writable

    known = KnownSet.open(parsed.set)
    if parsed.list is not None and parsed.list not in known.lists:
        raise OptionError(f"{parsed.set} has no list {parsed.list}; it has {', '.join(sorted(known.lists))}")
    path = Path(parsed.output)
    if parsed.output != "-":
        require_writable(path, Path(parsed.set))
    with standard_output() if parsed.output == "-" else writing_whole(path) as stream:
        lost = write_list(known.rows(parsed.list), stream, parsed.format)
        _complain(f"{problem.where}: {problem.why}" for problem in lost)
    if parsed.output != "-":
        say(f"List: {parsed.output}")
    return 0


def _stats(parsed: argparse.Namespace) -> int:
    from mediaforensics.known.storage import is_stored_set
    from mediaforensics.known.store import KnownSet

    known = KnownSet.open(parsed.set)
    if parsed.verify and is_stored_set(Path(parsed.set)):
        KnownSet.verify(parsed.set)
        say("every file is as it was written")
    if parsed.json:
        put(json.dumps(known.stats(), indent=2) + "\n", "-", "")
        return 0
    _tell(known)
    return 0


def _open_built(folder: str) -> KnownSet:
    from mediaforensics.errors import OptionError
    from mediaforensics.known.storage import is_stored_set
    from mediaforensics.known.store import KnownSet

    if not is_stored_set(Path(folder)):
        raise OptionError(f"{folder} is no built set; make one with: mediaforensics known build")
    return KnownSet.open(folder)


def _tell(known: KnownSet) -> None:
    """What is in a set, and what a search in it will not see."""
    from mediaforensics.known.detector import KnownDetector
    from mediaforensics.options import KnownOptions

    for name, one in known.stats()["lists"].items():
        values = ", ".join(f"{count} {kind}" for kind, count in one["values"].items()) or "no values"
        allow = ", allow list" if one["allow"] else ""
        say(f"{name}: {one['entries']} entries ({values}), {one['pictures']} with pictures{allow}")
    _complain(KnownDetector(known, KnownOptions()).notes)


def _complain(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        say(f"note: {sentence}")
