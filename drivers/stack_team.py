"""Driver of a measuring team's traverse at a stack (generic SCPI; the commands are invented)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from drivers.instrument import Instrument
from drivers.properties import Measurement, Option, Setting, fixed
from drivers.reading import Reading

if TYPE_CHECKING:
    from drivers.session import Steps

_NUMBERS = re.compile(r"-?\d+\.\d{4}(?:,-?\d+\.\d{4})*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Traverse:
    """Hold what one traverse measured; the tuples go over its points."""

    record: Reading
    """The whole reply, with its start (s of the outfit's clock) as indication."""
    pressure: tuple[float, ...]
    """P1 - P2 of a five-hole probe, else the differential pressure, Pa."""
    second: tuple[float, ...]
    """P4 - P5 of a five-hole probe, else 0, Pa."""
    yaw: tuple[float, ...]
    """Yaw at the null of a five-hole probe, else 0, degrees."""
    temperature: tuple[float, ...]
    """Temperature, K."""


class StackTeam(Instrument):
    """Drive the traverse."""

    joins_check = True

    points = Setting("TRAV:POIN {:.0f}", "TRAV:POIN?", unit="1", reply=r"\d+", low=2.0, high=24.0)
    window = Setting("TRAV:WIND {:.1f}", "TRAV:WIND?", unit="s", reply=fixed(1), low=30.0, high=3600.0)
    kind = Option("PROB:KIND {}", "PROB:KIND?", choices={"3d": "3D", "s_type": "S_TYPE", "l_type": "L_TYPE"})
    started = Measurement("TRAV:DATA?", unit="s", reply=fixed(4), low=0.0)

    def start(self) -> Steps[None]:
        """Start a traverse."""
        yield from self.tell("TRAV:STAR", "start of a traverse")

    def data(self, points: int, timeout_s: float) -> Steps[Traverse]:
        """Wait until the traverse is over, and return what it measured.

        Args:
            points: points of the traverse.
            timeout_s: longest wait, s.

        Raises:
            ProtocolError: the reply holds another count of points.
        """
        yield from self.ready()
        raw = yield from self.ask("TRAV:DATA?", timeout_s)
        parts = raw.split(",")
        if _NUMBERS.fullmatch(raw) is None or len(parts) != 1 + 4 * points:
            raise self.doubt(f"traverse: reply {raw[:60]!r}... does not hold {points} points")
        record = replace(self.started.reading(parts[0]), name="traverse", raw=raw)
        numbers = [float(part) for part in parts[1:]]
        return Traverse(
            record=record,
            pressure=tuple(numbers[0::4]),
            second=tuple(numbers[1::4]),
            yaw=tuple(numbers[2::4]),
            temperature=tuple(numbers[3::4]),
        )


driver = StackTeam
"""What a data sheet builds by `driver = "stack_team"`."""
