"""The logger and the room it hangs in."""

from __future__ import annotations

import math

import pytest

from .small_bench import Bench


def test_values_are_those_of_the_room_with_the_logger_s_errors() -> None:
    bench = Bench(
        logger={"temperature_error_k": 0.12, "humidity_error_percent": -1.5, "pressure_error_kpa": 0.05},
        air={"temperature_degc": 22.4, "humidity_percent": 48.0, "pressure_kpa": 100.9},
    )
    bench.run(10.0)
    assert bench.logger.query("MEAS:TEMP?") == "22.52"
    assert bench.logger.query("MEAS:HUM?") == "46.5"
    assert bench.logger.query("MEAS:PRES?") == "100.95"
    assert bench.logger.query("MEASURE:ALL?") == "22.52,46.5,100.95"


def test_the_room_drifts_and_cycles() -> None:
    bench = Bench(air={"temperature_drift_per_h": 0.5, "cycle_amplitude_k": 1.0, "cycle_period_s": 1200.0})
    at = 3600.0 + 100.0
    bench.run(at)
    truth = 23.0 + 0.5 * at / 3600.0 + math.cos(2.0 * math.pi * at / 1200.0)
    assert bench.ambient.temperature.value(at) == pytest.approx(truth, abs=1e-9)
    assert float(bench.logger.query("MEAS:TEMP?")) == pytest.approx(truth, abs=0.01)


def test_humidity_saturates() -> None:
    bench = Bench(logger={"humidity_error_percent": 5.0}, air={"humidity_percent": 98.0})
    assert bench.logger.query("MEAS:HUM?") == "100.0"


@pytest.mark.parametrize("wrong", [{"humidity_percent": 101.0}, {"cycle_period_s": 0.0}], ids=str)
def test_an_impossible_room_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Bench(air=wrong)


def test_an_interval_of_no_length_is_refused() -> None:
    with pytest.raises(ValueError, match="interval_s"):
        Bench(logger={"interval_s": 0.0})
