"""The drivers of the batch rack and of the comparison chromatograph: what they say, and what they refuse."""

from __future__ import annotations

import pytest

from drivers.errors import InstrumentError, InstrumentTimeout, ProtocolError, SettingRefused
from drivers.gas_batch import GasBatch
from drivers.gas_comparator import GasComparator

from .transcript import CLEARED, OK, TIMEOUT, Transcript, value


def test_the_rack_loads_fills_divides_and_connects() -> None:
    session = Transcript(
        ("CARR:LOAD TARE", None),
        OK,
        ("CARR:LOAD?", "TARE"),
        ("FILL:STAR CO2,1.5000", None),
        OK,
        ("*OPC?", "1"),
        ("FILL:STAT?", "IDLE"),
        ("BATC:FILL", None),
        OK,
        ("*OPC?", "1"),
        ("FILL:STAT?", "IDLE"),
        ("BATC:BOTT?", "24"),
        ("SAMP:CONN BOTT,3", None),
        OK,
        ("SAMP:CONN?", "BOTT,3"),
        ("GAUG:PRES?", "16.812"),
    )
    rack = GasBatch(session, "device")
    value(rack.load("tare"))
    value(rack.fill("CO2", 1.5, 100.0))
    assert value(rack.divide(100.0)) == 24
    value(rack.connect("bottle", 3))
    assert value(rack.pressure.read()).indication.value == 16.812
    session.finished()


def test_the_rack_does_not_believe_in_what_it_did_not_see() -> None:
    session = Transcript(("CARR:LOAD SAMP", None), OK, ("CARR:LOAD?", "TARE"))
    with pytest.raises(ProtocolError, match="device: CARR:LOAD"):
        value(GasBatch(session, "device").load("cylinder"))
    session = Transcript(("SAMP:CONN REF,1", None), OK, ("SAMP:CONN?", "REF,2"))
    with pytest.raises(ProtocolError, match="device: SAMP:CONN"):
        value(GasBatch(session, "device").connect("reference", 1))
    session = Transcript(("ROLL:STAR 60", None), OK, ("*OPC?", "1"), ("FILL:STAT?", "RUN"))
    with pytest.raises(ProtocolError, match="RUN"):
        value(GasBatch(session, "device").roll(60.0))
    session = Transcript(("FILL:STAR N2,930.0000", None), OK, ("*OPC?", TIMEOUT))
    with pytest.raises(InstrumentTimeout, match="device: filling N2 is not over"):
        value(GasBatch(session, "device").fill("N2", 930.0, 60.0))
    with pytest.raises(SettingRefused, match="nothing was sent"):
        value(GasBatch(Transcript(), "device").load("feathers"))


def test_the_rack_is_safe_only_when_it_says_so() -> None:
    close = (("SAMP:CONN NONE", None), ("CARR:LOAD NONE", None))
    session = Transcript(*close, ("SAMP:CONN?;:CARR:LOAD?", "NONE;NONE"))
    value(GasBatch(session, "device").make_safe())
    session.finished()
    session = Transcript(*close, ("SAMP:CONN?;:CARR:LOAD?", "CYL,1;NONE"))
    with pytest.raises(InstrumentError, match="NOT SAFE"):
        value(GasBatch(session, "device").make_safe())


def test_the_chromatograph_measures_and_leaves_the_first_injections_out() -> None:
    session = Transcript(
        ("METH:COMP?", '"CO2","CH4"'),
        ("SEQ:STAR 3", None),
        OK,
        ("*OPC?", "1"),
        ("SEQ:STAT?;:FETC?", "DONE;9.900000E+02,1.000000E+01,1.000000E+03,2.000000E+01,1.002000E+03,4.000000E+01"),
    )
    gc = GasComparator(session, "analyser")
    value(gc.confirm_components(("CO2", "CH4")))
    found = value(gc.measure(("CO2", "CH4"), 2, 1, 0.1))
    assert found.values == ((1000.0, 1002.0), (20.0, 40.0))
    assert [r.indication.value for r in found.readings] == [1001.0, 30.0]
    assert [r.name for r in found.readings] == ["CO2", "CH4"]
    session.finished()


@pytest.mark.parametrize(
    "reply",
    [
        "RUN;1.000000E+03,2.000000E+01",
        "DONE;1.000000E+03",
        "DONE;1.000000E+03,2.000000E+01,3.000000E+01",
        "DONE;1.000000E+03,2.00000E+01",
        "DONE;1.000000E+03,20",
        "1.000000E+03,2.000000E+01",
    ],
)
def test_the_chromatograph_refuses_what_are_not_the_areas_it_asked_for(reply: str) -> None:
    session = Transcript(("SEQ:STAR 1", None), OK, ("*OPC?", "1"), ("SEQ:STAT?;:FETC?", reply), CLEARED)
    with pytest.raises(ProtocolError, match="analyser: FETC"):
        value(GasComparator(session, "analyser").measure(("CO2", "CH4"), 1, 0, 0.1))


def test_the_chromatograph_refuses_another_method_and_results_that_come_too_soon() -> None:
    session = Transcript(("METH:COMP?", '"CO2"'))
    with pytest.raises(InstrumentError, match="load the right method"):
        value(GasComparator(session, "analyser").confirm_components(("CO2", "CH4")))
    session = Transcript(("SEQ:STAR 1", None), OK, ("*OPC?", "1"), ("SEQ:STAT?;:FETC?", "DONE;1.000000E+03"))
    with pytest.raises(ProtocolError, match="too soon"):
        value(GasComparator(session, "analyser").measure(("CO2",), 1, 0, 300.0))
    session = Transcript(("SEQ:STAR 1", None), OK, ("*OPC?", TIMEOUT))
    with pytest.raises(InstrumentTimeout, match="analyser: 1 injections are not over"):
        value(GasComparator(session, "analyser").measure(("CO2",), 1, 0, 300.0))
