"""Driver of the transmitters of a nozzle rig (generic SCPI; the commands are invented)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, fixed
from drivers.reading import Reading

if TYPE_CHECKING:
    from drivers.session import Steps

KILOPASCALS, CELSIUS = fixed(4), fixed(3)
RANGE_KPA, RANGE_DEGC = (0.0, 20000.0), (-40.0, 100.0)

EDGE_S = 5.0
"""Length of the means at begin and end of a measuring time, s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeState:
    """Hold the readings of the pipe at one time; pressures absolute."""

    meter_pressure: Reading
    """At the meter, kPa."""
    meter_temperature: Reading
    """At the meter, °C."""
    inlet_pressure: Reading
    """Static, before the nozzles, kPa."""
    inlet_temperature: Reading
    """Before the nozzles, °C."""

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Return them all."""
        return self.meter_pressure, self.meter_temperature, self.inlet_pressure, self.inlet_temperature


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Hold what the transmitters said over a measuring time."""

    mean: PipeState
    """Means over the whole time."""
    back_pressure: Reading
    """Behind the nozzles, mean, kPa."""
    first: PipeState
    """Means of the first seconds."""
    last: PipeState
    """Means of the last seconds."""
    duration: Reading
    """Duration, s."""

    @property
    def span_s(self) -> float:
        """Return the time between the middles of the first and the last seconds, s."""
        return self.duration.indication.to("s").value - EDGE_S

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Return them all."""
        return (
            *self.mean.readings,
            self.back_pressure,
            *self.first.readings,
            *self.last.readings,
            self.duration,
        )


class GasTransmitters(Instrument):
    """Drive the unit that reads the transmitters."""

    meter_pressure = Measurement("MEAS:ALL?", unit="kPa", reply=KILOPASCALS, low=RANGE_KPA[0], high=RANGE_KPA[1])
    meter_temperature = Measurement("MEAS:ALL?", unit="degC", reply=CELSIUS, low=RANGE_DEGC[0], high=RANGE_DEGC[1])
    inlet_pressure = Measurement("MEAS:ALL?", unit="kPa", reply=KILOPASCALS, low=RANGE_KPA[0], high=RANGE_KPA[1])
    inlet_temperature = Measurement("MEAS:ALL?", unit="degC", reply=CELSIUS, low=RANGE_DEGC[0], high=RANGE_DEGC[1])
    back_pressure = Measurement("MEAS:ALL?", unit="kPa", reply=KILOPASCALS, low=RANGE_KPA[0], high=RANGE_KPA[1])
    duration = Measurement("FETC?", unit="s", reply=fixed(1), low=0.0)

    def prepare(self) -> Steps[None]:
        """Forget an earlier measurement."""
        yield from self.clear_status()
        yield from self.tell("*RST", "reset")

    def look(self) -> Steps[tuple[PipeState, Reading]]:
        """Return the state of the pipe over the last second, and the pressure behind the nozzles.

        Raises:
            ProtocolError: the two replies of one message differ, or are not five numbers.
        """
        yield from self.ready()
        fields = yield from self._twice("MEAS:ALL?", 5)
        return self._state(fields[:4]), self.back_pressure.reading(fields[4])

    def start(self, duration_s: float) -> Steps[None]:
        """Begin means over a time, s."""
        yield from self.tell(f"INIT {duration_s:.1f}", f"means over {duration_s:g} s")

    def means(self, duration_s: float, timeout_s: float) -> Steps[Means]:
        """Return the means when they are complete.

        Args:
            duration_s: the time that was asked for, s; another one is refused.
            timeout_s: bench time to wait, s.

        Raises:
            InstrumentTimeout: they do not come.
            ProtocolError: the two replies of one message differ, or are not 14 numbers.
            ImplausibleReading: they are means over another time.
        """
        fields = yield from self._twice("FETC?", 14, timeout_s)
        return Means(
            mean=self._state(fields[:4]),
            back_pressure=self.back_pressure.reading(fields[4]),
            first=self._state(fields[5:9]),
            last=self._state(fields[9:13]),
            duration=self.duration.reading(fields[13], (duration_s - 0.06, duration_s + 0.06)),
        )

    def _twice(self, query: str, count: int, timeout_s: float | None = None) -> Steps[list[str]]:
        """Ask twice in one message: a digit that changed on the way changed in one of the two."""
        raw = yield from self.ask(f"{query};:{query}", timeout_s)
        first, _, second = raw.partition(";")
        fields = first.split(",")
        if first != second or len(fields) != count:
            raise self.doubt(f"{query}: reply {raw!r} is not twice the same {count} numbers")
        return fields

    def _state(self, fields: list[str]) -> PipeState:
        return PipeState(
            meter_pressure=self.meter_pressure.reading(fields[0]),
            meter_temperature=self.meter_temperature.reading(fields[1]),
            inlet_pressure=self.inlet_pressure.reading(fields[2]),
            inlet_temperature=self.inlet_temperature.reading(fields[3]),
        )


driver = GasTransmitters
"""What a data sheet builds by `driver = "gas_transmitters"`."""
