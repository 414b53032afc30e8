"""Twin of a gas chromatograph by which gas mixtures are compared: areas of several components, injection by injection.

The instrument is generic and its commands are invented. Physics: the area of a peak is proportional to the amount
fraction with a slight curvature, to the pressure in the sample loop (the room's), and to a response that drifts while
the instrument is in use and is another one whenever it was put into use anew; each stream has a small deviation of its
own meanwhile (its pressure reducer, its tube); the first injection after a change still holds some of the gas before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from instruments.noise import CountedNoise
from instruments.ports import Ambient
from instruments.ports_sampling import SamplingPoint
from instruments.scpi import Event, Identity, Integer, Listed, Numeric, Query, Quoted, Raw, Scientific, ScpiError
from instruments.scpi import ScpiInstrument as Scpi
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.twin import Surroundings

IDLE_S = 6 * 3600.0
"""Time without an injection after which the chromatograph is put into use anew, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of the chromatograph."""

    serial: str = "TWIN-GC-0001"
    """Serial number."""
    response: dict[str, float] = field(default_factory=lambda: {"CO2": 4.1e6, "CH4": 5.6e6, "C3H8": 1.5e7})
    """Component -> area per amount fraction at 101.325 kPa, 1; they are measured in this order."""
    curvature: dict[str, float] = field(default_factory=dict)
    """Component -> relative change of the response at an amount fraction of 1 mmol/mol, 1."""
    repeatability: float = 0.0
    """Relative standard deviation of one area, 1."""
    stream: float = 0.0
    """Relative standard deviation of a stream from use to use, 1."""
    use: float = 0.0
    """Relative standard deviation of the response from use to use, 1."""
    drift_per_h: float = 0.0
    """Relative drift of the response while in use, 1/h."""
    carry_over: float = 0.0
    """Share of the gas before in the first injection after a change, 1."""
    cycle_s: float = 300.0
    """Time of one injection, s."""

    def __post_init__(self) -> None:
        if not self.response or any(not value > 0.0 for value in self.response.values()):
            raise ValueError(f"response must name components with values above 0, got {self.response}")
        if not self.cycle_s > 0.0:
            raise ValueError(f"cycle_s must be above 0 s, got {self.cycle_s}")


class GasComparator(Scpi[Parameters]):
    """Be the chromatograph."""

    identity = Identity(manufacturer="caltwin", model="GCX-3", firmware="1.12")
    commands = (
        Query("METHod:COMPonents?", method="components", reply=Listed(Quoted()), doc="Components, in order."),
        Query("METHod:CYCLe?", method="cycle", reply=Integer(), doc="Time of one injection, s."),
        Event(
            "SEQuence:STARt",
            parameters=(Numeric(name="injections", low=1, high=100, integer=True),),
            method="start",
            doc="Make some injections of the stream that is connected; overlapped (*OPC).",
        ),
        Event("SEQuence:ABORt", method="abort", doc="Give the sequence up."),
        Query("SEQuence:STATe?", method="state", reply=Raw(), doc="Answer IDLE, RUN or DONE."),
        Query(
            "FETCh?", method="areas", reply=Listed(Scientific(6)), doc="Areas, injection by injection, all components."
        ),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch it on."""
        super().__init__(parameters, surroundings)
        self._point = surroundings.port("sample", SamplingPoint)
        self._air = surroundings.port("ambient", Ambient)
        self._uses = CountedNoise(surroundings.rng)
        self._own = CountedNoise(surroundings.rng)
        self._use, self._used_since, self._used_until = 0, 0.0, -2.0 * IDLE_S
        self._begun: float | None = None
        self._count = 0
        self._result: tuple[float, ...] | None = None

    def reset(self) -> None:
        """Go to the state of *RST: no sequence, no result."""
        self.abort()

    def components(self) -> tuple[str, ...]:
        """Return the components."""
        return tuple(self.parameters.response)

    def cycle(self) -> int:
        """Return the time of one injection, s."""
        return round(self.parameters.cycle_s)

    def start(self, injections: int) -> None:
        """Begin a sequence."""
        if self.operations:
            raise ScpiError(-221, info="a sequence is running")
        if self._point.at(self.now).fractions is None:
            raise ScpiError(-221, info="no stream is connected")
        self._begun, self._count, self._result = self.now, injections, None
        if self.now - self._used_until > IDLE_S:
            self._use += 1
            self._used_since = self.now
        self._used_until = self.now + injections * self.parameters.cycle_s
        self.begin("sequence", until=self._used_until, done=self._measure)

    def abort(self) -> None:
        """Give the sequence up."""
        for operation in tuple(self.operations):
            operation.cancel(go_on=False)
        self._begun, self._result = None, None

    def state(self) -> str:
        """Return the state."""
        return "RUN" if self.operations else "IDLE" if self._result is None else "DONE"

    def areas(self) -> tuple[float, ...]:
        """Return the areas."""
        if self._result is None:
            raise ScpiError(-230)
        return self._result

    def _measure(self) -> None:
        p, begin = self.parameters, self._begun
        assert begin is not None
        names = tuple(p.response)
        stream = self._point.at(begin)
        # A cylinder does not change within the hour that a sequence takes.
        x = np.tile([stream.fraction(name, begin) for name in names], (self._count, 1))
        times = begin + p.cycle_s * np.arange(self._count)
        earlier = self._point.before(begin)
        if earlier is not None:
            # Only what is injected within one cycle of the change still knows the gas before.
            fresh = times - stream.since_s < p.cycle_s
            past = np.array([earlier.fraction(name, begin) for name in names])
            x[fresh] += p.carry_over * (past - x[fresh])
        own = [p.stream * self._own.normal(_key(self._use, stream.name, place)) for place in range(len(names))]
        bend = np.array([p.curvature.get(name, 0.0) for name in names]) * x / 1e-3
        common = (1.0 + p.drift_per_h * (times - self._used_since) / 3600.0) * (
            1.0 + p.use * self._uses.normal(self._use)
        )
        loop = self._air.pressure.value(begin) / 101.325
        areas = np.array(tuple(p.response.values())) * x * (1.0 + bend) * (1.0 + np.array(own)) * loop
        areas *= common[:, None]
        if p.repeatability:
            areas *= 1.0 + p.repeatability * self.rng.standard_normal(areas.shape)
        self._result = tuple(areas.ravel().tolist())


def _key(use: int, stream: str, place: int) -> int:
    """Return a number that belongs to a use, a stream and a component."""
    kind, _, number = stream.partition(",")
    return ((use * 4 + "CBR".find(kind[:1])) * 64 + int(number or 0)) * 8 + place


twin = Kind(
    parameters=Parameters,
    ports={"sample": SamplingPoint, "ambient": Ambient},
    build=GasComparator,
)
"""What a station builds by `twin: gas_comparator`."""
