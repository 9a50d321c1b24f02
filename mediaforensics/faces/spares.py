"""Networks at rest: reading one takes as long as four faces, so the next file gets the last one's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Spares(Generic[T]):
    """Things that one thread at a time may use; shared by all threads.

    Parameters
    ----------
    make : callable
        Makes one where none is at rest; all must answer alike.
    """

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._resting: list[T] = []

    def take(self) -> T:
        """One for the caller alone."""
        try:
            return self._resting.pop()
        except IndexError:
            return self._make()

    def give(self, one: T) -> None:
        """Give one back."""
        self._resting.append(one)
