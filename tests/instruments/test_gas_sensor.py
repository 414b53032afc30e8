"""Sensor physics: known answers, statistics, and the same numbers whoever asks and whenever."""

import math

import numpy as np
import pytest

from instruments.gas_sensor import Conditioning, Detector, Noise, Walk, quantised, saturation_kpa


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


def test_right_linearisation_is_straight() -> None:
    cell = Detector(full_scale=0.2, depth=1.3, exponent=0.8)
    x = np.array([0.0, 0.001, 0.05, 0.2, 0.22])
    assert cell.linearised(x) == pytest.approx(x, rel=1e-12)
    assert float(cell.linearised(-1e-4)) == -1e-4
    assert float(cell.absorbed(0.2)) == pytest.approx(1.0 - math.exp(-(1.3**0.8)))


def test_wrong_exponent_bends() -> None:
    # y = R/a0·(a·x/R)^(n/n0): with a = a0 = 1 it is R·(x/R)^(n/n0), zero and full scale are right.
    cell = Detector(full_scale=1.0, depth=1.0, exponent=0.9, assumed_exponent=0.8)
    assert float(cell.linearised(1.0)) == pytest.approx(1.0)
    assert float(cell.linearised(0.5)) == pytest.approx(0.5 ** (0.9 / 0.8))
    deeper = Detector(full_scale=1.0, depth=1.1, assumed_depth=1.0)
    assert float(deeper.linearised(0.3)) == pytest.approx(0.33)


def test_walk_grows_with_the_root_of_time() -> None:
    ends = np.array([Walk(rng(seed), 2.0, step_s=300.0).value(9 * 3600.0) for seed in range(600)])
    assert ends.std() == pytest.approx(6.0, rel=0.1)
    assert abs(ends.mean()) < 4 * 6.0 / math.sqrt(600)


def test_walk_is_one_path_in_any_order() -> None:
    times = np.array([0.0, 10.0, 299.0, 300.0, 7 * 86400.0 + 5.0, 8.1 * 86400.0])
    forward, backward = Walk(rng(), 1.0), Walk(rng(), 1.0)
    singles = [backward.value(float(t)) for t in times[::-1]][::-1]
    assert forward.values(times) == pytest.approx(singles, rel=1e-12)
    assert singles[0] == 0.0
    assert singles[1] == pytest.approx(singles[3] / 30.0)


def test_noise_is_a_moving_average() -> None:
    times = np.arange(100.0, 4100.0, 1.0)
    single = Noise(rng(), 0.5, 1.0).values(times, 1)
    mean = Noise(rng(), 0.5, 1.0).values(times, 10)
    assert single.std() == pytest.approx(0.5, rel=0.05)
    assert mean[9:] == pytest.approx(np.convolve(single, np.full(10, 0.1), "valid"), abs=1e-12)
    noise = Noise(rng(), 0.5, 1.0)
    assert [noise.value(float(t), 10) for t in times[:30]] == pytest.approx(mean[:30].tolist(), abs=1e-12)
    assert Noise(rng(), 0.5, 1.0).value(0.0, 10) == Noise(rng(), 0.5, 1.0).value(0.0, 1)


def test_silent_sources_cost_nothing() -> None:
    assert Walk(rng(), 0.0).value(1e9) == 0.0
    assert Noise(rng(), 0.0, 1.0).value(1e9, 10) == 0.0


def test_trap_and_converter() -> None:
    gases = {"NO": 100e-6, "NO2": 50e-6, "SO2": 200e-6, "H2O": 0.1}
    trap = Conditioning(trap_loss={"NO2": 0.02, "SO2": 0.05}, trap_dew_point_degc=4.0, converter_efficiency=0.96)

    def seen(component: str) -> float:
        return float(trap.behind(component, lambda gas: np.asarray(gases.get(gas, 0.0)), 101.325))

    assert seen("SO2") == pytest.approx(190e-6)
    assert seen("NO2") == pytest.approx(50e-6 * 0.96 * 0.98)
    assert seen("NOx") == pytest.approx(100e-6 + 50e-6 * 0.96 * 0.98)
    assert seen("H2O") == pytest.approx(0.813 / 101.325, rel=1e-3)
    assert seen("CO") == 0.0


def test_water_saturates_where_tables_say() -> None:
    # Steam tables: 0.6117 kPa at 0.01 °C, 2.339 kPa at 20 °C, 7.385 kPa at 40 °C.
    assert [saturation_kpa(t) for t in (0.01, 20.0, 40.0)] == pytest.approx([0.6117, 2.339, 7.385], rel=3e-3)


def test_resolution() -> None:
    assert quantised(np.array([1.24, 1.26]), 0.1) == pytest.approx([1.2, 1.3])
    assert float(quantised(1.234, 0.0)) == 1.234


@pytest.mark.parametrize("values", [{"full_scale": 0.0}, {"depth": -1.0}, {"exponent": 0.0}])
def test_impossible_detectors_are_refused(values: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        Detector(**{"full_scale": 1.0, **values})
