"""What the drivers of the ring-down analyser and of its humidifier say and refuse, message by message."""

from __future__ import annotations

import zlib
from base64 import b64encode

import numpy as np
import pytest

from drivers.analyser_crds import COLUMNS, AnalyserCrds, settings_of
from drivers.errors import ImplausibleReading, ProtocolError, SettingRefused
from drivers.sample_humidifier import SampleHumidifier

from .transcript import CLEARED, Transcript, value

FINE = '0,"No error"'
DATA = np.arange(2 * len(COLUMNS), dtype=">f4").reshape(2, -1)


def block(data: bytes = DATA.tobytes(), count: int = 2, last: int = 4711) -> str:
    return f"{count},{last},{zlib.crc32(data):08X},{b64encode(data).decode()}"


def test_records_come_as_one_block() -> None:
    session = Transcript(("MEM:DATA? 2", block()))
    records = value(AnalyserCrds(session, "device").fetch(2))
    session.finished()
    assert records.last == 4711
    assert records.column("H2O").tolist() == [6.0, 15.0]
    assert records.reading.raw == block()
    mean = records.mean("CH4")
    assert (mean.indication.value, mean.indication.unit) == (5.5, "nmol/mol")
    assert mean.raw == "mean of 2 records to no. 4711"


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (block()[:-4], "check sum"),
        (block()[:-1], "is not count,last,CRC-32,base64"),
        (block()[:-2] + "BA", "check sum"),
        (block(count=3), "3 records in 72 bytes"),
        (block(DATA[:1].tobytes()), "2 records in 36 bytes"),
        (block()[5:], "is not count,last,CRC-32,base64"),
        (block() + "=", "is not count,last,CRC-32,base64"),
        ("", "is not count,last,CRC-32,base64"),
    ],
)
def test_damaged_blocks_are_refused(reply: str, why: str) -> None:
    with pytest.raises(ProtocolError, match=why):
        value(AnalyserCrds(Transcript(("MEM:DATA? 2", reply)), "device").fetch(2))


def test_calibration_is_set_in_one_message_and_read_back() -> None:
    session = Transcript(
        ("CAL1:COEF1 0.25;:CAL1:COEF2 1.0012;:CAL3:COEF1 -0.1;:CAL3:COEF2 0.999;:SYST:ERR?", FINE),
        ("CAL1:COEF1?;:CAL1:COEF2?;:CAL3:COEF1?;:CAL3:COEF2?", "0.25;1.0012;-0.1;0.999"),
    )
    value(AnalyserCrds(session, "device").set_calibration({"CO2": (0.25, 1.0012), "N2O": (-0.1, 0.999)}))
    session.finished()


def test_water_correction_that_did_not_arrive_is_seen() -> None:
    session = Transcript(
        ("WAT1:COEF1 -0.012;:WAT1:COEF2 -0.000267;:WAT1:COEF3 -0.0001;:HUM:SCAL 0.15;:SYST:ERR?", FINE),
        ("WAT1:COEF1?;:WAT1:COEF2?;:WAT1:COEF3?;:HUM:SCAL?", "-0.012;-0.000267;0;0.15"),
    )
    with pytest.raises(ImplausibleReading, match=r"WAT1:COEF3 is 0 instead of -0\.0001"):
        value(AnalyserCrds(session, "device").set_water({"CO2": (-0.012, -0.000267, -0.0001)}, 0.15))


def test_what_is_held_can_be_confirmed() -> None:
    settings = settings_of({"CO2": (0.25, 1.0)}, {"CO2": (-0.012, -2.67e-4, 0.0)}, 0.15)
    asked = "CAL1:COEF1?;:CAL1:COEF2?;:WAT1:COEF1?;:WAT1:COEF2?;:WAT1:COEF3?;:HUM:SCAL?"
    session = Transcript((asked, "0.25;1;-0.012;-0.000267;0;0.15"))
    value(AnalyserCrds(session, "device").confirm(settings))
    with pytest.raises(ProtocolError, match="is not 6 numbers"):
        value(AnalyserCrds(Transcript((asked, "0.25;1;-0.012;-0.000267;0")), "device").confirm(settings))


def test_lock_is_a_yes_or_no() -> None:
    assert value(AnalyserCrds(Transcript(("SYST:READ?", "1")), "device").locked())
    with pytest.raises(ProtocolError, match="neither 0 nor 1"):
        value(AnalyserCrds(Transcript(("SYST:READ?", "11")), "device").locked())


def test_humidity_is_held_and_read_back() -> None:
    session = Transcript(
        ("HUM 0.500;:HUM:STAT ON;:PRES 101.00;:SYST:ERR?", FINE),
        ("HUM?;:HUM:STAT?;:PRES?", "0.500;1;101.00"),
        ("HUM 0.000;:HUM:STAT OFF;:PRES 95.00;:SYST:ERR?", FINE),
        ("HUM?;:HUM:STAT?;:PRES?", "0.000;0;95.00"),
        ("HUM:DROP;:SYST:ERR?", FINE),
        ("MEAS:HUM?", "2.701"),
        ("HUM:STAT OFF", None),
    )
    humidifier = SampleHumidifier(session, "humidifier")
    value(humidifier.hold(0.5, 101.0))
    value(humidifier.hold(0.0, 95.0))
    value(humidifier.droplet())
    assert value(humidifier.measured_humidity.read()).indication.value == 2.701
    value(humidifier.make_safe())
    session.finished()


def test_humidity_that_was_not_taken_is_seen() -> None:
    session = Transcript(
        ("HUM 0.500;:HUM:STAT ON;:PRES 101.00;:SYST:ERR?", FINE), ("HUM?;:HUM:STAT?;:PRES?", "0.500;0;101.00"), CLEARED
    )
    with pytest.raises(ImplausibleReading, match=r"set to '0\.500;0;101\.00' instead of '0\.500;1;101\.00'"):
        value(SampleHumidifier(session, "humidifier").hold(0.5, 101.0))
    with pytest.raises(SettingRefused, match="nothing was sent"):
        value(SampleHumidifier(Transcript(), "humidifier").hold(5.0, 101.0))
