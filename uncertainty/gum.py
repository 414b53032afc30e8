"""The law of propagation of uncertainty for one output quantity (JCGM 100:2008 clause 5 and annex G, JJF 1059.1)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from uncertainty.errors import InputError
from uncertainty.higher_order import second_order_variance
from uncertainty.inputs import InputQuantity
from uncertainty.rounding import truncated
from uncertainty.sensitivity import differentiate
from uncertainty.text import Language, Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from uncertainty.correlation import Correlation
    from uncertainty.distributions import Array
    from uncertainty.sensitivity import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetLine:
    """Hold one line of an uncertainty budget."""

    name: str
    """Symbol of the input quantity in the measurement model."""
    label: Text
    """What it is."""
    evaluation: str
    """"A" or "B" (JCGM 100 4.2, 4.3)."""
    distribution: str
    """Distribution, e.g. "rectangular"."""
    value: float
    """Estimate of the input quantity, in `unit`."""
    u: float
    """Standard uncertainty, in `unit`."""
    unit: str
    """Unit of the input quantity."""
    dof: float | None
    """Degrees of freedom; None for infinite."""
    sensitivity: float
    """c = ∂f/∂x, output unit per input unit."""
    contribution: float
    """|c| u, in the output's unit."""
    share: float
    """(c u)² / u_c²; with correlated inputs the shares need not add up to 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GumResult:
    """Hold the result of the law of propagation."""

    name: str
    """Symbol of the output quantity."""
    label: Text
    """What it is."""
    unit: str
    """Unit of the output quantity."""
    value: float
    """Estimate y = f(x), in `unit`."""
    u: float
    """Combined standard uncertainty, in `unit`."""
    degrees_of_freedom: float | None
    """Effective degrees of freedom; None for infinite."""
    k: float
    """Coverage factor of U."""
    U: float
    """Expanded uncertainty k u, in `unit`."""
    p: float
    """Coverage probability of `interval`, and of U where k was derived from it."""
    interval: tuple[float, float]
    """y ± k_p u with k_p from `p` and the degrees of freedom (JCGM 100 G.6.4), also where k is conventional, e.g. 2."""
    method: str
    """How the sensitivity coefficients were found: "complex step" or "central differences"."""
    second_order: float
    """u² that the terms of second order add (JCGM 100 5.1.2 note), in `unit`²; 0 where they were not asked for."""
    inputs: tuple[InputQuantity, ...]
    """The input quantities."""
    sensitivities: tuple[float, ...]
    """c_i of the input quantities."""

    def _repr_html_(self) -> str:
        """Return the table for a notebook."""
        from uncertainty.report import to_html  # the report knows this module, not the other way round

        return to_html(self, Language.BOTH)

    @property
    def lines(self) -> tuple[BudgetLine, ...]:
        """Return the budget, one line an input, in the order of the inputs."""
        variance = self.u**2
        rows = []
        for quantity, c in zip(self.inputs, self.sensitivities, strict=True):
            d = quantity.distribution
            contribution = abs(c) * d.u
            rows.append(
                BudgetLine(
                    name=quantity.name,
                    label=quantity.title,
                    evaluation=quantity.evaluation,
                    distribution=d.kind,
                    value=d.mean,
                    u=d.u,
                    unit=quantity.unit,
                    dof=d.dof,
                    sensitivity=c,
                    contribution=contribution,
                    share=contribution**2 / variance if variance else 0.0,
                )
            )
        return tuple(rows)


def coverage_factor(p: float, dof: float | None) -> float:
    """Return k_p: the two-sided quantile of the normal, or of Student's t distribution (JCGM 100 annex G).

    Raises:
        InputError: p is not inside 0 to 1, or the degrees of freedom are not positive.
    """
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    if dof is None or dof == math.inf:
        return float(special.ndtri(0.5 + 0.5 * p))
    if not dof > 0:
        raise InputError(f"degrees of freedom {dof} must be positive")
    return float(special.stdtrit(dof, 0.5 + 0.5 * p))


def effective_degrees_of_freedom(
    components: Array, dofs: Sequence[float | None], correlation: Correlation | None
) -> float | None:
    """Return the effective degrees of freedom by Welch and Satterthwaite (JCGM 100 G.4.1); None for infinite.

    Correlated inputs count as one component with their joint variance (Willink 2007, for quantities that were measured
    together, like those of JCGM 100 H.2). Where their degrees of freedom differ, the smallest stands for the group.

    Args:
        components: c_i u_i with sign, (n_inputs,).
        dofs: degrees of freedom of the inputs, None for infinite.
        correlation: correlation of the inputs, or None.
    """
    if not any(dofs):
        return None
    c = components.tolist()
    parts = [(part * part, dof) for part, dof in zip(c, dofs, strict=True)]
    total = math.fsum(variance for variance, _ in parts)
    if correlation is not None:
        total = max(float(components @ correlation.matrix @ components), 0.0)
        for group in correlation.groups:
            finite = [dof for i in group if (dof := dofs[i]) is not None]
            if finite:
                r = correlation.matrix[list(group)][:, list(group)].tolist()
                joint = sum(c[i] * c[j] * r[a][b] for a, i in enumerate(group) for b, j in enumerate(group))
                for i in group:
                    parts[i] = (0.0, None)
                parts[group[0]] = (max(joint, 0.0), min(finite))
    loss = math.fsum(variance**2 / dof for variance, dof in parts if dof is not None)
    return total**2 / loss if loss > 0 else None


class Estimates:
    """Hold what the law of propagation takes from the inputs: asking twelve of them anew is a sixth of its time."""

    __slots__ = ("dofs", "names", "u", "x")

    def __init__(self, inputs: tuple[InputQuantity, ...]) -> None:
        """Ask the inputs."""
        self.names = [q.name for q in inputs]
        self.x = np.array([q.distribution.mean for q in inputs], dtype=float)
        self.u = np.array([q.distribution.u for q in inputs], dtype=float)
        self.dofs = [q.distribution.dof for q in inputs]


def propagate(
    *,
    model: Model,
    inputs: tuple[InputQuantity, ...],
    estimates: Estimates,
    correlation: Correlation | None,
    name: str,
    label: Text,
    unit: str,
    p: float,
    k: float | None,
    truncate: bool,
    second_order: bool,
) -> GumResult:
    """Apply the law of propagation of uncertainty; see `Budget.gum`.

    Raises:
        InputError: p outside 0 to 1, k ≤ 0.
        ModelError: the model raises, or returns a wrong shape, NaN or infinity.
    """
    names, x, u = estimates.names, estimates.x, estimates.u
    found = differentiate(model, names, x, u)
    components = found.coefficients * u
    variance = float(components @ components if correlation is None else components @ correlation.matrix @ components)
    further = 0.0
    if second_order:
        if correlation is not None:
            raise InputError("second order: the terms of JCGM 100 5.1.2 are for uncorrelated inputs; use Monte Carlo")
        further = second_order_variance(model, names, x, u)
    combined = math.sqrt(max(variance + further, 0.0))
    dof = effective_degrees_of_freedom(components, estimates.dofs, correlation)
    if truncate and dof is not None and dof >= 1:
        dof = float(truncated(dof))
    k_p = coverage_factor(p, dof)
    if k is None:
        k = k_p
    elif not k > 0:
        raise InputError(f"k = {k} must be positive")
    return GumResult(
        name=name,
        label=label,
        unit=unit,
        value=found.value,
        u=combined,
        degrees_of_freedom=dof,
        k=k,
        U=k * combined,
        p=p,
        interval=(found.value - k_p * combined, found.value + k_p * combined),
        method=found.method,
        second_order=further,
        inputs=inputs,
        sensitivities=tuple(found.coefficients.tolist()),
    )
