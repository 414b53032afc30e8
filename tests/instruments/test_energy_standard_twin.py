"""The standard: indications, integration and pulse comparison."""

from __future__ import annotations

import math

import numpy as np
import pytest

from .small_bench import Bench

NO_ERROR = '0,"No error"'


def test_indications_carry_their_hidden_errors() -> None:
    bench = Bench(standard={"class_error": 3e-4, "voltage_error": 1e-4, "current_error": -2e-4, "thermal_emf_v": 75e-6})
    bench.load(500.0, 10.0)
    u, i, p = (float(x) for x in bench.standard.query(":NUMeric:NORMal:VALue?").split(","))
    assert u == pytest.approx(500.0 * 1.0001, rel=1e-6)
    assert i == pytest.approx(10.1 * 0.9998, rel=1e-6)  # 75 µV on 75 mV/100 A: 0.1 A
    assert p == pytest.approx(500.0 * 10.1 * 1.0003, rel=1e-6)
    assert bench.standard.engine.true_error(10.0) == pytest.approx(1.01 * 1.0003 - 1.0)


def test_items_are_selected_as_in_the_family() -> None:
    standard = Bench().standard
    standard.write(":NUM:NUM 4;ITEM1 P,1;ITEM4 WH")
    assert standard.query(":STAT:ERR?") == NO_ERROR
    assert standard.query(":NUM:ITEM1?;ITEM3?;ITEM4?;ITEM7?") == "P,1;P,1;WH,1;NONE"
    assert standard.query(":NUM:VAL?").split(",")[3] == "NAN"
    standard.write(":NUM:ITEM2 PHI,1")
    assert standard.query(":STAT:ERR?").startswith("-224")


def test_headers_are_refused_instead_of_ignored() -> None:
    standard = Bench().standard
    standard.write(":COMM:HEAD OFF")
    assert standard.query(":STAT:ERR?;:COMM:HEAD?") == f"{NO_ERROR};0"
    standard.write(":COMM:HEAD ON")
    assert standard.query(":STAT:ERR?").startswith("-224")


def test_integration_counts_exactly_between_start_and_stop() -> None:
    bench = Bench(standard={"class_error": 5e-4})
    standard = bench.standard
    standard.write(":NUM:NUM 5;ITEM4 WH;ITEM5 TIME")
    bench.load(500.0, -100.0)
    assert standard.query(":INTEG:STAT?") == "RES"
    standard.write(":INTEG:STAR")
    bench.run(36.0)
    assert standard.query(":INTEG:STAT?") == "STAR"
    assert float(standard.query(":NUM:VAL? 4")) == pytest.approx(-500.0 * 1.0005, abs=2e-3)
    standard.write(":INTEG:STOP")
    bench.run(100.0)
    assert standard.query(":INTEG:STAT?") == "STOP"
    assert float(standard.query(":NUM:VAL? 4")) == pytest.approx(-500.25, abs=1e-3)  # one count is 1 mWh
    assert float(standard.query(":NUM:VAL? 5")) == pytest.approx(36.0, abs=1e-6)
    standard.write(":INTEG:RES")
    assert standard.query(":NUM:VAL? 4") == "NAN"


def test_integration_refuses_what_makes_no_sense() -> None:
    standard = Bench().standard
    for before, message in (("", ":INTEG:STOP"), (":INTEG:STAR", ":INTEG:STAR"), ("", ":INTEG:RES")):
        standard.write(before)
        standard.write(message)
        assert standard.query(":STAT:ERR?").startswith('-221,"Settings conflict'), message


def test_a_comparison_runs_between_true_edges() -> None:
    bench = Bench(standard={"timebase_error": 1e-5})
    bench.load(500.0, 10.0, settle_s=5.3)
    standard = bench.standard
    assert standard.query(":PULS:STAT?") == "IDLE"
    standard.write(":PULS:ENER?")
    assert standard.query(":STAT:ERR?") == '-230,"Data corrupt or stale;no finished comparison"'
    first = bench.line.count(bench.environment.now)
    standard.write(":PULS:COUN 50;STAR")
    assert standard.query(":PULS:STAT?") == "WAIT"
    bench.run(1.0)
    assert standard.query(":PULS:STAT?") == "RUN"
    standard.write(":PULS:STAR")
    assert standard.query(":STAT:ERR?") == '-213,"Init ignored"'
    assert standard.query("*OPC?") == "1"
    assert bench.environment.now == bench.line.edge(first + 50)
    assert standard.query(":PULS:STAT?") == "DONE"
    assert float(standard.query(":PULS:TIME?")) == pytest.approx(36.0 * (1.0 + 1e-5), abs=1e-6)
    counts = int(standard.query(":PULS:REF?"))
    assert counts in (49999, 50000, 50001)
    assert float(standard.query(":PULS:ENER?")) == pytest.approx(counts / 1000.0, rel=1e-9)


@pytest.mark.parametrize("other_current", [400.0, 2.0])
def test_the_end_of_a_comparison_moves_with_the_load(other_current: float) -> None:
    """The source changes its load in the midst: faster pulses end the comparison earlier, slower ones later."""
    bench = Bench()
    bench.load(500.0, 10.0)
    bench.standard.write(":PULS:COUN 50;STAR;*OPC")
    first = bench.line.count(bench.environment.now)
    bench.run(10.0)
    bench.source.write(f"CURR {other_current}")
    expected = bench.line.edge(first + 50)
    bench.environment.run_to(math.nextafter(expected, 0.0))
    assert bench.standard.query(":PULS:STAT?;*ESR?").split(";")[0] == "RUN"
    bench.environment.run_to(expected)
    assert bench.standard.query(":PULS:STAT?;*ESR?") == "DONE;1"


def test_a_comparison_whose_pulses_stop_ends_when_they_come_back() -> None:
    bench = Bench()
    bench.load(500.0, 10.0)
    bench.standard.write(":PULS:COUN 50;STAR")
    bench.run(3.0)
    bench.source.write("OUTP OFF")
    bench.run(3600.0)
    assert bench.standard.query(":PULS:STAT?") == "RUN"
    bench.source.write("OUTP ON")
    assert bench.standard.query("*OPC?") == "1"
    assert float(bench.standard.query(":PULS:ENER?")) == pytest.approx(50.0, abs=2e-3)


def test_abort_and_reset_forget_a_comparison() -> None:
    for message in (":PULS:ABOR", "*RST"):
        bench = Bench()
        bench.load(500.0, 10.0)
        bench.standard.write(":PULS:COUN 50;STAR")
        bench.standard.write(message)
        assert bench.standard.query("*OPC?;:PULS:STAT?") == "1;IDLE"
        bench.run(100.0)
        assert bench.standard.query(":PULS:STAT?") == "IDLE"


def test_repeatability_is_drawn_anew_for_each_measurement() -> None:
    bench = Bench(standard={"repeatability": 1e-4, "constant_imp_per_kwh": 1e12}, seed=5)
    bench.load(500.0, 100.0)
    errors = np.array([bench.compare(2) for _ in range(200)])
    assert errors.std(ddof=1) == pytest.approx(1e-4, rel=4 / math.sqrt(400))
    assert abs(errors.mean()) < 4 * 1e-4 / math.sqrt(200)


def test_a_count_is_off_by_less_than_one_either_way() -> None:
    """0.5 kWh/3.6e6 imp: short windows show the quantisation, without bias."""
    bench = Bench(standard={"constant_imp_per_kwh": 33333.3})
    bench.load(500.0, 100.0)
    counts = []
    for _ in range(300):
        bench.compare(1)
        counts.append(int(bench.standard.query(":PULS:REF?")))
    assert set(counts) == {33, 34}
    assert np.mean(counts) == pytest.approx(33.3333, abs=4 * 0.47 / math.sqrt(300))


def test_temperature_acts_on_the_energy() -> None:
    bench = Bench(
        standard={"temperature_coefficient_per_k": 1e-4, "constant_imp_per_kwh": 1e12}, air={"temperature_degc": 21.5}
    )
    bench.load(500.0, 100.0)
    assert bench.compare(20) == pytest.approx(1.0 / (1.0 - 1.5e-4) - 1.0, abs=1e-9)
    assert bench.standard.engine.true_error(100.0, 21.5) == pytest.approx(-1.5e-4)


def test_the_pulse_total_counts_from_its_last_clearing() -> None:
    bench = Bench()
    bench.load(500.0, 10.0)
    bench.standard.write(":PULS:TOT:CLE")
    assert bench.standard.query(":PULS:TOT?") == "0"
    bench.run(7.2)
    assert bench.standard.query(":PULS:TOT?") == "10"


def test_parameters_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="repeatability"):
        Bench(standard={"repeatability": -1.0})


def test_each_pulse_input_counts_the_meter_that_is_wired_to_it() -> None:
    """The meter is on input 1; input 2 is open, and counts nothing whatever the load."""
    bench = Bench()
    standard = bench.standard
    bench.load(500.0, 100.0)
    standard.write("PULS:TOT:CLE")
    bench.run(10.0)
    assert standard.query("PULS:INP?;TOT?") == "1;139"  # 50 kW, 1000 imp/kWh
    standard.write("PULS:INP 2")
    bench.run(10.0)
    assert standard.query("PULS:INP?;TOT?") == "2;0"
    standard.write("PULS:STAR;INP 1")
    assert standard.query(":STAT:ERR?").startswith("-221")
    assert standard.query("PULS:STAT?;INP?") == "WAIT;2"
