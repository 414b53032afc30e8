"""Functions and commands of the Keysight 34461A class (Truevolt 34460A, 34461A, 34465A, 34470A; also 34410A, 34411A).

They are those of the Truevolt Series Operating and Service Guide (34460-90901), as far as the models share them and
public drivers use them; the text was not at hand. Left out: digitizing (ACQuire), CALCulate:TRANsform (histogram,
trend), SCALe, MMEMory, HCOPy, LXI, capacitance, temperature transducers other than what the port gives, secondary
measurements, level triggering.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from instruments.dmm_34401a_commands import FUNCTIONS as PREDECESSORS
from instruments.multimeter_344xx import FIXED, GATED
from instruments.multimeter_344xx_commands import (
    COUNT,
    NODES,
    NUMBER,
    READINGS,
    choosing,
    measuring,
    sensing,
    triggering,
)
from instruments.scpi import Boolean, Choice, Command, Event, Integer, Numeric, Query, Quoted, Setting, String
from instruments.scpi_words import SwitchOrOnce

if TYPE_CHECKING:
    from instruments.multimeter import Function

FUNCTIONS: dict[str, Function] = {
    **PREDECESSORS,
    "volt_ac": replace(PREDECESSORS["volt_ac"], ranges=(0.1, 1.0, 10.0, 100.0, 750.0)),
    "curr": replace(PREDECESSORS["curr"], ranges=(1e-4, 1e-3, 1e-2, 1e-1, 1.0, 3.0)),
    "curr_ac": replace(PREDECESSORS["curr_ac"], ranges=(1e-4, 1e-3, 1e-2, 1e-1, 1.0, 3.0)),
    "diod": replace(PREDECESSORS["diod"], ranges=(5.0,)),
}


def _each() -> tuple[Command, ...]:
    """Declare what each function has for itself beyond the predecessor's."""
    commands: list[Command] = []
    for key in FUNCTIONS:
        if key == "volt_rat":
            continue
        header = f"[SENSe:]{NODES[key]}"
        if key not in FIXED:
            commands += [
                Setting(
                    f"{header}:NULL[:STATe]",
                    Boolean(default=False),
                    getter=f"get_null_on_{key}",
                    setter=f"set_null_on_{key}",
                    doc="Subtract the null value.",
                ),
                Setting(
                    f"{header}:NULL:VALue",
                    Numeric(low=-1.2e8, high=1.2e8, default=0.0, reply=NUMBER),
                    getter=f"get_null_{key}",
                    setter=f"set_null_{key}",
                    doc="Null value.",
                ),
            ]
        if key in ("volt", "curr", "res"):
            commands.append(
                Setting(
                    f"{header}:ZERO:AUTO",
                    SwitchOrOnce(default=True),
                    getter=f"get_zero_{key}",
                    setter=f"set_zero_{key}",
                    doc="Take the zero with each reading, never, or once now.",
                )
            )
        if key in ("volt", "curr", "res", "fres"):
            commands += [
                Setting(
                    f"{header}:APERture",
                    Numeric(unit="S", low=2e-5, high=2.0, default=0.2, reply=NUMBER),
                    getter=f"get_aperture_{key}",
                    setter=f"set_aperture_{key}",
                    doc="Integration time in seconds; switches the aperture mode on.",
                ),
                Setting(
                    f"{header}:APERture:ENABled",
                    Boolean(default=False),
                    getter=f"get_aperture_on_{key}",
                    setter=f"set_aperture_on_{key}",
                    doc="Aperture mode.",
                ),
            ]
        if key in ("volt_ac", "curr_ac"):
            commands.append(
                Setting(
                    f"{header}:BANDwidth",
                    Numeric(unit="HZ", low=3, high=200, default=20, reply=NUMBER),
                    getter="get_bandwidth",
                    setter="set_bandwidth",
                    doc="Lowest frequency: 3, 20 or 200 Hz.",
                )
            )
        if key in GATED:
            commands.append(
                Setting(
                    f"{header}:RANGe:LOWer",
                    Numeric(unit="HZ", low=3, high=200, default=20, reply=NUMBER),
                    getter="get_bandwidth",
                    setter="set_bandwidth",
                    doc="Lowest frequency: 3, 20 or 200 Hz.",
                )
            )
    return tuple(commands)


COMMANDS: tuple[Command, ...] = (
    *measuring(FUNCTIONS, ("MINimum", "MAXimum", "DEFault", "AUTO")),
    *choosing(FUNCTIONS),
    *sensing(FUNCTIONS, (0.001, 100.0, 10.0), (0.001, 1.0, 0.1)),
    *_each(),
    *triggering(1e9, ("IMMediate", "EXTernal", "BUS", "INTernal")),
    Setting("TRIGger:SLOPe", Choice(options=("POSitive", "NEGative"), default="NEGative"), attribute="slope"),
    Setting(
        "OUTPut:TRIGger:SLOPe", Choice(options=("POSitive", "NEGative"), default="NEGative"), attribute="out_slope"
    ),
    Setting(
        "TRIGger:LEVel", Numeric(unit="V", low=-1000, high=1000, default=0, reply=NUMBER), attribute="trigger_level"
    ),
    Setting(
        "SAMPle:COUNt:PRETrigger",
        Numeric(integer=True, low=0, high=1999999, default=0, reply=COUNT),
        attribute="pretrigger",
        doc="Kept; readings before the trigger are not taken.",
    ),
    Setting("SAMPle:SOURce", Choice(options=("IMMediate", "TIMer"), default="IMMediate"), attribute="sample_source"),
    Setting(
        "SAMPle:TIMer",
        Numeric(unit="S", low="shortest_s", high=3600.0, default="shortest_s", reply=NUMBER),
        attribute="sample_timer",
        doc="Interval of the readings of a trigger; MIN is the shortest with the present settings.",
    ),
    Event("ABORt", method="abort", doc="Go to the idle state."),
    Query("DATA:LAST?", method="last_reading", doc="Last reading, with its unit."),
    Query(
        "DATA:REMove?",
        method="remove",
        parameters=(
            Numeric(name="count", integer=True, low=1, high=2000000),
            Numeric(name="wait", integer=True, optional=True),
        ),
        reply=READINGS,
        doc="Take the oldest readings out of memory.",
    ),
    Query(
        "R?",
        method="take",
        parameters=(Numeric(name="most", integer=True, low=1, high=2000000, optional=True),),
        reply=lambda readings: _block(readings),
        doc="Take what is in memory, as a block of text.",
    ),
    Setting("[SENSe:]VOLTage[:DC]:IMPedance:AUTO", Boolean(default=False), attribute="high_impedance"),
    Setting("INPut:IMPedance:AUTO", Boolean(default=False), attribute="high_impedance"),
    Query("ROUTe:TERMinals?", method="terminals", doc="FRON or REAR."),
    Query("SYSTem:LFRequency?", method="line_frequency", reply=Integer(sign=True), doc="Frequency of the mains, Hz."),
    Query("SYSTem:LICense:CATalog?", method="licences", doc="Licences that are installed."),
    Setting("CALCulate:AVERage[:STATe]", Boolean(default=False), getter="get_averaging", setter="set_averaging"),
    Query("CALCulate:AVERage:AVERage?", method="average", reply=NUMBER, doc="Mean of the readings since it began."),
    Query("CALCulate:AVERage:MINimum?", method="least", reply=NUMBER, doc="Smallest."),
    Query("CALCulate:AVERage:MAXimum?", method="largest", reply=NUMBER, doc="Largest."),
    Query("CALCulate:AVERage:SDEViation?", method="spread", reply=NUMBER, doc="Standard deviation."),
    Query("CALCulate:AVERage:COUNt?", method="averaged", reply=NUMBER, doc="Number of readings."),
    Event("CALCulate:AVERage:CLEar[:IMMediate]", method="clear_average", doc="Begin the statistics anew."),
    Setting("CALCulate:LIMit[:STATe]", Boolean(default=False), attribute="limits_on"),
    Setting("CALCulate:LIMit:LOWer[:DATA]", Numeric(default=0, reply=NUMBER), attribute="low_limit"),
    Setting("CALCulate:LIMit:UPPer[:DATA]", Numeric(default=0, reply=NUMBER), attribute="high_limit"),
    Setting("DISPlay[:STATe]", Boolean(default=True), attribute="display", doc="Display."),
    Setting("DISPlay:TEXT[:DATA]", String(longest=40), attribute="display_text", doc="Text."),
    Event("DISPlay:TEXT:CLEar", method="clear_text", doc="Take the text away."),
    Setting(
        "DISPlay:WINDow<1:2>[:STATe]", Boolean(), getter="get_window", setter="set_window", doc="Display line (3441xA)."
    ),
    Setting(
        "DISPlay:WINDow<1:2>:TEXT[:DATA]",
        String(longest=40),
        getter="get_line",
        setter="set_line",
        doc="Text of a display line (3441xA).",
    ),
    Event("DISPlay:WINDow<1:2>:TEXT:CLEar", method="clear_window", doc="Take a line's text away (3441xA)."),
    Event("SYSTem:BEEPer[:IMMediate]", method="beep", doc="Beep once."),
    Setting("SYSTem:BEEPer:STATe", Boolean(), attribute="beeper", doc="Beeper; kept over *RST."),
    Setting("SYSTem:LABel", String(longest=40), attribute="label", doc="Label on the display."),
    Event("SYSTem:LOCal", method="go_local", doc="Local state."),
    Event("SYSTem:REMote", method="go_remote", doc="Remote state."),
    Event("SYSTem:RWLock", method="go_remote", doc="Remote state with lockout."),
    Event("SYSTem:PRESet", method="reset", doc="Go to the state of *RST."),
    Query("SYSTem:UPTime?", method="uptime", doc="Time since power-on: days, hours, minutes, seconds."),
    Query("CALibration:COUNt?", method="calibration_count", reply=COUNT, doc="How often it was adjusted."),
    Query("CALibration:STRing?", method="calibration_text", reply=Quoted(), doc="Calibration message."),
    Query("*TST?", method="self_test", reply=COUNT, doc="Self-test; +0 means passed."),
)
"""The command table."""


def _block(readings: list[float]) -> bytes:
    """Write readings as a definite length block of text."""
    data = str(READINGS(readings)).encode("ascii")
    length = str(len(data)).encode("ascii")
    return b"#" + str(len(length)).encode("ascii") + length + data
