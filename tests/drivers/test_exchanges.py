"""What each driver of the DC energy bench says, in which order, message by message."""

from __future__ import annotations

import pytest

from drivers.climate_logger import ClimateLogger
from drivers.dc_energy import DcEnergyMeter
from drivers.energy_standard import LOAD, RESULT, EnergyStandard
from drivers.errors import InstrumentError, InstrumentTimeout, ProtocolError, ReportedError, SettingRefused
from drivers.power_source import PowerSource

from .transcript import CLEARED, TIMEOUT, Transcript, value


def told(message: str) -> tuple[str, str]:
    """Return a setting of the source, with the look at its error queue in the same message."""
    return f"{message};:SYST:ERR?", '0,"No error"'


def fine(message: str) -> tuple[str, str]:
    """Return a setting of the standard, likewise."""
    return f"{message};:STAT:ERR?", '0,"No error"'


OFF = (
    ("SYST:LOCK ON", None),
    ("OUTP OFF", None),
    ("VOLT 0", None),
    ("CURR 0", None),
    ("OUTP?", "OFF"),
    ("MEAS:ARR?", "0.00 V, 0.000 A, 0 W"),
    ("*CLS", None),
)
SOURCE_READY = (
    ("*CLS", None),
    told("SYST:LOCK ON"),
    ("SYST:LOCK:OWN?", "REMOTE"),
    *OFF,
    told("PHAN:RIPP:VOLT 0.000"),
    told("PHAN:RIPP:CURR 0.000"),
)
STANDARD_READY = (
    ("*CLS", None),
    fine(":PULS:ABOR"),
    (":INTEG:STAT?", "STAR"),
    fine(":INTEG:STOP"),
    fine(":INTEG:RES"),
    fine(":COMM:HEAD OFF"),
    fine(":NUM:FORM ASC;NORM:NUM 5;ITEM1 U;ITEM2 I;ITEM3 P;ITEM4 WH;ITEM5 TIME"),
)


def test_source_sets_a_load_and_reads_back() -> None:
    session = Transcript(
        *SOURCE_READY,
        told("VOLT 500.00"),
        told("PHAN:DIR EXP;:CURR 12.500"),
        told("OUTP ON"),
        ("MEAS:VOLT?", "500.02 V"),
        ("MEAS:CURR?", "-12.499 A"),
        ("MEAS:POW?", "-6250 W"),
        ("PHAN:DIR?;:CURR?", "EXP;12.500 A"),
        ("PHAN:DIR?;:CURR?", "IMP;12.500 A"),
        ("PHAN:DIR?;:CURR?", "EXP"),
    )
    source = PowerSource(session, "source")
    value(source.voltage.set(500.0))
    value(source.current.set(-12.5))
    value(source.output.set(True))
    assert value(source.measured_voltage.read()).indication.value == 500.02
    assert value(source.measured_current.read()).indication.value == -12.499
    assert value(source.measured_power.read()).indication.value == -6250.0
    assert value(source.current.read()).indication.value == -12.5
    assert value(source.current.read()).indication.value == 12.5
    with pytest.raises(ProtocolError):
        value(source.current.read())
    session.finished()


def test_source_takes_a_whole_load_in_one_message_and_leaves_its_output_alone() -> None:
    session = Transcript(*SOURCE_READY, told("VOLT 500.00;:PHAN:DIR EXP;:CURR 12.500"))
    source = PowerSource(session, "source")
    value(source.set_load(500.0, -12.5))
    with pytest.raises(SettingRefused, match="source: current = 601 A is outside of"):
        value(source.set_load(500.0, 601.0))
    session.finished()


def test_source_says_which_load_it_did_not_take() -> None:
    message, _ = told("VOLT 500.00;:PHAN:DIR IMP;:CURR 12.500")
    session = Transcript(*SOURCE_READY, (message, '-222,"Data out of range"'), ("SYST:ERR?", '0,"No error"'))
    with pytest.raises(ReportedError, match=r"-222 .* after voltage = 500 V, current = 12\.5 A"):
        value(PowerSource(session, "source").set_load(500.0, 12.5))
    session.finished()


def test_source_that_is_held_locally_is_not_used() -> None:
    session = Transcript(*SOURCE_READY[:2], ("SYST:LOCK:OWN?", "LOCAL"))
    with pytest.raises(InstrumentError, match="source: remote control refused, owner is 'LOCAL'"):
        value(PowerSource(session, "source").voltage.set(1.0))
    session.finished()


def test_source_sets_ripple_and_shunt() -> None:
    session = Transcript(
        *SOURCE_READY,
        told("PHAN:RIPP:VOLT 2.000"),
        told("PHAN:RIPP:CURR:PHAS -60.000"),
        told("PHAN:RIPP:FREQ 300.000"),
        told("PHAN:CURR:OUTP SHUN"),
        ("PHAN:CURR:OUTP?", "DIR"),
    )
    source = PowerSource(session, "source")
    value(source.voltage_ripple.set(2.0))
    value(source.current_phase.set(-60.0))
    value(source.ripple_frequency.set(300.0))
    value(source.current_output.set("shunt"))
    assert value(source.current_output.read()) == "direct"
    session.finished()


def test_make_safe_tries_everything_and_confirms() -> None:
    session = Transcript(*OFF)
    value(PowerSource(session, "source").make_safe())
    session.finished()


def test_make_safe_goes_on_when_a_message_fails_and_tries_again() -> None:
    session = Transcript(
        ("SYST:LOCK ON", TIMEOUT),
        CLEARED,
        ("OUTP OFF", None),
        ("VOLT 0", None),
        ("CURR 0", None),
        ("OUTP?", '0,"No error"'),  # a stale reply comes first
        CLEARED,
        *OFF,
    )
    value(PowerSource(session, "source").make_safe())
    session.finished()


def test_make_safe_waits_until_the_output_is_discharged() -> None:
    session = Transcript(
        *OFF[:5],
        ("MEAS:ARR?", "480.12 V, -99.001 A, -47532 W"),
        ("MEAS:ARR?", "29.90 V, -4.010 A, -120 W"),
        ("MEAS:ARR?", "0.01 V, -0.003 A, 0 W"),
        ("*CLS", None),
    )
    value(PowerSource(session, "source").make_safe())
    session.finished()


def test_make_safe_does_not_believe_a_contactor_that_sticks() -> None:
    stuck = (*OFF[:5], *(("MEAS:ARR?", "499.90 V, 0.000 A, 0 W"),) * 20)
    session = Transcript(*stuck, CLEARED, *stuck, CLEARED, *stuck)
    with pytest.raises(InstrumentError, match=r"NOT SAFE: .* still measures 499\.90 V, 0\.000 A, 0 W"):
        value(PowerSource(session, "source").make_safe())
    session.finished()


def test_make_safe_says_so_when_the_source_stays_on() -> None:
    stays_on = (*OFF[:4], ("OUTP?", "ON"))
    session = Transcript(*stays_on, CLEARED, *stays_on, CLEARED, *stays_on)
    with pytest.raises(InstrumentError, match=r"source: NOT SAFE: output not confirmed off after 3 attempts"):
        value(PowerSource(session, "source").make_safe())
    session.finished()


def test_standard_compares_pulses() -> None:
    session = Transcript(
        *STANDARD_READY,
        fine(":PULS:COUN 25;STAR"),
        ("*OPC?", "1"),
        (RESULT, "DONE;25;-2.50012000E+01;0.501234;-2.50012000E+01;-5.000183E+04"),
    )
    energy, elapsed, power = value(EnergyStandard(session, "standard").compare_and_read(25, timeout_s=96.0))
    assert energy.indication.value == pytest.approx(-0.0250012) and energy.indication.unit == "kWh"
    assert elapsed.indication.value == 0.501234 and elapsed.name == "compared_time"
    assert power.indication.value == -50001.83 and power.name == "power"
    assert 96.0 in session.timeouts
    session.finished()


@pytest.mark.parametrize(
    ("state", "said"),
    [("WAIT", "no pulse at all in 96 s"), ("RUN", "fewer than 25 pulses after the first in 96 s")],
)
def test_standard_gives_up_when_pulses_do_not_come(state: str, said: str) -> None:
    session = Transcript(
        *STANDARD_READY,
        fine(":PULS:COUN 25;STAR"),
        ("*OPC?", TIMEOUT),
        CLEARED,
        (":PULS:STAT?", state),
        fine(":PULS:ABOR"),
    )
    with pytest.raises(InstrumentTimeout, match=f"standard: {said}"):
        value(EnergyStandard(session, "standard").compare(25, timeout_s=96.0))
    session.finished()


@pytest.mark.parametrize(
    "raw",
    [
        "RUN;1;1.00000000E+00;1.000000;1.00000000E+00;1.000000E+03",
        "DONE;1;1.00000000E+00",
        "DONE;1;1.00000000E+00;1.000000;1.00000000E+00",
        "DONE;1;1.00000000E+00;1.000000;1.00000000E+00;1.00000E+03",
        "DONE;1;1.00000000E+00;1.00000;1.00000000E+00;1.000000E+03",
        "DONE;1;1.0000000E+00;1.000000;1.0000000E+00;1.000000E+03",
        "DONE;1;1.00000000E+00;1.000000;;1.000000E+03",
        "DONE;1;1.00000000E+00;1.000000;1.00000001E+00;1.000000E+03",
        "DONE;2;1.00000000E+00;1.000000;1.00000000E+00;1.000000E+03",
        "",
    ],
)
def test_standard_does_not_take_an_unfinished_or_garbled_comparison(raw: str) -> None:
    session = Transcript(*STANDARD_READY, fine(":PULS:COUN 1;STAR"), ("*OPC?", "1"), (RESULT, raw))
    with pytest.raises(ProtocolError):
        value(EnergyStandard(session, "standard").compare(1, timeout_s=1.0))


def test_standard_is_not_asked_for_less_than_a_pulse_and_a_wrong_completion_is_refused() -> None:
    session = Transcript(*STANDARD_READY, fine(":PULS:COUN 1;STAR"), ("*OPC?", "0"))
    standard = EnergyStandard(session, "standard")
    with pytest.raises(SettingRefused, match=r"pulses_per_comparison = 0 is outside of 1\.\.1e\+09"):
        value(standard.compare(0, timeout_s=1.0))
    with pytest.raises(ProtocolError, match=r"\*OPC\?: reply '0' is not '1'"):
        value(standard.compare(1, timeout_s=1.0))


def test_standard_integrates_and_indicates() -> None:
    session = Transcript(
        *STANDARD_READY,
        fine(":INTEG:RES"),
        fine(":INTEG:STAR"),
        fine(":INTEG:STOP"),
        (":NUM:VAL? 4", "1.00004000E+03"),
        (":NUM:VAL? 5", "7.20000000E+01"),
        (":NUM:VAL? 1", "5.000123E+02"),
        (":NUM:VAL? 2", "-1.000012E+02"),
        (":NUM:VAL? 3", "-5.000183E+04"),
        (LOAD, "5.000123E+02;-1.000012E+02"),
        (LOAD, "5.000123E+02"),
        CLEARED,
        fine(":PULS:TOT:CLE"),
        (":PULS:TOT?", "12"),
        (":NUM:VAL? 4", "NAN"),
    )
    standard = EnergyStandard(session, "standard")
    value(standard.start())
    value(standard.stop())
    assert value(standard.energy.read()).indication.value == pytest.approx(1.00004)
    assert value(standard.elapsed.read()).indication.value == 72.0
    assert value(standard.voltage.read()).indication.value == 500.0123
    assert value(standard.current.read()).indication.value == -100.0012
    assert value(standard.power.read()).indication.value == -50001.83
    assert [r.indication.value for r in value(standard.read_load())] == [500.0123, -100.0012]
    with pytest.raises(ProtocolError, match="is not voltage;current"):
        value(standard.read_load())
    value(standard.reset_pulses())
    assert value(standard.pulses.read()).indication.value == 12
    with pytest.raises(ProtocolError, match="standard: energy: reply 'NAN'"):
        value(standard.energy.read())
    session.finished()


def test_logger_reads_its_three_quantities() -> None:
    session = Transcript(("MEAS:TEMP?", "22.98"), ("MEAS:HUM?", "51.0"), ("MEAS:PRES?", "101.32"))
    logger = ClimateLogger(session, "environment")
    readings = [value(p.read()) for p in (logger.temperature, logger.humidity, logger.pressure)]
    assert [(r.name, r.indication.value, r.indication.unit) for r in readings] == [
        ("temperature", 22.98, "degC"),
        ("humidity", 51.0, "%"),
        ("pressure", 101.32, "kPa"),
    ]


def test_meter_reads_registers_and_nameplate() -> None:
    session = Transcript(
        ("MEAS:ENER:IMP?", "12.345"),
        ("MEAS:ENER:EXP?", "0.000"),
        ("MEAS:POW?", "-50.0000"),
        ("NAM:CONS?", "1000"),
        ("NAM:VOLT?", "500"),
        ("NAM:CURR?", "100"),
        ("SYST:CLOC?", "86400"),
    )
    meter = DcEnergyMeter(session, "device")
    properties = (
        meter.energy_import,
        meter.energy_export,
        meter.power,
        meter.constant,
        meter.rated_voltage,
        meter.rated_current,
        meter.clock,
    )
    assert [value(p.read()).indication.value for p in properties] == [12.345, 0, -50, 1000, 500, 100, 86400]
    session.finished()
