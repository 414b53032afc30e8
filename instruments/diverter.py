"""The diverter of a gravimetric rig: what share of the jet falls into the weigh tank while the blade moves through it.

The blade moves evenly through the jet, in at t0 and back at t1; x is its place, 0 to 1. The share that falls into the
tank is s(x) = x + a·x·(1 - x): a straight line for an even jet, bent by an asymmetry a that grows with the flow. The
switch of the timer lies at x_s. Then water is collected for longer than the timer's gate is open by

    Δt = (T_in + T_out)·(a/6 + x_s - 1/2)

whatever the flow does meanwhile, as long as it is steady (tests/instruments/test_water_rig_twin.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra

if TYPE_CHECKING:
    from instruments.signal import Piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Diverter:
    """Hold the trajectory of a diverter."""

    travel_in_s: float
    """Time that the blade takes through the jet on the way to the tank, s."""
    travel_out_s: float
    """Time on the way back, s."""
    asymmetry: float
    """Asymmetry a of the jet without flow, 1; between -1 and 1."""
    asymmetry_at_full: float
    """What is added to it at full flow, 1."""
    switch_place: float
    """Place x_s of the timer's switch, 0 to 1."""

    def bend(self, load: float) -> float:
        """Return the asymmetry at a flow, given as a share of the full flow."""
        return self.asymmetry + self.asymmetry_at_full * load

    def lead_s(self, load: float) -> float:
        """Return by how much longer water is collected than the gate is open, s; `load` is a share of the full flow."""
        return (self.travel_in_s + self.travel_out_s) * (self.bend(load) / 6.0 + self.switch_place - 0.5)

    def run(self, start: float, stop: float, load: float) -> list[Piece]:
        """Return the share into the tank over one run: the blade leaves at `start` and returns at `stop`, s."""
        a = self.bend(load)
        rise, fall = 1.0 / self.travel_in_s, -1.0 / self.travel_out_s
        inward: algebra.Terms = {(0j, 1): complex(rise * (1.0 + a)), (0j, 2): complex(-a * rise**2)}
        # On the way back x = 1 - τ/T: s = 1 + (1 - a)·(-τ/T) - a·(τ/T)².
        outward: algebra.Terms = {
            algebra.LEVEL: 1 + 0j,
            (0j, 1): complex(fall * (1.0 - a)),
            (0j, 2): complex(-a * fall**2),
        }
        return [
            (start, inward),
            (start + self.travel_in_s, algebra.constant(1.0)),
            (stop, outward),
            (stop + self.travel_out_s, algebra.ZERO),
        ]

    def gate(self, start: float, stop: float) -> tuple[float, float]:
        """Return when the switch opens and shuts the timer's gate, s."""
        return start + self.switch_place * self.travel_in_s, stop + (1.0 - self.switch_place) * self.travel_out_s
