"""Declared properties: what is refused before it is sent, and what is refused when it comes back."""

from __future__ import annotations

import math

import pytest

from drivers.errors import IdentityMismatch, InstrumentTimeout, ProtocolError, ReportedError, SettingRefused
from drivers.instrument import Instrument
from drivers.properties import Command, Measurement, Option, Setting, Switch, fixed, scientific
from uncertainty.quantity import Quantity

from .transcript import CLEARED, OK, TIMEOUT, Transcript, value


class Thing(Instrument):
    """Have one property of each kind."""

    voltage = Setting("VOLT {:.2f}", "VOLT?", unit="V", reply=fixed(2, "V"), low=0.0, high=100.0)
    energy = Measurement("ENER?", unit="kWh", reply=scientific(4), factor=1e-3, low=0.0, high=10.0)
    plain = Measurement("PLAIN?", unit="1", reply=r".*", timeout_s=7.0)
    mode = Option("MODE {}", "MODE?", choices={"fast": "FAST", "slow": "SLOW"})
    output = Switch("OUTP {}", "OUTP?")
    go = Command("GO")


def thing(*exchange: tuple[str, object]) -> tuple[Thing, Transcript]:
    session = Transcript(*exchange)
    return Thing(session, "thing"), session


def test_a_setting_is_sent_in_its_form_and_the_queue_is_checked() -> None:
    it, session = thing(("VOLT 12.35", None), OK, ("VOLT 0.50", None), OK, ("VOLT?", "0.50 V"))
    value(it.voltage.set(12.345001))
    value(it.voltage.set(Quantity(value=500.0, unit="mV")))
    assert value(it.voltage.read()).indication == Quantity(value=0.5, unit="V")
    session.finished()


@pytest.mark.parametrize("number", [-0.001, 100.001, math.nan, math.inf])
def test_a_setting_out_of_range_is_never_sent(number: float) -> None:
    it, session = thing()
    with pytest.raises(SettingRefused, match=r"thing: voltage = .* V is outside of 0\.\.100 V; nothing was sent"):
        value(it.voltage.set(number))
    session.finished()


def test_a_quantity_of_another_kind_is_never_sent() -> None:
    it, _ = thing()
    with pytest.raises(SettingRefused, match="thing: voltage"):
        value(it.voltage.set(Quantity(value=1.0, unit="A")))


def test_a_smaller_model_narrows_the_range() -> None:
    it = Thing(Transcript(), "thing", limits={"voltage": (0.0, 60.0)})
    with pytest.raises(SettingRefused, match=r"0\.\.60 V"):
        value(it.voltage.set(61.0))


def test_what_the_instrument_reports_after_a_setting_is_raised_with_all_it_says() -> None:
    it, session = thing(
        ("VOLT 5.00", None),
        ("SYST:ERR?", '-221,"Settings conflict"'),
        ("SYST:ERR?", '+305,"Too warm"'),
        OK,
    )
    with pytest.raises(ReportedError) as caught:
        value(it.voltage.set(5.0))
    assert (caught.value.code, caught.value.text) == (-221, "Settings conflict and 1 more")
    assert str(caught.value) == "thing: reported -221 (Settings conflict and 1 more) after voltage = 5 V"
    session.finished()


class Joining(Thing):
    """Take a message and the query of the error queue as one."""

    joins_check = True


def test_a_setting_and_the_look_at_the_queue_travel_as_one_where_the_instrument_takes_that() -> None:
    session = Transcript(
        ("VOLT 5.00;:SYST:ERR?", '0,"No error"'),
        ("VOLT 6.00;:SYST:ERR?", '-221,"Settings conflict"'),
        OK,
        ("VOLT 7.00;:SYST:ERR?", TIMEOUT),  # the message was lost: no reply, where an empty queue would say nothing
        CLEARED,
        ("VOLT 8.00;:SYST:ERR?", '0,"No error"'),
    )
    it = Joining(session, "thing")
    value(it.voltage.set(5.0))
    with pytest.raises(ReportedError, match=r"-221 \(Settings conflict\) after voltage = 6 V"):
        value(it.voltage.set(6.0))
    with pytest.raises(InstrumentTimeout):
        value(it.voltage.set(7.0))
    value(it.voltage.set(8.0))
    session.finished()


@pytest.mark.parametrize("raw", ["", "0", '0,"No error', 'VOLT 5;0,"No error"', "00,No error"])
def test_a_garbled_error_queue_is_a_protocol_error(raw: str) -> None:
    it, _ = thing(("GO", None), ("SYST:ERR?", raw))
    with pytest.raises(ProtocolError, match=r"thing: SYST:ERR\?"):
        value(it.go())


def test_a_queue_that_never_empties_is_a_protocol_error() -> None:
    it, _ = thing(("GO", None), *[("SYST:ERR?", '-350,"Queue overflow"')] * 32)
    with pytest.raises(ProtocolError, match="still not empty after 32"):
        value(it.go())


def test_a_reading_keeps_what_came_and_when() -> None:
    it, session = thing(("ENER?", "1.2345E+03"))
    reading = value(it.energy.read())
    assert reading.name == "energy" and reading.instrument == "thing" and reading.raw == "1.2345E+03"
    assert reading.indication.unit == "kWh" and reading.indication.value == pytest.approx(1.2345)
    assert reading.time_s == session.now()


@pytest.mark.parametrize(
    "raw",
    [
        "1.2345E+0",  # truncated
        "1.2345E+033",  # a digit doubled
        "1.23455E+03",
        "11.2345E+03",
        "ENER?1.2345E+03",  # echo
        "1.2345E+03\r",
        "1.2345E+03;1.2345E+03",  # a stale reply before it
        "1,2345E+03",
        "\\xb1.2345E+03",
        "NAN",
        "INF",
        "",
        " 1.2345E+03",
    ],
)
def test_a_reply_of_another_form_is_refused(raw: str) -> None:
    it, _ = thing(("ENER?", raw))
    with pytest.raises(ProtocolError, match="thing: energy: reply"):
        value(it.energy.read())


def test_a_reply_that_no_such_instrument_can_give_is_refused() -> None:
    it, _ = thing(("ENER?", "1.2345E+05"))
    with pytest.raises(ProtocolError, match="outside of what it can indicate"):
        value(it.energy.read())


@pytest.mark.parametrize("raw", ["9.9E37", "-9.9E37", "9.91E37", "nan", "inf", "1e999"])
def test_infinity_and_not_a_number_are_refused_whatever_the_template(raw: str) -> None:
    it, session = thing(("PLAIN?", raw))
    with pytest.raises(ProtocolError, match="thing: plain"):
        value(it.plain.read())
    assert session.timeouts == [7.0]


def test_a_template_that_lets_words_through_does_not_make_them_numbers() -> None:
    it, _ = thing(("PLAIN?", "twelve"))
    with pytest.raises(ProtocolError, match="'twelve' in reply 'twelve' is not a number"):
        value(it.plain.read())


def test_options_and_switches_know_their_words() -> None:
    it, session = thing(
        ("MODE FAST", None),
        OK,
        ("MODE?", "SLOW"),
        ("OUTP OFF", None),
        OK,
        ("OUTP?", "ON"),
        ("OUTP?", "1"),
        CLEARED,
        ("MODE?", "F"),
    )
    value(it.mode.set("fast"))
    assert value(it.mode.read()) == "slow"
    value(it.output.set(False))
    assert value(it.output.read()) is True
    with pytest.raises(ProtocolError, match="neither ON nor OFF"):
        value(it.output.read())
    with pytest.raises(ProtocolError, match="none of FAST, SLOW"):
        value(it.mode.read())
    with pytest.raises(SettingRefused, match="not one of fast, slow; nothing was sent"):
        value(it.mode.set("medium"))
    session.finished()


def test_a_timeout_names_the_role() -> None:
    it, _ = thing(("VOLT?", TIMEOUT))
    with pytest.raises(InstrumentTimeout, match=r"^thing: TCPIP0::192\.0\.2\.7"):
        value(it.voltage.read())


def test_identity_is_parsed_and_compared() -> None:
    idn = ("*IDN?", "Maker, T-1, 42, V1 of today, user text")
    it, _ = thing(idn, idn, idn, idn)
    found = value(it.identity())
    assert (found.manufacturer, found.model, found.serial) == ("Maker", "T-1", "42")
    assert found.firmware == "V1 of today, user text"
    assert value(it.confirm_identity("T-1", "42")) == found
    with pytest.raises(IdentityMismatch, match=r"answers Maker T-1 no\. 42, but the bench expects T-2; check address"):
        value(it.confirm_identity("T-2"))
    with pytest.raises(IdentityMismatch, match=r"expects T-1 no\. 43"):
        value(it.confirm_identity("T-1", "43"))


@pytest.mark.parametrize("raw", ["Maker,T-1,42", "", "Maker,,42,V1"])
def test_an_identity_without_its_four_fields_is_refused(raw: str) -> None:
    it, _ = thing(("*IDN?", raw))
    with pytest.raises(ProtocolError, match=r"\*IDN\?"):
        value(it.identity())


def test_an_instrument_is_prepared_once_before_its_first_use_and_again_if_that_failed() -> None:
    class Careful(Thing):
        def prepare(self):  # type: ignore[no-untyped-def]
            yield from self.go()

    session = Transcript(
        ("*IDN?", "a,b,c,d"),
        ("GO", None),
        ("SYST:ERR?", TIMEOUT),
        CLEARED,
        ("*ESE?", "0"),
        ("*IDN?", "a,b,c,d"),
        ("GO", None),
        OK,
        ("VOLT?", "1.00 V"),
        ("VOLT?", "2.00 V"),
    )
    it = Careful(session, "thing")
    value(it.identity())
    with pytest.raises(InstrumentTimeout):
        value(it.voltage.read())
    assert [value(it.voltage.read()).indication.value for _ in range(2)] == [1.0, 2.0]
    session.finished()
