"""Models and budgets of gas analysers against hand calculations, and the limits of R 144 at the card's points."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

import pytest

from bench.catalogue import find
from scenarios import gas_model as model
from scenarios.gas_response import crossing
from scenarios.references import Certified
from scenarios.sheet import Effect, Prescribed
from uncertainty.quantity import Quantity
from uncertainty.text import Text

if TYPE_CHECKING:
    from scenarios.limits import Limit

NOTHING = Text(zh="", en="")


def effect(**values: object) -> Effect:
    return Effect(label=NOTHING, source="test", **{"distribution": "normal", "unit": "umol/mol", **values})  # type: ignore[arg-type]


def certified(value: float, U: float, unit: str = "umol/mol") -> Certified:
    return Certified(quantity=Quantity(value=value, unit=unit), U=Quantity(value=U, unit=unit))


REP, PURGE = effect(u=0.3), effect(distribution="rectangular", half_width=0.05, unit="%")


def test_error_is_indication_minus_certified_value() -> None:
    found = model.error_budget(certified(80.0, 0.8), NOTHING, rep=REP, purge=PURGE, y=81.5, n=3).gum(p=0.95, k=2.0)
    assert found.value == pytest.approx(1.5)
    assert found.u == pytest.approx(math.sqrt(0.4**2 + 0.3**2 / 3 + (80 * 5e-4 / math.sqrt(3)) ** 2), rel=1e-9)


def test_published_budget_of_a_co2_monitor() -> None:
    # A CO2 monitor, gas Urel 1 % (k = 2), resolution 1 µmol/mol: u_gas 0.5 %, u_res 0.29 µmol/mol.
    resolution = effect(u=0.29)
    found = model.error_budget(
        certified(1000.0, 10.0), NOTHING, rep=resolution, purge=effect(u=0.0, unit="%"), y=1003.0, n=1
    ).gum(p=0.95, k=2.0)
    assert found.lines[0].contribution == pytest.approx(5.0)
    assert found.lines[1].contribution == pytest.approx(0.29)
    assert found.u == pytest.approx(math.hypot(5.0, 0.29), rel=1e-9)


def test_fiducial_and_relative_errors() -> None:
    gas = certified(16.0, 0.16, "%")
    common = {"rep": effect(u=0.0), "purge": effect(u=0.0, unit="%"), "y": 162000.0, "n": 1}
    fiducial = model.error_budget(gas, NOTHING, form=model.fiducial_error, unit="%", span=2e5, **common)  # type: ignore[arg-type]
    relative = model.error_budget(gas, NOTHING, form=model.relative_error, unit="%", **common)  # type: ignore[arg-type]
    assert fiducial.gum(p=0.95, k=2.0).value == pytest.approx(1.0)
    assert fiducial.gum(p=0.95, k=2.0).u == pytest.approx(0.4)
    assert relative.gum(p=0.95, k=2.0).value == pytest.approx(1.25)
    assert relative.gum(p=0.95, k=2.0).u == pytest.approx(0.5 * 1.0125)  # the certified value is also the divisor


def test_pooled_repeatability_stands_unless_it_is_contradicted() -> None:
    assert model.repeatability(REP, 4, 0.0).distribution.u == pytest.approx(0.15)
    assert model.repeatability(REP, 4, 0.89).distribution.u == pytest.approx(0.15)
    assert model.repeatability(REP, 4, 1.2).distribution.u == pytest.approx(0.6)


def test_variation_in_a_mixture_takes_the_ratio_of_contents() -> None:
    # 102 and 100 µmol/mol, both read 1 % too high: no variation.
    mixtures = (certified(102.0, 1.02), certified(100.0, 1.0))
    found = model.variation_budget(
        rep=REP, drift=effect(u=0.1), n=10, y=103.02, y_0=101.0, certified=mixtures, labels=(NOTHING, NOTHING)
    ).gum(p=0.95, k=2.0)
    assert found.value == pytest.approx(0.0, abs=1e-12)
    gases = math.hypot(1.01 * 0.51, 103.02 / 100 * 0.5)
    assert found.u == pytest.approx(math.sqrt(gases**2 + 0.3**2 / 5 + 0.1**2), rel=1e-6)
    alone = model.variation_budget(rep=REP, drift=effect(u=0.1), n=10, y=1.2, y_0=0.2).gum(p=0.95, k=2.0)
    assert (alone.value, alone.u) == pytest.approx((1.0, math.sqrt(0.3**2 / 5 + 0.01)))


def test_spread_starts_make_the_clock_count_one_nth() -> None:
    common = {"washout": effect(u=0.0, unit="s"), "rep": effect(u=0.5), "t": 20.0, "slope": 10.0}
    clock = effect(distribution="rectangular", half_width=0.5, unit="s")
    once = model.response_budget(clock=clock, **common).gum(p=0.95, k=2.0)  # type: ignore[arg-type]
    thrice = model.response_budget(clock=clock, n=3, **common).gum(p=0.95, k=2.0)  # type: ignore[arg-type]
    noise = 0.05 * math.sqrt(1.0 + 0.81 * 2.0 / 3.0)  # the crossing itself, and 90 % of the end
    assert once.u == pytest.approx(math.hypot(0.5 / math.sqrt(3), noise))
    assert thrice.u == pytest.approx(math.hypot(0.5 / 3 / math.sqrt(3), noise / math.sqrt(3)))
    assert model.slowest(100.0, math.log(10.0)) == pytest.approx(10.0)


def test_crossing_of_an_exponential_is_found_between_its_samples() -> None:
    tau = 5.0
    times = [t - 2.3 for t in range(60)]
    values = [100.0 * (1.0 - math.exp(-max(t, 0.0) / tau)) for t in times]
    found = crossing(times, values, 90.0)
    assert found is not None
    t, slope = found
    assert t == pytest.approx(tau * math.log(10.0), abs=0.004)  # a chord alone is up to 0.025 s late
    assert slope == pytest.approx(2.0, rel=0.1)
    assert crossing(times, values, 101.0) is None


def test_limits_of_r144_at_the_gases_of_the_card() -> None:
    # 1-4.3.1: the larger of 2 ppm and 5 %; 1-4.3.2: the larger of 5 ppm and 10 %.
    plan = find("flue_gas_r144").plan
    intrinsic: Limit = plan.type_tests.intrinsic_error.mpe
    verification: Limit = plan.error.mpe
    for x, inner, outer in (
        (16.0, 2.0, 5.0),
        (40.0, 2.0, 5.0),
        (80.0, 4.0, 8.0),
        (465.0, 23.25, 46.5),
        (930.0, 46.5, 93.0),
    ):
        assert intrinsic.at(x, "umol/mol") == pytest.approx(inner)
        assert verification.at(x, "umol/mol") == pytest.approx(outer)
    assert plan.response.limit.to("s") == 240.0
    assert plan.type_tests.repeatability.count.value == 20
    assert plan.type_tests.stability.days.value == 7


def prescribed(tree: object) -> list[Prescribed]:
    if isinstance(tree, Prescribed):
        return [tree]
    if dataclasses.is_dataclass(tree):
        return [p for field in dataclasses.fields(tree) for p in prescribed(getattr(tree, field.name))]
    if isinstance(tree, dict):
        return [p for value in tree.values() for p in prescribed(value)]
    if isinstance(tree, list | tuple):
        return [p for value in tree for p in prescribed(value)]
    return []


def test_every_number_of_r144_has_its_clause() -> None:
    system = find("flue_gas_r144")
    numbers = prescribed(system.plan) + prescribed(system.sheet.conditions) + prescribed(system.sheet.decision)
    quoted = [p for p in numbers if p.source == "OIML R 144:2013"]
    assert len(quoted) > 30
    for number in quoted:
        assert number.verified
        assert number.clause is not None
        assert number.clause.startswith(("R 144-1, ", "R 144-2, "))
    assert {p.source for p in numbers} == {"OIML R 144:2013", "laboratory"}


@pytest.mark.parametrize("name", ["ndir_co2", "flue_gas_jjg968", "vehicle_exhaust_jjg688"])
def test_what_was_not_seen_is_not_verified(name: str) -> None:
    system = find(name)
    numbers = prescribed(system.plan)
    assert any(not p.verified for p in numbers)
    assert all(p.clause is None for p in numbers)
    assert system.sheet.scenario == "ndir_co2"
