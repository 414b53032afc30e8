"""The rig, its timer and the meter in its line: mass, volume, gate and pulses against closed forms."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from instruments import balance_mt_sics, flow_meter, frequency_reference, pulse_timer, water_rig
from instruments.clock import Environment
from instruments.flow_pulses import VolumePulses
from instruments.noise import CountedNoise
from instruments.ports import Air, Ambient, PulseLine
from instruments.ports_mass import OnPan, Pan
from instruments.ports_water import GateLine, Water, WaterPipe
from instruments.signal import Signal
from instruments.tank import primitive
from instruments.terms import value
from instruments.twin import NoParameters, Surroundings
from instruments.water import air_density, density, indicated_share

from .small_bench import Spoken

FINE = '0,"No error"'


class Rig:
    """Hold a rig, a balance, a timer, a meter and a frequency standard by hand."""

    def __init__(
        self,
        *,
        rig: dict[str, Any] | None = None,
        meter: dict[str, Any] | None = None,
        water: dict[str, Any] | None = None,
    ) -> None:
        self.environment = Environment()
        self.pipe = WaterPipe(Water(**(water or {})), self.environment)
        self.pan = Pan(OnPan(), self.environment)
        self.air = Ambient(Air(), self.environment)
        none = NoParameters()
        ports = {
            "pipe": self.pipe,
            "pan": self.pan,
            "gate": GateLine(none, self.environment),
            "ambient": self.air,
            "pulses": PulseLine(none, self.environment),
            "reference": PulseLine(none, self.environment),
        }
        spoken = []
        for position, (module, values) in enumerate(
            ((water_rig, rig), (flow_meter, meter), (pulse_timer, None), (frequency_reference, None))
        ):
            wired = {**ports, "pulses": ports["reference"]} if module is frequency_reference else ports
            surroundings = Surroundings(
                name=module.__name__, clock=self.environment, rng=np.random.default_rng([1, position]), ports=wired
            )
            twin = module.twin.build(module.twin.parameters(**(values or {})), surroundings)
            spoken.append(Spoken(twin, self.environment))
        self.rig, self.meter, self.timer, self.frequency = spoken

    def run(self, seconds: float) -> None:
        self.environment.run_to(self.environment.now + seconds)

    def flow(self, m3_per_h: float, settle_s: float = 200.0) -> None:
        self.rig.write(f"SOUR:FLOW {m3_per_h};:OUTP ON")
        assert self.rig.error() == FINE
        self.run(settle_s)

    def collect(self, seconds: float, count: int = 1, mode: str = "DOUB") -> tuple[float, list[float]]:
        """Return the change of mass on the pan (g) and what the timer says."""
        before = self.pan.mass.value(self.environment.now)
        self.timer.write(f"SENS:MODE {mode};:SENS:GATE:COUN {count};:INIT")
        assert self.timer.error() == FINE
        self.rig.write(f"DIV:TIME {seconds};:DIV:COUN {count};:DIV:STAR")
        assert self.rig.error() == FINE
        assert self.rig.query("*OPC?") == "1"
        assert self.timer.query("*OPC?") == "1"
        timed = [float(part) for part in self.timer.query("FETC?").split(",")]
        return self.pan.mass.value(self.environment.now) - before, timed


STILL = {"swing": 0.0, "pulsation": 0.0}


def test_a_primitive_is_an_integral() -> None:
    terms = {
        (0j, 0): 2 + 0j,
        (0j, 2): 3 + 0j,
        (complex(-0.5), 1): 1 + 0j,
        (complex(0, 2), 0): 0.5j,
        (complex(0, -2), 0): -0.5j,
    }
    y = primitive(terms, 7.0)
    h = 1e-5
    for tau in (0.3, 2.0, 9.0):
        assert (value(y, tau + h) - value(y, tau - h)) / (2 * h) == pytest.approx(value(terms, tau), rel=1e-6)
    assert value(y, 0.0) == pytest.approx(7.0)


@pytest.mark.parametrize("source", ["constant_head", "pump"])
def test_mass_is_flow_times_density_times_time_less_the_lift_of_the_air(source: str) -> None:
    rig = Rig(rig=STILL | {"source": source})
    rig.flow(360.0)
    mass, (_, gate, *_) = rig.collect(100.0)
    assert gate == pytest.approx(100.0, abs=2e-6)
    share = indicated_share(density(20.0, 300.0), air_density(23.0, 101.325, 50.0))
    assert mass / 1000.0 == pytest.approx(0.1 * density(20.0, 300.0) * gate * share, rel=1e-9)


@pytest.mark.parametrize(("asymmetry", "at_full", "place", "back"), [(0.2, 0.0, 0.5, 0.05), (0.0, 0.4, 0.45, 0.08)])
def test_a_bent_jet_makes_the_run_longer_than_the_gate(
    asymmetry: float, at_full: float, place: float, back: float
) -> None:
    rig = Rig(
        rig=STILL
        | {"jet_asymmetry": asymmetry, "jet_asymmetry_at_full": at_full, "switch_place": place, "travel_out_s": back}
    )
    rig.flow(360.0)
    mass, (_, gate, *_) = rig.collect(30.0)
    rate = (
        mass
        / 1000.0
        / (0.1 * density(20.0, 300.0) * indicated_share(density(20.0, 300.0), air_density(23.0, 101.325, 50.0)))
    )
    bent = asymmetry + at_full * 0.36
    lead = (0.05 + back) * (bent / 6 + place - 0.5)
    assert rate - gate == pytest.approx(lead, abs=3e-6)
    assert rig.rig.engine.true_error(flow=360.0) == pytest.approx(1000 * lead)
    # n short bursts against one long run give it back, as the diverter test does
    bursts, (_, gates, *_) = rig.collect(2.0, count=20, mode="GATE")
    ratio = bursts / mass
    assert (ratio * gate - gates) / (20 - ratio) == pytest.approx(lead, abs=2e-5)


def test_the_meter_counts_what_it_indicates() -> None:
    rig = Rig(rig=STILL, meter={"gain_error": 0.004, "zero_m3_per_h": 0.36, "pulses_per_m3": 1000.0})
    rig.flow(360.0)
    _, (pulses, gate, whole, whole_s) = rig.collect(60.0)
    assert rig.meter.engine.true_error(flow=360.0) == pytest.approx(0.005)
    assert whole / whole_s == pytest.approx(100.0 * 1.005, rel=1e-7)
    assert abs(pulses - 100.0 * 1.005 * gate) <= 1.0


def test_pulsation_and_swing_are_the_same_for_meter_and_tank() -> None:
    rig = Rig(rig={"source": "pump", "pulsation": 0.01, "swing": 0.005})
    rig.flow(360.0)
    mass, (_, gate, whole, whole_s) = rig.collect(60.0)
    share = indicated_share(density(20.0, 300.0), air_density(23.0, 101.325, 50.0))
    volume = mass / 1000.0 / density(20.0, 300.0) / share
    assert whole / 1000.0 * gate / whole_s == pytest.approx(volume, rel=1e-4)


def test_the_volume_of_a_run_repeats_as_the_wander_says() -> None:
    line = Signal(100.0)
    spread = []
    for seed in range(400):
        pulses = VolumePulses(
            line, line, residue=0.3, wander=5.0 * 0.75**0.5, noise=CountedNoise(np.random.default_rng(seed))
        )
        first, last = pulses.count(100.0), pulses.count(200.0)
        spread.append((last - first) / (pulses.edge(last) - pulses.edge(first)) * 100.0 - 1e4)
    assert np.std(spread) == pytest.approx(5.0, rel=0.1)
    assert np.mean(spread) == pytest.approx(0.0, abs=1.0)


def test_pulses_stay_in_order_and_edges_agree_with_counts() -> None:
    line = Signal(10.0)
    pulses = VolumePulses(line, line, residue=0.5, wander=4.0, noise=CountedNoise(np.random.default_rng(5)))
    edges = [pulses.edge(index) for index in range(2000)]
    assert all(b > a for a, b in pairwise(edges))
    for index in (17, 500, 1999):
        assert pulses.count(edges[index] + 1e-9) == index + 1
        assert pulses.count(edges[index] - 1e-9) == index


def test_the_tank_drains_evaporates_and_refuses_to_run_over() -> None:
    rig = Rig(rig=STILL | {"evaporation_g_per_s": 0.5, "residue_kg": 10.0, "drain_kg_per_s": 100.0})
    rig.flow(360.0)
    rig.collect(100.0)
    full = rig.pan.mass.value(rig.environment.now)
    rig.run(100.0)
    assert full - rig.pan.mass.value(rig.environment.now) == pytest.approx(50.0)
    start = rig.environment.now
    rig.rig.write("TANK:DRA")
    assert rig.rig.query("*OPC?") == "1"
    assert rig.environment.now - start == pytest.approx((full - 50.0 - 10000.0) / 1e5, abs=0.01)
    assert rig.pan.mass.value(rig.environment.now) == pytest.approx(10000.0, abs=1.0)
    rig.rig.write("DIV:TIME 300;:DIV:STAR")
    assert rig.rig.error().startswith("-222")


def test_an_abort_keeps_what_was_collected() -> None:
    rig = Rig(rig=STILL)
    rig.flow(360.0)
    rig.rig.write("DIV:TIME 60;:DIV:STAR")
    rig.run(10.0)
    assert rig.rig.query("DIV:STAT?") == "TANK"
    rig.rig.write("DIV:ABOR")
    rig.run(0.1)
    held = rig.pan.mass.value(rig.environment.now)
    rig.run(60.0)
    assert rig.rig.query("DIV:STAT?") == "BYP"
    assert held == pytest.approx(rig.pan.mass.value(rig.environment.now))
    assert held > 900e3
    rig.rig.write("OUTP OFF")
    rig.run(3.5)
    assert rig.rig.query("MEAS:FLOW?") == "0.00000"
    assert not rig.pipe.energised(rig.environment.now)


def test_in_place_weights_stand_on_the_balance() -> None:
    rig = Rig(rig={"weight_kg": 1000.0, "weight_error": 1e-5})
    rig.rig.write("WEIG:COUN 3")
    assert rig.rig.query("*OPC?") == "1"
    assert rig.pan.mass.value(rig.environment.now) == pytest.approx(3000.03e3)
    rig.rig.write("WEIG:COUN 0")
    assert rig.rig.query("*OPC?") == "1"
    assert rig.pan.mass.value(rig.environment.now) == pytest.approx(0.0, abs=1e-6)


def test_the_timer_checks_itself_against_a_frequency() -> None:
    rig = Rig()
    rig.timer.write("SENS:INP 2;:SENS:GATE:SOUR INT;:SENS:GATE:TIME 50;:INIT")
    assert rig.timer.query("*OPC?") == "1"
    _, gate, whole, whole_s = (float(part) for part in rig.timer.query("FETC?").split(","))
    assert gate == pytest.approx(50.0)
    assert whole / whole_s == pytest.approx(1000.0, rel=1e-7)


def test_water_that_has_passed_is_counted() -> None:
    rig = Rig(rig=STILL)
    rig.flow(3.6, settle_s=0.0)
    rig.run(1000.0)
    (used,) = rig.pipe.consumed(rig.environment.now)
    assert (used.unit, used.amount) == ("m**3", pytest.approx(0.001 * (rig.environment.now - 3.0), rel=1e-3))


def test_density_follows_a_drifting_temperature() -> None:
    rig = Rig(water={"temperature_degc": 22.0, "temperature_drift_per_h": 1.5})
    course = rig.pipe.density_course(rig.pipe.temperature.piece(0.0)[2])
    for at in (0.0, 1800.0, 3600.0):
        assert value(course, at) == pytest.approx(rig.pipe.density(at), rel=2e-7)


def test_the_balance_of_tonnes_is_the_one_of_milligrams() -> None:
    parameters = balance_mt_sics.Parameters(capacity_g=2.5e7, readability_g=200.0, stability_g=400.0)
    rig = Rig(rig={"weight_kg": 2000.0})
    surroundings = Surroundings(
        name="balance", clock=rig.environment, rng=np.random.default_rng(1), ports={"pan": rig.pan}
    )
    balance = balance_mt_sics.BalanceMtSics(parameters, surroundings)
    rig.rig.write("WEIG:COUN 10")
    assert rig.rig.query("*OPC?") == "1"
    rig.run(10.0)
    assert Spoken(balance, rig.environment).query("S").rstrip() == "S S   20000000 g"
    assert not math.isnan(balance._gross(rig.environment.now))
