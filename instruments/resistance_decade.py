"""Twin of a programmable double resistance decade (generic, commands invented): it stands in for a pair of sensors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.ports_heat import ResistancePort
from instruments.scpi import Boolean, Fixed, Identity, Numeric, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

OHMS = Fixed(3)
STEP_OHM = 0.001
"""Smallest step, ohm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a decade."""

    serial: str = "TWIN-0001"
    """Serial number."""
    first_error: float = 0.0
    """Relative error of the first decade, 1."""
    second_error: float = 0.0
    """Relative error of the second decade, 1."""
    residual_ohm: float = 0.0
    """Resistance of the leads of each, beyond what is marked, ohm."""


class ResistanceDecade(ScpiInstrument[Parameters]):
    """Be the decade."""

    identity = Identity(manufacturer="caltwin", model="RD-2", firmware="1.0")
    commands = (
        Setting(
            "SOURce1:RESistance",
            Numeric(low=1.0, high=20000.0, default=1000.0, reply=OHMS),
            attribute="first_ohm",
            doc="Resistance of the first decade (supply), ohm.",
        ),
        Setting(
            "SOURce2:RESistance",
            Numeric(low=1.0, high=20000.0, default=1000.0, reply=OHMS),
            attribute="second_ohm",
            doc="Resistance of the second decade (return), ohm.",
        ),
        Setting(
            "OUTPut[:STATe]",
            Boolean(default=False),
            attribute="output",
            doc="Connect the decades in place of the sensors, or the sensors again.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch the decade on, with the sensors connected."""
        super().__init__(parameters, surroundings)
        self._lines = tuple(surroundings.port(name, ResistancePort) for name in ("first", "second"))
        self._ohms = [1000.0, 1000.0]
        self._output = False

    def reset(self) -> None:
        """Go to the state of *RST: the sensors are connected."""
        self._ohms = [1000.0, 1000.0]
        self.output = False

    @property
    def first_ohm(self) -> float:
        """Resistance that is set for the supply, ohm."""
        return self._ohms[0]

    @first_ohm.setter
    def first_ohm(self, value: float) -> None:
        self._ohms[0] = round(value / STEP_OHM) * STEP_OHM
        self._connect()

    @property
    def second_ohm(self) -> float:
        """Resistance that is set for the return, ohm."""
        return self._ohms[1]

    @second_ohm.setter
    def second_ohm(self, value: float) -> None:
        self._ohms[1] = round(value / STEP_OHM) * STEP_OHM
        self._connect()

    @property
    def output(self) -> bool:
        """Whether the decades are connected."""
        return self._output

    @output.setter
    def output(self, on: bool) -> None:
        self._output = on
        self._connect()

    def _connect(self) -> None:
        p = self.parameters
        for line, ohm, error in zip(self._lines, self._ohms, (p.first_error, p.second_error), strict=True):
            line.insert(ohm * (1.0 + error) + p.residual_ohm if self._output else None)


twin = Kind(
    parameters=Parameters,
    ports={"first": ResistancePort, "second": ResistancePort},
    optional_ports=frozenset({"first", "second"}),
    build=ResistanceDecade,
)
"""What a station builds by `twin: resistance_decade`."""
