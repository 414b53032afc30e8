"""What the drivers of the nozzle rig say, in which order, and what they refuse."""

from __future__ import annotations

import pytest

from drivers.errors import ImplausibleReading, InstrumentError, InstrumentTimeout, ProtocolError, SettingRefused
from drivers.gas_chromatograph import GasChromatograph
from drivers.gas_meter import GasMeter
from drivers.gas_transmitters import GasTransmitters
from drivers.nozzle_bank import NozzleBank
from drivers.pulse_counter import PulseCounter

from .transcript import OK, TIMEOUT, Transcript, value

SHUT = (
    ("ROUT:CLOS:ALL", None),
    ("PUMP OFF", None),
    ("ROUT:ISOL OFF", None),
    ("ROUT:STAT?;:PUMP?", "0;0"),
    ("*CLS", None),
)
BANK_READY = (("*CLS", None), *SHUT)
NOW = "101.1,20.001,100.8,20.002,35.0"
STATE = "101.1000,20.001,100.8000,20.002"
FETCHED = f"{STATE},35.0000,{STATE},{STATE},60.0"


def test_bank_opens_nozzles_and_sees_that_they_are_open() -> None:
    session = Transcript(
        *BANK_READY,
        ("ROUT:OPEN (@1,3)", None),
        OK,
        ("ROUT:STAT?", "1,3"),
        ("ROUT:OPEN (@2)", None),
        OK,
        ("ROUT:STAT?", "1,2"),
        ("PUMP 1", None),
        OK,
    )
    bank = NozzleBank(session, "bank")
    value(bank.open_nozzles([3, 1]))
    with pytest.raises(InstrumentError, match="bank: nozzles 1, 2 are open instead of 2"):
        value(bank.open_nozzles([2]))
    with pytest.raises(SettingRefused, match="no nozzle to open"):
        value(bank.open_nozzles([]))
    value(bank.pump.set(True))
    session.finished()


def test_bank_that_does_not_shut_says_not_safe() -> None:
    once = (*SHUT[:3], ("ROUT:STAT?;:PUMP?", "2;0"))
    session = Transcript(*once, ("<clear>", None), *once, ("<clear>", None), *once)
    with pytest.raises(InstrumentError, match=r"NOT SAFE.*answers '2;0'"):
        value(NozzleBank(session, "bank").make_safe())
    session.finished()


def test_transmitters_believe_only_what_was_said_twice() -> None:
    ready = (("*CLS", None), ("*RST", None), OK)
    session = Transcript(
        *ready,
        ("INIT 60.0", None),
        OK,
        ("FETC?;:FETC?", f"{FETCHED};{FETCHED}"),
        ("FETC?;:FETC?", f"{FETCHED};{FETCHED.replace('100.8', '100.9')}"),
    )
    unit = GasTransmitters(session, "transmitters")
    value(unit.start(60.0))
    means = value(unit.means(60.0, 90.0))
    assert means.mean.meter_pressure.indication.value == 101.1
    assert means.back_pressure.indication.value == 35.0
    assert len(means.readings) == 14
    with pytest.raises(ProtocolError, match="not twice the same 14 numbers"):
        value(unit.means(60.0, 90.0))
    session.finished()


def test_transmitters_refuse_means_over_another_time() -> None:
    session = Transcript(("FETC?;:FETC?", f"{FETCHED};{FETCHED}"))
    with pytest.raises(ImplausibleReading, match="duration"):
        value(GasTransmitters(session, "transmitters").means(120.0, 150.0))


def test_transmitters_refuse_a_number_of_another_form() -> None:
    short = NOW
    session = Transcript(("*CLS", None), ("*RST", None), OK, ("MEAS:ALL?;:MEAS:ALL?", f"{short};{short}"))
    with pytest.raises(ProtocolError, match="meter_pressure"):
        value(GasTransmitters(session, "transmitters").look())


def test_counter_counts_and_gives_up() -> None:
    session = Transcript(
        ("*CLS", None),
        ("ABOR", None),
        OK,
        ("INIT 60.0", None),
        OK,
        ("*OPC?", "1"),
        ("COUN:STAT?;:FETC?;:FETC?", "DONE;1000,60.012000;1000,60.012000"),
    )
    counter = PulseCounter(session, "counter")
    value(counter.start(60.0))
    session._now += 60.0
    pulses, time = value(counter.count(60.0, 0.0, 180.0))
    assert (pulses.indication.value, time.indication.value) == (1000.0, 60.012)
    assert session.timeouts[-2] == 180.0
    session.finished()


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        ("DONE;1000,60.012000;1000,60.013000", "twice the same"),
        ("RUN;1000,60.012000;1000,60.012000", "not DONE"),
        ("DONE;1000,30.012000;1000,30.012000", "cannot be true"),
    ],
)
def test_counter_refuses_what_cannot_be(reply: str, refusal: str) -> None:
    session = Transcript(("*OPC?", "1"), ("COUN:STAT?;:FETC?;:FETC?", reply))
    with pytest.raises((ProtocolError, ImplausibleReading), match=refusal):
        value(PulseCounter(session, "counter").count(60.0, -60.0, 180.0))


def test_counter_names_a_silent_pulse_line() -> None:
    session = Transcript(
        ("*OPC?", TIMEOUT),
        ("<clear>", None),
        ("COUN:STAT?", "WAIT"),
        ("*CLS", None),
        ("ABOR", None),
        OK,
        ("ABOR", None),
        OK,
    )
    with pytest.raises(InstrumentTimeout, match="no pulse at all"):
        value(PulseCounter(session, "counter").count(60.0, 0.0, 180.0))


def test_chromatograph_refuses_an_analysis_that_is_not_whole() -> None:
    names = ("ANAL:COMP?", "CH4,N2")
    session = Transcript(names, ("ANAL:RUN?", "98.0000,2.0000"), names, ("ANAL:RUN?", "98.0000,1.0000"))
    gc = GasChromatograph(session, "chromatograph")
    found = value(gc.analyse(900.0))
    assert {name: reading.indication.value for name, reading in found.items()} == {"CH4": 98.0, "N2": 2.0}
    with pytest.raises(ProtocolError, match=r"add up to 99\.0000 %"):
        value(gc.analyse(900.0))


@pytest.mark.parametrize("names", ["CH4,N2 V", "CH4,,N2", "", "CH4;N2"])
def test_chromatograph_refuses_components_that_are_no_formulas(names: str) -> None:
    with pytest.raises(ProtocolError, match="not a list of formulas"):
        value(GasChromatograph(Transcript(("ANAL:COMP?", names)), "chromatograph").analyse(900.0))


def test_meter_is_read() -> None:
    session = Transcript(("MEAS:FLOW?", "80.1234"), ("MEAS:VEL?", "-0.00123"), ("MEAS:SOUN?", "343.456"))
    meter = GasMeter(session, "device")
    assert value(meter.flow.read()).indication.unit == "m**3/h"
    assert value(meter.velocity.read()).indication.value == -0.00123
    assert value(meter.sound.read()).indication.value == 343.456
    session.finished()
