"""Measure the uncertainty engine against a plain NumPy script, run in turn in one process.

    python -m tests.benchmarks.bench_uncertainty             ratios at 1e6 and 1e7 trials, GUM, small runs, memory
    python -m tests.benchmarks.bench_uncertainty --peers     metrolopy, suncal, openturns, chaospy too, if installed
    python -m tests.benchmarks.bench_uncertainty --billion   1e9 trials of JCGM 101 9.2: memory and quantile error

The plain script is what an expert writes straight away: draw, evaluate, sort, read off both intervals. Times are
medians over the repetitions. The ratio is the median of the ratios of runs that stood side by side; behind it stands
the ratio of the two shortest times and that of the processor times (all threads added up), which other work on the
machine disturbs less.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.uncertainty_models import MODELS, Case, plain
from uncertainty.budget import Budget
from uncertainty.expression import parse

if TYPE_CHECKING:
    from collections.abc import Callable


def say(line: str = "") -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def timed(run: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long a call takes, s."""
    start = clock()
    run()
    return clock() - start


@dataclass(frozen=True)
class Pair:
    """Times of the plain script and of another program, run in turn: (wall, processor) in s."""

    plain: list[tuple[float, float]]
    other: list[tuple[float, float]]

    def ratio(self, clock: int) -> float:
        """Return the median of the ratios: 0 of the wall times, 1 of the processor times of all threads."""
        return statistics.median(a[clock] / b[clock] for a, b in zip(self.plain, self.other, strict=True))

    @property
    def best(self) -> float:
        """Return the ratio of the shortest wall times."""
        return min(a for a, _ in self.plain) / min(b for b, _ in self.other)


def both(run: Callable[[], Any]) -> tuple[float, float]:
    """Return the wall and the processor time of a call, s."""
    start = time.process_time()
    wall = timed(run)
    return wall, time.process_time() - start


def pairwise(first: Callable[[], Any], second: Callable[[], Any], repetitions: int) -> Pair:
    """Run two programs in turn; one round of both beforehand is not counted."""
    first(), second()
    times = [(both(first), both(second)) for _ in range(repetitions)]
    return Pair([a for a, _ in times], [b for _, b in times])


def budget(case: Case, *, expression: bool) -> Budget:
    """Return a case as a budget, its model a Python function or an expression."""
    model = parse(case.text) if expression else case.model
    return Budget(model=model, inputs=case.inputs, unit="1", correlations=case.correlations)


def ratios(trials: int, repetitions: int, *, double: bool) -> None:
    """Print the ratios to the plain script."""
    for case in MODELS:
        for kind, is_text in (("function", False), ("expression", True)):
            b = budget(case, expression=is_text)
            pair = pairwise(
                lambda case=case: plain(case, trials, 1),
                lambda b=b: b.monte_carlo(trials=trials, double=double),
                repetitions,
            )
            plain_s, engine_s = (statistics.median(t for t, _ in times) for times in (pair.plain, pair.other))
            say(
                f"{case.name:22} {kind:10} {trials:.0e}  plain {plain_s:8.4f} s  engine {engine_s:8.4f} s"
                f"  ratio {pair.ratio(0):6.2f}  (shortest {pair.best:6.2f}, processor {pair.ratio(1):6.2f})"
            )


def agreement() -> None:
    """Check that the plain script and the engine compute the same thing before they are timed."""
    m = 1_000_000
    for case in MODELS:
        mean, u, symmetric, _ = plain(case, m, 3)
        for is_text in (False, True):
            mc = budget(case, expression=is_text).monte_carlo(trials=m)
            assert abs(mc.mean - mean) < 8 * u / math.sqrt(m), case.name
            assert abs(mc.u / u - 1) < 0.01, case.name
            assert np.abs(np.subtract(mc.symmetric, symmetric)).max() < 0.02 * u, case.name


def latencies() -> None:
    """Print the times of the law of propagation and of small runs."""
    case = MODELS[-1]
    for kind, is_text in (("function", False), ("expression", True)):
        b = budget(case, expression=is_text)
        eight = Budget(model=lambda **x: sum(x.values()), inputs=case.inputs[:8], unit="1", correlations=None)
        for what, run, n in (
            ("GUM, 12 inputs, two correlated", b.gum, 2000),
            ("GUM and the lines of the table", lambda b=b: b.gum().lines, 2000),
            ("Monte Carlo, 12 inputs, 1e4 trials", lambda b=b: b.monte_carlo(trials=10_000), 300),
            ("Monte Carlo, sum of 8, 1e4 trials", lambda e=eight: e.monte_carlo(trials=10_000), 300),
        ):
            run()
            times = sorted(timed(run) for _ in range(n))
            say(f"{what:36} {kind:10} median {times[n // 2] * 1e6:7.1f} µs   least {times[0] * 1e6:7.1f} µs")


def _resident_peak() -> float:
    """Return the largest resident memory of this process so far, MB (Linux: getrusage would tell the parent's too)."""
    with Path("/proc/self/status").open(encoding="ascii") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith("VmHWM"))


def _peak(name: str, trials: int, pipe: Any) -> None:
    case = next(c for c in MODELS if c.name == name)
    b = budget(case, expression=False)
    b.monte_carlo(trials=1000)
    before = _resident_peak()
    start = time.perf_counter()
    result = b.monte_carlo(trials=trials)
    seconds = time.perf_counter() - start
    pipe.send((_resident_peak() - before, before, seconds, result))


def memory(name: str, trials: int) -> Any:
    """Run a case in a fresh process and print its peak of memory."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_peak, args=(name, trials, there))
    process.start()
    peak, before, seconds, result = here.recv()
    process.join()
    say(f"{name:22} {trials:.0e}  {peak:6.1f} MB above the {before:.0f} MB after import   {seconds:.2f} s")
    return result


def billion() -> None:
    """Print memory and quantile error of 1e9 trials of the sum of four normal quantities."""
    m = 10**9
    result = memory(MODELS[0].name, m)
    # The error of the histogram: how many of the same 1e9 trials lie below the quantile that it gave.
    from uncertainty.blocks import TRIALS, block_size
    from uncertainty.monte_carlo import make_simulation

    b = budget(MODELS[0], expression=False)
    simulation = make_simulation(b.model, b.inputs, b.correlation, 1, double=False)
    size = block_size(len(b.inputs))
    room = simulation.room(size)
    below = [0, 0]
    for i in range(math.ceil(m / size)):
        n = min(size, m - i * size)
        y = simulation.values((TRIALS, i), room if n == size else simulation.room(n))
        for j in (0, 1):
            below[j] += int((y <= result.symmetric[j]).sum())
    for j, p in enumerate((0.025, 0.975)):
        errors = (below[j] - p * m) / math.sqrt(m * p * (1 - p))
        say(f"  quantile {p}: off by {errors:+.4f} of its Monte Carlo standard error")


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=float, nargs="+", default=[1e6, 1e7])
    parser.add_argument("--repetitions", type=int, default=7)
    parser.add_argument("--double", action="store_true", help="draw deviates in double precision")
    parser.add_argument("--peers", action="store_true", help="measure other programs that are installed")
    parser.add_argument("--billion", action="store_true", help="run 1e9 trials")
    asked = parser.parse_args()
    say(f"NumPy {np.__version__}, Python {sys.version.split()[0]}, {os.cpu_count()} processors, load {os.getloadavg()}")
    if asked.billion:
        billion()
        return
    agreement()
    latencies()
    for trials in asked.trials:
        ratios(int(trials), asked.repetitions if trials < 5e6 else max(3, asked.repetitions // 2), double=asked.double)
    for case in MODELS:
        memory(case.name, 10**7)
    if asked.peers:
        from tests.benchmarks.uncertainty_peers import peers

        for trials in asked.trials:
            peers(int(trials), max(3, asked.repetitions // 2))
    say(f"load at the end {os.getloadavg()}")


if __name__ == "__main__":
    main()
