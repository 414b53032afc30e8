"""Twin of a velocity meter installed in a stack (of a CEMS), with a memory of its readings (generic, invented)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments.noise import CountedNoise
from instruments.ports_stack import Stack
from instruments.scpi import Fixed, Identity, Listed, Numeric, Query, ScpiError, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

LONGEST = 100
"""Most means that one message carries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of an installed meter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    gain_error: float = 0.0
    """Relative error at three quarters of full load: it looks at a part of the plane only, 1."""
    load_slope: float = 0.0
    """Change of the relative error from there per full load, 1."""
    full_speed_m_per_s: float = 18.0
    """Speed that counts as full load for `load_slope`, m/s."""
    noise: float = 0.01
    """Relative standard deviation of a mean over one second, 1."""
    stuck_from_s: float = math.inf
    """Bench time from which it repeats its last value, s: a fault of old meters."""


class StackMeter(ScpiInstrument[Parameters]):
    """Be the meter; `true_error` is what nobody at the plant knows."""

    identity = Identity(manufacturer="caltwin", model="CEMS-V", firmware="1.0")
    commands = (
        Query("MEASure:SPEed?", method="momentary", reply=Fixed(3), doc="Speed of the last 10 s, m/s."),
        Query(
            "DATA:MEANs?",
            method="means",
            reply=Listed(Fixed(4)),
            parameters=(
                Numeric(name="start", low=0.0),
                Numeric(name="stop", low=0.0),
                Numeric(name="count", low=1.0, high=LONGEST, integer=True),
            ),
            doc="Means over equal parts of [start, stop] (s of its clock), m/s.",
        ),
        Query("SYSTem:CLOCk?", method="clock_reading", reply=Fixed(3), doc="Its clock, s."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the meter into the stack."""
        super().__init__(parameters, surroundings)
        self.stack = surroundings.port("stack", Stack)
        self._noise = CountedNoise(surroundings.rng)

    def _error(self, speed: float) -> float:
        p = self.parameters
        return p.gain_error + p.load_slope * (speed / p.full_speed_m_per_s - 0.75)

    def _mean(self, start: float, stop: float) -> float:
        p = self.parameters
        if stop > p.stuck_from_s:
            start, stop = p.stuck_from_s - 1.0, p.stuck_from_s
        true = self.stack.speed.mean(start, stop)
        unrest = p.noise / math.sqrt(max(stop - start, 1.0)) * self._noise.normal(round(start * 1e3))
        return true * (1.0 + self._error(true)) * (1.0 + unrest)

    def momentary(self) -> float:
        """Return the speed of the last 10 s, m/s."""
        return self._mean(max(0.0, self.now - 10.0), self.now)

    def means(self, start: float, stop: float, count: int) -> list[float]:
        """Return the means over equal parts of a time that has passed, m/s.

        Raises:
            ScpiError: -222, the time is not over yet, or has no length.
        """
        if not start < stop <= self.now + 1e-6:
            raise ScpiError(-222)
        width = (stop - start) / count
        return [self._mean(start + i * width, start + (i + 1) * width) for i in range(count)]

    def clock_reading(self) -> float:
        """Return its clock, s."""
        return self.now

    def true_error(self, quantity: Literal["error", "K_v"], load: float, at: float = 0.0, since: float = 0.0) -> float:
        """Return the true relative error of its speed at a load (%), or the factor K_v that would correct it, 1.

        Args:
            quantity: which.
            load: %.
            at: bench time, s; the meter does not change.
            since: likewise.
        """
        error = self._error(self.parameters.full_speed_m_per_s * load / 100.0)
        return 100.0 * error if quantity == "error" else 1.0 / (1.0 + error)


twin = Kind(parameters=Parameters, ports={"stack": Stack}, build=StackMeter)
"""What a station builds by `twin: stack_meter`."""
