"""The budget: law of propagation and Monte Carlo on one model."""

import math

import numpy as np
import pytest

from uncertainty.budget import Budget
from uncertainty.errors import InputError, ModelError
from uncertainty.inputs import InputQuantity, Normal, Rectangular, StudentT
from uncertainty.text import Text
from uncertainty.validation import validate


def inputs(**distributions: object) -> tuple[InputQuantity, ...]:
    return tuple(InputQuantity(name=n, distribution=d) for n, d in distributions.items())  # type: ignore[arg-type]


def linear(a: float, b: float) -> float:
    return 3 * a - 2 * b


AB = inputs(a=Normal(mean=1, u=0.1), b=Normal(mean=2, u=0.2))


def test_a_linear_model_has_exact_sensitivities() -> None:
    gum = Budget(model=linear, inputs=AB, unit="V", name="y", label=Text(zh="电压", en="voltage")).gum(k=2.0)
    assert gum.value == -1
    assert gum.sensitivities == (3, -2)
    assert gum.u == pytest.approx(0.5, rel=1e-15)
    assert (gum.k, gum.U) == (2, pytest.approx(1.0))
    assert gum.degrees_of_freedom is None
    assert gum.interval[1] - gum.value == pytest.approx(1.959964 * 0.5, rel=1e-6)
    assert [line.share for line in gum.lines] == pytest.approx([0.36, 0.64])
    assert gum.method == "complex step"


@pytest.mark.parametrize("r", [-1.0, -0.5, 0.3, 1.0])
def test_correlation_enters_the_law_of_propagation(r: float) -> None:
    gum = Budget(model=linear, inputs=AB, unit="V", correlations={("b", "a"): r}).gum()
    assert gum.u == pytest.approx(math.sqrt(0.09 + 0.16 - 2 * r * 0.3 * 0.4), abs=1e-12)


def test_welch_satterthwaite_of_jcgm_100_h1() -> None:
    u = (25, 5.8, 3.9, 6.7, 2.9, 16.6)
    nus = (18, 24, 5, 8, 50, 2)
    quantities = {f"x{i}": Normal(mean=0, u=a, dof=nu) for i, (a, nu) in enumerate(zip(u, nus, strict=True))}
    budget = Budget(model=lambda **x: sum(x.values()), inputs=inputs(**quantities), unit="nm")
    gum = budget.gum(p=0.99, truncate=True)
    assert gum.degrees_of_freedom == 16
    assert gum.k == pytest.approx(2.92, abs=0.005)


def test_monte_carlo_agrees_with_the_law_where_the_model_is_linear() -> None:
    budget = Budget(model=linear, inputs=AB, unit="V")
    gum, mc = budget.gum(), budget.monte_carlo(trials=200_000, seed=3)
    assert mc.mean == pytest.approx(gum.value, abs=5 * 0.5 / math.sqrt(200_000))
    assert mc.u == pytest.approx(gum.u, rel=5 / math.sqrt(400_000))
    assert mc.symmetric == pytest.approx(gum.interval, abs=0.02)
    assert validate(gum, mc, digits=1).validated
    assert validate(gum, mc, digits=1).d_low > 0


def test_the_seed_decides_every_bit() -> None:
    budget = Budget(model=linear, inputs=AB, unit="V")
    assert budget.monte_carlo(trials=10_000, seed=5) == budget.monte_carlo(trials=10_000, seed=5)
    assert budget.monte_carlo(trials=10_000, seed=5).mean != budget.monte_carlo(trials=10_000, seed=6).mean


def test_four_rectangular_inputs_are_not_validated() -> None:
    # JCGM 101:2008 9.2.3: ±3.88 against ±3.92, δ = 0.05 for u = 2.0 is met, with three digits it is not.
    quantities = {f"x{i}": Rectangular.of(half_width=math.sqrt(3)) for i in range(4)}
    budget = Budget(model=lambda **x: sum(x.values()), inputs=inputs(**quantities), unit="1")
    validation = validate(budget.gum(), budget.monte_carlo(trials=400_000), digits=3)
    assert validation.delta == 0.005
    assert not validation.validated


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (lambda a, b: np.abs(a) * b, "central differences"),  # silently wrong by the complex step
        (lambda a, b: np.arctan2(b, a), "central differences"),  # raises on complex numbers
        (lambda a, b: math.sin(a) * b, "central differences"),  # written for single numbers
        (lambda a, b: np.sin(a) * b, "complex step"),
    ],
)
def test_the_method_of_the_derivatives_is_said(model: object, method: str) -> None:
    gum = Budget(model=model, inputs=AB, unit="V").gum()  # type: ignore[arg-type]
    assert gum.method == method
    h = 1e-5
    f = [float(model(1 + s * h, 2.0)) for s in (1, -1)]  # type: ignore[operator]
    assert gum.sensitivities[0] == pytest.approx((f[0] - f[1]) / (2 * h), rel=1e-7)


def test_a_model_that_breaks_is_named() -> None:
    bad = inputs(a=Normal(mean=0, u=0.1), b=Normal(mean=2, u=0.2))
    with pytest.raises(ModelError, match=r"returned (inf|nan) at a = 0"):
        Budget(model=lambda a, b: b / a, inputs=bad, unit="V").gum()
    with pytest.raises(ModelError, match="unexpected keyword"):
        Budget(model=lambda a, c: a, inputs=AB, unit="V").gum()
    with pytest.raises(ModelError, match="NaN or infinity in"):
        Budget(model=lambda a, b: np.log(a), inputs=bad, unit="V").monte_carlo(trials=1000)
    with pytest.raises(ModelError, match="shape"):
        Budget(model=lambda a, b: np.sum(a), inputs=AB, unit="V").monte_carlo(trials=1000)


@pytest.mark.parametrize(
    ("correlations", "words"),
    [
        ({("a", "c"): 0.5}, "no input 'c'"),
        ({("a", "a"): 0.5}, "itself"),
        ({("a", "b"): 1.5}, r"\(a, b\): r = 1.5"),
        ({("a", "b"): float("nan")}, r"\(a, b\): r = nan"),
        ({("a", "b"): 0.5, ("b", "a"): 0.4}, "given twice"),
    ],
)
def test_correlations_are_checked(correlations: dict[tuple[str, str], float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Budget(model=linear, inputs=AB, unit="V", correlations=correlations)


def test_coefficients_that_cannot_hold_together_name_the_inputs() -> None:
    quantities = inputs(**{n: Normal(mean=0, u=1) for n in "abcd"})
    with pytest.raises(InputError, match="correlation of a, b, c: these coefficients cannot hold together"):
        Budget(
            model=lambda **x: sum(x.values()),
            inputs=quantities,
            unit="1",
            correlations={("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): -0.9},
        )


def test_bad_inputs_are_refused() -> None:
    with pytest.raises(InputError, match="given twice"):
        Budget(model=linear, inputs=(AB[0], AB[0]), unit="V")
    with pytest.raises(InputError, match="no input"):
        Budget(model=linear, inputs=(), unit="V")
    with pytest.raises(InputError, match="identifier"):
        InputQuantity(name="2x", distribution=Normal(mean=0, u=1))
    with pytest.raises(InputError, match="u = -1"):
        Normal(mean=0, u=-1)
    with pytest.raises(InputError, match="mean = nan"):
        Normal(mean=float("nan"), u=1)
    with pytest.raises(InputError, match="dof = 0"):
        StudentT(mean=0, u=1, dof=0)
    with pytest.raises(InputError, match="at least two"):
        StudentT.of_readings([1.0])
    with pytest.raises(InputError, match="p = 95"):
        Budget(model=linear, inputs=AB, unit="V").gum(p=95)
    with pytest.raises(InputError, match="k = 0"):
        Budget(model=linear, inputs=AB, unit="V").gum(k=0)
    few = inputs(a=StudentT(mean=0, u=1, dof=2), b=Normal(mean=0, u=1))
    with pytest.raises(InputError, match="input 'a': Student's t with 2 degrees"):
        Budget(model=linear, inputs=few, unit="V").monte_carlo()
