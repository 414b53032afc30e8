"""Twin of a transmitter for flow, pressure and temperature of a gas line, with a Modbus register map of its own.

No maker's map is followed; it is one as such transmitters have it:

    input registers (function 4)                     holding registers (function 3, 6, 16)
     0- 1  flow, standard l/min, float                0- 1  damping, s, float, 0 to 60
     2- 3  pressure, kPa, float                       2- 3  zero of the flow, l/min, float
     4- 5  temperature, °C, float                     4     device address, 1 to 247; holds from the next request on
     6     status: bit 0 flow over range              5     1: take the present flow as zero; reads 0
     7     counter of values
     8-23  serial number, two characters each

A float takes two registers, high word first unless `word_order` says otherwise. Values are means over the update
period, behind a first-order damping, with hidden errors.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments.dialects.modbus import (
    ILLEGAL_ADDRESS,
    ILLEGAL_VALUE,
    READ_INPUT,
    ModbusException,
    ModbusInstrument,
)
from instruments.noise import CountedNoise
from instruments.ports_gas import GasLine
from instruments.signal import Signal, low_passed
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

SERIAL_AT, SERIAL_WORDS = 8, 16
HOLDING_WORDS = 6
LONGEST_DAMPING_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a transmitter."""

    serial: str = "TWIN-0001"
    """Serial number, at most 32 characters."""
    unit_id: int = 1
    """Device address at power-on, 1 to 247."""
    word_order: Literal["high first", "low first"] = "high first"
    """Which word of a float comes first."""
    full_scale_l_per_min: float = 100.0
    """Full scale of the flow, standard l/min."""
    span_error: float = 0.0
    """Relative error of the flow, 1."""
    zero_error_l_per_min: float = 0.0
    """Error of the flow at zero, standard l/min."""
    pressure_error_kpa: float = 0.0
    """Error of the pressure, kPa."""
    temperature_error_k: float = 0.0
    """Error of the temperature, K."""
    noise_of_full_scale: float = 0.0
    """Standard deviation of a flow value as a share of full scale, 1."""
    update_s: float = 0.1
    """Period in which values are renewed, s."""

    def __post_init__(self) -> None:
        if not 1 <= self.unit_id <= 247:
            raise ValueError(f"unit_id must be 1 to 247, got {self.unit_id}")
        if len(self.serial) > 2 * SERIAL_WORDS or not self.serial.isascii():
            raise ValueError(f"serial must have at most {2 * SERIAL_WORDS} ASCII characters, got {self.serial!r}")
        for name in ("full_scale_l_per_min", "update_s"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class TransmitterModbus(ModbusInstrument[Parameters]):
    """Be the transmitter."""

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build at power-on, without damping."""
        super().__init__(parameters, surroundings)
        self.line = surroundings.port("line", GasLine)
        self._noise = CountedNoise(surroundings.rng)
        self._unit_id = parameters.unit_id
        self.damping_s = 0.0
        self.flow_zero = 0.0
        self._damped = Signal(self.line.flow.value(0.0))
        self.line.flow.listeners.append(self._follow)
        self._follow()

    @property
    def unit_id(self) -> int:
        """Device address."""
        return self._unit_id

    def _follow(self) -> None:
        """Let the damped flow follow the flow from now on."""
        now = self.now
        if self.damping_s > 0.0:
            pieces = low_passed(self.line.flow, now, self.damping_s, self._damped.value(now))
        else:
            pieces = self.line.flow.pieces_from(now)
        self._damped.replace_from(now, pieces)

    def _window(self) -> tuple[float, float]:
        """Return begin and end of the last update period, s."""
        period = self.parameters.update_s
        stop = math.floor(self.now / period) * period
        return max(0.0, stop - period), stop

    def flow(self) -> float:
        """Return the flow of the last update, standard l/min."""
        p = self.parameters
        value = self._damped.mean(*self._window()) * (1.0 + p.span_error) + p.zero_error_l_per_min - self.flow_zero
        if p.noise_of_full_scale:
            count = round(self.now / p.update_s)
            value += p.full_scale_l_per_min * p.noise_of_full_scale * self._noise.normal(count)
        return value

    # -- registers ----------------------------------------------------------------------------------------------------

    def _words(self, value: float) -> list[int]:
        words = list(struct.unpack(">HH", struct.pack(">f", value)))
        return words if self.parameters.word_order == "high first" else words[::-1]

    def _number(self, words: list[int]) -> float:
        ordered = words if self.parameters.word_order == "high first" else words[::-1]
        (value,) = struct.unpack(">f", struct.pack(">HH", *ordered))
        return float(value)

    def _input(self) -> list[int]:
        p, window = self.parameters, self._window()
        flow = self.flow()
        serial = p.serial.encode("ascii").ljust(2 * SERIAL_WORDS, b"\x00")
        return [
            *self._words(flow),
            *self._words(self.line.pressure.mean(*window) + p.pressure_error_kpa),
            *self._words(self.line.temperature.mean(*window) + p.temperature_error_k),
            int(abs(flow) > 1.1 * p.full_scale_l_per_min),
            round(self._window()[1] / p.update_s) & 0xFFFF,
            *struct.unpack(f">{SERIAL_WORDS}H", serial),
        ]

    def _holding(self) -> list[int]:
        return [*self._words(self.damping_s), *self._words(self.flow_zero), self._unit_id, 0]

    def read_registers(self, function: int, address: int, count: int) -> list[int]:
        """See `ModbusInstrument.read_registers`."""
        registers = self._input() if function == READ_INPUT else self._holding()
        if address + count > len(registers):
            raise ModbusException(ILLEGAL_ADDRESS)
        return registers[address : address + count]

    def write_registers(self, address: int, values: list[int]) -> None:
        """See `ModbusInstrument.write_registers`."""
        if address + len(values) > HOLDING_WORDS:
            raise ModbusException(ILLEGAL_ADDRESS)
        registers = self._holding()
        registers[address : address + len(values)] = values
        damping, zero = self._number(registers[0:2]), self._number(registers[2:4])
        if not 0.0 <= damping <= LONGEST_DAMPING_S or not abs(zero) <= self.parameters.full_scale_l_per_min:
            raise ModbusException(ILLEGAL_VALUE)  # NaN fails both
        if not 1 <= registers[4] <= 247 or registers[5] not in (0, 1):
            raise ModbusException(ILLEGAL_VALUE)
        self._unit_id = registers[4]
        if damping != self.damping_s:
            self.damping_s = damping
            self._follow()
        self.flow_zero = zero
        if registers[5]:
            self.flow_zero += self.flow()


twin = Kind(parameters=Parameters, ports={"line": GasLine}, optional_ports=frozenset({"line"}), build=TransmitterModbus)
"""What a station builds by `twin: transmitter_modbus`."""
