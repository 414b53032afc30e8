"""Nozzle combinations, mass flow and budget of the sonic-nozzle procedure, against numbers worked out apart."""

from __future__ import annotations

import dataclasses
import math
from itertools import combinations

import pytest

from bench.catalogue import System, find
from bench.laboratory import read as read_laboratory
from instruments.nozzle import mach_number as twin_mach_number
from scenarios import gas_properties as gas
from scenarios import gas_sonic_nozzle as scenario
from scenarios.gas_sonic_nozzle_model import (
    Fluid,
    NoCombination,
    budget,
    choose,
    mach_number,
    nozzles,
    relative_error,
    stagnation,
    standard,
)
from scenarios.procedure import PlanRefused
from uncertainty.quantity import Quantity

BINARY = {number: 2.5 * 2.0**power for power, number in enumerate(range(1, 9))}
"""Eight nozzles of 2.5 m³/h to 320 m³/h."""


def equipped(name: str) -> tuple[System, scenario.Nameplate]:
    system = find(name)
    laboratory = read_laboratory(system.sheet.station["laboratory"], "sheet")
    system = system.equipped(laboratory.references)
    nameplate = system.nameplate(laboratory.device, "sheet")
    assert isinstance(nameplate, scenario.Nameplate)
    return system, nameplate


@pytest.mark.parametrize("wanted", [2.5, 7.0, 20.0, 80.0, 160.0, 281.3, 400.0, 637.5])
def test_the_combination_is_the_nearest_of_all(wanted: float) -> None:
    chosen = choose(BINARY, wanted, 50.0)
    nearest = min(
        abs(sum(BINARY[number] for number in some) - wanted)
        for size in range(1, 9)
        for some in combinations(BINARY, size)
    )
    assert abs(sum(BINARY[number] for number in chosen) - wanted) == pytest.approx(nearest, abs=1e-6)


def test_of_equally_near_combinations_that_with_fewest_nozzles() -> None:
    assert choose({1: 10.0, 2: 10.0, 3: 20.0}, 20.0, 1.0) == (3,)


def test_a_flow_that_cannot_be_reached_is_refused() -> None:
    with pytest.raises(NoCombination, match=r"within 5 % of 700 m³/h; the nearest gives 637\.5"):
        choose(BINARY, 700.0, 5.0)
    with pytest.raises(NoCombination, match="add a nozzle"):
        choose(BINARY, 1.0, 5.0)


def test_mass_flow_by_hand() -> None:
    system, _ = equipped("gas_sonic_nozzle")
    known = nozzles(system.plan.references)
    fluid = Fluid(composition=gas.AIR)
    flow = standard(system.plan.bank, known, (4,), fluid, 101325.0, 293.15)
    nozzle, throat = known[4], gas.throat(gas.AIR, 101325.0, 293.15)
    assert round(throat.critical_flow_function, 6) == 0.685134
    reynolds = flow.bores[0].reynolds
    assert reynolds == pytest.approx(
        4.0 * flow.mass_flow / (math.pi * nozzle.diameter_m * gas.viscosity(gas.AIR, 101325.0, 293.15)), rel=1e-9
    )
    coefficient = nozzle.discharge_coefficient + 2.720 * (nozzle.reynolds**-0.5 - reynolds**-0.5)
    by_hand = nozzle.area_m2 * coefficient * 0.685134 * 101325.0 / math.sqrt(throat.gas_constant * 293.15)
    assert flow.mass_flow == pytest.approx(by_hand, rel=1e-6)


def test_stagnation_from_static_pressure() -> None:
    system, _ = equipped("gas_sonic_nozzle")
    bank = system.plan.bank
    pipe = math.pi / 4.0 * bank.manifold.to("m") ** 2
    M = mach_number(0.04, 1.4)
    area = (2.0 / 2.4 * (1.0 + 0.2 * M**2)) ** 3 / M
    assert area == pytest.approx(25.0, rel=1e-8)
    p0, T0 = stagnation(bank, 0.04 * pipe, 1e5, 293.0, 1.4)
    assert p0 == pytest.approx(1e5 * (1.0 + 0.2 * M**2) ** 3.5, rel=1e-12)
    assert 293.0 < T0 < 293.0 * (1.0 + 0.2 * M**2)


@pytest.mark.parametrize("area_ratio", [0.01, 0.1, 0.3])
def test_the_twins_pipe_before_a_nozzle_is_undone(area_ratio: float) -> None:
    """What the bank's twin does to stagnation conditions on their way to the transmitters, the procedure undoes."""
    system, _ = equipped("gas_sonic_nozzle")
    bank = system.plan.bank
    kappa, diameter = 1.4, bank.manifold.to("m")
    cooling = 1.0 + 0.5 * (kappa - 1.0) * twin_mach_number(area_ratio, kappa) ** 2
    static = 1e5 * cooling ** (-kappa / (kappa - 1.0))
    indicated = 293.15 * (1.0 - (1.0 - 0.75) * (1.0 - 1.0 / cooling))
    p0, T0 = stagnation(bank, area_ratio * math.pi / 4.0 * diameter**2, static, indicated, kappa)
    assert p0 == pytest.approx(1e5, rel=1e-8)
    assert T0 == pytest.approx(293.15, rel=1e-8)


def test_sensitivities_of_the_model() -> None:
    at = {"E": 0.0, "q_m": 0.1, "pack": 0.0, "T0": 293.15, "T": 293.15, "pulses": 1e4}
    assert relative_error(**at) == 0.0
    assert relative_error(d_cal=0.1, **at) == pytest.approx(-0.1, rel=2e-3)
    assert relative_error(d_T0=0.1, **at) == pytest.approx(+0.1 / 293.15 * 50.0, rel=1e-3)  # half weight
    assert relative_error(d_T=0.1, **at) == pytest.approx(-0.1 / 293.15 * 100.0, rel=1e-3)
    assert relative_error(d_p=0.1, **at) == pytest.approx(+0.1, rel=2e-3)
    assert relative_error(d_M=0.1, **at) == pytest.approx(+0.05, rel=2e-3)
    assert relative_error(d_leak=1e-4, **at) == pytest.approx(-0.1, rel=2e-3)
    assert relative_error(d_p0=0.1, d_p=0.1, **at) == pytest.approx(0.0, abs=1e-12)  # one barometer's error cancels


def test_the_budget_is_that_of_the_card_and_gives_the_published_uncertainty() -> None:
    """Cd 0.1 %, p 0.03 %, T 0.1 K at half weight (0.017 %), C* 0.02 %, meter p and T 0.04 %; published U = 0.25 %."""
    system, device = equipped("gas_sonic_nozzle")
    (single,) = [w for w in scenario.windows(system.plan, device) if w.point.key == "error/0.4qmax"]
    planned = scenario.planned_run(system.plan, single, device)
    result = budget(system.plan, nozzles(system.plan.references), planned, repeats=3).gum(k=2.0)
    lines = {line.name: abs(line.contribution) for line in result.lines}
    assert math.hypot(lines["d_cal"], lines["d_own"]) == pytest.approx(0.1, rel=2e-3)
    assert lines["d_p0"] == pytest.approx(0.03, rel=1e-3)
    assert round(lines["d_T0"], 3) == 0.017
    assert lines["d_cstar"] == pytest.approx(0.02, rel=1e-3)
    assert round(math.hypot(lines["d_p"], lines["d_T"]), 2) == 0.04
    assert result.U == pytest.approx(0.24, abs=0.005)
    assert round(result.U, 1) <= 0.25


def test_nozzles_in_parallel_share_what_their_calibrations_have_in_common() -> None:
    system, device = equipped("gas_sonic_nozzle")
    both = {w.point.key: w for w in scenario.windows(system.plan, device)}
    known = nozzles(system.plan.references)

    def contributions(key: str) -> dict[str, float]:
        planned = scenario.planned_run(system.plan, both[key], device)
        gum = budget(system.plan, known, planned, repeats=3).gum(k=2.0)
        return {
            line.name: line.standard_uncertainty if hasattr(line, "standard_uncertainty") else line.u
            for line in gum.lines
        }

    one, three = contributions("error/0.4qmax"), contributions("error/0.7qmax")
    assert len(both["error/0.7qmax"].combination) == 3
    assert three["d_cal"] == pytest.approx(one["d_cal"], rel=0.01)
    assert three["d_own"] < 0.8 * one["d_own"]


def test_a_nozzle_in_the_transition_counts_with_its_share() -> None:
    system, device = equipped("gas_sonic_nozzle_ng")
    known = nozzles(system.plan.references)
    found = {}
    for window in scenario.windows(system.plan, device):
        names = {
            line.name
            for line in budget(system.plan, known, scenario.planned_run(system.plan, window, device), repeats=3)
            .gum(k=2.0)
            .lines
        }
        found[window.point.key] = "d_transition" in names
    assert found == {
        "error/qmax": False,
        "error/0.7qmax": True,
        "error/0.4qmax": False,
        "error/qt": False,
        "error/qmin": True,
    }


def test_scattered_runs_widen_the_budget() -> None:
    system, device = equipped("gas_sonic_nozzle")
    window = scenario.windows(system.plan, device)[0]
    planned, known = scenario.planned_run(system.plan, window, device), nozzles(system.plan.references)
    calm = budget(system.plan, known, planned, repeats=3, observed=0.05).gum(k=2.0).U
    wild = budget(system.plan, known, planned, repeats=3, observed=0.5).gum(k=2.0).U
    assert calm == budget(system.plan, known, planned, repeats=3).gum(k=2.0).U
    assert wild > 2.0 * calm


def test_what_cannot_be_planned_is_refused_with_its_reason() -> None:
    system, device = equipped("gas_sonic_nozzle")
    sheet, plan = system.sheet, system.plan
    with pytest.raises(PlanRefused, match=r"error/qmax: no combination .* 5000 m³/h"):
        scenario.forecast(sheet, plan, dataclasses.replace(device, largest_flow=Quantity(value=5000.0, unit="m**3/h")))
    with pytest.raises(PlanRefused, match=r"exceeds 0\.167 %"):
        scenario.forecast(sheet, plan, dataclasses.replace(device, accuracy_class="0.5"))
    with pytest.raises(PlanRefused, match="nozzle 1 would work at Re"):
        narrow = dataclasses.replace(
            plan.bank, lowest_reynolds=dataclasses.replace(plan.bank.lowest_reynolds, value=5e4)
        )
        scenario.forecast(
            sheet,
            dataclasses.replace(plan, bank=narrow),
            dataclasses.replace(device, smallest_flow=Quantity(value=2.5, unit="m**3/h")),
        )
    with pytest.raises(Exception, match="no class '9'"):
        scenario.forecast(sheet, plan, dataclasses.replace(device, accuracy_class="9"))


def test_the_range_of_reynolds_numbers_in_dispute_is_not_called_verified() -> None:
    for name in ("gas_sonic_nozzle", "gas_sonic_nozzle_ng"):
        bank = find(name).plan.bank
        assert not bank.highest_reynolds.verified
        assert "disagree" in str(bank.highest_reynolds.note)


@pytest.mark.parametrize(
    ("pressure", "refusal"), [(200.0, None), (2500.0, None), (5000.0, r"nozzle 7 would work at Re = 1\.67e\+07")]
)
def test_natural_gas_from_low_to_high_pressure(pressure: float, refusal: str | None) -> None:
    """At 5 MPa the largest nozzle leaves the range on which the public quotations of ISO 9300 agree: refused."""
    system, device = equipped("gas_sonic_nozzle_ng")
    gas_plan = dataclasses.replace(
        system.plan.gas, pressure=dataclasses.replace(system.plan.gas.pressure, value=pressure)
    )
    plan = dataclasses.replace(system.plan, gas=gas_plan)
    if refusal is None:
        forecasts = scenario.forecast(system.sheet, plan, device)
        assert all(one.U < 0.3 for one in forecasts)
    else:
        with pytest.raises(PlanRefused, match=refusal):
            scenario.forecast(system.sheet, plan, device)
