"""What each driver of the water and heat rigs says, in which order, message by message, and what it refuses."""

from __future__ import annotations

import pytest

from drivers.errors import ImplausibleReading, InstrumentError, InstrumentTimeout, ProtocolError
from drivers.flow_meter import FlowMeter
from drivers.frequency_reference import FrequencyReference
from drivers.heat_meter import HeatMeter
from drivers.pulse_source import PulseSource
from drivers.pulse_timer import PulseTimer
from drivers.resistance_decade import ResistanceDecade
from drivers.thermometer_readout import ThermometerReadout
from drivers.thermostat import Thermostat
from drivers.water_rig import WaterRig

from .transcript import CLEARED, OK, TIMEOUT, Transcript, value

SAFE = (
    ("OUTP 0", None),
    ("DIV:ABOR", None),
    ("SOUR:FLOW 0.00000", None),
    ("OUTP?", "0"),
    ("MEAS:FLOW?", "512.00000"),
    ("MEAS:FLOW?", "0.00000"),
    ("*CLS", None),
)
RIG_READY = (("*CLS", None), *SAFE)
TIMER_READY = (("*CLS", None), ("ABOR", None), OK)


def test_rig_holds_a_flow_and_reads_its_line() -> None:
    session = Transcript(
        *RIG_READY,
        ("SOUR:FLOW 700.00000", None),
        OK,
        ("OUTP 1", None),
        OK,
        ("MEAS:FLOW:TRAC? 3", "700.10000,700.20000,700.00000"),
        ("MEAS:TEMP?", "20.125"),
        ("MEAS:PRES?", "300.25"),
        ("MEAS:FLOW:TRAC? 2", "700.1,700.2"),
    )
    rig = WaterRig(session, "rig")
    value(rig.flow.set(700.0))
    value(rig.output.set(True))
    reading, flows = value(rig.flow_trace(3))
    assert flows == (700.1, 700.2, 700.0)
    assert reading.indication.value == pytest.approx(700.1)
    assert value(rig.temperature.read()).indication.value == 20.125
    assert value(rig.pressure.read()).indication.value == 300.25
    with pytest.raises(ProtocolError, match="2 flows with five decimals"):
        value(rig.flow_trace(2))
    session.finished()


def test_rig_makes_its_runs_and_refuses_those_that_were_over_too_soon() -> None:
    start = (
        ("DIV:TIME 60.000;:DIV:COUN 2;:DIV:PAUS 2.000", None),
        OK,
        ("DIV:TIME?;:DIV:COUN?;:DIV:PAUS?", "60.000;2;2.000"),
        ("DIV:STAR", None),
        OK,
    )
    session = Transcript(
        *RIG_READY,
        *start,
        ("*OPC?", "1"),
        ("DIV:STAT?", "BYP"),
        *start,
        ("*OPC?", "1"),
        *start[:2],
        ("DIV:TIME?;:DIV:COUN?;:DIV:PAUS?", "60.000;1;2.000"),
    )
    rig = WaterRig(session, "rig")
    value(rig.start_runs(60.0, 2))
    value(rig.finish_runs(0.0, 10.0))
    assert session.timeouts[-2] == 10.0
    value(rig.start_runs(60.0, 2))
    with pytest.raises(ImplausibleReading, match="rig: runs of the diverter: over after"):
        value(rig.finish_runs(30.0, 40.0))
    with pytest.raises(ProtocolError, match="plan of the diverter"):
        value(rig.start_runs(60.0, 2))
    session.finished()


def test_rig_lowers_weights_and_drains() -> None:
    session = Transcript(
        *RIG_READY,
        ("WEIG:COUN 4", None),
        OK,
        ("*OPC?", "1"),
        ("WEIG:COUN?", "4"),
        ("TANK:DRA", None),
        OK,
        ("*OPC?", TIMEOUT),
    )
    rig = WaterRig(session, "rig")
    value(rig.set_weights(4, 20.0))
    with pytest.raises(InstrumentTimeout, match="rig: "):
        value(rig.drain(140.0))
    session.finished()


def test_rig_that_stays_open_is_not_safe() -> None:
    again = (("OUTP 0", None), ("DIV:ABOR", None), ("SOUR:FLOW 0.00000", None), ("OUTP?", "1"))
    session = Transcript(*again, CLEARED, *again, CLEARED, *again)
    with pytest.raises(InstrumentError, match="NOT SAFE"):
        value(WaterRig(session, "rig").make_safe())
    session.finished()


def test_timer_counts_in_the_diverters_gate() -> None:
    settings = (
        ("SENS:INP 1;MODE DOUB;GATE:SOUR EXT;COUN 1", None),
        OK,
        ("SENS:INP?;MODE?;GATE:SOUR?;COUN?", "1;DOUB;EXT;1"),
        ("INIT", None),
        OK,
    )
    result = "16670,60.000003,16671,60.001250"
    session = Transcript(
        *TIMER_READY,
        *settings,
        ("SENS:STAT?", "WAIT"),
        ("*OPC?", "1"),
        ("SENS:STAT?;:FETC?;FETC?", f"DONE;{result};{result}"),
        *settings,
        ("SENS:STAT?", "IDLE"),
    )
    timer = PulseTimer(session, "timer")
    value(timer.arm("DOUB"))
    readings = value(timer.fetch(30.0))
    assert [reading.indication.value for reading in readings] == [16670, 60.000003, 16671, 60.00125]
    assert [reading.name for reading in readings] == ["pulses", "gate_time", "whole_pulses", "whole_time"]
    with pytest.raises(ProtocolError, match="where it should WAIT"):
        value(timer.arm("DOUB"))
    session.finished()


@pytest.mark.parametrize(
    "raw",
    [
        "DONE;16670,60.000003,16671,60.001250;16670,60.000003,16671,60.001251",
        "RUN;16670,60.000003,16671,60.001250;16670,60.000003,16671,60.001250",
        "DONE;16670,60.0003,16671,60.001250;16670,60.0003,16671,60.001250",
        "DONE;16670,60.000003,16671,60.001250",
    ],
)
def test_timer_refuses_a_result_that_is_not_twice_the_same(raw: str) -> None:
    session = Transcript(("*OPC?", "1"), ("SENS:STAT?;:FETC?;FETC?", raw))
    with pytest.raises(ProtocolError, match="timer: result"):
        value(PulseTimer(session, "timer").fetch(30.0))


def test_timer_checks_itself_against_a_frequency() -> None:
    session = Transcript(
        *TIMER_READY,
        ("SENS:INP 2;MODE DOUB;GATE:SOUR INT;COUN 1;TIME 100.000000", None),
        OK,
        ("SENS:INP?;MODE?;GATE:SOUR?;COUN?", "2;DOUB;INT;1"),
        ("INIT", None),
        OK,
        ("SENS:STAT?", "RUN"),
    )
    value(PulseTimer(session, "timer").arm_internal(100.0))
    session.finished()


def test_displays() -> None:
    meter = FlowMeter(
        Transcript(
            ("NAM:KFAC?", "1000"), ("NAM:DIAM?", "200"), ("MEAS:FLOW?", "501.25000"), ("MEAS:VOL?", "12.345678")
        ),
        "device",
    )
    assert value(meter.k_factor.read()).indication.value == 1000.0
    assert value(meter.diameter.read()).indication.value == 200.0
    assert value(meter.flow.read()).indication.value == 501.25
    assert value(meter.volume.read()).indication.value == 12.345678
    reference = FrequencyReference(Transcript(("SOUR:FREQ?", "1000.000000"), ("SOUR:FREQ?", "1000")), "frequency")
    assert value(reference.frequency.read()).indication.value == 1000.0
    with pytest.raises(ProtocolError):
        value(reference.frequency.read())


def test_bath_readout_and_decade() -> None:
    bath = Transcript(
        ("SOUR:TEMP 65.000", None), OK, ("OUTP 1", None), OK, ("SOUR:TEMP?", "65.000"), ("MEAS:TEMP?", "64.998")
    )
    value(Thermostat(bath, "bath1").hold(65.0))
    assert value(Thermostat(bath, "bath1").indicated.read()).indication.value == 64.998
    bath.finished()
    readout = ThermometerReadout(Transcript(("MEAS:TEMP? 2", "64.9983"), ("MEAS:RES? 1", "625.9012")), "readout")
    assert value(readout.bath2.read()).indication.value == 64.9983
    assert value(readout.sensor1.read()).indication.value == 625.9012
    lines = Transcript(
        ("SOUR1:RES 602.784", None),
        OK,
        ("SOUR2:RES 596.986", None),
        OK,
        ("OUTP 1", None),
        OK,
        ("SOUR1:RES?", "602.784"),
        ("SOUR2:RES?", "596.985"),
    )
    with pytest.raises(ImplausibleReading, match="second"):
        value(ResistanceDecade(lines, "decade").connect(602.784, 596.986))
    lines.finished()


def test_pulses_that_come_too_soon_are_refused() -> None:
    session = Transcript(
        ("*CLS", None),
        ("ABOR", None),
        OK,
        ("SOUR:BURS:NCYC 2000", None),
        OK,
        ("SOUR:FREQ 50.000", None),
        OK,
        ("SOUR:BURS:NCYC?", "2000"),
        ("SOUR:FREQ?", "50.000"),
        ("INIT", None),
        OK,
        ("*OPC?", "1"),
    )
    with pytest.raises(ImplausibleReading, match=r"where 40\.000 s are due"):
        value(PulseSource(session, "pulses").burst(2000, 50.0))
    session.finished()


def test_heat_meter_in_test_mode() -> None:
    session = Transcript(
        ("*CLS", None),
        ("*RST", None),
        ("NAM:CLAS?;SIDE?", "2;RET"),
        ("TEST:STAR", None),
        OK,
        ("TEST:STOP", None),
        OK,
        ("TEST:PULS?;ENER?;PULS?;ENER?", "2000;0.0688213;2000;0.0688213"),
        ("TEST:STOP", None),
        OK,
        ("TEST:PULS?;ENER?;PULS?;ENER?", "2000;0.0688213;2000;0.0688212"),
    )
    meter = HeatMeter(session, "device")
    assert value(meter.marking()) == ("2", "RET")
    value(meter.start())
    pulses, energy = value(meter.stop())
    assert (pulses.indication.value, energy.indication.value) == (2000, 0.0688213)
    with pytest.raises(ProtocolError, match="device: test mode"):
        value(meter.stop())
    session.finished()
