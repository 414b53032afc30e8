"""The gas grid of a works: what must hold between its meters and analysers, and reconciled flows with their budgets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scenarios.sheet import SheetError
from uncertainty.budget import Budget
from uncertainty.inputs import InputQuantity, Normal
from uncertainty.reconciliation import Search, search
from uncertainty.text import Text, catalogue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scenarios.large_duct_gas_plan import Grid
    from uncertainty.reconciliation import Reconciliation

    Array = NDArray[np.float64]

OUTSIDE = "env"
"""What lies beyond the grid."""
UNITS = {"energy": "MJ/m**3", "carbon": "kg/m**3"}
"""Unit of each analysed content."""


@dataclass(frozen=True, slots=True)
class Term:
    """Hold one product of a balance: a flow, or a flow times a content."""

    sign: float
    """+1 for what flows in, -1 for what flows out."""
    flow: int
    """Place of the flow."""
    content: int | None
    """Place of the content; None for a balance of volumes."""


class Balances:
    """Know the balances of a grid: volumes at every node, energy and carbon where gases mix."""

    def __init__(self, grid: Grid) -> None:
        """Read the grid.

        Raises:
            SheetError: a stream names a node that is not balanced, or a mixing node lacks an analysis.
        """
        self.tags = (*grid.meters, *grid.analyses)
        """Tags, in the order of the values."""
        self.flows = len(grid.meters)
        """How many of them are flows."""
        names = list(grid.meters)
        contents = {(a.node, a.quantity): self.flows + i for i, a in enumerate(grid.analyses.values())}
        self.balances: list[tuple[Term, ...]] = []
        for name, meter in grid.meters.items():
            for end in (meter.start, meter.end):
                if end != OUTSIDE and end not in grid.nodes:
                    raise SheetError(f"procedure.grid.meters.{name}", f"{end!r} is none of the nodes")
        for node in grid.nodes:
            self.balances.append(
                tuple(
                    Term(1.0 if m.end == node else -1.0, names.index(name), None)
                    for name, m in grid.meters.items()
                    if node in (m.start, m.end)
                )
            )
        for node in grid.mixers:
            for quantity in ("energy", "carbon"):
                terms = []
                for name, m in grid.meters.items():
                    if node not in (m.start, m.end):
                        continue
                    gas = m.start if m.end == node else node
                    if (gas, quantity) not in contents:
                        raise SheetError(
                            "procedure.grid.analyses", f"{quantity} of the gas at {gas!r} is missing; {node!r} mixes it"
                        )
                    terms.append(Term(1.0 if m.end == node else -1.0, names.index(name), contents[gas, quantity]))
                self.balances.append(tuple(terms))

    def __call__(self, x: Array) -> tuple[Array, Array]:
        """Return residuals and Jacobian of all balances at some values."""
        residuals = np.zeros(len(self.balances))
        jacobian = np.zeros((len(self.balances), x.size))
        for row, terms in enumerate(self.balances):
            for t in terms:
                if t.content is None:
                    residuals[row] += t.sign * x[t.flow]
                    jacobian[row, t.flow] += t.sign
                else:
                    residuals[row] += t.sign * x[t.flow] * x[t.content]
                    jacobian[row, t.flow] += t.sign * x[t.content]
                    jacobian[row, t.content] += t.sign * x[t.flow]
        return residuals, jacobian


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Hold what a reconciliation found; flows in 1000 m³/h."""

    tags: tuple[str, ...]
    """Tags."""
    y: Array
    """Values as measured."""
    u: Array
    """Their standard uncertainties."""
    search: Search
    """Before and after meters that explain a contradiction were taken out."""

    @property
    def final(self) -> Reconciliation:
        """The reconciliation that counts."""
        return self.search.final


def uncertainties(grid: Grid, y: Array) -> Array:
    """Return the standard uncertainties of the grid's values, in their units."""
    relative = [m.u.to("1") for m in grid.meters.values()] + [a.u.to("1") for a in grid.analyses.values()]
    return np.asarray(np.abs(y) * np.array(relative))


def expected_values(grid: Grid) -> Array:
    """Return the values that are expected, flows in 1000 m³/h."""
    flows = [m.flow.to("m**3/h") / 1e3 for m in grid.meters.values()]
    return np.array(flows + [a.value.to(UNITS[a.quantity]) for a in grid.analyses.values()])


def reconciled(grid: Grid, balances: Balances, values: Sequence[float] | Array) -> Found:
    """Reconcile the grid's values, and look for meters that explain a contradiction."""
    y = np.asarray(values, dtype=float)
    u = uncertainties(grid, y)
    found = search(y, u, balances, p=grid.p.value, limit=grid.limit.value, most=round(grid.most.value))
    return Found(tags=balances.tags, y=y, u=u, search=found)


def flow_budget(grid: Grid, found: Found, place: int) -> Budget:
    """Return the budget of one reconciled flow, m³/h: x^ + Σ c_j d_j, with d_j the errors of the meters.

    Meters that say little together make one line.
    """
    final, text = found.final, catalogue("scenarios")
    seen = [i for i in range(len(found.tags)) if i not in found.search.suspects]
    # Cov(x^, y) = Cov(x^) for a least squares solution, so the coefficients follow from it.
    coefficients = final.covariance[place, seen] / found.u[seen] ** 2
    parts = (coefficients * found.u[seen]) ** 2
    total = float(final.covariance[place, place])
    own = [i for i, part in enumerate(parts) if part >= grid.shown.to("1") * total]
    unit = {i: "m**3/h" if seen[i] < found_flows(grid) else UNITS[_quantity(grid, found.tags[seen[i]])] for i in own}
    lines = [
        InputQuantity(
            name=f"d_{number}",
            distribution=Normal(mean=0.0, u=float(found.u[seen[i]]) * (1e3 if unit[i] == "m**3/h" else 1.0)),
            unit=unit[i],
            label=text["large_duct_gas.meter_of"].format(tag=Text(zh=found.tags[seen[i]], en=found.tags[seen[i]])),
        )
        for number, i in enumerate(own, start=1)
    ]
    scale = [1.0 if unit[i] == "m**3/h" else 1e3 for i in own]
    rest = max(total - float(parts[own].sum()), 0.0) ** 0.5 * 1e3
    if rest > 0.0:
        label = text["large_duct_gas.other_meters"]
        lines.append(InputQuantity(name="d_rest", distribution=Normal(mean=0.0, u=rest), unit="m**3/h", label=label))
    model = partial(
        linear,
        value=float(final.values[place]) * 1e3,
        coefficients=tuple(float(coefficients[i]) * s for i, s in zip(own, scale, strict=True)),
    )
    return Budget(model=model, inputs=tuple(lines), unit="m**3/h", name="x")


def found_flows(grid: Grid) -> int:
    """Return how many of the grid's values are flows."""
    return len(grid.meters)


def _quantity(grid: Grid, tag: str) -> str:
    return grid.analyses[tag].quantity


def linear(*, value: float, coefficients: tuple[float, ...], d_rest: Any = 0.0, **d: Any) -> Any:
    """Return value + Σ c_j d_j + d_rest."""
    return value + sum(c * d[f"d_{number}"] for number, c in enumerate(coefficients, start=1)) + d_rest
