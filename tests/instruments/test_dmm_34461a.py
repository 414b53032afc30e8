"""The 34461A and its kin: identity, per-function settings, timer, memory, statistics, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from instruments.dmm_34461a import SPEEDS, twin

from .model_bench import ModelBench


def meter(parameters: dict[str, Any] | None = None, **load: Any) -> ModelBench:
    return ModelBench(twin, parameters, {"input": load})


@pytest.mark.parametrize("model", sorted(SPEEDS))
def test_every_model_identifies_itself_and_knows_its_integration_times(model: str) -> None:
    bench = meter({"model": model}, emf_v=1.0)
    assert bench.query("*IDN?").split(",")[1:3] == [model, "TWIN-0001"]
    speeds = SPEEDS[model]
    assert len(speeds.plc) == len(speeds.resolution)
    bench.write("VOLT:RANG 10")
    for plc, share in zip(speeds.plc, speeds.resolution, strict=True):
        bench.write(f"VOLT:NPLC {plc}")
        assert bench.number("VOLT:RES?") == pytest.approx(10.0 * share)
    assert bench.query("SYST:ERR?") == '+0,"No error"'


def test_a_reading_takes_its_integration_time_twice_with_autozero() -> None:
    bench = meter(emf_v=1.25)
    begin = bench.now
    assert bench.query("READ?") == "+1.25000000E+00"
    assert bench.now - begin == pytest.approx(0.4, abs=2e-3)
    bench.write("SENS:VOLT:DC:ZERO:AUTO OFF")
    begin = bench.now
    bench.query("READ?")
    assert bench.now - begin == pytest.approx(0.2, abs=2e-3)


def test_the_sample_timer_paces_readings() -> None:
    bench = meter({"model": "34465A"}, emf_v=1.0)
    bench.write("VOLT:NPLC 1;ZERO:AUTO OFF;:SAMP:COUN 5;SOUR TIM;TIM 0.5;:TRIG:SOUR BUS;:INIT")
    begin = bench.now
    bench.write("*TRG")
    assert len(bench.query("FETC?").split(",")) == 5
    assert bench.now - begin == pytest.approx(4 * 0.5 + 0.02, abs=2e-3)
    assert bench.number("SAMP:TIM? MIN") == pytest.approx(0.02, abs=1e-3)


def test_aperture_mode_sets_the_integration_time() -> None:
    bench = meter({"model": "34465A"}, emf_v=1.0)
    bench.write("VOLT:ZERO:AUTO OFF;:VOLT:APER 0.1")
    assert bench.query("VOLT:APER:ENAB?") == "1"
    begin = bench.now
    bench.query("READ?")
    assert bench.now - begin == pytest.approx(0.1, abs=1e-3)
    bench.write("VOLT:NPLC 1")
    assert bench.query("VOLT:APER:ENAB?") == "0"


def test_null_belongs_to_a_function() -> None:
    bench = meter(emf_v=2.0)
    bench.write("VOLT:NULL:VAL 0.5;STAT ON")
    assert bench.number("READ?") == pytest.approx(1.5)
    bench.write("FUNC 'VOLT:AC'")
    assert bench.query("VOLT:AC:NULL?") == "0"


def test_memory_is_read_and_emptied() -> None:
    bench = meter(emf_v=1.0)
    bench.write("SAMP:COUN 4;:INIT;*OPC?")
    bench.read()
    assert bench.query("DATA:LAST?") == "+1.00000000E+00 VDC"
    assert len(bench.query("DATA:REM? 3").split(",")) == 3
    assert bench.query("DATA:POIN?") == "+1"
    assert bench.query("R?") == "#215+1.00000000E+00"
    bench.write("DATA:REM? 1")
    assert bench.errors() == [-222]


def test_statistics_and_limits() -> None:
    bench = meter({"noise_of_range": 1e-4}, emf_v=1.0)
    bench.write("VOLT:RANG 10;NPLC 1;:CALC:AVER ON;:CALC:LIM ON;LIM:UPP 0.5;:SAMP:COUN 50")
    readings = [float(text) for text in bench.query("READ?").split(",")]
    assert bench.number("CALC:AVER:AVER?") == pytest.approx(sum(readings) / 50, abs=1e-7)
    assert bench.number("CALC:AVER:COUN?") == 50
    assert 5e-4 < bench.number("CALC:AVER:SDEV?") < 2e-3
    assert int(bench.query("STAT:QUES:COND?")) & 4096


def test_measure_takes_auto_as_range() -> None:
    bench = meter(resistance_ohm=4700.0)
    assert bench.number("MEAS:RES? AUTO") == pytest.approx(4700.0, rel=1e-5)
    assert bench.query("SENS:RES:RANG:AUTO?;:CONF?").startswith('1;"RES +1.000000E+04')
    bench.write("VOLT:RANG:AUTO ONCE")
    assert bench.query("VOLT:RANG:AUTO?;:VOLT:RANG?") == "0;+1.00000000E-01"


def test_abort_ends_a_cycle() -> None:
    bench = meter(emf_v=1.0)
    bench.write("TRIG:COUN INF;:INIT")
    bench.run(10.0)
    bench.write("ABOR;*OPC?")
    assert bench.read() == "1"
    assert int(bench.query("DATA:POIN?")) > 20


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("SAMP:COUN 20000;:INIT", -225),
        ("VOLT:RANG 1200", -222),
        ("VOLT:RES 1e-5", -221),
        ("SAMP:TIM 1e-6", -222),
        ("TRIG:SLOP UP", -224),
        ("FUNC 'CAP'", -224),
        ("FETC?", -230),
    ],
)
def test_mistakes_are_refused_by_number(message: str, code: int) -> None:
    bench = meter()
    bench.write(message)
    assert bench.errors() == [code]
