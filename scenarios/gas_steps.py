"""Steps that procedures for gas analysers share: let a gas flow, read the device, see that the gas was still there.

Roles: "selector" (a valve with cylinders, `drivers/gas_selector.py`) and "device" (`drivers/gas_analyser.py`);
"mains", where the bench has one, is asked first when the device does not answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from drivers.errors import ImplausibleReading, TransportError
from drivers.reading import Reading
from scenarios.gas_response import Stepped
from scenarios.procedure import ProcedureAborted
from scenarios.sheet import Duration, Number, Percent, Prescribed, SheetError
from uncertainty.conformity import Verdict
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    from scenarios.procedure import Desk, Process


ADJUSTED = 0.02
"""Largest relative difference from the certified value right after an adjustment: more means that it was not heard."""


UNSETTLED = 0.01
"""Share of a step that an indication may move between two looks and still counts as settled."""
MIDDLE = 0.6
"""Share of a record at whose end it is looked at for the first time."""
LOOKS = 6
"""How often it is looked at again, a time of purging apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Plan how gases are let to the device."""

    inlets: dict[str, int]
    """Reference (key in the station's `laboratory.references`) -> inlet of the selector."""
    zero: str
    """Reference that is the zero gas."""
    flow: Prescribed
    """Flow of the selector, more than the device takes."""
    flow_tolerance: Percent
    """Largest difference of the measured flow from it."""
    purge: Duration
    """Time that a gas flows before it is read."""
    pressure: Prescribed
    """Least cylinder pressure with which a run is begun."""
    samples: Number
    """Readings in a block whose mean counts as one (trace of the device's own memory)."""
    period: Duration
    """Time between two readings of such a block: at least the device's averaging time."""

    def inlet(self, reference: str) -> int:
        """Return the inlet of a reference.

        Raises:
            SheetError: it is connected nowhere.
        """
        try:
            return self.inlets[reference]
        except KeyError:
            known = ", ".join(self.inlets)
            raise SheetError("procedure.supply.inlets", f"{reference!r} is not connected; there are {known}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Hold what was read while one gas flowed."""

    readings: tuple[Reading, ...]
    """Everything that the instruments said, in order."""
    values: dict[str, float]
    """Component -> indication, or the mean of a block, µmol/mol."""
    blocks: dict[str, tuple[float, ...]]
    """Component -> indications of the block; empty for single readings."""


class GasBench:
    """Speak to selector and device in the steps of a procedure."""

    def __init__(self, desk: Desk, supply: Supply, marked: tuple[float, float] | None = None) -> None:
        """Begin.

        Args:
            desk: the bench.
            supply: how gases are let to the device.
            marked: least and largest mains voltage of the device, V, where the bench feeds it.
        """
        self.desk, self.supply, self._marked = desk, supply, marked

    def let(self, step: str, reference: str) -> Process:
        """Let a gas flow until the device can be read."""
        inlet, flow = self.supply.inlet(reference), self.supply.flow.to("l/min")

        def steps() -> Process:
            yield from self.desk.instrument("selector").select(inlet, flow)
            yield from self.desk.wait(self.supply.purge.to("s"))

        yield from self.desk.state(f"{step}/{reference}/flows", steps, self.supply.purge.to("s"))

    def begin(self, step: str) -> Generator[Any, Any, float]:
        """Return the bench time at which a series begins, s: the same one after an interruption."""

        def moment() -> Generator[Any, Any, float]:
            yield from ()
            return self.desk.now

        return (yield from self.desk.attempt(f"{step}/begin", float, moment))

    def until(self, step: str, due_s: float) -> Process:
        """Wait for a bench time, s; nothing to wait for if it is over."""

        def steps() -> Process:
            yield from self.desk.wait(max(0.0, due_s - self.desk.now))

        yield from self.desk.state(f"{step}/wait", steps)

    def pause(self, step: str) -> Process:
        """Let the device's averaging forget its last reading, while the gas flows on."""
        yield from self.desk.state(f"{step}/pause", lambda: self.desk.wait(self.supply.period.to("s")))

    def rest(self, step: str) -> Process:
        """Close the valve; the device draws room air from the open end."""
        yield from self.desk.state(f"{step}/rest", lambda: self.desk.instrument("selector").select(0, 0.0))

    def stocked(self, step: str) -> Process:
        """See that every cylinder has gas for a run.

        Raises:
            ProcedureAborted: one has too little.
        """
        yield from self.desk.attempt(step, bool, lambda: self._stocked(step))

    def _stocked(self, step: str) -> Generator[Any, Any, bool]:
        least = self.supply.pressure.to("MPa")
        selector = self.desk.instrument("selector")
        for reference, inlet in self.supply.inlets.items():
            reading = self.desk.keep(f"{step}/{reference}", (yield from selector.pressure_of(inlet)))
            if reading.indication.value < least:
                raise ProcedureAborted(
                    f"selector: {reference} at inlet {inlet} has {reading.indication.value:g} MPa, less than {least:g} "
                    "MPa; connect a full cylinder and open its valve"
                )
        return True

    def read(
        self, step: str, reference: str, components: Sequence[str], *, block: bool = False
    ) -> Generator[Any, Any, Taken]:
        """Read some components while a gas flows, each once or as the mean of a block.

        Returns:
            `Taken`, journalled whole.
        """

        def steps() -> Generator[Any, Any, Taken]:
            taken: Taken = yield from self.guarded(lambda: self._read(step, reference, components, block))
            return taken

        return (yield from self.desk.attempt(step, Taken, steps))

    def _read(self, step: str, reference: str, components: Sequence[str], block: bool) -> Generator[Any, Any, Taken]:
        device = self.desk.instrument("device")
        readings: list[Reading] = []
        values: dict[str, float] = {}
        blocks: dict[str, tuple[float, ...]] = {}
        if block:
            count = round(self.supply.samples.value)
            found = yield from self.recorded(step, components, count, self.supply.period.to("s"))
            for component, (reading, trace) in found.items():
                readings.append(reading)
                blocks[component] = trace
                values[component] = sum(trace) / len(trace)
        else:
            for component in components:
                reading = self.desk.keep(f"{step}/{component}", (yield from device.read(component)))
                readings.append(reading)
                values[component] = reading.indication.value
        readings += yield from self.confirmed(step, reference)
        return Taken(readings=tuple(readings), values=values, blocks=blocks)

    def recorded(
        self,
        step: str,
        components: Sequence[str],
        count: int,
        period_s: float,
        between: Callable[[], Process] | None = None,
    ) -> Generator[Any, Any, dict[str, tuple[Reading, tuple[float, ...]]]]:
        """Have the device store `count` readings, and fetch them in one message per component.

        Args:
            step: step of the procedure.
            components: which.
            count: how many readings.
            period_s: time between two of them, s.
            between: what is done while it stores; None for nothing.

        Raises:
            ProcedureAborted: fewer were stored.
        """
        device = self.desk.instrument("device")
        yield from device.start_trace(period_s)
        end = self.desk.now + period_s * (count - 0.5)
        if between is not None:
            yield from between()
        yield from self.desk.wait(max(0.0, end - self.desk.now))
        found = {}
        for component in components:
            trace = yield from device.trace(component, period_s)
            self.desk.keep(f"{step}/{component}", trace.reading)
            found[component] = trace.reading, trace.values[:count]
            if len(trace.values) < count:
                raise ProcedureAborted(
                    f"device: {step}: {len(trace.values)} readings of {component} were stored, not {count}; check its "
                    "clock and whether it was restarted"
                )
        return found

    def stepped(
        self, step: str, gas: str, components: Sequence[str], *, lead_s: float, length_s: float, period_s: float
    ) -> Generator[Any, Any, Stepped]:
        """Let a gas follow the one that flows, while the device records.

        Args:
            step: step of the procedure.
            gas: reference.
            components: which are recorded.
            lead_s: time that is recorded before the step, s.
            length_s: time that is recorded after it, s.
            period_s: time between two values, s: that in which the device renews them.
        """
        begin = self.desk.now
        moment: list[float] = []

        def change() -> Process:
            yield from self.desk.wait(lead_s)
            moment.append(self.desk.now)
            yield from self.desk.instrument("selector").select(self.supply.inlet(gas), self.supply.flow.to("l/min"))

        count = round((lead_s + length_s) / period_s)
        found = yield from self.guarded(lambda: self.recorded(step, components, count, period_s, between=change))
        settled = yield from self.guarded(lambda: self._settled(step, found))
        said = yield from self.confirmed(step, gas)
        # The first stored value is the last that the device had made by then: half a period earlier in the mean.
        first = begin - period_s / 2 - moment[0]
        return Stepped(
            readings=(*(reading for reading, _ in found.values()), *said),
            values={component: values for component, (_, values) in found.items()},
            since_step=tuple(round(first + index * period_s, 6) for index in range(count)),
            settled=settled,
        )

    def _settled(
        self, step: str, found: Mapping[str, tuple[Reading, tuple[float, ...]]]
    ) -> Generator[Any, Any, dict[str, float]]:
        """Return what each indication comes to: the end of its trace, or, while it still climbs, a later reading."""
        settled: dict[str, float] = {}
        device, tail = self.desk.instrument("device"), round(self.supply.samples.value)
        for component, (_, trace) in found.items():
            middle = round(MIDDLE * len(trace))
            before, end = sum(trace[middle - tail : middle]) / tail, sum(trace[-tail:]) / tail
            for look in range(1, LOOKS + 1):
                if abs(end - before) <= UNSETTLED * abs(end - trace[0]):
                    break
                yield from self.desk.wait(self.supply.purge.to("s"))
                reading = self.desk.keep(f"{step}/{component}/settled/{look}", (yield from device.read(component)))
                before, end = end, reading.indication.value
            else:
                raise ProcedureAborted(
                    f"device: {component} still moves {LOOKS} times {self.supply.purge.to('s'):g} s after the step; "
                    "check its flow and the gas"
                )
            settled[component] = end
        return settled

    def block(self, step: str, gas: str, components: Sequence[str], count: int) -> Generator[Any, Any, Taken]:
        """Have the device store `count` readings in a row while a gas flows; journalled whole."""

        def steps() -> Generator[Any, Any, Taken]:
            period = self.supply.period.to("s")
            found = yield from self.guarded(lambda: self.recorded(step, components, count, period))
            said = yield from self.confirmed(step, gas)
            return Taken(
                readings=(*(reading for reading, _ in found.values()), *said),
                values={component: sum(v) / len(v) for component, (_, v) in found.items()},
                blocks={component: v for component, (_, v) in found.items()},
            )

        return (yield from self.desk.attempt(step, Taken, steps))

    def adjust(self, step: str, gas: str, spans: Mapping[str, float]) -> Process:
        """Have the device take the gas that flows for zero, or, where components are named, for their values.

        Args:
            step: step of the procedure.
            gas: reference.
            spans: component -> certified value, µmol/mol; empty to adjust the zero of all.
        """
        device = self.desk.instrument("device")

        def commands() -> Generator[Any, Any, bool]:
            if not spans:
                yield from device.adjust_zero()
            for component, value in spans.items():
                yield from device.adjust_span(component, value)
                off = ADJUSTED * value
                yield from device.read(component, expect=(value - off, value + off))
            return True

        def steps() -> Generator[Any, Any, bool]:
            done: bool = yield from self.guarded(commands)
            yield from self.confirmed(step, gas)
            return done

        yield from self.let(step, gas)
        yield from self.desk.attempt(step, bool, steps)

    def confirmed(self, step: str, reference: str) -> Generator[Any, Any, tuple[Reading, ...]]:
        """See that the gas still flows, and keep what the selector says.

        Raises:
            ImplausibleReading: it does not.
        """
        flow = self.supply.flow.to("l/min")
        said = yield from self.desk.instrument("selector").confirm(
            self.supply.inlet(reference), flow, self.supply.flow_tolerance.to("1")
        )
        return tuple(self.desk.keep(f"{step}/selector/{reading.name}", reading) for reading in said)

    def guarded(self, steps: Callable[[], Generator[Any, Any, Any]]) -> Generator[Any, Any, Any]:
        """Run some steps; where the device fails, look first whether it has its mains."""
        try:
            return (yield from steps())
        except (ImplausibleReading, TransportError):
            yield from self.fed()
            raise

    def fed(self) -> Process:
        """See that the device has its mains, where the bench feeds it.

        Raises:
            ProcedureAborted: it has not.
        """
        if self._marked is None:
            return
        low, high = self._marked
        reading = yield from self.desk.instrument("mains").measured_voltage.read()
        if not low <= reading.indication.value <= high:
            raise ProcedureAborted(
                f"mains: {reading.indication} at the device under test, not {low:g} V to {high:g} V; check the source, "
                "and begin again after the warm-up"
            )


def plain(text: str) -> Text:
    """Return a text that needs no translation: numbers, symbols, names of gases."""
    return Text(zh=text, en=text)


def verdict(conforms: bool) -> Verdict:
    """Return the verdict on a finding."""
    return Verdict.PASS if conforms else Verdict.FAIL


def certified_components(values: Mapping[str, object], components: Sequence[str]) -> tuple[str, ...]:
    """Return those components of a device that a reference has a certified value for, in the device's order."""
    return tuple(component for component in components if component in values)
