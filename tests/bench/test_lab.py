"""The register on real databases: tables and history agree, entries go in and come out, what is wrong is named."""

from __future__ import annotations

import os
import random
import re
import sqlite3
import threading
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from lab_files import LABORATORY, filled, fresh_database
from sqlalchemy import select, text

from bench.errors import ConfigurationError
from bench.lab.dump import rows_of
from bench.lab.entries import KINDS, entry_of
from bench.lab.exchange import export_toml, import_file
from bench.lab.intake import add, by_serial
from bench.lab.models import Base, Certificate, CheckGroup, Person, Standard
from bench.lab.register import REVISIONS, create_register, open_register, url_of, where
from bench.lab.short import line_of, range_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.lab.register import Register


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from fresh_database(request.param, tmp_path)


@pytest.fixture
def register(database: str, tmp_path: Path) -> Iterator[Register]:
    with filled(database, tmp_path) as opened:
        yield opened


def why(problem: pytest.ExceptionInfo[ConfigurationError]) -> str:
    said = str(problem.value)
    assert "\n" not in said
    return said


# -- tables and their history --------------------------------------------------------------------------------------


def test_the_history_leads_to_the_tables_of_the_models(database: str) -> None:
    with create_register(database) as made, made._engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
    assert found == REVISIONS[-1]


def test_every_revision_is_a_module_and_the_other_way_round() -> None:
    from bench.lab.migrations import versions

    folder = Path(versions.__path__[0])
    assert sorted(path.name[:5] for path in folder.glob("r*.py")) == sorted(REVISIONS)


def test_making_it_twice_changes_nothing(register: Register, database: str) -> None:
    with create_register(database) as again, again.reading() as session:
        assert len(rows_of(session, "standard")) == 5


def test_an_older_newer_foreign_or_missing_database_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lab.sqlite"
    with pytest.raises(ConfigurationError) as problem:
        open_register(str(file))
    assert "caltwin lab init --lab" in why(problem)
    assert not file.exists(), "opening must not make a file"
    create_register(str(file)).close()
    open_register(str(file)).close()
    monkeypatch.setattr("bench.lab.register.REVISIONS", (*REVISIONS, "r9999"))
    with pytest.raises(ConfigurationError) as problem:
        open_register(str(file))
    assert "older" in why(problem) and "caltwin lab init" in why(problem)
    monkeypatch.undo()
    base = sqlite3.connect(file)
    base.execute("UPDATE alembic_version SET version_num = 'r8888'")
    base.commit()
    base.close()
    for attempt in (open_register, create_register):
        with pytest.raises(ConfigurationError) as problem:
            attempt(str(file))
        assert "r8888" in why(problem) and "newer" in why(problem) and "update caltwin" in why(problem)
    other = tmp_path / "other.sqlite"
    base = sqlite3.connect(other)
    base.execute("CREATE TABLE songs (title TEXT)")
    base.close()
    for attempt in (open_register, create_register):
        with pytest.raises(ConfigurationError) as problem:
            attempt(str(other))
        assert "songs" in why(problem)
    text_file = tmp_path / "text.sqlite"
    text_file.write_text("no database, but long enough to be read as the head of one " * 20)
    with pytest.raises(ConfigurationError) as problem:
        open_register(str(text_file))
    assert "not a database" in why(problem)


def test_where_the_register_is_comes_from_the_option_then_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CALTWIN_LAB", raising=False)
    with pytest.raises(ConfigurationError, match="CALTWIN_LAB"):
        where(None)
    monkeypatch.setenv("CALTWIN_LAB", "a.sqlite")
    assert (where(None), where("b.sqlite")) == ("a.sqlite", "b.sqlite")


def test_a_password_is_never_shown_and_other_databases_are_refused() -> None:
    with pytest.raises(ConfigurationError) as problem:
        open_register("postgresql://someone:secret@127.0.0.1:1/lab?connect_timeout=2")
    assert "secret" not in why(problem) and "127.0.0.1" in why(problem)
    with pytest.raises(ConfigurationError, match="postgresql://"):
        url_of("mysql://host/lab")


# -- what must never change ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    ['UPDATE certificate_line SET "U" = 0.001', "DELETE FROM check_group", "UPDATE certificate SET due = '2099-01-01'"],
)
def test_the_database_itself_keeps_certificates_and_checks(register: Register, change: str) -> None:
    with pytest.raises(ConfigurationError) as problem, register.writing() as session:
        session.execute(text(change))
    assert "never changed nor dropped" in why(problem)


def test_a_writing_session_is_taken_as_a_whole_or_not_at_all(register: Register) -> None:
    with pytest.raises(RuntimeError), register.writing() as session:
        session.add(Person(code="p9", name="Person Nine", active=True, public_key=None, roles=[]))
        session.flush()
        raise RuntimeError("power cut")
    with register.reading() as session:
        assert session.scalars(select(Person).where(Person.code == "p9")).first() is None


def test_two_writers_wait_for_each_other_and_lose_nothing(register: Register) -> None:
    """A writer reads, then writes what follows from it; without the lock taken first, one of two would be refused."""
    failures: list[BaseException] = []

    def enter(worker: int) -> None:
        try:
            for n in range(10):
                with register.writing() as session:
                    count = len(session.scalars(select(Person)).all())
                    session.add(Person(code=f"w{worker}-{n}", name=f"{count}", active=True, public_key=None, roles=[]))
        except BaseException as problem:
            failures.append(problem)

    workers = [threading.Thread(target=enter, args=(n,)) for n in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    with register.reading() as session:
        assert len(session.scalars(select(Person)).all()) == 2 + 30


def test_moments_keep_their_place_in_time(register: Register) -> None:
    with register.reading() as session:
        group = session.scalars(select(CheckGroup)).one()
        assert group.time == datetime(2026, 2, 10, 1, 0, tzinfo=UTC) and group.time.utcoffset() == timedelta(0)
    with pytest.raises(Exception, match="time zone"), register.writing() as session:
        session.add(
            CheckGroup(
                series=session.scalars(select(CheckGroup)).one().series,
                readings=[1.0, 2.0],
                time=datetime(2026, 3, 1),  # noqa: DTZ001  the point of the test
                person=None,
            )
        )


# -- in and out ----------------------------------------------------------------------------------------------------


def test_what_is_exported_makes_the_same_register_again(register: Register, tmp_path: Path) -> None:
    with register.reading() as session:
        written = export_toml(session)
        tables = {kind: rows_of(session, kind) for kind in KINDS}
    assert all(tables.values()), "every table of the sample holds something"
    file = tmp_path / "export.toml"
    file.write_text(written, encoding="utf-8")
    with create_register(str(tmp_path / "again.sqlite")) as again:
        with again.writing() as session:
            import_file(session, file)
        with again.reading() as session:
            assert {kind: rows_of(session, kind) for kind in KINDS} == tables
            assert export_toml(session) == written


def test_a_certificate_comes_out_as_it_went_in(register: Register) -> None:
    with register.reading() as session:
        certificate = session.scalars(select(Certificate).where(Certificate.number == "TEST-ES-2026")).one()
        assert certificate.due == date(2027, 1, 9)
        assert certificate.parent is not None and certificate.parent.number == "TEST-RP-2025"
        (line,) = certificate.lines
        assert (line.U, line.k, line.correction, line.unit, line.input) == (0.02, 2.0, 0.0, "%", "d_cal")
        assert [(r.setting, r.low, r.high, r.unit) for r in line.ranges] == [
            ("voltage", 100.0, 1000.0, "V"),
            ("current", -300.0, 300.0, "A"),
        ]


def test_a_table_of_csv_is_entered(register: Register, tmp_path: Path) -> None:
    file = tmp_path / "standard.csv"
    file.write_text(
        "serial,model,manufacturer,name.zh,name.en,accuracy,ranges,simulated\n"
        "DM-1,34401A,Test maker,数字多用表,Multimeter,,voltage: 0..1000 V; current: -3..3 A,false\n",
        encoding="utf-8-sig",
    )
    more = tmp_path / "meters.csv"
    more.write_text(
        "serial,model,manufacturer,accuracy_class,markings.voltage.value,markings.voltage.unit,markings.constant\n"
        "M-1,DCM-2,Test maker,1,750,V,500\n",
        encoding="utf-8",
    )
    with register.writing() as session:
        assert import_file(session, file) == {"standard": 1}
        assert import_file(session, more, "device") == {"device": 1}
    with register.reading() as session:
        standard = by_serial(session, Standard, "DM-1")
        assert [(r.setting, r.low, r.high) for r in standard.ranges] == [("voltage", 0, 1000), ("current", -3, 3)]
        device = rows_of(session, "device")[-1]
        assert device["markings"] == {"voltage": {"value": 750.0, "unit": "V"}, "constant": 500.0}


def test_the_short_form_of_a_line_says_what_its_table_says() -> None:
    written = "energy: U = 0.02 %, k = 2, correction = -0.01, input = d_cal; voltage: 0..1500 V; current: -1.5e2..150 A"
    assert line_of(written, "f", "lines") == {
        "measurand": "energy",
        "unit": "%",
        "U": 0.02,
        "k": 2.0,
        "correction": -0.01,
        "input": "d_cal",
        "ranges": [
            {"setting": "voltage", "low": 0.0, "high": 1500.0, "unit": "V"},
            {"setting": "current", "low": -150.0, "high": 150.0, "unit": "A"},
        ],
    }


@pytest.mark.parametrize(
    "written", ["voltage 0..1500 V", "voltage: 0-1500 V", "voltage: 0..1500", "voltage: a..b V", "", "voltage: .. V"]
)
def test_a_range_that_cannot_be_read_is_named(written: str) -> None:
    with pytest.raises(ConfigurationError) as problem:
        range_of(written, "file.csv:3", "standard.ranges")
    assert why(problem).startswith("file.csv:3: standard.ranges: ")


@pytest.mark.parametrize(
    "written",
    [
        "energy U=1",
        "energy: U",
        "energy: U = x %, k = 2",
        "energy: U = 1 %, U = 2 %",
        "energy: U = 1 %, k = 2 V",
        "energy: V = 1",
        "energy: U = 1 %, k = 2; voltage",
    ],
)
def test_a_line_that_cannot_be_read_is_named(written: str) -> None:
    with pytest.raises(ConfigurationError, match=r"file\.csv:3: certificate\.lines"):
        line_of(written, "file.csv:3", "certificate.lines")


# -- one line for every mistake ------------------------------------------------------------------------------------

WRONG = [
    ('serial = "TWIN-ES-0001"', 'serail = "TWIN-ES-0001"', "standard.serail", "did you mean 'serial'"),
    ('zone = "Asia/Shanghai"', 'zone = "Asia/Nowhere"', "laboratory.zone", "Asia/Shanghai"),
    ('roles = ["approver"]', 'roles = ["boss"]', "person.roles", "boss"),
    ('roles = ["approver"]', "roles = []", "person.roles", "is empty"),
    ('level = "national"', 'level = "top"', "standard.level", "top"),
    ("high = 1500, unit", "high = -1, unit", "standard.ranges[0]", "exceeds"),
    ("high = 1500, unit", "high = nan, unit", "standard.ranges[0].high", "nan"),
    ('setting = "current", low = -600', 'setting = "voltage", low = -600', "standard.ranges", "twice"),
    ("issued = 2026-01-10", "issued = 2027-02-10", "certificate.due", "before the date of issue"),
    ("issued = 2026-01-10", 'issued = "soon"', "certificate.issued", "write it like 2026-01-10"),
    ("due = 2027-01-09", "", "certificate.due", "working standard"),
    ('parent = "TEST-RP-2025"', 'parent = "TEST-RP-2024"', "certificate.parent", "did you mean 'TEST-RP-2025'"),
    ('standard = "TWIN-CL-0001"', 'standard = "TWIN-CL-0002"', "certificate.standard", "'TWIN-CL-0001'"),
    ("U = 0.02\n", "U = 0\n", "certificate.lines[0].U", "positive"),
    ("U = 0.02\n", 'U = "small"\n', "certificate.lines[0].U", "float"),
    ("k = 2\ninput", "k = -2\ninput", "certificate.lines[0].k", "positive"),
    (
        'number = "TEST-CL-2026"\nissuer = "Test regional institute"',
        'number = "TEST-ES-2026"\nissuer = "Test regional institute"',
        "certificate.number",
        "already",
    ),
    ('serial = "TWIN-EM-0002"', 'serial = "TWIN-EM-0001"', "device.serial", "already"),
    ('devices = ["TWIN-EM-0001", "TWIN-EM-0002"]', "devices = []", "order.devices", "is empty"),
    (
        'devices = ["TWIN-EM-0001", "TWIN-EM-0002"]',
        'devices = ["TWIN-EM-0001", "TWIN-EM-0001"]',
        "order.devices",
        "twice",
    ),
    ('devices = ["TWIN-EM-0001", "TWIN-EM-0002"]', 'devices = ["EM-77"]', "order.devices[0]", "add the device first"),
    ('system = "dc_energy"', 'system = "dc_energi"', "order.system", "did you mean 'dc_energy'"),
    ('operator = "p1"', 'operator = "p2"', "order.operator", "does not hold the role"),
    ("constant = 1000", "constant = 2026-01-01", "device.markings.constant", "neither a text"),
    ("constant = 1000", "constant = inf", "device.markings.constant", "neither a text"),
    ("voltage = { value = 500, unit", "voltage = { size = 500, unit", "device.markings.voltage", "neither a text"),
    ('code = "C-1"', 'code = "C\\u0000"', "customer.code", "NUL"),
    ("limit = 0.05", "limit = 0", "check.limit", "positive"),
    ("time = 2026-02-10T09:00:00+08:00", "time = 2026-02-10T09:00:00", "group.time", "time zone"),
    ("[[customer]]", "[[costumer]]", "costumer", "known: laboratory"),
    ("[[customer]]", "customer = 3\n[[customers]]", "costumer|customer", "table"),
    ('code = "C-1"', 'code = " "', "customer.code", "is empty"),
]


@pytest.mark.parametrize(("right", "wrong", "key", "advice"), WRONG, ids=[f"{w[2]}-{n}" for n, w in enumerate(WRONG)])
def test_one_line_names_table_key_and_remedy_and_nothing_is_half_entered(
    tmp_path: Path, right: str, wrong: str, key: str, advice: str
) -> None:
    assert right in LABORATORY
    file = tmp_path / "lab.toml"
    file.write_text(LABORATORY.replace(right, wrong, 1), encoding="utf-8")
    with create_register(str(tmp_path / "lab.sqlite")) as register:
        with pytest.raises(ConfigurationError) as problem, register.writing() as session:
            import_file(session, file)
        said = why(problem)
        assert said.startswith(str(file)) and advice in said, said
        assert re.search(key if "|" in key else re.escape(key), said), said
        with register.reading() as session:
            assert all(not rows_of(session, kind) for kind in KINDS)


def test_two_makers_may_have_given_the_same_number(register: Register) -> None:
    entry = {
        "name": {"zh": "表", "en": "Meter"},
        "manufacturer": "Other maker",
        "model": "X-1",
        "serial": "TWIN-ES-0001",
        "accuracy": "",
    }
    with register.writing() as session:
        add(session, "standard", entry_of("standard", entry, "f"), "f")
        with pytest.raises(ConfigurationError, match="WT-DCE 05/TWIN-ES-0001"):
            by_serial(session, Standard, "TWIN-ES-0001")
        assert by_serial(session, Standard, "X-1/TWIN-ES-0001").manufacturer == "Other maker"


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    cases = {
        "broken.toml": b"[[standard",
        "latin.toml": "name = 'é'".encode("latin-1"),
        "standard.csv": b"serial,model\nA\n",
        "unknown.csv": b"a\n1\n",
    }
    with create_register(str(tmp_path / "lab.sqlite")) as register:
        for name, data in cases.items():
            (tmp_path / name).write_bytes(data)
        for name in (*cases, "missing.toml"):
            with pytest.raises(ConfigurationError) as problem, register.writing() as session:
                import_file(session, tmp_path / name)
            assert name in why(problem)


def test_the_zone_of_a_moment_does_not_matter_for_what_is_the_same_moment(register: Register) -> None:
    entry = {
        "series": "ES-P500",
        "readings": [1.0, 2.0],
        "time": datetime(2026, 2, 10, 3, 0, tzinfo=timezone(timedelta(hours=2))),
    }
    with pytest.raises(ConfigurationError, match="already"), register.writing() as session:
        add(session, "group", entry_of("group", entry, "f"), "f")


def spoiled(written: str, generator: random.Random) -> str:
    """Return the text with one thing spoiled: a character, a line, a value, or two lines exchanged."""
    lines = written.splitlines()
    place = generator.randrange(len(lines))
    match generator.randrange(6):
        case 0:
            at = generator.randrange(len(written))
            return written[:at] + generator.choice('\0"[]{}=,-9x 表\n') + written[at + 1 :]
        case 1:
            del lines[place]
        case 2:
            lines.insert(place, lines[generator.randrange(len(lines))])
        case 3:
            other = generator.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        case 4:
            key, equals, _ = lines[place].partition("=")
            values = ('""', "0", "-1", "1e999", "nan", "[]", "{}", "true", "2026-02-30", "'x'", '"\\u0000"', "9" * 400)
            lines[place] = key + equals + " " + generator.choice(values) if equals else lines[place]
        case _:
            key, equals, value = lines[place].partition("=")
            lines[place] = key[:-2] + equals + value
    return "\n".join(lines)


def test_a_spoiled_file_is_entered_or_refused_in_one_line(tmp_path: Path) -> None:
    """Whatever is spoiled, there is no traceback; CALTWIN_TEST_SPOILED asks for more seeded spoilings than 60."""
    count = int(os.environ.get("CALTWIN_TEST_SPOILED", "60"))
    generator = random.Random(20260101)
    file = tmp_path / "lab.toml"
    refused = 0
    with create_register(str(tmp_path / "lab.sqlite")) as register:
        for _ in range(count):
            written = spoiled(LABORATORY, generator)
            file.write_text(written, encoding="utf-8")
            try:
                with register.reading() as session:  # dropped at the end: the next starts from nothing
                    import_file(session, file)
            except ConfigurationError as problem:
                refused += 1
                assert "\n" not in str(problem), written
                assert str(file) in str(problem), written
    assert count / 3 < refused < count
