"""``mediaforensics gallery``: judge a folder of people, save it without pictures, list it, delete from it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mediaforensics.cli.screen import counting, put, say

if TYPE_CHECKING:
    from mediaforensics.faces.roster import Roster

EXIT_FAULTS = 1

Commands = Any
"""What ``argparse`` gives for adding sub-commands; it has no public name."""


def add_gallery(commands: Commands) -> None:
    """Add ``gallery`` and what it can do to the command line."""
    gallery = commands.add_parser(
        "gallery",
        help="check, save, list and delete enrolled people",
        description="The people that may be named: from a folder with one sub-folder of pictures per person, "
        "or from a file of templates that was saved of it. See docs/gallery.md.",
    )
    verbs = gallery.add_subparsers(dest="verb", metavar="VERB", required=True)
    check = verbs.add_parser(
        "check",
        help="say of each person which pictures can be used, and why not the others",
        epilog="Exit status: 0 all fine, 1 a picture was refused, somebody expired or cannot be matched, "
        "2 wrong use or set-up.",
    )
    check.add_argument("gallery", metavar="FOLDER", help="one sub-folder of pictures per person")
    check.add_argument(
        "--rate",
        metavar="FRACTION",
        type=float,
        help="wanted share of strangers that match anybody, for the thresholds; 0.01",
    )
    check.add_argument("--json", metavar="FILE", help="write it as JSON; - for standard output")
    check.set_defaults(carry_out=_check)
    enrol = verbs.add_parser(
        "enrol",
        help="save templates without pictures, or add people to those saved",
        epilog="Exit status: 0 saved, whatever was refused; 2 wrong use or set-up, or nobody to enrol.",
    )
    enrol.add_argument("folder", metavar="FOLDER", help="one sub-folder of pictures per person")
    enrol.add_argument(
        "--output",
        metavar="FILE",
        required=True,
        help="where to save, outside of FOLDER, readable by its owner only; a saved gallery is added to",
    )
    enrol.set_defaults(carry_out=_enrol)
    listing = verbs.add_parser("list", help="say who is enrolled")
    listing.add_argument("gallery", metavar="GALLERY", help="a folder of people or a saved file")
    listing.add_argument("--json", metavar="FILE", help="write it as JSON; - for standard output")
    listing.set_defaults(carry_out=_list)
    remove = verbs.add_parser("remove", help="delete people and their templates from a saved file")
    remove.add_argument("file", metavar="FILE")
    remove.add_argument("person_ids", metavar="PERSON_ID", nargs="+")
    remove.set_defaults(carry_out=_remove)


def _check(parsed: argparse.Namespace) -> int:
    from mediaforensics.faces.judging import Judgement
    from mediaforensics.options import FaceOptions

    options = FaceOptions()
    if parsed.rate is not None:
        options = FaceOptions(false_positive_identification_rate=parsed.rate)
    judgement = Judgement.of(_opened(parsed), options.false_positive_identification_rate)
    _deliver(judgement.sentences(), judgement.mapping(), parsed.json)
    return 0 if judgement.fine else EXIT_FAULTS


def _enrol(parsed: argparse.Namespace) -> int:
    from mediaforensics.faces.saving import enrol

    with counting(Path(parsed.folder).name) as on_progress:
        roster, changes = enrol(parsed.folder, parsed.output, on_progress=on_progress)
    for one in roster.refused:
        say(f"refused: {one.person_id}/{one.file}: {one.why}")
    for person in roster.without_picture:
        say(f"not enrolled: {person.person_id}: no usable picture")
    for change in changes:
        say(change)
    say(f"Gallery: {parsed.output}: {roster.counted}" + ("" if changes else ", as before"))
    return 0


def _list(parsed: argparse.Namespace) -> int:
    from mediaforensics.faces.judging import listing, table

    roster = _opened(parsed)
    _deliver(table(roster), listing(roster), parsed.json)
    return 0


def _remove(parsed: argparse.Namespace) -> int:
    from mediaforensics.faces.saving import remove

    left = remove(parsed.file, parsed.person_ids)
    for person_id in dict.fromkeys(parsed.person_ids):
        say(f"{person_id}: removed, with every template")
    say(f"Gallery: {parsed.file}: {left.counted}")
    return 0


def _opened(parsed: argparse.Namespace) -> Roster:
    """What is to be told about, unless the telling could not be written."""
    from mediaforensics.faces.roster import Roster
    from mediaforensics.report.files import require_writable

    if parsed.json not in (None, "-"):
        require_writable(Path(parsed.json), Path(parsed.gallery))
    with counting(Path(parsed.gallery).name) as on_progress:
        return Roster.open(parsed.gallery, on_progress=on_progress)


def _deliver(lines: Iterable[str], mapping: dict[str, Any], as_json: str | None) -> None:
    """Lines for people on standard output, unless the JSON goes there."""
    from mediaforensics.report.visible import visible

    if as_json != "-":
        put("".join(visible(line) + "\n" for line in lines), "-", "")
    if as_json is not None:
        put(json.dumps(mapping, indent=2) + "\n", as_json, "JSON")
