"""A stack analyser with its sampling system: load, losses, orifice, converter, sources, and what is true of it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from instruments.clock import Environment
from instruments.ports_flue import PERIODS_S, FlueGas
from instruments.ports_gas import GasLine
from instruments.stack_analyser import DAY_S
from instruments.stack_analyser import twin as kind

from .model_bench import ModelBench, port

QUIET = {"channels": {"SO2": 4e-4, "NOx": 3e-4, "O2": 0.25}, "averaging_s": 1.0}


def bench(flue: dict[str, Any] | None = None, gas: str = "N2=1", **parameters: Any) -> ModelBench:
    environment = Environment()
    return ModelBench(
        kind,
        {**QUIET, **parameters},
        {
            "stack": port(FlueGas, environment, **(flue or {})),
            "calibration": port(GasLine, environment, composition=gas, flow_l_per_min=3.0),
        },
        environment=environment,
    )


def read(twin: ModelBench, channel: int = 1) -> float:
    return twin.number(f"MEAS:CONC? {channel}")


def test_the_load_swings_and_the_gas_follows_by_its_sensitivity() -> None:
    flue = {"dry": {"SO2": 1e-4, "O2": 0.08}, "per_load": {"SO2": 0.8, "O2": -0.6}, "swings": (0.1,)}
    stack = port(FlueGas, Environment(), **flue)
    quarter = PERIODS_S[0] / 4.0
    assert stack.load.value(0.0) == pytest.approx(0.0, abs=1e-12)
    assert stack.load.value(quarter) == pytest.approx(0.1)
    assert stack.dry["SO2"].value(quarter) == pytest.approx(1.08e-4)
    assert stack.dry["O2"].value(quarter) == pytest.approx(0.08 * 0.94)
    assert stack.dry["SO2"].mean(0.0, PERIODS_S[0]) == pytest.approx(1e-4)


def test_a_load_that_could_reverse_the_plant_is_refused() -> None:
    with pytest.raises(ValueError, match=r"below 0\.8 together"):
        port(FlueGas, Environment(), swings=(0.5, 0.4))


def test_losses_and_orifice_stand_between_stack_and_analyser() -> None:
    twin = bench(
        {"dry": {"SO2": 1e-4}, "swings": ()},
        loss={"SO2": 0.04},
        loss_per_day={"SO2": 0.01},
        dilution_molar_mass=0.02,
        dilution_drift_per_day=0.005,
    )
    twin.run(600.0)
    t = twin.now / DAY_S
    expected = 100.0 * (1.0 - 0.04 - 0.01 * t) * (1.0 + 0.005 * t) * 1.02
    assert read(twin) == pytest.approx(expected, rel=2e-4)
    at = twin.now
    assert twin.engine.true_error("SO2", "difference", at=at, since=at - 60.0) == pytest.approx(
        expected - 100.0, abs=2e-3
    )


def test_the_orifice_follows_the_static_pressure() -> None:
    flue = {"dry": {"SO2": 1e-4}, "per_load": {"SO2": 0.0}, "swings": (0.2,), "static_kpa_per_load": 1.0}
    twin = bench(flue, dilution_per_kpa=0.05)
    twin.run(PERIODS_S[0] / 4.0)
    assert read(twin) == pytest.approx(100.0 * (1.0 + 0.05 * 0.2), rel=1e-3)


def test_the_converter_decides_how_much_no2_counts_as_nox() -> None:
    twin = bench({"dry": {"NO": 1e-4, "NO2": 1e-5}, "swings": ()}, converter_efficiency=0.9)
    twin.run(600.0)
    assert read(twin, 2) == pytest.approx(100.0 + 9.0, rel=1e-3)
    at = twin.now
    expected = 100.0 * (109.0 / 110.0 - 1.0)
    assert twin.engine.true_error("NOx", "difference", at=at, since=at - 60.0) == pytest.approx(expected, abs=1e-6)


def test_calibration_gas_comes_by_the_same_way_and_the_flag_says_so() -> None:
    twin = bench({"dry": {"SO2": 1e-4}, "swings": ()}, gas="SO2=3e-4", loss={"SO2": 0.1}, dilution_molar_mass=0.05)
    assert twin.query("SAMP:SOUR?;:STAT:FLAG?") == "STAC;N"
    twin.write("SAMP:SOUR CAL")
    twin.run(600.0)
    assert twin.query("SAMP:SOUR?;:STAT:FLAG?") == "CAL;C"
    assert read(twin) == pytest.approx(270.0, rel=1e-3)
    at = twin.now
    assert twin.engine.true_error("SO2", "indication", fraction=300.0, at=at, since=at) == pytest.approx(
        -10.0, abs=1e-6
    )
    twin.ports["calibration"].change("SO2=1e-4")
    twin.run(600.0)
    assert read(twin) == pytest.approx(90.0, rel=1e-3)
    twin.write("SAMP:SOUR STAC")
    twin.run(600.0)
    assert read(twin) == pytest.approx(100.0 * 0.9 * 1.05, rel=1e-3)


def test_drift_is_what_changed_between_two_looks() -> None:
    twin = bench(loss_per_day={"SO2": 0.02}, zero_drift_per_h={"SO2": 1e-7})
    zero = twin.engine.true_error("SO2", "drift", fraction=0.0, at=DAY_S, since=0.0)
    assert zero == pytest.approx(100.0 * 24 * 1e-7 / 4e-4, rel=1e-9)
    span = twin.engine.true_error("SO2", "drift", fraction=400.0, at=DAY_S, since=0.0)
    assert span == pytest.approx(zero - 2.0, rel=1e-6)


def test_at_reference_oxygen_the_error_of_oxygen_counts_with_its_sensitivity() -> None:
    twin = bench({"dry": {"SO2": 1e-4, "O2": 0.09}, "swings": ()}, gain_error={"O2": 0.02})
    found = twin.engine.true_error("SO2", "corrected", at=600.0, since=300.0)
    assert found == pytest.approx(100.0 * ((21 - 9.0) / (21 - 9.18) - 1.0), rel=1e-9)


def test_behind_a_calibration_function_the_error_is_that_of_the_function() -> None:
    twin = bench({"dry": {"SO2": 1e-4}, "swings": ()}, gain_error={"SO2": -0.05})
    found = twin.engine.true_error("SO2", "calibrated", at=600.0, since=300.0, intercept=1.0, slope=1.05)
    assert found == pytest.approx(100.0 * ((1.0 + 1.05 * 95.0) / 100.0 - 1.0), rel=1e-9)
    assert math.isfinite(found)
