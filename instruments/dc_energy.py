"""Twin of a DC energy meter under test: error curve, bandwidth, starting, creep, pulse output, two registers.

Many DC meters have a pulse output and a display and no bus at all; the commands here are those of no real meter. They
let a bench read what a person would read from the display, and are invented ("generic meter").
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments.noise import CountedNoise
from instruments.ports import Ambient, Connection, ElectricalNode, PulseLine
from instruments.registration import JOULES_PER_KWH, EnergyPulses, Flow, Registers, Registration
from instruments.scpi import Fixed, General, Identity, Query, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

DISPLAY_STEP_KWH = 0.001
"""Resolution of the display; it truncates."""
SHUNT_VOLTAGE_V = 0.075
"""Voltage of the shunt, internal or external, at the rated current."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold the nameplate and the hidden truth of a meter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    accuracy_class: Literal["0.5", "1", "2"] = "1"
    """Accuracy class as marked."""
    rated_voltage_v: float = 500.0
    """Rated voltage U_n, V."""
    rated_current_a: float = 100.0
    """Rated current I_n, A."""
    constant_imp_per_kwh: float = 1000.0
    """Meter constant C_L, imp/kWh."""
    connection: Connection = "direct"
    """Current input: the current itself, or an external 75 mV shunt of the rated current."""
    gain_error: float = 0.0
    """Relative error without load dependence, 1."""
    linear_error: float = 0.0
    """Relative error added at I_n in proportion to |I|/I_n, 1."""
    quadratic_error: float = 0.0
    """Relative error added at I_n in proportion to (I/I_n)², 1."""
    thermal_emf_v: float = 0.0
    """Thermal EMF in the shunt circuit, V; 75 mV correspond to I_n."""
    temperature_coefficient_per_k: float = 0.0
    """Relative change of the gain from 23 °C, 1/K."""
    drift_per_h: float = 0.0
    """Relative change of the gain from bench time 0, 1/h."""
    bandwidth_hz: float = math.inf
    """Corner frequency of voltage and current input, Hz; far below the ripple, the meter multiplies averages. Infinite:
    it multiplies momentary values."""
    starting_current_a: float = 0.02
    """Magnitude of the current below which nothing is registered, A."""
    creep_power_w: float = 0.0
    """Power registered without current at rated voltage, W; 0 for a sound meter."""
    register_error: float = 0.0
    """Relative difference of the registers from the pulse output, 1; 0 for a sound meter."""
    pulse_jitter: float = 0.0
    """Standard deviation of the place of a pulse, in pulses; at most 0.1."""
    residue: float = 0.0
    """Share of a pulse in the accumulator at bench time 0, 0 to 1."""
    initial_import_kwh: float = 0.0
    """Import register at bench time 0, kWh."""
    initial_export_kwh: float = 0.0
    """Export register at bench time 0, kWh."""
    clock_offset_s: float = 0.0
    """Error of the meter's clock at bench time 0, s."""
    clock_error: float = 0.0
    """Relative error of the rate of the meter's clock, 1."""

    def __post_init__(self) -> None:
        for name in ("rated_voltage_v", "rated_current_a", "constant_imp_per_kwh", "bandwidth_hz"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("starting_current_a", "creep_power_w", "initial_import_kwh", "initial_export_kwh"):
            if not getattr(self, name) >= 0.0:
                raise ValueError(f"{name} must not be below 0, got {getattr(self, name)}")
        if not 0.0 <= self.pulse_jitter <= 0.1:
            raise ValueError(f"pulse_jitter must lie in 0..0.1 pulses, got {self.pulse_jitter}")
        if not 0.0 <= self.residue < 1.0:
            raise ValueError(f"residue must lie in 0..1, got {self.residue}")


class DcEnergyMeter(ScpiInstrument[Parameters]):
    """Be the meter; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="DCM-1", firmware="1.0")
    commands = (
        Query("MEASure:ENERgy:IMPort?", method="import_display", reply=Fixed(3), doc="Import register, kWh."),
        Query("MEASure:ENERgy:EXPort?", method="export_display", reply=Fixed(3), doc="Export register, kWh."),
        Query("MEASure:POWer?", method="power_display", reply=Fixed(4), doc="Power of the last second, kW."),
        Query("NAMeplate:CLASs?", method="accuracy_class", doc="Accuracy class."),
        Query("NAMeplate:CONStant?", method="constant", reply=General(), doc="Constant, imp/kWh."),
        Query("NAMeplate:VOLTage?", method="rated_voltage", reply=General(), doc="Rated voltage, V."),
        Query("NAMeplate:CURRent?", method="rated_current", reply=General(), doc="Rated current, A."),
        Query("SYSTem:CLOCk?", method="clock_reading", reply=Fixed(0), doc="Meter's clock, s since bench time 0."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the meter and connect its pulse output."""
        super().__init__(parameters, surroundings)
        p = parameters
        node = surroundings.port("input", ElectricalNode)
        self._element = Registration(
            gain_error=p.gain_error,
            linear_error=p.linear_error,
            quadratic_error=p.quadratic_error,
            offset_current_a=p.thermal_emf_v / SHUNT_VOLTAGE_V * p.rated_current_a,
            temperature_coefficient_per_k=p.temperature_coefficient_per_k,
            drift_per_h=p.drift_per_h,
            rated_current_a=p.rated_current_a,
            time_constant_s=1.0 / (2.0 * math.pi * p.bandwidth_hz),  # 0 for no limit
            starting_current_a=p.starting_current_a,
            creep_power_w=p.creep_power_w,
            rated_voltage_v=p.rated_voltage_v,
        )
        self._flow = Flow(
            self._element,
            node.voltage,
            node.circuit(p.connection, SHUNT_VOLTAGE_V, p.rated_current_a),
            surroundings.port("ambient", Ambient).temperature,
        )
        self.pulses = EnergyPulses(
            self._flow, p.constant_imp_per_kwh, p.residue, p.pulse_jitter, CountedNoise(surroundings.rng)
        )
        self.pulses.listen_to(node.voltage, node.current if p.connection == "direct" else node.shunt)
        surroundings.port("pulses", PulseLine).connect(self.pulses)
        self._registers = Registers(self._flow, self.pulses.energy)

    def true_error(self, voltage: float, current: float, at: float = 0.0, since: float = 0.0) -> float:
        """Return the relative error of registered energy at reference conditions (23 °C, no ripple), 1.

        Args:
            voltage: V; the error does not depend on it, as long as there is some.
            current: A; below zero for export.
            at: bench time, s (drift).
            since: bench time at which the measurement began, s; the drift during one measurement is no matter.

        Raises:
            ValueError: voltage or current is 0, where a relative error has no meaning.
        """
        if not voltage or not current:
            raise ValueError(f"no relative error without power: {voltage} V, {current} A")
        return self._element.true_error(current, at)

    def _display(self, initial_kwh: float, joules: float) -> float:
        energy = initial_kwh + joules / JOULES_PER_KWH * (1.0 + self.parameters.register_error)
        # Binary fractions: 0.007 kWh must not show as 0.006 for want of the last bit.
        return math.floor(energy / DISPLAY_STEP_KWH + 1e-9) * DISPLAY_STEP_KWH

    def import_display(self) -> float:
        """Return the import register as displayed, kWh."""
        return self._display(self.parameters.initial_import_kwh, self._registers.imported(self.now))

    def export_display(self) -> float:
        """Return the export register as displayed, kWh."""
        return self._display(self.parameters.initial_export_kwh, self._registers.exported(self.now))

    def power_display(self) -> float:
        """Return the mean power of the last whole second, kW; below zero for export."""
        stop = math.floor(self.now)
        magnitude = self._flow.mean(max(0.0, stop - 1.0), stop)
        return math.copysign(magnitude, self._flow.sign.value(stop)) / 1000.0

    def accuracy_class(self) -> str:
        """Return the accuracy class as marked."""
        return self.parameters.accuracy_class

    def constant(self) -> float:
        """Return the constant, imp/kWh."""
        return self.parameters.constant_imp_per_kwh

    def rated_voltage(self) -> float:
        """Return U_n, V."""
        return self.parameters.rated_voltage_v

    def rated_current(self) -> float:
        """Return I_n, A."""
        return self.parameters.rated_current_a

    def clock_reading(self) -> float:
        """Return the meter's clock, s."""
        return self.now * (1.0 + self.parameters.clock_error) + self.parameters.clock_offset_s


twin = Kind(
    parameters=Parameters,
    ports={"input": ElectricalNode, "pulses": PulseLine, "ambient": Ambient},
    optional_ports=frozenset({"ambient", "pulses"}),
    build=DcEnergyMeter,
)
"""What a station builds by `twin: dc_energy`."""
