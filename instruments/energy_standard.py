"""Twin of a reference DC power and energy meter (class 0.02 or 0.05) with a pulse input for meters under test.

It multiplies true voltage and current without bandwidth limit; its hidden errors act on the product:

    p_s = u·(i + e_th/R_sh)·(1 + d_class)·(1 + d_cal)·(1 + a·(T - 23 °C))

and an energy over a window is counted in quanta 1/C_0 with the phase that the accumulator happens to have. The commands
are in `instruments.energy_standard_commands`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.energy_standard_commands import COMMANDS, ENERGY, INDICATION, ITEMS, PULSE_INPUTS
from instruments.noise import CountedNoise
from instruments.ports import Ambient, Connection, ElectricalNode, PulseLine
from instruments.registration import JOULES_PER_KWH, REFERENCE_TEMPERATURE_DEGC
from instruments.scpi import Identity, ScpiError, ScpiInstrument
from instruments.signal import Pointwise
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.clock import Call
    from instruments.scpi import Operation
    from instruments.terms import Terms
    from instruments.twin import Surroundings

PULSE_PORTS = ("pulses", *(f"pulses{number}" for number in range(2, PULSE_INPUTS + 1)))
"""Ports of the pulse inputs, one for each position of a bench."""
NOT_A_NUMBER = "NAN"
"""How the family writes a missing value."""
TIME_STEP_S = 1e-6
"""Resolution of measured times, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a standard."""

    serial: str = "TWIN-0001"
    """Serial number."""
    class_error: float = 0.0
    """Relative error of power and energy within the accuracy class, 1."""
    calibration_error: float = 0.0
    """Relative error of power and energy that its calibration left, 1."""
    voltage_error: float = 0.0
    """Relative error of the indicated voltage, 1; not of power."""
    current_error: float = 0.0
    """Relative error of the indicated current, 1; not of power."""
    temperature_coefficient_per_k: float = 0.0
    """Relative change of indicated power and energy from 23 °C, 1/K."""
    thermal_emf_v: float = 0.0
    """Thermal EMF in the shunt circuit, V; acts on current, power and energy."""
    connection: Connection = "direct"
    """Current input: the current through its own shunt, or the signal of an external one."""
    shunt_voltage_v: float = 0.075
    """Voltage of the shunt at its rated current, V."""
    shunt_current_a: float = 100.0
    """Rated current of the shunt, A."""
    constant_imp_per_kwh: float = 1e6
    """Constant C_0 of the internal count, imp/kWh."""
    repeatability: float = 0.0
    """Relative standard deviation of one measured energy, 1; drawn anew for each comparison or integration."""
    timebase_error: float = 0.0
    """Relative error of measured times, 1."""
    update_s: float = 0.5
    """Period in which the indications of U, I and P are renewed, each the mean over one period, s."""

    def __post_init__(self) -> None:
        for name in ("shunt_voltage_v", "shunt_current_a", "constant_imp_per_kwh", "update_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        if not self.repeatability >= 0.0:
            raise ValueError(f"repeatability must not be below 0, got {self.repeatability}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Hold a finished comparison."""

    counts: int
    """Count of the standard, below zero for export."""
    time_s: float
    """Time between the edges as measured, s."""


class EnergyStandard(ScpiInstrument[Parameters]):
    """Be the standard; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="WT-DCE 05", firmware="F2.11")
    commands = COMMANDS

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the standard at power-on."""
        super().__init__(parameters, surroundings)
        p = parameters
        node = surroundings.port("input", ElectricalNode)
        current = node.circuit(p.connection, p.shunt_voltage_v, p.shunt_current_a)
        offset = algebra.constant(p.thermal_emf_v / p.shunt_voltage_v * p.shunt_current_a)
        temperature = surroundings.port("ambient", Ambient).temperature
        gain = (1.0 + p.class_error) * (1.0 + p.calibration_error)

        def power(u: Terms, i: Terms, *air: Terms) -> Terms:
            product = algebra.scale(algebra.multiply(u, algebra.add(i, offset)), gain)
            if not air:
                return product
            warmth = algebra.add(air[0], algebra.constant(-REFERENCE_TEMPERATURE_DEGC))
            return algebra.multiply(
                product, algebra.add(algebra.constant(1.0), algebra.scale(warmth, p.temperature_coefficient_per_k))
            )

        self._voltage_signal = node.voltage
        self._current_signal = Pointwise(lambda i: algebra.add(i, offset), current)
        self._power_signal = Pointwise(
            power, node.voltage, current, *((temperature,) if p.temperature_coefficient_per_k else ())
        )
        self._lines = [surroundings.port(name, PulseLine) for name in PULSE_PORTS]
        self._input = 1
        for line in self._lines:
            line.on_change(self._edges_moved)
        self._noise = CountedNoise(surroundings.rng)
        self._measurements = 0
        self._total_base = 0
        self._comparison: Operation | None = None
        self._ending: Call | None = None
        self._to_defaults()

    def _to_defaults(self) -> None:
        self.number_format = "ASCii"
        self.item_count = 3
        self._items = ["U", "I", "P"] + ["NONE"] * (ITEMS - 3)
        self.pulse_count = 10
        self._first_edge = 0
        self._compared: Compared | None = None
        self._integrated_j = 0.0
        self._integrated_s = 0.0
        self._integrating_since: float | None = None
        self._integration_draw = (0.0, 0.0)

    def reset(self) -> None:
        """Go to the state of *RST: default items, no comparison, no integration."""
        self.compare_abort()
        self._to_defaults()

    def true_error(self, current: float, temperature_degc: float = REFERENCE_TEMPERATURE_DEGC) -> float:
        """Return the relative error of its energy without count and repeatability, 1.

        Args:
            current: A; below zero for export.
            temperature_degc: of the room, °C.
        """
        p = self.parameters
        seen = current + p.thermal_emf_v / p.shunt_voltage_v * p.shunt_current_a
        warmth = 1.0 + p.temperature_coefficient_per_k * (temperature_degc - REFERENCE_TEMPERATURE_DEGC)
        return seen / current * (1.0 + p.class_error) * (1.0 + p.calibration_error) * warmth - 1.0

    # -- energy by counting -------------------------------------------------------------------------------------------

    def _draw(self) -> tuple[float, float]:
        """Return phase of the count and relative deviation for the next measurement."""
        index = self._measurements
        self._measurements += 1
        deviation = self.parameters.repeatability
        return self._noise.uniform(2 * index), deviation and deviation * self._noise.normal(2 * index + 1)

    def _counts(self, joules: float, draw: tuple[float, float]) -> int:
        phase, deviation = draw
        quanta = abs(joules) * (1.0 + deviation) / JOULES_PER_KWH * self.parameters.constant_imp_per_kwh
        return int(math.copysign(math.floor(quanta + phase), joules))

    def _watt_hours(self, counts: int) -> float:
        return counts / self.parameters.constant_imp_per_kwh * 1000.0

    def _measured_time(self, seconds: float) -> float:
        return round(seconds * (1.0 + self.parameters.timebase_error) / TIME_STEP_S) * TIME_STEP_S

    # -- comparison with pulses ---------------------------------------------------------------------------------------

    @property
    def _pulses(self) -> PulseLine:
        return self._lines[self._input - 1]

    @property
    def pulse_input(self) -> int:
        """Pulse input in use, from 1."""
        return self._input

    @pulse_input.setter
    def pulse_input(self, value: int) -> None:
        self._input = value
        self.clear_total()

    def not_comparing(self) -> None:
        """Refuse a change while a comparison is under way."""
        if self._comparison is not None and self._comparison.pending:
            raise ScpiError(-221, info="comparison is running")

    def compare_start(self) -> None:
        """Begin a comparison: it runs from the next edge over `pulse_count` pulses."""
        if self._comparison is not None and self._comparison.pending:
            raise ScpiError(-213)
        self._compared = None
        self._first_edge = self._pulses.count(self.now)
        self._comparison = self.begin("comparison", done=self._compare_done)
        self._edges_moved()

    def compare_abort(self) -> None:
        """Give up a comparison; nothing is kept of it."""
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if self._comparison is not None:
            self._comparison.cancel()
            self._comparison = None

    def _edges_moved(self) -> None:
        """Move the end of the comparison to where the last edge is expected now."""
        operation = self._comparison
        if operation is None or not operation.pending:
            return
        end = self._pulses.edge(self._first_edge + self.pulse_count)
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        if end < math.inf:
            self._ending = self.clock.call_at(max(end, self.now), operation.finish)

    def _compare_done(self) -> None:
        start = self._pulses.edge(self._first_edge)
        stop = self._pulses.edge(self._first_edge + self.pulse_count)
        self._compared = Compared(
            counts=self._counts(self._power_signal.integral(start, stop), self._draw()),
            time_s=self._measured_time(stop - start),
        )

    def compare_state(self) -> str:
        """Answer how far the comparison is."""
        if self._comparison is None:
            return "IDLE"
        if self._compared is not None:
            return "DONE"
        return "RUN" if self._pulses.edge(self._first_edge) <= self.now else "WAIT"

    def _result(self) -> Compared:
        if self._compared is None:
            raise ScpiError(-230, info="no finished comparison")
        return self._compared

    def compared_energy(self) -> float:
        """Return the energy between the edges, Wh; below zero for export."""
        return self._watt_hours(self._result().counts)

    def compared_time(self) -> float:
        """Return the time between the edges, s."""
        return self._result().time_s

    def compared_counts(self) -> int:
        """Return the standard's count between the edges."""
        return abs(self._result().counts)

    def constant(self) -> float:
        """Return C_0, imp/kWh."""
        return self.parameters.constant_imp_per_kwh

    def pulse_total(self) -> int:
        """Return the edges seen."""
        return self._pulses.count(self.now) - self._total_base

    def clear_total(self) -> None:
        """Count edges from 0 again."""
        self._total_base = self._pulses.count(self.now)

    # -- integration --------------------------------------------------------------------------------------------------

    def integrate_start(self) -> None:
        """Start or go on."""
        if self._integrating_since is not None:
            raise ScpiError(-221, info="already integrating")
        if not self._integrated_s:
            self._integration_draw = self._draw()
        self._integrating_since = self.now

    def integrate_stop(self) -> None:
        """Stop and hold."""
        if self._integrating_since is None:
            raise ScpiError(-221, info="not integrating")
        self._integrated_j, self._integrated_s = self._integral()
        self._integrating_since = None

    def integrate_reset(self) -> None:
        """Clear the result."""
        if self._integrating_since is not None:
            raise ScpiError(-221, info="integrating")
        self._integrated_j = self._integrated_s = 0.0

    def integrate_state(self) -> str:
        """Answer the state in the family's short words."""
        if self._integrating_since is not None:
            return "STAR"
        return "STOP" if self._integrated_s else "RES"

    def _integral(self) -> tuple[float, float]:
        """Return energy in J and time in s so far."""
        since = self._integrating_since
        if since is None:
            return self._integrated_j, self._integrated_s
        energy = self._power_signal.integral(since, self.now)
        return self._integrated_j + energy, self._integrated_s + self.now - since

    # -- numeric items ------------------------------------------------------------------------------------------------

    def header(self) -> bool:
        """Tell whether replies carry headers: never."""
        return False

    def set_header(self, on: bool) -> None:
        """Accept OFF alone."""
        if on:
            raise ScpiError(-224, info="replies have no headers here")

    def select_item(self, place: int, function: str, element: int) -> None:
        """Put a function at a place."""
        self._items[place - 1] = function

    def selected_item(self, place: int) -> str:
        """Answer what is at a place."""
        function = self._items[place - 1]
        return function if function in ("NONE", "TIME") else f"{function},1"

    def numeric_value(self, place: int | None) -> str:
        """Answer one item or all of them."""
        items = self._items[: self.item_count] if place is None else [self._items[place - 1]]
        return ",".join([self._item(function) for function in items])

    def _item(self, function: str) -> str:
        p = self.parameters
        period = p.update_s
        stop = math.floor(self.now / period) * period
        start = max(0.0, stop - period)
        if function == "U":
            return str(INDICATION(self._voltage_signal.mean(start, stop) * (1.0 + p.voltage_error)))
        if function == "I":
            return str(INDICATION(self._current_signal.mean(start, stop) * (1.0 + p.current_error)))
        if function == "P":
            return str(INDICATION(self._power_signal.mean(start, stop)))
        if function == "NONE" or self.integrate_state() == "RES":
            return NOT_A_NUMBER
        energy, seconds = self._integral()
        if function == "TIME":
            return str(ENERGY(self._measured_time(seconds)))
        return str(ENERGY(self._watt_hours(self._counts(energy, self._integration_draw))))


twin = Kind(
    parameters=Parameters,
    ports={"input": ElectricalNode, **dict.fromkeys(PULSE_PORTS, PulseLine), "ambient": Ambient},
    optional_ports=frozenset({*PULSE_PORTS, "ambient"}),
    build=EnergyStandard,
)
"""What a station builds by `twin: energy_standard`."""
