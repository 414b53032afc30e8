"""Twin of a piston prover: a piston of known volume is lifted by the gas, and its strokes are timed.

Generic; the commands are invented. Volume flow is cell volume over stroke time; pressure and temperature of the gas
turn it into a standard flow, which is the user's affair (or that of whoever believes in it).

Physics: standard flow of the line, expanded to the true pressure and temperature of the cell as a real gas; part of it
leaks past the piston; a stroke takes the true volume over what is left, with a relative scatter, in steps of a clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from instruments.noise import CountedNoise
from instruments.ports import Ambient
from instruments.ports_gas import KELVIN, STANDARD_PRESSURE_KPA, STANDARD_TEMPERATURE_DEGC, GasLine
from instruments.real_gas import compressibility
from instruments.scpi import Event, Fixed, Identity, Integer, Listed, Numeric, Query, ScpiError, ScpiInstrument, Setting
from instruments.twin import Kind

if TYPE_CHECKING:
    from instruments.scpi import Operation
    from instruments.twin import Surroundings

RETURN_S = 1.0
"""Time in which the piston falls back, s."""
PATIENCE_S = 600.0
"""Time after which a stroke that does not end is given up, s."""
CLOCK_S = 1e-4
"""Step of the clock, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """Hold what a laboratory may and may not know of a prover."""

    serial: str = "TWIN-0001"
    """Serial number."""
    volume_ml: float = 100.0
    """Nominal volume of a stroke, ml."""
    volume_error: float = 0.0
    """Relative excess of the true volume over the nominal one, 1."""
    temperature_error_k: float = 0.0
    """Error of the temperature, K."""
    pressure_error_kpa: float = 0.0
    """Error of the pressure, kPa."""
    heating_k: float = 0.0
    """True excess of the gas over the room, K."""
    leak_ml_per_min: float = 0.0
    """Flow past the piston, ml/min at the conditions of the cell."""
    scatter: float = 0.0
    """Relative standard deviation of one stroke's time, 1."""

    def __post_init__(self) -> None:
        if not self.volume_ml > 0.0:
            raise ValueError(f"volume_ml must be above 0, got {self.volume_ml}")


class PistonProver(ScpiInstrument[Parameters]):
    """Be the prover."""

    identity = Identity(manufacturer="caltwin", model="PP-100", firmware="1.1")
    commands = (
        Setting(
            "STRokes:COUNt",
            Numeric(low=1, high=50, default=10, integer=True, reply=Integer()),
            attribute="count",
            doc="Strokes of a measurement.",
        ),
        Event("INITiate", method="initiate", doc="Start a measurement; *OPC reports its end."),
        Event("ABORt", method="abort", doc="Give a measurement up."),
        Query("FETCh:TIMes?", method="fetch", reply=Listed(Fixed(4)), doc="Times of the strokes, s; 0 for none."),
        Query("FETCh:TEMPerature?", method="fetch_temperature", reply=Fixed(3), doc="Mean temperature, °C."),
        Query("FETCh:PRESsure?", method="fetch_pressure", reply=Fixed(4), doc="Mean absolute pressure, kPa."),
        Query("CELL:VOLume?", method="volume", reply=Fixed(3), doc="Nominal volume of a stroke, ml."),
    )

    def __init__(self, parameters: Parameters, surroundings: Surroundings) -> None:
        """Switch on with the piston down."""
        super().__init__(parameters, surroundings)
        self._line = surroundings.port("line", GasLine)
        self._air = surroundings.port("ambient", Ambient)
        self._noise = CountedNoise(surroundings.rng)
        self._drawn = 0
        self.count = 10
        self._operation: Operation | None = None
        self._times: tuple[float, ...] = ()
        self._span = (0.0, 0.0)

    def _temperature(self, at: float) -> float:
        return self._air.temperature.value(at) + self.parameters.heating_k

    def _stroke(self, at: float) -> float | None:
        """Return how long a stroke that begins at a bench time takes, s; None if the piston does not come up."""
        p, line = self.parameters, self._line
        kpa, degc = self._air.pressure.value(at), self._temperature(at)
        gases = {gas: share.value(at) for gas, share in line.gases.items()}
        expansion = STANDARD_PRESSURE_KPA / kpa * (degc + KELVIN) / (STANDARD_TEMPERATURE_DEGC + KELVIN)
        standard = line.flow.mean(at, at + 0.1)  # l/min; a flow that is still settling is seen as it begins
        real = standard * expansion * compressibility(gases, kpa, degc)
        passing = real * 1e3 - p.leak_ml_per_min
        if passing <= 0.0:
            return None
        seconds = p.volume_ml * (1.0 + p.volume_error) / passing * 60.0
        self._drawn += 1
        seconds *= 1.0 + p.scatter * self._noise.normal(self._drawn)
        return seconds if seconds < PATIENCE_S else None

    def initiate(self) -> None:
        """Time the strokes one after the other."""
        if self._operation is not None and self._operation.pending:
            raise ScpiError(-213)
        begin = at = self.now
        times = []
        for _ in range(self.count):
            seconds = self._stroke(at)
            if seconds is None:
                at += PATIENCE_S
                break
            times.append(round(seconds / CLOCK_S) * CLOCK_S)
            at += seconds + RETURN_S
        found = tuple(times)

        def store() -> None:
            self._times, self._span = found, (begin, at)

        self._times = ()
        self._operation = self.begin("strokes", until=at, done=store)

    def abort(self) -> None:
        """Give up; there are no times then."""
        if self._operation is not None:
            self._operation.cancel()

    def fetch(self) -> tuple[float, ...]:
        """Return the times of the strokes, s; a single 0 if there are none."""
        return self._times or (0.0,)

    def fetch_temperature(self) -> float:
        """Return the mean temperature of the measurement, °C."""
        start, stop = self._span
        air = self._air.temperature.mean(start, stop)
        return air + self.parameters.heating_k + self.parameters.temperature_error_k

    def fetch_pressure(self) -> float:
        """Return the mean absolute pressure of the measurement, kPa."""
        return self._air.pressure.mean(*self._span) + self.parameters.pressure_error_kpa

    def volume(self) -> float:
        """Return the nominal volume of a stroke, ml."""
        return self.parameters.volume_ml


twin = Kind(
    parameters=Parameters,
    ports={"line": GasLine, "ambient": Ambient},
    optional_ports=frozenset({"ambient"}),
    build=PistonProver,
)
"""What a station builds by `twin: piston_prover`."""
