"""Twin of a Yokogawa GS200 (GS210) DC source: voltage or current within a limit, ramps by program, optional monitor.

It drives the port `output` (`instruments.ports_circuit.OnePort`); the commands are in
`instruments.source_gs200_commands`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments import terms as algebra
from instruments.extra_status import ExtraStatus
from instruments.noise import CountedNoise
from instruments.ports_circuit import OnePort, settling
from instruments.scpi import Identity, Later, ScpiError, ScpiInstrument
from instruments.source_gs200_commands import COMMANDS
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.clock import Call
    from instruments.scpi import Operation
    from instruments.signal import Piece
    from instruments.twin import Surroundings

# Bits of STATus:CONDition and STATus:EVENt (extended event register).
END_OF_MEASURE, SOURCE_CHANGE, END_OF_STEP, END_OF_PROGRAM = 1 << 0, 1 << 5, 1 << 6, 1 << 7
READY_FOR_PROGRAM, LOW_LIMITING, HIGH_LIMITING = 1 << 8, 1 << 10, 1 << 11
EXTENDED_SUMMARY = 1 << 1
"""Bit of the status byte."""

RANGES = {"volt": (0.01, 0.1, 1.0, 10.0, 30.0), "curr": (1e-3, 1e-2, 0.1, 0.2)}
"""Ranges, V and A."""
LARGEST = {0.01: 0.012, 0.1: 0.12, 1.0: 1.2, 10.0: 12.0, 30.0: 32.0, 1e-3: 1.2e-3, 0.2: 0.2}
"""Largest level of a range; the ranges of 0.1 V and 0.1 A are alike."""
RESOLUTIONS = {
    "volt": {0.01: 1e-7, 0.1: 1e-6, 1.0: 1e-5, 10.0: 1e-4, 30.0: 1e-3},
    "curr": {1e-3: 1e-8, 1e-2: 1e-7, 0.1: 1e-6, 0.2: 1e-6},
}
"""Resolution of the level on each range, V and A."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a GS200."""

    serial: str = "TWIN0001"
    """Serial number."""
    line_frequency_hz: float = 50.0
    """Frequency of the mains, Hz."""
    monitor: bool = True
    """Whether the option /MON (measurement) is fitted."""
    voltage_error: float = 0.0
    """Relative error of the voltage, 1."""
    current_error: float = 0.0
    """Relative error of the current, 1."""
    offset_of_range: float = 0.0
    """Offset of the level as a share of the range, 1."""
    monitor_gain_error: float = 0.0
    """Relative error of the measurement, 1."""
    monitor_noise: float = 0.0
    """Standard deviation of a measurement over 1 PLC as a share of 30 V or 200 mA, 1."""
    settling_time_s: float = 1e-3
    """Time constant of the output, s."""

    def __post_init__(self) -> None:
        if not self.settling_time_s > 0.0:
            raise ValueError(f"settling_time_s must be above 0 s, got {self.settling_time_s}")
        if self.line_frequency_hz not in (50.0, 60.0):
            raise ValueError(f"line_frequency_hz must be 50 or 60, got {self.line_frequency_hz}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Hold one step of a program."""

    function: str
    """volt or curr."""
    range: float
    """Range, V or A."""
    level: float
    """Level, V or A."""


class SourceGS200(ScpiInstrument[Parameters]):
    """Be the source."""

    identity = Identity(manufacturer="YOKOGAWA", model="GS210", firmware="1.05")
    commands = COMMANDS

    status: ExtraStatus
    program_interval: float
    program_slope: float
    program_repeat: bool
    plc: int
    monitor_delay_ms: int

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build at power-on: 0 V, output off."""
        super().__init__(parameters, surroundings)
        self.status = ExtraStatus(self.request_service, self._available, self.error_queue_limit, EXTENDED_SUMMARY)
        self.port = surroundings.port("output", OnePort)
        self._noise = CountedNoise(surroundings.rng)
        self._drawn = 0
        self._files: dict[str, tuple[Step, ...]] = {}
        self._loaded = ""
        self.display = True
        self._event: Call | None = None
        self._running: Operation | None = None
        self._output = False
        self.reset()

    def reset(self) -> None:
        """Go to the state of *RST: 0 V on the 10 V range, output off, no program."""
        self._halt()
        self._output = False
        self.function = "volt"
        self.range = 10.0
        self.level = 0.0
        self._voltage_limit, self._current_limit = 30.0, 0.2
        self.program: list[Step] = []
        self._editing = False
        self._place = 0
        self._measured: float | None = None
        self._monitoring = False
        self.limited = False
        super().reset()
        self.drive()

    def option_list(self) -> str:
        """Return the options that are fitted."""
        return "/MON" if self.parameters.monitor else "NONE"

    def line_frequency(self) -> int:
        """Return the frequency of the mains, Hz."""
        return int(self.parameters.line_frequency_hz)

    # -- status -------------------------------------------------------------------------------------------------------

    def extended_condition(self) -> int:
        """Read."""
        return self.status.extra.condition

    def extended_event(self) -> int:
        """Read and clear."""
        return self.status.extra.take()

    def extended_enable(self) -> int:
        """Read."""
        return self.status.extra.enable

    def set_extended_enable(self, mask: int) -> None:
        """Write."""
        self.status.extra.write_enable(mask)

    def _happened(self, bit: int) -> None:
        """Note an event that is no lasting condition."""
        self.status.extra.set(bit, True)
        self.status.extra.set(bit, False)

    def _tell_limits(self, wanted: float) -> None:
        self.status.extra.set(HIGH_LIMITING, self.limited and wanted > 0.0)
        self.status.extra.set(LOW_LIMITING, self.limited and wanted < 0.0)

    # -- settings -----------------------------------------------------------------------------------------------------

    def get_output(self) -> bool:
        """Return whether the output is on."""
        return self._output

    def set_output(self, on: bool) -> None:
        """Switch the output; a program ends with it."""
        if not on:
            self._halt()
        if on != self._output:
            self._output = on
            self.drive()

    def get_function(self) -> str:
        """Return what is sourced."""
        return "VOLTage" if self.function == "volt" else "CURRent"

    def set_function(self, word: str) -> None:
        """Choose what is sourced; level 0 on the middle range follows, with the output off."""
        function = "volt" if word == "VOLTage" else "curr"
        if function == self.function:
            return
        if self._output:
            raise ScpiError(-221)
        self.function = function
        self.range = 10.0 if function == "volt" else 1e-3
        self.level = 0.0
        self.drive()

    def get_range(self) -> float:
        """Return the range."""
        return self.range

    def set_range(self, value: float | str) -> None:
        """Choose the smallest range that holds a number, or one by name; the level is kept within it."""
        ranges = RANGES[self.function]
        place = ranges.index(self.range)
        if isinstance(value, str):
            self.range = {
                "MINimum": ranges[0],
                "MAXimum": ranges[-1],
                "UP": ranges[min(place + 1, len(ranges) - 1)],
                "DOWN": ranges[max(place - 1, 0)],
            }[value]
        else:
            found = next((r for r in ranges if abs(value) <= r * (1.0 + 1e-9)), None)
            if found is None:
                raise ScpiError(-222)
            self.range = found
        largest = self._largest(self.range)
        self.level = min(max(self.level, -largest), largest)
        self._changed()

    @staticmethod
    def _largest(full_range: float) -> float:
        return LARGEST[full_range]

    def get_level(self) -> float:
        """Return the level."""
        return self.level

    def set_level(self, value: float | str) -> None:
        """Set the level, rounded to the resolution of the range.

        Raises:
            ScpiError: -222, it is beyond 120 % of the range.
        """
        largest = self._largest(self.range)
        number = {"MINimum": -largest, "MAXimum": largest}[value] if isinstance(value, str) else value
        if abs(number) > largest * (1.0 + 1e-9):
            raise ScpiError(-222)
        step = RESOLUTIONS[self.function][self.range]
        self.level = round(number / step) * step
        if self._editing:
            self.program.append(Step(function=self.function, range=self.range, level=self.level))
            return
        self._changed()

    def set_level_auto(self, value: float | str) -> None:
        """Set the level on the smallest range that holds it."""
        ranges = RANGES[self.function]
        top = self._largest(ranges[-1])
        number = {"MINimum": -top, "MAXimum": top}[value] if isinstance(value, str) else value
        found = next((r for r in ranges if abs(number) <= self._largest(r) * (1.0 + 1e-9)), None)
        if found is None:
            raise ScpiError(-222)
        self.range = found
        self.set_level(number)

    def get_voltage_limit(self) -> float:
        """Return the voltage limit, V."""
        return self._voltage_limit

    def set_voltage_limit(self, volts: float) -> None:
        """Set the voltage limit of the current source, V."""
        self._voltage_limit = volts
        self._changed()

    def get_current_limit(self) -> float:
        """Return the current limit, A."""
        return self._current_limit

    def set_current_limit(self, amperes: float) -> None:
        """Set the current limit of the voltage source, A."""
        self._current_limit = amperes
        self._changed()

    def _changed(self) -> None:
        self._halt()
        self.drive()

    # -- the output ---------------------------------------------------------------------------------------------------

    def true_level(self, level: float) -> float:
        """Return what is truly put out for a level without a limit, V or A."""
        p = self.parameters
        error = p.voltage_error if self.function == "volt" else p.current_error
        return level * (1.0 + error) + self.range * p.offset_of_range

    def drive(self) -> None:
        """Make the terminals what the settings say, from now on."""
        now = self.now
        if not self._output:
            self.limited = False
            self._tell_limits(0.0)
            self.port.release(now)
            return
        wanted = self.true_level(self.level)
        held, self.limited, driven = self._within(wanted)
        self._tell_limits(wanted)
        self._happened(SOURCE_CHANGE)
        start = self._present(driven)
        self._put(driven, settling(now, start, held, self.parameters.settling_time_s))

    def _within(self, wanted: float) -> tuple[float, bool, str]:
        """Return what holds on the terminals, whether the limit acts, and which quantity is driven."""
        if self.function == "volt":
            volts, amps, limited = self.port.operating_point(voltage_v=wanted, current_limit_a=self._current_limit)
            return (amps, True, "curr") if limited else (volts, False, "volt")
        volts, amps, limited = self.port.voltage_at(current_a=wanted, voltage_limit_v=self._voltage_limit)
        return (volts, True, "volt") if limited else (amps, False, "curr")

    def _present(self, driven: str) -> float:
        signal = self.port.voltage if driven == "volt" else self.port.current
        return signal.value(self.now)

    def _put(self, driven: str, pieces: list[Piece]) -> None:
        if driven == "volt":
            self.port.drive_voltage(self.now, pieces)
        else:
            self.port.drive_current(self.now, pieces)

    # -- programs -----------------------------------------------------------------------------------------------------

    def _halt(self) -> None:
        """End a program where it is."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self.status.extra.set(READY_FOR_PROGRAM, True)
        running, self._running = self._running, None
        if running is not None:
            running.cancel()

    def begin_program(self) -> None:
        """Forget the program; levels that follow are its steps."""
        self._halt()
        self.program = []
        self._editing = True
        self._kept_level = self.level

    _kept_level = 0.0

    def end_program(self) -> None:
        """End the editing; the output has kept its level meanwhile."""
        if not self._editing:
            raise ScpiError(-221)
        self._editing = False
        self.level = self._kept_level

    def run_program(self) -> None:
        """Run the program from its first step.

        Raises:
            ScpiError: -221, there is none, the output is off, or its editing was not ended.
        """
        if not self.program or not self._output or self._editing:
            raise ScpiError(-221)
        self._halt()
        self._place = 0
        self._running = self.begin("program")
        self.status.extra.set(READY_FOR_PROGRAM, False)
        self._next_step()

    def step_program(self) -> None:
        """Run one step of the program."""
        if not self.program or not self._output or self._editing:
            raise ScpiError(-221)
        self._halt()
        self._ramp(self.program[self._place % len(self.program)])
        self._place += 1

    def hold_program(self) -> None:
        """Stop where it is: the terminals keep what they have now."""
        if self._running is None:
            return
        self._halt()
        driven = "volt" if self.function == "volt" else "curr"
        held = self._present(driven)
        self._put(driven, [(self.now, algebra.constant(held))])
        self.level = held

    def continue_program(self) -> None:
        """Go on with the step that follows."""
        if not self.program or self._running is not None:
            raise ScpiError(-221)
        self._running = self.begin("program")
        self.status.extra.set(READY_FOR_PROGRAM, False)
        self._next_step()

    def _next_step(self) -> None:
        self._event = None
        if self._place:
            self._happened(END_OF_STEP)
        if self._place >= len(self.program):
            self._happened(END_OF_PROGRAM)
            if not self.program_repeat:
                running, self._running = self._running, None
                self.status.extra.set(READY_FOR_PROGRAM, True)
                if running is not None:
                    running.finish()
                return
            self._place = 0
        self._ramp(self.program[self._place])
        self._place += 1
        self._event = self.clock.call_at(self.now + self.program_interval, self._next_step)

    def _ramp(self, step: Step) -> None:
        """Go to a step within the slope time, in a straight line, and stop at the limit."""
        now, slope = self.now, min(self.program_slope, self.program_interval)
        begin = self.true_level(self.level)
        self.function, self.range, self.level = step.function, step.range, step.level
        end = self.true_level(step.level)
        held, self.limited, _driven = self._within(end)
        if slope <= 0.0 or begin == end:
            self.drive()
            return
        plain = "volt" if self.function == "volt" else "curr"
        if not self.limited:
            line = algebra.line(begin, (end - begin) / slope)
            self._put(plain, [(now, line), (now + slope, algebra.constant(end))])
            return
        scale = self.port.load.resistance_ohm if self.function == "volt" else 1.0 / self.port.load.resistance_ohm
        offset = self.port.load.emf_v if self.function == "volt" else -self.port.load.emf_v * scale
        edge = held * scale + offset  # the level at which the limit is reached
        share = min(max((edge - begin) / (end - begin), 0.0), 1.0)
        pieces: list[Piece] = [(now, algebra.line(begin, (end - begin) / slope))] if share else []
        self._put(plain, [*pieces, (now + share * slope, algebra.constant(edge))])

    def program_count(self) -> int:
        """Return the number of steps."""
        return len(self.program)

    def set_program_count(self, count: int) -> None:
        """Shorten the program to a number of steps."""
        self.program = self.program[:count]

    def save_program(self, name: str) -> None:
        """Keep the program under a name."""
        self._files[name] = tuple(self.program)
        self._loaded = name

    def load_program(self, name: str) -> None:
        """Restore a program.

        Raises:
            ScpiError: -224, there is none of that name.
        """
        if name not in self._files:
            raise ScpiError(-224)
        self.program = list(self._files[name])
        self._loaded = name

    def loaded_program(self) -> str:
        """Return the name of the program that was loaded or saved last."""
        return self._loaded

    # -- monitor ------------------------------------------------------------------------------------------------------

    def get_monitor(self) -> bool:
        """Return whether measurement is on."""
        return self._monitoring

    def set_monitor(self, on: bool) -> None:
        """Switch measurement.

        Raises:
            ScpiError: -241, the option is not fitted.
        """
        if on and not self.parameters.monitor:
            raise ScpiError(-241)
        self._monitoring = on

    def take_zero(self) -> None:
        """Take the zero of the measurement; the twin's does not drift."""

    def _refuse_monitor(self) -> None:
        """Refuse a measurement that the model cannot make.

        Raises:
            ScpiError: -241 without the option; -221 with measurement or output off, or on a range below 1 V.
        """
        if not self.parameters.monitor:
            raise ScpiError(-241)
        if not self._monitoring or not self._output or (self.function == "volt" and self.range < 1.0):
            raise ScpiError(-221)

    def _window_s(self) -> float:
        return self.plc / self.parameters.line_frequency_hz

    def _measure(self, start: float) -> float:
        p = self.parameters
        signal = self.port.current if self.function == "volt" else self.port.voltage
        self._drawn += 1
        full = 0.2 if self.function == "volt" else 30.0
        value = signal.mean(start, self.now) * (1.0 + p.monitor_gain_error)
        if p.monitor_noise:
            value += full * p.monitor_noise / math.sqrt(self.plc) * self._noise.normal(self._drawn)
        self._measured = value
        self._happened(END_OF_MEASURE)
        return value

    def measure(self) -> Any:
        """Measure current of the voltage source, or voltage of the current source (MEASure?)."""
        self._refuse_monitor()
        start = self.now + self.monitor_delay_ms / 1000.0
        return Later(start + self._window_s(), lambda: self._measure(start))

    def initiate(self) -> None:
        """Start a measurement."""
        self._refuse_monitor()
        start = self.now + self.monitor_delay_ms / 1000.0
        self.begin("measurement", until=start + self._window_s(), done=lambda: _forget(self._measure(start)))

    def fetch(self) -> float:
        """Return the last measurement.

        Raises:
            ScpiError: -230, there is none.
        """
        if self._measured is None:
            raise ScpiError(-230)
        return self._measured


def _forget(_value: float) -> None:
    """Take a value that nobody waits for."""


twin = Kind(
    parameters=Parameters,
    ports={"output": OnePort},
    optional_ports=frozenset({"output"}),
    build=SourceGS200,
)
"""What a station builds by `twin: source_gs200`."""
