"""Twin of a precision readout (generic, invented): two SPRT in baths, and two inputs for sensors under test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports_heat import BathPort, ResistancePort
from instruments.scpi import Fixed, Identity, Integer, Later, Numeric, Query, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

WINDOW_S = 10.0
"""Time over which a reading is a mean, s."""
CHANNEL = Numeric(low=1, high=2, integer=True, reply=Integer())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a readout with its thermometers."""

    serial: str = "TWIN-0001"
    """Serial number."""
    common_error_k: float = 0.0
    """Error of both thermometers alike (fixed points, the bridge's own standard), K."""
    first_error_k: float = 0.0
    """Further error of the first thermometer, K."""
    second_error_k: float = 0.0
    """Further error of the second thermometer, K."""
    resistance_error: float = 0.0
    """Relative error of measured resistances, 1."""


class ThermometerReadout(ScpiInstrument[Parameters]):
    """Be the readout."""

    identity = Identity(manufacturer="caltwin", model="TR-4", firmware="2.0")
    commands = (
        Query(
            "MEASure:TEMPerature?",
            method="temperature",
            parameters=(CHANNEL,),
            reply=Fixed(4),
            doc="Temperature of a bath by its reference thermometer, mean of ten seconds, °C.",
        ),
        Query(
            "MEASure:RESistance?",
            method="resistance",
            parameters=(CHANNEL,),
            reply=Fixed(4),
            doc="Resistance of a sensor under test, mean of ten seconds, ohm.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the readout on."""
        super().__init__(parameters, surroundings)
        self._baths = tuple(surroundings.port(name, BathPort) for name in ("bath1", "bath2"))
        self._sensors = tuple(surroundings.port(name, ResistancePort) for name in ("sensor1", "sensor2"))

    def temperature(self, channel: int) -> Later:
        """Measure a bath."""
        p, start = self.parameters, self.now
        end = start + WINDOW_S
        error = p.common_error_k + (p.first_error_k, p.second_error_k)[channel - 1]
        return Later(end, lambda: self._baths[channel - 1].temperature.mean(start, end) + error)

    def resistance(self, channel: int) -> Later:
        """Measure a sensor."""
        start = self.now
        end = start + WINDOW_S
        line = self._sensors[channel - 1]
        gain = 1.0 + self.parameters.resistance_error

        def mean() -> float:
            # Simpson's rule: the bath swings slowly against ten seconds.
            ends, middle = line.resistance(start) + line.resistance(end), line.resistance(0.5 * (start + end))
            return (ends + 4.0 * middle) / 6.0 * gain

        return Later(end, mean)


twin = Kind(
    parameters=Parameters,
    ports={"bath1": BathPort, "bath2": BathPort, "sensor1": ResistancePort, "sensor2": ResistancePort},
    optional_ports=frozenset({"bath1", "bath2", "sensor1", "sensor2"}),
    build=ThermometerReadout,
)
"""What a station builds by `twin: thermometer_readout`."""
