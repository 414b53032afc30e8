"""Twin of an HP/Agilent 34401A multimeter, 6½ digits.

The physics is in `instruments.multimeter`, what it shares with its successors in `instruments.multimeter_344xx`, its
functions and commands in `instruments.dmm_34401a_commands`. The third field of *IDN? is 0 on the real model; the twin
shows its serial number there, so that nobody takes it for one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.dmm_34401a_commands import COMMANDS, FUNCTIONS
from instruments.multimeter import MeterParameters
from instruments.multimeter_344xx import PER_FUNCTION, Multimeter344xx, Speeds
from instruments.multimeter_344xx_commands import WORDS
from instruments.per_function import per_function
from instruments.ports import Ambient
from instruments.ports_circuit import OnePort
from instruments.scpi import NOT_A_NUMBER, Identity, ScpiError
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

# Bits of STATus:QUEStionable.
VOLTAGE_OVERLOAD = 1 << 0
CURRENT_OVERLOAD = 1 << 1
OHMS_OVERLOAD = 1 << 9
LOW_LIMIT_FAILED = 1 << 11
HIGH_LIMIT_FAILED = 1 << 12

OVERLOAD = {"volt": 1, "volt_rat": 1, "volt_ac": 1, "curr": 2, "curr_ac": 2, "res": 512, "fres": 512}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters(MeterParameters):
    """Hold what a laboratory may and may not know of a 34401A."""

    terminals: str = "FRON"
    """Input terminals that the front switch chooses: FRON or REAR."""
    calibration_count: int = 1
    """How often it was adjusted."""

    def __post_init__(self) -> None:
        MeterParameters.__post_init__(self)
        if self.terminals not in ("FRON", "REAR"):
            raise ValueError(f"terminals must be FRON or REAR, got {self.terminals!r}")


@per_function(PER_FUNCTION, tuple(FUNCTIONS))
class Dmm34401A(Multimeter344xx[Parameters]):
    """Be the multimeter."""

    identity = Identity(manufacturer="HEWLETT-PACKARD", model="34401A", firmware="11-5-2")
    commands = COMMANDS
    error_format = '{code:+d},"{text}"'
    functions = FUNCTIONS
    words = WORDS
    speeds = Speeds(
        plc=(0.02, 0.2, 1.0, 10.0, 100.0),
        resolution=(1e-4, 1e-5, 3e-6, 1e-6, 3e-7),
        default_plc=10.0,
        overhead_s=0.001,
        fixed_plc=0.2,
        ac_settling_s=1.0,
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the meter at power-on."""
        self.math = "NULL"
        self.math_on = False
        self.null_offset: float | None = None
        self.dbm_ohm = 600.0
        self.beeper = True
        self.power_on_clear = True
        self.calibration_text = "TWIN"
        self._statistics: list[float] = []
        super().__init__(parameters, surroundings)

    def reset(self) -> None:
        """Go to the state of *RST."""
        self.display_text = ""
        self.null_offset = None
        self._statistics = []
        self.feed = "CALC"
        super().reset()

    # -- settings of the whole meter ----------------------------------------------------------------------------------

    def chosen(self) -> str:
        """Return the key of the function."""
        return self.key

    def set_delay(self, seconds: float) -> None:
        """Fix the delay before a reading, s."""
        self.trigger_delay = seconds
        self.delay_auto = False

    def get_trigger_count(self) -> float:
        """Return the number of triggers of a cycle."""
        return self.trigger_count

    def set_trigger_count(self, count: float) -> None:
        """Set the number of triggers of a cycle; 50000 at most, or infinite."""
        if 50000 < count < 9.9e37:
            raise ScpiError(-222)
        self.trigger_count = float(math.floor(count + 0.5)) if count < 1e9 else count

    def get_bandwidth(self) -> float:
        """Return the lowest frequency of an AC signal, Hz."""
        return self.bandwidth

    def set_bandwidth(self, hertz: float) -> None:
        """Set the lowest frequency of an AC signal: the next of 3, 20 and 200 Hz that is not above it."""
        self.bandwidth = 200.0 if hertz >= 200 else 20.0 if hertz >= 20 else 3.0

    def ac_time_s(self) -> float:
        """Return the time of an AC reading: 7 s with the slow filter, 1 s with the medium, 0.6 s with the fast one."""
        return {3.0: 7.0, 20.0: 1.0, 200.0: 0.6}[self.bandwidth]

    def get_auto_zero(self) -> bool:
        """Return whether each reading takes the zero."""
        return self.state.auto_zero

    def set_auto_zero(self, mode: bool | str) -> None:
        """Take the zero with each reading, never, or once now."""
        if mode == "ONCE":
            self.front.zero(self.now)
        for state in self.states.values():
            state.auto_zero = mode is True

    def terminals(self) -> str:
        """Return the input terminals."""
        return self.parameters.terminals

    def clear_text(self) -> None:
        """Take the text from the display."""
        self.display_text = ""

    def beep(self) -> None:
        """Beep; nobody hears it."""

    def set_feed(self, _place: str, feed: str) -> None:
        """Choose whether INITiate stores readings."""
        if feed.upper() not in ("CALC", "CALCULATE", ""):
            raise ScpiError(-224)
        self.feed = feed.upper()[:4]

    def get_feed(self) -> str:
        """Return what INITiate stores."""
        return self.feed

    def calibration_count(self) -> int:
        """Return how often the meter was adjusted."""
        return self.parameters.calibration_count

    def secured(self) -> str:
        """Tell that adjustment is locked."""
        return "1"

    def scpi_version(self) -> str:
        """Return the version of SCPI that the model claims."""
        return "1991.0"

    def self_test(self) -> int:
        """Run the complete self-test, which takes a while."""
        self.spend(6.0)
        return 0

    # -- math ---------------------------------------------------------------------------------------------------------

    def get_math(self) -> str:
        """Return the math function."""
        return self.math

    def set_math(self, name: str) -> None:
        """Choose the math function."""
        self.math = name

    def get_null_offset(self) -> float:
        """Return the null value; 0 before there is one."""
        return self.null_offset or 0.0

    def set_null_offset(self, value: float) -> None:
        """Set the null value."""
        self.null_offset = value

    def get_math_on(self) -> bool:
        """Return whether math is on."""
        return self.math_on

    def set_math_on(self, on: bool) -> None:
        """Switch math; its registers are cleared when it begins."""
        if on and self.math in ("DB", "DBM") and self.key not in ("volt", "volt_ac"):
            raise ScpiError(-221)
        self.math_on = on
        if on:
            self._statistics = []
            if self.math == "NULL":
                self.null_offset = None

    def processed(self, value: float) -> float:
        """Apply the math function and note overloads and limits in the status."""
        bit = OVERLOAD.get(self.key, 0)
        if bit:
            self.status.questionable.set(bit, not math.isfinite(value))
        if not self.math_on or not math.isfinite(value):
            return value
        if self.math == "NULL":
            if self.null_offset is None:  # the first reading is the offset
                self.null_offset = value
            return value - self.null_offset
        if self.math == "AVERage":
            self._statistics.append(value)
            return value
        if self.math == "LIMit":
            self.status.questionable.set(LOW_LIMIT_FAILED, value < self.low_limit)
            self.status.questionable.set(HIGH_LIMIT_FAILED, value > self.high_limit)
            return value
        power = value * value / self.dbm_ohm * 1000.0
        level = 10.0 * math.log10(power) if power > 0.0 else -200.0
        return level - self.db_reference if self.math == "DB" else level

    low_limit: float
    high_limit: float
    db_reference: float
    bandwidth: float
    display: bool
    high_impedance: bool

    def least(self) -> float:
        """Return the smallest reading of the statistics."""
        return min(self._statistics, default=NOT_A_NUMBER)

    def largest(self) -> float:
        """Return the largest reading of the statistics."""
        return max(self._statistics, default=NOT_A_NUMBER)

    def average(self) -> float:
        """Return the mean of the statistics."""
        return math.fsum(self._statistics) / len(self._statistics) if self._statistics else 0.0

    def averaged(self) -> int:
        """Return how many readings are in the statistics."""
        return len(self._statistics)


twin = Kind(
    parameters=Parameters,
    ports={"input": OnePort, "ambient": Ambient},
    optional_ports=frozenset({"input", "ambient"}),
    build=Dmm34401A,
)
"""What a station builds by `twin: dmm_34401a`."""
