"""The GS200: levels within ranges and limits, programs as ramps, the monitor, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from instruments.source_gs200 import twin

from .model_bench import ModelBench


def source(parameters: dict[str, Any] | None = None, **load: Any) -> ModelBench:
    return ModelBench(twin, parameters, {"output": load})


def volts(bench: ModelBench) -> float:
    return float(bench.ports["output"].voltage.value(bench.now))


def test_identity_and_reset_state() -> None:
    bench = source()
    assert bench.query("*IDN?") == "YOKOGAWA,GS210,TWIN0001,1.05"
    assert bench.query("*OPT?") == "/MON"
    assert bench.query(":SOUR:FUNC?;:SOUR:RANG?;:SOUR:LEV?;:OUTP?") == "VOLT;+1.00000E+01;+0.00000E+00;0"
    assert bench.error() == '0,"No error"'


def test_hidden_errors_act_on_the_output_only_while_it_is_on() -> None:
    bench = source({"voltage_error": 1e-4, "offset_of_range": 1e-5}, emf_v=0.3)
    bench.write("SOUR:RANG 10;LEV 5")
    bench.run(1.0)
    assert volts(bench) == 0.3
    bench.write("OUTP ON")
    bench.run(1.0)
    assert volts(bench) == pytest.approx(5.0 * 1.0001 + 1e-4, rel=1e-12)
    bench.write("OUTP OFF")
    assert volts(bench) == 0.3


def test_the_level_is_rounded_to_the_resolution_of_the_range() -> None:
    bench = source()
    bench.write("SOUR:LEV 1.23456")
    assert bench.number("SOUR:LEV?") == pytest.approx(1.2346)
    bench.write("SOUR:LEV:AUTO 0.0123456")
    assert bench.query("SOUR:RANG?") == "+1.00000E-01"
    assert bench.number("SOUR:LEV?") == pytest.approx(0.012346)


def test_the_limit_of_the_voltage_source_is_a_current() -> None:
    bench = source(resistance_ohm=100.0)
    bench.write("SOUR:PROT:CURR 0.05;:SOUR:LEV 10;:OUTP ON")
    bench.run(1.0)
    assert volts(bench) == pytest.approx(5.0)
    bench.write("SOUR:PROT:CURR 0.2")
    bench.run(1.0)
    assert volts(bench) == pytest.approx(10.0)


def test_the_limit_of_the_current_source_is_a_voltage() -> None:
    bench = source(resistance_ohm=1000.0)
    bench.write("SOUR:FUNC CURR;RANG 0.1;LEV 0.05;:SOUR:PROT:VOLT 20;:OUTP ON")
    bench.run(1.0)
    assert volts(bench) == pytest.approx(20.0)


def test_a_program_is_a_ramp() -> None:
    bench = source({"voltage_error": 1e-3}, resistance_ohm=1e6)
    bench.write("OUTP ON;:SOUR:LEV 2")
    bench.run(1.0)
    bench.write(
        ":program:edit:start;:source:level 8;:program:edit:end;:program:interval 3;:program:slope 3;"
        ":program:repeat 0;:program:run"
    )
    assert bench.query("SOUR:FUNC?;:PROG:COUN?") == "VOLT;1"
    bench.run(1.5)
    assert volts(bench) == pytest.approx(5.0 * 1.001, rel=1e-9)
    bench.write("*OPC?")
    assert bench.read() == "1"
    assert volts(bench) == pytest.approx(8.0 * 1.001, rel=1e-9)
    assert bench.number("SOUR:LEV?") == 8.0


def test_a_ramp_stops_at_the_limit() -> None:
    bench = source(resistance_ohm=100.0)
    bench.write("SOUR:PROT:CURR 0.05;:OUTP ON;:PROG:EDIT:STAR;:SOUR:LEV 10;:PROG:EDIT:END;:PROG:INT 10;SLOP 10;RUN")
    bench.run(4.0)
    assert volts(bench) == pytest.approx(4.0)
    bench.run(4.0)
    assert volts(bench) == pytest.approx(5.0)


def test_a_program_holds_goes_on_and_repeats() -> None:
    bench = source(resistance_ohm=1e6)
    bench.write("OUTP ON;:PROG:EDIT:STAR;:SOUR:LEV 1;LEV 2;:PROG:EDIT:END;:PROG:INT 1;SLOP 0;REP ON;RUN")
    seen = []
    for _ in range(4):
        bench.run(0.5)
        seen.append(volts(bench))
        bench.run(0.5)
    assert seen == pytest.approx([1.0, 2.0, 1.0, 2.0])
    bench.write("PROG:HOLD")
    bench.run(5.0)
    assert volts(bench) in (pytest.approx(1.0), pytest.approx(2.0))
    bench.write("PROG:SAVE 'two';EDIT:STAR;END;:PROG:LOAD 'two'")
    assert bench.query("PROG:COUN?;LOAD?") == '2;"two"'


def test_the_end_of_a_program_is_an_event_and_a_limit_a_condition() -> None:
    bench = source(resistance_ohm=100.0)
    bench.write("SOUR:PROT:CURR 0.05;:STAT:ENAB 128;*SRE 2;:OUTP ON;:PROG:EDIT:STAR;:SOUR:LEV 10;:PROG:EDIT:END")
    bench.write("*CLS;:PROG:INT 1;RUN")
    assert int(bench.query("STAT:COND?")) & (1 << 8) == 0
    assert int(bench.query("*STB?")) & 2 == 0
    bench.run(1.1)
    assert int(bench.query("*STB?")) & 66 == 66
    assert int(bench.query("STAT:COND?")) == (1 << 8) + (1 << 11)
    assert int(bench.query("STAT:EVEN?")) & 192 == 192
    assert int(bench.query("STAT:EVEN?")) == 0


def test_the_monitor_measures_the_other_quantity_over_its_window() -> None:
    bench = source({"monitor_gain_error": 1e-3}, resistance_ohm=1000.0)
    bench.write("SOUR:LEV 5;:OUTP ON;:SENS ON;:SENS:NPLC 5;DEL 200")
    begin = bench.now
    assert bench.number("MEAS?") == pytest.approx(5e-3 * 1.001, rel=1e-5)
    assert bench.now - begin == pytest.approx(0.3)
    bench.write("INIT;*WAI")
    assert bench.number("FETC?") == pytest.approx(5e-3 * 1.001, rel=1e-5)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("SOUR:LEV 13", -222),
        ("SOUR:RANG 40", -222),
        ("SOUR:PROT:VOLT 31", -222),
        ("OUTP ON;:SOUR:FUNC CURR", -221),
        ("PROG:RUN", -221),
        ("MEAS?", -221),
        ("FETC?", -230),
        ("PROG:LOAD 'none'", -224),
        ("SOUR:LEV ABC", -141),
    ],
)
def test_mistakes_are_refused_by_number(message: str, code: int) -> None:
    bench = source()
    bench.write(message)
    assert bench.errors() == [code]


def test_without_the_option_there_is_no_monitor() -> None:
    bench = source({"monitor": False})
    bench.write("SENS ON")
    assert bench.errors() == [-241]
    assert bench.query("*OPT?") == "NONE"
