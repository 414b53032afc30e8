"""Published worked examples, at the digits that are printed there.

Each example names its document and table. `python -m tests.uncertainty.test_published` prints them all as a table:
what is printed, what is computed here, and why the two differ where they do.

Printed Monte Carlo values carry the Monte Carlo error of their authors (M about 1e6) besides rounding; `noise` says how
many units of the last printed digit that may be.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import numpy as np
import pytest

from uncertainty.budget import Budget, GumResult, MonteCarloResult
from uncertainty.curves import Polynomial
from uncertainty.fits import fit
from uncertainty.gum import coverage_factor
from uncertainty.inputs import (
    Arcsine,
    CurvilinearTrapezoid,
    Distribution,
    Gamma,
    InputQuantity,
    Normal,
    Rectangular,
    StudentT,
)
from uncertainty.joint import JointBudget, Output, ellipse_factor, rectangle_factor
from uncertainty.risk import Limits, conformance_probability, global_risk, guard_band
from uncertainty.rounding import numerical_tolerance
from uncertainty.statistics import anova_from_groups
from uncertainty.validation import validate


@dataclass(frozen=True)
class Example:
    """One printed number."""

    source: str
    """Document and table or clause."""
    what: str
    """Which number."""
    printed: str
    """As printed, in the unit of `compute`."""
    compute: Callable[[], float]
    """What is computed here."""
    noise: float = 0.0
    """Monte Carlo error of the printed number (and ours), in units of its last digit."""
    difference: str = ""
    """Why the printed number differs from ours, where it does."""
    as_printed: float | None = None
    """The number as the document comes to it, e.g. from rounded intermediate values."""

    @property
    def unit(self) -> float:
        """Return the value of the last printed digit."""
        return float(Decimal(1).scaleb(int(Decimal(self.printed).as_tuple().exponent)))

    @property
    def agrees(self) -> bool:
        """Return whether the computed number rounds to the printed one, within the declared noise."""
        found, allowed = self.compute(), 0.5 + self.noise
        if self.as_printed is not None:
            assert self.difference
            found = self.as_printed
        return abs(found - float(self.printed)) <= allowed * self.unit * (1 + 1e-9)


def quantities(distributions: Mapping[str, Distribution]) -> tuple[InputQuantity, ...]:
    return tuple(InputQuantity(name=name, distribution=d) for name, d in distributions.items())


def budget(model: Callable[..., Any], r: dict[tuple[str, str], float] | None = None, **d: Distribution) -> Budget:
    return Budget(model=model, inputs=quantities(d), unit="1", correlations=r)


M = 2_000_000


@cache
def simulated(b: Callable[[], Budget], p: float = 0.95) -> MonteCarloResult:
    return b().monte_carlo(trials=M, p=p)


EXAMPLES: list[Example] = []


def add(source: str, what: str, printed: str, compute: Callable[[], float], **more: Any) -> None:
    EXAMPLES.append(Example(source, what, printed, compute, **more))


# --- JCGM 100 H.1: end-gauge calibration ---

NM = 50_000_623.0


@cache
def end_gauge() -> Budget:
    return budget(
        lambda ls, d, a, t, da, dt: ls + d - ls * (da * t + a * dt),
        ls=Normal(mean=NM, u=25, dof=18),
        d=Normal(mean=215, u=9.7, dof=25.6),
        a=Normal(mean=11.5e-6, u=1.2e-6),
        t=Normal(mean=-0.1, u=0.41),
        da=Normal(mean=0, u=0.58e-6, dof=50),
        dt=Normal(mean=0, u=0.029, dof=2),
    )


H1 = "JCGM 100:2008 H.1"
add(f"{H1}.5", "l, nm", "50000838", lambda: end_gauge().gum().value)
add(f"{H1}.4", "u_c, nm", "32", lambda: end_gauge().gum().u)
add(f"{H1}.6", "ν_eff, truncated", "16", lambda: end_gauge().gum(p=0.99, truncate=True).degrees_of_freedom or 0)
add(f"{H1}.6", "t_99(16)", "2.92", lambda: end_gauge().gum(p=0.99, truncate=True).k)
add(f"{H1}.6", "U_99, nm", "93", lambda: end_gauge().gum(p=0.99, truncate=True).U)
add(f"{H1}.7", "u_c with second-order terms, nm", "34", lambda: end_gauge().gum(second_order=True).u)

# --- JCGM 100 H.2: resistance and reactance ---

V = np.array([5.007, 4.994, 5.005, 4.990, 4.999])
CURRENT = np.array([19.663, 19.639, 19.640, 19.685, 19.678]) * 1e-3
PHI = np.array([1.0456, 1.0438, 1.0468, 1.0428, 1.0433])
NAMES = ("V", "I", "phi")


@cache
def impedance_correlation() -> dict[tuple[str, str], float]:
    r = np.corrcoef(np.array([V, CURRENT, PHI]))
    return {(NAMES[i], NAMES[j]): float(r[i, j]) for i in range(3) for j in range(i)}


def ohm(**x: Any) -> tuple[Any, Any, Any]:
    z = x["V"] / x["I"]
    return z * np.cos(x["phi"]), z * np.sin(x["phi"]), z


def impedance(correlated: bool = True, divisor: str = "n(n-1)") -> JointBudget:
    data = (V, CURRENT, PHI)
    scale = math.sqrt(len(V)) if divisor == "n(n-1)" else 1.0
    return JointBudget(
        model=ohm,
        outputs=(Output(name="R", unit="ohm"), Output(name="X", unit="ohm"), Output(name="Z", unit="ohm")),
        inputs=tuple(
            InputQuantity(name=n, distribution=Normal(mean=float(x.mean()), u=float(x.std(ddof=1)) / scale))
            for n, x in zip(NAMES, data, strict=True)
        ),
        correlations=impedance_correlation() if correlated else None,
    )


for place, (name, value, u) in enumerate([("V, V", "4.9990", "0.0032"), ("I, mA", "19.6610", "0.0095")]):
    factor = (1.0, 1e3)[place]
    series = (V, CURRENT)[place]
    add("JCGM 100:2008 Table H.2", f"mean of {name}", value, lambda s=series, f=factor: float(s.mean()) * f)
    add(
        "JCGM 100:2008 Table H.2",
        f"s(mean) of {name}",
        u,
        lambda s=series, f=factor: float(s.std(ddof=1)) / math.sqrt(5) * f,
    )
add("JCGM 100:2008 Table H.2", "mean of φ, rad", "1.04446", lambda: float(PHI.mean()))
add("JCGM 100:2008 Table H.2", "s(mean) of φ, rad", "0.00075", lambda: float(PHI.std(ddof=1)) / math.sqrt(5))
for pair, r in ((("I", "V"), "-0.36"), (("phi", "V"), "0.86"), (("phi", "I"), "-0.65")):
    add("JCGM 100:2008 Table H.2", f"r{pair}", r, lambda pair=pair: impedance_correlation()[pair])
TRUNCATED = "0.295 58 here; the Guide prints it cut off, not rounded"
CUT = {"0.295": math.floor(0.295582e3) / 1e3}
for place, (name, value, u, why) in enumerate(
    [("R", "127.732", "0.071", ""), ("X", "219.847", "0.295", TRUNCATED), ("Z", "254.260", "0.236", "")]
):
    add("JCGM 100:2008 Table H.3", f"{name}, Ω", value, lambda i=place: float(impedance().gum().values[i]))
    add(
        "JCGM 100:2008 Table H.3",
        f"u({name}), Ω",
        u,
        lambda i=place: float(impedance().gum().u[i]),
        difference=why,
        as_printed=CUT.get(u),
    )
for (i, j), r in (((0, 1), "-0.588"), ((0, 2), "-0.485"), ((1, 2), "0.993")):
    add(
        "JCGM 100:2008 Table H.3",
        f"r({'RXZ'[i]}, {'RXZ'[j]})",
        r,
        lambda i=i, j=j: float(impedance().gum().correlation[i, j]),
    )
for i, u in enumerate(("0.195", "0.201", "0.204")):
    add(
        "JCGM 100:2008 Table H.5",
        f"u({'RXZ'[i]}) without correlation, Ω",
        u,
        lambda i=i: float(impedance(False).gum().u[i]),
    )

# --- JCGM 100 H.3: thermometer ---

T = np.array([21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511])
B = np.array([-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160])


@cache
def thermometer() -> Any:
    return fit(Polynomial(1), T - 20, B)


H3 = "JCGM 100:2008 H.3.3"
add(H3, "y1, °C", "-0.1712", lambda: float(thermometer().b[0]))
add(H3, "s(y1), °C", "0.0029", lambda: float(thermometer().u[0]))
add(H3, "y2", "0.00218", lambda: float(thermometer().b[1]))
add(H3, "s(y2)", "0.00067", lambda: float(thermometer().u[1]))
add(H3, "r(y1, y2)", "-0.930", lambda: float(thermometer().covariance[0, 1] / np.prod(thermometer().u)))
add(H3, "s, °C", "0.0035", lambda: float(thermometer().standard_deviation))
add("JCGM 100:2008 H.3.4", "b(30 °C), °C", "-0.1494", lambda: float(thermometer().predict([10.0])[0][0]))
add(
    "JCGM 100:2008 H.3.4", "u(b(30 °C)), °C", "0.0041", lambda: math.sqrt(float(thermometer().predict([10.0])[1][0, 0]))
)

# --- JCGM 100 H.4: activity ---

CYCLES = np.array(
    [
        [243.74, 15380, 305.56, 4054, 367.37, 41432],
        [984.53, 14978, 1046.10, 3922, 1107.66, 38706],
        [1723.87, 14394, 1785.43, 4200, 1846.99, 35860],
        [2463.17, 13254, 2524.73, 3830, 2586.28, 32238],
        [3217.56, 12516, 3279.12, 3956, 3340.68, 29640],
        [3956.83, 11058, 4018.38, 3980, 4079.94, 26356],
    ]
)
DECAY = 1.25894e-4
RATE_S = (CYCLES[:, 1] - CYCLES[:, 3]) / 60 * np.exp(DECAY * CYCLES[:, 0])
RATE_X = (CYCLES[:, 5] - CYCLES[:, 3]) / 60 * np.exp(DECAY * CYCLES[:, 4])


def mean_and_s(x: Any) -> tuple[float, float]:
    return float(x.mean()), float(x.std(ddof=1) / math.sqrt(len(x)))


@cache
def activity(first: bool) -> GumResult:
    def of_rates(As: Any, ms: Any, mx: Any, Rx: Any, Rs: Any) -> Any:
        return As * ms / mx * Rx / Rs

    def of_ratio(As: Any, ms: Any, mx: Any, R: Any) -> Any:
        return As * ms / mx * R

    common = {
        "As": Normal(mean=0.1368, u=0.0018),
        "ms": Normal(mean=5.0192, u=0.0050),
        "mx": Normal(mean=5.0571, u=0.0010),
    }
    if not first:
        mean, u = mean_and_s(RATE_X / RATE_S)
        return budget(of_ratio, **common, R=Normal(mean=mean, u=u)).gum()
    (x, ux), (s, us) = mean_and_s(RATE_X), mean_and_s(RATE_S)
    r = {("Rx", "Rs"): float(np.corrcoef(RATE_X, RATE_S)[0, 1])}
    return budget(of_rates, r, **common, Rx=Normal(mean=x, u=ux), Rs=Normal(mean=s, u=us)).gum()


H4 = "JCGM 100:2008 Table H.8"
add(H4, "mean of R_x, 1/min", "652.60", lambda: mean_and_s(RATE_X)[0])
add(H4, "s(mean) of R_x, 1/min", "6.42", lambda: mean_and_s(RATE_X)[1])
add(H4, "mean of R_S, 1/min", "206.09", lambda: mean_and_s(RATE_S)[0])
add(H4, "s(mean) of R_S, 1/min", "3.79", lambda: mean_and_s(RATE_S)[1])
add(H4, "mean of R_x over mean of R_S", "3.167", lambda: mean_and_s(RATE_X)[0] / mean_and_s(RATE_S)[0])
add(H4, "mean of R", "3.170", lambda: mean_and_s(RATE_X / RATE_S)[0])
add(H4, "s(mean) of R", "0.046", lambda: mean_and_s(RATE_X / RATE_S)[1])
add(H4, "r(R_x, R_S)", "0.646", lambda: float(np.corrcoef(RATE_X, RATE_S)[0, 1]))
add(
    "JCGM 100:2008 H.4.3",
    "A_x by the first approach, Bq/g",
    "0.4300",
    lambda: activity(True).value,
    difference="0.429 946 from the data; the Guide multiplies the ratio rounded to 3.167",
    as_printed=0.1368 * 5.0192 / 5.0571 * 3.167,
)
add("JCGM 100:2008 H.4.3", "u(A_x) by the first approach, Bq/g", "0.0083", lambda: activity(True).u)
add("JCGM 100:2008 H.4.3", "A_x by the second approach, Bq/g", "0.4304", lambda: activity(False).value)
add("JCGM 100:2008 H.4.3", "u(A_x) by the second approach, Bq/g", "0.0084", lambda: activity(False).u)

# --- JCGM 100 H.5: analysis of variance ---

ZENER = anova_from_groups(
    [10.000172, 10.000116, 10.000013, 10.000144, 10.000106, 10.000031, 10.000060, 10.000125, 10.000163, 10.000041],
    np.array([60, 77, 111, 101, 67, 93, 80, 73, 88, 86]) * 1e-6,
    5,
)
H5 = "JCGM 100:2008 H.5.2"
add("JCGM 100:2008 Table H.9", "mean, V", "10.000097", lambda: ZENER.mean)
add("JCGM 100:2008 Table H.9", "s(V_j), µV", "57", lambda: ZENER.s_means * 1e6)
add(H5, "s_a, µV", "128", lambda: ZENER.s_a * 1e6)
add(H5, "s_b, µV", "85", lambda: ZENER.s_b * 1e6)
add(
    H5,
    "F",
    "2.25",
    lambda: ZENER.F,
    difference="2.262 from the data; the Guide divides the rounded values, 5 (57 µV)² by (85 µV)²",
    as_printed=5 * 57**2 / 85**2,
)
add(H5, "F_0.95(9, 40)", "2.12", lambda: ZENER.critical(0.95))
add(H5, "F_0.975(9, 40)", "2.45", lambda: ZENER.critical(0.975))
add(H5, "s_B, µV", "43", lambda: ZENER.s_between * 1e6)
add(H5, "u with a between-day effect, µV", "18", lambda: ZENER.u_with_effect * 1e6)
add(H5, "u without a between-day effect, µV", "13", lambda: ZENER.u_without_effect * 1e6)

# --- JCGM 101 9.2: additive model ---


def total(a: Any, b: Any, c: Any, d: Any) -> Any:
    return a + b + c + d


@cache
def normals() -> Budget:
    return budget(total, **{n: Normal(mean=0, u=1) for n in "abcd"})


@cache
def rectangles() -> Budget:
    return budget(total, **{n: Rectangular.of(half_width=math.sqrt(3)) for n in "abcd"})


@cache
def one_large() -> Budget:
    return budget(total, **{n: Rectangular.of(half_width=math.sqrt(3) * (10 if n == "d" else 1)) for n in "abcd"})


for table, make, u, guf, mcm in (
    ("Table 2", normals, "2.00", "3.92", "3.92"),
    ("Table 3", rectangles, "2.00", "3.92", "3.88"),
    ("Table 4", one_large, "10.1", "19.9", "17.0"),
):
    source = f"JCGM 101:2008 9.2, {table}"
    add(source, "u by GUF", u, lambda m=make: m().gum().u)
    add(source, "upper end by GUF", guf, lambda m=make: m().gum().interval[1])
    add(source, "u by MCM", u, lambda m=make: simulated(m).u, noise=0.4)
    add(source, "lower end by MCM", "-" + mcm, lambda m=make: simulated(m).symmetric[0], noise=1.0)
    add(source, "upper end by MCM", mcm, lambda m=make: simulated(m).symmetric[1], noise=1.0)

# --- JCGM 101 9.3: mass calibration, in mg ---


def mass(mrc: Any, dmrc: Any, ra: Any, rw: Any, rr: Any) -> Any:
    return (mrc + dmrc) * (1 + (ra - 1.2) * (1 / rw - 1 / rr)) - 1e5


@cache
def weights() -> Budget:
    return budget(
        mass,
        mrc=Normal(mean=1e5, u=0.050),
        dmrc=Normal(mean=1.234, u=0.020),
        ra=Rectangular(low=1.10, high=1.30),
        rw=Rectangular(low=7000, high=9000),
        rr=Rectangular(low=7950, high=8050),
    )


T6 = "JCGM 101:2008 Table 6"
ROUNDED = "u is 0.074 963; the printed ends are those of the rounded u, 1.2340 ± 1.96 × 0.0750"
add(T6, "δm by GUF1, mg", "1.2340", lambda: weights().gum().value)
add(T6, "u by GUF1, mg", "0.0539", lambda: weights().gum().u)
add(T6, "lower end by GUF1, mg", "1.1285", lambda: weights().gum().interval[0])
add(T6, "upper end by GUF1, mg", "1.3395", lambda: weights().gum().interval[1])
add(T6, "u by GUF2, mg", "0.0750", lambda: weights().gum(second_order=True).u)
add(
    T6,
    "lower end by GUF2, mg",
    "1.0870",
    lambda: weights().gum(second_order=True).interval[0],
    difference=ROUNDED,
    as_printed=1.2340 - 1.96 * 0.0750,
)
add(
    T6,
    "upper end by GUF2, mg",
    "1.3810",
    lambda: weights().gum(second_order=True).interval[1],
    difference=ROUNDED,
    as_printed=1.2340 + 1.96 * 0.0750,
)
add(T6, "δm by MCM, mg", "1.2341", lambda: simulated(weights).mean, noise=1.6)
add(T6, "u by MCM, mg", "0.0754", lambda: simulated(weights).u, noise=1.3)
add(T6, "lower end by MCM, mg", "1.0834", lambda: simulated(weights).shortest[0], noise=30)
add(T6, "upper end by MCM, mg", "1.3825", lambda: simulated(weights).shortest[1], noise=30)
add(T6, "δ, mg", "0.005", lambda: numerical_tolerance(weights().gum().u, 1))

# --- JCGM 101 9.4: comparison loss ---


@cache
def loss(x1: float, r: float) -> Budget:
    return budget(
        lambda a, b: a * a + b * b,
        {("a", "b"): r} if r else None,
        a=Normal(mean=x1, u=0.005),
        b=Normal(mean=0, u=0.005),
    )


@cache
def losses(x1: float, r: float) -> MonteCarloResult:
    return loss(x1, r).monte_carlo(trials=M)


C4 = "JCGM 101:2008 9.4"
for x1, value, u, u2, low, high in (
    (0.0, "0.000050", "0.000050", "0.000050", "0.000000", "0.000150"),
    (0.010, "0.000150", "0.000112", "0.000112", "0.000000", "0.000367"),
    (0.050, "0.002551", "0.000502", "0.000502", "0.001590", "0.003543"),
):
    add(f"{C4}, r = 0", f"δY at x1 = {x1}, MCM", value, lambda x=x1: losses(x, 0).mean, noise=1.5)
    add(f"{C4}, r = 0", f"u at x1 = {x1}, MCM", u, lambda x=x1: losses(x, 0).u, noise=1.0)
    add(f"{C4}, r = 0", f"u at x1 = {x1}, GUF with second order", u2, lambda x=x1: loss(x, 0).gum(second_order=True).u)
    add(f"{C4}, r = 0", f"lower end at x1 = {x1}, MCM", low, lambda x=x1: losses(x, 0).shortest[0], noise=20)
    add(f"{C4}, r = 0", f"upper end at x1 = {x1}, MCM", high, lambda x=x1: losses(x, 0).shortest[1], noise=20)
add(f"{C4}, r = 0", "u at x1 = 0, GUF of first order", "0.000000", lambda: loss(0.0, 0).gum().u)
add(f"{C4}, r = 0", "u at x1 = 0.010, GUF of first order", "0.000100", lambda: loss(0.010, 0).gum().u)
add(f"{C4}, r = 0", "u at x1 = 0.050, GUF of first order", "0.000500", lambda: loss(0.050, 0).gum().u)
add(f"{C4}, r = 0", "lower end at x1 = 0.010, GUF", "-0.000096", lambda: loss(0.010, 0).gum().interval[0])
add(f"{C4}, r = 0", "upper end at x1 = 0.050, GUF", "0.003480", lambda: loss(0.050, 0).gum().interval[1])
for x1, value, u, low, high in (
    (0.0, "0.000050", "0.000067", "0.000000", "0.000185"),
    (0.010, "0.000150", "0.000121", "0.000013", "0.000398"),
    (0.050, "0.002550", "0.000505", "0.001628", "0.003555"),
):
    add(f"{C4}, r = 0.9", f"δY at x1 = {x1}, MCM", value, lambda x=x1: losses(x, 0.9).mean, noise=1.5)
    add(f"{C4}, r = 0.9", f"u at x1 = {x1}, MCM", u, lambda x=x1: losses(x, 0.9).u, noise=1.5)
    add(f"{C4}, r = 0.9", f"lower end at x1 = {x1}, MCM", low, lambda x=x1: losses(x, 0.9).shortest[0], noise=20)
    add(f"{C4}, r = 0.9", f"upper end at x1 = {x1}, MCM", high, lambda x=x1: losses(x, 0.9).shortest[1], noise=20)

# --- JCGM 101 9.5: gauge block, in nm ---


@cache
def gauge_block() -> Budget:
    return budget(
        lambda ls, d, d1, d2, a, t0, swing, da, dt: ls + d + d1 + d2 - ls * (da * (t0 + swing) + a * dt) - 5e7,
        ls=StudentT(mean=50_000_623, u=25, dof=18),
        d=StudentT(mean=215, u=6, dof=24),
        d1=StudentT(mean=0, u=4, dof=5),
        d2=StudentT(mean=0, u=7, dof=8),
        a=Rectangular(low=9.5e-6, high=13.5e-6),
        t0=Normal(mean=-0.1, u=0.2),
        swing=Arcsine.of(half_width=0.5),
        da=CurvilinearTrapezoid.of(half_width=1e-6, d=0.1e-6),
        dt=CurvilinearTrapezoid.of(half_width=0.050, d=0.025),
    )


T11 = "JCGM 101:2008 Table 11"
add(T11, "δL, nm", "838", lambda: gauge_block().gum().value)
add(T11, "u by GUF, nm", "32", lambda: gauge_block().gum().u)
add(T11, "δL by MCM, nm", "838", lambda: simulated(gauge_block, 0.99).mean, noise=0.1)
add(T11, "u by MCM, nm", "36", lambda: simulated(gauge_block, 0.99).u, noise=0.1)
add(
    T11,
    "lower end of 99 % by MCM, nm",
    "745",
    lambda: simulated(gauge_block, 0.99).symmetric[0],
    noise=0.3,
)
add(T11, "upper end of 99 % by MCM, nm", "932", lambda: simulated(gauge_block, 0.99).symmetric[1], noise=0.3)

# --- JCGM 102 ---


@cache
def common_term(u3: float) -> Any:
    inputs = quantities({"a": Normal(mean=0, u=1), "b": Normal(mean=0, u=1), "c": Normal(mean=0, u=u3)})
    return JointBudget(
        model=lambda a, b, c: (a + c, b + c), outputs=(Output(name="y1"), Output(name="y2")), inputs=inputs
    ).gum()


add("JCGM 102:2011 9.2, u = 1", "var(y1)", "2.0", lambda: float(common_term(1).covariance[0, 0]))
add("JCGM 102:2011 9.2, u = 1", "r(y1, y2)", "0.5", lambda: float(common_term(1).correlation[0, 1]))
add("JCGM 102:2011 9.2, u = 3", "var(y1)", "10.0", lambda: float(common_term(3).covariance[0, 0]))
add("JCGM 102:2011 9.2, u = 3", "r(y1, y2)", "0.9", lambda: float(common_term(3).correlation[0, 1]))


@cache
def polar(x1: float, r: float) -> JointBudget:
    return JointBudget(
        model=lambda re, im: (np.hypot(re, im), np.arctan2(im, re)),
        outputs=(Output(name="magnitude"), Output(name="phase", unit="rad")),
        inputs=quantities({"re": Normal(mean=x1, u=0.010), "im": Normal(mean=0, u=0.010)}),
        correlations={("re", "im"): r} if r else None,
    )


@cache
def polar_drawn(x1: float, r: float) -> Any:
    return polar(x1, r).monte_carlo(trials=400_000)


for x1, u in ((0.001, "10.0"), (0.010, "1.00"), (0.100, "0.10")):
    add("JCGM 102:2011 9.3, GUF", f"u(magnitude), x1 = {x1}", "0.010", lambda x=x1: float(polar(x, 0).gum().u[0]))
    add("JCGM 102:2011 9.3, GUF", f"u(phase), x1 = {x1}, rad", u, lambda x=x1: float(polar(x, 0).gum().u[1]))
for x1, r, row in (
    (0.001, 0.0, ("0.013", "0.007", "0.000", "1.744")),
    (0.001, 0.9, ("0.012", "0.008", "-0.556", "1.599")),
    (0.010, 0.9, ("0.015", "0.008", "-0.343", "0.903")),
):
    source = f"JCGM 102:2011 Tables 6 and 7, r = {r}, x1 = {x1}"
    add(source, "magnitude", row[0], lambda x=x1, r=r: float(polar_drawn(x, r).mean[0]), noise=0.1)
    add(source, "u(magnitude)", row[1], lambda x=x1, r=r: float(polar_drawn(x, r).u[0]), noise=0.1)
    add(source, "phase, rad", row[2], lambda x=x1, r=r: float(polar_drawn(x, r).mean[1]), noise=8)
    add(source, "u(phase), rad", row[3], lambda x=x1, r=r: float(polar_drawn(x, r).u[1]), noise=6)
add("JCGM 102:2011, factors", "k_p of the ellipse, 2 outputs, 95 %", "2.45", lambda: ellipse_factor(0.95, 2))
add("JCGM 102:2011, factors", "k_q of the rectangle, 2 outputs", "2.24", lambda: rectangle_factor(0.95, 2))

# --- JCGM 106 ---

BEARINGS = Gamma(shape=4, scale=0.25)
ROUNDNESS = Limits(high=2.0)
add(
    "JCGM 106:2012 9.5.4",
    "out of tolerance, %",
    "4.2",
    lambda: 100 * (1 - global_risk(BEARINGS, 0.25, ROUNDNESS, ROUNDNESS).conforming),
)
add(
    "JCGM 106:2012 9.5.4",
    "consumer's risk, %",
    "0.8",
    lambda: 100 * global_risk(BEARINGS, 0.25, ROUNDNESS, ROUNDNESS).consumer,
)
add(
    "JCGM 106:2012 9.5.4",
    "acceptance limit for 0.1 %, µm",
    "1.67",
    lambda: 2 - guard_band(0.001, BEARINGS, 0.25, ROUNDNESS),
)
add(
    "JCGM 106:2012, Zener diode",
    "p_C of the Zener diode",
    "0.92",
    lambda: conformance_probability(-5.47, 0.05, Limits(high=-5.40)),
)
add("JCGM 106:2012, speed limit", "speed limit, km/h", "107", lambda: 100 / (1 - 0.02 * coverage_factor(0.998, None)))


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.source}: {e.what}")
def test_a_published_number_is_reproduced(example: Example) -> None:
    assert example.agrees, f"{example.compute():.9g} here, {example.printed} printed"


def test_a_wrong_number_would_not_pass() -> None:
    right = EXAMPLES[0]
    assert not Example(right.source, right.what, "50000839", right.compute).agrees


def test_clause_8_of_the_published_tables() -> None:
    # Tables 2 to 4 and 6: which results of the law of propagation are validated.
    assert validate(normals().gum(), normals().monte_carlo(trials=M), digits=2).validated
    for make, digits in ((rectangles, 3), (one_large, 3), (weights, 2)):
        assert not validate(make().gum(), simulated(make), digits=digits).validated
    with_second = validate(weights().gum(second_order=True), simulated(weights), digits=1)
    assert with_second.validated
    assert with_second.delta == 0.005


def test_values_beyond_the_printed_digits() -> None:
    # Computed by independent means: closed forms, quadrature, a separate program.
    assert normals().gum().interval[1] == pytest.approx(3.919928, abs=1e-6)
    assert simulated(rectangles).symmetric[1] == pytest.approx(3.879407, abs=0.006)
    assert simulated(one_large).symmetric[1] == pytest.approx(17.015814, abs=0.015)
    assert simulated(weights).u == pytest.approx(0.075480, rel=0.003)
    assert simulated(weights).symmetric == pytest.approx((1.084433, 1.383567), abs=0.0006)
    assert end_gauge().gum().u == pytest.approx(31.7106, abs=2e-4)
    assert end_gauge().gum().degrees_of_freedom == pytest.approx(16.66, abs=0.02)
    assert math.sqrt(end_gauge().gum(second_order=True).second_order) == pytest.approx(
        math.hypot(11.890, 1.740), rel=1e-3
    )
    assert impedance().gum().u == pytest.approx([0.071071, 0.295582, 0.236336], abs=2e-6)
    assert simulated(gauge_block, 0.99).u == pytest.approx(35.808, rel=0.003)
    assert global_risk(BEARINGS, 0.25, ROUNDNESS, ROUNDNESS).consumer == pytest.approx(0.008019, abs=5e-7)
    assert 2 - guard_band(0.001, BEARINGS, 0.25, ROUNDNESS) == pytest.approx(1.671829, abs=5e-7)


def main() -> None:
    """Print all examples as a table."""
    rows = sorted(EXAMPLES, key=lambda e: e.source)
    first, second = max(len(e.source) for e in rows), max(len(e.what) for e in rows)
    lines = [f"{'document':{first}}  {'number':{second}}  {'printed':>10}  {'computed':>14}  agrees"]
    lines += [
        f"{e.source:{first}}  {e.what:{second}}  {e.printed:>10}  {e.compute():14.8g}  "
        f"{'yes' if e.agrees else 'NO'}{'  ' + e.difference if e.difference else ''}"
        for e in rows
    ]
    lines.append(f"{sum(e.agrees for e in rows)} of {len(rows)} printed numbers reproduced")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
