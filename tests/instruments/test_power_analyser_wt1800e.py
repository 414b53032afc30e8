"""The power analyser: items, ranges, exact powers over an update period, wiring units, integration, refusals."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest

from instruments import terms
from instruments.power_analyser_wt1800e import twin
from instruments.power_analyser_wt1800e_commands import engineering

from .model_bench import ModelBench


def analyser(parameters: dict[str, Any] | None = None) -> ModelBench:
    return ModelBench(twin, parameters)


def load(bench: ModelBench, element: int, volts: float, amps: float) -> None:
    """Put DC on an element."""
    node = bench.ports[f"element{element}"]
    node.voltage.replace_from(bench.now, [(bench.now, terms.constant(volts))])
    node.current.replace_from(bench.now, [(bench.now, terms.constant(amps))])


def load_ac(bench: ModelBench, element: int, volts: float, amps: float, degrees: float, shift: float = 0.0) -> None:
    """Put 50 Hz on an element; the current lags by `degrees`, both by `shift` degrees."""
    node, root2 = bench.ports[f"element{element}"], math.sqrt(2.0)
    for signal, size, phase in ((node.voltage, volts, shift), (node.current, amps, shift + degrees)):
        course = terms.sinusoid(root2 * size, 50.0, -math.radians(phase))
        signal.replace_from(bench.now, [(bench.now, terms.shift(course, bench.now))])


def items(bench: ModelBench, *chosen: str) -> list[float]:
    for place, item in enumerate(chosen, 1):
        bench.write(f":NUM:NORM:ITEM{place} {item}")
    bench.write(f":NUM:NUMBER {len(chosen)}")
    return [float(text) for text in bench.query(":NUMERIC:NORMAL:VALUE?").split(",")]


def test_identity_and_forms() -> None:
    bench = analyser()
    assert bench.query("*IDN?") == "YOKOGAWA,WT1806E,TWIN00001,F2.01"
    assert analyser({"elements": 3}).query("*IDN?").startswith("YOKOGAWA,WT1803E,")
    bench.write(":COMMUNICATE:HEADER OFF;:COMM:REMOTE ON")
    assert bench.query(":INPUT:VOLTAGE:RANGE:ELEMENT1?;:RATE?") == "1.0000E+03;500.00E-03"
    assert bench.query(":NUM:ITEM1?;:INPUT:MODULE?") == "URMS,1;50,50,50,50,50,50"
    assert bench.query(":STATUS:ERROR?") == '0,"No error"'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (230.05, "230.05E+00"),
        (0.0012345, "1.2345E-03"),
        (-99999.6, "-100.00E+03"),
        (0.0, "0.0000E+00"),
        (math.nan, "NAN"),
        (math.inf, "INF"),
        (999.996, "1.0000E+03"),
    ],
)
def test_numbers_are_written_in_engineering_notation(value: float, text: str) -> None:
    assert engineering(value) == text


def test_direct_current() -> None:
    bench = analyser({"voltage_error": 1e-3, "current_error": -2e-3, "power_error": 5e-4})
    load(bench, 2, 300.0, 10.0)
    bench.run(1.2)
    u, i, p, s = items(bench, "UDC,2", "IDC,2", "P,2", "S,2")
    assert (u, i) == pytest.approx((300.3, 9.98), rel=1e-4)
    assert p == pytest.approx(3000.0 * 1.001 * 0.998 * 1.0005, rel=1e-4)
    assert s == pytest.approx(300.3 * 9.98, rel=1e-4)


def test_alternating_current() -> None:
    bench = analyser()
    load_ac(bench, 1, 230.0, 5.0, 60.0)
    bench.run(1.2)
    values = items(
        bench, "URMS,1", "IRMS,1", "P,1", "S,1", "Q,1", "LAMBDA,1", "PHI,1", "FU,1", "UPPEAK,1", "CFU,1", "UMN,1"
    )
    expected = [
        230.0,
        5.0,
        575.0,
        1150.0,
        1150.0 * math.sin(math.pi / 3),
        0.5,
        60.0,
        50.0,
        325.27,
        math.sqrt(2.0),
        230.0,
    ]
    assert values == pytest.approx(expected, rel=2e-4)


def test_values_are_those_of_the_last_finished_update() -> None:
    bench = analyser()
    bench.write("RATE 1S")
    load(bench, 1, 100.0, 1.0)
    bench.run(1.5)
    load(bench, 1, 200.0, 1.0)
    assert items(bench, "P,1") == [100.0]
    bench.run(0.6)  # the period from 1 s to 2 s saw both
    assert items(bench, "P,1") == [150.0]
    bench.write("HOLD ON")
    bench.run(5.0)
    assert items(bench, "P,1") == [150.0]
    bench.write("HOLD OFF")
    assert items(bench, "P,1") == [200.0]


def test_ranges_over_range_and_autorange() -> None:
    bench = analyser()
    load(bench, 1, 100.0, 8.0)
    bench.run(1.0)
    bench.write("INPUT:VOLTAGE:RANGE:ELEMENT1 60V;:CURR:RANG:ELEM1 5A")
    assert items(bench, "URMS,1", "IRMS,1", "P,1") == [math.inf, math.inf, math.inf]
    assert bench.query("INP:POV?") == "3"
    bench.write("VOLT:AUTO:ELEM1 ON;:CURR:AUTO ON")
    assert items(bench, "URMS,1", "IRMS,1", "P,1") == [100.0, 8.0, 800.0]
    assert bench.query("VOLT:RANG:ELEM1?;:CURR:RANG:ELEM1?") == "100.00E+00;10.000E+00"


def test_three_phases_in_one_wiring_unit() -> None:
    bench = analyser()
    bench.write("INPUT:WIRING P3W4,P1W2")
    for element, shift in ((1, 0.0), (2, 120.0), (3, 240.0)):
        load_ac(bench, element, 230.0, 10.0, 30.0, shift)
    bench.run(1.2)
    u, i, p, s, factor = items(bench, "URMS,SIGMA", "IRMS,SIGMA", "P,SIGMA", "S,SIGMA", "LAMBDA,SIGMA")
    assert (u, i, s) == pytest.approx((230.0, 10.0, 6900.0), rel=2e-4)
    assert (p, factor) == pytest.approx((6900.0 * math.cos(math.pi / 6), math.cos(math.pi / 6)), rel=2e-4)
    assert bench.query("INP:WIR?") == "P3W4,P1W2,P1W2,P1W2"
    assert math.isnan(items(bench, "P,SIGMB")[0])


def test_two_wattmeters() -> None:
    """Line voltages of 400 V lead by 30 degrees and lag by 30: the sum is the power of the three phases."""
    bench = analyser()
    bench.write("INPUT:WIRING P3W3")
    load_ac(bench, 1, 400.0, 10.0, 30.0)
    load_ac(bench, 2, 400.0, 10.0, -30.0)
    bench.run(1.2)
    assert items(bench, "P,SIGMA", "S,SIGMA") == pytest.approx([math.sqrt(3) * 4000.0] * 2, rel=2e-4)


def test_integration_is_exact_and_stops_at_the_timer() -> None:
    bench = analyser({"power_error": 1e-3})
    load(bench, 1, 100.0, 36.0)
    bench.write(":INTEG:MODE NORMAL;TIMER 0,1,0;:INTEG:START")
    assert bench.query(":INTEG:STATE?;TIMER?") == "START;0,1,0"
    bench.run(30.0)
    load(bench, 1, 100.0, 18.0)
    assert bench.query("*OPC?") == "1"
    assert bench.now == pytest.approx(60.0)
    assert bench.query(":INTEG:STAT?") == "TIMEUP"
    bench.run(100.0)
    assert items(bench, "WP,1", "AH,1", "TIME,1") == pytest.approx([45.0 * 1.001, 0.45, 60.0], rel=1e-4)
    bench.write(":INTEG:RESET")
    assert math.isnan(items(bench, "WP,1")[0])


def test_integration_goes_on_after_a_stop() -> None:
    bench = analyser()
    load(bench, 1, 100.0, 36.0)
    bench.write("INTEG:STAR")
    bench.run(10.0)
    bench.write("INTEG:STOP")
    bench.run(50.0)
    bench.write("INTEG:STAR")
    bench.run(20.0)
    assert items(bench, "WH,1", "ITIME,1") == pytest.approx([30.0, 30.0], rel=1e-4)


def test_floats_come_as_a_block() -> None:
    bench = analyser()
    load(bench, 1, 100.0, 2.0)
    bench.run(1.2)
    bench.write(":NUM:FORM FLOAT;:NUM:NUMBER 3;:NUM:ITEM1 P,1;ITEM2 NONE;ITEM3 UDC,1;:NUM:VAL?")
    while not bench.link.unread:
        bench.environment.step()
    data, _ = bench.link.read(1000)
    assert data[:6] == b"#40012"
    power, nothing, volts = struct.unpack(">3f", data[6:18])
    assert (power, volts) == (200.0, 100.0) and nothing == pytest.approx(9.91e37)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("VOLT:RANG:ELEM1 77V", -222),
        ("VOLT:RANG:ELEM7 60V", -114),
        ("CURR:RANG:ELEM1 EXT", -241),
        ("NUM:ITEM1 NOPE,1", -224),
        ("NUM:NUM 300", -222),
        ("RATE 0.3", -224),
        ("INP:WIR P3W4,P3W4,P1W2", -221),
        ("INTEG:STOP", -221),
        ("INTEG:STAR;:VOLT:RANG:ELEM1 60V", -221),
        ("COMM:HEAD ON", -224),
    ],
)
def test_mistakes_are_refused_by_number(message: str, code: int) -> None:
    bench = analyser()
    bench.write(message)
    assert bench.errors() == [code]


def test_an_element_that_is_not_fitted_is_missing() -> None:
    bench = analyser({"elements": 2})
    bench.write("VOLT:RANG:ELEM3 60V;:NUM:ITEM1 P,3")
    assert bench.errors() == [-241, -241]
