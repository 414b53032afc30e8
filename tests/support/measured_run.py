"""TEST DATA: the folder of a run as a bench with real instruments would leave it.

No real instrument exists here, so the record is built, not measured: invented numbers, a made-up meter, and a journal
that holds exactly the readings of the record.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bench.audit import JOURNAL, sign_head
from bench.journal import Journal
from bench.signing.keys import FileSigner, Role, new_authority, new_key, open_key, read_trust
from scenarios.record import People, RunRecord, to_json
from uncertainty.text import Text

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

from typing import TYPE_CHECKING

import sample_records

if TYPE_CHECKING:
    from reports.seal import Trust

PASSWORD = "test-only-password"
"""Password of every key of the tests."""
OPERATOR, CHECKER, APPROVER = "Test Operator", "Test Checker", "Test Approver"
"""Names of the tests' people."""
SHEET = "test = true\n"
STATION = {"roles": {"standard": "GPIB0::5::INSTR"}}


class Laboratory:
    """Hold a laboratory's keys in a folder of the test."""

    def __init__(self, folder: Path, began: datetime | None = None) -> None:
        now = began or datetime.now(UTC) - timedelta(days=1)
        self.folder = folder
        new_authority(folder, "Test Laboratory", PASSWORD, now=now)
        for name, roles in {
            OPERATOR: (Role.OPERATOR, Role.CHECKER, Role.APPROVER),
            CHECKER: (Role.CHECKER,),
            APPROVER: (Role.APPROVER, Role.CHECKER),
            "seal": (Role.SEAL,),
            "bench-1": (Role.BENCH,),
        }.items():
            new_key(folder, name, roles, PASSWORD, PASSWORD, now=now)

    @property
    def trust(self) -> Trust:
        return read_trust(self.folder)

    def key(self, name: str) -> FileSigner:
        return open_key(self.folder, name, PASSWORD)


def measured_record(number: str = "20261122-0A1B2C3D") -> RunRecord:
    """Return a record without any sign of simulation."""
    base = sample_records.calibration_record()
    items = tuple(
        replace(
            item,
            points=tuple(
                replace(point, readings=tuple(replace(r, name=f"{r.name}{n}") for n, r in enumerate(point.readings)))
                for point in item.points
            ),
        )
        for item in base.items
        if item.key in ("appearance", "register")
    )
    return replace(
        base,
        number=number,
        simulated=False,
        seed=None,
        clock="realtime",
        laboratory=replace(base.laboratory, name=Text(zh="测试实验室", en="Test Laboratory")),
        place=Text(zh="测试台", en="Test bench"),
        device=replace(base.device, manufacturer="Acme", serial="E-4711", address=None, simulated=False),
        equipment=tuple(
            replace(e, manufacturer="Acme", address=f"GPIB0::{n}::INSTR", simulated=False)
            for n, e in enumerate(base.equipment, 5)
        ),
        items=items,
        software=replace(
            base.software,
            sheet=hashlib.sha256(SHEET.encode()).hexdigest(),
            station=hashlib.sha256(msgspec.json.encode(STATION, order="sorted")).hexdigest(),
        ),
        people=People(operator=OPERATOR),
    )


def write_run(folder: Path, record: RunRecord, **other: object) -> Path:
    """Write record and journal of a run, as `bench.runs` does; `other` replaces parts of the beginning."""
    folder.mkdir(parents=True)
    (folder / "record.json").write_bytes(to_json(record))
    with Journal(folder / JOURNAL) as journal:
        beginning = {
            "number": record.number,
            "system": record.system,
            "sheet": SHEET,
            "station": STATION,
            "seed": 1,
            "realtime": record.clock == "realtime",
            "started": record.started,
            "devices": {"1": record.device},
            "equipment": record.equipment,
            "software": record.software.digest,
        }
        journal.append("begin", "run", 0.0, beginning | other)
        time_s = 0.0
        for item in record.items:
            for point in item.points:
                for n, reading in enumerate(point.readings):
                    time_s += 1.0
                    journal.append("reading", f"{point.point.key}/{n}", time_s, reading)
        journal.append("end", "run", record.duration_s, {"number": record.number})
    return folder


def measured_run(folder: Path, laboratory: Laboratory, record: RunRecord | None = None) -> Path:
    """Write a run and sign the head of its journal."""
    write_run(folder, record or measured_record())
    sign_head(folder / JOURNAL, laboratory.key("bench-1"), laboratory.trust, "end")
    return folder
