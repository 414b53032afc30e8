"""Twin of a Keysight 34461A multimeter and its kin: 34460A, 34465A, 34470A, and the 34410A and 34411A before them.

The physics is in `instruments.multimeter`, what the line shares in `instruments.multimeter_344xx`, functions and
commands are in `instruments.dmm_34461a_commands`. Integration times and resolutions of each model are those that public
drivers (QCoDeS) list from the data sheets.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments.dmm_34461a_commands import COMMANDS, FUNCTIONS
from instruments.multimeter import MeterParameters
from instruments.multimeter_344xx import ENDLESS, PER_FUNCTION, Multimeter344xx, Speeds
from instruments.multimeter_344xx_commands import UNITS, WORDS
from instruments.per_function import per_function, per_setting
from instruments.ports import Ambient
from instruments.ports_circuit import OnePort
from instruments.scpi import NOT_A_NUMBER, Identity, ScpiError
from instruments.twin import Kind

if TYPE_CHECKING:
    from typing import Any

    from instruments.twin import Surroundings

Model = Literal["34410A", "34411A", "34460A", "34461A", "34465A", "34470A"]

# Bits of STATus:QUEStionable.
VOLTAGE_OVERLOAD, CURRENT_OVERLOAD, OHMS_OVERLOAD = 1 << 0, 1 << 1, 1 << 9
LOW_LIMIT_FAILED, HIGH_LIMIT_FAILED = 1 << 11, 1 << 12
OVERLOAD = {
    "volt": VOLTAGE_OVERLOAD,
    "volt_rat": VOLTAGE_OVERLOAD,
    "volt_ac": VOLTAGE_OVERLOAD,
    "curr": CURRENT_OVERLOAD,
    "curr_ac": CURRENT_OVERLOAD,
    "res": OHMS_OVERLOAD,
    "fres": OHMS_OVERLOAD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(MeterParameters):
    """Hold what a laboratory may and may not know of such a meter."""

    model: Model = "34461A"
    """Model."""
    terminals: Literal["FRON", "REAR"] = "FRON"
    """Input terminals that the front switch chooses."""
    calibration_count: int = 1
    """How often it was adjusted."""


def _speeds(plc: tuple[float, ...], resolution: tuple[float, ...], overhead_s: float) -> Speeds:
    return Speeds(
        plc=plc,
        resolution=resolution,
        default_plc=10.0 if 10 in plc else 1.0,
        overhead_s=overhead_s,
        fixed_plc=0.02,
        ac_settling_s=0.4,
    )


_FAST = (0.001, 0.002, 0.006, 0.02, 0.06, 0.2, 1.0, 10.0, 100.0)
SPEEDS: dict[str, Speeds] = {
    "34410A": _speeds(
        (0.006, 0.02, 0.06, 0.2, 1.0, 2.0, 10.0, 100.0), (6e-6, 3e-6, 1.5e-6, 7e-7, 3e-7, 2e-7, 1e-7, 3e-8), 2e-4
    ),
    "34411A": _speeds(
        (0.001, 0.002, 0.006, 0.02, 0.06, 0.2, 1.0, 2.0, 10.0, 100.0),
        (3e-5, 1.5e-5, 6e-6, 3e-6, 1.5e-6, 7e-7, 3e-7, 2e-7, 1e-7, 3e-8),
        2e-5,
    ),
    "34460A": _speeds((0.02, 0.2, 1.0, 10.0, 100.0), (3e-4, 1e-4, 3e-5, 1e-5, 3e-6), 1e-3),
    "34461A": _speeds((0.02, 0.2, 1.0, 10.0, 100.0), (1e-4, 1e-5, 3e-6, 1e-6, 3e-7), 5e-4),
    "34465A": _speeds(_FAST, (3e-5, 1.5e-5, 6e-6, 3e-6, 1.5e-6, 7e-7, 3e-7, 1e-7, 3e-8), 2e-5),
    "34470A": _speeds(_FAST, (3e-5, 1e-5, 3e-6, 1e-6, 5e-7, 3e-7, 1e-7, 3e-8, 1e-8), 2e-5),
}
"""Integration times and resolutions by model."""
FIRMWARE = {
    "34410A": "2.35-2.35-0.09-46-09",
    "34411A": "2.35-2.35-0.09-46-09",
    "34460A": "A.02.17-02.40-02.17-00.52-04-01",
    "34461A": "A.02.17-02.40-02.17-00.52-04-01",
    "34465A": "A.03.01-03.15-03.01-00.52-03-02",
    "34470A": "A.03.01-03.15-03.01-00.52-03-02",
}
"""Fourth field of *IDN? by model."""
MEMORIES = {"34410A": 50000, "34411A": 1000000, "34460A": 1000, "34461A": 10000, "34465A": 50000, "34470A": 50000}
"""Readings that the memory holds by model."""


@per_setting(("null", "null_on", "aperture_on", "zero"), tuple(FUNCTIONS))
@per_function(PER_FUNCTION, tuple(FUNCTIONS))
class Dmm34461A(Multimeter344xx[Parameters]):
    """Be such a meter."""

    identity = Identity(manufacturer="Keysight Technologies", model="34461A", firmware=FIRMWARE["34461A"])
    commands = COMMANDS
    error_format = '{code:+d},"{text}"'
    functions = FUNCTIONS
    words = WORDS
    wraps = True
    gates = (0.001, 0.01, 0.1, 1.0)
    memory_error = (-225, "Out of memory")

    sample_source: str
    sample_timer: float
    low_limit: float
    high_limit: float
    limits_on: bool

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the meter at power-on."""
        self.beeper = True
        self.label = ""
        self._windows = {1: True, 2: True}
        self._lines = {1: "", 2: ""}
        self._averaging = False
        self._statistics: list[float] = []
        self._begun_at = 0.0
        self._bandwidth = 20.0
        self.speeds = SPEEDS[parameters.model]
        self.memory_limit = MEMORIES[parameters.model]
        super().__init__(parameters, surroundings)

    def identify(self) -> str:
        """Return the four fields of *IDN?."""
        model = self.parameters.model
        maker = "Agilent Technologies" if model in ("34410A", "34411A") else self.identity.manufacturer
        return f"{maker},{model},{self.parameters.serial},{FIRMWARE[model]}"

    def reset(self) -> None:
        """Go to the state of *RST."""
        self.display_text = ""
        self._averaging = False
        self._statistics = []
        super().reset()

    # -- settings -----------------------------------------------------------------------------------------------------

    def chosen(self) -> str:
        """Return the key of the function."""
        return self.key

    def get_setting(self, name: str, key: str) -> Any:
        """Return null value and state, aperture mode or autozero of a function."""
        return getattr(self.states[key], "auto_zero" if name == "zero" else name)

    def set_setting(self, name: str, key: str, value: Any) -> None:
        """Set null value or state, aperture mode or autozero of a function; switching null on takes it anew."""
        state = self.states[key]
        if name == "zero":
            if value == "ONCE":
                self.front.zero(self.now)
            state.auto_zero = value is True
        else:
            setattr(state, name, value)

    def set_delay(self, seconds: float) -> None:
        """Fix the delay before the readings of a trigger, s."""
        self.trigger_delay = seconds
        self.delay_auto = False

    def get_trigger_count(self) -> float:
        """Return the number of triggers of a cycle."""
        return self.trigger_count

    def set_trigger_count(self, count: float) -> None:
        """Set the number of triggers of a cycle; 1e9 at most, or infinite."""
        if 1e9 < count < ENDLESS:
            raise ScpiError(-222)
        self.trigger_count = float(math.floor(count + 0.5)) if count <= 1e9 else count

    def get_bandwidth(self) -> float:
        """Return the lowest frequency of an AC signal, Hz."""
        return self._bandwidth

    def set_bandwidth(self, hertz: float) -> None:
        """Set the lowest frequency of an AC signal: the next of 3, 20 and 200 Hz that is not above it."""
        self._bandwidth = 200.0 if hertz >= 200 else 20.0 if hertz >= 20 else 3.0

    def ac_time_s(self) -> float:
        """Return the time of an AC reading: 2.5 s, 0.4 s or 0.04 s by filter."""
        return {3.0: 2.5, 20.0: 0.4, 200.0: 0.04}[self._bandwidth]

    def delay_s(self) -> float:
        """Return the delay before the readings of a trigger, s."""
        return 0.0 if self.delay_auto else self.trigger_delay

    @property
    def shortest_s(self) -> float:
        """Shortest interval between readings with the present settings, s."""
        return self.reading_s()

    def option_list(self) -> str:
        """Return the options that are fitted; none."""
        return "0"

    def licences(self) -> str:
        """Return the licences that are installed; none."""
        return '""'

    def line_frequency(self) -> int:
        """Return the frequency of the mains, Hz."""
        return int(self.parameters.line_frequency_hz)

    def terminals(self) -> str:
        """Return the input terminals."""
        return self.parameters.terminals

    def clear_text(self) -> None:
        """Take the text from the display."""
        self.display_text = ""

    def get_window(self, line: int) -> bool:
        """Return whether a line of the display is on."""
        return self._windows[line]

    def set_window(self, line: int, on: bool) -> None:
        """Switch a line of the display."""
        self._windows[line] = on

    def get_line(self, line: int) -> str:
        """Return the text of a line of the display."""
        return self._lines[line]

    def set_line(self, line: int, text: str) -> None:
        """Set the text of a line of the display."""
        self._lines[line] = text

    def clear_window(self, line: int) -> None:
        """Take a line's text from the display."""
        self._lines[line] = ""

    def beep(self) -> None:
        """Beep; nobody hears it."""

    def uptime(self) -> str:
        """Return the time since power-on."""
        seconds = int(self.now)
        return f"+{seconds // 86400},+{seconds // 3600 % 24},+{seconds // 60 % 60},+{seconds % 60}"

    def calibration_count(self) -> int:
        """Return how often the meter was adjusted."""
        return self.parameters.calibration_count

    def calibration_text(self) -> str:
        """Return the calibration message."""
        return "TWIN"

    def self_test(self) -> int:
        """Run the self-test, which takes a while."""
        self.spend(4.0)
        return 0

    def scpi_version(self) -> str:
        """Return the version of SCPI that the model claims."""
        return "1994.0"

    # -- readings -----------------------------------------------------------------------------------------------------

    def _next_sample(self) -> None:
        """Take the next reading at once, or when the sample timer says."""
        end = self.now + self.reading_s()
        if self.sample_source == "TIMer" and self._samples_left < self.sample_count:
            end = max(end - self.delay_s(), self._begun_at + self.sample_timer + self.reading_s() - self.delay_s())
        self._begun_at = end - self.reading_s() + self.delay_s()
        self._pending = [self.clock.call_at(end, self._sampled)]

    def processed(self, value: float) -> float:
        """Note overloads, limits and statistics."""
        bit = OVERLOAD.get(self.key, 0)
        if bit:
            self.status.questionable.set(bit, not math.isfinite(value))
        if self.limits_on:
            self.status.questionable.set(LOW_LIMIT_FAILED, value < self.low_limit)
            self.status.questionable.set(HIGH_LIMIT_FAILED, value > self.high_limit)
        if self._averaging and math.isfinite(value):
            self._statistics.append(value)
        return value

    def last_reading(self) -> str:
        """Return the last reading with its unit."""
        if not self.readings:
            raise ScpiError(-230)
        unit = {"OHM": "OHM", "V": "VDC", "A": "ADC"}.get(UNITS[self.key], UNITS[self.key])
        if self.key.endswith("_ac"):
            unit = unit.replace("DC", "AC")
        value = self.readings[-1] if math.isfinite(self.readings[-1]) else math.copysign(9.9e37, self.readings[-1])
        return f"{value:+.8E} {unit}"

    def remove(self, count: int, _wait: int | None = None) -> list[float]:
        """Take the oldest readings out of memory.

        Raises:
            ScpiError: -222, there are fewer.
        """
        if self.readings is None or len(self.readings) < count:
            raise ScpiError(-222)
        taken, self.readings = self.readings[:count], self.readings[count:]
        return taken

    def take(self, most: int | None = None) -> list[float]:
        """Take what is in memory."""
        held = self.readings or []
        count = len(held) if most is None else min(most, len(held))
        taken, self.readings = held[:count], held[count:]
        return taken

    # -- statistics ---------------------------------------------------------------------------------------------------

    def get_averaging(self) -> bool:
        """Return whether statistics are kept."""
        return self._averaging

    def set_averaging(self, on: bool) -> None:
        """Begin the statistics, or end them."""
        self._averaging = on
        self._statistics = []

    def clear_average(self) -> None:
        """Begin the statistics anew."""
        self._statistics = []

    def average(self) -> float:
        """Return the mean."""
        return statistics.fmean(self._statistics) if self._statistics else NOT_A_NUMBER

    def least(self) -> float:
        """Return the smallest reading."""
        return min(self._statistics, default=NOT_A_NUMBER)

    def largest(self) -> float:
        """Return the largest reading."""
        return max(self._statistics, default=NOT_A_NUMBER)

    def spread(self) -> float:
        """Return the standard deviation."""
        return statistics.stdev(self._statistics) if len(self._statistics) > 1 else 0.0

    def averaged(self) -> int:
        """Return the number of readings."""
        return len(self._statistics)


twin = Kind(
    parameters=Parameters,
    ports={"input": OnePort, "ambient": Ambient},
    optional_ports=frozenset({"input", "ambient"}),
    build=Dmm34461A,
)
"""What a station builds by `twin: dmm_34461a`."""
