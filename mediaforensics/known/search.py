"""Which search is used: numpy at first, numba once there is enough to search for. Both find the same."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from mediaforensics.errors import BadSet
from mediaforensics.known import hamming
from mediaforensics.known.hamming import Found
from mediaforensics.known.slots import Probing, Slots, Table, Words

_log = logging.getLogger(__name__)
_COMPILED_AFTER_S = 3.0
"""Processor time; compiling takes about as much (measured: 3.4 s), so that no run takes twice its best."""


class Search:
    """The search in numpy, and in numba from when numpy has taken as long as compiling does.

    Both find the same. A look at one picture never waits for a compiler, a film does once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numpy_s = 0.0
        self._compiled: Callable[..., Found] | None = None
        self._tried = False

    def __call__(self, *arguments: Any) -> Found:
        """As ``hamming.search``."""
        if self._compiled is not None:
            return self._compiled(*arguments)
        started = time.thread_time()
        found = hamming.search(*arguments)
        self._numpy_s += time.thread_time() - started  # a lost update among threads only delays
        if self._numpy_s > _COMPILED_AFTER_S and not self._tried:
            self._compile()
        return found

    def _compile(self) -> None:
        with self._lock:
            if self._tried:
                return
            self._tried = True
        try:
            self._compiled = compiled_search()  # other threads go on with numpy meanwhile
        except ImportError as error:
            _log.warning(
                "known hashes are searched without numba, two to four times slower (%s); "
                "pip install 'mediaforensics[scale]'",
                error,
            )


def compiled_search() -> Callable[..., Found]:
    """``hamming.search`` compiled by numba.

    Raises
    ------
    ImportError
        numba is not installed, or does not work with the numpy that is.
    """
    from mediaforensics.known.kernel import search as search_compiled

    def found(
        words: Words, slots: Slots | None, offsets: Table, postings: Table, queries: Words,
        radius_bits: int, probing: Probing, looks_most: int,
    ) -> Found:  # fmt: skip
        width_bits = slots.width_bits if slots else 0
        sound, ends, rows, distances = search_compiled(
            words, offsets, postings, queries, radius_bits, width_bits,
            probing.masks, probing.probes, probing.flips, looks_most,
        )  # fmt: skip
        if not sound:
            raise BadSet("the index is damaged: an offset or a row in it is not possible")
        return ends, rows, distances

    return found


search = Search()
