"""The Keithley 2400: source and measure on a load, compliance, data elements, sweeps, buffer, refusals."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from simpy.core import EmptySchedule

from instruments.smu_keithley2400 import twin

from .model_bench import ModelBench


def smu(parameters: dict[str, Any] | None = None, **load: Any) -> ModelBench:
    return ModelBench(twin, parameters, {"output": load})


def fields(bench: ModelBench, message: str) -> list[float]:
    return [float(text) for text in bench.query(message).split(",")]


def test_identity_reset_state_and_forms() -> None:
    bench = smu()
    assert bench.query("*IDN?").startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400,TWIN-0001,C30")
    assert bench.query("SOUR:FUNC?;:SENS:FUNC?;:OUTP?;:SENS:CURR:PROT?") == 'VOLT;"CURR:DC";0;+1.050000E-04'
    assert bench.query("SOUR1:VOLT:RANG?;:FORM:ELEM?") == "+2.100000E+01;VOLT,CURR,RES,TIME,STAT"
    assert bench.error() == '0,"No error"'


def test_a_voltage_into_a_resistance() -> None:
    bench = smu({"source_voltage_error": 1e-3, "current_gain_error": 2e-3}, resistance_ohm=1000.0)
    bench.write("SOUR:VOLT 2;:SENS:CURR:PROT 0.1;:OUTP ON")
    volts, amps, ohms, _, status = fields(bench, "READ?")
    assert volts == 2.0  # what is programmed: voltage is not measured
    assert amps == pytest.approx(2e-3 * 1.001 * 1.002, rel=1e-6)
    assert ohms == 9.91e37
    assert int(status) == 4 + 4096 + 16384
    bench.write('SENS:FUNC "VOLT"')
    assert fields(bench, "READ?")[0] == pytest.approx(2.002, rel=1e-6)


def test_five_elements_as_in_the_example_of_the_manual() -> None:
    """10 kohm, source I, measure V, ohms: the status word has bits 2, 10, 11, 12, 13 and 15."""
    bench = smu(resistance_ohm=10e3)
    bench.write("SENS:FUNC 'RES';:OUTP ON")
    volts, amps, ohms, time, status = fields(bench, "READ?")
    assert (volts, amps, ohms) == pytest.approx((1.0, 1e-4, 1e4), rel=1e-6)
    assert int(status) == 48132
    assert time == pytest.approx(bench.now, abs=1e-6)


def test_compliance_limits_the_source_and_shows_everywhere() -> None:
    bench = smu(resistance_ohm=100.0)
    bench.write("SOUR:VOLT 10;:SENS:CURR:PROT 0.01;:SENS:FUNC 'VOLT';:OUTP ON")
    volts, amps, *_, status = fields(bench, "READ?")
    assert (volts, amps) == pytest.approx((1.0, 0.01), rel=1e-6)
    assert int(status) & 8
    assert bench.query("SENS:CURR:PROT:TRIP?;:SENS:VOLT:PROT:TRIP?") == "1;0"
    assert int(bench.query("STAT:MEAS:COND?")) & (1 << 14)
    bench.write("SENS:CURR:PROT 0.5")
    assert fields(bench, "READ?")[:2] == pytest.approx([10.0, 0.1], rel=1e-6)
    assert bench.query("SENS:CURR:PROT:TRIP?") == "0"


def test_a_fixed_measuring_range_limits_the_source_too() -> None:
    bench = smu(resistance_ohm=100.0)
    bench.write("SOUR:VOLT 10;:SENS:CURR:PROT 1;RANG 0.01;:OUTP ON")
    status = int(fields(bench, "READ?")[4])
    assert status & 8 and status & (1 << 16)


def test_a_current_source_with_a_voltage_limit() -> None:
    bench = smu(resistance_ohm=1e4)
    bench.write("SOUR:FUNC CURR;CURR 1e-3;:SENS:FUNC 'VOLT';:SENS:VOLT:PROT 20;:OUTP ON")
    assert fields(bench, "READ?")[:2] == pytest.approx([10.0, 1e-3], rel=1e-6)
    bench.write("SOUR:CURR 5e-3")
    assert fields(bench, "READ?")[0] == pytest.approx(20.0, rel=1e-6)
    assert bench.query("SENS:VOLT:PROT:TRIP?") == "1"


def test_the_output_must_be_on_to_measure_but_measure_turns_it_on() -> None:
    bench = smu()
    bench.write("READ?")
    with pytest.raises(EmptySchedule):
        bench.read()
    assert bench.error() == '803,"Not permitted with OUTPUT off"'
    assert len(bench.query("MEAS:VOLT?").split(",")) == 5
    assert bench.query("OUTP?") == "1"
    bench.write("OUTP OFF;:SOUR:CLE:AUTO ON")
    assert len(bench.query("READ?").split(",")) == 5
    assert bench.query("OUTP?") == "0"


def test_the_terminals_when_the_output_is_off() -> None:
    bench = smu(emf_v=1.5, resistance_ohm=10.0)
    port = bench.ports["output"]
    bench.run(1.0)
    assert port.voltage.value(bench.now) == pytest.approx(0.0, abs=1e-9)  # NORMal: 0 V is sourced
    bench.write("OUTP:SMOD HIMP")
    bench.run(1.0)
    assert port.voltage.value(bench.now) == 1.5 and port.current.value(bench.now) == 0.0


def test_overvoltage_protection() -> None:
    bench = smu(resistance_ohm=1e6)
    bench.write("SOUR:VOLT:PROT 35;:SOUR:VOLT 100;:SENS:FUNC 'VOLT';:OUTP ON")
    assert bench.number("SOUR:VOLT:PROT?") == 40.0
    volts, *_, status = fields(bench, "READ?")
    assert volts == pytest.approx(40.0) and int(status) & 16


def test_a_linear_sweep_and_a_list() -> None:
    bench = smu(resistance_ohm=1000.0)
    bench.write("SENS:CURR:PROT 0.1;:SOUR:VOLT:MODE SWE;STAR 0;STOP 2;STEP 0.5;:TRIG:COUN 5;:FORM:ELEM CURR;:OUTP ON")
    assert fields(bench, "READ?") == pytest.approx([0.0, 0.5e-3, 1e-3, 1.5e-3, 2e-3], abs=1e-9)
    bench.write("SOUR:VOLT:MODE LIST;:SOUR:LIST:VOLT 3,-1;:TRIG:COUN 4")
    assert fields(bench, "READ?") == pytest.approx([3e-3, -1e-3, 3e-3, -1e-3], abs=1e-9)
    assert bench.query("SOUR:LIST:VOLT:POIN?") == "2"


def test_buffer_and_its_statistics() -> None:
    bench = smu({"noise_of_range": 1e-4}, resistance_ohm=1000.0)
    bench.write("SENS:FUNC 'VOLT';:SENS:CURR:PROT 0.1;:SOUR:VOLT 1;:OUTP ON")
    bench.write(":STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;")
    bench.write(":TRAC:CLEAR;:TRAC:POIN 20;:TRIG:COUN 20;:TRAC:FEED SENSE;FEED:CONT NEXT;")
    bench.write("INIT")
    while int(bench.query("*STB?")) & 65 != 65:
        bench.run(0.1)
    records = fields(bench, "TRAC:DATA?")
    assert len(records) == 100
    means = fields(bench, ":CALCULATE3:FORMAT MEAN;:CALCULATE3:DATA?;")
    assert means[0] == pytest.approx(sum(records[0::5]) / 20, rel=1e-6)
    assert means[2] == 9.91e37
    bench.write("CALC3:FORM SDEV")
    assert 0.0 < fields(bench, "CALC3:DATA?")[0] < 1e-3


def test_timed_arms_and_bus_arms() -> None:
    bench = smu()
    bench.write("OUTP ON;:ARM:SOUR TIM;TIM 0.5;COUN 4;:FORM:ELEM TIME")
    times = fields(bench, "READ?")
    assert [b - a for a, b in itertools.pairwise(times)] == pytest.approx([0.5] * 3, abs=1e-5)
    bench.write("ARM:SOUR BUS;COUN 1;:INIT")
    bench.run(2.0)
    assert bench.query("STAT:OPER:COND?") == str(1 << 6)
    bench.write("*TRG;*OPC?")
    assert bench.read() == "1"


def test_speed_follows_integration_time_and_autozero() -> None:
    bench = smu()
    bench.write("OUTP ON;:SENS:VOLT:NPLC 10;:SYST:AZER OFF;:SOUR:DEL 0")
    assert bench.number("SENS:CURR:NPLC?") == 10.0  # one integration time for all
    begin = bench.now
    bench.query("READ?")
    assert bench.now - begin == pytest.approx(0.2, abs=1e-3)
    bench.write("SYST:AZER ON")
    begin = bench.now
    bench.query("READ?")
    assert bench.now - begin == pytest.approx(0.6, abs=1e-3)


def test_what_pymeasure_and_others_send() -> None:
    bench = smu()
    bench.write(":FORMAT:ELEMENTS VOLTAGE, CURRENT, RESISTANCE, TIME, STATUS")
    bench.write("status:queue:clear;*RST;:stat:pres;:*CLS;")
    bench.write(":SENS:FUNC 'VOLT';:SENS:VOLT:NPLC 1.000000;")
    bench.write(":SYST:BEEP 440, 1")
    bench.write(":SYSTEM:AZERO:STATE ONCE")
    assert bench.query(":SOURCE:DELAY:AUTO?;:TRIG:SEQ:DEL?;:ROUT:TERM?") == "1;+0.000000E+00;FRON"
    assert bench.errors() == []


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("SOUR:VOLT 220", -222),
        ("SOUR:CURR 1.1", -222),
        ("SOUR:VOLT:RANG 2;:SOUR:VOLT 5", -222),
        ("SENS:CURR:PROT 2", -222),
        ("SENS:CURR:PROT 0", -222),
        ("SENS:VOLT:NPLC 11", -222),
        ("TRIG:COUN 2501", -222),
        ("ARM:COUN 100;:TRIG:COUN 100", -221),
        ("TRAC:POIN 2501", -222),
        ("SENS:FUNC 'FREQ'", -224),
        ("INIT", 803),
        ("OUTP ON;:ARM:SOUR BUS;:READ?", -214),
        ("NOPE", -113),
        ("SENS:FUNC 'RES';:SOUR:FUNC CURR", 825),
    ],
)
def test_mistakes_are_refused_by_number(message: str, code: int) -> None:
    bench = smu()
    bench.write(message)
    assert bench.errors() == [code]
