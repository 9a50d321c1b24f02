"""Propaganda-media forensics: who is shown, what was done to them, what the text threatens, and when.

Importing this package loads no decoder and no model; names are resolved when they are first used.
"""

from __future__ import annotations

import importlib
import logging
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_ROOMS = {
    "Analyzer": "api",
    "Box": "types",
    "Failed": "report.model",
    "Finding": "findings.entries",
    "Gallery": "faces.gallery",
    "HashValue": "types",
    "KnownList": "known.lists",
    "KnownSet": "known.store",
    "Lexicon": "text.lexicon",
    "MediaError": "errors",
    "MediaForensicsError": "errors",
    "Observation": "observations",
    "OptionError": "errors",
    "Options": "options",
    "Progress": "engine",
    "Report": "report.model",
    "SetupError": "errors",
    "Span": "types",
    "Stream": "engine",
    "Timestamp": "types",
    "analyze": "api",
}

__all__ = [
    "Analyzer",
    "Box",
    "Failed",
    "Finding",
    "Gallery",
    "HashValue",
    "KnownList",
    "KnownSet",
    "Lexicon",
    "MediaError",
    "MediaForensicsError",
    "Observation",
    "OptionError",
    "Options",
    "Progress",
    "Report",
    "SetupError",
    "Span",
    "Stream",
    "Timestamp",
    "__version__",
    "analyze",
]

if TYPE_CHECKING:
    from mediaforensics.api import Analyzer, analyze
    from mediaforensics.engine import Progress, Stream
    from mediaforensics.errors import MediaError, MediaForensicsError, OptionError, SetupError
    from mediaforensics.faces.gallery import Gallery
    from mediaforensics.findings.entries import Finding
    from mediaforensics.known.lists import KnownList
    from mediaforensics.known.store import KnownSet
    from mediaforensics.observations import Observation
    from mediaforensics.options import Options
    from mediaforensics.report.model import Failed, Report
    from mediaforensics.text.lexicon import Lexicon
    from mediaforensics.types import Box, HashValue, Span, Timestamp

logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> Any:
    try:
        room = _ROOMS[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    value = getattr(importlib.import_module(f"{__name__}.{room}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
