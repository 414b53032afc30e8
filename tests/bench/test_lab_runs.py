"""The register and the runs: what a run takes from it, and what it leaves there."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from lab_files import filled, run_record, write_record
from sqlalchemy import select

from bench.catalogue import find
from bench.errors import ConfigurationError
from bench.lab.entries import entry_of
from bench.lab.intake import add, by_serial
from bench.lab.models import Certificate, Record, Standard
from bench.lab.provide import laboratory_of, provide, serials_of
from bench.lab.records import keep_record, read_record, records_of, reread
from scenarios.record import CertificateReference, from_json, to_json
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.lab.register import Register
    from scenarios.record import RunRecord

SHEET = find("dc_energy").sheet
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with filled(str(tmp_path / "lab.sqlite"), tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def record() -> RunRecord:
    return run_record()


def standard(serial: str) -> dict[str, Any]:
    return {"name": {"zh": "表", "en": "Meter"}, "manufacturer": "caltwin", "model": "WT-DCE 05", "serial": serial}


def test_a_run_takes_equipment_and_device_from_the_register(register: Register) -> None:
    with register.reading() as session:
        assert serials_of(session, "WO-1") == ("TWIN-EM-0001", "TWIN-EM-0002")
        provided = provide(session, SHEET, "WO-1", "TWIN-EM-0001", NOW)
    known = provided.laboratory.equipment["standard"]
    assert known.certificate == CertificateReference(
        number="TEST-ES-2026", issuer="Test regional institute", due="2027-01-09"
    )
    assert known.measuring_range == "0 V to 1500 V; -600 A to 600 A"
    assert known.accuracy == "class 0.05; U = 0.02 % (k = 2)"
    assert provided.laboratory.equipment["source"].certificate is None
    result = run_record(provided)
    assert result.verdict is Verdict.PASS
    assert result.customer is not None and result.customer.name.en == "Test customer"
    assert result.people.operator == "Person One" and result.people.checker is None
    used = {e.role: e for e in result.equipment}
    assert used["standard"].certificate == known.certificate and used["standard"].serial == "TWIN-ES-0001"


def test_another_instrument_than_the_registers_is_refused_by_the_bench(register: Register) -> None:
    with register.reading() as session:
        second = provide(session, SHEET, "WO-1", "TWIN-EM-0002", NOW)
    with pytest.raises(ConfigurationError, match=r"TWIN-EM-0001, but no\. TWIN-EM-0002 is expected"):
        run_record(second)


def test_an_order_of_several_devices_wants_one_named(register: Register) -> None:
    with register.reading() as session:
        with pytest.raises(ConfigurationError, match="TWIN-EM-0001, TWIN-EM-0002"):
            laboratory_of(session, SHEET, "WO-1", None, NOW)
        with pytest.raises(ConfigurationError, match="has no device X"):
            laboratory_of(session, SHEET, "WO-1", "X", NOW)
        with pytest.raises(ConfigurationError, match="did you mean 'WO-1'"):
            laboratory_of(session, SHEET, "WO-2", None, NOW)
        with pytest.raises(ConfigurationError, match="is for dc_energy"):
            laboratory_of(session, replace(SHEET, system="other"), "WO-1", None, NOW)


def test_two_fitting_standards_want_one_named_in_the_order(register: Register) -> None:
    with register.writing() as session:
        add(session, "standard", entry_of("standard", standard("TWIN-ES-0002"), "f"), "f")
        with pytest.raises(ConfigurationError) as problem:
            provide(session, SHEET, "WO-1", "TWIN-EM-0001", NOW)
        assert "equipment.standard" in str(problem.value) and "WT-DCE 05/TWIN-ES-0002" in str(problem.value)
        order = {
            "number": "WO-9",
            "system": "dc_energy",
            "received": date(2026, 5, 1),
            "devices": ["TWIN-EM-0001"],
            "equipment": {"standard": "TWIN-ES-0001"},
        }
        add(session, "order", entry_of("order", order, "f"), "f")
        assert provide(session, SHEET, "WO-9", None, NOW).holdings["standard"].serial == "TWIN-ES-0001"


def test_the_newest_certificate_serves_from_its_day_of_issue_in_the_laboratorys_zone(register: Register) -> None:
    entry = {
        "number": "TEST-ES-2027",
        "issuer": "Test regional institute",
        "standard": "TWIN-ES-0001",
        "issued": date(2026, 8, 1),
        "due": date(2027, 7, 31),
        "lines": [{"measurand": "energy", "unit": "%", "U": 0.03, "k": 2.0}],
    }
    with register.writing() as session:
        add(session, "certificate", entry_of("certificate", entry, "f"), "f")
    with register.reading() as session:
        before = datetime(2026, 7, 31, 15, 59, 59, tzinfo=UTC)  # 23:59:59 in Shanghai
        after = datetime(2026, 7, 31, 16, 0, tzinfo=UTC)
        numbers = [
            provide(session, SHEET, "WO-1", "TWIN-EM-0001", now).holdings["standard"].certificate
            for now in (before, after)
        ]
    assert [n.number for n in numbers if n] == ["TEST-ES-2026", "TEST-ES-2027"]


def test_a_record_is_kept_with_what_it_used(register: Register, record: RunRecord, tmp_path: Path) -> None:
    with register.reading() as session:
        known = provide(session, SHEET, "WO-1", "TWIN-EM-0001", NOW)
    file = write_record(run_record(known), tmp_path / "run")
    with register.writing() as session:
        keep_record(session, file.parent, "WO-1")
    with register.reading() as session:
        row = session.scalars(select(Record)).one()
        assert row.order is not None and row.order.number == "WO-1"
        assert (row.system, row.device_serial, row.verdict, row.simulated) == (
            "dc_energy",
            "TWIN-EM-0001",
            "pass",
            True,
        )
        assert row.digest == read_record(file)[1] and row.started == NOW and row.device_id is not None
        used = {use.role: use for use in row.uses}
        assert used["standard"].certificate is not None and used["standard"].certificate.number == "TEST-ES-2026"
        assert used["source"].standard is not None and used["source"].certificate is None
        assert [r.number for r in records_of(session, by_serial(session, Standard, "TWIN-ES-0001"))] == [row.number]
        assert reread(row) == from_json(file.read_bytes())


def test_a_record_that_was_changed_or_moved_is_named(register: Register, record: RunRecord, tmp_path: Path) -> None:
    file = write_record(record, tmp_path / "run")
    with register.writing() as session:
        keep_record(session, file)
    with register.reading() as session:
        row = session.scalars(select(Record)).one()
        file.write_bytes(file.read_bytes().replace(b'"verdict": "pass"', b'"verdict": "fail"', 1))
        with pytest.raises(ConfigurationError, match="is not the file that was entered"):
            reread(row)
        file.unlink()
        with pytest.raises(ConfigurationError, match="No such file"):
            reread(row)


def test_the_same_number_is_entered_once(register: Register, record: RunRecord, tmp_path: Path) -> None:
    file = write_record(record, tmp_path / "run")
    other = write_record(replace(record, duration_s=1.0), tmp_path / "other")
    with register.writing() as session:
        keep_record(session, file)
    for again, what in ((file, "the same record"), (other, "another record")):
        with pytest.raises(ConfigurationError, match=what), register.writing() as session:
            keep_record(session, again)


def test_a_simulated_record_cannot_be_entered_as_a_real_one(
    register: Register, record: RunRecord, tmp_path: Path
) -> None:
    """Neither by its flag, nor by its number, nor by the flags of its instruments."""
    tree = msgspec.json.decode(to_json(record))
    variants = []
    for number in (tree["number"], tree["number"].removeprefix("SIM-")):
        edited = msgspec.json.decode(msgspec.json.encode(tree))
        edited["simulated"] = False
        edited["number"] = number
        variants.append(edited)
        washed = msgspec.json.decode(msgspec.json.encode(edited))
        for instrument in (washed["device"], *washed["equipment"]):
            instrument["simulated"] = False
        variants.append(washed)
    renumbered = tree | {"number": tree["number"].removeprefix("SIM-")}
    variants.append(renumbered)
    for n, edited in enumerate(variants):
        folder = tmp_path / str(n)
        folder.mkdir()
        (folder / "record.json").write_bytes(msgspec.json.encode(edited))
        with pytest.raises(ConfigurationError, match="simulated"), register.writing() as session:
            keep_record(session, folder)
    with register.reading() as session:
        assert session.scalars(select(Record)).first() is None


def test_the_database_keeps_the_simulated_mark(register: Register, record: RunRecord, tmp_path: Path) -> None:
    with register.writing() as session:
        keep_record(session, write_record(record, tmp_path / "run"))
    base = sqlite3.connect(tmp_path / "lab.sqlite")
    for change in ("simulated = 0", "number = '1'", "digest = ''", "verdict = 'pass'"):
        with pytest.raises(sqlite3.IntegrityError, match="never changed"):
            base.execute(f"UPDATE record SET {change}")
    base.execute("UPDATE record SET path = 'elsewhere'")  # a folder may be moved
    base.commit()
    base.close()


def test_a_record_entered_before_its_standard_is_still_found(
    register: Register, record: RunRecord, tmp_path: Path
) -> None:
    early = replace(
        record,
        equipment=tuple(replace(e, serial="TWIN-ES-77") if e.role == "standard" else e for e in record.equipment),
    )
    with register.writing() as session:
        keep_record(session, write_record(early, tmp_path / "run"))
        add(session, "standard", entry_of("standard", standard("TWIN-ES-77"), "f"), "f")
        assert [r.number for r in records_of(session, by_serial(session, Standard, "TWIN-ES-77"))] == [record.number]
        assert session.scalars(select(Certificate)).first() is not None
