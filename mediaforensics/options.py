"""Every knob, with its unit and the reason for its default. Frozen: an Analyzer never changes its mind."""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, get_type_hints

from mediaforensics.errors import OptionError

_T = TypeVar("_T")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise OptionError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """What one file may cost. Beyond the limits: a typed error, or a report that says what was left out."""

    max_pixels_per_frame: int = 50_000_000
    """An 8K frame has 33 million; a 20 KB PNG that claims 169 million costs a gigabyte."""
    max_frames: int = 2_000_000
    """About 22 hours at 25 frames per second."""
    max_duration_s: float = 86_400.0
    """Decoded time after the first frame; a 2 KB file may claim years."""
    max_file_bytes: int | None = None
    """None: any size; the file is streamed, never held."""
    deadline_s: float | None = None
    """Wall time for one file; when it is over, what was seen so far is reported as partial."""

    def __post_init__(self) -> None:
        _require(self.max_pixels_per_frame > 0, "max_pixels_per_frame must be positive")
        _require(self.max_frames > 0, "max_frames must be positive")
        _require(self.max_duration_s > 0, "max_duration_s must be positive")
        _require(
            self.max_file_bytes is None or self.max_file_bytes > 0, "max_file_bytes must be positive or None"
        )
        _require(self.deadline_s is None or self.deadline_s > 0, "deadline_s must be positive or None")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions:
    """Which frames are looked at."""

    heartbeat_s: float = 1.0
    """Longest stretch without a sample, so that what creeps in is seen within a second."""

    def __post_init__(self) -> None:
        _require(0.04 <= self.heartbeat_s <= 60, "heartbeat_s must be 0.04 .. 60 seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOptions:
    """Reading overlaid text."""

    languages: tuple[str, ...] = ("eng", "ara", "rus", "fra")
    """ISO 639-2 codes, as Tesseract names them, of what may occur; the script is decided from the picture.
    Tesseract is needed only for scripts that the networks lack, such as ``heb`` or ``hin``."""

    def __post_init__(self) -> None:
        _require(bool(self.languages), "languages must name at least one language, such as ('eng',)")
        for code in self.languages:
            _require(
                code.replace("_", "").isalpha() and code.islower(),
                f"not a language code: {code!r}; use ISO 639-2 codes such as eng, ara, rus, fra",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOptions:
    """Matching against known pictures."""

    max_distance_bits: int = 31
    """PDQ's published match distance for 256 bits."""
    max_phash_distance_bits: int = 8
    """Of 64, for lists that hold pHash values. Shrinking and recompressing moves one by 2 at most;
    of 215,496 pairs of unlike portraits 7 come within 8 and 63 within 10."""
    min_quality: int = 50
    """PDQ quality (0..100) below which a frame has too little structure for its hash to mean anything;
    known pictures below it are found by local features only."""

    def __post_init__(self) -> None:
        _require(0 <= self.max_distance_bits <= 64, "max_distance_bits must be 0 .. 64 of 256")
        _require(0 <= self.max_phash_distance_bits <= 16, "max_phash_distance_bits must be 0 .. 16 of 64")
        _require(0 <= self.min_quality <= 100, "min_quality must be 0 .. 100")


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceOptions:
    """Finding faces and naming enrolled people."""

    false_positive_identification_rate: float = 0.01
    """Wanted share of strangers' faces that match anybody; sets the threshold with gallery size."""

    def __post_init__(self) -> None:
        rate = self.false_positive_identification_rate
        _require(0.0001 <= rate <= 0.2, "false_positive_identification_rate must be 0.0001 .. 0.2")


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayOptions:
    """Flagging violent overlays."""

    min_confidence: float = 0.5
    """Calibrated: 0.5 is the working point stated in the model card."""

    def __post_init__(self) -> None:
        _require(0 < self.min_confidence < 1, "min_confidence must lie between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceOptions:
    """Pictures kept for the report."""

    max_pictures: int = 200
    """Enough for a report of 200 findings within 10 MB."""
    side_px: int = 640
    """Longer side of a kept picture."""

    def __post_init__(self) -> None:
        _require(0 < self.max_pictures <= 10_000, "max_pictures must be 1 .. 10000")
        _require(64 <= self.side_px <= 4096, "side_px must be 64 .. 4096")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """All options of an analysis. A part set to None is off, and the report says that it did not look."""

    limits: LimitOptions = field(default_factory=LimitOptions)
    sampling: SamplingOptions = field(default_factory=SamplingOptions)
    text: TextOptions | None = field(default_factory=TextOptions)
    known: KnownOptions | None = field(default_factory=KnownOptions)
    faces: FaceOptions | None = field(default_factory=FaceOptions)
    overlays: OverlayOptions | None = field(default_factory=OverlayOptions)
    evidence: EvidenceOptions | None = field(default_factory=EvidenceOptions)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> Options:
        """Build from plain data, such as parsed TOML or JSON.

        Raises
        ------
        OptionError
            A key is unknown (the message names its nearest neighbour) or a value is wrong.
        """
        return _from_mapping(cls, mapping, "options")

    def to_mapping(self) -> dict[str, Any]:
        """Plain data that ``from_mapping`` reads back."""
        return dataclasses.asdict(self)

    def digest(self) -> str:
        """SHA-256 over all values, as stored in every report."""
        canonical = json.dumps(self.to_mapping(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def _from_mapping(cls: type[_T], mapping: Mapping[str, Any], where: str) -> _T:
    _require(isinstance(mapping, Mapping), f"{where} must be a table of names and values")
    names = [f.name for f in fields(cls)]  # type: ignore[arg-type]
    hints = get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        if key not in names:
            near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.0)
            raise OptionError(
                f"{where}.{key} is not an option; did you mean {near[0]!r}? Known: {', '.join(names)}"
            )
        values[key] = _coerce(hints[key], value, f"{where}.{key}")
    return cls(**values)


def _coerce(hint: Any, value: Any, where: str) -> Any:
    """Check ``value`` against a field's type: a nested option class, a tuple of words, a number or None."""
    choices = getattr(hint, "__args__", ()) if not hasattr(hint, "__origin__") else ()
    choices = choices or (hint,)
    if value is None:
        _require(type(None) in choices, f"{where} cannot be off")
        return None
    for choice in choices:
        if dataclasses.is_dataclass(choice) and isinstance(choice, type):
            return _from_mapping(choice, value, where)
        if getattr(choice, "__origin__", None) is tuple and isinstance(value, (list, tuple)):
            _require(all(isinstance(item, str) for item in value), f"{where} must be a list of words")
            return tuple(value)
        if choice is float and isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        if choice is int and isinstance(value, int) and not isinstance(value, bool):
            return value
    raise OptionError(f"{where} cannot be {value!r}")
