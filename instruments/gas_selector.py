"""Twin of a gas selector: a valve with a closed position and sixteen inlets for cylinders, flow and pressure control.

Generic, commands invented. The valve has a memory: its dead volume is washed out by the flow (time constant V/q), and a
share of each sticky gas comes from the walls with a time constant of its own:

    x = x_new + (x_old - x_new)·exp(-t·q/V), of which the share a goes by exp(-t/T_a)

What is measured downstream of it sees all of this; `instruments.gas_sample` has the way from there to a cell.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.ports_cylinder import Cylinder
from instruments.ports_gas import STANDARD_PRESSURE_KPA, GasLine
from instruments.scpi import (
    Boolean,
    Event,
    Fields,
    Fixed,
    Flag,
    Identity,
    Integer,
    Numeric,
    Query,
    ScpiError,
    ScpiInstrument,
    Setting,
)
from instruments.signal import TRANSIENT_ENDS, Signal
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

INLETS = 16
"""Inlets of the valve."""
PORTS = {**{f"cylinder{number}": Cylinder for number in range(1, INLETS + 1)}, "outlet": GasLine}
NUMBER, FLOW, KPA, MPA = Integer(), Fixed(4), Fixed(3), Fixed(3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a selector."""

    serial: str = "TWIN-0001"
    """Serial number."""
    dead_volume_ml: float = 2.0
    """Volume between the valve and the outlet that the flow washes out, ml."""
    adsorbed: dict[str, float] = field(default_factory=dict)
    """Component -> share of a change that goes through the walls, 0 to 1."""
    adsorption_s: float = 60.0
    """Time constant of the walls, s."""
    flow_error: float = 0.0
    """Relative error of the flow setting, 1."""
    flow_reading_error: float = 0.0
    """Relative error of the measured flow, 1."""
    pressure_error_kpa: float = 0.0
    """Error of the measured outlet pressure, kPa."""
    cylinder_pressure_error_mpa: float = 0.0
    """Error of the measured cylinder pressure, MPa."""
    maximum_flow_l_per_min: float = 5.0
    """Largest flow, standard l/min."""

    def __post_init__(self) -> None:
        for name in ("dead_volume_ml", "adsorption_s", "maximum_flow_l_per_min"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if any(not 0.0 <= share <= 1.0 for share in self.adsorbed.values()):
            raise ValueError(f"adsorbed must lie in 0..1, got {self.adsorbed}")


class GasSelector(ScpiInstrument[Parameters]):
    """Be the selector; the true gas is on its outlet."""

    identity = Identity(manufacturer="caltwin", model="GSV-16", firmware="1.2")
    commands = (
        Setting(
            "VALVe:POSition",
            Numeric(low=0, high=INLETS, default=0, integer=True, reply=NUMBER),
            getter="selected",
            setter="select",
            doc="Inlet 1 to 16; 0 is closed.",
        ),
        Setting(
            "SOURce:FLOW",
            Numeric(low=0.0, high="largest_flow", default=1.0, reply=FLOW),
            getter="asked_flow",
            setter="ask_flow",
            doc="Flow through the chosen inlet, standard l/min (25 °C, 101.325 kPa).",
        ),
        Setting(
            "SOURce:PRESsure",
            Numeric(low=20.0, high=300.0, default=STANDARD_PRESSURE_KPA, reply=KPA),
            getter="asked_pressure",
            setter="ask_pressure",
            doc="Absolute pressure at the outlet, kPa.",
        ),
        Setting(
            "OUTPut:VENT",
            Boolean(default=True, reply=Flag("ON", "OFF")),
            getter="vent",
            setter="set_vent",
            doc="Overflow to the room at the end of the outlet: open or shut.",
        ),
        Event("VALVe:CLOSe", method="close", doc="Close the valve at once."),
        Query("MEASure:FLOW?", method="measured_flow", reply=FLOW, doc="Flow, standard l/min."),
        Query("MEASure:PRESsure:OUTLet?", method="outlet_pressure", reply=KPA, doc="Pressure at the outlet, kPa."),
        Query(
            "MEASure:PRESsure:CYLinder?",
            method="cylinder_pressure",
            parameters=(Numeric(low=1, high=INLETS, integer=True, optional=True, missing=0),),
            reply=MPA,
            doc="Absolute pressure of the chosen cylinder (or of the one named), MPa; 0 where there is none.",
        ),
        Query(
            "MEASure:ALL?",
            method="everything",
            reply=Fields((NUMBER, FLOW, KPA, MPA)),
            doc="Position, flow, outlet pressure and pressure of the chosen cylinder (0 if closed).",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the selector at power-on: closed, vent open."""
        super().__init__(parameters, surroundings)
        self.cylinders = [surroundings.port(f"cylinder{number}", Cylinder) for number in range(1, INLETS + 1)]
        self.outlet = surroundings.port("outlet", GasLine)
        for cylinder in self.cylinders:
            cylinder.on_empty(self._follow)
        self.largest_flow = parameters.maximum_flow_l_per_min
        self._drawing: Cylinder | None = None
        self._followed: tuple[object, ...] = ()
        self._since = 0.0
        self._flow = 0.0
        self._held: dict[str, tuple[float, float, float]] = {}  # component: target, bulk and walls at `_since`
        self._position, self._asked_flow, self._vent = 0, 1.0, True
        self._asked_pressure = STANDARD_PRESSURE_KPA
        for gas, signal in self.outlet.gases.items():
            level = signal.value(0.0)
            self._held[gas] = (level, level, level)
        self._follow()

    def reset(self) -> None:
        """Go to the state of *RST: closed, 1 l/min, vent open, atmospheric pressure."""
        self._position, self._asked_flow, self._vent = 0, 1.0, True
        self._asked_pressure = STANDARD_PRESSURE_KPA
        self._follow()

    # -- settings -----------------------------------------------------------------------------------------------------

    def selected(self) -> int:
        """Return the position."""
        return self._position

    def select(self, position: int) -> None:
        """Turn to an inlet, or to 0."""
        self._position = position
        self._follow()

    def close(self) -> None:
        """Turn to 0."""
        self.select(0)

    def asked_flow(self) -> float:
        """Return the flow setting, l/min."""
        return self._asked_flow

    def ask_flow(self, flow_l_per_min: float) -> None:
        """Set the flow, l/min."""
        self._asked_flow = flow_l_per_min
        self._follow()

    def asked_pressure(self) -> float:
        """Return the pressure setting, kPa."""
        return self._asked_pressure

    def ask_pressure(self, pressure_kpa: float) -> None:
        """Set the outlet pressure, kPa."""
        self._asked_pressure = pressure_kpa
        self._follow()

    def vent(self) -> bool:
        """Return whether the overflow is open."""
        return self._vent

    def set_vent(self, on: bool) -> None:
        """Open or shut the overflow."""
        self._vent = on
        self._follow()

    # -- what goes out ------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Cylinder | None:
        """Cylinder at the chosen inlet; None if closed."""
        return self.cylinders[self._position - 1] if self._position else None

    def _follow(self) -> None:
        """Make flow, pressure and composition of the outlet follow the settings from now on."""
        chosen = self.chosen
        gives = chosen is not None and not chosen.empty(self.clock.now)
        wanted = (self._position, self._asked_flow, self._vent, self._asked_pressure, gives)
        if wanted == self._followed:
            return
        self._followed = wanted
        self._drive()

    def _drive(self) -> None:
        now, name = self.clock.now, self.name
        held = {gas: self._state(gas, now) for gas in self._held}
        chosen, wanted = self.chosen, self._asked_flow * (1.0 + self.parameters.flow_error)
        if self._drawing is not None and self._drawing is not chosen:
            self._drawing.draw(0.0, by=name)
        flow = 0.0 if chosen is None else chosen.draw(wanted, by=name)
        self._drawing = chosen
        self._since, self._flow = now, flow
        for signal, level in (
            (self.outlet.flow, flow),
            (self.outlet.pressure, self._asked_pressure),
            (self.outlet.vented, float(self._vent)),
        ):
            if signal.value(now) != level:
                _write(signal, now, level)
        fresh = chosen.fractions if chosen is not None and flow > 0.0 else None
        for gas in {*held, *(fresh or {}), *self.outlet.gases}:
            target, bulk, walls = held.get(gas, (0.0, 0.0, 0.0))
            if fresh is not None:
                target = fresh.get(gas, 0.0)
            self._held[gas] = target, bulk, walls
            self._put(gas)

    def _state(self, gas: str, at: float) -> tuple[float, float, float]:
        """Return target, and what bulk and walls have reached by a bench time."""
        target, bulk, walls = self._held[gas]
        if not self._flow:
            return target, bulk, walls
        after = at - self._since
        bulk = target + (bulk - target) * math.exp(-after / self._washout_s())
        walls = target + (walls - target) * math.exp(-after / self.parameters.adsorption_s)
        return target, bulk, walls

    def _washout_s(self) -> float:
        return self.parameters.dead_volume_ml / 1000.0 / (self._flow / 60.0)

    def _put(self, gas: str) -> None:
        """Write the course of a component at the outlet."""
        signal, now = self.outlet.fraction(gas), self._since
        target, bulk, walls = self._held[gas]
        share = self.parameters.adsorbed.get(gas, 0.0)
        if not self._flow:
            _write(signal, now, (1.0 - share) * bulk + share * walls)
            return
        course = algebra.constant(target)
        longest = 0.0
        for part, state, tau in (
            (1.0 - share, bulk, self._washout_s()),
            (share, walls, self.parameters.adsorption_s),
        ):
            gap = part * (state - target)
            if abs(gap) > 1e-15 * abs(target):
                course = algebra.add(course, algebra.decay(gap, tau))
                longest = max(longest, tau)
        if not longest:
            _write(signal, now, target)
            return
        over = now + TRANSIENT_ENDS * longest
        signal.replace_from(now, [(now, course), (over, algebra.constant(target))])

    # -- what it measures ---------------------------------------------------------------------------------------------

    def measured_flow(self) -> float:
        """Return the flow, l/min."""
        return self._flow * (1.0 + self.parameters.flow_reading_error)

    def outlet_pressure(self) -> float:
        """Return the pressure at the outlet, kPa."""
        return self.outlet.pressure.value(self.now) + self.parameters.pressure_error_kpa

    def cylinder_pressure(self, inlet: int = 0) -> float:
        """Return the pressure of a cylinder, MPa.

        Raises:
            ScpiError: -221 where the valve is closed and no inlet is named.
        """
        if not inlet and not self._position:
            raise ScpiError(-221, info="valve is closed")
        cylinder = self.cylinders[(inlet or self._position) - 1]
        if not cylinder.connected:
            return 0.0
        return max(0.0, cylinder.pressure(self.now) + self.parameters.cylinder_pressure_error_mpa)

    def everything(self) -> tuple[int, float, float, float]:
        """Return position, flow, outlet pressure and cylinder pressure."""
        pressure = self.cylinder_pressure() if self._position else 0.0
        return self._position, self.measured_flow(), self.outlet_pressure(), pressure


def _write(signal: Signal, at: float, level: float) -> None:
    signal.replace_from(at, [(at, algebra.constant(level))])


twin = Kind(
    parameters=Parameters,
    ports=PORTS,
    optional_ports=frozenset(PORTS) - {"outlet"},
    build=GasSelector,
)
"""What a station builds by `twin: gas_selector`."""
