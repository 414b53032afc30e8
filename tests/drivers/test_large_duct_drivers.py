"""The drivers of the traversing unit and of the data server: what they say, and what they refuse."""

from __future__ import annotations

import pytest

from drivers.duct_traverse import DuctTraverse
from drivers.errors import InstrumentError, InstrumentTimeout, ProtocolError, ReportedError
from drivers.gas_historian import GasHistorian

from .transcript import TIMEOUT, Transcript, value

FINE = '0,"No error"'


def test_the_unit_is_hung_on_a_duct_and_travels() -> None:
    session = Transcript(
        ("SEL:DUCT COG;:SYST:ERR?", FINE),
        ("SEL:DUCT?", "COG"),
        ("POS:GOTO 2,-0.9622;:SYST:ERR?", FINE),
        ("*OPC?", "1"),
        ("POS?", "2,-0.9622"),
        ("YAW?", "-3.25"),
        ("GAS:PRES?", "107.123"),
        ("DUCT:DIAM?", "1400.2"),
    )
    unit = DuctTraverse(session, "traverse")
    value(unit.select("COG"))
    value(unit.go(2, -0.9622))
    assert value(unit.yaw.read()).indication.value == -3.25
    assert value(unit.pressure.read()).indication.value == 107.123
    assert value(unit.diameter.read()).indication.value == 1400.2
    session.finished()


def test_the_unit_is_not_believed_to_be_where_it_does_not_say() -> None:
    session = Transcript(("SEL:DUCT COG;:SYST:ERR?", FINE), ("SEL:DUCT?", "BFG"))
    with pytest.raises(ProtocolError, match="traverse: SEL:DUCT"):
        value(DuctTraverse(session, "traverse").select("COG"))
    session = Transcript(("POS:GOTO 1,0.5000;:SYST:ERR?", FINE), ("*OPC?", "1"), ("POS?", "1,0.0000"))
    with pytest.raises(ProtocolError, match="traverse: POS"):
        value(DuctTraverse(session, "traverse").go(1, 0.5))
    session = Transcript(("POS:GOTO 1,0.5000;:SYST:ERR?", FINE), ("*OPC?", TIMEOUT))
    with pytest.raises(InstrumentTimeout, match="is not reached"):
        value(DuctTraverse(session, "traverse").go(1, 0.5))
    session = Transcript(("SEL:DUCT XYZ;:SYST:ERR?", '-224,"Illegal parameter value"'), ("SYST:ERR?", FINE))
    with pytest.raises(ReportedError, match="duct = XYZ"):
        value(DuctTraverse(session, "traverse").select("XYZ"))


def test_the_server_tells_flows_and_the_grid() -> None:
    session = Transcript(
        ("DUCT:MEAN? BFG,20", "276543.2"),
        ("GRID:TAGS?", '"A","H:M"'),
        ("GRID:HOUR?", "2.505000E+02,3.350000E+00"),
    )
    server = GasHistorian(session, "device")
    flow = value(server.duct_flow("BFG", 20.0))
    assert (flow.name, flow.indication.value, flow.indication.unit) == ("BFG", 276543.2, "m**3/h")
    first, second = value(server.hour(("A", "H:M"), ("m**3/h", "MJ/m**3")))
    assert (first.indication.value, first.indication.unit) == (250500.0, "m**3/h")
    assert (second.indication.value, second.indication.unit) == (3.35, "MJ/m**3")
    session.finished()


@pytest.mark.parametrize("raw", ["276543", "276543.21", "2.8E+05", "276543.2 m3/h", "", "9.91E+37"])
def test_what_is_no_flow_is_refused(raw: str) -> None:
    session = Transcript(("DUCT:MEAN? BFG,20", raw))
    with pytest.raises(ProtocolError, match="device: DUCT:MEAN"):
        value(GasHistorian(session, "device").duct_flow("BFG", 20.0))


@pytest.mark.parametrize("raw", ["2.505000E+02", "2.505000E+02,3.35", "2.505000E+02,3.350000E+00,1.000000E+00", ""])
def test_what_is_not_the_whole_grid_is_refused(raw: str) -> None:
    session = Transcript(("GRID:TAGS?", '"A","H:M"'), ("GRID:HOUR?", raw))
    with pytest.raises(ProtocolError, match="device: GRID:HOUR"):
        value(GasHistorian(session, "device").hour(("A", "H:M"), ("m**3/h", "MJ/m**3")))


def test_a_server_with_other_tags_than_the_sheet_is_not_used() -> None:
    session = Transcript(("GRID:TAGS?", '"A","B"'))
    with pytest.raises(InstrumentError, match="correct the sheet or the server"):
        value(GasHistorian(session, "device").hour(("A", "H:M"), ("m**3/h", "MJ/m**3")))
