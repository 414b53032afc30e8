"""Propagation against independent software (GTC, uncertainties) and against properties that must hold."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from uncertainty.budget import Budget
from uncertainty.curves import Polynomial
from uncertainty.errors import InputError, ModelError
from uncertainty.figures import residuals, svg
from uncertainty.fits import fit
from uncertainty.inputs import Arcsine, InputQuantity, Normal, Rectangular, StudentT, Triangular
from uncertainty.joint import JointBudget, Output, complex_pair, ellipse_factor, rectangle_factor
from uncertainty.validation import validate_budget

POWER = {
    "V": Normal(mean=230, u=0.05),
    "kv": StudentT(mean=1, u=1e-4, dof=9),
    "ev": Rectangular.of(half_width=1e-4),
    "I": Normal(mean=5, u=0.002),
    "ki": StudentT(mean=1, u=1e-4, dof=14),
    "ei": Rectangular.of(half_width=1e-4),
    "phi": Normal(mean=0.5, u=1e-4),
    "dphi": Arcsine.of(half_width=1e-4),
    "al": Triangular.of(half_width=1e-5, at=2e-5),
    "T": Arcsine.of(half_width=1, at=23),
    "T0": Rectangular.of(half_width=0.5, at=23),
    "Rs": Normal(mean=0.01, u=1e-4),
}


def power(V, kv, ev, I, ki, ei, phi, dphi, al, T, T0, Rs, cos=np.cos):  # noqa: E741
    return V * kv * (1 + ev) * I * ki * (1 + ei) * cos(phi + dphi) * (1 + al * (T - T0)) - I**2 * Rs


def quantities(distributions):
    return tuple(InputQuantity(name=name, distribution=d) for name, d in distributions.items())


def test_gtc_and_uncertainties_agree_on_twelve_inputs() -> None:
    import GTC
    import uncertainties
    from uncertainties import umath

    gum = Budget(model=power, inputs=quantities(POWER), unit="W", correlations={("V", "I"): 0.6}).gum()
    real = {
        n: GTC.ureal(d.mean, d.u, math.inf if d.dof is None else d.dof, independent=n not in "VI")
        for n, d in POWER.items()
    }
    GTC.set_correlation(0.6, real["V"], real["I"])
    y = power(**real, cos=GTC.cos)
    assert gum.value == pytest.approx(y.x, rel=1e-14)
    assert gum.u == pytest.approx(y.u, rel=1e-12)
    assert gum.degrees_of_freedom == pytest.approx(y.df, rel=1e-9)
    sensitivities = [GTC.component(y, x) / x.u for x in real.values()]
    assert [abs(c) for c in gum.sensitivities] == pytest.approx(sensitivities, rel=1e-12, abs=1e-15)
    pair = uncertainties.correlated_values_norm([(230, 0.05), (5, 0.002)], [[1, 0.6], [0.6, 1]])
    other = {n: uncertainties.ufloat(d.mean, d.u) for n, d in POWER.items()} | {"V": pair[0], "I": pair[1]}
    assert gum.u == pytest.approx(power(**other, cos=umath.cos).s, rel=1e-12)


def test_the_monte_carlo_run_of_twelve_inputs_agrees_where_the_model_is_nearly_linear() -> None:
    budget = Budget(model=power, inputs=quantities(POWER), unit="W", correlations={("V", "I"): 0.6})
    gum, mc = budget.gum(), budget.monte_carlo(trials=1_000_000)
    # Student's t has a wider variance than its scale: ν/(ν - 2).
    variance = gum.u**2 + sum(
        (c * d.u) ** 2 * 2 / (d.dof - 2)
        for c, d in zip(gum.sensitivities, POWER.values(), strict=True)
        if d.dof is not None
    )
    assert mc.u == pytest.approx(math.sqrt(variance), rel=0.004)
    assert mc.mean == pytest.approx(gum.value, abs=5 * gum.u / 1000)


coefficients = st.lists(st.floats(-3, 3).filter(lambda c: abs(c) > 0.01), min_size=1, max_size=5)


@settings(max_examples=25, deadline=None)
@given(coefficients, st.integers(0, 10**6))
def test_a_linear_model_of_normals_has_the_same_interval_by_both_methods(c: list[float], seed: int) -> None:
    names = [f"x{i}" for i in range(len(c))]
    budget = Budget(
        model=lambda **x: sum(k * x[n] for k, n in zip(c, names, strict=True)),
        inputs=quantities({n: Normal(mean=i, u=1 + i) for i, n in enumerate(names)}),
        unit="1",
    )
    gum, mc = budget.gum(), budget.monte_carlo(trials=50_000, seed=seed)
    assert gum.u == pytest.approx(math.sqrt(sum((k * (1 + i)) ** 2 for i, k in enumerate(c))), rel=1e-12)
    # Standard error of a 2.5 % quantile: √(0.025 0.975/M)/φ(1.96) u = 0.012 u; six of them.
    assert mc.symmetric == pytest.approx(gum.interval, abs=0.072 * gum.u)


@settings(max_examples=25, deadline=None)
@given(st.floats(0.1, 100), st.floats(-100, 100))
def test_scaling_and_shifting_the_output_scales_and_shifts_the_result(a: float, b: float) -> None:
    distributions = quantities({"x": Rectangular(low=1, high=2), "y": Normal(mean=0, u=0.3)})
    one = Budget(model=lambda x, y: x * x + y, inputs=distributions, unit="1")
    two = Budget(model=lambda x, y: a * (x * x + y) + b, inputs=distributions, unit="1")
    assert two.gum().u == pytest.approx(a * one.gum().u, rel=1e-9)
    first, second = (budget.monte_carlo(trials=10_000) for budget in (one, two))
    assert second.u == pytest.approx(a * first.u, rel=1e-9)
    assert second.shortest == pytest.approx([a * v + b for v in first.shortest], rel=1e-9, abs=1e-9)


def test_the_order_of_the_inputs_does_not_matter() -> None:
    forward = Budget(model=power, inputs=quantities(POWER), unit="W", correlations={("V", "I"): 0.6}).gum()
    backward = Budget(model=power, inputs=quantities(POWER)[::-1], unit="W", correlations={("I", "V"): 0.6}).gum()
    assert backward.u == pytest.approx(forward.u, rel=1e-12)
    assert backward.degrees_of_freedom == pytest.approx(forward.degrees_of_freedom, rel=1e-9)
    assert backward.sensitivities == pytest.approx(forward.sensitivities[::-1], rel=1e-12)


def test_indices_are_the_shares_of_a_linear_budget_and_see_what_linearising_misses() -> None:
    linear = Budget(
        model=lambda a, b: 3 * a - 2 * b,
        inputs=quantities({"a": Normal(mean=0, u=0.1), "b": Rectangular.of(half_width=0.2 * math.sqrt(3))}),
        unit="1",
    )
    assert linear.indices() == pytest.approx([line.share for line in linear.gum().lines], abs=0.01)
    curved = Budget(
        model=lambda a, b: a * a + b * b,
        inputs=quantities({"a": Normal(mean=0, u=1), "b": Normal(mean=0, u=1)}),
        unit="1",
    )
    assert curved.gum().u == 0
    assert curved.indices() == pytest.approx([0.5, 0.5], abs=0.02)


def test_the_adaptive_run_stops_when_it_has_settled() -> None:
    budget = Budget(
        model=lambda a, b: a + b, inputs=quantities({"a": Normal(mean=0, u=1), "b": Normal(mean=0, u=1)}), unit="1"
    )
    rough, fine = budget.adaptive(digits=1), budget.adaptive(digits=2)
    assert rough.delta == 0.5
    assert fine.delta == 0.05
    assert rough.stabilised and fine.stabilised
    assert fine.trials > rough.trials == 20_000
    assert fine.symmetric == pytest.approx((-2.772, 2.772), abs=0.05)
    limited = budget.adaptive(delta=0.001, most_trials=50_000)
    assert limited.stabilised is False
    assert limited.trials == 50_000
    with pytest.raises(InputError, match="most_trials = 100"):
        budget.adaptive(most_trials=100)


def test_second_order_terms_are_refused_where_they_mean_nothing() -> None:
    pair = quantities({"a": Normal(mean=1, u=0.1), "b": Normal(mean=1, u=0.1)})
    with pytest.raises(InputError, match="uncorrelated"):
        Budget(model=lambda a, b: a * b, inputs=pair, unit="1", correlations={("a", "b"): 0.5}).gum(second_order=True)
    with pytest.raises(ModelError, match="second order"):
        Budget(model=lambda a, b: np.abs(a) * np.arctan2(b, a), inputs=pair, unit="1").gum(second_order=True)


PAIR = JointBudget(
    model=lambda a, b, c: (a + c, b + c),
    outputs=(Output(name="y1"), Output(name="y2")),
    inputs=quantities({n: Normal(mean=i, u=1) for i, n in enumerate("abc")}),
)


def test_joint_monte_carlo_of_a_normal_pair_has_the_factors_of_the_normal() -> None:
    mc, gum = PAIR.monte_carlo(trials=1_000_000), PAIR.gum()
    assert mc.mean == pytest.approx(gum.values, abs=0.01)
    assert mc.covariance == pytest.approx(gum.covariance, abs=0.02)
    assert mc.ellipse == pytest.approx(ellipse_factor(0.95, 2), rel=0.003)
    assert rectangle_factor(0.95, 2, independent=True) > mc.rectangle > 1.96
    assert mc.symmetric[0] == pytest.approx((2 - 1.96 * math.sqrt(2), 2 + 1.96 * math.sqrt(2)), abs=0.02)
    assert PAIR.monte_carlo(trials=300_000, workers=1).covariance.tolist() == (
        PAIR.monte_carlo(trials=300_000, workers=2).covariance.tolist()
    )


def test_the_smallest_region_of_a_normal_pair_is_nearly_its_ellipse() -> None:
    region = PAIR.smallest_region(trials=1_000_000)
    ellipse = math.pi * ellipse_factor(0.95, 2) ** 2 * math.sqrt(np.linalg.det(PAIR.gum().covariance))
    assert region.p == pytest.approx(0.95, abs=0.001)
    assert region.area == pytest.approx(ellipse, rel=0.06)
    assert region.area < 1.06 * ellipse


def test_a_complex_output_is_its_two_parts() -> None:
    def impedance(r: float, c: float) -> complex:
        return r + 1 / (1j * 100 * c)

    budget = JointBudget(
        model=complex_pair(impedance),
        outputs=(Output(name="R", unit="ohm"), Output(name="X", unit="ohm")),
        inputs=quantities({"r": Normal(mean=10, u=0.1), "c": Normal(mean=1e-3, u=1e-5)}),
    )
    gum = budget.gum()
    assert gum.values == pytest.approx([10, -10])
    assert gum.u == pytest.approx([0.1, 0.1], rel=1e-9)
    assert gum.correlation[0, 1] == pytest.approx(0, abs=1e-9)
    assert gum.methods[1] == "central differences"


def test_joint_models_are_checked() -> None:
    outputs, inputs = (Output(name="y1"), Output(name="y2")), quantities({"a": Normal(mean=0, u=1)})
    with pytest.raises(ModelError, match="returned 1 outputs; 2 are declared"):
        JointBudget(model=lambda a: (a,), outputs=outputs, inputs=inputs).gum()
    with pytest.raises(ModelError, match="linearly dependent"):
        JointBudget(model=lambda a: (a, 2 * a), outputs=outputs, inputs=inputs).monte_carlo(trials=10_000)
    with pytest.raises(InputError, match="same name"):
        JointBudget(model=lambda a: (a, a), outputs=(outputs[0], outputs[0]), inputs=inputs)
    with pytest.raises(InputError, match="p = 2"):
        ellipse_factor(2, 2)


def test_correlated_readings_share_their_degrees_of_freedom() -> None:
    # Five simultaneous sets, as in JCGM 100 H.2: whatever is computed from them has four degrees of freedom.
    both = quantities({"a": StudentT(mean=1, u=0.1, dof=4), "b": StudentT(mean=2, u=0.3, dof=4)})
    gum = Budget(model=lambda a, b: a * b, inputs=both, unit="1", correlations={("a", "b"): 0.5}).gum()
    assert gum.degrees_of_freedom == pytest.approx(4)


def test_clause_8_with_a_run_that_has_settled() -> None:
    four = quantities({n: Normal(mean=0, u=1) for n in "abcd"})
    validation, gum, mc = validate_budget(Budget(model=lambda **x: sum(x.values()), inputs=four, unit="1"), digits=1)
    assert validation.validated
    assert (validation.delta, mc.delta, mc.stabilised) == (0.5, 0.1, True)
    assert gum.u == 2


def test_residuals_of_a_fit_can_be_drawn() -> None:
    picture = svg(residuals(fit(Polynomial(1), [1.0, 2, 3, 4], [1.1, 1.9, 3.2, 3.9], uy=0.1)))
    assert picture.startswith("<?xml") and picture.count("<use") > 4
