"""A made-up laboratory for the tests of the register, gates, traces and charts."""

from __future__ import annotations

import os
import uuid
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from bench.catalogue import find
from bench.lab.exchange import import_file
from bench.lab.provide import station_section
from bench.lab.register import Register, create_register, open_register
from bench.operators import Simulation
from bench.runs import Order, execute
from bench.station import Station
from scenarios.record import RunRecord, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.lab.provide import Provided

_LABORATORY = """
[laboratory]
name = { zh = "测试实验室", en = "Test laboratory" }
address = { zh = "（测试）", en = "(test)" }
place = { zh = "一号台", en = "Bench 1" }
zone = "Asia/Shanghai"
accreditation = "TEST-0001"

[[customer]]
code = "C-1"
name = { zh = "测试委托方", en = "Test customer" }
address = { zh = "（测试）", en = "(test)" }

[[person]]
code = "p1"
name = "Person One"
roles = ["operator", "checker"]

[[person]]
code = "p2"
name = "Person Two"
roles = ["approver"]

[[standard]]
name = { zh = "国家直流功率基准", en = "National DC power standard" }
manufacturer = "Test institute"
model = "NP-1"
serial = "NP-0001"
accuracy = ""
level = "national"
holder = "Test national institute"

[[standard]]
name = { zh = "直流功率标准装置", en = "DC power reference" }
manufacturer = "Test institute"
model = "RP-1"
serial = "RP-0001"
accuracy = "class 0.02"
level = "reference"
holder = "Test regional institute"

[[standard]]
name = { zh = "直流标准电能表", en = "Reference DC energy meter" }
manufacturer = "caltwin"
model = "MODEL standard"
serial = "TWIN-ES-0001"
accuracy = "class 0.05"
simulated = true
ranges = [
    { setting = "voltage", low = 0, high = 1500, unit = "V" },
    { setting = "current", low = -600, high = 600, unit = "A" },
]

[[standard]]
name = { zh = "直流功率源", en = "DC power source" }
manufacturer = "caltwin"
model = "MODEL source"
serial = "TWIN-PS-0001"
accuracy = "setting 0.05 %"
simulated = true
ranges = [
    { setting = "voltage", low = 0, high = 1500, unit = "V" },
    { setting = "current", low = -600, high = 600, unit = "A" },
]

[[standard]]
name = { zh = "温湿度大气压记录仪", en = "Climate logger" }
manufacturer = "caltwin"
model = "MODEL environment"
serial = "TWIN-CL-0001"
accuracy = ""
simulated = true
ranges = [{ setting = "temperature", low = -40, high = 85, unit = "degC" }]

[[certificate]]
number = "TEST-NP-2025"
issuer = "Test national institute"
standard = "NP-0001"
issued = 2025-01-10
lines = [{ measurand = "power", unit = "%", U = 0.002, k = 2 }]

[[certificate]]
number = "TEST-RP-2025"
issuer = "Test national institute"
standard = "RP-0001"
issued = 2025-03-01
due = 2027-02-28
parent = "TEST-NP-2025"
lines = [{ measurand = "power", unit = "%", U = 0.008, k = 2 }]

[[certificate]]
number = "TEST-ES-2026"
issuer = "Test regional institute"
standard = "TWIN-ES-0001"
issued = 2026-01-10
due = 2027-01-09
parent = "TEST-RP-2025"

[[certificate.lines]]
measurand = "energy"
unit = "%"
U = 0.02
k = 2
input = "d_cal"
ranges = [
    { setting = "voltage", low = 100, high = 1000, unit = "V" },
    { setting = "current", low = -300, high = 300, unit = "A" },
]

[[certificate]]
number = "TEST-CL-2026"
issuer = "Test regional institute"
standard = "TWIN-CL-0001"
issued = 2026-02-01
due = 2027-01-31
lines = [
    { measurand = "temperature", unit = "K", U = 0.2, k = 2, ranges = [
        { setting = "temperature", low = 10, high = 40, unit = "degC" }
    ] },
    { measurand = "humidity", unit = "%", U = 2, k = 2, ranges = [
        { setting = "humidity", low = 20, high = 80, unit = "%" }
    ] },
    { measurand = "pressure", unit = "kPa", U = 0.1, k = 2, ranges = [
        { setting = "pressure", low = 80, high = 110, unit = "kPa" }
    ] },
]

[[device]]
manufacturer = "caltwin"
model = "DCM-1"
serial = "TWIN-EM-0001"
accuracy_class = "0.5"
customer = "C-1"

[device.markings]
voltage = { value = 500, unit = "V" }
current = { value = 100, unit = "A" }
maximum_current = { value = 120, unit = "A" }
constant = 1000

[[device]]
manufacturer = "caltwin"
model = "DCM-1"
serial = "TWIN-EM-0002"
accuracy_class = "0.5"
customer = "C-1"

[device.markings]
voltage = { value = 500, unit = "V" }
current = { value = 100, unit = "A" }
maximum_current = { value = 120, unit = "A" }
constant = 1000

[[order]]
number = "WO-1"
system = "dc_energy"
received = 2026-05-01
customer = "C-1"
operator = "p1"
approver = "p2"
devices = ["TWIN-EM-0001", "TWIN-EM-0002"]

[[check]]
code = "ES-P500"
standard = "TWIN-ES-0001"
artifact = "Transfer meter TM-1"
measurand = "energy"
unit = "%"
limit = 0.05
repeatability = 0.02

[[group]]
series = "ES-P500"
time = 2026-02-10T09:00:00+08:00
readings = [0.010, 0.012, 0.011, 0.009, 0.013, 0.011]
person = "p1"
"""


def _with_models(written: str) -> str:
    """Fill in the models that the bench of the DC energy sheet has."""
    for role, wanted in find("dc_energy").sheet.roles.items():
        written = written.replace(f'"MODEL {role}"', f'"{next(iter(wanted.models), "")}"')
    return written


LABORATORY = _with_models(_LABORATORY)
"""Everything that a laboratory with one bench enters; every name and number is invented for the tests."""


def postgres() -> str | None:
    """Return the URL of the PostgreSQL server that the tests may use; None where there is none."""
    return os.environ.get("CALTWIN_TEST_POSTGRES")


def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Yield the name of an empty database of a kind, "sqlite" or "postgresql"; it is dropped afterwards."""
    if kind == "sqlite":
        yield str(folder / "lab.sqlite")
        return
    server = postgres()
    if server is None:
        pytest.skip("no PostgreSQL server: set CALTWIN_TEST_POSTGRES (see .ci/postgres)")
    url = make_url(server).set(drivername="postgresql+psycopg")
    name = f"lab_{uuid.uuid4().hex[:12]}"
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield url.set(database=name, drivername="postgresql").render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def filled(named: str, folder: Path) -> Register:
    """Return a new register with the made-up laboratory in it."""
    if "://" not in named:
        Path(named).write_bytes(_template())
        return open_register(named)
    register = create_register(named)
    _fill(register, folder)
    return register


@cache
def _template() -> bytes:
    """Return the SQLite file of the made-up laboratory; made once, for its commits wait for the disk."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "lab.sqlite"
        with create_register(str(file)) as register:
            _fill(register, Path(folder))
        return file.read_bytes()


def _fill(register: Register, folder: Path) -> None:
    file = folder / "laboratory.toml"
    file.write_text(LABORATORY, encoding="utf-8")
    with register.writing() as session:
        import_file(session, file)


def run_record(provided: Provided | None = None, seed: int = 3, **station: Any) -> RunRecord:
    """Return the record of a whole run on twins, with equipment and device from a register where one is given."""
    system = find("dc_energy")
    data = dict(system.sheet.station) | station
    if provided is not None:
        data["laboratory"] = station_section(provided)
    order = Order(seed=seed, started=datetime(2026, 6, 1, 9, tzinfo=UTC), trials=1000)
    return execute(system, Station.from_dict(data, source="test"), order, Simulation()).record


def write_record(record: RunRecord, folder: Path) -> Path:
    """Write a record as a run does; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "record.json"
    file.write_bytes(to_json(record))
    return file
