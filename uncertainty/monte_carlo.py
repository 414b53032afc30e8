"""Propagation of distributions by a Monte Carlo method with a fixed number of trials (JCGM 101:2008, JJF 1059.2).

Up to `KEPT` trials the model values are kept and the intervals are exact order statistics. Beyond, memory is bounded:
blocks are reduced to sums and tail counts (`uncertainty.tails`). Either way the result has the same bits for any number
of workers: a block's numbers depend on the seed and its index alone, the sums are added exactly, counts are integers.
"""

from __future__ import annotations

import math
import os
import pickle
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from uncertainty.adaptive import stabilise
from uncertainty.blocks import PILOT, TRIALS, Simulation, block_size
from uncertainty.errors import InputError
from uncertainty.memory import borrowed
from uncertainty.samplers import make_sampler
from uncertainty.tails import Interval, Tally, Window, intervals_from_tally, intervals_of_sample, open_window
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from uncertainty.correlation import Correlation
    from uncertainty.distributions import Array
    from uncertainty.inputs import InputQuantity

KEPT = 2**18
"""Largest number of trials whose model values are kept."""
_PILOT = 16_384
_MARGINS = (4.0, 16.0, 64.0)
_TASK = 16
"""Blocks of a task for another process or machine, about 1e6 trials: enough to outweigh the way there."""
_MOST_THREADS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class MonteCarloResult:
    """Hold the result of a Monte Carlo evaluation of one output quantity."""

    name: str
    """Symbol of the output quantity."""
    label: Text
    """What it is."""
    unit: str
    """Unit of the output quantity."""
    mean: float
    """Estimate: the mean of the model values, in `unit`."""
    u: float
    """Standard uncertainty: their standard deviation, in `unit`."""
    symmetric: tuple[float, float]
    """Probabilistically symmetric coverage interval for `p` (JCGM 101 3.15)."""
    shortest: tuple[float, float]
    """Shortest coverage interval for `p` (JCGM 101 3.16)."""
    trials: int
    """Number of Monte Carlo trials."""
    p: float
    """Coverage probability."""
    seed: int
    """Seed of the random numbers."""
    delta: float | None = None
    """Numerical tolerance δ that an adaptive run was to reach; None for a fixed number of trials."""
    stabilised: bool | None = None
    """Whether an adaptive run reached δ before its largest number of trials; None for a fixed number."""


def make_simulation(
    model: Any, inputs: tuple[InputQuantity, ...], correlation: Correlation | None, seed: int, *, double: bool
) -> Simulation:
    """Plan a simulation.

    Raises:
        InputError: an input has no variance, a correlation cannot be had, or the seed is negative.
    """
    if seed < 0:
        raise InputError(f"seed = {seed} must not be negative")
    distributions = tuple([q.distribution for q in inputs])
    for quantity, distribution in zip(inputs, distributions, strict=True):
        if not math.isfinite(distribution.deviation):
            raise InputError(
                f"input {quantity.name!r}: Student's t with {distribution.dof} degrees of freedom has no variance "
                "(JCGM 101 6.4.9.4); take at least four readings or a pooled standard deviation"
            )
    names = tuple(q.name for q in inputs)
    return Simulation(
        model=model,
        names=names,
        sampler=make_sampler(names, distributions, correlation, double=double),
        distributions=distributions,
        seed=seed,
    )


def simulate(
    *,
    model: Any,
    inputs: tuple[InputQuantity, ...],
    correlation: Correlation | None,
    name: str,
    label: Text,
    unit: str,
    trials: int,
    seed: int,
    p: float,
    workers: int | Executor | None,
    double: bool,
) -> MonteCarloResult:
    """Run a fixed number of trials; see `Budget.monte_carlo`."""
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    if trials != int(trials) or trials < 2:
        raise InputError(
            f"trials = {trials}: a whole number of at least 2 is needed, and 1e6 as a rule (JCGM 101 7.2.2)"
        )
    trials = int(trials)
    simulation = make_simulation(model, inputs, correlation, seed, double=double)
    mean, u, found = evaluate_interval(simulation, trials, p, workers)
    return MonteCarloResult(
        name=name,
        label=label,
        unit=unit,
        mean=mean,
        u=u,
        symmetric=found[0],
        shortest=found[1],
        trials=trials,
        p=p,
        seed=seed,
    )


def evaluate_interval(
    simulation: Simulation, trials: int, p: float, workers: int | Executor | None
) -> tuple[float, float, tuple[Interval, Interval]]:
    """Return mean, u, and the symmetric and the shortest interval of a scalar model.

    Raises:
        InputError: the trials are too few for p.
        ModelError: the model raised, or returned a wrong shape, NaN or infinity.
    """
    if trials > KEPT:
        return stream(simulation, trials, p, workers)
    y = keep(simulation, trials, workers)
    found = intervals_of_sample(y, p)
    if found is None:
        raise InputError(f"trials = {trials} are too few for p = {p}")
    return *moments_of_sample(y), found


def simulate_adaptively(
    *,
    simulation: Simulation,
    name: str,
    label: Text,
    unit: str,
    p: float,
    digits: int,
    delta: float | None,
    most_trials: int,
    shortest: bool,
) -> MonteCarloResult:
    """Run trials until the result has stabilised; see `Budget.adaptive`."""
    if not 0 < p < 1:
        raise InputError(f"p = {p} must lie between 0 and 1, e.g. 0.95")
    run = stabilise(simulation, p=p, digits=digits, delta=delta, most_trials=most_trials, shortest=shortest)
    mean, u = moments_of_sample(run.values)
    found = intervals_of_sample(run.values, p)
    if found is None:
        raise InputError(f"trials = {run.values.size} are too few for p = {p}")
    return MonteCarloResult(
        name=name,
        label=label,
        unit=unit,
        mean=mean,
        u=u,
        symmetric=found[0],
        shortest=found[1],
        trials=run.values.size,
        p=p,
        seed=simulation.seed,
        delta=run.delta,
        stabilised=run.stabilised,
    )


def moments_of_sample(y: Array) -> tuple[float, float]:
    """Return mean and standard deviation (divisor M - 1, JCGM 101 7.6) of a sample."""
    mean = float(np.add.reduce(y)) / y.size
    d = y - mean
    d *= d
    return mean, math.sqrt(float(np.add.reduce(d)) / (y.size - 1))


def keep(simulation: Simulation, trials: int, workers: int | Executor | None) -> Array:
    """Return all model values, (trials,)."""
    size = block_size(len(simulation.names))
    if trials <= size:
        with borrowed() as memory:
            room = simulation.room(trials, memory)
            y = simulation.finite_values((TRIALS, 0), room)
            return y.copy() if np.may_share_memory(y, room[0]) else y  # a model may return one of its arguments
    y = np.empty(trials)

    def work(indices: Iterator[int]) -> None:
        room = simulation.room(size)
        for i in indices:
            first = i * size
            last = min(first + size, trials)
            here = room if last - first == size else simulation.room(last - first)
            y[first:last] = simulation.finite_values((TRIALS, i), here)

    _in_threads(work, math.ceil(trials / size), workers if isinstance(workers, int) else None)
    return y


def _in_threads(work: Any, blocks: int, workers: int | None) -> list[Any]:
    """Run `work(indices)` in threads that take the block indices from one common iterator."""
    count = min(workers or os.cpu_count() or 1, _MOST_THREADS if workers is None else workers, blocks)
    indices = iter(range(blocks))
    if count <= 1:
        return [work(indices)]
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, [indices] * count))


@dataclass(slots=True)
class Part:
    """Hold what some blocks were reduced to."""

    sums: dict[int, tuple[float, float]]
    """By block: Σ(y - centre) and Σ(y - centre)²."""
    tally: Tally
    """Counts of the tails."""


def reduce_blocks(simulation: Simulation, window: Window, trials: int, indices: Any) -> Part:
    """Compute some blocks and reduce them.

    Args:
        simulation: what to compute.
        window: where the tails are.
        trials: trials of the whole run; the last block may be short.
        indices: which blocks.
    """
    size = block_size(len(simulation.names))
    room = simulation.room(size)
    part = Part({}, Tally.empty())
    for i in indices:
        n = min(size, trials - i * size)
        here = room if n == size else simulation.room(n)
        y = simulation.values((TRIALS, i), here)
        d = y - window.centre
        first = float(d.sum())
        if not math.isfinite(first):
            simulation.complain((TRIALS, i), here, y)
        part.tally.take(d, window)
        d *= d
        part.sums[i] = (first, float(d.sum()))
    return part


def stream(
    simulation: Simulation, trials: int, p: float, workers: int | Executor | None
) -> tuple[float, float, tuple[Interval, Interval]]:
    """Return mean, u and both intervals in bounded memory.

    Raises:
        InputError: p is so close to 1 that this many trials do not reach it.
        ModelError: the model raised, or returned a wrong shape, NaN or infinity.
    """
    pilot_size = min(max(_PILOT, math.ceil(64 / (1 - p))), KEPT)
    if (1 - p) * trials < 1:
        raise InputError(f"trials = {trials} are too few for p = {p}")
    pilot = simulation.finite_values((PILOT, 0), simulation.room(pilot_size))
    for margin in _MARGINS:
        window = open_window(pilot, p, margin)
        parts = _parts(simulation, window, trials, workers)
        tally, sums = Tally.empty(), {}
        for part in parts:
            tally.add(part.tally)
            sums.update(part.sums)
        found = intervals_from_tally(tally, window, trials, p)
        if found is not None:
            # fsum is exact, so the order of the blocks does not matter.
            s1, s2 = (math.fsum(pair[j] for pair in sums.values()) for j in (0, 1))
            shift = s1 / trials
            variance = max(s2 - s1 * shift, 0.0) / (trials - 1)
            return window.centre + shift, math.sqrt(variance), found
    raise InputError(f"p = {p}: the tails were not found in a pilot run of {pilot_size} trials; take a smaller p")


def _parts(simulation: Simulation, window: Window, trials: int, workers: int | Executor | None) -> list[Part]:
    blocks = math.ceil(trials / block_size(len(simulation.names)))
    if isinstance(workers, Executor):
        tasks = [range(i, min(i + _TASK, blocks)) for i in range(0, blocks, _TASK)]
        futures = [workers.submit(reduce_blocks, simulation, window, trials, task) for task in tasks]
        try:
            return [future.result() for future in futures]
        except (pickle.PicklingError, AttributeError, TypeError) as problem:
            if "pickle" not in str(problem).lower():
                raise
            why = f"the model cannot be sent to another process ({problem})"
            raise InputError(f"{why}; write it as a function of a module, or as text") from problem

    def work(indices: Iterator[int]) -> Part:
        return reduce_blocks(simulation, window, trials, indices)

    return _in_threads(work, blocks, workers)
