"""Twin of the transmitters of a nozzle rig: pressures and temperatures at meter and nozzles, read by one unit.

One unit reads them all over the same time, so that line pack can be worked out from what it says alone: it gives means
over the whole time, and means over its first and last seconds. Thermometers follow the gas with a lag. Generic; the
commands are invented.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.gas_properties import KELVIN
from instruments.noise import CountedNoise
from instruments.ports_nozzle_rig import NozzleRig
from instruments.scpi import Event, Fields, Fixed, Identity, Numeric, Query, ScpiError, ScpiInstrument, WhenComplete
from instruments.signal import LowPass
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.signal import Signal
    from instruments.twin import Surroundings

EDGE_S = 5.0
"""Length of the means at begin and end, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of the transmitters."""

    serial: str = "TWIN-0001"
    """Serial number."""
    meter_pressure_error: float = 0.0
    """Relative error of the pressure at the meter, 1."""
    inlet_pressure_error: float = 0.0
    """Relative error of the pressure before the nozzles, 1."""
    back_pressure_error: float = 0.0
    """Relative error of the pressure behind the nozzles, 1."""
    meter_temperature_error_k: float = 0.0
    """Error of the temperature at the meter, K."""
    inlet_temperature_error_k: float = 0.0
    """Error of the temperature before the nozzles, K."""
    lag_s: float = 15.0
    """Time constant of the thermometers, s."""
    pressure_noise: float = 0.0
    """Relative standard deviation of a pressure over one second, 1."""
    temperature_noise_k: float = 0.0
    """Standard deviation of a temperature over one second, K."""

    def __post_init__(self) -> None:
        if not self.lag_s > 0.0:
            raise ValueError(f"lag_s must be above 0, got {self.lag_s}")


KILOPASCALS, CELSIUS = Fixed(4), Fixed(3)
STATE = (KILOPASCALS, CELSIUS, KILOPASCALS, CELSIUS)
MEANS = (*STATE, KILOPASCALS)


class GasTransmitters(ScpiInstrument[Parameters]):
    """Be the unit with its transmitters."""

    identity = Identity(manufacturer="caltwin", model="GT-5", firmware="1.0")
    commands = (
        Query(
            "MEASure:ALL?",
            method="now_all",
            reply=Fields(MEANS),
            doc="Means of the last second: pressure (kPa) and temperature (°C) at the meter, both before the nozzles, "
            "pressure behind them (kPa).",
        ),
        Event(
            "INITiate",
            method="initiate",
            parameters=(Numeric(name="duration", unit="S", low=2 * EDGE_S, high=86400.0),),
            doc="Take means over the time to come.",
        ),
        Query(
            "FETCh?",
            method="fetch",
            reply=Fields((*MEANS, *STATE, *STATE, Fixed(1))),
            doc="The means, those of the first and of the last 5 s without the pressure behind, and the duration, s.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Connect the transmitters."""
        super().__init__(parameters, surroundings)
        rig, lag = surroundings.port("rig", NozzleRig), parameters.lag_s
        self._rig = rig
        self._meter_temperature = LowPass(rig.meter_temperature, lag)
        self._inlet_temperature = LowPass(rig.inlet_temperature, lag)
        self._noise = CountedNoise(surroundings.rng)
        self._window: tuple[float, float] | None = None

    def reset(self) -> None:
        """Go to the state of *RST: nothing measured."""
        for operation in tuple(self.operations):
            operation.cancel()
        self._window = None

    def _pressure(self, signal: Signal, error: float, window: tuple[float, float], channel: int) -> float:
        draw = self.parameters.pressure_noise * self._draw(window, channel)
        return signal.mean(*window) * (1.0 + error + draw) / 1e3

    def _temperature(self, signal: Signal, error: float, window: tuple[float, float], channel: int) -> float:
        draw = self.parameters.temperature_noise_k * self._draw(window, channel)
        return signal.mean(*window) - KELVIN + error + draw

    def _draw(self, window: tuple[float, float], channel: int) -> float:
        start, stop = window
        # Keyed by the window: whoever looks again sees the same.
        key = (round(start * 1e4) * 1009 + round(stop * 1e4)) << 3
        return self._noise.normal(key + channel) / math.sqrt(max(stop - start, 1.0))

    def _state(self, window: tuple[float, float]) -> tuple[float, ...]:
        p, rig = self.parameters, self._rig
        return (
            self._pressure(rig.meter_pressure, p.meter_pressure_error, window, 0),
            self._temperature(self._meter_temperature, p.meter_temperature_error_k, window, 1),
            self._pressure(rig.inlet_pressure, p.inlet_pressure_error, window, 2),
            self._temperature(self._inlet_temperature, p.inlet_temperature_error_k, window, 3),
        )

    def _means(self, window: tuple[float, float]) -> tuple[float, ...]:
        back = self._pressure(self._rig.back_pressure, self.parameters.back_pressure_error, window, 4)
        return (*self._state(window), back)

    def now_all(self) -> tuple[float, ...]:
        """Return the means of the last second."""
        return self._means((max(0.0, self.now - 1.0), self.now))

    def initiate(self, duration: float) -> None:
        """Begin means over a time, s.

        Raises:
            ScpiError: -213, means are being taken.
        """
        if self.operations:
            raise ScpiError(-213)
        self._window = self.now, self.now + duration
        self.begin("means", until=self.now + duration)

    def fetch(self) -> WhenComplete:
        """Return the means when they are complete.

        Raises:
            ScpiError: -230, nothing was measured.
        """
        if self._window is None:
            raise ScpiError(-230)
        return WhenComplete(self._fetched)

    def _fetched(self) -> tuple[float, ...]:
        if self._window is None:
            raise ScpiError(-230)
        start, stop = self._window
        first, last = (start, start + EDGE_S), (stop - EDGE_S, stop)
        return (*self._means((start, stop)), *self._state(first), *self._state(last), stop - start)


twin = Kind(parameters=Parameters, ports={"rig": NozzleRig}, build=GasTransmitters)
"""What a station builds by `twin: gas_transmitters`."""
