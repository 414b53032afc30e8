"""Gas reference materials: published numbers, closed forms, and what the correlations do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bench.catalogue import find
from bench.laboratory import read as read_laboratory
from bench.station import Station
from scenarios.air import air_density
from scenarios.gas_reference_material_model import (
    State,
    amount_fraction,
    buoyancy_factor,
    composition,
    gravimetric_budget,
    inputs,
    mass_difference,
    masses,
    molar_mass,
    planned_states,
)
from scenarios.gas_reference_material_studies import (
    Parts,
    between_bottles,
    certified_budget,
    compare,
    trend,
)
from scenarios.sheet import SheetError
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.text import Text

if TYPE_CHECKING:
    from scenarios.gas_reference_material_plan import Plan

WEIGHTS = {"C": 12.0107, "H": 1.00794, "O": 15.9994, "N": 14.0067}


def plan() -> Plan:
    system = find("gas_reference_material")
    station = Station.from_dict(system.sheet.station, source="sheet")
    found: Plan = system.equipped(read_laboratory(station.laboratory, "sheet").references).plan
    return found


def two_gases(m_CO2: Any, m_N2: Any) -> Any:
    return 1e6 * amount_fraction("CO2", {"CO2": m_CO2, "N2": m_N2}, {"CO2": {"CO2": 1.0}, "N2": {"N2": 1.0}}, WEIGHTS)


def test_carbon_dioxide_in_nitrogen_to_all_digits() -> None:
    """1.5003 g of CO2 in 950.0 g of N2; u(m) 3 mg and 10 mg make 0.200 %."""
    assert molar_mass("CO2", WEIGHTS) == pytest.approx(44.0095)
    budget = Budget(
        model=two_gases,
        inputs=(
            InputQuantity(name="m_CO2", distribution=Normal(mean=1.5003, u=0.003), unit="g"),
            InputQuantity(name="m_N2", distribution=Normal(mean=950.0, u=0.010), unit="g"),
        ),
        unit="umol/mol",
    )
    gum = budget.gum()
    assert f"{gum.value:.4f}" == "1004.2400"
    assert f"{100 * gum.u / gum.value:.3f}" == "0.200"


def test_air_and_buoyancy_to_all_digits() -> None:
    rho = float(air_density(20.0, 101325.0, 50.0))
    assert f"{rho:.6f}" == "1.199314"
    assert f"{buoyancy_factor(rho, 998.20675):.7f}" == "1.0010528"


def test_a_mass_difference_is_that_of_the_forces() -> None:
    """Two cylinders of known mass and volume, indicated by a balance adjusted with steel weights."""
    rho, wrong = 1.17, 1.0 + 3e-6
    m, volume = (7183.0, 6700.0), (6359.0, 6340.0)
    shown = [(mass - rho * 1e-3 * v) * wrong for mass, v in zip(m, volume, strict=True)]
    gain = 1000.0 / (1000.0 * (1 - rho / 8000) * wrong)
    assert mass_difference(shown[0] - shown[1], gain, rho, volume[0] - volume[1]) == pytest.approx(
        m[0] - m[1], abs=1e-9
    )


def test_masses_are_differences_of_successive_states() -> None:
    states = tuple(State(difference=d, rho_air=1.2, pressure=0.0) for d in (-470.0, -468.5, -459.1, -449.5, 480.5))
    found = masses(plan(), states, 1.0 / (1 - 1.2 / 8000))
    assert found == pytest.approx({"CO2": 1.5, "CH4": 9.4, "C3H8": 9.6, "N2": 930.0}, abs=1e-9)


def test_an_impurity_of_the_diluent_is_one_variable_for_all_that_was_made_with_it() -> None:
    p = plan()
    x = {q.name: q.distribution.mean for q in inputs(p, "CO2")}
    assert composition(p, "N2", x)["CO2"] == pytest.approx(0.25e-6)
    assert composition(p, "CH4", x)["CO2"] == pytest.approx(0.95 * 0.25e-6)
    for name in p.parents:
        assert sum(composition(p, name, x).values()) == pytest.approx(1.0, abs=1e-15)
    names = [q.name for q in inputs(p, "CO2")]
    assert [n for n in names if n.startswith("x_CO2")] == ["x_CO2inN2"]
    budget = gravimetric_budget(p, "CO2", planned_states(p), 1.0)
    line = next(line for line in budget.gum().lines if line.name == "x_CO2inN2")
    # The whole mixture but the CO2 itself was made with this nitrogen: 1 µmol/mol more there is nearly 1 more here.
    assert line.sensitivity == pytest.approx(0.998, abs=0.001)
    assert line.u == pytest.approx(0.25 / math.sqrt(3))


def test_a_weighing_between_two_fillings_moves_both_masses() -> None:
    """w_1 adds to CO2 what it takes from the premix: its coefficient is that of the small mass, as for w_0."""
    p = plan()
    lines = {line.name: line for line in gravimetric_budget(p, "CO2", planned_states(p), 1.0).gum().lines}
    assert lines["w_0"].sensitivity == pytest.approx(-lines["w_1"].sensitivity, rel=0.01)
    assert lines["h_CO2"].sensitivity == pytest.approx(lines["w_0"].sensitivity, rel=1e-3)
    assert lines["w_4"].contribution < 0.01 * lines["w_1"].contribution


def test_complex_step_and_monte_carlo_agree_on_the_whole_model() -> None:
    budget = gravimetric_budget(plan(), "C3H8", planned_states(plan()), 1.0)
    gum, mc = budget.gum(), budget.monte_carlo(trials=50_000, seed=3)
    assert gum.method == "complex step"
    assert mc.mean == pytest.approx(gum.value, abs=0.01)
    assert mc.u == pytest.approx(gum.u, rel=0.02)


def test_a_missing_adsorption_is_named() -> None:
    with pytest.raises(SheetError, match=r"adsorption\.N2O"):
        inputs(plan(), "N2O")
    with pytest.raises(SheetError, match="no formula for the gas 'XY'"):
        molar_mass("XY", WEIGHTS)


# -- studies ----------------------------------------------------------------------------------------------------------


def test_both_formulas_for_the_difference_between_bottles() -> None:
    groups = [[10.0, 10.2, 10.1], [10.4, 10.5, 10.3], [9.9, 10.0, 10.1], [10.2, 10.2, 10.2]]
    found = between_bottles(groups, 0.95)
    means = np.array([np.mean(g) for g in groups])
    ms_a = 3 * means.var(ddof=1)
    ms_w = float(np.mean([np.var(g, ddof=1) for g in groups]))
    assert found.anova.F == pytest.approx(ms_a / ms_w)
    assert found.u_between == pytest.approx(math.sqrt((ms_a - ms_w) / 3) / means.mean())
    assert found.u_hidden == pytest.approx(math.sqrt(ms_w / 3) * (2 / 8) ** 0.25 / means.mean())
    assert found.u == found.u_between
    assert not found.homogeneous
    assert found.critical == pytest.approx(4.066, abs=1e-3)  # F_0.95(3, 8)


def test_where_bottles_scatter_less_than_readings_the_hidden_part_counts() -> None:
    found = between_bottles([[1.0, 3.0, 2.0], [2.1, 3.1, 1.0], [3.0, 1.1, 2.0]], 0.95)
    assert found.u_between == 0.0
    assert found.u == found.u_hidden > 0
    assert found.homogeneous


def test_a_trend_by_the_closed_form_of_the_straight_line() -> None:
    t, y = [0.0, 1.0, 2.0, 3.0, 6.0], [100.0, 100.1, 99.9, 100.0, 99.8]
    found = trend(t, y, 0.95)
    tm, ym = np.mean(t), np.mean(y)
    sxx = sum((a - tm) ** 2 for a in t)
    b1 = sum((a - tm) * (b - ym) for a, b in zip(t, y, strict=True)) / sxx
    b0 = ym - b1 * tm
    s = math.sqrt(sum((b - b0 - b1 * a) ** 2 for a, b in zip(t, y, strict=True)) / 3)
    assert found.slope == pytest.approx(b1 / b0)
    assert found.u_slope == pytest.approx(s / math.sqrt(sxx) / b0)
    assert found.critical == pytest.approx(3.182, abs=1e-3)
    assert found.stable
    assert found.u(12.0) == pytest.approx(12 * found.u_slope)


def test_a_trend_that_is_seen_counts_beside_its_uncertainty() -> None:
    found = trend([0, 1, 2, 3, 4], [100.0, 99.01, 98.0, 97.0, 95.99], 0.95)
    assert not found.stable
    assert found.u(1.0) == pytest.approx(math.hypot(found.slope, found.u_slope))
    assert found.u(1.0) > 0.0099


def test_a_comparison_is_the_example_of_iso_6143() -> None:
    """The standard's first example, at y = 0.6: 14.4094, u = 0.35597, with one response for standards and mixture."""
    y, uy = [0.1969, 0.7874, 2.0228, 0.6], [0.003938, 0.015748, 0.040456, 0.012]
    found = compare([4.5, 18.75, 50.0], [0.045, 0.1875, 0.5], y, np.diag(np.square(uy)))
    gum = found.budget.gum()
    assert f"{gum.value:.4f}" == "14.4094"
    assert f"{gum.u:.5f}" == "0.35597"
    assert f"{found.fit.gamma:.3f}" == "0.568"


def test_a_certified_value_adds_its_four_parts() -> None:
    names = {name: Text(zh=name, en=name) for name in ("x_char", "d_bb", "d_lts", "d_sts")}
    parts = Parts(value=1000.0, u_char=1.2, u_bb=0.3, u_lts=0.4, dof_lts=5, u_sts=0.1)
    gum = certified_budget(parts, names).gum(k=2.0)
    assert gum.value == 1000.0
    assert gum.U == pytest.approx(2 * math.sqrt(1.2**2 + 0.3**2 + 0.4**2 + 0.1**2))
