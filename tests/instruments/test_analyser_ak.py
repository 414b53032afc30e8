"""The AK analyser: telegrams, states, gas physics, adjustment, error digit, refusals, odd bytes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from instruments.analyser_ak import twin
from instruments.engine import Exchange

from .model_bench import ModelBench


class Analyser(ModelBench):
    def __init__(self, parameters: dict[str, Any] | None = None, composition: str = "CO2=0.10") -> None:
        super().__init__(twin, parameters, {"line": {"composition": composition}}, exchange=Exchange.STREAM)

    def ask(self, text: str) -> str:
        """Send a telegram and return the answer without STX, ETX and the byte that nobody cares about."""
        self.link.deliver(f"\x02 {text}\x03".encode("latin-1"), False)
        while not self.link.unread:
            self.environment.step()
        data, _ = self.link.read(4096, 3)
        assert data[:2] == b"\x02 " and data[-1:] == b"\x03"
        return data[2:-1].decode("latin-1")

    def measure(self) -> None:
        assert self.ask("SREM K0") == "SREM 0"
        assert self.ask("SMGA K0") == "SMGA 0"


def value(answer: str) -> float:
    return float(answer.split()[2])


def test_telegrams_and_states() -> None:
    bench = Analyser()
    assert bench.ask("ASTZ K0") == "ASTZ 0 SMAN SPAU SARE"
    assert bench.ask("STBY K0") == "STBY 0 K0 OF"  # manual
    bench.measure()
    assert bench.ask("ASTZ K0") == "ASTZ 0 SREM SMGA SARE"
    assert bench.ask("AKEN K0") == "AKEN 0 caltwin AK CO2 TWIN-0001"
    assert bench.ask("SMAN K0") == "SMAN 0"
    assert bench.ask("astz k0").startswith("ASTZ 0 SMAN")


def test_the_byte_that_nobody_cares_about_comes_back() -> None:
    bench = Analyser()
    bench.link.deliver(b"\x02xASTZ K0\x03", False)
    bench.run(0.1)
    assert bench.link.read(100)[0].startswith(b"\x02xASTZ 0 ")


def test_the_reading_rises_by_its_t90() -> None:
    bench = Analyser({"t90_s": 3.0})
    bench.measure()
    begin = bench.now - 0.01
    bench.run(begin + 3.0 - bench.now)
    assert value(bench.ask("AKON K0")) == pytest.approx(90000.0, rel=5e-3)
    bench.run(60.0)
    assert value(bench.ask("AKON K0")) == pytest.approx(100000.0, rel=1e-6)


def test_a_reading_in_standby_does_not_count() -> None:
    bench = Analyser()
    assert bench.ask("AKON K0").split()[2].startswith("#")
    bench.measure()
    bench.run(60.0)
    assert not bench.ask("AKON K0").split()[2].startswith("#")


def test_hidden_errors_drift_and_cross_sensitivity() -> None:
    bench = Analyser(
        {"span_error": 0.02, "zero_error_ppm": 100.0, "zero_drift_ppm_per_h": 50.0, "cross_sensitivity": 0.01},
        "CO2=0.10, H2O=0.05",
    )
    bench.measure()
    bench.run(7200.0 - bench.now)
    assert value(bench.ask("AKON K0")) == pytest.approx((100000 + 500) * 1.02 + 100 + 100, rel=1e-5)


def test_adjustment_with_zero_and_span_gas() -> None:
    bench = Analyser({"span_error": 0.05, "zero_error_ppm": 300.0})
    bench.ask("SREM K0")
    for gas in ("SNGA", "SEGA"):
        bench.ask(f"{gas} K0")
        bench.run(30.0)
        assert bench.ask("SATK K0") == "SATK 0"
        assert bench.ask("SMGA K0") == "SMGA 0 K0 BS"
        assert "SATK" in bench.ask("ASTZ K0")
        bench.run(30.0)
    bench.ask("SMGA K0")
    bench.run(60.0)
    assert value(bench.ask("AKON K0")) == pytest.approx(100000.0, rel=1e-5)


def test_a_wrong_span_gas_makes_the_adjustment_fail_or_err() -> None:
    bench = Analyser({"span_gas": "CO2=0.01"})
    bench.ask("SREM K0")
    bench.ask("SEGA K0")
    bench.run(30.0)
    bench.ask("SATK K0")
    bench.run(30.0)
    assert bench.ask("ASTF K0") == "ASTF 1 2"
    assert bench.ask("SRES K0") == "SRES 0"
    small = Analyser({"span_gas": "CO2=0.147"})  # certified as 15 %: the reading errs, and nobody knows
    small.ask("SREM K0")
    small.ask("SEGA K0")
    small.run(30.0)
    small.ask("SATK K0")
    small.run(30.0)
    small.ask("SMGA K0")
    small.run(60.0)
    assert value(small.ask("AKON K0")) == pytest.approx(100000.0 * 0.15 / 0.147, rel=1e-5)


def test_ranges_and_over_range() -> None:
    bench = Analyser(composition="CO2=0.003")
    bench.measure()
    bench.run(60.0)
    bench.ask("AKON K0")
    assert bench.ask("AEMB K0") == "AEMB 0 M2"
    assert bench.ask("SEMB K0 M1") == "SEMB 1"  # 3000 ppm on 1000 ppm
    assert bench.ask("AKON K0").startswith("AKON 1 #3000")
    assert bench.ask("SARE K0") == "SARE 0"
    assert bench.ask("AANG K0").endswith("M4 200000.0")


def test_the_line_may_change_its_gas() -> None:
    bench = Analyser({"t90_s": 0.5})
    bench.measure()
    bench.run(10.0)
    bench.ports["line"].change("CO2=0.02", time_constant_s=5.0)
    bench.run(5.0)
    lag = 0.5 / math.log(10.0)
    share = 0.02 + 0.08 * (5.0 * math.exp(-1.0) - lag * math.exp(-5.0 / lag)) / (5.0 - lag)
    assert value(bench.ask("AKON K0")) == pytest.approx(1e6 * share, rel=0.02)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("NOPE K0", "???? 0"),
        ("AKON", "???? 0"),
        ("AKO K0", "???? 0"),
        ("AKON X0", "???? 0"),
        ("AKON K", "???? 0"),
        ("", "???? 0"),
        ("\xff\xfe\xfd\xfc K0", "???? 0"),
        ("AKON K7", "AKON 0 K7 NA"),
        ("EKAL K0 abc", "EKAL 0 K0 SE"),
        ("EKAL K0 -5", "EKAL 0 K0 SE"),
        ("SEMB K0 M9", "SEMB 0 K0 SE"),
        ("SATK K0", "SATK 0 K0 SE"),
    ],
)
def test_refusals(text: str, answer: str) -> None:
    bench = Analyser()
    bench.ask("SREM K0")
    assert bench.ask(text) == answer


def test_noise_between_telegrams_is_passed_over() -> None:
    bench = Analyser()
    bench.link.deliver(b"\x00\xffrubbish\x03\x02 half a tele", False)
    bench.link.deliver(b"\x02 ASTZ K0\x03", False)
    bench.run(0.1)
    assert bench.link.read(1000)[0] == b"\x02 ASTZ 0 SMAN SPAU SARE\x03"
    bench.link.deliver(b"\x02" + b"x" * 100_000, False)
    bench.link.deliver(b"\x03", False)
    assert bench.ask("ASTZ K0").startswith("ASTZ")
