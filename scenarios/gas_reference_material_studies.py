"""Homogeneity and stability of a batch (JJF 1343-2022), and the comparison with reference mixtures (ISO 6143)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from uncertainty.budget import Budget
from uncertainty.curves import Polynomial
from uncertainty.fits import Fit, fit
from uncertainty.inputs import InputQuantity, Normal, StudentT
from uncertainty.statistics import Anova, anova
from uncertainty.text import catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from uncertainty.text import Text


# -- homogeneity ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """Hold what a study between bottles found; numbers are relative, 1."""

    anova: Anova
    """One-way analysis of variance, bottle by bottle."""
    critical: float
    """Quantile of the F distribution."""
    u_between: float
    """√((MS_a - MS_w)/n): 0 where MS_a < MS_w."""
    u_hidden: float
    """√(MS_w/n) (2/ν_w)^¼: what between bottles may hide behind the repeatability."""

    @property
    def homogeneous(self) -> bool:
        """Whether no difference between bottles is seen."""
        return self.anova.F <= self.critical

    @property
    def u(self) -> float:
        """Return u_bb: the larger of the two."""
        return max(self.u_between, self.u_hidden)


def between_bottles(groups: Sequence[Sequence[float]], p: float) -> Between:
    """Analyse measured values of bottles, each measured n times.

    Args:
        groups: bottle by bottle, relative to their mean or not.
        p: probability of the F test, e.g. 0.95.
    """
    found, n = anova(groups), len(groups[0])
    mean = found.mean
    within, nu = found.s_b**2, found.dof[1]
    return Between(
        anova=found,
        critical=found.critical(p),
        u_between=math.sqrt(max(found.s_a**2 - within, 0.0) / n) / mean,
        u_hidden=math.sqrt(within / n) * (2.0 / nu) ** 0.25 / mean,
    )


# -- stability ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Hold a straight line through values over time; numbers are relative to the value at time 0, 1."""

    fit: Fit
    """The line."""
    slope: float
    """b_1, per unit of time."""
    u_slope: float
    """s(b_1), per unit of time."""
    critical: float
    """Quantile of Student's distribution."""
    dof: int
    """n - 2."""

    @property
    def stable(self) -> bool:
        """Whether no trend is seen: |b_1| < t s(b_1)."""
        return abs(self.slope) <= self.critical * self.u_slope

    def u(self, time: float) -> float:
        """Return u_lts = s(b_1) t; where there is a trend, it counts in full beside it."""
        return time * (self.u_slope if self.stable else math.hypot(self.u_slope, self.slope))


def trend(times: Sequence[float], values: Sequence[float], p: float) -> Trend:
    """Fit a straight line to values over time and test its slope.

    Args:
        times: when, n of them.
        values: what was found.
        p: probability of the two-sided t test, e.g. 0.95.
    """
    line = fit(Polynomial(1), np.asarray(times, dtype=float), np.asarray(values, dtype=float))
    dof, start = line.degrees_of_freedom, float(line.b[0])
    return Trend(
        fit=line,
        slope=float(line.b[1]) / start,
        u_slope=float(line.u[1]) / start,
        critical=float(special.stdtrit(dof, 0.5 + 0.5 * p)),
        dof=dof,
    )


# -- comparison -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Hold the value of one component by comparison with reference mixtures."""

    fit: Fit
    """Analysis function x = G(y - y_m): µmol/mol over areas relative to the control's, from the mixture's on. Counted
    from there its parameters say what they contribute; counted from 0 they are correlated by nearly -1."""
    response: float
    """Relative area of the mixture."""
    u_response: float
    """Its standard uncertainty."""

    @property
    def budget(self) -> Budget:
        """Return the budget of the value, µmol/mol."""
        text = catalogue("scenarios")
        names = [f"b_{i}" for i in range(len(self.fit.b))]
        found = [
            InputQuantity(
                name=name,
                distribution=Normal(mean=float(b), u=float(u)),
                unit="umol/mol",
                label=text["gas_reference_material.parameter"].format(number=i),
            )
            for i, (name, b, u) in enumerate(zip(names, self.fit.b, self.fit.u, strict=True))
        ]
        found.append(
            InputQuantity(
                name="d_y",
                distribution=Normal(mean=0.0, u=self.u_response),
                unit="1",
                label=text["gas_reference_material.response"],
                evaluation="A",
            )
        )
        u = self.fit.u
        r = self.fit.covariance / np.outer(u, u)
        pairs = {(names[i], names[j]): float(np.clip(r[i, j], -1, 1)) for i in range(len(names)) for j in range(i)}
        return Budget(
            model=partial(analysis_function, parameters=len(names)),
            inputs=tuple(found),
            unit="umol/mol",
            name="x",
            correlations=pairs,
        )


def analysis_function(*, parameters: int, d_y: Any, **b: Any) -> Any:
    """Return x = Σ b_i d_y^i, d_y being the error of the mixture's response."""
    return sum(b[f"b_{i}"] * d_y**i for i in range(parameters))


def compare(
    certified: Sequence[float],
    u_certified: Sequence[float],
    responses: Sequence[float],
    covariance: NDArray[np.float64],
    degree: int = 1,
) -> Compared:
    """Fit the analysis function to reference mixtures and evaluate it for one more (ISO 6143).

    Args:
        certified: certified amount fractions of the n references, µmol/mol.
        u_certified: their standard uncertainties.
        responses: relative areas of the n references and, last, of the mixture.
        covariance: covariance matrix of all n + 1 responses, (n + 1, n + 1).
        degree: degree of the analysis function, declared beforehand: to choose it by the fit would bias what follows.
    """
    y = np.asarray(responses, dtype=float)
    found = fit(
        Polynomial(degree),
        y[:-1] - y[-1],
        np.asarray(certified, dtype=float),
        ux=covariance[:-1, :-1],
        uy=np.asarray(u_certified, dtype=float),
    )
    return Compared(fit=found, response=float(y[-1]), u_response=math.sqrt(float(covariance[-1, -1])))


# -- certified value ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Hold the contributions to the uncertainty of a certified value, µmol/mol."""

    value: float
    """The value as prepared."""
    u_char: float
    """Of characterisation."""
    u_bb: float
    """Between bottles."""
    u_lts: float
    """Of long-term stability, with `dof_lts` degrees of freedom."""
    dof_lts: int
    """Of the regression."""
    u_sts: float
    """Of stability in transport."""


def certified_budget(parts: Parts, names: dict[str, Text]) -> Budget:
    """Return the budget of a certified value: x + d_bb + d_lts + d_sts.

    Args:
        parts: the contributions.
        names: symbol of each contribution -> what it is.
    """
    inputs = (
        _part("x_char", Normal(mean=parts.value, u=parts.u_char), names),
        _part("d_bb", Normal(mean=0.0, u=parts.u_bb), names),
        _part("d_lts", StudentT(mean=0.0, u=parts.u_lts, dof=parts.dof_lts), names),
        _part("d_sts", Normal(mean=0.0, u=parts.u_sts), names),
    )
    return Budget(model=certified, inputs=inputs, unit="umol/mol", name="x_CRM")


def certified(*, x_char: Any, d_bb: Any, d_lts: Any, d_sts: Any) -> Any:
    """Return the value of one bottle at the end of its time."""
    return x_char + d_bb + d_lts + d_sts


def _part(name: str, distribution: Normal | StudentT, names: dict[str, Text]) -> InputQuantity:
    evaluation = "A" if name in ("d_bb", "d_lts") else "B"
    return InputQuantity(
        name=name,
        distribution=distribution,
        unit="umol/mol",
        label=names[name],
        evaluation=evaluation,  # type: ignore[arg-type]
    )
