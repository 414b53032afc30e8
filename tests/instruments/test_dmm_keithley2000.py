"""The Keithley 2000: buffer and status polling, trigger model, filters, limits, formats, refusals."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from simpy.core import EmptySchedule

from instruments.dmm_keithley2000 import twin
from instruments.ports_circuit import settling

from .model_bench import ModelBench


def meter(parameters: dict[str, Any] | None = None, **load: Any) -> ModelBench:
    return ModelBench(twin, parameters, {"input": load})


def test_replies_have_the_form_of_the_model() -> None:
    bench = meter(emf_v=5.0)
    assert bench.query("*IDN?") == "KEITHLEY INSTRUMENTS INC.,MODEL 2000,TWIN-0001,A20 /A02"
    assert bench.query(":CONF?;:SENS:FUNC?") == '"VOLT:DC";"VOLT:DC"'
    assert bench.query("*RST;:READ?") == "+5.00000000E+00"
    assert bench.query("SENS1:VOLT:DC:NPLC?;:TRIG:COUN?;:SAMP:COUN?") == "1;1;1"
    assert bench.error() == '0,"No error"'


def test_the_reset_that_drivers_send_is_taken_whole() -> None:
    bench = meter()
    bench.write("SENS:FUNC 'RES';:NOPE")
    bench.write(":STAT:QUEUE:CLEAR;*RST;:STAT:PRES;:*CLS;")
    assert bench.query("FUNC?") == '"VOLT:DC"'
    assert bench.errors() == []


def test_power_on_measures_continuously_and_reset_is_idle() -> None:
    bench = meter(emf_v=1.0)
    assert bench.query("INIT:CONT?;:STAT:OPER:COND?") == "1;16"
    bench.write("INIT")
    assert bench.errors() == [-213]
    begin = bench.now
    assert bench.number("DATA:FRESH?") == 1.0
    assert bench.now - begin >= 0.02
    bench.write("*RST")
    assert bench.query("INIT:CONT?;:STAT:OPER:COND?") == "0;1024"
    bench.write("DATA?")
    with pytest.raises(EmptySchedule):
        bench.read()
    assert bench.errors() == [-230]


def fill(bench: ModelBench, points: int) -> None:
    bench.write(":STAT:PRES;*CLS;*SRE 1;:STAT:MEAS:ENAB 512;")
    bench.write(f":TRAC:CLEAR;:TRAC:POIN {points};:TRIG:COUN {points};DEL 0;:TRAC:FEED SENSE;FEED:CONT NEXT;")


def test_a_buffer_of_50_readings_takes_a_second_and_asks_for_service_when_full() -> None:
    bench = meter(emf_v=1.0)
    requests: list[float] = []
    bench.engine.on_service_request(lambda: requests.append(bench.now))
    bench.write("*RST")
    fill(bench, 50)
    begin = bench.now
    bench.write("INIT")
    bench.run(0.5)
    assert int(bench.query("*STB?")) & 65 == 0
    bench.run(2.0)
    assert requests == [pytest.approx(begin + 1.03, abs=0.02)]
    assert int(bench.query("*STB?")) & 65 == 65
    assert len(bench.query("TRAC:DATA?").split(",")) == 50
    assert int(bench.query("STAT:MEAS?")) & 0b1110100000 == 0b1110100000
    assert int(bench.query("*STB?")) & 65 == 0  # reading the event register cleared it
    assert bench.query("TRAC:FEED:CONT?") == "NEV"


def test_continuous_measurement_fills_the_buffer_too() -> None:
    bench = meter(emf_v=1.0)
    bench.write("TRAC:POIN 20;FEED:CONT NEXT")
    bench.run(1.0)
    assert len(bench.query("TRAC:DATA?").split(",")) == 20


def test_readings_follow_the_input() -> None:
    """Ten readings of an exponential are ten means over 20 ms."""
    bench = meter({"noise_of_range": 0.0})
    bench.write("*RST;:VOLT:RANG 10;:SYST:AZER:STAT OFF;:SAMP:COUN 10")
    begin = bench.now
    bench.ports["input"].drive_voltage(begin, settling(begin, 0.0, 8.0, 0.05))
    readings = [float(text) for text in bench.query("READ?").split(",")]
    for index, reading in enumerate(readings):
        stop = (index + 1) * (0.02 + 2e-4)
        mean = 8.0 - 8.0 * 0.05 / 0.02 * (math.exp(-(stop - 0.02) / 0.05) - math.exp(-stop / 0.05))
        assert reading == pytest.approx(mean, abs=2e-6)


def test_the_repeating_filter_takes_longer_and_quiets() -> None:
    bench = meter({"noise_of_range": 1e-4}, emf_v=1.0)
    bench.write("*RST;:VOLT:RANG 10;AVER:TCON REP;COUN 100;STAT ON")
    begin = bench.now
    readings = [bench.number("READ?") for _ in range(20)]
    assert bench.now - begin == pytest.approx(20 * 2.0, rel=0.15)
    assert max(readings) - min(readings) < 6e-4  # one reading has 1e-3


def test_reference_math_and_limits() -> None:
    bench = meter(emf_v=2.0)
    bench.write("*RST;:VOLT:REF 0.5;REF:STAT ON")
    assert bench.number("READ?") == 1.5
    bench.write("VOLT:REF:ACQ")
    assert bench.number("VOLT:REF?") == 2.0
    assert bench.number("READ?") == 0.0
    bench.write("VOLT:REF:STAT OFF;:CALC:FORM MXB;KMAT:MMF 3;MBF 1;:CALC:STAT ON")
    assert bench.number("READ?") == 7.0
    bench.write("CALC:STAT OFF;:CALC3:LIM:UPP 1.5;STAT ON")
    bench.query("READ?")
    assert bench.query("CALC3:LIM:FAIL?;:STAT:MEAS:COND?").split(";")[0] == "1"


def test_statistics_of_the_buffer() -> None:
    bench = meter({"noise_of_range": 1e-4}, emf_v=2.0)
    bench.write("*RST")
    fill(bench, 30)
    bench.write("INIT;*OPC?")
    bench.read()
    data = [float(text) for text in bench.query("TRAC:DATA?").split(",")]
    bench.write("CALC2:FORM MEAN;STAT ON")
    assert bench.number("CALC2:IMM?") == pytest.approx(sum(data) / 30, abs=1e-8)
    bench.write("CALC2:FORM MAX")
    assert bench.number("CALC2:DATA?") == max(data)


def test_binary_readings() -> None:
    bench = meter(emf_v=2.5)
    bench.write("*RST;:FORM:BORD SWAP;:FORM:DATA REAL,64;:SAMP:COUN 3;:READ?")
    while not bench.link.unread:
        bench.environment.step()
    data, _ = bench.link.read(100)
    assert data[:2] == b"#0" and data[-1:] == b"\n"
    assert struct.unpack("<3d", data[2:-1]) == (2.5, 2.5, 2.5)
    assert bench.query("FORM?") == "REAL,64"


def test_triggers_by_bus_and_timer() -> None:
    bench = meter(emf_v=1.0)
    bench.write("*RST;:TRIG:SOUR BUS;COUN 2;:INIT")
    bench.write("*TRG")
    bench.run(1.0)
    bench.write("*TRG;*OPC?")
    assert bench.read() == "1"
    bench.write("*TRG")
    assert bench.errors() == [-211]
    bench.write("TRIG:SOUR TIM;TIM 0.5;COUN 4")
    begin = bench.now
    bench.write("INIT;*OPC?")
    bench.read()
    assert bench.now - begin == pytest.approx(1.5 + 0.02, abs=0.03)


def test_overload_and_elements() -> None:
    bench = meter(emf_v=5.0)
    bench.write("*RST;:VOLT:RANG 1")
    assert bench.query("READ?") == "+9.90000000E+37"
    assert int(bench.query("STAT:MEAS:COND?")) & 1
    bench.write("VOLT:RANG 10;:FORM:ELEM READ,UNIT")
    assert bench.query("READ?") == "+5.00000000E+00VDC"
    assert bench.query("FORM:ELEM?") == "READ,UNIT"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("VOLT:NPLC 11", -222),
        ("TRIG:COUN 10000", -222),
        ("TRAC:POIN 1", -222),
        ("TRAC:POIN 1025", -222),
        ("VOLT:RANG 2000", -222),
        ("FUNC 'CAP'", -224),
        ("TRIG:SIGN", -211),
        ("SENS2:VOLT:NPLC 1", -113),
        ("INIT:CONT ON;:INIT", -213),
    ],
)
def test_mistakes_are_refused_by_number(message: str, code: int) -> None:
    bench = meter()
    bench.write("*RST")
    bench.write(message)
    assert bench.errors() == [code]
