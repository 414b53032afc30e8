"""The selector: what comes out of it, with its memory, as cylinders run down."""

import math
from typing import Any

import pytest
from worlds import ask

from instruments.engine import Exchange
from instruments.front import Front
from instruments.gas_selector import twin
from instruments.ports_cylinder import Cylinder
from instruments.ports_gas import GasLine
from instruments.world import DevicePlan, PortPlan, World, WorldPlan


def bench(parameters: dict[str, Any] | None = None, pressure_mpa: float = 10.0) -> tuple[World, Front, GasLine]:
    ports = {"cylinder1": "zero", "cylinder2": "span", "outlet": "line"}
    world = World(
        WorldPlan(
            devices=(DevicePlan(name="selector", kind=twin, parameters=parameters or {}, ports=ports),),
            ports=(
                PortPlan(name="zero", kind=Cylinder, parameters={"pressure_mpa": 10.0}),
                PortPlan(
                    name="span", kind=Cylinder, parameters={"pressure_mpa": pressure_mpa, "fractions": {"NO2": 2e-4}}
                ),
                PortPlan(name="line", kind=GasLine),
            ),
        ),
        1,
    )
    line = world.ports["line"]
    assert isinstance(line, GasLine)
    return world, Front(world.twins["selector"], Exchange.INSTR, world.environment, 1e-4), line


def test_washout_and_walls() -> None:
    world, front, line = bench({"dead_volume_ml": 5.0, "adsorbed": {"NO2": 0.1}, "adsorption_s": 50.0})
    ask(front, "SOUR:FLOW 1.5;:VALV:POS 1;*OPC?")
    world.environment.run(until=100.0)
    assert ask(front, "VALV:POS 2;*OPC?") == "1"
    start = world.environment.now
    tau = 5.0 / 25.0  # ml over ml/s
    for after in (0.05, 0.5, 20.0, 100.0):
        expected = 2e-4 * (1.0 - 0.9 * math.exp(-after / tau) - 0.1 * math.exp(-after / 50.0))
        assert line.fraction("NO2").value(start + after) == pytest.approx(expected, rel=1e-3)
    # Back while the walls are still at it: they go on from where they are.
    world.environment.run(until=start + 20.0)
    walls = 2e-4 * (1.0 - math.exp(-20.0 / 50.0))
    ask(front, "VALV:POS 1;*OPC?")
    back = world.environment.now
    assert line.fraction("NO2").value(back + 30.0) == pytest.approx(0.1 * walls * math.exp(-30.0 / 50.0), rel=1e-3)
    assert line.fraction("N2").value(back + 4000.0) == 1.0


def test_closed_valve_holds_the_gas() -> None:
    world, front, line = bench()
    ask(front, "VALV:POS 2;*OPC?")
    world.environment.run(until=60.0)
    ask(front, "VALV:CLOS;:OUTP:VENT OFF;*OPC?")
    world.environment.run(until=6000.0)
    assert (line.flow.value(6000.0), line.vented.value(6000.0)) == (0.0, 0.0)
    assert line.fraction("NO2").value(6000.0) == pytest.approx(2e-4)
    assert ask(front, "MEAS:ALL?") == "0,0.0000,101.325,0.000"


def test_empty_cylinder_stops_the_flow() -> None:
    world, front, line = bench(pressure_mpa=0.3)
    ask(front, "SOUR:FLOW 2;:VALV:POS 2;*OPC?")
    assert line.flow.value(world.environment.now) == 2.0
    world.environment.run(until=3600.0)
    assert line.flow.value(3600.0) == 0.0
    assert ask(front, "MEAS:ALL?") == "2,0.0000,101.325,0.200"
    assert ask(front, "VALV:POS 9;:MEAS:FLOW?") == "0.0000"  # nothing is connected there


def test_only_the_chosen_cylinder_is_used_up() -> None:
    world, front, _ = bench()
    ask(front, "SOUR:FLOW 1;:VALV:POS 1;*OPC?")
    world.environment.run(until=600.0)
    ask(front, "VALV:POS 2;*OPC?")
    world.environment.run(until=900.0)
    ask(front, "VALV:CLOS;*OPC?")
    world.environment.run(until=4000.0)
    used = {name: parts[0].amount for name, parts in world.consumed().items()}
    assert used == pytest.approx({"zero": 10.0, "span": 5.0}, rel=1e-3)
    assert not any(isinstance(port, Cylinder) and port.energised(4000.0) for port in world.ports.values())


def test_errors_of_its_own_readings() -> None:
    _, front, line = bench(
        {"flow_error": 0.02, "flow_reading_error": -0.01, "pressure_error_kpa": 0.5, "cylinder_pressure_error_mpa": 0.1}
    )
    assert ask(front, "SOUR:PRES 90;FLOW 1;:VALV:POS 2;:MEAS:ALL?") == "2,1.0098,90.500,10.100"
    assert (line.flow.value(1.0), line.pressure.value(1.0)) == pytest.approx((1.02, 90.0))
    assert ask(front, "VALV:CLOS;:MEAS:PRES:CYL? 1;:SYST:ERR?") == '10.100;0,"No error"'
