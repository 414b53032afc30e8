"""Driver of a gas chromatograph for comparisons of gas mixtures (generic SCPI; the commands are invented)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.errors import InstrumentError, InstrumentTimeout
from drivers.instrument import Instrument
from drivers.reading import Reading
from drivers.replies import OVERRANGE
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from drivers.session import Steps

_AREA = r"-?\d\.\d{6}E[+-]\d{2}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """Hold the peak areas of one sequence of injections."""

    readings: tuple[Reading, ...]
    """Mean area of each component over the injections that count; the whole reply is their raw text."""
    values: tuple[tuple[float, ...], ...]
    """Areas of each component, one for each injection that counts."""
    time_s: float
    """Bench time of the middle of these injections, s."""


class GasComparator(Instrument):
    """Drive the chromatograph."""

    def confirm_components(self, components: Sequence[str]) -> Steps[None]:
        """See that it measures what the procedure wants, in this order.

        Raises:
            InstrumentError: it measures something else.
        """
        raw = yield from self.ask("METH:COMP?")
        wanted = ",".join(f'"{name}"' for name in components)
        if raw != wanted:
            raise InstrumentError(f"{self.role}: METH:COMP?: reply {raw!r} is not {wanted!r}; load the right method")

    def measure(self, components: Sequence[str], injections: int, discard: int, cycle_s: float) -> Steps[Areas]:
        """Make injections of the stream that is connected, and return the areas.

        Args:
            components: what it measures, in order.
            injections: how many injections count, at least 1.
            discard: how many before them do not.
            cycle_s: time of one injection, s.

        Raises:
            InstrumentTimeout: the sequence does not end.
            ProtocolError: the reply is not as many areas as were asked for, or the sequence was not done.
        """
        count = injections + discard
        begin = self.session.now()
        yield from self.tell(f"SEQ:STAR {count:d}", f"start of {count} injections")
        timeout_s = 1.2 * count * cycle_s + 60.0
        try:
            complete = yield from self.ask("*OPC?", timeout_s)
        except InstrumentTimeout:
            raise InstrumentTimeout(
                f"{self.role}: {count} injections are not over after {timeout_s:g} s; look at the sampler"
            ) from None
        took = self.session.now() - begin
        raw = yield from self.ask("SEQ:STAT?;:FETC?")
        state, _, listed = raw.partition(";")
        fields = listed.split(",")
        if complete != "1" or state != "DONE" or len(fields) != count * len(components):
            raise self.doubt(f"FETC?: {state!r} with {len(fields)} fields, not 'DONE' with {count * len(components)}")
        if took < 0.5 * count * cycle_s:
            raise self.doubt(f"{count} injections were over after {took:.0f} s, too soon for {cycle_s:g} s each")
        for field in fields:
            if re.fullmatch(_AREA, field) is None:
                raise self.doubt(f"FETC?: {field!r} is not of the form {_AREA!r}")
        numbers = [float(field) for field in fields]
        if max(abs(number) for number in numbers) >= OVERRANGE:
            raise self.doubt(f"FETC?: reply {raw!r} means overrange or no value; check range, gas and detector")
        values = tuple(
            tuple(numbers[discard * len(components) + place :: len(components)]) for place in range(len(components))
        )
        now = self.session.now()
        readings = tuple(
            Reading(
                name=name,
                indication=Quantity(value=sum(areas) / len(areas), unit="1"),
                instrument=self.role,
                time_s=now,
                raw=raw,
            )
            for name, areas in zip(components, values, strict=True)
        )
        return Areas(readings=readings, values=values, time_s=begin + (discard + 0.5 * injections) * cycle_s)


driver = GasComparator
"""What a data sheet builds by `driver = "gas_comparator"`."""
