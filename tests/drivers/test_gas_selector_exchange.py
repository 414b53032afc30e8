"""What the driver of the gas selector says, message by message."""

import pytest

from drivers.errors import ImplausibleReading, InstrumentError, ProtocolError, SettingRefused
from drivers.gas_selector import GasSelector

from .transcript import CLEARED, Transcript, value

ASK = "VALV:POS?;:SOUR:FLOW?;:OUTP:VENT?"
SHUT = (("VALV:CLOS", None), ("MEAS:ALL?", "0,0.0000,101.325,0.000"), ("*CLS", None))
READY = (("*CLS", None), *SHUT)


def told(message: str) -> tuple[str, str]:
    return f"{message};:SYST:ERR?", '0,"No error"'


def test_select_sets_and_sees_all_three() -> None:
    session = Transcript(
        *READY,
        told("OUTP:VENT ON;:SOUR:FLOW 1.5000;:VALV:POS 3"),
        (ASK, "3;1.5000;ON"),
        ("MEAS:ALL?", "3,1.4930,101.300,9.871"),
    )
    selector = GasSelector(session, "selector")
    value(selector.select(3, 1.5))
    flow, outlet, cylinder = value(selector.confirm(3, 1.5))
    assert (flow.indication.value, outlet.indication.value, cylinder.indication.value) == (1.493, 101.3, 9.871)
    session.finished()


def test_a_message_that_got_lost_is_seen() -> None:
    session = Transcript(*READY, told("OUTP:VENT ON;:SOUR:FLOW 1.5000;:VALV:POS 3"), (ASK, "0;1.0000;ON"))
    with pytest.raises(ImplausibleReading, match=r"selector: is set to '0;1.0000;ON' instead of '3;1.5000;ON'"):
        value(GasSelector(session, "selector").select(3, 1.5))


def test_empty_cylinder_and_restart_are_named() -> None:
    session = Transcript(
        *READY, ("MEAS:ALL?", "3,0.0000,101.300,0.200"), ("MEAS:ALL?", "0,0.0000,101.300,0.000"), ("MEAS:ALL?", "3,1.5")
    )
    selector = GasSelector(session, "selector")
    with pytest.raises(ImplausibleReading, match=r"inlet 3 gives 0.0000 l/min instead of 1.5 l/min .* 0.200 MPa"):
        value(selector.confirm(3, 1.5))
    with pytest.raises(ImplausibleReading, match="stands at inlet 0 instead of 3"):
        value(selector.confirm(3, 1.5))
    with pytest.raises(ProtocolError, match="is not position,flow"):
        value(selector.confirm(3, 1.5))


def test_dead_end() -> None:
    session = Transcript(*READY, told("VALV:CLOS;:OUTP:VENT OFF"), ("SOUR:FLOW?", "1.5000"), (ASK, "0;1.5000;OFF"))
    value(GasSelector(session, "selector").stop())
    session.finished()


def test_not_safe_is_said_loudly() -> None:
    open_still = (("VALV:CLOS", None), ("MEAS:ALL?", "3,1.5000,101.300,9.000"))
    again = (CLEARED, *open_still)
    session = Transcript(*open_still, *again, *again)
    with pytest.raises(InstrumentError, match=r"selector: NOT SAFE.*still at inlet 3"):
        value(GasSelector(session, "selector").make_safe())


def test_out_of_range_is_refused_before_it_is_sent() -> None:
    with pytest.raises(SettingRefused, match="position = 17"):
        value(GasSelector(Transcript(), "selector").select(17, 1.0))
