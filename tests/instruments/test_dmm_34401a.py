"""The 34401A: replies as its manual has them, readings that are means over the integration time, and refusals."""

from __future__ import annotations

import math
from typing import Any

import pytest
from simpy.core import EmptySchedule

from instruments import terms
from instruments.dmm_34401a import twin
from instruments.ports_circuit import settling

from .model_bench import ModelBench


def meter(parameters: dict[str, Any] | None = None, **load: Any) -> ModelBench:
    return ModelBench(twin, parameters, {"input": load})


def test_replies_have_the_form_of_the_model() -> None:
    bench = meter(emf_v=5.0)
    assert bench.query("*IDN?").split(",")[1:3] == ["34401A", "TWIN-0001"]
    assert bench.query("FUNC?;:CONF?") == '"VOLT";"VOLT +1.000000E+01,+1.000000E-05"'
    assert bench.query("VOLT:DC:RANG?;:SENS:VOLT:NPLC?;:SAMP:COUN?") == "+1.00000000E+01;+1.00000000E+01;+1"
    assert bench.query("READ?") == "+5.00000000E+00"
    assert bench.error() == '+0,"No error"'
    bench.write("NOPE")
    assert bench.error() == '-113,"Undefined header"'


@pytest.mark.parametrize(
    ("message", "key"),
    [
        ('FUNC "VOLT:AC"', '"VOLT:AC"'),
        ("FUNC 'voltage:dc'", '"VOLT"'),
        ('SENS:FUNC "CURRent:DC"', '"CURR"'),
        ('FUNC:ON "DIODe"', '"DIOD"'),
        ("CONF:FRES 1e3", '"FRES"'),
        ("CONF:VOLT:RAT", '"VOLT:RAT"'),
    ],
)
def test_functions_are_chosen_by_any_of_their_names(message: str, key: str) -> None:
    bench = meter()
    bench.write(message)
    assert bench.query("FUNC?") == key
    assert bench.errors() == []


def test_a_reading_is_the_mean_over_the_integration_time_and_takes_it() -> None:
    """While the voltage settles, the reading is the mean of the exponential over the last 10 cycles of the mains."""
    bench = meter()
    bench.write("ZERO:AUTO OFF;:VOLT:RANG 10;:TRIG:DEL 0")
    bench.ports["input"].drive_voltage(bench.now, settling(bench.now, 0.0, 8.0, 0.1))
    begin = bench.now
    reading = bench.number("READ?")
    assert bench.now - begin == pytest.approx(10 / 50 + 0.001)
    start = bench.now - 0.2 - begin
    mean = 8.0 - 8.0 * 0.1 / 0.2 * (math.exp(-start / 0.1) - math.exp(-(start + 0.2) / 0.1))
    assert reading == pytest.approx(mean, abs=1.1e-6)


def test_hidden_errors_act_on_the_reading() -> None:
    bench = meter(
        {"voltage_gain_error": 2e-4, "offset_of_range": 1e-5, "temperature_coefficient_per_k": 1e-5}, emf_v=8.0
    )
    assert bench.number("READ?") == pytest.approx(8.0 * (1 + 2e-4) + 1e-4, abs=1e-6)
    warm = ModelBench(
        twin, {"temperature_coefficient_per_k": 1e-5}, {"input": {"emf_v": 8.0}, "ambient": {"temperature_degc": 33.0}}
    )
    assert warm.number("READ?") == pytest.approx(8.0 * (1 + 1e-4), abs=1e-6)


def test_noise_falls_with_the_root_of_the_integration_time() -> None:
    def spread(plc: str) -> float:
        bench = meter({"noise_of_range": 1e-4}, emf_v=1.0)
        bench.write(f"VOLT:RANG 10;NPLC {plc};:SAMP:COUN 400")
        readings = [float(text) for text in bench.query("READ?").split(",")]
        mean = sum(readings) / 400
        return math.sqrt(sum((r - mean) ** 2 for r in readings) / 399)

    assert spread("1") == pytest.approx(1e-3, rel=0.15)
    assert spread("100") == pytest.approx(1e-4, rel=0.15)


def test_the_zero_drifts_without_autozero_until_it_is_taken_once() -> None:
    bench = meter({"zero_drift_of_range_per_h": 1e-4}, emf_v=0.0)
    bench.write("VOLT:RANG 10;:ZERO:AUTO OFF")
    bench.run(3600.0)
    assert bench.number("READ?") == pytest.approx(1e-3, rel=1e-3)
    bench.write("ZERO:AUTO ONCE")
    assert bench.query("ZERO:AUTO?") == "0"
    assert bench.number("READ?") == pytest.approx(0.0, abs=2e-6)


@pytest.mark.parametrize(("volts", "full_range"), [(0.05, 0.1), (0.9, 1.0), (-7.0, 10.0), (11.9, 10.0), (13.0, 100.0)])
def test_autorange_finds_the_range(volts: float, full_range: float) -> None:
    bench = meter(emf_v=volts)
    assert bench.number("READ?") == pytest.approx(volts, rel=1e-5)
    assert bench.number("VOLT:RANG?") == full_range


def test_an_overload_reads_as_the_number_for_infinity_with_its_sign_and_sets_its_bit() -> None:
    bench = meter(emf_v=-5.0)
    bench.write("VOLT:RANG 1")
    assert bench.query("READ?") == "-9.90000000E+37"
    assert bench.query("STAT:QUES:COND?") == "1"
    bench.write("VOLT:RANG 10")
    bench.query("READ?")
    assert bench.query("STAT:QUES:COND?") == "0"


def test_alternating_quantities() -> None:
    bench = meter(ac_emf_v=2.0, emf_v=1.0, frequency_hz=50.0, ac_current_a=0.5)
    assert bench.number("MEAS:VOLT:AC?") == pytest.approx(2.0, rel=1e-4)
    assert bench.number("MEAS:CURR:AC?") == pytest.approx(0.5, rel=1e-4)
    assert bench.number("MEAS:FREQ?") == pytest.approx(50.0, rel=1e-5)
    assert bench.number("MEAS:PER?") == pytest.approx(0.02, rel=1e-5)
    assert bench.number("MEAS:VOLT?") == pytest.approx(1.0, rel=1e-4)


def test_resistance_by_two_wires_includes_the_leads() -> None:
    bench = meter(resistance_ohm=990.0, lead_resistance_ohm=0.5)
    assert bench.number("MEAS:RES?") == pytest.approx(990.5, abs=0.01)
    assert bench.number("MEAS:FRES?") == pytest.approx(990.0, abs=0.01)
    assert bench.number("MEAS:DIOD?") == pytest.approx(0.9905, abs=1e-4)


def test_resolution_and_integration_time_belong_together() -> None:
    bench = meter()
    bench.write("VOLT:RES 1e-5")
    assert bench.errors() == [-221]  # while autoranging
    bench.write("VOLT:RANG 10;RES 3e-5")
    assert bench.number("VOLT:NPLC?") == 1.0
    bench.write("VOLT:NPLC 100")
    assert bench.number("VOLT:RES?") == pytest.approx(3e-6)
    bench.write("VOLT:RES MAX")
    assert bench.number("VOLT:NPLC?") == 0.02
    bench.write("VOLT:RES 1e-9")
    assert bench.errors() == [532]


def test_bus_triggers_and_samples() -> None:
    bench = meter(emf_v=1.0)
    bench.write("TRIG:SOUR BUS;COUN 2;:SAMP:COUN 3;:INIT")
    bench.write("INIT")
    assert bench.errors() == [-213]
    bench.write("*TRG")
    bench.run(5.0)
    assert bench.query("DATA:POIN?") == "+3"
    bench.write("*TRG;*OPC?")
    assert bench.read() == "1"
    assert len(bench.query("FETC?").split(",")) == 6
    bench.write("*TRG")
    assert bench.errors() == [-211]


def test_what_cannot_be_read_is_refused_without_a_reply() -> None:
    bench = meter()
    for message, code in (("FETC?", -230), ("TRIG:SOUR BUS;:READ?", -214)):
        bench.write(message)
        with pytest.raises(EmptySchedule):
            bench.read()
        assert code in bench.errors()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("SAMP:COUN 600;:INIT", 531),
        ("SAMP:COUN 0", -222),
        ("SAMP:COUN 50001", -222),
        ("TRIG:COUN 60000", -222),
        ("VOLT:RANG 2000", -222),
        ("VOLT:NPLC 200", -222),
        ("TRIG:SOUR TIM", -224),
        ('FUNC "TEMP"', -224),
        ("CONF:VOLT 1,1E-12", 532),
        ("CALC:FUNC DB;STAT ON;:FUNC 5", -128),
    ],
)
def test_mistakes_are_refused_by_number(message: str, code: int) -> None:
    bench = meter()
    bench.write(message)
    assert bench.errors() == [code]


def test_device_clear_ends_an_endless_cycle() -> None:
    bench = meter(emf_v=1.0)
    bench.write("TRIG:COUN INF;:READ?")
    bench.run(30.0)
    assert not bench.link.unread
    bench.link.clear()
    bench.write("*RST")
    assert bench.query("READ?") == "+1.00000000E+00"


def test_reset_restores_settings_but_not_the_beeper() -> None:
    bench = meter()
    bench.write("FUNC 'RES';:RES:RANG 1e6;:SAMP:COUN 7;:TRIG:DEL 3;:SYST:BEEP:STAT OFF;:CALC:STAT ON;*RST")
    assert bench.query("FUNC?;:RES:RANG:AUTO?;:SAMP:COUN?;:TRIG:DEL:AUTO?;:CALC:STAT?") == '"VOLT";1;+1;1;0'
    assert bench.query("SYST:BEEP:STAT?") == "0"


def test_math_null_average_and_limits() -> None:
    bench = meter(emf_v=2.0)
    bench.write("CALC:FUNC NULL;STAT ON")
    assert [bench.number("READ?") for _ in range(2)] == [0.0, 0.0]
    bench.write("CALC:FUNC AVER;STAT ON;:SAMP:COUN 4")
    bench.query("READ?")
    assert [bench.number(f"CALC:AVER:{word}?") for word in ("COUN", "AVER", "MIN", "MAX")] == [4.0, 2.0, 2.0, 2.0]
    bench.write("CALC:FUNC LIM;STAT ON;:CALC:LIM:UPP 1;:SAMP:COUN 1")
    bench.query("READ?")
    assert int(bench.query("STAT:QUES:COND?")) & 4096


def test_a_step_within_the_integration_is_weighed_by_its_time() -> None:
    bench = meter()
    bench.write("VOLT:RANG 10;NPLC 1;:ZERO:AUTO OFF;:TRIG:DEL 0")
    begin = bench.now
    bench.ports["input"].voltage.replace_from(begin, [(begin, terms.ZERO), (begin + 0.011, terms.constant(4.0))])
    assert bench.number("READ?") == pytest.approx(2.0, abs=1e-4)  # from 1 ms to 21 ms: half at 0 V, half at 4 V
