"""Kill a run without warning at every commit and bus write, take it up again, and compare with the undisturbed run.

    python -m tests.torture.kills --kills 1000 [--system dc_energy] [--seed 1]

Each trial forks a run, lets it kill itself (SIGKILL) right before or right after a chosen commit or bus write, then
takes it up again in another fork, from the files alone. A trial is good if every entry that was acknowledged is in the
journal, no entry is there twice, the chain is whole, and the results are byte for byte those of the undisturbed run.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import msgspec

from bench.catalogue import System, find, parse
from bench.journal import Journal
from bench.operators import Simulation
from bench.past import beginning
from bench.runs import Order, Resumption, execute
from bench.sessions import BenchSession
from bench.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable

STARTED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class Events:
    """Count commits and bus writes of this process, and die at one of them."""

    kill_at: int = -1
    seen: int = 0
    acknowledged: int = -1
    """File descriptor to which acknowledged entries are written."""

    def install(self) -> None:
        """Count from here on; for a forked child, whose patches die with it."""
        append, write, query = Journal.append, BenchSession.write, BenchSession.query

        def counted_append(journal: Journal, kind: str, step: str, time_s: float, payload: object) -> None:
            self.pass_by()
            append(journal, kind, step, time_s, payload)
            if self.acknowledged >= 0:
                os.write(self.acknowledged, f"{kind}\t{step}\n".encode())
            self.pass_by()

        def counted(method: Any) -> Any:
            def call(session: BenchSession, *arguments: Any) -> Any:
                self.pass_by()
                value = yield from method(session, *arguments)
                self.pass_by()
                return value

            return call

        Journal.append = counted_append  # type: ignore[method-assign]
        BenchSession.write, BenchSession.query = counted(write), counted(query)  # type: ignore[method-assign]

    def pass_by(self) -> None:
        """Count one event; the chosen one is the last."""
        if self.seen == self.kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        self.seen += 1


def begin(system: System, folder: Path, seed: int) -> bytes:
    """Make a run from its beginning; return its results as JSON."""
    station = Station.from_dict(system.sheet.station, source="sheet")
    order = Order(seed=seed, started=STARTED, trials=1000)
    with Journal(folder / "journal.sqlite") as journal:
        finished = execute(system, station, order, Simulation(), lambda number: journal)
    return msgspec.json.encode([finished.record.number, finished.record.items, finished.record.conditions])


def take_up(folder: Path) -> tuple[bytes, int]:
    """Take a run up from its files alone; return its results as JSON, and how many interruptions it names."""
    with Journal(folder / "journal.sqlite") as journal:
        start = beginning(journal)
        system = parse(start["sheet"].encode(), start["sheet_source"], start["system"])
        station = Station.from_dict(start["station"], source=start["station_source"])
        order = Order(seed=start["seed"], started=datetime.fromisoformat(start["started"]), trials=start["trials"])
        resumption = Resumption(journal=journal, now=STARTED, alive=STARTED)
        record = execute(system, station, order, Simulation(), resumption=resumption).record
    return msgspec.json.encode([record.number, record.items, record.conditions]), len(record.interruptions)


def in_child(work: Callable[[int], None]) -> tuple[int, bytes]:
    """Fork, let the child work with a pipe to write to, and return its wait status and what it wrote."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            work(writing)
            os._exit(0)
        except BaseException as problem:
            os.write(2, f"{problem!r}\n".encode())
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        written = pipe.read()
    return os.waitpid(child, 0)[1], written


def count_events(system: System, folder: Path, seed: int) -> tuple[int, bytes]:
    """Return how many events an undisturbed run passes, and its results."""

    def work(pipe: int) -> None:
        events = Events()
        events.install()
        results = begin(system, folder, seed)
        os.write(pipe, f"{events.seen}\n".encode() + results)

    status, written = in_child(work)
    if status != 0:
        raise RuntimeError("the undisturbed run failed")
    count, _, results = written.partition(b"\n")
    return int(count), results


def trial(system: System, folder: Path, seed: int, kill_at: int, reference: bytes) -> str | None:
    """Kill one run at one event and take it up again; return what is wrong, or None."""

    def doomed(pipe: int) -> None:
        Events(kill_at=kill_at, acknowledged=pipe).install()
        begin(system, folder, seed)

    status, written = in_child(doomed)
    if not os.WIFSIGNALED(status) or os.WTERMSIG(status) != signal.SIGKILL:
        return f"event {kill_at}: the run was to be killed, but ended with status {status}"
    acknowledged = written.decode().splitlines()
    with Journal(folder / "journal.sqlite") as journal:
        kept = [f"{entry.kind}\t{entry.step}" for entry in journal.entries()]
    lost = set(acknowledged) - set(kept)
    if lost:
        return f"event {kill_at}: {len(lost)} acknowledged entries lost, first {min(lost)!r}"
    if not kept:
        return None  # killed before the first entry: there is nothing to take up

    def resumed(pipe: int) -> None:
        results, interruptions = take_up(folder)
        os.write(pipe, f"{interruptions}\n".encode() + results)

    status, written = in_child(resumed)
    if status != 0:
        return f"event {kill_at}: the run could not be taken up"
    interruptions, _, results = written.partition(b"\n")
    if results != reference:
        return f"event {kill_at}: the results differ from the undisturbed run's"
    ended = kept[-1].startswith("end\t")
    if int(interruptions) != (0 if ended else 1):
        return f"event {kill_at}: {int(interruptions)} interruptions in the record"
    with Journal(folder / "journal.sqlite") as journal:
        steps = [(entry.kind, entry.step) for entry in journal.entries()]
    if len(set(steps)) != len(steps):
        return f"event {kill_at}: an entry is there twice"
    return None


def campaign(name: str, kills: int, seed: int, *, every: bool = False) -> tuple[int, list[str]]:
    """Make many trials; return how many, and what went wrong."""
    system = find(name)
    shm = Path("/dev/shm")  # SIGKILL does not test the disk, so a memory disk will do
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as base:
        first = Path(base) / "undisturbed"
        first.mkdir()
        total, reference = count_events(system, first, seed)
        chosen = list(range(total))
        random.Random(seed).shuffle(chosen)
        if not every:
            chosen = (chosen * (kills // total + 1))[:kills]
        problems = []
        for number, kill_at in enumerate(chosen):
            folder = Path(base) / str(number)
            folder.mkdir()
            problem = trial(system, folder, seed, kill_at, reference)
            if problem is not None:
                problems.append(problem)
            for path in folder.iterdir():
                path.unlink()
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number + 1}/{len(chosen)} kills, {len(problems)} problems")
    return len(chosen), problems


def main() -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--every", action="store_true", help="every commit and bus write once, before and after")
    parser.add_argument("--system", default="dc_energy")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    begun = perf_counter()
    count, problems = campaign(options.system, options.kills, options.seed, every=options.every)
    for problem in problems:
        sys.stdout.write(problem + "\n")
    sys.stdout.write(
        f"{count} kills, {count - len(problems)} taken up to equal results, {len(problems)} problems, "
        f"{perf_counter() - begun:.0f} s\n"
    )
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
