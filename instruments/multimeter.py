"""The physics that digital multimeters share: what a reading is, and how it errs.

A DC reading is the mean of its input over the integration time, an AC reading the root of the mean square of what is
left without the mean. On top act the hidden errors of the instrument: gain, offset, temperature coefficient, drift of
the zero since the last autozero, and noise that falls with the root of the integration time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.noise import CountedNoise
from instruments.ports_circuit import OnePort
from instruments.signal import Pointwise, Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from instruments.ports import Ambient, ElectricalNode
    from instruments.twin import Surroundings

REFERENCE_TEMPERATURE_DEGC = 23.0
"""Temperature at which the gain errors are stated, °C."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterParameters:
    """Hold what a laboratory may and may not know of a multimeter."""

    serial: str = "TWIN-0001"
    """Serial number."""
    line_frequency_hz: float = 50.0
    """Frequency of the mains, Hz; one power line cycle (PLC) is its period."""
    voltage_gain_error: float = 0.0
    """Relative error of DC voltage, 1."""
    current_gain_error: float = 0.0
    """Relative error of DC current, 1."""
    resistance_gain_error: float = 0.0
    """Relative error of resistance, 1."""
    ac_voltage_gain_error: float = 0.0
    """Relative error of AC voltage, 1."""
    ac_current_gain_error: float = 0.0
    """Relative error of AC current, 1."""
    frequency_error: float = 0.0
    """Relative error of frequency and period, 1."""
    offset_of_range: float = 0.0
    """Offset of DC voltage, current and resistance as a share of the range, 1."""
    noise_of_range: float = 0.0
    """Standard deviation of a reading over 1 PLC as a share of the range, 1."""
    temperature_coefficient_per_k: float = 0.0
    """Relative change of every gain from 23 °C, 1/K."""
    zero_drift_of_range_per_h: float = 0.0
    """Drift of the zero while autozero is off, as a share of the range, 1/h."""

    def __post_init__(self) -> None:
        if self.line_frequency_hz not in (50.0, 60.0, 400.0):
            raise ValueError(f"line_frequency_hz must be 50, 60 or 400, got {self.line_frequency_hz}")
        if not self.noise_of_range >= 0.0:
            raise ValueError(f"noise_of_range must not be below 0, got {self.noise_of_range}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """Describe one measuring function of a model."""

    key: str
    """Name inside the twin: "volt", "volt_ac", "curr", "curr_ac", "res", "fres", "freq", "per", "cont", "diod", ..."""
    ranges: tuple[float, ...]
    """Ranges in the unit of the function, ascending; of the input voltage for frequency and period."""
    over: float = 1.2
    """Largest reading as a share of the range."""
    top_over: float | None = None
    """The same on the largest range; None if it is `over`."""
    test_current_a: tuple[float, ...] = ()
    """Current that a resistance or diode function sends, one per range, A."""

    def limit(self, full_range: float) -> float:
        """Return the largest reading on a range, in the unit of the function."""
        share = self.over if self.top_over is None or full_range != self.ranges[-1] else self.top_over
        return share * full_range

    def range_for(self, value: float) -> float | None:
        """Return the smallest range that a value fits into, None if none does; a nominal range fits itself."""
        for full_range in self.ranges:
            if abs(value) <= self.limit(full_range) * (1.0 + 1e-12):
                return full_range
        return None

    def nominal(self, value: float) -> float | None:
        """Return the smallest range whose nominal value is at least `value`, None if none is."""
        for full_range in self.ranges:
            if abs(value) <= full_range * (1.0 + 1e-9):
                return full_range
        return None


class FrontEnd:
    """Turn the signals of the input into readings."""

    def __init__(self, parameters: MeterParameters, surroundings: Surroundings, node: ElectricalNode) -> None:
        """Connect to the terminals.

        Args:
            parameters: the meter's hidden truth.
            surroundings: random generator and the port "ambient".
            node: the terminals.
        """
        from instruments.ports import Ambient

        self.parameters = parameters
        self.node = node
        self._ambient: Ambient = surroundings.port("ambient", Ambient)
        self._noise = CountedNoise(surroundings.rng)
        self._drawn = 0
        self._zeroed_at = 0.0
        self._squares = {
            "volt_ac": Pointwise(lambda x: algebra.multiply(x, x), node.voltage),
            "curr_ac": Pointwise(lambda x: algebra.multiply(x, x), node.current),
        }

    @property
    def cycle_s(self) -> float:
        """Duration of one power line cycle, s."""
        return 1.0 / self.parameters.line_frequency_hz

    def zero(self, at: float) -> None:
        """Measure the internal zero now, so that the drift starts anew."""
        self._zeroed_at = at

    def true_input(self, function: Function, start: float, stop: float, full_range: float) -> float:
        """Return what is truly there over [start, stop] in the unit of the function; infinite for an open circuit."""
        node, key = self.node, function.key
        if key in ("volt", "volt_rat"):
            return node.voltage.mean(start, stop)
        if key == "curr":
            return node.current.mean(start, stop)
        if key in ("volt_ac", "curr_ac"):
            signal = node.voltage if key == "volt_ac" else node.current
            mean = signal.mean(start, stop)
            return math.sqrt(max(0.0, self._squares[key].mean(start, stop) - mean * mean))
        if key in ("freq", "per"):
            frequency = strongest_frequency(node.voltage, stop)
            if key == "freq":
                return frequency
            return 1.0 / frequency if frequency else 0.0
        if key == "temp":
            return node.load.temperature_degc if isinstance(node, OnePort) else REFERENCE_TEMPERATURE_DEGC
        return self._resistance(function, full_range, node.voltage.mean(start, stop))

    def _resistance(self, function: Function, full_range: float, voltage: float) -> float:
        node = self.node
        current = function.test_current_a[function.ranges.index(full_range)]
        if not isinstance(node, OnePort) or node.load.resistance_ohm >= 1e12:
            return math.inf
        resistance = node.load.resistance_ohm
        if function.key != "fres":
            resistance += node.load.lead_resistance_ohm
        resistance += voltage / current  # a voltage on the terminals is taken for a drop, as in life
        return resistance * current if function.key == "diod" else resistance

    def reading(
        self, function: Function, full_range: float, start: float, stop: float, plc: float, auto_zero: bool
    ) -> float:
        """Return one reading over [start, stop] on a range; infinite for an overload.

        Args:
            function: what is measured.
            full_range: range, in the unit of the function.
            start: bench time at which the integration began, s.
            stop: bench time at which it ended, s.
            plc: integration time in power line cycles, for the noise.
            auto_zero: whether the zero was taken with this reading.
        """
        p, key = self.parameters, function.key
        true = self.true_input(function, start, stop, full_range)
        if auto_zero:
            self._zeroed_at = stop
        self._drawn += 1
        if key in ("freq", "per"):
            return true * (1.0 + p.frequency_error)
        gain = {
            "volt": p.voltage_gain_error,
            "volt_rat": p.voltage_gain_error,
            "curr": p.current_gain_error,
            "volt_ac": p.ac_voltage_gain_error,
            "curr_ac": p.ac_current_gain_error,
            "temp": 0.0,
            "diod": p.voltage_gain_error,
        }.get(key, p.resistance_gain_error)
        warmth = self._ambient.temperature.mean(start, stop) - REFERENCE_TEMPERATURE_DEGC
        value = true * (1.0 + gain) * (1.0 + p.temperature_coefficient_per_k * warmth)
        if key not in ("volt_ac", "curr_ac", "temp"):
            drift = p.zero_drift_of_range_per_h * (stop - self._zeroed_at) / 3600.0
            value += full_range * (p.offset_of_range + drift)
        if p.noise_of_range:
            value += full_range * p.noise_of_range / math.sqrt(plc) * self._noise.normal(self._drawn)
        if key == "temp":
            return value
        return math.copysign(math.inf, value) if abs(value) > function.limit(full_range) else value

    def automatic_range(self, function: Function, start: float, stop: float, present: float) -> float:
        """Return the range that autoranging finds for what is on the input: up at overload, down below 10 %."""
        ranges = function.ranges
        index = ranges.index(present)
        measured = self.node.voltage if function.key in ("freq", "per") else None
        while True:
            if measured is None:
                size = abs(self.true_input(function, start, stop, ranges[index]))
            else:
                mean = measured.mean(start, stop)
                size = math.sqrt(max(0.0, self._squares["volt_ac"].mean(start, stop) - mean * mean))
            if size > function.limit(ranges[index]) and index + 1 < len(ranges):
                index += 1
            elif index and size < 0.1 * ranges[index] and size <= function.limit(ranges[index - 1]):
                index -= 1
            else:
                return ranges[index]


def strongest_frequency(signal: Signal, at: float) -> float:
    """Return the frequency (Hz) of the strongest sinusoid in a signal at a bench time; 0 if there is none."""
    _, _, terms = signal.piece(at)
    size, frequency = 0.0, 0.0
    for (rate, power), c in terms.items():
        if power == 0 and rate.imag > 0.0 and abs(c) > size:
            size, frequency = abs(c), rate.imag / (2.0 * math.pi)
    return frequency


def digits(value: float, resolution: float) -> float:
    """Return a reading rounded to the resolution that the instrument shows; infinities stay."""
    if not math.isfinite(value) or resolution <= 0.0:
        return value
    return round(value / resolution) * resolution


def nearest_above(value: float, choices: Sequence[float]) -> float:
    """Return the smallest of ascending choices that is at least `value`, or the largest."""
    return next((choice for choice in choices if value <= choice * (1.0 + 1e-9)), choices[-1])
