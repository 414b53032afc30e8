"""The analyser: known answers for its physics, its states, its trace memory."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from worlds import ask, errors

from instruments import gas_analyser, gas_selector, mains_source
from instruments.engine import Exchange
from instruments.front import Front
from instruments.ports import Ambient
from instruments.ports_cylinder import Cylinder
from instruments.ports_gas import GasLine
from instruments.ports_mains import MainsLine
from instruments.world import DevicePlan, PortPlan, World, WorldPlan

if TYPE_CHECKING:
    from instruments.gas_analyser import GasAnalyser

GASES = {
    "zero": {},
    "co": {"CO": 500e-6},
    "mix": {"CO": 500e-6, "CO2": 0.15, "NO2": 100e-6},
}


class Bench:
    """Hold a selector with three cylinders, an analyser and its mains."""

    def __init__(self, seed: int = 1, **parameters: Any) -> None:
        inlets = {f"cylinder{n}": name for n, name in enumerate(GASES, 1)}
        self.world = World(
            WorldPlan(
                devices=(
                    DevicePlan(name="mains", kind=mains_source.twin, ports={"output": "mains"}),
                    DevicePlan(name="selector", kind=gas_selector.twin, ports={**inlets, "outlet": "line"}),
                    DevicePlan(
                        name="analyser",
                        kind=gas_analyser.twin,
                        parameters={"channels": {"CO": 1e-3, "NO2": 2e-4}, **parameters},
                        ports={"inlet": "line", "ambient": "room", "supply": "mains"},
                    ),
                ),
                ports=(
                    PortPlan(name="mains", kind=MainsLine),
                    PortPlan(name="line", kind=GasLine),
                    PortPlan(name="room", kind=Ambient, parameters={"temperature_degc": 20.0}),
                    *(
                        PortPlan(name=name, kind=Cylinder, parameters={"pressure_mpa": 10.0, "fractions": fractions})
                        for name, fractions in GASES.items()
                    ),
                ),
            ),
            seed,
        )
        self.front = {
            name: Front(self.world.twins[name], Exchange.INSTR, self.world.environment, 1e-4)
            for name in ("mains", "selector", "analyser")
        }
        self.twin: GasAnalyser = self.world.twin("analyser")
        self.ask("mains", "OUTP ON;*OPC?")

    def ask(self, name: str, message: str, timeout_s: float = 5.0) -> str | None:
        return ask(self.front[name], message, timeout_s)

    def let(self, inlet: int, flow: float = 1.5) -> float:
        """Select a gas; returns when."""
        self.ask("selector", f"SOUR:FLOW {flow};:VALV:POS {inlet};*OPC?")
        return float(self.world.environment.now)

    def run(self, seconds: float) -> None:
        self.world.environment.run(until=self.world.environment.now + seconds)

    def number(self, message: str) -> float:
        reply = self.ask("analyser", message)
        assert reply is not None
        return float(reply)


def warm(**parameters: Any) -> Bench:
    bench = Bench(warm_up_s=0.0, warm_up_error=0.0, **parameters)
    bench.run(10.0)
    return bench


def test_gain_zero_cross_terms_and_losses() -> None:
    bench = warm(
        gain_error={"CO": 0.02},
        zero_error={"CO": 1e-6},
        interference={"CO2->CO": 2e-5, "CO->NO2": -1e-3},
        trap_loss={"NO2": 0.05},
        converter_efficiency=0.9,
        resolution={"CO": 1e-9, "NO2": 1e-9},
    )
    bench.let(3)
    bench.run(900.0)
    assert bench.number("MEAS:CONC? 1") == pytest.approx((500.0 + 0.15 * 20.0) * 1.02 + 1.0, abs=2e-3)
    assert bench.number("MEAS:CONC? 2") == pytest.approx(100.0 * 0.95 * 0.9 - 0.5, abs=2e-3)
    bench.let(1)
    bench.run(900.0)
    assert bench.number("MEAS:CONC? 1") == pytest.approx(1.0, abs=1e-3)
    assert bench.twin.true_error("CO", 500.0, at=bench.world.environment.now) == pytest.approx(500.0 * 0.02 + 1.0)
    assert bench.twin.true_indication({"CO": 5e-4, "CO2": 0.15}, "CO") == pytest.approx(503e-6 * 1.02 + 1e-6)


def test_temperature_pressure_and_drift() -> None:
    bench = Bench(
        zero_per_k={"CO": 1e-7},
        gain_per_k={"CO": 1e-3},
        gain_per_kpa={"CO": 2e-3},
        zero_drift_per_h={"CO": 1e-7},
        gain_drift_per_h={"CO": -1e-4},
    )
    room = bench.world.ports["room"]
    assert isinstance(room, Ambient)
    from instruments import terms as algebra

    room.temperature.replace_from(0.0, [(0.0, algebra.constant(25.0))])
    room.pressure.replace_from(0.0, [(0.0, algebra.constant(100.325))])
    expected = 5e-4 * (5 * 1e-3 - 2e-3 - 10 * 1e-4) + 5 * 1e-7 + 10 * 1e-7
    assert bench.twin.true_error("CO", 500.0, at=36000.0) == pytest.approx(expected * 1e6)
    over = bench.twin.true_error("CO", 500.0, at=36000.0, since=0.0)
    assert over == pytest.approx((expected + 5e-4 * 5 * 1e-4 - 5 * 1e-7) * 1e6)


def test_wrong_exponent_leaves_a_curved_error() -> None:
    bench = warm(depth={"CO": 1.0}, exponent={"CO": 0.8}, exponent_error={"CO": 0.01})
    assert bench.twin.true_error("CO", 1000.0) == pytest.approx(0.0, abs=1e-9)
    assert bench.twin.true_error("CO", 500.0) == pytest.approx(1000.0 * 0.5 ** (1 / 1.01) - 500.0)


def test_response_is_that_of_the_way_and_the_average() -> None:
    bench = warm(tube_ml=50.0, filter_ml=60.0, cell_ml=60.0, averaging_s=0.0, resolution={"CO": 1e-9})
    # 1 l/min: delay 3 s, two equal lags of 3.6 s; the selector's 2 ml at 1.5 l/min add 0.08 s.
    assert bench.twin.true_response("CO") == pytest.approx(3.0 + 3.6 * 3.88972016986743, rel=1e-9)
    bench.let(1)
    bench.run(300.0)
    bench.ask("analyser", "TRAC:STAR 1;*OPC?")
    bench.run(9.5)
    start = bench.let(2)
    bench.run(120.0)
    reply = bench.ask("analyser", "TRAC:DATA? 1")
    assert reply is not None
    values = np.array([float(text) for text in reply.split(",")])
    times = np.floor(start - 9.5) + np.arange(len(values)) - start
    t90 = np.interp(0.9 * 500.0, values, times)
    assert t90 == pytest.approx(3.0 + 3.6 * 3.8897 + 0.08, abs=0.1)


def test_trace_says_what_single_readings_say() -> None:
    parameters: dict[str, Any] = {
        "noise": {"CO": 1e-6},
        "zero_walk": {"CO": 1e-6},
        "interference": {"H2O->CO": 1e-5},
        "adsorbed": {"NO2": 0.1},
        "depth": {"CO": 1.0},
        "exponent": {"CO": 0.9},
        "exponent_error": {"CO": 0.01},
    }
    bench, other = warm(**parameters), warm(**parameters)
    for one in (bench, other):
        one.let(3, flow=0.8)
        one.ask("analyser", "TRAC:STAR 5;*OPC?")
    singles: dict[str, list[str | None]] = {"1": [], "2": []}
    begin = math.floor(other.world.environment.now)
    for look in range(12):
        other.world.environment.run(until=begin + 5.0 * look + 0.5)
        for channel, found in singles.items():
            found.append(other.ask("analyser", f"MEAS:CONC? {channel}"))
    bench.run(57.0)
    for channel, found in singles.items():
        reply = bench.ask("analyser", f"TRAC:DATA? {channel}")
        assert reply is not None
        assert reply.split(",") == found
    check = bench.ask("analyser", "TRAC:POIN?;CHEC? 1;DATA? 1")
    assert check is not None
    points, total, data = check.split(";")
    mantissas = [int(text.partition("E")[0].replace(".", "")) for text in data.split(",")]
    assert (int(points), int(total)) == (len(mantissas), sum(mantissas))


def test_too_little_gas_is_filled_up_with_room_air() -> None:
    bench = warm(channels={"CO": 1e-3, "CO2": 0.2}, resolution={"CO": 1e-9, "CO2": 1e-9}, room_air={"CO2": 4e-4})
    bench.let(3, flow=0.4)
    bench.run(600.0)
    water = 0.5 * 0.6112 * math.exp(17.62 * 20.0 / 263.12) / 101.325
    assert bench.number("MEAS:CONC? 1") == pytest.approx(200.0, abs=0.01)
    expected = (0.4 * 0.15 + 0.6 * 4e-4 * (1.0 - water)) * 1e6
    assert bench.number("MEAS:CONC? 2") == pytest.approx(expected, rel=1e-6)
    assert bench.ask("analyser", "SYST:STAT?") == "MEAS"  # the pump does not notice


def test_dead_end_raises_the_flow_alarm_and_shows_the_leak() -> None:
    bench = warm(leak=0.03)
    bench.let(2)
    bench.run(60.0)
    bench.ask("selector", "VALV:CLOS;:OUTP:VENT OFF;*OPC?")
    assert bench.ask("analyser", "SYST:STAT?;:MEAS:FLOW?") == "FLOW;0.030"
    assert warm(flow_alarm_l_per_min=0.0).ask("analyser", "SYST:STAT?") == "MEAS"


def test_supply_and_warm_up() -> None:
    bench = Bench(warm_up_s=600.0, gain_error={"CO": 0.01}, resolution={"CO": 1e-9})
    bench.let(2)
    bench.run(500.0)
    assert bench.ask("analyser", "SYST:STAT?") == "WARM"
    assert bench.number("MEAS:CONC? 1") == 9.91e37
    bench.run(100.0)
    assert bench.ask("analyser", "SYST:STAT?") == "MEAS"
    assert bench.number("MEAS:CONC? 1") == pytest.approx(505.0 + 0.3 * math.exp(-5.0) * 1000.0, rel=0.01)
    bench.ask("mains", "OUTP OFF;*OPC?")
    assert bench.ask("analyser", "SYST:STAT?", timeout_s=1.0) is None
    bench.ask("mains", "OUTP ON;*OPC?")
    assert bench.ask("analyser", "SYST:STAT?;WARM?") == "WARM;600.0"


def test_without_lockout_it_tells_what_it_should_not() -> None:
    bench = Bench(warm_up_s=600.0, lockout=False)
    bench.let(1)
    bench.run(60.0)
    assert bench.number("MEAS:CONC? 1") == pytest.approx(300.0 * math.exp(-0.5), rel=0.1)


def test_adjustment() -> None:
    bench = warm(gain_error={"CO": -0.05}, zero_error={"CO": 2e-5}, resolution={"CO": 1e-9})
    bench.let(1)
    bench.run(600.0)
    bench.ask("analyser", "CAL:ZERO;*OPC?")
    bench.let(2)
    bench.run(600.0)
    bench.ask("analyser", "CAL:SPAN 1,500;*OPC?")
    assert bench.number("MEAS:CONC? 1") == pytest.approx(500.0, abs=0.01)
    assert bench.twin.true_error("CO", 250.0) == pytest.approx(0.0, abs=0.01)
    bench.ask("analyser", "CAL:SPAN 1,800;*OPC?")
    assert errors(bench.front["analyser"]) == [-221]
    bench.ask("analyser", "CAL:FACT;*OPC?")
    assert bench.number("MEAS:CONC? 1") == pytest.approx(495.0, abs=0.01)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"gain_error": {"SO2": 0.1}}, "gain_error: 'SO2' is not a channel"),
        ({"interference": {"CO2": 0.1}}, "not of the form"),
        ({"channels": {}}, "channels must be"),
        ({"leak": 2.0}, "leak"),
    ],
)
def test_impossible_analysers_are_refused(values: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        gas_analyser.Parameters(**values)
