"""Twin of a DC phantom-load source: separate voltage and current circuits, ramps, ripple, shunt output, interlock.

The physics is in `instruments.circuit`, the commands are in `instruments.power_source_commands`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from instruments import terms as algebra
from instruments.circuit import Circuit, Ripple
from instruments.ports import ElectricalNode
from instruments.power_source_commands import COMMANDS
from instruments.scpi import Identity, ScpiError, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.clock import Call
    from instruments.scpi import Operation
    from instruments.signal import Signal
    from instruments.twin import Surroundings

T = TypeVar("T")

# Bits of STATus:QUEStionable, as in the register model of section 5.4.2.
OVERVOLTAGE = 1 << 0
OVERCURRENT = 1 << 1
REMOTE = 1 << 10
OUTPUT_ON = 1 << 11
POWER_FAIL = 1 << 13

SHUNT_VOLTAGE_V = 0.075
"""Voltage of the shunt output at its rated current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a source."""

    serial: str = "TWIN-0001"
    """Serial number."""
    nominal_voltage_v: float = 1500.0
    """Nominal voltage, V."""
    nominal_current_a: float = 600.0
    """Nominal current, A."""
    voltage_error: float = 0.0
    """Relative error of the voltage setting, 1."""
    current_error: float = 0.0
    """Relative error of the current setting, 1."""
    voltage_drift_per_h: float = 0.0
    """Relative drift of the voltage, 1/h."""
    current_drift_per_h: float = 0.0
    """Relative drift of the current, 1/h."""
    voltage_readback_error: float = 0.0
    """Relative error of the source's own voltage reading, 1."""
    current_readback_error: float = 0.0
    """Relative error of the source's own current reading, 1."""
    voltage_slew_v_per_s: float = 1000.0
    """Largest rate of change of the voltage, V/s."""
    current_slew_a_per_s: float = 400.0
    """Largest rate of change of the current, A/s."""
    settling_time_s: float = 0.05
    """Time constant of the settling of both circuits, s."""
    acquisition_s: float = 0.1
    """Period in which the source renews its measured values, each the mean over one period, s."""
    interlock_closed: bool = True
    """Whether the safety interlock is closed at power-on."""

    def __post_init__(self) -> None:
        for name in (
            "nominal_voltage_v",
            "nominal_current_a",
            "voltage_slew_v_per_s",
            "current_slew_a_per_s",
            "settling_time_s",
            "acquisition_s",
        ):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class Asked(Generic[T]):
    """Be a setting of the source that changes what it puts out."""

    def __init__(self, initial: T) -> None:
        self.initial = initial

    def __set_name__(self, owner: type, name: str) -> None:
        self._slot = f"_asked_{name}"

    @overload
    def __get__(self, source: None, owner: type) -> Asked[T]: ...
    @overload
    def __get__(self, source: PowerSource, owner: type) -> T: ...
    def __get__(self, source: PowerSource | None, owner: type) -> Asked[T] | T:
        if source is None:
            return self
        value: T = getattr(source, self._slot)
        return value

    def __set__(self, source: PowerSource, value: T) -> None:
        setattr(source, self._slot, value)
        source.follow()


class PowerSource(ScpiInstrument[Parameters]):
    """Be the source. `voltage`, `current` and the other settings are what was asked for; truth is on the port."""

    voltage = Asked(0.0)
    current = Asked(0.0)
    direction = Asked("IMPort")
    voltage_ripple = Asked(0.0)
    current_ripple = Asked(0.0)
    voltage_phase = Asked(0.0)
    current_phase = Asked(0.0)
    ripple_frequency = Asked(300.0)
    voltage_protection = Asked(math.inf)
    current_protection = Asked(math.inf)

    identity = Identity(manufacturer="caltwin", model="PLS 1500-600", firmware="V3.02")
    error_queue_limit = 5  # section 5.4.5.4: up to 5 entries
    commands = COMMANDS

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the source at power-on: not remote, output off, all settings at their reset values."""
        super().__init__(parameters, surroundings)
        p = parameters
        self.node = surroundings.port("output", ElectricalNode)
        self.voltage_limit = 1.02 * p.nominal_voltage_v
        self.current_limit = 1.02 * p.nominal_current_a
        self.voltage_protection_limit = 1.1 * p.nominal_voltage_v
        self.current_protection_limit = 1.1 * p.nominal_current_a
        self._remote = False
        self._interlock_closed = p.interlock_closed
        self._voltage_circuit = Circuit(
            slew_per_s=p.voltage_slew_v_per_s,
            settling_time_s=p.settling_time_s,
            error=p.voltage_error,
            drift_per_h=p.voltage_drift_per_h,
        )
        self._current_circuit = Circuit(
            slew_per_s=p.current_slew_a_per_s,
            settling_time_s=p.settling_time_s,
            error=p.current_error,
            drift_per_h=p.current_drift_per_h,
        )
        self._trip: Call | None = None
        self._settling: Operation | None = None
        self.current_output = "DIRect"  # wiring: *RST leaves these two, a live circuit must not change its terminals
        self.shunt_current = 100.0
        self._followed: tuple[object, ...] = ()
        self._planned: dict[Circuit, tuple[float, Ripple]] = {}
        self._defaults()

    def _defaults(self) -> None:
        self._output = False
        self._asked_voltage_protection = self.voltage_protection_limit
        self._asked_current_protection = self.current_protection_limit
        for name in ("voltage", "current", "direction", "ripple_frequency"):
            setattr(self, f"_asked_{name}", getattr(PowerSource, name).initial)
        for name in ("voltage_ripple", "current_ripple", "voltage_phase", "current_phase"):
            setattr(self, f"_asked_{name}", 0.0)

    # -- remote control, output, safety -------------------------------------------------------------------------------

    def lock(self, on: bool) -> None:
        """Take or give back remote control."""
        self._remote = on
        self.status.questionable.set(REMOTE, on)

    def owner(self) -> str:
        """Answer who is in control."""
        return "REMOTE" if self._remote else "NONE"

    def remote_only(self) -> None:
        """Refuse a setting without remote control, as the family does."""
        if not self._remote:
            raise ScpiError(-221)

    def output_off_only(self) -> None:
        """Refuse to change the wiring of a live current circuit."""
        self.remote_only()
        if self._output or self.node.energised(self.now):
            raise ScpiError(-221, info="output is live")

    @property
    def output(self) -> bool:
        """Whether the output is on."""
        return self._output

    @output.setter
    def output(self, on: bool) -> None:
        if on and not self._interlock_closed:
            raise ScpiError(-221, info="interlock is open")
        if on:
            self.status.questionable.set(OVERVOLTAGE | OVERCURRENT | POWER_FAIL, False)
        self._output = on
        self.status.questionable.set(OUTPUT_ON, on)
        self.follow()

    def interlock(self) -> str:
        """Answer the state of the interlock."""
        return "CLOSED" if self._interlock_closed else "OPEN"

    def set_interlock(self, closed: bool) -> None:
        """Open or close the safety interlock, as a person at the bench would; opening takes the output off at once."""
        self._interlock_closed = closed
        if not closed and self._output:
            self._switch_off(POWER_FAIL)

    def reset(self) -> None:
        """Go to the state of *RST: remote control, output off, alarms cleared (section 5.4.1.3).

        Where the current goes (terminals or shunt output) stays: it is wiring.
        """
        self._defaults()
        self.lock(True)
        self.status.questionable.set(OVERVOLTAGE | OVERCURRENT | POWER_FAIL | OUTPUT_ON, False)
        self.follow()

    def save_settings(self, memory: int) -> None:
        """Refuse *SAV: the family has none."""
        raise ScpiError(-113)

    def recall_settings(self, memory: int) -> None:
        """Refuse *RCL: the family has none, and no memory may switch an output on."""
        raise ScpiError(-113)

    @property
    def energised(self) -> bool:
        """Whether the circuits truly carry voltage or current now."""
        return self.node.energised(self.now)

    # -- what goes out ------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Make the circuits go where the settings say, from now on."""
        wanted = _settings(self)
        if wanted == self._followed:
            return
        self._followed = wanted
        sign = 1.0 if self.direction == "IMPort" else -1.0
        changed = self._drive(
            self._voltage_circuit,
            self.voltage if self._output else 0.0,
            self._ripple(self.voltage_ripple, self.voltage_phase),
        )
        changed |= self._drive(
            self._current_circuit,
            sign * self.current if self._output else 0.0,
            self._ripple(self.current_ripple, self.current_phase),
        )
        self._watch()
        if not changed:
            return
        settled = max(self._voltage_circuit.settled_at(self.now), self._current_circuit.settled_at(self.now))
        if self._settling is not None and self._settling.pending:
            self._settling.finish_at(settled)
        elif settled > self.now:
            self._settling = self.begin("settling", until=settled)

    def _ripple(self, percent: float, degrees: float) -> Ripple:
        return Ripple(ratio=percent / 100.0, frequency_hz=self.ripple_frequency, phase_rad=math.radians(degrees))

    def _drive(self, circuit: Circuit, target: float, ripple: Ripple) -> bool:
        """Send a circuit on its way; returns False if it is on it already."""
        if self._planned.get(circuit) == (target, ripple):
            return False
        self._planned[circuit] = (target, ripple)
        pieces = circuit.plan(self.now, target, ripple)
        if circuit is self._voltage_circuit:
            self.node.voltage.replace_from(self.now, pieces)
        elif self.current_output == "DIRect":
            self.node.current.replace_from(self.now, pieces)
        else:
            factor = SHUNT_VOLTAGE_V / self.shunt_current
            self.node.shunt.replace_from(self.now, [(at, algebra.scale(terms, factor)) for at, terms in pieces])
        return True

    def _watch(self) -> None:
        """Have the output go off when a circuit exceeds its protection threshold."""
        if self._trip is not None:
            self._trip.cancel()
            self._trip = None
        if not self._output:
            return
        over_voltage = self._voltage_circuit.reaches(self.now, self.voltage_protection)
        over_current = self._current_circuit.reaches(self.now, self.current_protection)
        at = min(over_voltage, over_current)
        alarm = OVERVOLTAGE if over_voltage <= over_current else OVERCURRENT
        if at <= self.now:
            self._switch_off(alarm)
        elif at < math.inf:
            self._trip = self.clock.call_at(at, lambda: self._switch_off(alarm))

    def _switch_off(self, alarm: int) -> None:
        self._output = False
        self.status.questionable.set(OUTPUT_ON, False)
        self.status.questionable.set(alarm, True)
        self.follow()

    # -- what it measures itself --------------------------------------------------------------------------------------

    def _mean(self, signal: Signal) -> float:
        period = self.parameters.acquisition_s
        stop = math.floor(self.now / period) * period
        return signal.mean(max(0.0, stop - period), stop)

    def measured_voltage(self) -> float:
        """Return the voltage of the last acquisition, V."""
        return self._mean(self.node.voltage) * (1.0 + self.parameters.voltage_readback_error)

    def measured_current(self) -> float:
        """Return the current of the last acquisition, A; of the shunt that is simulated, if there is one."""
        if self.current_output == "DIRect":
            true = self._mean(self.node.current)
        else:
            true = self._mean(self.node.shunt) * self.shunt_current / SHUNT_VOLTAGE_V
        return true * (1.0 + self.parameters.current_readback_error)

    def measured_power(self) -> float:
        """Return the product of both means, W."""
        return self.measured_voltage() * self.measured_current()

    def measured_array(self) -> tuple[float, float, float]:
        """Return voltage, current and power."""
        return self.measured_voltage(), self.measured_current(), self.measured_power()

    def nominal_voltage(self) -> float:
        """Return the nominal voltage, V."""
        return self.parameters.nominal_voltage_v

    def nominal_current(self) -> float:
        """Return the nominal current, A."""
        return self.parameters.nominal_current_a


ASKED = tuple(f"_asked_{name}" for name, value in vars(PowerSource).items() if isinstance(value, Asked))
"""Where a source keeps its settings that change what it puts out."""
_settings = attrgetter("_output", *ASKED)

twin = Kind(parameters=Parameters, ports={"output": ElectricalNode}, build=PowerSource)
"""What a station builds by `twin: power_source`."""
