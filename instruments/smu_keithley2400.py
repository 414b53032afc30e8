"""Twin of a Keithley 2400 SourceMeter: it sources voltage or current into a load and measures both, within compliance.

Source and measurement act on the one port `output` (`instruments.ports_circuit.OnePort`); the commands are in
`instruments.smu_keithley2400_commands`, the arm and trigger layers in `instruments.source_delay_measure`.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments.keithley import BufferBits
from instruments.noise import CountedNoise
from instruments.per_function import per_function, per_setting
from instruments.ports import Ambient
from instruments.ports_circuit import OnePort, settling
from instruments.scpi import Identity, ScpiError
from instruments.smu_keithley2400_commands import COMMANDS, ELEMENTS, RESET_LIMIT, WORDS
from instruments.source_delay_measure import COMPLIANCE, SourceDelayMeasure
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.twin import Surroundings

RANGES = {
    "volt": (0.2, 2.0, 20.0, 200.0),
    "curr": (1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    "res": (2.0, 20.0, 200.0, 2e3, 2e4, 2e5, 2e6, 2e7, 2e8),
}
"""Nominal ranges; each reaches to 105 %."""
OHM_CURRENTS = (1.0, 0.1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-6, 1e-7)
"""Source current of automatic ohms on each range, A."""
REACH = 1.05
"""Largest value of a range as a share of its nominal value."""

# Bits of the status word in a data string (section 18, FORMat subsystem).
OVERFLOW, FILTER, FRONT, IN_COMPLIANCE, IN_OVERVOLTAGE = 1 << 0, 1 << 1, 1 << 2, 1 << 3, 1 << 4
NULLED, AUTO_OHMS, V_MEASURED, I_MEASURED, OHMS_MEASURED = 1 << 6, 1 << 10, 1 << 11, 1 << 12, 1 << 13
V_SOURCE, I_SOURCE, RANGE_COMPLIANCE, FOUR_WIRE = 1 << 14, 1 << 15, 1 << 16, 1 << 22

# Bits of STATus:MEASurement (section 15).
READING_AVAILABLE, READING_OVERFLOW, OVERVOLTAGE = 1 << 6, 1 << 7, 1 << 13


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a 2400."""

    serial: str = "TWIN-0001"
    """Serial number."""
    line_frequency_hz: float = 50.0
    """Frequency of the mains, Hz."""
    source_voltage_error: float = 0.0
    """Relative error of the voltage that is sourced, 1."""
    source_voltage_offset_v: float = 0.0
    """Offset of the voltage that is sourced, V."""
    source_current_error: float = 0.0
    """Relative error of the current that is sourced, 1."""
    source_current_offset_a: float = 0.0
    """Offset of the current that is sourced, A."""
    voltage_gain_error: float = 0.0
    """Relative error of the voltage measured, 1."""
    current_gain_error: float = 0.0
    """Relative error of the current measured, 1."""
    offset_of_range: float = 0.0
    """Offset of a reading as a share of the range, 1."""
    noise_of_range: float = 0.0
    """Standard deviation of a reading over 1 PLC as a share of the range, 1."""
    temperature_coefficient_per_k: float = 0.0
    """Relative change of the measuring gains from 23 °C, 1/K."""
    settling_time_s: float = 1e-4
    """Time constant of the source, s."""

    def __post_init__(self) -> None:
        if self.line_frequency_hz not in (50.0, 60.0):
            raise ValueError(f"line_frequency_hz must be 50 or 60, got {self.line_frequency_hz}")
        if not self.settling_time_s > 0.0:
            raise ValueError(f"settling_time_s must be above 0 s, got {self.settling_time_s}")
        if not self.noise_of_range >= 0.0:
            raise ValueError(f"noise_of_range must not be below 0, got {self.noise_of_range}")


class Side:
    """Hold the settings of voltage, current or resistance."""

    __slots__ = (
        "auto",
        "begin",
        "end",
        "level",
        "limit",
        "list",
        "mode",
        "range",
        "source_auto",
        "source_range",
        "step",
        "synchronous",
        "triggered",
    )

    def __init__(self, key: str) -> None:
        self.range = {"volt": 20.0, "curr": 1e-4, "res": 2e5}[key]
        self.auto = True
        self.source_range = {"volt": 20.0, "curr": 1e-4, "res": 0.0}[key]
        self.source_auto = True
        self.level = 0.0
        self.triggered = 0.0
        self.limit = RESET_LIMIT.get(key, 0.0)
        self.mode = "FIXed"
        self.begin = self.end = self.step = 0.0
        self.list: tuple[float, ...] = (0.0,)
        self.synchronous = False


SETTINGS = (
    "range",
    "auto",
    "source_range",
    "source_auto",
    "level",
    "triggered",
    "limit",
    "mode",
    "begin",
    "end",
    "step",
    "list",
    "synchronous",
)
KEYS = ("volt", "curr", "res")


@per_setting(SETTINGS, KEYS)
@per_function(("configure", "measure", "tripped", "list_points"), KEYS)
class SmuKeithley2400(SourceDelayMeasure[Parameters]):
    """Be the SourceMeter."""

    identity = Identity(
        manufacturer="KEITHLEY INSTRUMENTS INC.", model="MODEL 2400", firmware="C30   Mar 17 2006 09:29:29/A02  /K/J"
    )
    commands = COMMANDS
    number_format = "{:+.6E}"
    error_queue_limit = 10
    buffer_bits = BufferBits(available=1 << 8, half_full=0, full=1 << 9)

    averaging: bool
    average_count: int
    filter: str
    statistic: str
    null_on: bool
    null_offset: float
    four_wire: bool
    terminal: str
    plc: float
    points: int
    spacing: str
    direction: str

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build at power-on: output off."""
        super().__init__(parameters, surroundings, buffer_size=100)
        self.port = surroundings.port("output", OnePort)
        self._ambient = surroundings.port("ambient", Ambient)
        self._noise = CountedNoise(surroundings.rng)
        self._drawn = 0
        self.sides = {key: Side(key) for key in KEYS}
        self.source = "volt"
        self.functions: set[str] = {"curr"}
        self.concurrent = True
        self.off_state = "NORMal"
        self._output = False
        self._limited = self._overvoltage = False
        self.overvoltage = 210.0
        self.ohms = "AUTO"
        self.beeper = self.display = self.key_click = True
        self.mains_hz = int(parameters.line_frequency_hz)
        self.mains_auto = True
        self.output_enable = False
        self.digits = 6
        self._texts = {1: "", 2: ""}
        self._text_on = {1: False, 2: False}
        self.auto_zero = True
        self._zero_time = 0.0
        self.reset()

    def reset(self) -> None:
        """Go to the state of *RST: output off, 0 V, current measured with 105 µA compliance."""
        self.halt()
        self._output = False
        self.sides = {key: Side(key) for key in KEYS}
        self.elements = ELEMENTS
        self.data_format = "ASCii"
        self.functions = {"curr"}
        self.off_state = "NORMal"
        super().reset()
        self.delay_auto = True
        for side in self.sides.values():
            side.auto = side.source_auto = True
        self.drive()

    def preset(self) -> None:
        """Go to the state of power-on (SYSTem:PRESet)."""
        self.reset()

    # -- settings -----------------------------------------------------------------------------------------------------

    def get_setting(self, name: str, key: str) -> Any:
        """Return a setting of voltage, current or resistance; a range as the largest value that it reaches."""
        value = getattr(self.sides[key], name)
        return value * REACH if name in ("range", "source_range") else value

    def set_setting(self, name: str, key: str, value: Any) -> None:
        """Set a setting; whatever concerns the source acts at once."""
        side = self.sides[key]
        if name in ("range", "source_range"):
            nominal = next((r for r in RANGES[key] if value <= r * REACH * (1.0 + 1e-9)), RANGES[key][-1])
            if name == "source_range" and abs(side.level) > nominal * REACH * (1.0 + 1e-9):
                side.level = math.copysign(nominal * REACH, side.level)
            setattr(side, name, nominal)
            setattr(side, "auto" if name == "range" else "source_auto", False)
        elif name == "level":
            if not side.source_auto and abs(value) > side.source_range * REACH * (1.0 + 1e-9):
                raise ScpiError(-222)
            side.level = value
            side.triggered = value
            if side.source_auto:
                side.source_range = next((r for r in RANGES[key] if abs(value) <= r * REACH), RANGES[key][-1])
        elif name == "limit" and value < 1e-9:
            raise ScpiError(-222)
        else:
            setattr(side, name, value)
        self.drive()

    def list_points(self, key: str) -> int:
        """Return how long the list of amplitudes is."""
        return len(self.sides[key].list)

    def get_source(self) -> str:
        """Return what is sourced."""
        return "VOLTage" if self.source == "volt" else "CURRent"

    def set_source(self, word: str) -> None:
        """Choose what is sourced; the output goes off when that changes, as in life.

        Raises:
            ScpiError: 825, automatic ohms has the source.
        """
        if self.auto_ohms:
            raise ScpiError(825, "Invalid with auto ohms enabled")
        source = "volt" if word == "VOLTage" else "curr"
        if source != self.source:
            self.source = source
            self._output = False
            self.halt()
        self.drive()

    def get_overvoltage(self) -> float:
        """Return the overvoltage protection, V."""
        return self.overvoltage

    def set_overvoltage(self, volts: float) -> None:
        """Set the overvoltage protection: the next of 20, 40, 60, 80, 100, 120, 160 V, or none (210 V)."""
        steps = (20.0, 40.0, 60.0, 80.0, 100.0, 120.0, 160.0, 210.0)
        self.overvoltage = next(step for step in steps if abs(volts) <= step)
        self.drive()

    def get_source_delay(self) -> float:
        """Return the delay between source and measurement, s."""
        return 0.001 if self.delay_auto else self.source_delay

    def set_source_delay(self, seconds: float) -> None:
        """Fix the delay between source and measurement, s."""
        self.source_delay = seconds
        self.delay_auto = False

    def get_functions(self) -> tuple[str, ...]:
        """Return the names of the functions that are on."""
        return tuple(WORDS[key] for key in KEYS if key in self.functions) or ("",)

    def get_functions_off(self) -> tuple[str, ...]:
        """Return the names of the functions that are off."""
        return tuple(WORDS[key] for key in KEYS if key not in self.functions) or ("",)

    def functions_on(self, keys: tuple[str, ...]) -> None:
        """Switch functions on; without concurrent measurement the last one alone."""
        self.functions = self.functions | set(keys) if self.concurrent else {keys[-1]}
        self.drive()

    def functions_off(self, keys: tuple[str, ...]) -> None:
        """Switch functions off."""
        self.functions -= set(keys)
        self.drive()

    def all_functions_on(self) -> None:
        """Switch all functions on."""
        if not self.concurrent:
            raise ScpiError(-221)
        self.functions = set(KEYS)
        self.drive()

    def all_functions_off(self) -> None:
        """Switch all functions off."""
        self.functions = set()
        self.drive()

    def function_count(self) -> int:
        """Return how many functions are on."""
        return len(self.functions)

    def function_state(self, key: str) -> int:
        """Return 1 if a function is on."""
        return int(key in self.functions)

    def get_concurrent(self) -> bool:
        """Return whether several functions may be on."""
        return self.concurrent

    def set_concurrent(self, on: bool) -> None:
        """Allow several functions, or keep one."""
        self.concurrent = on
        if not on and len(self.functions) > 1:
            self.functions = {"volt"}

    def get_ohms(self) -> str:
        """Return whether the source is set by the ohms range."""
        return self.ohms

    def set_ohms(self, mode: str) -> None:
        """Let the source be set by the ohms range, or by hand."""
        self.ohms = mode
        self.drive()

    def get_auto_zero(self) -> bool:
        """Return whether each reading takes reference and zero."""
        return self.auto_zero

    def set_auto_zero(self, mode: bool | str) -> None:
        """Take reference and zero with each reading, never, or once now."""
        if mode != "ONCE":
            self.auto_zero = mode is True

    def set_elements(self, names: tuple[str, ...]) -> None:
        """Choose the data elements; they are sent in their own order."""
        self.elements = tuple(name for name in ELEMENTS if name in names)

    def get_elements(self) -> tuple[str, ...]:
        """Return the data elements."""
        return self.elements

    def get_text(self, window: int) -> str:
        """Return the text in a window of the display."""
        return self._texts[window]

    def set_text(self, window: int, text: str) -> None:
        """Set the text in a window of the display."""
        self._texts[window] = text

    def get_text_on(self, window: int) -> bool:
        """Return whether the text is shown."""
        return self._text_on[window]

    def set_text_on(self, window: int, on: bool) -> None:
        """Show the text."""
        self._text_on[window] = on

    # -- the source ---------------------------------------------------------------------------------------------------

    def get_output(self) -> bool:
        """Return whether the output is on."""
        return self._output

    def set_output(self, on: bool) -> None:
        """Switch the output; off means idle."""
        if on == self._output:
            return
        self._output = on
        if not on:
            self.halt()
        self.drive()

    def output_off(self) -> None:
        """Switch the output off."""
        self.set_output(False)

    def get_off_state(self) -> str:
        """Return the state of the output while it is off."""
        return self.off_state

    def set_off_state(self, name: str) -> None:
        """Choose the state of the output while it is off."""
        self.off_state = name
        self.drive()

    @property
    def auto_ohms(self) -> bool:
        """Whether the source is set by the ohms range."""
        return "res" in self.functions and self.ohms == "AUTO"

    def amplitudes(self) -> tuple[float, ...] | None:
        """Return the amplitudes of a sweep or list; None for a fixed source."""
        side = self.sides[self.source]
        if side.mode == "LIST":
            return side.list
        if side.mode == "FIXed":
            return None
        first, last, count = side.begin, side.end, self.points
        if side.step and self.spacing == "LINear":
            count = min(count, round(abs((last - first) / side.step)) + 1)
        if self.spacing == "LINear":
            values = [first + (last - first) * k / (count - 1) for k in range(count)]
        elif first * last > 0.0:
            ratio = last / first
            values = [first * ratio ** (k / (count - 1)) for k in range(count)]
        else:
            raise ScpiError(-221)
        return tuple(values if self.direction == "UP" else values[::-1])

    def drive(self, level: float | None = None) -> None:
        """Make the terminals what settings and output say, from now on.

        Args:
            level: amplitude of a sweep; the fixed one if None.
        """
        now, p, port = self.now, self.parameters, self.port
        self._limited = self._overvoltage = False
        start_v, start_i = port.voltage.value(now), port.current.value(now)
        tau = p.settling_time_s
        if not self._output:
            if self.off_state == "HIMPedance":
                port.release(now)
            elif self.off_state == "GUARd":
                port.drive_current(now, settling(now, start_i, 0.0, tau))
            else:
                port.drive_voltage(now, settling(now, start_v, 0.0, tau))
            self.status.measurement.set(COMPLIANCE | OVERVOLTAGE, False)
            return
        source = "curr" if self.auto_ohms else self.source
        if self.auto_ohms:
            wanted = OHM_CURRENTS[RANGES["res"].index(self._ohms_range())]
        else:
            wanted = self.sides[source].level if level is None else level
        if source == "volt":
            if abs(wanted) > self.overvoltage:
                wanted, self._overvoltage = math.copysign(self.overvoltage, wanted), True
            true = wanted * (1.0 + p.source_voltage_error) + p.source_voltage_offset_v
            volts, amps, self._limited = port.operating_point(voltage_v=true, current_limit_a=self.compliance("curr"))
        else:
            true = wanted * (1.0 + p.source_current_error) + p.source_current_offset_a
            volts, amps, self._limited = port.voltage_at(current_a=true, voltage_limit_v=self.compliance("volt"))
        if (source == "volt") != self._limited:
            port.drive_voltage(now, settling(now, start_v, volts, tau))
        else:
            port.drive_current(now, settling(now, start_i, amps, tau))
        self.status.measurement.set(COMPLIANCE, self._limited)
        self.status.measurement.set(OVERVOLTAGE, self._overvoltage)

    def compliance(self, key: str) -> float:
        """Return the limit that truly holds: the programmed one, or the end of a fixed measuring range below it."""
        side = self.sides[key]
        limit = 21.0 if self.auto_ohms and key == "volt" else side.limit
        if not side.auto and key in self.functions:
            limit = min(limit, side.range * REACH)
        return limit

    def _ohms_range(self) -> float:
        side = self.sides["res"]
        if side.auto:
            true = self.port.load.resistance_ohm
            side.range = next((r for r in RANGES["res"] if true <= r * REACH), RANGES["res"][-1])
        return side.range

    def tripped(self, key: str) -> int:
        """Return 1 if the source is in compliance of this quantity."""
        return int(self._limited and self.source != key)

    def overvoltage_tripped(self) -> int:
        """Return 1 if the overvoltage protection limits the source."""
        return int(self._overvoltage)

    def enable_tripped(self) -> int:
        """Return 1: the output enable line is asserted."""
        return 1

    # -- one measurement ----------------------------------------------------------------------------------------------

    def integration_s(self) -> float:
        """Return the time over which one reading is a mean, s."""
        count = self.average_count if self.averaging and self.filter == "REPeat" else 1
        return self.plc / self.mains_hz * count

    def measuring_s(self) -> float:
        """Return the time of one measurement: each function in turn, with reference and zero if autozero is on, s."""
        inputs = len(self.functions & {"volt", "curr"}) or 1
        if "res" in self.functions:
            inputs = 2
        return self.integration_s() * inputs * (3.0 if self.auto_zero else 1.0) + 5e-4

    def measured(self, stop: float) -> tuple[float, ...]:
        """Return voltage, current, resistance, time and status word of the measurement that ends now."""
        start = max(0.0, stop - self.integration_s())
        on = self.functions
        status = (V_SOURCE if self.source == "volt" and not self.auto_ohms else I_SOURCE) | (
            FRONT if self.terminal == "FRONt" else 0
        )
        status |= FILTER if self.averaging else 0
        status |= FOUR_WIRE if self.four_wire else 0
        volts = self._input("volt", start, stop)
        amps = self._input("curr", start, stop)
        ohms = volts / amps if amps else math.copysign(math.inf, volts)
        if "res" in on:
            status |= OHMS_MEASURED | V_MEASURED | I_MEASURED | (AUTO_OHMS if self.ohms == "AUTO" else 0)
            if not math.isfinite(volts) or not math.isfinite(amps) or self._limited:
                ohms = math.inf
        else:
            ohms = math.nan
        status |= V_MEASURED if "volt" in on else 0
        status |= I_MEASURED if "curr" in on else 0
        if self._limited:
            side = self.sides["curr" if self.source == "volt" else "volt"]
            ranged = self.compliance("curr" if self.source == "volt" else "volt") < side.limit
            status |= IN_COMPLIANCE | (RANGE_COMPLIANCE if ranged else 0)
        status |= IN_OVERVOLTAGE if self._overvoltage else 0
        if "volt" not in on and "res" not in on:
            volts = self.sides["volt"].level if self.source == "volt" else math.nan
        if "curr" not in on and "res" not in on:
            amps = self.sides["curr"].level if self.source == "curr" else math.nan
        overflow = any(math.isinf(value) for value in (volts, amps, ohms))
        status |= OVERFLOW if overflow else 0
        if self.null_on:
            status |= NULLED
        self.status.measurement.set(READING_OVERFLOW, overflow)
        self.status.measurement.set(READING_AVAILABLE, True)
        return volts, amps, ohms, self.elapsed(), float(status)

    def _input(self, key: str, start: float, stop: float) -> float:
        """Return voltage or current as measured; infinite for an overflow."""
        p, side = self.parameters, self.sides[key]
        signal = self.port.voltage if key == "volt" else self.port.current
        true = signal.mean(start, stop)
        if key == "volt" and not self.four_wire:
            true += self.port.load.lead_resistance_ohm * self.port.current.mean(start, stop)
        if side.auto or key not in self.functions:
            side.range = next((r for r in RANGES[key] if abs(true) <= r * REACH), RANGES[key][-1])
        gain = p.voltage_gain_error if key == "volt" else p.current_gain_error
        warmth = self._ambient.temperature.mean(start, stop) - 23.0
        value = true * (1.0 + gain) * (1.0 + p.temperature_coefficient_per_k * warmth)
        value += side.range * p.offset_of_range
        if p.noise_of_range:
            self._drawn += 1
            cycles = (stop - start) * self.mains_hz
            value += side.range * p.noise_of_range / math.sqrt(cycles) * self._noise.normal(self._drawn)
        if self.null_on and key in self.functions and key != self.source:
            value -= self.null_offset
        return math.copysign(math.inf, value) if abs(value) > side.range * REACH * (1.0 + 1e-6) else value

    def acquire_null(self) -> None:
        """Take the last reading as the offset to subtract."""
        volts, amps, *_ = self.last()
        self.null_offset = amps if self.source == "volt" else volts

    def shown(self, records: list[tuple[float, ...]]) -> str | bytes:
        """Write measurements with the chosen elements in the data format."""
        places = [ELEMENTS.index(name) for name in self.elements]
        return self.formatted([record[place] for record in records for place in places])

    def statistics(self) -> str | bytes:
        """Answer the chosen statistic of each element among voltage, current and resistance in the buffer."""
        records = self.buffer.readings
        if len(records) < 2:
            raise ScpiError(-230)

        def spread(values: list[float]) -> float:
            return max(values) - min(values)

        functions: dict[str, Callable[[list[float]], float]] = {
            "MEAN": statistics.fmean,
            "SDEViation": statistics.stdev,
            "MAXimum": max,
            "MINimum": min,
            "PKPK": spread,
        }
        answers = []
        for name in self.elements[:3] if self.elements else ():
            if name not in ("VOLTage", "CURRent", "RESistance"):
                continue
            values = [record[ELEMENTS.index(name)] for record in records]
            known = all(math.isfinite(value) for value in values)
            answers.append(functions[self.statistic](values) if known else math.nan)
        return self.formatted(answers or [math.nan])

    # -- signal oriented measurement ----------------------------------------------------------------------------------

    def configure(self, key: str) -> None:
        """Preset everything for one function; the output turns on (CONFigure)."""
        self.halt()
        self.functions = {key}
        self.sides[key].auto = True
        self.plc = 1.0
        self.averaging = False
        self.arm_source = self.trigger_source = "IMMediate"
        self.arm_count = self.trigger_count = 1.0
        self.trigger_delay = 0.0
        self.buffer.filling = False
        self._output = True
        self.drive()

    def measure(self, key: str) -> Any:
        """Preset everything for one function and answer a measurement (MEASure?)."""
        self.configure(key)
        return self.read()

    def measure_present(self) -> Any:
        """Turn the output on and answer a measurement of the present functions (MEASure?)."""
        self.set_output(True)
        return self.read()


twin = Kind(
    parameters=Parameters,
    ports={"output": OnePort, "ambient": Ambient},
    optional_ports=frozenset({"output", "ambient"}),
    build=SmuKeithley2400,
)
"""What a station builds by `twin: smu_keithley2400`."""
