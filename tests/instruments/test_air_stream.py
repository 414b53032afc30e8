"""The air-stream bench: moist air, tunnel, LDA, stage, micromanometer."""

from __future__ import annotations

import math

import numpy as np
import pytest

from instruments import air
from instruments.ports_air import AirStream, PressureLines
from instruments.twin import NoParameters
from scenarios.air import air_density

from .air_bench import AirBench

STEADY = {"unsteadiness": 0.0, "warming_k": 0.0, "static_coefficient": 0.0}


def test_moist_air_agrees_with_cipm_2007_by_another_road() -> None:
    for t in (10.0, 15.0, 20.0, 27.0, 40.0):
        for p in (86e3, 101.325e3, 106e3):
            for h in (0.0, 50.0, 95.0):
                assert air.density_kg_per_m3(t, p, h) == pytest.approx(float(air_density(t, p, h)), rel=5e-5)


def test_density_at_the_published_condition() -> None:
    assert air.density_kg_per_m3(20.0, 101325.0, 50.0) == pytest.approx(1.199314, rel=5e-6)


def test_air_outside_of_the_formula_is_refused() -> None:
    with pytest.raises(ValueError, match="moist air"):
        air.density_kg_per_m3(-5.0, 101325.0, 50.0)


def test_dynamic_pressure_of_still_turbulence() -> None:
    """0.600 Pa at 1 m/s, 540 Pa at 30 m/s for air of 1.2 kg/m³, and turbulence adds its square."""
    bench = AirBench(stream={"speed_m_per_s": 30.0, "turbulence": 0.1})
    rho = bench.stream.density(0.0)
    assert bench.stream.dynamic_pressure(0.0, 10.0) == pytest.approx(0.5 * rho * 900.0 * 1.01, rel=1e-12)
    assert 0.5 * 1.2 * 30.0**2 == 540.0


def test_the_gradient_acts_on_the_place() -> None:
    bench = AirBench(stream={"speed_m_per_s": 10.0, "gradient_per_m": 0.02, "turbulence": 0.0})
    assert bench.stream.mean_speed(0.0, 1.0, 0.5) == pytest.approx(10.1)
    ratio = bench.stream.dynamic_pressure(0.0, 1.0, 0.5) / bench.stream.dynamic_pressure(0.0, 1.0)
    assert ratio == pytest.approx(1.01**2)


def test_the_tunnel_approaches_its_speed_exponentially() -> None:
    bench = AirBench(tunnel=STEADY | {"time_constant_s": 2.0, "speed_error": 0.01})
    bench.tunnel.write("SPE 10;:FAN ON")
    bench.run(2.0)
    assert bench.stream.speed.value(bench.environment.now) == pytest.approx(10.1 * (1 - math.exp(-1.0)), rel=1e-3)
    assert bench.tunnel.query("SPE:SETT?") == "0"
    assert bench.tunnel.query("*OPC?") == "1"
    assert bench.tunnel.query("SPE:SETT?") == "1"
    assert bench.stream.speed.value(bench.environment.now) == pytest.approx(10.1, rel=1e-3)
    bench.tunnel.write("FAN OFF")
    bench.run(60.0)
    assert not bench.tunnel.engine.energised


def test_the_tunnel_is_never_quite_steady() -> None:
    bench = AirBench(tunnel=STEADY | {"unsteadiness": 0.002})
    bench.blow(20.0)
    bench.run(200.0)
    now = bench.environment.now
    speeds = [bench.stream.speed.value(now - 0.5 * i) for i in range(2000) if now - 0.5 * i > 150.0]
    assert np.std(speeds) / 20.0 == pytest.approx(0.002, rel=0.35)


def test_the_stream_is_the_room_s_air_warmed_and_at_less_pressure() -> None:
    bench = AirBench(
        tunnel={"unsteadiness": 0.0, "warming_k": 0.4, "static_coefficient": 0.1, "pressure_error_pa": 7.0},
        room={"temperature_degc": 21.0, "pressure_kpa": 100.0, "humidity_percent": 40.0},
    )
    bench.blow(30.0)
    bench.run(120.0)
    t, p, h = map(float, bench.tunnel.query("MEAS:AIR?").split(","))
    assert (t, h) == (21.4, 40.0)
    assert p == pytest.approx(100e3 - 0.1 * 0.6 * 900.0 + 7.0, abs=0.1)


def test_lda_reads_the_speed_with_its_fringe_error() -> None:
    bench = AirBench(tunnel=STEADY, anemometer={"fringe_error": 0.003}, stream={"turbulence": 0.0})
    bench.blow(20.0)
    bench.run(100.0)
    bench.lda.write("LAS ON;:SENS:TIME 20;:CAL:FACT 0.999")
    speed, scatter, count = bench.lda.query("READ?").split(",")
    assert float(speed) == pytest.approx(20.0 * 1.003 * 0.999, rel=2e-4)
    assert float(scatter) == pytest.approx(20.0 * 0.003, abs=1e-3)
    assert int(count) == 20 * 20 * 30


def test_lda_without_laser_or_air_says_so() -> None:
    bench = AirBench()
    bench.lda.write("READ?")
    assert bench.lda.error().startswith("-221,")
    bench.lda.write("LAS ON")
    assert bench.lda.query("READ?").startswith("9.91E+37")


def test_manometer_zero_takes_its_offsets_away_and_drift_brings_them_back() -> None:
    bench = AirBench(
        manometer={"zero_offsets_pa": {"1": 0.8}, "zero_drifts_pa_per_h": {"2": 3.6}, "noise_pa": 0.0, "channels": 2}
    )
    first = [float(x) for x in bench.manometer.query("READ?").split(",")]
    assert first[0] == pytest.approx(0.8, abs=1e-4)
    bench.manometer.write("CAL:ZERO")
    assert bench.manometer.query("*OPC?") == "1"
    bench.run(100.0)
    later = [float(x) for x in bench.manometer.query("READ?").split(",")]
    assert later == pytest.approx([0.0, 0.1], abs=2e-3)


def test_manometer_noise_falls_with_the_averaging_time() -> None:
    bench = AirBench(manometer={"noise_pa": 0.05, "channels": 1})
    scatter = {}
    for time in (1.0, 25.0):
        bench.manometer.write(f"SENS:AVER:TIME {time}")
        scatter[time] = np.std([float(bench.manometer.query("READ?")) for _ in range(300)])
    assert scatter[1.0] == pytest.approx(0.05, rel=0.15)
    assert scatter[1.0] / scatter[25.0] == pytest.approx(5.0, rel=0.2)


def test_a_channel_belongs_to_one_probe_and_overrange_is_infinite() -> None:
    bench = AirBench(manometer={"range_pa": 100.0, "noise_pa": 0.0, "channels": 1})
    lines = bench.lines

    class Steady:
        def mean(self, start: float, stop: float) -> float:
            return 101.0

    lines.connect(1, Steady())  # type: ignore[arg-type]
    assert bench.manometer.query("READ?") == "9.90E+37"
    with pytest.raises(ValueError, match="two probes"):
        lines.connect(1, Steady())  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"1\.\.5"):
        PressureLines(NoParameters(), bench.environment).connect(6, Steady())  # type: ignore[arg-type]


def test_stage_has_zero_error_scale_and_backlash() -> None:
    bench = AirBench(
        stage={"yaw_zero_deg": 0.2, "yaw_scale_error": 0.01, "yaw_backlash_deg": 0.1, "speed_deg_per_s": 5.0}
    )
    bench.stage.write("POS:YAW 10")
    begin = bench.environment.now
    assert bench.stage.query("*OPC?") == "1"
    assert bench.environment.now - begin == pytest.approx(2.0)
    yaw = bench.orientation.yaw
    assert yaw.value(bench.environment.now) == pytest.approx(10.1 + 0.2 - 0.05)
    bench.stage.write("POS:YAW 12;YAW 10")
    assert bench.stage.query("*OPC?") == "1"
    assert yaw.value(bench.environment.now) == pytest.approx(10.1 + 0.2 + 0.05)
    assert bench.stage.query("POS:YAW?") == "10.000"


def test_both_axes_turn_at_once_and_the_slower_move_ends_it() -> None:
    bench = AirBench(stage={"speed_deg_per_s": 5.0})
    bench.stage.write("POS:YAW 20;PITC 5")
    begin = bench.environment.now
    assert bench.stage.query("*OPC?") == "1"
    assert bench.environment.now - begin == pytest.approx(4.0)
    assert bench.orientation.pitch.value(bench.environment.now) == pytest.approx(5.0)


def test_unrest_falls_with_the_root_of_time() -> None:
    bench = AirBench(stream={"speed_m_per_s": 10.0, "turbulence": 0.01})
    stream: AirStream = bench.stream
    assert stream.unrest(0.0, 40.0) / stream.unrest(0.0, 10.0) == pytest.approx(0.5)
    assert stream.unrest(0.0, 1e-6) == pytest.approx(0.01)


@pytest.mark.parametrize("wrong", [{"turbulence": 0.9}, {"humidity_percent": 120.0}], ids=str)
def test_an_impossible_stream_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        AirBench(stream=wrong)
