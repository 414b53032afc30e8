"""Twin of a thermal mass flow controller with a Modbus register map of its own (ASCII transmission mode).

No maker's map is followed; it is one as such controllers have it:

    input registers (function 4)                     holding registers (function 3, 6, 16)
     0- 1  flow, standard l/min, float                0- 1  setpoint, standard l/min, float
     2- 3  setpoint that acts, l/min, float           2- 3  gas conversion factor, float, 0.05 to 5
     4- 5  temperature of the sensor, °C, float       4- 5  averaging time of the flow, s, float, 0.1 to 60
     6     valve, 0.01 % of its stroke
     7     status: bit 0 valve fully open and setpoint not reached
     8-23  serial number, two characters each        24-31  model, two characters each

Floats take two registers, high word first.

Physics: a heated tube sees mass flow times molar heat capacity. A controller that was adjusted with nitrogen passes
C times as much of another gas; C of a mixture follows 1/C = Σ x_i/C_i. The factors below are rounded values as makers'
tables have them; the hidden `factor_error` says how far the tube is from the table. The flow errs by span, zero, bend,
hysteresis, and by a new small amount at each setting (`instruments.flow_errors`); the reading adds white noise of a
share of full scale.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from instruments.dialects.modbus import ILLEGAL_ADDRESS, ILLEGAL_VALUE, READ_INPUT, ModbusException
from instruments.dialects.modbus_ascii import ModbusAsciiInstrument
from instruments.flow_errors import FlowErrors
from instruments.noise import CountedNoise
from instruments.ports import Ambient
from instruments.ports_gas import GasLine
from instruments.signal import Signal, low_passed
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from instruments.twin import Surroundings

SERIAL_WORDS, MODEL_WORDS, HOLDING_WORDS = 16, 8, 6
MODEL = "TMFC-M"
REFERENCE_DEGC = 20.0
"""Temperature at which the controller was adjusted, °C."""
LATER_S = 1e5
"""Time after which a line is purged for certain, s."""
FACTORS: Mapping[str, float] = MappingProxyType(
    {
        "N2": 1.0,
        "Air": 1.0,
        "O2": 0.99,
        "Ar": 1.42,
        "He": 1.45,
        "H2": 1.01,
        "CO": 1.0,
        "CO2": 0.74,
        "CH4": 0.72,
        "NO": 0.99,
        "N2O": 0.71,
        "SO2": 0.69,
        "C3H8": 0.36,
    }
)
"""Gas -> conversion factor against nitrogen; a gas that is not listed counts as nitrogen."""


def conversion_factor(shares: Mapping[str, float]) -> float:
    """Return the conversion factor of a mixture: the harmonic mean by amount."""
    return 1.0 / sum(share / FACTORS.get(gas, 1.0) for gas, share in shares.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a controller."""

    serial: str = "TWIN-0001"
    """Serial number, at most 32 characters."""
    unit_id: int = 1
    """Device address, 1 to 247."""
    full_scale_l_per_min: float = 2.0
    """Full scale, standard l/min of nitrogen."""
    span_error: float = 0.0
    """Relative excess of the flow over the setting, 1."""
    zero_error_l_per_min: float = 0.0
    """Excess of the flow at any setting but 0, standard l/min."""
    bend_of_full_scale: float = 0.0
    """Excess at mid-scale by non-linearity, share of full scale."""
    hysteresis_of_full_scale: float = 0.0
    """Half of the difference between rising and falling settings at mid-scale, share of full scale."""
    resetting_of_full_scale: float = 0.0
    """Standard deviation of the flow when the same setting is made again, share of full scale."""
    factor_error: float = 0.0
    """Relative deviation of the conversion factor of anything but nitrogen from the table, 1."""
    temperature_coefficient_per_k: float = 0.0
    """Relative change of the flow from 20 °C, 1/K."""
    noise_of_full_scale: float = 0.0
    """Standard deviation of a reading over one second, share of full scale."""
    response_time_s: float = 0.5
    """Time constant of the control loop, s."""
    conductance_l_per_min_kpa: float = 0.05
    """Largest flow of the open valve per kPa between inlet and line, standard l/(min kPa)."""

    def __post_init__(self) -> None:
        if not 1 <= self.unit_id <= 247:
            raise ValueError(f"unit_id must be 1 to 247, got {self.unit_id}")
        if len(self.serial) > 2 * SERIAL_WORDS or not self.serial.isascii():
            raise ValueError(f"serial must have at most {2 * SERIAL_WORDS} ASCII characters, got {self.serial!r}")
        for name in ("full_scale_l_per_min", "response_time_s", "conductance_l_per_min_kpa"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class MfcThermal(ModbusAsciiInstrument[Parameters]):
    """Be the controller."""

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch on with the valve shut."""
        super().__init__(parameters, surroundings)
        self.line = surroundings.port("line", GasLine)
        self._air = surroundings.port("ambient", Ambient)
        self._noise = CountedNoise(surroundings.rng)
        p = parameters
        self._errors = FlowErrors(
            self._noise,
            full_scale=p.full_scale_l_per_min,
            bend=p.bend_of_full_scale,
            hysteresis=p.hysteresis_of_full_scale,
            resetting=p.resetting_of_full_scale,
        )
        self.setpoint, self.factor, self.averaging_s = 0.0, 1.0, 1.0
        self._short = False
        self.line.inlet_pressure.listeners.append(self._drive)  # written at every turn of a valve before the line

    @property
    def unit_id(self) -> int:
        """Device address."""
        return self.parameters.unit_id

    # -- physics ------------------------------------------------------------------------------------------------------

    def true_factor(self, at: float) -> float:
        """Return the conversion factor of what is in the line, as this tube truly has it."""
        table = conversion_factor({gas: share.value(at) for gas, share in self.line.gases.items()})
        return 1.0 + (table - 1.0) * (1.0 + self.parameters.factor_error)

    def true_error(self, quantity: str = "flow", flow: float = 0.0, at: float = 0.0, since: float = 0.0) -> float:
        """Return what a laboratory estimates.

        Args:
            quantity: "flow" for the relative error of a setpoint against the flow that came, %; "factor" for the
                conversion factor of the gas in the line, 1.
            flow: setpoint, l/min; only for "flow".
            at: end of the measurement, bench time, s.
            since: its begin, s.
        """
        if quantity == "factor":
            return self.true_factor(at)
        return 100.0 * (flow / self.line.flow.mean(since, at) - 1.0)

    def _gain(self, at: float) -> float:
        """Return true flow over believed flow."""
        p = self.parameters
        warm = self._air.temperature.value(at) - REFERENCE_DEGC
        return (
            self.true_factor(at) / self.factor * (1.0 + p.span_error) * (1.0 + p.temperature_coefficient_per_k * warm)
        )

    def _offset(self) -> float:
        """Return the excess of the flow that does not follow the flow, l/min."""
        return (self.parameters.zero_error_l_per_min if self.setpoint else 0.0) + self._errors.error()

    def _drive(self) -> None:
        """Send the flow towards what the setpoint asks, from now on."""
        now, p, line = self.now, self.parameters, self.line
        # The loop is slow beside a change of gas: it goes for what will be there when the line is purged.
        gain = self._gain(now + LATER_S)
        wanted = max(0.0, gain * (self.setpoint + self._offset())) if self.setpoint else 0.0
        largest = p.conductance_l_per_min_kpa * max(0.0, line.inlet_pressure.value(now) - line.pressure.value(now))
        self._short = wanted > largest
        target = Signal(min(wanted, largest))
        line.flow.replace_from(now, low_passed(target, now, p.response_time_s, line.flow.value(now)))

    def set_flow(self, setpoint: float) -> None:
        """Take a setpoint, standard l/min of what the conversion factor stands for."""
        self.setpoint = setpoint
        self._errors.set(setpoint)
        self._drive()

    def indicated_flow(self) -> float:
        """Return the flow that is shown: its mean over the averaging time, standard l/min."""
        now = self.now
        start = max(0.0, now - self.averaging_s)
        value = self.line.flow.mean(start, now) / self._gain(now)
        if value > 0.0:
            value -= self._offset()
        p = self.parameters
        if p.noise_of_full_scale:
            draw = self._noise.normal(round(now * 1000.0))
            value += p.full_scale_l_per_min * p.noise_of_full_scale / math.sqrt(self.averaging_s) * draw
        return value

    # -- registers ----------------------------------------------------------------------------------------------------

    def read_registers(self, function: int, address: int, count: int) -> list[int]:
        """See `ModbusInstrument.read_registers`."""
        registers = self._input() if function == READ_INPUT else self._holding()
        if address + count > len(registers):
            raise ModbusException(ILLEGAL_ADDRESS)
        return registers[address : address + count]

    def _input(self) -> list[int]:
        p = self.parameters
        temperature = self._air.temperature.value(self.now)
        opened = self.setpoint / p.full_scale_l_per_min
        return [
            *words(self.indicated_flow()),
            *words(self.setpoint),
            *words(temperature),
            10000 if self._short else round(10000.0 * min(1.0, max(0.0, opened))),
            int(self._short),
            *characters(p.serial, SERIAL_WORDS),
            *characters(MODEL, MODEL_WORDS),
        ]

    def _holding(self) -> list[int]:
        return [*words(self.setpoint), *words(self.factor), *words(self.averaging_s)]

    def write_registers(self, address: int, values: list[int]) -> None:
        """See `ModbusInstrument.write_registers`."""
        if address + len(values) > HOLDING_WORDS:
            raise ModbusException(ILLEGAL_ADDRESS)
        registers = self._holding()
        registers[address : address + len(values)] = values
        setpoint, factor, averaging = (number(registers[place : place + 2]) for place in (0, 2, 4))
        fits = 0.0 <= setpoint <= 1.1 * self.parameters.full_scale_l_per_min * factor
        if not (fits and 0.05 <= factor <= 5.0 and 0.1 <= averaging <= 60.0):  # NaN fails all
            raise ModbusException(ILLEGAL_VALUE)
        self.factor, self.averaging_s = factor, averaging
        self.set_flow(setpoint)

    def power_on(self) -> None:
        """See `Engine.power_on`: the valve is shut, the settings are those of the maker."""
        self.factor, self.averaging_s = 1.0, 1.0
        self.set_flow(0.0)

    def reset(self) -> None:
        """Go to the state of power-on, as by its button."""
        self.power_on()

    def power_off(self) -> None:
        """See `Engine.power_off`: the valve is shut without current."""
        super().power_off()
        self.set_flow(0.0)


def words(value: float) -> list[int]:
    """Return the two registers of a float, high word first."""
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def number(registers: list[int]) -> float:
    """Return the float of two registers, high word first."""
    (value,) = struct.unpack(">f", struct.pack(">HH", *registers))
    return float(value)


def characters(text: str, count: int) -> tuple[int, ...]:
    """Return a text as `count` registers."""
    return struct.unpack(f">{count}H", text.encode("ascii").ljust(2 * count, b"\x00"))


twin = Kind(
    parameters=Parameters,
    ports={"line": GasLine, "ambient": Ambient},
    optional_ports=frozenset({"line", "ambient"}),
    build=MfcThermal,
)
"""What a station builds by `twin: mfc_thermal`."""
