"""A gas cylinder: what is truly in it, how much of it, and that it runs down.

Whoever draws from it (a selector, a regulator, a mass flow controller) says how much; the cylinder gives it until it is
empty, and tells those who listen when that is. Flows and volumes are standard ones, at 25 °C and 101.325 kPa.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_gas import KELVIN, STANDARD_PRESSURE_KPA, STANDARD_TEMPERATURE_DEGC
from instruments.signal import Accumulated, Signal
from instruments.twin import Consumed, Port

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call, Clock

FILLING_TEMPERATURE_DEGC = 20.0
"""Temperature at which a filling pressure is stated, °C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Describe a cylinder and its gas as they truly are."""

    fractions: dict[str, float] = field(default_factory=dict)
    """Amount fraction of each component, 1; what is missing to 1 is the balance gas."""
    balance: str = "N2"
    """Balance gas."""
    volume_l: float = 10.0
    """Water volume, l."""
    pressure_mpa: float = 0.0
    """Absolute pressure of the filling at 20 °C, MPa; 0 where no cylinder is connected."""
    rest_mpa: float = 0.2
    """Absolute pressure below which the regulator gives nothing any more, MPa."""

    def __post_init__(self) -> None:
        total = sum(self.fractions.values())
        if any(not 0.0 <= share <= 1.0 for share in self.fractions.values()) or total > 1.0 + 1e-9:
            raise ValueError(f"fractions must lie in 0..1 and not exceed 1 together, got {self.fractions}")
        for name in ("volume_l", "rest_mpa"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not self.pressure_mpa >= 0.0:
            raise ValueError(f"pressure_mpa must not be below 0, got {self.pressure_mpa}")


class Cylinder(Port):
    """Be a cylinder with its regulator; several devices may draw from it."""

    parameters_type = Filling

    def __init__(self, parameters: Filling, clock: Clock) -> None:
        super().__init__(parameters, clock)
        p = parameters
        self.fractions: dict[str, float] = dict(p.fractions)
        """True amount fraction of every component, the balance gas included, 1."""
        rest = 1.0 - sum(p.fractions.values())
        if rest > 1e-12:
            self.fractions[p.balance] = self.fractions.get(p.balance, 0.0) + rest
        # Ideal gas: its error of some percent at 10 MPa says little of a cylinder's life.
        self._litres_per_mpa = (
            p.volume_l
            * (1e3 / STANDARD_PRESSURE_KPA)
            * ((STANDARD_TEMPERATURE_DEGC + KELVIN) / (FILLING_TEMPERATURE_DEGC + KELVIN))
        )
        self.content_l = max(0.0, p.pressure_mpa - p.rest_mpa) * self._litres_per_mpa
        """Standard volume that it gives until it is empty, l."""
        self.flow = Signal(0.0)
        """Standard flow out of it, l/min."""
        self._drawn = Accumulated(self.flow)  # l/min times s
        self._asked: dict[str, float] = {}
        self._listeners: list[Callable[[], None]] = []
        self._end: Call | None = None

    @property
    def connected(self) -> bool:
        """Whether there is a cylinder at all."""
        return bool(self.parameters.pressure_mpa > 0.0)

    def draw(self, flow_l_per_min: float, by: str = "") -> float:
        """Draw this flow from now on, in place of what this user drew before; returns the flow that comes.

        Args:
            flow_l_per_min: standard flow, l/min; 0 to shut.
            by: name of the user, where several devices draw from one cylinder.

        Raises:
            ValueError: a flow below 0.
        """
        if not flow_l_per_min >= 0.0:
            raise ValueError(f"cylinder: cannot draw {flow_l_per_min} l/min")
        self._asked[by] = flow_l_per_min
        self._follow()
        return flow_l_per_min if not self.empty(self.clock.now) else 0.0

    def on_empty(self, listener: Callable[[], None]) -> None:
        """Have `listener()` called when the cylinder has run empty."""
        self._listeners.append(listener)

    def empty(self, at: float) -> bool:
        """Tell whether it gives nothing any more."""
        return self.consumed_l(at) >= self.content_l * (1.0 - 1e-12)

    def energised(self, at: float) -> bool:
        """Tell whether gas flows out of it: what a bench must not leave behind."""
        return self.flow.value(at) > 0.0

    def consumed_l(self, at: float) -> float:
        """Return the standard volume drawn since bench time 0, l."""
        return self._drawn.value(at) / 60.0

    def consumed(self, at: float) -> tuple[Consumed, ...]:
        """Return what was drawn; see `instruments.twin.Consumed`."""
        what = ", ".join(self.parameters.fractions)
        return (
            Consumed(
                what=f"{what} in {self.parameters.balance}" if what else self.parameters.balance,
                amount=self.consumed_l(at),
                unit="l",
            ),
        )

    def pressure(self, at: float) -> float:
        """Return its absolute pressure at 20 °C, MPa."""
        return max(0.0, float(self.parameters.pressure_mpa) - self.consumed_l(at) / self._litres_per_mpa)

    def true_value(self, component: str) -> float:
        """Return the true amount fraction of a component, 1."""
        return self.fractions.get(component, 0.0)

    def true_error(self, component: str, at: float = 0.0, since: float = 0.0) -> float:
        """Return the true amount fraction of a component, 1: what a certified value is held against."""
        return self.true_value(component)

    def _follow(self) -> None:
        now = self.clock.now
        total = 0.0 if self.empty(now) else sum(self._asked.values())
        self.flow.replace_from(now, [(now, algebra.constant(total))])
        if self._end is not None:
            self._end.cancel()
            self._end = None
        if total > 0.0:
            end = now + (self.content_l - self.consumed_l(now)) * 60.0 / total
            if end < math.inf:
                self._end = self.clock.call_at(end, self._run_out)

    def _run_out(self) -> None:
        self._end = None
        now = self.clock.now
        self.content_l = min(self.content_l, self.consumed_l(now))  # rounding must not leave it a breath
        self.flow.replace_from(now, [(now, algebra.ZERO)])
        for listener in self._listeners:
            listener()
