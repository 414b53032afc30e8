"""QCoDeS's drivers, unmodified, on the twins: constructed, set, read, reset, made to fail."""

from __future__ import annotations

import gc
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from pyvisa import VisaIOError

from bench.blocking import bench_time

from .conftest import LIBRARY, imported

if TYPE_CHECKING:
    from collections.abc import Iterator

drivers = imported("qcodes.instrument_drivers.agilent")
keithley = imported("qcodes.instrument_drivers.Keithley")
keysight = imported("qcodes.instrument_drivers.Keysight")
yokogawa = imported("qcodes.instrument_drivers.yokogawa")

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.usefixtures("alone")]


@pytest.fixture
def alone() -> Iterator[None]:
    """Close every QCoDeS instrument afterwards: they know each other by name."""
    from qcodes.instrument import Instrument

    yield
    Instrument.close_all()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        gc.collect()


def world(driver: Any) -> Any:
    return driver.visa_handle.visalib.world


def errors(driver: Any) -> list[int]:
    """Return the numbers in the error queue."""
    found = []
    while (code := int(driver.ask("SYST:ERR?").split(",")[0])) != 0:
        found.append(code)
    return found


@pytest.mark.driver("qcodes", "agilent.Agilent34401A", "dmm_34401a")
def test_agilent34401a() -> None:
    dmm = drivers.Agilent34401A("dmm", "GPIB0::22::INSTR", visalib=LIBRARY)
    assert dmm.IDN()["model"] == "34401A" and "TWIN" in dmm.IDN()["serial"]
    dmm.range(10)
    dmm.NPLC(10)
    assert dmm.resolution() == pytest.approx(1e-5)
    dmm.resolution(3e-5)
    assert dmm.NPLC() == 1.0
    assert dmm.range_auto() == "off"
    assert dmm.volt() == pytest.approx(1.25, abs=1e-4)
    dmm.init_measurement()
    assert dmm.fetch() == pytest.approx(1.25, abs=1e-4)
    assert dmm.terminals() == "FRON"
    dmm.display_text("TWIN")
    assert dmm.display_text() == '"TWIN"'
    dmm.display_clear()
    dmm.snapshot(update=True)
    dmm.clear_errors()
    dmm.range_auto("on")
    dmm.write("VOLT:RES 1e-5")
    assert errors(dmm) == [-221]
    dmm.reset()
    dmm.timeout(0.5)
    with pytest.raises(VisaIOError):
        dmm.fetch()  # nothing was measured since
    assert errors(dmm) == [-230, -420]


@pytest.mark.driver("qcodes", "Keithley.Keithley2000", "dmm_keithley2000")
def test_keithley2000() -> None:
    meter = keithley.Keithley2000("meter", "GPIB0::16::INSTR", visalib=LIBRARY, reset=True)
    for mode in meter._mode_map:
        meter.mode(mode)
        assert meter.mode() == mode
    meter.mode("dc voltage")
    meter.range(1)
    meter.nplc(10)
    meter.digits(7)
    meter.averaging_type("repeat")
    meter.averaging_count(5)
    meter.averaging_enabled(True)
    assert (meter.range(), meter.nplc(), meter.digits(), meter.auto_range_enabled()) == (1.0, 10.0, 7, False)
    assert (meter.averaging_type(), meter.averaging_count(), meter.averaging_enabled()) == ("repeat", 5, True)
    assert meter.amplitude() == 0.0  # the driver's own answer when nothing was triggered
    begin = world(meter).environment.now
    meter.trigger()
    assert meter.amplitude() == pytest.approx(0.5, abs=1e-6)
    assert world(meter).environment.now - begin == pytest.approx(5 * 0.2, rel=0.3)
    meter.trigger_continuous(True)
    assert meter.amplitude() == pytest.approx(0.5, abs=1e-6)
    meter.trigger_continuous(False)
    meter.trigger_count(10)
    meter.trigger_delay(0.1)
    meter.trigger_source("timer")
    meter.trigger_timer(0.2)
    meter.display_enabled(False)
    assert (meter.trigger_count(), meter.trigger_delay(), meter.trigger_source(), meter.trigger_timer()) == (
        10,
        0.1,
        "timer",
        0.2,
    )
    meter.snapshot(update=True)
    assert errors(meter) == []
    meter.reset()
    assert meter.mode() == "dc voltage"
    meter.write("SENS:VOLT:NPLC 99")
    assert errors(meter) == [-222]


@pytest.mark.driver("qcodes", "Keithley.Keithley2400", "smu_keithley2400")
def test_keithley2400() -> None:
    smu = keithley.Keithley2400("smu", "GPIB0::24::INSTR", visalib=LIBRARY)
    smu.mode("VOLT")
    smu.rangev(20)
    smu.compliancei(0.1)
    smu.nplci(1)
    smu.volt(3)
    smu.output("on")
    assert (smu.mode(), smu.compliancei(), smu.output()) == ("VOLT", 0.1, True)
    assert smu.curr() == pytest.approx(3e-3, rel=1e-6)
    assert smu.volt() == pytest.approx(3.0, rel=1e-6)
    assert smu.resistance() == pytest.approx(1000.0, rel=1e-6)
    smu.output("off")
    with pytest.raises(RuntimeError, match="output off"):
        smu.volt()
    smu.mode("CURR")
    smu.compliancev(5)
    smu.rangei(0.1)
    smu.curr(10e-3)
    smu.output("on")
    assert smu.output() is True  # the driver reads only after it has asked for the state itself
    assert smu.volt() == pytest.approx(5.0, rel=1e-6)  # limited: 10 V would be needed
    assert smu.ask("SENS:VOLT:PROT:TRIP?") == "1"
    assert errors(smu) == []
    smu.reset()
    assert smu.ask("OUTP?") == "0"
    smu.write("SOUR:VOLT 1000")
    assert errors(smu) == [-222]


@pytest.mark.driver("qcodes", "yokogawa.YokogawaGS200", "source_gs200")
def test_yokogawa_gs200() -> None:
    source = yokogawa.YokogawaGS200("gs200", "USB0::0x0B21::0x0039::91TWIN1::INSTR", visalib=LIBRARY)
    environment, load = world(source).environment, world(source).ports["gs200_load"]
    with bench_time(environment, "qcodes"):  # it remembers when it set what: one clock for all of it
        use_gs200(source, environment, load)


def use_gs200(source: Any, environment: Any, load: Any) -> None:
    assert source.source_mode() == "VOLT"
    source.voltage_range(10)
    source.current_limit(0.1)
    source.voltage(2)
    source.output("on")
    assert (source.voltage(), source.voltage_range(), source.current_limit()) == (2.0, 10.0, 0.1)
    environment.run_to(environment.now + 1.0)
    assert load.voltage.value(environment.now) == pytest.approx(2.0)
    begin = environment.now
    source.ramp_voltage(5, step=0.5, delay=0.1)
    assert environment.now - begin == pytest.approx(0.6, abs=0.15)  # a program of the source, polled for its end
    assert source.voltage() == 5.0
    assert source.measure.present
    source.measure.enabled("on")
    source.measure.NPLC(5)
    source.measure.delay(10)
    source.measure.trigger("READY")
    source.measure.interval(0.5)
    assert (source.measure.NPLC(), source.measure.delay(), source.measure.interval()) == (5, 10, 0.5)
    assert source.measure.measure() == pytest.approx(5e-3, rel=1e-6)
    source.program.interval(1.0)
    source.program.slope(0.5)
    source.program.repeat("OFF")
    assert (source.program.interval(), source.program.slope()) == (1.0, 0.5)
    source.program.start()
    source.voltage(1)
    source.program.end()
    assert source.program.count() == 1
    source.program.run()
    assert source.ask("*OPC?") == "1"
    assert source.voltage() == 1.0
    source.four_wire("on")
    source.guard("on")
    assert (source.four_wire(), source.guard(), source.line_freq()) == ("on", "on", 50)
    assert "No error" in source.system_errors()
    source.off()
    source.source_mode("CURR")
    source.current_range(0.1)
    source.voltage_limit(20)
    source.current(0.01)
    assert (source.current(), source.voltage_limit()) == (0.01, 20)
    source.snapshot(update=True)
    with pytest.raises(ValueError, match="not in range"):
        source.current(0.2)
    source.write("SOUR:LEV 100")
    assert "-222" in source.system_errors()
    source.reset()
    assert source.state() == 0


def use_keysight(dmm: Any) -> None:
    environment = world(dmm).environment
    assert "TWIN" in dmm.IDN()["serial"]
    for function in ("AC Voltage", "DC Current", "2 Wire Resistance", "DC Voltage"):
        dmm.sense_function(function)
        assert dmm.sense_function() == function
    dmm.range(10)
    for plc in dmm.NPLC_list:
        dmm.NPLC(plc)
        assert dmm.NPLC() == plc
    dmm.NPLC(10)
    dmm.autozero("OFF")
    begin = environment.now
    assert dmm.volt() == pytest.approx(1.25, abs=1e-4)
    assert environment.now - begin == pytest.approx(0.2, abs=0.02)
    assert dmm.autorange() == "OFF"
    dmm.sample.count(5)
    assert dmm.read() == pytest.approx([1.25] * 5, abs=1e-4)
    dmm.init_measurement()
    assert dmm.fetch() == pytest.approx([1.25] * 5, abs=1e-4)
    dmm.trigger.source("BUS")
    dmm.trigger.count(1)
    dmm.trigger.delay(0.1)
    dmm.trigger.auto_delay_enabled(True)
    dmm.trigger.slope("POS")
    dmm.sample.timer("MIN")
    dmm.display.text("TWIN")
    dmm.display.clear()
    dmm.display.enabled(True)
    dmm.NPLC(1)
    dmm.autozero("ON")
    dmm.trigger.source("IMM")
    dmm.timetrace_npts(20)
    dmm.timetrace_dt(0.1)
    if hasattr(dmm.sample, "source"):
        begin = environment.now
        assert dmm.timetrace() == pytest.approx([1.25] * 20, abs=1e-4)
        assert environment.now - begin == pytest.approx(1.9, abs=0.3)
        dmm.aperture_time(0.1)
        assert dmm.aperture_time() == 0.1
        assert dmm.aperture_mode() == "ON"
    dmm.autorange_once()
    dmm.abort_measurement()
    assert dmm.error() == (0, "No error")
    dmm.write("SENS:VOLT:NPLC 1000")
    assert dmm.error()[0] == -222
    dmm.reset()
    assert (dmm.sample.count(), dmm.sense_function()) == (1, "DC Voltage")
    dmm.timeout(0.5)
    with pytest.raises(VisaIOError):
        dmm.fetch()
    assert dmm.error()[0] == -230


@pytest.mark.parametrize(
    ("name", "address"),
    [
        pytest.param(
            f"Keysight{model}",
            f"TCPIP0::192.0.2.{model[3:5]}::inst0::INSTR",
            id=model,
            marks=pytest.mark.driver("qcodes", f"Keysight.Keysight{model}", "dmm_34461a"),
        )
        for model in ("34461A", "34465A", "34410A", "34411A", "34460A", "34470A")
    ],
)
def test_keysight(name: str, address: str) -> None:
    use_keysight(getattr(keysight, name)("dmm", address, visalib=LIBRARY))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        pytest.param(
            f"Agilent{model}",
            f"TCPIP0::192.0.2.{model[3:5]}::inst0::INSTR",
            id=model,
            marks=pytest.mark.driver("qcodes", f"agilent.Agilent{model}", "dmm_34461a"),
        )
        for model in ("34410A", "34411A")
    ],
)
def test_agilent_3441x(name: str, address: str) -> None:
    dmm = getattr(drivers, name)("dmm", address, visalib=LIBRARY)
    dmm.range(10)
    dmm.NPLC(1)
    assert (dmm.NPLC(), dmm.range_auto()) == (1.0, "off")
    assert dmm.volt() == pytest.approx(1.25, abs=1e-4)
    dmm.display_clear()
    dmm.display_text("TWIN")
    dmm.display_text_2("2")
    assert (dmm.display_text(), dmm.display_text_2()) == ('"TWIN"', '"2"')
    assert errors(dmm) == []
    dmm.reset()
    assert dmm.range_auto() == "on"
    dmm.write("VOLT:RES 1e-5")
    assert errors(dmm) == [-221]
