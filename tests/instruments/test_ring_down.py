"""Ring-down physics against closed forms and the values of the domain card."""

from __future__ import annotations

import numpy as np
import pytest

from instruments.ring_down import (
    LIGHT_M_PER_S,
    NATURAL_D13C,
    Cavity,
    PressureBias,
    WaterEffect,
    heavy_share,
    read_as_natural,
)
from instruments.slow_noise import SlowNoise

CO2 = WaterEffect(linear=-0.0120, quadratic=-2.67e-4)


def test_empty_cavity_rings_for_forty_microseconds() -> None:
    cavity = Cavity(length_m=0.25, mirror_loss=2.08e-5)
    assert 1e6 / cavity.empty_rate == pytest.approx(0.25 / (LIGHT_M_PER_S * 2.08e-5) * 1e6)
    assert 1e6 / cavity.empty_rate == pytest.approx(40.09, abs=0.01)


def test_rate_and_absorption_are_inverse() -> None:
    cavity = Cavity()
    alpha = np.array([0.0, 1e-6, 2e-5])
    assert cavity.rate(alpha)[1] - cavity.empty_rate == pytest.approx(299.792458)
    assert cavity.absorption(cavity.rate(alpha), cavity.empty_rate) == pytest.approx(alpha, abs=1e-17)


def test_two_percent_of_water_make_400_read_389_97() -> None:
    assert round(float(400 * CO2.ratio(2.0)), 2) == 389.97  # card B10, recalled coefficients
    assert round(400 * (1 - 0.02), 1) == 392.0  # dilution alone
    assert float(CO2.broadening(2.0)) * 392.0 == pytest.approx(400 * float(CO2.ratio(2.0)))


def test_pressure_bias_comes_slowly_and_settles() -> None:
    bias = PressureBias(largest_kpa=0.0133, scale_percent=0.15, lag_s=240.0)
    course = bias.follow(0.0, np.full(2400, 0.3), 1.0)
    settled = 0.0133 * (1 - np.exp(-2))
    assert course[239] == pytest.approx(settled * (1 - np.exp(-1)), rel=1e-9)
    assert course[-1] == pytest.approx(settled, rel=1e-4)
    assert bias.follow(course[-1], np.zeros(240), 1.0)[-1] == pytest.approx(course[-1] * np.exp(-1), rel=1e-9)


def test_bias_is_up_to_two_fifths_of_the_goals() -> None:
    """Pressure coefficients of public code with 0.1 Torr: about 40 % of 0.1 µmol/mol and of 2 nmol/mol."""
    assert abs(-9.04e-3 * 0.0133 * 400) / 0.1 == pytest.approx(0.48, abs=0.01)
    assert abs(-3.02e-2 * 0.0133 * 1900) / 2.0 == pytest.approx(0.38, abs=0.01)


def test_fossil_co2_reads_a_tenth_of_a_ppm_high() -> None:
    fossil = 400.0 * float(heavy_share(-35e-3))
    assert float(read_as_natural(400.0, fossil)) - 400.0 == pytest.approx(0.117, abs=0.001)
    natural = 400.0 * float(heavy_share(NATURAL_D13C))
    assert float(read_as_natural(400.0, natural)) == pytest.approx(400.0, abs=1e-12)


def _allan(values: np.ndarray, m: int) -> float:
    means = values[: values.size // m * m].reshape(-1, m).mean(axis=1)
    return float(np.sqrt(0.5 * (np.diff(means) ** 2).mean()))


def test_flicker_is_level_over_its_decades_and_a_walk_rises() -> None:
    times = np.arange(0.0, 400_000.0, 10.0)
    flicker = SlowNoise(np.random.default_rng(1), [1.0], [0.0]).values(times)[:, 0]
    assert _allan(flicker, 100) == pytest.approx(_allan(flicker, 20), rel=0.2)
    walk = SlowNoise(np.random.default_rng(1), [0.0], [0.01]).values(times)[:, 0]
    for m in (10, 100):
        assert _allan(walk, m) == pytest.approx(0.01 * np.sqrt(m * 10.0 / 3.0), rel=0.15)


def test_slow_noise_does_not_depend_on_who_asked_when() -> None:
    early = SlowNoise(np.random.default_rng(3), [1.0, 2.0], [0.1, 0.2])
    early.values(np.array([5.0]))
    early.values(np.array([9000.0]))
    late = SlowNoise(np.random.default_rng(3), [1.0, 2.0], [0.1, 0.2])
    at = np.linspace(0.0, 20_000.0, 77)
    assert np.array_equal(early.values(at), late.values(at))
    assert early.mean(100.0, 200.0) == pytest.approx(early.values(np.arange(100.0, 201.0, 10.0)).mean(axis=0))
