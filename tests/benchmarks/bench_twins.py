"""How fast twins answer, always beside something else in the same run: only ratios are worth keeping.

    pytest --benchmark-enable tests/benchmarks/bench_twins.py     # one figure each
    python tests/benchmarks/bench_twins.py                        # the pairs, interleaved, as a table

The floor is PyVISA's own Python: the same resource on a library that answers from memory.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pyvisa
from pyvisa.constants import StatusCode

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from worlds import GPIB, SOCKET, world

from bench.station import Station
from pyvisa_caltwin import TwinVisaLibrary

if TYPE_CHECKING:
    from collections.abc import Callable

IDENTITY = "CALTWIN,TINY,TINY-1,1.0"
SIM = f"""\
spec: "1.1"
devices:
  plain:
    eom: {{GPIB INSTR: {{q: "\\n", r: "\\n"}}}}
    dialogues: [{{q: "*IDN?", r: "{IDENTITY}"}}]
resources:
  GPIB0::5::INSTR: {{device: plain}}
"""
FOUR = {
    "devices": {
        name: {
            "twin": "twins_for_tests.tiny",
            "parameters": {"gain_error": {"rectangular": [-1e-3, 1e-3]}},
            "ports": {"input": "line"},
        }
        for name in "abcd"
    },
    "resources": {f"GPIB0::{n}::INSTR": {"device": name} for n, name in enumerate("abcd", 1)},
}


class NullLibrary(TwinVisaLibrary):
    """Answer from memory: what is left is PyVISA."""

    def write(self, session: Any, data: bytes) -> tuple[int, StatusCode]:
        return len(data), StatusCode.success

    def read(self, session: Any, count: int) -> tuple[bytes, StatusCode]:
        return b"CALTWIN,TINY,TINY-1,1.0\n", StatusCode.success


def resource(manager: pyvisa.ResourceManager, address: str = GPIB) -> Any:
    return manager.open_resource(address, read_termination="\n", write_termination="\n")


def twin(address: str = GPIB) -> Any:
    return resource(pyvisa.ResourceManager(TwinVisaLibrary.of(world())), address)


def null() -> Any:
    return resource(pyvisa.ResourceManager(NullLibrary.of(world())))


def sim() -> Any:
    path = Path(tempfile.mkdtemp()) / "sim.yaml"
    path.write_text(SIM)
    return resource(pyvisa.ResourceManager(f"{path}@sim"))


CASES: dict[str, tuple[Callable[[], Any], str]] = {
    "PyVISA alone": (null, "*IDN?"),
    "pyvisa-sim *IDN?": (sim, "*IDN?"),
    "twin *IDN?": (twin, "*IDN?"),
    "twin READ?": (twin, "READ?"),
    "twin LEV 5;LEV?": (twin, "LEV 5;LEV?"),
    "twin *IDN? socket": (lambda: twin(SOCKET), "*IDN?"),
}


@pytest.mark.parametrize("name", CASES)
def test_query(benchmark: Any, name: str) -> None:
    make, message = CASES[name]
    device = make()
    device.query(message)
    benchmark(device.query, message)


def test_build_four_twins(benchmark: Any) -> None:
    station = Station.from_dict(FOUR, "benchmark")
    benchmark(station.build, 1)


def pairs(rounds: int = 15, queries: int = 3000) -> None:
    """Print best CPU times and medians of ratios; rounds are interleaved, so a busy machine disturbs all alike."""
    devices = {name: (make(), message) for name, (make, message) in CASES.items()}
    times: dict[str, list[float]] = {name: [] for name in devices}
    for _ in range(rounds):
        for name, (device, message) in devices.items():
            query = device.query
            begin = time.process_time()
            for _ in range(queries):
                query(message)
            times[name].append((time.process_time() - begin) / queries * 1e6)
    floor, other = times["PyVISA alone"], times["pyvisa-sim *IDN?"]
    out = sys.stdout
    out.write(f"{'':22}{'best µs':>9}{'per s':>10}{'x pyvisa-sim':>14}{'share of floor':>16}\n")
    for name, values in times.items():
        best = min(values)
        ratio = statistics.median(b / a for a, b in zip(values, other, strict=True))
        share = statistics.median(b / a for a, b in zip(values, floor, strict=True))
        out.write(f"{name:22}{best:9.2f}{1e6 / best:10.0f}{ratio:14.2f}{share:16.2f}\n")
    station = Station.from_dict(FOUR, "benchmark")
    begin = time.process_time()
    for seed in range(500):
        station.build(seed)
    out.write(f"{'world of four twins':22}{(time.process_time() - begin) / 500 * 1e6:9.0f}\n")


if __name__ == "__main__":
    pairs()
