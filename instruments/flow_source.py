"""How the flow in a water rig's line comes about: a constant-head tank behind a valve, or a pump under PID control.

Both are exponential polynomials, so volume, mass and pulses follow exactly (`instruments.terms`):

* constant head: q = Q + (q0 - Q)·exp(-τ/T), and a slow swing of the head (overflow weir) on top;
* pump: a damped oscillation of the loop, and on top its hunting and the pulsation of the blades.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments import terms as algebra
from instruments.signal import TRANSIENT_ENDS

if TYPE_CHECKING:
    from instruments.signal import Piece
    from instruments.terms import Terms

Source = Literal["constant_head", "pump"]
"""What drives the water."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drive:
    """Describe how a flow is reached and held."""

    source: Source
    """What drives the water."""
    time_constant_s: float
    """Time constant of valve or control loop, s."""
    loop_period_s: float
    """Period of the loop's damped oscillation (pump), s."""
    swing: float
    """Relative amplitude of the slow swing of head or loop, 1."""
    swing_period_s: float
    """Its period, s."""
    pulsation: float
    """Relative amplitude of the pulsation of the blades (pump), 1."""
    pulsation_hz: float
    """Its frequency, Hz."""
    phase_rad: float
    """Phase of swing and pulsation at bench time 0, rad."""

    def pieces(self, now: float, flow: float, target: float) -> list[Piece]:
        """Return the flow from `now` (s) on, in m³/s.

        Args:
            now: bench time, s.
            flow: present flow, m³/s.
            target: flow that is approached, m³/s; 0 shuts the line.
        """
        steady = algebra.constant(target)
        if target:
            steady = algebra.add(steady, self._sine(target * self.swing, 1.0 / self.swing_period_s, now))
            if self.source == "pump":
                steady = algebra.add(steady, self._sine(target * self.pulsation, self.pulsation_hz, now))
        step = flow - algebra.value(steady, 0.0)
        if not step:
            return [(now, steady)]
        rate = -1.0 / self.time_constant_s
        if self.source == "pump" and target:
            omega = 2.0 * math.pi / self.loop_period_s
            # The pump has inertia: the oscillation begins without a slope.
            half = 0.5 * complex(step, rate * step / omega)
            moving = {(complex(rate, omega), 0): half, (complex(rate, -omega), 0): half.conjugate()}
        else:
            moving = {(complex(rate), 0): complex(step)}
        settled_after = TRANSIENT_ENDS * self.time_constant_s
        return [
            (now, algebra.add(steady, moving)),
            (now + settled_after, algebra.shift(steady, settled_after)),
        ]

    def _sine(self, amplitude: float, frequency_hz: float, at: float) -> Terms:
        return algebra.sinusoid(amplitude, frequency_hz, self.phase_rad + 2.0 * math.pi * frequency_hz * at)
