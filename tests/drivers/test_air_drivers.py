"""What the drivers of the air-stream bench say, message by message."""

from __future__ import annotations

import pytest

from drivers.errors import ImplausibleReading, InstrumentError, ProtocolError, SettingRefused
from drivers.lda import LaserDopplerAnemometer
from drivers.micromanometer import Micromanometer
from drivers.rotary_stage import RotaryStage
from drivers.wind_tunnel import WindTunnel

from .transcript import Transcript, value

FINE = '0,"No error"'


def test_tunnel_is_set_settles_and_tells_its_air() -> None:
    session = Transcript(
        ("SPE 18.300;:SYST:ERR?", FINE),
        ("FAN 1;:SYST:ERR?", FINE),
        ("*OPC?", "1"),
        ("MEAS:SPE?", "18.312"),
        ("MEAS:AIR?", "21.43,101281.5,48.2"),
        ("MEAS:AIR?", "21.43,101281.5"),
    )
    tunnel = WindTunnel(session, "tunnel")
    value(tunnel.speed.set(18.3))
    value(tunnel.fan.set(True))
    value(tunnel.settle(120.0))
    assert value(tunnel.indicated_speed.read()).indication.value == 18.312
    readings = value(tunnel.air())
    assert [(r.name, r.indication.value) for r in readings] == [
        ("temperature", 21.43),
        ("pressure", 101281.5),
        ("humidity", 48.2),
    ]
    with pytest.raises(ProtocolError, match="tunnel: air"):
        value(tunnel.air())
    with pytest.raises(SettingRefused):
        value(tunnel.speed.set(51.0))
    session.finished()


def test_tunnel_is_made_safe_and_confirms() -> None:
    off = (("FAN 0", None), ("SPE 0", None))
    session = Transcript(*off, ("FAN?", "0"), ("*CLS", None))
    value(WindTunnel(session, "tunnel").make_safe())
    session.finished()
    stuck = Transcript(
        *off, ("FAN?", "1"), ("<clear>", None), *off, ("FAN?", "1"), ("<clear>", None), *off, ("FAN?", "1")
    )
    with pytest.raises(InstrumentError, match="NOT SAFE"):
        value(WindTunnel(stuck, "tunnel").make_safe())
    stuck.finished()


def test_lda_reads_a_mean_and_refuses_one_of_too_few_bursts() -> None:
    session = Transcript(
        ("LAS 1;:SYST:ERR?", FINE),
        ("READ?", "18.3121,0.0912,10981"),
        ("READ?", "18.3121,0.0912,12"),
        ("READ?", "9.91E+37,9.91E+37,0"),
    )
    lda = LaserDopplerAnemometer(session, "lda")
    value(lda.laser.set(True))
    mean = value(lda.read(0.5))
    assert (mean.speed.indication.value, mean.bursts.indication.value) == (18.3121, 10981.0)
    assert session.timeouts[-1] == 5.5
    with pytest.raises(ImplausibleReading, match="12 bursts"):
        value(lda.read(0.5))
    with pytest.raises(ProtocolError):
        value(lda.read(0.5))
    session.finished()


def test_manometer_zeroes_and_reads_all_channels() -> None:
    session = Transcript(
        ("CAL:ZERO;:SYST:ERR?", FINE),
        ("*OPC?", "1"),
        ("READ?", "225.1034,-0.0312,1.2000"),
        ("READ?", "225.1034,-0.0312"),
        ("*ESE?", "0"),
    )
    manometer = Micromanometer(session, "manometer")
    value(manometer.zero())
    readings = value(manometer.read(3, 0.5))
    assert [(r.name, r.indication.value) for r in readings] == [
        ("pressure_1", 225.1034),
        ("pressure_2", -0.0312),
        ("pressure_3", 1.2),
    ]
    with pytest.raises(ProtocolError, match="3 channels"):
        value(manometer.read(3, 0.5))


def test_a_mean_that_comes_too_early_is_not_believed() -> None:
    reply = "225.1034,-0.0312,1.2000"
    with pytest.raises(ProtocolError, match="its time was changed"):
        value(Micromanometer(Transcript(("READ?", reply)), "manometer").read(3, 10.0))
    with pytest.raises(ProtocolError, match="its time was changed"):
        value(LaserDopplerAnemometer(Transcript(("READ?", "18.3121,0.0912,10981")), "lda").read(10.0))


def test_stage_turns_and_looks_where_it_stands() -> None:
    session = Transcript(
        ("POS:YAW -2.350;:POS:PITC 5.000;:SYST:ERR?", FINE),
        ("*OPC?;:POS:YAW?;:POS:PITC?", "1;-2.350;5.000"),
        ("POS:YAW 1.000;:SYST:ERR?", FINE),
        ("*OPC?;:POS:YAW?", "1;0.700"),
    )
    stage = RotaryStage(session, "stage")
    value(stage.turn(yaw=-2.35, pitch=5.0))
    with pytest.raises(ImplausibleReading, match=r"stands at 0\.7 deg instead of 1 deg"):
        value(stage.turn(yaw=1.0))
    session.finished()
