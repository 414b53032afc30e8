"""Twin of a cavity ring-down analyser for CO2, CH4 and N2O: generic, commands invented (`analyser_crds_commands`).

    inlet ─ line and cavity (delay, lags, walls) ─> dry gas and water in the cavity ─ `crds_response` ─>
      ─> raw amount fraction (of 12C16O2, where the gas says) ─> water correction ─> calibration function

Records are made once a second. Nothing is stepped: a block of records is worked out when it is fetched.
"""

from __future__ import annotations

import math
import zlib
from base64 import b64encode
from typing import TYPE_CHECKING

import numpy as np

from instruments.analyser_crds_commands import COMMANDS, COMPONENTS, MOST_RECORDS
from instruments.crds_response import LOCKED_K, PARTS, PRESSURE_KPA, TEMPERATURE_DEGC, Parameters, Response, table
from instruments.gas_sample import Sampled, Way, values
from instruments.ports import Ambient
from instruments.ports_gas import GasLine
from instruments.ports_scale import Scale
from instruments.ring_down import NATURAL_D13C, heavy_share, read_as_natural
from instruments.scpi import Identity, ScpiError, ScpiInstrument
from instruments.signal import LowPass
from instruments.twin import Kind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from instruments.twin import Surroundings

    Array = NDArray[np.float64]

HEAVY = "13CO2"
"""Name of the 13C part of CO2 in a gas; it is contained in "CO2". Where no gas of a line says it, CO2 is natural; where
one says it, all must."""
STATES = ("delivered", "adjusted", "water")
"""What `true_error` can be asked for."""


class AnalyserCrds(ScpiInstrument[Parameters]):
    """Be the analyser; `true_error` is what no laboratory can know."""

    identity = Identity(manufacturer="caltwin", model="CRD-3", firmware="3.2")
    commands = COMMANDS

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the analyser on at bench time 0, cold."""
        super().__init__(parameters, surroundings)
        p = parameters
        self._line = surroundings.port("inlet", GasLine)
        self._scale = surroundings.port("scale", Scale)
        self._response = Response(p, self.rng)

        def sampled(name: str, adsorbed: float, adsorption_s: float) -> Sampled:
            way = Way(
                delay_s=p.delay_s,
                first_lag_s=p.line_lag_s,
                second_lag_s=p.cavity_lag_s,
                adsorbed=adsorbed,
                adsorption_s=adsorption_s,
            )
            return Sampled(self._line.fraction(name), way)

        # Walls hold back water more than they hold back gas; the share of dry gas is that of gas without water.
        self._gases = {name: sampled(name, p.adsorbed, p.adsorption_s) for name in (*COMPONENTS, HEAVY, "H2O")}
        self._vapour = sampled("H2O", p.water_adsorbed, p.water_adsorption_s)
        self._room = LowPass(surroundings.port("ambient", Ambient).temperature, p.thermal_lag_s)
        self._shifts = np.zeros(0)  # of the cavity pressure after each second since bench time 0, kPa
        self._on_since = 0.0
        self.corrected = True
        self.factory()
        self._calibration[:, 1] = table(p.initial_slope)

    # -- physics ------------------------------------------------------------------------------------------------------

    def _shift(self, first: int, last: int) -> Array:
        """Return the shift of the cavity pressure in the seconds first..last since bench time 0, kPa."""
        known = self._shifts.size
        if last > known:
            water = 100.0 * values(self._vapour, np.arange(known + 0.5, last))
            start = float(self._shifts[-1]) if known else 0.0
            if start > 1e-12 or water.any():
                course = self._response.bias.follow(start, water, 1.0)
            else:
                course = np.zeros(water.size)
            self._shifts = np.concatenate([self._shifts, course])
        return self._shifts[first - 1 : last]

    def _dry(self, at: Array) -> Array:
        """Return the dry amount fractions as the lines see them, in the components' units, (n, 3)."""
        gas = {name: values(signal, at) for name, signal in self._gases.items()}
        undiluted = 1.0 / (1.0 - gas["H2O"])
        total, heavy = gas["CO2"] * undiluted, gas[HEAVY] * undiluted
        heavy = np.where(heavy > 0.0, heavy, total * heavy_share(NATURAL_D13C))
        return PARTS * np.column_stack([read_as_natural(total, heavy), gas["CH4"] * undiluted, gas["N2O"] * undiluted])

    def _indicate(self, raw: Array, water_percent: Array) -> Array:
        """Return what the analyser makes of raw amount fractions and indicated water, (n, 3)."""
        dry = raw
        if self.corrected:
            h = water_percent[:, None]
            a, b, d = self._water
            dry = raw / (1.0 + h * (a + b * h) - d * np.expm1(-h / self.water_scale))
        return np.asarray((dry - self._calibration[:, 0]) / self._calibration[:, 1])

    def records(self, count: int) -> Array:
        """Return the last records, (count, 9), in the order of `COLUMNS`.

        Raises:
            ScpiError: -230, the memory does not hold so many.
        """
        if count > min(self.record_count(), MOST_RECORDS):
            raise ScpiError(-230)
        last = math.floor(self.now)
        first = last - count + 1
        at = np.arange(first - 0.5, last)
        response = self._response
        vapour = 100.0 * values(self._vapour, at)
        raw = response.respond(self._dry(at), vapour, self._shift(first, last))
        raw += response.drift(at, values(self._room, at), self._on_since) + response.noise(first, last)
        raw += response.inlet(values(self._line.pressure, at))
        water = vapour * (1.0 + self.parameters.water_error) + response.water_noise(first, last)
        # The sensor is what is misled, and the controller holds what the sensor says.
        pressure = np.full(count, PRESSURE_KPA)
        temperature = TEMPERATURE_DEGC - response.cold(at - self._on_since)
        return np.column_stack([self._indicate(raw, water), raw, water, pressure, temperature])

    def true_error(
        self,
        component: str,
        state: str,
        fraction: float,
        humidity: float = 0.0,
        at: float = 0.0,
        since: float = 0.0,
    ) -> float:
        """Return the true error of the indication, in the component's unit.

        Args:
            component: "CO2", "CH4" or "N2O".
            state: "delivered": raw readings of dry gas, without calibration function, in the SI; "adjusted": readings
                as calibrated and corrected now, on the scale; "water": what `humidity` changes in the latter.
            fraction: dry amount fraction, natural isotopic composition, µmol/mol or nmol/mol.
            humidity: water, %.
            at: end of the time over which the drift is averaged, s.
            since: its beginning, s.

        Raises:
            ValueError: an unknown component or state.
        """
        if component not in COMPONENTS or state not in STATES:
            raise ValueError(f"no truth for component {component!r} in state {state!r}")
        place = COMPONENTS.index(component)
        dry = np.zeros((2, len(COMPONENTS)))
        dry[:, place] = fraction - (self._scale.error(component) if state == "delivered" else 0.0)
        water = np.array([humidity, 0.0])
        raw = self._response.respond(dry, water, self._response.bias.settled(water))
        times = np.linspace(max(since, 1.0), max(at, 1.0), 200)
        raw = raw + self._response.drift(times, values(self._room, times), self._on_since).mean(axis=0)
        if state == "delivered":
            return float(raw[1, place] - fraction)
        read = self._indicate(raw, water * (1.0 + self.parameters.water_error))[:, place]
        return float(read[0] - read[1] if state == "water" else read[0] - fraction)

    # -- commands -----------------------------------------------------------------------------------------------------

    def record_count(self) -> int:
        """Return the number of the last record since power-on."""
        return max(0, math.floor(self.now) - math.ceil(self._on_since))

    def last(self, column: int) -> float:
        """Return one column (from 1) of the last record.

        Raises:
            ScpiError: -230, there is none yet.
        """
        return float(self.records(1)[0, column - 1])

    def block(self, count: int) -> str:
        """Return the last records as one line of text; see `analyser_crds_commands`."""
        data = self.records(count).astype(">f4").tobytes()
        return f"{count},{self.record_count()},{zlib.crc32(data):08X},{b64encode(data).decode('ascii')}"

    def decay_time_us(self) -> float:
        """Return the ring-down time of the empty cavity, µs."""
        return 1e6 / self._response.cavity.empty_rate

    def inlet_pressure(self) -> float:
        """Return the absolute pressure at the inlet, kPa."""
        return self._line.pressure.value(self.now)

    def ready(self) -> bool:
        """Return whether the cavity's temperature is locked."""
        return bool(self._response.cold(np.array(self.now - self._on_since)) < LOCKED_K)

    def power_on(self) -> None:
        """Start anew, cold and with an empty memory; calibration data are kept."""
        super().power_on()
        self._on_since = self.now

    def factory(self) -> None:
        """Forget calibration functions and water corrections: those of the type are left."""
        self.water_scale = 0.15
        self._water = np.array([[-0.0120, -0.00982, -0.0105], [-2.67e-4, -2.39e-4, -2.0e-4], [0.0, 0.0, 0.0]])
        self._calibration = np.tile([0.0, 1.0], (len(COMPONENTS), 1))

    def calibration(self, component: int, number: int) -> float:
        """Return a coefficient of a component's calibration function."""
        return float(self._calibration[component - 1, number - 1])

    def set_calibration(self, component: int, number: int, value: float) -> None:
        """Set a coefficient of a component's calibration function.

        Raises:
            ScpiError: -222, a slope that is none.
        """
        if number == 2 and not 0.5 <= value <= 2.0:
            raise ScpiError(-222)
        self._calibration[component - 1, number - 1] = value

    def water(self, component: int, number: int) -> float:
        """Return a coefficient of a component's water correction."""
        return float(self._water[number - 1, component - 1])

    def set_water(self, component: int, number: int, value: float) -> None:
        """Set a coefficient of a component's water correction."""
        self._water[number - 1, component - 1] = value


twin = Kind(
    parameters=Parameters,
    ports={"inlet": GasLine, "ambient": Ambient, "scale": Scale},
    optional_ports=frozenset({"ambient", "scale"}),
    build=AnalyserCrds,
)
"""What a station builds by `twin: analyser_crds`."""
