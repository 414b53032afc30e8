"""Which nozzles serve which flow: the plan of a sonic-nozzle verification, before anything is opened."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios import gas_properties as gas
from scenarios.gas_properties import KELVIN, GasError
from scenarios.gas_sonic_nozzle_model import Fluid, NoCombination, Run, Standard, choose, nozzles, standard
from scenarios.procedure import PlanRefused
from scenarios.record import TestPoint
from scenarios.sheet import SheetError
from uncertainty.quantity import Quantity

if TYPE_CHECKING:
    from scenarios.gas_sonic_nozzle_plan import Nameplate, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hold one planned flow with the nozzles that serve it."""

    point: TestPoint
    """The plan."""
    combination: tuple[int, ...]
    """Nozzles to be opened."""
    standard: Standard
    """Their mass flow under the expected conditions."""
    density: float
    """Density expected at the meter, kg/m³."""
    duration: float
    """Duration of a run, s."""

    @property
    def flow(self) -> float:
        """Volume flow expected at the meter, m³/h."""
        return self.point.settings["flow"].value


def expected_fluid(plan: Plan) -> Fluid:
    """Return the gas that the sheet expects.

    Raises:
        SheetError: its composition cannot be used.
    """
    if plan.gas.kind == "air":
        pressure, temperature = plan.gas.pressure.to("Pa"), plan.gas.temperature.to("degC") + KELVIN
        return Fluid(composition=gas.AIR, water=gas.water_fraction(temperature, pressure, plan.gas.humidity.to("%")))
    try:
        return Fluid(composition=gas.composition(plan.gas.composition))
    except GasError as problem:
        raise SheetError("procedure.gas.composition", str(problem)) from None


def by_class(table: dict[str, Any], device: Nameplate, key: str) -> Any:
    """Return what a table of the sheet says of the device's accuracy class.

    Raises:
        SheetError: nothing; names the key.
    """
    if device.accuracy_class not in table:
        raise SheetError(f"procedure.{key}", f"no class {device.accuracy_class!r}; the sheet knows {', '.join(table)}")
    return table[device.accuracy_class]


def windows(plan: Plan, device: Nameplate) -> tuple[Window, ...]:
    """Return the planned flows, each with the combination of nozzles nearest to it, in order.

    Raises:
        PlanRefused: no combination comes near enough to a flow, or a nozzle would be used outside of its curve.
        SheetError: the sheet does not know the accuracy class, or lacks a nozzle's certificate.
    """
    known, fluid, bank = nozzles(plan.references), expected_fluid(plan), plan.bank
    p, T = plan.gas.pressure.to("Pa"), plan.gas.temperature.to("degC") + KELVIN
    density = fluid.density(p, T)
    capacities = {number: standard(bank, known, [number], fluid, p, T).mass_flow / density * 3600.0 for number in known}
    zones, runs = by_class(plan.mpe, device, "mpe"), by_class(plan.error.runs, device, "error.runs")
    planned = []
    for flow_point in plan.error.points:
        wanted = device.flow(flow_point)
        try:
            combination = choose(capacities, wanted, bank.combination.to("%"))
        except NoCombination as problem:
            raise PlanRefused(f"error/{flow_point.key}: {problem}") from None
        mass = standard(bank, known, combination, fluid, p, T)
        for bore in mass.bores:
            if not bank.lowest_reynolds.value <= bore.reynolds <= bank.highest_reynolds.value:
                raise PlanRefused(
                    f"error/{flow_point.key}: nozzle {bore.number} would work at Re = {bore.reynolds:.3g}, outside of "
                    f"{bank.lowest_reynolds.value:.3g} to {bank.highest_reynolds.value:.3g} where its curve holds; "
                    "use another nozzle or pressure"
                )
        flow = mass.mass_flow / density * 3600.0
        upper = wanted >= device.transition_flow.to("m**3/h").value * (1.0 - 1e-9)
        mpe = (zones.upper if upper else zones.lower).to("%")
        duration = max(plan.error.window.to("s"), plan.error.pulses.value / device.constant / flow * 3600.0)
        point = TestPoint(
            key=f"error/{flow_point.key}",
            label=flow_point.label,
            settings={"flow": Quantity(value=round(flow, 3), unit="m**3/h")},
            repeats=round(runs.value),
            mpe=Quantity(value=mpe, unit="%"),
            about={"nozzles": "+".join(map(str, combination))},
        )
        planned.append(
            Window(point=point, combination=combination, standard=mass, density=density, duration=math.ceil(duration))
        )
    return tuple(planned)


def planned_run(plan: Plan, window: Window, device: Nameplate) -> Run:
    """Return a run as it is expected: an error of zero, a line at rest."""
    volume = window.standard.mass_flow * window.duration / window.density
    return Run(
        error=0.0,
        pulses=volume * device.constant,
        duration=window.duration,
        standard=window.standard,
        pack=0.0,
        density=window.density,
        temperature=plan.gas.temperature.to("degC") + KELVIN,
        volume=volume,
        indicated=volume,
        reynolds=1.0,
    )
