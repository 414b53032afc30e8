"""A sampling point: the one stream that an analyser draws, chosen by whatever has valves before it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments.twin import Port

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from instruments.clock import Clock

    Fractions = Callable[[float], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Connected:
    """Hold one connection."""

    since_s: float
    """Bench time at which it was made, s."""
    name: str
    """Name of the stream; empty for none."""
    fractions: Fractions | None
    """Returns the true amount fractions that leave the stream at a bench time, 1; None where nothing is connected."""

    def fraction(self, gas: str, at: float) -> float:
        """Return the true amount fraction of a gas at a bench time, 1; 0 where nothing is connected."""
        return 0.0 if self.fractions is None else self.fractions(at).get(gas, 0.0)


class SamplingPoint(Port):
    """Join the valves that choose a stream and the analyser that draws it."""

    def __init__(self, parameters: Any, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self._times = [0.0]
        self._history = [Connected(0.0, "", None)]

    def connect(self, name: str, fractions: Fractions | None) -> None:
        """Connect a stream from now on, or nothing."""
        self._times.append(self.clock.now)
        self._history.append(Connected(self.clock.now, name, fractions))

    def at(self, time: float) -> Connected:
        """Return what was connected at a bench time, s."""
        return self._history[bisect_right(self._times, time) - 1]

    def before(self, time: float) -> Connected | None:
        """Return the last stream that was connected before the one at a bench time (s); None for the first."""
        for place in range(bisect_right(self._times, time) - 2, -1, -1):
            if self._history[place].fractions is not None:
                return self._history[place]
        return None
