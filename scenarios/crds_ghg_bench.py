"""Gases through the ring-down bench: select, humidify, wait, average, and believe what was read only if all agree."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from drivers.reading import Reading
from scenarios.crds_ghg_plan import Nameplate, Plan
from scenarios.procedure import ProcedureAborted
from scenarios.running import Running
from scenarios.sheet import SheetError

if TYPE_CHECKING:
    from collections.abc import Generator

    from drivers.analyser_crds import Records

    Process = Generator[Any, Any, Any]

WORKING = "working"
"""Name of the gas that needs no certificate: natural air for tests of the analyser against itself."""
COLUMNS = ("CO2", "CH4", "N2O", "CO2_raw", "CH4_raw", "N2O_raw", "H2O")
"""Columns whose means are kept."""
CLOCK_SLACK = 2
"""By how many records the analyser's count may differ from the bench's clock between two fetches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Hold the means over the records at the end of a gas."""

    readings: dict[str, Reading]
    """Column -> mean."""

    def value(self, column: str) -> float:
        """Return one mean, in its unit."""
        return self.readings[column].indication.value

    @property
    def time_s(self) -> float:
        """Return the bench time at which it was fetched, s."""
        return self.readings["H2O"].time_s


class GasBench(Running[Plan, Nameplate]):
    """Hold the state of a run, and handle its gases; the procedure's own class adds the items."""

    _set: tuple[str, float, float] | None = None  # gas, humidity, pressure that selector and humidifier were set to
    _counted: tuple[int, float] | None = None  # number of the last record, and when it was fetched

    def inlet(self, gas: str) -> int:
        """Return the selector's inlet of a gas.

        Raises:
            SheetError: the sheet does not say.
        """
        try:
            return self.plan.inlets[gas]
        except KeyError:
            raise SheetError(
                f"procedure.inlets.{gas}", f"missing; the sheet connects {', '.join(self.plan.inlets)}"
            ) from None

    def let_flow(self, step: str, gas: str, *, humidity: float = 0.0, pressure: float | None = None) -> Process:
        """Bring the bench into the state that a gas flows; humidity in %, pressure in kPa (None: the usual one)."""
        kpa = self.plan.inlet_pressure.to("kPa") if pressure is None else pressure
        yield from self.desk.state(
            f"{step}/{gas}/{humidity:g}/{kpa:g}", partial(self._adjust, gas, humidity, kpa), self.plan.flush.to("s")
        )

    def _adjust(self, gas: str, humidity: float, kpa: float) -> Process:
        before, self._set = self._set, None  # whatever fails on the way, nothing is taken for set
        if before is None or before[1:] != (humidity, kpa):
            yield from self.desk.instrument("humidifier").hold(humidity, kpa)
        if before is None or before[0] != gas:
            yield from self.desk.instrument("selector").select(self.inlet(gas), self.plan.flow.to("l/min"))
        self._set = gas, humidity, kpa

    def measure(
        self,
        step: str,
        gas: str,
        *,
        wait_s: float,
        average_s: float,
        humidity: float = 0.0,
        pressure: float | None = None,
    ) -> Generator[Any, Any, Segment]:
        """Let a gas flow, wait, and average; the averaging comes after the wait."""
        yield from self.let_flow(step, gas, humidity=humidity, pressure=pressure)
        kpa = self.plan.inlet_pressure.to("kPa") if pressure is None else pressure
        steps = partial(self._average, step, gas, humidity, kpa, wait_s, average_s)
        return (yield from self.desk.attempt(step, Segment, steps))

    def _average(
        self, step: str, gas: str, humidity: float, kpa: float, wait_s: float, average_s: float
    ) -> Generator[Any, Any, Segment]:
        yield from self.desk.wait(wait_s + average_s)
        records = yield from self.fetch(step, round(average_s), humidity=humidity, pressure=kpa)
        yield from self.still_flows(step, gas)
        segment = self.keep(step, records)
        self._believe_gas(step, gas, segment)
        return segment

    def keep(self, step: str, records: Records) -> Segment:
        """Return the means of records, committed to the journal."""
        means = {column: records.mean(column) for column in COLUMNS}
        return Segment(readings={column: self.desk.keep(f"{step}/{column}", mean) for column, mean in means.items()})

    def fetch(
        self, step: str, count: int, *, humidity: float | None = 0.0, pressure: float | None = None
    ) -> Generator[Any, Any, Records]:
        """Fetch records and believe them as far as the analyser's own housekeeping goes.

        Args:
            step: step of the procedure.
            count: how many.
            humidity: what the humidifier holds, %; None while it changes.
            pressure: what the humidifier holds at the inlet, kPa; None while it changes.

        Raises:
            ProcedureAborted: cavity, water, inlet pressure or the count of records cannot be right.
        """
        device, plan = self.desk.instrument("device"), self.plan.plausibility
        records: Records = yield from device.fetch(count)
        self.desk.keep(f"{step}/records", records.reading)
        self._believe_count(step, records)
        cavity = records.column("cavity_pressure")
        allowed, wanted = plan.cavity_pressure.to("kPa"), plan.cavity_set_point.to("kPa")
        off = float(abs(cavity - wanted).max())
        if off > allowed:
            raise ProcedureAborted(
                f"device: {step}: cavity pressure off by {off:.3g} kPa from {wanted:g} kPa, more than {allowed:g} kPa; "
                "check its pump and inlet"
            )
        if humidity is not None:
            yield from self._believe_water(step, records, humidity)
        if pressure is not None:
            inlet = yield from device.inlet_pressure.read()
            slack = plan.inlet_pressure.to("kPa")
            if abs(inlet.indication.value - pressure) > slack:
                raise ProcedureAborted(
                    f"humidifier: {step}: is to hold {pressure:g} kPa, but the device reads "
                    f"{inlet.indication.value:g} kPa at its inlet, more than {slack:g} kPa away; check both and the "
                    "line between them"
                )
        return records

    def _believe_count(self, step: str, records: Records) -> None:
        """Hold the analyser's count of records against the bench's clock: a restart or an old block shows there."""
        now, before = self.desk.now, self._counted
        self._counted = records.last, now
        if before is None:
            return
        counted, elapsed = records.last - before[0], now - before[1]
        if abs(counted - elapsed) > CLOCK_SLACK:
            raise ProcedureAborted(
                f"device: {step}: {counted} records were made in {elapsed:.0f} s; it was restarted, or sent an old "
                "block; check its supply, let it warm up and start again"
            )

    def _believe_water(self, step: str, records: Records, humidity: float) -> Process:
        """Hold the analyser's water against the humidifier's, or against dry gas.

        Raises:
            ProcedureAborted: they differ by more than two sound instruments may.
        """
        plan = self.plan.plausibility
        seen = float(records.column("H2O").mean())
        made = 0.0
        if humidity:
            reading = yield from self.desk.instrument("humidifier").measured_humidity.read()
            made = self.desk.keep(f"{step}/humidity", reading).indication.value
        for value in {made, humidity}:
            slack = plan.dry.to("%") + plan.humidity.to("%") / 100 * value
            if abs(seen - value) > slack:
                raise ProcedureAborted(
                    f"humidifier: {step}: is to hold {humidity:g} % and reads {made:g} %, but the device reads "
                    f"{seen:.4g} %, more than {slack:.3g} % away; check both and the line between them"
                )

    def still_flows(self, step: str, gas: str) -> Process:
        """See that the gas flowed to the end, and that its cylinder is not empty.

        Raises:
            ProcedureAborted: the cylinder holds less than it must.
        """
        flow, pressure, cylinder = yield from self.desk.instrument("selector").confirm(
            self.inlet(gas), self.plan.flow.to("l/min")
        )
        least = self.plan.plausibility.cylinder.to("MPa")
        for reading in (flow, pressure, cylinder):
            self.desk.keep(f"{step}/{reading.name}", reading)
        if cylinder.indication.value < least:
            raise ProcedureAborted(
                f"selector: {step}: the cylinder {gas!r} holds {cylinder.indication}, less than {least:g} MPa; "
                "connect a full one"
            )

    def _believe_gas(self, step: str, gas: str, segment: Segment) -> None:
        """Hold raw readings of a certified gas against its certificate: another gas, or an analyser that is broken.

        Raises:
            ProcedureAborted: they are further away than a delivered analyser can be.
        """
        reference = self.plan.references.get(gas)
        if reference is None or segment.value("H2O") > self.plan.plausibility.dry.to("%"):
            return
        for key, component in self.plan.components.items():
            value = reference.value(key).quantity.to(component.unit).value
            off = segment.value(f"{key}_raw") - value
            if abs(off) > component.credible.to(component.unit):
                raise ProcedureAborted(
                    f"selector: {step}: the device reads {off:+.4g} {component.unit} of {key} beside the "
                    f"certificate of {gas!r} (no. {reference.serial}); check which cylinder is at inlet "
                    f"{self.inlet(gas)}, and the device"
                )
