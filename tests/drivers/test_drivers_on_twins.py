"""Drivers against twins through PyVISA, as a script would use them: bytes all the way, virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pyvisa

from bench.station import Station
from drivers.climate_logger import ClimateLogger
from drivers.dc_energy import DcEnergyMeter
from drivers.energy_standard import EnergyStandard
from drivers.errors import InstrumentTimeout, ReportedError
from drivers.power_source import PowerSource
from drivers.session import BlockingSession, run
from pyvisa_caltwin import TwinVisaLibrary

if TYPE_CHECKING:
    from collections.abc import Iterator

    from instruments.world import World

ADDRESSES = {
    "source": "TCPIP0::source.bench::5025::SOCKET",
    "standard": "GPIB0::1::INSTR",
    "climate": "TCPIP0::climate.bench::5025::SOCKET",
    "meter": "GPIB0::7::INSTR",
}
STATION: dict[str, Any] = {
    "seed": 11,
    "resources": {address: {"device": device} for device, address in ADDRESSES.items()},
    "roles": {},
    "ports": {"room": {"temperature_degc": 24.0}},
    "devices": {
        "source": {"twin": "power_source", "ports": {"output": "node"}, "parameters": {"current_error": 2e-4}},
        "standard": {
            "twin": "energy_standard",
            "ports": {"input": "node", "pulses": "line", "ambient": "room"},
            "parameters": {"class_error": 4e-4},
        },
        "climate": {
            "twin": "climate_logger",
            "ports": {"ambient": "room"},
            "parameters": {"temperature_error_k": -0.05},
        },
        "meter": {
            "twin": "dc_energy",
            "ports": {"input": "node", "pulses": "line", "ambient": "room"},
            "parameters": {"gain_error": 3e-3, "serial": "TWIN-42"},
        },
    },
}


class Desk:
    """Hold the world and a driver for each twin, over PyVISA and the blocking session."""

    def __init__(self) -> None:
        station = Station.from_dict(STATION, source="test")
        self.world: World = station.build()
        self.manager = pyvisa.ResourceManager(TwinVisaLibrary.of(self.world))
        self.resources: dict[str, Any] = {}
        for device, address in ADDRESSES.items():
            resource: Any = self.manager.open_resource(address)
            resource.read_termination = resource.write_termination = "\n"
            self.resources[device] = resource
        self.source = PowerSource(self.session("source"), "source")
        self.standard = EnergyStandard(self.session("standard"), "standard")
        self.climate = ClimateLogger(self.session("climate"), "environment")
        self.meter = DcEnergyMeter(self.session("meter"), "device")

    def session(self, device: str) -> BlockingSession:
        return BlockingSession(self.resources[device], clock=lambda: self.world.environment.now, sleep=self.later)

    def later(self, seconds: float) -> None:
        self.world.environment.run_to(self.world.environment.now + seconds)

    def load(self, voltage: float, current: float) -> None:
        run(self.source.voltage.set(voltage))
        run(self.source.current.set(current))
        run(self.source.output.set(True))
        self.later(10.0)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    yield desk
    desk.manager.close()


def test_everyone_is_who_the_bench_thinks(desk: Desk) -> None:
    for driver, model, serial in (
        (desk.source, "PLS 1500-600", "TWIN-0001"),
        (desk.standard, "WT-DCE 05", "TWIN-0001"),
        (desk.climate, "CL-300", "TWIN-0001"),
        (desk.meter, "DCM-1", "TWIN-42"),
    ):
        assert run(driver.confirm_identity(model, serial)).manufacturer == "caltwin"


def test_a_load_is_set_measured_and_made_safe(desk: Desk) -> None:
    desk.load(500.0, -20.0)
    assert run(desk.source.voltage.read()).indication.value == 500.0
    assert run(desk.source.current.read()).indication.value == -20.0
    assert run(desk.source.measured_current.read()).indication.value == pytest.approx(-20.004, abs=5e-4)
    assert run(desk.source.measured_power.read()).indication.value == pytest.approx(-10002, abs=1)
    assert run(desk.standard.voltage.read()).indication.value == pytest.approx(500.0, rel=1e-6)
    assert run(desk.standard.current.read()).indication.value == pytest.approx(-20.004, rel=1e-6)
    assert run(desk.standard.power.read()).indication.value == pytest.approx(-10002.0 * 1.0004, rel=1e-6)
    source: Any = desk.world.twin("source")
    assert source.energised
    run(desk.source.make_safe())
    assert desk.world.ports["node"].voltage.value(desk.world.environment.now) < 31.0
    desk.later(1.0)
    assert not source.energised
    assert run(desk.source.output.read()) is False


def test_every_setting_of_the_source_reads_back_what_was_set(desk: Desk) -> None:
    for name, number in (
        ("voltage_protection", 700.0),
        ("current_protection", 120.5),
        ("voltage_ripple", 2.0),
        ("current_ripple", 5.0),
        ("voltage_phase", -45.5),
        ("current_phase", 60.0),
        ("ripple_frequency", 150.0),
        ("shunt_current", 250.0),
    ):
        setting = getattr(desk.source, name)
        run(setting.set(number))
        assert run(setting.read()).indication.value == number, name
    run(desk.source.current_output.set("shunt"))
    assert run(desk.source.current_output.read()) == "shunt"


def test_the_source_is_safe_again_from_any_state(desk: Desk) -> None:
    """A reply left unread, errors in the queue, control given back: the output still goes off, and is seen to be."""
    desk.load(500.0, 100.0)
    raw = desk.resources["source"]
    raw.write("MEAS:ARR?")
    raw.write("NONSENSE;:SYST:LOCK OFF")
    run(desk.source.make_safe())
    desk.later(3.0)
    source: Any = desk.world.twin("source")
    assert not source.energised
    assert run(desk.source.output.read()) is False


def test_an_open_interlock_is_reported_in_words(desk: Desk) -> None:
    source: Any = desk.world.twin("source")
    run(desk.source.voltage.set(10.0))
    source.set_interlock(False)
    with pytest.raises(
        ReportedError, match=r"source: reported -221 \(Settings conflict;interlock is open\) after output"
    ):
        run(desk.source.output.set(True))


@pytest.mark.parametrize("current", [100.0, -5.0])
def test_pulse_comparison_finds_the_planted_errors(desk: Desk, current: float) -> None:
    desk.load(500.0, current)
    turns = 200
    energy, elapsed = run(desk.standard.compare(turns, timeout_s=2000.0))
    kwh = energy.indication.value
    assert (kwh > 0) == (current > 0)
    meter: Any = desk.world.twin("meter")
    standard: Any = desk.world.twin("standard")
    ratio = (1.0 + meter.true_error(500.0, current)) / (1.0 + standard.true_error(current, 24.0))
    assert turns / 1000.0 / abs(kwh) == pytest.approx(ratio, rel=2e-5)
    assert elapsed.indication.value == pytest.approx(abs(kwh) / (500.0 * abs(current) / 3.6e6), rel=1e-3)


def test_pulses_that_do_not_come_are_said_so_and_the_standard_is_free_again(desk: Desk) -> None:
    run(desk.source.voltage.set(500.0))
    run(desk.source.output.set(True))
    with pytest.raises(InstrumentTimeout, match="standard: no pulse at all in 5 s; check the pulse line"):
        run(desk.standard.compare(10, timeout_s=5.0))
    desk.load(500.0, 100.0)
    with pytest.raises(InstrumentTimeout, match="fewer than 1000 pulses after the first in 5 s"):
        run(desk.standard.compare(1000, timeout_s=5.0))
    energy, _ = run(desk.standard.compare(10, timeout_s=50.0))
    assert energy.indication.value == pytest.approx(0.01 / 1.003, rel=1e-3)


def test_display_and_integration_agree_within_a_digit(desk: Desk) -> None:
    desk.load(500.0, 120.0)
    before = run(desk.meter.energy_import.read()).indication.value
    run(desk.standard.start())
    desk.later(60.0)
    run(desk.standard.stop())
    after = run(desk.meter.energy_import.read()).indication.value
    energy = run(desk.standard.energy.read()).indication.value
    assert energy == pytest.approx(500.0 * 120.024 * 60.0 / 3.6e6 * 1.0004, rel=1e-3)
    assert after - before == pytest.approx(energy, abs=0.001 + 0.003 * energy)
    assert run(desk.meter.energy_export.read()).indication.value == 0.0


def test_the_room_is_read_with_the_logger_s_error(desk: Desk) -> None:
    assert run(desk.climate.temperature.read()).indication.value == 23.95
    assert run(desk.climate.humidity.read()).indication.value == 50.0


def test_same_seed_same_readings() -> None:
    def transcript() -> list[str]:
        desk = Desk()
        desk.load(500.0, 33.0)
        replies = [r.raw for _ in range(5) for r in run(desk.standard.compare(9, timeout_s=100.0))]
        desk.manager.close()
        return replies

    assert transcript() == transcript()
