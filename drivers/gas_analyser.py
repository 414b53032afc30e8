"""Driver of a multi-component gas analyser (generic SCPI, commands invented); amount fractions in µmol/mol.

An indication counts when two messages in a row got the same one, each with the state and the value twice: what changed
on the way changed in one of them, and nothing is read of an analyser that warms up or lacks flow. A trace comes as one
block, with a sum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.errors import ImplausibleReading, ProtocolError
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Setting, fixed
from drivers.reading import Reading
from drivers.replies import parse_number, scientific
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from drivers.session import Steps

UNIT = "umol/mol"
STATES = {"WARM": "it warms up", "FLOW": "its sample flow is too small", "MEAS": "it measures"}
"""State as the analyser says it, and what it means."""
_VALUE = re.compile(scientific(6))
_NUMBER = r"[+-]\d\.\d{6}E[+-]\d{2}"
_NAMES = re.compile(r"[A-Za-z0-9]+(,[A-Za-z0-9]+){0,3}")
_TRACE = re.compile(rf"(?P<period>\d+\.\d);(?P<points>\d+);(?P<data>{_NUMBER}(,{_NUMBER})*);(?P<check>-?\d+)")
ATTEMPTS = 4
"""How often a value is asked for before it counts as never the same: a new sample may come in between."""
LARGEST = 1.2e6
"""Largest indication that can be, µmol/mol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Hold a block of readings from the analyser's memory."""

    component: str
    """Channel."""
    period_s: float
    """Time between two readings, s; the first was stored when the trace was started."""
    values: tuple[float, ...]
    """Indications, µmol/mol, oldest first."""
    reading: Reading
    """The last of them as a reading, with the whole reply."""


class GasAnalyser(Instrument):
    """Drive the analyser."""

    joins_check = True

    averaging = Setting("SENS:AVER:TIME {:.1f}", "SENS:AVER:TIME?", unit="s", reply=fixed(1), low=0.0, high=120.0)
    warm_up_left = Measurement("SYST:WARM?", unit="s", reply=fixed(1), low=0.0)
    flow = Measurement("MEAS:FLOW?", unit="l/min", reply=fixed(3), low=-0.5, high=20.0)

    adjust_zero = Command("CAL:ZERO")
    forget_adjustments = Command("CAL:FACT")

    _channels: tuple[str, ...] | None = None

    def prepare(self) -> Steps[None]:
        """Forget old errors, and ask which channels there are.

        Raises:
            ProtocolError: the reply is no list of components.
        """
        yield from self.clear_status()
        raw = yield from self.ask("CONF:CHAN?")
        if _NAMES.fullmatch(raw) is None or raw != (yield from self.ask("CONF:CHAN?")):
            raise self.doubt(f"CONF:CHAN?: reply {raw!r} is not one to four components, or not twice the same")
        self._channels = tuple(raw.split(","))

    def channels(self) -> Steps[tuple[str, ...]]:
        """Return the components that it measures, in order."""
        yield from self.ready()
        return self._channels or ()

    def state(self) -> Steps[str]:
        """Return its state: "WARM", "FLOW" or "MEAS".

        Raises:
            ProtocolError: it says something else.
        """
        yield from self.ready()
        raw = yield from self.ask("SYST:STAT?")
        if raw not in STATES:
            raise self.doubt(f"SYST:STAT?: reply {raw!r} is none of {', '.join(STATES)}")
        return raw

    def locked(self, component: str) -> Steps[bool]:
        """Tell whether it refuses to give a value: 9.91E37 for "not a number", asked for twice.

        Raises:
            ProtocolError: the two replies differ in form or value.
        """
        number = yield from self._number(component)
        raw = yield from self.ask(f"MEAS:CONC? {number};CONC? {number}")
        first, _, second = raw.partition(";")
        if first != second or _VALUE.fullmatch(first) is None:
            raise self.doubt(f"MEAS:CONC? {number}: reply {raw!r} is not twice the same number")
        return float(first) >= 9.9e37

    def read(self, component: str, expect: tuple[float, float] | None = None) -> Steps[Reading]:
        """Read one channel while it measures, µmol/mol.

        Args:
            component: its name.
            expect: least and largest value that can be true here; None where nothing is known.

        Raises:
            ImplausibleReading: it is outside of `expect`, or the analyser does not measure.
            ProtocolError: the replies are not of the form, differ, or there is no such channel.
        """
        number = yield from self._number(component)
        before = ""
        for _ in range(ATTEMPTS):
            raw = yield from self.ask(f"MEAS:CONC? {number};:SYST:STAT?;:MEAS:CONC? {number}")
            parts = raw.split(";")
            if len(parts) != 3 or parts[0] != parts[2] or parts[1] not in STATES:
                raise self.doubt(f"{component}: reply {raw!r} is not value;state;the same value")
            if parts[1] != "MEAS":
                raise ImplausibleReading(
                    f"{self.role}: no reading of {component}: {STATES[parts[1]]} (state {parts[1]})"
                )
            if parts[0] == before:
                return self._reading(component, before, raw, expect)
            before = parts[0]
        raise self.doubt(f"{component}: of {ATTEMPTS} readings in a row no two are the same; last: {raw!r}")

    def steady_flow(self) -> Steps[Reading]:
        """Read the sample flow, l/min, twice the same.

        Raises:
            ProtocolError: no two readings in a row are the same.
        """
        before = yield from self.flow.read()
        for _ in range(ATTEMPTS):
            reading = yield from self.flow.read()
            if reading.raw == before.raw:
                return reading
            before = reading
        raise self.doubt(f"flow: of {ATTEMPTS} readings in a row no two are the same; last: {before.raw!r}")

    def start_trace(self, period_s: float) -> Steps[None]:
        """Clear the memory and store all channels in this period, s, from now on.

        Raises:
            ReportedError: it refused.
            ProtocolError: it stores in another period.
        """
        yield from self.tell(f"TRAC:STAR {period_s:.1f}", f"start of a trace every {period_s:g} s")
        raw = yield from self.ask("TRAC:PER?")
        if raw != f"{period_s:.1f}":
            raise self.doubt(f"TRAC:PER?: reply {raw!r} is not {period_s:.1f}")

    def trace(self, component: str, period_s: float) -> Steps[Trace]:
        """Fetch what was stored of a channel since `start_trace`, in one message.

        Raises:
            ProtocolError: the reply is not of the form, its sum or its count is wrong, or the period is another.
            ImplausibleReading: it did not measure all the time.
        """
        number = yield from self._number(component)
        raw = yield from self.ask(f"TRAC:PER?;POIN?;DATA? {number};CHEC? {number}", timeout_s=20.0)
        match = _TRACE.fullmatch(raw)
        if match is None:
            raise self.doubt(f"trace of {component}: reply {raw[:60]!r}... is not period;points;values;sum")
        texts = match["data"].split(",")
        total = sum(int(text.partition("E")[0].replace(".", "")) for text in texts)
        if match["period"] != f"{period_s:.1f}" or len(texts) != int(match["points"]) or total != int(match["check"]):
            raise self.doubt(
                f"trace of {component}: period {match['period']} s, {match['points']} points and sum {match['check']} "
                f"do not fit {period_s:.1f} s and the {len(texts)} values that came"
            )
        values = tuple(float(text) for text in texts)
        if max(values) > LARGEST:
            raise ImplausibleReading(f"{self.role}: trace of {component}: it did not measure all the time")
        return Trace(
            component=component,
            period_s=period_s,
            values=values,
            reading=self._reading(component, texts[-1], raw, None),
        )

    def adjust_span(self, component: str, value: float) -> Steps[None]:
        """Have it take the present indication for a value, µmol/mol.

        Raises:
            ReportedError: it refused.
        """
        number = yield from self._number(component)
        yield from self.tell(f"CAL:SPAN {number},{value:.6E}", f"span of {component} = {value:g} {UNIT}")

    def _number(self, component: str) -> Steps[int]:
        yield from self.ready()
        names = self._channels or ()
        if component not in names:
            raise ProtocolError(f"{self.role}: it has no channel {component!r}; it has {', '.join(names)}")
        return names.index(component) + 1

    def _reading(self, component: str, text: str, raw: str, expect: tuple[float, float] | None) -> Reading:
        try:
            value = parse_number(self.role, component, _VALUE, text)
        except ProtocolError:
            self.mistrust()
            raise
        if expect is not None and not expect[0] <= value <= expect[1]:
            raise ImplausibleReading(
                f"{self.role}: {component}: {value:g} {UNIT} cannot be true here: {expect[0]:.6g} to {expect[1]:.6g} "
                f"{UNIT} is possible; check the gas, the analyser and the line to it"
            )
        return Reading(
            name=component,
            indication=Quantity(value=value, unit=UNIT),
            instrument=self.role,
            time_s=self.session.now(),
            raw=raw,
        )


driver = GasAnalyser
"""What a data sheet builds by `driver = "gas_analyser"`."""
