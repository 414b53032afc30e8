"""The mass flow controller: data frame, flow physics, gas selection, ramps, registers, refusals, odd input."""

from __future__ import annotations

from typing import Any

import pytest

from instruments.engine import Exchange
from instruments.mfc_alicat import PSI_KPA, twin
from instruments.ports_gas import fractions

from .model_bench import ModelBench


def controller(parameters: dict[str, Any] | None = None, **line: Any) -> ModelBench:
    return ModelBench(
        twin, {"gas": "N2", **(parameters or {})}, {"line": line}, exchange=Exchange.STREAM, terminator="\r"
    )


def flow(bench: ModelBench) -> float:
    return float(bench.ports["line"].flow.value(bench.now))


def test_the_data_frame() -> None:
    bench = controller()
    fields = bench.query("A").split()
    assert fields == ["A", "+014.70", "+025.00", "+000.00", "+000.00", "000.00", "N2"]
    assert bench.query("AVE").startswith("A   10v05")
    assert "TWIN0001" in bench.query("A??M5")


def test_the_flow_follows_the_setpoint_by_its_lag() -> None:
    bench = controller({"response_time_s": 0.5})
    begin = bench.now
    assert bench.query("AS10.00").split()[5] == "010.00"
    bench.run(begin + 0.5 - bench.now)
    assert flow(bench) == pytest.approx(10.0 * (1.0 - 2.718281828459045**-1), rel=1e-3)
    bench.run(30.0)
    assert flow(bench) == pytest.approx(10.0)


def test_hidden_errors_stand_between_flow_and_indication() -> None:
    bench = controller({"span_error": 0.01, "zero_error_l_per_min": 0.2})
    assert bench.query("A").split()[4] == "+000.20"
    assert bench.query("AV").split()[4] == "+000.00"  # tared
    bench.write("AS10")
    bench.run(5.0)
    bench.read()
    assert bench.query("A").split()[4] == "+010.00"
    assert flow(bench) == pytest.approx(10.0 / 1.01, rel=1e-9)


def test_a_wrong_gas_shows_as_the_ratio_of_the_viscosities() -> None:
    bench = controller(composition="CO2=1")
    bench.write("AS10")
    bench.run(5.0)
    bench.read()
    wrong = flow(bench)
    assert wrong == pytest.approx(10.0 * 17.8 / 14.9, rel=1e-9)
    assert bench.query("A$$W46=4") == "A   046 = 4"
    bench.run(5.0)
    assert flow(bench) == pytest.approx(10.0, rel=1e-9)
    assert bench.query("A").split()[-1] == "CO2"


def test_volumetric_flow_follows_pressure_and_temperature() -> None:
    bench = controller(pressure_kpa=202.65, temperature_degc=50.0)
    bench.write("AS10")
    bench.run(5.0)
    bench.read()
    fields = bench.query("A").split()
    assert float(fields[1]) == pytest.approx(202.65 / PSI_KPA, abs=0.01)
    assert float(fields[3]) == pytest.approx(10.0 * 0.5 * 323.15 / 298.15, abs=0.01)


def test_too_little_pressure_limits_the_flow() -> None:
    bench = controller({"conductance_l_per_min_kpa": 0.1}, inlet_pressure_kpa=151.325)
    bench.write("AS20")
    bench.run(5.0)
    assert flow(bench) == pytest.approx(5.0)


def test_a_ramp() -> None:
    bench = controller({"response_time_s": 1e-3})
    assert bench.query("ASR 2.0 4") == "A 2.0000000 7 4 SLPM/s"
    assert bench.query("ALSRC 1 0 1 0") == "A 1 0 1 0"
    begin = bench.now
    bench.write("AS10")
    bench.run(2.5)
    bench.read()
    assert flow(bench) == pytest.approx(2.0 * (bench.now - begin), abs=0.02)
    assert float(bench.query("ALS").split()[2]) == 10.0
    bench.run(10.0)
    bench.write("AS4")
    bench.run(0.1)
    assert flow(bench) == pytest.approx(4.0, abs=1e-6)  # down is not ramped


def test_hold_and_total() -> None:
    bench = controller({"totaliser": True})
    bench.write("AS6")
    bench.run(10.0)
    bench.read()
    bench.query("AT")
    assert bench.query("A$$H").split()[-1] == "HLD"
    bench.query("AS12")
    bench.run(60.0)
    fields = bench.query("A").split()
    assert float(fields[4]) == 6.0 and float(fields[6]) == pytest.approx(6.0, abs=0.02)
    bench.query("A$$C")
    bench.run(10.0)
    assert flow(bench) == pytest.approx(12.0)


def test_registers_locks_and_mixes() -> None:
    bench = controller()
    assert bench.query("AR122") == "A   122 = 37"
    assert bench.query("AW122=34") == "A   122 = 34"
    assert bench.query("A$$w21=500") == "A   021 = 500"
    assert bench.query("A$$r21") == "A   021 = 500"
    assert bench.query("A$$L").split()[-1] == "LCK"
    assert bench.query("A$$U").split()[-1] == "N2"
    assert bench.query("A GM Mine 240 60 8 40 4") == "A 240 MINE"
    assert bench.query("A$$W46=240") == "A   046 = 240"
    assert bench.query("AGD240") == "A 240"


@pytest.mark.parametrize(
    "message", ["AX", "AR999", "AW122=5", "A$$W46=200", "AS", "ASabc", "AGD250", "A??Z", "A\xff\xfe", "ATB 1"]
)
def test_what_is_not_understood_is_answered_by_a_question_mark(message: str) -> None:
    bench = controller()
    assert bench.query(message) == "?"


def test_a_setpoint_beyond_full_scale_is_not_taken() -> None:
    bench = controller()
    bench.query("AS5")
    assert bench.query("AS25").split()[5] == "005.00"


def test_another_units_messages_are_not_answered() -> None:
    bench = controller()
    bench.write("B")
    bench.write("")
    bench.run(1.0)
    assert not bench.link.unread
    assert bench.query("A@=B").startswith("B ")
    assert bench.query("B").startswith("B ")


def test_compositions_are_checked() -> None:
    assert fractions("CO2=0.14, CO=1e-4")["N2"] == pytest.approx(0.8599)
    for wrong in ("CO2", "CO2=0.9,CO=0.2", "CO2=-0.1", ""):
        with pytest.raises(ValueError, match="composition"):
            fractions(wrong)
