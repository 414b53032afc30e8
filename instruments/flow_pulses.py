"""Pulses of a flow meter: one for each quantum of indicated volume, with a wander that belongs to the pulse's number.

The wander is what makes a meter repeat badly: the place of pulse n is moved by J·w(n), where w is drawn anew every
`BLOCK` pulses and goes straight from one draw to the next. Over a run much longer than a block the two ends are moved
independently, each with a standard deviation of J·√(2/3), so a count of N pulses repeats with J·√(4/3)/N.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from instruments.signal import Accumulated

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.noise import CountedNoise
    from instruments.signal import Signal

LIMIT = 3.0
"""Standard deviations at which a draw is cut off, so that pulses stay in order."""


class VolumePulses:
    """Give the pulses; see `instruments.ports.PulseTrain`."""

    def __init__(self, rate: Signal, listened: Signal, *, residue: float, wander: float, noise: CountedNoise) -> None:
        """Wire the pulse output.

        Args:
            rate: pulses per second as indicated, without wander; never negative.
            listened: written signal on which it depends.
            residue: share of a pulse that stood in the accumulator at bench time 0, 0 to 1.
            wander: J, in pulses.
            noise: draws by block.
        """
        self.total = Accumulated(rate)
        """Pulses without wander since bench time 0."""
        self._listened = listened
        self._residue = residue
        self._wander = wander
        self._noise = noise
        # Draws differ by 2·LIMIT at most: pulses stay in order if a block is longer than what they are moved.
        self._block = max(64, math.ceil(8.0 * LIMIT * wander))

    def _moved(self, number: float) -> float:
        """Return by how many pulses the pulse of a number is moved."""
        if not self._wander:
            return 0.0
        block, share = divmod(number / self._block, 1.0)
        before, after = (min(max(self._noise.normal(int(block) + step), -LIMIT), LIMIT) for step in (0, 1))
        return self._wander * (before + share * (after - before))

    def _place(self, index: int) -> float:
        return index + 1.0 - self._residue + self._moved(float(index))

    def count(self, at: float) -> int:
        """Return how many edges there were up to and at a bench time."""
        held = self.total.value(at)
        guess = max(0, math.floor(held + self._residue - self._moved(max(0.0, held))))
        while guess > 0 and self._place(guess - 1) > held:
            guess -= 1
        while self._place(guess) <= held:
            guess += 1
        return guess

    def edge(self, index: int) -> float:
        """Return the bench time of an edge, s; infinite if none is to come as things stand."""
        return self.total.time_of(max(0.0, self._place(index)))

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called whenever edges to come may have moved."""
        self._listened.listeners.append(listener)
