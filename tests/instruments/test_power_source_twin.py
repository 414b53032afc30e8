"""The source: commands of its family, what truly goes out, protections, and the safe state."""

from __future__ import annotations

import math

import pytest

from .small_bench import Bench

NO_ERROR = '0,"No error"'


@pytest.fixture
def bench() -> Bench:
    return Bench(source={"voltage_error": 2e-4, "current_error": -1e-4})


def test_settings_need_remote_control(bench: Bench) -> None:
    source = bench.source
    source.write("VOLT 100")
    assert source.error() == '-221,"Settings conflict"'
    assert source.query("VOLT?") == "0.00 V"
    assert source.query("SYST:LOCK:OWN?") == "NONE"
    source.write("SYST:LOCK ON;:VOLT 0.1kV;CURR 12.5A")
    assert source.error() == NO_ERROR
    assert source.query("SOURCE:VOLTAGE?;:CURR?;:SYST:LOCK:OWN?") == "100.00 V;12.500 A;REMOTE"


@pytest.mark.parametrize("message", ["VOLT 1531", "CURR 613", "VOLT -1", "VOLT:PROT 1651"])
def test_what_the_model_cannot_do_is_out_of_range(bench: Bench, message: str) -> None:
    bench.source.write("SYST:LOCK ON;:" + message)
    assert bench.source.error() == '-222,"Data out of range"'


def test_the_error_queue_has_five_places(bench: Bench) -> None:
    for _ in range(9):
        bench.source.write("VOLT 1")
    errors = [bench.source.error() for _ in range(6)]
    assert errors[4].startswith("-350") and errors[5] == NO_ERROR


def test_output_ramps_at_the_slew_rate_and_settles(bench: Bench) -> None:
    """Behind a lag T, a ramp r from 0 reaches r·(t - T·(1 - exp(-t/T)))."""
    bench.load(500.0, 100.0, settle_s=0.0)
    rise = 1000.0 * (0.3 - 0.05 * (1.0 - math.exp(-0.3 / 0.05)))
    assert bench.node.voltage.value(0.3) == pytest.approx(rise * (1.0 + 2e-4), rel=1e-12)
    bench.run(10.0)
    assert bench.node.voltage.value(10.0) == pytest.approx(500.0 * (1.0 + 2e-4), rel=1e-14)
    assert bench.node.current.value(10.0) == pytest.approx(100.0 * (1.0 - 1e-4), rel=1e-14)


def test_export_reverses_the_current_and_what_is_measured(bench: Bench) -> None:
    bench.load(500.0, -20.0)
    assert bench.node.current.value(bench.environment.now) == pytest.approx(-20.0 * (1.0 - 1e-4), rel=1e-14)
    assert bench.source.query("MEAS:ARR?") == "500.10 V, -19.998 A, -10001 W"


def test_a_change_in_the_midst_of_a_ramp_goes_on_from_there(bench: Bench) -> None:
    bench.load(500.0, 0.0, settle_s=0.2)
    before = bench.node.voltage.value(bench.environment.now)
    bench.source.write("VOLT 50")
    assert bench.node.voltage.value(bench.environment.now) == pytest.approx(before, rel=1e-12)
    bench.run(5.0)
    assert bench.node.voltage.value(bench.environment.now) == pytest.approx(50.01, rel=1e-12)


def test_ripple_has_the_amplitude_frequency_and_phase_asked_for(bench: Bench) -> None:
    bench.source.write("SYST:LOCK ON;:PHAN:RIPP:VOLT 2;FREQ 100;VOLT:PHAS 90")
    bench.load(500.0, 0.0)
    dc = 500.0 * (1.0 + 2e-4)
    start = 10.0
    mean_square = sum(bench.node.voltage.value(start + k * 1e-4) ** 2 for k in range(100)) / 100
    assert math.sqrt(mean_square - dc**2) == pytest.approx(0.02 * dc, rel=1e-6)
    # cos(2π·100·t + 90°) falls through zero at t = n/100.
    assert bench.node.voltage.value(start) == pytest.approx(dc, rel=1e-9)
    assert bench.node.voltage.value(start + 0.0025) == pytest.approx(dc * (1.0 - math.sqrt(2.0) * 0.02), rel=1e-9)
    assert bench.source.error() == NO_ERROR


def test_the_shunt_output_replaces_the_current(bench: Bench) -> None:
    bench.source.write("SYST:LOCK ON;:PHAN:SHUN:CURR 200;:PHAN:CURR:OUTP SHUN")
    bench.load(500.0, 100.0)
    now = bench.environment.now
    assert bench.node.current.value(now) == 0.0
    assert bench.node.shunt.value(now) == pytest.approx(0.0375 * (1.0 - 1e-4), rel=1e-12)
    assert bench.source.query("MEAS:CURR?") == "99.990 A"
    bench.source.write("PHAN:CURR:OUTP DIR")
    assert bench.source.error() == '-221,"Settings conflict;output is live"'


def test_reset_takes_the_energy_off_the_shunt_output_too(bench: Bench) -> None:
    bench.source.write("SYST:LOCK ON;:PHAN:CURR:OUTP SHUN")
    bench.load(500.0, 100.0)
    bench.source.write("*RST")
    bench.run(3.0)
    assert bench.node.shunt.value(bench.environment.now) == 0.0
    assert bench.source.query("PHAN:CURR:OUTP?") == "SHUN"


def test_overvoltage_protection_switches_off_at_the_threshold(bench: Bench) -> None:
    """The lagged ramp passes 300 V near 0.35 s; from there it goes down, and the alarm bit stands."""
    bench.source.write("SYST:LOCK ON;:VOLT:PROT 300;:VOLT 500;:OUTP ON")
    bench.run(0.34)
    assert bench.source.query("OUTP?") == "ON"
    bench.run(0.02)
    assert bench.source.query("OUTP?;:STAT:QUES:COND?").split(";") == ["OFF", str((1 << 0) | (1 << 10))]
    # What has gone through the limiter still comes out of the lag.
    highest = max(bench.node.voltage.value(0.34 + k * 1e-3) for k in range(200))
    assert 300.0 < highest < 330.0
    bench.run(2.0)
    assert not bench.source.engine.energised
    bench.source.write("VOLT:PROT 600;:OUTP ON")
    assert bench.source.query("STAT:QUES:COND?") == str((1 << 10) | (1 << 11))


def test_overcurrent_protection_works_in_both_directions(bench: Bench) -> None:
    for direction in ("IMP", "EXP"):
        bench.source.write(f"*RST;:CURR:PROT 50;:PHAN:DIR {direction};:CURR 100;:OUTP ON")
        bench.run(0.1)
        assert bench.source.query("OUTP?;:STAT:QUES:COND?") == f"ON;{(1 << 10) | (1 << 11)}"
        bench.run(0.2)
        assert bench.source.query("OUTP?;:STAT:QUES:COND?") == f"OFF;{(1 << 10) | (1 << 1)}"
        bench.run(3.0)


def test_setting_a_protection_below_the_output_trips_at_once(bench: Bench) -> None:
    bench.load(500.0, 100.0)
    bench.source.write("CURR:PROT 50")
    assert bench.source.query("OUTP?") == "OFF"


def test_an_open_interlock_keeps_and_takes_the_output_off(bench: Bench) -> None:
    bench.load(500.0, 100.0)
    assert bench.source.engine.energised
    bench.source.engine.set_interlock(False)
    assert bench.source.query("OUTP?;:PHAN:INT?") == "OFF;OPEN"
    bench.run(3.0)
    assert not bench.source.engine.energised
    bench.source.write("OUTP ON")
    assert bench.source.error() == '-221,"Settings conflict;interlock is open"'


def test_reset_takes_control_and_leaves_no_energy(bench: Bench) -> None:
    bench.load(500.0, -100.0)
    bench.source.write("SYST:LOCK OFF")
    bench.source.write("*RST")
    assert bench.source.query("OUTP?;:VOLT?;:CURR?;:SYST:LOCK:OWN?;:PHAN:DIR?") == "OFF;0.00 V;0.000 A;REMOTE;IMP"
    bench.run(3.0)
    now = bench.environment.now
    assert (bench.node.voltage.value(now), bench.node.current.value(now)) == (0.0, 0.0)


def test_no_memory_switches_the_output_on(bench: Bench) -> None:
    bench.load(500.0, 100.0)
    bench.source.write("*SAV 1")
    assert bench.source.error() == '-113,"Undefined header"'
    bench.source.write("OUTP OFF;*RCL 1")
    assert bench.source.error() == '-113,"Undefined header"'
    assert bench.source.query("OUTP?") == "OFF"


def test_completion_is_told_when_the_circuits_have_settled(bench: Bench) -> None:
    bench.source.write("SYST:LOCK ON;:VOLT 500;CURR 100;:OUTP ON")
    assert bench.source.query("*OPC?") == "1"
    now = bench.environment.now
    assert now == pytest.approx(0.5 + 14 * 0.05, abs=1e-9)
    assert bench.node.voltage.value(now) == pytest.approx(500.1, rel=2e-6)


def test_drift_moves_the_output_while_nothing_is_said() -> None:
    bench = Bench(source={"voltage_drift_per_h": 1e-4})
    bench.load(500.0, 0.0)
    assert bench.node.voltage.value(3600.0 * 10) == pytest.approx(500.0 * (1.0 + 1e-3), rel=1e-12)


def test_measured_values_are_means_of_the_last_acquisition() -> None:
    bench = Bench(source={"voltage_readback_error": 1e-3, "acquisition_s": 1.0})
    bench.load(500.0, 0.0, settle_s=1.5)
    mean = bench.node.voltage.mean(0.0, 1.0)
    assert bench.source.query("MEAS:VOLT?") == f"{mean * 1.001:.2f} V"


def test_parameters_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="settling_time_s must be above 0"):
        Bench(source={"settling_time_s": 0.0})
