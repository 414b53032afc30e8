"""A mass on a pan, as weighing and gravimetric flow rigs see it: it is put on, taken off, or flows in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.signal import Signal
from instruments.twin import Port

if TYPE_CHECKING:
    from instruments.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPan:
    """Describe what truly lies on the pan at bench time 0."""

    mass_g: float = 0.0
    """Mass, g."""
    rate_g_per_s: float = 0.0
    """Rate at which it grows (a liquid flows in) or shrinks (it evaporates), g/s."""


class Pan(Port):
    """Join whatever loads a pan and the balance below it."""

    parameters_type = OnPan

    def __init__(self, parameters: OnPan, clock: Clock) -> None:
        super().__init__(parameters, clock)
        self.mass = Signal()
        """Mass on the pan, g."""
        self.mass.replace_from(0.0, [(0.0, algebra.line(parameters.mass_g, parameters.rate_g_per_s))])

    def put(self, mass_g: float) -> None:
        """Let this mass (g) lie on the pan from now on, as a person at the bench would."""
        self.mass.replace_from(self.clock.now, [(self.clock.now, algebra.constant(mass_g))])

    def pour(self, rate_g_per_s: float) -> None:
        """Let the mass grow (or shrink) from now on at this rate, g/s."""
        now = self.clock.now
        self.mass.replace_from(now, [(now, algebra.line(self.mass.value(now), rate_g_per_s))])
