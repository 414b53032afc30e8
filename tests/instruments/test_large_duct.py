"""Large ducts: profile, probe, wet gas, installed meters and grid, each against a closed form or a quadrature."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments import duct_traverse, gas_historian, micromanometer
from instruments.air import saturation_pressure_pa
from instruments.clock import Environment
from instruments.gas_grid import balance, ends, mixed
from instruments.ports_air import PressureLines
from instruments.ports_duct import GasDuct

from .model_bench import ModelBench, port

PLAIN = {
    "fractions": {"CO": 0.24, "CO2": 0.20, "H2": 0.03},
    "diameter_m": 3.0,
    "speed_m_per_s": 12.0,
    "turbulence": 0.0,
    "temperature_degc": 40.0,
    "pressure_kpa": 108.0,
}


def duct(**values: Any) -> GasDuct:
    made: GasDuct = port(GasDuct, Environment(), **(PLAIN | values))
    return made


def test_the_mean_over_the_section_is_the_mean_speed_whatever_the_bend_does() -> None:
    bent = duct(exponent=6.5, skew=0.15, skew_deg=30.0, lobes=0.03, lobes_deg=10.0, swirl=0.2, pitch_deg=3.0)
    # Gauss in s = (1 - r)^(1/n), which takes the root out of the wall; equidistant around the axis.
    n = 6.5
    nodes, weights = np.polynomial.legendre.leggauss(60)
    s, ws = 0.5 * (nodes + 1), 0.5 * weights
    total = 0.0
    for angle in np.arange(0.0, 360.0, 15.0):
        values = [bent.local(1 - si**n, float(angle)).axial * (1 - si**n) * n * si ** (n - 1) for si in s]
        total += float(ws @ np.array(values))
    assert 2 * total / 24 == pytest.approx(1.0, abs=1e-9)


def test_wet_gas_by_hand() -> None:
    gas = duct(saturation=0.95)
    water = 0.95 * saturation_pressure_pa(40.0)
    assert gas.vapour_pa() == pytest.approx(water)
    dry = 0.24 * 28.010 + 0.20 * 44.009 + 0.03 * 2.016 + 0.53 * 28.014
    mass = (108e3 - water) * dry + water * 18.015
    assert gas.density() == pytest.approx(1e-3 * mass / (8.314462618 * 313.15), rel=1e-12)
    volume = math.pi / 4 * 9.0 * 12.0 * 3600.0
    assert gas.normal_flow(0.0, 1.0) == pytest.approx(volume * 273.15 / 313.15 * (108e3 - water) / 101325, rel=1e-12)


def test_swirl_and_pitch_are_angles_of_the_local_flow() -> None:
    local = duct(swirl=0.2, pitch_deg=4.0).local(0.5, 0.0)
    assert local.yaw_deg == pytest.approx(math.degrees(math.atan(0.1 / local.axial)))
    assert local.pitch_deg == 4.0


class Bench:
    """Three ducts, the traversing unit, a manometer and the data server on one clock."""

    def __init__(self, unit: dict[str, Any] | None = None, server: dict[str, Any] | None = None, **bfg: Any) -> None:
        environment = Environment()
        ducts = {name: port(GasDuct, environment, **(PLAIN | bfg)) for name in ("bfg", "cog", "ldg")}
        lines = port(PressureLines, environment)
        self.duct = ducts["bfg"]
        self.unit = ModelBench(duct_traverse.twin, unit, {**ducts, "lines": lines}, environment=environment)
        silent = {"noise_pa": 0.0, "channels": 3}
        self.manometer = ModelBench(micromanometer.twin, silent, {"lines": lines}, environment=environment)
        self.server = ModelBench(gas_historian.twin, server, ducts, environment=environment)

    def pressures(self, number: int, r: float) -> list[float]:
        self.unit.write(f"POS:GOTO {number},{r}")
        assert self.unit.query("*OPC?") == "1"
        assert self.unit.query("POS?") == f"{number},{r:.4f}"
        return [float(p) for p in self.manometer.query("READ?").split(",")]


def test_the_probe_sees_what_a_sphere_sees() -> None:
    bench = Bench(swirl=0.2, pitch_deg=5.0, saturation=1.0)
    bench.unit.write("SEL:DUCT BFG")
    first, second, third = bench.pressures(1, 0.7)
    local = bench.duct.local(0.7, 0.0)
    speed = 12.0 * local.axial / math.cos(math.radians(local.yaw_deg)) / math.cos(math.radians(5.0))
    f2 = 2 * math.sqrt(2) / 3 / math.cos(math.radians(5.0))
    assert first == pytest.approx(0.5 * bench.duct.density() * (speed / f2) ** 2, rel=1e-6)
    assert second == pytest.approx(0.0, abs=1e-3)
    assert third / first == pytest.approx(4 * math.tan(math.radians(5.0)), rel=1e-5)
    assert bench.unit.number("YAW?") == pytest.approx(local.yaw_deg, abs=0.006)
    bench.pressures(1, -0.7)
    assert bench.unit.number("YAW?") == pytest.approx(-local.yaw_deg, abs=0.006)


def test_a_probe_that_is_not_quite_nulled_shows_it_in_its_second_channel() -> None:
    bench = Bench(unit={"null_deg": 2.0})
    bench.unit.write("SEL:DUCT BFG")
    first, second, _ = bench.pressures(2, 0.5)
    assert second / first == pytest.approx(4 * math.tan(math.radians(bench.unit.number("YAW?"))), abs=1e-3)
    assert second != 0.0


def test_turbulence_makes_a_differential_pressure_too_large() -> None:
    calm, rough = Bench(unit={"eddy_m": 1e-9}), Bench(unit={"eddy_m": 1e-9}, turbulence=0.1)
    for bench in (calm, rough):
        bench.unit.write("SEL:DUCT BFG")
    assert rough.pressures(1, 0.5)[0] / calm.pressures(1, 0.5)[0] == pytest.approx(1.01, abs=1e-4)


def test_the_unit_refuses_to_travel_where_it_hangs_not() -> None:
    bench = Bench()
    bench.unit.write("POS:GOTO 1,0.5")
    assert bench.unit.errors() == [-221]
    assert bench.unit.query("SEL:DUCT?") == "NONE"


def test_an_installed_meter_gets_dirty_and_wet_and_pulsates() -> None:
    meter = {
        "coefficient": {"BFG": 0.01},
        "dirt_per_month": {"BFG": 0.004},
        "months": {"BFG": 5.0},
        "condensate": {"BFG": 0.04},
        "pulsation": {"BFG": 0.1},
    }
    bench = Bench(server=meter)
    bench.server.run(100.0)
    true = bench.duct.normal_flow(0.0, 1.0)
    ratio = 1.01 * (1 - 0.02) * (1 + 0.005) * math.sqrt(1.04)
    assert bench.server.number("DUCT:MEAN? BFG,20") / true == pytest.approx(ratio, rel=1e-6)
    assert bench.server.number("DUCT:MEAN? COG,20") / true == pytest.approx(1.0, rel=1e-6)
    error = bench.server.engine.true_error("traverse", "BFG", at=100.0, since=0.0)
    assert error == pytest.approx(100 * (ratio - 1), rel=1e-4)
    month_later = bench.server.engine.true_error("traverse", "BFG", at=gas_historian.MONTH_S)
    assert month_later < error - 0.1


def test_condensate_weighs_more_at_a_low_load() -> None:
    bench = Bench(server={"condensate": {"BFG": 0.1}}, swing=0.5, swing_period_s=4000.0)
    high = bench.server.engine.true_error("traverse", "BFG", at=4001.0, since=3999.0)
    low = bench.server.engine.true_error("traverse", "BFG", at=2001.0, since=1999.0)
    assert high == pytest.approx(100 * (math.sqrt(1 + 0.1 / 1.5**2) - 1), abs=1e-3)
    assert low == pytest.approx(100 * (math.sqrt(1 + 0.1 / 0.5**2) - 1), abs=1e-3)


STREAMS = {"A": "env>M", "B": "env>N", "C": "M>X", "D": "N>X", "E": "M>env", "F": "X>env", "G": "N>env"}


def test_flows_that_are_not_given_follow_from_the_balances() -> None:
    found = balance(STREAMS, {"A": 10.0, "B": 6.0, "C": 4.0, "D": 5.0})
    assert found == pytest.approx({"A": 10, "B": 6, "C": 4, "D": 5, "E": 6, "F": 9, "G": 1})
    assert mixed(STREAMS, found, {"M": 3.0, "N": 12.0}, "X") == pytest.approx((4 * 3 + 5 * 12) / 9)


@pytest.mark.parametrize(
    ("flows", "why"),
    [
        ({"A": 1.0}, "but 6 are not given"),
        ({"A": 1.0, "C": 1.0, "E": 1.0, "B": 1.0}, "do not follow"),
        ({"A": 1.0, "B": 1.0, "C": 1.0, "Z": 1.0}, "Z are no streams"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(flows: dict[str, float], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        balance(STREAMS, flows)


def test_a_stream_is_written_from_to() -> None:
    assert ends("BFM>MX1").end == "MX1"
    with pytest.raises(ValueError, match="from>to"):
        ends("BFM-MX1")
    with pytest.raises(ValueError, match="no tags"):
        gas_historian.Parameters(biases={"Z": 0.1})


def test_the_server_tells_the_grid_with_its_errors() -> None:
    server = {
        "streams": STREAMS,
        "flows": {"A": 10.0, "B": 6.0, "C": 4.0, "D": 5.0},
        "energy": {"M": 3.0, "N": 12.0},
        "carbon": {"M": 0.2, "N": 0.3},
        "analysed": "M X",
        "errors": {"A": 0.01},
        "biases": {"A": 0.1, "H:X": -0.1},
    }
    bench = Bench(server=server)
    tags = [tag.strip('"') for tag in bench.server.query("GRID:TAGS?").split(",")]
    assert tags == ["A", "B", "C", "D", "E", "F", "G", "H:M", "H:X", "C:M", "C:X"]
    seen = dict(zip(tags, [float(v) for v in bench.server.query("GRID:HOUR?").split(",")], strict=True))
    assert seen["A"] == pytest.approx(11.1)
    assert seen["F"] == pytest.approx(9.0)
    assert seen["H:X"] == pytest.approx(8.0 * 0.9)
    assert bench.server.engine.true_error("grid", "A") == pytest.approx(1e4)
