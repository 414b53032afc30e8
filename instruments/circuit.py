"""One circuit of a DC source: what it does after each new demand, in closed form.

demand ──> slew-rate limit ──> first-order settling ──> × (1 + error + drift·t) × (1 + √2·r·cos(2πft + φ)) ──> port
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.signal import LowPass, Pointwise, Signal

if TYPE_CHECKING:
    from instruments.signal import Piece

SETTLED_AFTER = 14.0
"""Time constants after which a circuit reports that it has settled: within exp(-14) = 1 ppm of the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ripple:
    """Hold the ripple of one circuit."""

    ratio: float = 0.0
    """RMS value of the ripple over the DC value, 1."""
    frequency_hz: float = 300.0
    """Frequency, Hz."""
    phase_rad: float = 0.0
    """Phase at bench time 0, rad."""


class Circuit:
    """Drive one circuit of a port."""

    def __init__(self, *, slew_per_s: float, settling_time_s: float, error: float, drift_per_h: float) -> None:
        """Describe the circuit.

        Args:
            slew_per_s: largest rate of change, unit/s.
            settling_time_s: time constant T of the settling, s.
            error: relative error of the setting at bench time 0, 1.
            drift_per_h: relative change of the output, 1/h.
        """
        self._slew = slew_per_s
        self._settling_time_s = settling_time_s
        self._error = error
        self._drift = drift_per_h / 3600.0
        self._demand = Signal()
        self._settled = LowPass(self._demand, settling_time_s)
        self._modulation = Signal()
        self._output = Pointwise(algebra.multiply, self._settled, self._modulation)

    def plan(self, at: float, target: float, ripple: Ripple) -> list[Piece]:
        """Go to a target from a bench time on, and return the output's pieces from then on.

        Args:
            at: bench time of the change, s; never before the last change.
            target: new DC value without error.
            ripple: new ripple.
        """
        present = self._demand.value(at)
        travel = abs(target - present) / self._slew
        arrival = at + travel
        pieces: list[Piece] = [(at, algebra.constant(target))]
        if arrival > at:
            pieces = [(at, algebra.line(present, (target - present) / travel)), (arrival, algebra.constant(target))]
        self._demand.replace_from(at, pieces)
        gain = algebra.line(1.0 + self._error + self._drift * at, self._drift)
        phase = math.fmod(2.0 * math.pi * ripple.frequency_hz * at + ripple.phase_rad, 2.0 * math.pi)
        wave = algebra.sinusoid(math.sqrt(2.0) * ripple.ratio, ripple.frequency_hz, phase)
        self._modulation.replace_from(at, [(at, algebra.multiply(gain, algebra.add(algebra.constant(1.0), wave)))])
        return self._output.pieces_from(at)

    def settled_at(self, at: float) -> float:
        """Return the bench time at which the last plan counts as settled, s; `at` if it does already."""
        start, end, _ = self._demand.piece(at)
        return max(at, (start if end == math.inf else end) + SETTLED_AFTER * self._settling_time_s)

    def reaches(self, at: float, level: float) -> float:
        """Return the first bench time from `at` on at which the magnitude without ripple exceeds a level; or infinity.

        The setting's error is left out: it is small against what a protection threshold leaves.
        """
        while at < math.inf:
            start, end, terms = self._settled.piece(at)
            low, high = algebra.bounds(terms, end - start)
            if -level < low and high < level:
                at = end
                continue
            smooth = algebra.shift(terms, at - start)
            if abs(algebra.value(smooth, 0.0)) > level:
                return at
            found = [tau for bound in (level, -level) for tau in algebra.crossings(smooth, bound, end - at)]
            if found:
                return at + min(found)
            at = end
        return math.inf
