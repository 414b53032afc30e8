"""What the multimeters of the 344xx line share: functions with range, resolution and integration time, and triggering.

Sources: Agilent 34401A User's Guide (34401-90004), chapters 3 and 4; Keysight Truevolt Series Operating and Service
Guide (34460-90901), SCPI chapters; where both agree the code is here, the rest is with the model. Both guides are
followed from memory, and checked by what public drivers send and expect, not against their text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from instruments.multimeter import FrontEnd, Function, MeterParameters, digits, nearest_above
from instruments.ports_circuit import OnePort
from instruments.scpi import Later, ScpiError, ScpiInstrument, WhenComplete

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from instruments.clock import Call
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

P = TypeVar("P", bound=MeterParameters)

INTEGRATING = frozenset({"volt", "volt_rat", "curr", "res", "fres", "temp"})
"""Functions with an integration time in power line cycles."""
GATED = frozenset({"freq", "per"})
"""Functions with a gate time."""
FIXED = frozenset({"cont", "diod"})
"""Functions with one range and a fixed resolution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """Relate integration time and resolution of a model."""

    plc: tuple[float, ...]
    """Integration times, PLC, ascending."""
    resolution: tuple[float, ...]
    """Resolution as a share of the range, one per integration time."""
    default_plc: float
    """Integration time after *RST, PLC."""
    overhead_s: float
    """Time that a reading takes besides the integration, s."""
    fixed_plc: float
    """Integration time of continuity and diode test, PLC."""
    ac_settling_s: float
    """Time of an AC reading with the slow filter, s."""


ENDLESS = 9.9e37
"""Trigger count that stands for INFinity."""


class State:
    """Hold the settings of one function."""

    __slots__ = ("aperture", "aperture_on", "auto", "auto_zero", "null", "null_on", "plc", "range")

    def __init__(self, function: Function, speeds: Speeds) -> None:
        self.range = function.ranges[0]
        self.auto = True
        self.plc = speeds.default_plc
        self.aperture = 0.1
        self.aperture_on = False
        self.auto_zero = True
        self.null = 0.0
        self.null_on = False


class Multimeter344xx(ScpiInstrument[P]):
    """Be a multimeter of the 344xx line; subclasses give functions, speeds and commands."""

    functions: ClassVar[Mapping[str, Function]]
    """Measuring functions by key."""
    speeds: Speeds
    """Integration times and resolutions."""
    words: ClassVar[Mapping[str, str]]
    """Function key -> its name in replies to FUNCtion? and CONFigure?."""
    memory_limit: int = 512
    """Readings that the internal memory holds."""
    memory_error: ClassVar[tuple[int, str]] = (531, "Insufficient memory")
    """Error when INITiate would exceed it."""
    wraps: ClassVar[bool] = False
    """Whether the oldest reading gives way when the memory is full in an endless cycle."""
    gates: ClassVar[tuple[float, ...]] = (0.01, 0.1, 1.0)
    """Gate times of frequency and period, s."""

    def __init__(self, parameters: P, surroundings: Surroundings) -> None:
        """Build the meter at power-on: DC voltage, autorange, one reading at a time."""
        super().__init__(parameters, surroundings)
        self.front = FrontEnd(parameters, surroundings, surroundings.port("input", OnePort))
        self.states: dict[str, State] = {}
        self.readings: list[float] | None = None
        """Internal memory; None before the first measurement."""
        self._operation: Operation | None = None
        self._pending: list[Call] = []
        self._on_trigger: Callable[[], None] | None = None
        self._recalling = False
        self.reset()

    def reset(self) -> None:
        """Go to the state of *RST."""
        self._halt()
        self.readings = None
        self.states = {key: State(function, self.speeds) for key, function in self.functions.items()}
        self.states["volt"].range = 10.0
        self.key = "volt"
        self.trigger_source = "IMMediate"
        self.trigger_count: float = 1
        self.sample_count = 1
        self.trigger_delay = 0.0
        self.delay_auto = True
        super().reset()
        for state in self.states.values():
            state.auto = True
        self.delay_auto = True

    # -- functions and their settings ---------------------------------------------------------------------------------

    @property
    def function(self) -> Function:
        """Function that is chosen."""
        return self.functions[self.key]

    @property
    def state(self) -> State:
        """Settings of the chosen function."""
        return self.states[self.key]

    def function_name(self) -> str:
        """Return the word of the chosen function."""
        return self.words[self.key]

    def choose(self, key: str) -> None:
        """Choose a function; a measurement in progress is aborted."""
        self._halt()
        self.key = key

    def get_range(self, key: str) -> float:
        """Return the range of a function."""
        return self.states[key].range

    def set_range(self, key: str, value: float) -> None:
        """Fix the range of a function to the smallest one that is at least `value`."""
        nominal = self.functions[key].nominal(value)
        if nominal is None:
            raise ScpiError(-222)
        self.states[key].range = nominal
        self.states[key].auto = False

    def get_auto(self, key: str) -> bool:
        """Return whether a function ranges by itself."""
        return self.states[key].auto

    def set_auto(self, key: str, on: bool | str) -> None:
        """Switch autoranging of a function, or range once now."""
        state = self.states[key]
        state.auto = on is True
        if on == "ONCE":
            start = max(0.0, self.now - self.front.cycle_s)
            state.range = self.front.automatic_range(self.functions[key], start, self.now, state.range)

    def get_plc(self, key: str) -> float:
        """Return the integration time of a function, PLC."""
        return self.states[key].plc

    def set_plc(self, key: str, value: float) -> None:
        """Set the integration time to the nearest one at or above `value`, PLC."""
        self.states[key].plc = nearest_above(value, self.speeds.plc)
        self.states[key].aperture_on = False

    def share(self, key: str) -> float:
        """Return the resolution of a function as a share of its range."""
        if key in FIXED:
            return 1e-5
        if key in ("volt_ac", "curr_ac"):
            return 1e-6
        if key in GATED:
            return 3e-6 if self.states[key].aperture >= 0.1 else 3e-5
        plc = nearest_above(self.states[key].plc, self.speeds.plc)
        return self.speeds.resolution[self.speeds.plc.index(plc)]

    def get_resolution(self, key: str) -> float:
        """Return the resolution of a function in its unit."""
        return self.share(key) * self.states[key].range

    def set_resolution(self, key: str, value: float) -> None:
        """Set the integration time that gives a resolution (unit of the function); refused while autoranging."""
        if self._recalling:
            return  # range and integration time, which are restored too, give it
        if self.states[key].auto:
            raise ScpiError(-221)
        self._resolve(key, value)

    def recall_settings(self, memory: int) -> None:
        """Restore the settings kept under a number (*RCL)."""
        self._recalling = True
        try:
            super().recall_settings(memory)
        finally:
            self._recalling = False

    def extreme_resolution(self, key: str, word: str) -> float:
        """Return the finest (MINimum), coarsest (MAXimum) or default resolution on the present range."""
        shares = self.speeds.resolution
        default = shares[self.speeds.plc.index(self.speeds.default_plc)]
        return {"MINimum": shares[-1], "MAXimum": shares[0], "DEFault": default}[word] * self.states[key].range

    def _resolve(self, key: str, value: float) -> None:
        if key not in INTEGRATING:
            return
        state, speeds = self.states[key], self.speeds
        for plc, share in zip(speeds.plc, speeds.resolution, strict=True):
            if share * state.range <= value * (1.0 + 1e-6):
                state.plc = plc
                return
        raise ScpiError(532, "Cannot achieve requested resolution")

    def get_aperture(self, key: str) -> float:
        """Return the gate time of frequency or period, or the aperture of another function, s."""
        state = self.states[key]
        return state.aperture if key in GATED or state.aperture_on else state.plc * self.front.cycle_s

    def set_aperture(self, key: str, value: float) -> None:
        """Set the gate time or aperture, s."""
        state = self.states[key]
        state.aperture = nearest_above(value, self.gates) if key in GATED else value
        state.aperture_on = key not in GATED

    # -- one reading --------------------------------------------------------------------------------------------------

    def integration_s(self) -> float:
        """Return the integration time of the chosen function, s."""
        key, state = self.key, self.state
        if key in GATED:
            return state.aperture
        if key in FIXED:
            return self.speeds.fixed_plc * self.front.cycle_s
        if key in ("volt_ac", "curr_ac"):
            return max(self.front.cycle_s, self.ac_time_s())
        if state.aperture_on:
            return state.aperture
        return state.plc * self.front.cycle_s

    def ac_time_s(self) -> float:
        """Return the time of an AC reading with the present filter, s."""
        return self.speeds.ac_settling_s

    def zeroes(self) -> bool:
        """Tell whether each reading takes the zero as well."""
        return self.key in INTEGRATING and self.state.auto_zero

    def reading_s(self) -> float:
        """Return the time that one reading takes, delay included, s."""
        time = self.integration_s() * (2.0 if self.zeroes() else 1.0) + self.speeds.overhead_s
        return time + self.delay_s()

    def delay_s(self) -> float:
        """Return the delay before a reading, s."""
        return 0.0015 if self.delay_auto else self.trigger_delay

    def measure(self, stop: float) -> float:
        """Return the reading whose integration ends at `stop` (bench time, s), rounded as the meter shows it."""
        key, state = self.key, self.state
        length = self.integration_s()
        start = max(0.0, stop - length)
        if state.auto and key not in FIXED:
            state.range = self.front.automatic_range(self.function, start, stop, state.range)
        plc = length / self.front.cycle_s
        value = self.front.reading(self.function, state.range, start, stop, plc, self.zeroes())
        if state.null_on:
            value -= state.null
        value = digits(value, self.share(key) * (abs(value) if key in GATED else state.range) / 10.0)
        return self.processed(value)

    def processed(self, value: float) -> float:
        """Return what the math functions make of a reading; models with math override this."""
        return value

    # -- measurement cycles -------------------------------------------------------------------------------------------

    def _halt(self) -> None:
        """Forget the measurement cycle."""
        for call in self._pending:
            call.cancel()
        self._pending = []
        self._on_trigger = None
        operation, self._operation = self._operation, None
        if operation is not None:
            operation.cancel()

    def clear(self, link: Any) -> None:
        """Clear the device: the measurement cycle ends too, as the manual has it."""
        self._halt()
        super().clear(link)

    def abort(self) -> None:
        """Return to idle (ABORt)."""
        self._halt()

    @property
    def total(self) -> float:
        """Readings of one cycle: triggers times samples."""
        return self.trigger_count * self.sample_count

    def start(self, *, stored: bool) -> None:
        """Leave the idle state: take all readings of a cycle as their triggers come.

        Raises:
            ScpiError: -213 while a cycle is under way, -214 for READ? with a trigger that cannot come, or the memory is
                too small.
        """
        if self._operation is not None:
            raise ScpiError(-213)
        if stored and self.total > self.memory_limit and not (self.wraps and self.trigger_count >= ENDLESS):
            raise ScpiError(*self.memory_error)
        if not stored and self.trigger_source == "BUS":
            raise ScpiError(-214, "Trigger deadlock")
        self.readings = []
        self._operation = self.begin("measurement")
        self._triggers_left = self.trigger_count
        self._arm()

    def _arm(self) -> None:
        if self.trigger_source == "IMMediate":
            self._triggered()
        else:
            self._on_trigger = self._triggered

    def _triggered(self) -> None:
        self._on_trigger = None
        self._samples_left = self.sample_count
        self._next_sample()

    def _next_sample(self) -> None:
        end = self.now + self.reading_s()
        self._pending = [self.clock.call_at(end, self._sampled)]

    def _sampled(self) -> None:
        self._pending = []
        if self.readings is None:
            self.readings = []
        self.readings.append(self.measure(self.now))
        if self.trigger_count >= ENDLESS and len(self.readings) > self.memory_limit:
            self.readings.pop(0)
        self._samples_left -= 1
        if self._samples_left > 0:
            self._next_sample()
            return
        self._triggers_left -= 1
        if self._triggers_left > 0:
            self._arm()
            return
        operation, self._operation = self._operation, None
        if operation is not None:
            operation.finish()

    def trigger(self) -> None:
        """Act on *TRG or a group execute trigger."""
        if self.trigger_source != "BUS" or self._on_trigger is None:
            self.report(-211)
            return
        self._on_trigger()

    def external_trigger(self) -> None:
        """Give a pulse to the rear trigger input, as a wire at the bench would."""
        if self.trigger_source == "EXTernal" and self._on_trigger is not None:
            self._on_trigger()

    def initiate(self) -> None:
        """Start a cycle into memory (INITiate)."""
        self.start(stored=True)

    def read(self) -> Later | WhenComplete:
        """Start a cycle and answer its readings (READ?)."""
        self.start(stored=False)
        return WhenComplete(self._taken)

    def fetch(self) -> WhenComplete | list[float]:
        """Answer the readings in memory once they are complete (FETCh?)."""
        if self.readings is None:
            raise ScpiError(-230)
        return WhenComplete(self._taken) if self._operation is not None else self._taken()

    def _taken(self) -> list[float]:
        if not self.readings:
            raise ScpiError(-230)
        return list(self.readings)

    def stored(self) -> int:
        """Return how many readings are in memory (DATA:POINts?)."""
        return len(self.readings or ())

    # -- CONFigure and MEASure ----------------------------------------------------------------------------------------

    def configure(self, key: str, full_range: float | str | None, resolution: float | str | None) -> None:
        """Preset everything for a function (CONFigure): range and resolution may be MIN, MAX, DEF or left out."""
        self._halt()
        function = self.functions[key]
        fresh = State(function, self.speeds)
        if key == "volt":
            fresh.range = self.states[key].range
        self.states[key] = fresh
        self.key = key
        self.trigger_source = "IMMediate"
        self.trigger_count = 1
        self.sample_count = 1
        self.delay_auto = True
        if full_range is not None and full_range not in ("DEFault", "AUTO") and key not in FIXED:
            named = {"MINimum": function.ranges[0], "MAXimum": function.ranges[-1]}
            self.set_range(key, named[full_range] if isinstance(full_range, str) else full_range)
        if resolution is None or resolution == "DEFault" or key in FIXED:
            return
        shares = self.speeds.resolution
        if fresh.auto and not isinstance(resolution, str):
            raise ScpiError(-221)
        wanted = {"MINimum": shares[-1] * fresh.range, "MAXimum": shares[0] * fresh.range}
        self._resolve(key, wanted[resolution] if isinstance(resolution, str) else resolution)

    def measure_now(self, key: str, full_range: float | str | None, resolution: float | str | None) -> Any:
        """Preset everything and answer one reading (MEASure?)."""
        self.configure(key, full_range, resolution)
        return self.read()

    def configuration(self) -> str:
        """Return function, range and resolution (CONFigure?)."""
        word = self.words[self.key]
        return f'"{word} {self.state.range:+.6E},{self.get_resolution(self.key):+.6E}"'


PER_FUNCTION = (
    "get_range",
    "set_range",
    "get_auto",
    "set_auto",
    "get_plc",
    "set_plc",
    "get_resolution",
    "set_resolution",
    "get_aperture",
    "set_aperture",
    "configure",
    "measure_now",
)
"""Methods that a command table names with a function's key behind them, e.g. `set_range_volt`."""
