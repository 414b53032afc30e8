"""Many devices on one source and one standard: each gets its own result, and a bad one does not stop the others."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bench import cli
from bench.catalogue import find
from bench.journal import Journal
from bench.operators import Simulation
from bench.runs import Finished, Order, Resumption, execute
from bench.station import Station
from drivers.errors import InstrumentError
from scenarios.procedure import ProcedureAborted
from scenarios.record import from_json
from uncertainty.conformity import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

SYSTEM = find("dc_energy")
STARTED = datetime(2026, 1, 1, tzinfo=UTC)
GAINS = {"1": 0.001, "2": -0.002, "3": 0.0005}


def description(**changes: dict[str, Any]) -> dict[str, Any]:
    """Return the sheet's station with three meters; changes by position go into the meter's parameters or ports."""
    station = copy.deepcopy(SYSTEM.sheet.station)
    meter = station["devices"].pop("meter")
    nameplate = station["laboratory"].pop("device")
    del station["resources"]["GPIB0::7::INSTR"], station["roles"]["device"]
    station["laboratory"]["positions"] = {}
    for number, gain in GAINS.items():
        line = "pulses" if number == "1" else f"pulses{number}"
        device, address, serial = f"meter{number}", f"GPIB0::{6 + int(number)}::INSTR", f"TWIN-EM-000{number}"
        quiet = {"gain_error": gain, "linear_error": 0.0, "quadratic_error": 0.0, "thermal_emf_v": 0.0}
        station["devices"][device] = copy.deepcopy(meter)
        station["devices"][device]["parameters"] |= quiet | {"serial": serial} | changes.get(f"meter{number}", {})
        station["devices"][device]["ports"]["pulses"] = line
        station["devices"]["standard"]["ports"][line] = line
        station["resources"][address] = {"device": device}
        station["roles"][f"device{number}"] = address
        station["laboratory"]["positions"][number] = {
            "role": f"device{number}",
            "channel": int(number),
            "device": nameplate | {"serial": serial} | changes.get(f"nameplate{number}", {}),
        }
    standard = {"class_error": 0.0, "calibration_error": 0.0, "thermal_emf_v": 0.0}
    station["devices"]["standard"]["parameters"] |= standard
    return station


def cut(station: dict[str, Any], number: str) -> dict[str, Any]:
    """Cut the pulse line of one meter."""
    del station["devices"][f"meter{number}"]["ports"]["pulses"]
    return station


def run(
    station: dict[str, Any],
    journal: Journal | None = None,
    checkpoint: Callable[[], None] = lambda: None,
    resume: bool = False,
) -> Finished:
    order = Order(seed=5, started=STARTED, trials=1000, checkpoint=checkpoint)
    resumption = None
    if resume:
        assert journal is not None
        resumption = Resumption(journal=journal, now=STARTED + timedelta(hours=1), alive=STARTED)
    built = Station.from_dict(station, source="test")
    return execute(SYSTEM, built, order, Simulation(), lambda number: journal, resumption=resumption)


def errors(finished: Finished, position: str) -> dict[str, float]:
    record = finished.records[position]
    return {point.point.key: point.error.value for item in record.items for point in item.points}


def test_every_device_gets_its_own_errors_number_and_record() -> None:
    finished = run(description())
    assert list(finished.records) == ["1", "2", "3"] and not finished.failures
    for position, gain in GAINS.items():
        for key, error in errors(finished, position).items():
            assert error == pytest.approx(100 * gain, abs=0.12 if "0.01In" in key or key == "register" else 0.04), key
    numbers = [record.number for record in finished.records.values()]
    assert len(set(numbers)) == 3 and [number[-2:] for number in numbers] == ["-1", "-2", "-3"]
    assert [record.device.serial[-1] for record in finished.records.values()] == ["1", "2", "3"]


def test_a_load_is_set_once_for_all() -> None:
    """Three devices take less than three times as long: warm-up and loads are shared."""
    alone = execute(
        SYSTEM,
        Station.from_dict(SYSTEM.sheet.station, source="sheet"),
        Order(seed=5, started=STARTED, trials=1000),
        Simulation(),
    )
    together = run(description())
    assert together.records["1"].duration_s < alone.record.duration_s + 2 * 2400


def test_a_bad_position_is_isolated_and_the_rest_finish() -> None:
    finished = run(cut(description(), "2"))
    assert list(finished.records) == ["1", "3"]
    assert isinstance(finished.failures["2"], ProcedureAborted | InstrumentError)
    assert "check the pulse line" in str(finished.failures["2"])
    for position in ("1", "3"):
        assert finished.records[position].verdict is Verdict.PASS
    assert not finished.world.ports["bench"].energised(finished.world.environment.now + 5)


def test_a_device_that_fails_does_not_fail_its_neighbours() -> None:
    finished = run(description(meter2={"gain_error": 0.02}))
    assert {p: r.verdict for p, r in finished.records.items()} == {
        "1": Verdict.PASS,
        "2": Verdict.FAIL,
        "3": Verdict.PASS,
    }


def test_devices_of_different_classes_meet_where_their_plans_meet() -> None:
    """Class 1 has no point at 0.01 In: that position leaves the load to the others and comes back for the next."""
    finished = run(description(nameplate2={"accuracy_class": "1"}))
    assert not finished.failures
    assert "basic_error/import/0.01In" in errors(finished, "1")
    assert "basic_error/import/0.01In" not in errors(finished, "2")


def test_when_all_fail_the_first_reason_is_the_run_s() -> None:
    station = description()
    station["devices"]["source"]["parameters"]["voltage_error"] = -0.2
    with pytest.raises(ProcedureAborted, match="instead of 500 V"):
        run(station)


def test_the_wrong_device_on_a_position_is_refused_before_anything_is_energised() -> None:
    from bench.errors import ConfigurationError

    with pytest.raises(ConfigurationError, match=r"roles\.device3: .* but no\. TWIN-EM-0009 is expected"):
        run(description(nameplate3={"serial": "TWIN-EM-0009"}))


def test_an_interrupted_run_with_positions_is_taken_up_to_equal_results(tmp_path: Path) -> None:
    reference = run(description())
    left = 60

    def halt() -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise ProcedureAborted("stopped by the operator; sources are off")

    with Journal(tmp_path / "journal.sqlite") as journal:
        with pytest.raises(ProcedureAborted):
            run(description(), journal, halt)
        finished = run(description(), journal, resume=True)
    for position, record in reference.records.items():
        assert finished.records[position].items == record.items
        assert len(finished.records[position].interruptions) == 1


def test_the_command_gives_each_position_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import yaml

    monkeypatch.chdir(tmp_path)
    Path("station.yaml").write_text(
        yaml.safe_dump({"spec": "1.1", **cut(description(), "2")}, allow_unicode=True), encoding="utf-8"
    )
    arguments = ["verify", "dc_energy", "--station", "station.yaml", "--out", "out", "--lang", "en"]
    assert cli.run(arguments) == 3
    assert "Position 2 ended without a result" in capsys.readouterr().out
    for position in ("1", "3"):
        place = Path("out") / f"position-{position}"
        assert from_json((place / "record.json").read_bytes()).verdict is Verdict.PASS
        assert (place / "certificate.pdf").exists()
    assert not Path("out/position-2").exists()
