"""Functions and commands of the Keithley 2000 multimeter.

They are those of the Model 2000 User's Manual (2000-900-01), section 5, as remembered and as public drivers use them;
of its text, the pages on the status registers and on message syntax were seen. Left out: ROUTe (scanner card), HOLD,
SYSTem:KEY, UNIT for voltage in dB, the 196/199 and 8840A languages. The settings' replies are in the shortest form that
holds the number; how many digits each firmware writes was not found out.
"""

from __future__ import annotations

from instruments.keithley import SHARED, SHORT, as_is
from instruments.multimeter import Function
from instruments.scpi import (
    Boolean,
    Choice,
    Command,
    Event,
    General,
    Integer,
    Many,
    Numeric,
    Parameter,
    Query,
    Scientific,
    Setting,
    String,
)
from instruments.scpi_words import FunctionName, RangeOf, SwitchOrOnce

NUMBER = General(9)
READING = Scientific(8, sign=True)
ENDLESS = 9.9e37

NODES = {
    "volt": "VOLTage[:DC]",
    "volt_ac": "VOLTage:AC",
    "curr": "CURRent[:DC]",
    "curr_ac": "CURRent:AC",
    "res": "RESistance",
    "fres": "FRESistance",
    "temp": "TEMPerature",
    "freq": "FREQuency",
    "per": "PERiod",
    "cont": "CONTinuity",
    "diod": "DIODe",
}
"""Key -> header."""
WORDS = {
    "volt": "VOLT:DC",
    "volt_ac": "VOLT:AC",
    "curr": "CURR:DC",
    "curr_ac": "CURR:AC",
    "res": "RES",
    "fres": "FRES",
    "temp": "TEMP",
    "freq": "FREQ",
    "per": "PER",
    "cont": "CONT",
    "diod": "DIOD",
}
"""Key -> name in replies."""
NAMES = {
    "VOLTage": "volt",
    "VOLTage:DC": "volt",
    "VOLTage:AC": "volt_ac",
    "CURRent": "curr",
    "CURRent:DC": "curr",
    "CURRent:AC": "curr_ac",
    "RESistance": "res",
    "FRESistance": "fres",
    "TEMPerature": "temp",
    "FREQuency": "freq",
    "PERiod": "per",
    "CONTinuity": "cont",
    "DIODe": "diod",
}
"""Name as sent -> key."""
UNIT_TEXT = {
    "volt": "VDC",
    "volt_ac": "VAC",
    "curr": "ADC",
    "curr_ac": "AAC",
    "res": "OHM",
    "fres": "OHM4W",
    "temp": "C",
    "freq": "HZ",
    "per": "SEC",
    "cont": "OHM",
    "diod": "VDC",
}
"""Key -> unit behind a reading when FORMat:ELEMents has UNITs."""
UNITS = {"volt": "V", "volt_ac": "V", "curr": "A", "curr_ac": "A", "res": "OHM", "fres": "OHM"}

_OHMS = (100.0, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8)
_OHM_CURRENTS = (1e-3, 1e-3, 1e-4, 1e-5, 1e-5, 7e-7, 7e-7)
FUNCTIONS = {
    function.key: function
    for function in (
        Function(key="volt", ranges=(0.1, 1.0, 10.0, 100.0, 1000.0), top_over=1.01),
        Function(key="volt_ac", ranges=(0.1, 1.0, 10.0, 100.0, 750.0), top_over=1.01),
        Function(key="curr", ranges=(0.01, 0.1, 1.0, 3.0), top_over=3.1 / 3.0),
        Function(key="curr_ac", ranges=(1.0, 3.0), top_over=3.1 / 3.0),
        Function(key="res", ranges=_OHMS, test_current_a=_OHM_CURRENTS),
        Function(key="fres", ranges=_OHMS, test_current_a=_OHM_CURRENTS),
        Function(key="temp", ranges=(1.0,)),
        Function(key="freq", ranges=(0.1, 1.0, 10.0, 100.0, 1000.0)),
        Function(key="per", ranges=(0.1, 1.0, 10.0, 100.0, 1000.0)),
        Function(key="cont", ranges=(1000.0,), test_current_a=(1e-3,)),
        Function(key="diod", ranges=(10.0,), test_current_a=(1e-3,)),
    )
}
REFERENCES = {
    "volt": 1010.0,
    "volt_ac": 757.5,
    "curr": 3.1,
    "curr_ac": 3.1,
    "res": 1.2e8,
    "fres": 1.2e8,
    "temp": 1372.0,
    "freq": 1.5e7,
    "per": 1.0,
}
"""Key -> largest value of the reference (REL)."""


def _functions() -> tuple[Command, ...]:
    """Declare CONFigure, MEASure and the settings of every function."""
    commands: list[Command] = []
    for key, node in NODES.items():
        commands += [
            Event(f"CONFigure:{node}", method=f"configure_{key}", doc="Preset everything for a function, one shot."),
            Query(f"MEASure:{node}?", method=f"measure_now_{key}", reply=as_is, doc="CONFigure and READ?."),
        ]
        header = f"[SENSe:]{node}"

        def setting(
            word: str, parameter: Parameter, name: str, doc: str, header: str = header, key: str = key
        ) -> Setting:
            return Setting(
                f"{header}:{word}",
                parameter,
                getter=f"get_{name}_{key}",
                setter=f"set_{name}_{key}",
                doc=doc,
            )

        if key == "cont":
            commands.append(
                Setting(
                    "[SENSe:]CONTinuity:THReshold",
                    Numeric(unit="OHM", low=1, high=1000, default=10, reply=NUMBER),
                    attribute="threshold",
                )
            )
            continue
        if key == "diod":
            commands.append(
                Setting(
                    "[SENSe:]DIODe:CURRent:RANGe[:UPPer]",
                    Numeric(unit="A", low=0, high=1e-3, default=1e-3, reply=NUMBER),
                    attribute="diode_current",
                )
            )
            continue
        if key in ("freq", "per"):
            commands += [
                setting(
                    "APERture",
                    Numeric(unit="S", low=0.01, high=1.0, default=1.0, reply=NUMBER),
                    "aperture",
                    "Gate time.",
                ),
                setting(
                    "THReshold:VOLTage:RANGe",
                    RangeOf(unit="V", low=0.1, high=1000.0, default=10.0, reply=NUMBER),
                    "range",
                    "Range of the input voltage.",
                ),
            ]
        else:
            commands.append(
                setting(
                    "NPLCycles",
                    Numeric(low=0.01, high=10.0, default=1.0, reply=NUMBER),
                    "plc",
                    "Integration time, PLC.",
                )
            )
        if key in UNITS:
            ranges = FUNCTIONS[key].ranges
            commands += [
                setting(
                    "RANGe[:UPPer]",
                    RangeOf(unit=UNITS[key], low=0.0, high=REFERENCES[key], default=ranges[-1], reply=NUMBER),
                    "range",
                    "Range; switches autoranging off.",
                ),
                setting("RANGe:AUTO", SwitchOrOnce(), "auto", "Autoranging."),
            ]
        if key in ("volt_ac", "curr_ac"):
            commands.append(
                setting(
                    "DETector:BANDwidth",
                    Numeric(unit="HZ", low=3, high=3e5, default=30, reply=NUMBER),
                    "bandwidth",
                    "Filter.",
                )
            )
        bound = REFERENCES[key]
        low = 0.0 if key in ("res", "fres", "freq", "per") else -200.0 if key == "temp" else -bound
        commands += [
            setting(
                "REFerence", Numeric(low=low, high=bound, default=0.0, reply=NUMBER), "reference", "Value to subtract."
            ),
            setting("REFerence:STATe", Boolean(default=False), "referenced", "Whether it is subtracted."),
            Event(f"{header}:REFerence:ACQuire", method=f"acquire_{key}", doc="Take the last reading as reference."),
            setting(
                "DIGits", Numeric(integer=True, low=4, high=7, default=7, reply=Integer()), "digits", "Display digits."
            ),
        ]
        if key not in ("freq", "per"):
            commands += [
                setting("AVERage:STATe", Boolean(default=False), "averaging", "Digital filter."),
                setting(
                    "AVERage:TCONtrol",
                    Choice(options=("MOVing", "REPeat"), default="MOVing"),
                    "filter",
                    "Kind of filter.",
                ),
                setting(
                    "AVERage:COUNt",
                    Numeric(integer=True, low=1, high=100, default=10, reply=Integer()),
                    "average_count",
                    "Readings that it averages.",
                ),
            ]
    return tuple(commands)


COMMANDS: tuple[Command, ...] = (
    *_functions(),
    *SHARED,
    Setting(
        "[SENSe:]FUNCtion[:ON]",
        FunctionName(names=NAMES, answers=WORDS, default="volt"),
        getter="chosen",
        setter="choose",
        doc="Measuring function.",
    ),
    Query("CONFigure?", method="configuration", doc="Function."),
    Query("READ?", method="read", reply=as_is, doc="ABORt, INITiate and FETCh?."),
    Query("FETCh?", method="fetch", reply=as_is, doc="Readings of the last cycle."),
    Query("[SENSe:]DATA[:LATest]?", method="latest", reply=as_is, doc="Last reading."),
    Query("[SENSe:]DATA:FRESh?", method="fresh", reply=as_is, doc="A reading that was not answered before."),
    Event("INITiate[:IMMediate]", method="initiate", doc="Leave the idle state."),
    Setting("INITiate:CONTinuous", Boolean(default=False), getter="get_continuous", setter="set_continuous"),
    Event("ABORt", method="abort", doc="Go to the idle state."),
    Setting(
        "TRIGger[:SEQuence]:COUNt",
        Numeric(low=1, high=ENDLESS, default=1, names={"INFinity": ENDLESS}, reply=NUMBER),
        getter="get_trigger_count",
        setter="set_trigger_count",
        doc="Triggers before the idle state, 1 to 9999 or INFinity.",
    ),
    Setting(
        "TRIGger[:SEQuence]:DELay",
        Numeric(unit="S", low=0.0, high=999999.999, default=0.0, reply=NUMBER),
        getter="get_delay",
        setter="set_delay",
        doc="Delay of the device action.",
    ),
    Setting("TRIGger[:SEQuence]:DELay:AUTO", Boolean(default=True), attribute="delay_auto", doc="Automatic delay."),
    Setting(
        "TRIGger[:SEQuence]:SOURce",
        Choice(options=("IMMediate", "TIMer", "MANual", "BUS", "EXTernal"), default="IMMediate"),
        attribute="trigger_source",
        doc="Event that triggers.",
    ),
    Setting(
        "TRIGger[:SEQuence]:TIMer",
        Numeric(unit="S", low=0.001, high=999999.999, default=0.1, reply=NUMBER),
        attribute="timer",
        doc="Interval of the timer.",
    ),
    Event("TRIGger[:SEQuence]:SIGNal", method="signal", doc="Pass the event that is waited for."),
    Setting(
        "SAMPle:COUNt",
        Numeric(integer=True, low=1, high=1024, default=1, reply=Integer()),
        attribute="sample_count",
        doc="Readings per trigger.",
    ),
    Query("TRACe:DATA?", method="buffer_data", reply=as_is, doc="Readings in the buffer."),
    Query("DATA:DATA?", method="buffer_data", reply=as_is, doc="Readings in the buffer."),
    Query("TRACe:FREE?", method="buffer_free", doc="Bytes free and in use."),
    Setting(
        "TRACe:POINts",
        Numeric(integer=True, low=2, high=1024, reply=Integer()),
        getter="buffer_size",
        setter="resize_buffer",
        doc="Size of the buffer.",
    ),
    Setting(
        "TRACe:FEED",
        Choice(options=("SENSe", "CALCulate", "NONE")),
        attribute="feed",
        doc="What is stored: raw readings or math.",
    ),
    Event(
        "FORMat:ELEMents",
        method="set_elements",
        parameters=(Many(each=Choice(options=("READing", "CHANnel", "UNITs")), most=3),),
    ),
    Query("FORMat:ELEMents?", method="get_elements", reply=SHORT, doc="What stands in a data string."),
    Setting("CALCulate:FORMat", Choice(options=("NONE", "MXB", "PERCent"), default="NONE"), attribute="math"),
    Setting("CALCulate:STATe", Boolean(default=False), attribute="math_on", doc="Math."),
    Setting("CALCulate:KMATh:MMFactor", Numeric(low=-1e8, high=1e8, default=1, reply=NUMBER), attribute="slope"),
    Setting("CALCulate:KMATh:MBFactor", Numeric(low=-1e8, high=1e8, default=0, reply=NUMBER), attribute="intercept"),
    Setting("CALCulate:KMATh:MUNits", String(default="MX", longest=3, bare=True), attribute="math_unit"),
    Setting("CALCulate:KMATh:PERCent", Numeric(low=-1e8, high=1e8, default=1, reply=NUMBER), attribute="target"),
    Query("CALCulate:DATA?", method="latest", reply=as_is, doc="Last reading after math."),
    Setting(
        "CALCulate2:FORMat",
        Choice(options=("NONE", "MEAN", "SDEViation", "MAXimum", "MINimum"), default="NONE"),
        attribute="statistic",
        doc="Statistic of the buffer.",
    ),
    Setting("CALCulate2:STATe", Boolean(default=False), attribute="statistic_on", doc="Statistics of the buffer."),
    Event("CALCulate2:IMMediate", method="calculate", doc="Work the statistic out."),
    Query("CALCulate2:IMMediate?", method="statistics", reply=as_is, doc="Work the statistic out and answer it."),
    Query("CALCulate2:DATA?", method="statistics", reply=as_is, doc="The statistic."),
    Setting(
        "CALCulate3:LIMit:UPPer[:DATA]", Numeric(low=-1e8, high=1e8, default=1, reply=NUMBER), attribute="high_limit"
    ),
    Setting(
        "CALCulate3:LIMit:LOWer[:DATA]", Numeric(low=-1e8, high=1e8, default=-1, reply=NUMBER), attribute="low_limit"
    ),
    Setting("CALCulate3:LIMit:STATe", Boolean(default=False), attribute="limits_on", doc="Limit test."),
    Query("CALCulate3:LIMit:FAIL?", method="limit_failed", reply=Integer(), doc="1: the last reading failed."),
    Event("CALCulate3:LIMit:CLEar[:IMMediate]", method="clear_limit", doc="Clear the failure."),
    Setting("UNIT:TEMPerature", Choice(options=("C", "F", "K"), default="C"), attribute="temperature_unit"),
    Setting("[SENSe:]TEMPerature:TCouple:TYPE", Choice(options=("J", "K", "T"), default="J"), attribute="thermocouple"),
    Setting("SYSTem:AZERo:STATe", Boolean(default=True), attribute="auto_zero", doc="Autozero."),
    Event("SYSTem:PRESet", method="preset", doc="Go to the state of power-on: continuous measurement."),
    Query("SYSTem:FRSWitch?", method="terminals", reply=Integer(), doc="1: front terminals."),
    Query("SYSTem:LFRequency?", method="line_frequency", reply=Integer(), doc="Frequency of the mains."),
    Setting("DISPlay[:WINDow]:TEXT:DATA", String(longest=12), attribute="display_text", doc="Text."),
    Setting("DISPlay[:WINDow]:TEXT:STATe", Boolean(default=False), attribute="display_texted", doc="Show the text."),
)
"""The command table."""
