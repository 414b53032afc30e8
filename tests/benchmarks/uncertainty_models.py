"""The models of the benchmark, each as a function, as an expression, and as the plain script draws its inputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from uncertainty.inputs import Arcsine, Distribution, InputQuantity, Normal, Rectangular, StudentT, Triangular


@dataclass(frozen=True)
class Case:
    """One model."""

    name: str
    model: Callable[..., Any]
    text: str
    distributions: dict[str, Distribution]
    draw: Callable[[np.random.Generator, int], dict[str, Any]]
    """How an expert draws the inputs with NumPy."""
    correlations: dict[tuple[str, str], float] | None = None

    @property
    def inputs(self) -> tuple[InputQuantity, ...]:
        """Return the inputs."""
        return tuple(InputQuantity(name=n, distribution=d) for n, d in self.distributions.items())


def plain(case: Case, m: int, seed: int) -> tuple[float, float, tuple[float, float], tuple[float, float]]:
    """Evaluate a model as an expert writes it straight away: mean, u, symmetric and shortest 95 % interval."""
    rng = np.random.default_rng(seed)
    y = case.model(**case.draw(rng, m))
    mean, u = y.mean(), y.std(ddof=1)
    y = np.sort(y)
    q = int(0.95 * m)
    r = (m - q) // 2
    widths = y[q:] - y[: m - q]
    i = np.argmin(widths)
    return float(mean), float(u), (float(y[r - 1]), float(y[r + q - 1])), (float(y[i]), float(y[i + q]))


def add(a: Any, b: Any, c: Any, d: Any) -> Any:
    """Return the additive model of JCGM 101 9.2."""
    return a + b + c + d


def mass(mrc: Any, dmrc: Any, ra: Any, rw: Any, rr: Any) -> Any:
    """Return the mass calibration of JCGM 101 9.3."""
    return (mrc + dmrc) * (1 + (ra - 1.2) * (1 / rw - 1 / rr)) - 100_000


def loss(a: Any, b: Any) -> Any:
    """Return the comparison loss of JCGM 101 9.4."""
    return a**2 + b**2


def power(**x: Any) -> Any:
    """Return an electrical power with twelve inputs."""
    return (
        x["V"]
        * x["kv"]
        * (1 + x["ev"])
        * x["I"]
        * x["ki"]
        * (1 + x["ei"])
        * np.cos(x["phi"] + x["dphi"])
        * (1 + x["al"] * (x["T"] - x["T0"]))
        - x["I"] ** 2 * x["Rs"]
    )


def _draw_pair(rng: np.random.Generator, m: int) -> dict[str, Any]:
    u = 0.005**2
    a, b = rng.multivariate_normal([0.010, 0.0], [[u, 0.9 * u], [0.9 * u, u]], m).T
    return {"a": a, "b": b}


def _draw_power(rng: np.random.Generator, m: int) -> dict[str, Any]:
    c = 0.6 * 0.05 * 0.002
    V, I = rng.multivariate_normal([230, 5], [[0.05**2, c], [c, 0.002**2]], m).T  # noqa: E741
    return {
        "V": V,
        "kv": 1 + 1e-4 * rng.standard_t(9, m),
        "ev": rng.uniform(-1e-4, 1e-4, m),
        "I": I,
        "ki": 1 + 1e-4 * rng.standard_t(14, m),
        "ei": rng.uniform(-1e-4, 1e-4, m),
        "phi": rng.normal(0.5, 1e-4, m),
        "dphi": 1e-4 * np.sin(rng.uniform(-math.pi, math.pi, m)),
        "al": rng.triangular(1e-5, 2e-5, 3e-5, m),
        "T": 23 + np.sin(rng.uniform(-math.pi, math.pi, m)),
        "T0": rng.uniform(22.5, 23.5, m),
        "Rs": rng.normal(0.01, 1e-4, m),
    }


MODELS = (
    Case(
        "JCGM 101 9.2",
        add,
        "a + b + c + d",
        {n: Normal(mean=0, u=1) for n in "abcd"},
        lambda rng, m: {n: rng.normal(0, 1, m) for n in "abcd"},
    ),
    Case(
        "JCGM 101 9.3",
        mass,
        "(mrc + dmrc)*(1 + (ra - 1.2)*(1/rw - 1/rr)) - 100000",
        {
            "mrc": Normal(mean=100_000, u=0.050),
            "dmrc": Normal(mean=1.234, u=0.020),
            "ra": Rectangular(low=1.1, high=1.3),
            "rw": Rectangular(low=7000, high=9000),
            "rr": Rectangular(low=7950, high=8050),
        },
        lambda rng, m: {
            "mrc": rng.normal(100_000, 0.050, m),
            "dmrc": rng.normal(1.234, 0.020, m),
            "ra": rng.uniform(1.1, 1.3, m),
            "rw": rng.uniform(7000, 9000, m),
            "rr": rng.uniform(7950, 8050, m),
        },
    ),
    Case(
        "JCGM 101 9.4, r = 0.9",
        loss,
        "a**2 + b**2",
        {"a": Normal(mean=0.010, u=0.005), "b": Normal(mean=0, u=0.005)},
        _draw_pair,
        {("a", "b"): 0.9},
    ),
    Case(
        "power, 12 inputs",
        power,
        "V*kv*(1+ev)*I*ki*(1+ei)*cos(phi+dphi)*(1+al*(T-T0)) - I**2*Rs",
        {
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
        },
        _draw_power,
        {("V", "I"): 0.6},
    ),
)
