"""Dilution: closed forms, the ratio in which the prover cancels, and blends that are correlated."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from bench.catalogue import System, find
from bench.laboratory import read as read_laboratory
from scenarios.gas_dilution_conversion import Ratio, conversion_budget
from scenarios.gas_dilution_model import (
    Blend,
    Curves,
    blend_budget,
    curve,
    flow_budget,
    fraction,
    measured_flow,
    produced,
    standard_flow,
)
from scenarios.gas_dilution_plan import Plan
from scenarios.gas_dilution_points import GASES, blend, forecast, ideal, setting_u, settings
from scenarios.gas_dilution_verification import Compared, by_comparison, confirm
from scenarios.procedure import PlanRefused, ProcedureAborted
from uncertainty.conformity import Verdict
from uncertainty.curves import Polynomial
from uncertainty.fits import fit


@cache
def equipped() -> tuple[System, Any]:
    system = find("gas_dilution")
    laboratory = read_laboratory(system.sheet.station["laboratory"], "sheet")
    system = system.equipped(laboratory.references)
    return system, system.nameplate(laboratory.device, "sheet")


def plan() -> Plan:
    found = equipped()[0].plan
    assert isinstance(found, Plan)
    return found


def curves() -> Curves:
    made = {g: curve(plan(), [ideal(plan(), g, s) for s in settings(plan())], setting_u(plan(), g)) for g in GASES}
    return Curves(parent=made["parent"], diluent=made["diluent"])


def test_a_stroke_is_a_standard_flow() -> None:
    # 100 ml in 6 s at the standard state are 1 l/min; colder, denser gas is more, an imperfect one too.
    assert standard_flow(100.0, 25.0, 101.325, 6.0, 0.0, 1.0) == pytest.approx(1.0, rel=1e-12)
    assert standard_flow(100.0, 20.0, 101.325, 6.0, 0.0, 1.0) == pytest.approx(298.15 / 293.15, rel=1e-12)
    assert standard_flow(100.0, 25.0, 101.325, 6.0, 1.0, 0.5) == pytest.approx(2.002, rel=1e-12)


def test_the_fraction_is_the_formula_of_the_card() -> None:
    x = fraction(5.0, 0.01, 0.002, d_x=1e-4, c_2=-0.02, blend=Blend(parent=0.5, diluent=1.5), impurity=1e-4)
    q_1, q_2 = 0.512, 1.48
    assert x == pytest.approx((q_1 * 5.0 + q_2 * 2e-4) / (q_1 + q_2), rel=1e-12)


def test_parent_gas_as_it_is_has_the_uncertainty_of_its_certificate() -> None:
    budget = blend_budget(plan(), curves(), blend(plan(), 100.0), 5.0)
    assert budget.gum(k=2.0).U == pytest.approx(100 * 0.04 / 5.0, rel=1e-6)


def test_the_prover_cancels_in_the_ratio_but_not_in_a_flow() -> None:
    flow = flow_budget(plan(), ideal(plan(), "parent", 1.0)).gum(k=2.0)
    by_name = {line.name: line for line in flow.lines}
    assert by_name["V"].contribution == pytest.approx(0.1, rel=1e-3)
    mixed = blend_budget(plan(), curves(), blend(plan(), 40.0), 2.0).gum(k=2.0)
    assert {line.name: line.contribution for line in mixed.lines}["e_V"] < 1e-3


def test_turndown_makes_a_setting_weigh() -> None:
    found = {}
    for share in (80.0, 20.0, 5.0):
        lines = blend_budget(plan(), curves(), blend(plan(), share), 0.05 * share).gum(k=2.0).lines
        found[share] = {line.name: line.contribution for line in lines}
    # u(s)/q times the share of diluent: 0.0006 l/min of 0.1 l/min and 95 %.
    assert found[5.0]["s_1"] == pytest.approx(100 * 0.0006 / 0.1 * 0.95, rel=1e-2)
    assert found[5.0]["s_1"] > 4 * found[20.0]["s_1"] > 4 * found[80.0]["s_1"]


def test_blends_share_their_parent_gas_and_its_correlation_is_what_theory_says() -> None:
    blends = [blend(plan(), share) for share in (100.0, 80.0, 40.0, 5.0)]
    joint = produced(plan(), curves(), blends)
    assert joint.fractions == pytest.approx([5.0, 4.0, 2.0, 0.25], rel=1e-3)
    # Every blend carries the parent gas whole, and pure parent gas carries nothing else.
    relative = np.sqrt(np.diagonal(joint.covariance)) / joint.fractions
    expected = relative[0] / relative
    assert joint.correlation[0] == pytest.approx(expected, rel=1e-3)
    assert joint.correlation[0, 3] < 0.5 < joint.correlation[0, 1]
    assert np.all(np.linalg.eigvalsh(joint.covariance) > -1e-12)


def test_the_curves_correlate_neighbours_as_their_fits_do() -> None:
    """Off the diagonal: parent gas, leak, impurity, and both curves by their covariance; worked out by hand."""
    made, blends = curves(), [blend(plan(), share) for share in (10.0, 5.0)]
    found = produced(plan(), made, blends).covariance[0, 1]
    _, on_parent = made.parent.predict([b.parent for b in blends])
    _, on_diluent = made.diluent.predict([b.diluent for b in blends])
    by_parent, by_diluent = ([5.0 * q / 4.0 for q in each] for each in ((1.8, 1.9), (0.2, 0.1)))  # x_p·q/Q²
    from_curves = by_parent[0] * by_parent[1] * on_parent[0, 1] + by_diluent[0] * by_diluent[1] * on_diluent[0, 1]
    from_leak = (3e-4 / np.sqrt(3)) ** 2 * (by_parent[0] - by_diluent[0]) * (by_parent[1] - by_diluent[1])
    from_gas = 0.10 * 0.05 * 0.02**2
    from_impurity = 0.90 * 0.95 * (1e-4 / np.sqrt(3)) ** 2
    assert found == pytest.approx(from_gas + from_curves + from_leak + from_impurity, rel=2e-4)
    assert from_curves > 0.3 * from_gas


def test_each_blend_alone_has_the_same_uncertainty_as_together() -> None:
    shares = (80.0, 20.0, 5.0)
    joint = produced(plan(), curves(), [blend(plan(), share) for share in shares])
    for place, share in enumerate(shares):
        alone = blend_budget(plan(), curves(), blend(plan(), share), 0.05 * share).gum(k=2.0)
        assert 100 * joint.expanded[place] / joint.fractions[place] == pytest.approx(alone.U, rel=2e-3)


def test_the_covariance_serves_a_calibration_curve() -> None:
    """A common scale tilts the whole line: less is known of its slope, and more of where it begins."""
    joint = produced(plan(), curves(), [blend(plan(), share) for share in (100.0, 80.0, 60.0, 40.0, 20.0)])
    y = np.asarray(joint.fractions)
    together = fit(Polynomial(1), joint.fractions, y, ux=joint.covariance, uy=1e-6)
    apart = fit(Polynomial(1), joint.fractions, y, ux=np.diag(np.diagonal(joint.covariance)), uy=1e-6)
    assert together.u[0] < 0.4 * apart.u[0]
    assert together.u[1] > 1.1 * apart.u[1]


def test_the_conversion_factor_keeps_only_what_differs_between_the_two_flows() -> None:
    ratio = Ratio(diluent=ideal(plan(), "diluent", 1.2), parent=ideal(plan(), "parent", 1.2))
    assert ratio.factor(plan()) == pytest.approx(1.0, rel=1e-9)
    found = conversion_budget(plan(), ratio).gum(k=2.0)
    setting = 0.0006 / 1.2
    strokes = 0.001 / np.sqrt(10)
    assert found.u == pytest.approx(np.sqrt(2 * setting**2 + 2 * strokes**2), rel=2e-3)
    assert {line.name: line.contribution for line in found.lines}["V"] < 1e-9


def test_the_curve_finds_zero_span_and_bend() -> None:
    points = []
    for setting in settings(plan()):
        true = ideal(plan(), "parent", setting)
        flow = setting * 1.02 + 0.003 + 0.01 * setting * (1 - setting / 2)
        points.append(replace(true, time=true.time * setting / flow))
    fitted = curve(plan(), points, 0.0007)
    assert measured_flow(plan(), points[0]) == pytest.approx(0.1 * 1.02 + 0.003 + 0.01 * 0.1 * 0.95, rel=1e-9)
    assert fitted.b == pytest.approx([0.003, 0.03, -0.005], abs=1e-9)


def compared(blend_indication: float) -> Compared:
    return Compared(
        zero=(10.0, 10.0, 10.0),
        check=(20010.0, 20012.0, 20008.0),
        blend=(blend_indication,) * 3,
        x_check=2.0,
        U_check=0.02,
        x_blend=2.0,
        U_blend=0.02,
    )


def test_the_comparison_tells_agreement_doubt_and_contradiction() -> None:
    assert by_comparison(compared(20010.0), 1e-4) == pytest.approx(2.0, rel=1e-6)
    verdicts = [confirm(plan(), compared(y), 40.0, 1e-4)[0].verdict for y in (20010.0, 20300.0)]
    assert verdicts == [Verdict.PASS, Verdict.PASS]
    assert confirm(plan(), compared(20700.0), 40.0, 1e-4)[0].verdict is Verdict.INCONCLUSIVE
    with pytest.raises(ProcedureAborted, match="E_n"):
        confirm(plan(), compared(23000.0), 40.0, 1e-4)


def test_a_plan_that_proves_nothing_is_refused_before_gas_flows() -> None:
    system, device = equipped()
    sound = forecast(system.sheet, plan(), device)
    assert max(f.U for f in sound if f.point.mpe is not None) <= 2.0
    worse = replace(plan().budget, parent_setting=replace(plan().budget.parent_setting, u=0.002))
    with pytest.raises(PlanRefused, match=r"dilution/10: expected U = 2\.2"):
        forecast(system.sheet, replace(plan(), budget=worse), device)
    large = replace(plan(), total_flow=replace(plan().total_flow, value=3.0))
    with pytest.raises(PlanRefused, match="exceeds the range"):
        forecast(system.sheet, large, device)
