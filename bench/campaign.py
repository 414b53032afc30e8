"""The campaign: proof by planted truth. The only place beside the tests where the true value meets the result.

Each run draws anew what a laboratory cannot know (errors of the standards, the environment, the device's own error),
runs the whole procedure through VISA bytes, and holds the twin's true error against the stated interval. Points of
one run share their standard, so each test point has a binomial count of its own; they are never pooled.
"""

from __future__ import annotations

import gc
import math
import os
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing import get_context
from statistics import NormalDist
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits

from bench.operators import Simulation
from bench.runs import Order, execute
from drivers.errors import InstrumentError
from scenarios.procedure import ProcedureAborted
from uncertainty.conformity import Verdict
from uncertainty.quantity import UnitMismatch, convert
from uncertainty.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bench.catalogue import System
    from bench.runs import Finished
    from bench.station import Station
    from scenarios.record import PointResult, RunRecord
    from scenarios.sheet import Study
    from uncertainty.quantity import Quantity

FAILURE = 1e-3
"""Probability with which an honest procedure, with all its points, may miss its band in one campaign."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Hold truth against result at one point of one run; numbers in the measurand's unit."""

    key: str
    """Key of the test point."""
    label: Text
    """What people call it."""
    truth: float
    """True error, which only the twin knows."""
    error: float
    """Estimate of the error."""
    interval: tuple[float, float]
    """Stated Monte Carlo interval."""
    u: float
    """Stated standard uncertainty."""
    U: float
    """Stated expanded uncertainty."""
    mpe: float | None
    """Maximum permissible error."""
    acceptance: float | None
    """Acceptance limit of the estimate under the declared rule, rounding included."""
    verdict: Verdict
    """Stated verdict."""
    scale: float
    """What a relative error of 1 makes, in the measurand's unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Hold one run of a campaign."""

    trials: tuple[Trial, ...]
    """Its points; empty if the run was refused."""
    refusal: str | None
    """Why the run ended without a result; None if it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSummary:
    """Hold the counts of one test point over a campaign."""

    key: str
    """Key of the test point."""
    label: Text
    """What people call it."""
    runs: int
    """Runs that measured it."""
    covered: int
    """Runs whose Monte Carlo interval covered the true error."""
    covered_by_U: int
    """Runs whose error ± U covered it."""
    band: tuple[int, int]
    """Fewest and most covered runs that an honest procedure may show."""
    conforming: int
    """Devices whose true error was within the MPE."""
    false_accept: int
    """Accepted although the true error exceeded the MPE."""
    false_reject: int
    """Rejected although the true error was within the MPE."""
    expected_false_accept: float
    """False accepts that the declared rule leads one to expect for these devices and this u."""
    expected_false_reject: float
    """False rejects, likewise."""
    deviation: float
    """Mean of (error - truth)/u: 0 for a procedure without bias."""
    spread: float
    """Standard deviation of (error - truth)/u: 1 for an honest u."""

    @property
    def honest(self) -> bool:
        """Whether the interval's coverage lies in its band, and that of U not below it."""
        low, high = self.band
        return low <= self.covered <= high and self.covered_by_U >= low


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Hold the result of a campaign."""

    system: str
    """Name of the system."""
    seed: int
    """Seed."""
    runs: int
    """Runs made."""
    points: tuple[PointSummary, ...]
    """Counts per test point."""
    p: float
    """Stated coverage probability."""
    refusals: tuple[str, ...]
    """Why runs ended without a result."""
    bench_s: float
    """Bench time of one run, mean, s."""
    wall_s: float
    """Wall time of the campaign, s."""
    workers: int
    """Worker processes."""

    @property
    def honest(self) -> bool:
        """Whether every test point is honest and no run was refused."""
        return bool(self.points) and not self.refusals and all(point.honest for point in self.points)

    @property
    def rate(self) -> float:
        """Return whole verifications per second of wall time."""
        return self.runs / self.wall_s


def campaign(
    system: System,
    station: Station,
    *,
    runs: int,
    seed: int,
    workers: int | None = None,
    advance: Callable[[int], None] = lambda done: None,
) -> Campaign:
    """Run a campaign in worker processes; the result does not depend on how many there are.

    Args:
        system: what to verify; its sheet says what is drawn.
        station: the twins.
        runs: number of runs, at least 1.
        seed: seed; run i is seeded by (seed, i).
        workers: worker processes; None for one per core.
        advance: told how many runs are finished.

    Raises:
        ValueError: the sheet plans no campaign.
    """
    if system.sheet.campaign is None:
        raise ValueError(f"{system.source}: campaign: missing; the sheet does not say what to draw")
    workers = max(1, min(workers or os.cpu_count() or 1, runs))
    begin = perf_counter()
    done: list[tuple[Run, float]] = []
    # Imports take a second per worker: the clock of the figures starts when all of them are ready.
    for result in _results(system, station, runs, seed, workers):
        if result is None:
            begin = perf_counter()
            continue
        done.append(result)
        advance(len(done))
    wall = perf_counter() - begin
    finished = [run for run, _ in done]
    return Campaign(
        system=system.sheet.system,
        seed=seed,
        runs=runs,
        points=summarise(finished, system.sheet.evaluation.p),
        p=system.sheet.evaluation.p,
        refusals=tuple(run.refusal for run in finished if run.refusal is not None),
        bench_s=sum(duration for _, duration in done) / runs,
        wall_s=wall,
        workers=workers,
    )


def one_thread() -> threadpool_limits:
    """Let linear algebra use one thread: on small matrices many threads wait for each other more than they work.

    From the call on; as a context, to its end.
    """
    return threadpool_limits(limits=1, user_api="blas")


def _results(
    system: System, station: Station, runs: int, seed: int, workers: int
) -> Iterator[tuple[Run, float] | None]:
    """Yield the runs in order, after a None when the workers are ready."""
    if workers == 1:
        yield None
        with one_thread():
            for index in range(runs):
                yield one(system, station, seed, index)
        return
    context = get_context("spawn")
    name, sheet = system.sheet.system, system
    with ProcessPoolExecutor(workers, context, _prepare, (name, sheet.source, station, seed)) as pool:
        list(pool.map(_ready, range(workers)))
        yield None
        yield from pool.map(_one, range(runs), chunksize=max(1, min(8, runs // workers)))


_THRESHOLDS = (5000, 20, 20)
"""When a worker looks for garbage in cycles: a run makes some thousand objects, nearly all of them gone at its end."""
_bench: tuple[System, Station, int] | None = None
"""What a worker process works on; set once by `_prepare`, in worker processes only."""


def _prepare(name: str, source: str, station: Station, seed: int) -> None:
    global _bench
    from pathlib import Path

    from bench.catalogue import find

    path = Path(source)
    _bench = (find(name, path if path.is_file() else None), station, seed)
    one_thread()
    # What is there by now stays until the worker ends; looking through it again and again would take 5 % of its time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def _ready(index: int) -> int:
    return index


def _one(index: int) -> tuple[Run, float]:
    if _bench is None:
        raise RuntimeError("a worker was not prepared")
    return one(*_bench, index)


def one(system: System, station: Station, seed: int, index: int) -> tuple[Run, float]:
    """Make one run of a campaign and hold truth against result; returns it with its bench time, s."""
    study = system.sheet.campaign
    assert study is not None  # campaign() has refused a sheet without one
    order = Order(
        seed=int(np.random.SeedSequence(seed, spawn_key=(index,)).generate_state(1)[0]),
        started=datetime(2026, 1, 1, tzinfo=UTC),
        trials=study.trials,
    )
    try:
        finished = execute(system, station, order, Simulation(), draw=study.parameters)
    except (ProcedureAborted, InstrumentError) as refusal:
        return Run(trials=(), refusal=f"run {index}: {refusal}"), 0.0
    return Run(trials=held(finished, study), refusal=None), finished.record.duration_s


def held(finished: Finished, study: Study) -> tuple[Trial, ...]:
    """Hold truth against result at every point of a run."""
    record = finished.record
    trials = []
    for item in record.items:
        knower = finished.world.knower(study.devices.get(item.key, study.device))
        unit = record.measurand_of(item).unit
        for point in item.points:
            settings = {name: quantity.value for name, quantity in point.point.settings.items()}
            times = {"at": point.readings[-1].time_s, "since": point.readings[0].time_s}
            truth = knower.true_error(**point.point.about, **settings, **times)
            stated = unit if item.measurand is not None else study.unit
            trials.append(_trial(record, point, convert(truth, stated, unit), unit))
    return tuple(trials)


def _trial(record: RunRecord, point: PointResult, truth: float, unit: str) -> Trial:
    mpe = None if point.point.mpe is None else point.point.mpe.value
    acceptance = None
    if mpe is not None and record.decision.rule.value == "simple":
        acceptance = mpe + float(point.reported.step or 0) / 2
    elif mpe is not None and record.decision.rule.value == "guarded":
        acceptance = mpe - point.U + float(point.reported.step or 0) / 2
    return Trial(
        key=point.point.key,
        label=point.point.label,
        truth=truth,
        error=point.error.value,
        interval=point.interval,
        u=point.standard_uncertainty,
        U=point.U,
        mpe=mpe,
        acceptance=acceptance,
        verdict=point.verdict,
        scale=_scale(point.reference_value, unit),
    )


def _scale(reference: Quantity, unit: str) -> float:
    """Return what a relative error of 1 makes in the measurand's unit."""
    if unit == "%":
        return 100.0
    try:
        return abs(reference.to(unit).value)
    except UnitMismatch:
        return 1.0


def band(runs: int, p: float, points: int) -> tuple[int, int]:
    """Return the fewest and most covered runs of an honest point.

    The band is the central binomial interval whose tails hold FAILURE/points together (Bonferroni: points of one run
    are correlated, which makes a miss rarer still), so that an honest procedure fails one campaign in a thousand.
    """
    from scipy import stats  # a second to import, for two numbers

    tail = FAILURE / points / 2
    return int(stats.binom.ppf(tail, runs, p)), int(stats.binom.isf(tail, runs, p))


def summarise(runs: list[Run], p: float) -> tuple[PointSummary, ...]:
    """Count per test point, in the order of the procedure."""
    by_key: dict[str, list[Trial]] = {}
    for run in runs:
        for trial in run.trials:
            by_key.setdefault(trial.key, []).append(trial)
    return tuple(_summary(trials, band(len(trials), p, len(by_key))) for trials in by_key.values())


def _summary(trials: list[Trial], limits: tuple[int, int]) -> PointSummary:
    normal = NormalDist()
    false_accept = false_reject = conforming = 0
    expected_accept = expected_reject = 0.0
    for t in trials:
        if t.mpe is None:
            continue
        conforms, accepted = abs(t.truth) <= t.mpe, t.verdict in (Verdict.PASS, Verdict.CONDITIONAL)
        conforming += conforms
        false_accept += accepted and not conforms
        false_reject += t.verdict is Verdict.FAIL and conforms
        if t.acceptance is not None:
            chance = normal.cdf((t.acceptance - t.truth) / t.u) - normal.cdf((-t.acceptance - t.truth) / t.u)
            expected_accept += 0.0 if conforms else chance
            expected_reject += 1.0 - chance if conforms else 0.0
    scores = [(t.error - t.truth) / t.u for t in trials]
    mean = sum(scores) / len(scores)
    return PointSummary(
        key=trials[0].key,
        label=trials[0].label,
        runs=len(trials),
        covered=sum(t.interval[0] <= t.truth <= t.interval[1] for t in trials),
        covered_by_U=sum(abs(t.error - t.truth) <= t.U for t in trials),
        band=limits,
        conforming=conforming,
        false_accept=false_accept,
        false_reject=false_reject,
        expected_false_accept=expected_accept,
        expected_false_reject=expected_reject,
        deviation=mean,
        spread=math.sqrt(sum((s - mean) ** 2 for s in scores) / max(1, len(scores) - 1)),
    )
