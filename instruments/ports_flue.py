"""Flue gas whose composition follows the load of the plant, as functions of time.

The load swings about its mean by a few sinusoids (day, shift, feeding, soot blowing); each dry fraction follows it by a
sensitivity of its own, and so does the static pressure. All of it is closed in time, so a week costs nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.signal import Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock
    from instruments.terms import Terms

PERIODS_S = (86400.0, 14400.0, 5400.0, 1260.0)
"""Periods of the swings of load, s: day, shift, feeding, soot blowing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flue:
    """Describe the flue gas as it truly is."""

    dry: dict[str, float] = field(default_factory=lambda: {"SO2": 1e-4, "NO": 8e-5, "NO2": 4e-6, "O2": 0.07})
    """Amount fraction of each component in the dry gas at mean load, 1."""
    per_load: dict[str, float] = field(default_factory=lambda: {"SO2": 0.8, "NO": 0.5, "NO2": 0.5, "O2": -0.6})
    """Component -> relative change of its fraction per relative change of the load, 1."""
    swings: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0)
    """Amplitude of each swing of the load, relative, 1: day, shift, feeding, soot blowing."""
    phase_rad: float = 0.0
    """Phase of the first swing at bench time 0, rad; each further one is 2 rad on."""
    static_kpa: float = -0.3
    """Static pressure against the room at mean load, kPa."""
    static_kpa_per_load: float = 0.5
    """Change of the static pressure per relative change of the load, kPa."""

    def __post_init__(self) -> None:
        if any(not 0.0 <= share <= 1.0 for share in self.dry.values()) or sum(self.dry.values()) > 1.0:
            raise ValueError(f"dry: fractions must lie in 0..1 and not exceed 1 together, got {self.dry}")
        if len(self.swings) > len(PERIODS_S):
            raise ValueError(f"swings: at most {len(PERIODS_S)} amplitudes, got {len(self.swings)}")
        if sum(map(abs, self.swings)) >= 0.8:
            raise ValueError(f"swings: the amplitudes must be below 0.8 together, got {self.swings}")


class FlueGas(Port):
    """Hold what flows in the stack; it goes its own way, nobody writes it."""

    parameters_type = Flue

    def __init__(self, parameters: Flue, clock: Clock) -> None:
        super().__init__(parameters, clock)
        p = parameters
        load: Terms = algebra.ZERO
        for place, amplitude in enumerate(p.swings):
            phase = p.phase_rad + 2.0 * place - math.pi / 2.0
            load = algebra.add(load, algebra.sinusoid(amplitude, 1.0 / PERIODS_S[place], phase))
        self.load = _course(load)
        """Relative deviation of the load from its mean, 1."""
        self.dry: dict[str, Signal] = {
            gas: _course(algebra.add(algebra.constant(share), algebra.scale(load, share * p.per_load.get(gas, 0.0))))
            for gas, share in p.dry.items()
        }
        """Amount fraction of each component in the dry gas, 1."""
        self.static = _course(algebra.add(algebra.constant(p.static_kpa), algebra.scale(load, p.static_kpa_per_load)))
        """Static pressure against the room, kPa."""


def _course(terms: Terms) -> Signal:
    signal = Signal()
    signal.replace_from(0.0, [(0.0, terms)])
    return signal
