"""Stack-flow comparisons from VISA bytes to record: S-type teams fall out, the truth is held, faults are named."""

from __future__ import annotations

import copy
import dataclasses
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from drivers.errors import InstrumentError
from drivers.reading import Reading
from drivers.stack_team import Traverse
from scenarios.procedure import PlanRefused, ProcedureAborted
from scenarios.references import Reference
from scenarios.sheet import decode
from scenarios.stack_flow_comparison_model import GasState, reduce, sampling
from uncertainty.comparison import en_score
from uncertainty.conformity import Verdict
from uncertainty.quantity import Quantity

SYSTEM = find("stack_flow_comparison")
S_TYPE = ("Team E", "Team F")


def run(seed: int = 1, **draw: dict[str, Any]) -> Finished:
    station = Station.from_dict(copy.deepcopy(SYSTEM.sheet.station), source="test")
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=2000)
    return execute(SYSTEM, station, order, Simulation(), draw=draw)


@cache
def good() -> Finished:
    return run()


def item(finished: Finished, key: str) -> Any:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


def test_teams_that_read_the_swirl_as_flow_fall_out_at_every_load() -> None:
    found = item(good(), "comparison").findings
    subsets = [f.value.en for f in found if f.label.en.endswith("largest consistent subset")]
    assert len(subsets) == 3
    for subset in subsets:
        assert not any(team in subset for team in S_TYPE)
        assert subset.count("five-hole") >= 3
    for finding in found:
        if finding.label.en.startswith(S_TYPE):
            assert "not satisfactory" in finding.value.en
            assert finding.value.en.startswith("d = +")


def test_without_swirl_everybody_agrees() -> None:
    finished = run(seed=2, stack={"swirl_deg": 0.0})
    subsets = [
        f.value.en for f in item(finished, "comparison").findings if f.label.en.endswith("largest consistent subset")
    ]
    assert all(team in subset for subset in subsets for team in S_TYPE)


def test_every_result_holds_the_truth_within_three_u() -> None:
    finished = good()
    for key, knower in (("meter", "meter"), ("factor", "meter"), ("flow", "stack")):
        for point in item(finished, key).points:
            truth = finished.world.knower(knower).true_error(
                **point.point.about,
                load=point.point.settings["load"].value,
                at=point.readings[-1].time_s,
                since=point.readings[0].time_s,
            )
            assert abs(point.error.value - truth) <= 3 * point.standard_uncertainty, point.point.key
    assert finished.record.verdict is Verdict.PASS


def test_without_hidden_errors_the_flow_is_that_of_the_stack() -> None:
    """Only the points of the traverse remain: what they make of the wall is corrected to its spread."""
    teams = {
        f"team_{i}": {"pressure_gain_error": 0.0, "temperature_error_k": 0.0, "depth_error_mm": 0.0}
        for i in range(1, 8)
    }
    for i, c in ((1, 0.95), (2, 0.94), (3, 0.96), (4, 0.955)):
        teams[f"team_{i}"] |= {"coefficient": c, "yaw_error_deg": 0.0}
    plant = {
        "temperature_error_k": 0.0,
        "pressure_error_pa": 0.0,
        "water_error": 0.0,
        "co2_error": 0.0,
        "o2_error": 0.0,
    }
    finished = run(
        plant=plant, stack={"diameter_m": 7.0}, meter={"noise": 1e-4, "gain_error": 0.05, "load_slope": 0.0}, **teams
    )
    for point in item(finished, "meter").points:
        assert point.error.value == pytest.approx(5.0, abs=0.4), point.point.key


def test_a_meter_beyond_its_limit_fails() -> None:
    finished = run(meter={"gain_error": 0.16, "load_slope": 0.0})
    assert [p.verdict for p in item(finished, "meter").points] == [Verdict.FAIL] * 3
    assert item(finished, "comparison").verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("draw", "names"),
    [
        ({"team_2": {"kind": "s_type"}}, "team_2: works with a probe of kind 's_type'"),
        ({"team_3": {"temperature_error_k": 20.0}}, "team_3 or plant: a temperature"),
        ({"team_1": {"coefficient": 3.0}}, "team_1 or device: .* times the installed meter"),
        ({"team_4": {"unrest": 1.5}}, "team_4( or device)?: (one window|a yaw null|a pressure)"),
        ({"plant": {"temperature_error_k": 6.5}}, "plant: its temperature is"),
        ({"plant": {"pressure_error_pa": 3000.0}}, "plant or environment: static pressure"),
        ({"meter": {"stuck_from_s": 900.0}}, "device: reads .* it is stuck"),
        ({"meter": {"noise": 0.8}}, "device: reads .* within one window"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_wrong_instrument_is_refused_by_name(draw: dict[str, dict[str, Any]], names: str) -> None:
    with pytest.raises((ProcedureAborted, InstrumentError), match=names):
        run(**draw)


def test_a_majority_that_cannot_see_the_swirl_is_not_believed() -> None:
    """All five-hole probes far from each other: those who read swirl as flow would win the vote."""
    far = {"team_1": {"coefficient": 0.90}, "team_2": {"coefficient": 1.00}, "team_3": {"coefficient": 1.06}}
    with pytest.raises(ProcedureAborted, match="no two five-hole probes agree"):
        run(**far, stack={"swirl_deg": 28.0})


def test_where_swirl_wins_the_vote_it_is_repeated_among_those_who_see_it() -> None:
    """Two pairs of five-hole probes that contradict each other: {E, F, G} is larger than either pair."""
    # The twin's coefficient is the truth, the certificate's stays: A and B agree, C and D are off by -6 % and +6 %.
    apart = {
        "team_1": {"coefficient": 0.95},
        "team_2": {"coefficient": 0.94},
        "team_3": {"coefficient": 0.96 * 1.06},
        "team_4": {"coefficient": 0.955 * 0.85},
        "team_7": {"coefficient": 0.998 * 0.94},
    }
    finished = run(**apart, stack={"swirl_deg": 28.0})
    found = item(finished, "comparison").findings
    again = [f.value.en for f in found if "repeated among five-hole probes" in f.label.en]
    assert len(again) == 3
    assert all("Team A" in subset and "Team B" in subset and "five-hole" in subset for subset in again)
    for point in item(finished, "meter").points:
        truth = finished.world.knower("meter").true_error("error", load=point.point.settings["load"].value)
        assert abs(point.error.value - truth) <= 3 * point.standard_uncertainty


def references() -> dict[str, Reference]:
    tables = SYSTEM.sheet.station["laboratory"]["references"]
    return {key: decode(table, Reference) for key, table in tables.items()}


def test_a_plan_that_cannot_prove_conformity_is_refused() -> None:
    plan = dataclasses.replace(SYSTEM.plan, references=references())
    nameplate = SYSTEM.nameplate(SYSTEM.sheet.station["laboratory"]["device"], "test")
    assert len(SYSTEM.procedure.forecast(SYSTEM.sheet, plan, nameplate)) == 9
    tight = tuple(
        dataclasses.replace(limit, mpe=dataclasses.replace(limit.mpe, value=1.0)) for limit in SYSTEM.plan.mpe
    )
    with pytest.raises(PlanRefused, match="error/full: expected U"):
        SYSTEM.procedure.forecast(SYSTEM.sheet, dataclasses.replace(plan, mpe=tight), nameplate)


def test_sampling_of_a_pure_power_law_is_its_closed_form() -> None:
    field = dataclasses.replace(SYSTEM.plan.field, fields=50, exponent=(6.9999, 7.0001), bump=(0.0, 0.0))
    radii = np.sqrt((2 * np.arange(1, 5) - 1) / 8)
    closed = ((1 - radii) ** (1 / 7)).mean() / (98 / 120)
    assert sampling(field, 8).mean == pytest.approx(closed, rel=1e-6)
    assert sampling(SYSTEM.plan.field, 8).wall_factor == pytest.approx(0.9935, abs=1e-3)


def test_reduction_of_a_traverse_by_hand() -> None:
    """One point: 200 Pa, pitch of atan(0.1), yaw of 20°, 0.95 applied afterwards."""
    record = Reading(name="traverse", indication=Quantity(value=0.0, unit="s"), instrument="t", time_s=0.0, raw="")
    data = Traverse(record=record, pressure=(200.0,), second=(80.0,), yaw=(20.0,), temperature=(323.15,))
    gas = GasState(temperature=323.15, pressure=101e3, water=0.12, co2=0.115, o2=0.07)
    mass = 0.88 * (0.115 * 44.0095 + 0.07 * 31.9988 + 0.815 * 28.0134) + 0.12 * 18.01528
    density = 101e3 * mass * 1e-3 / (8.314462618 * 323.15)
    found = reduce("3d", data, [17.0], gas, (1.0, 4.0))
    # cos(pitch) of F2 = F2(0)/cos p and of the axial component cancel.
    assert found.ratio == pytest.approx(np.sqrt(400 / density) * np.cos(np.radians(20)) / 17, rel=1e-9)
    assert reduce("s_type", data, [17.0], gas, (1.0, 1.0)).ratio == pytest.approx(np.sqrt(400 / density) / 17)


def test_the_degree_of_equivalence_is_en_with_the_covariance_of_a_member() -> None:
    """|En| by difference over U(d), as the record prints it, is En of the house with covariance."""
    from uncertainty.comparison import largest_consistent_subset

    x, u = [1.0, 1.01, 0.99, 1.2], [0.005, 0.006, 0.007, 0.01]
    assigned = largest_consistent_subset(x, u)
    d, U = assigned.degree_of_equivalence(x[1], u[1], member=True)
    assert d / U == pytest.approx(
        en_score(x[1], 2 * u[1], assigned.value, 2 * assigned.u, covariance=4 * assigned.u**2)
    )


def test_a_small_campaign_covers() -> None:
    station = Station.from_dict(SYSTEM.sheet.station, source="test")
    done = campaign(SYSTEM, station, runs=60, seed=3, workers=1)
    assert not done.refusals
    assert done.honest, [(p.key, p.covered, p.band) for p in done.points if not p.honest]
