"""Twin of a Yokogawa WT1800E class power analyser: up to six elements, wiring units, ranges, integration.

Each element sits on a node of its own (`element1` ... `element6`) and multiplies true voltage and current; every value
is worked out over the last finished update period, exactly for the signals that a node can hold. The commands are in
`instruments.power_analyser_wt1800e_commands`.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from instruments import terms as algebra
from instruments.multimeter import strongest_frequency
from instruments.noise import CountedNoise
from instruments.ports import ElectricalNode
from instruments.power_analyser_wt1800e_commands import (
    COMMANDS,
    ELEMENTS,
    ITEMS,
    RATES_S,
    SIGMAS,
    engineering,
)
from instruments.scpi import Identity, ScpiError, ScpiInstrument
from instruments.scpi.parameters import short_form
from instruments.signal import Accumulated, Pointwise
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

VOLTAGE_RANGES = (1.5, 3.0, 6.0, 10.0, 15.0, 30.0, 60.0, 100.0, 150.0, 300.0, 600.0, 1000.0)
"""Voltage ranges at crest factor 3, V."""
CURRENT_RANGES = {
    50: (1.0, 2.0, 5.0, 10.0, 20.0, 50.0),
    5: (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0),
}
"""Current ranges of the two kinds of element at crest factor 3, A."""
OVER, AUTO_UP, AUTO_DOWN = 1.4, 1.1, 0.3
"""Shares of the range: largest value that is shown; where autorange goes up, and down."""
SAMPLED_S, SAMPLES = 0.2, 4000
"""Peaks and rectified means come from this many samples of the end of the update period, s."""
UNIT_SIZES = {"P1W2": 1, "P1W3": 2, "P3W3": 2, "P3W4": 3, "V3A3": 3, "NONE": 1}
SAMES = {"U": "URMS", "I": "IRMS", "WH": "WP", "TIME": "ITIMe"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a power analyser."""

    serial: str = "TWIN00001"
    """Serial number."""
    elements: int = 6
    """Elements that are fitted, 1 to 6."""
    element_rating_a: Literal[5, 50] = 50
    """Kind of the elements: 5 A or 50 A."""
    voltage_error: float = 0.0
    """Relative error of voltage, 1; acts on power too."""
    current_error: float = 0.0
    """Relative error of current, 1; acts on power too."""
    power_error: float = 0.0
    """Further relative error of power and energy, 1."""
    offset_of_range: float = 0.0
    """Offset of voltage and current (DC) as a share of the range, 1."""
    noise: float = 0.0
    """Relative standard deviation of a value, 1."""
    timebase_error: float = 0.0
    """Relative error of frequency and integration time, 1."""

    def __post_init__(self) -> None:
        if not 1 <= self.elements <= ELEMENTS:
            raise ValueError(f"elements must be 1 to {ELEMENTS}, got {self.elements}")
        if not self.noise >= 0.0:
            raise ValueError(f"noise must not be below 0, got {self.noise}")


class Element:
    """Be one input element: its signals, ranges and integrals."""

    def __init__(self, node: ElectricalNode, rating: int) -> None:
        self.node = node
        self.voltage_ranges = VOLTAGE_RANGES
        self.current_ranges = CURRENT_RANGES[rating]
        self.power = Pointwise(algebra.multiply, node.voltage, node.current)
        self.voltage_square = Pointwise(lambda u: algebra.multiply(u, u), node.voltage)
        self.current_square = Pointwise(lambda i: algebra.multiply(i, i), node.current)
        self.energy = Accumulated(self.power)
        self.charge = Accumulated(node.current)
        self.voltage_range, self.current_range = VOLTAGE_RANGES[-1], self.current_ranges[-1]
        self.voltage_auto = self.current_auto = False
        self.joules = self.coulombs = 0.0  # integrals of finished stretches

    def reset(self) -> None:
        """Go to the largest ranges."""
        self.voltage_range, self.current_range = VOLTAGE_RANGES[-1], self.current_ranges[-1]
        self.voltage_auto = self.current_auto = False


class PowerAnalyserWt1800E(ScpiInstrument[Parameters]):
    """Be the power analyser."""

    identity = Identity(manufacturer="YOKOGAWA", model="WT1806E", firmware="F2.01")
    commands = COMMANDS

    averaging: bool
    average_count: int
    number_format: str
    item_count: int
    integrate_mode: str
    crest_factor: str

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Build the analyser at power-on."""
        super().__init__(parameters, surroundings)
        self.elements = [
            Element(surroundings.port(f"element{n}", ElectricalNode), parameters.element_rating_a)
            for n in range(1, parameters.elements + 1)
        ]
        self._noise = CountedNoise(surroundings.rng)
        self._timer: Operation | None = None
        self.reset()

    def identify(self) -> str:
        """Return the four fields of *IDN?; the model tells the number of elements."""
        p = self.parameters
        return f"{self.identity.manufacturer},WT180{p.elements}E,{p.serial},{self.identity.firmware}"

    def reset(self) -> None:
        """Go to the state of *RST: largest ranges, single elements, 0.5 s, no integration."""
        for element in self.elements:
            element.reset()
        self.rate_s = 0.5
        self._held_at: float | None = None
        self.wiring: tuple[str, ...] = ("P1W2",) * len(self.elements)
        self._items: list[tuple[str, str]] = [("NONE", "1")] * ITEMS
        self.preset_items(1)
        self._duration_s = 0.0
        self._end_integration()
        self._begun: float | None = None
        self._state = "RESET"
        self._clear_integrals()
        super().reset()

    # -- settings -----------------------------------------------------------------------------------------------------

    def header(self) -> bool:
        """Tell whether replies carry headers: never."""
        return False

    def set_header(self, on: bool) -> None:
        """Accept OFF alone."""
        if on:
            raise ScpiError(-224, info="replies have no headers here")

    def get_remote(self) -> bool:
        """Return whether the instrument is in remote state."""
        return self.remote

    def set_remote(self, on: bool) -> None:
        """Go to remote or local state."""
        if on:
            self.go_remote()
        else:
            self.go_local()

    def get_rate(self) -> float:
        """Return the update period, s."""
        return self.rate_s

    def set_rate(self, seconds: float | str) -> None:
        """Set the update period, one of 50 ms to 20 s."""
        found = [rate for rate in RATES_S if not isinstance(seconds, str) and abs(rate - seconds) < 1e-9]
        if not found:
            raise ScpiError(-224)
        self.rate_s = found[0]

    def get_hold(self) -> bool:
        """Return whether the numeric data are held."""
        return self._held_at is not None

    def set_hold(self, on: bool) -> None:
        """Hold the numeric data as they are now, or let them go on."""
        self._held_at = self.now if on else None

    def condition(self) -> int:
        """Return the condition register: bit 1 is set while integrating."""
        return 2 if self._begun is not None else 0

    def element(self, number: int) -> Element:
        """Return an element.

        Raises:
            ScpiError: -241, it is not fitted.
        """
        if number > len(self.elements):
            raise ScpiError(-241)
        return self.elements[number - 1]

    def _chosen_range(self, ranges: tuple[float, ...], value: float | str) -> float:
        if isinstance(value, str):
            if value == "EXTernal":
                raise ScpiError(-241)
            return ranges[0] if value == "MINimum" else ranges[-1]
        fits = [r for r in ranges if abs(r - value) <= 1e-6 * r]
        if not fits:
            raise ScpiError(-222)
        return fits[0]

    def set_voltage_range(self, number: int, value: float | str) -> None:
        """Fix the voltage range of an element."""
        self._idle_only()
        element = self.element(number)
        element.voltage_range = self._chosen_range(element.voltage_ranges, value)
        element.voltage_auto = False

    def set_current_range(self, number: int, value: float | str) -> None:
        """Fix the current range of an element."""
        self._idle_only()
        element = self.element(number)
        element.current_range = self._chosen_range(element.current_ranges, value)
        element.current_auto = False

    def get_voltage_range(self, number: int) -> float:
        """Return the voltage range of an element, V."""
        return self.element(number).voltage_range

    def get_current_range(self, number: int) -> float:
        """Return the current range of an element, A."""
        return self.element(number).current_range

    def set_all_voltage_ranges(self, value: float | str) -> None:
        """Fix the voltage range of all elements."""
        for number in range(1, len(self.elements) + 1):
            self.set_voltage_range(number, value)

    def set_all_current_ranges(self, value: float | str) -> None:
        """Fix the current range of all elements."""
        for number in range(1, len(self.elements) + 1):
            self.set_current_range(number, value)

    def all_voltage_ranges(self) -> list[float]:
        """Return all voltage ranges, V."""
        return [element.voltage_range for element in self.elements]

    def all_current_ranges(self) -> list[float]:
        """Return all current ranges, A."""
        return [element.current_range for element in self.elements]

    def get_voltage_auto(self, number: int) -> bool:
        """Return whether an element finds its voltage range itself."""
        return self.element(number).voltage_auto

    def set_voltage_auto(self, number: int, on: bool) -> None:
        """Let an element find its voltage range itself."""
        self._idle_only()
        self.element(number).voltage_auto = on

    def get_current_auto(self, number: int) -> bool:
        """Return whether an element finds its current range itself."""
        return self.element(number).current_auto

    def set_current_auto(self, number: int, on: bool) -> None:
        """Let an element find its current range itself."""
        self._idle_only()
        self.element(number).current_auto = on

    def set_all_voltage_auto(self, on: bool) -> None:
        """Let all elements find their voltage ranges themselves."""
        for number in range(1, len(self.elements) + 1):
            self.set_voltage_auto(number, on)

    def set_all_current_auto(self, on: bool) -> None:
        """Let all elements find their current ranges themselves."""
        for number in range(1, len(self.elements) + 1):
            self.set_current_auto(number, on)

    def _idle_only(self) -> None:
        """Refuse a change while integrating.

        Raises:
            ScpiError: -221.
        """
        if self._begun is not None:
            raise ScpiError(-221, info="integration is running")

    def set_wiring(self, units: tuple[str, ...]) -> None:
        """Group the elements into wiring units, from element 1 on."""
        self._idle_only()
        if sum(UNIT_SIZES[unit] for unit in units) > len(self.elements):
            raise ScpiError(-221)
        rest = len(self.elements) - sum(UNIT_SIZES[unit] for unit in units)
        self.wiring = units + ("P1W2",) * rest

    def get_wiring(self) -> tuple[str, ...]:
        """Return the wiring units."""
        return self.wiring

    def modules(self) -> tuple[str, ...]:
        """Return the kind of each element."""
        fitted = [str(self.parameters.element_rating_a)] * len(self.elements)
        return tuple(fitted + ["0"] * (ELEMENTS - len(self.elements)))

    def _unit(self, name: str) -> tuple[str, list[int]] | None:
        """Return wiring and element numbers of a wiring unit of several elements; None if there is none."""
        start, units = 1, []
        for wiring in self.wiring:
            size = UNIT_SIZES[wiring]
            if size > 1:
                units.append((wiring, list(range(start, start + size))))
            start += size
        place = SIGMAS.index(name)
        return units[place] if place < len(units) else None

    # -- values of one element ----------------------------------------------------------------------------------------

    def _window(self) -> tuple[float, float]:
        """Return begin and end of the last finished update period, s; several periods where values are averaged."""
        now = self.now if self._held_at is None else self._held_at
        stop = math.floor(now / self.rate_s + 1e-9) * self.rate_s
        length = self.rate_s * (self.average_count if self.averaging else 1)
        return max(0.0, stop - length), min(stop, now)

    def _scatter(self, value: float, number: int, place: int) -> float:
        if not self.parameters.noise or not math.isfinite(value):
            return value
        period = round(self._window()[1] / self.rate_s)
        return value * (1.0 + self.parameters.noise * self._noise.normal((period * ELEMENTS + number) * 8 + place))

    def _autorange(self, number: int) -> None:
        element, window = self.element(number), self._window()
        for quantity, square in (("voltage", element.voltage_square), ("current", element.current_square)):
            if not getattr(element, f"{quantity}_auto"):
                continue
            ranges: tuple[float, ...] = getattr(element, f"{quantity}_ranges")
            size = math.sqrt(max(0.0, square.mean(*window)))
            place = ranges.index(getattr(element, f"{quantity}_range"))
            while size > AUTO_UP * ranges[place] and place + 1 < len(ranges):
                place += 1
            while place and size < AUTO_DOWN * ranges[place] and size < AUTO_UP * ranges[place - 1]:
                place -= 1
            setattr(element, f"{quantity}_range", ranges[place])

    def _over(self, number: int, quantity: str) -> bool:
        element, window = self.element(number), self._window()
        square = element.voltage_square if quantity == "voltage" else element.current_square
        full: float = getattr(element, f"{quantity}_range")
        return math.sqrt(max(0.0, square.mean(*window))) > OVER * full

    def peak_over(self) -> int:
        """Return which inputs are over their range: bits 0, 2, ... for current, 1, 3, ... for voltage of elements."""
        bits = 0
        for number in range(1, len(self.elements) + 1):
            self._autorange(number)
            bits |= self._over(number, "current") << (2 * number - 2)
            bits |= self._over(number, "voltage") << (2 * number - 1)
        return bits

    def value(self, function: str, number: int) -> float:
        """Return a function of one element in its base unit; infinite for over-range, NaN for none."""
        self._autorange(number)
        function = SAMES.get(function, function)
        kind = function[0]
        if function in ("URMS", "UMN", "UDC", "URMN", "UAC", "UPPeak", "UMPeak", "CFU"):
            return self._amplitude(function[1:] if function != "CFU" else "CF", number, "voltage")
        if function in ("IRMS", "IMN", "IDC", "IRMN", "IAC", "IPPeak", "IMPeak", "CFI"):
            return self._amplitude(function[1:] if function != "CFI" else "CF", number, "current")
        if function in ("FU", "FI"):
            node = self.element(number).node
            signal = node.voltage if function == "FU" else node.current
            frequency = strongest_frequency(signal, self._window()[1]) * (1.0 + self.parameters.timebase_error)
            return frequency or math.nan
        if function in ("WP", "AH", "ITIMe"):
            return self._integral(function, number)
        if kind in "PSQL" and (self._over(number, "voltage") or self._over(number, "current")):
            return math.inf
        return self._derived(function, self._active(number), self._apparent(number))

    def _active(self, number: int) -> float:
        p, element = self.parameters, self.element(number)
        gain = (1.0 + p.voltage_error) * (1.0 + p.current_error) * (1.0 + p.power_error)
        return self._scatter(element.power.mean(*self._window()) * gain, number, 2)

    def _apparent(self, number: int) -> float:
        return self._amplitude("RMS", number, "voltage") * self._amplitude("RMS", number, "current")

    @staticmethod
    def _derived(function: str, active: float, apparent: float) -> float:
        """Return P, S, Q, power factor or phase angle from active and apparent power."""
        if function == "P":
            return active
        if function == "S":
            return apparent
        if function == "Q":
            return math.sqrt(max(0.0, apparent * apparent - active * active))
        if not apparent or not math.isfinite(apparent):
            return math.nan
        factor = max(-1.0, min(1.0, active / apparent))
        if function == "LAMBda":
            return factor
        return math.degrees(math.acos(factor)) if function == "PHI" else math.nan

    def _amplitude(self, kind: str, number: int, quantity: str) -> float:
        """Return a measure of voltage or current of one element."""
        if self._over(number, quantity):
            return math.inf
        p, element, window = self.parameters, self.element(number), self._window()
        voltage = quantity == "voltage"
        signal = element.node.voltage if voltage else element.node.current
        square = element.voltage_square if voltage else element.current_square
        full = element.voltage_range if voltage else element.current_range
        gain = 1.0 + (p.voltage_error if voltage else p.current_error)
        offset = full * p.offset_of_range
        direct = signal.mean(*window) * gain + offset
        alternating = gain * math.sqrt(max(0.0, square.mean(*window) - signal.mean(*window) ** 2))
        rms = math.hypot(direct, alternating)
        place = 0 if voltage else 1
        if kind == "DC":
            return self._scatter(direct, number, place)
        if kind == "AC":
            return self._scatter(alternating, number, place)
        if kind == "RMS":
            return self._scatter(rms, number, place)
        begin = max(window[0], window[1] - SAMPLED_S)
        step = (window[1] - begin) / SAMPLES
        samples = [signal.value(begin + (k + 0.5) * step) * gain + offset for k in range(SAMPLES)]
        if kind == "PPeak":
            return max(samples)
        if kind == "MPeak":
            return min(samples)
        if kind == "CF":
            return max(map(abs, samples)) / rms if rms else math.nan
        rectified = math.fsum(map(abs, samples)) / len(samples)
        return rectified * (math.pi / (2.0 * math.sqrt(2.0)) if kind == "MN" else 1.0)

    # -- wiring units -------------------------------------------------------------------------------------------------

    def unit_value(self, function: str, name: str) -> float:
        """Return a function of a wiring unit; NaN if there is no such unit."""
        unit = self._unit(name)
        if unit is None:
            return math.nan
        wiring, numbers = unit
        function = SAMES.get(function, function)
        two_watts = wiring in ("P3W3", "V3A3")
        if function == "ITIMe":
            return self.value(function, numbers[0])
        if function in ("WP", "AH"):
            return math.fsum(self.value(function, n) for n in (numbers[:2] if two_watts else numbers))
        if function[0] in "UI" and function not in ("UPPeak", "UMPeak", "IPPeak", "IMPeak"):
            return math.fsum(self.value(function, n) for n in numbers) / len(numbers)
        if function not in ("P", "S", "Q", "LAMBda", "PHI"):
            return math.nan
        active = math.fsum(self.value("P", n) for n in (numbers[:2] if two_watts else numbers))
        apparent = math.fsum(self.value("S", n) for n in numbers)
        apparent *= {"P3W3": math.sqrt(3.0) / 2.0, "V3A3": math.sqrt(3.0) / 3.0}.get(wiring, 1.0)
        return self._derived(function, active, apparent)

    # -- numeric items ------------------------------------------------------------------------------------------------

    def preset_items(self, _pattern: int) -> None:
        """Choose U, I, P, S, Q, power factor, phase, frequencies of each element in turn."""
        names = ("URMS", "IRMS", "P", "S", "Q", "LAMBda", "PHI", "FU", "FI")
        chosen = [(name, str(n)) for n in range(1, len(self.elements) + 1) for name in names]
        self._items = chosen + [("NONE", "1")] * (ITEMS - len(chosen))

    def clear_items(self, first: float | str | None, last: int | None = None) -> None:
        """Take items away: all, or those from one number to another."""
        low = 1 if first is None or isinstance(first, str) else int(first)
        high = ITEMS if first is None or isinstance(first, str) or last is None else last
        if not 1 <= low <= high <= ITEMS:
            raise ScpiError(-222)
        for place in range(low, high + 1):
            self._items[place - 1] = ("NONE", "1")

    def select_item(self, place: int, function: str, element: str, _order: float | None = None) -> None:
        """Put a function of an element or wiring unit at a place."""
        if element not in SIGMAS and int(element) > len(self.elements):
            raise ScpiError(-241)
        self._items[place - 1] = (function, element)

    def selected_item(self, place: int) -> str:
        """Answer what is at a place."""
        function, element = self._items[place - 1]
        return "NONE" if function == "NONE" else f"{short_form(function)},{element}"

    def _item(self, function: str, element: str) -> float:
        if function == "NONE" or self._window()[1] <= 0.0:
            return math.nan
        if function == "ETA1":
            given, taken = self.value("P", 1), self.unit_value("P", "SIGMA")
            return 100.0 * taken / given if given else math.nan
        return self.unit_value(function, element) if element in SIGMAS else self.value(function, int(element))

    def numeric_value(self, place: int | None) -> str | bytes:
        """Answer one item or all of them."""
        items = self._items[: self.item_count] if place is None else [self._items[place - 1]]
        values = [self._item(function, element) for function, element in items]
        if self.number_format == "ASCii":
            return ",".join([engineering(value) for value in values])
        floats = [9.91e37 if value != value else min(max(value, -9.9e37), 9.9e37) for value in values]
        return b"#4" + f"{4 * len(floats):04d}".encode("ascii") + struct.pack(f">{len(floats)}f", *floats)

    # -- integration --------------------------------------------------------------------------------------------------

    def set_timer(self, hours: int, minutes: int, seconds: int) -> None:
        """Set the time after which the integration ends."""
        self._idle_only()
        self._duration_s = 3600.0 * hours + 60.0 * minutes + seconds

    def get_timer(self) -> tuple[int, int, int]:
        """Return the timer in hours, minutes, seconds."""
        total = int(self._duration_s)
        return total // 3600, total // 60 % 60, total % 60

    def _clear_integrals(self) -> None:
        self._integrated_s = 0.0
        for element in self.elements:
            element.joules = element.coulombs = 0.0

    def _stretch(self, at: float) -> list[tuple[float, float]]:
        """Return energy and charge of each element since the integration was started, J and C."""
        begun = self._begun
        if begun is None:
            return [(0.0, 0.0)] * len(self.elements)
        return [
            (e.energy.value(at) - e.energy.value(begun), e.charge.value(at) - e.charge.value(begun))
            for e in self.elements
        ]

    def _end_integration(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()

    def _close_stretch(self) -> None:
        """Add the running stretch to the integrals."""
        if self._begun is None:
            return
        for element, (joules, coulombs) in zip(self.elements, self._stretch(self.now), strict=True):
            element.joules += joules
            element.coulombs += coulombs
        self._integrated_s += self.now - self._begun
        self._begun = None

    def integrate_start(self) -> None:
        """Start the integration, or go on with it."""
        if self._begun is not None or self._state == "TIMEUP":
            raise ScpiError(-221)
        self._begun = self.now
        self._state = "START"
        if self._duration_s:
            left = self._duration_s / (1.0 + self.parameters.timebase_error) - self._integrated_s
            self._timer = self.begin("integration", until=self.now + left, done=self._timed_out)

    def _timed_out(self) -> None:
        self._timer = None
        self._close_stretch()
        self._state = "TIMEUP"
        if self.integrate_mode == "CONTinuous":
            self._clear_integrals()
            self._state = "RESET"
            self.clock.call_at(self.now, self._again)

    def _again(self) -> None:
        if self._state == "RESET" and self._begun is None:
            self.integrate_start()

    def integrate_stop(self) -> None:
        """Stop the integration and keep its result."""
        if self._begun is None:
            raise ScpiError(-221)
        self._end_integration()
        self._close_stretch()
        self._state = "STOP"

    def integrate_reset(self) -> None:
        """Clear the result."""
        self._idle_only()
        self._clear_integrals()
        self._state = "RESET"

    def integrate_state(self) -> str:
        """Return the state of the integration."""
        return self._state

    def _integral(self, function: str, number: int) -> float:
        """Return energy (Wh), charge (Ah) or time (s) of the integration."""
        p = self.parameters
        if self._state == "RESET":
            return math.nan
        if function == "ITIMe":
            running = self.now - self._begun if self._begun is not None else 0.0
            return (self._integrated_s + running) * (1.0 + p.timebase_error)
        element = self.element(number)
        joules, coulombs = self._stretch(self.now)[number - 1]
        if function == "WP":
            gain = (1.0 + p.voltage_error) * (1.0 + p.current_error) * (1.0 + p.power_error)
            return (element.joules + joules) * gain / 3600.0
        return (element.coulombs + coulombs) * (1.0 + p.current_error) / 3600.0


_PORTS = {f"element{n}": ElectricalNode for n in range(1, ELEMENTS + 1)}

twin = Kind(parameters=Parameters, ports=_PORTS, optional_ports=frozenset(_PORTS), build=PowerAnalyserWt1800E)
"""What a station builds by `twin: power_analyser_wt1800e`."""
