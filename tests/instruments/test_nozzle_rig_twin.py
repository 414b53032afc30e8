"""The nozzle rig's twins against closed forms: discharge, choking, line pack, leak, settling, pulses."""

from __future__ import annotations

import math
from typing import Any

import pytest

from instruments import gas_chromatograph, gas_meter, gas_transmitters, nozzle_bank, pulse_counter
from instruments.gas_meter_curves import Curve
from instruments.gas_properties import GAS_CONSTANT, KELVIN, water_fraction
from instruments.nozzle import Nozzle, choking, mach_number
from instruments.ports import Ambient, PulseLine
from instruments.ports_nozzle_rig import NozzleRig
from instruments.world import DevicePlan, PortPlan, World, WorldPlan

NATURAL_GAS = "CH4=0.9352, N2=0.0113, CO2=0.0062, C2H6=0.0364, C3H8=0.0074, iC4H10=0.0018, nC4H10=0.0017"
LOOP = {"composition": NATURAL_GAS, "from_room": False, "pressure_kpa": 1000.0, "temperature_degc": 20.0}


def rig(
    *,
    pipe: dict[str, Any] | None = None,
    room: dict[str, Any] | None = None,
    bank: dict[str, Any] | None = None,
    meter: dict[str, Any] | None = None,
    transmitters: dict[str, Any] | None = None,
) -> World:
    diameters = {"1": 5.99, "2": 11.97, "3": 23.95}
    return World(
        WorldPlan(
            devices=(
                DevicePlan(
                    name="bank",
                    kind=nozzle_bank.twin,
                    parameters={"diameters_mm": diameters, "back_pressure_kpa": 30.0, **(bank or {})},
                    ports={"rig": "pipe", "ambient": "room"},
                ),
                DevicePlan(
                    name="transmitters",
                    kind=gas_transmitters.twin,
                    parameters=transmitters or {},
                    ports={"rig": "pipe"},
                ),
                DevicePlan(
                    name="meter", kind=gas_meter.twin, parameters=meter or {}, ports={"rig": "pipe", "pulses": "pulses"}
                ),
                DevicePlan(name="counter", kind=pulse_counter.twin, ports={"pulses": "pulses"}),
                DevicePlan(name="gc", kind=gas_chromatograph.twin, ports={"rig": "pipe"}),
            ),
            ports=(
                PortPlan(name="pipe", kind=NozzleRig, parameters=pipe or {}),
                PortPlan(name="room", kind=Ambient, parameters=room or {}),
                PortPlan(name="pulses", kind=PulseLine),
            ),
        ),
        seed=1,
    )


def flowing(world: World, *nozzles: int) -> NozzleRig:
    world.twin("bank").pump = True
    world.twin("bank").open(nozzles)
    pipe = world.ports["pipe"]
    assert isinstance(pipe, NozzleRig)
    return pipe


def test_toroidal_curve_and_transition() -> None:
    certified = 0.9959 - 2.720 * 1e5**-0.5
    nozzle = Nozzle(diameter_m=0.01, certified=certified, certified_reynolds=1e5)
    assert nozzle.discharge_coefficient(4e5) == pytest.approx(0.9959 - 2.720 * 4e5**-0.5, abs=1e-12)
    step = Nozzle(diameter_m=0.01, certified=certified, certified_reynolds=1e5, transition_step=-1e-3)
    ratio = step.discharge_coefficient(1e6) / nozzle.discharge_coefficient(1e6)
    assert ratio == pytest.approx(1.0 - 0.5e-3, abs=1e-8)  # half of the step in the middle of the transition
    assert step.discharge_coefficient(2e5) == pytest.approx(nozzle.discharge_coefficient(2e5), rel=3e-9)


def test_choking() -> None:
    assert choking(0.8, 0.88) == 1.0
    assert choking(1.0, 0.88) == 0.0
    assert choking(0.94, 0.88) == pytest.approx(math.sqrt(0.75))


def test_mach_number_before_a_throat_solves_the_area_relation() -> None:
    M, k = mach_number(0.05, 1.4), 1.4
    area = (2.0 / (k + 1.0) * (1.0 + (k - 1.0) / 2.0 * M**2)) ** ((k + 1.0) / (2.0 * (k - 1.0))) / M
    assert area == pytest.approx(20.0, rel=1e-9)


def test_mass_flow_in_moist_air_is_that_of_the_formula() -> None:
    world = rig(room={"temperature_degc": 20.0, "humidity_percent": 50.0, "pressure_kpa": 101.325}, bank={"dip_k": 0.0})
    pipe = flowing(world, 2)
    at = 4000.0
    bank = world.twin("bank")
    p, T = pipe.inlet_pressure.value(at), pipe.inlet_temperature.value(at)
    gas = pipe.gas(water_fraction(20.0 + KELVIN, 101325.0, 50.0))
    static, recovered = bank.manifold(gas, p, T)
    p0, T0 = p / static, T / recovered
    function = gas.critical_flow_function(p0, T0)
    flux = function * p0 / math.sqrt(GAS_CONSTANT / gas.molar_mass * T0)
    reynolds = 4.0 * pipe.mass_flow.value(at) / (math.pi * 0.01197 * gas.viscosity(p0, T0))
    expected = math.pi / 4.0 * 0.01197**2 * (0.9959 - 2.720 * reynolds**-0.5) * flux
    assert pipe.mass_flow.value(at) == pytest.approx(expected, rel=1e-7)
    volume = expected / gas.density(pipe.meter_pressure.value(at), pipe.meter_temperature.value(at))
    assert pipe.meter_flow.value(at) == pytest.approx(volume, rel=1e-7)


@pytest.mark.parametrize("at", [30.0, 200.0, 1234.0, 7000.0])
def test_the_series_follows_pressure_and_temperature(at: float) -> None:
    """Far from the settled state the second-order series still is the real gas, to a few 1e-8."""
    world = rig(
        pipe={**LOOP, "pressure_drift_kpa_per_h": 6.0, "hunting_kpa": 0.2, "temperature_drift_per_h": 0.5},
        bank={"dip_k": 0.8},
    )
    pipe = flowing(world, 1, 3)
    bank = world.twin("bank")
    p, T = pipe.inlet_pressure.value(at), pipe.inlet_temperature.value(at)
    gas = pipe.gas(0.0)
    static, recovered = bank.manifold(gas, p, T)
    assert pipe.mass_flow.value(at) == pytest.approx(bank.mass(gas, p / static, T / recovered), rel=2e-6)


def test_line_pack_is_the_difference_of_what_enters_and_leaves() -> None:
    volume = 0.6
    world = rig(pipe={**LOOP, "volume_m3": volume, "pressure_drift_kpa_per_h": 40.0, "temperature_drift_per_h": 1.0})
    pipe = flowing(world, 1)
    gas, start, stop = pipe.gas(0.0), 1000.0, 1300.0
    taken = gas.density(pipe.meter_pressure.value(stop), pipe.meter_temperature.value(stop)) - gas.density(
        pipe.meter_pressure.value(start), pipe.meter_temperature.value(start)
    )
    # The density at the meter changes little over the window: its mean turns volume into mass.
    middle = gas.density(pipe.meter_pressure.mean(start, stop), pipe.meter_temperature.mean(start, stop))
    entered = pipe.meter_flow.integral(start, stop) * middle
    left = pipe.mass_flow.integral(start, stop)
    assert entered - left == pytest.approx(volume * taken, rel=2e-2)
    assert abs(entered - left) > 5e-4 * left


def test_a_leak_lets_the_isolated_line_fall_and_adds_to_the_meters_flow() -> None:
    leak = 1e-7
    world = rig(pipe={**LOOP, "volume_m3": 0.6}, bank={"leak_kg_per_s_kpa": leak, "test_pressure_kpa": 0.0})
    bank, pipe = world.twin("bank"), world.ports["pipe"]
    bank.isolated = True
    gas = pipe.gas(0.0)  # type: ignore[attr-defined]
    p = [pipe.meter_pressure.value(at) for at in (0.0, 300.0)]  # type: ignore[attr-defined]
    lost = 0.6 * (gas.density(p[0], 293.15) - gas.density(p[1], 293.15)) / 300.0
    assert lost == pytest.approx(leak * (1000.0 - 101.325), rel=0.03)
    bank.isolated = False
    tight = rig(pipe=LOOP)
    flows = [flowing(each, 1).meter_flow.value(3000.0) for each in (world, tight)]
    density = gas.density(1e6, 293.15)
    assert (flows[0] - flows[1]) * density == pytest.approx(leak * (1000.0 - 101.325), rel=2e-2)


def test_an_unchoked_nozzle_passes_less_and_a_stopped_pump_nothing() -> None:
    choked = flowing(rig(), 2).mass_flow.value(1000.0)
    back = flowing(rig(bank={"back_pressure_kpa": 95.0, "back_rise_kpa": 0.0}), 2)
    assert back.mass_flow.value(1000.0) == pytest.approx(
        choked * choking(95.0 / back.inlet_pressure.value(1000.0) * 1e3, 0.88), rel=1e-3
    )
    world = rig()
    world.twin("bank").open((2,))
    assert world.ports["pipe"].mass_flow.value(100.0) == 0.0  # type: ignore[attr-defined]


def test_the_discharge_coefficient_settles_over_hours_and_remembers_its_exposure() -> None:
    settled = flowing(rig(bank={"dip_k": 0.0}), 2)
    world = rig(bank={"dip_k": 0.0, "settling_amplitude": 4e-4, "settling_s": 5400.0})
    pipe = flowing(world, 2)
    for at in (0.5, 1800.0, 18000.0):
        ratio = pipe.mass_flow.value(at) / settled.mass_flow.value(at)
        assert ratio - 1.0 == pytest.approx(4e-4 * math.exp(-at / 5400.0), rel=1e-4, abs=1e-9)
    world.environment.run(3600.0)
    world.twin("bank").close()
    world.environment.run(9000.0)  # an hour and a half without flow does not count
    world.twin("bank").open((2,))
    ratio = pipe.mass_flow.value(9200.0) / settled.mass_flow.value(9200.0)
    assert ratio - 1.0 == pytest.approx(4e-4 * math.exp(-3800.0 / 5400.0), rel=2e-3)


def test_the_room_carries_its_changes_into_the_pipe() -> None:
    world = rig(bank={"dip_k": 0.0})
    pipe = flowing(world, 2)
    world.environment.run(1000.0)
    room = world.ports["room"]
    before = pipe.mass_flow.value(1000.0)
    room.pressure.replace_from(1000.0, [(1000.0, {(0j, 0): 100.0 + 0j})])  # type: ignore[attr-defined]
    assert pipe.mass_flow.value(1200.0) / before == pytest.approx(100.0 / 101.325, rel=1e-3)


def test_error_curves() -> None:
    def curve(principle: Any, **values: float) -> Curve:
        given = {"gain": 0.0, "linear": 0.0, "friction": 0.0, "profile": 0.0, "zero_m_per_s": 0.0, **values}
        return Curve(principle=principle, largest_flow=0.1, bore_m=0.1, **given)

    turbine = curve("turbine", friction=1e-4)
    assert turbine.error(0.01, 1.2, 1.8e-5) == pytest.approx(-1e-2)  # 1/(rho q²): hundredfold at a tenth of the flow
    assert turbine.error(0.01, 12.0, 1.8e-5) == pytest.approx(-1e-3)
    assert curve("rotary", friction=1e-3).error(0.01, 1.2, 1.8e-5) == pytest.approx(-1e-2)
    area = math.pi / 4.0 * 0.01
    assert curve("ultrasonic", zero_m_per_s=0.01).error(area, 1.2, 1.8e-5) == pytest.approx(0.01)
    viscosity = 1.2 * 1.0 * 0.1 / 1e4
    assert curve("ultrasonic", profile=1e-3).error(area, 1.2, viscosity) == pytest.approx(1e-3)
    with pytest.raises(ValueError, match="without flow"):
        turbine.error(0.0, 1.2, 1.8e-5)


def test_whole_pulses_between_the_edges_that_bound_them() -> None:
    world = rig(meter={"gain_error": 0.004, "residue": 0.3}, bank={"dip_k": 0.0})
    pipe = flowing(world, 3)
    world.environment.run(2000.0)
    counter = world.twin("counter")
    counter.initiate(60.0)
    world.environment.run(2100.0)
    pulses, time = counter.fetch()
    assert 60.0 <= time < 60.0 + 2.0 * 3600.0 / 320.0 / 3000.0
    flow = pulses / 3000.0 / time
    assert flow == pytest.approx(1.004 * pipe.meter_flow.mean(2000.0, 2060.0), rel=1e-7)
    assert world.twin("meter").true_error(at=2060.0, flow=320.0) == pytest.approx(0.004)
    with pytest.raises(ValueError, match="no true error"):
        rig().twin("meter").true_error(at=1.0)


def test_transmitters_take_means_over_whole_and_edges_and_lag() -> None:
    world = rig(
        pipe={**LOOP, "pressure_drift_kpa_per_h": 36.0, "temperature_drift_per_h": 3.6},
        transmitters={"lag_s": 15.0, "meter_pressure_error": 1e-3},
    )
    pipe = flowing(world, 1)
    world.environment.run(3000.0)
    unit = world.twin("transmitters")
    unit.initiate(60.0)
    world.environment.run(3060.0)
    fetched = unit.fetch().value()
    assert fetched[0] == pytest.approx(1.001 * pipe.meter_pressure.mean(3000.0, 3060.0) / 1e3, rel=1e-9)
    assert fetched[9] - fetched[5] == pytest.approx(1.001 * 0.01 * 55.0, rel=1e-6)  # 0.01 kPa/s over 55 s
    # A ramp is followed one time constant late.
    assert fetched[1] == pytest.approx(pipe.meter_temperature.mean(2985.0, 3045.0) - KELVIN, abs=1e-6)
    assert fetched[13] == 60.0


def test_the_chromatograph_is_normalised() -> None:
    world = rig(pipe=LOOP)
    later = world.twin("gc").run()
    assert sum(later.value()) == pytest.approx(100.0)
    assert later.value()[0] == pytest.approx(93.52)


def test_parameters_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="there is no nozzle '9'"):
        nozzle_bank.Parameters(own_errors={"9": 0.1})
    with pytest.raises(ValueError, match="name the nozzles"):
        nozzle_bank.Parameters(diameters_mm={"a": 5.0})
    with pytest.raises(ValueError, match="the room holds air"):
        rig(pipe={"composition": "CH4=1"})


def test_a_count_whose_flow_stops_waits_on_and_ends_with_the_next_edge() -> None:
    world = rig(bank={"dip_k": 0.0})
    flowing(world, 3)
    world.environment.run(1000.0)
    counter, bank = world.twin("counter"), world.twin("bank")
    counter.initiate(60.0)
    world.environment.run(1030.0)
    bank.close()
    world.environment.run(1200.0)
    assert counter.state() == "RUN"
    bank.open((3,))
    world.environment.run(1300.0)
    pulses, time = counter.fetch()
    assert pulses > 0
    assert 199.0 < time < 201.0  # the gate was due to shut while nothing flowed
