"""Twin of an Alicat mass flow controller: ASCII lines ended by CR, a unit letter, a data frame.

Command set: Alicat "Serial Communications Primer" as the public `alicat` driver uses it; the frame, registers 21 to 23,
46, 85 and 122, ramps, locks, tares, totaliser and hold. Left out: streaming mode, valve calibration, autotare, and the
COMPOSER arithmetic (a mix is stored under its number, with the viscosity of its parts by amount).

Physics: a laminar flow element. Its pressure drop is proportional to flow times viscosity, so a wrong gas selection
shows as the ratio of the viscosities. The controlled flow follows the setpoint, ramped if asked for, by a first-order
lag, as far as the pressure before the valve drives it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments import terms as algebra
from instruments.dialects.lines import LineInstrument
from instruments.flow_errors import FlowErrors
from instruments.mfc_alicat_gases import GASES, viscosity
from instruments.noise import CountedNoise
from instruments.ports_gas import (
    KELVIN,
    STANDARD_PRESSURE_KPA,
    STANDARD_TEMPERATURE_DEGC,
    GasLine,
)
from instruments.signal import Accumulated, Signal, low_passed
from instruments.twin import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from instruments.twin import Surroundings

PSI_KPA = 6.894757293168
"""One pound-force per square inch, kPa."""
CONTROL_POINTS = {37: "mass", 36: "volumetric", 34: "absolute", 38: "gauge", 39: "differential"}
"""Register 122 -> what is controlled."""
UNIT_TIMES_S = {3: 1e-3, 4: 1.0, 5: 60.0, 6: 3600.0, 7: 86400.0}
UNIT_WORDS = {3: "ms", 4: "s", 5: "m", 6: "h", 7: "d"}
TRY_AGAIN = "?"
"""Answer to what is not understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a controller."""

    serial: str = "TWIN0001"
    """Serial number, in the manufacturer's data."""
    unit: str = "A"
    """Unit letter on the bus."""
    full_scale_l_per_min: float = 20.0
    """Full scale, standard l/min."""
    gas: str = "Air"
    """Gas that is chosen at power-on."""
    span_error: float = 0.0
    """Relative error of the flow, 1; the controlled flow errs the other way."""
    zero_error_l_per_min: float = 0.0
    """Error of the flow at zero, standard l/min, until it is tared."""
    pressure_error_kpa: float = 0.0
    """Error of the pressure, kPa."""
    temperature_error_k: float = 0.0
    """Error of the temperature, K."""
    noise_of_full_scale: float = 0.0
    """Standard deviation of an indicated flow as a share of full scale, 1."""
    bend_of_full_scale: float = 0.0
    """Excess of the controlled flow at mid-scale by non-linearity, as a share of full scale, 1."""
    hysteresis_of_full_scale: float = 0.0
    """Half of the difference between rising and falling settings at mid-scale, as a share of full scale, 1."""
    resetting_of_full_scale: float = 0.0
    """Standard deviation of the flow when the same setting is made again, as a share of full scale, 1."""
    decimals: int = 2
    """Decimals of the flows in the data frame; small full scales have more, 2 to 5."""
    response_time_s: float = 0.1
    """Time constant of the control loop, s."""
    conductance_l_per_min_kpa: float = 0.5
    """Largest flow of the open valve per kPa between inlet and line, standard l/(min kPa)."""
    totaliser: bool = False
    """Whether the data frame has a total."""

    def __post_init__(self) -> None:
        if not re.fullmatch("[A-Z]", self.unit):
            raise ValueError(f"unit must be one letter A to Z, got {self.unit!r}")
        if not 2 <= self.decimals <= 5:
            raise ValueError(f"decimals must be 2 to 5, got {self.decimals}")
        if self.gas not in GASES:
            raise ValueError(f"gas must be one of {', '.join(GASES)}, got {self.gas!r}")
        for name in ("full_scale_l_per_min", "response_time_s", "conductance_l_per_min_kpa"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")


class MfcAlicat(LineInstrument[Parameters]):
    """Be the controller."""

    ends = b"\r"
    terminator = b"\r"

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the controller on with the valve shut."""
        super().__init__(parameters, surroundings)
        self.line = surroundings.port("line", GasLine)
        self._noise = CountedNoise(surroundings.rng)
        self._drawn = 0
        self._errors = FlowErrors(
            self._noise,
            full_scale=parameters.full_scale_l_per_min,
            bend=parameters.bend_of_full_scale,
            hysteresis=parameters.hysteresis_of_full_scale,
            resetting=parameters.resetting_of_full_scale,
        )
        self.unit = parameters.unit
        self.gas = list(GASES).index(parameters.gas)
        self.mixes: dict[int, tuple[str, float]] = {}
        self.setpoint = 0.0
        self.control = 37
        self.locked = False
        self.held = False
        self.flow_tare = 0.0
        self.pressure_tare = 0.0
        self.ramp: tuple[float, int] = (0.0, 4)
        self.ramped = [True, True, True, False]
        self.registers = {21: 100, 22: 0, 23: 20, 85: 1}
        self.batch = {1: 0.0, 2: 0.0}
        self._asked = Signal(0.0)
        self._total = Accumulated(self.line.flow)
        self._total_zero = 0.0
        self.line.inlet_pressure.listeners.append(self._drive)
        self._drive()

    # -- physics ------------------------------------------------------------------------------------------------------

    def gas_name(self) -> str:
        """Return the name of the chosen gas."""
        if self.gas in self.mixes:
            return self.mixes[self.gas][0]
        return list(GASES)[self.gas]

    def _gain(self) -> float:
        """Return indicated flow over true flow: the ratio of viscosities, and the span error."""
        at = self.now
        true = viscosity({gas: signal.value(at) for gas, signal in self.line.gases.items()})
        chosen = self.mixes[self.gas][1] if self.gas in self.mixes else GASES[self.gas_name()]
        return true / chosen * (1.0 + self.parameters.span_error)

    def true_error(self, quantity: str = "flow", flow: float = 0.0, at: float = 0.0, since: float = 0.0) -> float:
        """Return the relative error of a setpoint against the flow that came, %.

        Args:
            quantity: "flow": nothing else is known of it.
            flow: setpoint, standard l/min.
            at: end of the measurement, bench time, s.
            since: its begin, s.
        """
        return 100.0 * (flow / self.line.flow.mean(since, at) - 1.0)

    def _volume_factor(self) -> float:
        """Return actual volume over standard volume."""
        at = self.now
        kelvin = self.line.temperature.value(at) + KELVIN
        return STANDARD_PRESSURE_KPA / self.line.pressure.value(at) * kelvin / (STANDARD_TEMPERATURE_DEGC + KELVIN)

    def _drive(self) -> None:
        """Send the flow towards what the setpoint asks, from now on."""
        if self.held:
            return
        now, p = self.now, self.parameters
        kind = CONTROL_POINTS[self.control]
        opened = max(0.0, self.line.inlet_pressure.value(now) - self.line.pressure.value(now))
        largest = p.conductance_l_per_min_kpa * opened
        if kind in ("mass", "volumetric"):
            wanted = self.setpoint if kind == "mass" else self.setpoint / self._volume_factor()
            self._errors.set(wanted)
            true = (wanted - p.zero_error_l_per_min + self.flow_tare) / self._gain() if self.setpoint else 0.0
            true += self._errors.error()
            target = min(max(true, 0.0), largest)
        else:
            target = largest if self.setpoint * PSI_KPA > self.line.pressure.value(now) else 0.0
        present = self._asked.value(now)
        rate, unit = self.ramp
        slope = rate / UNIT_TIMES_S[unit]
        rises = target > present
        ramped = slope > 0.0 and (self.ramped[2] if self.setpoint == 0.0 else self.ramped[0 if rises else 1])
        if ramped and target != present:
            seconds = abs(target - present) / slope
            course = [
                (now, algebra.line(present, slope if rises else -slope)),
                (now + seconds, algebra.constant(target)),
            ]
        else:
            course = [(now, algebra.constant(target))]
        self._asked.replace_from(now, course)
        flow = self.line.flow
        flow.replace_from(now, low_passed(self._asked, now, p.response_time_s, flow.value(now)))

    def indicated_flow(self) -> float:
        """Return the flow that is shown, standard l/min."""
        p = self.parameters
        flow = self.line.flow.value(self.now)
        own = self._errors.error() if flow else 0.0  # what separates flow and setting is what the sensor does not see
        value = (flow - own) * self._gain() + p.zero_error_l_per_min - self.flow_tare
        if p.noise_of_full_scale:
            self._drawn += 1
            value += p.full_scale_l_per_min * p.noise_of_full_scale * self._noise.normal(self._drawn)
        return value

    def indicated_pressure(self) -> float:
        """Return the absolute pressure that is shown, psi."""
        return (self.line.pressure.value(self.now) + self.parameters.pressure_error_kpa) / PSI_KPA - self.pressure_tare

    def _written(self, flow: float, *, sign: bool) -> str:
        """Write a flow as the data frame has it: six places with two decimals, else as many as it takes."""
        decimals = self.parameters.decimals
        if decimals == 2:
            return f"{flow:+07.2f}" if sign else f"{flow:06.2f}"
        return f"{flow:{'+' if sign else ''}.{decimals}f}"

    def frame(self) -> str:
        """Return the data frame: pressure, temperature, volumetric flow, mass flow, setpoint, gas."""
        p = self.parameters
        flow = self.indicated_flow()
        temperature = self.line.temperature.value(self.now) + p.temperature_error_k
        fields = [
            self.unit,
            f"{self.indicated_pressure():+07.2f}",
            f"{temperature:+07.2f}",
            self._written(flow * self._volume_factor(), sign=True),
            self._written(flow, sign=True),
            self._written(self.setpoint, sign=False),
        ]
        if p.totaliser:
            minutes = (self._total.value(self.now) - self._total_zero) / 60.0
            fields.append(f"{minutes * (1.0 + p.span_error):+08.2f}")
        fields.append(f"{self.gas_name():>7}")
        if flow > 1.28 * p.full_scale_l_per_min:
            fields.append("MOV")
        if self.held:
            fields.append("HLD")
        if self.locked:
            fields.append("LCK")
        return " ".join(fields)

    def reset(self) -> None:
        """Shut the valve and choose the gas of power-on, as by its buttons."""
        self.gas = list(GASES).index(self.parameters.gas)
        self.setpoint, self.held = 0.0, False
        self._drive()

    # -- commands -----------------------------------------------------------------------------------------------------

    def handle(self, message: str) -> None:
        """See `LineInstrument.handle`."""
        text = message.strip(" \n\x00")
        if text[:1].upper() == "*" and text[1:3] == "@=":  # any unit takes a new letter
            text = self.unit + text[1:]
        if not text or text[0].upper() != self.unit:
            self.silence()  # another unit's
            return
        rest = text[1:].strip()
        if rest.startswith("??"):
            self._describe(rest[2:].upper())
            return
        upper = rest.upper().removeprefix("$$")
        for pattern, method in self.patterns():
            found = re.fullmatch(pattern, upper)
            if found is not None:
                self.answer(method(*[group or "" for group in found.groups()]))
                return
        self.answer(TRY_AGAIN)

    def patterns(self) -> tuple[tuple[str, Callable[..., str]], ...]:
        """Return pattern and method of every command, without unit letter and "$$"."""
        number = r"([+-]?[0-9]*\.?[0-9]+)"
        return (
            (r"", self.frame),
            (rf"S ?{number}", self.set_setpoint),
            (r"LS", self.setpoints),
            (rf"LS {number}(?: [0-9]+)?", lambda value: self.set_setpoint(value) and self.setpoints()),
            (r"G ?([0-9]+)", self.set_gas),
            (r"GS ?([0-9]*)", self.gas_chosen),
            (r"R ?([0-9]{1,3})", self.read_register),
            (r"W ?([0-9]{1,3}) ?= ?([0-9]+)", self.write_register),
            (r"VE", lambda: f"{self.unit}   10v05.0-R24 Jan 01 2024,12:00:00"),
            (r"L", lambda: self.lock(True)),
            (r"U", lambda: self.lock(False)),
            (r"PC?", self.tare_pressure),
            (r"V", self.tare_flow),
            (r"T(?: [12])?", self.reset_total),
            (r"HC?P?", self.hold),
            (r"C", self.release),
            (r"LSRC(?: ([01]) ([01]) ([01]) ([01]))?", self.ramp_config),
            (rf"SR(?: {number} ([3-7]))?", self.ramp_rate),
            (r"TB ([12])(?: ([0-9.]+)(?: ([0-9]+))?)?", self.totaliser_batch),
            (r"GM ([A-Z0-9-]+) ([0-9]+) ((?:[0-9.]+ [0-9]+ ?)+)", self.mix),
            (r"GD ?([0-9]+)", self.forget_mix),
            (r"@= ?([A-Z])", self.rename),
        )

    def set_setpoint(self, value: str) -> str:
        """Set the setpoint; one beyond full scale is not taken, as the frame shows."""
        number = float(value)
        if CONTROL_POINTS[self.control] in ("mass", "volumetric"):
            most = self.parameters.full_scale_l_per_min
            if not 0.0 <= number <= most:
                return self.frame()
        elif not 0.0 <= number <= 160.0:
            return self.frame()
        self.setpoint = number
        self._drive()
        return self.frame()

    def setpoints(self) -> str:
        """Return the setpoint that acts now and the one that was asked for."""
        asked = self._asked.value(self.now) if CONTROL_POINTS[self.control] == "mass" else self.setpoint
        return f"{self.unit} {asked:+07.2f} {self.setpoint:+07.2f} 7 SLPM"

    def set_gas(self, number: str) -> str:
        """Choose a gas by number."""
        code = int(number)
        if code not in self.mixes and code >= len(GASES):
            return TRY_AGAIN
        self.gas = code
        self._drive()
        return self.frame()

    def gas_chosen(self, number: str) -> str:
        """Choose a gas, or return the chosen one."""
        if number and self.set_gas(number) == TRY_AGAIN:
            return TRY_AGAIN
        return f"{self.unit} {self.gas} {self.gas_name()} {self.gas_name()}"

    def read_register(self, number: str) -> str:
        """Return a register."""
        code = int(number)
        values = {46: self.gas, 122: self.control, **self.registers}
        return f"{self.unit}   {code:03d} = {values[code]}" if code in values else TRY_AGAIN

    def write_register(self, number: str, value: str) -> str:
        """Set a register; 46 is the gas (lower nine bits), 122 the control point."""
        code, content = int(number), int(value)
        if code == 46:
            if self.set_gas(str(content & 0x1FF)) == TRY_AGAIN:
                return TRY_AGAIN
        elif code == 122:
            if content not in CONTROL_POINTS:
                return TRY_AGAIN
            self.control = content
            self._drive()
        elif code in self.registers and content < 65536:
            self.registers[code] = content
        else:
            return TRY_AGAIN
        return self.read_register(number)

    def lock(self, on: bool) -> str:
        """Lock the buttons."""
        self.locked = on
        return self.frame()

    def tare_flow(self) -> str:
        """Take what is shown as zero flow."""
        self.flow_tare += self.indicated_flow()
        return self.frame()

    def tare_pressure(self) -> str:
        """Take the pressure as that of the standard atmosphere."""
        self.pressure_tare += self.indicated_pressure() - STANDARD_PRESSURE_KPA / PSI_KPA
        return self.frame()

    def reset_total(self) -> str:
        """Let the total begin anew."""
        self._total_zero = self._total.value(self.now)
        return self.frame()

    def hold(self) -> str:
        """Leave the valve where it is."""
        now = self.now
        self.held = True
        flow = self.line.flow.value(now)
        self._asked.replace_from(now, [(now, algebra.constant(flow))])
        self.line.flow.replace_from(now, [(now, algebra.constant(flow))])
        return self.frame()

    def release(self) -> str:
        """Control again."""
        self.held = False
        self._drive()
        return self.frame()

    def ramp_config(self, *bits: str) -> str:
        """Set or return which changes of the setpoint are ramped: up, down, to zero, at power-up."""
        if bits[0]:
            self.ramped = [bit == "1" for bit in bits]
        return " ".join((self.unit, *("1" if on else "0" for on in self.ramped)))

    def ramp_rate(self, rate: str, unit: str) -> str:
        """Set or return the largest rate of the setpoint; 0 for none."""
        if rate:
            if float(rate) < 0.0:
                return TRY_AGAIN
            self.ramp = (float(rate), int(unit))
        return f"{self.unit} {self.ramp[0]:.7f} 7 {self.ramp[1]} SLPM/{UNIT_WORDS[self.ramp[1]]}"

    def totaliser_batch(self, which: str, volume: str, _unit: str) -> str:
        """Set or return the batch of a totaliser."""
        if not self.parameters.totaliser:
            return TRY_AGAIN
        if volume:
            self.batch[int(which)] = float(volume)
        return f"{self.unit} {which} {self.batch[int(which)]:.2f} 4 SL"

    def mix(self, name: str, number: str, parts: str) -> str:
        """Store a mix of gases: percentages and gas numbers that add up to 100."""
        words = parts.split()
        names = list(GASES)
        shares: dict[str, float] = {}
        for percent, code in zip(words[::2], words[1::2], strict=False):
            if int(code) >= len(names):
                return TRY_AGAIN
            shares[names[int(code)]] = float(percent) / 100.0
        if not 236 <= int(number) <= 255 or abs(sum(shares.values()) - 1.0) > 1e-6:
            return TRY_AGAIN
        self.mixes[int(number)] = (name[:6], viscosity(shares))
        return f"{self.unit} {number} {name[:6]}"

    def forget_mix(self, number: str) -> str:
        """Delete a mix."""
        if self.mixes.pop(int(number), None) is None:
            return TRY_AGAIN
        if self.gas == int(number):
            self.gas = list(GASES).index(self.parameters.gas)
        return f"{self.unit} {number}"

    def rename(self, letter: str) -> str:
        """Take another unit letter."""
        self.unit = letter
        return self.frame()

    def _describe(self, what: str) -> None:
        """Answer the lists: M* manufacturer's data, G* gases, D* the data frame."""
        p, unit = self.parameters, self.unit
        lists = {
            "M": (
                "Alicat Scientific, Inc. (TWIN)",
                "www.alicat.com",
                "Ph: -",
                "-",
                f"Model Number MC-{p.full_scale_l_per_min:g}SLPM-D",
                f"Serial Number {p.serial}",
                "Date Manufactured -",
                "Date Calibrated -",
                "Calibrated By -",
                "Software Revision 10v05.0-R24",
            ),
            "G": tuple(f"{index:3d} {name}" for index, name in enumerate(GASES)),
            "D": (
                "ID_ NAME______________________ TYPE_______ WIDTH NOTES___________________",
                "700 Unit ID                    string          1",
                "002 Abs Press                  s decimal     7/2 010 02 PSIA",
                "003 Flow Temp                  s decimal     7/2 002 02 `C",
                "004 Volu Flow                  s decimal     7/2 012 02 LPM",
                "005 Mass Flow                  s decimal     7/2 012 02 SLPM",
                "037 Mass Flow Setpt            s decimal     7/2 012 02 SLPM",
                "703 Gas                        string          6",
            ),
        }
        kind = what[:1]
        if kind not in lists:
            self.answer(TRY_AGAIN)
            return
        lines = [f"{unit} {kind}{index:02d} {line}" for index, line in enumerate(lists[kind])]
        if what[1:] not in ("", "*"):
            number = what[1:]
            self.answer(lines[int(number)] if number.isdecimal() and int(number) < len(lines) else TRY_AGAIN)
            return
        for line in lines[:-1]:
            self.say(line)
        self.answer(lines[-1])


twin = Kind(parameters=Parameters, ports={"line": GasLine}, optional_ports=frozenset({"line"}), build=MfcAlicat)
"""What a station builds by `twin: mfc_alicat`."""
