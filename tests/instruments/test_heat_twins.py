"""Twins of the heat bench: heat coefficient, sensors, baths, decades, pulses, calculator, against closed forms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from instruments import heat_meter, pulse_source, resistance_decade, thermometer_readout, thermostat
from instruments.clock import Environment
from instruments.heat import Sensor, heat_coefficient, temperature
from instruments.ports import PulseLine
from instruments.ports_heat import BathPort, Liquid, ResistancePort
from instruments.ports_water import Water, WaterPipe
from instruments.pulse_source import Bursts
from instruments.signal import Signal
from instruments.twin import NoParameters, Surroundings

from .small_bench import Spoken

FINE = '0,"No error"'


@pytest.mark.parametrize(
    ("supply", "back", "in_return", "in_supply"),
    [(70.0, 30.0, 4.16213, 4.08744), (60.0, 40.0, 4.14671, 4.10905), (53.0, 50.0, 4.12927, 4.12349)],
)
def test_heat_coefficient_is_the_published_one(supply: float, back: float, in_return: float, in_supply: float) -> None:
    """IF97 to five digits, straight between two points of the grid."""
    assert heat_coefficient(supply, back, "return") == pytest.approx(in_return, abs=6e-6)
    assert heat_coefficient(supply, back, "supply") == pytest.approx(in_supply, abs=6e-6)


def test_a_sound_sensor_indicates_its_liquid_and_a_bent_one_does_not() -> None:
    sound = Sensor(rated_ohm=500.0)
    assert sound.resistance(0.0) == 500.0
    assert sound.resistance(100.0) == pytest.approx(5 * 138.5055)
    for t in (0.0, 47.0, 150.0):
        assert sound.indicated(t) == pytest.approx(t, abs=1e-9)
    assert Sensor(rated_ohm=500.0, r0_error=1e-3).indicated(50.0) == pytest.approx(50.31, abs=0.01)
    assert Sensor(rated_ohm=500.0, stem=0.01).indicated(73.0) == pytest.approx(72.5)
    assert math.isnan(temperature(1e9, 500.0))


class Bench:
    """Hold the twins of a heat bench by hand; the flow in the line is written by the test."""

    def __init__(self, **meter: Any) -> None:
        self.environment = Environment()
        none = NoParameters()
        self.pipe = WaterPipe(Water(temperature_degc=50.0), self.environment)
        self.baths = [BathPort(Liquid(temperature_degc=t), self.environment) for t in (60.0, 40.0)]
        self.wires = [ResistancePort(none, self.environment) for _ in range(2)]
        lines = {"pulses": PulseLine(none, self.environment), "injected": PulseLine(none, self.environment)}
        of = {
            heat_meter: {
                "pipe": self.pipe,
                **lines,
                "supply": self.wires[0],
                "return": self.wires[1],
                "supply_bath": self.baths[0],
                "return_bath": self.baths[1],
            },
            resistance_decade: {"first": self.wires[0], "second": self.wires[1]},
            pulse_source: {"pulses": lines["injected"]},
            thermometer_readout: {
                "bath1": self.baths[0],
                "bath2": self.baths[1],
                "sensor1": self.wires[0],
                "sensor2": self.wires[1],
            },
            thermostat: {"bath": self.baths[0]},
        }
        nameplate = {"diameter_mm": 20.0, "maximum_flow_m3_per_h": 3.0, "pulses_per_m3": 1e5}
        spoken = []
        for position, (module, ports) in enumerate(of.items()):
            values = nameplate | meter if module is heat_meter else {}
            surroundings = Surroundings(
                name=module.__name__, clock=self.environment, rng=np.random.default_rng([1, position]), ports=ports
            )
            spoken.append(Spoken(module.twin.build(module.twin.parameters(**values), surroundings), self.environment))
        self.meter, self.decade, self.source, self.readout, self.bath = spoken

    def run(self, seconds: float) -> None:
        self.environment.run_to(self.environment.now + seconds)

    def flow(self, m3_per_h: float) -> None:
        now = self.environment.now
        level = Signal(m3_per_h / 3600.0)
        self.pipe.flow.replace_from(now, level.pieces_from(0.0) if now == 0.0 else [(now, level.piece(0.0)[2])])

    def energy(self) -> float:
        return float(self.meter.query("TEST:ENER?")) * 3.6


def test_the_calculator_counts_volume_times_k_times_difference() -> None:
    bench = Bench()
    bench.source.write("SOUR:FREQ 50;:SOUR:BURS:NCYC 2000")
    bench.meter.write("TEST:STAR")
    bench.source.write("INIT")
    assert bench.source.query("*OPC?") == "1"
    bench.run(10.0)
    assert bench.meter.query("TEST:PULS?") == "2000"
    assert bench.energy() == pytest.approx(0.02 * 4.14671 * 20.0, rel=3e-5)
    bench.meter.write("TEST:STOP")
    assert bench.meter.error() == FINE


@pytest.mark.parametrize(
    ("values", "factor"),
    [
        ({"calculator_gain_error": 0.01}, 1.01),
        ({"calculator_offset_k": 0.2}, 20.2 / 20.0),
        ({"computes_for": "supply"}, 4.10905 / 4.14671),
        ({"swapped": True}, 0.0),
    ],
)
def test_planted_errors_of_the_calculator(values: dict[str, Any], factor: float) -> None:
    bench = Bench(**values)
    bench.meter.write("TEST:STAR")
    bench.source.write("SOUR:FREQ 50;:SOUR:BURS:NCYC 2000;:INIT")
    bench.run(60.0)
    assert bench.energy() == pytest.approx(factor * 0.02 * 4.14671 * 20.0, rel=3e-5, abs=1e-6)
    truth = bench.meter.engine.true_error(part="calculator", theta_f=60.0, theta_r=40.0)
    assert truth == pytest.approx(factor - 1.0, abs=3e-5)


def test_the_error_of_the_wrong_pipe_is_that_of_the_card() -> None:
    """Between -0.1 % and -5.4 %, larger for larger differences."""
    bench = Bench(computes_for="supply")
    errors = [
        100 * bench.meter.engine.true_error(part="calculator", theta_f=f, theta_r=r)
        for f, r in ((53.0, 50.0), (60.0, 40.0), (70.0, 30.0), (130.0, 30.0))
    ]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] == pytest.approx(-0.14, abs=0.01)
    assert errors[2] == pytest.approx(-1.79, abs=0.01)
    assert -6.5 < errors[3] < -5.0


def test_a_flow_that_steps_between_two_looks_is_given_the_wrong_temperature() -> None:
    """The calculator looks every 8 s; water that came while the supply was still hot is taken at the cold one."""
    bench = Bench(cycle_s=8.0)
    bench.flow(1.44)  # 40 pulses per second
    bench.meter.write("TEST:STAR")
    bench.run(7.0)
    bench.baths[0].temperature.replace_from(
        bench.environment.now, [(bench.environment.now, Signal(45.0).piece(0.0)[2])]
    )
    bench.run(2.0)
    taken = int(bench.meter.query("TEST:PULS?"))
    assert taken == pytest.approx(320, abs=2)
    volume = taken / 1e5
    assert bench.energy() == pytest.approx(volume * heat_coefficient(45.0, 40.0, "return") * 5.0, rel=1e-4)
    seven_eighths_hot = volume * (7 / 8 * 20.0 + 1 / 8 * 5.0) * 4.14
    assert bench.energy() < 0.3 * seven_eighths_hot


def test_a_decade_takes_the_sensors_place() -> None:
    bench = Bench()
    before = bench.readout.query("MEAS:RES? 1")
    assert float(before) == pytest.approx(Sensor(rated_ohm=500.0).resistance(60.0), abs=1e-3)
    bench.decade.write("SOUR1:RES 600.1234;:SOUR2:RES 550;:OUTP ON")
    assert float(bench.readout.query("MEAS:RES? 1")) == pytest.approx(600.123, abs=1e-6)
    assert float(bench.meter.query("MEAS:TEMP:RET?")) == pytest.approx(temperature(550.0, 500.0), abs=1e-3)
    bench.decade.write("OUTP OFF")
    assert bench.readout.query("MEAS:RES? 1") == before


def test_a_bath_comes_to_its_set_point_and_swings() -> None:
    bench = Bench()
    bench.bath.write("SOUR:TEMP 90;:OUTP ON")
    bench.run(180.0)
    assert bench.baths[0].temperature.value(bench.environment.now) == pytest.approx(90 - 30 * math.exp(-1), abs=0.01)
    bench.run(4000.0)
    assert float(bench.readout.query("MEAS:TEMP? 1")) == pytest.approx(90.0, abs=0.0012)
    bench.bath.write("OUTP OFF")
    bench.run(8000.0)
    assert float(bench.bath.query("MEAS:TEMP?")) == pytest.approx(23.0, abs=0.001)


def test_bursts_of_pulses_follow_each_other_and_can_be_stopped() -> None:
    bursts = Bursts()
    bursts.add(10.0, 5.0, 10)
    bursts.add(20.0, 1.0, 3)
    assert [bursts.count(at) for at in (10.0, 10.2, 12.0, 19.0, 21.5, 99.0)] == [0, 1, 10, 10, 11, 13]
    assert bursts.edge(9) == pytest.approx(12.0)
    assert bursts.edge(10) == pytest.approx(21.0)
    assert bursts.edge(13) == math.inf
    bursts.stop(22.1)
    assert bursts.count(99.0) == 12


def test_truth_of_pair_and_whole_meter() -> None:
    bench = Bench(supply_r0_error=1e-3, gain_error=0.01)
    meter = bench.meter.engine
    pair = meter.true_error(part="pair", theta_f=60.0, theta_r=40.0)
    assert pair == pytest.approx(1e-3 * 616.21 / 1.91955 / 20.0 * 1.0, rel=0.02)
    whole = meter.true_error(part="whole", flow=1.5, theta_f=60.0, theta_r=40.0)
    assert whole == pytest.approx((1 + pair) * 1.01 - 1.0, abs=2e-4)
