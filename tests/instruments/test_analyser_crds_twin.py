"""The twin of the ring-down analyser and its humidifier against closed forms."""

from __future__ import annotations

import zlib
from base64 import b64decode
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from instruments.analyser_crds_commands import COLUMNS
from instruments.ports_gas import approach
from instruments.ring_down import heavy_share

from .crds_bench import QUIET, Bench
from .small_bench import Spoken

WARM_S = 6000.0


def quiet(**changes: Any) -> Bench:
    bench = Bench(analyser={**QUIET, **changes})
    bench.run(WARM_S)
    return bench


def test_dry_gas_reads_what_it_is() -> None:
    bench = quiet()
    assert bench.mean()[:7] == pytest.approx([400, 1900, 335, 400, 1900, 335, 0], abs=1e-5)


def test_two_percent_of_water_read_389_97_raw_and_400_corrected() -> None:
    bench = quiet(pressure_shift_kpa=0.0)
    bench.humidifier.set_humidity(2.0)
    bench.humidifier.set_wet(True)
    bench.run(4000)
    mean = bench.mean()
    assert mean[6] == pytest.approx(2.0, abs=1e-9)
    assert round(float(mean[3]), 2) == 389.97
    assert mean[0] == pytest.approx(400.0, abs=1e-6)


def test_the_cavity_pressure_term_hides_from_the_parabola_and_from_the_indicated_pressure() -> None:
    bench = quiet()
    bench.humidifier.set_humidity(0.3)
    bench.humidifier.set_wet(True)
    bench.run(300)
    early = bench.mean(10)
    bench.run(4000)
    late = bench.mean(10)
    shift = 0.0133 * (1 - np.exp(-0.3 / 0.15))
    assert late[0] - 400 == pytest.approx(-9.04e-3 * shift * 400, rel=0.01)
    assert late[1] - 1900 == pytest.approx(-3.02e-2 * shift * 1900, rel=0.01)
    assert abs(early[0] - 400) < 0.75 * abs(late[0] - 400)  # it is slower than the water
    assert late[7] == pytest.approx(18.665)
    assert bench.analyser.true_error("CO2", "water", 400.0, 0.3, at=WARM_S, since=WARM_S) == pytest.approx(
        late[0] - 400, abs=1e-5
    )


def test_coefficients_with_the_pressure_term_correct_it() -> None:
    bench = quiet()
    for place, sensitivity in enumerate((-9.04e-3, -3.02e-2, -9.0e-3), 1):
        bench.analyser.set_water(place, 3, sensitivity * 0.0133)
    for humidity in (0.05, 0.2, 1.0):
        assert (
            abs(bench.analyser.true_error("CO2", "water", 400.0, humidity, at=WARM_S, since=WARM_S)) < 0.0008
        )  # d times (a H) is left


def test_a_step_is_delayed_lagged_and_has_a_tail() -> None:
    bench = quiet(delay_s=8.0, line_lag_s=0.0, cavity_lag_s=4.0, adsorbed=0.01, adsorption_s=90.0)
    now = bench.environment.now
    bench.dry.fraction("CO2").replace_from(now, approach(now, 4e-4, 5e-4, 0.0))
    bench.run(600)
    co2 = bench.analyser.records(600)[:, 3]
    assert co2[:8] == pytest.approx(400.0)
    after = np.arange(600) + 0.5 - 8.0
    direct = 1 - np.exp(-after / 4)
    tail = 1 - (90 * np.exp(-after / 90) - 4 * np.exp(-after / 4)) / 86
    assert co2[8:] == pytest.approx((400 + 100 * (0.99 * direct + 0.01 * tail))[8:], abs=1e-6)


def test_gain_zero_bow_inlet_and_room() -> None:
    table = {"CO2": 0.0, "CH4": 0.0, "N2O": 0.0}
    bench = quiet(
        gain_error={**table, "CO2": 0.002},
        zero_error={**table, "CO2": 0.3},
        bow={**table, "CO2": 0.01},
        inlet_per_kpa={**table, "CO2": 0.01},
        temperature_per_k={**table, "CO2": 1e-5},
    )
    straight = 400 * 1.002
    share = (straight - 360) / 120
    expected = straight + 0.3 + 4 * 0.01 * share * (1 - share) - 400
    assert bench.analyser.true_error("CO2", "delivered", 400.0, at=9000.0, since=8900.0) == pytest.approx(
        expected, abs=1e-6
    )
    bench.humidifier.set_pressure(111.0)
    bench.run(600)
    assert bench.mean()[3] - 400 == pytest.approx(expected + 0.1, abs=1e-5)


def test_error_in_the_si_contains_that_of_the_scale() -> None:
    bench = Bench(analyser=QUIET, scale={"CO2": 0.02})
    assert bench.analyser.true_error("CO2", "delivered", 400.0, at=9000.0, since=8900.0) == pytest.approx(
        -0.02, abs=1e-6
    )


def test_13c_of_the_gas_is_not_seen() -> None:
    bench = quiet()
    heavy = 4e-4 * float(heavy_share(-35e-3))
    now = bench.environment.now
    bench.dry.fraction("13CO2").replace_from(now, approach(now, 0.0, heavy, 0.0))
    bench.run(4000)
    assert bench.mean()[0] - 400 == pytest.approx(0.117, abs=0.001)


def test_allan_deviation_has_its_minimum_between_noise_and_walk() -> None:
    bench = Bench(seed=5)
    bench.run(WARM_S + 30_000)
    co2 = bench.analyser.records(30_000)[:, 0]

    def allan(m: int) -> float:
        means = co2[: co2.size // m * m].reshape(-1, m).mean(axis=1)
        return float(np.sqrt(0.5 * (np.diff(means) ** 2).mean()))

    rate = np.sqrt(2) * 1.3e-5 * 299792458 * 2.08e-5 / 0.25
    assert allan(1) == pytest.approx(rate / 299792458 / 0.05 * 1e6, rel=0.03)
    assert allan(500) < allan(1) / 10
    assert allan(6000) > 0.8 * allan(500)


def test_block_is_complete_and_can_be_checked() -> None:
    bench = Bench()
    bench.run(100.5)
    spoken = Spoken(bench.analyser, bench.environment)
    count, last, crc, data = spoken.query("MEM:DATA? 30").split(",")
    raw = b64decode(data)
    assert (int(count), int(last), int(crc, 16)) == (30, 100, zlib.crc32(raw))
    found = np.frombuffer(raw, ">f4").reshape(30, len(COLUMNS))
    assert found == pytest.approx(bench.analyser.records(30), rel=1e-6)
    assert spoken.query("MEAS:CHAN7?") == f"{found[-1, 6]:.4f}"
    assert spoken.query("SYST:READ?") == "0"
    spoken.write("MEM:DATA? 101")
    assert spoken.error().startswith("-230")


def test_calibration_data_survive_a_power_cut_the_memory_does_not() -> None:
    bench = Bench()
    spoken = Spoken(bench.analyser, bench.environment)
    spoken.write("CAL1:COEF1 0.25;:CAL1:COEF2 1.001;:WAT2:COEF3 -1E-3")
    bench.run(500)
    bench.analyser.power_off()
    bench.analyser.power_on()
    bench.run(50)
    assert spoken.query("CAL1:COEF1?;:CAL1:COEF2?;:WAT2:COEF3?") == "0.25;1.001;-0.001"
    assert spoken.query("MEM:COUN?") == "50"
    spoken.write("SYST:FACT")
    assert spoken.query("CAL1:COEF1?;:CAL1:COEF2?;:WAT2:COEF3?") == "0;1;0"
    spoken.write("CAL1:COEF2 3")
    assert spoken.error().startswith("-222")


def test_humidifier_dilutes_and_droplet_dries_up() -> None:
    bench = Bench(humidifier={"uptake_per_percent": 1e-5})
    bench.humidifier.set_humidity(1.0)
    bench.humidifier.set_wet(True)
    bench.run(900)
    now = bench.environment.now
    assert bench.wet.fraction("H2O").value(now) == pytest.approx(0.01)
    assert bench.wet.fraction("CH4").value(now) == pytest.approx(1.9e-6 * 0.99)
    assert bench.wet.fraction("CO2").value(now) == pytest.approx(4e-4 * 0.99 * (1 - 1e-5))
    bench.dry.change("CO2=5e-4, CH4=1.9e-6, N2O=3.35e-7")
    assert bench.wet.fraction("CO2").value(now) == pytest.approx(5e-4 * 0.99 * (1 - 1e-5))
    bench.humidifier.droplet()
    water = []
    for _ in range(40):
        bench.run(30)
        water.append(bench.humidifier.humidity())
    assert max(water) == pytest.approx(2.78, abs=0.15)
    assert water[-1] < 1e-4
    assert all(b < a for a, b in pairwise(water[2:]) if a > 1e-9)


def test_humidifier_answers() -> None:
    bench = Bench(humidifier={"pressure_error_kpa": 0.2, "indication_error": 0.01})
    spoken = Spoken(bench.humidifier, bench.environment)
    spoken.write("HUM 0.5;:HUM:STAT ON;:PRES 95")
    bench.run(600)
    assert spoken.query("MEAS:HUM?;PRES?") == "0.505;95.20"
    spoken.write("*RST")
    bench.run(600)
    assert spoken.query("MEAS:HUM?;PRES?;:HUM:STAT?") == "0.000;101.20;0"


def test_tables_need_every_component() -> None:
    with pytest.raises(ValueError, match="gain_error must have one number for each of CO2, CH4, N2O"):
        Bench(analyser={"gain_error": {"CO2": 0.0}})
