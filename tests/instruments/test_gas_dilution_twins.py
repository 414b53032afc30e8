"""Twins of the dilution bench: conversion factors, errors of a setting, strokes, lags and purge in closed form."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from CoolProp.CoolProp import PropsSI

from instruments.clock import Environment
from instruments.flow_errors import FlowErrors
from instruments.gas_diluter import twin as diluter_kind
from instruments.mfc_thermal import conversion_factor
from instruments.mfc_thermal import twin as thermal_kind
from instruments.noise import CountedNoise
from instruments.piston_prover import twin as prover_kind
from instruments.ports import Ambient
from instruments.ports_cylinder import Cylinder
from instruments.ports_gas import GasLine
from instruments.real_gas import compressibility

from .model_bench import ModelBench, port


def test_the_factor_of_a_mixture_is_the_harmonic_mean() -> None:
    assert conversion_factor({"N2": 1.0}) == 1.0
    assert conversion_factor({"CO2": 0.05, "N2": 0.95}) == pytest.approx(0.98273572, rel=1e-8)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.05, 0.2])
@pytest.mark.parametrize("degc", [18.0, 20.0, 22.0])
def test_compressibility_agrees_with_an_equation_of_state(share: float, degc: float) -> None:
    fluid = "HEOS::Nitrogen" if not share else f"HEOS::CarbonDioxide[{share}]&Nitrogen[{1 - share}]"
    exact = PropsSI("Z", "T", degc + 273.15, "P", 101325, fluid)
    assert compressibility({"CO2": share, "N2": 1 - share}, 101.325, degc) == pytest.approx(exact, abs=1.2e-4)


def errors(**given: float) -> FlowErrors:
    values = {"full_scale": 2.0, "bend": 0.0, "hysteresis": 0.0, "resetting": 0.0, **given}
    return FlowErrors(CountedNoise(np.random.default_rng(1)), **values)


def test_bend_and_hysteresis_are_shares_of_full_scale_and_vanish_at_its_ends() -> None:
    bent = errors(bend=0.01, hysteresis=0.002)
    for flow, share in ((1.0, 1.0), (2.0, 0.0)):
        bent.set(flow)
        assert bent.error() == pytest.approx(2.0 * share * 0.012)
    bent.set(1.0)
    assert bent.error() == pytest.approx(2.0 * 0.008)  # from above
    bent.set(0.0)
    assert bent.error() == 0.0


def test_a_setting_that_is_made_again_differs_by_a_share_of_full_scale_so_turndown_costs() -> None:
    again = errors(resetting=1e-3)
    found = []
    for _ in range(400):
        again.set(0.0)
        again.set(0.1)
        found.append(again.error())
    assert np.std(found) == pytest.approx(2e-3, rel=0.12)
    assert np.std(found) / 0.1 == pytest.approx(0.02, rel=0.12)
    kept = again.error()
    again.set(0.1)
    assert again.error() == kept


HEADERS = {"parent": "ROUT:PAR", "diluent": "ROUT:DIL", "inlet": "INL:PAR", "outlet": "OUTL:SEL"}


class Bench:
    """Two controllers' lines, a prover and the diluter, without controllers: the test writes the flows."""

    def __init__(self, **parameters: Any) -> None:
        self.environment = Environment()
        self.room = port(Ambient, self.environment, temperature_degc=20.0, pressure_kpa=101.325)
        lines = {name: port(GasLine, self.environment) for name in ("parent", "diluent", "prover", "outlet")}
        gases = {
            "parent_gas": port(Cylinder, self.environment, fractions={"CO2": 0.05}, pressure_mpa=10.0),
            "diluent_gas": port(Cylinder, self.environment, fractions={"CO2": 1e-6}, pressure_mpa=10.0),
            "check": port(Cylinder, self.environment, fractions={"CO2": 0.02}, pressure_mpa=10.0),
        }
        self.ports: dict[str, Any] = {**lines, **gases}
        self.diluter = ModelBench(diluter_kind, parameters, self.ports, environment=self.environment)
        self.prover = ModelBench(
            prover_kind, {}, {"line": lines["prover"], "ambient": self.room}, environment=self.environment
        )

    def flow(self, name: str, l_per_min: float) -> None:
        now = self.environment.now
        self.ports[name].flow.replace_from(now, [(now, {(0j, 0): complex(l_per_min)})])

    def turn(self, **valves: str) -> None:
        for header, word in valves.items():
            self.diluter.write(f"{HEADERS[header]} {word}")

    def outlet(self) -> float:
        return float(self.ports["outlet"].fraction("CO2").value(self.environment.now))


def test_the_blend_is_the_formula_and_the_chamber_is_a_lag_of_its_volume() -> None:
    bench = Bench(mixing_volume_ml=100.0, control_time_s=1e-3, outlet_volume_ml=1e-3)
    bench.turn(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN")
    bench.flow("parent", 0.5)
    bench.flow("diluent", 1.5)
    bench.diluter.run(300.0)
    x = (0.5 * 0.05 + 1.5 * 1e-6) / 2.0
    assert bench.outlet() == pytest.approx(x, rel=1e-12)
    twin = bench.diluter.engine
    now = bench.environment.now
    assert twin.true_error(fraction=12.5, at=now, since=now - 10.0) == pytest.approx(0.0125 / x - 1.0, rel=1e-9)
    bench.flow("parent", 1.0)
    bench.flow("diluent", 1.0)
    bench.diluter.run(3.0)
    end = (0.05 + 1e-6) / 2.0
    assert bench.outlet() == pytest.approx(end + (x - end) * math.exp(-1.0), rel=2e-3)  # τ = 0.1 l / 2 l/min = 3 s


def test_the_parent_line_is_purged_by_its_dead_volume_over_its_flow() -> None:
    bench = Bench(parent_volume_ml=50.0)
    bench.turn(parent="PROV", inlet="GAS")
    parent = bench.ports["parent"]
    bench.diluter.run(60.0)
    assert parent.fraction("CO2").value(bench.environment.now) == pytest.approx(1e-6)  # nothing flows
    bench.flow("parent", 1.0)
    bench.diluter.run(3.0)
    gone = math.exp(-1.0)  # τ = 0.05 l / 1 l/min = 3 s
    assert parent.fraction("CO2").value(bench.environment.now) == pytest.approx(0.05 - 0.049999 * gone, rel=1e-9)


def test_gas_is_drawn_from_the_cylinder_that_feeds_the_line_and_a_shut_line_has_no_pressure() -> None:
    bench = Bench()
    assert bench.ports["parent"].inlet_pressure.value(0.0) == pytest.approx(101.325)
    bench.turn(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN")
    assert bench.ports["parent"].inlet_pressure.value(bench.environment.now) == 300.0
    bench.flow("parent", 0.5)
    bench.flow("diluent", 1.5)
    bench.diluter.run(60.0)
    now = bench.environment.now
    assert bench.ports["parent_gas"].consumed_l(now) == pytest.approx(0.5, rel=1e-3)
    assert bench.ports["diluent_gas"].consumed_l(now) == pytest.approx(1.5, rel=1e-3)
    bench.turn(outlet="CHEC")
    bench.diluter.run(60.0)
    assert bench.outlet() == pytest.approx(0.02)
    assert bench.ports["check"].consumed_l(bench.environment.now) == pytest.approx(0.5, rel=1e-3)


def test_a_leak_of_diluent_into_the_chamber_lowers_what_is_produced() -> None:
    bench = Bench(leak_l_per_min=0.1)
    bench.turn(parent="MIX", diluent="MIX", inlet="GAS", outlet="BLEN")
    bench.flow("parent", 1.0)
    bench.flow("diluent", 1.0)
    bench.diluter.run(300.0)
    assert bench.outlet() == pytest.approx((0.05 + 1.1e-6) / 2.1, rel=1e-9)


def test_strokes_follow_volume_leak_and_state_of_the_gas() -> None:
    bench = Bench()
    bench.turn(parent="PROV", inlet="GAS")
    bench.flow("parent", 1.0)
    bench.diluter.run(60.0)
    bench.prover.write("STR:COUN 3;:INIT")
    assert bench.prover.query("*OPC?") == "1"
    times = [float(text) for text in bench.prover.query("FETC:TIM?").split(",")]
    z = compressibility({"CO2": 0.05, "N2": 0.95}, 101.325, 20.0)
    assert times == pytest.approx([0.1 / (293.15 / 298.15 * z) * 60.0] * 3, abs=1e-4)
    assert bench.prover.query("FETC:TEMP?") == "20.000"


def test_the_controller_knows_its_truth() -> None:
    bench = ModelBench(
        thermal_kind,
        {"span_error": 0.01, "factor_error": 0.1, "temperature_coefficient_per_k": 1e-3},
        {"line": {"composition": "CO2=0.05"}, "ambient": {"temperature_degc": 22.0}},
    )
    bench.engine.set_flow(1.0)
    bench.run(100.0)
    factor = 1.0 + (0.98273572 - 1.0) * 1.1
    assert bench.engine.true_error(quantity="factor", at=bench.now) == pytest.approx(factor, rel=1e-7)
    flow = factor * 1.01 * 1.002
    assert bench.engine.true_error(flow=1.0, at=bench.now, since=bench.now - 5.0) == pytest.approx(100 * (1 / flow - 1))
    assert bench.engine.indicated_flow() == pytest.approx(1.0)
