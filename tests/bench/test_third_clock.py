"""The third clock: the procedure reaches its instruments through a VISA library it knows nothing of, over real sockets.

The instruments are twins in a server of their own, which the bench cannot tell from hardware: no address of the station
is simulated, the bench's clock is the wall clock, calls block in threads. Only the serial numbers give the twins away.
"""

from __future__ import annotations

import copy
import dataclasses
import socket
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from bench.catalogue import System, find
from bench.journal import Journal
from bench.operators import Simulation
from bench.runs import Order, Resumption, execute
from bench.station import Station
from scenarios import dc_energy
from scenarios.procedure import ProcedureAborted
from scenarios.sheet import decode
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("pyvisa_py")
SPEED = 60.0
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
ROOT = Path(__file__).parent.parent.parent

SERVER = """
    import sys
    from bench.serve import serve
    from bench.station import Station
    world = Station.from_file(sys.argv[1]).build(seed=3, realtime=True, factor=1 / float(sys.argv[2]))

    def announce(server):
        for endpoint in server.endpoints:
            print(endpoint.device, endpoint.address, flush=True)
        print("ready", flush=True)

    serve(world, announce)
"""


@dataclasses.dataclass
class Served:
    """Hold a server of twins in a process of its own."""

    addresses: dict[str, str]
    process: subprocess.Popen[str]

    def ask(self, device: str, message: str) -> str:
        host, port = self.addresses[device].split("::")[1:3]
        with socket.create_connection((host, int(port)), timeout=5) as line:
            line.sendall(message.encode() + b"\n")
            return line.makefile().readline().strip()

    @property
    def output_on(self) -> bool:
        return self.ask("source", "OUTP?") not in ("OFF", "0")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    description = {"spec": "1.1", **copy.deepcopy(find("dc_energy").sheet.station)}
    for role in ("laboratory", "roles"):
        description.pop(role)
    path = tmp_path / "twins.yaml"
    path.write_text(yaml.safe_dump(description, allow_unicode=True), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SERVER), str(path), str(SPEED)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    addresses: dict[str, str] = {}
    assert process.stdout is not None
    for line in process.stdout:
        if line.strip() == "ready":
            break
        device, address = line.split()
        if address.endswith("SOCKET"):
            addresses[device] = address
    try:
        yield Served(addresses, process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def short_system() -> System:
    """Return the system with the shortest procedure that still has every item."""
    system = find("dc_energy")
    table = copy.deepcopy(system.sheet.procedure)
    table["warm_up"] |= {"value": 10, "unit": "s"}
    table["creep"]["constant"]["value"] = 10
    table["basic_error"]["loads"] = table["basic_error"]["loads"][1:3]
    # Some milliseconds of the wall are a second of this bench: how long an exchange takes says nothing here.
    table["plausibility"]["exchange"]["value"] = 60
    return dataclasses.replace(system, plan=decode(table, dc_energy.Plan, "procedure"))


def station(served: Served) -> Station:
    own = find("dc_energy").sheet.station
    devices = {role: own["resources"][address]["device"] for role, address in own["roles"].items()}
    roles = {role: served.addresses[device] for role, device in devices.items()}
    return Station.from_dict(
        {"roles": roles, "laboratory": own["laboratory"], "devices": {}, "resources": {}}, source="hardware.yaml"
    )


def order(**changes: Any) -> Order:
    return Order(**({"seed": 3, "started": STARTED, "trials": 1000, "realtime": True, "speed": SPEED} | changes))


def test_the_procedure_runs_on_instruments_behind_a_socket_and_finds_what_virtual_time_finds(served: Served) -> None:
    system = short_system()
    own = Station.from_dict(system.sheet.station, source="sheet")
    virtual = execute(system, own, order(realtime=False), Simulation()).record
    distant = execute(system, station(served), order(), Simulation()).record
    assert all(item.verdict is Verdict.PASS for item in distant.items if item.key != "register")
    assert distant.simulated, "a twin behind a socket must be known for one"
    assert distant.number.startswith("SIM-")
    for here, there in zip(virtual.items, distant.items, strict=True):
        if here.key == "register":
            continue  # sixty times too fast a bench starts and stops the display method too late by half a second
        for a, b in zip(here.points, there.points, strict=True):
            assert abs(a.error.value - b.error.value) < 0.06, a.point.key  # the same twins, other moments
    assert not served.output_on


def test_an_interrupted_run_on_instruments_that_lived_on_measures_only_what_is_missing(
    served: Served, tmp_path: Path
) -> None:
    system, where = short_system(), station(served)
    with Journal(tmp_path / "journal.sqlite") as journal:

        def stop() -> None:
            if ("result", "basic_error/import/In/2") in {(e.kind, e.step) for e in journal.entries()}:
                raise ProcedureAborted("stopped by the operator; sources are off")

        with pytest.raises(ProcedureAborted):
            execute(system, where, order(checkpoint=stop), Simulation(), lambda number: journal)
        assert not served.output_on
        before = {entry.step: entry.payload for entry in journal.entries() if entry.kind == "result"}
        resumption = Resumption(journal=journal, now=STARTED + timedelta(seconds=3), alive=STARTED)
        record = execute(system, where, order(), Simulation(), resumption=resumption).record
        after = [(entry.kind, entry.step) for entry in journal.entries()]
    assert all(item.verdict is Verdict.PASS for item in record.items if item.key != "register")
    (interruption,) = record.interruptions
    assert interruption.reason == "stopped by the operator; sources are off"
    points = {point.point.key: point for item in record.items for point in item.points}
    first = points["basic_error/import/In"].readings[0]
    assert f'"raw":"{first.raw}"' in before["basic_error/import/In/1"], "a finished measurement was taken again"
    assert ("result", "basic_error/import/In/1#2") not in after
    assert len(set(after)) == len(after)
    assert not served.output_on


def test_the_watchdog_switches_the_source_off_when_the_controller_is_killed(served: Served, tmp_path: Path) -> None:
    where = station(served)
    path = tmp_path / "hardware.yaml"
    path.write_text(yaml.safe_dump({"spec": "1.1", **where.description}, allow_unicode=True), encoding="utf-8")
    controller = subprocess.Popen(
        [
            *(sys.executable, "-m", "bench", "verify", "dc_energy", "--station", str(path), "--clock", "realtime"),
            *("--speed", str(SPEED), "--out", str(tmp_path / "run"), "--answers", str(_answers(tmp_path))),
        ],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not served.output_on:
            assert controller.poll() is None and time.monotonic() < deadline, "the source was never energised"
            time.sleep(0.1)
        time.sleep(0.5)
        assert served.output_on
    finally:
        controller.kill()
        controller.wait()
    killed = time.monotonic()
    while served.output_on:
        assert time.monotonic() - killed < 5, "the source is still on 5 s after the kill"
        time.sleep(0.05)


def _answers(folder: Path) -> Path:
    path = folder / "answers.toml"
    path.write_text('appearance = "pass"\n', encoding="utf-8")
    return path
