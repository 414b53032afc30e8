"""What every system of the bench must do, whatever it measures: held for each data sheet that there is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from html import unescape
from pathlib import Path

import pytest
from interrupted import StopAt, stopped_and_taken_up

from bench.catalogue import find, names
from bench.commands.verify import open_station
from bench.operators import Simulation
from bench.preflight import preflight
from bench.runs import Order, execute
from reports.issue import make
from reports.kind import Kind, permission
from scenarios.record import RunRecord, from_json, to_json
from uncertainty.text import Language

SYSTEMS = names()
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
ORDER = Order(seed=5, started=STARTED, trials=1000)


@cache
def undisturbed(name: str) -> tuple[RunRecord, int]:
    """Return the record of an undisturbed run and how many checkpoints it passed."""
    checkpoint = StopAt()
    system = find(name)
    order = replace(ORDER, checkpoint=checkpoint)
    return execute(system, open_station(system, None), order, Simulation()).record, checkpoint.passed


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_record_survives_its_file_and_makes_the_three_documents(name: str) -> None:
    record, _ = undisturbed(name)
    assert from_json(to_json(record)) == record
    assert record.simulated
    assert record.items
    made = make(record, Language.BOTH)
    assert made.pdf.startswith(b"%PDF")
    assert b"SIMULATED" in made.dcc
    shown = unescape(re.sub(r"<[^>]*>", "", made.html.decode()))  # symbols are set in italics
    for item in record.items:
        assert item.title.en in shown
        for chart in item.charts:
            assert chart.title.en in shown


@pytest.mark.parametrize("name", SYSTEMS)
def test_no_regulation_is_quoted_for_a_number_that_nobody_compared(name: str) -> None:
    record, _ = undisturbed(name)
    if record.unverified:
        assert permission(record).kind is Kind.CALIBRATION
    for provision in record.provisions:
        assert provision.verified or provision.clause is None, f"{provision.key}: a clause that nobody saw"


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("share", [0.15, 0.5, 0.85])
def test_an_interrupted_run_is_taken_up_to_the_same_results(name: str, share: float, tmp_path: Path) -> None:
    record, checkpoints = undisturbed(name)
    system = find(name)
    stop = max(1, round(share * checkpoints))
    again = stopped_and_taken_up(system, open_station(system, None), ORDER, tmp_path, stop)
    assert again.items == record.items
    assert len(again.interruptions) == 1


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_pre_flight_agrees_with_the_run(name: str) -> None:
    record, _ = undisturbed(name)
    system = find(name)
    found = preflight(system, open_station(system, None), seed=ORDER.seed)
    assert found.duration_s == record.duration_s
    points = {point.point.key: point for item in record.items for point in item.points}
    forecasts = {forecast.point.key: forecast for forecast in found.forecasts}
    assert forecasts, "nothing is forecast"
    assert set(forecasts) <= set(points), "a point was forecast and not measured"
    judged = {key for key, point in points.items() if point.point.mpe is not None}
    assert judged <= set(forecasts), "a point with a limit was measured and not forecast"
    for stretch in found.stretches:
        assert stretch.duration_s >= 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_the_same_seed_gives_the_same_record_and_another_one_another(name: str) -> None:
    record, _ = undisturbed(name)
    system = find(name)
    station = open_station(system, None)
    assert execute(system, station, ORDER, Simulation()).record == record
    assert execute(system, station, replace(ORDER, seed=6), Simulation()).record.items != record.items


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_sheet_plans_a_campaign_whose_truth_is_known_at_every_point(name: str) -> None:
    from bench.campaign import one

    system = find(name)
    assert system.sheet.campaign is not None
    result, duration_s = one(system, open_station(system, None), 20260101, 0)
    assert result.refusal is None
    assert result.trials
    assert duration_s > 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_has_a_page_that_says_how_to_run_it(name: str) -> None:
    root = Path(__file__).parent.parent.parent
    pages = [root / "README.md", *(root / "docs").rglob("*.md")]
    assert any(f"caltwin verify {name}" in page.read_text(encoding="utf-8") for page in pages)
