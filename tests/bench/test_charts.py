"""Intermediate checks and drift: what is out of control is found, what cannot be judged is said, dates follow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import typer
from lab_files import filled

from bench.commands.lab import app
from bench.commands.lab_checks import chart, drift
from bench.errors import ConfigurationError
from bench.lab.chart_figure import draw_charts, draw_drift
from bench.lab.checks import check, forecast, rules
from bench.lab.entries import entry_of
from bench.lab.intake import add, by_code, by_serial
from bench.lab.models import CheckSeries, Standard
from uncertainty.text import Language

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bench.lab.checks import Checked, Forecast
    from bench.lab.register import Register


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    with filled(str(tmp_path / "lab.sqlite"), tmp_path) as opened:
        yield opened


def enter(register: Register, groups: Sequence[tuple[datetime, Sequence[float]]], **series: Any) -> str:
    """Enter a new series with checks; return its code."""
    entry = {
        "code": "S",
        "standard": "TWIN-ES-0001",
        "artifact": "Transfer meter",
        "measurand": "energy",
        "unit": "%",
        "limit": 0.05,
        "repeatability": 0.01,
    } | series
    with register.writing() as session:
        add(session, "check", entry_of("check", entry, "f"), "f")
        for time, readings in groups:
            data = {"series": entry["code"], "time": time, "readings": [float(r) for r in readings]}
            add(session, "group", entry_of("group", data, "f"), "f")
    return str(entry["code"])


def judged(register: Register, code: str, baseline: int | None = None) -> Checked:
    with register.reading() as session:
        return check(by_code(session, CheckSeries, "code", code), baseline)


def monthly(count: int, n: int = 6, s: float = 0.004, seed: int = 3) -> list[tuple[datetime, list[float]]]:
    generator = np.random.default_rng(seed)
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    return [(start + timedelta(days=30 * i), list(generator.normal(0.01, s, n))) for i in range(count)]


# -- intermediate checks -------------------------------------------------------------------------------------------


def test_a_standard_in_control_is_found_in_control(register: Register) -> None:
    groups = monthly(8)
    found = judged(register, enter(register, groups))
    assert found.charts is not None and found.alarms == () and found.good and found.judged
    assert found.repeatability is not None and found.stability is not None
    assert found.repeatability.observed == pytest.approx(float(np.std(groups[-1][1], ddof=1)))
    means = [sum(g) / len(g) for _, g in groups]
    assert found.stability.observed == pytest.approx(max(means[-4:]) - min(means[-4:]))
    assert found.stability.limit == 0.05 and found.year is None
    assert list(found.charts[0].points) == pytest.approx(means)


def test_a_jump_after_the_baseline_is_an_alarm_of_the_mean(register: Register) -> None:
    groups = monthly(9)
    time, last = groups[-1]
    code = enter(register, [*groups[:-1], (time, [value + 0.02 for value in last])])
    found = judged(register, code, baseline=8)
    assert found.alarms == (8,) and not found.good
    assert found.charts is not None and found.charts[0].alarms == (8,) and found.charts[1].alarms == ()


def test_more_scatter_is_an_alarm_of_the_standard_deviation_and_of_repeatability(register: Register) -> None:
    groups = monthly(9)
    time, last = groups[-1]
    mean = sum(last) / len(last)
    code = enter(register, [*groups[:-1], (time, [mean + 6 * (value - mean) for value in last])])
    found = judged(register, code, baseline=8)
    assert found.charts is not None and found.charts[1].alarms == (8,)
    assert found.repeatability is not None and not found.repeatability.satisfied


def test_stability_takes_groups_that_lie_a_month_apart(register: Register) -> None:
    """Five checks in one week say nothing about stability, however many they are."""
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    week = [(start + timedelta(days=i), [0.01, 0.012, 0.011, 0.01, 0.012, 0.011]) for i in range(5)]
    assert judged(register, enter(register, week)).stability is None
    spread = [(start + timedelta(days=28 * i), [0.02 * i + d for d in (0, 0.001, 0.002)]) for i in range(4)]
    found = judged(register, enter(register, spread, code="T"))
    assert found.stability is not None and found.stability.observed == pytest.approx(0.06)
    assert not found.stability.satisfied and not found.good
    assert found.repeatability is None, "three readings are too few"
    tight = [(time - timedelta(days=i), readings) for i, (time, readings) in enumerate(spread)]
    assert judged(register, enter(register, tight, code="U")).stability is None, "27 days apart"


def test_an_existing_standard_is_held_against_last_year(register: Register) -> None:
    last = datetime(2026, 6, 1, 9, tzinfo=UTC)

    def year(days: int, code: str) -> Checked:
        groups = [(last - timedelta(days=days), [0.0, 0.002]), (last, [0.03, 0.032])]
        return judged(register, enter(register, groups, code=code, limit=0.025))

    found = year(360, "A")
    assert found.year is not None and found.year.observed == pytest.approx(0.03) and not found.year.satisfied
    assert year(269, "B").year is None and year(461, "C").year is None
    assert year(270, "D").year is not None


def test_the_limits_are_strict_as_the_rules_say(register: Register) -> None:
    start = datetime(2026, 1, 5, 9, tzinfo=UTC)
    groups = [(start + timedelta(days=30 * i), [0.25 * i - 0.125, 0.25 * i + 0.125]) for i in (0, 1, 2, 3)]
    at = judged(register, enter(register, groups, limit=0.75))
    assert at.stability is not None and at.stability.observed == 0.75 and not at.stability.satisfied


def test_too_few_checks_are_said_to_be_too_few_and_none_is_an_error(register: Register) -> None:
    found = judged(register, "ES-P500")
    assert found.charts is None and found.stability is None and found.year is None
    assert found.repeatability is not None and found.good
    with pytest.raises(ConfigurationError, match="has no checks yet"):
        judged(register, enter(register, []))
    three = judged(register, enter(register, monthly(3), code="T"))
    assert three.charts is None and three.stability is None
    mixed = monthly(6)
    mixed[2] = (mixed[2][0], mixed[2][1][:4])
    assert judged(register, enter(register, mixed, code="M")).charts is None, "groups of different size make no chart"
    with pytest.raises(ConfigurationError, match="baseline"):
        judged(register, enter(register, monthly(5), code="B"), baseline=9)


def test_the_rules_say_which_of_them_were_not_seen_in_print() -> None:
    held = rules()
    for rule in (held.repeatability_readings, held.stability_groups, held.stability_interval):
        assert rule.source.startswith("JJF 1033") and not rule.verified and rule.clause is None


# -- drift ---------------------------------------------------------------------------------------------------------

HISTORY = [
    (date(2021, 1, 10), 0.000, 0.02),
    (date(2022, 1, 12), -0.004, 0.02),
    (date(2023, 1, 9), -0.010, 0.02),
    (date(2024, 1, 15), -0.014, 0.02),
    (date(2025, 1, 8), -0.020, 0.02),
]


def history(register: Register, rows: Sequence[tuple[date, float, float]] = HISTORY) -> None:
    """Enter certificates of the meter; the correction is the error with the opposite sign."""
    with register.writing() as session:
        for day, correction, U in rows:
            entry = {
                "number": f"H-{day}",
                "issuer": "Test",
                "standard": "TWIN-ES-0001",
                "issued": day,
                "due": day + timedelta(days=365),
                "lines": [{"measurand": "power", "unit": "%", "U": U, "k": 2.0, "correction": correction}],
            }
            add(session, "certificate", entry_of("certificate", entry, "f"), "f")


def predicted(register: Register, limit: float, **more: Any) -> Forecast:
    with register.reading() as session:
        standard = by_serial(session, Standard, "TWIN-ES-0001")
        return forecast(standard, "power", "%", limit, **more)


def test_the_proposed_due_date_is_the_last_day_within_the_limit(register: Register) -> None:
    history(register)
    found = predicted(register, 0.075)
    assert not found.capped and found.due > date(2025, 1, 8)
    for day, inside in ((found.due, True), (found.due + timedelta(days=1), False)):
        error, half = found.at(day)
        assert (abs(error) + half <= found.limit) is inside, day
    assert found.errors == (0.0, 0.004, 0.010, 0.014, 0.020) and found.U == (0.02,) * 5
    assert found.drift.slope * 365.25 == pytest.approx(0.005, rel=0.05), "it drifts upwards, the correction downwards"
    assert found.present == date(2025, 1, 8) + timedelta(days=365)


def test_a_longer_interval_than_the_laboratory_permits_is_not_proposed(register: Register) -> None:
    history(register)
    found = predicted(register, 1.0)
    assert found.capped and found.due == date(2025, 1, 8) + timedelta(days=round(rules().due_longest.value))


def test_a_standard_outside_already_is_due_at_once(register: Register) -> None:
    history(register)
    found = predicted(register, 0.01)
    assert found.due == date(2025, 1, 8) and not found.capped


def test_a_corrected_standard_is_held_against_its_newest_correction(register: Register) -> None:
    history(register)
    assert predicted(register, 0.075, corrected=True).reference == 0.020
    assert predicted(register, 0.075, corrected=True).due > predicted(register, 0.075).due


def test_units_and_coverage_factors_are_made_equal(register: Register) -> None:
    history(register, HISTORY[:4])
    entry = {
        "number": "H-X",
        "issuer": "Test",
        "standard": "TWIN-ES-0001",
        "issued": HISTORY[4][0],
        "due": date(2026, 1, 8),
        "lines": [{"measurand": "power", "unit": "1", "U": 0.0003, "k": 3.0, "correction": -0.0002}],
    }
    with register.writing() as session:
        add(session, "certificate", entry_of("certificate", entry, "f"), "f")
    found = predicted(register, 0.075)
    assert found.errors[-1] == pytest.approx(0.020) and found.U[-1] == pytest.approx(0.02)


def test_too_few_certificates_are_named(register: Register) -> None:
    history(register, HISTORY[:2])
    with pytest.raises(ConfigurationError, match=r"TWIN-ES-0001.*2 calibration.*at least 3"):
        predicted(register, 0.05)
    with register.reading() as session, pytest.raises(ConfigurationError, match="no certificate states 'mass'"):
        forecast(by_serial(session, Standard, "TWIN-ES-0001"), "mass", "kg", 0.05)


# -- pictures and commands -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", list(Language))
def test_the_pictures_are_drawn(register: Register, tmp_path: Path, language: Language) -> None:
    groups = monthly(9)
    time, last = groups[-1]
    found = judged(register, enter(register, [*groups[:-1], (time, [v + 0.02 for v in last])]), baseline=8)
    assert draw_charts(found, tmp_path / "chart.png", language).read_bytes().startswith(b"\x89PNG")
    history(register)
    assert draw_drift(predicted(register, 0.075), tmp_path / "drift.png", language).read_bytes().startswith(b"\x89PNG")


def test_no_chart_is_drawn_from_too_few_checks(register: Register, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too few"):
        draw_charts(judged(register, "ES-P500"), tmp_path / "chart.png", Language.EN)


def test_the_commands_show_what_is_wrong_by_their_exit_code(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    lab = str(tmp_path / "lab.sqlite")
    groups = monthly(8)
    code = enter(register, groups)
    chart(code, lab=lab)
    shown = capsys.readouterr().out
    assert "受控" in shown and "recalled" in shown, "rules that were not compared with the print are said to be so"
    readings = [f"--reading={0.05 + d}" for d in (0.001, 0.0, 0.002, 0.001, 0.0, 0.002)]
    arguments = ["add-check", code, *readings, "--time", "2026-10-05T09:00:00+08:00", "--as", "p1", "--lab", lab]
    app(arguments, standalone_mode=False)
    with pytest.raises(typer.Exit) as left:
        chart(code, baseline=8, picture=tmp_path / "chart.svg", lab=lab)
    assert left.value.exit_code == 1 and (tmp_path / "chart.svg").is_file()
    assert "2026-10-05" in capsys.readouterr().out
    with pytest.raises(ConfigurationError, match="already"):
        app(arguments, standalone_mode=False)
    with pytest.raises(ConfigurationError, match=r"group\.readings"):
        app(["add-check", code, "--reading", "1.0", "--lab", lab], standalone_mode=False)
    with pytest.raises(ConfigurationError, match="--picture"):
        chart("ES-P500", picture=tmp_path / "chart.png", lab=lab)


def test_the_drift_command_proposes_a_date(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    history(register)
    due = predicted(register, 0.075).due
    drift("TWIN-ES-0001", "power", 0.075, "%", picture=tmp_path / "drift.png", lab=str(tmp_path / "lab.sqlite"))
    shown = capsys.readouterr().out
    assert str(due) in shown and "+0.02 %" in shown and (tmp_path / "drift.png").is_file()
    drift("TWIN-ES-0001", "power", 0.05, "%", lab=str(tmp_path / "lab.sqlite"))
    assert "recalibrate sooner" in capsys.readouterr().out
