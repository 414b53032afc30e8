"""What the drivers of a stack's plant, meter and teams say, message by message."""

from __future__ import annotations

import pytest

from drivers.errors import ProtocolError
from drivers.stack_meter import StackMeter
from drivers.stack_plant import StackPlant
from drivers.stack_team import StackTeam

from .transcript import Transcript, value

FINE = '0,"No error"'


def test_plant_reaches_a_load_and_tells_its_gas() -> None:
    session = Transcript(
        ("LOAD 75.0;:SYST:ERR?", FINE),
        ("*OPC?;:LOAD?", "1;75.0"),
        ("GAS?", "323.15,101000.0,0.12000,0.11500,0.07000"),
        ("GAS?", "323.15,101000.0,0.12000"),
    )
    plant = StackPlant(session, "plant")
    value(plant.reach(75.0, 3600.0))
    assert session.timeouts[-1] == 3600.0
    gas = value(plant.gas())
    assert (gas.pressure.indication.value, gas.co2.indication.value) == (101000.0, 0.115)
    with pytest.raises(ProtocolError, match="five numbers"):
        value(plant.gas())


def test_plant_that_stays_at_another_load_is_not_believed() -> None:
    session = Transcript(("LOAD 75.0;:SYST:ERR?", FINE), ("*OPC?;:LOAD?", "1;100.0"))
    with pytest.raises(ProtocolError, match="plant: load"):
        value(StackPlant(session, "plant").reach(75.0, 10.0))


def test_meter_gives_means_of_a_window() -> None:
    session = Transcript(("DATA:MEAN? 10.000,310.000,3", "17.1,17.2"), ("DATA:MEAN? 0.000,10.000,1", "17.1000"))
    meter = StackMeter(session, "device")
    with pytest.raises(ProtocolError, match="3 means"):
        value(meter.means(10.0, 310.0, 3))
    session = Transcript(("DATA:MEAN? 0.000,10.000,2", "17.1000,17.2000"))
    found = value(StackMeter(session, "device").means(0.0, 10.0, 2))
    assert [r.indication.value for r in found] == [17.1, 17.2]


def test_team_traverses_and_gives_its_points() -> None:
    reply = "12.0000,200.0000,10.0000,5.0000,323.0000,210.0000,11.0000,6.0000,323.5000"
    session = Transcript(
        ("TRAV:POIN 8;:SYST:ERR?", FINE),
        ("PROB:KIND?", "3D"),
        ("TRAV:STAR;:SYST:ERR?", FINE),
        ("TRAV:DATA?", reply),
    )
    team = StackTeam(session, "team_1")
    value(team.points.set(8))
    assert value(team.kind.read()) == "3d"
    value(team.start())
    data = value(team.data(2, 300.0))
    assert data.pressure == (200.0, 210.0)
    assert data.second == (10.0, 11.0)
    assert data.yaw == (5.0, 6.0)
    assert data.temperature == (323.0, 323.5)
    assert (data.record.indication.value, data.record.raw) == (12.0, reply)
    session.finished()


@pytest.mark.parametrize("reply", ["0.0000", "12.0000,200.0000,10.0000,5.0000", "12.0000,2e2,1.0000,5.0000,323.0000"])
def test_a_traverse_of_another_length_or_form_is_refused(reply: str) -> None:
    with pytest.raises(ProtocolError, match="team_1: traverse"):
        value(StackTeam(Transcript(("TRAV:DATA?", reply)), "team_1").data(1, 300.0))
