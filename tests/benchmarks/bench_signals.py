"""What the physics of the DC energy bench costs: a change of load, a comparison, an idle year.

pytest --benchmark-enable tests/benchmarks/bench_signals.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "instruments"))

from small_bench import Bench

HIDDEN = {
    "gain_error": 2e-3,
    "linear_error": 4e-4,
    "quadratic_error": -7e-4,
    "thermal_emf_v": 1.5e-6,
    "temperature_coefficient_per_k": 5e-6,
    "drift_per_h": 1e-6,
    "pulse_jitter": 2e-4,
}


@pytest.fixture
def bench() -> Bench:
    bench = Bench(meter=HIDDEN, standard={"temperature_coefficient_per_k": 2e-5})
    bench.load(500.0, 100.0)
    return bench


@pytest.mark.parametrize("ripple", [0.0, 2.0], ids=["smooth", "ripple"])
def test_change_of_load(bench: Bench, benchmark: Any, ripple: float) -> None:
    """Plan the source's circuits, and register the energy of the next ten seconds in meter and standard."""
    bench.source.write(f"PHAN:RIPP:VOLT {ripple};CURR {ripple}")
    levels = iter(range(1, 10**9))

    def change() -> None:
        bench.source.engine.current = 50.0 + next(levels) % 50
        bench.run(10.0)
        now = bench.environment.now
        bench.line.count(now)
        bench.standard.engine._power_signal.mean(now - 0.5, now)

    benchmark(change)


def test_pulse_comparison(bench: Bench, benchmark: Any) -> None:
    """Compare ten pulses at a standing load, commands included."""
    benchmark(lambda: bench.compare(10))


def test_idle_year(bench: Bench, benchmark: Any) -> None:
    """Let a year pass and read the register."""

    def idle() -> None:
        bench.run(365 * 86400.0)
        bench.meter.query("MEAS:ENER:IMP?")

    benchmark(idle)
