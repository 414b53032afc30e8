"""Ctrl-C: once for an orderly stop at the next checkpoint with sources off, twice to stop now."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from scenarios.procedure import ProcedureAborted

STOPPED = "stopped by the operator; sources are off"
"""What an orderly stop says."""


@dataclass(slots=True)
class StopSwitch:
    """Turn the first interrupt from the keyboard into a request; a context manager around one run."""

    said: Callable[[], None] = lambda: None
    """Called at the first interrupt, to tell the user that it was heard."""
    requested: bool = False
    """Whether a stop was requested."""
    _before: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(self, *reason: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None

    def _interrupt(self, number: int, frame: object) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self.said()

    def checkpoint(self) -> None:
        """Stop the run here if that was requested.

        Raises:
            ProcedureAborted: it was.
        """
        if self.requested:
            raise ProcedureAborted(STOPPED)
