"""From a standard to its results: every one is found, and judged again as a new evaluation would judge it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import typer
from lab_files import filled, run_record, write_record

from bench.catalogue import find
from bench.commands.trace import trace
from bench.errors import ConfigurationError
from bench.lab.entries import Line, Range, entry_of
from bench.lab.follow import follow, read_revised
from bench.lab.holding import Held
from bench.lab.intake import add, by_serial
from bench.lab.models import Standard
from bench.lab.provide import provide
from bench.lab.records import keep_record
from bench.lab.revision import RevisionRefused, revise
from scenarios.record import Rule
from uncertainty.conformity import Verdict
from uncertainty.gum import coverage_factor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.lab.register import Register
    from scenarios.record import PointResult, RunRecord

SYSTEM = find("dc_energy")
NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


def certificate(U: float = 0.02, k: float = 2.0, correction: float = 0.0, **more: Any) -> Held:
    line = Line(
        **({"measurand": "energy", "unit": "%", "U": U, "k": k, "correction": correction, "input": "d_cal"} | more)
    )
    return Held(number="R-1", issuer="Test", issued=date(2026, 7, 1), due=date(2027, 6, 30), lines=(line,))


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> RunRecord:
    folder = tmp_path_factory.mktemp("lab")
    with filled(str(folder / "lab.sqlite"), folder) as register, register.reading() as session:
        return run_record(provide(session, SYSTEM.sheet, "WO-1", "TWIN-EM-0001", NOW))


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with filled(str(tmp_path / "lab.sqlite"), tmp_path) as opened:
        yield opened


def points(record: RunRecord) -> dict[str, PointResult]:
    return {p.point.key: p for item in record.items for p in item.points}


def changed_points(record: RunRecord, **changes: Any) -> RunRecord:
    """Return the record with fields of every point replaced."""
    items = tuple(replace(i, points=tuple(replace(p, **changes) for p in i.points)) for i in record.items)
    return replace(record, items=items)


# -- the arithmetic ------------------------------------------------------------------------------------------------


def test_the_same_certificate_changes_nothing_at_all(record: RunRecord) -> None:
    same = revise(record, certificate())
    assert len(same.points) == len(points(record)) and same.untouched == 0 and not same.changed
    for point in same.points:
        assert point.error[0] == point.error[1] and point.printed[0] == point.printed[1]
        assert math.isclose(*point.U, rel_tol=1e-12)


@pytest.mark.parametrize("U", [0.01, 0.05, 0.2])
def test_a_new_U_gives_what_a_new_run_on_a_sheet_with_that_U_gives(record: RunRecord, U: float) -> None:
    """The whole run is made again, from bytes to verdict, with the new U in the sheet; same seed, same readings."""
    effects = replace(SYSTEM.plan.budget, calibration=replace(SYSTEM.plan.budget.calibration, U=U))
    system = replace(SYSTEM, plan=replace(SYSTEM.plan, budget=effects))
    # The plan would be refused with such a U; without its entry condition the run is made all the same, to compare.
    sheet = replace(system.sheet, decision=replace(system.sheet.decision, maximum_ratio=None))
    again = points(run_again(replace(system, sheet=sheet)))
    revised = revise(record, certificate(U=U))
    assert len(revised.points) == len(again)
    ratio = record.decision.maximum_ratio
    assert ratio is not None
    for point in revised.points:
        new = again[point.key]
        assert point.error[1] == new.error.value
        assert math.isclose(point.U[1], new.U, rel_tol=1e-9)
        assert point.printed[1] == f"{new.reported.error.removeprefix('+')} ± {new.reported.U}"
        small = new.point.mpe is not None and new.U <= ratio * new.point.mpe.value
        assert point.verdict[1] is (new.verdict if small else Verdict.INCONCLUSIVE)
    assert revised.changed is (U == 0.2)


def run_again(system: Any) -> RunRecord:
    from bench.operators import Simulation
    from bench.runs import Order, execute
    from bench.station import Station

    station = Station.from_dict(dict(system.sheet.station), source="test")
    return execute(system, station, Order(seed=3, started=NOW, trials=1000), Simulation()).record


@pytest.mark.parametrize("correction", [0.05, -0.1, 0.4])
def test_a_correction_shifts_the_error_as_the_measurement_model_does(record: RunRecord, correction: float) -> None:
    """γ' = (1 + γ)/(1 + δ) - 1 exactly; the record's sensitivity gives it to first order."""
    for point in revise(record, certificate(correction=correction)).points:
        exact = 100 * ((1 + point.error[0] / 100) / (1 + correction / 100) - 1)
        assert abs(point.error[1] - exact) < 1.5e-2 * correction**2
        assert point.error[1] < point.error[0] if correction > 0 else point.error[1] > point.error[0]
        assert math.isclose(*point.U, rel_tol=1e-12)


def test_a_large_correction_changes_verdicts_and_the_record(record: RunRecord) -> None:
    assert record.verdict is Verdict.PASS
    revised = revise(record, certificate(correction=-0.6))
    failing = [p.key for p in revised.points if p.verdict[1] is Verdict.FAIL]
    assert failing and revised.verdict == (Verdict.PASS, Verdict.FAIL) and revised.changed
    limits = points(record)
    for point in revised.points:
        mpe = limits[point.key].point.mpe
        assert mpe is not None
        assert (point.verdict[1] is Verdict.FAIL) is (abs(point.error[1]) > mpe.value + 0.025), "rounded to 0.05 first"


def test_the_error_is_rounded_before_it_is_judged_again(record: RunRecord) -> None:
    """0.515 % is rounded to 0.50 % on the step 0.05 % of the record and passes; 0.530 % becomes 0.55 % and fails."""
    key = "basic_error/import/In"
    before = points(record)[key]
    assert before.reported.step == "0.05" and before.point.mpe is not None and before.point.mpe.value == 0.5
    for error, verdict in (
        (0.515, Verdict.PASS),
        (0.530, Verdict.FAIL),
        (-0.515, Verdict.PASS),
        (-0.530, Verdict.FAIL),
    ):
        cal = next(line for line in before.budget if line.name == "d_cal")
        correction = (error - before.error.value) / cal.sensitivity
        revised = {p.key: p for p in revise(record, certificate(correction=correction)).points}[key]
        assert revised.error[1] == pytest.approx(error) and revised.verdict[1] is verdict


def test_a_point_that_is_no_longer_covered_is_inconclusive(record: RunRecord) -> None:
    narrow = certificate(ranges=(Range(setting="current", low=-110.0, high=110.0, unit="A"),))
    revised = {p.key: p for p in revise(record, narrow).points}
    assert not revised["basic_error/import/Imax"].covered
    assert revised["basic_error/import/Imax"].verdict == (Verdict.PASS, Verdict.INCONCLUSIVE)
    assert revised["basic_error/import/In"].covered and not revised["basic_error/import/In"].changed


def test_lines_hold_where_their_ranges_say(record: RunRecord) -> None:
    def line(low: float, high: float, correction: float) -> Line:
        ranges = (Range(setting="current", low=low, high=high, unit="A"),)
        return Line(measurand="energy", unit="%", U=0.02, k=2.0, correction=correction, input="d_cal", ranges=ranges)

    held = replace(certificate(), lines=(line(-200, -0.1, 0.1), line(0.1, 200, -0.1)))
    for point in revise(record, held).points:
        shift = point.error[1] - point.error[0]
        assert math.copysign(1, shift) == (-1 if "export" in point.key else 1), point.key
    both = replace(certificate(), lines=(line(-200, 200, 0.1), line(0.1, 200, -0.1)))
    with pytest.raises(RevisionRefused, match="2 lines of the certificate cover it"):
        revise(record, both)


def test_the_decision_rule_of_the_record_is_applied(record: RunRecord) -> None:
    """Under a guard band of U a larger U alone can fail a point that simple acceptance would pass."""
    key = "basic_error/import/In"
    guarded = replace(record, decision=replace(record.decision, rule=Rule.GUARDED, maximum_ratio=None))
    shift = 0.42 - points(record)[key].error.value
    assert {p.key: p for p in revise(guarded, certificate(correction=-shift)).points}[key].verdict[1] is Verdict.PASS
    wide = {p.key: p for p in revise(guarded, certificate(correction=-shift, U=0.2)).points}[key]
    assert wide.verdict[1] is Verdict.FAIL
    none = replace(record, decision=replace(record.decision, rule=Rule.NONE))
    assert all(p.verdict[1] is Verdict.PASS for p in revise(none, certificate(correction=-5.0)).points)


def test_a_coverage_factor_from_the_degrees_of_freedom_is_made_again(record: RunRecord) -> None:
    """With ν = 4 for the repeatability alone, ν_eff follows from Welch and Satterthwaite, and k from it."""

    def with_dof(point: PointResult) -> PointResult:
        lines = tuple(
            replace(line, degrees_of_freedom=4.0, contribution=line.contribution * 5) if line.name == "d_rep" else line
            for line in point.budget
        )
        u = math.sqrt(sum(line.contribution**2 for line in lines))
        rep = next(line.contribution for line in lines if line.name == "d_rep")
        dof = 4.0 * (u / rep) ** 4
        k = coverage_factor(point.p, dof)
        return replace(point, budget=lines, standard_uncertainty=u, degrees_of_freedom=dof, k=k, U=k * u)

    items = tuple(replace(i, points=tuple(with_dof(p) for p in i.points)) for i in record.items)
    loose = replace(record, items=items, decision=replace(record.decision, maximum_ratio=None))
    for point in revise(loose, certificate(U=0.2)).points:
        old = points(loose)[point.key]
        rep = next(line.contribution for line in old.budget if line.name == "d_rep")
        cal = next(line for line in old.budget if line.name == "d_cal")
        u = math.sqrt(old.standard_uncertainty**2 - cal.contribution**2 + (cal.sensitivity * 0.1) ** 2)
        assert math.isclose(point.U[1], coverage_factor(old.p, 4.0 * (u / rep) ** 4) * u, rel_tol=1e-9)


# -- which input, and what is refused ------------------------------------------------------------------------------


def test_the_input_is_found_by_name_by_certificate_or_by_the_old_U(record: RunRecord) -> None:
    unnamed = certificate(correction=0.1, input=None)
    by_option = revise(record, unnamed, named="d_cal")
    by_old = revise(record, unnamed, certificate(input="d_cal"))
    by_U = revise(record, unnamed, certificate(input=None))
    assert by_option == by_old == by_U and by_U.points[0].input == "d_cal"
    with pytest.raises(RevisionRefused, match="--input"):
        revise(record, unnamed)
    with pytest.raises(RevisionRefused, match="no point has the input quantity 'd_x'"):
        revise(record, unnamed, named="d_x")
    with pytest.raises(RevisionRefused, match="choose with --input"):
        revise(record, certificate(), certificate(input="d_class"))
    with pytest.raises(RevisionRefused, match="the certificate is in V"):
        revise(record, certificate(unit="V"))


def test_a_record_that_does_not_follow_from_its_own_numbers_is_refused(record: RunRecord) -> None:
    for changes, why in (
        ({"standard_uncertainty": 0.5}, "correlated"),
        ({"U": 0.01}, "is not k u"),
        ({"verdict": Verdict.FAIL}, "its own numbers give pass, its record says fail"),
    ):
        with pytest.raises(RevisionRefused, match=why) as problem:
            revise(changed_points(record, **changes), certificate())
        assert "basic_error/import/Imax" in str(problem.value)


# -- from the register ---------------------------------------------------------------------------------------------

REVISED = """
number = "TEST-ES-2026R"
issuer = "Test regional institute"
standard = "TWIN-ES-0001"
issued = 2026-07-01
due = 2027-01-09
lines = [{ measurand = "energy", unit = "%", U = 0.02, k = 2, correction = -0.6, input = "d_cal" }]
"""


@pytest.fixture
def traced(register: Register, record: RunRecord, tmp_path: Path) -> Register:
    """Return a register with two records of the standard, and one of another."""
    other = replace(
        record,
        number="SIM-OTHER",
        equipment=tuple(replace(e, serial="TWIN-ES-9") if e.role == "standard" else e for e in record.equipment),
    )
    with register.writing() as session:
        keep_record(session, write_record(record, tmp_path / "a"), "WO-1")
        keep_record(session, write_record(replace(record, number="SIM-2"), tmp_path / "b"))
        keep_record(session, write_record(other, tmp_path / "c"))
    (tmp_path / "revised.toml").write_text(REVISED, encoding="utf-8")
    return register


def test_every_record_of_the_standard_is_listed_and_no_other(traced: Register, record: RunRecord) -> None:
    with traced.reading() as session:
        found = follow(session, by_serial(session, Standard, "TWIN-ES-0001"))
        assert [(f.number, f.certificate, f.verdict) for f in found] == [
            (record.number, "TEST-ES-2026", Verdict.PASS),
            ("SIM-2", "TEST-ES-2026", Verdict.PASS),
        ]
        assert len(follow(session, by_serial(session, Standard, "TWIN-CL-0001"))) == 3


def test_a_lost_or_edited_record_does_not_hide_the_others(traced: Register, record: RunRecord, tmp_path: Path) -> None:
    file = tmp_path / "b" / "record.json"
    file.write_bytes(file.read_bytes().replace(b"SIM-2", b"SIM-3"))
    with traced.reading() as session:
        standard = by_serial(session, Standard, "TWIN-ES-0001")
        first, second = follow(session, standard, read_revised(tmp_path / "revised.toml"))
    assert first.changed and first.now is Verdict.FAIL
    assert second.refused is not None and "is not the file that was entered" in second.refused
    assert second.revision is None and second.now is Verdict.PASS


def test_only_records_under_the_replaced_certificate_are_recomputed(traced: Register, tmp_path: Path) -> None:
    revised = read_revised(tmp_path / "revised.toml")
    with traced.reading() as session:
        standard = by_serial(session, Standard, "TWIN-ES-0001")
        assert follow(session, standard, revised, replaces="TEST-ES-2025") == ()
        assert len(follow(session, standard, revised, replaces="TEST-ES-2026")) == 2


def test_the_command_shows_what_changes_and_says_so_by_its_exit_code(
    traced: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lab = str(tmp_path / "lab.sqlite")
    trace(standard="TWIN-ES-0001", lab=lab)
    listed = capsys.readouterr().out
    assert "SIM-2" in listed and "SIM-OTHER" not in listed
    out = tmp_path / "trace.json"
    with pytest.raises(typer.Exit) as code:
        trace(standard="TWIN-ES-0001", revised=tmp_path / "revised.toml", out=out, lab=lab)
    assert code.value.exit_code == 1
    shown = capsys.readouterr().out
    assert "basic_error/import/In" in shown and "FAIL" in shown and "不合格" in shown
    saved = msgspec.json.decode(out.read_bytes())
    assert [one["revision"]["verdict"] for one in saved] == [["pass", "fail"]] * 2
    (tmp_path / "same.toml").write_text(REVISED.replace("-0.6", "0"), encoding="utf-8")
    trace(standard="TWIN-ES-0001", revised=tmp_path / "same.toml", lab=lab)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({}, "give one of the two"),
        ({"standard": "A", "record": "B"}, "give one of the two"),
        ({"record": "SIM-2", "revised": "x"}, "belongs to --standard"),
        ({"standard": "TWIN-ES-0002"}, "did you mean 'TWIN-ES-0001'"),
        ({"record": "SIM-77"}, "neither in the register nor a file"),
    ],
)
def test_a_mistake_is_one_line(traced: Register, tmp_path: Path, options: dict[str, Any], why: str) -> None:
    with pytest.raises(ConfigurationError) as problem:
        trace(**options, lab=str(tmp_path / "lab.sqlite"))
    assert why in str(problem.value) and "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("number = 1", "certificate.number"),
        (REVISED.replace("U = 0.02", "U = -1"), r"certificate.lines\[0\].U"),
        (REVISED.replace("correction", "corection"), "did you mean 'correction'"),
        (REVISED[: REVISED.index("lines")], "certificate.lines"),
        ("[[", "not a TOML file"),
        ("certificate = [1, 2]", "give its keys under"),
    ],
)
def test_a_wrong_revised_certificate_is_named(tmp_path: Path, written: str, why: str) -> None:
    file = tmp_path / "revised.toml"
    file.write_text(written, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=why) as problem:
        read_revised(file)
    assert str(file) in str(problem.value)


def test_a_certificate_entered_after_the_record_does_not_rewrite_what_it_used(traced: Register) -> None:
    entry = {
        "number": "TEST-ES-2027",
        "issuer": "Test regional institute",
        "standard": "TWIN-ES-0001",
        "issued": date(2026, 7, 1),
        "due": date(2027, 6, 30),
        "lines": [{"measurand": "energy", "unit": "%", "U": 0.1, "k": 2.0}],
    }
    with traced.writing() as session:
        add(session, "certificate", entry_of("certificate", entry, "f"), "f")
    with traced.reading() as session:
        found = follow(session, by_serial(session, Standard, "TWIN-ES-0001"))
    assert {f.certificate for f in found} == {"TEST-ES-2026"}
