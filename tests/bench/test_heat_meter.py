"""Whole verifications of heat meters through VISA bytes to the record: hidden faults are found by the item for them."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bench.campaign import campaign
from bench.catalogue import find
from bench.commands.verify import open_station
from bench.operators import Simulation
from bench.runs import Finished, Order, execute
from bench.station import Station
from drivers.errors import InstrumentError
from scenarios.procedure import ProcedureAborted
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from scenarios.record import ItemResult

SYSTEM = find("heat_meter")
SOUND: dict[str, dict[str, Any]] = {
    "meter": {
        "gain_error": 0.0,
        "zero_m3_per_h": 0.0,
        "profile_rest": 0.0,
        "supply_r0_error": 0.0,
        "return_r0_error": 0.0,
        "supply_a_error": 0.0,
        "return_a_error": 0.0,
        "supply_b_error": 0.0,
        "return_b_error": 0.0,
        "calculator_gain_error": 0.0,
        "calculator_offset_k": 0.0,
    }
}


def run(*, seed: int = 1, **devices: dict[str, Any]) -> Finished:
    description = copy.deepcopy(SYSTEM.sheet.station)
    draw = {name: SOUND.get(name, {}) | devices.get(name, {}) for name in {*SOUND, *devices}}
    order = Order(seed=seed, started=datetime(2026, 1, 1, tzinfo=UTC), trials=1000)
    return execute(SYSTEM, Station.from_dict(description, source="test"), order, Simulation(), draw=draw)


def item(finished: Finished, key: str) -> ItemResult:
    (found,) = (i for i in finished.record.items if i.key == key)
    return found


def test_a_sound_meter_passes_everywhere_and_the_bench_is_left_safe() -> None:
    finished = run()
    assert finished.record.verdict is Verdict.PASS
    for item_ in finished.record.items:
        for point in item_.points:
            assert abs(point.error.value) <= 1.5 * point.U + 0.02, point.point.key
    world = finished.world
    pipe: Any = world.ports["pipe"]
    assert not pipe.energised(world.environment.now)
    assert not any(world.twin(name).output for name in ("bath1", "bath2", "decade"))


@pytest.mark.parametrize(
    ("values", "failing"),
    [
        ({"gain_error": 0.035}, {"flow"}),
        ({"supply_r0_error": 6e-4}, {"pair"}),
        ({"calculator_gain_error": 0.012}, {"calculator"}),
        ({"computes_for": "supply"}, {"calculator"}),
        ({"swapped": True}, {"calculator"}),
        ({"side": "supply"}, {"marking"}),
    ],
)
def test_each_hidden_fault_is_found_by_the_item_that_is_there_for_it(values: dict[str, Any], failing: set[str]) -> None:
    finished = run(meter=values)
    assert finished.record.verdict is Verdict.FAIL
    assert failing <= {found.key for found in finished.record.items if found.verdict is Verdict.FAIL}


def test_the_wrong_pipe_is_named_by_its_own_error() -> None:
    assigned, installed = item(run(meter={"computes_for": "supply"}), "calculator").findings
    assert assigned.verdict is Verdict.PASS
    assert installed.verdict is Verdict.FAIL
    assert installed.value.en == "the other pipe"
    assert item(run(), "calculator").findings[1].verdict is Verdict.PASS


def test_interchanged_sensors_are_named() -> None:
    assigned, _ = item(run(meter={"swapped": True}), "calculator").findings
    assert assigned.value.en == "supply and return interchanged"


def test_the_worst_place_of_the_field_is_found() -> None:
    finished = run(meter={"supply_a_error": 2e-4})
    worst = item(finished, "pair").findings[-1]
    assert "θr = 87.0 °C" in worst.value.en  # an error of A grows with the temperature


def test_a_flow_sensor_that_fails_once_is_measured_twice_more() -> None:
    finished = run(meter={"gain_error": 0.03})
    points = item(finished, "flow").points
    assert [len(point.errors) for point in points] == [3, 3, 1]
    assert item(finished, "flow").findings[0].value.en == "0/3"


@pytest.mark.parametrize(
    ("device", "values", "said"),
    [
        ("readout", {"first_error_k": 0.5}, "bath1 "),
        ("meter", {"pulses_per_m3": 99999.0}, "device: it says class"),
        ("meter", {"accuracy_class": "3"}, "device: it says class"),
        ("meter", {"rated_ohm": 1000.0}, "readout: first bath"),
        ("bath2", {"swing_k": 0.05}, "bath2 "),
        ("balance", {"sensitivity_error": 5e-4}, "balance: "),
        ("pipe", {"temperature_degc": 40.0}, "rig: "),
    ],
)
def test_a_bench_that_contradicts_itself_is_refused_by_name(device: str, values: dict[str, Any], said: str) -> None:
    with pytest.raises((ProcedureAborted, InstrumentError)) as refused:
        run(**{device: values})
    assert said in str(refused.value)


def test_a_small_campaign_covers() -> None:
    found = campaign(SYSTEM, open_station(SYSTEM, None), runs=40, seed=3, workers=1)
    assert not found.refusals
    assert found.honest, [(p.key, p.covered, p.band) for p in found.points]
