"""Error curves of flow meters with pulse output, over flow and Reynolds number.

| kind | relative error |
|---|---|
| electromagnetic | gain + zero/q |
| ultrasonic (transit time) | gain + rest·(k(Re)/k(Re_0) - 1) + zero/q |
| turbine | gain - drag·((q_0/q)² - 1)/99 + rest·(k(Re)/k(Re_0) - 1) |

k(Re) is the ratio of the velocity on the diameter to the mean one: 1.119 - 0.011·log10 Re in turbulent flow (recalled),
4/3 in laminar flow, with a smooth passage between. The meter corrects for it by a profile model; `rest` is the share of
the true effect that its model leaves. Index 0 is the reference flow, where the curve is the gain alone, plus zero/q.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Principle = Literal["electromagnetic", "ultrasonic", "turbine"]
"""What the meter works by."""

LAMINAR = 4.0 / 3.0
PASSAGE = 3000.0
"""Reynolds number in the middle of the passage from laminar to turbulent flow, 1."""
WIDTH = 400.0
"""Width of the passage, in Reynolds number."""


def profile_factor(reynolds: float) -> float:
    """Return the ratio of the velocity on the diameter to the mean velocity, 1."""
    turbulent = 1.119 - 0.011 * math.log10(max(reynolds, 1.0))
    share = 0.5 * (1.0 + math.tanh((reynolds - PASSAGE) / WIDTH))
    return LAMINAR + share * (turbulent - LAMINAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """Hold an error curve."""

    principle: Principle
    """What the meter works by."""
    gain_error: float
    """Relative error at the reference flow, 1."""
    zero_m3_per_h: float
    """Offset of the flow (electrodes, zero of the transit time), m³/h."""
    profile_rest: float
    """Share of the profile's effect that the meter does not correct, 1."""
    drag: float
    """Relative error by friction at a tenth of the reference flow (turbine), 1."""
    reference_flow_m3_per_h: float
    """Reference flow q_0, m³/h."""
    reference_reynolds: float
    """Reynolds number at the reference flow, 1."""

    def error(self, flow_m3_per_h: float, reynolds: float) -> float:
        """Return the relative error at a flow above 0, 1."""
        total = self.gain_error
        if self.principle != "electromagnetic" and self.profile_rest:
            total += self.profile_rest * (profile_factor(reynolds) / profile_factor(self.reference_reynolds) - 1.0)
        if self.principle == "turbine":
            total -= self.drag * ((self.reference_flow_m3_per_h / flow_m3_per_h) ** 2 - 1.0) / 99.0
        else:
            total += self.zero_m3_per_h / flow_m3_per_h
        return total
