"""The balance: MT-SICS replies, stability, creep and drift, zero and tare, refusals, odd input."""

from __future__ import annotations

import math
from typing import Any

import pytest

from instruments.balance_mt_sics import twin
from instruments.engine import Exchange

from .model_bench import ModelBench


def balance(parameters: dict[str, Any] | None = None, **pan: Any) -> ModelBench:
    return ModelBench(twin, parameters, {"pan": pan}, exchange=Exchange.STREAM, terminator="\r\n")


def test_identity() -> None:
    bench = balance()
    assert bench.query("I4") == 'I4 A "TWIN000001"'
    assert bench.query("I1") == 'I1 A "01" "2.30" "2.22" "" ""'
    assert bench.query("I2") == 'I2 A "XP205 Excellence 220.0000 g"'
    assert bench.query("I11") == 'I11 A "XP205"'
    assert bench.query('I10 "pan 3"') == "I10 A"
    assert bench.query("I10") == 'I10 A "pan 3"'
    assert bench.query("@") == 'I4 A "TWIN000001"'


def test_a_stable_weight_is_waited_for() -> None:
    bench = balance()
    assert bench.query("S") == "S S     0.0000 g"
    bench.ports["pan"].put(100.0)
    begin = bench.now
    assert bench.query("SI").startswith("S D ")
    assert bench.query("S") == "S S   100.0000 g"
    # the change within 1 s falls below 0.1 mg after 0.4 s times ln(100 g/0.1 mg), and some
    assert bench.now - begin == pytest.approx(0.4 * math.log(1e6) + 1.0, abs=0.3)
    assert bench.query("SI") == "S S   100.0000 g"


def test_hidden_errors_and_creep() -> None:
    bench = balance({"sensitivity_error": 1e-5, "linearity_g": 2e-4, "creep": 1e-5, "creep_time_s": 100.0})
    bench.ports["pan"].put(110.0)
    bench.run(8.0)
    fresh = float(bench.query("SI").split()[2])
    assert fresh < 110.0013 - 0.0009
    bench.run(2000.0)
    assert float(bench.query("S").split()[2]) == pytest.approx(110.0 * (1 + 1e-5) + 2e-4, abs=1e-4)


def test_the_zero_drifts_until_it_is_set() -> None:
    bench = balance({"zero_drift_g_per_h": 0.01})
    bench.run(3600.0)
    assert bench.query("S") == "S S     0.0100 g"
    assert bench.query("Z") == "Z A"
    assert bench.query("S") == "S S     0.0000 g"


def test_tare() -> None:
    bench = balance(mass_g=0.0)
    bench.ports["pan"].put(50.0)
    bench.run(20.0)
    assert bench.query("T") == "T S    50.0000 g"
    assert bench.query("S") == "S S     0.0000 g"
    bench.ports["pan"].put(80.0)
    bench.run(20.0)
    assert bench.query("S") == "S S    30.0000 g"
    assert bench.query("TA") == "TA A    50.0000 g"
    assert bench.query("TA 10.5 g") == "TA A    10.5000 g"
    assert bench.query("S") == "S S    69.5000 g"
    assert bench.query("TAC") == "TAC A"
    assert bench.query("TI").startswith("TI S    80.0000 g")


def test_overload_underload_and_a_zero_too_far_away() -> None:
    bench = balance()
    bench.ports["pan"].put(230.0)
    bench.run(20.0)
    assert bench.query("S") == "S +"
    assert bench.query("SI") == "S +"
    bench.ports["pan"].put(100.0)
    bench.run(20.0)
    assert bench.query("Z") == "Z +"
    bench.ports["pan"].put(-20.0)
    bench.run(20.0)
    assert bench.query("SI") == "S -"


def test_a_weight_that_never_rests_ends_the_patience() -> None:
    bench = balance()
    bench.ports["pan"].pour(0.5)
    bench.run(2.0)
    begin = bench.now
    assert bench.query("S") == "S I"
    assert bench.now - begin == pytest.approx(40.0, abs=0.5)
    assert bench.query("SI").startswith("S D ")


def test_a_mass_that_flows_in_is_read_with_the_lag_of_the_cell() -> None:
    bench = balance()
    bench.ports["pan"].pour(1.0)
    bench.run(30.0)
    assert float(bench.query("SI").split()[2]) == pytest.approx(30.0 - 0.4 + 0.005, abs=2e-4)


def test_reset_breaks_a_waiting_command_off() -> None:
    bench = balance()
    bench.ports["pan"].pour(0.5)
    bench.run(2.0)
    bench.write("S")
    bench.run(1.0)
    assert bench.query("@") == 'I4 A "TWIN000001"'
    bench.run(60.0)
    assert not bench.link.unread


def test_values_repeat_until_the_next_weighing_command() -> None:
    bench = balance(mass_g=1.0)
    bench.write("SIR")
    bench.run(1.02)
    assert bench.link.unread_size == 11 * len("S S     0.0000 g\r\n")
    bench.link.read(1 << 16)
    assert bench.query("SI").startswith("S S")
    bench.run(2.0)
    assert not bench.link.unread


def test_stable_values_repeat_after_changes() -> None:
    bench = balance()
    bench.write("SR")
    bench.run(1.0)
    bench.ports["pan"].put(20.0)
    bench.run(20.0)
    data, _ = bench.link.read(1 << 16)
    lines = data.decode().split("\r\n")[:-1]
    assert [line[:3] for line in lines] == ["S S", "S D", "S S"]
    assert lines[-1] == "S S    20.0000 g"


def test_the_commands_are_listed() -> None:
    bench = balance()
    bench.write("I0")
    bench.run(0.1)
    lines = bench.link.read(1 << 16)[0].decode().split("\r\n")[:-1]
    assert lines[0] == 'I0 B 0 "@"' and lines[-1].startswith("I0 A ")
    assert sum(line.startswith("I0 A") for line in lines) == 1


@pytest.mark.parametrize(
    ("message", "reply"),
    [
        ("X", "ES"),
        ("s", "ES"),
        ("S 5", "ES"),
        ("TA abc", "TA L"),
        ("TA 5 kg", "TA L"),
        ("TA 999 g", "TA L"),
        ("D hello", "D L"),
        ('D "hello"', "D A"),
        ("K 9", "K L"),
        ('I10 "' + "x" * 21 + '"', "I10 L"),
        ("\xff\xfe\x00", "ES"),
    ],
)
def test_mistakes_and_odd_bytes_are_answered(message: str, reply: str) -> None:
    bench = balance()
    assert bench.query(message) == reply


def test_a_line_without_end_is_dropped_and_the_next_is_served() -> None:
    bench = balance()
    bench.link.deliver(b"S" * 100_000, False)
    bench.link.deliver(b"\r\n", False)
    bench.run(1.0)
    bench.link.read(1 << 20)
    assert bench.query("I11") == 'I11 A "XP205"'
