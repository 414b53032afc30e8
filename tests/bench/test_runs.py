"""Whatever ends a run, the source is off afterwards; the true world is looked at to know it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bench.catalogue import find
from bench.errors import ConfigurationError
from bench.journal import Journal
from bench.laboratory import check_certificates, read
from bench.operators import Simulation
from bench.runs import Order, execute
from bench.station import Station
from drivers.errors import InstrumentError
from scenarios.procedure import ProcedureAborted, Progress
from scenarios.record import CertificateReference

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def system() -> Any:
    return find("dc_energy")


@pytest.fixture
def station(system: Any) -> Station:
    return Station.from_dict(system.sheet.station, source="sheet")


@pytest.fixture
def worlds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Collect every world that is built, to look at its truth."""
    built: list[Any] = []
    build = Station.build

    def remember(self: Station, *args: Any, **kwargs: Any) -> Any:
        built.append(build(self, *args, **kwargs))
        return built[-1]

    monkeypatch.setattr(Station, "build", remember)
    yield built


def order(show: Any = lambda progress: None, **changes: Any) -> Order:
    return Order(**({"seed": 3, "started": datetime(2026, 1, 1, tzinfo=UTC), "trials": 1000, "show": show} | changes))


def energised(world: Any) -> bool:
    return bool(world.ports["bench"].energised(world.environment.now + 5.0))


class Stop:
    """Raise something at the n-th sign of progress."""

    def __init__(self, n: int, problem: BaseException) -> None:
        self.left, self.problem = n, problem

    def __call__(self, progress: Progress) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.problem


@pytest.mark.parametrize("n", [2, 3, 4, 9, 33])
@pytest.mark.parametrize(
    ("problem", "seen"),
    [
        (KeyboardInterrupt(), ProcedureAborted),
        (InstrumentError("the standard fell off the bench"), InstrumentError),
        (ZeroDivisionError("a defect"), ZeroDivisionError),
    ],
)
def test_the_source_is_off_after(
    n: int, problem: BaseException, seen: type[BaseException], system: Any, station: Station, worlds: list[Any]
) -> None:
    was_on = False

    def show(progress: Progress) -> None:
        nonlocal was_on
        was_on = was_on or energised(worlds[0])
        stop(progress)

    stop = Stop(n, problem)
    with pytest.raises(seen):
        execute(system, station, order(show), Simulation())
    assert was_on, "the test looked too early to see anything"
    assert not energised(worlds[0])


def test_the_source_is_off_after_a_run_that_ends_well(system: Any, station: Station, worlds: list[Any]) -> None:
    execute(system, station, order(), Simulation())
    assert not energised(worlds[0])


def test_an_interrupt_while_the_clock_stands_between_events_stops_in_order(
    system: Any, station: Station, worlds: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C hits the scheduler, not the procedure: in real time it sleeps most of the time."""
    from instruments.clock import RealtimeEnvironment

    interrupt_at(200, RealtimeEnvironment, "step", monkeypatch)
    with pytest.raises(ProcedureAborted, match="stopped by the operator; sources are off"):
        execute(system, station, order(realtime=True, speed=100_000.0), Simulation())
    assert not energised(worlds[0])


def test_an_interrupt_while_a_procedure_moves_the_clock_on_stops_in_order(
    system: Any, station: Station, worlds: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C hits the procedure's own waits: in virtual time they make most of the clock's steps."""
    from instruments.clock import Environment

    interrupt_at(200, Environment, "advance", monkeypatch)
    with pytest.raises(ProcedureAborted, match="stopped by the operator; sources are off"):
        execute(system, station, order(), Simulation())
    assert not energised(worlds[0])


def interrupt_at(n: int, clock: type, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    method, left = getattr(clock, name), [n]

    def interrupted(*arguments: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return method(*arguments)

    monkeypatch.setattr(clock, name, interrupted)


def test_real_time_gives_the_results_of_virtual_time(system: Any, station: Station) -> None:
    """The same procedure on two clocks; an hour in about two seconds."""
    virtual = execute(system, station, order(), Simulation()).record
    real = execute(system, station, order(realtime=True, speed=3000.0), Simulation()).record
    assert [p.errors for i in virtual.items for p in i.points] == [p.errors for i in real.items for p in i.points]
    assert virtual.items == real.items


def test_a_refused_run_leaves_no_journal(system: Any, station: Station, tmp_path: Path) -> None:
    opened = []

    def journal(number: str) -> Journal:
        opened.append(number)
        return Journal(tmp_path / "journal.sqlite")

    class Nobody:
        def answer(self, prompt: Any) -> str:
            raise ConfigurationError("answers.toml", prompt.key, "missing")

    with pytest.raises(ConfigurationError):
        execute(system, station, order(), Nobody(), journal)
    assert opened == []


@pytest.mark.parametrize(
    ("today", "due", "fits"),
    [
        (date(2026, 6, 30), "2026-06-30", True),
        (date(2026, 7, 1), "2026-06-30", False),
        (date(2028, 2, 29), "2028-02-29", True),
        (date(2028, 3, 1), "2028-02-29", False),
    ],
)
def test_a_standard_may_be_used_up_to_its_due_date(
    today: date, due: str, fits: bool, system: Any, station: Station
) -> None:
    import dataclasses

    laboratory = read(station.laboratory, "sheet")
    reference = CertificateReference(number="1", issuer="any", due=due)
    equipment = {role: dataclasses.replace(item, certificate=reference) for role, item in laboratory.equipment.items()}
    dated = dataclasses.replace(laboratory, equipment=equipment)
    if fits:
        check_certificates(dated, system.sheet, today, "sheet")
    else:
        with pytest.raises(ConfigurationError, match=f"calibration was due on {due}"):
            check_certificates(dated, system.sheet, today, "sheet")
