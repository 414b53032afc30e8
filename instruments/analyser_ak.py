"""Twin of a gas analyser that speaks the AK protocol: standby, measuring, zero and span gas, adjustment, errors.

Commands: a common core of AK. Only the telegrams' form was seen in manuals (`instruments.dialects.ak`); which commands
a given analyser has, and how it writes its data, differs from maker to maker. Asking: AKON (measured values), ASTZ
(state), ASTF (errors), AKEN (identity), AKAL (span values), AEMB (range), AANG (range limits), ATEM (temperature),
ADRU (pressure), ADUF (flow), AUKA (uncorrected values). Setting: EKAL (span values), EMBE (range). Control: SREM,
SMAN, SPAU, STBY, SMGA, SNGA, SEGA, SATK, SRES, SEMB, SARE, SARA. What else the models have is left out.

Refusals, as AK analysers use them: ???? for what cannot be read or is unknown, "OF" (offline) for control in
manual state, "SE" (syntax error) for wrong parameters, "BS" (busy) during an adjustment, "NA" for a channel that is
not there.

Physics: the reading is the amount fraction of one component, delayed by the sample line, lagged by the cell (T90), with
hidden errors of span and zero that drift, and a cross-sensitivity to one other gas. An adjustment takes what the
reading is away from the set value of its gas.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.dialects.ak import AkInstrument, Telegram, Unreadable
from instruments.noise import CountedNoise
from instruments.ports_gas import GasLine, approach, fractions
from instruments.signal import Signal, low_passed
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.clock import Call
    from instruments.twin import Surroundings

T90_OVER_TAU = math.log(10.0)
"""Time to 90 % over the time constant of a first-order lag."""
CHANNELS = 1
"""Measuring channels."""
UPDATE_S = 0.1
"""Period in which the measured value is renewed, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of an analyser."""

    serial: str = "TWIN-0001"
    """Serial number."""
    component: str = "CO2"
    """Gas that is measured."""
    ranges_ppm: str = "1000, 10000, 50000, 200000"
    """Full scales, ppm, ascending."""
    span_error: float = 0.0
    """Relative error of the span, 1."""
    zero_error_ppm: float = 0.0
    """Error of the zero, ppm."""
    span_drift_per_h: float = 0.0
    """Drift of the span, 1/h."""
    zero_drift_ppm_per_h: float = 0.0
    """Drift of the zero, ppm/h."""
    cross_gas: str = "H2O"
    """Gas that disturbs."""
    cross_sensitivity: float = 0.0
    """Reading per amount fraction of that gas, 1."""
    noise_ppm: float = 0.0
    """Standard deviation of a reading, ppm."""
    t90_s: float = 2.0
    """Time to 90 % of a step, s."""
    zero_gas: str = "N2=1"
    """True composition of the zero gas."""
    span_gas: str = "CO2=0.15"
    """True composition of the span gas."""
    span_value_ppm: float = 150000.0
    """Value of the span gas according to its certificate, ppm."""

    def __post_init__(self) -> None:
        for name in ("zero_gas", "span_gas"):
            fractions(getattr(self, name))
        full_scales(self.ranges_ppm)
        if not self.t90_s > 0.0:
            raise ValueError(f"t90_s must be above 0 s, got {self.t90_s}")
        if not self.noise_ppm >= 0.0:
            raise ValueError(f"noise_ppm must not be below 0, got {self.noise_ppm}")


def full_scales(text: str) -> tuple[float, ...]:
    """Return the ranges that a list names.

    Raises:
        ValueError: they are no ascending numbers above 0, or more than four.
    """
    try:
        scales = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"ranges_ppm must be numbers separated by commas, got {text!r}") from None
    if not 1 <= len(scales) <= 4 or any(b <= a for a, b in zip((0.0, *scales), scales, strict=False)):
        raise ValueError(f"ranges_ppm must be one to four ascending numbers above 0, got {text!r}")
    return scales


# Errors by number, as ASTF lists them; each sets the error digit to how many there are, 9 at most.
OVER_RANGE, ADJUSTMENT_FAILED = 1, 2


class AnalyserAk(AkInstrument[Parameters]):
    """Be the analyser."""

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the analyser on: manual, paused, on its largest range."""
        super().__init__(parameters, surroundings)
        p = parameters
        self.line = surroundings.port("line", GasLine)
        self._scales = full_scales(p.ranges_ppm)
        self.remote = False
        self.state = "SPAU"
        self.source = "SMGA"
        self.range = len(self._scales)
        self.auto_range = True
        self.span_value = p.span_value_ppm
        self.failures: set[int] = set()
        self._zero_correction = 0.0
        self._span_correction = 1.0
        self._noise = CountedNoise(surroundings.rng)
        self._adjusting: Call | None = None
        self._inlet = Signal(0.0)
        self._cell = Signal(0.0)
        self._zero, self._span = fractions(p.zero_gas), fractions(p.span_gas)
        self.line.fraction(p.component).listeners.append(self._follow)
        self.line.fraction(p.cross_gas).listeners.append(self._follow)
        self._follow()

    # -- physics ------------------------------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Let the cell see the gas of the present source from now on."""
        now, p = self.now, self.parameters
        if self.source == "SMGA" and self.state == "SMGA":
            component, cross = self.line.fraction(p.component), self.line.fraction(p.cross_gas)
            starts = sorted({at for signal in (component, cross) for at, _ in signal.pieces_from(now)})
            pieces = []
            for at in starts:
                parts = []
                for signal in (component, cross):
                    start, _, terms = signal.piece(at)
                    parts.append(algebra.shift(terms, at - start))
                pieces.append((at, algebra.add(parts[0], algebra.scale(parts[1], p.cross_sensitivity))))
        else:
            gas = {"SNGA": self._zero, "SEGA": self._span}.get(self.source if self.state != "SPAU" else "", {})
            level = gas.get(p.component, 0.0) + p.cross_sensitivity * gas.get(p.cross_gas, 0.0)
            pieces = approach(now, self._inlet.value(now), level, 0.0)
        self._inlet.replace_from(now, pieces)
        tau = p.t90_s / T90_OVER_TAU
        self._cell.replace_from(now, low_passed(self._inlet, now, tau, self._cell.value(now)))

    def raw(self) -> float:
        """Return the uncorrected reading of the last update, ppm."""
        p = self.parameters
        at = max(0.0, math.floor(self.now / UPDATE_S) * UPDATE_S)
        hours = at / 3600.0
        gain = 1.0 + p.span_error + p.span_drift_per_h * hours
        value = 1e6 * self._cell.value(at) * gain + p.zero_error_ppm + p.zero_drift_ppm_per_h * hours
        if p.noise_ppm:
            value += p.noise_ppm * self._noise.normal(round(at / UPDATE_S))
        return value

    def reading(self) -> float:
        """Return the reading after adjustment, ppm; above the largest range the error digit is set."""
        value = (self.raw() - self._zero_correction) * self._span_correction
        if self.auto_range:
            fits = [index for index, scale in enumerate(self._scales, 1) if value <= scale]
            self.range = fits[0] if fits else len(self._scales)
        self._set_failure(OVER_RANGE, value > 1.1 * self._scales[self.range - 1])
        return value

    def _set_failure(self, number: int, there: bool) -> None:
        if there:
            self.failures.add(number)
        else:
            self.failures.discard(number)

    # -- telegrams ----------------------------------------------------------------------------------------------------

    def error_digit(self) -> int:
        """Return the number of errors, 9 at most."""
        self.reading()
        return min(9, len(self.failures))

    def act(self, telegram: Telegram) -> str:
        """See `AkInstrument.act`."""
        method = self.telegrams().get(telegram.code)
        if method is None:
            raise Unreadable
        if telegram.channel > CHANNELS:
            return f"K{telegram.channel} NA"
        control = telegram.code[0] in "SE"
        if control and not self.remote and telegram.code not in ("SREM", "SMAN"):
            return f"K{telegram.channel} OF"
        if control and self._adjusting is not None and telegram.code not in ("SRES", "STBY", "SMAN"):
            return f"K{telegram.channel} BS"
        return method(telegram)

    def telegrams(self) -> dict[str, Callable[[Telegram], str]]:
        """Return what each function code does."""
        gases = dict.fromkeys(("SMGA", "SNGA", "SEGA", "SPAU", "STBY"), self._go)
        return {
            "AKON": self._value,
            "AUKA": lambda _: f"{self.raw():.1f}",
            "ASTZ": self._status,
            "ASTF": lambda _: " ".join(str(number) for number in sorted(self.failures)) or "0",
            "AKEN": lambda _: f"caltwin AK {self.parameters.component} {self.parameters.serial}",
            "AKAL": lambda _: f"0.0 {self.span_value:.1f}",
            "AEMB": lambda _: f"M{self.range}",
            "AANG": lambda _: " ".join(f"M{n} {scale:.1f}" for n, scale in enumerate(self._scales, 1)),
            "ATEM": lambda _: f"{self.line.temperature.value(self.now):.1f}",
            "ADRU": lambda _: f"{10.0 * self.line.pressure.value(self.now):.1f}",
            "ADUF": lambda _: f"{self.line.flow.value(self.now):.2f}",
            "EKAL": self._set_span,
            "SREM": self._remote,
            "SMAN": self._manual,
            "SRES": self._reset,
            "SATK": self._adjust,
            "SEMB": self._set_range,
            "EMBE": self._set_range,
            "SARE": lambda _: self._set_auto(True),
            "SARA": lambda _: self._set_auto(False),
            **gases,
        }

    def _value(self, telegram: Telegram) -> str:
        """Return the measured value; '#' before it marks one that does not count, as in standby or over range."""
        value = self.reading()
        mark = "#" if self.state != "SMGA" or OVER_RANGE in self.failures else ""
        return f"{mark}{value:.1f}"

    def _status(self, telegram: Telegram) -> str:
        words = ["SREM" if self.remote else "SMAN", self.state]
        if self._adjusting is not None:
            words.append("SATK")
        words.append("SARE" if self.auto_range else "SARA")
        return " ".join(words)

    def _remote(self, telegram: Telegram) -> str:
        self.remote = True
        return ""

    def _manual(self, telegram: Telegram) -> str:
        self.remote = False
        return ""

    def _go(self, telegram: Telegram) -> str:
        """Go to pause, standby, or a gas."""
        self._stop_adjusting()
        self.state = telegram.code
        if telegram.code in ("SMGA", "SNGA", "SEGA"):
            self.source = telegram.code
        self._follow()
        return ""

    def _reset(self, telegram: Telegram) -> str:
        """Go to the state of power-on; adjustments stay."""
        self._stop_adjusting()
        self.state, self.source = "SPAU", "SMGA"
        self.auto_range, self.range = True, len(self._scales)
        self.failures.clear()
        self._follow()
        return ""

    def _stop_adjusting(self) -> None:
        if self._adjusting is not None:
            self._adjusting.cancel()
            self._adjusting = None

    def _adjust(self, telegram: Telegram) -> str:
        """Adjust to the gas that flows, zero or span, after it has had ten times the lag to settle."""
        if self.state not in ("SNGA", "SEGA"):
            return "K0 SE"
        wait = 10.0 * self.parameters.t90_s / T90_OVER_TAU
        self._adjusting = self.clock.call_at(self.now + wait, self._adjusted)
        return ""

    def _adjusted(self) -> None:
        self._adjusting = None
        raw = self.raw()
        if self.state == "SNGA":
            failed = abs(raw) > 0.1 * self._scales[-1]
            if not failed:
                self._zero_correction = raw
        else:
            corrected = raw - self._zero_correction
            failed = not 0.5 * self.span_value <= corrected <= 2.0 * self.span_value
            if not failed:
                self._span_correction = self.span_value / corrected
        self._set_failure(ADJUSTMENT_FAILED, failed)

    def _set_span(self, telegram: Telegram) -> str:
        """Set the value of the span gas, ppm."""
        if len(telegram.data) != 1:
            return "K0 SE"
        try:
            value = float(telegram.data[0])
        except ValueError:
            return "K0 SE"
        if not 0.0 < value <= 1e6:
            return "K0 SE"
        self.span_value = value
        return ""

    def _set_range(self, telegram: Telegram) -> str:
        """Fix the range."""
        word = telegram.data[0].upper() if len(telegram.data) == 1 else ""
        number = word.removeprefix("M")
        if not number.isdecimal() or not 1 <= int(number) <= len(self._scales):
            return "K0 SE"
        self.range, self.auto_range = int(number), False
        return ""

    def _set_auto(self, on: bool) -> str:
        self.auto_range = on
        return ""


twin = Kind(parameters=Parameters, ports={"line": GasLine}, optional_ports=frozenset({"line"}), build=AnalyserAk)
"""What a station builds by `twin: analyser_ak`."""
