"""Several output quantities of one measurement model (JCGM 102:2011), complex ones among them.

A model returns one real array for each output; `complex_pair` turns a model with a complex output into such a one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from uncertainty.correlation import Correlation, correlate
from uncertainty.distributions import Array
from uncertainty.errors import InputError, ModelError
from uncertainty.gum import effective_degrees_of_freedom
from uncertainty.inputs import InputQuantity
from uncertainty.joint_monte_carlo import JointMonteCarloResult, SmallestRegion, simulate_jointly, smallest_region
from uncertainty.monte_carlo import make_simulation
from uncertainty.sensitivity import differentiate
from uncertainty.text import Text

if TYPE_CHECKING:
    from concurrent.futures import Executor


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Name one output quantity."""

    name: str
    """Symbol."""
    unit: str = "1"
    """Unit."""
    label: Text | None = None
    """What it is; None: the symbol speaks."""

    @property
    def title(self) -> Text:
        """Return the label, or the symbol where there is none."""
        return self.label or Text(zh=self.name, en=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class JointGumResult:
    """Hold the result of the law of propagation for several outputs."""

    outputs: tuple[Output, ...]
    """The output quantities."""
    values: Array
    """Estimates, (n_outputs,)."""
    covariance: Array
    """Covariance matrix U_y = C U_x Cᵀ, (n_outputs, n_outputs)."""
    sensitivities: Array
    """C, (n_outputs, n_inputs)."""
    degrees_of_freedom: tuple[float | None, ...]
    """Effective degrees of freedom of each output; None for infinite."""
    methods: tuple[str, ...]
    """How the derivatives of each output were found."""

    @property
    def u(self) -> Array:
        """Return the standard uncertainties, (n_outputs,)."""
        return np.asarray(np.sqrt(np.clip(np.diagonal(self.covariance), 0, None)))

    @property
    def correlation(self) -> Array:
        """Return the correlation matrix, (n_outputs, n_outputs); 0 beside an output that does not vary."""
        u = self.u
        scale = np.where(u > 0, u, 1.0)
        matrix = self.covariance / np.outer(scale, scale)
        np.fill_diagonal(matrix, 1.0)
        return np.asarray(matrix)


def ellipse_factor(p: float, outputs: int) -> float:
    """Return k_p of the elliptical coverage region of a multivariate normal output (JCGM 102:2011).

    Raises:
        InputError: p is not inside 0 to 1, or there is no output.
    """
    _require_p(p, outputs)
    return math.sqrt(2 * float(special.gammaincinv(0.5 * outputs, p)))


def rectangle_factor(p: float, outputs: int, *, independent: bool = False) -> float:
    """Return k_q of a rectangular coverage region, y_j ± k_q u(y_j) (JCGM 102:2011).

    Args:
        p: coverage probability of the rectangle.
        outputs: number of output quantities.
        independent: whether the outputs are independent; otherwise Bonferroni's factor, safe for any correlation.

    Raises:
        InputError: p is not inside 0 to 1, or there is no output.
    """
    _require_p(p, outputs)
    each = p ** (1 / outputs) if independent else 1 - (1 - p) / outputs
    return float(special.ndtri(0.5 + 0.5 * each))


def _require_p(p: float, outputs: int) -> None:
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    if outputs < 1:
        raise InputError(f"{outputs} outputs: there must be at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class JointBudget:
    """Hold a measurement model with several outputs, its input quantities and their correlations."""

    model: Callable[..., Any]
    """f, called as `model(**{name: float or array})`; returns one array for each output."""
    outputs: tuple[Output, ...]
    """Y_j, in the order of what the model returns."""
    inputs: tuple[InputQuantity, ...]
    """X_i."""
    correlations: Mapping[tuple[str, str], float] | None = None
    """r(x_i, x_j) of pairs of inputs; pairs not named are uncorrelated."""
    _correlation: Correlation | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        names = [quantity.name for quantity in self.inputs]
        for what, found in (("inputs", names), ("outputs", [o.name for o in self.outputs])):
            if not found:
                raise InputError(f"joint budget: there are no {what}")
            if len(set(found)) < len(found):
                raise InputError(f"joint budget: two {what} have the same name: {', '.join(found)}")
        if self.correlations:
            object.__setattr__(self, "_correlation", correlate(names, self.correlations))

    def gum(self) -> JointGumResult:
        """Apply the law of propagation of uncertainty to all outputs (JCGM 102:2011).

        Raises:
            ModelError: the model raises, or returns a wrong number of outputs, a wrong shape, NaN or infinity.
        """
        x = np.array([q.distribution.mean for q in self.inputs], dtype=float)
        u = np.array([q.distribution.u for q in self.inputs], dtype=float)
        names = [q.name for q in self.inputs]
        found = [differentiate(part, names, x, u) for part in self._parts()]
        c = np.array([s.coefficients for s in found])
        components = c * u
        matrix = np.eye(len(x)) if self._correlation is None else self._correlation.matrix
        dofs = [q.distribution.dof for q in self.inputs]
        return JointGumResult(
            outputs=self.outputs,
            values=np.array([s.value for s in found]),
            covariance=components @ matrix @ components.T,
            sensitivities=c,
            degrees_of_freedom=tuple(effective_degrees_of_freedom(row, dofs, self._correlation) for row in components),
            methods=tuple(s.method for s in found),
        )

    def monte_carlo(
        self,
        trials: int = 200_000,
        seed: int = 1,
        p: float = 0.95,
        *,
        workers: int | Executor | None = None,
    ) -> JointMonteCarloResult:
        """Propagate the distributions to all outputs by a Monte Carlo method (JCGM 102:2011 clause 7).

        Args:
            trials: number of trials.
            seed: seed of the random numbers; the same seed gives the same result, bit by bit.
            p: coverage probability of intervals and regions.
            workers: number of threads (None: as many as processors), or an executor of `concurrent.futures`.

        Raises:
            InputError: an input has no variance, or a setting cannot be used.
            ModelError: the model raises, or returns a wrong number of outputs, a wrong shape, NaN or infinity.
        """
        return simulate_jointly(
            parts=self._parts(),
            inputs=self.inputs,
            correlation=self._correlation,
            trials=trials,
            seed=seed,
            p=p,
            workers=workers,
        )

    def smallest_region(self, trials: int = 1_000_000, seed: int = 1, p: float = 0.95) -> SmallestRegion:
        """Find the smallest coverage region of two outputs (JCGM 102:2011 7.7).

        Raises:
            InputError: there are not two outputs, or a setting cannot be used.
            ModelError: the model raises, or returns a wrong shape, NaN or infinity.
        """
        parts = self._parts()
        simulation = make_simulation(parts[0], self.inputs, self._correlation, seed, double=False)
        return smallest_region(simulation, parts, trials, p)

    def _parts(self) -> tuple[_Part, ...]:
        return tuple(_Part(self.model, j, len(self.outputs)) for j in range(len(self.outputs)))


@dataclass(frozen=True, slots=True)
class _Part:
    """One output of a model with several."""

    model: Callable[..., Any]
    place: int
    count: int

    def __call__(self, **values: Any) -> Any:
        found = self.model(**values)
        if len(found) != self.count:
            raise ModelError(f"the model returned {len(found)} outputs; {self.count} are declared")
        return found[self.place]


def complex_pair(model: Callable[..., Any]) -> Callable[..., tuple[Any, Any]]:
    """Turn a model with one complex output into one with two real outputs, its real and imaginary part.

    Its derivatives are taken by central differences: the imaginary axis, on which the complex step walks, is in use.
    """

    def parts(**values: Any) -> tuple[Any, Any]:
        z = np.asarray(model(**values))
        return z.real, z.imag

    return parts
