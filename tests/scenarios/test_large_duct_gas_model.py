"""Large ducts: the traverse's model against hand calculation, and the grid's balances against differences."""

from __future__ import annotations

import dataclasses
import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bench.catalogue import find
from bench.laboratory import read as read_laboratory
from bench.station import Station
from scenarios.large_duct_gas_grid import Balances, expected_values, flow_budget, reconciled
from scenarios.large_duct_gas_model import (
    Traversed,
    dry_share,
    inputs,
    meter_error,
    planned,
    rule_factor,
    saturation_pressure,
    traverse_budget,
    wet_density,
)
from scenarios.sheet import SheetError

if TYPE_CHECKING:
    from scenarios.large_duct_gas_plan import Plan


@cache
def plan() -> Plan:
    system = find("large_duct_gas")
    station = Station.from_dict(system.sheet.station, source="sheet")
    found: Plan = system.equipped(read_laboratory(station.laboratory, "sheet").references).plan
    return found


def test_saturation_pressure_of_water() -> None:
    """Against the values of IAPWS at 20 °C, 40 °C and 60 °C: 2339.3 Pa, 7384.9 Pa, 19946 Pa."""
    for t, p in ((20.0, 2339.3), (40.0, 7384.9), (60.0, 19946.0)):
        assert saturation_pressure(t) == pytest.approx(p, rel=1e-3)


def test_wet_gas_is_lighter_and_less() -> None:
    vapour = 0.95 * 7384.9
    dry = wet_density(40.0, 108e3, 0.0, 30.0)
    assert dry == pytest.approx(108e3 * 30e-3 / (8.314462618 * 313.15))
    assert wet_density(40.0, 108e3, vapour, 30.0) == pytest.approx(dry * (1 - vapour / 108e3 * (1 - 18.0153 / 30.0)))
    share = dry_share(40.0, 108e3, vapour, 273.15, 101325.0)
    assert share == pytest.approx(273.15 / 313.15 * (108e3 - vapour) / 101325)


def test_the_rule_of_the_places_on_power_laws() -> None:
    """Five log-Chebyshev places are 0.1 % to 0.2 % too small; a straight profile r would show a wrong rule at once."""
    places = [p.value for p in plan().traverse.places]
    for n in (6.0, 7.0, 9.0):
        assert 1.0010 < rule_factor(places, n) < 1.0023
    assert rule_factor([0.5**0.5], 1e9) == pytest.approx(1.0)


def test_the_error_of_a_meter_by_hand() -> None:
    p = plan()
    found = Traversed(ratio=6.0e-5, temperature=40.0, pressure=108e3, diameter=3000.0)
    means = {q.name: q.distribution.mean for q in inputs(p, "BFG")}
    vapour = 0.95 * float(saturation_pressure(40.0))
    molar = 0.24 * 28.010 + 0.20 * 44.0095 + 0.03 * 2.01588 + 0.53 * 28.0134
    rho = 1e-3 * ((108e3 - vapour) * molar + vapour * 18.0153) / (8.314462618 * 313.15)
    speed = 0.942809 * rule_factor([x.value for x in p.traverse.places], 7.0) * 6.0e-5 / math.sqrt(rho) * (1 - 0.002)
    flow = 3600 * math.pi / 4 * 9.0 * speed * 273.15 / 313.15 * (108e3 - vapour) / 101325
    assert meter_error("BFG", p, found, **means) == pytest.approx(100 * (1 / flow - 1), rel=1e-9)


def test_what_is_planned_is_a_meter_that_is_right() -> None:
    for name in ("BFG", "COG", "LDG"):
        gum = traverse_budget(plan(), name, planned(plan(), name)).gum(k=2.0)
        assert gum.value == pytest.approx(0.0, abs=1e-9)
        assert 1.5 < gum.U < 3.0
        lines = {line.name: line for line in gum.lines}
        assert lines["F2"].share == max(line.share for line in gum.lines)
        assert lines["d_D"].sensitivity == pytest.approx(-2.0, rel=1e-3)
        assert lines["d_dp"].sensitivity == pytest.approx(-0.5, rel=5e-3)


# -- grid -------------------------------------------------------------------------------------------------------------


def test_the_grid_of_the_sheet_has_thirty_meters_and_its_expected_values_balance() -> None:
    grid = plan().grid
    balances = Balances(grid)
    assert len(grid.meters) == 30
    assert len(balances.balances) == 12
    residuals, jacobian = balances(expected_values(grid))
    assert residuals[:8] == pytest.approx(np.zeros(8), abs=1e-9)
    assert residuals[8:] == pytest.approx(np.zeros(4), abs=0.02)
    assert np.linalg.matrix_rank(jacobian) == 12


def test_the_jacobian_is_that_of_the_balances() -> None:
    balances, x = Balances(plan().grid), expected_values(plan().grid)
    _, jacobian = balances(x)
    for place in (0, 8, 13, 20, 30, 31, 36):
        step = np.zeros(x.size)
        step[place] = 1e-4
        difference = (balances(x + step)[0] - balances(x - step)[0]) / 2e-4
        assert jacobian[:, place] == pytest.approx(difference, abs=1e-6)


def test_a_budget_of_a_reconciled_flow_is_its_uncertainty() -> None:
    grid = plan().grid
    rng = np.random.default_rng(4)
    y = expected_values(grid) * (1 + 0.01 * rng.standard_normal(len(grid.meters) + len(grid.analyses)))
    found = reconciled(grid, Balances(grid), y)
    for place in range(len(grid.meters)):
        gum = flow_budget(grid, found, place).gum()
        assert gum.value == pytest.approx(1e3 * found.final.values[place])
        assert gum.u == pytest.approx(1e3 * found.final.u[place], rel=1e-6)
        assert gum.u <= 1e3 * found.u[place] * (1 + 1e-9)


def test_a_meter_that_is_wrong_is_taken_out_and_its_flow_follows_from_the_others() -> None:
    grid = plan().grid
    y = expected_values(grid)
    place = list(grid.meters).index("BPP")
    y[place] *= 1.15
    found = reconciled(grid, Balances(grid), y)
    assert [found.tags[i] for i in found.search.suspects] == ["BPP"]
    assert found.final.values[place] == pytest.approx(308.0, rel=2e-3)
    gum = flow_budget(grid, found, place).gum()
    assert gum.u == pytest.approx(1e3 * found.final.u[place], rel=1e-6)
    assert "BPP" not in {line.label.en for line in gum.lines}


def test_a_grid_that_does_not_fit_together_is_refused() -> None:
    grid = plan().grid
    wrong = dict(grid.meters) | {"BF1": dataclasses.replace(grid.meters["BF1"], end="XXX")}
    with pytest.raises(SheetError, match="'XXX' is none of the nodes"):
        Balances(dataclasses.replace(grid, meters=wrong))
    with pytest.raises(SheetError, match="energy of the gas at 'COM' is missing"):
        Balances(dataclasses.replace(grid, analyses={k: a for k, a in grid.analyses.items() if k != "H:COM"}))
