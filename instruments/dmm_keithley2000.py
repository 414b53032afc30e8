"""Twin of a Keithley 2000 multimeter, 6½ digits, with its reading buffer and trigger model.

The physics is in `instruments.multimeter`, functions and commands are in `instruments.dmm_keithley2000_commands`. The
zero is taken in a reading of its own, once a second at most, while autozero is on.
"""

from __future__ import annotations

import math
import statistics
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from instruments.dmm_keithley2000_commands import COMMANDS, ENDLESS, FUNCTIONS, UNIT_TEXT, WORDS
from instruments.keithley import IDLE, MEASURING, TRIGGERING, BufferBits, KeithleyInstrument
from instruments.multimeter import FrontEnd, Function, MeterParameters, digits
from instruments.per_function import per_function, per_setting
from instruments.ports import Ambient
from instruments.ports_circuit import OnePort
from instruments.scpi import Identity, Later, ScpiError, WhenComplete
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

# Bits of STATus:MEASurement (section 5, Measurement Event Register).
READING_OVERFLOW = 1 << 0
LOW_LIMIT = 1 << 1
HIGH_LIMIT = 1 << 2
READING_AVAILABLE = 1 << 5

ZERO_INTERVAL_S = 1.0
"""Time after which autozero takes the zero again, s."""
OVERHEAD_S = 2e-4
"""Time of a reading besides the integration, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(MeterParameters):
    """Hold what a laboratory may and may not know of a Keithley 2000."""


class State:
    """Hold the settings of one function."""

    __slots__ = (
        "aperture",
        "auto",
        "average_count",
        "averaging",
        "bandwidth",
        "digits",
        "filter",
        "plc",
        "range",
        "reference",
        "referenced",
    )

    def __init__(self, function: Function) -> None:
        self.range = function.ranges[-1]
        self.auto = True
        self.plc = 1.0
        self.aperture = 1.0
        self.bandwidth = 30.0
        self.digits = 7
        self.averaging = False
        self.filter = "MOVing"
        self.average_count = 10
        self.reference = 0.0
        self.referenced = False


SETTINGS = (
    "range",
    "auto",
    "plc",
    "aperture",
    "bandwidth",
    "digits",
    "averaging",
    "filter",
    "average_count",
    "reference",
    "referenced",
)
"""Settings that every function has for itself."""


@per_setting(SETTINGS, tuple(FUNCTIONS))
@per_function(("acquire", "configure", "measure_now"), tuple(FUNCTIONS))
class DmmKeithley2000(KeithleyInstrument[Parameters]):
    """Be the multimeter."""

    identity = Identity(manufacturer="KEITHLEY INSTRUMENTS INC.", model="MODEL 2000", firmware="A20 /A02")
    commands = COMMANDS
    error_queue_limit = 10
    buffer_bits = BufferBits(available=1 << 7, half_full=1 << 8, full=1 << 9)

    threshold: float
    diode_current: float
    timer: float
    trigger_source: str
    sample_count: int
    math: str
    math_on: bool
    slope: float
    intercept: float
    target: float
    statistic: str
    limits_on: bool
    low_limit: float
    high_limit: float
    temperature_unit: str
    auto_zero: bool

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the meter at power-on: it measures DC voltage continuously."""
        super().__init__(parameters, surroundings, buffer_size=100)
        self.front = FrontEnd(parameters, surroundings, surroundings.port("input", OnePort))
        self.states: dict[str, State] = {}
        self.beeper = self.display = self.key_click = True
        self.display_text = ""
        self.feed = "CALCulate"
        self._operation: Operation | None = None
        self._call: Call | None = None
        self._waiting: Callable[[], None] | None = None
        self._left: float = 0
        self._samples_left = 0
        self._zeroed_at = -math.inf
        self._last: float | None = None
        self._fresh = False
        self._batch: list[float] = []
        self._window: deque[float] = deque()
        self._failed = False
        self._continuous = False
        self.preset()

    def reset(self) -> None:
        """Go to the state of *RST: idle, one shot."""
        self._halt()
        self._continuous = False
        self.states = {key: State(function) for key, function in FUNCTIONS.items()}
        self.key = "volt"
        self.delay = 0.0
        self.trigger_count: float = 1
        self.elements = ("READing",)
        self.data_format = "ASCii"
        self._last = None
        self._fresh = False
        self._batch = []
        self._failed = False
        super().reset()
        for state in self.states.values():
            state.auto = True
        self.delay_auto = True
        self.forget_filter()
        self._idle()

    def preset(self) -> None:
        """Go to the state of power-on: continuous measurement."""
        self.reset()
        self.trigger_count = ENDLESS
        self.set_continuous(True)

    # -- settings -----------------------------------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Settings of the chosen function."""
        return self.states[self.key]

    @property
    def function(self) -> Function:
        """Function that is chosen."""
        return FUNCTIONS[self.key]

    def get_setting(self, name: str, key: str) -> Any:
        """Return a setting of a function."""
        return getattr(self.states[key], name)

    def set_setting(self, name: str, key: str, value: Any) -> None:
        """Set a setting of a function; a range is the smallest that is at least the value."""
        state = self.states[key]
        if name == "range":
            state.range = FUNCTIONS[key].range_for(value) or FUNCTIONS[key].ranges[-1]
            state.auto = False
        elif name == "auto":
            state.auto = value is True
            if value == "ONCE":
                start = max(0.0, self.now - self.front.cycle_s)
                state.range = self.front.automatic_range(FUNCTIONS[key], start, self.now, state.range)
        elif name == "bandwidth":
            state.bandwidth = 300.0 if value >= 300 else 30.0 if value >= 30 else 3.0
        else:
            setattr(state, name, value)
        self.forget_filter()

    def chosen(self) -> str:
        """Return the key of the function."""
        return self.key

    def choose(self, key: str) -> None:
        """Choose a function."""
        self.key = key
        self.forget_filter()
        if self._continuous:
            self._restart()

    def configuration(self) -> str:
        """Return the function (CONFigure?)."""
        return f'"{WORDS[self.key]}"'

    def acquire(self, key: str) -> None:
        """Take the last reading as the reference of its function."""
        if key != self.key:
            raise ScpiError(-221)
        self.states[key].reference = self._last_value() + (self.state.reference if self.state.referenced else 0.0)

    def forget_filter(self) -> None:
        """Empty the moving filter."""
        self._window = deque(maxlen=100)

    def get_trigger_count(self) -> float:
        """Return the number of triggers of a cycle."""
        return self.trigger_count

    def set_trigger_count(self, count: float) -> None:
        """Set the number of triggers of a cycle, 1 to 9999 or infinite."""
        if 9999 < count < ENDLESS:
            raise ScpiError(-222)
        self.trigger_count = count if count >= ENDLESS else math.floor(count + 0.5)

    def get_delay(self) -> float:
        """Return the trigger delay, s."""
        return self.delay

    def set_delay(self, seconds: float) -> None:
        """Fix the trigger delay, s."""
        self.delay = seconds
        self.delay_auto = False

    def set_elements(self, names: tuple[str, ...]) -> None:
        """Choose what stands in a data string."""
        self.elements = tuple(name for name in ("READing", "CHANnel", "UNITs") if name in names)

    def get_elements(self) -> tuple[str, ...]:
        """Return what stands in a data string."""
        return self.elements

    # -- one reading --------------------------------------------------------------------------------------------------

    def integration_s(self) -> float:
        """Return the time over which a reading is a mean, s; a repeating filter makes it longer."""
        key, state = self.key, self.state
        if key in ("freq", "per"):
            return state.aperture
        plc = 1.0 if key in ("cont", "diod") else state.plc
        one = plc * self.front.cycle_s
        if key in ("volt_ac", "curr_ac"):
            one = max(one, {3.0: 1.0, 30.0: 0.1, 300.0: 0.02}[state.bandwidth])
        return one * state.average_count if state.averaging and state.filter == "REPeat" else one

    def reading_s(self) -> float:
        """Return the time until the next reading is there, s; now and then it takes the zero first."""
        time = self.integration_s() + OVERHEAD_S
        if self.auto_zero and self.now - self._zeroed_at >= ZERO_INTERVAL_S:
            self._zeroed_at = self.now
            self.front.zero(self.now)
            time += min(self.integration_s(), 10.0 * self.front.cycle_s)
        return time

    def measure(self, stop: float) -> float:
        """Return the reading that ends at `stop` (bench time, s), after filter, reference and math."""
        state, length = self.state, self.integration_s()
        start = max(0.0, stop - length)
        if state.auto and self.key not in ("temp", "cont", "diod"):
            state.range = self.front.automatic_range(self.function, start, stop, state.range)
        value = self.front.reading(self.function, state.range, start, stop, length / self.front.cycle_s, False)
        if self.key == "temp":
            value = {"C": value, "F": value * 1.8 + 32.0, "K": value + 273.15}[self.temperature_unit]
        elif self.key not in ("freq", "per"):
            value = digits(value, state.range * 10.0 ** (1 - state.digits) / 10.0)
        if state.averaging and state.filter == "MOVing":
            self._window.append(value)
            recent = list(self._window)[-state.average_count :]
            value = math.fsum(recent) / len(recent)
        if state.referenced:
            value -= state.reference
        if self.math_on and math.isfinite(value):
            if self.math == "MXB":
                value = self.slope * value + self.intercept
            elif self.math == "PERCent":
                value = 100.0 * (value - self.target) / self.target if self.target else math.inf
        self._judge(value)
        return value

    def _judge(self, value: float) -> None:
        """Tell the status what became of a reading."""
        measurement = self.status.measurement
        measurement.set(READING_OVERFLOW, not math.isfinite(value))
        low = self.limits_on and value < self.low_limit
        high = self.limits_on and value > self.high_limit
        measurement.set(LOW_LIMIT, low)
        measurement.set(HIGH_LIMIT, high)
        self._failed = low or high
        measurement.set(READING_AVAILABLE, True)

    # -- trigger model ------------------------------------------------------------------------------------------------

    def _halt(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._waiting = None
        operation, self._operation = self._operation, None
        if operation is not None:
            operation.cancel()

    def _idle(self) -> None:
        self.status.operation.set(MEASURING | TRIGGERING, False)
        self.status.operation.set(IDLE, True)

    def get_continuous(self) -> bool:
        """Return whether the meter initiates itself."""
        return self._continuous

    def set_continuous(self, on: bool) -> None:
        """Let the meter initiate itself, or finish the cycle and stay idle."""
        if on == self._continuous:
            return
        self._continuous = on
        if on:
            self._restart()
        elif self.free_running or self._operation is None:
            self._halt()
            self._idle()

    def _restart(self) -> None:
        self._halt()
        self._start()

    @property
    def free_running(self) -> bool:
        """Whether readings follow each other without end; they are worked out when somebody asks."""
        endless = self._continuous or self.trigger_count >= ENDLESS
        return endless and self.trigger_source == "IMMediate"

    def _start(self) -> None:
        self.status.operation.set(IDLE, False)
        self.status.operation.set(MEASURING if self.trigger_source == "IMMediate" else TRIGGERING, True)
        self._left = self.trigger_count
        if not self._continuous and self.trigger_count < ENDLESS:
            self._operation = self.begin("measurement")
        if self.free_running:
            if self.buffer.filling:
                self._call = self.clock.call_at(self.now + self.reading_s(), self._run_on)
            return
        self._arm()

    def _run_on(self) -> None:
        """Take a reading of an endless cycle while the buffer is being filled."""
        self._call = None
        self._keep(self.measure(self.now))
        if self.buffer.filling:
            self._call = self.clock.call_at(self.now + self.reading_s(), self._run_on)

    def _arm(self) -> None:
        if self.trigger_source == "IMMediate":
            self._triggered()
        elif self.trigger_source == "TIMer":
            due = self.now if self._left == self.trigger_count else self._ticked + self.timer
            self._ticked = max(due, self.now)
            self._call = self.clock.call_at(self._ticked, self._triggered)
        else:
            self.status.operation.set(TRIGGERING, True)
            self._waiting = self._triggered

    _ticked = 0.0

    def _triggered(self) -> None:
        self._waiting = None
        self._call = None
        self.status.operation.set(TRIGGERING, False)
        self.status.operation.set(MEASURING, True)
        self._samples_left = self.sample_count
        self._batch = []
        delay = 0.0 if self.delay_auto else self.delay
        self._sample_after(delay)

    def _sample_after(self, delay: float) -> None:
        self._call = self.clock.call_at(self.now + delay + self.reading_s(), self._sampled)

    def _keep(self, value: float) -> None:
        self._last = value
        self._fresh = True
        self._batch.append(value)
        self.buffer.store(value)

    def _sampled(self) -> None:
        self._call = None
        self._keep(self.measure(self.now))
        self._samples_left -= 1
        if self._samples_left > 0:
            self._sample_after(0.0)
            return
        self._left -= 1
        if self._left > 0:
            self._arm()
            return
        if self._continuous:
            self._start()
            return
        self._idle()
        operation, self._operation = self._operation, None
        if operation is not None:
            operation.finish()

    def trigger(self) -> None:
        """Act on *TRG or a group execute trigger."""
        if self.trigger_source == "BUS" and self._waiting is not None:
            self._waiting()
        else:
            self.report(-211)

    def signal(self) -> None:
        """Pass the event that is waited for (TRIGger:SIGNal)."""
        if self._waiting is None:
            raise ScpiError(-211)
        self._waiting()

    def external_trigger(self) -> None:
        """Give a pulse to the trigger link, as a wire at the bench would."""
        if self.trigger_source == "EXTernal" and self._waiting is not None:
            self._waiting()

    def initiate(self) -> None:
        """Leave the idle state (INITiate).

        Raises:
            ScpiError: -213, the meter is not idle.
        """
        if self._continuous or self._operation is not None or self.trigger_running:
            raise ScpiError(-213)
        self._last = None
        self._fresh = False
        self._start()

    @property
    def trigger_running(self) -> bool:
        """Whether a cycle is under way."""
        return not self.status.operation.condition & IDLE

    def abort(self) -> None:
        """Go to the idle state; continuous measurement begins anew."""
        self._halt()
        if self._continuous:
            self._start()
        else:
            self._idle()

    def clear(self, link: Any) -> None:
        """Clear the device; a cycle ends."""
        if self._operation is not None:
            self._halt()
            self._idle()
        super().clear(link)

    # -- what the bus gets --------------------------------------------------------------------------------------------

    def configure(self, key: str) -> None:
        """Preset everything for a function: one shot, one reading (CONFigure)."""
        self._halt()
        self._continuous = False
        self.states[key] = State(FUNCTIONS[key])
        self.key = key
        self.trigger_source = "IMMediate"
        self.trigger_count = 1
        self.sample_count = 1
        self.delay_auto = True
        self.delay = 0.0
        self.math_on = False
        self.forget_filter()
        self._last = None
        self._idle()

    def measure_now(self, key: str) -> Any:
        """Preset everything and answer one reading (MEASure?)."""
        self.configure(key)
        return self.read()

    def read(self) -> Any:
        """Abort, initiate and answer the readings of the last trigger (READ?)."""
        if self._continuous:
            self.report(-213)
            return self.fresh()
        self._halt()
        self._idle()
        self.initiate()
        if self.free_running:
            return self.fresh()
        return WhenComplete(lambda: self._shown(self._batch))

    def fetch(self) -> Any:
        """Answer the readings of the last trigger (FETCh?)."""
        if self._operation is not None:
            return WhenComplete(lambda: self._shown(self._batch))
        if self.free_running and self.trigger_running:
            return self._shown([self._last_value()])
        if not self._batch:
            raise ScpiError(-230)
        return self._shown(self._batch)

    def _last_value(self) -> float:
        """Return the last reading."""
        if self.free_running and self.trigger_running and self._call is None:
            self._last = self.measure(self.now)
        if self._last is None:
            raise ScpiError(-230)
        return self._last

    def latest(self) -> str | bytes:
        """Answer the last reading (DATA?)."""
        return self._shown([self._last_value()])

    def fresh(self) -> Any:
        """Answer a reading that was not answered before, waiting for it (DATA:FRESh?)."""
        if self.free_running and self.trigger_running:
            return Later(self.now + self.reading_s(), lambda: self._shown([self._last_value()]))
        if self._operation is not None and not self._fresh:
            return WhenComplete(self._take_fresh)
        return self._take_fresh()

    def _take_fresh(self) -> str | bytes:
        if not self._fresh:
            raise ScpiError(-230)
        self._fresh = False
        return self._shown([self._last_value()])

    def _shown(self, readings: list[float]) -> str | bytes:
        self._fresh = False
        if not readings:
            raise ScpiError(-230)
        if self.data_format != "ASCii" or self.elements == ("READing",):
            return self.formatted(readings)
        unit = UNIT_TEXT[self.key]
        texts = []
        for reading in readings:
            parts = []
            if "READing" in self.elements:
                parts.append(str(self.formatted([reading])) + (unit if "UNITs" in self.elements else ""))
            if "CHANnel" in self.elements:
                parts.append("0")
            texts.append(",".join(parts))
        return ",".join(texts)

    def set_buffer_control(self, mode: str) -> None:
        """Begin to store readings, or stop; endless measurement then goes step by step until the buffer is full."""
        super().set_buffer_control(mode)
        if self.buffer.filling and self.free_running and self.trigger_running and self._call is None:
            self._call = self.clock.call_at(self.now + self.reading_s(), self._run_on)

    def buffer_data(self) -> str | bytes:
        """Answer the readings in the buffer (TRACe:DATA?)."""
        return self._shown(self.buffer.readings)

    def buffer_free(self) -> str:
        """Return the bytes that are free and in use, 12 a reading."""
        used = 12 * len(self.buffer.readings)
        return f"{12 * 1024 - used}, {used}"

    def calculate(self) -> None:
        """Work the statistic of the buffer out; it is worked out whenever it is asked for."""

    def statistics(self) -> str | bytes:
        """Answer the chosen statistic of the buffer."""
        data = self.buffer.readings
        if self.statistic == "NONE" or len(data) < 2:
            raise ScpiError(-230)
        functions: dict[str, Callable[[list[float]], float]] = {
            "MEAN": statistics.fmean,
            "SDEViation": statistics.stdev,
            "MAXimum": max,
            "MINimum": min,
        }
        return self.formatted([functions[self.statistic](data)])

    def limit_failed(self) -> int:
        """Return 1 if the last reading failed the limits."""
        return int(self._failed)

    def clear_limit(self) -> None:
        """Clear the failure."""
        self._failed = False

    def scpi_version(self) -> str:
        """Return the version of SCPI that the model claims."""
        return "1991.0"


twin = Kind(
    parameters=Parameters,
    ports={"input": OnePort, "ambient": Ambient},
    optional_ports=frozenset({"input", "ambient"}),
    build=DmmKeithley2000,
)
"""What a station builds by `twin: dmm_keithley2000`."""
