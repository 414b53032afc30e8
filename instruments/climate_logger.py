"""Twin of a logger for temperature, relative humidity and pressure of the room's air.

The commands are those of a generic logger; the room itself is the port (`instruments.ports.Ambient`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports import Ambient
from instruments.scpi import Fields, Fixed, Identity, Query, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.signal import Signal
    from instruments.twin import Surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a logger."""

    serial: str = "TWIN-0001"
    """Serial number."""
    temperature_error_k: float = 0.0
    """Error of the temperature, K."""
    humidity_error_percent: float = 0.0
    """Error of the relative humidity, %."""
    pressure_error_kpa: float = 0.0
    """Error of the pressure, kPa."""
    interval_s: float = 1.0
    """Interval over which each value is a mean, s."""

    def __post_init__(self) -> None:
        if not self.interval_s > 0.0:
            raise ValueError(f"interval_s must be above 0 s, got {self.interval_s}")


TEMPERATURE, HUMIDITY, PRESSURE = Fixed(2), Fixed(1), Fixed(2)


class ClimateLogger(ScpiInstrument[Parameters]):
    """Be the logger."""

    identity = Identity(manufacturer="caltwin", model="CL-300", firmware="1.4")
    commands = (
        Query("MEASure:TEMPerature?", method="temperature", reply=TEMPERATURE, doc="Temperature, °C."),
        Query("MEASure:HUMidity?", method="humidity", reply=HUMIDITY, doc="Relative humidity, %."),
        Query("MEASure:PRESsure?", method="pressure", reply=PRESSURE, doc="Pressure, kPa."),
        Query("MEASure:ALL?", method="everything", reply=Fields((TEMPERATURE, HUMIDITY, PRESSURE)), doc="All three."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Hang the logger in its room."""
        super().__init__(parameters, surroundings)
        self._air = surroundings.port("ambient", Ambient)

    def _mean(self, signal: Signal) -> float:
        now = self.now
        return signal.mean(max(0.0, now - self.parameters.interval_s), now)

    def temperature(self) -> float:
        """Return the temperature, °C."""
        return self._mean(self._air.temperature) + self.parameters.temperature_error_k

    def humidity(self) -> float:
        """Return the relative humidity, %; the sensor saturates at 0 and 100 %."""
        return min(max(self._mean(self._air.humidity) + self.parameters.humidity_error_percent, 0.0), 100.0)

    def pressure(self) -> float:
        """Return the pressure, kPa."""
        return self._mean(self._air.pressure) + self.parameters.pressure_error_kpa

    def everything(self) -> tuple[float, float, float]:
        """Return temperature, humidity and pressure."""
        return self.temperature(), self.humidity(), self.pressure()


twin = Kind(parameters=Parameters, ports={"ambient": Ambient}, build=ClimateLogger)
"""What a station builds by `twin: climate_logger`."""
