"""How each kind of value is written to JSON and read back; every message names the place."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from operator import attrgetter
from typing import Any, NoReturn, get_args

from mediaforensics.errors import BadReport
from mediaforensics.types import Box, Quad, Span, Timestamp

_MICROSECOND = Fraction(1, 1_000_000)


def bad(path: str, wanted: str, value: object) -> NoReturn:
    """Refuse a value, naming the place and what belongs there."""
    shown = type(value).__name__ if isinstance(value, (dict, list)) else repr(value)[:60]
    raise BadReport(f"{path} must be {wanted}, not {shown}")


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of value is written and read; both are given the path for their messages."""

    write: Callable[[Any, str], Any]
    read: Callable[[Any, str], Any]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of an object.

    Attributes
    ----------
    attribute : str
        Of the dataclass; ``span.start`` and ``span.end`` are the two halves of ``span``.
    kind : Kind
        How its value is written and read.
    absent : object
        What a missing key means; ``...`` where it must be there.
    derived : bool
        The dataclass works it out itself; a value read must agree with that.
    """

    attribute: str
    kind: Kind
    absent: Any = ...
    derived: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """A dataclass as a JSON object, its keys in the order they are written."""

    cls: type
    keys: Mapping[str, Key]

    def write(self, value: Any, path: str) -> dict[str, Any]:
        """Plain data of one instance."""
        return {
            name: key.kind.write(attrgetter(key.attribute)(value), f"{path}.{name}")
            for name, key in self.keys.items()
        }

    def read(self, value: Any, path: str) -> Any:
        """One instance of ``cls``; keys that are not in ``keys`` are ignored."""
        if not isinstance(value, dict):
            bad(path, "an object", value)
        values: dict[str, Any] = {}
        derived: dict[str, Any] = {}
        for name, key in self.keys.items():
            if name in value:
                into = derived if key.derived else values
                into[key.attribute] = key.kind.read(value[name], f"{path}.{name}")
            elif key.absent is ...:
                raise BadReport(f"{path}.{name} is missing")
            else:
                values[key.attribute] = key.absent
        try:
            if "span.start" in values:
                values["span"] = Span(values.pop("span.start"), values.pop("span.end"))
            if values.get("clearest", ...) is None:
                values["clearest"] = values["span"].start
            result = self.cls(**values)
        except ValueError as error:
            raise BadReport(f"{path}: {error}") from error
        for attribute, said in derived.items():
            if getattr(result, attribute) != said:
                raise BadReport(f"{path}.{attribute} is {said!r}, which contradicts the rest of {path}")
        return result


def _plain(cls: type, wanted: str) -> Kind:
    def read(value: Any, path: str) -> Any:
        if type(value) is not cls:
            bad(path, wanted, value)
        return value

    return Kind(lambda value, path: cls(value), read)


def _write_text(value: str, path: str) -> str:
    # A lone surrogate (an undecodable byte of a file name) has no UTF-8 form: it is shown as an escape.
    return value.encode("utf-8", "backslashreplace").decode("utf-8")


def _read_text(value: Any, path: str) -> str:
    if not isinstance(value, str):
        bad(path, "a text", value)
    return _write_text(value, path)


def _write_number(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{path} is {value}, which no report can hold")
    return round(float(value), 6) + 0.0  # plus zero: no "-0.0"


def _number(wanted: str, low: float = -math.inf, high: float = math.inf) -> Kind:
    def read(value: Any, path: str) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            bad(path, wanted, value)
        try:
            number = float(value)
        except OverflowError:
            bad(path, wanted, "an integer too large")
        if not math.isfinite(number) or not low <= number <= high:
            bad(path, wanted, value)
        return number

    return Kind(_write_number, read)


def _read_time(value: Any, path: str) -> Timestamp:
    # Exact, so that any double, however large, is written again as it was.
    return Timestamp(round(Fraction(_SECONDS.read(value, path)) / _MICROSECOND), _MICROSECOND)


def _read_severity(value: Any, path: str) -> int:
    if type(value) is not int or not 0 <= value <= 3:
        bad(path, "an integer from 0 to 3", value)
    return value


def _read_box(value: Any, path: str) -> Box:
    if not isinstance(value, list) or len(value) != 4:
        bad(path, "four integers [x0, y0, x1, y1]", value)
    corners = [INTEGER.read(item, f"{path}[{i}]") for i, item in enumerate(value)]
    try:
        return Box(*corners)
    except ValueError as error:
        raise BadReport(f"{path}: {error}") from error


def _numbers(count: int, wanted: str) -> Kind:
    def read(value: Any, path: str) -> tuple[float, ...]:
        if not isinstance(value, list) or len(value) != count:
            bad(path, wanted, value)
        return tuple(NUMBER.read(item, f"{path}[{i}]") for i, item in enumerate(value))

    return Kind(lambda value, path: [_write_number(item, path) for item in value], read)


def _read_quad(value: Any, path: str) -> Quad:
    if not isinstance(value, list) or len(value) != 4:
        bad(path, "four corners [x, y]", value)
    return Quad(tuple(PAIR.read(item, f"{path}[{i}]") for i, item in enumerate(value)))


def choice(literal: Any) -> Kind:
    """A word of a ``Literal``."""
    words = get_args(literal)

    def read(value: Any, path: str) -> str:
        if value not in words:
            bad(path, f"one of {', '.join(words)}", value)
        return str(value)

    return Kind(lambda value, path: str(value), read)


def or_none(kind: Kind) -> Kind:
    """The same, or null."""
    return Kind(
        lambda value, path: None if value is None else kind.write(value, path),
        lambda value, path: None if value is None else kind.read(value, path),
    )


def list_of(kind: Kind | Record) -> Kind:
    """A list of it, read as a tuple."""

    def read(value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            bad(path, "a list", value)
        return tuple(kind.read(item, f"{path}[{i}]") for i, item in enumerate(value))

    return Kind(lambda value, path: [kind.write(item, f"{path}[{i}]") for i, item in enumerate(value)], read)


def _read_versions(value: Any, path: str) -> dict[str, str]:
    if not isinstance(value, dict):
        bad(path, "an object", value)
    return {_read_text(name, path): _read_text(item, f"{path}.{name}") for name, item in value.items()}


def record_kind(record: Record) -> Kind:
    """A record as the value of a key."""
    return Kind(record.write, record.read)


TEXT = Kind(_write_text, _read_text)
TEXT_OR_NONE = or_none(TEXT)
TEXTS = list_of(TEXT)
INTEGER = _plain(int, "an integer")
BOOLEAN = _plain(bool, "true or false")
NUMBER = _number("a number")
FRACTION = _number("a number from 0 to 1", 0.0, 1.0)
_SECONDS = _number("seconds")
TIME = Kind(lambda value, path: _write_number(value.seconds, path), _read_time)
PAIR = _numbers(2, "two numbers")
QUAD = Kind(lambda value, path: [PAIR.write(corner, path) for corner in value.corners], _read_quad)
BOX = Kind(lambda value, path: value.as_list(), _read_box)
SEVERITY = Kind(INTEGER.write, _read_severity)
VERSIONS = Kind(
    lambda value, path: {_write_text(k, path): _write_text(v, path) for k, v in sorted(value.items())},
    _read_versions,
)
