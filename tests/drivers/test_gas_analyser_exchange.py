"""What the drivers of the gas analyser and of its mains say, message by message."""

import pytest

from drivers.errors import ImplausibleReading, ProtocolError
from drivers.gas_analyser import GasAnalyser
from drivers.mains_source import MainsSource

from .transcript import Transcript, value

READY = (("*CLS", None), ("CONF:CHAN?", "CO,NO,NO2"), ("CONF:CHAN?", "CO,NO,NO2"))
FIFTY, SIXTY, NAN = "+5.000000E+01", "+6.000000E+01", "+9.910000E+37"
READ = "MEAS:CONC? 2;:SYST:STAT?;:MEAS:CONC? 2"


def analyser(*exchange: tuple[str, object]) -> GasAnalyser:
    return GasAnalyser(Transcript(*READY, *exchange), "device")


def told(message: str) -> tuple[str, str]:
    return f"{message};:SYST:ERR?", '0,"No error"'


def test_a_reading_is_asked_for_twice() -> None:
    fifty, sixty = f"{FIFTY};MEAS;{FIFTY}", f"{SIXTY};MEAS;{SIXTY}"
    device = analyser((READ, sixty), (READ, fifty), (READ, fifty), (READ, f"{FIFTY};MEAS;{SIXTY}"))
    reading = value(device.read("NO"))  # the first is another: a new sample came, or it was changed on the way
    assert (reading.name, reading.indication.value, reading.indication.unit) == ("NO", 50.0, "umol/mol")
    with pytest.raises(ProtocolError, match="the same value"):
        value(device.read("NO"))
    with pytest.raises(ProtocolError, match="no two are the same"):
        value(analyser((READ, fifty), (READ, sixty), (READ, fifty), (READ, sixty)).read("NO"))


def test_flow_is_read_until_it_is_the_same() -> None:
    device = analyser(("MEAS:FLOW?", "1.000"), ("MEAS:FLOW?", "0.001"), ("MEAS:FLOW?", "0.001"))
    assert value(device.steady_flow()).indication.value == 0.001


def test_nothing_is_read_of_one_that_does_not_measure() -> None:
    with pytest.raises(ImplausibleReading, match=r"device: no reading of NO: it warms up \(state WARM\)"):
        value(analyser((READ, f"{NAN};WARM;{NAN}")).read("NO"))
    with pytest.raises(ImplausibleReading, match="cannot be true here"):
        twice = (READ, f"{FIFTY};MEAS;{FIFTY}")
        value(analyser(twice, twice).read("NO", (51.0, 52.0)))
    with pytest.raises(ProtocolError, match="no channel 'SO2'; it has CO, NO, NO2"):
        value(analyser().read("SO2"))


def test_lockout_is_seen() -> None:
    device = analyser(
        ("MEAS:CONC? 1;CONC? 1", f"{NAN};{NAN}"),
        ("MEAS:CONC? 1;CONC? 1", f"{FIFTY};{FIFTY}"),
        ("MEAS:CONC? 1;CONC? 1", f"{FIFTY};{NAN}"),
    )
    assert value(device.locked("CO"))
    assert not value(device.locked("CO"))
    with pytest.raises(ProtocolError, match="not twice the same"):
        value(device.locked("CO"))


def test_trace_with_its_sum() -> None:
    ask = "TRAC:PER?;POIN?;DATA? 3;CHEC? 3"
    good = f"2.0;3;{FIFTY},{SIXTY},-1.000000E+00;{5000000 + 6000000 - 1000000}"
    device = analyser(
        told("TRAC:STAR 2.0"), ("TRAC:PER?", "2.0"), (ask, good), (ask, good.replace("+6.0", "+6.1")), (ask, "2.0;3")
    )
    value(device.start_trace(2.0))
    trace = value(device.trace("NO2", 2.0))
    assert trace.values == (50.0, 60.0, -1.0)
    assert trace.reading.indication.value == -1.0
    assert trace.reading.raw == good
    with pytest.raises(ProtocolError, match=r"do not fit 2\.0 s and the 3 values"):
        value(device.trace("NO2", 2.0))


def test_mains_are_fed_and_seen() -> None:
    source = MainsSource(
        Transcript(
            told("SOUR:VOLT 230.00;:SOUR:FREQ 50.000;:OUTP ON"),
            ("SOUR:VOLT?;FREQ?;:OUTP?", "230.00;50.000;ON"),
            ("MEAS:VOLT?", "229.87"),
            told("SOUR:VOLT 230.00;:SOUR:FREQ 50.000;:OUTP OFF"),
            ("SOUR:VOLT?;FREQ?;:OUTP?", "230.00;50.000;ON"),
        ),
        "mains",
    )
    value(source.feed(230.0, 50.0, True))
    assert value(source.measured_voltage.read()).indication.value == 229.87
    with pytest.raises(ImplausibleReading, match="mains: is set to"):
        value(source.feed(230.0, 50.0, False))
