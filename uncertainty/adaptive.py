"""The adaptive Monte Carlo procedure (JCGM 101:2008 7.9): trials go on until the results have stabilised."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from uncertainty.blocks import ADAPTIVE, Simulation
from uncertainty.distributions import Array
from uncertainty.errors import InputError
from uncertainty.rounding import numerical_tolerance
from uncertainty.tails import intervals_of_sample

_LEAST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stabilised:
    """Hold the model values of an adaptive run and how far they have settled."""

    values: Array
    """All model values, (trials,)."""
    delta: float
    """Numerical tolerance δ of u."""
    twice_s: tuple[float, float, float, float]
    """2 s of the averages of mean, u, lower and upper end of the interval: at most δ each where it has stabilised."""
    stabilised: bool
    """Whether all four are below δ; False where the largest number of trials ended the run."""


def stabilise(
    simulation: Simulation, *, p: float, digits: int, delta: float | None, most_trials: int, shortest: bool
) -> Stabilised:
    """Run sequences of M = max(⌈100/(1 - p)⌉, 10⁴) trials until twice the standard deviations of the averages are ≤ δ.

    Args:
        simulation: what to compute.
        p: coverage probability.
        digits: significant digits of u that are regarded as meaningful; they give δ.
        delta: δ itself; None to derive it from u and `digits` after each sequence.
        most_trials: where to give up.
        shortest: whether the ends of the shortest interval are watched, not those of the symmetric one.

    Raises:
        InputError: fewer than two sequences fit into `most_trials`, or the model does not vary.
        ModelError: the model raised, or returned a wrong shape, NaN or infinity.
    """
    m = max(math.ceil(100 / (1 - p) - 1e-9), _LEAST)
    if most_trials < 2 * m:
        raise InputError(f"most_trials = {most_trials}: the adaptive procedure needs at least {2 * m} for p = {p}")
    room = simulation.room(m)
    rows: list[tuple[float, float, float, float]] = []
    kept: list[Array] = []
    first = second = 0.0  # Σ(y - c) and Σ(y - c)² over all sequences, c the first sequence's mean
    while True:
        h = len(rows) + 1
        y = simulation.finite_values((ADAPTIVE, h), room).copy()
        kept.append(y)
        mean = float(y.mean())
        u = float(y.std(ddof=1))
        found = intervals_of_sample(y, p)
        if found is None:
            raise InputError(f"p = {p}: sequences of {m} trials are too short")
        rows.append((mean, u, *found[1 if shortest else 0]))
        d = y - rows[0][0]
        first += float(d.sum())
        second += float((d * d).sum())
        if h == 1:
            continue
        total = h * m
        u_all = math.sqrt(max(second - first * first / total, 0.0) / (total - 1))
        if u_all == 0:
            raise InputError("the model's value does not vary; there is nothing to stabilise")
        tolerance = numerical_tolerance(u_all, digits) if delta is None else delta
        s = np.array(rows).std(axis=0, ddof=1) / math.sqrt(h)
        done = bool((2 * s <= tolerance).all())
        if done or total + m > most_trials:
            a, b, c, e = (float(v) for v in 2 * s)
            return Stabilised(values=np.concatenate(kept), delta=tolerance, twice_s=(a, b, c, e), stabilised=done)
