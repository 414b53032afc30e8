"""The meter under test, held against what its parameters say it does."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from .small_bench import Bench

FINE = {"constant_imp_per_kwh": 1e12}
"""A standard that counts finely enough not to matter."""
HIDDEN = {
    "gain_error": 2.1e-3,
    "linear_error": 4e-4,
    "quadratic_error": -7e-4,
    "thermal_emf_v": 1.5e-6,
    "residue": 0.37,
}


@pytest.mark.parametrize("current", [120.0, 100.0, 20.0, 5.0, 1.0, -1.0, -5.0, -100.0])
def test_a_comparison_finds_the_true_error(current: float) -> None:
    bench = Bench(meter=HIDDEN, standard=FINE)
    bench.load(500.0, current)
    truth = bench.meter.engine.true_error(500.0, current)
    assert bench.compare(7) == pytest.approx(truth, abs=1e-9)


def test_the_error_curve_is_what_it_says() -> None:
    """An EMF of 1.5 µV is 2 mA of 100 A; it keeps its sign when the current is reversed."""
    error = Bench(meter=HIDDEN).meter.engine.true_error
    assert error(500.0, 100.0) == pytest.approx(1.00002 * (1 + 2.1e-3 + 4e-4 * 1.00002 - 7e-4 * 1.00002**2) - 1)
    assert error(500.0, 5.0) - error(500.0, -5.0) == pytest.approx(2 * 2e-3 / 5.0, rel=0.01)
    with pytest.raises(ValueError, match="without power"):
        error(500.0, 0.0)


def test_drift_and_temperature_move_the_error() -> None:
    meter = {"drift_per_h": 1e-4, "temperature_coefficient_per_k": 5e-5}
    bench = Bench(meter=meter, standard=FINE, air={"temperature_degc": 25.0})
    bench.load(500.0, 100.0)
    bench.run(7200.0)
    start = bench.environment.now
    found = bench.compare(1000)
    middle = 0.5 * (start + bench.environment.now)
    truth = bench.meter.engine.true_error(500.0, 100.0, middle)
    assert truth == pytest.approx(1e-4 * middle / 3600.0)
    assert found == pytest.approx(truth + 2 * 5e-5, abs=2e-8)  # (1 + drift + temperature): the product is neglected


def test_registered_energy_is_the_integral_of_the_documented_power() -> None:
    """Everything at once (ramp, settling, ripple, curve, drift, temperature), against plain numerical integration."""
    p = {**HIDDEN, "drift_per_h": 0.5, "temperature_coefficient_per_k": 1e-3, "starting_current_a": 0.05}
    air = {"temperature_degc": 22.0, "cycle_amplitude_k": 1.0, "cycle_period_s": 7.0}
    bench = Bench(meter=p, air=air)
    bench.source.write("SYST:LOCK ON;:PHAN:RIPP:VOLT 2;CURR 5;VOLT:PHAS 40;:PHAN:RIPP:FREQ 60")
    bench.load(400.0, 80.0, settle_s=2.0)
    bench.load(450.0, 120.0, settle_s=2.0)
    now, node = bench.environment.now, bench.node

    def power(t: float) -> float:
        i = node.current.value(t) + 1.5e-6 / 0.075 * 100.0
        x = abs(i) / 100.0
        warmth = bench.ambient.temperature.value(t) - 23.0
        gain = 1.0 + p["gain_error"] + 0.5 * t / 3600.0 + 1e-3 * warmth
        gain += p["linear_error"] * x + p["quadratic_error"] * x**2
        return node.voltage.value(t) * i * gain

    # The registration begins where the smooth current passes 50 mA: a thousandth of a second after the start.
    grid = np.linspace(0.0, now, 4001)
    wanted = sum(quad(power, a, b, epsabs=1e-9, epsrel=1e-12)[0] for a, b in pairwise(grid))
    assert bench.meter.engine.pulses.energy.value(now) == pytest.approx(wanted, rel=1e-7)


@pytest.mark.parametrize(
    ("phase", "missed"), [(0.0, 2e-2 * 5e-2), (60.0, 0.5e-3), (90.0, 0.0), (180.0, -1e-3)], ids=str
)
def test_a_meter_that_multiplies_averages_misses_ripple(phase: float, missed: float) -> None:
    """2 % and 5 % RMS in phase carry 0.100 % of the power, at 60° half of it.

    The edges cut the ripple somewhere within a period: of 72 s at 50 kW that is up to 2 parts in a million.
    """
    found = []
    for meter in ({"bandwidth_hz": 0.5}, {"bandwidth_hz": 5e5}, {}):
        bench = Bench(meter=meter, standard=FINE)
        bench.source.write(f"SYST:LOCK ON;:PHAN:RIPP:VOLT 2;CURR 5;VOLT:PHAS {phase}")
        bench.load(500.0, 100.0, settle_s=30.0)
        found.append(bench.compare(1001))
    assert found[0] == pytest.approx(1.0 / (1.0 + missed) - 1.0, abs=3e-6)
    assert found[1:] == pytest.approx([0.0, 0.0], abs=3e-6)


def test_the_residue_is_carried_from_window_to_window() -> None:
    """37 windows of 3 pulses and one of 111 see the same energy: nothing is lost or reset between them."""
    bench = Bench(meter={"residue": 0.9}, standard=FINE)
    bench.load(500.0, 10.0)
    train = bench.meter.engine.pulses
    first = train.count(bench.environment.now)
    edges = [train.edge(first + 3 * k) for k in range(38)]
    assert np.diff(edges) == pytest.approx(3 * 0.72, rel=1e-12)  # 5 kW at 1000 imp/kWh: 0.72 s a pulse
    # The accumulator began with 0.9 of a pulse, so the first edge came after a tenth of a quantum.
    assert bench.meter.engine.pulses.energy.value(train.edge(0)) == pytest.approx(360.0, rel=1e-12)


def test_count_and_edge_agree_whoever_looks_when() -> None:
    bench = Bench(meter={"pulse_jitter": 0.05, "residue": 0.5})
    bench.load(500.0, 100.0)
    train = bench.meter.engine.pulses
    edges = [train.edge(n) for n in range(60)]
    assert edges == sorted(edges)
    for n, edge in enumerate(edges):
        assert train.count(edge + 1e-9) == n + 1
        assert train.count(edge - 1e-9) == n
    again = Bench(meter={"pulse_jitter": 0.05, "residue": 0.5})
    again.load(500.0, 100.0)
    assert [again.meter.engine.pulses.edge(n) for n in reversed(range(60))] == edges[::-1]


def test_jitter_is_the_repeatability_of_a_comparison() -> None:
    """Two edges, each out of place by 0.02 pulses, over 10 pulses: s = √2·0.02/10."""
    bench = Bench(meter={"pulse_jitter": 0.02}, standard=FINE, seed=3)
    bench.load(500.0, 100.0)
    train = bench.meter.engine.pulses
    edges = np.array([train.edge(n) for n in range(20, 8020)])
    windows = edges[10::10] - edges[:-10:10]
    spread = windows.std(ddof=1) / windows.mean()
    assert spread == pytest.approx(math.sqrt(2.0) * 0.02 / 10.0, rel=4 / math.sqrt(2 * len(windows)) + 0.02)


def test_below_the_starting_current_nothing_is_registered() -> None:
    bench = Bench(meter={"starting_current_a": 0.4})
    bench.load(500.0, 0.39)
    before = bench.line.count(bench.environment.now)
    bench.run(36000.0)
    assert bench.line.count(bench.environment.now) == before
    assert bench.meter.engine.true_error(500.0, 0.39) == -1.0
    bench.load(500.0, 0.41)
    bench.run(3600.0)
    assert bench.line.count(bench.environment.now) == before + 205


def test_a_creeping_meter_counts_without_current_and_a_sound_one_does_not() -> None:
    for creep, pulses in ((0.0, 0), (20.0, 20)):
        bench = Bench(meter={"creep_power_w": creep, "residue": 0.5})
        bench.load(575.0, 0.0, settle_s=10.0)
        begin = bench.line.count(bench.environment.now)
        bench.run(3600.0 / 1.15)
        assert bench.line.count(bench.environment.now) - begin == pulses


def test_the_display_truncates_to_a_watt_hour() -> None:
    bench = Bench(meter={"initial_import_kwh": 12.3456, "gain_error": 0.01})
    bench.load(500.0, 100.0)
    bench.run(100.0)
    energy = 12.3456 + bench.meter.engine.pulses.energy.value(bench.environment.now) / 3.6e6
    shown = bench.meter.query("MEAS:ENER:IMP?")
    assert shown == f"{math.floor(energy * 1000) / 1000:.3f}"
    assert 0.0 <= energy - float(shown) < 0.001


def test_both_directions_have_their_register_and_share_the_pulses() -> None:
    """The current goes from +100 A through zero to -100 A; each register gets exactly its share of ∫u·i dt."""
    bench = Bench(meter={"starting_current_a": 0.5, "bandwidth_hz": 1e5})
    bench.load(500.0, 100.0)
    bench.load(500.0, -100.0)
    bench.run(7.5)
    now, node = bench.environment.now, bench.node

    def share(sign: float) -> float:
        def power(t: float) -> float:
            current = node.current.value(t)
            return abs(node.voltage.value(t) * current) if sign * current >= 0.5 else 0.0

        kinks = [float(x) for x in np.linspace(0.0, now, 400)]
        return sum(quad(power, a, b)[0] for a, b in pairwise(kinks))

    registers = bench.meter.engine._registers
    assert registers.imported(now) == pytest.approx(share(+1.0), rel=2e-6)
    assert registers.exported(now) == pytest.approx(share(-1.0), rel=2e-6)
    assert bench.line.count(now) == math.floor((registers.imported(now) + registers.exported(now)) / 3600.0)
    assert bench.meter.query("MEAS:POW?") == "-50.0000"


def test_a_wrong_register_shows_in_the_display_only() -> None:
    bench = Bench(meter={"register_error": 0.1}, standard=FINE)
    bench.load(500.0, 100.0)
    assert bench.compare(100) == pytest.approx(0.0, abs=1e-9)
    energy = bench.meter.engine.pulses.energy.value(bench.environment.now) / 3.6e6
    assert float(bench.meter.query("MEAS:ENER:IMP?")) == pytest.approx(1.1 * energy, abs=0.001)


def test_a_shunt_connected_meter_sees_the_shunt_signal() -> None:
    bench = Bench(meter={**HIDDEN, "connection": "shunt"}, standard={**FINE, "connection": "shunt"})
    bench.source.write("SYST:LOCK ON;:PHAN:SHUN:CURR 100;:PHAN:CURR:OUTP SHUN")
    bench.load(500.0, 10.0)
    assert bench.compare(20) == pytest.approx(bench.meter.engine.true_error(500.0, 10.0), abs=1e-9)


def test_nameplate_and_clock() -> None:
    bench = Bench(meter={"clock_offset_s": -3.0, "clock_error": 1e-3})
    bench.run(10000.0)
    assert bench.meter.query("*IDN?") == "caltwin,DCM-1,TWIN-0001,1.0"
    assert bench.meter.query("NAM:CLAS?;CONS?;VOLT?;CURR?") == "1;1000;500;100"
    assert bench.meter.query("SYST:CLOC?") == "10007"


@given(st.lists(st.tuples(st.floats(0.1, 30.0), st.sampled_from([120.0, 7.0, -60.0, 0.0])), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_asking_changes_nothing(loads: list[tuple[float, float]]) -> None:
    """A bench that is polled all the time ends with the same pulses, registers and comparison as one left alone."""

    def story(polled: bool) -> tuple[str, str, str, int]:
        bench = Bench(meter={**HIDDEN, "pulse_jitter": 0.03, "bandwidth_hz": 3.0}, standard={"repeatability": 1e-4})
        for seconds, current in loads:
            bench.load(500.0, current, settle_s=0.0)
            for _ in range(7):
                bench.run(seconds / 7)
                if polled:
                    bench.standard.query("NUM:VAL?;:PULS:TOT?;:PULS:STAT?")
                    bench.meter.query("MEAS:ENER:IMP?;EXP?;:MEAS:POW?")
                    bench.source.query("MEAS:ARR?")
        bench.load(500.0, 100.0)
        bench.compare(10)
        return (
            bench.standard.query(":PULS:ENER?;TIME?"),
            bench.meter.query("MEAS:ENER:IMP?"),
            bench.meter.query("MEAS:ENER:EXP?"),
            bench.line.count(bench.environment.now),
        )

    assert story(polled=True) == story(polled=False)


@pytest.mark.parametrize(
    "wrong", [{"residue": 1.0}, {"pulse_jitter": 0.2}, {"rated_current_a": 0.0}, {"creep_power_w": -1.0}], ids=str
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Bench(meter=wrong)
