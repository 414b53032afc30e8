"""Monte Carlo evaluation of several outputs, in bounded memory (JCGM 102:2011 clause 7).

Each output, and each linear or quadratic form of them, is a scalar model; they are all evaluated on the same draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from uncertainty.blocks import TRIALS, Simulation, block_size, call
from uncertainty.distributions import Array
from uncertainty.errors import InputError, ModelError
from uncertainty.monte_carlo import evaluate_interval, make_simulation

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from uncertainty.correlation import Correlation
    from uncertainty.inputs import InputQuantity

_CELLS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class JointMonteCarloResult:
    """Hold the result of a Monte Carlo evaluation of several outputs."""

    mean: Array
    """Estimates, (n_outputs,)."""
    covariance: Array
    """Covariance matrix, (n_outputs, n_outputs)."""
    symmetric: tuple[tuple[float, float], ...]
    """Probabilistically symmetric coverage interval of each output alone."""
    shortest: tuple[tuple[float, float], ...]
    """Shortest coverage interval of each output alone."""
    ellipse: float
    """k_p: (η - y)ᵀ U_y⁻¹ (η - y) = k_p² is the elliptical region that covers `p` (JCGM 102 7.7)."""
    rectangle: float
    """k_q: y_j ± k_q u(y_j) is the rectangular region that covers `p` (JCGM 102 7.7)."""
    trials: int
    """Number of trials."""
    p: float
    """Coverage probability of intervals and regions."""
    seed: int
    """Seed of the random numbers."""

    @property
    def u(self) -> Array:
        """Return the standard uncertainties, (n_outputs,)."""
        return np.asarray(np.sqrt(np.diagonal(self.covariance)))

    @property
    def correlation(self) -> Array:
        """Return the correlation matrix, (n_outputs, n_outputs)."""
        return np.asarray(self.covariance / np.outer(self.u, self.u))


@dataclass(frozen=True, slots=True)
class _SquaredDistance:
    """(η - y)ᵀ U⁻¹ (η - y) as a scalar model; `root` times its transpose is U."""

    parts: tuple[Any, ...]
    mean: Array
    root: Array

    def __call__(self, **values: Any) -> Array:
        d = np.array([part(**values) for part in self.parts]) - self.mean[:, None]
        # A small triangular system for each trial, solved by forward substitution: no BLAS threads inside workers.
        total = np.zeros(d.shape[1])
        for j in range(len(d)):
            for i in range(j):
                d[j] -= self.root[j, i] * d[i]
            d[j] /= self.root[j, j]
            total += d[j] * d[j]
        return total


@dataclass(frozen=True, slots=True)
class _LargestDistance:
    """max_j |η_j - y_j| / u_j as a scalar model."""

    parts: tuple[Any, ...]
    mean: Array
    u: Array

    def __call__(self, **values: Any) -> Array:
        d = [np.abs(part(**values) - m) / u for part, m, u in zip(self.parts, self.mean, self.u, strict=True)]
        return np.asarray(np.max(d, axis=0))


def simulate_jointly(
    *,
    parts: tuple[Callable[..., Any], ...],
    inputs: tuple[InputQuantity, ...],
    correlation: Correlation | None,
    trials: int,
    seed: int,
    p: float,
    workers: int | Executor | None,
) -> JointMonteCarloResult:
    """Run a fixed number of trials; see `JointBudget.monte_carlo`."""
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    if trials < 100:
        raise InputError(f"trials = {trials}: at least 100 are needed")
    simulation = make_simulation(parts[0], inputs, correlation, seed, double=False)
    alone = [evaluate_interval(replace(simulation, model=part), trials, p, workers) for part in parts]
    mean = np.array([found[0] for found in alone])
    covariance = _covariance(simulation, parts, mean, trials)
    root = _root(covariance)
    u = np.sqrt(np.diagonal(covariance))
    squared = _upper_quantile(replace(simulation, model=_SquaredDistance(parts, mean, root)), trials, p, workers)
    largest = _upper_quantile(replace(simulation, model=_LargestDistance(parts, mean, u)), trials, p, workers)
    return JointMonteCarloResult(
        mean=mean,
        covariance=covariance,
        symmetric=tuple(found[2][0] for found in alone),
        shortest=tuple(found[2][1] for found in alone),
        ellipse=math.sqrt(squared),
        rectangle=largest,
        trials=trials,
        p=p,
        seed=seed,
    )


def _root(covariance: Array) -> Array:
    u = np.sqrt(np.diagonal(covariance))
    if not (u > 0).all():
        raise ModelError(f"output number {int(np.argmin(u)) + 1} does not vary; a joint region needs outputs that do")
    r = covariance / np.outer(u, u)
    if np.linalg.eigvalsh(r)[0] < 1e-10:
        raise ModelError("the outputs are linearly dependent, so their region has no volume; leave one of them out")
    return np.asarray(np.linalg.cholesky(covariance))


def _upper_quantile(simulation: Simulation, trials: int, p: float, workers: int | Executor | None) -> float:
    """Return the p-quantile of a scalar model: the upper end of the symmetric interval for 2p - 1, p > 1/2."""
    if p <= 0.5:
        raise InputError(f"p = {p}: a joint region is for p above 0.5")
    return evaluate_interval(simulation, trials, 2 * p - 1, workers)[2][0][1]


def _covariance(simulation: Simulation, parts: tuple[Any, ...], mean: Array, trials: int) -> Array:
    m = len(parts)
    products = np.zeros((m, m))
    for _, y in _blocks(simulation, parts, trials):
        d = y - mean[:, None]
        for i in range(m):
            for j in range(i + 1):
                products[i, j] += float((d[i] * d[j]).sum())
    products = products + np.tril(products, -1).T
    return products / (trials - 1)


def _blocks(simulation: Simulation, parts: tuple[Any, ...], trials: int) -> Any:
    size = block_size(len(simulation.names))
    room = simulation.room(size)
    for i in range(math.ceil(trials / size)):
        n = min(size, trials - i * size)
        here = room if n == size else simulation.room(n)
        x = simulation.draw((TRIALS, i), here)
        yield i, np.array([call(part, simulation.names, x) for part in parts])


@dataclass(frozen=True, slots=True, kw_only=True)
class SmallestRegion:
    """Hold the smallest coverage region of two outputs, as cells of a mesh (JCGM 102:2011 7.7)."""

    x_edges: Array
    """Edges of the cells of the first output, (cells + 1,)."""
    y_edges: Array
    """Edges of the cells of the second output, (cells + 1,)."""
    inside: Array
    """Whether a cell belongs to the region, (cells, cells) of booleans: first output, second output."""
    area: float
    """Area of the region, in the product of the units."""
    p: float
    """Share of the trials that it covers: the coverage probability or a little more."""


def smallest_region(
    simulation: Simulation, parts: tuple[Any, ...], trials: int, p: float, cells: int = _CELLS
) -> SmallestRegion:
    """Find the smallest region of two outputs: the fullest cells of a mesh, until they cover p.

    Args:
        simulation: what to compute.
        parts: the two outputs as scalar models.
        trials: number of trials; some 100 for each cell make a smooth region.
        p: coverage probability.
        cells: cells of the mesh along each output.

    Raises:
        InputError: there are not two outputs, or p is not inside 0 to 1.
        ModelError: the model raised, or returned a wrong shape, NaN or infinity.
    """
    if len(parts) != 2:
        raise InputError(f"{len(parts)} outputs: a smallest region is drawn for two")
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for _, y in _blocks(simulation, parts, trials):
        if not np.isfinite(y).all():
            raise ModelError("the model returned NaN or infinity")
        low, high = np.minimum(low, y.min(axis=1)), np.maximum(high, y.max(axis=1))
    if not (high > low).all():
        raise ModelError("an output does not vary; a region needs two that do")
    counts = np.zeros(cells * cells, np.int64)
    for _, y in _blocks(simulation, parts, trials):
        place = np.minimum((y - low[:, None]) / (high - low)[:, None] * cells, cells - 1).astype(np.intp)
        counts += np.bincount(place[0] * cells + place[1], minlength=cells * cells)
    order = np.argsort(counts, kind="stable")[::-1]
    need = int(np.searchsorted(np.cumsum(counts[order]), p * trials)) + 1
    inside = np.zeros(cells * cells, bool)
    inside[order[:need]] = True
    cell = float(np.prod((high - low) / cells))
    return SmallestRegion(
        x_edges=np.linspace(low[0], high[0], cells + 1),
        y_edges=np.linspace(low[1], high[1], cells + 1),
        inside=inside.reshape(cells, cells),
        area=need * cell,
        p=float(counts[order[:need]].sum()) / trials,
    )
