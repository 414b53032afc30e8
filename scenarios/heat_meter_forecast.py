"""What a heat meter's verification will take before any water runs: expected U per point, durations, steps of a day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scenarios.heat_meter_budget import (
    calculator_budget,
    calculator_point,
    flow_budget,
    flow_of,
    flow_point,
    pair_budget,
    pair_point,
    whole_budget,
    whole_point,
)
from scenarios.heat_meter_model import MJ_PER_KWH, heat_coefficient
from scenarios.planning import check, forecast_point
from scenarios.procedure import Step
from scenarios.water_model import density, expansion, lift
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from scenarios.heat_meter_plan import Nameplate, Plan
    from scenarios.procedure import Forecast
    from scenarios.sheet import Sheet

EXPECTED_DEGC, EXPECTED_KPA, EXPECTED_AIR = 50.0, 300.0, 1.2
"""Water and air for which durations and uncertainties are forecast."""
HEATING_S = 1800.0
"""Time that a bath usually takes to another temperature, for durations, s."""


def _water(plan: Plan, flow: float) -> dict[str, float]:
    """Return the values of a run that is planned at a flow (m³/h)."""
    rho = density(EXPECTED_DEGC, EXPECTED_KPA)
    factor = lift(rho, EXPECTED_AIR)
    run_s = plan.rig.run_s(flow, rho)
    volume = flow / 3600.0 * run_s
    return {
        "volume": volume,
        "mass": volume * rho / factor,
        "gate": run_s,
        "rho": rho,
        "beta": expansion(EXPECTED_DEGC, EXPECTED_KPA),
        "factor": factor,
    }


def forecast(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Forecast, ...]:
    """Return the expected uncertainty per point, before any water runs.

    Raises:
        PlanRefused: the expected U of a point exceeds its share of the MPE.
        SheetError: the sheet does not know the accuracy class, or a reference is missing.
    """
    found: list[Forecast] = []
    pressure = plan.pressure.to("kPa")
    thetas = [bath.to("degC") for bath in plan.pair.baths]
    for place in plan.pair.places:
        supply, back = place.supply.to("degC"), place.back.to("degC")
        budget = pair_budget(plan, (thetas, thetas), supply, back, 0.0)
        share = HEATING_S * len(thetas) / len(plan.pair.places)
        found.append(forecast_point(sheet, pair_point(plan, device, place), budget, share))
    settle, weigh = plan.rig.settling.delay.to("s"), 2.0 * plan.rig.weighing.to("s")
    for planned in plan.flow.points:
        water = _water(plan, flow_of(planned, device))
        budget = flow_budget(plan, water, 1)
        point = flow_point(plan, device, planned)
        found.append(forecast_point(sheet, point, budget, settle + water["gate"] + weigh))
    pulses = plan.calculator.pulses.value
    for place in plan.calculator.points:
        supply, back = place.supply.to("degC"), place.back.to("degC")
        k = heat_coefficient(supply, back, device.side, pressure)
        volume = pulses / device.k_factor.to("1/m**3").value
        energy = volume * k * (supply - back) / MJ_PER_KWH
        budget = calculator_budget(plan, energy_kwh=energy, volume=volume, k=k, supply=supply, back=back)
        duration = pulses / plan.calculator.rate.to("Hz") + plan.calculator.patience.to("s")
        found.append(forecast_point(sheet, calculator_point(plan, device, place), budget, duration))
    for combined in plan.whole.points:
        supply, back = combined.supply.to("degC"), combined.back.to("degC")
        k, water = heat_coefficient(supply, back, device.side, pressure), _water(plan, flow_of(combined, device))
        heat = k * (supply - back)
        budget = whole_budget(plan, heat=heat, k=k, difference=supply - back, water=water, repeats=1)
        point = whole_point(plan, device, combined)
        found.append(forecast_point(sheet, point, budget, HEATING_S + settle + water["gate"] + weigh))
    return check(sheet, found)


def steps(sheet: Sheet, plan: Plan, device: Nameplate) -> tuple[Step, ...]:
    """Return the steps of a verification with their durations and what they hold, for the plan of a day."""
    text, weigh = catalogue("scenarios"), 2.0 * plan.rig.weighing.to("s")
    settle = plan.rig.settling.delay.to("s")

    def run(flow: float) -> float:
        return plan.rig.run_s(flow, density(EXPECTED_DEGC, EXPECTED_KPA)) + weigh

    found = [
        Step(name=plan.pair.title, duration_s=HEATING_S * len(plan.pair.baths), holds=("baths",)),
        Step(name=text["heat_meter.step_mount"], duration_s=plan.handling.mount.to("s"), holds=("rig", "person")),
    ]
    for planned in plan.flow.points:
        found.append(Step(name=text["heat_meter.step_settle"], duration_s=settle, holds=("rig",)))
        found.append(Step(name=plan.flow.title, duration_s=run(flow_of(planned, device)), holds=("rig", "balance")))
    pulses = plan.calculator.pulses.value / plan.calculator.rate.to("Hz") + plan.calculator.patience.to("s")
    found.append(Step(name=plan.calculator.title, duration_s=pulses * len(plan.calculator.points), holds=("rig",)))
    for combined in plan.whole.points:
        found.append(Step(name=text["heat_meter.step_settle"], duration_s=HEATING_S + settle, holds=("rig", "baths")))
        seconds = run(flow_of(combined, device))
        found.append(Step(name=plan.whole.title, duration_s=seconds, holds=("rig", "baths", "balance")))
    found.append(
        Step(name=text["heat_meter.step_dismount"], duration_s=plan.handling.dismount.to("s"), holds=("rig", "person"))
    )
    return tuple(found)
