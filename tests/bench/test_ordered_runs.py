"""A run by a work order: the register gives standards and device, the gates let it begin, the record goes back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from lab_files import filled
from sqlalchemy import select

from bench import cli, software
from bench.catalogue import find
from bench.errors import ConfigurationError
from bench.gatekeeper import Opening
from bench.journal import Journal
from bench.lab.approvals import approve
from bench.lab.entries import entry_of
from bench.lab.intake import add
from bench.lab.models import Record, Waiver
from bench.lab.register import open_register
from bench.operators import Simulation
from bench.ordered import Ordered
from bench.runs import Finished, Order, Resumption, execute
from bench.station import Station
from scenarios.procedure import ProcedureAborted
from scenarios.record import from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SYSTEM = find("dc_energy")
STATION = Station.from_dict(SYSTEM.sheet.station, source="sheet")
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def lab(tmp_path: Path) -> str:
    """Return a register with one order for one device and this software approved."""
    named = str(tmp_path / "lab.sqlite")
    with filled(named, tmp_path) as register, register.writing() as session:
        order = {
            "number": "WO-9",
            "system": "dc_energy",
            "received": NOW.date() - timedelta(days=3),
            "devices": ["TWIN-EM-0001"],
            "equipment": {"standard": "TWIN-ES-0001"},
        }
        add(session, "order", entry_of("order", order, "f"), "f")
        approve(session, "p2", software.digest(), "test", NOW)
    return named


def run(
    lab: str,
    now: datetime = NOW,
    opening: Opening | None = None,
    journal: Journal | None = None,
    checkpoint: Callable[[], None] = lambda: None,
    resume: bool = False,
) -> Finished:
    order = Order(seed=1, started=now, trials=1000, checkpoint=checkpoint)
    with Ordered(lab, "WO-9", SYSTEM.sheet, STATION, now, opening) as ordered:
        resumption = None
        if resume:
            assert journal is not None
            resumption = Resumption(journal=journal, now=now, alive=now)
        keeper = None if resume else ordered.gatekeeper
        return execute(
            SYSTEM, ordered.station, order, Simulation(), lambda n: journal, resumption=resumption, gatekeeper=keeper
        )


def test_the_register_gives_standards_customer_and_people(lab: str) -> None:
    record = run(lab).record
    assert {e.role: e.certificate and e.certificate.number for e in record.equipment}["standard"] == "TEST-ES-2026"
    assert record.overrides == ()


def test_a_standard_past_its_due_date_stops_the_run_until_an_approver_opens_the_gate(lab: str) -> None:
    late = datetime(2027, 3, 1, 9, tzinfo=UTC)
    with pytest.raises(ConfigurationError, match=r"due \(standard\): found .*TEST-ES-2026"):
        run(lab, late)
    with pytest.raises(ConfigurationError, match=r"is no approver|approver"):
        run(lab, late, Opening(gates=frozenset({"due"}), person="p1", reason="no spare standard"))
    opening = Opening(gates=frozenset({"due"}), person="p2", reason="intermediate check of last week was in order")
    record = run(lab, late, opening).record
    (override, *_) = record.overrides
    assert (override.gate, override.subject) == ("due", "standard")
    assert override.reason == "intermediate check of last week was in order"
    assert from_json(to_json(record)).overrides == record.overrides
    with open_register(lab) as register, register.reading() as session:
        assert {(w.gate, w.subject) for w in session.scalars(select(Waiver))} >= {("due", "standard")}


def test_who_an_instrument_is_nobody_can_open(lab: str) -> None:
    import copy

    description = copy.deepcopy(SYSTEM.sheet.station)
    description["devices"]["standard"]["parameters"]["serial"] = "TWIN-ES-0666"
    other = Station.from_dict(description, source="sheet")
    opening = Opening(gates=frozenset({"identity"}), person="p2", reason="it looks the same")
    with (
        pytest.raises(ConfigurationError, match="TWIN-ES-0666"),
        Ordered(lab, "WO-9", SYSTEM.sheet, other, NOW, opening) as ordered,
    ):
        execute(
            SYSTEM,
            ordered.station,
            Order(seed=1, started=NOW, trials=1000),
            Simulation(),
            gatekeeper=ordered.gatekeeper,
        )


def test_only_a_gate_that_is_closed_can_be_opened(lab: str) -> None:
    with pytest.raises(ConfigurationError, match="no such gate is closed"):
        run(lab, opening=Opening(gates=frozenset({"due"}), person="p2", reason="just in case"))


def test_an_interrupted_run_keeps_the_gates_that_were_opened(lab: str, tmp_path: Path) -> None:
    late = datetime(2027, 3, 1, 9, tzinfo=UTC)
    opening = Opening(gates=frozenset({"due"}), person="p2", reason="checked")
    left = 20

    def stop() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise ProcedureAborted("stopped by the operator; sources are off")

    with Journal(tmp_path / "journal.sqlite") as journal, pytest.raises(ProcedureAborted):
        run(lab, late, opening, journal, stop)


def evergreen(lab: str) -> None:
    """Give both standards certificates that the command, which goes by today's date, may use for decades."""

    def span(setting: str, low: float, high: float, unit: str) -> dict[str, object]:
        return {"setting": setting, "low": low, "high": high, "unit": unit}

    power = [span("voltage", 100, 1000, "V"), span("current", -300, 300, "A")]
    lines = {
        "TWIN-ES-0001": [{"measurand": "energy", "unit": "%", "U": 0.02, "k": 2.0, "ranges": power}],
        "TWIN-CL-0001": [
            {"measurand": name, "unit": unit, "U": U, "k": 2.0, "ranges": [span(name, low, high, ranged)]}
            for name, unit, U, low, high, ranged in (
                ("temperature", "K", 0.2, 10, 40, "degC"),
                ("humidity", "%", 2.0, 20, 80, "%"),
                ("pressure", "kPa", 0.1, 80, 110, "kPa"),
            )
        ],
    }
    with open_register(lab) as register, register.writing() as session:
        for serial, results in lines.items():
            entry = {
                "number": f"TEST-EVERGREEN-{serial}",
                "issuer": "Test regional institute",
                "standard": serial,
                "issued": date(2026, 6, 1),
                "due": date(2099, 12, 31),
                "lines": results,
            }
            add(session, "certificate", entry_of("certificate", entry, "f"), "f")


def test_the_command_enters_its_record_and_a_missing_order_is_named(
    lab: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evergreen(lab)
    out = str(tmp_path / "out")
    common = ["verify", "dc_energy", "--lab", lab, "--trials", "1000", "--lang", "en", "--out", out]
    assert cli.run([*common, "--order", "WO-99"]) == 2
    assert "WO-99" in capsys.readouterr().err
    assert cli.run([*common, "--open", "due"]) == 2
    assert "--order" in capsys.readouterr().err
    code = cli.run([*common, "--order", "WO-9"])
    said = capsys.readouterr()
    assert code == 0, said.err
    with open_register(lab) as register, register.reading() as session:
        (row,) = session.scalars(select(Record))
        assert row.order is not None and row.order.number == "WO-9" and row.simulated
