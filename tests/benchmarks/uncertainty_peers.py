"""Measure other programs on the models of the benchmark, beside the engine. They are a benchmark extra, not needed."""

from __future__ import annotations

import importlib.util
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.uncertainty_models import MODELS, Case
from uncertainty.budget import Budget
from uncertainty.inputs import Arcsine, Distribution, Normal, Rectangular, StudentT, Triangular

if TYPE_CHECKING:
    from collections.abc import Callable


def intervals(y: Any) -> tuple[Any, ...]:
    """Return what the engine returns, from a sample, as an expert reads it off."""
    m = y.size
    s = np.sort(y)
    q = int(0.95 * m)
    r = (m - q) // 2
    i = int(np.argmin(s[q:] - s[: m - q]))
    return y.mean(), y.std(ddof=1), (s[r - 1], s[r + q - 1]), (s[i], s[i + q])


def metrolopy(case: Case, m: int) -> Callable[[], Any]:
    """Run metrolopy's Monte Carlo simulation."""
    import metrolopy as uc

    def distribution(d: Distribution) -> Any:
        match d:
            case Normal():
                return uc.NormalDist(d.mean, d.u)
            case StudentT():
                return uc.TDist(d.mean, d.u, d.dof)
            case Rectangular():
                return uc.UniformDist(lower_limit=d.low, upper_limit=d.high)
            case Triangular():
                return uc.TriangularDist(d.mean, half_width=0.5 * (d.high - d.low))
            case Arcsine():
                return uc.ArcSinDist(center=d.mean, half_width=0.5 * (d.high - d.low))
        raise TypeError(d)

    def run() -> Any:
        joint: dict[str, Any] = {}
        for (a, b), r in (case.correlations or {}).items():
            da, db = case.distributions[a], case.distributions[b]
            c = r * da.u * db.u
            pair = uc.gummy.create(uc.MultiNormalDist([da.mean, db.mean], [[da.u**2, c], [c, db.u**2]]))
            joint |= {a: pair[0], b: pair[1]}
        x = {n: joint.get(n) or uc.gummy(distribution(d)) for n, d in case.distributions.items()}
        y = case.model(**x)
        uc.gummy.simulate([y], n=m)
        return intervals(np.asarray(y.simdata))

    return run


def chaospy(case: Case, m: int) -> Callable[[], Any]:
    """Run chaospy's sampling."""
    import chaospy as cp

    def distribution(d: Distribution) -> Any:
        match d:
            case Normal():
                return cp.Normal(d.mean, d.u)
            case StudentT():
                return cp.StudentT(d.dof, d.mean, d.u)
            case Rectangular():
                return cp.Uniform(d.low, d.high)
            case Triangular():
                return cp.Triangle(d.low, d.mean, d.high)
            case Arcsine():
                return cp.Beta(0.5, 0.5, d.low, d.high)
        raise TypeError(d)

    pairs = list((case.correlations or {}).items())
    together = [n for pair, _ in pairs for n in pair]
    alone = [n for n in case.distributions if n not in together]
    parts = [distribution(case.distributions[n]) for n in alone]
    for (a, b), r in pairs:
        da, db = case.distributions[a], case.distributions[b]
        c = r * da.u * db.u
        parts.append(cp.MvNormal([da.mean, db.mean], [[da.u**2, c], [c, db.u**2]]))
    joint = cp.J(*parts) if len(parts) > 1 else parts[0]

    def run() -> Any:
        return intervals(case.model(**dict(zip(alone + together, joint.sample(m, rule="random"), strict=True))))

    return run


PEERS = {"metrolopy": metrolopy, "chaospy": chaospy}


def peers(trials: int, repetitions: int) -> None:
    """Print the ratio of each installed peer's time to the engine's."""
    for name, make in PEERS.items():
        if importlib.util.find_spec(name) is None:
            sys.stdout.write(f"{name} is not installed: skipped\n")
            continue
        for case in MODELS:
            budget = Budget(model=case.model, inputs=case.inputs, unit="1", correlations=case.correlations)
            run = make(case, trials)
            found = run()
            own = budget.monte_carlo(trials=trials)
            if abs(found[1] / own.u - 1) > 0.02:
                sys.stdout.write(f"{name}: {case.name}: u = {found[1]:.6g} against {own.u:.6g}: not the same thing\n")
                continue
            times = []
            for _ in range(repetitions):
                start = time.perf_counter()
                run()
                middle = time.perf_counter()
                budget.monte_carlo(trials=trials)
                times.append((middle - start, time.perf_counter() - middle))
            ratio = statistics.median(a / b for a, b in times)
            theirs = statistics.median(a for a, _ in times)
            sys.stdout.write(f"{name:12} {case.name:22} {trials:.0e}  {theirs:8.4f} s  ratio {ratio:6.2f}\n")
            sys.stdout.flush()
