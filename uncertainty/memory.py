"""Working memory of simulations, lent from one to the next.

Fresh memory costs more than what is put into it: the operating system hands it out page by page, at first use. The
points of a procedure are evaluated one after the other, and half the time of a short run would go there.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

Single = np.ndarray[Any, np.dtype[np.float32]]
Double = np.ndarray[Any, np.dtype[np.float64]]

LARGEST_SPARE = 2**22
"""Most working memory that is kept while nobody uses it, bytes."""


class Memory:
    """Hold working memory that serves one block of trials after another; it grows as it is asked for more."""

    __slots__ = ("_draws", "_single", "_wide")

    def __init__(self) -> None:
        self._draws: Double = np.empty(0)
        self._wide: Double = np.empty(0)
        self._single: Single = np.empty(0, np.float32)

    @property
    def nbytes(self) -> int:
        """Return its size in bytes."""
        return self._draws.nbytes + self._wide.nbytes + self._single.nbytes

    def draws(self, rows: int, trials: int) -> Double:
        """Return an array for draws, (rows, trials); its contents are whatever was there."""
        if self._draws.size < rows * trials:
            self._draws = np.empty(rows * trials)
        return self._draws[: rows * trials].reshape(rows, trials)

    def wide(self, count: int) -> Double:
        """Return `count` numbers of double precision, likewise."""
        if self._wide.size < count:
            self._wide = np.empty(count)
        return self._wide[:count]

    def single(self, count: int) -> Single:
        """Return `count` numbers of single precision, likewise."""
        if self._single.size < count:
            self._single = np.empty(count, np.float32)
        return self._single[:count]


_spare: deque[Memory] = deque(maxlen=1)  # what is in it is overwritten before it is read: room, not state


@contextmanager
def borrowed() -> Iterator[Memory]:
    """Lend working memory; whoever comes meanwhile (a thread, a model that runs a simulation) gets other memory."""
    try:
        memory = _spare.pop()
    except IndexError:
        memory = Memory()
    try:
        yield memory
    finally:
        if memory.nbytes <= LARGEST_SPARE:
            _spare.append(memory)
