"""Twin of the toy thermometer."""

from dataclasses import dataclass

from instruments.ports import Ambient
from instruments.scpi import Fixed, Identity, Query, ScpiInstrument
from instruments.twin import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    serial: str = "TWIN-TT-0"
    error_k: float = 0.0


class ToyThermometer(ScpiInstrument):
    identity = Identity(manufacturer="caltwin", model="TT-1", firmware="1")
    commands = (Query("MEASure:TEMPerature?", method="temperature", reply=Fixed(2), doc="Temperature, °C."),)

    def __init__(self, parameters, surroundings):
        super().__init__(parameters, surroundings)
        self._air = surroundings.port("ambient", Ambient).temperature

    def temperature(self):
        return self._air.value(self.clock.now) + self.parameters.error_k

    def true_error(self, at=0.0, since=0.0):
        return self.parameters.error_k


twin = Kind(parameters=Parameters, ports={"ambient": Ambient}, build=ToyThermometer)
