"""Fuzz the SCPI engine by coverage: whatever comes in, no exception, no stuck session, no unbounded output.

    pip install atheris
    python -m tests.torture.fuzz_scpi --minutes 5 [--twin power_source] [CORPUS]

Inputs are messages to one twin, cut into pieces: the first byte says how many, the transport follows from its lowest
bit. After each input the twin must still say who it is. Exit code 0: nothing was found; else atheris writes the input
to a file `crash-*` and shows the traceback. Without atheris the command says so and ends with 2.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

IDENTITY_S = 3600.0
"""Bench time within which a twin must say who it is after an input, s."""
TOO_MUCH_OUTPUT = 1 << 22
"""Bytes of reply to one input of a few kB that are certainly too many."""
SEEDS = (
    b"\x01*IDN?\n",
    b"\x03MEAS:VOLT:DC? 10,MAX;:SYST:ERR?\n",
    b"\x02SOUR:VOLT 1.5e1 MV;CURR MIN;:OUTP ON\n",
    b"\x01TRAC:DATA #15hello,(@1,2:4),'it''s',\"x\",#HFF,1e-3,DEF\n",
    b"\x05*ESE 255;*SRE #B101;*OPC;*WAI;*STB?;*CLS;*RST\n\r\n;;:\n",
)


def target(name: str) -> Callable[[bytes], None]:
    """Return what is fuzzed: one input, one fresh twin."""
    from instruments.engine import Exchange
    from instruments.front import Front
    from instruments.world import DevicePlan, World, WorldPlan

    plan = WorldPlan(devices=(DevicePlan(name=name, kind=import_module(f"instruments.{name}").twin),))

    def one(data: bytes) -> None:
        if not data:
            return
        bench = World(plan, 1)
        exchange = Exchange.STREAM if data[0] & 1 else Exchange.INSTR
        front = Front(bench.twins[name], exchange, bench.environment, 1e-3)
        body, size = data[1:], max(1, len(data) // (1 + (data[0] >> 1) % 8))
        for start in range(0, len(body), size):
            front.write(body[start : start + size], end=False)
        front.write(b"\n")
        if front.link.unread_size > TOO_MUCH_OUTPUT:
            raise AssertionError(f"{front.link.unread_size} bytes of output")
        front.clear()
        front.write(b"*CLS\n")
        front.write(b"*IDN?\n")
        found = front.read(1 << 16, 0x0A, IDENTITY_S)
        if found is None or found[0].count(b",") < 3:
            raise AssertionError(f"after the input *IDN? is answered by {found!r}")

    return one


def main() -> int:
    """Fuzz for a bounded time."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--minutes", type=float, default=5.0)
    arguments.add_argument("--twin", default="power_source", help="module in instruments/")
    arguments.add_argument("corpus", nargs="?", type=Path, help="folder of inputs; grows")
    chosen = arguments.parse_args()
    try:
        atheris: Any = import_module("atheris")
    except ImportError:
        sys.stderr.write("fuzz_scpi: atheris is not installed; pip install atheris\n")
        return 2
    with atheris.instrument_imports(include=["instruments"]):
        one = target(chosen.twin)
    options = [sys.argv[0], f"-max_total_time={round(chosen.minutes * 60)}", "-max_len=2048", "-timeout=30"]
    if chosen.corpus is not None:
        chosen.corpus.mkdir(parents=True, exist_ok=True)
        for number, seed in enumerate(SEEDS):
            (chosen.corpus / f"seed-{number}").write_bytes(seed)
        options.append(str(chosen.corpus))
    atheris.Setup(options, one)
    atheris.Fuzz()  # ends the process itself
    return 0


if __name__ == "__main__":
    sys.exit(main())
