"""Driver of a piston prover whose strokes are timed (generic SCPI, commands invented)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from drivers.errors import ImplausibleReading, InstrumentTimeout
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, fixed
from drivers.reading import Reading
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from drivers.session import Steps

RESULT = "STR:COUN?;:FETC:TIM?;TEMP?;PRES?;TIM?"
_TIMES = re.compile(r"\d+\.\d{4}(?:,\d+\.\d{4})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """Hold one measurement."""

    times: tuple[float, ...]
    """Times of the strokes, s."""
    time: Reading
    """Their mean, s; its raw text holds all of them."""
    temperature: Reading
    """Temperature of the gas in the cell, °C."""
    pressure: Reading
    """Its absolute pressure, kPa."""


class PistonProver(Instrument):
    """Drive the prover."""

    joins_check: ClassVar[bool] = True

    volume = Measurement("CELL:VOL?", unit="ml", reply=fixed(3), low=1.0, high=1e5)
    temperature = Measurement("FETC:TEMP?", unit="degC", reply=fixed(3), low=-20.0, high=80.0)
    pressure = Measurement("FETC:PRES?", unit="kPa", reply=fixed(4), low=50.0, high=150.0)

    abort = Command("ABOR")

    def prepare(self) -> Steps[None]:
        """End a measurement that was left running."""
        yield from self.clear_status()
        yield from self.abort()

    def measure(self, strokes: int, stroke_s: float) -> Steps[Strokes]:
        """Time some strokes.

        Args:
            strokes: how many, 1 to 50.
            stroke_s: time that one is expected to take, s.

        Raises:
            ImplausibleReading: the piston did not come up, or a stroke took less than half or more than twice the time.
            InstrumentTimeout: the prover does not end.
            ProtocolError: the reply is not that of this measurement.
        """
        begin = self.session.now()
        yield from self.tell(f"STR:COUN {strokes};:INIT", f"start of {strokes} strokes")
        try:
            complete = yield from self.ask("*OPC?", strokes * (2.0 * stroke_s + 5.0) + 10.0)
        except InstrumentTimeout:
            yield from self.abort()
            raise InstrumentTimeout(
                f"{self.role}: {strokes} strokes of {stroke_s:.3g} s each do not end; check the flow, the valves "
                "before the prover and its piston"
            ) from None
        took = self.session.now() - begin
        if complete != "1":
            raise self.doubt(f"*OPC?: reply {complete!r} is not '1'")
        # The times are asked for twice: a digit that changed on the way changed in one of the two.
        raw = yield from self.ask(RESULT)
        parts = raw.split(";")
        if len(parts) != 5 or parts[0] != f"{strokes:d}" or parts[1] != parts[4] or not _TIMES.fullmatch(parts[1]):
            raise self.doubt(f"{RESULT}: reply {raw!r} is not {strokes};times;temperature;pressure;the same times")
        times = tuple(float(part) for part in parts[1].split(","))
        if len(times) != strokes or not all(0.5 * stroke_s <= time <= 2.0 * stroke_s for time in times):
            raise ImplausibleReading(
                f"{self.role}: strokes of {parts[1]} s where {strokes} of about {stroke_s:.3g} s are due; check the "
                "flow and the valves before the prover"
            )
        if sum(times) > took:
            raise ImplausibleReading(
                f"{self.role}: strokes of {sum(times):.4g} s in a measurement that took {took:.4g} s; they are old"
            )
        mean = sum(times) / strokes
        return Strokes(
            times=times,
            time=Reading(
                name="stroke_time",
                indication=Quantity(value=mean, unit="s"),
                instrument=self.role,
                time_s=self.session.now(),
                raw=parts[1],
            ),
            temperature=self.temperature.reading(parts[2]),
            pressure=self.pressure.reading(parts[3]),
        )


driver = PistonProver
"""What a data sheet builds by `driver = "piston_prover"`."""
