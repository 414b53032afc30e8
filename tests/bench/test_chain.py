"""The chain of traceability of a result: complete where it is, open where it is, as table and picture."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import typer
from lab_files import filled, run_record, write_record
from matplotlib.axes import Axes

from bench.catalogue import find
from bench.commands.trace import trace
from bench.errors import ConfigurationError
from bench.lab.chain import State, chain_of
from bench.lab.chain_figure import draw
from bench.lab.provide import provide
from bench.lab.records import keep_record
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.lab.chain import Chain
    from bench.lab.register import Register
    from scenarios.record import RunRecord

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with filled(str(tmp_path / "lab.sqlite"), tmp_path) as opened:
        yield opened


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    folder = tmp_path_factory.mktemp("lab")
    with filled(str(folder / "lab.sqlite"), folder) as register, register.reading() as session:
        return run_record(provide(session, find("dc_energy").sheet, "WO-1", "TWIN-EM-0001", NOW))


def chain(register: Register, record: RunRecord) -> Chain:
    with register.reading() as session:
        return chain_of(session, record)


def only_standard(record: RunRecord) -> RunRecord:
    return replace(record, equipment=tuple(e for e in record.equipment if e.role == "standard"))


def test_the_chain_leads_from_the_device_to_the_national_standard(register: Register, record: RunRecord) -> None:
    found = chain(register, record)
    assert [branch.role for branch in found.branches] == ["standard", "environment"]
    steps = found.branches[0].steps
    assert [(s.level, s.number, s.state) for s in steps] == [
        ("working", "TEST-ES-2026", State.VALID),
        ("reference", "TEST-RP-2025", State.VALID),
        ("national", "TEST-NP-2025", State.VALID),
    ]
    assert [s.U for s in steps] == [
        ("energy: U = 0.02 % (k = 2)",),
        ("power: U = 0.008 % (k = 2)",),
        ("power: U = 0.002 % (k = 2)",),
    ]
    assert steps[0].due == date(2027, 1, 9) and steps[2].due is None and steps[1].holder == "Test regional institute"
    values = [p.U for item in record.items for p in item.points]
    low, high = found.U.removeprefix("U = ").split(" %")[0].split(" … ")
    assert float(low) == pytest.approx(min(values), rel=0.05) and float(high) == pytest.approx(max(values), rel=0.05)
    assert found.branches[0].complete and not found.branches[1].complete and not found.complete
    assert chain(register, only_standard(record)).complete


def test_a_certificate_that_the_register_does_not_know_is_said_to_be_unknown(
    register: Register, record: RunRecord
) -> None:
    stranger = replace(
        record,
        equipment=tuple(
            replace(e, certificate=replace(e.certificate, number="OTHER")) if e.certificate else e
            for e in record.equipment
        ),
    )
    for branch in chain(register, stranger).branches:
        (step,) = branch.steps
        assert step.state is State.UNKNOWN and step.number == "OTHER" and not branch.complete


@pytest.mark.parametrize(
    ("change", "place", "state"),
    [
        ("UPDATE certificate SET issued = '2026-06-02' WHERE number = 'TEST-ES-2026'", 0, State.EARLY),
        ("UPDATE certificate SET due = '2026-05-31' WHERE number = 'TEST-ES-2026'", 0, State.EXPIRED),
        ("UPDATE certificate SET due = '2026-01-09' WHERE number = 'TEST-RP-2025'", 1, State.EXPIRED),
        ("UPDATE certificate SET due = '2026-01-10' WHERE number = 'TEST-RP-2025'", 1, State.VALID),
        ("UPDATE certificate SET issued = '2025-03-02' WHERE number = 'TEST-NP-2025'", 2, State.EARLY),
    ],
)
def test_each_link_is_judged_on_the_day_it_was_relied_on(
    register: Register, record: RunRecord, tmp_path: Path, change: str, place: int, state: State
) -> None:
    """A standard above may have expired since; what counts is the day on which the one below was calibrated by it."""
    base = sqlite3.connect(tmp_path / "lab.sqlite")
    base.execute("DROP TRIGGER certificate_is_never_changed")  # only so can the test change one
    base.execute(change)
    base.commit()
    base.close()
    found = chain(register, only_standard(record))
    assert found.branches[0].steps[place].state is state
    assert found.complete is (state is State.VALID)


@pytest.mark.parametrize("language", list(Language))
def test_the_picture_is_drawn_in_every_language(
    register: Register, record: RunRecord, tmp_path: Path, language: Language
) -> None:
    found = chain(register, record)
    png = draw(found, tmp_path / "chain.png", language).read_bytes()
    assert png.startswith(b"\x89PNG") and len(png) > 20_000
    svg = draw(found, tmp_path / "chain.svg", language).read_text(encoding="utf-8")
    assert svg.count('<g id="patch_') >= 6  # five boxes at least, and the ground


def test_a_long_name_stays_inside_its_box(register: Register, record: RunRecord, tmp_path: Path) -> None:
    found = chain(register, record)
    steps = found.branches[0].steps
    long = replace(steps[0], name=replace(steps[0].name, en="A very long name of an instrument " * 4))
    branch = replace(found.branches[0], steps=(long, *steps[1:]))
    texts: list[Any] = []
    write = Axes.text

    def remember(self: Axes, *args: Any, **kwargs: Any) -> Any:
        drawn = write(self, *args, **kwargs)
        texts.append(drawn)
        return drawn

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Axes, "text", remember)
        draw(replace(found, branches=(branch,)), tmp_path / "long.png", Language.EN)
    sizes = [t.get_fontsize() for t in texts if "very long" in t.get_text()]
    assert len(sizes) == 1 and sizes[0] < 5


def test_the_command_shows_table_picture_and_exit_code(
    register: Register,
    record: RunRecord,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "220")
    lab = str(tmp_path / "lab.sqlite")
    with register.writing() as session:
        keep_record(session, write_record(record, tmp_path / "run"))
    picture = tmp_path / "chain.png"
    with pytest.raises(typer.Exit) as code:
        trace(record=record.number, picture=picture, lab=lab)
    assert code.value.exit_code == 1, "the environment's branch is open"
    shown = capsys.readouterr().out
    for word in ("TEST-NP-2025", "TEST-RP-2025", "TEST-ES-2026", record.number, "国家计量基准", "National standard"):
        assert word in shown, word
    assert shown.index("TEST-NP-2025") < shown.index("TEST-RP-2025") < shown.index("TEST-ES-2026")
    assert picture.read_bytes().startswith(b"\x89PNG")
    file = write_record(only_standard(replace(record, number="SIM-2")), tmp_path / "two")
    trace(record=str(file), lab=lab)  # complete: no exit code
    with pytest.raises(ConfigurationError, match="--picture"):
        trace(record=record.number, picture=tmp_path / "chain.docx", lab=lab)
