"""How many whole verifications a second, and where their time goes.

    pytest --benchmark-enable tests/benchmarks/bench_verification.py     # CPU and wall time of one
    python -m tests.benchmarks.bench_verification                        # per second on 1 and 2 workers, CPU by room

A verification is a campaign's run of dc_energy: every reading through VISA bytes, GUM and Monte Carlo at every point.
Wall figures hold for a machine that does nothing else; CPU time per verification is less at the mercy of neighbours.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.campaign import campaign, one
from bench.catalogue import find
from bench.commands.verify import open_station

if TYPE_CHECKING:
    from types import FrameType

ROOT = Path(__file__).resolve().parent.parent.parent
SEED = 20260101
SAMPLE_S = 0.001

ROOMS = (
    ("engine", ("instruments/scpi/", "instruments/engine.py", "instruments/front.py", "instruments/link.py")),
    ("engine", ("instruments/clock.py", "instruments/interference.py", "simpy/")),
    ("physics", ("instruments/",)),
    ("PyVISA and sessions", ("pyvisa/", "pyvisa_caltwin.py", "bench/visa_session.py", "bench/sessions.py")),
    ("evaluation", ("scenarios/evaluation.py", "uncertainty/")),
    ("drivers and scenario", ("drivers/", "scenarios/")),
    ("bench", ("bench/",)),
)
"""Room -> beginnings of the paths of its files; the first that fits counts."""
CALLED_BY_ALL = ("uncertainty/quantity.py", "uncertainty/text.py")
"""Small helpers, whose time belongs to whoever calls them."""


def room_of(path: str) -> str | None:
    """Return the room of a source file; None for libraries and helpers, whose time is their caller's."""
    if path.startswith(f"{ROOT}/"):
        path = path.removeprefix(f"{ROOT}/")
    elif "site-packages/" in path:
        path = path.rpartition("site-packages/")[2]
    else:
        return None
    if path.startswith(CALLED_BY_ALL):
        return None
    return next((room for room, beginnings in ROOMS if path.startswith(beginnings)), None)


def split(runs: int) -> tuple[Counter[str], float]:
    """Return samples by room over some verifications, and CPU seconds per verification while being sampled.

    The profiler looks at the stack every few milliseconds of CPU time, so it costs next to nothing and favours nobody;
    `cProfile` would charge every call and make small functions look large.
    """
    seen: Counter[str] = Counter()

    def look(_number: int, frame: FrameType | None) -> None:
        room = None
        while frame is not None and room is None:
            room, frame = room_of(frame.f_code.co_filename), frame.f_back
        seen[room or "other"] += 1

    system = find("dc_energy")
    station = open_station(system, None)
    one(system, station, SEED, 0)
    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, SAMPLE_S, SAMPLE_S)
    begin = time.process_time()
    try:
        for index in range(runs):
            one(system, station, SEED, index)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0.0)
        signal.signal(signal.SIGPROF, before)
    return seen, (time.process_time() - begin) / runs


def cpu_of_each(runs: int) -> list[float]:
    """Return the CPU seconds of each of some verifications, after one that fills the caches."""
    system = find("dc_energy")
    station = open_station(system, None)
    one(system, station, SEED, 0)
    times = []
    for index in range(runs):
        begin = time.process_time()
        run, _ = one(system, station, SEED, index)
        times.append(time.process_time() - begin)
        assert run.refusal is None, run.refusal
    return times


def test_verification(benchmark: Any) -> None:
    system = find("dc_energy")
    station = open_station(system, None)
    run, _ = benchmark(one, system, station, SEED, 0)
    assert run.refusal is None
    assert len(run.trials) > 10


def test_rooms_are_told_apart() -> None:
    here = f"{ROOT}/"
    assert room_of(f"{here}instruments/scpi/table.py") == "engine"
    assert room_of(f"{here}instruments/signal.py") == "physics"
    assert room_of("/anywhere/site-packages/pyvisa/highlevel.py") == "PyVISA and sessions"
    assert room_of(f"{here}scenarios/evaluation.py") == "evaluation"
    assert room_of(f"{here}scenarios/dc_energy.py") == "drivers and scenario"
    assert room_of(f"{here}uncertainty/quantity.py") is None
    assert room_of("<string>") is None


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description="Speed of whole verifications.")
    parser.add_argument("--runs", type=int, default=200, help="verifications for each figure (200)")
    runs = parser.parse_args().runs
    times = cpu_of_each(runs)
    quarters = statistics.quantiles(times, n=4)
    sys.stdout.write(
        f"CPU per verification: median {statistics.median(times) * 1e3:.1f} ms, least {min(times) * 1e3:.1f} ms, "
        f"quartiles {quarters[0] * 1e3:.1f} to {quarters[2] * 1e3:.1f} ms ({runs} runs)\n"
    )
    system = find("dc_energy")
    station = open_station(system, None)
    for workers in (1, 2):
        found = campaign(system, station, runs=runs, seed=SEED, workers=workers)
        sys.stdout.write(
            f"{workers} worker{'s' if workers > 1 else ''}: {found.rate:.1f} verifications/s of wall time\n"
        )
    seen, cpu_s = split(runs)
    total = seen.total()
    sys.stdout.write(f"CPU by room ({total} samples, {cpu_s * 1e3:.1f} ms per verification):\n")
    for room, count in seen.most_common():
        sys.stdout.write(f"  {room:22s} {100 * count / total:5.1f} %  {1e3 * cpu_s * count / total:5.1f} ms\n")


if __name__ == "__main__":
    main()
