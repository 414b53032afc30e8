"""Interrupted runs are taken up to the same results: by kill, by stop, on twins and on instruments that lived on."""

from __future__ import annotations

import dataclasses
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from interrupted import StopAt

from bench import cli
from bench.catalogue import find
from bench.journal import Journal, JournalError
from bench.operators import Simulation
from bench.past import beginning, recall
from bench.runs import Finished, Order, Resumption, execute
from bench.station import Station
from scenarios.procedure import ProcedureAborted
from scenarios.record import from_json

SYSTEM = find("dc_energy")
STATION = Station.from_dict(SYSTEM.sheet.station, source="sheet")
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def run(folder: Path, *, stop: int = 0, resume: bool = False, order: Order | None = None, **changes: Any) -> Finished:
    order = order or Order(seed=5, started=STARTED, trials=1000)
    order = dataclasses.replace(order, checkpoint=StopAt(stop), **changes)
    with Journal(folder / "journal.sqlite") as journal:
        resumption = Resumption(journal=journal, now=STARTED + timedelta(hours=2), alive=STARTED) if resume else None
        return execute(SYSTEM, STATION, order, Simulation(), lambda number: journal, resumption=resumption)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("stop", [3, 12, 40])
def test_a_stopped_run_is_taken_up_to_the_undisturbed_results(stop: int, undisturbed: Finished, tmp_path: Path) -> None:
    with pytest.raises(ProcedureAborted):
        run(tmp_path, stop=stop)
    record = run(tmp_path, resume=True).record
    assert record.items == undisturbed.record.items
    assert record.number == undisturbed.record.number
    (interruption,) = record.interruptions
    assert interruption.reason == "stopped by the operator; sources are off"
    assert interruption.resumed == (STARTED + timedelta(hours=2)).isoformat(timespec="seconds")
    assert 0 <= interruption.time_s < record.duration_s


def test_a_run_may_be_interrupted_again_and_again(undisturbed: Finished, tmp_path: Path) -> None:
    with pytest.raises(ProcedureAborted):
        run(tmp_path, stop=5)
    for stop in (20, 35, 50):
        with pytest.raises(ProcedureAborted):
            run(tmp_path, resume=True, stop=stop)
    record = run(tmp_path, resume=True).record
    assert record.items == undisturbed.record.items
    assert len(record.interruptions) == 4


def test_in_real_time_a_run_catches_up_unpaced_and_then_follows_the_clock(
    undisturbed: Finished, tmp_path: Path
) -> None:
    order = Order(seed=5, started=STARTED, trials=1000, realtime=True, speed=3000.0)
    with pytest.raises(ProcedureAborted):
        run(tmp_path, stop=30, order=order)
    assert run(tmp_path, resume=True, order=order).record.items == undisturbed.record.items


def test_a_run_that_comes_out_differently_is_refused(tmp_path: Path) -> None:
    """Another seed is another world: the journal does not fit it."""
    with pytest.raises(ProcedureAborted):
        run(tmp_path, stop=30)
    with pytest.raises(JournalError, match="comes out differently when the run is repeated"):
        run(tmp_path, resume=True, seed=6)


def test_a_journal_that_was_edited_is_not_taken_up(tmp_path: Path) -> None:
    import sqlite3

    with pytest.raises(ProcedureAborted):
        run(tmp_path, stop=30)
    base = sqlite3.connect(tmp_path / "journal.sqlite")
    base.execute("DROP TRIGGER entry_is_never_changed")
    base.execute("UPDATE entry SET payload = replace(payload, '1', '2') WHERE sequence = 9")
    base.commit()
    base.close()
    with pytest.raises(JournalError, match="entry 9"):
        run(tmp_path, resume=True)


def test_the_command_takes_a_stopped_run_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    stop = StopAt(25)
    monkeypatch.setattr("bench.stop.StopSwitch.checkpoint", lambda switch: stop())
    assert cli.run(["verify", "dc_energy", "--out", "runs/one", "--lang", "en"]) == 3
    said = capsys.readouterr()
    assert "caltwin resume" in said.out and "sources are off" in said.err
    assert not Path("runs/one/record.json").exists()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    assert cli.run(["resume", "--lang", "en"]) == 0
    assert "runs/one".replace("/", os.sep) in capsys.readouterr().out
    assert cli.run(["resume", "runs/one", "--lang", "en"]) == 0
    record = from_json(Path("runs/one/record.json").read_bytes())
    assert len(record.interruptions) == 1
    assert Path("runs/one/certificate.pdf").exists()
    capsys.readouterr()
    assert cli.run(["resume", "--lang", "en"]) == 0
    assert "No unfinished runs" in capsys.readouterr().out
    assert cli.run(["resume", "runs/one"]) == 2
    assert "the run is finished" in capsys.readouterr().err


def test_a_folder_without_a_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["resume", str(tmp_path)]) == 2
    assert "journal.sqlite: missing; give the folder of a run" in capsys.readouterr().err


def test_the_journal_begins_with_all_that_the_run_depends_on(tmp_path: Path) -> None:
    with pytest.raises(ProcedureAborted):
        run(tmp_path, stop=3)
    with Journal(tmp_path / "journal.sqlite") as journal:
        start = beginning(journal)
        past = recall(journal, continues=False, now=STARTED, alive=STARTED)
    assert start["sheet"] == SYSTEM.text and start["seed"] == 5
    assert Station.from_dict(start["station"], source="journal").digest == STATION.digest
    assert past.interruption is not None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks its victims")
def test_killed_at_a_commit_or_bus_write_nothing_is_lost_and_the_results_are_equal() -> None:
    """The small form of `python -m tests.torture.kills`."""
    from tests.torture.kills import campaign

    count, problems = campaign("dc_energy", 12, seed=2)
    assert (count, problems) == (12, [])
