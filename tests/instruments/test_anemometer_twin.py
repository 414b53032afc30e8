"""The anemometer's twin against closed forms: friction, starting, King's law, blockage; and what its standard got."""

from __future__ import annotations

import math
from typing import Any

import pytest

from instruments import anemometer, micromanometer, probe_l_type, wind_tunnel
from instruments.ports import Ambient
from instruments.ports_air import AirStream, PressureLines
from instruments.world import DevicePlan, PortPlan, World, WorldPlan

STEADY = {"unsteadiness": 0.0, "warming_k": 0.0, "static_coefficient": 0.0}


def section(
    *,
    meter: dict[str, Any] | None = None,
    stream: dict[str, Any] | None = None,
    tube: dict[str, Any] | None = None,
    manometer: dict[str, Any] | None = None,
    room: dict[str, Any] | None = None,
) -> World:
    return World(
        WorldPlan(
            devices=(
                DevicePlan(
                    name="tunnel",
                    kind=wind_tunnel.twin,
                    parameters=STEADY,
                    ports={"stream": "section", "ambient": "room"},
                ),
                DevicePlan(
                    name="tube",
                    kind=probe_l_type.twin,
                    parameters={"channel": 1, **(tube or {})},
                    ports={"stream": "section", "lines": "hoses"},
                ),
                DevicePlan(
                    name="manometer",
                    kind=micromanometer.twin,
                    parameters={"noise_pa": 0.0, "channels": 1, **(manometer or {})},
                    ports={"lines": "hoses"},
                ),
                DevicePlan(name="meter", kind=anemometer.twin, parameters=meter or {}, ports={"stream": "section"}),
            ),
            ports=(
                PortPlan(name="section", kind=AirStream, parameters={"turbulence": 0.0, **(stream or {})}),
                PortPlan(name="hoses", kind=PressureLines),
                PortPlan(name="room", kind=Ambient, parameters={"temperature_degc": 20.0, **(room or {})}),
            ),
        ),
        seed=1,
    )


def drive(world: World, speed: float, seconds: float = 300.0) -> Any:
    tunnel = world.twin("tunnel")
    tunnel.fan = True
    tunnel.target = speed
    world.environment.run(world.environment.now + seconds)
    return world.twin("meter")


def test_friction_and_gain_of_a_wheel() -> None:
    meter = drive(section(meter={"gain_error": 0.01, "offset_m_per_s": 0.05, "friction": 0.04}), 4.0)
    assert meter.speed_now() == pytest.approx(4.0 * 1.01 + 0.05 - 0.01, abs=1e-9)
    assert meter.true_error(at=299.0, since=290.0) == pytest.approx(0.08, abs=1e-9)


def test_a_cup_overspeeds_in_turbulence_and_a_vane_does_not() -> None:
    values = {"overspeed": 2.0}
    for principle, gained in (("cup", 10.0 * 2.0 * 0.1**2), ("vane", 0.0)):
        meter = drive(section(meter={"principle": principle, **values}, stream={"turbulence": 0.1}), 10.0)
        assert meter.true_error(at=300.0) == pytest.approx(gained, abs=1e-9)


def test_a_wheel_starts_at_one_speed_and_stops_at_a_lower_one() -> None:
    world = section(meter={"starting_speed_m_per_s": 0.5, "stopping_speed_m_per_s": 0.3})
    for speed, turns in ((0.4, False), (0.6, True), (0.4, True), (0.2, False), (0.4, False)):
        assert (drive(world, speed).speed_now() > 0.0) is turns, speed


def test_a_wheel_that_nobody_looked_at_remembers_that_it_turned() -> None:
    world = section(meter={"starting_speed_m_per_s": 0.5, "stopping_speed_m_per_s": 0.3})
    drive(world, 2.0)
    assert drive(world, 0.4).speed_now() > 0.0


def test_the_wheel_follows_with_its_time_constant() -> None:
    world = section(meter={"time_constant_s": 30.0})
    tunnel = world.twin("tunnel")
    tunnel.fan, tunnel.target = True, 10.0
    world.environment.run(31.0)
    # Two lags in a row, 3 s and 30 s, after a step: 1 - (30·e^(-t/30) - 3·e^(-t/3))/27.
    answer = 10.0 * (1.0 - (30.0 * math.exp(-1.0) - 3.0 * math.exp(-10.0)) / 27.0)
    assert world.twin("meter")._followed.value(30.0) == pytest.approx(answer, rel=1e-9)


def test_kings_law_is_undone_in_the_air_of_its_calibration() -> None:
    world = section(meter={"principle": "hot_wire"}, room={"temperature_degc": 20.0, "humidity_percent": 0.0})
    meter = drive(world, 7.0)
    density = meter.stream.density(300.0)
    assert meter.speed_now() == pytest.approx(7.0 * density / 1.2, rel=1e-9)  # it feels mass flux


def test_a_hot_wire_that_compensates_too_little_reads_low_in_warm_air() -> None:
    def reading(compensation: float) -> float:
        world = section(meter={"principle": "hot_wire", "compensation": compensation}, room={"temperature_degc": 30.0})
        return float(drive(world, 7.0).speed_now())

    full, none = reading(1.0), reading(0.0)
    # Without compensation E² is taken for that of colder air: (A + B U^n) falls by (T_w - T_a)/(T_w - T_cal).
    flux = full
    square = (1.0 + 0.8 * flux**0.45) * (523.15 - 303.15) / (523.15 - 293.15)
    assert none == pytest.approx(((square - 1.0) / 0.8) ** (1.0 / 0.45), rel=1e-9)
    assert none < reading(0.9) < full


def test_blockage_and_gradient_make_the_air_at_its_place_faster() -> None:
    meter = drive(section(meter={"blockage": 0.006, "position_m": 0.4}, stream={"gradient_per_m": 0.01}), 10.0)
    assert meter.speed_now() == pytest.approx(10.0 * 1.006 * 1.004, rel=1e-9)
    assert meter.true_error(at=300.0) == pytest.approx(0.0, abs=1e-9)  # it tells what is there


def test_each_setting_of_the_tunnel_has_a_place_unrest_of_its_own() -> None:
    world = section(meter={"place_unrest": 1e-3})
    seen = {round(drive(world, speed).speed_now() / speed, 9) for speed in (5.0, 10.0, 5.0)}
    assert len(seen) == 3
    assert all(abs(ratio - 1.0) < 5e-3 for ratio in seen)


def test_means_are_taken_over_their_time_and_refused_before() -> None:
    world = section()
    meter = drive(world, 5.0)
    meter.initiate(10.0)
    world.environment.run(world.environment.now + 11.0)
    assert meter.fetch().value() == pytest.approx(5.0, rel=1e-9)


def test_a_compressible_tube_reads_more_by_a_quarter_of_mach_squared() -> None:
    pressures = []
    for compressible in (False, True):
        world = section(tube={"compressible": compressible})
        drive(world, 30.0)
        pressures.append(world.ports["hoses"].mean(1, 290.0, 300.0))  # type: ignore[attr-defined]
    density = world.twin("meter").stream.density(300.0)
    mach = 30.0**2 * density / (1.4 * 101325.0)
    assert pressures[1] / pressures[0] == pytest.approx(1.0 + mach / 4.0, rel=1e-9)
    assert mach / 4.0 == pytest.approx(0.0019, abs=1e-4)


def test_a_manometer_that_bends_is_right_at_zero_and_off_away_from_it() -> None:
    world = section(manometer={"linearity_errors_pa": {"1": 0.2}})
    manometer = world.twin("manometer")
    assert manometer.read().value() == pytest.approx([0.0], abs=1e-12)
    drive(world, 10.0)
    true = world.ports["hoses"].mean(1, 299.0, 300.0)  # type: ignore[attr-defined]
    assert manometer._mean(1, 299.0, 300.0) - true == pytest.approx(0.2, abs=1e-12)


def test_parameters_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="stopping_speed_m_per_s must lie in"):
        anemometer.Parameters(starting_speed_m_per_s=0.2, stopping_speed_m_per_s=0.3)
    with pytest.raises(ValueError, match="time_constant_s"):
        anemometer.Parameters(time_constant_s=0.0)
