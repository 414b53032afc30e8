"""Let the bench work for 72 hours of its own time and watch its memory.

    python -m tests.torture.soak --hours 72 [--system dc_energy]

Runs follow each other in one process until the bench time is reached; the resident memory after the first tenth is the
measure, and must not have grown by more than 5 % at the end.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from bench.catalogue import find
from bench.operators import Simulation
from bench.runs import Order, execute
from bench.station import Station

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def resident() -> int:
    """Return the resident memory of this process, bytes (Linux)."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def soak(name: str, hours: float) -> tuple[float, int, float]:
    """Run for some hours of bench time; return them, the number of runs, and the growth of memory (1 = doubled)."""
    system = find(name)
    station = Station.from_dict(system.sheet.station, source="sheet")
    bench_s, runs, base = 0.0, 0, 0
    while bench_s < hours * 3600:
        order = Order(seed=runs, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
        bench_s += execute(system, station, order, Simulation()).record.duration_s
        runs += 1
        if not base and bench_s >= hours * 360:
            base = resident()
    return bench_s / 3600, runs, resident() / base - 1


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=72.0)
    parser.add_argument("--system", default="dc_energy")
    options = parser.parse_args()
    begun = perf_counter()
    hours, runs, growth = soak(options.system, options.hours)
    sys.stdout.write(
        f"{hours:.1f} h of bench time, {runs} runs, memory {100 * growth:+.1f} %, {perf_counter() - begun:.0f} s\n"
    )
    return 1 if growth > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main())
