"""PyMeasure's drivers, unmodified, on the twins: constructed, set, read, reset, made to fail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from pyvisa import VisaIOError

from bench.blocking import bench_time

from .conftest import LIBRARY, imported

if TYPE_CHECKING:
    from collections.abc import Iterator

hp = imported("pymeasure.instruments.hp")
keithley = imported("pymeasure.instruments.keithley")
agilent = imported("pymeasure.instruments.agilent")
yokogawa = imported("pymeasure.instruments.yokogawa")

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")


def opened(kind: Any, address: str) -> Any:
    return kind(address, visa_library=LIBRARY)


def world(driver: Any) -> Any:
    return driver.adapter.manager.visalib.world


def closing(driver: Any) -> Iterator[Any]:
    yield driver
    driver.adapter.connection.close()


# -- HP34401A ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def hp34401a() -> Iterator[Any]:
    yield from closing(opened(hp.HP34401A, "GPIB0::22::INSTR"))


HP34401A = pytest.mark.driver("pymeasure", "hp.HP34401A", "dmm_34401a")


@HP34401A
def test_hp34401a_is_constructed_and_identifies_itself(hp34401a: Any) -> None:
    assert "34401A,TWIN" in hp34401a.id
    assert hp34401a.scpi_version == 1991.0
    assert hp34401a.terminals_used == "FRONT"


@HP34401A
def test_hp34401a_is_set_and_read(hp34401a: Any) -> None:
    for function in hp34401a.FUNCTIONS:
        hp34401a.function_ = function
        assert hp34401a.function_ == function
    hp34401a.function_ = "DCV"
    hp34401a.range_ = 10
    hp34401a.nplc = 10
    hp34401a.resolution = 1e-5
    assert (hp34401a.range_, hp34401a.autorange, hp34401a.nplc) == (10.0, False, 10.0)
    begin = world(hp34401a).environment.now
    assert hp34401a.reading == pytest.approx(1.25, abs=1e-5)
    assert world(hp34401a).environment.now - begin == pytest.approx(0.4, abs=0.01)
    hp34401a.autozero_enabled = False
    hp34401a.sample_count = 5
    hp34401a.trigger_delay = "MIN"
    assert hp34401a.reading == pytest.approx([1.25] * 5, abs=1e-5)
    hp34401a.init_trigger()
    assert hp34401a.stored_reading == pytest.approx([1.25] * 5, abs=1e-5)
    assert hp34401a.stored_readings_count == 5
    hp34401a.trigger_source = "BUS"
    assert (hp34401a.trigger_source, hp34401a.trigger_count, hp34401a.trigger_auto_delay_enabled) == ("BUS", 1.0, False)
    hp34401a.function_ = "FREQ"
    hp34401a.gate_time = 0.1
    assert hp34401a.gate_time == 0.1
    hp34401a.range_ = 1
    assert hp34401a.range_ == 1.0
    hp34401a.function_ = "ACV"
    hp34401a.detector_bandwidth = 3
    assert hp34401a.detector_bandwidth == 3.0
    hp34401a.auto_input_impedance_enabled = True
    hp34401a.displayed_text = "TWIN"
    assert hp34401a.displayed_text == "TWIN"
    hp34401a.display_enabled = False
    assert hp34401a.display_enabled is False
    hp34401a.beeper_enabled = False
    hp34401a.beep()
    hp34401a.remote_control_enabled = True
    hp34401a.trigger_single_autozero()
    assert hp34401a.check_errors() == []


@HP34401A
def test_hp34401a_measures_by_its_old_properties(hp34401a: Any) -> None:
    assert hp34401a.voltage_ac == pytest.approx(0.0, abs=1e-6)
    assert hp34401a.current_dc == pytest.approx(0.0, abs=1e-7)
    assert hp34401a.resistance > 1e5  # the cell of 1.25 V is taken for a drop of the test current
    assert hp34401a.check_errors() == []


@HP34401A
def test_hp34401a_is_reset(hp34401a: Any) -> None:
    hp34401a.sample_count = 9
    hp34401a.reset()
    assert hp34401a.sample_count == 1
    assert hp34401a.complete == "1"
    hp34401a.adapter.connection.timeout = 10000
    assert hp34401a.self_test_result == 0


@HP34401A
def test_hp34401a_is_made_to_fail(hp34401a: Any) -> None:
    hp34401a.resolution = 1e-5  # while autoranging
    errors = hp34401a.check_errors()
    assert [int(error[0]) for error in errors] == [-221] and "Settings conflict" in errors[0][1]
    with pytest.raises(VisaIOError):
        _ = hp34401a.stored_reading
    assert int(hp34401a.check_errors()[0][0]) == -230


@pytest.mark.driver("pymeasure", "agilent.Agilent34410A", "dmm_34461a")
def test_agilent34410a_measures() -> None:
    driver = opened(agilent.Agilent34410A, "TCPIP0::192.0.2.10::inst0::INSTR")
    assert driver.voltage_dc == pytest.approx(1.25, abs=1e-5)
    assert driver.voltage_ac == pytest.approx(0.0, abs=1e-5)
    assert driver.current_dc == pytest.approx(0.0, abs=1e-6)
    driver.reset()
    driver.write("VOLT:NPLC 1000")
    assert int(driver.check_errors()[0][0]) == -222
    driver.adapter.connection.close()


# -- Keithley 2000 ----------------------------------------------------------------------------------------------------

K2000 = pytest.mark.driver("pymeasure", "keithley.Keithley2000", "dmm_keithley2000")


@pytest.fixture
def keithley2000() -> Iterator[Any]:
    yield from closing(opened(keithley.Keithley2000, "GPIB0::16::INSTR"))


@K2000
def test_keithley2000_is_constructed_set_and_read(keithley2000: Any) -> None:
    meter = keithley2000
    assert "MODEL 2000,TWIN" in meter.id
    for mode in meter.MODES:
        meter.mode = mode
        assert meter.mode == mode
    meter.measure_voltage(max_voltage=1)
    meter.voltage_nplc = 10
    meter.voltage_digits = 7
    meter.voltage_reference = 0.1
    assert (meter.voltage_range, meter.voltage_nplc, meter.voltage_digits, meter.voltage_reference) == (1, 10, 7, 0.1)
    assert meter.voltage == pytest.approx(0.5, abs=1e-6)
    meter.enable_reference()
    assert meter.voltage == pytest.approx(0.4, abs=1e-6)
    meter.disable_reference()
    meter.acquire_reference()
    meter.enable_filter(type="repeat", count=5)
    assert meter.voltage == pytest.approx(0.5, abs=1e-6)
    meter.disable_filter()
    meter.auto_range()
    meter.measure_current(max_current=10e-3)
    meter.current_nplc = 1
    assert meter.current == pytest.approx(0.0, abs=1e-6)
    meter.measure_resistance(max_resistance=1e6, wires=4)
    assert (meter.resistance_4W_range, meter.resistance_4W_nplc) == (1e6, 1)
    meter.measure_voltage(ac=True)
    meter.voltage_ac_bandwidth = 300
    assert (meter.voltage_ac_range, meter.voltage_ac_bandwidth) == (1, 300)
    meter.measure_frequency()
    meter.frequency_aperature = 0.1
    meter.frequency_threshold = 10
    assert (meter.frequency, meter.frequency_aperature, meter.frequency_threshold) == (0.0, 0.1, 10)
    meter.measure_temperature()
    assert meter.temperature == pytest.approx(23.0)
    meter.measure_diode()
    meter.measure_continuity()
    meter.measure_period()
    meter.beep_state = "disabled"
    assert meter.beep_state == "disabled"
    meter.beep(440, 1)
    meter.trigger_delay = 0.5
    assert meter.trigger_delay == 0.5
    meter.remote()
    meter.remote_lock()
    meter.local()
    assert meter.check_errors() == []


@K2000
def test_keithley2000_fills_a_buffer_of_50_in_a_second_of_bench_time(keithley2000: Any) -> None:
    meter, environment = keithley2000, world(keithley2000).environment
    meter.measure_voltage()
    with bench_time(environment, "pymeasure"):
        meter.config_buffer(50)
        begin = environment.now
        meter.start_buffer()
        meter.wait_for_buffer()
    assert environment.now - begin == pytest.approx(1.05, abs=0.11)  # it looks every 0.1 s
    assert meter.buffer_data == pytest.approx([0.5] * 50, abs=1e-6)
    assert meter.buffer_points == 50
    meter.reset_buffer()
    meter.stop_buffer()
    meter.disable_buffer()
    assert meter.check_errors() == []


@K2000
def test_keithley2000_is_reset_and_made_to_fail(keithley2000: Any) -> None:
    meter = keithley2000
    meter.measure_resistance()
    meter.reset()
    assert meter.mode == "voltage"
    assert meter.check_errors() == []
    meter.voltage_nplc = 99
    assert [int(error[0]) for error in meter.check_errors()] == [-222]
    meter.voltage_range = 0.1
    assert meter.voltage > 9e37  # 0.5 V on the 100 mV range


# -- Keithley 2400 ----------------------------------------------------------------------------------------------------

K2400 = pytest.mark.driver("pymeasure", "keithley.Keithley2400", "smu_keithley2400")


@pytest.fixture
def keithley2400() -> Iterator[Any]:
    yield from closing(opened(keithley.Keithley2400, "GPIB0::24::INSTR"))


@K2400
def test_keithley2400_is_constructed_set_and_read(keithley2400: Any) -> None:
    smu = keithley2400
    smu.reset()
    smu.reset_data_format()
    smu.source_mode = "voltage"
    smu.source_voltage_range = 20
    smu.source_voltage = 2
    smu.compliance_current = 0.1
    smu.voltage_nplc = 1
    smu.enable_source()
    assert (smu.source_mode, smu.source_voltage, smu.compliance_current, smu.source_enabled) == (
        "voltage",
        2,
        0.1,
        True,
    )
    assert smu.current == pytest.approx(2e-3, rel=1e-6)
    assert smu.voltage == pytest.approx(2.0, rel=1e-6)
    everything = smu.measure_all()
    assert everything["resistance"] == pytest.approx(1000.0, rel=1e-6)
    assert everything["status"] & 2048
    assert smu.resistance == pytest.approx(1000.0, rel=1e-6)
    smu.wires = 4
    smu.line_frequency = 60
    smu.auto_zero_enabled = False
    smu.auto_zero_once()
    smu.filter_count = 5
    smu.filter_enabled = True
    smu.repeat_filter_enabled = False
    smu.output_off_state = "HIMP"
    smu.source_delay = 0.1
    smu.current_range = 0.01
    smu.display_enabled = False
    smu.front_terminals_enabled = False
    assert (smu.wires, smu.line_frequency, smu.auto_zero_enabled, smu.filter_count) == (4, 60, False, 5)
    assert (smu.output_off_state, smu.source_delay, smu.front_terminals_enabled) == ("disconnected", 0.1, False)
    assert not smu.current_range_auto_enabled and not smu.source_delay_auto_enabled
    smu.beep(440, 0.5)
    assert smu.check_errors() == []


@K2400
def test_keithley2400_ramps_in_bench_time(keithley2400: Any) -> None:
    smu, environment = keithley2400, world(keithley2400).environment
    smu.reset()
    smu.compliance_current = 0.1
    smu.enable_source()
    begin = environment.now
    with bench_time(environment, "pymeasure"):
        smu.ramp_to_voltage(3.0, steps=30, pause=20e-3)
        smu.triad(440, 0.1)
    assert environment.now - begin == pytest.approx(0.8, abs=0.05)
    assert world(smu).ports["resistor"].voltage.value(environment.now) == pytest.approx(3.0, rel=1e-6)
    smu.shutdown()
    assert world(smu).ports["resistor"].voltage.value(environment.now + 1.0) == pytest.approx(0.0, abs=1e-9)


@K2400
def test_keithley2400_fills_its_buffer_and_calculates(keithley2400: Any) -> None:
    smu, environment = keithley2400, world(keithley2400).environment
    smu.reset()
    smu.source_voltage = 1.0
    smu.compliance_current = 0.1
    smu.enable_source()
    with bench_time(environment, "pymeasure"):
        smu.config_buffer(10)
        smu.start_buffer()
        smu.wait_for_buffer()
    assert smu.buffer_data.size == 50
    assert smu.means[1] == pytest.approx(1e-3, rel=1e-6)
    assert smu.mean_voltage == pytest.approx(1.0, rel=1e-6)
    assert smu.std_current == pytest.approx(0.0, abs=1e-9)


@K2400
def test_keithley2400_arms_and_triggers(keithley2400: Any) -> None:
    smu = keithley2400
    smu.reset()
    smu.trigger_on_bus()
    assert (smu.arm_count, smu.arm_source, smu.trigger_source) == (1, "bus", "immediate")
    smu.trigger_count = 100
    smu.arm_timer = 0.5
    smu.trigger_on_external(2)
    assert (smu.trigger_count, smu.arm_timer, smu.arm_input_line, smu.trigger_input_line) == (100, 0.5, 2, 2)
    smu.trigger_output_event = "sense"
    smu.arm_output_event = "trigger_exit"
    smu.disable_output_triggers()
    smu.trigger_immediately()
    smu.reset_trigger()
    smu.clear_trigger()
    assert smu.check_errors() == []


@K2400
def test_keithley2400_is_made_to_fail(keithley2400: Any) -> None:
    smu = keithley2400
    smu.reset()
    smu.write("INIT")
    assert [int(error[0]) for error in smu.check_errors()] == [803]
    smu.source_voltage = 10
    smu.enable_source()  # compliance is 105 uA after reset: 0.105 V
    assert smu.voltage == pytest.approx(0.105, rel=1e-3)
    assert smu.measure_all()["status"] & 8


@pytest.mark.driver("pymeasure", "keithley.Keithley2400Legacy", "smu_keithley2400")
def test_keithley2400_legacy() -> None:
    module = imported("pymeasure.instruments.keithley.keithley2400_legacy")
    smu = opened(module.Keithley2400Legacy, "GPIB0::24::INSTR")
    with bench_time(world(smu).environment, "pymeasure"):
        smu.reset()
        smu.apply_voltage(voltage_range=20, compliance_current=0.1)
        smu.source_voltage = 4
        smu.enable_source()
        smu.measure_current()
        assert smu.current == pytest.approx(4e-3, rel=1e-6)
        smu.measure_resistance(auto_range=False, resistance=1e4)
        smu.apply_current(compliance_voltage=10)
        smu.source_current = 1e-3
        smu.enable_source()
        smu.measure_voltage()
        assert smu.voltage == pytest.approx(1.0, rel=1e-6)
        assert math.isfinite(smu.source_delay)
        smu.write("SOUR:CURR 5")
        assert "-222" in str(smu.error)
        smu.shutdown()
    smu.adapter.connection.close()


# -- Yokogawa GS200 ---------------------------------------------------------------------------------------------------

GS200 = pytest.mark.driver("pymeasure", "yokogawa.YokogawaGS200", "source_gs200")


@pytest.fixture
def gs200() -> Iterator[Any]:
    yield from closing(opened(yokogawa.YokogawaGS200, "USB0::0x0B21::0x0039::91TWIN1::INSTR"))


@GS200
def test_gs200_is_constructed_set_and_read(gs200: Any) -> None:
    assert "GS210,TWIN" in gs200.id
    gs200.reset()
    gs200.source_mode = "voltage"
    gs200.source_range = 10
    gs200.source_level = 5
    gs200.current_limit = 0.1
    gs200.source_enabled = True
    assert (gs200.source_mode, gs200.source_range, gs200.source_level) == ("VOLT", 10.0, 5.0)
    assert (gs200.current_limit, gs200.source_enabled) == (0.1, True)
    bench = world(gs200)
    bench.environment.run_to(bench.environment.now + 1.0)
    assert bench.ports["gs200_load"].voltage.value(bench.environment.now) == pytest.approx(5.0)
    gs200.source_enabled = False
    gs200.source_mode = "current"
    gs200.voltage_limit = 20
    assert (gs200.source_mode, gs200.voltage_limit) == ("CURR", 20.0)
    assert gs200.check_errors() == []


@GS200
def test_gs200_ramps(gs200: Any) -> None:
    environment = world(gs200).environment
    gs200.source_enabled = True
    gs200.trigger_ramp_to_level(4.0, 2.0)
    environment.run_to(environment.now + 1.0)
    assert world(gs200).ports["gs200_load"].voltage.value(environment.now) == pytest.approx(2.0, abs=0.01)
    assert gs200.complete == "1"
    assert gs200.source_level == 4.0
    assert gs200.check_errors() == []


@GS200
def test_gs200_is_reset_and_made_to_fail(gs200: Any) -> None:
    gs200.source_enabled = True
    gs200.source_mode = "current"  # not while the output is on
    assert [int(error[0]) for error in gs200.check_errors()] == [-221]
    gs200.write("SOUR:LEV 100")
    assert [int(error[0]) for error in gs200.check_errors()] == [-222]
    gs200.reset()
    assert gs200.source_enabled is False
