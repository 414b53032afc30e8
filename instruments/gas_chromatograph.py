"""Twin of a process gas chromatograph on a natural-gas line: one analysis per cycle, normalised (generic, invented)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from instruments.gas_properties import NAMES
from instruments.ports_nozzle_rig import NozzleRig
from instruments.scpi import Fields, Fixed, Identity, Later, Query, Raw, ScpiInstrument
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

COMPONENTS = ("CH4", "N2", "CO2", "C2H6", "C3H8", "iC4H10", "nC4H10")
"""Components of an analysis, in the order in which they are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a chromatograph."""

    serial: str = "TWIN-0001"
    """Serial number."""
    errors: dict[str, float] = field(default_factory=dict)
    """Relative error of each component before normalisation, 1; 0 for those not named."""
    cycle_s: float = 180.0
    """Duration of an analysis, s."""

    def __post_init__(self) -> None:
        for key in self.errors:
            if key not in COMPONENTS:
                raise ValueError(f"errors: {key!r} is not analysed; known: {', '.join(COMPONENTS)}")
        if not self.cycle_s > 0.0:
            raise ValueError(f"cycle_s must be above 0 s, got {self.cycle_s}")


class GasChromatograph(ScpiInstrument[Parameters]):
    """Be the chromatograph."""

    identity = Identity(manufacturer="caltwin", model="GC-7", firmware="1.0")
    commands = (
        Query("ANALysis:COMPonents?", method="components", reply=Raw(), doc="Names of the components, in order."),
        Query(
            "ANALysis:RUN?",
            method="run",
            reply=Fields((Fixed(4),) * len(COMPONENTS)),
            doc="Take a sample and answer its amount fractions when the analysis is over, %.",
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Put the sampler into the line."""
        super().__init__(parameters, surroundings)
        self._rig = surroundings.port("rig", NozzleRig)

    def components(self) -> str:
        """Return the names of the components."""
        return ",".join(COMPONENTS)

    def run(self) -> Later:
        """Begin an analysis."""
        return Later(self.now + self.parameters.cycle_s, self._fractions)

    def _fractions(self) -> tuple[float, ...]:
        true = dict(self._rig.dry)
        seen = [true.get(NAMES[name], 0.0) * (1.0 + self.parameters.errors.get(name, 0.0)) for name in COMPONENTS]
        return tuple(100.0 * share / sum(seen) for share in seen)


twin = Kind(parameters=Parameters, ports={"rig": NozzleRig}, build=GasChromatograph)
"""What a station builds by `twin: gas_chromatograph`."""
