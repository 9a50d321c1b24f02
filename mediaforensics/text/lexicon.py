"""A user's own threat rules, beside the rules that ship or instead of them."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from os import PathLike, fsdecode
from pathlib import Path
from typing import Any

from mediaforensics.errors import BadLexicon
from mediaforensics.text.pack_files import compile_pack
from mediaforensics.text.packs import Pack
from mediaforensics.text.shipped import LANGUAGES, source_of

_LARGEST_BYTES = 4_000_000
"""The largest pack that ships has 60 kB."""


class Lexicon:
    """Rules read from TOML files of the same form as those that ship (``docs/threat-rules.md``).

    Immutable. A rule of a file is named ``<file's stem>/<its id>`` in reports.

    Attributes
    ----------
    packs : tuple of Pack
        One per file.
    builtin : bool
        Whether the rules that ship are read too.
    """

    def __init__(self, packs: tuple[Pack, ...], *, builtin: bool, digest: str) -> None:
        self.packs = packs
        self.builtin = builtin
        self._digest = digest

    def __repr__(self) -> str:
        rules = sum(len(pack.rules) for pack in self.packs)
        return f"Lexicon(files={len(self.packs)}, rules={rules}, builtin={self.builtin})"

    @classmethod
    def load(cls, *paths: str | PathLike[str], builtin: bool = True) -> Lexicon:
        """Read rules from files.

        Parameters
        ----------
        *paths : path
            One file per language, or several for one. A folder stands for the ``.toml`` files in it.
        builtin : bool
            True: beside the rules that ship. False: instead of them. Either way a file may use the word
            classes, numbers, deadlines and hedges that ship for its language, unless it says
            ``inherit = false``.

        Raises
        ------
        BadLexicon
            A file cannot be read, is malformed, or two have one name; the message names file, line and rule.
        """
        files: list[Path] = []
        for path in map(Path, map(fsdecode, paths)):
            files.extend(sorted(path.glob("*.toml")) if path.is_dir() else [path])
        if not files:
            raise BadLexicon("no file of threat rules was given; a folder needs *.toml files")
        digest = hashlib.sha256(b"builtin" if builtin else b"instead")
        packs: dict[str, Pack] = {}
        for file in files:
            if file.stem in packs:
                raise BadLexicon(f"{file}: another file of rules is named {file.stem} too; rename one")
            source = _read(file)
            digest.update(file.stem.encode() + b"\0" + source.encode() + b"\0")
            packs[file.stem] = compile_pack(
                source, name=str(file), prefix=f"{file.stem}/", base=_base(source, file)
            )
        return cls(tuple(packs.values()), builtin=builtin, digest=digest.hexdigest())

    def digest(self) -> str:
        """SHA-256 over the files, their names, and whether the rules that ship are read too."""
        return self._digest


def _read(file: Path) -> str:
    try:
        if not file.is_file():
            raise BadLexicon(f"{file}: not a regular file")
        if file.stat().st_size > _LARGEST_BYTES:
            raise BadLexicon(f"{file}: larger than {_LARGEST_BYTES} bytes; that is no file of rules")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadLexicon(f"{file}: not UTF-8: {error}") from error
    except OSError as error:
        raise BadLexicon(f"{file}: cannot be read: {error.strerror or error}") from error


def _base(source: str, file: Path) -> Mapping[str, Any] | None:
    """What ships for the file's language, as a parsed pack; its rules are not inherited."""
    try:
        language = tomllib.loads(source).get("language")
    except tomllib.TOMLDecodeError as error:
        raise BadLexicon(f"{file}: not TOML: {error}") from error
    return tomllib.loads(source_of(language)) if language in LANGUAGES else None
