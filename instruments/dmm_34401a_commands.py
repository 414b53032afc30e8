"""Functions and commands of the HP/Agilent 34401A multimeter.

They are those of the 34401A User's Guide (34401-90004), chapter 4, as remembered and as public drivers use them; the
text was not at hand. Left out: CALibration beyond its counter, message and security state, the non-SCPI languages, and
the status bits of the trigger system.
"""

from __future__ import annotations

from instruments.multimeter import Function
from instruments.multimeter_344xx_commands import COUNT, NUMBER, choosing, measuring, sensing, triggering
from instruments.scpi import Boolean, Choice, Command, Event, Numeric, Query, Quoted, Setting, String
from instruments.scpi_words import Codes, SwitchOrOnce

_VOLTS = (0.1, 1.0, 10.0, 100.0, 1000.0)
_OHMS = (100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8)
_OHM_CURRENTS = (1e-3, 1e-3, 1e-4, 1e-5, 5e-6, 5e-7, 5e-7)
FUNCTIONS = {
    function.key: function
    for function in (
        Function(key="volt", ranges=_VOLTS, top_over=1.0),
        Function(key="volt_rat", ranges=_VOLTS, top_over=1.0),
        Function(key="volt_ac", ranges=(0.1, 1.0, 10.0, 100.0, 750.0), top_over=1.0),
        Function(key="curr", ranges=(0.01, 0.1, 1.0, 3.0), top_over=1.0),
        Function(key="curr_ac", ranges=(1.0, 3.0), top_over=1.0),
        Function(key="res", ranges=_OHMS, test_current_a=_OHM_CURRENTS),
        Function(key="fres", ranges=_OHMS, test_current_a=_OHM_CURRENTS),
        Function(key="freq", ranges=(0.1, 1.0, 10.0, 100.0, 750.0)),
        Function(key="per", ranges=(0.1, 1.0, 10.0, 100.0, 750.0)),
        Function(key="cont", ranges=(1000.0,), test_current_a=(1e-3,)),
        Function(key="diod", ranges=(1.0,), test_current_a=(1e-3,)),
    )
}

COMMANDS: tuple[Command, ...] = (
    *measuring(FUNCTIONS, ("MINimum", "MAXimum", "DEFault")),
    *choosing(FUNCTIONS),
    *sensing(FUNCTIONS, (0.02, 100.0, 10.0), (0.01, 1.0, 0.1)),
    *triggering(50000, ("IMMediate", "EXTernal", "BUS")),
    Setting(
        "[SENSe:]DETector:BANDwidth",
        Numeric(unit="HZ", low=3, high=200, default=20, reply=NUMBER),
        getter="get_bandwidth",
        setter="set_bandwidth",
        doc="Lowest frequency of an AC signal: 3, 20 or 200 Hz.",
    ),
    Setting(
        "[SENSe:]ZERO:AUTO",
        SwitchOrOnce(default=True),
        getter="get_auto_zero",
        setter="set_auto_zero",
        doc="Take the zero with each reading, never, or once now.",
    ),
    Setting("INPut:IMPedance:AUTO", Boolean(default=False), attribute="high_impedance", doc="More than 10 Gohm."),
    Query("ROUTe:TERMinals?", method="terminals", doc="FRON or REAR."),
    Setting(
        "CALCulate:FUNCtion",
        Choice(options=("NULL", "DB", "DBM", "AVERage", "LIMit"), default="NULL"),
        getter="get_math",
        setter="set_math",
        doc="Math function.",
    ),
    Setting(
        "CALCulate:STATe", Boolean(default=False), getter="get_math_on", setter="set_math_on", doc="Math on or off."
    ),
    Query("CALCulate:AVERage:MINimum?", method="least", reply=NUMBER, doc="Smallest reading since AVERage began."),
    Query("CALCulate:AVERage:MAXimum?", method="largest", reply=NUMBER, doc="Largest reading since AVERage began."),
    Query("CALCulate:AVERage:AVERage?", method="average", reply=NUMBER, doc="Mean of the readings since it began."),
    Query("CALCulate:AVERage:COUNt?", method="averaged", reply=NUMBER, doc="Number of these readings."),
    Setting(
        "CALCulate:NULL:OFFSet",
        Numeric(low=-1.2e8, high=1.2e8, reply=NUMBER),
        getter="get_null_offset",
        setter="set_null_offset",
        doc="Null value; the first reading after NULL was switched on, unless it is set.",
    ),
    Setting("CALCulate:DB:REFerence", Numeric(low=-200, high=200, default=0, reply=NUMBER), attribute="db_reference"),
    Setting("CALCulate:DBM:REFerence", Numeric(low=50, high=8000, reply=NUMBER), attribute="dbm_ohm"),
    Setting("CALCulate:LIMit:LOWer", Numeric(low=-1.2e8, high=1.2e8, default=0, reply=NUMBER), attribute="low_limit"),
    Setting("CALCulate:LIMit:UPPer", Numeric(low=-1.2e8, high=1.2e8, default=0, reply=NUMBER), attribute="high_limit"),
    Event(
        "DATA:FEED",
        method="set_feed",
        parameters=(Codes(name="RDG_STORE", codes={"RDG_STORE": "RDG_STORE"}), String(name="feed")),
        doc='Whether INITiate stores readings: RDG_STORE,"CALC" or RDG_STORE,"".',
    ),
    Query("DATA:FEED?", method="get_feed", reply=Quoted(), doc="What is stored."),
    Setting("DISPlay[:WINDow][:STATe]", Boolean(default=True), attribute="display", doc="Display."),
    Setting("DISPlay[:WINDow]:TEXT[:DATA]", String(longest=255), attribute="display_text", doc="Text, 12 characters."),
    Event("DISPlay[:WINDow]:TEXT:CLEar", method="clear_text", doc="Take the text away."),
    Event("SYSTem:BEEPer[:IMMediate]", method="beep", doc="Beep once."),
    Setting("SYSTem:BEEPer:STATe", Boolean(), attribute="beeper", doc="Beeper; kept over *RST."),
    Event("SYSTem:LOCal", method="go_local", doc="Local state (serial interface)."),
    Event("SYSTem:REMote", method="go_remote", doc="Remote state (serial interface)."),
    Event("SYSTem:RWLock", method="go_remote", doc="Remote state with lockout (serial interface)."),
    Query("CALibration:COUNt?", method="calibration_count", reply=COUNT, doc="How often it was adjusted."),
    Setting("CALibration:STRing", String(longest=12), attribute="calibration_text", doc="Calibration message."),
    Query("CALibration:SECure:STATe?", method="secured", doc="1: adjustment is locked."),
    Query("*TST?", method="self_test", reply=COUNT, doc="Self-test; +0 means passed."),
    Setting("*PSC", Boolean(), attribute="power_on_clear", doc="Clear the enable registers at power-on."),
)
"""The command table."""
