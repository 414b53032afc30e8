"""The stack analyser's driver: valve and flag belong together, or nothing is read."""

from __future__ import annotations

import pytest

from drivers.errors import ImplausibleReading, ProtocolError
from drivers.stack_analyser import StackAnalyser

from .transcript import Transcript, value

NONE = '0,"No error"'
READY = (("*CLS", None), ("CONF:CHAN?", "SO2,NOx,O2"), ("CONF:CHAN?", "SO2,NOx,O2"))
STATE = "SAMP:SOUR?;:STAT:FLAG?"


def test_the_valve_is_turned_and_looked_at() -> None:
    session = Transcript(*READY, ("SAMP:SOUR CAL;:SYST:ERR?", NONE), (STATE, "CAL;C"), (STATE, "CAL;C"))
    driver = StackAnalyser(session, "device")
    value(driver.take("CAL"))
    value(driver.confirm("CAL"))
    session.finished()


@pytest.mark.parametrize("reply", ["STAC;N", "CAL;N", "STAC;C"])
def test_another_source_or_flag_is_refused(reply: str) -> None:
    driver = StackAnalyser(Transcript(*READY, (STATE, reply)), "srm")
    with pytest.raises(ImplausibleReading, match="srm: takes"):
        value(driver.confirm("CAL"))


def test_a_reply_of_another_form_is_refused() -> None:
    driver = StackAnalyser(Transcript(*READY, (STATE, "CAL")), "srm")
    with pytest.raises(ProtocolError, match="not source;flag"):
        value(driver.confirm("CAL"))
